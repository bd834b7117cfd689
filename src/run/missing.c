// SPDX-License-Identifier: Apache-2.0
#include "run/missing.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/printable.h"
#include "run/risk.h"
#include "run/view.h"

enum { MOST_ARGUMENTS = 5 };

/* @path as the caller means it; false where it is too long to exist. */
static bool absolute(const struct host *host, const char *path, char ret[PATH_MAX])
{
	int length;

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	length = path[0] == '/' ? snprintf(ret, PATH_MAX, "%s", path)
				: snprintf(ret, PATH_MAX, "%s/%s", host->cwd == NULL ? "" : host->cwd, path);
	return length > 0 && length < PATH_MAX;
}

/* Where the caller's own shell would find @name. */
static bool on_path(const char *name, char ret[PATH_MAX])
{
	const char *at = getenv("PATH");

	while (at != NULL && *at != '\0') {
		int length = (int)strcspn(at, ":");
		int written = snprintf(ret, PATH_MAX, "%.*s/%s", length, at, name);

		if (at[0] == '/' && written < PATH_MAX && access(ret, X_OK) == 0)
			return true;
		at += length + (at[length] == ':');
	}
	return false;
}

/* The program starts in another directory than its caller is in: a relative path means something else to it. */
static bool elsewhere(const struct plan *plan, const struct host *host, const char *path)
{
	return path[0] != '/' && host->cwd != NULL && strcmp(plan->user.cwd, host->cwd) != 0;
}

int missing_explain(const struct plan *plan, const struct host *host, struct error *err)
{
	const char *name = err->lacks;
	char path[PATH_MAX];

	if (name[0] == '\0')
		return -1;
	err->hint[0] = '\0';
	if (strchr(name, '/') == NULL) {
		if (!on_path(name, path))
			return error_hint(err, "this host has no '%s' in its $PATH either", name);
		return error_hint(err,
				  "this host has it, but it is not shown inside: add --ro %s and call it by this path",
				  path);
	}
	if (!absolute(host, name, path) || access(path, F_OK) < 0)
		return error_hint(err, "'%s' does not exist on this host either", name);
	if (elsewhere(plan, host, name) && missing_shown(plan, path))
		return error_hint(err, "it is shown inside, where the program does not start: add --cwd %s", host->cwd);
	if (elsewhere(plan, host, name))
		return error_hint(err, "'%s' exists on this host but is not shown inside: add --ro %s --cwd %s", name,
				  name, host->cwd);
	return error_hint(err, "'%s' exists on this host but is not shown inside: add --ro %s", name, name);
}

bool missing_shown(const struct plan *plan, const char *path)
{
	const struct plan_mount *nearest = plan_mount_at(plan, path, NULL);

	for (size_t i = 0; i < plan->mounts.count; i++)
		if (path_is_within(plan->mounts.at[i].target, path))
			return true;
	if (nearest == NULL)
		return false;
	if (nearest->kind == MOUNT_BIND)
		return strcmp(nearest->source, nearest->target) == 0;
	/* An empty file system has nothing of the host, but for the devices that are made in it. */
	return nearest->type == NULL || strcmp(nearest->type, "tmpfs") != 0 || path_is_within(path, "/dev");
}

/* Returns whether there was something to say. */
static bool tell_argument(const struct plan *plan, const struct host *host, const char *word, FILE *out)
{
	char path[PATH_MAX];
	struct stat status;

	if (word[0] == '-' || word[0] == '\0' || !absolute(host, word, path) || stat(path, &status) < 0)
		return false;
	bool shown = missing_shown(plan, path), away = elsewhere(plan, host, word);
	if (shown && !away)
		return false;
	fputs("casemate: the argument ", out);
	print_word(word, out);
	fputs(shown ? " is shown inside, where the program does not start: add"
		    : " is a file of this host that is not visible inside: add --ro ",
	      out);
	if (!shown)
		print_word(word, out);
	if (away) {
		fputs(" --cwd ", out);
		print_word(host->cwd, out);
	}
	const char *risk = shown ? NULL : risk_of_showing(path, status.st_mode, false);
	fprintf(out, risk == NULL ? "\n" : " [risky: %s]\n", risk);
	return true;
}

void missing_arguments(const struct plan *plan, const struct host *host, FILE *out)
{
	int said = 0;

	for (size_t i = 1; plan->process.argv[i] != NULL && said < MOST_ARGUMENTS; i++)
		said += tell_argument(plan, host, plan->process.argv[i], out);
}
