# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # the shell that is to expand them is another

setup() { load common; fresh_broker; brokerctl queue add q; }
teardown() { drop_broker; }

# A responder that is there.
respond()
{
	background consume "$1" --exec "$2" --reply
	until_true eval "brokerctl queue show $1 | grep -Eq '^consumers: +1'"
}

@test "request writes the reply out, which is what consume --exec --reply wrote" {
	respond q 'tr a-z A-Z'
	run -0 brokerctl request '' q --body 'hello there'
	[ "$output" = "HELLO THERE" ]
	echo 'from a file' >"$BATS_TEST_TMPDIR/file"
	[ "$(brokerctl request '' q "$BATS_TEST_TMPDIR/file" --raw)" = "FROM A FILE" ]
	[ "$(echo piped | brokerctl request '' q --raw)" = PIPED ]
	count accepted 3 q
}

@test "request that nobody is there to answer is refused at once" {
	refused "nobody consumes from the queues that match" brokerctl request '' q --body x
	count ready 0 q
	misused "--reply goes with --exec" brokerctl consume q --reply
}

@test "request tells what became of its responder" {
	respond q 'kill -9 $PPID'
	refused "no reply: killed by signal 9, pid" brokerctl request '' q --body x
	respond q 'exit 3'
	refused "no reply: failed" brokerctl request '' q --body x
	count ready 0 q
}

@test "request gathers a reply from each queue, or as many as --count says" {
	brokerctl exchange add x --type fanout
	brokerctl queue add r
	brokerctl binding add x q
	brokerctl binding add x r
	respond q 'echo from q'
	respond r 'sleep 1; echo from r'
	[ "$(brokerctl request x '' --body x --raw | sort | paste -sd,)" = "from q,from r" ]
	[ "$(brokerctl request x '' --body x --raw --count 1)" = "from q" ]
	gives 1 brokerctl request x '' --body x --raw --timeout 100ms
	said "did not come in time"
}
