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

@test "route writes a table, and publishes nothing" {
	run -0 brokerctl route logs disk.note
	[[ ${lines[0]} =~ ^QUEUE\ +VIA\ +PATTERN\ +FLAGS$ ]]
	[[ ${lines[1]} =~ ^audit\ +logs\ +#\ +-$ ]]
	[ "${#lines[@]}" -eq 2 ]
	count enqueued 0 audit
}

@test "route follows bindings to other exchanges, and knows the default exchange" {
	brokerctl exchange add front --type fanout
	brokerctl binding add front logs --to-exchange
	run -0 brokerctl route front x.error
	[[ $output =~ $'\n'"audit"\ +logs\ +\# ]]
	[[ $output =~ $'\n'"errors"\ +logs\ +\*\.error ]]
	run -0 brokerctl route '' audit
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} =~ ^audit\ +\"\" ]]
}

@test "route of a headers exchange looks at the properties" {
	brokerctl exchange add by-header --type headers
	brokerctl binding add by-header audit --header size=big --header pages:int=5
	run -0 brokerctl route by-header '' --header size=big --header pages:int=5
	[[ ${lines[1]} =~ ^audit\ +by-header\  ]]
	refused "no queue would get it" brokerctl route by-header '' --header size=big
}

@test "route that reaches nothing is status 1, and in JSON an empty array" {
	refused "brokerctl: route: " brokerctl route none x
	brokerctl exchange add empty --type direct
	refused "no queue would get it" brokerctl route empty x
	gives 1 brokerctl route empty x --json
	[ "$output" = "[]" ]
}

@test "route shows what diverts and what taps" {
	brokerctl binding add logs audit 'x.#' --divert
	brokerctl binding add logs errors x.y --tap
	run -0 brokerctl route logs x.y
	[[ ${lines[1]} =~ ^audit\ +logs\ +x.#\ +divert$ ]]
	[[ ${lines[2]} =~ ^errors\ +logs\ +x.y\ +tap$ ]]
}
