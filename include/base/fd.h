// SPDX-License-Identifier: Apache-2.0
/* Descriptors: ownership, bounded reading, complete writing, and opening below the root of a container. */
#ifndef CASEMATE_BASE_FD_H
#define CASEMATE_BASE_FD_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"

/* Closes *@fd when the variable leaves its scope; -1 is nothing to close. */
void fd_close(int *fd);
#define AUTOCLOSE __attribute__((cleanup(fd_close)))

/*
 * For a process that is about to execute a program, or to end: leaves @*fd to that, which closes it for nothing. A high
 * number is closed, so that many of them do not exceed the limit of open files. Not for what is open for writing, a
 * lock, or an end that somebody waits for.
 */
void fd_leave(int *fd);
#define AUTOLEAVE __attribute__((cleanup(fd_leave)))
enum { FD_LEFT = 64 }; /* so many, at the most, are open and forgotten */

/* Takes the descriptor out of an AUTOCLOSE variable: the caller of the function owns it now. */
int fd_take(int *fd);

/* As AUTOCLOSE, for what fopen(3) and opendir(3) gave; NULL is nothing to close. */
void fd_close_file(FILE **file);
#define AUTOCLOSE_FILE __attribute__((cleanup(fd_close_file)))
void fd_close_directory(DIR **directory);
#define AUTOCLOSE_DIRECTORY __attribute__((cleanup(fd_close_directory)))

/*
 * Reads a regular file of at most @limit bytes into @arena, with a 0 byte behind it. Never blocks: a FIFO, a device, a
 * directory or a larger file is an error (ERROR_CONFIG), as is one that cannot be opened (ERROR_SYSTEM).
 */
int file_read(int dir, const char *path, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length,
	      struct error *err);

/*
 * Reads the descriptor @fd, which may be a pipe, from where it stands to its end, at most @limit bytes, into @arena
 * with a 0 byte behind it. Blocks as long as a writer does not end. Fails with errno, EFBIG for more.
 */
int fd_read_all(int fd, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length);

/*
 * Reads the file @path, of procfs or the like, by one read(2) into @text of @size bytes, with a 0 byte behind it: what
 * does not fit is left out. Returns the length, or -1 with errno and an empty @text.
 */
ssize_t file_read_once(const char *path, char *text, size_t size);

/* The kernel's name of what @fd is, as it is now, of less than @size bytes: an absolute path, or another text. Fails
 * with errno. */
int fd_name(int fd, char *ret, size_t size);

/* Writes all of @data, also where write(2) takes less at a time. Fails with errno. */
int fd_write_all(int fd, const void *data, size_t size);

/* Writes @text into the existing file @path below @dir with one write(2): procfs, sysctl and cgroup files. Fails with
 * errno. */
int fd_write_file(int dir, const char *path, const char *text);

/* Closes every descriptor from @first on but the @count ones at @kept, in any order, of which negative ones are none
 * (close_range(2)). Fails with errno. */
int fd_close_others(unsigned first, const int *kept, size_t count);

/* getdents64(2): entries of the directory @fd into @block, as struct dirent. Returns the bytes, 0 at the end, -1. */
long fd_list(int fd, void *block, size_t size);

/* Sends the @size bytes at @data over the socket @to, with the descriptor @fd unless it is -1. Fails with errno. */
int fd_send(int to, const void *data, size_t size, int fd);

#endif
