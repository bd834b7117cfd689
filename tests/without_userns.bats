#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A sandbox where user namespaces cannot be had, attacked from inside: whoever runs it owns files, processes and sockets
# outside, and Landlock and seccomp alone keep the program from them.

load helpers/common
load helpers/sandbox

# Where Landlock holds too little, nothing is started.
refused() {
	capture as_user "$USER_CASEMATE" sandbox --without userns -- true </dev/null
	assert_status 125
	assert_stderr "is needed to hold signals"
}

setup() {
	common_setup
	sandbox_setup
	have_landlock6 || refused
	requires landlock6 python3
	CAGE=$BATS_TEST_TMPDIR/cage
	HOME_DIR=$BATS_TEST_TMPDIR/home
	DATA=$BATS_TEST_TMPDIR/data
	mkdir "$CAGE"
	mkdir -m 755 "$HOME_DIR" "$DATA"
	echo secret >"$HOME_DIR/secret"
	echo content >"$DATA/file"
	install -m 755 "$PROBE" "$DATA/probe"
	chown -R "$TEST_UID:$TEST_UID" "$HOME_DIR" "$DATA"
	VICTIM=
	# Sleeping so long is this test's own
	LONG=55.$BATS_ROOT_PID
}

teardown() {
	[ -z "$VICTIM" ] || kill "$VICTIM" 2>/dev/null || true
	common_teardown
}

# Whoever is in a chroot(2) cannot make user namespaces (user_namespaces(7)).
caged() {
	unshare --mount sh -c 'mount --rbind / "$0" && exec timeout -k 2 40 chroot --userspec=12345:12345 --groups= "$0" "$@"' \
		"$CAGE" env -i PATH="$PATH" "$@"
}

bare() {
	capture caged "$USER_CASEMATE" sandbox --without userns "$@" </dev/null
}

# attack NAME [ARGS]: the probe's attempt is denied
attack() {
	bare --rw "$DATA" -- "$DATA/probe" "$@"
	assert_status 0
	[[ $output == denied* || $output == absent* ]] || fail "not denied: $*"
}

python() {
	bare --rw "$DATA" -- python3 -c "$@"
}

# A process of the same user outside, whose number is VICTIM
start_victim() {
	setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups sleep 60 3>&- &
	VICTIM=$!
	eventually asleep "$VICTIM" sleep
}

@test "user namespaces are impossible here: the refusal names the flag, and doctor says what is done instead" {
	capture caged "$USER_CASEMATE" sandbox -- true </dev/null
	assert_status 125
	assert_stderr "sandbox --without userns"
	capture caged "$USER_CASEMATE" doctor </dev/null
	[[ $output == *"user-namespaces"*"--without userns"* ]] || fail "doctor does not name it"
	bare -- id -u
	assert_status 0
	assert_output 12345
	assert_stderr "casemate: --without userns: no namespaces"
}

@test "real programs do real work on what is shown" {
	bare --ro "$DATA/file" -- cat "$DATA/file"
	assert_output content
	bare --rw "$DATA" --cwd "$DATA" -- sh -c 'sort file | tee sorted >/dev/null; mkdir d; mv sorted d/; ln d/sorted d/link; rm d/link; cat d/sorted'
	assert_output content
	[ "$(stat -c %u "$DATA/d/sorted")" = 12345 ]
	python 'import json, subprocess, threading; t = threading.Thread(target=print, args=("thread",)); t.start(); t.join(); print(subprocess.run(["echo", "child"], capture_output=True, text=True).stdout)'
	assert_status 0
	[[ $output == thread*child* ]]
	bare -- sh -c 'exit 7'
	assert_status 7
	bare -- nosuch-program
	assert_status 127
}

