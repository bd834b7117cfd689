#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `casemate run`: each field of config.json has the effect that the specification gives it, seen from inside.

load helpers/common

setup() {
	common_setup
	requires root
	make_bundle restricted
}

teardown() {
	common_teardown
}

# --- process

@test "user and groups are those of the config, and none of the caller's" {
	report ids
	assert_line "uid 1000 1000 1000 1000"
	assert_line "gid 1000 1000 1000 1000"
	assert_line "groups"
	edit_config '.process.user = {uid: 4242, gid: 4343, additionalGids: [20, 4000000000]}'
	report ids
	assert_line "uid 4242 4242 4242 4242"
	assert_line "gid 4343 4343 4343 4343"
	assert_line "groups 20 4000000000"
}

@test "umask is 0022 unless the config has one" {
	(umask 0 && casemate_run </dev/null >"$BATS_TEST_TMPDIR/out")
	grep -qx 'umask 0022' "$BATS_TEST_TMPDIR/out"
	edit_config '.process.user.umask = 63'
	report ids
	assert_line "umask 0077"
}

@test "the environment is that of the config, and nothing of the caller's" {
	export SECRET_OF_CALLER=1
	edit_config '.process.env = ["PATH=/bin", "EMPTY=", "A=b=c", "CASEMATE_TEST=\(env.CASEMATE_TEST)"]'
	report env
	[[ $output != *SECRET_OF_CALLER* ]] || fail "the caller's environment is visible"
	assert_line "PATH=/bin"
	assert_line "EMPTY="
	assert_line "A=b=c"
	edit_config '.process.env = ["CASEMATE_TEST=\(env.CASEMATE_TEST)", "HOME=/srv"]'
	report env
	assert_line "HOME=/srv"
}

# Docker, containerd and the kubelet leave it to the runtime.
@test "HOME is that of the container's passwd where the config has none" {
	local passwd=$BUNDLE/rootfs/etc/passwd
	set_args /bin/sh -c 'echo "$HOME"'
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' "long:x:$(printf '%030000d' 0):x:1000:0::/no" 'short:x:1000' ':::::/no' \
		'x:x:1000x:0::/no' '+::1000' 'me:x:1000:1000:Me, myself:/home/me:/bin/sh' 'me:x:1000:1::/no:' >"$passwd"
	run_casemate
	assert_output /home/me
	edit_config '.process.user.uid = 4242 | .process.env += ["HOME="]'
	run_casemate
	assert_output /
	printf 'last:x:4242:0::/last' >"$passwd"
	run_casemate
	assert_output /last
	edit_config '.process.env[-1] = "HOME=/own"'
	run_casemate
	assert_output /own
}

# The set-up could read the host's kernel messages, which are gone then, and what is root's in a volume.
@test "passwd is read with the rights of the program alone" {
	local passwd=$BUNDLE/rootfs/etc/passwd
	requires root
	set_args /bin/sh -c 'echo "$HOME"'
	printf 'me:x:1000:1000::/home/me:/bin/sh\n' >"$passwd"
	chmod 600 "$passwd"
	run_casemate
	assert_output /
	rm "$passwd"
	ln -s /proc/kmsg "$passwd"
	PROFILE=baseline
	edit_config '.process.user = {uid: 0, gid: 0}'
	run_casemate
	assert_status 0
	assert_output /
}

@test "a passwd that is no file, or has no end, does not stop a container" {
	local passwd=$BUNDLE/rootfs/etc/passwd
	set_args /bin/sh -c 'echo "$HOME"'
	for made in 'mkfifo "$0"' 'mkdir "$0"' 'ln -s /proc/self/fd/0 "$0"' 'ln -s passwd "$0"' 'truncate -s 1T "$0"' true; do
		rm -rf "$passwd"
		sh -c "$made" "$passwd"
		run_casemate
		assert_status 0
		assert_output /
	done
}

# Those that are made for many names look for their own in one of both: busybox by the first, others by the second.
@test "a program that is a link has the link's name and path" {
	ln -s ../probe "$BUNDLE/rootfs/bin/linked"
	edit_config '.process.env = ["PATH=/bin"]'
	set_args linked called
	run_casemate
	assert_output $'linked\n/bin/linked'
}

