#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What config.md and config-linux.md says that a runtime MUST do, tried with every program in $RUNTIMES; README.md explains it. The name of a test is
# that of the program of runtime-tools that tries the same, and what is demanded.

# shellcheck disable=SC2016,SC2030,SC2031,SC2329 # programs for sh; each check has variables of its own, and is called by each

load ../helpers/common
load ../helpers/cgroup
load checks

setup_file() {
	conformance_setup_file
}

setup() {
	conformance_setup
}

teardown() {
	conformance_teardown
}

# ---- config.md

@test "misc_props: unknown properties and annotations are no error, a version that is none is" {
	check() {
		change '.unknown = {"a": 1} | .process.unknown = 2 | .annotations = {"org.unknown": ""}'
		ran true
		change '.ociVersion = "invalid"'
		fails ran true
	}
	each
}

@test "hostname: is what uname says" {
	check() {
		change '.hostname = "conformance"'
		[ "$(ran cat /proc/sys/kernel/hostname)" = conformance ]
	}
	each
}

@test "process: arguments, environment and working directory" {
	check() {
		change '.process.env += ["testa=valuea"] | .process.cwd = "/srv"'
		[ "$(ran sh -c 'echo "$0 $1 $testa"; pwd' a 'b c')" = $'a b c valuea\n/srv' ]
	}
	each
}

@test "process: without arguments is an error" {
	check() {
		change 'del(.process.args)'
		fails rt run --bundle "$BUNDLE" "$ID"
	}
	each
}

@test "process_user: user, group, groups and umask" {
	check() {
		change '.process.user = {uid: 10, gid: 11, additionalGids: [5, 6], umask: 55}'
		[ "$(ran sh -c 'id -u; id -g; id -G | tr " " "\n" | sort -n | tr "\n" " "; umask')" = $'10\n11\n5 6 11 0067' ]
	}
	each
}

@test "process_capabilities: the sets are what they are said to be" {
	check() {
		change '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], effective: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"],
			inheritable: [], ambient: []} | .process.user = {uid: 1000, gid: 1000}'
		[ "$(ran sh -c 'grep CapBnd /proc/self/status; grep -c "CapInh:.0000000000000000" /proc/self/status')" = $'CapBnd:\t0000000000000021\n1' ]
	}
	each
}

@test "process_capabilities_fail: a name that is none is a warning and no error" {
	check() {
		change '.process.capabilities.bounding += ["CAP_NONE_SUCH"]'
		ran true
	}
	each
}

@test "process_rlimits: soft and hard limits" {
	check() {
		change '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 333, hard: 444}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]'
		[ "$(ran sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c')" = $'333\n444\n0' ]
	}
	each
}

@test "process_rlimits_fail: a type that is none, and one that is there twice, is an error" {
	check() {
		change '.process.rlimits = [{type: "RLIMIT_TEST", soft: 1, hard: 1}]'
		fails ran true
		change '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 100}, {type: "RLIMIT_NOFILE", soft: 200, hard: 200}]'
		fails ran true
	}
	each
}

@test "process_oom_score_adj: is set" {
	check() {
		change '.process.oomScoreAdj = 321'
		[ "$(ran cat /proc/self/oom_score_adj)" = 321 ]
	}
	each
}

@test "root_readonly_true: nothing can be written" {
	check() {
		change '.root.readonly = true'
		fails ran touch /file
		change '.root.readonly = false'
		ran touch /file
	}
	each
}

@test "mounts: in the order of the list, with their options" {
	check() {
		mkdir "$W/source-$RUNTIME"
		touch "$W/source-$RUNTIME/file"
		change '.mounts += [{destination: "/mnt", type: "tmpfs", source: "t", options: ["nosuid", "noexec", "size=1m"]},
			{destination: "/mnt/in", type: "bind", source: $source, options: ["bind", "ro"]}]' --arg source "$W/source-$RUNTIME"
		ran sh -c 'ls /mnt/in; grep " /mnt" /proc/self/mounts; touch /mnt/in/x || touch /mnt/x' >"$W/mounts"
		grep -x file "$W/mounts"
		grep -E '^t /mnt tmpfs rw,(.*,)?nosuid,(.*,)?noexec' "$W/mounts"
		grep -E ' /mnt/in .* ro,' "$W/mounts"
		[ ! -e "$W/source-$RUNTIME/x" ]
	}
	each
}

