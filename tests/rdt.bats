#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# linux.intelRdt. Few machines have a CPU for it, so a directory stands in for resctrl, in a mount namespace of the test's
# own: what the kernel would make in a new class is made there by writing it.

load helpers/common

setup() {
	common_setup
	requires root
	privileged
	set_args /bin/true
	RESCTRL=$BATS_TEST_TMPDIR/resctrl
	mkdir "$RESCTRL"
	echo 'L3:0=7ff;1=7ff' >"$RESCTRL/schemata"
	: >"$RESCTRL/tasks"
}

teardown() {
	common_teardown
}

# with_resctrl [COMMANDS]: runs the bundle, or the commands, where $RESCTRL is mounted on /sys/fs/resctrl.
with_resctrl() {
	# shellcheck disable=SC2016
	local commands='casemate_run <"${INPUT-/dev/null}"'
	[ $# -eq 0 ] || commands=$1
	mkdir -p "$BATS_TEST_TMPDIR/cgroup"
	export CASEMATE PROFILE BUNDLE ID RESCTRL BATS_TEST_TMPDIR
	export -f casemate_run
	capture unshare --mount bash -c '
		set -e
		mount --rbind /sys/fs/cgroup "$BATS_TEST_TMPDIR/cgroup"
		mount -t tmpfs tmpfs /sys/fs
		mkdir /sys/fs/cgroup /sys/fs/resctrl
		mount --rbind "$BATS_TEST_TMPDIR/cgroup" /sys/fs/cgroup
		mount --bind "$RESCTRL" /sys/fs/resctrl
		casemate_do() { timeout 60 "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" "$@" </dev/null >/dev/null; }
		eval "$0"' "$commands"
}

existing_class() {
	mkdir "$RESCTRL/$1"
	printf '    L3:0=7f0;1=01f\n    MB:0= 20;1= 70\n' >"$RESCTRL/$1/schemata"
	: >"$RESCTRL/$1/tasks"
}

@test "without resctrl it is an error that says what to do" {
	edit_config '.linux.intelRdt = {closID: "x"}'
	run_casemate
	assert_status 125
	assert_stderr 'no resctrl is mounted on /sys/fs/resctrl'
	assert_stderr 'hint: mount -t resctrl'
}

@test "a class that is named and new is made with its schemata, in the specification's order, and stays" {
	edit_config '.linux.intelRdt = {closID: "gold", memBwSchema: "MB:0=20;1=70", l3CacheSchema: "L3:0=7f0;1=1f",
		schemata: ["L2:0=f;1=f", "MB:0=30"]}'
	with_resctrl
	assert_status 0
	[ "$(<"$RESCTRL/gold/schemata")" = $'L3:0=7f0;1=1f\nMB:0=20;1=70\nL2:0=f;1=f\nMB:0=30' ] || fail "$(<"$RESCTRL/gold/schemata")"
	[[ $(<"$RESCTRL/gold/tasks") =~ ^[0-9]+$ ]] || fail "no pid in tasks"
	[ ! -s "$RESCTRL/tasks" ] || fail "the pid is in the root's tasks"
}

@test "a class that exists is joined when it is as the config says, and never written" {
	existing_class silver
	local before
	before=$(<"$RESCTRL/silver/schemata")
	edit_config '.linux.intelRdt = {closID: "silver", l3CacheSchema: "L3:0=7f0;1=1F", memBwSchema: "MB:1=70"}'
	with_resctrl
	assert_status 0
	[[ $(<"$RESCTRL/silver/tasks") =~ ^[0-9]+$ ]] || fail "no pid in tasks"
	for schema in L3:0=7f L3:0=7f0,1=1f L3:2=1 L2:0=f MB:0=2 MB:0= nonsense; do
		: >"$RESCTRL/silver/tasks"
		edit_config '.linux.intelRdt = {closID: "silver", schemata: [$schema]}' --arg schema "$schema"
		with_resctrl
		assert_status 125 && assert_stderr "exists and is not '$schema'" || return
		[ ! -s "$RESCTRL/silver/tasks" ] || fail "joined all the same"
	done
	[ "$(<"$RESCTRL/silver/schemata")" = "$before" ] || fail "the class was changed"
}

@test "a class that is only named must be there, and / is the class of all others" {
	edit_config '.linux.intelRdt = {closID: "bronze"}'
	with_resctrl
	assert_status 125
	assert_stderr "there is no class 'bronze'"
	[ ! -e "$RESCTRL/bronze" ] || fail "it was made"
	edit_config '.linux.intelRdt = {closID: "/"}'
	with_resctrl
	assert_status 0
	[[ $(<"$RESCTRL/tasks") =~ ^[0-9]+$ ]] || fail "no pid in tasks"
}

