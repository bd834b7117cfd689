#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# --net pasta: a sandbox with a network of its own that reaches what its caller reaches, but for the host itself. The host is
# a network namespace here: 10.9.0.2, with a service on its loopback device, and a neighbour at 10.9.0.1.

load helpers/common
load helpers/sandbox
load helpers/network

setup() {
	common_setup
	requires pasta
	sandbox_setup
	network_start
}

teardown() {
	network_stop
	common_teardown
}

# sandbox FLAG...: as $WHO, on that host
sandbox() {
	local as=()
	[ "$WHO" = root ] || as=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups)
	capture on_host "${as[@]}" timeout -k 2 30 "$USER_CASEMATE" sandbox --cwd /tmp "$@" </dev/null
	mapfile -t lines <<<"$output"
}

# How many pastas hold a socket of that host.
pastas() {
	local process count=0
	for process in $(pgrep --full '^pasta --quiet'); do
		[ "$(readlink "/proc/$process/ns/net")" != "$(readlink "/proc/$NETWORK/ns/net")" ] || count=$((count + 1))
	done
	echo "$count"
}

reaches() {
	sandbox --net pasta -- python3 -c "$ask" 10.9.0.1:8000 127.0.0.1:7777 10.9.0.2:7777
	assert_status 0
	[ "${lines[0]}" = "10.9.0.1:8000 neighbour" ] || fail "the neighbour is not reached"
	[[ ${lines[1]} != *host* && ${lines[2]} != *host* ]] || fail "the host's own service is reached"
	sandbox -- python3 -c "$ask" 10.9.0.1:8000
	[[ $output != *neighbour* ]] || fail "without it, too"
	[ "$(pastas)" -eq 0 ] || fail "pasta goes on"
}

@test "it reaches the neighbour and not the host, and ends with the sandbox" {
	both reaches
}

published() {
	exec_on_host timeout 20 "$USER_CASEMATE" sandbox --save "$BATS_TEST_TMPDIR/saved" --net pasta --publish 8081:8000 --publish 10.9.0.2:8082:8000 -- \
		python3 -c 'import socket
server = socket.create_server(("", 8000))
while True:
	peer = server.accept()[0]
	peer.recv(9)
	peer.sendall(b"inside")
	peer.close()' </dev/null >/dev/null 2>&1 3>&- &
	local launcher=$!
	wait_until 'on_host python3 -c "$ask" 127.0.0.1:8081 | grep -q inside'
	[ "$(jq -c .sandbox.publish "$BATS_TEST_TMPDIR/saved")" = '["8081:8000","10.9.0.2:8082:8000"]' ]
	[ "$(on_host python3 -c "$ask" 127.0.0.1:8081)" = "127.0.0.1:8081 inside" ]
	# What is published for this machine alone is not there for the neighbour.
	run on_host ip netns exec neighbour python3 -c "$ask" 10.9.0.2:8081 10.9.0.2:8082
	[[ ${lines[0]} != *inside* && ${lines[1]} = "10.9.0.2:8082 inside" ]] || fail
	kill -TERM "$launcher"
	wait "$launcher" || true
	[ "$(pastas)" -eq 0 ] || fail "pasta goes on"
}

@test "what is published is reached from where it was said" {
	WHO=root published
}

@test "with Landlock's ports it reaches these alone" {
	requires landlock4
	WHO=user
	sandbox --net pasta --connect-tcp 8000 -- python3 -c "$ask" 10.9.0.1:8000 10.9.0.1:8001
	assert_output $'10.9.0.1:8000 neighbour\n10.9.0.1:8001 PermissionError'
}

@test "the interface is the caller's to use and nobody's to change" {
	WHO=user
	sandbox --net pasta -- sh -c 'cat /etc/resolv.conf; ip -4 -o addr show dev eth0 | grep -c 10.9.0.2; ip link set eth0 down'
	[ "${lines[0]}" = "nameserver 169.254.1.1" ]
	[ "${lines[1]}" = 1 ]
	assert_stderr "Operation not permitted"
}

@test "when the launcher is killed, pasta is gone as well" {
	local launcher
	exec_on_host setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups \
		"$USER_CASEMATE" sandbox --cwd /tmp --net pasta -- sleep 100 </dev/null >/dev/null 2>&1 3>&- &
	launcher=$!
	wait_until '[ "$(pastas)" -eq 1 ]'
	kill -KILL "$launcher"
	wait_until '[ "$(pastas)" -eq 0 ]'
}

@test "what is missing is said" {
	WHO=user
	capture on_host mount -t tmpfs tmpfs /dev/net
	sandbox --net pasta -- true
	assert_status 125
	assert_stderr "pasta cannot connect the sandbox: '/dev/net/tun': no such file or directory"
	assert_stderr "root mends it: modprobe tun; chmod 666 /dev/net/tun"
	[ "$(pastas)" -eq 0 ]
	on_host mount --bind /dev/null "$(readlink -f /usr/bin/pasta)"
	sandbox --net pasta -- true
	assert_status 125
	assert_stderr "install the package passt"
	sandbox --publish 80 -- true
	assert_stderr "--publish 80: this needs --net pasta"
	for wrong in x 80:x 70000 1.2.3:80 '[::1]80' 1.2.3.4 ''; do
		sandbox --net pasta --publish "$wrong" -- true
		assert_status 125
		assert_stderr "expected [ADDRESS:]PORT[:INSIDE]"
	done
}
