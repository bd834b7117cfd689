#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `casemate sandbox --report-files` names what was not found, not written and not connected to, with the flag that mends
# it; and grants nothing by it.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
	DATA=$BATS_TEST_TMPDIR/data
	mkdir -m 777 "$DATA"
	echo text >"$DATA/in.txt"
	chmod 755 "$BATS_TEST_TMPDIR"
}

teardown() {
	common_teardown
}

# reported KIND COUNT WHAT REST...: the line of the report, of which REST is a pattern
reported() {
	grep -Eq "^  $1 +$2 x  $3: $4" <<<"$stderr" || fail "no '$1 $2 x $3: $4' in the report"
}

missing_file() {
	sandbox --report-files -- sh -c "cat '$DATA/in.txt'; cat '$DATA/in.txt'; cd /; exit 3"
	assert_status 3 && reported file 2 "$DATA/in.txt" "not shown inside; --ro $DATA/in.txt\$" || return
	sandbox --report-files --ro "$DATA/in.txt" -- cat "$DATA/in.txt"
	assert_status 0 && assert_output text || return
	[[ $stderr != *in.txt* ]] || fail "still reported"
}

@test "a file of the host that is not inside: once, with count, and the flag that is named shows it" {
	both missing_file
}

@test "what root shows of its own files is not the sandbox user's: said once, for reading and writing" {
	mkdir "$DATA/own" "$DATA/theirs"
	echo secret | tee "$DATA/own/f" "$DATA/theirs/f" >/dev/null
	chmod 600 "$DATA"/*/f
	chown -R "$TEST_UID:$TEST_UID" "$DATA/theirs"
	WHO=root
	sandbox --report-files --rw "$DATA" -- sh -c "cat '$DATA/own/f'; stat '$DATA/own/f' '$DATA/own'; echo x >'$DATA/own/new'; mkdir '$DATA/own/dir'"
	reported file 1 "$DATA/own/f" "shown, but its owner and mode do not let the sandbox's user; start casemate as its owner, or name that user: --uid N"
	reported write 1 "$DATA/own/new" "shown, but its owner"
	reported write 1 "$DATA/own/dir" "shown, but its owner"
	[ "$(grep -c " x  $DATA" <<<"$stderr")" -eq 3 ]
	sandbox --uid "$TEST_UID" --gid "$TEST_UID" --report-files --rw "$DATA" -- sh -c "cat '$DATA/theirs/f' && echo x >'$DATA/theirs/new'"
	assert_status 0
	assert_output secret
	assert_stderr "nothing was denied"
	# To an ordinary user nothing is different than outside.
	WHO=user
	sandbox --report-files --rw "$DATA" -- cat "$DATA/own/f"
	[[ $stderr != *"shown, but"* ]]
}

@test "a name that the program writes is not told to the host's automounter" {
	requires python3 autofs
	mkdir "$BATS_TEST_TMPDIR/net"
	# A direct look of root's is told, so the automounter works.
	run timeout 60 unshare -m python3 - "$USER_CASEMATE" "$BATS_TEST_TMPDIR/net" <<-'END'
		import ctypes, os, select, subprocess, sys
		told, tell = os.pipe()
		os.setpgid(0, 0)
		libc = ctypes.CDLL(None, use_errno=True)
		options = f"fd={tell},pgrp={os.getpgrp()},minproto=5,maxproto=5,indirect"
		if libc.mount(b"auto", sys.argv[2].encode(), b"autofs", 0, options.encode()) != 0:
		    sys.exit("mount: " + os.strerror(ctypes.get_errno()))
		def is_told(command):
		    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
		    asked = select.select([told], [], [], 2)[0]
		    if asked:
		        os.read(told, 4096)
		        process.kill()
		    said = process.communicate()[1].decode()
		    return bool(asked), said
		name = sys.argv[2] + "/secret"
		sandbox = [sys.argv[1], "sandbox", "--report-files", "--", "cat", name, sys.argv[2] + "/../data/in.txt"]
		told_of, said = is_told(sandbox)
		print("sandbox", told_of, "in.txt: not shown inside" in said)
		print("direct", is_told(["cat", name])[0])
	END
	assert_output $'sandbox False True\ndirect True'
}

relative() {
	sandbox --report-files --tmpfs "$DATA" --cwd "$DATA" -- python3 -c '
import os
for name in ("in.txt", "./x/../in.txt", "../data//in.txt"):
    try: open(name)
    except OSError: pass
directory = os.open(".", os.O_PATH)
try: os.stat("in.txt", dir_fd=directory)
except OSError: pass'
	assert_status 0 && reported file 4 "$DATA/in.txt" 'not shown inside'
}

@test "relative paths, of the working directory and of a descriptor, are the same file" {
	both relative
}

written() {
	sandbox --report-files --ro "$DATA" -- sh -c "
		echo x >'$DATA/in.txt'; echo x >'$DATA/new'; rm '$DATA/in.txt'; mkdir '$DATA/dir'; mv '$DATA/in.txt' /tmp
		echo x >/dev/null; echo x >/tmp/fine; mkdir /tmp/dir; rm /tmp/fine"
	reported write '[3-9]' "$DATA/in.txt" "read-only inside.*; --rw $DATA" || return
	reported write 1 "$DATA/new" "read-only inside.*; --rw $DATA\$" || return
	reported write 1 "$DATA/dir" "read-only inside.*; --rw $DATA\$" || return
	[[ $stderr != */tmp/fine* && $stderr != */dev/null* && $stderr != */tmp/dir* && $stderr != *'x  /tmp:'* ]] || fail "what worked is reported"
}

