# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# One check for many runtimes: a test defines `check`, which uses the words below, and calls `each`.

RUNTIMES=${RUNTIMES:-casemate-privileged crun runc}

conformance_setup_file() {
	export CONFORMANCE_RESULTS=${CONFORMANCE_RESULTS:-${BUILD:-$TESTS/../build}/conformance-results}
	mkdir -p "$CONFORMANCE_RESULTS"
	CONFORMANCE_RESULTS+=/$(basename "$BATS_TEST_FILENAME" .bats)
	: >"$CONFORMANCE_RESULTS"
}

conformance_setup() {
	common_setup
	requires root jq crun runc pids_cgroup
	W=$BATS_TEST_TMPDIR
	mkdir "$W/bin"
	ln -s "$CASEMATE" "$W/bin/casemate-privileged"
}

conformance_teardown() {
	for RUNTIME in $RUNTIMES; do
		rt delete --force "$ID" >/dev/null 2>&1 || true
	done
	common_teardown
}

# ---- words for checks

# crun does not know a host with both versions of cgroups: each of them sees v1 alone there.
rt() {
	local alone=()
	[ ! -d /sys/fs/cgroup/unified ] ||
		alone=(unshare --mount --propagation private sh -c 'umount /sys/fs/cgroup/unified; exec "$@"' -)
	# A pipe, because some give what is their standard input to the user of the container, also the host's /dev/null.
	: | PATH=$W/bin:$PATH timeout -k 2 60 "${alone[@]}" "$RUNTIME" --root "$W/state-$RUNTIME" "$@" 3>&-
}

# change FILTER [ARGS]: of config.json, for everything that is launched from now on
change() {
	edit_config "$@"
}

# ran PROGRAM...: its output, from a whole life of the container
ran() {
	change '.process.args = $ARGS.positional' --args -- "$@"
	rt run --bundle "$BUNDLE" "$ID"
}

# Output goes to a file: a container keeps the streams it was made with.
create() {
	[ $# -eq 0 ] || change '.process.args = $ARGS.positional' --args -- "$@"
	rt create --bundle "$BUNDLE" --pid-file "$W/pid" "$ID" >"$W/output" 2>&1 || { cat "$W/output" && return 1; }
}

start() {
	create "$@" && rt start "$ID"
}

fails() {
	if "$@"; then
		echo "it worked: $*"
		return 1
	fi
}

status() {
	rt state "$ID" | jq -r .status
}

becomes() {
	local i
	for ((i = 0; i < 100; i++)); do
		[ "$(status)" != "$1" ] || return 0
		sleep 0.05
	done
	return 1
}

gone() {
	fails rt state "$ID"
}

# hook KIND PROGRAM-FOR-SH: adds one that works in $W. It reads its whole input, because some runtimes die when it does not.
hook() {
	change ".hooks.$1 += [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \$text]}]" --arg text "state=\$(cat); cd $W; $2"
}

# The value of a file of the container's cgroup. v1: the first hierarchy that has the controller; the path of v2 otherwise.
limit() {
	local line
	line=$(grep -E "^[0-9]+:([a-z_,=]*,)?$1(,[a-z_,=]*)?:" "/proc/$(cat "$W/pid")/cgroup")
	cat "/sys/fs/cgroup/$1${line##*:}/$2"
}

# ---- one check for every runtime

check_one() (
	trap - ERR DEBUG EXIT
	set -e -o pipefail
	make_bundle privileged
	# The version that every one of them knows, but where a newer one is tried.
	change '.ociVersion = "1.0.2"'
	set -x
	check
)

# each WORDS: a check that casemate fails is a test that fails; how the others do is written down.
each() {
	local log=$W/check.log answer status failed=0
	for RUNTIME in $RUNTIMES; do
		rm -rf "$BUNDLE" "$W"/hook* "$W/pid"
		set +eET
		check_one >"$log" 2>&1 3>&- </dev/null
		status=$?
		set -eET
		rt delete --force "$ID" >/dev/null 2>&1 || true
		[ "$status" -eq 0 ] && answer=passes || answer=fails
		printf 'check\t%s\t%s\t%s\n' "$BATS_TEST_DESCRIPTION" "$RUNTIME" "$answer" >>"$CONFORMANCE_RESULTS"
		[ "$answer" = fails ] || continue
		echo "=== $RUNTIME fails"
		tail -n 30 "$log"
		[[ $RUNTIME != casemate* ]] || failed=1
	done
	return $failed
}
