#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make bench`: casemate against crun, runc, bubblewrap, unshare and the floor. Prints times, ratios and counts beside the
# targets; asserts nothing about time. README.md says how to read it.
#
# environment:
#	CASEMATE	the program (default: ./casemate)
#	BENCH_ROUNDS	rounds of each case (default: 40; 20 is a quick look, 120 what a published number deserves)
#	BENCH_CASES	which cases, by name (default: all that this user can run; see the end of this file)
#	CC		compiles the floor (default: cc)
# shellcheck disable=SC1091,SC2034 # the sourced files stand beside this one and use its variables
set -u
here=$(cd "$(dirname "$0")" && pwd)
CASEMATE=$(realpath "${CASEMATE:-./casemate}")
CC=${CC:-cc}
rounds=${BENCH_ROUNDS:-40}
priority=
[ "$(id -u)" != 0 ] || priority=10

die() {
	echo "bench: $*" >&2
	exit 1
}

# A mount namespace of our own: state on a tmpfs, and no cgroup hierarchy that keeps a contender from starting. Everything
# made in it is gone with it.
if [ "$(id -u)" = 0 ] && [ "${BENCH_PRIVATE:-}" != yes ]; then
	BENCH_PRIVATE=yes exec unshare --mount --propagation private "$0" "$@"
fi
if [ "$(id -u)" = 0 ]; then
	# Some crun refuse a v1 host with a v2 mount beside; a v1 cpu cgroup takes no real-time task.
	if [ "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs ]; then
		umount /sys/fs/cgroup/unified 2>/dev/null
		umount /sys/fs/cgroup/cpu 2>/dev/null
	fi
	mount -t tmpfs -o mode=755 bench /run || die "cannot mount a tmpfs on /run"
	work=/run/bench
else
	work=/dev/shm/casemate-bench-$$
fi
(umask 022 && mkdir "$work") || die "cannot make '$work'"
tools=$work/tools
# As an installation leaves it: a linker writes its file piece by piece, so the page cache has it in small pieces, and each takes
# a page fault (some ten more a launch).
installed=$(mktemp -d /var/tmp/casemate-bench.XXXXXX) || die "cannot make a directory in /var/tmp"
trap 'rm -rf "$installed"; [ "$work" = /run/bench ] || rm -rf "$work"' EXIT
if [ -x "$CASEMATE" ]; then
	chmod 755 "$installed"
	install -m 755 "$CASEMATE" "$installed/casemate" || die "cannot install '$CASEMATE'"
	CASEMATE=$installed/casemate
fi

. "$here/bundles.sh"
. "$here/measure.sh"
. "$here/runtime.sh"

# What a container sees of itself: only contenders for which it is the same may be compared.
look='cut -d" " -f5 /proc/self/mountinfo | sort; grep -E "^Cap|^NoNewPrivs" /proc/self/status; ls /dev'

build_tools() {
	local flags=(-std=gnu17 -D_GNU_SOURCE -O2 -Wall -static) bare=(-ffreestanding -fno-stack-protector -fno-pie -nostdlib)

	mkdir -p "$tools"
	if ! "$CC" "${flags[@]}" "${bare[@]}" -o "$tools/floor" "$here"/floor.c "$here"/floor_*.c ||
		! "$CC" "${flags[@]}" -DFLOOR_LIBC -o "$tools/floor-glibc" "$here"/floor.c "$here"/floor_*.c ||
		! "$CC" "${flags[@]}" "${bare[@]}" -o "$tools/nothing" "$here/nothing.c" ||
		! "$CC" "${flags[@]}" -o "$tools/abbench" "$here/abbench.c" ||
		! "$CC" "${flags[@]}" -o "$tools/crowd" "$here/crowd.c"; then
		die "cannot build the tools"
	fi
	"$tools/floor" -D 1 x >"$work/filter"
}

# The hierarchies of v1 in which a bundle without cgroupsPath and limits has a cgroup, or the one of v2, as the floor wants
# to hear of them; the others, in which it sees the launcher's under privileged, as with crun and runc.
floor_cgroups=()
floor_shown=()
own_cgroup=(-j b%n)
find_cgroups() {
	local name

	if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
		floor_cgroups=(-2)
		return
	fi
	while read -r name; do
		case $name in
		devices | freezer | pids) floor_cgroups+=(-c "$name") ;;
		*) floor_shown+=(-C "$name") ;;
		esac
	done < <(awk '/ - cgroup / { n = split($5, part, "/"); print part[n] }' /proc/self/mountinfo)
}

