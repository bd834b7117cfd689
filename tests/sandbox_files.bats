#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Files of `casemate sandbox` beyond binds: layers that take changes. As root and as a user without any privilege.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
	DATA=$BATS_TEST_TMPDIR/data
	export FROM=$DATA
	mkdir -p "$DATA/low/sub" "$DATA/closed" "$DATA/under"
	echo plain | tee "$DATA/low/file" "$DATA/low/sub/deep" "$DATA/closed/file" >/dev/null
	chmod -R a+rwX "$DATA"
	chmod 700 "$DATA/closed"
}

teardown() {
	common_teardown
}

# changes NAME: an empty directory that belongs to the sandbox's user alone
changes() {
	rm -rf "${DATA:?}/$1"
	mkdir -m 700 "$DATA/$1"
	own "$DATA/$1"
}

# What the host has: names, times of change, content.
state() {
	find "$DATA" -printf '%P %y %m %U %G %i %C@\n' | sort
	find "$DATA" -type f -exec cat {} +
}

# own PATH...: gives it to the user that the sandbox is outside
own() {
	[ "$WHO" = root ] && chown -R 65534:65534 "$@" || chown -R "$TEST_UID:$TEST_UID" "$@"
}

thrown_away() {
	local before
	own "$DATA/low"
	before=$(state)
	sandbox --tmp-overlay low:/w -- sh -ec 'echo new >/w/file; echo more >/w/sub/more; rm /w/sub/deep; chmod 777 /w
		echo x >/w/tmp; mv /w/tmp /w/file; mkdir /w/dir; ln /w/file /w/hard; cat /w/file; ls /w/sub'
	assert_status 0 && assert_output $'x\nmore' || return
	[ "$(state)" = "$before" ] || fail "the host's directory changed: $(state)" || return
	sandbox --tmp-overlay low -- cat "$DATA/low/file"
	assert_output plain
}

@test "--tmp-overlay: all changes are seen inside, and none reaches the host" {
	both thrown_away
}

