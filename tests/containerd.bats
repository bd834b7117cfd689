#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd driven by ctr(1), with every runtime of $RUNTIMES: engines/README.md.
# shellcheck disable=SC2016,SC2030,SC2031,SC2046,SC2120,SC2317,SC2329 # `check` is called by each_runtime, in a shell of its own

load helpers/common
load engines/checks

setup_file() {
	engine_setup containerd containerd ctr script
	containerd_start
	for image in busybox user debian; do
		in_machine ctr image import "$MACHINE/$image.tar"
	done
	mkdir "$MACHINE/bound"
	echo 'from outside' >"$MACHINE/bound/file"
	cat >"$MACHINE/no-mkdir.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
	END
}

teardown_file() {
	engine_teardown
}

# ctr_run [OPTION...] -- COMMAND...: a container $NAME of the image $IMAGE. Restricted wants a user, which ctr takes from the
# image alone, and a read-only rootfs, and nothing else.
ctr_run() {
	local options=(--runc-binary "$(runtime_path "$RUNTIME")") image=${IMAGE:-busybox:test}
	! strict || { options+=(--read-only) && image=${IMAGE:-busybox:user}; }
	! by_systemd || options+=(--runc-systemd-cgroup --cgroup "system.slice:ctr:${NAME:-$RUNTIME-run}")
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	in_machine ctr run "${options[@]}" "docker.io/library/$image" "${NAME:-$RUNTIME-run}" "${@:2}"
}

run_it() {
	ctr_run --rm "$@"
}

# box [OPTION...]: a container that sleeps, by the name $box
box() {
	box=$RUNTIME-$BATS_TEST_NUMBER
	NAME=$box ctr_run -d "$@" -- sleep 1000
}

unbox() {
	in_machine ctr task kill -s KILL "$box"
	ended_with 137
}

# ended_with STATUS: the box ended, and is removed
ended_with() {
	wait_until 10 eval "in_machine ctr task ls | grep -E '^$box .*STOPPED'"
	in_machine ctr task rm "$box" 2>&1 | has "exit code $1"
	in_machine ctr container rm "$box"
}

@test "containerd: an image that wants root is refused by restricted" {
	check() {
		IMAGE=busybox:test run_it -- true
	}
	refused casemate "process.user.uid is 0"
	each_runtime "run, as the image is"
}

@test "containerd: run prints, and ends with the program's status" {
	check() {
		run_it -- echo hello | has hello
		ends_with 7 run_it -- sh -c 'exit 7'
		ends_with 1 run_it -- no-such-program 2>&1 | has 'executable file not found'
	}
	each_runtime "run, exit status"
}

@test "containerd: standard input and a terminal" {
	check() {
		echo over there | run_it -- head -n 1 | has 'over there'
		NAME=$RUNTIME-tty on_terminal "$(command -v ctr)" run --rm --runc-binary "$(runtime_path "$RUNTIME")" \
			$(! strict || echo --read-only) -t "docker.io/library/busybox:$(strict && echo user || echo test)" "$RUNTIME-tty" \
			sh -c "tty; $AWAIT_SIZE" | has /dev/pts/0 '33 99'
	}
	each_runtime "run with input, run -t"
}

@test "containerd: a Debian image runs its programs" {
	check() {
		IMAGE=debian:test run_it -- sh -c 'cat /etc/debian_version && dpkg --version && perl -e "print 6*7, qq(\n)"' | has 42
	}
	refused casemate "process.user.uid is 0"
	each_runtime "Debian"
}

@test "containerd: task exec, ls, ps and metrics" {
	check() {
		box
		in_machine ctr task exec --exec-id one "$box" echo hello | has hello
		ends_with 9 in_machine ctr task exec --exec-id two "$box" sh -c 'exit 9'
		in_machine ctr task exec --exec-id three --user 1000 --cwd /var/tmp "$box" sh -c 'id; pwd' | has uid=1000 /var/tmp
		on_terminal ctr task exec -t --exec-id four "$box" sh -c "tty; $AWAIT_SIZE" | has /dev/pts/ '33 99'
		in_machine ctr task ls | grep -E "^$box +[0-9]+ +RUNNING"
		[ "$(in_machine ctr task ps "$box" | tail -n +2 | wc -l)" -eq 1 ]
		in_machine ctr task metrics "$box" | grep -E '^(memory.usage_in_bytes|memory.usage|memory.current) +[1-9][0-9]{0,6} *$'
		in_machine ctr task metrics "$box" | grep -E '^pids.current +1 *$'
		unbox
	}
	each_runtime "task exec, ls, ps, metrics"
}

@test "containerd: task pause and resume" {
	check() {
		local dir=$MACHINE/pause-$RUNTIME
		mkdir -m 777 "$dir"
		box=$RUNTIME-$BATS_TEST_NUMBER
		NAME=$box ctr_run -d --mount "type=bind,src=$dir,dst=/mnt,options=rbind" -- \
			sh -c 'while :; do echo tick >>/mnt/ticks; sleep 0.1; done'
		wait_until 10 test -s "$dir/ticks"
		in_machine ctr task pause "$box"
		in_machine ctr task ls | grep -E "^$box +[0-9]+ +PAUSED"
		mv "$dir/ticks" "$dir/before"
		sleep 1
		[ ! -e "$dir/ticks" ]
		in_machine ctr task resume "$box"
		wait_until 10 test -s "$dir/ticks"
		unbox
	}
	each_runtime "task pause, resume"
}

