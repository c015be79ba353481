# SPDX-License-Identifier: GPL-2.0-or-later

setup()
{
	load common
	fresh_broker
	brokerctl exchange add logs --type topic
	brokerctl queue add audit
	brokerctl binding add logs audit '#'
}

teardown() { drop_broker; }

@test "publish takes the body as an option, empty or not, and says nothing" {
	run -0 brokerctl publish logs a.b --body hello
	[ -z "$output" ]
	[ "$(brokerctl get audit)" = hello ]
	brokerctl publish logs a.b --body ''
	[ "$(brokerctl get audit --raw | wc -c)" -eq 0 ]
	refused "/nowhere: No such file" brokerctl publish logs k /nowhere
}

@test "publish takes the body from a file or standard input, byte for byte" {
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/body"
	brokerctl publish logs a.b "$BATS_TEST_TMPDIR/body"
	brokerctl get audit --raw | cmp - "$BATS_TEST_TMPDIR/body"
	printf 'no line end' | brokerctl publish logs a.b
	printf 'by a dash' | brokerctl publish logs a.b -
	[ "$(brokerctl get audit --count 2 | paste -sd,)" = "no line end,by a dash" ]
}

@test "publish --lines of 10,000 lines comes back equal, byte for byte" {
	awk -v x="$(printf '%200s' '')" 'BEGIN {
		srand(1)
		for (i = 0; i < 10000; i++)
			print i, substr(x, 1, 200 * rand()), i % 3 ? "é" : ""
	}' >"$BATS_TEST_TMPDIR/in"
	brokerctl publish logs a.b --lines "$BATS_TEST_TMPDIR/in"
	brokerctl consume audit --count 10000 --timeout 20s >"$BATS_TEST_TMPDIR/back"
	cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/back"
	tells 'ready: 0' 'accepted: 10000' -- brokerctl queue show audit
}

@test "publish --lines keeps empty lines and a last one without end" {
	printf 'a\n\nb' | brokerctl publish logs k --lines
	[ "$(brokerctl get audit --count 9 | od -c -An | tr -d ' ')" = 'a\n\nb\n' ]
}

@test "publish --lines publishes a line at once, not only at the end of input" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	nsenter --net="$NETNS" brokerctl publish logs k --lines "$BATS_TEST_TMPDIR/in" 3>&- &
	PIDS+=($!)
	exec 4>"$BATS_TEST_TMPDIR/in"
	echo first >&4
	run -0 brokerctl get audit --timeout 20s 4>&-
	[ "$output" = first ]
	exec 4>&-
	wait $!
}

@test "publish --lines stops at the line that is refused, and tells which" {
	brokerctl queue set audit --max-messages 3
	gives 1 brokerctl publish logs k --lines < <(seq 5)
	said "line 4: a queue is full"
	said "queue 'audit': full"
	[ "$(brokerctl get audit --count 9 | paste -sd,)" = 1,2,3 ]
}

@test "publish to the default exchange goes to the queue of that name, if it is there" {
	refused "no exchange named 'none'" brokerctl publish none k --body x
	said "hint: brokerctl exchange show"
	refused "no queue named 'none'" brokerctl publish '' none --body x
	brokerctl publish '' audit --body direct
	[ "$(brokerctl get audit)" = direct ]
}

@test "publish that no queue matches is refused, unless it is --optional" {
	brokerctl binding del logs audit '#'
	refused "fewer than 1 queues match key 'k'" brokerctl publish logs k --body x
	said "hint: brokerctl binding show 'logs'"
	brokerctl publish logs k --body x --optional
}

@test "publish --min-routes wants that many queues" {
	refused "fewer than 2 queues match" brokerctl publish logs k --body x --min-routes 2
	count ready 0 audit
	brokerctl queue add other
	brokerctl binding add logs other '#'
	brokerctl publish logs k --body x --min-routes 2
}

@test "publish to a full queue is refused by all, and it is named; --partial takes what has room" {
	brokerctl queue add small --max-messages 1
	brokerctl binding add logs small '#'
	brokerctl publish logs k --body 1
	refused "a queue is full" brokerctl publish logs k --body 2
	said "queue 'small': full"
	count ready 1 audit
	brokerctl publish logs k --body 2 --partial
	count ready 2 audit
	count ready 1 small
}

