// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json_write.h"
#include "base/sys.h"

enum { TEXT = sizeof(struct error) + 256 };

static int write_line(int fd, const char *line, size_t length, struct error *err)
{
	/* One write(2) to a file opened for appending: lines of several writers do not mix. */
	if (fd_write_all(fd, line, length) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write to the log");
	return 0;
}

static int write_json(int fd, const char *message, const char *time, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	char line[2 * TEXT];
	size_t length;

	TRY(json_writer_create(&json, false, err));
	json_write_begin_object(&json);
	json_member_string(&json, "msg", message);
	json_member_string(&json, "level", "error");
	json_member_string(&json, "time", time);
	json_write_end_object(&json);
	TRY(json_writer_finish(&json, &text, &length, err));
	int whole = snprintf(line, sizeof(line), "%s\n", text);
	return write_line(fd, line, (size_t)whole < sizeof(line) ? (size_t)whole : sizeof(line) - 1, err);
}

int log_error(const struct log *log, const struct error *about, struct error *err)
{
	char message[TEXT], time[CLOCK_TEXT], line[TEXT + 80];

	if (log->path == NULL)
		return 0;
	AUTOCLOSE int fd = sys_openat(AT_FDCWD, log->path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the log '%s'", log->path);
	error_text(about, message, sizeof(message));
	clock_text(time);
	if (log->json)
		return write_json(fd, message, time, err);
	for (char *at = message; *at != '\0'; at++)
		*at = *at == '\n' ? ' ' : *at;
	int length = snprintf(line, sizeof(line), "%s error: %s\n", time, message);
	return write_line(fd, line, (size_t)length, err);
}
