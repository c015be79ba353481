#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add dead; }
teardown() { drop_broker; }

@test "queue add and set take priorities, times, retries and dead letters, and show them" {
	brokerctl queue add jobs --priorities 10 --ttl 60000 --lease 5000 --max-delivery 3 \
		--retry-min 10 --retry-max 50 --retry-jitter 0 --dead-letter-key dead
	tells 'priorities: 10' 'ttl: 60000' 'lease: 5000' 'max-delivery: 3' 'retry-min: 10' \
		'retry-max: 50' 'retry-jitter: 0' 'dead-letter-key: dead' -- brokerctl queue show jobs
	brokerctl queue set jobs --ttl 0 --dead-letter-exchange broker.topic
	tells 'ttl: 0' 'dead-letter-exchange: broker.topic' 'dead-letter-key: dead' -- \
		brokerctl queue show jobs
	misused "--priorities" brokerctl queue set jobs --priorities 33
}

@test "a rejected message goes to the dead letters" {
	brokerctl queue add jobs --dead-letter-key dead
	brokerctl publish '' jobs --body bad
	brokerctl consume jobs --ack reject --count 1
	[ "$(brokerctl get dead --timeout 20s)" = bad ]
}

@test "dead letters need somewhere to go" {
	refused "dead letters are to go where nothing is" \
		brokerctl queue add jobs --dead-letter-key nowhere
}

@test "publish --ttl and --deliver-at" {
	brokerctl queue add jobs
	brokerctl publish '' jobs --body short --ttl 1
	brokerctl publish '' jobs --body later --deliver-at 32503680000000
	brokerctl publish '' jobs --body now
	[ "$(brokerctl get jobs)" = now ]
	tells 'waiting: 1' 'expired: 1' -- brokerctl queue show jobs
}
