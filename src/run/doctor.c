// SPDX-License-Identifier: Apache-2.0
#include "run/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/self.h"
#include "base/sys.h"
#include "parts/cgroup_scope.h"
#include "parts/landlock.h"
#include "run/criu.h"

/* ---- trying, in a child */

/* Returns 0, or -1 with errno. */
typedef int attempt_fn(const struct host *host);

/* Runs @attempt in new namespaces. Returns 0 or its errno. */
static int try_in(uint64_t namespaces, attempt_fn *attempt, const struct host *host)
{
	int status;
	/* clone3(2) itself may be what a filter refuses. */
	pid_t child = namespaces != 0 ? sys_clone(namespaces, -1, NULL) : fork();

	if (child == 0)
		_exit(attempt(host) < 0 ? (errno != 0 ? errno : EIO) : 0);
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

static int nothing(const struct host *host)
{
	(void)host;
	return 0;
}

/* Who made the user namespace is its root. */
static int write_maps(const struct host *host)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", host->uid);
	snprintf(gids, sizeof(gids), "0 %u 1", host->gid);
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

static int mount_there(const struct host *host)
{
	if (write_maps(host) < 0 || sys_mount_propagation("/", MS_PRIVATE | MS_REC) < 0)
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

static int restrict_mount(const struct host *host)
{
	if (write_maps(host) < 0)
		return -1;
	AUTOCLOSE int tree = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0, -1) == 0)
		return tree < 0 ? -1 : 0;
	return errno == ENOSYS ? restrict_attached(tree) : -1;
}

static int mount_proc(const struct host *host)
{
	if (write_maps(host) < 0)
		return -1;
	AUTOCLOSE int made = make_file_system("proc");
	return made < 0 ? -1 : 0;
}

static int name_host(const struct host *host)
{
	(void)host;
	return sys_sethostname("sandbox");
}

static int loopback_up(const struct host *host)
{
	(void)host;
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

static int load_plain(const struct host *host)
{
	(void)host;
	return load_filter(0);
}

static int load_listening(const struct host *host)
{
	(void)host;
	return load_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static int use_pidfd(const struct host *host)
{
	(void)host;
	AUTOCLOSE int process = sys_pidfd_open(getpid());

	return process < 0 ? -1 : sys_pidfd_send_signal(process, 0);
}

static int use_openat2(const struct host *host)
{
	(void)host;
	AUTOCLOSE int file = sys_openat2(AT_FDCWD, "/", O_PATH, 0, 0);

	return file < 0 ? -1 : 0;
}

static int use_close_range(const struct host *host)
{
	(void)host;
	return fd_close_others(3, NULL, 0);
}

/* ---- looking */

static void look_userns(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(CLONE_NEWUSER, nothing, host), arena, ret);
	/* What is left of the kernel's own reasons (user_namespaces(7)). */
	if (ret->reason == EPERM && ret->fix == NULL) {
		ret->cause = "this process is in a chroot(2), or its user has no id in the user namespace around it";
		ret->fix =
			"enter that root with a mount namespace of its own and pivot_root(2), as container runtimes do";
	}
}

static void look_maps(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(CLONE_NEWUSER, write_maps, host), arena, ret);
}

static void look_namespaces(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
				CLONE_NEWCGROUP,
			nothing, host),
		 arena, ret);
}

static void look_mount(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWNS, mount_there, host), arena, ret);
}

static void look_setattr(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWNS, restrict_mount, host), arena, ret);
}

static void look_proc(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, mount_proc, host), arena, ret);
	if (!ret->works)
		doctor_cause_proc(arena, ret);
}

static void look_hostname(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWUTS, name_host, host), arena, ret);
}

static void look_loopback(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(CLONE_NEWUSER | CLONE_NEWNET, loopback_up, host), arena, ret);
}

static void look_filter(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(0, load_plain, host), arena, ret);
}

static void look_listener(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	conclude(try_in(0, load_listening, host), arena, ret);
	if (ret->reason == EBUSY)
		ret->cause = "a filter around this process has a listener, and there can be only one";
}

static void look_landlock(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	ret->works = host->landlock_abi > 0;
	if (!ret->works) {
		ret->cause = "the kernel has no Landlock, or it is not among its security modules";
		ret->fix = "boot with lsm=landlock,... (what is there now: /sys/kernel/security/lsm)";
		return;
	}
	ret->says = arena_printf(arena, "ABI %d", host->landlock_abi);
	for (const struct landlock_later *later = landlock_later; later->lacks != NULL; later++)
		if (host->landlock_abi < later->abi)
			ret->says = arena_printf(arena, "%s; not restricted: %s", ret->says, later->lacks);
}

