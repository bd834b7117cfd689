#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make check-style`: every check of this folder as one TAP test. Run from anywhere.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/style/files.sh

number=0

# tap NAME COMMAND...
tap() {
	name=$1
	shift
	number=$((number + 1))
	if output=$("$@" 2>&1); then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		printf '%s\n' "$output" | sed 's/^/# /'
	fi
}

# A tool that is not installed is a skipped test: ./bootstrap check installs all of them.
with() {
	tool=$1
	shift
	if command -v "$tool" >/dev/null 2>&1; then
		tap "$@"
	else
		number=$((number + 1))
		echo "ok $number - $1 # SKIP $tool is not installed"
	fi
}

format() { c_files | xargs clang-format --dry-run -Werror; }
# jq's programs stand in single quotes, and bats runs each test in a subshell: of .bats files only warnings count.
shell_lint() {
	shell_files | grep -v '\.bats$' | xargs shellcheck -x -S style
	shell_files | grep '\.bats$' | xargs shellcheck -x -S warning -e SC2154,SC2034
}
spelling() {
	project_files | grep -vE '\.(json|golden|explain)$|^LICENSE$|/corpus/' |
		xargs codespell --ignore-words tests/style/spelling-ignored
}
pages() { project_files | grep '^man/.*\.[1-8]$' | xargs -r mandoc -Tlint -W warning; }
white() { ! project_files | grep -vE '/corpus/|/golden/' | xargs grep -nIE '[[:blank:]]+$' /dev/null; }

tap 'includes point one way' sh tests/style/layers.sh
tap 'files, functions and lines are short' sh tests/style/length.sh
tap 'each source file names its licence' sh tests/style/spdx.sh
tap 'no banned word or function' sh tests/style/words.sh
tap 'nothing of a private machine' sh tests/style/private.sh
tap 'each file stands in Makefile.am' sh tests/style/sources.sh
tap 'each header stands alone' sh tests/style/headers.sh
tap 'no check of a test is lost' sh tests/style/checks.sh
tap 'no white space at the end of a line' white
tap 'manual and --help name the same options' sh tests/style/manual.sh
with clang-format 'clang-format would change nothing' format
with shellcheck 'shellcheck finds nothing' shell_lint
with codespell 'spelling' spelling
with mandoc 'the manual pages are well-formed' pages
echo "1..$number"
