#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# checkpoint and restore with the real criu, for a machine on which it works (`criu check`): boot.sh makes one. What can be
# tried without is in ../checkpoint.bats.

load ../helpers/common
load ../helpers/lifecycle

setup_file() {
	criu check || fail "this is for a machine where criu works"
}

setup() {
	common_setup
	requires root criu
	make_bundle restricted
	IMAGE=$BATS_TEST_TMPDIR/image WORK=$BATS_TEST_TMPDIR/work
	mkdir -m 700 "$WORK"
	# Everything of the profile baseline, and images.
	PROFILE=$BATS_TEST_TMPDIR/images.json
	echo '{"casemate": 1, "name": "images", "extends": "baseline", "widen": true, "images": "allow"}' >"$PROFILE"
}

teardown() {
	"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" delete --force "$ID" || true
	common_teardown
}

COUNT='i=0; while :; do echo $i >/tmp/count.new; mv /tmp/count.new /tmp/count; i=$((i + 1)); sleep 0.05; done'

counts() {
	ln -sf busybox "$BUNDLE/rootfs/bin/mv"
	started /bin/sh -c "$COUNT"
	eventually past 3
}

pid() {
	cat "$BATS_TEST_TMPDIR/pid"
}

count() {
	cat "/proc/$(pid)/root/tmp/count"
}

past() {
	[ "$(count)" -gt "$1" ]
}

checkpoint() {
	good checkpoint --image-path "$IMAGE" --work-path "$WORK" "$@" "$ID"
}

restore() {
	good restore --profile "$PROFILE" --bundle "$BUNDLE" --detach --pid-file "$BATS_TEST_TMPDIR/pid" --image-path "$IMAGE" \
		--work-path "$WORK" "$@" "$ID"
}

# What of a process must be as it was.
credentials() {
	grep -E '^(Uid|Gid|Groups|Cap.*|NoNewPrivs|Seccomp|Seccomp_filters):' "/proc/$(pid)/status"
}

# The mounts, without what numbers them.
mounts() {
	awk '{ $1 = $2 = $3 = ""; print }' "/proc/$(pid)/mountinfo" | sort
}

@test "criu: a counter goes on where it stopped, with the same rights, mounts and limits" {
	edit_config '.linux.resources.memory = {limit: 67108864} | .linux.maskedPaths = ["/proc/keys", "/proc/acpi", "/sys/firmware"]
		| .linux.readonlyPaths = ["/proc/bus", "/proc/sys"] | .mounts += [{destination: "/srv", type: "bind", source: $data, options: ["bind", "ro"]}]' \
		--arg data "$WORK"
	counts
	credentials >"$WORK/credentials"
	mounts >"$WORK/mounts"
	checkpoint
	nothing_left
	restore
	local before
	before=$(count)
	[ "$before" -ge 3 ] || fail "it began anew"
	eventually past "$before"
	credentials | diff "$WORK/credentials" -
	mounts | diff "$WORK/mounts" -
	good exec "$ID" /bin/cat /tmp/count
	good pause "$ID"
	good resume "$ID"
	good update --memory 33554432 "$ID"
	good ps "$ID"
	good kill "$ID" KILL
	eventually status_is stopped
	good delete "$ID"
	nothing_left
}

@test "criu: pipes, unlinked files and children come back" {
	ln -sf busybox "$BUNDLE/rootfs/bin/rm"
	# shellcheck disable=SC2016 # for the inner shell
	started /bin/sh -c 'exec 3>/tmp/held 4</tmp/held; rm /tmp/held; echo kept >&3
		(i=0; while :; do echo $i; i=$((i + 1)); sleep 0.05; done) | while read -r n; do echo $n >/tmp/count; [ $n != 30 ] || cat <&4 >/tmp/unlinked; done'
	eventually past 3
	checkpoint --link-remap
	restore
	eventually past 32
	[ "$(cat "/proc/$(pid)/root/tmp/unlinked")" = kept ]
}

@test "criu: a container can go on, and be written twice" {
	counts
	checkpoint --leave-running
	local before
	before=$(count)
	eventually past "$before"
	checkpoint
	restore
	eventually past "$before"
	checkpoint
	restore
	eventually past "$((before + 5))"
}

@test "criu: a container that is paused is written as it is" {
	counts
	good pause "$ID"
	checkpoint --leave-running
	status_is paused
	good resume "$ID"
	local before
	before=$(count)
	eventually past "$before"
}

@test "criu: a checkpoint that is killed at any moment leaves a container that runs, or a whole image of it" {
	counts
	local after before
	for after in 0.02 0.1 0.2 0.4 0.8; do
		rm -rf "$IMAGE"
		before=$(count)
		timeout -s KILL "$after" "$CASEMATE" --root "$BATS_TEST_TMPDIR/state" checkpoint --image-path "$IMAGE" --work-path "$WORK" "$ID" 3>&- || true
		sleep 1
		cm state "$ID"
		# It was done before it was killed: what criu has ended is in the image.
		if [ "$status" -ne 0 ] || [ "$(jq -r .status <<<"$output")" = stopped ]; then
			good delete --force "$ID"
			restore
		fi
		eventually past "$before" || return
	done
}

@test "criu: the terminal comes back to a console socket" {
	requires python3
	edit_config '.process.terminal = true'
	python3 - "$WORK/console" <<-'END' 3>&- &
		import array, os, socket, sys
		listening = socket.socket(socket.AF_UNIX)
		listening.bind(sys.argv[1])
		listening.listen()
		for turn in range(2):
		    peer = listening.accept()[0]
		    _, control, _, _ = peer.recvmsg(64, socket.CMSG_LEN(4))
		    master = array.array("i", control[0][2])[0]
		    text = b""
		    while b"7\r\n" not in text:
		        text += os.read(master, 100)
		    open(sys.argv[1] + str(turn), "w").close()
	END
	eventually test -S "$WORK/console"
	# shellcheck disable=SC2016 # for the inner shell
	set_args /bin/sh -c 'i=0; while :; do echo $i; i=$((i + 1)); sleep 0.1; done'
	good create --profile "$PROFILE" --bundle "$BUNDLE" --console-socket "$WORK/console" "$ID"
	good start "$ID"
	eventually test -e "$WORK/console0"
	checkpoint
	restore --console-socket "$WORK/console"
	eventually test -e "$WORK/console1"
	wait
}

@test "criu: a network namespace that was given is given again" {
	unshare -n sleep 1000 3>&- &
	local holder=$!
	eventually test "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$holder/ns/net")"
	PROFILE=privileged
	edit_config '(.linux.namespaces[] | select(.type == "network")).path = $path' --arg path "/proc/$holder/ns/net"
	counts
	checkpoint
	restore
	[ "$(readlink "/proc/$(pid)/ns/net")" = "$(readlink "/proc/$holder/ns/net")" ]
	kill "$holder"
}
