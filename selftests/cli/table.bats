# SPDX-License-Identifier: GPL-2.0-or-later

setup()
{
	load common
	fresh_broker
	LONG=a-queue-whose-name-is-longer-than-what-a-terminal-of-a-hundred-columns-can-show
}

teardown() { drop_broker; }

on_terminal() { script -qec "stty cols $1; nsenter --net=$NETNS brokerctl ${*:2}" /dev/null | tr -d '\r'; }

@test "a table is cut on a terminal that is too narrow, and only there" {
	brokerctl queue add "$LONG"
	run -0 on_terminal 100 queue show
	[[ $output == *…* ]]
	run ! env LC_ALL=C.UTF-8 grep -E '^.{101}' <<<"$output"
	run -0 on_terminal 250 queue show
	[[ $output == *"$LONG"* ]]
	run -0 brokerctl queue show
	[[ $output == *"$LONG"* ]]
}

@test "wide characters take two columns" {
	brokerctl queue add 日本
	brokerctl queue add abcd
	run -0 brokerctl queue show
	[[ $output == *$'\n日本      0 '* ]]
	[[ $output == *$'\nabcd      0 '* ]]
}
