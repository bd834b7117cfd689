#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# linux.namespaces[user].path: the container lives in a user namespace that somebody else made, as those of a Kubernetes pod
# with hostUsers: false do. Whom it maps is asked before anything is made, and is held to what it was.

# shellcheck disable=SC2016 # programs for sh

load helpers/common
load helpers/lifecycle
load helpers/pods

setup() {
	common_setup
	requires root pids_cgroup
	# As below /var/lib/containerd: nobody whom a user namespace maps gets to the bundle.
	CLOSED=$BATS_TEST_TMPDIR/closed
	mkdir -m 700 "$CLOSED"
	BUNDLE=$CLOSED/bundle
	make_bundle spec
	PROFILE=privileged
	ALL=(user pid network ipc uts)
}

teardown() {
	pods_end
	# shellcheck disable=SC2086 # words
	[ -z "${HOLDER-}" ] || { kill -KILL $HOLDER && wait $HOLDER; } || :
	common_teardown
}

# maps TEXT: as the kernel shows them, "0 100000 65536"
maps() {
	edit_config --arg maps "$1" '.linux.uidMappings = [$maps | split(";")[] | split(" ") | map(tonumber) |
		{containerID: .[0], hostID: .[1], size: .[2]}] | .linux.gidMappings = .linux.uidMappings'
}

# What the tests below do not want to see changes for each of them: a pod's user namespace, and what of it is shared.
pod() {
	edit_config '.linux.namespaces += [{type: "user"}]'
	maps "${1-0 100000 65536}"
	launch pause sleep 1000
	share "$pause" "${ALL[@]}"
	edit_config 'del(.hostname)'
}

# holder MAP [SETGROUPS]: a process in a user namespace of its own, where it says who is who
holder() {
	unshare --user sleep 1000 3>&- &
	HOLDER=$!
	eventually test ! "/proc/$HOLDER/ns/user" -ef /proc/self/ns/user
	[ -z "${2-}" ] || echo "$2" >"/proc/$HOLDER/setgroups"
	# By one write(2).
	cat <<<"$1" >"/proc/$HOLDER/uid_map"
	cat <<<"$1" >"/proc/$HOLDER/gid_map"
	edit_config --arg path "/proc/$HOLDER/ns/user" '.linux.namespaces += [{type: "user", path: $path}]'
}

words() {
	# shellcheck disable=SC2086 # that is what it is for
	echo $1
}

@test "the containers of a pod live in its user namespace, with all that a container has" {
	local name
	pod
	edit_config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid", "noexec", "nodev"]}]'
	for name in one two; do
		launch "$name" sh -c '[ -c /dev/null ] && [ -c /dev/pts/ptmx ] && [ -d /dev/mqueue ] && [ -d /sys/class/net ] &&
			[ -d /sys/fs/cgroup ] && [ -z "$(cat /proc/kcore)" ] && ! (: >/proc/sys/kernel/domainname) 2>/dev/null &&
			! touch /x 2>/dev/null && : >/dev/shm/made && sleep 1000'
		eventually test -e "/proc/${!name}/root/dev/shm/made"
		[ "$(readlink "/proc/${!name}/ns/user")" = "$(readlink "/proc/$pause/ns/user")" ] || fail "another user namespace"
		[ "$(stat -c %u:%g "/proc/${!name}/root/dev/shm/made")" = 100000:100000 ] || fail "it is not who it should be"
	done
	! touch "/proc/$pause/root/x" 2>/dev/null || fail "the root of the pod's first container is writable"
}

@test "exec is the user that it asks for, in the same user namespace, also with a terminal" {
	local name flags
	pod
	launch one sleep 1000
	launch two sleep 1000
	for name in pause one two; do
		good exec "$ID-$name" cat /proc/self/uid_map
		[ "$(words "$output")" = "0 100000 65536" ] || fail "other maps"
		good exec --user 7:8 --additional-gids 9 "$ID-$name" sh -c 'id -u; id -g; id -G; readlink /proc/self/ns/user'
		[ "$(words "$output")" = "7 8 8 9 $(readlink "/proc/$pause/ns/user")" ] || fail "somebody else"
	done
	requires script
	capture script -qec "'$CASEMATE' --root '$BATS_TEST_TMPDIR/state' exec --tty $ID-one sh -c 'test -t 0 && echo is one'" /dev/null </dev/null
	assert_match 'is one'
	cm exec --user 70000 "$ID-one" true
	assert_status 125
	assert_stderr 'user id 70000 is not mapped in the user namespace'
}

