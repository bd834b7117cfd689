// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "run/report_files.h"

enum { PAGE = 4096 }; /* the least of all architectures */

static pid_t process(const struct seccomp_notif *call)
{
	return (pid_t)call->pid;
}

/* What is behind a page's end may not be there: it is read by itself. Returns how much could be read, or -1. */
static ssize_t read_memory(const struct seccomp_notif *call, uint64_t address, void *into, size_t size)
{
	size_t first = PAGE - address % PAGE < size ? PAGE - address % PAGE : size;
	struct iovec local = {into, size};
	struct iovec remote[] = {{(void *)address, first}, {(void *)(address + first), size - first}}; /* NOLINT */

	return process_vm_readv(process(call), &local, 1, remote, size > first ? 2 : 1, 0);
}

/* Where a relative path begins; "" where that is unknown or no longer there. */
static void read_start(const struct seccomp_notif *call, const struct path_call *row, char start[PATH_MAX])
{
	char link[64];
	int directory = row->directory < 0 ? AT_FDCWD : (int)call->data.args[row->directory];
	ssize_t length;

	if (directory == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", process(call));
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", process(call), directory);
	length = readlink(link, start, PATH_MAX - 1);
	start[length > 0 && start[0] == '/' ? length : 0] = '\0';
}

/* Appends the components of @path to @to, which is absolute or empty. ".." is taken for the name before it. */
static bool append(char to[PATH_MAX], const char *path)
{
	size_t length = strlen(to);

	while (*path != '\0') {
		size_t component = strcspn(path, "/");
		bool up = component == 2 && path[0] == '.' && path[1] == '.';

		if (up)
			while (length > 0 && to[--length] != '/')
				continue;
		else if (component > 0 && !(component == 1 && path[0] == '.')) {
			if (length + component + 2 > PATH_MAX)
				return false;
			to[length++] = '/';
			memcpy(to + length, path, component);
			length += component;
		}
		path += component + (path[component] == '/');
	}
	to[length] = '\0';
	return true;
}

static bool read_path(const struct seccomp_notif *call, const struct path_call *row, char ret[PATH_MAX])
{
	char path[PATH_MAX], start[PATH_MAX];
	ssize_t length = read_memory(call, call->data.args[row->path], path, sizeof(path));

	if (length <= 0 || path[0] == '\0' || memchr(path, '\0', (size_t)length) == NULL)
		return false;
	ret[0] = '\0';
	if (path[0] != '/') {
		read_start(call, row, start);
		if (start[0] == '\0' || !append(ret, start))
			return false;
	}
	return append(ret, path);
}

static uint64_t open_flags(const struct seccomp_notif *call, const struct path_call *row)
{
	struct open_how how = {0};

	if (row->use == PATH_FLAGS)
		return call->data.args[row->flags];
	return read_memory(call, call->data.args[row->flags], &how, sizeof(how)) == (ssize_t)sizeof(how) ? how.flags
													 : 0;
}

static void read_use(const struct seccomp_notif *call, const struct path_call *row, struct report_path *ret)
{
	uint64_t flags;

	ret->use = row->use;
	ret->creates = ret->opens = false;
	if (row->use != PATH_FLAGS && row->use != PATH_HOW)
		return;
	flags = open_flags(call, row);
	ret->opens = (flags & O_PATH) == 0;
	ret->creates = (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0;
	ret->use = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0 ? PATH_WRITE : PATH_READ;
}

static void read_address(const struct seccomp_notif *call, struct report_question *ret)
{
	size_t size = call->data.args[2] < sizeof(ret->address) ? (size_t)call->data.args[2] : sizeof(ret->address);
	ssize_t length = read_memory(call, call->data.args[1], &ret->address, size);

	ret->binds = call->data.nr == SYS_bind;
	if (length != (ssize_t)size || size < sizeof(sa_family_t))
		return;
	ret->address_length = size;
	/* A path of the file system; it begins with NUL where it is none. */
	const char *path = ret->address.room + offsetof(struct sockaddr_un, sun_path);
	if (ret->address.any.sa_family != AF_UNIX || size <= offsetof(struct sockaddr_un, sun_path) || path[0] != '/')
		return;
	int most = (int)(size - offsetof(struct sockaddr_un, sun_path));
	struct report_path *found = &ret->paths[ret->path_count++];
	char text[sizeof(ret->address) + 1];

	snprintf(text, sizeof(text), "%.*s", most, path);
	found->text[0] = '\0';
	(void)append(found->text, text);
	found->use = ret->binds ? PATH_ENTRY : PATH_READ;
	found->creates = found->opens = false;
}

void report_question_read(const struct seccomp_notif *call, struct report_question *ret)
{
	ret->path_count = ret->address_length = 0;
	if (call->data.nr == SYS_connect || call->data.nr == SYS_bind) {
		read_address(call, ret);
		return;
	}
	for (size_t i = 0; i < path_calls_count && ret->path_count < 2; i++) {
		const struct path_call *row = &path_calls[i];

		if (row->number != (uint32_t)call->data.nr)
			continue;
		struct report_path *path = &ret->paths[ret->path_count];

		read_use(call, row, path);
		ret->path_count += read_path(call, row, path->text) ? 1 : 0;
	}
}
