// SPDX-License-Identifier: Apache-2.0
/*
 * sd_notify(3): a program says that it is ready, on the socket that NOTIFY_SOCKET names. The container never gets the
 * host's: it has one of casemate's in /run/notify, a directory of the container's state, and casemate passes on what is
 * known and harmless. That it is ready is told with MAINPID, which is the container's first process as the host has it,
 * and a BARRIER, so that whoever waits has read it.
 */
#ifndef CASEMATE_RUN_NOTIFY_H
#define CASEMATE_RUN_NOTIFY_H

#include "model/explain.h"
#include "model/run.h"
#include "run/state.h"

/* Step, launcher: makes the directory; and, where no `start` will, the socket in it. */
bool notify_make_wanted(const struct plan *plan);
void notify_make_explain(const struct plan *plan, struct explain *out);
int notify_make(const struct plan *plan, struct run *run, struct error *err);

struct notify {
	int inside;     /* the container's messages come here; -1: nobody is to be told */
	int outside;    /* connected to the host's socket */
	int process;    /* pidfd of the container's first process */
	int interrupts; /* signals that end the waiting; -1: they end the caller */
	pid_t pid;
};
#define AUTO_NOTIFY __attribute__((cleanup(notify_close)))
void notify_close(struct notify *notify);

/*
 * `start`: opens both sockets before the program runs, where the environment names the host's and `create` has made a
 * place for the container's. Fails with ERROR_HOST when the host's cannot be reached.
 */
int notify_open(const struct state *state, struct notify *ret, struct error *err);

/*
 * Passes messages on until the container was ready and the host has heard it, or has ended. Fails with ERROR_HOST when
 * the host's socket is no more.
 */
int notify_until_ready(struct notify *notify, struct error *err);

/*
 * Launcher of `run`, once the program runs: as notify_until_ready() where it does not stay itself; else a process of
 * its own passes on whatever the container says, until that ends.
 */
int notify_launched(const struct plan *plan, struct run *run, struct error *err);

/* Launcher, once the container has ended: waits some seconds until all is passed on that it said. */
void notify_end(struct run *run);

/* What of @message, a datagram of @length bytes, is passed on: lines with known keys, in @ret_text, which has as much
 * room and one byte more. Returns whether READY=1 is among them. For tests. */
bool notify_filter(const char *message, size_t length, char *ret_text);

#endif
