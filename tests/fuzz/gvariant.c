// SPDX-License-Identifier: Apache-2.0
/* Values of properties: what is read is whole, and lies within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "base/gvariant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gvariant value;
	struct error err = {0};
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (gvariant_parse(text, &value, &err) == 0) {
		if (value.count == 0 || value.count > GVARIANT_NODES || value.used > GVARIANT_TEXT)
			abort();
		for (size_t i = 0; i < value.count; i++)
			if (value.nodes[i].end <= i || value.nodes[i].end > value.count)
				abort();
		if (value.nodes[0].end != value.count)
			abort();
	}
	free(text);
	return 0;
}
