#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The features document: complete, and true for the program that prints it.

load helpers/common

setup() {
	common_setup
	requires jq
}

teardown() {
	common_teardown
}

features() {
	capture "$CASEMATE" features </dev/null
	assert_status 0
	[ -z "$stderr" ] || fail "words on standard error"
}

# explained JQ-FILTER [ARGS]: a bundle with this change can be planned.
explained() {
	make_bundle privileged
	edit_config "$@"
	capture "$CASEMATE" explain --profile privileged "$BUNDLE"
	assert_status 0
}

@test "all of the specification's keys are there" {
	features
	jq -e '(keys - ["annotations", "hooks", "linux", "mountOptions", "ociVersionMax", "ociVersionMin",
			"potentiallyUnsafeConfigAnnotations"] == []) and (keys | length == 7)
		and .ociVersionMin == "1.0.0" and .ociVersionMax == "1.3.0"
		and .hooks == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
		and (.linux | keys) == ["apparmor", "capabilities", "cgroup", "intelRdt", "memoryPolicy", "mountExtensions",
			"namespaces", "netDevices", "seccomp", "selinux"]
		and (.linux.seccomp | keys) == ["actions", "archs", "enabled", "knownFlags", "operators", "supportedFlags"]
		and (.linux.cgroup | keys) == ["rdma", "systemd", "systemdUser", "v1", "v2"]
		and .linux.intelRdt == {enabled: true, schemata: true, monitoring: true}
		and .linux.mountExtensions.idmap.enabled and .linux.netDevices.enabled and .linux.seccomp.enabled
		and .linux.apparmor.enabled and .linux.selinux.enabled
		and (.annotations | map_values(type) == {"casemate.version": "string", "casemate.commit": "string",
			"org.opencontainers.runc.checkpoint.enabled": "string"})
		and .potentiallyUnsafeConfigAnnotations == ["org.systemd.property."]' <<<"$output" || fail "not complete"
}

@test "what engines look for is there: rro, user and time namespaces, idmap, every capability of this kernel" {
	features
	jq -e '(["rro", "rrw", "rnosuid", "ridmap", "idmap", "nosymfollow", "rnosymfollow", "lazytime", "tmpcopyup"] - .mountOptions) == []
		and (["user", "time", "cgroup"] - .linux.namespaces) == []' <<<"$output"
	local last
	last=$(cat /proc/sys/kernel/cap_last_cap)
	[ "$(jq '.linux.capabilities | length' <<<"$output")" -gt "$last" ]
}

@test "every mount option, action, operator, architecture and flag that is named is read" {
	requires root
	features
	local document=$output
	explained '.linux.seccomp = ($features.linux.seccomp | {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/x",
		architectures: .archs, flags: .knownFlags, syscalls: ([.actions[] | {names: ["sync"], action: .}]
		+ [.operators[] | {names: ["sync"], action: "SCMP_ACT_LOG", args: [{index: 0, value: 1, op: .}]}])})' \
		--argjson features "$document"
	explained '.mounts += [{destination: "/srv", type: "bind", source: "/", options:
		($features.mountOptions - ["remount", "tmpcopyup", "idmap", "ridmap"])}]' --argjson features "$document"
	explained '.linux.namespaces = [$features.linux.namespaces[] | {type: .}] | .linux.uidMappings = [{containerID: 0, hostID: 1,
		size: 9}] | .linux.gidMappings = .linux.uidMappings' --argjson features "$document"
	explained '.linux.memoryPolicy = {mode: $features.linux.memoryPolicy.modes[0], flags: $features.linux.memoryPolicy.flags}' \
		--argjson features "$document"
	explained '.process.capabilities.bounding = $features.linux.capabilities' --argjson features "$document"
	[[ $output != *'does not know'* && $output != *unknown* ]] || fail "a capability is not known"
}

@test "the flags that this kernel lacks are known and not supported" {
	features
	jq -e '.linux.seccomp | (.supportedFlags - .knownFlags) == [] and (.supportedFlags | contains(["SECCOMP_FILTER_FLAG_LOG"]))' <<<"$output"
}

@test "it takes no argument" {
	capture "$CASEMATE" features more
	assert_status 125
}

@test "--version is what engines parse: a name and a version, a commit, the specification" {
	capture "$CASEMATE" --version
	assert_status 0
	local form='^casemate version [0-9]+[.][0-9]+[.][0-9]+;commit: [0-9a-v.]+;spec: 1[.]3[.]0$'
	[[ ${output//$'\n'/;} =~ $form ]] || fail "another form"
	[ -z "$stderr" ]
}
