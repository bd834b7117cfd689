// SPDX-License-Identifier: Apache-2.0
/* Copies a tree between two open directories, without ever using a path or following a link (for tmpcopyup). */
#ifndef CASEMATE_BASE_COPY_H
#define CASEMATE_BASE_COPY_H

#include "base/error.h"

enum { COPY_MAX_DEPTH = 64 };

/*
 * Copies what is in the directory @from into the directory @to, which may be the root of a detached mount and stays
 * what it is: directories, regular files and links with their modes and owners; devices, sockets and FIFOs are refused,
 * other file systems below @from too. Fails with ERROR_SYSTEM or ERROR_CONFIG; what was copied until then stays.
 */
int copy_tree(int from, int to, struct error *err);

#endif
