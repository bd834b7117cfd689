// SPDX-License-Identifier: Apache-2.0
#include "parts/dbus.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/keeper.h"

/* Where the proxy finds the pipe by which it says that it listens, and sees that it is not wanted any more. */
enum { PIPE = 3 };

enum { PLACE_DIGITS = 16, PLACE_SECONDS = 600 };

/* Who may call these is out of the sandbox: a ceiling that refuses the sockets of engines refuses them as well. */
static const struct {
	const char *name, *why;
} escapes[] = {
	{"ca.desrt.dconf", "who has it changes the commands that the desktop runs"},
	{"org.freedesktop.Flatpak", "it starts programs outside of the sandbox"},
	{"org.freedesktop.machine1", "it opens shells on the host"},
	{"org.freedesktop.systemd1", "it starts programs outside of the sandbox"},
	{"org.gnome.Shell", "it runs what it is told, and takes pictures of the screen"},
	{"org.gnome.Terminal", "it starts programs outside of the sandbox"},
	{"org.kde.klauncher5", "it starts programs outside of the sandbox"},
};

/* ---- the plan */

/* Whether @rule, which may end with ".*", is about @name. */
static bool covers(const char *rule, const char *name)
{
	size_t length = strlen(rule);

	if (length < 2 || strcmp(rule + length - 2, ".*") != 0)
		return strcmp(rule, name) == 0;
	length -= 2;
	return strncmp(rule, name, length) == 0 && (name[length] == '.' || name[length] == '\0');
}

const char *dbus_risk(const char *name)
{
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (covers(name, escapes[i].name))
			return escapes[i].why;
	return NULL;
}

static void judge_rule(struct planner *p, const struct request_bus_rule *rule)
{
	/* To own a name is to call who has it, too. */
	bool calls =
		strcmp(rule->verb, "talk") == 0 || strcmp(rule->verb, "call") == 0 || strcmp(rule->verb, "own") == 0;

	if (p->profile->sensitive_sources == VERDICT_ALLOW || !calls)
		return;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (covers(rule->name, escapes[i].name))
			planner_judge(p, VERDICT_REFUSE, "dbus", rule->from,
				      arena_printf(p->arena, "the program could call %s: %s", escapes[i].name,
						   escapes[i].why),
				      "name only what the program needs");
}

/* As an address of D-Bus has it: everything but these is escaped. */
static const char *address_of(struct arena *arena, const char *path)
{
	static const char digits[] = "0123456789abcdef";
	char *out = arena_alloc(arena, 3 * strlen(path) + 1), *to = out;

	for (; *path != '\0'; path++) {
		bool plain = (*path >= '0' && *path <= '9') || (*path >= 'a' && *path <= 'z') ||
			     (*path >= 'A' && *path <= 'Z') || strchr("-_/.", *path) != NULL;

		if (plain) {
			*to++ = *path;
			continue;
		}
		*to++ = '%';
		*to++ = digits[(unsigned char)*path >> 4];
		*to++ = digits[(unsigned char)*path & 15];
	}
	*to = '\0';
	return arena_printf(arena, "unix:path=%s", out);
}

static int plan_bus(struct planner *p, const struct request_bus *bus, const struct host_object *object,
		    struct error *err)
{
	string_list *argv = &p->plan->dbus.argv;

	TRY(planner_check_socket(p, bus->socket, bus->path, object, err));
	*LIST_ADD(p->arena, argv) = address_of(p->arena, bus->path);
	*LIST_ADD(p->arena, argv) = bus->name;
	*LIST_ADD(p->arena, argv) = "--filter";
	if (p->plan->dbus.logs)
		*LIST_ADD(p->arena, argv) = "--log";
	for (size_t i = 0; i < bus->rules.count; i++) {
		const struct request_bus_rule *rule = &bus->rules.at[i];

		judge_rule(p, rule);
		*LIST_ADD(p->arena, argv) =
			arena_printf(p->arena, "--%s=%s%s%s", rule->verb, rule->name, rule->more == NULL ? "" : "=",
				     rule->more == NULL ? "" : rule->more);
	}
	return 0;
}

