// SPDX-License-Identifier: Apache-2.0
/* UTF-8 as RFC 3629 defines it: nothing longer than needed, no halves of surrogate pairs, nothing above U+10FFFF. */
#ifndef CASEMATE_BASE_UTF8_H
#define CASEMATE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the character at @text, of which @left bytes (at least 1) may be read; 0 when there is none. */
size_t utf8_length(const char *text, size_t left);

/* Whether all @length bytes are characters. */
bool utf8_is_valid(const char *text, size_t length);

#endif
