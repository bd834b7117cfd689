#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Hooks of all six kinds: when they run, where, with what on their standard input, and what stops them.

load helpers/common
load helpers/lifecycle

setup() {
	common_setup
	requires root
	make_bundle restricted
	PROFILE=privileged
	LOG=$BATS_TEST_TMPDIR/log
	HOOK=$BATS_TEST_TMPDIR/hook
	cat >"$HOOK" <<-END
		#!/bin/sh
		# hook NAME: notes its name, namespaces, directory and standard input
		read -r state
		echo "\$1|\$(readlink /proc/self/ns/mnt)|\$(readlink /proc/self/ns/net)|\$PWD|\$state" >>$LOG
	END
	chmod 755 "$HOOK"
	: >"$LOG"
}

teardown() {
	"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" delete --force "$ID" || true
	common_teardown
}

hook() {
	edit_config --arg k "$1" --arg p "${2-$HOOK}" '.hooks[$k] += [{path: $p, args: ["hook", $k]}]'
}

# field NAME NUMBER: of the line that the hook NAME wrote
field() {
	grep "^$1|" "$LOG" | cut -d'|' -f"$2"
}

@test "hooks run in their order, with the state of the container" {
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook "$kind"
	done
	created sleep 100
	[ "$(cut -d'|' -f1 "$LOG" | tr '\n' ' ')" = "prestart createRuntime createContainer " ] || fail "$(cat "$LOG")"
	good start "$ID"
	good delete --force "$ID"
	[ "$(cut -d'|' -f1 "$LOG" | tr '\n' ' ')" = "prestart createRuntime createContainer poststart poststop " ] ||
		fail "$(cat "$LOG")"
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	for kind in prestart createRuntime createContainer; do
		field "$kind" 5 | jq -e --arg id "$ID" --arg b "$BUNDLE" --argjson pid "$pid" \
			'.id == $id and .bundle == $b and .status == "creating" and .pid == $pid and .ociVersion == "1.2.0"'
	done
	field poststart 5 | jq -e '.status == "running"'
	field poststop 5 | jq -e '.status == "stopped" and .pid == 0'
	local host
	host=$(readlink /proc/self/ns/mnt)
	[ "$(field createRuntime 2)" = "$host" ] || fail "createRuntime ran in another mount namespace"
	[ "$(field createContainer 2)" != "$host" ] || fail "createContainer ran in the host's mount namespace"
	[ "$(field createContainer 3)" != "$(readlink /proc/self/ns/net)" ] || fail "createContainer ran in the host's network"
	[ "$(field prestart 4)" = "$BUNDLE" ] || fail "prestart ran in $(field prestart 4)"
}

@test "a startContainer hook runs inside, after start, with the container's rights alone" {
	edit_config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "id >/tmp/who; cat >/tmp/state"]}]'
	created sh -c 'cat /tmp/who /tmp/state; sleep 100'
	good start "$ID"
	good exec "$ID" cat /tmp/who
	assert_output "uid=1000 gid=1000"
	good exec "$ID" cat /tmp/state
	jq -e '.status == "created"' <<<"$output"
}

@test "a startContainer hook has the program's system call filter, and nothing of the launcher's environment" {
	PROFILE=restricted
	edit_config '.hooks.startContainer = [{path: "/bin/busybox", args: ["busybox", "sh", "-c",
		"set -- $(busybox grep ^Seccomp: /proc/self/status); echo mode $2; busybox env; busybox unshare -U true; echo unshared $?"]},
		{path: "/bin/false"}]'
	edit_config '.hooks.startContainer[0].args[3] |= "{ " + . + "; } >/tmp/said 2>&1; busybox cat /tmp/said; busybox false"'
	SECRET_OF_CALLER=1 cm run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	[[ $stderr == *"mode 2"* ]] || fail "no filter was loaded"
	[[ $stderr != *"unshared 0"* ]] || fail "it made a user namespace"
	[[ $stderr != *SECRET_OF_CALLER* ]] || fail "the launcher's environment is inside"
}

@test "a startContainer hook is told the pid, however slow the launcher is" {
	requires strace
	edit_config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat >/tmp/state"]}]'
	set_args cat /tmp/state
	capture timeout -k 2 20 strace -qq -o /dev/null -e trace=clone3 -e inject=clone3:delay_exit=1s \
		"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
	assert_status 0
	jq -e '.pid > 1' <<<"$output" || fail "another pid"
}

@test "a mount that a createContainer hook makes below the root is in the container" {
	cat >"$HOOK.mount" <<-END
		#!/bin/sh
		mount -t tmpfs none $BUNDLE/rootfs/srv && echo made >$BUNDLE/rootfs/srv/file
	END
	chmod 755 "$HOOK.mount"
	hook createContainer "$HOOK.mount"
	set_args cat /srv/file
	cm run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_output made
	[ ! -e "$BUNDLE/rootfs/srv/file" ] || fail "it was made on the host"
}

@test "state works while hooks run, and says creating" {
	cat >"$HOOK.state" <<-END
		#!/bin/sh
		"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" state "$ID" >"$LOG"
	END
	chmod 755 "$HOOK.state"
	hook createRuntime "$HOOK.state"
	created sleep 100
	[ "$(jq -r .status "$LOG")" = creating ] || fail "$(cat "$LOG")"
}

