// SPDX-License-Identifier: Apache-2.0
/* A config.json to begin with: what `casemate spec` writes. */
#ifndef CASEMATE_CONFIG_SPEC_H
#define CASEMATE_CONFIG_SPEC_H

#include "model/profile.h"
#include "model/request.h"

/* The one who starts the container, where that is not root. */
struct spec_user {
	bool rootless;
	uint32_t uid, gid;
};

/*
 * Fills @ret, zeroed by the caller, with a shell in a container that @ceiling takes nothing away from and refuses
 * nothing of: its masks and its limit of processes are the ceiling's own. Strings live in @arena.
 */
void spec_request(const struct profile *ceiling, const struct spec_user *user, struct arena *arena,
		  struct request *ret);

#endif
