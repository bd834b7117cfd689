#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `casemate sandbox --net PATH` joins a network namespace, and only one that is not the host's.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
	HOLDER=
}

teardown() {
	[ -z "$HOLDER" ] || kill "$HOLDER" 2>/dev/null || true
	common_teardown
}

serve='
import socket
listener = socket.create_server(("127.0.0.1", 4711))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    connection.sendall(b"from the other side")
    connection.close()'
ask='
import socket, sys
try: print(socket.create_connection(("127.0.0.1", int(sys.argv[1]))).recv(99).decode())
except OSError as e: print(e.errno)'

# hold COMMAND...: starts a server in a network namespace of its own, by way of the command; $HOLDER is in it
hold() {
	local line
	coproc "$@" sh -c 'ip link set lo up && exec python3 -c "$0"' "$serve" 3>&-
	HOLDER=$COPROC_PID
	read -r -t 20 line <&"${COPROC[0]}"
	[ "$line" = ready ]
}

@test "the program is in the network that is named, and nothing is left of it" {
	WHO=root
	hold unshare -n
	sandbox --net "/proc/$HOLDER/ns/net" -- python3 -c "$ask" 4711
	assert_output 'from the other side'
	sandbox -- python3 -c "$ask" 4711
	assert_output 111
}

@test "Landlock's ports hold there" {
	requires landlock4
	WHO=root
	hold unshare -n
	sandbox --net "/proc/$HOLDER/ns/net" --connect-tcp 80 -- python3 -c "$ask" 4711
	assert_output 13
	sandbox --net "/proc/$HOLDER/ns/net" --connect-tcp 4711 -- python3 -c "$ask" 4711
	assert_output 'from the other side'
}

@test "the sandbox has no power over it" {
	WHO=root
	hold unshare -n
	local before
	before=$(nsenter -t "$HOLDER" -n cat /proc/sys/net/ipv4/ip_forward)
	sandbox --net "/proc/$HOLDER/ns/net" -- sh -c 'ip link set lo down; ip link add d type dummy; cat /proc/sys/net/ipv4/ip_forward
		echo $((1 - $(cat /proc/sys/net/ipv4/ip_forward))) >/proc/sys/net/ipv4/ip_forward; nsenter --net=/proc/1/ns/net true; echo tried'
	[[ $output == *tried ]]
	[ "$(nsenter -t "$HOLDER" -n cat /proc/sys/net/ipv4/ip_forward)" = "$before" ] || fail "it changed a sysctl"
	! nsenter -t "$HOLDER" -n ip link show d 2>/dev/null || fail "it made a device"
	sandbox --net "/proc/$HOLDER/ns/net" -- python3 -c "$ask" 4711
	assert_output 'from the other side'
}

hosts() {
	local path
	for path in /proc/self/ns/net /proc/thread-self/ns/net "$BATS_TEST_TMPDIR/link"; do
		sandbox --net "$path" -- true
		assert_status 125 && assert_stderr "is the host's network namespace" || return
	done
}

@test "the host's own is refused, under any name" {
	ln -s /proc/self/ns/net "$BATS_TEST_TMPDIR/link"
	chmod 755 "$BATS_TEST_TMPDIR"
	both hosts
}

nothing() {
	local path
	for path in /etc/passwd /nowhere /proc/self/ns/uts; do
		sandbox --net "$path" -- true
		assert_status 125 && assert_stderr "$path" || return
	done
	sandbox --net elsewhere -- true
	assert_status 125 && assert_stderr 'expected none, pasta, host or the path'
}

@test "what is no network namespace is refused" {
	both nothing
}

@test "a user joins what belongs to the user namespace that he is root of, and no other" {
	local user=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups "--inh-caps=-all")
	WHO=user
	hold "${user[@]}" unshare -Urn
	sandbox --net "/proc/$HOLDER/ns/net" -- true
	assert_status 125
	assert_stderr 'cannot join the network namespace'
	run "${user[@]}" nsenter -t "$HOLDER" -U --preserve-credentials -- sh -c 'cd / && exec "$0" sandbox --net /proc/$1/ns/net -- python3 -c "$2" 4711' \
		"$USER_CASEMATE" "$HOLDER" "$ask"
	assert_output 'from the other side'
}
