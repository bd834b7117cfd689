#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What `casemate sandbox` gets as open descriptors of its caller. As root and as a user without any privilege.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
	DATA=$BATS_TEST_TMPDIR/data
	FROM=$DATA
	fresh
}

teardown() {
	common_teardown
}

# fresh: the files as they were
fresh() {
	rm -rf "$DATA"
	mkdir -p "$DATA/dir/sub" "$DATA/other" "$DATA/closed/in"
	echo plain | tee "$DATA/dir/file" "$DATA/dir/sub/deep" "$DATA/closed/in/file" >/dev/null
	echo other >"$DATA/other/file"
	chmod -R a+rwX "$DATA"
	chmod 700 "$DATA/closed"
}

# What a user's shell cannot open: descriptor 8 of the command is PATH, only as a place.
as_place() {
	local path=$1
	shift
	python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_PATH | os.O_NOFOLLOW)
os.dup2(fd, 8)
os.execvp(sys.argv[2], sys.argv[2:])' "$path" "$@"
}

shown() {
	fresh
	sandbox --ro-fd 7:/r --ro-fd 8:/f --rw-fd 9:/w -- sh -c 'cat /r/file /r/sub/deep /f; echo no >/r/new; echo no >/f
		echo yes >/w/new; echo yes >>/w/file' 7<"$DATA/dir" 8<"$DATA/dir/file" 9<"$DATA/other"
	assert_output $'plain\nplain\nplain' && assert_stderr "/r/new: Read-only" && assert_stderr "/f: Read-only" || return
	[ "$(cat "$DATA/other/file" "$DATA/other/new")" = $'other\nyes\nyes' ] && [ ! -e "$DATA/dir/new" ] || fail || return
	sandbox --rw-fd 7:/f -- sh -c 'echo more >>/f' 7<"$DATA/dir/file"
	assert_status 0 && [ "$(cat "$DATA/dir/file")" = $'plain\nmore' ] || fail
}

@test "--ro-fd, --rw-fd: a directory or file that is open is shown, and changed only by --rw-fd" {
	both shown
}

renamed() {
	fresh
	exec 7<"$DATA/dir" 8<"$DATA/dir/sub/deep"
	mv "$DATA/dir/sub" "$DATA/sub"
	mv "$DATA/dir" "$DATA/moved"
	mv "$DATA/other" "$DATA/dir"
	sandbox --ro-fd 7:/w --ro-fd 8:/f -- cat /w/file /f
	exec 7<&- 8<&-
	assert_status 0 && assert_output $'plain\nplain'
}

@test "--ro-fd: what was renamed since is still what is shown, whatever has its old name" {
	both renamed
}

move_about() {
	cd "$DATA" || return
	while [ ! -e "$BATS_TEST_TMPDIR/enough" ]; do
		mv dir moved && mv other dir && mv dir other && mv moved dir
	done
}

# The name changes all the time, and something else has it in between.
unsteady() {
	local mover profile seen=0
	fresh
	exec 7<"$DATA/dir"
	move_about 3>&- 7<&- &
	mover=$!
	# Without a ceiling nothing was judged that could be compared.
	for profile in restricted privileged restricted privileged restricted privileged privileged privileged; do
		sandbox --profile "$profile" --ro-fd 7:/w -- cat /w/file
		[ "$status$output" = 0plain ] || [ "$status$output" = 125 ] || break
		[ "$status" = 125 ] || seen=$((seen + 1))
	done
	exec 7<&-
	# Killed, it would leave a mv(1) behind that goes on.
	touch "$BATS_TEST_TMPDIR/enough"
	wait "$mover" || :
	rm "$BATS_TEST_TMPDIR/enough"
	[ "$status$output" = 0plain ] || [ "$status$output" = 125 ] || fail "something else was shown" || return
	[ "$seen" -gt 0 ] || fail "it was never found"
}

@test "--ro-fd: a name that changes during the launch leads to the same object or to nothing" {
	both unsteady
}

