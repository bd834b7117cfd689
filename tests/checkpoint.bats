#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# checkpoint and restore against a program in criu's place that does what it is told, tests/criu/fake.c: what it is asked, and
# what becomes of its answers. vm/criu.bats has the real one.

load helpers/common
load helpers/lifecycle

setup() {
	common_setup
	requires root
	make_bundle restricted
	PROFILE=$BATS_TEST_TMPDIR/images.json
	cat >"$PROFILE" <<-'END'
		{"casemate": 1, "name": "images", "extends": "baseline", "widen": true, "images": "allow", "seccomp": "off",
		 "masks": {"missing": "allow"}}
	END
	edit_config '.mounts = [.mounts[] | select(.destination == "/proc")] | .linux.namespaces |= map(select(.type != "cgroup"))
		| .mounts += [{destination: "/srv", type: "bind", source: $data, options: ["bind", "ro"]}]' --arg data "$BATS_TEST_TMPDIR/data"
	mkdir "$BATS_TEST_TMPDIR/data"
	STATE=$BATS_TEST_TMPDIR/state IMAGE=$BATS_TEST_TMPDIR/image WORK=$BATS_TEST_TMPDIR/work
	mkdir -m 700 "$WORK"
}

teardown() {
	cm delete --force "$ID" || true
	common_teardown
}

# with_criu PROGRAM COMMAND...: casemate on a host whose criu is PROGRAM; "none" is none. Nobody else sees that host.
with_criu() {
	local program=$1
	shift
	status=0
	# shellcheck disable=SC2016 # for the inner shell
	timeout -k 2 60 unshare -m --propagation private sh -c '
		mount -t tmpfs none /usr/local/sbin
		for file in /usr/sbin/criu /usr/bin/criu /usr/local/bin/criu; do
			[ ! -e "$file" ] || mount --bind /dev/null "$file"
		done
		[ "$1" = none ] || install -m "${MODE:-755}" "$1" /usr/local/sbin/criu
		shift
		exec "$@"' sh "$program" "$CASEMATE" --root "$STATE" "$@" </dev/null >"$BATS_TEST_TMPDIR/stdout" \
		2>"$BATS_TEST_TMPDIR/stderr" 3>&- || status=$?
	output=$(<"$BATS_TEST_TMPDIR/stdout")
	stderr=$(<"$BATS_TEST_TMPDIR/stderr")
}

fake() {
	with_criu "$BUILD/tests/criu/fake" "$@"
}

mode() {
	echo "$1" >"$WORK/mode"
}

sleeps() {
	started sleep 1000
}

checkpoint() {
	fake checkpoint --image-path "$IMAGE" --work-path "$WORK" "$@" "$ID"
}

restore() {
	fake restore --profile "$PROFILE" --bundle "$BUNDLE" --detach --image-path "$IMAGE" --work-path "$WORK" "$@" "$ID"
}

imaged() {
	sleeps
	checkpoint
	assert_status 0
}

asked() {
	grep -qxF -- "$1" "$IMAGE/asked" || { cat "$IMAGE/asked" && fail "criu was not asked '$1'"; }
}

@test "without criu both are refused, and the container goes on" {
	sleeps
	with_criu none checkpoint --image-path "$IMAGE" "$ID"
	assert_status 125
	assert_stderr 'there is no criu on this host'
	[ ! -e "$IMAGE" ]
	status_is running
	with_criu none restore --profile "$PROFILE" --bundle "$BUNDLE" --image-path "$IMAGE" "$ID-2"
	assert_status 125
	assert_stderr 'there is no criu on this host'
}

@test "features says whether there is a criu" {
	local program
	for program in none "$BUILD/tests/criu/fake"; do
		with_criu "$program" features
		[ "$(jq -r '.annotations["org.opencontainers.runc.checkpoint.enabled"]' <<<"$output")" = "$([ "$program" = none ] && echo false || echo true)" ]
	done
}

@test "a criu that others can write is not run" {
	sleeps
	MODE=775 fake checkpoint --image-path "$IMAGE" "$ID"
	assert_status 125
	assert_stderr 'can be written by others than root'
	status_is running
}

@test "criu is asked for what the command line says, in an environment of its own" {
	sleeps
	checkpoint --tcp-established --ext-unix-sk --shell-job --file-locks --link-remap --auto-dedup --leave-running \
		--tcp-skip-in-flight --empty-ns network --network-lock nftables --manage-cgroups-mode soft --parent-path ../earlier
	assert_status 0
	status_is running
	asked 'verb 1'
	asked "2 $(cat "$BATS_TEST_TMPDIR/pid")"
	local switch
	for switch in 3 4 5 7 8 12 15 16 18 46 50; do
		asked "$switch 1" || return
	done
	asked '14 ../earlier'
	asked '34 0'
	asked '37 mnt[/srv]:/srv'
	asked '38 1073741824'
	asked '66 2'
	grep -q '^44 /.*casemate' "$IMAGE/asked"
	[ "$(grep -c '^env ' "$IMAGE/asked")" = 2 ]
	asked 'env LC_ALL=C'
}

