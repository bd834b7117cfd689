# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Proof that a test left the host alone. A directory outside of every bundle is open to everybody, so that only isolation
# protects it; its listing with times and hashes, the mounts, /dev, the cgroups and processes of this test are compared.

# The directory that attackers aim at, with names that a launcher might create, remove or open for writing.
marker_make() {
	HOST=$BATS_TEST_TMPDIR/host
	mkdir -p "$HOST"/{empty,sub/deep}
	echo 'secret of the host' >"$HOST/secret"
	local name
	for name in ptmx null console file sub/file sub/deep/file; do
		echo "host $name" >"$HOST/$name"
	done
	chmod -R a+rwX "$HOST"
}

# Containers and launchers of this test: they have its variable in their environment, and another mount namespace than
# bats or the binary's name.
marker_processes() {
	local pid
	grep -lsz "^CASEMATE_TEST=$ID\$" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do
		if [ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ] ||
			[[ $(readlink "/proc/$pid/exe") == */casemate ]]; then
			(tr '\0' ' ' <"/proc/$pid/cmdline") 2>/dev/null && echo
		fi
	done
}

no_processes() {
	[ -z "$(marker_processes)" ]
}

marker_state() {
	(cd "$HOST" && find . -printf '%P %y %i %s %m %U %G %T@ %l\n' | sort && find . -type f -exec sha256sum {} + | sort)
	echo "--- mounts"
	# Other runs of these tests mount things of their own, and one of cgroup.bats gives cgroup2 other options for a moment.
	cut -d' ' -f3- /proc/self/mountinfo | grep -v "/bats-run-" | sed 's/,nsdelegate//; s/,memory_recursiveprot//' || true
	grep -F "$BATS_RUN_TMPDIR" /proc/self/mountinfo | cut -d' ' -f3- || true
	echo "--- dev"
	find /dev -maxdepth 1 -printf '%P %y %m %U %G %l\n' | sort
	echo "--- names"
	uname -n
	cat /proc/sys/kernel/core_pattern /proc/sys/kernel/domainname
	echo "--- cgroups"
	find /sys/fs/cgroup -type d -name "*$ID*" 2>/dev/null || true
	echo "--- state"
	find /run/casemate -maxdepth 1 -name "*$ID*" 2>/dev/null || true
	echo "--- binary"
	sha256sum "$CASEMATE"
}

marker_take() {
	marker_state >"$BATS_TEST_TMPDIR/marker.before"
}

# What ends on its own gets a second to do so.
marker_check() {
	local left i
	marker_state >"$BATS_TEST_TMPDIR/marker.after"
	diff "$BATS_TEST_TMPDIR/marker.before" "$BATS_TEST_TMPDIR/marker.after" >&2 || {
		echo "the host was changed" >&2
		return 1
	}
	for ((i = 0; i < 20; i++)); do
		left=$(marker_processes)
		[ -z "$left" ] && return
		sleep 0.05
	done
	printf 'processes were left behind:\n%s\n' "$left" >&2
	return 1
}
