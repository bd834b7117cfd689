// SPDX-License-Identifier: Apache-2.0
/* The launch of a bundle as `runc spec` writes it, or as Docker does with -d. */
#include "floor.h"
#include "freestanding.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/stat.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { MAX_BINDS = 1000, UMOUNT_DETACH = 2 };

static const uint64_t locked_down = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/* Detached trees, opened while the host's files can still be seen. The child shares its memory with the sleeping
 * parent. */
static int bind_trees[MAX_BINDS];
static int hierarchy_trees[FLOOR_MAX_HIERARCHIES];

static void join_cgroups(const struct floor *f)
{
	char path[FLOOR_PATH];

	/* "0" into tasks: a pid into cgroup.procs waits for a grace period of RCU, which is 8 to 11 ms. */
	for (unsigned i = 0; !f->cgroup2 && i < f->hierarchy_count; i++)
		if (makes_cgroup(f, i))
			write_file(PATH(path, "/sys/fs/cgroup/", f->hierarchies[i], "/", f->join, "/tasks"), "0");
}

static void open_sources(const struct floor *f)
{
	char path[FLOOR_PATH], digits[12];

	for (unsigned i = 0; i < f->binds && i < MAX_BINDS; i++)
		bind_trees[i] = (int)must("bind source", clone_tree(PATH(path, f->bundle, "/src/", number(digits, i)),
								    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true));
	for (unsigned i = 0; i < f->hierarchy_count; i++) {
		PATH(path, "/sys/fs/cgroup/", f->hierarchies[i], "/", makes_cgroup(f, i) ? f->join : "");
		hierarchy_trees[i] = (int)must("cgroup source", clone_tree(path, locked_down, false));
	}
}

static void enter_root(const struct floor *f)
{
	char path[FLOOR_PATH];
	int tree = (int)must("rootfs",
			     clone_tree(PATH(path, f->bundle, "/rootfs"), f->writable ? 0 : MOUNT_ATTR_RDONLY, true));

	move_to(tree, path);
	must("chdir", CALL1(__NR_chdir, path));
	must("pivot_root", CALL2(__NR_pivot_root, ".", "."));
	must("umount", CALL2(__NR_umount2, ".", UMOUNT_DETACH));
}

static void mount_filesystems(void)
{
	static const char *const directories[] = {"/dev/pts", "/dev/shm", "/dev/mqueue"};
	unsigned long harmless = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	mount_type("proc", "/proc", 0, NULL);
	mount_type("tmpfs", "/dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	for (unsigned i = 0; i < 3; i++)
		must(directories[i], CALL3(__NR_mkdirat, AT_FDCWD, directories[i], 0755));
	mount_type("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount_type("tmpfs", "/dev/shm", harmless, "mode=1777,size=65536k");
	mount_type("mqueue", "/dev/mqueue", harmless, NULL);
	mount_type("sysfs", "/sys", harmless | MS_RDONLY, NULL);
}

static void mount_cgroups(const struct floor *f)
{
	char path[FLOOR_PATH];
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (f->cgroup2) {
		mount_type("cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY | MS_RELATIME,
			   NULL);
		return;
	}
	mount_type("tmpfs", "/sys/fs/cgroup", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=755");
	for (unsigned i = 0; i < f->hierarchy_count; i++) {
		PATH(path, "/sys/fs/cgroup/", f->hierarchies[i]);
		must(path, CALL3(__NR_mkdirat, AT_FDCWD, path, 0755));
		move_to(hierarchy_trees[i], path);
	}
	must("cgroup", CALL5(__NR_mount_setattr, AT_FDCWD, "/sys/fs/cgroup", 0, &attr, sizeof(attr)));
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned device;
	} nodes[] = {{"/dev/null", 0x103}, {"/dev/zero", 0x105},   {"/dev/full", 0x107},
		     {"/dev/tty", 0x500},  {"/dev/random", 0x108}, {"/dev/urandom", 0x109}};

	CALL1(__NR_umask, 0);
	for (unsigned i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		must(nodes[i].path, CALL4(__NR_mknodat, AT_FDCWD, nodes[i].path, S_IFCHR | 0666, nodes[i].device));
	make_links();
	CALL1(__NR_umask, 022);
}

static void mount_binds(const struct floor *f)
{
	char path[FLOOR_PATH], digits[12];

	for (unsigned i = 0; i < f->binds && i < MAX_BINDS; i++)
		move_to(bind_trees[i], PATH(path, "/b/", number(digits, i)));
}

static void become_user(const struct floor *f)
{
	struct rlimit files = {1024, 1024};

	must("rlimit", CALL4(__NR_prlimit64, 0, RLIMIT_NOFILE, &files, NULL));
	must("setgroups", CALL2(__NR_setgroups, 0, NULL));
	must("setresgid", CALL3(__NR_setresgid, f->user, f->user, f->user));
	must("setresuid", CALL3(__NR_setresuid, f->user, f->user, f->user));
}

static void confine(const struct floor *f)
{
	/* runc spec: KILL, NET_BIND_SERVICE, AUDIT_WRITE. Docker: fourteen. */
	uint64_t kept = f->docker ? 0xa80425fbULL : 1ULL << 5 | 1ULL << 10 | 1ULL << 29;

	drop_bounding(f->user != 0 ? 0 : kept);
	become_user(f);
	set_capabilities(f->user != 0 ? 0 : kept);
	must("no_new_privs", CALL5(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (f->landlock)
		restrict_files();
	load_filter(f->filters);
}

void enter_container(const struct floor *f)
{
	CALL5(__NR_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */, 0, 0);
	join_cgroups(f);
	must("private mounts", CALL5(__NR_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	open_sources(f);
	enter_root(f);
	mount_filesystems();
	mount_cgroups(f);
	make_devices();
	mount_binds(f);
	protect_paths(f->docker ? 6 : 5);
	hide_paths();
	must("hostname", CALL2(__NR_sethostname, "floor", 5));
	raise_loopback();
	must("keyring", CALL2(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
	must("chdir", CALL1(__NR_chdir, "/"));
	confine(f);
	for (;;)
		must("execve", CALL3(__NR_execve, f->argv[0], f->argv, f->envp));
}
