#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A sandbox in a file: the object "sandbox" of a profile, --save, and where a profile is found by its name.

load helpers/common

setup() {
	common_setup
	requires root userns
	cd "$BATS_TEST_TMPDIR" || return
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/casemate"
	echo content >data
	chmod 644 data
}

teardown() {
	common_teardown
}

casemate() {
	capture timeout -k 2 30 "$CASEMATE" "$@" </dev/null
}

# profile FILE MEMBERS: a profile that has these members of the object "sandbox"
profile() {
	printf '{ "casemate": 1, "name": "test", // a comment\n  "sandbox": { %s } }\n' "$2" >"$1"
}

# refused STDERR-TEXT ARG...
refused() {
	local text=$1
	shift
	casemate "$@"
	assert_status 125 && assert_output "" && assert_stderr "$text"
}

# plan ARG...: the plan of a sandbox, without the names of the files that its lines come from
plan() {
	"$CASEMATE" explain --json sandbox "$@" | jq -S 'walk(if type == "object" then del(.from, .profile) else . end)'
}

@test "the flags of a file are those of the command line" {
	profile p.json '"ro": ["${PWD}/data:/d"], "env": ["A=b"], "pids": 30, "time": "20s", "tmpfs": ["/scratch:mode=700"], "no-pty": true'
	plan --ro "$PWD/data:/d" --env A=b --pids 30 --time 20s --tmpfs /scratch:mode=700 --no-pty -- true >typed
	plan --profile ./p.json -- true >filed
	diff typed filed
	casemate sandbox --profile ./p.json -- sh -c 'cat /d; echo $A; touch /d /scratch/x'
	assert_output $'content\nb'
	assert_stderr "/d"
	casemate explain sandbox --profile ./p.json -- true
	[[ $output == *"$PWD/data on /d"*"[./p.json:/sandbox/ro/0]"* ]]
}

@test "typed flags add to those of the file, and win where there can be only one" {
	profile p.json '"ro": ["${PWD}/data:/d"], "hostname": "filed", "cwd": "/tmp", "env": ["A=filed", "B=filed"]'
	casemate sandbox --profile ./p.json --ro "$PWD/data:/e" --hostname typed --env A=typed -- \
		sh -c 'cat /d /e; hostname; pwd; echo $A $B'
	assert_output $'content\ncontent\ntyped\n/tmp\ntyped filed'
	refused "both './p.json:/sandbox/ro/0' and '--rw $PWD:/d' are for /d" sandbox --profile ./p.json --rw "$PWD:/d" -- true
}

@test "files extend one another, flags add up" {
	profile base.json '"ro": ["${PWD}/data:/base"], "pids": 10'
	sed 's|"name"|"extends": "./base.json", "name"|' base.json | sed 's|:/base|:/top|; s|10|20|' >top.json
	casemate sandbox --profile ./top.json -- cat /base /top
	assert_output $'content\ncontent'
	plan --profile ./top.json -- true | grep -q '20'
}

@test "the ceiling judges what a file asks for" {
	profile p.json '"net": "host"'
	refused "host" sandbox --profile ./p.json -- true
	profile p.json '"ro": ["/etc/shadow"]'
	refused "/etc/shadow" sandbox --profile ./p.json -- true
	profile p.json '"cap": ["CAP_SYS_ADMIN"]'
	casemate sandbox --profile ./p.json -- grep CapEff /proc/self/status
	assert_output $'CapEff:\t0000000000000000'
}

@test "what is wrong in a file is said with its place" {
	profile p.json '"roo": ["/x"]'
	refused "p.json:2:" sandbox --profile ./p.json -- true
	assert_stderr "unknown key"
	profile p.json '"ro": "/x"'
	refused "must be an array of strings" sandbox --profile ./p.json -- true
	profile p.json '"mem": "much"'
	refused "/sandbox/mem: 'much' is not a SIZE for --mem" sandbox --profile ./p.json -- true
	profile p.json '"pids": -1'
	refused "/sandbox/pids" sandbox --profile ./p.json -- true
	local typed
	for typed in args profile bundle-out save json-status-fd trace-fd block-fd sync-fd keep-fd ro-fd rw-fd file-fd; do
		profile p.json "\"$typed\": \"x\""
		refused "unknown key" sandbox --profile ./p.json -- true
	done
}

