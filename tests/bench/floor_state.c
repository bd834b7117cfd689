// SPDX-License-Identifier: Apache-2.0
/*
 * What a runtime does beside the container: it runs from a read-only view of its file (CVE-2019-5736), and keeps a
 * state that others can ask for and that is there before anything is made: see floor.c.
 */
#include "floor.h"
#include "freestanding.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

enum { CONFIG_BYTES = 1 << 16 };

/* As long as what casemate writes. */
static const char record[512] = {[0 ... 510] = 'x'};

static int states, state;

static void enter_view(char **argv, char **envp)
{
	static struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	struct statfs fs;

	must("statfs", CALL2(__NR_statfs, "/proc/self/exe", &fs));
	if ((fs.f_flags & ST_RDONLY) != 0)
		return;
	long view = must("view", CALL3(__NR_open_tree, AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE));
	must("view", CALL5(__NR_mount_setattr, view, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
	must("execveat", CALL5(__NR_execveat, view, "", argv, envp, AT_EMPTY_PATH));
}

static void write_new(const char *name, const char *text, size_t length)
{
	long file = must(name, CALL4(__NR_openat, state, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));

	must(name, CALL3(__NR_write, file, text, length));
	CALL1(__NR_close, file);
}

static void write_record(void)
{
	write_new("state.json.new", record, sizeof(record));
	must("state", CALL4(__NR_renameat, state, "state.json.new", state, "state.json"));
}

static void copy_config(const struct floor *f)
{
	static char text[CONFIG_BYTES], path[FLOOR_PATH];

	PATH(path, f->bundle, "/", f->config, "/config.json");
	long file = must(path, CALL4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0));
	long length = must(path, CALL3(__NR_read, file, text, sizeof(text)));
	CALL1(__NR_close, file);
	write_new("config.json", text, (size_t)length);
}

void state_begin(struct floor *f, char **argv)
{
	if (f->config == NULL)
		return;
	enter_view(argv, f->envp);
	CALL3(__NR_mkdirat, AT_FDCWD, "/run/floor", 0700);
	states = (int)must("state", CALL4(__NR_openat, AT_FDCWD, "/run/floor", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
	must("state", CALL3(__NR_mkdirat, states, f->join, 0700));
	state = (int)must("state", CALL4(__NR_openat, states, f->join, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
	must("state", CALL2(__NR_flock, state, LOCK_EX));
	copy_config(f);
	write_record();
	must("socketpair", CALL4(__NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, f->talk));
}

/* The child's end is closed by its execve(2). */
void state_running(const struct floor *f)
{
	char byte;

	if (f->config == NULL)
		return;
	CALL1(__NR_close, f->talk[1]);
	must("the child", CALL3(__NR_read, f->talk[0], &byte, sizeof(byte)));
	write_record();
	must("state", CALL2(__NR_flock, state, LOCK_UN));
}

void state_end(const struct floor *f)
{
	if (f->config == NULL)
		return;
	must("state", CALL2(__NR_flock, state, LOCK_EX));
	must("state", CALL3(__NR_unlinkat, state, "config.json", 0));
	must("state", CALL3(__NR_unlinkat, state, "state.json", 0));
	must("state", CALL3(__NR_unlinkat, states, f->join, AT_REMOVEDIR));
}
