# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "consume --exec gives the body on standard input, byte for byte" {
	head -c 200000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
	brokerctl publish '' jobs "$BATS_TEST_TMPDIR/in"
	brokerctl consume jobs --count 1 --exec "cat >$BATS_TEST_TMPDIR/back"
	cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/back"
}

@test "consume --exec does not mind a command that reads nothing" {
	head -c 1000000 /dev/zero | brokerctl publish '' jobs
	brokerctl consume jobs --count 1 --exec true
	[ "$(number accepted jobs)" -eq 1 ]
}

@test "consume --exec sets the environment" {
	brokerctl exchange add logs --type fanout
	brokerctl binding add logs jobs
	brokerctl publish logs some.key --body x --content-type text/plain --message-id m1 \
		--header pages:int=5 --header 'Odd-Näme=v w'
	run -0 brokerctl consume jobs --count 1 --exec 'env | grep ^BROKER_'
	[[ $'\n'$output == *$'\nBROKER_EXCHANGE=logs\n'* ]]
	[[ $'\n'$output == *$'\nBROKER_KEY=some.key\n'* ]]
	[[ $output == *BROKER_SEQUENCE=1* ]]
	[[ $output == *BROKER_DELIVERIES=1* ]]
	[[ $output == *BROKER_FAILED=0* ]]
	[[ $output == *BROKER_ORIGIN_UID=0* ]]
	[[ $output == *BROKER_CONTENT_TYPE=text/plain* ]]
	[[ $output == *BROKER_MESSAGE_ID=m1* ]]
	[[ $output == *BROKER_HEADER_PAGES=5* ]]
	[[ $output == *"BROKER_HEADER_ODD_N__ME=v w"* ]]
}

@test "consume --exec hands on no BROKER_ variables of its own" {
	brokerctl publish '' jobs --body x
	BROKER_SUBJECT=forged run -0 brokerctl consume jobs --count 1 --exec 'env'
	[[ $output != *forged* ]]
}

@test "consume --exec accepts on status 0" {
	seq 3 | brokerctl publish '' jobs --lines
	run -0 brokerctl consume jobs --count 3 --exec 'read -r line; echo "<$line>"'
	[ "$output" = $'<1>\n<2>\n<3>' ]
	[ "$(number accepted jobs)" -eq 3 ]
}

@test "consume --exec releases on status 75" {
	brokerctl publish '' jobs --body x
	brokerctl consume jobs --count 1 --exec 'exit 75'
	json '.[0] | .redelivered.cause == "released" and .failed == 0' brokerctl peek jobs --json
}

@test "consume --exec fails on another status" {
	brokerctl publish '' jobs --body x
	brokerctl consume jobs --count 1 --exec 'exit 3'
	json '.[0] | .redelivered.cause == "failed" and .failed == 1' brokerctl peek jobs --json
}

@test "consume --exec fails when the command is killed" {
	brokerctl publish '' jobs --body x
	brokerctl consume jobs --count 1 --exec 'kill -9 $$'
	json '.[0] | .redelivered.cause == "failed" and .failed == 1' brokerctl peek jobs --json
}

@test "consume --exec with --ack is not understood" {
	misused "not --ack" brokerctl consume jobs --exec true --ack fail
}

@test "a message comes back from a consumer that was killed, with the cause" {
	brokerctl publish '' jobs --body x
	run -137 brokerctl consume jobs --count 1 --exec 'kill -9 $PPID'
	run -0 brokerctl peek jobs --verbose
	[[ $output == *"redelivered: killed by signal 9, pid "* ]]
	[[ $output == *"deliveries: 1, failed 1"* ]]
	json '.redelivered | .cause == "killed" and .code == 9 and .pid > 0' brokerctl get jobs --json
}

@test "the next one to get that message is told the cause" {
	brokerctl publish '' jobs --body x
	run -137 brokerctl consume jobs --count 1 --exec 'kill -9 $PPID'
	run -0 brokerctl consume jobs --count 1 --exec 'echo "$BROKER_REDELIVERED, $BROKER_DELIVERIES"'
	[ "$output" = "killed by signal 9, 2" ]
}

@test "messages that a killed consumer had not been handed are not counted as failed" {
	seq 5 | brokerctl publish '' jobs --lines
	run -137 brokerctl consume jobs --credit 5 --exec 'kill -9 $PPID'
	json 'map(.failed) == [1, 0, 0, 0, 0]' brokerctl peek jobs --json
}
