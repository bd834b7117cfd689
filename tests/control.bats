#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Containers that run: frozen, listed, killed, updated and counted by their cgroup, which a bundle has also without limits.

# shellcheck disable=SC2016 # programs for sh
# shellcheck disable=SC2030,SC2031 # each test has variables of its own

load helpers/common
load helpers/cgroup

setup() {
	common_setup
	requires root pids_cgroup
	make_bundle restricted
	# As engines have it: with a path there is a cgroup in every hierarchy.
	edit_config --arg id "$ID" 'del(.linux.resources) | .root.readonly = true | .linux.cgroupsPath = $id'
	set_args /bin/sh -c 'sleep 1000 & sleep 1000 & sleep 1000 & wait'
	STATE=$BATS_TEST_TMPDIR/state
	GROUP=casemate/$ID
	WRAP=()
}

teardown() {
	casemate delete --force "$ID" >/dev/null 2>&1 || true
	common_teardown
}

# Every later command of the test is run there.
use_v2() {
	requires cgroup2
	WRAP=(in_v2)
	# Where v1 has the pids controller, the ceiling of processes cannot be had in v2.
	PROFILE=privileged
}

casemate() {
	"${WRAP[@]}" timeout -k 2 60 "$CASEMATE" --root "$STATE" "$@"
}

# Starts the container detached; PID is its first process.
start() {
	casemate run --detach --profile "$PROFILE" --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || fail "it did not start: $(cat "$BATS_TEST_TMPDIR/out")"
	PID=$(cat "$BATS_TEST_TMPDIR/pid")
}

state_is() {
	[ "$(casemate state "$ID" | jq -r .status)" = "$1" ] || fail "the status is not $1"
}

