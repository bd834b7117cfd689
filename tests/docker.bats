#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Docker's daemon and its containerd, with every runtime of $RUNTIMES: engines/README.md.
# shellcheck disable=SC2016,SC2030,SC2031,SC2046,SC2120,SC2317,SC2329 # `check` is called by each_runtime, in a shell of its own

load helpers/common
load engines/checks

setup_file() {
	engine_setup docker dockerd containerd docker script
	containerd_start
	dockerd_start
	[ "$(dk info -f '{{.CgroupDriver}}')" = "$(by_systemd && echo systemd || echo cgroupfs)" ]
	dk load -qi "$MACHINE/busybox.tar"
	dk load -qi "$MACHINE/debian.tar"
	cat >"$MACHINE/no-mkdir.json" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
	END
}

teardown_file() {
	engine_teardown
}

dk() {
	in_machine docker "$@"
}

# What `docker run` needs under the runtime; restricted wants a user and a read-only rootfs, and nothing else.
as_asked() {
	echo --runtime "$RUNTIME"
	! strict || echo --user 1000:1000 --read-only
}

# run_it [OPTION...] IMAGE COMMAND...
run_it() {
	dk run --rm $(as_asked) "$@"
}

# box [OPTION...]: the name of a container that sleeps, started unless it runs
box() {
	box=$RUNTIME-$BATS_TEST_NUMBER
	dk run -d --name "$box" $(as_asked) "$@" busybox:test sleep 1000
}

# What a user reads who starts an image that wants to be root.
ROOT_REFUSED=("process.user.uid is 0" "docker run --user")

@test "docker: an image that wants root is refused by restricted, with the flags that fix it" {
	check() {
		dk run --rm --runtime "$RUNTIME" busybox:test true
	}
	refused casemate "${ROOT_REFUSED[@]}"
	each_runtime "run, as the image is"
}

@test "docker: run prints, and ends with the program's status or signal" {
	check() {
		run_it busybox:test echo hello | has hello
		ends_with 7 run_it busybox:test sh -c 'exit 7'
		ends_with 137 run_it --init busybox:test sh -c 'kill -KILL $$'
	}
	each_runtime "run, exit status"
}

@test "docker: a program that is not there is 127, one that cannot be executed 126" {
	check() {
		ends_with 127 run_it busybox:test no-such-program
		ends_with 126 run_it busybox:test /etc/passwd
	}
	each_runtime "run, what cannot be run"
}

@test "docker: run -i hands standard input on" {
	check() {
		echo over there | run_it -i busybox:test cat | has 'over there'
	}
	each_runtime "run -i"
}

@test "docker: run -t gives a terminal of the right size" {
	check() {
		on_terminal docker run --rm $(as_asked) -it busybox:test sh -c "tty; $AWAIT_SIZE" | has /dev/pts/0 '33 99'
	}
	each_runtime "run -t"
}

@test "docker: a Debian image runs its programs" {
	check() {
		run_it debian:test sh -c 'cat /etc/debian_version && dpkg --version && perl -e "print 6*7, qq(\n)" && openssl version' |
			has 42 OpenSSL
	}
	each_runtime "Debian"
}

@test "docker: exec, with another user, directory and environment, and on a terminal" {
	check() {
		box
		dk exec "$box" echo hello | has hello
		ends_with 9 dk exec "$box" sh -c 'exit 9'
		dk exec -u 1000:44 -w /var/tmp -e WHAT=that "$box" sh -c 'id; pwd; echo $WHAT' |
			has uid=1000 gid=44 /var/tmp that
		echo in | dk exec -i "$box" cat | has in
		on_terminal docker exec -it "$box" sh -c "tty; $AWAIT_SIZE" | has /dev/pts/ '33 99'
		ends_with 127 dk exec "$box" no-such-program || ends_with 126 dk exec "$box" no-such-program
		dk rm -f "$box"
	}
	each_runtime "exec -u -w -e -i -t"
}

@test "docker: logs has what was printed, on both streams" {
	check() {
		local name=$RUNTIME-logs
		dk run -d --name "$name" $(as_asked) busybox:test sh -c 'echo out; echo err >&2'
		dk wait "$name"
		dk logs "$name" 2>/dev/null | has out
		dk logs "$name" 2>&1 >/dev/null | has err
		dk rm "$name"
	}
	each_runtime "logs"
}