@test "variables of a path are replaced, and must be absolute paths" {
	mkdir 'a:b'
	cp data 'a:b/data'
	profile p.json '"ro": ["${HOME}/data:/d"], "env": ["X=$${HOME}"]'
	HOME="$PWD/a:b" casemate sandbox --profile ./p.json -- sh -c 'cat /d; echo "$X"'
	assert_output $'content\n${HOME}'
	(
		unset HOME
		refused "/sandbox/ro/0: '\${HOME}' is not an absolute path" sandbox --profile ./p.json -- true
	)
	HOME=relative refused "is not an absolute path" sandbox --profile ./p.json -- true
	profile p.json '"ro": ["${PATH}"]'
	refused "'\${PATH}' is not an absolute path" sandbox --profile ./p.json -- true
	profile p.json '"ro": ["${PWD"]'
	refused "is not an absolute path" sandbox --profile ./p.json -- true
}

# sample FLAG: what a test can give it
sample() {
	case $1 in
	--ro | --ro-try | --rw | --rw-try) echo "data:/$1" ;;
	--dev | --dev-try) echo "/dev/null:/dev/$1" ;;
	--overlay) echo "/usr/share/misc:kept:/$1" ;;
	--tmp-overlay) echo "/usr/share/misc:/$1" ;;
	--tmpfs) echo "/t:size=1m" ;;
	--dir) echo "/empty:mode=1750" ;;
	--file) echo 'data:/copy$${x}' ;;
	--hide) echo /run ;;
	--unsetenv) echo LANG ;;
	--symlink) echo "/tmp:/link" ;;
	--env | --setenv) echo "A$1=\${HOME}" | tr -d - ;;
	--net) echo none ;;
	--socket) echo ssh-agent ;;
	--bind-tcp | --connect-tcp) echo 80 ;;
	--cwd) echo /tmp ;;
	--hostname) echo tower ;;
	--uid | --gid) echo 77 ;;
	--limits) echo cgroup ;;
	--mem) echo 64M ;;
	--pids) echo 44 ;;
	--cpu) echo 0.255 ;;
	--time) echo 1500ms ;;
	--rlimit) echo NOFILE=100:200 ;;
	--cap) echo CAP_NET_BIND_SERVICE ;;
	--seccomp) echo filter.json ;;
	--no-die-with-parent | --no-pty) ;;
	*) return 1 ;;
	esac
}

@test "--save writes each flag of the table such that --profile means the same, from any directory" {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}' >filter.json
	mkdir -m 700 kept
	chown 65534 kept
	local flag value all=()
	# For --socket.
	export SSH_AUTH_SOCK=$PWD/agent
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("agent")' && chmod 777 agent
	for flag in $("$CASEMATE" sandbox --help | grep -o '^ *--[a-z-]*' | tr -d ' '); do
		# --publish needs a network: pasta.bats has that.
		# --dbus-* needs a bus: sockets_dbus.bats.
		case $flag in --dbus-* | --publish | --args | --profile | --bundle-out | --save | --*-fd | --report | --report-files | --without | --help) continue ;; esac
		[[ $flag != *-tcp ]] || have_landlock4 || continue
		value=$(sample "$flag") || fail "$flag has no sample here"
		# --hide, which is among them, does not go together with overlays.
		[[ $flag == *overlay ]] || all+=("$flag" ${value:+"$value"})
		rm -f one.json
		casemate sandbox "$flag" ${value:+"$value"} --save one.json -- true
		assert_status 0
		[ "$(jq '.sandbox | length' one.json)" -eq 1 ]
		plan "$flag" ${value:+"$value"} -- true >typed
		(cd / && plan --profile "$OLDPWD/one.json" -- true) >filed
		diff typed filed || fail "$flag"
	done
	[ "${#all[@]}" -gt 40 ]
	casemate sandbox "${all[@]}" --save all.json -- true
	assert_status 0
	[ "$(stat -c %a all.json)" = 600 ]
	diff <(plan "${all[@]}" -- true) <(plan --profile ./all.json -- true)
}

@test "--save keeps which of two variables counts" {
	local order
	for order in "--setenv A=1 --env A=2" "--env A=2 --setenv A=1" "--setenv A=1 --env A"; do
		rm -f s.json
		# shellcheck disable=SC2086 # words
		A=outside casemate sandbox $order --save s.json -- sh -c 'echo $A'
		assert_status 0
		local typed=$output
		A=outside casemate sandbox --profile ./s.json -- sh -c 'echo $A'
		assert_output "$typed"
	done
	assert_output outside
}

@test "what JSON cannot hold is refused, not written as something else" {
	local name=$PWD/$'n\xff'
	echo content >"$name"
	casemate sandbox --ro "$name:/d" -- cat /d
	assert_output content
	refused "is not UTF-8" sandbox --ro "$name:/d" --save s.json -- true
	[ ! -e s.json ]
	refused "is not UTF-8" sandbox --ro "$name:/d" --bundle-out made -- true
	refused "is not UTF-8" spec --bundle made --sandbox --ro "$name:/d" -- true
	[ ! -e made ]
}

