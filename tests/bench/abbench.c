// SPDX-License-Identifier: Apache-2.0
/*
 * Times commands against each other: every round runs each of them once, in random order, and what is compared are the
 * ratios within a round. Noise of the machine comes in bursts that hit all commands of a round alike, so medians of
 *paired ratios hold still where medians of times do not.
 *
 *	abbench [-r ROUNDS] [-w WARMUP] [-p PAUSE_MS] [-f PRIORITY] [-u UID] [-n PARALLEL] [-s FILE] <LIST
 *
 * LIST has a line for each command: NAME, PROGRAM, ARGUMENTS, separated by tabs; "%n" in an argument becomes a new
 *number. A ";" ends a program, and what follows is run after it: the sum counts. "@gone FILE" in the place of a program
 *waits for the process whose pid FILE has, and does not count; nor does a program after the word "@free". -p sleeps
 *before each command: what a busy loop keeps warm (RCU in cgroup.procs) shows only then. -f runs everything under
 *SCHED_FIFO, -u as another user, -n starts that many at once, -s gives FILE as descriptor 10.
 *
 * Prints, separated by tabs, times in microseconds:
 *	cmd	NAME	WALL	WALL-P25	CPU	SWITCHES	FAULTS
 *	ratio	NAME	OTHER	WALL	CPU
 * A command that fails ends the program: its time would mean nothing.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COMMANDS = 12, MAX_ARGUMENTS = 200, MAX_LINE = 8192, MAX_PARALLEL = 64, GIVEN_FD = 10 };

struct sample {
	double wall, cpu, switches, faults;
};

struct command {
	char *name;
	char *argv[MAX_ARGUMENTS + 1];
	bool sequence;          /* several programs, with ";" between */
	struct sample *samples; /* one a round */
};

struct bench {
	unsigned rounds, warmup, pause_ms, parallel;
	struct command commands[MAX_COMMANDS];
	unsigned count;
	int null_fd, out_fd;
	unsigned next_number;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double microseconds(struct timeval tv)
{
	return (double)tv.tv_sec * 1e6 + (double)tv.tv_usec;
}

/* The child of vfork(2) shares our memory: it only opens its descriptors and goes. */
static __attribute__((noinline)) pid_t spawn(const struct bench *b, char *const *argv)
{
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(b->null_fd, STDIN_FILENO);
		dup2(b->null_fd, STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0)
		err(1, "cannot fork");
	return pid;
}

/* Gives @text with "%n" replaced, in @room, or @text itself. */
static char *expand(const struct bench *b, char *text, char *room, size_t size)
{
	char *at = strstr(text, "%n");

	if (at == NULL)
		return text;
	if (snprintf(room, size, "%.*s%u%s", (int)(at - text), text, b->next_number, at + 2) >= (int)size)
		errx(1, "'%s' is too long", text);
	return room;
}

/* The program that begins at @words and ends with ";" or the list; its arguments replaced, in @argv and @room. */
static unsigned take_program(const struct bench *b, char *const *words, char **argv, char room[4][512])
{
	unsigned used = 0, i = 0;

	for (; words[i] != NULL && strcmp(words[i], ";") != 0; i++) {
		argv[i] = expand(b, words[i], room[used], sizeof(room[used]));
		if (argv[i] == room[used] && ++used == 4)
			errx(1, "'%s' uses %%n more than three times", words[0]);
	}
	argv[i] = NULL;
	return i;
}

static pid_t start(const struct bench *b, char *const *words)
{
	char room[4][512];
	char *argv[MAX_ARGUMENTS + 1];

	take_program(b, words, argv, room);
	return spawn(b, argv);
}

/* @pid: which process, or -1 for any. */
static void reap(const struct command *command, pid_t pid, struct sample *sample)
{
	struct rusage usage;
	int status;

	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			err(1, "cannot wait");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "'%s' failed with status 0x%x", command->name, (unsigned)status);
	sample->cpu += microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
	sample->switches += (double)(usage.ru_nvcsw + usage.ru_nivcsw);
	sample->faults += (double)(usage.ru_minflt + usage.ru_majflt);
}

