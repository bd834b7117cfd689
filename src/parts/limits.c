// SPDX-License-Identifier: Apache-2.0
#include "parts/limits.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/sysinfo.h>

#include "base/fd.h"
#include "base/sys.h"
#include "model/names.h"

enum {
	IOPRIO_SHIFT = 13,
	IOPRIO_REALTIME = 1,
	NICE_ZERO = 20,   /* RLIMIT_NICE: 20 - nice */
	LIST_WORDS = 128, /* 8,192 CPUs or NUMA nodes: as many as the kernel can be built for */
	BITS = 8 * sizeof(unsigned long),
	LIST_BITS = LIST_WORDS * BITS,
};

static bool has_rlimit(const struct plan *plan, int type)
{
	for (size_t i = 0; i < plan->limits.rlimits.count; i++)
		if (plan->limits.rlimits.at[i].type == type)
			return true;
	return false;
}

/* With these limits a program takes by itself what the config may not ask for (setrlimit(2), sched(7)). */
static bool gives_priority(const struct request_rlimit *wanted)
{
	uint64_t most = wanted->soft > wanted->hard ? wanted->soft : wanted->hard;

	return (wanted->type == RLIMIT_RTPRIO && most > 0) || (wanted->type == RLIMIT_NICE && most > NICE_ZERO);
}

static void plan_rlimits(struct planner *p)
{
	for (size_t i = 0; i < p->request->process.rlimits.count; i++) {
		const struct request_rlimit *wanted = &p->request->process.rlimits.at[i];

		/* The limit of processes that the cgroup part holds by an rlimit is the lower of the two already. */
		if (wanted->type == RLIMIT_NPROC && has_rlimit(p->plan, RLIMIT_NPROC))
			continue;
		if (gives_priority(wanted) &&
		    planner_judge(p, p->profile->realtime, "limits", wanted->from,
				  arena_printf(p->arena, "%s lets the program take a priority that starves the host",
					       lookup_name(&names_rlimits, (uint64_t)wanted->type)),
				  "remove it"))
			continue;

		*LIST_ADD(p->arena, &p->plan->limits.rlimits) = (struct plan_rlimit){
			.type = wanted->type,
			.limit = {.rlim_cur = wanted->soft, .rlim_max = wanted->hard},
			.from = wanted->from,
		};
	}
}

/* What somebody who asked for a limit could take it for, and what it is. */
static void note_weaker(struct planner *p)
{
	for (size_t i = 0; p->request->sandbox.limits_by_rlimit && i < p->plan->limits.rlimits.count; i++)
		if (p->plan->limits.rlimits.at[i].type == RLIMIT_AS)
			planner_note(
				p, "limits", p->plan->limits.rlimits.at[i].from,
				"the limit of memory is for the address space of each process, not for all together; "
				"files in memory (tmpfs, memfd) do not count");
}

static void plan_scheduling(struct planner *p)
{
	const struct request_process *process = &p->request->process;
	struct plan_limits *plan = &p->plan->limits;
	const struct request_scheduler *scheduler = process->scheduler;

	plan->scheduler = scheduler;
	if (scheduler != NULL && scheduler->policy != SCHED_OTHER && scheduler->policy != SCHED_BATCH &&
	    scheduler->policy != SCHED_IDLE &&
	    planner_judge(p, p->profile->realtime, "limits", planner_origin(p, "/process/scheduler"),
			  arena_printf(p->arena, "the scheduler %s can starve the host",
				       lookup_name(&names_sched_policies, scheduler->policy)),
			  "use SCHED_OTHER, SCHED_BATCH or SCHED_IDLE"))
		plan->scheduler = NULL;
	if (scheduler != NULL && scheduler->nice < 0 &&
	    planner_judge(p, p->profile->realtime, "limits", planner_origin(p, "/process/scheduler/nice"),
			  "a nice value below 0 takes CPU time from the host", "use 0 or more"))
		plan->scheduler = NULL;
	plan->io_priority = process->io_priority;
	if (process->io_priority != NULL && process->io_priority->class == IOPRIO_REALTIME &&
	    planner_judge(p, p->profile->realtime, "limits", planner_origin(p, "/process/ioPriority"),
			  "the real-time I/O class can starve the host", "use IOPRIO_CLASS_BE or IOPRIO_CLASS_IDLE"))
		plan->io_priority = NULL;
}

static void plan_oom_score(struct planner *p)
{
	struct opt_i64 wanted = p->request->process.oom_score_adj;

	p->plan->limits.oom_score_adj = wanted;
	/* What is not asked for is no reason to refuse. */
	if (!wanted.set && p->host->oom_score_adj < 0 && p->profile->oom_score != VERDICT_ALLOW &&
	    planner_judge(p, VERDICT_TIGHTEN, "limits", planner_origin(p, "/process/oomScoreAdj"),
			  "it would inherit a protection from the launcher: others would be killed in its place", NULL))
		p->plan->limits.oom_score_adj = (struct opt_i64){.set = true};
	if (wanted.set && wanted.value < 0 &&
	    planner_judge(p, p->profile->oom_score, "limits", planner_origin(p, "/process/oomScoreAdj"),
			  "oomScoreAdj is below 0: others would be killed in its place", "use 0 or more"))
		p->plan->limits.oom_score_adj.value = 0;
}

