// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "config/options_add.h"
#include "model/names.h"

/* "NOFILE=1024", "RLIMIT_CORE=0:unlimited" */
static int add_rlimit(const struct adding *a, const struct cli_word *word, struct error *err)
{
	char *name = arena_strdup(a->arena, word->value), *soft = strchr(name, '='), *hard;
	struct request_rlimit rlimit = {.from = options_origin(a->arena, word)};
	uint64_t *into[] = {&rlimit.soft, &rlimit.hard};
	uint64_t type = 0;

	if (soft == NULL)
		return error_set(err, ERROR_USAGE, 0, "--rlimit %s: expected NAME=SOFT[:HARD]", word->value);
	*soft++ = '\0';
	hard = strchr(soft, ':');
	if (hard != NULL)
		*hard++ = '\0';
	const char *full = strncmp(name, "RLIMIT_", 7) == 0 ? name : arena_printf(a->arena, "RLIMIT_%s", name);
	if (!lookup_value(&names_rlimits, full, strlen(full), &type)) {
		error_set(err, ERROR_USAGE, 0, "--rlimit %s: there is no limit %s", word->value, name);
		return error_hint(err, "setrlimit(2) lists them, such as NOFILE, CORE and FSIZE");
	}
	rlimit.type = (int)type;
	for (size_t i = 0; i < 2; i++) {
		const char *text = i == 0 || hard == NULL ? soft : hard;

		errno = 0;
		*into[i] = strcmp(text, "unlimited") == 0 ? RLIM_INFINITY : strtoull(text, NULL, 10);
		if (strcmp(text, "unlimited") != 0 &&
		    (text[strspn(text, "0123456789")] != '\0' || text[0] == '\0' || errno != 0))
			return error_set(err, ERROR_USAGE, 0, "--rlimit %s: '%s' is not a number", word->value, text);
	}
	if (rlimit.soft > rlimit.hard)
		return error_set(err, ERROR_USAGE, 0, "--rlimit %s: the soft limit is above the hard one", word->value);
	*LIST_ADD(a->arena, &a->request->process.rlimits) = rlimit;
	return 0;
}

static bool has_rlimit(const struct request *request, int type)
{
	for (size_t i = 0; i < request->process.rlimits.count; i++)
		if (request->process.rlimits.at[i].type == type)
			return true;
	return false;
}

static void set_rlimit(const struct adding *a, int type, uint64_t limit, origin from)
{
	*LIST_ADD(a->arena, &a->request->process.rlimits) =
		(struct request_rlimit){.type = type, .soft = limit, .hard = limit, .from = from};
}

static int add_memory(const struct adding *a, const struct cli_number *mem, struct error *err)
{
	struct request_resources *resources = &a->request->linux_.resources;

	if (mem->value == 0 || mem->value > INT64_MAX)
		return error_set(err, ERROR_USAGE, 0, "--mem must be more than nothing");
	if (a->request->sandbox.limits_by_rlimit && has_rlimit(a->request, RLIMIT_AS))
		return error_set(err, ERROR_USAGE, 0, "both '--mem' and '--rlimit AS' are for RLIMIT_AS");
	if (a->request->sandbox.limits_by_rlimit) {
		set_rlimit(a, RLIMIT_AS, mem->value, "--mem");
		return 0;
	}
	resources->memory = arena_alloc(a->arena, sizeof(*resources->memory));
	resources->memory->limit = (struct opt_i64){.set = true, .value = (int64_t)mem->value};
	return 0;
}

static int add_cpu(const struct adding *a, const struct cli_number *cpu, struct error *err)
{
	struct request_resources *resources = &a->request->linux_.resources;

	if (cpu->value < 10)
		return error_set(err, ERROR_USAGE, 0, "--cpu must be at least 1%%");
	if (a->request->sandbox.limits_by_rlimit) {
		error_set(err, ERROR_USAGE, 0, "--cpu: there is no rlimit for a share of a processor");
		return error_hint(err, "limit the time instead: --time for all of it, --rlimit CPU=SECONDS for the "
				       "processor time of each process");
	}
	resources->cpu = arena_alloc(a->arena, sizeof(*resources->cpu));
	resources->cpu->period = (struct opt_u64){.set = true, .value = 100000};
	resources->cpu->quota = (struct opt_i64){.set = true, .value = (int64_t)cpu->value * 100};
	return 0;
}

int options_add_limits(const struct adding *a, const struct sandbox_options *options, struct error *err)
{
	const char *how = options->limits != NULL ? options->limits : "cgroup";

	if (strcmp(how, "cgroup") != 0 && strcmp(how, "rlimit") != 0)
		return error_set(err, ERROR_USAGE, 0, "--limits %s: expected cgroup or rlimit", how);
	a->request->sandbox.limits_by_rlimit = strcmp(how, "rlimit") == 0;
	for (size_t i = 0; i < options->rlimits.count; i++)
		TRY(add_rlimit(a, &options->rlimits.at[i], err));
	if (!has_rlimit(a->request, RLIMIT_CORE))
		set_rlimit(a, RLIMIT_CORE, 0, "default");
	if (options->pids.set)
		a->request->linux_.resources.pids_limit =
			(struct opt_i64){.set = true, .value = (int64_t)options->pids.value};
	if (options->mem.set)
		TRY(add_memory(a, &options->mem, err));
	return options->cpu.set ? add_cpu(a, &options->cpu, err) : 0;
}
