// SPDX-License-Identifier: Apache-2.0
#include "run/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/sys.h"

enum { RECORD_BYTES = 1 << 20 };

/* ---- the directory */

static int check_owner(int dir, const char *name, const struct stat *status, struct error *err)
{
	if (status->st_uid == 0 && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	error_set(err, ERROR_REFUSED, 0, "the image's %s%s can be written by others than root",
		  dir < 0 ? "directory " : "file ", name);
	return error_hint(err, "an image decides what a process may do: keep it where only root writes");
}

/* Files only: a link would lead elsewhere; "parent" is criu's name for the image before this one. */
static int check_file(int dir, const char *name, struct error *err)
{
	struct stat status;

	if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at '%s' of the image", name);
	if (S_ISLNK(status.st_mode) && status.st_uid == 0 && strcmp(name, "parent") == 0)
		return 0;
	/* criu reads no directory in it. */
	if (S_ISDIR(status.st_mode))
		return 0;
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_REFUSED, 0, "'%s' of the image is not a file", name);
	return check_owner(dir, name, &status, err);
}

int image_check(int dir, struct error *err)
{
	AUTOCLOSE int again = sys_openat(dir, ".", O_RDONLY | O_DIRECTORY, 0);
	AUTOCLOSE_DIRECTORY DIR *directory = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;

	if (directory == NULL)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read the image's directory");
	fd_take(&again);
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			TRY(check_file(dir, entry->d_name, err));
	return 0;
}

int image_open(const char *path, bool make, int *ret_fd, struct error *err)
{
	struct stat status;

	if (make && sys_mkdirat(AT_FDCWD, path, 0700) < 0 && errno != EEXIST)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make the directory '%s'", path);
	AUTOCLOSE int dir = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0 || fstat(dir, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the image '%s'", path);
	TRY(check_owner(-1, path, &status, err));
	*ret_fd = fd_take(&dir);
	return 0;
}

/* ---- the record */

static const struct json_field image_fields[] = {
	{JSON_KEY("mounts"), JSON_TO(STRINGS, struct image, mounts), .required = true},
	{JSON_KEY("streams"), JSON_TO(STRINGS, struct image, streams), .required = true},
};
static const struct json_schema image_schema = {JSON_SCHEMA(struct image, image_fields)};

int image_write(int dir, const struct image *image, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;

	TRY(json_writer_create(&json, true, err));
	json_write_begin_object(&json);
	json_member_strings(&json, "mounts", image->mounts.at, image->mounts.count);
	json_member_strings(&json, "streams", image->streams.at, image->streams.count);
	json_write_end_object(&json);
	TRY(json_writer_finish(&json, &text, &length, err));
	AUTOCLOSE int file = sys_openat(dir, IMAGE_RECORD, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (file < 0 || fd_write_all(file, text, length) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write '%s' of the image", IMAGE_RECORD);
	return 0;
}

/* As the kernel writes it: absolute, and without "." and ".." and empty parts. */
static bool is_place(const char *path)
{
	size_t length;

	for (; *path == '/'; path += 1 + length) {
		length = strcspn(path + 1, "/");
		if (length == 0 || strncmp(path + 1, ".", length) == 0 || strncmp(path + 1, "..", length) == 0)
			return false;
		if (path[1 + length] == '\0')
			return true;
	}
	return false;
}

int image_read(int dir, struct arena *arena, struct image *ret, struct error *err)
{
	struct json_input input = {.name = IMAGE_RECORD, .source = IMAGE_RECORD, .own = true};
	char *text;

	if (file_read(dir, IMAGE_RECORD, RECORD_BYTES, arena, &text, &input.length, err) < 0)
		return err->errnum == ENOENT ? error_hint(err, "only what casemate checkpoint wrote can be restored")
					     : -1;
	input.text = text;
	TRY(json_read(&input, &image_schema, ret, arena, err));
	for (size_t i = 0; i < ret->mounts.count; i++)
		if (!is_place(ret->mounts.at[i]))
			return error_set(err, ERROR_CONFIG, 0, "%s: '%s' is no place of a mount", IMAGE_RECORD,
					 ret->mounts.at[i]);
	if (ret->streams.count != IMAGE_STREAMS)
		return error_set(err, ERROR_CONFIG, 0, "%s: there are %zu standard streams", IMAGE_RECORD,
				 ret->streams.count);
	return 0;
}