@test "a program with a terminal runs in a user namespace that is joined" {
	requires script
	pod
	edit_config '.process.terminal = true'
	set_args sh -c 'test -t 0 && echo "owner $(stat -L -c %u /dev/stdin)" && tty'
	capture script -qec "'$CASEMATE' run --profile privileged --bundle '$BUNDLE' $ID" /dev/null </dev/null
	# Between the lines stands what a terminal shows of the end of its input.
	assert_match 'owner 0'
	assert_match '/dev/pts/0'
}

@test "the maps of config.json and of the namespace may differ in their form, and not in what they say" {
	pod '0 100000 1000;1000 101000 5;2000 300000 10'
	set_args id -u
	for same in '2000 300000 10;0 100000 1005' '0 100000 1;1 100001 1004;2000 300000 10'; do
		maps "$same"
		run_casemate
		assert_status 0
		assert_output 0
	done
	edit_config 'del(.linux.uidMappings, .linux.gidMappings)'
	run_casemate
	assert_status 0
	assert_output 0
	for other in '0 100000 1004;2000 300000 10' '0 200000 1005;2000 300000 10' '0 100000 1005' '0 100000 65536'; do
		maps "$other"
		run_casemate
		assert_status 125 && assert_stderr "linux/uidMappings: they are not those of the user namespace '/proc/$pause/ns/user'" || return
	done
	maps '0 100000 1005;2000 300000 10'
	edit_config '.linux.gidMappings[0].hostID = 5'
	run_casemate
	assert_status 125
	assert_stderr 'linux/gidMappings: they are not those'
}

@test "who is not mapped there cannot be the program's user" {
	pod '0 100000 1000'
	edit_config '.process.user.uid = 1000'
	run_casemate
	assert_status 125
	assert_stderr "process/user: user id 1000 is not mapped in the user namespace '/proc/$pause/ns/user'"
	edit_config '.process.user = {uid: 999, gid: 1000}'
	run_casemate
	assert_status 125
	assert_stderr 'group id 1000 is not mapped in the user namespace'
	edit_config '.process.user = {uid: 999, gid: 999, additionalGids: [5, 70000]}'
	run_casemate
	assert_status 125
	assert_stderr "process/user/additionalGids: group id 70000 is not mapped in the user namespace '/proc/$pause/ns/user'"
	assert_stderr 'map it there, or remove it'
	edit_config '.process.user = {uid: 999, gid: 999, additionalGids: [5]}'
	set_args id -u
	run_casemate
	assert_status 0
	assert_output 999
	edit_config '(.linux.namespaces[] | select(.type == "user")) |= del(.path)'
	edit_config '.process.user.additionalGids = [70000]'
	maps '0 100000 1000'
	run_casemate
	assert_status 125
	assert_stderr 'process/user/additionalGids: group id 70000 is not in linux.gidMappings'
}

@test "a namespace that maps nobody yet, and one that maps no root" {
	unshare --user sleep 1000 3>&- &
	HOLDER=$!
	eventually test ! "/proc/$HOLDER/ns/user" -ef /proc/self/ns/user
	edit_config --arg path "/proc/$HOLDER/ns/user" '.linux.namespaces += [{type: "user", path: $path}]'
	run_casemate
	assert_status 125
	assert_stderr 'user id 0 is not mapped in the user namespace'
	kill "$HOLDER"
	wait "$HOLDER" || :
	edit_config '.linux.namespaces |= map(select(.type != "user")) | .process.user = {uid: 1000, gid: 1000}'
	holder '1000 100000 10'
	set_args sh -c 'id -u; [ ! -e /dev/pts/ptmx ] && [ -c /dev/null ] && : >/dev/shm/x'
	run_casemate
	assert_status 0
	assert_output 1000
}

