# SPDX-License-Identifier: GPL-2.0-or-later

setup()
{
	load common
	fresh_broker
	brokerctl exchange add logs --type topic
	brokerctl queue add audit
}

teardown() { drop_broker; }

@test "binding add binds a queue, and says nothing" {
	run -0 brokerctl binding add logs audit 'dpkg.#'
	[ -z "$output" ]
	tells 'exchange: logs' 'queue: audit' 'key: dpkg.#' -- brokerctl binding show logs --verbose
}

@test "binding add --to-exchange binds an exchange, and refuses a cycle" {
	brokerctl exchange add all --type fanout
	brokerctl binding add logs all '#' --to-exchange
	json '.[0] | .to_exchange == "all" and (has("queue") | not)' brokerctl binding show logs --json
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
	tells 'header: size=big, pages:int=-3, ratio:double=0.5, urgent:bool=true, present' -- \
		brokerctl binding show by-header --verbose
}

@test "binding add is refused with the attribute at fault" {
	refused "(queue)" brokerctl binding add logs none key
	refused "(exchange)" brokerctl binding add none audit key
	brokerctl binding add logs audit key
	refused "brokerctl: binding add: " brokerctl binding add logs audit key
}

@test "binding add --filter lets pass what matches; set changes it, or takes it away" {
	brokerctl binding add logs audit '#' --filter "size > 2 AND host = 'web'"
	tells "filter-text: size > 2 AND host = 'web'" -- brokerctl binding show logs --verbose
	json '.[0].filter_text == "size > 2 AND host = \u0027web\u0027"' brokerctl binding show logs --json
	brokerctl publish logs a --body m --header size:int=3 --header host=web
	refused "fewer than 1 queues match" brokerctl publish logs a --body m --header size:int=3
	run -0 brokerctl route logs a --header size:int=3 --header host=web
	gives 1 brokerctl route logs a --header size:int=3
	brokerctl binding set logs audit '#' --filter "host LIKE 'w%'"
	brokerctl publish logs a --body m --header host=wiki
	brokerctl binding set logs audit '#' --filter ''
	brokerctl publish logs a --body m
	tells 'ready: 3' -- brokerctl queue show audit
	gives 1 brokerctl binding add logs audit key --filter 'host ='
	[[ $stderr == *'filter: a field or a value is missing here'* ]]
}

@test "binding set replaces the headers, of one that is there" {
	brokerctl exchange add by-header --type headers
	brokerctl binding add by-header audit --header size=big --header more=x
	brokerctl binding set by-header audit --header size=small --match any
	tells 'match: any' 'header: size=small' -- brokerctl binding show by-header --verbose
	refused "brokerctl: binding set: " brokerctl binding set by-header audit key --match any
}

@test "binding del deletes it, and only it" {
	brokerctl binding add logs audit key
	brokerctl binding add logs audit other
	brokerctl binding del logs audit key
	run -0 brokerctl binding show logs
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} == *other* ]]
	refused "brokerctl: binding del: " brokerctl binding del logs audit key
}

@test "binding show writes a table, of all or of one queue or exchange" {
	brokerctl queue add other
	brokerctl binding add logs audit 'dpkg.*'
	brokerctl binding add logs other b
	run -0 brokerctl binding show
	[[ ${lines[0]} =~ ^EXCHANGE\ +KEY\ +QUEUE ]]
	[[ $output =~ $'\n'"logs"\ +dpkg\.\*\ +audit\  ]]
	[[ $output =~ $'\n'"logs"\ +b\ +other\  ]]
	run -0 brokerctl binding show --queue other
	[ "${#lines[@]}" -eq 2 ]
	refused "brokerctl: binding show: " brokerctl binding show none
}

@test "binding add --weight, and binding set --weight" {
	brokerctl exchange add canary --type split
	brokerctl queue add new
	brokerctl binding add canary audit --weight 9
	brokerctl binding add canary new
	seq 10 | brokerctl publish canary k --lines
	count ready 9 audit
	brokerctl binding set canary new --weight 9
	tells 'weight: 9' 'flags: -' -- brokerctl binding show canary --queue new --verbose
	refused "(weight)" brokerctl binding add logs audit k --weight 2
}

@test "binding --divert, --tap and --plain" {
	brokerctl binding add logs audit k --divert
	tells 'flags: divert' -- brokerctl binding show logs --verbose
	brokerctl binding set logs audit k --tap
	json '.[0].flags == ["tap"]' brokerctl binding show logs --json
	brokerctl binding set logs audit k --plain
	run -0 brokerctl binding show logs
	[[ ${lines[0]} =~ ^EXCHANGE\ +KEY\ +QUEUE\ +TO-EXCHANGE\ +WEIGHT\ +FLAGS ]]
	[ "${#lines[0]}" -le 80 ]
	[[ ${lines[1]} =~ ^logs\ +k\ +audit\ +-\ +-\ +-\  ]]
	refused "(flags)" brokerctl binding set logs audit k --divert --tap
}

@test "binding: what is not understood" {
	misused "--header: 'a:itn=5'" brokerctl binding add logs audit --header a:itn=5
	misused "DEST is missing" brokerctl binding add logs
	misused "--weight: '0'" brokerctl binding add logs audit --weight 0
	misused "nothing to change" brokerctl binding set logs audit
	misused "--match: 'some'" brokerctl binding add logs audit --match some
}
