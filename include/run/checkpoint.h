// SPDX-License-Identifier: Apache-2.0
/* From a container that runs to its image, and back, by criu(8). */
#ifndef CASEMATE_RUN_CHECKPOINT_H
#define CASEMATE_RUN_CHECKPOINT_H

#include "model/plan.h"
#include "run/launch.h"
#include "run/state.h"

/* What both are asked for. */
struct checkpoint_options {
	const char *image_path, *work_path; /* directories; work_path NULL: as the image */
	bool tcp_established, ext_unix_sk, shell_job, file_locks, link_remap, auto_dedup;
	bool empty_network;       /* leave out what is in the network namespace */
	const char *network_lock; /* "iptables", "nftables", "skip"; NULL: criu's own choice */

	/* checkpoint */
	const char *parent_path; /* of an earlier image, from the image's own directory; or NULL */
	bool leave_running, pre_dump, tcp_skip_in_flight;

	/* restore */
	bool tcp_close;
	const char *lsm_profile, *lsm_mount_context; /* or NULL */
};

/*
 * Writes the image of the container @state, which lives; @plan is the container's own, as for `exec`. Afterwards the
 * container's processes are gone unless the options say that it goes on. Fails with ERROR_REFUSED and ERROR_UNSUPPORTED
 * where the image could not hold the container, and as criu_call() does; the container goes on then.
 */
int checkpoint_container(const struct plan *plan, const struct state *state, const struct checkpoint_options *options,
			 struct error *err);

/*
 * Makes the container of @plan out of an image, and waits for its end unless the plan is detached, as launch_run()
 * does. The ceiling of the plan holds: what the image has of users, capabilities, filters, namespaces or cgroups beyond
 * the plan ends the container before it runs again.
 */
int restore_container(const struct plan *plan, const struct checkpoint_options *options,
		      const struct launch_options *launch, int *ret_status, struct error *err);

#endif
