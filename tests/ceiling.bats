#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Ways round a ceiling with nothing but a config.json or an image: other names for the host's things, words that
# contradict each other, and what comes along with what was asked for. Each was a way out once.

load helpers/common
load helpers/ceiling

setup() {
	common_setup
	requires root
	make_bundle restricted
	ROOTFS=$BUNDLE/rootfs
	VOLUME=$BATS_TEST_TMPDIR/volume
	mkdir -p "$VOLUME/sub"
	chmod -R a+rwX "$VOLUME"
}

teardown() {
	umount -l "$VOLUME/sub" 2>/dev/null || true
	umount -l "$ROOTFS/srv" 2>/dev/null || true
	common_teardown
}

refused() {
	run_casemate
	assert_status 125
	[[ $stderr == *refuses* ]] || fail "for another reason"
}

@test "the root is judged like anything else that is bound" {
	local path
	for PROFILE in restricted baseline; do
		for path in /usr/.. / /etc /proc; do
			edit_config --arg p "$path" '.root.path = $p | .mounts = []'
			run_casemate
			[ "$status" -eq 125 ] || fail "$path is a root under $PROFILE"
		done
		rm -f "$BUNDLE/link"
		ln -s / "$BUNDLE/link"
		edit_config '.root.path = "link"'
		refused
	done
}

@test "whose traffic rules its packets go by is the host's word" {
	local ask
	for ask in '{classID: 1048577}' '{priorities: [{name: "lo", priority: 5}]}'; do
		edit_config ".linux.resources.network = $ask"
		for PROFILE in restricted baseline; do
			capture "$CASEMATE" explain --profile "$PROFILE" "$BUNDLE"
			assert_match "linux.resources.network chooses by which of the host's traffic rules its packets go" || return
			refused
		done
		capture "$CASEMATE" explain --profile privileged "$BUNDLE"
		[[ $output$stderr != *'traffic rules'* ]] || fail "privileged judges it" || return
	done
	PROFILE=restricted
	edit_config '.linux.resources.network = {classID: 0}'
	run_casemate
	[[ $stderr != *refuses* ]] || fail "no class is refused"
}

@test "what is mounted below the root is read-only with it" {
	mount -t tmpfs -o mode=1777 tmpfs "$ROOTFS/srv"
	# Landlock refuses the write as well: the mount itself is asked.
	report mounts
	umount "$ROOTFS/srv"
	[[ $output =~ \ /srv\ ro, ]] || fail "a mount below the root was writable"
}

@test "a namespace of the host is known under every name" {
	local path kind
	touch "$BATS_TEST_TMPDIR/ns"
	for kind in network/net pid/pid ipc/ipc uts/uts; do
		mount --bind "/proc/self/ns/${kind#*/}" "$BATS_TEST_TMPDIR/ns"
		for path in "/proc/self/ns/${kind#*/}" "/proc//1/ns/${kind#*/}" "/proc/1/ns/${kind#*/}" "$BATS_TEST_TMPDIR/ns"; do
			make_bundle restricted
			edit_config --arg k "${kind%/*}" --arg p "$path" \
				'.linux.namespaces |= map(if .type == $k then .path = $p else . end) | del(.hostname)'
			run_casemate
			[ "$status" -eq 125 ] || { umount "$BATS_TEST_TMPDIR/ns" && fail "$path was joined"; }
		done
		umount "$BATS_TEST_TMPDIR/ns"
	done
}

# A watchdog begins to run, a tape is wound back, and a FIFO keeps whoever opens it waiting.
@test "nothing of the host is opened because a config names it" {
	local fifo=$BATS_TEST_TMPDIR/fifo change writer
	mkfifo "$fifo"
	for PROFILE in restricted baseline; do
		for change in '(.linux.namespaces[] | select(.type == "network")).path = $f' \
			'.linux.namespaces += [{type: "user", path: $f}]' \
			'.mounts[0].options += ["pidns=" + $f]'; do
			make_bundle restricted
			edit_config --arg f "$fifo" "$change"
			sh -c ': >"$1"' sh "$fifo" 3>&- &
			writer=$!
			eventually asleep "$writer" sh
			run_casemate
			assert_status 125
			kill "$writer" || fail "$PROFILE: opened by $change"
			wait "$writer" || true
		done
	done
}

