# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add big; }
teardown() { drop_broker; }

@test "a body of more than 1 MiB passes, byte for byte, to get and to consume --exec" {
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
	brokerctl publish '' big "$BATS_TEST_TMPDIR/in"
	brokerctl get big --raw | cmp - "$BATS_TEST_TMPDIR/in"
	brokerctl publish '' big <"$BATS_TEST_TMPDIR/in"
	brokerctl consume big --count 1 --exec "cmp - $BATS_TEST_TMPDIR/in"
	count accepted 2 big
}

@test "a large body counts against the queue's limit, and peek shows that it is there" {
	head -c 3000000 /dev/zero >"$BATS_TEST_TMPDIR/in"
	brokerctl queue set big --max-bytes 2M
	refused "the message is too large" brokerctl publish '' big "$BATS_TEST_TMPDIR/in"
	brokerctl queue set big --max-bytes 4M
	brokerctl publish '' big "$BATS_TEST_TMPDIR/in"
	refused "a queue is full" brokerctl publish '' big "$BATS_TEST_TMPDIR/in"
	tells 'files: 1, the body first' -- brokerctl peek big --verbose
}
