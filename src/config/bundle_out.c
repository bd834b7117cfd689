// SPDX-License-Identifier: Apache-2.0
#include "config/bundle_out.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json_write.h"
#include "base/path.h"
#include "base/sys.h"
#include "config/options_order.h"
#include "model/names.h"

/* ---- config.json */

static void write_pair(struct json_writer *json, const char *key, const char *value)
{
	if (value != NULL)
		json_member_string(json, key, value);
}

static void write_capability_set(struct json_writer *json, const char *key, uint64_t set)
{
	char name[NAMES_CAPABILITY_BYTES];

	json_member_array(json, key);
	for (uint32_t cap = 0; cap < 64; cap++)
		if ((set & 1ULL << cap) != 0)
			json_write_string(json, names_capability_text(cap, name));
	json_write_end_array(json);
}

static void write_process(struct json_writer *json, const struct request_process *process)
{
	json_member_object(json, "process");
	if (process->terminal)
		json_member_bool(json, "terminal", true);
	json_member_object(json, "user");
	json_member_unsigned(json, "uid", process->user.uid);
	json_member_unsigned(json, "gid", process->user.gid);
	json_write_end_object(json);
	json_member_strings(json, "args", process->args.at, process->args.count);
	json_member_strings(json, "env", process->env.at, process->env.count);
	write_pair(json, "cwd", process->cwd);
	json_member_object(json, "capabilities");
	write_capability_set(json, "bounding", process->capabilities.bounding);
	write_capability_set(json, "effective", process->capabilities.effective);
	write_capability_set(json, "permitted", process->capabilities.permitted);
	write_capability_set(json, "inheritable", process->capabilities.inheritable);
	write_capability_set(json, "ambient", process->capabilities.ambient);
	json_write_end_object(json);
	json_member_array(json, "rlimits");
	for (size_t i = 0; i < process->rlimits.count; i++) {
		json_write_begin_object(json);
		write_pair(json, "type", lookup_name(&names_rlimits, (uint64_t)process->rlimits.at[i].type));
		json_member_unsigned(json, "soft", process->rlimits.at[i].soft);
		json_member_unsigned(json, "hard", process->rlimits.at[i].hard);
		json_write_end_object(json);
	}
	json_write_end_array(json);
	json_member_bool(json, "noNewPrivileges", process->no_new_privileges);
	json_write_end_object(json);
}

static void write_mount(struct json_writer *json, const struct request_mount *mount)
{
	static const struct {
		uint64_t attr;
		const char *word;
	} words[] = {{MOUNT_ATTR_RDONLY, "ro"},
		     {MOUNT_ATTR_NOSUID, "nosuid"},
		     {MOUNT_ATTR_NODEV, "nodev"},
		     {MOUNT_ATTR_NOEXEC, "noexec"}};
	static const char *const recursive[] = {"rro", "rnosuid", "rnodev", "rnoexec"};

	json_write_begin_object(json);
	write_pair(json, "destination", mount->destination);
	write_pair(json, "type", mount->type);
	write_pair(json, "source", mount->source);
	json_member_array(json, "options");
	if (mount->bind)
		json_write_string(json, mount->recursive ? "rbind" : "bind");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((mount->attr_set & words[i].attr) != 0)
			json_write_string(json, words[i].word);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((mount->rec_attr_set & words[i].attr) != 0)
			json_write_string(json, recursive[i]);
	for (size_t i = 0; i < mount->data.count; i++)
		json_write_string(json, mount->data.at[i]);
	json_write_end_array(json);
	json_write_end_object(json);
}

/* What the bundle's root holds as files and links is no mount there, and what is not on this host cannot be bound. */
static bool is_mount(const struct request_mount *mount)
{
	if (options_is_made(mount))
		return false;
	return (mount->special & MOUNT_SPECIAL_OPTIONAL) == 0 || access(mount->source, F_OK) == 0;
}

