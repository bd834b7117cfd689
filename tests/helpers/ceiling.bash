# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What a config.json of somebody else's asks for, on top of helpers/common.
#   as_root_inside         the program is root, under baseline
#   bind SOURCE OPTIONS    SOURCE is bound on /srv, and nothing else of the host is

# shellcheck disable=SC2034 # PROFILE is for common
as_root_inside() {
	PROFILE=baseline
	edit_config '.process.user = {uid: 0, gid: 0}'
}

# shellcheck disable=SC2016 # for jq
bind() {
	edit_config --arg s "$1" --argjson o "$2" '.mounts |= .[0:7] + [{destination: "/srv", type: "bind", source: $s, options: $o}]'
}
