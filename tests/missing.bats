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

@test "a relative path that is shown, and the program starts elsewhere: the flag that is named is --cwd" {
	sandbox --ro ./prog -- ./prog
	assert_status 127
	assert_stderr "it is shown inside, where the program does not start: add --cwd $DATA"
	[[ $stderr != *--ro* ]] || fail "--ro is given already"
	echo text >"$DATA/in.txt"
	on_terminal --ro . -- cat in.txt
	[[ $output == *"in.txt is shown inside, where the program does not start: add --cwd $DATA"* ]] || fail "$output"
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
	on_terminal --time 1 -- sh -c "'sleep 20 & wait'" in.txt
	assert_status 124
	[[ $output != *--r* ]] || fail "a hint for whose time was up"
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

# Two libraries of which one links the other, and a program that links both: BIN/app, LIB/libouter.so, LIB/libinner.so
make_linked() {
	local lib=$DATA/$1 bin=$DATA/$2
	shift 2
	mkdir -p "$lib" "$bin"
	echo 'int inner(void) { return 0; }' | cc -shared -fPIC -o "$lib/libinner.so" -Wl,-soname,libinner.so -x c -
	echo 'int inner(void); int outer(void) { return inner(); }' |
		cc -shared -fPIC -o "$lib/libouter.so" -Wl,-soname,libouter.so -x c - -L"$lib" -linner -Wl,-rpath,"\$ORIGIN"
	echo '#include <stdlib.h>
	int outer(void);
	int main(void) { return getenv("TRICK") == NULL ? outer() : system(getenv("TRICK")) | 127; }' |
		cc -o "$bin/app" -x c - -L"$lib" -louter -Wl,-rpath-link,"$lib" "$@"
}

@test "shared libraries that only the host has, and those that they link themselves: the flags that are named start it" {
	make_linked lib bin "-Wl,-rpath,\$ORIGIN/../lib"
	"$DATA/bin/app" || fail "it does not run on the host"
	sandbox --ro "$DATA/bin/app" -- "$DATA/bin/app"
	assert_status 127
	assert_stderr "'$DATA/bin/app' needs the shared library 'libouter.so', which this host has but which is not shown inside: add --ro $DATA/lib/libouter.so"
	assert_stderr "'$DATA/lib/libouter.so' needs the shared library 'libinner.so', which this host has but which is not shown inside: add --ro $DATA/lib/libinner.so"
	# shellcheck disable=SC2046
	sandbox --ro "$DATA/bin/app" $(grep -o -- '--ro .*' <<<"$stderr") -- "$DATA/bin/app"
	assert_status 0
	# Most libraries are reached by links.
	mv "$DATA/lib/libouter.so" "$DATA/lib/libouter.so.1"
	ln -s libouter.so.1 "$DATA/lib/libouter.so.0"
	ln -s "$DATA/lib/libouter.so.0" "$DATA/lib/libouter.so"
	sandbox --ro "$DATA/bin/app" -- "$DATA/bin/app"
	assert_stderr "add --ro $DATA/lib/libouter.so"$'\n'
	assert_stderr "add --ro $DATA/lib/libinner.so"
	# A script of the sandbox, and a program by name through a link
	printf '#!%s\n' "$DATA/bin/app" >"$DATA/linked"
	chmod 755 "$DATA/linked"
	sandbox --ro "$DATA/bin/app" --ro "$DATA/linked:/opt/bin/linked" --env PATH=/opt/bin -- linked
	assert_status 127
	assert_stderr "add --ro $DATA/lib/libouter.so"
}

# A watchdog begins to run when it is opened. What a hostile program names as its library decides what is looked at.
@test "nothing but files is opened because a program names it as its library" {
	local writer
	make_linked lib bin "-Wl,-rpath,$DATA/lib"
	rm "$DATA/lib/libouter.so"
	mkfifo "$DATA/lib/libouter.so"
	sh -c ': >"$1"' sh "$DATA/lib/libouter.so" 3>&- &
	writer=$!
	eventually asleep "$writer" sh
	sandbox --ro "$DATA/bin/app" -- "$DATA/bin/app"
	assert_status 127
	assert_stderr "needs the shared library 'libouter.so'"
	kill "$writer" || fail "it was opened"
	wait "$writer" || true
}

@test "a program that is shown elsewhere gets its library where it looks" {
	make_linked lib bin "-Wl,-rpath,\$ORIGIN/../lib"
	sandbox --ro "$DATA/bin:/app/bin" -- /app/bin/app
	assert_status 127
	assert_stderr "add --ro $DATA/lib/libouter.so:/app/lib/libouter.so"
	sandbox --ro "$DATA/bin:/app/bin" --ro "$DATA/lib:/app/lib" -- /app/bin/app
	assert_status 0
	# An old DT_RPATH, which holds for what is linked below it
	make_linked lib bin "-Wl,-rpath,$DATA/lib" -Wl,--disable-new-dtags
	sandbox --ro "$DATA/bin:/app/bin" -- /app/bin/app
	assert_stderr "add --ro $DATA/lib/libouter.so"$'\n'
}

@test "libraries that the caller finds by a variable, and libraries that nobody has" {
	make_linked lib bin
	LD_LIBRARY_PATH=$DATA/lib sandbox --ro "$DATA/bin/app" -- "$DATA/bin/app"
	assert_status 127
	assert_stderr "add --ro $DATA/lib/libouter.so --env LD_LIBRARY_PATH"
	LD_LIBRARY_PATH=$DATA/lib sandbox --ro "$DATA" -- "$DATA/bin/app"
	assert_stderr "which is not found without the caller's LD_LIBRARY_PATH: add --env LD_LIBRARY_PATH"
	LD_LIBRARY_PATH=$DATA/lib sandbox --ro "$DATA" --env LD_LIBRARY_PATH -- "$DATA/bin/app"
	assert_status 0
	sandbox --ro "$DATA" -- "$DATA/bin/app"
	assert_status 127
	assert_stderr "'libouter.so', which is neither inside nor where loaders of this host look for it"
	[[ $stderr != *--ro* ]] || fail "a flag that would not help"
}

@test "status 127 of a program that started is its own affair" {
	sandbox -- sh -c 'exit 127'
	assert_status 127
	[ -z "$stderr" ] || fail "casemate said something"
	make_linked lib bin "-Wl,-rpath,\$ORIGIN/../lib"
	sandbox --ro "$DATA" -- sh -c '"$0"; exit 127' "$DATA/bin/app"
	[ -z "$stderr" ] || fail "casemate said something"
}

@test "files that its program leaves behind: a FIFO, a link to a secret, a circle, a broken library" {
	local trick
	make_linked w bin "-Wl,-rpath,\$ORIGIN/../w"
	chmod 777 "$DATA/w"
	cp "$DATA/w/libouter.so" "$DATA/outer"
	for trick in 'mkfifo libouter.so' 'ln -s /etc/shadow libouter.so' 'ln -s libouter.so libouter.so' \
		'ln -s ../../../../../../../../etc libouter.so' 'head -c 5000 /usr/bin/env >libouter.so' 'mkdir libouter.so'; do
		rm -rf "$DATA/w/libouter.so"
		install -m 777 "$DATA/outer" "$DATA/w/libouter.so"
		sandbox --ro "$DATA/bin" --rw "$DATA/w" --cwd "$DATA/w" --setenv "TRICK=rm libouter.so; $trick" -- "$DATA/bin/app"
		assert_status 127
		[[ $stderr != *"casemate: "*"casemate: "* && $stderr != *libinner* ]] || fail "$trick"
	done
	# The program itself, once it has started
	printf '#!/bin/sh\nrm -f "$0"; mkfifo "$0"; exit 127\n' >"$DATA/w/self"
	chmod 777 "$DATA/w/self"
	sandbox --rw "$DATA/w" -- "$DATA/w/self"
	assert_status 127
	[ -z "$stderr" ] || fail "casemate said something"
}
