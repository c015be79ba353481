# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "consumer show tells process, credit and load" {
	background consume jobs --credit 17
	until_true count consumers 1 jobs
	json ".[0] | .queue == \"jobs\" and .pid == $! and .credit_messages == 17 and .uid == 0 and
		.unacked == 0" brokerctl consumer show jobs --json
	run -0 brokerctl consumer show
	[[ ${lines[0]} =~ ^QUEUE\ +PID\ +USER ]]
	[[ ${lines[1]} =~ ^jobs\ +$!\ +root\ +17\  ]]
	tells 'credit-messages: 17' 'credit-bytes: 1M' -- brokerctl consumer show --verbose
}

@test "consumer show tells what a consumer's filter was made from" {
	background consume jobs --filter "color = 'red'"
	until_true count consumers 1 jobs
	tells "filter-text: color = 'red'" -- brokerctl consumer show --verbose
	json '.[0].filter_text == "color = \u0027red\u0027"' brokerctl consumer show jobs --json
	brokerctl publish '' jobs --body blue --header color=blue
	brokerctl publish '' jobs --body red --header color=red
	until_true grep -qx red "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = red ]
	tells 'ready: 1' -- brokerctl queue show jobs
}

@test "consumer show of a queue without consumers is empty, and refused of one that is not there" {
	run -0 brokerctl consumer show jobs --json
	[ "$output" = "[]" ]
	refused "brokerctl: consumer show: " brokerctl consumer show none
}

@test "consume --exclusive is alone, with a lease and a priority" {
	background consume jobs --exclusive --lease 1500 --priority 7
	until_true count consumers 1 jobs
	tells 'flags: exclusive' 'lease: 1500' 'priority: 7' -- brokerctl consumer show --verbose
	refused "brokerctl: consume: queue 'jobs' is another's alone, or has other consumers" \
		brokerctl consume jobs --timeout 1s
	refused "brokerctl: get: queue 'jobs' is another's alone, or has other consumers" \
		brokerctl get jobs
}

@test "consume --exclusive is refused where others are" {
	background consume jobs
	until_true count consumers 1 jobs
	refused "brokerctl: consume: queue 'jobs' is another's alone, or has other consumers" \
		brokerctl consume jobs --exclusive
}

@test "consumer show tells who is active and who stands by" {
	brokerctl queue set jobs --single-active on
	tells 'single-active: on' -- brokerctl queue show jobs
	background consume jobs
	first=$!
	until_true count consumers 1 jobs
	background consume jobs
	second=$!
	until_true count consumers 2 jobs
	json "map({(.pid | tostring): .role}) | add == {\"$first\": \"active\", \"$second\": \"standby\"}" \
		brokerctl consumer show jobs --json
	kill "$first"
	wait "$first"
	until_true promoted
}

promoted() { brokerctl consumer show jobs | grep -q "^jobs .* active"; }
