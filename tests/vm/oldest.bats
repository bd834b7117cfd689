#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The oldest kernel that is supported: what it lacks is said, and what is launched is held all the same.

load ../helpers/common

setup() {
	common_setup
	make_bundle restricted
}

teardown() {
	common_teardown
}

@test "a launch on the oldest kernel, as root and as a user" {
	set_args /bin/true
	run_casemate
	assert_status 0
	cp "$CASEMATE" "$BATS_TEST_TMPDIR/casemate"
	capture as_user "$BATS_TEST_TMPDIR/casemate" sandbox -- sh -c 'touch /usr/x || touch /etc/x || echo held'
	assert_status 0
	assert_output held
}

@test "what it lacks is in the plan" {
	capture "$CASEMATE" explain "$BUNDLE"
	assert_status 0
	assert_match "without mount_setattr\(2\)"
	assert_match "Landlock"
	capture "$CASEMATE" features
	assert_status 0
}
