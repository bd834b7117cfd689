// SPDX-License-Identifier: Apache-2.0
/* Flags that name what the caller has open. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/options_add.h"

#ifndef CGROUP_SUPER_MAGIC
#define CGROUP_SUPER_MAGIC 0x27e0eb
#endif

enum { LONGEST_NUMBER = 9 };

/* Not in linux/magic.h, or only in a new one. Before Linux 6.16 a pidfd says that it is a file. */
enum { PIDFS = 0x50494446, CONFIGFS = 0x62656570, FUSECTL = 0x65735543 };

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
	if (flags < 0) {
		error_set(err, ERROR_USAGE, errno, "%s %s", word->option, word->value);
		return error_hint(err, "the caller must have it open, as a shell does by %d<FILE or %d>FILE", fd, fd);
	}
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

/* Files through which the kernel or other processes are reached. */
static bool is_of_kernel(int fd)
{
	static const uint32_t magics[] = {PROC_SUPER_MAGIC,     SYSFS_MAGIC,   CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
					  NSFS_MAGIC,           DEBUGFS_MAGIC, TRACEFS_MAGIC,      SECURITYFS_MAGIC,
					  BPF_FS_MAGIC,         SELINUX_MAGIC, EFIVARFS_MAGIC,     PSTOREFS_MAGIC,
					  SMACK_MAGIC,          PIDFS,         CONFIGFS,           FUSECTL,
					  RDTGROUP_SUPER_MAGIC, BINFMTFS_MAGIC};
	struct statfs status;

	if (fstatfs(fd, &status) < 0)
		return true;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if ((uint32_t)status.f_type == magics[i])
			return true;
	return false;
}

/*
 * A file in memory lies in no mount that Landlock could see: who has it may open it by its name below /proc/self/fd for
 * everything that its seals do not forbid.
 */
static bool can_be_opened_for_more(int fd, int flags)
{
	static const int sealed = F_SEAL_SHRINK | F_SEAL_GROW;
	static const char *const names[] = {"/memfd:", "/SYSV", "/dev/zero (deleted)", "/anon_hugepage"};
	char name[PATH_MAX];
	bool in_memory = fd_name(fd, name, sizeof(name)) < 0;
	int seals = fcntl(fd, F_GET_SEALS);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		in_memory = in_memory || strncmp(name, names[i], strlen(names[i])) == 0;
	if (!in_memory || (flags & O_ACCMODE) == O_RDWR)
		return false;
	return (flags & O_ACCMODE) == O_WRONLY || seals < 0 || (seals & sealed) != sealed ||
	       (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) == 0;
}

/* A directory shows all that is around it, whatever is mounted inside. */
static int check_kept(const struct cli_word *word, int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat status;

	if (flags < 0 || fstat(fd, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "%s %s", word->option, word->value);
	if ((flags & O_PATH) != 0)
		return refuse(word, "it is opened with O_PATH", err);
	if (S_ISDIR(status.st_mode)) {
		refuse(word, "it is a directory, from which all of the host can be reached", err);
		return error_hint(err, "--ro-fd and --rw-fd show it at a place of the sandbox");
	}
	if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode))
		return refuse(word, "it is no file, pipe or socket", err);
	if (S_ISREG(status.st_mode) && is_of_kernel(fd))
		return refuse(word, "it is a file of the kernel", err);
	if (!S_ISREG(status.st_mode) || !can_be_opened_for_more(fd, flags))
		return 0;
	refuse(word, "it is a file in memory, which the program could open for more than it is open for", err);
	return error_hint(err,
			  "seal it (F_SEAL_WRITE, F_SEAL_GROW, F_SEAL_SHRINK), or open it for reading and writing");
}

int options_check_streams(struct error *err)
{
	static const char *const names[] = {"input", "output", "error"};
	struct stat status;

	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
		if (fstat(stream, &status) < 0 || !S_ISDIR(status.st_mode))
			continue;
		error_set(err, ERROR_USAGE, 0, "standard %s is a directory, from which all of the host can be reached",
			  names[stream]);
		return error_hint(err, "--ro and --rw show it at a place of the sandbox");
	}
	return 0;
}

int options_add_kept(const struct adding *a, const cli_words *words, struct error *err)
{
	if (words->count > KEPT_FDS)
		return error_set(err, ERROR_USAGE, 0, "--keep-fd: more than %d descriptors", KEPT_FDS);
	for (size_t i = 0; i < words->count; i++) {
		int fd;

		TRY(options_descriptor(&words->at[i], words->at[i].value, &fd, err));
		TRY(check_kept(&words->at[i], fd, err));
		*LIST_ADD(a->arena, &a->request->sandbox.kept) = (uint32_t)fd;
	}
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
