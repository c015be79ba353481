# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "move takes messages to another queue, in order; --count so many" {
	brokerctl queue add from
	brokerctl queue add to
	printf '%s\n' 1 2 3 4 | brokerctl publish '' from --lines
	gives 0 brokerctl move from to --count 3
	[ "$output" = 3 ]
	[ "$(brokerctl peek to)" = $'1\n2\n3' ]
	json '.from == "from" and .to == "to" and .count == 1 and (has("stopped") | not)' \
		brokerctl move from to --json
	count ready 0 from
	count moved 4 from
}

@test "copy leaves them where they are" {
	brokerctl queue add from
	brokerctl queue add to
	printf '%s\n' 1 2 3 | brokerctl publish '' from --lines
	gives 0 brokerctl copy from to -n 2
	[ "$output" = 2 ]
	count ready 3 from
	[ "$(brokerctl peek to)" = $'1\n2' ]
}

@test "move stops at a full or sealed queue, and says how far it came" {
	brokerctl queue add from
	brokerctl queue add to --max-messages 2
	printf '%s\n' 1 2 3 | brokerctl publish '' from --lines
	gives 1 brokerctl move from to
	[ "$output" = 2 ]
	said "brokerctl: move: 'to' took no more: it is full"
	brokerctl queue set to --max-messages 5 --sealed on
	gives 1 brokerctl copy from to
	[ "$output" = 0 ]
	said "brokerctl: copy: 'to' took no more: it is sealed"
	count ready 1 from
}

@test "move is refused with the kernel's sentence" {
	brokerctl queue add from
	brokerctl queue add to --mode 0700
	refused "move: no such queue (to-queue)" brokerctl move from nowhere
	refused "move: no such queue (name)" brokerctl move nowhere to
	refused "move: a queue is not moved to itself (to-queue)" brokerctl move to to
	refused "move: you may not configure (x) this queue (name)" as_nobody move from to
	brokerctl queue set from --mode 0777
	refused "copy: you may not publish (w) to this queue (to-queue)" as_nobody copy from to
	misused "TO is missing" brokerctl move from
}
