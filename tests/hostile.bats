#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Rootfs and config.json are written by an attacker, the launcher is root: nothing outside the rootfs may be read, written,
# created or removed, whether the launch is refused or succeeds. common_teardown compares the host before and after; what
# stands in the tests comes on top. Classes of published holes of container runtimes, one section each.

load helpers/common

setup() {
	common_setup
	requires root
	make_bundle restricted
	ROOTFS=$BUNDLE/rootfs
}

teardown() {
	common_teardown
}

# Host directory $HOST in all the ways in which a link in the rootfs can lead there.
escapes() {
	local up
	up=$(printf '../%.0s' {1..24})
	printf '%s\n' "$HOST" "$up${HOST#/}" "/proc/self/root$HOST" "/proc/1/root$HOST" "/proc/self/cwd/$up${HOST#/}" \
		"/proc/thread-self/root$HOST" "/dev/fd/3" "/proc/self/fd/3" "/proc/self/fd/7" "/proc/1/cwd" "."
}

# Puts a symbolic link at $1 in the rootfs, in the place of what is there.
link_at() {
	rm -rf "${ROOTFS:?}/$1"
	mkdir -p "$(dirname "$ROOTFS/$1")"
	ln -s "$2" "$ROOTFS/$1"
}

# Runs the bundle once for every kind of link at the path $1.
each_link() {
	local escape
	while read -r escape; do
		link_at "$1" "$escape"
		run_casemate 7<"$HOST"
		assert_refused_or_ran "$1 -> $escape"
	done < <(escapes)
	# Round in circles, a chain that is too long, dangling.
	link_at "$1" "$(basename "$1")"
	run_casemate
	assert_refused_or_ran "$1 is a loop"
	local i
	for i in {1..45}; do ln -sfn "chain$((i + 1))" "$ROOTFS/chain$i"; done
	ln -sfn "$HOST" "$ROOTFS/chain46"
	link_at "$1" /chain1
	run_casemate
	assert_refused_or_ran "$1 is a chain"
	link_at "$1" "$HOST/made-by-the-launcher"
	run_casemate
	assert_refused_or_ran "$1 dangles"
}

# --- links and other things in the place of mount points

@test "/dev is a link out of the rootfs, with a mount there" {
	each_link dev
}

@test "/dev is a link out of the rootfs, with no mount there" {
	edit_config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	each_link dev
}

@test "/dev is a link out of the rootfs, under privileged without a mount" {
	rm -rf "$BUNDLE"
	make_bundle privileged
	PROFILE=privileged
	edit_config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	each_link dev
}

@test "/dev/pts and /dev/shm are links, and /dev is bound from a volume" {
	mkdir "$BATS_TEST_TMPDIR/volume"
	rm -rf "$BUNDLE"
	make_bundle privileged
	PROFILE=privileged
	ROOTFS=$BUNDLE/rootfs
	edit_config --arg v "$BATS_TEST_TMPDIR/volume" '.mounts |= map(select(.destination | startswith("/dev") | not))
		| .mounts += [{destination: "/dev", type: "bind", source: $v, options: ["rbind"]},
			{destination: "/dev/shm", type: "tmpfs", source: "tmpfs", options: []},
			{destination: "/dev/pts", type: "devpts", source: "devpts", options: []}]'
	local name
	for name in pts shm null zero console ptmx fd stdin tty; do
		ln -sfn "$HOST/$name" "$BATS_TEST_TMPDIR/volume/$name"
	done
	run_casemate
	assert_refused_or_ran
	ln -sfn "$HOST/file" "$BATS_TEST_TMPDIR/volume/null"
	run_casemate
	assert_refused_or_ran
	edit_config '.process.terminal = true'
	ln -sfn "$HOST/file" "$BATS_TEST_TMPDIR/volume/console"
	# shellcheck disable=SC2016
	run --separate-stderr env PROFILE="$PROFILE" BUNDLE="$BUNDLE" ID="$ID" timeout -k 2 20 script -qec \
		'exec "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"' /dev/null </dev/null
	[ "$(cat "$HOST/file")" = "host file" ]
}