int dbus_plan(struct planner *p, struct error *err)
{
	struct plan_dbus *plan = &p->plan->dbus;
	const bus_list *buses = &p->request->sandbox.buses;

	if (buses->count == 0)
		return 0;
	if (p->host->dbus_proxy == NULL) {
		error_set(err, ERROR_HOST, 0,
			  "%s: there is no program xdg-dbus-proxy in /usr/bin, /usr/local/bin or /bin",
			  buses->at[0].from);
		return error_hint(err, "install the package xdg-dbus-proxy, or leave the bus out");
	}
	if (p->host->private_place == NULL)
		return error_set(err, ERROR_SYSTEM, errno, "cannot get a random number");
	plan->program = p->host->dbus_proxy;
	plan->directory = p->host->private_place;
	plan->buses = *buses;
	plan->logs = p->request->sandbox.report;
	plan->become = p->host->uid == 0;
	plan->uid = planner_host_uid(p);
	plan->gid = p->plan->ids.gid.count > 0 ? p->plan->ids.gid.at[0].host : p->host->gid;
	*LIST_ADD(p->arena, &plan->argv) = "xdg-dbus-proxy";
	*LIST_ADD(p->arena, &plan->argv) = "--fd=3";
	for (size_t i = 0; i < buses->count; i++)
		TRY(plan_bus(p, &buses->at[i], i < p->host->buses.count ? &p->host->buses.at[i] : NULL, err));
	*LIST_ADD(p->arena, &plan->argv) = NULL;
	return 0;
}

bool dbus_start_wanted(const struct plan *plan)
{
	return plan->dbus.program != NULL;
}

static void explain_rule(const struct request_bus *bus, const struct request_bus_rule *rule, struct explain *out)
{
	static const struct {
		const char *verb, *text;
	} texts[] = {{"talk", "call everything of"},
		     {"own", "have the name, and call"},
		     {"see", "see"},
		     {"call", "call some of"},
		     {"broadcast", "receive signals of"}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].verb, rule->verb) == 0)
			explain_say(out, EXPLAIN_GRANTS, rule->from, "on the %s bus it can %s %s%s%s", bus->name,
				    texts[i].text, rule->name, rule->more == NULL ? "" : ": ",
				    rule->more == NULL ? "" : rule->more);
}

void dbus_start_explain(const struct plan *plan, struct explain *out)
{
	const struct plan_dbus *dbus = &plan->dbus;

	for (size_t i = 0; i < dbus->buses.count; i++) {
		const struct request_bus *bus = &dbus->buses.at[i];

		explain_say(out, EXPLAIN_GRANTS, bus->from, "the %s bus at %s, through %s as user %u", bus->name,
			    bus->path, dbus->program, dbus->uid);
		for (size_t k = 0; k < bus->rules.count; k++)
			explain_rule(bus, &bus->rules.at[k], out);
		explain_say(out, EXPLAIN_STOPS, bus->from, "nobody else on the %s bus is seen or called", bus->name);
	}
}

/* ---- the program */

struct passed {
	const struct plan_dbus *plan;
	int directory, pipe, log; /* log: -1 where nobody reads it */
};

