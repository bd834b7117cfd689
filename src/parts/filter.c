// SPDX-License-Identifier: Apache-2.0
#include "parts/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "parts/filter_builtin.h"
#include "parts/filter_check.h"
#include "parts/filter_compile.h"
#include "parts/filter_report.h"
#include "parts/filter_summary.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* 5.19 */
#endif

/* The default, what is added to it, and the config's own. */
enum { MOST_FILTERS = 2 + PLANNER_ADDED_FILTERS, MOST_EXEMPTIONS = MOST_FILTERS };
enum { FLAGS_LOADED = SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW };
/* A pause each: at least ten seconds, which is how long the launcher waits for an agent. */
#define MOST_LOOKS (1ULL << 32)

static const char remedy[] = "choose a profile whose seccomp is \"off\" (privileged)";

/* The kernel gave every program 16 random bytes; the stack guard is made of the other half. */
static uint64_t random_token(void)
{
	const char *bytes = (const char *)getauxval(AT_RANDOM);
	uint64_t token = 0;

	if (bytes != NULL)
		memcpy(&token, bytes + sizeof(token), sizeof(token));
	return token;
}

static struct request_seccomp_arg equals(uint32_t index, uint64_t value)
{
	return (struct request_seccomp_arg){.index = index, .op = SECCOMP_EQ, .value = value};
}

/* What filter @index of the plan must let through: the launch's exec, and loading the filters after it. */
static size_t list_exemptions(const struct plan *plan, size_t index, struct filter_exemption ret[MOST_EXEMPTIONS])
{
	const struct plan_filter *filter = &plan->filters.at[index];
	uint64_t argv = (uintptr_t)plan->process.argv, envp = (uintptr_t)plan->process.envp;
	struct request_seccomp_arg token = equals(FILTER_TOKEN_ARG, filter->token);

	ret[0] = (struct filter_exemption){SYS_execve, 3, {equals(1, argv), equals(2, envp), token}};
	size_t count = 1;

	for (size_t later = index + 1; later < plan->filters.count; later++, count++)
		ret[count] = (struct filter_exemption){
			SYS_seccomp,
			3,
			{equals(0, SECCOMP_SET_MODE_FILTER), equals(1, plan->filters.at[later].flags),
			 equals(2, (uintptr_t)plan->filters.at[later].program)},
		};
	return count;
}

static void note_names(struct planner *p, origin from, const char *what, const string_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		planner_note(p, "filter", from, arena_printf(p->arena, "%s: %s", what, names->at[i]));
}

static int compile(struct planner *p, const struct request_seccomp *request, size_t index, struct error *err)
{
	struct plan_filter *filter = &p->plan->filters.at[index];
	struct filter_exemption exemptions[MOST_EXEMPTIONS];
	size_t count = list_exemptions(p->plan, index, exemptions);
	struct filter_rules rules;

	TRY(filter_rules_read(request, syscalls_native(), exemptions, count, p->arena, &rules, err));
	TRY(filter_compile(&rules, p->arena, &filter->code, &filter->length, err));
	TRY(filter_check(&rules, filter->code, filter->length, p->arena, err));
	for (size_t i = 0; i < rules.exemptions.count; i++)
		filter->exempts_launch = filter->exempts_launch || rules.exemptions.at[i].number != SYS_seccomp;
	*filter->program = (struct sock_fprog){.len = (unsigned short)filter->length, .filter = filter->code};
	filter->summary = filter_summary(p->arena, &rules, filter->length);
	note_names(p, filter->from, "no architecture has this system call, its rules are ignored", &rules.unknown);
	note_names(p, filter->from, "this machine cannot run programs of this architecture", &rules.foreign);
	return 0;
}

/* A filter that lets everything through is as good as none. */
static bool refuses_something(const struct request_seccomp *request)
{
	if (request->default_action != SECCOMP_ALLOW && request->default_action != SECCOMP_LOG)
		return true;
	for (size_t i = 0; i < request->syscalls.count; i++) {
		uint32_t action = request->syscalls.at[i].action;

		if (action != SECCOMP_ALLOW && action != SECCOMP_LOG)
			return true;
	}
	return false;
}

/* Whether the profile puts its default filter before what the config asks for. */
static bool wants_default(const struct profile *profile, const struct request *request)
{
	const struct request_seccomp *own = request->linux_.seccomp;

	/* Where nothing else holds it, the added ones are no allowlist. */
	if (request->sandbox.without_userns)
		return true;
	if (profile->seccomp == PROFILE_SECCOMP_MISSING)
		return own == NULL || !refuses_something(own);
	return profile->seccomp != PROFILE_SECCOMP_OFF;
}