@test "a link in the place of /proc leads nowhere on the host" {
	each_link proc
}

@test "a link in the place of /sys leads nowhere on the host" {
	each_link sys
}

@test "proc and sysfs are mounted on ordinary directories only" {
	mkdir "$ROOTFS/bad"
	link_at proc /bad
	run_casemate
	assert_refused "/proc -> /bad"
	assert_stderr /proc
	rm "$ROOTFS/proc"
	mkdir "$ROOTFS/proc"
	link_at sys /bad
	run_casemate
	assert_refused "/sys -> /bad"
	assert_stderr /sys
}

@test "mount points are FIFOs, sockets and files" {
	local path
	for path in proc sys dev tmp; do
		rm -rf "${ROOTFS:?}/$path"
		mkfifo "$ROOTFS/$path"
		run_casemate
		assert_refused "/$path is a FIFO"
		rm "$ROOTFS/$path"
		echo file >"$ROOTFS/$path"
		run_casemate
		assert_refused "/$path is a file"
		rm "$ROOTFS/$path"
		python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$ROOTFS/$path"
		run_casemate
		assert_refused "/$path is a socket"
		rm "$ROOTFS/$path"
		mkdir "$ROOTFS/$path"
	done
}

@test "/etc is a link, with a mount below it" {
	edit_config '.mounts += [{destination: "/etc/conf/d", type: "tmpfs", source: "tmpfs", options: []}]'
	each_link etc
}

@test "the target of a bind mount is a link: last, middle and first part of the path" {
	mkdir "$BATS_TEST_TMPDIR/volume"
	echo volume >"$BATS_TEST_TMPDIR/volume/in-the-volume"
	edit_config --arg v "$BATS_TEST_TMPDIR/volume" '.root.readonly = false
		| .mounts += [{destination: "/a/b/c", type: "bind", source: $v, options: ["rbind", "nosuid", "nodev"]}]'
	PROFILE=baseline
	local path
	for path in a/b/c a/b a; do
		each_link $path
		rm -rf "${ROOTFS:?}/a"
		mkdir -p "$ROOTFS/a/b/c"
	done
}

@test "the target of a file mount is a link" {
	echo injected >"$BATS_TEST_TMPDIR/file"
	edit_config --arg v "$BATS_TEST_TMPDIR/file" \
		'.mounts += [{destination: "/a/file", type: "bind", source: $v, options: ["bind", "nosuid", "nodev"]}]'
	PROFILE=baseline
	each_link a/file
	each_link a
}

@test "a link inside of the rootfs is followed inside of the rootfs" {
	mkdir "$BATS_TEST_TMPDIR/volume"
	link_at var/run /run
	edit_config --arg v "$BATS_TEST_TMPDIR/volume" \
		'.mounts += [{destination: "/var/run/data", type: "bind", source: $v, options: ["rbind", "nosuid", "nodev"]}]'
	mkdir "$ROOTFS/run/data"
	set_args /probe mounts
	run_casemate
	assert_status 0
	awk '$5 == "/run/data"' <<<"$output" | grep -q . || fail "it is not mounted below /run"
}

@test "the rootfs itself is a link, a file, missing, or the host's root" {
	local path
	mv "$ROOTFS" "$BUNDLE/real"
	ln -s "$HOST/secret" "$ROOTFS"
	run_casemate
	assert_refused "a link to a file"
	rm "$ROOTFS"
	run_casemate
	assert_refused missing
	assert_stderr rootfs
	mkfifo "$ROOTFS"
	run_casemate
	assert_refused "a FIFO"
	rm "$ROOTFS"
	for path in / /etc /proc /dev/.. ..; do
		edit_config --arg p "$path" '.root.path = $p'
		run_casemate
		[ "$status" -ne 0 ] || fail "the rootfs is $path"
	done
}

# --- masks

