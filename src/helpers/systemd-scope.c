// SPDX-License-Identifier: Apache-2.0
/*
 * The one program of casemate that speaks to systemd, over D-Bus (org.freedesktop.systemd1(5)). The launcher starts it
 * with plain arguments, so that it need not know any of this:
 *
 *	systemd-scope [--user] start UNIT PROPERTY=VALUE...
 *		makes the scope UNIT with this process in it, because one without processes ends; prints
 *		"ok INVOCATION CGROUP"; ends when its standard input says something or ends
 *	systemd-scope [--user] set UNIT INVOCATION PROPERTY=VALUE...
 *	systemd-scope [--user] stop UNIT INVOCATION
 *		kills what is in the scope, and waits until it is gone; one that is gone already is no error
 *
 * VALUE is in GVariant's text form. INVOCATION tells this scope from a later one of the same name. What fails is said
 * on standard error, with exit status 1.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/gvariant.h"

#define SERVICE "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define UNIT "org.freedesktop.systemd1.Unit"

enum { PATIENCE_US = 25000000, INVOCATION_BYTES = 16 };

/* A job of systemd that is waited for. */
struct job {
	char path[256];
	char result[64]; /* "": it goes on */
};

struct conversation {
	sd_bus *bus;
	sd_bus_error error;
	struct job job;
};

static int fail(const char *what, int result, const sd_bus_error *error)
{
	fprintf(stderr, "%s: %s\n", what,
		error != NULL && error->message != NULL ? error->message : strerrordesc_np(-result));
	return -1;
}

/* ---- the connection */

static int on_job_removed(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct job *job = context;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 && strcmp(path, job->path) == 0)
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

/* systemd's own socket, for machines without a bus. */
static int open_private(sd_bus **ret, bool user)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char address[512];
	int result = sd_bus_new(ret);

	snprintf(address, sizeof(address), "unix:path=%s/systemd/private", user && runtime != NULL ? runtime : "/run");
	if (result >= 0)
		result = sd_bus_set_address(*ret, address);
	return result < 0 ? result : sd_bus_start(*ret);
}

static int connect_to_systemd(struct conversation *c, bool user)
{
	int result = user ? sd_bus_open_user(&c->bus) : sd_bus_open_system(&c->bus);

	if (result < 0) {
		c->bus = sd_bus_unref(c->bus);
		if (open_private(&c->bus, user) < 0)
			return fail(user ? "cannot connect to the user's bus" : "cannot connect to the system's bus",
				    result, NULL);
	}
	(void)sd_bus_set_method_call_timeout(c->bus, PATIENCE_US);
	result = sd_bus_match_signal(c->bus, NULL, SERVICE, OBJECT, MANAGER, "JobRemoved", on_job_removed, &c->job);
	if (result < 0)
		return fail("cannot listen to systemd", result, NULL);
	/* Without a subscriber systemd says nothing; that there is one already is no error. */
	(void)sd_bus_call_method(c->bus, SERVICE, OBJECT, MANAGER, "Subscribe", NULL, NULL, "");
	return 0;
}

static int await_job(struct conversation *c, sd_bus_message *reply)
{
	const char *path;
	int result = sd_bus_message_read(reply, "o", &path);

	if (result < 0)
		return fail("cannot read systemd's answer", result, NULL);
	snprintf(c->job.path, sizeof(c->job.path), "%s", path);
	while (c->job.result[0] == '\0') {
		result = sd_bus_process(c->bus, NULL);
		if (result == 0)
			result = sd_bus_wait(c->bus, PATIENCE_US) > 0 ? 0 : -ETIMEDOUT;
		if (result < 0)
			return fail("systemd does not finish the job", result, NULL);
	}
	if (strcmp(c->job.result, "done") == 0)
		return 0;
	fprintf(stderr, "systemd's job ended with: %s\n", c->job.result);
	return -1;
}

/* ---- properties */

static int append_integer(sd_bus_message *message, const struct gvariant_node *node)
{
	const int truth = node->bits != 0;
	const uint8_t byte = (uint8_t)node->bits;
	const uint16_t half = (uint16_t)node->bits;
	const uint32_t word = (uint32_t)node->bits;

	switch (node->type) {
	case 'b':
		return sd_bus_message_append_basic(message, 'b', &truth);
	case 'y':
		return sd_bus_message_append_basic(message, 'y', &byte);
	case 'n':
	case 'q':
		return sd_bus_message_append_basic(message, node->type, &half);
	case 'i':
	case 'u':
		return sd_bus_message_append_basic(message, node->type, &word);
	default:
		return sd_bus_message_append_basic(message, node->type, &node->bits);
	}
}

