// SPDX-License-Identifier: Apache-2.0
/* config.md, "Process". */
#include <stdio.h>
#include <string.h>

#include "config/oci_schema.h"
#include "model/names.h"

/* The largest window that a terminal can have (struct winsize). */
enum { SIZE_MAX_CELLS = 65535 };

static const struct json_field size_fields[] = {
	{JSON_KEY("height"), JSON_TO(UNSIGNED, struct request_size, height), .required = true, .max = SIZE_MAX_CELLS},
	{JSON_KEY("width"), JSON_TO(UNSIGNED, struct request_size, width), .required = true, .max = SIZE_MAX_CELLS},
};
static const struct json_schema size_schema = {JSON_SCHEMA(struct request_size, size_fields)};

static const struct json_field user_fields[] = {
	{JSON_KEY("uid"), JSON_TO(UNSIGNED, struct request_user, uid), OCI_ID, .required = true},
	{JSON_KEY("gid"), JSON_TO(UNSIGNED, struct request_user, gid), OCI_ID, .required = true},
	{JSON_KEY("umask"), JSON_TO_OPT(UNSIGNED, struct request_user, umask), .max = 0777},
	{JSON_KEY("additionalGids"), JSON_TO(NUMBERS, struct request_user, additional_gids), OCI_ID},
};
static const struct json_schema user_schema = {
	JSON_SCHEMA(struct request_user, user_fields),
	.origin = JSON_MEMBER(struct request_user, from),
};

/* config.md: a name that the kernel does not have is a warning, not an error. */
static int take_capability(struct json_reader *r, const char *word, void *into)
{
	int number = names_capability(word);

	if (number < 0)
		*LIST_ADD(json_arena(r), &oci_request(r)->process.capabilities.unknown) = word;
	else
		*(uint64_t *)into |= (uint64_t)1 << number;
	return 0;
}

