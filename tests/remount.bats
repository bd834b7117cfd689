#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Kernels before 5.12 have no mount_setattr(2). Here a filter around casemate answers for it as they do; tests/vm/ has such a kernel.

load helpers/common

setup_file() {
	export OLD=$BATS_FILE_TMPDIR/old
	"${CC:-cc}" -O1 -static -o "$OLD" -x c - <<-'END'
		#include <errno.h>
		#include <linux/filter.h>
		#include <linux/seccomp.h>
		#include <stddef.h>
		#include <sys/prctl.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			struct sock_filter code[] = {
				BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
				BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount_setattr, 0, 1),
				BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
				BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
			};
			struct sock_fprog program = {4, code};
			(void)argc;
			if (getuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
				return 99;
			if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
				return 99;
			execvp(argv[1], argv + 1);
			return 98;
		}
	END
	chmod -R a+rx "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	# An ordinary user may not reach the place where it was built.
	cp "$CASEMATE" "$BATS_FILE_TMPDIR/casemate"
	chmod 755 "$BATS_FILE_TMPDIR/casemate"
	export USER_CASEMATE=$BATS_FILE_TMPDIR/casemate
}

setup() {
	common_setup
	requires root
	make_bundle restricted
}

teardown() {
	common_teardown
}

# Something with a mount in it, and one in that, in a mount namespace of its own.
nested() {
	mkdir -p "$BATS_TEST_TMPDIR/data"
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount sh -c 'mount -t tmpfs tmpfs "$0" && mkdir "$0/a b" && mount -t tmpfs tmpfs "$0/a b" && mkdir "$0/a b/c" &&
		mount -t tmpfs tmpfs "$0/a b/c" && chmod -R 777 "$0" && eval "$1" && shift && exec "$@"' "$BATS_TEST_TMPDIR/data" "$@"
}

# Writes everywhere below /data that it can.
# shellcheck disable=SC2016 # for the inner shell
WRITES='for d in "/data" "/data/a b" "/data/a b/c"; do (echo >"$d/new") 2>/dev/null && echo "written: $d"; done; echo tried'

@test "explain says that options are set by mount(2), and only there" {
	capture "$OLD" "$CASEMATE" explain "$BUNDLE"
	assert_status 0
	assert_match "without mount_setattr\(2\)"
	capture "$CASEMATE" explain "$BUNDLE"
	[[ $output != *"without mount_setattr"* ]]
}

@test "what is read-only is so on each mount below it" {
	edit_config '.mounts += [{destination: "/data", type: "bind", source: $data, options: ["rbind", "rro"]}] | .process.args = ["/bin/sh", "-c", $writes]' \
		--arg data "$BATS_TEST_TMPDIR/data" --arg writes "$WRITES"
	capture nested : "$OLD" "$CASEMATE" run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_output tried
	# The same would write, were it not read-only.
	edit_config '.mounts[-1].options = ["rbind", "rw"]'
	capture nested : "$OLD" "$CASEMATE" run --bundle "$BUNDLE" "$ID"
	assert_line "written: /data/a b/c"
}

@test "an ordinary user's sandbox is as tight as with mount_setattr(2)" {
	# shellcheck disable=SC2016 # for the inner shell
	local tells='cat /proc/self/mountinfo | sed "s/^[0-9]* [0-9]* [0-9:]* //; s/size=[0-9k]*//" | sort; eval "$0"'
	capture as_user "$USER_CASEMATE" sandbox --ro "$BATS_TEST_TMPDIR" -- sh -c "$tells" :
	assert_status 0
	local expected=$output
	capture as_user "$OLD" "$USER_CASEMATE" sandbox --ro "$BATS_TEST_TMPDIR" -- sh -c "$tells" :
	assert_status 0
	diff <(echo "$expected") <(echo "$output")
	capture nested : setpriv --reuid 12345 --regid 12345 --clear-groups "$OLD" "$USER_CASEMATE" sandbox \
		--ro "$BATS_TEST_TMPDIR/data:/data" -- sh -c "$WRITES"
	assert_status 0
	assert_output tried
}

