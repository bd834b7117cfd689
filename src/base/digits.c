// SPDX-License-Identifier: Apache-2.0
#include "base/digits.h"

#include <string.h>

char *digits_put(char *to, uint64_t value)
{
	char digits[DIGITS_BYTES];
	char *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	size_t length = (size_t)(digits + sizeof(digits) - at);
	memcpy(to, at, length);
	to[length] = '\0';
	return to + length;
}
