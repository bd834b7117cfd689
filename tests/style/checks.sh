#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `set -e`, by which a test fails, overlooks all of a list but its last command: "check && check" in the middle of a test can
# only fail by its second half. Each check is a line of its own, or ends with "|| return"; the last line of a function may be a list.
set -u
. tests/style/files.sh

shell_files | grep -E '\.(bats|bash)$' | xargs awk '
	function is_check(text) { return text ~ /^[[:space:]]*(assert|refute|refused|nothing_left|\[\[?)([_ ]|$)/ }
	FNR == 1 { suspect = "" }
	suspect != "" && !/^}/ { print suspect; bad = 1 }
	{
		suspect = ""
		count = split($0, parts, / && /)
		if (count > 1 && !/\|\|/ && !/\\$/ && !/[[:space:]](&&|do|then|\{)$/ && is_check(parts[1]) && is_check(parts[count]))
			suspect = FILENAME ":" FNR ": a list of checks, of which only the last can fail"
	}
	END { exit bad }'
