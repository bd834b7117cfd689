# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # variables of run.sh
# Contenders, tables and counters of run.sh. Needs $work, $tools, $rounds, $priority.

list=$work/list
result=$work/result

heading() {
	printf '\n== %s\n' "$*"
	: >"$list"
}

# contender NAME PROGRAM ARGUMENT...: takes part in the next measure. "%n" becomes a new number in each run. One that does not
# run at all is left out, and it is said why.
contender() {
	local name=$1 error status

	shift
	[ -x "$1" ] || { printf '  %-22s is not here\n' "$name" && return; }
	error=$(setpriv_like "${@//%n/-try$RANDOM}" </dev/null 2>&1 10<"$work/filter") && status=0 || status=$?
	if [ "$status" -ne 0 ]; then
		printf '  %-22s does not run (status %d): %s\n' "$name" "$status" "$(echo "$error" | head -n 3 | tr '\n' ' ')"
		return
	fi
	(IFS=$'\t' && printf '%s\n' "$name"$'\t'"$*") >>"$list"
}

# The trial of a contender runs as the user that the measurement has.
user=
setpriv_like() {
	if [ -n "$user" ] && [ "$(id -u)" = 0 ]; then
		setpriv --reuid="$user" --regid="$user" --clear-groups "$@"
	else
		"$@"
	fi
}

# measure [OPTION OF abbench]...: runs the contenders against each other and prints the table.
measure() {
	run_rounds "$@"
	print_table
}

# What the contenders themselves say on standard error is of interest only when one fails.
run_rounds() {
	local options=(-r "$rounds")

	[ -z "$priority" ] || options+=(-f "$priority")
	[ -z "$user" ] || [ "$(id -u)" != 0 ] || options+=(-u "$user")
	: >"$result"
	"$tools/abbench" "${options[@]}" "$@" <"$list" >"$result" 2>"$work/why" ||
		die "a measurement failed: $(tail -n 3 "$work/why")"
}

print_table() {
	awk -F '\t' '
	$1 == "cmd" { order[++n] = $2; line[$2] = sprintf("%9d %9d %9d %8d %7d", $3, $4, $5, $6, $7) }
	$1 == "ratio" { ratio[$2, $3] = $4 }
	END {
		printf "  %-22s %9s %9s %9s %8s %7s", "", "wall us", "p25", "cpu us", "switches", "faults"
		for (i = 1; i <= n; i++)
			if (order[i] ~ /^(floor|crun|bwrap|without)$/)
				printf " %8s", "/" order[columns[++m] = i]
		print ""
		for (i = 1; i <= n; i++) {
			printf "  %-22s %s", order[i], line[order[i]]
			for (j = 1; j <= m; j++)
				printf " %8.2f", order[i] == order[columns[j]] ? 1 : ratio[order[i], order[columns[j]]]
			print ""
		}
	}' "$result"
}

# verdict WHAT VALUE LIMIT: one line beside the measurement and one in the list at the end. Never fails.
verdict() {
	local word

	word=$(awk -v value="$2" -v limit="$3" 'BEGIN {
		if (value !~ /^[0-9.]+$/)
			print "not measured"
		else
			print value + 0 <= limit + 0 ? "reached" : "NOT REACHED"
	}')
	printf '  -> %s = %s, target %s: %s\n' "$1" "$2" "$3" "$word"
	printf '  %-58s %9s %9s  %s\n' "$1" "$2" "$3" "$word" >>"$work/targets"
}

# target NAME OTHER LIMIT: the median of the paired ratios beside what it shall be.
target() {
	verdict "$case_name: $1 / $2" \
		"$(awk -F '\t' -v a="$1" -v b="$2" '$1 == "ratio" && $2 == a && $3 == b { printf "%.2f", $4 }' "$result")" "$3"
}

# wall NAME, switches NAME: medians of the last measurement.
wall() {
	awk -F '\t' -v name="$1" '$1 == "cmd" && $2 == name { print $3 }' "$result"
}
switches() {
	awk -F '\t' -v name="$1" '$1 == "cmd" && $2 == name { print $6 }' "$result"
}

# filter_cost BUNDLE: median of 21 processes, in microseconds.
filter_cost() {
	local program=${BUILD:-.}/tests/bench/filter_cost

	[ -x "$program" ] || { echo - && return; }
	for _ in {1..21}; do
		chrt -f 10 "$program" "$work/$1/config.json" || return
	done | sort -n | sed -n 11p
}

# system_calls COMMAND...: of the whole tree of processes.
system_calls() {
	strace -f -c -U calls,name -o "$work/strace" "$@" >/dev/null 2>&1 </dev/null 10<"$work/filter" || { echo - && return; }
	awk '$NF == "total" { print $1 }' "$work/strace"
}

# rcu_waits COMMAND...: how often one of its processes slept for a grace period. Each costs 0.06 to some ms.
rcu_waits() {
	command -v perf >/dev/null || { echo - && return; }
	perf sched record -g -o "$work/perf" -- "$@" >/dev/null 2>&1 </dev/null || { echo - && return; }
	perf sched timehist -i "$work/perf" --max-stack 14 2>/dev/null | grep synchronize_rcu | grep -vc kworker
}

# peak_memory COMMAND...: of the launcher, in KiB, while its workload (one second of sleep) runs.
peak_memory() {
	local pid

	"$@" >/dev/null 2>&1 </dev/null 10<"$work/filter" &
	pid=$!
	sleep 0.5
	awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status" 2>/dev/null || echo -
	wait "$pid" 2>/dev/null
}

# The smallest multiple of 16 KiB for which `$1 KIB` succeeds three times, up to 8 MiB.
smallest() {
	local low=0 high=512 middle

	"$1" 8192 || { echo - && return; }
	# No program starts in 16 KiB: whoever says so has ignored the limit.
	! "$1" 16 || { echo "the limit is not in force" && return; }
	while [ $((high - low)) -gt 1 ]; do
		middle=$(((low + high) / 2))
		if "$1" $((middle * 16)) && "$1" $((middle * 16)) && "$1" $((middle * 16)); then
			high=$middle
		else
			low=$middle
		fi
	done
	echo "$((high * 16))"
}
