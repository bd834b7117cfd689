# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# requires NEED...: skips the test where the machine cannot run it, and fails it where CI=true, because there a skipped
# test would go unnoticed. A need is the name of a function have_NEED below, or the name of a program, or
# what the test has looked for itself and not found.

have_root() {
	[ "$(id -u)" -eq 0 ]
}

# A user of no privilege can make user namespaces.
have_userns() {
	have_root && setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups unshare --user true 2>/dev/null
}

have_seccomp() {
	[ -e /proc/sys/kernel/seccomp/actions_avail ]
}

have_landlock() {
	[ "$("$PROBE" landlock 2>/dev/null | cut -d' ' -f1)" = abi ]
}

# One that holds TCP ports.
have_landlock4() {
	[ "$("$PROBE" landlock 2>/dev/null | cut -d' ' -f2)" -ge 4 ] 2>/dev/null
}

# One that holds signals.
have_landlock6() {
	[ "$("$PROBE" landlock 2>/dev/null | cut -d' ' -f2)" -ge 6 ] 2>/dev/null
}

# TIOCSTI works at all, so that a test of its refusal can fail.
have_tiocsti() {
	[ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ]
}

have_pids_cgroup() {
	[ -d /sys/fs/cgroup/pids ] || grep -qw pids /sys/fs/cgroup/cgroup.controllers 2>/dev/null
}

have_devices_cgroup() {
	[ -d /sys/fs/cgroup/devices ] || [ -e /sys/fs/cgroup/cgroup.controllers ]
}

linux_at_least() {
	[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]
}

have_mount_setattr() {
	linux_at_least 5.12
}

# mount_setattr(2) lists the file systems: that of the tests' directories is one where the kernel is new enough for it.
have_idmapped_mounts() {
	case $(stat -f -c %T "$BATS_TEST_TMPDIR") in
	tmpfs) linux_at_least 6.3 ;;
	overlayfs) false ;;
	*) linux_at_least 5.12 ;;
	esac
}

# RLIMIT_NPROC counts in each user namespace by itself.
have_own_nproc() {
	linux_at_least 5.14
}

have_autofs() {
	grep -qw autofs /proc/filesystems
}

have_fuse() {
	[ -c /dev/fuse ]
}

# What the system's pip builds packages with, which it does not bring along everywhere.
have_setuptools() {
	/usr/bin/python3 -c 'import setuptools' 2>/dev/null
}

have_x86_64() {
	[ "$(uname -m)" = x86_64 ]
}

# What ends a program that calls as those of i386 do. Where the host has no such gate the fault comes before any filter.
i386_fate() {
	[[ $("$PROBE" i386 2>/dev/null) == "denied SIGSEGV"* ]] && echo SIGSEGV || echo SIGSYS
}

requires() {
	local need
	for need; do
		if declare -F "have_$need" >/dev/null; then
			"have_$need" && continue
		elif command -v "$need" >/dev/null; then
			continue
		fi
		if [ "${CI-}" = true ]; then
			echo "this machine lacks: $need" >&2
			return 1
		fi
		skip "needs $need"
	done
}
