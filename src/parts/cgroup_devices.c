// SPDX-License-Identifier: Apache-2.0
#include "parts/cgroup_devices.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "base/fd.h"
#include "base/sys.h"
#include "parts/cgroup_limits.h"

enum {
	ANY = -1,
	ALL_ACCESS = DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD,
	MAX_RULES = 1024,
	RULE_INSNS = 9, /* the most that one rule compiles to */
	MAX_PROGRAMS = 64,
};

/* config-linux.md, "Default Devices", with the pseudo-terminals that a container may get. Its console is one of them.
 */
static const struct {
	uint32_t major;
	int64_t minor;
} own_devices[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 2}, {136, ANY}};

/* ---- the rules */

static void add_rule(struct planner *p, struct plan_cgroup_rule rule)
{
	*LIST_ADD(p->arena, &p->plan->cgroup.rules) = rule;
}

static bool is_everything(const struct plan_cgroup_rule *rule)
{
	return rule->type == 'a';
}

static bool is_own(const struct plan_cgroup_rule *rule)
{
	for (size_t i = 0; i < sizeof(own_devices) / sizeof(own_devices[0]); i++)
		if (rule->type == 'c' && rule->major == own_devices[i].major &&
		    (rule->minor == own_devices[i].minor || own_devices[i].minor == ANY))
			return true;
	return false;
}

/* The host's own console: engines allow it in every config because a container's has the same name. */
static bool is_console(const struct plan_cgroup_rule *rule)
{
	return rule->type == 'c' && rule->major == 5 && rule->minor == 1;
}

/* A node that can be made but neither read nor written gives nothing, so older engines' "c *:* m" is no reason to
 * refuse. */
static bool is_beyond(struct planner *p, const struct plan_cgroup_rule *rule)
{
	char text[CGROUP_RULE_BYTES];
	enum verdict verdict = p->profile->devices;

	if (!rule->allow || is_own(rule))
		return false;
	if (verdict == VERDICT_REFUSE && rule->type != 'a' && (rule->access == DEVICE_MKNOD || is_console(rule)))
		verdict = VERDICT_TIGHTEN;
	const char *which = is_everything(rule) ? "all devices" : arena_strdup(p->arena, cgroup_rule_text(rule, text));
	return planner_judge(p, verdict, "cgroup", rule->from,
			     arena_printf(p->arena, "the device rules allow %s of the host", which),
			     "remove the rule, or use the privileged profile");
}

/* A rule for all devices is one in the kernel only when it is for every number and access; else it is one for each
 * type. */
static void add_asked(struct planner *p, const struct request_device_rule *asked, origin from)
{
	struct plan_cgroup_rule rule = {
		.allow = asked->allow,
		.type = asked->type,
		.major = asked->major.set ? asked->major.value : ANY,
		.minor = asked->minor.set ? asked->minor.value : ANY,
		.access = asked->access,
		.from = from,
	};

	bool all = rule.major == ANY && rule.minor == ANY && rule.access == ALL_ACCESS;
	for (const char *type = rule.type != 'a' ? &asked->type : all ? "a" : "cb"; *type != '\0'; type++) {
		rule.type = *type;
		if (!is_beyond(p, &rule))
			add_rule(p, rule);
		if (rule.type == asked->type)
			break;
	}
}

static void allow(struct planner *p, char type, int64_t major, int64_t minor, uint32_t access, origin from)
{
	add_rule(p,
		 (struct plan_cgroup_rule){
			 .allow = true, .type = type, .major = major, .minor = minor, .access = access, .from = from});
}

