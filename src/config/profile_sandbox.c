// SPDX-License-Identifier: Apache-2.0
#include "config/profile_sandbox.h"

#include <stdlib.h>
#include <string.h>

/* A member of the object: the one that its flag's kind fills. */
struct value {
	bool given;
	bool on;
	const char *text;
	uint64_t number;
	json_strings words;
};

static const struct {
	enum json_kind kind;
	uint32_t offset, size;
} kinds[] = {
#define INTO(kind_, member)                                                                                            \
	{                                                                                                              \
		.kind = JSON_##kind_, .offset = offsetof(struct value, member),                                        \
		.size = sizeof(((struct value *)0)->member)                                                            \
	}
	[CLI_ON] = INTO(BOOL, on),
	[CLI_OFF] = INTO(BOOL, on),
	[CLI_TEXT] = INTO(STRING, text),
	[CLI_WORDS] = INTO(STRINGS, words),
	[CLI_NUMBER] = INTO(UNSIGNED, number),
	[CLI_SIZE] = INTO(STRING, text),
	[CLI_DURATION] = INTO(STRING, text),
	[CLI_PERCENT] = INTO(STRING, text),
#undef INTO
};

static const struct cli_option *next(const struct cli_option *option)
{
	while (option->name != NULL && (options_marks(option) & FLAG_TYPED) != 0)
		option++;
	return option;
}

/* What is wrong with a value is said with its line, so it is tried at once. */
static int take_flag(struct json_reader *r, const struct cli_option *option, const char *value, const char *member)
{
	struct profile *profile = json_user(r);
	struct sandbox_options tried = {0};
	struct error err = {0};

	if (cli_take(option, value, NULL, &tried, json_arena(r), &err) < 0)
		return json_fail(r, member, "%s", err.what);
	*LIST_ADD(json_arena(r), &profile->sandbox) = (struct profile_flag){
		.option = option->name,
		.value = value,
		.from = arena_printf(json_arena(r), "%s/%s", json_origin(r), member),
	};
	return 0;
}

static int take_value(struct json_reader *r, const struct cli_option *option, const struct value *value)
{
	const char *key = option->name + strlen("--");
	struct arena *arena = json_arena(r);

	switch (option->kind) {
	case CLI_ON:
	case CLI_OFF:
		return value->on ? take_flag(r, option, NULL, key) : 0;
	case CLI_NUMBER:
		return take_flag(r, option, arena_printf(arena, "%llu", (unsigned long long)value->number), key);
	case CLI_WORDS:
		for (size_t i = 0; i < value->words.count; i++)
			TRY(take_flag(r, option, value->words.at[i], arena_printf(arena, "%s/%zu", key, i)));
		return 0;
	default:
		return take_flag(r, option, value->text, key);
	}
}

static int take_values(struct json_reader *r, void *object)
{
	const struct value *value = object;

	for (const struct cli_option *option = next(sandbox_options); option->name != NULL; option = next(option + 1)) {
		if (value->given)
			TRY(take_value(r, option, value));
		value++;
	}
	return 0;
}

const struct json_schema *profile_sandbox_schema(struct arena *arena)
{
	struct json_schema *schema = arena_alloc(arena, sizeof(*schema));
	struct json_field *fields = arena_alloc(arena, JSON_MAX_FIELDS * sizeof(*fields));
	size_t count = 0;

	for (const struct cli_option *option = next(sandbox_options); option->name != NULL; option = next(option + 1)) {
		uint32_t base = (uint32_t)(count * sizeof(struct value));

		fields[count++] = (struct json_field){
			.key = option->name + strlen("--"),
			.length = strlen(option->name) - strlen("--"),
			.kind = kinds[option->kind].kind,
			.offset = base + kinds[option->kind].offset,
			.size = kinds[option->kind].size,
			.given = base + JSON_MEMBER(struct value, given),
			.max = option->kind == CLI_NUMBER ? option->most : 0,
		};
	}
	*schema = (struct json_schema){
		.fields = fields, .count = count, .size = count * sizeof(struct value), .done = take_values};
	return schema;
}

/* ---- into the flags of a launch */

static const char *variable(const char *name, size_t length, const struct host *host)
{
	static const char *const known[] = {"HOME", "XDG_RUNTIME_DIR", "TMPDIR"};

	if (length == strlen("PWD") && strncmp(name, "PWD", length) == 0)
		return host->cwd;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i]) == length && strncmp(known[i], name, length) == 0)
			return getenv(known[i]);
	return NULL;
}

/* A ':' of the variable's value is part of the path. */
static const char *escaped(struct arena *arena, const char *path)
{
	char *out = arena_alloc(arena, 2 * strlen(path) + 1), *to = out;

	for (; *path != '\0'; path++) {
		if (*path == ':')
			*to++ = '\\';
		*to++ = *path;
	}
	return out;
}

/* @splits: a ':' separates in this flag's value. */
static int expand(const struct profile_flag *flag, bool splits, const struct host *host, struct arena *arena,
		  const char **ret, struct error *err)
{
	const char *out = "", *rest = flag->value, *dollar;

	while ((dollar = strstr(rest, "${")) != NULL) {
		const char *end = strchr(dollar, '}');
		bool escape = dollar > rest && dollar[-1] == '$';

		if (escape) {
			out = arena_printf(arena, "%s%.*s{", out, (int)(dollar - rest), rest);
			rest = dollar + 2;
			continue;
		}
		const char *value = end == NULL ? NULL : variable(dollar + 2, (size_t)(end - dollar - 2), host);
		if (value == NULL || value[0] != '/') {
			error_set(err, ERROR_CONFIG, 0, "%s: '%.*s' is not an absolute path", flag->from,
				  end == NULL ? (int)strlen(dollar) : (int)(end - dollar + 1), dollar);
			return error_hint(err, "${PWD}, ${HOME}, ${XDG_RUNTIME_DIR} and ${TMPDIR} are replaced; "
					       "write $${ for a plain ${");
		}
		out = arena_printf(arena, "%s%.*s%s", out, (int)(dollar - rest), rest,
				   splits ? escaped(arena, value) : value);
		rest = end + 1;
	}
	*ret = rest == flag->value ? flag->value : arena_printf(arena, "%s%s", out, rest);
	return 0;
}

int profile_sandbox_take(const struct profile *profile, const struct host *host, struct arena *arena,
			 struct sandbox_options *ret, struct error *err)
{
	for (size_t i = 0; i < profile->sandbox.count; i++) {
		const struct profile_flag *flag = &profile->sandbox.at[i];
		const struct cli_option *option = sandbox_options;
		const char *value = NULL;

		while (strcmp(option->name, flag->option) != 0)
			option++;
		if (flag->value != NULL)
			TRY(expand(flag, option->offset == offsetof(struct sandbox_options, files), host, arena, &value,
				   err));
		if (cli_take(option, value, flag->from, ret, arena, err) < 0)
			return error_wrap(err, "%s", flag->from);
	}
	return 0;
}