@test "what cannot be written is reported with the flag that allows it" {
	both written
}

executed() {
	sandbox --report-files -- sh -c 'cp /bin/true /dev/shm/t; /dev/shm/t'
	assert_status 126 && reported execute 1 /dev/shm/t 'nothing may be executed'
}

@test "what cannot be executed where it lies" {
	both executed
}

hidden() {
	sandbox --report-files --ro "$DATA" --hide "$DATA/in.txt" --dev-try /nothing -- sh -c "cat '$DATA/in.txt'; cat /nothing"
	[[ $stderr != *'x  /nothing:'* ]] || fail "what no host has is reported" || return
	sandbox --report-files --ro "$BATS_TEST_TMPDIR" --hide "$DATA" -- cat "$DATA/in.txt"
	reported file '[0-9]' "$DATA/in.txt" "hidden; leave out --hide $DATA"
}

@test "what is hidden, and what nobody has" {
	both hidden
}

in_home() {
	local home=$BATS_TEST_TMPDIR/home
	mkdir -p "$home"
	chmod 755 "$home"
	echo '[user]' >"$home/.gitconfig"
	HOME=$home sandbox --report-files -- sh -c 'cat ~/.gitconfig'
	reported file '[0-9]' /home/sandbox/.gitconfig ".*--ro $home/.gitconfig:/home/sandbox/.gitconfig" || return
	HOME=$home sandbox --ro "$home/.gitconfig:/home/sandbox/.gitconfig" -- sh -c 'cat ~/.gitconfig'
	assert_output '[user]'
}

@test "what the caller's home has and the sandbox's has not" {
	both in_home
}

risky() {
	sandbox --report-files -- sh -c 'cat /etc/shadow; ls /proc/1/root/etc/shadow; ls /root; cat /dev/kmsg'
	reported file '[0-9]' /etc/shadow '.*\[risky: .*passwords\]' && reported file '[0-9]' /root '.*\[risky: ' || return
	reported file '[0-9]' /dev/kmsg '.*--dev /dev/kmsg \[risky: '
}

@test "what is better not shown is marked" {
	both risky
}

