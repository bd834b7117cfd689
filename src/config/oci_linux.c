// SPDX-License-Identifier: Apache-2.0
/* config-linux.md, but for devices, control groups and seccomp, which have files of their own. */
#include <stdio.h>
#include <string.h>

#include "config/oci_schema.h"
#include "model/names.h"

struct namespace_entry {
	uint32_t kind; /* enum namespace_kind */
	const char *path;
	origin from;
};

static int take_namespace(struct json_reader *r, void *object)
{
	struct namespace_entry *entry = object;
	struct request_namespace *given = &oci_request(r)->linux_.namespaces[entry->kind];

	if (given->given)
		return json_fail(r, "type", "this namespace is given twice");
	entry->path = oci_given(entry->path);
	TRY(oci_check_absolute(r, "path", entry->path));
	*given = (struct request_namespace){.given = true, .path = entry->path, .from = entry->from};
	return 0;
}

static const struct json_field namespace_fields[] = {
	{JSON_KEY("type"), JSON_TO(NAME, struct namespace_entry, kind), .names = &names_namespaces, .required = true},
	{JSON_KEY("path"), JSON_TO(STRING, struct namespace_entry, path)},
};
static const struct json_schema namespace_schema = {
	JSON_SCHEMA(struct namespace_entry, namespace_fields),
	.origin = JSON_MEMBER(struct namespace_entry, from),
	.done = take_namespace,
};

static int check_time_offset(struct json_reader *r, void *object)
{
	const struct request_time_offset *offset = object;

	if (strcmp(offset->clock, "monotonic") != 0 && strcmp(offset->clock, "boottime") != 0)
		return json_fail(r, NULL, "'%s' is not a clock of a time namespace: monotonic or boottime",
				 offset->clock);
	return 0;
}

static const struct json_field time_offset_fields[] = {
	{JSON_KEY("secs"), JSON_TO(SIGNED, struct request_time_offset, secs)},
	{JSON_KEY("nanosecs"), JSON_TO(UNSIGNED, struct request_time_offset, nanosecs), .max = 999999999},
};
static const struct json_schema time_offset_schema = {
	JSON_SCHEMA(struct request_time_offset, time_offset_fields),
	.map_key = JSON_MEMBER(struct request_time_offset, clock),
	.done = check_time_offset,
};

static int check_net_device(struct json_reader *r, void *object)
{
	struct request_net_device *device = object;

	device->new_name = oci_given(device->new_name);
	TRY(oci_check_interface(r, NULL, device->name));
	if (device->new_name == NULL)
		return 0;
	TRY(oci_check_interface(r, "name", device->new_name));
	/* One "%d" is a template: the first name with a number that is free. */
	const char *percent = strchr(device->new_name, '%');
	if (percent != NULL && (percent[1] != 'd' || strchr(percent + 1, '%') != NULL))
		return json_fail(r, "name", "'%s' has a '%%' that is not one '%%d'", device->new_name);
	return 0;
}

static const struct json_field net_device_fields[] = {
	{JSON_KEY("name"), JSON_TO(STRING, struct request_net_device, new_name)},
};
static const struct json_schema net_device_schema = {
	JSON_SCHEMA(struct request_net_device, net_device_fields),
	.map_key = JSON_MEMBER(struct request_net_device, name),
	.done = check_net_device,
};

/* A class is a directory of /sys/fs/resctrl. */
static int check_intel_rdt(struct json_reader *r, void *object)
{
	struct request_intel_rdt *rdt = object;

	rdt->clos_id = oci_given(rdt->clos_id);
	/* runtime-spec 1.3: "/" stands for the root of resctrl. */
	if (rdt->clos_id != NULL && strcmp(rdt->clos_id, "/") != 0 &&
	    (strchr(rdt->clos_id, '/') != NULL || strcmp(rdt->clos_id, ".") == 0 || strcmp(rdt->clos_id, "..") == 0))
		return json_fail(r, "closID", "'%s' is not the name of a class", rdt->clos_id);
	rdt->l3_cache_schema = oci_given(rdt->l3_cache_schema);
	rdt->mem_bw_schema = oci_given(rdt->mem_bw_schema);
	if (rdt->mem_bw_schema != NULL &&
	    (strncmp(rdt->mem_bw_schema, "MB:", 3) != 0 || strchr(rdt->mem_bw_schema, '\n') != NULL))
		return json_fail(r, "memBwSchema", "is not one line that begins with 'MB:'");
	for (size_t i = 0; i < rdt->schemata.count; i++)
		if (rdt->schemata.at[i][0] == '\0' || strchr(rdt->schemata.at[i], '\n') != NULL)
			return json_fail(r, "schemata", "an element is not one line");
	return 0;
}

static const struct json_field intel_rdt_fields[] = {
	{JSON_KEY("closID"), JSON_TO(STRING, struct request_intel_rdt, clos_id)},
	{JSON_KEY("l3CacheSchema"), JSON_TO(STRING, struct request_intel_rdt, l3_cache_schema)},
	{JSON_KEY("memBwSchema"), JSON_TO(STRING, struct request_intel_rdt, mem_bw_schema)},
	{JSON_KEY("schemata"), JSON_TO(STRINGS, struct request_intel_rdt, schemata)},
	{JSON_KEY("enableMonitoring"), JSON_TO(BOOL, struct request_intel_rdt, enable_monitoring)},
};
static const struct json_schema intel_rdt_schema = {
	JSON_SCHEMA(struct request_intel_rdt, intel_rdt_fields),
	.done = check_intel_rdt,
};

static int check_memory_policy(struct json_reader *r, void *object)
{
	struct request_memory_policy *policy = object;

	policy->nodes = oci_given(policy->nodes);
	return oci_check_cpu_list(r, "nodes", policy->nodes);
}

