#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# linux.seccomp.listenerPath: an agent on the host decides the calls that the filter hands to it, and has the listener before
# the program is executed.

load helpers/common

setup() {
	common_setup
	requires root seccomp python3
	make_bundle privileged
	PROFILE=privileged
	SOCKET=$BATS_TEST_TMPDIR/agent
	STATE=$BATS_TEST_TMPDIR/agent-state
	edit_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path, listenerMetadata: "what it is",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]} | .annotations = {"a.b": "c\"d"}' --arg path "$SOCKET"
	set_args /bin/busybox mkdir /tmp/x
}

teardown() {
	common_teardown
}

# with_agent [ERRNO]: runs the bundle with an agent that answers so.
with_agent() {
	rm -f "$SOCKET" "$STATE"
	timeout 60 python3 "$HELPERS/seccomp_agent.py" "$SOCKET" "$STATE" "$@" 3>&- &
	local agent=$!
	eventually listens "$SOCKET"
	run_casemate
	[ "$status" -ne 125 ] || kill "$agent" 2>/dev/null || :
	wait "$agent" || [ "$status" -eq 125 ] || fail "the agent failed"
}

@test "the agent gets the state as the specification has it, and the pid of the container" {
	set_args /bin/busybox true
	with_agent
	assert_status 0
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" '.ociVersion == "1.3.0" and .fds == ["seccompFd"] and (.pid | . > 1)
		and .metadata == "what it is" and .state.ociVersion == "1.3.0" and .state.id == $id
		and .state.status == "creating" and .state.pid == .pid and .state.bundle == $bundle
		and .state.annotations == {"a.b": "c\"d"}' "$STATE" || fail "$(<"$STATE")"
}

@test "the agent's answer is what the program sees" {
	with_agent 122
	assert_status 1
	assert_stderr 'Disk quota exceeded'
	with_agent
	assert_status 0
}

# agent_waits [ERRNO]: an agent in the background, for commands that do not wait for the program's end.
agent_waits() {
	rm -f "$SOCKET" "$STATE"
	timeout 60 python3 "$HELPERS/seccomp_agent.py" "$SOCKET" "$STATE" "$@" 3>&- &
	eventually listens "$SOCKET"
}

@test "create and start: the agent gets the listener from start" {
	load helpers/lifecycle
	set_args /bin/busybox sh -c x
	edit_config '.process.args = ["/bin/busybox", "sh", "-c", "mkdir /tmp/x; echo status $?; sleep 60"]'
	created
	rm -f "$SOCKET"
	agent_waits 122
	[ ! -e "$STATE" ] || fail "the agent was spoken to before"
	good start "$ID"
	# It has the listener before the program runs, and writes down then what it was told.
	eventually jq -e --arg id "$ID" --argjson pid "$(<"$BATS_TEST_TMPDIR/pid")" '.state.id == $id and .pid == $pid' "$STATE"
	good delete --force "$ID"
	wait
}

# In a pid namespace, where the next pid can be chosen. `start` is stopped when it is told that the listener comes.
reused() {
	local log=$BATS_TEST_TMPDIR/log pid starter
	created
	pid=$(<"$BATS_TEST_TMPDIR/pid")
	timeout 60 python3 "$HELPERS/seccomp_agent.py" "$SOCKET" "$STATE" 3>&- &
	eventually listens "$SOCKET"
	strace -o "$log" -e trace=recvmsg -e inject=recvmsg:signal=SIGSTOP:when=2 \
		"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" start "$ID" </dev/null 3>&- &
	starter=$!
	eventually grep -q 'stopped by SIGSTOP' "$log"
	eventually grep -q '^Seccomp:	2' "/proc/$pid/status"
	kill -KILL "$pid"
	eventually test ! -e "/proc/$pid"
	echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid
	bash -c 'for i in {3..99}; do eval "exec $i</etc/passwd"; done; echo >"$1"; exec sleep 60' - "$BATS_TEST_TMPDIR/open" 3>&- &
	[ $! -eq "$pid" ] || fail "another pid: $!"
	eventually test -e "$BATS_TEST_TMPDIR/open"
	pkill -CONT --parent "$starter"
	status=0
	wait "$starter" || status=$?
	assert_status 125
	[ ! -e "$STATE" ] || fail "the agent was given something: $(<"$STATE")"
	good delete "$ID"
}