/* Whatever its parent was, it is our child by now: abbench is the reaper of all orphans. */
static void await_gone(const char *path)
{
	FILE *file = fopen(path, "re");
	int pid;

	if (file == NULL || fscanf(file, "%d", &pid) != 1)
		errx(1, "there is no pid in '%s'", path);
	fclose(file);
	if (waitpid(pid, NULL, 0) < 0 && errno != ECHILD)
		err(1, "cannot wait for process %d", pid);
}

static struct sample measure_sequence(struct bench *b, const struct command *command)
{
	struct sample sample = {0};
	char room[4][512];
	char *argv[MAX_ARGUMENTS + 1];

	for (char *const *words = command->argv;; words++) {
		unsigned length = take_program(b, words, argv, room);
		double begin = now();

		if (strcmp(argv[0], "@gone") == 0) {
			await_gone(argv[1]);
		} else if (strcmp(argv[0], "@free") == 0) {
			reap(command, spawn(b, argv + 1), &(struct sample){0});
		} else {
			reap(command, spawn(b, argv), &sample);
			sample.wall += now() - begin;
		}
		words += length;
		if (*words == NULL)
			break;
	}
	b->next_number++;
	return sample;
}

static struct sample measure(struct bench *b, const struct command *command)
{
	struct sample sample = {0};
	double begin, n = (double)b->parallel;

	if (b->pause_ms > 0)
		usleep(b->pause_ms * 1000);
	lseek(GIVEN_FD, 0, SEEK_SET);
	if (command->sequence)
		return measure_sequence(b, command);
	begin = now();
	for (unsigned i = 0; i < b->parallel; i++, b->next_number++)
		start(b, command->argv);
	for (unsigned i = 0; i < b->parallel; i++)
		reap(command, -1, &sample);
	sample.wall = now() - begin;
	return (struct sample){sample.wall / n, sample.cpu / n, sample.switches / n, sample.faults / n};
}

static void shuffle(unsigned *order, unsigned count)
{
	for (unsigned i = count; i > 1; i--) {
		unsigned other = (unsigned)random() % i;
		unsigned kept = order[i - 1];

		order[i - 1] = order[other];
		order[other] = kept;
	}
}

