// SPDX-License-Identifier: Apache-2.0
/* Attacks on files: single ones by path, and device nodes. The walk over the whole tree is in walk.c. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome walk_attempt(int argc, char **argv);

/* A path that is not there is an answer of its own: a mask or a missing mount is not the same as a refusal. */
static enum outcome judge_path(long ret, const char *path)
{
	if (ret < 0 && errno == ENOENT)
		return absent("%s", path);
	return judge(ret);
}

static enum outcome read_path(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/etc/shadow");
	char text[64];
	ssize_t got;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return judge_path(fd, path);
	got = read(fd, text, sizeof(text) - 1);
	if (got < 0)
		return judge(-1);
	if (got == 0)
		return absent("%s is empty", path);
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return allowed("%s: %.40s", path, text);
}

static enum outcome write_path(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/probe-write");

	return judge_path(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY), path);
}

static enum outcome create_path(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/probe-create");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return judge_path(fd, path);
	unlink(path);
	return allowed("created %s", path);
}

static enum outcome list_path(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/");
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return judge_path(-1, path);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return allowed("%s has %s", path, entry->d_name);
	return absent("%s is empty", path);
}

/* Writes back what is there: a sysctl often lets itself be opened and refuses only the write. */
static enum outcome rewrite_path(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/proc/sys/kernel/core_pattern");
	char text[4096];
	ssize_t got;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return judge_path(fd, path);
	got = read(fd, text, sizeof(text));
	if (got <= 0)
		return judge(-1);
	return judge(pwrite(fd, text, (size_t)got, 0));
}

static enum outcome chmod_path(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/probe");
	struct stat st;

	if (stat(path, &st) < 0)
		return judge_path(-1, path);
	return judge(chmod(path, st.st_mode & 07777));
}

static enum outcome chown_path(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/probe");

	return judge_path(chown(path, 12, 34), path);
}

static enum outcome try_mknod(const char *dir, mode_t type, dev_t device, int then_open)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/probe-node", dir);
	if (mknod(path, type | 0666, device) < 0)
		return judge(-1);
	if (!then_open) {
		unlink(path);
		return allowed("made %s", path);
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unlink(path);
	return judge(fd);
}

static enum outcome mknod_char(int argc, char **argv)
{
	return try_mknod(argument(argc, argv, 0, "/tmp"), S_IFCHR, makedev(1, 11), 0);
}

static enum outcome mknod_block(int argc, char **argv)
{
	return try_mknod(argument(argc, argv, 0, "/tmp"), S_IFBLK, makedev(7, 0), 0);
}

/* The node alone harms nobody: /dev/kmsg must not open either. */
static enum outcome mknod_open(int argc, char **argv)
{
	return try_mknod(argument(argc, argv, 0, "/tmp"), S_IFCHR, makedev(1, 11), 1);
}

/* Whiteouts are device 0:0 and need no CAP_MKNOD; everything else does. */
static enum outcome mknod_fifo(int argc, char **argv)
{
	return try_mknod(argument(argc, argv, 0, "/tmp"), S_IFIFO, 0, 0);
}

/*
 * The inode number of a file system's root is known (2 on ext4, 128 on xfs and btrfs' 256), so that a handle can be
 * made up: with CAP_DAC_READ_SEARCH this opens the host's "/" from any mount of the same file system.
 */
static enum outcome open_by_handle(int argc, char **argv)
{
	struct {
		struct file_handle head;
		unsigned int inode, generation;
	} handle = {.head = {.handle_bytes = 8, .handle_type = 1}};
	static const unsigned int roots[] = {2, 128, 256, 64, 32};
	int mount = open(argument(argc, argv, 0, "/"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = -1;

	if (mount < 0)
		return broken("cannot open the mount");
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]) && fd < 0; i++) {
		handle.inode = roots[i];
		fd = open_by_handle_at(mount, &handle.head, O_RDONLY | O_CLOEXEC);
	}
	return judge_reached(fd);
}

/* Runs PATH, which is another copy of this program, and tells whether it ran at all. */
static enum outcome execute_path(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/probe");
	char *const args[] = {(char *)path, "status", NULL};
	char *const env[] = {NULL};
	int status;
	pid_t child = fork();

	if (child < 0)
		return broken("fork");
	if (child == 0) {
		execve(path, args, env);
		_exit(errno);
	}
	waitpid(child, &status, 0);
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
	return judge_path(errno ? -1 : 0, path);
}

const struct attack files_attacks[] = {
	{"write-walk", walk_attempt},
	{"read", read_path},
	{"write", write_path},
	{"rewrite", rewrite_path},
	{"create", create_path},
	{"list-directory", list_path},
	{"chmod", chmod_path},
	{"chown", chown_path},
	{"mknod-char", mknod_char},
	{"mknod-block", mknod_block},
	{"mknod-open", mknod_open},
	{"mknod-fifo", mknod_fifo},
	{"open-by-handle", open_by_handle},
	{"execute", execute_path},
	{NULL, NULL},
};
