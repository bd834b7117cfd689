#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What engines rely on and nobody has written down: the argument vectors that each of them uses, the shape of what it reads, and
# the words by which it tells errors apart. One test a caller or a point; the callers' options stand here as they send them.

# shellcheck disable=SC2016 # programs for sh

load helpers/common
load helpers/lifecycle

setup() {
	common_setup
	requires root
	make_bundle restricted
	set_args sleep 1000
	W=$BATS_TEST_TMPDIR
	R=$W/state
	LOG=$W/log.json
	cd "$W" || return
}

teardown() {
	"$CASEMATE" --root "$R" delete --force "$ID" || true
	common_teardown
}

# rt ARG...: one call of the runtime as an engine makes it; sets status, output and stderr.
rt() {
	status=0
	timeout -k 2 60 "$CASEMATE" "$@" <"${INPUT:-/dev/null}" >"$W/stdout" 2>"$W/stderr" 3>&- || status=$?
	output=$(<"$W/stdout")
	stderr=$(<"$W/stderr")
}

# silent ARG...: it works, and says nothing on standard error, which callers read together with standard output.
silent() {
	rt "$@"
	assert_status 0 && [ -z "$stderr" ] || fail "expected to work silently: $*"
}

# fails TEXT ARG...: it fails, and standard error has the text that the caller looks for.
fails() {
	local text=$1
	shift
	rt "$@"
	[ "$status" -ne 0 ] || fail "expected to fail: $*" || return
	[[ ${stderr,,} == *"${text,,}"* ]] || fail "expected '$text' of: $*"
}

# The log has exactly one object, as containerd and podman decode it.
one_error() {
	jq -es 'length == 1 and .[0].level == "error" and (.[0].msg | length > 0) and (.[0].time |
		test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"))' \
		"$LOG" >/dev/null || fail "the log: $(cat "$LOG")"
	[ "$(wc -l <"$LOG")" -eq 1 ] || fail "the log has several lines"
}

status_of() {
	silent --root "$R" state "$ID"
	[ "$(jq -r .status <<<"$output")" = "$1" ] || fail "expected the status $1"
}

# A pid and nothing else: strconv.Atoi of the whole file.
is_pid_file() {
	[[ $(od -An -c "$1" | tr -d ' \n') =~ ^[0-9]+$ ]] || fail "the pid file: $(od -c "$1")"
	[ -d "/proc/$(cat "$1")" ] || fail "the pid file names no process"
}

# receive SOCKET [PROGRAM]: takes one descriptor in one message of less than 4096 bytes, as console sockets are read, and does with
# it as FD what the python program says.
receive() {
	python3 - "$1" "${2:-pass}" 3>&- <<-'END' &
		import array, os, socket, sys
		listener = socket.socket(socket.AF_UNIX)
		listener.bind(sys.argv[1])
		listener.listen(1)
		listener.settimeout(30)
		peer = listener.accept()[0]
		data, control, flags, address = peer.recvmsg(4096, socket.CMSG_SPACE(64))
		fds = array.array("i")
		for level, kind, value in control:
		    assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
		    fds.frombytes(value)
		assert len(fds) == 1 and len(data) < 4096, (len(fds), data)
		fd = fds[0]
		exec(sys.argv[2])
	END
	RECEIVER=$!
	eventually listens "$1"
}

# --- argument vectors

