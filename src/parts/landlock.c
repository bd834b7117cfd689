// SPDX-License-Identifier: Apache-2.0
#include "parts/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "parts/place.h"

enum { ABI_WITH_REFER = 2, ABI_WITH_TRUNCATE = 3, ABI_WITH_NET = 4, ABI_WITH_IOCTL = 5, ABI_WITH_SCOPE = 6 };

static const uint64_t read_access =
	LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

/* Nodes of devices are nobody's to make, however writable a directory is. */
static const uint64_t write_access = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
				     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
				     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
				     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |
				     KERNEL_LANDLOCK_FS_REFER | KERNEL_LANDLOCK_FS_TRUNCATE;

static const uint64_t device_nodes = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;

/* Rights that make sense for a single file; the kernel refuses others (landlock_add_rule(2)). */
static const uint64_t file_access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
				    LANDLOCK_ACCESS_FS_WRITE_FILE | KERNEL_LANDLOCK_FS_TRUNCATE |
				    KERNEL_LANDLOCK_FS_IOCTL_DEV;

const struct landlock_later landlock_later[] = {
	{ABI_WITH_TRUNCATE, "truncating files that are not writable by Landlock (kernel 6.2)"},
	{ABI_WITH_NET, "TCP ports (kernel 6.7)"},
	{ABI_WITH_IOCTL, "ioctl(2) on devices (kernel 6.10)"},
	{ABI_WITH_SCOPE, "abstract sockets and signals outside the sandbox (kernel 6.12)"},
	{0},
};

static struct plan_landlock_rule *add_rule(struct planner *p, const char *path, uint64_t access, bool optional,
					   origin from)
{
	struct plan_landlock *plan = &p->plan->landlock;

	struct plan_landlock_rule *rule = LIST_ADD(p->arena, &plan->rules);

	*rule = (struct plan_landlock_rule){
		.path = path, .access = access & plan->handled_fs, .optional = optional, .from = from};
	return rule;
}

/* An overlay's source is read-only, and the layer over it is not. */
static bool is_writable(const struct plan_mount *mount)
{
	return (mount->attr_set & MOUNT_ATTR_RDONLY) == 0 || (mount->special & MOUNT_SPECIAL_OVERLAY) != 0;
}

/* What the mounts make writable is writable by Landlock, and nothing else is. */
static void derive_rules(struct planner *p)
{
	(void)add_rule(p, "/", read_access | (p->plan->rootfs.readonly ? 0 : write_access), false,
		       p->plan->rootfs.from);
	for (size_t i = 0; i < p->plan->mounts.count; i++) {
		const struct plan_mount *mount = &p->plan->mounts.at[i];
		uint64_t access = read_access | write_access;

		if ((mount->kind != MOUNT_BIND && mount->kind != MOUNT_FILESYSTEM) || !is_writable(mount) ||
		    (mount->sealed && strcmp(mount->target, "/dev") != 0))
			continue;
		if (mount->sealed)
			access = read_access | LANDLOCK_ACCESS_FS_WRITE_FILE | KERNEL_LANDLOCK_FS_TRUNCATE;
		if (strcmp(mount->target, "/dev") == 0 || strncmp(mount->target, "/dev/", 5) == 0)
			access |= KERNEL_LANDLOCK_FS_IOCTL_DEV;
		struct plan_landlock_rule *rule =
			add_rule(p, mount->target, access, (mount->special & MOUNT_SPECIAL_OPTIONAL) != 0, mount->from);
		rule->mount = mount->kind == MOUNT_FILESYSTEM ? i + 1 : 0;
	}
}

