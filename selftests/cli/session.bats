# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "session show tells the process" {
	background consume jobs
	until_true count consumers 1 jobs
	json ".[0] | .pid == $! and .comm == \"brokerctl\" and .uid == 0 and .consumers == 1" \
		brokerctl session show --json
	run -0 brokerctl session show
	[[ ${lines[0]} =~ ^\ *ID\ +PID\ +COMMAND ]]
	[[ ${lines[1]} =~ ^\ *[0-9]+\ +$!\ +brokerctl\ +root ]]
	misused "what is 'x'?" brokerctl session show x
}

