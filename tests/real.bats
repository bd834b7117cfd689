#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs that people run, doing what they are there for, confined as hard as casemate does without being asked.
# shellcheck disable=SC2030,SC2031 # each test is a subshell; what `run` sets is read in the same one

load helpers/common
load helpers/rootfs

# How many times slower than others this machine may be.
PATIENCE=${PATIENCE:-1}

setup_file() {
	umask 022
	# Not below bats' own directory: an ordinary user and the users of the containers have to reach it.
	SHARED=$(mktemp -d /tmp/casemate-real.XXXXXX)
	chmod 755 "$SHARED"
	cp -r "$BATS_TEST_DIRNAME/real" "$SHARED/work"
	chmod -R a+rX "$SHARED/work"
	install -m 755 "$CASEMATE" "$SHARED/casemate"
	export SHARED ID_PREFIX=real-$BATS_ROOT_PID-$SRANDOM
	if [[ $EUID -eq 0 ]]; then
		requires debootstrap flock
		ROOTFS=$(rootfs_get)
		# Behind it: the first run on a machine makes the root file system.
		touch "$SHARED/start"
		ORDINARY=casemate-real-$$
		useradd --no-create-home --home-dir /nonexistent --shell /bin/sh "$ORDINARY"
		export ROOTFS ORDINARY
	fi
}

teardown_file() {
	[[ -z ${ORDINARY:-} ]] || userdel "$ORDINARY"
	rm -rf "$SHARED"
}

# bundle USER ARG...: a bundle that runs ARG... as the rootfs' user USER, in the current directory of the test.
bundle() {
	local ids
	requires root jq
	ids=$(awk -F: -v name="$1" '$1 == name { print $3 " " $4 }' "$ROOTFS/etc/passwd")
	shift
	cd "$BATS_TEST_TMPDIR" || return
	# shellcheck disable=SC2016 # jq's own variables
	jq --arg rootfs "$ROOTFS" --arg work "$SHARED/work" --argjson uid "${ids% *}" --argjson gid "${ids#* }" \
		--argjson args "$(printf '%s\n' "$@" | jq -R . | jq -s .)" '
		.root.path = $rootfs
		| (.mounts[] | select(.destination == "/work")).source = $work
		| .process.user = { $uid, $gid }
		| .process.args = ["/work/confined.sh"] + $args' "$SHARED/work/config.json" >config.json
}

# change FILTER: applies a jq filter to the bundle.
change() {
	jq "$1" config.json >changed.json
	mv changed.json config.json
}

# said TEXT: the last command ended well and said TEXT; else all that it said is shown.
said() {
	if [[ $status -ne 0 || $output != *"$1"* ]]; then
		printf 'status %s\n%s\n' "$status" "$output"
		return 1
	fi
}

# launch TEXT: runs the bundle with the default profile and expects TEXT.
launch() {
	run timeout "$((60 * PATIENCE))" "$SHARED/casemate" run --bundle "$PWD" "$ID_PREFIX-$BATS_TEST_NUMBER" </dev/null
	said "$1"
}

# sandbox ARG...: `casemate sandbox` as an ordinary user, with the scripts of these tests in view.
sandbox() {
	local ordinary=()
	cd / || return
	[[ $EUID -ne 0 ]] || ordinary=(setpriv "--reuid=$ORDINARY" "--regid=$ORDINARY" --clear-groups --inh-caps=-all)
	run timeout "$((60 * PATIENCE))" "${ordinary[@]}" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$SHARED/casemate" sandbox \
		--ro "$SHARED/work" "$@" </dev/null
}

@test "redis answers and saves under restricted" {
	bundle redis /work/redis.sh
	launch "redis: ok"
}

@test "nginx serves files and proxies under restricted" {
	bundle www-data /work/nginx.sh 8080
	launch "nginx: ok"
}

@test "nginx listens on port 80 with no capability but NET_BIND_SERVICE" {
	bundle www-data /work/nginx.sh 80
	change '.process.capabilities[] = ["CAP_NET_BIND_SERVICE"]'
	launch "nginx: ok"
}

@test "postgres makes a cluster and answers queries under restricted" {
	bundle postgres /work/postgres.sh
	launch "postgres: ok"
}

@test "python uses threads, processes, sockets, TLS and sqlite under restricted" {
	bundle nobody python3 -I /work/python.py
	launch "python: ok"
}

@test "node serves, forks and starts workers under restricted" {
	bundle nobody node /work/node.js
	launch "node: ok"
}

@test "perl, git, openssl, sqlite3, curl and the core utilities work under restricted" {
	bundle nobody /bin/sh -ec 'perl /work/perl.pl; /work/git.sh; /work/tools.sh; echo all: ok'
	launch "all: ok"
}

@test "the same programs work in a user namespace" {
	bundle nobody /bin/sh -ec 'python3 -I /work/python.py; node /work/node.js; /work/redis.sh; echo all: ok'
	change '.linux.namespaces += [{ type: "user" }]
		| .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }]
		| .linux.gidMappings = .linux.uidMappings'
	launch "all: ok"
}