/* The devices that the container has are behind all rules, as in other runtimes: without /dev/null nothing runs. */
static void add_own(struct planner *p)
{
	for (size_t i = 0; i < sizeof(own_devices) / sizeof(own_devices[0]); i++)
		allow(p, 'c', own_devices[i].major, own_devices[i].minor, ALL_ACCESS, "default");
	if (p->profile->devices != VERDICT_ALLOW)
		return;
	allow(p, 'c', ANY, ANY, DEVICE_MKNOD, "default");
	allow(p, 'b', ANY, ANY, DEVICE_MKNOD, "default");
	for (size_t i = 0; i < p->request->linux_.devices.count; i++) {
		const struct request_device *device = &p->request->linux_.devices.at[i];

		if (device->type != 'p')
			allow(p, device->type, device->major, device->minor, ALL_ACCESS, device->from);
	}
}

/* Nothing before a rule for everything counts. */
static void drop_overridden(struct plan_cgroup *plan)
{
	for (size_t i = plan->rules.count; i-- > 0;)
		if (is_everything(&plan->rules.at[i])) {
			plan->rules.at += i;
			plan->rules.count -= i;
			return;
		}
}

static bool allows_everything(const struct plan_cgroup *plan)
{
	for (size_t i = 0; i < plan->rules.count; i++)
		if (!plan->rules.at[i].allow)
			return false;
	return true;
}

/* ---- v1 */

static bool overlap(int64_t one, int64_t other)
{
	return one == other || one == ANY || other == ANY;
}

static bool is_partial(const struct plan_cgroup_rule *one, const struct plan_cgroup_rule *other)
{
	return one->type == other->type && (one->access & other->access) != 0 && overlap(one->major, other->major) &&
	       overlap(one->minor, other->minor) && (one->major != other->major || one->minor != other->minor);
}

/* rules[0] is for everything; the kernel keeps exceptions to it, and takes one back only by its own numbers. */
static bool takes_back(const struct plan_cgroup *plan, const struct plan_cgroup_rule *later)
{
	bool usual = plan->rules.at[0].allow;

	if (later->allow != usual)
		return false;
	for (const struct plan_cgroup_rule *rule = &plan->rules.at[1]; rule < later; rule++)
		if (rule->allow != usual && is_partial(rule, later))
			return true;
	return false;
}

static int check_v1(const struct plan_cgroup *plan, struct error *err)
{
	for (size_t i = 1; i < plan->rules.count; i++)
		if (takes_back(plan, &plan->rules.at[i])) {
			error_set(err, ERROR_HOST, 0,
				  "%s: cgroup v1 cannot take back a part of what an earlier rule says",
				  plan->rules.at[i].from);
			return error_hint(err, "write the rules without overlaps, or use a host with cgroup v2");
		}
	return 0;
}

/* A container without a ceiling has ten of them, in each launch. */
const char *cgroup_rule_text(const struct plan_cgroup_rule *rule, char text[CGROUP_RULE_BYTES])
{
	char *at = text;

	*at++ = (char)rule->type;
	*at++ = ' ';
	at = rule->major == ANY ? stpcpy(at, "*") : digits_put(at, (uint64_t)rule->major);
	*at++ = ':';
	at = rule->minor == ANY ? stpcpy(at, "*") : digits_put(at, (uint64_t)rule->minor);
	*at++ = ' ';
	if ((rule->access & DEVICE_READ) != 0)
		*at++ = 'r';
	if ((rule->access & DEVICE_WRITE) != 0)
		*at++ = 'w';
	if ((rule->access & DEVICE_MKNOD) != 0)
		*at++ = 'm';
	*at = '\0';
	return is_everything(rule) ? "a" : text;
}

/* ---- v2: a program that is asked about each access (bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE) */

/* What is still to be decided of the access stands in UNDECIDED: rules decide bit by bit, the last one first. */
enum { RESULT = BPF_REG_0, CONTEXT, TYPE, UNDECIDED, MAJOR, MINOR, SCRATCH };

struct assembler {
	struct bpf_insn *code;
	uint32_t length;
};

static void emit(struct assembler *out, uint32_t code, uint32_t to, uint32_t from, int offset, uint32_t value)
{
	out->code[out->length++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = to & 0xf,
		.src_reg = from & 0xf,
		.off = (int16_t)offset,
		.imm = (int32_t)value,
	};
}