casemate() { # NAME PROFILE BUNDLE
	contender "$1" "$CASEMATE" run "b%n" --profile "$2" --bundle "$work/$3"
}

crun_and_runc() { # BUNDLE
	contender crun "$(command -v crun)" --cgroup-manager=disabled run --bundle "$work/$1" b%n
	contender crun-cgroupfs "$(command -v crun)" --cgroup-manager=cgroupfs run --bundle "$work/$1" b%n
	contender runc "$(command -v runc)" run --bundle "$work/$1" b%n
}

floors() { # OPTION...
	contender floor "$tools/floor" "${floor_cgroups[@]}" "$@" "${own_cgroup[@]}" "$work" /bin/true
	contender floor-glibc "$tools/floor-glibc" "${floor_cgroups[@]}" "$@" "${own_cgroup[@]}" "$work" /bin/true
}

case_same() {
	local name

	heading "Do the contenders do the same? (lines that crun has not, or has alone; default bundle, privileged)"
	crun --cgroup-manager=disabled run --bundle "$work/look" look >"$work/look.crun"
	"$tools/floor" "${floor_cgroups[@]}" "${floor_shown[@]}" "$work" /bin/sh -c "$look" >"$work/look.floor"
	[ ! -x "$CASEMATE" ] || "$CASEMATE" run look --profile privileged --bundle "$work/look" >"$work/look.casemate"
	for name in floor casemate; do
		[ -e "$work/look.$name" ] || continue
		echo "  $name:"
		diff "$work/look.crun" "$work/look.$name" | grep '^[<>]' | sed 's/^/    /' || echo "    the same"
	done
}

case_default() {
	heading "run: busybox true, the bundle of runc spec"
	floors "${floor_shown[@]}"
	contender floor-cgroups "$tools/floor" "${floor_cgroups[@]}" "$work" /bin/true
	contender floor+filter "$tools/floor" "${floor_cgroups[@]}" "${own_cgroup[@]}" -S 1 "$work" /bin/true
	contender floor+state "$tools/floor" "${floor_cgroups[@]}" "${floor_shown[@]}" "${own_cgroup[@]}" -R default "$work" /bin/true
	contender floor+filter+state "$tools/floor" "${floor_cgroups[@]}" "${own_cgroup[@]}" -S 1 -R default "$work" /bin/true
	casemate casemate baseline default
	casemate casemate-privileged privileged default
	crun_and_runc default
	measure
	target casemate-privileged floor 1.3
	target casemate-privileged floor-glibc 1.3
	target casemate floor+filter 1.3
	target casemate-privileged floor+state 1.3
	target casemate floor+filter+state 1.3
	target casemate-privileged crun 0.45
	target casemate-privileged crun-cgroupfs 0.45
	target casemate crun 0.45
	target casemate crun-cgroupfs 0.45
	verdict "$case_name: context switches of casemate (floor: $(switches floor))" "$(switches casemate)" 4
}

case_restricted() {
	heading "run: the same as user 1000 under restricted (the floor: Landlock, one filter, no capability)"
	floors -U 1000 -L -S 1
	casemate casemate restricted user
	crun_and_runc user
	measure
	target casemate floor 1.3
	target casemate floor-glibc 1.3
	target casemate crun 0.45
}

case_docker() {
	heading "run: Docker's configuration ($(wc -c <"$work/docker/config.json") bytes, 371 system calls, 3 architectures)"
	floors "${floor_shown[@]}" -d -w -S 3 -b 3
	contender floor+state "$tools/floor" "${floor_cgroups[@]}" "${floor_shown[@]}" -d -w -S 3 -b 3 "${own_cgroup[@]}" -R docker "$work" /bin/true
	casemate casemate baseline docker
	casemate casemate-privileged privileged docker
	crun_and_runc docker
	measure
	target casemate crun 0.25
	target casemate crun-cgroupfs 0.25
	target casemate-privileged crun 0.25
	target casemate-privileged floor 1.3
	target casemate-privileged floor-glibc 1.3
	target casemate-privileged floor+state 1.3
	verdict "$case_name: compiling and proving its filter, us" "$(filter_cost docker)" 500
}

