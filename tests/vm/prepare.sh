#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
#	prepare.sh	makes in VM_HOME what is not there yet: an emulator, the kernels, and a disk with systemd on it
#
# All of it comes from Debian's packages. Nothing is installed on this machine; root is needed to unpack file systems.
. "$(dirname "$0")/common.sh"

need mmdebstrap mkfs.ext4 cpio depmod modprobe python3 xz zstd
[ "$(id -u)" -eq 0 ] || die "root is needed"
mkdir -p "$VM_HOME"
work=$(mktemp -d "$VM_HOME/prepare.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The emulator with its own loader and libraries: an older one, as in Debian 12, damages its guest's memory now and then.
make_emulator() {
	local root=$work/qemu to=$VM_HOME/qemu.new
	packages trixie "$root" extract qemu-system-x86 seabios ipxe-qemu libc6
	rm -rf "$to"
	mkdir -p "$to/lib" "$to/share"
	cp "$root/usr/bin/qemu-system-x86_64" "$to/"
	cp -aL "$root"/usr/lib/x86_64-linux-gnu/*.so* "$to/lib/" 2>/dev/null || true
	find "$root/usr/lib/x86_64-linux-gnu" -mindepth 2 -name 'libpulsecommon*' -exec cp -aL {} "$to/lib/" \;
	cp -aL "$root/usr/share/qemu/." "$root/usr/share/seabios/." "$root/usr/lib/ipxe/qemu/." "$to/share/" 2>/dev/null || true
	mv "$to" "$VM_HOME/qemu"
	rm -rf "$root"
}

# qemu boots an unpacked kernel (PVH) seconds sooner than one that unpacks itself.
unpack_kernel() {
	python3 - "$1" "$2" <<'PROGRAM'
import lzma, struct, subprocess, sys, zlib

image = open(sys.argv[1], "rb").read()
setup = (image[0x1F1] or 4) * 512 + 512
offset, length = struct.unpack_from("<II", image, 0x248)
payload = image[setup + offset : setup + offset + length]
if payload[:6] == b"\xfd7zXZ\0":
    kernel = lzma.LZMADecompressor().decompress(payload)
elif payload[:2] == b"\x1f\x8b":
    kernel = zlib.decompressobj(31).decompress(payload)
else:
    program = "lz4" if payload[:4] == b"\x02!L\x18" else "zstd"
    kernel = subprocess.run([program, "-dcq"], input=payload[:-4], stdout=subprocess.PIPE).stdout
if kernel[:4] != b"\x7fELF":
    sys.exit("no kernel found")
open(sys.argv[2], "wb").write(kernel)
PROGRAM
}

# make_initrd ROOT VERSION FILE: finds the disk and goes on there
make_initrd() {
	local tree=$work/initrd module
	mkdir -p "$tree"/{bin,dev,proc,sys,new,modules}
	cp "$(find "$1" -type f -path '*bin/busybox' | head -n 1)" "$tree/bin/busybox"
	for module in virtio_pci virtio_blk ext4 virtio_console crc32c_generic crc32c-intel; do
		modprobe -d "$1${1:+/usr}" -S "$2" --show-depends --ignore-install "$module" 2>/dev/null || true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$work/modules"
	: >"$tree/modules/order"
	while read -r module; do
		local name=${module##*/}
		case $name in
		*.xz) xz -dc "$module" >"$tree/modules/${name%.xz}" ;;
		*) cp "$module" "$tree/modules/" ;;
		esac
		echo "${name%.xz}" >>"$tree/modules/order"
	done <"$work/modules"
	install -m 755 "$VM_SOURCE/initrd-init" "$tree/init"
	(cd "$tree" && find . | cpio -o -H newc -R 0:0 --quiet) >"$3"
	rm -rf "$tree"
}

