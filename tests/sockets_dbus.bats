#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# --socket dbus-session and dbus-system: a real bus with two services, behind a real xdg-dbus-proxy(1).

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
	requires xdg-dbus-proxy dbus-daemon dbus-send
	RUNTIME=$(mktemp -d /tmp/casemate-XXXXXX)
	chown "$TEST_UID:$TEST_UID" "$RUNTIME"
	export XDG_RUNTIME_DIR=$RUNTIME
	unset DBUS_SESSION_BUS_ADDRESS DBUS_SYSTEM_BUS_ADDRESS
	STARTED=()
}

teardown() {
	[ "${#STARTED[@]}" -eq 0 ] || kill "${STARTED[@]}" 2>/dev/null || true
	rm -rf "$RUNTIME"
	common_teardown
}

# A bus asks who its user is.
as_named_user() {
	{
		cat /etc/passwd
		echo "tester:x:$TEST_UID:$TEST_UID::/:/bin/sh"
	} >"$BATS_TEST_TMPDIR/passwd"
	exec unshare --mount sh -c 'mount --bind "$0" /etc/passwd && exec setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups "$@"' \
		"$BATS_TEST_TMPDIR/passwd" "$@"
}

# start_bus NAME: at $RUNTIME/NAME, with org.example.Granted and org.example.Secret on it
start_bus() {
	as_named_user dbus-daemon --session --nofork --nopidfile --address="unix:path=$RUNTIME/${1// /%20}" >/dev/null 2>&1 3>&- &
	STARTED+=($!)
	wait_until 'listens "$RUNTIME/$1"' "$1"
	local name
	for name in Granted Secret; do
		# That of another bus says that its peer is there.
		rm -f "$BATS_TEST_TMPDIR/$name"
		python3 "$HELPERS/dbus_peer.py" "$TEST_UID" "$RUNTIME/$1" "org.example.$name" >"$BATS_TEST_TMPDIR/$name" 3>&- &
		STARTED+=($!)
		wait_until '[ -s "$BATS_TEST_TMPDIR/$name" ]'
	done
}

# The proxy's place is in $XDG_RUNTIME_DIR of who owns it, and else in /tmp, where others have theirs.
own_runtime() {
	local owner=0
	[ "$WHO" = root ] || owner=$TEST_UID
	chown "$owner" "$RUNTIME"
	chmod 755 "$RUNTIME"
}

# with_bus FLAG... -- CMD: as the user; or as root, who runs it as that user
with_bus() {
	local as=()
	own_runtime
	[ "$WHO" = user ] || as=(--uid "$TEST_UID" --gid "$TEST_UID")
	sandbox "${as[@]}" "$@"
}

# call NAME [MEMBER [PATH]]: what a sandbox with the flags of $FLAGS gets
call() {
	# shellcheck disable=SC2086 # words
	with_bus ${FLAGS-} --socket "dbus-${BUS:-session}" -- dbus-send "--${BUS:-session}" --print-reply=literal --reply-timeout=5000 \
		--dest="$1" "${3:-/a}" "org.example.Face.${2:-Hello}"
}

answers() {
	call "$@"
	[ "$status" -eq 0 ] && [[ $output == *org.example.* ]] || fail "$* does not answer with ${FLAGS-}"
}

silent() {
	call "$@"
	[ "$status" -eq 1 ] && [[ $stderr == *"org.freedesktop.DBus.Error."* ]] || fail "$* answers with ${FLAGS-}"
}

# Nothing of a launch is left on the host.
nothing_left() {
	[ -z "$(ls -d "$RUNTIME"/casemate-* 2>/dev/null)" ] && ! pgrep --full "^xdg-dbus-proxy --fd=3 unix:path=$RUNTIME/" >/dev/null
}

