// SPDX-License-Identifier: Apache-2.0
/* Where systemd's slices are in the hierarchy of cgroups: below the root, or below the service of a user. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "model/host.h"

/* The path in the line "0::PATH" of a file like /proc/1/cgroup; "" where it cannot be read. */
static const char *v2_path(const char *file, struct arena *arena)
{
	char text[4096];

	(void)file_read_once(file, text, sizeof(text));
	for (char *at = text, *line; (line = strsep(&at, "\n")) != NULL;)
		if (strncmp(line, "0::/", 4) == 0)
			return arena_strdup(arena, line + 3);
	return "";
}

/* systemd itself is in init.scope below its root. */
static const char *system_root(struct arena *arena)
{
	const char *path = v2_path("/proc/1/cgroup", arena), *scope = strstr(path, "/init.scope");

	return scope == NULL ? "" : arena_strndup(arena, path, (size_t)(scope - path));
}

/*
 * A process of the user's is in user@ID.service itself, or in a session beside it: "/user.slice/user-ID.slice/...". The
 * number is the host's, also in a user namespace where this process has another.
 */
static const char *user_root(const struct host *host, struct arena *arena)
{
	const char *own = v2_path("/proc/self/cgroup", arena), *slice = strstr(own, "/user-");
	const char *service = strstr(own, "/user@");
	unsigned long uid = slice == NULL ? host->uid : strtoul(slice + strlen("/user-"), NULL, 10);

	if (service != NULL && strstr(service, ".service") != NULL)
		return arena_strndup(arena, own, (size_t)(strstr(service, ".service") + strlen(".service") - own));
	return arena_printf(arena, "%s/user.slice/user-%lu.slice/user@%lu.service", system_root(arena), uid, uid);
}

void host_probe_manager(struct host *host, struct arena *arena)
{
	host->pid = getpid();
	host->manager_cgroup = host->privileged ? system_root(arena) : user_root(host, arena);
}
