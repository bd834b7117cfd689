#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The command line: help on everything, misspelt words, exit status, the log, completion, bundles written by --bundle-out.

load helpers/common

setup() {
	common_setup
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	common_teardown
}

casemate() {
	run --separate-stderr timeout -k 2 30 "$CASEMATE" "$@" </dev/null
}

# refused STDERR-TEXT ARG...: status 125, nothing on standard output, and one error that says the text.
refused() {
	local text=$1
	shift
	casemate "$@"
	assert_status 125 && assert_output "" && assert_stderr "$text" || return
	[ "$(grep -c '^casemate: ' <<<"$stderr")" -eq 1 ] || fail "expected one error: casemate $*"
}

command_names() {
	"$CASEMATE" help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'
}

# --- help

@test "help names the commands, and --help and help say the same" {
	casemate help
	assert_status 0
	local help=$output
	casemate --help
	assert_status 0
	assert_output "$help"
	for name in run sandbox explain completion; do
		command_names | grep -qx "$name" || fail "help does not name $name"
	done
	assert_match 'spec +Writes a config\.json to begin with'
}

@test "each command has its help, on standard output and within 80 columns" {
	local name
	for name in $(command_names); do
		casemate "$name" --help
		assert_status 0 && assert_match "^usage: casemate $name" || return
		[ -z "$stderr" ] || fail "help of $name on standard error"
		! grep -nE '^.{81}' <<<"$output" || fail "help of $name is too wide"
		local help=$output
		casemate help "$name"
		assert_status 0 && assert_output "$help" || return
	done
}

@test "without a command the help is shown, and the status says that nothing was done" {
	casemate
	assert_status 125
	assert_match 'usage: casemate'
}

@test "--version names the version and the specification" {
	casemate --version
	assert_status 0
	assert_match '^casemate version [0-9.]+'
	assert_match 'spec: 1\.[0-9]'
}

# --- errors

@test "a misspelt command is answered with the one that was meant" {
	refused "did you mean 'sandbox'?" sanbdox -- true
	refused "there is no command 'frobnicate'" frobnicate
	refused "there is no command 'frobnicate'" help frobnicate
}

@test "a misspelt option is answered with the one that was meant" {
	refused "did you mean '--bundle'?" run --bundel . x
	refused "did you mean '--net'?" sandbox --nte none -- true
	refused "did you mean '--json'?" explain --jsno .
	refused "unknown option '--frobnicate'" run --frobnicate x
}

@test "no beginning of an option's name stands for it" {
	refused "unknown option '--bund'" run --bund . x
	refused "unknown option '--no-p'" sandbox --no-p -- true
}

@test "what is missing or too much is named" {
	refused "the container's id is missing" run
	refused "there are too many arguments" run a b
	refused "no program to run" sandbox
	refused "such as --cwd \"\$PWD\"" sandbox --ro . --cwd . -- true
	refused "at most 128" run "$(printf '%0129d' 0)"
	refused "option --bundle requires an argument" run --bundle
	refused "--json takes no value" explain --json=yes .
	refused "bash, zsh or fish" completion
	refused "bash, zsh or fish" completion tcsh
}

@test "a container's id cannot lead elsewhere" {
	local id
	for id in ../x a/b '' . .. -- -x 'a b' "$(printf '%0129d' 0)"; do
		casemate run --bundle /nonexistent -- "$id"
		assert_status 125 || return
		[[ $stderr != *config.json* ]] || fail "the id '$id' was taken"
	done
}

@test "control bytes of the command line do not reach the terminal" {
	casemate run --bundle $'/nonexistent\e[2J' x
	assert_status 125
	[[ $stderr != *$'\e'* ]] || fail "an escape sequence came through"
	assert_stderr '\x1b'
}

@test "--json-status-fd and --trace-fd must be open and no standard stream" {
	refused "--json-status-fd 1" sandbox --json-status-fd 1 -- true
	refused "--trace-fd 99" sandbox --trace-fd 99 -- true
}

@test "closed standard streams are no way for a file to take their place" {
	run bash -c 'exec 0<&- 2>&-; timeout 30 "$CASEMATE" sandbox -- /bin/ls -l /proc/self/fd; echo "status $?"'
	assert_match 'status 0'
	assert_match '0 -> .*/dev/null'
	assert_match '2 -> .*/dev/null'
}

