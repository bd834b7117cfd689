#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# podman and conmon, as root and as an ordinary user, with every runtime of $RUNTIMES: engines/README.md.
# shellcheck disable=SC2016,SC2030,SC2031,SC2046,SC2120,SC2317,SC2329 # `check` is called by each_runtime, in a shell of its own

load helpers/common
load engines/checks

setup_file() {
	engine_setup podman podman conmon catatonit slirp4netns newuidmap script
	podman_setup
	for user in root ordinary; do
		for image in busybox debian; do
			pm load -qi "$MACHINE/$image.tar"
		done
	done
	cat >"$MACHINE/no-mkdir.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
	END
}

teardown_file() {
	engine_teardown
}

# pm COMMAND...: podman with the runtime, as the user $user, which is root unless it is set
pm() {
	in_machine "$MACHINE/podman-${user:-root}" ${RUNTIME:+--runtime "$RUNTIME"} "$@"
}

# What `podman run` needs under the runtime; restricted wants a user and a read-only rootfs, and nothing else.
as_asked() {
	! strict || echo --user 1000:1000 --read-only
}

# run_it [OPTION...] IMAGE COMMAND...
run_it() {
	pm run --rm $(as_asked) "$@"
}

# box [OPTION...]: a container that sleeps, by the name $box
box() {
	box=$RUNTIME-$BATS_TEST_NUMBER
	pm run -d --name "$box" $(as_asked) "$@" busybox:test sleep 1000
}

# each_user CHECK: the same for root and for an ordinary user
each_user() {
	for user in root ordinary; do
		"$1"
	done
}

# What a user reads who starts an image that wants to be root.
ROOT_REFUSED="process.user.uid is 0"

@test "podman: an image that wants root is refused by restricted" {
	check() {
		pm run --rm busybox:test true
	}
	refused casemate "$ROOT_REFUSED"
	each_runtime "root: run, as the image is"
	user=ordinary
	each_runtime "user: run, as the image is"
}

@test "podman: run prints, and ends with the program's status or signal" {
	check() {
		run_it busybox:test echo hello | has hello
		ends_with 7 run_it busybox:test sh -c 'exit 7'
		ends_with 137 run_it --init busybox:test sh -c 'kill -KILL $$'
		ends_with 127 run_it busybox:test no-such-program
		ends_with 126 run_it busybox:test /etc/passwd
		echo over there | run_it -i busybox:test cat | has 'over there'
	}
	each_runtime "root: run, exit status, -i"
	user=ordinary
	each_runtime "user: run, exit status, -i"
}

@test "podman: run -t gives a terminal" {
	check() {
		on_terminal "$MACHINE/podman-${user:-root}" --runtime "$RUNTIME" run --rm $(as_asked) -it busybox:test \
			sh -c "tty; $AWAIT_SIZE" | has /dev/pts/0 '33 99'
	}
	each_runtime "root: run -t"
	user=ordinary
	each_runtime "user: run -t"
}

@test "podman: a Debian image runs its programs" {
	check() {
		run_it debian:test sh -c 'cat /etc/debian_version && dpkg --version && perl -e "print 6*7, qq(\n)"' | has 42
	}
	each_runtime "root: Debian"
	user=ordinary
	each_runtime "user: Debian"
}

@test "podman: exec, with another user, directory and environment, and on a terminal" {
	check() {
		box
		pm exec "$box" echo hello | has hello
		ends_with 9 pm exec "$box" sh -c 'exit 9'
		pm exec -u 1000:44 -w /var/tmp -e WHAT=that "$box" sh -c 'id; pwd; echo $WHAT' | has uid=1000 gid=44 /var/tmp that
		echo in | pm exec -i "$box" cat | has in
		on_terminal "$MACHINE/podman-${user:-root}" --runtime "$RUNTIME" exec -it "$box" sh -c "tty; $AWAIT_SIZE" |
			has /dev/pts/ '33 99'
		ends_with 127 pm exec "$box" no-such-program
		pm rm -ft 0 "$box"
	}
	each_runtime "root: exec -u -w -e -i -t"
	user=ordinary
	each_runtime "user: exec -u -w -e -i -t"
}