static void emit_return(struct assembler *out, bool allowed)
{
	emit(out, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, allowed);
	emit(out, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_head(struct assembler *out)
{
	static const struct {
		uint32_t to;
		size_t at;
	} loads[] = {
		{TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type)},
		{UNDECIDED, offsetof(struct bpf_cgroup_dev_ctx, access_type)},
		{MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major)},
		{MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor)},
	};

	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		emit(out, BPF_LDX | BPF_MEM | BPF_W, loads[i].to, CONTEXT, (int)loads[i].at, 0);
	emit(out, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(out, BPF_ALU | BPF_RSH | BPF_K, UNDECIDED, 0, 0, 16);
}

static uint32_t kernel_access(uint32_t access)
{
	return ((access & DEVICE_READ) != 0 ? BPF_DEVCG_ACC_READ : 0) |
	       ((access & DEVICE_WRITE) != 0 ? BPF_DEVCG_ACC_WRITE : 0) |
	       ((access & DEVICE_MKNOD) != 0 ? BPF_DEVCG_ACC_MKNOD : 0);
}

/* Jumps over the rest of the rule when it is for something else; where that ends is filled in by the caller. */
static void emit_unless(struct assembler *out, uint32_t field, uint32_t value)
{
	emit(out, BPF_JMP32 | BPF_JNE | BPF_K, field, 0, 0, value);
}

