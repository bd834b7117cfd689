#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Job control as people meet it: an interactive shell in a terminal of tmux(1), where keys are typed and the screen is read. The
# sandbox has a terminal of its own, so each key goes through two of them.

load helpers/common

setup() {
	common_setup
	requires root tmux userns
	chmod 755 "$PROBE"
	TMUX_DIR=$BATS_TEST_TMPDIR/tmux
	mkdir "$TMUX_DIR"
	export TMUX_TMPDIR=$TMUX_DIR
	LONG=77.$BATS_ROOT_PID
	unset TMUX
	# Sandboxes of an ordinary user; bash, because its prompt and its words about jobs are known.
	tmux_ -f /dev/null new-session -d -x 90 -y 40 \
		"cd / && exec setpriv --reuid $TEST_UID --regid $TEST_UID --clear-groups env -i PATH=$PATH TERM=screen HOME=/nonexistent \
			CASEMATE_TEST=$CASEMATE_TEST PS1='outer> ' bash --norc --noprofile -i"
	wait_for 'outer> '
}

teardown() {
	tmux_ kill-server 2>/dev/null || true
	common_teardown
}

tmux_() {
	tmux -L casemate "$@" 3>&-
}

screen() {
	tmux_ capture-pane -p -J -S -
}

# wait_for TEXT [COUNT]: until TEXT is on the screen COUNT times.
wait_for() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ "$(screen | grep -cF -- "$1")" -lt "${2-1}" ] || return 0
		sleep 0.05
	done
	output=$(screen) stderr='' status=0
	fail "not on the screen: $1"
}

# absent TEXT: not on the screen.
absent() {
	output=$(screen)
	[[ $output != *"$1"* ]] || fail "on the screen: $1"
}

# The program is there, and whoever waits for its group to be in front has put it there.
await_program() {
	eventually pgrep -f "^$1\$"
}

# in_front NAME: the process group in front is of that program, and not stopped.
in_front() {
	local pid
	pid=$(ps -o tpgid= -p "$(tmux_ display-message -p '#{pane_pid}')")
	[[ $(<"/proc/${pid// /}/stat") == *"($1) "[RSD]* ]]
}

# tells TEXT: a shell says at its next prompt which jobs have ended.
tells() {
	key Enter
	screen | grep -qF -- "$1"
}

type_line() {
	tmux_ send-keys -l -- "$1"
	tmux_ send-keys Enter
}

key() {
	tmux_ send-keys "$1"
}

@test "Ctrl-C ends the program and not the shell inside or outside" {
	type_line "$CASEMATE sandbox -- sh"
	wait_for '$ '
	type_line 'trap : INT; echo "go $((40 + 2))"; sleep '"$LONG"'; echo "ended $?"'
	wait_for 'go 42'
	await_program "sleep $LONG"
	key C-c
	wait_for 'ended 130'
	type_line 'exit 3'
	wait_for 'outer> ' 2
	type_line 'echo "status $?"'
	wait_for 'status 3'
	type_line "$CASEMATE sandbox -- sh -c 'echo \"go \$((40 + 3))\"; exec sleep $LONG'"
	wait_for 'go 43'
	await_program "sleep $LONG"
	key C-c
	wait_for 'outer> ' 4
	type_line 'echo "status $?"'
	wait_for 'status 130'
}

@test "Ctrl-Z stops the sandbox, fg goes on with it" {
	type_line "$CASEMATE sandbox -- sh -c 'echo begun; read line; echo \"got \$line\"; exit 4'"
	wait_for begun 2
	key C-z
	wait_for Stopped
	# The terminal is the outer shell's again, and as it was: it shows what is typed and edits lines.
	type_line 'echo "$((40 + 2)) outside"'
	wait_for '42 outside'
	type_line 'jobs'
	wait_for Stopped 2
	type_line fg
	eventually in_front casemate
	type_line words
	wait_for 'got words'
	type_line 'echo "status $?"'
	wait_for 'status 4'
}

@test "a stopped sandbox can be stopped again, go on in the background, and be killed" {
	type_line "$CASEMATE sandbox -- sh -c 'echo begun; sleep 77'"
	wait_for begun 2
	key C-z
	wait_for Stopped 1
	type_line fg
	eventually in_front casemate
	key C-z
	wait_for Stopped 2
	type_line 'kill %1; fg 2>/dev/null; wait; echo "none $(jobs | wc -l)"'
	wait_for 'none 0'
}

@test "an interactive shell inside has job control of its own" {
	type_line "$CASEMATE sandbox -- bash --norc --noprofile -i"
	sleep 0.5
	type_line 'PS1="inner> "'
	wait_for 'inner> '
	absent 'no job control'
	type_line "echo \"go \$((40 + 4))\"; sleep $LONG"
	wait_for 'go 44'
	await_program "sleep $LONG"
	key C-z
	wait_for 'Stopped'
	type_line 'echo "inside $(($(jobs | wc -l) + 40))"'
	wait_for 'inside 41'
	type_line 'kill -9 %1; sleep 0.2; exit 0'
	wait_for 'outer> ' 2
}

# A shell that waits for a line runs a trap after it.
resized() {
	type_line :
	screen | grep -F '33 71'
}

