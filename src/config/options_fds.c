// SPDX-License-Identifier: Apache-2.0
/* Flags that name what the caller has open. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/options_add.h"

enum { LONGEST_NUMBER = 9 };

int options_descriptor(const struct cli_word *word, const char *number, int *ret_fd, struct error *err)
{
	size_t digits = strspn(number, "0123456789");

	if (digits == 0 || digits > LONGEST_NUMBER || number[digits] != '\0')
		return error_set(err, ERROR_USAGE, 0, "%s %s: '%s' is not the number of a descriptor", word->option,
				 word->value, number);
	int fd = (int)strtol(number, NULL, 10);
	int flags = fcntl(fd, F_GETFD);
	if (fd <= STDERR_FILENO)
		return error_set(err, ERROR_USAGE, 0, "%s %s: the standard streams are the program's", word->option,
				 word->value);
	if (flags < 0)
		return error_set(err, ERROR_USAGE, errno, "%s %s", word->option, word->value);
	/* What the caller left open came through execve(2): all others are casemate's own, or another flag's. */
	if ((flags & FD_CLOEXEC) != 0) {
		error_set(err, ERROR_USAGE, EBADF, "%s %s", word->option, word->value);
		return error_hint(err, "a descriptor is for one flag, and the caller must have it open");
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "%s %s", word->option, word->value);
	*ret_fd = fd;
	return 0;
}

static int refuse(const struct cli_word *word, const char *why, struct error *err)
{
	return error_set(err, ERROR_USAGE, 0, "%s %s: %s", word->option, word->value, why);
}

int options_open_name(const struct cli_word *word, int fd, struct arena *arena, const char **ret, struct error *err)
{
	struct stat status;
	char name[PATH_MAX];

	if (fstat(fd, &status) < 0 || fd_name(fd, name, sizeof(name)) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "%s %s", word->option, word->value);
	if (name[0] != '/') {
		refuse(word, "it is no file or directory", err);
		return error_hint(err, "--file-fd takes the data of a pipe");
	}
	if (S_ISLNK(status.st_mode))
		return refuse(word, "it is a symbolic link", err);
	if (status.st_nlink == 0) {
		refuse(word, "it was deleted", err);
		return error_hint(err, "--file-fd takes the data of a file without a name");
	}
	*ret = arena_strdup(arena, name);
	return 0;
}

int options_read(const struct cli_word *word, int fd, size_t limit, struct arena *arena, char **ret_text,
		 size_t *ret_length, struct error *err)
{
	AUTOCLOSE int own = fd;

	if (fd_read_all(own, limit, arena, ret_text, ret_length) == 0)
		return 0;
	if (errno == EFBIG)
		return error_set(err, ERROR_USAGE, 0, "%s %s: it has more than %zu bytes", word->option, word->value,
				 limit);
	error_set(err, ERROR_SYSTEM, errno, "%s %s: cannot read it", word->option, word->value);
	return errno == EBADF ? error_hint(err, "it must be open for reading, and not with O_PATH") : -1;
}
