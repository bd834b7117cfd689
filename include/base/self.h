// SPDX-License-Identifier: Apache-2.0
/* The launcher itself: its file, which the container must not write to, and who it is. */
#ifndef CASEMATE_BASE_SELF_H
#define CASEMATE_BASE_SELF_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Makes sure that /proc/self/exe of this process and of its children is on a read-only mount: executes this program
 * again, with @argv and the same environment, from a detached read-only clone of the mount that its file is on
 * (mount_setattr(2)). Whoever gets hold of /proc/PID/exe can then read the file and never write it. Returns 0 where
 * that is so already, which a static program has seen to before it started (src/entry.c). Needs CAP_SYS_ADMIN. Fails
 * with ERROR_SYSTEM.
 */
int self_protect(char *const *argv, struct error *err);

/* Whether this process is root in the host's own user namespace, and not only in one that a user made. */
bool self_is_host_root(void);
/*
 * The descriptor of that clone, or -1 for a program that was executed by name. It is open because closing the last one
 * of a detached mount makes the kernel wait for a grace period; a process that attaches it to a tree which goes away
 * anyhow saves that wait.
 */
int self_view(void);

/* Marks it to be closed by execve(2), so that nothing hands it on, not even --preserve-fds. Fails with ERROR_SYSTEM. */
int self_keep_view(struct error *err);

#endif
