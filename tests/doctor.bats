#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `casemate doctor` where something was really taken away: it names that, its cause and what mends it.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	requires landlock
	sandbox_setup
}

teardown() {
	common_teardown
}

doctor() {
	capture as_user timeout -k 2 30 "$USER_CASEMATE" doctor "$@" </dev/null
}

# check NAME MEMBER: of the JSON that was printed
check() {
	jq -r --arg name "$1" --arg member "$2" '.[] | select(.name == $name) | .[$member] | tostring' <<<"$output"
}

# behind FILTER-RULES: in a sandbox that is held by nothing but namespaces and such a filter
behind() {
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [%s]}' "$1" >"$BATS_RUN_TMPDIR/filter.json"
	chmod a+r "$BATS_RUN_TMPDIR/filter.json"
	capture as_user timeout -k 2 30 "$USER_CASEMATE" sandbox --profile privileged --seccomp "$BATS_RUN_TMPDIR/filter.json" \
		--ro "$USER_CASEMATE:/casemate" -- /casemate doctor --json </dev/null
}

@test "what works is tried, and said to work" {
	doctor
	assert_status 0
	for name in user-namespaces id-maps namespaces mounts mount-attributes procfs loopback system-calls seccomp; do
		[[ $output == *"$name "*"ok "* ]] || fail "$name"
	done
	doctor --json
	assert_status 0
	[ "$(jq -r 'map(select(.needed and (.works | not))) | length' <<<"$output")" = 0 ]
	[ "$(jq -r 'map(keys - ["name", "for", "needed", "works", "detail", "cause", "fix", "instead"] | length) | add' <<<"$output")" = 0 ]
	[[ $(check landlock detail) == "ABI "* ]]
	[ "$(check cgroups works)" = false ]
	capture timeout 30 "$CASEMATE" doctor </dev/null
	assert_status 0
}

@test "no user namespaces are left" {
	# The limit of the user namespace that this makes holds for those below it.
	capture as_user unshare --user --map-root-user sh -c \
		'echo 0 >/proc/sys/user/max_user_namespaces; exec "$0" doctor --json' "$USER_CASEMATE" </dev/null
	assert_status 1
	[ "$(check user-namespaces works)" = false ]
	[ "$(check user-namespaces cause)" = "user.max_user_namespaces is 0" ]
	[ "$(check user-namespaces fix)" = "sudo sysctl -w user.max_user_namespaces=15000" ]
	[ "$(check seccomp works)" = true ]
}

@test "a chroot is named as what stops user namespaces" {
	mkdir "$BATS_TEST_TMPDIR/root"
	unshare --mount sh -c 'mount --rbind / "$0" && exec chroot --userspec=12345:12345 "$0" "$1" doctor --json' \
		"$BATS_TEST_TMPDIR/root" "$USER_CASEMATE" >"$BATS_TEST_TMPDIR/out" </dev/null || true
	output=$(<"$BATS_TEST_TMPDIR/out")
	[ "$(check user-namespaces works)" = false ]
	[[ $(check user-namespaces cause) == *"in a chroot(2)"* ]]
}

@test "a filter around it, as engines load one" {
	behind '{"names": ["mount_setattr"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}'
	assert_status 1
	[ "$(check user-namespaces works)" = true ]
	[ "$(check mount-attributes works)" = false ]
	[[ $(check mount-attributes cause) == "a seccomp filter around this process"* ]]
	[[ $(check mount-attributes fix) == *"seccomp=unconfined"* ]]
	behind '{"names": ["seccomp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}'
	assert_status 1
	[ "$(check seccomp works)" = false ]
	[[ $(check seccomp cause) == "a seccomp filter around this process"* ]]
	behind '{"names": ["landlock_create_ruleset"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}'
	[ "$(check landlock works)" = false ]
	[[ $(check landlock fix) == *"lsm=landlock"* ]]
	behind '{"names": ["pidfd_open"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}'
	[[ $(check system-calls cause) == "pidfd_open(2): "* ]]
}

