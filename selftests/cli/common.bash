# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of brokerctl share; loaded by their setup().
# shellcheck shell=bash

# Each test has a network namespace of its own, and with it a fresh broker.
fresh_broker()
{
	bats_require_minimum_version 1.5.0
	NETNS=$BATS_TEST_TMPDIR/netns
	touch "$NETNS"
	unshare --net="$NETNS" true
	PIDS=()
}

drop_broker()
{
	local pid

	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	umount "$NETNS"
}

# brokerctl, in the test's namespace
brokerctl()
{
	nsenter --net="$NETNS" brokerctl "$@"
}

# The same as user nobody, without capabilities
as_nobody()
{
	nsenter --net="$NETNS" setpriv --reuid 65534 --regid 65534 --clear-groups brokerctl "$@"
}

# The same in the background: its process is $!, and ends with the test at the latest.
# Standard output is $BATS_TEST_TMPDIR/out, and nothing of bats' own stays open.
background()
{
	nsenter --net="$NETNS" brokerctl "$@" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null 3>&- &
	PIDS+=($!)
}

# until_true COMMAND...: waits for it, 20 seconds at most
until_true()
{
	local tries

	for ((tries = 0; tries < 200; tries++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	echo "in vain: $*"
	return 1
}

# refused TEXT COMMAND...: status 1, nothing but TEXT and the like said
refused()
{
	local text=$1
	shift
	run -1 --separate-stderr "$@"
	[ -z "$output" ]
	said "$text"
}

# misused TEXT COMMAND...: status 2
misused()
{
	local text=$1
	shift
	run -2 --separate-stderr "$@"
	[ -z "$output" ]
	said "$text"
}

# On standard error of the last run
said()
{
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == *"$1"* ]] || { echo "said: $stderr"; return 1; }
}

# json FILTER COMMAND...: what it writes is JSON of which FILTER is true
json()
{
	local filter=$1
	shift
	run -0 --separate-stderr "$@"
	/usr/bin/jq -e "$filter" <<<"$output" >/dev/null || { echo "no: $filter"; echo "$output"; return 1; }
}

# A queue's number by its name: number ready jobs
number()
{
	brokerctl queue show "$2" --json | /usr/bin/jq ".[0].$1"
}