@test "--save names the ceiling, writes nothing over and leaves nothing half" {
	casemate sandbox --profile baseline --save s.json -- true
	[ "$(jq -r .extends s.json)" = baseline ]
	cp s.json before
	refused "--save s.json" sandbox --save s.json -- touch started
	cmp s.json before
	refused "--save gone/s.json" sandbox --save gone/s.json -- true
	refused "host" sandbox --net host --save new.json -- true
	[ ! -e new.json ]
	refused "explain writes nothing" explain sandbox --save new.json -- true
	ln -s new.json link.json
	refused "--save link.json" sandbox --save link.json -- true
	[ ! -e new.json ]
	local flag
	for flag in "--save new.json" --report --report-files "--report-fd 1" "--json-status-fd 1" "--trace-fd 1" "--block-fd 1" "--sync-fd 1"; do
		# shellcheck disable=SC2086 # words
		refused "${flag%% *}: a bundle is written" sandbox $flag --bundle-out made -- true
		# shellcheck disable=SC2086 # words
		refused "${flag%% *}: a bundle is written" spec --bundle made --sandbox $flag -- true
	done
	refused "--bundle-out: spec" spec --bundle made --sandbox --bundle-out other -- true
	[[ ! -e made && ! -e other && ! -e new.json ]]
	[ -z "$(find . -name '*.new')" ]
	# A ceiling of one's own comes along whole.
	echo '{"casemate": 1, "name": "own", "extends": "restricted", "pids": {"limit": 7}}' >own.json
	casemate sandbox --profile ./own.json --save whole.json --env A=b -- true
	[ "$(jq -r '.extends, .pids.limit' whole.json | xargs)" = "null 7" ]
	diff <(plan --profile ./own.json --env A=b -- true) <(plan --profile ./whole.json -- true)
}

@test "a name is looked up among the built-in ones and in places that are not others'" {
	profile "$XDG_CONFIG_HOME/casemate/mine.json" '"hostname": "mine"'
	casemate sandbox --profile mine -- hostname
	assert_output mine
	# Not from where somebody else may have put it, nor in the place of a built-in one.
	profile here.json '"hostname": "here"'
	refused 'there is no profile "here"' sandbox --profile here -- true
	assert_stderr "privileged, mine"
	profile "$XDG_CONFIG_HOME/casemate/baseline.json" '"hostname": "mine"'
	casemate sandbox --profile baseline -- hostname
	assert_output sandbox
	refused 'there is no profile "..mine"' sandbox --profile ..mine -- true
	chmod g+w "$XDG_CONFIG_HOME/casemate/mine.json"
	refused "could have been written by others" sandbox --profile mine -- true
	chmod 644 "$XDG_CONFIG_HOME/casemate/mine.json"
	chown "$TEST_UID" "$XDG_CONFIG_HOME/casemate/mine.json"
	refused "could have been written by others" sandbox --profile mine -- true
	chown 0 "$XDG_CONFIG_HOME/casemate/mine.json"
	chmod o+w "$XDG_CONFIG_HOME/casemate"
	refused "could have been written by others" sandbox --profile mine -- true
	chmod o-w "$XDG_CONFIG_HOME/casemate"
	casemate sandbox --profile mine -- hostname
	assert_output mine
	unset XDG_CONFIG_HOME
	mkdir -p home/.config/casemate
	profile home/.config/casemate/mine.json '"hostname": "home"'
	HOME=$PWD/home casemate sandbox --profile mine -- hostname
	assert_output home
}

@test "the same file is valid for spec --sandbox, explain and run" {
	requires runc
	profile p.json '"ro": ["${PWD}/data:/d"], "env": ["A=b"]'
	casemate spec --bundle made --sandbox --profile ./p.json --setenv B=c -- sh -c 'cat /d; echo $A$B; hostname'
	assert_status 0
	casemate run --bundle made --profile ./p.json "$ID"
	assert_status 0
	assert_output $'content\nbc\nsandbox'
	capture timeout -k 2 30 runc run --bundle made "$ID-runc" </dev/null
	assert_status 0
	assert_output $'content\nbc\nsandbox'
	refused "needs --bundle DIR" spec --sandbox -- true
	refused "name a directory that does not exist yet" spec --bundle made --sandbox -- true
	casemate spec --sandbox --help
	assert_status 0
}
