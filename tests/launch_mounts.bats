#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `casemate run`: rootfs, mounts with each option, masks and devices have the effect that the specification gives them.

load helpers/common
load helpers/lifecycle

setup() {
	common_setup
	requires root
	make_bundle restricted
}

teardown() {
	umount -l "$BUNDLE/rootfs/srv" "$BUNDLE/rootfs" "$BATS_TEST_TMPDIR/volume" 2>/dev/null || true
	common_teardown
}

add_mount() {
	edit_config --argjson m "$1" '.mounts += [$m]'
}

# The options of the mount at $1 as in mountinfo, with those of its superblock behind " | ".
mount_options() {
	awk -v at="$1" '$5 == at { last = $6 " " $0 } END { print last }' <<<"$output" |
		sed -E 's/^([^ ]+) .* - ([^ ]+) [^ ]+ (.*)$/\1 \2 | \3/'
}

assert_mount() {
	local options
	options=" $(mount_options "$1" | tr ',' ' ') "
	shift
	local word
	for word; do
		if [[ $word == !* ]]; then
			[[ $options != *" ${word#!} "* ]] || fail "not expected among '$options': ${word#!}"
		else
			[[ $options == *" $word "* ]] || fail "expected among '$options': $word"
		fi
	done
}

# what_became_of OPTIONS TARGET: how mountinfo, or the error, tells of a tmpfs there, without its numbers and the target.
what_became_of() {
	cp "$BATS_TEST_TMPDIR/config.json" "$BUNDLE/config.json"
	add_mount '{"destination": "'"$2"'", "type": "tmpfs", "source": "compared", "options": ['"$1"']}'
	set_args grep " $2 " /proc/self/mountinfo
	run_casemate
	sed "s,$2,,; s/mounts-make/mounts/" <<<"$status $stderr"
	sed -E "s,^[0-9 ]+ [0-9:]+,,; s, $2 ,,; s/shared:[0-9]+/shared/" <<<"$output"
}

# --- rootfs and mounts

@test "a writable rootfs under baseline, a read-only one under restricted" {
	edit_config '.root.readonly = false'
	set_args /probe create /file
	run_casemate
	assert_denied EROFS
	PROFILE=baseline
	run_casemate
	assert_allowed
}

@test "what a container writes into its rootfs is there afterwards" {
	PROFILE=baseline
	edit_config '.root.readonly = false'
	set_args /bin/sh -c 'echo written >/srv/out'
	run_casemate
	assert_status 0
	[ "$(cat "$BUNDLE/rootfs/srv/out")" = written ]
}

@test "the old root is gone: one tree, and nothing of the host in mountinfo" {
	report mounts
	[[ $output != *"$BATS_TEST_TMPDIR /"* ]] || fail "a path of the host is a mount point"
	[ "$(awk '$5 == "/"' <<<"$output" | wc -l)" -eq 1 ]
	set_args /bin/ls /
	run_casemate
	assert_output "$(ls "$BUNDLE/rootfs")"
}

@test "mount options of the specification" {
	privileged
	mkdir "$BUNDLE/rootfs/m"
	local option expected
	while read -r option expected; do
		edit_config --arg o "$option" '.mounts[7] = {destination: "/m", type: "tmpfs", source: "tmpfs", options: [$o]}'
		report mounts
		# shellcheck disable=SC2086
		assert_mount /m $expected
	done <<-END
		ro ro
		rw rw
		nosuid nosuid
		nodev nodev
		noexec noexec
		noatime noatime
		nodiratime nodiratime
		relatime relatime
		strictatime !relatime !noatime
		sync sync
		dirsync dirsync
		nosymfollow nosymfollow
		size=64k size=64k
		mode=700 mode=700
		nr_inodes=10 nr_inodes=10
		defaults rw !nosuid !nodev
	END
}

