// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_control.h"
#include "parts/cgroup_walk.h"

#ifndef CGROUP_SUPER_MAGIC
#define CGROUP_SUPER_MAGIC 0x27e0eb
#endif

enum {
	RACES = 20,         /* others may remove a directory between our finding and our using it */
	PATIENCE_MS = 5000, /* for processes that were killed to be gone */
	PROCS_TEXT = 4096,
	LEFTOVER_MS = 2000, /* for the first process of a launcher that died to die as well */
};

static const uint64_t beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;

static int open_below(int dir, const char *name, uint64_t flags)
{
	return sys_openat2(dir, name, flags, 0, beneath);
}

/* What is mounted there must be what the plan thinks: elsewhere, names such as "tasks" are files like any other. */
static int open_root(const struct plan_cgroup *plan, size_t hierarchy, struct error *err)
{
	const char *path = plan->hierarchies.at[hierarchy].directory;
	uint32_t magic = plan->driver == CGROUP_V2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
	AUTOCLOSE int root = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	struct statfs fs;

	if (root < 0 || fstatfs(root, &fs) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the cgroup hierarchy '%s'", path);
	if ((uint32_t)fs.f_type != magic)
		return error_set(err, ERROR_HOST, 0, "'%s' is not a cgroup hierarchy", path);
	return fd_take(&root);
}

/* ---- files */

int cgroup_tree_read(int dir, const char *name, char *text, size_t size)
{
	AUTOCLOSE int fd = open_below(dir, name, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (length < 0)
		return -1;
	text[length] = '\0';
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return 0;
}

uint64_t cgroup_tree_number(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, key, length) == 0 && at[length] == ' ')
			return strtoull(at + length, NULL, 10);
	}
	return 0;
}

static const struct {
	const char *file; /* how its name begins */
	int errnum;
	const char *remedy;
} remedies[] = {
	{"memory.memsw.", ENOENT, "this kernel does not count swap: boot it with swapaccount=1"},
	{"memory.swap.", ENOENT, "this kernel does not count swap: boot it with swapaccount=1"},
	{"cpu.rt_", ENOENT, "this kernel has no real-time budgets (CONFIG_RT_GROUP_SCHED); leave it out"},
	{"cpu.rt_", EINVAL, "the cgroup above has less: write its cpu.rt_runtime_us first"},
	{"blkio.", ENOENT, "this kernel has no weights of block devices (CONFIG_BFQ_GROUP_IOSCHED); leave it out"},
	{"io.weight", ENOENT, "this kernel has no weights of block devices (CONFIG_BFQ_GROUP_IOSCHED); leave it out"},
	{"blkio.", ENODEV, "there is no such block device"},
	{"io.", ENODEV, "there is no such block device"},
	{"rdma.", ENODEV, "there is no such RDMA device"},
	{"net_prio.", ENODEV, "there is no such network interface"},
	{"memory.", EBUSY, "the container needs more than that now"},
	{"cpuset.", EACCES, "the cgroup above must have these CPUs and memory nodes as well"},
	{"", ENOENT, "this kernel does not have the limit; leave it out"},
};

static int write_error(const char *name, const char *value, origin from, struct error *err)
{
	int reason = errno;

	error_set(err, reason == ENOENT ? ERROR_HOST : ERROR_SYSTEM, reason,
		  "%s: cannot write '%s' into '%s' of the cgroup", from, value, name);
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (remedies[i].errnum == reason && strncmp(name, remedies[i].file, strlen(remedies[i].file)) == 0)
			return error_hint(err, "%s", remedies[i].remedy);
	return -1;
}

int cgroup_tree_write(int dir, const char *name, const char *value, origin from, struct error *err)
{
	return fd_write_file(dir, name, value) == 0 ? 0 : write_error(name, value, from, err);
}

int cgroup_tree_write_file(int dir, const struct plan_cgroup_file *file, struct error *err)
{
	if (fd_write_file(dir, file->name, file->value) == 0)
		return 0;
	if (errno != ENOENT || file->fallback == NULL)
		return write_error(file->name, file->value, file->from, err);
	return cgroup_tree_write(dir, file->fallback, file->fallback_value, file->from, err);
}

/* ---- making */

