// SPDX-License-Identifier: Apache-2.0
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/raw_call.h"

/* The raw system call is used where libc adds something of its own: threads' credentials, caches, signal handling. */
#define RAW(...) ((int)syscall(__VA_ARGS__))

static void into_cgroup(struct clone_args *args, int cgroup)
{
	if (cgroup < 0)
		return;
	args->flags |= CLONE_INTO_CGROUP;
	args->cgroup = (uint32_t)cgroup;
}

static pid_t clone_as(struct clone_args args, int cgroup)
{
	args.exit_signal = (args.flags & CLONE_PARENT) ? 0 : SIGCHLD;
	into_cgroup(&args, cgroup);
	int pid = RAW(SYS_clone3, &args, sizeof(args));
	/* Engines' filters hide it, because they cannot look at the flags; what needs none of them is an older fork. */
	if (pid < 0 && errno == ENOSYS && (args.flags & ~(uint64_t)CLONE_PARENT_SETTID) == 0)
		pid = RAW(SYS_clone, args.flags | SIGCHLD, 0, args.parent_tid, 0, 0);
	return pid;
}

pid_t sys_clone(uint64_t flags, int cgroup, int *ret_pidfd)
{
	uint64_t pidfd = ret_pidfd == NULL ? 0 : CLONE_PIDFD;

	return clone_as((struct clone_args){.flags = flags | pidfd, .pidfd = (uintptr_t)ret_pidfd}, cgroup);
}

pid_t sys_clone_told(uint64_t flags, int cgroup, volatile pid_t *ret_pid)
{
	return clone_as((struct clone_args){.flags = flags | CLONE_PARENT_SETTID, .parent_tid = (uintptr_t)ret_pid},
			cgroup);
}

/* Without syscall(3): its frame would be gone when the caller returns to it, for the child has used the same stack. */
__attribute__((noinline)) pid_t sys_vfork(int cgroup, void (*child)(void *), void *data)
{
	struct clone_args args = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};

	into_cgroup(&args, cgroup);
	long pid = CALL(SYS_clone3, WORD(&args), sizeof(args));
	if (pid == -ENOSYS && cgroup < 0)
		pid = CALL(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD);
	if (pid == 0) {
		child(data);
		_exit(125);
	}
	if (pid > 0)
		return (pid_t)pid;
	errno = (int)-pid;
	return -1;
}

int sys_unshare(uint64_t flags)
{
	return RAW(SYS_unshare, flags);
}

int sys_setns(int fd, uint64_t type)
{
	return RAW(SYS_setns, fd, (int)type);
}

int sys_execve(const char *path, const char *const *argv, const char *const *envp, uint64_t token)
{
	return RAW(SYS_execve, path, argv, envp, 0, 0, token);
}

int sys_execveat(int fd, const char *const *argv, const char *const *envp, uint64_t token)
{
	return RAW(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH, token);
}

int sys_setsid(void)
{
	return setsid();
}

int sys_prctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return RAW(SYS_prctl, op, a, b, c, d);
}

int sys_kill(pid_t pid, int signal)
{
	return kill(pid, signal);
}

int sys_signal_default(int signal)
{
	/* The kernel's struct sigaction: handler, flags, restorer, mask. */
	static const unsigned long standard[4] = {(unsigned long)SIG_DFL};

	return RAW(SYS_rt_sigaction, signal, standard, NULL, sizeof(unsigned long));
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return RAW(SYS_close_range, first, last, flags);
}

ssize_t sys_send(int fd, const void *data, size_t size)
{
	return send(fd, data, size, MSG_NOSIGNAL);
}

int sys_pidfd_getfd(int pidfd, int number)
{
	return RAW(SYS_pidfd_getfd, pidfd, number, 0);
}

int sys_socketpair(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds);
}

int sys_pipe(int ret_fds[2])
{
	return pipe2(ret_fds, O_CLOEXEC);
}

