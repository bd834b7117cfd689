// SPDX-License-Identifier: Apache-2.0
/*
 * What glibc's <string.h> has and musl's has not: names and texts of errno, strerrorname_np(3). musl's strerror(3) has
 * other texts, and callers match on these.
 */
#ifndef CASEMATE_MUSL_STRING_H
#define CASEMATE_MUSL_STRING_H

#include_next <string.h>

/* The name of a value of errno, "ENOENT", as a static string; NULL for a value that is none. */
const char *strerrorname_np(int errnum);

/* Its text, "No such file or directory", in English in every locale, as a static string; NULL for a value that is none.
 */
const char *strerrordesc_np(int errnum);

#endif
