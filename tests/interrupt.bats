#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A set-up that hangs, in the launcher, the stage process or the child, ends with a signal and leaves nothing behind. What hangs is
# a file system in user space whose program never answers.

load helpers/common

setup() {
	common_setup
	requires root python3 fuse
	make_bundle restricted
	HANGS=$BATS_TEST_TMPDIR/hangs
	mkdir "$HANGS"
}

teardown() {
	[ -z "${SERVER-}" ] || kill "$SERVER"
	umount -l "$HANGS" 2>/dev/null || true
	common_teardown
}

# Everything below $HANGS waits from now on. What is asked is not read: the kernel would let nobody go who waits for the answer to that.
hang() {
	python3 -c 'import ctypes, os, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
fuse = os.open("/dev/fuse", os.O_RDWR)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fuse
if libc.mount(b"hangs", sys.argv[1].encode(), b"fuse", 0, options) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
unique = struct.unpack_from("Q", os.read(fuse, 65536), 8)[0]
os.write(fuse, struct.pack("IiQII56x", 80, 0, unique, 7, 31))
print(fuse, flush=True)
time.sleep(600)' "$HANGS" >"$BATS_TEST_TMPDIR/server" 3>&- &
	SERVER=$!
	eventually test -s "$BATS_TEST_TMPDIR/server" || fail "nothing hangs"
}

# For python: await_hang() returns when somebody waits for the server, whose pid and descriptor are the first arguments.
await_hang='import ctypes, os, select, sys
fuse = ctypes.CDLL(None).syscall(438, os.pidfd_open(int(sys.argv[1])), int(sys.argv[2]), 0) # pidfd_getfd
def await_hang():
    if not select.select([fuse], [], [], 60)[0]:
        sys.exit("nobody hangs")
'

ended() {
	! kill -0 "$1" 2>/dev/null
}

# Starts the launch, lets it come to the point where it hangs, and sends signal $1 to the launcher alone.
interrupt() {
	local launcher
	number=$1
	shift
	"$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null 3>&- &
	launcher=$!
	python3 -c "$await_hang"'await_hang()' "$SERVER" "$(<"$BATS_TEST_TMPDIR/server")" || fail "it did not hang: $(<"$BATS_TEST_TMPDIR/err")"
	kill "-$number" $launcher
	eventually ended $launcher || { kill -9 $launcher && fail "it went on hanging after signal $number"; }
	status=0
	wait $launcher || status=$?
	stderr=$(<"$BATS_TEST_TMPDIR/err")
}

@test "a child that hangs over a source is ended by a signal" {
	hang
	edit_config --arg s "$HANGS/source" '.mounts += [{destination: "/srv", type: "bind", source: $s, options: ["bind"]}]'
	for signal in INT TERM HUP QUIT; do
		interrupt $signal "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
		assert_status 125
		assert_stderr "interrupted by signal"
	done
}

# As timeout(1) does it: to the process, and to the group that it is in.
@test "a signal that comes twice is one, and leaves nothing behind" {
	hang
	edit_config --arg s "$HANGS/source" '.mounts += [{destination: "/srv", type: "bind", source: $s, options: ["bind"]}]'
	capture python3 -c "$await_hang"'import signal, subprocess, time
for gap in 0, 0.0005, 0.001, 0.002, 0.004:
    launcher = subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL)
    await_hang()
    launcher.send_signal(signal.SIGTERM)
    time.sleep(gap)
    launcher.send_signal(signal.SIGTERM)
    print(launcher.wait(20))' "$SERVER" "$(<"$BATS_TEST_TMPDIR/server")" "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
	assert_output "$(printf '125\n%.0s' 1 2 3 4 5)"
}

@test "a launcher that hangs over a source is ended by a signal" {
	hang
	edit_config --arg s "$HANGS/source" '.mounts += [{destination: "/srv", type: "bind", source: $s, options: ["bind"]}]
		| .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	interrupt TERM "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
	assert_status 143
	interrupt TERM "$CASEMATE" run --bundle "$BUNDLE" "$ID"
	assert_status 143
}

@test "a stage process that hangs over a namespace is ended by a signal" {
	hang
	edit_config --arg s "$HANGS/source" '.linux.namespaces |= map(if .type == "pid" then .path = $s else . end)'
	interrupt TERM "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "interrupted by signal 15"
}

none_of() {
	! pgrep -f "^$1\$"
}

# interrupt_hook KIND COMMAND: the launcher waits for a hook that does not end.
interrupt_hook() {
	local launcher hook=$BATS_TEST_TMPDIR/hook long=1000.$BATS_ROOT_PID
	printf '#!/bin/sh\nexec sleep %s\n' "$long" >"$hook"
	chmod 755 "$hook"
	edit_config --arg k "$1" --arg p "$hook" '.hooks = {($k): [{path: $p}]}'
	# shellcheck disable=SC2086 # words
	"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" $2 --profile privileged --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	launcher=$!
	eventually pgrep -f "^sleep $long"
	kill -TERM $launcher
	eventually ended $launcher || { kill -9 $launcher && fail "it went on hanging"; }
	status=0
	wait $launcher || status=$?
	stderr=$(<"$BATS_TEST_TMPDIR/err")
	assert_status 125
	assert_stderr "interrupted by signal 15"
	eventually none_of "sleep $long" || fail "the hook lives"
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ] || fail "a state was left"
}

@test "a hook that hangs is ended by a signal to its launcher" {
	set_args sleep 100
	interrupt_hook prestart create
	interrupt_hook createRuntime run
	interrupt_hook createContainer create
	interrupt_hook poststart "run --detach"
}

@test "a sandbox that hangs is ended by a signal" {
	hang
	interrupt TERM as_user "$CASEMATE" sandbox --profile privileged --ro "$HANGS/source:/srv" -- true
	[ "$status" -ne 0 ] || fail "it ran"
}
