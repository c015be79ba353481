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

@test "queue set --unset leaves a setting to policies again, or to the default" {
	brokerctl queue add q --ttl 9000 --lease 7000 --slow-after 5
	brokerctl queue set q --dead-letter-key q
	brokerctl policy add p '#' --ttl 5000 --slow-after 6000 --slow-action detach
	tells 'ttl: 9000' 'own: ttl,lease,dead-letter,slow-after' 'slow-after: 5' \
		'slow-action: detach' 'by-policy: slow-action' -- brokerctl queue show q
	brokerctl queue set q --unset ttl,lease,dead-letter,slow-after
	tells 'ttl: 5000' 'lease: 1800000' 'slow-after: 6000' \
		'by-policy: ttl,slow-after,slow-action' -- brokerctl queue show q
	json '.[0] | has("own") or has("dead_letter_key") | not' brokerctl queue show q --json
	brokerctl policy del p
	tells 'ttl: 0' 'slow-after: 0' -- brokerctl queue show q
	refused "brokerctl: queue set: a setting cannot be set and unset at once (unset)" \
		brokerctl queue set q --unset ttl --ttl 5
	refused "brokerctl: queue set: 'nothing'" brokerctl queue set q --unset nothing
}

@test "export says of queues what was said of them; apply takes back what a complete file does not say" {
	brokerctl queue add q --lease 7000
	brokerctl export >"$BATS_TEST_TMPDIR/all"
	jq -e '.queues[0] | .lease == 7000 and (has("ttl") or has("max_messages") | not)' \
		"$BATS_TEST_TMPDIR/all"
	brokerctl queue set q --ttl 5 --dead-letter-key q --dead-letter-exchange broker.topic
	jq 'del(.complete)' "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/part"
	gives 0 brokerctl diff --prune "$BATS_TEST_TMPDIR/part"
	gives 1 brokerctl diff "$BATS_TEST_TMPDIR/all"
	[ "$output" = "~ queue 'q': unset ttl, unset dead-letter" ]
	json '.[0] | .to == {"unset":["ttl","dead-letter"]} and .from.ttl == 5' \
		brokerctl apply --dry-run --json "$BATS_TEST_TMPDIR/all"
	brokerctl apply "$BATS_TEST_TMPDIR/all"
	[ "$(brokerctl export)" = "$(<"$BATS_TEST_TMPDIR/all")" ]
	tells 'ttl: 0' 'lease: 7000' 'own: lease' -- brokerctl queue show q
}

@test "limits are exported and applied: of users by name, of cgroups by folder" {
	local group=/sys/fs/cgroup/limit-$$
	mkdir "$group"
	brokerctl limit set default-user --max-queues 9
	brokerctl limit add user nobody --max-bytes 2K
	brokerctl limit add cgroup "$group" --max-sessions 7
	brokerctl export >"$BATS_TEST_TMPDIR/all"
	jq -e --arg group "$group" '.limits | length == 3 and
		(.[] | select(.kind == "user") | .uid == 65534 and .max_bytes == 2048 and
			(has("max_queues") | not)) and
		(.[] | select(.kind == "cgroup") | .cgroup == $group and .max_sessions == 7) and
		(.[] | select(.kind == "default-user") | .max_queues == 9)' "$BATS_TEST_TMPDIR/all"
	brokerctl limit del user nobody
	brokerctl limit set cgroup "$group" --max-sessions 8 --max-queues 5
	brokerctl limit set default-user --max-queues 8
	gives 1 brokerctl diff "$BATS_TEST_TMPDIR/all"
	brokerctl apply "$BATS_TEST_TMPDIR/all"
	[ "$(brokerctl export)" = "$(<"$BATS_TEST_TMPDIR/all")" ]
	gives 0 brokerctl diff --prune "$BATS_TEST_TMPDIR/all"
	rmdir "$group"
	refused "no such cgroup" brokerctl apply "$BATS_TEST_TMPDIR/all"
	brokerctl export >"$BATS_TEST_TMPDIR/number"
	jq -e '.limits[] | select(.kind == "cgroup") | .cgroup | type == "number"' \
		"$BATS_TEST_TMPDIR/number"
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