@test "a mounted name of a namespace is as good as that of a process, and it may have ended" {
	local kind
	mkdir "$BATS_TEST_TMPDIR/ns"
	holder '0 100000 65536'
	edit_config 'del(.linux.namespaces[] | select(.type == "user")) | .linux.namespaces += [{type: "user"}]'
	for kind in user net ipc uts; do
		: >"$BATS_TEST_TMPDIR/ns/$kind"
	done
	nsenter --user --target "$HOLDER" unshare --net --ipc --uts sleep 1000 3>&- &
	local other=$!
	eventually test ! "/proc/$other/ns/uts" -ef /proc/self/ns/uts
	for kind in user net ipc uts; do
		mount --bind "/proc/$other/ns/$kind" "$BATS_TEST_TMPDIR/ns/$kind"
	done
	kill "$other" "$HOLDER"
	wait "$other" "$HOLDER" || :
	HOLDER=
	edit_config --arg ns "$BATS_TEST_TMPDIR/ns" 'del(.hostname) | .linux.namespaces |= map(if .type == "network" then .path = "\($ns)/net"
		elif .type == "user" or .type == "ipc" or .type == "uts" then .path = "\($ns)/\(.type)" else . end)'
	set_args sh -c 'id -u; ls -d /dev/mqueue /sys/class/net/lo; readlink /proc/self/ns/user'
	run_casemate
	local expected
	expected=$(printf '0\n/dev/mqueue\n/sys/class/net/lo\nuser:[%s]' "$(stat -c %i "$BATS_TEST_TMPDIR/ns/user")")
	for kind in user net ipc uts; do
		umount "$BATS_TEST_TMPDIR/ns/$kind"
	done
	assert_status 0
	assert_output "$expected"
}

@test "exec, update and delete go by the container, when whoever made its user namespace is gone" {
	holder '0 100000 65536'
	launch one sleep 1000
	kill "$HOLDER"
	wait "$HOLDER" || :
	HOLDER=
	good exec --user 7 "$ID-one" sh -c 'id -u; cat /proc/self/uid_map'
	[ "$(words "$output")" = "7 0 100000 65536" ] || fail "somebody else"
	good update --pids-limit 50 "$ID-one"
	cm checkpoint --image-path "$BATS_TEST_TMPDIR/image" "$ID-one"
	assert_status 125
	assert_stderr 'cannot checkpoint a container that shares a user namespace with others'
	good delete --force "$ID-one"
	run_casemate
	assert_status 125
	assert_stderr 'cannot open the user namespace'
}

@test "what is mounted comes from places that are closed to the mapped users" {
	pod
	mkdir -m 777 "$CLOSED/volume"
	echo closed >"$CLOSED/volume/file"
	edit_config --arg v "$CLOSED/volume" '.mounts += [{destination: "/srv", type: "bind", source: $v, options: ["rbind", "rw"]}]'
	set_args sh -c 'cat /srv/file; echo made >/srv/made; stat -c %u /srv/made'
	run_casemate
	assert_status 0
	assert_output $'closed\n0'
	[ "$(stat -c %u "$CLOSED/volume/made")" = 100000 ] || fail "it was made by another user"
}

@test "an idmapped mount takes the maps of the namespace that is joined" {
	requires idmapped_mounts
	pod
	mkdir "$CLOSED/volume"
	: >"$CLOSED/volume/file"
	edit_config --arg v "$CLOSED/volume" 'del(.linux.uidMappings, .linux.gidMappings) |
		.mounts += [{destination: "/srv", type: "bind", source: $v, options: ["rbind", "idmap"]}]'
	set_args sh -c 'stat -c %u /srv/file; : >/srv/made'
	run_casemate
	assert_status 0
	assert_output 0
	[ "$(stat -c %u "$CLOSED/volume/made")" = 0 ] || fail "it was made by another user"
}

