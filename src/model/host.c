// SPDX-License-Identifier: Apache-2.0
#include "model/host.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static const char cgroup_root[] = "/sys/fs/cgroup";

/* What programs expect at the top of the tree; with a merged /usr most are links. */
static const char *const top_directories[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

static int probe_kernel(struct host *host, struct error *err)
{
	struct utsname name;
	char *end;

	if (uname(&name) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot ask for the kernel's version");
	unsigned long major = strtoul(name.release, &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	host->kernel = (uint32_t)(major << 16 | minor);
	if (!host_kernel_at_least(host, 5, 10))
		return error_set(err, ERROR_HOST, 0, "kernel %s is too old: casemate needs 5.10 or newer",
				 name.release);
	return 0;
}

/*
 * Root of another user namespace has capabilities too, but none over the host's mounts: only the first maps all ids.
 * One with more than a single id was made for containers: what is not the host's can be made in it.
 */
static void probe_user_namespace(struct host *host)
{
	char text[4096];
	uint64_t mapped = 0;
	bool first = false;

	if (file_read_once("/proc/self/uid_map", text, sizeof(text)) < 0)
		return;
	for (char *at = text; *at != '\0'; at += strspn(at, " \n")) {
		uint64_t inside = strtoul(at, &at, 10), outside = strtoul(at, &at, 10), count = strtoul(at, &at, 10);

		first = first || (inside == 0 && outside == 0 && count == UINT32_MAX);
		mapped += count;
		if (count == 0)
			break;
	}
	host->privileged = first;
	host->nested = !first && mapped > 1;
}

/* Engines protect themselves from the killer of processes that lack memory (proc_pid_oom_score_adj(5)). */
void host_probe_oom_score(struct host *host, const struct request *request)
{
	char text[16];

	if (!host->privileged || request->process.oom_score_adj.set)
		return;
	if (file_read_once("/proc/self/oom_score_adj", text, sizeof(text)) >= 0)
		host->oom_score_adj = (int)strtol(text, NULL, 10);
}

static void probe_capabilities(struct host *host)
{
	uint64_t permitted = 0, inheritable = 0;
	uint32_t last = CAP_LAST_CAP;

	(void)sys_capget(&host->capabilities, &permitted, &inheritable);
	/* The headers' last capability is a good first guess: usually two calls find the kernel's. */
	while (last < 63 && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
		last++;
	while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
		last--;
	host->last_capability = last;
	if (host->uid == 0 && (host->capabilities & 1ULL << CAP_SYS_ADMIN) != 0)
		probe_user_namespace(host);
}

/* What is ignored stays so over execve(2), and so does a filter (proc_pid_status(5)). */
static int probe_status(struct host *host, struct error *err)
{
	static const char label[] = "\nSigIgn:\t", filtered[] = "\nSeccomp:\t2";
	char text[4096];

	if (file_read_once("/proc/self/status", text, sizeof(text)) < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot read '/proc/self/status'");
		return errno == ENOENT ? error_hint(err, "casemate needs procfs: mount -t proc proc /proc") : -1;
	}
	const char *at = strstr(text, label);
	if (at == NULL)
		return error_set(err, ERROR_HOST, 0, "cannot understand '/proc/self/status'");
	host->ignored_signals = strtoull(at + strlen(label), NULL, 16);
	/* Only old kernels and filters of engines lack it: elsewhere not even the question is asked. */
	if (!host_kernel_at_least(host, 5, 12) || strstr(text, filtered) != NULL)
		host->remounts = syscall(SYS_mount_setattr, -1, "", 0, NULL, 0) < 0 && errno == ENOSYS;
	return 0;
}

void host_probe_sandbox(struct host *host, struct arena *arena)
{
	char link[256];

	host->pid = getpid();
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		host->terminals |= isatty(stream) ? 1U << stream : 0;
	for (size_t i = 0; i < sizeof(top_directories) / sizeof(top_directories[0]); i++) {
		const char *path = top_directories[i];
		ssize_t length = readlink(path, link, sizeof(link));

		if (length < 0 && errno != EINVAL)
			continue;
		struct host_directory *directory = LIST_ADD(arena, &host->directories);
		directory->path = path;
		directory->link = length < 0 ? NULL : arena_strndup(arena, link, (size_t)length);
	}
}

/* A hierarchy of v1 is in use when it is mounted anywhere; for us it has to be where all are. */
static bool is_mounted(const char *name)
{
	char path[sizeof(cgroup_root) + 256];
	struct statfs fs;

	snprintf(path, sizeof(path), "%s/%s", cgroup_root, name);
	return statfs(path, &fs) == 0 && fs.f_type == CGROUP_SUPER_MAGIC;
}

/* One line of /proc/self/cgroup: "4:cpu,cpuacct:/user.slice" or "1:name=systemd:/" or "0::/user.slice". */
static void add_hierarchy(struct host *host, struct arena *arena, char *line)
{
	char *controllers = strchr(line, ':');
	char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');

	if (path == NULL)
		return;
	*path++ = '\0';
	controllers++;
	if (strncmp(controllers, "name=", 5) == 0)
		controllers += 5;
	if (host->cgroup == HOST_CGROUP_V1 && controllers[0] != '\0' && !is_mounted(controllers))
		return;
	*LIST_ADD(arena, &host->cgroups) = (struct pair){.key = controllers, .value = path};
}

static void probe_cgroup_version(struct host *host)
{
	struct statfs fs;

	host->cgroup_root = cgroup_root;
	if (statfs(cgroup_root, &fs) < 0)
		return;
	if (fs.f_type == CGROUP2_SUPER_MAGIC)
		host->cgroup = HOST_CGROUP_V2;
	else if (fs.f_type == TMPFS_MAGIC)
		host->cgroup = HOST_CGROUP_V1;
}

static int probe_cgroups(struct host *host, struct arena *arena, struct error *err)
{
	char text[4096], *at, *line;

	if (host->cgroup == HOST_CGROUP_NONE)
		return 0;
	if (file_read_once("/proc/self/cgroup", text, sizeof(text)) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read '/proc/self/cgroup'");
	at = arena_strdup(arena, text);
	while ((line = strsep(&at, "\n")) != NULL)
		add_hierarchy(host, arena, line);
	return 0;
}

static int probe(struct host *host, struct arena *arena, struct error *err)
{
	char cwd[4096];
	struct rlimit processes;

	*host = (struct host){.uid = (uint32_t)getauxval(AT_EUID), .gid = (uint32_t)getauxval(AT_EGID)};
	TRY(probe_kernel(host, err));
	probe_capabilities(host);
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
	host->landlock_abi = abi < 0 ? 0 : (int)abi;
	if (getrlimit(RLIMIT_NPROC, &processes) == 0)
		host->processes = processes.rlim_max;
	if (getcwd(cwd, sizeof(cwd)) == NULL) {
		error_set(err, ERROR_SYSTEM, errno, "cannot find the current directory");
		return error_hint(err, "it was removed, or is out of reach: cd to another one");
	}
	host->cwd = arena_strdup(arena, cwd);
	probe_cgroup_version(host);
	return probe_status(host, err);
}

int host_probe(struct host *host, struct arena *arena, struct error *err)
{
	TRY(probe(host, arena, err));
	return probe_cgroups(host, arena, err);
}

int host_probe_process(struct host *host, struct arena *arena, struct error *err)
{
	TRY(probe(host, arena, err));
	return host->privileged ? 0 : probe_cgroups(host, arena, err);
}

bool host_seccomp_flag(uint32_t flag)
{
	/* Flags are looked at before the program, which is nowhere: nothing is ever loaded. */
	uint32_t flags =
		flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ? flag | SECCOMP_FILTER_FLAG_NEW_LISTENER : flag;

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

bool host_kernel_at_least(const struct host *host, uint32_t major, uint32_t minor)
{
	return host->kernel >= (major << 16 | minor);
}

static const char *first_program(const char *const places[3])
{
	for (size_t i = 0; i < 3; i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

void host_probe_pasta(struct host *host)
{
	static const char *const places[3] = {"/usr/bin/pasta", "/usr/local/bin/pasta", "/bin/pasta"};

	host->pasta = first_program(places);
}

/* Nobody else may rename what is in it: the caller's own, or where only owners may. */
static const char *private_parent(const struct host *host)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat status;

	return runtime != NULL && runtime[0] == '/' && lstat(runtime, &status) == 0 && S_ISDIR(status.st_mode) &&
			       status.st_uid == host->uid && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0
		       ? runtime
		       : "/tmp";
}

void host_probe_dbus(struct host *host, struct arena *arena)
{
	static const char *const places[3] = {"/usr/bin/xdg-dbus-proxy", "/usr/local/bin/xdg-dbus-proxy",
					      "/bin/xdg-dbus-proxy"};
	uint64_t number;

	host->dbus_proxy = first_program(places);
	if (getrandom(&number, sizeof(number), 0) == (ssize_t)sizeof(number))
		host->private_place =
			arena_printf(arena, "%s/casemate-%016llx", private_parent(host), (unsigned long long)number);
}