@test "podman: logs, stop, kill, wait and start" {
	check() {
		local name=$RUNTIME-stop
		pm run -d --name "$name" $(as_asked) busybox:test sh -c \
			'trap "echo term; exit 3" TERM; trap "echo usr1" USR1; echo ready; while :; do sleep 0.1; done'
		wait_until 10 eval "pm logs $name | grep ready"
		pm kill -s USR1 "$name"
		wait_until 10 eval "pm logs $name | grep usr1"
		pm stop -t 20 "$name"
		[ "$(pm inspect -f '{{.State.ExitCode}}' "$name")" = 3 ]
		pm start "$name"
		pm kill "$name"
		[ "$(pm wait "$name")" = 137 ]
		pm rm "$name"
	}
	each_runtime "root: logs, stop, kill, start"
	user=ordinary
	each_runtime "user: logs, stop, kill, start"
}

@test "podman: top, stats, pause and update" {
	check() {
		local before
		box=$RUNTIME-$BATS_TEST_NUMBER
		pm run -d --name "$box" $(as_asked) --memory 64m busybox:test sh -c 'while :; do echo tick; sleep 0.1; done'
		pm top "$box" | has 'sh -c'
		pm stats --no-stream --format '{{.MemUsage}} {{.PIDS}}' "$box" | grep -E '^([0-9.]+k|[0-9](\.[0-9]+)?M)B / .* [12]$'
		pm pause "$box"
		[ "$(pm inspect -f '{{.State.Status}}' "$box")" = paused ]
		# What it said before comes to the log when the engine gets to it.
		wait_until 10 stands_still pm logs "$box"
		before=$(pm logs "$box" | wc -l)
		pm unpause "$box"
		wait_until 10 eval "[ \$(pm logs $box | wc -l) -gt $before ]"
		pm update --cpus 0.5 "$box"
		pm exec "$box" sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us || cat /sys/fs/cgroup/cpu.max' | has 50000
		pm rm -ft 0 "$box"
	}
	each_runtime "root: top, stats, pause, update"
}

@test "podman: --memory ends what takes more, --pids-limit holds" {
	check() {
		ends_with 137 run_it --memory 16m --memory-swap 16m busybox:test tail /dev/zero
		ends_with 2 run_it --pids-limit 8 busybox:test sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done' 2>&1 |
			has "can't fork"
	}
	each_runtime "root: --memory, OOM kill, --pids-limit"
}

@test "podman: --read-only, --tmpfs, --user, --init, --hostname and -v" {
	check() {
		mkdir -p "$MACHINE/bound"
		chmod 777 "$MACHINE/bound"
		echo from outside >"$MACHINE/bound/file"
		run_it --read-only --tmpfs /tmp --user 1000:1000 --init --hostname box -v "$MACHINE/bound:/mnt:ro" busybox:test sh -c \
			'echo x >/tmp/x && ! echo x >/etc/x && id && hostname && cat /proc/1/cmdline && cat /mnt/file && ! echo x >/mnt/x' |
			has uid=1000 box podman-init 'from outside'
	}
	each_runtime "root: --read-only, --tmpfs, --user, --init, --hostname, -v"
	user=ordinary
	each_runtime "user: --read-only, --tmpfs, --user, --init, --hostname, -v"
}

@test "podman: capabilities, filter and no-new-privileges" {
	check() {
		run_it --cap-drop ALL --cap-add NET_BIND_SERVICE --security-opt no-new-privileges busybox:test cat /proc/self/status |
			has $'CapBnd:\t0000000000000400' $'NoNewPrivs:\t1' $'Seccomp:\t2'
		run_it --security-opt "seccomp=$MACHINE/no-mkdir.json" busybox:test sh -c '! mkdir /dev/shm/x 2>&1' | has 'not permitted'
	}
	each_runtime "root: --cap-drop, --cap-add, --security-opt"
	user=ordinary
	each_runtime "user: --cap-drop, --cap-add, --security-opt"
}

@test "podman: a device that every container has, by another name" {
	check() {
		run_it --device /dev/zero:/dev/other busybox:test sh -c 'head -c 3 /dev/other | wc -c' | has 3
	}
	each_runtime "root: --device /dev/zero"
	user=ordinary
	each_runtime "user: --device /dev/zero"
}