static int make_error(const struct plan_cgroup *plan, size_t hierarchy, struct error *err)
{
	int reason = errno;

	error_set(err, reason == EACCES || reason == EPERM || reason == EROFS ? ERROR_HOST : ERROR_SYSTEM, reason,
		  "%s: cannot make the cgroup '%s%s'", plan->from, plan->hierarchies.at[hierarchy].directory,
		  plan->path);
	if (reason == EACCES || reason == EPERM)
		return error_hint(err, "run it as root, or in a cgroup that is delegated to you: "
				       "systemd-run --user --scope -p Delegate=yes (sandbox: or --limits rlimit)");
	return reason == EROFS ? error_hint(err, "the cgroup file system is read-only here") : -1;
}

/* A fresh directory has no limits of somebody else, and rmdir(2) is the kernel's own test for "nobody uses it". */
static int make_last(const struct plan_cgroup *plan, int parent, const char *name)
{
	if (sys_mkdirat(parent, name, 0755) == 0)
		return 0;
	if (errno == EEXIST && plan->fresh)
		errno = EBUSY;
	if (errno != EEXIST || sys_unlinkat(parent, name, AT_REMOVEDIR) < 0)
		return -1;
	return sys_mkdirat(parent, name, 0755);
}

/* Usually it is there: looking first is one call less, and takes no lock of the file system. */
static int open_parent(int parent, const char *name, uint8_t *made)
{
	int dir = open_below(parent, name, O_PATH | O_DIRECTORY);

	if (dir >= 0 || errno != ENOENT)
		return dir;
	if (sys_mkdirat(parent, name, 0755) == 0)
		(*made)++;
	else if (errno != EEXIST)
		return -1;
	return open_below(parent, name, O_PATH | O_DIRECTORY);
}

