#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Limits and device rules of the cgroup: in force, seen from inside and from the host, and nothing of them is left behind.

# shellcheck disable=SC2016 # programs for jq and sh
# shellcheck disable=SC2030,SC2031 # each test has variables of its own

load helpers/common
load helpers/cgroup

setup() {
	common_setup
	requires root pids_cgroup
	make_bundle restricted
}

teardown() {
	[ -z "${LAUNCHER-}" ] || kill -KILL "$LAUNCHER" 2>/dev/null || true
	common_teardown
}

run_in_v2() {
	run --separate-stderr in_v2 timeout -k 2 60 "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
}

# A root user who may make devices and open the kernel log, which is what the probe makes, on mounts that let it.
device_maker() {
	edit_config '.process.user = {uid: 0, gid: 0} | .mounts |= map(if .destination == "/tmp" then .options -= ["nodev"] else . end)
		| .process.capabilities |= with_entries(.value = ["CAP_MKNOD", "CAP_SYSLOG"]) | .linux.resources.devices = $rules' \
		--argjson rules "$1"
}

# "baseline" without its filter, which refuses mknod(2) of devices as well.
without_filter() {
	PROFILE=$BATS_TEST_TMPDIR/profile.json
	echo '{"casemate": 1, "name": "no-filter", "extends": "baseline", "widen": true, "seccomp": "off"}' >"$PROFILE"
}

# Every directory of this test's cgroup.
groups() {
	find /sys/fs/cgroup -type d \( -path "*/$ID" -o -path "*/casemate-$ID" \) 2>/dev/null
}

assert_no_groups() {
	[ -z "$(groups)" ] || fail "left behind: $(groups)"
}

# The file $1 of the cgroup, in whichever hierarchy it is.
group_file() {
	local directory
	for directory in $(groups); do
		[ -e "$directory/$1" ] && cat "$directory/$1" && return
	done
	fail "no $1 in: $(groups)"
}

# Starts the container in the background and waits until its program runs.
start() {
	casemate_run --pid-file "$BATS_TEST_TMPDIR/pid" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	LAUNCHER=$!
	eventually test -s "$BATS_TEST_TMPDIR/pid" || fail "it did not start: $(<"$BATS_TEST_TMPDIR/out")" || return
	PID=$(cat "$BATS_TEST_TMPDIR/pid")
}

finish() {
	status=0
	wait "$LAUNCHER" || status=$?
	LAUNCHER=
}

# --- processes

@test "a fork bomb ends at the limit of processes" {
	edit_config '.linux.resources.pids.limit = 20'
	attack fork-bomb 20
	assert_denied EAGAIN
	[[ $output =~ after\ ([0-9]+)\ processes ]]
	[ "${BASH_REMATCH[1]}" -lt 20 ]
	assert_no_groups
}

@test "without a limit of processes that of the profile holds" {
	edit_config 'del(.linux.resources)'
	set_args /bin/sleep 60
	start
	[ "$(group_file pids.max)" = 1024 ]
	kill -KILL "$PID"
	finish
	[ "$status" -eq 137 ]
	assert_no_groups
}

@test "a user namespace of one user is limited without a cgroup" {
	requires userns
	edit_config '.linux.resources = {pids: {limit: 20}} | .linux.namespaces += [{type: "user"}]'
	set_args /probe fork-bomb 20
	chmod a+rx "$BUNDLE"
	run --separate-stderr as_user timeout 60 "$CASEMATE" run --bundle "$BUNDLE" "$ID" </dev/null
	assert_denied EAGAIN
}

# --- memory and CPUs

@test "a program that needs more memory than its limit is killed" {
	requires cgroup1
	set_args /bin/busybox dd if=/dev/zero of=/dev/null bs=48M count=1
	edit_config '.linux.resources.memory = {limit: 16777216}'
	run_casemate
	assert_status 137
	assert_no_groups
	edit_config '.linux.resources.memory = {limit: 134217728}'
	run_casemate
	assert_status 0
	assert_no_groups
}

