# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

consuming() { brokerctl consumer show jobs --json | /usr/bin/jq -e 'length == 1'; }

@test "consumer show tells process, credit and load" {
	background consume jobs --credit 17
	until_true consuming
	json ".[0] | .queue == \"jobs\" and .pid == $! and .credit_messages == 17 and .uid == 0 and
		.unacked == 0" brokerctl consumer show jobs --json
}

@test "consumer show writes a table" {
	background consume jobs
	until_true consuming
	run -0 brokerctl consumer show
	[[ ${lines[0]} =~ ^QUEUE\ +SESSION\ +ID\ +PID ]]
	[[ ${lines[1]} =~ ^jobs\ +[0-9]+\ +[0-9]+\ +$!\  ]]
}

@test "consumer show --verbose tells all there is" {
	background consume jobs
	until_true consuming
	run -0 brokerctl consumer show --verbose
	[[ $output =~ credit-messages:\ +256 ]]
}

@test "consumer show of a queue that nobody consumes from is empty" {
	json '. == []' brokerctl consumer show jobs --json
}

@test "consumer show of a queue that is not there is refused" {
	refused "brokerctl: consumer show: " brokerctl consumer show none
}
