// SPDX-License-Identifier: Apache-2.0
/* What this host can enforce: each thing that casemate needs is really tried, in a process that leaves nothing behind.
 */
#ifndef CASEMATE_RUN_DOCTOR_H
#define CASEMATE_RUN_DOCTOR_H

#include "model/host.h"

struct doctor_finding {
	bool works;
	int reason;        /* errno, where something was refused */
	const char *says;  /* more about what works, or what else was found; NULL: nothing */
	const char *cause; /* why it does not work */
	const char *fix;   /* the command or setting that mends it; NULL: none is known */
};

struct doctor_check {
	const char *name;
	const char *what;    /* what it is for */
	bool needed;         /* `casemate sandbox` does not start without it */
	const char *instead; /* what casemate does where it does not work */
	void (*look)(const struct host *host, struct arena *arena, struct doctor_finding *ret);
};

/* In the order in which a launch needs them; ends with one without a name. */
extern const struct doctor_check doctor_checks[];

/* Fills cause and fix of a finding that has failed with `reason`, by what is seen of this host. */
void doctor_cause(struct arena *arena, struct doctor_finding *finding);

/*
 * The same where it was a new procfs that was refused: the kernel gives none to an unprivileged user namespace while
 * something is mounted below /proc.
 */
void doctor_cause_proc(struct arena *arena, struct doctor_finding *finding);

/* Hints at what around this process refused what @err tells of, where that is seen and @err has no hint yet. */
void doctor_advise(struct error *err);

#endif
