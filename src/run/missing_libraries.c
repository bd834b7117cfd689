// SPDX-License-Identifier: Apache-2.0
#include "run/missing_libraries.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/elf.h"
#include "base/fd.h"
#include "base/ld_cache.h"
#include "base/printable.h"
#include "base/sys.h"
#include "run/view.h"

enum {
	MOST_OBJECTS = 128,
	MOST_LOOKS = 20000,
	MOST_LINES = 8,
	MOST_LINKS = 8,
	SCRIPT_LEVELS = 5,
	SCRIPT_HEAD = 256,
	CACHE_BYTES = 8 << 20
};

/* A program or library, and whoever links it: a DT_RPATH holds for all that is linked below. */
struct object {
	const char *name;
	const char *inside;
	const char *host;
	struct elf_needs needs;
	const struct object *parent;
};

/* What looking for one library came to. */
struct outcome {
	bool found;
	struct view_file file; /* where it is; not `found`: where it would be, once its host shows it */
	bool on_host;          /* only there */
	bool by_variable;      /* where the caller's LD_LIBRARY_PATH leads */
	bool unsure;           /* a search path cannot be told from outside */
};

struct search {
	const struct plan *plan;
	FILE *out;
	struct arena arena;
	struct object objects[MOST_OBJECTS];
	size_t count;
	char *cache;
	size_t cache_size;
	int looks; /* for files: what links thousands of them is given up */
	int said;
};

/* Of glibc on Debian and elsewhere, and of musl: where one of them does not look, another may. */
static const char standard[] = "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib/aarch64-linux-gnu:"
			       "/usr/lib/aarch64-linux-gnu:/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib";

/* @path, which is absolute and shorter than PATH_MAX, without "." and "..", as if there were no links. */
static void path_clean(const char *path, char ret[PATH_MAX])
{
	size_t used = 0;

	for (size_t length; *path != '\0'; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 2 && memcmp(path, "..", 2) == 0) {
			while (used > 0 && ret[--used] != '/')
				;
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			ret[used] = '/';
			memcpy(ret + used + 1, path, length);
			used += length + 1;
		}
	}
	ret[used] = '\0';
}

/*
 * What the host has at @path, which a hostile program may have chosen, behind links; no automounter is asked for it.
 * False where there is nothing, or nobody knows without asking.
 */
static bool host_has(const char *path, char ret[PATH_MAX])
{
	char text[PATH_MAX], next[2 * PATH_MAX];
	struct stat status;

	if (path[0] != '/' || snprintf(ret, PATH_MAX, "%s", path) >= PATH_MAX)
		return false;
	for (int i = 0; i < MOST_LINKS && view_outside(ret, &status); i++) {
		if (!S_ISLNK(status.st_mode))
			return true;
		ssize_t length = readlink(ret, text, sizeof(text) - 1);
		if (length <= 0)
			return false;
		text[length] = '\0';
		int above = text[0] == '/' ? 0 : (int)(strrchr(ret, '/') - ret);
		if (snprintf(next, sizeof(next), "%.*s/%s", above, ret, text) >= PATH_MAX)
			return false;
		path_clean(next, ret);
	}
	return false;
}

/* Opening a device is doing something with it, and a FIFO has somebody who waits: what it is is asked before. */
static int open_regular(const char *path)
{
	char real[PATH_MAX], link[32];
	AUTOCLOSE int found = host_has(path, real) ? sys_openat(AT_FDCWD, real, O_PATH | O_NOFOLLOW, 0) : -1;
	struct stat status;

	if (found < 0 || fstat(found, &status) < 0 || !S_ISREG(status.st_mode))
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
	return sys_openat(AT_FDCWD, link, O_RDONLY, 0);
}

/* ---- one directory after the other */

static bool is_token(const char *at, const char *name, size_t *ret_length)
{
	bool braces = at[1] == '{';
	size_t length = strlen(name);

	*ret_length = 1 + length + (braces ? 2 : 0);
	return strncmp(at + 1 + braces, name, length) == 0 && (!braces || at[2 + length] == '}');
}

/*
 * @name in the directory @text of @length bytes, with the directory of the file @above in the place of $ORIGIN. False
 * where it has something else that a loader would replace, or is no absolute path.
 */
