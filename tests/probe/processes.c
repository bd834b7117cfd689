// SPDX-License-Identifier: Apache-2.0
/* Attacks on other processes. The target is a pid as seen from here; the default is the parent, which is of the same
 * user. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KCMP_ANY_FILE = 0 };

static long target(int argc, char **argv)
{
	return number_argument(argc, argv, 0, getppid());
}

static enum outcome trace_me(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return judge(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0));
}

static enum outcome trace_with(int argc, char **argv, long request)
{
	long pid = target(argc, argv);
	long ret = syscall(SYS_ptrace, request, pid, 0, 0);

	/* An attached process gets SIGSTOP and must be let go again; a seized one runs on and is free when we end. */
	if (ret == 0 && request == PTRACE_ATTACH) {
		waitpid((pid_t)pid, NULL, __WALL);
		syscall(SYS_ptrace, PTRACE_DETACH, pid, 0, 0);
	}
	return judge(ret);
}

static enum outcome trace_attach(int argc, char **argv)
{
	return trace_with(argc, argv, PTRACE_ATTACH);
}

static enum outcome trace_seize(int argc, char **argv)
{
	return trace_with(argc, argv, PTRACE_SEIZE);
}

static enum outcome read_memory(int argc, char **argv)
{
	static char shared_address[16] = "the same program";
	char copy[16];
	struct iovec local = {copy, sizeof(copy)};
	struct iovec remote = {shared_address, sizeof(shared_address)};

	return judge_reached(syscall(SYS_process_vm_readv, target(argc, argv), &local, 1, &remote, 1, 0));
}

static enum outcome write_memory(int argc, char **argv)
{
	static char shared_address[16] = "the same program";
	struct iovec both = {shared_address, sizeof(shared_address)};

	return judge_reached(syscall(SYS_process_vm_writev, target(argc, argv), &both, 1, &both, 1, 0));
}

static enum outcome open_memory(int argc, char **argv)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/mem", target(argc, argv));
	return judge(open(path, O_RDWR | O_CLOEXEC));
}

static enum outcome steal_descriptor(int argc, char **argv)
{
	long pidfd = syscall(SYS_pidfd_open, target(argc, argv), 0);

	if (pidfd < 0)
		return judge(pidfd);
	return judge_reached(syscall(SYS_pidfd_getfd, pidfd, (int)number_argument(argc, argv, 1, 0), 0));
}

static enum outcome compare(int argc, char **argv)
{
	return judge_reached(syscall(SYS_kcmp, target(argc, argv), getpid(), KCMP_ANY_FILE, 0, 0));
}

/* Signal 0 checks the permission only. */
static enum outcome signal_process(int argc, char **argv)
{
	return judge(kill((pid_t)target(argc, argv), (int)number_argument(argc, argv, 1, 0)));
}

static enum outcome raise_priority(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return judge(setpriority(PRIO_PROCESS, 0, -20));
}

static enum outcome become_realtime(int argc, char **argv)
{
	struct sched_param param = {.sched_priority = 1};

	(void)argc;
	(void)argv;
	return judge(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &param));
}

static enum outcome raise_limit(int argc, char **argv)
{
	struct rlimit limit;
	int type = (int)number_argument(argc, argv, 0, RLIMIT_NOFILE);

	if (getrlimit((__rlimit_resource_t)type, &limit) < 0)
		return broken("getrlimit");
	if (limit.rlim_max == RLIM_INFINITY)
		return absent("a limit of type %d", type);
	limit.rlim_max++;
	return judge(setrlimit((__rlimit_resource_t)type, &limit));
}

static enum outcome lower_oom_score(int argc, char **argv)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	(void)argc;
	(void)argv;
	if (fd < 0)
		return judge(fd);
	return judge(write(fd, "-1000", 5));
}

/* A System V shared memory segment by its number, which is the same in every program of one ipc namespace. */
static enum outcome attach_shared_memory(int argc, char **argv)
{
	return judge((long)shmat((int)number_argument(argc, argv, 0, 0), NULL, SHM_RDONLY));
}

/* Makes children until it is refused or @limit + 64 live, then ends them all. */
static enum outcome fork_bomb(int argc, char **argv)
{
	long limit = number_argument(argc, argv, 0, 256) + 64;
	pid_t *children = calloc((size_t)limit, sizeof(*children));
	long made = 0;
	int refusal = 0;

	if (!children)
		return broken("calloc");
	for (; made < limit; made++) {
		children[made] = fork();
		if (children[made] == 0) {
			alarm(50);
			for (;;)
				pause();
		}
		if (children[made] < 0) {
			refusal = errno;
			break;
		}
	}
	for (long i = 0; i < made; i++)
		kill(children[i], SIGKILL);
	for (long i = 0; i < made; i++)
		waitpid(children[i], NULL, 0);
	free(children);
	if (!refusal)
		return allowed("%ld processes", made);
	errno = refusal;
	return denied("after %ld processes", made);
}

const struct attack processes_attacks[] = {
	{"ptrace-traceme", trace_me},         {"ptrace-attach", trace_attach},
	{"ptrace-seize", trace_seize},        {"vm-readv", read_memory},
	{"vm-writev", write_memory},          {"proc-mem", open_memory},
	{"pidfd-getfd", steal_descriptor},    {"kcmp", compare},
	{"signal", signal_process},           {"nice", raise_priority},
	{"realtime", become_realtime},        {"raise-rlimit", raise_limit},
	{"oom-score", lower_oom_score},       {"fork-bomb", fork_bomb},
	{"shm-attach", attach_shared_memory}, {NULL, NULL},
};
