#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Scheduling, I/O priority, memory policy, execution domain and clocks: explained in words, and as asked for.

load helpers/common

setup() {
	common_setup
	requires root
	privileged
}

teardown() {
	common_teardown
}

explained() {
	edit_config "$1"
	shift
	capture "$CASEMATE" explain --profile privileged "$BUNDLE"
	assert_status 0 || return
	local text
	for text; do
		[[ $output == *"$text"* ]] || fail "expected in the plan: $text" || return
	done
}

@test "explain names the scheduler, its flags and a deadline's times" {
	explained '.process.scheduler = {policy: "SCHED_BATCH", nice: 5, flags: ["SCHED_FLAG_RESET_ON_FORK"]}' \
		'scheduling: SCHED_BATCH, nice 5, priority 0 SCHED_FLAG_RESET_ON_FORK'
	explained '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 2000000, period: 4000000}' \
		'1000000 ns within 2000000 ns of every 4000000 ns'
}

@test "explain names I/O class, memory policy, domain, clocks and the CPUs of what joins later" {
	explained '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 7} | .linux.personality = {domain: "LINUX32"}
		| .linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0-1,3", flags: ["MPOL_F_STATIC_NODES"]}
		| .process.execCPUAffinity = {initial: "0", final: "0-1"}
		| .linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 7, nanosecs: 5}}' \
		'IOPRIO_CLASS_IDLE, level 7' 'domain LINUX32' 'MPOL_INTERLEAVE on nodes 0-1,3 MPOL_F_STATIC_NODES' \
		'starts on CPUs 0' 'runs on CPUs 0-1' 'clock monotonic is moved by 7.000000005 s'
}

@test "scheduler, nice, I/O class, execution domain and clock are as asked for" {
	edit_config '.process.scheduler = {policy: "SCHED_BATCH", nice: 5} | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 2}
		| .linux.personality = {domain: "LINUX32"} | .linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {boottime: {secs: 1000000000}}'
	edit_config '.process.args = ["/bin/busybox", "sh", "-c", "busybox awk \"{print \\\"nice\\\", \\$19, \\\"policy\\\", \\$41}\" /proc/self/stat; busybox ionice -p $$; busybox uname -m; busybox cut -d. -f1 /proc/uptime"]'
	run_casemate
	assert_status 0
	# SCHED_BATCH is 3 (proc_pid_stat(5)).
	assert_line "nice 5 policy 3"
	assert_match 'best-effort: prio 2'
	[ "$(uname -m)" != x86_64 ] || assert_line i686
	[ "$(tail -n 1 <<<"$output")" -gt 1000000000 ] || fail "the clock was not moved"
}

@test "a list that is none is refused while planning, by its name" {
	local list key
	for key in .process.execCPUAffinity.initial .process.execCPUAffinity.final .linux.memoryPolicy.nodes; do
		for list in ',' '0,' 3-1 0- -1 '0 1' 0,,1 99999; do
			make_bundle privileged
			edit_config ".linux.memoryPolicy = {mode: \"MPOL_BIND\", nodes: \"0\"} | $key = \"$list\""
			capture "$CASEMATE" explain --profile privileged "$BUNDLE"
			assert_status 125 && assert_stderr "${key//./\/}: '$list'" || return
		done
	done
}

@test "what the specification does not define is refused" {
	edit_config '.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]}'
	run_casemate
	assert_status 125
	assert_stderr /linux/personality/flags
	edit_config '.linux.personality = {domain: "BSD"}'
	run_casemate
	assert_status 125
	assert_stderr BSD
	edit_config 'del(.linux.personality) | .linux.timeOffsets = {boottime: {secs: 1}}'
	run_casemate
	assert_status 125 && assert_stderr 'needs a new time namespace'
}
