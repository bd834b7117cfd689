#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each C file and each test stands in Makefile.am or in a file that it includes, and each header under include/ has the name
# of a file, or of a family of files, under src/ unless it only declares types or constants.
set -u
. tests/style/files.sh

bad=0
listed=$(sed 's/#.*//' Makefile.am src/sources.am tests/tests.am | tr '\n\t' '  ')
for file in $(project_files | grep -E '^(src|include)/.*\.[ch]$|^tests/[a-z0-9_-]*\.bats$|^tests/(unit|fuzz|probe|bench)/.*\.[ch]$|^man/.*\.[1-8]$|^profiles/.*\.json$'); do
	# A test of one file is listed as a program.
	case " $listed " in
	*" $file "* | *" ${file%.c} "*) ;;
	*)
		echo "$file: does not stand in Makefile.am, src/sources.am or tests/tests.am"
		bad=1
		;;
	esac
done

macros=$(tr '[:blank:]' '\n' <Makefile.am | sed -n "s/^-D\([A-Z_]*\)='\"\$(.*/\1/p" | paste -sd '|' -)
for file in $(project_files | grep '^src/.*\.c$' | xargs grep -lwE "$macros"); do
	case " $listed " in
	*" ${file%.c}.\$(OBJEXT)"*) ;;
	*)
		echo "$file: says where something is installed, and has no rule in Makefile.am that makes it again"
		bad=1
		;;
	esac
done

for header in $(project_files | grep '^include/.*\.h$'); do
	family=${header#include/}
	family=src/${family%.h}
	grep -qE '^[a-z].*\)( __attribute__.*)?;$' "$header" || continue
	ls "${family%%_*}"*.c >/dev/null 2>&1 || [ "$header" = include/config/builtin.h ] || {
		echo "$header: declares functions, but there is no $family.c"
		bad=1
	}
done
exit $bad
