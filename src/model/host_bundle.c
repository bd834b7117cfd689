// SPDX-License-Identifier: Apache-2.0
#include "model/host_bundle.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fd.h"
#include "base/path.h"

/* Named as a part of the bundle, and found elsewhere: it or the bundle is behind a link. */
static bool is_behind_link(const struct host_object *object, const char *bundle)
{
	return object->real != NULL && strcmp(object->real, object->path) != 0 && path_is_below(object->path, bundle);
}

/* Somebody could have exchanged the directory since: it is the one with the config.json that was read. */
static bool is_same(int directory, const struct request *request, struct arena *arena)
{
	struct error ignored = {0};
	size_t length;
	char *text;

	return file_read(directory, "config.json", request->length, arena, &text, &length, &ignored) == 0 &&
	       length == request->length && memcmp(text, request->text, length) == 0;
}

void host_probe_bundle(struct host *host, const struct request *request, struct arena *arena)
{
	char real[PATH_MAX];

	if (request->bundle == NULL || request->text == NULL)
		return;
	bool asked = is_behind_link(&host->root, request->bundle);
	for (size_t i = 0; i < host->sources.count; i++)
		asked = asked || is_behind_link(&host->sources.at[i], request->bundle);
	AUTOCLOSE int bundle = asked ? openat(AT_FDCWD, request->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (bundle >= 0 && is_same(bundle, request, arena) && fd_name(bundle, real, sizeof(real)) == 0)
		host->bundle = arena_strdup(arena, real);
}
