// SPDX-License-Identifier: Apache-2.0
/* --report: what the proxy of D-Bus kept from the program, by the log that it writes when it is asked to. */
#ifndef CASEMATE_RUN_REPORT_BUS_H
#define CASEMATE_RUN_REPORT_BUS_H

#include "model/plan.h"
#include "run/report_findings.h"

/* A conversation with the log: begins as zeros with the descriptor, which may be -1. */
struct report_bus {
	int fd;
	size_t length; /* of the line that is not complete */
	bool cut;      /* which was too long, and says nothing any more */
	char line[1024];
	char name[256], call[512]; /* to whom the last message went, and what it was; "": to nobody who can be named */
	char asked[256];           /* the name that it was about, where that was why it was kept */
	int needed;                /* and the least that the program needs of it: 1 see, 2 talk, 3 own */
};

/* Reads what is there without waiting, and adds what was denied to @findings. Its end closes it; -1 has nothing. */
void report_bus_read(struct report_bus *bus, const struct plan *plan, struct findings *findings);

#endif
