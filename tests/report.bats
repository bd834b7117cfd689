#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `casemate sandbox --report` says what the filter denied, and denies no less for it.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
}

teardown() {
	common_teardown
}

# Calls without effect when they are allowed: all arguments are impossible. The numbers are those of x86_64.
every_denied='
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for number in (101, 155, 161, 165, 166, 167, 169, 175, 176, 246, 248, 249, 250, 272, 298, 308, 310, 321, 323, 425, 430, 999, 5000):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), ctypes.c_long(-1), ctypes.c_long(-1), ctypes.c_long(-1), ctypes.c_long(-1))
    print(number, result, ctypes.get_errno())
'

counted() {
	sandbox --report -- sh -c 'unshare -U true; unshare -U true; exit 7'
	assert_status 7 || return
	grep -Eq '^  call +2 x  unshare: EPERM; .*risky' <<<"$stderr" || fail "not counted" || return
	assert_stderr 'baseline --seccomp FILE' || return
	sandbox --report -- true
	assert_status 0 && assert_stderr 'nothing was denied'
}

@test "denied calls are named once, with their count, and the exit status is the program's" {
	both counted
}

same_errors() {
	local without
	sandbox -- python3 -c "$every_denied"
	assert_status 0 || return
	without=$output
	sandbox --report -- python3 -c "$every_denied"
	assert_status 0 || return
	[ "$output" = "$without" ] || fail "another answer than without --report" || return
	[[ $stderr == *mount* ]] || fail "nothing was reported"
}

@test "every call gets the error that it gets without --report" {
	requires x86_64
	both same_errors
}

threads() {
	sandbox --report -- python3 -c '
import ctypes, threading
libc = ctypes.CDLL(None)
def flood():
    for i in range(500): libc.mount(None, None, None, 0, None)
crowd = [threading.Thread(target=flood) for _ in range(8)]
for one in crowd: one.start()
for one in crowd: one.join()
print("end")'
	assert_output end || return
	grep -Eq '^  call +4000 x  mount: EPERM;' <<<"$stderr" || fail "not all were counted"
}

@test "a flood from many threads is counted, and ends" {
	both threads
}

@test "when the launcher is killed, denied stays denied" {
	local out=$BATS_TEST_TMPDIR/out launcher
	mkdir -m 777 "$out"
	"$CASEMATE" sandbox --report --no-die-with-parent --rw "$out:/out" -- python3 -c '
import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
open("/out/ready", "w").close()
while not os.path.exists("/out/go"): time.sleep(0.02)
result = libc.unshare(0x10000000)
with open("/out/part", "w") as f: f.write("%d %d" % (result, ctypes.get_errno()))
os.rename("/out/part", "/out/result")' </dev/null >/dev/null 2>&1 3>&- &
	launcher=$!
	eventually test -e "$out/ready"
	kill -KILL "$launcher"
	wait "$launcher" || true
	touch "$out/go"
	eventually test -e "$out/result"
	[ "$(<"$out/result")" = "-1 38" ] || fail "not ENOSYS: $(<"$out/result")"
}

no_descriptor() {
	sandbox --report -- sh -c 'ls -l /proc/self/fd'
	assert_status 0 || return
	[[ $output != *seccomp* && $output != *socket* && $output != *eventfd* ]] || fail "something is inherited"
}

@test "the program inherits neither the listener nor the way it went" {
	both no_descriptor
}

@test "a program that is killed or not found is told as without --report" {
	WHO=user
	sandbox --report -- sh -c 'kill -KILL $$'
	assert_status 137
	sandbox --report -- /none
	assert_status 127
	sandbox --report --time 1s -- sleep 20
	assert_status 124
}

@test "a filter that would stop the hand-over is refused before anything runs" {
	WHO=user
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["sendmsg"], "action": "SCMP_ACT_ERRNO"}]}' \
		>"$BATS_TEST_TMPDIR/filter.json"
	chmod 755 "$BATS_TEST_TMPDIR"
	sandbox --report --seccomp "$BATS_TEST_TMPDIR/filter.json" -- true
	assert_status 125
	assert_stderr 'sendmsg(2)'
}

@test "a reader of --report-fd who never reads holds up no signal" {
	local names=$BATS_TEST_TMPDIR/names
	find /sys/devices /sys/kernel /proc/sys -maxdepth 4 | awk 'length > 30' | head -900 >"$names"
	run timeout -k 2 30 python3 -c '
import os, signal, subprocess, sys, time
end, lines = os.pipe()
one = subprocess.Popen([sys.argv[1], "sandbox", "--report-fd", str(lines), "--report-files", "--ro", sys.argv[2], "--",
    "sh", "-c", "while read -r name; do test -e \"$name\"; done <" + sys.argv[2]], pass_fds=[lines], stdin=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL)
# It waits for its reader when the pipe is full and it has no child any more.
def has_child(): return open("/proc/%d/task/%d/children" % (one.pid, one.pid)).read() != ""
while one.poll() is None and not has_child(): time.sleep(0.01)
while one.poll() is None and has_child(): time.sleep(0.05)
time.sleep(0.5)
print(one.poll())
one.terminate()
print(one.wait(5))
' "$CASEMATE" "$names"
	[ "$status" -eq 0 ] && [[ $output == $'None\n-15' ]] || fail "$output"
}
