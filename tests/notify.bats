#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# sd_notify(3): what a container says on the socket of NOTIFY_SOCKET, and what of it the host hears.

# shellcheck disable=SC2016 # programs for sh
# shellcheck disable=SC2030,SC2031 # each test has variables of its own

load helpers/common
load helpers/lifecycle

setup() {
	common_setup
	requires root python3
	make_bundle restricted
	chmod 755 "$BATS_TEST_TMPDIR"
	cat >"$BATS_TEST_TMPDIR/manager.py" <<-'PYTHON'
		# Hears what a service manager would, answers barriers unless it is deaf, and writes it down.
		import os, socket, sys
		hear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		hear.bind(sys.argv[1].replace("@", "\0"))
		while True:
		    message, descriptors, _, _ = socket.recv_fds(hear, 4096, 4)
		    with open(sys.argv[2], "ab") as log:
		        log.write(message.rstrip(b"\n") + b"\n")
		    for descriptor in descriptors:
		        os.close(descriptor)
	PYTHON
	HEARD=$BATS_TEST_TMPDIR/heard
	: >"$HEARD"
	manager "$BATS_TEST_TMPDIR/host.sock"
}

teardown() {
	kill -KILL "$MANAGER" 2>/dev/null || true
	cm delete --force "$ID" || true
	common_teardown
}

manager() {
	env -u CASEMATE_TEST python3 "$BATS_TEST_TMPDIR/manager.py" "$1" "$HEARD" 3>&- &
	MANAGER=$!
	NOTIFY=$1
	eventually grep -qF " $1" /proc/net/unix
}

# As cm, where a manager listens.
told() {
	export NOTIFY_SOCKET=$NOTIFY
	cm "$@"
	unset NOTIFY_SOCKET
}

good_told() {
	told "$@"
	assert_status 0
}

heard() {
	grep -qxF -- "$1" "$HEARD" || fail "not heard: $1" "$(cat "$HEARD")"
}

not_heard() {
	! grep -q -- "$1" "$HEARD" || fail "heard: $1" "$(cat "$HEARD")"
}

# A workload that says its arguments, one datagram each, and stays.
says() {
	set_args /probe notify "$@"
}

@test "start waits until the container is ready, and the host hears which process it is, and a barrier" {
	says "STATUS=warming up" "READY=1"
	good_told create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	not_heard READY
	good_told start "$ID"
	heard "STATUS=warming up"
	heard READY=1
	good state "$ID"
	heard "MAINPID=$(jq .pid <<<"$output")"
	heard BARRIER=1
	good delete --force "$ID"
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/state")" ] || fail "state was left"
}

@test "the host's socket is not in the container, which has one of its own" {
	set_args /bin/sh -c 'echo $NOTIFY_SOCKET; ls -l $NOTIFY_SOCKET; touch /run/notify/x || echo refused'
	edit_config '.process.env += ["NOTIFY_SOCKET=/elsewhere"]'
	told run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_line /run/notify/notify.sock
	assert_match '^.*srw-rw-rw-'
	assert_line refused
}

@test "what a container says is passed on only as far as it is known and harmless" {
	says $'MAINPID=1\nREADY=1\nNOTIFYACCESS=all\nX_OTHER=1\nFDSTORE=1\nWATCHDOG_USEC=1\nWATCHDOG=trigger\nSTATUS=\x1b[2J\nBARRIER=1\nREADY=0'
	good_told create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	good_told start "$ID"
	[ "$(sed '/^MAINPID=[0-9]*$/d' "$HEARD" | tr '\n' ' ')" = "READY=1 BARRIER=1 " ] || fail "$(cat "$HEARD")"
	not_heard "MAINPID=1\$"
}

@test "run --detach ends when the container is ready" {
	says READY=1
	good_told run --detach --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	heard READY=1
	status_is running
}

@test "run passes on whatever comes until the end" {
	says READY=1 "STATUS=at work" WATCHDOG=1 STOPPING=1 --end
	good_told run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	eventually heard STOPPING=1
	heard "STATUS=at work"
	heard WATCHDOG=1
}

@test "what a container says last is heard as well, and run waits some seconds for that" {
	says READY=1 STOPPING=1 --end
	kill -STOP "$MANAGER"
	NOTIFY_SOCKET=$NOTIFY "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" \
		</dev/null >/dev/null 2>&1 3>&- &
	local launcher=$!
	eventually status_is stopped
	kill -CONT "$MANAGER"
	wait "$launcher"
	eventually heard STOPPING=1
	# One who does not read it at all holds up nobody for ever.
	kill -STOP "$MANAGER"
	good_told run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	kill -CONT "$MANAGER"
}

@test "a container that ends without a word does not hold up start" {
	set_args /bin/true
	good_told create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	good_told start "$ID"
	not_heard READY
}

@test "while start waits, another command can end the container" {
	set_args /bin/sleep 600
	good_told create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	NOTIFY_SOCKET=$NOTIFY "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" start "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local waiting=$!
	eventually status_is running
	good delete --force "$ID"
	wait "$waiting"
}

@test "an abstract socket of the host" {
	kill "$MANAGER"
	manager "@casemate-$ID"
	says READY=1
	good_told create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	good_told start "$ID"
	heard READY=1
}

@test "a socket of the host that nobody has is an error before the program runs" {
	NOTIFY=$BATS_TEST_TMPDIR/nobody
	says READY=1
	good_told create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	told start "$ID"
	assert_status 125
	assert_stderr "NOTIFY_SOCKET"
	status_is created
}

@test "in a user namespace of its own" {
	edit_config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	says READY=1
	good_told create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	good_told start "$ID"
	heard READY=1
}

@test "without NOTIFY_SOCKET nothing of it is there" {
	set_args /bin/sh -c 'ls -d /run/notify; echo "<$NOTIFY_SOCKET>"'
	cm run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_line "<>"
	[[ $output != *"/run/notify"* ]] || fail "it is there"
}
