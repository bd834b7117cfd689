# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# ENGINE_MACHINE=systemd: the words of machine.bash on a machine that is there for tests alone, as tests/vm boots it. Each server
# is a unit of systemd, as a distribution starts it, and has systemd make the cgroups of containers: casemate does that by its
# helper, which is put where the program looks for it.

machine_start() {
	local helper
	[ -d /opt/job ] || {
		echo "this is for a machine of tests/vm" >&2
		return 1
	}
	MACHINE=$1
	export MACHINE
	helper=$(grep -ao '/[a-z0-9/._-]*/systemd-scope' "$CASEMATE" | head -n 1)
	install -D -m 755 "$BUILD/systemd-scope" "$helper"
}

machine_run() (
	{ set +x; } 2>/dev/null # of a check that is traced, the command is of interest
	exec "$@"
)

machine_daemon() {
	local name=$1
	shift
	systemd-run --quiet --collect --unit "engine-$name" -p Delegate=yes -p TasksMax=infinity -p LimitNOFILE=524288 \
		-p "StandardOutput=file:$MACHINE/$name.log" -p "StandardError=file:$MACHINE/$name.log" \
		-E PATH=/usr/sbin:/usr/bin:/sbin:/bin -E HOME=/root -- "$@"
}

SCOPES=('docker-*.scope' 'cri-containerd-*.scope' 'libpod-*.scope' 'ctr-*.scope')

# Containers outlive their engine: a pod of which a container was refused is still there.
machine_stop() {
	local mount bridge
	systemctl stop 'engine-*' "${SCOPES[@]}"
	! id ordinary >/dev/null 2>&1 || { loginctl disable-linger ordinary && systemctl stop user@4321.service && userdel ordinary; }
	awk -v below="$MACHINE/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mount; do
		umount -l "$mount"
	done
	# The addresses of one that stays are those that the next engine gives out.
	ip -json link show type bridge | jq -r '.[].ifname // empty' | while read -r bridge; do
		ip link delete "$bridge"
	done
	[ -z "$(machine_left)" ] || {
		echo "the engines left scopes behind: $(machine_left)" >&2
		return 1
	}
}

machine_left() {
	systemctl list-units --all --plain --no-legend "${SCOPES[@]}"
}