@test "memory, swap and CPU limits are written" {
	requires cgroup1
	edit_config '.linux.resources += {memory: {limit: 33554432, reservation: 16777216},
		cpu: {shares: 512, quota: 20000, period: 50000, burst: 5000, cpus: "0", mems: "0"}}'
	set_args /bin/sleep 60
	start
	[ "$(group_file memory.limit_in_bytes)" = 33554432 ]
	[ "$(group_file memory.soft_limit_in_bytes)" = 16777216 ]
	[ "$(group_file cpu.shares)" = 512 ]
	[ "$(group_file cpu.cfs_quota_us)" = 20000 ]
	[ "$(group_file cpu.cfs_period_us)" = 50000 ]
	[ "$(group_file cpu.cfs_burst_us)" = 5000 ]
	grep -qx 'Cpus_allowed_list:	0' "/proc/$PID/status"
	grep -q ":memory:.*/casemate-$ID\$" "/proc/$PID/cgroup"
	kill -KILL "$PID"
	finish
	assert_no_groups
}

@test "memory nodes alone are enough for a cpuset" {
	requires cgroup1
	edit_config '.linux.resources = {cpu: {mems: "0"}}'
	set_args /bin/true
	run_casemate
	assert_status 0
	assert_no_groups
}

@test "a program uses no more CPU than its quota" {
	edit_config '.linux.resources += {cpu: {quota: 10000, period: 100000}}'
	set_args /bin/sh -c 'i=0; while [ $i -lt 2000000 ]; do i=$((i + 1)); done'
	start
	sleep 2
	local used
	used=$(awk '{ print $14 + $15 }' "/proc/$PID/stat")
	kill -KILL "$PID"
	finish
	# A tenth of 2 seconds is 20 ticks; without the limit it would be near 200.
	[ "$used" -lt 60 ] || fail "it used $used ticks"
}

# --- devices

@test "denied devices can be neither made nor opened" {
	without_filter
	# With no rule in the config the ceiling's own holds: CAP_MKNOD alone makes no device.
	device_maker '[]'
	attack mknod-char /tmp
	assert_denied EPERM
	device_maker '[{"allow": false, "access": "rwm"}]'
	attack mknod-char /tmp
	assert_denied EPERM
	attack mknod-block /tmp
	assert_denied EPERM
	set_args /bin/sh -c 'cat </dev/null && echo x >/dev/full'
	run_casemate
	assert_status 1
	assert_stderr "No space left"
	assert_no_groups
}

@test "privileged: devices can be made but not opened, unless a rule allows it" {
	PROFILE=privileged
	device_maker '[{"allow": false, "access": "rwm"}]'
	attack mknod-char /tmp
	assert_allowed
	attack mknod-open /tmp
	assert_denied EPERM
	device_maker '[{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rw"}]'
	attack mknod-open /tmp
	assert_allowed
	device_maker '[{"allow": true, "access": "rwm"}]'
	attack mknod-open /tmp
	assert_allowed
	assert_no_groups
}

@test "v2: a device program holds" {
	requires cgroup2
	without_filter
	device_maker '[{"allow": false, "access": "rwm"}]'
	edit_config 'del(.linux.resources.pids)'
	set_args /probe mknod-char /tmp
	run_in_v2
	assert_denied EPERM
	PROFILE=privileged
	run_in_v2
	assert_allowed
	set_args /probe mknod-open /tmp
	run_in_v2
	assert_denied EPERM
	edit_config '.linux.resources.devices += [{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rw"}]'
	run_in_v2
	assert_allowed
	set_args /bin/sh -c 'cat </dev/null && echo x >/dev/full'
	run_in_v2
	assert_stderr "No space left"
	run in_v2 find /sys/fs/cgroup -path "*$ID*"
	assert_output ""
}

@test "rules beyond the profile are refused" {
	edit_config '.linux.resources.devices = [{allow: true, type: "b", major: 8, minor: 0, access: "rw"}]'
	run_casemate
	assert_status 125
	assert_stderr "b 8:0 rw"
}

# --- v2

