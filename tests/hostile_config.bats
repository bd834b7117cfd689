#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A config.json that is written by an attacker: what it smuggles is refused, and the host stays as it is.

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

@test "masks over the root are an error, for they would hide nothing" {
	local list path
	for list in maskedPaths readonlyPaths; do
		for path in / // /.; do
			edit_config --arg l $list --arg p $path '.linux[$l] += [$p]'
			run_casemate
			assert_refused $list $path
			assert_stderr "is the root of the container"
			make_bundle restricted
		done
	done
}

@test "user and group ids that are none are refused" {
	local value
	for value in -1 4294967295 4294967296 18446744073709551615 18446744073709551616 1e3 1.0 '"1000"' null true 0x10 '[]' \
		99999999999999999999999999 1e999 01 +1; do
		sed -E "s/\"uid\": 1000/\"uid\": $value/" "$BUNDLE/config.json" >"$BUNDLE/new"
		local keep
		keep=$(cat "$BUNDLE/config.json")
		mv "$BUNDLE/new" "$BUNDLE/config.json"
		run_casemate
		assert_refused "uid $value"
		sed -E "s/\"gid\": 1000/\"gid\": $value/" <<<"$keep" >"$BUNDLE/config.json"
		run_casemate
		assert_refused "gid $value"
		jq '.process.user.additionalGids = [77777]' <<<"$keep" | sed "s/77777/$value/" >"$BUNDLE/config.json"
		run_casemate
		assert_refused "additionalGids $value"
		printf '%s\n' "$keep" >"$BUNDLE/config.json"
	done
}

@test "user ids above 2^31 are those ids" {
	edit_config '.process.user = {uid: 2147483648, gid: 4294967294}'
	set_args /probe ids
	run_casemate
	assert_status 0
	assert_line "uid 2147483648 2147483648 2147483648 -2147483648"
	[[ $output == *"gid 4294967294 4294967294 4294967294"* ]]
}

@test "root by another name is refused by restricted" {
	edit_config '.process.user = {uid: 0, gid: 0}'
	run_casemate
	assert_refused
	assert_stderr uid
	edit_config 'del(.process.user)'
	run_casemate
	assert_refused
}

@test "a key that is given twice is refused, an unknown one too" {
	sed -i 's/"noNewPrivileges": true/"noNewPrivileges": true, "noNewPrivileges": false/' "$BUNDLE/config.json"
	run_casemate
	assert_refused
	assert_stderr noNewPrivileges
	make_bundle restricted
	sed -i 's/"hostname"/"x": {"a": 1, "a": 2}, "hostname"/' "$BUNDLE/config.json"
	run_casemate
	assert_refused "twice in an unknown object"
}

@test "NUL bytes, broken UTF-8, deep and endless JSON" {
	local text
	edit_config '.hostname = "MARK"'
	cp "$BUNDLE/config.json" "$BUNDLE/keep"
	sed 's/MARK/a\\u0000b/' "$BUNDLE/keep" >"$BUNDLE/config.json"
	run_casemate
	assert_refused "NUL"
	sed 's/MARK/\xff\xfe/' "$BUNDLE/keep" >"$BUNDLE/config.json"
	run_casemate
	assert_refused "broken UTF-8"
	text=$(printf '[%.0s' {1..5000})
	sed "s/\"MARK\"/\"b\", \"deep\": $text/" "$BUNDLE/keep" >"$BUNDLE/config.json"
	run_casemate
	assert_refused deep
	(cat "$BUNDLE/keep" && echo '{}') >"$BUNDLE/config.json"
	run_casemate
	assert_refused "something behind the document"
	head -c 100 "$BUNDLE/keep" >"$BUNDLE/config.json"
	run_casemate
	assert_refused cut
	: >"$BUNDLE/config.json"
	run_casemate
	assert_refused empty
	rm "$BUNDLE/config.json"
	mkfifo "$BUNDLE/config.json"
	run --separate-stderr timeout -k 2 10 "$CASEMATE" run --bundle "$BUNDLE" "$ID" </dev/null
	assert_refused "a FIFO"
	rm "$BUNDLE/config.json"
	ln -s /dev/zero "$BUNDLE/config.json"
	run --separate-stderr timeout -k 2 10 "$CASEMATE" run --bundle "$BUNDLE" "$ID" </dev/null
	assert_refused endless
}