case_sporadic() {
	heading "run: 150 ms of quiet before each (what a loop keeps warm, is cold)"
	contender floor "$tools/floor" "${floor_cgroups[@]}" "${own_cgroup[@]}" "$work" /bin/true
	casemate casemate baseline default
	contender crun "$(command -v crun)" --cgroup-manager=disabled run --bundle "$work/default" b%n
	contender crun-cgroupfs "$(command -v crun)" --cgroup-manager=cgroupfs run --bundle "$work/default" b%n
	measure -p 150
	target casemate floor 1.3
	target casemate crun-cgroupfs 0.45
}

# Microseconds of one more bind mount, from the times for 10, 100 and 1000 of them.
bind_cost() { # NAME FEW MANY
	awk -v name="$1" -v few="$2" -v many="$3" '$1 == name { time[$2] = $3 }
		END { if (time[many] != "") printf "%.1f", (time[many] - time[few]) / (many - few) }' "$work/binds"
}

case_binds() {
	local count near

	: >"$work/binds"
	for count in 1 10 100 1000; do
		heading "run: $count bind mounts in the bundle"
		contender floor "$tools/floor" "${floor_cgroups[@]}" "${floor_shown[@]}" "${own_cgroup[@]}" -b "$count" "$work" /bin/true
		casemate casemate baseline "binds-$count"
		casemate casemate-privileged privileged "binds-$count"
		crun_and_runc "binds-$count"
		measure
		printf '%s %s %s\n' floor "$count" "$(wall floor)" casemate "$count" "$(wall casemate)" >>"$work/binds"
		target casemate-privileged floor 1.3
	done
	near=$(bind_cost casemate 10 100)
	echo "  a bind mount costs: floor $(bind_cost floor 100 1000) us, casemate $near us from 10 to 100"
	verdict "$case_name: us of a bind from 100 to 1000 (linear: 1.3 of before)" "$(bind_cost casemate 100 1000)" \
		"$(awk -v near="$near" 'BEGIN { printf "%.1f", near * 1.3 }')"
}

case_rules() {
	heading "run: 1,000 argument rules on one system call"
	contender floor "$tools/floor" "${floor_cgroups[@]}" "${own_cgroup[@]}" -S 1 "$work" /bin/true
	casemate casemate privileged rules
	crun_and_runc rules
	measure
	target casemate crun 0.25
	verdict "$case_name: compiling and proving its filter, us" "$(filter_cost rules)" 5000
}

default_contenders() {
	contender floor "$tools/floor" "${floor_cgroups[@]}" "${own_cgroup[@]}" "$work" /bin/true
	casemate casemate baseline default
	crun_and_runc default
	contender bwrap "$(command -v bwrap)" --unshare-all --bind "$work/rootfs" / --proc /proc --dev /dev /bin/true
}

