// SPDX-License-Identifier: Apache-2.0
/* The steps that both launches of the floor have. */
#include "floor.h"
#include "freestanding.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/stat.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "floor_filter.h"

#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467 /* Linux 6.15 */
#endif

int clone_tree(const char *path, uint64_t attributes, bool recursive)
{
	unsigned long flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
	struct mount_attr attr = {.attr_set = attributes};
	long tree;

	if (attributes == 0)
		return (int)CALL3(__NR_open_tree, AT_FDCWD, path, flags);
	tree = CALL5(__NR_open_tree_attr, AT_FDCWD, path, flags, &attr, sizeof(attr));
	if (tree != -ENOSYS)
		return (int)tree;
	tree = CALL3(__NR_open_tree, AT_FDCWD, path, flags);
	if (tree >= 0)
		must(path, CALL5(__NR_mount_setattr, tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
				 sizeof(attr)));
	return (int)tree;
}

void move_to(int tree, const char *target)
{
	must(target, CALL5(__NR_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
	CALL1(__NR_close, tree);
}

void mount_type(const char *type, const char *target, unsigned long flags, const char *data)
{
	must(target, CALL5(__NR_mount, type, target, type, flags, data));
}

void make_links(void)
{
	static const char *const links[][2] = {
		{"/proc/self/fd", "/dev/fd"},       {"/proc/self/fd/0", "/dev/stdin"},
		{"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"},
		{"/proc/kcore", "/dev/core"},       {"pts/ptmx", "/dev/ptmx"},
	};

	for (unsigned i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		must(links[i][1], CALL3(__NR_symlinkat, links[i][0], AT_FDCWD, links[i][1]));
}

void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	long fd = must("socket", CALL3(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	request.ifr_flags = IFF_UP | IFF_RUNNING;
	must("loopback", CALL3(__NR_ioctl, fd, SIOCSIFFLAGS, &request));
	CALL1(__NR_close, fd);
}

void drop_bounding(uint64_t kept)
{
	for (unsigned capability = 0; capability <= CAP_LAST_CAP; capability++)
		if ((kept & 1ULL << capability) == 0)
			must("bounding set", CALL5(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0));
}

void set_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	for (unsigned i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(kept >> (32 * i));
		data[i].permitted = data[i].effective;
	}
	must("capset", CALL2(__NR_capset, &header, data));
}

/* Six places, which is what a container with a tmpfs or two has. */
void restrict_files(void)
{
	static const char *const places[] = {"/", "/proc", "/dev", "/dev/shm", "/dev/pts", "/tmp"};
	struct landlock_ruleset_attr attr = {.handled_access_fs = (LANDLOCK_ACCESS_FS_REFER << 1) - 1};
	long set = must("landlock", CALL3(__NR_landlock_create_ruleset, &attr, sizeof(attr), 0));

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		long fd = must(places[i], CALL4(__NR_openat, AT_FDCWD, places[i], O_PATH | O_CLOEXEC, 0));
		struct landlock_path_beneath_attr rule = {
			.allowed_access = i == 0 ? LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
							   LANDLOCK_ACCESS_FS_READ_DIR
						 : attr.handled_access_fs,
			.parent_fd = (int)fd,
		};

		must("landlock rule", CALL4(__NR_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0));
		CALL1(__NR_close, fd);
	}
	must("landlock", CALL2(__NR_landlock_restrict_self, set, 0));
	CALL1(__NR_close, set);
}

void load_filter(unsigned architectures)
{
	static struct sock_filter code[FILTER_MAX];
	struct sock_fprog program = {.filter = code};

	if (architectures == 0)
		return;
	program.len = (unsigned short)filter_build(code, architectures);
	must("seccomp", CALL3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

void protect_paths(unsigned count)
{
	static const char *const paths[] = {"/proc/bus",           "/proc/fs",        "/proc/irq", "/proc/sys",
					    "/proc/sysrq-trigger", "/proc/interrupts"};

	for (unsigned i = 0; i < count; i++) {
		int tree = clone_tree(paths[i], MOUNT_ATTR_RDONLY, true);

		if (tree != -ENOENT)
			move_to((int)must(paths[i], tree), paths[i]);
	}
}

/* One read-only tmpfs hides every directory: the first gets the mount itself, the others copies of it. */
static void hide_directory(const char *path, const char **first)
{
	if (*first != NULL) {
		move_to((int)must(path, clone_tree(*first, 0, false)), path);
		return;
	}
	mount_type("tmpfs", path, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "nr_blocks=1,nr_inodes=1");
	*first = path;
}

void hide_paths(void)
{
	static const char *const paths[] = {
		"/proc/acpi",       "/proc/asound",      "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
		"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"};
	const char *first = NULL;

	for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct statx st;
		long ret = CALL5(__NR_statx, AT_FDCWD, paths[i], AT_SYMLINK_NOFOLLOW, STATX_TYPE, &st);

		if (ret == -ENOENT)
			continue;
		must(paths[i], ret);
		if (S_ISDIR(st.stx_mode))
			hide_directory(paths[i], &first);
		else
			move_to((int)must(paths[i], clone_tree("/dev/null", 0, false)), paths[i]);
	}
}
