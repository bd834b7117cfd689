// SPDX-License-Identifier: Apache-2.0
#include "parts/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/program.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static const char *search_path(const string_list *env)
{
	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->at[i], "PATH=", 5) == 0)
			return env->at[i] + 5;
	return default_path;
}

/* As execvp(3) would look, but with the container's own PATH; an empty entry means the working directory. */
static void plan_candidates(struct planner *p)
{
	struct plan_process *plan = &p->plan->process;
	const char *name = plan->argv[0];
	const char *at = search_path(&p->request->process.env);

	if (strchr(name, '/') != NULL) {
		*LIST_ADD(p->arena, &plan->candidates) = name;
		return;
	}
	for (;;) {
		size_t length = strcspn(at, ":");
		const char *candidate = length == 0 ? arena_printf(p->arena, "./%s", name)
						    : arena_printf(p->arena, "%.*s/%s", (int)length, at, name);

		*LIST_ADD(p->arena, &plan->candidates) = candidate;
		if (at[length] == '\0')
			return;
		at += length + 1;
	}
}

/* In the place of one with its name, since the first is the one that is found. */
static void set_variable(struct arena *arena, struct plan_process *plan, const char *text)
{
	size_t name = strcspn(text, "=") + 1, count = 0;

	for (; plan->envp[count] != NULL; count++)
		if (strncmp(plan->envp[count], text, name) == 0) {
			plan->envp[count] = text;
			return;
		}
	const char **more = arena_alloc(arena, (count + 2) * sizeof(*more));
	memcpy(more, plan->envp, count * sizeof(*more));
	more[count] = text;
	plan->envp = more;
}

int process_plan(struct planner *p, struct error *err)
{
	struct plan_process *plan = &p->plan->process;

	if (p->request->process.args.count == 0)
		return error_set(err, ERROR_CONFIG, 0, "%s: there is no program to run",
				 planner_origin(p, "/process/args"));
	plan->argv = arena_strings(p->arena, p->request->process.args.at, p->request->process.args.count);
	plan->envp = arena_strings(p->arena, p->request->process.env.at, p->request->process.env.count);
	if (p->plan->lifecycle.notify != NULL)
		set_variable(p->arena, plan, "NOTIFY_SOCKET=/run/notify/notify.sock");
	if (plan->home != NULL)
		set_variable(p->arena, plan, plan->home);
	plan_candidates(p);
	plan->init = p->request->sandbox.init;
	plan->held = p->request->sandbox.held;
	plan->kept = p->request->sandbox.kept;
	/* Before 6.14 a program executed by handle is called after the number of the descriptor (/proc/PID/comm). */
	plan->by_handle = host_kernel_at_least(p->host, 6, 14);
	plan->die_with_parent = !p->request->sandbox.given || p->request->sandbox.die_with_parent;
	plan->time_limit_ms = p->request->sandbox.time_limit_ms;
	plan->reset_signals = p->host->ignored_signals;
	plan->keyring = !p->request->no_new_keyring;
	if (!plan->keyring && p->profile->host_namespaces != VERDICT_ALLOW)
		plan->keyring =
			planner_judge(p, VERDICT_TIGHTEN, "process", "--no-new-keyring",
				      "the caller's keys were within reach: it has a keyring of its own now", NULL);
	return 0;
}

bool process_keyring_wanted(const struct plan *plan)
{
	return plan->process.keyring;
}

void process_keyring_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_STOPS, "default", "an empty session keyring: the caller's keys are out of reach");
}

int process_keyring(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan, (void)run;
	/* A kernel without keys, or a filter around us that denies keyctl(2) and is inherited, leaves no keys to
	 * protect. */
	if (sys_keyctl_join(NULL) < 0 && errno != ENOSYS && errno != EPERM)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a session keyring");
	return 0;
}

bool process_parent_wanted(const struct plan *plan)
{
	return plan->process.die_with_parent;
}

