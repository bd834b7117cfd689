// SPDX-License-Identifier: Apache-2.0
/* config.md, "POSIX-platform Hooks". */
#include "config/oci_schema.h"

static int check_hook(struct json_reader *r, void *object)
{
	const struct request_hook *hook = object;

	TRY(oci_check_absolute(r, "path", hook->path));
	return oci_check_environment(r, &hook->env);
}

static const struct json_field hook_fields[] = {
	{JSON_KEY("path"), JSON_TO(STRING, struct request_hook, path), .required = true},
	{JSON_KEY("args"), JSON_TO(STRINGS, struct request_hook, args)},
	{JSON_KEY("env"), JSON_TO(STRINGS, struct request_hook, env)},
	{JSON_KEY("timeout"), JSON_TO_OPT(SIGNED, struct request_hook, timeout), .min = 1, .max = INT32_MAX},
};
static const struct json_schema hook_schema = {
	JSON_SCHEMA(struct request_hook, hook_fields),
	.origin = JSON_MEMBER(struct request_hook, from),
	.done = check_hook,
};

static const struct json_field hooks_fields[] = {
	{JSON_KEY("prestart"), JSON_TO(OBJECTS, struct request_hooks, prestart), .object = &hook_schema},
	{JSON_KEY("createRuntime"), JSON_TO(OBJECTS, struct request_hooks, create_runtime), .object = &hook_schema},
	{JSON_KEY("createContainer"), JSON_TO(OBJECTS, struct request_hooks, create_container), .object = &hook_schema},
	{JSON_KEY("startContainer"), JSON_TO(OBJECTS, struct request_hooks, start_container), .object = &hook_schema},
	{JSON_KEY("poststart"), JSON_TO(OBJECTS, struct request_hooks, poststart), .object = &hook_schema},
	{JSON_KEY("poststop"), JSON_TO(OBJECTS, struct request_hooks, poststop), .object = &hook_schema},
};
const struct json_schema oci_hooks_schema = {JSON_SCHEMA(struct request_hooks, hooks_fields)};
