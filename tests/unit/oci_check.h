// SPDX-License-Identifier: Apache-2.0
/* For the tests of config/oci*.c: fragments of JSON in an otherwise good configuration. */
#ifndef CASEMATE_TESTS_OCI_CHECK_H
#define CASEMATE_TESTS_OCI_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "config/oci.h"

static struct arena arena;
static struct error err;
static struct request req;

static int parse(const char *text, size_t length)
{
	/* An exact copy: the sanitizer sees a read behind the end. */
	char *copy = malloc(length == 0 ? 1 : length);

	memcpy(copy, text, length);
	arena_destroy(&arena);
	if (arena_create(&arena, &err) < 0)
		abort();
	memset(&req, 0, sizeof(req));
	memset(&err, 0, sizeof(err));
	int result = oci_parse(copy, length, "/bundle", &arena, &req, &err);
	free(copy);
	return result;
}

/* Where a fragment of JSON is put into an otherwise good configuration. */
enum place { TOP, PROCESS, USER, LINUX, RESOURCES, MOUNT, SECCOMP, DOCUMENT };

static const char *const frames[] = {
	[TOP] = "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"user\":{\"uid\":1,\"gid\":2},"
		"\"args\":[\"sh\"],\"cwd\":\"/\"},%s}",
	[PROCESS] = "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"user\":{\"uid\":1,"
		    "\"gid\":2},\"args\":[\"sh\"],\"cwd\":\"/\",%s}}",
	[USER] = "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"user\":{%s},"
		 "\"args\":[\"sh\"],\"cwd\":\"/\"}}",
	[LINUX] =
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"user\":{\"uid\":1,\"gid\":2},"
		"\"args\":[\"sh\"],\"cwd\":\"/\"},\"linux\":{%s}}",
	[RESOURCES] = "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"user\":{\"uid\":1,"
		      "\"gid\":2},\"args\":[\"sh\"],\"cwd\":\"/\"},\"linux\":{\"resources\":{%s}}}",
	[MOUNT] =
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"user\":{\"uid\":1,\"gid\":2},"
		"\"args\":[\"sh\"],\"cwd\":\"/\"},\"mounts\":[{%s}]}",
	[SECCOMP] = "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"user\":{\"uid\":1,"
		    "\"gid\":2},\"args\":[\"sh\"],\"cwd\":\"/\"},\"linux\":{\"seccomp\":{%s}}}",
	[DOCUMENT] = "%s",
};

static bool reads(enum place place, const char *fragment)
{
	const char *frame = frames[place];
	const char *gap = strstr(frame, "%s");
	char text[4096];

	snprintf(text, sizeof(text), "%.*s%s%s", (int)(gap - frame), frame, fragment, gap + 2);
	if (parse(text, strlen(text)) == 0)
		return true;
	printf("# refused: %s\n", err.what);
	return false;
}

struct refusal {
	enum place place;
	const char *fragment;
	const char *message;
};

static void check_refusals(const struct refusal *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *frame = frames[rows[i].place];
		const char *gap = strstr(frame, "%s");
		char text[4096];

		snprintf(text, sizeof(text), "%.*s%s%s", (int)(gap - frame), frame, rows[i].fragment, gap + 2);
		bool refused = parse(text, strlen(text)) < 0;
		bool good = refused && err.kind == ERROR_CONFIG && strstr(err.what, rows[i].message) != NULL;
		if (!CHECK(good))
			printf("# %s: %s\n", rows[i].fragment, refused ? err.what : "accepted");
	}
}
#define CHECK_REFUSALS(rows) check_refusals((rows), sizeof(rows) / sizeof((rows)[0]))

#endif
