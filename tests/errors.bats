#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Every error says what was tried, on what, why it failed and what to do, and leaves nothing behind (common_teardown).

load helpers/common

setup() {
	common_setup
	requires root
	make_bundle restricted
}

teardown() {
	common_teardown
}

# error STATUS TEXT...: the run fails with STATUS and says each TEXT; nothing is on standard output.
error() {
	local expected=$1 text
	shift
	run_casemate
	assert_status "$expected"
	[ -z "$output" ] || fail "something on standard output"
	[[ $stderr == "casemate: "* ]] || fail "it does not begin with the program's name"
	for text; do
		[[ $stderr == *"$text"* ]] || fail "expected in the message: $text"
	done
}

# --- what cannot be executed

@test "127: a program that is not there" {
	set_args /bin/nothing
	error 127 /bin/nothing 'no such file'
	set_args nothing
	error 127 nothing PATH
}

@test "127: the interpreter of a script is not there, and it is named" {
	printf '#!/opt/none/python3 -u\n' >"$BUNDLE/rootfs/script"
	chmod 755 "$BUNDLE/rootfs/script"
	set_args /script
	error 127 /script 'script interpreter' /opt/none/python3
}

@test "127: the ELF interpreter is not there, and it is named" {
	local program
	program=$(command -v cat)
	cp "$program" "$BUNDLE/rootfs/dynamic"
	set_args /dynamic
	error 127 /dynamic 'ELF interpreter' /ld-linux
}

@test "126: not executable, a directory, on a noexec mount, in an unknown format" {
	echo text >"$BUNDLE/rootfs/text"
	chmod 644 "$BUNDLE/rootfs/text"
	set_args /text
	error 126 /text 'ermission denied'
	set_args /etc
	error 126 /etc
	chmod 755 "$BUNDLE/rootfs/text"
	set_args /text
	error 126 /text "#!"
	mkdir "$BATS_TEST_TMPDIR/data" "$BUNDLE/rootfs/data"
	cp "$PROBE" "$BATS_TEST_TMPDIR/data/probe"
	edit_config --arg s "$BATS_TEST_TMPDIR/data" \
		'.mounts += [{destination: "/data", type: "bind", source: $s, options: ["rbind", "noexec", "nosuid", "nodev"]}]'
	set_args /data/probe
	error 126 /data/probe noexec
}

# --- what the profile refuses

@test "125: all refusals at once, each with its remedy" {
	edit_config '.process.user = {uid: 0, gid: 0} | .linux.namespaces |= map(select(.type != "network"))
		| .mounts += [{destination: "/m", type: "bind", source: "/", options: ["rbind"]}]
		| .linux.sysctl = {"kernel.msgmax": "8192"}
		| .linux.rootfsPropagation = "shared" | .hooks = {poststop: [{path: "/bin/true"}]}'
	error 125 restricted process.user.uid bound kernel.msgmax network hook
	[[ $stderr == *1000:1000* ]] || fail "no remedy for root"
	[ "$(grep -c . <<<"$stderr")" -ge 5 ] || fail "not every refusal has its line"
}

@test "125: the refusal of root says how to get another user" {
	edit_config '.process.user = {uid: 0, gid: 0}'
	error 125 'uid is 0' '--user'
}

@test "125: a namespace of the host's, which restricted refuses" {
	local kind
	for kind in pid network ipc uts; do
		make_bundle restricted
		edit_config --arg k $kind '.linux.namespaces |= map(select(.type != $k)) | del(.hostname)'
		run_casemate
		[[ $status -eq 125 && $stderr == *$kind* && $stderr == *restricted* ]] || fail "$kind"
	done
}

@test "125: sensitive sources, devices, realtime, personality" {
	edit_config '.mounts += [{destination: "/m", type: "bind", source: "/etc", options: ["rbind", "ro"]}]'
	error 125 /etc restricted
	make_bundle restricted
	edit_config '.linux.devices = [{type: "c", path: "/dev/kmsg", major: 1, minor: 11}]'
	error 125 /dev/kmsg
	make_bundle restricted
	edit_config '.process.scheduler = {policy: "SCHED_FIFO", priority: 1}'
	error 125 SCHED_FIFO
	make_bundle restricted
	edit_config '.linux.personality = {domain: "LINUX32"}'
	error 125 LINUX32
	make_bundle restricted
	mkdir "$BUNDLE/rootfs/m"
	edit_config '.mounts += [{destination: "/m", type: "ext4", source: "/dev/none", options: []}]'
	error 125 ext4
}

# --- what is wrong in config.json

@test "125: no bundle, no config.json, no rootfs" {
	mv "$BUNDLE" "$BUNDLE.away"
	error 125 "$BUNDLE" 'no such file'
	mkdir "$BUNDLE"
	error 125 config.json 'no such file'
	cp "$BUNDLE.away/config.json" "$BUNDLE"
	error 125 rootfs 'no such file'
}

@test "125: errors of JSON have line, column and pointer" {
	echo '{"ociVersion": "1.2.0", "process": {"args": [}}' >"$BUNDLE/config.json"
	error 125 config.json:1:
	printf '{\n "ociVersion": "1.2.0",\n "process": {\n  "args": ["/x"],\n  "cwd": 7\n }\n}\n' >"$BUNDLE/config.json"
	error 125 config.json:5: /process/cwd
}