@test "all hooks run, in a new user namespace and in one that is joined, whoever may get to the bundle" {
	local kind
	local hook="$BATS_TEST_TMPDIR/hook" log="$BATS_TEST_TMPDIR/log"
	printf '#!/bin/sh\necho "$1 $(readlink /proc/self/ns/user)" >>%s\n' "$log" >"$hook"
	chmod 755 "$hook"
	: >"$log"
	chmod 666 "$log"
	for kind in prestart createRuntime createContainer poststart poststop; do
		edit_config --arg k "$kind" --arg h "$hook" '.hooks[$k] = [{path: $h, args: ["hook", $k]}]'
	done
	pod
	set_args true
	run_casemate
	assert_status 0
	[ "$(grep -cxF "createContainer $(readlink "/proc/$pause/ns/user")" "$log")" = 2 ] || fail "$(cat "$log")"
	[ "$(wc -l <"$log")" = 9 ] || fail "$(cat "$log")"
}

@test "where the namespace denies a change of groups nobody keeps those of the launcher" {
	holder '0 100000 65536' deny
	edit_config '.process.user.additionalGids = [5]'
	set_args sh -c 'grep ^Groups: /proc/self/status; cat /proc/self/setgroups'
	# shellcheck disable=SC2329 # `capture` calls it
	with_groups() {
		setpriv --groups 4,24 timeout 60 "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
	}
	capture with_groups
	assert_status 0
	[ "$(words "$output")" = "Groups: deny" ] || fail "groups are left"
	launch one sleep 1000
	status=0
	output=$(setpriv --groups 4,24 "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" exec "$ID-one" /bin/busybox grep ^Groups: /proc/self/status </dev/null) || status=$?
	[ "$(words "$output")" = "Groups:" ] || fail "exec keeps groups"
}

@test "a user of a joined namespace that is root on the host is root" {
	make_bundle restricted
	echo secret >"$CLOSED/bundle/rootfs/etc/mine"
	chmod 700 "$CLOSED/bundle/rootfs/etc/mine"
	holder $'0 100000 1000\n1000 0 1'
	set_args cat /etc/mine
	PROFILE=restricted
	run_casemate
	[[ $output != *secret* ]] || fail "a file of root's was read" || return
	assert_status 125 && assert_stderr 'user 1000 inside is root on the host' || return
	PROFILE=privileged
	run_casemate
	assert_status 0
	assert_output secret
}

@test "a ceiling joins the user namespace of another container, and not the host's" {
	rm -rf "$BUNDLE"
	make_bundle restricted
	PROFILE=restricted
	pod
	set_args sh -c 'id -u; cat /proc/self/uid_map'
	run_casemate
	assert_status 0
	[ "$(words "$output")" = "1000 0 100000 65536" ] || fail "somebody else"
	edit_config '.linux.namespaces |= map(if .type == "user" then .path = "/proc/self/ns/user" else . end)'
	run_casemate
	assert_status 125
	assert_stderr "/proc/self/ns/user is the host's user namespace"
}

@test "the launcher's own user namespace is where the container stays" {
	edit_config '.linux.namespaces += [{type: "user", path: "/proc/self/ns/user"}]'
	launch one sh -c 'exec sleep 1000'
	[ "/proc/$one/ns/user" -ef /proc/self/ns/user ] || fail "another one"
	good exec "$ID-one" readlink /proc/self/ns/user
	assert_output "$(readlink /proc/self/ns/user)"
	# Who asks for other users there must not be taken for root.
	maps '0 100000 65536'
	run_casemate
	assert_status 125
	assert_stderr "uidMappings: '/proc/self/ns/user' is the launcher's own user namespace"
}

