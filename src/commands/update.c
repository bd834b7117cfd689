// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "commands/container.h"
#include "commands/existing.h"
#include "config/oci.h"
#include "commands/after.h"
#include "parts/cgroup_update.h"
#include "parts/rdt.h"

/* A flag that is a member of linux.resources. */
struct flag {
	const char *object; /* NULL: handled apart */
	const char *key;
	enum { NUMBER, BYTES, TEXT } kind;
};

enum {
	RESOURCES,
	MEMORY,
	RESERVATION,
	SWAP,
	KERNEL,
	KERNEL_TCP,
	SHARES,
	QUOTA,
	PERIOD,
	BURST,
	RT_RUNTIME,
	RT_PERIOD,
	CPUS,
	MEMS,
	IDLE,
	PIDS,
	WEIGHT,
	L3,
	BANDWIDTH,
	FLAGS,
};

/* Members of one object stand together. */
static const struct flag flags[FLAGS] = {
	[MEMORY] = {"memory", "limit", BYTES},
	[RESERVATION] = {"memory", "reservation", BYTES},
	[SWAP] = {"memory", "swap", BYTES},
	[KERNEL] = {"memory", "kernel", BYTES},
	[KERNEL_TCP] = {"memory", "kernelTCP", BYTES},
	[SHARES] = {"cpu", "shares", NUMBER},
	[QUOTA] = {"cpu", "quota", NUMBER},
	[PERIOD] = {"cpu", "period", NUMBER},
	[BURST] = {"cpu", "burst", NUMBER},
	[RT_RUNTIME] = {"cpu", "realtimeRuntime", NUMBER},
	[RT_PERIOD] = {"cpu", "realtimePeriod", NUMBER},
	[CPUS] = {"cpu", "cpus", TEXT},
	[MEMS] = {"cpu", "mems", TEXT},
	[IDLE] = {"cpu", "idle", NUMBER},
	[PIDS] = {"pids", "limit", NUMBER},
	[WEIGHT] = {"blockIO", "weight", NUMBER},
};

struct update_options {
	const char *given[FLAGS];
};

#define AT(flag) offsetof(struct update_options, given[flag])

/* In the order of the flags. */
static const struct cli_option options[] = {
	{"--resources", 'r', CLI_TEXT, AT(RESOURCES), "FILE|-",
	 "take linux.resources from this file, or standard input, and no other flag", 0},
	{"--memory", 0, CLI_TEXT, AT(MEMORY), "BYTES", "memory; k, m, g: powers of 1024; -1: no limit", 0},
	{"--memory-reservation", 0, CLI_TEXT, AT(RESERVATION), "BYTES", "memory that it keeps when the host is short",
	 0},
	{"--memory-swap", 0, CLI_TEXT, AT(SWAP), "BYTES", "memory and swap together", 0},
	{"--kernel-memory", 0, CLI_TEXT, AT(KERNEL), "BYTES", "memory of the kernel for it", 0},
	{"--kernel-memory-tcp", 0, CLI_TEXT, AT(KERNEL_TCP), "BYTES", "memory of TCP buffers", 0},
	{"--cpu-share", 0, CLI_TEXT, AT(SHARES), "N", "share of busy CPUs, 1024 is usual", 0},
	{"--cpu-quota", 0, CLI_TEXT, AT(QUOTA), "MICROSECONDS", "CPU time in each period; -1: no limit", 0},
	{"--cpu-period", 0, CLI_TEXT, AT(PERIOD), "MICROSECONDS", "the period of the quota", 0},
	{"--cpu-burst", 0, CLI_TEXT, AT(BURST), "MICROSECONDS", "quota that can be saved up", 0},
	{"--cpu-rt-runtime", 0, CLI_TEXT, AT(RT_RUNTIME), "MICROSECONDS", "real-time CPU time in each period", 0},
	{"--cpu-rt-period", 0, CLI_TEXT, AT(RT_PERIOD), "MICROSECONDS", "the period of the real-time CPU time", 0},
	{"--cpuset-cpus", 0, CLI_TEXT, AT(CPUS), "LIST", "CPUs to run on: 0-3,5", 0},
	{"--cpuset-mems", 0, CLI_TEXT, AT(MEMS), "LIST", "memory nodes", 0},
	{"--cpu-idle", 0, CLI_TEXT, AT(IDLE), "0|1", "1: run only when nobody else wants to", 0},
	{"--pids-limit", 0, CLI_TEXT, AT(PIDS), "N", "processes and threads; -1: no limit", 0},
	{"--blkio-weight", 0, CLI_TEXT, AT(WEIGHT), "N", "share of busy block devices, 10 to 1000", 0},
	{"--l3-cache-schema", 0, CLI_TEXT, AT(L3), "SCHEMA", "lines for resctrl: share of the cache, L3:0=7f0;1=1f", 0},
	{"--mem-bw-schema", 0, CLI_TEXT, AT(BANDWIDTH), "SCHEMA",
	 "a line for resctrl: share of the memory bandwidth, MB:0=20;1=70", 0},
	CLI_END,
};

_Static_assert(sizeof(options) / sizeof(options[0]) == FLAGS + 1, "an option for each flag, and the end");

static const struct cli cli = {
	.usage = "casemate update [OPTION]... ID",
	.summary = "Changes the limits of a container that is there; what is not given stays.",
	.options = options,
	.order = CLI_MIXED,
};

