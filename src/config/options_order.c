// SPDX-License-Identifier: Apache-2.0
#include "config/options_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

const char *options_path(struct arena *arena, const char *cwd, const char *path)
{
	char *whole = path[0] == '/' ? arena_strdup(arena, path) : arena_printf(arena, "%s/%s", cwd, path);
	char *out = arena_alloc(arena, strlen(whole) + 2), *word;
	size_t length = 0;

	while ((word = strsep(&whole, "/")) != NULL) {
		if (word[0] == '\0' || strcmp(word, ".") == 0)
			continue;
		if (strcmp(word, "..") == 0) {
			out[length] = '\0';
			char *slash = strrchr(out, '/');
			length = slash != NULL ? (size_t)(slash - out) : 0;
			out[length] = '\0';
			continue;
		}
		out[length++] = '/';
		memcpy(out + length, word, strlen(word) + 1);
		length += strlen(word);
	}
	return length == 0 ? "/" : out;
}

static size_t depth(const char *path)
{
	size_t count = 0;

	for (; *path != '\0'; path++)
		count += *path == '/' && path[1] != '\0';
	return count;
}

static int by_depth(const void *a, const void *b)
{
	const struct request_mount *first = a, *second = b;
	size_t one = depth(first->destination), two = depth(second->destination);

	if (one != two)
		return one < two ? -1 : 1;
	return strcmp(first->destination, second->destination);
}

static bool is_default(const struct request_mount *mount)
{
	return strcmp(mount->from, "default") == 0;
}

/*
 * What a flag shows of the host is shown as it is: nothing of ours is put into it. What a flag hides stays hidden, and
 * its place may be made: with the default there was something to hide.
 */
static bool is_shadowed(struct request_mount *mounts, size_t count, const struct request_mount *mount)
{
	for (size_t i = 0; i < count; i++) {
		if (is_default(&mounts[i]) || !path_is_below(mount->destination, mounts[i].destination))
			continue;
		if (mounts[i].hide)
			mounts[i].special &= ~(uint32_t)MOUNT_SPECIAL_NO_CREATE;
		if (mounts[i].bind || mounts[i].hide)
			return true;
	}
	return false;
}

/* A flag takes the place of a default, and may be made where that would have been; two flags for one place mean that
 * somebody is mistaken. */
static int take_place(const struct request_mount *other, struct request_mount *same, struct error *err)
{
	const struct request_mount *flag = is_default(same) ? other : same;

	if (!is_default(same) && !is_default(other))
		return error_set(err, ERROR_USAGE, 0, "both '%s' and '%s' are for %s", same->from, other->from,
				 same->destination);
	if (flag->directory)
		return error_set(err, ERROR_USAGE, 0, "%s: something is there already", flag->from);
	*same = *flag;
	if (same->hide)
		same->special &= ~(uint32_t)MOUNT_SPECIAL_NO_CREATE;
	return 0;
}

/* Parents first. */
static int put_in_order(struct request *request, struct error *err)
{
	struct request_mount *at = request->mounts.at;
	size_t kept = 0;

	qsort(at, request->mounts.count, sizeof(*at), by_depth);
	for (size_t i = 0; i < request->mounts.count; i++) {
		struct request_mount *same = kept > 0 ? &at[kept - 1] : NULL;

		if (is_default(&at[i]) && is_shadowed(at, kept, &at[i]))
			continue;
		if (same == NULL || strcmp(same->destination, at[i].destination) != 0)
			at[kept++] = at[i];
		else
			TRY(take_place(&at[i], same, err));
	}
	request->mounts.count = kept;
	return 0;
}

static const struct request_mount *link_above(const struct request *request, const char *path)
{
	for (size_t i = 0; i < request->mounts.count; i++)
		if (request->mounts.at[i].link != NULL && path_is_below(path, request->mounts.at[i].destination))
			return &request->mounts.at[i];
	return NULL;
}

/*
 * A place behind one of the sandbox's own links (/bin, /var/run, --symlink) is named by where the link leads: then
 * order and the rules for directories of the host hold for the place that is really meant. *@ret_moved: there was one.
 */
static int follow_links(struct request *request, struct arena *arena, bool *ret_moved, struct error *err)
{
	enum { MOST_LINKS = 40 };

	for (size_t i = 0; i < request->mounts.count; i++) {
		struct request_mount *mount = &request->mounts.at[i];
		const struct request_mount *link;
		size_t hops = 0;

		while ((link = link_above(request, mount->destination)) != NULL) {
			const char *slash = strrchr(link->destination, '/');
			const char *parent =
				arena_strndup(arena, link->destination, (size_t)(slash - link->destination));
			const char *rest = mount->destination + strlen(link->destination);

			if (++hops > MOST_LINKS)
				return error_set(err, ERROR_USAGE, ELOOP, "%s", mount->from);
			mount->destination = options_path(arena, parent, arena_printf(arena, "%s%s", link->link, rest));
			*ret_moved = true;
		}
	}
	return 0;
}

bool options_is_made(const struct request_mount *mount)
{
	return mount->content != NULL || mount->link != NULL || mount->directory;
}

/* What is made by us in a directory of the host would stay there when the sandbox is gone. */
static int check_made(const struct request *request, struct error *err)
{
	const struct request_mount *at = request->mounts.at;

	for (size_t i = 0; i < request->mounts.count; i++)
		for (size_t above = 0; options_is_made(&at[i]) && above < i; above++)
			if (at[above].bind && path_is_below(at[i].destination, at[above].destination))
				return error_set(err, ERROR_USAGE, 0,
						 "%s: it would be left in a directory of the host, '%s'", at[i].from,
						 at[above].source);
	return 0;
}

int options_order(struct request *request, struct arena *arena, struct error *err)
{
	bool moved = false;

	TRY(put_in_order(request, err));
	TRY(follow_links(request, arena, &moved, err));
	if (moved)
		TRY(put_in_order(request, err));
	return check_made(request, err);
}
