// SPDX-License-Identifier: Apache-2.0
#include "fake_sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/sys.h"

struct fake_sys fake;

void fake_reset(int fail_at)
{
	memset(&fake, 0, sizeof(fake));
	fake.fail_at = fail_at;
}

/* Notes the call; true when it is the one that shall fail. */
static bool fails(const char *name)
{
	if (fake.count < FAKE_MAX_CALLS)
		fake.calls[fake.count] = name;
	if (++fake.count != fake.fail_at)
		return false;
	fake.failed = name;
	errno = EIO;
	return true;
}

static int plain(const char *name)
{
	return fails(name) ? -1 : 0;
}

/* Parts look at what they opened, so a descriptor is a real one: of a directory, or of a regular file for the program.
 */
static int descriptor(const char *name, bool file)
{
	if (fails(name))
		return -1;
	return file ? open("/proc/self/exe", O_RDONLY | O_CLOEXEC) : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

pid_t sys_clone(uint64_t flags, int cgroup, int *ret_pidfd)
{
	(void)flags, (void)cgroup, (void)ret_pidfd;
	return plain("clone");
}

pid_t sys_clone_told(uint64_t flags, int cgroup, volatile pid_t *ret_pid)
{
	(void)flags, (void)cgroup, (void)ret_pid;
	return plain("clone");
}

pid_t sys_vfork(int cgroup, void (*child)(void *), void *data)
{
	(void)cgroup, (void)child, (void)data;
	return plain("vfork");
}

int sys_unshare(uint64_t flags)
{
	(void)flags;
	return plain("unshare");
}

int sys_setns(int fd, uint64_t type)
{
	(void)fd, (void)type;
	return plain("setns");
}

int sys_execve(const char *path, const char *const *argv, const char *const *envp, uint64_t token)
{
	(void)path, (void)argv, (void)envp, (void)token;
	fake.exec_reached = !fails("execve");
	return -1;
}

int sys_execveat(int fd, const char *const *argv, const char *const *envp, uint64_t token)
{
	(void)fd, (void)argv, (void)envp, (void)token;
	fake.exec_reached = !fails("execveat");
	return -1;
}

int sys_setsid(void)
{
	return plain("setsid");
}

int sys_prctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	(void)b, (void)c, (void)d;
	return plain(op == PR_SET_DUMPABLE && a == 0 ? "protect" : "prctl");
}

int sys_kill(pid_t pid, int signal)
{
	(void)pid, (void)signal;
	return plain("kill");
}

int sys_signal_default(int signal)
{
	(void)signal;
	return plain("signal_default");
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	(void)first, (void)last, (void)flags;
	return plain("close_range");
}

ssize_t sys_send(int fd, const void *data, size_t size)
{
	(void)fd, (void)data;
	return fails("send") ? -1 : (ssize_t)size;
}

int sys_pidfd_getfd(int pidfd, int number)
{
	(void)pidfd, (void)number;
	return descriptor("pidfd_getfd", false);
}

int sys_socketpair(int ret_fds[2])
{
	(void)ret_fds;
	return plain("socketpair");
}

int sys_pipe(int ret_fds[2])
{
	(void)ret_fds;
	return plain("pipe");
}

int sys_pidfd_open(pid_t pid)
{
	(void)pid;
	return descriptor("pidfd_open", false);
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
	(void)pidfd, (void)signal;
	return plain("pidfd_send_signal");
}

int sys_memfd_create(const char *name, unsigned flags)
{
	(void)name, (void)flags;
	return descriptor("memfd_create", true);
}

int sys_unix_listen(int dir, const char *path)
{
	(void)dir, (void)path;
	return descriptor("listen", false);
}

int sys_unix_bind(int dir, const char *path)
{
	(void)dir, (void)path;
	return descriptor("bind", false);
}

int sys_unix_connect_datagram(const char *name)
{
	(void)name;
	return descriptor("connect", false);
}

int sys_unix_connect(int type, int dir, const char *path)
{
	(void)type, (void)dir, (void)path;
	return descriptor("connect", false);
}

int sys_accept(int listening)
{
	(void)listening;
	return descriptor("accept", false);
}

int sys_flock(int fd, int operation)
{
	(void)fd, (void)operation;
	return plain("flock");
}

int sys_renameat(int dir, const char *from, const char *to)
{
	(void)dir, (void)from, (void)to;
	return plain("renameat");
}

int sys_setgroups(size_t count, const uint32_t *groups)
{
	(void)count, (void)groups;
	return plain("setgroups");
}

int sys_setresgid(uint32_t gid)
{
	fake.gid = gid;
	return plain("setresgid");
}