@test "v2: limits are written, the container is born in its cgroup, and nothing is left" {
	requires cgroup2
	local controller file value
	controller=$(in_v2 cat /sys/fs/cgroup/cgroup.controllers)
	case " $controller " in
	*" pids "*) file=pids.max value=77 ;;
	*" hugetlb "*) file=hugetlb.2MB.max value=4194304 ;;
	*) requires "a controller that v1 leaves to v2" ;;
	esac
	PROFILE=privileged
	edit_config --arg f "$file" --arg v "$value" \
		'.linux.resources = {unified: {($f): $v, "cgroup.max.descendants": "3"}} | .linux.namespaces |= map(select(.type != "cgroup"))'
	set_args /bin/sh -c 'grep ^0: /proc/self/cgroup 2>/dev/null || cat /proc/self/cgroup; sleep 60'
	in_v2 timeout -k 2 60 "$CASEMATE" run --profile privileged --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	LAUNCHER=$!
	eventually test -s "$BATS_TEST_TMPDIR/pid"
	PID=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(in_v2 cat "/sys/fs/cgroup/casemate-$ID/$file")" = "$value" ]
	[ "$(in_v2 cat "/sys/fs/cgroup/casemate-$ID/cgroup.max.descendants")" = 3 ]
	[ "$(in_v2 cat "/sys/fs/cgroup/casemate-$ID/cgroup.procs" | wc -l)" -ge 1 ]
	# The pid is written down before the program is executed.
	eventually grep -qx "0::/casemate-$ID" "$BATS_TEST_TMPDIR/out"
	in_v2 mkdir -p "/sys/fs/cgroup/casemate-$ID/inner/most"
	kill -KILL "$PID"
	finish
	run in_v2 find /sys/fs/cgroup -path "*$ID*"
	assert_output ""
}

# A cgroup that belongs to the test's user, with the controllers $1 to give away; in it, alone, what runs the container.
in_delegated() {
	cat >"$BATS_TEST_TMPDIR/delegated" <<'SH'
		set -e
		group=/sys/fs/cgroup/delegated-$ID
		mkdir "$group"
		for controller; do
			echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
			echo "+$controller" >"$group/cgroup.subtree_control"
		done
		mkdir "$group/own"
		chown -R "$TEST_UID" "$group"
		status=0
		sh -c 'echo $$ >"$0" && exec setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --inh-caps=-all \
			"$CASEMATE" run --bundle "$BUNDLE" "$ID"' "$group/own/cgroup.procs" </dev/null || status=$?
		find "$group/own" -mindepth 1 -type d
		echo "passed on: $(cat "$group/own/cgroup.subtree_control")"
		rmdir "$group/own" "$group"
		exit "$status"
SH
	chmod a+rx "$BUNDLE"
	export ID BUNDLE
	run --separate-stderr in_v2 sh "$BATS_TEST_TMPDIR/delegated" "$@"
}

# Stopped at each of its looks at a path once, while the container that had the directories made ends.
@test "directories that another container's end removes meanwhile are made again" {
	requires cgroup2 strace
	local at stopped log=$BATS_TEST_TMPDIR/log launcher
	privileged
	edit_config '.linux.resources = {} | .linux.cgroupsPath = $path' --arg path "/$ID-other/group/own"
	set_args /bin/true
	for at in {1..40}; do
		rm -f "$log"
		in_v2 mkdir -p "/sys/fs/cgroup/$ID-other/group"
		in_v2 timeout -k 2 60 strace -o "$log" -e trace=openat2 -e "inject=openat2:signal=SIGSTOP:when=$at" \
			"$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
		launcher=$!
		eventually grep -q 'stopped by SIGSTOP\|exited with' "$log"
		stopped=$(grep -c 'stopped by SIGSTOP' "$log") || true
		in_v2 rmdir "/sys/fs/cgroup/$ID-other/group" "/sys/fs/cgroup/$ID-other" 2>/dev/null || true
		pkill -CONT -f -- "run --profile $PROFILE --bundle $BUNDLE $ID" || true
		wait "$launcher" || fail "at $at: $(cat "$BATS_TEST_TMPDIR/out" "$log")"
		[ "$stopped" -eq 1 ] || break
	done
	[ "$at" -gt 4 ] || fail "it was stopped $((at - 1)) times"
	[ -z "$(in_v2 find /sys/fs/cgroup -name "$ID*")" ] || fail "left: $(in_v2 find /sys/fs/cgroup -name "$ID*")"
}

