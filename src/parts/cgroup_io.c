// SPDX-License-Identifier: Apache-2.0
/* config-linux.md, "Block IO". */
#include "parts/cgroup_fields.h"
#include "parts/cgroup_limits.h"

enum { WEIGHT_LOW = 10, WEIGHT_HIGH = 1000 };

/* ---- weights: the file of the scheduler BFQ, or where that is not in the kernel that of another */

/* io.weight goes from 1 to 10000, the config's and BFQ's from 10 (1 for BFQ) to 1000. */
static uint64_t io_weight(uint64_t weight)
{
	return 1 + (weight - WEIGHT_LOW) * 9999 / (WEIGHT_HIGH - WEIGHT_LOW);
}

static const char *weight_text(const struct planner *p, const char *device, uint64_t weight)
{
	return arena_printf(p->arena, "%s%llu", device, (unsigned long long)weight);
}

/* @device is "MAJOR:MINOR " or empty. */
static int add_weight(struct planner *p, const char *key, const char *device, uint32_t weight, struct error *err)
{
	bool one = device[0] != '\0', v2 = cgroup_is_v2(p);
	struct plan_cgroup_file file = {
		.name = v2    ? "io.bfq.weight"
			: one ? "blkio.bfq.weight_device"
			      : "blkio.bfq.weight",
		.value = weight_text(p, device, weight),
		.fallback = v2    ? "io.weight"
			    : one ? "blkio.weight_device"
				  : "blkio.weight",
		.fallback_value = weight_text(p, device, v2 ? io_weight(weight) : weight),
		.what = one ? "its share of this device when it is busy" : "its share of busy devices",
		.from = cgroup_origin(p, key),
	};

	if (weight < WEIGHT_LOW)
		return error_set(err, ERROR_CONFIG, 0, "%s: %u is not a weight from %d to %d", file.from, weight,
				 WEIGHT_LOW, WEIGHT_HIGH);
	return cgroup_add_file(p, file, err);
}

static int no_leaf_weight(const struct planner *p, const char *key, struct error *err)
{
	return cgroup_impossible(p, key, "Linux has no weight of leaves since 5.0", "leave it out", err);
}

static int plan_weights(struct planner *p, const struct request_block_io *io, struct error *err)
{
	if (io->leaf_weight.value > 0)
		return no_leaf_weight(p, "blockIO/leafWeight", err);
	if (io->weight.value > 0)
		TRY(add_weight(p, "blockIO/weight", "", io->weight.value, err));
	for (size_t i = 0; i < io->weight_device.count; i++) {
		const char *key = arena_printf(p->arena, "blockIO/weightDevice/%zu", i);
		const char *device = arena_printf(p->arena, "%lld:%lld ", (long long)io->weight_device.at[i].major,
						  (long long)io->weight_device.at[i].minor);

		if (io->weight_device.at[i].leaf_weight.value > 0)
			return no_leaf_weight(p, key, err);
		if (io->weight_device.at[i].weight.value > 0)
			TRY(add_weight(p, key, device, io->weight_device.at[i].weight.value, err));
	}
	return 0;
}

/* ---- throttles */

struct throttle {
	const char *key;
	const char *file; /* of v1 */
	const char *word; /* of v2's io.max */
	const char *what;
};

/* A rate of 0 is none: there is nothing to be taken away in a new cgroup. */
static int plan_throttle(struct planner *p, const struct throttle *throttle, const throttle_list *asked,
			 struct error *err)
{
	const struct cgroup_field field = {
		arena_printf(p->arena, "blockIO/%s", throttle->key), {throttle->file, "io.max"}, throttle->what};

	for (size_t i = 0; i < asked->count; i++) {
		unsigned long long rate = asked->at[i].rate;
		const char *number = rate == 0 && cgroup_is_v2(p) ? "max" : arena_printf(p->arena, "%llu", rate);

		if (rate == 0 && !p->plan->cgroup.existing)
			continue;
		TRY(cgroup_add_text(p, &field,
				    arena_printf(p->arena, "%lld:%lld %s%s", (long long)asked->at[i].major,
						 (long long)asked->at[i].minor, cgroup_is_v2(p) ? throttle->word : "",
						 number),
				    err));
	}
	return 0;
}

int cgroup_plan_io(struct planner *p, const struct request_block_io *io, struct error *err)
{
	static const struct throttle throttles[] = {
		{"throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps=", "bytes a second that it can read"},
		{"throttleWriteBpsDevice", "blkio.throttle.write_bps_device",
		 "wbps=", "bytes a second that it can write"},
		{"throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops=", "reads a second"},
		{"throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops=", "writes a second"},
	};
	const throttle_list *const asked[] = {&io->throttle_read_bps, &io->throttle_write_bps, &io->throttle_read_iops,
					      &io->throttle_write_iops};

	TRY(plan_weights(p, io, err));
	for (size_t i = 0; i < sizeof(throttles) / sizeof(throttles[0]); i++)
		TRY(plan_throttle(p, &throttles[i], asked[i], err));
	return 0;
}