# The value of the file $1 in the container's cgroup, in v1 in the hierarchy $2.
value() {
	if [ ${#WRAP[@]} -gt 0 ] || [ ! -d "/sys/fs/cgroup/$2" ]; then
		"${WRAP[@]}" cat "/sys/fs/cgroup/$GROUP/$1"
	else
		cat "/sys/fs/cgroup/$2/$GROUP/$1"
	fi
}

has_processes() {
	[ "$(casemate ps --format json "$ID" | jq length)" = "$1" ]
}

# Waits until the container has the number $1 of processes.
await_processes() {
	eventually has_processes "$1" || fail "it does not have $1 processes: $(casemate ps --format json "$ID")"
}

# Ticks of CPU that the container's first process has used.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$PID/stat"
}

uses_more_than() {
	[ "$(ticks)" -gt "$1" ]
}

pause_test() {
	set_args /bin/sh -c 'while :; do :; done'
	start
	casemate pause "$ID"
	state_is paused
	local before
	before=$(ticks)
	sleep 0.3
	[ "$(ticks)" -eq "$before" ] || fail "it ran while it was paused"
	capture casemate pause "$ID"
	assert_status 125
	assert_stderr "already paused"
	casemate resume "$ID"
	state_is running
	eventually uses_more_than "$before" || fail "it does not run after resume"
	capture casemate resume "$ID"
	assert_status 125
	assert_stderr "not paused"
}

@test "pause freezes, resume lets go on" {
	pause_test
}

@test "v2: pause freezes, resume lets go on" {
	use_v2
	pause_test
}

paused_kill_test() {
	start
	casemate pause "$ID"
	casemate kill "$ID" KILL
	eventually state_is stopped
	casemate delete "$ID"
	start
	casemate pause "$ID"
	casemate delete --force "$ID"
	capture casemate state "$ID"
	assert_stderr "does not exist"
}

@test "a paused container can be killed and deleted" {
	paused_kill_test
}

@test "v2: a paused container can be killed and deleted" {
	use_v2
	paused_kill_test
}

list_test() {
	start
	await_processes 4
	capture casemate ps --format json "$ID"
	assert_match "^\[$PID,[0-9,]+\]\$"
	capture casemate ps "$ID"
	[ "$(grep -c 'sleep 1000' <<<"$output")" -ge 3 ] || fail "not all are listed"
	[[ $output == *PID* && $output != *bats* ]] || fail "no header, or others"
	capture casemate ps --format table "$ID" -e -o pid,comm
	assert_line "    PID COMMAND" || assert_line "  PID COMMAND"
	[ "$(grep -c . <<<"$output")" -eq 5 ]
	capture casemate ps "$ID" -e -o comm
	assert_status 125
	assert_stderr "no column PID"
	capture casemate ps --format xml "$ID"
	assert_status 125
	# Not every ps(1) minds what a process is called.
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nprintf "PID CMD\\n%%d \\033[31mred\\302\\23331mer\\n" %d\n' "$PID" >"$BATS_TEST_TMPDIR/bin/ps"
	chmod 755 "$BATS_TEST_TMPDIR/bin/ps"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH capture casemate ps "$ID"
	assert_line "$PID"' \x1b[31mred\xc2\x9b31mer'
}

@test "ps lists the processes of the container, and no others" {
	list_test
}

@test "v2: ps lists the processes of the container, and no others" {
	use_v2
	list_test
}

@test "v2: processes in cgroups that the container made are its own" {
	use_v2
	start
	await_processes 4
	local child
	child=$(casemate ps --format json "$ID" | jq '.[-1]')
	in_v2 sh -c 'mkdir -p "$1/a/b" && echo "$2" >"$1/a/b/cgroup.procs"' sh "/sys/fs/cgroup/casemate/$ID" "$child"
	await_processes 4
	casemate kill --all "$ID" KILL
	await_processes 0
}

# Without a pid namespace of its own what the first process leaves is not killed with it.
kill_all_test() {
	PROFILE=privileged
	edit_config '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(select(.destination != "/proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	start
	await_processes 4
	casemate kill --all "$ID" "$1"
	await_processes 0
	casemate kill --all "$ID" "$1"
}

@test "kill --all reaches every process" {
	kill_all_test KILL
}

@test "v2: kill --all reaches every process" {
	use_v2
	kill_all_test KILL
}

@test "kill --all sends any signal" {
	kill_all_test TERM
}

@test "v2: kill --all sends any signal" {
	use_v2
	kill_all_test 15
}

# A chain of 200 cgroups below the container's, with 100 more at its end: a process in the deepest, one in the last of
# these. As deep as a container likes, and more than are looked at together.
nest() {
	local group="/sys/fs/cgroup/$GROUP" pids
	if [ ${#WRAP[@]} -eq 0 ] && have_cgroup1; then group="/sys/fs/cgroup/freezer/$GROUP"; fi
	mapfile -t pids < <(casemate ps --format json "$ID" | jq '.[]')
	# shellcheck disable=SC2016 # expanded in there
	"${WRAP[@]}" bash -c 'set -e
		cd "$1"
		for ((i = 0; i < 200; i++)); do mkdir a && cd -P a; done
		echo "$2" >cgroup.procs
		for ((i = 0; i < 100; i++)); do mkdir "b$i"; done
		echo "$3" >b99/cgroup.procs
		if [ -e b99/freezer.state ]; then echo FROZEN >b99/freezer.state; fi' nest "$group" "${pids[1]}" "${pids[2]}"
}

deep_test() {
	PROFILE=privileged
	edit_config '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(select(.destination != "/proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	start
	await_processes 4
	nest
	has_processes 4 || fail "ps lists others: $(casemate ps --format json "$ID")"
	casemate pause "$ID"
	state_is paused
	casemate resume "$ID"
	state_is running
	casemate kill --all "$ID" CONT
	has_processes 4
	casemate kill --all "$ID" KILL
	await_processes 0
	casemate delete "$ID"
	start
	await_processes 4
	nest
	casemate delete --force "$ID"
	[ -z "$("${WRAP[@]}" find /sys/fs/cgroup -type d -name "$ID")" ] || fail "cgroups are left"
}

@test "no depth and no number of its cgroups hides a process of a container" {
	deep_test
}

@test "v2: no depth and no number of its cgroups hides a process of a container" {
	use_v2
	deep_test
}

# --- update

update_v1() {
	casemate update --memory 64m --memory-swap 128m --memory-reservation 32m --cpu-quota 20000 --cpu-period 50000 \
		--cpu-burst 1000 --cpu-share 512 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit 77 "$ID"
	[ "$(value memory.limit_in_bytes memory)" = 67108864 ]
	[ "$(value memory.memsw.limit_in_bytes memory)" = 134217728 ]
	[ "$(value memory.soft_limit_in_bytes memory)" = 33554432 ]
	[ "$(value cpu.cfs_quota_us cpu)" = 20000 ]
	[ "$(value cpu.cfs_period_us cpu)" = 50000 ]
	[ "$(value cpu.cfs_burst_us cpu)" = 1000 ]
	[ "$(value cpu.shares cpu)" = 512 ]
	[ "$(value cpuset.cpus cpuset)" = 0 ]
	[ "$(value pids.max pids)" = 77 ]
	# Up, where swap has to go first, and down, where memory has to.
	casemate update --memory 256m --memory-swap 512m "$ID"
	[ "$(value memory.limit_in_bytes memory)" = 268435456 ]
	casemate update --memory 32m --memory-swap 32m "$ID"
	[ "$(value memory.memsw.limit_in_bytes memory)" = 33554432 ]
	casemate update --cpu-idle 1 "$ID"
	[ "$(value cpu.idle cpu)" = 1 ]
	casemate update --cpu-idle 0 --cpu-share 300 "$ID"
	[ "$(value cpu.shares cpu)" = 300 ]
	casemate update --memory -1 --cpu-quota -1 --cpu-burst 0 "$ID"
	[ "$(value memory.limit_in_bytes memory)" -gt 1000000000000 ]
	[ "$(value cpu.cfs_quota_us cpu)" = -1 ]
}

update_v2() {
	casemate update --memory 64m --memory-swap 128m --memory-reservation 32m --cpu-quota 20000 --cpu-period 50000 \
		--cpu-burst 1000 --cpu-share 512 --pids-limit 77 "$ID"
	[ "$(value memory.max)" = 67108864 ]
	[ "$(value memory.swap.max)" = 67108864 ]
	[ "$(value memory.low)" = 33554432 ]
	[ "$(value cpu.max)" = "20000 50000" ]
	[ "$(value cpu.max.burst)" = 1000 ]
	[ "$(value cpu.weight)" = 59 ]
	[ "$(value pids.max)" = 77 ]
	# One of two that are one file, or a difference: the other stays.
	casemate update --cpu-period 40000 "$ID"
	[ "$(value cpu.max)" = "20000 40000" ]
	casemate update --cpu-quota 10000 "$ID"
	[ "$(value cpu.max)" = "10000 40000" ]
	casemate update --memory-swap 96m "$ID"
	[ "$(value memory.swap.max)" = 33554432 ]
	casemate update --memory -1 --cpu-quota -1 --cpu-burst 0 --memory-reservation -1 "$ID"
	[ "$(value memory.max)" = max ]
	[ "$(value memory.swap.max)" = max ]
	[ "$(value memory.low)" = 0 ]
	[ "$(value cpu.max)" = "max 40000" ]
	capture casemate update --cpu-rt-runtime 1000 "$ID"
	assert_status 125
	assert_stderr "realtimeRuntime"
}

@test "update changes every kind of limit" {
	start
	if have_cgroup1; then update_v1; else update_v2; fi
}

@test "v2: update enables the controller that it needs" {
	use_v2
	start
	local file value
	case " $(in_v2 cat /sys/fs/cgroup/cgroup.controllers) " in
	*" hugetlb "*) file=hugetlb.2MB.max value=4194304 ;;
	*" cpuset "*) file=cpuset.cpus value=0 ;;
	*) file=memory.high value=67108864 ;;
	esac
	casemate update --resources - "$ID" <<<"{\"unified\": {\"$file\": \"$value\"}}"
	[ "$(value "$file")" = "$value" ]
	capture casemate update --resources - "$ID" <<<'{"unified": {"nosuch.max": "1"}}'
	assert_status 125
	assert_stderr "cgroup.controllers"
	capture casemate update --resources - "$ID" <<<'{"unified": {"cgroup.procs": "1"}}'
	assert_status 125
}

