#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# linux.netDevices: a device of the host goes into the container's network namespace, with its permanent addresses, and
# comes back when nothing was started. Each test has a network namespace of its own for its "host".

load helpers/common

setup() {
	common_setup
	requires root ip
	make_bundle privileged
	PROFILE=privileged
	set_args /bin/busybox ip addr
	edit_config '.linux.netDevices = {v0: {name: "inside0"}}'
}

teardown() {
	common_teardown
}

# on_host COMMANDS: sets up a pair of devices in a new network namespace, runs the bundle in it, then COMMANDS.
on_host() {
	export CASEMATE PROFILE BUNDLE ID
	export -f casemate_run
	capture unshare --net bash -c "
		ip link add v0 address 02:00:00:00:00:01 mtu 1400 type veth peer name v1
		ip addr add 192.0.2.1/24 dev v0
		ip -6 addr add 2001:db8::1/64 dev v0 nodad
		ip link set v0 up && ip link set v1 up
		ip addr add 192.0.2.9/24 dev v0 valid_lft 100 preferred_lft 100
		${2-}
		casemate_run </dev/null
		status=\$?
		$1
		exit \$status"
}

@test "a device is moved, renamed, up, and keeps its address, MTU and permanent addresses" {
	on_host 'echo "--- host"; ip -o link'
	assert_status 0
	local inside=${output%%--- host*} host=${output##*--- host}
	[[ $inside =~ inside0@.*,UP.*mtu\ 1400 ]] || fail "not up, not renamed, or another MTU"
	[[ $inside == *02:00:00:00:00:01* ]] || fail "another hardware address"
	[[ $inside == *192.0.2.1/24* ]] || fail "its IPv4 address is gone"
	[[ $inside == *2001:db8::1/64* ]] || fail "its IPv6 address is gone"
	[[ $inside != *192.0.2.9* ]] || fail "an address that is not permanent was kept"
	# The other end is gone as soon as the kernel has taken the container's namespace down.
	[[ $host != *' v0'* && $host == *' lo:'* ]] || fail "it is still on the host"
}

@test "without a name a device keeps the host's" {
	edit_config '.linux.netDevices = {v0: {}}'
	on_host :
	assert_status 0
	assert_match ': v0@'
}

@test "eth%d is the first name that is free" {
	edit_config '.linux.netDevices = {v0: {name: "eth%d"}, v1: {name: "eth%d"}}'
	on_host :
	assert_status 0
	assert_match ': eth0@' && assert_match ': eth1@'
}

@test "a device that is not there, a name that is taken, and loopback are errors" {
	edit_config '.linux.netDevices = {nosuch: {}}'
	on_host :
	assert_status 125
	assert_stderr "there is no network device 'nosuch'"
	assert_stderr /linux/netDevices/nosuch
	edit_config '.linux.netDevices = {v0: {name: "lo"}}'
	on_host 'ip -o link show v0'
	assert_status 125
	assert_stderr "'lo'"
	assert_match 'v0@v1'
	edit_config '.linux.netDevices = {lo: {name: "other"}}'
	on_host :
	assert_status 125
	assert_stderr 'loopback'
	edit_config '.linux.netDevices = {v0: {name: "x%s"}}'
	on_host :
	assert_status 125
	assert_stderr "%d"
	edit_config '.linux.netDevices = {v0: {name: "same"}, v1: {name: "same"}}'
	on_host :
	assert_status 125 && assert_stderr 'given twice'
}

@test "a namespace of its own is needed" {
	edit_config '.linux.namespaces |= map(select(.type != "network"))'
	on_host :
	assert_status 125 && assert_stderr 'needs a network namespace'
}

@test "it works for a network namespace that is joined, and for a user namespace" {
	edit_config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/fd/7" else . end)'
	on_host : 'exec 7<>/dev/null; unshare --net sleep 100 & pid=$!; sleep 0.3; exec 7</proc/$pid/ns/net; trap "kill $pid" EXIT'
	assert_status 0
	assert_match 'inside0@'
	make_bundle privileged
	set_args /bin/busybox ip addr
	edit_config '.linux.netDevices = {v0: {name: "inside0"}} | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$BATS_TEST_TMPDIR" "$BUNDLE"
	on_host :
	assert_status 0 && assert_match 'inside0@' && assert_match '192.0.2.1/24'
}

@test "nothing is lost when the program cannot be started" {
	set_args /no/such/program
	on_host 'ip -o addr show v0; ip -o link show v0'
	assert_status 127
	assert_match '192.0.2.1/24'
	assert_match '2001:db8::1/64'
	assert_match ',UP'
	set_args /bin/busybox true
	edit_config '.linux.netDevices = {v0: {name: "a"}, v1: {name: "lo"}}'
	on_host 'ip -o addr show v0'
	assert_status 125
	assert_match '192.0.2.1/24'
}

@test "restricted and baseline take no device from the host" {
	for PROFILE in restricted baseline; do
		on_host 'ip -o link show v0'
		assert_status 125 && assert_stderr 'the network device v0 is taken from the host' && assert_match 'v0@v1' || return
	done
}

@test "without root it is an error that says so" {
	requires userns
	make_bundle privileged
	edit_config '.linux.netDevices = {lo: {}} | .linux.namespaces += [{type: "user"}] | .process.capabilities = {}
		| .linux.uidMappings = [{containerID: 0, hostID: 12345, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	chmod -R a+rX "$BUNDLE"
	capture as_user timeout 60 "$CASEMATE" run --profile privileged --bundle "$BUNDLE" "$ID" </dev/null
	assert_status 125 && assert_stderr 'needs root'
}

@test "explain names the device, both names and where they came from" {
	capture "$CASEMATE" explain --profile privileged "$BUNDLE"
	assert_status 0
	assert_match "network device v0, as inside0.*config.json:/linux/netDevices/v0"
}
