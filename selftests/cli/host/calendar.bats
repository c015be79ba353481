# SPDX-License-Identifier: GPL-2.0-or-later

setup() { bats_require_minimum_version 1.5.0; }

@test "schedule next tells times, in their zone" {
	run -0 brokerctl schedule next '0 12 * * *' --timezone Asia/Kathmandu -n 3
	[ "${#lines[@]}" = 3 ]
	for line in "${lines[@]}"; do
		[[ "$line" == *" 12:00 +05:45" ]]
	done
	run -0 brokerctl schedule next @yearly --json -n 1
	[ "$(jq '.[0].time % 86400' <<<"$output")" = 0 ]
}

@test "schedule next points at what is wrong" {
	run -2 brokerctl schedule next '0 25 * * *'
	[ "${lines[0]}" = "brokerctl: schedule next: calendar: an hour is 0 to 23" ]
	[ "${lines[2]}" = "    ^" ]
	run -2 brokerctl schedule next @daily --timezone Europe/Atlantis
	[[ "$output" == *"no such time zone"* ]]
	run -2 brokerctl schedule next '0 0 31 2,4 *'
	[[ "$output" == *"no such day"* ]]
}
