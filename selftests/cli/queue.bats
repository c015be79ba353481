# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "queue add makes one, and says nothing" {
	run -0 brokerctl queue add jobs
	[ -z "$output" ]
	json '.[0].name == "jobs"' brokerctl queue show jobs --json
}

@test "queue add without a name prints the one that was made up" {
	run -0 brokerctl queue add
	[ -n "$output" ]
	[ "${#lines[@]}" -eq 1 ]
	brokerctl queue show "$output"
}

@test "queue add takes all its options" {
	brokerctl queue add jobs --max-messages 7 --max-bytes 3M --overflow drop-head --auto-delete \
		--mode 0660 --owner nobody --group 12
	json '.[0] | .max_messages == 7 and .max_bytes == 3145728 and .overflow == "drop-head" and
		.flags == ["auto-delete"] and .mode == "0660" and .uid == 65534 and .gid == 12' \
		brokerctl queue show jobs --json
}

@test "queue add without limits gets the defaults" {
	json '.max_messages == 100000 and .max_bytes == 67108864 and .overflow == "reject"' \
		brokerctl queue add jobs --json
}

@test "queue add of one that exists shows the kernel's sentence" {
	brokerctl queue add jobs
	refused "brokerctl: queue add: " brokerctl queue add jobs
	# not what strerror() would say
	[[ $stderr != *"File exists"* ]]
	said "(name)"
	said "hint: brokerctl queue set"
}

@test "queue add of a name with a control character is refused" {
	refused "brokerctl: queue add: " brokerctl queue add $'a\tb'
}

@test "queue add of a name of 256 bytes is refused" {
	refused "brokerctl: queue add: " brokerctl queue add "$(printf '%256s' '' | tr ' ' x)"
}

@test "queue add takes a name that begins with a dash behind --" {
	brokerctl queue add -- -x
	json '.[0].name == "-x"' brokerctl queue show --json -- -x
}

@test "queue add with a bad size is not understood" {
	misused "--max-bytes: '3X'" brokerctl queue add jobs --max-bytes 3X
}

@test "queue add with a bad mode is not understood" {
	misused "--mode: '888'" brokerctl queue add jobs --mode 888
}

@test "queue add with an unknown owner is not understood" {
	misused "--owner: 'nosuchuser'" brokerctl queue add jobs --owner nosuchuser
}

@test "queue add with a limit of 0 is not understood" {
	misused "--max-messages: '0'" brokerctl queue add jobs --max-messages 0
}

@test "queue add by another user is his" {
	as_nobody queue add his
	json '.[0].uid == 65534' brokerctl queue show his --json
}

@test "queue del by another user is refused" {
	brokerctl queue add mine
	refused "brokerctl: queue del: " as_nobody queue del mine
	said "hint: this takes CAP_NET_ADMIN"
}

@test "queue set changes what is given, and nothing else" {
	brokerctl queue add jobs --max-messages 7
	brokerctl queue set jobs --max-bytes 1M --overflow block
	json '.[0] | .max_messages == 7 and .max_bytes == 1048576 and .overflow == "block"' \
		brokerctl queue show jobs --json
}

@test "queue set of one that is not there is refused" {
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
	until_true has_consumer
	refused "brokerctl: queue del: " brokerctl queue del jobs --if-unused
}

has_consumer() { [ "$(number consumers jobs)" -eq 1 ]; }

@test "queue show counts ready messages and bytes" {
	brokerctl queue add jobs
	brokerctl publish '' jobs --body 12345
	brokerctl publish '' jobs --body 67890
	json '.[0] | .ready == 2 and .unacked == 0 and .bytes >= 10 and .enqueued == 2' \
		brokerctl queue show jobs --json
}

@test "queue show writes a table, numbers to the right" {
	brokerctl queue add jobs --max-bytes 16M
	brokerctl queue add a-longer-name
	run -0 brokerctl queue show
	[[ ${lines[0]} =~ ^NAME\ +READY\ +UNACKED\ +BYTES ]]
	[[ $output =~ $'\n'jobs\ {9,}\ +0\ +0\ +0\  ]]
	[[ $output == *" 16M  reject"* ]]
}

@test "queue show of several names shows each in full" {
	brokerctl queue add a
	brokerctl queue add b
	run -0 brokerctl queue show a b
	[ "$(grep -c '^max-messages: ' <<<"$output")" -eq 2 ]
}

@test "queue show goes on behind one that is not there" {
	brokerctl queue add a
	run -1 --separate-stderr brokerctl queue show none a --json
	said "queue show: none: "
	[ "$(/usr/bin/jq -r '.[].name' <<<"$output")" = a ]
}

@test "queue show without queues is an empty array" {
	json '. == []' brokerctl queue show --json
}

@test "queue show --json is read by python too" {
	brokerctl queue add jobs
	brokerctl queue show --json | /usr/bin/python3 -c '
import json, sys
queue, = json.load(sys.stdin)
assert queue["name"] == "jobs" and type(queue["ready"]) is int, queue'
}
