// SPDX-License-Identifier: Apache-2.0
#include <cap-ng.h>
#include <stdio.h>
#include <string.h>

#include "model/names.h"

static const char prefix[] = "CAP_";
enum { PREFIX_LENGTH = sizeof(prefix) - 1 };

/* libcap-ng takes any case and no prefix; config.json and profiles must spell as the kernel does. */
int names_capability(const char *name)
{
	if (strncmp(name, prefix, PREFIX_LENGTH) != 0)
		return -1;
	for (const char *c = name + PREFIX_LENGTH; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z')
			return -1;
	}
	return capng_name_to_capability(name + PREFIX_LENGTH);
}

const char *names_capability_text(uint32_t number, char *text)
{
	const char *name = number < 64 ? capng_capability_to_name(number) : NULL;

	if (name == NULL) {
		snprintf(text, NAMES_CAPABILITY_BYTES, "%s%u", prefix, number);
		return text;
	}
	snprintf(text, NAMES_CAPABILITY_BYTES, "%s%s", prefix, name);
	for (char *c = text; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	}
	return text;
}