@test "containerd's shim: a task, an exec, its pids, its metrics, its end" {
	local globals=(--root "$R" --log "$LOG" --log-format json) exec_pid
	silent "${globals[@]}" create --bundle "$BUNDLE" --pid-file "$W/init.pid" "$ID"
	is_pid_file "$W/init.pid"
	silent "${globals[@]}" start "$ID"
	jq '.process | .args = ["/bin/sleep", "1000"]' "$BUNDLE/config.json" >"$W/process.json"
	silent "${globals[@]}" exec --process "$W/process.json" --detach --pid-file "$W/exec.pid" "$ID"
	is_pid_file "$W/exec.pid"
	exec_pid=$(cat "$W/exec.pid")
	silent "${globals[@]}" ps --format json "$ID"
	jq -e --argjson a "$(cat "$W/init.pid")" --argjson b "$exec_pid" 'type == "array" and index($a) != null and index($b) != null' \
		<<<"$output" || fail "ps"
	silent "${globals[@]}" pause "$ID"
	status_of paused
	silent "${globals[@]}" resume "$ID"
	kill -KILL "$exec_pid"
	silent "${globals[@]}" kill "$ID" 9
	eventually status_of stopped
	silent "${globals[@]}" kill --all "$ID" 9
	silent "${globals[@]}" delete "$ID"
	silent "${globals[@]}" delete --force "$ID"
	[ ! -s "$LOG" ] || fail "the log: $(cat "$LOG")"
	nothing_left
}

@test "containerd's shim: limits on standard input" {
	requires pids_cgroup
	silent --root "$R" --log "$LOG" --log-format json create --bundle "$BUNDLE" --pid-file "$W/init.pid" "$ID"
	silent --root "$R" start "$ID"
	echo '{"pids":{"limit":77}}' >"$W/resources"
	INPUT=$W/resources silent --root "$R" --log "$LOG" --log-format json update --resources=- "$ID"
	silent --root "$R" exec "$ID" cat /proc/self/cgroup
	find /sys/fs/cgroup -path "*$ID*" -name pids.max -exec cat {} + | grep -qx 77 || fail "the limit is another one"
}

@test "containerd's shim: a terminal arrives on the console socket" {
	edit_config '.process.terminal = true'
	set_args sh -c 'test -t 0 && echo a terminal'
	receive "$W/pty.sock" 'print(os.read(fd, 100))'
	silent --root "$R" --log "$LOG" --log-format json create --bundle "$BUNDLE" --pid-file "$W/init.pid" \
		--console-socket "$W/pty.sock" "$ID"
	silent --root "$R" start "$ID"
	wait "$RECEIVER"
}

@test "go-runc: every option of create and run that it can send" {
	receive "$W/pidfd.sock" 'open("pidfd", "w").write(os.readlink("/proc/self/fd/%d" % fd))'
	silent --root "$R" --debug --log "$LOG" --log-format json --rootless=false create --bundle "$BUNDLE" --pid-file "$W/init.pid" \
		--pidfd-socket "$W/pidfd.sock" --no-new-keyring --detach --preserve-fds 0 "$ID"
	wait "$RECEIVER"
	grep -q pidfd "$W/pidfd" || fail "it sent $(cat "$W/pidfd")"
	status_of created
	silent --root "$R" delete --force "$ID"
	silent --root "$R" --rootless=true run --bundle "$BUNDLE" --pid-file "$W/init.pid" --detach --keep "$ID"
	status_of running
	silent --root "$R" events --stats "$ID"
	silent --root "$R" ps --format table "$ID" -ef
	silent --root "$R" list --format=json
}

@test "buildkit: run in the foreground, kept, and an exec that is waited for" {
	set_args sh -c 'exit 7'
	rt --log "$LOG" --log-format json --root "$R" run --bundle "$BUNDLE" --keep "$ID"
	assert_status 7
	[ -z "$stderr$output" ] || fail "it said something"
	[ ! -s "$LOG" ] || fail "a program's status is no error of the runtime"
	status_of stopped
	silent --root "$R" delete "$ID"
	started sleep 1000
	jq '.process | .args = ["/bin/sh", "-c", "exit 9"]' "$BUNDLE/config.json" >"$W/process.json"
	rt --root "$R" exec --process "$W/process.json" --pid-file "$W/exec.pid" "$ID"
	assert_status 9
	[ -s "$W/exec.pid" ] || fail "there is no pid file"
}