static int append_value(sd_bus_message *message, const struct gvariant *value, size_t *at)
{
	const struct gvariant_node *node = &value->nodes[(*at)++];
	char contents[GVARIANT_SIGNATURE];
	bool tuple = node->type == '(';
	int result;

	if (node->type == 'd')
		return sd_bus_message_append_basic(message, 'd', &node->number);
	if (node->text != NULL)
		return sd_bus_message_append_basic(message, node->type, node->text);
	if (node->type != 'a' && !tuple)
		return append_integer(message, node);
	snprintf(contents, sizeof(contents), "%s", node->signature + 1);
	if (tuple)
		contents[strlen(contents) - 1] = '\0';
	result = sd_bus_message_open_container(message, tuple ? 'r' : 'a', contents);
	while (result >= 0 && *at < node->end)
		result = append_value(message, value, at);
	return result < 0 ? result : sd_bus_message_close_container(message);
}

/* @text is NAME=VALUE. */
static int append_property(sd_bus_message *message, const char *text)
{
	static struct gvariant value;
	const char *equals = strchr(text, '=');
	struct error err = {0};
	char name[128];
	size_t at = 0;
	int result;

	if (equals == NULL || (size_t)(equals - text) >= sizeof(name) || gvariant_parse(equals + 1, &value, &err) < 0) {
		fprintf(stderr, "'%s' is no property: %s\n", text, err.what);
		return -1;
	}
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = '\0';
	result = sd_bus_message_open_container(message, 'r', "sv");
	if (result >= 0)
		result = sd_bus_message_append(message, "s", name);
	if (result >= 0)
		result = sd_bus_message_open_container(message, 'v', value.nodes[0].signature);
	if (result >= 0)
		result = append_value(message, &value, &at);
	if (result >= 0)
		result = sd_bus_message_close_container(message);
	if (result >= 0)
		result = sd_bus_message_close_container(message);
	return result < 0 ? fail(name, result, NULL) : 0;
}

static int append_properties(sd_bus_message *message, char **properties, bool with_self)
{
	int result = sd_bus_message_open_container(message, 'a', "(sv)");

	/* 0 is who asks: a number would be another one's in another pid namespace. */
	if (result >= 0 && with_self)
		result = sd_bus_message_append(message, "(sv)", "PIDs", "au", 1, 0);
	for (char **property = properties; result >= 0 && *property != NULL; property++)
		if (append_property(message, *property) < 0)
			return -1;
	if (result >= 0)
		result = sd_bus_message_close_container(message);
	return result < 0 ? fail("cannot write the message", result, NULL) : 0;
}

/* ---- units */

/* "0123abcd...": 16 bytes. */
static bool read_invocation(const char *text, uint8_t id[INVOCATION_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != 2 * (size_t)INVOCATION_BYTES || strspn(text, digits) != 2 * (size_t)INVOCATION_BYTES)
		return false;
	for (size_t i = 0; i < INVOCATION_BYTES; i++)
		id[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
				  (strchr(digits, text[2 * i + 1]) - digits));
	return true;
}

/* The unit's object. Returns 1, or 0 when this invocation of it is gone. */
static int find_unit(struct conversation *c, const char *invocation, char path[256])
{
	sd_bus_message *message = NULL, *reply = NULL;
	uint8_t id[INVOCATION_BYTES];
	const char *found;
	int result;

	if (!read_invocation(invocation, id))
		return fail("the invocation", -EINVAL, NULL);
	result = sd_bus_message_new_method_call(c->bus, &message, SERVICE, OBJECT, MANAGER, "GetUnitByInvocationID");
	if (result >= 0)
		result = sd_bus_message_append_array(message, 'y', id, sizeof(id));
	if (result >= 0)
		result = sd_bus_call(c->bus, message, 0, &c->error, &reply);
	sd_bus_message_unref(message);
	if (result < 0 && sd_bus_error_has_names(&c->error, SERVICE ".NoUnitForInvocationID", SERVICE ".NoSuchUnit"))
		return 0;
	if (result >= 0)
		result = sd_bus_message_read(reply, "o", &found);
	if (result >= 0)
		snprintf(path, 256, "%s", found);
	sd_bus_message_unref(reply);
	return result < 0 ? fail("cannot find the unit", result, &c->error) : 1;
}