static int parse_number(char **at, unsigned long *ret)
{
	*at += strspn(*at, " ");
	if (!isdigit((unsigned char)**at))
		return -1;
	*ret = strtoul(*at, at, 10);
	return *ret < LIST_BITS ? 0 : -1;
}

/* "0-3,5" (cpuset(7), "List format"). */
static int parse_list(const char *text, unsigned long mask[LIST_WORDS])
{
	unsigned long first, last;
	char *end = (char *)text;

	for (;; end++) {
		TRY(parse_number(&end, &first));
		last = first;
		if (*end == '-') {
			end++;
			TRY(parse_number(&end, &last));
		}
		if (last < first)
			return -1;
		for (unsigned long bit = first; bit <= last; bit++)
			mask[bit / BITS] |= 1UL << bit % BITS;
		end += strspn(end, " ");
		if (*end != ',')
			return *end == '\0' ? 0 : -1;
	}
}

static int check_list(const struct planner *p, const char *pointer, const char *list, struct error *err)
{
	unsigned long mask[LIST_WORDS] = {0};

	if (list == NULL || parse_list(list, mask) == 0)
		return 0;
	return error_set(err, ERROR_CONFIG, 0, "%s: '%s' is not a list such as '0-3,5'", planner_origin(p, pointer),
			 list);
}

int limits_plan(struct planner *p, struct error *err)
{
	const struct request_linux *linux_ = &p->request->linux_;
	struct plan_limits *plan = &p->plan->limits;

	plan_rlimits(p);
	note_weaker(p);
	plan_scheduling(p);
	plan_oom_score(p);
	/* config.md: execCPUAffinity is for processes that are added, and not for the first. */
	plan->exec_initial = p->request->process.exec_cpu_initial;
	plan->exec_final = p->request->process.exec_cpu_final;
	TRY(check_list(p, "/process/execCPUAffinity/initial", plan->exec_initial, err));
	TRY(check_list(p, "/process/execCPUAffinity/final", plan->exec_final, err));
	plan->memory_policy = linux_->memory_policy;
	if (plan->memory_policy != NULL)
		TRY(check_list(p, "/linux/memoryPolicy/nodes", plan->memory_policy->nodes, err));
	plan->personality = linux_->personality;
	if (plan->personality == PERSONALITY_LINUX32 &&
	    planner_judge(p, p->profile->personality, "limits", planner_origin(p, "/linux/personality"),
			  "the execution domain LINUX32 is not the native one", "remove linux.personality"))
		plan->personality = PERSONALITY_LINUX;
	return 0;
}

bool limits_apply_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

/* " NAME NAME" for the bits of @flags. */
static void flag_words(const struct lookup *names, uint64_t flags, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < names->count && length + 1 < size; i++)
		if ((flags & names->rows[i].value) != 0)
			length += (size_t)snprintf(text + length, size - length, " %s", names->rows[i].name);
}

static void explain_scheduler(const struct request_scheduler *scheduler, struct explain *out)
{
	char flags[256];

	flag_words(&names_sched_flags, scheduler->flags, flags, sizeof(flags));
	explain_say(out, EXPLAIN_DOES, NULL, "scheduling: %s, nice %lld, priority %u%s",
		    lookup_name(&names_sched_policies, scheduler->policy), (long long)scheduler->nice,
		    scheduler->priority, flags);
	if (scheduler->policy == SCHED_DEADLINE)
		explain_say(out, EXPLAIN_DOES, NULL, "scheduling: %llu ns within %llu ns of every %llu ns",
			    (unsigned long long)scheduler->runtime, (unsigned long long)scheduler->deadline,
			    (unsigned long long)scheduler->period);
}

static void explain_memory_policy(const struct request_memory_policy *policy, struct explain *out)
{
	char flags[128];

	flag_words(&names_memory_flags, policy->flags, flags, sizeof(flags));
	explain_say(out, EXPLAIN_DOES, NULL, "NUMA memory policy %s%s%s%s",
		    lookup_name(&names_memory_policies, policy->mode), policy->nodes == NULL ? "" : " on nodes ",
		    policy->nodes == NULL ? "" : policy->nodes, flags);
}

static void explain_affinity(const struct plan_limits *limits, struct explain *out)
{
	if (limits->exec_initial != NULL)
		explain_say(out, EXPLAIN_DOES, NULL, "what joins it later starts on CPUs %s", limits->exec_initial);
	if (limits->exec_final != NULL)
		explain_say(out, EXPLAIN_DOES, NULL, "what joins it later runs on CPUs %s", limits->exec_final);
}

static void explain_rlimit(const struct plan_rlimit *rlimit, struct explain *out)
{
	explain_say(out, EXPLAIN_STOPS, rlimit->from, "%s: %lld soft, %lld hard",
		    lookup_name(&names_rlimits, (uint64_t)rlimit->type), (long long)rlimit->limit.rlim_cur,
		    (long long)rlimit->limit.rlim_max);
}