@test "conmon: create, start by podman, exec, and the end" {
	local podman=(--root "$R" --log-format=json --log "$LOG")
	silent "${podman[@]}" create --bundle "$BUNDLE" --pid-file "$W/pidfile" --no-new-keyring --preserve-fds 0 "$ID"
	is_pid_file "$W/pidfile"
	silent --root "$R" start "$ID"
	jq '.process | .args = ["/bin/sleep", "1000"]' "$BUNDLE/config.json" >"$W/spec"
	silent "${podman[@]}" exec --pid-file "$W/exec.pid" --process "$W/spec" --detach "$ID"
	is_pid_file "$W/exec.pid"
	silent --root "$R" pause "$ID"
	silent --root "$R" resume "$ID"
	echo '{"pids":{"limit":66}}' >"$W/resources"
	silent --root "$R" update --resources="$W/resources" "$ID"
	silent --root "$R" kill --all "$ID" 15
	silent --root "$R" kill "$ID" 9
	eventually status_of stopped
	silent --root "$R" delete --force "$ID"
	[ ! -s "$LOG" ] || fail "the log: $(cat "$LOG")"
}

@test "conmon: the pid file is missing after an exec that failed, and the words are on standard error" {
	started
	jq '.process | .args = ["/not/there"]' "$BUNDLE/config.json" >"$W/spec"
	fails 'no such file or directory' --root "$R" --log-format=json --log "$LOG" exec --pid-file "$W/exec.pid" --process "$W/spec" \
		--detach "$ID"
	[ ! -e "$W/exec.pid" ] || fail "there is a pid file"
	one_error
}

@test "podman: without cgroups" {
	fails "resources/pids" --root "$R" --cgroup-manager disabled create --bundle "$BUNDLE" "$ID"
	assert_stderr 'hint: --cgroup-manager disabled makes no cgroups'
	edit_config 'del(.linux.resources)'
	silent --root "$R" --cgroup-manager disabled create --profile privileged --bundle "$BUNDLE" --pid-file "$W/pidfile" "$ID"
	[ -z "$(find /sys/fs/cgroup -name "*$ID*")" ] || fail "there is a cgroup"
	silent --root "$R" --cgroup-manager disabled start "$ID"
	silent --root "$R" kill --all "$ID" 9
	eventually status_of stopped
}

@test "podman: the probes for checkpoint and restore" {
	rt checkpoint --help
	assert_status 0
	fails 'requires an argument' restore --lsm-mount-context
}

@test "restricted refuses checkpoint and restore with a reason, whoever asks" {
	local podman=(--root "$R" --log-format=json --log "$LOG") options
	fails "does not exist" --root "$R" checkpoint --image-path i --work-path w "$ID"
	started
	while read -r options; do
		rm -f "$LOG"
		# shellcheck disable=SC2086 # words
		rt "${podman[@]}" $options "$ID"
		assert_status 125 && grep -E 'criu|made of an image' <<<"$stderr" || return
		one_error
	done <<-END
		checkpoint --image-path i --work-path w --leave-running --tcp-established --file-locks
		checkpoint --image-path i --work-path w --pre-dump --leave-running --parent-path ../..
		checkpoint --file-locks --image-path i --work-path w --ext-unix-sk --shell-job --manage-cgroups-mode soft --network-lock iptables
		checkpoint --image-path i --page-server a:1 --lazy-pages --status-fd 3 --empty-ns network --auto-dedup --link-remap
		restore --bundle $BUNDLE --pid-file p --no-pivot --no-new-keyring --detach --image-path i --work-path w
		restore --image-path i --tcp-established --tcp-close --lsm-profile a:b --lsm-mount-context c -no-subreaper -d -b $BUNDLE
	END
	status_of running
}