@test "a link in the image does not take a mask away" {
	link_at masked "$HOST/secret"
	link_at proc-link /proc/interrupts
	mkdir "$ROOTFS/dir"
	ln -s "$HOST" "$ROOTFS/dir/out"
	edit_config '.linux.maskedPaths += ["/masked", "/dir/out/secret", "/dir/out", "/proc-link", "/../../../../etc"]'
	set_args /probe read /proc/interrupts
	run_casemate
	assert_refused_or_ran
	[[ $output != allowed* ]] || fail "a link took the mask away"
	grep -q secret "$HOST/secret"
}

@test "read-only paths through links" {
	link_at linked "$HOST"
	edit_config '.linux.readonlyPaths += ["/linked", "/linked/sub", "/../../..'"$HOST"'"]'
	run_casemate
	assert_refused_or_ran
	touch "$HOST/sub/writable" && rm "$HOST/sub/writable"
	marker_take
}

@test "a mask is never made from a device of the rootfs" {
	rm -rf "$BUNDLE"
	make_bundle privileged
	PROFILE=privileged
	ROOTFS=$BUNDLE/rootfs
	mkdir "$BATS_TEST_TMPDIR/volume"
	ln -s /proc/version "$BATS_TEST_TMPDIR/volume/null"
	echo masked >"$ROOTFS/etc/mask"
	edit_config --arg v "$BATS_TEST_TMPDIR/volume" '.mounts |= map(select(.destination | startswith("/dev") | not))
		| .mounts += [{destination: "/dev", type: "bind", source: $v, options: ["rbind"]}]
		| .linux.maskedPaths = ["/etc/mask"]'
	attack read /etc/mask
	[[ $output =~ ^(absent|denied) || $status -eq 125 ]] || fail "the mask shows something"
	set_args /probe mounts
	run_casemate
	! awk '$5 == "/etc/mask"' <<<"$output" | grep -q ' - proc ' || fail "the mask is a file of procfs"
	ln -sfn "$HOST/file" "$BATS_TEST_TMPDIR/volume/null"
	set_args /bin/sh -c 'cat'
	run_casemate
	grep -qx 'host file' "$HOST/file"
}

# --- the working directory and descriptors

@test "the working directory is a descriptor of the launcher or of its caller" {
	local n suffix
	exec 7</ 8<"$HOST"
	for n in {3..63}; do
		for suffix in "" /../../..; do
			edit_config --arg c "/proc/self/fd/$n$suffix" '.process.cwd = $c | .process.args = ["/probe", "cwd"]'
			run_casemate
			[ "$status" -eq 125 ] || [[ $output == *"below root" ]] || fail "descriptor $n$suffix"
		done
	done
	exec 7<&- 8<&-
}

@test "the working directory leads out by other magic links" {
	local path
	for path in /proc/self/cwd /proc/self/root /proc/1/cwd /proc/1/root /proc/self/exe /proc/thread-self/cwd \
		/proc/self/task/1/cwd /dev/fd/3 /proc/self/map_files /link/.. /link; do
		link_at link /proc/self/fd/7
		edit_config --arg c "$path" '.process.cwd = $c | .process.args = ["/probe", "cwd"]'
		run_casemate 7</
		[ "$status" -eq 125 ] || [[ $output == *"below root" ]] || fail "$path"
	done
}

@test "descriptors that the caller left open are not visible inside" {
	set_args /probe fds
	exec 7</etc 8</ 200<"$HOST/secret"
	run_casemate
	exec 7<&- 8<&- 200<&-
	assert_status 0
	! grep -vE '^[012] ' <<<"$output" || fail "a descriptor is left"
}

@test "no descriptor of the launcher is visible between the start and the program" {
	set_args /bin/sh -c 'for i in 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$i ] && ls -l /proc/self/fd/$i; done; exit 0'
	run_casemate
	assert_status 0
	# The shell's own directory handle is no descriptor of the launcher.
	! grep -E 'exec.fifo|/run/|eventpoll|eventfd|seccomp|landlock|pidfd|socket' <<<"$output" || fail 'a descriptor of the launcher'
}