@test "a later word wins over an earlier one" {
	privileged
	mkdir "$BUNDLE/rootfs/m"
	add_mount '{"destination": "/m", "type": "tmpfs", "source": "tmpfs", "options": ["ro", "nosuid", "rw", "suid", "nodev"]}'
	report mounts
	assert_mount /m rw nodev '!nosuid' '!ro'
}

@test "bind mounts: file and directory, recursive and not, attributes for the mounts below" {
	privileged
	local source=$BATS_TEST_TMPDIR/data
	mkdir -p "$source/sub" "$BUNDLE/rootfs/m"
	mount -t tmpfs below "$source/sub"
	echo content >"$source/file"
	add_mount "{\"destination\": \"/m\", \"type\": \"bind\", \"source\": \"$source\", \"options\": [\"bind\"]}"
	report mounts
	[[ $output != *" /m/sub "* ]] || fail "bind is recursive"
	edit_config '.mounts[-1].options = ["rbind", "rro", "rnodev", "nosuid"]'
	report mounts
	assert_mount /m ro nodev nosuid
	assert_mount /m/sub ro nodev '!nosuid'
	edit_config '.mounts[-1].options = ["rbind", "ro"]'
	report mounts
	assert_mount /m ro
	assert_mount /m/sub rw
	edit_config --arg f "$source/file" '.mounts[-1] = {destination: "/m/file", type: "none", source: $f, options: ["bind", "ro"]}'
	set_args /bin/cat /m/file
	run_casemate
	assert_output content
	umount "$source/sub"
}

@test "a relative source of a bind mount is taken from the bundle" {
	mkdir "$BUNDLE/data" "$BUNDLE/rootfs/m"
	echo near >"$BUNDLE/data/file"
	add_mount '{"destination": "/m", "type": "bind", "source": "data", "options": ["rbind", "ro"]}'
	set_args /bin/cat /m/file
	run_casemate
	assert_output near
}

@test "a mount point that is missing is made inside the rootfs" {
	edit_config '.root.readonly = false'
	PROFILE=baseline
	add_mount '{"destination": "/new/deep/dir", "type": "tmpfs", "source": "tmpfs", "options": ["size=4k"]}'
	report mounts
	assert_mount /new/deep/dir tmpfs
	[ -d "$BUNDLE/rootfs/new/deep/dir" ]
}

# /etc/resolv.conf of many images is one.
@test "a mount point behind links that lead to nothing yet is made where they lead" {
	privileged
	edit_config '.root.readonly = false'
	echo seen >"$BATS_TEST_TMPDIR/file"
	ln -s ../run/resolve/stub.conf "$BUNDLE/rootfs/etc/resolv.conf"
	ln -s /no/dir "$BUNDLE/rootfs/one"
	ln -s one/below "$BUNDLE/rootfs/two"
	ln -s ../../../../../../outside "$BUNDLE/rootfs/up"
	ln -s circle "$BUNDLE/rootfs/circle"
	edit_config --arg s "$BATS_TEST_TMPDIR/file" '.mounts += [("/etc/resolv.conf", "/two/deep/file", "/up") |
		{destination: ., type: "bind", source: $s, options: ["bind", "ro"]}]'
	set_args /bin/cat /run/resolve/stub.conf /no/dir/below/deep/file /outside
	run_casemate
	assert_status 0
	assert_output $'seen\nseen\nseen'
	add_mount '{"destination": "/circle/x", "type": "tmpfs", "source": "tmpfs"}'
	run_casemate
	assert_status 125
	assert_stderr "/circle"
}

@test "a file on a directory is refused with the word that engines look for" {
	privileged
	add_mount '{"destination": "/etc", "type": "bind", "source": "/proc/version", "options": ["bind"]}'
	run_casemate
	assert_status 125
	assert_stderr "not a directory"
	assert_stderr "a file on a file"
}

