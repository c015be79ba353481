# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; FILE=$BATS_TEST_TMPDIR/definitions; }
teardown() { drop_broker; }

@test "export writes the broker's settings, exchanges, queues and bindings, without counts" {
	brokerctl exchange add orders --type topic --alternate broker.fanout
	brokerctl queue add billing --max-messages 7 --mode 0640
	brokerctl binding add orders billing 'order.*'
	json '.broker.default_overflow == "reject" and (.broker | has("published") | not) and
		(.exchanges[] | select(.name == "orders") | .type == "topic" and .alternate == "broker.fanout") and
		(.queues == [{"name":"billing","flags":[],"max_messages":7,"max_bytes":67108864,
			"overflow":"reject","uid":0,"gid":0,"mode":"0640"}] or
		 (.queues[0] | .name == "billing" and .max_messages == 7 and .mode == "0640" and
			(has("ready") or has("id") or has("enqueued") | not))) and
		(.bindings | length == 1 and .[0].exchange == "orders" and .[0].key == "order.*")' brokerctl export
}

@test "every attribute that can be set is exported, applies to an empty broker, and of queues is changed live" {
	local log=$BATS_TEST_TMPDIR/log
	nsenter --net="$NETNS" "$BATS_TEST_DIRNAME"/settable >"$log" 2>&1 || { cat "$log"; return 1; }
}

@test "export leaves out what goes by itself: queues whose name was made up, and their bindings" {
	local name
	name=$(brokerctl queue add)
	brokerctl binding add broker.fanout "$name"
	json '.queues == [] and .bindings == []' brokerctl export
}

@test "export --digest is the SHA-256 of the canonical form, and changes with each setting only" {
	local before after
	brokerctl queue add jobs
	before=$(brokerctl export --digest)
	[ "$before" = "$(brokerctl export | jq -jcS . | sha256sum | cut -d' ' -f1)" ]
	brokerctl publish '' jobs --body x
	[ "$before" = "$(brokerctl export --digest)" ]
	brokerctl queue set jobs --max-messages 8
	after=$(brokerctl export --digest)
	[ "$before" != "$after" ]
	json ".digest == \"$after\"" brokerctl export --digest --json
}
