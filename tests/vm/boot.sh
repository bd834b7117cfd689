#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
#	boot.sh KERNEL DIRECTORY [SECONDS]	boots a machine with that kernel, copies DIRECTORY in and runs ./job there
#
# Prints what the job prints, and ends with its exit status: 124 when SECONDS (900) were not enough, 125 when the machine
# did not get that far. The machine is emulated, so that it runs where there is no virtualisation; it has no network, and
# what it writes to its disk is thrown away.
. "$(dirname "$0")/common.sh"

kernel=$VM_HOME/kernels/$1 directory=$2 limit=${3:-900}
[ -d "$kernel" ] || die "there is no kernel $1: prepare.sh"
work=$(mktemp -d "$VM_HOME/boot.XXXXXX")
emulator=
trap '[ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

mkdir "$work/extra"
cp "$kernel/modules.tar" "$work/extra/.modules.tar"
date +%s >"$work/extra/.now"
tar -C "$directory" --owner=0 --group=0 -cf "$work/job.tar" . -C "$work/extra" .modules.tar .now
truncate -s %512 "$work/job.tar"
: >"$work/status"
disk() {
	printf '%s\n' -drive "if=none,id=$1,format=raw,file=$2" -device "virtio-blk-pci,drive=$1"
}
mapfile -t disks < <(disk root "$VM_HOME/disk.img,snapshot=on,cache=unsafe" && disk job "$work/job.tar,readonly=on")
qemu=$VM_HOME/qemu
TMPDIR=$work timeout --foreground -k 5 "$limit" "$qemu/lib/ld-linux-x86-64.so.2" --library-path "$qemu/lib" "$qemu/qemu-system-x86_64" -L "$qemu/share" \
	-machine q35 -accel tcg,thread=multi,tb-size=512 -cpu max,-la57,-pku -m "${VM_MEMORY:-2048}" -smp "${VM_CPUS:-2}" -nodefaults -no-user-config -display none \
	-no-reboot -nic none -serial "file:$work/console" -kernel "$kernel/vmlinux" -initrd "$kernel/initrd.img" \
	-append "console=ttyS0 quiet loglevel=3 mitigations=off no_timer_check tsc=reliable random.trust_cpu=on audit=0 nowatchdog panic=-1 systemd.show_status=0 systemd.gpt_auto=0 cryptomgr.notests initcall_blacklist=jent_mod_init" \
	"${disks[@]}" -device virtio-rng-pci -device virtio-serial-pci \
	-chardev "file,id=output,path=/dev/fd/3" -device virtserialport,chardev=output,name=output \
	-chardev "file,id=status,path=$work/status" -device virtserialport,chardev=status,name=status \
	3>&1 >"$work/emulator.log" 2>&1 &
emulator=$!
result=0
wait "$emulator" || result=$?
emulator=
status=$(head -n 1 "$work/status")
[ -z "$status" ] || exit "$status"
tail -c 3000 "$work/emulator.log" "$work/console" >&2
[ "$result" != 124 ] || exit 124
exit 125
