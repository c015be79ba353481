# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "exchange add makes one, and says nothing" {
	run -0 brokerctl exchange add logs --type topic
	[ -z "$output" ]
	tells 'name: logs' 'type: topic' -- brokerctl exchange show logs
}

@test "exchange add takes all its options, and with --json writes the new object" {
	brokerctl exchange add spare --type fanout
	brokerctl exchange add logs --type headers --alternate spare --auto-delete \
		--mode 0640 --owner nobody --group 12
	tells 'type: headers' 'alternate: spare' 'flags: auto-delete' 'mode: 0640' 'uid: nobody' \
		'gid: man' -- brokerctl exchange show logs
	json '.name == "plain" and .type == "direct" and (.id | type) == "number" and .flags == [] and
		(.mode | type) == "string"' brokerctl exchange add plain --type direct --json
}

@test "exchange add is refused with the kernel's sentence and the attribute" {
	brokerctl exchange add logs --type direct
	refused "brokerctl: exchange add: " brokerctl exchange add logs --type direct
	said "(name)"
	said "hint: brokerctl exchange set"
	refused "(name)" brokerctl exchange add broker.mine --type direct
	refused "(type)" brokerctl exchange add plain
	refused "hint: this takes CAP_NET_ADMIN" as_nobody exchange add his --type direct
}

@test "exchange set changes what is given, and nothing else, of one that is there" {
	brokerctl exchange add spare --type direct
	brokerctl exchange add logs --type topic --mode 0600
	brokerctl exchange set logs --alternate spare
	tells 'alternate: spare' 'mode: 0600' 'type: topic' -- brokerctl exchange show logs
	brokerctl exchange set logs --alternate ''
	tells 'alternate: -' -- brokerctl exchange show logs
	refused "brokerctl: exchange set: " brokerctl exchange set none --mode 0600
	said "hint: brokerctl exchange show"
}

@test "exchange --hash-header, of a hash exchange" {
	brokerctl exchange add parts --type hash --hash-header customer
	tells 'type: hash' 'hash-header: customer' -- brokerctl exchange show parts
	brokerctl exchange set parts --hash-header ''
	tells 'hash-header: -' -- brokerctl exchange show parts
	refused "(hash-header)" brokerctl exchange add logs --type topic --hash-header customer
}

@test "exchange --rewrite-from and --rewrite-to, and the key as it was" {
	brokerctl exchange add in --type topic --rewrite-from 'old.*.#' --rewrite-to 'new.{1}.{#}'
	tells 'rewrite-from: old.*.#' 'rewrite-to: new.{1}.{#}' -- brokerctl exchange show in
	brokerctl queue add audit
	brokerctl binding add in audit 'new.#'
	brokerctl publish in old.a.b --body x
	tells 'key: new.a.b' 'original key: old.a.b' -- brokerctl peek audit --verbose
	json '.[0] | .key == "new.a.b" and .original_key == "old.a.b"' brokerctl peek audit --json
	brokerctl exchange set in --rewrite-from '' --rewrite-to ''
	tells 'rewrite-from: -' -- brokerctl exchange show in
	refused "(rewrite-to)" brokerctl exchange set in --rewrite-from a --rewrite-to '{1}'
	brokerctl exchange set in --rewrite-from a --rewrite-to b
	brokerctl exchange set in --rewrite-to c
	tells 'rewrite-from: a' 'rewrite-to: c' -- brokerctl exchange show in
}

@test "exchange --retain, publish --retain, retained show and del" {
	brokerctl exchange add state --type topic --retain --auto-delete --retain-max 2
	tells 'flags: auto-delete,retain' 'retain-max: 2' 'retained: 0' -- brokerctl exchange show state
	brokerctl publish state a.b --retain --body one
	brokerctl publish state a.c --retain --body two
	refused "No space" brokerctl publish state a.d --retain --body three
	run -0 brokerctl retained show state
	[[ ${lines[0]} =~ ^KEY\ +BYTES\ +TIME ]]
	[[ ${lines[1]} =~ ^a\.b\ +11 ]]
	[[ ${lines[2]} =~ ^a\.c\ +11 ]]
	brokerctl retained del state a.b
	brokerctl queue add late
	brokerctl binding add state late 'a.#'
	tells 'retained: yes' 'key: a.c' -- brokerctl peek late --verbose
	json '.[0].retained and .[0].body == "two"' brokerctl peek late --json
	brokerctl retained del state
	json 'length == 0' brokerctl retained show state --json
	refused "does not retain messages" brokerctl retained show broker.topic
	brokerctl exchange set state --retain-max 5 --retain-max-bytes 1M
	tells 'retain-max: 5' -- brokerctl exchange show state
}

@test "exchange del deletes several, and goes on behind one that is not there" {
	brokerctl exchange add a --type direct
	brokerctl exchange add b --type direct
	refused "brokerctl: exchange del: none: " brokerctl exchange del a none b
	run -0 brokerctl exchange show
	run ! grep -E '^[ab] ' <<<"$output"
}

@test "exchange del --if-unused refuses one that has bindings" {
	brokerctl exchange add logs --type direct
	brokerctl queue add jobs
	brokerctl binding add logs jobs key
	refused "brokerctl: exchange del: " brokerctl exchange del logs --if-unused
	run -0 brokerctl exchange del logs
	[ -z "$output" ]
}

@test "exchange show writes a table, the predeclared ones among them, and refuses one that is not there" {
	brokerctl exchange add logs --type topic
	run -0 brokerctl exchange show
	[[ ${lines[0]} =~ ^NAME\ +TYPE\ +BINDINGS ]]
	[[ ${lines[1]} =~ ^\"\"\ +direct ]]
	[[ $output =~ $'\n'"broker.fanout"\ +fanout\  ]]
	[[ $output =~ $'\n'"logs"\ +topic\ +0\  ]]
	refused "brokerctl: exchange show: " brokerctl exchange show none
}

@test "exchange show --json writes an array" {
	json '[.[].name] | contains(["", "broker.direct", "broker.fanout", "broker.topic", "broker.headers"])' \
		brokerctl exchange --json
}

@test "exchange: what is not understood" {
	misused "--type: 'tree'" brokerctl exchange add logs --type tree
	misused "nothing to change" brokerctl exchange set logs
	misused "NAME is missing" brokerctl exchange del
}