@test "a tmpfs over a directory is open to as many as that, unless it says so itself" {
	privileged
	mkdir -m 2750 "$BUNDLE/rootfs/m"
	edit_config '.mounts += [("/m", "/tmp", "/fresh", "/ro") | {destination: ., type: "tmpfs", source: "tmpfs"}]
		| .mounts[-1].options = ["ro"] | .root.readonly = false'
	report stat /m /tmp /fresh
	[[ $output == *"/m 042750 0:0"* && $output == *"/tmp 041777"* && $output == *"/fresh 041777"* ]] || fail "another mode"
	edit_config '(.mounts[] | select(.destination == "/m")).options = ["mode=1700"]'
	report stat /m
	[[ $output == *"/m 041700"* ]] || fail "not the mode that it has"
}

# fsconfig(2) takes no text of 256 bytes, and engines name a directory by two ids.
@test "an overlay of a long list of directories" {
	local long kernel
	long=$BATS_TEST_TMPDIR/$(printf "%0150d" 0)
	privileged
	mkdir -p "$long/one" "$long/t:wo" "$BUNDLE/rootfs/m"
	touch "$long/one/first" "$long/t:wo/second"
	edit_config --arg l "lowerdir=$long/one:$long/t\\:wo" \
		'.mounts += [{destination: "/m", type: "overlay", source: "overlay", options: [$l, "private"]}]'
	set_args /bin/ls /m
	run_casemate
	read -r kernel < <(uname -r)
	if [ "$(printf '%s\n' 6.7 "$kernel" | sort -V | head -n 1)" = 6.7 ]; then
		assert_output $'first\nsecond'
	else
		assert_stderr overlay
	fi
}

@test "what is mounted below a mount that was covered meanwhile is in what covers it" {
	privileged
	mkdir "$BATS_TEST_TMPDIR/seen"
	echo seen >"$BATS_TEST_TMPDIR/seen/file"
	edit_config --arg s "$BATS_TEST_TMPDIR/seen" 'def fs($at): { destination: $at, type: "tmpfs", source: "tmpfs" };
		def bind($at; $from): { destination: $at, type: "bind", source: $from, options: ["bind", "ro"] };
		.mounts += [fs("/run"), fs("/run/first"), fs("/run"), fs("/run/second"), bind("/run/third"; $s),
			bind("/run/fourth"; $s + "/file"), bind("/run/second/deep/fifth"; $s)]'
	set_args /bin/sh -c 'ls /run; cat /run/third/file /run/fourth /run/second/deep/fifth/file'
	run_casemate
	assert_status 0
	assert_output "$(printf '%s\n' fourth second third seen seen seen)"
}

@test "propagation: private by default, shared and slave as asked" {
	privileged
	mkdir "$BUNDLE/rootfs/m"
	add_mount '{"destination": "/m", "type": "tmpfs", "source": "tmpfs", "options": []}'
	report mounts
	[[ $output != *shared:* && $output != *master:* ]] || fail "a mount shares its events"
	edit_config '.mounts[-1].options = ["shared"]'
	report mounts
	awk '$5 == "/m"' <<<"$output" | grep -q shared: || fail "not shared"
	edit_config '.mounts[-1].options = ["unbindable"]'
	report mounts
	awk '$5 == "/m"' <<<"$output" | grep -q unbindable || fail "not unbindable"
}

