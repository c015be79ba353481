# SPDX-License-Identifier: GPL-2.0-or-later

setup()
{
	bats_require_minimum_version 1.5.0
	PAGE=$BATS_TEST_DIRNAME/../../tools/brokerctl/brokerctl.8
}

@test "the manual is clean mdoc" {
	run -0 mandoc -T lint -W warning "$PAGE"
	[ -z "$output" ]
}

@test "the manual has every command and every option of the table" {
	local name option text
	text=$(mandoc -T utf8 "$PAGE" | col -b | tr -s ' \n' ' ')
	while read -r name; do
		[[ $text == *" $name "* ]] || { echo "lacks $name"; return 1; }
	done < <(brokerctl --json --help | /usr/bin/jq -r '.[].command')
	while read -r option; do
		[[ $text == *"--$option"[\ ,\]]* ]] || { echo "lacks --$option"; return 1; }
	done < <(brokerctl --json --help | /usr/bin/jq -r '.[].options[].name' | sort -u)
}
