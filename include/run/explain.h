// SPDX-License-Identifier: Apache-2.0
/* Prints a plan, layer by layer in the order of the table of steps. Needs no privilege and changes nothing. */
#ifndef CASEMATE_RUN_EXPLAIN_H
#define CASEMATE_RUN_EXPLAIN_H

#include <stdio.h>

#include "model/plan.h"

enum explain_format { EXPLAIN_TEXT, EXPLAIN_JSON };

/* Writes all of @plan to @out. Fails with ERROR_SYSTEM when writing fails. */
int explain_plan(const struct plan *plan, enum explain_format format, FILE *out, struct error *err);

#endif
