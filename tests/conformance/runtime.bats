#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What runtime.md and the hooks of config.md says that a runtime MUST do, tried with every program in $RUNTIMES; README.md explains it. The name of a test is
# that of the program of runtime-tools that tries the same, and what is demanded.

# shellcheck disable=SC2016,SC2030,SC2031,SC2329 # programs for sh; each check has variables of its own, and is called by each

load ../helpers/common
load ../helpers/cgroup
load checks

setup_file() {
	conformance_setup_file
}

setup() {
	conformance_setup
}

teardown() {
	conformance_teardown
}

# ---- runtime.md

@test "create: an id is needed, and one of its own" {
	check() {
		fails rt create --bundle "$BUNDLE"
		create sleep 100
		fails rt create --bundle "$BUNDLE" "$ID"
		[ "$(status)" = created ]
	}
	each
}

@test "create: the program does not run before start" {
	check() {
		create touch /started
		sleep 0.2
		[ ! -e "$BUNDLE/rootfs/started" ]
		rt start "$ID"
		becomes stopped
		[ -e "$BUNDLE/rootfs/started" ]
	}
	each
}

@test "start: without an id, of what does not exist, or twice is an error without an effect" {
	check() {
		fails rt start
		fails rt start "$ID"
		start sleep 100
		fails rt start "$ID"
		[ "$(status)" = running ]
		rt kill "$ID" KILL
		becomes stopped
		fails rt start "$ID"
		[ "$(status)" = stopped ]
	}
	each
}

@test "state: without an id or of what does not exist is an error" {
	check() {
		fails rt state
		fails rt state "$ID"
	}
	each
}

@test "state: has every property that is required" {
	check() {
		change '.annotations = {"org.example": "x"}'
		start sleep 100
		rt state "$ID" | jq -e --arg id "$ID" --arg bundle "$BUNDLE" --argjson pid "$(cat "$W/pid")" '(.ociVersion | test("^1\\."))
			and .id == $id and .status == "running" and .pid == $pid and .bundle == $bundle
			and .annotations["org.example"] == "x"'
	}
	each
}

@test "kill: without an id or of what does not exist is an error" {
	check() {
		fails rt kill
		fails rt kill "$ID" KILL
	}
	each
}

@test "killsig: signals by number, name and with SIG reach the program" {
	check() {
		local signal
		change '.linux.namespaces |= map(select(.type != "pid"))'
		for signal in 10 USR1 SIGUSR1; do
			start sh -c 'trap "echo got >/signal; exit" USR1; echo ready >/ready; while :; do sleep 0.02; done'
			for ((i = 0; i < 100; i++)); do
				[ ! -e "$BUNDLE/rootfs/ready" ] || break
				sleep 0.02
			done
			rt kill "$ID" "$signal"
			becomes stopped
			[ "$(cat "$BUNDLE/rootfs/signal")" = got ]
			rm "$BUNDLE/rootfs/signal" "$BUNDLE/rootfs/ready"
			rt delete "$ID"
		done
	}
	each
}

@test "kill_no_effect: a signal to a stopped container is an error and changes nothing" {
	check() {
		local before
		start true
		becomes stopped
		before=$(rt state "$ID")
		fails rt kill "$ID" KILL
		[ "$(rt state "$ID")" = "$before" ]
	}
	each
}

@test "delete: without an id, or of what does not exist is an error" {
	check() {
		fails rt delete
		fails rt delete "$ID"
	}
	each
}

@test "delete: of a container that runs is an error without an effect" {
	check() {
		start sleep 100
		fails rt delete "$ID"
		[ "$(status)" = running ]
	}
	each
}

@test "delete_resources: nothing of it is left, and the id can be used again" {
	check() {
		start true
		becomes stopped
		rt delete "$ID"
		gone
		[ -z "$(find /sys/fs/cgroup -name "*$ID*")" ]
		start true
	}
	each
}

@test "delete_only_create_resources: what others made in the cgroup's parent stays" {
	check() {
		mkdir -p "/sys/fs/cgroup/pids/conformance-$ID/other"
		change '.linux.cgroupsPath = $path' --arg path "/conformance-$ID/mine"
		start true
		becomes stopped
		rt delete "$ID"
		[ -d "/sys/fs/cgroup/pids/conformance-$ID/other" ]
		[ ! -e "/sys/fs/cgroup/pids/conformance-$ID/mine" ]
	}
	requires cgroup1
	each
	find /sys/fs/cgroup -depth -type d -name "*conformance-$ID*" -exec sh -c 'rmdir "$1"/* "$1"' - {} \; 2>/dev/null || true
}

