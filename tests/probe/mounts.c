// SPDX-License-Identifier: Apache-2.0
/* Attacks on the mount tree, by the old and by the new interface. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OLD_MS_RDONLY 1UL
#define OLD_MS_REMOUNT 32UL
#define OLD_MS_BIND 4096UL
#define OLD_MS_REC 16384UL
#define OLD_MS_SHARED (1UL << 20)
#define OLD_MNT_DETACH 2

static long raw_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	return syscall(SYS_mount, source, target, type, flags, data);
}

static enum outcome mount_type(int argc, char **argv)
{
	const char *type = argument(argc, argv, 0, "tmpfs");

	return judge_reached(raw_mount("none", argument(argc, argv, 1, "/tmp"), type, 0, NULL));
}

static enum outcome mount_remount(int argc, char **argv)
{
	return judge_reached(raw_mount(NULL, argument(argc, argv, 0, "/"), NULL, OLD_MS_REMOUNT | OLD_MS_BIND, NULL));
}

static enum outcome mount_bind(int argc, char **argv)
{
	const char *source = argument(argc, argv, 0, "/");

	return judge_reached(raw_mount(source, argument(argc, argv, 1, "/tmp"), NULL, OLD_MS_BIND | OLD_MS_REC, NULL));
}

static enum outcome mount_shared(int argc, char **argv)
{
	return judge_reached(raw_mount(NULL, argument(argc, argv, 0, "/"), NULL, OLD_MS_SHARED | OLD_MS_REC, NULL));
}

static enum outcome umount_path(int argc, char **argv)
{
	return judge_reached(syscall(SYS_umount2, argument(argc, argv, 0, "/proc"), OLD_MNT_DETACH));
}

/* Every mount over something else may hide it: none may go away. */
static enum outcome umount_all(int argc, char **argv)
{
	char line[4096];
	char path[4096];
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	int tried = 0;

	(void)argc;
	(void)argv;
	if (!mounts)
		return broken("cannot read the mounts");
	while (fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*d %*d %*s %*s %4095s", path) != 1)
			continue;
		tried++;
		if (syscall(SYS_umount2, path, OLD_MNT_DETACH) == 0)
			return allowed("unmounted %s", path);
	}
	return denied("%d mounts", tried);
}

static enum outcome pivot(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return judge_reached(syscall(SYS_pivot_root, ".", "."));
}

/* The classic way out: a second root while the working directory stays above it. */
static enum outcome chroot_escape(int argc, char **argv)
{
	const char *inner = argument(argc, argv, 0, "/tmp");

	if (chdir("/") < 0)
		return broken("chdir");
	if (syscall(SYS_chroot, inner) < 0)
		return judge(-1);
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			break;
	return allowed("chroot to %s", inner);
}

static enum outcome new_fsopen(int argc, char **argv)
{
	return judge_reached(syscall(SYS_fsopen, argument(argc, argv, 0, "tmpfs"), 0));
}

static enum outcome new_fspick(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return judge_reached(syscall(SYS_fspick, AT_FDCWD, "/", 0));
}

static enum outcome new_open_tree(int argc, char **argv)
{
	return judge_reached(syscall(SYS_open_tree, AT_FDCWD, argument(argc, argv, 0, "/"),
				     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
}

static enum outcome new_move_mount(int argc, char **argv)
{
	return judge_reached(syscall(SYS_move_mount, AT_FDCWD, argument(argc, argv, 0, "/proc"), AT_FDCWD,
				     argument(argc, argv, 1, "/tmp"), 0));
}

static enum outcome new_mount_setattr(int argc, char **argv)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};

	return judge_reached(
		syscall(SYS_mount_setattr, AT_FDCWD, argument(argc, argv, 0, "/"), 0, &attr, sizeof(attr)));
}

const struct attack mounts_attacks[] = {
	{"mount", mount_type},
	{"mount-remount", mount_remount},
	{"mount-bind", mount_bind},
	{"mount-shared", mount_shared},
	{"umount", umount_path},
	{"umount-all", umount_all},
	{"pivot-root", pivot},
	{"chroot", chroot_escape},
	{"fsopen", new_fsopen},
	{"fspick", new_fspick},
	{"open-tree", new_open_tree},
	{"move-mount", new_move_mount},
	{"mount-setattr", new_mount_setattr},
	{NULL, NULL},
};
