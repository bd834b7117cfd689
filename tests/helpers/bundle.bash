# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Bundles made of the probe and busybox, and runs of them.
#   make_bundle restricted      nothing that the profile restricted has to take away
#   make_bundle spec            what `runc spec` writes: root, three capabilities, read-only rootfs
#   make_bundle privileged      every capability, no mask, no filter: for profile "privileged" and the control runs
#   edit_config FILTER [ARGS]   changes config.json by jq(1)
#   run_casemate [OPTIONS]      `casemate run` of the bundle under $PROFILE, with a time limit; sets status, output, stderr
#   attack NAME [ARGS]          the same with `/probe NAME ARGS` as the program

CAP_NAMES=(CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
	NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
	SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
	MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE)

# Every capability that this process can pass on (a container that runs the tests lacks some), as a JSON list.
all_caps() {
	local bounding i
	bounding=$((16#$(sed -n 's/^CapBnd:\t//p' /proc/self/status)))
	for i in "${!CAP_NAMES[@]}"; do
		((bounding >> i & 1)) && echo "CAP_${CAP_NAMES[i]}"
	done | jq -Rnc '[inputs]'
}

# The rootfs is made once for each file of tests and copied. Everything in it is writable for everybody, so that nothing
# but the layer under test keeps a workload from writing.
make_rootfs() {
	local template=$BATS_FILE_TMPDIR/rootfs
	local applet
	if [ ! -d "$template" ]; then
		mkdir -p "$template".new/{bin,dev,etc,home,proc,root,run,srv,sys,tmp,usr/lib,var/lib/data}
		cp "$(command -v busybox)" "$template".new/bin/busybox
		for applet in sh ls cat sleep true false id mount stat touch ln readlink kill env pwd; do
			ln -s busybox "$template".new/bin/$applet
		done
		cp "$PROBE" "$template".new/probe
		echo 'root:x:0:0::/root:/bin/sh' >"$template".new/etc/passwd
		echo 'root:x:0:' >"$template".new/etc/group
		echo data >"$template".new/var/lib/data/file
		chmod -R a+rwX "$template".new
		mv "$template".new "$template"
	fi
	mkdir -p "$1"
	cp -a "$template" "$1/rootfs"
}

base_config() {
	cat <<'JSON'
{
  "ociVersion": "1.2.0",
  "root": { "path": "rootfs", "readonly": true },
  "hostname": "bundle",
  "process": {
    "terminal": false,
    "user": { "uid": 1000, "gid": 1000 },
    "args": ["/probe", "ids"],
    "env": ["PATH=/usr/bin:/bin", "TERM=xterm"],
    "cwd": "/",
    "capabilities": { "bounding": [], "effective": [], "permitted": [], "inheritable": [], "ambient": [] },
    "rlimits": [{ "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 }],
    "noNewPrivileges": true
  },
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"] },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
      "options": ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"] },
    { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
      "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
    { "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
      "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
    { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"] },
    { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"] },
    { "destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777", "size=16m"] }
  ],
  "linux": {
    "resources": { "pids": { "limit": 128 } },
    "namespaces": [
      { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }, { "type": "cgroup" }
    ],
    "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
      "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware",
      "/sys/devices/virtual/powercap"],
    "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
  }
}
JSON
}

# config_KIND: a filter for jq that makes KIND of the base.
# shellcheck disable=SC2034,SC2016
{
config_restricted='.'
config_spec='.process.user = {uid: 0, gid: 0} | .root.readonly = true
	| .process.capabilities |= with_entries(.value = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"])
	| .mounts |= map(select(.destination != "/tmp"))
	| .linux.resources = {devices: [{allow: false, access: "rwm"}]}'
config_privileged='.process.user = {uid: 0, gid: 0} | .root.readonly = false | .process.noNewPrivileges = false
	| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps, inheritable: [], ambient: []}
	| .mounts |= map(if .destination == "/sys" then .options -= ["ro"] else . end)
	| .linux.maskedPaths = [] | .linux.readonlyPaths = []
	| .linux.resources = {devices: [{allow: true, access: "rwm"}]}'
}

make_bundle() {
	local filter=config_$1
	make_rootfs "$BUNDLE"
	base_config | jq --argjson caps "$(all_caps)" --arg id "$ID" \
		"${!filter} | .process.env += [\"CASEMATE_TEST=\" + \$id]" >"$BUNDLE/config.json"
}

# Another one in its place, of a root user with every right, for what "restricted" refuses.
# shellcheck disable=SC2034
privileged() {
	rm -rf "$BUNDLE"
	make_bundle privileged
	PROFILE=privileged
}

edit_config() {
	jq "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.json.new" && mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# Hundreds of attacks differ in their arguments alone: where these are plain words, the list in jq's own layout is replaced
# without starting jq(1).
set_args() {
	local text list
	text=$(<"$BUNDLE/config.json")
	if [[ "$*" =~ ^[A-Za-z0-9_/.:=\ -]+$ && $text == *$'\n    "args": [\n'* ]]; then
		printf -v list '      "%s",\n' "$@"
		printf '%s\n    "args": [\n%s\n    ],\n%s\n' "${text%%$'\n    "args": [\n'*}" "${list%,*}" \
			"${text#*$'\n    "args": [\n'*$'\n    ],\n'}" >"$BUNDLE/config.json"
	else
		edit_config '.process.args = $ARGS.positional' --args -- "$@"
	fi
}

# The command line of one run.
casemate_run() {
	timeout -k 2 "$((60 * ${PATIENCE:-1}))" "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$@" "$ID"
}

# shellcheck disable=SC2120
run_casemate() {
	capture casemate_run "$@" </dev/null
}

attack() {
	set_args /probe "$@"
	run_casemate
}

# assert_denied [ERRNO|ERRNO...]: the attack was refused, by that errno or signal.
# shellcheck disable=SC2154
assert_denied() {
	[ "$status" -eq 0 ] && [[ $output =~ ^denied\ (${1:-[A-Z0-9]+})( |$) ]] || fail "expected: denied ${1-}"
}

assert_allowed() {
	[ "$status" -eq 1 ] && [[ $output == "allowed "* ]] || fail "expected: allowed"
}

# Reads lines "EXPECTED NAME [ARGS]" and tries each; EXPECTED is a list of errnos, signals, "absent" and "allowed" with "|"
# between them. All that went wrong is told at once.
# shellcheck disable=SC2154
attack_table() {
	local expected name arguments answer wrong=0
	while read -r expected name arguments; do
		[ -n "$name" ] || continue
		# shellcheck disable=SC2086
		attack "$name" $arguments
		answer=${output#denied }
		case $status in
		0 | 1) [[ ${answer%% *} =~ ^($expected)$ ]] && continue ;;
		esac
		printf '%s %s: expected %s, got status %s: %s %s\n' "$name" "$arguments" "$expected" "$status" "$output" \
			"$stderr" >&2
		wrong=1
	done
	return $wrong
}

# report NAME [ARGS]: the lines of a report of the probe.
report() {
	set_args /probe "$@"
	run_casemate
	assert_status 0
}

# The launcher either refuses (125) or starts the program; a crash, a hang or its own failure otherwise is none of both.
assert_refused_or_ran() {
	[ "$status" -eq 125 ] || [ "$status" -eq 0 ] || fail "neither refused nor run: $*"
	[ "$status" -eq 0 ] || [ -n "$stderr" ] || fail "refused without a word: $*"
}

assert_refused() {
	[ "$status" -eq 125 ] && [ -n "$stderr" ] || fail "expected to be refused: $*"
}
