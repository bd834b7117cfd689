// SPDX-License-Identifier: Apache-2.0
/* Which build of casemate this is; src/base/version.c is made by make. */
#ifndef CASEMATE_BASE_VERSION_H
#define CASEMATE_BASE_VERSION_H

extern const char version_number[]; /* "0.1.0" */
extern const char version_commit[]; /* an abbreviated commit, or "v0.1.0" where the source is no repository */

#endif
