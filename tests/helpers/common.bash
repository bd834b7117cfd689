# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What every .bats file loads. CASEMATE names the binary under test, PROBE a built tests/probe (made here when unset).
# common_setup and common_teardown belong into setup() and teardown(): the latter fails the test when the host changed.

bats_require_minimum_version 1.5.0

HELPERS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TESTS=$(dirname "$HELPERS")
export CASEMATE=${CASEMATE:-$(dirname "$TESTS")/build/casemate}
export TEST_UID=12345
# script(1) starts the caller's shell, and shells differ in which processes get a group of their own.
export SHELL=/bin/sh

# shellcheck source=tests/helpers/requires.bash
source "$HELPERS/requires.bash"
# shellcheck source=tests/helpers/bundle.bash
source "$HELPERS/bundle.bash"
# shellcheck source=tests/helpers/host_marker.bash
source "$HELPERS/host_marker.bash"

# Builds the probe once for a whole run of bats, whatever the number of parallel jobs.
probe_build() {
	[ -n "${PROBE-}" ] && return
	export PROBE=$BATS_RUN_TMPDIR/probe
	(
		flock 9
		[ -x "$PROBE" ] && exit
		"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O1 -static -o "$PROBE.new" "$TESTS"/probe/*.c && mv "$PROBE.new" "$PROBE"
	) 9>"$BATS_RUN_TMPDIR/probe.lock"
}

common_setup() {
	# Users that are not root run programs and read bundles below.
	chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
	probe_build
	# shellcheck disable=SC2034
	{
		# Runs in other pid namespaces, which have the same pids, may share the cgroups and /run/casemate.
		printf -v ID 't%d-%d-%08x' "$BATS_ROOT_PID" "$BATS_SUITE_TEST_NUMBER" "$SRANDOM"
		BUNDLE=$BATS_TEST_TMPDIR/bundle
		PROFILE=restricted
	}
	export CASEMATE_TEST=$ID
	marker_make
	marker_take
}

common_teardown() {
	marker_check
}

# Runs a command as a user without any privilege, in a directory that the user can enter.
as_user() {
	(cd / && exec setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --inh-caps=-all \
		env HOME=/nonexistent USER=nobody "$@")
}

# Fails the test and says what was seen.
fail() {
	printf '%s\n' "$@" ${WHO:+"as: $WHO"} "status: ${status-}" "stdout: ${output-}" "stderr: ${stderr-}" >&2
	return 1
}

# capture COMMAND...: as `run --separate-stderr`, which is slower and warns about every status 127, a common one here.
capture() {
	status=0
	output=$("$@" 2>"$BATS_TEST_TMPDIR/stderr" 3>&-) || status=$?
	stderr=$(<"$BATS_TEST_TMPDIR/stderr")
}

# eventually COMMAND...: tries it for some seconds until it succeeds. What it says is seen only where it never does.
eventually() {
	local until=$((SECONDS + 20 * ${PATIENCE:-1}))
	while ((SECONDS < until)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.02
	done
	"$@"
}

# listens PATH: who connects to the socket that was bound to it is heard. It has its name before that.
listens() {
	local flags path
	while read -r _ _ _ flags _ _ _ path; do
		[ "$flags" != 00010000 ] || [ "$path" != "$1" ] || return 0
	done </proc/net/unix
	return 1
}

# asleep PID NAME: the process executes the program of that name, and waits for something.
asleep() {
	[[ $(<"/proc/$1/stat") == "$1 ($2) S "* ]]
}

# assert_status N: the exit status of the last `run`.
assert_status() {
	[ "$status" -eq "$1" ] || fail "expected exit status $1"
}

# assert_line TEXT: a whole line of the output.
assert_line() {
	grep -qxF -- "$1" <<<"$output" || fail "expected the line: $1"
}

assert_output() {
	[ "$output" = "$1" ] || fail "expected the output: $1"
}

assert_match() {
	[[ $output =~ $1 ]] || fail "expected output that matches: $1"
}

assert_stderr() {
	[[ $stderr == *"$1"* ]] || fail "expected on stderr: $1"
}

refute_stderr() {
	[[ $stderr != *"$1"* ]] || fail "not expected on stderr: $1"
}