@test "counts around 2^16 are refused or carried out, and do not crash" {
	edit_config '.process.env += [range(60000) | "V\(.)=x"]'
	run_casemate
	assert_refused_or_ran "60000 variables"
	make_bundle restricted
	edit_config '.process.args = ["/probe", "status", "0"] + [range(65537) | "a"]'
	run_casemate
	assert_refused_or_ran "65537 arguments"
	make_bundle restricted
	edit_config '.linux.maskedPaths = [range(65537) | "/none/\(.)"]'
	run_casemate
	assert_refused_or_ran "65537 masked paths"
	make_bundle restricted
	edit_config '.process.user.additionalGids = [range(1;65538)]'
	run_casemate
	assert_refused_or_ran "65537 groups"
	make_bundle restricted
	edit_config '.mounts += [range(3000) | {destination: "/tmp", type: "tmpfs", source: "t", options: ["size=4k"]}]'
	run_casemate
	assert_refused_or_ran "3000 mounts"
}

@test "sysctls that are not what they seem" {
	PROFILE=privileged
	local key
	for key in kernel.core_pattern vm.overcommit_memory net.ipv4.../../kernel/core_pattern net/../kernel/core_pattern \
		kernel/core_pattern 'net.ipv4.ip_forward/../../../kernel/core_pattern' '' . .. net. .net 'net..ipv4' \
		'../../../../etc/passwd' $'net.ipv4.ip_forward\n' 'net.ipv4 ip_forward' fs.mqueue/../file-max; do
		# Should it be written all the same, then what is there already.
		edit_config --arg k "$key" --arg v "$(cat /proc/sys/kernel/core_pattern)" '.linux.sysctl = {($k): $v}'
		run_casemate
		assert_refused "$key"
	done
	PROFILE=restricted
	for key in kernel.hostname kernel.msgmax net.ipv4.ip_forward net.core.somaxconn; do
		edit_config --arg k "$key" '.linux.sysctl = {($k): "1"}'
		run_casemate
		assert_refused "$key"
		assert_stderr "$key"
	done
	edit_config '.linux.namespaces |= map(select(.type != "ipc")) | .linux.sysctl = {"kernel.shm_rmid_forced": "1"}'
	PROFILE=privileged
	run_casemate
	assert_refused "a sysctl of the host's ipc namespace"
}

