#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Pods, as the kubelet makes them: containerd's plugin for the Container Runtime Interface, with every runtime of $RUNTIMES as a
# handler that a RuntimeClass names: engines/README.md.
# shellcheck disable=SC2016,SC2030,SC2031,SC2119,SC2120,SC2317,SC2329 # `check` is called by each_runtime, in a shell of its own

load helpers/common
load engines/checks

setup_file() {
	engine_setup cri containerd ctr protoc
	image_pause "$MACHINE/pause.tar"
	containerd_cri_start
	for image in busybox user pause; do
		in_machine ctr -a /run/containerd/cri.sock -n k8s.io image import "$MACHINE/$image.tar"
	done
	mkdir -p "$MACHINE/volume" "$MACHINE/logs"
	echo token >"$MACHINE/volume/token"
}

teardown_file() {
	engine_teardown
}

# pod [FILTER]: a pod of the runtime, with what the filter of jq changes of it: $POD is its configuration, $pod its id
pod() {
	POD=$(jq -n --arg name "$RUNTIME-$BATS_TEST_NUMBER" --arg logs "$MACHINE/logs" '{
		metadata: {name: $name, uid: $name, namespace: "default"}, hostname: "pod", log_directory: $logs,
		linux: {security_context: {seccomp: {profile_type: "RuntimeDefault"}}}
	}' | jq "${1:-.}" | if by_systemd; then jq '.linux.cgroup_parent = "kubepods.slice"'; else cat; fi)
	pod=$(jq -n --argjson pod "$POD" --arg handler "$RUNTIME" '{config: $pod, runtime_handler: $handler}' |
		cri RunPodSandbox | jq -r .podSandboxId)
	[ -n "$pod" ]
}

unpod() {
	cri StopPodSandbox <<<"{\"pod_sandbox_id\": \"$pod\"}"
	cri RemovePodSandbox <<<"{\"pod_sandbox_id\": \"$pod\"}"
}

# container NAME FILTER COMMAND...: a container of the pod that runs: $container is its id. What a pod of the Pod Security
# Standard "restricted" says is there; the filter changes it.
container() {
	local config
	config=$(jq -n --arg name "$1" '{
		metadata: {name: $name}, image: {image: "docker.io/library/busybox:test"}, command: $ARGS.positional, log_path: ($name + ".log"),
		linux: {security_context: {run_as_user: {value: 1000}, run_as_group: {value: 1000}, readonly_rootfs: true, no_new_privs: true,
			capabilities: {drop_capabilities: ["ALL"]}, seccomp: {profile_type: "RuntimeDefault"},
			namespace_options: {pid: "CONTAINER"}}}
	}' --args -- "${@:3}" | jq "$2")
	container=$(jq -n --arg pod "$pod" --argjson config "$config" --argjson sandbox "$POD" \
		'{pod_sandbox_id: $pod, config: $config, sandbox_config: $sandbox}' | cri CreateContainer | jq -r .containerId)
	[ -n "$container" ]
	cri StartContainer <<<"{\"container_id\": \"$container\"}"
}

status() {
	cri ContainerStatus <<<"{\"container_id\": \"$container\"}" | jq -r ".status.$1"
}

ended() {
	wait_until 20 eval '[ "$(status state)" = CONTAINER_EXITED ]'
	[ "$(status exitCode)" = "$1" ]
}

# says TEXT NAME: the container's log has it
says() {
	wait_until 10 grep -qF -- "$1" "$MACHINE/logs/$2.log"
}

# inside COMMAND...: what a command prints in the container
inside() {
	jq -n --arg id "$container" '{container_id: $id, cmd: $ARGS.positional, timeout: 20}' --args -- "$@" | cri ExecSync
}

@test "cri: a pod with two containers, which share its network, names and nothing else; logs, exec, exit status" {
	check() {
		pod
		container "$RUNTIME-server" . sh -c 'echo served >/tmp/x 2>/dev/null; while :; do echo answer | nc -l -p 8080; done'
		server=$container
		# It lives on for a moment: once in many runs a last line was not in the log.
		container "$RUNTIME-client" . sh -c 'until nc 127.0.0.1 8080 </dev/null; do sleep 0.1; done; hostname; id -u; ls /proc | grep -c "^[0-9]"; echo oops >&2; sleep 0.5; exit 7'
		ended 7
		says 'stdout F answer' "$RUNTIME-client"
		says 'stdout F pod' "$RUNTIME-client"
		says 'stdout F 1000' "$RUNTIME-client"
		says 'stderr F oops' "$RUNTIME-client"
		container=$server
		[ "$(status state)" = CONTAINER_RUNNING ]
		inside sh -c 'echo out; echo err >&2; exit 5' | jq -e '.stdout == "out\n" and .stderr == "err\n" and .exitCode == 5'
		inside ip addr | jq -r .stdout | has 10.88.0. eth0
		cri UpdateContainerResources <<<"{\"container_id\": \"$container\", \"linux\": {\"memory_limit_in_bytes\": 50000000}}"
		cri StopContainer <<<"{\"container_id\": \"$container\", \"timeout\": 1}"
		ended 137
		unpod
	}
	each_runtime "a pod with two containers: logs, exec, exit status"
}

@test "cri: an image that wants root" {
	check() {
		pod
		container root 'del(.linux.security_context.run_as_user, .linux.security_context.run_as_group)' id
		ended 0
		unpod
	}
	refused casemate 'process.user.uid is 0 (root)'
	each_runtime "a container of root"
}

