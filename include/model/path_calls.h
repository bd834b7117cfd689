// SPDX-License-Identifier: Apache-2.0
/* The system calls that name a file: which of their arguments is the path, and what becomes of the file. */
#ifndef CASEMATE_MODEL_PATH_CALLS_H
#define CASEMATE_MODEL_PATH_CALLS_H

#include <stddef.h>
#include <stdint.h>

enum path_use {
	PATH_READ,
	PATH_WRITE,
	PATH_EXECUTE,
	PATH_ENTRY, /* it is made, renamed or removed: its directory is written */
	PATH_FLAGS, /* argument `flags` has the O_* of open(2) */
	PATH_HOW,   /* argument `flags` is a struct open_how (openat2(2)) */
};

struct path_call {
	uint32_t number;  /* of the architecture that casemate was built for */
	int8_t directory; /* the argument with the descriptor that a relative path begins at; -1: the working directory
			   */
	int8_t path;      /* the argument with the path */
	int8_t flags;     /* see enum path_use */
	enum path_use use;
};

/* A call with two paths has two rows, one after the other. */
extern const struct path_call path_calls[];
extern const size_t path_calls_count;

#endif