network() {
	sandbox --report -- python3 -c '
import socket
def connect(kind, family, *address):
    try: socket.socket(family, kind).connect(address)
    except OSError: pass
connect(socket.SOCK_STREAM, socket.AF_INET, "192.0.2.1", 443)
connect(socket.SOCK_DGRAM, socket.AF_INET, "192.0.2.1", 443)
connect(socket.SOCK_STREAM, socket.AF_INET6, "2001:db8::1", 80)
connect(socket.SOCK_DGRAM, socket.AF_INET, "127.0.0.1", 53)
listener = socket.create_server(("127.0.0.1", 0))
socket.create_connection(listener.getsockname())'
	assert_status 0 || return
	reported net 2 'connect 192.0.2.1:443' 'there is no network.*--net pasta' || return
	reported net 1 'connect \[2001:db8::1\]:80' 'there is no network' || return
	reported net 1 'connect 127.0.0.1:53' 'there is no name server' || return
	[ "$(grep -c '^  ' <<<"$stderr")" = 3 ] || fail "more is reported"
}

@test "connections without a network" {
	both network
}

ports() {
	sandbox --report --connect-tcp 8080 --bind-tcp 9090 -- python3 -c '
import socket
def connect(port):
    try: socket.create_connection(("127.0.0.1", port))
    except OSError as e: print(e.errno)
def bind(port):
    try: socket.create_server(("127.0.0.1", port))
    except OSError as e: print(e.errno)
connect(8080); connect(8081); bind(9090); bind(9091)'
	assert_output $'111\n13\n13' || return
	reported net 1 'connect 127.0.0.1:8081' '.*--connect-tcp 8081' && reported net 1 'bind 127.0.0.1:9091' '.*--bind-tcp 9091' || return
	[[ $stderr != *:8080* && $stderr != *:9090* ]] || fail "what is allowed is reported"
}

@test "TCP ports that Landlock denies" {
	requires landlock4
	both ports
}

lines() {
	local file=$BATS_TEST_TMPDIR/lines.$WHO
	sandbox --report-fd 7 --report-files -- sh -c "cat '$DATA/in.txt'; unshare -U true" 7>"$file"
	python3 - "$file" "$DATA/in.txt" <<-'EOF'
		import json, sys
		lines = [json.loads(line) for line in open(sys.argv[1])]
		denied = {(l["kind"], l["what"]): l for l in lines if l["event"] == "denied"}
		counts = {(l["kind"], l["what"]): l["count"] for l in lines if l["event"] == "count"}
		file, call = ("file", sys.argv[2]), ("call", "unshare")
		assert denied[file]["flag"] == "--ro" and denied[file]["value"] == sys.argv[2], lines
		assert denied[file]["risk"] is None and denied[call]["risk"], lines
		assert counts[file] == 1 and counts[call] == 1, lines
		assert lines[-1] == {"event": "end", "lost": 0}, lines
	EOF
}

@test "--report-fd writes what is denied as JSON lines" {
	both lines
}

@test "JSON lines come while the program runs" {
	local first=$BATS_TEST_TMPDIR/first launcher
	WHO=root
	coproc { "$USER_CASEMATE" sandbox --report-fd 9 -- sh -c 'unshare -U true; read line; exit 0' 9>&1 2>/dev/null; }
	# The shell forgets COPROC_PID as soon as it sees that the launcher ended.
	launcher=$COPROC_PID
	timeout 10 head -n 1 <&"${COPROC[0]}" >"$first" || fail "no line came"
	echo >&"${COPROC[1]}"
	wait "$launcher"
	grep -q '"what":"unshare"' "$first" || fail "$(<"$first")"
}

