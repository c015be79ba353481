# SPDX-License-Identifier: GPL-2.0-or-later
# What is wrong with a command line is told before the broker is asked.

setup()
{
	load common
	# No broker is needed, and no namespace.
	unset -f brokerctl
	bats_require_minimum_version 1.5.0
}

each_command() { brokerctl --json --help | /usr/bin/jq -r '.[].command'; }

@test "--version tells the version" {
	run -0 brokerctl --version
	[[ $output =~ ^brokerctl\ [0-9]+\.[0-9]+ ]]
}

@test "--help lists every command" {
	local name
	run -0 brokerctl --help
	while read -r name; do
		[[ $output == *$'\n'"  $name"* ]] || { echo "not listed: $name"; return 1; }
	done < <(each_command)
}

@test "--help of each command tells its usage and its options" {
	local name option
	while read -r name; do
		# shellcheck disable=SC2086 # words
		run -0 brokerctl $name --help
		[[ ${lines[0]} == "Usage: brokerctl $name"* ]] || { echo "$name"; return 1; }
		while read -r option; do
			[[ $output == *" --$option"* ]] || { echo "$name lacks $option"; return 1; }
		done < <(brokerctl --json --help |
			/usr/bin/jq -r --arg n "$name" '.[] | select(.command == $n).options[].name')
	done < <(each_command)
}

@test "--help fits into 80 columns" {
	local name
	while read -r name; do
		# shellcheck disable=SC2086 # words
		run -0 brokerctl $name --help
		run ! grep -E '^.{81}' <<<"$output"
	done < <(echo; each_command)
}

@test "--json --help is read by python" {
	brokerctl --json --help | /usr/bin/python3 -c '
import json, sys
commands = json.load(sys.stdin)
assert len(commands) > 20 and all(c["brief"] and c["options"] for c in commands)'
}

@test "an unknown command" {
	misused "unknown command 'frobnicate'" brokerctl frobnicate
}

@test "an unknown verb" {
	misused "unknown command 'queue frobnicate'" brokerctl queue frobnicate
}

@test "an unknown option" {
	misused "unknown option '--frob'" brokerctl queue show --frob
}

@test "an unknown option before the command" {
	misused "unknown option '--frob'" brokerctl --frob queue show
}

@test "an unknown letter" {
	misused "unknown option '-Z'" brokerctl queue show -Z
}

@test "an option of another command" {
	misused "unknown option '--count'" brokerctl queue show --count 5
}

@test "an option without its value" {
	misused "'--count' needs a value" brokerctl get jobs --count
}

@test "a value for an option that takes none" {
	misused "--if-empty takes no value" brokerctl queue del jobs --if-empty=yes
}

@test "a missing argument" {
	misused "QUEUE is missing" brokerctl get
}

@test "an argument too many" {
	misused "what is 'more'?" brokerctl get jobs more
}

@test "a number with letters behind it" {
	misused "--count: '5x'" brokerctl get jobs --count 5x
}

@test "a negative number" {
	misused "--count: '-5'" brokerctl get jobs --count -5
}

@test "a time without a known unit" {
	misused "--timeout: '5 parsecs'" brokerctl get jobs --timeout '5 parsecs'
}

@test "a header that has no value" {
	misused "--header: 'name'" brokerctl publish logs key --header name
}

@test "usage errors point to the command's help" {
	misused "hint: brokerctl queue add --help" brokerctl queue add --mode 9
}
