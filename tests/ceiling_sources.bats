#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Directories of the host that a config.json of somebody else's binds: what no ceiling lets through, and what it does.

load helpers/common
load helpers/ceiling

setup() {
	common_setup
	requires root
	make_bundle restricted
	CONFIGURATION=/etc/casemate-$ID
}

teardown() {
	umount -l "$BATS_TEST_TMPDIR"/alias/* "$BATS_TEST_TMPDIR/file" 2>/dev/null || true
	rm -rf "$CONFIGURATION"
	common_teardown
}

@test "secrets, jobs and device directories of the host are no sources" {
	local source
	as_root_inside
	mkdir -p "$BATS_TEST_TMPDIR/keys"
	for source in /home /var/spool/cron /var/lib/dpkg /dev/shm /dev/net /etc/ssl/private; do
		[ -d "$source" ] || continue
		bind "$source" '["rbind","rw"]'
		run_casemate
		[ "$status" -eq 125 ] || fail "$source was bound"
	done
	bind /dev/shm '["rbind","rw"]'
	run_casemate
	assert_stderr "/dev/shm is part of the host's /dev"
	mkdir -p /root/.casemate-test
	bind /root/.casemate-test '["rbind","ro"]'
	run_casemate
	rmdir /root/.casemate-test
	[ "$status" -eq 125 ] || fail "root's own settings were bound"
	for source in /home /dev/shm /etc/ssl/private /etc/sudoers.d; do
		[ -d "$source" ] || continue
		[[ $source != /etc/* || $(stat -c %a "$source") != *5 ]] || continue
		bind "$source" '["rbind","ro"]'
		run_casemate
		[ "$status" -eq 125 ] || fail "$source was bound read-only"
	done
}

@test "homes, credentials and the stores of engines are no sources, and what is one's own in them is" {
	local source expected
	# shellcheck disable=SC2016
	on_a_host() {
		capture timeout -k 2 20 unshare -m sh -c 'for at in /home /run /var/lib; do mount -t tmpfs tmpfs $at || exit; done
			mkdir -p "$1" && shift && exec "$CASEMATE" run "$@"' sh "$source" --profile "$PROFILE" --bundle "$BUNDLE" "$ID"
	}
	for PROFILE in restricted baseline; do
		while read -r expected source; do
			edit_config '.root.path = "rootfs"'
			bind "$source" '["rbind","ro","nosuid","nodev"]'
			on_a_host
			[ "$status" -eq "$expected" ] || fail "$source: expected $expected"
			edit_config --arg p "$source" '.root.path = $p | .mounts = []'
			on_a_host
			# An empty root is none that is refused: there is only nothing to execute in it.
			[[ $status = $((expected == 0 ? 127 : 125)) && ($expected = 0 || $stderr == *refuses*) ]] || fail "$source as a root"
		done <<-'END'
			125 /home/somebody
			125 /home/somebody/.ssh
			0 /home/somebody/work
			125 /home/somebody/.local/share/containers/storage/volumes
			0 /home/somebody/.local/share/containers/storage/volumes/one/_data
			0 /home/somebody/.local/share/docker/volumes/one/_data
			125 /run/credentials
			125 /run/credentials/one.service
			0 /run/one
			125 /var/lib/kubelet/pods
			0 /var/lib/kubelet/pods/one/volumes
			125 /var/lib/docker/overlay2
			0 /var/lib/docker/volumes/one
			125 /var/lib/containers/storage/overlay
			0 /var/lib/containers/storage/volumes/one
			125 /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots
			0 /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1
			125 /var/lib/kubelet/pods/one
			125 /var/lib/docker/containers/one
			125 /var/lib/docker/containers/one/config.v2.json
			125 /var/lib/docker/containers/one/one-json.log
			0 /var/lib/docker/containers/one/hosts
			0 /var/lib/docker/containers/one/mounts/shm
			0 /var/lib/docker/containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots/1
			125 /var/lib/containers/storage/overlay-containers/one
			125 /var/lib/containers/storage/overlay-containers/one/userdata
			125 /home/somebody/.local/share/containers/storage/overlay-containers/one/userdata/config.json
			0 /home/somebody/.local/share/containers/storage/overlay-containers/one/userdata/shm
			125 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/one
			0 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/one/resolv.conf
			0 /var/lib/containerd/io.containerd.grpc.v1.cri/containers/one/volumes/one
			125 /run/containerd/io.containerd.grpc.v1.cri/sandboxes
			0 /run/containerd/io.containerd.grpc.v1.cri/sandboxes/one/shm
			125 /run/containerd/io.containerd.runtime.v2.task/k8s.io/one
			125 /run/containerd/io.containerd.runtime.v2.task/k8s.io/one/rootfs
			125 /run/containerd/runc/k8s.io/one
			125 /run/containers/0
			125 /run/containers/storage/overlay-containers/one/userdata
			0 /run/containers/storage/overlay-containers/one/userdata/shm
			125 /run/crio/exits
			125 /run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/one/rootfs
			125 /run/docker/runtime-runc/moby/one
			125 /run/docker/plugins/one
			125 /run/crun/one
			125 /run/runc/one
		END
	done
}

# One directory in two mounts, with something of the host's below it in one of them: the link is exchanged after the profile has looked.
@test "what is mounted below a source is what the profile saw, wherever a link leads by now" {
	local link=$BATS_TEST_TMPDIR/link
	requires strace
	as_root_inside
	bind "$link" '["rbind","ro"]'
	set_args /bin/sh -c 'ls -d /srv/*; ls /srv/proc'
	# shellcheck disable=SC2016
	capture timeout -k 2 60 unshare -m sh -c 'mkdir "$1/one" "$1/two" && mount -t tmpfs tmpfs "$1/one" && mkdir -p "$1/one/d/proc" &&
		mount --bind "$1/one" "$1/two" && mount -t proc proc "$1/one/d/proc" && ln -s "$1/two/d" "$2" || exit
		(until grep -q clone3 "$1/log"; do sleep 0.1; done; ln -sfn "$1/one/d" "$2") 2>/dev/null &
		strace -f -qq -o "$1/log" -e trace=clone3 -e inject=clone3:delay_enter=2s "$CASEMATE" run --profile baseline --bundle "$3" "$4"
		status=$?; wait; exit $status' sh "$BATS_TEST_TMPDIR" "$link" "$BUNDLE" "$ID" </dev/null
	[ "$(readlink "$link")" = "$BATS_TEST_TMPDIR/one/d" ] || fail "nothing was exchanged"
	assert_status 0
	assert_output /srv/proc
}

# Who has a bundle can call it as another container is called.
@test "a link in a bundle makes nothing of another container the bundle's own" {
	local of_engines=/var/lib/containers/storage/overlay-containers/one own=/run/containerd/io.containerd.runtime.v2.task/k8s.io/one
	mv "$BUNDLE" "$BATS_TEST_TMPDIR/one"
	BUNDLE=$BATS_TEST_TMPDIR/one
	ln -s "$of_engines/userdata" "$BUNDLE/userdata"
	# shellcheck disable=SC2016
	on_a_host() {
		capture timeout -k 2 20 unshare -m sh -c 'for at in /run /var/lib; do mount -t tmpfs tmpfs $at || exit; done
			mkdir -p "$1/userdata" "$2" && echo of another >"$1/userdata/config.json" && mount --bind "$3" "$2" &&
			ln -s "${2%/*}" /run/tasks && shift 3 && exec "$CASEMATE" run --profile "$@"' sh "$of_engines" "$own" "$BUNDLE" "$@"
	}
	for PROFILE in restricted baseline; do
		for source in userdata userdata/config.json; do
			bind "$BUNDLE/$source" '["rbind","ro","nosuid","nodev"]'
			edit_config '.mounts[-1].destination = "/tmp/of-another"'
			on_a_host "$PROFILE" --bundle "$BUNDLE" "$ID"
			[[ $status = 125 && $stderr == *refuses* ]] || fail "$PROFILE: $source"
		done
		# Its own root, where the engine names it by a link.
		edit_config 'del(.mounts[-1])'
		on_a_host "$PROFILE" --bundle /run/tasks/one "$ID"
		assert_status 0
	done
}

# Root of the container writes root's crontab. On a host of its own, where /bin and /lib are no links to /usr.
@test "no directory is a source with what the host runs as root, or believes, in it" {
	as_root_inside
	cat >"$BATS_TEST_TMPDIR/table" <<-'END'
		125 0 /bin
		125 0 /lib
		125 0 /sbin
		125 0 /nix/store
		125 125 /efi
		125 0 /opt
		125 0 /opt/cni/bin
		0 0 /opt/app
		125 125 /run/cloud-init/one
		0 0 /run/containerd/io.containerd.grpc.v1.cri/sandboxes/one/shm
		125 125 /run/containerd/io.containerd.runtime.v2.task
		125 125 /run/containerd/io.containerd.runtime.v2.task/k8s.io/one
		125 125 /run/containerd/io.containerd.runtime.v2.task/k8s.io/one/rootfs2
		125 125 /run/containerd/io.containerd.runtime.v2.task/k8s.io/one/rootfs
		125 125 /run/containerd/io.containerd.runtime.v2.task/k8s.io/one/rootfs/srv
		125 125 /run/containerd/runc/k8s.io/one
		125 125 /run/crun
		125 125 /run/docker/runtime-runc/moby
		125 0 /run/initramfs
		125 125 /run/runc/one
		125 125 /run/sudo/ts
		125 125 /run/user
		0 0 /run/user/1000
		125 125 /sysroot/ostree
		125 125 /var/backups
		125 125 /var/lib/etcd/member
		125 125 /var/lib/machines
		0 0 /var/lib/machines/one
		125 0 /var/lib/pacman/local
		125 125 /var/lib/polkit-1
		125 0 /var/lib/polkit-1/localauthority
		125 125 /var/lib/rancher
		125 0 /var/lib/rpm
		125 0 /var/lib/snapd/seed
		125 0 /var/log
		0 0 /var/log/app
		125 125 /var/mail
		125 125 /var/spool
		0 0 /var/spool/app
		125 125 /var/spool/cron/crontabs
	END
	for mode in rw ro; do
		bind PLACE "[\"rbind\",\"$mode\"]"
		cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/$mode.json"
	done
	# shellcheck disable=SC2016
	capture timeout -k 2 60 unshare -m sh -c '
		new=$1/machine
		mkdir "$new" && mount -t tmpfs -o mode=755 tmpfs "$new" && mkdir "$new/old" "$new/run" "$new/var" || exit
		for at in proc sys dev etc usr; do mkdir "$new/$at" && mount --rbind /$at "$new/$at" || exit; done
		for at in bin sbin lib lib64; do
			[ ! -d /usr/$at ] || { mkdir "$new/$at" && mount --rbind /usr/$at "$new/$at"; } || exit
		done
		for at in "$1" "${CASEMATE%/*}"; do mkdir -p "$new$at" && mount --bind "$at" "$new$at" || exit; done
		cd "$new" && pivot_root . old && umount -l old && cd / || exit
		while read -r rw ro place; do
			mkdir -p "$place"
			for mode in rw ro; do
				sed "s|PLACE|$place|" "$1/$mode.json" >"$2/config.json"
				status=0
				"$CASEMATE" run --profile baseline --bundle "$2" "$3" </dev/null >/dev/null 2>&1 || status=$?
				[ $mode = rw ] && expected=$rw || expected=$ro
				[ $status = $expected ] || echo "$mode $place: $status"
			done
		done <"$1/table"
		echo done' sh "$BATS_TEST_TMPDIR" "$BUNDLE" "$ID"
	assert_output 'done'
}

@test "a part of such a directory is what it is where it is mounted elsewhere, too" {
	local alias=$BATS_TEST_TMPDIR/alias file=$BATS_TEST_TMPDIR/file place expected source wrong
	as_root_inside
	mkdir -p "$CONFIGURATION/deep/er" "$alias/volume" "$alias/programs" "$alias/settings" "$BATS_TEST_TMPDIR/own/deep"
	touch "$CONFIGURATION/deep/file" "$file"
	while read -r source place expected; do
		mount --bind "$source" "$place"
		for mode in rw ro; do
			bind "$place$([ "$source" != "$CONFIGURATION/deep" ] || echo /er)" "[\"bind\",\"$mode\"]"
			[ -d "$place" ] || edit_config '.mounts[-1].destination = "/etc/group"'
			run_casemate
			[ "$status" = "${expected%%/*}" ] || wrong="${wrong-} $mode $source"
			expected=${expected#*/}
		done
		bind "$alias" '["rbind","rw"]'
		run_casemate
		[[ $place != "$alias"/* || $status = "$expected" ]] || wrong="${wrong-} below $source"
		umount "$place"
	done <<-END
		/usr/lib $alias/programs 125/0/125
		$CONFIGURATION/deep $alias/settings 125/0/125
		$CONFIGURATION/deep/file $file 125/0
		$BATS_TEST_TMPDIR/own/deep $alias/volume 0/0/0
	END
	[ -z "${wrong-}" ] || fail "$wrong"
}

# The program may have any id that the config names: root's, or that of a group which reads the keys.
@test "a directory of the host's configuration is no source when it has secrets in it" {
	local mode
	mkdir -p "$CONFIGURATION/deep/keys"
	chmod 755 "$CONFIGURATION" "$CONFIGURATION/deep"
	install -m 640 /dev/null "$CONFIGURATION/deep/keys/secret"
	echo public >"$CONFIGURATION/deep/public"
	chmod 644 "$CONFIGURATION/deep/public"
	bind "$CONFIGURATION" '["rbind","ro","nosuid","nodev"]'
	for PROFILE in restricted baseline; do
		for mode in 710 755; do
			chmod $mode "$CONFIGURATION/deep/keys"
			run_casemate
			assert_status 125
			assert_stderr "not everybody on the host may read all"
		done
	done
	rm -r "$CONFIGURATION/deep/keys"
	set_args /bin/cat /srv/deep/public
	run_casemate
	assert_output public
}

# overlay OPTION...: an overlay on /srv, made of these
overlay() {
	# shellcheck disable=SC2016 # for jq
	edit_config '.mounts |= .[0:7] + [{destination: "/srv", type: "overlay", source: "overlay", options: $ARGS.positional}]' --args "$@"
}

@test "what an overlay is made of is judged as what is bound: its lower directories are read, the others are written to" {
	local lower=$BATS_TEST_TMPDIR/lower wrong="" options
	mkdir -m 755 "$lower" "$lower/empty"
	mkdir -m 777 "$BATS_TEST_TMPDIR/upper" "$BATS_TEST_TMPDIR/work"
	chmod 755 "$BATS_TEST_TMPDIR"
	install -m 4755 /bin/true "$lower/setuid"
	echo below >"$lower/file"
	chmod 666 "$lower/file"
	ln -s /etc "$BATS_TEST_TMPDIR/link"
	for PROFILE in restricted baseline; do
		for options in /etc "$lower:/etc" "/etc:$lower" /root "$BATS_TEST_TMPDIR/link" "$lower/../link" /proc/self/root/etc /var/lib \
			"$lower:/proc/sys" /run /dev /; do
			overlay "lowerdir=$options"
			run_casemate
			[[ $status = 125 && $stderr == *refuses* ]] || wrong+=" lowerdir=$options"
		done
		for options in /usr /usr/share /etc /root "$BATS_TEST_TMPDIR/link" /var/lib/dpkg /boot; do
			[ -d "$options" ] || continue
			overlay "lowerdir=$lower" "upperdir=$options" "workdir=$BATS_TEST_TMPDIR/work"
			run_casemate
			[[ $status = 125 && $stderr == *"bound writable"* ]] || wrong+=" upperdir=$options"
			overlay "lowerdir=$lower" "upperdir=$BATS_TEST_TMPDIR/upper" "workdir=$options"
			run_casemate
			[[ $status = 125 && $stderr == *"bound writable"* ]] || wrong+=" workdir=$options"
		done
		# More layers by another name, and what makes the kernel follow marks in them.
		for options in lowerdir+=/etc datadir+=/etc "lowerdir+=$lower" redirect_dir=on redirect_dir=follow metacopy=on index=on \
			nfs_export=on override_creds lowerdir; do
			overlay "lowerdir=$lower:$lower/empty" "$options"
			run_casemate
			[[ $status = 125 && $stderr == *"the option $options"* ]] || wrong+=" $options"
			overlay "$options"
			run_casemate
			[[ $status = 125 && $stderr == *"the option $options"* ]] || wrong+=" only $options"
		done
	done
	[ -z "$wrong" ] || fail "not refused:$wrong"
}

@test "an overlay empties nothing: what it would take for its own is one's that an overlay has left" {
	mkdir -p "$BATS_TEST_TMPDIR/lower" "$BATS_TEST_TMPDIR/upper" "$BATS_TEST_TMPDIR/work/work/deep"
	touch "$BATS_TEST_TMPDIR/work/work/precious" "$BATS_TEST_TMPDIR/work/work/deep/precious"
	overlay "lowerdir=$BATS_TEST_TMPDIR/lower" "upperdir=$BATS_TEST_TMPDIR/upper" "workdir=$BATS_TEST_TMPDIR/work"
	set_args /bin/true
	run_casemate
	assert_status 125
	assert_stderr "would empty it"
	[[ -e $BATS_TEST_TMPDIR/work/work/precious && -e $BATS_TEST_TMPDIR/work/work/deep/precious ]] || fail "it was emptied"
	rm -r "$BATS_TEST_TMPDIR/work/work"
	for _ in 1 2; do
		run_casemate
		assert_status 0
	done
	rmdir "$BATS_TEST_TMPDIR/work/work"
	touch "$BATS_TEST_TMPDIR/work/work"
	run_casemate
	assert_status 125
	[ -f "$BATS_TEST_TMPDIR/work/work" ]
}

@test "an overlay of harmless directories works, and is nosuid and nodev whatever those are" {
	local lower=$BATS_TEST_TMPDIR/lower upper=$BATS_TEST_TMPDIR/up:per
	mkdir -m 777 "$lower" "$BATS_TEST_TMPDIR/se:cond" "$upper" "$BATS_TEST_TMPDIR/work"
	chmod 755 "$BATS_TEST_TMPDIR"
	echo below >"$lower/file"
	echo other >"$BATS_TEST_TMPDIR/se:cond/other"
	chmod 666 "$lower/file"
	set_args /bin/sh -c 'cat /srv/file /srv/other; echo above >/srv/file; cat /srv/file; grep " /srv " /proc/mounts'
	for PROFILE in restricted baseline; do
		overlay "lowerdir=$lower:$BATS_TEST_TMPDIR/se\\:cond" "upperdir=$upper" "workdir=$BATS_TEST_TMPDIR/work" volatile rw suid dev
		run_casemate
		assert_status 0
		[[ $output == below*other*above*"/srv overlay rw,nosuid,nodev,"* ]] || fail
		[[ $(<"$lower/file") = below && $(<"$upper/file") = above ]] || fail "the changes are elsewhere"
		capture "$CASEMATE" explain --profile "$PROFILE" "$BUNDLE"
		[[ $output == *"$lower is a layer of /srv, read-only"*"$upper is a layer of /srv, writable"* ]] || fail
		overlay "lowerdir=$lower:$BATS_TEST_TMPDIR/se\\:cond"
		run_casemate
		[[ $output == *"/srv overlay ro,nosuid,nodev,"* ]] || fail
		rm -r "$upper/file" "$BATS_TEST_TMPDIR/work/work"
	done
}
