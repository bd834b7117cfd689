#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs tests that speak TAP: programs, shell scripts and .bats files. One line for each file, the details of what failed,
# and at the end "N passed, N failed, N skipped".
#
#	run-tests.sh TEST...		JOBS files at a time; what one has to say comes in one piece, when it has ended
#	run-tests.sh --one TEST		one; "PASSED FAILED SKIPPED" goes to fd 3
#
# environment:
#	SOURCE	where a TEST is looked for that is not in the current directory
#	LOGS	directory for the whole output of each test (default: ./test-logs)
#	TALLY	a file to which "PASSED FAILED SKIPPED" is appended, so that several runs can be added up
#	CORPUS	directory with one folder of inputs for each fuzz target
#	LIMIT	seconds that one file may take (default: 900)
#	JOBS	(default: the number of processors)
#	CI	when set, a skipped test is a failed run: a machine that skips everything must not look green
#
# A file that ends early, prints no plan, or exits with a status other than 0 without "not ok" counts as one more failure.
set -u

logs=${LOGS:-$PWD/test-logs}
limit=${LIMIT:-900}
mkdir -p "$logs" || exit 1

# apart COMMAND...: as root in a mount namespace of its own, shared as the host's is, so that a test that looks for what was left
# behind does not see what others mount.
apart() {
	if [ "$(id -u)" -eq 0 ]; then
		timeout -k 10 "$limit" unshare --mount sh -c 'mount --make-rshared / && exec "$@"' sh "$@"
	else
		timeout -k 10 "$limit" "$@"
	fi
}

run_one() {
	case $1 in
	*.bats) apart bats --tap "$1" ;;
	*.sh) timeout -k 10 "$limit" sh "$1" ;;
	*/fuzz/*) timeout -k 10 "$limit" "$1" "$CORPUS/$(basename "$1")" ;;
	*) timeout -k 10 "$limit" "$1" ;;
	esac
}

# reaches FILE...: whether other users get to them. Tests that root runs start programs as another user, too, and a home directory
# may be closed.
reaches() {
	[ "$(id -u)" -eq 0 ] || return 0
	for file; do
		setpriv --reuid=12345 --regid=12345 --clear-groups test -x "$file" || return
	done
}

# Reads TAP, prints "PASSED FAILED SKIPPED".
count() {
	awk -v status="$1" '
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
	/^ok([ \t]|$)/ { if (tolower($0) ~ /# *skip/) skipped++; else passed++ }
	/^not ok([ \t]|$)/ { failed++ }
	/^Bail out!/ { bail = 1 }
	END {
		seen = passed + failed + skipped
		if (bail || !planned || seen != plan || (status != 0 && failed == 0))
			failed++
		print passed + 0, failed + 0, skipped + 0
	}'
}

# report TEST PASSED FAILED SKIPPED SECONDS LOG STATUS
report() {
	word=PASS
	[ "$4" -eq 0 ] || word=SKIP
	[ "$3" -eq 0 ] || word=FAIL
	printf '%s  %-28s %4d passed' "$word" "$1" "$2"
	[ "$3" -eq 0 ] || printf ', %d failed' "$3"
	[ "$4" -eq 0 ] || printf ', %d skipped' "$4"
	printf '  (%d s)\n' "$5"
	if [ "$3" -ne 0 ]; then
		grep -q '^not ok' "$6" || printf '      ended with status %d before its plan was done\n' "$7"
		awk '/^not ok/ { show = 1 } /^ok/ { show = 0 } show { print "      " $0 }' "$6" | head -n 120
		grep -q '^not ok' "$6" || tail -n 40 "$6" | sed 's/^/      /'
		printf '      whole output: %s\n' "$6"
	fi
	[ "$4" -eq 0 ] || grep -i '^ok.*# *skip' "$6" | sed 's/^/      /'
}

one() {
	test=$1
	[ -e "$test" ] || test=${SOURCE:-.}/$test
	log=$logs/$(basename "$(dirname "$test")")-$(basename "$test").log
	start=$(date +%s)
	run_one "$test" >"$log" 2>&1 </dev/null 3>&- 9>&-
	status=$?
	read -r p f s <<-EOF
		$(count "$status" <"$log")
	EOF
	echo "$p $f $s" >&3
	flock 9
	report "$(basename "$test")" "$p" "$f" "$s" $(($(date +%s) - start)) "$log" "$status"
}

case ${1-} in
"")
	echo "run-tests.sh: no tests given" >&2
	exit 1
	;;
--one)
	one "$2"
	exit 0
	;;
esac

results=$(mktemp "$logs/results.XXXXXX") || exit 1
open=
trap 'rm -rf "$results" "$open"' EXIT
trap 'exit 1' HUP INT TERM
if ! reaches "${CASEMATE:-/}" "${PROBE:-/}"; then
	open=$(mktemp -d "${TMPDIR:-/tmp}/casemate-check.XXXXXX") && chmod 755 "$open" && cp "$CASEMATE" "$PROBE" "$open/" || exit 1
	export CASEMATE="$open/casemate" PROBE="$open/probe"
fi
printf '%s\n' "$@" | xargs -P "${JOBS:-$(getconf _NPROCESSORS_ONLN)}" -n 1 sh "$0" --one 3>>"$results" 9>>"$results" || exit 1
read -r passed failed skipped <<EOF
$(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$results")
EOF

[ -z "${TALLY:-}" ] || echo "$passed $failed $skipped" >>"$TALLY"
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$skipped" -eq 0 ] || [ -z "${CI:-}" ] || exit 1
[ "$passed" -gt 0 ]
