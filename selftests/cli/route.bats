# SPDX-License-Identifier: GPL-2.0-or-later

setup()
{
	load common
	fresh_broker
	brokerctl exchange add logs --type topic
	brokerctl queue add audit
	brokerctl queue add errors
	brokerctl binding add logs audit '#'
	brokerctl binding add logs errors '*.error'
}

teardown() { drop_broker; }

@test "route shows queues and the bindings that led there" {
	json 'sort_by(.queue) | map({queue, via, pattern}) == [
		{"queue": "audit", "via": "logs", "pattern": "#"},
		{"queue": "errors", "via": "logs", "pattern": "*.error"}]' brokerctl route logs disk.error --json
}

@test "route writes a table" {
	run -0 brokerctl route logs disk.note
	[[ ${lines[0]} =~ ^QUEUE\ +VIA\ +PATTERN$ ]]
	[[ ${lines[1]} =~ ^audit\ +logs\ +#$ ]]
	[ "${#lines[@]}" -eq 2 ]
}

@test "route publishes nothing" {
	brokerctl route logs disk.error
	[ "$(number enqueued audit)" -eq 0 ]
}

@test "route follows a binding to another exchange" {
	brokerctl exchange add front --type fanout
	brokerctl binding add front logs --to-exchange
	json 'map(.queue) | sort == ["audit", "errors"]' brokerctl route front x.error --json
}

@test "route through the default exchange" {
	json 'map(.queue) == ["audit"]' brokerctl route '' audit --json
}

@test "route of a headers exchange looks at the properties" {
	brokerctl exchange add by-header --type headers
	brokerctl binding add by-header audit --header size=big --header pages:int=5
	json 'map(.queue) == ["audit"]' \
		brokerctl route by-header '' --header size=big --header pages:int=5 --json
	refused "no queue would get it" brokerctl route by-header '' --header size=big
}

@test "route that reaches nothing is status 1" {
	brokerctl exchange add empty
	refused "no queue would get it" brokerctl route empty x
}

@test "route --json that reaches nothing is an empty array" {
	brokerctl exchange add empty
	run -1 --separate-stderr brokerctl route empty x --json
	[ "$output" = "[]" ]
}

@test "route of an exchange that is not there is refused" {
	refused "brokerctl: route: " brokerctl route none x
}
