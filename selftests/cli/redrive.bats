# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

# reject QUEUE BODY: publishes it there, and rejects it
reject() { brokerctl publish '' "$1" --body "$2"; brokerctl consume "$1" --ack reject --count 1; }

dead_letters()
{
	brokerctl queue add dead
	brokerctl queue add work --dead-letter-key dead
	brokerctl queue add other --dead-letter-key dead
}

@test "redrive sends dead letters back to where they died" {
	dead_letters
	reject work 1
	reject other 2
	brokerctl publish '' dead --body 'never died'
	until_true count ready 3 dead
	gives 0 brokerctl redrive dead --dry-run
	[ "$output" = 2 ]
	count ready 3 dead
	gives 0 brokerctl redrive dead
	[ "$output" = 2 ]
	said "1 stay: they have no queue to go back to; --to names one"
	[ "$(brokerctl peek work)" = 1 ]
	[ "$(brokerctl peek other)" = 2 ]
	json '.queue == "dead" and .count == 1 and .skipped == 0' \
		brokerctl redrive dead --to other --json
	[ "$(brokerctl peek other)" = $'2\nnever died' ]
}

@test "redrive takes what is quarantined back into its queue" {
	brokerctl queue add q --max-delivery 1
	brokerctl publish '' q --body bad
	brokerctl consume q --ack fail --count 1
	until_true count quarantined 1 q
	gives 1 brokerctl peek q
	[ "$(brokerctl peek q --state quarantined)" = bad ]
	tells "state: quarantined" -- brokerctl peek q --state quarantined --verbose
	tells "reason: failed too often" -- brokerctl peek q --state quarantined --verbose
	json '.[0].state == "quarantined" and .[0].reason == "failed too often"' \
		brokerctl peek q --state quarantined --json
	gives 0 brokerctl redrive q --state ready
	[ "$output" = 0 ]
	gives 0 brokerctl redrive q
	[ "$output" = 1 ]
	[ "$(brokerctl get q)" = bad ]
}

@test "redrive by a filter, some, at a rate; and stops where there is no room" {
	dead_letters
	for i in 1 2 3 4 5 6; do
		brokerctl publish '' work --header n:int="$i" --body "$i"
	done
	brokerctl consume work --ack reject --count 6
	until_true count ready 6 dead
	[ "$(brokerctl redrive dead --filter 'n % 2 = 0' --dry-run)" = 3 ] ||
		[ "$(brokerctl redrive dead --filter 'n IN (2, 4, 6)' --dry-run)" = 3 ]
	[ "$(brokerctl redrive dead --filter 'n > 4' --count 1)" = 1 ]
	[ "$(brokerctl peek work)" = 5 ]
	[ "$(brokerctl redrive dead --rate 20)" = 5 ]
	count ready 0 dead
	brokerctl consume work --ack reject --count 6
	until_true count ready 6 dead
	brokerctl queue set work --max-messages 2
	gives 1 brokerctl redrive dead
	[ "$output" = 2 ]
	said "brokerctl: redrive: it stopped: it is full"
	gives 2 brokerctl redrive dead --filter 'n >'
	gives 1 brokerctl redrive none
}

@test "how a message died is shown" {
	dead_letters
	reject work 1
	until_true count ready 1 dead
	brokerctl peek dead --verbose | grep '^died: in work, rejected, at 20'
	json '.[0].deaths[0] | .queue == "work" and .reason == "rejected" and .count == 1' \
		brokerctl peek dead --json
}

@test "what waits for its time is listed in that order, and can be removed" {
	brokerctl queue add q
	later=$(($(date +%s) + 3600))
	brokerctl publish '' q --body second --deliver-at "${later}500"
	brokerctl publish '' q --body first --deliver-at "${later}000"
	gives 1 brokerctl peek q
	[ "$(brokerctl peek q --state waiting)" = $'first\nsecond' ]
	brokerctl peek q -s waiting --verbose | grep "^due: $(date -d "@$later" '+%F %T')"
	json '.[0].due_ns / 1e9 - '"$later"' | . > -1 and . < 1' brokerctl peek q -s waiting --json
	gives 1 brokerctl remove q 3
	said "no message has this sequence, or somebody has it in hand"
	gives 0 brokerctl remove q 1
	[ "$(brokerctl peek q --state waiting)" = first ]
	[ "$(brokerctl move q q --state waiting)" = 1 ]
	[ "$(brokerctl get q)" = first ]
	gives 1 brokerctl peek q --state waiting
	said "queue 'q' has no such message"
}

@test "what was deferred is taken by its sequence" {
	brokerctl queue add q
	printf '%s\n' 1 2 3 | brokerctl publish '' q --lines
	brokerctl consume q --ack defer --count 2
	count deferred 2 q
	[ "$(brokerctl peek q --state deferred)" = $'1\n2' ]
	[ "$(brokerctl get q --deferred 2)" = 2 ]
	gives 1 brokerctl get q --deferred 2
	said "queue 'q' has no deferred message of sequence 2"
	count deferred 1 q
	[ "$(brokerctl get q)" = 3 ]
}
