# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# One list of checks for many runtimes. A test of docker.bats, containerd.bats or podman.bats defines a function `check`, and
#
#   each_runtime WORDS     runs it for every name in $RUNTIMES, with RUNTIME set, and writes down how it went
#   refused NAMES TEXT...  before that: under these runtimes the ceiling is to refuse what is asked, and the engine's user is
#                          to read each TEXT. A ceiling that lets it through fails the test.
#
# RUNTIMES are names of programs (runc, crun), or casemate, casemate-baseline and casemate-privileged for the program under
# test. The lines "ENGINE check runtime answer" are collected below $ENGINE_RESULTS for table.sh.

export RUNTIMES=${RUNTIMES:-runc}
# How many times slower than others this machine may be: what is waited for gets so much more time.
PATIENCE=${PATIENCE:-1}
ENGINES=$TESTS/engines

# shellcheck source=tests/engines/machine.bash
source "$ENGINES/machine.bash"
# shellcheck source=tests/engines/machine_systemd.bash
[ "${ENGINE_MACHINE-}" != systemd ] || source "$ENGINES/machine_systemd.bash"
# shellcheck source=tests/engines/servers.bash
source "$ENGINES/servers.bash"
# shellcheck source=tests/engines/images.bash
source "$ENGINES/images.bash"
# shellcheck source=tests/helpers/rootfs.bash
source "$HELPERS/rootfs.bash"

# engine_setup NAME NEED...: for setup_file: a machine, the runtimes and the images in it. Not below bats' own directory, which
# users that are not root cannot enter.
engine_setup() {
	ENGINE=$1
	requires root jq tini busybox debootstrap "${@:2}"
	ENGINE_RESULTS=${ENGINE_RESULTS:-${BUILD:-$(dirname "$TESTS")/build}/engine-results}
	export ENGINE ENGINE_RESULTS
	mkdir -p "$ENGINE_RESULTS"
	: >"$ENGINE_RESULTS/$ENGINE"
	MACHINE=$(mktemp -d /tmp/casemate-engines.XXXXXX)
	chmod 755 "$MACHINE"
	export MACHINE
	mkdir "$MACHINE/bin"
	install -m 755 "$CASEMATE" "$MACHINE/bin/casemate"
	ln -s casemate "$MACHINE/bin/casemate-baseline"
	ln -s casemate "$MACHINE/bin/casemate-privileged"
	image_busybox "$MACHINE/busybox.tar"
	image_user "$MACHINE/user.tar"
	image_debian "$MACHINE/debian.tar"
	machine_start "$MACHINE"
}

engine_teardown() {
	[ -z "${MACHINE-}" ] || { machine_stop && rm -rf "$MACHINE"; }
}

# runtime_path NAME: the program
runtime_path() {
	case $1 in
	casemate*) echo "$MACHINE/bin/$1" ;;
	*) command -v "$1" ;;
	esac
}

declare -gA REFUSED=()

refused() {
	local runtime
	for runtime in $1; do
		REFUSED[$runtime]=$(printf '%s\n' "${@:2}")
	done
}

# One check under one runtime, in a shell that ends at the first failure and says what it did.
check_one() (
	trap - ERR DEBUG EXIT
	set -ex -o pipefail
	check
)

# check_answer STATUS LOG: works, refused or fails
check_answer() {
	local text wanted=${REFUSED[$RUNTIME]-}
	if [ -z "$wanted" ]; then
		[ "$1" -eq 0 ] && echo works || echo fails
		return
	fi
	while read -r text; do
		grep -qF -- "$text" "$2" || set -- 0
	done <<<"$wanted"
	[ "$1" -ne 0 ] && echo refused || echo fails
}

each_runtime() {
	local log=$BATS_TEST_TMPDIR/check.log answer status failed=0
	for RUNTIME in $RUNTIMES; do
		set +eET
		check_one >"$log" 2>&1 3>&- </dev/null
		status=$?
		set -eET
		answer=$(check_answer "$status" "$log")
		printf '%s\t%s\t%s\t%s\n' "$ENGINE" "$1" "$RUNTIME" "$answer" >>"$ENGINE_RESULTS/$ENGINE"
		[ "$answer" = fails ] || continue
		failed=1
		printf '=== %s: %s fails (status %s)\n' "$RUNTIME" "$1" "$status"
		[ -z "${REFUSED[$RUNTIME]-}" ] || printf 'was to be refused with: %s\n' "${REFUSED[$RUNTIME]}"
		tail -n 40 "$log"
	done
	return $failed
}

# ---- words for checks -----------------------------------------------------------------------------------------------

# in_machine COMMAND...: with a time limit and nothing of the caller's environment
in_machine() {
	machine_run env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=xterm timeout -k 5 "$((60 * PATIENCE))" "$@"
}

# by_systemd: the engines have systemd make cgroups
by_systemd() {
	[ "${ENGINE_MACHINE-}" = systemd ]
}

# criu_works: the kernel is one for the criu that is installed. Where it is none, a checkpoint is to be refused with criu's own
# words, and the container goes on.
criu_works() {
	in_machine criu check
}

# checkpoint_words: what the row of the table is about, on this machine
checkpoint_words() {
	criu_works >/dev/null 2>&1 && echo "checkpoint and restore" || echo "checkpoint refused where criu does not work"
}

# A program that shows whether it was begun anew.
COUNTER='i=0; while :; do echo $i >/tmp/count; i=$((i + 1)); sleep 0.1; done'

# A program that says the size of its terminal, which the engine sets when it already runs. podman may lose the words of one that
# ends at once, under every runtime.
AWAIT_SIZE='i=0; until stty size | grep "33 99" || [ $((i += 1)) -gt 100 ]; do sleep 0.1; done; sleep 1'

# stands_still COMMAND...: it prints as many lines as a second ago
stands_still() {
	local before
	before=$("$@" | wc -l)
	sleep 1
	[ "$("$@" | wc -l)" -eq "$before" ]
}

# on_terminal COMMAND...: with a terminal of 33 lines of 99 columns
on_terminal() {
	in_machine script -qec "stty rows 33 cols 99; $(printf '%q ' "$@")" /dev/null | tr -d '\r'
}

# ends_with STATUS COMMAND...
ends_with() {
	local wanted=$1 status=0
	shift
	"$@" || status=$?
	[ "$status" -eq "$wanted" ]
}

# has TEXT...: standard input is kept and has each of these lines, or parts of lines
has() {
	local text all
	all=$(cat)
	for text; do
		grep -qF -- "$text" <<<"$all"
	done
}

# lacks TEXT: the other way round
lacks() {
	[ "$(grep -cF -- "$1")" -eq 0 ]
}

# strict: the runtime holds every container under the profile restricted
strict() {
	[ "$RUNTIME" = casemate ]
}

# unlimited: the runtime gives whatever it is asked for
unlimited() {
	case $RUNTIME in
	casemate | casemate-baseline) false ;;
	esac
}