# --- the launcher's own binary

@test "the program is /proc/self/exe in all disguises" {
	printf '#!/proc/self/exe\n' >"$ROOTFS/script"
	printf '#!/proc/1/exe\n' >"$ROOTFS/script1"
	chmod 755 "$ROOTFS"/script*
	link_at entry /proc/self/exe
	link_at entry2 /proc/1/exe
	link_at entry3 entry
	local path n
	for path in /proc/self/exe /proc/1/exe /proc/thread-self/exe /script /script1 /entry /entry2 /entry3 /dev/fd/3; do
		set_args "$path" --version
		run_casemate
		[ "$status" -ne 0 ] || fail "$path was executed"
		[[ $output != *casemate* ]] || fail "$path ran the launcher"
	done
	exec 7<"$CASEMATE"
	for n in {3..20}; do
		set_args "/proc/self/fd/$n" --version
		run_casemate
		[ "$status" -ne 0 ] || fail "descriptor $n was executed"
	done
	exec 7<&-
}

@test "the ELF interpreter of the program is /proc/self/exe" {
	python3 - "$PROBE" "$ROOTFS/elf" <<-'END'
		import struct, sys
		data = bytearray(open(sys.argv[1], "rb").read())
		# The first program header that is not PT_LOAD becomes PT_INTERP, and its text is put at the end.
		start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
		text = b"/proc/self/exe\0"
		for i in range(count):
		    at = start + i * size
		    if struct.unpack_from("<I", data, at)[0] not in (1, 7):
		        struct.pack_into("<IIQQQQQQ", data, at, 3, 4, len(data), 0, 0, len(text), len(text), 1)
		        break
		else:
		    sys.exit("no program header to replace")
		open(sys.argv[2], "wb").write(data + text)
	END
	chmod 755 "$ROOTFS/elf"
	set_args /elf --version
	run_casemate
	[ "$status" -ne 0 ] || fail "it was executed"
	[[ $output != *casemate* ]] || fail "the launcher was its interpreter"
}

@test "the launcher's binary cannot be written through any process" {
	PROFILE=privileged
	rm -rf "$BUNDLE"
	make_bundle privileged
	set_args /bin/sh -c 'for p in /proc/[0-9]*; do for n in 1 2 3; do echo broken >$p/exe; done; done 2>/dev/null; exit 0'
	run_casemate
	# common_teardown compares the hash of the binary.
	assert_status 0
}

@test "a set-uid copy of the launcher refuses to run" {
	local copy=$BATS_TEST_TMPDIR/casemate-setuid
	cp "$CASEMATE" "$copy"
	chown 0:0 "$copy"
	chmod 4755 "$copy"
	run --separate-stderr as_user "$copy" run --profile privileged --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ] && [ -n "$stderr" ] || fail "it ran"
	[[ $output != *uid* ]]
	run --separate-stderr as_user "$copy" sandbox --profile privileged -- /bin/id
	[ "$status" -eq 125 ] || fail "it ran"
	assert_stderr set
}

@test "a user whose own the launcher's file is runs containers from a copy that cannot be written to" {
	requires userns
	local copy=$BATS_TEST_TMPDIR/casemate-own state=$BATS_TEST_TMPDIR/state
	rm -rf "$BUNDLE"
	make_bundle privileged
	edit_config '.process.user = {uid: 0, gid: 0} | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: '"$TEST_UID"', size: 1}] | .linux.gidMappings = .linux.uidMappings'
	install -m 755 -o "$TEST_UID" "$CASEMATE" "$copy"
	install -d -o "$TEST_UID" "$state"
	as_user "$copy" --root "$state" create --profile baseline --bundle "$BUNDLE" --pid-file "$state/pid" "$ID" </dev/null 3>&-
	run readlink "/proc/$(<"$state/pid")/exe"
	as_user "$copy" --root "$state" delete --force "$ID"
	[ "$output" = "/memfd:casemate (deleted)" ] || fail "it runs from $output"
}