@test "update reads what engines write, from a file or standard input" {
	start
	local resources='{"pids": {"limit": 55}, "memory": {"limit": 0}, "cpu": {"shares": 0, "quota": 0, "cpus": ""},
		"blockIO": {"weight": 0}, "devices": [{"allow": true, "access": "rwm"}]}'
	casemate update --resources - "$ID" <<<"$resources"
	[ "$(value pids.max pids)" = 55 ]
	casemate update --resources=- "$ID" <<<'{"pids": {"limit": 56}}'
	[ "$(value pids.max pids)" = 56 ]
	echo '{"pids": {"limit": 57}}' >"$BATS_TEST_TMPDIR/resources"
	casemate update -r "$BATS_TEST_TMPDIR/resources" "$ID"
	[ "$(value pids.max pids)" = 57 ]
	capture casemate update --resources - "$ID" <<<'{"pids": {"limit": "x"}}'
	assert_status 125
	assert_stderr "standard input"
	capture casemate update --resources - "$ID" <<<'{"cpu": {"cpus": "0\n1"}}'
	assert_status 125
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	capture casemate update --resources "$BATS_TEST_TMPDIR/fifo" "$ID"
	assert_status 125
	capture casemate update --memory 12q "$ID"
	assert_status 125
	assert_stderr "invalid value for --memory"
	capture casemate update --memory 99999999999g "$ID"
	assert_status 125
	[ "$(value pids.max pids)" = 57 ]
}

