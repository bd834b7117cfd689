// SPDX-License-Identifier: Apache-2.0
#include "parts/rdt.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

static const char resctrl[] = "/sys/fs/resctrl";

enum {
	SCHEMATA_BYTES = 16 * 1024,
	/* Nothing but what lies in resctrl itself. */
	RESOLVE = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
};

static void add_line(struct planner *p, const char *line, size_t length)
{
	if (length > 0)
		*LIST_ADD(p->arena, &p->plan->rdt.schemata) = arena_strndup(p->arena, line, length);
}

/* In the order in which they are to be written: what is said twice is decided by the last. */
static void plan_schemata(struct planner *p, const struct request_intel_rdt *wanted)
{
	for (const char *line = wanted->l3_cache_schema; line != NULL && *line != '\0'; line += *line == '\n') {
		size_t length = strcspn(line, "\n");

		add_line(p, line, length);
		line += length;
	}
	if (wanted->mem_bw_schema != NULL)
		add_line(p, wanted->mem_bw_schema, strlen(wanted->mem_bw_schema));
	for (size_t i = 0; i < wanted->schemata.count; i++)
		add_line(p, wanted->schemata.at[i], strlen(wanted->schemata.at[i]));
}

int rdt_plan(struct planner *p, struct error *err)
{
	const struct request_intel_rdt *wanted = p->request->linux_.intel_rdt;
	struct plan_rdt *plan = &p->plan->rdt;

	(void)err;
	if (wanted == NULL || planner_judge(p, p->profile->realtime, "rdt", planner_origin(p, "/linux/intelRdt"),
					    "linux.intelRdt takes a share of the host's caches and memory bandwidth",
					    "remove linux.intelRdt, or use the privileged profile"))
		return 0;
	plan->wanted = true;
	plan->from = planner_origin(p, "/linux/intelRdt");
	plan->named = wanted->clos_id != NULL;
	plan->group = plan->named ? wanted->clos_id : p->plan->id;
	if (strcmp(plan->group, "/") == 0)
		plan->group = ".";
	plan->monitoring = wanted->enable_monitoring;
	plan_schemata(p, wanted);
	return 0;
}

bool rdt_join_wanted(const struct plan *plan)
{
	return plan->rdt.wanted;
}

void rdt_join_explain(const struct plan *plan, struct explain *out)
{
	const struct plan_rdt *rdt = &plan->rdt;

	explain_say(out, EXPLAIN_DOES, rdt->from, "joins the class %s of %s%s",
		    strcmp(rdt->group, ".") == 0 ? "of all others" : rdt->group, resctrl,
		    rdt->monitoring ? ", with a monitoring group of its own" : "");
	for (size_t i = 0; i < rdt->schemata.count; i++)
		explain_say(out, EXPLAIN_STOPS, rdt->from, "it uses no more of caches and memory bandwidth than %s",
			    rdt->schemata.at[i]);
}

/* ---- the file schemata */