static void emit_rule(struct assembler *out, const struct plan_cgroup_rule *rule)
{
	uint32_t start = out->length, jumps, access = kernel_access(rule->access);

	emit_unless(out, TYPE, rule->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
	if (rule->major != ANY)
		emit_unless(out, MAJOR, (uint32_t)rule->major);
	if (rule->minor != ANY)
		emit_unless(out, MINOR, (uint32_t)rule->minor);
	jumps = out->length;
	if (rule->allow) {
		emit(out, BPF_ALU | BPF_AND | BPF_K, UNDECIDED, 0, 0, ~access);
		emit(out, BPF_JMP32 | BPF_JNE | BPF_K, UNDECIDED, 0, 2, 0);
	} else {
		emit(out, BPF_ALU | BPF_MOV | BPF_X, SCRATCH, UNDECIDED, 0, 0);
		emit(out, BPF_ALU | BPF_AND | BPF_K, SCRATCH, 0, 0, access);
		emit(out, BPF_JMP32 | BPF_JEQ | BPF_K, SCRATCH, 0, 2, 0);
	}
	emit_return(out, rule->allow);
	for (uint32_t i = start; i < jumps; i++)
		out->code[i].off = (int16_t)(out->length - i - 1);
}

/* rules[0] is the one for everything: it answers what no other did. */
static void compile(struct planner *p)
{
	struct plan_cgroup *plan = &p->plan->cgroup;
	struct assembler out = {
		.code = arena_alloc(p->arena, (plan->rules.count + 1) * RULE_INSNS * sizeof(*out.code))};

	emit_head(&out);
	for (size_t i = plan->rules.count; i-- > 1;)
		emit_rule(&out, &plan->rules.at[i]);
	emit_return(&out, plan->rules.at[0].allow);
	plan->program = out.code;
	plan->program_length = out.length;
}

/* ---- planning and loading */

static int enforce(struct planner *p, origin from, struct error *err)
{
	struct plan_cgroup *plan = &p->plan->cgroup;

	drop_overridden(plan);
	if (allows_everything(plan))
		return 0;
	if (plan->driver == CGROUP_V1)
		TRY(check_v1(plan, err));
	TRY(cgroup_use(p, "devices", from, &plan->devices_hierarchy, err));
	if (plan->driver == CGROUP_V2)
		compile(p);
	plan->devices = true;
	return 0;
}

/* Under a ceiling for devices; without one it makes no difference. */
static bool keeps_mknod(const struct planner *p)
{
	const struct request_capabilities *caps = &p->request->process.capabilities;
	uint64_t asked = caps->bounding | caps->permitted | caps->effective | caps->inheritable | caps->ambient;

	return p->profile->devices != VERDICT_ALLOW &&
	       (asked & p->profile->capabilities_allowed & 1ULL << CAP_MKNOD) != 0;
}

/*
 * A config that keeps CAP_MKNOD and says nothing of devices would have all of the host's under a ceiling that has none.
 * Without a ceiling it is as in runc: what no rule names is denied, as the image may have nodes in it.
 */
static bool needs_rules(struct planner *p)
{
	if (!p->host->privileged)
		return false;
	if (p->profile->devices != VERDICT_ALLOW)
		return keeps_mknod(p);
	if (p->plan->cgroup.full && !cgroup_has(p, "devices"))
		planner_note(p, "cgroup", "default",
			     "all devices can be used: there is no cgroup for their rules here");
	return p->plan->cgroup.full && cgroup_has(p, "devices");
}

int cgroup_plan_devices(struct planner *p, struct error *err)
{
	const struct request_resources *resources = &p->request->linux_.resources;
	origin from = planner_origin(p, "/linux/resources/devices");

	if (resources->devices.count == 0 && !needs_rules(p))
		return 0;
	if (resources->devices.count > MAX_RULES || p->request->linux_.devices.count > MAX_RULES)
		return error_set(err, ERROR_CONFIG, 0, "%s: there are more than %d rules or devices", from, MAX_RULES);
	if (p->request->cgroup_manager == CGROUPS_NONE && !keeps_mknod(p)) {
		planner_note(p, "cgroup", from, "the rules are without effect: no cgroup is made");
		return 0;
	}
	if (!p->host->privileged) {
		planner_note(p, "cgroup", from,
			     "the rules are without effect: without root no device can be made, and only those of the "
			     "plan are there");
		return 0;
	}
	/* What no rule names is denied, whatever the host's own cgroup allows. */
	add_rule(p, (struct plan_cgroup_rule){
			    .type = 'a', .major = ANY, .minor = ANY, .access = ALL_ACCESS, .from = from});
	for (size_t i = 0; i < resources->devices.count; i++)
		add_asked(p, &resources->devices.at[i],
			  planner_origin(p, arena_printf(p->arena, "/linux/resources/devices/%zu", i)));
	add_own(p);
	return enforce(p, from, err);
}

static int load(const struct plan_cgroup *plan)
{
	static const char licence[] = "Apache-2.0";
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)plan->program;
	attr.insn_cnt = plan->program_length;
	attr.license = (uintptr_t)licence;
	memcpy(attr.prog_name, "casemate_device", sizeof("casemate_device"));
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

static int attach(int dir, int program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
}

static int program_id(int program, uint32_t *ret_id)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)program;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) < 0)
		return -1;
	*ret_id = info.id;
	return 0;
}

/* Whether the cgroup really has the program; -1 with errno when that cannot be found out. */
static int is_attached(int dir, uint32_t id)
{
	uint32_t ids[MAX_PROGRAMS] = {0};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = MAX_PROGRAMS;
	if (sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)) < 0)
		return -1;
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < MAX_PROGRAMS; i++)
		if (ids[i] == id)
			return 1;
	return 0;
}

int cgroup_attach_devices(const struct plan_cgroup *plan, int dir, struct error *err)
{
	AUTOCLOSE int program = load(plan);
	uint32_t id;

	if (program < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot load the program of the device rules");
		return error_hint(err, "it needs CAP_BPF and CAP_NET_ADMIN, and a kernel with CONFIG_CGROUP_BPF");
	}
	if (attach(dir, program) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot attach the device rules to '%s'", plan->path);
	if (program_id(program, &id) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot find the program of the device rules");
	int attached = is_attached(dir, id);
	if (attached < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot ask for the device rules of '%s'", plan->path);
	return attached == 1 ? 0
			     : error_set(err, ERROR_SYSTEM, 0, "the device rules of '%s' are not in force", plan->path);
}