static void tell_default(struct planner *p, const struct request_seccomp *own)
{
	const char *what = "the default seccomp filter is loaded: the config has none";

	if (own != NULL && refuses_something(own))
		what = "the default seccomp filter is loaded, too: a call must pass both";
	else if (own != NULL)
		what = "the default seccomp filter is loaded: the config's own refuses nothing";
	planner_judge(p, VERDICT_TIGHTEN, "filter", planner_origin(p, "/linux/seccomp"), what, remedy);
}

bool filter_needs_rules(const struct profile *profile, const struct request *request)
{
	const struct request_seccomp *own = request->linux_.seccomp;

	return wants_default(profile, request) && (own != NULL || request->sandbox.without_userns ||
						   request->sandbox.restrict_tcp || filter_builtin.length == 0);
}

static bool notifies(const struct request_seccomp *request)
{
	for (size_t i = 0; i < request->syscalls.count; i++)
		if (request->syscalls.at[i].action == SECCOMP_NOTIFY)
			return true;
	return request->default_action == SECCOMP_NOTIFY;
}

/*
 * The launcher would connect to a socket of the host that the config names, and say there what the config says. Without
 * a listener the kernel answers such calls with ENOSYS.
 */
static void judge_listener(struct planner *p, const struct request_seccomp *own)
{
	origin from = planner_origin(p, "/linux/seccomp/listenerPath");

	if (planner_judge(
		    p, p->profile->sensitive_sources, "filter", from,
		    arena_printf(p->arena, "a seccomp listener is given to the host's socket %s", own->listener_path),
		    "remove SCMP_ACT_NOTIFY and listenerPath, or use the privileged profile"))
		return;
	p->plan->listener = (struct plan_listener){
		.path = own->listener_path,
		.metadata = own->listener_metadata,
		.bundle = p->request->bundle,
		.annotations = p->request->annotations,
		.from = from,
	};
}

