#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# --socket: one socket of the caller's desktop or agent, and nothing of what lies beside it.

load helpers/common
load helpers/sandbox

setup() {
	common_setup
	sandbox_setup
	unset WAYLAND_DISPLAY DISPLAY XAUTHORITY PULSE_SERVER PIPEWIRE_REMOTE SSH_AUTH_SOCK GNUPGHOME
	# Short: the address of a socket has room for 107 bytes.
	RUNTIME=$(mktemp -d /tmp/casemate-XXXXXX)
	export XDG_RUNTIME_DIR=$RUNTIME HOME=$RUNTIME/home
	mkdir "$HOME"
	LISTENERS=()
}

teardown() {
	[ "${#LISTENERS[@]}" -eq 0 ] || kill "${LISTENERS[@]}" 2>/dev/null || true
	rm -rf "$RUNTIME"
	common_teardown
}

# listen NAME [MODE]: who connects there is told NAME; it is the user's below $RUNTIME, as the caller's own session has it
listen() {
	python3 -c 'import os, socket, sys
server = socket.socket(socket.AF_UNIX)
os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)
server.bind(sys.argv[1])
os.chmod(sys.argv[1], int(sys.argv[2], 8))
server.listen()
os.chown(sys.argv[1], int(sys.argv[3]), int(sys.argv[3]))
while True:
    peer = server.accept()[0]
    peer.sendall(os.path.basename(sys.argv[1]).encode())
    peer.close()' "$1" "${2:-700}" "${OWNER:-$TEST_UID}" 3>&- &
	LISTENERS+=($!)
	wait_until 'listens "$1" && [ "$(stat -c %u "$1")" = "${OWNER:-$TEST_UID}" ]' "$1"
}

# shown FLAG...: as the user; or as root, who runs it as that user
shown() {
	chown -R "$TEST_UID:$TEST_UID" "$RUNTIME"
	local as=()
	[ "$WHO" = user ] || as=(--uid "$TEST_UID" --gid "$TEST_UID")
	sandbox "${as[@]}" "$@"
}

# Connects to each path, and says what comes.
hear='import socket, sys
for path in sys.argv[1:]:
    peer = socket.socket(socket.AF_UNIX)
    try:
        peer.connect(path)
        print(peer.recv(99).decode())
    except OSError as why:
        print(why.strerror)'

displays() {
	shown --socket wayland -- sh -c 'echo "$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY"; stat -c "%a %u" $XDG_RUNTIME_DIR
		ls -A "$XDG_RUNTIME_DIR"; touch $XDG_RUNTIME_DIR/made && python3 -c "$0" "$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY" "$1" "$2"' \
		"$hear" "$RUNTIME/wayland-0" "$RUNTIME/other"
	assert_status 0
	assert_output "$(printf '%s\n' /run/sandbox/wayland-0 "700 $TEST_UID" wayland-0 wayland-0 'No such file or directory' \
		'No such file or directory')"
	[ ! -e "$RUNTIME/made" ]
	WAYLAND_DISPLAY=other shown --socket wayland -- python3 -c "$hear" /run/sandbox/wayland-0
	assert_output other
	WAYLAND_DISPLAY=$RUNTIME/other shown --socket wayland -- python3 -c "$hear" /run/sandbox/wayland-0
	assert_output other
}

@test "one socket is shown, at a place of its own, and none beside it" {
	listen "$RUNTIME/wayland-0"
	listen "$RUNTIME/other"
	both displays
}

