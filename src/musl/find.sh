#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
#	find.sh COMPILER LINKS	looks for musl and says how to compile and link a static-pie with it, for configure to eval
#
# The headers of the kernel and of the libraries come from the system by links in the directory LINKS: where they stand, glibc's
# stand as well, and the compiler must not find those. Ends with 1 where there is no musl.
set -u
compiler=$1
links=$2
arch=$($compiler -dumpmachine | sed 's/-.*//')

# Debian's places, and Fedora's
for place in "/usr/include/$arch-linux-musl:/usr/lib/$arch-linux-musl" "/usr/$arch-linux-musl/include:/usr/$arch-linux-musl/lib64" \
	"/usr/$arch-linux-musl/include:/usr/$arch-linux-musl/lib"; do
	include=${place%:*}
	lib=${place#*:}
	[ ! -e "$include/stdlib.h" ] || [ ! -e "$lib/libc.a" ] || [ ! -e "$lib/rcrt1.o" ] || break
	lib=
done
[ -n "$lib" ] || exit 1

# link NAME HEADER: NAME is the header, or the directory of it
link() {
	path=$(printf '#include <seccomp.h>\n#include <%s>\n' "$2" | $compiler -E -x c - | sed -n "s|^# 1 \"\\(/.*/$2\\)\".*|\\1|p" | head -n 1)
	[ -n "$path" ] || exit 1
	[ "$1" = "$2" ] || path=$(dirname "$path")
	ln -s "$path" "$links/$1"
}
rm -rf "$links"
mkdir -p "$links" || exit
for directory in asm asm-generic linux; do link $directory $directory/errno.h; done
for header in cap-ng.h seccomp.h seccomp-syscalls.h; do link $header $header; done
link yajl yajl/yajl_parse.h

own=$($compiler -print-resource-dir 2>/dev/null)/include # clang
[ -d "$own" ] || own=$($compiler -print-file-name=include)
archives=
for library in cap-ng yajl_s; do archives="$archives $($compiler -print-file-name=lib$library.a)"; done
cat <<END
MUSL_CPPFLAGS='-nostdinc -isystem $include -isystem $own -isystem $links'
MUSL_LDFLAGS='-nostdlib -static-pie $lib/rcrt1.o $lib/crti.o'
MUSL_LIBS='$lib/libc.a -lgcc $lib/libc.a $lib/crtn.o'
musl_archives='$archives'
musl_seccomp='$($compiler -print-file-name=libseccomp.a)'
END
