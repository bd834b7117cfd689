// SPDX-License-Identifier: Apache-2.0
#include "parts/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/place.h"
#include "parts/remount.h"

/* config-linux.md, "Default Devices": nothing of it reaches the host */
static const struct {
	const char *path;
	uint32_t major, minor;
} defaults[] = {
	{"/dev/null", 1, 3}, {"/dev/zero", 1, 5},   {"/dev/full", 1, 7},
	{"/dev/tty", 5, 0},  {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9},
};

static const struct pair default_links[] = {
	{"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"}, {"/dev/ptmx", "pts/ptmx"},
};

static bool is_default(const struct request_device *device)
{
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (device->type == 'c' && device->major == defaults[i].major && device->minor == defaults[i].minor)
			return true;
	return false;
}

static const struct plan_mount *mount_on_dev(const struct plan *plan, size_t *ret_index)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (strcmp(plan->mounts.at[i].target, "/dev") == 0) {
			*ret_index = i;
			return &plan->mounts.at[i];
		}
	return NULL;
}

/* A flag or the config may put something else in the place of a default device. */
static bool is_mounted_over(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (strcmp(plan->mounts.at[i].target, path) == 0)
			return true;
	return false;
}

static struct plan_device *add_node(struct planner *p, const char *path, char type, uint32_t major, uint32_t minor,
				    origin from)
{
	struct plan_device *node = LIST_ADD(p->arena, &p->plan->devices.nodes);

	*node = (struct plan_device){
		.path = path, .type = type, .major = major, .minor = minor, .mode = 0666, .from = from};
	return node;
}

/* Asking for what is there anyway is no privilege, but may change its mode or owner. */
static struct plan_device *find_node(struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->devices.nodes.count; i++)
		if (strcmp(plan->devices.nodes.at[i].path, path) == 0)
			return &plan->devices.nodes.at[i];
	return NULL;
}

static int add_requested(struct planner *p, const struct request_device *device, struct error *err)
{
	struct plan_device *node = find_node(p->plan, device->path);
	const char *what = arena_printf(p->arena, "the device %s (%c %lld:%lld) is one of the host's", device->path,
					device->type, (long long)device->major, (long long)device->minor);

	if (device->path[0] != '/')
		return error_set(err, ERROR_CONFIG, 0, "%s: the path '%s' is not absolute", device->from, device->path);
	if (!is_default(device) && device->type != 'p' &&
	    planner_judge(p, p->profile->devices, "devices", device->from, what,
			  "remove it, or use the privileged profile"))
		return 0;
	if (node == NULL)
		node = add_node(p, device->path, device->type, (uint32_t)device->major, (uint32_t)device->minor,
				device->from);
	node->mode = device->mode.set ? device->mode.value & 07777 : node->mode;
	node->uid = device->uid.set ? device->uid.value : 0;
	node->gid = device->gid.set ? device->gid.value : 0;
	return 0;
}

int devices_plan(struct planner *p, struct error *err)
{
	struct plan_devices *plan = &p->plan->devices;
	size_t index;
	const struct plan_mount *dev = mount_on_dev(p->plan, &index);

	plan->populate = dev != NULL && dev->kind == MOUNT_FILESYSTEM;
	/*
	 * In a user namespace /dev belongs to the workload: without this it could make files there. Writing to a device
	 * needs no writable mount.
	 */
	if (plan->populate && p->plan->rootfs.readonly && p->profile->mount_flags == VERDICT_TIGHTEN)
		p->plan->mounts.at[index].sealed = true;
	plan->by_bind = p->plan->ids.mapped || !p->host->privileged;
	for (size_t i = 0; plan->populate && i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (!is_mounted_over(p->plan, defaults[i].path))
			add_node(p, defaults[i].path, 'c', defaults[i].major, defaults[i].minor, "default");
	for (size_t i = 0; plan->populate && i < sizeof(default_links) / sizeof(default_links[0]); i++)
		*LIST_ADD(p->arena, &plan->links) = default_links[i];
	for (size_t i = 0; i < p->request->linux_.devices.count; i++)
		TRY(add_requested(p, &p->request->linux_.devices.at[i], err));
	return 0;
}

bool devices_make_wanted(const struct plan *plan)
{
	return plan->devices.by_bind && plan->devices.nodes.count > 0;
}

void devices_make_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, NULL, "opens %zu device nodes of the host: none can be made in a user namespace",
		    plan->devices.nodes.count);
}

static const struct remount on_nodes = {.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, .propagation = MS_PRIVATE};

