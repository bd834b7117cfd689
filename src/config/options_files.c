// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/options_add.h"
#include "config/options_order.h"

enum { FILE_BYTES = 16 << 20, ANY_EXEC = 0111 };

/* Splits "A:B" at the first ':' that is not escaped as "\:", and removes the escapes. *@ret_second is NULL without one.
 */
static void split(struct arena *arena, const char *text, const char **ret_first, const char **ret_second)
{
	char *copy = arena_strdup(arena, text);
	char *to = copy;

	*ret_first = copy;
	*ret_second = NULL;
	for (const char *at = text; *at != '\0'; at++) {
		if (at[0] == '\\' && at[1] == ':') {
			*to++ = *++at;
		} else if (*at == ':' && *ret_second == NULL) {
			*to++ = '\0';
			*ret_second = to;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
}

int options_check_target(const struct cli_word *word, const char *path, struct error *err)
{
	if (path == NULL || path[0] != '/')
		return error_set(err, ERROR_USAGE, 0, "%s %s: the place in the sandbox must be an absolute path",
				 word->option, word->value);
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

/* A number means nothing later, so what it is now is told beside it. */
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
	bind(a, flag, arena_printf(a->arena, "descriptor %d (%s)", fd, name), mount);
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

/* Named as --ro without DST names it. What covers a default, and nothing of the host, may be made: options_order(). */
static int add_hide(const struct adding *a, const struct file_flag *flag, struct error *err)
{
	const struct cli_word *word = flag->word;
	const char *target, *more;

	split(a->arena, word->value, &target, &more);
	if (more != NULL || target[0] == '\0')
		return error_set(err, ERROR_USAGE, 0, "--hide %s: expected one path", word->value);
	target = options_path(a->arena, a->host->cwd, target);
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
	{"--tmp-overlay", add_bind, OPTIONS_BIND_RO, MOUNT_SPECIAL_OVERLAY},
	{"--tmpfs", add_tmpfs, NULL, 0},
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
