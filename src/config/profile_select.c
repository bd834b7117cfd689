// SPDX-License-Identifier: Apache-2.0
/* Where the profile of a launch comes from. */
#include <errno.h>
#include <string.h>

#include "config/profile.h"

static const char default_name[] = "restricted";
static const char program_prefix[] = "casemate-";

/* "baseline" for ".../casemate-baseline", NULL for a program that is not named after a profile. */
static const char *name_in_program(const char *argv0)
{
	if (argv0 == NULL)
		return NULL;
	const char *slash = strrchr(argv0, '/');
	const char *base = slash == NULL ? argv0 : slash + 1;

	if (strncmp(base, program_prefix, sizeof(program_prefix) - 1) != 0)
		return NULL;
	return base + sizeof(program_prefix) - 1;
}

/* Without a site file, *@ret stays as it is: its name is NULL. */
static int read_site(const char *path, struct arena *arena, struct profile *ret, struct error *err)
{
	struct error reading = {0};

	if (path == NULL || profile_read(path, arena, ret, &reading) == 0)
		return 0;
	if (reading.kind == ERROR_SYSTEM && reading.errnum == ENOENT)
		return 0;
	*err = reading;
	return error_wrap(err, "cannot use the site's profile");
}

/* The names of the built-in ones mean these, whatever files there are. */
static int read_named(const char *name, struct arena *arena, struct profile *ret, struct error *err)
{
	struct error none = {0};
	const char *path;

	if (profile_builtin(name, arena, ret, &none) == 0)
		return 0;
	TRY(profile_find(name, arena, &path, err));
	return profile_read(path, arena, ret, err);
}

static int read_chosen(const struct profile_choice *choice, struct arena *arena, struct profile *ret, struct error *err)
{
	const char *name = choice->argument;

	if (name != NULL && strchr(name, '/') != NULL)
		return profile_read(name, arena, ret, err);
	if (name != NULL)
		return read_named(name, arena, ret, err);
	name = name_in_program(choice->argv0);
	if (name == NULL)
		return 0;
	if (profile_builtin(name, arena, ret, err) < 0)
		return error_wrap(err, "the program's name is \"%s%s\"", program_prefix, name);
	return 0;
}

int profile_select(const struct profile_choice *choice, struct arena *arena, struct profile *ret, struct error *err)
{
	struct profile site = {0}, chosen = {0};

	TRY(read_site(choice->site_file, arena, &site, err));
	TRY(read_chosen(choice, arena, &chosen, err));
	if (chosen.name == NULL) {
		*ret = site;
		return site.name == NULL ? profile_builtin(default_name, arena, ret, err) : 0;
	}
	if (site.locked && profile_weaker(&site, &chosen, err) < 0)
		return error_hint(err, "%s is locked: only the administrator can allow more", site.from);
	*ret = chosen;
	return 0;
}
