# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A host with a network, made of namespaces: its address is 10.9.0.2, and there is a neighbour at 10.9.0.1.

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

# awaits PORT: until something listens on it
awaits() {
	until grep -qi ":$(printf %04X "$1") 00000000:0000 0A " /proc/net/tcp; do sleep 0.02; done
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
	awaits 7777
	ip netns exec neighbour bash -c "$(declare -f awaits); awaits 8000"
	echo ready
	exec sleep 600 >/dev/null
}

# A program of python that says what comes from each ADDRESS:PORT that it is called with.
ask='import socket, sys
for word in sys.argv[1:]:
	host, port = word.split(":")
	try:
		peer = socket.create_connection((host, int(port)), 2)
		peer.sendall(b"hello")
		print(word, peer.recv(99).decode())
	except OSError as error:
		print(word, type(error).__name__)'

network_start() {
	mkfifo "$BATS_TEST_TMPDIR/ready"
	unshare --net --mount --pid --fork --kill-child bash -e -c "$(declare -f awaits network service); network" >"$BATS_TEST_TMPDIR/ready" 2>&1 </dev/null 3>&- &
	NAMESPACES=$!
	read -r line <"$BATS_TEST_TMPDIR/ready"
	[ "$line" = ready ] || fail "no network: $line"
	NETWORK=$(pgrep --parent "$NAMESPACES")
}

network_stop() {
	kill -KILL "$NAMESPACES"
	wait "$NAMESPACES" || true
}

on_host() {
	nsenter --target "$NETWORK" --net --mount -- "$@"
}

# The same as the process that the shell started, so that it can be killed by $!.
exec_on_host() {
	exec nsenter --target "$NETWORK" --net --mount -- "$@"
}

