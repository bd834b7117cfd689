// SPDX-License-Identifier: Apache-2.0
#include "run/report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "model/syscalls.h"
#include "parts/filter_report.h"
#include "run/report_files.h"
#include "run/report_findings.h"
#include "run/risk.h"
#include "run/sync.h"

enum { PACKET_ROOM = 1024 };

struct report {
	pthread_t thread;
	int listener, stop;
	int root; /* the sandbox's; -1 until the first question */
	int view; /* its mount namespace, which stays as it is while the last of its processes has ended already */
	const struct plan *plan;
	struct findings findings;
	struct report_question question;
};

bool report_hand_over_wanted(const struct plan *plan)
{
	return plan->reports;
}

void report_hand_over_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, "--report",
		    "what the filter denies is counted by the launcher, which denies it with the same error");
	if (plan->reports_files)
		explain_say(out, EXPLAIN_DOES, "--report-files",
			    "calls that name a file wait until the launcher has read which");
}

int report_hand_over(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan;
	return sync_tell(run->sync, SYNC_LISTENING, run->reporter, err);
}

static void add_call(struct report *report, const struct seccomp_notif *call, int error)
{
	char name[48];

	syscalls_name(syscalls_native(), (uint32_t)call->data.nr, name, sizeof(name));
	findings_add(&report->findings, &(struct finding){
						.kind = FINDING_CALL,
						.what = name,
						.why = error == 0 ? "nothing done" : strerrorname_np(error),
						.flag = "--profile baseline --seccomp FILE",
						.risk = risk_of_call(name),
					});
}

/* Only while the call waits its process is known to be that one. */
static bool waits(const struct report *report, uint64_t id)
{
	return sys_seccomp_notify(report->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static bool read_question(struct report *report, const struct seccomp_notif *call)
{
	char path[32];

	report_question_read(call, &report->question);
	if (report->root < 0 && report->question.path_count > 0) {
		snprintf(path, sizeof(path), "/proc/%u/root", call->pid);
		report->root = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/%u/ns/mnt", call->pid);
		report->view = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	}
	if (waits(report, call->id) && (report->root < 0 || report->view >= 0))
		return true;
	fd_close(&report->root);
	fd_close(&report->view);
	return false;
}

static void answer(struct report *report)
{
	/* Zeroed as the kernel wants it, with room for what later kernels add. */
	union {
		struct seccomp_notif call;
		struct seccomp_notif_resp answer;
		char room[PACKET_ROOM];
	} in = {.room = {0}}, out = {.room = {0}};

	/* Its process may have died since. */
	if (sys_seccomp_notify(report->listener, SECCOMP_IOCTL_NOTIF_RECV, &in) < 0)
		return;
	int error = filter_report_errno(report->plan->filters.at[0].judge, &in.call.data);
	bool asked = error < 0 && read_question(report, &in.call);

	out.answer.id = in.call.id;
	out.answer.error = error < 0 ? 0 : -error;
	out.answer.flags = error < 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
	(void)sys_seccomp_notify(report->listener, SECCOMP_IOCTL_NOTIF_SEND, &out);
	if (error >= 0)
		add_call(report, &in.call, error);
	if (!asked)
		return;
	if (report->plan->reports_files)
		report_files_judge(report->plan, report->root, &report->question, &report->findings);
	report_network_judge(report->plan, &report->question, &report->findings);
}

static void *serve(void *argument)
{
	struct report *report = argument;
	struct pollfd fds[] = {{.fd = report->stop, .events = POLLIN},
			       {.fd = report->listener, .events = POLLIN},
			       {.fd = -1, .events = POLLOUT}};

	while (poll(fds, 3, -1) >= 0 || errno == EINTR) {
		if (fds[0].revents != 0)
			break;
		if ((fds[1].revents & POLLIN) != 0)
			answer(report);
		else if (fds[1].revents != 0)
			break;
		if (fds[2].revents != 0)
			stream_write(&report->findings.stream);
		fds[2].fd = report->findings.stream.length > 0 ? report->findings.stream.fd : -1;
	}
	return NULL;
}

int report_start(const struct plan *plan, struct run *run, int lines, struct error *err)
{
	struct report *report = calloc(1, sizeof(*report));
	int reason = ENOMEM;

	if (report != NULL) {
		*report = (struct report){
			.listener = run->reporter, .root = -1, .view = -1, .plan = plan, .findings.stream.fd = lines};
		report->stop = eventfd(0, EFD_CLOEXEC);
		reason = report->stop < 0 ? errno : pthread_create(&report->thread, NULL, serve, report);
	}
	if (reason == 0) {
		run->report = report;
		return 0;
	}
	if (report != NULL)
		fd_close(&report->stop);
	free(report);
	return error_set(err, ERROR_SYSTEM, reason, "cannot listen to the seccomp filter for --report");
}

void report_end(struct run *run, FILE *out)
{
	struct report *report = run->report;
	uint64_t one = 1;

	if (report == NULL)
		return;
	run->report = NULL;
	/* Without it the thread may go on: what it uses stays then, until this process ends. */
	if (write(report->stop, &one, sizeof(one)) != sizeof(one) || pthread_join(report->thread, NULL) != 0)
		return;
	if (out != NULL)
		findings_print(&report->findings, out);
	findings_end(&report->findings);
	fd_close(&report->stop);
	fd_close(&report->root);
	fd_close(&report->view);
	free(report);
}