void process_parent_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, "default", "it dies with the launcher%s",
		    plan->lifecycle.detached ? ", until that has recorded it" : "");
}

/* A change of credentials clears this, so it comes after the last one; the launcher may have died before. */
int process_parent(const struct plan *plan, struct run *run, struct error *err)
{
	char byte;

	(void)plan;
	if (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot tie the program to the launcher");
	if (recv(run->sync, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0)
		return error_set(err, ERROR_SYSTEM, 0, "the launcher died");
	return 0;
}

bool process_signals_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

void process_signals_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_DOES, NULL, "no signal is blocked or ignored, whatever the caller did");
}

/* execve(2) resets handlers by itself, but what the caller ignored or blocked would stay so. */
int process_signals(const struct plan *plan, struct run *run, struct error *err)
{
	sigset_t none;

	(void)run;
	for (int number = 1; number <= 64; number++)
		if ((plan->process.reset_signals & 1ULL << (number - 1)) != 0 && sys_signal_default(number) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot reset signal %d", number);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot unblock signals");
	return 0;
}

bool process_fds_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

void process_fds_explain(const struct plan *plan, struct explain *out)
{
	if (plan->process.keep_fds > 0)
		explain_say(out, EXPLAIN_GRANTS, "--preserve-fds", "descriptors 3 to %u stay open",
			    2 + plan->process.keep_fds);
	for (size_t i = 0; i < plan->process.kept.count; i++)
		explain_say(out, EXPLAIN_GRANTS, "--keep-fd", "the caller's descriptor %u stays open",
			    plan->process.kept.at[i]);
	explain_say(out, EXPLAIN_STOPS, NULL, "every other descriptor is closed");
}

/* Of those that the caller may have left open, the ones that execve(2) would close are the launcher's. */
static int close_among(unsigned end, const int *kept, size_t count)
{
	for (unsigned fd = 3; fd < end; fd++) {
		int flags = fcntl((int)fd, F_GETFD);
		bool needed = flags < 0 || (flags & FD_CLOEXEC) == 0;

		for (size_t i = 0; i < count && !needed; i++)
			needed = kept[i] == (int)fd;
		if (!needed && sys_close_range(fd, fd, 0) < 0)
			return -1;
	}
	return 0;
}

/*
 * Closed, not left to execve(2): in the middle of that a process has the program's memory and still the launcher's
 * descriptors, within reach of who has CAP_SYS_PTRACE in the container's user namespace. But the end of file that the
 * launcher waits for must come from execve(2) itself.
 */