@test "cri: capabilities, dropped and added" {
	check() {
		pod
		container "$RUNTIME-caps" '.linux.security_context |= (.capabilities = {drop_capabilities: ["ALL"], add_capabilities: ["NET_BIND_SERVICE"]})' \
			grep -E 'Cap(Bnd|Prm)' /proc/self/status
		ended 0
		says 'CapBnd:	0000000000000400' "$RUNTIME-caps"
		unpod
	}
	each_runtime "capabilities: drop ALL, add NET_BIND_SERVICE"
}

@test "cri: one capability too many" {
	check() {
		pod
		container "$RUNTIME-admin" '.linux.security_context |= (.capabilities = {drop_capabilities: ["ALL"], add_capabilities: ["SYS_ADMIN"]})' \
			grep CapBnd /proc/self/status
		ended 0
		if unlimited; then
			says 'CapBnd:	0000000000200000' "$RUNTIME-admin"
		else
			says 'CapBnd:	0000000000000000' "$RUNTIME-admin"
		fi
		unpod
	}
	each_runtime "capabilities: SYS_ADMIN, which a ceiling takes away"
}

@test "cri: privileged" {
	check() {
		pod '.linux.security_context.privileged = true'
		container privileged '.linux.security_context |= (.privileged = true | del(.run_as_user, .run_as_group, .capabilities, .seccomp, .no_new_privs) | .readonly_rootfs = false)' id
		ended 0
		unpod
	}
	refused "casemate casemate-baseline" 'the profile'
	each_runtime "privileged"
}

@test "cri: seccomp, the runtime's and none" {
	check() {
		pod
		container "$RUNTIME-filter" . grep Seccomp: /proc/self/status
		ended 0
		says 'Seccomp:	2' "$RUNTIME-filter"
		container "$RUNTIME-open" '.linux.security_context.seccomp.profile_type = "Unconfined"' grep Seccomp: /proc/self/status
		ended 0
		if unlimited; then
			says 'Seccomp:	0' "$RUNTIME-open"
		else
			says 'Seccomp:	2' "$RUNTIME-open"
		fi
		unpod
	}
	each_runtime "seccomp: RuntimeDefault, Unconfined"
}

@test "cri: a read-only root, a volume that is read-only, as service accounts are" {
	check() {
		pod
		container "$RUNTIME-volume" ".mounts = [{container_path: \"/var/run/secrets/token\", host_path: \"$MACHINE/volume\", readonly: true}]" \
			sh -c 'cat /var/run/secrets/token/token; touch /x /var/run/secrets/token/x 2>/dev/null; [ ! -e /x ] && [ ! -e /var/run/secrets/token/x ]'
		ended 0
		says token "$RUNTIME-volume"
		unpod
	}
	each_runtime "readOnlyRootFilesystem, a read-only volume"
}

@test "cri: a volume that is the host's root" {
	check() {
		pod
		container host '.mounts = [{container_path: "/host", host_path: "/"}]' true
		ended 0
		unpod
	}
	refused "casemate casemate-baseline" '/host'
	each_runtime "hostPath /"
}

@test "cri: the network of the host" {
	check() {
		pod '.hostname = "" | .linux.security_context.namespace_options.network = "NODE"'
		container net '.linux.security_context.namespace_options.network = "NODE"' true
		ended 0
		unpod
	}
	refused "casemate casemate-baseline" 'network namespace'
	each_runtime "hostNetwork"
}

@test "cri: the processes of the host" {
	check() {
		pod '.linux.security_context.namespace_options.pid = "NODE"'
		container pid '.linux.security_context.namespace_options.pid = "NODE"' true
		ended 0
		unpod
	}
	refused "casemate casemate-baseline" 'pid namespace'
	each_runtime "hostPID"
}

@test "cri: containers that see each other's processes" {
	check() {
		pod
		container "$RUNTIME-shared" '.linux.security_context.namespace_options.pid = "POD"' sh -c 'tr "\\0" " " </proc/1/cmdline; echo; sleep 1'
		ended 0
		says 'sleep 1000000' "$RUNTIME-shared"
		unpod
	}
	each_runtime "shareProcessNamespace"
}

# A setting by another, because each hides the next. What the kubelet masks by default is named here.
@test "cri: casemate sandbox in a pod, by the settings that its errors name" {
	local RUNTIME=runc masked='(.mounts = [{container_path: "/casemate", host_path: "'$MACHINE'/bin/casemate", readonly: true}]
		| .linux.security_context.masked_paths = ["/proc/kcore", "/proc/keys", "/proc/timer_list"]
		| .linux.security_context.readonly_paths = ["/proc/bus", "/proc/sys"])'
	local sandbox=(/casemate sandbox -- sh -c 'id -u; touch /usr/x || echo kept out')
	pod
	container nested-default "$masked" "${sandbox[@]}"
	ended 125
	says 'Kubernetes: securityContext.seccompProfile.type: Unconfined' nested-default
	container nested-filter "$masked | .linux.security_context.seccomp.profile_type = \"Unconfined\"" "${sandbox[@]}"
	ended 125
	says 'Kubernetes: securityContext.procMount: Unmasked' nested-filter
	container nested-works "$masked | .linux.security_context |= (.seccomp.profile_type = \"Unconfined\" | .masked_paths = [] | .readonly_paths = [])" \
		"${sandbox[@]}"
	ended 0
	says 'stdout F 1000' nested-works
	says 'stdout F kept out' nested-works
	unpod
}
