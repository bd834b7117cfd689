#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What the runtime specification says that a runtime MUST do, tried with every program in $RUNTIMES; README.md explains it. The name
# of a test is that of the program of runtime-tools that tries the same, and what is demanded.

# shellcheck disable=SC2016,SC2030,SC2031 # programs for sh; each check has variables of its own

load ../helpers/common
load ../helpers/cgroup

RUNTIMES=${RUNTIMES:-casemate-privileged crun runc}

setup_file() {
	export CONFORMANCE_RESULTS=${CONFORMANCE_RESULTS:-${BUILD:-$TESTS/../build}/conformance-results}
	: >"$CONFORMANCE_RESULTS"
}

setup() {
	common_setup
	requires root jq crun runc pids_cgroup
	W=$BATS_TEST_TMPDIR
	mkdir "$W/bin"
	ln -s "$CASEMATE" "$W/bin/casemate-privileged"
}

teardown() {
	for RUNTIME in $RUNTIMES; do
		rt delete --force "$ID" >/dev/null 2>&1 || true
	done
	common_teardown
}

# ---- words for checks

# crun does not know a host with both versions of cgroups: each of them sees v1 alone there.
rt() {
	local alone=()
	[ ! -d /sys/fs/cgroup/unified ] ||
		alone=(unshare --mount --propagation private sh -c 'umount /sys/fs/cgroup/unified; exec "$@"' -)
	# A pipe, because some give what is their standard input to the user of the container, also the host's /dev/null.
	: | PATH=$W/bin:$PATH timeout -k 2 60 "${alone[@]}" "$RUNTIME" --root "$W/state-$RUNTIME" "$@" 3>&-
}

# change FILTER [ARGS]: of config.json, for everything that is launched from now on
change() {
	edit_config "$@"
}

# ran PROGRAM...: its output, from a whole life of the container
ran() {
	change '.process.args = $ARGS.positional' --args -- "$@"
	rt run --bundle "$BUNDLE" "$ID"
}