nothing_granted() {
	with_bus --socket dbus-session -- sh -c 'echo $DBUS_SESSION_BUS_ADDRESS; ls -A /run /run/sandbox; dbus-send --session \
		--print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames'
	assert_status 0
	assert_match "^unix:path=/run/sandbox/bus"
	assert_line bus
	[[ $output == *org.freedesktop.DBus* && $output != *org.example* ]] || fail
	silent org.example.Granted
	silent org.example.Secret
	silent "$(cat "$BATS_TEST_TMPDIR/Secret")"
	# The bus itself is nowhere, by no name.
	with_bus --socket dbus-session -- python3 -c 'import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])' "$RUNTIME/session"
	assert_status 1
	assert_stderr FileNotFoundError
	with_bus --socket dbus-session -- dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.RequestName \
		string:org.example.Mine uint32:0
	assert_status 1
	nothing_left || fail "something is left"
}

# In a delegated cgroup of v2 the launcher steps aside for the limits, which it cannot when the proxy stays behind
# (vm/systemd.bats has such a cgroup).
@test "the proxy is started where the launcher is when the cgroup is made" {
	start_bus bus
	WHO=root
	with_bus --mem 64M --socket dbus-session --trace-fd 9 -- true 9>"$BATS_TEST_TMPDIR/steps"
	assert_status 0
	[ "$(grep -x 'cgroup\|dbus' "$BATS_TEST_TMPDIR/steps" | xargs)" = "cgroup dbus" ] || fail "$(cat "$BATS_TEST_TMPDIR/steps")"
}

@test "with no rule there is nobody but the bus itself" {
	start_bus bus
	both nothing_granted
}

granted() {
	FLAGS="--dbus-talk org.example.Granted"
	answers org.example.Granted
	silent org.example.Secret
	silent "$(cat "$BATS_TEST_TMPDIR/Secret")"
	FLAGS="--dbus-talk org.example.*" answers org.example.Secret
	FLAGS="--dbus-see org.example.Granted" silent org.example.Granted
	FLAGS="--dbus-call org.example.Granted=org.example.Face.Hello@/a"
	answers org.example.Granted
	silent org.example.Granted Other
	silent org.example.Granted Hello /b
	with_bus --socket dbus-session --dbus-own org.example.Mine -- sh -c 'for name in Mine Yours; do dbus-send --session --print-reply=literal \
		--dest=org.freedesktop.DBus / org.freedesktop.DBus.RequestName string:org.example.$name uint32:0; done 2>&1'
	assert_match 'uint32 1.*Error'
}

@test "who is named can be called, and nobody else" {
	start_bus bus
	both granted
}

# reported KIND COUNT WHAT...: a line of the report that begins so
reported() {
	grep -Eq "^  dbus +$1 x  $2\$" <<<"$stderr" || fail "not in the report: $1 x $2"
}

