# SPDX-License-Identifier: GPL-2.0-or-later

setup()
{
	load common
	fresh_broker
	brokerctl exchange add logs --type topic
	brokerctl queue add audit
}

teardown() { drop_broker; }

@test "binding add binds a queue" {
	run -0 brokerctl binding add logs audit 'dpkg.#'
	[ -z "$output" ]
	json '.[0] | .exchange == "logs" and .queue == "audit" and .key == "dpkg.#"' \
		brokerctl binding show logs --json
}

@test "binding add --to-exchange binds an exchange" {
	brokerctl exchange add all --type fanout
	brokerctl binding add logs all '#' --to-exchange
	json '.[0] | .to_exchange == "all" and (has("queue") | not)' brokerctl binding show logs --json
}

@test "binding add --to-exchange refuses a cycle" {
	brokerctl exchange add all --type fanout
	brokerctl binding add logs all '#' --to-exchange
	refused "brokerctl: binding add: " brokerctl binding add all logs --to-exchange
}

@test "binding add with headers of all types" {
	brokerctl exchange add by-header --type headers
	brokerctl binding add by-header audit --match any --header size=big --header pages:int=-3 \
		--header ratio:double=0.5 --header urgent:bool=true --header present
	json '.[0] | .match == "any" and .header == [
		{"name": "size", "type": "string", "value": "big"},
		{"name": "pages", "type": "int", "value": -3},
		{"name": "ratio", "type": "double", "value": 0.5},
		{"name": "urgent", "type": "bool", "value": true},
		{"name": "present", "type": "any"}]' brokerctl binding show by-header --json
}

@test "binding add with a header of an unknown type is not understood" {
	misused "--header: 'a:itn=5'" brokerctl binding add logs audit --header a:itn=5
}

@test "binding add to a queue that is not there is refused" {
	refused "brokerctl: binding add: " brokerctl binding add logs none key
	said "(queue)"
}

@test "binding add from an exchange that is not there is refused" {
	refused "(exchange)" brokerctl binding add none audit key
}

@test "binding add twice is refused" {
	brokerctl binding add logs audit key
	refused "brokerctl: binding add: " brokerctl binding add logs audit key
}

@test "binding add without a destination is not understood" {
	misused "DEST is missing" brokerctl binding add logs
}

@test "binding set replaces the headers" {
	brokerctl exchange add by-header --type headers
	brokerctl binding add by-header audit --header size=big
	brokerctl binding set by-header audit --header size=small --match any
	json 'length == 1 and (.[0] | .match == "any" and (.header | length) == 1 and
		.header[0].value == "small")' brokerctl binding show by-header --json
}

@test "binding set of one that is not there is refused" {
	brokerctl exchange add by-header --type headers
	refused "brokerctl: binding set: " brokerctl binding set by-header audit --match any
}

@test "binding del deletes it" {
	brokerctl binding add logs audit key
	brokerctl binding del logs audit key
	json '. == []' brokerctl binding show logs --json
}

@test "binding del of one that is not there is refused" {
	refused "brokerctl: binding del: " brokerctl binding del logs audit other
}

@test "binding show --queue lists those of one queue" {
	brokerctl queue add other
	brokerctl binding add logs audit a
	brokerctl binding add logs other b
	json 'map(.key) == ["b"]' brokerctl binding show --queue other --json
}

@test "binding show writes a table" {
	brokerctl binding add logs audit 'dpkg.*'
	run -0 brokerctl binding show
	[[ ${lines[0]} =~ ^EXCHANGE\ +KEY\ +QUEUE ]]
	[[ $output =~ $'\n'logs\ +dpkg\.\*\ +audit\  ]]
}

@test "binding show of an exchange that is not there is refused" {
	refused "brokerctl: binding show: " brokerctl binding show none
}
