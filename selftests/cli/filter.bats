# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

# examples PAGE: what its EXAMPLES have typed, and what they show for it
examples()
{
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" | sed -n '/^\.Bd/,/^\.Ed/p' |
		sed -e '/^\./d' -e 's/\\(dq/"/g' -e 's/\\e/\\/g'
}

@test "the examples of broker_filter(7) show what they say" {
	local line command="" shown="" count=0

	brokerctl queue add parcels
	while IFS= read -r line; do
		if [[ $line != '$ '* ]]; then
			shown+=$line$'\n'
			continue
		fi
		if [ -n "$command" ]; then
			[ "$(eval "$command")" = "${shown%$'\n'}" ] || { echo "$command"; return 1; }
			count=$((count + 1))
		fi
		command=${line#'$ '} shown=""
	done < <(examples "$BATS_TEST_DIRNAME/../../libbroker/man/broker_filter.7"; echo '$ true')
	[ "$count" -ge 7 ]
}
