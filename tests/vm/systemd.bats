#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# --systemd-cgroup with the real systemd, that of the system and that of a user. For a machine whose init it is, and that is
# there for tests alone: boot.sh makes one.

# shellcheck disable=SC2030,SC2031 # each test has variables of its own

load ../helpers/common
load ../helpers/lifecycle

setup() {
	common_setup
	[ "$(cat /proc/1/comm)" = systemd ] || fail "this is for a machine whose init is systemd"
	make_bundle restricted
	UNIT=casemate-$ID.scope
	edit_config '.linux.cgroupsPath = $path | .linux.resources = {memory: {limit: 67108864}, cpu: {shares: 2048}, pids: {limit: 50}}' \
		--arg path ":casemate:$ID"
	STATE=$BATS_TEST_TMPDIR/state
}

teardown() {
	casemate delete --force "$ID" || true
	common_teardown
}

casemate() {
	cm --systemd-cgroup "$@"
}

good_casemate() {
	casemate "$@"
	assert_status 0
}

running() {
	set_args "$@"
	good_casemate create --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	good_casemate start "$ID"
}

property() {
	systemctl show -P "$1" "$UNIT"
}

has_property() {
	[ "$(property "$1")" = "$2" ] || fail "$1 is $(property "$1") and not $2"
}

is_gone() {
	[ "$(property LoadState)" = not-found ] || [ "$(property ActiveState)" = inactive ]
}

file() {
	cat "/sys/fs/cgroup$(property ControlGroup)/$1"
}

@test "root: a container is in a scope of the system, with its limits as properties and in the files" {
	running /bin/sleep 600
	has_property ActiveState active
	has_property Slice system.slice
	has_property Delegate yes
	has_property MemoryMax 67108864
	has_property TasksMax 50
	has_property CPUWeight 174
	[ "$(file memory.max)" = 67108864 ] || fail "memory.max"
	[ "$(file pids.max)" = 50 ] || fail "pids.max"
	good_casemate state "$ID"
	[ "$(file cgroup.procs)" = "$(jq .pid <<<"$output")" ] || fail "others are in the scope: $(file cgroup.procs)"
	good exec --detach "$ID" /bin/sleep 600
	[ "$(file cgroup.procs | wc -l)" -eq 2 ] || fail "exec is not in the scope"
	good ps --format json "$ID"
	[ "$(jq length <<<"$output")" -eq 2 ] || fail "ps does not see both"
	good pause "$ID"
	status_is paused
	good resume "$ID"
	good events --stats "$ID"
	good delete --force "$ID"
	eventually is_gone
	[ ! -d "/sys/fs/cgroup/system.slice/$UNIT" ] || fail "the cgroup was left"
}

@test "root: what update changes outlives a reload of systemd" {
	running /bin/sleep 600
	good update --memory 33554432 --pids-limit 40 --cpu-quota 25000 --cpu-period 50000 "$ID"
	has_property MemoryMax 33554432
	has_property TasksMax 40
	has_property CPUQuotaPerSecUSec 500ms
	systemctl daemon-reload
	[ "$(file memory.max)" = 33554432 ] || fail "memory.max"
	[ "$(file pids.max)" = 40 ] || fail "pids.max"
	[ "$(file cpu.max)" = "25000 50000" ] || fail "cpu.max: $(file cpu.max)"
}

@test "root: kill and delete, and no process is left" {
	running /bin/sh -c 'trap "" TERM; sleep 600 & sleep 600'
	good kill --all "$ID" KILL
	eventually status_is stopped
	good delete "$ID"
	eventually is_gone
	eventually no_processes
}

@test "root: run ends its scope, and a program that is missing does too" {
	set_args /bin/true
	good_casemate run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	eventually is_gone
	set_args /nothing
	casemate run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 127
	eventually is_gone
}

@test "root: a unit of somebody else with the name is not taken, and lives on" {
	systemd-run --quiet --scope --unit "$UNIT" sleep 60 3>&- &
	eventually systemctl -q is-active "$UNIT"
	set_args /bin/true
	casemate run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "$UNIT"
	has_property ActiveState active
	systemctl stop "$UNIT"
}

@test "root: delete does not end a later unit with the name of a container that has ended" {
	running /bin/true
	eventually is_gone
	systemd-run --quiet --scope --unit "$UNIT" sleep 60 3>&- &
	eventually systemctl -q is-active "$UNIT"
	good delete "$ID"
	has_property ActiveState active
	systemctl stop "$UNIT"
}