odd() {
	fresh
	capture as_place "$DATA/dir" bash -c "$(declare -f sandbox_run); sandbox_run --rw-fd 8:/w -- sh -c 'cat /w/file; echo new >/w/new'"
	assert_status 0 && assert_output plain && [ -e "$DATA/dir/new" ] || fail || return
	capture as_place "$DATA/dir/file" bash -c "$(declare -f sandbox_run); sandbox_run --ro-fd 8:/w -- cat /w"
	assert_status 0 && assert_output plain || return
	ln -s file "$DATA/dir/link"
	capture as_place "$DATA/dir/link" bash -c "$(declare -f sandbox_run); sandbox_run --ro-fd 8:/w -- cat /w"
	assert_status 125 && assert_stderr "it is a symbolic link" || return
	sandbox --ro-fd 8:/w -- cat /w/file 7<"$DATA/dir" 8</dev/fd/7
	assert_status 0 && assert_output plain
}

@test "--ro-fd, --rw-fd: descriptors of O_PATH, and those that were opened through a link of procfs" {
	export -f fail
	export WHO FROM USER_CASEMATE TEST_UID
	both odd
}

gone() {
	fresh
	exec 7<"$DATA/dir/file" 8<"$DATA/dir/sub"
	rm -r "$DATA/dir/file" "$DATA/dir/sub"
	mkdir "$DATA/dir/sub"
	echo new >"$DATA/dir/file"
	refused "it was deleted" --ro-fd 7:/w && refused "it was deleted" --rw-fd 8:/w || return
	exec 7<&- 8<&-
	# Another name is left, and nobody knows which.
	ln "$DATA/other/file" "$DATA/other/second"
	exec 7<"$DATA/other/file"
	rm "$DATA/other/file"
	refused "cannot find '$DATA/other/file (deleted)'" --ro-fd 7:/w || return
	exec 7<&-
}

@test "--ro-fd, --rw-fd: what was deleted is an error" {
	both gone
}

wrong() {
	fresh
	refused "--ro-fd 9:/w: bad file descriptor" --ro-fd 9:/w || return
	refused "not the number of a descriptor" --ro-fd dir:/w || return
	refused "not the number of a descriptor" --rw-fd -1:/w || return
	refused "not the number of a descriptor" --file-fd 4294967299:/w || return
	refused "the standard streams are the program's" --ro-fd 0:/w <"$DATA/dir" || return
	refused "must be an absolute path" --ro-fd 7 7<"$DATA/dir" || return
	refused "must be an absolute path" --ro-fd 7:w 7<"$DATA/dir" || return
	refused "is for one flag" --ro-fd 7:/v --rw-fd 7:/w 7<"$DATA/dir" || return
	refused "it is no file or directory" --ro-fd 7:/w 7< <(:) || return
	refused "both" --ro-fd 7:/w --ro-fd 8:/w 7<"$DATA/dir" 8<"$DATA/other"
}

@test "--ro-fd, --rw-fd, --file-fd: what is no descriptor, or none that can be shown, is an error" {
	both wrong
}

judged() {
	refused "it holds the host's configuration and secrets" --rw-fd 7:/w 7</etc || return
	refused "it holds the host's configuration and secrets" --rw-fd 7:/w 7</etc/passwd || return
	refused "it is the whole host" --ro-fd 7:/w 7</ || return
	refused "a part of the host's procfs" --ro-fd 7:/w 7</proc/self/task || return
	ln -sfn /etc "$DATA/link"
	refused "it holds the host's configuration and secrets" --rw-fd 7:/w 7<"$DATA/link/"
}

@test "--ro-fd, --rw-fd: the profile judges what it is" {
	both judged
	WHO=root
	refused "not everybody on the host may read it" --ro-fd 7:/w 7</etc/shadow
}

kept_out() {
	sandbox --ro-fd 7:/w --file-fd 8:/f -- python3 -c '
import os
for process in filter(str.isdigit, os.listdir("/proc")):
    try: names = os.listdir("/proc/%s/fd" % process)
    except PermissionError: names = []  # init hides its own
    for name in names:
        try: link = os.readlink("/proc/%s/fd/%s" % (process, name))
        except FileNotFoundError: link = "the list itself"
        print(name, link if int(name) > 2 else "")' \
		7<"$DATA/dir" 8<"$DATA/dir/file" 9<"$DATA/other"
	assert_status 0 && assert_output $'0 \n1 \n2 \n3 the list itself'
}