# --- files of the rootfs that a runtime might read

@test "what the launcher does not need it does not read" {
	requires strace
	mkfifo "$ROOTFS/fifo"
	local name
	for name in etc/passwd etc/group etc/nsswitch.conf etc/ld.so.preload etc/ld.so.cache etc/localtime etc/hosts; do
		rm -f "$ROOTFS/$name"
		mkfifo "$ROOTFS/$name"
	done
	edit_config 'del(.process.env[] | select(startswith("HOME")))'
	run --separate-stderr timeout -k 2 10 "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
	assert_status 0
	# With it nobody asks for a passwd.
	edit_config '.process.env += ["HOME=/"]'
	run timeout -k 2 20 strace -f -qq -e trace=openat,open,openat2 "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" \
		</dev/null
	# What the host's loader opens for a dynamic build comes before the config.
	output=$(sed '0,/config\.json/d' <<<"$output")
	[ -n "$output" ] || fail "nothing was traced"
	! grep -E '"[^"]*(passwd|nsswitch|ld\.so|locale|gconv|localtime)' <<<"$output" || fail "a file of the libc was opened"
}

@test "the program is a FIFO, a directory, a device or a socket" {
	local path
	mkfifo "$ROOTFS/fifo"
	chmod 777 "$ROOTFS/fifo"
	mknod "$ROOTFS/device" c 1 5
	chmod 777 "$ROOTFS/device"
	for path in /fifo /device /etc /dev/null /proc/self/mem /proc/kmsg; do
		set_args "$path"
		run --separate-stderr timeout -k 2 10 "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
		[ "$status" -eq 126 ] || [ "$status" -eq 127 ] || fail "$path"
	done
}

@test "huge and odd programs: a script that is its own interpreter, an empty file, a cut ELF header" {
	printf '#!/self\n' >"$ROOTFS/self"
	: >"$ROOTFS/empty"
	head -c 40 "$PROBE" >"$ROOTFS/cut"
	printf '#!%s\n' "$(head -c 5000 /dev/zero | tr '\0' a)" >"$ROOTFS/long"
	printf '#!' >"$ROOTFS/short"
	chmod 755 "$ROOTFS"/{self,empty,cut,long,short}
	local path
	for path in /self /empty /cut /long /short; do
		set_args "$path"
		run_casemate
		[ "$status" -eq 126 ] || [ "$status" -eq 127 ] || fail "$path"
		[ -n "$stderr" ]
	done
}

# --- races

# Makes pairs of a file of user 1000's and of a secret of root's in the directory $1, and exchanges them for ever.
exchange_files() {
	exec python3 - "$1" <<-'END'
		import ctypes, os, sys
		os.chdir(sys.argv[1])
		names = [kind + str(i) for i in range(1000) for kind in "ab"]
		for name in names: open(name, "w").write("public\n" if name[0] == "a" else "secret\n")
		for name in names: os.chmod(name, 0o644 if name[0] == "a" else 0o600)
		for name in names: os.chown(name, *([1000, 1000] if name[0] == "a" else [0, 0]))
		pairs = [(name.encode(), b"b" + name[1:].encode()) for name in names if name[0] == "a"]
		rename, here, exchange = ctypes.CDLL(None).renameat2, -100, 2
		print("ready", flush=True)
		while True: [rename(here, one, here, other, exchange) for one, other in pairs]
	END
}

@test "a copy of a file that is exchanged meanwhile is not for everybody who may read the other" {
	requires python3
	local i exchanger
	mkdir "$ROOTFS/files"
	exchange_files "$ROOTFS/files" >"$BATS_TEST_TMPDIR/exchanged" 3>&- &
	exchanger=$!
	eventually test -s "$BATS_TEST_TMPDIR/exchanged"
	edit_config '.mounts += [{destination: "/files", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "nosuid", "nodev"]}]'
	set_args /bin/sh -c 'cat /files/* 2>/dev/null | /bin/busybox sort -u'
	for i in {1..12}; do
		run_casemate
		[[ $status -eq 0 && $output == public ]] || break
	done
	kill "$exchanger"
	wait "$exchanger" || true
	assert_status 0
	assert_output public
}

