#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# --systemd-cgroup and --cgroup-manager: what is asked of systemd, and that the other commands find the container in its
# scope. A script answers in the place of systemd; tests/vm/ has the same with the real one.

# shellcheck disable=SC2016 # programs for jq and sh
# shellcheck disable=SC2030,SC2031 # each test has variables of its own

load helpers/common
load helpers/cgroup
load helpers/lifecycle

setup() {
	common_setup
	requires root cgroup2
	export CASEMATE_SCOPE_HELPER=$BATS_TEST_TMPDIR/helper FAKE_SCOPE_LOG=$BATS_TEST_TMPDIR/log
	install -m 755 "$HELPERS/fake-scope.sh" "$CASEMATE_SCOPE_HELPER"
	: >"$FAKE_SCOPE_LOG"
	make_bundle privileged
	PROFILE=privileged
	SLICE=casemate$RANDOM.slice
	edit_config '.linux.cgroupsPath = $path | del(.linux.resources)' --arg path "$SLICE:casemate:$ID"
	UNIT=casemate-$ID.scope
}

teardown() {
	cm_v2 delete --force "$ID" || true
	in_v2 rmdir "/sys/fs/cgroup/$SLICE" 2>/dev/null || true
	common_teardown
}

# As cm and good, where cgroup v2 is mounted.
cm_v2() {
	status=0
	in_v2 timeout -k 2 60 "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" "$@" </dev/null \
		>"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- || status=$?
	output=$(<"$BATS_TEST_TMPDIR/stdout")
	# shellcheck disable=SC2034
	stderr=$(<"$BATS_TEST_TMPDIR/stderr")
}

good_v2() {
	cm_v2 "$@"
	assert_status 0
}

create_v2() {
	set_args "$@"
	good_v2 --systemd-cgroup create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	good_v2 start "$ID"
}

asked() {
	grep -qxF -- "$1" "$FAKE_SCOPE_LOG" || fail "systemd was not asked: $1" "$(cat "$FAKE_SCOPE_LOG")"
}

not_asked() {
	! grep -q -- "$1" "$FAKE_SCOPE_LOG" || fail "systemd was asked: $1"
}

@test "the container is in a scope of systemd, and every command finds it there" {
	create_v2 /bin/sleep 60
	asked start
	asked "$UNIT"
	asked "Slice='$SLICE'"
	asked Delegate=true
	asked "TasksMax=uint64 18446744073709551615"
	good_v2 state "$ID"
	grep -qx "0::/$SLICE/$UNIT" "/proc/$(jq .pid <<<"$output")/cgroup" || fail "it is elsewhere: $(cat "/proc/$(jq .pid <<<"$output")/cgroup")"
	good_v2 ps "$ID"
	assert_match sleep
	good_v2 exec --detach "$ID" /bin/sleep 60
	good_v2 ps --format json "$ID"
	[ "$(jq length <<<"$output")" -eq 2 ] || fail "expected two processes"
	good_v2 pause "$ID"
	good_v2 state "$ID"
	[ "$(jq -r .status <<<"$output")" = paused ] || fail "it is not paused"
	good_v2 resume "$ID"
	good_v2 events --stats "$ID"
	good_v2 kill --all "$ID" KILL
	good_v2 delete --force "$ID"
	good_v2 list -q
	assert_output ""
	[ -z "$(in_v2 find /sys/fs/cgroup -name "$UNIT")" ] || fail "the scope was left behind"
}

@test "delete ends the scope that was made, by its invocation, also when processes are left in it" {
	create_v2 /bin/sh -c 'exit 0'
	good_v2 exec --detach "$ID" /bin/sleep 60 || true
	good_v2 delete --force "$ID"
	[ -z "$(in_v2 find /sys/fs/cgroup -name "$UNIT")" ] || fail "the scope was left behind"
}

@test "nothing is in the scope but the container: the helper ends when that is in it" {
	create_v2 /bin/sleep 60
	[ "$(in_v2 cat "/sys/fs/cgroup/$SLICE/$UNIT/cgroup.procs" | wc -l)" -eq 1 ] || fail "others are in it"
}

@test "run ends the scope in the end" {
	set_args /bin/true
	good_v2 --cgroup-manager=systemd run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	[ -z "$(in_v2 find /sys/fs/cgroup -name "$UNIT")" ] || fail "the scope was left behind"
}

@test "a launch that fails behind the scope ends it" {
	set_args /nothing
	cm_v2 --systemd-cgroup run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 127
	asked stop
	[ -z "$(in_v2 find /sys/fs/cgroup -name "$UNIT")" ] || fail "the scope was left behind"
}

@test "what systemd says is the error, and nothing of somebody else's unit is touched" {
	FAKE_SCOPE=refuse cm_v2 --systemd-cgroup create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "systemd did not make the scope '$UNIT': Unit $UNIT was already loaded"
	not_asked stop
}

@test "a scope elsewhere than planned is refused" {
	FAKE_SCOPE=lie cm_v2 --systemd-cgroup create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "systemd made the scope at '/elsewhere' where '/$SLICE/$UNIT' was expected"
	in_v2 rmdir "/sys/fs/cgroup/$SLICE/$UNIT"
}

@test "a helper that ends without an answer is an error" {
	FAKE_SCOPE=mute cm_v2 --systemd-cgroup create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "its helper ended without a word"
}

