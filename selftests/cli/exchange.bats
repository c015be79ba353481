# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "exchange add makes one, and says nothing" {
	run -0 brokerctl exchange add logs --type topic
	[ -z "$output" ]
	json '.[0].name == "logs" and .[0].type == "topic"' brokerctl exchange show logs --json
}

@test "exchange add makes a direct one unless told otherwise" {
	brokerctl exchange add plain
	json '.[0].type == "direct"' brokerctl exchange show plain --json
}

@test "exchange add takes all its options" {
	brokerctl exchange add spare --type fanout
	brokerctl exchange add logs --type headers --alternate spare --auto-delete \
		--mode 0640 --owner nobody --group 12
	json '.[0] | .type == "headers" and .alternate == "spare" and .flags == ["auto-delete"] and
		.mode == "0640" and .uid == 65534 and .gid == 12' brokerctl exchange show logs --json
}

@test "exchange add --json writes the new object" {
	json '.name == "logs" and (.id | type) == "number"' brokerctl exchange add logs --json
}

@test "exchange add of one that exists is refused" {
	brokerctl exchange add logs
	refused "brokerctl: exchange add: " brokerctl exchange add logs
	said "(name)"
	said "hint: brokerctl exchange set"
}

@test "exchange add of a reserved name is refused" {
	refused "(name)" brokerctl exchange add broker.mine
}

@test "exchange add with an unknown type is not understood" {
	misused "--type: 'tree'" brokerctl exchange add logs --type tree
}

@test "exchange set changes what is given, and nothing else" {
	brokerctl exchange add spare
	brokerctl exchange add logs --type topic --mode 0600
	brokerctl exchange set logs --alternate spare
	json '.[0] | .alternate == "spare" and .mode == "0600" and .type == "topic"' \
		brokerctl exchange show logs --json
}

@test "exchange set --alternate '' takes it away" {
	brokerctl exchange add spare
	brokerctl exchange add logs --alternate spare
	brokerctl exchange set logs --alternate ''
	json '.[0].alternate // "" | . == ""' brokerctl exchange show logs --json
}

@test "exchange set of one that is not there is refused" {
	refused "brokerctl: exchange set: " brokerctl exchange set none --mode 0600
	said "hint: brokerctl exchange show"
}

@test "exchange set with nothing to change is not understood" {
	brokerctl exchange add logs
	misused "nothing to change" brokerctl exchange set logs
}

@test "exchange del deletes several" {
	brokerctl exchange add a
	brokerctl exchange add b
	run -0 brokerctl exchange del a b
	[ -z "$output" ]
	json 'map(.name) | (index("a") or index("b")) | not' brokerctl exchange show --json
}

@test "exchange del goes on behind one that is not there, and names it" {
	brokerctl exchange add a
	refused "brokerctl: exchange del: none: " brokerctl exchange del none a
	json 'map(.name) | index("a") | not' brokerctl exchange show --json
}

@test "exchange del --if-unused refuses one that has bindings" {
	brokerctl exchange add logs
	brokerctl queue add jobs
	brokerctl binding add logs jobs key
	refused "brokerctl: exchange del: " brokerctl exchange del logs --if-unused
	brokerctl exchange del logs
}

@test "exchange show lists the predeclared ones" {
	json '[.[].name] | contains(["", "broker.direct", "broker.fanout", "broker.topic", "broker.headers"])' \
		brokerctl exchange show --json
}

@test "exchange show writes a table with headings" {
	brokerctl exchange add logs --type topic
	run -0 brokerctl exchange show
	[[ ${lines[0]} =~ ^NAME\ +TYPE\ +BINDINGS ]]
	[[ $output =~ $'\n'logs\ +topic\ +0\  ]]
}

@test "exchange show NAME tells all there is" {
	brokerctl exchange add logs --type topic
	run -0 brokerctl exchange show logs
	[[ $output =~ (^|$'\n')name:\ +logs$'\n' ]]
	[[ $output =~ (^|$'\n')type:\ +topic$'\n' ]]
}

@test "exchange alone is exchange show" {
	[ "$(brokerctl exchange)" = "$(brokerctl exchange show)" ]
}

@test "exchange show of one that is not there is refused" {
	refused "brokerctl: exchange show: " brokerctl exchange show none
}
