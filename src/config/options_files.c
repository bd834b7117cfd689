// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/options_add.h"
#include "config/options_order.h"

enum { FILE_BYTES = 16 << 20, ANY_EXEC = 0111, MOST_BITS = 01777, ALL_BITS = 07777 };

/* Splits "A:B:C" at each ':' that is not escaped as "\:", and removes the escapes; the last part has what is left. */
static void split_into(struct arena *arena, const char *text, const char **ret_parts, size_t count)
{
	char *to = arena_strdup(arena, text);
	size_t parts = 1;

	for (size_t i = 0; i < count; i++)
		ret_parts[i] = NULL;
	ret_parts[0] = to;
	for (const char *at = text; *at != '\0'; at++) {
		if (at[0] == '\\' && at[1] == ':') {
			*to++ = *++at;
		} else if (*at == ':' && parts < count) {
			*to++ = '\0';
			ret_parts[parts++] = to;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
}

/* *@ret_second is NULL without one. */
static void split(struct arena *arena, const char *text, const char **ret_first, const char **ret_second)
{
	const char *parts[2];

	split_into(arena, text, parts, 2);
	*ret_first = parts[0];
	*ret_second = parts[1];
}

int options_check_target(const struct cli_word *word, const char *path, struct error *err)
{
	if (path == NULL || path[0] != '/')
		return error_set(err, ERROR_USAGE, 0, "%s %s: the place in the sandbox must be an absolute path",
				 word->option, word->value);
	if (path[strspn(path, "/")] == '\0') {
		error_set(err, ERROR_USAGE, 0, "%s %s: it would be the root of the sandbox", word->option, word->value);
		return error_hint(err, "name the part that is needed, or another place for it, as in --ro /:/host");
	}
	for (const char *at = path; (at = strstr(at, "..")) != NULL; at += 2)
		if (at[-1] == '/' && (at[2] == '/' || at[2] == '\0'))
			return error_set(err, ERROR_USAGE, 0, "%s %s: '..' leads nowhere in the sandbox", word->option,
					 word->value);
	return 0;
}

origin options_origin(struct arena *arena, const struct cli_word *word)
{
	return word->from != NULL ? word->from : arena_printf(arena, "%s %s", word->option, word->value);
}

/* One flag as it was given, and what all flags of its name have in common. */
struct file_kind;
struct file_flag {
	const struct file_kind *kind;
	const struct cli_word *word;
	origin from;
};

struct file_kind {
	const char *name;
	int (*add)(const struct adding *a, const struct file_flag *flag, struct error *err);
	const char *options; /* of the bind mount */
	uint32_t special;
};

static void bind(const struct adding *a, const struct file_flag *flag, const char *source, struct request_mount *mount)
{
	mount->source = source;
	mount->type = "bind";
	options_apply_words(a->arena, mount, flag->kind->options);
	mount->special |= flag->kind->special;
}

static int add_bind(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const char *source, *target;

	split(a->arena, flag->word->value, &source, &target);
	source = options_path(a->arena, a->host->cwd, source);
	TRY(options_check_target(flag->word, target != NULL ? target : source, err));
	struct request_mount *mount = options_add_mount(
		a->arena, a->request, options_path(a->arena, "/", target != NULL ? target : source), flag->from);
	if (a->request->sandbox.without_userns && strcmp(source, mount->destination) != 0)
		return error_set(err, ERROR_USAGE, 0,
				 "--without userns: %s cannot be done: nothing can be mounted at another place",
				 flag->from);
	bind(a, flag, source, mount);
	return 0;
}

static int add_overlay(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const char *parts[3];

	split_into(a->arena, flag->word->value, parts, 3);
	if (parts[0][0] == '\0' || parts[1] == NULL || parts[1][0] == '\0')
		return error_set(err, ERROR_USAGE, 0, "%s %s: expected SRC:CHANGES[:DST]", flag->word->option,
				 flag->word->value);
	const char *source = options_path(a->arena, a->host->cwd, parts[0]);
	const char *target = parts[2] != NULL ? parts[2] : source;
	TRY(options_check_target(flag->word, target, err));
	struct request_mount *mount =
		options_add_mount(a->arena, a->request, options_path(a->arena, "/", target), flag->from);
	bind(a, flag, source, mount);
	mount->changes = options_path(a->arena, a->host->cwd, parts[1]);
	return 0;
}

/* The name is for messages: what is bound is what is open. */
static int add_open(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const char *number, *target, *name;
	int fd;

	split(a->arena, flag->word->value, &number, &target);
	TRY(options_check_target(flag->word, target, err));
	TRY(options_descriptor(flag->word, number, &fd, err));
	TRY(options_open_name(flag->word, fd, a->arena, &name, err));
	struct request_mount *mount =
		options_add_mount(a->arena, a->request, options_path(a->arena, "/", target), flag->from);
	bind(a, flag, name, mount);
	mount->descriptor = fd;
	return 0;
}

/* What may be said about a tmpfs: other words could make another kind of mount of it. */
static int check_tmpfs_words(const struct cli_word *flag, struct arena *arena, const char *words, struct error *err)
{
	static const char *const known[] = {
		"ro", "rw", "exec", "noexec", "size=", "mode=", "nr_inodes=", "nr_blocks=", "huge="};
	char *copy = arena_strdup(arena, words), *word;

	while ((word = strsep(&copy, ",")) != NULL) {
		size_t length = strcspn(word, "=") + (strchr(word, '=') != NULL), i = 0;

		while (i < sizeof(known) / sizeof(known[0]) &&
		       (strlen(known[i]) != length || strncmp(known[i], word, length) != 0))
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			return error_set(err, ERROR_USAGE, 0, "%s %s: '%s' is not an option of a tmpfs", flag->option,
					 flag->value, word);
	}
	return 0;
}

static int add_tmpfs(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const struct cli_word *word = flag->word;
	const char *target, *options;

	split(a->arena, word->value, &target, &options);
	TRY(options_check_target(word, target, err));
	if (options != NULL)
		TRY(check_tmpfs_words(word, a->arena, options, err));
	struct request_mount *mount =
		options_add_mount(a->arena, a->request, options_path(a->arena, "/", target), flag->from);
	mount->type = "tmpfs";
	mount->source = "tmpfs";
	options_apply_words(a->arena, mount, "nosuid,nodev");
	options_apply_words(a->arena, mount, options != NULL ? options : "mode=1777");
	return 0;
}

static int add_link(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const char *text, *target;

	split(a->arena, flag->word->value, &text, &target);
	TRY(options_check_target(flag->word, target, err));
	options_add_mount(a->arena, a->request, options_path(a->arena, "/", target), flag->from)->link = text;
	return 0;
}

/* A script stays one that can be started. */
static void add_content(const struct adding *a, const struct file_flag *flag, const char *target,
			struct request_mount content)
{
	struct request_mount *mount =
		options_add_mount(a->arena, a->request, options_path(a->arena, "/", target), flag->from);

	mount->content = content.content;
	mount->content_length = content.content_length;
	mount->mode = content.mode;
}

static int add_file(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const char *path, *target;
	struct request_mount made = {0};
	char *content;

	split(a->arena, flag->word->value, &path, &target);
	TRY(options_check_target(flag->word, target, err));
	if (file_read(AT_FDCWD, path, FILE_BYTES, a->arena, &content, &made.content_length, err) < 0)
		return error_wrap(err, "--file");
	made.content = content;
	made.mode = faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0755 : 0644;
	add_content(a, flag, target, made);
	return 0;
}

static int add_data(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const char *number, *target;
	struct request_mount made = {0};
	struct stat status;
	char *content;
	int fd;

	split(a->arena, flag->word->value, &number, &target);
	TRY(options_check_target(flag->word, target, err));
	TRY(options_descriptor(flag->word, number, &fd, err));
	made.mode =
		fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & ANY_EXEC) != 0 ? 0755 : 0644;
	TRY(options_read(flag->word, fd, FILE_BYTES, a->arena, &content, &made.content_length, err));
	made.content = content;
	add_content(a, flag, target, made);
	return 0;
}

/* Nothing that changes who a program is. */
static int read_mode(const struct cli_word *word, const char *text, uint32_t *ret, struct error *err)
{
	static const char key[] = "mode=";
	const char *digits = text + strlen(key);
	size_t count = strncmp(text, key, strlen(key)) == 0 ? strspn(digits, "01234567") : 0;
	unsigned long mode = count > 0 && count < 6 && digits[count] == '\0' ? strtoul(digits, NULL, 8) : ALL_BITS;

	if (mode > MOST_BITS)
		return error_set(err, ERROR_USAGE, 0, "%s %s: expected mode=MODE, from 0 to %o", word->option,
				 word->value, MOST_BITS);
	*ret = (uint32_t)mode;
	return 0;
}

static int add_directory(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const char *target, *option;
	uint32_t mode = 0755;

	split(a->arena, flag->word->value, &target, &option);
	TRY(options_check_target(flag->word, target, err));
	if (option != NULL)
		TRY(read_mode(flag->word, option, &mode, err));
	struct request_mount *mount =
		options_add_mount(a->arena, a->request, options_path(a->arena, "/", target), flag->from);
	mount->directory = true;
	mount->mode = mode;
	return 0;
}

/* Named as --ro without DST names it. What covers a default, and nothing of the host, may be made: options_order(). */
static int add_hide(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const struct cli_word *word = flag->word;
	const char *target, *more;

	split(a->arena, word->value, &target, &more);
	if (more != NULL || target[0] == '\0')
		return error_set(err, ERROR_USAGE, 0, "--hide %s: expected one path", word->value);
	target = options_path(a->arena, a->host->cwd, target);
	if (strcmp(target, "/") == 0) {
		error_set(err, ERROR_USAGE, 0, "--hide %s: nothing would be left of the sandbox", word->value);
		return error_hint(err,
				  "name the directory or file: what of the host no flag shows is not there anyhow");
	}
	struct request_mount *mount = options_add_mount(a->arena, a->request, target, flag->from);
	mount->hide = true;
	mount->special = MOUNT_SPECIAL_NO_CREATE;
	return 0;
}

static const struct file_kind kinds[] = {
	{"--ro", add_bind, OPTIONS_BIND_RO, 0},
	{"--ro-try", add_bind, OPTIONS_BIND_RO, MOUNT_SPECIAL_OPTIONAL},
	{"--rw", add_bind, OPTIONS_BIND_RW, 0},
	{"--rw-try", add_bind, OPTIONS_BIND_RW, MOUNT_SPECIAL_OPTIONAL},
	{"--ro-fd", add_open, OPTIONS_BIND_RO, MOUNT_SPECIAL_OPEN},
	{"--rw-fd", add_open, OPTIONS_BIND_RW, MOUNT_SPECIAL_OPEN},
	{"--dev", add_bind, "bind,nosuid,noexec", MOUNT_SPECIAL_DEVICE},
	{"--dev-try", add_bind, "bind,nosuid,noexec", MOUNT_SPECIAL_DEVICE | MOUNT_SPECIAL_OPTIONAL},
	{"--overlay", add_overlay, OPTIONS_BIND_RO, MOUNT_SPECIAL_OVERLAY},
	{"--tmp-overlay", add_bind, OPTIONS_BIND_RO, MOUNT_SPECIAL_OVERLAY},
	{"--tmpfs", add_tmpfs, NULL, 0},
	{"--dir", add_directory, NULL, 0},
	{"--file", add_file, NULL, 0},
	{"--file-fd", add_data, NULL, 0},
	{"--symlink", add_link, NULL, 0},
	{"--hide", add_hide, NULL, 0},
};

int options_add_files(const struct adding *a, const cli_words *words, struct error *err)
{
	for (size_t i = 0; i < words->count; i++) {
		const struct cli_word *word = &words->at[i];
		struct file_flag flag = {.kind = kinds, .word = word, .from = options_origin(a->arena, word)};

		while (strcmp(flag.kind->name, word->option) != 0)
			flag.kind++;
		TRY(flag.kind->add(a, &flag, err));
	}
	return 0;
}
