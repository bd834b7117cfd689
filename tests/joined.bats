#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# linux.namespaces[mount].path: the container lives in a mount namespace that somebody else made, below root.path of it, and
# nothing is changed there for the others.

load helpers/common

setup() {
	common_setup
	requires root
	privileged
	# The other one: a mount namespace in which /mnt is another root file system, with a file that the host does not have.
	unshare --mount bash -c 'mount -t tmpfs other /mnt && cp -a "$1"/. /mnt && mount -t proc proc /mnt/proc &&
		echo joined >/mnt/etc/which && : >"$2" && exec sleep 120' - "$BUNDLE/rootfs" "$BATS_TEST_TMPDIR/ready" 3>&- &
	OTHER=$!
	eventually test -e "$BATS_TEST_TMPDIR/ready"
	edit_config '.linux.namespaces |= map(if .type == "mount" then .path = $path elif .type == "pid" then empty else . end)
		| .root.path = "/mnt" | .mounts = []' --arg path "/proc/$OTHER/ns/mnt"
	set_args /bin/cat /etc/which
}

teardown() {
	kill "$OTHER"
	wait "$OTHER" || :
	common_teardown
}

others_mounts() {
	nsenter --mount --target "$OTHER" cat /proc/self/mountinfo
}

@test "root.path is looked up in the joined namespace, and nothing is mounted there" {
	local before
	before=$(others_mounts)
	run_casemate
	assert_status 0
	assert_output joined
	set_args /bin/readlink /proc/self/ns/mnt
	run_casemate
	assert_status 0
	assert_output "$(readlink "/proc/$OTHER/ns/mnt")"
	[ "$(others_mounts)" = "$before" ] || fail "its mounts have changed"
}

@test "other namespaces are joined by the host's paths, before that one" {
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)' --arg path "/proc/$OTHER/ns/net"
	set_args /bin/readlink /proc/self/ns/net
	run_casemate
	assert_status 0 && assert_output "$(readlink "/proc/$OTHER/ns/net")"
}

@test "what needs a procfs works, and clocks can be moved" {
	edit_config '.process.oomScoreAdj = 321 | .linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000}}'
	set_args /bin/cat /proc/self/oom_score_adj
	run_casemate
	assert_status 0 && assert_output 321
}

@test "exec is where the container is: below its root.path" {
	load helpers/lifecycle
	started /bin/sleep 60
	good exec "$ID" /bin/cat /etc/which
	assert_output joined
	good delete --force "$ID"
}

@test "what would be mounted, masked or made there is an error that names it" {
	local filter key
	while read -r key filter; do
		cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/saved"
		edit_config "$filter"
		run_casemate
		cp "$BATS_TEST_TMPDIR/saved" "$BUNDLE/config.json"
		assert_status 125 && assert_stderr "$key: nothing is mounted in a mount namespace that is joined" || return
	done <<-'END'
		/mounts .mounts = [{destination: "/tmp", type: "tmpfs", source: "t"}]
		/root/readonly .root.readonly = true
		/linux/rootfsPropagation .linux.rootfsPropagation = "rshared"
		/linux/devices .linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 3}]
		/linux/maskedPaths .linux.maskedPaths = ["/proc/kcore"]
		/linux/readonlyPaths .linux.readonlyPaths = ["/proc/sys"]
	END
}

@test "the working directory is not made in somebody else's tree" {
	edit_config '.process.cwd = "/not/there"'
	run_casemate
	assert_status 125
	assert_stderr /not/there
	! nsenter --mount --target "$OTHER" test -e /mnt/not
}

@test "restricted and baseline refuse mounts that nobody judged" {
	for PROFILE in restricted baseline; do
		run_casemate
		assert_status 125 && assert_stderr "the mounts of /proc/$OTHER/ns/mnt were judged by nobody" || return
	done
	edit_config '.linux.namespaces |= map(if .type == "mount" then .path = "/proc/self/ns/mnt" else . end)'
	run_casemate
	assert_status 125 && assert_stderr 'the mounts of /proc/self/ns/mnt were judged by nobody'
}

@test "a profile that allows it and demands what cannot be kept there refuses" {
	PROFILE=$BATS_TEST_TMPDIR/own.json
	jq -n '{casemate: 1, name: "own", extends: "privileged", masks: {missing: "tighten", masked: ["/proc/kcore"], readonly: []},
		writable_root: "tighten"}' >"$PROFILE"
	run_casemate
	assert_status 125 && assert_stderr 'without masking it for others' && assert_stderr 'as writable as others made it'
}

@test "a path that is no namespace, and one of another kind" {
	edit_config '.linux.namespaces |= map(if .type == "mount" then .path = "/etc/passwd" else . end)'
	run_casemate
	assert_status 125
	assert_stderr "'/etc/passwd' is not a namespace"
	edit_config '.linux.namespaces |= map(if .type == "mount" then .path = $path else . end)' --arg path "/proc/$OTHER/ns/net"
	run_casemate
	assert_status 125 && assert_stderr "cannot join the mount namespace"
}

@test "explain says whose mounts they are" {
	capture "$CASEMATE" explain --profile privileged "$BUNDLE"
	assert_status 0
	assert_match "joins the mount namespace /proc/$OTHER/ns/mnt"
	assert_match '/mnt of the joined mount namespace is the root, by chroot'
	[[ $output != *pivot_root* && $output != *'do not reach the host'* ]] || fail "it says what is not done"
}