static bool expand(const char *text, size_t length, const char *above, const char *name, char ret[PATH_MAX])
{
	const char *dollar = memchr(text, '$', length), *slash = strrchr(above, '/');
	size_t before = dollar == NULL ? length : (size_t)(dollar - text), token = 0;

	if (dollar != NULL && (!is_token(dollar, "ORIGIN", &token) || token > length - before ||
			       memchr(dollar + token, '$', length - before - token) != NULL))
		return false;
	size_t after = before + token;
	int written = snprintf(ret, PATH_MAX, "%.*s%.*s%.*s/%s", (int)before, text,
			       slash == NULL || token == 0 ? 0 : (int)(slash - above), above, (int)(length - after),
			       text + after, name);
	return written < PATH_MAX && ret[0] == '/';
}

/* The library in the file @inside of the sandbox, which on the host would be @host. */
static void look(struct search *s, const char *inside, const char *host, struct outcome *outcome)
{
	struct view_file file;
	char real[PATH_MAX];

	if (outcome->found || ++s->looks > MOST_LOOKS)
		return;
	if (view_find(s->plan, inside, &file)) {
		*outcome = (struct outcome){.found = true, .file = file};
		return;
	}
	if (outcome->on_host || !host_has(host, real))
		return;
	outcome->on_host = true;
	path_clean(inside, outcome->file.inside);
	path_clean(host, outcome->file.host);
}

/* In each of @directories, "DIR:DIR", of which $ORIGIN is the directory of @object. */
static void look_in(struct search *s, const char *directories, const struct object *object, const char *name,
		    struct outcome *outcome)
{
	char real[PATH_MAX] = "", inside[PATH_MAX], host[PATH_MAX];
	size_t length;

	if (object != NULL && realpath(object->host, real) == NULL)
		real[0] = '\0';
	for (const char *at = directories; at != NULL; at = at[length] == '\0' ? NULL : at + length + 1) {
		length = strcspn(at, ":");
		if (length == 0)
			continue;
		if (expand(at, length, object == NULL ? "" : object->inside, name, inside) &&
		    expand(at, length, real, name, host))
			look(s, inside, host, outcome);
		else
			outcome->unsure = true;
	}
}

static void look_in_cache(struct search *s, const char *name, struct outcome *outcome)
{
	const char *path;
	uint32_t at = 0;

	while (!outcome->found && (path = ld_cache_find(s->cache, s->cache_size, name, &at)) != NULL)
		if (strlen(path) < PATH_MAX)
			look(s, path, path, outcome);
}

static const char *variable_inside(const struct plan *plan, const char *start)
{
	for (size_t i = 0; plan->process.envp[i] != NULL; i++)
		if (strncmp(plan->process.envp[i], start, strlen(start)) == 0)
			return plan->process.envp[i] + strlen(start);
	return NULL;
}

/* In the order of ld.so(8). */
static struct outcome find_library(struct search *s, const struct object *object, const char *name)
{
	struct outcome outcome = {0};

	if (strchr(name, '/') != NULL) {
		outcome.unsure = name[0] != '/';
		if (!outcome.unsure)
			look(s, name, name, &outcome);
		return outcome;
	}
	for (const struct object *above = object; above != NULL && object->needs.runpath == NULL; above = above->parent)
		look_in(s, above->needs.rpath, above, name, &outcome);
	look_in(s, variable_inside(s->plan, "LD_LIBRARY_PATH="), NULL, name, &outcome);
	look_in(s, object->needs.runpath, object, name, &outcome);
	look_in_cache(s, name, &outcome);
	look_in(s, standard, NULL, name, &outcome);
	if (outcome.found || outcome.on_host)
		return outcome;
	/* Inside it would be found as well, but for the variable. */
	look_in(s, getenv("LD_LIBRARY_PATH"), NULL, name, &outcome);
	outcome.by_variable = outcome.found || outcome.on_host;
	outcome.on_host = outcome.on_host && !outcome.found;
	outcome.found = false;
	return outcome;
}

/* ---- all that the program links */

/* NULL where that is no dynamic ELF file, or there are too many already. */
static const struct object *add_object(struct search *s, const char *name, const struct view_file *file,
				       const struct object *parent)
{
	AUTOCLOSE int fd = s->count == MOST_OBJECTS ? -1 : open_regular(file->host);
	struct object *object = &s->objects[s->count];

	if (fd < 0 || elf_read_needs(fd, &s->arena, &object->needs) == 0)
		return NULL;
	object->name = name;
	object->inside = arena_strdup(&s->arena, file->inside);
	object->host = arena_strdup(&s->arena, file->host);
	object->parent = parent;
	s->count++;
	return object;
}