/* ---- flags, as the JSON that they stand for: there is one place that checks values */

static const char *option_name(size_t flag)
{
	return options[flag].name;
}

/* "64m", "1GiB": as Docker's units, without fractions. */
static int scale(const char **unit, int64_t *value)
{
	static const char units[] = "kmgtp";
	const char *at = strchr(units, **unit | 0x20);

	if (at != NULL) {
		if (__builtin_mul_overflow(*value, (int64_t)1 << (10 * (at - units + 1)), value))
			return -1;
		(*unit)++;
		*unit += **unit == 'i';
	}
	*unit += **unit == 'b' || **unit == 'B';
	return 0;
}

static int parse_number(size_t flag, const char *text, int64_t *ret, struct error *err)
{
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, 10);
	const char *rest = end;
	bool number = end != text && errno == 0 && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
	if (number && flags[flag].kind == BYTES && *ret >= 0)
		number = scale(&rest, ret) == 0;
	if (!number || *rest != '\0')
		return error_set(err, ERROR_USAGE, 0, "invalid value for %s: '%s' is not a number", option_name(flag),
				 text);
	return 0;
}

static int write_member(struct json_writer *json, size_t flag, const char *text, struct error *err)
{
	int64_t value;

	if (flags[flag].kind == TEXT) {
		json_member_string(json, flags[flag].key, text);
		return 0;
	}
	TRY(parse_number(flag, text, &value, err));
	json_member_signed(json, flags[flag].key, value);
	return 0;
}

static int write_flags(struct json_writer *json, const struct update_options *given, struct error *err)
{
	const char *open = NULL;

	json_write_begin_object(json);
	for (size_t i = 0; i < FLAGS; i++) {
		if (flags[i].object == NULL || given->given[i] == NULL || given->given[i][0] == '\0')
			continue;
		if (open == NULL || strcmp(open, flags[i].object) != 0) {
			if (open != NULL)
				json_write_end_object(json);
			json_member_object(json, flags[i].object);
			open = flags[i].object;
		}
		TRY(write_member(json, i, given->given[i], err));
	}
	if (open != NULL)
		json_write_end_object(json);
	json_write_end_object(json);
	return 0;
}

static int from_flags(const struct update_options *given, struct arena *arena, struct request_resources *ret,
		      struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;

	TRY(json_writer_create(&json, false, err));
	TRY(write_flags(&json, given, err));
	TRY(json_writer_finish(&json, &text, &length, err));
	return oci_parse_resources(arena_strndup(arena, text, length), length, "the options", arena, ret, err);
}

/* ---- a file */

static int from_file(const char *path, struct arena *arena, struct request_resources *ret, struct error *err)
{
	char *text;
	size_t length;

	if (strcmp(path, "-") == 0) {
		if (fd_read_all(STDIN_FILENO, JSON_MAX_BYTES, arena, &text, &length) < 0)
			return error_set(err, errno == EFBIG ? ERROR_CONFIG : ERROR_SYSTEM, errno,
					 "cannot read the resources from standard input");
		return oci_parse_resources(text, length, "standard input", arena, ret, err);
	}
	TRY(file_read(AT_FDCWD, path, JSON_MAX_BYTES, arena, &text, &length, err));
	return oci_parse_resources(text, length, path, arena, ret, err);
}

/* ---- the command */

/* linux.intelRdt is no resource of a cgroup. An empty schema is none: engines write it. */
static int update_rdt(const struct update_options *given, const struct state *state, struct arena *arena,
		      struct error *err)
{
	struct plan_rdt rdt = state->rdt;

	rdt.schemata = (string_list){0};
	for (size_t i = L3; i <= BANDWIDTH; i++) {
		if (given->given[i] == NULL || given->given[i][0] == '\0')
			continue;
		rdt.from = option_name(i);
		*LIST_ADD(arena, &rdt.schemata) = given->given[i];
	}
	return rdt.schemata.count == 0 ? 0 : rdt_update(&rdt, state->rdt_made, err);
}

static int update(const struct state *state, const struct request_resources *resources, struct arena *arena,
		  struct error *err)
{
	struct profile *profile = arena_alloc(arena, sizeof(*profile));
	struct host *host = arena_alloc(arena, sizeof(*host));
	const struct cgroup_update change = {
		.resources = resources, .host = host, .profile = profile, .source = "update", .arena = arena};

	TRY(after_profile(state, arena, profile, err));
	TRY(host_probe(host, arena, err));
	return cgroup_update(&state->cgroup, &change, err);
}

static int run(const struct invocation *invocation, int *ret_status, struct error *err)
{
	AUTO_STATE struct state state = {.dir = -1};
	struct request_resources *resources = arena_alloc(invocation->arena, sizeof(*resources));
	struct update_options given = {0};
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, &given, &rest, err);
	if (go <= 0)
		return go;
	if (given.given[RESOURCES] != NULL)
		TRY(from_file(given.given[RESOURCES], invocation->arena, resources, err));
	else
		TRY(from_flags(&given, invocation->arena, resources, err));
	TRY(existing_open_alive(invocation, rest, cli.usage, STATE_LOCK, &state, err));
	TRY(update_rdt(&given, &state, invocation->arena, err));
	return update(&state, resources, invocation->arena, err);
}

const struct command command_update = {"update", &cli, run};
