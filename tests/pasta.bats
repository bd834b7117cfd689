#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# --net pasta: a sandbox with a network of its own that reaches what its caller reaches, but for the host itself. The host is
# a network namespace here: 10.9.0.2, with a service on its loopback device, and a neighbour at 10.9.0.1.

load helpers/common

setup() {
	common_setup
	requires root userns pasta
	USER_CASEMATE=$BATS_RUN_TMPDIR/casemate
	cmp -s "$CASEMATE" "$USER_CASEMATE" || install -m 755 "$CASEMATE" "$USER_CASEMATE"
	mkfifo "$BATS_TEST_TMPDIR/ready"
	unshare --net --mount --pid --fork --kill-child bash -e -c "$(declare -f network service); network" >"$BATS_TEST_TMPDIR/ready" 2>&1 </dev/null 3>&- &
	NAMESPACES=$!
	read -r line <"$BATS_TEST_TMPDIR/ready"
	[ "$line" = ready ] || fail "no network: $line"
	NETWORK=$(pgrep --parent "$NAMESPACES")
}

teardown() {
	kill -KILL "$NAMESPACES"
	wait "$NAMESPACES" || true
	common_teardown
}

# service PORT TEXT: says the text to whoever says something
service() {
	python3 -c 'import socket, sys
server = socket.create_server(("", int(sys.argv[1])))
while True:
	peer = server.accept()[0]
	peer.recv(9)
	peer.sendall(sys.argv[2].encode())
	peer.close()' "$@" &
}

network() {
	mount --make-rprivate /
	mount -t tmpfs tmpfs /run
	mkdir /run/tun
	# Some machines keep it for root.
	mknod -m 666 /run/tun/tun c 10 200
	mount --bind /run/tun/tun /dev/net/tun
	ip netns add neighbour
	ip link add eth0 type veth peer name eth0 netns neighbour
	ip addr add 10.9.0.2/24 dev eth0
	ip link set lo up
	ip link set eth0 up
	ip route add default via 10.9.0.1
	ip -n neighbour addr add 10.9.0.3/24 dev eth0
	ip -n neighbour addr add 10.9.0.1/24 dev eth0
	ip -n neighbour link set eth0 up
	ip netns exec neighbour bash -c "$(declare -f service); service 8000 neighbour; exec sleep 600" &
	service 7777 host
	sleep 0.5
	echo ready
	exec sleep 600 >/dev/null
}

on_host() {
	nsenter --target "$NETWORK" --net --mount -- "$@"
}

# The same as the process that the shell started, so that it can be killed by $!.
exec_on_host() {
	exec nsenter --target "$NETWORK" --net --mount -- "$@"
}

# sandbox FLAG...: as $WHO, on that host
sandbox() {
	local as=()
	[ "$WHO" = root ] || as=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups)
	capture on_host "${as[@]}" timeout -k 2 30 "$USER_CASEMATE" sandbox --cwd /tmp "$@" </dev/null
	mapfile -t lines <<<"$output"
}

# What comes from an address, seen from inside.
ask='import socket, sys
for word in sys.argv[1:]:
	host, port = word.split(":")
	try:
		peer = socket.create_connection((host, int(port)), 2)
		peer.sendall(b"hello")
		print(word, peer.recv(99).decode())
	except OSError as error:
		print(word, type(error).__name__)'

wait_until() {
	local try
	for try in {1..100}; do
		! eval "$1" || return 0
		sleep 0.1
	done
	fail "in vain: $1"
}

# How many pastas hold a socket of that host.
pastas() {
	local process count=0
	for process in $(pgrep --full '^pasta --quiet'); do
		[ "$(readlink "/proc/$process/ns/net")" != "$(readlink "/proc/$NETWORK/ns/net")" ] || count=$((count + 1))
	done
	echo "$count"
}

both() {
	for WHO in root user; do "$@" || fail "as $WHO"; done
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
	requires landlock
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
	[ "$(pastas)" -eq 0 ]
	on_host mount --bind /dev/null "$(readlink -f /usr/bin/pasta)"
	sandbox --net pasta -- true
	assert_status 125
	assert_stderr "install the package passt"
	sandbox --publish 80 -- true
	assert_stderr "--publish 80: this needs --net pasta"
	for wrong in x 80:x 70000 1.2.3:80 '[::1]80' 1.2.3.4 ''; do
		sandbox --net pasta --publish "$wrong" -- true
		assert_status 125 && assert_stderr "expected [ADDRESS:]PORT[:INSIDE]"
	done
}