# emptied DIRECTORY...: runs the bundle, and when its pid is in the last directory takes away the files of all of them, as the
# kernel does when the directory is removed.
emptied() {
	set_args /bin/cat
	export INPUT=$BATS_TEST_TMPDIR/input
	rm -f "$INPUT"
	mkfifo "$INPUT"
	(
		exec 8>"$INPUT"
		eventually test -s "${*: -1}/tasks"
		for directory; do
			cat "$directory"/* >>"$BATS_TEST_TMPDIR/seen"
			rm "$directory"/*
		done
	) &
	with_resctrl
	wait $!
}

@test "a class that was made for one container is removed after it" {
	edit_config '.linux.intelRdt = {schemata: ["L3:0=1"]}'
	emptied "$RESCTRL/$ID"
	assert_status 0
	[[ $(<"$BATS_TEST_TMPDIR/seen") =~ ^L3:0=1.[0-9]+$ ]] || fail "$(<"$BATS_TEST_TMPDIR/seen")"
	[ ! -e "$RESCTRL/$ID" ] || fail "it is still there"
}

@test "create, exec and delete: the same class, and nothing of it is left" {
	edit_config '.linux.intelRdt = {schemata: ["L3:0=1"]}'
	set_args /bin/sleep 60
	with_resctrl '
		casemate_do create --profile "$PROFILE" --bundle "$BUNDLE" "$ID" && casemate_do start "$ID" &&
		casemate_do exec "$ID" /bin/true && cat "$RESCTRL/$ID/tasks" >"$BATS_TEST_TMPDIR/tasks" &&
		rm "$RESCTRL/$ID"/* && casemate_do delete --force "$ID"'
	assert_status 0
	[ "$(tr -d '0-9\n' <"$BATS_TEST_TMPDIR/tasks")" = "" ] && [ "$(wc -c <"$BATS_TEST_TMPDIR/tasks")" -gt 4 ] || fail "not joined"
	[ ! -e "$RESCTRL/$ID" ] || fail "it is still there"
}

@test "a monitoring group is made in the class and removed after the container" {
	existing_class silver
	mkdir "$RESCTRL/silver/mon_groups"
	edit_config '.linux.intelRdt = {closID: "silver", enableMonitoring: true}'
	emptied "$RESCTRL/silver/mon_groups/$ID"
	assert_status 0
	[[ $(<"$BATS_TEST_TMPDIR/seen") =~ ^[0-9]+$ ]] || fail "$(<"$BATS_TEST_TMPDIR/seen")"
	[ ! -e "$RESCTRL/silver/mon_groups/$ID" ] || fail "it is still there"
	[ -s "$RESCTRL/silver/tasks" ] || fail "not in the class"
}

@test "a class of the container's name that is there already is somebody else's" {
	existing_class "$ID"
	edit_config '.linux.intelRdt = {schemata: ["L3:0=7f0"]}'
	with_resctrl
	assert_status 125
	assert_stderr 'file exists'
	[ -d "$RESCTRL/$ID" ] || fail "it was removed"
}

@test "restricted and baseline refuse a share of the host's caches" {
	edit_config '.linux.intelRdt = {closID: "/"}'
	for PROFILE in restricted baseline; do
		with_resctrl
		assert_status 125 && assert_stderr 'linux.intelRdt takes a share' || return
	done
	[ ! -s "$RESCTRL/tasks" ]
}

@test "what is no line, and no name of a class, is refused by name" {
	local key
	for key in '{memBwSchema: "L3:0=1"}' '{memBwSchema: "MB:0=1\nMB:1=1"}' '{schemata: ["L3:0=1\nL3:1=1"]}' '{closID: "../x"}' \
		'{closID: "a/b"}' '{closID: "."}'; do
		edit_config ".linux.intelRdt = $key"
		with_resctrl
		assert_status 125 && assert_stderr /linux/intelRdt/ || return
	done
	[ "$(ls "$RESCTRL")" = $'schemata\ntasks' ]
}

@test "explain names the class and its limits" {
	edit_config '.linux.intelRdt = {closID: "gold", schemata: ["L3:0=7f0"], enableMonitoring: true}'
	capture "$CASEMATE" explain --profile privileged "$BUNDLE"
	assert_status 0
	assert_match 'joins the class gold of /sys/fs/resctrl, with a monitoring group'
	assert_match 'no more of caches and memory bandwidth than L3:0=7f0'
}

@test "update changes the class that the launch made, and no other" {
	edit_config '.linux.intelRdt = {l3CacheSchema: "L3:0=7f0"}'
	set_args sleep 100
	with_resctrl 'casemate_do create --profile privileged --bundle "$BUNDLE" "$ID"
		casemate_do update --l3-cache-schema "L3:0=1f" --mem-bw-schema "MB:0=30" "$ID"
		casemate_do update --l3-cache-schema "" "$ID"
		cat "$RESCTRL/$ID/schemata" >"$BATS_TEST_TMPDIR/seen"
		rm "$RESCTRL/$ID"/* && casemate_do delete --force "$ID"'
	assert_status 0
	[ "$(<"$BATS_TEST_TMPDIR/seen")" = $'L3:0=7f0\nL3:0=1f\nMB:0=30' ] || fail "$(<"$BATS_TEST_TMPDIR/seen")"
	existing_class gold
	edit_config '.linux.intelRdt = {closID: "gold"}'
	with_resctrl 'casemate_do create --profile privileged --bundle "$BUNDLE" "$ID"
		! casemate_do update --l3-cache-schema "L3:0=1f" "$ID" 2>"$BATS_TEST_TMPDIR/seen"
		casemate_do delete --force "$ID"'
	assert_status 0
	grep -F "the class 'gold' was there before the container" "$BATS_TEST_TMPDIR/seen"
	[ "$(grep -c 0=1f "$RESCTRL/gold/schemata")" = 0 ]
	edit_config 'del(.linux.intelRdt)'
	with_resctrl 'casemate_do create --profile privileged --bundle "$BUNDLE" "$ID"
		! casemate_do update --mem-bw-schema "MB:0=30" "$ID" 2>"$BATS_TEST_TMPDIR/seen"
		casemate_do delete --force "$ID"'
	assert_status 0
	grep -F 'the container has no class' "$BATS_TEST_TMPDIR/seen"
}