static void write_resources(struct json_writer *json, const struct request_resources *resources)
{
	json_member_object(json, "resources");
	if (resources->pids_limit.set) {
		json_member_object(json, "pids");
		json_member_signed(json, "limit", resources->pids_limit.value);
		json_write_end_object(json);
	}
	if (resources->memory != NULL) {
		json_member_object(json, "memory");
		json_member_signed(json, "limit", resources->memory->limit.value);
		json_write_end_object(json);
	}
	if (resources->cpu != NULL) {
		json_member_object(json, "cpu");
		json_member_signed(json, "quota", resources->cpu->quota.value);
		json_member_signed(json, "period", (int64_t)resources->cpu->period.value);
		json_write_end_object(json);
	}
	json_write_end_object(json);
}

static void write_seccomp_arg(struct json_writer *json, const struct request_seccomp_arg *arg)
{
	json_write_begin_object(json);
	json_member_signed(json, "index", arg->index);
	json_member_unsigned(json, "value", arg->value);
	json_member_unsigned(json, "valueTwo", arg->value_two);
	write_pair(json, "op", lookup_name(&names_seccomp_operators, arg->op));
	json_write_end_object(json);
}

static void write_seccomp_rule(struct json_writer *json, const struct request_seccomp_rule *rule)
{
	json_write_begin_object(json);
	json_member_strings(json, "names", rule->names.at, rule->names.count);
	write_pair(json, "action", lookup_name(&names_seccomp_actions, rule->action));
	if (rule->errno_ret.set)
		json_member_signed(json, "errnoRet", rule->errno_ret.value);
	json_member_array(json, "args");
	for (size_t i = 0; i < rule->args.count; i++)
		write_seccomp_arg(json, &rule->args.at[i]);
	json_write_end_array(json);
	json_write_end_object(json);
}

static void write_seccomp(struct json_writer *json, const struct request_seccomp *seccomp)
{
	json_member_object(json, "seccomp");
	write_pair(json, "defaultAction", lookup_name(&names_seccomp_actions, seccomp->default_action));
	if (seccomp->default_errno_ret.set)
		json_member_signed(json, "defaultErrnoRet", seccomp->default_errno_ret.value);
	write_pair(json, "listenerPath", seccomp->listener_path);
	write_pair(json, "listenerMetadata", seccomp->listener_metadata);
	json_member_array(json, "architectures");
	for (size_t i = 0; i < seccomp->architectures.count; i++)
		json_write_string(json, lookup_name(&names_seccomp_archs, seccomp->architectures.at[i]));
	json_write_end_array(json);
	json_member_array(json, "flags");
	for (uint32_t bit = 1; bit != 0; bit <<= 1)
		if ((seccomp->flags & bit) != 0)
			json_write_string(json, lookup_name(&names_seccomp_flags, bit));
	json_write_end_array(json);
	json_member_array(json, "syscalls");
	for (size_t i = 0; i < seccomp->syscalls.count; i++)
		write_seccomp_rule(json, &seccomp->syscalls.at[i]);
	json_write_end_array(json);
	json_write_end_object(json);
}

static void write_id_maps(struct json_writer *json, const char *key, const id_map_list *maps)
{
	if (maps->count == 0)
		return;
	json_member_array(json, key);
	for (size_t i = 0; i < maps->count; i++) {
		json_write_begin_object(json);
		json_member_signed(json, "containerID", maps->at[i].container);
		json_member_signed(json, "hostID", maps->at[i].host);
		json_member_signed(json, "size", maps->at[i].size);
		json_write_end_object(json);
	}
	json_write_end_array(json);
}

static void write_sysctls(struct json_writer *json, const pair_list *sysctls)
{
	json_member_object(json, "sysctl");
	for (size_t i = 0; i < sysctls->count; i++)
		json_member_string(json, sysctls->at[i].key, sysctls->at[i].value);
	json_write_end_object(json);
}

