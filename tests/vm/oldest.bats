#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A kernel before 5.12 has no mount_setattr(2): nothing is launched there, and the error says why.

load ../helpers/common

setup() {
	common_setup
	make_bundle restricted
}

teardown() {
	common_teardown
}

@test "a launch on a kernel that is too old says what is missing" {
	capture "$CASEMATE" sandbox -- true
	assert_status 125
	assert_stderr "mount_setattr(2) of Linux 5.12"
	run_casemate
	assert_status 125
	assert_stderr "mount_setattr(2) of Linux 5.12"
}

@test "what launches nothing works there" {
	capture "$CASEMATE" explain "$BUNDLE"
	assert_status 0
	capture "$CASEMATE" features
	assert_status 0
}
