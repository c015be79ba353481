#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "publish --dedupe-id is taken once, and each time a success" {
	brokerctl publish '' jobs --body one --dedupe-id order-1
	run -0 brokerctl publish '' jobs --body one --dedupe-id order-1 --verbose
	[ "$output" = "published 1, enqueued 0, refused 0, duplicates 1" ]
	json '.published == 1 and .accepted == 1 and .duplicates == 1 and .queues[0].sequence == 1 and
		.queues[0].error == "Operation already in progress"' \
		brokerctl publish '' jobs --body one --dedupe-id order-1 --json
	tells 'ready: 1' 'duplicates: 2' 'dedupe-ids: 1' 'dedupe-forgotten: 0' -- \
		brokerctl queue show jobs
	json '.properties.dedupe_id == "order-1"' brokerctl get jobs --json
}

@test "queue add and set take dedupe-window and dedupe-max, and show them" {
	tells 'dedupe-window: 120000' 'dedupe-max: 100000' -- brokerctl queue show jobs
	brokerctl queue add other --dedupe-window 5000 --dedupe-max 10
	tells 'dedupe-window: 5000' 'dedupe-max: 10' -- brokerctl queue show other
	brokerctl queue set other --dedupe-window 0
	brokerctl publish '' other --body one --dedupe-id a
	brokerctl publish '' other --body one --dedupe-id a
	tells 'dedupe-window: 0' 'ready: 2' 'duplicates: 0' -- brokerctl queue show other
	misused "--dedupe-max" brokerctl queue set other --dedupe-max 0
}

@test "publish --dedupe-id: what is not understood" {
	misused "--dedupe-id names one message" brokerctl publish '' jobs --lines --dedupe-id a
	refused "brokerctl: publish: " brokerctl publish '' jobs --body x --dedupe-id ''
	refused "does not support one of its properties" \
		brokerctl publish broker.topic k --body x --dedupe-id a --retain
}

@test "publish --producer and --producer-sequence, by line, and producer show" {
	seq 3 | brokerctl publish '' jobs --lines --producer p --producer-sequence 1
	run -0 brokerctl publish '' jobs --lines --producer p --producer-sequence 2 -v < <(seq 2 4)
	[ "$output" = "published 3, enqueued 1, refused 0, duplicates 2" ]
	[ "$(brokerctl get jobs --count 10)" = $'1\n2\n3\n4' ]
	run -0 brokerctl producer show jobs
	[[ ${lines[0]} == PRODUCER*USER*LAST ]]
	[[ ${lines[1]} == p*root*4 ]]
	tells 'name: p' 'last: 4' -- brokerctl producer show jobs p
	json '.last == 0' brokerctl producer show jobs other --json
	tells 'producers: 1' 'producers-forgotten: 0' -- brokerctl queue show jobs
}

@test "producer show: others' take x, one's own nothing" {
	brokerctl queue set jobs --mode 0602
	as_nobody publish '' jobs --body x --producer p --producer-sequence 7
	tells 'last: 7' -- as_nobody producer show jobs p
	tells 'last: 7' -- brokerctl producer show jobs p --user nobody
	json '.last == 0' brokerctl producer show jobs p --json
	refused "you need to configure (x) the queue" as_nobody producer show jobs
	refused "you need to configure (x) the queue" as_nobody producer show jobs p --user root
	refused "no such queue" brokerctl producer show none
}

@test "producers: what is not understood" {
	misused "go together" brokerctl publish '' jobs --body x --producer p
	misused "go together" brokerctl publish '' jobs --body x --producer-sequence 1
	misused "--producer-sequence" brokerctl publish '' jobs --body x --producer p --producer-sequence 0
	misused "--user goes with NAME" brokerctl producer show jobs --user root
}
