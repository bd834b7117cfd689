// SPDX-License-Identifier: Apache-2.0
/* Text of others, as a file's name, on its way to a terminal. */
#ifndef CASEMATE_BASE_PRINTABLE_H
#define CASEMATE_BASE_PRINTABLE_H

#include <stdio.h>

enum { PRINTABLE_LONGEST = 4 };

/*
 * Length of the character at @text, of which @left bytes may be read, where a terminal shows it. 0: there is none, its
 * first byte is a control byte, begins a control character (U+0080 to U+009F: terminals take them for ESC and a
 * letter), or is of no character of UTF-8.
 */
size_t printable_length(const char *text, size_t left);

/* Writes @text to @out, bytes of what is no printable character as \xNN. */
void print_printable(const char *text, FILE *out);

/* The same as one word of a shell, in quotes where it needs them. With escaped bytes it is to be read, not to be run.
 */
void print_word(const char *text, FILE *out);

#endif
