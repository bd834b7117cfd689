#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# table.sh [FILE...]: the answers that docker.bats, containerd.bats and podman.bats wrote down (default: all below
# $BUILD/engine-results) as one markdown table an engine. The last answer of a check counts.
#
#	works     it does what the engine's user expects
#	refused   the ceiling does not let it, and says so in the engine's own output
#	fails     neither of the two
set -eu
[ $# -gt 0 ] || set -- "${BUILD:-build}"/engine-results/*
awk -F '\t' '
!($1 in engines) { engines[$1]; engine[++count] = $1 }
!(($1, $2) in row) { row[$1, $2]; name[$1, ++rows[$1]] = $2 }
!(($1, $3) in column) { column[$1, $3]; runtime[$1, ++columns[$1]] = $3 }
{ answer[$1, $2, $3] = $4 }
END {
	for (e = 1; e <= count; e++) {
		head = engine[e]
		printf "%s| %s |", (e > 1 ? "\n" : ""), head
		for (c = 1; c <= columns[head]; c++)
			printf " %s |", runtime[head, c]
		printf "\n| --- |"
		for (c = 1; c <= columns[head]; c++)
			printf " --- |"
		printf "\n"
		for (r = 1; r <= rows[head]; r++) {
			printf "| %s |", name[head, r]
			for (c = 1; c <= columns[head]; c++)
				printf " %s |", answer[head, name[head, r], runtime[head, c]]
			printf "\n"
		}
	}
}' "$@"
