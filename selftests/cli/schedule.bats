# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "schedule add publishes again and again; set, show and del" {
	brokerctl queue add q
	brokerctl schedule add tick '' q --every 200ms --body hello --type greeting -H n:int=5
	timeout 20 nsenter --net="$NETNS" brokerctl consume q --count 3 --json >"$BATS_TEST_TMPDIR/got"
	jq -es 'length == 3 and all(.body == "hello" and .properties.type == "greeting") and
		all(.headers | any(.name == "broker.schedule" and .value == "tick")) and
		all(.headers | any(.name == "n" and .value == 5))' "$BATS_TEST_TMPDIR/got"
	brokerctl schedule set tick --enabled off
	tells 'name: tick' 'interval: 200' 'enabled: off' 'body: hello' \
		'properties: type=greeting, header:n:int=5' -- brokerctl schedule show tick
	brokerctl purge q
	[ "$(brokerctl schedule show | sed -n 2p | tr -s ' ' | cut -d' ' -f 1-4)" = 'tick every 200ms off' ]
	brokerctl schedule set tick --body other --every 100ms --enabled on
	sleep 1
	[ "$(brokerctl get q)" = other ]
	brokerctl schedule del tick
	gives 1 brokerctl schedule show tick
}

@test "schedule add --cron: text and zone are kept, and each can be changed alone" {
	brokerctl queue add q
	brokerctl schedule add nightly '' q --cron '30 2 * * mon-fri' --timezone Europe/Berlin
	tells 'cron: 30 2 * * mon-fri' 'timezone: Europe/Berlin' 'fired: 0' -- \
		brokerctl schedule show nightly
	brokerctl schedule set nightly --cron @daily
	tells 'cron: @daily' 'timezone: Europe/Berlin' -- brokerctl schedule show nightly
	brokerctl schedule set nightly --timezone Asia/Tokyo
	tells 'cron: @daily' 'timezone: Asia/Tokyo' -- brokerctl schedule show nightly
	[[ "$(TZ=Asia/Tokyo brokerctl schedule show nightly)" == *" 00:00:00.000000"* ]]
	brokerctl schedule set nightly --every 1h
	[[ "$(brokerctl schedule show nightly)" != *cron:* ]]
	gives 1 brokerctl schedule set nightly --timezone UTC
}

@test "schedules: what is wrong is told" {
	brokerctl queue add q
	gives 1 brokerctl schedule add s '' q
	gives 1 brokerctl schedule add s '' q --every 50ms
	gives 1 brokerctl schedule add s '' q --every 1s --cron @daily
	gives 1 brokerctl schedule add s '' q --timezone UTC
	run -1 brokerctl schedule add s '' q --cron '60 * * * *'
	[[ "$output" == *"a minute is 0 to 59"* ]]
	run -1 brokerctl schedule add s '' q --cron @daily --timezone Nowhere
	[[ "$output" == *"no such time zone"* ]]
	run -1 brokerctl schedule add s '' none --every 1s
	[[ "$output" == *"no such queue"* ]]
	run -1 as_nobody schedule add s '' q --every 1s
	[[ "$output" == *"may not publish"* ]]
	brokerctl schedule add s '' q --every 1h
	run -1 as_nobody schedule del s
	[[ "$output" == *"another user's"* ]]
}

@test "schedules are exported and applied" {
	brokerctl queue add q
	printf 'a\0b' >"$BATS_TEST_TMPDIR/binary"
	brokerctl schedule add a '' q --every 1h --body-file "$BATS_TEST_TMPDIR/binary"
	brokerctl schedule add b '' q --cron '0 9 * * mon' --timezone Europe/Berlin --body text \
		--content-type text/plain --priority 7 -H a=b -H n:double=1.5 -H c:bytes=00ff --enabled off
	brokerctl export >"$BATS_TEST_TMPDIR/all"
	jq -e '.schedules | length == 2 and .[0].interval == 3600000 and .[0].body.base64 == "YQBi" and
		.[1].cron == "0 9 * * mon" and .[1].body == "text" and .[1].enabled == "off" and
		(.[1].properties | length == 5) and (.[1] | has("fired") | not)' "$BATS_TEST_TMPDIR/all"
	brokerctl schedule del a b
	brokerctl apply "$BATS_TEST_TMPDIR/all"
	[ "$(brokerctl export)" = "$(<"$BATS_TEST_TMPDIR/all")" ]
	gives 0 brokerctl diff "$BATS_TEST_TMPDIR/all"
	# The text alone is different: its zone stays.
	brokerctl schedule set b --cron '0 8 * * mon' --body other
	brokerctl schedule set a --every 2h
	gives 1 brokerctl diff "$BATS_TEST_TMPDIR/all"
	brokerctl apply "$BATS_TEST_TMPDIR/all"
	[ "$(brokerctl export)" = "$(<"$BATS_TEST_TMPDIR/all")" ]
	tells 'timezone: Europe/Berlin' -- brokerctl schedule show b
}

@test "schedules are shown by monitor" {
	brokerctl queue add q
	nsenter --net="$NETNS" brokerctl monitor --count 2 --timeout 20s >"$BATS_TEST_TMPDIR/seen" &
	PIDS+=($!)
	sleep 1
	brokerctl schedule add s '' q --every 1h
	brokerctl schedule del s
	wait "${PIDS[0]}"
	grep 'schedule  *name=s .*interval=3600000' "$BATS_TEST_TMPDIR/seen"
	grep 'schedule-del  *name=s' "$BATS_TEST_TMPDIR/seen"
}
