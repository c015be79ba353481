# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "get takes one message, and accepts it; a queue that is not there is status 1" {
	seq 3 | brokerctl publish '' jobs --lines
	run -0 brokerctl get jobs
	[ "$output" = 1 ]
	tells 'ready: 2' 'unacked: 0' 'accepted: 1' -- brokerctl queue show jobs
	refused "no queue named 'none'" brokerctl get none
	said "hint: brokerctl queue show"
}

@test "get --count takes as many as there are, in order, beyond what one call receives" {
	seq 2500 >"$BATS_TEST_TMPDIR/in"
	brokerctl publish '' jobs --lines "$BATS_TEST_TMPDIR/in"
	brokerctl get jobs --count 3000 | cmp - "$BATS_TEST_TMPDIR/in"
	refused "brokerctl: get: queue 'jobs' is empty" brokerctl get jobs
}

@test "get --timeout waits, and ends" {
	background get jobs --timeout 30s
	sleep 0.3
	brokerctl publish '' jobs --body late
	wait $!
	[ "$(<"$BATS_TEST_TMPDIR/out")" = late ]
	refused "nothing came from queue 'jobs' in time" brokerctl get jobs --timeout 200ms
}

@test "get that cannot write leaves the message, and counts no failure" {
	local status=0
	brokerctl publish '' jobs --body precious
	brokerctl get jobs >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" -eq 1 ]
	[[ $(<"$BATS_TEST_TMPDIR/err") == *"cannot write: No space left"* ]]
	tells 'ready: 1' 'failed: 0' -- brokerctl queue show jobs
}

@test "get --json writes an object a line: text, zero bytes, and base64 for what is no UTF-8" {
	printf 'a\000b' | brokerctl publish '' jobs
	printf '\377\000\001' | brokerctl publish '' jobs
	printf '\377\000' | brokerctl publish '' jobs
	printf '\377' | brokerctl publish '' jobs
	run -0 brokerctl get jobs --count 4 --json
	[ "${#lines[@]}" -eq 4 ]
	[ "$(jq -c '[.body, .body_base64]' <<<"$output" | paste -sd' ')" = \
		'["a\u0000b",null] [null,"/wAB"] [null,"/wA="] [null,"/w=="]' ]
}

@test "get needs permission, and tells the origin as the kernel saw it" {
	brokerctl queue set jobs --mode 0666
	as_nobody publish '' jobs --body x
	json '.origin | .uid == 65534 and .gid == 65534 and .pid > 0' brokerctl get jobs --json
	brokerctl queue set jobs --mode 0600
	refused "no permission to consume from queue 'jobs'" as_nobody get jobs
}

@test "get --verbose tells all there is to know" {
	brokerctl publish '' jobs --body hello --subject $'new\x1bs' --header a:int=5
	tells 'exchange: ""' 'key: jobs' 'deliveries: 1, failed 0' 'subject: new\x1bs' 'header: a:int=5' -- \
		brokerctl get jobs --verbose
	[[ $output == *"origin: user root, group root, pid "* ]]
	[[ $output == *$'\nbytes: 5\n\nhello' ]]
	[[ $output != *redelivered* ]]
}

@test "get shows a terminal no control characters" {
	printf 'a\033[31mb' | brokerctl publish '' jobs
	run -0 script -qec "nsenter --net=$NETNS brokerctl get jobs" /dev/null
	[[ $output == *'a\x1b[31mb'* ]]
}