@test "publish --confirm none is not told of a refusal" {
	brokerctl queue set audit --max-messages 1
	brokerctl publish logs k --body 1
	brokerctl publish logs k --body 2 --confirm none
	tells 'ready: 1' 'refused: 1' -- brokerctl queue show audit
}

@test "publish --timeout waits for room, and ends" {
	brokerctl queue set audit --max-messages 1 --overflow block
	brokerctl publish logs k --body 1
	background publish logs k --body 2 --timeout 30s
	sleep 0.3
	kill -0 $!
	[ "$(brokerctl get audit)" = 1 ]
	wait $!
	[ "$(brokerctl get audit)" = 2 ]
	brokerctl queue set audit --max-messages 1 --overflow block
	brokerctl publish logs k --body 1
	refused "stayed full" brokerctl publish logs k --body 2 --timeout 200ms
}

@test "publish of a line above 1 MiB is refused" {
	gives 1 brokerctl publish logs k --lines < <(echo ok; head -c 3000000 /dev/zero)
	said "line 2: the message is too large"
	[ "$(brokerctl get audit)" = ok ]
}

@test "publish takes all properties" {
	local now
	brokerctl publish logs k --body x --content-type text/plain --content-encoding identity \
		--message-id m1 --correlation-id c1 --reply-to answers --type order --app-id shop \
		--subject news --priority 7 --timestamp 1700000000000 --delivery-mode transient \
		--traceparent 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 --user-id me
	json '.properties == {"content_type": "text/plain", "content_encoding": "identity",
		"message_id": "m1", "correlation_id": "c1", "reply_to": "answers", "type": "order",
		"app_id": "shop", "subject": "news", "priority": 7, "timestamp": 1700000000000,
		"delivery_mode": 1, "user_id": "me",
		"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}' \
		brokerctl get audit --json
	now=$(date +%s%3N)
	brokerctl publish logs k --body x --timestamp now
	json ".properties.timestamp | . >= $now and . < $now + 60000" brokerctl get audit --json
}

@test "publish takes headers of all types, in their order" {
	brokerctl publish logs k --body x --header b=text --header a:int=5 --header c:double=1.5 \
		--header d:bool=false --header e:bytes=00ff --header a:b:string=x=y
	json '.headers == [{"name": "b", "type": "string", "value": "text"},
		{"name": "a", "type": "int", "value": 5}, {"name": "c", "type": "double", "value": 1.5},
		{"name": "d", "type": "bool", "value": false}, {"name": "e", "type": "bytes", "value": "AP8="},
		{"name": "a:b", "type": "string", "value": "x=y"}]' brokerctl get audit --json
}

@test "publish --verbose and --json tell what the queues did" {
	json '.published == 1 and .accepted == 1 and .refused == 0 and (.queues | length) == 1 and
		.queues[0].sequence >= 1' brokerctl publish logs k --body x --json
	run -0 brokerctl publish logs k --lines --verbose < <(seq 3)
	[ "$output" = "published 3, enqueued 3, refused 0" ]
}

@test "publish --expect-sequence is taken if nothing else came" {
	brokerctl queue add log
	brokerctl publish '' log --body one --expect-sequence 0
	refused "the queue's last sequence is another" \
		brokerctl publish '' log --body two --expect-sequence 0
	said "hint: it is 1"
	json '.queues[0].sequence == 2' \
		brokerctl publish '' log --body two --expect-sequence 1 --json
	[ "$(brokerctl get log --count 10)" = $'one\ntwo' ]
	misused "--expect-sequence is for one message" \
		brokerctl publish '' log --lines --expect-sequence 2
}

@test "publish without permission is refused" {
	brokerctl exchange set logs --mode 0600
	refused "no permission to publish to exchange 'logs'" as_nobody publish logs k --body x
	said "hint: brokerctl exchange show 'logs'"
}

@test "publish: what is not understood" {
	misused "--header: 'a:int=five'" brokerctl publish logs k --header a:int=five
	misused "--priority: '256'" brokerctl publish logs k --priority 256
	misused "--body takes the place" brokerctl publish logs k file --body x
	misused "KEY is missing" brokerctl publish logs
}
