#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `casemate sandbox`: one program of the host with only what it is given. Every test runs as root and as a user without any
# privilege, and expects the same of both.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
	DATA=$BATS_TEST_TMPDIR/data
	mkdir -m 777 "$DATA"
	echo content >"$DATA/file"
	chmod 666 "$DATA/file"
}

teardown() {
	common_teardown
}

# With the probe at /probe inside.
probed() {
	local flags=()
	while [[ ${1-} == --* ]]; do
		flags+=("$1" "$2")
		shift 2
	done
	sandbox --ro "$PROBE:/probe" "${flags[@]}" -- /probe "$@"
}

# --- without any flag

plain_program() {
	sandbox -- /bin/echo hello world
	assert_status 0 && assert_output "hello world" || return
	[ -z "$stderr" ] || fail "it is not silent" || return
	sandbox /bin/sh -c 'echo $((6 * 7))'
	assert_output 42 || return
	sandbox -- sh -c 'exit 9'
	assert_status 9
}

@test "a program of the host runs with no flag at all" {
	both plain_program
}

exit_status() {
	sandbox -- nosuch-program
	assert_status 127 && assert_stderr nosuch-program || return
	sandbox -- /etc
	assert_status 126 || [ "$status" -eq 127 ] || return
	sandbox -- sh -c 'kill -9 $$'
	assert_status 137 || return
	sandbox -- sh -c 'kill -TERM $$'
	assert_status 143
}

@test "the exit status is the program's, or says why there was none" {
	both exit_status
}

identity() {
	probed ids
	[[ $output != *"uid 0"* && $output != *"gid 0"* ]] || fail "it is root" || return
	[ "$WHO" = root ] || assert_line "uid 12345 12345 12345 12345" || return
	probed caps
	[ "$(grep -c ' 0000000000000000$' <<<"$output")" -eq 5 ] || fail "capabilities" || return
	probed nnp
	assert_output 1 || return
	probed seccomp
	assert_line $'Seccomp:\t2' || return
	probed securebits
	[ "$output" != 00 ] || fail securebits || return
	! have_landlock || {
		probed landlock
		[[ $output == *"layers 1" ]] || fail landlock
	}
}

@test "an ordinary user, no capability, no new privileges, seccomp, Landlock" {
	both identity
}

own_namespaces() {
	local name
	probed ns
	assert_status 0 || return
	for name in user mnt pid net ipc uts cgroup; do
		[[ $output != *"$(readlink "/proc/self/ns/$name")"* ]] || fail "the $name namespace is the host's" || return
	done
	probed procs
	[ "$(wc -l <<<"$output")" -le 2 ] || fail "processes of others are visible" || return
	probed session
	[[ $output != *"sid $(ps -o sid= $$ | tr -d ' ')"$'\n'* ]] || fail "the caller's session"
}

@test "namespaces, processes and session are its own" {
	both own_namespaces
}

clean_environment() {
	SECRET_OF_CALLER=1 LD_PRELOAD_X=1 sandbox -- env
	[[ $output != *SECRET_OF_CALLER* && $output != *LD_PRELOAD_X* && $output != *CASEMATE_TEST* ]] || fail "leaked" || return
	[[ $output == *PATH=* && $output == *HOME=* ]] || fail "PATH or HOME is missing" || return
	# shellcheck disable=SC2016
	sandbox -- sh -c 'cd "$HOME" && ls -A "$HOME"'
	assert_status 0 && assert_output "" || fail "the home directory is not empty" || return
	# shellcheck disable=SC2016
	sandbox -- sh -c 'touch "${TMPDIR:-/tmp}/file" && ls -A /tmp'
	assert_status 0 && [ "$output" = file ] || fail "/tmp is not empty and writable"
}

@test "a clean environment, an empty home, an empty /tmp" {
	export SECRET_OF_CALLER
	both clean_environment
}

