// SPDX-License-Identifier: Apache-2.0
/* What the program sees of its identity and its privileges. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_GROUPS = 1024, LANDLOCK_MAX_LAYERS = 16 };

static int print_ids(int argc, char **argv)
{
	uid_t u[3];
	gid_t g[3];
	gid_t groups[MAX_GROUPS];
	mode_t mask = umask(0);
	int count = getgroups(MAX_GROUPS, groups);

	(void)argc;
	(void)argv;
	umask(mask);
	if (getresuid(&u[0], &u[1], &u[2]) < 0 || getresgid(&g[0], &g[1], &g[2]) < 0 || count < 0)
		return 2;
	printf("uid %u %u %u %d\n", u[0], u[1], u[2], setfsuid((uid_t)-1));
	printf("gid %u %u %u %d\n", g[0], g[1], g[2], setfsgid((gid_t)-1));
	printf("groups");
	for (int i = 0; i < count; i++)
		printf(" %u", groups[i]);
	printf("\numask %04o\n", (unsigned)mask);
	return 0;
}

static int print_caps(int argc, char **argv)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2];
	uint64_t bounding = 0;
	uint64_t ambient = 0;

	(void)argc;
	(void)argv;
	if (syscall(SYS_capget, &head, d) < 0)
		return 2;
	for (int cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_READ, cap) == 1)
			bounding |= 1ULL << cap;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			ambient |= 1ULL << cap;
	}
	printf("inheritable %08x%08x\n", d[1].inheritable, d[0].inheritable);
	printf("permitted %08x%08x\n", d[1].permitted, d[0].permitted);
	printf("effective %08x%08x\n", d[1].effective, d[0].effective);
	printf("bounding %016llx\n", (unsigned long long)bounding);
	printf("ambient %016llx\n", (unsigned long long)ambient);
	return 0;
}

static int print_securebits(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("%02x\n", (unsigned)prctl(PR_GET_SECUREBITS));
	return 0;
}

static int print_nnp(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("%d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}

static int print_lines(const char *path, const char *const *prefixes)
{
	char line[4096];
	FILE *file = fopen(path, "re");

	if (!file) {
		printf("%s: %s\n", path, strerrorname_np(errno));
		return 2;
	}
	while (fgets(line, sizeof(line), file))
		for (int i = 0; prefixes[i]; i++)
			if (strncmp(line, prefixes[i], strlen(prefixes[i])) == 0)
				fputs(line, stdout);
	fclose(file);
	return 0;
}

static int print_seccomp(int argc, char **argv)
{
	static const char *const wanted[] = {"Seccomp:", "Seccomp_filters:", NULL};

	(void)argc;
	(void)argv;
	return print_lines("/proc/self/status", wanted);
}

static int print_signals(int argc, char **argv)
{
	static const char *const wanted[] = {"SigBlk:", "SigIgn:", NULL};

	(void)argc;
	(void)argv;
	return print_lines("/proc/self/status", wanted);
}

static int print_mounts(int argc, char **argv)
{
	static const char *const all[] = {"", NULL};

	(void)argc;
	(void)argv;
	return print_lines("/proc/self/mountinfo", all);
}

static int print_env(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (char **e = environ; *e; e++)
		puts(*e);
	return 0;
}

static int print_args(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("%s\n", argv[i]);
	return 0;
}

/* What the kernel calls the program: /proc/PID/comm, and the path that was executed (getauxval(3)). */
static int print_called(int argc, char **argv)
{
	char name[17] = "";

	(void)argc, (void)argv;
	prctl(PR_GET_NAME, name, 0, 0, 0);
	printf("%s\n%s\n", name, (const char *)getauxval(AT_EXECFN));
	return 0;
}

/* The working directory, and whether ".." leads from it to this root. */
static int print_cwd(int argc, char **argv)
{
	char path[PATH_MAX];
	struct stat root, here;

	(void)argc;
	(void)argv;
	if (!getcwd(path, sizeof(path)))
		return 2;
	printf("%s\n", path);
	for (int i = 0; i < 128; i++)
		if (chdir("..") < 0)
			break;
	if (stat("/", &root) < 0 || stat(".", &here) < 0)
		return 2;
	puts(root.st_ino == here.st_ino && root.st_dev == here.st_dev ? "below root" : "outside root");
	return 0;
}

static int print_keyring(int argc, char **argv)
{
	char text[256];
	long got = syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, -3 /* session */, text, sizeof(text) - 1, 0);

	(void)argc;
	(void)argv;
	if (got < 0)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("%ld %.*s\n", syscall(SYS_keyctl, 0, -3, 0, 0, 0), (int)got, text);
	return 0;
}

/* The kernel tells no number of Landlock layers, but it refuses more than sixteen: what is not left is in force. */
static int print_landlock(int argc, char **argv)
{
	uint64_t handled = LANDLOCK_ACCESS_FS_MAKE_CHAR;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	int left = 0;

	(void)argc;
	(void)argv;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	while (left < LANDLOCK_MAX_LAYERS && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0)
		left++;
	if (ruleset < 0 || (left < LANDLOCK_MAX_LAYERS && errno != E2BIG)) {
		printf("unknown %s\n", strerrorname_np(errno));
		return 2;
	}
	printf("abi %ld layers %d\n", abi, LANDLOCK_MAX_LAYERS - left);
	return 0;
}

const struct report reports[] = {
	{"ids", print_ids},
	{"caps", print_caps},
	{"securebits", print_securebits},
	{"nnp", print_nnp},
	{"seccomp", print_seccomp},
	{"signals", print_signals},
	{"mounts", print_mounts},
	{"env", print_env},
	{"args", print_args},
	{"called", print_called},
	{"cwd", print_cwd},
	{"keyring", print_keyring},
	{"landlock", print_landlock},
	{NULL, NULL},
};