static int plan_listener(struct planner *p, const struct request_seccomp *own, struct error *err)
{
	bool wanted = notifies(own);

	if (wanted && own->listener_path == NULL)
		return error_set(err, ERROR_CONFIG, 0, "%s: SCMP_ACT_NOTIFY needs listenerPath", own->from);
	if (wanted)
		judge_listener(p, own);
	else if (own->listener_path != NULL)
		planner_note(p, "filter", own->from, "listenerPath means nothing without SCMP_ACT_NOTIFY: ignored");
	if ((own->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) != 0 && p->plan->listener.path == NULL)
		planner_note(p, "filter", own->from,
			     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV means something only with a listener: ignored");
	return 0;
}

static uint32_t own_flags(const struct plan *plan, const struct request_seccomp *own)
{
	uint32_t flags = own->flags & FLAGS_LOADED;

	if (plan->listener.path != NULL)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER | (own->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	return flags;
}

static void add_filter(struct planner *p, origin from, uint32_t flags)
{
	*LIST_ADD(p->arena, &p->plan->filters) = (struct plan_filter){
		.program = arena_alloc(p->arena, sizeof(struct sock_fprog)),
		.flags = flags,
		.token = random_token(),
		.from = from,
	};
}

/* Casemate's own, on top of the default. */
static void add_own_filter(struct planner *p)
{
	add_filter(p, p->request->sandbox.without_userns ? "--without userns" : "--connect-tcp, --bind-tcp", 0);
	p->plan->filters.at[p->plan->filters.count - 1].added = true;
}

static void take_builtin(struct planner *p)
{
	struct plan_filter *filter = &p->plan->filters.at[0];

	filter->length = filter_builtin.length;
	filter->code = arena_alloc(p->arena, filter->length * sizeof(*filter->code));
	memcpy(filter->code, filter_builtin.code, filter->length * sizeof(*filter->code));
	*filter->program = (struct sock_fprog){.len = (unsigned short)filter->length, .filter = filter->code};
	filter->summary = filter_builtin.summary;
}

static int plan_filters(struct planner *p, struct error *err)
{
	const struct request_seccomp *own = p->request->linux_.seccomp;
	const struct request_seccomp *requests[MOST_FILTERS];
	size_t count = 0;

	if (own != NULL)
		TRY(plan_listener(p, own, err));
	if (wants_default(p->profile, p->request)) {
		tell_default(p, own);
		if (filter_needs_rules(p->profile, p->request) && p->default_filter == NULL)
			return error_set(err, ERROR_BUG, 0, "the default seccomp filter is missing");
		requests[count++] = p->default_filter;
		add_filter(p, arena_printf(p->arena, "profile %s", p->profile->name),
			   (p->default_filter == NULL ? filter_builtin.flags : p->default_filter->flags) &
				   FLAGS_LOADED);
	}
	for (size_t i = 0; i < PLANNER_ADDED_FILTERS && p->added_filters[i] != NULL; i++) {
		requests[count++] = p->added_filters[i];
		add_own_filter(p);
	}
	if (own != NULL) {
		requests[count++] = own;
		add_filter(p, own->from, own_flags(p->plan, own));
	}
	if (count > 0 && p->plan->filters.at[0].token == 0)
		return error_set(err, ERROR_HOST, 0, "the kernel gave this program no random bytes");
	if (count == 1 && requests[0] == NULL) {
		take_builtin(p);
		return 0;
	}
	/* Only now: a filter must know the address of the next one's program. */
	for (size_t i = 0; i < count; i++)
		TRY(compile(p, requests[i], i, err));
	return 0;
}

int filter_plan(struct planner *p, struct error *err)
{
	TRY(plan_filters(p, err));
	return p->request->sandbox.report ? filter_report_plan(p, err) : 0;
}

bool filter_apply_wanted(const struct plan *plan)
{
	return plan->filters.count > 0;
}

void filter_apply_explain(const struct plan *plan, struct explain *out)
{
	for (size_t i = 0; i < plan->filters.count; i++) {
		const struct plan_filter *filter = &plan->filters.at[i];

		explain_say(out, EXPLAIN_STOPS, filter->from, "seccomp filter: %s", filter->summary);
		if (filter->exempts_launch)
			explain_say(
				out, EXPLAIN_DOES, filter->from,
				"its rules would stop the launch's own execve(2): that one call passes, told by random "
				"addresses and a token that are gone after it");
		if ((filter->flags & SECCOMP_FILTER_FLAG_SPEC_ALLOW) != 0)
			explain_say(out, EXPLAIN_GRANTS, filter->from,
				    "SPEC_ALLOW: speculative store bypass is not mitigated%s",
				    i > 0 ? " by this filter" : "");
	}
	if (plan->listener.path != NULL)
		explain_say(out, EXPLAIN_GRANTS, plan->listener.from,
			    "who listens on the host's socket %s decides the calls of SCMP_ACT_NOTIFY",
			    plan->listener.path);
}

/*
 * The filter may forbid every call, so this only looks: the launcher copies the listener by its number. It ends,
 * because the launcher may have died where nobody would kill this process for it.
 */
static int await_taker(struct run_shared *shared, int listener, struct error *err)
{
	__atomic_store_n(&shared->listener, listener + 1, __ATOMIC_RELEASE);
	for (uint64_t looks = 0; looks < MOST_LOOKS; looks++) {
		if (__atomic_load_n(&shared->listener_taken, __ATOMIC_ACQUIRE) != 0)
			return 0;
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("yield");
#endif
	}
	return error_set(err, ERROR_SYSTEM, 0, "nobody took the listener of the seccomp filter");
}

/* A listener is the workload's own: what others ask it for, it would not know. */
int filter_load_all(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->filters.count; i++) {
		const struct plan_filter *filter = &plan->filters.at[i];

		if ((filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) == 0 &&
		    sys_seccomp(filter->flags, filter->program) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot load the seccomp filter of %s",
					 filter->from);
	}
	return 0;
}

/* Answers take longer where signals interrupt the wait for them, as Go's do all the time; Linux 5.19 can let them wait.
 */
static int load(const struct plan_filter *filter, bool reports)
{
	int listener =
		reports ? sys_seccomp(filter->flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, filter->program) : -1;

	return listener >= 0 || (reports && errno != EINVAL) ? listener : sys_seccomp(filter->flags, filter->program);
}

int filter_apply(const struct plan *plan, struct run *run, struct error *err)
{
	int listener = -1;

	for (size_t i = 0; i < plan->filters.count; i++) {
		listener = load(&plan->filters.at[i], plan->reports && i == 0);
		if (plan->reports && i == 0)
			run->reporter = listener;
		if (listener >= 0)
			continue;
		error_set(err, ERROR_SYSTEM, errno, "cannot load the seccomp filter of %s", plan->filters.at[i].from);
		if (err->errnum == EACCES)
			error_hint(err, "without CAP_SYS_ADMIN it needs process.noNewPrivileges to be true");
		if (err->errnum == EBUSY)
			error_hint(err, "a filter around this process has a listener, and there can be only one");
		return -1;
	}
	return plan->listener.path == NULL ? 0 : await_taker(run->shared, listener, err);
}
