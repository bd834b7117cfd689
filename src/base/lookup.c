// SPDX-License-Identifier: Apache-2.0
#include "base/lookup.h"

#include <string.h>

bool lookup_value(const struct lookup *table, const char *name, size_t length, uint64_t *ret)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct lookup_row *row = &table->rows[i];

		if (strncmp(row->name, name, length) == 0 && row->name[length] == '\0') {
			*ret = row->value;
			return true;
		}
	}
	return false;
}

const char *lookup_name(const struct lookup *table, uint64_t value)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->rows[i].value == value)
			return table->rows[i].name;
	}
	return NULL;
}
