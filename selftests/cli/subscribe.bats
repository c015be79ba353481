# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl exchange add logs --type topic; }
teardown() { drop_broker; }

# subscriber NAME ARGUMENT...: in the background; writes to $BATS_TEST_TMPDIR/NAME
subscriber()
{
	nsenter --net="$NETNS" brokerctl subscribe "${@:2}" \
		>"$BATS_TEST_TMPDIR/$1" 2>"$BATS_TEST_TMPDIR/$1.err" </dev/null 3>&- &
	PIDS+=($!)
}

status() { tells "$1: $2" -- brokerctl status; }
consumers() { status consumers "$1" && status bindings "$2"; }
lines_of() { wc -l <"$BATS_TEST_TMPDIR/$1"; }
got() { [ "$(lines_of "$1")" -eq "$2" ]; }
shared() { [ $(($(lines_of a) + $(lines_of b))) -eq "$1" ]; }

@test "subscribe gets each message that matches, and leaves nothing behind" {
	subscriber a logs 'x.#'
	subscriber b logs 'x.#'
	until_true consumers 2 2
	seq 5 | brokerctl publish logs x.y --lines
	until_true got a 5
	until_true got b 5
	kill -TERM "${PIDS[0]}"
	wait "${PIDS[0]}"
	kill -KILL "${PIDS[1]}"
	until_true status queues 0
	status bindings 0
	refused "fewer than 1 queues match" brokerctl publish logs x.y --body lost
}

@test "subscribe --group: each message to one of each group, and to one without" {
	subscriber a logs '#' --group workers
	subscriber b logs '#' --group workers
	subscriber other logs '#' --group others
	subscriber alone logs '#'
	until_true consumers 4 3
	status queues 3
	seq 20 | brokerctl publish logs k --lines
	until_true shared 20
	until_true got other 20
	until_true got alone 20
	[ "$(sort -n "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b")" = "$(seq 20)" ]
	[ -s "$BATS_TEST_TMPDIR/a" ] && [ -s "$BATS_TEST_TMPDIR/b" ]
}

@test "subscribe --group: goes with its last member, also when that is killed" {
	subscriber a logs '#' --group workers
	subscriber b logs '#' --group workers
	until_true consumers 2 1
	kill -KILL "${PIDS[0]}"
	until_true status consumers 1
	brokerctl publish logs k --body still
	until_true got b 1
	kill -KILL "${PIDS[1]}"
	until_true status queues 0
	status bindings 0
}

@test "subscribe --group: what a killed member held goes to another" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	subscriber a logs '#' --group workers --exec "cat $BATS_TEST_TMPDIR/fifo"
	until_true consumers 1 1
	brokerctl publish logs k --body work
	until_true status unacked 1
	subscriber b logs '#' --group workers
	until_true consumers 2 1
	kill -KILL "${PIDS[0]}"
	until_true got b 1
	[ "$(<"$BATS_TEST_TMPDIR/b")" = work ]
}

@test "subscribe gets what is retained first" {
	brokerctl exchange add state --type topic --retain
	brokerctl publish state a --retain --body one
	run -0 brokerctl subscribe state '#' --count 1
	[ "$output" = one ]
}

@test "subscribe takes r on the exchange, and another user's group is not joined" {
	refused "you may not bind from (r) this exchange (exchange)" as_nobody subscribe logs '#'
	said "hint: "
	refused "(exchange)" as_nobody subscribe broker.topic '#' --group g
	status queues 0
	brokerctl exchange set logs --mode 0764
	subscriber a logs '#' --group g
	until_true consumers 1 1
	# Its own group of that name is another one.
	gives 1 as_nobody subscribe logs '#' --group g --count 1 --timeout 200ms
	said "nothing came in time"
	# A queue that somebody put in its way.
	brokerctl queue add 'group/65534/h/logs/a%2Fb' --mode 0777
	refused "Permission denied" as_nobody subscribe logs a/b --group h
	json 'length == 0' brokerctl binding show logs --queue 'group/65534/h/logs/a%2Fb' --json
}

@test "subscribe: what is not understood, or not there" {
	misused "PATTERN is missing" brokerctl subscribe logs
	refused "no such exchange (exchange)" brokerctl subscribe none '#'
	status queues 0
	refused "Invalid argument" brokerctl subscribe logs '#' --group ''
}
