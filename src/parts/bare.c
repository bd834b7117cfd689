// SPDX-License-Identifier: Apache-2.0
#include "parts/bare.h"

static const char flag[] = "--without userns";

/* The first that holds signals: with less, the program could end all that its user runs. */
enum { ABI_NEEDED = 6 };

static const char *const weaker[] = {
	"it sees the host's own paths: names, sizes and times of files that it cannot open are no secret to it",
	"it has no /proc; processes of the host cannot be seen there, signalled or traced, but their numbers are known",
	"what is shown read-only cannot be written, but whoever owns it can change its mode and times",
	"it has no empty /tmp and home: --rw a directory for what it writes",
	"its bounding set of capabilities stays: no_new_privs alone keeps files from giving any",
};

int bare_plan(struct planner *p, struct error *err)
{
	if (!p->plan->without_userns)
		return 0;
	if (p->host->landlock_abi < ABI_NEEDED) {
		error_set(err, ERROR_HOST, 0, "%s: this kernel has Landlock ABI %d, and %d is needed to hold signals",
			  flag, p->host->landlock_abi, ABI_NEEDED);
		return error_hint(
			err, "Linux 6.12 has it, with landlock in its list of security modules (lsm=landlock,...)");
	}
	if (p->profile->without_userns != VERDICT_ALLOW)
		planner_judge(p, VERDICT_REFUSE, "namespaces", flag, "there would be no namespace around the program",
			      "leave it out, or choose a profile whose \"without_userns\" is \"allow\"");
	for (size_t i = 0; i < sizeof(weaker) / sizeof(weaker[0]); i++)
		planner_note(p, "without-userns", flag, weaker[i]);
	return 0;
}