static void look_calls(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	static const struct {
		const char *name;
		attempt_fn *attempt;
	} calls[] = {{"pidfd_open(2)", use_pidfd}, {"openat2(2)", use_openat2}, {"close_range(2)", use_close_range}};

	(void)host;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int reason = try_in(0, calls[i].attempt, host);

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
	static const char *const words[] = {
		[HOST_CGROUP_NONE] = "none", [HOST_CGROUP_V1] = "version 1", [HOST_CGROUP_V2] = "version 2"};

	ret->says = words[host->cgroup];
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

/* By PATH, as posix_spawnp(3) finds it. */
static bool in_path(const char *name, struct arena *arena)
{
	char *rest = arena_strdup(arena, getenv("PATH")), *directory;

	while (rest != NULL && (directory = strsep(&rest, ":")) != NULL)
		if (access(arena_printf(arena, "%s/%s", directory, name), X_OK) == 0)
			return true;
	return false;
}

static void look_idmap(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	if (!in_path("newuidmap", arena)) {
		ret->cause = "it is not installed";
		ret->fix = "install the package uidmap (Fedora: shadow-utils)";
		return;
	}
	ret->works = host->uid == 0 || access("/etc/subuid", R_OK) == 0;
	ret->cause = "there is no /etc/subuid";
	ret->fix = "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER";
}

static void look_pasta(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	struct host asked = *host;

	host_probe_pasta(&asked);
	ret->says = asked.pasta;
	if (asked.pasta == NULL) {
		ret->cause = "it is not installed";
		ret->fix = "install the package passt";
		return;
	}
	ret->works = access("/dev/net/tun", R_OK | W_OK) == 0;
	ret->cause = arena_printf(arena, "/dev/net/tun: %s", strerrordesc_np(errno));
	ret->fix = "sudo modprobe tun; sudo chmod 666 /dev/net/tun";
}

static void look_dbus(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	struct host asked = *host;

	host_probe_dbus(&asked, arena);
	ret->says = asked.dbus_proxy;
	ret->works = asked.dbus_proxy != NULL;
	ret->cause = "it is not installed";
	ret->fix = "install the package xdg-dbus-proxy";
}

static void look_criu(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	struct error err = {0};

	(void)host;
	if (criu_find(&err) == 0 && !self_is_host_root()) {
		ret->cause = "it needs root on the host";
		ret->fix = "run casemate checkpoint and casemate restore as root, and casemate doctor for the rest";
		return;
	}
	ret->works = err.kind == ERROR_NONE && criu_check(&err) == 0;
	ret->cause = arena_strdup(arena, err.what);
	ret->fix = arena_strdup(arena, err.hint);
}

static void look_scope(const struct host *host, struct arena *arena, struct doctor_finding *ret)
{
	(void)host, (void)arena;
	ret->works = cgroup_scope_possible();
	ret->cause = "its program is not where casemate looks for it, " SCOPE_HELPER;
	ret->fix = "install casemate with it; it is built where libsystemd-dev is there";
}

#define NOTHING_INSTEAD "casemate sandbox and rootless containers do not start"
#define WEAKER_INSTEAD                                                                                                 \
	"rootless containers do not start; `casemate sandbox --without userns` does on Linux 6.12 and newer, held by " \
	"Landlock and seccomp alone"

const struct doctor_check doctor_checks[] = {
	{"user-namespaces", "everything, for who is not root", true, WEAKER_INSTEAD, look_userns},
	{"id-maps", "the ids of a user namespace", true, WEAKER_INSTEAD, look_maps},
	{"namespaces", "pid, mount, uts, ipc, net and cgroup", true, WEAKER_INSTEAD, look_namespaces},
	{"mounts", "a file system of its own", true, WEAKER_INSTEAD, look_mount},
	{"mount-attributes", "read-only, nosuid and nodev on what is shown", true, WEAKER_INSTEAD, look_setattr},
	{"procfs", "a /proc that shows its own processes", true, WEAKER_INSTEAD, look_proc},
	{"hostname", "a host name of its own", true, WEAKER_INSTEAD, look_hostname},
	{"loopback", "127.0.0.1 in a network of its own", true, WEAKER_INSTEAD, look_loopback},
	{"system-calls", "handles on processes and files", true, NOTHING_INSTEAD, look_calls},
	{"seccomp", "the filter of system calls", true, NOTHING_INSTEAD, look_filter},
	{"seccomp-listener", "SCMP_ACT_NOTIFY of a config", false, "such a config is refused", look_listener},
	{"landlock", "a second wall around files and ports", false,
	 "mounts alone hold files; ports cannot be restricted", look_landlock},
	{"cgroups", "limits of memory, processors and processes", false,
	 "--cpu is refused, --mem takes --limits rlimit; --pids counts the sandbox's user namespace", look_cgroup},
	{"newuidmap", "more than one user id without root", false, "a container has one id", look_idmap},
	{"pasta", "--net pasta", false, "a sandbox has no network", look_pasta},
	{"xdg-dbus-proxy", "--socket dbus-session and dbus-system", false, "a sandbox has no bus", look_dbus},
	{"systemd-scope", "--systemd-cgroup", false, "cgroups are made by files", look_scope},
	{"criu", "checkpoint and restore", false, "they fail", look_criu},
	{0},
};