@test "a masked and a read-only path are not in an image" {
	edit_config '.linux.maskedPaths = ["/proc/keys"] | .linux.readonlyPaths = ["/proc/bus"]'
	imaged
	asked '31 /proc/keys'
	asked '31 /proc/bus'
}

@test "memory alone is verb 4, and the container goes on" {
	sleeps
	checkpoint --pre-dump
	assert_status 0
	asked 'verb 4'
	asked '15 1'
	status_is running
}

@test "after a checkpoint nothing is left of the container" {
	imaged
	nothing_left
}

@test "what criu says when it fails is said, and the container goes on" {
	sleeps
	mode fail
	checkpoint
	assert_status 125
	assert_stderr 'criu cannot checkpoint it: Error (fake.c:1): the moon is full'
	status_is running
	mode die
	checkpoint
	assert_status 125
	status_is running
}

@test "a checkpoint that is killed leaves a container that runs" {
	sleeps
	mode hang
	checkpoint &
	eventually test -e "$IMAGE/asked"
	pkill -KILL -f -- "checkpoint --image-path $IMAGE"
	wait || true
	status_is running
	mode ''
	checkpoint
	assert_status 0
}

@test "an image is not written where others can write, nor by others than root" {
	sleeps
	mkdir -m 777 "$IMAGE"
	chmod 777 "$IMAGE"
	checkpoint
	assert_status 125
	assert_stderr 'can be written by others than root'
	status_is running
}

@test "what cannot be had is refused with its name" {
	sleeps
	local options
	while read -r options; do
		# shellcheck disable=SC2086 # words
		checkpoint $options
		assert_status 125 && assert_stderr "${options%% *}" || return
	done <<-'END'
		--lazy-pages
		--page-server a:1
		--status-fd 3
		--manage-cgroups-mode full
		--manage-cgroups-mode strict
		--empty-ns ipc
	END
	checkpoint --manage-cgroups-mode never
	assert_stderr 'it is soft or ignore'
	checkpoint --network-lock never
	assert_stderr 'iptables, nftables or skip'
	checkpoint --parent-path /elsewhere
	assert_stderr 'is not relative'
	status_is running
}

@test "restricted cannot be kept: criu has no Landlock" {
	PROFILE=restricted sleeps
	checkpoint
	assert_status 125
	assert_stderr 'Landlock, which criu cannot keep'
	status_is running
}

@test "an image is restored as a container that every other command knows" {
	imaged
	restore --pid-file "$WORK/pid"
	assert_status 0
	status_is running
	good state "$ID"
	[ "$(cat "$WORK/pid")" = "$(jq .pid <<<"$output")" ]
	asked "13 $STATE/$ID/root"
	asked "37 mnt[/srv]:$STATE/$ID/mount0"
	asked '26 1'
	# The host has nothing of what criu was given.
	[ "$(grep -cF "$STATE" /proc/self/mountinfo)" = 0 ]
	good exec "$ID" /bin/cat /proc/self/status
	good kill "$ID" KILL
	eventually status_is stopped
	good delete "$ID"
	nothing_left
}

@test "a restore that is waited for ends with the container" {
	imaged
	(eventually status_is running && cm kill "$ID" KILL) &
	fake restore --profile "$PROFILE" --bundle "$BUNDLE" --image-path "$IMAGE" --work-path "$WORK" "$ID"
	assert_status 137
	wait
	[ ! -e "$STATE/$ID" ]
}

@test "a read-only root and a read-only mount are read-only again, whatever the image says" {
	edit_config '.root.readonly = true'
	imaged
	restore --pid-file "$WORK/pid"
	assert_status 0
	awk '$5 == "/" || $5 == "/srv" { print $6 }' "/proc/$(cat "$WORK/pid")/mountinfo" >"$WORK/options"
	[ "$(grep -c '^ro' "$WORK/options")" = 2 ]
}

@test "a restore that is waited for runs the poststop hooks when the container has ended, as run does" {
	imaged
	local hook=$BATS_TEST_TMPDIR/hook
	printf '#!/bin/sh\njq -r .status >>%s\n' "$hook.log" >"$hook"
	chmod 755 "$hook"
	edit_config '.hooks.poststop = [{path: $p}]' --arg p "$hook"
	jq --arg p "$hook" '.hooks = {allowed: [$p]}' "$PROFILE" >"$PROFILE.hooks"
	PROFILE=$PROFILE.hooks
	(eventually status_is running && cm kill "$ID" KILL) &
	fake restore --profile "$PROFILE" --bundle "$BUNDLE" --image-path "$IMAGE" --work-path "$WORK" "$ID"
	assert_status 137
	wait
	[ "$(cat "$hook.log")" = stopped ] || fail "the hook ran otherwise: $(cat "$hook.log")"
}