int sys_pidfd_open(pid_t pid)
{
	return RAW(SYS_pidfd_open, pid, 0);
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
	return RAW(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int sys_memfd_create(const char *name, unsigned flags)
{
	return memfd_create(name, MFD_CLOEXEC | flags);
}

/* sun_path is short, and a directory's path may be long: the descriptor's own name is always short enough. */
static int unix_address(int dir, const char *path, struct sockaddr_un *address)
{
	int length = dir == AT_FDCWD
			     ? snprintf(address->sun_path, sizeof(address->sun_path), "%s", path)
			     : snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", dir, path);

	address->sun_family = AF_UNIX;
	if ((size_t)length < sizeof(address->sun_path))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static int fail_closing(int fd)
{
	int reason = errno;

	close(fd);
	errno = reason;
	return -1;
}

int sys_unix_listen(int dir, const char *path)
{
	struct sockaddr_un address;
	int fd;

	if (unix_address(dir, path, &address) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 64) < 0))
		return fail_closing(fd);
	return fd;
}

int sys_unix_bind(int dir, const char *path)
{
	struct sockaddr_un address;
	int fd;

	if (unix_address(dir, path, &address) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail_closing(fd);
	return fd;
}

int sys_unix_connect_datagram(const char *name)
{
	struct sockaddr_un address = {0};
	size_t length = strlen(name);
	int fd;

	if (unix_address(AT_FDCWD, name, &address) < 0)
		return -1;
	/* An abstract name has no end but that of the address. */
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	else
		length++;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		return fail_closing(fd);
	return fd;
}

int sys_unix_connect(int type, int dir, const char *path)
{
	struct sockaddr_un address;
	int fd;

	if (unix_address(dir, path, &address) < 0)
		return -1;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail_closing(fd);
	return fd;
}

int sys_accept(int listening)
{
	return accept4(listening, NULL, NULL, SOCK_CLOEXEC);
}

int sys_flock(int fd, int operation)
{
	return flock(fd, operation);
}

int sys_renameat(int dir, const char *from, const char *to)
{
	return renameat(dir, from, dir, to);
}

int sys_setgroups(size_t count, const uint32_t *groups)
{
	return RAW(SYS_setgroups, count, groups);
}

int sys_setresgid(uint32_t gid)
{
	return RAW(SYS_setresgid, gid, gid, gid);
}

int sys_setresuid(uint32_t uid)
{
	return RAW(SYS_setresuid, uid, uid, uid);
}

int sys_getresuid(uint32_t ret[3])
{
	return RAW(SYS_getresuid, &ret[0], &ret[1], &ret[2]);
}

int sys_getresgid(uint32_t ret[3])
{
	return RAW(SYS_getresgid, &ret[0], &ret[1], &ret[2]);
}

int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
		{(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
	};

	return RAW(SYS_capset, &header, data);
}

int sys_capget(uint64_t *ret_effective, uint64_t *ret_permitted, uint64_t *ret_inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (RAW(SYS_capget, &header, data) < 0)
		return -1;
	*ret_effective = data[0].effective | (uint64_t)data[1].effective << 32;
	*ret_permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	*ret_inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

mode_t sys_umask(mode_t mask)
{
	return umask(mask);
}

int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};

	return RAW(SYS_openat2, dir, path, &how, sizeof(how));
}

int sys_openat(int dir, const char *path, int flags, mode_t mode)
{
	return openat(dir, path, flags | O_CLOEXEC, mode);
}

int sys_mkdirat(int dir, const char *path, mode_t mode)
{
	return mkdirat(dir, path, mode);
}

int sys_mknodat(int dir, const char *path, mode_t mode, uint32_t major, uint32_t minor)
{
	return mknodat(dir, path, mode, makedev(major, minor));
}

int sys_symlinkat(const char *text, int dir, const char *path)
{
	return symlinkat(text, dir, path);
}

int sys_linkat(int dir, const char *from, const char *to)
{
	return linkat(dir, from, dir, to, 0);
}

int sys_unlinkat(int dir, const char *path, int flags)
{
	return unlinkat(dir, path, flags);
}

int sys_fchownat(int dir, const char *path, uint32_t uid, uint32_t gid, int flags)
{
	return fchownat(dir, path, uid, gid, flags);
}

int sys_fchmod(int fd, mode_t mode)
{
	return fchmod(fd, mode);
}

int sys_fchdir(int fd)
{
	return fchdir(fd);
}

int sys_chdir(const char *path)
{
	return chdir(path);
}

ssize_t sys_write(int fd, const void *data, size_t size)
{
	return write(fd, data, size);
}

int sys_dup3(int from, int to, int flags)
{
	return dup3(from, to, flags);
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return RAW(SYS_ioctl, fd, request, arg);
}

int sys_open_tree(int dir, const char *path, unsigned flags)
{
	return RAW(SYS_open_tree, dir, path, flags | OPEN_TREE_CLOEXEC);
}

int sys_open_tree_attr(int dir, const char *path, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear, .propagation = propagation};

	return RAW(SYS_open_tree_attr, dir, path, flags | OPEN_TREE_CLOEXEC, &attr, sizeof(attr));
}