@test "what is judged is what is joined, whatever the path leads to by then" {
	local link=$BATS_TEST_TMPDIR/link i good=0 bad
	requires python3
	rm -rf "$BUNDLE"
	make_bundle restricted
	echo secret >"$BUNDLE/rootfs/etc/mine"
	chmod 700 "$BUNDLE/rootfs/etc/mine"
	pod
	edit_config 'del(.linux.namespaces[] | select(.type == "user"))'
	holder $'0 100000 1000\n1000 0 1'
	bad=$HOLDER
	edit_config --arg p "$link" 'del(.linux.uidMappings, .linux.gidMappings) |
		.linux.namespaces |= (map(select(.type != "user")) + [{type: "user", path: $p}])'
	set_args sh -c 'cat /etc/mine 2>/dev/null || echo nothing'
	PROFILE=restricted
	python3 -c 'import os, sys
while True:
    for process in sys.argv[2:]:
        os.symlink(f"/proc/{process}/ns/user", sys.argv[1] + ".new")
        os.rename(sys.argv[1] + ".new", sys.argv[1])' "$link" "$pause" "$bad" 3>&- &
	HOLDER="$HOLDER $!"
	eventually test -e "$link"
	for ((i = 0; i < 60 && good < 5; i++)); do
		run_casemate
		case $status$output in
		0nothing) good=$((good + 1)) ;;
		125) [[ $stderr == *'is root on the host'* || $stderr == *'is no longer what'* ]] || fail "for another reason" || return ;;
		*) fail "after $i: a file of root's was read" || return ;;
		esac
	done
	[ "$good" -gt 0 ] || fail "it never ran"
}

@test "root of the user namespace, who sees the host's processes, gets at none that joins it" {
	local i seen=$BATS_TEST_TMPDIR/seen attacker
	requires python3
	holder '0 100000 65536'
	set_args true
	: >"$seen"
	chmod 666 "$seen"
	# The newest processes, as fast as it can: who may read where one is may trace it as well (ptrace(2)).
	nsenter --user --target "$HOLDER" --setuid 0 --setgid 0 python3 -c 'import os, sys
seen = open(sys.argv[1], "a", buffering=1)
print("looks", file=seen)
while True:
    with open("/proc/loadavg") as newest:
        last = int(newest.read().split()[-1])
    for pid in range(last - 3, last + 8):
        try:
            place = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue
        if place == sys.argv[2]:
            print(place, file=seen)' "$seen" "$BATS_TEST_TMPDIR/work" 3>&- &
	attacker=$!
	HOLDER="$HOLDER $attacker"
	eventually grep -q looks "$seen"
	mkdir "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work"
	for ((i = 0; i < 10; i++)); do
		run_casemate
		assert_status 0
	done
	cd /
	kill -0 "$attacker"
	[ "$(cat "$seen")" = looks ] || fail "it got at $(sort "$seen" | uniq -c)"
}

@test "paths that are no user namespace are told apart" {
	local path
	edit_config '.linux.namespaces += [{type: "user", path: "/nowhere"}]'
	run_casemate
	assert_status 125
	assert_stderr "cannot open the user namespace '/nowhere': no such file or directory"
	for path in /etc/passwd /dev/null; do
		edit_config --arg p "$path" '.linux.namespaces[-1].path = $p'
		run_casemate
		assert_status 125 && assert_stderr "'$path' is not a namespace" || return
	done
	edit_config '.linux.namespaces[-1].path = "/proc/self/ns/net"'
	run_casemate
	assert_status 125
	assert_stderr "cannot join the user namespace '/proc/self/ns/net': invalid argument"
	assert_stderr 'it must be a user namespace'
}

@test "explain says who is who in a user namespace that is joined, or why that is not known" {
	pod
	capture "$CASEMATE" explain --profile privileged "$BUNDLE"
	assert_status 0
	assert_match "joins the user namespace /proc/$pause/ns/user"
	assert_match 'user 0 of the container is 100000 of the host, and on'
	capture "$CASEMATE" explain --json --profile privileged "$BUNDLE"
	assert_status 0
	jq -e '[.steps[] | .. | strings | select(test("user 0 of the container is 100000 of the host"))] | length == 1' <<<"$output" >/dev/null || fail "not in JSON"
	chmod 755 "$CLOSED"
	cp "$CASEMATE" "$BATS_TEST_TMPDIR/casemate"
	capture as_user "$BATS_TEST_TMPDIR/casemate" explain --profile privileged "$BUNDLE"
	assert_status 0
	assert_match 'whom it maps is not known: cannot open the user namespace'
}