/* The host's node must be the device that is meant, wherever its /dev came from. */
static int open_host_node(const struct plan_device *node, bool remounts, struct error *err)
{
	struct stat status;
	/* The clone is writable and not nodev, but nothing else can be done with the host's mount through it. */
	AUTOCLOSE int tree = remounts ? sys_open_tree(AT_FDCWD, node->path, OPEN_TREE_CLONE)
				      : remount_clone(AT_FDCWD, node->path, 0, &on_nodes);

	if (tree < 0 || fstat(tree, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the host's '%s'", node->path);
	if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode))
		return error_set(err, ERROR_HOST, 0, "the host's '%s' is not a device", node->path);
	if (major(status.st_rdev) != node->major || minor(status.st_rdev) != node->minor)
		return error_set(err, ERROR_HOST, 0, "the host's '%s' is not device %u:%u", node->path, node->major,
				 node->minor);
	return fd_take(&tree);
}

int devices_make(const struct plan *plan, struct run *run, struct error *err)
{
	for (size_t i = 0; i < plan->devices.nodes.count; i++) {
		if (plan->devices.nodes.at[i].type == 'p')
			continue;
		run->devices[i] = open_host_node(&plan->devices.nodes.at[i], plan->remounts, err);
		if (run->devices[i] < 0)
			return error_wrap(err, "%s", plan->devices.nodes.at[i].from);
	}
	return 0;
}

bool devices_attach_wanted(const struct plan *plan)
{
	return plan->devices.nodes.count + plan->devices.links.count > 0;
}

void devices_attach_explain(const struct plan *plan, struct explain *out)
{
	for (size_t i = 0; i < plan->devices.nodes.count; i++) {
		const struct plan_device *node = &plan->devices.nodes.at[i];

		explain_say(out, EXPLAIN_GRANTS, node->from, "%s (%c %u:%u), mode %04o", node->path, node->type,
			    node->major, node->minor, node->mode);
	}
	for (size_t i = 0; i < plan->devices.links.count; i++)
		explain_say(out, EXPLAIN_DOES, "default", "%s is a link to %s", plan->devices.links.at[i].key,
			    plan->devices.links.at[i].value);
}

static int make_node(const struct plan_device *node, int parent, const char *name, struct error *err)
{
	static const struct {
		char type;
		mode_t mode;
	} types[] = {{'c', S_IFCHR}, {'b', S_IFBLK}, {'p', S_IFIFO}};
	mode_t type = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == node->type)
			type = types[i].mode;
	/* The umask is 0 while building, so the mode is final. */
	if (sys_mknodat(parent, name, type | node->mode, node->major, node->minor) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the device '%s'", node->path);
	if ((node->uid != 0 || node->gid != 0) &&
	    sys_fchownat(parent, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot give '%s' its owner", node->path);
	return 0;
}

static int bind_node(const struct plan_device *node, int parent, const char *name, int tree, struct error *err)
{
	/* A link is not followed at the end of a path. */
	if (sys_mknodat(parent, name, S_IFREG | 0444, 0, 0) < 0 || sys_move_mount(tree, parent, name, 0) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot bind the device '%s'", node->path);
	return 0;
}

static int attach_at(const struct plan_device *node, int parent, const char *name, int tree, struct error *err)
{
	return tree >= 0 ? bind_node(node, parent, name, tree, err) : make_node(node, parent, name, err);
}

/* Nodes of /dev go straight into the tmpfs that we made; a path elsewhere is resolved inside the root. */
static int attach_node(const struct plan_device *node, int dev, int tree, struct error *err)
{
	const char *name = node->path + strlen("/dev/");

	if (dev >= 0 && strncmp(node->path, "/dev/", 5) == 0 && strchr(name, '/') == NULL)
		return attach_at(node, dev, name, tree, err);
	AUTOCLOSE int parent = place_parent(node->path, &name, err);
	return parent < 0 ? -1 : attach_at(node, parent, name, tree, err);
}

int devices_attach(const struct plan *plan, struct run *run, struct error *err)
{
	size_t index = 0;
	int dev = plan->devices.populate && mount_on_dev(plan, &index) != NULL ? run->mounts[index] : -1;

	for (size_t i = 0; i < plan->devices.nodes.count; i++) {
		const struct plan_device *node = &plan->devices.nodes.at[i];

		int tree = plan->devices.by_bind ? run->devices[i] : -1;

		if (attach_node(node, dev, tree, err) < 0)
			return error_wrap(err, "%s", node->from);
		if (tree >= 0 && plan->remounts && remount_attached(run, tree, &on_nodes) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot restrict '%s'", node->path);
	}
	for (size_t i = 0; i < plan->devices.links.count; i++) {
		const struct pair *link = &plan->devices.links.at[i];

		if (sys_symlinkat(link->value, dev, link->key + strlen("/dev/")) < 0 && errno != EEXIST)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make the link '%s'", link->key);
	}
	return 0;
}
