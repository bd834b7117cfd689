#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# exec: another process in a container that runs, under the same ceiling, while the container may be hostile.

load helpers/common
load helpers/lifecycle

setup() {
	common_setup
	requires root python3
	make_bundle restricted
}

teardown() {
	"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" delete --force "$ID" || true
	common_teardown
}

ex() {
	cm exec "$ID" "$@"
}

# What a report of the probe says as the container's own program, and by exec.
same_report() {
	local own
	set_args /probe "$@"
	cm run --profile "$PROFILE" --bundle "$BUNDLE" "$ID-own"
	own=$output
	ex /probe "$@"
	[ "$output" = "$own" ] || fail "as the first process: $own"
}

# shellcheck disable=SC2016
root_user='.process.user = {uid: 0, gid: 0}'

@test "the exit status is the program's, 126 and 127 when there is none" {
	started sleep 100
	ex sh -c 'exit 7'
	assert_status 7
	ex sh -c 'kill -9 $$'
	assert_status 137
	ex nosuch
	assert_status 127
	assert_stderr "cannot execute 'nosuch': executable file not found in \$PATH"
	ex /etc
	assert_status 126
	cm exec "$ID"
	assert_status 125
}

@test "standard input and output are the caller's" {
	started sleep 100
	output=$(echo hello | "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" exec "$ID" cat)
	assert_output hello
}

@test "what holds the container's own program holds this one" {
	local profile name
	for profile in restricted baseline; do
		PROFILE=$profile
		[ "$profile" = restricted ] || edit_config "$root_user"
		started sleep 100
		for name in ids caps securebits nnp seccomp signals rlimits landlock keyring cwd env fds; do
			same_report "$name"
		done
		good delete --force "$ID"
	done
}

@test "a profile from a file holds exec as well, whatever its name is and becomes of it" {
	started sleep 100
	[ ! -e "$BATS_TEST_TMPDIR/state/$ID/profile.json" ]
	good delete --force "$ID"
	PROFILE=$BATS_TEST_TMPDIR/own.json
	echo '{"casemate": 1, "name": "privileged", "extends": "restricted"}' >"$PROFILE"
	started sleep 100
	rm "$PROFILE"
	[ "$("$CASEMATE" --root "$BATS_TEST_TMPDIR/state" state "$ID" | jq -r .status)" = running ]
	cm exec --user 0 "$ID" /bin/true
	assert_status 125
	assert_stderr "root"
}

@test "it is in the container's namespaces and cgroup" {
	started sleep 100
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	good exec --detach --pid-file "$BATS_TEST_TMPDIR/pid2" "$ID" sleep 100
	local other name
	other=$(cat "$BATS_TEST_TMPDIR/pid2")
	for name in user mnt pid net ipc uts cgroup; do
		[ "$(readlink "/proc/$pid/ns/$name")" = "$(readlink "/proc/$other/ns/$name")" ] || fail "another $name namespace"
	done
	[ "$(cat "/proc/$pid/cgroup")" = "$(cat "/proc/$other/cgroup")" ] || fail "another cgroup"
	good delete --force "$ID"
	nothing_left
}

@test "a limit of processes that holds without a cgroup holds each process" {
	local maps='[{"containerID": 1000, "hostID": 100000, "size": 1}]' command own
	requires userns own_nproc
	edit_config --argjson maps "$maps" '.linux.namespaces += [{type: "user"}] | .linux.resources = {pids: {limit: 60}} |
		.linux.uidMappings = $maps | .linux.gidMappings = $maps'
	set_args sleep 100
	good --cgroup-manager=disabled create --profile "$PROFILE" --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID"
	good start "$ID"
	own=$(grep "Max processes" "/proc/$(<"$BATS_TEST_TMPDIR/pid")/limits")
	[[ $own == *" 60 "* ]] || fail "it has: $own"
	jq '.process | .args = ["cat", "/proc/self/limits"]' "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/process"
	for command in "$ID cat /proc/self/limits" "--process $BATS_TEST_TMPDIR/process $ID"; do
		# shellcheck disable=SC2086 # words
		good exec $command
		[ "$(grep "Max processes" <<<"$output")" = "$own" ] || fail "$command: $output"
	done
}

