// SPDX-License-Identifier: Apache-2.0
/* config-linux.md, "Seccomp": in config.json, and as a file of its own. */
#include "base/kernel.h"
#include "config/oci.h"
#include "config/oci_schema.h"
#include "model/names.h"

enum { LAST_ARGUMENT = 5 };

static const struct json_field arg_fields[] = {
	{JSON_KEY("index"), JSON_TO(UNSIGNED, struct request_seccomp_arg, index), .max = LAST_ARGUMENT,
	 .required = true},
	{JSON_KEY("value"), JSON_TO(UNSIGNED, struct request_seccomp_arg, value), .required = true},
	{JSON_KEY("valueTwo"), JSON_TO(UNSIGNED, struct request_seccomp_arg, value_two)},
	{JSON_KEY("op"), JSON_TO(NAME, struct request_seccomp_arg, op), .names = &names_seccomp_operators,
	 .required = true},
};
static const struct json_schema arg_schema = {JSON_SCHEMA(struct request_seccomp_arg, arg_fields)};

static int check_rule(struct json_reader *r, void *object)
{
	const struct request_seccomp_rule *rule = object;

	if (rule->names.count == 0)
		return json_fail(r, "names", "is empty");
	return 0;
}

/* "comment" is last: config.json's table leaves it out. */
static const struct json_field rule_fields[] = {
	{JSON_KEY("names"), JSON_TO(STRINGS, struct request_seccomp_rule, names), .required = true},
	{JSON_KEY("action"), JSON_TO(NAME, struct request_seccomp_rule, action), .names = &names_seccomp_actions,
	 .required = true},
	{JSON_KEY("errnoRet"), JSON_TO_OPT(UNSIGNED, struct request_seccomp_rule, errno_ret), .max = KERNEL_MAX_ERRNO},
	{JSON_KEY("args"), JSON_TO(OBJECTS, struct request_seccomp_rule, args), .object = &arg_schema},
	{JSON_KEY("comment"), .kind = JSON_COMMENT},
};
enum { RULE_FIELDS = sizeof(rule_fields) / sizeof(rule_fields[0]) };

static const struct json_schema rule_schema = {
	.fields = rule_fields,
	.count = RULE_FIELDS - 1,
	.size = sizeof(struct request_seccomp_rule),
	.done = check_rule,
};
static const struct json_schema own_rule_schema = {
	.fields = rule_fields,
	.count = RULE_FIELDS,
	.size = sizeof(struct request_seccomp_rule),
	.done = check_rule,
};

static int check_seccomp(struct json_reader *r, void *object)
{
	struct request_seccomp *seccomp = object;

	seccomp->listener_path = oci_given(seccomp->listener_path);
	seccomp->listener_metadata = oci_given(seccomp->listener_metadata);
	if (seccomp->listener_metadata != NULL && seccomp->listener_path == NULL)
		return json_fail(r, "listenerMetadata", "is for nobody: there is no listenerPath");
	return oci_check_absolute(r, "listenerPath", seccomp->listener_path);
}

#define SECCOMP_FIELDS(rules)                                                                                          \
	{JSON_KEY("defaultAction"), JSON_TO(NAME, struct request_seccomp, default_action),                             \
	 .names = &names_seccomp_actions, .required = true},                                                           \
		{JSON_KEY("defaultErrnoRet"), JSON_TO_OPT(UNSIGNED, struct request_seccomp, default_errno_ret),        \
		 .max = KERNEL_MAX_ERRNO},                                                                             \
		{JSON_KEY("architectures"), JSON_TO(NAMES, struct request_seccomp, architectures),                     \
		 .names = &names_seccomp_archs},                                                                       \
		{JSON_KEY("flags"), JSON_TO(FLAGS, struct request_seccomp, flags), .names = &names_seccomp_flags},     \
		{JSON_KEY("listenerPath"), JSON_TO(STRING, struct request_seccomp, listener_path)},                    \
		{JSON_KEY("listenerMetadata"), JSON_TO(STRING, struct request_seccomp, listener_metadata)},            \
	{                                                                                                              \
		JSON_KEY("syscalls"), JSON_TO(OBJECTS, struct request_seccomp, syscalls), .object = (rules)            \
	}

static const struct json_field seccomp_fields[] = {SECCOMP_FIELDS(&rule_schema)};
const struct json_schema oci_seccomp_schema = {
	JSON_SCHEMA(struct request_seccomp, seccomp_fields),
	.origin = JSON_MEMBER(struct request_seccomp, from),
	.done = check_seccomp,
};

static const struct json_field own_fields[] = {SECCOMP_FIELDS(&own_rule_schema)};
static const struct json_schema own_schema = {
	JSON_SCHEMA(struct request_seccomp, own_fields),
	.origin = JSON_MEMBER(struct request_seccomp, from),
	.done = check_seccomp,
};

int oci_parse_seccomp(const struct oci_seccomp_text *file, struct arena *arena, struct request_seccomp *ret,
		      struct error *err)
{
	struct json_input input = {
		.text = file->text,
		.length = file->length,
		.name = file->name,
		.source = file->name,
		.own = true,
	};

	return json_read(&input, &own_schema, ret, arena, err);
}