# propagates ROOT BIND: "in" where a mount of the host is seen in what is bound and below the root, and "out" where one of
# the container is seen on the host.
propagates() {
	local volume=$BATS_TEST_TMPDIR/volume root=$BUNDLE/rootfs
	mkdir -p "$volume"
	mount -t tmpfs tmpfs "$volume"
	mkdir "$volume/in" "$volume/out"
	mount --make-shared "$volume"
	mount --bind "$root" "$root"
	mount --make-shared "$root"
	edit_config --arg r "$1" --arg o "$2" --arg v "$volume" '.linux.rootfsPropagation = $r
		| .mounts |= .[0:6] + [{destination: "/tmp", type: "bind", source: $v, options: ["rbind", "rw", $o]}]'
	set_args /bin/sh -c 'touch /tmp/begun; until [ -e /tmp/ready ]; do sleep 0.05; done; for i in /tmp/in /srv; do [ ! -e $i/seen ] || echo in $i; done
		mount -t tmpfs tmpfs /tmp/out 2>/dev/null; touch /tmp/done; until [ -e /tmp/end ]; do sleep 0.05; done'
	casemate_run </dev/null >"$BATS_TEST_TMPDIR/seen" 3>&- &
	eventually [ -e "$volume/begun" ]
	mount -t tmpfs tmpfs "$volume/in"
	mount -t tmpfs tmpfs "$root/srv"
	touch "$volume/in/seen" "$root/srv/seen" "$volume/ready"
	eventually [ -e "$volume/done" ]
	! grep -q "$volume/out" /proc/self/mountinfo || echo out >>"$BATS_TEST_TMPDIR/seen"
	touch "$volume/end"
	wait "$!" || true
	umount -l "$root/srv" "$root" "$volume"
	output=$(<"$BATS_TEST_TMPDIR/seen")
}

@test "propagation: mounts of the host come in and those of the container go out as both words say" {
	local root bind seen
	privileged
	while read -r root bind seen; do
		propagates "$root" "$bind"
		[ "${output//$'\n'/ }" = "$seen" ] || fail "$root $bind: expected $seen"
	done <<-'END'
		private private
		private rslave in /tmp/in
		rslave rslave in /tmp/in in /srv
		rslave rshared in /tmp/in in /srv
		rshared rshared in /tmp/in in /srv out
	END
	PROFILE=restricted
	make_bundle restricted
	propagates rslave rslave
	[ -z "$output" ] || fail "it follows the host's mounts"
}

@test "what is mounted inside does not appear on the host" {
	privileged
	set_args /bin/mount -t tmpfs tmpfs /srv
	run_casemate
	assert_status 0
}

@test "an idmapped mount shows other owners" {
	requires idmapped_mounts
	privileged
	local source=$BATS_TEST_TMPDIR/data
	mkdir -p "$source" "$BUNDLE/rootfs/m"
	touch "$source/file"
	add_mount "{\"destination\": \"/m\", \"type\": \"bind\", \"source\": \"$source\", \"options\": [\"bind\", \"idmap\"],
		\"uidMappings\": [{\"containerID\": 0, \"hostID\": 5000, \"size\": 10}],
		\"gidMappings\": [{\"containerID\": 0, \"hostID\": 6000, \"size\": 10}]}"
	set_args /probe stat /m/file
	run_casemate
	[[ $output == *" 5000:6000 "* ]] || fail "owners were not mapped"
}

@test "a read-only tmpfs has what is mounted below it, and then nothing more can be made in it" {
	local source=$BATS_TEST_TMPDIR/below
	mkdir "$source"
	chmod 755 "$source"
	edit_config '(.mounts[] | select(.destination == "/dev") | .options) += ["ro"]'
	add_mount '{"destination": "/m", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]}'
	add_mount '{"destination": "/m/deep/dir", "type": "bind", "source": "'"$source"'", "options": ["bind", "ro"]}'
	for PROFILE in privileged restricted; do
		set_args /bin/cat /proc/self/mountinfo
		run_casemate
		assert_mount /m ro
		assert_mount /dev ro
		[[ $output == *" /m/deep/dir "* ]]
		set_args /probe create /m/file
		run_casemate
		assert_denied EROFS
		set_args /probe create /dev/file
		run_casemate
		assert_denied EROFS
		set_args /bin/sh -c 'echo written >/dev/null'
		run_casemate
		assert_status 0
	done
}

