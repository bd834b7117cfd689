#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `casemate spec`: a config.json that starts under restricted as it is.

load helpers/common

setup() {
	common_setup
	make_rootfs "$BUNDLE"
	cd "$BUNDLE" || return
}

teardown() {
	common_teardown
}

@test "the config starts under restricted, and nothing is taken away from it" {
	requires root
	"$CASEMATE" spec
	capture "$CASEMATE" explain --profile restricted .
	assert_status 0
	# The default filter is the one thing that the profile adds.
	capture "$CASEMATE" explain --json --profile restricted .
	[ "$(jq -c '[.tightened[].layer]' <<<"$output")" = '["filter"]' ] || fail "something was taken away"
	capture timeout 60 "$CASEMATE" run --profile restricted "$ID" < <(echo 'id -u; exit 7')
	assert_status 7
	assert_match 1000
	edit_config '.process.terminal = false | .process.args = ["/bin/touch", "/tmp/x", "/x"]'
	run_casemate
	assert_status 1 && assert_stderr 'Read-only file system'
}

@test "--rootless writes one that its caller can start" {
	requires userns
	chmod 777 .
	as_user sh -c "cd '$BUNDLE' && '$CASEMATE' spec --rootless"
	jq -e --argjson id "$TEST_UID" '.linux.uidMappings == [{containerID: 1000, hostID: $id, size: 1}]
		and .linux.gidMappings == .linux.uidMappings and ([.linux.namespaces[].type] | contains(["user", "network"]))' config.json
	edit_config '.process.args = ["/bin/id", "-u"]'
	capture as_user timeout 60 "$CASEMATE" run --profile restricted --bundle "$BUNDLE" "$ID" </dev/null
	assert_status 0 && assert_output 1000
}

@test "a file that exists is left as it is" {
	echo mine >config.json
	capture "$CASEMATE" spec
	assert_status 125
	assert_stderr 'file exists'
	assert_stderr 'left as it is'
	[ "$(<config.json)" = mine ]
	ln -s /nonexistent/target link.json
	capture "$CASEMATE" spec --file link.json
	assert_status 125
}

@test "--bundle and --file say where" {
	mkdir other
	"$CASEMATE" spec -b other -f mine.json
	jq -e '.process.args == ["sh"]' other/mine.json
	[ ! -e config.json ]
	"$CASEMATE" spec --bundle=other
	cmp other/mine.json other/config.json
	capture "$CASEMATE" spec --bundle /nonexistent
	assert_status 125
	assert_stderr /nonexistent
	capture "$CASEMATE" spec more
	assert_status 125
}

@test "who is not root and runs what is written for root is told what to write instead" {
	requires userns
	install -m 755 "$CASEMATE" "$BATS_TEST_TMPDIR/casemate"
	"$CASEMATE" spec
	chmod -R a+rX "$BUNDLE"
	install -d -o "$TEST_UID" "$BATS_TEST_TMPDIR/own"
	capture as_user "$BATS_TEST_TMPDIR/casemate" --root "$BATS_TEST_TMPDIR/own" run --bundle "$BUNDLE" "$ID" </dev/null
	assert_status 125
	assert_stderr "\`casemate spec --rootless\` writes"
}

@test "other runtimes read it" {
	requires root runc
	"$CASEMATE" spec
	edit_config '.process.terminal = false | .process.args = ["/bin/id", "-u"]'
	capture timeout 60 runc --root "$BATS_TEST_TMPDIR/runc" run --bundle "$BUNDLE" "$ID" </dev/null
	[[ $output == 1000 || $stderr == *cgroup* ]] || fail "not read"
}
