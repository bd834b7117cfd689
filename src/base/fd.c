// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"

void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void fd_leave(int *fd)
{
	if (*fd >= FD_LEFT)
		close(*fd);
	*fd = -1;
}

int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

void fd_close_file(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

void fd_close_directory(DIR **directory)
{
	if (*directory != NULL)
		(void)closedir(*directory);
}

/* The size is known from fstat(2), but a file may change while it is read: what counts is what read(2) gives. */
static ssize_t read_up_to(int fd, char *text, size_t room)
{
	size_t length = 0;

	while (length < room) {
		ssize_t got = read(fd, text + length, room - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

int file_read(int dir, const char *path, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length,
	      struct error *err)
{
	AUTOCLOSE int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s'", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_CONFIG, 0, "'%s' is not a regular file", path);
	if ((uint64_t)status.st_size > limit)
		return error_set(err, ERROR_CONFIG, 0, "'%s' is larger than %zu bytes", path, limit);

	size_t room = (size_t)status.st_size;
	char *text = arena_alloc(arena, room + 1);
	ssize_t length = read_up_to(fd, text, room);
	if (length < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '%s'", path);
	*ret_text = text;
	*ret_length = (size_t)length;
	return 0;
}

static void release(char **text)
{
	free(*text);
}

int fd_read_all(int fd, size_t limit, struct arena *arena, char **ret_text, size_t *ret_length)
{
	enum { AT_FIRST = 4096 };
	__attribute__((cleanup(release))) char *text = NULL;
	size_t length = 0;

	for (size_t room = AT_FIRST;; room *= 2) {
		char *bigger = realloc(text, room);

		if (bigger == NULL)
			return -1;
		text = bigger;
		ssize_t got = read_up_to(fd, text + length, room - length);
		if (got < 0)
			return -1;
		length += (size_t)got;
		if (length > limit) {
			errno = EFBIG;
			return -1;
		}
		if (length < room)
			break;
	}
	*ret_text = arena_strndup(arena, text, length);
	*ret_length = length;
	return 0;
}

ssize_t file_read_once(const char *path, char *text, size_t size)
{
	AUTOCLOSE int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	text[length < 0 ? 0 : length] = '\0';
	return length;
}

int fd_name(int fd, char *ret, size_t size)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, ret, size);
	if (length < 0)
		return -1;
	if ((size_t)length == size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	ret[length] = '\0';
	return 0;
}

int fd_write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t wrote = sys_write(fd, at, size);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -1;
		at += wrote;
		size -= (size_t)wrote;
	}
	return 0;
}

int fd_write_file(int dir, const char *path, const char *text)
{
	AUTOCLOSE int fd = sys_openat(dir, path, O_WRONLY | O_NOFOLLOW, 0);
	size_t length = strlen(text);

	if (fd < 0)
		return -1;
	ssize_t wrote = sys_write(fd, text, length);
	if (wrote < 0)
		return -1;
	if ((size_t)wrote != length) {
		errno = EIO;
		return -1;
	}
	return 0;
}

long fd_list(int fd, void *block, size_t size)
{
	return syscall(SYS_getdents64, fd, block, size);
}

int fd_send(int to, const void *data, size_t size, int fd)
{
	union {
		struct cmsghdr header; /* for the alignment */
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec vector = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
	struct msghdr packet = {.msg_iov = &vector, .msg_iovlen = 1};

	if (fd >= 0) {
		packet.msg_control = &control;
		packet.msg_controllen = sizeof(control);
		struct cmsghdr *header = CMSG_FIRSTHDR(&packet);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	return sendmsg(to, &packet, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int fd_close_others(unsigned first, const int *kept, size_t count)
{
	for (unsigned next = first;;) {
		unsigned least = UINT_MAX;

		for (size_t i = 0; i < count; i++)
			if (kept[i] >= 0 && (unsigned)kept[i] >= next && (unsigned)kept[i] < least)
				least = (unsigned)kept[i];
		if (least > next && sys_close_range(next, least - (least < UINT_MAX), 0) < 0)
			return -1;
		if (least == UINT_MAX)
			return 0;
		next = least + 1;
	}
}
