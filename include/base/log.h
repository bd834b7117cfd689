// SPDX-License-Identifier: Apache-2.0
/* The log that engines read: one line for the error of a command, as text or as a JSON object with msg, level and time.
 */
#ifndef CASEMATE_BASE_LOG_H
#define CASEMATE_BASE_LOG_H

#include <stdbool.h>

#include "base/error.h"

struct log {
	const char *path; /* NULL: no log */
	bool json;
};

/*
 * Appends @err to the log as one line of level "error". The file is made with mode 0600. Fails with ERROR_SYSTEM, which
 * the caller can only ignore: the error itself was printed already.
 */
int log_error(const struct log *log, const struct error *about, struct error *err);

#endif