@test "a program with the rights of its owner is refused" {
	requires root
	install -m 4755 "$CASEMATE" "$BATS_RUN_TMPDIR/casemate-setuid"
	run --separate-stderr as_user "$BATS_RUN_TMPDIR/casemate-setuid" sandbox -- true
	rm -f "$BATS_RUN_TMPDIR/casemate-setuid"
	assert_status 125
	assert_stderr 'must not be set-user-ID'
}

@test "the name of the program chooses the profile" {
	ln -s "$CASEMATE" casemate-baseline
	ln -s "$CASEMATE" casemate-nosuch
	run --separate-stderr ./casemate-baseline explain --json sandbox -- true
	assert_status 0
	[ "$(jq -r .profile <<<"$output")" = baseline ]
	run --separate-stderr ./casemate-nosuch explain sandbox -- true
	assert_status 125
	assert_stderr 'casemate-nosuch'
}

# --- the log

@test "an error is exactly one line of the log, for engines to read" {
	casemate --log log.json --log-format json run --bundle /nonexistent x
	assert_status 125
	assert_stderr 'casemate: '
	[ "$(wc -l <log.json)" -eq 1 ]
	[ "$(jq -r .level log.json)" = error ]
	jq -e '.msg | contains("/nonexistent")' log.json
	jq -er .time log.json | grep -xE '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z'
	# Within a minute of this machine's own clock.
	[ $(($(date +%s) - $(date -d "$(jq -r .time log.json)" +%s))) -lt 60 ]
	[ "$(jq -r 'keys | join(",")' log.json)" = level,msg,time ]
	[ "$(stat -c %a log.json)" = 600 ]
}

@test "a log is appended to, and text is the default" {
	echo before >log
	casemate --log=log run --bundle /nonexistent x
	casemate --log=log frobnicate
	[ "$(wc -l <log)" -eq 3 ]
	grep -q frobnicate log
	refused 'text or json' --log-format xml run x
}

@test "a refusal with many lines is still one line of the log" {
	make_bundle spec
	casemate --log log.json --log-format json run --profile restricted --bundle "$BUNDLE" x
	assert_status 125
	[ "$(grep -c . <<<"$stderr")" -gt 1 ]
	[ "$(wc -l <log.json)" -eq 1 ]
	jq -e '.msg | contains("process.user.uid is 0")' log.json
}

@test "a launch that works leaves the log alone" {
	casemate --log log.json --log-format json sandbox -- true
	assert_status 0
	[ ! -s log.json ]
}

# --- completion

@test "completion for bash knows the commands and their options" {
	casemate completion bash
	assert_status 0
	printf '%s\n' "$output" >completion.bash
	run bash -c 'source ./completion.bash
		try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _casemate; echo "${COMPREPLY[*]}"; }
		try casemate sa
		try casemate sandbox --ro
		try casemate run --bun
		try casemate --ro
		try casemate --root /tmp --debug run --bun
		try casemate --root = /tmp run --bun
		try casemate explain --json sandbox --ro-
		try casemate explain --js
		try casemate run file'
	assert_status 0
	[ "${lines[0]}" = sandbox ]
	[ "${lines[1]}" = '--ro --ro-try --ro-fd' ]
	[ "${lines[2]}" = --bundle ]
	[ "${lines[3]}" = --root ]
	[ "${lines[4]}" = --bundle ]
	[ "${lines[5]}" = --bundle ]
	[ "${lines[6]}" = '--ro-try --ro-fd' ]
	[ "${lines[7]}" = --json ]
}

@test "completion for zsh and fish names every option that --help names" {
	local shell name option
	for shell in zsh fish; do
		casemate completion "$shell"
		assert_status 0 || return
		printf '%s\n' "$output" >"completion.$shell"
		! command -v "$shell" || "$shell" -n "completion.$shell"
		for name in "" $(command_names); do
			grep -q "$name" "completion.$shell" || fail "$shell: $name is missing"
			# shellcheck disable=SC2086 # the program itself has no name
			for option in $("$CASEMATE" $name --help | sed -n 's/^ .*--\([a-z][a-z0-9-]*\).*/\1/p'); do
				[ "$option" = help ] || grep -qE -- "(--|-l )$option( |\)|\$)" "completion.$shell" ||
					fail "$shell: --$option is missing"
			done
		done
	done
}

