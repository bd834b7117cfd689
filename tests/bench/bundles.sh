# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016 # variables of run.sh and of jq
# The bundles of run.sh, all on one busybox rootfs. Needs $work (a tmpfs), $tools and jq.

make_rootfs() {
	local root=$work/rootfs busybox applet i

	busybox=$(command -v busybox) || die "busybox is missing"
	mkdir -p "$root"/{bin,proc,dev,sys/fs/cgroup,etc,tmp,run,b}
	cp "$busybox" "$root/bin/busybox"
	cp "$tools/nothing" "$root/bin/nothing"
	for applet in sh true sleep cut grep sort ls; do
		ln -s busybox "$root/bin/$applet"
	done
	for ((i = 0; i < 1000; i++)); do
		mkdir -p "$root/b/$i" "$work/src/$i"
	done
	chmod 755 "$work" "$root"
}

# make_bundle NAME FILTER [JQ-ARGUMENT...]: the bundle of `runc spec`, changed by a jq filter.
make_bundle() {
	local name=$1 filter=$2

	shift 2
	mkdir -p "$work/$name"
	jq --arg root "$work/rootfs" "$@" '.process.terminal = false | .process.args = ["/bin/true"] | .root.path = $root | '"$filter" \
		"$work/spec/config.json" >"$work/$name/config.json" || die "cannot make the bundle '$name'"
}

# What moby's default profile denies, or allows only by argument: the rest of the kernel's list is what it allows.
denied='_sysctl acct add_key adjtimex afs_syscall bdflush bpf break clock_adjtime clock_settime clone clone3 create_module
delete_module fanotify_init fsconfig fsmount fsopen fspick ftime get_kernel_syms get_mempolicy getpmsg gtty idle init_module
finit_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl
lock lookup_dcookie mbind migrate_pages mount mount_setattr move_mount move_pages mpx name_to_handle_at nfsservctl nice
oldfstat oldlstat oldolduname oldstat olduname open_by_handle_at open_tree perf_event_open personality pidfd_getfd
pivot_root process_madvise process_vm_readv process_vm_writev prof profil ptrace putpmsg query_module quotactl
quotactl_fd reboot request_key security set_mempolicy set_mempolicy_home_node setdomainname sethostname setns settimeofday
sgetmask ssetmask sigaction signal sigsuspend socket stime stty swapoff swapon sysfs syslog tuxcall ulimit umount umount2
unshare uselib userfaultfd ustat vhangup vm86 vm86old vserver'

# The names that moby's default allows after its capability groups are resolved: 371 of them.
allowed_names() {
	printf '#include <asm/unistd.h>\n' | "$CC" -E -dM - >"$work/numbers"
	# The i386 numbers too where there are any: the profile is for three architectures.
	[ "$(uname -m)" != x86_64 ] || printf '#include <asm/unistd_32.h>\n' | "$CC" -E -dM - >>"$work/numbers"
	sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p' "$work/numbers" | sort -u |
		grep -vxF "$(echo "$denied" | tr ' ' '\n')" | head -n 371
}

# What `runc spec` writes has one on cgroup v2 and none on v1.
own_cgroup_namespace='.linux.namespaces |= (map(select(.type != "cgroup")) + [{ type: "cgroup" }])'

docker_filter='
def allow($name): { names: [$name], action: "SCMP_ACT_ALLOW" };
def argument($name; $value; $mask; $op): { names: [$name], action: "SCMP_ACT_ALLOW",
	args: [{ index: 0, value: $value, valueTwo: $mask, op: $op }] };
def bind($i): { destination: "/b/\($i)", type: "bind", source: "\($src)/\($i)", options: ["rbind", "rprivate"] };
["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
 "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"] as $caps |
.process.capabilities = { bounding: $caps, effective: $caps, permitted: $caps } |
.process.noNewPrivileges = false | del(.process.rlimits) | .root.readonly = false | .hostname = "0123456789ab" |
.process.env += [range(12) | "SETTING_\(.)=a value of a service"] |
.mounts += [bind(range(3))] |
.linux.sysctl = { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647" } |
'"$own_cgroup_namespace"' |
.linux.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", "/proc/interrupts"] |
.linux.seccomp = { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1, architectures: $architectures,
	syscalls: ([$names[] | allow(.)] +
		[argument("personality"; 0, 8, 131072, 131080, 4294967295; 0; "SCMP_CMP_EQ")] +
		[argument("socket"; 40; 0; "SCMP_CMP_NE"), argument("clone"; 2114060288; 0; "SCMP_CMP_MASKED_EQ")] +
		[{ names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 }]) }'

make_docker_bundle() {
	local names architectures='["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]'

	[ "$(uname -m)" = x86_64 ] || architectures='["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]'
	names=$(allowed_names | jq -R . | jq -s -c .)
	make_bundle docker "$docker_filter" --argjson names "$names" --argjson architectures "$architectures" \
		--arg src "$work/src"
}

make_bundles() {
	local count

	mkdir -p "$work/spec"
	(cd "$work/spec" && runc spec) || die "runc spec fails"
	make_rootfs
	make_bundle default .
	ln -s default "$work/true"
	make_bundle sleep '.process.args = ["/bin/sleep", "1"]'
	make_bundle forever '.process.args = ["/bin/sleep", "100000"]'
	make_bundle look '.process.args = ["/bin/sh", "-c", $script]' --arg script "$look"
	make_bundle user "$own_cgroup_namespace"' | .process.user = { uid: 1000, gid: 1000 } | del(.process.capabilities)'
	make_docker_bundle
	mkdir "$work/docker-forever"
	jq '.process.args = ["/bin/sleep", "100000"]' "$work/docker/config.json" >"$work/docker-forever/config.json"
	for count in 1 10 100 1000; do
				make_bundle "binds-$count" '.mounts += [range($count) | { destination: "/b/\(.)", type: "bind",
			source: "\($src)/\(.)", options: ["rbind", "rprivate", "nosuid", "nodev"] }]' \
			--argjson count "$count" --arg src "$work/src"
	done
	make_bundle rules '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
		syscalls: [range(1000) | { names: ["getpriority"], action: "SCMP_ACT_ERRNO",
			args: [{ index: 1, value: (. * 2 + 100), op: "SCMP_CMP_EQ" }] }] }'
	[ "$(uname -m)" = x86_64 ] || sed -i 's/SCMP_ARCH_X86_64/SCMP_ARCH_AARCH64/' "$work/rules/config.json"
}
