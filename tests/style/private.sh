#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing of the machine of a developer stands in the tree: the path of the checkout, the home folder, the host's name, the
# proxy, the package mirror. They are taken from the machine at hand, so that none has to be listed here.
set -u
. tests/style/files.sh

bad=0

# forbid TEXT WHAT
forbid() {
	[ ${#1} -ge 6 ] || return 0
	found=$(project_files | xargs grep -nFI -- "$1" /dev/null)
	[ -z "$found" ] || {
		printf '%s\n' "$found" | sed "s|\$|    ($2)|"
		bad=1
	}
}

forbid "$(pwd -P)" 'the path of this checkout'
parent=$(dirname "$(pwd -P)")
for neighbour in "$parent"/* "$parent"/.[!.]*; do
	case $parent in
	/ | /tmp | /var/tmp) ;;
	*) forbid "$neighbour" 'a path beside this checkout' ;;
	esac
done
[ "${HOME:-}" = /home/user ] || forbid "${HOME:-}" 'a home folder'
case $(uname -n) in
*[0-9.-]*) forbid "$(uname -n)" 'the name of this host' ;; # not a host that is just called "debian"
esac
for url in "${http_proxy:-}" "${https_proxy:-}"; do
	host=${url#*://}
	forbid "${host%%[:/]*}" 'the proxy of this host'
done
mirrors=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
	sed -n 's|^[^#]*https\{0,1\}://\([^/ ]*\).*|\1|p' | sort -u | grep -vE '(^|\.)(debian\.org|ubuntu\.com)$')
for host in $mirrors; do
	forbid "$host" 'a package mirror'
done
exit $bad