@test "docker: stop ends by SIGTERM, kill by what is asked" {
	check() {
		local name=$RUNTIME-stop
		dk run -d --name "$name" $(as_asked) busybox:test sh -c \
			'trap "echo term; exit 3" TERM; trap "echo usr1" USR1; echo ready; while :; do sleep 0.1; done'
		wait_until 10 eval "dk logs $name | grep ready"
		dk kill -s USR1 "$name"
		wait_until 10 eval "dk logs $name | grep usr1"
		dk stop -t 20 "$name"
		[ "$(dk inspect -f '{{.State.ExitCode}}' "$name")" = 3 ]
		dk start "$name"
		dk kill "$name"
		[ "$(dk wait "$name")" = 137 ]
		dk rm "$name"
	}
	each_runtime "stop, kill, start"
}

@test "docker: a restart policy starts a container again, and so does restart" {
	check() {
		local name=$RUNTIME-restart
		dk run -d --name "$name" --restart on-failure:2 $(as_asked) busybox:test sh -c 'exit 5'
		wait_until 20 eval "[ \"\$(dk inspect -f '{{.RestartCount}} {{.State.Status}}' $name)\" = '2 exited' ]"
		dk rm "$name"
		box
		dk restart -t 1 "$box"
		dk exec "$box" true
		dk rm -f "$box"
	}
	each_runtime "restart policy, restart"
}

@test "docker: pause stops every process, unpause lets them go on" {
	check() {
		local name=$RUNTIME-pause before
		dk run -d --name "$name" $(as_asked) busybox:test sh -c 'while :; do echo tick; sleep 0.1; done'
		dk pause "$name"
		[ "$(dk inspect -f '{{.State.Status}}' "$name")" = paused ]
		# What it said before comes to the log when the engine gets to it.
		wait_until 10 stands_still dk logs "$name"
		before=$(dk logs "$name" | wc -l)
		dk unpause "$name"
		wait_until 10 eval "[ \$(dk logs $name | wc -l) -gt $before ]"
		dk rm -f "$name"
	}
	each_runtime "pause, unpause"
}

@test "docker: update changes limits of a container that runs" {
	check() {
		box --memory 64m
		dk update --memory 80m --memory-swap 80m --pids-limit 60 --cpu-shares 300 "$box"
		dk exec "$box" sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max' |
			has 83886080
		dk exec "$box" sh -c 'cat /sys/fs/cgroup/pids/pids.max || cat /sys/fs/cgroup/pids.max' | has 60
		dk rm -f "$box"
	}
	each_runtime "update"
}

@test "docker: stats counts memory and processes, top shows them" {
	check() {
		box
		dk stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$box" | grep -E '^([0-9.]+K|[0-9](\.[0-9]+)?M)iB / .* 1$'
		dk top "$box" -o pid,comm,args | grep -E 'sleep +sleep 1000'
		dk rm -f "$box"
	}
	each_runtime "stats, top"
}

@test "docker: cp takes files in and out" {
	check() {
		box -v "$RUNTIME-cp:/data"
		echo content >"$MACHINE/file"
		dk cp "$MACHINE/file" "$box:/data/copy"
		dk exec "$box" cat /data/copy | has content
		dk cp "$box:/etc/group" "$MACHINE/group"
		has extra <"$MACHINE/group"
		dk rm -f "$box"
		dk volume rm "$RUNTIME-cp"
	}
	each_runtime "cp"
}

@test "docker: a health check is run, and its answer is known" {
	check() {
		box --health-cmd 'test -e /run/well/yes' --health-interval 1s --health-retries 1 --tmpfs /run/well:mode=1777
		wait_until 20 eval "[ \"\$(dk inspect -f '{{.State.Health.Status}}' $box)\" = unhealthy ]"
		dk exec "$box" touch /run/well/yes
		wait_until 20 eval "[ \"\$(dk inspect -f '{{.State.Health.Status}}' $box)\" = healthy ]"
		dk rm -f "$box"
	}
	each_runtime "health check"
}