/* The specification's own devices: programs expect them (config-linux.md, "Default Devices"). */
static void add_devices(struct planner *p)
{
	static const char *const paths[] = {"/dev/null",   "/dev/zero",    "/dev/full",
					    "/dev/random", "/dev/urandom", "/dev/tty"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		(void)add_rule(p, paths[i],
			       LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
				       KERNEL_LANDLOCK_FS_TRUNCATE | KERNEL_LANDLOCK_FS_IOCTL_DEV,
			       true, "default");
}

static const char *real_source(const struct plan_mount *mount)
{
	return mount->real != NULL ? mount->real : mount->source;
}

/* Rules add up: what is writable cannot be taken away again for a part of it. */
static int check_taken_away(const struct plan_mount *mount, const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->mounts.count && !is_writable(mount); i++) {
		const struct plan_mount *other = &plan->mounts.at[i];

		if (!is_writable(other))
			continue;
		if (path_is_within(real_source(mount), real_source(other)))
			return error_set(
				err, ERROR_USAGE, 0,
				"--without userns: '%s' makes writable what '%s' shows read-only, and Landlock "
				"cannot take it away again",
				other->from, mount->from);
	}
	return 0;
}

/* Without mounts: the host's own paths, and nothing else of them. */
static int rules_for_sources(struct planner *p, struct error *err)
{
	for (size_t i = 0; i < p->plan->mounts.count; i++) {
		const struct plan_mount *mount = &p->plan->mounts.at[i];
		uint64_t access = read_access | (is_writable(mount) ? write_access : 0);

		if (mount->kind != MOUNT_BIND || (mount->special & MOUNT_SPECIAL_OVERLAY) != 0)
			return error_set(err, ERROR_BUG, 0, "%s: nothing can be mounted without user namespaces",
					 mount->from);
		TRY(check_taken_away(mount, p->plan, err));
		/* What was not there when the profile looked would not be what it judged. */
		if (mount->judged && mount->inode == 0 && (mount->special & MOUNT_SPECIAL_OPTIONAL) != 0)
			continue;
		if ((mount->special & MOUNT_SPECIAL_DEVICE) != 0)
			access = read_access | LANDLOCK_ACCESS_FS_WRITE_FILE | KERNEL_LANDLOCK_FS_IOCTL_DEV;
		struct plan_landlock_rule *rule =
			add_rule(p, mount->source, access, (mount->special & MOUNT_SPECIAL_OPTIONAL) != 0, mount->from);
		rule->judged = mount->judged;
		rule->device = mount->device;
		rule->inode = mount->inode;
	}
	add_devices(p);
	return 0;
}

static void plan_ports(struct planner *p)
{
	const struct request_sandbox *sandbox = &p->request->sandbox;
	struct plan_landlock *plan = &p->plan->landlock;

	/* Where no socket can be made, ports are a second wall. */
	if (!sandbox->restrict_tcp && (!p->plan->without_userns || sandbox->host_network))
		return;
	plan->handled_net = KERNEL_LANDLOCK_NET_BIND_TCP | KERNEL_LANDLOCK_NET_CONNECT_TCP;
	plan->bind_tcp = sandbox->bind_tcp;
	plan->connect_tcp = sandbox->connect_tcp;
}

static int check_abi(struct planner *p, struct error *err)
{
	bool required = p->profile->landlock == PROFILE_LANDLOCK_REQUIRED || p->request->sandbox.restrict_tcp;
	int needed = p->request->sandbox.restrict_tcp ? ABI_WITH_NET : ABI_WITH_REFER;

	if (required && p->host->landlock_abi < needed) {
		error_set(err, ERROR_HOST, 0, "this kernel has Landlock ABI %d, and the plan needs %d",
			  p->host->landlock_abi, needed);
		return error_hint(err,
				  "Linux %s has it, with landlock in its list of security modules (lsm=landlock,...)",
				  needed == ABI_WITH_NET ? "6.7" : "5.19");
	}
	for (const struct landlock_later *later = landlock_later; later->lacks != NULL; later++)
		if (p->host->landlock_abi < later->abi)
			*LIST_ADD(p->arena, &p->plan->landlock.missing) = later->lacks;
	return 0;
}

