# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The real servers, in a machine (machine.bash). Each keeps its data below $MACHINE and its state in the machine's own /run,
# and is waited for until it answers. They end with the machine.
#
#   containerd_start     the server of ctr(1) and of dockerd
#   containerd_cri_start the same for Kubernetes: `cri METHOD` talks to it
#   dockerd_start        needs containerd; knows every runtime of $RUNTIMES by its name

# wait_until SECONDS COMMAND...: until the command succeeds
wait_until() {
	local end=$((SECONDS + $1 * PATIENCE))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return
		sleep 0.1
	done
}

# started NAME COMMAND...: the server answers within half a minute, or its log is shown
started() {
	wait_until 30 "${@:2}" || {
		tail -n 40 "$MACHINE/$1.log" >&2
		return 1
	}
}

containerd_start() {
	mkdir -p "$MACHINE/containerd"
	cat >"$MACHINE/containerd.toml" <<-END
		version = 2
		root = "$MACHINE/containerd"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
		[grpc]
		address = "/run/containerd/containerd.sock"
	END
	machine_daemon containerd containerd --config "$MACHINE/containerd.toml"
	started containerd machine_run ctr version
}

# The same server for Kubernetes, with its plugin for the CRI: what an operator writes into config.toml, a network of its own for
# pods, and this machine's limits.
containerd_cri_start() {
	local cri='plugins."io.containerd.grpc.v1.cri"' name
	mkdir -p "$MACHINE/containerd-cri" "$MACHINE/cni"
	{
		manual_text config.toml
		for name in $RUNTIMES; do
			case $name in runc | casemate | casemate-baseline) continue ;; esac
			printf '[%s.containerd.runtimes.%s]\nruntime_type = "io.containerd.runc.v2"\n' "$cri" "$name"
			printf '[%s.containerd.runtimes.%s.options]\nBinaryName = "%s"\n' "$cri" "$name" "$(runtime_path "$name")"
		done
		printf '[%s]\nsandbox_image = "docker.io/library/pause:test"\nrestrict_oom_score_adj = true\n' "$cri"
		printf '[%s.cni]\nbin_dir = "/usr/lib/cni"\nconf_dir = "%s"\n' "$cri" "$MACHINE/cni"
		printf '[plugins."io.containerd.internal.v1.opt"]\npath = "%s"\n' "$MACHINE/opt"
		printf '[grpc]\naddress = "/run/containerd/cri.sock"\n'
	} >"$MACHINE/config.toml"
	! by_systemd || sed -i 's/^\( *\)BinaryName = .*/&\n\1SystemdCgroup = true/' "$MACHINE/config.toml"
	cat >"$MACHINE/cni/10-pods.conflist" <<-'END'
		{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "pods0", "isGateway": true,
		 "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
	END
	machine_daemon containerd-cri containerd --config "$MACHINE/config.toml" --root "$MACHINE/containerd-cri" \
		--state /run/containerd-cri
	started containerd-cri cri Version <<<'{}'
}

# cri METHOD: the request is standard input, as JSON
cri() {
	machine_run env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin timeout -k 5 "$((90 * PATIENCE))" /usr/bin/python3 "$ENGINES/cri.py" /run/containerd/cri.sock "$@"
}

# manual_text NAME: the block of that name in casemate-engines(7), for the programs of this test. What an operator reads there
# is what is tested.
manual_text() {
	sed -n "/^\.\\\\\" BEGIN $1\$/,/^\.\\\\\" END/p" "$SOURCE/man/casemate-engines.7" | grep -v '^\.' |
		sed "s|/usr/local/bin|$(dirname "$(runtime_path casemate)")|g"
}

# Older ones would take a better score than this machine may give.
dockerd_score() {
	! dockerd --help 2>&1 | grep -q oom-score-adjust || echo --oom-score-adjust=0
}

