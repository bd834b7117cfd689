// SPDX-License-Identifier: Apache-2.0
/*
 * What the kernel defines and the headers of a supported distribution may lack, with the kernel version that added it.
 * Whether the running kernel has it is asked at run time.
 */
#ifndef CASEMATE_BASE_KERNEL_H
#define CASEMATE_BASE_KERNEL_H

#include <linux/types.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* 5.6 */
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000 /* 5.2 */
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL /* 5.7 */
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000 /* 5.14 */
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* 6.3 */
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65 /* 6.3 */
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U /* 6.8 */
#endif
#ifndef SYS_listmount
#define SYS_listmount 458 /* 6.8, on every architecture */
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467 /* 6.15, on every architecture */
#endif
#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25) /* 4.0 */
#endif

/* Landlock, ABI 4 (6.7), 5 (6.10), 6 (6.12); Debian 12's headers stop at ABI 2 */
#define KERNEL_LANDLOCK_FS_REFER (1ULL << 13)     /* ABI 2, 5.19 */
#define KERNEL_LANDLOCK_FS_TRUNCATE (1ULL << 14)  /* ABI 3, 6.2 */
#define KERNEL_LANDLOCK_FS_IOCTL_DEV (1ULL << 15) /* ABI 5, 6.10 */
#define KERNEL_LANDLOCK_NET_BIND_TCP (1ULL << 0)
#define KERNEL_LANDLOCK_NET_CONNECT_TCP (1ULL << 1)
#define KERNEL_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define KERNEL_LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#define KERNEL_LANDLOCK_RULE_PATH_BENEATH 1
#define KERNEL_LANDLOCK_RULE_NET_PORT 2

struct kernel_landlock_ruleset {
	__u64 handled_access_fs;
	__u64 handled_access_net; /* ABI 4 */
	__u64 scoped;             /* ABI 6 */
};
struct kernel_landlock_path {
	__u64 allowed_access;
	__s32 parent_fd;
} __attribute__((packed));
struct kernel_landlock_port {
	__u64 allowed_access;
	__u64 port;
};

/* listmount(2), 6.8 */
struct kernel_mnt_id_req {
	__u32 size;
	__u32 spare;
	__u64 mnt_id;
	__u64 param;
};

/* sched_setattr(2); glibc has had it only since 2.41 */
struct kernel_sched_attr {
	__u32 size;
	__u32 sched_policy;
	__u64 sched_flags;
	__s32 sched_nice;
	__u32 sched_priority;
	__u64 sched_runtime;
	__u64 sched_deadline;
	__u64 sched_period;
};

/* MAX_ERRNO: the largest error that a system call returns; the kernel makes it of what a filter says above it. */
enum { KERNEL_MAX_ERRNO = 4095 };

#endif
