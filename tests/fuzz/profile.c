// SPDX-License-Identifier: Apache-2.0
/* Profiles. */
#include <stdlib.h>

#include "config/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile profile = {0};
	struct arena arena = {0};
	struct error err = {0};

	if (arena_create(&arena, &err) < 0)
		abort();
	/* A profile is as strict as itself, whatever it says. */
	if (profile_parse((const char *)data, size, "fuzz.json", &arena, &profile, &err) == 0 &&
	    (profile.name == NULL || profile_weaker(&profile, &profile, &err) < 0))
		abort();
	arena_destroy(&arena);
	return 0;
}
