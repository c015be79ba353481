# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "status counts what there is, in this network namespace" {
	brokerctl queue add jobs
	brokerctl publish '' jobs --body x
	json '.queues == 1 and .ready == 1 and .published == 1 and (.version | type) == "string"' \
		brokerctl status --json
	run -0 unshare --net brokerctl queue show --json
	[ "$output" = "[]" ]
}

@test "status is what brokerctl does without a command, and broker show too" {
	tells 'queues: 0' 'default-overflow: reject' -- brokerctl
	[ "$output" = "$(brokerctl status)" ]
	[ "$output" = "$(brokerctl broker show)" ]
}

@test "broker set changes the defaults of new queues" {
	brokerctl broker set --default-max-messages 9 --default-max-bytes 1M --default-overflow block
	brokerctl queue add jobs
	tells 'max-messages: 9' 'max-bytes: 1M' 'overflow: block' -- brokerctl queue show jobs
	misused "nothing to change" brokerctl broker set
}

@test "broker set takes CAP_NET_ADMIN" {
	refused "brokerctl: broker set: " as_nobody broker set --default-overflow block
	said "hint: this takes CAP_NET_ADMIN"
}

