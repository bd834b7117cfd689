// SPDX-License-Identifier: Apache-2.0
/* What run/checkpoint.c and run/restore.c tell criu alike. */
#ifndef CASEMATE_RUN_CHECKPOINT_OPTIONS_H
#define CASEMATE_RUN_CHECKPOINT_OPTIONS_H

#include "run/checkpoint.h"
#include "run/criu.h"

enum { CHECKPOINT_MESSAGE = 60 << 10 };

/* criu's name for a network namespace that is not the container's own. */
#define CHECKPOINT_NETWORK "casemate-network"

/* The directories of one call. */
struct checkpoint_dirs {
	int image, work;
};

int checkpoint_open(const struct checkpoint_options *options, bool make, struct checkpoint_dirs *ret,
		    struct error *err);
void checkpoint_close(struct checkpoint_dirs *dirs);
#define AUTO_DIRS __attribute__((cleanup(checkpoint_close)))

/* Writes what the options of both commands say. @log: criu's, in the work directory. Fails with ERROR_USAGE. */
int checkpoint_common(struct protobuf_writer *out, const struct checkpoint_options *options,
		      const struct checkpoint_dirs *dirs, const char *log, struct error *err);

/* A switch that is on; criu's own choice is off. */
void checkpoint_switch(struct protobuf_writer *out, enum criu_option option, bool on);

/* Refuses what no image can hold. @plan is the container's. ERROR_UNSUPPORTED, ERROR_REFUSED. */
int checkpoint_judge(const struct plan *plan, const char *what, struct error *err);

#endif