static void run_rounds(struct bench *b)
{
	unsigned order[MAX_COMMANDS];

	for (unsigned i = 0; i < b->count; i++)
		order[i] = i;
	for (unsigned round = 0; round < b->warmup + b->rounds; round++) {
		shuffle(order, b->count);
		for (unsigned i = 0; i < b->count; i++) {
			struct sample sample = measure(b, &b->commands[order[i]]);

			if (round >= b->warmup)
				b->commands[order[i]].samples[round - b->warmup] = sample;
		}
	}
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* The value below which @part of them lie. @values is sorted. */
static double quantile(double *values, unsigned count, double part)
{
	qsort(values, count, sizeof(*values), compare);
	return values[(unsigned)((double)(count - 1) * part + 0.5)];
}

#define QUANTILE(b, values, part, expression)                                                                          \
	({                                                                                                             \
		for (unsigned round = 0; round < (b)->rounds; round++)                                                 \
			(values)[round] = (expression);                                                                \
		quantile((values), (b)->rounds, (part));                                                               \
	})

static void report(const struct bench *b, FILE *out)
{
	double *values = calloc(b->rounds, sizeof(*values));

	if (values == NULL)
		err(1, "no memory");
	for (unsigned i = 0; i < b->count; i++) {
		const struct sample *s = b->commands[i].samples;

		fprintf(out, "cmd\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\n", b->commands[i].name,
			QUANTILE(b, values, 0.5, s[round].wall), QUANTILE(b, values, 0.25, s[round].wall),
			QUANTILE(b, values, 0.5, s[round].cpu), QUANTILE(b, values, 0.5, s[round].switches),
			QUANTILE(b, values, 0.5, s[round].faults));
		for (unsigned j = 0; j < b->count; j++) {
			const struct sample *o = b->commands[j].samples;

			if (j != i)
				fprintf(out, "ratio\t%s\t%s\t%.3f\t%.3f\n", b->commands[i].name, b->commands[j].name,
					QUANTILE(b, values, 0.5, s[round].wall / o[round].wall),
					QUANTILE(b, values, 0.5, s[round].cpu / o[round].cpu));
		}
	}
	free(values);
}

static void read_command(struct bench *b, char *line)
{
	struct command *command;
	unsigned count = 0;

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '\0')
		return;
	if (b->count == MAX_COMMANDS)
		errx(1, "more than %d commands", MAX_COMMANDS);
	command = &b->commands[b->count++];
	command->name = strdup(strtok(line, "\t"));
	for (char *word = strtok(NULL, "\t"); word != NULL; word = strtok(NULL, "\t")) {
		if (count == MAX_ARGUMENTS)
			errx(1, "'%s' has more than %d arguments", command->name, MAX_ARGUMENTS);
		command->sequence |= strcmp(word, ";") == 0;
		command->argv[count++] = strdup(word);
	}
	command->samples = calloc(b->rounds, sizeof(*command->samples));
	if (count == 0 || command->samples == NULL)
		errx(1, "'%s' has no program, or there is no memory", command->name);
}

static unsigned positive(const char *text)
{
	unsigned long value = strtoul(text, NULL, 10);

	if (value == 0 || value > 100000)
		errx(1, "'%s' is no number from 1 to 100000", text);
	return (unsigned)value;
}

static void become(const char *priority, const char *user)
{
	struct sched_param param = {0};
	uid_t uid;

	if (priority != NULL) {
		param.sched_priority = (int)positive(priority);
		if (sched_setscheduler(0, SCHED_FIFO, &param) < 0)
			warn("no SCHED_FIFO, the times will be noisy");
	}
	if (user == NULL)
		return;
	uid = (uid_t)strtoul(user, NULL, 10);
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		err(1, "cannot become user %u", uid);
}

static void give(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || dup2(fd, GIVEN_FD) < 0)
		err(1, "cannot open '%s'", path);
	close(fd);
}

static void parse(struct bench *b, int argc, char **argv)
{
	const char *priority = NULL, *user = NULL;
	int option;

	while ((option = getopt(argc, argv, "r:w:p:f:u:n:s:")) != -1)
		switch (option) {
		case 'r':
			b->rounds = positive(optarg);
			break;
		case 'w':
			b->warmup = positive(optarg);
			break;
		case 'p':
			b->pause_ms = positive(optarg);
			break;
		case 'n':
			b->parallel = positive(optarg);
			break;
		case 'f':
			priority = optarg;
			break;
		case 'u':
			user = optarg;
			break;
		case 's':
			give(optarg);
			break;
		default:
			errx(1, "see the head of abbench.c");
		}
	become(priority, user);
}

int main(int argc, char **argv)
{
	struct bench b = {.rounds = 20, .warmup = 2, .parallel = 1};
	char line[MAX_LINE];
	FILE *out;

	parse(&b, argc, argv);
	while (fgets(line, sizeof(line), stdin) != NULL)
		read_command(&b, line);
	for (unsigned i = 0; i < b.count; i++)
		if (b.commands[i].sequence && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
			err(1, "cannot become the reaper of orphans");
	b.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	b.out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 20);
	out = fdopen(b.out_fd, "w");
	if (b.null_fd < 0 || out == NULL)
		err(1, "cannot open /dev/null, or stdout");
	srandom((unsigned)time(NULL));
	run_rounds(&b);
	report(&b, out);
	return fclose(out) == 0 ? 0 : 1;
}
