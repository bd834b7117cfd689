// SPDX-License-Identifier: Apache-2.0
/*
 * What --report found: each thing once, with a count and the flag that would allow it. A hostile program decides what
 * is in it, so it is bounded, and what is over that is counted.
 */
#ifndef CASEMATE_RUN_REPORT_FINDINGS_H
#define CASEMATE_RUN_REPORT_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "run/report_stream.h"

enum finding_kind {
	FINDING_CALL,
	FINDING_FILE,
	FINDING_WRITE,
	FINDING_EXECUTE,
	FINDING_NETWORK,
	FINDING_DBUS,
	FINDING_KINDS
};

struct finding {
	enum finding_kind kind;
	const char *what; /* the call's name, the path, or the address */
	const char *why;
	const char *flag;  /* what would allow it, of words that are safe to print; NULL: nothing does */
	const char *value; /* the flag's, or NULL */
	const char *risk;  /* why one would rather not; NULL: none is known */
};

extern const char *const finding_kinds[FINDING_KINDS]; /* "call", "file", ... */

struct findings_kept;

/* Begins as zeros with the stream's fd. */
struct findings {
	struct findings_kept *first[FINDING_KINDS];
	size_t count[FINDING_KINDS];
	uint64_t beyond; /* that were not kept: there were too many, or there was no memory */
	uint64_t missed; /* calls of which it is not known whether they would be in it */
	struct findings_stream stream;
};

/* Counts @finding, whose texts are copied but for `why`, `flag` and `risk`, which must be static. */
void findings_add(struct findings *findings, const struct finding *finding);

/* All of them as text, in an order that does not depend on time. */
void findings_print(const struct findings *findings, FILE *out);

/* Writes the counts to the stream, waits for its reader, and frees all. */
void findings_end(struct findings *findings);

#endif
