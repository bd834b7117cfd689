# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A Debian (on Ubuntu: an Ubuntu) root file system with real servers and languages in it, made once by debootstrap and kept
# outside the tree. Its directory is named after all that it depends on, so that a changed list makes a new one.

# One package a word. "nginx" and not "nginx-light": it has the binary in every suite since bookworm.
ROOTFS_PACKAGES="ca-certificates curl git nginx nodejs openssl perl postgresql python3 redis-server sqlite3"
ROOTFS_RECIPE=1 # count up when rootfs_make changes what it leaves behind

# Where root file systems are kept between runs.
rootfs_cache() {
	if [[ -n ${CASEMATE_TEST_CACHE:-} ]]; then
		echo "$CASEMATE_TEST_CACHE"
	elif [[ -n ${XDG_CACHE_HOME:-} ]]; then
		echo "$XDG_CACHE_HOME/casemate-tests"
	else
		echo /var/cache/casemate-tests
	fi
}

# The suite of the host where it is one that debootstrap can make from the host's own mirror, else Debian's stable of 2023;
# $CASEMATE_TEST_SUITE asks for another one.
rootfs_suite() {
	[[ -z ${CASEMATE_TEST_SUITE:-} ]] || {
		echo "$CASEMATE_TEST_SUITE"
		return
	}
	# shellcheck disable=SC1091 # the host's file
	(
		. /etc/os-release
		case $ID in
		debian | ubuntu) echo "$VERSION_CODENAME" ;;
		*) echo bookworm ;;
		esac
	)
}

# The components that hold the packages; redis and nodejs are in Ubuntu's universe.
rootfs_components() {
	# shellcheck disable=SC1091 # the host's file
	(
		. /etc/os-release
		[[ $ID = ubuntu ]] && echo main,universe || echo main
	)
}

# The mirror that the host's apt uses for suite $1; nothing where there is no apt, then debootstrap takes its own default.
rootfs_mirror() {
	command -v apt-get >/dev/null || return 0
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$1" '$1 == suite && $2 ~ /^(http|https|file):/ { print $2; exit }'
}

# debootstrap does not read apt's configuration, where a host may name its proxy.
rootfs_proxy() {
	command -v apt-config >/dev/null || return 0
	local proxy=""
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[[ -z $proxy || $proxy = DIRECT ]] || export http_proxy="$proxy" https_proxy="$proxy"
}

# Makes a root file system of suite $1 at $2. Only the packages' programs and data are kept: no lists, archives, manuals.
rootfs_make() {
	local suite=$1 root=$2 mirror
	mirror=$(rootfs_mirror "$suite")
	rootfs_proxy
	# A server that is installed must not be started; there is no init to ask. What is mounted meanwhile is seen by no other test.
	unshare --mount debootstrap --variant=minbase --components="$(rootfs_components)" --include="${ROOTFS_PACKAGES// /,}" \
		"$suite" "$root" ${mirror:+"$mirror"} || return
	rootfs_thin_out "$root"
}

rootfs_thin_out() {
	rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/lib/postgresql/* "$1"/usr/share/{doc,man,info,locale,i18n}
	# Where the tests mount their scripts: the rootfs is read-only, nothing can be made in it later.
	mkdir -p "$1/work" || return
	# The host's own names do not belong into a container.
	printf '127.0.0.1 localhost\n' >"$1/etc/hosts"
	rm -f "$1/etc/resolv.conf"
}

# rootfs_name SUITE: of the directory below the cache
rootfs_name() {
	echo "$1-$(printf '%s %s %s' "$1" "$ROOTFS_PACKAGES" "$ROOTFS_RECIPE" | sha256sum | cut -c1-16)"
}

# Prints the path of the root file system, after making it when the cache has none. Runs that start together make one.
rootfs_get() {
	local suite cache dir
	suite=$(rootfs_suite)
	cache=$(rootfs_cache)
	dir=$cache/$(rootfs_name "$suite")
	mkdir -p "$cache" || return
	(
		flock 9 || exit
		[[ ! -d $dir/rootfs ]] || exit 0
		rm -rf "$dir.new"
		mkdir -m 755 "$dir.new" || exit
		rootfs_make "$suite" "$dir.new/rootfs" </dev/null >"$dir.log" 2>&1 9>&- || {
			tail -n 20 "$dir.log" >&2
			exit 1
		}
		mv -T "$dir.new" "$dir"
	) 9>"$dir.lock" || return
	echo "$dir/rootfs"
}
