# SPDX-License-Identifier: GPL-2.0-or-later

setup() { load common; fresh_broker; }
teardown() { drop_broker; }

@test "limit add limits a user, and says what he has of it" {
	brokerctl limit add user nobody --max-queues 1 --max-bytes 2K --messages-per-second 100
	as_nobody queue add his
	refused "brokerctl: queue add: your user or cgroup has as many queues as its limit allows" \
		as_nobody queue add more
	tells 'kind: user' 'uid: nobody' 'own: max-queues,max-bytes,messages-per-second' 'max-queues: 1' \
		'queues: 1' 'max-bytes: 2K' 'messages-per-second: 100' -- brokerctl limit show user nobody
	as_nobody publish '' his --body x
	refused "brokerctl: publish: " as_nobody publish '' his --body "$(printf '%2045s')"
	refused "brokerctl: limit add: a rule for this exists (uid)" brokerctl limit add user nobody
}

@test "limit set changes a rule, and none takes a limit away" {
	brokerctl limit add user nobody --max-queues 0
	refused "brokerctl: queue add: " as_nobody queue add his
	brokerctl limit set user nobody --max-queues none
	as_nobody queue add his
	run -0 brokerctl limit show user nobody
	[[ $output != *max-queues:* ]]
	misused "nothing to change" brokerctl limit set user nobody
	refused "brokerctl: limit set: no rule names it (uid)" brokerctl limit set user man --max-queues 1
}

@test "limit set default-user bounds other users, who cannot change it" {
	brokerctl limit set default-user --max-queues 1
	as_nobody queue add one
	refused "brokerctl: queue add: " as_nobody queue add two
	refused "brokerctl: limit set: " as_nobody limit set default-user --max-queues 5
	said "hint: this takes CAP_NET_ADMIN"
	refused "default-user takes no WHO" brokerctl limit set default-user nobody --max-queues 5
}

@test "limit add cgroup takes a folder or a number; del deletes" {
	brokerctl limit add cgroup /sys --max-sessions 7 --bytes-per-second 1M --bytes-burst 4M
	inode=$(stat -c %i /sys)
	tells 'kind: cgroup' "cgroup: $inode" 'max-sessions: 7' 'bytes-per-second: 1M' 'bytes-burst: 4M' -- \
		brokerctl limit show cgroup "$inode"
	brokerctl limit del cgroup "$inode"
	refused "brokerctl: limit del: no rule names it (cgroup)" brokerctl limit del cgroup /sys
	refused "/no/such: No such file" brokerctl limit add cgroup /no/such
}

@test "limit show writes a table of what is used and allowed, in 80 columns" {
	brokerctl limit add user nobody --bytes-per-second 64M --messages-per-second 100000
	brokerctl queue add jobs
	brokerctl publish '' jobs --body 12345678
	brokerctl limit add cgroup 123456
	run -0 brokerctl limit show
	[[ ${lines[0]} =~ ^WHOSE\ +SESSIONS\ +QUEUES\ +BINDINGS\ +CONSUMERS\ +BYTES\ +RATE$ ]]
	[[ ${lines[1]} =~ ^default-user\ +1024\ +64\ +4096\ +4096\ +256M\ +-$ ]]
	[[ $output =~ $'\n'user\ root\ +0/1024\ +1/64\ +0/4096\ +0/4096\ +12/256M\ +- ]]
	[[ $output =~ $'\n'user\ nobody\ .*\ 0/256M\ +100000,\ 64M ]]
	[[ $output =~ $'\n'cgroup\ 123456\ +0/-\ +0/- ]]
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	run -0 as_nobody limit show
	[ "${#lines[@]}" -eq 3 ]
}

@test "limit show --json has all, and whose own it is" {
	brokerctl limit add user nobody --max-bytes 0
	json 'any(.kind == "user" and .uid == 65534 and .own == ["max-bytes"] and .max_bytes == 0 and
		.max_queues == 64 and .bytes == 0 and .refused == 0) and .[0].kind == "default-user"' \
		brokerctl limit show --json
}

@test "limit: what is not understood" {
	misused "--max-queues: 'many'" brokerctl limit add user nobody --max-queues many
	refused "'group'" brokerctl limit add group nobody
	refused "nosuchuser: no such user" brokerctl limit add user nosuchuser
	refused "the uid or cgroup is missing" brokerctl limit add user
}