static void write_linux(struct json_writer *json, const struct request *request)
{
	const struct request_linux *linux_ = &request->linux_;

	json_member_object(json, "linux");
	json_member_array(json, "namespaces");
	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++) {
		/* Without mappings no runtime takes a user namespace; rootless ones add their own to a sandbox. */
		if (!linux_->namespaces[kind].given || (kind == NAMESPACE_USER && request->sandbox.given))
			continue;
		json_write_begin_object(json);
		write_pair(json, "type", lookup_name(&names_namespaces, kind));
		json_write_end_object(json);
	}
	json_write_end_array(json);
	if (!request->sandbox.given) {
		write_id_maps(json, "uidMappings", &linux_->uid_mappings);
		write_id_maps(json, "gidMappings", &linux_->gid_mappings);
	}
	json_member_strings(json, "maskedPaths", linux_->masked_paths.at, linux_->masked_paths.count);
	json_member_strings(json, "readonlyPaths", linux_->readonly_paths.at, linux_->readonly_paths.count);
	write_resources(json, &linux_->resources);
	if (linux_->sysctl.count > 0)
		write_sysctls(json, &linux_->sysctl);
	if (linux_->seccomp != NULL)
		write_seccomp(json, linux_->seccomp);
	json_write_end_object(json);
}

/* The whole text in @json. */
static int make_config(const struct request *request, struct json_writer *json, struct error *err)
{
	TRY(json_writer_create(json, true, err));
	json->exact = true;
	json_write_begin_object(json);
	/* The oldest that all of this is written in: some runtimes refuse every 1.x that they do not know. */
	write_pair(json, "ociVersion", "1.0.2");
	write_process(json, &request->process);
	json_member_object(json, "root");
	write_pair(json, "path", "rootfs");
	json_member_bool(json, "readonly", request->root.readonly);
	json_write_end_object(json);
	write_pair(json, "hostname", request->hostname);
	json_member_array(json, "mounts");
	for (size_t i = 0; i < request->mounts.count; i++)
		if (is_mount(&request->mounts.at[i]))
			write_mount(json, &request->mounts.at[i]);
	json_write_end_array(json);
	write_linux(json, request);
	json_write_end_object(json);
	return 0;
}

int bundle_write_config(int dir, const char *name, const struct request *request, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;

	TRY(make_config(request, &json, err));
	TRY(json_writer_finish(&json, &text, &length, err));
	AUTOCLOSE int fd = sys_openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot write '%s'", name);
		return err->errnum == EEXIST ? error_hint(err, "it is left as it is: remove it first") : -1;
	}
	if (fd_write_all(fd, text, length) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write '%s'", name);
	return 0;
}

/* ---- the root file system */

/* Makes every directory above @path below @root, which is ours and new, so nobody can have put a link there. */
static int make_parents(int root, const char *path, struct error *err)
{
	char part[4096];

	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);

		if (length >= sizeof(part))
			return error_set(err, ERROR_USAGE, ENAMETOOLONG, "cannot make '%s' in the bundle", path);
		memcpy(part, path, length);
		part[length] = '\0';
		if (sys_mkdirat(root, part, 0755) < 0 && errno != EEXIST)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s' in the bundle", part);
	}
	return 0;
}