static const struct json_field memory_policy_fields[] = {
	{JSON_KEY("mode"), JSON_TO(NAME, struct request_memory_policy, mode), .names = &names_memory_policies,
	 .required = true},
	{JSON_KEY("nodes"), JSON_TO(STRING, struct request_memory_policy, nodes)},
	{JSON_KEY("flags"), JSON_TO(FLAGS, struct request_memory_policy, flags), .names = &names_memory_flags},
};
static const struct json_schema memory_policy_schema = {
	JSON_SCHEMA(struct request_memory_policy, memory_policy_fields),
	.done = check_memory_policy,
};

static int refuse_personality_flag(struct json_reader *r, const char *word, void *into)
{
	(void)into;
	return json_fail(r, NULL, "'%s' is not a personality flag: the specification defines none", word);
}

static const struct json_field personality_fields[] = {
	{JSON_KEY("domain"), JSON_TO(NAME, struct request_linux, personality), .names = &names_personalities,
	 .required = true},
	{JSON_KEY("flags"), .kind = JSON_WORDS, .word = refuse_personality_flag},
};
static const struct json_schema personality_schema = {JSON_SCHEMA(struct request_linux, personality_fields)};

static int take_propagation(struct json_reader *r, const char *word, void *into)
{
	if (word[0] != '\0' && !lookup_value(&names_propagations, word, strlen(word), into))
		return json_fail(r, NULL, "'%s' is not %s", word, names_propagations.what);
	return 0;
}

/*
 * A key is a path below /proc/sys, with '.' or '/' between its components. Two separators side by side would make an
 * empty component, or ".." in one of the two spellings.
 */
static bool is_sysctl_key(const char *key)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	for (;;) {
		size_t length = strspn(key, letters);

		if (length == 0)
			return false;
		key += length;
		if (*key == '\0')
			return true;
		if (*key != '.' && *key != '/')
			return false;
		key++;
	}
}

static int check_sysctls(struct json_reader *r, const struct request_linux *linux_)
{
	for (size_t i = 0; i < linux_->sysctl.count; i++) {
		if (!is_sysctl_key(linux_->sysctl.at[i].key))
			return json_fail(r, "sysctl", "'%s' is not the name of a sysctl", linux_->sysctl.at[i].key);
	}
	return 0;
}

static int check_paths(struct json_reader *r, const char *key, const string_list *paths)
{
	char member[48];

	for (size_t i = 0; i < paths->count; i++) {
		/* Which of them it is, matters to a message alone. */
		if (paths->at[i][0] == '/' && strstr(paths->at[i], "..") == NULL)
			continue;
		snprintf(member, sizeof(member), "%s/%zu", key, i);
		TRY(oci_check_absolute(r, member, paths->at[i]));
		TRY(oci_check_no_dotdot(r, member, paths->at[i]));
	}
	return 0;
}

static int check_linux(struct json_reader *r, void *object)
{
	struct request_linux *linux_ = object;

	linux_->cgroups_path = oci_given(linux_->cgroups_path);
	linux_->mount_label = oci_given(linux_->mount_label);
	TRY(oci_check_no_dotdot(r, "cgroupsPath", linux_->cgroups_path));
	TRY(check_sysctls(r, linux_));
	TRY(check_paths(r, "maskedPaths", &linux_->masked_paths));
	return check_paths(r, "readonlyPaths", &linux_->readonly_paths);
}

static const struct json_field linux_fields[] = {
	{JSON_KEY("namespaces"), .kind = JSON_EACH, .object = &namespace_schema},
	{JSON_KEY("uidMappings"), JSON_TO(OBJECTS, struct request_linux, uid_mappings), .object = &oci_id_map_schema},
	{JSON_KEY("gidMappings"), JSON_TO(OBJECTS, struct request_linux, gid_mappings), .object = &oci_id_map_schema},
	{JSON_KEY("timeOffsets"), JSON_TO(MAP, struct request_linux, time_offsets), .object = &time_offset_schema},
	{JSON_KEY("devices"), JSON_TO(OBJECTS, struct request_linux, devices), .object = &oci_device_schema},
	{JSON_KEY("netDevices"), JSON_TO(MAP, struct request_linux, net_devices), .object = &net_device_schema},
	{JSON_KEY("cgroupsPath"), JSON_TO(STRING, struct request_linux, cgroups_path)},
	{JSON_KEY("resources"), JSON_TO(OBJECT, struct request_linux, resources), .object = &oci_resources_schema},
	{JSON_KEY("intelRdt"), JSON_TO(POINTER, struct request_linux, intel_rdt), .object = &intel_rdt_schema},
	{JSON_KEY("memoryPolicy"), JSON_TO(POINTER, struct request_linux, memory_policy),
	 .object = &memory_policy_schema},
	{JSON_KEY("sysctl"), JSON_TO(PAIRS, struct request_linux, sysctl)},
	{JSON_KEY("seccomp"), JSON_TO(POINTER, struct request_linux, seccomp), .object = &oci_seccomp_schema},
	{JSON_KEY("rootfsPropagation"), JSON_TO(WORD, struct request_linux, rootfs_propagation),
	 .word = take_propagation},
	{JSON_KEY("maskedPaths"), JSON_TO(STRINGS, struct request_linux, masked_paths)},
	{JSON_KEY("readonlyPaths"), JSON_TO(STRINGS, struct request_linux, readonly_paths)},
	{JSON_KEY("mountLabel"), JSON_TO(STRING, struct request_linux, mount_label)},
	/* Its members lie in the linux object itself. */
	{JSON_KEY("personality"), .kind = JSON_OBJECT, .object = &personality_schema},
};
const struct json_schema oci_linux_schema = {
	JSON_SCHEMA(struct request_linux, linux_fields),
	.done = check_linux,
};