@test "docker: --init puts an init before the program, which reaps" {
	check() {
		run_it --init busybox:test sh -c 'cat /proc/1/comm; (sleep 0.1 &); sleep 1; ps' >"$MACHINE/init"
		has docker-init <"$MACHINE/init"
		lacks '[sleep]' <"$MACHINE/init"
	}
	each_runtime "--init"
}

@test "docker: --read-only with --tmpfs" {
	check() {
		run_it --read-only --tmpfs /tmp:size=1m busybox:test sh -c 'echo x >/tmp/x && ! echo x >/etc/x && df -k /tmp' |
			has 1024
	}
	each_runtime "--read-only, --tmpfs"
}

@test "docker: --user, --group-add, --workdir, --hostname, --env and --ulimit" {
	check() {
		run_it --user 1000:1000 --group-add 55 --workdir /var/tmp --hostname box --env A=b --ulimit nofile=100:200 \
			busybox:test sh -c 'id; pwd; hostname; echo $A $HOME; ulimit -n; grep "open files" /proc/self/limits' |
			has 'uid=1000(user) gid=1000(user)' '55' /var/tmp box 'b /home/user' 100 200
		run_it --user 4444 --hostname box --domainname example.org busybox:test sh -c 'hostname -f; echo "home $HOME"; id -u' |
			has box.example.org 'home /' 4444
	}
	each_runtime "--user, --group-add, --workdir, --hostname, --env, --ulimit"
}

@test "docker: --cap-drop and --cap-add, as far as the ceiling goes" {
	check() {
		run_it --cap-drop ALL --cap-add NET_BIND_SERVICE busybox:test cat /proc/self/status |
			has $'CapBnd:\t0000000000000400'
		if unlimited; then
			run_it --cap-drop ALL --cap-add SYS_TIME busybox:test cat /proc/self/status | has $'CapBnd:\t0000000002000000'
		else
			run_it --cap-drop ALL --cap-add SYS_TIME busybox:test cat /proc/self/status | has $'CapBnd:\t0000000000000000'
		fi
	}
	each_runtime "--cap-drop, --cap-add"
}

@test "docker: --security-opt seccomp=FILE, and no filter only without a ceiling" {
	check() {
		run_it --tmpfs /tmp --security-opt "seccomp=$MACHINE/no-mkdir.json" busybox:test sh -c \
			'! mkdir /tmp/x 2>/tmp/said && cat /tmp/said' | has 'not permitted'
		if unlimited; then
			run_it --security-opt seccomp=unconfined busybox:test cat /proc/self/status | has $'Seccomp:\t0'
		else
			run_it --security-opt seccomp=unconfined busybox:test cat /proc/self/status | has $'Seccomp:\t2'
		fi
	}
	each_runtime "--security-opt seccomp"
}

@test "docker: --security-opt no-new-privileges" {
	check() {
		run_it --security-opt no-new-privileges busybox:test cat /proc/self/status | has $'NoNewPrivs:\t1'
	}
	each_runtime "--security-opt no-new-privileges"
}

@test "docker: --pids-limit holds" {
	check() {
		ends_with 2 run_it --pids-limit 8 busybox:test sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done' 2>&1 |
			has "can't fork"
	}
	each_runtime "--pids-limit"
}

@test "docker: --memory ends what takes more, and Docker says so" {
	check() {
		local name=$RUNTIME-memory
		ends_with 137 dk run --name "$name" $(as_asked) --memory 16m --memory-swap 16m busybox:test tail /dev/zero
		[ "$(dk inspect -f '{{.State.OOMKilled}}' "$name")" = true ]
		dk rm "$name"
	}
	each_runtime "--memory, OOM kill"
}

