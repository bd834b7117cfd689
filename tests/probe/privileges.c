// SPDX-License-Identifier: Apache-2.0
/* Attacks that want more rights for this process: ids, capabilities, programs with a set-uid bit or file capabilities.
 */
#include "probe.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int get_caps(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};

	return (int)syscall(SYS_capget, &head, data);
}

static enum outcome set_uid(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (syscall(SYS_setresuid, 0, 0, 0) == 0)
		return allowed("uid %d", (int)getuid());
	return judge(-1);
}

static enum outcome set_gid(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (syscall(SYS_setresgid, 0, 0, 0) == 0)
		return allowed("gid %d", (int)getgid());
	return judge(-1);
}

static enum outcome set_groups(int argc, char **argv)
{
	gid_t root = 0;

	(void)argc;
	(void)argv;
	return judge(syscall(SYS_setgroups, 1, &root));
}

/* setfsuid(2) tells no error: the value is read back. */
static enum outcome set_fsuid(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	setfsuid(0);
	if (setfsuid((uid_t)-1) == 0)
		return allowed("fsuid 0");
	errno = EPERM;
	return denied("%s", "");
}

static enum outcome cap_set(int argc, char **argv)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	(void)argc;
	(void)argv;
	if (get_caps(data) < 0)
		return broken("capget");
	data[0].permitted = data[0].effective |= 1U << CAP_SYS_ADMIN;
	return judge(syscall(SYS_capset, &head, data));
}

/* An ambient capability must be inheritable first. */
static enum outcome cap_ambient(int argc, char **argv)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	(void)argc;
	(void)argv;
	if (get_caps(data) < 0)
		return broken("capget");
	data[0].inheritable |= 1U << CAP_SYS_ADMIN;
	if (syscall(SYS_capset, &head, data) < 0)
		return judge(-1);
	return judge(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
}

static enum outcome unlock_securebits(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return judge(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0));
}

/* What a program that was executed by exec-gains says: status 10 when it is root or holds a capability. */
static enum outcome am_i_privileged(int argc, char **argv)
{
	struct __user_cap_data_struct data[2];

	(void)argc;
	(void)argv;
	if (get_caps(data) < 0)
		return broken("capget");
	if (geteuid() == 0 || data[0].permitted || data[1].permitted)
		return allowed("euid %d, permitted %08x%08x", (int)geteuid(), data[1].permitted, data[0].permitted);
	errno = EPERM;
	return denied("%s", "");
}

/* Runs PROGRAM am-i-privileged, where PROGRAM is this one with a set-uid bit or with file capabilities. */
static enum outcome exec_gains(int argc, char **argv)
{
	const char *path = argument(argc, argv, 0, "/probe-setuid");
	char *const args[] = {(char *)path, "am-i-privileged", NULL};
	char *const env[] = {NULL};
	int status;
	pid_t child = fork();

	if (child < 0)
		return broken("fork");
	if (child == 0) {
		/* Its answer is the exit status; the line on standard output is ours. */
		close(1);
		execve(path, args, env);
		_exit(100 + errno);
	}
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) >= 100) {
		errno = WEXITSTATUS(status) - 100;
		return denied("execve %s", path);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		return allowed("%s runs with more privileges", path);
	errno = EPERM;
	return denied("%s runs, and gains nothing", path);
}

/* Becomes root, by CAP_SETUID, and executes this program again, which then tries what needs CAP_SYS_ADMIN. */
static enum outcome root_exec(int argc, char **argv)
{
	char *const args[] = {"probe", "mount", "tmpfs", NULL};
	char *const env[] = {NULL};
	int status;
	pid_t child;

	(void)argc;
	(void)argv;
	if (syscall(SYS_setresuid, 0, 0, 0) < 0)
		return broken("setresuid");
	child = fork();
	if (child == 0) {
		close(1);
		execve("/proc/self/exe", args, env);
		_exit(2);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 2)
		return broken("the second program");
	errno = EPERM;
	return judge(WEXITSTATUS(status) == 1 ? 0 : -1);
}

const struct attack privileges_attacks[] = {
	{"setuid", set_uid},
	{"setgid", set_gid},
	{"setgroups", set_groups},
	{"setfsuid", set_fsuid},
	{"capset", cap_set},
	{"cap-ambient", cap_ambient},
	{"securebits-unlock", unlock_securebits},
	{"am-i-privileged", am_i_privileged},
	{"exec-gains", exec_gains},
	{"root-exec", root_exec},
	{NULL, NULL},
};
