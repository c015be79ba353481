# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

publish_lines() { seq "$1" | brokerctl publish '' jobs --lines; }
out_has() { [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -ge "$1" ]; }
consuming() { [ "$(number consumers jobs)" -eq 1 ]; }

@test "consume --count takes so many, accepts them and leaves the rest" {
	publish_lines 5
	run -0 brokerctl consume jobs --count 3
	[ "$output" = $'1\n2\n3' ]
	[ "$(number ready jobs)" -eq 2 ]
	[ "$(number accepted jobs)" -eq 3 ]
	json 'all(.deliveries == 0)' brokerctl peek jobs --json
}

@test "consume takes messages as they come" {
	background consume jobs --count 2
	until_true consuming
	brokerctl publish '' jobs --body a
	until_true out_has 1
	brokerctl publish '' jobs --body b
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'a\nb' ]
}

@test "consume ends on SIGINT with status 0" {
	background consume jobs
	until_true consuming
	kill -INT $!
	wait $!
}

@test "consume ends on SIGTERM with status 0, and accepts what it wrote" {
	publish_lines 10
	background consume jobs
	until_true out_has 10
	kill -TERM $!
	wait $!
	[ "$(number accepted jobs)" -eq 10 ]
}

@test "consume --timeout ends when nothing comes" {
	publish_lines 2
	run -0 brokerctl consume jobs --timeout 300ms
	[ "$output" = $'1\n2' ]
}

@test "consume --timeout before --count is status 1" {
	publish_lines 1
	run -1 --separate-stderr brokerctl consume jobs --count 2 --timeout 300ms
	[ "$output" = 1 ]
	said "nothing came from queue 'jobs' in time"
}

@test "consume --ack release puts it back, not counted as failed" {
	publish_lines 1
	brokerctl consume jobs --ack release --count 1
	json '.[0] | .redelivered.cause == "released" and .failed == 0 and .deliveries == 1' \
		brokerctl peek jobs --json
}

@test "consume --ack fail puts it back, counted" {
	publish_lines 1
	brokerctl consume jobs --ack fail --count 1
	json '.[0] | .redelivered.cause == "failed" and .failed == 1' brokerctl peek jobs --json
}

@test "consume --ack reject removes it, counted" {
	publish_lines 1
	brokerctl consume jobs --ack reject --count 1
	[ "$(number ready jobs)" -eq 0 ]
	[ "$(number rejected jobs)" -eq 1 ]
}

@test "consume --ack auto takes without settling" {
	publish_lines 2
	run -0 brokerctl consume jobs --ack auto --count 2
	[ "$output" = $'1\n2' ]
	[ "$(number ready jobs)" -eq 0 ]
}

@test "consume --ack with another word is not understood" {
	misused "--ack: 'maybe'" brokerctl consume jobs --ack maybe
}

@test "consume --credit bounds what it holds" {
	publish_lines 10
	# It stops reading from the kernel while its output is not taken.
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	background consume jobs --credit 3 --exec "cat $BATS_TEST_TMPDIR/fifo"
	until_true holding
	[ "$(number unacked jobs)" -le 3 ]
	[ "$(number ready jobs)" -ge 7 ]
}

holding() { [ "$(number unacked jobs)" -ge 1 ]; }

@test "several that consume share the messages" {
	local one two
	nsenter --net="$NETNS" brokerctl consume jobs --credit 1 --exec 'sleep 0.05; echo a' \
		>"$BATS_TEST_TMPDIR/a" 3>&- &
	PIDS+=($!)
	nsenter --net="$NETNS" brokerctl consume jobs --credit 1 --exec 'sleep 0.05; echo b' \
		>"$BATS_TEST_TMPDIR/b" 3>&- &
	PIDS+=($!)
	until_true both_consume
	publish_lines 20
	until_true all_accepted
	one=$(wc -l <"$BATS_TEST_TMPDIR/a")
	two=$(wc -l <"$BATS_TEST_TMPDIR/b")
	[ $((one + two)) -eq 20 ]
	[ "$one" -gt 0 ]
	[ "$two" -gt 0 ]
}

both_consume() { [ "$(number consumers jobs)" -eq 2 ]; }
all_accepted() { [ "$(number accepted jobs)" -eq 20 ]; }

@test "consume of a queue that is not there is status 1" {
	refused "no queue named 'none'" brokerctl consume none
}

@test "consume ends with status 1 when the queue is deleted" {
	background consume jobs
	until_true consuming
	brokerctl queue del jobs
	run -1 wait $!
	grep -q "queue 'jobs' was deleted" "$BATS_TEST_TMPDIR/err"
}

@test "consume that cannot write leaves what it did not write" {
	publish_lines 3
	run -1 bash -c "nsenter --net='$NETNS' brokerctl consume jobs >/dev/full"
	[[ $output == *"cannot write: No space left"* ]]
	[ "$(number ready jobs)" -eq 3 ]
	[ "$(number failed jobs)" -eq 0 ]
}

@test "consume into a pipe that is closed counts no failure" {
	publish_lines 3000
	brokerctl consume jobs 2>/dev/null | head -n 1 || true
	[ "$(number failed jobs)" -eq 0 ]
	[ "$(($(number ready jobs) + $(number accepted jobs)))" -eq 3000 ]
}