others() {
	shown --socket pulseaudio --socket pipewire --socket gpg-agent -- sh -c 'echo $PULSE_SERVER $PIPEWIRE_REMOTE
		python3 -c "$0" ${PULSE_SERVER#unix:} $XDG_RUNTIME_DIR/$PIPEWIRE_REMOTE $HOME/.gnupg/S.gpg-agent
		touch $HOME/.gnupg/pubring.kbx; chmod 777 $XDG_RUNTIME_DIR/pulse/native' "$hear"
	assert_output "$(printf '%s\n' 'unix:/run/sandbox/pulse/native pipewire-0' native pipewire-0 S.gpg-agent.extra)"
	assert_stderr "Read-only file system"
	PULSE_SERVER="{abc}unix:$RUNTIME/else" PIPEWIRE_REMOTE=else shown --socket pulseaudio --socket pipewire -- \
		python3 -c "$hear" /run/sandbox/pulse/native /run/sandbox/pipewire-0
	assert_output $'else\nelse'
	PULSE_SERVER=tcp:host shown --socket pulseaudio -- true
	assert_status 125
	assert_stderr "PULSE_SERVER is 'tcp:host', which is no socket of this machine"
	GNUPGHOME=$RUNTIME/home/keys shown --socket gpg-agent -- python3 -c "$hear" /home/sandbox/.gnupg/S.gpg-agent
	assert_output S.gpg-agent.extra
}

@test "sound and keys: where their specifications say that they are" {
	listen "$RUNTIME/pulse/native"
	listen "$RUNTIME/pipewire-0"
	listen "$RUNTIME/else"
	listen "$RUNTIME/gnupg/S.gpg-agent"
	listen "$RUNTIME/gnupg/S.gpg-agent.extra"
	listen "$RUNTIME/home/keys/S.gpg-agent.extra"
	both others
}

# xauthority FAMILY HOST NUMBER DATA...: as xauth(1) writes it
xauthority() {
	python3 -c 'import struct, sys
field = lambda text: struct.pack(">H", len(text)) + text.encode()
words = sys.argv[1:]
for at in range(0, len(words), 4):
    family, host, number, data = words[at:at + 4]
    sys.stdout.buffer.write(struct.pack(">H", int(family)) + field(host) + field(number) + field("MIT-MAGIC-COOKIE-1") + field(data))' "$@"
}

x11() {
	DISPLAY=:7777.1 shown --socket x11 -- sh -c 'echo $DISPLAY; ls -A /tmp /tmp/.X11-unix; cat $XAUTHORITY; python3 -c "$0" /tmp/.X11-unix/X99' "$hear"
	assert_status 0
	assert_output "$(printf '%s\n' :99 /tmp: .X11-unix '' /tmp/.X11-unix: X99)
$(xauthority 65535 '' 99 'the cookie' 65535 '' 99 any | tr -d '\0')X7777"
	DISPLAY=unix:7777 XAUTHORITY=$RUNTIME/none shown --socket x11 -- true
	assert_status 125
	assert_stderr "--socket x11: \$XAUTHORITY: "
	local display
	for display in host:0 :0x :; do
		DISPLAY=$display shown --socket x11 -- true
		assert_status 125
		assert_stderr "\$DISPLAY is '$display', which is no socket of this machine"
	done
	# Its end is cut off.
	head -c -1 "$HOME/.Xauthority" >"$RUNTIME/cut"
	DISPLAY=:7777 XAUTHORITY=$RUNTIME/cut shown --socket x11 -- sh -c 'cat $XAUTHORITY'
	assert_output "$(xauthority 65535 '' 99 'the cookie' | tr -d '\0')"
}

@test "x11: the socket, and of the cookies that of this display" {
	local socket=/tmp/.X11-unix/X7777
	[ -d /tmp/.X11-unix ] || mkdir -m 1777 /tmp/.X11-unix
	OWNER=0 listen "$socket" 777
	xauthority 256 me 0 'another display' 256 me 7777 'the cookie' 0 1234 7777 'by network' 65535 '' '' any >"$HOME/.Xauthority"
	both x11
	rm "$socket"
	rmdir /tmp/.X11-unix 2>/dev/null || true
}

keys() {
	shown --socket ssh-agent -- sh -c 'ssh-add -L'
	assert_status 0
	assert_output "$(cut -d' ' -f1,2 "$RUNTIME/key.pub") me"
	shown -- sh -c 'echo ${SSH_AUTH_SOCK-none}'
	assert_output none
	shown --socket ssh-agent --setenv SSH_AUTH_SOCK=/mine -- sh -c 'echo $SSH_AUTH_SOCK'
	assert_output /mine
}

@test "the keys of a real ssh-agent(1) are seen inside where it is asked for" {
	requires ssh-agent
	export SSH_AUTH_SOCK=$RUNTIME/agent
	ssh-keygen -q -t ed25519 -N '' -C me -f "$RUNTIME/key"
	chown -R "$TEST_UID" "$RUNTIME"
	setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups ssh-agent -D -a "$SSH_AUTH_SOCK" >/dev/null 3>&- &
	LISTENERS+=($!)
	wait_until 'listens "$SSH_AUTH_SOCK"'
	setpriv --reuid 0 ssh-add -q "$RUNTIME/key" 2>/dev/null
	both keys
}

wrong() {
	shown --socket wayland -- touch /tmp/started
	assert_status 125
	assert_stderr "--socket wayland: nothing is at '$RUNTIME/wayland-0', where \$XDG_RUNTIME_DIR says that it is"
	WAYLAND_DISPLAY=a-file shown --socket wayland -- true
	assert_status 125
	assert_stderr "'$RUNTIME/a-file', which \$WAYLAND_DISPLAY names, is no socket"
	WAYLAND_DISPLAY=a-link shown --socket wayland -- true
	assert_status 125
	assert_stderr "'$RUNTIME/a-link', which \$WAYLAND_DISPLAY names, leads through a symbolic link"
	WAYLAND_DISPLAY=way/real shown --socket wayland -- true
	assert_status 125
	assert_stderr "leads through a symbolic link"
	# No profile makes it something else.
	WAYLAND_DISPLAY=a-link shown --profile privileged --socket wayland -- true
	assert_status 125
	assert_stderr "leads through a symbolic link"
	WAYLAND_DISPLAY=real shown --profile privileged --socket wayland -- true
	assert_status 0
	WAYLAND_DISPLAY=. shown --socket wayland -- true
	assert_status 125
	assert_stderr "is no socket"
	WAYLAND_DISPLAY=$STRANGE/socket shown --socket wayland -- true
	assert_status 125
	assert_stderr "belongs to user 4321"
	shown --socket ssh-agent -- true
	assert_status 125
	assert_stderr "--socket ssh-agent: \$SSH_AUTH_SOCK is not set"
	SSH_AUTH_SOCK=agent shown --socket ssh-agent -- true
	assert_status 125
	XDG_RUNTIME_DIR='' shown --socket wayland -- true
	assert_status 125
	assert_stderr "'wayland-0' is looked for in \$XDG_RUNTIME_DIR, which is not set"
	shown --socket waylnad -- true
	assert_status 125
	assert_stderr "did you mean 'wayland'?"
	# In a directory of the host nothing is made.
	WAYLAND_DISPLAY=real shown --rw "$RUNTIME/home:/run/sandbox" --socket wayland -- true
	assert_status 125
	[ ! -e "$RUNTIME/home/wayland-0" ]
}

@test "what is not there, is no socket, is a link or belongs to somebody else is refused" {
	STRANGE=$(mktemp -d /tmp/casemate-XXXXXX)
	chmod 755 "$STRANGE"
	listen "$RUNTIME/real"
	OWNER=4321 listen "$STRANGE/socket" 777
	: >"$RUNTIME/a-file"
	ln -s real "$RUNTIME/a-link"
	ln -s . "$RUNTIME/way"
	both wrong
	rm -r "$STRANGE"
}

@test "for root: a socket of root's for root alone cannot be used, and services of the host stay refused" {
	OWNER=0 listen "$RUNTIME/wayland-0"
	WHO=root sandbox --socket wayland -- true
	assert_status 125
	assert_stderr "is for user 0 alone"
	assert_stderr "the program runs as user 65534: --uid says another one"
	chmod 777 "$RUNTIME/wayland-0"
	WHO=root sandbox --socket wayland -- python3 -c "$hear" /run/sandbox/wayland-0
	assert_output wayland-0
	capture unshare --mount sh -c 'mount -t tmpfs tmpfs /run && mount --bind "$1/wayland-0" "$1/wayland-0" &&
		python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"/run/docker.sock\")" && chmod 777 /run/docker.sock &&
		WAYLAND_DISPLAY=/run/docker.sock "$0" sandbox --socket wayland -- true' "$USER_CASEMATE" "$RUNTIME"
	assert_status 125 && assert_stderr "there is a socket that is root on the host"
}

@test "explain says what who has it can do; a bundle has what a config.json can say" {
	listen "$RUNTIME/wayland-0"
	listen "$RUNTIME/agent" 777
	chown -R "$TEST_UID" "$RUNTIME"
	SSH_AUTH_SOCK=$RUNTIME/agent capture "$CASEMATE" explain sandbox --socket ssh-agent --socket wayland --uid "$TEST_UID" -- true
	assert_match "the socket $RUNTIME/agent at /run/sandbox/ssh-agent: it can log in everywhere as you.*--socket ssh-agent"
	assert_match "--socket wayland"
	capture "$CASEMATE" sandbox --socket wayland --uid "$TEST_UID" --bundle-out "$BATS_TEST_TMPDIR/made" -- true
	assert_status 0
	jq -e --arg at "$RUNTIME/wayland-0" '.process.env | index("WAYLAND_DISPLAY=wayland-0")' "$BATS_TEST_TMPDIR/made/config.json"
	jq -e --arg at "$RUNTIME/wayland-0" '.mounts[] | select(.source == $at)
		| .destination == "/run/sandbox/wayland-0" and (.options | index("ro"))' "$BATS_TEST_TMPDIR/made/config.json"
}

# user_service NAME: the sandbox is given that socket, where there is one
user_service() {
	local as=()
	[ "$WHO" = root ] || as=(setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups "--inh-caps=-all")
	capture unshare --mount sh -c 'mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p "$(dirname "/run/user/$0/$1")" && cd / &&
		python3 -c "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])" "/run/user/$0/$1" && chown -R "$0" /run/user &&
		name=/run/user/$0/$1 && shift && exec "$@" --rw "$name" -- true' \
		"$TEST_UID" "$1" "${as[@]}" timeout -k 2 30 "$USER_CASEMATE" sandbox
}

starts_programs() {
	local name
	for name in bus systemd/private docker.sock podman/podman.sock; do
		user_service "$name"
		assert_status 125 && assert_stderr "/run/user/$TEST_UID/$name:" || return
	done
	user_service other
	assert_status 0
}

@test "a socket by which programs are started outside is not shown by its name either" {
	both starts_programs
}
