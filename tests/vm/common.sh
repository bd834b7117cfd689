# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scripts here: where things are, and an apt that looks at another release and leaves this machine's alone.

set -euo pipefail
VM_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VM_HOME=${VM_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/casemate-vm}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The kernels: name, release of Debian, package. Those for cloud machines have few drivers, and boot in half the time.
VM_KERNELS="5.10 bullseye linux-image-cloud-amd64
6.1 bookworm linux-image-cloud-amd64
6.12 trixie linux-image-cloud-amd64"
VM_USERLAND=trixie

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || die "$program is missing: apt-get install cpio e2fsprogs kmod mmdebstrap python3 xz-utils zstd"
	done
}

# The mirror that this machine gets its packages from.
mirror() {
	local url
	url=${VM_MIRROR:-$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }')}
	url=${url:-$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '/^URIs:/ { print $2; exit }')}
	[ -n "$url" ] || die "no mirror of Debian is configured: VM_MIRROR=URL"
	echo "$url"
}

source_line() {
	echo "deb [signed-by=$keyring] $(mirror) $1 main"
}

# isolated_apt RELEASE DIRECTORY: APT=(...) are the options by which apt-get and apt-cache see that release alone
isolated_apt() {
	mkdir -p "$2"/{lists/partial,cache/archives/partial,state}
	: >"$2/state/status"
	source_line "$1" >"$2/sources.list"
	APT=(-q -o "Dir::Etc::SourceList=$2/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State=$2/state"
		-o "Dir::State::Lists=$2/lists" -o "Dir::State::status=$2/state/status" -o "Dir::Cache=$2/cache"
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 -o Acquire::Languages=none -o APT::Sandbox::User=root)
}

# packages RELEASE DIRECTORY VARIANT PACKAGE...: a root file system of them
packages() {
	local release=$1 directory=$2 variant=$3
	shift 3
	source_line "$release" | mmdebstrap --mode=root --format=directory --variant="$variant" --architectures=amd64 --quiet \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		--include="$(echo "$*" | tr ' ' ',')" "$release" "$directory" -
}