@test "update does not go above the ceiling" {
	start
	casemate update --pids-limit 5000 "$ID"
	[ "$(value pids.max pids)" = 1024 ]
	casemate update --pids-limit -1 "$ID"
	[ "$(value pids.max pids)" = 1024 ]
	echo '{"unified": {"pids.max": "max"}}' >"$BATS_TEST_TMPDIR/resources"
	casemate update -r "$BATS_TEST_TMPDIR/resources" "$ID" || [ "$(value pids.max pids)" = 1024 ]
	[ "$(value pids.max pids)" = 1024 ]
	casemate delete --force "$ID"
	PROFILE=privileged
	start
	casemate update --pids-limit 5000 "$ID"
	[ "$(value pids.max pids)" = 5000 ]
}

@test "v2: nor does it give the real-time class of I/O" {
	use_v2
	echo '{"casemate": 1, "name": "file", "extends": "privileged", "realtime": "refuse"}' >"$BATS_TEST_TMPDIR/file.json"
	PROFILE=$BATS_TEST_TMPDIR/file.json
	start
	capture casemate update --resources - "$ID" <<<'{"unified": {"io.prio.class": "promote-to-rt"}}'
	assert_status 125
	assert_stderr "refuses it: the real-time I/O class"
}

@test "checkBeforeUpdate keeps a limit that is below what is used" {
	start
	local before
	before=$(value memory.limit_in_bytes memory 2>/dev/null || value memory.max)
	capture casemate update --resources - "$ID" <<<'{"memory": {"limit": 4096, "checkBeforeUpdate": true}}'
	assert_status 125
	assert_stderr "unable to set memory limit to 4096 (current usage: "
	[ "$(value memory.limit_in_bytes memory 2>/dev/null || value memory.max)" = "$before" ]
}

# --- events

@test "events --stats has the members that runc's has" {
	start
	capture casemate events --stats "$ID"
	assert_status 0
	[ -z "$stderr" ]
	[ "$(wc -l <<<"$output")" -eq 1 ]
	jq -e --arg id "$ID" '.type == "stats" and .id == $id
		and (.data | keys == ["blkio", "cpu", "cpuset", "hugetlb", "intel_rdt", "memory", "network_interfaces", "pids"])
		and (.data.cpu.usage | has("kernel") and has("user") and .total > 0)
		and .data.pids.current == 4 and .data.pids.limit == 1024
		and (.data.memory.usage | has("limit") and has("failcnt") and .usage > 0)
		and (.data.memory | has("swap") and has("kernel") and has("kernelTCP") and (.raw | length > 10))
		and (.data.cpuset | has("cpu_exclusive"))
		and .data.network_interfaces == null' <<<"$output" || fail "another shape"
}

has_stats() {
	[ "$(grep -c '"type":"stats"' "$BATS_TEST_TMPDIR/events")" -ge "$1" ]
}

@test "events go on until the container ends" {
	start
	casemate events --interval 100ms "$ID" >"$BATS_TEST_TMPDIR/events" 3>&- &
	local events=$!
	eventually has_stats 3
	casemate kill "$ID" KILL
	wait "$events"
	jq -es 'all(.type == "stats")' "$BATS_TEST_TMPDIR/events"
	capture casemate events --stats "$ID"
	assert_status 125
	assert_stderr "not running"
	capture casemate events --interval 0 "$ID"
	assert_status 125
}