int sys_setresuid(uint32_t uid)
{
	fake.uid = uid;
	return plain("setresuid");
}

int sys_getresuid(uint32_t ret[3])
{
	for (int i = 0; i < 3; i++)
		ret[i] = fake.uid;
	return plain("getresuid");
}

int sys_getresgid(uint32_t ret[3])
{
	for (int i = 0; i < 3; i++)
		ret[i] = fake.gid;
	return plain("getresgid");
}

int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	fake.caps[0] = effective;
	fake.caps[1] = permitted;
	fake.caps[2] = inheritable;
	return plain("capset");
}

int sys_capget(uint64_t *ret_effective, uint64_t *ret_permitted, uint64_t *ret_inheritable)
{
	*ret_effective = fake.caps[0];
	*ret_permitted = fake.caps[1];
	*ret_inheritable = fake.caps[2];
	return plain("capget");
}

mode_t sys_umask(mode_t mask)
{
	return mask; /* umask(2) cannot fail */
}

int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	(void)dir, (void)flags, (void)mode, (void)resolve;
	/* The mount below another: see sys_mount_number(). */
	if (strcmp(path, FAKE_BELOW) == 0)
		return fails("openat2") ? -1 : open("/proc", O_PATH | O_CLOEXEC);
	return descriptor("openat2", strcmp(path, FAKE_PROGRAM) == 0);
}

/* Every descriptor is of mount 1, and one mount is below that. */
static int mountinfo(void)
{
	static const char text[] = "1 0 0:1 / / rw - ext4 disk rw\n2 1 0:2 / /" FAKE_BELOW " rw - ext4 disk rw\n";
	int file = memfd_create("mountinfo", MFD_CLOEXEC);

	if (file >= 0 && (write(file, text, sizeof(text) - 1) < 0 || lseek(file, 0, SEEK_SET) < 0))
		abort();
	return file;
}

int sys_openat(int dir, const char *path, int flags, mode_t mode)
{
	(void)dir, (void)flags, (void)mode;
	if (strcmp(path, "mountinfo") == 0)
		return fails("openat") ? -1 : mountinfo();
	/* What it is can only be asked of a real one. */
	if (strcmp(path, FAKE_NAMESPACE) == 0 || strncmp(path, "/proc/self/fd/", strlen("/proc/self/fd/")) == 0)
		return fails("openat") ? -1 : open(path, O_CLOEXEC);
	return descriptor("openat", false);
}

int sys_mkdirat(int dir, const char *path, mode_t mode)
{
	(void)dir, (void)path, (void)mode;
	return plain("mkdirat");
}

int sys_mknodat(int dir, const char *path, mode_t mode, uint32_t major, uint32_t minor)
{
	(void)dir, (void)path, (void)mode, (void)major, (void)minor;
	return plain("mknodat");
}

int sys_symlinkat(const char *text, int dir, const char *path)
{
	(void)text, (void)dir, (void)path;
	return plain("symlinkat");
}

int sys_linkat(int dir, const char *from, const char *to)
{
	(void)dir, (void)from, (void)to;
	return plain("linkat");
}

int sys_unlinkat(int dir, const char *path, int flags)
{
	(void)dir, (void)path, (void)flags;
	return plain("unlinkat");
}

int sys_fchownat(int dir, const char *path, uint32_t uid, uint32_t gid, int flags)
{
	(void)dir, (void)path, (void)uid, (void)gid, (void)flags;
	return plain("fchownat");
}

int sys_fchmod(int fd, mode_t mode)
{
	(void)fd, (void)mode;
	return plain("fchmod");
}

int sys_fchdir(int fd)
{
	(void)fd;
	return plain("fchdir");
}

int sys_chdir(const char *path)
{
	(void)path;
	return plain("chdir");
}

ssize_t sys_write(int fd, const void *data, size_t size)
{
	(void)fd, (void)data;
	return fails("write") ? -1 : (ssize_t)size;
}

int sys_dup3(int from, int to, int flags)
{
	(void)from, (void)to, (void)flags;
	return plain("dup3");
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	(void)fd, (void)request, (void)arg;
	return plain("ioctl");
}

/* A node of the host is looked at before it is bound. */
static int tree(const char *name, const char *path)
{
	if (strncmp(path, "/dev/", strlen("/dev/")) != 0)
		return descriptor(name, false);
	return fails(name) ? -1 : open(path, O_PATH | O_CLOEXEC);
}

int sys_open_tree(int dir, const char *path, unsigned flags)
{
	(void)dir, (void)flags;
	return tree("open_tree", path);
}

