# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

@test "queue show --latency: how long messages waited and were held, in 80 columns" {
	printf '%s\n' 1 2 3 | brokerctl publish '' jobs --lines
	brokerctl get jobs --count 3
	run -0 brokerctl queue show jobs --latency
	[ "${lines[0]}" = "queue jobs" ]
	[[ ${lines[1]} =~ ^waited:\ 3,\ mean\ .*,\ median\ \<\ .*,\ p99\ \<\  ]]
	[[ ${lines[2]} =~ ^held:\ +3,\  ]]
	[[ ${lines[3]} =~ LESS\ THAN\ +WAITED\ +HELD ]]
	((${#lines[@]} > 4))
	run ! grep -E '^.{81}' <<<"$output"
}

@test "queue show --latency as JSON: counts, sums and bounds" {
	json '.[0].waited.count == 0 and .[0].waited.buckets == [] and .[0].held.median_us == null' \
		brokerctl queue show jobs --latency --json
	printf '%s\n' 1 2 3 | brokerctl publish '' jobs --lines
	brokerctl get jobs --count 3
	json '.[0] | .name == "jobs" and .waited.count == 3 and .held.count == 3 and
		([.waited.buckets[].count] | add) == 3 and .waited.buckets[0].less_than_us == 1 and
		.waited.buckets[3].less_than_us == 8 and .waited.p99_us >= .waited.median_us and
		.waited.sum_us <= 3 * .waited.p99_us' brokerctl queue show --latency --json
	refused 'brokerctl: queue show: ' brokerctl queue show none --latency
}