@test "CRI-O: exec that is waited for, limits as two words, kill by name and number" {
	silent --root "$R" create --bundle "$BUNDLE" --pid-file "$W/pidfile" "$ID"
	silent --root "$R" start "$ID"
	silent --root "$R" state "$ID"
	jq -e '.created | sub("\\.[0-9]+"; "") | fromdateiso8601 > 0' <<<"$output" || fail "created is no time"
	jq '.process | .args = ["/bin/sh", "-c", "echo out; exit 3"]' "$BUNDLE/config.json" >"$W/process"
	rt --root "$R" exec --process "$W/process" "$ID"
	assert_status 3 && assert_output out && [ -z "$stderr" ] || fail "exec"
	echo '{"pids":{"limit":55}}' >"$W/resources"
	INPUT=$W/resources silent --root "$R" update --resources - "$ID"
	silent --root "$R" kill -a "$ID" 15
	silent --root "$R" kill "$ID" KILL
	eventually status_of stopped
	silent --root "$R" delete --force "$ID"
}

@test "conmon-rs: --root twice, and an exec with its arguments behind the id" {
	silent --root /not/this/one --root "$R" create --bundle "$BUNDLE" --pid-file "$W/pidfile" "$ID"
	silent --root /not/this/one --root "$R" start "$ID"
	silent --root /not/this/one --root "$R" exec -d --pid-file="$W/exec.pid" "$ID" sleep 1000
	is_pid_file "$W/exec.pid"
	[ ! -e /not/this/one ] || fail "the first root was used"
	receive "$W/tty.sock" 'print(os.read(fd, 100))'
	silent --root /not/this/one --root "$R" exec -d --console-socket="$W/tty.sock" --tty --pid-file="$W/tty.pid" "$ID" sh -c 'echo a; sleep 1'
	wait "$RECEIVER"
}

@test "buildah: it waits for the pid of the file by itself, and asks for the status by its word" {
	silent create --bundle "$BUNDLE" --pid-file "$W/pid" --preserve-fds 0 --help
	silent --root "$R" create --bundle "$BUNDLE" --pid-file "$W/pid" --preserve-fds 0 "$ID"
	status_of created
	silent --root "$R" start "$ID"
	status_of running
	silent --root "$R" kill "$ID" SIGKILL
	eventually status_of stopped
	silent --root "$R" delete "$ID"
	# The container is the child of whoever takes orphans above the runtime.
	set_args sh -c 'exit 42'
	python3 - "$CASEMATE" "$R" "$BUNDLE" "$ID" 3>&- <<-'END'
		import ctypes, os, subprocess, sys
		casemate, root, bundle, name = sys.argv[1:]
		assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0
		subprocess.run([casemate, "--root", root, "create", "--bundle", bundle, "--pid-file", "pid", name], check=True)
		subprocess.run([casemate, "--root", root, "start", name], check=True)
		pid, status = os.waitpid(int(open("pid").read()), 0)
		assert os.WEXITSTATUS(status) == 42, status
	END
}

@test "crun's and runc's own words: short options, single dashes, expressions" {
	silent --root "$R" create -b "$BUNDLE" -f "$BUNDLE/config.json" -no-subreaper --no-subreaper "$ID"
	silent --root "$R" start "$ID"
	silent --root "$R" exec -u 1000:1000 -e A=b --cwd /tmp "$ID" sh -c 'echo $A; pwd'
	assert_output $'b\n/tmp'
	silent --root "$R" kill --regex "^$ID\$" KILL
	eventually status_of stopped
	silent --root "$R" kill -r "^$ID\$" KILL
	fails 'not a regular expression' --root "$R" kill --regex '[' KILL
	silent --root "$R" delete -r "^$ID\$"
	for name in create run state kill checkpoint; do
		silent "$name" -h
		assert_match "^usage: casemate $name" || return
	done
}

@test "an option that is not known fails, and is named on standard error" {
	local name
	for name in create run start exec state kill delete list ps pause resume update events spec features checkpoint restore; do
		fails "unknown option '--frobnicate'" "$name" --frobnicate "$ID"
		assert_output "" || return
	done
}

