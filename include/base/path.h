// SPDX-License-Identifier: Apache-2.0
/*
 * Whether one path lies in another, by their text: both absolute and without "//", "." and "..". Whole components are
 * compared, so "/usr" is not above "/usr2".
 */
#ifndef CASEMATE_BASE_PATH_H
#define CASEMATE_BASE_PATH_H

#include <stdbool.h>

/* Whether @path is @directory or lies below it; slashes at the end of @directory make no difference. */
bool path_is_within(const char *path, const char *directory);

/* Whether @path lies below @directory, and is another. */
bool path_is_below(const char *path, const char *directory);

#endif
