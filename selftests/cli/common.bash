# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of brokerctl share; loaded by their setup().
# shellcheck shell=bash
#
# Processes are dear in an emulated guest, and jq and python above all: JSON is
# checked where it is the point, else what brokerctl writes for people.

# Each test has a network namespace of its own, and with it a fresh broker.
fresh_broker()
{
	bats_require_minimum_version 1.5.0
	NETNS=$BATS_TEST_TMPDIR/netns
	: >"$NETNS"
	unshare --net="$NETNS" true
	PIDS=()
}

drop_broker()
{
	local pid

	for pid in "${PIDS[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
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

# until_true COMMAND...: waits for it, 30 seconds at most
until_true()
{
	local until=$((SECONDS + 30))

	until "$@" >/dev/null 2>&1; do
		((SECONDS < until)) || { echo "in vain: $*"; return 1; }
		sleep 0.1
	done
}

# gives STATUS COMMAND...: into $output and $stderr; like run, but with no process beside
gives()
{
	local wanted=$1 got=0
	shift
	"$@" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" || got=$?
	IFS= read -r -d '' output <"$BATS_TEST_TMPDIR/stdout" || output=${output%"${output##*[!$'\n']}"}
	IFS= read -r -d '' stderr <"$BATS_TEST_TMPDIR/stderr" || stderr=${stderr%"${stderr##*[!$'\n']}"}
	[ "$got" -eq "$wanted" ] || { echo "status $got: $*"; echo "$output$stderr"; return 1; }
}

# refused TEXT COMMAND...: status 1, nothing but TEXT and the like said
refused()
{
	gives 1 "${@:2}"
	[ -z "$output" ]
	said "$1"
}

# misused TEXT COMMAND...: status 2
misused()
{
	gives 2 "${@:2}"
	[ -z "$output" ]
	said "$1"
}

# On standard error of the last one
said()
{
	[[ $stderr == *"$1"* ]] || { echo "said: $stderr"; return 1; }
}

# tells 'name: value' ... -- COMMAND...: these are lines of what it writes, blanks aside
tells()
{
	local wanted=() want

	while [ "$1" != -- ]; do
		wanted+=("$1")
		shift
	done
	shift
	gives 0 "$@"
	for want in "${wanted[@]}"; do
		[[ $output =~ (^|$'\n')"${want%%: *}:"\ +"${want#*: }"($|$'\n') ]] ||
			{ echo "not told: $want"; echo "$output"; return 1; }
	done
}

# json FILTER COMMAND...: what it writes is JSON of which FILTER is true
json()
{
	local filter=$1
	shift
	gives 0 "$@"
	jq -e "$filter" <<<"$output" >/dev/null || { echo "no: $filter"; echo "$output"; return 1; }
}

# count ATTRIBUTE NUMBER QUEUE: of the queue
count()
{
	tells "$1: $2" -- brokerctl queue show "$3"
}