# podman's --init is such a one.
@test "a program that is a file mounted on another has the name and path of its place" {
	cp "$BUNDLE/rootfs/bin/busybox" "$BATS_TEST_TMPDIR/source"
	edit_config --arg s "$BATS_TEST_TMPDIR/source" '.mounts += [{destination: "/srv/sh", type: "bind", source: $s, options: ["bind", "ro", "nosuid", "nodev"]}]'
	set_args /srv/sh -c 'read -r name </proc/$$/comm; echo "$name"'
	run_casemate
	assert_output sh
}

@test "arguments arrive as they are" {
	report args '' ' ' $'a\nb' '--version' "quote\"'" 'ü'
	assert_output $'\n \na\nb\n--version\nquote"\'\nü' || true
	[ "$(printf '\n \na\nb\n--version\nquote"'"'"'\nü')" = "$output" ] || fail "arguments were changed"
}

@test "the working directory is that of the config" {
	report cwd
	assert_output $'/\nbelow root'
	edit_config '.process.cwd = "/var/lib/data"'
	report cwd
	assert_output $'/var/lib/data\nbelow root'
}

@test "a working directory that is missing in a read-only rootfs, or is a file, is an error" {
	edit_config '.process.cwd = "/probe"'
	run_casemate
	assert_status 125
	assert_stderr /probe
	edit_config '.process.cwd = "/none"'
	run_casemate
	assert_status 125
	assert_stderr /none
}

# Beyond 2^53 a tool that keeps numbers as doubles is wrong, jq(1) too: the largest one is put in as text, last.
@test "rlimits are those of the config, with all 64 bits" {
	set_args /probe rlimits
	edit_config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200},
		{type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_FSIZE", soft: 4294967296, hard: 777777},
		{type: "RLIMIT_DATA", soft: 777778, hard: 777778}]'
	sed -i 's/777777/18446744073709551615/; s/777778/9007199254740993/' "$BUNDLE/config.json"
	run_casemate
	assert_line "NOFILE 100 200"
	assert_line "CORE 0 0"
	assert_line "FSIZE 4294967296 -1"
	assert_line "DATA 9007199254740993 9007199254740993"
}

@test "the launcher's own raised limit of open files is not passed on" {
	edit_config 'del(.process.rlimits)'
	(ulimit -Sn 300 && casemate_run </dev/null >/dev/null)
	set_args /probe rlimits
	(ulimit -Sn 300 && casemate_run </dev/null >"$BATS_TEST_TMPDIR/out")
	grep -qE '^NOFILE 300 ' "$BATS_TEST_TMPDIR/out" || fail "$(cat "$BATS_TEST_TMPDIR/out")"
}

@test "oomScoreAdj, affinity, nice and I/O priority" {
	edit_config '.process.oomScoreAdj = 500'
	report scheduling
	assert_line "oom 500"
	assert_line "policy 0"
	assert_line "nice 0"
	edit_config '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}
		| .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	report scheduling
	assert_line "policy 3"
	assert_line "nice 5"
	assert_line "ioprio 16390"
}

@test "the caller's affinity, scheduling and signal mask do not leak" {
	set_args /probe signals
	run --separate-stderr timeout -k 2 20 env --ignore-signal=USR1 --block-signal=USR2 \
		"$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null
	assert_line $'SigBlk:\t0000000000000000'
	assert_line $'SigIgn:\t0000000000000000'
}

@test "the execution domain is that of linux.personality" {
	privileged
	edit_config '.linux.personality = {domain: "LINUX32"}'
	requires x86_64
	report scheduling
	assert_line "personality 8"
}

@test "no_new_privs, seccomp and securebits under restricted, whatever the config says" {
	edit_config '.process.noNewPrivileges = false'
	report nnp
	assert_output 1
	report seccomp
	assert_line $'Seccomp:\t2'
	report securebits
	[ "$output" != 00 ] || fail "securebits are not set"
	report caps
	[ "$(grep -c ' 0000000000000000$' <<<"$output")" -eq 5 ] || fail "capabilities are left"
}