int landlock_plan(struct planner *p, struct error *err)
{
	struct plan_landlock *plan = &p->plan->landlock;
	int abi = p->host->landlock_abi;

	if (p->profile->landlock == PROFILE_LANDLOCK_OFF && !p->request->sandbox.restrict_tcp &&
	    !p->plan->without_userns)
		return 0;
	TRY(check_abi(p, err));
	plan->abi = abi;
	plan->from = arena_printf(p->arena, "profile %s", p->profile->name);
	/* Before ABI 2 every rename and link across directories would fail: no program expects that. */
	if (abi < ABI_WITH_REFER) {
		planner_note(p, "landlock", plan->from,
			     "this kernel has no Landlock that can be used: the mounts alone hold");
		return 0;
	}
	plan->wanted = true;
	plan->handled_fs = read_access | write_access | device_nodes;
	if (abi < ABI_WITH_TRUNCATE)
		plan->handled_fs &= ~KERNEL_LANDLOCK_FS_TRUNCATE;
	if (abi >= ABI_WITH_IOCTL)
		plan->handled_fs |= KERNEL_LANDLOCK_FS_IOCTL_DEV;
	if (abi >= ABI_WITH_SCOPE)
		plan->scoped = KERNEL_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | KERNEL_LANDLOCK_SCOPE_SIGNAL;
	plan_ports(p);
	if (p->plan->without_userns)
		return rules_for_sources(p, err);
	derive_rules(p);
	return 0;
}

bool landlock_apply_wanted(const struct plan *plan)
{
	return plan->landlock.wanted;
}

static void explain_ports(const struct plan *plan, struct explain *out)
{
	const struct plan_landlock *landlock = &plan->landlock;

	if (landlock->handled_net != 0 && landlock->bind_tcp.count + landlock->connect_tcp.count == 0)
		explain_say(out, EXPLAIN_STOPS, landlock->from, "no TCP port, neither to listen on nor to connect to");
	for (size_t i = 0; i < landlock->bind_tcp.count; i++)
		explain_say(out, EXPLAIN_GRANTS, "--bind-tcp", "listening on TCP port %u", landlock->bind_tcp.at[i]);
	for (size_t i = 0; i < landlock->connect_tcp.count; i++)
		explain_say(out, EXPLAIN_GRANTS, "--connect-tcp", "connecting to TCP port %u",
			    landlock->connect_tcp.at[i]);
	if (landlock->bind_tcp.count + landlock->connect_tcp.count > 0)
		explain_say(out, EXPLAIN_LACKS, landlock->from,
			    "not held: %slistening without bind(2) on a port that the kernel chooses",
			    plan->without_userns ? "" : "UDP, and ");
}

void landlock_apply_explain(const struct plan *plan, struct explain *out)
{
	const struct plan_landlock *landlock = &plan->landlock;

	for (size_t i = 0; i < landlock->rules.count; i++) {
		const struct plan_landlock_rule *rule = &landlock->rules.at[i];
		bool writes = (rule->access & LANDLOCK_ACCESS_FS_WRITE_FILE) != 0;

		explain_say(out, writes || plan->without_userns ? EXPLAIN_GRANTS : EXPLAIN_STOPS, rule->from,
			    "%s below %s", writes ? "reading and writing" : "only reading and executing", rule->path);
	}
	if (plan->without_userns)
		explain_say(out, EXPLAIN_STOPS, landlock->from,
			    "no other file can be opened, executed, listed, made, renamed or removed");
	if (landlock->scoped != 0)
		explain_say(out, EXPLAIN_STOPS, landlock->from, "no signal and no abstract socket leads out of it");
	explain_ports(plan, out);
	for (size_t i = 0; i < landlock->missing.count; i++)
		explain_say(out, EXPLAIN_LACKS, landlock->from, "ABI %d cannot hold: %s", landlock->abi,
			    landlock->missing.at[i]);
}

