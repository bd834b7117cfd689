// SPDX-License-Identifier: Apache-2.0
#include "run/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_scope.h"

/* ---- trying, in a child */

/* Runs @attempt in new namespaces; it returns 0, or -1 with errno. Returns 0 or that errno. */
static int try_in(uint64_t namespaces, int (*attempt)(void))
{
	int status;
	/* clone3(2) itself may be what a filter refuses. */
	pid_t child = namespaces != 0 ? sys_clone(namespaces, -1, NULL) : fork();

	if (child == 0)
		_exit(attempt() < 0 ? (errno != 0 ? errno : EIO) : 0);
	if (child < 0)
		return errno;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static void conclude(int reason, struct arena *arena, struct doctor_finding *ret)
{
	ret->works = reason == 0;
	ret->reason = reason;
	if (reason != 0)
		doctor_cause(arena, ret);
}

static int nothing(void)
{
	return 0;
}

/* Who made the user namespace is its root. */
static uint32_t outer_uid, outer_gid;

static int write_maps(void)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", outer_uid);
	snprintf(gids, sizeof(gids), "0 %u 1", outer_gid);
	return fd_write_file(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
			       fd_write_file(AT_FDCWD, "/proc/self/uid_map", uids) < 0 ||
			       fd_write_file(AT_FDCWD, "/proc/self/gid_map", gids) < 0
		       ? -1
		       : 0;
}

static int make_file_system(const char *type)
{
	AUTOCLOSE int fs = sys_fsopen(type);

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static int mount_there(void)
{
	if (write_maps() < 0 || sys_mount_propagation("/", MS_PRIVATE | MS_REC) < 0)
		return -1;
	AUTOCLOSE int made = make_file_system("tmpfs");
	return made < 0 || sys_move_mount(made, AT_FDCWD, "/", 0) < 0 ? -1 : 0;
}

/* As parts/remount.h does it. The flags that are there may be locked. */
static int restrict_attached(int tree)
{
	uint64_t told;

	if (sys_mount_flags(tree, &told) < 0 || sys_mount_propagation("/", MS_PRIVATE | MS_REC) < 0)
		return -1;
	return sys_remount("/", (told & (MS_NOSUID | MS_NODEV | MS_NOEXEC)) | MS_RDONLY);
}

static int restrict_mount(void)
{
	if (write_maps() < 0)
		return -1;
	AUTOCLOSE int tree = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0, -1) == 0)
		return tree < 0 ? -1 : 0;
	return errno == ENOSYS ? restrict_attached(tree) : -1;
}

static int mount_proc(void)
{
	if (write_maps() < 0)
		return -1;
	AUTOCLOSE int made = make_file_system("proc");
	return made < 0 ? -1 : 0;
}

static int name_host(void)
{
	return sys_sethostname("sandbox");
}

static int loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	AUTOCLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : sys_ioctl(fd, SIOCSIFFLAGS, &request);
}

static int load_filter(uint32_t flags)
{
	struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	const struct sock_fprog program = {.len = 1, .filter = all};

	return sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 : sys_seccomp(flags, &program);
}

static int load_plain(void)
{
	return load_filter(0);
}

static int load_listening(void)
{
	return load_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static int use_pidfd(void)
{
	AUTOCLOSE int process = sys_pidfd_open(getpid());

	return process < 0 ? -1 : sys_pidfd_send_signal(process, 0);
}

static int use_openat2(void)
{
	AUTOCLOSE int file = sys_openat2(AT_FDCWD, "/", O_PATH, 0, 0);

	return file < 0 ? -1 : 0;
}

static int use_close_range(void)
{
	return fd_close_on_exec(3);
}

/* ---- looking */

static void look_userns(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	outer_uid = host->uid;
	outer_gid = host->gid;
	conclude(try_in(CLONE_NEWUSER, nothing), arena, ret);
	/* What is left of the kernel's own reasons (user_namespaces(7)). */
	if (ret->reason == EPERM && ret->fix == NULL) {
		ret->cause = "this process is in a chroot(2), or its user has no id in the user namespace around it";
		ret->fix =
			"enter that root with a mount namespace of its own and pivot_root(2), as container runtimes do";
	}
}

static void look_maps(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	conclude(try_in(CLONE_NEWUSER, write_maps), arena, ret);
}

static void look_namespaces(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
				CLONE_NEWCGROUP,
			nothing),
		 arena, ret);
}

static void look_mount(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWNS, mount_there), arena, ret);
}

static void look_setattr(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWNS, restrict_mount), arena, ret);
}

static void look_proc(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, mount_proc), arena, ret);
	if (!ret->works)
		doctor_cause_proc(arena, ret);
}

static void look_hostname(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWUTS, name_host), arena, ret);
}

static void look_loopback(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWNET, loopback_up), arena, ret);
}

static void look_filter(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	conclude(try_in(0, load_plain), arena, ret);
}

static void look_listener(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	conclude(try_in(0, load_listening), arena, ret);
	if (ret->reason == EBUSY)
		ret->cause = "a filter around this process has a listener, and there can be only one";
}