@test "contradicting words are mounted as they are judged" {
	as_root_inside
	bind /usr/local '["rbind","rro","rw"]'
	refused
	make_bundle restricted
	PROFILE=restricted
	bind "$VOLUME" '["rbind","rnosuid","rnodev","suid","dev"]'
	report mounts
	[[ $output =~ \ /srv\ [^\ ]*nosuid,nodev ]] || fail "nosuid and nodev were lost"
	make_bundle restricted
	edit_config '.mounts |= map(if .type == "sysfs" then .options = ["rro","rnosuid","rnodev","rnoexec"] else . end)'
	report mounts
	[[ $output =~ \ /sys\ ro,nosuid,nodev,noexec ]] || fail "the options of sysfs were lost"
}

@test "a mount is not mounted anew with other options" {
	as_root_inside
	edit_config '.mounts |= .[0:7] + [{destination: "/srv", type: "bind", source: "/usr/local", options: ["rbind","ro"]},
		{destination: "/srv", type: "bind", source: "/usr/local", options: ["remount","rw"]}]'
	refused
}

@test "baseline: sysfs, procfs and cgroups are mounted as the kernel's switches" {
	as_root_inside
	edit_config '.mounts |= map(if .type == "sysfs" or .type == "proc" or .type == "cgroup" then .options = [] else . end)'
	report mounts
	[[ $output =~ \ /sys\ ro, ]] || fail "sysfs is writable"
	[[ $output =~ \ /proc\ rw,nosuid,nodev,noexec ]] || fail "procfs lacks noexec"
}

@test "what is mounted below a recursive bind is judged" {
	mount --bind / "$VOLUME/sub"
	bind "$VOLUME" '["rbind","ro"]'
	refused
	as_root_inside
	bind "$VOLUME/sub/etc/cron.d" '["rbind","rw"]'
	[ ! -d /etc/cron.d ] || refused
	bind "$VOLUME/sub/etc" '["rbind","ro"]'
	refused
	capture "$CASEMATE" sandbox --ro "$VOLUME" -- true </dev/null
	umount "$VOLUME/sub"
	[ "$status" -eq 125 ] || fail "the sandbox was given the host"
}

@test "a read-only bind is read-only with all that is below it" {
	as_root_inside
	mount -t tmpfs -o mode=1777 tmpfs "$VOLUME/sub"
	bind "$VOLUME" '["rbind","ro"]'
	report mounts
	umount "$VOLUME/sub"
	[[ $output =~ \ /srv/sub\ ro, ]] || fail "the mount below was writable"
}

@test "secrets, devices and the cgroups of the host are no sources" {
	local source
	as_root_inside
	for source in /etc/shadow /dev/kmsg /dev/pts /sys/fs/cgroup /proc/sys /sys/kernel; do
		[ -e "$source" ] || continue
		bind "$source" '["rbind","ro"]'
		run_casemate
		[ "$status" -eq 125 ] || fail "$source was bound"
	done
}

# `docker run -v /dev/null:/FILE` is how people empty a file of an image.
@test "baseline: a device that every container has is a source, and its mode and owner stay the host's" {
	local before name
	as_root_inside
	rmdir "$ROOTFS/srv"
	: >"$ROOTFS/srv"
	for name in null zero full random urandom; do
		before=$(stat -c %a:%u:%g "/dev/$name")
		bind "/dev/$name" '["rbind","rw"]'
		set_args /bin/sh -c 'echo x >/srv 2>/dev/null; head -c 0 /srv && echo opened; chmod 666 /srv || chown 0:0 /srv || echo kept'
		run_casemate
		[[ $output == *opened*kept ]] || fail "/dev/$name: $output"
		[ "$(stat -c %a:%u:%g "/dev/$name")" = "$before" ] || fail "/dev/$name was changed"
	done
}

