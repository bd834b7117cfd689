// SPDX-License-Identifier: Apache-2.0
#include "run/report.h"

#include <errno.h>
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
#include "run/sync.h"

enum {
	MOST_CALLS = 1024, /* numbers beyond share the last place: no kernel has calls there */
	PACKET_ROOM = 1024,
};

struct report {
	pthread_t thread;
	int listener, stop;
	const struct sock_filter *judge;
	uint64_t counts[MOST_CALLS + 1];
	int errors[MOST_CALLS + 1];
};

struct denied {
	char name[48];
	uint64_t count;
	int error;
};

bool report_hand_over_wanted(const struct plan *plan)
{
	return plan->reports;
}

void report_hand_over_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_DOES, "--report",
		    "what the filter denies is counted by the launcher, which denies it with the same error");
}

int report_hand_over(const struct plan *plan, struct run *run, struct error *err)
{
	(void)plan;
	return sync_tell(run->sync, SYNC_LISTENING, run->reporter, err);
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
	uint32_t number = (uint32_t)in.call.data.nr < MOST_CALLS ? (uint32_t)in.call.data.nr : MOST_CALLS;
	int error = filter_report_errno(report->judge, &in.call.data);

	out.answer.id = in.call.id;
	out.answer.error = -error;
	report->counts[number]++;
	report->errors[number] = error;
	(void)sys_seccomp_notify(report->listener, SECCOMP_IOCTL_NOTIF_SEND, &out);
}

static void *serve(void *argument)
{
	struct report *report = argument;
	struct pollfd fds[] = {{.fd = report->stop, .events = POLLIN}, {.fd = report->listener, .events = POLLIN}};

	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[0].revents != 0)
			break;
		if ((fds[1].revents & POLLIN) != 0)
			answer(report);
		else if (fds[1].revents != 0)
			break;
	}
	return NULL;
}

int report_start(const struct plan *plan, struct run *run, struct error *err)
{
	struct report *report = calloc(1, sizeof(*report));
	int reason = ENOMEM;

	if (report != NULL) {
		*report = (struct report){.listener = run->reporter, .judge = plan->filters.at[0].judge};
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

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct denied *)one)->name, ((const struct denied *)other)->name);
}

static void print(const struct report *report, FILE *out)
{
	struct denied denied[MOST_CALLS + 1];
	size_t count = 0;

	for (uint32_t i = 0; i <= MOST_CALLS; i++) {
		if (report->counts[i] == 0)
			continue;
		denied[count].count = report->counts[i];
		denied[count].error = report->errors[i];
		if (i < MOST_CALLS)
			syscalls_name(syscalls_native(), i, denied[count].name, sizeof(denied[count].name));
		else
			snprintf(denied[count].name, sizeof(denied[count].name), "(no such call)");
		count++;
	}
	qsort(denied, count, sizeof(denied[0]), by_name);
	fprintf(out, "casemate: report: %zu system call%s denied by the seccomp filter\n", count,
		count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++)
		fprintf(out, "  sys  %-24s %6llu x  %s\n", denied[i].name, (unsigned long long)denied[i].count,
			denied[i].error == 0 ? "nothing done" : strerrorname_np(denied[i].error));
	if (count > 0)
		fputs("  allowed by: --profile baseline --seccomp FILE, with a filter of your own [risky: more of the "
		      "kernel can be attacked]\n",
		      out);
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
		print(report, out);
	fd_close(&report->stop);
	free(report);
}
