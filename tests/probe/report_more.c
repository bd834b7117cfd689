// SPDX-License-Identifier: Apache-2.0
/* What the program sees of its surroundings: descriptors, namespaces, processes, limits, terminal, names. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LAST_DESCRIPTOR = 4096 };

/* By asking for each number, so that /proc is not needed and no descriptor of ours is in the way. */
static int print_fds(int argc, char **argv)
{
	char link[64];
	char path[PATH_MAX];

	(void)argc;
	(void)argv;
	for (int fd = 0; fd <= LAST_DESCRIPTOR; fd++) {
		ssize_t length;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		length = readlink(link, path, sizeof(path) - 1);
		printf("%d %.*s\n", fd, length > 0 ? (int)length : 1, length > 0 ? path : "?");
	}
	return 0;
}

static int print_ns(int argc, char **argv)
{
	static const char *const names[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"};
	char path[64];
	char text[128];

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		length = readlink(path, text, sizeof(text));
		printf("%s %.*s\n", names[i], length > 0 ? (int)length : 1, length > 0 ? text : "?");
	}
	return 0;
}

static int print_procs(int argc, char **argv)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	char path[300];
	char name[64];

	(void)argc;
	(void)argv;
	while (dir && (entry = readdir(dir))) {
		FILE *file;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		printf("%s %s", entry->d_name, file && fgets(name, sizeof(name), file) ? name : "?\n");
		if (file)
			fclose(file);
	}
	return dir ? 0 : 2;
}

static int print_rlimits(int argc, char **argv)
{
	static const char *const names[] = {"CPU",      "FSIZE",  "DATA",    "STACK", "CORE",  "RSS",
					    "NPROC",    "NOFILE", "MEMLOCK", "AS",    "LOCKS", "SIGPENDING",
					    "MSGQUEUE", "NICE",   "RTPRIO",  "RTTIME"};
	struct rlimit limit;

	(void)argc;
	(void)argv;
	for (int i = 0; i < 16; i++)
		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			printf("%s %lld %lld\n", names[i], (long long)limit.rlim_cur, (long long)limit.rlim_max);
	return 0;
}

static int print_tty(int argc, char **argv)
{
	struct winsize size;
	char name[PATH_MAX];

	(void)argc;
	(void)argv;
	for (int fd = 0; fd < 3; fd++)
		printf("%d %s\n", fd, ttyname_r(fd, name, sizeof(name)) == 0 ? name : isatty(fd) ? "terminal" : "none");
	if (ioctl(0, TIOCGWINSZ, &size) == 0)
		printf("size %ux%u\n", size.ws_col, size.ws_row);
	printf("foreground %d\n", (int)tcgetpgrp(0) == (int)getpgrp());
	return 0;
}

static int print_session(int argc, char **argv)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	(void)argc;
	(void)argv;
	printf("pid %d\nppid %d\nsid %d\npgrp %d\n", (int)getpid(), (int)getppid(), (int)getsid(0), (int)getpgrp());
	printf("controlling %s\n", fd >= 0 ? "yes" : strerrorname_np(errno));
	return 0;
}

static int print_names(int argc, char **argv)
{
	struct utsname names;

	(void)argc;
	(void)argv;
	if (uname(&names) < 0)
		return 2;
	printf("hostname %s\ndomainname %s\nmachine %s\n", names.nodename, names.domainname, names.machine);
	return 0;
}

static int print_scheduling(int argc, char **argv)
{
	cpu_set_t set;
	char text[32] = "?";
	FILE *file = fopen("/proc/self/oom_score_adj", "re");

	(void)argc;
	(void)argv;
	if (file && fgets(text, sizeof(text), file))
		text[strcspn(text, "\n")] = '\0';
	if (file)
		fclose(file);
	sched_getaffinity(0, sizeof(set), &set);
	printf("policy %d\nnice %d\n", sched_getscheduler(0), getpriority(PRIO_PROCESS, 0));
	printf("ioprio %ld\n", syscall(SYS_ioprio_get, 1, 0));
	printf("oom %s\ncpus %d first %d\n", text, CPU_COUNT(&set), CPU_ISSET(0, &set));
	printf("personality %x\n", (unsigned)personality(0xffffffff));
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	return 0;
}

