#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each command that `casemate help` names has a page, and that page (.It Fl Fl name) and `casemate COMMAND --help` name the
# same options. CASEMATE is the program to ask.
set -u

bad=0
casemate=${CASEMATE:-build/casemate}
[ -x "$casemate" ] || {
	echo "no program to ask: set CASEMATE"
	exit 1
}

long_options() { grep -oE '(^|[ ,[])--[a-z][a-z0-9-]*' | sed 's/.*--//' | sort -u; }

# compare COMMAND PAGE
compare() {
	[ -f "$2" ] || {
		echo "casemate $1: no page man/casemate-$1.1 or .8"
		bad=1
		return
	}
	help=$("$casemate" "$1" --help 2>/dev/null </dev/null | long_options)
	page=$(sed -n 's/^\.It.* Fl Fl \([a-z][a-z0-9-]*\).*/\1/p; s/^\.It Fl [A-Za-z0-9] , Fl Fl \([a-z][a-z0-9-]*\).*/\1/p' "$2" | sort -u)
	for option in $help; do
		echo "$page" | grep -qxe "$option" || [ "$option" = help ] || {
			echo "$2: --$option is missing"
			bad=1
		}
	done
	for option in $page; do
		echo "$help" | grep -qxe "$option" || {
			echo "$2: casemate $1 has no --$option"
			bad=1
		}
	done
}

commands=$("$casemate" help </dev/null 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')
[ -n "$commands" ] || {
	echo "casemate help names no command"
	exit 1
}
for command in $commands; do
	page=man/casemate-$command.1
	[ -f "$page" ] || page=man/casemate-$command.8
	compare "$command" "$page"
done
exit $bad
