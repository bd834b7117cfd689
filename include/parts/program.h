// SPDX-License-Identifier: Apache-2.0
/*
 * The file that is to be executed: what execve(2) reports as ENOENT may mean the program, the interpreter of a script,
 * or the dynamic loader; here it is found out before.
 */
#ifndef CASEMATE_PARTS_PROGRAM_H
#define CASEMATE_PARTS_PROGRAM_H

#include <sys/stat.h>

#include "base/error.h"

/*
 * Opens @path with O_PATH, never through a magic link: /proc/self/exe is the launcher itself. Returns the descriptor,
 * and its file's status in *@ret_status; -2 and errno when there is nothing to execute at @path and the search goes on;
 * -1 and ERROR_NOT_EXECUTABLE for a magic link.
 */
int program_open(const char *path, struct stat *ret_status, struct error *err);

/*
 * Checks that the interpreter of the program at @path with the status @program exists: of a '#!' line, or the
 * PT_INTERP of an ELF file. Fails with ERROR_NOT_FOUND or ERROR_NOT_EXECUTABLE. What cannot be read or is of another
 * kind is left to execve(2).
 */
int program_check(const struct stat *program, const char *path, struct error *err);

#endif