@test "capabilities beyond the ceiling are taken away, the one below it stays" {
	edit_config '.process.capabilities |= with_entries(.value = ["CAP_NET_BIND_SERVICE", "CAP_SYS_ADMIN", "CAP_CHOWN"])'
	report caps
	assert_line "effective 0000000000000400"
	assert_line "permitted 0000000000000400"
	assert_line "bounding 0000000000000400"
}

@test "an inheritable set appears only where the config has one" {
	privileged
	edit_config '.process.capabilities |= (.bounding = ["CAP_CHOWN"] | .effective = ["CAP_CHOWN"] | .permitted = ["CAP_CHOWN"])'
	report caps
	assert_line "inheritable 0000000000000000"
	assert_line "ambient 0000000000000000"
	assert_line "bounding 0000000000000001"
}

@test "the session keyring is a new one" {
	privileged
	report keyring
	local inside=${output%% *}
	run "$PROBE" keyring
	[ "$inside" != "${output%% *}" ] || fail "the caller's session keyring is shared"
}

# --- namespaces, names, sysctls

@test "every namespace of the config is new" {
	report ns
	local inside=$output name
	for name in mnt pid net ipc uts cgroup; do
		[[ $inside != *"$(readlink "/proc/self/ns/$name")"* ]] || fail "$name is the host's"
	done
	[[ $inside == *"$(readlink /proc/self/ns/user)"* ]] || fail "a user namespace that nobody asked for"
}

@test "user and time namespaces have the mappings and offsets of the config" {
	privileged
	edit_config '.linux.namespaces += [{type: "user"}, {type: "time"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}, {containerID: 5000, hostID: 200000, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.timeOffsets = {monotonic: {secs: 1000000}, boottime: {secs: 2000000, nanosecs: 500}}'
	report ns
	[[ $output != *"$(readlink /proc/self/ns/user)"* ]] || fail "the host's user namespace"
	[[ $output != *"$(readlink /proc/self/ns/time)"* ]] || fail "the host's time namespace"
	set_args /bin/cat /proc/self/uid_map
	run_casemate
	[ "$(tr -s ' ' <<<"$output")" = $' 0 100000 1000\n 5000 200000 1' ] || fail "uid_map"
	report clocks
	local uptime
	uptime=$(cut -d. -f1 /proc/uptime)
	[[ $output =~ monotonic\ ([0-9]+).*boottime\ ([0-9]+) ]] || fail "clocks"
	[ "${BASH_REMATCH[1]}" -ge 1000000 ]
	[ $((BASH_REMATCH[2] - uptime - 2000000)) -le 2 ]
}

@test "a namespace is joined by its path" {
	unshare --net --uts sh -c 'hostname joined; exec sleep 30' 3>&- &
	local other=$!
	eventually test ! /proc/$other/ns/net -ef /proc/self/ns/net
	local net
	net=$(readlink /proc/$other/ns/net)
	edit_config --arg p /proc/$other/ns/net '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)'
	report ns
	kill $other
	wait $other || true
	assert_line "net $net"
}

@test "a namespace path of the wrong kind is an error" {
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/1/ns/uts" else . end)'
	run_casemate
	assert_status 125
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	run_casemate
	assert_status 125
}

@test "host name and domain name are those of the config" {
	edit_config '.hostname = "tower" | .domainname = "example.org"'
	report names
	assert_line "hostname tower"
	assert_line "domainname example.org"
}

@test "sysctls of the container's own namespaces" {
	edit_config '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "0", "kernel.shm_rmid_forced": "1"}'
	set_args /bin/cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced
	run_casemate
	assert_output $'0\n1'
	[ "$(cat /proc/sys/kernel/shm_rmid_forced)" = 0 ]
	# As docker run --domainname has it.
	edit_config '.linux.sysctl = {"kernel.domainname": "example.org"}'
	report names
	assert_line "domainname example.org"
}

