#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Containers that share namespaces: the pod of an engine, one whose first process is no pid 1, one in the host's pid namespace.
# What belongs to one of them is told by its cgroup, and nothing of another is touched.

# shellcheck disable=SC2016 # programs for sh

load helpers/common
load helpers/lifecycle
load helpers/pods

setup() {
	common_setup
	requires root pids_cgroup
	make_bundle restricted
	PROFILE=privileged
	edit_config 'del(.linux.resources)'
}

teardown() {
	pods_end
	common_teardown
}

in_host_pids() {
	edit_config '.linux.namespaces |= map(select(.type != "pid")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
}

# processes NAME: how many the cgroup of that container has.
processes() {
	"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" ps --format json "$ID-$1" | jq length
}

has_processes() {
	[ "$(processes "$1")" = "$2" ] || fail "$1 does not have $2 processes: $(processes "$1")"
}

has_ended() {
	[ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

two_of_a_pod() {
	launch pause sleep 1000
	share "$pause" pid network ipc uts
	launch one sh -c 'sleep 1000 & sleep 1000 & wait'
	launch two sh -c 'sleep 1000 & sleep 1000 & wait'
	eventually has_processes one 3
	eventually has_processes two 3
}

@test "the containers of a pod share what they join, and nothing else" {
	local kind
	two_of_a_pod
	for kind in pid net ipc uts; do
		[ "$(readlink "/proc/$one/ns/$kind")" = "$(readlink "/proc/$two/ns/$kind")" ] || fail "$kind is not shared"
		[ "$(readlink "/proc/$one/ns/$kind")" != "$(readlink "/proc/self/ns/$kind")" ] || fail "$kind is the host's"
	done
	for kind in mnt cgroup; do
		[ "$(readlink "/proc/$one/ns/$kind")" != "$(readlink "/proc/$two/ns/$kind")" ] || fail "$kind is shared"
	done
	has_processes pause 1
}

@test "kill --all of one container of a pod does not touch the others" {
	two_of_a_pod
	good kill --all "$ID-one" KILL
	eventually has_ended "$one"
	eventually has_processes one 0
	has_processes two 3
	has_processes pause 1
	good delete "$ID-one"
	good kill --all "$ID-two" TERM
	eventually has_processes two 0
	has_processes pause 1
}

@test "SIGKILL of a container that is no pid 1 takes its other processes with it" {
	two_of_a_pod
	good kill "$ID-one" KILL
	eventually has_processes one 0
	has_processes two 3
	good delete "$ID-one"
	good delete --force "$ID-two"
	has_processes pause 1
}

@test "other signals go to the first process alone" {
	two_of_a_pod
	good kill "$ID-one" TERM
	eventually has_ended "$one"
	sleep 0.2
	has_processes one 2
	good kill --all "$ID-one" KILL
	eventually has_processes one 0
	has_processes two 3
}

@test "what a first process left behind is killed by kill --all, and by delete" {
	two_of_a_pod
	kill -KILL "$one" "$two"
	eventually has_ended "$one"
	eventually has_ended "$two"
	has_processes one 2
	has_processes two 2
	good kill --all "$ID-one" 9
	eventually has_processes one 0
	good delete "$ID-two"
	[ -z "$(find /sys/fs/cgroup -type d -name "$ID-two")" ] || fail "the cgroup is still there"
	has_processes pause 1
}

@test "the end of the pod's first process ends every container of it" {
	two_of_a_pod
	good kill "$ID-pause" KILL
	eventually has_ended "$two"
	eventually has_processes one 0
	eventually has_processes two 0
	good state "$ID-one"
	[ "$(jq -r .status <<<"$output")" = stopped ] || fail "it is not stopped: $output"
}

@test "a pid namespace whose first process has ended is named as the reason" {
	local kept=$BATS_TEST_TMPDIR/pid
	launch first sleep 100
	touch "$kept"
	mount --bind "/proc/$first/ns/pid" "$kept"
	good kill "$ID-first" KILL
	eventually has_ended "$first"
	edit_config --arg path "$kept" '.linux.namespaces |= map(if .type == "pid" then .path = $path else . end)'
	cm run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	umount "$kept"
	assert_status 125
	assert_stderr "the first process of the pid namespace that is joined may have ended"
}

@test "exec is in the pod's namespaces and in the cgroup of its container" {
	local kind
	two_of_a_pod
	for kind in pid net ipc mnt; do
		good exec "$ID-one" readlink "/proc/self/ns/$kind"
		assert_output "$(readlink "/proc/$one/ns/$kind")" || return
	done
	good exec --detach --pid-file "$BATS_TEST_TMPDIR/exec" "$ID-one" sleep 1000
	has_processes one 4
	has_processes two 3
	# SIGKILL of the container is the end of what was executed in it.
	good kill "$ID-one" KILL
	eventually has_ended "$(cat "$BATS_TEST_TMPDIR/exec")"
}

# With CAP_SYS_PTRACE in the user namespace of both, as a debugger has it. In the middle of execve(2), which no test can wait for, it
# is enough to have that in the container's own.
@test "one that waits for start has nothing of the launcher open that its neighbour reaches" {
	edit_config --argjson c '["CAP_SYS_PTRACE","CAP_DAC_OVERRIDE"]' \
		'.process.user = {uid: 0, gid: 0} | .process.capabilities |= with_entries(.value = $c)'
	launch neighbour sleep 100
	share "$neighbour" pid
	PODS=("$ID-first" "$ID-second" "${PODS[@]}")
	good create --profile "$PROFILE" --bundle "$BUNDLE" "$ID-first"
	good create --profile "$PROFILE" --preserve-fds 12 --bundle "$BUNDLE" "$ID-second"
	good exec "$ID-neighbour" /probe neighbours-directories
	assert_match '^denied'
}

@test "in the host's pid namespace SIGKILL and delete leave no process" {
	in_host_pids
	launch one sh -c 'sleep 1000 & (sleep 1000 &) & wait'
	eventually has_processes one 3
	good kill "$ID-one" KILL
	eventually has_processes one 0
	good delete "$ID-one"
	launch two sh -c 'sleep 1000 & (sleep 1000 &) & wait'
	eventually has_processes two 3
	good exec --detach "$ID-two" sleep 1000
	good delete --force "$ID-two"
	nothing_left
}

@test "in the host's pid namespace nothing but the container's own is hit" {
	local other
	in_host_pids
	launch one sh -c 'sleep 1000 & wait'
	launch two sh -c 'sleep 1000 & wait'
	sleep 1000 3>&- &
	other=$!
	eventually has_processes one 2
	good kill --all "$ID-one" KILL
	good delete --force "$ID-one"
	eventually has_processes two 2
	! has_ended "$other" || fail "a process of the host was killed"
	kill "$other"
	wait "$other" || true
}

@test "many containers at once: each is created, started, asked, killed and deleted beside the others" {
	local i words failed=0 pids=()
	set_args sleep 1000
	for i in {1..12}; do
		PODS+=("$ID-$i")
		(
			for words in "create --profile privileged --bundle $BUNDLE" start state "exec" "kill" "delete --force"; do
				# shellcheck disable=SC2086 # words
				set -- $words "$ID-$i"
				[ "$words" != exec ] || set -- "$@" true
				[ "$words" != kill ] || set -- "$@" KILL
				timeout 60 "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" "$@" </dev/null >/dev/null 2>>"$BATS_TEST_TMPDIR/err.$i" ||
					exit 1
			done
		) 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || failed=1
	done
	[ "$failed" = 0 ] || fail "$(cat "$BATS_TEST_TMPDIR"/err.*)"
	nothing_left
}
