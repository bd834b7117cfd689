#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make lint`: clang-tidy, gcc's analyser and cppcheck on every C file of the program, and the quick checks of clang-tidy on
# those of the tests; as TAP, one test for each tool and file.
#
#	lint.sh			all of them, JOBS at a time
#	lint.sh TOOL FILE	one
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/style/files.sh

# Runs "$@" with what make would give the compiler.
with_flags() {
	"$@" -std=gnu17 -D_GNU_SOURCE -Iinclude -DSITE_FILE='"/etc/casemate/casemate.json"' -DSCOPE_HELPER=\"/systemd-scope\" \
		-DSITE_DIRECTORY='"/etc/casemate"' -DEXAMPLES_DIRECTORY='"/examples"' -DAPPARMOR_PROFILE='"/apparmor"' -DPACKAGE_VERSION='"0"'
}

# A header is checked with the files that include it.
tidy() {
	with_flags clang-tidy --quiet "$1" -- 2>&1
}

tidy_tests() {
	with_flags clang-tidy --quiet --checks='-clang-analyzer-*,-readability-function-*' "$1" -- 2>&1
}

analyse() {
	with_flags gcc -c -o /dev/null "$1" -O2 -fanalyzer -Werror 2>&1
}

cpp_check() {
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -Iinclude -D_GNU_SOURCE -D__x86_64__ -DSITE_FILE='""' -DSCOPE_HELPER=\"/systemd-scope\" \
		-DSITE_DIRECTORY='""' -DEXAMPLES_DIRECTORY='""' -DAPPARMOR_PROFILE='""' \
		--enable=warning,portability --suppress=missingIncludeSystem --suppress=autoVariables "$1" 2>&1
}

if [ $# -eq 2 ]; then
	if output=$("$1" "$2"); then
		echo "ok - $1 $2"
	else
		printf 'not ok - %s %s\n%s\n' "$1" "$2" "$(printf '%s\n' "$output" | sed 's/^/# /')"
	fi
	exit 0
fi

sources() {
	case $1 in
	tidy_tests) project_files | grep -E '^tests/(unit|fuzz|probe)/.*\.c$' ;;
	*) project_files | grep -E '^src/.*\.c$' ;;
	esac
}

number=0
for tool in tidy tidy_tests analyse cpp_check; do
	case $tool in
	tidy*) program=clang-tidy ;;
	analyse) program=gcc ;;
	cpp_check) program=cppcheck ;;
	esac
	if command -v "$program" >/dev/null 2>&1; then
		sources $tool | xargs -P "${JOBS:-$(nproc)}" -n 1 sh tests/style/lint.sh "$tool"
		number=$((number + $(sources $tool | wc -l)))
	else
		echo "ok - $tool # SKIP $program is not installed"
		number=$((number + 1))
	fi
done
echo "1..$number"
