// SPDX-License-Identifier: Apache-2.0
/*
 * filter_cost CONFIG: prints how many microseconds it takes to compile the seccomp rules of a config.json and to
 * simulate the result, in a process that does it for the first time: nothing is in the caches that a launch would not
 * have there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "base/fd.h"
#include "config/oci.h"
#include "parts/filter_check.h"
#include "parts/filter_compile.h"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int measure(const char *path, struct arena *arena, struct error *err)
{
	static struct request request;
	struct filter_rules rules;
	struct sock_filter *code;
	size_t length;
	uint32_t count;
	char *text;

	TRY(file_read(AT_FDCWD, path, 1 << 20, arena, &text, &length, err));
	TRY(oci_parse(text, length, "/bundle", arena, &request, err));
	if (request.linux_.seccomp == NULL)
		return error_set(err, ERROR_CONFIG, 0, "%s has no seccomp rules", path);
	double start = now();
	TRY(filter_rules_read(request.linux_.seccomp, syscalls_native(), NULL, 0, arena, &rules, err));
	TRY(filter_compile(&rules, arena, &code, &count, err));
	TRY(filter_check(&rules, code, count, arena, err));
	printf("%.0f\n", now() - start);
	return 0;
}

int main(int argc, char **argv)
{
	struct arena arena;
	struct error err = {0};

	if (argc == 2 && arena_create(&arena, &err) == 0 && measure(argv[1], &arena, &err) == 0)
		return 0;
	fprintf(stderr, "filter_cost: %s\n", argc == 2 ? err.what : "usage: filter_cost CONFIG");
	return 1;
}
