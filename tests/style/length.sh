#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file has at most 600 lines (a .bats file 700), a C function at most 60 (a test 100) (the body, as readability-function-size counts it).
set -u
. tests/style/files.sh

length_of_code() {
	# shellcheck disable=SC2016 # a program for awk
	awk '
	function complain(line, why) {
		printf "%s:%d: %s\n", FILENAME, line, why
		bad = 1
	}
	FNR == 1 { start = 0 }
	FNR == (FILENAME ~ /\.bats$/ ? 701 : 601) { complain(601, "too many lines: does this file hold one idea?") }
	FILENAME !~ /\.c$/ { next }
	/^{/ { start = FNR }
	/^}/ {
		if (start && FNR - start - 1 > (FILENAME ~ /^tests\/unit/ ? 100 : 60))
			complain(start, "a function of " FNR - start - 1 " lines: too long to read without scrolling")
		start = 0
	}
	END { exit bad }' "$@"
}

# shellcheck disable=SC2046 # no file name has a blank
length_of_code $(c_files; shell_files) Makefile.am src/sources.am tests/tests.am configure.ac
