// SPDX-License-Identifier: Apache-2.0
#include "parts/pasta.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/keeper.h"

int pasta_plan(struct planner *p, struct error *err)
{
	struct plan_pasta *plan = &p->plan->pasta;
	/* Nothing of the host's own ports is seen inside, nothing of the inside's out here, unless it is published. */
	static const char *const fixed[] = {"--quiet",       "--foreground",
					    "--config-net",  "--no-map-gw",
					    "--netns",       "/proc/self/fd/0",
					    "--userns",      "/proc/self/fd/2",
					    "--pid",         "/dev/stdout",
					    "--udp-ports",   "none",
					    "--tcp-ns",      "none",
					    "--udp-ns",      "none",
					    "--dns-forward", PASTA_DNS};

	if (!p->request->sandbox.pasta)
		return 0;
	if (p->host->pasta == NULL) {
		error_set(err, ERROR_HOST, 0,
			  "--net pasta: there is no program pasta in /usr/bin, /usr/local/bin or /bin");
		return error_hint(err, "install the package passt, or leave --net pasta out");
	}
	plan->program = p->host->pasta;
	*LIST_ADD(p->arena, &plan->argv) = "pasta";
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		*LIST_ADD(p->arena, &plan->argv) = fixed[i];
	/* It would become nobody, who cannot enter a user namespace of root's. */
	if (p->host->uid == 0) {
		*LIST_ADD(p->arena, &plan->argv) = "--runas";
		*LIST_ADD(p->arena, &plan->argv) = "0";
	}
	plan->ports = p->request->sandbox.publish;
	for (size_t i = 0; i < plan->ports.count; i++) {
		*LIST_ADD(p->arena, &plan->argv) = "--tcp-ports";
		*LIST_ADD(p->arena, &plan->argv) = plan->ports.at[i];
	}
	if (plan->ports.count == 0) {
		*LIST_ADD(p->arena, &plan->argv) = "--tcp-ports";
		*LIST_ADD(p->arena, &plan->argv) = "none";
	}
	*LIST_ADD(p->arena, &plan->argv) = NULL;
	return 0;
}

bool pasta_start_wanted(const struct plan *plan)
{
	return plan->pasta.program != NULL;
}

void pasta_start_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_GRANTS, "--net pasta",
		    "the network as the caller reaches it, through %s: every address, names by way of %s",
		    plan->pasta.program, PASTA_DNS);
	for (size_t i = 0; i < plan->pasta.ports.count; i++)
		explain_say(out, EXPLAIN_GRANTS, "--publish", "connections from outside by %s",
			    plan->pasta.ports.at[i]);
	explain_say(out, EXPLAIN_STOPS, "--net pasta",
		    "the host's loopback device, its abstract sockets and its interfaces stay out of reach");
}

/* ---- the program */

struct passed {
	const struct plan_pasta *plan;
	int report; /* what pasta says: its pid when it is ready */
	int netns, userns;
};

/*
 * The two namespaces are standard input and error, because newer versions close everything else before they look; its
 * own words are lost for that. /proc/PID of others it may not look into: it has fewer rights by then.
 */
static void become_pasta(const struct keeper *keeper)
{
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	const struct passed *passed = keeper->of;

	if (sys_dup3(passed->netns, 0, 0) >= 0 && sys_dup3(passed->report, 1, 0) >= 0 &&
	    sys_dup3(passed->userns, 2, 0) >= 0 && fd_close_others(3, NULL, 0) >= 0)
		sys_execve(passed->plan->program, passed->plan->argv.at, envp, 0);
}

/* ---- the launcher */

static const char tunnel[] = "/dev/net/tun";

/* Its pid alone on a line, and nothing else, says that it is ready. */
static bool is_ready(const char *said)
{
	for (const char *line = said; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t digits = strspn(line, "0123456789");

		if (digits > 0 && line[digits] == '\n')
			return true;
	}
	return false;
}

int pasta_start(const struct plan *plan, struct run *run, struct error *err)
{
	int report[2] = {-1, -1};

	if (sys_pipe(report) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot start pasta");
	AUTOCLOSE int its_words = report[0];
	AUTOCLOSE int userns = sys_ioctl(run->netns, NS_GET_USERNS, NULL);
	const struct passed passed = {&plan->pasta, report[1], run->netns, userns};
	const struct keeper keeper = {
		.what = "pasta", .become = become_pasta, .of = &passed, .fds = {report[1], run->netns, userns}};
	int started = userns < 0 ? error_set(err, ERROR_SYSTEM, errno, "cannot find the owner of the sandbox's network")
				 : keeper_start(&keeper, &run->pasta, err);

	fd_close(&report[1]);
	TRY(started);
	if (keeper_hear(its_words, is_ready))
		return 0;
	if (access(tunnel, R_OK | W_OK) < 0) {
		error_set(err, ERROR_HOST, errno, "pasta cannot connect the sandbox: '%s'", tunnel);
		return error_hint(err, "root mends it: modprobe tun; chmod 666 %s; `casemate doctor` tries it again",
				  tunnel);
	}
	error_set(err, ERROR_HOST, 0, "pasta did not connect the sandbox");
	return error_hint(err, "`pasta --config-net true` says why");
}

int pasta_end(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan, (void)err;
	keeper_end(&run->pasta);
	return 0;
}
