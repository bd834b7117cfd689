// SPDX-License-Identifier: Apache-2.0
/*
 * Every system call that a launch makes, one thin function each: 0, a descriptor or a count on success, -1 and errno on
 * failure. Nothing here decides. Unit tests link tests/unit/fake_sys.c instead, record the calls and let each fail
 * once. The man page of the call is the documentation.
 */
#ifndef CASEMATE_BASE_SYS_H
#define CASEMATE_BASE_SYS_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/kernel.h"

/* processes */
pid_t sys_clone(uint64_t flags, int cgroup, int *ret_pidfd); /* clone3(2), fork-like; @cgroup -1 or a v2 directory */
pid_t sys_clone_told(uint64_t flags, int cgroup, volatile pid_t *ret_pid); /* *@ret_pid is there before it runs */
/*
 * As vfork(2): @child runs in the caller's memory and on its stack, with descriptors and namespaces of its own, and
 * does not return; the caller goes on when it has ended. @cgroup as above.
 */
pid_t sys_vfork(int cgroup, void (*child)(void *), void *data);
int sys_unshare(uint64_t flags);
int sys_setns(int fd, uint64_t type);
/* @token goes into the last argument register, which the kernel does not read and a seccomp filter can
 * (parts/filter.h). */
int sys_execve(const char *path, const char *const *argv, const char *const *envp, uint64_t token);
int sys_execveat(int fd, const char *const *argv, const char *const *envp, uint64_t token); /* AT_EMPTY_PATH */
int sys_setsid(void);
int sys_prctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int sys_kill(pid_t pid, int signal);
int sys_signal_default(int signal); /* rt_sigaction(2), also for those that libc keeps to itself */
int sys_close_range(unsigned first, unsigned last, unsigned flags);
ssize_t sys_send(int fd, const void *data, size_t size);
int sys_socketpair(int ret_fds[2]); /* AF_UNIX SOCK_SEQPACKET, close-on-exec */
int sys_pipe(int ret_fds[2]);       /* close-on-exec */
int sys_pidfd_open(pid_t pid);
int sys_pidfd_getfd(int pidfd, int number); /* close-on-exec */
int sys_pidfd_send_signal(int pidfd, int signal);
int sys_memfd_create(const char *name, unsigned flags); /* close-on-exec */
/* AF_UNIX, close-on-exec; @path below @dir, without the limit of sockaddr_un's length */
int sys_unix_listen(int dir, const char *path);            /* SOCK_SEQPACKET */
int sys_unix_bind(int dir, const char *path);              /* SOCK_DGRAM */
int sys_unix_connect_datagram(const char *name);           /* "@..." is an abstract name */
int sys_unix_connect(int type, int dir, const char *path); /* @type: SOCK_SEQPACKET or SOCK_STREAM */
int sys_accept(int listening);
int sys_flock(int fd, int operation);
int sys_renameat(int dir, const char *from, const char *to);

/* identity */
int sys_setgroups(size_t count, const uint32_t *groups);
int sys_setresgid(uint32_t gid);
int sys_setresuid(uint32_t uid);
int sys_getresuid(uint32_t ret[3]);
int sys_getresgid(uint32_t ret[3]);
int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int sys_capget(uint64_t *ret_effective, uint64_t *ret_permitted, uint64_t *ret_inheritable);
mode_t sys_umask(mode_t mask);

/* files, always relative to a descriptor; sys_openat2 is the only way to resolve a path of the container */
int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int sys_openat(int dir, const char *path, int flags, mode_t mode);
int sys_mkdirat(int dir, const char *path, mode_t mode);
int sys_mknodat(int dir, const char *path, mode_t mode, uint32_t major, uint32_t minor);
int sys_symlinkat(const char *text, int dir, const char *path);
int sys_linkat(int dir, const char *from, const char *to);
int sys_unlinkat(int dir, const char *path, int flags);
int sys_fchownat(int dir, const char *path, uint32_t uid, uint32_t gid, int flags);
int sys_fchmod(int fd, mode_t mode);
int sys_fchdir(int fd);
int sys_chdir(const char *path);
ssize_t sys_write(int fd, const void *data, size_t size);
int sys_dup3(int from, int to, int flags);
int sys_ioctl(int fd, unsigned long request, void *arg);

/* mounts */
int sys_open_tree(int dir, const char *path, unsigned flags);
/* The same, and mount_setattr(2) on what was cloned. Linux 6.15: use remount_clone(). */
int sys_open_tree_attr(int dir, const char *path, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation);
int sys_move_mount(int from_fd, int to_dir, const char *to_path, unsigned flags);
int sys_mount_setattr(int fd, const char *path, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation,
		      int userns);
int sys_fsopen(const char *type);
int sys_fsconfig(int fs, unsigned command, const char *key, const char *value, int aux);
int sys_fsmount(int fs, uint64_t attrs);
int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
int sys_mount_propagation(const char *path, uint64_t flags); /* mount(2), only to change propagation */
int sys_remount(const char *path, uint64_t flags);           /* mount(2), only to change the flags of one mount */
int sys_mount_flags(int fd, uint64_t *ret);                  /* fstatfs(2): ST_* of the mount that @fd is in */
int sys_mount_number(int fd);                                /* statx(2): as mountinfo has it */
/* How many mounts there are anywhere in @mount, as STATX_MNT_ID_UNIQUE has it; those that fit are written to @ret. 6.8.
 */
ssize_t sys_listmount(uint64_t mount, uint64_t *ret, size_t room);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_umount2(const char *path, int flags);
int sys_chroot(const char *path);

/* limits, names, scheduling */
int sys_prlimit(int resource, const struct rlimit *limit, struct rlimit *ret_old);
int sys_sethostname(const char *name);
int sys_setdomainname(const char *name);
int sys_sched_setattr(const struct kernel_sched_attr *attr);
int sys_ioprio_set(int value);
int sys_personality(unsigned long persona);
int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max_node);
int sys_keyctl_join(const char *name);

/* confinement */
int sys_landlock_create_ruleset(const struct kernel_landlock_ruleset *attr, size_t size);
int sys_landlock_add_path(int ruleset, int parent, uint64_t access);
int sys_landlock_add_port(int ruleset, uint16_t port, uint64_t access);
int sys_landlock_restrict_self(int ruleset);
int sys_seccomp(uint32_t flags, const struct sock_fprog *program);
/* SECCOMP_IOCTL_NOTIF_*; @packet must have room for what the kernel makes of the structures, zeroed. */
int sys_seccomp_notify(int listener, unsigned long request, void *packet);

/* cgroups */
int sys_bpf(int command, void *attr, size_t size); /* @attr is a union bpf_attr */

#endif
