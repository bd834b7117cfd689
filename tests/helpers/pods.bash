# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Containers that share namespaces, on top of helpers/lifecycle.
#   launch NAME PROGRAM    starts the container $ID-NAME of the bundle, whose pid is then in the variable NAME
#   share PID KIND...      those that are made from now on live in these namespaces of that process
#   pods_end               removes all of them

PODS=()

# shellcheck disable=SC2154 # PROFILE and BUNDLE are of common_setup
launch() {
	local name=$1
	shift
	set_args "$@"
	PODS=("$ID-$name" "${PODS[@]}")
	good create --profile "$PROFILE" --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/$name" "$ID-$name"
	good start "$ID-$name"
	printf -v "$name" %s "$(cat "$BATS_TEST_TMPDIR/$name")"
}

# shellcheck disable=SC2016 # for jq
share() {
	local process=$1
	shift
	edit_config '.linux.namespaces |= map(if .type as $type | $ARGS.positional | index($type)
		then .path = "/proc/\($process)/ns/\({network: "net"}[.type] // .type)" else . end)' \
		--arg process "$process" --args -- "$@"
}

pods_end() {
	local one
	for one in "${PODS[@]}"; do
		"$CASEMATE" --root "$BATS_TEST_TMPDIR/state" delete --force "$one" || true
	done
}
