// SPDX-License-Identifier: Apache-2.0
#include "parts/pasta.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"

enum { PATIENCE_MS = 10000, SAID = 2048 };

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

/* ---- the keeper: a process that ends pasta when the launcher is gone, however that ended */

struct keeper {
	const struct plan_pasta *plan;
	int hold;   /* end of file: the launcher is gone or has had enough */
	int report; /* what pasta says: its pid when it is ready */
	int netns, userns;
};

/*
 * The two namespaces are standard input and error, because newer versions close everything else before they look; its
 * own words are lost for that. /proc/PID of others it may not look into: it has fewer rights by then.
 */
static _Noreturn void become_pasta(const struct keeper *keeper)
{
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	sigset_t none;

	sigemptyset(&none);
	if (sys_dup3(keeper->netns, 0, 0) >= 0 && sys_dup3(keeper->report, 1, 0) >= 0 &&
	    sys_dup3(keeper->userns, 2, 0) >= 0 && fd_close_on_exec(3) >= 0 &&
	    sigprocmask(SIG_SETMASK, &none, NULL) >= 0)
		sys_execve(keeper->plan->program, keeper->plan->argv.at, envp, 0);
	_exit(127);
}

static _Noreturn void keep(const struct keeper *keeper, int launchers_end)
{
	sigset_t all;
	int status;
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);

	sigfillset(&all);
	/* The user's ^C is for the sandbox, which ends in order. */
	if (close(launchers_end) < 0 || null < 0 || sigprocmask(SIG_SETMASK, &all, NULL) < 0 || sys_setsid() < 0 ||
	    sys_dup3(null, 0, 0) < 0 || sys_dup3(null, 1, 0) < 0 || sys_dup3(null, 2, 0) < 0)
		_exit(1);
	int process = -1;
	pid_t pasta = sys_clone(0, -1, &process);
	if (pasta == 0)
		become_pasta(keeper);
	if (pasta < 0 || close(keeper->report) < 0)
		_exit(1);
	struct pollfd watched[] = {{.fd = keeper->hold, .events = POLLIN}, {.fd = process, .events = POLLIN}};
	while (poll(watched, 2, -1) < 0 && errno == EINTR)
		continue;
	(void)sys_kill(pasta, SIGKILL);
	(void)waitpid(pasta, &status, 0);
	_exit(0);
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

static bool hear(int report, char *said)
{
	uint64_t deadline = clock_ms() + PATIENCE_MS;
	struct pollfd watched = {.fd = report, .events = POLLIN};
	size_t length = 0;

	while (!is_ready(said) && length < SAID) {
		uint64_t now = clock_ms();

		if (now >= deadline)
			return false;
		if (poll(&watched, 1, (int)(deadline - now)) <= 0)
			continue;
		ssize_t got = read(report, said + length, SAID - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		length += (size_t)got;
		said[length] = '\0';
	}
	return is_ready(said);
}

static int start_keeper(struct keeper *keeper, int launchers_end, struct run *run, struct error *err)
{
	run->pasta_keeper = sys_clone(0, -1, NULL);
	if (run->pasta_keeper == 0)
		keep(keeper, launchers_end);
	if (run->pasta_keeper < 0) {
		run->pasta_keeper = 0;
		return error_set(err, ERROR_SYSTEM, errno, "cannot start pasta");
	}
	return 0;
}

int pasta_start(const struct plan *plan, struct run *run, struct error *err)
{
	int hold[2] = {-1, -1}, report[2] = {-1, -1};
	char said[SAID + 1] = "";

	if (sys_pipe(hold) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot start pasta");
	run->pasta_hold = hold[1];
	AUTOCLOSE int its_hold = hold[0];
	if (sys_pipe(report) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot start pasta");
	AUTOCLOSE int its_words = report[0];
	AUTOCLOSE int userns = sys_ioctl(run->netns, NS_GET_USERNS, NULL);
	struct keeper keeper = {&plan->pasta, its_hold, report[1], run->netns, userns};
	int started = userns < 0 ? error_set(err, ERROR_SYSTEM, errno, "cannot find the owner of the sandbox's network")
				 : start_keeper(&keeper, run->pasta_hold, run, err);

	fd_close(&report[1]);
	TRY(started);
	if (hear(its_words, said))
		return 0;
	if (access(tunnel, R_OK | W_OK) < 0)
		return error_set(err, ERROR_HOST, errno, "pasta cannot connect the sandbox: '%s'", tunnel);
	error_set(err, ERROR_HOST, 0, "pasta did not connect the sandbox");
	return error_hint(err, "`pasta --config-net true` says why");
}

int pasta_end(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan, (void)err;
	fd_close(&run->pasta_hold);
	if (run->pasta_keeper > 0)
		while (waitpid(run->pasta_keeper, NULL, 0) < 0 && errno == EINTR)
			continue;
	run->pasta_keeper = 0;
	return 0;
}