@test "tmpcopyup: a tmpfs with what it covers" {
	privileged
	mkdir "$BUNDLE/rootfs/m"
	echo covered >"$BUNDLE/rootfs/m/file"
	chmod 640 "$BUNDLE/rootfs/m/file"
	ln -s /etc/passwd "$BUNDLE/rootfs/m/link"
	add_mount '{"destination": "/m", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]}'
	set_args /bin/sh -c 'cat /m/file && echo x >>/m/file && exec /probe stat /m/file /m/link'
	run_casemate
	[[ $output == covered* && $output == *"/m/file 100640"* && $output == *"/m/link 120777"*"/etc/passwd"* ]] || fail
	[ "$(cat "$BUNDLE/rootfs/m/file")" = covered ]
}

# What is read of the host's kernel messages is gone.
@test "tmpcopyup copies nothing of procfs and sysfs" {
	local place
	for place in /proc /sys; do
		make_bundle restricted
		add_mount "{\"destination\": \"$place\", \"type\": \"tmpfs\", \"source\": \"tmpfs\", \"options\": [\"tmpcopyup\"]}"
		run_casemate
		assert_status 125
		assert_stderr "nothing of $place is copied"
	done
}

# podman's --tmpfs always says tmpcopyup.
@test "tmpcopyup: the mode is that which is asked for, then that of what is covered; where nothing was, everybody may write" {
	local options mode place
	privileged
	mkdir -m 710 "$BUNDLE/rootfs/m"
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/config.json"
	while read -r place mode options; do
		cp "$BATS_TEST_TMPDIR/config.json" "$BUNDLE/config.json"
		add_mount '{"destination": "'"$place"'", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"'"$options"']}'
		attack stat "$place"
		[[ $output == "$place $mode "* ]] || fail "$place with tmpcopyup$options"
	done <<-END
		/m 040710
		/m 040751 , "mode=751"
		/new 041777
		/new/below 040700 , "mode=700"
		/dev/new 041777
	END
}

@test "proc, sysfs, mqueue, devpts and tmpfs are what they are called" {
	report mounts
	assert_mount /proc proc nosuid nodev noexec
	assert_mount /sys sysfs ro nosuid nodev noexec
	assert_mount /dev/mqueue mqueue nosuid nodev noexec
	assert_mount /dev/pts devpts nosuid noexec
	assert_mount /dev/shm tmpfs nosuid nodev noexec size=65536k
	assert_mount /dev tmpfs nosuid
}

@test "a file system has the same options in a directory of the container's own as in one of the image" {
	local options
	privileged
	mkdir "$BUNDLE/rootfs/place"
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/config.json"
	for options in '"nosuid", "nodev", "noexec", "size=64k", "mode=1777"' '"noatime", "size=64k"' '"nr_inodes=9"' \
		'"strictatime", "nodiratime", "dev", "suid"' '"ro", "nosymfollow"' '"nosymfollow", "noexec", "relatime"' \
		'"sync", "size=64k"' '"rshared", "size=64k"' '"tmpcopyup", "mode=700"' '"mode=700,uid=5"' '"size=nonsense"'; do
		what_became_of "$options" /place >"$BATS_TEST_TMPDIR/image"
		what_became_of "$options" /dev/place >"$BATS_TEST_TMPDIR/own"
		diff "$BATS_TEST_TMPDIR/image" "$BATS_TEST_TMPDIR/own" || fail "$options"
	done
}

@test "a cgroup mount shows the container's own cgroup as its root" {
	mkdir -p "$BUNDLE/rootfs/sys"
	add_mount '{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
		"options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}'
	set_args /bin/sh -c 'cat /proc/self/cgroup; ls /sys/fs/cgroup'
	run_casemate
	assert_status 0
	! grep '^[0-9]' <<<"$output" | grep -v ':/$' || fail "the path of the host's cgroup is visible"
	[ -n "$output" ]
	attack create /sys/fs/cgroup/new
	assert_denied
}

