// SPDX-License-Identifier: Apache-2.0
/* Tables of names and the numbers they stand for, searched both ways. model/names.h has the tables. */
#ifndef CASEMATE_BASE_LOOKUP_H
#define CASEMATE_BASE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookup_row {
	const char *name;
	uint64_t value;
};

struct lookup {
	const char *what; /* with its article, for messages: "a resource limit" */
	const struct lookup_row *rows;
	size_t count;
};

/* Defines the const struct lookup @table out of the array @rows_. */
#define LOOKUP(table, what_, rows_)                                                                                    \
	const struct lookup table = {.what = (what_), .rows = (rows_), .count = sizeof(rows_) / sizeof((rows_)[0])}

/* Puts the number of the name of @length bytes at @name into *@ret. False, and *@ret as it was, when there is none:
 * case counts. */
bool lookup_value(const struct lookup *table, const char *name, size_t length, uint64_t *ret);

/* The first name of @value, static; NULL when there is none. */
const char *lookup_name(const struct lookup *table, uint64_t value);

#endif