@test "125: what the specification demands and the config lacks" {
	local filter
	for filter in 'del(.ociVersion)' 'del(.root)' 'del(.process.cwd)' 'del(.process.args)' '.process.args = []' \
		'.process.cwd = "relative"' '.process.env = ["NOVALUE"]' '.ociVersion = "2.0.0"' '.ociVersion = "x"'; do
		make_bundle restricted
		edit_config "$filter"
		error 125
	done
}

@test "125: unknown constants are named" {
	edit_config '.process.rlimits[0].type = "RLIMIT_NONE"'
	error 125 RLIMIT_NONE /process/rlimits/0
	make_bundle restricted
	edit_config '.linux.namespaces[0].type = "nonsense"'
	error 125 nonsense /linux/namespaces/0
	make_bundle restricted
	edit_config '.linux.seccomp = {defaultAction: "SCMP_ACT_NONE"}'
	error 125 SCMP_ACT_NONE
	make_bundle restricted
	edit_config '.mounts[0].options += ["nosuidd=x"] | .mounts[0].type = "tmpfs" | .mounts[0].destination = "/tmp"'
	error 125 nosuidd
}

@test "unknown capabilities are a warning, as the specification says" {
	edit_config '.process.capabilities.bounding = ["CAP_NOT_YET_INVENTED"]'
	run_casemate
	assert_status 0
}

@test "unknown properties are ignored, as the specification says" {
	edit_config '.process.futureField = {a: [1, 2.5, null, {"b": true}]} | .linux.alsoNew = "x" | .windows = {}'
	run_casemate
	assert_status 0
}

# --- what the host cannot give

@test "125: mounts that fail name the entry, the target and the reason" {
	mkdir "$BUNDLE/rootfs/m"
	edit_config '.mounts += [{destination: "/m", type: "bind", source: "/none/at/all", options: ["rbind"]}]'
	error 125 /none/at/all 'no such file' mounts/7
	PROFILE=privileged
	edit_config '.mounts[7] = {destination: "/m", type: "nosuchfs", source: "none", options: []}'
	error 125 nosuchfs mounts/7
	edit_config '.mounts[7] = {destination: "/m", type: "tmpfs", source: "none", options: ["size=nonsense"]}'
	error 125 size 'nvalid argument' mounts/7
	edit_config '.mounts[7].destination = "/dev/m"'
	error 125 size "Bad value for 'size'" 'nvalid argument' mounts/7
}

@test "125: a namespace to join that is not there" {
	PROFILE=privileged
	edit_config '.linux.namespaces[1].path = "/none/net"'
	error 125 /none/net 'no such file'
}

@test "125: a step that fails is named, and nothing is left behind" {
	PROFILE=privileged
	edit_config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 2000000, deadline: 1000000, period: 1000000}'
	error 125 scheduler 'nvalid argument'
}

@test "125: what only root can do says so to a user" {
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/1/ns/net" else . end)'
	run --separate-stderr as_user "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID" </dev/null
	assert_status 125
	assert_stderr /proc/1/ns/net
	assert_stderr denied
}

@test "125: user namespaces are off" {
	# The limit of a user namespace around the launcher, so that the machine's own stays as it is.
	# shellcheck disable=SC2016
	run --separate-stderr as_user unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
		exec setpriv --bounding-set=-all --inh-caps=-all "$CASEMATE" sandbox -- /bin/true' </dev/null
	assert_status 125
	assert_stderr max_user_namespaces
}

@test "125: profiles that are missing, wrong, or have unknown keys" {
	PROFILE=nosuch
	error 125 nosuch restricted
	PROFILE=$BATS_TEST_TMPDIR/none.json
	error 125 none.json
	PROFILE=$BATS_TEST_TMPDIR/own.json
	printf '{\n "casemate": 1,\n "name": "own",\n "extends": "restricted",\n "roott_user": "allow"\n}\n' >"$PROFILE"
	error 125 own.json:5: roott_user
	printf '{"casemate": 1, "name": "own", "extends": "restricted", "root_user": "perhaps"}' >"$PROFILE"
	error 125 perhaps
	printf '{"casemate": 1, "name": "own", "extends": "restricted", "root_user": "allow"}' >"$PROFILE"
	error 125 root_user
}

# --- usage

@test "125: a command line that is wrong, and what in it" {
	run --separate-stderr "$CASEMATE"
	assert_status 125
	run --separate-stderr "$CASEMATE" nosuchcommand
	assert_status 125
	assert_stderr nosuchcommand
	run --separate-stderr "$CASEMATE" run --bundle "$BUNDLE"
	assert_status 125
	run --separate-stderr "$CASEMATE" run --bundle "$BUNDLE" --nosuchoption "$ID"
	assert_status 125
	assert_stderr nosuchoption
	run --separate-stderr "$CASEMATE" run --bundle
	assert_status 125
	run --separate-stderr "$CASEMATE" run --bundle "$BUNDLE" "$ID" surplus
	assert_status 125
}

# --- the log file

@test "the same error as one JSON line in the log file" {
	set_args /bin/nothing
	run --separate-stderr timeout -k 2 20 "$CASEMATE" --log "$BATS_TEST_TMPDIR/log" --log-format json run --profile "$PROFILE" \
		--bundle "$BUNDLE" "$ID" </dev/null
	assert_status 127
	[ "$(wc -l <"$BATS_TEST_TMPDIR/log")" -eq 1 ]
	jq -e '.level == "error" and (.msg | contains("/bin/nothing")) and (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T"))' \
		"$BATS_TEST_TMPDIR/log"
}

@test "a program that fails by itself is no error of casemate" {
	set_args /probe status 125
	run_casemate
	assert_status 125
	[ -z "$stderr" ] || fail "casemate said something"
}
