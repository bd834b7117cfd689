// SPDX-License-Identifier: Apache-2.0
/* What a sandbox lacks and its host has: which it is, and the flag that shows it inside. */
#ifndef CASEMATE_RUN_MISSING_H
#define CASEMATE_RUN_MISSING_H

#include <stdio.h>

#include "model/host.h"
#include "model/plan.h"

/*
 * Where @err is about a file that is not there inside, puts in the place of its hint whether @host has it, and the flag
 * to add. Returns -1, so that it ends a failure like error_hint().
 */
int missing_explain(const struct plan *plan, const struct host *host, struct error *err);

/*
 * Whether @path of the host is seen at the same path inside, as far as the mounts of @plan tell. Links are not
 * followed.
 */
bool missing_shown(const struct plan *plan, const char *path);

/* Writes @text to @out with its control bytes escaped: names come from others, and terminals obey. */
void missing_print(const char *text, FILE *out);

/*
 * Writes a line to @out for each argument of the program that names a file of @host which is not shown inside; few of
 * them, and without control bytes. Only for the caller: the program has ended.
 */
void missing_arguments(const struct plan *plan, const struct host *host, FILE *out);

#endif