static int print_boottime(int argc, char **argv)
{
	struct timespec monotonic, boot;

	(void)argc;
	(void)argv;
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	printf("monotonic %ld\nboottime %ld\n", (long)monotonic.tv_sec, (long)boot.tv_sec);
	return 0;
}

/* stat PATH...: type and mode in octal, owner, device numbers, size, link text. */
static int print_stat(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		struct stat st;
		char link[PATH_MAX] = "";

		if (lstat(argv[i], &st) < 0) {
			printf("%s %s\n", argv[i], strerrorname_np(errno));
			continue;
		}
		if (S_ISLNK(st.st_mode) && readlink(argv[i], link, sizeof(link) - 1) < 0)
			link[0] = '\0';
		printf("%s %06o %u:%u %u,%u %lld %s\n", argv[i], (unsigned)st.st_mode, st.st_uid, st.st_gid,
		       major(st.st_rdev), minor(st.st_rdev), (long long)st.st_size, link);
	}
	return 0;
}

static int end_by_status(int argc, char **argv)
{
	return (int)number_argument(argc, argv, 0, 0);
}

static int end_by_signal(int argc, char **argv)
{
	int number = (int)number_argument(argc, argv, 0, SIGTERM);

	signal(number, SIG_DFL);
	raise(number);
	return 2;
}

static volatile sig_atomic_t caught;

static void remember(int number)
{
	caught = number;
}

/* Says "ready", waits for a signal that can be caught, says which it was and ends with status 40. */
static int wait_for_signal(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = remember};

	(void)argc;
	(void)argv;
	for (int number = 1; number < NSIG; number++)
		if (number != SIGCHLD)
			sigaction(number, &action, NULL);
	puts("ready");
	while (!caught)
		usleep(2000);
	printf("signal %d\n", (int)caught);
	return 40;
}

/* Leaves a child behind that ends later: the init process must reap it. */
static int leave_orphan(int argc, char **argv)
{
	pid_t child;

	(void)argc;
	(void)argv;
	child = fork();
	if (child == 0) {
		if (fork() == 0) {
			usleep(20000);
			_exit(0);
		}
		_exit(0);
	}
	waitpid(child, NULL, 0);
	usleep(200000);
	return print_procs(0, NULL);
}

static int copy_stdin(int argc, char **argv)
{
	char data[4096];
	ssize_t got;

	(void)argc;
	(void)argv;
	while ((got = read(0, data, sizeof(data))) > 0)
		if (write(1, data, (size_t)got) != got)
			return 2;
	return got == 0 ? 0 : 2;
}

/* sd_notify(3): each argument is a message; then it stays, unless the last is "--end". */
static int notify(int argc, char **argv)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (path == NULL || fd < 0)
		return 2;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	for (int i = 0; i < argc && strcmp(argv[i], "--end") != 0; i++)
		if (sendto(fd, argv[i], strlen(argv[i]), 0, (const struct sockaddr *)&address, sizeof(address)) < 0)
			return 2;
	if (argc > 0 && strcmp(argv[argc - 1], "--end") == 0)
		return usleep(300000);
	for (;;)
		pause();
}

const struct report more_reports[] = {
	{"fds", print_fds},
	{"ns", print_ns},
	{"procs", print_procs},
	{"rlimits", print_rlimits},
	{"tty", print_tty},
	{"session", print_session},
	{"names", print_names},
	{"scheduling", print_scheduling},
	{"clocks", print_boottime},
	{"stat", print_stat},
	{"status", end_by_status},
	{"die", end_by_signal},
	{"wait", wait_for_signal},
	{"orphan", leave_orphan},
	{"cat", copy_stdin},
	{"notify", notify},
	{NULL, NULL},
};