@test "default: the file systems and devices of config-linux.md are there" {
	check() {
		ran sh -c 'for d in null zero full random urandom tty; do test -c /dev/$d || echo $d; done
			test -e /dev/ptmx || echo ptmx; test "$(readlink /dev/fd)" = /proc/self/fd || echo fd
			for s in stdin stdout stderr; do readlink /dev/$s >/dev/null || echo $s; done
			for m in /proc /sys /dev/pts /dev/shm; do grep -q " $m " /proc/self/mounts || echo $m; done' >"$W/missing"
		[ ! -s "$W/missing" ]
	}
	each
}

# ---- config-linux.md

@test "linux_devices: with their numbers, mode and owner" {
	check() {
		change '.linux.devices = [{path: "/dev/one", type: "c", major: 1, minor: 3, fileMode: 438, uid: 7, gid: 8},
			{path: "/dev/pipe", type: "p", fileMode: 384, uid: 0, gid: 0}]'
		[ "$(ran stat -c '%F %t %T %a %u %g' /dev/one /dev/pipe)" = $'character special file 1 3 666 7 8\nfifo 0 0 600 0 0' ]
	}
	each
}

@test "linux_masked_paths: files and directories cannot be read" {
	check() {
		mkdir "$BUNDLE/rootfs/masked"
		echo secret | tee "$BUNDLE/rootfs/masked/a" >"$BUNDLE/rootfs/file"
		change '.linux.maskedPaths = ["/masked", "/file", "/none-such"]'
		[ "$(ran sh -c 'ls /masked; cat /file')" = "" ]
	}
	each
}

@test "linux_readonly_paths: files and directories cannot be written" {
	check() {
		mkdir "$BUNDLE/rootfs/still"
		touch "$BUNDLE/rootfs/file"
		change '.linux.readonlyPaths = ["/still", "/file", "/none-such"]'
		[ "$(ran sh -c 'touch /still/a 2>/dev/null || echo a; (echo >/file) 2>/dev/null || echo b; echo >/other && echo c')" = $'a\nb\nc' ]
	}
	each
}

@test "linux_seccomp: a call fails with the number that is asked for" {
	check() {
		change '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["chmod", "fchmodat"], action: "SCMP_ACT_ERRNO", errnoRet: 28}]}'
		ran busybox chmod 700 /srv >"$W/said" 2>&1 || true
		grep -i 'no space left' "$W/said"
		[ "$(ran sh -c 'grep Seccomp: /proc/self/status')" = $'Seccomp:\t2' ]
	}
	each
}

@test "linux_sysctl: of the container's namespaces" {
	check() {
		change '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4321"}'
		[ "$(ran cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax)" = $'1\n4321' ]
	}
	each
}

@test "linux_uid_mappings, linux_gid_mappings: are those of the user namespace" {
	check() {
		chmod 755 "$W" "$BUNDLE"
		change '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 2000}]
			| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 3000}] | .mounts |= map(select(.type != "mqueue"))'
		[ "$(ran sh -c 'cat /proc/self/uid_map /proc/self/gid_map' | tr -s ' ')" = $' 0 100000 2000\n 0 200000 3000' ]
	}
	each
}

@test "linux_ns_nopath: a type without a path is a new namespace" {
	check() {
		local kind
		ran sh -c 'for n in pid net ipc uts mnt cgroup; do readlink /proc/self/ns/$n; done' >"$W/inside"
		for kind in pid net ipc uts mnt cgroup; do
			fails grep -F "$(readlink "/proc/self/ns/$kind")" "$W/inside"
		done
	}
	each
}

@test "linux_ns_itype: a type that is not there is the caller's namespace" {
	check() {
		change '.linux.namespaces |= map(select(.type | IN("pid", "mount"))) | del(.hostname)
			| .mounts |= map(select(.type | IN("sysfs", "mqueue") | not))'
		[ "$(ran sh -c 'for n in net ipc uts cgroup; do readlink /proc/self/ns/$n; done')" = \
			"$(for kind in net ipc uts cgroup; do readlink "/proc/self/ns/$kind"; done)" ]
	}
	each
}

