#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# casemate-neighbours(7): what it names on the right exists here, and what bubblewrap has is on the left.

load helpers/common

setup() {
	common_setup
	page=$SOURCE/man/casemate-neighbours.7
}

teardown() {
	common_teardown
}

# rows: the rows of all tables, with long options written as they are typed
rows() {
	sed -n '/ Ta /{ s/^\.It //; s/Fl Fl \([a-z]\)/--\1/g; p; }' "$page"
}

# section TITLE: the rows below .Sh TITLE
section() {
	sed -n "/^\.Sh $1\$/,/^\.El/p" "$page" | sed -n 's/^\.It \(.*\) Ta .*/\1/p' | sed 's/Fl Fl \([a-z]\)/--\1/g'
}

long_options() {
	grep -oE -- '(^|[ ,[(])--[a-z][a-z0-9-]*' | sed 's/.*--/--/' | sort -u
}

@test "each flag that the page names is one of casemate's" {
	local flag flags help
	help=$("$CASEMATE" sandbox --help | long_options)
	flags=$(rows | sed 's/.* Ta //' | long_options | grep -vx -- --log)
	[ "$(wc -l <<<"$flags")" -ge 25 ] || fail "too few flags found: $flags"
	for flag in $flags; do
		grep -qxe "$flag" <<<"$help" || fail "casemate sandbox has no $flag"
	done
	"$CASEMATE" --help | long_options | grep -qxe --log
}

@test "each flag of casemate's that others have is on the right of some row" {
	local flag flags
	flags=$(rows | sed 's/.* Ta //' | long_options)
	for flag in --ro --rw --dev --tmpfs --file --symlink --hide --net --seccomp --cap --mem --pids --cpu --time --report; do
		grep -qxe "$flag" <<<"$flags" || fail "no row leads to $flag"
	done
}

@test "each option of bubblewrap has a row" {
	requires bwrap
	local option options left
	options=$(bwrap --help | sed -n 's/^ *\(--[a-z0-9-]*\).*/\1/p' | sort -u)
	[ "$(wc -l <<<"$options")" -ge 50 ] || fail "too few options found: $options"
	left=$(section 'FROM BUBBLEWRAP' | long_options)
	for option in $options; do
		grep -qxe "$option" <<<"$left" || fail "no row for $option of bubblewrap"
	done
}

@test "each row has an answer, and no option has two within a table" {
	local title twice
	while read -r title; do
		section "$title" | grep -q . || fail "no rows in $title"
		twice=$(section "$title" | sed 's/ , /\n/g' | sort | uniq -d)
		[ -z "$twice" ] || fail "$title: two rows for $twice"
	done < <(sed -n 's/^\.Sh \(FROM .*\)/\1/p' "$page")
	! rows | grep -E ' Ta *$' || fail "a row without an answer"
}
