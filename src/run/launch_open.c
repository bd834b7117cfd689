// SPDX-License-Identifier: Apache-2.0
/* Memory and descriptors of one launch. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "run/init.h"
#include "run/launch.h"
#include "run/report.h"

enum { SPARE_FDS = 64 + FD_LEFT };

static size_t hierarchies(const struct plan *plan)
{
	size_t most = 0;

	for (size_t i = 0; i < plan->mounts.count; i++)
		most = plan->mounts.at[i].hierarchies.count > most ? plan->mounts.at[i].hierarchies.count : most;
	return most;
}

/* Four lists behind each other. Usually they are short, and the heap, which nothing else needs, is not even begun. */
static int make_lists(const struct plan *plan, struct run *run, struct error *err)
{
	size_t mounts = plan->mounts.count, devices = plan->devices.nodes.count;
	size_t count = 2 * mounts + devices + hierarchies(plan);
	int *fds = count <= RUN_FEW_FDS ? run->few : malloc(count * sizeof(*fds));

	if (fds == NULL)
		return error_set(err, ERROR_SYSTEM, ENOMEM, "cannot get memory for the launch");
	for (size_t i = 0; i < count; i++)
		fds[i] = -1;
	run->mounts = fds;
	run->locks = run->mounts + mounts;
	run->devices = run->locks + mounts;
	run->cgroups = run->devices + devices;
	return 0;
}

/* Most of them were opened one after the other: those go with one call. */
static void close_all(int *fds, size_t count)
{
	size_t next;

	for (size_t i = 0; i < count; i = next) {
		for (next = i + 1; next < count && fds[i] >= 0 && fds[next] == fds[next - 1] + 1; next++)
			continue;
		if (next - i < 2 || sys_close_range((unsigned)fds[i], (unsigned)fds[next - 1], 0) < 0)
			for (size_t k = i; k < next; k++)
				fd_close(&fds[k]);
	}
}

static void close_lists(const struct plan *plan, struct run *run)
{
	if (run->mounts == NULL)
		return;
	close_all(run->mounts, plan->mounts.count);
	close_all(run->locks, plan->mounts.count);
	close_all(run->devices, plan->devices.nodes.count);
	close_all(run->cgroups, hierarchies(plan));
	if (run->mounts != run->few)
		free(run->mounts);
}

void launch_close(const struct plan *plan, struct run *run)
{
	report_end(run, NULL);
	fd_close(&run->reporter);
	close_lists(plan, run);
	fd_close(&run->shared_fd);
	fd_close(&run->container);
	fd_close(&run->state);
	fd_close(&run->start);
	fd_leave(&run->sync);
	fd_close(&run->self);
	fd_close(&run->root);
	fd_close(&run->place);
	fd_close(&run->terminal);
	fd_close(&run->control);
	fd_close(&run->interrupts);
	fd_close(&run->notify);
	fd_leave(&run->cgroup);
	fd_close(&run->net);
	fd_close(&run->netns);
	fd_close(&run->pasta.hold);
	fd_close(&run->dbus.hold);
	fd_close(&run->dbus_report);
	fd_close(&run->dbus_log);
	close_all(run->cgroup_join, RUN_CGROUPS);
	close_all(run->cgroup_parent, RUN_CGROUPS);
}

/* Every mount is a descriptor for a while, and a config may have thousands. */
static int raise_nofile(size_t wanted, struct run *run, struct error *err)
{
	struct rlimit raised;

	if (sys_prlimit(RLIMIT_NOFILE, NULL, &run->nofile) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read the limit of open files");
	if (run->nofile.rlim_cur >= wanted + SPARE_FDS)
		return 0;
	raised = (struct rlimit){.rlim_cur = run->nofile.rlim_max, .rlim_max = run->nofile.rlim_max};
	if (sys_prlimit(RLIMIT_NOFILE, &raised, NULL) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot raise the limit of open files");
	run->nofile_raised = true;
	return 0;
}

/* Where `start` has to see the child's error as well, it is a file that can be sent there. */
static int open_shared(const struct plan *plan, struct run *run, struct error *err)
{
	int kind = plan->lifecycle.waits ? 0 : MAP_ANONYMOUS;

	if (plan->lifecycle.waits) {
		run->shared_fd = sys_memfd_create("casemate", 0);
		if (run->shared_fd < 0 || ftruncate(run->shared_fd, sizeof(*run->shared)) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot get memory for the launch");
	}
	void *shared = mmap(NULL, sizeof(*run->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE | kind,
			    run->shared_fd, 0);
	if (shared == MAP_FAILED)
		return error_set(err, ERROR_SYSTEM, errno, "cannot get memory for the launch");
	run->shared = shared;
	return 0;
}

void launch_clear(struct run *run)
{
	*run = (struct run){.shared_fd = -1,
			    .container = -1,
			    .state = -1,
			    .start = -1,
			    .sync = -1,
			    .proc = -1,
			    .self = -1,
			    .root = -1,
			    .place = -1,
			    .terminal = -1,
			    .master = -1,
			    .program = -1,
			    .reporter = -1,
			    .control = -1,
			    .net = -1,
			    .netns = -1,
			    .pasta.hold = -1,
			    .dbus.hold = -1,
			    .dbus_report = -1,
			    .dbus_log = -1,
			    .interrupts = -1,
			    .notify = -1,
			    .scope_input = -1,
			    .ending = SIGKILL,
			    .cgroup = -1};
	for (size_t i = 0; i < RUN_CGROUPS; i++)
		run->cgroup_join[i] = run->cgroup_parent[i] = -1;
}

int launch_open(const struct plan *plan, struct run *run, struct error *err)
{
	launch_clear(run);
	if (plan->without_userns)
		run->ending = INIT_END;
	TRY(open_shared(plan, run, err));
	TRY(make_lists(plan, run, err));
	return raise_nofile(plan->mounts.count + plan->devices.nodes.count + plan->masks.masked.count, run, err);
}
