#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Each layer holds by itself. The bundle is root with every capability, no filter, no mask, under "privileged"; a test shows
# that the attacks succeed there, switches one layer on, and shows that the same attacks fail.

load helpers/common

setup() {
	common_setup
	requires root
	privileged
}

teardown() {
	common_teardown
}

# alone ATTACKS SWITCH...: runs the table with every line "allowed", then SWITCH, then the table as it is.
alone() {
	local table=$1
	shift
	sed -E 's/^[[:space:]]*[^[:space:]]+/allowed/' <<<"$table" | attack_table || fail "not possible without the layer either"
	"$@"
	attack_table <<<"$table"
}

# own_profile JSON: a profile that is "privileged" but for some fields.
own_profile() {
	PROFILE=$BATS_TEST_TMPDIR/own.json
	jq -n --argjson own "$1" '{casemate: 1, name: "own", extends: "privileged"} + $own' >"$PROFILE"
}

no_capabilities() {
	edit_config '.process.capabilities |= with_entries(.value = [])'
}

@test "capabilities alone: root without any" {
	alone "EPERM mount tmpfs
		EPERM mount-remount
		EPERM umount /tmp
		EPERM open-tree
		EPERM pivot-root
		EPERM chroot
		EPERM unshare mount
		EPERM unshare network
		EPERM clone pid
		EPERM clone3 ipc
		EPERM setns uts
		EPERM open-by-handle
		EPERM mknod-char /tmp
		EPERM mknod-block /tmp
		EPERM socket-packet
		EPERM socket-packet-high-half
		EPERM socket-raw
		EPERM setgroups
		EPERM capset
		EPERM sethostname
		EPERM reboot
		EPERM swapon
		EPERM acct
		EPERM set-time
		EPERM chown /probe
		EACCES nice" no_capabilities
}

@test "seccomp alone: root with every capability" {
	local setattr=
	! have_mount_setattr || setattr=$'\nEPERM|ENOSYS mount-setattr'
	alone "EPERM mount tmpfs
		EPERM mount-remount
		EPERM umount /tmp
		EPERM|ENOSYS fsopen
		EPERM|ENOSYS open-tree
		EPERM|ENOSYS move-mount$setattr
		EPERM pivot-root
		EPERM unshare
		EPERM clone
		EPERM clone-high-half
		ENOSYS clone3
		ENOSYS clone3-plain
		EPERM setns
		EPERM open-by-handle
		EPERM ptrace-attach
		EPERM ptrace-seize
		EPERM|ENOSYS vm-readv
		EPERM|ENOSYS vm-writev
		EPERM|ENOSYS pidfd-getfd
		EPERM|ENOSYS kcmp
		EPERM|EAFNOSUPPORT|EACCES socket-packet
		EPERM|EAFNOSUPPORT|EACCES socket-packet-high-half
		EPERM|EAFNOSUPPORT|EACCES socket-families
		EPERM|EAFNOSUPPORT|EACCES socket-families-high-half
		EPERM|EAFNOSUPPORT|EACCES socket-unix-high-half
		EPERM|EPROTONOSUPPORT|EACCES|EAFNOSUPPORT socket-netlink
		EPERM|ENOSYS bpf
		EPERM|ENOSYS perf
		EPERM|ENOSYS userfaultfd-user
		EPERM|ENOSYS io-uring
		EPERM|ENOSYS keyctl
		EPERM|ENOSYS add-key
		EPERM|ENOSYS request-key
		EPERM|ENOSYS personality
		EPERM reboot
		EPERM swapon
		EPERM acct" own_profile '{"seccomp": "stack"}'
	attack_table <<<"EPERM kexec-load
		EPERM init-module"
	set_args /probe caps
	run_casemate
	[[ $output =~ effective\ 0*1f ]] || fail "the capabilities are not those of the config"
}

@test "seccomp alone: other architectures are killed" {
	requires x86_64
	own_profile '{"seccomp": "stack"}'
	attack_table <<-END
		$(i386_fate) i386
		SIGSYS x32
	END
}

@test "a filter of the config alone" {
	# shellcheck disable=SC2016
	alone "EACCES mount tmpfs
		EPERM sethostname" edit_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
			{names: ["mount"], action: "SCMP_ACT_ERRNO", errnoRet: 13},
			{names: ["sethostname"], action: "SCMP_ACT_ERRNO"}]}'
}

read_only_root() {
	edit_config '.root.readonly = true'
}

@test "read-only rootfs alone" {
	alone "EROFS create /file
		EROFS create /var/lib/data/file2
		EROFS write /var/lib/data/file
		EROFS chmod /var/lib/data/file
		EROFS chown /var/lib/data/file
		EROFS mknod-char /srv" read_only_root
}

