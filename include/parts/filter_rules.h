// SPDX-License-Identifier: Apache-2.0
/*
 * linux.seccomp of the runtime spec as rules per architecture and system call number.
 *
 * What decides one call, in this order:
 *  1. the exemptions, which let through the launch's own calls and nothing else (native architecture only);
 *  2. the rules with `args` that name the call, in file order: the first whose comparisons all hold decides (several
 *     comparisons of one argument must all hold, too);
 *  3. the rule without `args` that names it; of several, the most restrictive in the kernel's order (seccomp(2));
 *  4. the default action. Where that is SCMP_ACT_ERRNO, a number above the highest one that the filter names for this
 *     architecture answers ENOSYS: libraries fall back from calls that are younger than the filter.
 *
 * An architecture that is neither native nor listed is killed, and so is x32 unless SCMP_ARCH_X32 is listed. A name
 * that the architecture does not have is skipped: it can neither widen nor narrow anything. On i386 a rule for
 * socket(2) or shmget(2) and the like means the call of that number; socketcall(2) and ipc(2) need rules of their own.
 */
#ifndef CASEMATE_PARTS_FILTER_RULES_H
#define CASEMATE_PARTS_FILTER_RULES_H

#include "model/request.h"
#include "model/syscalls.h"

/* seccomp_data.args has six */
enum { FILTER_ARGS = 6 };
/* Rules with comparisons for one architecture, each counted for every call it names; a program has 4,096 instructions.
 */
enum { FILTER_MAX_ARG_RULES = 4096 };

/* A call of the launch itself, told by the random addresses it passes, which are gone after execve(2). */
struct filter_exemption {
	uint32_t number;
	uint32_t count;
	struct request_seccomp_arg args[3]; /* all SECCOMP_EQ */
};

/* What is compared, and the SECCOMP_RET_* that follows when all of it holds. */
struct filter_rule {
	const struct request_seccomp_arg *args;
	size_t count;
	uint32_t action;
};

struct filter_call {
	uint32_t number;
	const uint32_t *rules; /* for filter_rule_at: those with comparisons, in the order they are tried */
	size_t count;
	uint32_t otherwise; /* SECCOMP_RET_* when none of them decides */
};

struct filter_arch {
	uint32_t arch;          /* SCMP_ARCH_* */
	uint32_t audit;         /* AUDIT_ARCH_* */
	uint32_t first;         /* lowest number: SYSCALLS_X32_BIT or 0 */
	const int32_t *numbers; /* of each name of each rule in file order; negative: none here */
	bool names_any;
	uint32_t highest;          /* number that a name has, when names_any */
	struct filter_call *calls; /* by number */
	size_t count;
};

struct filter_rules {
	const struct request_seccomp *request;
	uint32_t *actions; /* SECCOMP_RET_* of each rule of the request */
	uint32_t default_action;
	uint32_t newer_action;                        /* for numbers above the highest */
	struct filter_arch archs[SYSCALLS_MAX_ARCHS]; /* the native one first */
	size_t arch_count;
	LIST(struct filter_exemption) exemptions;
	string_list unknown; /* names that no architecture has */
	string_list foreign; /* listed architectures that this machine cannot run */
};

/*
 * Reads @request for a kernel of architecture @native (SCMP_ARCH_*) into @rules; what it points to is in @arena or
 * belongs to @request, which must live as long. Of the @count @exemptions those are kept whose call is not allowed
 * anyway. Fails with ERROR_CONFIG (an errno out of range or without meaning, an argument index above 5, too many
 * rules).
 */
int filter_rules_read(const struct request_seccomp *request, uint32_t native, const struct filter_exemption *exemptions,
		      size_t count, struct arena *arena, struct filter_rules *rules, struct error *err);

/* Rule @index of @rules: those of the request come first, then the exemptions. */
struct filter_rule filter_rule_at(const struct filter_rules *rules, uint32_t index);

/* The answer for @number of @arch that no rule names. */
uint32_t filter_unnamed(const struct filter_rules *rules, const struct filter_arch *arch, uint32_t number);

/* How restrictive a SECCOMP_RET_* is: of several filters or rules the lowest wins, as in the kernel (seccomp(2)). */
int32_t filter_rank(uint32_t action);

#endif
