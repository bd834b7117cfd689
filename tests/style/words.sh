#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Words and functions that have no place here. A line that needs an exception says why in a comment on the same line with
# "style: allowed because ...".
set -u
. tests/style/files.sh

bad=0
code=$(mktemp -d) || exit 1
trap 'rm -rf "$code"' EXIT

# A copy of each C file without its comments and the text of its strings, so that functions are found and not their names.
# shellcheck disable=SC2016 # a program for awk
c_files | grep -E '^(src|include)/' | while read -r file; do
	mkdir -p "$code/$(dirname "$file")"
	awk '{
		keep = $0 ~ /style: allowed because/
		gsub(/\\\\/, ""); gsub(/\\"/, "")
		gsub(/"[^"]*"/, "\"\"")
		line = ""
		while (length($0) > 0) {
			if (inside) {
				at = index($0, "*/")
				if (at == 0) break
				$0 = substr($0, at + 2)
				inside = 0
			} else {
				at = index($0, "/*")
				if (at == 0) { line = line $0; break }
				line = line substr($0, 1, at - 1)
				$0 = substr($0, at + 2)
				inside = 1
			}
		}
		sub(/\/\/.*/, "", line)
		print keep ? "" : line
	}' "$file" >"$code/$file"
done

report() {
	[ -z "$1" ] || {
		printf '%s\n' "$1" | sed "s|\$|    ($2)|"
		bad=1
	}
}

# word FILES-REGEX PATTERN REASON: in the text as it is
word() {
	report "$(project_files | grep -E "$1" | grep -vE '^tests/style/|^LICENSE$' | xargs -r grep -nE -- "$2" /dev/null |
		grep -v 'style: allowed because')" "$3"
}

# call FILES-REGEX EXCEPT-REGEX FUNCTIONS REASON: in C without comments and strings
call() {
	report "$(cd "$code" && find src include -name '*.[ch]' | grep -E "$1" | grep -vE "$2" |
		xargs -r grep -nE -- "(^|[^A-Za-z0-9_>.])($3)\\(" /dev/null)" "$4"
}

# use FILES-REGEX EXCEPT-REGEX PATTERN REASON: the same for any pattern
use() {
	report "$(cd "$code" && find src include -name '*.[ch]' | grep -E "$1" | grep -vE "$2" |
		xargs -r grep -nE -- "$3" /dev/null)" "$4"
}

word '^(src|include|tests|man|profiles)/|^[A-Za-z.]*$|\.md$' '\b(TODO|FIXME|XXX|HACK)\b' 'finish it, or describe it in an issue'
word '^(src|include)/' '\b(for now|unimplemented|stub|temporary hack)\b' 'finish it'

use . '^$' '\bgoto\b' 'use __attribute__((cleanup)) and early return'
call . '^$' 'strcpy|strcat|sprintf|vsprintf|gets|strtok|strncpy|strncat|alloca|mktemp|tmpnam' 'unsafe; snprintf or the arena'
call . '^$' 'atoi|atol|atoll|atof|scanf|sscanf|fscanf' 'has no error; use a checked conversion'
call . '^$' 'system|popen|wordexp' 'a shell'
call . '^$' 'getpw(nam|uid)(_r)?|getgr(nam|gid)(_r)?|initgroups|getaddrinfo|setlocale|localtime|tzset|dlopen' \
	'the launcher reads nothing that it does not need'
call '^src/(base|model|config|parts)/' '^src/base/(log|arena)\.c$' 'printf|puts|putchar|perror|vprintf' \
	'errors are returned; only commands and main print'
use '^src/(base|model|config|parts)/' '^src/base/(log|arena)\.c$' '\b(stdout|stderr)\b' \
	'errors are returned; only commands and main print'
use . '^(src|include)/base/json' '<yajl/' 'only src/base/json*.c know yajl'
use . '^src/make_syscalls\.c$' '<seccomp\.h>' 'libseccomp is of the build: the program has its names and numbers'
call . '^src/base/|^src/model/host\.c$|^include/musl/' 'syscall' 'belongs into src/base/sys.c'
call '^src/parts/' '^$' "mount|umount2?|pivot_root|chroot|setns|unshare|clone|fork|execve|execveat|prctl|setsid|sethostname" \
	'state is changed through sys_ functions, so that tests can let each of them fail'
call '^src/parts/' '^$' "setdomainname|setgroups|setres[ug]id|set[ug]id|capset|mknod(at)?|mkdir(at)?|symlink(at)?|unlink(at)?" \
	'state is changed through sys_ functions, so that tests can let each of them fail'
call '^src/parts/' '^$' "open|openat|umask|chdir|fchdir|dup[23]?" \
	'state is changed through sys_ functions, so that tests can let each of them fail'
exit $bad
