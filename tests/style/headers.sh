#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each header compiles by itself and is guarded by a name made of its path.
set -u
. tests/style/files.sh

bad=0
for header in $(project_files | grep '^include/.*\.h$'); do
	guard=CASEMATE_$(echo "${header#include/}" | tr 'a-z/.-' 'A-Z___')
	grep -q "^#ifndef $guard\$" "$header" || {
		echo "$header:1: its guard is not $guard"
		bad=1
	}
	# Those wrap headers that cc does not have.
	case $header in include/musl/*) continue ;; esac
	echo "#include \"${header#include/}\"" |
		${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused -fsyntax-only -Iinclude -x c - || bad=1
done
exit $bad