@test "no descriptor of the caller's is open inside" {
	both kept_out
}

@test "--ro-fd: what its user may not reach by its name, or a mount covers, stays out of reach" {
	WHO=user
	refused "lies where this user may not go" --ro-fd 7:/w 7<"$DATA/closed/in"
	WHO=root
	sandbox --ro-fd 7:/w -- cat /w/file 7<"$DATA/closed/in"
	assert_output plain
	export WHO FROM DATA USER_CASEMATE PROFILE
	export -f sandbox_run
	# Something else has its name there; without a ceiling nothing was judged that could be compared.
	mkdir "$DATA/other/sub"
	echo wrong >"$DATA/other/sub/deep"
	local profile
	for profile in restricted privileged; do
		PROFILE=$profile capture unshare -m bash -c 'exec 7<"$DATA/dir/sub"; mount --bind "$DATA/other" "$DATA/dir"
			sandbox_run --profile "$PROFILE" --ro-fd 7:/w -- cat /w/deep' </dev/null
		assert_status 125
		assert_output ""
		assert_stderr "is covered by a mount"
	done
}

data() {
	fresh
	printf '#!/bin/sh\necho run\n' >"$DATA/script"
	chmod 755 "$DATA/script"
	sandbox --file-fd 7:/p --file-fd 8:/f --file-fd 9:/x/script -- sh -c 'cat /p /f; /x/script; echo more >>/f; wc -c </p' \
		7< <(seq 3; sleep 0.1; seq 30000 | tail -n 1) 8<"$DATA/dir/file" 9<"$DATA/script"
	assert_output $'1\n2\n3\n30000\nplain\nrun\n12' && [ "$(cat "$DATA/dir/file")" = plain ] || fail || return
	sandbox --file-fd 7:/f -- cat /f 7<<<"text"
	assert_output text || return
	exec 7<"$DATA/dir/file"
	rm "$DATA/dir/file"
	sandbox --file-fd 7:/f -- cat /f
	exec 7<&-
	assert_output plain
}

@test "--file-fd: the data of a file, a pipe or a deleted file becomes a private file" {
	both data
}

limits() {
	sandbox --file-fd 7:/tmp/f -- sh -c 'wc -c </tmp/f' 7< <(head -c 16M /dev/zero)
	assert_output 16777216 || return
	refused "it has more than 16777216 bytes" --file-fd 7:/f 7< <(head -c 17M /dev/zero) || return
	refused "it has more than 16777216 bytes" --file-fd 7:/f 7</dev/zero || return
	refused "is a directory" --file-fd 7:/f 7<"$DATA/dir" || return
	refused "must be open for reading" --file-fd 7:/f 7>/dev/null || return
	refused "left in a directory of the host" --file-fd 7:/usr/f 7<"$DATA/dir/file"
}

@test "--file-fd: no more than --file takes, and only what can be read" {
	both limits
}

@test "a descriptor is not saved, and no config.json has a place for one that is shown" {
	WHO=root
	local flag
	for flag in --ro-fd --rw-fd --file-fd; do
		refused "'$flag 7:/w' cannot be saved: the number means nothing later" "$flag" 7:/w --save saved.json 7<"$DATA/dir/file"
		[ ! -e "$DATA/saved.json" ]
	done
	refused "'--ro-fd 7:/w' has no place in a config.json" --ro-fd 7:/w --bundle-out bundle 7<"$DATA/dir"
	sandbox --file-fd 7:/w --bundle-out bundle -- true 7<"$DATA/dir/file"
	assert_status 0
	[ "$(cat "$DATA/bundle/rootfs/w")" = plain ]
	capture "$CASEMATE" explain sandbox --rw-fd 7:/w -- true 7<"$DATA/dir"
	[[ $output == *"$DATA/dir on /w, writable"*"[--rw-fd 7:/w]"* ]] || fail
}

words() {
	printf '%s\0' "$@"
}