/* What the launcher has to know of the scope that was made. */
static int report(struct conversation *c, const char *unit)
{
	sd_bus_message *reply = NULL;
	const char *path;
	char object[256], *cgroup = NULL;
	const void *id;
	size_t size = 0;
	int result = sd_bus_call_method(c->bus, SERVICE, OBJECT, MANAGER, "GetUnit", &c->error, &reply, "s", unit);

	if (result >= 0)
		result = sd_bus_message_read(reply, "o", &path);
	if (result < 0)
		return fail("cannot find the unit", result, &c->error);
	snprintf(object, sizeof(object), "%s", path);
	reply = sd_bus_message_unref(reply);
	result = sd_bus_get_property_string(c->bus, SERVICE, object, SERVICE ".Scope", "ControlGroup", &c->error,
					    &cgroup);
	if (result >= 0)
		result = sd_bus_get_property(c->bus, SERVICE, object, UNIT, "InvocationID", &c->error, &reply, "ay");
	if (result >= 0)
		result = sd_bus_message_read_array(reply, 'y', &id, &size);
	if (result < 0 || size != INVOCATION_BYTES)
		return fail("cannot ask for the unit's cgroup", result, &c->error);
	printf("ok ");
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const uint8_t *)id)[i]);
	printf(" %s\n", cgroup);
	sd_bus_message_unref(reply);
	free(cgroup);
	return fflush(stdout) == 0 ? 0 : -1;
}

/* ---- what it does */

static int start(struct conversation *c, char **arguments)
{
	sd_bus_message *message = NULL, *reply = NULL;
	const char *unit = arguments[0];
	char byte;
	int result = sd_bus_message_new_method_call(c->bus, &message, SERVICE, OBJECT, MANAGER, "StartTransientUnit");

	if (result >= 0)
		result = sd_bus_message_append(message, "ss", unit, "fail");
	if (result < 0)
		return fail("cannot write the message", result, NULL);
	if (append_properties(message, arguments + 1, true) < 0)
		return -1;
	result = sd_bus_message_append(message, "a(sa(sv))", 0);
	if (result >= 0)
		result = sd_bus_call(c->bus, message, 0, &c->error, &reply);
	sd_bus_message_unref(message);
	if (result < 0)
		return fail(unit, result, &c->error);
	result = await_job(c, reply);
	sd_bus_message_unref(reply);
	if (result < 0 || report(c, unit) < 0)
		return -1;
	/* In the scope until the container is, or the launcher is no more. */
	while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
		continue;
	return 0;
}

static int set(struct conversation *c, char **arguments)
{
	sd_bus_message *message = NULL;
	char object[256];
	int result = find_unit(c, arguments[1], object);

	if (result == 0)
		fprintf(stderr, "%s is gone\n", arguments[0]);
	if (result <= 0)
		return -1;
	result = sd_bus_message_new_method_call(c->bus, &message, SERVICE, OBJECT, MANAGER, "SetUnitProperties");
	if (result >= 0)
		result = sd_bus_message_append(message, "sb", arguments[0], 1);
	if (result < 0)
		return fail("cannot write the message", result, NULL);
	if (append_properties(message, arguments + 2, false) < 0)
		return -1;
	result = sd_bus_call(c->bus, message, 0, &c->error, NULL);
	sd_bus_message_unref(message);
	return result < 0 ? fail(arguments[0], result, &c->error) : 0;
}

static int stop(struct conversation *c, char **arguments)
{
	sd_bus_message *reply = NULL;
	char object[256];
	int result = find_unit(c, arguments[1], object);

	if (result <= 0)
		return result;
	/* At once: the time that systemd gives to end is for those who are asked to. */
	(void)sd_bus_call_method(c->bus, SERVICE, object, UNIT, "Kill", NULL, NULL, "si", "all", 9);
	result = sd_bus_call_method(c->bus, SERVICE, object, UNIT, "Stop", &c->error, &reply, "s", "replace");
	/* It went by itself meanwhile. */
	if (result < 0 && sd_bus_error_has_names(&c->error, SERVICE ".NoSuchUnit", SD_BUS_ERROR_UNKNOWN_OBJECT))
		return 0;
	if (result < 0)
		return fail(arguments[0], result, &c->error);
	result = await_job(c, reply);
	sd_bus_message_unref(reply);
	(void)sd_bus_call_method(c->bus, SERVICE, object, UNIT, "ResetFailed", NULL, NULL, "");
	return result;
}

static const struct {
	const char *name;
	int least; /* arguments */
	int (*run)(struct conversation *c, char **arguments);
} verbs[] = {
	{"start", 1, start},
	{"set", 2, set},
	{"stop", 2, stop},
};

int main(int argc, char **argv)
{
	bool user = argc > 1 && strcmp(argv[1], "--user") == 0;
	struct conversation conversation = {0};
	char **rest = argv + 1 + user;
	int count = argc - 1 - user;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (count < 1 + verbs[i].least || strcmp(rest[0], verbs[i].name) != 0)
			continue;
		bool good = connect_to_systemd(&conversation, user) == 0 && verbs[i].run(&conversation, rest + 1) == 0;
		sd_bus_error_free(&conversation.error);
		sd_bus_flush_close_unref(conversation.bus);
		return good ? 0 : 1;
	}
	fprintf(stderr, "this program is for casemate(8) alone\n");
	return 1;
}
