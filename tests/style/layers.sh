#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Includes point one way: base <- model <- config and base <- model <- parts, both <- run <- commands <- main. A part may
# include its own family (filter.c: filter.h, filter_sim.h) and headers of parts/ that are tools (place.h), never another
# part: a header that declares X_plan or X_apply. Prints each line that breaks this.
set -u
. tests/style/files.sh

# shellcheck disable=SC2016 # a program for awk
c_files | grep -e '^src/' -e '^include/' | xargs awk '
BEGIN {
	allowed["musl"] = " musl "
	allowed["base"] = " base "
	allowed["model"] = " base model "
	allowed["config"] = " base model config "
	allowed["parts"] = " base model parts "
	allowed["run"] = " base model config parts run "
	allowed["commands"] = " base model config parts run commands "
	allowed["main"] = allowed["commands"]
}
FNR == 1 {
	count = split(FILENAME, path, "/")
	layer = count > 2 ? path[2] : "main"
	family = path[count]
	sub(/[_.].*/, "", family)
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	if (split(quoted[2], to, "/") != 2)
		next
	if (!(to[1] in allowed))
		next
	if (layer in allowed && index(allowed[layer], " " to[1] " ") == 0)
		complain(layer "/ may not include " to[1] "/")
	else if (layer == "parts" && to[1] == "parts" && to[2] !~ ("^" family "[_.]") && is_part(to[2]))
		complain("a part may not include another part: make it a fact of the plan, or a step of the table")
}
function is_part(header,   word, line, found) {
	word = header
	sub(/\.h$/, "", word)
	while ((getline line <("include/parts/" header)) > 0)
		found = found || line ~ (word "_(plan|apply)\\(")
	close("include/parts/" header)
	return found
}
function complain(why) {
	printf "%s:%d: %s  (%s)\n", FILENAME, FNR, $0, why
	bad = 1
}
END { exit bad }'