more_flags() {
	fresh
	sandbox --env A=first --args 7 --args=8 --env B=last -- sh -c 'echo "$A $B $C"; cat /d; hostname' \
		7< <(words --env $'A=with\nnewline' --ro "$DATA/dir/file:/d" --hostname=tower) 8< <(words --env B=not --env C=)
	assert_output $'with\nnewline last \nplain\ntower' || return
	sandbox --args 7 -- echo --args 8 7</dev/null
	assert_output "--args 8" || return
	# Descriptors that they name are the caller's as well; what is saved is what they mean.
	rm -f "$BATS_TEST_TMPDIR/own/saved.json"
	mkdir -p "$BATS_TEST_TMPDIR/own"
	chmod 777 "$BATS_TEST_TMPDIR/own"
	sandbox --args 7 -- cat /d 7< <(words --file-fd 8:/d) 8<<<"data"
	assert_output data || return
	sandbox --args 7 --save "$BATS_TEST_TMPDIR/own/saved.json" -- true 7< <(words --hostname tower)
	assert_status 0 && [ "$(jq -c .sandbox "$BATS_TEST_TMPDIR/own/saved.json")" = '{"hostname":"tower"}' ] || fail
}

@test "--args: flags are read in their place" {
	both more_flags
}

not_flags() {
	refused "--args 7: argument 3, 'true', is no flag" --args 7 7< <(words --env A=b true) || return
	refused "--args 7: argument 1, '--', is no flag" --args 7 7< <(words -- true) || return
	refused "--args 7: argument 1, '', is no flag" --args 7 7< <(words "") || return
	refused "--args 7: argument 1, '--args', cannot name a further descriptor" --args 7 7< <(words --args 8) 8</dev/null || return
	refused "--args 7: argument 1, '--args=7', cannot name" --args 7 7< <(words --args=7) || return
	refused "--args 7: argument 1, '--help', is for the command line" --args 7 7< <(words --help) || return
	refused "--args 7: unknown option '--roo'" --args 7 7< <(words --roo x) || return
	refused "--args 7: option --ro requires an argument" --args 7 7< <(words --env A=b --ro) || return
	refused "--args 7: argument 2, '$DATA/dir', does not end with a NUL" --args 7 7< <(printf '%s\0%s' --ro "$DATA/dir") || return
	refused "must be an absolute path" --args 7 7< <(words --ro dir:d) || return
	refused "--args 7: there are more than 16384 arguments" --args 7 7< <(yes -- --no-pty | head -n 20000 | tr '\n' '\0') || return
	refused "--args 7: it has more than 1048576 bytes" --args 7 7</dev/zero || return
	refused "--args 9: bad file descriptor" --args 9 || return
	refused "--args 7: bad file descriptor" --args 7 --args 7 7< <(words --no-pty) || return
	refused "the standard streams are the program's" --args 0 || return
	sandbox --args
	assert_status 125 && assert_stderr "option --args requires an argument"
}

@test "--args: what is no flag, cut off, too much or a further --args is an error that names it" {
	both not_flags
}

@test "--args: explain and spec read them as well" {
	capture "$CASEMATE" explain sandbox --args 7 -- true 7< <(words --ro "$DATA/dir:/shown")
	assert_match "$DATA/dir on /shown"
	capture "$CASEMATE" spec --bundle "$BUNDLE" --sandbox --args 7 -- true 7< <(words --hostname tower)
	assert_status 0
	[ "$(jq -r .hostname "$BUNDLE/config.json")" = tower ]
}

# in_background FLAG...: the sandbox with these, whose launcher is $launcher; $DATA/out has what it says, $DATA/exit its status
in_background() {
	rm -f "$DATA/out" "$DATA/exit"
	{
		sandbox_run "$@" </dev/null >"$DATA/out" 2>&1 || echo $? >"$DATA/exit"
		touch "$DATA/exit"
	} 3>&- &
}

# until_there COMMAND...: waits until it succeeds
until_there() {
	timeout 20 bash -c 'until "$@" 2>/dev/null; do sleep 0.02; done' - "$@" || fail "in vain: $*"
}