@test "config_updates_without_affect: a change of config.json after create has no effect" {
	check() {
		create sh -c 'echo "$WHICH" >/which'
		change '.process.env += ["WHICH=changed"] | .process.args = ["true"] | .hostname = "changed"'
		rt start "$ID"
		becomes stopped
		[ "$(cat "$BUNDLE/rootfs/which")" = "" ]
	}
	each
}

@test "pidfile: holds the pid that state has" {
	check() {
		create sleep 100
		[ "$(cat "$W/pid")" = "$(rt state "$ID" | jq .pid)" ]
	}
	each
}

# ---- hooks

@test "hooks: of each kind run in the order of the list" {
	check() {
		local kind
		for kind in prestart createRuntime poststart poststop; do
			hook "$kind" "echo $kind 1 >>hooks"
			hook "$kind" "echo $kind 2 >>hooks"
		done
		start sleep 100
		rt kill "$ID" KILL
		becomes stopped
		rt delete "$ID"
		diff "$W/hooks" - <<-'END'
			prestart 1
			prestart 2
			createRuntime 1
			createRuntime 2
			poststart 1
			poststart 2
			poststop 1
			poststop 2
		END
	}
	each
}

@test "hooks_stdin: the state is on their standard input" {
	check() {
		hook createRuntime 'echo "$state" >hook-creating'
		hook poststart 'echo "$state" >hook-poststart'
		hook poststop 'echo "$state" >hook-stopped'
		start sleep 100
		[ "$(jq -r '.id + " " + .bundle' "$W/hook-creating")" = "$ID $BUNDLE" ]
		jq -e '.status == "creating" or .status == "created"' "$W/hook-creating"
		[ "$(jq -r .pid "$W/hook-creating")" = "$(cat "$W/pid")" ]
		[ "$(jq -r .status "$W/hook-poststart")" = running ]
		rt kill "$ID" KILL
		becomes stopped
		rt delete "$ID"
		[ "$(jq -r .status "$W/hook-stopped")" = stopped ]
	}
	each
}

@test "prestart: its hooks run before the program, by create" {
	check() {
		hook prestart 'echo >hook-ran'
		create true
		[ -e "$W/hook-ran" ]
	}
	each
}

@test "prestart_fail: a hook that fails stops the container" {
	check() {
		hook prestart 'exit 1'
		fails create true
		gone
	}
	each
}

@test "createRuntime: a hook that fails stops the container, and poststop hooks run" {
	check() {
		hook createRuntime 'exit 1'
		hook poststop 'echo >hook-ran'
		fails create true
		gone
		[ -e "$W/hook-ran" ]
	}
	each
}

@test "createContainer, startContainer: in the namespaces of the container" {
	check() {
		hook createContainer 'readlink /proc/self/ns/uts >hook-uts'
		change '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat >/dev/null; readlink /proc/self/ns/uts >/hook-uts"]}]'
		change '.process.args = ["/bin/sh", "-c", "readlink /proc/self/ns/uts"]'
		[ "$(rt run --bundle "$BUNDLE" "$ID")" = "$(cat "$W/hook-uts")" ]
		diff "$W/hook-uts" "$BUNDLE/rootfs/hook-uts"
	}
	each
}

@test "poststart: its hooks run after the program has been started, before start returns" {
	check() {
		hook poststart 'echo >hook-ran'
		create sleep 100
		[ ! -e "$W/hook-ran" ]
		rt start "$ID"
		[ -e "$W/hook-ran" ]
	}
	each
}

@test "poststart_fail: since 1.3 a hook that fails stops the container" {
	check() {
		hook poststart 'exit 1'
		fails start sleep 100
		[ "$(status)" != running ]
	}
	each
}

@test "poststop: its hooks run when the container is deleted, not before" {
	check() {
		hook poststop 'echo >hook-ran'
		start true
		becomes stopped
		[ ! -e "$W/hook-ran" ]
		rt delete "$ID"
		[ -e "$W/hook-ran" ]
	}
	each
}

@test "poststop_fail: a hook that fails stops neither the others nor delete" {
	check() {
		hook poststop 'exit 1'
		hook poststop 'echo >hook-ran'
		start true
		becomes stopped
		rt delete "$ID"
		gone
		[ -e "$W/hook-ran" ]
	}
	each
}