# The program has a handler for SIGUSR1.
catches_usr1() {
	local pid
	pid=$(in_machine ctr task ls | awk -v box="$box" '$1 == box { print $2 }')
	((16#$(in_machine sed -n 's/^SigCgt:\t//p' "/proc/$pid/status") & 0x200))
}

@test "containerd: task kill, by every signal, and of every process" {
	check() {
		box=$RUNTIME-$BATS_TEST_NUMBER
		NAME=$box ctr_run -d -- sh -c 'trap "exit 3" USR1; while :; do sleep 0.1; done'
		wait_until 10 catches_usr1
		in_machine ctr task kill -s USR1 "$box"
		ended_with 3
		box
		in_machine ctr task kill -a -s KILL "$box"
		ended_with 137
	}
	each_runtime "task kill, kill --all"
}

@test "containerd: a checkpoint, and a container that goes on from it" {
	check() {
		box=$RUNTIME-$BATS_TEST_NUMBER
		NAME=$box ctr_run -d --mount type=tmpfs,src=tmpfs,dst=/tmp,options=mode=1777 -- sh -c "$COUNTER"
		sleep 1
		if strict || ! criu_works; then
			ends_with 1 in_machine ctr task checkpoint "$box" 2>&1 | has criu
			in_machine ctr task exec --exec-id after "$box" true
			unbox
			return
		fi
		in_machine ctr container checkpoint --rw --image --task "$box" "image-$RUNTIME"
		before=$(in_machine ctr task exec --exec-id before "$box" cat /tmp/count)
		unbox
		if ! unlimited; then
			ends_with 1 in_machine ctr container restore --live "$box" "image-$RUNTIME" 2>&1 | has 'made of an image'
			in_machine ctr container rm "$box"
			return
		fi
		in_machine ctr container restore --live "$box" "image-$RUNTIME"
		sleep 1
		after=$(in_machine ctr task exec --exec-id after "$box" cat /tmp/count)
		[ "$after" -gt "$((before < 8 ? before : 8))" ]
		unbox
	}
	each_runtime "$(checkpoint_words)"
}

@test "containerd: limits of memory and CPUs" {
	check() {
		run_it --memory-limit 50000000 --cpus 0.5 --cpu-shares 512 -- true
		ends_with 137 run_it --memory-limit 16000000 -- tail /dev/zero
	}
	each_runtime "--memory-limit, --cpus"
}

@test "containerd: --seccomp with its own profile, and with one of the user's" {
	check() {
		run_it --seccomp -- cat /proc/self/status | has $'Seccomp:\t2'
		run_it --seccomp --seccomp-profile "$MACHINE/no-mkdir.json" -- sh -c '! mkdir /dev/shm/x 2>&1' | has 'not permitted'
	}
	each_runtime "--seccomp"
}

@test "containerd: --mount, --read-only, --env, --cwd and --cap-drop" {
	check() {
		run_it --read-only --mount "type=bind,src=$MACHINE/bound,dst=/mnt,options=rbind:ro" --env A=b --cwd /var/tmp \
			--cap-drop CAP_CHOWN -- sh -c 'cat /mnt/file; echo $A; pwd; grep CapBnd /proc/self/status; ! echo x >/etc/x' |
			has 'from outside' b /var/tmp CapBnd
	}
	each_runtime "--mount, --read-only, --env, --cwd, --cap-drop"
}

@test "containerd: the host's network, where the ceiling lets it" {
	check() {
		run_it --net-host -- readlink /proc/self/ns/net | has "$(in_machine readlink /proc/self/ns/net)"
	}
	refused "casemate casemate-baseline" network
	each_runtime "--net-host"
}

@test "containerd: --privileged is as much as the ceiling lets" {
	check() {
		if unlimited; then
			run_it --privileged -- mount -t tmpfs none /run
		else
			ends_with 1 run_it --privileged -- mount -t tmpfs none /run
		fi
	}
	each_runtime "--privileged"
}

@test "containerd: --uidmap" {
	check() {
		run_it --uidmap 0:100000:65536 --gidmap 0:100000:65536 --remap-labels -- cat /proc/self/uid_map |
			grep -E '^ +0 +100000 +65536$'
	}
	each_runtime "--uidmap"
}

@test "containerd: nothing of all these containers is left in the machine" {
	[ -z "$(in_machine ctr task ls -q)" ]
	[ -z "$(in_machine ctr container ls -q)" ]
	run in_machine sh -c 'find /run/containerd/runc /run/containerd/io.containerd.runtime.v2.task -mindepth 2 -maxdepth 2 2>/dev/null'
	[ -z "$output" ] || fail "state of containers is left"
	run in_machine sh -c 'find /sys/fs/cgroup -type d \( -path "*/default/*" -o -name "ctr-*.scope" \)'
	[ -z "$output" ] || fail "cgroups are left"
	run in_machine sh -c 'grep -e /rootfs /proc/self/mountinfo'
	[ -z "$output" ] || fail "mounts are left"
}
