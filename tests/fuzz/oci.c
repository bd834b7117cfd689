// SPDX-License-Identifier: Apache-2.0
/* config.json, and the file of --seccomp. */
#include <stdlib.h>
#include <string.h>

#include "config/oci.h"

/* What the parts rely on. */
static void check_request(const struct request *request)
{
	if (request->process.args.count == 0 || request->process.cwd[0] != '/' || request->root.path[0] != '/')
		abort();
	for (size_t i = 0; i < request->mounts.count; i++) {
		const struct request_mount *mount = &request->mounts.at[i];

		if (mount->destination[0] != '/' || strstr(mount->destination, "/../") != NULL || mount->from == NULL)
			abort();
	}
	for (size_t i = 0; i < request->process.env.count; i++) {
		if (strchr(request->process.env.at[i], '=') == NULL)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request request;
	struct oci_seccomp_text file = {.text = (const char *)data, .length = size, .name = "fuzz.json"};
	struct request_seccomp seccomp = {0};
	struct arena arena = {0};
	struct error err = {0};

	if (arena_create(&arena, &err) < 0)
		abort();
	memset(&request, 0, sizeof(request));
	if (oci_parse((const char *)data, size, "/bundle", &arena, &request, &err) == 0)
		check_request(&request);
	else if (err.kind != ERROR_CONFIG || strncmp(err.what, "config.json:", 12) != 0)
		abort();
	if (oci_parse_seccomp(&file, &arena, &seccomp, &err) < 0 && err.kind != ERROR_CONFIG)
		abort();
	arena_destroy(&arena);
	return 0;
}
