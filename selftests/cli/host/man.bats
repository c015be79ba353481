# SPDX-License-Identifier: GPL-2.0-or-later

setup()
{
	bats_require_minimum_version 1.5.0
	PAGE=$BATS_TEST_DIRNAME/../../../tools/brokerctl/brokerctl.8
}

@test "the manual is clean mdoc" {
	run -0 mandoc -T lint -W warning "$PAGE"
	[ -z "$output" ]
}

@test "the manual has every command and every option of the table" {
	local table names options word text
	text=$(mandoc -T utf8 "$PAGE" | col -b | tr -s ' \n' ' ')
	table=$(brokerctl --json --help)
	mapfile -t names < <(/usr/bin/jq -r '.[].command' <<<"$table")
	mapfile -t options < <(/usr/bin/jq -r '.[].options[].name' <<<"$table" | sort -u)
	[ "${#names[@]}" -gt 20 ]
	[ "${#options[@]}" -gt 20 ]
	for word in "${names[@]}"; do
		[[ $text == *" $word "* ]] || { echo "lacks $word"; return 1; }
	done
	for word in "${options[@]}"; do
		[[ $text == *"--$word"[\ ,\]]* ]] || { echo "lacks --$word"; return 1; }
	done
}
