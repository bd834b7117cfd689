#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What is not found inside a sandbox is explained by what its host has, with the flag to add.

load helpers/common

setup() {
	common_setup
	requires root userns
	DATA=$BATS_TEST_TMPDIR/data
	mkdir -m 755 "$DATA"
	printf '#!/bin/sh\necho started\n' >"$DATA/prog"
	printf '#!%s/prog\n' "$DATA" >"$DATA/script"
	chmod 755 "$DATA/prog" "$DATA/script"
}

teardown() {
	common_teardown
}

inside_data() {
	(cd "$DATA" && timeout -k 2 30 "$CASEMATE" sandbox "$@")
}

sandbox() {
	capture inside_data "$@" </dev/null
}

# The same with a terminal, where the caller sees all that is said.
on_terminal() {
	run --separate-stderr timeout -k 2 30 script -qec "cd '$DATA' && '$CASEMATE' sandbox $*" /dev/null </dev/null
}

@test "a program given by a path of the host, and the flags that are named start it" {
	sandbox -- ./prog
	assert_status 127
	assert_stderr "add --ro ./prog --cwd $DATA"
	sandbox --ro ./prog --cwd "$DATA" -- ./prog
	assert_status 0
	assert_output started
	sandbox -- "$DATA/prog"
	assert_status 127
	assert_stderr "add --ro $DATA/prog"
	sandbox --ro "$DATA/prog" -- "$DATA/prog"
	assert_output started
}

@test "a program of the caller's own PATH" {
	PATH=$PATH:$DATA sandbox -- prog
	assert_status 127
	assert_stderr "add --ro $DATA/prog"
}

@test "a script interpreter that only the host has" {
	sandbox --ro "$DATA/script" -- "$DATA/script"
	assert_status 127
	assert_stderr 'script interpreter'
	assert_stderr "add --ro $DATA/prog"
}

@test "what the host does not have either is said to be nowhere, and no flag is named" {
	local program
	for program in /none/at/all ./none nosuch-program; do
		sandbox -- "$program"
		assert_status 127
		assert_stderr either
		[[ $stderr != *--ro* ]] || fail "a flag that would not help"
	done
}

@test "on a terminal: an argument that is a file of the host, once the program has failed" {
	echo text >"$DATA/in.txt"
	on_terminal -- cat in.txt
	[[ $output == *"add --ro in.txt --cwd $DATA"* ]] || fail "no hint"
	on_terminal -- cat "$DATA/in.txt"
	[[ $output == *"add --ro $DATA/in.txt"* ]] || fail "no hint"
	on_terminal --ro "$DATA/in.txt" -- grep nothing "$DATA/in.txt"
	[[ $output != *--ro* ]] || fail "a hint for what is shown"
	on_terminal -- true in.txt
	[[ $output != *--ro* ]] || fail "a hint without a failure"
}

@test "without a terminal nothing is added to what the program says" {
	echo text >"$DATA/in.txt"
	sandbox -- sh -c 'exit 3' in.txt "$DATA/in.txt"
	assert_status 3
	[ -z "$stderr" ] || fail "casemate said something"
}

@test "names with escape sequences reach no terminal" {
	local name=$'evil\e]0;title\a'
	echo text >"$DATA/$name"
	on_terminal -- sh -c "'exit 1'" "'$name'"
	[[ $output == *'evil\x1b]0;title\x07'* ]] || fail "it is not shown escaped"
	[[ $output != *$'\e'* ]] || fail "an escape byte came through"
}