@test "each option is taken as --name VALUE and as --name=VALUE" {
	silent --root="$R" --log="$LOG" --log-format=json create --bundle="$BUNDLE" --pid-file="$W/pid" --preserve-fds=0 "$ID"
	silent --root="$R" delete --force "$ID"
	silent --root "$R" --log "$LOG" --log-format json create --bundle "$BUNDLE" --pid-file "$W/pid" --preserve-fds 0 "$ID"
	silent --root "$R" list --format json
	silent --root "$R" list --format=table
}

# --- what is printed

@test "state: the members that all callers decode, a pid only while there is one" {
	edit_config '.annotations = {"org.example/a": "b"}'
	started
	silent --root "$R" state "$ID"
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" --argjson pid "$(cat "$W/pid")" '.ociVersion == "1.2.0" and .id == $id and .pid == $pid
		and .status == "running" and .bundle == $bundle and .rootfs == $bundle + "/rootfs" and .owner == "root"
		and .annotations == {"org.example/a": "b"} and (.created | test("^[0-9-]{10}T[0-9:]{8}(\\.[0-9]+)?Z$"))' <<<"$output" ||
		fail "state"
	silent --root "$R" kill "$ID" 9
	eventually status_of stopped
	[ "$(jq -r .pid <<<"$output")" = 0 ] || fail "a stopped container has a pid"
}

@test "ps json is an array of numbers, list json an array of states, also when they are empty" {
	silent --root "$R" list --format json
	assert_output '[]'
	started
	silent --root "$R" ps --format json "$ID"
	jq -e 'type == "array" and length == 1 and all(type == "number")' <<<"$output" || fail "ps"
	silent --root "$R" ps "$ID"
	assert_match '^UID +PID'
	assert_match 'sleep 1000'
	silent --root "$R" list --format json
	jq -e --arg id "$ID" 'length == 1 and .[0].id == $id and (.[0] | has("pid") and has("status") and has("bundle")
		and has("created") and has("owner") and has("ociVersion"))' <<<"$output" || fail "list"
	silent --root "$R" list
	assert_match '^ID +PID +STATUS +BUNDLE +CREATED +OWNER'
	silent --root "$R" list -q
	assert_output "$ID"
}

@test "events: one object a line, with the members that go-runc decodes" {
	# Every engine names the cgroup: then all that can be counted is.
	edit_config --arg id "$ID" '.linux.cgroupsPath = "/casemate-engine/\($id)"'
	started
	silent --root "$R" events --stats "$ID"
	[ "$(wc -l <"$W/stdout")" -eq 1 ] || fail "several lines"
	jq -e --arg id "$ID" '.type == "stats" and .id == $id and (.data.cpu.usage.total | type == "number")
		and (.data.memory.usage.usage | type == "number") and (.data.pids.current | type == "number") and (.data | has("blkio"))' \
		<<<"$output" || fail "events"
}

@test "features: what dockerd, containerd and CRI-O look for" {
	silent features
	jq -e '.ociVersionMin == "1.0.0" and (.ociVersionMax | test("^1\\.")) and (.mountOptions | index("rro")) != null
		and (.linux.namespaces | index("user")) != null and .linux.mountExtensions.idmap.enabled
		and .linux.seccomp.enabled and (.linux.capabilities | length > 30)' <<<"$output" || fail "features"
}

@test "--version: a name and version, the commit, the specification, at the beginning of lines" {
	local way
	for way in --version -v; do
		silent "$way"
		[[ $(sed -n 1p <<<"$output") =~ ^casemate\ version\ [0-9]+\.[0-9]+ ]] || fail "the first line"
		grep -qE '^commit: .' <<<"$output" && grep -qE '^spec: 1\.[0-9]+\.[0-9]+$' <<<"$output" || fail "the others"
	done
}

