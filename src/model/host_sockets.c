// SPDX-License-Identifier: Apache-2.0
#include "model/host_sockets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <limits.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

#ifndef BTRFS_SUPER_MAGIC
#define BTRFS_SUPER_MAGIC 0x9123683E
#endif

enum {
	ANSWER = 32768,
	SEARCHED = 4096, /* entries of one tree that are looked at for a socket without a name that leads to it */
	DEEPEST = 64,
	HIGHEST = PATH_MAX / 2, /* directories that can be above a file with a name */
	MINOR_BITS = 20,        /* the kernel's own dev_t, as UNIX_DIAG_VFS has it */
};

/* A socket that somebody listens on, or that takes datagrams. */
struct found {
	const char *name; /* as it was bound; NULL where that is no absolute path */
	uint64_t device;
	uint32_t inode; /* the lower half is all that the kernel tells */
};
typedef LIST(struct found) found_list;

/* ---- asking the kernel */

static int ask(int netlink)
{
	const struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} question = {
		.header = {.nlmsg_len = sizeof(question),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = AF_UNIX,
			    .udiag_states = 1U << TCP_LISTEN | 1U << TCP_CLOSE,
			    .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS},
	};

	return send(netlink, &question, sizeof(question), 0) == (ssize_t)sizeof(question) ? 0 : -1;
}

static void add_socket(struct nlmsghdr *message, found_list *list, struct arena *arena)
{
	struct unix_diag_msg *body = NLMSG_DATA(message);
	size_t left = message->nlmsg_len - NLMSG_LENGTH(sizeof(*body));
	struct unix_diag_vfs vfs = {0};
	const char *name = NULL;

	for (struct rtattr *at = (void *)(body + 1); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		const char *data = RTA_DATA(at);

		if (at->rta_type == UNIX_DIAG_VFS && RTA_PAYLOAD(at) >= sizeof(vfs))
			memcpy(&vfs, data, sizeof(vfs));
		if (at->rta_type == UNIX_DIAG_NAME && RTA_PAYLOAD(at) > 0 && data[0] == '/')
			name = arena_strndup(arena, data, strnlen(data, RTA_PAYLOAD(at)));
	}
	if (vfs.udiag_vfs_ino != 0)
		*LIST_ADD(arena, list) = (struct found){
			.name = name,
			.device =
				makedev(vfs.udiag_vfs_dev >> MINOR_BITS, vfs.udiag_vfs_dev & ((1U << MINOR_BITS) - 1)),
			.inode = vfs.udiag_vfs_ino,
		};
}

/* Returns 1 at the end of the answer, 0 when more comes, -1 when the kernel does not answer. */
static int take_answer(int netlink, found_list *list, struct arena *arena)
{
	/* Static, as what is large: of the stack every page would be cleared, and here only those that are used. */
	static char answer[ANSWER] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t got = recv(netlink, answer, sizeof(answer), 0);
	size_t left = got > 0 ? (size_t)got : 0;

	if (got <= 0)
		return got < 0 && errno == EINTR ? 0 : -1;
	for (struct nlmsghdr *at = (void *)answer; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
		if (at->nlmsg_type == NLMSG_DONE)
			return 1;
		if (at->nlmsg_type == NLMSG_ERROR)
			return -1;
		if (at->nlmsg_type == SOCK_DIAG_BY_FAMILY)
			add_socket(at, list, arena);
	}
	return 0;
}

static int list_sockets(found_list *list, struct arena *arena)
{
	AUTOCLOSE int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int state = netlink < 0 || ask(netlink) < 0 ? -1 : 0;

	while (state == 0)
		state = take_answer(netlink, list, arena);
	return state < 0 ? -1 : 0;
}

/* ---- what is judged */

typedef LIST(struct host_object *) object_list;

static void add_judged(object_list *list, struct host_object *object, struct arena *arena)
{
	if (object->real != NULL && (S_ISDIR(object->mode) || S_ISSOCK(object->mode)))
		*LIST_ADD(arena, list) = object;
}

static object_list list_judged(struct host *host, struct arena *arena)
{
	object_list list = {0};

	add_judged(&list, &host->root, arena);
	for (size_t i = 0; i < host->sources.count; i++)
		if (!host->sources.at[i].is_default)
			add_judged(&list, &host->sources.at[i], arena);
	for (size_t i = 0; i < host->submounts.count; i++)
		add_judged(&list, &host->submounts.at[i], arena);
	return list;
}

/* Some file systems show each file a device number that is not the superblock's. */
static bool may_hold(const struct host_object *object, const struct found *found)
{
	return object->device == found->device || object->magic == BTRFS_SUPER_MAGIC ||
	       object->magic == OVERLAYFS_SUPER_MAGIC;
}

static bool any_may_hold(const object_list *judged, const struct found *found)
{
	for (size_t i = 0; i < judged->count; i++)
		if (may_hold(judged->at[i], found))
			return true;
	return false;
}

