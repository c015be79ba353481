# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Prints TAP: plan NAME... once, then check NAME COMMAND... for each.

number=0
bad=0

plan()
{
	echo "TAP version 14"
	echo "1..$#"
}

check()
{
	name=$1
	shift
	number=$((number + 1))
	echo "# Subtest: $name"
	status=$({ { "$@" 2>&1; echo $? >&3; } | sed 's/^/    /' >&4; } 3>&1) 4>&1
	if [ "$status" = 0 ]; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		bad=1
	fi
}
