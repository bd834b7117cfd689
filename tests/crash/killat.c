// SPDX-License-Identifier: Apache-2.0
/*
 * killat N COMMAND [ARGUMENT]...: runs COMMAND and kills it (SIGKILL) at its N-th stop at a system call: every call
 * stops twice, before and after. Its children are let alone, as by a crash. Exit status 99 when it was killed, else its
 * own.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLED = 99, FAILED = 98 };

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(FAILED);
	raise(SIGSTOP);
	execvp(argv[0], argv);
	_exit(FAILED);
}

int main(int argc, char **argv)
{
	int status, deliver = 0;

	if (argc < 3)
		return FAILED;
	long left = strtol(argv[1], NULL, 10);
	pid_t pid = start(argv + 2);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		return FAILED;
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)deliver) < 0 || waitpid(pid, &status, 0) != pid)
			return FAILED;
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		if (WIFSIGNALED(status))
			return 128 + WTERMSIG(status);
		deliver = WSTOPSIG(status);
		if (deliver != (SIGTRAP | 0x80)) {
			deliver = deliver == SIGTRAP ? 0 : deliver;
			continue;
		}
		deliver = 0;
		if (--left > 0)
			continue;
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return KILLED;
	}
}
