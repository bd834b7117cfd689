# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Containers that live longer than one command.
#   cm ARGS            casemate with a root of this test's own; sets status, output, stderr
#   created PROGRAM    makes the container $ID of the bundle with that program
#   started PROGRAM    ... and starts it
#   status_is WORD     what `state` says
#   nothing_left       no state, cgroup or process of this test is there

# Into files: a container keeps the streams that it was made with, and would keep a pipe open.
# shellcheck disable=SC2034
cm() {
	status=0
	rm -f "$BATS_TEST_TMPDIR/stdout" "$BATS_TEST_TMPDIR/stderr"
	timeout -k 2 "$((60 * ${PATIENCE:-1}))" "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" "$@" </dev/null \
		>"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- || status=$?
	output=$(<"$BATS_TEST_TMPDIR/stdout")
	stderr=$(<"$BATS_TEST_TMPDIR/stderr")
}

good() {
	cm "$@"
	assert_status 0
}

created() {
	[ $# -eq 0 ] || set_args "$@"
	good create --profile "$PROFILE" --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID"
}

started() {
	created "$@"
	good start "$ID"
}

status_is() {
	good state "$ID"
	[ "$(jq -r .status <<<"$output")" = "$1" ] || fail "expected the status $1"
}

nothing_left() {
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/state" 2>/dev/null)" ] || fail "a state was left: $(ls "$BATS_TEST_TMPDIR/state")" || return
	[ -z "$(find /sys/fs/cgroup -type d -name "*$ID*" 2>/dev/null)" ] || fail "a cgroup was left" || return
	eventually no_processes || fail "processes were left: $(marker_processes)"
}
