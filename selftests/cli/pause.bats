# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "queue pause and resume: consumers get nothing meanwhile, publishers notice nothing" {
	brokerctl queue pause jobs
	tells 'paused: on' -- brokerctl queue show jobs
	brokerctl publish '' jobs --body x
	refused "nothing came from queue 'jobs' in time" brokerctl get jobs --timeout 100ms
	count ready 1 jobs
	json '.[0].paused == "off"' brokerctl queue resume jobs --json
	gives 0 brokerctl get jobs
	[ "$output" = x ]
}

@test "queue pause --for a time ends by itself" {
	json '.[0].paused == "on" and .[0].pause_ms > 500000' \
		brokerctl queue pause jobs --for 10m --json
	brokerctl queue pause jobs --for 50ms
	until_true tells 'paused: off' -- brokerctl queue show jobs
	misused '--for: ' brokerctl queue pause jobs --for forever
	refused 'brokerctl: queue pause: ' brokerctl queue pause none
}

@test "top and the table of queues mark what is paused" {
	brokerctl queue pause jobs
	json '.[0].name == "jobs" and .[0].paused == true' brokerctl top --json --count 1
	run -0 brokerctl top --batch --count 1
	[[ $output =~ '|| jobs' ]]
	run -0 brokerctl queue show --wide
	[[ ${lines[0]} =~ PAUSED ]]
}

@test "consumer pause and resume, by SESSION/ID" {
	local who
	background consume jobs --credit 7
	until_true count consumers 1 jobs
	who=$(brokerctl consumer show --json | jq -r '.[0] | "\(.session)/\(.id)"')
	brokerctl consumer pause "$who"
	tells 'paused: on' -- brokerctl consumer show --verbose
	brokerctl publish '' jobs --body x
	count ready 1 jobs
	brokerctl consumer resume "$who"
	until_true grep -qx x "$BATS_TEST_TMPDIR/out"
	refused "brokerctl: consumer pause: '7': not SESSION/ID" brokerctl consumer pause 7
	refused 'brokerctl: consumer pause: ' brokerctl consumer pause 999999/1
}

@test "queue add and set take --paused, --max-rate and --max-burst" {
	brokerctl queue add slow --paused on --max-rate 5 --max-burst 3
	tells 'paused: on' 'max-rate: 5' 'max-burst: 3' -- brokerctl queue show slow
	brokerctl queue set slow --paused off --max-rate 0 --max-burst 0
	tells 'paused: off' 'max-rate: 0' 'max-burst: 0' -- brokerctl queue show slow
}