@test "events tells that the limit of memory struck" {
	edit_config '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	set_args /bin/sh -c 'while :; do dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 0.2; done'
	start
	casemate events --interval 1h "$ID" >"$BATS_TEST_TMPDIR/events" 3>&- &
	local events=$!
	eventually grep -q oom "$BATS_TEST_TMPDIR/events"
	casemate kill "$ID" KILL
	wait "$events"
	head -1 "$BATS_TEST_TMPDIR/events" | jq -e --arg id "$ID" '. == {type: "oom", id: $id}'
}

@test "a launch that its limit of memory ends says so" {
	edit_config '.linux.resources.memory = {limit: 4096, swap: 4096}'
	capture casemate run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
	assert_status 125
	assert_stderr "killed by the memory limit during set-up"
	assert_stderr "memory.limit (docker: --memory; sandbox: --mem)"
}

@test "a sandbox that its limit of memory ends says so" {
	# More than the limit and all swap.
	local mib=$((64 + $(awk '/^SwapTotal/ { print $2 }' /proc/meminfo) / 1024))
	capture casemate sandbox --mem 32M -- dd if=/dev/zero of=/dev/null bs=${mib}M count=1 </dev/null
	assert_status 137
	assert_stderr "killed by its limit of memory: raise --mem"
	capture casemate sandbox --mem 32M -- sh -c 'kill -9 $$' </dev/null
	assert_status 137
	refute_stderr "limit of memory"
}

# --- the cgroup of those who asked for nothing

@test "without limits there is a cgroup that engines can look at" {
	PROFILE=privileged
	start
	[ "$(value cgroup.procs pids | wc -l)" -eq 4 ]
	[ "$(value cgroup.procs memory | wc -l)" -eq 4 ]
	[ "$(value cgroup.procs freezer | wc -l)" -eq 4 ]
	value cpu.stat cpu
	have_cgroup1 || value io.stat
	casemate delete --force "$ID"
	[ -z "$(find /sys/fs/cgroup -type d -name "*$ID")" ]
}

@test "without a path and limits there is what holds, freezes and lists it, and in v1 no more" {
	PROFILE=privileged GROUP=casemate-$ID
	edit_config 'del(.linux.cgroupsPath)'
	start
	[ "$(value cgroup.procs pids | wc -l)" -eq 4 ]
	casemate pause "$ID"
	state_is paused
	casemate resume "$ID"
	if have_cgroup1; then
		groups=$(find /sys/fs/cgroup -type d -name "casemate-$ID" | cut -d/ -f5 | sort | xargs)
		[ "$groups" = "devices freezer pids" ] || fail "it has cgroups in: $groups"
		capture casemate update --memory 64m "$ID"
		assert_status 125
		assert_stderr "or with linux.cgroupsPath"
	fi
	casemate delete --force "$ID"
	[ -z "$(find /sys/fs/cgroup -type d -name "*$ID")" ]
}

user_casemate() {
	"${WRAP[@]}" setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --inh-caps=-all \
		env -C / HOME=/nonexistent timeout -k 2 60 "$CASEMATE" --root "$STATE" "$@"
}

# A user may not make the cgroup that the bundle names, and no limit needs one.
left_out_test() {
	requires userns
	edit_config '.linux.namespaces += [{type: "user"}]'
	chmod a+rx "$BUNDLE"
	install -d -o "$TEST_UID" "$STATE"
	user_casemate run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- ||
		fail "it did not start: $(cat "$BATS_TEST_TMPDIR/out")"
	capture user_casemate pause "$ID"
	assert_status 125
	assert_stderr "no cgroup"
	assert_stderr "Delegate=yes"
	capture user_casemate update --pids-limit 5 "$ID"
	assert_status 125
	assert_stderr "no cgroup"
	assert_stderr "Delegate=yes"
	capture user_casemate events --stats "$ID"
	assert_status 125
	assert_stderr $'has no cgroup\n'
	capture user_casemate ps --format json "$ID"
	assert_status 0
	assert_output "[$(user_casemate state "$ID" | jq .pid)]"
	capture user_casemate exec "$ID" /bin/sh -c 'echo inside'
	assert_status 0
	assert_output inside
	user_casemate kill --all "$ID" KILL
	user_casemate delete --force "$ID"
}

@test "what a container without a cgroup cannot have is said, and the rest works" {
	left_out_test
}

@test "v2: what a container without a cgroup cannot have is said, and the rest works" {
	requires cgroup2
	WRAP=(in_v2)
	left_out_test
}
