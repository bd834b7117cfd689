// SPDX-License-Identifier: Apache-2.0
/*
 * The features document of the runtime specification (features.md, features-linux.md). Its lists are the tables that
 * config.json is read by, so what stands here is what is read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "base/version.h"
#include "commands/command.h"
#include "config/oci_schema.h"
#include "model/names.h"
#include "parts/cgroup_scope.h"
#include "run/criu.h"

static const struct cli_option options[] = {CLI_END};

static const struct cli cli = {
	.usage = "casemate features",
	.summary = "Prints what of the runtime specification is carried out, as JSON, which engines ask for.",
	.options = options,
	.order = CLI_MIXED,
};

static void write_names(struct json_writer *json, const char *key, const struct lookup *names)
{
	json_member_array(json, key);
	for (size_t i = 0; i < names->count; i++)
		json_write_string(json, names->rows[i].name);
	json_write_end_array(json);
}

static const struct json_field *find_key(const struct json_schema *schema, const char *key)
{
	for (size_t i = 0; schema != NULL && i < schema->count; i++)
		if (strcmp(schema->fields[i].key, key) == 0)
			return &schema->fields[i];
	return NULL;
}

/* {"enabled": true} where @schema reads @key. */
static void write_enabled(struct json_writer *json, const char *name, const struct json_schema *schema, const char *key)
{
	json_member_object(json, name);
	json_member_bool(json, "enabled", find_key(schema, key) != NULL);
	json_write_end_object(json);
}

static void write_hooks(struct json_writer *json)
{
	json_member_array(json, "hooks");
	for (size_t i = 0; i < oci_hooks_schema.count; i++)
		json_write_string(json, oci_hooks_schema.fields[i].key);
	json_write_end_array(json);
}

static void write_mount_options(struct json_writer *json)
{
	json_member_array(json, "mountOptions");
	for (size_t i = 0; names_mount_option_at(i) != NULL; i++)
		json_write_string(json, names_mount_option_at(i));
	json_write_end_array(json);
}

static void write_capabilities(struct json_writer *json)
{
	char name[NAMES_CAPABILITY_BYTES];

	json_member_array(json, "capabilities");
	for (uint32_t number = 0; names_capability(names_capability_text(number, name)) >= 0; number++)
		json_write_string(json, name);
	json_write_end_array(json);
}

static void write_cgroup(struct json_writer *json)
{
	const struct json_field *resources = find_key(&oci_linux_schema, "resources");

	json_member_object(json, "cgroup");
	json_member_bool(json, "v1", true);
	json_member_bool(json, "v2", true);
	json_member_bool(json, "systemd", cgroup_scope_possible());
	json_member_bool(json, "systemdUser", cgroup_scope_possible());
	json_member_bool(json, "rdma", resources != NULL && find_key(resources->object, "rdma") != NULL);
	json_write_end_object(json);
}

static void write_seccomp(struct json_writer *json)
{
	json_member_object(json, "seccomp");
	json_member_bool(json, "enabled", find_key(&oci_linux_schema, "seccomp") != NULL);
	write_names(json, "actions", &names_seccomp_actions);
	write_names(json, "operators", &names_seccomp_operators);
	write_names(json, "archs", &names_seccomp_archs);
	write_names(json, "knownFlags", &names_seccomp_flags);
	json_member_array(json, "supportedFlags");
	for (size_t i = 0; i < names_seccomp_flags.count; i++)
		if (host_seccomp_flag((uint32_t)names_seccomp_flags.rows[i].value))
			json_write_string(json, names_seccomp_flags.rows[i].name);
	json_write_end_array(json);
	json_write_end_object(json);
}

static void write_intel_rdt(struct json_writer *json)
{
	const struct json_field *rdt = find_key(&oci_linux_schema, "intelRdt");

	json_member_object(json, "intelRdt");
	json_member_bool(json, "enabled", rdt != NULL);
	json_member_bool(json, "schemata", rdt != NULL && find_key(rdt->object, "schemata") != NULL);
	json_member_bool(json, "monitoring", rdt != NULL && find_key(rdt->object, "enableMonitoring") != NULL);
	json_write_end_object(json);
}

static void write_linux(struct json_writer *json)
{
	json_member_object(json, "linux");
	write_names(json, "namespaces", &names_namespaces);
	write_capabilities(json);
	write_cgroup(json);
	write_seccomp(json);
	write_enabled(json, "apparmor", &oci_process_schema, "apparmorProfile");
	write_enabled(json, "selinux", &oci_process_schema, "selinuxLabel");
	write_intel_rdt(json);
	json_member_object(json, "memoryPolicy");
	write_names(json, "modes", &names_memory_policies);
	write_names(json, "flags", &names_memory_flags);
	json_write_end_object(json);
	json_member_object(json, "mountExtensions");
	write_enabled(json, "idmap", &oci_mount_schema, "uidMappings");
	json_write_end_object(json);
	write_enabled(json, "netDevices", &oci_linux_schema, "netDevices");
	json_write_end_object(json);
}

static int print(struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;
	struct error ignored;

	TRY(json_writer_create(&json, true, err));
	json_write_begin_object(&json);
	json_member_string(&json, "ociVersionMin", SPEC_VERSION_OLDEST);
	json_member_string(&json, "ociVersionMax", SPEC_VERSION);
	write_hooks(&json);
	write_mount_options(&json);
	write_linux(&json);
	json_member_object(&json, "annotations");
	json_member_string(&json, "casemate.version", version_number);
	json_member_string(&json, "casemate.commit", version_commit);
	/* runc's name for it, by which callers look. */
	json_member_string(&json, "org.opencontainers.runc.checkpoint.enabled",
			   criu_find(&ignored) == 0 ? "true" : "false");
	json_write_end_object(&json);
	/* A prefix: with --systemd-cgroup they change a unit of the host. No other annotation changes what a launch
	 * does. */
	json_member_array(&json, "potentiallyUnsafeConfigAnnotations");
	json_write_string(&json, "org.systemd.property.");
	json_write_end_array(&json);
	json_write_end_object(&json);
	TRY(json_writer_finish(&json, &text, &length, err));
	return command_print(text, length, err);
}

static int features(const struct invocation *invocation, int *ret_status, struct error *err)
{
	char **rest;

	(void)ret_status;
	int go = command_parse(&cli, invocation, NULL, &rest, err);
	if (go <= 0)
		return go;
	if (rest[0] != NULL)
		return error_set(err, ERROR_USAGE, 0, "there are too many arguments");
	return print(err);
}

const struct command command_features = {"features", &cli, features};
