# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "peek shows messages and leaves them" {
	seq 3 | brokerctl publish '' jobs --lines
	run -0 brokerctl peek jobs
	[ "$output" = $'1\n2\n3' ]
	tells 'ready: 3' 'delivered: 0' -- brokerctl queue show jobs
}

@test "peek shows the first 10, or --count, beyond what one call returns" {
	seq 2500 >"$BATS_TEST_TMPDIR/in"
	brokerctl publish '' jobs --lines "$BATS_TEST_TMPDIR/in"
	[ "$(brokerctl peek jobs)" = "$(seq 10)" ]
	brokerctl peek jobs --count 5000 | cmp - "$BATS_TEST_TMPDIR/in"
}

@test "peek --verbose tells all there is to know, to those who may consume" {
	brokerctl publish '' jobs --body hello --subject news
	tells 'deliveries: 0, failed 0' 'subject: news' -- brokerctl peek jobs --verbose
	brokerctl queue set jobs --mode 0600
	refused "no permission to consume from queue 'jobs'" as_nobody peek jobs
}

@test "peek --json writes an array" {
	seq 2 | brokerctl publish '' jobs --lines
	json 'map(.body) == ["1", "2"]' brokerctl peek jobs --json
}

@test "peek --filter shows what matches, however far back" {
	seq 300 | brokerctl publish '' jobs --lines
	brokerctl publish '' jobs --body red --header color=red --header weight:double=2.5
	brokerctl publish '' jobs --body blue --header color=blue --header weight:int=3
	run -0 brokerctl peek jobs --filter "color = 'red'"
	[ "$output" = red ]
	run -0 brokerctl peek jobs -f "weight > 2"
	[ "$output" = $'red\nblue' ]
	run -0 brokerctl peek jobs --filter '$size = 3 AND $uid = 0' --count 2
	[ "$output" = $'100\n101' ]
	refused "no message of queue 'jobs' matches" brokerctl peek jobs --filter "color = 'green'"
	gives 1 brokerctl peek jobs --json --filter "color = 'green'"
	[ "$output" = "[]" ]
	tells 'ready: 302' 'delivered: 0' -- brokerctl queue show jobs
}

@test "get and consume --filter take what matches, and leave the rest" {
	for color in red blue red green; do
		brokerctl publish '' jobs --body "$color" --header color="$color"
	done
	run -0 brokerctl get jobs --filter "color = 'blue'"
	[ "$output" = blue ]
	run -0 brokerctl consume jobs --count 2 --filter "color LIKE 'r%'"
	[ "$output" = $'red\nred' ]
	refused "queue 'jobs' is empty" brokerctl get jobs --filter "color = 'red'"
	run -0 brokerctl peek jobs
	[ "$output" = green ]
}

@test "a filter that is none is shown with the place of the fault" {
	gives 2 brokerctl peek jobs --filter "color == 'red'"
	[[ $stderr == *'peek: filter: a field or a value is missing here'* ]]
	[[ $stderr == *$'\n  color == \'red\'\n         ^'* ]]
}

@test "peek of an empty queue is status 1, and in JSON an empty array; of none too" {
	refused "queue 'jobs' is empty" brokerctl peek jobs
	gives 1 brokerctl peek jobs --json
	[ "$output" = "[]" ]
	refused "no queue named 'none'" brokerctl peek none
}

