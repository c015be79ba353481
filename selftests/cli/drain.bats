# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "queue set --protected refuses del and purge, until it is off again" {
	brokerctl queue add jobs --protected on
	brokerctl publish '' jobs --body x
	refused "queue del: the queue is protected: first set protected to off (name)" \
		brokerctl queue del jobs
	refused "purge: the queue is protected: first set protected to off (name)" brokerctl purge jobs
	tells 'protected: on' 'ready: 1' -- brokerctl queue show jobs
	brokerctl queue set jobs --protected off
	brokerctl purge jobs
	brokerctl queue del jobs
	brokerctl exchange add x --type topic --protected on
	refused "the exchange is protected" brokerctl exchange del x
	brokerctl exchange set x --protected off
	brokerctl exchange del x
}

@test "queue set --sealed refuses publishers, and lets consumers go on" {
	brokerctl queue add jobs
	brokerctl publish '' jobs --body one
	brokerctl queue set jobs --sealed on
	refused "publish: a queue is sealed, or the broker is draining" \
		brokerctl publish '' jobs --body two
	[ "$(brokerctl get jobs)" = one ]
	brokerctl queue set jobs --sealed off
	brokerctl publish '' jobs --body three
	misused "--sealed: 'perhaps'" brokerctl queue set jobs --sealed perhaps
}

@test "drain stops publishers; --wait shows what is left until all is empty; --off ends it" {
	brokerctl queue add jobs
	printf 'x\n%.0s' {1..30} | brokerctl publish '' jobs --lines
	gives 0 brokerctl drain
	[ -z "$output" ]
	tells 'draining: on' -- brokerctl status
	refused "publish: a queue is sealed, or the broker is draining" brokerctl publish '' jobs --body x
	said "hint: brokerctl drain --off"
	background drain --wait
	until_true grep -qx '30 ready, 0 unacked' "$BATS_TEST_TMPDIR/out"
	brokerctl get jobs --count 30
	wait "${PIDS[-1]}"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" = 'all queues are empty, and no session is open' ]
	gives 0 brokerctl drain --off
	[ -z "$output" ]
	brokerctl publish '' jobs --body x
}

@test "drain --wait --timeout gives up with status 1, and stays draining" {
	brokerctl queue add jobs
	brokerctl publish '' jobs --body x
	gives 1 brokerctl drain --wait --timeout 300ms
	[ "$output" = '1 ready, 0 unacked' ]
	said "drain: 1 messages are left"
	said "hint: brokerctl who"
	tells 'draining: on' -- brokerctl status
	brokerctl get jobs
	background consume jobs
	until_true count consumers 1 jobs
	json '.ready == 0 and .unacked == 0 and .sessions == 1' brokerctl drain --wait --timeout 5s --json
}

@test "drain is for administrators, and its options go together or not" {
	refused "this needs CAP_NET_ADMIN" as_nobody drain
	misused "--off and --wait" brokerctl drain --off --wait
	misused "--timeout goes with --wait" brokerctl drain --timeout 5s
	tells 'draining: off' -- brokerctl status
}