static void say(struct search *s, const struct object *object, const char *name, const struct outcome *outcome)
{
	const struct view_file *file = &outcome->file;

	if (s->said++ >= MOST_LINES)
		return;
	fputs("casemate: '", s->out);
	print_printable(object->inside, s->out);
	fputs("' needs the shared library '", s->out);
	print_printable(name, s->out);
	if (!outcome->on_host && !outcome->by_variable) {
		fputs("', which is neither inside nor where loaders of this host look for it\n", s->out);
		return;
	}
	fputs(outcome->on_host ? "', which this host has but which is not shown inside: add"
			       : "', which is not found without the caller's LD_LIBRARY_PATH: add",
	      s->out);
	if (outcome->on_host) {
		fputs(" --ro ", s->out);
		print_printable(file->host, s->out);
		if (strcmp(file->host, file->inside) != 0) {
			fputc(':', s->out);
			print_printable(file->inside, s->out);
		}
	}
	fputs(outcome->by_variable ? " --env LD_LIBRARY_PATH\n" : "\n", s->out);
}

static bool is_known(const struct search *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->objects[i].name, name) == 0)
			return true;
	return false;
}

static void check_object(struct search *s, const struct object *object)
{
	for (size_t i = 0; i < object->needs.needed.count; i++) {
		const char *name = object->needs.needed.at[i];

		if (is_known(s, name))
			continue;
		struct outcome outcome = find_library(s, object, name);
		if (s->looks > MOST_LOOKS)
			return;
		if (!outcome.found && (outcome.on_host || outcome.by_variable || !outcome.unsure))
			say(s, object, name, &outcome);
		/* What it links itself is said at once. */
		if (outcome.found || outcome.on_host)
			(void)add_object(s, name, &outcome.file, object);
	}
}

/* ---- the program */

static bool find_program(const struct plan *plan, struct view_file *ret)
{
	struct stat status;

	for (size_t i = 0; i < plan->process.candidates.count; i++)
		if (view_find(plan, plan->process.candidates.at[i], ret) && stat(ret->host, &status) == 0 &&
		    S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0)
			return true;
	return false;
}

/* Puts the interpreter of a script in its place; false where it is none, or the interpreter is not there. */
static bool find_interpreter(const struct plan *plan, struct view_file *file)
{
	AUTOCLOSE int fd = open_regular(file->host);
	char head[SCRIPT_HEAD];
	ssize_t length = fd < 0 ? -1 : pread(fd, head, sizeof(head) - 1, 0);

	if (length < 3 || memcmp(head, "#!", 2) != 0)
		return false;
	head[length] = '\0';
	char *start = head + 2 + strspn(head + 2, " \t");
	start[strcspn(start, " \t\n")] = '\0';
	return start[0] != '\0' && view_find(plan, start, file);
}

static void check_all(struct search *s, const struct view_file *program)
{
	struct error ignored;
	const struct object *first = add_object(s, "", program, NULL);

	if (first == NULL || !first->needs.interpreter)
		return;
	if (file_read(AT_FDCWD, "/etc/ld.so.cache", CACHE_BYTES, &s->arena, &s->cache, &s->cache_size, &ignored) < 0)
		s->cache_size = 0;
	for (size_t i = 0; i < s->count; i++)
		check_object(s, &s->objects[i]);
	if (s->said > MOST_LINES)
		fprintf(s->out, "casemate: and %d more\n", s->said - MOST_LINES);
}

bool missing_libraries(const struct plan *plan, FILE *out)
{
	/* Too large for the stack, and of no page until it is used. */
	static struct search search;
	struct view_file program;
	struct error ignored;

	search = (struct search){.plan = plan, .out = out};
	if (!find_program(plan, &program) || arena_create(&search.arena, &ignored) < 0)
		return false;
	for (int level = 0; level < SCRIPT_LEVELS && find_interpreter(plan, &program); level++)
		;
	check_all(&search, &program);
	arena_destroy(&search.arena);
	return search.said > 0;
}