/* Who has the number lives, or it is nobody's; and rmdir(2) takes only what nobody is in. */
static void remove_leftovers(int parent, const char *prefix)
{
	int copy = open_below(parent, ".", O_RDONLY | O_DIRECTORY);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	size_t length = strlen(prefix);

	if (list == NULL) {
		fd_close(&copy);
		return;
	}
	while ((entry = readdir(list)) != NULL) {
		long pid = strncmp(entry->d_name, prefix, length) == 0 ? strtol(entry->d_name + length, NULL, 10) : 0;

		if (pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
			(void)sys_unlinkat(parent, entry->d_name, AT_REMOVEDIR);
	}
	closedir(list);
}

static int open_last(const struct plan_cgroup *plan, int parent, const char *name, uint8_t *made)
{
	if (plan->leftovers != NULL)
		remove_leftovers(parent, plan->leftovers);
	if (make_last(plan, parent, name) < 0)
		return -1;
	(*made)++;
	return open_below(parent, name, O_PATH | O_DIRECTORY);
}

/* A cgroup with processes in it is a service or another container: below it their limits would be shared, and they
 * could not be removed. One that only groups others is what engines choose. */
static int check_parent(const struct plan_cgroup *plan, size_t index, int dir, struct error *err)
{
	char first;
	AUTOCLOSE int fd = index < plan->strangers ? -1 : open_below(dir, "cgroup.procs", O_RDONLY);

	if (index < plan->strangers || (fd >= 0 && read(fd, &first, 1) == 0))
		return 0;
	error_set(err, ERROR_REFUSED, 0, "%s: the cgroup '%s' lies below one that holds processes of others",
		  plan->from, plan->path);
	return error_hint(err, "choose another linux.cgroupsPath");
}

static int enter_level(const struct plan_cgroup *plan, bool last, const struct cgroup_level *level, cgroup_enter *enter,
		       struct run *run, struct error *err)
{
	if (!last)
		TRY(check_parent(plan, level->depth, level->dir, err));
	return enter == NULL ? 0 : enter(plan, run, level, err);
}

/* The container that had it made may have ended: then it is made again. */
static bool is_gone(int dir)
{
	return faccessat(dir, "cgroup.procs", F_OK, 0) < 0 && (errno == ENOENT || errno == ENODEV);
}

/* One attempt. Returns the last directory, -1 with the error filled, or -2 with errno where a step on the way failed.
 */
static int make_path(const struct plan_cgroup *plan, int root, size_t hierarchy, cgroup_enter *enter, struct run *run,
		     struct error *err)
{
	AUTOCLOSE int own = -1, above = -1;
	int parent = root;
	uint8_t *made = &run->cgroup_made[hierarchy];

	for (size_t i = 0; parent >= 0 && i < plan->components.count; i++) {
		const char *name = plan->components.at[i];
		bool last = i + 1 == plan->components.count;

		int dir = last ? open_last(plan, parent, name, made) : open_parent(parent, name, made);
		if (dir >= 0 &&
		    enter_level(plan, last, &(struct cgroup_level){parent, dir, (uint8_t)i}, enter, run, err) < 0) {
			int failed = is_gone(dir) ? -2 : -1;
			fd_close(&dir);
			return failed;
		}
		fd_close(&above);
		above = own;
		own = parent = dir;
	}
	if (own < 0)
		return -2;
	run->cgroup_parent[hierarchy] = fd_take(&above);
	return fd_take(&own);
}

int cgroup_tree_make(const struct plan_cgroup *plan, size_t hierarchy, cgroup_enter *enter, struct run *run,
		     struct error *err)
{
	AUTOCLOSE int root = open_root(plan, hierarchy, err);
	int dir = -2;

	if (root < 0)
		return -1;
	for (int i = 0; i < RACES && dir == -2; i++) {
		dir = make_path(plan, root, hierarchy, enter, run, err);
		if (dir == -2 && errno != ENOENT && errno != ENODEV)
			break;
	}
	if (dir >= 0 && run->cgroup_parent[hierarchy] < 0)
		run->cgroup_parent[hierarchy] = fd_take(&root);
	if (dir != -2)
		return dir;
	if (errno == EBUSY || errno == ENOTEMPTY || errno == ENOTDIR) {
		error_set(err, ERROR_HOST, 0, "%s: the cgroup '%s%s' is in use already", plan->from,
			  plan->hierarchies.at[hierarchy].directory, plan->path);
		return error_hint(err, "choose another id or linux.cgroupsPath");
	}
	return make_error(plan, hierarchy, err);
}

/* ---- removing */

/* The processes of @dir itself; those that are not in our pid namespace are listed as 0. The caller comes back for
 * more. */
static void kill_each(int dir)
{
	char text[PROCS_TEXT], *at = text, *line;

	if (cgroup_tree_read(dir, "cgroup.procs", text, sizeof(text)) < 0)
		return;
	/* Where the text is full, its last number may be cut, and another process. */
	if (strlen(text) == sizeof(text) - 1)
		*strrchr(text, '\n') = '\0';
	while ((line = strsep(&at, "\n")) != NULL) {
		long pid = strtol(line, NULL, 10);

		if (pid > 0)
			(void)sys_kill((pid_t)pid, SIGKILL);
	}
}

static bool is_removed(int parent, const char *name)
{
	return sys_unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

/* cgroup.kill takes the cgroups below with it, and no fork escapes it (5.14, v2 only). */
static void kill_in(int dir)
{
	if (fd_write_file(dir, "cgroup.kill", "1") < 0)
		kill_each(dir);
}

/* The container makes its cgroups as deep as it likes. */
static int kill_below(int parent, const char *name, void *context, struct error *err)
{
	AUTOCLOSE int dir = -1;

	(void)context;
	(void)err;
	if (is_removed(parent, name) || (errno != EBUSY && errno != ENOTEMPTY))
		return 0;
	dir = open_below(parent, name, O_PATH | O_DIRECTORY);
	if (dir >= 0)
		kill_in(dir);
	return dir >= 0;
}

static void remove_empty_one(int parent, const char *name)
{
	(void)is_removed(parent, name);
}

static const struct cgroup_walker remover = {kill_below, remove_empty_one};

/* Kills what is in it and below. Fails with EBUSY as long as something of that is not gone yet. */
static int remove_tree(int parent, const char *name)
{
	struct error ignored;

	if (is_removed(parent, name))
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -1;
	AUTOCLOSE int dir = open_below(parent, name, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return -1;
	kill_in(dir);
	(void)cgroup_walk(dir, &remover, NULL, &ignored);
	return is_removed(parent, name) ? 0 : -1;
}

static int remove_patiently(const struct plan_cgroup *plan, int parent, const char *name)
{
	struct timespec pause = {.tv_nsec = 1000000};
	int waited = 0;

	/* All that was in it has usually ended. */
	if (sys_unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	/* What is frozen cannot die. */
	cgroup_let_die(plan);
	while (remove_tree(parent, name) < 0) {
		if ((errno != EBUSY && errno != ENOTEMPTY) || waited >= PATIENCE_MS)
			return -1;
		nanosleep(&pause, NULL);
		waited += (int)(pause.tv_nsec / 1000000);
		pause.tv_nsec = pause.tv_nsec < 32000000 ? pause.tv_nsec * 2 : pause.tv_nsec;
	}
	return 0;
}

/* The directory of the first @count components. */
static int open_path(const struct plan_cgroup *plan, int root, size_t count)
{
	char path[PATH_MAX] = ".";
	size_t length = 1;

	for (size_t i = 0; i < count; i++) {
		int more = snprintf(path + length, sizeof(path) - length, "/%s", plan->components.at[i]);

		if (more < 0 || (size_t)more >= sizeof(path) - length) {
			errno = ENAMETOOLONG;
			return -1;
		}
		length += (size_t)more;
	}
	return open_below(root, path, O_PATH | O_DIRECTORY);
}

int cgroup_tree_open(const struct plan_cgroup *plan, size_t hierarchy, size_t depth, struct error *err)
{
	AUTOCLOSE int root = open_root(plan, hierarchy, err);
	int dir = root < 0 ? -1 : open_path(plan, root, depth);

	if (root >= 0 && dir < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the cgroup above '%s'", plan->path);
	return dir;
}

/* Parents that others use by now are theirs. */
static void remove_parent(const struct plan_cgroup *plan, int root, size_t index)
{
	AUTOCLOSE int parent = index == 0 ? -1 : open_path(plan, root, index);

	if (index == 0 || parent >= 0)
		(void)sys_unlinkat(index == 0 ? root : parent, plan->components.at[index], AT_REMOVEDIR);
}

int cgroup_tree_remove(const struct plan_cgroup *plan, size_t hierarchy, struct run *run, struct error *err)
{
	size_t last = plan->components.count - 1;
	uint8_t made = run->cgroup_made[hierarchy];
	AUTOCLOSE int parent = fd_take(&run->cgroup_parent[hierarchy]);
	AUTOCLOSE int root = -1;
	int result = 0;

	run->cgroup_made[hierarchy] = 0;
	if (made == 0)
		return 0;
	/* Whoever made it has its parent open still, and needs no more where the parent stays. */
	if (parent < 0 || made > 1 || plan->ours > 0) {
		root = open_root(plan, hierarchy, err);
		if (root < 0)
			return -1;
	}
	if (parent < 0)
		parent = open_path(plan, root, last);
	/* `delete` of a container that still ran has removed it. */
	if (parent < 0 && errno == ENOENT)
		return 0;
	if (parent < 0 || remove_patiently(plan, parent, plan->components.at[last]) < 0)
		result = error_set(err, ERROR_SYSTEM, errno, "cannot remove the cgroup '%s%s'",
				   plan->hierarchies.at[hierarchy].directory, plan->path);
	for (size_t i = last; root >= 0 && i-- > 0;)
		if (i < plan->ours || i + made > last)
			remove_parent(plan, root, i);
	return result;
}

/* Of a launcher that made room for the container in a cgroup that is delegated to its user (cgroup_v2.c). */
static void remove_leaf(const struct plan_cgroup *plan, int root, size_t depth)
{
	AUTOCLOSE int dir = open_path(plan, root, depth);
	char name[CGROUP_LEAF_NAME];

	if (dir >= 0)
		(void)sys_unlinkat(dir, cgroup_leaf_name(plan, name), AT_REMOVEDIR);
}

/* Nothing is killed: it may be the cgroup of somebody else, because of whom the launch failed. */
static void remove_empty(int parent, const char *name)
{
	static const struct timespec pause = {.tv_nsec = 10000000};

	for (int waited = 0; sys_unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno == EBUSY && waited < LEFTOVER_MS;
	     waited += 10)
		nanosleep(&pause, NULL);
}

void cgroup_tree_clear(const struct plan_cgroup *plan, size_t hierarchy, bool unfinished)
{
	size_t last = plan->components.count - 1;
	struct error ignored;
	AUTOCLOSE int root = open_root(plan, hierarchy, &ignored);
	AUTOCLOSE int parent = root < 0 || !unfinished ? -1 : open_path(plan, root, last);

	if (parent >= 0)
		remove_empty(parent, plan->components.at[last]);
	for (size_t i = last + 1; root >= 0 && i-- > 0;) {
		if (plan->driver == CGROUP_V2)
			remove_leaf(plan, root, i);
		if (unfinished && i < plan->ours)
			remove_parent(plan, root, i);
	}
}

const char *cgroup_leaf_name(const struct plan_cgroup *plan, char name[CGROUP_LEAF_NAME])
{
	snprintf(name, CGROUP_LEAF_NAME, "%s.launcher", plan->components.at[plan->components.count - 1]);
	return name;
}
