// SPDX-License-Identifier: Apache-2.0
/* Where a bundle really is: for parts/mounts_sources.c, which lets a bundle have what is in it. */
#ifndef CASEMATE_MODEL_HOST_BUNDLE_H
#define CASEMATE_MODEL_HOST_BUNDLE_H

#include "model/host.h"

/*
 * For host_probe_sources(), which has filled host->root and host->sources: fills host->bundle where one of them is
 * named as a part of the bundle and lies elsewhere. It stays NULL where the config.json there is not the one of
 * @request.
 */
void host_probe_bundle(struct host *host, const struct request *request, struct arena *arena);

#endif