# A tmpfs where the image has nothing is for everybody, which podman makes of "tmpcopyup" without a word about the mode.
@test "podman: an image as a volume, an overlay over a directory, and a tmpfs where the image has nothing" {
	check() {
		local dir=$MACHINE/under-$RUNTIME-${user-root}
		machine_run install -d -m 777 -o "${user-root}" -g "${user-root}" "$dir"
		machine_run install -m 666 -o "${user-root}" -g "${user-root}" /dev/null "$dir/file"
		run_it --mount type=image,src=debian:test,dst=/img -v "$dir:/over:O" --tmpfs /fresh --tmpfs /closed:mode=755 busybox:test sh -c \
			'ls /img/etc/debian_version && ! touch /img/x && echo over >/over/file && cat /over/file && stat -c %a /fresh /closed' |
			has debian_version over 1777 755
		[ ! -s "$dir/file" ]
	}
	each_runtime "root: --mount type=image, -v :O, --tmpfs"
	user=ordinary
	each_runtime "user: --mount type=image, -v :O, --tmpfs"
	unset user
	check() {
		run_it -v /etc:/over:O busybox:test true
	}
	refused "casemate casemate-baseline" "the host's configuration"
	each_runtime "root: -v /etc:/etc:O"
}

@test "podman: networks of root and of the user" {
	check() {
		[ "$(run_it --network none busybox:test sh -c 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "')" = lo ]
		pm run -d --name "$RUNTIME-web" $(as_asked) -p 8080:8080 busybox:test httpd -f -p 8080 -h /etc
		in_machine busybox wget -qO - http://127.0.0.1:8080/group | has extra
		pm rm -ft 0 "$RUNTIME-web"
	}
	each_runtime "root: --network none, -p"
	user=ordinary
	each_runtime "user: --network none, -p"
}

@test "podman: the host's namespaces, where the ceiling lets them" {
	check() {
		run_it --network host --pid host --ipc host --uts host busybox:test ps | has "$(in_machine ps -o args= -p 1)"
	}
	refused "casemate casemate-baseline" pid network
	each_runtime "root: namespaces of the host"
}

@test "podman: user namespaces" {
	check() {
		run_it --userns keep-id --user 4321:4321 busybox:test id | has uid=4321
		run_it --uidmap 0:1:5000 busybox:test cat /proc/self/uid_map | has 5000
	}
	user=ordinary
	each_runtime "user: --userns keep-id, --uidmap"
}

# of the host's ids, or of the user's own
maps_of() {
	[ "${user-}" = ordinary ] && set -- 1 || set -- 100000
	echo --uidmap "0:$1:5000" --gidmap "0:$1:5000"
}

@test "podman: a container that joins the user namespace of another one" {
	check() {
		box $(maps_of)
		shared=$(pm exec "$box" readlink /proc/self/ns/user)
		run_it --userns "container:$box" busybox:test sh -c 'readlink /proc/self/ns/user; cat /proc/self/uid_map' | has "$shared" 5000
		other=$box-other
		pm run -d --name "$other" $(as_asked) --userns "container:$box" busybox:test sleep 1000
		pm exec "$other" readlink /proc/self/ns/user | has "$shared"
		pm rm -ft 0 "$other"
		pm rm -ft 0 "$box"
	}
	each_runtime "root: --userns container:NAME"
	user=ordinary
	each_runtime "user: --userns container:NAME"
}

@test "podman: a pod with a user namespace" {
	check() {
		local pod=$RUNTIME-shared
		pm pod create --name "$pod" $(maps_of)
		pm run -d --pod "$pod" --name "$pod-one" $(as_asked) busybox:test sleep 1000
		shared=$(pm exec "$pod-one" readlink /proc/self/ns/user)
		run_it --pod "$pod" busybox:test sh -c 'readlink /proc/self/ns/user; readlink /proc/self/ns/net; cat /proc/self/uid_map' |
			has "$shared" 5000 "$(pm exec "$pod-one" readlink /proc/self/ns/net)"
		pm pod rm -ft 0 "$pod"
	}
	refused casemate "$ROOT_REFUSED"
	each_runtime "root: pod create --uidmap"
	pm pod rm -aft 0
	user=ordinary
	each_runtime "user: pod create --uidmap"
	pm pod rm -aft 0
}

@test "podman: pods" {
	check() {
		local pod=$RUNTIME-pod
		pm pod create --name "$pod"
		pm run -d --pod "$pod" $(as_asked) busybox:test httpd -f -p 8080 -h /etc
		run_it --pod "$pod" busybox:test sh -c 'hostname; wget -qO - http://127.0.0.1:8080/group' | has "$pod" extra
		pm pod stop -t 1 "$pod"
		pm pod start "$pod"
		pm pod rm -ft 0 "$pod"
	}
	refused casemate "$ROOT_REFUSED"
	each_runtime "root: pod"
	# A pod whose container is refused is still podman's.
	pm pod rm -aft 0
	user=ordinary
	each_runtime "user: pod"
	pm pod rm -aft 0
}

@test "podman: play kube starts a pod of two containers" {
	check() {
		cat >"$MACHINE/pod.yaml" <<-END
			apiVersion: v1
			kind: Pod
			metadata:
			  name: played
			spec:
			  containers:
			  - name: server
			    image: docker.io/library/busybox:test
			    command: ["httpd", "-f", "-p", "8080", "-h", "/etc"]
			    securityContext:
			      runAsUser: 1000
			      readOnlyRootFilesystem: true
			      allowPrivilegeEscalation: false
			      capabilities:
			        drop: ["ALL"]
			  - name: client
			    image: docker.io/library/busybox:test
			    command: ["sh", "-c", "sleep 1; wget -qO - http://127.0.0.1:8080/group; sleep 1000"]
		END
		pm play kube "$MACHINE/pod.yaml"
		wait_until 10 eval "pm logs played-client | grep extra"
		pm exec played-server cat /proc/self/status | has $'CapBnd:\t0000000000000000' $'NoNewPrivs:\t1' $'Uid:\t1000'
		pm play kube --down "$MACHINE/pod.yaml"
	}
	refused casemate "$ROOT_REFUSED"
	each_runtime "root: play kube"
	pm pod rm -aft 0
}

@test "podman: build runs the commands of a Dockerfile" {
	check() {
		mkdir -p "$MACHINE/build"
		printf 'FROM busybox:test\nRUN echo built >/built && id >/who\nCOPY Dockerfile /\n' >"$MACHINE/build/Dockerfile"
		pm build --no-cache -qt "built:$RUNTIME" "$MACHINE/build"
		run_it "built:$RUNTIME" cat /built | has built
		pm rmi "built:$RUNTIME"
	}
	refused casemate "$ROOT_REFUSED"
	each_runtime "root: build"
}

@test "podman: container checkpoint, restore, and what is moved by export and import" {
	check() {
		box=$RUNTIME-$BATS_TEST_NUMBER
		pm run -d --name "$box" $(as_asked) --network none --tmpfs /tmp busybox:test sh -c "$COUNTER"
		sleep 1
		if strict || ! criu_works; then
			ends_with 125 pm container checkpoint "$box" 2>&1 | has criu
			pm exec "$box" true
			pm rm -ft 0 "$box"
			return
		fi
		pm container checkpoint "$box"
		ends_with "$(unlimited && echo 0 || echo 125)" pm container restore "$box" 2>&1 | tee "$MACHINE/restored"
		if ! unlimited; then
			has 'made of an image' <"$MACHINE/restored"
			pm rm -ft 0 "$box"
			return
		fi
		sleep 1
		[ "$(pm exec "$box" cat /tmp/count)" -gt 12 ]
		pm container checkpoint --export "$MACHINE/exported.tar" "$box"
		pm rm -ft 0 "$box"
		pm container restore --import "$MACHINE/exported.tar" --name "$box-moved"
		sleep 1
		[ "$(pm exec "$box-moved" cat /tmp/count)" -gt 20 ]
		pm rm -ft 0 "$box-moved"
	}
	each_runtime "root: $(checkpoint_words)"
}

@test "podman: nothing of all these containers is left in the machine" {
	for user in root ordinary; do
		[ -z "$(pm ps -aq)" ]
	done
	run in_machine sh -c 'find /run/*/ /run/user/*/*/ -mindepth 1 -maxdepth 1 -regextype egrep -regex ".*/[0-9a-f]{64}" 2>&1'
	[ -z "$output" ] || fail "state of containers is left"
	run in_machine sh -c 'find /sys/fs/cgroup -type d \( -path "*/libpod_parent/libpod-*" -o -name "libpod-*.scope" \)'
	[ -z "$output" ] || fail "cgroups are left"
	run in_machine pgrep -a conmon
	[ -z "$output" ] || fail "processes are left"
}