@test "a bundle that asks for too much runs, and gets no more than restricted allows" {
	local every='["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SETUID", "CAP_NET_BIND_SERVICE"]'
	bundle redis /work/redis.sh
	change ".root.readonly = false | .process.noNewPrivileges = false | .process.capabilities[] = $every
		| (.mounts[] | select(.destination == \"/tmp\")).options = [\"mode=1777\"]"
	launch "redis: ok"
}

# spec TOOL: the bundle that `TOOL spec` writes, with a busybox rootfs and without a terminal, runs its shell under baseline.
spec() {
	requires root jq busybox "$1"
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p rootfs/bin
	cp "$(command -v busybox)" rootfs/bin/busybox
	for applet in sh id hostname cat grep mount; do
		ln -s busybox "rootfs/bin/$applet"
	done
	"$1" spec
	change '.process.terminal = false'
	run timeout "$((60 * PATIENCE))" "$SHARED/casemate" run --profile baseline --bundle "$PWD" "$ID_PREFIX-$BATS_TEST_NUMBER" <<-'END'
		id -u
		hostname
		echo "pid $$"
		grep -E '^(NoNewPrivs|Seccomp|CapEff):' /proc/self/status
		echo x 2>/dev/null >/x || echo "read-only"
		cat /proc/sys/kernel/ostype
	END
	said "$1"
	[[ ${lines[0]} = 0 ]]
	[[ ${lines[1]} = "$1" ]]
	[[ ${lines[2]} = "pid 1" ]]
	# What both tools write: CAP_AUDIT_WRITE, CAP_KILL and CAP_NET_BIND_SERVICE.
	[[ $output = *$'CapEff:\t0000000020000420'* ]]
	[[ $output = *$'NoNewPrivs:\t1'* ]]
	[[ $output = *$'Seccomp:\t2'* ]]
	[[ $output = *"read-only"* ]]
	[[ ${lines[-1]} = Linux ]]
}

@test "the bundle that runc writes runs under baseline unchanged" {
	spec runc
}

@test "the bundle that crun writes runs under baseline unchanged" {
	spec crun
}

@test "the host's python works in the sandbox without root" {
	requires python3
	sandbox -- "$SHARED/work/confined.sh" python3 -I "$SHARED/work/python.py"
	said "python: ok"
}

@test "the host's perl and git work in the sandbox without root" {
	requires perl git
	sandbox -- "$SHARED/work/confined.sh" perl "$SHARED/work/perl.pl"
	said "perl: ok"
	sandbox -- "$SHARED/work/git.sh"
	said "git: ok"
}

@test "the host's compiler and make build a program in the sandbox without root" {
	requires make gcc
	mkdir "$SHARED/build"
	[[ $EUID -ne 0 ]] || chown "$ORDINARY" "$SHARED/build"
	sandbox --rw "$SHARED/build" -- "$SHARED/work/build.sh" "$SHARED/build"
	said "build: ok"
	[[ -x $SHARED/build/wall/main ]]
}

@test "every other server and language of the host works in the sandbox without root" {
	local PATH=$PATH:/usr/sbin rust tried=()
	if command -v perl git openssl sqlite3 curl | wc -l | grep -qx 5; then
		tried+=(tools)
		sandbox -- "$SHARED/work/tools.sh"
		said "tools: ok"
	fi
	if [[ -x /usr/bin/node ]]; then
		tried+=(node)
		sandbox -- node "$SHARED/work/node.js"
		said "node: ok"
	fi
	if command -v redis-server >/dev/null; then
		tried+=(redis)
		sandbox -- "$SHARED/work/redis.sh"
		said "redis: ok"
	fi
	if command -v nginx >/dev/null; then
		tried+=(nginx)
		sandbox --ro /etc/nginx -- "$SHARED/work/nginx.sh"
		said "nginx: ok"
	fi
	if compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
		tried+=(postgres)
		sandbox -- "$SHARED/work/postgres.sh"
		said "postgres: ok"
	fi
	if [[ -x /usr/bin/java ]]; then
		tried+=(java)
		sandbox --ro-try /etc/java -- java -XX:TieredStopAtLevel=1 "$SHARED/work/Real.java"
		said "java: ok"
	fi
	if command -v musl-gcc >/dev/null; then
		tried+=(musl)
		mkdir "$SHARED/musl"
		CC="musl-gcc -static" "$SHARED/work/build.sh" "$SHARED/musl"
		sandbox --ro "$SHARED/musl" -- "$SHARED/musl/wall/main"
		said 42
	fi
	if rust=$(command -v rustc); then
		tried+=(rust)
		"$rust" -o "$SHARED/rust" "$SHARED/work/rust.rs"
		sandbox --ro "$SHARED/rust" -- "$SHARED/rust"
		said "rust: ok"
	fi
	echo "# tried: ${tried[*]:-none}" >&3
}

@test "nothing of these launches is left on the host, and the rootfs is as it was" {
	requires root
	run ! grep -e "$SHARED" -e "$ID_PREFIX" /proc/self/mountinfo
	run -0 find /sys/fs/cgroup /run -name "*$ID_PREFIX*"
	[[ -z $output ]] || fail "left behind"
	run -0 find "$ROOTFS" -newer "$SHARED/start"
	[[ -z $output ]] || fail "changed"
}