# all_kinds [COMMAND...]: a process that is pid 1 of its own namespaces, of every kind but user; its pid is then in $ALL_OF.
all_kinds() {
	"$@" unshare --mount --pid --fork --kill-child --net --ipc --uts --cgroup --time sleep 1000 3>&- &
	HOLDER="${HOLDER-} $!"
	local outer=$!
	eventually grep -q . "/proc/$outer/task/$outer/children"
	ALL_OF=$(tr -d ' ' <"/proc/$outer/task/$outer/children")
	eventually grep -q '^sleep' "/proc/$ALL_OF/comm"
}

# lives_in PID KIND...: so do the container's program, and what is executed in it
lives_in() {
	local process=$1 kind other
	shift
	good exec --detach --pid-file "$BATS_TEST_TMPDIR/other" "$ID-one" sleep 1000
	other=$(cat "$BATS_TEST_TMPDIR/other")
	for kind; do
		[ "/proc/$one/ns/$kind" -ef "/proc/$process/ns/$kind" ] || fail "another $kind namespace" || return
		[ "/proc/$other/ns/$kind" -ef "/proc/$process/ns/$kind" ] || fail "exec is in another $kind namespace" || return
	done
	good delete --force "$ID-one"
}

@test "namespaces of every kind are joined beside a user namespace, whoever owns them" {
	local user
	holder '0 100000 65536'
	user=$HOLDER
	all_kinds nsenter --user --target "$user" --setuid 0 --setgid 0
	share "$ALL_OF" pid network ipc uts cgroup
	edit_config --arg p "$ALL_OF" 'del(.hostname) | .linux.namespaces += [{type: "time", path: "/proc/\($p)/ns/time"}]'
	launch one sleep 1000
	lives_in "$ALL_OF" user pid net ipc uts cgroup time
	all_kinds
	share "$ALL_OF" uts cgroup time
	launch one sleep 1000
	lives_in "$ALL_OF" uts cgroup time
	# Beside a new one, and beside none.
	edit_config '(.linux.namespaces[] | select(.type == "pid" or .type == "network" or .type == "ipc" or .type == "user")) |= del(.path)'
	maps '0 100000 65536'
	launch one sleep 1000
	[ ! "/proc/$one/ns/user" -ef "/proc/$user/ns/user" ] && [ ! "/proc/$one/ns/user" -ef /proc/self/ns/user ] || fail "no new one"
	lives_in "$ALL_OF" uts cgroup time
}

@test "what shows a namespace of somebody else's cannot be made, and the error says whose it is" {
	local kind what
	holder '0 100000 65536'
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/plain"
	all_kinds
	for what in pid:proc network:sysfs ipc:mqueue; do
		kind=${what%:*}
		cp "$BATS_TEST_TMPDIR/plain" "$BUNDLE/config.json"
		share "$ALL_OF" "$kind"
		run_casemate
		assert_status 125
		assert_stderr "cannot make a ${what#*:} for"
		assert_stderr "the $kind namespace belongs to another user namespace than the container's: join that one as well"
	done
}

@test "a mount namespace is joined beside a user namespace that is joined, or new" {
	local user
	edit_config --arg root "$BUNDLE/rootfs" '.mounts = [] | .root = {path: $root} | del(.linux.maskedPaths, .linux.readonlyPaths)'
	holder '0 100000 65536'
	user=$HOLDER
	all_kinds nsenter --user --target "$user" --setuid 0 --setgid 0
	share "$ALL_OF" mount
	edit_config --arg p "$ALL_OF" '(.linux.namespaces[] | select(.type == "mount")).path = "/proc/\($p)/ns/mnt"'
	launch one sleep 1000
	lives_in "$ALL_OF" user mnt
	edit_config '(.linux.namespaces[] | select(.type == "user")) |= del(.path)'
	maps '0 100000 65536'
	launch one sleep 1000
	lives_in "$ALL_OF" mnt
}

