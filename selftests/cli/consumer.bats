# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "consumer show tells process, credit and load" {
	background consume jobs --credit 17
	until_true count consumers 1 jobs
	json ".[0] | .queue == \"jobs\" and .pid == $! and .credit_messages == 17 and .uid == 0 and
		.unacked == 0" brokerctl consumer show jobs --json
	run -0 brokerctl consumer show
	[[ ${lines[0]} =~ ^QUEUE\ +PID\ +USER ]]
	[[ ${lines[1]} =~ ^jobs\ +$!\ +root\ +17\  ]]
	tells 'credit-messages: 17' 'credit-bytes: 1M' -- brokerctl consumer show --verbose
}

@test "consumer show of a queue without consumers is empty, and refused of one that is not there" {
	run -0 brokerctl consumer show jobs --json
	[ "$output" = "[]" ]
	refused "brokerctl: consumer show: " brokerctl consumer show none
}

