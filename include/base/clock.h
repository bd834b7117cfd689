// SPDX-License-Identifier: Apache-2.0
/* Time, for limits and for records. */
#ifndef CASEMATE_BASE_CLOCK_H
#define CASEMATE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t clock_ms(void);

/*
 * How long poll(2) may wait for @deadline, of clock_ms(); 0 is none: -1. One that is farther away than poll(2) can
 * count (24 days) gives the most of that: who wakes by then looks again, with clock_passed().
 */
int clock_left(uint64_t deadline);

/* Whether @deadline has passed, which 0 never has. */
bool clock_passed(uint64_t deadline);

/* The time of day as RFC 3339 in UTC with microseconds, the one form that all readers of ours take. Terminated. */
enum { CLOCK_TEXT = 64 };
void clock_text(char text[CLOCK_TEXT]);

#endif