void limits_apply_explain(const struct plan *plan, struct explain *out)
{
	const struct plan_limits *limits = &plan->limits;

	for (size_t i = 0; i < limits->rlimits.count; i++)
		if (limits->rlimits.at[i].type != RLIMIT_NOFILE)
			explain_rlimit(&limits->rlimits.at[i], out);
	if (limits->scheduler != NULL)
		explain_scheduler(limits->scheduler, out);
	if (limits->io_priority != NULL)
		explain_say(out, EXPLAIN_DOES, NULL, "I/O priority: %s, level %lld of 0 (first) to 7",
			    lookup_name(&names_io_classes, (uint64_t)limits->io_priority->class),
			    (long long)limits->io_priority->priority);
	if (limits->personality != PERSONALITY_NONE)
		explain_say(out, EXPLAIN_DOES, NULL, "execution domain %s",
			    lookup_name(&names_personalities, limits->personality));
	if (limits->memory_policy != NULL)
		explain_memory_policy(limits->memory_policy, out);
	explain_affinity(limits, out);
}

static int set_rlimit(const struct plan_rlimit *rlimit, const struct rlimit *limit, struct error *err)
{
	if (sys_prlimit(rlimit->type, limit, NULL) == 0)
		return 0;
	error_set(err, ERROR_SYSTEM, errno, "%s: cannot set the limit", rlimit->from);
	return errno == EPERM ? error_hint(err, "only root can raise a hard limit, such as `ulimit -Ha` shows") : -1;
}

/* Now, while it may be raised; it is lowered by limits_files(), when no step needs a descriptor any more. */
static int raise_files(const struct plan_rlimit *rlimit, struct error *err)
{
	struct rlimit limit;

	if (sys_prlimit(RLIMIT_NOFILE, NULL, &limit) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read the limit of open files");
	if (rlimit->limit.rlim_max <= limit.rlim_max)
		return 0;
	limit.rlim_max = rlimit->limit.rlim_max;
	return set_rlimit(rlimit, &limit, err);
}

static int apply_rlimits(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->limits.rlimits.count; i++) {
		const struct plan_rlimit *rlimit = &plan->limits.rlimits.at[i];

		TRY(rlimit->type == RLIMIT_NOFILE ? raise_files(rlimit, err) : set_rlimit(rlimit, &rlimit->limit, err));
	}
	return 0;
}

bool limits_files_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

void limits_files_explain(const struct plan *plan, struct explain *out)
{
	for (size_t i = 0; i < plan->limits.rlimits.count; i++)
		if (plan->limits.rlimits.at[i].type == RLIMIT_NOFILE)
			explain_rlimit(&plan->limits.rlimits.at[i], out);
}

int limits_files(const struct plan *plan, struct run *run, struct error *err)
{
	if (run->nofile_raised && sys_prlimit(RLIMIT_NOFILE, &run->nofile, NULL) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot restore the limit of open files");
	for (size_t i = 0; i < plan->limits.rlimits.count; i++)
		if (plan->limits.rlimits.at[i].type == RLIMIT_NOFILE)
			TRY(set_rlimit(&plan->limits.rlimits.at[i], &plan->limits.rlimits.at[i].limit, err));
	return 0;
}

static int apply_scheduler(const struct request_scheduler *wanted, struct error *err)
{
	struct kernel_sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = wanted->policy,
		.sched_flags = wanted->flags,
		.sched_nice = (int32_t)wanted->nice,
		.sched_priority = wanted->priority,
		.sched_runtime = wanted->runtime,
		.sched_deadline = wanted->deadline,
		.sched_period = wanted->period,
	};

	if (sys_sched_setattr(&attr) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the scheduler");
	return 0;
}

static int apply_memory_policy(const struct request_memory_policy *policy, struct error *err)
{
	unsigned long nodes[LIST_WORDS] = {0};

	if (policy->nodes != NULL)
		(void)parse_list(policy->nodes, nodes);
	if (sys_set_mempolicy((int)(policy->mode | policy->flags), policy->nodes == NULL ? NULL : nodes,
			      policy->nodes == NULL ? 0 : LIST_BITS) < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot set the NUMA memory policy %s",
			  lookup_name(&names_memory_policies, policy->mode));
		return errno == EINVAL ? error_hint(err, "the nodes must exist, and be given or left out as "
							 "set_mempolicy(2) says for this policy")
				       : -1;
	}
	return 0;
}

int limits_apply(const struct plan *plan, struct run *run, struct error *err)
{
	(void)run;
	const struct plan_limits *limits = &plan->limits;
	const struct request_io_priority *io = limits->io_priority;

	if (limits->scheduler != NULL)
		TRY(apply_scheduler(limits->scheduler, err));
	if (io != NULL && sys_ioprio_set(io->class << IOPRIO_SHIFT | (int)io->priority) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the I/O priority");
	if (limits->memory_policy != NULL)
		TRY(apply_memory_policy(limits->memory_policy, err));
	if (limits->personality != PERSONALITY_NONE &&
	    sys_personality(limits->personality == PERSONALITY_LINUX32 ? PER_LINUX32 : PER_LINUX) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the execution domain");
	return apply_rlimits(plan, err);
}
