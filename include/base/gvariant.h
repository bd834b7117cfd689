// SPDX-License-Identifier: Apache-2.0
/*
 * Values in the text form of GVariant ("uint64 10", "'a word'", "[byte 1, 2]", "@as []"), in which annotations name
 * properties of systemd's units. What is read: booleans, numbers, strings, arrays and tuples.
 */
#ifndef CASEMATE_BASE_GVARIANT_H
#define CASEMATE_BASE_GVARIANT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	GVARIANT_NODES = 512,     /* values of one text, elements included */
	GVARIANT_TEXT = 8192,     /* bytes of all its strings */
	GVARIANT_SIGNATURE = 128, /* the longest type, as D-Bus writes it */
};

struct gvariant_node {
	char type;        /* 'b' 'y' 'n' 'q' 'i' 'u' 'x' 't' 'd' 's' 'o' 'g', 'a' for an array, '(' for a tuple */
	uint64_t bits;    /* a boolean or an integer, in two's complement */
	double number;    /* 'd' */
	const char *text; /* 's' 'o' 'g': lies in `strings` */
	char signature[GVARIANT_SIGNATURE]; /* "a(st)" */
	size_t end;                         /* what is in it are the nodes behind it, up to this one */
};

/* A value and all that is in it, in the order of the text; the first node is the whole. */
struct gvariant {
	struct gvariant_node nodes[GVARIANT_NODES];
	size_t count;
	char strings[GVARIANT_TEXT];
	size_t used;
};

/* Reads @text, all of it. Fails with ERROR_CONFIG, which says where. */
int gvariant_parse(const char *text, struct gvariant *ret, struct error *err);

#endif