@test "a /proc that is partly covered, as in a container" {
	capture unshare --mount sh -c 'mount -t tmpfs tmpfs /proc/acpi 2>/dev/null || mount --bind /dev/null /proc/keys
		cd / && exec setpriv --reuid 12345 --regid 12345 --clear-groups "$0" doctor --json' "$USER_CASEMATE" </dev/null
	assert_status 1
	[ "$(check procfs works)" = false ]
	[[ $(check procfs cause) == "/proc is partly covered"* ]]
	[[ $(check procfs fix) == *"systempaths=unconfined"* ]]
	[ "$(check mounts works)" = true ]
}

# As Ubuntu 24.04 has it: AppArmor lets the namespace be made, and then no capability be used in it.
@test "a user namespace in which nothing may be done" {
	requires strace
	capture unshare --mount sh -c 'mkdir "$2" && cp /proc/sys/kernel/cap_last_cap "$2" &&
		echo 1 >"$2/apparmor_restrict_unprivileged_userns" && mount --bind "$2" /proc/sys/kernel
		cd / && exec setpriv --reuid 12345 --regid 12345 --clear-groups timeout 30 \
			strace -f -qq -o /dev/null -e trace=openat -P self/uid_map -e inject=openat:error=EPERM "$1" sandbox -- true' \
		sh "$USER_CASEMATE" "$BATS_TEST_TMPDIR/kernel" </dev/null
	assert_status 125
	assert_stderr "cannot write 'uid_map'"
	assert_stderr "AppArmor restricts user namespaces"
	assert_stderr "apparmor_parser -r /etc/apparmor.d/casemate"
}

@test "programs that are not there are named, with their packages" {
	capture unshare --mount sh -c 'mount -t tmpfs tmpfs /usr/local; for name in newuidmap criu pasta xdg-dbus-proxy; do
		path=$(readlink -f "$(command -v $name)"); mount --bind /dev/null "$path"; done
		cd / && exec setpriv --reuid 12345 --regid 12345 --clear-groups "$0" doctor --json' "$USER_CASEMATE" </dev/null
	assert_status 0
	[ "$(check newuidmap cause), $(check criu cause), $(check pasta cause)" = \
		"it is not installed, there is no criu on this host, it is not installed" ]
	[ "$(check pasta fix)" = "install the package passt" ]
	[ "$(check xdg-dbus-proxy cause), $(check xdg-dbus-proxy fix)" = "it is not installed, install the package xdg-dbus-proxy" ]
}

# with_criu SCRIPT: the doctor's answers for root, on a host whose criu is that
with_criu() {
	printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/criu"
	chmod 755 "$BATS_TEST_TMPDIR/criu"
	capture timeout 30 unshare --mount sh -c 'mount -t tmpfs tmpfs /usr/local && install -D -m 755 "$1" /usr/local/sbin/criu &&
		exec "$2" doctor --json' sh "$BATS_TEST_TMPDIR/criu" "$USER_CASEMATE" </dev/null
	assert_status 0
}

@test "criu is asked whether it can work here, and not for longer than some seconds" {
	with_criu '[ "$*" = check ] || exit 1; echo "Warn  (x): y" >&2; echo "Looks good."'
	[ "$(check criu works)" = true ]
	with_criu 'echo "Error (criu/moon.c:1): the moon is full" >&2; exit 1'
	[ "$(check criu works), $(check criu cause)" = "false, criu check fails: Error (criu/moon.c:1): the moon is full" ]
	with_criu 'exit 3'
	[ "$(check criu works), $(check criu cause)" = "false, criu check fails: it gives no reason" ]
	with_criu 'sleep 77 & wait'
	[ "$(check criu works), $(check criu cause)" = "false, criu check fails: it does not end" ]
	! pgrep -fx 'sleep 77' >/dev/null || fail "what it started is there still"
	capture unshare --mount sh -c 'mount -t tmpfs tmpfs /usr/local && install -D -m 755 "$1" /usr/local/sbin/criu && cd / &&
		exec setpriv --reuid 12345 --regid 12345 --clear-groups "$2" doctor --json' sh "$BATS_TEST_TMPDIR/criu" "$USER_CASEMATE" </dev/null
	[ "$(check criu works), $(check criu cause)" = "false, it needs root on the host" ]
}

@test "it leaves nothing behind, and takes no other words" {
	doctor
	capture timeout 30 "$CASEMATE" doctor more </dev/null
	assert_status 125
	assert_stderr "too many arguments"
}