case_mounts() {
	heading "run: 1,000 more mounts on the host"
	mkdir "$work/crowd"
	"$tools/crowd" mounts 1000 "$work/crowd"
	default_contenders
	measure
	umount -R "$work"/crowd/* 2>/dev/null
	target casemate floor 1.3
}

case_tasks() {
	local count crowd crowd_PID

	for count in 1000 5000; do
		heading "run: $count more tasks on the host"
		coproc crowd { "$tools/crowd" tasks "$count"; }
		read -r _ <&"${crowd[0]}" || die "crowd does not start"
		default_contenders
		measure
		target casemate floor 1.3
		eval "exec ${crowd[1]}>&-"
		wait "$crowd_PID" 2>/dev/null
	done
}

case_parallel() {
	local count

	for count in 2 8; do
		heading "run: $count at once (time of one: all divided by $count)"
		default_contenders
		measure -n "$count"
	done
}

# What a casemate sandbox without flags shows of /etc; a usual selection where there is no casemate.
shown_files() {
	if [ -x "$CASEMATE" ]; then
		setpriv_like "$CASEMATE" sandbox -- "$(command -v busybox)" cat /proc/self/mountinfo </dev/null |
			awk '$5 ~ "^/etc/" { print $5 }'
	else
		ls -d /etc/ld.so.cache /etc/ld.so.conf /etc/localtime /etc/ssl/certs 2>/dev/null
	fi
}

# The same layers as a casemate sandbox without flags has, in the words of each tool; floor-minijail has fewer mounts and no
# Landlock. With "host" bwrap and casemate show all of the host as well.
sandbox_contenders() {
	local payload=("$(command -v busybox)" true) bwrap unshare path shown=()
	local nsjail id=${user:-$(id -u)}

	bwrap=(--unshare-all --die-with-parent --new-session --clearenv --setenv PATH /usr/bin --cap-drop ALL --seccomp 10
		--hostname sandbox --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64
		--symlink usr/sbin /sbin --ro-bind /etc/passwd /etc/passwd --ro-bind /etc/group /etc/group
		--proc /proc --dev /dev --mqueue /dev/mqueue --tmpfs /tmp --tmpfs /home --tmpfs /run)
	while read -r path; do
		bwrap+=(--ro-bind "$path" "$path")
		shown+=(-f "$path")
	done < <(shown_files)
	for path in /proc/interrupts /proc/keys /proc/timer_list; do
		[ ! -e "$path" ] || bwrap+=(--ro-bind /dev/null "$path")
	done
	[ ! -d /proc/acpi ] || bwrap+=(--tmpfs /proc/acpi --remount-ro /proc/acpi)
	if [ "${1:-}" = host ]; then
		contender casemate "$CASEMATE" sandbox --profile privileged --ro /:/host -- "${payload[@]}"
		contender bwrap "$(command -v bwrap)" "${bwrap[@]}" --ro-bind / /host "${payload[@]}"
		return
	fi
	bwrap+=(--remount-ro /)
	nsjail=(-Mo --really_quiet --disable_rlimits --user "$id" --group "$id" --hostname sandbox
		--env PATH=/usr/bin --bindmount_ro /usr --symlink usr/bin:/bin --symlink usr/lib:/lib --symlink usr/lib64:/lib64
		--symlink usr/sbin:/sbin --tmpfsmount /tmp --tmpfsmount /home --tmpfsmount /run --seccomp_string "DEFAULT ALLOW")
	for path in "${shown[@]}"; do
		[ "$path" = -f ] || nsjail+=(--bindmount_ro "$path")
	done
	for path in null zero full tty random urandom; do
		nsjail+=(--bindmount "/dev/$path")
	done
	unshare=(--map-current-user --mount --pid --fork --net --ipc --uts --cgroup)
	contender floor "$tools/floor" -u -L -S 1 "${shown[@]}" "${payload[@]}"
	contender floor-glibc "$tools/floor-glibc" -u -L -S 1 "${shown[@]}" "${payload[@]}"
	contender floor-minijail "$tools/floor" -u -m -S 1 "${shown[@]}" "${payload[@]}"
	contender casemate "$CASEMATE" sandbox -- "${payload[@]}"
	contender nsjail "$(command -v nsjail)" "${nsjail[@]}" -- "${payload[@]}"
	contender bwrap "$(command -v bwrap)" "${bwrap[@]}" "${payload[@]}"
	contender unshare "$(command -v unshare)" "${unshare[@]}" "${payload[@]}"
}

case_sandbox() {
	[ "$(id -u)" != 0 ] || user=1000
	heading "sandbox: busybox true of the host, without privileges (bwrap has no Landlock, unshare only the namespaces)"
	sandbox_contenders
	measure -s "$work/filter"
	target casemate bwrap 0.7
	target casemate floor 1.3
	target casemate floor-glibc 1.3
	target casemate nsjail 0.8
	heading "sandbox: 150 ms of quiet before each"
	sandbox_contenders
	measure -p 150 -s "$work/filter"
	target casemate bwrap 0.7
	user=
}

# The same contenders with no more mounts on the host and with 1,000, in turns of five rounds. Leaves lines of
# NAME MOUNTS MICROSECONDS in $work/turns.
measure_crowd() {
	local turn turns=$(((rounds + 4) / 5)) rounds=5 count
	# shellcheck disable=SC2154 # of measure.sh
	local times=$result

	mkdir -p "$work/crowd"
	: >"$work/turns"
	for ((turn = 0; turn < turns; turn++)); do
		for count in 0 1000; do
			if [ "$count" != 0 ]; then
				mount -t tmpfs crowd "$work/crowd"
				"$tools/crowd" mounts "$count" "$work/crowd"
			fi
			run_rounds -w 1 -s "$work/filter"
			awk -v count="$count" '$1 == "cmd" { print $2, count, $3 }' "$times" >>"$work/turns"
			[ "$count" = 0 ] || umount -l "$work/crowd"
		done
	done
}

# Median of what awk prints of $work/turns for NAME: $few and $many are the times of one turn.
of_turns() { # NAME EXPRESSION
	awk -v name="$1" '$1 == name && $2 == 0 { few = $3 } $1 == name && $2 > 0 { many = $3; print '"$2"' }' "$work/turns" |
		sort -n | awk '{ value[NR] = $1 } END { if (NR > 0) printf "%.2f", value[int((NR + 1) / 2)] }'
}

print_crowd() {
	local name

	printf '  %-22s %9s %9s %9s %9s\n' "" "us, none" "us, 1000" ratio "us each"
	while read -r name; do
		printf '  %-22s %9.0f %9.0f %9s %9s\n' "$name" "$(of_turns "$name" few)" "$(of_turns "$name" many)" \
			"$(of_turns "$name" many/few)" "$(of_turns "$name" '(many - few) / 1000')"
	done < <(awk '!seen[$1]++ { print $1 }' "$work/turns")
}

case_hostmounts() {
	[ "$(id -u)" = 0 ] || return 0
	user=1000
	heading "sandbox: with no more and with 1,000 more mounts on the host (their copies are the kernel's work: see floor)"
	sandbox_contenders
	measure_crowd
	print_crowd
	verdict "$case_name: us of a mount on the host (1.1 of the floor's)" "$(of_turns casemate '(many - few) / 1000')" \
		"$(awk -v floor="$(of_turns floor '(many - few) / 1000')" 'BEGIN { printf "%.2f", floor * 1.1 }')"
	verdict "$case_name: casemate / bwrap with 1,000" \
		"$(quotient "$(of_turns casemate many)" "$(of_turns bwrap many)")" 0.8
	heading "sandbox: the same, and all of the host shown inside, with every mount on it"
	sandbox_contenders host
	measure_crowd
	print_crowd
	verdict "$case_name: casemate / bwrap with 1,000, the host shown" \
		"$(quotient "$(of_turns casemate many)" "$(of_turns bwrap many)")" 0.8
	user=
}

report_pair() { # WHAT COMMAND...
	heading "sandbox: --report, $1, of which nothing is denied"
	contender without "$CASEMATE" sandbox -- "${@:2}"
	contender "with --report" "$CASEMATE" sandbox --report -- "${@:2}"
	setpriv_like "$CASEMATE" sandbox --report -- "${@:2}" 2>&1 >/dev/null </dev/null | sed 's/^/  /'
	measure
	verdict "$case_name: $1, with --report / without" "$(awk -F '\t' '$1 == "ratio" && $3 == "without" { print $4 }' "$result")" 1.03
}

case_report() {
	[ "$(id -u)" != 0 ] || user=1000
	report_pair "busybox true" "$(command -v busybox)" true
	report_pair "python3 with imports" /usr/bin/python3 -c 'import json, re, subprocess, hashlib, urllib.request'
	report_pair "gcc" /usr/bin/gcc -O1 -x c -include stdio.h -include stdlib.h -include string.h -include sys/socket.h \
		-c /dev/null -o /tmp/empty.o
	user=
}

count_row() { # NAME COMMAND..., with ID for a new name and PAYLOAD for true or sleep
	local name=$1 calls=("${@:2}")

	[ -x "$2" ] || return
	calls=("${calls[@]//ID/count$RANDOM}")
	read -r count_calls count_waits count_memory <<<"$(system_calls "${calls[@]//PAYLOAD/true}") \
		$(rcu_waits "${calls[@]//PAYLOAD/true}") $(peak_memory "${calls[@]//PAYLOAD/sleep}")"
	printf '  %-22s %9s %9s %9s\n' "$name" "$count_calls" "$count_waits" "$count_memory"
}

case_counts() {
	local floor_waits

	heading "counts: whole tree of processes; busybox true alone makes $(system_calls "$work/rootfs/bin/busybox" true) calls"
	printf '  %-22s %9s %9s %9s\n' "" "syscalls" "RCU waits" "RSS KiB"
	count_row floor "$tools/floor" "${floor_cgroups[@]}" "$work" /bin/PAYLOAD 1
	floor_waits=$count_waits
	count_row floor-glibc "$tools/floor-glibc" "${floor_cgroups[@]}" "$work" /bin/PAYLOAD 1
	count_row crun "$(command -v crun)" --cgroup-manager=disabled run --bundle "$work/PAYLOAD" ID
	count_row runc "$(command -v runc)" run --bundle "$work/PAYLOAD" ID
	count_row casemate-privileged "$CASEMATE" run ID --profile privileged --bundle "$work/PAYLOAD"
	verdict "$case_name: system calls of run, privileged" "$count_calls" 300
	count_row casemate "$CASEMATE" run ID --profile baseline --bundle "$work/PAYLOAD"
	verdict "$case_name: system calls of run, baseline" "$count_calls" 300
	verdict "$case_name: waits for the kernel's grace periods (floor: $floor_waits)" "$count_waits" "$floor_waits"
	verdict "$case_name: peak memory of the launcher, KiB" "$count_memory" 1023
	count_row "casemate sandbox" "$CASEMATE" sandbox -- "$(command -v busybox)" PAYLOAD 1
	verdict "$case_name: system calls of sandbox" "$count_calls" 300
}

limited_config() { # KIB
	mkdir -p "$work/limited"
	jq --argjson limit $(($1 * 1024)) '.linux.resources.memory.limit = $limit' "$work/default/config.json" \
		>"$work/limited/config.json"
}

starts_floor() {
	"$tools/floor" "${floor_cgroups[@]}" -j "limit$RANDOM" -M $(($1 * 1024)) "$work" /bin/true >/dev/null 2>&1
}

starts_casemate() {
	limited_config "$1"
	"$CASEMATE" run "limit$RANDOM" --profile baseline --bundle "$work/limited" >/dev/null 2>&1
}

starts_crun() {
	limited_config "$1"
	timeout 10 crun --cgroup-manager=cgroupfs run --bundle "$work/limited" "limit$RANDOM" >/dev/null 2>&1
}

starts_runc() {
	limited_config "$1"
	timeout 10 runc run --bundle "$work/limited" "limit$RANDOM" >/dev/null 2>&1
}

case_limit() {
	local casemate crun

	heading "the smallest memory limit with which a container starts"
	casemate=$(smallest starts_casemate)
	crun=$(smallest starts_crun)
	printf '  %-22s %s KiB\n' floor "$(smallest starts_floor)" casemate "$casemate" crun "$crun" runc \
		"$(smallest starts_runc)"
	verdict "$case_name: smallest memory limit, KiB (crun: $crun)" "$casemate" \
		"$(awk -v crun="$crun" 'BEGIN { print crun + 0 > 256 ? crun : 256 }')"
}

build_tools
find_cgroups
printf 'Linux %s, %s CPUs, load %s, %s rounds, %s\n' "$(uname -r)" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)" "$rounds" \
	"${priority:+SCHED_FIFO }medians; a ratio is the median of the ratios within a round"
cases='same default restricted docker sporadic binds rules mounts tasks parallel sandbox hostmounts report counts limit lifecycle running burst'
if [ "$(id -u)" = 0 ]; then
	make_bundles
else
	echo "without root: only the sandbox is measured, and without real-time scheduling"
	cases='sandbox report'
fi
: >"$work/targets"
for case_name in ${BENCH_CASES:-$cases}; do
	"case_$case_name"
done
printf '\n== targets\n  %-58s %9s %9s\n' "" measured target
cat "$work/targets"