# Docker writes the path of the host's network namespace for --network host. Should it be set all the same, then to what it is.
@test "a sysctl of a namespace of the host's is not set, by whatever path that is joined" {
	requires root
	PROFILE=privileged
	local kind key file path
	edit_config 'del(.hostname)'
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/plain"
	while read -r kind file key; do
		for path in "/proc/self/ns/$file" "/proc/$$/ns/$file"; do
			cp "$BATS_TEST_TMPDIR/plain" "$BUNDLE/config.json"
			edit_config --arg t "$kind" --arg p "$path" --arg k "$key" --arg v "$(cat "/proc/sys/${key//.//}")" \
				'(.linux.namespaces[] | select(.type == $t)).path = $p | .linux.sysctl = {($k): $v}'
			run_casemate
			assert_refused "$key by $path" || return
			assert_stderr "sysctl \"$key\" not allowed in host $kind namespace" || return
		done
	done <<-END
		network net net.ipv4.ip_forward
		ipc ipc kernel.shm_rmid_forced
		uts uts kernel.domainname
	END
}

@test "a value of a sysctl is one write, and not a second key" {
	PROFILE=privileged
	edit_config '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "80\n+kernel.core_pattern=|/x"}'
	run_casemate
	assert_refused_or_ran
}

@test "cgroup paths that leave the hierarchy" {
	PROFILE=baseline
	local path
	for path in /../x ../../x a/../../b /a/../../../b ../.. '..' "/$(head -c 5000 /dev/zero | tr '\0' a)" $'x\ny'; do
		edit_config --arg p "$path" '.linux.cgroupsPath = $p | .linux.resources.pids.limit = 50'
		run_casemate
		assert_refused "cgroupsPath $path"
	done
}

@test "ids of containers that are paths or options" {
	local id
	for id in ../x .. . '' / a/b $'a\nb' 'a b' "$(head -c 2000 /dev/zero | tr '\0' a)" 'ü'; do
		run --separate-stderr timeout -k 2 10 "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$id" </dev/null
		assert_refused "id $id"
	done
}

@test "hostnames, environment and arguments with control bytes are told without them" {
	edit_config '.process.args = ["/no\u001b[31mthing"]'
	run_casemate
	assert_status 127
	[[ $stderr != *$'\e'* ]] || fail "an escape sequence reached the terminal"
	edit_config '.process.args = ["/probe", "ids"] | .mounts += [{destination: "/x", type: "bind", source: "/none\u001b]0;x\u0007"}]'
	run_casemate
	[[ $stderr != *$'\e'* && $stderr != *$'\a'* ]] || fail "an escape sequence reached the terminal"
}

# CSI in one character, as UTF-8 has it: terminals obey that as well. And a line of one's own in the log of an operator.
@test "nor with control characters of two bytes, and no text of a config begins a line" {
	edit_config '.process.args = ["/no\u009b31mthing\ncasemate: all is well"]
		| .mounts += [{destination: "/x\u009b2J\nfake", type: "proc", source: "proc"}]'
	run_casemate
	assert_status 125
	[[ $stderr != *$'\u009b'* ]] || fail "an escape sequence reached the terminal"
	[ "$(grep -c '^[^ ]' <<<"$stderr")" = 1 ] || fail "a line of the config's"
	capture "$CASEMATE" explain --profile restricted "$BUNDLE"
	assert_match '/x.xc2.x9b2J.x0afake'
	[[ $output$stderr != *$'\u009b'* ]] || fail "an escape sequence reached the terminal"
	edit_config 'del(.mounts[-1])'
	run_casemate
	assert_status 127
	[[ $stderr != *$'\u009b'* ]] || fail "an escape sequence reached the terminal"
	[ "$(grep -c '^[^ ]' <<<"$stderr")" = 1 ] || fail "a line of the config's"
}

@test "annotations change nothing" {
	set_args /probe caps
	run_casemate
	local before=$output
	edit_config '.annotations = {"run.oci.keep_original_groups": "1", "run.oci.hooks.stdout": "'"$HOST"'/out",
		"org.casemate.profile": "privileged", "casemate.profile": "privileged", "run.oci.delegate-cgroup": "..",
		"run.oci.mount_context_type": "x", "run.oci.handler": "krun"}'
	run_casemate
	[ "$output" = "$before" ] || fail "the capabilities are others"
}

@test "duplicate namespaces are refused" {
	edit_config '.linux.namespaces += [{type: "pid"}]'
	run_casemate
	assert_refused
}

# --- mounts over what the launcher relies on

@test "mounts over /proc/self, its attributes and sysctls" {
	local target
	PROFILE=privileged
	for target in /proc/self/attr /proc/self /proc/sys /proc/sys/kernel /proc/1 /proc/self/fd /proc/thread-self /proc/sys/net; do
		edit_config --arg t "$target" '.mounts |= .[0:7] + [{destination: $t, type: "tmpfs", source: "tmpfs", options: []}]'
		run_casemate
		assert_refused "a tmpfs on $target"
	done
	for target in /proc/self/sched /proc/sys/net/ipv4/ip_forward /proc/sysrq-trigger; do
		edit_config --arg t "$target" --arg s "$HOST/file" \
			'.mounts |= .[0:7] + [{destination: $t, type: "bind", source: $s, options: ["bind"]}]'
		run_casemate
		assert_refused "a file on $target"
	done
}

@test "two mounts of proc, and proc elsewhere than on /proc" {
	mkdir "$ROOTFS/p"
	edit_config '.mounts += [{destination: "/proc", type: "proc", source: "proc", options: []}]'
	attack_table <<-END
		EROFS|EACCES rewrite /proc/sys/kernel/core_pattern
		absent|EACCES read /proc/interrupts
	END
	make_bundle restricted
	edit_config '.mounts += [{destination: "/p", type: "proc", source: "proc", options: []}]'
	run_casemate
	assert_refused "proc on /p"
}