int process_fds(const struct plan *plan, struct run *run, struct error *err)
{
	int kept[KEPT_FDS + 3] = {run->sync, run->start, run->shared_fd};
	size_t count = 3;

	for (size_t i = 0; i < plan->process.kept.count; i++) {
		kept[count++] = (int)plan->process.kept.at[i];
		if (fcntl(kept[count - 1], F_SETFD, 0) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot keep descriptor %d", kept[count - 1]);
	}
	unsigned first = 3 + plan->process.keep_fds;
	if (close_among(first, kept, count) < 0 || fd_close_others(first, kept, count) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot close the launcher's descriptors");
	return 0;
}

bool process_program_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

void process_program_explain(const struct plan *plan, struct explain *out)
{
	if (plan->process.candidates.count == 1)
		explain_say(out, EXPLAIN_DOES, NULL, "the program is %s", plan->process.candidates.at[0]);
	else
		explain_say(out, EXPLAIN_DOES, NULL, "the program is %s, looked for in %zu directories of PATH",
			    plan->process.argv[0], plan->process.candidates.count);
}

/* Something that is there but is no program says more than that it is nowhere else. */
static int not_found(const char *name, int reason, struct error *err)
{
	bool there = reason == EISDIR || reason == EACCES;

	/* execve(2) has one reason for both; callers look for either's words. */
	if (there)
		error_set(err, ERROR_NOT_EXECUTABLE, EACCES, "cannot execute '%s'%s", name,
			  reason == EISDIR ? ": it is a directory" : "");
	else if (strchr(name, '/') != NULL)
		error_set(err, ERROR_NOT_FOUND, reason, "cannot execute '%s'", name);
	else
		error_set(err, ERROR_NOT_FOUND, ENOENT, "cannot execute '%s': executable file not found in $PATH",
			  name);
	if (!there)
		error_lacks(err, name);
	return error_hint(
		err, there ? "it must be an executable file that its user may reach, and not lie on a mount with noexec"
			   : "programs are looked for inside the container; is it mounted there?");
}

/*
 * A link names one of the programs that a file is, and so does the place where a file is mounted: they look for it in
 * /proc/PID/comm and AT_EXECFN (getauxval(3)).
 */
static bool has_name_of_its_own(const char *path, const struct stat *program)
{
	struct statx named;

	return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_INO, &named) < 0 ||
	       (named.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 || named.stx_ino != program->st_ino ||
	       makedev(named.stx_dev_major, named.stx_dev_minor) != program->st_dev;
}

int process_program(const struct plan *plan, struct run *run, struct error *err)
{
	int reason = ENOENT;
	struct stat status;

	for (size_t i = 0; i < plan->process.candidates.count; i++) {
		const char *path = plan->process.candidates.at[i];

		run->program = program_open(path, &status, err);
		if (run->program == -1)
			return -1;
		if (run->program >= 0) {
			run->program_path = path;
			if (!plan->process.by_handle || has_name_of_its_own(path, &status))
				fd_leave(&run->program);
			return program_check(&status, path, err);
		}
		reason = errno == EISDIR || errno == EACCES ? errno : reason;
	}
	return not_found(plan->process.argv[0], reason, err);
}

bool process_exec_wanted(const struct plan *plan)
{
	(void)plan;
	return true;
}

void process_exec_explain(const struct plan *plan, struct explain *out)
{
	char line[512] = "";
	size_t length = 0;

	for (size_t i = 0; plan->process.argv[i] != NULL && length + 2 < sizeof(line); i++) {
		size_t room = sizeof(line) - length;
		size_t word = strnlen(plan->process.argv[i], room - 2);

		line[length++] = ' ';
		memcpy(line + length, plan->process.argv[i], word);
		length += word;
		line[length] = '\0';
	}
	explain_say(out, EXPLAIN_DOES, NULL, "execve(2)%s%s", line,
		    plan->process.init ? ", as a child of an init that reaps and forwards signals" : "");
}

static int exec_error(const struct plan *plan, const char *path, int reason, struct error *err)
{
	enum error_kind kind = reason == ENOENT ? ERROR_NOT_FOUND : ERROR_NOT_EXECUTABLE;

	error_set(err, kind, reason, "cannot execute '%s'", path);
	if (reason == ENOEXEC)
		return error_hint(err, "it is neither a program for this machine nor a script with a '#!' line");
	if (reason == EACCES && plan->without_userns)
		return error_hint(err, "what is not granted cannot be executed: --ro shows it, and its interpreter");
	if (reason == EACCES)
		return error_hint(err, "it must be executable for its user, and not lie on a mount with noexec");
	return -1;
}

int process_exec(const struct plan *plan, struct run *run, struct error *err)
{
	const struct plan_process *process = &plan->process;
	uint64_t token = plan->filters.count > 0 ? plan->filters.at[0].token : 0;

	run->shared->executing = 1;
	if (run->program >= 0) {
		sys_execveat(run->program, process->argv, process->envp, token);
		/* A script cannot be read through a descriptor that is gone by then: only those go on by path. */
		if (errno != ENOENT)
			return exec_error(plan, run->program_path, errno, err);
	}
	sys_execve(run->program_path, process->argv, process->envp, token);
	return exec_error(plan, run->program_path, errno, err);
}
