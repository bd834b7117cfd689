#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The workload attacks from inside. Each group of attacks runs twice: under "restricted" every one must fail, and under
# "privileged" with all rights every one must succeed, or the first result would prove nothing. What not even root can do
# on some kernels stands only in the first table.

load helpers/common

setup() {
	common_setup
}

teardown() {
	common_teardown
}

restricted() {
	make_bundle restricted
}

# What the plan grants for writing; everything else must be unwritable.
GRANTED="/tmp /dev/shm /dev/mqueue /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/pts/ptmx"

@test "every attack of the probe is used in a test" {
	local name
	for name in $("$PROBE" list | sed -n 's/^attack //p'); do
		grep -qE "(^|[^a-z-])$name([^a-z-]|\$)" "$TESTS"/*.bats ||
			fail "no test uses the attack $name"
	done
}

@test "restricted: the whole tree is walked and nothing can be written but what was granted" {
	restricted
	# shellcheck disable=SC2086
	attack write-walk $GRANTED
	assert_denied
	# More than the handful of directories of an empty tree: /proc, /sys and the rootfs were really walked.
	[[ $output =~ in\ ([0-9]+)\ directories ]] && [ "${BASH_REMATCH[1]}" -gt 50 ]
}

@test "restricted: a mount that was granted read-write is writable, one granted read-only is not" {
	restricted
	mkdir -m 777 "$BATS_TEST_TMPDIR"/{rw,ro}
	edit_config --arg t "$BATS_TEST_TMPDIR" '.mounts += [
		{destination: "/rw", type: "bind", source: ($t + "/rw"), options: ["rbind", "nosuid", "nodev"]},
		{destination: "/ro", type: "bind", source: ($t + "/ro"), options: ["rbind", "ro", "nosuid", "nodev"]}]'
	mkdir "$BUNDLE"/rootfs/{rw,ro}
	attack_table <<-END
		allowed create /rw/file
		EROFS create /ro/file
	END
	# shellcheck disable=SC2086
	attack write-walk $GRANTED /rw
	assert_denied
}

@test "privileged: the walk finds places to write (control)" {
	privileged
	attack write-walk /proc /sys
	assert_allowed
}

@test "restricted: files of the kernel" {
	restricted
	attack_table <<-END
		EROFS|EACCES|absent write /proc/sysrq-trigger
		EROFS|EACCES rewrite /proc/sys/kernel/core_pattern
		EROFS|EACCES rewrite /proc/sys/kernel/hostname
		EROFS|EACCES rewrite /proc/sys/kernel/domainname
		EROFS|EACCES rewrite /proc/sys/net/ipv4/ip_forward
		EROFS|EACCES rewrite /proc/sys/vm/overcommit_memory
		EROFS|EACCES rewrite /proc/sys/user/max_user_namespaces
		EROFS|EACCES|EPERM write /sys/kernel/mm/transparent_hugepage/enabled
		EROFS|EACCES|EPERM|absent create /sys/fs/cgroup/probe
		EROFS|EACCES|EPERM create /sys/probe
		EACCES|EPERM|EROFS chmod /probe
		EACCES|EPERM|EROFS chown /probe
	END
}

@test "restricted: masked files tell nothing" {
	restricted
	local path
	for path in /proc/kcore /proc/keys /proc/interrupts /proc/timer_list; do
		[ -e "$path" ] || continue
		attack read "$path"
		[[ $output =~ ^(denied|absent) ]] || fail "$path can be read"
	done
	for path in /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
		[ -e "$path" ] || continue
		attack list-directory "$path"
		[[ $output =~ ^(denied|absent) ]] || fail "$path can be listed"
	done
}

@test "privileged: files of the kernel are there (control)" {
	privileged
	attack_table <<-END
		allowed rewrite /proc/sys/kernel/core_pattern
		allowed rewrite /proc/sys/net/ipv4/ip_forward
		allowed rewrite /proc/sys/vm/overcommit_memory
		allowed chmod /probe
		allowed chown /probe
		allowed list-directory /sys/firmware
		allowed read /proc/interrupts
		allowed read /proc/keys
	END
}

BECOME_ROOT='setuid setgid setgroups setfsuid capset cap-ambient'

@test "restricted: nobody becomes root" {
	restricted
	local name
	for name in $BECOME_ROOT; do echo "EPERM $name"; done | attack_table
	attack securebits-unlock
	assert_denied
	attack am-i-privileged
	assert_denied
}

@test "privileged: becoming root (control)" {
	privileged
	local name
	for name in $BECOME_ROOT securebits-unlock am-i-privileged; do echo "allowed $name"; done | attack_table
}

@test "restricted: a set-uid program and one with file capabilities gain nothing" {
	requires root setcap
	restricted
	cp "$PROBE" "$BUNDLE/rootfs/probe-setuid"
	chown 0:0 "$BUNDLE/rootfs/probe-setuid"
	chmod 6755 "$BUNDLE/rootfs/probe-setuid"
	cp "$PROBE" "$BUNDLE/rootfs/probe-caps"
	setcap cap_net_raw,cap_sys_admin+eip "$BUNDLE/rootfs/probe-caps"
	attack_table <<-END
		EPERM exec-gains /probe-setuid
		EPERM exec-gains /probe-caps
	END
	# The launcher itself must not gain for it either.
	set_args /probe-setuid am-i-privileged
	run_casemate
	assert_denied EPERM
}

@test "privileged: set-uid and file capabilities work for an ordinary user (control)" {
	requires root setcap
	privileged
	edit_config '.process.user = {uid: 1000, gid: 1000}
		| .process.capabilities |= (.effective = [] | .permitted = [])'
	cp "$PROBE" "$BUNDLE/rootfs/probe-setuid"
	chmod 6755 "$BUNDLE/rootfs/probe-setuid"
	cp "$PROBE" "$BUNDLE/rootfs/probe-caps"
	setcap cap_net_raw+ep "$BUNDLE/rootfs/probe-caps"
	attack_table <<-END
		allowed exec-gains /probe-setuid
		allowed exec-gains /probe-caps
	END
}

MOUNTS='mount:tmpfs mount:proc:/tmp mount:sysfs:/tmp mount-remount mount-bind mount-shared umount:/tmp umount-all
	pivot-root chroot fsopen fsopen:proc fspick open-tree move-mount'
! have_mount_setattr || MOUNTS+=" mount-setattr"

@test "restricted: mounts, new roots and handles" {
	restricted
	local spec
	for spec in $MOUNTS open-by-handle; do echo "EPERM|ENOSYS ${spec//:/ }"; done | attack_table
}

@test "privileged: mounts, new roots and handles (control)" {
	privileged
	local spec
	for spec in $MOUNTS open-by-handle; do echo "allowed ${spec//:/ }"; done | attack_table
}

KINDS='user mount pid network ipc uts cgroup time'

@test "restricted: namespaces cannot be made or entered" {
	restricted
	local kind
	for kind in $KINDS; do
		printf '%s\n' "EPERM|ENOSYS unshare $kind" "EPERM|ENOSYS clone $kind" "EPERM|ENOSYS clone-high-half $kind" \
			"ENOSYS clone3 $kind" "EPERM|ENOSYS setns $kind"
	done | attack_table
	attack_table <<-END
		ENOSYS clone3-plain
		EPERM|ENOSYS|EACCES setns-path /proc/1/ns/mnt
		EPERM|ENOSYS|EACCES setns-path /proc/self/ns/user
	END
}

@test "privileged: namespaces can be made and entered (control)" {
	privileged
	local kind
	for kind in $KINDS; do
		echo "allowed unshare $kind"
		echo "allowed clone3 $kind"
		# clone(2) has no bit for a time namespace, and nobody enters the user namespace he is in.
		[ $kind = time ] || printf '%s\n' "allowed clone $kind" "allowed clone-high-half $kind"
		[ $kind = user ] || [ $kind = time ] || echo "allowed setns $kind"
	done | attack_table
	attack_table <<<'allowed setns-path /proc/1/ns/mnt'
}

PROCESSES='ptrace-traceme ptrace-attach ptrace-seize vm-readv vm-writev proc-mem pidfd-getfd kcmp'

@test "restricted: the memory and descriptors of other processes" {
	restricted
	local name
	for name in $PROCESSES; do
		[ $name = proc-mem ] || echo "EPERM|ENOSYS $name"
	done | attack_table
}

@test "privileged: the memory and descriptors of other processes (control)" {
	privileged
	local name
	for name in $PROCESSES; do echo "allowed $name"; done | attack_table
}

@test "restricted: no process of the host can be seen or signalled" {
	restricted
	attack_table <<-END
		ESRCH|EPERM signal $$ 0
		ESRCH|EPERM signal $PPID 0
	END
	set_args /probe procs
	run_casemate
	[ "$(wc -l <<<"$output")" -eq 1 ] || fail "more processes than the own"
}

@test "privileged without a pid namespace: the host's processes are there (control)" {
	privileged
	edit_config '.linux.namespaces |= map(select(.type != "pid"))'
	attack_table <<<"allowed signal $$ 0"
}

@test "restricted: priorities and limits cannot be raised" {
	restricted
	attack_table <<-END
		EPERM|EACCES nice
		EPERM realtime
		EPERM raise-rlimit
		EACCES|EPERM|EROFS oom-score
	END
}

# Real-time needs a budget of the cgroup that not every machine gives, so it is in the first table only.
@test "privileged: priorities and limits can be raised (control)" {
	privileged
	attack_table <<<"allowed nice"
	if all_caps | grep -q CAP_SYS_RESOURCE; then
		printf 'allowed %s\n' raise-rlimit oom-score | attack_table
	fi
}

@test "restricted: no device node is made or read" {
	restricted
	attack_table <<-END
		EPERM mknod-char /tmp
		EPERM mknod-block /tmp
		EPERM mknod-char /dev/shm
		EPERM mknod-open /tmp
		absent read /dev/kmsg
		absent read /dev/mem
		allowed mknod-fifo /tmp
	END
}

@test "privileged: device nodes (control)" {
	privileged
	attack_table <<-END
		allowed mknod-char /tmp
		allowed mknod-block /tmp
	END
}

SOCKETS='socket-raw socket-raw6 socket-packet socket-packet-high-half socket-vsock-high-half socket-unix-high-half
	socket-families socket-families-high-half socket-netlink socket-vsock socket-alg'

@test "restricted: sockets of unusual families are refused" {
	restricted
	local name
	for name in $SOCKETS; do echo "EPERM|EACCES|EAFNOSUPPORT|EPROTONOSUPPORT $name"; done | attack_table
}

@test "privileged: socket families (control)" {
	privileged
	local name
	# VSOCK and ALG are not compiled into every kernel; the others are.
	for name in ${SOCKETS/socket-vsock socket-alg/}; do
		[ "$name" = socket-vsock-high-half ] || echo "allowed $name"
	done | attack_table
}

@test "restricted: sockets of the host" {
	restricted
	requires python3
	start_listeners
	attack_table <<-END
		ECONNREFUSED|EPERM connect-abstract $ID
		ENOENT|EACCES connect-path $HOST/socket
		ECONNREFUSED|ENETUNREACH|EACCES connect-tcp $PORT
	END
	stop_listeners
}

@test "privileged with the host's network: sockets of the host (control)" {
	privileged
	requires python3
	start_listeners
	edit_config --arg h "$HOST" '.linux.namespaces |= map(select(.type != "network"))
		| .mounts += [{destination: $h, type: "bind", source: $h, options: ["rbind"]}]'
	attack_table <<-END
		allowed connect-abstract $ID
		allowed connect-path $HOST/socket
		allowed connect-tcp $PORT
	END
	stop_listeners
	rm -rf "$BUNDLE"
}

# Listens on an abstract socket, on a socket in $HOST and on a TCP port of the host.
start_listeners() {
	python3 - "$ID" "$HOST/socket" >"$BATS_TEST_TMPDIR/port" 3>&- <<-'END' &
		import os, socket, sys, time
		abstract = socket.socket(socket.AF_UNIX); abstract.bind("\0" + sys.argv[1]); abstract.listen()
		path = socket.socket(socket.AF_UNIX); path.bind(sys.argv[2]); os.chmod(sys.argv[2], 0o777); path.listen()
		tcp = socket.socket(); tcp.bind(("127.0.0.1", 0)); tcp.listen()
		print(tcp.getsockname()[1], flush=True)
		time.sleep(60)
	END
	LISTENER=$!
	eventually test -s "$BATS_TEST_TMPDIR/port"
	PORT=$(cat "$BATS_TEST_TMPDIR/port")
	marker_take
}

stop_listeners() {
	kill "$LISTENER"
	wait "$LISTENER" || true
}

KERNEL='bpf perf userfaultfd userfaultfd-user io-uring keyctl keyctl-join add-key request-key personality fanotify
	reboot swapon swapoff acct syslog quotactl sethostname setdomainname modify-ldt'

@test "restricted: the kernel's wide surface" {
	restricted
	local name
	for name in $KERNEL; do echo "EPERM|ENOSYS $name"; done | attack_table
	# Known and dangerous: said to be not permitted, even where the kernel has none of them.
	for name in kexec-load kexec-file-load init-module finit-module delete-module; do echo "EPERM $name"; done |
		attack_table
	attack_table <<-END
		EPERM|EACCES set-time
		ENOSYS unknown-syscalls
	END
	if have_x86_64; then
		printf '%s\n' "EPERM|ENOSYS iopl" "EPERM|ENOSYS ioperm" "EPERM|ENOSYS uselib" | attack_table
	fi
}

@test "privileged: the kernel's wide surface (control)" {
	privileged
	local name
	for name in $KERNEL set-time; do
		[ $name = modify-ldt ] && ! have_x86_64 && continue
		echo "allowed $name"
	done | attack_table
}

@test "restricted: system calls of another architecture kill" {
	requires x86_64
	restricted
	attack_table <<-END
		$(i386_fate) i386
		SIGSYS x32
	END
}

@test "privileged: system calls of another architecture are answered (control)" {
	requires x86_64
	privileged
	attack i386
	# A kernel without IA32_EMULATION answers with a fault, and then the test above proves less.
	[[ $output == "allowed "* || $output == "denied SIGSEGV"* ]] || fail "neither answered nor unknown to the kernel"
	attack x32
	[[ $output == "allowed "* || $output == "denied ENOSYS"* ]] || fail "neither answered nor unknown to the kernel"
}

@test "restricted: a fork bomb ends at the limit" {
	requires pids_cgroup
	restricted
	attack fork-bomb 128
	assert_denied EAGAIN
	[[ $output =~ after\ ([0-9]+)\ processes ]] && [ "${BASH_REMATCH[1]}" -ge 100 ] && [ "${BASH_REMATCH[1]}" -lt 128 ]
}

@test "restricted: a bundle without a limit of processes gets one" {
	requires pids_cgroup
	restricted
	edit_config 'del(.linux.resources)'
	attack fork-bomb 8192
	assert_denied EAGAIN
}

@test "privileged: the same number of processes can be made without a limit (control)" {
	privileged
	attack fork-bomb 128
	assert_allowed
}

@test "restricted: ports below 1024 need a capability that was not given" {
	restricted
	edit_config '.process.args = ["/probe", "bind-tcp", "8080"]'
	run_casemate
	assert_allowed
	attack bind-tcp 80
	[[ $output == "denied EACCES" ]] || [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -le 80 ]
}

@test "restricted: no secret of the host is within reach" {
	restricted
	attack_table <<-END
		absent read $HOST/secret
		absent read /proc/1/root$HOST/secret
		absent read /proc/self/root$HOST/secret
		absent read /proc/1/cwd/../../../../../..$HOST/secret
		absent list-directory $BATS_TEST_TMPDIR
		absent read /etc/shadow
	END
}

@test "restricted: no program runs from a directory that can be written" {
	restricted
	edit_config '.mounts |= map(if .destination == "/tmp" then .options += ["noexec"] else . end)'
	set_args /bin/sh -c 'cp /probe /tmp/probe 2>/dev/null || cat /probe >/tmp/probe; chmod 755 /tmp/probe; exec /probe execute /tmp/probe'
	run_casemate
	assert_denied EACCES
}

# A terminal that the caller shares with the workload: script(1) gives us one of our own.
on_terminal() {
	# shellcheck disable=SC2016
	run --separate-stderr timeout -k 2 30 script -qec \
		'exec "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"' /dev/null </dev/null
	output=${output//$'\r'/}
}

@test "restricted: characters cannot be pushed into the caller's terminal" {
	requires script
	restricted
	export PROFILE BUNDLE ID
	local name
	for name in tiocsti tiocsti-high-half tioclinux tioclinux-high-half; do
		set_args /probe $name
		on_terminal
		[[ $output == *"denied EPERM"* ]] || fail "$name"
	done
	set_args /probe open-terminal
	on_terminal
	[[ $output == *"denied "* ]] || fail "the caller's terminal is still the controlling one"
}

@test "without a sandbox: characters can be pushed into the terminal (control)" {
	requires script tiocsti
	run script -qec "'$PROBE' tiocsti; '$PROBE' tiocsti-high-half; '$PROBE' open-terminal" /dev/null </dev/null
	[ "$(grep -c 'allowed' <<<"$output")" -eq 3 ] || fail "TIOCSTI does not work here at all"
}
