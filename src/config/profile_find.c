// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/profile.h"

/* Where NAME.json is looked for; never in the current directory, which may be somebody else's. */
static const struct {
	const char *variable; /* of the environment, an absolute path; NULL: none */
	const char *below;
} places[] = {
	{"XDG_CONFIG_HOME", "/casemate"},
	{"HOME", "/.config/casemate"},
	{NULL, SITE_DIRECTORY},
	{NULL, EXAMPLES_DIRECTORY},
};

static int check_writers(const char *path, const struct stat *status, struct error *err)
{
	if ((status->st_uid == 0 || status->st_uid == geteuid()) && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	error_set(err, ERROR_CONFIG, 0, "the profile '%s' could have been written by others", path);
	return error_hint(err, "chown it to you or root, and chmod go-w");
}

int profile_find(const char *name, struct arena *arena, const char **ret_path, struct error *err)
{
	size_t length = strlen(name);

	for (size_t i = 0; strspn(name, PROFILE_NAME_LETTERS) == length && i < sizeof(places) / sizeof(places[0]);
	     i++) {
		const char *root = places[i].variable == NULL ? "" : getenv(places[i].variable);
		struct stat status;

		if (root == NULL || (places[i].variable != NULL && root[0] != '/'))
			continue;
		*ret_path = arena_printf(arena, "%s%s/%s.json", root, places[i].below, name);
		if (stat(*ret_path, &status) == 0)
			return check_writers(*ret_path, &status, err);
		if (errno != ENOENT && errno != ENOTDIR)
			return error_set(err, ERROR_SYSTEM, errno, "cannot read the profile '%s'", *ret_path);
	}
	error_set(err, ERROR_USAGE, 0, "there is no profile \"%s\"", name);
	return error_hint(err, "the built-in ones are restricted, baseline and privileged; others are files in "
			       "~/.config/casemate or " SITE_DIRECTORY ", or a path with a '/'");
}
