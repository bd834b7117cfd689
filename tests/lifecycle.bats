#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# create, start, state, kill, delete, list: what an engine calls, one process each.

load helpers/common
load helpers/lifecycle

setup() {
	common_setup
	requires root
	make_bundle restricted
}

teardown() {
	"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" delete --force "$ID" || true
	common_teardown
}

@test "a container is created, started, killed and deleted, and says so" {
	created sleep 100
	status_is created
	[ "$(jq -r .pid <<<"$output")" = "$(cat "$BATS_TEST_TMPDIR/pid")" ] || fail "the pid file is about another process"
	[ "$(tail -c 1 "$BATS_TEST_TMPDIR/pid" | tr -d 0-9)" = "" ] || fail "the pid file ends with something else"
	good start "$ID"
	status_is running
	good kill "$ID" KILL
	eventually status_is stopped
	[ "$(jq .pid <<<"$output")" = 0 ] || fail "a stopped container has a pid"
	good delete "$ID"
	cm state "$ID"
	assert_status 125
	assert_stderr "container \"$ID\" does not exist"
	nothing_left
}

@test "state has what runtime.md demands" {
	edit_config '.annotations = {"org.example.key": "value"}'
	created sleep 100
	good state "$ID"
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" '.ociVersion == "1.2.0" and .id == $id and .bundle == $bundle
		and .annotations["org.example.key"] == "value" and (.pid | type) == "number" and .owner == "root"
		and (.created | fromdateiso8601? // (sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601) > 0)' <<<"$output"
	[ -z "$stderr" ] || fail "something was said beside the JSON"
}

@test "what cannot be done in this state is refused" {
	cm start "$ID"
	assert_status 125
	assert_stderr "does not exist"
	started sleep 100
	cm start "$ID"
	assert_status 125
	assert_stderr "it is running"
	cm delete "$ID"
	assert_status 125
	assert_stderr "it is running"
	cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "container \"$ID\" already exists"
	good kill "$ID" 9
	eventually status_is stopped
	cm kill "$ID" TERM
	assert_status 125
	assert_stderr "container not running"
	good kill --all "$ID" TERM
	cm start "$ID"
	assert_status 125
	cm exec "$ID" true
	assert_status 125
	assert_stderr "container not running"
}

@test "start says what execve said" {
	printf 'neither ELF nor script' >"$BUNDLE/rootfs/nothing"
	printf '#!/no/such/interpreter\n' >"$BUNDLE/rootfs/script"
	chmod 755 "$BUNDLE/rootfs/nothing" "$BUNDLE/rootfs/script"
	created /nothing
	cm start "$ID"
	assert_status 126
	assert_stderr "exec format error"
	eventually status_is stopped
	good delete "$ID"
	# What can be known before is known by create.
	set_args /script
	cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 127
	assert_stderr "/no/such/interpreter"
	nothing_left
	set_args /missing
	cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 127
	assert_stderr "no such file or directory"
	nothing_left
}

@test "an error of create leaves nothing behind" {
	edit_config '.mounts += [{destination: "/x", type: "bind", source: "/no/such/source", options: ["bind"]}]'
	cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	nothing_left
	make_bundle restricted
	cm create --profile "$PROFILE" --bundle "$BUNDLE" --pid-file /no/such/directory/pid "$ID"
	assert_status 125
	assert_stderr "pid file"
	nothing_left
}

@test "a created container outlives who created it, and delete removes it unstarted" {
	created sleep 100
	sleep 0.2
	status_is created
	good delete "$ID"
	nothing_left
}

@test "the program is not executed before start, whoever connects" {
	created touch /tmp/started
	edit_config '.'
	local i
	for ((i = 0; i < 100; i++)); do
		good state "$ID"
	done
	status_is created
}

@test "kill takes signals by name, with and without SIG, and by number" {
	set_args sh -c 'trap "exit 7" USR1; echo ready; while :; do sleep 0.05; done'
	local signal
	for signal in USR1 SIGUSR1 10; do
		rm -f "$BATS_TEST_TMPDIR/out" # of the round before, which was ready
		timeout 60 "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" \
			</dev/null >"$BATS_TEST_TMPDIR/out" 3>&- &
		eventually grep -qs ready "$BATS_TEST_TMPDIR/out"
		good kill "$ID" "$signal"
		status=0
		wait "$!" || status=$?
		assert_status 7
		eventually nothing_left
	done
	cm kill "$ID" NOSUCH
	assert_status 125
	assert_stderr "'NOSUCH' is not a signal"
}

@test "delete --force kills what runs, and does not mind what does not exist" {
	started sleep 100
	good delete --force "$ID"
	nothing_left
	good delete --force "$ID"
	cm delete "$ID"
	assert_status 125
	assert_stderr "does not exist"
}

@test "delete --regex deletes what matches, and refuses what is no pattern" {
	local one
	for one in a b; do
		good create --profile "$PROFILE" --bundle "$BUNDLE" "$ID-$one"
	done
	cm delete --regex '['
	assert_status 125
	assert_stderr "not a regular expression"
	good delete --regex "^$ID-[ab]\$"
	nothing_left
}

# Nobody could list, kill or delete it; and one that cannot be read hides all others.
@test "a container whose state could not be read is not made" {
	edit_config '.annotations = ([range(1200) | {("k\(.)"): ("x" * 1000)}] | add)'
	cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "shorten"
	nothing_left
	good list
	edit_config '.annotations |= with_entries(select(.key < "k8"))'
	good create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	good list
	good delete "$ID"
	nothing_left
}

@test "list shows all, as a table, as JSON and as ids, and nothing else that lies there" {
	good list --format json
	[ "$output" = "[]" ] || fail "an empty list is something else"
	started sleep 100
	touch "$BATS_TEST_TMPDIR/state/file"
	good list
	assert_match "$ID .* running "
	good list -q
	assert_output "$ID"
	good list --format=json
	[ "$(jq -r '.[0].id + " " + .[0].status' <<<"$output")" = "$ID running" ] || fail "the JSON says something else"
	good delete --force "$ID"
	mv "$BUNDLE" "$BUNDLE"$'\e[31m\nfake'
	BUNDLE+=$'\e[31m\nfake'
	good create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	good list
	[[ $output != *$'\e'* && $(wc -l <<<"$output") -eq 2 ]] || fail "the name of a bundle writes to the terminal"
	assert_match 'bundle.x1b.31m.x0afake +2'
	good delete --force "$ID"
}

@test "one container whose record is damaged does not keep the others from being listed" {
	started sleep 100
	local id
	for id in a z; do
		mkdir -m 700 "$BATS_TEST_TMPDIR/state/$id"
		echo '{' >"$BATS_TEST_TMPDIR/state/$id/state.json"
	done
	cm list
	assert_status 125
	assert_match "$ID .* running "
	assert_stderr 'the state of the container "'
	cm list --format json
	assert_status 125
	[ "$(jq -r '.[].id' <<<"$output")" = "$ID" ] || fail "the JSON says something else"
	# What is not known is not guessed at, and the directory is what is left to go by.
	cm delete --force a
	assert_status 125
	assert_stderr "remove its cgroup and $BATS_TEST_TMPDIR/state/a"
	[ -e "$BATS_TEST_TMPDIR/state/a/state.json" ] || fail "it was removed"
	rm -r "$BATS_TEST_TMPDIR/state"/{a,z}
}

# Such as a directory of bundles, or /tmp.
@test "what is no state of a container is neither listed nor deleted, and one that was begun is" {
	local root=$BATS_TEST_TMPDIR/mixed
	mkdir -p "$root/bundle/rootfs" "$root/empty" "$root/secret/sub"
	chmod 700 "$root/secret"
	cp "$BUNDLE/config.json" "$root/bundle"
	# As a crash leaves them: the directory, and the directory with its first file.
	mkdir -m 700 "$root/begun" "$root/filled"
	cp "$BUNDLE/config.json" "$root/filled"
	capture "$CASEMATE" --root "$root" list --quiet
	assert_status 0
	[ "$(sort <<<"$output" | xargs)" = "begun filled" ] || fail "it lists others"
	capture "$CASEMATE" --root "$root" delete bundle
	assert_status 125
	assert_stderr "does not exist"
	capture "$CASEMATE" --root "$root" delete --regex .
	assert_status 0
	[ -e "$root/bundle/config.json" ] || fail "a file of a bundle was deleted"
	[ "$(cd "$root" && echo *)" = "bundle empty secret" ] || fail "there is: $(ls "$root")"
}

@test "run has a state while it runs, and none afterwards" {
	set_args sleep 100
	timeout 20 "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" \
		</dev/null >/dev/null 3>&- &
	eventually status_is running
	good kill "$ID" KILL
	wait "$!" || true
	nothing_left
}

@test "a launcher that hears late that its container was deleted leaves the next one of that name alone" {
	set_args sleep 100
	"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" \
		</dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/late" 3>&- &
	local launcher=$!
	eventually status_is running
	kill -STOP "$launcher"
	good delete --force "$ID"
	created sleep 100
	kill -CONT "$launcher"
	wait "$launcher" || true
	[ ! -s "$BATS_TEST_TMPDIR/late" ] || fail "$(cat "$BATS_TEST_TMPDIR/late")"
	good start "$ID"
	status_is running
	[ -n "$(find /sys/fs/cgroup -type d -name "*$ID*")" ] || fail "its cgroup was removed"
	good delete --force "$ID"
	nothing_left
}

@test "run --detach ends when the program runs; --keep leaves it to delete" {
	set_args sleep 100
	good run --detach --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	status_is running
	good delete --force "$ID"
	set_args false
	cm run --keep --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 1
	status_is stopped
	good delete "$ID"
	nothing_left
}

@test "a program that has ended before its record was written is stopped" {
	set_args false
	cm run --keep --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 1
	local state=$BATS_TEST_TMPDIR/state/$ID/state.json
	# The time of a process that is not there any more, as a slow launcher finds it.
	jq -c '.process.started = 0' "$state" >"$state.x" && mv "$state.x" "$state"
	status_is stopped
	good delete "$ID"
	nothing_left
}

@test "the options of other runtimes' callers are taken" {
	timeout 20 "$CASEMATE" --root /nonexistent --root="$BATS_TEST_TMPDIR/state" --debug --rootless=true --log-level debug \
		--cgroup-manager=cgroupfs create --bundle="$BUNDLE" -no-subreaper --no-new-keyring "$ID" </dev/null >/dev/null 3>&-
	good delete "$ID"
}

@test "an id that could be a path is refused" {
	local id
	for id in .. . a/b -x "" "$(printf 'a%.0s' {1..129})" $'a\nb'; do
		cm state -- "$id"
		assert_status 125
		[[ $stderr != *"does not exist"* ]] || fail "'$id' was looked for"
	done
}

@test "a container that is deleted while another command looks at it does not exist" {
	requires strace
	local log=$BATS_TEST_TMPDIR/log looking
	created sleep 100
	strace -o "$log" -e trace=flock -e inject=flock:signal=SIGSTOP:when=2 "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" \
		state "$ID" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	looking=$!
	eventually grep -q 'stopped by SIGSTOP' "$log"
	good delete --force "$ID"
	pkill -CONT --parent "$looking"
	status=0
	wait "$looking" || status=$?
	stderr=$(<"$BATS_TEST_TMPDIR/said")
	assert_status 125
	assert_stderr "does not exist"
}

# Stopped at each of their looks at a path: engines go by these words.
@test "a container that is deleted while another command is at work has ended or does not exist, in each command" {
	requires strace pids_cgroup
	local at command log=$BATS_TEST_TMPDIR/log stopped tracer
	edit_config --arg id "$ID" '.linux.cgroupsPath = $id'
	for command in "state $ID" "exec $ID true" "ps --format json $ID" "kill --all $ID TERM" "events --stats $ID"; do
		stopped=1
		for ((at = 1; stopped > 0 && at < 8; at++)); do
			rm -f "$log"
			started sleep 100
			# shellcheck disable=SC2086 # words
			strace -o "$log" -e trace=openat2 -e "inject=openat2:signal=SIGSTOP:when=$at" "$CASEMATE" \
				--root "$BATS_TEST_TMPDIR/state" $command </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
			tracer=$!
			eventually grep -q 'stopped by SIGSTOP\|exited with' "$log"
			stopped=$(grep -c 'stopped by SIGSTOP' "$log") || true
			good delete --force "$ID"
			pkill -CONT --parent "$tracer" || true
			status=0
			wait "$tracer" || status=$?
			[ "$status" -eq 0 ] || grep -q 'does not exist\|container not running' "$BATS_TEST_TMPDIR/said" ||
				fail "$command, at $at: $(cat "$BATS_TEST_TMPDIR/said")"
		done
		[ "$at" -gt 2 ] || fail "$command was never stopped"
	done
}

# What is renamed is there whole, whoever reads it and whoever is killed meanwhile.
@test "a record of the state is never there in part" {
	requires strace
	capture timeout -k 2 20 strace -f -qq -o "$BATS_TEST_TMPDIR/log" -e trace=openat,renameat,renameat2 "$CASEMATE" \
		--root "$BATS_TEST_TMPDIR/state" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
	assert_status 0
	[ "$(grep -c 'renameat.*"state.json.new".*"state.json"' "$BATS_TEST_TMPDIR/log")" -eq 2 ] || fail "$(cat "$BATS_TEST_TMPDIR/log")"
	! grep '"state.json", O_WRONLY' "$BATS_TEST_TMPDIR/log"
}

@test "a FIFO, a socket or a directory in the rootfs does not hang a command" {
	local path
	for path in etc/passwd etc/group dev/console root/.profile; do
		rm -f "$BUNDLE/rootfs/$path"
		mkfifo "$BUNDLE/rootfs/$path"
	done
	started sleep 100
	good exec "$ID" true
	good delete --force "$ID"
}

@test "a state directory that others can write is not believed" {
	mkdir -m 777 "$BATS_TEST_TMPDIR/open"
	capture "$CASEMATE" --root "$BATS_TEST_TMPDIR/open" create --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "can be written by others"
}

@test "a state that was made and cannot be opened is not left behind" {
	requires strace
	local root=$BATS_TEST_TMPDIR/state at failed=0
	mkdir -m 700 "$root"
	for at in {1..9}; do
		capture strace -f -qq -o /dev/null -P "$root" -e trace=openat -e "inject=openat:error=EMFILE:when=$at" \
			"$CASEMATE" --root "$root" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
		# From here on it is what removes the state that cannot open it.
		[[ $output != *uid* ]] || break
		nothing_left
		assert_stderr "too many open files"
		failed=$((failed + 1))
	done
	[ "$failed" -ge 2 ] || fail "it was opened $failed times"
}

@test "nobody believes the state of a container that another user made" {
	local root=$BATS_TEST_TMPDIR/theirs command
	mkdir -p "$root/$ID"
	printf '{"ociVersion": "1.2.0", "root": {"path": "/"}, "process": {"args": ["x"], "cwd": "/", "user": {"uid": 1, "gid": 1}},
		"hooks": {"poststop": [{"path": "/bin/touch", "args": ["touch", "%s"]}]}}' "$BATS_TEST_TMPDIR/hook" >"$root/$ID/config.json"
	cat >"$root/$ID/state.json" <<-END
		{"casemate": 1, "ociVersion": "1.2.0", "bundle": "/", "rootfs": "/", "created": "2026-01-01T00:00:00Z",
		"profile": "privileged", "builtin": true, "owner": 0, "hooks": true, "process": {"pid": 2, "started": 1}}
	END
	chown -R "$TEST_UID" "$root"
	for command in "delete --force" delete state "kill --all" start list; do
		# shellcheck disable=SC2046,SC2086
		capture "$CASEMATE" --root "$root" $command $([ "$command" = list ] || echo "$ID")
		assert_status 125
		assert_stderr "is of user $TEST_UID"
	done
	[ ! -e "$BATS_TEST_TMPDIR/hook" ] || fail "its hook ran"
	# The same record from oneself is good.
	chown -R 0 "$root"
	capture "$CASEMATE" --root "$root" delete "$ID"
	assert_status 0
	[ -e "$BATS_TEST_TMPDIR/hook" ] || fail "its hook did not run"
}

