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
#include "base/sys.h"
#include "model/names.h"

/* ---- config.json */

static void write_pair(struct json_writer *json, const char *key, const char *value)
{
	if (value == NULL)
		return;
	json_write_key(json, key);
	json_write_string(json, value);
}

static void write_strings(struct json_writer *json, const char *key, const string_list *list)
{
	json_write_key(json, key);
	json_write_begin_array(json);
	for (size_t i = 0; i < list->count; i++)
		json_write_string(json, list->at[i]);
	json_write_end_array(json);
}

static void write_capability_set(struct json_writer *json, const char *key, uint64_t set)
{
	char name[NAMES_CAPABILITY_BYTES];

	json_write_key(json, key);
	json_write_begin_array(json);
	for (uint32_t cap = 0; cap < 64; cap++)
		if ((set & 1ULL << cap) != 0)
			json_write_string(json, names_capability_text(cap, name));
	json_write_end_array(json);
}

static void write_process(struct json_writer *json, const struct request_process *process)
{
	json_write_key(json, "process");
	json_write_begin_object(json);
	json_write_key(json, "user");
	json_write_begin_object(json);
	json_write_key(json, "uid");
	json_write_unsigned(json, process->user.uid);
	json_write_key(json, "gid");
	json_write_unsigned(json, process->user.gid);
	json_write_end_object(json);
	write_strings(json, "args", &process->args);
	write_strings(json, "env", &process->env);
	write_pair(json, "cwd", process->cwd);
	json_write_key(json, "capabilities");
	json_write_begin_object(json);
	write_capability_set(json, "bounding", process->capabilities.bounding);
	write_capability_set(json, "effective", process->capabilities.effective);
	write_capability_set(json, "permitted", process->capabilities.permitted);
	write_capability_set(json, "inheritable", process->capabilities.inheritable);
	write_capability_set(json, "ambient", process->capabilities.ambient);
	json_write_end_object(json);
	json_write_key(json, "rlimits");
	json_write_begin_array(json);
	for (size_t i = 0; i < process->rlimits.count; i++) {
		json_write_begin_object(json);
		write_pair(json, "type", lookup_name(&names_rlimits, (uint64_t)process->rlimits.at[i].type));
		json_write_key(json, "soft");
		json_write_unsigned(json, process->rlimits.at[i].soft);
		json_write_key(json, "hard");
		json_write_unsigned(json, process->rlimits.at[i].hard);
		json_write_end_object(json);
	}
	json_write_end_array(json);
	json_write_key(json, "noNewPrivileges");
	json_write_bool(json, process->no_new_privileges);
	json_write_end_object(json);
}

static void write_mount(struct json_writer *json, const struct request_mount *mount)
{
	static const struct {
		uint64_t attr;
		const char *word;
	} words[] = { { MOUNT_ATTR_RDONLY, "ro" },
		      { MOUNT_ATTR_NOSUID, "nosuid" },
		      { MOUNT_ATTR_NODEV, "nodev" },
		      { MOUNT_ATTR_NOEXEC, "noexec" } };

	json_write_begin_object(json);
	write_pair(json, "destination", mount->destination);
	write_pair(json, "type", mount->type);
	write_pair(json, "source", mount->source);
	json_write_key(json, "options");
	json_write_begin_array(json);
	if (mount->bind)
		json_write_string(json, mount->recursive ? "rbind" : "bind");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((mount->attr_set & words[i].attr) != 0)
			json_write_string(json, words[i].word);
	for (size_t i = 0; i < mount->data.count; i++)
		json_write_string(json, mount->data.at[i]);
	json_write_end_array(json);
	json_write_end_object(json);
}

/* What the bundle's root holds as files and links is no mount there, and what is not on this host cannot be bound. */
static bool is_mount(const struct request_mount *mount)
{
	if (mount->content != NULL || mount->link != NULL)
		return false;
	return (mount->special & MOUNT_SPECIAL_OPTIONAL) == 0 || access(mount->source, F_OK) == 0;
}

