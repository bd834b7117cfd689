# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Images that every engine loads, as docker-archive(5) tarballs; no registry is asked.
#   image_busybox FILE   a static busybox with all its applets, and nothing else: docker.io/library/busybox:test
#   image_user FILE      the same for the user 1000:1000: docker.io/library/busybox:user
#   image_pause FILE     the same for the user 65535:65535, with a command that sleeps: docker.io/library/pause:test
#   image_debian FILE    Debian, made by debootstrap (../helpers/rootfs.bash): docker.io/library/debian:test

# image_pack NAME LAYER.tar FILE [USER [COMMAND...]]
image_pack() {
	local sum
	sum=$(sha256sum "$2" | cut -d' ' -f1)
	jq -nc --arg arch "$(dpkg --print-architecture 2>/dev/null || echo amd64)" --arg diff "sha256:$sum" \
		--arg user "${4-}" '$ARGS.positional as $command | {
		architecture: $arch, os: "linux", created: "2024-01-01T00:00:00Z",
		config: {Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: (if $command == [] then ["sh"] else $command end), User: $user},
		rootfs: {type: "layers", diff_ids: [$diff]}, history: [{created: "2024-01-01T00:00:00Z", created_by: "tests"}]
	}' --args -- "${@:5}" >"${2%/*}/config.json"
	jq -nc --arg name "$1" '[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"${2%/*}/manifest.json"
	tar -C "${2%/*}" -cf "$3" config.json manifest.json layer.tar
	rm -r "${2%/*}"
}

# What an image of today has: users, and directories that anybody may write to.
image_base() {
	mkdir -p "$1"/{bin,dev,etc,home/user,proc,root,run,sys,tmp,usr/bin,var/tmp}
	chmod 1777 "$1/tmp" "$1/var/tmp"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nextra:x:44:user\nuser:x:1000:\n' >"$1/etc/group"
	chown 1000:1000 "$1/home/user"
}

image_busybox() {
	image_of_busybox docker.io/library/busybox:test "$1"
}

image_user() {
	image_of_busybox docker.io/library/busybox:user "$1" 1000:1000
}

# What holds a pod's namespaces; Kubernetes' own runs as this user, too.
image_pause() {
	image_of_busybox docker.io/library/pause:test "$1" 65535:65535 sleep 1000000
}

# image_of_busybox NAME FILE [USER [COMMAND...]]
image_of_busybox() {
	local work applet
	work=$(mktemp -d)
	image_base "$work/root"
	cp "$(command -v busybox)" "$work/root/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$work/root/bin/$applet"
	done
	mkdir "$work/image"
	tar -C "$work/root" -cf "$work/image/layer.tar" .
	image_pack "$1" "$work/image/layer.tar" "$2" "${@:3}"
	rm -r "$work"
}

# The servers, languages and their libraries are left out: half a gigabyte, for what tests/real.bats does without an engine.
image_debian() {
	local work rootfs
	rootfs=$(rootfs_get) || return
	work=$(mktemp -d)
	mkdir "$work/image"
	tar -C "$rootfs" -cf "$work/image/layer.tar" --exclude='./usr/lib/*/libLLVM*' --exclude='./usr/lib/*/libnode*' \
		--exclude='./usr/lib/*/libicu*' --exclude='./usr/lib/*/libz3*' --exclude=./usr/lib/postgresql --exclude=./usr/lib/git-core \
		--exclude='./usr/lib/python3*' --exclude='./usr/bin/python3*' --exclude='./usr/bin/git*' --exclude=./usr/bin/scalar \
		--exclude='./usr/bin/redis*' --exclude=./usr/share/perl --exclude=./usr/share/nodejs --exclude=./var/lib/dpkg .
	image_pack docker.io/library/debian:test "$work/image/layer.tar" "$1"
	rm -r "$work"
}