kept_away() {
	local session="the proxy of the session bus keeps it away"
	FLAGS="--report --dbus-see org.example.Granted" call org.example.Granted
	reported 1 "org.example.Granted org.example.Face.Hello: $session; --dbus-talk org.example.Granted"
	with_bus --report --socket dbus-session -- sh -c 'for i in 1 2; do
			dbus-send --session --print-reply --dest=org.freedesktop.systemd1 / org.example.Face.Run; done
		dbus-send --session --print-reply --dest=org.example.Secret /a org.example.Face.Say
		dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.RequestName string:org.example.Mine uint32:0
		dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetNameOwner string:org.example.Secret
		dbus-send --session --print-reply --dest=:1.2 /a org.example.Face.Hello'
	reported 2 "org.freedesktop.systemd1 org.example.Face.Run: $session; --dbus-talk org.freedesktop.systemd1 \[risky: it starts programs .*\]"
	reported 1 "org.example.Secret org.example.Face.Say: $session; --dbus-talk org.example.Secret"
	reported 1 "org.example.Mine org.freedesktop.DBus.RequestName: $session; --dbus-own org.example.Mine"
	reported 1 "org.example.Secret org.freedesktop.DBus.GetNameOwner: $session; --dbus-see org.example.Secret"
	reported 1 ":1.2 org.example.Face.Hello: $session"
	[ "$(grep -c '^  dbus ' <<<"$stderr")" -eq 5 ]
	# A name that is none has no flag, and reaches no terminal as it is; one that is longer than a line is left out.
	with_bus --report --socket dbus-session -- python3 -c 'import socket
peer = socket.socket(socket.AF_UNIX)
peer.connect("/run/sandbox/bus")
peer.send(b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n")
peer.settimeout(5)
peer.recv(4096)
def text(code, kind, value):
    value = value.encode()
    return bytes([code, 1]) + kind.encode() + b"\0" + len(value).to_bytes(4, "little") + value + b"\0"
def call(name):
    fields = b""
    for field in (text(1, "o", "/a"), text(2, "s", "a.b"), text(3, "s", "C"), text(6, "s", name)):
        fields += b"\0" * (-len(fields) % 8) + field
    head = b"l\1\0\1" + (0).to_bytes(4, "little") + (9).to_bytes(4, "little") + len(fields).to_bytes(4, "little")
    peer.send(head + fields + b"\0" * (-(len(head) + len(fields)) % 8))
call("a.b\n*HIDDEN*\033[31m $(id)")
call("a." + "b" * 5000)
call("org.example.Last")
try: peer.recv(4096)
except OSError: pass'
	[[ $stderr == *"casemate: report: "* && $stderr != *$'\033'* && $stderr != *'--dbus-talk a.b'*id* && $stderr != *bbbbbb* ]]
	# What is granted is not told, and works as ever.
	FLAGS="--report --dbus-talk org.example.Granted" answers org.example.Granted
	assert_stderr "report: nothing was denied"
}

@test "--report names what the proxy kept away, and the flag that lets it through" {
	start_bus bus
	both kept_away
	start_bus "system"
	export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$RUNTIME/system" WHO=user
	BUS=system FLAGS="--report" call org.example.Secret
	reported 1 "org.example.Secret org.example.Face.Hello: the proxy of the system bus keeps it away; --dbus-talk system:org.example.Secret"
	BUS=system FLAGS="--report --socket dbus-session" call org.example.Secret
	reported 1 "org.example.Secret org.example.Face.Hello: the proxy of the session or the system bus keeps it away; --dbus-talk org.example.Secret"
}

two_buses() {
	export DBUS_SYSTEM_BUS_ADDRESS="tcp:host=x;unix:path=$RUNTIME/the%20system,guid=1"
	BUS=system FLAGS="--socket dbus-session --dbus-talk system:org.example.Granted" answers org.example.Granted
	BUS=session FLAGS="--socket dbus-system --dbus-talk system:org.example.Granted" silent org.example.Granted
	BUS=session FLAGS="--socket dbus-system --dbus-talk session:org.example.Granted" answers org.example.Granted
	BUS=system FLAGS="--socket dbus-session --dbus-talk org.example.Granted" silent org.example.Granted
	DBUS_SESSION_BUS_ADDRESS=unix:abstract=/x with_bus --socket dbus-session -- true
	assert_status 125
	assert_stderr "which is no socket of this machine"
	DBUS_SESSION_BUS_ADDRESS=unix:path=$RUNTIME/link with_bus --socket dbus-session -- true
	assert_status 125 && assert_stderr "leads through a symbolic link"
}

@test "the system's bus is another one, with rules of its own" {
	start_bus bus
	start_bus "the system"
	ln -s bus "$RUNTIME/link"
	both two_buses
}

ends() {
	# shellcheck disable=SC2016
	with_bus --socket dbus-session -- false
	assert_status 1
	nothing_left
	with_bus --socket dbus-session -- /no/such/program
	assert_status 127
	nothing_left
	local as=() user=() launcher signal
	own_runtime
	[ "$WHO" = user ] || as=(--uid "$TEST_UID" --gid "$TEST_UID")
	[ "$WHO" = root ] || user=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups)
	for signal in KILL TERM keeper both; do
		"${user[@]}" "$USER_CASEMATE" sandbox "${as[@]}" --cwd /tmp --no-die-with-parent --socket dbus-session -- sleep "$SLEEP" </dev/null >/dev/null 2>&1 3>&- &
		launcher=$!
		wait_until 'pgrep --full "^xdg-dbus-proxy --fd=3 unix:path=$RUNTIME/" >"$BATS_TEST_TMPDIR/proxy"'
		# It parses what the program sends: never as root, and with no way back.
		grep -qx "Uid:	$TEST_UID	$TEST_UID	$TEST_UID	$TEST_UID" "/proc/$(cat "$BATS_TEST_TMPDIR/proxy")/status" || fail "whose is it?"
		grep -q '^NoNewPrivs:	1' "/proc/$(cat "$BATS_TEST_TMPDIR/proxy")/status"
		grep -q '^Groups:	 *$' "/proc/$(cat "$BATS_TEST_TMPDIR/proxy")/status"
		# Its name is only there while it is needed.
		wait_until 'pgrep --full "^sleep $SLEEP\$" >/dev/null && ! compgen -G "$RUNTIME/casemate-*" >/dev/null'
		if [ "$signal" = keeper ] || [ "$signal" = both ]; then
			kill -KILL "$(ps -o ppid= -p "$(cat "$BATS_TEST_TMPDIR/proxy")")"
			[ "$signal" = both ] && signal=KILL || signal=TERM
		fi
		kill "-$signal" "$launcher"
		wait "$launcher" || true
		wait_until nothing_left
	done
}

