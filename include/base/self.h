// SPDX-License-Identifier: Apache-2.0
/* The launcher itself: its file, which the container must not write to, and who it is. */
#ifndef CASEMATE_BASE_SELF_H
#define CASEMATE_BASE_SELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Makes sure that /proc/self/exe of this process and of its children is on a read-only mount: executes this program
 * again, with @argv and the same environment, from a detached read-only clone of the mount that its file is on
 * (mount_setattr(2)), or from a sealed copy of it where that cannot be made: before Linux 5.12, or without
 * CAP_SYS_ADMIN. Whoever gets hold of /proc/PID/exe can then read the file and never write it. Returns 0 where that is
 * so already, which a static program has seen to before it started (src/entry.c). Fails with ERROR_SYSTEM.
 */
int self_protect(char *const *argv, struct error *err);

/* Where the arguments of main() are, for self_rename(). */
void self_remember_arguments(char **argv);

/*
 * Writes @name over the arguments, which everybody who sees this process can read (/proc/PID/cmdline): what a caller
 * typed is nothing for the program of a sandbox. Whoever uses them comes before.
 */
void self_rename(const char *name);

/* Who may change this program's file: it is root's, or of a user who has a launcher of his own. Fails: ERROR_SYSTEM. */
int self_owner(uint32_t *ret_uid, struct error *err);

/* The effective user id with which this program was executed (getauxval(3)): the launcher never changes its own. */
uint32_t self_uid(void);

/* Whether this process is root in the host's own user namespace, and not only in one that a user made. */
bool self_is_host_root(void);

/*
 * The descriptor of that clone, or -1 for a program that was executed by name, or before self_keep_view(). It is open
 * because closing the last one of a detached mount makes the kernel wait for a grace period; a process that attaches it
 * to a tree which goes away anyhow saves that wait. One of both has to be done before anything of a container can see
 * a process that runs from it: what is the root of a detached mount can be made writable again by whoever has a mount
 * namespace of his own and opens /proc/PID/exe (mount_setattr(2) asks there for no more).
 */
int self_view(void);

/*
 * At the start of the program: marks it to be closed by execve(2), so that nothing hands it on, not even
 * --preserve-fds. Fails with ERROR_SYSTEM.
 */
int self_keep_view(struct error *err);

/* Closes it, in a process that no other shares it with: nothing can change the mount any more. */
void self_end_view(void);

#endif