@test "the listener is taken from the container, and not from a later process with its pid" {
	requires strace
	load helpers/lifecycle
	export -f reused created good cm set_args edit_config eventually listens fail assert_status
	export BATS_TEST_TMPDIR ID BUNDLE PROFILE SOCKET STATE HELPERS
	timeout -k 2 100 unshare --pid --fork --kill-child --mount-proc bash -ec reused 3>&-
}

@test "start without an agent ends the container and says why" {
	load helpers/lifecycle
	created /bin/sleep 60
	rm -f "$SOCKET"
	cm start "$ID"
	[ "$status" -ne 0 ]
	assert_stderr "cannot reach the seccomp agent at '$SOCKET'"
	eventually status_is stopped
	good delete "$ID"
	nothing_left
}

@test "what exec adds has a listener of its own, and so has a detached container" {
	load helpers/lifecycle
	set_args /bin/sleep 60
	agent_waits
	good run --detach --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	agent_waits 122
	cm exec "$ID" /bin/busybox mkdir /tmp/x
	assert_status 1
	assert_stderr 'Disk quota exceeded'
	good delete --force "$ID"
	wait
}

@test "a filter that hands over every call hands over none of the launch" {
	edit_config '.linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY" | .linux.seccomp.syscalls = []'
	set_args /bin/busybox true
	with_agent
	assert_status 0
}

@test "a filter that kills on every other call is taken as well" {
	edit_config '.linux.seccomp.defaultAction = "SCMP_ACT_KILL_PROCESS"'
	set_args /bin/busybox true
	with_agent
	assert_status 159
}

@test "a path that is longer than the address of a socket" {
	local directory
	directory=$BATS_TEST_TMPDIR/$(printf 'd%0120d' 0)
	mkdir "$directory"
	SOCKET=$directory/agent
	edit_config '.linux.seccomp.listenerPath = $path' --arg path "$SOCKET"
	# Python cannot bind such a path: it is made next to its place and moved there.
	local real=$SOCKET
	SOCKET=$BATS_TEST_TMPDIR/short
	timeout 60 python3 "$HELPERS/seccomp_agent.py" "$SOCKET" "$STATE" 3>&- &
	eventually listens "$SOCKET"
	mv "$SOCKET" "$real"
	run_casemate
	assert_status 0
	wait
}

@test "without an agent nothing is started" {
	set_args /bin/busybox touch /srv/started
	rm -f "$SOCKET"
	run_casemate
	assert_status 125
	assert_stderr "cannot reach the seccomp agent at '$SOCKET'"
	: >"$SOCKET"
	run_casemate
	assert_status 125
	assert_stderr "connection refused"
	[ ! -e "$BUNDLE/rootfs/srv/started" ]
}

@test "a rule without a listener, and metadata for nobody, are errors" {
	edit_config 'del(.linux.seccomp.listenerPath)'
	run_casemate
	assert_status 125
	assert_stderr listenerMetadata
	edit_config 'del(.linux.seccomp.listenerMetadata)'
	run_casemate
	assert_status 125 && assert_stderr 'SCMP_ACT_NOTIFY needs listenerPath'
}

@test "a listener that no rule needs is ignored, and that is said" {
	edit_config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_ALLOW"'
	run_casemate
	assert_status 0
	capture "$CASEMATE" explain --profile privileged "$BUNDLE"
	assert_match 'listenerPath means nothing without SCMP_ACT_NOTIFY'
}

@test "restricted and baseline connect to no socket that a config names" {
	for PROFILE in restricted baseline; do
		with_agent
		assert_status 125 && assert_stderr "a seccomp listener is given to the host's socket $SOCKET" || return
		[ ! -e "$STATE" ] || fail "the agent was spoken to"
	done
}

@test "the default filter and one with a listener, under a profile of one's own" {
	PROFILE=$BATS_TEST_TMPDIR/own.json
	jq -n '{casemate: 1, name: "own", extends: "restricted", widen: true, sensitive_sources: "allow", root_user: "allow"}' >"$PROFILE"
	edit_config 'del(.linux.resources.devices) | .process.noNewPrivileges = true | .mounts |= map(if .destination == "/sys" then .options += ["ro"] else . end)'
	with_agent 122
	assert_status 1
	assert_stderr 'Disk quota exceeded'
}

@test "explain names the socket" {
	capture "$CASEMATE" explain --profile privileged "$BUNDLE"
	assert_status 0
	assert_match "who listens on the host's socket $SOCKET decides"
}