@test "the pid of a process that ended is not mistaken for another's" {
	created sleep 100
	local state=$BATS_TEST_TMPDIR/state/$ID/state.json
	# As if the pid had been given to another process since.
	jq -c '.process.started += 1' "$state" >"$state.x" && mv "$state.x" "$state"
	status_is stopped
	cm kill "$ID" KILL
	assert_status 125
	good delete --force "$ID"
	pkill -KILL -f "create --profile $PROFILE --bundle $BUNDLE" || true
}

# crash COMMAND...: kills casemate at every stop of every system call, and sees that the next commands tell the truth.
crash() {
	local at=1 killed=0 word
	while :; do
		prepare
		status=0
		timeout 20 "$KILLAT" "$at" "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" "$@" </dev/null >/dev/null 2>&1 3>&- ||
			status=$?
		[ "$status" -ne 98 ] || fail "the tracer failed"
		[ "$status" -eq 99 ] || break
		killed=$((killed + 1))
		cm state "$ID"
		if [ "$status" -eq 0 ]; then
			word=$(jq -r .status <<<"$output")
			[[ $word =~ ^(creating|created|running|stopped)$ ]] || fail "status after $at stops: $word"
		else
			assert_stderr "does not exist"
		fi
		good delete --force "$ID"
		nothing_left || fail "after $at stops of: $*"
		at=$((at + ${STRIDE:-1}))
	done
	[ "$killed" -gt "${LEAST:-20}" ] || fail "only $killed stops"
	good delete --force "$ID"
}

@test "SIGKILL after any system call of create leaves nothing that delete does not remove" {
	prepare() { :; }
	LEAST=100 STRIDE=3 crash create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
}

@test "SIGKILL after any system call of start, exec and delete leaves nothing that delete does not remove" {
	prepare() { created sleep 100; }
	crash start "$ID"
	STRIDE=3 crash delete --force "$ID"
	prepare() { started sleep 100; }
	STRIDE=5 crash exec "$ID" sleep 0.01
}

@test "commands on one container wait for one another" {
	created sleep 100
	local i pids=()
	for ((i = 0; i < 8; i++)); do
		"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" start "$ID" 2>/dev/null &
		pids+=($!)
	done
	local good=0
	for i in "${pids[@]}"; do
		wait "$i" && good=$((good + 1))
	done
	[ "$good" -eq 1 ] || fail "$good of 8 started it"
	for ((i = 0; i < 4; i++)); do
		"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" delete --force "$ID" &
	done
	wait
	nothing_left
}
