// SPDX-License-Identifier: Apache-2.0
/* Text of others, as a file's name, on its way to a terminal. */
#ifndef CASEMATE_BASE_PRINTABLE_H
#define CASEMATE_BASE_PRINTABLE_H

#include <stdio.h>

/* Writes @text to @out, control bytes as \xNN. */
void print_printable(const char *text, FILE *out);

/* The same as one word of a shell, in quotes where it needs them. With control bytes it is to be read, not to be run.
 */
void print_word(const char *text, FILE *out);

#endif
