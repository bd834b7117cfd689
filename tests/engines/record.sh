#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A runtime that writes down what an engine asks of it, and lets $RECORD_RUNTIME (default: runc) do it. Started by an engine,
# so that it finds its own directory by its name: beside it are written
#
#	calls		one line a call: the working directory, then the arguments
#	N-config.json	what `create`, `run` and `restore` found in the bundle; N-process.json of `exec`; N-stdin of `update`
set -u
here=$(dirname "$(readlink -f "$0")")/recorded
umask 0
mkdir -p "$here"
exec 9>>"$here/lock"
flock 9
number=$(($(cat "$here/number" 2>/dev/null || echo 0) + 1))
echo "$number" >"$here/number"
printf '%s %s $%s\n' "$number" "$PWD" "$(printf ' %q' "$@")" >>"$here/calls"
env | sort >"$here/$number-env"
bundle=$PWD
previous=
for argument; do
	case $previous in
	-b | --bundle) bundle=$argument ;;
	-p | --process) cp "$argument" "$here/$number-process.json" ;;
	-r | --resources) [ "$argument" = - ] || cp "$argument" "$here/$number-resources.json" ;;
	esac
	case $argument in
	create | run | restore) [ -n "${command-}" ] || command=$argument ;;
	--process=*) cp "${argument#*=}" "$here/$number-process.json" ;;
	--bundle=*) bundle=${argument#*=} ;;
	esac
	previous=$argument
done
[ -z "${command-}" ] || cp "$bundle/config.json" "$here/$number-config.json"
flock -u 9
exec 9>&-
case " $* " in
*" --resources=- "* | *" --resources - "*)
	tee "$here/$number-stdin" | "${RECORD_RUNTIME:-runc}" "$@"
	;;
*) exec "${RECORD_RUNTIME:-runc}" "$@" ;;
esac