@test "a profile that allows no images restores none" {
	imaged
	local name
	for name in restricted baseline; do
		fake restore --profile "$name" --bundle "$BUNDLE" --detach --image-path "$IMAGE" "$ID"
		assert_status 125 && assert_stderr 'refuses containers made of an image' || return
	done
	[ ! -e "$STATE/$ID" ]
}

@test "what the profile refuses of config.json it refuses of a restore" {
	imaged
	edit_config '.mounts += [{destination: "/etc", type: "bind", source: "/etc", options: ["bind"]}]'
	restore
	assert_status 125
	assert_stderr 'the profile "images" refuses'
}

# refuses_image WORD TEXT: an image with too much is no container
refuses_image() {
	imaged
	mode "$1"
	restore
	assert_status 125
	assert_stderr "$2"
	nothing_left
}

@test "an image with more capabilities than the plan ends before it runs" {
	refuses_image caps 'capabilities that the plan does not grant'
}

@test "an image in the host's pid namespace ends before it runs" {
	refuses_image pid "the host's pid namespace"
}

@test "an image with a mount of its own ends before it runs" {
	refuses_image more "has a mount on '/tmp', and config.json has none"
}

@test "an image with a mount of its own below a bind of the plan, or over the root, ends before it runs" {
	mkdir "$BATS_TEST_TMPDIR/data/below"
	refuses_image below "has a mount on '/srv/below', and config.json has none"
	edit_config '.mounts[-1].options = ["rbind", "ro"]'
	refuses_image below "has a mount on '/srv/below', and config.json has none"
	refuses_image root "has a mount on '/', and config.json has none"
}

# claimed PATH TEXT: an image whose record says that there was a mount on PATH is refused with TEXT
claimed() {
	jq --arg path "$1" '.mounts += [$path]' "$IMAGE/casemate.json" >"$WORK/record"
	cat "$WORK/record" >"$IMAGE/casemate.json"
	restore
	assert_status 125
	assert_stderr "$2"
	nothing_left
	jq '.mounts |= .[:-1]' "$IMAGE/casemate.json" >"$WORK/record"
	cat "$WORK/record" >"$IMAGE/casemate.json"
}

@test "no path of an image leads out of what the plan binds" {
	local secret=$BATS_TEST_TMPDIR/secret path
	mkdir -p "$secret" "$BATS_TEST_TMPDIR/data/sub"
	imaged
	claimed "/srv/sub" "cannot mount '/srv/sub' of the image"
	edit_config '.mounts[-1].options = ["rbind", "ro"]'
	for path in /srv/../secret /srv/sub/../../secret /srv/./sub srv /srv//sub ''; do
		claimed "$path" "'$path' is no place of a mount"
	done
	# It was a mount of the host's below the source; since then somebody else who has the source made it a link.
	rmdir "$BATS_TEST_TMPDIR/data/sub"
	ln -s "$secret" "$BATS_TEST_TMPDIR/data/sub"
	claimed /srv/sub "cannot open '$BATS_TEST_TMPDIR/data/sub'"
}

@test "what is mounted below a source on the host comes along again" {
	mkdir "$BATS_TEST_TMPDIR/data/sub"
	mount -t tmpfs none "$BATS_TEST_TMPDIR/data/sub"
	edit_config '.mounts[-1].options = ["rbind", "ro"]'
	imaged
	restore
	assert_status 0
	umount "$BATS_TEST_TMPDIR/data/sub"
}

@test "a network that is shared must be one" {
	imaged
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	restore
	assert_status 125
	assert_stderr "'/etc/passwd' is not a namespace"
	nothing_left
}

@test "a criu that does not show what it restored is not believed" {
	refuses_image mute 'did not show what it restored'
}

@test "an image in which others can write is not restored" {
	imaged
	chmod 666 "$IMAGE/inventory.img"
	restore
	assert_status 125
	assert_stderr "file inventory.img can be written by others"
	chmod 600 "$IMAGE/inventory.img"
	ln -s /etc/passwd "$IMAGE/pages-1.img"
	restore
	assert_status 125
	assert_stderr "is not a file"
}

@test "a directory without a record is no image" {
	mkdir -m 700 "$IMAGE"
	restore
	assert_status 125
	assert_stderr 'only what casemate checkpoint wrote can be restored'
}

@test "a mount that the image has and config.json has not is missed" {
	imaged
	edit_config '.mounts |= map(select(.destination != "/srv"))'
	restore
	assert_status 125
	assert_stderr "the image has a mount on '/srv'"
	[ ! -e "$STATE/$ID" ]
}

@test "a user without root's rights is told that criu needs them" {
	requires setpriv
	run --separate-stderr as_user "$CASEMATE" --root "$BATS_TEST_TMPDIR/own" restore --bundle "$BUNDLE" --image-path "$IMAGE" x
	assert_status 125
	assert_stderr 'needs root'
}
