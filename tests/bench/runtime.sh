# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # variables of run.sh
# Cases of run.sh: what engines call, each command a process of its own. Needs $work, $tools, $list, $rounds.

# runtime NAME: the program and its options, and the options of its create and run.
runtime() {
	launch=()
	case $1 in
	casemate)
		program=("$CASEMATE")
		launch=(--profile baseline)
		;;
	crun) program=("$(command -v crun)" --cgroup-manager=disabled) ;;
	crun-cgroupfs) program=("$(command -v crun)" --cgroup-manager=cgroupfs) ;;
	runc) program=("$(command -v runc)") ;;
	esac
	[ -x "${program[0]}" ]
}
runtimes='casemate crun crun-cgroupfs runc'

# line NAME WORD...: takes part in the next measure, unless it does not work.
line() {
	local text

	text=$(IFS=$'\t' && printf '%s' "$*")
	if "$tools/abbench" -r 1 -w 1 <<<"${text//%n/-try$RANDOM%n}" >/dev/null 2>"$work/why"; then
		printf '%s\n' "$text" >>"$list"
	else
		printf '  %-22s does not run: %s\n' "$1" "$(head -n 3 "$work/why" | tr '\n' ' ')"
	fi
}

# The life of a container of the bundle $1, without the time in which its program runs.
life() {
	local name

	for name in ${2:-$runtimes}; do
		runtime "$name" || continue
		line "$name" "${program[@]}" create "${launch[@]}" --bundle "$work/$1" --pid-file "$work/pid-$name" b%n ';' \
			"${program[@]}" start b%n ';' @gone "$work/pid-$name" ';' "${program[@]}" delete b%n
	done
}

# start_all BUNDLE, end_all: a container of each runtime, which is named as the runtime.
start_all() {
	local name

	for name in $runtimes; do
		runtime "$name" || continue
		"${program[@]}" run --detach "${launch[@]}" --bundle "$work/$1" "there-$name" </dev/null >/dev/null 2>&1
	done
}
end_all() {
	local name

	for name in $runtimes; do
		runtime "$name" || continue
		"${program[@]}" delete --force "there-$name" >/dev/null 2>&1
	done
}

# command_of_all COMMAND ARGUMENT...: of each runtime on its container.
command_of_all() {
	local name

	for name in $runtimes; do
		runtime "$name" || continue
		line "$name" "${program[@]}" "$1" "there-$name" "${@:2}"
	done
	measure
}

lifecycle_of() { # BUNDLE FOREVER
	case_name="lifecycle, $1"
	heading "create, start and delete as three processes: $1"
	life "$1"
	measure
	target casemate crun 0.35
	target casemate crun-cgroupfs 0.35
	start_all "$2"
	case_name="exec, $1"
	heading "exec: $1"
	command_of_all exec /bin/true
	target casemate crun 0.35
	# busybox takes as long to start as half of an exec: without that, as the life of a container is measured.
	case_name="exec of nothing, $1"
	heading "exec of a program that only ends: $1"
	command_of_all exec /bin/nothing
	target casemate crun 0.35
	case_name="state, $1"
	heading "state: $1"
	command_of_all state
	target casemate crun 0.25
	case_name="kill, $1"
	heading "kill with SIGCONT: $1"
	command_of_all kill CONT
	target casemate crun 0.25
	end_all
}

case_lifecycle() {
	local loop machine

	lifecycle_of default forever
	lifecycle_of docker docker-forever
	heading "create, start and delete, casemate alone: in a loop, and 200 ms of quiet before each"
	# A processor that has slept is slower at first, whatever it runs: a program without any launch says by how much.
	contender busybox "$work/rootfs/bin/busybox" true
	life default casemate
	measure
	case_name=lifecycle
	loop=$(wall casemate)
	machine=$(wall busybox)
	measure -p 200
	machine=$(quotient "$(wall busybox)" "$machine")
	verdict "$case_name: after a pause / in a loop, where busybox alone has $machine" \
		"$(quotient "$(quotient "$(wall casemate)" "$loop")" "$machine")" 1.1
}

quotient() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (b + 0 > 0) printf "%.2f", a / b }'
}

# The times of what engines call, of casemate alone, in microseconds: "NAME TIME" lines in $work/$1. What does not look at
# containers at all, the floor, says how much slower the machine itself has become.
times_now() {
	local name life=("$CASEMATE" create --profile baseline --bundle "$work/default" --pid-file "$work/pid-casemate" b%n)

	: >"$list"
	contender floor "$tools/floor" "${floor_cgroups[@]}" "${own_cgroup[@]}" "$work" /bin/true
	line state "$CASEMATE" state there-casemate
	line kill "$CASEMATE" kill there-casemate CONT
	line exec "$CASEMATE" exec there-casemate /bin/true
	line start @free "${life[@]}" ';' "$CASEMATE" start b%n ';' @gone "$work/pid-casemate" ';' @free "$CASEMATE" delete b%n
	line create-start-delete "${life[@]}" ';' "$CASEMATE" start b%n ';' @gone "$work/pid-casemate" ';' "$CASEMATE" delete b%n
	line list "$CASEMATE" list --quiet
	measure
	awk '$1 == "cmd" { print $2, $3 }' "$result" >"$work/$1"
}

time_of() { # NAME FILE
	awk -v name="$1" '$1 == name { print $2 }' "$work/$2"
}

case_running() {
	local count=${BENCH_RUNNING:-500} i name machine

	runtime casemate
	"${program[@]}" run --detach "${launch[@]}" --bundle "$work/forever" there-casemate </dev/null >/dev/null 2>&1
	heading "with one container running"
	times_now few
	heading "with $count containers running"
	for ((i = 0; i < count; i++)); do
		"${program[@]}" run --detach "${launch[@]}" --bundle "$work/forever" "crowd-$i" </dev/null >/dev/null 2>&1 ||
			die "container $i does not start"
	done
	times_now many
	for ((i = 0; i < count; i++)); do
		"${program[@]}" delete --force "crowd-$i"
	done
	"${program[@]}" delete --force there-casemate
	machine=$(quotient "$(time_of floor many)" "$(time_of floor few)")
	for name in state kill exec start create-start-delete; do
		verdict "$case_name: $name, with $count / with one (floor: $machine)" \
			"$(quotient "$(time_of "$name" many)" "$(time_of "$name" few)")" 1.1
	done
	verdict "$case_name: us of list for each container" \
		"$(awk -v few="$(time_of list few)" -v many="$(time_of list many)" -v count="$count" \
			'BEGIN { printf "%.1f", (many > few ? (many - few) / count : 0) }')" 100
}

case_burst() {
	local count=${BENCH_BURST:-200} i failed=0 pids=() begin end

	heading "$count containers started at once"
	begin=$(date +%s%N)
	for ((i = 0; i < count; i++)); do
		"$CASEMATE" run --profile baseline --bundle "$work/default" "burst-$i" </dev/null >/dev/null 2>>"$work/burst" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || failed=$((failed + 1))
	done
	end=$(date +%s%N)
	sort "$work/burst" | uniq -c | sort -rn | head -n 3
	echo "  $(((end - begin) / count / 1000)) us each"
	verdict "$case_name: of $count containers at once failed" "$failed" 0
}