@test "read-only bind mount alone" {
	mkdir -p "$BATS_TEST_TMPDIR/data/sub" "$BUNDLE/rootfs/data"
	edit_config --arg s "$BATS_TEST_TMPDIR/data" '.mounts += [{destination: "/data", type: "bind", source: $s, options: ["rbind"]}]'
	alone "EROFS create /data/file
		EROFS create /data/sub/file" edit_config '.mounts[-1].options += ["ro"]'
}

@test "a recursively read-only bind mount holds for the mounts below" {
	mkdir -p "$BATS_TEST_TMPDIR/data/sub" "$BUNDLE/rootfs/data"
	mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/data/sub"
	edit_config --arg s "$BATS_TEST_TMPDIR/data" '.mounts += [{destination: "/data", type: "bind", source: $s, options: ["rbind"]}]'
	alone "EROFS create /data/sub/file" edit_config '.mounts[-1].options += ["rro"]'
	umount "$BATS_TEST_TMPDIR/data/sub"
}

@test "nodev alone" {
	mkdir -p "$BUNDLE/rootfs/data"
	edit_config '.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["mode=777"]}]'
	alone "EACCES mknod-open /data" edit_config '.mounts[-1].options += ["nodev"]'
}

@test "noexec alone" {
	mkdir -p "$BATS_TEST_TMPDIR/data" "$BUNDLE/rootfs/data"
	cp "$PROBE" "$BATS_TEST_TMPDIR/data/probe"
	edit_config --arg s "$BATS_TEST_TMPDIR/data" '.mounts += [{destination: "/data", type: "bind", source: $s, options: ["rbind"]}]'
	alone "EACCES execute /data/probe" edit_config '.mounts[-1].options += ["noexec"]'
}

# An ordinary user, and this program with a set-uid bit on the rootfs and on a mount.
set_uid_program() {
	edit_config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities |= (.effective = [] | .permitted = [])'
	cp "$PROBE" "$BUNDLE/rootfs/probe-setuid"
	chmod 6755 "$BUNDLE/rootfs/probe-setuid"
	cp "$PROBE" "$BUNDLE/rootfs/probe-caps"
	setcap cap_net_raw+ep "$BUNDLE/rootfs/probe-caps"
}

@test "no_new_privs alone" {
	requires setcap
	set_uid_program
	alone "EPERM exec-gains /probe-setuid
		EPERM exec-gains /probe-caps" edit_config '.process.noNewPrivileges = true'
}

@test "nosuid alone" {
	requires setcap
	set_uid_program
	mkdir -p "$BUNDLE/rootfs/data"
	edit_config --arg s "$BUNDLE/rootfs" '.mounts += [{destination: "/data", type: "bind", source: $s, options: ["bind"]}]'
	alone "EPERM exec-gains /data/probe-setuid
		EPERM exec-gains /data/probe-caps" edit_config '.mounts[-1].options += ["nosuid"]'
}

@test "the bounding set alone" {
	set_uid_program
	set_args /probe-setuid caps
	run_casemate
	[[ $output =~ permitted\ 0*1f ]] || fail "a set-uid program does not become root here"
	edit_config '.process.capabilities.bounding = ["CAP_KILL"]'
	run_casemate
	assert_line "permitted 0000000000000020"
}

# A user who can become root by a capability that he has, and no other.
@test "securebits alone: who gets to be uid 0 gains nothing by execve" {
	edit_config '.process.user = {uid: 1000, gid: 1000}
		| .process.capabilities |= with_entries(.value = if .key == "bounding" then . else ["CAP_SETUID"] end)
		| .process.capabilities.bounding = ["CAP_SETUID", "CAP_SYS_ADMIN"]'
	alone "EPERM root-exec" own_profile '{"lock_securebits": true}'
	attack_table <<-END
		allowed setuid
		EPERM securebits-unlock
	END
}

user_namespace() {
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
}

@test "user namespace alone: root of the container is nobody on the host" {
	alone "EPERM mknod-char /tmp
		EPERM mknod-block /tmp
		EPERM open-by-handle
		EACCES|EPERM rewrite /proc/sys/kernel/core_pattern
		EACCES|EPERM rewrite /proc/sys/vm/overcommit_memory
		EPERM|EINVAL chown /probe
		EPERM chmod /probe
		EPERM swapon
		EPERM acct
		EPERM syslog
		EPERM set-time
		EACCES nice" user_namespace
	# What the namespace gives: the workload has every capability inside of it.
	attack_table <<<"allowed mount tmpfs"
}

@test "user namespace alone: files of the host's root are not root's" {
	echo secret >"$BUNDLE/rootfs/secret"
	chmod 600 "$BUNDLE/rootfs/secret"
	alone "EACCES read /secret
		EACCES write /secret" user_namespace
}

@test "pid namespace alone" {
	edit_config '.linux.namespaces |= map(select(.type != "pid"))'
	alone "ESRCH signal $BATS_ROOT_PID 0
		ESRCH|ENOENT pidfd-getfd $BATS_ROOT_PID
		ENOENT proc-mem $BATS_ROOT_PID" edit_config '.linux.namespaces += [{type: "pid"}]'
}