@test "a hook that fails stops the launch, and what it said is told" {
	printf '#!/bin/sh\necho the reason >&2\nexit 3\n' >"$HOOK.bad"
	chmod 755 "$HOOK.bad"
	local kind
	for kind in prestart createRuntime createContainer; do
		edit_config 'del(.hooks)'
		hook "$kind" "$HOOK.bad"
		cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
		assert_status 125
		assert_stderr "failed with exit status 3"
		assert_stderr "the reason"
		nothing_left
	done
	edit_config 'del(.hooks)'
	hook poststart "$HOOK.bad"
	created sleep 100
	cm start "$ID"
	assert_status 125
	eventually status_is stopped
	good delete "$ID"
	edit_config 'del(.hooks)'
	hook poststop "$HOOK.bad"
	started sleep 100
	good delete --force "$ID"
	assert_stderr "the reason"
	nothing_left
}

@test "a poststop hook that fails is told of, and the next ones run" {
	hook poststop "$HOOK.bad"
	hook poststop
	hook poststop "$HOOK.worse"
	printf '#!/bin/sh\necho the reason >&2; exit 3\n' >"$HOOK.bad"
	printf '#!/bin/sh\nexit 4\n' >"$HOOK.worse"
	chmod 755 "$HOOK.bad" "$HOOK.worse"
	started sleep 100
	good delete --force "$ID"
	assert_stderr "exit status 3"
	assert_stderr "the reason"
	assert_stderr "exit status 4"
	[ "$(grep -c '^poststop|' "$LOG")" -eq 1 ] || fail "the hook between them did not run"
	nothing_left
}

@test "the poststop hooks of a container run once, when another command deletes it under its launcher" {
	hook poststop
	set_args sleep 100
	"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local launcher=$!
	eventually status_is running
	kill -STOP "$launcher"
	good delete --force "$ID"
	kill -CONT "$launcher"
	wait "$launcher" || true
	[ "$(grep -c '^poststop|' "$LOG")" -eq 1 ] || fail "$(cat "$LOG")"
}

@test "a hook that takes too long is killed, with its children" {
	# A number that no other test has.
	local long=87.$BATS_ROOT_PID
	printf '#!/bin/sh\nsleep %s & sleep %s\n' "$long" "$long" >"$HOOK.slow"
	chmod 755 "$HOOK.slow"
	edit_config --arg p "$HOOK.slow" '.hooks.prestart = [{path: $p, timeout: 1}]'
	cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "longer than 1 seconds"
	# Its own is waited for; what the others died of may reach them later.
	eventually none_of "sleep $long" || fail "its children live"
}

none_of() {
	! pgrep -f "$1"
}

# 2^32 milliseconds and a little more.
@test "a hook may take longer than poll(2) can count" {
	printf '#!/bin/sh\nsleep 2\n' >"$HOOK.slow"
	chmod 755 "$HOOK.slow"
	edit_config --arg p "$HOOK.slow" '.hooks.prestart = [{path: $p, timeout: 4294968}]'
	created sleep 100
}

@test "a hook's child in the background does not hold up the launch" {
	printf '#!/bin/sh\nsleep 1000 &\necho $! >%s\n' "$HOOK.pid" >"$HOOK.background"
	chmod 755 "$HOOK.background"
	hook prestart "$HOOK.background"
	created sleep 100
	kill "$(cat "$HOOK.pid")" || fail "it waited for the hook's child"
}

@test "a program that others can write is no hook" {
	chmod 777 "$HOOK"
	local kind
	for kind in prestart createRuntime createContainer; do
		edit_config 'del(.hooks)'
		hook "$kind"
		cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
		assert_status 125
		assert_stderr "can be written by others"
	done
	chmod 755 "$HOOK"
	chown "$TEST_UID" "$HOOK"
	cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	[ ! -s "$LOG" ] || fail "it ran"
}

@test "restricted and baseline refuse hooks that their list does not name" {
	local kind
	for PROFILE in restricted baseline; do
		for kind in prestart createRuntime createContainer poststart poststop; do
			edit_config 'del(.hooks)'
			hook "$kind"
			cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
			assert_status 125
			assert_stderr "a $kind hook would run $HOOK with the launcher's rights"
		done
	done
	[ ! -s "$LOG" ] || fail "it ran"
}

@test "a profile names hooks by file and first argument, and no environment changes them" {
	cat >"$BATS_TEST_TMPDIR/own.json" <<-END
		{ "casemate": 1, "name": "own", "extends": "restricted", "widen": true,
		"hooks": { "others": "refuse", "allowed": ["$HOOK hook"] } }
	END
	PROFILE=$BATS_TEST_TMPDIR/own.json
	hook prestart
	# Another name of the same file is the same file.
	ln "$HOOK" "$HOOK.link"
	hook createRuntime "$HOOK.link"
	created sleep 100
	[ "$(wc -l <"$LOG")" -eq 2 ] || fail "$(cat "$LOG")"
	good delete --force "$ID"
	edit_config '.hooks = {prestart: [.hooks.prestart[0] | .args[0] = "other"]}'
	cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	edit_config '.hooks.prestart[0] |= (.args[0] = "hook" | .env = ["LD_PRELOAD=/x.so"])'
	cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "refuses 1 thing"
}

@test "an engine may name itself by its process, and nothing else is reached through a link of procfs" {
	local link process
	# busybox is touch(1) by its first argument, as an engine is a hook by its own.
	busybox sleep 100 3>&- &
	process=$!
	edit_config --arg p "/proc/$process/exe" --arg f "$BATS_TEST_TMPDIR/touched" \
		'.hooks.prestart = [{path: $p, args: ["touch", $f]}]'
	created sleep 100
	[ -e "$BATS_TEST_TMPDIR/touched" ] || fail "the hook was not run"
	good delete --force "$ID"
	for link in root/bin/busybox fd/7 cwd/hook; do
		edit_config --arg p "/proc/$process/$link" '.hooks.prestart[0].path = $p'
		cm create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
		[ "$status" -ne 0 ] || fail "a hook was reached through $link"
	done
	kill "$process"
}