@test "v2: without root a delegated cgroup is used" {
	requires cgroup2 userns
	edit_config '.linux.resources = {unified: {"cgroup.max.descendants": "3"}} | .linux.namespaces += [{type: "user"}]'
	set_args /bin/cat /proc/self/cgroup
	in_delegated
	assert_status 0
	assert_line "0::/"
	assert_line "passed on: "
	[ "$(grep -c . <<<"$output")" -eq "$(($(grep -c : /proc/self/cgroup) + 1))" ] || fail "cgroups were left"
}

@test "v2: without root the launcher makes way for controllers, and comes back" {
	requires cgroup2 userns
	local controllers file value
	controllers=" $(in_v2 cat /sys/fs/cgroup/cgroup.controllers) "
	case $controllers in
	*" memory "*) controllers=memory file=memory.max value=67108864 ;;
	*" hugetlb "*) controllers=hugetlb file=hugetlb.2MB.max value=4194304 ;;
	*) requires "a controller that v1 leaves to v2" ;;
	esac
	edit_config --arg f "$file" --arg v "$value" \
		'.linux.resources = {unified: {($f): $v}} | .linux.namespaces += [{type: "user"}]
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup2", source: "cgroup", options: ["ro", "nosuid", "nodev", "noexec"]}]'
	set_args /bin/cat "/sys/fs/cgroup/$file"
	in_delegated "$controllers"
	assert_status 0
	assert_output "$value
passed on: "
}

# cgroups(7): options of cgroup2 are of the hierarchy, and whoever mounts it in the first cgroup namespace sets them for all.
@test "v2: a container in the host's cgroup namespace leaves the host's options as they are" {
	requires cgroup2
	local path
	PROFILE=privileged
	set_args /bin/cat /sys/fs/cgroup/cgroup.controllers
	edit_config 'del(.linux.resources) | .linux.namespaces |= map(select(.type != "cgroup"))
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid", "nodev", "noexec"]}]'
	for path in "" /proc/self/ns/cgroup; do
		[ -z "$path" ] || edit_config --arg path "$path" '.linux.namespaces += [{type: "cgroup", path: $path}]'
		run --separate-stderr in_v2 sh -c 'options() { awk "\$3 == \"cgroup2\" { last = \$4 } END { print last }" /proc/self/mounts; }
			old=$(options)
			mount -o remount,nsdelegate,memory_recursiveprot /sys/fs/cgroup && "$@"
			status=$?
			echo "options: $(options)"
			mount -o "remount,$old" /sys/fs/cgroup
			exit $status' sh timeout -k 2 60 "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
		assert_status 0
		assert_match 'options:.*nsdelegate.*memory_recursiveprot'
		assert_line "$(in_v2 cat /sys/fs/cgroup/cgroup.controllers)"
	done
}

@test "a limit that cannot be had says what to do" {
	requires userns cgroup1
	edit_config '.linux.resources = {memory: {limit: 16777216}} | .linux.namespaces += [{type: "user"}]'
	chmod a+rx "$BUNDLE"
	run --separate-stderr as_user timeout 60 "$CASEMATE" run --bundle "$BUNDLE" "$ID" </dev/null
	assert_status 125
	assert_stderr "memory"
	assert_stderr "Delegate=yes"
}

@test "what this version of cgroups does not have is said with its remedy" {
	requires cgroup2
	edit_config '.linux.resources.memory = {swappiness: 0}'
	run_in_v2
	assert_status 125
	assert_stderr "memory/swappiness"
	assert_stderr "leave it out"
	edit_config 'del(.linux.resources.memory) | .linux.resources.network = {classID: 1048577}'
	PROFILE=privileged run_in_v2
	assert_status 125
	assert_stderr "network/classID"
	edit_config 'del(.linux.resources.network) | .linux.cgroupsPath = "system.slice:casemate:x"'
	run_casemate
	assert_status 125
	assert_stderr "is for systemd, and the cgroups are made by files"
}