# With hooks in it: who writes there runs what he likes when a container is deleted.
@test "the state of containers is no source, and neither is what it lies in" {
	local state=$BATS_TEST_TMPDIR/volume/states path when
	for when in "before there is any" afterwards; do
		for PROFILE in restricted baseline; do
			for path in "$VOLUME" "$state" "$state/some"; do
				[ -d "$path" ] || continue
				bind "$path" '["rbind", "ro", "nosuid", "nodev"]'
				capture "$CASEMATE" --root "$state" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
				assert_status 125
				assert_stderr "the state of the containers"
				capture "$CASEMATE" --root "$state" explain --profile "$PROFILE" "$BUNDLE"
				assert_status 125
			done
		done
		mkdir -p "$state/some"
		mount --bind "$state" "$VOLUME/sub"
		bind "$VOLUME/sub/some" '["bind", "ro", "nosuid", "nodev"]'
		capture "$CASEMATE" --root "$state" run --profile restricted --bundle "$BUNDLE" "$ID" </dev/null
		assert_status 125
		umount "$VOLUME/sub"
	done
}

@test "a directory with the socket of an engine is no source" {
	requires python3
	bind /run/containerd '["rbind","ro"]'
	# shellcheck disable=SC2016
	capture timeout -k 2 20 unshare -m sh -c 'mount -t tmpfs tmpfs /run && mkdir /run/containerd &&
		python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"/run/containerd/containerd.sock\")" &&
		exec "$CASEMATE" run --bundle "$1" "$2"' sh "$BUNDLE" "$ID"
	assert_status 125
	[[ $stderr == *socket* ]] || fail "for another reason"
}

@test "baseline: CAP_MKNOD alone makes no device of the host" {
	as_root_inside
	edit_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]}
		| .process.capabilities |= map_values(["CAP_MKNOD"]) | .process.capabilities.ambient = [] | .process.capabilities.inheritable = []
		| del(.linux.resources) | .root.readonly = false'
	set_args /bin/busybox sh -c '/bin/busybox mknod /dev/k c 1 11 && echo made'
	run_casemate
	[[ $output != *made* ]] || fail "a device was made"
}

@test "a mount target that a link of the image leads into procfs or sysfs is an error" {
	local link
	for link in /proc/sys /proc /sys; do
		ln -sfn $link "$ROOTFS/data"
		edit_config --arg v "$VOLUME" '.mounts |= .[0:7] + [{destination: "/data/kernel", type: "bind", source: $v, options: ["bind"]}]'
		[ $link != /proc/sys ] || edit_config '.mounts[7].destination = "/data"'
		[ $link != /proc ] || edit_config '.mounts[7].destination = "/data/self"'
		run_casemate
		[ "$status" -eq 125 ] || fail "mounted on $link"
	done
	# Names that begin as those of the kernel's own places do.
	for link in /process:/proc/sys/kernel /system:/sys/kernel; do
		ln -sfn "${link#*:}" "$ROOTFS${link%%:*}"
		edit_config --arg v "$VOLUME" --arg d "${link%%:*}" \
			'.mounts |= .[0:7] + [{destination: $d, type: "bind", source: $v, options: ["bind"]}]'
		run_casemate
		[ "$status" -eq 125 ] || fail "mounted on $link"
		assert_stderr "leads into"
	done
}

@test "root's groups do not reach the program of a sandbox" {
	requires python3
	install -m 640 /dev/null "$VOLUME/secret"
	echo secret >"$VOLUME/secret"
	capture python3 -c 'import os, sys; os.setgroups([0, 6, 42]); os.execv(sys.argv[1], sys.argv[1:])' \
		"$CASEMATE" sandbox --ro "$VOLUME" -- cat "$VOLUME/secret" </dev/null
	[[ $output != *secret* ]] || fail "a file of root's group was read"
}

@test "root of a user namespace starts a sandbox" {
	capture as_user unshare -Ur "$CASEMATE" sandbox -- echo inside </dev/null
	assert_status 0
	assert_output inside
}

