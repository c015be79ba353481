# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "purge removes the messages, and tells how many" {
	seq 7 | brokerctl publish '' jobs --lines
	run -0 brokerctl purge jobs
	[ "$output" = "jobs: 7 removed" ]
	tells 'ready: 0' 'purged: 7' -- brokerctl queue show jobs
	run -0 brokerctl purge jobs
	[ "$output" = "jobs: 0 removed" ]
	misused "QUEUE is missing" brokerctl purge
}

@test "purge --json tells numbers, of several queues; one that is not there, or another's, is refused" {
	brokerctl queue add more
	seq 2 | brokerctl publish '' more --lines
	json '. == [{"queue": "jobs", "purged": 0}, {"queue": "more", "purged": 2}]' \
		brokerctl purge jobs more --json
	refused "brokerctl: purge: " brokerctl purge none
	refused "brokerctl: purge: " as_nobody purge jobs
}