int sys_move_mount(int from_fd, int to_dir, const char *to_path, unsigned flags)
{
	return RAW(SYS_move_mount, from_fd, "", to_dir, to_path, flags | MOVE_MOUNT_F_EMPTY_PATH);
}

int sys_mount_setattr(int fd, const char *path, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation,
		      int userns)
{
	struct mount_attr attr = {.attr_set = set,
				  .attr_clr = clear,
				  .propagation = propagation,
				  .userns_fd = userns < 0 ? 0 : (uint32_t)userns};

	return RAW(SYS_mount_setattr, fd, path, flags, &attr, sizeof(attr));
}

int sys_fsopen(const char *type)
{
	return RAW(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

int sys_fsconfig(int fs, unsigned command, const char *key, const char *value, int aux)
{
	return RAW(SYS_fsconfig, fs, command, key, value, aux);
}

int sys_fsmount(int fs, uint64_t attrs)
{
	return RAW(SYS_fsmount, fs, FSMOUNT_CLOEXEC, (unsigned)attrs);
}

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	return mount(source, target, type, flags, data);
}

int sys_mount_propagation(const char *path, uint64_t flags)
{
	return mount(NULL, path, NULL, (unsigned long)flags, NULL);
}

int sys_remount(const char *path, uint64_t flags)
{
	return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | (unsigned long)flags, NULL);
}

int sys_mount_flags(int fd, uint64_t *ret)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -1;
	*ret = (uint64_t)fs.f_flags;
	return 0;
}

int sys_mount_number(int fd)
{
	struct statx status;

	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) < 0 ? -1 : (int)status.stx_mnt_id;
}

ssize_t sys_listmount(uint64_t mount, uint64_t *ret, size_t room)
{
	const struct kernel_mnt_id_req request = {.size = sizeof(request), .mnt_id = mount};

	return syscall(SYS_listmount, &request, ret, room, 0);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return RAW(SYS_pivot_root, new_root, put_old);
}

int sys_umount2(const char *path, int flags)
{
	return umount2(path, flags);
}

int sys_chroot(const char *path)
{
	return chroot(path);
}

int sys_prlimit(int resource, const struct rlimit *limit, struct rlimit *ret_old)
{
	return RAW(SYS_prlimit64, 0, resource, limit, ret_old);
}

int sys_sethostname(const char *name)
{
	return sethostname(name, strlen(name));
}

int sys_setdomainname(const char *name)
{
	return setdomainname(name, strlen(name));
}

int sys_sched_setattr(const struct kernel_sched_attr *attr)
{
	return RAW(SYS_sched_setattr, 0, attr, 0);
}

int sys_ioprio_set(int value)
{
	enum { WHO_PROCESS = 1 };

	return RAW(SYS_ioprio_set, WHO_PROCESS, 0, value);
}

int sys_personality(unsigned long persona)
{
	return RAW(SYS_personality, persona);
}

int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max_node)
{
	return RAW(SYS_set_mempolicy, mode, nodes, max_node);
}

int sys_keyctl_join(const char *name)
{
	return RAW(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
}

int sys_landlock_create_ruleset(const struct kernel_landlock_ruleset *attr, size_t size)
{
	return RAW(SYS_landlock_create_ruleset, attr, size, 0);
}

int sys_landlock_add_path(int ruleset, int parent, uint64_t access)
{
	struct kernel_landlock_path rule = {.allowed_access = access, .parent_fd = parent};

	return RAW(SYS_landlock_add_rule, ruleset, KERNEL_LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int sys_landlock_add_port(int ruleset, uint16_t port, uint64_t access)
{
	struct kernel_landlock_port rule = {.allowed_access = access, .port = port};

	return RAW(SYS_landlock_add_rule, ruleset, KERNEL_LANDLOCK_RULE_NET_PORT, &rule, 0);
}

int sys_landlock_restrict_self(int ruleset)
{
	return RAW(SYS_landlock_restrict_self, ruleset, 0);
}

int sys_seccomp(uint32_t flags, const struct sock_fprog *program)
{
	return RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

int sys_seccomp_notify(int listener, unsigned long request, void *packet)
{
	return RAW(SYS_ioctl, listener, request, packet);
}

int sys_bpf(int command, void *attr, size_t size)
{
	return RAW(SYS_bpf, command, attr, size);
}