host_files() {
	local path
	for path in /root /srv /mnt /sys /boot /run /etc/shadow /etc/sudoers /etc/ssh "$HOST" "$DATA"; do
		[ -e "$path" ] || continue
		sandbox -- sh -c "ls -A '$path' 2>/dev/null; cat '$path' 2>/dev/null"
		[ -z "$output" ] || fail "$path is visible: $output" || return
	done
	sandbox -- ls -A /home
	assert_output sandbox || return
	sandbox -- find /var /run
	[ "$(wc -l <<<"$output")" -le 5 ] || fail "more in /var and /run than links and empty directories"
}

@test "no file of the host is visible but the system's programs" {
	both host_files
}

GRANTED="/tmp /run /dev/pts /dev/shm /dev/mqueue /home /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/pts/ptmx"

nothing_writable() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	# shellcheck disable=SC2086
	sandbox --ro "$PROBE:/probe" -- /probe write-walk $GRANTED
	assert_denied
}

@test "nothing is writable but what was given" {
	both nothing_writable
}

ATTACKS='unshare clone clone-high-half clone3 setns mount:tmpfs mount-remount mount-bind umount-all pivot-root chroot fsopen
	open-tree move-mount mount-setattr open-by-handle ptrace-traceme ptrace-attach vm-readv pidfd-getfd kcmp setuid setgid
	setgroups capset cap-ambient mknod-char socket-raw socket-packet socket-packet-high-half socket-vsock-high-half
	socket-families socket-families-high-half socket-netlink bpf perf userfaultfd-user io-uring keyctl add-key request-key
	kexec-load init-module reboot set-time syslog tiocsti tiocsti-high-half tioclinux am-i-privileged'