@test "a reader who does not read holds up nobody" {
	local fifo=$BATS_TEST_TMPDIR/fifo end=$BATS_TEST_TMPDIR/end
	mkfifo "$fifo"
	mkdir -m 777 "$end"
	exec 8<>"$fifo"
	"$CASEMATE" sandbox --report-files --report-fd 8 --rw "$end" --ro "$DATA" -- python3 -c "
for i in range(3000):
    try: open('$DATA/%s%d' % ('x' * 200, i), 'w')
    except OSError: pass
open('$end/done', 'w')" 3>&- 2>/dev/null &
	local launcher=$! tries
	for ((tries = 0; tries < 250; tries++)); do
		[ ! -e "$end/done" ] || break
		sleep 0.1
	done
	[ -e "$end/done" ] || fail "the program waits for the reader"
	kill -KILL "$launcher"
	wait "$launcher" || true
	exec 8>&-
}

bounded() {
	sandbox --report-files --ro "$DATA" -- python3 -c '
for i in range(2000):
    try: open("'"$DATA"'/%d" % i, "w")
    except OSError: pass
import ctypes; ctypes.CDLL(None).unshare(0x10000000)'
	assert_status 0 && reported call 1 unshare EPERM || return
	[ "$(grep -c '^  write' <<<"$stderr")" = 512 ] || fail "not bounded" || return
	assert_stderr 'more that are not listed'
}

@test "a program that fills the report cannot push anything out of it" {
	both bounded
}

@test "names with escape sequences reach no terminal" {
	local name=$'evil\e]0;title\a'
	echo text >"$DATA/$name"
	WHO=root
	sandbox --report-files -- cat "$DATA/$name"
	assert_stderr 'evil\x1b]0;title\x07'
	[[ $stderr != *$'\e]'* ]] || fail "an escape byte came through"
}

# Paths at the end of the memory, half mapped, not terminated, and not there.
strange_pointers() {
	sandbox --report-files -- python3 -c '
import ctypes, mmap, os, sys
libc = ctypes.CDLL(None, use_errno=True)
page = mmap.mmap(-1, 8192)
start = ctypes.addressof(ctypes.c_char.from_buffer(page))
libc.munmap(ctypes.c_void_p(start + 4096), ctypes.c_size_t(4096))
page[4096 - 12:4096] = b"/etc/shadow\0"
print(libc.access(ctypes.c_void_p(start + 4096 - 12), 0), ctypes.get_errno())
page[4096 - 11:4096] = b"/etc/shadow"
print(libc.access(ctypes.c_void_p(start + 4096 - 11), 0), ctypes.get_errno())
print(libc.access(ctypes.c_void_p(1), 0), ctypes.get_errno())
print(libc.access(b"/" * 5000, 0), ctypes.get_errno())
print(libc.syscall(257, ctypes.c_long(-77), b"relative", 0), ctypes.get_errno())
sys.stdout.flush(); os._exit(0)'
	assert_output $'-1 2\n-1 14\n-1 14\n-1 36\n-1 9' || return
	reported file 1 /etc/shadow 'not shown'
}

@test "pointers that lead nowhere get the kernel's own answer" {
	requires x86_64
	both strange_pointers
}

# The launcher may see what the program may not: no answer depends on it.
@test "the program is told nothing of what the host has" {
	WHO=root
	sandbox --report-files -- python3 -c '
import os
for name in ("/etc/shadow", "/etc/no-such-file", "/root/.bashrc", "/proc/1/root/etc/shadow"):
    for call in (os.stat, os.listdir, os.readlink, open):
        try: call(name); print("there", name)
        except OSError as e:
            if e.errno not in (2, 13): print(name, e)'
	[ -z "$output" ] || fail "it was told"
}

changes() {
	sandbox --report-files --ro "$DATA" -- python3 -c '
import ctypes, threading, os, sys
sys.setswitchinterval(0.0001)
libc = ctypes.CDLL(None, use_errno=True)
path = ctypes.create_string_buffer(b"'"$DATA"'/in.txt")
stop = False
def flip():
    while not stop:
        path.raw = b"/etc/shadow\0".ljust(len(path.raw), b"\0"); path.raw = b"'"$DATA"'/in.txt\0"
thread = threading.Thread(target=flip); thread.start()
found = 0
for i in range(1000):
    fd = libc.open(path, 2)
    if fd >= 0: print("opened for writing"); os.close(fd)
    fd = libc.open(path, 0)
    if fd >= 0:
        data = os.read(fd, 100); os.close(fd); found += 1
        if data != b"text\n": print("read", data)
stop = True; thread.join()
print("end", found > 0)'
	assert_output 'end True'
}