@test "docker: --network none has the loopback interface alone, a bridge reaches other containers" {
	check() {
		local address
		[ "$(run_it --network none busybox:test sh -c 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "')" = lo ]
		dk run -d --name "$RUNTIME-web" $(as_asked) -p 8080:8080 busybox:test httpd -f -p 8080 -h /etc
		address=$(dk inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$RUNTIME-web")
		run_it busybox:test wget -qO - "http://$address:8080/group" | has extra
		in_machine busybox wget -qO - http://127.0.0.1:8080/group | has extra
		dk rm -f "$RUNTIME-web"
	}
	each_runtime "--network none, bridge, -p"
}

@test "docker: names of other containers are found in a network of one's own" {
	check() {
		dk network create "$RUNTIME-net"
		dk run -d --name "$RUNTIME-peer" --network "$RUNTIME-net" $(as_asked) busybox:test httpd -f -p 8080 -h /etc
		run_it --network "$RUNTIME-net" busybox:test wget -qO - "http://$RUNTIME-peer:8080/group" | has extra
		dk rm -f "$RUNTIME-peer"
		dk network rm "$RUNTIME-net"
	}
	each_runtime "network of one's own"
}

@test "docker: -v binds, read-only or not, and keeps volumes" {
	check() {
		local dir=$MACHINE/bound-$RUNTIME
		mkdir "$dir"
		chmod 777 "$dir"
		echo from outside >"$dir/file"
		run_it -v "$dir:/mnt:ro" busybox:test sh -c 'cat /mnt/file; ! echo x >/mnt/x' | has 'from outside'
		run_it -v "$dir:/mnt" busybox:test sh -c 'echo from inside >/mnt/made'
		has 'from inside' <"$dir/made"
		run_it -v "$RUNTIME-vol:/home/user" busybox:test sh -c 'echo kept >/home/user/kept'
		run_it -v "$RUNTIME-vol:/mnt" busybox:test cat /mnt/kept | has kept
		dk volume rm "$RUNTIME-vol"
		run_it -v /dev/null:/etc/group busybox:test sh -c 'cat /etc/group && echo none' | has none
	}
	each_runtime "-v ro, rw, volumes"
}

@test "docker: a device that was not given cannot be made and opened" {
	check() {
		ends_with 1 run_it busybox:test sh -c 'mknod /tmp/fuse c 10 229 && exec 3</tmp/fuse'
	}
	each_runtime "no other device"
}

@test "docker: --device gives a device, where the ceiling lets it" {
	check() {
		run_it --device /dev/zero:/dev/other busybox:test sh -c 'head -c 3 /dev/other | wc -c' | has 3
		run_it --device /dev/fuse busybox:test ls -l /dev/fuse | has '10, 229'
	}
	refused "casemate casemate-baseline" "/dev/fuse"
	each_runtime "--device"
}

@test "docker: --sysctl, --shm-size, --cpus and --cpuset-cpus" {
	check() {
		run_it --sysctl net.ipv4.ip_unprivileged_port_start=99 --shm-size 8m --cpus 0.5 --cpuset-cpus 0 busybox:test sh -c \
			'cat /proc/sys/net/ipv4/ip_unprivileged_port_start; df -k /dev/shm; cat /proc/self/status' |
			has 99 8192 $'Cpus_allowed_list:\t0'
	}
	each_runtime "--sysctl, --shm-size, --cpus, --cpuset-cpus"
}

@test "docker: namespaces of another container are joined" {
	check() {
		dk run -d --name "$RUNTIME-first" --ipc shareable $(as_asked) busybox:test sleep 1000
		run_it --network "container:$RUNTIME-first" --pid "container:$RUNTIME-first" --ipc "container:$RUNTIME-first" \
			busybox:test ps | has 'sleep 1000'
		dk rm -f "$RUNTIME-first"
	}
	each_runtime "--network, --pid and --ipc of a container"
}

@test "docker: the host's namespaces, where the ceiling lets them" {
	check() {
		run_it --network host --pid host --ipc host --uts host busybox:test ps | has dockerd
	}
	refused "casemate casemate-baseline" pid network
	each_runtime "namespaces of the host"
}

@test "docker: the daemon's own socket, where the ceiling lets it" {
	check() {
		run_it -v /run/docker.sock:/run/docker.sock busybox:test ls -l /run/docker.sock
	}
	refused "casemate casemate-baseline" docker.sock
	each_runtime "-v docker.sock"
}

@test "docker: --cgroupns private" {
	check() {
		run_it --cgroupns private busybox:test cat /proc/self/cgroup | lacks docker
	}
	each_runtime "--cgroupns private"
}

@test "docker: many containers start at once" {
	check() {
		local i pids=()
		for i in 1 2 3 4 5 6 7 8; do
			run_it busybox:test echo "hello $i" >"$MACHINE/many.$i" &
			pids+=($!)
		done
		for i in 1 2 3 4 5 6 7 8; do
			wait "${pids[i - 1]}"
			has "hello $i" <"$MACHINE/many.$i"
		done
	}
	each_runtime "eight at once"
}

@test "docker: build runs the commands of a Dockerfile" {
	check() {
		mkdir -p "$MACHINE/build"
		printf 'FROM busybox:test\nRUN echo built >/built && id >/who\nWORKDIR /work\nCOPY Dockerfile .\nRUN ls >/listed\n' \
			>"$MACHINE/build/Dockerfile"
		dockerd_default_runtime "$RUNTIME"
		in_machine env DOCKER_BUILDKIT=0 docker build --force-rm --no-cache -qt "built:$RUNTIME" "$MACHINE/build"
		run_it "built:$RUNTIME" cat /built /listed | has built Dockerfile
		dk rmi "built:$RUNTIME"
	}
	refused casemate "${ROOT_REFUSED[@]}"
	each_runtime "build"
}

# Its client is a plugin of later versions of docker, which Debian has in a package of its own.
buildkit_works() {
	in_machine docker buildx version >/dev/null 2>&1 || [ "$(docker_major)" -lt 23 ]
}

docker_major() {
	in_machine docker version -f '{{.Client.Version}}' | cut -d. -f1
}

# default-runtime is not asked.
@test "docker: the steps of a build by BuildKit are given to the runc that the daemon finds" {
	buildkit_works || return 0
	mkdir "$MACHINE/first" "$MACHINE/steps"
	printf '#!/bin/sh\nexec "$(cat %s/first/runtime)" "$@"\n' "$MACHINE" >"$MACHINE/first/runc"
	chmod 755 "$MACHINE/first/runc"
	runtime_path runc >"$MACHINE/first/runtime"
	printf 'FROM busybox:test\nRUN --mount=type=tmpfs,target=/t echo built >/t/a && cat /t/a && grep CapBnd /proc/self/status\n' \
		>"$MACHINE/steps/Dockerfile"
	FIRST=$MACHINE/first dockerd_start_other buildkit
	in_machine docker -H unix:///run/buildkit.sock load -qi "$MACHINE/busybox.tar"
	check() {
		runtime_path "$RUNTIME" >"$MACHINE/first/runtime"
		in_machine env DOCKER_BUILDKIT=1 docker -H unix:///run/buildkit.sock build --network none --no-cache --progress plain \
			"$MACHINE/steps" 2>&1 | has built "CapBnd:	00000000a804$(unlimited && echo 25 || echo 05)fb"
	}
	refused casemate "process.user.uid is 0"
	each_runtime "build by BuildKit"
}

# The second version is a plugin of docker; Debian 12 has the first.
compose() {
	if in_machine docker compose version >/dev/null 2>&1; then
		in_machine docker compose "$@"
	else
		in_machine docker-compose "$@"
	fi
}

@test "docker: compose starts two services that find each other" {
	check() {
		local dir=$MACHINE/compose-$RUNTIME more=""
		mkdir "$dir"
		! strict || more=$'    user: "1000:1000"\n    read_only: true\n'
		cat >"$dir/docker-compose.yml" <<-END
			version: "2.4"
			services:
			  web:
			    image: busybox:test
			    runtime: $RUNTIME
			    command: httpd -f -p 8080 -h /etc
			    healthcheck: {test: ["CMD", "wget", "-qO", "-", "http://127.0.0.1:8080/group"], interval: 1s}
			    volumes: ["kept:/kept", "$dir:/read:ro"]
			    tmpfs: [/scratch]
			    cap_drop: [ALL]
			    security_opt: ["no-new-privileges:true"]
			    mem_limit: 64m
			    cpus: 0.5
			    init: true
			    restart: on-failure
			$more
			  client:
			    image: busybox:test
			    runtime: $RUNTIME
			    depends_on: {web: {condition: service_healthy}}
			    command: wget -qO - http://web:8080/group
			$more
			volumes: {kept: {}}
		END
		compose -f "$dir/docker-compose.yml" up --abort-on-container-exit | has extra
		compose -f "$dir/docker-compose.yml" down -v
	}
	each_runtime "compose"
}

@test "docker: --userns-remap" {
	dockerd_start_other remap --userns-remap default
	in_machine docker -H unix:///run/remap.sock load -qi "$MACHINE/busybox.tar"
	check() {
		in_machine docker -H unix:///run/remap.sock run --rm $(as_asked) --network none busybox:test \
			cat /proc/self/uid_map | grep -E '^ +0 +[1-9][0-9]+ +65536$'
		in_machine docker -H unix:///run/remap.sock run --rm $(as_asked) --network none -v data:/data busybox:test id
	}
	each_runtime "--userns-remap"
	# To share another namespace, dockerd has them share the user namespace, and writes its maps as well.
	check() {
		local box=$RUNTIME-remapped kind shared
		remapped() {
			in_machine docker -H unix:///run/remap.sock "$@"
		}
		remapped run -d --name "$box" $(as_asked) --network none --ipc shareable busybox:test sleep 1000
		shared=$(remapped exec "$box" readlink /proc/self/ns/user)
		remapped run --rm $(as_asked) --network "container:$box" busybox:test readlink /proc/self/ns/user | has "$shared"
		for kind in ipc pid; do
			remapped run --rm $(as_asked) --network none "--$kind" "container:$box" busybox:test readlink /proc/self/ns/user | has "$shared"
		done
		remapped rm -f "$box"
	}
	each_runtime "--userns-remap, --network container:, --ipc container:, --pid container:"
}

@test "docker: --privileged" {
	has_all_capabilities() {
		grep -qx "CapBnd:	$(printf %016x $(((1 << ($(</proc/sys/kernel/cap_last_cap) + 1)) - 1)))" /proc/self/status
	}
	check() {
		if unlimited && ! has_all_capabilities; then
			ends_with 125 run_it --privileged --network none busybox:test true 2>&1 | has 'operation not permitted'
			return
		fi
		run_it --privileged --network none busybox:test sh -c 'mount -t tmpfs none /run && grep -c . /proc/mounts && [ -b /dev/loop0 ]'
	}
	refused "casemate casemate-baseline" "one of the host's"
	each_runtime "--privileged$(has_all_capabilities || echo ', refused by a machine that lacks a capability')"
}

@test "docker: checkpoint, and start from it" {
	dockerd_start_other experimental --experimental
	ex() {
		in_machine docker -H unix:///run/experimental.sock "$@"
	}
	ex load -qi "$MACHINE/busybox.tar"
	check() {
		box=$RUNTIME-$BATS_TEST_NUMBER
		ex run -d --name "$box" $(as_asked) --network none --tmpfs /tmp busybox:test sh -c "$COUNTER"
		sleep 1
		if strict || ! criu_works; then
			ends_with 1 ex checkpoint create "$box" one 2>&1 | has criu
			ex exec "$box" true
			ex rm -f "$box"
			return
		fi
		ex checkpoint create "$box" one
		if unlimited; then
			ex start --checkpoint one "$box"
			sleep 1
			[ "$(ex exec "$box" cat /tmp/count)" -gt 12 ]
		else
			ends_with 1 ex start --checkpoint one "$box" 2>&1 | has 'made of an image'
		fi
		ex rm -f "$box"
	}
	each_runtime "$(checkpoint_words)"
}

@test "docker: nothing of all these containers is left in the machine" {
	[ -z "$(dk ps -aq)" ]
	run in_machine sh -c 'find /run/docker/runtime-runc /run/containerd/io.containerd.runtime.v2.task -mindepth 2 -maxdepth 2 2>/dev/null'
	[ -z "$output" ] || fail "state of containers is left"
	# The one in which BuildKit wants its own stays, as "docker" does.
	run in_machine sh -c 'find /sys/fs/cgroup -type d \( -path "*/docker/*" ! -path "*/docker/buildkit" -o -name "docker-*.scope" \)'
	[ -z "$output" ] || fail "cgroups are left"
	run in_machine sh -c 'grep -e overlay2/ -e /merged /proc/self/mountinfo'
	[ -z "$output" ] || fail "mounts are left"
}
