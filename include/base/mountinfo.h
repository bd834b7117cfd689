// SPDX-License-Identifier: Apache-2.0
/* The mounts of a process, read from its mountinfo (proc_pid_mountinfo(5)). Never on the path of an ordinary launch. */
#ifndef CASEMATE_BASE_MOUNTINFO_H
#define CASEMATE_BASE_MOUNTINFO_H

#include "base/arena.h"

struct mount_line {
	const char *id, *device, *root, *at, *type, *options; /* `device`: "8:1"; `options`: of the file system */
};
typedef LIST(struct mount_line) mount_line_list;

/* Makes a path of such a file a path again, in place: a blank in it is \040. */
void mountinfo_unescape(char *text);

/* Reads the file @path; strings and list are in @arena. Fails with ERROR_SYSTEM. */
int mountinfo_read(const char *path, struct arena *arena, mount_line_list *ret, struct error *err);

#endif
