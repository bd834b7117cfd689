#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says that the program after this one runs confined: not root, a filter, no new privileges, nothing writable in the system.
set -eu

field() {
	sed -n "s/^$1:[[:space:]]*//p" /proc/self/status
}

# expect FIELD PATTERN
expect() {
	field "$1" | grep -qEx -- "$2" || {
		echo "$1 is '$(field "$1")', not '$2'" >&2
		exit 1
	}
}

expect Uid '([1-9][0-9]*[[:space:]]*){4}'
expect Gid '([1-9][0-9]*[[:space:]]*){4}'
expect NoNewPrivs 1
expect Seccomp 2
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	# NET_BIND_SERVICE, bit 10, is all that any of these workloads is ever given.
	expect $set '0000000000000[04]00'
done
for dir in / /etc /usr /usr/bin /var /work; do
	if [ -d "$dir" ] && (: >"$dir/casemate-was-here") 2>/dev/null; then
		echo "$dir is writable" >&2
		exit 1
	fi
done
exec "$@"
