// SPDX-License-Identifier: Apache-2.0
/*
 * The launch of a host program in a user namespace of its own, with the layers of `casemate sandbox` without flags:
 * system directories read-only, own /dev, /proc, /run, /tmp and /home, masks, every namespace new, no capability, a pid
 * 1 that reaps.
 */
#include "floor.h"
#include "freestanding.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/stat.h>
#include <linux/wait.h>
#include <sys/stat.h>

enum { UMOUNT_DETACH = 2 };

static const unsigned long harmless = MS_NOSUID | MS_NODEV;
static const uint64_t read_only = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

static void map_id(const char *file, uint32_t id)
{
	char map[FLOOR_PATH], digits[12];
	const char *text = number(digits, id);

	write_file(file, PATH(map, text, " ", text, " 1\n"));
}

static void make_directory(const char *path)
{
	must(path, CALL3(__NR_mkdirat, AT_FDCWD, path, 0755));
}

static void mount_at(const char *type, const char *target, unsigned long flags, const char *data)
{
	make_directory(target);
	mount_type(type, target, flags, data);
}

static void bind_file(const char *source, const char *target, uint64_t attributes)
{
	int tree = clone_tree(source, attributes, false);
	long fd;

	if (tree == -ENOENT)
		return;
	must(source, tree);
	fd = must(target, CALL4(__NR_openat, AT_FDCWD, target, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	CALL1(__NR_close, fd);
	move_to(tree, target);
}

/* @path is absolute on the host; its place in the new root is below the current directory. */
static void show(const char *path)
{
	char parent[FLOOR_PATH];
	struct statx st;

	must(path, CALL5(__NR_statx, AT_FDCWD, path, 0, STATX_TYPE, &st));
	for (unsigned i = 1; path[i] != '\0'; i++) {
		parent[i - 1] = path[i];
		if (path[i] != '/')
			continue;
		parent[i - 1] = '\0';
		CALL3(__NR_mkdirat, AT_FDCWD, parent, 0755);
		parent[i - 1] = '/';
	}
	if (!S_ISDIR(st.stx_mode)) {
		bind_file(path, path + 1, read_only);
		return;
	}
	int tree = (int)must(path, clone_tree(path, read_only, true));
	make_directory(path + 1);
	move_to(tree, path + 1);
}

static void bind_system(const struct floor *f)
{
	static const char *const links[][2] = {
		{"usr/bin", "bin"}, {"usr/lib", "lib"}, {"usr/lib64", "lib64"}, {"usr/sbin", "sbin"}};

	show("/usr");
	for (unsigned i = 0; i < f->shown_count; i++)
		show(f->shown[i]);
	for (unsigned i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		must(links[i][1], CALL3(__NR_symlinkat, links[i][0], AT_FDCWD, links[i][1]));
}

static void bind_devices(const struct floor *f)
{
	static const char *const nodes[][2] = {
		{"/dev/null", "dev/null"}, {"/dev/zero", "dev/zero"},     {"/dev/full", "dev/full"},
		{"/dev/tty", "dev/tty"},   {"/dev/random", "dev/random"}, {"/dev/urandom", "dev/urandom"},
	};

	mount_at("tmpfs", "dev", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k");
	for (unsigned i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		bind_file(nodes[i][0], nodes[i][1], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (f->few)
		return;
	mount_at("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
	mount_at("tmpfs", "dev/shm", harmless | MS_NOEXEC, "mode=1777");
	mount_at("mqueue", "dev/mqueue", harmless | MS_NOEXEC, NULL);
}

static void build_root(const struct floor *f)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	must("root", CALL5(__NR_mount, "tmpfs", "/tmp", "tmpfs", harmless, "mode=755,size=1m"));
	must("chdir", CALL1(__NR_chdir, "/tmp"));
	bind_system(f);
	bind_devices(f);
	/* Before the old root goes: the kernel compares a new procfs with one that is visible already. */
	mount_at("proc", "proc", harmless | MS_NOEXEC, NULL);
	mount_at("tmpfs", "tmp", harmless, "mode=1777");
	if (!f->few) {
		mount_at("tmpfs", "home", harmless, "mode=755");
		mount_at("tmpfs", "run", harmless, "mode=755");
	}
	must("pivot_root", CALL2(__NR_pivot_root, ".", "."));
	must("umount", CALL2(__NR_umount2, ".", UMOUNT_DETACH));
	make_links();
	if (!f->few) {
		protect_paths(5);
		hide_paths();
	}
	must("read-only root", CALL5(__NR_mount_setattr, AT_FDCWD, "/", 0, &attr, sizeof(attr)));
}

static __attribute__((noreturn, noinline)) void workload(const struct floor *f)
{
	for (;;)
		must("execve", CALL3(__NR_execve, f->argv[0], f->argv, f->envp));
}

void enter_sandbox(const struct floor *f)
{
	long child;

	CALL5(__NR_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */, 0, 0);
	write_file("/proc/self/setgroups", "deny");
	map_id("/proc/self/uid_map", f->user);
	map_id("/proc/self/gid_map", f->user);
	must("slave mounts", CALL5(__NR_mount, NULL, "/", NULL, MS_REC | MS_SLAVE, NULL));
	build_root(f);
	must("hostname", CALL2(__NR_sethostname, "floor", 5));
	raise_loopback();
	must("setsid", CALL1(__NR_setsid, 0));
	drop_bounding(0);
	set_capabilities(0);
	must("no_new_privs", CALL5(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must("die with parent", CALL5(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	if (f->landlock)
		restrict_files();
	load_filter(f->filters);
	child = clone_child(CLONE_AS_VFORK, -1);
	if (child == 0)
		workload(f);
	for (;;)
		CALL1(__NR_exit_group, wait_for(must("clone3", child)));
}
