// SPDX-License-Identifier: Apache-2.0
#include "run/report_stream.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json_write.h"
#include "run/report_findings.h"

enum { MOST_WAITING = 1 << 20 };

static void queue(struct findings_stream *stream, const char *text, size_t length)
{
	char *grown =
		stream->length + length < MOST_WAITING ? realloc(stream->text, stream->length + length + 1) : NULL;

	if (grown == NULL) {
		stream->lost++;
		return;
	}
	memcpy(grown + stream->length, text, length);
	grown[stream->length + length] = '\n';
	stream->text = grown;
	stream->length += length + 1;
}

void stream_say(struct findings_stream *stream, const char *event, const struct finding *finding, uint64_t count)
{
	AUTO_JSON_WRITER struct json_writer out = {0};
	const char *text;
	size_t length;
	struct error err;

	if (stream->fd < 0 || json_writer_create(&out, false, &err) < 0)
		return;
	json_write_begin_object(&out);
	json_member_string(&out, "event", event);
	json_member_string(&out, "kind", finding_kinds[finding->kind]);
	json_member_string(&out, "what", finding->what);
	if (count > 0) {
		json_member_unsigned(&out, "count", count);
	} else {
		json_member_string(&out, "why", finding->why);
		json_member_string(&out, "flag", finding->flag);
		json_member_string(&out, "value", finding->value);
		json_member_string(&out, "risk", finding->risk);
	}
	json_write_end_object(&out);
	if (json_writer_finish(&out, &text, &length, &err) < 0)
		stream->lost++;
	else
		queue(stream, text, length);
}

void stream_write(struct findings_stream *stream)
{
	/* So much fits where poll(2) says that something does (pipe(7)). */
	size_t wanted = stream->length < PIPE_BUF ? stream->length : PIPE_BUF;
	ssize_t written = write(stream->fd, stream->text, wanted);

	if (written < 0 && errno != EAGAIN && errno != EINTR) {
		stream->fd = -1;
		stream->length = 0;
	}
	if (written <= 0)
		return;
	stream->length -= (size_t)written;
	memmove(stream->text, stream->text + written, stream->length);
}

void stream_end(struct findings_stream *stream, uint64_t unsaid)
{
	unsigned long long lost = stream->lost + unsaid;
	char line[64];
	int length = snprintf(line, sizeof(line), "{\"event\":\"end\",\"lost\":%llu}\n", lost);

	if (stream->fd >= 0 && fd_write_all(stream->fd, stream->text, stream->length) == 0)
		(void)fd_write_all(stream->fd, line, (size_t)length);
	free(stream->text);
	*stream = (struct findings_stream){.fd = -1};
}
