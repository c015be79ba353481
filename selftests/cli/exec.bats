# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # the shell that is to expand them is another

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "consume --exec gives the body on standard input, byte for byte, read or not" {
	head -c 200000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
	brokerctl publish '' jobs "$BATS_TEST_TMPDIR/in"
	brokerctl consume jobs --count 1 --exec "cat >$BATS_TEST_TMPDIR/back"
	cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/back"
	head -c 1000000 /dev/zero | brokerctl publish '' jobs
	brokerctl consume jobs --count 1 --exec true
	count accepted 2 jobs
}

@test "consume --exec sets the environment, and hands on no BROKER_ variables of its own" {
	local variable
	brokerctl exchange add logs --type fanout
	brokerctl binding add logs jobs
	brokerctl publish logs some.key --body x --content-type text/plain --message-id m1 \
		--header pages:int=5 --header 'Odd-Näme=v w'
	BROKER_SUBJECT=forged run -0 brokerctl consume jobs --count 1 --exec env
	for variable in EXCHANGE=logs KEY=some.key SEQUENCE=1 DELIVERIES=1 FAILED=0 REDELIVERED= \
			ORIGIN_UID=0 CONTENT_TYPE=text/plain MESSAGE_ID=m1 HEADER_PAGES=5 \
			'HEADER_ODD_N__ME=v w'; do
		[[ $'\n'$output$'\n' == *$'\n'"BROKER_$variable"$'\n'* ]] || { echo "no $variable"; return 1; }
	done
	[[ $output != *forged* ]]
}

@test "consume --exec accepts on status 0" {
	seq 3 | brokerctl publish '' jobs --lines
	run -0 brokerctl consume jobs --count 3 --exec 'read -r line; echo "<$line>"'
	[ "$output" = $'<1>\n<2>\n<3>' ]
	count accepted 3 jobs
}

@test "consume --exec releases on status 75, and fails on others and when the command is killed" {
	brokerctl publish '' jobs --body x
	brokerctl consume jobs --count 1 --exec 'exit 75'
	tells 'ready: 1' 'released: 1' 'failed: 0' -- brokerctl queue show jobs
	brokerctl consume jobs --count 1 --exec 'exit 3'
	tells 'ready: 1' 'released: 1' 'failed: 1' -- brokerctl queue show jobs
	brokerctl consume jobs --count 1 --exec 'kill -9 $$'
	tells 'ready: 1' 'released: 1' 'failed: 2' -- brokerctl queue show jobs
}

@test "a message comes back from a consumer that was killed, and tells the cause" {
	brokerctl publish '' jobs --body x
	run -137 brokerctl consume jobs --count 1 --exec 'kill -9 $PPID'
	tells 'deliveries: 1, failed 1' -- brokerctl peek jobs --verbose
	[[ $output =~ $'\n'"redelivered: killed by signal 9, pid "[1-9][0-9]*$'\n' ]]
	run -0 brokerctl consume jobs --ack accept --count 1 --json
	[[ $output =~ \"redelivered\":\{\"cause\":\"killed\",\"code\":9,\"pid\":[1-9] ]]
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

@test "a traceparent passes through unchanged, and consume --exec exports it" {
	local context=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01

	brokerctl publish '' jobs --body x --traceparent "$context"
	brokerctl publish '' jobs --body y
	TRACEPARENT=mine gives 0 brokerctl consume jobs --count 2 --exec 'echo "<$TRACEPARENT>"; cat >/dev/null'
	[ "$output" = "<$context>"$'\n'"<>" ]
	brokerctl publish '' jobs --body x --traceparent "$context"
	json ".properties.traceparent == \"$context\"" brokerctl get jobs --json
}
