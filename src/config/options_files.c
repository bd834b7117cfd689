// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "config/options_add.h"
#include "config/options_order.h"

enum { FILE_BYTES = 16 << 20 };

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

struct file_flag {
	const char *name;
	const char *options; /* of the bind mount; NULL: another kind */
	uint32_t special;
};

static const struct file_flag file_flags[] = {
	{"--ro", OPTIONS_BIND_RO, 0},
	{"--ro-try", OPTIONS_BIND_RO, MOUNT_SPECIAL_OPTIONAL},
	{"--rw", OPTIONS_BIND_RW, 0},
	{"--rw-try", OPTIONS_BIND_RW, MOUNT_SPECIAL_OPTIONAL},
	{"--dev", "bind,nosuid,noexec", MOUNT_SPECIAL_DEVICE},
	{"--dev-try", "bind,nosuid,noexec", MOUNT_SPECIAL_DEVICE | MOUNT_SPECIAL_OPTIONAL},
	{"--tmp-overlay", OPTIONS_BIND_RO, MOUNT_SPECIAL_OVERLAY},
	{"--tmpfs", NULL, 0},
	{"--file", NULL, 0},
	{"--symlink", NULL, 0},
	{"--hide", NULL, 0},
};

static int add_bind(const struct adding *a, const struct cli_word *word, const struct file_flag *flag, origin from,
		    struct error *err)
{
	const char *source, *target;

	split(a->arena, word->value, &source, &target);
	source = options_path(a->arena, a->host->cwd, source);
	TRY(options_check_target(word, target != NULL ? target : source, err));
	struct request_mount *mount = options_add_mount(
		a->arena, a->request, options_path(a->arena, "/", target != NULL ? target : source), from);
	mount->source = source;
	mount->type = "bind";
	options_apply_words(a->arena, mount, flag->options);
	mount->special |= flag->special;
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

static int add_tmpfs(const struct adding *a, const struct cli_word *word, origin from, struct error *err)
{
	const char *target, *options;

	split(a->arena, word->value, &target, &options);
	TRY(options_check_target(word, target, err));
	if (options != NULL)
		TRY(check_tmpfs_words(word, a->arena, options, err));
	struct request_mount *mount =
		options_add_mount(a->arena, a->request, options_path(a->arena, "/", target), from);
	mount->type = "tmpfs";
	mount->source = "tmpfs";
	options_apply_words(a->arena, mount, "nosuid,nodev");
	options_apply_words(a->arena, mount, options != NULL ? options : "mode=1777");
	return 0;
}

static int add_made(const struct adding *a, const struct cli_word *word, origin from, struct error *err)
{
	const char *text, *target;
	char *content;
	size_t length;

	split(a->arena, word->value, &text, &target);
	TRY(options_check_target(word, target, err));
	target = options_path(a->arena, "/", target);
	if (strcmp(word->option, "--symlink") == 0) {
		options_add_mount(a->arena, a->request, target, from)->link = text;
		return 0;
	}
	if (file_read(AT_FDCWD, text, FILE_BYTES, a->arena, &content, &length, err) < 0)
		return error_wrap(err, "--file");
	struct request_mount *mount = options_add_mount(a->arena, a->request, target, from);
	mount->content = content;
	mount->content_length = length;
	/* A script stays one that can be started. */
	mount->mode = faccessat(AT_FDCWD, text, X_OK, AT_EACCESS) == 0 ? 0755 : 0644;
	return 0;
}

/* Named as --ro without DST names it. What covers a default, and nothing of the host, may be made: options_order(). */
static int add_hide(const struct adding *a, const struct cli_word *word, origin from, struct error *err)
{
	const char *target, *more;

	split(a->arena, word->value, &target, &more);
	if (more != NULL || target[0] == '\0')
		return error_set(err, ERROR_USAGE, 0, "--hide %s: expected one path", word->value);
	target = options_path(a->arena, a->host->cwd, target);
	struct request_mount *mount = options_add_mount(a->arena, a->request, target, from);
	mount->hide = true;
	mount->special = MOUNT_SPECIAL_NO_CREATE;
	return 0;
}

int options_add_files(const struct adding *a, const cli_words *words, struct error *err)
{
	for (size_t i = 0; i < words->count; i++) {
		const struct cli_word *word = &words->at[i];
		const struct file_flag *flag = file_flags;
		origin from = options_origin(a->arena, word);

		while (strcmp(flag->name, word->option) != 0)
			flag++;
		if (flag->options != NULL)
			TRY(add_bind(a, word, flag, from, err));
		else if (strcmp(word->option, "--hide") == 0)
			TRY(add_hide(a, word, from, err));
		else if (strcmp(word->option, "--tmpfs") == 0)
			TRY(add_tmpfs(a, word, from, err));
		else
			TRY(add_made(a, word, from, err));
	}
	return 0;
}
