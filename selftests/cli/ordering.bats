#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs --ordering on; }
teardown() { drop_broker; }

# out_has NUMBER: lines
out_has() { [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -ge "$1" ]; }

@test "publish --group-key: one of a key is out at a time, others flow" {
	tells 'ordering: on' -- brokerctl queue show jobs
	brokerctl publish '' jobs --body a1 --group-key a
	brokerctl publish '' jobs --body a2 --group-key a
	brokerctl publish '' jobs --body b1 --group-key b
	# The first is failed, and goes on being the first of its key.
	run -0 brokerctl consume jobs --count 1 --ack fail
	[ "$output" = a1 ]
	export GO=$BATS_TEST_TMPDIR/go
	# shellcheck disable=SC2016
	background consume jobs --count 2 --exec 'cat; echo; until [ -e "$GO" ]; do sleep 0.1; done'
	until_true out_has 1
	[ "$(brokerctl get jobs)" = b1 ]
	refused "queue 'jobs' is empty" brokerctl get jobs
	tells 'ready: 1' 'unacked: 1' -- brokerctl queue show jobs
	run -0 brokerctl peek jobs --verbose
	[[ $output == *group-key*a* ]]
	: >"$GO"
	wait $!
	[ "$(<"$BATS_TEST_TMPDIR/out")" = $'a1\na2' ]
}
