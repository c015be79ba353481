# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # the shell that is to expand them is another

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

# There is no other sign that it listens than what it hears.
heard_something()
{
	brokerctl queue add probe
	brokerctl queue del probe
	[ -s "$BATS_TEST_TMPDIR/out" ]
}

monitoring()
{
	background monitor "$@"
	until_true heard_something
}

heard() { grep -Eq "$1" "$BATS_TEST_TMPDIR/out"; }

@test "monitor tells of exchanges, queues and bindings" {
	monitoring
	brokerctl exchange add logs --type topic
	brokerctl queue add audit
	brokerctl binding add logs audit 'a.#'
	brokerctl binding del logs audit 'a.#'
	brokerctl queue del audit
	brokerctl exchange del logs
	until_true heard 'exchange-del +name=logs'
	heard '^[-0-9]{10} [0-9:]{8}\.[0-9]{6} exchange +name=logs type=topic'
	heard ' queue +name=audit .*max-messages=100000'
	heard ' binding +exchange=logs queue=audit .*key=a\.#'
	heard ' binding-del +exchange=logs queue=audit .*key=a\.#'
	heard ' queue-del +name=audit'
}

@test "monitor tells why a consumer ended" {
	brokerctl queue add jobs
	monitoring
	brokerctl publish '' jobs --body x
	run -137 brokerctl consume jobs --exec 'kill -9 $PPID'
	until_true heard ' consumer-del +queue=jobs .*cause=killed code=9'
	heard ' consumer +queue=jobs session=[0-9]+ id=[0-9]+ pid=[0-9]+'
}

@test "monitor --json writes one object a line, of this namespace alone" {
	monitoring --json
	brokerctl queue add audit
	until_true heard '"name":"audit"'
	/usr/bin/jq -e -s 'all(.time_ns > 1e18 and (.event | type) == "string") and
		any(.event == "queue" and .queue.name == "audit" and .queue.max_messages == 100000)' \
		"$BATS_TEST_TMPDIR/out"
	monitoring
	unshare --net brokerctl queue add foreign
	brokerctl queue add near
	until_true heard 'name=near'
	run ! heard foreign
}

@test "monitor ends on SIGINT and SIGTERM with status 0" {
	monitoring
	kill -INT $!
	wait $!
	monitoring
	kill -TERM $!
	wait $!
}

@test "monitor --count ends after so many, --timeout when nothing comes" {
	background monitor --count 2
	until_true heard_something
	wait $!
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 2 ]
	run -0 brokerctl monitor --timeout 300ms
	[ -z "$output" ]
}


audit_heard_something()
{
	brokerctl broker set --default-overflow reject
	[ -s "$BATS_TEST_TMPDIR/out" ]
}

@test "monitor --audit tells who asked for what, and why it was refused" {
	background monitor --audit
	until_true audit_heard_something
	brokerctl queue add audit
	refused "a queue of this name exists" as_nobody queue add audit
	until_true heard 'operation=queue-new name=audit uid=nobody .*error=EEXIST reason=.*a queue of this name exists'
	heard ' audit +operation=queue-new name=audit uid=root pid=[0-9]+ comm=brokerctl error=0$'
	run ! heard 'queue-get'
	refused "brokerctl: monitor: " as_nobody monitor --audit
}

@test "monitor --audit --json names the operation" {
	background monitor --audit --json
	until_true audit_heard_something
	brokerctl queue add audit
	until_true heard '"name":"audit"'
	/usr/bin/jq -e -s 'any(.event == "audit" and .audit.operation == "queue-new" and
		.audit.name == "audit" and .audit.uid == 0 and .audit.error == 0)' "$BATS_TEST_TMPDIR/out"
}

@test "monitor tells of advisories, and broker.events has them as messages" {
	brokerctl queue add small --max-messages 1
	brokerctl queue add told
	brokerctl binding add broker.events told 'queue.#'
	monitoring
	seq 2 | gives 1 brokerctl publish '' small --lines
	until_true heard ' advisory +kind=queue-overflow queue=small count=1 session=[0-9]+ pid=[0-9]+ '
	json '.key == "queue.overflow.small" and any(.headers[]; .name == "count" and .value == 1)' \
		brokerctl get told --json --timeout 20s
}