attacks() {
	local spec wrong=
	for spec in $ATTACKS; do
		# shellcheck disable=SC2086
		probed ${spec//:/ }
		[[ $status -eq 0 && $output =~ ^denied\ (EPERM|ENOSYS|EACCES|EINVAL|EAFNOSUPPORT|EPROTONOSUPPORT)( |$) ]] ||
			wrong+="$spec: $output $stderr"$'\n'
	done
	[ -z "$wrong" ] || fail "$wrong" || return
	probed read "/proc/1/root$HOST/secret"
	[[ $output != allowed* ]] || fail "the root of process 1" || return
	probed write /proc/1/mem
	[[ $output != allowed* ]] || fail "the memory of process 1" || return
	! have_x86_64 || {
		probed i386
		assert_denied "$(i386_fate)"
	}
}

@test "attacks from inside are refused" {
	both attacks
}

own_words() {
	sandbox --setenv WORD=typed -- sh -c "tr '\\0' ' ' </proc/1/cmdline; echo; tr '\\0' ' ' </proc/self/cmdline"
	assert_status 0 || return
	[[ ${output%%$'\n'*} != *typed* && ${output%%$'\n'*} != *sandbox* ]] || fail "the caller's words are read"
}

@test "what its caller typed is not read from process 1" {
	both own_words
}

no_descriptors() {
	exec 7</ 8<"$HOST" 200<"$HOST/secret"
	probed fds
	exec 7<&- 8<&- 200<&-
	assert_status 0 || return
	! grep -vE '^[012] ' <<<"$output" || fail "descriptors"
}

@test "no descriptor of the caller is inherited" {
	both no_descriptors
}

streams() {
	[ "$(printf 'a\nb' | sandbox_run -- cat)" = $'a\nb' ] || fail "standard input" || return
	sandbox -- sh -c 'echo out; echo err >&2'
	[ "$output" = out ] && [ "$stderr" = err ] || fail "standard output and error"
}

@test "standard streams pass through" {
	both streams
}

orphans() {
	probed orphan
	[[ $output != *defunct* ]] && [ "$(wc -l <<<"$output")" -le 2 ] || fail "an orphan was not reaped"
}

@test "process 1 reaps orphans" {
	both orphans
}

forwarded() {
	local out=$BATS_TEST_TMPDIR/out.$WHO status=0
	(WHO=$WHO sandbox_run --ro "$PROBE:/probe" -- /probe wait) </dev/null >"$out" 3>&- &
	eventually grep -qs ready "$out"
	pkill -TERM -f "^$USER_CASEMATE sandbox" -o
	wait $! || status=$?
	grep -qx "signal 15" "$out" || fail "SIGTERM did not arrive" || return
	assert_status 40
}

@test "signals are forwarded" {
	both forwarded
}

dies_with_parent() {
	local out=$BATS_TEST_TMPDIR/out.$WHO
	(WHO=$WHO sandbox_run -- sh -c 'echo ready; sleep 300') </dev/null >"$out" 3>&- &
	eventually grep -qs ready "$out"
	pkill -KILL -f "^$USER_CASEMATE sandbox" -o
	wait $! || true
	# common_teardown waits for the processes to be gone; here for each caller.
	eventually no_processes || fail "the program outlived its launcher"
}

@test "it dies with its launcher" {
	both dies_with_parent
}

# --- files

ro_rw() {
	rm -rf "$DATA/new"
	sandbox --ro "$DATA" -- sh -c "cat $DATA/file; echo x >$DATA/file"
	[ "$output" = content ] && [ "$status" -ne 0 ] || fail --ro || return
	sandbox --rw "$DATA:/work" -- sh -c 'cat /work/file && echo new >/work/new'
	assert_status 0 && [ "$(cat "$DATA/new")" = new ] || fail --rw || return
	[ "$WHO" = root ] || [ "$(stat -c %u "$DATA/new")" = "$TEST_UID" ] || fail "the file's owner" || return
	sandbox --ro "$DATA/file:/a/b/c" -- cat /a/b/c
	assert_output content || return
	sandbox --ro="$DATA:/data" -- cat /data/file
	assert_output content
}

@test "--ro and --rw" {
	both ro_rw
}

missing_sources() {
	sandbox --ro "$DATA/none" -- true
	assert_status 125 && assert_stderr "$DATA/none" || return
	sandbox --rw "$DATA/none:/x" -- true
	assert_status 125 || return
	sandbox --ro-try "$DATA/none" -- true
	assert_status 0 || return
	sandbox --rw-try "$DATA/none:/x" -- true
	assert_status 0 || return
	sandbox --ro-try "$DATA" -- cat "$DATA/file"
	assert_output content
}

@test "a missing source is an error, but not for the -try forms" {
	both missing_sources
}

made_files() {
	sandbox --tmpfs /scratch -- sh -c 'echo x >/scratch/file && ls /scratch'
	assert_output file || return
	sandbox --symlink /tmp/target:/link -- readlink /link
	assert_output /tmp/target || return
	sandbox --file "$DATA/file:/etc/app.conf" -- cat /etc/app.conf
	assert_output content || return
	sandbox --file "$DATA/file:/copy" -- sh -c 'echo changed >/copy' || true
	[ "$(cat "$DATA/file")" = content ] || fail "--file changed the original"
}

@test "--tmpfs, --symlink and --file" {
	both made_files
}

devices() {
	sandbox -- sh -c 'ls /dev'
	local name
	for name in $output; do
		[[ " console core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " == *" $name "* ]] ||
			fail "not expected in /dev: $name" || return
	done
	sandbox -- sh -c 'echo x >/dev/null && head -c 4 /dev/zero | wc -c && head -c 4 /dev/urandom | wc -c'
	[ "$(tr -d ' \n' <<<"$output")" = 44 ] || fail "devices" || return
	sandbox -- cat /dev/kmsg
	[ "$status" -ne 0 ]
}

@test "the usual devices, and no others" {
	both devices
}

given_device() {
	sandbox --profile privileged --dev /dev/full:/dev/other -- sh -c 'cat /etc/passwd >/dev/other'
	[[ $stderr == *"o space"* ]] || fail --dev || return
	sandbox --profile privileged --dev /dev/full -- sh -c 'cat /etc/passwd >/dev/full'
	[[ $stderr == *"o space"* ]] || fail "--dev of a device that is there by default"
}

@test "--dev" {
	both given_device
}

# A mount point below a directory of the host would have to be created there.
mount_points() {
	find "$DATA" | sort >"$BATS_TEST_TMPDIR/before"
	sandbox --rw "$DATA" --ro /usr/bin/env:"$DATA/sub/env" -- true
	sandbox --rw "$DATA" --tmpfs "$DATA/cache" -- true
	sandbox --ro "$DATA" --tmpfs "$DATA/cache" -- true
	sandbox --ro "$DATA:/usr/share/casemate-test" -- true
	find "$DATA" | sort | diff "$BATS_TEST_TMPDIR/before" - || fail "a mount point was left on the host" || return
	[ ! -e /usr/share/casemate-test ]
}

@test "no mount point is ever left behind on the host" {
	both mount_points
}

hostile_sources() {
	local up
	ln -sfn "$HOST" "$DATA/link"
	sandbox --rw "$DATA:/work" -- sh -c 'ls /work/link/ 2>/dev/null; echo x >/work/link/file'
	[ -z "$output" ] && [ "$status" -ne 0 ] || fail "a link led out" || return
	sandbox --rw "$DATA:/work" --tmpfs /work/link/sub -- true
	sandbox --rw "$DATA:/work" --file "$DATA/file:/work/link/made" -- true
	up=$(printf '../%.0s' {1..20})
	sandbox --rw "$DATA:/work" --file "$DATA/file:/work/$up$HOST/made" -- true
	[ ! -e "$HOST/made" ] || fail "a file was made on the host"
}

@test "links in what was given lead nowhere" {
	both hostile_sources
}

# --- environment, names, ids

environment() {
	export PASSED=1 TWO=2
	sandbox --env PASSED -- env
	assert_line PASSED=1 && [[ $output != *TWO=* ]] || fail --env || return
	sandbox --setenv A=b=c --env PASSED --env TWO -- env
	assert_line A=b=c && assert_line TWO=2 || return
	sandbox --setenv PATH=/nowhere -- /usr/bin/env
	assert_line PATH=/nowhere
}

@test "--env and --setenv" {
	both environment
}

names() {
	sandbox --hostname tower -- sh -c 'uname -n'
	assert_output tower || return
	sandbox -- sh -c 'uname -n'
	[ "$output" != "$(uname -n)" ] || fail "the host's name" || return
	sandbox --ro "$DATA" --cwd "$DATA" -- pwd
	assert_output "$DATA" || return
	sandbox --cwd /none -- pwd
	assert_status 125 || return
	sandbox --uid 1234 --gid 1235 -- sh -c 'id -u; id -g'
	assert_output $'1234\n1235'
}

@test "--hostname, --cwd, --uid and --gid" {
	both names
}

# --- network

network() {
	probed connect-abstract "$ID"
	assert_denied || return
	probed connect-tcp "$PORT"
	assert_denied || return
	probed --net none connect-tcp "$PORT"
	assert_denied || return
	sandbox -- cat /proc/net/dev
	[ "$(grep -c : <<<"$output")" -eq 1 ] || fail "more interfaces than loopback" || return
	probed --net host connect-tcp "$PORT"
	[[ $output == allowed* || $stderr == *profile* ]] || fail "--net host"
}

@test "no network by default, the host's with --net host" {
	requires python3
	python3 - "$ID" >"$BATS_TEST_TMPDIR/port" 3>&- <<-'END' &
		import socket, sys, time
		abstract = socket.socket(socket.AF_UNIX); abstract.bind("\0" + sys.argv[1]); abstract.listen()
		tcp = socket.socket(); tcp.bind(("127.0.0.1", 0)); tcp.listen()
		print(tcp.getsockname()[1], flush=True)
		time.sleep(60)
	END
	local listener=$!
	eventually test -s "$BATS_TEST_TMPDIR/port"
	PORT=$(cat "$BATS_TEST_TMPDIR/port")
	both network
	WHO=root
	probed --net host --profile baseline connect-tcp "$PORT"
	kill $listener
	wait $listener || true
}

# --- limits

ports() {
	local flags
	for flags in "" --report "--profile privileged"; do
		# shellcheck disable=SC2086
		sandbox $flags --bind-tcp 8080 --connect-tcp 443 -- python3 -c '
import socket
MPTCP, FASTOPEN, here = 262, 0x20000000, ("127.0.0.1", 8080)
def attempt(name, do):
    try: do(); print(name)
    except OSError as e: pass
listening = socket.socket()
listening.bind(here)
listening.listen()
for family in socket.AF_INET, socket.AF_INET6, socket.AF_INET | 1 << 32:
    try: attempt("mptcp", lambda: socket.socket(family, socket.SOCK_STREAM, MPTCP))
    except OverflowError: pass
attempt("connect", lambda: socket.socket().connect(here))
attempt("sendto", lambda: socket.socket().sendto(b"x", FASTOPEN, here))
attempt("sendmsg", lambda: socket.socket().sendmsg([b"x"], [], FASTOPEN, here))
def deferred():
    one = socket.socket()
    one.setsockopt(socket.IPPROTO_TCP, 30, 1)
    one.connect(here)
attempt("TCP_FASTOPEN_CONNECT", deferred)
print("end")'
		assert_status 0 || return
		assert_output end || return
	done
}

@test "--bind-tcp, --connect-tcp: a port is held however TCP is spoken" {
	requires landlock4 python3
	both ports
}

limits() {
	sandbox --rlimit NOFILE=77 -- sh -c 'ulimit -n'
	assert_output 77 || return
	# No step of the launch is in the way of a low one.
	sandbox --rlimit NOFILE=4 -- sh -c 'ulimit -n'
	assert_output 4 || return
	sandbox --rlimit NOFILE=0 -- true
	assert_status 127 && assert_stderr "error while loading shared libraries" || return
	sandbox --rlimit NPROC=0 -- true
	[ "$WHO" = root ] || { assert_status 125 && assert_stderr "raise the limit of processes"; } || return
	sandbox --rlimit CORE=0:0 -- sh -c 'ulimit -c'
	assert_output 0 || return
	local start=$SECONDS
	sandbox --time 1s -- sleep 20
	[ "$status" -ne 0 ] && [ "$SECONDS" -lt $((start + 10)) ] || fail --time
}

@test "--rlimit and --time" {
	both limits
}

@test "--pids, --mem and --cpu" {
	requires pids_cgroup
	WHO=root
	probed --pids 20 fork-bomb 20
	assert_denied EAGAIN
	sandbox --mem 32M -- sh -c 'head -c 200000000 /dev/zero | tail -c 150000000 >/dev/null'
	[ "$status" -ne 0 ] || fail --mem
	sandbox --cpu 1 -- true
	assert_status 0
}

fork_bomb() {
	probed fork-bomb 4096
	assert_denied EAGAIN
}

@test "a fork bomb ends without any flag, too" {
	requires own_nproc
	both fork_bomb
}

# --- privileges

capabilities() {
	probed --cap CAP_NET_BIND_SERVICE caps
	[ "$status" -ne 0 ] || assert_line "effective 0000000000000400" || return
	sandbox -- python3 -c 'import socket; socket.socket().bind(("127.0.0.1", 80))'
	[ "$status" -ne 0 ] || fail "control: port 80 is open to everybody" || return
	sandbox --cap CAP_NET_BIND_SERVICE -- python3 -c 'import socket; socket.socket().bind(("127.0.0.1", 80)); print("bound")'
	assert_output bound || return
	probed --cap CAP_SYS_ADMIN mount tmpfs
	[[ $output != allowed* ]] || fail "--cap is above the profile" || return
	sandbox --cap CAP_NONE -- true
	assert_status 125 && assert_stderr CAP_NONE
}

@test "--cap up to the ceiling" {
	requires python3
	both capabilities
}

own_filter() {
	cat >"$DATA/filter.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 99},
			{"names": ["mount"], "action": "SCMP_ACT_ALLOW"}]}
	END
	sandbox --seccomp "$DATA/filter.json" -- true
	assert_status 0 || return
	probed --seccomp "$DATA/filter.json" seccomp
	assert_line $'Seccomp:\t2' || return
	probed --seccomp "$DATA/filter.json" mount tmpfs
	assert_denied EPERM
}