held() {
	local word
	fresh
	mkfifo "$DATA/word"
	for word in go ""; do
		exec 8<>"$DATA/word" 9>"$DATA/status"
		[ -n "$word" ] || exec 8< <(exec 8<&-; until [ -e "$DATA/end" ]; do sleep 0.02; done)
		in_background --rw "$DATA/other:/w" --json-status-fd 9 --block-fd 8 -- sh -c 'echo begun; touch /w/begun; ls /proc/self/fd'
		until_there grep -q ready "$DATA/status" || return
		# All is set up, and the program is not there.
		[ "$(tr '\0' ' ' <"/proc/$(jq -r .pid "$DATA/status")/comm")" = "casemate:[init]" ] || fail || return
		[ ! -s "$DATA/out" ] && [ ! -e "$DATA/other/begun" ] || fail "it did not wait" || return
		[ -z "$word" ] && touch "$DATA/end" || echo "$word" >&8
		wait
		[ "$(jq -r .event "$DATA/status" | xargs)" = "ready started exited" ] || fail "$(cat "$DATA/status")" || return
		[ "$(cat "$DATA/out")" = $'begun\n0\n1\n2\n3' ] || fail "$(cat "$DATA/out")" || return
		[ -z "$word" ] || { read -r -t 5 -u 8 word && [ "$word" = go ]; } || fail "it was read away" || return
		exec 8<&- 9>&-
		rm -f "$DATA/other/begun"
	done
}

@test "--block-fd: the program begins when there is a word from its caller, or none can come" {
	both held
}

given_up() {
	local child
	fresh
	mkfifo "$DATA/word"
	exec 8<>"$DATA/word"
	for signal in TERM KILL; do
		exec 9>"$DATA/status"
		in_background --json-status-fd 9 --block-fd 8 -- touch /tmp/begun
		until_there grep -q ready "$DATA/status" || return
		child=$(jq -r .pid "$DATA/status")
		kill "-$signal" "$(awk '/^PPid/ { print $2 }' "/proc/$child/status")"
		until_there test ! -e "/proc/$child" || return
		until_there test -e "$DATA/exit" || return
		[ "$(cat "$DATA/exit")" != 0 ] && [ -s "$DATA/exit" ] || fail || return
		[ "$signal" = KILL ] || grep -q "interrupted by signal 15" "$DATA/out" || fail "$(cat "$DATA/out")" || return
	done
	wait
	exec 8<&- 9>&-
}

@test "--block-fd: whoever waits can be ended" {
	both given_up
}

in_sync() {
	fresh
	mkfifo "$DATA/alive"
	timeout 20 cat "$DATA/alive" >"$DATA/said" &
	local reader=$!
	exec 8>"$DATA/alive"
	in_background --rw "$DATA/other:/w" --sync-fd 8 -- sh -c 'sleep 60 & touch /w/up; ls /proc/self/fd; until [ -e /w/end ]; do sleep 0.02; done'
	exec 8>&-
	until_there test -e "$DATA/other/up" || return
	kill -0 "$reader" || fail "its end was told too early" || return
	touch "$DATA/other/end"
	wait "$reader" || fail || return
	wait
	[ "$(cat "$DATA/out")" = $'0\n1\n2\n3' ] || fail "$(cat "$DATA/out")"
}

@test "--sync-fd: a descriptor stays open as long as the sandbox lives, and is not the program's" {
	both in_sync
}

not_waited() {
	refused "--block-fd 9" --block-fd 9 || return
	refused "--block-fd 0" --block-fd 0 || return
	refused "open for writing alone" --block-fd 7 7>/dev/null || return
	refused "--sync-fd 9" --sync-fd 9 || return
	refused "does not go together with --no-die-with-parent" --sync-fd 7 --no-die-with-parent 7</dev/null
}

@test "--block-fd, --sync-fd: what is not open, or cannot be waited for, is an error" {
	both not_waited
	capture as_place "$DATA/dir" "$CASEMATE" sandbox --block-fd 8 -- true
	assert_status 125
	assert_stderr "there is nothing to wait for"
	capture "$CASEMATE" explain sandbox --block-fd 7 -- true 7</dev/null
	assert_match "waits until its caller lets the program begin"
}

