#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `casemate sandbox --hide`: what may not be seen inside what may. As root and as a user without any privilege.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
	DATA=$BATS_TEST_TMPDIR/data
	export FROM=$DATA
	mkdir -p "$DATA/keys/old" "$DATA/other"
	echo secret | tee "$DATA/keys/key" "$DATA/keys/old/key" "$DATA/token" >/dev/null
	echo plain >"$DATA/file"
	ln -s keys "$DATA/link"
	chmod -R a+rwX "$DATA"
}

teardown() {
	common_teardown
}

hidden() {
	sandbox --hide keys --rw . --hide ./token --cwd "$DATA" -- sh -c '
		cat file; ls -A keys; cat token link/key keys/old/key "/proc/self/root$PWD/keys/key" /proc/self/cwd/token'
	assert_output plain || return
	[ "$(cat "$DATA/keys/key" "$DATA/token")" = $'secret\nsecret' ] || fail "the host's file"
}

@test "a directory and a file are hidden inside what is shown writable, in any order of the flags" {
	both hidden
}

# From inside: everything that could bring the hidden thing back.
attacked() {
	sandbox --rw . --hide keys --hide token --cwd "$DATA" -- sh -c '
		rm -rf keys token; rmdir keys; mv keys other/k; mv token other/t; ln token other/hard
		umount keys token; mount --bind . other; touch keys/x; chmod 777 keys token; echo x >token
		ln -s keys/key other/l; cat other/l other/t other/hard token; ls -A keys other/k'
	[[ $output != *secret* ]] || fail "a secret is read: $output" || return
	[ "$(cat "$DATA/keys/key" "$DATA/token")" = $'secret\nsecret' ] || fail "the host's files were changed" || return
	[ ! -e "$DATA/keys/x" ] && [ ! -e "$DATA/other/hard" ] || fail "written" || return
	rm -f "$DATA/other/l"
	# A directory above it is renamed: the cover goes along.
	sandbox --rw . --hide keys/old --cwd "$DATA" -- sh -c 'mv keys moved; cat moved/old/key; mv moved keys; cat keys/key'
	assert_output secret || return
	assert_status 0
}

@test "nothing from inside brings it back" {
	both attacked
}

specific() {
	sandbox --ro . --hide keys --ro keys/old --ro file:/f --cwd "$DATA" -- sh -c 'ls -A keys; cat keys/old/key f; touch keys/x'
	assert_status 1
	[ "$output" = $'old\nsecret' ] || fail "$output"
}

@test "a flag for a place inside what is hidden shows that, and no more" {
	both specific
}

second_places() {
	refused "'--ro .:/b' shows at /b/keys what '--hide keys' hides" --ro . --ro .:/b --hide keys || return
	refused "'--ro keys/old:/b' shows at /b what '--hide keys' hides" --ro . --ro keys/old:/b --hide keys || return
	refused "'--ro link:/b' shows at /b what '--hide keys' hides" --ro . --ro link:/b --hide keys || return
	refused "'--ro ..:/b' shows at /b/data/token what '--hide token' hides" --ro . --ro ..:/b --hide token || return
	refused "hide what the symbolic link leads to" --ro . --hide link || return
	sandbox --ro . --ro .:/b --hide keys --hide /b/keys -- cat "$DATA/keys/key" /b/keys/key /b/link/key
	assert_status 1 && assert_output ""
}

@test "what a second bind or a link would show is refused, unless it is hidden there as well" {
	both second_places
}

@test "a second name that only the host knows: a hard link, a bind mount of the host" {
	WHO=root
	ln "$DATA/token" "$DATA/other/hard"
	refused "the file has 2 names" --ro . --hide token
	rm "$DATA/other/hard"
	mkdir "$BATS_TEST_TMPDIR/again"
	export -f sandbox_run
	export WHO DATA USER_CASEMATE
	capture unshare -m bash -c 'mount --bind "$1" "$2" && sandbox_run --ro . --ro "$2:/b" --hide keys -- true' _ "$DATA" \
		"$BATS_TEST_TMPDIR/again" </dev/null
	assert_status 125
	[[ $stderr == *"shows at /b/keys what '--hide keys' hides"* ]] || fail "$stderr"
}

defaults() {
	sandbox --hide /etc --hide /usr/share -- sh -c 'ls -A /etc /usr/share; cat /etc/passwd'
	assert_status 1
	[ "$output" = $'/etc:\n\n/usr/share:' ] || fail "$output"
}

@test "defaults are hidden as well" {
	both defaults
}

wrong() {
	refused "nothing is made in a directory of the host" --ro . --hide nothing || return
	[ ! -e "$DATA/nothing" ] || fail "it was made" || return
	refused "'--hide $DATA/keys'" --ro . --ro keys --hide "$DATA/keys" || return
	refused "programs need what is there" --hide /dev || return
	refused "/proc/self" --hide "/proc/self/root$DATA/keys" --ro . || return
	refused "name the directory or file" --hide /
}

@test "what cannot be hidden is an error" {
	both wrong
}

@test "explain says it, and a bundle that would lose it is refused" {
	cd "$DATA"
	capture "$CASEMATE" explain sandbox --ro . --hide keys -- true
	[[ $output == *"$DATA/keys is hidden"*"[--hide keys]"* ]] || fail
	capture "$CASEMATE" sandbox --ro . --hide keys --bundle-out "$BATS_TEST_TMPDIR/bundle" -- true
	assert_status 125
	assert_stderr "--hide keys"
}

@test "--unsetenv takes a variable away that would be there" {
	WHO=user
	sandbox --unsetenv LANG --env A=1 --env AB=2 --unsetenv A -- env
	[[ $output == *AB=2* && $output != *LANG=* && $output != *$'\n'A=* ]] || fail "$output"
	refused "expected a NAME" --unsetenv A=1
}