int sys_open_tree_attr(int dir, const char *path, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation)
{
	(void)dir, (void)flags, (void)set, (void)clear, (void)propagation;
	return tree("open_tree_attr", path);
}

int sys_move_mount(int from_fd, int to_dir, const char *to_path, unsigned flags)
{
	(void)from_fd, (void)to_dir, (void)to_path, (void)flags;
	return plain("move_mount");
}

int sys_mount_setattr(int fd, const char *path, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation,
		      int userns)
{
	(void)fd, (void)path, (void)flags, (void)set, (void)clear, (void)propagation, (void)userns;
	return plain("mount_setattr");
}

int sys_fsopen(const char *type)
{
	(void)type;
	return descriptor("fsopen", false);
}

int sys_fsconfig(int fs, unsigned command, const char *key, const char *value, int aux)
{
	(void)fs, (void)command, (void)key, (void)value, (void)aux;
	return plain("fsconfig");
}

int sys_fsmount(int fs, uint64_t attrs)
{
	(void)fs, (void)attrs;
	return descriptor("fsmount", false);
}

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	(void)source, (void)target, (void)type, (void)flags, (void)data;
	return plain("mount");
}

int sys_mount_propagation(const char *path, uint64_t flags)
{
	(void)path, (void)flags;
	return plain("mount_propagation");
}

int sys_remount(const char *path, uint64_t flags)
{
	(void)path;
	if (fails("remount"))
		return -1;
	if (fake.remount_lies)
		return 0;
	fake.mount_flags =
		(flags & ~(uint64_t)(MS_RELATIME | MS_STRICTATIME)) | ((flags & MS_RELATIME) != 0 ? ST_RELATIME : 0);
	return 0;
}

int sys_mount_flags(int fd, uint64_t *ret)
{
	(void)fd;
	*ret = fake.mount_flags;
	return plain("mount_flags");
}

ssize_t sys_listmount(uint64_t mount, uint64_t *ret, size_t room)
{
	(void)mount, (void)ret, (void)room;
	errno = ENOSYS;
	return -1;
}

int sys_mount_number(int fd)
{
	struct stat status, below;

	if (fails("mount_number"))
		return -1;
	return fstat(fd, &status) == 0 && stat("/proc", &below) == 0 && status.st_dev == below.st_dev ? 2 : 1;
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	(void)new_root, (void)put_old;
	return plain("pivot_root");
}

int sys_umount2(const char *path, int flags)
{
	(void)path, (void)flags;
	return plain("umount2");
}

int sys_chroot(const char *path)
{
	(void)path;
	return plain("chroot");
}

int sys_prlimit(int resource, const struct rlimit *limit, struct rlimit *ret_old)
{
	(void)resource, (void)limit, (void)ret_old;
	return plain("prlimit");
}

int sys_sethostname(const char *name)
{
	(void)name;
	return plain("sethostname");
}

int sys_setdomainname(const char *name)
{
	(void)name;
	return plain("setdomainname");
}

int sys_sched_setattr(const struct kernel_sched_attr *attr)
{
	(void)attr;
	return plain("sched_setattr");
}

int sys_ioprio_set(int value)
{
	(void)value;
	return plain("ioprio_set");
}

int sys_personality(unsigned long persona)
{
	(void)persona;
	return plain("personality");
}

int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max_node)
{
	(void)mode, (void)nodes, (void)max_node;
	return plain("set_mempolicy");
}

int sys_keyctl_join(const char *name)
{
	(void)name;
	return plain("keyctl_join");
}

int sys_landlock_create_ruleset(const struct kernel_landlock_ruleset *attr, size_t size)
{
	(void)attr, (void)size;
	return descriptor("landlock_create_ruleset", false);
}

int sys_landlock_add_path(int ruleset, int parent, uint64_t access)
{
	(void)ruleset, (void)parent, (void)access;
	return plain("landlock_add_path");
}

int sys_landlock_add_port(int ruleset, uint16_t port, uint64_t access)
{
	(void)ruleset, (void)port, (void)access;
	return plain("landlock_add_port");
}

int sys_landlock_restrict_self(int ruleset)
{
	(void)ruleset;
	return plain("landlock_restrict_self");
}

int sys_seccomp(uint32_t flags, const struct sock_fprog *program)
{
	(void)flags, (void)program;
	return plain("seccomp");
}

int sys_seccomp_notify(int listener, unsigned long request, void *packet)
{
	(void)listener, (void)request, (void)packet;
	return plain("seccomp_notify");
}

int sys_bpf(int command, void *attr, size_t size)
{
	(void)command, (void)attr, (void)size;
	return plain("bpf");
}