@test "--seccomp adds a filter, and takes none away" {
	both own_filter
}

setuid_programs() {
	probed --ro "$BATS_TEST_TMPDIR/suid:/suid" exec-gains /suid
	assert_denied EPERM || return
	sandbox --ro "$BATS_TEST_TMPDIR/suid:/suid" -- /suid am-i-privileged
	assert_denied EPERM
}

@test "set-uid programs of the host gain nothing" {
	cp "$PROBE" "$BATS_TEST_TMPDIR/suid"
	chmod 4755 "$BATS_TEST_TMPDIR/suid"
	run as_user "$BATS_TEST_TMPDIR/suid" am-i-privileged
	[[ $output == allowed* ]] || fail "control: it is not set-uid at all"
	both setuid_programs
}

# --- terminal

terminal() {
	local prefix=
	[ "$WHO" = root ] || prefix="setpriv --reuid $TEST_UID --regid $TEST_UID --clear-groups env HOME=/nonexistent"
	chmod 755 "$PROBE"
	run timeout -k 2 20 script -qec "stty cols 77 rows 22; cd /; $prefix $USER_CASEMATE sandbox --ro $PROBE:/probe -- \
		sh -c '/probe tty; /probe session; /probe tiocsti; exit 5'; echo status \$?" /dev/null </dev/null
	# script(1) sends the end of its own input as a NUL, which the terminal may show.
	output=${output//$'\r'/} output=${output//'^@'/}
	[[ $output == *"0 /dev/"* ]] || fail "standard input is no terminal" || return
	assert_line "size 77x22" && assert_line "controlling yes" && assert_line "status 5" && assert_line "denied EPERM"
}

@test "a terminal of its own when standard input is one" {
	requires script
	both terminal
}

# --- the rest

bundle_out() {
	rm -rf "$BATS_TEST_TMPDIR/out"
	mkdir -m 777 "$BATS_TEST_TMPDIR/out"
	sandbox --ro "$PROBE:/probe" --setenv X=y --hostname tower --bundle-out "$BATS_TEST_TMPDIR/out/b" -- /probe names
	assert_status 0 || return
	jq -e '.ociVersion and .root.path and .process.args == ["/probe", "names"] and (.process.env | index("X=y"))
		and .hostname == "tower" and .process.noNewPrivileges' "$BATS_TEST_TMPDIR/out/b/config.json" >/dev/null ||
		fail "$(cat "$BATS_TEST_TMPDIR/out/b/config.json")"
}

@test "--bundle-out writes an equivalent bundle" {
	both bundle_out
	BUNDLE=$BATS_TEST_TMPDIR/out/b
	WHO=root bundle_out
	run_casemate
	assert_status 0
	assert_line "hostname tower"
}

status_fd() {
	local out=$BATS_TEST_TMPDIR/status.$WHO
	(sandbox_run --json-status-fd 9 -- sh -c 'exit 6') </dev/null 9>"$out" || true
	jq -es 'any(.[]; .pid > 0) and any(.[]; to_entries[] | .value == 6)' "$out" >/dev/null || fail "$(cat "$out")"
}

@test "--json-status-fd tells the pid and the end" {
	both status_fd
}

usage() {
	sandbox --no-such-flag -- true
	assert_status 125 && assert_stderr no-such-flag || return
	sandbox --ro
	assert_status 125 || return
	sandbox
	assert_status 125 || return
	sandbox --net nonsense -- true
	assert_status 125 && assert_stderr nonsense || return
	sandbox --uid x -- true
	assert_status 125 || return
	sandbox --rlimit NOSUCH=1 -- true
	assert_status 125 || return
	sandbox --r "$DATA" -- true
	assert_status 125
}

@test "wrong flags are errors, abbreviations too" {
	both usage
}

explained() {
	sandbox --help
	assert_status 0 || return
	local flag
	for flag in ro rw tmpfs dev file symlink env setenv net cwd hostname uid gid mem pids cpu time rlimit profile seccomp cap \
		bundle-out json-status-fd; do
		[[ $output == *"--$flag"* ]] || fail "--$flag is not in --help" || return
	done
}

@test "--help names every flag" {
	WHO=root explained
}
