// SPDX-License-Identifier: Apache-2.0
/*
 * The object "sandbox" of a profile: flags of `casemate sandbox` by their names, "ro": ["/data"] for --ro /data. What
 * is in the table of flags (config/options.h) can stand in a file at once.
 */
#ifndef CASEMATE_CONFIG_PROFILE_SANDBOX_H
#define CASEMATE_CONFIG_PROFILE_SANDBOX_H

#include "base/json.h"
#include "config/options.h"
#include "model/profile.h"

/* The schema of the object, in @arena. Its `done` appends to the struct profile that is the json_user() of the reader.
 */
const struct json_schema *profile_sandbox_schema(struct arena *arena);

/*
 * Takes the flags of @profile into @ret, before those of the command line. ${PWD}, ${HOME}, ${XDG_RUNTIME_DIR} and
 * ${TMPDIR} in them are replaced, "$${" stands for "${". Fails with ERROR_CONFIG, naming the flag's place, where such a
 * variable is not an absolute path.
 */
int profile_sandbox_take(const struct profile *profile, const struct host *host, struct arena *arena,
			 struct sandbox_options *ret, struct error *err);

/*
 * @options as a profile's text in @arena, under the ceiling @profile: --profile with it and no other flag means the
 * same in every directory. @path is where it will be kept: its name becomes the profile's. Fails with ERROR_SYSTEM,
 * or ERROR_USAGE for what is not UTF-8.
 */
int profile_sandbox_write(const struct sandbox_options *options, const struct profile *profile, const char *path,
			  const struct host *host, struct arena *arena, const char **ret_text, struct error *err);

#endif