@test "the window's size follows" {
	type_line "$CASEMATE sandbox -- sh"
	wait_for '$ '
	type_line 'stty size; trap "echo changed; stty size" WINCH'
	wait_for '40 90'
	tmux_ resize-window -x 71 -y 33
	eventually resized
	wait_for changed 2
}

@test "keys that programs read raw arrive raw" {
	type_line "$CASEMATE sandbox -- sh"
	wait_for '$ '
	type_line 'stty raw -echo; echo "{begun}"; dd bs=1 count=3 2>/dev/null | od -An -tx1; stty sane'
	wait_for '{begun}' 2
	key C-c
	key C-z
	key Escape
	wait_for '03 1a 1b'
}

@test "nothing can be typed into the caller's shell" {
	requires tiocsti
	type_line "$CASEMATE sandbox --ro $PROBE:/probe -- sh -c '/probe tiocsti; /probe tiocsti-high-half; exit 6'"
	wait_for 'denied E' 2
	type_line 'echo "status $?"'
	wait_for 'status 6'
	absent 'allowed'
}

@test "a sandbox that is killed leaves the terminal as it was" {
	type_line 'stty -g'
	wait_for 'outer> ' 2
	local before
	before=$(screen | grep -E '^[0-9a-f]+:' | tail -1)
	type_line "$CASEMATE sandbox --time 1 -- sleep 77"
	wait_for 'outer> ' 3
	type_line 'stty -g; echo "status ok"'
	wait_for 'status ok' 2
	[ "$(screen | grep -cF -- "$before")" -ge 2 ] || fail "the terminal is another one than before: $(screen)"
}

# 2^32 milliseconds and a little more.
@test "a limit of time that poll(2) cannot count does not end a program on a terminal" {
	requires userns
	SHELL=/bin/sh run timeout -k 2 20 script -qec "'$CASEMATE' sandbox --time 4294968s -- sh -c 'sleep 2; echo went on'" /dev/null </dev/null
	[ "$status" -eq 0 ] && [[ $output == *"went on"* ]] || fail "it was ended"
}

@test "what the caller redirected is no terminal inside, and not changed on its way" {
	local dir=$BATS_TEST_TMPDIR/own
	install -d -o "$TEST_UID" "$dir"
	type_line "cd '$dir'"
	type_line "$CASEMATE sandbox -- sh -c 'test -t 0 && printf \"a\\nb\\n\"' >out; echo \"status \$?\""
	wait_for 'status 0'
	printf 'a\nb\n' | cmp - "$dir/out" || fail "$(od -c "$dir/out")"
	type_line "$CASEMATE sandbox -- sh -c 'test -t 1 && echo apart >&2' 2>err; echo \"then \$?\""
	wait_for 'then 0'
	echo apart | cmp - "$dir/err" || fail "$(od -c "$dir/err")"
	# Another program writes to the same terminal meanwhile: its lines begin at the left.
	type_line "$CASEMATE sandbox -- sh -c 'echo one; echo two; sleep 2' | sed -u 's/^/line /'"
	wait_for 'line two'
	screen | grep -qx 'line two' || fail "no line of its own: $(screen)"
}

@test "in the background it runs to its end, and comes to the foreground when it is called" {
	type_line "$CASEMATE sandbox -- sh -c 'sleep 1; exit 5' &"
	eventually tells 'Exit 5'
	type_line "$CASEMATE sandbox -- sh -c 'read word; echo \"read \$word\"' &"
	await_program "sh -c read word; .*"
	type_line fg
	eventually in_front casemate
	type_line something
	wait_for 'read something'
	# Stopped by its keys, and on in the background.
	type_line "$CASEMATE sandbox -- sh -c 'echo begun; sleep 2; exit 6'"
	wait_for begun 2
	key C-z
	wait_for Stopped
	type_line bg
	eventually tells 'Exit 6'
}

@test "the time passes for a sandbox that was stopped as well" {
	type_line "$CASEMATE sandbox --time 3 -- sh -c 'kill -STOP \$\$; sleep 77'"
	wait_for Stopped
	eventually tells Exit
	eventually no_processes || fail "it lives on"
}

@test "a program that stops where no shell could continue it goes on" {
	SHELL=/bin/sh run timeout -k 2 20 script -qec "'$CASEMATE' sandbox -- sh -c 'kill -STOP \$\$; echo went on'" /dev/null </dev/null
	[ "$status" -eq 0 ] && [[ $output == *"went on"* ]] || fail "it was stopped for ever"
}

@test "a terminal that nobody reads holds up neither the time nor a signal" {
	requires python3
	run timeout -k 2 100 python3 -c '
import os, pty, signal, subprocess, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "sandbox", "--time", "1", "--", "sh", "-c", "while :; do echo 55.%s; done" % sys.argv[2]])
def running():
    return subprocess.run(["pgrep", "-f", "^sh -c while :; do echo 55." + sys.argv[2]], capture_output=True).returncode == 0
def until(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
until(running)
assert running()
until(lambda: not running())
print("lives on" if running() else "ended")
os.kill(pid, signal.SIGTERM)
status = (0, 0)
def waited():
    global status
    status = os.waitpid(pid, os.WNOHANG)
    return status[0] != 0
until(waited)
print("signal", os.WTERMSIG(status[1]))
' "$CASEMATE" "$BATS_ROOT_PID"
	[ "$status" -eq 0 ] && [[ $output == $'ended\nsignal 15' ]] || fail "$output"
}