@test "every attack that fails for the container's own program fails for this one" {
	started sleep 100
	local attack
	while read -r attack; do
		# shellcheck disable=SC2086
		ex /probe $attack
		[ "$status" -eq 0 ] || fail "$attack"
	done <<-END
		mount tmpfs
		mount-remount /
		unshare
		clone
		setns
		chroot
		mknod-char /tmp
		open-by-handle
		setuid
		setgroups
		capset
		cap-ambient
		exec-gains
		socket-raw
		socket-packet
		keyctl
		bpf
		io-uring
		write /etc/passwd
		read /proc/kcore
		write /proc/sys/kernel/core_pattern
		ptrace-attach 1
	END
}

# Of one user, they are kept apart by Landlock.
@test "the memory of the container's own program is not for who joins it" {
	requires landlock
	started sleep 100
	ex /probe proc-mem 1
	assert_status 0
}

@test "the launcher of exec protects its file before it enters the container" {
	PROFILE=baseline
	edit_config "$root_user"
	started sleep 100
	capture strace -f -qq -e trace=execveat,setns "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" exec "$ID" true </dev/null
	assert_status 0
	[[ $stderr == *setns* ]] || fail "it was not entered"
	[[ ${stderr%%setns*} == *AT_EMPTY_PATH* ]] || fail "it was entered first"
}

@test "a user of the command line is exact or refused" {
	started sleep 100
	good exec --user 1234:5678 "$ID" id
	assert_output "uid=1234 gid=5678"
	good exec -u 1234 "$ID" id
	assert_output "uid=1234 gid=1000"
	good exec -u 1234:5678 -g 7,8 "$ID" id -G
	assert_output "5678 7 8"
	local user
	for user in "" : "1:" ":1" 1:1:1 +1 -1 " 1" "1 " 0x1 4294967295 4294967296 99999999999 root $'1\n'; do
		cm exec --user "$user" "$ID" id
		assert_status 125
		[ -z "$output" ] || fail "'$user' ran as $output"
	done
}

@test "restricted refuses root in exec, and takes away capabilities" {
	started sleep 100
	cm exec --user 0 "$ID" id
	assert_status 125
	assert_stderr "uid is 0 (root)"
	good exec --cap CAP_SYS_ADMIN --cap CAP_NET_RAW "$ID" /probe caps
	! grep -qv ' 0000000000000000$' <<<"$output" || fail "a capability was granted"
	cm exec --cap CAP_NO_SUCH "$ID" true
	assert_status 125
}

@test "the whole process comes from a file" {
	started sleep 100
	cat >"$BATS_TEST_TMPDIR/process.json" <<-END
		{ "terminal": false, "user": { "uid": 4321, "gid": 1, "additionalGids": [9] }, "args": ["/probe", "cwd"],
		"env": ["PATH=/bin", "A=b"], "cwd": "/tmp" }
	END
	good exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	[[ $output == */tmp* ]] || fail "another working directory"
	jq '.args = ["id"]' "$BATS_TEST_TMPDIR/process.json" >"$BATS_TEST_TMPDIR/p2"
	good exec -p "$BATS_TEST_TMPDIR/p2" "$ID"
	assert_output "uid=4321 gid=1 groups=9"
	echo '{"args": []}' >"$BATS_TEST_TMPDIR/p2"
	cm exec -p "$BATS_TEST_TMPDIR/p2" "$ID"
	assert_status 125
	assert_stderr "process.json"
}

@test "HOME is that of the user who is given" {
	edit_config '.process.env = ["PATH=/bin"]'
	printf 'one:x:1000:1000::/home/one:\ntwo:x:1234:1::/home/two:\n' >"$BUNDLE/rootfs/etc/passwd"
	started sleep 100
	good exec "$ID" sh -c 'echo $HOME'
	assert_output /home/one
	good exec --user 1234 "$ID" sh -c 'echo $HOME'
	assert_output /home/two
	good exec --user 1234 --env HOME=/own "$ID" sh -c 'echo $HOME'
	assert_output /own
	chmod 600 "$BUNDLE/rootfs/etc/passwd"
	good exec "$ID" sh -c 'echo $HOME'
	assert_output /
}

@test "variables and the working directory come from the command line" {
	started sleep 100
	good exec --env A=1 -e B=2 --cwd /tmp "$ID" sh -c 'echo $A$B $PWD'
	assert_output "12 /tmp"
	cm exec --cwd tmp "$ID" true
	assert_status 125
	cm exec --env NOVALUE "$ID" true
	assert_status 125
}

