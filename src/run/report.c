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
#include "run/report_bus.h"
#include "run/report_files.h"
#include "run/report_findings.h"
#include "run/report_queue.h"
#include "run/risk.h"
#include "run/sync.h"

enum { PACKET_ROOM = 1024, LOOK_MS = 20 };

struct report {
	pthread_t answerer, judge;
	int listener, stop;
	int root; /* the sandbox's; -1 until the first question, which is put into the queue after it */
	int view; /* its mount namespace, which stays as it is while the last of its processes has ended already */
	const struct plan *plan;
	struct report_queue queue;
	struct report_item answered; /* the answerer's */
	struct report_item judged;   /* the judge's, as all below */
	struct report_bus bus;
	struct findings findings;
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

static void add_call(struct report *report, const struct report_item *item)
{
	char name[48];

	syscalls_name(syscalls_native(), (uint32_t)item->number, name, sizeof(name));
	findings_add(&report->findings, &(struct finding){
						.kind = FINDING_CALL,
						.what = name,
						.why = item->error == 0 ? "nothing done" : strerrorname_np(item->error),
						.flag = "--profile baseline --seccomp FILE",
						.risk = risk_of_call(name),
					});
}

/* ---- one thread answers */

/* Only while the call waits its process is known to be that one. */
static bool waits(const struct report *report, uint64_t id)
{
	return sys_seccomp_notify(report->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static int open_of(const struct seccomp_notif *call, const char *what, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u/%s", call->pid, what);
	return openat(AT_FDCWD, path, flags | O_CLOEXEC);
}

static bool read_question(struct report *report, const struct seccomp_notif *call)
{
	struct report_question *question = &report->answered.question;

	report_question_read(call, question);
	if (report->root >= 0 || question->path_count == 0)
		return waits(report, call->id);
	AUTOCLOSE int root = open_of(call, "root", O_PATH | O_DIRECTORY);
	AUTOCLOSE int view = open_of(call, "ns/mnt", O_RDONLY);
	if (!waits(report, call->id) || root < 0 || view < 0)
		return false;
	report->root = fd_take(&root);
	report->view = fd_take(&view);
	return true;
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
	report->answered.number = in.call.data.nr;
	report->answered.error = error;
	if (error >= 0 || asked)
		report_queue_put(&report->queue, &report->answered);
}

static void *serve(void *argument)
{
	enum { STOP, LISTENER, HEARD };
	struct report *report = argument;
	struct pollfd fds[HEARD] = {[STOP] = {.fd = report->stop, .events = POLLIN},
				    [LISTENER] = {.fd = report->listener, .events = POLLIN}};

	for (;;) {
		if (poll(fds, HEARD, -1) < 0) {
			if (errno != EINTR)
				return NULL;
			continue;
		}
		if (fds[STOP].revents != 0 || (fds[LISTENER].revents & POLLIN) == 0)
			return NULL;
		answer(report);
	}
}

/* ---- and another judges what was asked, so that the next answer does not wait for it */

static void judge_all(struct report *report)
{
	struct report_item *item = &report->judged;

	while (report_queue_take(&report->queue, item)) {
		if (item->error >= 0) {
			add_call(report, item);
			continue;
		}
		if (report->plan->reports_files)
			report_files_judge(report->plan, report->root, &item->question, &report->findings);
		report_network_judge(report->plan, &item->question, &report->findings);
	}
}

/* It looks from time to time and is woken by nobody: how long that takes would tell whether it sleeps. */
static void *judge(void *argument)
{
	enum { STOP, STREAM, BUS, HEARD };
	struct report *report = argument;
	struct pollfd fds[HEARD] = {[STOP] = {.fd = report->stop, .events = POLLIN},
				    [STREAM] = {.fd = -1, .events = POLLOUT},
				    [BUS] = {.fd = report->bus.fd, .events = POLLIN}};

	while (fds[STOP].revents == 0) {
		if (poll(fds, HEARD, LOOK_MS) < 0) {
			if (errno != EINTR)
				return NULL;
			continue;
		}
		if (fds[STREAM].revents != 0)
			stream_write(&report->findings.stream);
		if (fds[BUS].revents != 0)
			report_bus_read(&report->bus, report->plan, &report->findings);
		judge_all(report);
		fds[STREAM].fd = report->findings.stream.length > 0 ? report->findings.stream.fd : -1;
		fds[BUS].fd = report->bus.fd;
	}
	return NULL;
}

static int end_thread(const struct report *report, pthread_t thread)
{
	uint64_t one = 1;

	return write(report->stop, &one, sizeof(one)) == sizeof(one) && pthread_join(thread, NULL) == 0 ? 0 : -1;
}

static int begin(struct report *report)
{
	int reason;

	report->stop = eventfd(0, EFD_CLOEXEC);
	if (report->stop < 0)
		return errno;
	reason = pthread_create(&report->judge, NULL, judge, report);
	if (reason != 0)
		return reason;
	reason = pthread_create(&report->answerer, NULL, serve, report);
	if (reason != 0)
		(void)end_thread(report, report->judge);
	return reason;
}

int report_start(const struct plan *plan, struct run *run, int lines, struct error *err)
{
	struct report *report = calloc(1, sizeof(*report));
	int reason = ENOMEM;

	if (report != NULL) {
		report->listener = run->reporter;
		report->root = report->view = -1;
		report->plan = plan;
		report->bus.fd = fd_take(&run->dbus_log);
		report->findings.stream.fd = lines;
		reason = begin(report);
	}
	if (reason == 0) {
		run->report = report;
		return 0;
	}
	if (report != NULL) {
		fd_close(&report->stop);
		fd_close(&report->bus.fd);
	}
	free(report);
	return error_set(err, ERROR_SYSTEM, reason, "cannot listen to the seccomp filter for --report");
}

void report_end(struct run *run, FILE *out)
{
	struct report *report = run->report;

	if (report == NULL)
		return;
	run->report = NULL;
	/* Without it a thread may go on: what it uses stays then, until this process ends. */
	if (end_thread(report, report->answerer) < 0 || end_thread(report, report->judge) < 0)
		return;
	judge_all(report);
	/* The answer to the last message came after its line. */
	report_bus_read(&report->bus, report->plan, &report->findings);
	report->findings.missed = report->queue.lost;
	if (out != NULL)
		findings_print(&report->findings, out);
	findings_end(&report->findings);
	fd_close(&report->stop);
	fd_close(&report->root);
	fd_close(&report->view);
	fd_close(&report->bus.fd);
	free(report);
}
