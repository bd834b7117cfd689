// SPDX-License-Identifier: Apache-2.0
/*
 * The file system "overlay" of a config.json, as engines ask for it (podman -v DIR:DIR:O, --mount type=image). What it
 * is made of is judged and then handed to the kernel as objects: the kernel itself would look for names.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/mounts.h"

static bool is_written(const char *option)
{
	return strcmp(option, "lowerdir") != 0;
}

static bool names_layers(const char *word)
{
	static const char *const options[] = {"lowerdir=", "upperdir=", "workdir="};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strncmp(word, options[i], strlen(options[i])) == 0)
			return true;
	return false;
}

/*
 * Others make the kernel follow marks in the layers to what their directories keep apart (overlayfs.rst,
 * "redirect_dir", "metacopy"), or name more layers.
 */
static void judge_options(struct planner *p, const struct plan_mount *mount)
{
	static const char *const harmless[] = {
		"userxattr",      "volatile", "index=off", "metacopy=off", "redirect_dir=off", "redirect_dir=nofollow",
		"nfs_export=off", "xino=off", "xino=auto",
	};

	for (size_t i = 0; i < mount->data.count; i++) {
		const char *word = mount->data.at[i];
		bool known = names_layers(word) || strncmp(word, "context=", strlen("context=")) == 0;

		for (size_t k = 0; k < sizeof(harmless) / sizeof(harmless[0]); k++)
			known = known || strcmp(word, harmless[k]) == 0;
		if (!known)
			planner_judge(p, VERDICT_REFUSE, "mounts", mount->from,
				      arena_printf(p->arena, "an overlay is mounted with the option %s", word),
				      "remove it");
	}
}

void mounts_layers_plan(struct planner *p, const struct request_mount *wanted, struct plan_mount *mount, size_t *binds)
{
	for (size_t i = 0; i < wanted->layers.count; i++) {
		const struct request_layer *layer = &wanted->layers.at[i];
		uint64_t attrs = is_written(layer->option) ? 0 : MOUNT_ATTR_RDONLY;
		struct plan_mount source = {.kind = MOUNT_BIND,
					    .source = layer->path,
					    .target = mount->target,
					    .attr_set = attrs,
					    .rec_attr_set = attrs,
					    .from = mount->from};

		mounts_judge_source(p, &source, (*binds)++);
		if (source.judged)
			*LIST_ADD(p->arena, &mount->layers) =
				(struct plan_layer){layer->option, layer->path, source.device, source.inode};
	}
	/* Also where it seems to be made of nothing. */
	if (p->profile->sensitive_sources != VERDICT_ALLOW && mount->kind == MOUNT_FILESYSTEM &&
	    strcmp(mount->type, "overlay") == 0)
		judge_options(p, mount);
}

void mounts_layers_explain(const struct plan_mount *mount, struct explain *out)
{
	for (size_t i = 0; i < mount->layers.count; i++)
		explain_say(out, EXPLAIN_GRANTS, mount->from, "%s is a layer of %s, %s", mount->layers.at[i].path,
			    mount->target, is_written(mount->layers.at[i].option) ? "writable" : "read-only");
}

bool mounts_layers_has(const struct plan_mount *mount, const char *word)
{
	return mount->layers.count > 0 && names_layers(word);
}

void mounts_layers_close(struct mounts_layers *layers)
{
	while (layers->count > 0)
		fd_close(&layers->at[--layers->count]);
}

/* The kernel empties it with the rights of whoever mounts; what an overlay left there is a directory without a mode. */
static int check_work(const struct plan_layer *layer, int fd, struct error *err)
{
	struct stat status;

	if (strcmp(layer->option, "workdir") != 0)
		return 0;
	if (fstatat(fd, "work", &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s/work'", layer->path);
	if (status.st_mode == S_IFDIR)
		return 0;
	error_set(err, ERROR_REFUSED, 0, "'%s/work' is no overlay's, which would empty it", layer->path);
	return error_hint(err, "give the overlay an empty directory as its workdir");
}

static int open_layer(const struct plan_layer *layer, struct error *err)
{
	AUTOCLOSE int fd = sys_openat2(AT_FDCWD, layer->path, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_MAGICLINKS);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s', of which the overlay is made",
				 layer->path);
	if (status.st_dev != layer->device || status.st_ino != layer->inode)
		return error_set(err, ERROR_REFUSED, 0, "'%s' is no longer what the profile judged", layer->path);
	TRY(check_work(layer, fd, err));
	return fd_take(&fd);
}

/* All of them, of which the lower ones become one list. */
static int give_layers(const struct plan_mount *mount, int fs, const struct mounts_layers *layers)
{
	char list[REQUEST_MAX_LAYERS * sizeof("/proc/self/fd/4294967295")], name[sizeof("/proc/self/fd/4294967295")];
	size_t length = 0;

	for (size_t i = 0; i < layers->count; i++) {
		const char *option = mount->layers.at[i].option;

		snprintf(name, sizeof(name), "/proc/self/fd/%d", layers->at[i]);
		if (!is_written(option))
			length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%s", length > 0 ? ":" : "",
						   name);
		else if (sys_fsconfig(fs, FSCONFIG_SET_STRING, option, name, 0) < 0)
			return -1;
	}
	return length == 0 ? 0 : mounts_layers_lower(fs, list);
}

int mounts_layers_give(const struct plan_mount *mount, int fs, struct mounts_layers *layers, struct error *err)
{
	for (size_t i = 0; i < mount->layers.count; i++) {
		layers->at[i] = open_layer(&mount->layers.at[i], err);
		if (layers->at[i] < 0)
			return -1;
		layers->count++;
	}
	if (give_layers(mount, fs, layers) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the overlay '%s' of its layers", mount->target);
	return 0;
}

/* fsconfig(2) takes no longer text; what mount(2) took as one list of directories may be longer. */
enum { LONGEST_VALUE = 255 };

/* One after the other, which a kernel before 6.7 does not know. In the list a backslash makes the next character a part
 * of the name (overlayfs.rst, "Multiple lower layers"). */
static int add_lower(int fs, const char *list)
{
	char path[PATH_MAX];
	size_t length = 0;

	for (const char *at = list;; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == ':' || *at == '\0') {
			path[length] = '\0';
			if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", path, 0) < 0)
				return -1;
			length = 0;
			if (*at == '\0')
				return 0;
			continue;
		}
		if (length + 1 == sizeof(path)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		path[length++] = *at;
	}
}

int mounts_layers_lower(int fs, const char *list)
{
	return strlen(list) > LONGEST_VALUE ? add_lower(fs, list)
					    : sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", list, 0);
}
