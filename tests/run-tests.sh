#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs tests that speak TAP: programs, shell scripts and .bats files. One line for each file, the details of what failed,
# and at the end "N passed, N failed, N skipped".
#
#	run-tests.sh TEST...
#
# environment:
#	SOURCE	where a TEST is looked for that is not in the current directory
#	LOGS	directory for the whole output of each test (default: ./test-logs)
#	TALLY	a file to which "PASSED FAILED SKIPPED" is appended, so that several runs can be added up
#	CORPUS	directory with one folder of inputs for each fuzz target
#	LIMIT	seconds that one file may take (default: 900)
#	CI	when set, a skipped test is a failed run: a machine that skips everything must not look green
#
# A file that ends early, prints no plan, or exits with a status other than 0 without "not ok" counts as one more failure.
set -u

logs=${LOGS:-$PWD/test-logs}
limit=${LIMIT:-900}
passed=0 failed=0 skipped=0
mkdir -p "$logs" || exit 1

run_one() {
	case $1 in
	*.bats) timeout -k 10 "$limit" bats --tap "$1" ;;
	*.sh) timeout -k 10 "$limit" sh "$1" ;;
	*/fuzz/*) timeout -k 10 "$limit" "$1" "$CORPUS/$(basename "$1")" ;;
	*) timeout -k 10 "$limit" "$1" ;;
	esac
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

[ $# -gt 0 ] || {
	echo "run-tests.sh: no tests given" >&2
	exit 1
}

for test in "$@"; do
	[ -e "$test" ] || test=${SOURCE:-.}/$test
	name=$(basename "$test")
	log=$logs/$(basename "$(dirname "$test")")-$name.log
	start=$(date +%s)
	run_one "$test" >"$log" 2>&1 </dev/null
	status=$?
	read -r p f s <<-EOF
		$(count "$status" <"$log")
	EOF
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	word=PASS
	[ "$s" -eq 0 ] || word=SKIP
	[ "$f" -eq 0 ] || word=FAIL
	printf '%s  %-28s %4d passed' "$word" "$name" "$p"
	[ "$f" -eq 0 ] || printf ', %d failed' "$f"
	[ "$s" -eq 0 ] || printf ', %d skipped' "$s"
	printf '  (%d s)\n' $(($(date +%s) - start))
	if [ "$f" -ne 0 ]; then
		grep -q '^not ok' "$log" || printf '      ended with status %d before its plan was done\n' "$status"
		awk '/^not ok/ { show = 1 } /^ok/ { show = 0 } show { print "      " $0 }' "$log" | head -n 120
		grep -q '^not ok' "$log" || tail -n 40 "$log" | sed 's/^/      /'
		printf '      whole output: %s\n' "$log"
	fi
	[ "$s" -eq 0 ] || grep -i '^ok.*# *skip' "$log" | sed 's/^/      /'
done

[ -z "${TALLY:-}" ] || echo "$passed $failed $skipped" >>"$TALLY"
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$skipped" -eq 0 ] || [ -z "${CI:-}" ] || exit 1
[ "$passed" -gt 0 ]
