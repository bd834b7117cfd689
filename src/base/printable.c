// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <string.h>

#include "base/utf8.h"

enum { CONTROLS = 0xc2, LAST_CONTROL = 0x9f }; /* U+0080 to U+009F are C2 80 to C2 9F */

size_t printable_length(const char *text, size_t left)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t length = left == 0 ? 0 : utf8_length(text, left);

	if (length == 1)
		return at[0] >= ' ' && at[0] != 0x7f;
	return length == 2 && at[0] == CONTROLS && at[1] <= LAST_CONTROL ? 0 : length;
}

/* One character, or one byte of what is none. Returns how many bytes of @text that were. */
static size_t print_one(const char *text, FILE *out)
{
	size_t length = printable_length(text, strnlen(text, PRINTABLE_LONGEST));

	if (length > 0)
		return fwrite(text, 1, length, out), length;
	fprintf(out, "\\x%02x", (unsigned char)*text);
	return 1;
}

void print_printable(const char *text, FILE *out)
{
	while (*text != '\0')
		text += print_one(text, out);
}

void print_word(const char *text, FILE *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-";

	if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
		fputs(text, out);
		return;
	}
	fputc('\'', out);
	while (*text != '\0') {
		if (*text == '\'')
			fputs("'\\'", out);
		text += print_one(text, out);
	}
	fputc('\'', out);
}
