// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Well-formed sequences by their first byte, with the range of the second (The Unicode Standard, table 3-7). */
static const struct {
	unsigned char first, last; /* of the first byte */
	unsigned char low, high;   /* of the second */
	unsigned char length;
} forms[] = {
	{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_length(const char *text, size_t left)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t form = 0;

	while (form < sizeof(forms) / sizeof(forms[0]) && (at[0] < forms[form].first || at[0] > forms[form].last))
		form++;
	if (form == sizeof(forms) / sizeof(forms[0]) || forms[form].length > left)
		return 0;
	if (forms[form].length > 1 && (at[1] < forms[form].low || at[1] > forms[form].high))
		return 0;
	for (size_t i = 2; i < forms[form].length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return forms[form].length;
}

bool utf8_is_valid(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length) {
		uint64_t eight;
		size_t step = 8;

		/* Most text is ASCII: eight bytes at a time. */
		if (length - i >= sizeof(eight)) {
			memcpy(&eight, text + i, sizeof(eight));
			if ((eight & 0x8080808080808080) == 0) {
				i += step;
				continue;
			}
		}
		step = (unsigned char)text[i] < 0x80 ? 1 : utf8_length(text + i, length - i);
		if (step == 0)
			return false;
		i += step;
	}
	return true;
}
