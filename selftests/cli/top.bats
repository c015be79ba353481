# SPDX-License-Identifier: GPL-2.0-or-later

setup()
{
	load common
	fresh_broker
	# Lengths are counted in characters.
	export LC_ALL=C.UTF-8
	TMUX_TMPDIR=$BATS_TEST_TMPDIR
	export TMUX_TMPDIR
	unset TMUX
}

teardown()
{
	tmux kill-server 2>/dev/null || true
	drop_broker
}

# terminal COLUMNS LINES OPTION...: top, in a terminal of that size
terminal()
{
	printf 'set -g status off\nset -g default-terminal screen\n' >"$BATS_TEST_TMPDIR/tmux.conf"
	tmux -f "$BATS_TEST_TMPDIR/tmux.conf" new-session -d -x "$1" -y "$2" \
		"exec nsenter --net=$NETNS $(type -P brokerctl) top ${*:3}" 3>&-
}

# What it shows: into $output and $lines
screen()
{
	run -0 tmux capture-pane -p
}

# shows PATTERN: on its screen
shows()
{
	screen
	[[ $output =~ $1 ]]
}

# fits COLUMNS LINES: and no more is shown
fits()
{
	local line
	screen
	[ "${#lines[@]}" -le "$2" ] || { echo "lines: ${#lines[@]}"; return 1; }
	for line in "${lines[@]}"; do
		((${#line} <= $1)) || { echo "${#line} columns: $line"; return 1; }
	done
}

@test "top in a terminal of 80x24: a summary, a heading, the fullest queue first; q ends it" {
	brokerctl queue add empty
	brokerctl queue add full
	printf 'x\n%.0s' {1..30} | brokerctl publish '' full --lines
	terminal 80 24 --interval 300ms
	until_true shows $'\n''QUEUE  .* READY\*  *UNACKED  *BYTES  *CONS  *IN/S  *OUT/S  *DONE/S'$'\n'
	until_true shows $'\nfull  .* 30  '
	fits 80 24
	[[ ${lines[0]} =~ ^[0-9:]{8}\ \ 2\ queues\ \ 30\ ready ]]
	[[ ${lines[1]} == QUEUE* ]]
	[ "${#lines[1]}" -eq 80 ]
	[[ ${lines[2]} == full* && ${lines[3]} == empty* ]]
	[ "${#lines[2]}" -eq 80 ]
	printf 'x\n%.0s' {1..40} | brokerctl publish '' empty --lines
	until_true shows $'\nempty .* 40 .*\nfull '
	tmux send-keys q
	until_true test_over
}

test_over() { ! tmux has-session; }

@test "top: keys choose the column to sort by, and turn it round" {
	brokerctl queue add a
	brokerctl queue add b
	brokerctl publish '' b --body x
	terminal 80 24 --interval 300ms
	until_true shows $'READY\*.*\nb .*\na '
	tmux send-keys Left
	until_true shows $'QUEUE\*.*\na .*\nb '
	tmux send-keys r
	until_true shows $'QUEUE\^.*\nb .*\na '
	tmux send-keys r '>' Right
	until_true shows $'UNACKED\*'
	tmux send-keys C-c
	until_true test_over
}

@test "top follows the terminal's size, cuts names, and scrolls" {
	local long n
	long=$(printf 'n%.0s' {1..100})
	brokerctl queue add "$long"
	for n in 1 2 3 4 5 6; do brokerctl queue add "q$n"; done
	terminal 80 24 --sort name --interval 300ms
	until_true shows $'\nnnnn.*… .*\nq1 .*\nq6 '
	fits 80 24
	tmux resize-window -x 66 -y 6
	until_true shows $'\nnnnn.*… .*\nq3 '
	fits 66 6
	run ! shows q4
	tmux send-keys Down
	until_true shows $'DONE/S\nq1 .*\nq4 '
	fits 66 6
	tmux resize-window -x 40 -y 6
	until_true shows $'\nq1 .*…'
	fits 40 6
	tmux resize-window -x 120 -y 10
	until_true shows $'\n'"n{60,}…"
	fits 120 10
}

@test "top --batch shows rates from the counters, and ends after so many looks" {
	brokerctl queue add jobs
	background top --batch --count 3 --interval 1s
	until_true grep -q QUEUE "$BATS_TEST_TMPDIR/out"
	printf 'x\n%.0s' {1..50} | brokerctl publish '' jobs --lines
	brokerctl get jobs --count 20
	wait "${PIDS[-1]}"
	[ "$(grep -c ^QUEUE "$BATS_TEST_TMPDIR/out")" -eq 3 ]
	grep -E '^jobs +0 +0 +0 +0 +- +- +-$' "$BATS_TEST_TMPDIR/out"
	grep -E '^jobs +30 ' "$BATS_TEST_TMPDIR/out"
	run ! grep $'\033' "$BATS_TEST_TMPDIR/out"
}

@test "top --json writes an array a line, from which the counters can be had again" {
	brokerctl queue add jobs
	background top --json --count 4 --interval 1s
	until_true grep -q '' "$BATS_TEST_TMPDIR/out"
	printf 'x\n%.0s' {1..50} | brokerctl publish '' jobs --lines
	wait "${PIDS[-1]}"
	jq -se 'length == 4 and .[0][0].in_per_second == null and .[3][0].ready == 50 and
		([.[1:][][0].in_per_second] | add | . > 20 and . < 51)' "$BATS_TEST_TMPDIR/out"
}

@test "top --sort, and an interval that is none" {
	brokerctl queue add a
	brokerctl queue add b
	brokerctl publish '' a --body x
	run -0 brokerctl top --batch -n 1 --sort ready
	[[ ${lines[2]} == a* ]]
	run -0 brokerctl top --batch -n 1 --sort in
	[[ ${lines[1]} == *"IN/S*"* ]]
	misused "--interval" brokerctl top --interval 1ms
}
