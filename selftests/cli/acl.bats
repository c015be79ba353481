# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "acl add denies by routing key, del allows again" {
	brokerctl exchange add logs --type topic --mode 0777
	brokerctl queue add audit
	brokerctl binding add logs audit '#'
	brokerctl acl add logs deny 'secret.#' --user nobody --for publish
	refused "brokerctl: publish: " as_nobody publish logs secret.a --body x
	as_nobody publish logs open.a --body x
	brokerctl acl del logs 10
	as_nobody publish logs secret.a --body x
	refused "brokerctl: acl del: no such rule (number)" brokerctl acl del logs 10
	refused "brokerctl: acl add: no such exchange (exchange)" brokerctl acl add none deny '#'
}

@test "acl show lists rules in their order" {
	brokerctl exchange add logs --type topic
	brokerctl acl add logs deny '#'
	brokerctl acl add logs allow 'mine.#' --user nobody --number 5
	brokerctl acl add logs allow 'b.*' --group man --for bind --number 7
	run -0 brokerctl acl show logs
	[[ ${lines[0]} =~ ^EXCHANGE\ +NUMBER\ +ACTION\ +FOR\ +WHOM\ +PATTERN$ ]]
	[[ ${lines[1]} =~ ^logs\ +5\ +allow\ +publish,bind\ +user\ nobody\ +mine\.# ]]
	[[ ${lines[2]} =~ ^logs\ +7\ +allow\ +bind\ +group\ man\ +b\.\* ]]
	[[ ${lines[3]} =~ ^logs\ +10\ +deny\ +publish,bind\ +everyone\ +# ]]
	json 'length == 3 and .[0].number == 5 and .[0].operations == ["publish", "bind"] and
		.[1].gid == 12 and .[2].action == "deny"' brokerctl acl show --json
}
