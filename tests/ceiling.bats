#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Ways round a ceiling with nothing but a config.json or an image: other names for the host's things, words that
# contradict each other, and what comes along with what was asked for. Each was a way out once.

load helpers/common

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

as_root_inside() {
	PROFILE=baseline
	edit_config '.process.user = {uid: 0, gid: 0}'
}

bind() {
	edit_config --arg s "$1" --argjson o "$2" '.mounts |= .[0:7] + [{destination: "/srv", type: "bind", source: $s, options: $o}]'
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