@test "a program that does not read its terminal does not stop the launcher" {
	edit_config '.process.terminal = true'
	set_args /bin/sleep 1
	# shellcheck disable=SC2016
	capture sh -c 'yes | head -c 3000000 | timeout -k 2 15 "$CASEMATE" run --bundle "$1" "$2"' sh "$BUNDLE" "$ID"
	assert_status 0
}

@test "a device that is given to a sandbox works under restricted" {
	capture "$CASEMATE" sandbox --dev /dev/zero:/dev/other -- head -c 4 /dev/other </dev/null
	assert_status 0
}

@test "the launcher's file cannot be written through /proc/PID/exe by root inside" {
	as_root_inside
	printf '#!/proc/self/exe\n' >"$ROOTFS/bin/second"
	printf '#!/bin/second\n' >"$ROOTFS/bin/first"
	chmod 755 "$ROOTFS/bin/first" "$ROOTFS/bin/second"
	set_args /bin/first
	run_casemate
	[ "$status" -eq 126 ] || fail "the launcher ran inside"
	# What it would get hold of is on a read-only mount: seen at the init, before it executes anything.
	capture strace -f -qq -e trace=execve,execveat "$CASEMATE" run --profile baseline --bundle "$BUNDLE" "$ID" </dev/null
	[ "$(grep -c 'AT_EMPTY_PATH) *= 0' <<<"$stderr")" -ge 1 ] || fail "it did not go on from a read-only view"
}

@test "the working directory is entered behind the masks" {
	as_root_inside
	local cwd
	for cwd in /proc/sys/kernel /proc/sys; do
		edit_config --arg c $cwd '.process.cwd = $c'
		set_args /bin/sh -c 'echo changed 2>/dev/null >hostname || echo changed >kernel/hostname; cat /proc/sys/kernel/hostname'
		run_casemate
		[[ $output != *changed* ]] || fail "/proc/sys was written through the working directory $cwd"
	done
	edit_config '.process.cwd = "/sys/firmware"'
	set_args /bin/ls .
	run_casemate
	[ -z "$output" ] || fail "/sys/firmware was read through the working directory"
}

@test "no limit lets the program take a priority that starves the host" {
	local limit
	for PROFILE in restricted baseline; do
		for limit in '{type: "RLIMIT_RTPRIO", soft: 0, hard: 99}' '{type: "RLIMIT_NICE", soft: 40, hard: 40}'; do
			make_bundle restricted
			edit_config ".process.rlimits += [$limit]"
			refused
		done
		make_bundle restricted
		edit_config '.process.scheduler = {policy: "SCHED_OTHER", nice: -10}'
		refused
	done
}

@test "baseline: the host's console is not the container's" {
	requires devices_cgroup
	as_root_inside
	edit_config '.process.capabilities |= map_values(["CAP_MKNOD"]) | .process.capabilities.ambient = []
		| .process.capabilities.inheritable = [] | .root.readonly = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]}
		| .linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 5, minor: 1, access: "rwm"}]'
	set_args /bin/busybox sh -c '/bin/busybox mknod /k c 5 1 && echo made; /bin/busybox mknod /n c 1 3 && echo null'
	run_casemate
	assert_output null
}

@test "an image that brings the node of the host's console does not open it" {
	requires devices_cgroup
	as_root_inside
	edit_config '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	mknod -m 666 "$ROOTFS/console" c 5 1
	set_args /bin/sh -c ': 2>&1 </console && echo opened'
	run_casemate
	[[ $output != *opened* && $output != *"No such device"* ]] || fail "the console was opened"
}

@test "nodes that an image or a volume brings along are no devices, where no rules of a cgroup say so" {
	local at
	as_root_inside
	for at in "$ROOTFS" "$VOLUME" "$VOLUME/sub"; do
		mknod -m 666 "$at/node" b 7 0
		mknod -m 666 "$at/zero" c 1 5
	done
	set_args /bin/sh -c 'for n in /node /zero /srv/zero /srv/sub/node; do (: <$n) 2>/dev/null && echo opened $n; done; : </dev/zero && echo own'
	bind "$VOLUME" '["rbind"]'
	run_casemate
	assert_output own
	mount --bind "$VOLUME/sub" "$VOLUME/sub"
	run_casemate
	umount "$VOLUME/sub"
	assert_output own
}