@test "the proxy and its place are gone when the launcher is, however that ended" {
	# One that is ours alone: what may outlive its launcher is ended here.
	SLEEP=100.$BASHPID$RANDOM
	start_bus bus
	both ends
	pkill -KILL -f "^sleep $SLEEP\$" || true
}

killed_at_once() {
	local left=$RUNTIME/casemate-0000000000000000 aside=$RUNTIME/casemate-1111111111111111
	mkdir "$left" "$aside" "$BATS_TEST_TMPDIR/aside-$WHO"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$left/session"
	touch "$BATS_TEST_TMPDIR/aside-$WHO/session"
	# What only has such a name, and what somebody is about to use, stays.
	ln -s "$BATS_TEST_TMPDIR/aside-$WHO" "$RUNTIME/casemate-2222222222222222"
	[ "$WHO" = root ] || chown "$TEST_UID" "$left" "$left/session" "$aside"
	touch -d '1 hour ago' "$left" "$BATS_TEST_TMPDIR/aside-$WHO"
	with_bus --socket dbus-session -- true
	[ ! -e "$left" ]
	[ -e "$aside" ]
	[ -e "$BATS_TEST_TMPDIR/aside-$WHO/session" ]
	rmdir "$aside"
	rm "$RUNTIME/casemate-2222222222222222"
}

@test "what was left by launchers that were killed is removed by the next one" {
	start_bus bus
	both killed_at_once
}

# in_its_own_view COMMAND FLAG...: as root, after COMMAND in a mount namespace of its own
in_its_own_view() {
	capture unshare --mount sh -c 'eval "$1"; shift; exec "$0" sandbox "$@"' "$USER_CASEMATE" "$1" --uid "$TEST_UID" --gid "$TEST_UID" \
		--socket dbus-session "${@:2}" -- touch /tmp/started </dev/null
}

@test "without the program nothing starts, nor with one that does not listen" {
	start_bus bus
	in_its_own_view 'mount --bind /dev/null /usr/bin/xdg-dbus-proxy'
	assert_status 125
	assert_stderr "--socket dbus-session: there is no program xdg-dbus-proxy in /usr/bin, /usr/local/bin or /bin"
	assert_stderr "install the package xdg-dbus-proxy"
	in_its_own_view 'mount --bind /bin/true /usr/bin/xdg-dbus-proxy'
	assert_status 125
	assert_stderr "xdg-dbus-proxy did not begin to listen"
	nothing_left
	# Another process of that user or group could put this there instead; root would follow it.
	printf '#!/bin/sh\nln -s /etc/shadow session && echo x >&3 && exec sleep 50\n' >"$BATS_TEST_TMPDIR/other"
	chmod 755 "$BATS_TEST_TMPDIR/other" "$BATS_TEST_TMPDIR"
	in_its_own_view "mount --bind '$BATS_TEST_TMPDIR/other' /usr/bin/xdg-dbus-proxy"
	assert_status 125
	assert_stderr "is not the proxy's socket"
	nothing_left
	# Nor can they move its directory away, so that root removes what is elsewhere.
	printf '#!/bin/sh\nmv "$PWD" "$PWD.moved" || echo x >&3; exec sleep 50\n' >"$BATS_TEST_TMPDIR/other"
	XDG_RUNTIME_DIR='' DBUS_SESSION_BUS_ADDRESS=unix:path=$RUNTIME/bus in_its_own_view "mount --bind '$BATS_TEST_TMPDIR/other' /usr/bin/xdg-dbus-proxy"
	assert_status 125 && assert_stderr "no such file or directory"
}