@test "masked and read-only paths, missing ones are skipped" {
	privileged
	edit_config '.linux.maskedPaths = ["/proc/version", "/var/lib", "/none/at/all"]
		| .linux.readonlyPaths = ["/proc/sys", "/srv", "/none/either"]'
	set_args /probe stat /proc/version
	run_casemate
	[[ $output == *" 0 "* || $output == *"1,3"* ]] || fail "the masked file is not empty"
	attack list-directory /var/lib
	[[ $output =~ ^(absent|denied) ]] || fail "the masked directory is not empty"
	attack_table <<-END
		EROFS rewrite /proc/sys/kernel/core_pattern
		EROFS create /srv/file
		allowed create /file
	END
}

@test "files alone are masked, by a mount of each and no other" {
	privileged
	edit_config '.linux.maskedPaths = ["/proc/version", "/proc/uptime"] | .linux.readonlyPaths = []'
	local path
	for path in /proc/version /proc/uptime; do
		set_args /probe stat "$path"
		run_casemate
		[[ $output == *" 0 "* || $output == *"1,3"* ]] || fail "the masked file is not empty"
	done
	set_args /bin/cat /proc/self/mountinfo
	run_casemate
	[ "$(awk '$5 == "/"' <<<"$output" | wc -l)" = 1 ] || fail "more than the root is at the root"
	[ "$(awk '$5 ~ "^/proc/" { print $4, $5, $6 }' <<<"$output" | sort)" = "/masked//deleted /proc/uptime ro,nosuid,nodev,noexec,relatime
/masked//deleted /proc/version ro,nosuid,nodev,noexec,relatime" ] || fail "other mounts, or options, than those of two masks"
	set_args /bin/pwd
	run_casemate
	assert_output /
	attack create /file
	assert_allowed
}

@test "the masks of restricted are added when the config leaves them out" {
	edit_config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	attack_table <<-END
		absent|EACCES read /proc/interrupts
		absent|EACCES read /proc/keys
		EROFS|EACCES rewrite /proc/sys/kernel/core_pattern
	END
}

# --- /dev

@test "the devices and links that the specification demands" {
	report stat /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/fd /dev/stdin /dev/stdout \
		/dev/stderr /dev/ptmx
	local line
	for line in '/dev/null 020666 0:0 1,3' '/dev/zero 020666 0:0 1,5' '/dev/full 020666 0:0 1,7' '/dev/random 020666 0:0 1,8' \
		'/dev/urandom 020666 0:0 1,9' '/dev/tty 020666 0:0 5,0'; do
		[[ $output == *"$line "* ]] || fail "expected: $line"
	done
	[[ $output =~ /dev/fd\ 120777.*\ /proc/self/fd ]] || fail /dev/fd
	[[ $output =~ /dev/stdin\ 120777.*\ /proc/self/fd/0 ]] || fail /dev/stdin
	[[ $output =~ /dev/ptmx\ 120777.*pts/ptmx ]] || fail /dev/ptmx
}

@test "nothing else of the host is in /dev" {
	set_args /bin/ls /dev
	run_casemate
	local name
	for name in $output; do
		[[ " console core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " == *" $name "* ]] ||
			fail "not expected in /dev: $name"
	done
}

@test "devices of the config have its numbers, modes and owners" {
	privileged
	edit_config '.linux.devices = [
		{type: "c", path: "/dev/log-kernel", major: 1, minor: 11, fileMode: 432, uid: 5, gid: 6},
		{type: "c", path: "/dev/all-of-st-mode", major: 1, minor: 5, fileMode: 8630},
		{type: "p", path: "/dev/pipe", fileMode: 438}]'
	report stat /dev/log-kernel /dev/pipe
	[[ $output == *"/dev/log-kernel 020660 5:6 1,11 "* ]] || fail "the character device"
	[[ $output == *"/dev/pipe 010666 0:0 "* ]] || fail "the pipe"
	# As podman run --device has it.
	report stat /dev/all-of-st-mode
	[[ $output == *"/dev/all-of-st-mode 020666 0:0 1,5 "* ]] || fail "the device with its type in its mode"
}