# --- what to do about it

@test "output that does not arrive is an error" {
	local command
	for command in --help help "help sandbox" --version "sandbox --help" doctor features list "completion bash" "explain sandbox -- true"; do
		run --separate-stderr bash -c '"$CASEMATE" $1 >/dev/full </dev/null' - "$command"
		assert_status 125
		assert_stderr "no space left on device"
	done
}

@test "a mistake is told with what to do" {
	echo '{' >unclosed.json
	: >empty.json
	echo '{"casemate": 1, "name": "x", "extends": "restricted", "pidz": {"limit": 7}}' >typo.json
	refused "a bundle is a directory with a config.json, which \`casemate spec\` writes" run x
	refused "a bundle is a directory with a config.json" run --bundle /etc/passwd x
	refused "casemate explain DIR" explain nosuch
	refused "it is empty, or ends before all is closed" sandbox --profile ./empty.json -- true
	refused "it is empty, or ends before all is closed" sandbox --profile ./unclosed.json -- true
	refused "did you mean 'pids'?" sandbox --profile ./typo.json -- true
	refused "casemate list" state nothing
	refused "such as TERM, KILL or 9" kill nothing FOO
	refused "it comes behind the flags" sandbox --ro /etc
	refused "or another place for it, as in --ro /:/host" sandbox --ro / -- true
	refused "spec --bundle DIR --sandbox" spec --sandbox -- true
	refused "such as 512M" sandbox --mem 1x -- true
	refused "such as 5m" sandbox --time 1y -- true
	refused "such as 100" sandbox --pids x -- true
	refused "at most 2147483647" sandbox --uid 4294967296 -- true
	refused "capabilities(7) lists them" sandbox --cap FOO -- true
	refused "setrlimit(2) lists them" sandbox --rlimit FOO=1 -- true
	refused "as a shell does by 77<FILE" sandbox --keep-fd 77 -- true
	refused "that the caller has open" sandbox --report-fd 77 -- true
	mkdir gone
	(cd gone && rmdir "$PWD" && refused "cd to another one" sandbox -- true && refused "cd to another one" run x)
	(ulimit -v 10000 && refused "ulimit -v unlimited" sandbox -- true)
	(ulimit -n 16 && capture "$CASEMATE" sandbox -- true </dev/null && [ "$status" -eq 125 ] && assert_stderr "ulimit -n 1024")
}

# --- explain and --bundle-out

@test "explain takes options before and behind the bundle, and writes nothing" {
	make_bundle restricted
	find "$BUNDLE" | sort >before
	casemate explain --json "$BUNDLE"
	assert_status 0
	jq -e .steps <<<"$output" >/dev/null
	local first=$output
	casemate explain "$BUNDLE" --json
	assert_output "$first"
	find "$BUNDLE" | sort | diff before -
	refused 'explain writes nothing' explain sandbox --bundle-out x -- true
	[ ! -e x ]
}

@test "--bundle-out writes a bundle that does the same" {
	requires root
	echo content >data
	# shellcheck disable=SC2016 # for the shell inside
	casemate sandbox --bundle-out made --ro "$PWD/data:/data/file" --file data:/copy --env A=b -- \
		sh -c 'cat /data/file /copy; echo $A; id -u; touch /data/file || echo "read-only"; touch /tmp/x && echo "writable"'
	assert_status 0 && assert_output "" || return
	[ "$(jq -r .root.readonly made/config.json)" = true ]
	run --separate-stderr timeout 30 "$CASEMATE" run --bundle made "$ID" </dev/null
	assert_status 0
	assert_output $'content\ncontent\nb\n1000\nread-only\nwritable'
	refused 'name a directory that does not exist yet' sandbox --bundle-out made -- true
}

@test "--bundle-out refuses what a bundle cannot hold" {
	echo content >data
	refused '--time has no place' sandbox --bundle-out made --time 3s -- true
	refused 'no place in a config.json' sandbox --bundle-out made --bind-tcp 80 -- true
	refused 'below another mount' sandbox --bundle-out made --file data:/run/x -- true
	[ ! -e made ]
}