/* What the program sends is parsed in there: not with the rights of a caller who is root. */
static int drop_rights(const struct plan_dbus *plan)
{
	if (sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	if (!plan->become)
		return 0;
	return sys_setgroups(0, NULL) < 0 || sys_setresgid(plan->gid) < 0 || sys_setresuid(plan->uid) < 0 ? -1 : 0;
}

static void become_proxy(const struct keeper *keeper)
{
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	const struct passed *passed = keeper->of;

	/* The socket is named within the directory, whatever is above it: its user may be allowed nothing there. */
	if (sys_fchdir(passed->directory) < 0 || (passed->log >= 0 && sys_dup3(passed->log, STDOUT_FILENO, 0) < 0) ||
	    sys_dup3(passed->pipe, PIPE, 0) < 0 || fd_close_others(PIPE + 1, NULL, 0) < 0 ||
	    drop_rights(passed->plan) < 0)
		return;
	sys_umask(0077);
	sys_execve(passed->plan->program, passed->plan->argv.at, envp, 0);
}

/* ---- the place */

/* Nobody else can move it; but once it is gone, its name is anybody's, who could lead it elsewhere. */
static void remove_place(int parent, const char *name, uint64_t older_than)
{
	static const char *const sockets[] = {"session", "system"};
	AUTOCLOSE int place = sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	struct stat status;

	if (place < 0 || fstat(place, &status) < 0 || status.st_uid != geteuid() ||
	    (uint64_t)status.st_mtim.tv_sec > older_than)
		return;
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		(void)sys_unlinkat(place, sockets[i], 0);
	(void)sys_unlinkat(parent, name, AT_REMOVEDIR);
}

static void clean(const struct plan_dbus *plan)
{
	remove_place(AT_FDCWD, plan->directory, UINT64_MAX);
}

static bool is_place(const char *name)
{
	static const char start[] = "casemate-";
	size_t length = strlen(start);

	return strncmp(name, start, length) == 0 && strlen(name + length) == PLACE_DIGITS &&
	       strspn(name + length, "0123456789abcdef") == PLACE_DIGITS;
}

/*
 * Where launcher and keeper were killed during a launch, the place is left. A living one is needed until the sandbox
 * has the sockets, and not for minutes.
 */
static void clean_left(const struct plan_dbus *plan)
{
	char block[4096] __attribute__((aligned(8))), parent[PATH_MAX];
	uint64_t now = (uint64_t)time(NULL);
	long got;

	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(plan->directory, '/') - plan->directory),
		 plan->directory);
	AUTOCLOSE int directory = sys_openat(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0);
	while (directory >= 0 && (got = fd_list(directory, block, sizeof(block))) > 0)
		for (long at = 0; at < got;) {
			const struct dirent *entry = (const void *)(block + at);

			at += entry->d_reclen;
			if (is_place(entry->d_name))
				remove_place(directory, entry->d_name, now - PLACE_SECONDS);
		}
}

static void clean_after(const struct keeper *keeper)
{
	clean(((const struct passed *)keeper->of)->plan);
}

/* ---- the launcher */

static bool is_ready(const char *said)
{
	return said[0] != '\0';
}

static int make_directory(const struct plan_dbus *plan, struct error *err)
{
	if (sys_mkdirat(AT_FDCWD, plan->directory, 0700) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s' for the proxy of D-Bus", plan->directory);
	int directory = sys_openat(AT_FDCWD, plan->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	/* It stays root's, so that in /tmp nobody else can move it; the proxy's group makes the sockets in it. */
	if (directory < 0 || (plan->become && (sys_fchownat(directory, "", UINT32_MAX, plan->gid, AT_EMPTY_PATH) < 0 ||
					       sys_fchmod(directory, 0770) < 0))) {
		error_set(err, ERROR_SYSTEM, errno, "cannot open '%s' for the proxy of D-Bus", plan->directory);
		fd_close(&directory);
		return -1;
	}
	return directory;
}

int dbus_start(const struct plan *plan, struct run *run, struct error *err)
{
	int report[2] = {-1, -1}, log[2] = {-1, -1};

	clean_left(&plan->dbus);
	AUTOCLOSE int directory = make_directory(&plan->dbus, err);

	TRY(directory);
	if (sys_pipe(report) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot start xdg-dbus-proxy");
	run->dbus_report = report[0];
	AUTOCLOSE int its_end = report[1];
	if (plan->dbus.logs && (sys_pipe(log) < 0 || fcntl(log[0], F_SETFL, O_NONBLOCK) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot start xdg-dbus-proxy");
	run->dbus_log = log[0];
	AUTOCLOSE int its_log = log[1];
	const struct passed passed = {&plan->dbus, directory, its_end, its_log};
	const struct keeper keeper = {.what = "xdg-dbus-proxy",
				      .become = become_proxy,
				      .clean = clean_after,
				      .of = &passed,
				      .fds = {directory, its_end, its_log < 0 ? 0 : its_log}};

	TRY(keeper_start(&keeper, &run->dbus, err));
	fd_close(&its_end);
	if (keeper_hear(run->dbus_report, is_ready))
		return 0;
	error_set(err, ERROR_HOST, 0, "xdg-dbus-proxy did not begin to listen");
	return error_hint(err, "`xdg-dbus-proxy %s /tmp/a-socket` may say why", plan->dbus.argv.at[2]);
}

void dbus_hide(const struct plan *plan)
{
	if (dbus_start_wanted(plan))
		clean(&plan->dbus);
}

int dbus_end(const struct plan *plan, struct run *run, struct error *err)
{
	(void)err;
	fd_close(&run->dbus_report);
	fd_close(&run->dbus_log);
	keeper_end(&run->dbus);
	/* It may have been killed itself. */
	clean(&plan->dbus);
	return 0;
}
