// SPDX-License-Identifier: Apache-2.0
#include "config/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/oci_schema.h"

/* The reader fills these without knowing their types. */
_Static_assert(sizeof(struct pair) == 2 * sizeof(char *), "JSON_PAIRS");
_Static_assert(sizeof(string_list) == sizeof(json_strings), "JSON_STRINGS");

enum { HOSTNAME_BYTES = 64 }; /* __NEW_UTS_LEN */

/* "1.N.N", with anything behind a '-' or '+': config.md, "Specification version" */
static int check_version(struct json_reader *r, const char *version)
{
	const char *at = version;

	for (int part = 0; part < 3; part++) {
		size_t digits = strspn(at, "0123456789");
		char end = at[digits];

		if (digits == 0 || (part < 2 && end != '.') || (part == 2 && strchr("-+", end) == NULL))
			return json_fail(r, "ociVersion", "'%s' is not a version", version);
		if (part == 0 && (digits != 1 || at[0] != '1'))
			return json_fail(r, "ociVersion", "'%s' is not a version that casemate reads: 1.x", version);
		at += digits + 1;
	}
	return 0;
}

static int check_hostname(struct json_reader *r, const char *member, const char *name)
{
	if (name != NULL && strlen(name) > HOSTNAME_BYTES)
		return json_fail(r, member, "is longer than %d bytes", HOSTNAME_BYTES);
	return 0;
}

static int check_request(struct json_reader *r, void *object)
{
	struct request *request = object;

	TRY(check_version(r, request->oci_version));
	request->hostname = oci_given(request->hostname);
	request->domainname = oci_given(request->domainname);
	TRY(check_hostname(r, "hostname", request->hostname));
	return check_hostname(r, "domainname", request->domainname);
}

static int check_root(struct json_reader *r, void *object)
{
	struct request_root *root = object;

	if (root->path[0] == '\0')
		return json_fail(r, "path", "is empty");
	root->path = oci_join_path(json_arena(r), oci_request(r)->bundle, root->path);
	return 0;
}

static const struct json_field root_fields[] = {
	{JSON_KEY("path"), JSON_TO(STRING, struct request_root, path), .required = true},
	{JSON_KEY("readonly"), JSON_TO(BOOL, struct request_root, readonly)},
};
static const struct json_schema root_schema = {
	JSON_SCHEMA(struct request_root, root_fields),
	.done = check_root,
};

static const struct json_field request_fields[] = {
	{JSON_KEY("ociVersion"), JSON_TO(STRING, struct request, oci_version), .required = true},
	{JSON_KEY("root"), JSON_TO(OBJECT, struct request, root), .object = &root_schema, .required = true},
	{JSON_KEY("process"), JSON_TO(OBJECT, struct request, process), .object = &oci_process_schema,
	 .required = true},
	{JSON_KEY("mounts"), JSON_TO(OBJECTS, struct request, mounts), .object = &oci_mount_schema},
	{JSON_KEY("hostname"), JSON_TO(STRING, struct request, hostname)},
	{JSON_KEY("domainname"), JSON_TO(STRING, struct request, domainname)},
	{JSON_KEY("hooks"), JSON_TO(OBJECT, struct request, hooks), .object = &oci_hooks_schema},
	{JSON_KEY("annotations"), JSON_TO(PAIRS, struct request, annotations)},
	{JSON_KEY("linux"), JSON_TO(OBJECT, struct request, linux_), .object = &oci_linux_schema},
};
static const struct json_schema request_schema = {
	JSON_SCHEMA(struct request, request_fields),
	.done = check_request,
};

/* @input has text and name. */
static int parse(struct json_input *input, const char *bundle, struct arena *arena, struct request *ret,
		 struct error *err)
{
	ret->source = "config.json";
	ret->bundle = arena_strdup(arena, bundle);
	ret->text = input->text;
	ret->length = input->length;
	input->source = ret->source;
	input->user = ret;
	TRY(json_read(input, &request_schema, ret, arena, err));
	ret->ignored.at = input->unknown.at;
	ret->ignored.count = input->unknown.count;
	return 0;
}

int oci_parse(const char *text, size_t length, const char *bundle, struct arena *arena, struct request *ret,
	      struct error *err)
{
	struct json_input input = {.text = text, .length = length, .name = "config.json"};

	return parse(&input, bundle, arena, ret, err);
}

int oci_parse_process(const char *text, size_t length, struct arena *arena, struct request *request, struct error *err)
{
	struct json_input input = {
		.text = text, .length = length, .name = "process.json", .source = "process.json", .user = request};

	request->process = (struct request_process){0};
	return json_read(&input, &oci_process_schema, &request->process, arena, err);
}

int oci_parse_resources(const char *text, size_t length, const char *name, struct arena *arena,
			struct request_resources *ret, struct error *err)
{
	struct request request = {.source = name};
	struct json_input input = {.text = text, .length = length, .name = name, .source = name, .user = &request};

	return json_read(&input, &oci_resources_schema, ret, arena, err);
}

static int absolute_bundle(const char *bundle, struct arena *arena, const char **ret, struct error *err)
{
	char cwd[PATH_MAX] = "";

	if (bundle[0] == '\0')
		return error_set(err, ERROR_USAGE, 0, "the bundle's path is empty");
	if (bundle[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL) {
		error_set(err, ERROR_SYSTEM, errno, "cannot find the working directory");
		return error_hint(err, "it was removed, or is out of reach: cd to another one");
	}
	*ret = oci_join_path(arena, cwd, bundle);
	return 0;
}

int oci_read_bundle(const char *bundle, const char *config, struct arena *arena, struct request *ret, struct error *err)
{
	struct json_input input = {0};
	const char *absolute;
	char *text;

	TRY(absolute_bundle(bundle, arena, &absolute, err));
	input.name = config != NULL ? config : arena_printf(arena, "%s/config.json", bundle);
	if (file_read(AT_FDCWD, input.name, JSON_MAX_BYTES, arena, &text, &input.length, err) < 0)
		return err->errnum == ENOENT || err->errnum == ENOTDIR
			       ? error_hint(err,
					    "a bundle is a directory with a config.json, which `casemate spec` writes, "
					    "and a root file system: --bundle DIR, or casemate explain DIR")
			       : -1;
	input.text = text;
	return parse(&input, absolute, arena, ret, err);
}
