// SPDX-License-Identifier: Apache-2.0
/*
 * config.json (runtime-spec 1.3.0, config.md and config-linux.md) becomes a request. The whole of the Linux format is
 * read and typed, also what casemate does not carry out: the parts refuse that. What the text alone can show to be
 * wrong is refused here, with ERROR_CONFIG, file, line, column and JSON pointer. Properties that the specification does
 * not define or that are for other systems go to request.ignored.
 */
#ifndef CASEMATE_CONFIG_OCI_H
#define CASEMATE_CONFIG_OCI_H

#include "model/request.h"

/*
 * Reads the config.json of the bundle (a directory) at @bundle, or the file @config where that is not NULL. Relative
 * paths are taken from the working directory; in *@ret, `bundle` and `root.path` are absolute. *@ret must be zeroed,
 * its strings live in @arena. Fails with ERROR_CONFIG or ERROR_SYSTEM.
 */
int oci_read_bundle(const char *bundle, const char *config, struct arena *arena, struct request *ret,
		    struct error *err);

/* The same for the @length bytes at @text, without touching the system. @bundle must be absolute. */
int oci_parse(const char *text, size_t length, const char *bundle, struct arena *arena, struct request *ret,
	      struct error *err);

/*
 * Reads the process of `exec`, a file that holds what config.json has under "process" (config.md, "Process"), in the
 * place of request->process. Fails as oci_parse() does.
 */
int oci_parse_process(const char *text, size_t length, struct arena *arena, struct request *request, struct error *err);

/*
 * Reads what config.json has under "linux.resources" out of a text of its own (`update`), which messages call @name.
 * *@ret must be zeroed, its strings live in @arena. Fails with ERROR_CONFIG.
 */
int oci_parse_resources(const char *text, size_t length, const char *name, struct arena *arena,
			struct request_resources *ret, struct error *err);

/* A text that holds only the object of linux.seccomp, in a file of our own. */
struct oci_seccomp_text {
	const char *text;
	size_t length;
	const char *name; /* of the file, for messages and origins */
};

/*
 * Reads a seccomp profile: comments are allowed, each rule may have a "comment" besides what the specification defines,
 * and unknown keys are errors. *@ret must be zeroed, its strings live in @arena. Fails with ERROR_CONFIG.
 */
int oci_parse_seccomp(const struct oci_seccomp_text *file, struct arena *arena, struct request_seccomp *ret,
		      struct error *err);

#endif