static void look_landlock(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	static const struct {
		int abi;
		const char *lacks;
	} later[] = {
		{2, "moving files between directories is denied"},      {3, "truncating files is not restricted"},
		{4, "--bind-tcp and --connect-tcp are refused"},        {5, "ioctl(2) on devices is not restricted"},
		{6, "abstract sockets and signals are not restricted"},
	};

	ret->works = host->landlock_abi > 0;
	if (!ret->works) {
		ret->cause = "the kernel has no Landlock, or it is not among its security modules";
		ret->fix = "boot with lsm=landlock,... (what is there now: /sys/kernel/security/lsm)";
		return;
	}
	ret->says = arena_printf(arena, "ABI %d", host->landlock_abi);
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (host->landlock_abi < later[i].abi)
			ret->says = arena_printf(arena, "%s; below %d: %s", ret->says, later[i].abi, later[i].lacks);
}

static void look_calls(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	static const struct {
		const char *name;
		int (*attempt)(void);
	} calls[] = {{"pidfd_open(2)", use_pidfd}, {"openat2(2)", use_openat2}, {"close_range(2)", use_close_range}};

	(void)host;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int reason = try_in(0, calls[i].attempt);

		if (reason == 0)
			continue;
		conclude(reason, arena, ret);
		ret->cause = arena_printf(arena, "%s: %s", calls[i].name, ret->cause);
		return;
	}
	ret->works = true;
}

/* What was delegated to the caller is a directory in which it may make another. */
static void look_cgroup(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	static const char *const words[] = {"none", "version 1", "both versions", "version 2"};

	ret->says = arena_printf(arena, "%s", words[host->cgroup]);
	for (size_t i = 0; i < host->cgroups.count; i++) {
		const struct pair *own = &host->cgroups.at[i];
		const char *path = arena_printf(arena, "%s%s%s%s", host->cgroup_root, own->key[0] == '\0' ? "" : "/",
						own->key, own->value);

		if (access(path, W_OK) == 0) {
			ret->works = true;
			return;
		}
	}
	ret->cause = host->cgroup == HOST_CGROUP_NONE ? "no cgroup file system is mounted"
						      : "the caller may not change its cgroup";
	ret->fix = host->cgroup == HOST_CGROUP_V2
			   ? "systemd-run --user --scope -p Delegate=yes casemate ..., or casemate --systemd-cgroup"
			   : NULL;
}

static const char *find_program(const char *name, struct arena *arena)
{
	static const char *const places[] = {"/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/bin"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *path = arena_printf(arena, "%s/%s", places[i], name);

		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

static void look_program(const char *name, const char *package, struct arena *arena, struct doctor_finding *ret)
{
	ret->says = find_program(name, arena);
	ret->works = ret->says != NULL;
	ret->cause = "it is not installed";
	ret->fix = arena_printf(arena, "install the package %s", package);
}

static void look_idmap(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	struct stat status;

	look_program("newuidmap", "uidmap (Fedora: shadow-utils)", arena, ret);
	if (ret->works && host->uid != 0 && stat("/etc/subuid", &status) < 0) {
		ret->works = false;
		ret->cause = "there is no /etc/subuid";
		ret->fix = arena_printf(arena,
					"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");
	}
}

static void look_pasta(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	look_program("pasta", "passt", arena, ret);
	if (ret->works && access("/dev/net/tun", R_OK | W_OK) < 0) {
		ret->works = false;
		ret->cause = arena_printf(arena, "/dev/net/tun: %s", strerrordesc_np(errno));
		ret->fix = "sudo modprobe tun; sudo chmod 666 /dev/net/tun";
	}
}

static void look_criu(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host;
	look_program("criu", "criu", arena, ret);
}

static void look_scope(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host, (void)arena;
	ret->works = cgroup_scope_possible();
	ret->cause = "its program is not where casemate looks for it, " SCOPE_HELPER;
	ret->fix = "install casemate with it; it is built where libsystemd-dev is there";
}

#define NOTHING_INSTEAD "casemate sandbox and rootless containers do not start"

const struct doctor_check doctor_checks[] = {
	{"user-namespaces", "everything, for who is not root", true, NOTHING_INSTEAD, look_userns},
	{"id-maps", "the ids of a user namespace", true, NOTHING_INSTEAD, look_maps},
	{"namespaces", "pid, mount, uts, ipc, net and cgroup", true, NOTHING_INSTEAD, look_namespaces},
	{"mounts", "a file system of its own", true, NOTHING_INSTEAD, look_mount},
	{"mount-attributes", "read-only, nosuid and nodev on what is shown", true, NOTHING_INSTEAD, look_setattr},
	{"procfs", "a /proc that shows its own processes", true, NOTHING_INSTEAD, look_proc},
	{"hostname", "a host name of its own", true, NOTHING_INSTEAD, look_hostname},
	{"loopback", "127.0.0.1 in a network of its own", true, NOTHING_INSTEAD, look_loopback},
	{"system-calls", "handles on processes and files", true, NOTHING_INSTEAD, look_calls},
	{"seccomp", "the filter of system calls", true, NOTHING_INSTEAD, look_filter},
	{"seccomp-listener", "SCMP_ACT_NOTIFY of a config", false, "such a config is refused", look_listener},
	{"landlock", "a second wall around files and ports", false,
	 "mounts alone hold files; ports cannot be restricted", look_landlock},
	{"cgroups", "limits of memory, processors and processes", false,
	 "--mem and --cpu are refused; --pids is a limit of the user's processes", look_cgroup},
	{"newuidmap", "more than one user id without root", false, "a container has one id", look_idmap},
	{"pasta", "--net pasta", false, "a sandbox has no network", look_pasta},
	{"systemd-scope", "--systemd-cgroup", false, "cgroups are made by files", look_scope},
	{"criu", "checkpoint and restore", false, "they are refused", look_criu},
	{0},
};