@test "linux_ns_path: a path is the namespace that is joined" {
	check() {
		local other
		unshare --net --ipc --uts sleep 60 3>&- &
		other=$!
		sleep 0.2
		change '.linux.namespaces |= map(if .type | IN("network", "ipc", "uts") then .path = "/proc/\($pid)/ns/\({network: "net"}[.type] // .type)"
			else . end) | del(.hostname)' --arg pid "$other"
		ran sh -c 'for n in net ipc uts; do readlink /proc/self/ns/$n; done' >"$W/inside"
		for kind in net ipc uts; do readlink "/proc/$other/ns/$kind"; done >"$W/outside"
		kill "$other"
		diff "$W/inside" "$W/outside"
	}
	each
}

@test "linux_ns_path_type: a path of another type is an error" {
	check() {
		change '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/ipc" else . end)'
		fails ran true
	}
	each
}

@test "linux_rootfs_propagation: shared, slave, private and unbindable" {
	check() {
		local mode word
		while read -r mode word; do
			change '.linux.rootfsPropagation = $mode' --arg mode "$mode"
			ran sh -c 'while read -r a b c d mnt options rest; do [ "$mnt" != / ] || echo "[$rest]"; done </proc/self/mountinfo' >"$W/root"
			grep -E "$word" "$W/root"
		done <<-'END'
			shared shared:
			slave ^\[(master:[0-9]+ )?-
			private ^\[-
			unbindable unbindable
		END
	}
	each
}

# ---- linux.resources, by cgroup v1

# limits FILTER CONTROLLER FILE VALUE [CONTROLLER FILE VALUE]...: for an absolute and a relative path
limits() {
	local filter=$1 path
	shift
	for path in "/conformance-$ID" "conformance-$ID"; do
		change "$filter"' | .linux.cgroupsPath = $path' --arg path "$path"
		start sleep 100
		local -a left=("$@")
		while [ ${#left[@]} -gt 0 ]; do
			[ "$(limit "${left[0]}" "${left[1]}")" = "${left[2]}" ]
			left=("${left[@]:3}")
		done
		rt delete --force "$ID"
	done
}

@test "linux_cgroups_pids, relative_pids: the limit is set" {
	check() { limits '.linux.resources.pids.limit = 1000' pids pids.max 1000; }
	requires cgroup1
	each
}

@test "linux_cgroups_memory, relative_memory: the limits are set" {
	check() {
		limits '.linux.resources.memory = {limit: 50593792, reservation: 40591360, swap: 60592128, swappiness: 50}' \
			memory memory.limit_in_bytes 50593792 memory memory.soft_limit_in_bytes 40591360 \
			memory memory.memsw.limit_in_bytes 60592128 memory memory.swappiness 50
	}
	requires cgroup1
	each
}

@test "linux_cgroups_cpus, relative_cpus: shares, quota, period and set" {
	check() {
		limits '.linux.resources.cpu = {shares: 1024, quota: 100000, period: 50000, cpus: "0", mems: "0"}' cpu cpu.shares 1024 \
			cpu cpu.cfs_quota_us 100000 cpu cpu.cfs_period_us 50000 cpuset cpuset.cpus 0 cpuset cpuset.mems 0
	}
	requires cgroup1
	each
}

@test "linux_cgroups_devices, relative_devices: the list is what is allowed" {
	check() {
		change '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"},
			{allow: true, type: "b", major: 8, minor: 20, access: "r"}]'
		start sleep 100
		limit devices devices.list >"$W/list"
		grep -x 'c 10:229 rw' "$W/list"
		grep -x 'b 8:20 r' "$W/list"
		fails grep -x 'a \*:\* rwm' "$W/list"
	}
	requires cgroup1
	each
}

@test "linux_cgroups_blkio, relative_blkio: rates of a device" {
	check() {
		local device
		device=$(sed -n 1p /sys/block/*/dev)
		change '.linux.resources.blockIO.throttleReadBpsDevice = [{major: ($d | split(":")[0] | tonumber), minor: ($d | split(":")[1] | tonumber),
			rate: 102400}]' --arg d "$device"
		start sleep 100
		[ "$(limit blkio blkio.throttle.read_bps_device)" = "$device 102400" ]
	}
	requires cgroup1
	each
}