/* Some runtimes give a tmpfs the mode of the directory below it, whatever its options say. */
static int make_directory(int root, const struct request_mount *mount, const char *path, struct error *err)
{
	mode_t mode = mount->directory ? mount->mode : 0755;

	for (size_t i = 0; i < mount->data.count; i++)
		mode = strcmp(mount->data.at[i], "mode=1777") == 0 ? 01777 : mode;
	if (sys_mkdirat(root, path, 0755) < 0 && errno != EEXIST)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s' in the bundle", path);
	AUTOCLOSE int fd = mode == 0755 ? -1 : sys_openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (mode != 0755 && (fd < 0 || sys_fchmod(fd, mode) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot set the mode of '%s' in the bundle", path);
	return 0;
}

static int make_point(int root, const struct request_mount *mount, struct error *err)
{
	const char *path = mount->destination + 1;
	struct stat status;
	bool file = mount->content != NULL ||
		    (mount->bind && stat(mount->source, &status) == 0 && !S_ISDIR(status.st_mode));

	TRY(make_parents(root, path, err));
	if (mount->link != NULL) {
		if (sys_symlinkat(mount->link, root, path) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make the link '%s' in the bundle", path);
		return 0;
	}
	if (!file)
		return make_directory(root, mount, path, err);
	AUTOCLOSE int fd =
		sys_openat(root, path, O_WRONLY | O_CREAT | O_NOFOLLOW, mount->mode != 0 ? mount->mode : 0644);
	if (fd < 0 || (mount->content != NULL && fd_write_all(fd, mount->content, mount->content_length) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot write '%s' in the bundle", path);
	return 0;
}

/* A mount point below another mount belongs to that mount, and is there or not when it is mounted. */
static bool is_covered(const struct request *request, size_t index)
{
	const char *path = request->mounts.at[index].destination;

	for (size_t i = 0; i < index; i++)
		if (request->mounts.at[i].link == NULL && path_is_below(path, request->mounts.at[i].destination))
			return true;
	return false;
}

static int make_root(int dir, const struct request *request, struct error *err)
{
	if (sys_mkdirat(dir, "rootfs", 0755) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the bundle's rootfs");
	AUTOCLOSE int root = sys_openat(dir, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (root < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the bundle's rootfs");
	for (size_t i = 0; i < request->mounts.count; i++) {
		const struct request_mount *mount = &request->mounts.at[i];

		if ((is_mount(mount) || options_is_made(mount)) && !is_covered(request, i))
			TRY(make_point(root, mount, err));
	}
	return 0;
}

/* What would be lost is refused: a bundle that grants more than the sandbox did is not its equivalent. */
static int check_expressible(const struct request *request, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;

	if (request->sandbox.restrict_tcp)
		return error_set(err, ERROR_USAGE, 0,
				 "--bundle-out: --bind-tcp and --connect-tcp have no place in a config.json");
	if (request->sandbox.buses.count > 0)
		return error_set(err, ERROR_USAGE, 0,
				 "--bundle-out: '%s' needs a proxy, which has no place in a config.json",
				 request->sandbox.buses.at[0].from);
	if (request->sandbox.time_limit_ms != 0)
		return error_set(err, ERROR_USAGE, 0, "--bundle-out: --time has no place in a config.json");
	for (size_t i = 0; i < request->mounts.count; i++)
		if (request->mounts.at[i].hide ||
		    (request->mounts.at[i].special & (MOUNT_SPECIAL_OVERLAY | MOUNT_SPECIAL_OPEN)) != 0)
			return error_set(err, ERROR_USAGE, 0, "--bundle-out: '%s' has no place in a config.json",
					 request->mounts.at[i].from);
	for (size_t i = 0; i < request->mounts.count; i++)
		if (options_is_made(&request->mounts.at[i]) && is_covered(request, i))
			return error_set(err, ERROR_USAGE, 0,
					 "--bundle-out: '%s' lies below another mount, where a bundle holds nothing",
					 request->mounts.at[i].from);
	TRY(make_config(request, &json, err));
	return json_writer_finish(&json, &text, &length, err);
}

static int write_all(const char *directory, const struct request *request, struct error *err)
{
	if (sys_mkdirat(AT_FDCWD, directory, 0755) < 0) {
		int reason = errno;

		error_set(err, ERROR_USAGE, reason, "cannot make the bundle '%s'", directory);
		return reason == EEXIST ? error_hint(err, "name a directory that does not exist yet") : -1;
	}
	AUTOCLOSE int dir = sys_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s'", directory);
	TRY(make_root(dir, request, err));
	return bundle_write_config(dir, "config.json", request, err);
}

int bundle_write(const char *directory, const struct request *request, struct error *err)
{
	TRY(check_expressible(request, err));
	/* The user of the container is not the caller, and must be able to read its root. */
	mode_t mask = sys_umask(022);
	int result = write_all(directory, request, err);
	(void)sys_umask(mask);
	return result;
}
