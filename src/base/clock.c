// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Asked twice in a launch: the call is cheaper than the pages of the vDSO, in which libc would look for it first. */
static struct timespec now_of(clockid_t clock)
{
	struct timespec now = {0};

	syscall(SYS_clock_gettime, clock, &now);
	return now;
}

uint64_t clock_ms(void)
{
	struct timespec now = now_of(CLOCK_MONOTONIC);

	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int clock_left(uint64_t deadline)
{
	uint64_t now = clock_ms();

	if (deadline == 0)
		return -1;
	if (now >= deadline)
		return 0;
	return deadline - now < INT_MAX ? (int)(deadline - now) : INT_MAX;
}

bool clock_passed(uint64_t deadline)
{
	return deadline != 0 && clock_ms() >= deadline;
}

/*
 * The date is arithmetic (Gregorian calendar, years that begin in March): gmtime_r(3) of glibc reads the time zone's
 * file, which is none of the launcher's business.
 */
void clock_text(char text[CLOCK_TEXT])
{
	struct timespec now = now_of(CLOCK_REALTIME);

	int64_t days = now.tv_sec / 86400 + 719468, seconds = now.tv_sec % 86400; /* since 0000-03-01 */
	int64_t era = days / 146097, of_era = days % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	int64_t day = of_year - (153 * month + 2) / 5 + 1;

	month += month < 10 ? 3 : -9;
	year += era * 400 + (month <= 2);
	snprintf(text, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", (int)year, (int)month, (int)day,
		 (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60), now.tv_nsec / 1000);
}
