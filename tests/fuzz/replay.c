// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a fuzz target on the files of a corpus, for `make check`: no fuzzing engine needed. Each file is given whole,
 *and small ones also cut off after every byte, because the end of the input is where a parser is hurt.
 *
 *	PROGRAM DIRECTORY		prints TAP
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CUT_UP_TO = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly @size bytes, so that AddressSanitizer sees the first byte read behind it. */
static void replay_bytes(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static uint8_t *read_whole(int directory, const char *name, size_t *ret_size)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	struct stat info;
	uint8_t *data = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		size_t room = (size_t)info.st_size;

		data = malloc(room ? room : 1);
		if (data && read(fd, data, room) != (ssize_t)room) {
			free(data);
			data = NULL;
		}
		*ret_size = room;
	}
	close(fd);
	return data;
}

static int replay_file(int directory, const char *name)
{
	size_t size = 0;
	uint8_t *data = read_whole(directory, name, &size);

	if (!data)
		return -1;
	if (size <= CUT_UP_TO)
		for (size_t length = 0; length < size; length++)
			replay_bytes(data, length);
	replay_bytes(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	int number = 0;

	if (!directory) {
		printf("Bail out! cannot open the corpus %s\n", argc == 2 ? argv[1] : "(none given)");
		return 1;
	}
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		printf("%s %d - %s\n", replay_file(dirfd(directory), entry->d_name) < 0 ? "not ok" : "ok", ++number,
		       entry->d_name);
		(void)fflush(stdout);
	}
	closedir(directory);
	if (!number)
		printf("not ok %d - the corpus has a file\n", ++number);
	printf("1..%d\n", number);
	return 0;
}