#define CAPABILITY_SET(set)                                                                                            \
	{                                                                                                              \
		JSON_KEY(#set), JSON_TO(WORDS, struct request_capabilities, set), .word = take_capability              \
	}

static const struct json_field capability_fields[] = {
	CAPABILITY_SET(bounding),  CAPABILITY_SET(effective), CAPABILITY_SET(inheritable),
	CAPABILITY_SET(permitted), CAPABILITY_SET(ambient),
};
static const struct json_schema capabilities_schema = {JSON_SCHEMA(struct request_capabilities, capability_fields)};

static int check_rlimit(struct json_reader *r, void *object)
{
	const struct request_rlimit *limit = object;

	if (limit->soft > limit->hard)
		return json_fail(r, "soft", "is above the hard limit");
	return 0;
}

static const struct json_field rlimit_fields[] = {
	{JSON_KEY("type"), JSON_TO(NAME, struct request_rlimit, type), .names = &names_rlimits, .required = true},
	{JSON_KEY("soft"), JSON_TO(UNSIGNED, struct request_rlimit, soft), .required = true},
	{JSON_KEY("hard"), JSON_TO(UNSIGNED, struct request_rlimit, hard), .required = true},
};
static const struct json_schema rlimit_schema = {
	JSON_SCHEMA(struct request_rlimit, rlimit_fields),
	.origin = JSON_MEMBER(struct request_rlimit, from),
	.done = check_rlimit,
};

static const struct json_field scheduler_fields[] = {
	{JSON_KEY("policy"), JSON_TO(NAME, struct request_scheduler, policy), .names = &names_sched_policies,
	 .required = true},
	{JSON_KEY("nice"), JSON_TO(SIGNED, struct request_scheduler, nice), .min = -20, .max = 19},
	{JSON_KEY("priority"), JSON_TO(UNSIGNED, struct request_scheduler, priority), .max = 99},
	{JSON_KEY("flags"), JSON_TO(FLAGS, struct request_scheduler, flags), .names = &names_sched_flags},
	{JSON_KEY("runtime"), JSON_TO(UNSIGNED, struct request_scheduler, runtime)},
	{JSON_KEY("deadline"), JSON_TO(UNSIGNED, struct request_scheduler, deadline)},
	{JSON_KEY("period"), JSON_TO(UNSIGNED, struct request_scheduler, period)},
};
static const struct json_schema scheduler_schema = {JSON_SCHEMA(struct request_scheduler, scheduler_fields)};

static const struct json_field io_priority_fields[] = {
	{JSON_KEY("class"), JSON_TO(NAME, struct request_io_priority, class), .names = &names_io_classes,
	 .required = true},
	{JSON_KEY("priority"), JSON_TO(SIGNED, struct request_io_priority, priority), .min = 0, .max = 7},
};
static const struct json_schema io_priority_schema = {JSON_SCHEMA(struct request_io_priority, io_priority_fields)};

static int check_affinity(struct json_reader *r, void *object)
{
	struct request_process *process = object;

	process->exec_cpu_initial = oci_given(process->exec_cpu_initial);
	process->exec_cpu_final = oci_given(process->exec_cpu_final);
	TRY(oci_check_cpu_list(r, "initial", process->exec_cpu_initial));
	return oci_check_cpu_list(r, "final", process->exec_cpu_final);
}

/* Its two members lie in the process itself. */
static const struct json_field affinity_fields[] = {
	{JSON_KEY("initial"), JSON_TO(STRING, struct request_process, exec_cpu_initial)},
	{JSON_KEY("final"), JSON_TO(STRING, struct request_process, exec_cpu_final)},
};
static const struct json_schema affinity_schema = {
	JSON_SCHEMA(struct request_process, affinity_fields),
	.done = check_affinity,
};

/* Two limits of one kind: which holds would depend on the order. */
static int check_rlimits_once(struct json_reader *r, const struct request_process *process)
{
	uint64_t seen = 0;
	char member[48];

	for (size_t i = 0; i < process->rlimits.count; i++) {
		uint64_t bit = (uint64_t)1 << process->rlimits.at[i].type;

		if ((seen & bit) != 0) {
			snprintf(member, sizeof(member), "rlimits/%zu/type", i);
			return json_fail(r, member, "this limit is given twice");
		}
		seen |= bit;
	}
	return 0;
}

static int check_process(struct json_reader *r, void *object)
{
	struct request_process *process = object;

	if (process->args.count == 0)
		return json_fail(r, "args", "is empty: nothing to run");
	if (process->args.at[0][0] == '\0')
		return json_fail(r, "args/0", "is empty: nothing to run");
	TRY(oci_check_absolute(r, "cwd", process->cwd));
	TRY(oci_check_environment(r, &process->env));
	process->apparmor_profile = oci_given(process->apparmor_profile);
	process->selinux_label = oci_given(process->selinux_label);
	return check_rlimits_once(r, process);
}

static const struct json_field process_fields[] = {
	{JSON_KEY("terminal"), JSON_TO(BOOL, struct request_process, terminal)},
	{JSON_KEY("consoleSize"), JSON_TO(POINTER, struct request_process, console_size), .object = &size_schema},
	{JSON_KEY("user"), JSON_TO(OBJECT, struct request_process, user), .object = &user_schema, .required = true},
	{JSON_KEY("args"), JSON_TO(STRINGS, struct request_process, args), .required = true},
	{JSON_KEY("env"), JSON_TO(STRINGS, struct request_process, env)},
	{JSON_KEY("cwd"), JSON_TO(STRING, struct request_process, cwd), .required = true},
	{JSON_KEY("capabilities"), JSON_TO(OBJECT, struct request_process, capabilities),
	 .given = JSON_MEMBER(struct request_process, capabilities.given), .object = &capabilities_schema},
	{JSON_KEY("rlimits"), JSON_TO(OBJECTS, struct request_process, rlimits), .object = &rlimit_schema},
	{JSON_KEY("noNewPrivileges"), JSON_TO(BOOL, struct request_process, no_new_privileges)},
	{JSON_KEY("apparmorProfile"), JSON_TO(STRING, struct request_process, apparmor_profile)},
	{JSON_KEY("selinuxLabel"), JSON_TO(STRING, struct request_process, selinux_label)},
	{JSON_KEY("oomScoreAdj"), JSON_TO_OPT(SIGNED, struct request_process, oom_score_adj), .min = -1000,
	 .max = 1000},
	{JSON_KEY("scheduler"), JSON_TO(POINTER, struct request_process, scheduler), .object = &scheduler_schema},
	{JSON_KEY("ioPriority"), JSON_TO(POINTER, struct request_process, io_priority), .object = &io_priority_schema},
	{JSON_KEY("execCPUAffinity"), .kind = JSON_OBJECT, .object = &affinity_schema},
};
const struct json_schema oci_process_schema = {
	JSON_SCHEMA(struct request_process, process_fields),
	.done = check_process,
};
