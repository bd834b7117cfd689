#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# machine-init.sh DIR: the first process of a machine (machine.bash), in its new namespaces. What is mounted here is seen by
# nobody else.
set -eu
dir=$1

# fresh LOWER: the directory as it is; what is written to it is kept in memory and lost with the machine
fresh() {
	mkdir -p "$dir/fresh$1"/{upper,work}
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$dir/fresh$1/upper,workdir=$dir/fresh$1/work" "$1"
}

# The same hierarchies as the host has; the machine's cgroup is the root of each.
cgroups() {
	local mount kind options
	local -a hierarchies
	mapfile -t hierarchies < <(awk '{ for (i = 7; $i != "-"; i++);
		if ($(i + 1) ~ /^cgroup2?$/) print $5, $(i + 1), $(i + 3) }' /proc/self/mountinfo)
	umount -R -l /sys
	mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
	[ "${hierarchies[0]%% *}" = /sys/fs/cgroup ] || mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
	for hierarchy in "${hierarchies[@]}"; do
		read -r mount kind options <<<"$hierarchy"
		mkdir -p "$mount"
		options=${options#rw,}
		[ "$kind" = cgroup ] || options=rw
		mount -t "$kind" -o "$options" cgroup "$mount"
	done
}

umount -R -l /proc
mount -t proc -o nosuid,nodev,noexec proc /proc
mkdir -p "$dir/fresh"
mount -t tmpfs -o mode=755 tmpfs "$dir/fresh"
cgroups
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
fresh /etc
fresh /var
# Users who are not root make a network with it.
mkdir -p /dev/net
mount -t tmpfs -o mode=755 tmpfs /dev/net
mknod -m 666 /dev/net/tun c 10 200
# As an init does it; engines hand the mounts of volumes on.
mount --make-rshared /
ip link set lo up
hostname machine
: >"$dir/ready"
exec tini -s -- sleep infinity
