# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "who shows processes with what they hold, those that hold most first" {
	local pid
	brokerctl queue add jobs
	brokerctl queue add audit
	printf 'x\n%.0s' {1..5} | brokerctl publish '' jobs --lines
	background consume audit
	until_true count consumers 1 audit
	background consume jobs --credit 3 --exec 'exec sleep 100'
	pid=${PIDS[-1]}
	until_true count unacked 3 jobs
	run -0 brokerctl who
	[[ ${lines[0]} =~ ^" "*PID\ +COMMAND\ +USER\ +HOLDS\ +PUBLISHED\ +RECEIVED\ +QUEUES ]]
	[[ ${lines[1]} =~ ^" "*"$pid"\ +brokerctl\ +root\ +3\ +0\ +[1-3]\ +jobs$ ]]
	[[ ${lines[2]} =~ \ brokerctl\ +root\ +0\ +0\ +0\ +audit$ ]]
	run -0 brokerctl who audit
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} == *audit ]]
	run -0 brokerctl who --wide
	[[ ${lines[0]} =~ SESSION.*REFUSED.*SETTLED ]]
	json ".[0] | .holds == 3 and .session.pid == $pid and .session.comm == \"brokerctl\" and
		(.consumers | length == 1 and .[0].queue == \"jobs\")" brokerctl who --json
	pkill -KILL -P "$pid"
}

@test "who of a queue that is not there" {
	refused "brokerctl: who: no such queue" brokerctl who nowhere
}

@test "lists fit into 80 columns; --wide shows all columns" {
	local noun line
	brokerctl queue add a-queue-of-20-letters
	brokerctl exchange add an-exchange --type topic --alternate broker.fanout
	background consume a-queue-of-20-letters
	until_true count consumers 1 a-queue-of-20-letters
	for noun in exchange queue consumer session; do
		run -0 brokerctl "$noun" show
		for line in "${lines[@]}"; do
			((${#line} <= 80)) || { echo "${#line}: $line"; return 1; }
		done
		[ "${#lines[@]}" -gt 1 ]
		[[ $output != *OWNER* ]]
	done
	run -0 brokerctl queue show --wide
	[[ ${lines[0]} =~ MAX-BYTES.*OWNER.*GROUP.*MODE ]]
	run -0 brokerctl exchange show -w
	[[ ${lines[0]} =~ FLAGS.*OWNER.*GROUP.*MODE ]]
	run -0 brokerctl consumer show --wide
	[[ ${lines[0]} =~ SESSION.*ID.*CREDIT-BYTES.*FLAGS ]]
	run -0 brokerctl session show --wide
	[[ ${lines[0]} =~ CONSUMERS.*REFUSED ]]
}
