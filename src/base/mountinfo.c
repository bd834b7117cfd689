// SPDX-License-Identifier: Apache-2.0
#include "base/mountinfo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

enum { MAX_LINE_FIELDS = 64 };

void mountinfo_unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool parse_line(char *text, struct mount_line *ret)
{
	char *fields[MAX_LINE_FIELDS], *rest = text;
	size_t count = 0, separator = 6;

	while (count < MAX_LINE_FIELDS && rest != NULL)
		fields[count++] = strsep(&rest, " ");
	while (separator < count && strcmp(fields[separator], "-") != 0)
		separator++;
	if (separator + 3 >= count)
		return false;
	mountinfo_unescape(fields[3]);
	mountinfo_unescape(fields[4]);
	*ret = (struct mount_line){.id = fields[0],
				   .device = fields[2],
				   .root = fields[3],
				   .at = fields[4],
				   .type = fields[separator + 1],
				   .options = fields[separator + 3]};
	return true;
}

static void free_text(char **text)
{
	free(*text);
}

int mountinfo_read(const char *path, struct arena *arena, mount_line_list *ret, struct error *err)
{
	AUTOCLOSE_FILE FILE *file = fopen(path, "re");
	__attribute__((cleanup(free_text))) char *text = NULL;
	size_t size = 0;
	ssize_t length;

	if (file == NULL)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '%s'", path);
	while ((length = getline(&text, &size, file)) > 0) {
		text[length - (text[length - 1] == '\n')] = '\0';
		if (!parse_line(arena_strdup(arena, text), LIST_ADD(arena, ret)))
			return error_set(err, ERROR_SYSTEM, 0, "cannot read '%s'", path);
	}
	return 0;
}