@test "a bundle has the same mounts as with mount_setattr(2)" {
	edit_config '.mounts += [{destination: "/data", type: "bind", source: $data, options: ["rbind", "rnosuid", "rnoexec", "noatime", "nosymfollow", "rw"]}]
		| .linux.maskedPaths += ["/proc/keys", "/proc/acpi", "/sys/firmware"] | .linux.readonlyPaths += ["/proc/bus", "/proc/sys"]
		| .process.args = ["/bin/sh", "-c", "sed \"s/^[0-9]* [0-9]* [0-9:]* //\" /proc/self/mountinfo | sort"]' \
		--arg data "$BATS_TEST_TMPDIR/data"
	ln -sf busybox "$BUNDLE/rootfs/bin/sed"
	ln -sf busybox "$BUNDLE/rootfs/bin/sort"
	local profile expected
	for profile in restricted baseline privileged; do
		capture nested : "$CASEMATE" run --profile "$profile" --bundle "$BUNDLE" "$ID"
		expected=$status$output
		capture nested : "$OLD" "$CASEMATE" run --profile "$profile" --bundle "$BUNDLE" "$ID"
		diff <(echo "$expected") <(echo "$status$output") || fail "$profile"
	done
}

@test "a mount that another covers stops the launch, rather than staying as it was" {
	# The profile restricted does not bind what it could not look at.
	make_bundle privileged
	edit_config '.mounts += [{destination: "/data", type: "bind", source: $data, options: ["rbind", "rro"]}] | .process.args = ["/bin/true"]' \
		--arg data "$BATS_TEST_TMPDIR/data"
	# shellcheck disable=SC2016 # for the inner shell
	capture nested 'mount -t tmpfs tmpfs "$0/a b"' "$OLD" "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "no mount that is bound may be covered"
}

@test "with a user namespace, where the host's mounts are shared" {
	make_bundle privileged
	edit_config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 1000, size: 10}]
		| .linux.gidMappings = [{containerID: 0, hostID: 1000, size: 10}] | .process.args = ["/bin/true"]'
	capture unshare --mount sh -c 'mount --make-rshared / && exec "$@"' sh "$OLD" "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
	assert_status 0
}

@test "doctor tries what is done there" {
	capture as_user "$OLD" "$USER_CASEMATE" doctor --json </dev/null
	[ "$(jq -r '.[] | select(.name == "mount-attributes").works' <<<"$output")" = true ]
}

@test "idmapped mounts are refused" {
	make_bundle privileged
	edit_config '.mounts += [{destination: "/data", type: "bind", source: "/srv", options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 1}], gidMappings: [{containerID: 0, hostID: 1000, size: 1}]}]'
	capture "$OLD" "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
	assert_status 125
	assert_stderr "needs mount_setattr(2) of Linux 5.12"
}

@test "root on the host runs in a copy of the launcher that nobody can write to" {
	make_bundle privileged
	edit_config '.process.user = {uid: 0, gid: 0} | .process.args = ["/bin/true"]'
	run strace -f -e trace=execveat,fcntl "$OLD" "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
	[[ $output == *"F_SEAL_WRITE"*"execveat("* ]]
}

# shellcheck disable=SC2016
@test "so does a user namespace that maps the owner of the launcher's file" {
	make_bundle privileged
	edit_config '.process.args = ["/bin/true"] | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
	run strace -f -e trace=execveat,fcntl "$OLD" "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
	[[ $output == *"F_SEAL_WRITE"*"execveat("* ]]
	edit_config '.linux.uidMappings[0].hostID = 1000'
	run strace -f -e trace=execveat,fcntl "$OLD" "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || fail "it does not start without a copy"
	[[ $output != *"F_SEAL_WRITE"* ]]
}
