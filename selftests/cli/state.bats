#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs --ordering on; }
teardown() { drop_broker; }

# add KEY NUMBER...: numbers to be added up
add()
{
	local key=$1 number

	for number in "${@:2}"; do
		brokerctl publish '' jobs --body "$number" --group-key "$key"
	done
}

# shellcheck disable=SC2016 # for the shell that --exec runs
SUM='printf %d "$((${BROKER_STATE:-0} + $(cat)))"'

@test "consume --exec --state: a running total by key; state show and del" {
	add a 1 2 3
	add b 10 20
	brokerctl consume jobs --count 5 --exec "$SUM" --state
	tells 'states: 2' 'state-bytes: 5' -- brokerctl queue show jobs
	run -0 brokerctl state show jobs
	[[ ${lines[0]} == KEY*BYTES*TIME ]]
	[ ${#lines[@]} -eq 3 ]
	[[ $output == *$'\n'a\ * && $output == *$'\n'b\ * ]]
	[ "$(brokerctl state show jobs a)" = 6 ]
	[ "$(brokerctl state show jobs b --raw; echo .)" = 30. ]
	json '.queue == "jobs" and .key == "b" and .data == "30" and .bytes == 2' \
		brokerctl state show jobs b --json
	json 'length == 2 and (map(.key) | sort) == ["a", "b"]' brokerctl state show jobs --json
	brokerctl state del jobs b
	json 'map(.key) == ["a"]' brokerctl state show jobs --json
	refused "keeps no state of this key" brokerctl state show jobs b
	refused "keeps no state of this key" brokerctl state del jobs b
	refused "no such queue" brokerctl state show none
	brokerctl queue add empty
	run -0 brokerctl state show empty
}

@test "--state: what failed leaves it, no output clears it, and the next one has it" {
	add a 1
	brokerctl consume jobs --count 1 --exec "$SUM" --state
	add a 2
	brokerctl consume jobs --count 1 --exec 'printf 99; exit 1' --state
	brokerctl consume jobs --count 1 --exec 'printf 98; exit 75' --state
	[ "$(brokerctl state show jobs a)" = 1 ]
	json '.key_state == "1"' brokerctl get jobs --json
	add a 3
	tells 'key state: 1' -- brokerctl get jobs --verbose
	add a 4
	brokerctl consume jobs --count 1 --exec true --state
	refused "keeps no state" brokerctl state show jobs a
}

@test "--state: a message without a key fails" {
	brokerctl publish '' jobs --body x
	run -0 --separate-stderr brokerctl consume jobs --count 1 --exec "$SUM" --state
	# shellcheck disable=SC2154
	[[ $stderr == *"cannot keep the state"*"with a group key"* ]]
	tells 'failed: 1' 'ready: 1' -- brokerctl queue show jobs
}

@test "states: who may see and delete them" {
	add a 1
	brokerctl consume jobs --count 1 --exec "$SUM" --state
	refused "may not consume from (r)" as_nobody state show jobs
	refused "may not consume from (r)" as_nobody state show jobs a
	brokerctl queue set jobs --mode 0644
	[ "$(as_nobody state show jobs a)" = 1 ]
	refused "configure (x)" as_nobody state del jobs a
	brokerctl queue set jobs --protected on
	refused "the queue is protected" brokerctl state del jobs a
}

@test "states: what is not understood" {
	misused "--state goes with --exec" brokerctl consume jobs --state
	misused "not both" brokerctl consume jobs --exec true --state --reply
	misused "KEY" brokerctl state del jobs
	misused "QUEUE" brokerctl state show
}
