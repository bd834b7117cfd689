// SPDX-License-Identifier: Apache-2.0
#include "run/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "run/listener.h"
#include "run/state_files.h"
#include "run/sync.h"

bool start_listen_wanted(const struct plan *plan)
{
	return plan->lifecycle.waits;
}

void start_listen_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_DOES, NULL, "makes the socket for `casemate start`");
}

int start_listen(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan;
	run->start = sys_unix_listen(run->state, STATE_START);
	if (run->start < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the socket for `start`");
	return 0;
}

/* ---- the child */

bool start_created_wanted(const struct plan *plan)
{
	return plan->lifecycle.detached || plan->lifecycle.announced;
}

void start_created_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, NULL, "the launcher records the process%s",
		    plan->lifecycle.detached ? "; from here on it lives by itself" : "");
}

int start_created(const struct plan *plan, struct run *run, struct error *err)
{
	/* Before the launcher can end, or its end would be this process'. If it ends too early, the conversation does.
	 */
	if (plan->lifecycle.detached && sys_prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot part from the launcher");
	TRY(sync_tell(run->sync, SYNC_CREATED, -1, err));
	int gone = sync_await(run->sync, SYNC_RECORDED, NULL, err);
	if (gone != 0)
		return gone < 0 ? -1 : error_set(err, ERROR_SYSTEM, 0, "the launcher gave up");
	return 0;
}

bool start_wait_wanted(const struct plan *plan)
{
	return plan->lifecycle.waits;
}

void start_wait_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_DOES, NULL, "waits for `casemate start`");
}

int start_wait(const struct plan *plan, struct run *run, struct error *err)
{
	struct error ignored;

	(void)plan;
	/* The launcher's work ends here, and with it the conversation. */
	fd_close(&run->sync);
	for (;;) {
		run->sync = sys_accept(run->start);
		if (run->sync < 0 && errno == EINTR)
			continue;
		if (run->sync < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot wait for `start`");
		if (sync_await(run->sync, SYNC_START, NULL, &ignored) == 0)
			break;
		fd_close(&run->sync);
	}
	fd_close(&run->start);
	TRY(sync_tell(run->sync, SYNC_STARTS, run->shared_fd, err));
	fd_close(&run->shared_fd);
	return 0;
}

/* ---- the other side */

static void unmap(struct run_shared **shared)
{
	if (*shared != NULL)
		(void)munmap(*shared, sizeof(**shared));
}

static int map_shared(int fd, struct run_shared **ret, struct error *err)
{
	void *page = mmap(NULL, sizeof(**ret), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read what the container says");
	*ret = page;
	return 0;
}

/* What it left is text of another process: it is cut where a text must end. */
static int report(const struct run_shared *shared, struct error *err)
{
	if (shared->error.kind == ERROR_NONE && shared->executing)
		return 0;
	if (shared->error.kind == ERROR_NONE)
		return error_set(err, ERROR_SYSTEM, 0, "the container ended before its program was executed");
	*err = shared->error;
	err->what[sizeof(err->what) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
	return -1;
}

/* Where the agent cannot be given the listener, the process would wait for it in vain. */
static int hand_over(const struct state *state, const struct plan_listener *listener, int sync,
		     struct run_shared *shared, struct error *err)
{
	AUTOCLOSE int process = state_process_open(state, err);
	const struct listener_side side = {state->id, state->process.pid, process, sync, shared};
	int gone = process < 0 ? -1 : sync_await(sync, SYNC_LISTENING, NULL, err);

	if (gone == 0 && listener_hand_over(listener, &side, err) < 0) {
		(void)sys_pidfd_send_signal(process, SIGKILL);
		return -1;
	}
	return gone < 0 ? -1 : 0;
}

int start_container(const struct state *state, int sync, const struct plan_listener *listener, struct error *err)
{
	__attribute__((cleanup(unmap))) struct run_shared *shared = NULL;
	AUTOCLOSE int page = -1;
	int gone;

	TRY(sync_tell(sync, SYNC_START, -1, err));
	gone = sync_await(sync, SYNC_STARTS, &page, err);
	if (gone != 0)
		return gone < 0 ? -1 : error_set(err, ERROR_GONE, 0, "container not running: \"%s\"", state->id);
	/* Nobody listens on it any more: who asks for the status later need not try. */
	(void)sys_unlinkat(state->dir, STATE_START, 0);
	TRY(map_shared(page, &shared, err));
	if (listener != NULL)
		TRY(hand_over(state, listener, sync, shared, err));
	gone = sync_await(sync, SYNC_END, NULL, err);
	if (gone <= 0)
		return gone < 0 ? -1 : error_set(err, ERROR_BUG, 0, "the container spoke out of turn");
	return report(shared, err);
}
