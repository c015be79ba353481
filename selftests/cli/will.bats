# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # the shell that is to expand them is another

setup()
{
	load common
	fresh_broker
	brokerctl queue add ends
}

teardown() { drop_broker; }

@test "will runs a command, and its exit is published with the status" {
	run -3 brokerctl will '' ends --body 'job 1' --type end -- sh -c 'echo at work; exit 3'
	[ "$output" = "at work" ]
	tells 'type: end' 'header: broker.cause=exited' 'header: broker.code:int=3' -- \
		brokerctl get ends --verbose
	[[ $output == *"job 1"* ]]
}

@test "will publishes what killed the command" {
	run -137 brokerctl will '' ends -- sh -c 'kill -9 $$'
	tells 'header: broker.cause=killed' 'header: broker.code:int=9' -- brokerctl get ends --verbose
}

@test "will can be routed by its cause, which nobody else can set" {
	brokerctl exchange add x --type headers
	brokerctl binding add x ends --header broker.cause=killed
	run -0 brokerctl will x '' --optional --body good true
	run -137 brokerctl will x '' --optional --body bad -- sh -c 'kill -9 $$'
	[ "$(brokerctl get ends --count 9)" = bad ]
	refused "are the kernel's" brokerctl publish x '' --body forged --header broker.cause=killed
	run -0 brokerctl route x '' --header broker.cause=killed
	[[ $output == *ends* ]]
}

@test "will says why it is refused, and runs nothing then" {
	refused "no queue named 'none'" brokerctl will '' none -- touch "$BATS_TEST_TMPDIR/ran"
	refused "fewer than 1 queues match key 'k'" brokerctl will broker.topic k -- \
		touch "$BATS_TEST_TMPDIR/ran"
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
	misused "COMMAND is missing" brokerctl will '' ends
	refused "cannot run '/nowhere'" brokerctl will '' ends /nowhere
	count ready 0 ends
}

@test "session show tells the wills that are armed" {
	background will '' ends -- sleep 1000
	until_true eval 'brokerctl session show --verbose | grep -Eq "^wills: +1"'
	kill $!
	until_true eval 'brokerctl queue show ends | grep -Eq "^ready: +1"'
}
