# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # the shell that is to expand them is another

setup() { load common; fresh_broker; brokerctl queue add jobs; }
teardown() { drop_broker; }

trace() { nsenter --net="$NETNS" broker-trace "$@"; }

@test "broker-trace shows every stage of every message, in order" {
	# The reader first, so that it sleeps; then one message after the other.
	gives 0 trace --json -- bash -c '
		brokerctl consume jobs --count 20 >/dev/null &
		until brokerctl consumer show | grep -q jobs; do sleep 0.1; done
		seq 19 | brokerctl publish "" jobs --lines
		until [[ $(brokerctl queue show jobs) =~ ready:\ +0.*unacked:\ +0 ]]; do sleep 0.1; done
		sleep 0.5
		brokerctl publish "" jobs --body last
		wait'
	jq -se 'map(.sequence) | sort == [range(1; 21)]' <<<"$output"
	jq -se 'map(.message) | unique | length == 20' <<<"$output"
	jq -se 'all(.publish <= .route and .route <= .enqueue and .enqueue <= .assign and
		.assign <= .deliver and .deliver <= .settle and .outcome == "accept")' <<<"$output"
	# Those that woke somebody also say when he ran; the last did for sure.
	jq -se 'map(select(.wake)) | all(.assign <= .wake and .wake <= .oncpu and
		.oncpu <= .deliver)' <<<"$output"
	jq -se 'any(.sequence == 20 and .wake and .oncpu)' <<<"$output"
}

@test "broker-trace sums up, and has a line for each delivery" {
	brokerctl publish '' jobs --body one
	gives 0 trace -- brokerctl get jobs
	[[ $output == one*$'\n''deliver - settle '*' 1 '* ]]
	brokerctl publish '' jobs --body two
	gives 0 trace --each -- bash -c 'brokerctl get jobs; brokerctl publish "" jobs --body three'
	[[ $output =~ \ accept\ +jobs$'\n'.*\ -\ +jobs$ ]]
}

@test "broker-trace shows its own namespace, and gives the command's status" {
	brokerctl publish '' jobs --body x
	gives 3 trace --each -- bash -c 'nsenter --net=/proc/1/ns/net brokerctl queue add other
		nsenter --net=/proc/1/ns/net brokerctl publish "" other --body x; exit 3'
	[[ $output != *other* ]]
	nsenter --net=/proc/1/ns/net brokerctl queue del other
}
