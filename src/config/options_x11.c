// SPDX-License-Identifier: Apache-2.0
#include "config/options_x11.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FAMILY_LOCAL = 256, FAMILY_WILD = 65535 };

const char *x11_number(struct arena *arena, const char *display)
{
	if (strncmp(display, "unix:", strlen("unix:")) == 0)
		display += strlen("unix");
	if (display[0] != ':')
		return NULL;
	size_t digits = strspn(display + 1, "0123456789");
	const char *rest = display + 1 + digits;

	if (digits == 0 || digits > 5 || (rest[0] != '\0' && rest[0] != '.'))
		return NULL;
	return arena_strndup(arena, display + 1, digits);
}

/* A number of two bytes, the higher one first, and then so many bytes. */
struct field {
	const char *at;
	size_t length;
};

static bool take_number(struct field *rest, unsigned *ret)
{
	if (rest->length < 2)
		return false;
	*ret = (unsigned)(uint8_t)rest->at[0] << 8 | (uint8_t)rest->at[1];
	rest->at += 2;
	rest->length -= 2;
	return true;
}

static bool take_field(struct field *rest, struct field *ret)
{
	unsigned length;

	if (!take_number(rest, &length) || rest->length < length)
		return false;
	*ret = (struct field){rest->at, length};
	rest->at += length;
	rest->length -= length;
	return true;
}

static char *put_number(char *to, size_t number)
{
	*to++ = (char)(number >> 8);
	*to++ = (char)(number & 0xff);
	return to;
}

static char *put_field(char *to, struct field field)
{
	to = put_number(to, field.length);
	memcpy(to, field.at, field.length);
	return to + field.length;
}

const char *x11_cookies(struct arena *arena, const char *text, size_t length, const char *number, size_t *ret_length)
{
	struct field rest = {text, length}, address, display, name, data;
	/* An entry has ten bytes at least, and grows by two at most. */
	char *out = arena_alloc(arena, 2 * length + 1), *to = out;
	unsigned family;

	while (take_number(&rest, &family) && take_field(&rest, &address) && take_field(&rest, &display) &&
	       take_field(&rest, &name) && take_field(&rest, &data)) {
		bool meant = display.length == 0 ||
			     (display.length == strlen(number) && memcmp(display.at, number, display.length) == 0);

		if (!meant || (family != FAMILY_LOCAL && family != FAMILY_WILD))
			continue;
		to = put_number(to, FAMILY_WILD);
		to = put_field(to, (struct field){"", 0});
		to = put_field(to, (struct field){X11_INSIDE, strlen(X11_INSIDE)});
		to = put_field(put_field(to, name), data);
	}
	*ret_length = (size_t)(to - out);
	return out;
}
