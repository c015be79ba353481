# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

in_session() { brokerctl session show --json | /usr/bin/jq -e 'length == 1'; }

@test "session show tells the process" {
	background consume jobs
	until_true in_session
	json ".[0] | .pid == $! and .comm == \"brokerctl\" and .uid == 0 and .consumers == 1" \
		brokerctl session show --json
}

@test "session show writes a table" {
	background consume jobs
	until_true in_session
	run -0 brokerctl session show
	[[ ${lines[0]} =~ ^ID\ +PID\ +COMMAND ]]
	[[ ${lines[1]} =~ ^[0-9]+\ +$!\ +brokerctl\ +root ]]
}

@test "session show takes no argument" {
	misused "what is 'x'?" brokerctl session show x
}