@test "a path that changes while it is looked at opens nothing" {
	both changes
}

@test "threads, forks and signals go on while files are watched" {
	WHO=user
	sandbox --report-files -- python3 -c '
import os, signal, subprocess, threading
ticks = 0
def tick(*_):
    global ticks
    ticks += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
def look():
    for i in range(300): os.path.exists("/usr/bin/env")
crowd = [threading.Thread(target=look) for _ in range(8)]
for one in crowd: one.start()
for _ in range(5): subprocess.run(["true"], check=True)
for one in crowd: one.join()
signal.setitimer(signal.ITIMER_REAL, 0)
print("end", ticks > 0)'
	assert_output 'end True'
}

@test "a stacked filter that denies stays, and is not asked about" {
	WHO=user
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}' \
		>"$BATS_TEST_TMPDIR/filter.json"
	sandbox --report-files --seccomp "$BATS_TEST_TMPDIR/filter.json" -- python3 -c '
import os
try: os.mkdir("/tmp/x")
except OSError as e: print(e.errno)'
	assert_output 95
}

@test "on a terminal, and only once something failed, it is said that --report exists" {
	run timeout -k 2 30 script -qec "'$CASEMATE' sandbox -- sh -c 'exit 3'" /dev/null </dev/null
	[[ $output == *--report-files* ]] || fail "no hint"
	run timeout -k 2 30 script -qec "'$CASEMATE' sandbox -- true" /dev/null </dev/null
	[[ $output != *--report* ]] || fail "a hint without a failure"
	run timeout -k 2 30 script -qec "'$CASEMATE' sandbox -- sh -c 'kill -INT \$\$'; '$CASEMATE' sandbox -- yes | head -1" /dev/null </dev/null
	[[ $output != *--report* ]] || fail "a hint though nothing was denied"
	run timeout -k 2 30 script -qec "'$CASEMATE' sandbox --report -- sh -c 'exit 3'" /dev/null </dev/null
	[[ $output != *'with --report '* ]] || fail "a hint to what is there"
}

@test "whom the filter kills it is told why" {
	requires x86_64
	WHO=user
	sandbox -- python3 -c '
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=7)
code.write(b"\xb8\x27\x00\x00\x40\x0f\x05\xc3") # getpid(2) of x32
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()'
	assert_status 159
	assert_stderr 'killed by the seccomp filter'
}

# How long it takes to look at the host depends on what is there: here it takes very long.
@test "the next answer does not wait until it was looked what the host has" {
	requires root strace
	local out=$BATS_TEST_TMPDIR/out launcher tracer
	mkdir -m 777 "$out"
	"$CASEMATE" sandbox --report-files --rw "$out:/out" -- python3 -c '
import os, time
open("/out/ready", "w").close()
while not os.path.exists("/out/go"): time.sleep(0.05)
def ask(name):
    start = time.monotonic()
    try: os.stat(name)
    except OSError: pass
    return time.monotonic() - start
ask("/out")
print(min(sum(ask("/none/%d/%d" % (i, k)) for k in range(10)) for i in range(3)) < 0.2)' </dev/null >"$out/said" 2>"$out/report" 3>&- &
	launcher=$!
	wait_until "[ -e '$out/ready' ]"
	strace -f -qq -p "$launcher" -e trace=openat2 -e inject=openat2:delay_enter=100ms -o /dev/null 3>&- &
	tracer=$!
	wait_until "grep -q 'TracerPid:	[1-9]' /proc/$launcher/status"
	touch "$out/go"
	wait "$launcher"
	wait "$tracer" || true
	[ "$(<"$out/said")" = True ] || fail "it waits: $(<"$out/said")"
}
