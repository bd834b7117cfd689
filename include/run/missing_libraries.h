// SPDX-License-Identifier: Apache-2.0
/* Why a program that was found did not start: a shared library is not there inside, and whether the host has it. */
#ifndef CASEMATE_RUN_MISSING_LIBRARIES_H
#define CASEMATE_RUN_MISSING_LIBRARIES_H

#include <stdio.h>

#include "model/plan.h"

/* The status with which dynamic loaders end, and shells where they find no program. */
enum { MISSING_LIBRARIES_STATUS = 127 };

/*
 * After the program of @plan has ended with that status: looks for the libraries that it and they link, where its
 * loader looks inside, and writes a line to @out for each that is not there, with the flag to add where the host has
 * it. Follows the plan and files of the host, with the launcher's rights; what those files say is not trusted, and
 * nothing blocks. Returns whether anything was written.
 */
bool missing_libraries(const struct plan *plan, FILE *out);

#endif
