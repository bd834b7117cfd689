// SPDX-License-Identifier: Apache-2.0
#include "parts/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

enum { HEAD = 4096, SCRIPT_LEVELS = 5 };

/* The start of a file: a '#!' line, or an ELF header with the program headers behind it. */
union head {
	char text[HEAD + 1];
	Elf64_Ehdr elf;
};

int program_open(const char *path, struct stat *ret_status, struct error *err)
{
	AUTOCLOSE int fd = sys_openat2(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_MAGICLINKS);

	if (fd < 0 && errno == ELOOP) {
		error_set(err, ERROR_NOT_EXECUTABLE, ELOOP, "cannot execute '%s'", path);
		return error_hint(err, "it leads through a link of procfs, or round in circles");
	}
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES)
		return error_set(err, ERROR_NOT_EXECUTABLE, errno, "cannot execute '%s'", path);
	if (fd < 0)
		return -2;
	/* execvp(3) passes over directories on PATH as well. */
	if (fstat(fd, ret_status) < 0 || S_ISDIR(ret_status->st_mode)) {
		errno = EISDIR;
		return -2;
	}
	/* As its user by now: what is known here is known to `create`. Where the call is missing, execve(2) says it. */
	if (faccessat(fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) < 0 && errno == EACCES)
		return -2;
	return fd_take(&fd);
}

static int missing(const char *path, const char *what, const char *interpreter, int reason, struct error *err)
{
	if (reason == ENOENT) {
		error_set(err, ERROR_NOT_FOUND, ENOENT, "cannot execute '%s': its %s '%s' is missing in the container",
			  path, what, interpreter);
		error_lacks(err, interpreter);
		return error_hint(err, "add it to the container, with what it needs itself");
	}
	return error_set(err, ERROR_NOT_EXECUTABLE, reason, "cannot execute '%s': its %s '%s' cannot be used", path,
			 what, interpreter);
}

/* The kernel resolves the interpreter by name while /proc/self/exe is still the launcher: never through such a link. */
static int check_interpreter(const char *path, const char *what, const char *interpreter, struct error *err)
{
	AUTOCLOSE int fd = sys_openat2(AT_FDCWD, interpreter, O_PATH, 0, RESOLVE_NO_MAGICLINKS);

	return fd >= 0 ? 0 : missing(path, what, interpreter, errno, err);
}

/* Where the path of the dynamic loader stands in the file, by the program headers at the start of it; 0 for none. */
static off_t find_interpreter(const union head *head, size_t *ret_length)
{
	const Elf64_Ehdr *elf = &head->elf;
	Elf64_Phdr header;

	/* Foreign classes and machines are execve(2)'s to refuse: it knows binfmt_misc. */
	if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_phentsize != sizeof(header) ||
	    elf->e_phoff + (uint64_t)elf->e_phnum * sizeof(header) > HEAD || elf->e_phoff > HEAD)
		return 0;
	for (size_t i = 0; i < elf->e_phnum; i++) {
		memcpy(&header, head->text + elf->e_phoff + i * sizeof(header), sizeof(header));
		if (header.p_type == PT_INTERP && header.p_filesz > 1 && header.p_filesz <= PATH_MAX) {
			*ret_length = header.p_filesz;
			return (off_t)header.p_offset;
		}
	}
	return 0;
}

static int check_elf(int file, const char *path, const union head *head, struct error *err)
{
	char interpreter[PATH_MAX];
	size_t length = 0;
	off_t at = find_interpreter(head, &length);

	if (at <= 0 || pread(file, interpreter, length, at) != (ssize_t)length)
		return 0;
	interpreter[length - 1] = '\0';
	return check_interpreter(path, "ELF interpreter", interpreter, err);
}

static int check_content(int file, const char *path, int level, struct error *err);

/* The interpreter of a script may be a script itself; the kernel follows a few of them (execve(2)). */
static int check_script(const char *path, char *head, int level, struct error *err)
{
	char *start = head + 2 + strspn(head + 2, " \t");

	start[strcspn(start, " \t\n")] = '\0';
	if (start[0] == '\0')
		return 0;
	if (level == SCRIPT_LEVELS)
		return error_set(err, ERROR_NOT_EXECUTABLE, ELOOP, "cannot execute '%s'", path);
	TRY(check_interpreter(path, "script interpreter", start, err));
	AUTOCLOSE int file = sys_openat2(AT_FDCWD, start, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_NO_MAGICLINKS);
	return file < 0 ? 0 : check_content(file, start, level + 1, err);
}

static int check_content(int file, const char *path, int level, struct error *err)
{
	union head head = {.text = {0}};
	ssize_t length = pread(file, head.text, HEAD, 0);

	if (length > 2 && memcmp(head.text, "#!", 2) == 0)
		return check_script(path, head.text, level, err);
	if (length >= (ssize_t)sizeof(head.elf) && memcmp(head.elf.e_ident, ELFMAG, SELFMAG) == 0)
		return check_elf(file, path, &head, err);
	return 0;
}

int program_check(const struct stat *program, const char *path, struct error *err)
{
	struct stat reopened;

	/* A FIFO or device is not opened for reading: that could block for ever. */
	if (!S_ISREG(program->st_mode))
		return error_set(err, ERROR_NOT_EXECUTABLE, EACCES, "cannot execute '%s'", path);
	AUTOLEAVE int file = sys_openat2(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_NO_MAGICLINKS);
	/* A program may be executable and not readable. */
	if (file < 0)
		return errno == EACCES ? 0 : error_set(err, ERROR_NOT_EXECUTABLE, errno, "cannot execute '%s'", path);
	if (fstat(file, &reopened) < 0 || reopened.st_dev != program->st_dev || reopened.st_ino != program->st_ino)
		return error_set(err, ERROR_NOT_EXECUTABLE, 0, "'%s' was replaced while it was being executed", path);
	return check_content(file, path, 0, err);
}