static void write_linux(struct json_writer *json, const struct request *request)
{
	const struct request_linux *linux_ = &request->linux_;

	json_write_key(json, "linux");
	json_write_begin_object(json);
	json_write_key(json, "namespaces");
	json_write_begin_array(json);
	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++) {
		/* Without mappings no runtime takes a user namespace; rootless ones add their own. */
		if (!linux_->namespaces[kind].given || kind == NAMESPACE_USER)
			continue;
		json_write_begin_object(json);
		write_pair(json, "type", lookup_name(&names_namespaces, kind));
		json_write_end_object(json);
	}
	json_write_end_array(json);
	write_strings(json, "maskedPaths", &linux_->masked_paths);
	write_strings(json, "readonlyPaths", &linux_->readonly_paths);
	if (linux_->resources.pids_limit.set) {
		json_write_key(json, "resources");
		json_write_begin_object(json);
		json_write_key(json, "pids");
		json_write_begin_object(json);
		json_write_key(json, "limit");
		json_write_signed(json, linux_->resources.pids_limit.value);
		json_write_end_object(json);
		json_write_end_object(json);
	}
	json_write_end_object(json);
}

static int write_config(int dir, const struct request *request, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = { 0 };
	AUTOCLOSE int fd = sys_openat(dir, "config.json", O_WRONLY | O_CREAT | O_EXCL, 0644);
	const char *text;
	size_t length;

	if (fd < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write config.json");
	TRY(json_writer_create(&json, true, err));
	json_write_begin_object(&json);
	write_pair(&json, "ociVersion", "1.2.0");
	write_process(&json, &request->process);
	json_write_key(&json, "root");
	json_write_begin_object(&json);
	write_pair(&json, "path", "rootfs");
	json_write_key(&json, "readonly");
	json_write_bool(&json, request->root.readonly);
	json_write_end_object(&json);
	write_pair(&json, "hostname", request->hostname);
	json_write_key(&json, "mounts");
	json_write_begin_array(&json);
	for (size_t i = 0; i < request->mounts.count; i++)
		if (is_mount(&request->mounts.at[i]))
			write_mount(&json, &request->mounts.at[i]);
	json_write_end_array(&json);
	write_linux(&json, request);
	json_write_end_object(&json);
	TRY(json_writer_finish(&json, &text, &length, err));
	if (fd_write_all(fd, text, length) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write config.json");
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
	if (!file) {
		if (sys_mkdirat(root, path, 0755) < 0 && errno != EEXIST)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s' in the bundle", path);
		return 0;
	}
	AUTOCLOSE int fd = sys_openat(root, path, O_WRONLY | O_CREAT | O_NOFOLLOW, mount->mode != 0 ? mount->mode : 0644);
	if (fd < 0 || (mount->content != NULL && fd_write_all(fd, mount->content, mount->content_length) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot write '%s' in the bundle", path);
	return 0;
}

/* A mount point below another mount belongs to that mount, and is there or not when it is mounted. */
static bool is_covered(const struct request *request, size_t index)
{
	const char *path = request->mounts.at[index].destination;

	for (size_t i = 0; i < index; i++) {
		const char *above = request->mounts.at[i].destination;
		size_t length = strlen(above);

		if (request->mounts.at[i].link == NULL && strncmp(path, above, length) == 0 && path[length] == '/')
			return true;
	}
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

		if ((is_mount(mount) || mount->content != NULL || mount->link != NULL) && !is_covered(request, i))
			TRY(make_point(root, mount, err));
	}
	return 0;
}

int bundle_write(const char *directory, const struct request *request, struct error *err)
{
	if (sys_mkdirat(AT_FDCWD, directory, 0755) < 0) {
		error_set(err, ERROR_USAGE, errno, "cannot make the bundle '%s'", directory);
		return errno == EEXIST ? error_hint(err, "name a directory that does not exist yet") : -1;
	}
	AUTOCLOSE int dir = sys_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s'", directory);
	TRY(make_root(dir, request, err));
	return write_config(dir, request, err);
}
