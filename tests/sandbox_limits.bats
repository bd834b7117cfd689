#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Limits of a sandbox without a cgroup: each process is held by itself, and what cannot be held so is refused.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
	cp "$PROBE" "$BATS_TEST_TMPDIR/probe"
	chmod 755 "$BATS_TEST_TMPDIR/probe"
}

teardown() {
	common_teardown
}

limited() {
	sandbox --limits rlimit "$@"
}

bombed() {
	limited --pids 20 --ro "$BATS_TEST_TMPDIR/probe:/probe" -- /probe fork-bomb 20
	[[ $output =~ EAGAIN.*after\ ([0-9]+)\ processes ]] || fail "not stopped"
	[ "${BASH_REMATCH[1]}" -lt 20 ] || fail "too late"
	# Of two sandboxes each has its own count.
	limited --pids 4 -- sh -c 'true & true & wait'
	assert_status 0
}

@test "a fork bomb ends at the limit, as root and as a user" {
	requires own_nproc
	both bombed
}

# shellcheck disable=SC2016 # for the shell inside
fewer() {
	capture bash -c 'ulimit -Su 300 -Hu 300; sandbox_run "$@"' - "${@:2}" -- bash -c 'ulimit -u' </dev/null
	assert_status 0
	assert_output "$1"
}

few() {
	fewer 300
	fewer 300 --pids 301
	fewer 20 --pids 20
}

@test "a caller who may have fewer processes than the profile allows has no more inside, and starts all the same" {
	requires own_nproc
	export -f sandbox_run
	export WHO TEST_UID USER_CASEMATE
	both few
}

hogged() {
	limited --mem 32M -- dd if=/dev/zero of=/dev/null bs=48M count=1
	[ "$status" -ne 0 ] || fail "it got the memory"
	assert_stderr "memory exhausted"
	limited --mem 256M -- dd if=/dev/zero of=/dev/null bs=48M count=1 status=none
	assert_status 0
	# Neither the program nor what it starts can raise it.
	limited --mem 32M -- sh -c 'ulimit -v unlimited; exec sh -c "ulimit -H -v 100000 || exit 3; ulimit -v"'
	assert_status 3
	limited --mem 32M -- prlimit --as=unlimited true
	[ "$status" -ne 0 ] || fail "it was raised"
	limited --mem 32M -- sh -c 'prlimit --pid 1 --as=unlimited || exit 3'
	assert_status 3
}

@test "a memory hog gets no more than the limit, and nobody raises it" {
	both hogged
}

explained() {
	capture plan_as --limits rlimit --mem 32M --pids 20
	[[ $output == *"RLIMIT_AS: 33554432 soft, 33554432 hard  [--mem]"*"RLIMIT_NPROC: 20 soft, 20 hard"* ||
		$output == *"RLIMIT_NPROC: 20 soft, 20 hard"*"RLIMIT_AS: 33554432 soft, 33554432 hard  [--mem]"* ]] || fail "no limits"
	[[ $output == *"address space of each process, not for all together"* ]] || fail "it does not say what is weaker"
	[[ $output != *"makes the cgroup"* ]] || fail "a cgroup"
}

plan_as() {
	local as=()
	[ "$WHO" = root ] || as=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --inh-caps=-all)
	(cd / && "${as[@]}" "$USER_CASEMATE" explain sandbox "$@" -- true)
}

@test "explain says what holds, and what is weaker than a cgroup" {
	requires own_nproc
	both explained
}

@test "what an rlimit cannot hold is refused, with the remedy" {
	WHO=user
	limited --cpu 0.5 -- true
	assert_status 125
	assert_stderr "no rlimit for a share of a processor"
	assert_stderr "--rlimit CPU=SECONDS"
	limited --mem 32M --rlimit AS=99999999 -- true
	assert_status 125
	assert_stderr "both '--mem' and '--rlimit AS'"
	sandbox --limits both -- true
	assert_status 125
	assert_stderr "expected cgroup or rlimit"
	linux_at_least 5.14 || return 0
	# Root of the host is counted by no RLIMIT_NPROC.
	WHO=root
	limited --profile privileged --uid 0 --gid 0 --pids 20 -- true
	assert_status 125
	assert_stderr "run it as another user than root"
}

@test "without a cgroup nothing is chosen silently: the refusal names the flag" {
	WHO=user
	sandbox --mem 32M -- true
	assert_status 125
	assert_stderr "Delegate=yes"
	assert_stderr "--limits rlimit"
}

@test "processor time ends a program that spins" {
	WHO=user
	limited --rlimit CPU=1 -- sh -c 'while :; do :; done'
	[ "$status" -gt 128 ] || fail "it was not ended"
}

@test "two sandboxes at once have a cgroup each, and what a killed launcher left of one is removed by the next" {
	requires pids_cgroup
	WHO=root
	local one first
	mkfifo "$BATS_TEST_TMPDIR/up"
	"$USER_CASEMATE" sandbox --cpu 50% -- sh -c 'echo; exec sleep 20' </dev/null >"$BATS_TEST_TMPDIR/up" 3>&- &
	first=$!
	read -r one <"$BATS_TEST_TMPDIR/up"
	sandbox --cpu 50% -- echo second
	assert_status 0
	assert_output second
	kill -KILL "$first"
	wait "$first" || true
	eventually no_processes
	sandbox --cpu 50% -- true
	assert_status 0
	one=$(find /sys/fs/cgroup -maxdepth 2 -name "casemate-sandbox-$first")
	[ -z "$one" ] || fail "left: $one"
}