make_kernel() {
	local name=$1 release=$2 package=$3 image version wanted to=$VM_HOME/kernels/$1.new
	isolated_apt "$release" "$work/apt-$release"
	apt-get "${APT[@]}" update >"$work/log" 2>&1 || die "apt-get update for $release failed"
	image=$(apt-cache "${APT[@]}" depends --no-recommends --no-suggests "$package" |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }')
	wanted=$(apt-cache "${APT[@]}" depends --no-recommends --no-suggests "$image" |
		awk '$1 == "Depends:" && $2 ~ /^linux-(modules|binary)-/ { print $2 }')
	mkdir "$work/deb-$name" "$work/tree-$name"
	# shellcheck disable=SC2086 # a list
	(cd "$work/deb-$name" && apt-get "${APT[@]}" download "$image" busybox-static $wanted >>"$work/log" 2>&1) ||
		die "cannot download $image"
	for package in "$work/deb-$name"/*.deb; do dpkg-deb -x "$package" "$work/tree-$name"; done
	[ -d "$work/tree-$name/usr/lib/modules" ] || { mkdir -p "$work/tree-$name/usr/lib" && mv "$work/tree-$name/lib/modules" "$work/tree-$name/usr/lib/"; }
	[ -e "$work/tree-$name/lib" ] || ln -s usr/lib "$work/tree-$name/lib"
	mkdir -p "$work/tree-$name/usr/lib"
	version=$(basename "$work/tree-$name"/usr/lib/modules/*)
	rm -rf "$to"
	mkdir -p "$to"
	unpack_kernel "$work/tree-$name/boot/vmlinuz-$version" "$to/vmlinux"
	[ -e "$work/tree-$name/usr/lib/lib" ] || ln -s . "$work/tree-$name/usr/lib/lib"
	depmod -b "$work/tree-$name/usr" "$version" 2>/dev/null || true
	make_initrd "$work/tree-$name" "$version" "$to/initrd.img"
	tar -C "$work/tree-$name/usr/lib/modules" -cf "$to/modules.tar" "$version"
	echo "$version" >"$to/version"
	mv "$to" "$VM_HOME/kernels/$name"
	rm -rf "$work/tree-$name" "$work/deb-$name"
}

userland="systemd systemd-sysv dbus dbus-user-session libpam-systemd udev kmod iproute2 procps util-linux libsystemd0 passwd
	bats jq busybox-static uidmap strace python3 bubblewrap libcap2-bin tmux criu iptables gcc libc6-dev make diffutils git runc passt
	crun curl ffmpeg imagemagick mandoc nginx nodejs openssh-client poppler-utils python3-pip python3-setuptools python3-venv redis-server
	xdg-dbus-proxy aardvark-dns bsdextrautils ca-certificates catatonit conmon containerd containernetworking-plugins debootstrap docker-cli docker-compose
	docker.io netavark nftables podman protobuf-compiler python3-grpcio slirp4netns tini"

# What a machine for tests has no use for costs seconds of an emulated processor at each boot.
thin_out() {
	local root=$1 unit
	for unit in systemd-timesyncd.service e2scrub_reap.service getty.target serial-getty@ttyS0.service systemd-firstboot.service \
		systemd-hwdb-update.service ldconfig.service systemd-update-done.service systemd-journal-catalog-update.service \
		systemd-pcrphase.service systemd-pcrmachine.service systemd-tpm2-setup.service systemd-tpm2-setup-early.service \
		systemd-random-seed.service systemd-journal-flush.service systemd-binfmt.service systemd-modules-load.service \
		systemd-remount-fs.service systemd-sysusers.service systemd-pstore.service modprobe@configfs.service \
		modprobe@drm.service modprobe@fuse.service modprobe@efi_pstore.service sys-kernel-debug.mount \
		sys-kernel-config.mount proc-sys-fs-binfmt_misc.automount apt-daily.timer apt-daily-upgrade.timer \
		dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-tmpfiles-clean.timer systemd-udev-trigger.service \
		containerd.service docker.service docker.socket nginx.service redis-server.service podman.service podman.socket \
		podman-restart.service podman-auto-update.service podman-auto-update.timer podman-clean-transient.service ssh-agent.socket \
		netavark-dhcp-proxy.socket netavark-firewalld-reload.service apparmor.service nftables.service; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
	touch "$root/etc/.updated" "$root/var/.updated"
	mkdir -p "$root/etc/systemd/journald.conf.d"
	printf '[Journal]\nStorage=volatile\n' >"$root/etc/systemd/journald.conf.d/vm.conf"
}

# The root file system of tests/helpers/rootfs.bash, where that looks for it: there is no network in the machine to make it with.
make_rootfs() {
	local directory
	# shellcheck source=tests/helpers/rootfs.bash
	. "$VM_SOURCE/../helpers/rootfs.bash"
	directory=$1/var/cache/casemate-tests/$(rootfs_name "$VM_USERLAND")
	mkdir -p "$directory"
	# shellcheck disable=SC2086 # a list
	packages "$VM_USERLAND" "$directory/rootfs" minbase $ROOTFS_PACKAGES
	rootfs_thin_out "$directory/rootfs"
}

make_disk() {
	local root=$work/root
	# shellcheck disable=SC2086 # a list
	packages "$VM_USERLAND" "$root" minbase $userland
	rm -rf "$root"/etc/apt/sources.list* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root/etc/resolv.conf"
	# Engines bind the host's.
	: >"$root/etc/resolv.conf"
	echo vm >"$root/etc/hostname"
	printf '127.0.0.1 localhost vm\n' >"$root/etc/hosts"
	: >"$root/etc/fstab"
	chroot "$root" useradd -m -s /bin/bash -u 1000 tester
	grep -q ^tester: "$root/etc/subuid" || echo tester:100000:65536 >>"$root/etc/subuid"
	grep -q ^tester: "$root/etc/subgid" || echo tester:100000:65536 >>"$root/etc/subgid"
	install -m 755 "$VM_SOURCE/guest-agent" "$root/usr/local/sbin/guest-agent"
	install -m 755 "$VM_SOURCE/as-user" "$root/usr/local/bin/as-user"
	install -m 644 "$VM_SOURCE/guest-agent.service" "$root/etc/systemd/system/"
	chroot "$root" systemctl -q enable guest-agent.service
	mkdir -p "$root/var/lib/systemd/linger"
	: >"$root/var/lib/systemd/linger/tester"
	thin_out "$root"
	make_rootfs "$root"
	truncate -s 8G "$VM_HOME/disk.new"
	mkfs.ext4 -q -F -O ^orphan_file,^metadata_csum_seed,^has_journal -m 0 -E lazy_itable_init=0,root_owner=0:0 -d "$root" "$VM_HOME/disk.new"
	mv "$VM_HOME/disk.new" "$VM_HOME/disk.img"
}

[ -d "$VM_HOME/qemu" ] || make_emulator
mkdir -p "$VM_HOME/kernels"
while read -r name release package; do
	[ -d "$VM_HOME/kernels/$name" ] || make_kernel "$name" "$release" "$package"
done <<<"$VM_KERNELS"
# One that is older than what is on it is made anew.
[ -n "$(find "$VM_HOME/disk.img" -newer "$VM_SOURCE/prepare.sh" -newer "$VM_SOURCE/guest-agent" 2>/dev/null)" ] || make_disk
