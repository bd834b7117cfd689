// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"

/* A line break in somebody else's text would begin a line that looks like one of ours. */
static void flatten(char *text)
{
	for (; *text != '\0'; text++)
		*text = *text == '\n' ? ' ' : *text;
}

void error_fill(struct error *err, enum error_kind kind, int errnum, const char *fmt, ...)
{
	va_list args;

	err->kind = (int32_t)kind;
	err->errnum = errnum;
	err->hint[0] = '\0';
	err->lacks[0] = '\0';
	va_start(args, fmt);
	vsnprintf(err->what, sizeof(err->what), fmt, args);
	va_end(args);
	flatten(err->what);
}

void error_add_line(struct error *err, const char *fmt, ...)
{
	size_t length = strlen(err->what), room = sizeof(err->what) - length;
	va_list args;

	if (room <= sizeof("\n  "))
		return;
	char *line = stpcpy(err->what + length, "\n  ");
	va_start(args, fmt);
	vsnprintf(line, room - strlen("\n  "), fmt, args);
	va_end(args);
	flatten(line);
}

void error_prefix(struct error *err, const char *fmt, ...)
{
	char context[512];
	char inner[sizeof(err->what)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	flatten(context);
	memcpy(inner, err->what, sizeof(inner));
	/* The tail is cut where both do not fit: the outermost context comes first and matters most. */
	int length = snprintf(err->what, sizeof(err->what), "%s: ", context);
	size_t room = sizeof(err->what) - (size_t)length;
	size_t rest = strnlen(inner, room - 1);
	memcpy(err->what + length, inner, rest);
	err->what[(size_t)length + rest] = '\0';
}

void error_advise(struct error *err, const char *fmt, ...)
{
	va_list args;

	if (err->hint[0] != '\0')
		return;
	va_start(args, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
	flatten(err->hint);
}

void error_lacks(struct error *err, const char *path)
{
	snprintf(err->lacks, sizeof(err->lacks), "%s", path);
}

/* Appends @from, escaped but for its line breaks; returns the new length, which never reaches @size. */
static size_t append_escaped(char *text, size_t size, size_t length, const char *from)
{
	while (*from != '\0' && length + 5 < size) {
		size_t step = *from == '\n' ? 1 : printable_length(from, strnlen(from, PRINTABLE_LONGEST));

		if (step == 0)
			length += (size_t)snprintf(text + length, size - length, "\\x%02x", (unsigned char)*from);
		memcpy(text + length, from, step);
		length += step;
		from += step > 0 ? step : 1;
	}
	text[length] = '\0';
	return length;
}

/* The system's reason as Go writes it, in lower case: engines look for "permission denied" in what a runtime says. */
static size_t append_reason(char *text, size_t size, size_t length, int errnum)
{
	char reason[128];

	snprintf(reason, sizeof(reason), "%s", strerrordesc_np(errnum));
	if (reason[0] >= 'A' && reason[0] <= 'Z' && reason[1] >= 'a' && reason[1] <= 'z')
		reason[0] = (char)(reason[0] - 'A' + 'a');
	length = append_escaped(text, size, length, ": ");
	return append_escaped(text, size, length, reason);
}

void error_text(const struct error *err, char *text, unsigned long size)
{
	size_t length = append_escaped(text, size, 0, err->what);

	if (err->errnum != 0)
		length = append_reason(text, size, length, err->errnum);
	if (err->hint[0] != '\0') {
		length = append_escaped(text, size, length, "\n  hint: ");
		append_escaped(text, size, length, err->hint);
	}
}

int error_exit_status(const struct error *err)
{
	switch (err->kind) {
	case ERROR_NOT_FOUND:
		return 127;
	case ERROR_NOT_EXECUTABLE:
		return 126;
	default:
		return 125;
	}
}