/* The kernel says in a file of its own what was wrong with the last command. */
static int refused(int root, const struct plan_rdt *plan, const char *what, struct error *err)
{
	char text[256] = "";
	int reason = errno;
	AUTOCLOSE int fd = sys_openat2(root, "info/last_cmd_status", O_RDONLY, 0, RESOLVE);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[length < 0 ? 0 : length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return error_set(err, ERROR_SYSTEM, reason, "%s: cannot write '%s' of %s%s%s", plan->from, what, resctrl,
			 text[0] == '\0' ? "" : ": ", text);
}

/* O_CREAT for what stands in for resctrl in a test: the kernel's files are there, and it lets nobody make one. */
static int write_file(int group, const char *file, const char *text)
{
	AUTOCLOSE int fd = sys_openat2(group, file, O_WRONLY | O_CREAT | O_APPEND, 0644, RESOLVE);

	return fd < 0 || sys_write(fd, text, strlen(text)) != (ssize_t)strlen(text) ? -1 : 0;
}

static int write_schemata(int root, int group, const struct plan_rdt *plan, struct error *err)
{
	char line[1024];

	/* A line each: in one write a resource may not be named twice. */
	for (size_t i = 0; i < plan->schemata.count; i++) {
		int length = snprintf(line, sizeof(line), "%s\n", plan->schemata.at[i]);

		if ((size_t)length >= sizeof(line))
			return error_set(err, ERROR_CONFIG, 0, "%s: a line of schemata is too long", plan->from);
		if (write_file(group, "schemata", line) < 0)
			return refused(root, plan, plan->schemata.at[i], err);
	}
	return 0;
}

/* The line of @text that begins with @name, behind its colon; NULL: there is none. */
static const char *find_line(const char *text, const char *name, size_t length)
{
	for (; *text != '\0'; text += *text == '\n') {
		text += strspn(text, " \t");
		if (strncmp(text, name, length) == 0 && text[length] == ':')
			return text + length + 1;
		text += strcspn(text, "\n");
	}
	return NULL;
}

/* What @domain is in the rest of the line at @text, "0=7f0;1=1f"; NULL: it is not there. */
static const char *find_domain(const char *text, const char *domain, size_t length)
{
	for (;; text++) {
		text += strspn(text, " \t");
		if (strncmp(text, domain, length) == 0 && text[length] == '=')
			return text + length + 1;
		text += strcspn(text, ";\n");
		if (*text != ';')
			return NULL;
	}
}

static const char *skip_padding(const char *text)
{
	text += strspn(text, " \t");
	while (text[0] == '0' && isxdigit((unsigned char)text[1]))
		text++;
	return text;
}

/* Whether all domains of @wanted, "L3:0=7f0;1=1f", are the same in the kernel's @now, which pads its numbers. */
static bool line_holds(const char *now, const char *wanted)
{
	size_t name = strcspn(wanted, ":");
	const char *there = find_line(now, wanted, name);

	if (there == NULL || wanted[name] != ':')
		return false;
	for (const char *domain = wanted + name + 1; *domain != '\0'; domain += *domain == ';') {
		domain += strspn(domain, " \t");
		size_t key = strcspn(domain, "=;");
		const char *value = find_domain(there, domain, key);

		if (value == NULL || domain[key] != '=')
			return false;
		value = skip_padding(value);
		domain = skip_padding(domain + key + 1);
		size_t length = strcspn(domain, "; \t");
		if (length != strcspn(value, "; \t\n") || strncasecmp(value, domain, length) != 0)
			return false;
		domain += length;
		domain += strspn(domain, " \t");
		if (*domain != ';' && *domain != '\0')
			return false;
	}
	return true;
}

/* A class that exists is somebody's: it must be as the config says, and is not changed. */
static int compare_schemata(int group, const struct plan_rdt *plan, struct error *err)
{
	char now[SCHEMATA_BYTES];
	size_t length = 0;
	AUTOCLOSE int fd = sys_openat2(group, "schemata", O_RDONLY, 0, RESOLVE);
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && length < sizeof(now) - 1) {
		got = read(fd, now + length, sizeof(now) - 1 - length);
		length += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read the schemata of the class '%s'", plan->group);
	now[length] = '\0';
	for (size_t i = 0; i < plan->schemata.count; i++)
		if (!line_holds(now, plan->schemata.at[i])) {
			error_set(err, ERROR_CONFIG, 0, "%s: the class '%s' exists and is not '%s'", plan->from,
				  plan->group, plan->schemata.at[i]);
			return error_hint(err, "see %s/%s/schemata, or choose another closID", resctrl, plan->group);
		}
	return 0;
}

/* ---- groups */

static int open_resctrl(struct error *err)
{
	AUTOCLOSE int root = sys_openat(AT_FDCWD, resctrl, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	AUTOCLOSE int there = root < 0 ? -1 : sys_openat2(root, "schemata", O_PATH, 0, RESOLVE);

	if (there >= 0)
		return fd_take(&root);
	error_set(err, ERROR_HOST, 0, "linux.intelRdt: no resctrl is mounted on %s", resctrl);
	return error_hint(err,
			  "mount -t resctrl resctrl %s, on a CPU and a kernel that have it; or remove linux.intelRdt",
			  resctrl);
}

static int open_group(int root, struct run *run, const struct plan_rdt *plan, struct error *err)
{
	/* A class that is named without limits must be there; one that is not named must be new. */
	bool may_exist = plan->named, may_make = !plan->named || plan->schemata.count > 0;

	if (may_make && sys_mkdirat(root, plan->group, 0755) == 0)
		run->rdt_made |= RUN_RDT_GROUP;
	else if (may_make && (errno != EEXIST || !may_exist))
		return refused(root, plan, plan->group, err);
	int group = sys_openat2(root, plan->group, O_PATH | O_DIRECTORY, 0, RESOLVE);
	if (group < 0 && errno == ENOENT)
		return error_set(err, ERROR_HOST, 0, "%s: there is no class '%s' in %s", plan->from, plan->group,
				 resctrl);
	if (group < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the class '%s' of %s", plan->group, resctrl);
	return group;
}

static int monitor(int root, int group, const struct plan *plan, struct run *run, const char *pid, struct error *err)
{
	char path[192];

	snprintf(path, sizeof(path), "mon_groups/%s", plan->id);
	if (sys_mkdirat(group, path, 0755) < 0)
		return refused(root, &plan->rdt, path, err);
	run->rdt_made |= RUN_RDT_MONITOR;
	snprintf(path, sizeof(path), "mon_groups/%s/tasks", plan->id);
	return write_file(group, path, pid) < 0 ? refused(root, &plan->rdt, path, err) : 0;
}

/* One that is there since the container is. */
static int open_made(int root, const struct plan_rdt *plan, struct error *err)
{
	int group = sys_openat2(root, plan->group, O_PATH | O_DIRECTORY, 0, RESOLVE);

	if (group < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the class '%s' of %s", plan->group, resctrl);
	return group;
}

int rdt_join(const struct plan *plan, struct run *run, struct error *err)
{
	const struct plan_rdt *rdt = &plan->rdt;
	char pid[16];
	AUTOCLOSE int root = open_resctrl(err);
	AUTOCLOSE int group = root < 0 ? -1 : open_group(root, run, rdt, err);

	if (group < 0)
		return -1;
	if ((run->rdt_made & RUN_RDT_GROUP) != 0)
		TRY(write_schemata(root, group, rdt, err));
	else
		TRY(compare_schemata(group, rdt, err));
	snprintf(pid, sizeof(pid), "%d", run->child);
	if (write_file(group, "tasks", pid) < 0)
		return refused(root, rdt, "tasks", err);
	return rdt->monitoring ? monitor(root, group, plan, run, pid, err) : 0;
}

bool rdt_enter_wanted(const struct plan *plan)
{
	return plan->rdt.wanted;
}

void rdt_enter_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, plan->rdt.from, "joins the container's class of %s", resctrl);
}

int rdt_enter(const struct plan *plan, struct run *run, struct error *err)
{
	const struct plan_rdt *rdt = &plan->rdt;
	char pid[16], path[192];
	AUTOCLOSE int root = open_resctrl(err);
	AUTOCLOSE int group = root < 0 ? -1 : open_made(root, rdt, err);

	if (group < 0)
		return -1;
	snprintf(pid, sizeof(pid), "%d", run->child);
	if (write_file(group, "tasks", pid) < 0)
		return refused(root, rdt, "tasks", err);
	snprintf(path, sizeof(path), "mon_groups/%s/tasks", plan->id);
	return rdt->monitoring && write_file(group, path, pid) < 0 ? refused(root, rdt, path, err) : 0;
}

int rdt_update(const struct plan_rdt *rdt, uint8_t made, struct error *err)
{
	if (rdt->group == NULL)
		return error_set(err, ERROR_CONFIG, 0, "%s: the container has no class of %s", rdt->from, resctrl);
	if ((made & RUN_RDT_GROUP) == 0) {
		error_set(err, ERROR_REFUSED, 0, "%s: the class '%s' was there before the container", rdt->from,
			  rdt->group);
		return error_hint(err, "others may be in it: whoever made it can change %s/%s/schemata", resctrl,
				  rdt->group);
	}
	AUTOCLOSE int root = open_resctrl(err);
	AUTOCLOSE int group = root < 0 ? -1 : open_made(root, rdt, err);
	return group < 0 ? -1 : write_schemata(root, group, rdt, err);
}

int rdt_remove(const struct plan *plan, struct run *run, struct error *err)
{
	char path[320];
	/* `delete` has no page of a launch: what it removes had been made. */
	bool failed = run->shared != NULL && !(run->shared->executing && run->shared->error.kind == ERROR_NONE);

	if ((run->rdt_made & RUN_RDT_MONITOR) != 0) {
		snprintf(path, sizeof(path), "%s/%s/mon_groups/%s", resctrl, plan->rdt.group, plan->id);
		if (sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR) < 0)
			return error_set(err, ERROR_SYSTEM, errno, "cannot remove '%s'", path);
	}
	if ((run->rdt_made & RUN_RDT_GROUP) == 0 || (plan->rdt.named && !failed))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", resctrl, plan->rdt.group);
	if (sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot remove '%s'", path);
	return 0;
}
