#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `casemate sandbox` inside containers of Docker and podman, with runc as they bring it: it says which setting keeps it from
# working, and with that setting it works. A setting by another, because each hides the next.
# shellcheck disable=SC2030,SC2031

load helpers/common
load engines/checks

setup_file() {
	engine_setup nested dockerd containerd docker podman newuidmap runc
	containerd_start
	dockerd_start
	podman_setup
	in_machine docker load -qi "$MACHINE/debian.tar"
	local user
	for user in root ordinary; do in_machine "$MACHINE/podman-$user" load -qi "$MACHINE/debian.tar"; done
}

teardown_file() {
	engine_teardown
}

# inside ENGINE-COMMAND... -- OPTION... -- ARGUMENT...: casemate in a container of that engine. Without a network: the only one
# here is Docker's, which podman's users cannot have a way out by.
inside() {
	local engine=() options=()
	while [ "$1" != -- ]; do engine+=("$1") && shift; done
	shift
	while [ "$1" != -- ]; do options+=("$1") && shift; done
	shift
	capture in_machine "${engine[@]}" run --rm --runtime runc --network none -v "$MACHINE/bin/casemate:/casemate:ro" "${options[@]}" \
		debian:test /casemate "$@"
}

SECCOMP="docker, podman: --security-opt seccomp=unconfined; Kubernetes: securityContext.seccompProfile.type: Unconfined"

# assert_without_userns OUTPUT: or, where Landlock cannot hold signals yet (before Linux 6.12), that this is said.
assert_without_userns() {
	if have_landlock6; then
		assert_status 0
		assert_output "$1"
	else
		assert_status 125
		assert_stderr "6 is needed to hold signals"
	fi
}

# says_and_works ENGINE-COMMAND... -- OPTION-FOR-PROC
says_and_works() {
	local engine=()
	while [ "$1" != -- ]; do engine+=("$1") && shift; done
	shift
	local user
	for user in ${users:-1000:1000}; do
		inside "${engine[@]}" -- --user "$user" -- sandbox -- id -u
		assert_status 125
		assert_stderr "a seccomp filter around this process, as engines load one, refuses it: $SECCOMP"
		inside "${engine[@]}" -- --user "$user" --security-opt seccomp=unconfined -- sandbox -- id -u
		assert_status 125
		assert_stderr "/proc is partly covered around this process"
		assert_stderr "--security-opt $1"
		inside "${engine[@]}" -- --user "$user" --security-opt seccomp=unconfined -- doctor
		assert_status 1
		[ "$(grep -c '  NO  ' <<<"$output")" -eq 1 ] || fail "more than /proc is missing"
		inside "${engine[@]}" -- --user "$user" --security-opt seccomp=unconfined --security-opt "$1" -- sandbox -- \
			sh -c 'id -u; ls /proc | grep -c "^[0-9]"; touch /usr/x 2>/dev/null || echo read-only'
		assert_status 0
		[[ $output == 1000$'\n'[1-4]$'\n'read-only ]] || fail
		inside "${engine[@]}" -- --user "$user" --security-opt seccomp=unconfined --security-opt "$1" -- doctor
		assert_status 0
	done
	# With no setting at all
	inside "${engine[@]}" -- --user 1000:1000 -- sandbox --without userns -- sh -c 'id -u; cat /etc/passwd || echo denied'
	assert_without_userns $'1000\ndenied'
}

@test "in a container of Docker's doctor names what is in the way, and without it a sandbox works" {
	users="0:0 1000:1000" says_and_works docker -- systempaths=unconfined
}

@test "in a container of podman's, started by root" {
	says_and_works "$MACHINE/podman-root" -- unmask=ALL
}

@test "in a container of podman's, started by an ordinary user" {
	says_and_works "$MACHINE/podman-ordinary" -- unmask=ALL
}

@test "in a sandbox of its own, which allows no namespaces" {
	local INNER=$BATS_TEST_TMPDIR/casemate
	chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
	install -m 755 "$CASEMATE" "$INNER"
	capture "$CASEMATE" sandbox --ro "$CASEMATE:/casemate" -- /casemate sandbox -- true </dev/null
	assert_status 125
	assert_stderr "a seccomp filter around this process"
	capture as_user "$INNER" sandbox --ro "$INNER:/casemate" -- /casemate sandbox --without userns --ro /casemate -- id -u </dev/null
	assert_without_userns "$TEST_UID"
}
