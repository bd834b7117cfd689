// SPDX-License-Identifier: Apache-2.0
#ifndef CASEMATE_BASE_NSFS_H
#define CASEMATE_BASE_NSFS_H

/*
 * Opens the namespace @path: /proc/PID/ns/KIND, or a file on which one of those is mounted. To open a device or a FIFO
 * of the host has an effect already: only what is a namespace is opened for more than its name. Returns the descriptor,
 * or -1 with errno, which is EXDEV for anything else than a namespace (namespaces(7)).
 */
int nsfs_open(const char *path);

#endif