@test "names by which a program gets out are refused by the profile, and what is no name by the flag" {
	start_bus bus
	WHO=root
	local flag
	for flag in --dbus-talk=org.freedesktop.systemd1 '--dbus-talk=org.freedesktop.*' --dbus-call=org.freedesktop.Flatpak='*' \
		--dbus-own=org.freedesktop.systemd1 '--dbus-own=org.freedesktop.*'; do
		with_bus --socket dbus-session "$flag" -- true
		assert_status 125
		assert_stderr "it starts programs outside of the sandbox"
		with_bus --profile privileged --socket dbus-session "$flag" -- true
		assert_status 0
	done
	with_bus --socket dbus-session --dbus-see org.freedesktop.systemd1 -- true
	assert_status 0
	for flag in --dbus-talk='*' --dbus-talk='org.*' --dbus-talk=org --dbus-talk=:1.2 --dbus-talk=org..a --dbus-talk='org.a.*.b' --dbus-talk='org.a=b' \
		--dbus-talk=org.1a --dbus-talk='org.a --log' --dbus-call=org.a.b --dbus-call=org.a.b= --dbus-call='org.a.b=x y' --dbus-own=''; do
		with_bus --socket dbus-session "$flag" -- true
		assert_status 125 && assert_stderr ": expected " || fail "$flag"
	done
	with_bus --dbus-talk org.a.b -- true
	assert_status 125
	assert_stderr "this needs --socket dbus-session"
	with_bus --socket dbus-session --dbus-talk system:org.a.b -- true
	assert_status 125
	assert_stderr "this needs --socket dbus-session, or dbus-system for system:NAME"
	with_bus --socket dbus-session --bundle-out "$BATS_TEST_TMPDIR/made" -- true
	assert_status 125
	assert_stderr "needs a proxy, which has no place in a config.json"
	[ ! -e "$BATS_TEST_TMPDIR/made" ]
}

@test "explain says who can be called; what is saved means the same" {
	start_bus bus
	capture "$CASEMATE" explain sandbox --uid "$TEST_UID" --socket dbus-session --dbus-talk org.example.Granted -- true
	assert_match "the session bus at $RUNTIME/bus, through /usr/bin/xdg-dbus-proxy as user $TEST_UID"
	assert_match "on the session bus it can call everything of org.example.Granted"
	assert_match "nobody else on the session bus is seen or called"
	local flags=(--uid "$TEST_UID" --gid "$TEST_UID" --socket dbus-session --dbus-talk org.example.Granted --dbus-own 'org.example.Mine.*'
		--dbus-see org.example.Secret --dbus-call 'org.example.Other=*@/a' --dbus-broadcast session:org.example.Other=org.example.Face.Said)
	capture "$CASEMATE" sandbox "${flags[@]}" --save "$BATS_TEST_TMPDIR/s.json" -- true
	assert_status 0
	diff <("$CASEMATE" explain --json sandbox "${flags[@]}" -- true | jq -S 'walk(if type == "object" then del(.from, .profile) else . end)') \
		<("$CASEMATE" explain --json sandbox --profile "$BATS_TEST_TMPDIR/s.json" -- true |
			jq -S 'walk(if type == "object" then del(.from, .profile) else . end)')
}
