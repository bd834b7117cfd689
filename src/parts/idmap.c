// SPDX-License-Identifier: Apache-2.0
#include "parts/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static int write_map(pid_t pid, const char *name, const id_map_list *map, struct error *err)
{
	char path[64], text[4096];
	size_t length = 0;

	for (size_t i = 0; i < map->count; i++) {
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%u %u %u\n", map->at[i].container,
					   map->at[i].host, map->at[i].size);
		if (length >= sizeof(text))
			return error_set(err, ERROR_CONFIG, 0, "there are too many id mappings for a mount");
	}
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	if (fd_write_file(AT_FDCWD, path, text) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write the %s of a mount", name);
	return 0;
}

/* The mount takes its map from a user namespace, and a user namespace needs a process for as long as it is written. */
static int map_namespace(const struct plan_mount *mount, pid_t holder, struct error *err)
{
	char path[64];

	TRY(write_map(holder, "uid_map", &mount->uid_mappings, err));
	TRY(write_map(holder, "gid_map", &mount->gid_mappings, err));
	snprintf(path, sizeof(path), "/proc/%d/ns/user", holder);
	int userns = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
	if (userns < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the user namespace of a mount");
	return userns;
}

int idmap_mount(const struct plan_mount *mount, int tree, struct error *err)
{
	bool below = (mount->special & MOUNT_SPECIAL_RIDMAP) != 0;
	pid_t holder = sys_clone(CLONE_NEWUSER, -1, NULL);

	if (holder < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a user namespace for a mount");
	if (holder == 0) {
		/* Whatever happens to the launcher, this process does not stay. */
		(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	AUTOCLOSE int userns = map_namespace(mount, holder, err);
	sys_kill(holder, SIGKILL);
	(void)waitpid(holder, NULL, 0);
	if (userns < 0)
		return -1;
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | (below ? AT_RECURSIVE : 0), MOUNT_ATTR_IDMAP, 0, 0, userns) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot map the ids of '%s'", mount->source);
	return 0;
}