@test "loopback is up in a new network namespace" {
	set_args /bin/cat /proc/net/dev /proc/net/fib_trie
	run_casemate
	[[ $output == *127.0.0.1* ]] || fail "loopback has no address"
}

# --- standard streams, descriptors, terminal

@test "standard input, output and error pass through" {
	set_args /probe cat
	[ "$(printf 'one\ntwo' | casemate_run)" = $'one\ntwo' ]
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/random"
	casemate_run <"$BATS_TEST_TMPDIR/random" | cmp - "$BATS_TEST_TMPDIR/random"
	set_args /bin/sh -c 'echo out; echo err >&2'
	run_casemate
	assert_output out
	[ "$stderr" = err ]
}

@test "closed standard streams do no harm" {
	set_args /probe fds
	timeout -k 2 20 "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" <&- >"$BATS_TEST_TMPDIR/out" 2>&1
	! grep -vE '^[012] ' "$BATS_TEST_TMPDIR/out" || fail "more than three descriptors"
}

@test "--preserve-fds passes on as many as asked for, and no more" {
	set_args /bin/sh -c 'cat <&3'
	run --separate-stderr timeout -k 2 20 "$CASEMATE" run --profile "$PROFILE" --preserve-fds 1 --bundle "$BUNDLE" "$ID" \
		3<<<"given" 4<<<"not given" </dev/null
	assert_output given
	set_args /probe fds
	run --separate-stderr timeout -k 2 20 "$CASEMATE" run --profile "$PROFILE" --preserve-fds 1 --bundle "$BUNDLE" "$ID" \
		3<<<"given" 4<<<"not given" </dev/null
	[[ $output != *$'\n4 '* ]] || fail "descriptor 4 was passed on"
}

@test "--preserve-fds does not pass on the view that the launcher was executed from" {
	set_args /probe fds
	(
		for number in {3..30}; do eval "exec $number>&-"; done
		timeout -k 2 20 "$CASEMATE" run --profile privileged --preserve-fds 28 --bundle "$BUNDLE" "$ID" </dev/null
	) >"$BATS_TEST_TMPDIR/out" 2>&1
	[ "$(grep -cE '^[0-9]+ ' "$BATS_TEST_TMPDIR/out")" = 3 ] || fail "$(cat "$BATS_TEST_TMPDIR/out")"
}

@test "the file of a launcher that is root on the host can be written through no process of the launch" {
	edit_config ".process.user.uid = 0"
	set_args /bin/sh -c 'echo up; cat'
	local launcher line
	mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
	# A copy: other tests may be executing the program, and then nobody can write to it anyway.
	cp "$CASEMATE" "$BATS_TEST_TMPDIR/casemate"
	timeout -k 2 20 "$BATS_TEST_TMPDIR/casemate" run --profile privileged --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" \
		<"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	exec 7>"$BATS_TEST_TMPDIR/in" 8<"$BATS_TEST_TMPDIR/out"
	read -r -t 10 line <&8
	[ "$line" = up ]
	launcher=$(awk '/^PPid:/ { print $2 }' "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/status")
	# While it runs nobody can write to it; who has it open can try later.
	exec 9<"/proc/$launcher/exe"
	exec 7>&- 8<&-
	wait
	# Before 5.12 it is a sealed copy, which can be opened and not be written.
	run sh -c 'echo x >>/proc/self/fd/9'
	exec 9<&-
	[ "$status" -ne 0 ]
	[[ $output == *"Read-only file system"* || $(uname -r) == 5.10.* ]] || fail "the launcher's file is on a writable mount"
}