@test "a working directory cannot be a descriptor of the launcher" {
	started sleep 100
	local path
	for path in /proc/self/fd/3 /proc/self/fd/4 /proc/self/fd/5 /proc/self/fd/6/../.. /proc/1/root; do
		cm exec --cwd "$path" "$ID" /probe cwd
		assert_status 125
	done
}

# A small engine, for the background: takes one terminal on a socket and copies what comes from it to its output.
receive_terminal() {
	exec python3 - "$1" <<-'END'
		import array, os, socket, sys
		server = socket.socket(socket.AF_UNIX)
		server.bind(sys.argv[1])
		server.listen()
		connection = server.accept()[0]
		data, control, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
		assert len(control) == 1, "expected one descriptor"
		master = array.array("i", control[0][2])[0]
		try:
		    while block := os.read(master, 4096):
		        sys.stdout.buffer.write(block)
		        sys.stdout.flush()
		except OSError:
		    pass
	END
}

@test "a terminal goes to the console socket, for create and for exec" {
	local socket=$BATS_TEST_TMPDIR/console
	edit_config '.process.terminal = true | .process.consoleSize = {width: 91, height: 37}'
	set_args /probe tty
	receive_terminal "$socket" >"$BATS_TEST_TMPDIR/said" 3>&- &
	eventually listens "$socket"
	good create --profile "$PROFILE" --bundle "$BUNDLE" --console-socket "$socket" "$ID"
	good start "$ID"
	wait "$!"
	grep -q "91.*37\|37.*91" "$BATS_TEST_TMPDIR/said" || fail "said: $(cat "$BATS_TEST_TMPDIR/said")"
	good delete --force "$ID"
	rm "$socket"

	edit_config '.process.terminal = false | del(.process.consoleSize)'
	started sleep 100
	receive_terminal "$socket" >"$BATS_TEST_TMPDIR/said" 3>&- &
	eventually listens "$socket"
	good exec --tty --detach --console-socket "$socket" "$ID" /probe tty
	wait "$!"
	grep -q "/dev/pts\|tty" "$BATS_TEST_TMPDIR/said" || fail "said: $(cat "$BATS_TEST_TMPDIR/said")"
	rm "$socket"
	receive_terminal "$socket" >"$BATS_TEST_TMPDIR/said" 3>&- &
	eventually listens "$socket"
	# Not detached: its exit status is the caller's, its terminal is not.
	cm exec --tty --console-socket "$socket" "$ID" sh -c 'echo on the terminal; exit 7'
	assert_status 7
	wait "$!"
	grep -q "on the terminal" "$BATS_TEST_TMPDIR/said" || fail "said: $(cat "$BATS_TEST_TMPDIR/said")"
	cm exec --detach --tty "$ID" true
	assert_status 125
	assert_stderr "--console-socket"
	cm exec --console-socket "$socket" "$ID" true
	assert_status 125
}

# At each call of a set-up, one after the other: what is left of the kernel's answers then is "out of memory", or a SIGKILL.
@test "a container that ends while a program joins it is said to have ended" {
	requires strace
	local call log=$BATS_TEST_TMPDIR/log joining
	for call in setns clone3 setsid; do
		rm -f "$log"
		started sleep 100
		timeout -k 2 60 strace -f -o "$log" -e trace="$call" -e inject="$call:signal=SIGSTOP:when=1" "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" \
			exec "$ID" sleep 100 </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
		joining=$!
		eventually grep -q 'stopped by SIGSTOP' "$log"
		good kill "$ID" KILL
		eventually status_is stopped
		while pkill -CONT -f -- "state exec $ID sleep 100"; do sleep 0.02; done
		status=0
		wait "$joining" || status=$?
		stderr=$(<"$BATS_TEST_TMPDIR/said")
		assert_status 125
		assert_stderr "container not running"
		good delete "$ID"
	done
}

# Both are children of the launcher, and one SIGCHLD may stand for both: it is looked for only after they have ended.
@test "a program on a terminal that ends together with the process that joined for it is seen to end" {
	requires strace
	started sleep 100
	capture timeout -k 2 20 strace -qq -o /dev/null -e trace=rt_sigtimedwait -e inject=rt_sigtimedwait:delay_enter=1s:when=1 \
		"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" exec --tty "$ID" sh -c 'echo said; exit 3' </dev/null
	assert_status 3
	assert_match said
}

