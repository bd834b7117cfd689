#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# In the place of the helper that speaks to systemd: makes the cgroup itself, writes its arguments into $FAKE_SCOPE_LOG, and
# fails or answers as $FAKE_SCOPE says.
printf '%s\n' "$@" >>"$FAKE_SCOPE_LOG"
[ "$1" != --user ] || shift
root=/sys/fs/cgroup
id=0123456789abcdef0123456789abcdef
case $1 in
start)
	for property; do
		case $property in Slice=*) slice=${property#Slice=\'} ;; esac
	done
	path=${FAKE_SCOPE_PATH:-/${slice%\'}/$2}
	case ${FAKE_SCOPE-} in
	refuse)
		echo "Unit $2 was already loaded" >&2
		exit 1
		;;
	mute) exit 0 ;;
	esac
	mkdir -p "$root$path"
	echo 0 >"$root$path/cgroup.procs"
	[ "${FAKE_SCOPE-}" = lie ] && echo "ok $id /elsewhere" || echo "ok $id $path"
	read -r _
	;;
set) [ "${FAKE_SCOPE-}" != refuse ] || exit 1 ;;
stop)
	[ "$3" = "$id" ] || exit 1
	path=$(find "$root" -type d -name "$2")
	echo 1 >"$path/cgroup.kill"
	for _ in $(seq 100); do
		rmdir "$path" 2>/dev/null && break
		sleep 0.1
	done
	rmdir "${path%/*}" 2>/dev/null || true
	;;
esac