@test "files: nothing but what was granted is read, written, executed, listed or changed" {
	attack read "$HOME_DIR/secret"
	attack read /etc/passwd
	attack read /proc/1/status
	attack read /proc/self/environ
	attack list-directory "$HOME_DIR"
	attack list-directory /
	attack write "$HOME_DIR/secret"
	attack create "$HOME_DIR/new"
	attack create /tmp/new
	attack chmod "$HOME_DIR/secret" 777
	attack chown "$HOME_DIR/secret" 12345
	bare --rw "$DATA" -- sh -c "ln $HOME_DIR/secret $DATA/link || mv $HOME_DIR/secret $DATA/moved || truncate -s 0 $HOME_DIR/secret || cp /usr/bin/true $HOME_DIR/t || touch -d 2001-01-01 $HOME_DIR/secret || rm $HOME_DIR/secret || ln -s $HOME_DIR/secret $DATA/s && cat $DATA/s || exit 9"
	assert_status 9
	python 'import os
for f in (lambda: os.setxattr("'"$HOME_DIR/secret"'", "user.x", b"1"), lambda: os.utime("'"$HOME_DIR/secret"'"), lambda: os.chmod("'"$HOME_DIR"'", 0o777),
		lambda: os.chown("'"$HOME_DIR/secret"'", -1, 12345), lambda: os.listxattr("'"$HOME_DIR/secret"'"), lambda: os.open("'"$HOME_DIR"'", os.O_TMPFILE | os.O_RDWR)):
	try: print("allowed", f())
	except OSError as e: print("denied")'
	[ "$(grep -c denied <<<"$output")" = 6 ] || fail "a change"
	[ "$(cat "$HOME_DIR/secret")" = secret ]
	[ "$(stat -c %a "$HOME_DIR/secret" "$HOME_DIR" | xargs)" = "644 755" ]
	[ "$(ls "$HOME_DIR")" = secret ]
	# Read-only is read-only
	bare --ro "$DATA" -- sh -c "echo x >$DATA/file || rm $DATA/file || exit 9"
	assert_status 9
}

@test "processes of the same user: no signal, no tracing, no limit or priority of theirs" {
	start_victim
	attack signal "$VICTIM"
	attack ptrace-attach "$VICTIM"
	attack ptrace-seize "$VICTIM"
	attack vm-readv "$VICTIM"
	attack vm-writev "$VICTIM"
	attack proc-mem "$VICTIM"
	attack pidfd-getfd "$VICTIM" 0
	python 'import os, resource, sys
v = int(sys.argv[1])
for f in (lambda: os.kill(v, 9), lambda: os.kill(-1, 15) if False else os.killpg(os.getpgid(v), 9), lambda: resource.prlimit(v, resource.RLIMIT_CPU, (0, 0)),
		lambda: os.setpriority(os.PRIO_PROCESS, v, 19), lambda: os.setpriority(os.PRIO_USER, 0, 19), lambda: os.sched_setaffinity(v, {0}),
		lambda: open("/proc/%d/cmdline" % v).read(), lambda: open("/proc/%d/environ" % v).read(), lambda: os.listdir("/proc/%d/fd" % v), lambda: os.listdir("/proc")):
	try: print("allowed", f())
	except OSError: print("denied")' "$VICTIM"
	[ "$(grep -c denied <<<"$output")" = 10 ] || fail "a process was reached"
	# To all that it may signal: that is only itself
	bare -- sh -c 'trap "" TERM; kill -TERM -1; echo alive'
	assert_output alive
	kill -0 "$VICTIM" || fail "it was killed"
}

@test "its init: the program cannot end it, and it ends all that the program leaves" {
	bare -- sh -c 'kill -KILL $PPID; sleep 0.1; kill -0 $PPID 2>/dev/null; echo still here'
	assert_status 0
	assert_output "still here"
	bare --rw "$DATA" -- sh -c "setsid sh -c 'trap \"\" TERM HUP; sleep ${LONG}1; echo late >$DATA/late' >/dev/null 2>&1 & exit 3"
	assert_status 3
	! pgrep -f "sleep ${LONG}1" || fail "it is still there"
	bare --time 300ms -- sh -c "setsid sleep ${LONG}2 & setsid setsid sleep ${LONG}3 & sleep ${LONG}4"
	assert_status 124
	! pgrep -f "sleep ${LONG}[234]" || fail "it is still there"
	[ ! -e "$DATA/late" ]
}

@test "the launcher's death ends all of it" {
	caged sh -c "'$USER_CASEMATE' sandbox --without userns -- sh -c 'setsid sleep ${LONG}5 & sleep ${LONG}6' &
		until pgrep -f '^sleep ${LONG}5' && pgrep -f '^sleep ${LONG}6'; do sleep 0.02; done >/dev/null; kill -KILL \$!" </dev/null
	wait_until '! pgrep -f "sleep ${LONG}[56]"'
}

@test "sockets: no TCP, no UDP, no abstract or named one, no pair that could send to one" {
	attack connect-abstract /tmp/.X11-unix/X0
	attack connect-path /run/systemd/private
	attack connect-tcp 127.0.0.1 22
	attack socket-netlink
	attack socket-families
	attack socket-families-high-half
	attack socket-unix-high-half
	python 'import socket
for family, kind in ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_DGRAM), (socket.AF_UNIX, socket.SOCK_STREAM),
		(socket.AF_UNIX, socket.SOCK_DGRAM), (socket.AF_NETLINK, socket.SOCK_RAW), (socket.AF_VSOCK, socket.SOCK_STREAM)):
	try: print("allowed", socket.socket(family, kind))
	except OSError: print("denied")
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC):
	try: print("allowed", socket.socketpair(socket.AF_UNIX, kind))
	except OSError: print("denied")
