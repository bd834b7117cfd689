# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For the checks in this folder: lists of the files that belong to the project. Run from the top of the source tree.

# Every file that is, or is about to be, under version control; in an unpacked tarball every file.
project_files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard | while read -r file; do
			[ ! -f "$file" ] || echo "$file"
		done
	else
		find . -path './build*' -prune -o -path './.git' -prune -o -name autom4te.cache -prune -o -type f -print |
			sed 's|^\./||' | grep -v -e '^configure$' -e '^aclocal.m4$' -e '^Makefile.in$'
	fi
}

# C sources and headers.
c_files() {
	project_files | grep '\.[ch]$'
}

# Scripts for the shell and for bats.
shell_files() {
	project_files | grep -e '\.sh$' -e '\.bash$' -e '\.bats$' -e '^bootstrap$' -e '^\.ci/run$' -e '^tests/style/pre-commit$'
}
