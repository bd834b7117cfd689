// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <string.h>

static void print_byte(unsigned char byte, FILE *out)
{
	if (byte < ' ' || byte == 0x7f)
		fprintf(out, "\\x%02x", byte);
	else
		fputc(byte, out);
}

void print_printable(const char *text, FILE *out)
{
	for (; *text != '\0'; text++)
		print_byte((unsigned char)*text, out);
}

void print_word(const char *text, FILE *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-";

	if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
		fputs(text, out);
		return;
	}
	fputc('\'', out);
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else
			print_byte((unsigned char)*text, out);
	}
	fputc('\'', out);
}
