// SPDX-License-Identifier: Apache-2.0
/*
 * The floor: the system calls that a container needs, in the cheapest order known, and nothing else. No configuration
 * is read, nothing is checked, nothing is recorded. What a launcher takes longer than this is its own doing.
 *
 *	floor [-d] [-w] [-L] [-2] [-S N] [-b N] [-U UID] [-c HIERARCHY]... [-C HIERARCHY]...
 *		[-j NAME [-o HIERARCHY] [-M BYTES] [-R NAME]] BUNDLE COMMAND...
 *	floor -u [-m] [-L] [-S N] [-f PATH]... COMMAND...
 *	floor -D N			writes the seccomp program for N architectures to stdout
 */
#include "freestanding_start.h"
#include "floor.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/wait.h>

#include "floor_filter.h"

static unsigned length_of(const char *text)
{
	unsigned length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

const char *number(char text[12], unsigned long value)
{
	char *at = text + 11;

	*at = '\0';
	do
		*--at = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	return at;
}

static unsigned parse_number(const char *text)
{
	unsigned value = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (unsigned)(*text - '0');
	return value;
}

static void say(const char *text)
{
	CALL3(__NR_write, 2, text, length_of(text));
}

static __attribute__((noreturn)) void leave(long status)
{
	for (;;)
		CALL1(__NR_exit_group, status);
}

static __attribute__((noreturn)) void usage(const char *text)
{
	say("floor: ");
	say(text);
	say(" (see the head of floor.c)\n");
	leave(125);
}

long must(const char *step, long ret)
{
	char text[12];

	if (ret >= 0)
		return ret;
	say("floor: ");
	say(step);
	say(": errno ");
	say(number(text, (unsigned long)-ret));
	say("\n");
	leave(125);
}

const char *path_of(char *path, const char *const *parts)
{
	unsigned used = 0;

	for (; *parts != NULL; parts++)
		for (const char *at = *parts; *at != '\0' && used < FLOOR_PATH - 1; at++)
			path[used++] = *at;
	path[used] = '\0';
	return path;
}

void write_file(const char *path, const char *text)
{
	int fd = (int)must(path, CALL4(__NR_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0));

	must(path, CALL3(__NR_write, fd, text, length_of(text)));
	CALL1(__NR_close, fd);
}

int wait_for(long child)
{
	int status = 0;

	must("wait4", CALL4(__NR_wait4, child, &status, __WALL, 0));
	return (status & 0x7f) != 0 ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
}

static bool same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

bool makes_cgroup(const struct floor *f, unsigned index)
{
	return f->join != NULL && index < f->own_count && (f->only == NULL || same(f->only, f->hierarchies[index]));
}

static const char *cgroup_of(const struct floor *f, unsigned hierarchy, char path[FLOOR_PATH])
{
	if (f->cgroup2)
		return PATH(path, "/sys/fs/cgroup/", f->join);
	return PATH(path, "/sys/fs/cgroup/", f->hierarchies[hierarchy], "/", f->join);
}

static void copy_file(const char *from, const char *to)
{
	static char text[4096];
	long fd = must(from, CALL4(__NR_openat, AT_FDCWD, from, O_RDONLY | O_CLOEXEC, 0));
	long length = must(from, CALL3(__NR_read, fd, text, sizeof(text) - 1));

	CALL1(__NR_close, fd);
	text[length] = '\0';
	write_file(to, text);
}

/* A new cpuset is empty, and no process can join it. */
static void fill_cpuset(const struct floor *f)
{
	char to[FLOOR_PATH];

	copy_file("/sys/fs/cgroup/cpuset/cpuset.cpus", PATH(to, "/sys/fs/cgroup/cpuset/", f->join, "/cpuset.cpus"));
	copy_file("/sys/fs/cgroup/cpuset/cpuset.mems", PATH(to, "/sys/fs/cgroup/cpuset/", f->join, "/cpuset.mems"));
}

/* `runc spec` denies all devices, and runtimes allow these again. */
static void allow_devices(const struct floor *f)
{
	static const char *const rules[] = {"c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm",   "c 1:8 rwm", "c 1:9 rwm",
					    "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm", "c *:* m",   "b *:* m"};
	char path[FLOOR_PATH];

	write_file(PATH(path, "/sys/fs/cgroup/devices/", f->join, "/devices.deny"), "a");
	PATH(path, "/sys/fs/cgroup/devices/", f->join, "/devices.allow");
	long file = must(path, CALL4(__NR_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0));
	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		must(path, CALL3(__NR_write, file, rules[i], length_of(rules[i])));
	CALL1(__NR_close, file);
}

static void fill_cgroups(const struct floor *f)
{
	for (unsigned i = 0; i < f->hierarchy_count; i++) {
		if (makes_cgroup(f, i) && same(f->hierarchies[i], "cpuset"))
			fill_cpuset(f);
		if (makes_cgroup(f, i) && same(f->hierarchies[i], "devices"))
			allow_devices(f);
	}
}

/* Returns the directory to be cloned into for v2, else -1. */
static int make_cgroups(const struct floor *f)
{
	char path[FLOOR_PATH];
	unsigned count = f->cgroup2 ? 1 : f->hierarchy_count;

	for (unsigned i = 0; f->join != NULL && i < count; i++)
		if (f->cgroup2 || makes_cgroup(f, i))
			must("mkdir cgroup", CALL3(__NR_mkdirat, AT_FDCWD, cgroup_of(f, i, path), 0755));
	if (f->join != NULL && !f->cgroup2)
		fill_cgroups(f);
	if (f->join == NULL || !f->cgroup2)
		return -1;
	return (int)must("open cgroup", CALL4(__NR_openat, AT_FDCWD, cgroup_of(f, 0, path), O_PATH | O_CLOEXEC, 0));
}

static void remove_cgroups(const struct floor *f)
{
	char path[FLOOR_PATH];
	unsigned count = f->cgroup2 ? 1 : f->hierarchy_count;

	for (unsigned i = 0; f->join != NULL && i < count; i++)
		if (f->cgroup2 || makes_cgroup(f, i))
			must("rmdir cgroup", CALL3(__NR_unlinkat, AT_FDCWD, cgroup_of(f, i, path), AT_REMOVEDIR));
}

static void limit_memory(const struct floor *f)
{
	char path[FLOOR_PATH];

	if (f->memory == NULL)
		return;
	if (f->cgroup2)
		write_file(PATH(path, "/sys/fs/cgroup/", f->join, "/memory.max"), f->memory);
	else
		write_file(PATH(path, "/sys/fs/cgroup/memory/", f->join, "/memory.limit_in_bytes"), f->memory);
}

static __attribute__((noreturn, noinline)) void child_side(const struct floor *f)
{
	if (f->sandbox)
		enter_sandbox(f);
	enter_container(f);
}

static uint64_t namespaces_of(const struct floor *f)
{
	uint64_t flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS;

	if (f->sandbox)
		return flags | CLONE_NEWUSER | CLONE_NEWCGROUP;
	return f->docker || f->cgroup2 ? flags | CLONE_NEWCGROUP : flags;
}

static int launch(const struct floor *f)
{
	uint64_t flags = namespaces_of(f);
	int cgroup = make_cgroups(f);
	int status;
	long child;

	limit_memory(f);
	child = clone_child(flags | (f->config == NULL ? CLONE_AS_VFORK : 0), cgroup);
	if (child == 0)
		child_side(f);
	must("clone3", child);
	state_running(f);
	status = wait_for(child);
	remove_cgroups(f);
	state_end(f);
	return status;
}

static int dump_filter(unsigned architectures)
{
	static struct sock_filter code[FILTER_MAX];
	unsigned count = filter_build(code, architectures);

	must("write", CALL3(__NR_write, 1, code, count * sizeof(*code)));
	return 0;
}

static bool *flag_of(struct floor *f, char letter)
{
	switch (letter) {
	case 'u':
		return &f->sandbox;
	case 'd':
		return &f->docker;
	case 'w':
		return &f->writable;
	case 'L':
		return &f->landlock;
	case 'm':
		return &f->few;
	case '2':
		return &f->cgroup2;
	default:
		return NULL;
	}
}

static void set_value(struct floor *f, char letter, const char *value)
{
	switch (letter) {
	case 'S':
		f->filters = parse_number(value);
		break;
	case 'b':
		f->binds = parse_number(value);
		break;
	case 'U':
		f->user = parse_number(value);
		break;
	case 'j':
		f->join = value;
		break;
	case 'o':
		f->only = value;
		break;
	case 'M':
		f->memory = value;
		break;
	case 'R':
		f->config = value;
		break;
	case 'D':
		leave(dump_filter(parse_number(value)));
	case 'f':
		if (f->shown_count == FLOOR_MAX_SHOWN)
			usage("too many -f");
		f->shown[f->shown_count++] = value;
		break;
	case 'c':
	case 'C':
		if (f->hierarchy_count == FLOOR_MAX_HIERARCHIES)
			usage("too many -c");
		f->hierarchies[f->hierarchy_count++] = value;
		f->own_count += letter == 'c';
		break;
	default:
		usage("unknown option");
	}
}

int floor_main(int argc, char **argv, char **envp)
{
	/* Not on the stack, which the child of clone_child() uses too. */
	static struct floor f;
	int at = 1;

	for (; at < argc && argv[at][0] == '-'; at++) {
		bool *flag = flag_of(&f, argv[at][1]);

		if (flag != NULL)
			*flag = true;
		else if (at + 1 < argc)
			set_value(&f, argv[at][1], argv[at + 1]), at++;
	}
	if (!f.sandbox && at < argc)
		f.bundle = argv[at++];
	if (at >= argc)
		usage("the command is missing");
	if (f.sandbox)
		f.user = (unsigned)CALL1(__NR_getuid, 0);
	f.argv = argv + at;
	f.envp = envp;
	state_begin(&f, argv);
	return launch(&f);
}
