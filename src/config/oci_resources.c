// SPDX-License-Identifier: Apache-2.0
/* config-linux.md, "Control groups". Names that become part of a file name in a cgroup are checked here. */
#include <string.h>

#include "config/oci_schema.h"

static int take_rule_type(struct json_reader *r, const char *word, void *into)
{
	if (strlen(word) > 1 || strchr("acb", word[0]) == NULL)
		return json_fail(r, NULL, "'%s' is not a device type: a, c or b", word);
	*(char *)into = word[0];
	return 0;
}

static int take_access(struct json_reader *r, const char *word, void *into)
{
	static const char letters[] = "rwm"; /* in the order of enum device_access */
	uint32_t access = 0;

	for (; *word != '\0'; word++) {
		const char *letter = strchr(letters, *word);

		if (letter == NULL)
			return json_fail(r, NULL, "'%c' is not an access: r, w or m", *word);
		access |= (uint32_t)1 << (letter - letters);
	}
	*(uint32_t *)into = access;
	return 0;
}

/* What is not said means all: "a (all) ... unset values mean all". */
static int finish_rule(struct json_reader *r, void *object)
{
	struct request_device_rule *rule = object;

	(void)r;
	if (rule->type == '\0')
		rule->type = 'a';
	if (rule->access == 0)
		rule->access = DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD;
	return 0;
}

static const struct json_field rule_fields[] = {
	{JSON_KEY("allow"), JSON_TO(BOOL, struct request_device_rule, allow), .required = true},
	{JSON_KEY("type"), JSON_TO(WORD, struct request_device_rule, type), .word = take_rule_type},
	{JSON_KEY("major"), JSON_TO_OPT(SIGNED, struct request_device_rule, major), .min = -1, .max = UINT32_MAX},
	{JSON_KEY("minor"), JSON_TO_OPT(SIGNED, struct request_device_rule, minor), .min = -1, .max = UINT32_MAX},
	{JSON_KEY("access"), JSON_TO(WORD, struct request_device_rule, access), .word = take_access},
};
static const struct json_schema rule_schema = {
	JSON_SCHEMA(struct request_device_rule, rule_fields),
	.done = finish_rule,
};

static const struct json_field memory_fields[] = {
	{JSON_KEY("limit"), JSON_TO_OPT(SIGNED, struct request_memory, limit)},
	{JSON_KEY("reservation"), JSON_TO_OPT(SIGNED, struct request_memory, reservation)},
	{JSON_KEY("swap"), JSON_TO_OPT(SIGNED, struct request_memory, swap)},
	{JSON_KEY("kernel"), JSON_TO_OPT(SIGNED, struct request_memory, kernel)},
	{JSON_KEY("kernelTCP"), JSON_TO_OPT(SIGNED, struct request_memory, kernel_tcp)},
	{JSON_KEY("swappiness"), JSON_TO_OPT(UNSIGNED, struct request_memory, swappiness), .max = 100},
	{JSON_KEY("disableOOMKiller"), JSON_TO_OPT(BOOL, struct request_memory, disable_oom_killer)},
	{JSON_KEY("useHierarchy"), JSON_TO_OPT(BOOL, struct request_memory, use_hierarchy)},
	{JSON_KEY("checkBeforeUpdate"), JSON_TO_OPT(BOOL, struct request_memory, check_before_update)},
};
static const struct json_schema memory_schema = {JSON_SCHEMA(struct request_memory, memory_fields)};

static int check_cpu(struct json_reader *r, void *object)
{
	const struct request_cpu *cpu = object;

	TRY(oci_check_cpu_list(r, "cpus", cpu->cpus));
	return oci_check_cpu_list(r, "mems", cpu->mems);
}