a, b = socket.socketpair(); a.send(b"pair"); print(b.recv(9))'
	[ "$(grep -c denied <<<"$output")" = 10 ] || fail "a socket"
	[[ $output == *"b'pair'"* ]] || fail "a pair of streams is harmless"
}

@test "System V IPC, message queues, the caller's keys, namespaces, set-user-ID programs" {
	local segment name
	segment=$(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups ipcmk --shmem 4096 --mode 600 | grep -o '[0-9]*$')
	bare --rw "$DATA" -- "$DATA/probe" shm-attach "$segment"
	ipcrm --shmem-id "$segment"
	[[ $output == denied* ]] || fail "shared memory"
	for name in keyctl unshare mount chroot bpf io-uring setuid setgid setgroups capset cap-ambient am-i-privileged tiocsti tioclinux; do
		attack "$name"
	done
	chown root:root "$DATA/probe"
	chmod 4755 "$DATA/probe"
	bare --ro "$DATA" -- "$DATA/probe" ids
	[[ $output == *12345* && $output != *" 0 "* ]] || fail "set-user-ID"
	bare -- sh -c 'grep -c . /proc/self/status'
	[ "$status" -ne 0 ]
	bare -- sh -c 'ulimit -n 99999999 || exit 9'
	assert_status 9
}

@test "with the host's network: TCP ports that are named, and nothing else of the Internet" {
	local flags port
	bare --net host -- true
	assert_status 125
	assert_stderr "shares the host's network namespace"
	sed 's/"host_namespaces": "refuse"/"host_namespaces": "allow"/' "$TESTS/../profiles/baseline.json" >"$DATA/own.json"
	flags=(--profile "$DATA/own.json" --net host)
	python3 -c 'import os, socket, sys
s = socket.create_server(("127.0.0.1", 0))
open(sys.argv[1] + "/new", "w").write(str(s.getsockname()[1]))
os.rename(sys.argv[1] + "/new", sys.argv[1] + "/port")
while True: s.accept()[0].sendall(b"hello")' "$DATA" 3>&- &
	VICTIM=$!
	eventually test -s "$DATA/port"
	port=$(<"$DATA/port")
	bare "${flags[@]}" --connect-tcp "$port" --rw "$DATA" -- python3 -c 'import socket, sys
port = int(sys.argv[1])
s = socket.create_connection(("127.0.0.1", port)); print(s.recv(5))
def tries():
	yield lambda: socket.create_connection(("127.0.0.1", port - 1))
	yield lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	yield lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	yield lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
	yield lambda: socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET, 132)
	yield lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
	yield lambda: socket.socket().sendto(b"x", 0x20000000, ("127.0.0.1", port - 1))
	yield lambda: socket.socket().sendmsg([b"x"], [], 0x20000000, ("127.0.0.1", port - 1))
	yield lambda: socket.socket().bind(("127.0.0.1", 0))
for f in tries():
	try: print("allowed", f())
	except ConnectionRefusedError: print("reached")
	except OSError: print("denied")' "$port"
	assert_status 0
	[[ $output == "b'hello'"* ]] || fail "the port that is named"
	[ "$(grep -c denied <<<"$output")" = 9 ] || fail "something else"
	bare "${flags[@]}" -- python3 -c 'import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_DGRAM); print(socket.create_connection(("127.0.0.1", int(sys.argv[1]))).recv(5))' "$port"
	assert_output "b'hello'"
}