@test "root: a launcher that is killed leaves no scope" {
	running /bin/sleep 600
	good delete --force "$ID"
	edit_config '.process.args = ["/bin/sleep", "600"]'
	"$CASEMATE" --root "$STATE" --systemd-cgroup run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local launcher=$!
	eventually systemctl -q is-active "$UNIT"
	kill -KILL "$launcher"
	cm delete --force "$ID"
	eventually is_gone
}

@test "root: properties from annotations, a nested slice, and systemd ends the container in time" {
	edit_config '.linux.cgroupsPath = "casemate-test.slice:casemate:" + $id
		| .annotations = {"org.systemd.property.RuntimeMaxSec": "2", "org.systemd.property.Conflicts": "[\"dbus.service\"]"}' --arg id "$ID"
	running /bin/sh -c 'while :; do sleep 1; done'
	has_property ControlGroup "/casemate.slice/casemate-test.slice/$UNIT"
	has_property RuntimeMaxUSec 2s
	[[ $(property Conflicts) != *dbus* ]] || fail "the profile let it through"
	for _ in 1 2 3 4 5 6; do
		eventually status_is stopped && break
	done
	status_is stopped
}

@test "root: a fork bomb ends at the limit of the scope" {
	running /bin/sh -c 'sh -c "while :; do sleep 600 & done"; exec sleep 600'
	sleep 2
	has_property ActiveState active
	[ "$(file cgroup.procs | wc -l)" -le 50 ] || fail "there are more processes than the limit"
}

# What the user "tester" does, in the session of that user's own systemd.
as_tester() {
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/root.json"
	edit_config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 1000, hostID: 1000, size: 1}]
		| .linux.gidMappings = [{containerID: 1000, hostID: 1000, size: 1}] | del(.linux.resources.cpu)'
	chmod -R a+rwX "$BATS_TEST_TMPDIR"
	cat >"$BATS_TEST_TMPDIR/user.sh"
	status=0
	# shellcheck disable=SC2034
	output=$(as-user env CASEMATE="$CASEMATE" CASEMATE_SCOPE_HELPER="$CASEMATE_SCOPE_HELPER" ID="$ID" UNIT="$UNIT" BUNDLE="$BUNDLE" \
		CASEMATE_TEST="$ID" bash -exc 'casemate() { "$CASEMATE" --systemd-cgroup "$@" </dev/null; }; . "$1"' user "$BATS_TEST_TMPDIR/user.sh" 2>&1 3>&-) || status=$?
	assert_status 0
}

@test "a user: a container is in a scope of the user's own systemd" {
	edit_config '.process.args = ["/bin/sleep", "600"]'
	as_tester <<-'END'
		cd "${BUNDLE%/*}"
		casemate create --bundle "$BUNDLE" "$ID" >/dev/null 2>create.err || { cat create.err; exit 1; }
		casemate start "$ID"
		[ "$(systemctl --user show -P ActiveState "$UNIT")" = active ]
		[ "$(systemctl --user show -P MemoryMax "$UNIT")" = 67108864 ]
		[ "$(systemctl --user show -P Slice "$UNIT")" = user.slice ]
		group=/sys/fs/cgroup$(systemctl --user show -P ControlGroup "$UNIT")
		[ "$(cat "$group/pids.max")" = 50 ]
		[ "$(cat "$group/memory.max")" = 67108864 ]
		casemate exec --detach "$ID" /bin/sleep 600 >/dev/null 2>exec.err || { cat exec.err; exit 1; }
		[ "$(casemate ps --format json "$ID" | jq length)" = 2 ]
		casemate update --pids-limit 30 "$ID"
		[ "$(cat "$group/pids.max")" = 30 ]
		casemate kill "$ID" KILL
		casemate delete --force "$ID"
		[ ! -e "$group" ]
	END
}

@test "a user: a sandbox with a limit gets a scope, too" {
	as_tester <<-'END'
		"$CASEMATE" --systemd-cgroup sandbox --pids 20 -- cat /proc/self/cgroup
	END
	[[ $output == *0::/* ]] || fail "no cgroup"
}

# The launcher can only pass the controllers on when nobody but itself is in the cgroup, and the bus's proxy is another process.
@test "a user: a sandbox with a limit and a bus is alone in a delegated cgroup" {
	as_tester <<-'END'
		for bus in "" "--socket dbus-session"; do
			# shellcheck disable=SC2086 # words
			systemd-run --user --scope --quiet -p Delegate=yes "$CASEMATE" sandbox --mem 64M $bus -- true
		done
	END
}
