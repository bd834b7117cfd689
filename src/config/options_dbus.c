// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "config/options_add.h"

enum { LONGEST_NAME = 255 };

static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* "%2f" is a '/'. */
static const char *unescape(struct arena *arena, const char *text, size_t length)
{
	char *out = arena_strndup(arena, text, length), *to = out;

	for (const char *at = out; *at != '\0'; at++) {
		if (*at != '%') {
			*to++ = *at;
			continue;
		}
		if (hex(at[1]) < 0 || hex(at[2]) < 0)
			return NULL;
		*to++ = (char)(hex(at[1]) << 4 | hex(at[2]));
		at += 2;
	}
	*to = '\0';
	return out;
}

const char *options_bus_path(struct arena *arena, const char *addresses)
{
	static const char transport[] = "unix:path=";

	for (const char *at = addresses; at != NULL; at = strchr(at, ';')) {
		at += *at == ';';
		if (strncmp(at, transport, strlen(transport)) != 0)
			continue;
		at += strlen(transport);
		const char *path = unescape(arena, at, strcspn(at, ",;"));
		if (path != NULL && path[0] == '/')
			return path;
	}
	return NULL;
}

/* Words with dots between them, the last of which may be a '*': what the specification calls a well-known name. */
static bool is_name(const char *name)
{
	size_t length = strlen(name), words = 0;

	if (length > LONGEST_NAME)
		return false;
	for (const char *at = name;; at++) {
		size_t word = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

		if (words > 1 && strcmp(at, "*") == 0)
			return true;
		if (word == 0 || (at[0] >= '0' && at[0] <= '9'))
			return false;
		words++;
		at += word;
		if (*at == '\0')
			return words > 1;
		if (*at != '.')
			return false;
	}
}

/* "*", "org.example.Iface.*", "org.example.Iface.Method@/a/path" */
static bool is_rule(const char *rule)
{
	return rule[0] != '\0' &&
	       rule[strspn(rule, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.*@/")] == '\0';
}

/* "system:NAME" is of that bus, and "NAME" of the session's. Returns the name. */
static const char *find_bus(const struct adding *a, const char *value, struct request_bus **ret)
{
	bus_list *buses = &a->request->sandbox.buses;
	const char *colon = strchr(value, ':'), *bus = "session";

	if (colon != NULL)
		bus = arena_strndup(a->arena, value, (size_t)(colon - value));
	*ret = NULL;
	for (size_t i = 0; i < buses->count; i++)
		if (strcmp(buses->at[i].name, bus) == 0)
			*ret = &buses->at[i];
	return colon != NULL ? colon + 1 : value;
}

static int add_rule(const struct adding *a, const struct cli_word *word, struct error *err)
{
	struct request_bus_rule rule = {.verb = word->option + strlen("--dbus-"),
					.from = options_origin(a->arena, word)};
	bool calls = strcmp(rule.verb, "call") == 0 || strcmp(rule.verb, "broadcast") == 0;
	struct request_bus *bus;
	char *name = arena_strdup(a->arena, find_bus(a, word->value, &bus));
	char *equals = calls ? strchr(name, '=') : NULL;

	if (equals != NULL) {
		*equals = '\0';
		rule.more = equals + 1;
	}
	rule.name = name;
	if (!is_name(name) || (calls && (rule.more == NULL || !is_rule(rule.more))))
		return error_set(err, ERROR_USAGE, 0, "%s %s: expected %s", word->option, word->value,
				 calls ? "NAME=MEMBER[@PATH], with a name as org.example.App"
				       : "a name as org.example.App or org.example.*");
	if (bus == NULL)
		return error_set(err, ERROR_USAGE, 0,
				 "%s %s: this needs --socket dbus-session, or dbus-system for system:NAME",
				 word->option, word->value);
	*LIST_ADD(a->arena, &bus->rules) = rule;
	return 0;
}

int options_add_dbus(const struct adding *a, const cli_words *words, struct error *err)
{
	for (size_t i = 0; i < words->count; i++)
		TRY(add_rule(a, &words->at[i], err));
	return 0;
}