# Output goes to a file: a container keeps the streams it was made with.
create() {
	[ $# -eq 0 ] || change '.process.args = $ARGS.positional' --args -- "$@"
	rt create --bundle "$BUNDLE" --pid-file "$W/pid" "$ID" >"$W/output" 2>&1 || { cat "$W/output" && return 1; }
}

start() {
	create "$@" && rt start "$ID"
}

fails() {
	if "$@"; then
		echo "it worked: $*"
		return 1
	fi
}

status() {
	rt state "$ID" | jq -r .status
}

becomes() {
	local i
	for ((i = 0; i < 100; i++)); do
		[ "$(status)" != "$1" ] || return 0
		sleep 0.05
	done
	return 1
}

gone() {
	fails rt state "$ID"
}

# hook KIND PROGRAM-FOR-SH: adds one that works in $W. It reads its whole input, because some runtimes die when it does not.
hook() {
	change ".hooks.$1 += [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \$text]}]" --arg text "state=\$(cat); cd $W; $2"
}

# The value of a file of the container's cgroup. v1: the first hierarchy that has the controller; the path of v2 otherwise.
limit() {
	local line
	line=$(grep -E "^[0-9]+:([a-z_,=]*,)?$1(,[a-z_,=]*)?:" "/proc/$(cat "$W/pid")/cgroup")
	cat "/sys/fs/cgroup/$1${line##*:}/$2"
}

# ---- one check for every runtime

check_one() (
	trap - ERR DEBUG EXIT
	set -e -o pipefail
	make_bundle privileged
	# The version that every one of them knows, but where a newer one is tried.
	change '.ociVersion = "1.0.2"'
	set -x
	check
)

# each WORDS: a check that casemate fails is a test that fails; how the others do is written down.
each() {
	local log=$W/check.log answer status failed=0
	for RUNTIME in $RUNTIMES; do
		rm -rf "$BUNDLE" "$W"/hook* "$W/pid"
		set +eET
		check_one >"$log" 2>&1 3>&- </dev/null
		status=$?
		set -eET
		rt delete --force "$ID" >/dev/null 2>&1 || true
		[ "$status" -eq 0 ] && answer=passes || answer=fails
		printf 'check\t%s\t%s\t%s\n' "$BATS_TEST_DESCRIPTION" "$RUNTIME" "$answer" >>"$CONFORMANCE_RESULTS"
		[ "$answer" = fails ] || continue
		echo "=== $RUNTIME fails"
		tail -n 30 "$log"
		[[ $RUNTIME != casemate* ]] || failed=1
	done
	return $failed
}

# ---- runtime.md

@test "create: an id is needed, and one of its own" {
	check() {
		fails rt create --bundle "$BUNDLE"
		create sleep 100
		fails rt create --bundle "$BUNDLE" "$ID"
		[ "$(status)" = created ]
	}
	each
}

@test "create: the program does not run before start" {
	check() {
		create touch /started
		sleep 0.2
		[ ! -e "$BUNDLE/rootfs/started" ]
		rt start "$ID"
		becomes stopped
		[ -e "$BUNDLE/rootfs/started" ]
	}
	each
}

@test "start: without an id, of what does not exist, or twice is an error without an effect" {
	check() {
		fails rt start
		fails rt start "$ID"
		start sleep 100
		fails rt start "$ID"
		[ "$(status)" = running ]
		rt kill "$ID" KILL
		becomes stopped
		fails rt start "$ID"
		[ "$(status)" = stopped ]
	}
	each
}

@test "state: without an id or of what does not exist is an error" {
	check() {
		fails rt state
		fails rt state "$ID"
	}
	each
}

@test "state: has every property that is required" {
	check() {
		change '.annotations = {"org.example": "x"}'
		start sleep 100
		rt state "$ID" | jq -e --arg id "$ID" --arg bundle "$BUNDLE" --argjson pid "$(cat "$W/pid")" '(.ociVersion | test("^1\\."))
			and .id == $id and .status == "running" and .pid == $pid and .bundle == $bundle
			and .annotations["org.example"] == "x"'
	}
	each
}

@test "kill: without an id or of what does not exist is an error" {
	check() {
		fails rt kill
		fails rt kill "$ID" KILL
	}
	each
}

@test "killsig: signals by number, name and with SIG reach the program" {
	check() {
		local signal
		change '.linux.namespaces |= map(select(.type != "pid"))'
		for signal in 10 USR1 SIGUSR1; do
			start sh -c 'trap "echo got >/signal; exit" USR1; echo ready >/ready; while :; do sleep 0.02; done'
			for ((i = 0; i < 100; i++)); do
				[ ! -e "$BUNDLE/rootfs/ready" ] || break
				sleep 0.02
			done
			rt kill "$ID" "$signal"
			becomes stopped
			[ "$(cat "$BUNDLE/rootfs/signal")" = got ]
			rm "$BUNDLE/rootfs/signal" "$BUNDLE/rootfs/ready"
			rt delete "$ID"
		done
	}
	each
}

@test "kill_no_effect: a signal to a stopped container is an error and changes nothing" {
	check() {
		local before
		start true
		becomes stopped
		before=$(rt state "$ID")
		fails rt kill "$ID" KILL
		[ "$(rt state "$ID")" = "$before" ]
	}
	each
}

@test "delete: without an id, or of what does not exist is an error" {
	check() {
		fails rt delete
		fails rt delete "$ID"
	}
	each
}

@test "delete: of a container that runs is an error without an effect" {
	check() {
		start sleep 100
		fails rt delete "$ID"
		[ "$(status)" = running ]
	}
	each
}

@test "delete_resources: nothing of it is left, and the id can be used again" {
	check() {
		start true
		becomes stopped
		rt delete "$ID"
		gone
		[ -z "$(find /sys/fs/cgroup -name "*$ID*")" ]
		start true
	}
	each
}

@test "delete_only_create_resources: what others made in the cgroup's parent stays" {
	check() {
		mkdir -p "/sys/fs/cgroup/pids/conformance-$ID/other"
		change '.linux.cgroupsPath = $path' --arg path "/conformance-$ID/mine"
		start true
		becomes stopped
		rt delete "$ID"
		[ -d "/sys/fs/cgroup/pids/conformance-$ID/other" ]
		[ ! -e "/sys/fs/cgroup/pids/conformance-$ID/mine" ]
	}
	requires cgroup1
	each
	find /sys/fs/cgroup -depth -type d -name "*conformance-$ID*" -exec sh -c 'rmdir "$1"/* "$1"' - {} \; 2>/dev/null || true
}

@test "config_updates_without_affect: a change of config.json after create has no effect" {
	check() {
		create sh -c 'echo "$WHICH" >/which'
		change '.process.env += ["WHICH=changed"] | .process.args = ["true"] | .hostname = "changed"'
		rt start "$ID"
		becomes stopped
		[ "$(cat "$BUNDLE/rootfs/which")" = "" ]
	}
	each
}

@test "pidfile: holds the pid that state has" {
	check() {
		create sleep 100
		[ "$(cat "$W/pid")" = "$(rt state "$ID" | jq .pid)" ]
	}
	each
}

# ---- hooks

@test "hooks: of each kind run in the order of the list" {
	check() {
		local kind
		for kind in prestart createRuntime poststart poststop; do
			hook "$kind" "echo $kind 1 >>hooks"
			hook "$kind" "echo $kind 2 >>hooks"
		done
		start sleep 100
		rt kill "$ID" KILL
		becomes stopped
		rt delete "$ID"
		diff "$W/hooks" - <<-'END'
			prestart 1
			prestart 2
			createRuntime 1
			createRuntime 2
			poststart 1
			poststart 2
			poststop 1
			poststop 2
		END
	}
	each
}

@test "hooks_stdin: the state is on their standard input" {
	check() {
		hook createRuntime 'echo "$state" >hook-creating'
		hook poststart 'echo "$state" >hook-poststart'
		hook poststop 'echo "$state" >hook-stopped'
		start sleep 100
		[ "$(jq -r '.id + " " + .bundle' "$W/hook-creating")" = "$ID $BUNDLE" ]
		jq -e '.status == "creating" or .status == "created"' "$W/hook-creating"
		[ "$(jq -r .pid "$W/hook-creating")" = "$(cat "$W/pid")" ]
		[ "$(jq -r .status "$W/hook-poststart")" = running ]
		rt kill "$ID" KILL
		becomes stopped
		rt delete "$ID"
		[ "$(jq -r .status "$W/hook-stopped")" = stopped ]
	}
	each
}

@test "prestart: its hooks run before the program, by create" {
	check() {
		hook prestart 'echo >hook-ran'
		create true
		[ -e "$W/hook-ran" ]
	}
	each
}

@test "prestart_fail: a hook that fails stops the container" {
	check() {
		hook prestart 'exit 1'
		fails create true
		gone
	}
	each
}

@test "createRuntime: a hook that fails stops the container, and poststop hooks run" {
	check() {
		hook createRuntime 'exit 1'
		hook poststop 'echo >hook-ran'
		fails create true
		gone
		[ -e "$W/hook-ran" ]
	}
	each
}

@test "createContainer, startContainer: in the namespaces of the container" {
	check() {
		hook createContainer 'readlink /proc/self/ns/uts >hook-uts'
		change '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat >/dev/null; readlink /proc/self/ns/uts >/hook-uts"]}]'
		change '.process.args = ["/bin/sh", "-c", "readlink /proc/self/ns/uts"]'
		[ "$(rt run --bundle "$BUNDLE" "$ID")" = "$(cat "$W/hook-uts")" ]
		diff "$W/hook-uts" "$BUNDLE/rootfs/hook-uts"
	}
	each
}

@test "poststart: its hooks run after the program has been started, before start returns" {
	check() {
		hook poststart 'echo >hook-ran'
		create sleep 100
		[ ! -e "$W/hook-ran" ]
		rt start "$ID"
		[ -e "$W/hook-ran" ]
	}
	each
}

@test "poststart_fail: since 1.3 a hook that fails stops the container" {
	check() {
		hook poststart 'exit 1'
		fails start sleep 100
		[ "$(status)" != running ]
	}
	each
}

@test "poststop: its hooks run when the container is deleted, not before" {
	check() {
		hook poststop 'echo >hook-ran'
		start true
		becomes stopped
		[ ! -e "$W/hook-ran" ]
		rt delete "$ID"
		[ -e "$W/hook-ran" ]
	}
	each
}

@test "poststop_fail: a hook that fails stops neither the others nor delete" {
	check() {
		hook poststop 'exit 1'
		hook poststop 'echo >hook-ran'
		start true
		becomes stopped
		rt delete "$ID"
		gone
		[ -e "$W/hook-ran" ]
	}
	each
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
