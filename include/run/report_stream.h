// SPDX-License-Identifier: Apache-2.0
/* --report-fd: JSON lines for a reader who may be slow. They wait here, and never hold up the program. */
#ifndef CASEMATE_RUN_REPORT_STREAM_H
#define CASEMATE_RUN_REPORT_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct finding;

/* Begins as {.fd = FD}. */
struct findings_stream {
	int fd; /* -1: nobody reads */
	char *text;
	size_t length; /* what waits */
	uint64_t lost; /* lines */
};

/* Queues a line about @finding, with @count, or with all else where that is 0. What does not fit is counted as lost. */
void stream_say(struct findings_stream *stream, const char *event, const struct finding *finding, uint64_t count);

/* Writes some of what waits; poll(2) must have said that it does not block. */
void stream_write(struct findings_stream *stream);

/* Writes what still waits and a last line, which tells as lost @unsaid more, and frees all. Waits for the reader. */
void stream_end(struct findings_stream *stream, uint64_t unsaid);

#endif