static int add_path(int ruleset, int parent, const struct plan_landlock_rule *rule, uint64_t access, struct error *err)
{
	if (sys_landlock_add_path(ruleset, parent, access) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot add the Landlock rule for '%s'", rule->path);
	return 0;
}

static int apply_rule(int ruleset, const struct plan_landlock_rule *rule, const struct run *run, struct error *err)
{
	struct stat status;

	/* Made by this launch and still open: a directory, and surely what is meant. `exec` has none. */
	if (rule->mount > 0 && run->mounts[rule->mount - 1] >= 0)
		return add_path(ruleset, run->mounts[rule->mount - 1], rule, rule->access, err);
	AUTOCLOSE int parent = place_open(rule->path, PLACE_FOLLOW);

	if (parent < 0 && errno == ENOENT && rule->optional)
		return 0;
	if (parent < 0 || fstat(parent, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s' for Landlock", rule->path);
	if (rule->judged && (status.st_dev != rule->device || status.st_ino != rule->inode))
		return error_set(err, ERROR_REFUSED, 0, "'%s' is no longer what the profile judged", rule->path);
	uint64_t access = S_ISDIR(status.st_mode) ? rule->access : rule->access & file_access;
	return add_path(ruleset, parent, rule, access, err);
}

static int apply_ports(int ruleset, const u32_list *ports, uint64_t access, struct error *err)
{
	for (size_t i = 0; i < ports->count; i++)
		if (sys_landlock_add_port(ruleset, (uint16_t)ports->at[i], access) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot add the Landlock rule for port %u",
					 ports->at[i]);
	return 0;
}

/* Older kernels know a shorter struct and refuse a longer one that is not zero at the end. */
static size_t attr_size(const struct plan_landlock *plan)
{
	if (plan->abi >= ABI_WITH_SCOPE)
		return sizeof(struct kernel_landlock_ruleset);
	return plan->abi >= ABI_WITH_NET ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

int landlock_apply(const struct plan *plan, struct run *run, struct error *err)
{
	const struct plan_landlock *landlock = &plan->landlock;
	struct kernel_landlock_ruleset attr = {.handled_access_fs = landlock->handled_fs,
					       .handled_access_net = landlock->handled_net,
					       .scoped = landlock->scoped};
	AUTOCLOSE int ruleset = sys_landlock_create_ruleset(&attr, attr_size(landlock));

	if (ruleset < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make a Landlock ruleset");
	for (size_t i = 0; i < landlock->rules.count; i++)
		if (apply_rule(ruleset, &landlock->rules.at[i], run, err) < 0)
			return error_wrap(err, "%s", landlock->rules.at[i].from);
	TRY(apply_ports(ruleset, &landlock->bind_tcp, KERNEL_LANDLOCK_NET_BIND_TCP, err));
	TRY(apply_ports(ruleset, &landlock->connect_tcp, KERNEL_LANDLOCK_NET_CONNECT_TCP, err));
	/* The caller still holds CAP_SYS_ADMIN in its user namespace: no_new_privs is not needed yet. */
	if (sys_landlock_restrict_self(ruleset) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot enforce the Landlock ruleset");
	return 0;
}

bool landlock_scope_wanted(const struct plan *plan)
{
	return plan->without_userns && plan->process.init;
}

void landlock_scope_explain(const struct plan *plan, struct explain *out)
{
	(void)plan;
	explain_say(out, EXPLAIN_STOPS, NULL, "its init, which ends what is left of it, cannot be signalled by it");
}

/* A second domain in that of init: signals go down, never up. */
int landlock_scope(const struct plan *plan, struct run *run, struct error *err)
{
	const struct kernel_landlock_ruleset attr = {.scoped = KERNEL_LANDLOCK_SCOPE_SIGNAL};
	AUTOCLOSE int ruleset = sys_landlock_create_ruleset(&attr, attr_size(&plan->landlock));

	(void)run;
	if (ruleset < 0 || sys_landlock_restrict_self(ruleset) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot protect init from the program");
	return 0;
}
