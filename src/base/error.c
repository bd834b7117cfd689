// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
}

void error_prefix(struct error *err, const char *fmt, ...)
{
	char context[512];
	char inner[sizeof(err->what)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
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
}

void error_lacks(struct error *err, const char *path)
{
	snprintf(err->lacks, sizeof(err->lacks), "%s", path);
}

/* Appends @from with control bytes escaped; returns the new length, which never reaches @size. */
static size_t append_escaped(char *text, size_t size, size_t length, const char *from)
{
	for (; *from != '\0' && length + 5 < size; from++) {
		unsigned char byte = (unsigned char)*from;

		if ((byte >= ' ' && byte != 0x7f) || byte == '\n')
			text[length++] = (char)byte;
		else
			length += (size_t)snprintf(text + length, size - length, "\\x%02x", byte);
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