kept() {
	echo 'a file' >"$DATA/kept"
	chmod 644 "$DATA/kept"
	sandbox --keep-fd 7 -- python3 -c '
import os
print(sorted(int(n) for n in os.listdir("/proc/self/fd"))[:4], os.read(7, 99))
try: os.write(7, b"x")
except OSError as e: print(e.errno)
for flags in (os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
    try: os.open("/proc/self/fd/7", flags)
    except OSError as e: print("kept out", e.errno in (13, 30))
try: os.open("..", os.O_RDONLY, dir_fd=7)
except OSError as e: print(e.errno)' 7<"$DATA/kept" 9<"$DATA/other"
	assert_output $'[0, 1, 2, 3] b\'a file\\n\'\n9\nkept out True\nkept out True\n20' || return
	[ "$(<"$DATA/kept")" = 'a file' ]
}

@test "--keep-fd: the program has that descriptor, no other, and no more of the file than it was opened for" {
	requires landlock
	both kept
}

@test "--keep-fd: what leads out of the sandbox is refused" {
	local what
	WHO=root
	for what in "$DATA" / /proc/version /sys/kernel/notes /dev/null /proc/self/ns/net; do
		refused "--keep-fd 7: it is" --keep-fd 7 7<"$what"
	done
	mkdir "$BATS_TEST_TMPDIR/kernel"
	if grep -q binfmt_misc /proc/filesystems; then
		mount -t binfmt_misc none "$BATS_TEST_TMPDIR/kernel"
		refused "--keep-fd 7: it is a file of the kernel" --keep-fd 7 7<"$BATS_TEST_TMPDIR/kernel/status"
		umount "$BATS_TEST_TMPDIR/kernel"
	fi
	refused "--keep-fd 1: the standard streams" --keep-fd 1
	refused "--keep-fd 7: bad file descriptor" --keep-fd 7 --keep-fd 7 7<"$DATA/dir/file"
	refused "--keep-fd 77: bad file descriptor" --keep-fd 77
}

kept_memory() {
	capture env WHO="$WHO" python3 -c '
import fcntl, os, sys
fd = os.memfd_create("data", os.MFD_ALLOW_SEALING)
os.write(fd, b"original")
how, seals = sys.argv[1], int(sys.argv[2])
fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
os.dup2(os.open("/proc/self/fd/%d" % fd, os.O_RDONLY if how == "r" else os.O_RDWR), 7, True)
user = ["setpriv", "--reuid", sys.argv[3], "--regid", sys.argv[3], "--clear-groups"] if os.environ["WHO"] == "user" else []
sys.stdout.flush()
os.spawnvp(os.P_WAIT, (user + sys.argv[4:])[0], user + sys.argv[4:])
print(os.pread(fd, 20, 0))' "$1" "$2" "$TEST_UID" "$USER_CASEMATE" sandbox --keep-fd 7 -- \
		sh -c 'cat <&7; echo; echo changed >/proc/self/fd/7' </dev/null
}

kept_memory_is_held() {
	# 15: all seals, 7: all but that of writing
	kept_memory r 0
	assert_output "b'original'" && assert_stderr "file in memory" || return
	kept_memory r 7
	assert_output "b'original'" && assert_stderr "file in memory" || return
	kept_memory r 15
	assert_output $'original\nb\'original\'' || return
	kept_memory rw 0
	assert_match $'^original\nb\'changed'
}

@test "--keep-fd: a file in memory is not opened for more than it was opened for" {
	both kept_memory_is_held
}

@test "a standard stream that is a directory is refused" {
	local stream
	WHO=user
	sandbox -- true
	assert_status 0
	capture sandbox_run -- true <"$DATA"
	assert_status 125
	assert_stderr "standard input is a directory"
	for stream in 1 2; do
		run sh -c "'$USER_CASEMATE' sandbox -- true $stream<'$DATA'"
		assert_status 125
	done
}

@test "--keep-fd: only the program holds it, so that its end is the end" {
	WHO=root
	run timeout -k 2 30 python3 - "$USER_CASEMATE" <<-'EOF'
		import os, subprocess, sys
		r, w = os.pipe()
		p = subprocess.Popen([sys.argv[1], "sandbox", "--keep-fd", str(w), "--", "sh", "-c",
			"echo word >&%d; exec %d>&-; sleep 20" % (w, w)], pass_fds=[w], stdin=subprocess.DEVNULL)
		os.close(w)
		print(os.fdopen(r).read().strip(), p.poll())
		p.kill()
	EOF
	assert_output 'word None'
}