ways_around() {
	local before
	own "$DATA/low"
	before=$(state)
	# Neither the layers nor the host's directory have another name inside, and no descriptor of them is left.
	sandbox --tmp-overlay low:/w -- sh -c 'echo new >/w/file
		for fd in /proc/[0-9]*/fd/*; do case $(readlink "$fd") in /upper* | /lower* | /work* | /w*) echo "$fd" ;; esac; done
		grep -c -e " /lower" -e " /upper" -e " /work" /proc/self/mountinfo
		mount -o remount,rw /w || umount /w || mknod /w/null c 1 3 || echo kept'
	[ "$output" = $'0\nkept' ] || fail "$output $stderr" || return
	[ "$(state)" = "$before" ] || fail "the host's directory changed"
}

others() {
	chown -R 0:0 "$DATA/low"
	sandbox --tmp-overlay low:/w -- sh -c 'cat /w/file; echo new >/w/mine; cat /w/mine; echo new >/w/file || cat /w/file'
	assert_status 0 && assert_output $'plain\nnew\nplain'
}

@test "--tmp-overlay: files of other users are read, new ones are made, and theirs stay as they are" {
	both others
}

@test "--tmp-overlay: attacks from inside find no way around the layer" {
	both ways_around
}

@test "--tmp-overlay: what the sandbox's user may not read stays unread" {
	WHO=user
	sandbox --tmp-overlay closed:/w -- sh -c 'ls /w; cat /w/file'
	[ "$status" -ne 0 ] && [[ $output != *file* && $output != *plain* ]] || fail "$output $stderr"
	WHO=root
	sandbox --tmp-overlay closed:/w -- sh -c 'ls /w; cat /w/file'
	[ "$status" -ne 0 ] && [[ $output != *file* && $output != *plain* ]] || fail "$output $stderr"
}

wrong() {
	refused "not a directory" --tmp-overlay low/file:/w || return
	refused "does not exist on the host" --tmp-overlay nothing:/w || return
	refused "does not go together with --hide" --tmp-overlay low:/w --hide /etc || return
	refused "a part of the host's procfs" --tmp-overlay /proc/self:/w || return
	refused "it is root's home" --tmp-overlay /root:/w || return
	refused "must be an absolute path" --tmp-overlay low:w
}

@test "--tmp-overlay: what cannot be or is not allowed is an error" {
	both wrong
}

@test "--tmp-overlay: what a mount of the host covers is not uncovered" {
	WHO=root
	echo covered >"$DATA/low/sub/secret"
	export -f sandbox_run
	export WHO DATA USER_CASEMATE
	capture unshare -m bash -c 'mount --bind "$DATA/under" "$DATA/low/sub" && sandbox_run --tmp-overlay low:/w -- cat /w/sub/secret' </dev/null
	assert_status 125
	[[ $stderr == *"is mounted in it"* ]] || fail "$stderr"
}

@test "explain says what becomes of changes, and a bundle that would lose them is refused" {
	cd "$DATA"
	capture "$CASEMATE" explain sandbox --tmp-overlay low:/w -- true
	[[ $output == *"low on /w, changes are thrown away"*"[--tmp-overlay low:/w]"* ]] || fail
	capture "$CASEMATE" sandbox --tmp-overlay low:/w --bundle-out "$BATS_TEST_TMPDIR/bundle" -- true
	assert_status 125
	assert_stderr "--tmp-overlay low:/w"
}

kept() {
	local before
	changes kept
	own "$DATA/low"
	before=$(cd "$DATA/low" && find . -printf '%P %y %m %U %G %i %C@\n' -type f -exec cat {} +)
	sandbox --overlay low:kept:/w -- sh -ec 'echo new >/w/file; rm -r /w/sub; mkdir /w/sub; echo x >/w/sub/more
		echo gone >/w/gone; ln -s file /w/link; mv /w/file /w/moved; chmod 711 /w; cat /w/link || cat /w/moved; rm /w/gone'
	assert_status 0 && assert_output new || return
	sandbox --overlay low:kept:/w -- sh -c 'cat /w/moved /w/sub/*; ls -A /w; stat -c %a /w'
	assert_output $'new\nx\nlink\nmoved\nsub\n711' || return
	# Over another source, and under the source's own name.
	sandbox --overlay under:kept:/w -- sh -c 'cat /w/moved; ls /w'
	assert_output $'new\nlink\nmoved\nsub' || return
	sandbox --overlay low:kept -- cat "$DATA/low/moved"
	assert_output new || return
	[ "$(cd "$DATA/low" && find . -printf '%P %y %m %U %G %i %C@\n' -type f -exec cat {} +)" = "$before" ] ||
		fail "the source changed" || return
	# What has changed is where the host finds it; what was removed is a mark of overlayfs.
	[ "$(cat "$DATA/kept/upper/moved")" = new ] && [ "$(stat -c '%F %t %T' "$DATA/kept/upper/file")" = "character special file 0 0" ] || fail || return
	[ "$(ls "$DATA/kept")" = $'upper\nwork' ] || fail
}

@test "--overlay: changes are kept, seen again the next time, and do not reach the source" {
	both kept
}

kept_apart() {
	changes kept
	own "$DATA/low"
	sandbox --overlay low:kept:/w -- sh -c 'echo new >/w/file
		for fd in /proc/[0-9]*/fd/*; do case $(readlink "$fd") in *kept* | /upper* | /lower* | /work* | /changes*) echo "$fd" ;; esac; done
		grep -c -e " /lower" -e " /changes" -e " /work" /proc/self/mountinfo
		mount -o remount,rw /w || umount /w || mknod /w/white c 0 0 || mknod /w/null c 1 3 || echo kept
		setfattr -n user.overlay.opaque -v y /w/sub 2>/dev/null; python3 -c "import os; os.setxattr(\"/w/sub\", \"user.overlay.opaque\", b\"y\")" 2>/dev/null
		cat /w/sub/deep; ls -A /w'
	assert_output $'0\nkept\nplain\nfile\nsub' || return
	# A program with another's rights for files is left in the changes as in any directory: without them.
	sandbox --overlay low:kept:/w -- sh -c 'cp /bin/true /w/t; chmod 6755 /w/t; grep -o "nosuid,nodev" /proc/self/mountinfo | sort -u'
	assert_output nosuid,nodev
}

@test "--overlay: attacks from inside do not reach the layers" {
	both kept_apart
}

@test "--overlay: what is not the user's alone is no directory for changes" {
	WHO=root
	changes kept
	chown 0 "$DATA/kept"
	refused "must belong to the sandbox's user" --overlay low:kept:/w
	[ -z "$(ls -A "$DATA/kept")" ] || fail
	WHO=user
	refused "cannot open '$DATA/kept'" --overlay low:kept:/w
	changes kept
	chmod 770 "$DATA/kept"
	refused "nobody else may write to it" --overlay low:kept:/w
	# Links and mounts in it lead elsewhere.
	changes kept
	mkdir "$DATA/elsewhere"
	own "$DATA/elsewhere"
	ln -s "$DATA/elsewhere" "$DATA/kept/upper"
	refused "cannot open the directory of changes" --overlay low:kept:/w
	rm -r "$DATA/kept/upper" "$DATA/kept/work"
	ln -s "$DATA/elsewhere" "$DATA/kept/work"
	refused "cannot open the directory of work" --overlay low:kept:/w
	[ -z "$(ls -A "$DATA/elsewhere")" ] || fail
	rm "$DATA/kept/work"
	export -f sandbox_run
	export WHO DATA USER_CASEMATE
	mkdir "$DATA/kept/upper"
	capture unshare -m bash -c 'mount --bind "$DATA/elsewhere" "$DATA/kept/upper"; sandbox_run --overlay low:kept:/w -- true' </dev/null
	assert_status 125
	assert_stderr "is mounted in it"
}

# Each is mounted by the host where the other is not: low in aside, what is bound with it, and the other way round.
aliased() {
	changes kept
	changes low/in
	mkdir -p "$DATA/aside" "$DATA/around/below"
	local words try
	for words in 'low aside --overlay low:aside/in:/w' 'low/in aside --overlay low:aside:/w' 'kept aside --overlay aside:kept:/w' \
		'kept around/below --overlay low:kept:/w --ro around:/k' 'kept/deep aside --overlay low:kept:/w --rw aside:/k'; do
		mkdir -p "$DATA/kept/deep"
		read -ra try <<<"$words"
		capture unshare -m bash -c 'mount --bind "$DATA/$1" "$DATA/$2"; sandbox_run "${@:3}" -- true' - "${try[@]}" </dev/null
		[[ $status -eq 125 && $stderr == *"hold one another"* ]] || fail "$words"
		rmdir "$DATA/kept/deep"
	done
	# What is mounted elsewhere, and is neither, is nobody's affair.
	capture unshare -m bash -c 'mount --bind "$DATA/under" "$DATA/aside"; sandbox_run --overlay low:kept:/w --ro aside:/k -- true' </dev/null
	assert_status 0
	rm -rf "$DATA/kept" "$DATA/low/in" "$DATA/aside" "$DATA/around"
}

@test "changes that a mount of the host shows elsewhere are seen" {
	export DATA WHO USER_CASEMATE
	export -f sandbox_run
	both aliased
}

no_overlays() {
	changes kept
	touch "$DATA/file"
	changes low/in
	refused "expected SRC:CHANGES[:DST]" --overlay low || return
	refused "expected SRC:CHANGES[:DST]" --overlay low: || return
	refused "expected SRC:CHANGES[:DST]" --overlay :kept || return
	refused "must be an absolute path" --overlay low:kept:w || return
	refused "cannot find '$DATA/nothing'" --overlay low:nothing:/w || return
	refused "a directory" --overlay low:closed/../file:/w || return
	refused "a directory" --overlay low/file:kept:/w || return
	refused "hold one another" --overlay low:low:/w || return
	refused "hold one another" --overlay low:low/in:/w || return
	refused "hold one another" --overlay low:kept:/v --overlay under:kept:/w || return
	refused "hold one another" --overlay low:kept:/w --ro kept:/k || return
	refused "hold one another" --overlay low:kept:/w --rw .:/k || return
	refused "hold one another" --overlay low:kept:/w --tmp-overlay kept:/k || return
	refused "does not go together with --hide" --overlay low:kept:/w --hide /etc || return
	refused "does not go together with --no-die-with-parent" --overlay low:kept:/w --no-die-with-parent || return
	refused "it holds the host's configuration and secrets" --overlay low:/etc/profile.d:/w || return
	refused "it is root's home" --overlay /root:kept:/w || return
	[ -z "$(ls -A "$DATA/kept")" ] || fail "something was made" || return
	rmdir "$DATA/low/in"
}

@test "--overlay: what overlaps, is missing or not allowed is an error" {
	both no_overlays
	mkdir "$DATA/alias"
	WHO=user
	changes low/in
	export -f sandbox_run
	export WHO DATA USER_CASEMATE
	capture unshare -m bash -c 'mount --bind "$DATA/low" "$DATA/alias"; sandbox_run --overlay alias:low/in:/w -- ls /w' </dev/null
	assert_status 125
	assert_stderr "hold one another"
}

locked() {
	local first
	changes kept
	mkfifo -m 666 "$DATA/hold"
	own "$DATA/low"
	rm -f "$DATA/up"
	WHO=$WHO sandbox_run --overlay low:kept:/w --rw hold:/hold -- sh -c 'echo held >/w/held; echo up; cat /hold' </dev/null >"$DATA/up" 2>&1 3>&- &
	first=$!
	eventually grep -q up "$DATA/up"
	refused "another sandbox has its changes in '$DATA/kept'" --overlay under:kept:/w || return
	echo end >"$DATA/hold"
	wait "$first" || fail "the first one" || return
	rm "$DATA/hold"
	sandbox --overlay under:kept:/w -- cat /w/held
	assert_output held
}

@test "--overlay: two sandboxes do not share their changes at a time" {
	both locked
}

@test "--overlay: without a ceiling a covered directory stays covered as well" {
	WHO=root
	changes kept
	echo covered >"$DATA/low/sub/secret"
	export -f sandbox_run
	export WHO DATA USER_CASEMATE
	capture unshare -m bash -c 'mount --bind "$DATA/under" "$DATA/low/sub"
		sandbox_run --profile privileged --tmp-overlay low:/w -- cat /w/sub/secret; sandbox_run --profile privileged --overlay low:kept:/w -- cat /w/sub/secret' </dev/null
	assert_output ""
	[ "$(grep -c "is mounted in it" <<<"$stderr")" = 2 ] || fail
}

@test "--overlay: explain shows both directories, --save makes both absolute, and no bundle has it" {
	cd "$DATA"
	WHO=root
	changes kept
	capture "$CASEMATE" explain sandbox --overlay low:kept:/w -- true
	assert_match "$DATA/low on /w, changes are kept apart"
	assert_match "$DATA/kept keeps the changes of /w"
	capture "$CASEMATE" sandbox --overlay low:kept:/w --save saved.json -- true
	assert_status 0
	[ "$(jq -r '.sandbox.overlay[0]' saved.json)" = "$DATA/low:$DATA/kept:/w" ] || fail
	capture "$CASEMATE" sandbox --overlay low:kept:/w --bundle-out "$BATS_TEST_TMPDIR/bundle" -- true
	assert_status 125
	assert_stderr "--overlay low:kept:/w"
}

directories() {
	sandbox --dir /a/b:mode=1750 --dir /tmp/own --dir /srv --ro low:/srv/low --tmpfs /t --dir /t/in --dir /home/sandbox/.config -- sh -ec '
		stat -c "%a %U %n" /a /a/b /tmp/own /srv /t/in; cat /srv/low/file
		echo x >/tmp/own/x; echo x >/t/in/x; echo x >"$HOME/.config/x"; ls -A /a/b; ! touch /a/b/x'
	assert_output $'755 sandbox /a\n1750 sandbox /a/b\n755 sandbox /tmp/own\n755 sandbox /srv\n755 sandbox /t/in\nplain' || return
	assert_stderr "/a/b/x" && assert_status 0
}

@test "--dir: a directory that is there, and can be written to where that is so around it" {
	both directories
}

no_directories() {
	local word
	for word in mode=8 mode= mode=10000 mode=4755 mode=2000 755 size=1m mode=755,exec mode=0000755; do
		refused "expected mode=MODE, from 0 to 1777" --dir "/a:$word" || return
	done
	refused "must be an absolute path" --dir a || return
	refused "left in a directory of the host, '/usr'" --dir /usr/share/new || return
	refused "left in a directory of the host, '$DATA/low'" --rw low:/w --dir /w/new || return
	refused "left in a directory of the host, '$DATA/low'" --tmp-overlay low:/w --dir /w/new || return
	refused "left in a directory of the host, '/usr'" --dir /bin/new || return
	refused "something is there already" --dir /tmp || return
	refused "something is there already" --dir /etc/passwd || return
	refused "something is there already" --dir /var/tmp || return
	refused "both '--dir /a" --dir /a --dir /a:mode=700 || return
	refused "nothing may be mounted" --dir /proc/a || return
	refused "cannot make the directory '/dev/pts/a'" --dir /dev/pts/a || return
	refused "not a directory" --file low/file:/a --dir /a/b || return
	[ ! -e "$DATA/low/new" ]
}

@test "--dir: not on the host, not in the place of something, and nothing but a mode" {
	both no_directories
}

@test "--dir: a bundle has it as well, with its mode" {
	cd "$DATA"
	capture "$CASEMATE" sandbox --dir /a/b:mode=1777 --dir /srv --bundle-out "$BATS_TEST_TMPDIR/bundle" -- true
	assert_status 0
	[ "$(cd "$BATS_TEST_TMPDIR/bundle/rootfs" && stat -c '%a %n' a/b srv)" = $'1777 a/b\n755 srv' ] || fail
	capture "$CASEMATE" sandbox --dir /tmp/b --bundle-out "$BATS_TEST_TMPDIR/other" -- true
	assert_status 125
	assert_stderr "'--dir /tmp/b' lies below another mount"
}
