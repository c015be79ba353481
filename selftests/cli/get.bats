# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "get takes one message, and accepts it" {
	seq 3 | brokerctl publish '' jobs --lines
	run -0 brokerctl get jobs
	[ "$output" = 1 ]
	[ "$(number ready jobs)" -eq 2 ]
	[ "$(number unacked jobs)" -eq 0 ]
	[ "$(number accepted jobs)" -eq 1 ]
}

@test "get --count takes as many as there are, in order" {
	seq 3 | brokerctl publish '' jobs --lines
	run -0 brokerctl get jobs --count 9
	[ "$output" = $'1\n2\n3' ]
}

@test "get --count goes beyond what one call receives" {
	seq 2500 >"$BATS_TEST_TMPDIR/in"
	brokerctl publish '' jobs --lines "$BATS_TEST_TMPDIR/in"
	brokerctl get jobs --count 2500 | cmp - "$BATS_TEST_TMPDIR/in"
}

@test "get of an empty queue is status 1" {
	refused "brokerctl: get: queue 'jobs' is empty" brokerctl get jobs
}

@test "get of a queue that is not there is status 1" {
	refused "no queue named 'none'" brokerctl get none
	said "hint: brokerctl queue show"
}

@test "get --timeout waits" {
	background get jobs --timeout 30s
	sleep 0.3
	brokerctl publish '' jobs --body late
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = late ]
}

@test "get --timeout ends" {
	refused "nothing came from queue 'jobs' in time" brokerctl get jobs --timeout 200ms
}

@test "get that cannot write leaves the message, and counts no failure" {
	brokerctl publish '' jobs --body precious
	write_to_full brokerctl get jobs
	json '.[0] | .body == "precious" and .failed == 0' brokerctl peek jobs --json
}

write_to_full()
{
	local status=0

	"$@" >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" -eq 1 ]
	grep -q 'cannot write: No space left' "$BATS_TEST_TMPDIR/err"
}

@test "get --json writes a body that is no UTF-8 in base64" {
	printf '\377\000\001' | brokerctl publish '' jobs
	json '.body_base64 == "/wAB" and (has("body") | not)' brokerctl get jobs --json
}

@test "get --json writes a body with a zero byte" {
	printf 'a\000b' | brokerctl publish '' jobs
	json '.body == "a\u0000b"' brokerctl get jobs --json
}

@test "get --json writes one object a line" {
	seq 3 | brokerctl publish '' jobs --lines
	run -0 brokerctl get jobs --count 3 --json
	[ "${#lines[@]}" -eq 3 ]
	[ "$(/usr/bin/jq -r .body <<<"$output" | paste -sd,)" = 1,2,3 ]
}

@test "get --json tells the origin" {
	brokerctl queue set jobs --mode 0666
	as_nobody publish '' jobs --body x
	json '.origin | .uid == 65534 and .gid == 65534 and .pid > 0' brokerctl get jobs --json
}

@test "get --verbose tells all there is to know" {
	brokerctl publish '' jobs --body hello --subject news --header a:int=5
	run -0 brokerctl get jobs --verbose
	[[ $output == *"key: jobs"* ]]
	[[ $output == *"origin: user root, group root, pid "* ]]
	[[ $output == *"deliveries: 1, failed 0"* ]]
	[[ $output == *"subject: news"* ]]
	[[ $output == *"header: a:int=5"* ]]
	[[ $output == *$'bytes: 5\n\nhello' ]]
	[[ $output != *"redelivered"* ]]
}

@test "get shows a terminal no control characters" {
	printf 'a\033[31mb' | brokerctl publish '' jobs
	run -0 script -qec "nsenter --net=$NETNS brokerctl get jobs" /dev/null
	[[ $output == *'a\x1b[31mb'* ]]
}

@test "get without permission is refused" {
	brokerctl queue set jobs --mode 0600
	refused "no permission to consume from queue 'jobs'" as_nobody get jobs
}

@test "get --count 0 is not understood" {
	misused "--count: '0'" brokerctl get jobs --count 0
}