static const struct json_field cpu_fields[] = {
	{JSON_KEY("shares"), JSON_TO_OPT(UNSIGNED, struct request_cpu, shares)},
	{JSON_KEY("quota"), JSON_TO_OPT(SIGNED, struct request_cpu, quota)},
	{JSON_KEY("burst"), JSON_TO_OPT(UNSIGNED, struct request_cpu, burst)},
	{JSON_KEY("period"), JSON_TO_OPT(UNSIGNED, struct request_cpu, period)},
	{JSON_KEY("realtimeRuntime"), JSON_TO_OPT(SIGNED, struct request_cpu, realtime_runtime)},
	{JSON_KEY("realtimePeriod"), JSON_TO_OPT(UNSIGNED, struct request_cpu, realtime_period)},
	{JSON_KEY("cpus"), JSON_TO(STRING, struct request_cpu, cpus)},
	{JSON_KEY("mems"), JSON_TO(STRING, struct request_cpu, mems)},
	{JSON_KEY("idle"), JSON_TO_OPT(SIGNED, struct request_cpu, idle), .min = 0, .max = 1},
};
static const struct json_schema cpu_schema = {
	JSON_SCHEMA(struct request_cpu, cpu_fields),
	.done = check_cpu,
};

static const struct json_field pids_fields[] = {
	{JSON_KEY("limit"), JSON_TO_OPT(SIGNED, struct request_resources, pids_limit)},
};
static const struct json_schema pids_schema = {JSON_SCHEMA(struct request_resources, pids_fields)};

enum { WEIGHT_MAX = 1000 };

static const struct json_field weight_device_fields[] = {
	{JSON_KEY("major"), JSON_TO(SIGNED, struct request_weight_device, major), .min = 0, .max = UINT32_MAX,
	 .required = true},
	{JSON_KEY("minor"), JSON_TO(SIGNED, struct request_weight_device, minor), .min = 0, .max = UINT32_MAX,
	 .required = true},
	{JSON_KEY("weight"), JSON_TO_OPT(UNSIGNED, struct request_weight_device, weight), .max = WEIGHT_MAX},
	{JSON_KEY("leafWeight"), JSON_TO_OPT(UNSIGNED, struct request_weight_device, leaf_weight), .max = WEIGHT_MAX},
};
static const struct json_schema weight_device_schema = {
	JSON_SCHEMA(struct request_weight_device, weight_device_fields)};

static const struct json_field throttle_fields[] = {
	{JSON_KEY("major"), JSON_TO(SIGNED, struct request_throttle_device, major), .min = 0, .max = UINT32_MAX,
	 .required = true},
	{JSON_KEY("minor"), JSON_TO(SIGNED, struct request_throttle_device, minor), .min = 0, .max = UINT32_MAX,
	 .required = true},
	{JSON_KEY("rate"), JSON_TO(UNSIGNED, struct request_throttle_device, rate), .required = true},
};
static const struct json_schema throttle_schema = {JSON_SCHEMA(struct request_throttle_device, throttle_fields)};

#define THROTTLE(key, member)                                                                                          \
	{                                                                                                              \
		JSON_KEY(key), JSON_TO(OBJECTS, struct request_block_io, member), .object = &throttle_schema           \
	}

static const struct json_field block_io_fields[] = {
	{JSON_KEY("weight"), JSON_TO_OPT(UNSIGNED, struct request_block_io, weight), .max = WEIGHT_MAX},
	{JSON_KEY("leafWeight"), JSON_TO_OPT(UNSIGNED, struct request_block_io, leaf_weight), .max = WEIGHT_MAX},
	{JSON_KEY("weightDevice"), JSON_TO(OBJECTS, struct request_block_io, weight_device),
	 .object = &weight_device_schema},
	THROTTLE("throttleReadBpsDevice", throttle_read_bps),
	THROTTLE("throttleWriteBpsDevice", throttle_write_bps),
	THROTTLE("throttleReadIOPSDevice", throttle_read_iops),
	THROTTLE("throttleWriteIOPSDevice", throttle_write_iops),
};
static const struct json_schema block_io_schema = {JSON_SCHEMA(struct request_block_io, block_io_fields)};

/* It becomes part of a file's name: "hugetlb.2MB.max". */
static int check_hugepage(struct json_reader *r, void *object)
{
	const struct request_hugepage_limit *limit = object;
	size_t digits = strspn(limit->page_size, "0123456789");
	const char *unit = limit->page_size + digits;

	if (digits == 0 || (strcmp(unit, "KB") != 0 && strcmp(unit, "MB") != 0 && strcmp(unit, "GB") != 0))
		return json_fail(r, "pageSize", "'%s' is not a page size such as '2MB'", limit->page_size);
	return 0;
}

