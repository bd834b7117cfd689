// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
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

static const char *place(size_t i, struct arena *arena)
{
	const char *root = places[i].variable == NULL ? "" : getenv(places[i].variable);

	if (root == NULL || (places[i].variable != NULL && root[0] != '/'))
		return NULL;
	return arena_printf(arena, "%s%s", root, places[i].below);
}

static int check_writers(const char *path, const struct stat *status, struct error *err)
{
	if ((status->st_uid == 0 || status->st_uid == geteuid()) && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	error_set(err, ERROR_CONFIG, 0, "the profile '%s' could have been written by others", path);
	return error_hint(err, "chown it to you or root, and chmod go-w");
}

/* Who can write the directory can put another file into it between the look at the file and its reading. */
static int check_file(const char *directory, const char *path, const struct stat *status, struct error *err)
{
	struct stat above;

	if (stat(directory, &above) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read the profile '%s'", path);
	TRY(check_writers(path, &above, err));
	return check_writers(path, status, err);
}

static bool is_name(const char *text, size_t length)
{
	return length > 0 && length <= PROFILE_NAME_BYTES && strspn(text, PROFILE_NAME_LETTERS) >= length;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void list_directory(const char *path, struct arena *arena, string_list *ret)
{
	static const char ending[] = ".json";
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		const char *end = strrchr(entry->d_name, '.');

		if (end != NULL && strcmp(end, ending) == 0 && is_name(entry->d_name, (size_t)(end - entry->d_name)))
			*LIST_ADD(arena, ret) = arena_strndup(arena, entry->d_name, (size_t)(end - entry->d_name));
	}
	if (directory != NULL)
		closedir(directory);
}

/* ", ffmpeg, make": what there is beside the built-in ones. */
static const char *found_names(struct arena *arena)
{
	string_list names = {0};
	const char *text = "";

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *directory = place(i, arena);

		if (directory != NULL)
			list_directory(directory, arena, &names);
	}
	if (names.count > 0)
		qsort(names.at, names.count, sizeof(*names.at), by_name);
	for (size_t i = 0; i < names.count; i++)
		if (i == 0 || strcmp(names.at[i - 1], names.at[i]) != 0)
			text = arena_printf(arena, "%s, %s", text, names.at[i]);
	return text;
}

int profile_find(const char *name, struct arena *arena, const char **ret_path, struct error *err)
{
	for (size_t i = 0; is_name(name, strlen(name)) && i < sizeof(places) / sizeof(places[0]); i++) {
		const char *directory = place(i, arena);
		struct stat status;

		if (directory == NULL)
			continue;
		*ret_path = arena_printf(arena, "%s/%s.json", directory, name);
		if (stat(*ret_path, &status) == 0)
			return check_file(directory, *ret_path, &status, err);
		if (errno != ENOENT && errno != ENOTDIR)
			return error_set(err, ERROR_SYSTEM, errno, "cannot read the profile '%s'", *ret_path);
	}
	error_set(err, ERROR_USAGE, 0, "there is no profile \"%s\"", name);
	return error_hint(err,
			  "there are restricted, baseline, privileged%s; others are files in ~/.config/casemate "
			  "or " SITE_DIRECTORY ", or a path with a '/'",
			  found_names(arena));
}
