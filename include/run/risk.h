// SPDX-License-Identifier: Apache-2.0
/* What it would mean to show a file of the host in a sandbox: said beside each flag that casemate proposes. */
#ifndef CASEMATE_RUN_RISK_H
#define CASEMATE_RUN_RISK_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Why @path of the host, an absolute path to what has @mode, is better not shown, or not writable; NULL where nothing
 * speaks against it that is known by its name and kind. The profile judges the object itself.
 */
const char *risk_of_showing(const char *path, mode_t mode, bool writable);

/* Why @call is better not allowed by a filter. Never NULL. */
const char *risk_of_call(const char *call);

#endif