static void mark(const object_list *judged, const struct stat *status, const char *socket)
{
	for (size_t i = 0; i < judged->count; i++)
		if (judged->at[i]->device == status->st_dev && judged->at[i]->inode == status->st_ino)
			judged->at[i]->socket = socket;
}

/* ---- by name, and up from there */

/* Every directory above @real, as what it is: those that are bound are among them under any name. */
static void mark_above(const object_list *judged, const char *real)
{
	char directory[PATH_MAX];
	struct stat status, before = {0};
	size_t length = (size_t)(strrchr(real, '/') - real) + 1;

	snprintf(directory, sizeof(directory), "%.*s.", (int)length, real);
	AUTOCLOSE int at = openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < HIGHEST && at >= 0 && fstat(at, &status) == 0; i++) {
		if (status.st_dev == before.st_dev && status.st_ino == before.st_ino)
			break;
		mark(judged, &status, real);
		before = status;
		int next = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd_close(&at);
		at = next;
	}
}

/* Whether the name leads to the socket that is meant, and no other does; it may have been bound in another root or
 * working directory. */
static bool mark_by_name(const object_list *judged, const struct found *found, struct arena *arena)
{
	char real[PATH_MAX];
	struct stat status;
	AUTOCLOSE int fd = found->name == NULL ? -1 : openat(AT_FDCWD, found->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode) || (uint32_t)status.st_ino != found->inode)
		return false;
	if (fd_name(fd, real, sizeof(real)) < 0 || real[0] != '/')
		return false;
	const char *kept = arena_strdup(arena, real);
	mark(judged, &status, kept);
	mark_above(judged, kept);
	return status.st_nlink == 1;
}

/* ---- by number, down from what is bound */

struct search {
	struct host_object *object;
	const found_list *nameless;
	int left;
	bool missed; /* something that may hold one */
	struct arena *arena;
};

static bool is_nameless(const struct search *search, uint64_t inode)
{
	for (size_t i = 0; i < search->nameless->count; i++)
		if (search->nameless->at[i].inode == (uint32_t)inode &&
		    may_hold(search->object, &search->nameless->at[i]))
			return true;
	return false;
}

static void search_directory(struct search *search, int directory, int depth);

/* It is gone, or a file or link where the file system does not tell types; what is mounted below is judged by itself.
 */
static bool is_nothing_of_this_tree(int reason)
{
	return reason == ENOENT || reason == ENOTDIR || reason == ELOOP || reason == EXDEV;
}

static void search_entry(struct search *search, int directory, const struct dirent *entry, int depth)
{
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return;
	if ((entry->d_type == DT_SOCK || entry->d_type == DT_UNKNOWN) && is_nameless(search, entry->d_ino))
		search->object->socket = arena_strdup(search->arena, entry->d_name);
	if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return;
	AUTOCLOSE int below = sys_openat2(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK, 0,
					  RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (below >= 0)
		search_directory(search, below, depth + 1);
	else if (!is_nothing_of_this_tree(errno))
		search->missed = true;
}

static void search_directory(struct search *search, int directory, int depth)
{
	char block[2048] __attribute__((aligned(8)));
	long got = depth > DEEPEST ? -1 : 1;

	while (search->left > 0 && got > 0) {
		got = fd_list(directory, block, sizeof(block));
		if (got < 0 && errno == ENOENT)
			got = 0; /* it was removed */
		for (long at = 0; at < got && search->left > 0;) {
			const struct dirent *entry = (const void *)(block + at);

			at += entry->d_reclen;
			search->left--;
			search_entry(search, directory, entry, depth);
		}
	}
	search->missed = search->missed || got != 0;
}

static void search_object(struct host_object *object, const found_list *nameless, struct arena *arena)
{
	struct search search = {.object = object, .nameless = nameless, .left = SEARCHED, .arena = arena};
	bool possible = false;

	for (size_t i = 0; i < nameless->count; i++)
		possible = possible || may_hold(object, &nameless->at[i]);
	if (!possible || object->socket != NULL)
		return;
	if (S_ISSOCK(object->mode)) {
		object->socket = is_nameless(&search, object->inode) ? object->real : NULL;
		return;
	}
	AUTOCLOSE int directory = openat(AT_FDCWD, object->real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory >= 0)
		search_directory(&search, directory, 0);
	object->unsearched = directory < 0 || search.missed;
}

void host_probe_sockets(struct host *host, struct arena *arena)
{
	object_list judged = list_judged(host, arena);
	found_list found = {0}, nameless = {0};

	if (judged.count == 0)
		return;
	host->sockets_unknown = list_sockets(&found, arena) < 0;
	for (size_t i = 0; i < found.count; i++)
		if (any_may_hold(&judged, &found.at[i]) && !mark_by_name(&judged, &found.at[i], arena))
			*LIST_ADD(arena, &nameless) = found.at[i];
	for (size_t i = 0; i < judged.count && nameless.count > 0; i++)
		search_object(judged.at[i], &nameless, arena);
}
