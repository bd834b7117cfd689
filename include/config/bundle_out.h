// SPDX-License-Identifier: Apache-2.0
/* The other way round: a request becomes an OCI bundle that does the same under any runtime. */
#ifndef CASEMATE_CONFIG_BUNDLE_OUT_H
#define CASEMATE_CONFIG_BUNDLE_OUT_H

#include "model/request.h"

/*
 * Writes @request as DIR/config.json and DIR/rootfs, with the mount points, links and generated files that it needs.
 * @directory must not exist yet. Fails with ERROR_USAGE, before anything is written, for a request that a config.json
 * cannot express, or with ERROR_SYSTEM; what was written until then stays.
 */
int bundle_write(const char *directory, const struct request *request, struct error *err);

/* Writes @request as the new file @name in @dir. A file that exists is left as it is. Fails with
 * ERROR_SYSTEM, or ERROR_USAGE for what is not UTF-8. */
int bundle_write_config(int dir, const char *name, const struct request *request, struct error *err);

#endif
