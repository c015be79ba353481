# SPDX-License-Identifier: GPL-2.0-or-later
# What is wrong with a command line is told before the broker is asked.

setup()
{
	load ../common
	# No broker is needed, and no namespace.
	unset -f brokerctl
	bats_require_minimum_version 1.5.0
}

# The table of commands, as it is told to programs: into $names
read_commands()
{
	TABLE=$(brokerctl --json --help)
	mapfile -t names < <(/usr/bin/jq -r '.[].command' <<<"$TABLE")
	[ "${#names[@]}" -gt 20 ]
}

# The options of one: into $options
read_options()
{
	mapfile -t options < <(/usr/bin/jq -r --arg n "$1" \
		'.[] | select(.command == $n).options[].name' <<<"$TABLE")
	[ "${#options[@]}" -ge 2 ]
}

@test "--version tells the version" {
	run -0 brokerctl --version
	[[ $output =~ ^brokerctl\ [0-9]+\.[0-9]+ ]]
}

@test "--help lists every command" {
	local name
	read_commands
	run -0 brokerctl --help
	for name in "${names[@]}"; do
		[[ $output == *$'\n'"  $name"* ]] || { echo "not listed: $name"; return 1; }
	done
}

@test "--help of each command tells its usage and its options" {
	local name option
	read_commands
	for name in "${names[@]}"; do
		# shellcheck disable=SC2086 # words
		run -0 brokerctl $name --help
		[[ ${lines[0]} == "Usage: brokerctl $name"* ]] || { echo "$name"; return 1; }
		read_options "$name"
		for option in "${options[@]}"; do
			[[ $output == *" --$option"* ]] || { echo "$name lacks $option"; return 1; }
		done
	done
}

@test "--help fits into 80 columns" {
	local name
	read_commands
	for name in '' "${names[@]}"; do
		# shellcheck disable=SC2086 # words
		run -0 brokerctl $name --help
		run ! grep -E '^.{81}' <<<"$output"
	done
}

@test "--json --help is read by python" {
	brokerctl --json --help | /usr/bin/python3 -c '
import json, sys
commands = json.load(sys.stdin)
assert len(commands) > 20 and all(c["brief"] and c["options"] for c in commands)'
}

@test "an unknown command or verb" {
	misused "unknown command 'frobnicate'" brokerctl frobnicate
	misused "unknown command 'queue frobnicate'" brokerctl queue frobnicate
	said "hint: brokerctl --help"
}

@test "an unknown option, or one of another command" {
	misused "unknown option '--frob'" brokerctl queue show --frob
	misused "unknown option '--frob'" brokerctl --frob queue show
	misused "unknown option '-Z'" brokerctl queue show -Z
	misused "unknown option '--count'" brokerctl queue show --count 5
	said "hint: brokerctl queue show --help"
}

@test "an option without its value, or with one it does not take" {
	misused "'--count' needs a value" brokerctl get jobs --count
	misused "--if-empty takes no value" brokerctl queue del jobs --if-empty=yes
}

@test "an argument missing, or too many" {
	misused "QUEUE is missing" brokerctl get
	misused "what is 'more'?" brokerctl get jobs more
}

@test "numbers, times and headers that are none" {
	misused "--count: '5x'" brokerctl get jobs --count 5x
	misused "--count: '-5'" brokerctl get jobs --count -5
	misused "--timeout: '5 parsecs'" brokerctl get jobs --timeout '5 parsecs'
	misused "--header: 'name'" brokerctl publish logs key --header name
	misused "--max-bytes: '99999999999G'" brokerctl queue add --max-bytes 99999999999G
}