# daemon.json holds what an operator would write into it.
dockerd_start() {
	local runtime
	{
		manual_text daemon.json
		for runtime in $RUNTIMES; do
			[[ $runtime = runc || $runtime = casemate* ]] ||
				jq -n --arg name "$runtime" --arg path "$(runtime_path "$runtime")" '{runtimes: {($name): {$path}}}'
		done
	} | jq -s '{runtimes: (map(.runtimes) | add)}' >"$MACHINE/daemon.json"
	# shellcheck disable=SC2046 # an option, or nothing
	machine_daemon dockerd dockerd --config-file "$MACHINE/daemon.json" --data-root "$MACHINE/docker" \
		--exec-root /run/docker --pidfile /run/docker.pid --containerd /run/containerd/containerd.sock \
		--host unix:///run/docker.sock $(dockerd_score) "$@"
	started dockerd machine_run docker version
}

# dockerd_default_runtime NAME: for builds, which cannot choose one
dockerd_default_runtime() {
	jq --arg name "$1" '.["default-runtime"] = $name' "$MACHINE/daemon.json" >"$MACHINE/daemon.json.new"
	mv "$MACHINE/daemon.json.new" "$MACHINE/daemon.json"
	machine_run sh -c "kill -HUP \$(cat /run/docker.pid)"
	wait_until 10 eval "machine_run docker info -f '{{.DefaultRuntime}}' | grep -x '$1'"
}

# dockerd_start_other NAME OPTION...: one more daemon, without a network, at unix:///run/NAME.sock; it looks in $FIRST first for
# the programs that it starts
dockerd_start_other() {
	# shellcheck disable=SC2046 # an option, or nothing
	machine_daemon "$1" env "PATH=${FIRST:+$FIRST:}/usr/sbin:/usr/bin:/sbin:/bin" dockerd --config-file "$MACHINE/daemon.json" --data-root "$MACHINE/$1" --exec-root "/run/$1" \
		--pidfile "/run/$1.pid" --containerd /run/containerd/containerd.sock --host "unix:///run/$1.sock" \
		$(dockerd_score) --bridge none --iptables=false "${@:2}"
	started "$1" machine_run docker -H "unix:///run/$1.sock" version
}

# podman_setup: podman needs no server. $MACHINE/podman-root and $MACHINE/podman-ordinary run it as root and as a user without
# any privilege, on data of their own; containers.conf holds what an operator would write into it.
podman_setup() {
	local runtime
	{
		manual_text containers.conf | sed '/^\[engine\]$/a cgroup_manager = "'"$(by_systemd && echo systemd || echo cgroupfs)"'"' |
			sed '/^\[engine\]$/a events_logger = "file"\ninfra_image = ""'
		for runtime in $RUNTIMES; do
			[[ $runtime = casemate* ]] || echo "$runtime = [\"$(runtime_path "$runtime")\"]"
		done
	} >"$MACHINE/containers.conf"
	machine_run useradd --uid 4321 --no-create-home --shell /bin/sh ordinary
	mkdir -m 700 "$MACHINE/home"
	chown 4321:4321 "$MACHINE/home"
	if by_systemd; then
		loginctl enable-linger ordinary
		wait_until 10 test -S /run/user/4321/bus
	else
		machine_run install -d -m 700 -o ordinary /run/user/4321
	fi
	cat >"$MACHINE/podman-root" <<-END
		#!/bin/sh
		export CONTAINERS_CONF=$MACHINE/containers.conf
		exec /usr/bin/podman --root $MACHINE/podman --runroot /run/podman "\$@"
	END
	cat >"$MACHINE/podman-ordinary" <<-END
		#!/bin/sh
		cd /
		exec setpriv --reuid 4321 --regid 4321 --clear-groups env -i PATH="\$PATH" TERM=xterm HOME=$MACHINE/home \\
			XDG_RUNTIME_DIR=/run/user/4321 CONTAINERS_CONF=$MACHINE/containers.conf /usr/bin/podman "\$@"
	END
	chmod 755 "$MACHINE/podman-root" "$MACHINE/podman-ordinary"
}
