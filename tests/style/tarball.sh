#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tarball.sh FILE: every file of the project is in the tarball that `make dist` made.
set -u
tarball=$1
cd "$(dirname "$0")/../.." || exit 1
. tests/style/files.sh

packed=$(mktemp) || exit 1
trap 'rm -f "$packed"' EXIT
tar -tzf "$tarball" | sed 's|^[^/]*/||' | sort >"$packed"
missing=$(project_files | grep -v -e '^\.gitignore$' -e '^\.gitattributes$' | sort | comm -23 - "$packed")
[ -z "$missing" ] || {
	echo "$missing" | sed 's/$/: not in the tarball; add it to Makefile.am/'
	exit 1
}
