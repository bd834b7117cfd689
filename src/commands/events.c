// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/fd.h"
#include "commands/container.h"
#include "commands/existing.h"
#include "parts/cgroup_oom.h"
#include "parts/cgroup_stats.h"

enum { DEFAULT_MS = 5000 };

struct events_options {
	struct cli_number interval;
	bool stats;
};

static const struct cli_option options[] = {
	{"--interval", 0, CLI_DURATION, offsetof(struct events_options, interval), "TIME",
	 "how often the statistics are printed (default: 5s)", 0},
	{"--stats", 0, CLI_ON, offsetof(struct events_options, stats), NULL, "print the statistics once, and end", 0},
	CLI_END,
};

static const struct cli cli = {
	.usage = "casemate events [OPTION]... ID",
	.summary = "Prints what a container uses, and when its limit of memory strikes, as lines of JSON.",
	.options = options,
	.order = CLI_MIXED,
};

static void begin(struct json_writer *json, const struct state *state, const char *type)
{
	json_write_begin_object(json);
	json_member_string(json, "type", type);
	json_member_string(json, "id", state->id);
}

static int print_stats(const struct state *state, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};

	TRY(json_writer_create(&json, false, err));
	begin(&json, state, "stats");
	json_write_key(&json, "data");
	TRY(cgroup_stats(&state->cgroup, &json, err));
	json_write_end_object(&json);
	return existing_print(&json, err);
}

static int print_oom(const struct state *state, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};

	TRY(json_writer_create(&json, false, err));
	begin(&json, state, "oom");
	json_write_end_object(&json);
	return existing_print(&json, err);
}

/* Between two statistics. Returns 0 when it is time for the next, 1 when the container has ended. */
static int watch(const struct state *state, struct pollfd fds[2], struct cgroup_oom_watch *oom, uint64_t until,
		 struct error *err)
{
	while (!clock_passed(until)) {
		int ready = poll(fds, 2, clock_left(until));

		if (ready < 0 && errno != EINTR)
			return error_set(err, ERROR_SYSTEM, errno, "cannot wait for the container \"%s\"", state->id);
		if (ready <= 0)
			continue;
		/* What killed its last process is told before its end. */
		if (cgroup_oom_struck(&state->cgroup, oom))
			TRY(print_oom(state, err));
		if (fds[0].revents != 0)
			return 1;
	}
	return 0;
}

static int follow(const struct state *state, uint64_t interval, struct error *err)
{
	AUTOCLOSE int process = state_process_open(state, err);
	struct cgroup_oom_watch oom;
	int ended = 0;

	if (process < 0)
		return -1;
	TRY(cgroup_oom_watch(&state->cgroup, &oom, err));
	struct pollfd fds[] = {{.fd = process, .events = POLLIN}, {.fd = oom.fd, .events = oom.events}};
	for (uint64_t next = clock_ms() + interval; ended == 0; next += interval) {
		ended = watch(state, fds, &oom, next, err);
		/* The cgroup may go before the process does. */
		if (ended == 0 && print_stats(state, err) < 0 && err->kind != ERROR_HOST)
			ended = -1;
	}
	cgroup_oom_unwatch(&oom);
	return ended < 0 ? -1 : 0;
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	struct events_options given = {.interval = {.value = DEFAULT_MS}};
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	if (given.interval.value == 0)
		return error_set(err, ERROR_USAGE, 0, "--interval must be more than 0");
	TRY(existing_open_alive(invocation, rest, cli.usage, STATE_LOOK, &state, err));
	int result = given.stats ? print_stats(&state, err) : follow(&state, given.interval.value, err);
	return result < 0 ? state_explain_failure(&state, err) : 0;
}

const struct command command_events = {"events", &cli, run};
