// SPDX-License-Identifier: Apache-2.0
/*
 * The log of xdg-dbus-proxy(1), where the program's messages begin with "C" and are followed by what became of them:
 *
 *	C4: -> org.example.App call org.example.App.Open at /org/example/App
 *	Filtering message due to arg0 org.example.Other, policy: 0 (required 3)
 *	*HIDDEN* (ping)
 *
 * The program chooses the names in it. It can make the report say what it likes of itself, and nothing is
 * decided by it.
 */
#include "run/report_bus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "parts/dbus.h"

/* Words with dots between them, which can be told a shell; not ":1.5", which is another each time. */
static bool is_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	return strchr(text, '.') != NULL && text[0] != '.' && text[strspn(text, letters)] == '\0';
}

/* Of which of them a message was the log does not tell. */
static const char *why(const struct plan *plan)
{
	if (plan->dbus.buses.count > 1)
		return "the proxy of the session or the system bus keeps it away";
	return strcmp(plan->dbus.buses.at[0].name, "system") == 0 ? "the proxy of the system bus keeps it away"
								  : "the proxy of the session bus keeps it away";
}

static void add(const struct report_bus *bus, const struct plan *plan, struct findings *findings)
{
	static const char *const flags[] = {"--dbus-talk", "--dbus-see", "--dbus-talk", "--dbus-own"};
	const char *name = bus->asked[0] != '\0' ? bus->asked : bus->name;
	bool named = is_name(name),
	     system = plan->dbus.buses.count == 1 && strcmp(plan->dbus.buses.at[0].name, "system") == 0;
	char what[sizeof(bus->name) + sizeof(bus->call) + 1], value[sizeof(bus->name) + 8];

	snprintf(what, sizeof(what), "%s %s", name, bus->call);
	snprintf(value, sizeof(value), "%s%s", system ? "system:" : "", name);
	findings_add(findings, &(struct finding){
				       .kind = FINDING_DBUS,
				       .what = what,
				       .why = why(plan),
				       .flag = named ? flags[bus->needed] : NULL,
				       .value = named ? value : NULL,
				       .risk = named && bus->needed != 1 ? dbus_risk(name) : NULL,
			       });
}

/* "C4: -> NAME call MEMBER at PATH" */
static void take_message(struct report_bus *bus, char *line)
{
	char *rest = strstr(line, "-> "), *name;

	bus->name[0] = bus->call[0] = bus->asked[0] = '\0';
	bus->needed = 0;
	if (rest == NULL)
		return;
	rest += strlen("-> ");
	name = strsep(&rest, " ");
	if (strsep(&rest, " ") == NULL || rest == NULL)
		return;
	snprintf(bus->name, sizeof(bus->name), "%s", name);
	snprintf(bus->call, sizeof(bus->call), "%s", strsep(&rest, " "));
}

/* "Filtering message due to arg0 NAME, policy: 0 (required 3)": it was denied, and what comes next may not say so. */
static bool take_reason(struct report_bus *bus, const char *line)
{
	static const char start[] = "Filtering message due to arg0 ";
	const char *name = line + strlen(start), *end = strstr(line, ", policy: "),
		   *needed = strstr(line, "(required ");
	long number = needed == NULL ? 0 : strtol(needed + strlen("(required "), NULL, 10);

	if (strncmp(line, start, strlen(start)) != 0 || end == NULL || number < 1 || number > 3 ||
	    (size_t)(end - name) >= sizeof(bus->asked))
		return false;
	snprintf(bus->asked, sizeof(bus->asked), "%.*s", (int)(end - name), name);
	bus->needed = (int)number;
	return true;
}

static void take_line(struct report_bus *bus, char *line, const struct plan *plan, struct findings *findings)
{
	bool denied = take_reason(bus, line) || strncmp(line, "*HIDDEN*", 8) == 0 || strncmp(line, "*DENIED*", 8) == 0;

	if (denied && bus->name[0] != '\0')
		add(bus, plan, findings);
	if (line[0] == 'C')
		take_message(bus, line);
	else
		bus->name[0] = '\0';
}

static void take_byte(struct report_bus *bus, char byte, const struct plan *plan, struct findings *findings)
{
	if (byte != '\n') {
		bus->cut = bus->cut || bus->length + 1 == sizeof(bus->line);
		if (!bus->cut)
			bus->line[bus->length++] = byte;
		return;
	}
	bus->line[bus->length] = '\0';
	if (!bus->cut)
		take_line(bus, bus->line, plan, findings);
	bus->length = 0;
	bus->cut = false;
}

void report_bus_read(struct report_bus *bus, const struct plan *plan, struct findings *findings)
{
	enum { BLOCK = 4096, BLOCKS = 16 }; /* all that a pipe holds: there is always more where a program wants that */
	char block[BLOCK];
	ssize_t got = 1;

	for (int i = 0; i < BLOCKS && got > 0; i++) {
		got = read(bus->fd, block, sizeof(block));
		for (ssize_t k = 0; k < got; k++)
			take_byte(bus, block[k], plan, findings);
	}
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		fd_close(&bus->fd);
}