@test "a terminal of its own when the config asks for one" {
	requires script
	edit_config '.process.terminal = true'
	set_args /bin/sh -c '/probe tty; /probe session; stat -c %t,%T /dev/console'
	# shellcheck disable=SC2016
	run env PROFILE="$PROFILE" BUNDLE="$BUNDLE" ID="$ID" timeout -k 2 20 script -qec \
		'stty cols 91 rows 33; exec "$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"' /dev/null </dev/null
	output=${output//$'\r'/}
	[[ $output == *"0 /dev/"* ]] || fail "standard input is not a terminal"
	assert_line "size 91x33"
	assert_line "controlling yes"
	assert_line "foreground 1"
}

@test "exit status and output of a program on a terminal" {
	requires script
	edit_config '.process.terminal = true'
	set_args /bin/sh -c 'echo seen; exit 17'
	# shellcheck disable=SC2016
	run env PROFILE="$PROFILE" BUNDLE="$BUNDLE" ID="$ID" timeout -k 2 20 script -qec \
		'"$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID"; echo "status $?"' /dev/null </dev/null
	output=${output//$'\r'/}
	[[ $output == *seen* ]] || fail "no output"
	# script(1) types its end of file, which the terminal may echo in front.
	[[ $output == *"status 17"* ]] || fail "the status was lost"
}

# --- end

@test "the exit status is the program's own" {
	local number
	for number in 0 1 42 124 255; do
		set_args /probe status $number
		run_casemate
		assert_status $number
	done
}

@test "128 and the signal that ended the program" {
	# The first process of a pid namespace is spared by its own signals, so it comes from outside.
	set_args /bin/sh -c 'echo up; sleep 60'
	"$CASEMATE" run --profile "$PROFILE" --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$BUNDLE" "$ID" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 3>&- &
	eventually test -s "$BATS_TEST_TMPDIR/out"
	kill -9 "$(cat "$BATS_TEST_TMPDIR/pid")"
	status=0
	wait $! || status=$?
	assert_status 137
	set_args /bin/sh -c "/probe die 6; exit \$?"
	run_casemate
	assert_status 134
}

@test "signals are forwarded to the program" {
	local name number
	set_args /probe wait
	for name in TERM INT HUP USR1 USR2 QUIT WINCH; do
		number=$(kill -l $name)
		rm -f "$BATS_TEST_TMPDIR/out" # of the round before, which was ready
		"$CASEMATE" run --profile "$PROFILE" --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 3>&- &
		eventually grep -qs ready "$BATS_TEST_TMPDIR/out"
		kill -"$name" $!
		status=0
		wait $! || status=$?
		grep -qx "signal $number" "$BATS_TEST_TMPDIR/out" || fail "SIG$name did not arrive"
		assert_status 40
	done
}

@test "the pid file has the pid of the first process, and no newline" {
	set_args /probe wait
	"$CASEMATE" run --profile "$PROFILE" --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$BUNDLE" "$ID" </dev/null \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	eventually grep -qs ready "$BATS_TEST_TMPDIR/out"
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[[ $pid =~ ^[0-9]+$ ]]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/pid")" -eq ${#pid} ]
	[ "$(tr '\0' ' ' </proc/"$pid"/cmdline)" = "/probe wait " ] || fail "pid $pid is another process"
	[ "$(awk '/^NSpid:/ { print $3 }' /proc/"$pid"/status)" = 1 ]
	kill $!
	wait $! || true
}

@test "no process outlives the first one" {
	set_args /bin/sh -c 'sleep 600 & sleep 600 & sleep 0.1; exit 3'
	run_casemate
	assert_status 3
	# common_teardown looks for them.
}

@test "the launcher's descriptors and memory are not the container's" {
	set_args /probe wait
	"$CASEMATE" run --profile "$PROFILE" --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$BUNDLE" "$ID" </dev/null \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	eventually grep -qs ready "$BATS_TEST_TMPDIR/out"
	run ls /proc/"$(cat "$BATS_TEST_TMPDIR/pid")"/fd
	kill $!
	wait $! || true
	assert_output $'0\n1\n2'
}

@test "the bundle of runc spec runs unchanged under baseline" {
	requires runc
	rm "$BUNDLE/config.json"
	(cd "$BUNDLE" && runc spec)
	edit_config '.process.terminal = false'
	set_args /probe ids
	PROFILE=baseline
	run_casemate
	assert_status 0
	assert_line "uid 0 0 0 0"
	rm "$BUNDLE/config.json"
	(cd "$BUNDLE" && crun spec)
	edit_config '.process.terminal = false'
	set_args /probe ids
	run_casemate
	assert_status 0
}