# Who shares the image renames its /dev away and puts another there, from before until after the launch.
exchange_dev() {
	local end=$((SECONDS + 100))
	while [ ! -e "$BATS_TEST_TMPDIR/enough" ] && [ $SECONDS -lt $end ]; do
		mv -T "$ROOTFS/dev" "$ROOTFS/away" && mv -T "$ROOTFS/other" "$ROOTFS/dev"
		sleep 0.02
		mv -T "$ROOTFS/dev" "$ROOTFS/other" && mv -T "$ROOTFS/away" "$ROOTFS/dev"
		sleep 0.02
	done 2>/dev/null
}

@test "what goes into the container's own /dev goes there by handle, whatever is /dev of the image by then" {
	requires strace
	local i made
	mkdir "$ROOTFS/other"
	exchange_dev 3>&- &
	for i in {1..8}; do
		# Kept waiting before each look at a path, so that the exchange comes between two of them.
		run --separate-stderr timeout -k 2 30 strace -f -qq -o /dev/null -e trace=openat2 \
			-e inject=openat2:delay_enter=15000 \
			"$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID-$i" </dev/null
		made=$made$(find "$ROOTFS" -mindepth 2 -maxdepth 2 '(' -name shm -o -name pts -o -name mqueue ')' 2>/dev/null || true)
		[ "$status" -eq 0 ] || [ -n "$stderr" ] || break
	done
	touch "$BATS_TEST_TMPDIR/enough"
	wait $!
	[ -z "$made" ] || fail "made in the image: $made"
	assert_refused_or_ran "exchanged, $i"
}

@test "a directory and a link to the host change places while 200 containers mount there" {
	requires cc
	local volume=$BATS_TEST_TMPDIR/volume i ran=0
	mkdir -p "$volume/a/b" "$volume/real" "$BATS_TEST_TMPDIR/source"
	echo source >"$BATS_TEST_TMPDIR/source/mark"
	ln -s "$HOST" "$volume/link"
	cat >"$BATS_TEST_TMPDIR/flip.c" <<-'END'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <stdio.h>
		int main(int argc, char **argv)
		{
			(void)argc;
			for (;;)
				renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
		}
	END
	"${CC:-cc}" -o "$BATS_TEST_TMPDIR/flip" "$BATS_TEST_TMPDIR/flip.c"
	edit_config --arg v "$volume" --arg s "$BATS_TEST_TMPDIR/source" '.mounts += [
		{destination: "/srv", type: "bind", source: $v, options: ["rbind", "nosuid", "nodev"]},
		{destination: "/srv/real/b", type: "bind", source: $s, options: ["rbind", "nosuid", "nodev"]},
		{destination: "/srv/real/sub/new", type: "tmpfs", source: "tmpfs", options: ["size=4k"]}]
		| .linux.maskedPaths += ["/srv/real/secret"] | .linux.readonlyPaths += ["/srv/real/sub"]'
	PROFILE=baseline
	set_args /probe read /srv/real/secret
	timeout 120 "$BATS_TEST_TMPDIR/flip" "$volume/link" "$volume/real" 3>&- &
	# An emulated machine has not the time for all of them.
	local begun=$SECONDS
	for i in {1..200}; do
		[ $((SECONDS - begun)) -lt 90 ] || break
		run_casemate
		[ "$status" -eq 0 ] && ran=$((ran + 1))
		[[ $output != *"secret of the host"* ]] || fail "the secret was read in run $i"
		[ "$status" -eq 0 ] || [ "$status" -eq 125 ] || fail "run $i"
	done
	kill $!
	wait $! || true
	echo "$ran of $i ran"
	[ "$i" -gt 20 ]
	[ "$(find "$HOST" -newer "$BATS_TEST_TMPDIR/flip.c" | wc -l)" -eq 0 ]
}
