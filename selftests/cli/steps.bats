# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # the shell that is to expand them is another

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

traced() { grep -q " $1 " "$BATS_TEST_TMPDIR/out"; }

@test "trace follows a message through exchange, binding, queue and consumers to its end" {
	brokerctl exchange add orders --type topic
	brokerctl queue add billing
	brokerctl binding add orders billing 'order.#'
	background trace orders order.17 --body x --header 'a=b'
	until_true traced enqueued
	brokerctl consume billing --count 1 --exec 'exit 75'
	brokerctl get billing
	wait $!
	[ "$(awk '{ print $2 }' "$BATS_TEST_TMPDIR/out" | grep -v woken | paste -sd' ')" = "$(echo \
		published at-exchange matched routed enqueued assigned delivered settled returned \
		assigned delivered settled)" ]
	grep -Eq '^ +0\.000000 published +session=' "$BATS_TEST_TMPDIR/out"
	grep -Eq ' matched +exchange=orders key=order\.# queue=billing$' "$BATS_TEST_TMPDIR/out"
	grep -Eq ' returned +queue=billing sequence=1 cause=released' "$BATS_TEST_TMPDIR/out"
	grep -Eq ' settled .*queue=billing .*reason=accept$' "$BATS_TEST_TMPDIR/out"
}

@test "trace --json, --timeout, and what is refused" {
	brokerctl queue add jobs
	gives 1 brokerctl trace '' jobs --json --timeout 1s
	said 'it is still in 1 queues'
	/usr/bin/jq -es 'map(.kind) == ["published", "at-exchange", "matched", "routed", "enqueued"] and
		all(.message == .message and .time > 1e18)' <<<"$output"
	gives 1 brokerctl trace '' nowhere
	said 'not published: No such file or directory'
	gives 1 as_nobody trace '' jobs
}
