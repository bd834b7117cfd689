// SPDX-License-Identifier: Apache-2.0
/* Which files the hooks of a request are: a ceiling compares objects, not names. */
#include <string.h>
#include <sys/stat.h>

#include "model/host.h"

static void identify(struct host_identity *identity, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0)
		*identity = (struct host_identity){.device = status.st_dev, .inode = status.st_ino};
}

/* "PATH ARGV0" of a profile. */
static bool is_allowed(const struct request_hook *hook, const struct host_identity *file, const char *entry,
		       struct arena *arena)
{
	size_t length = strcspn(entry, " ");
	const char *name = entry[length] == '\0' ? NULL : entry + length + 1;
	struct host_identity allowed = {0};

	identify(&allowed, arena_strndup(arena, entry, length));
	if (file->inode == 0 || allowed.device != file->device || allowed.inode != file->inode)
		return false;
	/* An environment of its own could make any program of it (LD_PRELOAD). */
	return hook->env.count == 0 && (name == NULL || (hook->args.count > 0 && strcmp(hook->args.at[0], name) == 0));
}

static void probe_list(struct host *host, const hook_list *hooks, const string_list *allowed, struct arena *arena)
{
	for (size_t i = 0; i < hooks->count; i++) {
		struct host_hook found = {0};

		identify(&found.file, hooks->at[i].path);
		for (size_t j = 0; j < allowed->count && !found.allowed; j++)
			found.allowed = is_allowed(&hooks->at[i], &found.file, allowed->at[j], arena);
		*LIST_ADD(arena, &host->hooks) = found;
	}
}

void host_probe_hooks(struct host *host, const struct request *request, const string_list *allowed, struct arena *arena)
{
	const struct request_hooks *hooks = &request->hooks;
	const hook_list *const lists[] = {
		&hooks->prestart,        &hooks->create_runtime, &hooks->create_container,
		&hooks->start_container, &hooks->poststart,      &hooks->poststop,
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		probe_list(host, lists[i], allowed, arena);
}
