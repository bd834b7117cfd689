# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Both versions of cgroups on one machine: what the host has, and v2 mounted in its place where that is v1.

have_cgroup1() {
	[ -e /sys/fs/cgroup/pids/tasks ]
}

have_cgroup2() {
	grep -qw cgroup2 /proc/filesystems
}

# Runs a command where the file system of cgroup v2 is what is mounted. Where it is already, another mount would change the
# options of the host's.
in_v2() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		"$@"
	else
		unshare --mount --propagation private sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' in_v2 "$@"
	fi
}
