// SPDX-License-Identifier: Apache-2.0
/*
 * A program of the host's that serves a sandbox from outside: a process of ours, the keeper, starts it and ends it when
 * the launcher is gone, however that ended. Several parts share this; it decides nothing.
 *
 *	struct keeper keeper = {.what = "pasta", .become = become_pasta, .of = &mine, .fds = {report[1], netns}};
 *	TRY(keeper_start(&keeper, &run->pasta, err));
 *	fd_close(&report[1]);
 *	if (!keeper_hear(report[0], is_ready)) ...
 *	keeper_end(&run->pasta);
 */
#ifndef CASEMATE_PARTS_KEEPER_H
#define CASEMATE_PARTS_KEEPER_H

#include "base/error.h"
#include "model/run.h"

enum { KEEPER_FDS = 3 };

struct keeper {
	const char *what; /* for errors */
	/* Executes the program with what is in @of; standard streams are /dev/null, no signal is blocked. Returns where
	 * that failed. */
	void (*become)(const struct keeper *keeper);
	/* Removes what the program leaves on the host, once it has ended; NULL: nothing. The keeper calls it. */
	void (*clean)(const struct keeper *keeper);
	const void *of;
	int fds[KEEPER_FDS]; /* what the program needs, or 0; the keeper has no other descriptor, so that none of the
				launcher's stays open through it */
};

/* Starts both. Fails with ERROR_SYSTEM; *@ret may be ended in any case. */
int keeper_start(const struct keeper *keeper, struct run_keeper *ret, struct error *err);

/* Reads what the program says on @fd until @ready finds it there; false at its end, or after ten seconds. */
bool keeper_hear(int fd, bool (*ready)(const char *said));

/* Ends the program and waits until all is removed. */
void keeper_end(struct run_keeper *keeper);

#endif
