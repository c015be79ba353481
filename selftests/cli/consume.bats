# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

publish_lines() { seq "$1" | brokerctl publish '' jobs --lines; }

# out_has NUMBER: lines
out_has()
{
	local lines
	mapfile -t lines <"$BATS_TEST_TMPDIR/out"
	[ "${#lines[@]}" -ge "$1" ]
}

@test "consume --count takes so many, accepts them and leaves the rest untouched" {
	publish_lines 5
	run -0 brokerctl consume jobs --count 3
	[ "$output" = $'1\n2\n3' ]
	tells 'ready: 2' 'unacked: 0' 'accepted: 3' -- brokerctl queue show jobs
	tells 'deliveries: 0, failed 0' -- brokerctl peek jobs --verbose
}

@test "consume takes messages as they come" {
	background consume jobs --count 2
	until_true count consumers 1 jobs
	brokerctl publish '' jobs --body a
	until_true out_has 1
	brokerctl publish '' jobs --body b
	wait $!
	[ "$(<"$BATS_TEST_TMPDIR/out")" = $'a\nb' ]
}

@test "consume ends on SIGINT with status 0" {
	background consume jobs
	until_true count consumers 1 jobs
	kill -INT $!
	wait $!
}

@test "consume ends on SIGTERM with status 0, and accepts what it wrote" {
	publish_lines 10
	background consume jobs
	until_true out_has 10
	kill -TERM $!
	wait $!
	count accepted 10 jobs
}

@test "consume --timeout ends when nothing comes; a queue that is not there is status 1" {
	publish_lines 2
	run -0 brokerctl consume jobs --timeout 500ms
	[ "$output" = $'1\n2' ]
	gives 1 brokerctl consume jobs --count 2 --timeout 200ms
	said "nothing came from queue 'jobs' in time"
	refused "no queue named 'none'" brokerctl consume none
}

@test "consume --ack release and fail put it back, and only fail counts" {
	publish_lines 1
	brokerctl consume jobs --ack release --count 1
	tells 'deliveries: 1, failed 0' -- brokerctl peek jobs --verbose
	[[ $output == *$'\nredelivered: released, pid '* ]]
	count released 1 jobs
	brokerctl consume jobs --ack fail --count 1
	tells 'deliveries: 2, failed 1' -- brokerctl peek jobs --verbose
	[[ $output == *$'\nredelivered: failed, pid '* ]]
	count failed 1 jobs
}

@test "consume --ack reject removes it, counted; auto takes without settling" {
	publish_lines 1
	brokerctl consume jobs --ack reject --count 1
	tells 'ready: 0' 'rejected: 1' -- brokerctl queue show jobs
	publish_lines 2
	run -0 brokerctl consume jobs --ack auto --count 2
	[ "$output" = $'1\n2' ]
	tells 'ready: 0' 'unacked: 0' -- brokerctl queue show jobs
}

@test "consume --credit bounds what it holds" {
	publish_lines 10
	# The command waits for somebody to open the other end.
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	background consume jobs --credit 3 --exec "cat $BATS_TEST_TMPDIR/fifo"
	until_true count unacked 3 jobs
	count ready 7 jobs
	timeout 20 sh -c ": >$BATS_TEST_TMPDIR/fifo"
}

@test "several that consume share the messages" {
	local one two
	nsenter --net="$NETNS" brokerctl consume jobs --exec 'sleep 0.1; echo a' \
		>"$BATS_TEST_TMPDIR/a" 3>&- &
	PIDS+=($!)
	nsenter --net="$NETNS" brokerctl consume jobs --exec 'sleep 0.1; echo b' \
		>"$BATS_TEST_TMPDIR/b" 3>&- &
	PIDS+=($!)
	until_true count consumers 2 jobs
	publish_lines 12
	until_true count accepted 12 jobs
	one=$(wc -l <"$BATS_TEST_TMPDIR/a")
	two=$(wc -l <"$BATS_TEST_TMPDIR/b")
	[ $((one + two)) -eq 12 ]
	[ "$one" -gt 0 ]
	[ "$two" -gt 0 ]
}

@test "consume ends with status 1 when the queue is deleted" {
	local status=0
	background consume jobs
	until_true count consumers 1 jobs
	brokerctl queue del jobs
	wait $! || status=$?
	[ "$status" -eq 1 ]
	[[ $(<"$BATS_TEST_TMPDIR/err") == *"queue 'jobs' was deleted"* ]]
}

@test "consume that cannot write leaves what it did not write, and counts no failure" {
	publish_lines 3
	run -1 bash -c "nsenter --net='$NETNS' brokerctl consume jobs >/dev/full"
	[[ $output == *"cannot write: No space left"* ]]
	tells 'ready: 3' 'failed: 0' -- brokerctl queue show jobs
	publish_lines 2997
	brokerctl consume jobs 2>/dev/null | true || true
	tells 'failed: 0' 'unacked: 0' -- brokerctl queue show jobs
	[[ $output =~ ready:\ +([0-9]+) ]]
	count accepted $((3000 - BASH_REMATCH[1])) jobs
}

@test "consume: what is not understood" {
	misused "--ack: 'maybe'" brokerctl consume jobs --ack maybe
	misused "not --ack" brokerctl consume jobs --exec true --ack fail
	misused "--credit: '0'" brokerctl consume jobs --credit 0
}