@test "the pid file appears whole, has the caller's mode, and its path is the caller's" {
	mkdir "$W/elsewhere"
	cd "$W/elsewhere"
	silent --root "$R" create --bundle "$BUNDLE" --pid-file pid "$ID"
	is_pid_file "$W/elsewhere/pid"
	[ "$(stat -c %a pid)" = 644 ] || fail "its mode is $(stat -c %a pid)"
	[ "$(ls "$W/elsewhere")" = pid ] || fail "something else was left: $(ls -A "$W/elsewhere")"
	[ ! -e "$BUNDLE/pid" ] || fail "it is in the bundle"
}

# --- the words of errors

@test "containerd, CRI-O and podman tell a container that is gone by these words" {
	fails 'does not exist' --root "$R" state "$ID"
	fails 'does not exist' --root "$R" kill "$ID" 9
	fails 'does not exist' --root "$R" delete "$ID"
	fails 'does not exist' --root "$R" start "$ID"
	fails 'does not exist' --root "$R" exec "$ID" true
	started
	silent --root "$R" kill "$ID" 9
	eventually status_of stopped
	fails 'container not running' --root "$R" kill "$ID" 9
	fails 'container not running' --root "$R" exec "$ID" true
	fails 'container not running' --root "$R" pause "$ID"
	silent --root "$R" kill --all "$ID" 9
	fails 'stopped' --root "$R" start "$ID"
	fails 'already exists' --root "$R" create --bundle "$BUNDLE" "$ID"
}

@test "dockerd and podman tell a program that cannot be executed by these words, and by nothing else" {
	local path text status_wanted command
	printf 'x' >"$BUNDLE/rootfs/data"
	chmod 644 "$BUNDLE/rootfs/data"
	while read -r path status_wanted text; do
		set_args "$path"
		for command in create run; do
			rm -f "$LOG"
			fails "$text" --root "$R" --log "$LOG" --log-format json "$command" --bundle "$BUNDLE" "$ID"
			assert_status "$status_wanted" && one_error || return
			jq -r .msg "$LOG" | grep -qiF -- "$text" || fail "the log lacks '$text': $(cat "$LOG")"
		done
	done <<-'END'
		/not/there 127 no such file or directory
		notthere 127 executable file not found in $PATH
		/data 126 permission denied
		/etc 126 permission denied
	END
	set_args sleep 1000
	started
	rm -f "$LOG"
	fails 'executable file not found in $PATH' --root "$R" --log "$LOG" --log-format json exec "$ID" notthere
	assert_status 127 && one_error
}

@test "each failed command leaves one object in the log, says the same on standard error, and prints nothing" {
	local command message
	while read -r command; do
		rm -f "$LOG"
		# shellcheck disable=SC2086 # words
		rt --root "$R" --log "$LOG" --log-format json $command
		[ "$status" -ne 0 ] || fail "expected to fail: $command" || return
		assert_output "" && one_error || return
		message=$(jq -r .msg "$LOG")
		[[ $stderr == *"${message%%$'\n'*}"* ]] || fail "standard error says something else than '$message'"
	done <<-END
		create --bundle /not/there $ID
		run --bundle /not/there $ID
		start $ID
		state $ID
		exec $ID true
		kill $ID 9
		delete $ID
		ps --format json $ID
		pause $ID
		resume $ID
		update --pids-limit 5 $ID
		events --stats $ID
		checkpoint --image-path i $ID
		restore --image-path i --bundle $BUNDLE $ID
		frobnicate
		create --frobnicate $ID
	END
}

@test "what a profile refuses and what the kernel refuses is one object as well" {
	make_bundle spec
	rt --root "$R" --log "$LOG" --log-format json create --profile restricted --bundle "$BUNDLE" "$ID"
	assert_status 125
	one_error
	rm "$LOG"
	make_bundle restricted
	edit_config '.mounts += [{destination: "/proc/self/x", type: "bind", source: "/etc/hosts", options: ["bind", "ro"]}]'
	rt --root "$R" --log "$LOG" --log-format json create --bundle "$BUNDLE" "$ID"
	assert_status 125
	one_error
	nothing_left
}