@test "a helper that others can write is not executed" {
	chmod 777 "$CASEMATE_SCOPE_HELPER"
	cm_v2 --systemd-cgroup create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "can be written by others"
	[ ! -s "$FAKE_SCOPE_LOG" ] || fail "it was executed"
}

@test "without the helper the error says what to do" {
	CASEMATE_SCOPE_HELPER=/nonexistent cm_v2 --systemd-cgroup create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "cannot use the helper for systemd"
	assert_stderr "leave --systemd-cgroup out"
}

@test "update changes the properties of the scope as well" {
	create_v2 /bin/sleep 60
	: >"$FAKE_SCOPE_LOG"
	cm_v2 update --pids-limit 77 "$ID"
	asked set
	asked 0123456789abcdef0123456789abcdef
	asked "TasksMax=uint64 77"
}

@test "annotations become properties, and under a ceiling only harmless ones" {
	set_args /bin/true
	edit_config '.annotations = {"org.systemd.property.TimeoutStopSec": "uint32 3", "org.systemd.property.Conflicts": "[\u0027sshd.service\u0027]"}'
	good_v2 --systemd-cgroup run --profile privileged --bundle "$BUNDLE" "$ID"
	asked "TimeoutStopUSec=uint64 3000000"
	asked "Conflicts=['sshd.service']"
	cm_v2 --systemd-cgroup explain --profile baseline "$BUNDLE"
	assert_match 'TimeoutStopUSec=uint64 3000000'
	[[ $output != *"Conflicts=["* ]] || fail "a unit of the host would be stopped"
	assert_match 'the property Conflicts of the unit'
	edit_config '.annotations = {"org.systemd.property.Slice": "\u0027a.slice\u0027"}'
	cm_v2 --systemd-cgroup explain --profile privileged "$BUNDLE"
	assert_status 125
	assert_stderr "the launcher's own"
	edit_config '.annotations = {"org.systemd.property.After": "no value"}'
	cm_v2 --systemd-cgroup explain --profile privileged "$BUNDLE"
	assert_status 125
	assert_stderr "is no value of a property"
}

@test "limits are properties, rounded up where systemd has per cents" {
	edit_config '.linux.resources = {memory: {limit: 8388608, swap: 16777216}, cpu: {shares: 1024, quota: 12345, period: 100000, cpus: "0-1,9"}, pids: {limit: 9}}'
	cm_v2 --systemd-cgroup explain --profile privileged "$BUNDLE"
	assert_status 0
	for property in "MemoryMax=uint64 8388608" "MemorySwapMax=uint64 8388608" "CPUWeight=uint64 100" "CPUQuotaPerSecUSec=uint64 130000" \
		"CPUQuotaPeriodUSec=uint64 100000" "AllowedCPUs=\[byte 0x03, 0x02\]" "TasksMax=uint64 9"; do
		assert_match "$property"
	done
}

@test "a path that is not systemd's, a slice that is none, and a limit that leaves no room are errors" {
	for path in /a/b a:b "../x.slice:a:b" "noslice:a:b" "x.slice:a:b/c" "x.slice:a:y.slice"; do
		edit_config '.linux.cgroupsPath = $path' --arg path "$path"
		cm_v2 --systemd-cgroup explain --profile privileged "$BUNDLE"
		assert_status 125
		assert_stderr "linux/cgroupsPath"
	done
	edit_config 'del(.linux.cgroupsPath) | .linux.resources = {pids: {limit: 1}}'
	cm_v2 --systemd-cgroup explain --profile privileged "$BUNDLE"
	assert_status 125
	assert_stderr "the limit must be 2 or more"
}

@test "the path of a nested slice is systemd's" {
	edit_config '.linux.cgroupsPath = "a-b.slice::x"'
	cm_v2 --systemd-cgroup explain --profile privileged "$BUNDLE"
	assert_match "asks systemd for the scope x.scope in a-b.slice"
}

@test "systemd's form of a path without systemd is an error" {
	cm_v2 explain --profile privileged "$BUNDLE"
	assert_status 125
	assert_stderr "casemate --systemd-cgroup"
}

@test "where cgroups are not v2, systemd is not asked" {
	capture unshare --mount --propagation private sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"' sh \
		"$CASEMATE" --systemd-cgroup --root "$BATS_TEST_TMPDIR/state" create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "--systemd-cgroup needs cgroup v2"
	[ ! -s "$FAKE_SCOPE_LOG" ] || fail "it was asked"
}

@test "with --cgroup-manager=disabled there is no cgroup, and explain says so" {
	set_args /bin/cat /proc/self/cgroup
	edit_config 'del(.linux.cgroupsPath) | .linux.namespaces |= map(select(.type != "cgroup"))'
	good --cgroup-manager=disabled run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	[[ $output != *"$ID"* ]] || fail "it is in a cgroup of its own"
	good --cgroup-manager=disabled explain --profile "$PROFILE" "$BUNDLE"
	assert_match "no cgroup is made: it is disabled"
	edit_config '.linux.resources = {memory: {limit: 8388608}}'
	cm --cgroup-manager=disabled run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "memory"
}

@test "another manager than these three is an error" {
	cm --cgroup-manager=openrc list
	assert_status 125
	assert_stderr "expected cgroupfs, systemd or disabled"
}
