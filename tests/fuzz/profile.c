// SPDX-License-Identifier: Apache-2.0
/* Profiles. */
#include <stdlib.h>
#include <string.h>

#include "config/profile.h"
#include "config/profile_sandbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What --save writes of a file's flags is a profile again, with as many of them. */
static void save(const struct profile *profile, struct arena *arena)
{
	const struct host host = {.cwd = "/w:${x}"};
	struct sandbox_options options = {0}, again = {0};
	struct profile saved = {0};
	struct error err = {0};
	const char *text;

	if (profile_sandbox_take(profile, &host, arena, &options, &err) < 0)
		return;
	if (profile_sandbox_write(&options, profile, "/saved.json", &host, arena, &text, &err) < 0 ||
	    profile_parse(text, strlen(text), "saved.json", arena, &saved, &err) < 0 ||
	    profile_sandbox_take(&saved, &host, arena, &again, &err) < 0)
		abort();
	if (options.files.count != again.files.count || options.env.count != again.env.count ||
	    options.mem.value != again.mem.value || options.time.value != again.time.value ||
	    options.cpu.value != again.cpu.value)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile profile = {0};
	struct arena arena = {0};
	struct error err = {0};

	if (arena_create(&arena, &err) < 0)
		abort();
	/* A profile is as strict as itself, whatever it says. */
	if (profile_parse((const char *)data, size, "fuzz.json", &arena, &profile, &err) == 0) {
		if (profile.name == NULL || profile_weaker(&profile, &profile, &err) < 0)
			abort();
		save(&profile, &arena);
	}
	arena_destroy(&arena);
	return 0;
}
