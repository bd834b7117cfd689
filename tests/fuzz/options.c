// SPDX-License-Identifier: Apache-2.0
/* The command line of `casemate sandbox`: words with a 0 byte between them. */
#include <stdlib.h>
#include <string.h>

#include "config/options.h"

enum { MOST_WORDS = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was typed, every place is absolute, unique and behind its parents. */
static void check_request(const struct request *request)
{
	for (size_t i = 0; i < request->mounts.count; i++) {
		const struct request_mount *mount = &request->mounts.at[i];

		if (mount->destination[0] != '/' || strstr(mount->destination, "/../") != NULL || mount->from == NULL)
			abort();
		for (size_t other = 0; other < i; other++) {
			const char *before = request->mounts.at[other].destination;
			size_t length = strlen(mount->destination);

			if (strncmp(before, mount->destination, length) == 0 &&
			    (before[length] == '/' || before[length] == '\0'))
				abort();
		}
	}
	if (!request->process.no_new_privileges || !request->sandbox.given || request->process.cwd[0] != '/')
		abort();
}

/* A fuzzer must not read the files that it makes up. */
static bool reads_files(const struct sandbox_options *options)
{
	for (size_t i = 0; i < options->files.count; i++)
		if (strcmp(options->files.at[i].option, "--file") == 0 ||
		    strstr(options->files.at[i].option, "-fd") != NULL)
			return true;
	return options->seccomp != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cli cli = {"sandbox", "", sandbox_options, CLI_IN_FRONT};
	struct arena arena = {0};
	struct error err = {0};
	struct sandbox_options options = {0};
	struct request request = {0};
	struct host host = {.uid = 1000, .gid = 1000, .cwd = "/home/me"};
	char *words[MOST_WORDS + 1] = {0}, **program;

	if (arena_create(&arena, &err) < 0)
		abort();
	*LIST_ADD(&arena, &host.directories) = (struct host_directory){.path = "/usr"};
	*LIST_ADD(&arena, &host.directories) = (struct host_directory){.path = "/bin", .link = "usr/bin"};
	for (size_t count = 0, at = 0; count < MOST_WORDS && at < size; count++) {
		size_t length = strnlen((const char *)data + at, size - at);

		words[count] = arena_strndup(&arena, (const char *)data + at, length);
		at += length + 1;
	}
	if (cli_parse(&cli, words, &options, &arena, &program, &err) == 0 && !reads_files(&options) &&
	    options_request(&options, program, &host, &arena, &request, &err) == 0)
		check_request(&request);
	arena_destroy(&arena);
	return 0;
}
