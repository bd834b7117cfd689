// SPDX-License-Identifier: Apache-2.0
/* Time, for limits and for records. */
#ifndef CASEMATE_BASE_CLOCK_H
#define CASEMATE_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t clock_ms(void);

/* The time of day as RFC 3339 in UTC with microseconds, the one form that all readers of ours take. Terminated. */
enum { CLOCK_TEXT = 64 };
void clock_text(char text[CLOCK_TEXT]);

#endif