@test "a user of the container that is root on the host is root" {
	edit_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1}, {containerID: 1000, hostID: 0, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1}, {containerID: 1000, hostID: 1000, size: 1}]'
	refused
}

@test "an idmapped mount does not make the program the owner of root's files" {
	edit_config --arg v "$VOLUME" '.mounts += [{destination: "/srv", type: "bind", source: $v, options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 1}], gidMappings: [{containerID: 0, hostID: 1000, size: 1}]}]'
	set_args /bin/busybox sh -c 'echo "#!" >/srv/owned && chmod 4755 /srv/owned'
	run_casemate
	[ ! -e "$VOLUME/owned" ] || fail "a set-user-ID file of root's was left on the host"
	[[ $stderr == *refuses* ]] || fail "for another reason"
	edit_config '.mounts[-1].uidMappings[0].hostID = 2000'
	run_casemate
	[[ $stderr != *refuses* ]] || fail "another user's files were refused"
}

@test "what the host mounts later does not appear in the container" {
	mount --bind "$VOLUME" "$VOLUME" && mount --make-shared "$VOLUME"
	edit_config --arg v "$VOLUME" '.mounts += [{destination: "/srv", type: "bind", source: $v, options: ["rbind","ro","rslave"]}]
		| .linux.rootfsPropagation = "rslave"'
	set_args /bin/sh -c 'until [ -e /srv/mounted ]; do sleep 0.05; done; ls /srv/sub'
	casemate_run --pid-file "$BATS_TEST_TMPDIR/pid" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
	eventually test -s "$BATS_TEST_TMPDIR/pid"
	mount -t tmpfs tmpfs "$VOLUME/sub" && touch "$VOLUME/sub/late" "$VOLUME/mounted"
	status=0
	wait $! || status=$?
	umount "$VOLUME/sub"
	umount "$VOLUME"
	output=$(<"$BATS_TEST_TMPDIR/out")
	assert_status 0
	[[ $output != *late* ]] || fail "a mount of the host came in"
}

@test "labels that confine nothing are refused" {
	local label
	for PROFILE in restricted baseline; do
		for label in '.process.apparmorProfile = "unconfined"' '.process.selinuxLabel = "system_u:system_r:spc_t:s0"' \
			'.process.selinuxLabel = "container_t"'; do
			make_bundle restricted
			edit_config "$label"
			refused
		done
		make_bundle restricted
		edit_config '.process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"'
		run_casemate
		refute_stderr refuses
	done
}

@test "a cgroup path does not lead into or below somebody else's cgroup" {
	requires pids_cgroup
	local tree=/sys/fs/cgroup/pids path
	[ -d $tree ] || tree=/sys/fs/cgroup
	mkdir -p "$tree/other-$ID/busy" "$tree/other-$ID/empty"
	# Version 2 has the file once the parent hands the controller down.
	[ ! -e "$tree/other-$ID/cgroup.subtree_control" ] || echo +pids >"$tree/other-$ID/cgroup.subtree_control"
	echo 7 >"$tree/other-$ID/empty/pids.max" || true
	sleep 60 3>&- &
	echo $! >"$tree/other-$ID/busy/cgroup.procs"
	for PROFILE in restricted baseline; do
		for path in busy busy/below empty; do
			edit_config --arg p "/other-$ID/$path" '.linux.cgroupsPath = $p'
			run_casemate
			[ "$status" -eq 125 ] || path_failed="$path_failed $PROFILE:$path"
		done
		edit_config --arg p "/other-$ID/new/below" '.linux.cgroupsPath = $p'
		run_casemate
		[ "$status" -eq 0 ] || path_failed="$path_failed $PROFILE:new"
	done
	[ ! -e "$tree/other-$ID/empty/pids.max" ] || [ "$(<"$tree/other-$ID/empty/pids.max")" = 7 ] ||
		path_failed="$path_failed replaced"
	kill $!
	wait $! || true
	[ -z "$(find "$tree/other-$ID" -mindepth 1 -type d ! -name busy ! -name empty)" ] || path_failed="$path_failed left"
	rmdir "$tree/other-$ID"/{busy,empty} "$tree/other-$ID"
	[ -z "${path_failed-}" ] || fail "$path_failed"
}