@test "network namespace alone" {
	requires python3
	python3 -c 'import socket,sys,time
s = socket.socket(socket.AF_UNIX); s.bind("\0" + sys.argv[1]); s.listen(); print("ready", flush=True); time.sleep(50)' \
		"$ID" >"$BATS_TEST_TMPDIR/ready" 3>&- &
	eventually test -s "$BATS_TEST_TMPDIR/ready"
	edit_config '.linux.namespaces |= map(select(.type != "network")) | .mounts |= map(select(.type != "sysfs"))'
	alone "ECONNREFUSED connect-abstract $ID" edit_config '.linux.namespaces += [{type: "network"}]'
	kill $!
	wait $! || true
}

@test "ipc namespace alone" {
	requires ipcmk
	local segment
	segment=$(ipcmk -M 4096 | grep -o '[0-9]*$')
	edit_config '.linux.namespaces |= map(select(.type != "ipc")) | .mounts |= map(select(.type != "mqueue"))'
	alone "EINVAL shm-attach $segment" edit_config '.linux.namespaces += [{type: "ipc"}]'
	ipcrm -m "$segment"
}

@test "masked paths alone" {
	local table="EACCES|absent read /proc/interrupts
		EACCES|absent read /proc/version"
	table+=$'\nEACCES|absent list-directory /proc/bus\nEACCES|absent list-directory /var/lib'
	alone "$table" edit_config '.linux.maskedPaths = ["/proc/interrupts", "/proc/version", "/proc/bus", "/var/lib"]'
	attack create /proc/bus/file
	assert_denied
}

@test "read-only paths alone" {
	alone "EROFS rewrite /proc/sys/kernel/core_pattern
		EROFS rewrite /proc/sys/vm/overcommit_memory
		EROFS create /var/lib/data/new" edit_config '.linux.readonlyPaths = ["/proc/sys", "/var/lib"]'
}

@test "device rules of the cgroup alone" {
	requires devices_cgroup
	alone "EPERM mknod-open /srv" edit_config '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	set_args /bin/sh -c 'echo x >/dev/null && exec /probe read /dev/zero'
	run_casemate
	assert_allowed
}

@test "the limit of processes alone" {
	requires pids_cgroup
	alone "EAGAIN fork-bomb 32" edit_config '.linux.resources.pids = {limit: 32}'
}

@test "RLIMIT_NPROC alone" {
	edit_config '.process.user = {uid: 54321, gid: 54321} | .process.capabilities |= with_entries(.value = [])'
	alone "EAGAIN fork-bomb 16" edit_config '.process.rlimits += [{type: "RLIMIT_NPROC", soft: 16, hard: 16}]'
}

landlock_only() {
	own_profile '{"landlock": "required"}'
}

@test "Landlock alone: mounts and new roots" {
	requires landlock
	alone "EPERM mount tmpfs
		EPERM mount-bind
		EPERM mount-remount
		EPERM umount /tmp
		EPERM move-mount
		EPERM pivot-root" landlock_only
}

@test "Landlock alone: device nodes on what is writable" {
	requires landlock
	alone "EACCES mknod-char /tmp
		EACCES mknod-block /tmp" landlock_only
	attack_table <<<"allowed mknod-fifo /tmp"
}

@test "Landlock alone: processes and abstract sockets of the host" {
	requires landlock6 python3
	python3 -c 'import socket,sys,time
s = socket.socket(socket.AF_UNIX); s.bind("\0" + sys.argv[1]); s.listen(); print("ready", flush=True); time.sleep(50)' \
		"$ID" >"$BATS_TEST_TMPDIR/ready" 3>&- &
	eventually test -s "$BATS_TEST_TMPDIR/ready"
	edit_config '.linux.namespaces |= map(select(.type != "network" and .type != "pid"))
		| .mounts |= map(select(.type != "sysfs"))'
	alone "EPERM signal $! 0
		EPERM connect-abstract $ID" landlock_only
	kill $!
	wait $! || true
}

@test "the number of layers is what was asked for" {
	requires landlock
	local abi
	abi=$("$PROBE" landlock | cut -d' ' -f1-2)
	set_args /probe landlock
	run_casemate
	assert_output "$abi layers 0"
	landlock_only
	run_casemate
	assert_output "$abi layers 1"
}

# What a layer lets through is as much a fact as what it stops: the right to do it is not taken away by accident.
@test "a container with the three usual capabilities keeps them" {
	edit_config '.process.capabilities |= with_entries(.value = ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"])'
	set_args /probe caps
	run_casemate
	assert_line "effective 00000000000000a1"
	assert_line "permitted 00000000000000a1"
	assert_line "bounding 00000000000000a1"
	assert_line "ambient 00000000000000a1"
	attack_table <<-END
		allowed chown /probe
		allowed setuid
		EPERM setgroups
	END
}