@test "a mount on the root directory is refused" {
	local target
	for target in / // /. /tmp/.. ''; do
		edit_config --arg t "$target" '.mounts |= .[0:7] + [{destination: $t, type: "tmpfs", source: "tmpfs", options: []}]'
		run_casemate
		[ "$status" -ne 0 ] || fail "a mount on '$target'"
	done
}

@test "sensitive sources are found by what they are, not by their name" {
	mkdir "$ROOTFS/m"
	local dir=$BATS_TEST_TMPDIR/aliases
	mkdir "$dir"
	ln -s / "$dir/root"
	ln -s /etc "$dir/etc"
	ln -s /proc/self/root "$dir/magic"
	mkdir "$dir/bound"
	mount --bind /etc "$dir/bound"
	local source wrong=
	for source in / /etc /etc/ //etc /./etc /proc /dev /sys /boot /root /var/run /etc/shadow /usr/../etc "$dir/root" "$dir/etc" \
		"$dir/magic" "$dir/bound" "$dir/root/etc" "$dir/../../../../../../../../etc" /proc/1/root; do
		[ -e "$source" ] || continue
		edit_config --arg s "$source" '.mounts |= .[0:7] + [{destination: "/m", type: "bind", source: $s, options: ["rbind", "ro"]}]'
		run_casemate
		[ "$status" -eq 125 ] || wrong+=" $source"
	done
	umount "$dir/bound"
	[ -z "$wrong" ] || fail "bound:$wrong"
}

@test "a bundle that lies among those of other containers has its own root, and none of theirs" {
	local place=/run/containerd/io.containerd.runtime.v2.task/k8s.io root expected
	edit_config '.mounts = [] | .root.readonly = true'
	set_args /bin/true
	for PROFILE in restricted baseline; do
		while read -r expected root; do
			edit_config --arg p "$root" '.root.path = $p'
			# shellcheck disable=SC2016
			capture timeout -k 2 20 unshare -m sh -c 'mount -t tmpfs tmpfs /run && mkdir -p "$1" && cp -a "$2" "$1/own" &&
				cp -a "$2" "$1/other" && ln -s ../other/rootfs "$1/own/link" && shift 2 && exec "$CASEMATE" run "$@"' sh \
				"$place" "$BUNDLE" --profile "$PROFILE" --bundle "$place/own" "$ID"
			[ "$status" -eq "$expected" ] || fail "$root: expected $expected"
			[[ $expected = 0 || $stderr == *"other containers"* ]] || fail "$root is refused for another reason"
		done <<-END
			0 rootfs
			0 $place/own/rootfs
			125 $place/other/rootfs
			125 ../other/rootfs
			125 link
		END
	done
}

@test "a directory beside a sensitive one is not sensitive" {
	mkdir "$ROOTFS/m"
	local sibling=$BATS_TEST_TMPDIR/etcetera
	mkdir "$sibling"
	edit_config --arg s "$sibling" '.mounts += [{destination: "/m", type: "bind", source: $s, options: ["rbind", "ro"]}]'
	run_casemate
	assert_status 0
}

# On a host of its own, with a socket where an engine has it.
@test "the socket of an engine is refused, by its own name and by another one" {
	requires python3
	local source
	mkdir -p "$BATS_TEST_TMPDIR/alias"
	for source in /run/docker.sock /var/run/docker.sock "$BATS_TEST_TMPDIR/alias/docker.sock" /run; do
		edit_config --arg s "$source" '.mounts |= .[0:7] + [{destination: "/srv", type: "bind", source: $s, options: ["bind"]}]'
		# shellcheck disable=SC2016
		capture timeout -k 2 20 unshare -m sh -c 'mount -t tmpfs tmpfs /run && mount --bind /run "$1" &&
			python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"/run/docker.sock\")" &&
			exec "$CASEMATE" run --bundle "$2" "$3"' sh "$BATS_TEST_TMPDIR/alias" "$BUNDLE" "$ID"
		assert_refused "$source"
		[[ $stderr == *refuses* ]] || fail "for another reason: $source"
	done
}
