// SPDX-License-Identifier: Apache-2.0
/*
 * What a program or shared library needs to be started: the loader that it names, and the libraries that it links. The
 * file is not trusted: every offset is checked, everything is bounded, and nothing of it is mapped.
 */
#ifndef CASEMATE_BASE_ELF_H
#define CASEMATE_BASE_ELF_H

#include <stdbool.h>

#include "base/arena.h"

enum { ELF_MOST_NEEDED = 256 };

struct elf_needs {
	LIST(const char *)
	needed;              /* DT_NEEDED in their order, at most ELF_MOST_NEEDED of at most 255 bytes; none is empty */
	const char *rpath;   /* DT_RPATH or NULL: dynamic linkers pass over it where there is a DT_RUNPATH */
	const char *runpath; /* DT_RUNPATH or NULL */
	bool interpreter;    /* a dynamic loader starts it: it has a PT_INTERP */
};

/*
 * Reads the file behind the descriptor @file, for which read(2) may not block; its offset stays. Returns 1 and fills
 * @ret, with strings in @arena (at most 128 KiB), or 0 where that is no ELF file of this machine's class and byte order
 * with a dynamic section, or one that is broken.
 */
int elf_read_needs(int file, struct arena *arena, struct elf_needs *ret);

#endif
