# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A machine in a directory: processes, mounts, network, names and cgroups of its own, with the host's programs. An engine
# that runs in it finds a /run, an /etc and a /var to write to, and the host keeps nothing of all that.
#
#   machine_start DIR            sets MACHINE to DIR; DIR/pid is the machine's first process
#   machine_run COMMAND...       runs a command in the machine, as root, in its cgroups
#   machine_daemon NAME COMMAND  the same in the background; what it says is in DIR/NAME.log
#   machine_stop                 ends every process; the mounts go with the last, and then the cgroups are removed

# The cgroup hierarchies: lines "MOUNT-POINT KIND".
machine_hierarchies() {
	awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) ~ /^cgroup2?$/ && $4 == "/") print $5, $(i + 1) }' /proc/self/mountinfo
}

# The machine's cgroup in each of them.
machine_cgroups() {
	local mount
	while read -r mount _; do
		echo "$mount/casemate-engines-${MACHINE##*[./]}"
	done < <(machine_hierarchies)
}

# On v1 a new cpuset has no CPU until it is told; on v2 controllers are handed down by the parent.
machine_cgroups_make() {
	local group file
	while read -r group; do
		mkdir "$group" || return
		for file in cpuset.cpus cpuset.mems; do
			[ ! -e "$group/tasks" ] || [ ! -e "$group/$file" ] || cat "${group%/*}/$file" >"$group/$file"
		done
		[ "$group" != "/sys/fs/cgroup/${group##*/}" ] || { machine_delegate "${group%/*}" && mkdir "$group/init"; }
	done < <(machine_cgroups)
}

machine_delegate() {
	local controller
	for controller in $(<"$1/cgroup.controllers"); do
		echo "+$controller" 2>/dev/null >"$1/cgroup.subtree_control" || true
	done
}

# machine_join [DIR]: takes the calling process into the machine's cgroups; on v2 into that of its processes there, or DIR.
# Writing 0 to "tasks" is quick where a number to "cgroup.procs" waits.
machine_join() {
	local group
	# Not from a pipe: what is executed next would find its writer among its children.
	for group in $(machine_cgroups); do
		[ ! -e "$group/init" ] || group=$group/${1-init}
		if [ -e "$group/tasks" ]; then
			echo 0 >"$group/tasks"
		else
			echo 0 >"$group/cgroup.procs"
		fi
	done
}

# On v2 a cgroup that hands controllers down has no processes: those that made the machine's namespaces, of which it is the
# root, go to where all others are.
machine_settle() {
	local group pid
	while read -r group; do
		[ -e "$group/init" ] || continue
		while [ -n "$(<"$group/cgroup.procs")" ]; do
			for pid in $(<"$group/cgroup.procs"); do echo "$pid" 2>/dev/null >"$group/init/cgroup.procs" || true; done
		done
		machine_delegate "$group"
	done < <(machine_cgroups)
}

machine_start() {
	local i
	MACHINE=$1
	export MACHINE
	mkdir -p "$MACHINE"
	machine_cgroups_make || return
	(
		machine_join . || exit
		exec setsid unshare --mount --propagation private --uts --ipc --net --pid --cgroup --fork --kill-child \
			bash "$ENGINES/machine-init.sh" "$MACHINE"
	) >"$MACHINE/machine.log" 2>&1 </dev/null 3>&- 4>&- &
	for ((i = 0; i < 100 * PATIENCE; i++)); do
		[ ! -e "$MACHINE/ready" ] || break
		sleep 0.05
	done
	[ -e "$MACHINE/ready" ] || {
		cat "$MACHINE/machine.log" >&2
		kill -KILL "$!"
		return 1
	}
	# The only child of unshare(1), as the host numbers it.
	tr -d ' ' <"/proc/$!/task/$!/children" >"$MACHINE/pid"
	echo >>"$MACHINE/pid"
	machine_settle
}

machine_run() {
	local pid
	read -r pid <"$MACHINE/pid"
	(
		{ set +x; } 2>/dev/null # of a check that is traced, the command is of interest
		machine_join && exec nsenter --target "$pid" --all -- "$@"
	)
}

machine_daemon() {
	local name=$1
	shift
	(machine_run env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root setsid "$@" >"$MACHINE/$name.log" 2>&1 </dev/null 3>&- 4>&- &)
}

machine_stop() {
	local pid group i
	[ ! -e "$MACHINE/pid" ] || read -r pid <"$MACHINE/pid"
	[ -z "${pid-}" ] || kill -KILL "$pid" || true
	for ((i = 0; i < 100 * PATIENCE; i++)); do
		machine_cgroups | while read -r group; do
			[ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
		done
		[ -n "$(machine_left)" ] || return 0
		sleep 0.1
	done
	echo "the machine left cgroups behind: $(machine_left)" >&2
	return 1
}

# Cgroups of the machine that still exist; a cgroup with a process in it cannot be removed, so this finds processes, too.
machine_left() {
	local group
	machine_cgroups | while read -r group; do
		[ ! -d "$group" ] || echo "$group: $(cat "$group/cgroup.procs")"
	done
}