static const struct json_field hugepage_fields[] = {
	{JSON_KEY("pageSize"), JSON_TO(STRING, struct request_hugepage_limit, page_size), .required = true},
	{JSON_KEY("limit"), JSON_TO(UNSIGNED, struct request_hugepage_limit, limit), .required = true},
};
static const struct json_schema hugepage_schema = {
	JSON_SCHEMA(struct request_hugepage_limit, hugepage_fields),
	.done = check_hugepage,
};

static int check_priority(struct json_reader *r, void *object)
{
	const struct request_interface_priority *priority = object;

	return oci_check_interface(r, "name", priority->name);
}

static const struct json_field priority_fields[] = {
	{JSON_KEY("name"), JSON_TO(STRING, struct request_interface_priority, name), .required = true},
	{JSON_KEY("priority"), JSON_TO(UNSIGNED, struct request_interface_priority, priority), .required = true},
};
static const struct json_schema priority_schema = {
	JSON_SCHEMA(struct request_interface_priority, priority_fields),
	.done = check_priority,
};

static const struct json_field network_fields[] = {
	{JSON_KEY("classID"), JSON_TO_OPT(UNSIGNED, struct request_network, class_id)},
	{JSON_KEY("priorities"), JSON_TO(OBJECTS, struct request_network, priorities), .object = &priority_schema},
};
static const struct json_schema network_schema = {JSON_SCHEMA(struct request_network, network_fields)};

/* One line of rdma.max is "DEVICE key=value ...". */
static int check_rdma(struct json_reader *r, void *object)
{
	const struct request_rdma *rdma = object;

	if (rdma->name[0] == '\0' || strpbrk(rdma->name, " \t\n/") != NULL)
		return json_fail(r, NULL, "'%s' is not the name of an RDMA device", rdma->name);
	return 0;
}

static const struct json_field rdma_fields[] = {
	{JSON_KEY("hcaHandles"), JSON_TO_OPT(UNSIGNED, struct request_rdma, hca_handles)},
	{JSON_KEY("hcaObjects"), JSON_TO_OPT(UNSIGNED, struct request_rdma, hca_objects)},
};
static const struct json_schema rdma_schema = {
	JSON_SCHEMA(struct request_rdma, rdma_fields),
	.map_key = JSON_MEMBER(struct request_rdma, name),
	.done = check_rdma,
};

/* Keys of "unified" are names of files in the container's cgroup. */
static int check_resources(struct json_reader *r, void *object)
{
	const struct request_resources *resources = object;

	for (size_t i = 0; i < resources->unified.count; i++) {
		const char *key = resources->unified.at[i].key;

		if (key[0] == '\0' || key[0] == '.' || strchr(key, '/') != NULL || strchr(key, '.') == NULL)
			return json_fail(r, "unified", "'%s' is not a file of a cgroup", key);
	}
	return 0;
}

static const struct json_field resources_fields[] = {
	{JSON_KEY("devices"), JSON_TO(OBJECTS, struct request_resources, devices), .object = &rule_schema},
	{JSON_KEY("memory"), JSON_TO(POINTER, struct request_resources, memory), .object = &memory_schema},
	{JSON_KEY("cpu"), JSON_TO(POINTER, struct request_resources, cpu), .object = &cpu_schema},
	/* Its only member lies in the resources themselves. */
	{JSON_KEY("pids"), .kind = JSON_OBJECT, .object = &pids_schema},
	{JSON_KEY("blockIO"), JSON_TO(POINTER, struct request_resources, block_io), .object = &block_io_schema},
	{JSON_KEY("hugepageLimits"), JSON_TO(OBJECTS, struct request_resources, hugepage_limits),
	 .object = &hugepage_schema},
	{JSON_KEY("network"), JSON_TO(POINTER, struct request_resources, network), .object = &network_schema},
	{JSON_KEY("rdma"), JSON_TO(MAP, struct request_resources, rdma), .object = &rdma_schema},
	{JSON_KEY("unified"), JSON_TO(PAIRS, struct request_resources, unified)},
};
const struct json_schema oci_resources_schema = {
	JSON_SCHEMA(struct request_resources, resources_fields),
	.done = check_resources,
};
