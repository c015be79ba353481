# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "policy add, set, show and del change all queues that match" {
	brokerctl queue add orders.eu
	brokerctl queue add other
	brokerctl policy add short 'orders.#' --ttl 5000 --precedence 3
	tells 'ttl: 5000' 'by-policy: ttl' 'policies: short' -- brokerctl queue show orders.eu
	tells 'ttl: 0' -- brokerctl queue show other
	brokerctl policy add bound '#' --cap --ttl 1000 --max-messages 10
	tells 'ttl: 1000' 'max-messages: 10' 'by-policy: max-messages,ttl' \
		'capped: max-messages,ttl' 'policies: short,bound' -- brokerctl queue show orders.eu
	brokerctl policy show
	[ "$(brokerctl policy show | sed -n 2p | tr -s ' ')" = 'short orders.# 3 default ttl 5000' ]
	tells 'cap: yes' -- brokerctl policy show bound
	brokerctl policy set short --pattern other --ttl 700
	tells 'ttl: 700' -- brokerctl queue show other
	tells 'ttl: 1000' 'policies: bound' -- brokerctl queue show orders.eu
	brokerctl policy del short bound
	tells 'ttl: 0' 'max-messages: 100000' -- brokerctl queue show other
}

@test "policies are exported and applied; what they say of queues is not said twice" {
	brokerctl queue add q --lease 7000
	brokerctl policy add p q --ttl 5000 --dead-letter-key q
	brokerctl export >"$BATS_TEST_TMPDIR/all"
	jq -e '.policies[0] | .name == "p" and .pattern == "q" and .ttl == 5000' "$BATS_TEST_TMPDIR/all"
	jq -e '.queues[0] | .lease == 7000 and (has("ttl") | not)' "$BATS_TEST_TMPDIR/all"
	brokerctl policy del p
	brokerctl queue del q
	brokerctl apply "$BATS_TEST_TMPDIR/all"
	tells 'ttl: 5000' 'lease: 7000' 'by-policy: ttl,dead-letter' -- brokerctl queue show q
	[ "$(brokerctl export)" = "$(<"$BATS_TEST_TMPDIR/all")" ]
	gives 0 brokerctl diff "$BATS_TEST_TMPDIR/all"
	brokerctl policy add more '#' --cap --max-messages 5
	brokerctl apply --prune "$BATS_TEST_TMPDIR/all"
	tells 'max-messages: 100000' -- brokerctl queue show q
	brokerctl policy set p --ttl 1
	gives 1 brokerctl diff "$BATS_TEST_TMPDIR/all"
	brokerctl apply "$BATS_TEST_TMPDIR/all"
	tells 'ttl: 5000' -- brokerctl queue show q
}

@test "access rules are exported and applied, also where one has changed" {
	brokerctl exchange add x --type topic
	brokerctl acl add x allow 'a.#' --user nobody --number 5
	brokerctl acl add x deny '#' --for publish --number 9
	brokerctl export >"$BATS_TEST_TMPDIR/all"
	jq -e '.acls | length == 2 and .[0].number == 5 and .[0].pattern == "a.#"' "$BATS_TEST_TMPDIR/all"
	brokerctl exchange del x
	brokerctl apply "$BATS_TEST_TMPDIR/all"
	[ "$(brokerctl export)" = "$(<"$BATS_TEST_TMPDIR/all")" ]
	brokerctl acl del x 5
	brokerctl acl add x deny 'a.#' --number 5
	brokerctl acl add x allow b --number 7
	gives 1 brokerctl diff "$BATS_TEST_TMPDIR/all"
	brokerctl apply "$BATS_TEST_TMPDIR/all" --prune
	[ "$(brokerctl export)" = "$(<"$BATS_TEST_TMPDIR/all")" ]
	echo '{"acls":[{"exchange":"x","number":3,"action":"allow","pattern":"c"}]}' |
		brokerctl apply
	echo '{"acls":[{"exchange":"x","number":3,"action":"allow","pattern":"c"}]}' |
		gives 0 brokerctl diff
	echo '{"acls":[{"exchange":"x","action":"allow","pattern":"c"}]}' >"$BATS_TEST_TMPDIR/no"
	gives 1 brokerctl apply "$BATS_TEST_TMPDIR/no"
	said "number is missing"
}
