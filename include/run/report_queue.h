// SPDX-License-Identifier: Apache-2.0
/*
 * --report: what was answered and is still to be judged. One thread puts in and one takes out, and neither ever waits
 * for the other: how long the judging takes depends on files of the host, and the program could measure it.
 */
#ifndef CASEMATE_RUN_REPORT_QUEUE_H
#define CASEMATE_RUN_REPORT_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/report_files.h"

enum { REPORT_QUEUE_BYTES = 1 << 22 };

/* Begins as zeros. */
struct report_queue {
	_Atomic size_t put, taken; /* of all bytes ever */
	_Atomic uint64_t lost;     /* for which there was no room */
	char bytes[REPORT_QUEUE_BYTES];
};

struct report_item {
	int32_t number; /* of the call */
	int32_t error;  /* that it got; -1: it was let go on, and `question` is what it asked */
	struct report_question question;
};

void report_queue_put(struct report_queue *queue, const struct report_item *item);

/* Returns false when there is none. */
bool report_queue_take(struct report_queue *queue, struct report_item *ret);

#endif