@test "who is not root joins what is his own" {
	local mine=$BATS_TEST_TMPDIR/mine
	requires userns
	cp -a "$BUNDLE" "$mine"
	cp "$CASEMATE" "$mine/casemate"
	BUNDLE=$mine
	edit_config 'del(.linux.resources) | .mounts |= map(select(.destination != "/sys"))'
	edit_config '.linux.namespaces += [{type: "user"}]'
	mkdir "$mine/state"
	chown -R "$TEST_UID:$TEST_UID" "$mine"
	as_user sh -c 'echo $$ >"$1" && exec unshare --user --map-root-user unshare --net --ipc --uts --mount sleep 1000' - "$mine/pid" 3>&- &
	eventually test -s "$mine/pid"
	local process
	process=$(cat "$mine/pid")
	HOLDER=$process
	eventually grep -q '^sleep' "/proc/$process/comm"
	share "$process" user network ipc uts
	edit_config 'del(.hostname) | .process.user.additionalGids = [5]'
	set_args sh -c 'id -u; cat /proc/self/setgroups; readlink /proc/self/ns/user; readlink /proc/self/ns/net'
	cm_as_user() {
		as_user timeout 60 "$mine/casemate" --root "$mine/state" "$@" </dev/null
	}
	capture cm_as_user run --profile privileged --bundle "$mine" "$ID"
	assert_status 0
	[ "$(words "$output")" = "0 deny $(readlink "/proc/$process/ns/user") $(readlink "/proc/$process/ns/net")" ] || fail "somewhere else"
	# And its mounts, as those of the process that keeps the namespaces of podman's users.
	cp "$mine/config.json" "$mine/saved"
	edit_config --arg root "$mine/rootfs" --arg p "/proc/$process/ns/mnt" '.mounts = [] | .root = {path: $root} |
		del(.linux.maskedPaths, .linux.readonlyPaths) | (.linux.namespaces[] | select(.type == "mount")).path = $p'
	set_args sh -c 'id -u; [ ! -e /proc/self ] && echo /probe'
	capture cm_as_user run --profile privileged --bundle "$mine" "$ID"
	assert_status 0
	assert_output $'0\n/probe'
	mv "$mine/saved" "$mine/config.json"
	edit_config '.process.user.uid = 5'
	capture cm_as_user run --profile privileged --bundle "$mine" "$ID"
	assert_status 125
	assert_stderr 'user id 5 is not mapped in the user namespace'
}

@test "root of a user namespace of one id joins what belongs to that, and then one below it" {
	local mine=$BATS_TEST_TMPDIR/mine
	requires userns
	cp -a "$BUNDLE" "$mine"
	cp "$CASEMATE" "$mine/casemate"
	BUNDLE=$mine
	edit_config 'del(.linux.resources, .hostname) | .mounts |= map(select(.destination != "/sys") | .options -= ["gid=5"])
		| .linux.namespaces |= map(select(.type != "cgroup"))'
	set_args sh -c 'readlink /proc/self/ns/user; readlink /proc/self/ns/uts'
	cat >"$mine/inside" <<-'END'
		unshare --user --map-root-user sleep 1000 &
		user=$!
		unshare --uts sleep 1000 &
		uts=$!
		trap 'kill $user $uts' EXIT
		until grep -q ^sleep "/proc/$user/comm" && grep -q ^sleep "/proc/$uts/comm"; do :; done
		jq --arg user "/proc/$user/ns/user" --arg uts "/proc/$uts/ns/uts" '.linux.namespaces |= map(if .type == "uts" then .path = $uts
			else . end) + [{type: "user", path: $user}]' "$1/config.json" >"$1/new" && mv "$1/new" "$1/config.json"
		readlink "/proc/$user/ns/user" "/proc/$uts/ns/uts"
		"$1/casemate" --root "$1/state" run --profile privileged --bundle "$1" "$2"
	END
	chown -R "$TEST_UID:$TEST_UID" "$mine"
	capture as_user timeout 60 unshare --user --map-root-user sh "$mine/inside" "$mine" "$ID" </dev/null
	assert_status 0
	[ "$(head -n 2 <<<"$output")" = "$(tail -n +3 <<<"$output")" ] || fail "somewhere else"
}
