// SPDX-License-Identifier: Apache-2.0
/*
 * Profiles: text becomes a ceiling (model/profile.h). casemate-profile(5) describes the format.
 *
 * Rules of "extends": a profile that extends another takes from it every item that it does not give itself; a list that
 * it gives replaces the other's. Each item of the result must be as strict as the other's or stricter (profile_weaker),
 * unless the extending profile says "widen": true. A profile that extends nothing must give every item: nothing has a
 * default.
 */
#ifndef CASEMATE_CONFIG_PROFILE_H
#define CASEMATE_CONFIG_PROFILE_H

#include "base/json_write.h"
#include "model/profile.h"

/* How many profiles may extend one another, the first counted. */
enum { PROFILE_MAX_DEPTH = 8, PROFILE_MAX_BYTES = 1 << 20 };

/* Names are printed, and compared with those of the built-in profiles. */
enum { PROFILE_NAME_BYTES = 64 };
#define PROFILE_NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* The format's version, the value of "casemate". */
enum { PROFILE_FORMAT = 1 };

/* In all of these, *@ret must be zeroed and its strings live in @arena. */

/* The built-in profile @name. Fails with ERROR_USAGE for an unknown name. */
int profile_builtin(const char *name, struct arena *arena, struct profile *ret, struct error *err);

/* The profile in the file @path. What it extends is a built-in profile or a file, relative to its own directory.
 * Fails with ERROR_CONFIG or ERROR_SYSTEM. */
int profile_read(const char *path, struct arena *arena, struct profile *ret, struct error *err);

/* The profile in a text, without touching the system: it can only extend a built-in one. @name is for messages. */
int profile_parse(const char *text, size_t length, const char *name, struct arena *arena, struct profile *ret,
		  struct error *err);

/*
 * The file of the profile @name, in @arena: NAME.json in the caller's own configuration, in the administrator's, or of
 * the examples. Fails with ERROR_USAGE where there is none, ERROR_CONFIG where others than its owner and root could
 * write it or its directory.
 */
int profile_find(const char *name, struct arena *arena, const char **ret_path, struct error *err);

/* @profile as a text in @arena that extends nothing and reads as the same profile again. Fails with ERROR_SYSTEM. */
int profile_write(const struct profile *profile, struct arena *arena, const char **ret_text, size_t *ret_length,
		  struct error *err);

/* The items of @profile as members of the object that @json is in. */
void profile_write_items(struct json_writer *json, const struct profile *profile);

/*
 * 0 when @candidate grants nothing that @than does not, -1 and ERROR_REFUSED, naming the first item, when it is weaker.
 * "refuse" is stricter than "tighten", that than "allow"; a list of what is allowed is stricter when it has less, one
 * of what is masked when it has more.
 */
int profile_weaker(const struct profile *than, const struct profile *candidate, struct error *err);

/* The places where the name of a profile can come from. */
struct profile_choice {
	const char *argument;  /* of --profile: a file when it has a '/', else the name of a built-in one or as
				  profile_find(); NULL: not given */
	const char *argv0;     /* the program's name: "casemate-baseline" asks for baseline */
	const char *site_file; /* of the administrator; need not exist; NULL: none */
};

/*
 * The first of @choice that says something, else "restricted". A site file that cannot be read or is wrong is an error
 * even where it would not be used: it might be locked. A locked one refuses weaker profiles (ERROR_REFUSED).
 */
int profile_select(const struct profile_choice *choice, struct arena *arena, struct profile *ret, struct error *err);

#endif