# --- nothing is left, and nothing is taken over

@test "nothing is left when the program is missing" {
	set_args /nothing
	run_casemate
	assert_status 127
	assert_no_groups
}

@test "processes that outlive the program are killed" {
	PROFILE=privileged
	edit_config '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(select(.destination != "/proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	set_args /bin/sh -c 'sleep 77 >/dev/null 2>&1 </dev/null & sleep 77 >/dev/null 2>&1 </dev/null & exit 3'
	run_casemate
	assert_status 3
	assert_no_groups
}

@test "cgroups made below that of the container are removed as well" {
	set_args /bin/sleep 60
	start
	local directory
	for directory in $(groups); do
		mkdir -p "$directory/one/two" "$directory/three"
	done
	kill -KILL "$PID"
	finish
	assert_no_groups
}

@test "and so are those that are nested more deeply than anybody thinks" {
	set_args /bin/sleep 60
	start
	local directory i
	for directory in $(groups); do
		(cd "$directory" && for ((i = 0; i < 80; i++)); do mkdir a b && cd -P b || exit; done)
	done
	kill -KILL "$PID"
	finish
	assert_no_groups
}

@test "a cgroup that is in use is not taken over" {
	edit_config --arg id "$ID" '.linux.cgroupsPath = "/casemate/\($id)"'
	set_args /bin/sleep 60
	start
	run --separate-stderr timeout 60 "$CASEMATE" run --bundle "$BUNDLE" "$ID-other" </dev/null
	assert_status 125
	assert_stderr "in use"
	[ -n "$(groups)" ]
	kill -0 "$PID"
	kill -KILL "$PID"
	finish
	assert_no_groups
}

@test "an empty cgroup is replaced, with its limits" {
	requires cgroup1
	mkdir -p "/sys/fs/cgroup/pids/casemate-$ID"
	echo 1 >"/sys/fs/cgroup/pids/casemate-$ID/pids.max"
	edit_config '.linux.resources.pids.limit = 44'
	set_args /bin/sleep 60
	start
	[ "$(group_file pids.max)" = 44 ]
	kill -KILL "$PID"
	finish
	assert_no_groups
}

@test "of a path only what was made is removed" {
	requires cgroup1
	mkdir "/sys/fs/cgroup/pids/engine-$ID"
	edit_config --arg id "$ID" '.linux.cgroupsPath = "/engine-\($id)/pod/\($id)"'
	set_args /bin/true
	run_casemate
	assert_status 0
	[ -z "$(find "/sys/fs/cgroup/pids/engine-$ID" -mindepth 1 -type d)" ]
	rmdir "/sys/fs/cgroup/pids/engine-$ID"
}

# A systemd in the container makes its cgroups below the one that it finds itself in.
@test "v1: by a path the container has a cgroup in each hierarchy, also in that of systemd" {
	local hierarchy wrong=""
	requires cgroup1
	edit_config --arg id "$ID" '.linux.cgroupsPath = "/\($id)/one"'
	set_args /bin/sleep 1000
	start
	for hierarchy in freezer pids memory cpu cpuset blkio devices systemd; do
		hierarchy=/sys/fs/cgroup/$hierarchy
		[ ! -e "$hierarchy/tasks" ] || grep -qx "$PID" "$hierarchy/$ID/one/tasks" || wrong+=" $hierarchy"
	done
	kill -KILL "$PID"
	finish
	[ -z "$wrong" ] || fail "not in$wrong"
	assert_no_groups
}

@test "launches at the same time do not disturb each other" {
	local i failed=0 pids=()
	set_args /bin/true
	for ((i = 0; i < 12; i++)); do
		timeout 60 "$CASEMATE" run --bundle "$BUNDLE" "$ID-$i" </dev/null 2>"$BATS_TEST_TMPDIR/err$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || failed=1
	done
	cat "$BATS_TEST_TMPDIR"/err*
	[ "$failed" -eq 0 ]
	[ -z "$(find /sys/fs/cgroup -type d -name "$ID-*")" ]
}
