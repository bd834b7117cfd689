# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# `casemate sandbox` as root and as a user without any privilege: WHO is root or user, FROM the directory it is started in.
#
#   sandbox_setup            for setup: USER_CASEMATE is the program where that user can reach it
#   sandbox FLAG... CMD      runs it, and captures what it says
#   both FUNCTION            calls the function as root, then as the user
#   refused TEXT FLAG...     it does not start, and says why
#   wait_until COND ARG...   until the condition holds, of which $1 is the first ARG

sandbox_setup() {
	requires root userns
	# The binary may lie where only root can go.
	USER_CASEMATE=$BATS_RUN_TMPDIR/casemate
	cmp -s "$CASEMATE" "$USER_CASEMATE" || install -m 755 "$CASEMATE" "$USER_CASEMATE"
}

sandbox_run() {
	local as=()
	[ "$WHO" = root ] || as=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups --inh-caps=-all)
	(cd "${FROM:-/}" && exec "${as[@]}" timeout -k 2 "$((60 * ${PATIENCE:-1}))" "$USER_CASEMATE" sandbox "$@")
}

sandbox() {
	capture sandbox_run "$@" </dev/null
}

both() {
	for WHO in root user; do
		# Not behind "||": there no command of the function would end it.
		"$@"
	done
}

refused() {
	local text=$1
	shift
	sandbox "$@" -- true
	assert_status 125 && assert_stderr "$text"
}

holds() {
	local condition=$1
	shift
	eval "$condition"
}

wait_until() {
	eventually holds "$@" || fail "in vain: $1"
}
