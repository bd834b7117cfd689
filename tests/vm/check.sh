#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
#	check.sh [TEST...]	runs the tests in machines with systemd and nothing but cgroup v2, and prints a table
#
# The kernel 5.10 is there for the launch, and runs the tests of that by default. TEST may be `suite`, all that `make check` runs, and
# `engines`, the tests of Docker, containerd and podman as systemd's units.
# environment: KERNELS (default: 5.10 6.1 6.12), FILTER (as bats -f), RUNTIMES (for tests of engines), BUILD and SOURCE, as `make
# check-vm` sets them, VM_HOME (where the machines are), VM_CPUS (2), VM_MEMORY
# (2048, with engines 6144), LIMIT (7200 seconds for a machine)
. "$(dirname "$0")/common.sh"

# named NAME: the tests that tests.am lists by that
named() {
	sed -n "/^$1 = /,/[^\\\\]\$/p" "$SOURCE/tests/tests.am" | grep -o 'tests/[a-z0-9_/.]*'
}

given=$#
# The launch itself: what else there is needs no kernel of its own.
oldest="tests/vm/oldest.bats tests/unit/fail_closed tests/launch.bats tests/launch_mounts.bats tests/sandbox.bats tests/attack.bats tests/layers.bats"
oldest+=" tests/hostile.bats"
[ $# -gt 0 ] || set -- tests/unit/test_cgroup tests/unit/fail_closed tests/unit/test_filter_live tests/vm/systemd.bats tests/vm/criu.bats \
	tests/systemd.bats tests/notify.bats tests/cgroup.bats tests/launch_mounts.bats tests/control.bats tests/lifecycle.bats tests/exec.bats
mapfile -t tests < <(for test; do
	case $test in
	suite) named UNIT_TESTS && named FUZZ_TARGETS && named BATS_TESTS ;;
	engines) named ENGINE_TESTS | sed 's/$/:systemd/' ;;
	*) echo "$test" ;;
	esac
done)
! grep -qFf <(named ENGINE_TESTS) <<<"${tests[*]}" || export VM_MEMORY=${VM_MEMORY:-6144}
"$VM_SOURCE/prepare.sh"
work=$(mktemp -d "$VM_HOME/check.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/job/build/tests" "$work/job/source"
cp "$VM_SOURCE/job" "$work/job/job"
echo "${FILTER-}" >"$work/job/filter"
echo "${RUNTIMES:-casemate-privileged casemate}" >"$work/job/runtimes"
cp -r "$SOURCE/tests" "$SOURCE/profiles" "$SOURCE/man" "$work/job/source/"
for file in casemate systemd-scope tests/probe/probe tests/crash/killat tests/criu/fake tests/unit tests/fuzz; do
	mkdir -p "$work/job/build/$(dirname "$file")"
	cp -r "$BUILD/$file" "$work/job/build/$file"
done
find "$work/job/build" -name '*.o' -delete
for link in restricted baseline privileged; do ln -s casemate "$work/job/build/casemate-$link"; done
failed=0
for kernel in ${KERNELS:-5.10 6.1 6.12}; do
	printf '%s\n' "${tests[@]}" >"$work/job/tests"
	[ "$kernel" != 5.10 ] || [ "$given" != 0 ] || tr ' ' '\n' <<<"$oldest" >"$work/job/tests"
	echo "# kernel $kernel"
	"$VM_SOURCE/boot.sh" "$kernel" "$work/job" "${LIMIT:-7200}" | tee "$work/$kernel.out" || failed=1
done
echo
echo "$(date -u +%Y-%m-%d), emulated, Debian's kernels and $VM_USERLAND's systemd $(sed -n 's/^SYSTEMD //p' "$work"/*.out | sort -u | tr '\n' ' ')"
echo
awk '
	$1 == "KERNEL" { columns++; head = head " " $2 " |"; line = line " --- |" }
	# What a machine did not get to before its time was over is said as well.
	$1 == "PLAN" {
		if (!($2 in seen)) { seen[$2] = 1; order[++count] = $2 }
		cell[$2, columns] = "**no result**"
	}
	$1 == "RESULT" {
		cell[$2, columns] = $3 " passed" ($4 ? ", **" $4 " failed**" : "") ($5 ? ", " $5 " skipped" : "")
	}
	END {
		print "| tests |" head
		print "| --- |" line
		for (i = 1; i <= count; i++) {
			row = "| " order[i] " |"
			for (j = 1; j <= columns; j++) row = row " " cell[order[i], j] " |"
			print row
		}
	}' "$work"/*.out
exit "$failed"