@test "every flag that needs a namespace is refused by its name" {
	local flag
	for flag in "--tmpfs /x" "--file $DATA/file:/x" "--symlink a:/x" "--hide /usr/share" "--tmp-overlay $DATA" \
		"--hostname x" "--uid 5" "--gid 5" \
		"--cap NET_BIND_SERVICE" "--net pasta" "--net /proc/self/ns/net" "--report" "--report-files" "--report-fd 1" \
		"--dir /x" "--overlay $DATA:$DATA" "--ro-fd 0:/x" "--rw-fd 0:/x" "--file-fd 0:/x" "--publish 80" "--socket wayland" "--dbus-talk a.b" "--bind-tcp 80" "--connect-tcp 80" "--save $DATA/new" "--bundle-out $DATA/new" "--ro $DATA:/elsewhere"; do
		# shellcheck disable=SC2086 # words
		bare $flag -- true
		assert_status 125
		assert_stderr "--without userns: ${flag%% *}"
		[ ! -e "$DATA/new" ]
	done
	# And every other flag that there is can be done
	for flag in $("$CASEMATE" sandbox --help | grep -o '^ *--[a-z-]*' | tr -d ' '); do
		case $flag in
		--ro | --ro-try | --rw | --rw-try | --dev | --dev-try | --env | --setenv | --unsetenv | --net | --bind-tcp | --connect-tcp) ;;
		--cwd | --without | --limits | --mem | --pids | --cpu | --time | --rlimit | --seccomp | --profile | --args | --help) ;;
		--json-status-fd | --trace-fd | --block-fd | --sync-fd | --keep-fd | --no-die-with-parent | --no-pty) ;;
		--tmpfs | --file | --symlink | --hide | --tmp-overlay | --hostname | --uid | --gid | --cap | --publish) ;;
		--socket | --dbus-talk | --dbus-own | --dbus-see | --dbus-call | --dbus-broadcast | --report | --report-files | --report-fd | --save | --bundle-out | --dir | --overlay | --ro-fd | --rw-fd | --file-fd) ;;
		*) fail "$flag: is it refused, or can it be done?" ;;
		esac
	done
	bare --without mount -- true
	[ "$status" = 125 ]
	bare --rw "$DATA" --ro "$DATA/file" -- true
	assert_status 125
	assert_stderr "'--rw $DATA' makes writable what '--ro $DATA/file' shows read-only"
	capture timeout 20 "$CASEMATE" sandbox --without userns -- true </dev/null
	assert_status 125
	assert_stderr "not for root"
}

@test "--block-fd and --sync-fd work as with namespaces" {
	capture caged sh -c "exec 7<'$DATA/file' 8<'$DATA/file' && exec '$USER_CASEMATE' sandbox --without userns --block-fd 7 --sync-fd 8 -- \
		sh -c 'echo ran; true <&7 || true <&8 || echo closed'" </dev/null
	assert_status 0
	assert_output $'ran\nclosed'
}

@test "it is never chosen silently: no file can ask for it, and a profile can refuse it" {
	echo '{"casemate": 1, "name": "own", "extends": "restricted", "sandbox": {"without": "userns"}}' >"$DATA/asks.json"
	capture caged "$USER_CASEMATE" sandbox --profile "$DATA/asks.json" -- true </dev/null
	assert_status 125
	assert_stderr "without"
	echo '{"casemate": 1, "name": "own", "extends": "restricted", "without_userns": "refuse"}' >"$DATA/refuses.json"
	bare --profile "$DATA/refuses.json" -- true
	assert_status 125
	assert_stderr "no namespace around the program"
	capture caged "$USER_CASEMATE" explain sandbox --without userns -- true </dev/null
	[[ $output == *"no secret to it"* && $output == *"no other file can be opened"* && $output == *"number of processes is not limited"* ]] ||
		fail "explain does not say what is weaker"
}

@test "limits: of each process, and of processes only by a cgroup" {
	bare --limits rlimit --mem 32M -- dd if=/dev/zero of=/dev/null bs=48M count=1
	[ "$status" -ne 0 ] || fail "it got the memory"
	assert_stderr "memory exhausted"
	bare --limits rlimit --pids 5 -- true
	assert_status 125
	assert_stderr "it counts all that the user runs"
	bare --time 200ms -- sleep 30
	assert_status 124
}

@test "what is missing is named with the flag that grants it" {
	mkdir "$DATA/lib"
	echo 'int f(void) { return 0; }' | cc -shared -fPIC -o "$DATA/lib/libf.so" -Wl,-soname,libf.so -x c -
	echo 'int f(void); int main(void) { return f(); }' | cc -o "$DATA/app" -x c - -L"$DATA/lib" -lf -Wl,-rpath,"$DATA/lib"
	bare -- "$DATA/app"
	assert_status 126
	assert_stderr "--ro shows it"
	bare --ro "$DATA/app" -- "$DATA/app"
	assert_status 127
	assert_stderr "needs the shared library 'libf.so', which this host has but which is not shown inside: add --ro $DATA/lib/libf.so"
	refute_stderr "libc.so"
	bare --ro "$DATA/app" --ro "$DATA/lib/libf.so" -- "$DATA/app"
	assert_status 0
}

@test "what ran is what was explained" {
	local explained
	explained=$(caged "$USER_CASEMATE" explain sandbox --json --without userns --rw "$DATA" -- true | jq -r '[.steps[].step] | unique | .[]' | sort -u)
	bare --rw "$DATA" --trace-fd 1 -- true
	[ "$(sort -u <<<"$output")" = "$explained" ] || fail "explained: $explained"
}

@test "a terminal of its own" {
	run --separate-stderr caged script -qec "'$USER_CASEMATE' sandbox --without userns -- sh -c 'tty <&0; test -t 0 && echo is one; echo x >/dev/tty'" /dev/null </dev/null
	[[ $output == *"is one"* ]] || fail "no terminal"
}
