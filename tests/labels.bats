#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Labels of AppArmor and SELinux: set and read back, or an error that says what the kernel lacks; never left out.

load helpers/common

setup() {
	common_setup
	requires root
	privileged
	set_args /bin/busybox touch /srv/started
}

teardown() {
	[ ! -e "$BUNDLE/rootfs/srv/started" ] || fail "the program was started"
	common_teardown
}

refused() {
	run_casemate
	assert_status 125 || return
	local text
	for text; do
		assert_stderr "$text" || return
	done
}

@test "an AppArmor profile that is not there stops the launch" {
	edit_config '.process.apparmorProfile = "no-such-profile"'
	refused "cannot set the AppArmor profile 'no-such-profile'"
	if [ ! -d /proc/self/attr/apparmor ]; then
		assert_stderr 'hint: this kernel runs without AppArmor'
	fi
}

@test "an SELinux label that is not there stops the launch" {
	edit_config '.process.selinuxLabel = "no_such:label"'
	refused "cannot set the SELinux label 'no_such:label'"
	if [ ! -d /sys/fs/selinux ]; then
		assert_stderr 'hint: this kernel runs without SELinux'
	fi
}

@test "mounts that cannot be labelled stop the launch" {
	edit_config '.linux.mountLabel = "no_such:label"'
	refused "cannot label the mount on '/dev' 'no_such:label'" mounts/1
	[ -d /sys/fs/selinux ] || assert_stderr 'hint: linux.mountLabel needs a kernel that runs with SELinux'
	# The mount has a label of its own: the masks are next.
	edit_config '.mounts = [] | .linux.maskedPaths = ["/etc/passwd"]'
	refused "no_such:label"
}

@test "a label of more than 512 bytes is none" {
	local key
	for key in process.apparmorProfile process.selinuxLabel linux.mountLabel; do
		make_bundle privileged
		edit_config ".$key = \"$(printf 'x%0600d' 0)\""
		refused 'longer than 512 bytes' || return
	done
}

@test "no procfs of the image stands in for the kernel's" {
	mkdir -p "$BUNDLE/rootfs/proc/self/attr/apparmor" "$BUNDLE/rootfs/proc/1/attr/apparmor"
	: >"$BUNDLE/rootfs/proc/1/attr/apparmor/exec"
	: >"$BUNDLE/rootfs/proc/1/attr/exec"
	edit_config '.mounts |= map(select(.type != "proc")) | .process.apparmorProfile = "no-such-profile"'
	refused "AppArmor profile"
	edit_config 'del(.process.apparmorProfile) | .process.selinuxLabel = "no_such:label"'
	refused "SELinux label"
	[ ! -s "$BUNDLE/rootfs/proc/1/attr/apparmor/exec" ] && [ ! -s "$BUNDLE/rootfs/proc/1/attr/exec" ]
}

@test "explain says the labels, and which mounts carry one" {
	edit_config '.linux.mountLabel = "a:b" | .process.apparmorProfile = "p" | .process.selinuxLabel = "c:d"
		| .mounts += [{destination: "/mine", type: "tmpfs", source: "t", options: ["context=e:f"]},
			{destination: "/bound", type: "bind", source: "/srv", options: ["bind"]}]'
	capture "$CASEMATE" explain --profile privileged "$BUNDLE"
	assert_status 0
	assert_match 'the AppArmor profile p does not allow'
	assert_match 'SELinux does not allow c:d'
	local labelled
	labelled=$(grep 'labelled a:b' <<<"$output" | sed 's/.* on \([^,]*\),.*/\1/' | sort | xargs)
	[ "$labelled" = "/dev /dev/pts /dev/shm /tmp" ] || fail "labelled: $labelled"
}
