// SPDX-License-Identifier: Apache-2.0
#include "base/path.h"

#include <string.h>

/* What is behind @directory in @path: "" or what begins with a slash; NULL where it does not lie there. */
static const char *rest_behind(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	while (length > 0 && directory[length - 1] == '/')
		length--;
	if (strncmp(path, directory, length) != 0 || (path[length] != '/' && path[length] != '\0'))
		return NULL;
	return path + length;
}

bool path_is_within(const char *path, const char *directory)
{
	return rest_behind(path, directory) != NULL;
}

bool path_is_below(const char *path, const char *directory)
{
	const char *rest = rest_behind(path, directory);

	return rest != NULL && rest[0] == '/' && strcmp(path, "/") != 0;
}