@test "a container sees no cgroup but its own" {
	local type
	requires pids_cgroup
	as_root_inside
	for type in cgroup cgroup2; do
		edit_config --arg t $type '.mounts |= .[0:7] + [{destination: "/sys/fs/cgroup", type: $t, source: "cgroup", options: ["ro"]}]
			| del(.linux.resources)'
		# Processes that are not the container's have the number 0 there (cgroup v1), or are an error (v2).
		set_args /bin/busybox find /sys/fs/cgroup -name cgroup.procs -exec /bin/busybox cat '{}' ';'
		run_casemate
		assert_status 0
		[[ -z $stderr ]] || fail "it cannot read its own cgroup by $type"
		! grep -qx 0 <<<"$output" || fail "it sees processes of its launcher by $type"
		set_args /bin/busybox find /sys/fs/cgroup -mindepth 2 -type d
		run_casemate
		[ -z "$output" ] || fail "it sees the cgroups of others by $type"
		edit_config '.linux.resources = {pids: {limit: 100}}'
		set_args /bin/busybox sh -c 'for f in /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max; do [ ! -e $f ] || cat $f; done'
		run_casemate
		assert_output 100
	done
}

# Listens on the socket $2 in the directory $1, as the kernel is told its name.
listen() {
	(cd "$1" && exec python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print("ready", flush=True); time.sleep(60)' "$2" 3>&-) \
		>"$BATS_TEST_TMPDIR/listening" &
	LISTENER=$!
	eventually test -s "$BATS_TEST_TMPDIR/listening"
}

stop_listening() {
	kill "$LISTENER"
	wait "$LISTENER" || true
	rm -f "$BATS_TEST_TMPDIR/listening"
}

@test "no socket of the host comes along with a directory" {
	requires python3
	local name
	mkdir -p "$BATS_TEST_TMPDIR/alias" "$VOLUME/sub/deep"
	mount --bind "$VOLUME/sub" "$BATS_TEST_TMPDIR/alias"
	for name in "$VOLUME/sub/deep/s" s; do
		listen "$VOLUME/sub/deep" "$name"
		for source in "$VOLUME" "$VOLUME/sub/deep" "$BATS_TEST_TMPDIR/alias" "$VOLUME/sub/deep/s"; do
			for PROFILE in restricted baseline; do
				bind "$source" '["rbind","ro"]'
				run_casemate
				[[ $status -eq 125 && $stderr == *"listens on the socket"* ]] || wrong="${wrong-} $PROFILE:$name:$source"
			done
		done
		edit_config --arg r "$VOLUME" '.root.path = $r | .mounts = []'
		run_casemate
		[[ $stderr == *"listens on the socket"* ]] || wrong="${wrong-} root:$name"
		make_bundle restricted
		capture "$CASEMATE" sandbox --rw "$VOLUME" -- true </dev/null
		[[ $status -eq 125 && $stderr == *"listens on the socket"* ]] || wrong="${wrong-} sandbox:$name"
		capture as_user "$CASEMATE" sandbox --rw "$VOLUME" -- true </dev/null
		[[ $status -eq 125 && $stderr == *"listens on the socket"* ]] || wrong="${wrong-} user:$name"
		capture "$CASEMATE" sandbox --ro "$VOLUME/sub/deep/s" -- true </dev/null
		[ "$status" -eq 0 ] || wrong="${wrong-} named:$name"
		stop_listening
		# Nobody listens any more: the file is a file like any other.
		bind "$VOLUME" '["rbind","ro"]'
		run_casemate
		[ "$status" -eq 0 ] || wrong="${wrong-} dead:$name"
		rm "$VOLUME/sub/deep/s"
	done
	umount "$BATS_TEST_TMPDIR/alias"
	[ -z "${wrong-}" ] || fail "$wrong"
}

@test "a second name of a socket, and one far down behind a short name, are the socket all the same" {
	requires python3
	local deep
	mkdir "$VOLUME/named" "$VOLUME/second"
	listen "$VOLUME/named" "$VOLUME/named/s"
	ln "$VOLUME/named/s" "$VOLUME/second/file"
	bind "$VOLUME/second" '["rbind","ro"]'
	run_casemate
	stop_listening
	assert_status 125
	assert_stderr "listens on the socket"
	rm -r "$VOLUME/named" "$VOLUME/second"
	deep=$VOLUME$(printf '/d%.0s' {1..70})
	mkdir -p "$deep"
	ln -s "$deep" "$BATS_TEST_TMPDIR/short"
	listen / "$BATS_TEST_TMPDIR/short/s"
	bind "$VOLUME" '["rbind","ro"]'
	run_casemate
	stop_listening
	assert_status 125 && assert_stderr "listens on the socket"
}

@test "the plan says where a socket could hide from whoever may not read a directory" {
	requires python3
	local told="not all of $VOLUME was looked through" unread
	mkdir -p "$VOLUME/closed/below" "$BATS_TEST_TMPDIR/elsewhere"
	chmod 711 "$VOLUME/closed"
	# Somebody listens, on the same file system, on what has no name that leads there.
	listen "$BATS_TEST_TMPDIR/elsewhere" s
	for unread in "$VOLUME/closed" "$VOLUME"; do
		chmod 711 "$unread"
		capture as_user "$CASEMATE" explain sandbox --ro "$VOLUME" -- true </dev/null
		assert_status 0
		assert_match "$told"
		chmod 755 "$unread"
		capture as_user "$CASEMATE" explain sandbox --ro "$VOLUME" -- true </dev/null
		[[ $output != *"$told"* ]] || fail "all of it can be read"
	done
	stop_listening
}

@test "a socket of another container is no socket of the host" {
	requires python3
	listen "$VOLUME" here
	stop_listening
	rm "$VOLUME/here"
	# shellcheck disable=SC2016
	unshare -n python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print("ready", flush=True); time.sleep(60)' \
		"$VOLUME/theirs" >"$BATS_TEST_TMPDIR/listening" 3>&- &
	eventually test -s "$BATS_TEST_TMPDIR/listening"
	bind "$VOLUME" '["rbind","ro"]'
	run_casemate
	kill $!
	wait $! || true
	assert_status 0
}

@test "a standard stream that is the host's /dev/null is not the container's" {
	as_root_inside
	set_args /bin/sh -c 'for n in 0 1 2; do stat -L -c %D:%i /proc/self/fd/$n >>/srv/seen; done'
	local host
	host=$(stat -L -c %D:%i /dev/null)
	bind "$VOLUME" '["rbind"]'
	for mounts in . '.mounts |= map(select(.destination | startswith("/dev") | not))'; do
		rm -f "$VOLUME/seen"
		edit_config "$mounts"
		casemate_run </dev/null >/dev/null 2>&1
		[ "$(grep -c . "$VOLUME/seen")" = 3 ] || fail "it did not run"
		[ "$(grep -cxF "$host" "$VOLUME/seen")" = 0 ] || fail "the container has the host's: $(<"$VOLUME/seen")"
	done
}

@test "nor is it that of a program that is added" {
	as_root_inside
	bind "$VOLUME" '["rbind"]'
	set_args /bin/sleep 100
	local state=$BATS_TEST_TMPDIR/state
	"$CASEMATE" --root "$state" run --detach --profile baseline --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	"$CASEMATE" --root "$state" exec "$ID" /bin/sh -c 'stat -L -c %D:%i /proc/self/fd/0 >/srv/seen' </dev/null
	"$CASEMATE" --root "$state" delete --force "$ID"
	[ -s "$VOLUME/seen" ] && [ "$(<"$VOLUME/seen")" != "$(stat -L -c %D:%i /dev/null)" ]
}
