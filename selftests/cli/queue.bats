# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "queue add says nothing, but for a name that it had to make up" {
	run -0 brokerctl queue add jobs
	[ -z "$output" ]
	tells 'name: jobs' 'max-messages: 100000' 'max-bytes: 64M' 'overflow: reject' 'flags: -' -- \
		brokerctl queue show jobs
	run -0 brokerctl queue add
	[ -n "$output" ]
	[ "${#lines[@]}" -eq 1 ]
	brokerctl queue show "$output"
}

@test "queue add takes all its options, and with --json writes the new object" {
	brokerctl queue add jobs --max-messages 7 --max-bytes 3M --overflow drop-head --auto-delete \
		--mode 0660 --owner nobody --group 12
	tells 'max-messages: 7' 'max-bytes: 3M' 'overflow: drop-head' 'flags: auto-delete' 'mode: 0660' \
		'uid: nobody' 'gid: man' -- brokerctl queue show jobs
	json '.name == "more" and .max_messages == 100000 and .max_bytes == 67108864 and .ready == 0 and
		.overflow == "reject" and .flags == ["auto-delete"]' brokerctl queue add more --auto-delete --json
}

@test "queue add is refused with the kernel's sentence and the attribute" {
	brokerctl queue add jobs
	refused "brokerctl: queue add: a queue of this name exists (name)" brokerctl queue add jobs
	said "hint: brokerctl queue set"
	refused "brokerctl: queue add: " brokerctl queue add $'a\tb'
	refused "brokerctl: queue add: " brokerctl queue add "$(printf '%256s' '' | tr ' ' x)"
}

@test "queue add takes a name that begins with a dash behind --" {
	brokerctl queue add -- -x
	tells 'name: -x' -- brokerctl queue show -- -x
}

@test "queue add by another user is his, and he cannot delete other's" {
	as_nobody queue add his
	tells 'uid: nobody' -- brokerctl queue show his
	brokerctl queue add mine
	refused "brokerctl: queue del: " as_nobody queue del mine
	said "hint: this takes CAP_NET_ADMIN"
}

@test "queue set changes what is given, and nothing else, of one that is there" {
	brokerctl queue add jobs --max-messages 7
	brokerctl queue set jobs --max-bytes 1M --overflow block
	tells 'max-messages: 7' 'max-bytes: 1M' 'overflow: block' -- brokerctl queue show jobs
	refused "brokerctl: queue set: " brokerctl queue set none --max-messages 5
	said "hint: brokerctl queue show"
}

@test "queue del --if-empty refuses one that holds messages" {
	brokerctl queue add jobs
	brokerctl publish '' jobs --body x
	refused "brokerctl: queue del: " brokerctl queue del jobs --if-empty
	brokerctl queue del jobs
	refused "brokerctl: queue show: " brokerctl queue show jobs
}

@test "queue del --if-unused refuses one that has consumers" {
	brokerctl queue add jobs
	background consume jobs
	until_true count consumers 1 jobs
	refused "brokerctl: queue del: " brokerctl queue del jobs --if-unused
}

@test "queue show writes a table, numbers to the right; those that are named in full" {
	brokerctl queue add jobs --max-bytes 16M
	brokerctl queue add a-longer-name
	run -0 brokerctl queue show --wide
	[[ $output == *" 16M  reject"* ]]
	run -0 brokerctl queue show
	[[ ${lines[0]} =~ ^NAME\ +READY\ +UNACKED\ +BYTES ]]
	[[ $output =~ $'\n'"jobs"\ {9,}\ +0\ +0\ +0\  ]]
	[ "$output" = "$(brokerctl queue)" ]
	gives 1 brokerctl queue show jobs none a-longer-name
	said "queue show: none: "
	[[ $output =~ ^"id:".*"name: "\ *"jobs"$'\n'.*$'\n\n'"id:".*"name: "\ *"a-longer-name"$'\n' ]]
}

@test "queue show --json is read by python too, empty or not, with all counters" {
	brokerctl queue show --json >"$BATS_TEST_TMPDIR/none"
	brokerctl queue add jobs
	brokerctl queue show --json >"$BATS_TEST_TMPDIR/one"
	/usr/bin/python3 - "$BATS_TEST_TMPDIR" <<-'END'
		import json, sys
		assert json.load(open(sys.argv[1] + "/none")) == []
		queue, = json.load(open(sys.argv[1] + "/one"))
		assert queue["name"] == "jobs" and type(queue["ready"]) is int, queue
	END
	brokerctl publish '' jobs --body 12345
	brokerctl publish '' jobs --body 67890
	json '.[0] | .ready == 2 and .unacked == 0 and .bytes >= 10 and .enqueued == 2' \
		brokerctl queue show jobs --json
}

@test "queue: what is not understood" {
	misused "--max-bytes: '3X'" brokerctl queue add jobs --max-bytes 3X
	misused "--mode: '888'" brokerctl queue add jobs --mode 888
	misused "--owner: 'nosuchuser'" brokerctl queue add jobs --owner nosuchuser
	misused "--max-messages: '0'" brokerctl queue add jobs --max-messages 0
	misused "--overflow: 'explode'" brokerctl queue add jobs --overflow explode
}