@test "a hostile container gets nothing of a process that joins it" {
	# With all that a container may have under baseline: root, and every capability of the profile.
	PROFILE=baseline
	edit_config --argjson c '["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FOWNER","CAP_KILL","CAP_SETUID","CAP_SETGID","CAP_SETPCAP"]' \
		"$root_user"' | .process.capabilities |= with_entries(.value = $c)'
	local i until=$((SECONDS + 45 * ${PATIENCE:-1}))
	set_args /probe newcomers "$((55 * ${PATIENCE:-1}))"
	timeout "$((60 * ${PATIENCE:-1}))" "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" run --profile baseline --bundle "$BUNDLE" "$ID" \
		</dev/null >"$BATS_TEST_TMPDIR/answer" 3>&- &
	eventually status_is running
	# A slow machine gets through fewer before the attacker's life is over; an attacker that ended got something.
	for ((i = 0; i < 150 && SECONDS < until; i++)); do
		cm exec "$ID" true
		[ "$status" -eq 0 ] || fail "newcomer $i: $(cat "$BATS_TEST_TMPDIR/answer")"
	done
	[ "$i" -ge 20 ] || fail "only $i joined while the attacker lived"
	# The attacker ends when it is told so, and says what it got.
	good exec "$ID" touch /tmp/enough
	wait "$!" || fail "$(cat "$BATS_TEST_TMPDIR/answer")"
	grep -q '^denied' "$BATS_TEST_TMPDIR/answer" || fail "$(cat "$BATS_TEST_TMPDIR/answer")"
}

# The attacker is the container's own program; who joins is kept waiting where only strace could see it otherwise.
newcomers_are_safe() {
	edit_config --argjson c '["CAP_SYS_PTRACE","CAP_SYS_ADMIN","CAP_DAC_OVERRIDE","CAP_SETPCAP"]' \
		"$root_user"' | .process.capabilities |= with_entries(.value = $c)'
	timeout "$((60 * ${PATIENCE:-1}))" "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" \
		</dev/null >"$BATS_TEST_TMPDIR/answer" 3>&- &
	eventually status_is running
	run strace -f -qq -o /dev/null -e trace=prctl -e inject=prctl:delay_enter=100000 \
		"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" exec "$ID" true </dev/null
	cm exec "$ID" touch /tmp/enough
	wait "$!" || fail "$(cat "$BATS_TEST_TMPDIR/answer")"
	grep -q '^denied' "$BATS_TEST_TMPDIR/answer" || fail "$(cat "$BATS_TEST_TMPDIR/answer")"
}

@test "root of a user namespace, with CAP_SYS_PTRACE there, gets nothing of a process that joins it" {
	requires strace
	PROFILE=privileged
	make_bundle privileged
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	set_args /probe newcomers "$((55 * ${PATIENCE:-1}))"
	newcomers_are_safe
}

@test "nobody makes the launcher's file writable while it joins a container" {
	requires strace
	PROFILE=privileged
	make_bundle privileged
	set_args /probe newcomers-program "$((55 * ${PATIENCE:-1}))"
	newcomers_are_safe
}

@test "what the container did to /dev/pts and /proc does not mislead exec" {
	PROFILE=privileged
	make_bundle privileged
	started sleep 100
	good exec "$ID" sh -c 'mount -t tmpfs none /dev/pts; echo >/dev/pts/ptmx; mkdir -p /fake/self; mount -t tmpfs none /proc'
	local socket=$BATS_TEST_TMPDIR/console
	receive_terminal "$socket" >/dev/null 2>&1 3>&- &
	eventually listens "$socket"
	cm exec --tty --detach --console-socket "$socket" "$ID" true
	assert_status 125
	assert_stderr "holds no terminals"
	kill -KILL "$!"
	good exec "$ID" true
}

@test "--cgroup leads below the container's cgroup and nowhere else" {
	started sleep 100
	local path
	for path in .. ../.. a/../.. ./x cpu:/x; do
		cm exec --cgroup "$path" "$ID" true
		assert_status 125
		assert_stderr "below the container's cgroup"
	done
}
