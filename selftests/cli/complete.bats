# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

# complete_line LINE: what bash would offer at its end, one a line
complete_line()
{
	(
		set +eu
		# shellcheck disable=SC1091 # Debian's
		. /usr/share/bash-completion/bash_completion
		# shellcheck disable=SC1091 # beside the program
		. "$BATS_TEST_DIRNAME/../../tools/brokerctl/brokerctl.bash"
		COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9
		# As readline splits it; the words here are simple enough.
		eval "COMP_WORDS=(${1//:/ : })"
		[[ $1 == *' ' ]] && COMP_WORDS+=('')
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_brokerctl
		printf '%s\n' "${COMPREPLY[@]}"
	) 2>/dev/null
}

offers() { run -0 complete_line "$1"; [ "$(sort <<<"$output" | paste -sd' ')" = "$2" ]; }

@test "nouns and verbs" {
	run -0 complete_line 'brokerctl '
	for word in status exchange queue binding retained consumer session limit acl publish get consume peek purge route monitor; do
		grep -qx "$word" <<<"$output"
	done
	run ! grep -x complete <<<"$output"
	offers 'brokerctl pu' 'publish purge'
	offers 'brokerctl queue ' 'add del pause resume set show'
	offers 'brokerctl state ' 'del show'
}

@test "options of a command, and the words that they take" {
	offers 'brokerctl queue del --if' '--if-empty --if-unused'
	offers 'brokerctl queue add jobs --overflow ' 'block dead-letter drop-head drop-new reject ring'
	offers 'brokerctl publish logs ' ''
}

@test "names of queues and exchanges, live" {
	brokerctl queue add jobs
	brokerctl queue add journal
	brokerctl queue add other
	offers 'brokerctl get jo' 'jobs journal'
	brokerctl exchange add logs --type direct
	offers 'brokerctl publish lo' 'logs'
	brokerctl queue add a1
	brokerctl queue add a2
	offers 'brokerctl queue del a1 a' 'a1 a2'
}

@test "a destination: a queue, or an exchange behind --to-exchange" {
	brokerctl queue add same-q
	brokerctl exchange add same-x --type direct
	offers 'brokerctl binding add logs same' 'same-q'
	offers 'brokerctl binding add --to-exchange logs same' 'same-x'
}

@test "names with blanks and colons" {
	brokerctl queue add 'two words'
	offers 'brokerctl get tw' 'two\ words'
	brokerctl queue add urn:jobs
	offers 'brokerctl get urn:jo' 'jobs'
}

@test "files and users" {
	touch "$BATS_TEST_TMPDIR/some-file"
	offers "brokerctl publish logs key $BATS_TEST_TMPDIR/some" "$BATS_TEST_TMPDIR/some-file"
	offers 'brokerctl queue add x --owner nobod' nobody
}

