// SPDX-License-Identifier: Apache-2.0
/*
 * --report: why a call that was let through will find no file, or no network. The kernel does not tell, so the launcher
 * looks for itself. Nothing is decided by what is read here: it may have changed by the time the kernel looks.
 */
#ifndef CASEMATE_RUN_REPORT_FILES_H
#define CASEMATE_RUN_REPORT_FILES_H

#include <limits.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "model/path_calls.h"
#include "model/plan.h"
#include "run/report_findings.h"

/* What a call asked for, read from the memory of its process while that waits. */
struct report_question {
	struct report_path {
		char text[PATH_MAX]; /* absolute, without "." and ".." */
		enum path_use use;   /* READ, WRITE, EXECUTE or ENTRY */
		bool creates;        /* a file that need not be there */
		bool opens;          /* it is opened for what `use` says, and not only named */
	} paths[2];
	size_t path_count;
	bool binds; /* bind(2); else connect(2) */
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		char room[128];
	} address;
	size_t address_length; /* 0: none */
};

/*
 * Reads what @call asks. What cannot be read is left out. The caller sees afterwards that the call still waits: only
 * then it was the memory of that process (seccomp_unotify(2)).
 */
void report_question_read(const struct seccomp_notif *call, struct report_question *ret);

/*
 * Adds to @findings what the sandbox of @plan, whose root is the directory @root, has not of what was asked. Comes
 * after the answer: how long it takes depends on files of the host that the program may know nothing of.
 */
void report_files_judge(const struct plan *plan, int root, const struct report_question *question,
			struct findings *findings);
void report_network_judge(const struct plan *plan, const struct report_question *question, struct findings *findings);

#endif
