# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; FILE=$BATS_TEST_TMPDIR/definitions; }
teardown() { drop_broker; }

define() { cat >"$FILE"; }

@test "apply makes what is missing, in an order that works, and nothing the second time" {
	define <<-'END'
		{ "bindings": [ { "exchange": "orders", "queue": "jobs", "key": "a.#" },
				{ "exchange": "orders", "to_exchange": "late", "key": "b" } ],
		  "queues": [ { "name": "jobs", "max_messages": 7, "overflow": "drop-head" } ],
		  "exchanges": [ { "name": "late", "type": "fanout", "alternate": "orphans" },
				 { "name": "orders", "type": "topic" },
				 { "name": "orphans", "type": "fanout" } ],
		  "broker": { "default_max_messages": 500 } }
	END
	gives 0 brokerctl apply "$FILE"
	[[ $output == *"~ broker: default-max-messages 100000 -> 500"* ]]
	[[ $output == *"+ exchange 'late': type fanout, alternate orphans"* ]]
	[[ $output == *"+ binding 'orders' to queue 'jobs', key 'a.#'"* ]]
	tells 'max-messages: 7' 'max-bytes: 64M' 'overflow: drop-head' -- brokerctl queue show jobs
	tells 'alternate: orphans' -- brokerctl exchange show late
	gives 0 brokerctl apply "$FILE"
	[ -z "$output$stderr" ]
	gives 0 brokerctl diff "$FILE"
	[ -z "$output$stderr" ]
}

@test "apply sets what is different, keeps what it is not told, and reads standard input" {
	brokerctl queue add jobs --max-messages 7 --max-bytes 1M
	brokerctl queue add other
	echo '{ "queues": [ { "name": "jobs", "max_messages": 9 } ] }' >"$FILE"
	gives 1 brokerctl diff "$FILE"
	[ "$output" = "~ queue 'jobs': max-messages 7 -> 9" ]
	gives 0 brokerctl apply --dry-run "$FILE"
	[ "$output" = "~ queue 'jobs': max-messages 7 -> 9" ]
	tells 'max-messages: 7' -- brokerctl queue show jobs
	gives 0 brokerctl apply - <"$FILE"
	[ "$output" = "~ queue 'jobs': max-messages 7 -> 9" ]
	tells 'max-messages: 9' 'max-bytes: 1M' -- brokerctl queue show jobs
	brokerctl queue show other
}

@test "apply --prune deletes what the file has not, but for the broker's own and exclusive queues" {
	local made_up
	made_up=$(brokerctl queue add)
	brokerctl queue add keep
	brokerctl export >"$FILE"
	brokerctl queue add extra
	brokerctl exchange add gone --type topic
	brokerctl binding add gone extra 'x.#'
	brokerctl binding add broker.fanout keep
	gives 0 brokerctl diff "$FILE"
	[ -z "$output" ]
	gives 1 brokerctl diff --prune "$FILE"
	[ "${output//[^$'\n']/}" = $'\n\n\n' ]
	gives 0 brokerctl apply --prune "$FILE"
	[[ $output == "- binding "*$'\n'"- queue 'extra'"$'\n'"- exchange 'gone'" ]]
	[ "$(brokerctl export)" = "$(cat "$FILE")" ]
	brokerctl queue show "$made_up" keep
	json '.[] | select(.name == "broker.fanout")' brokerctl exchange show --json
	gives 0 brokerctl apply --prune "$FILE"
	[ -z "$output" ]
}

@test "apply tells how far it came, with the object and the kernel's reason" {
	define <<-'END'
		{ "queues": [ { "name": "a" } ],
		  "bindings": [ { "exchange": "broker.fanout", "queue": "a", "key": "" },
				{ "exchange": "nowhere", "queue": "a", "key": "" } ] }
	END
	gives 1 brokerctl apply "$FILE"
	[ "$output" = $'+ queue \'a\'\n+ binding \'broker.fanout\' to queue \'a\', key \'\'' ]
	said "apply: binding 'nowhere' to queue 'a', key '': no such exchange (exchange)"
	said "stopped after 2 of 3 changes"
	gives 1 brokerctl diff "$FILE" --json
	jq -e 'length == 1 and .[0].change == "add" and .[0].definition.exchange == "nowhere"' <<<"$output"
}

@test "apply by a user without permission tells which object" {
	brokerctl queue add jobs --max-messages 5
	echo '{ "queues": [ { "name": "jobs", "max_messages": 9 } ] }' >"$FILE"
	chmod 644 "$FILE"; chmod 755 "$BATS_TEST_TMPDIR"
	gives 1 as_nobody apply - <"$FILE"
	said "queue 'jobs': you may not configure (x) this queue (name)"
	said "stopped after 0 of 1 changes"
	tells 'max-messages: 5' -- brokerctl queue show jobs
}

@test "apply changes nothing if something cannot be set of what is there" {
	brokerctl exchange add orders --type topic
	echo '{ "queues": [ { "name": "new" } ], "exchanges": [ { "name": "orders", "type": "direct" } ] }' >"$FILE"
	refused "exchange 'orders': type can only be set when it is made" brokerctl apply "$FILE"
	said "nothing was changed"
	refused "queue show" brokerctl queue show new
	gives 1 brokerctl diff "$FILE"
	[[ $output == *"! exchange 'orders': type topic -> direct (only when it is made)"* ]]
}

@test "apply refuses a file that it does not understand, before anything is changed" {
	local text
	for text in '{ "queues": [ { "name": "a" }, { "name": "a" } ] }|defined twice' \
		'{ "queues": [ { "name": "a", "ready": 5 } ] }|queue '"'a'"': ready: no such setting' \
		'{ "queues": [ { "name": "a", "max_messages": -1 } ] }|max_messages: out of range' \
		'{ "queues": [ { "name": "a", "overflow": "no" } ] }|overflow: not a value' \
		'{ "queues": [ { "max_messages": 3 } ] }|queues: number 1: name is missing' \
		'{ "queues": [ 7 ] }|number 1 is not an object' \
		'{ "queue": [] }|no such definitions' \
		'[]|does not hold a JSON object' \
		'{ "queues": |definitions:2: ' ; do
		echo "${text%|*}" >"$FILE"
		refused "${text##*|}" brokerctl apply "$FILE"
	done
	refused "nosuchfile" brokerctl diff "$BATS_TEST_TMPDIR/nosuchfile"
	json '.queues == []' brokerctl export
}

@test "apply --json writes the changes made" {
	echo '{ "queues": [ { "name": "jobs", "max_messages": 9 } ] }' >"$FILE"
	json 'length == 1 and .[0].change == "add" and .[0].object == "queue"' brokerctl apply --json "$FILE"
	echo '{ "queues": [ { "name": "jobs", "max_messages": 8 } ] }' >"$FILE"
	json '.[0] | .change == "set" and .from.max_messages == 9 and .to.max_messages == 8' \
		brokerctl apply --json "$FILE"
	json '. == []' brokerctl apply --json "$FILE"
}
