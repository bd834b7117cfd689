// SPDX-License-Identifier: Apache-2.0
/*
 * Where X_explain puts its sentences. run/explain.c turns them into text or JSON; a part only says what it grants and
 * what it stops, and where that came from.
 */
#ifndef CASEMATE_MODEL_EXPLAIN_H
#define CASEMATE_MODEL_EXPLAIN_H

#include "model/plan.h"

enum explain_kind {
	EXPLAIN_DOES,   /* what the step does */
	EXPLAIN_GRANTS, /* a privilege the workload keeps */
	EXPLAIN_STOPS,  /* what an attacker can no longer do */
	EXPLAIN_LACKS,  /* what this layer cannot hold here, and why */
};

struct explain;

/* Adds one sentence to the current step. @from may be NULL. The text is copied. */
void explain_say(struct explain *out, enum explain_kind kind, origin from, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
