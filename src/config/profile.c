// SPDX-License-Identifier: Apache-2.0
#include "config/profile.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "config/builtin.h"
#include "config/profile_items.h"
#include "config/profile_sandbox.h"
#include "model/names.h"

/* A text to read, with what its "extends" may refer to. */
struct source {
	const char *text;
	size_t length;
	const char *name;            /* for messages */
	const char *from;            /* becomes profile.from */
	const char *file;            /* the path, NULL: not a file, and then it extends no file */
	const struct source *parent; /* the profile that extends this one */
};

/* A file as it stands, before "extends" is followed. */
struct document {
	uint32_t format;
	const char *extends;
	bool widen;
	bool locked_given;
	struct profile values;
	bool given[ITEM_COUNT];
	void *sandbox; /* its flags are in values.sandbox */
};

static int take_capability(struct json_reader *r, const char *word, void *into)
{
	int number = names_capability(word);

	if (number < 0)
		return json_fail(r, NULL, "'%s' is not a capability", word);
	*(uint64_t *)into |= (uint64_t)1 << number;
	return 0;
}

/* It is printed, and compared with the names of the built-in ones. */
static int check_name(struct json_reader *r, const char *word, void *into)
{
	size_t length = strlen(word);

	if (length == 0 || length > PROFILE_NAME_BYTES || strspn(word, PROFILE_NAME_LETTERS) != length)
		return json_fail(r, NULL, "a name has 1 to %d of A-Z a-z 0-9 . _ -", PROFILE_NAME_BYTES);
	*(const char **)into = word;
	return 0;
}

static int check_paths(struct json_reader *r, const char *word, void *into)
{
	if (word[0] != '/')
		return json_fail(r, NULL, "'%s' is not an absolute path", word);
	*LIST_ADD(json_arena(r), (string_list *)into) = word;
	return 0;
}

#define GIVEN(item) .given = JSON_MEMBER(struct document, given[item])
#define VERDICT_FIELD(key, item, member)                                                                               \
	{                                                                                                              \
		JSON_KEY(key), JSON_TO(NAME, struct document, values.member), GIVEN(item), .names = &profile_verdicts  \
	}
#define FIELD(key, kind, item, member) JSON_KEY(key), JSON_TO(kind, struct document, values.member), GIVEN(item)
/* An object whose members lie in the document itself. */
#define GROUP(key, schema)                                                                                             \
	{                                                                                                              \
		JSON_KEY(key), .kind = JSON_OBJECT, .object = (schema)                                                 \
	}

static const struct json_field capabilities_fields[] = {
	VERDICT_FIELD("others", ITEM_CAPABILITIES, capabilities),
	{FIELD("allowed", WORDS, ITEM_CAPABILITIES_ALLOWED, capabilities_allowed), .word = take_capability},
};
static const struct json_schema capabilities_schema = {JSON_SCHEMA(struct document, capabilities_fields)};

static const struct json_field mount_types_fields[] = {
	VERDICT_FIELD("others", ITEM_MOUNT_TYPES, mount_types),
	{FIELD("allowed", STRINGS, ITEM_MOUNT_TYPES_ALLOWED, mount_types_allowed)},
};
static const struct json_schema mount_types_schema = {JSON_SCHEMA(struct document, mount_types_fields)};

static const struct json_field sysctls_fields[] = {
	VERDICT_FIELD("others", ITEM_SYSCTLS, sysctls),
	{FIELD("allowed", STRINGS, ITEM_SYSCTLS_ALLOWED, sysctls_allowed)},
};
static const struct json_schema sysctls_schema = {JSON_SCHEMA(struct document, sysctls_fields)};

static const struct json_field unit_properties_fields[] = {
	VERDICT_FIELD("others", ITEM_UNIT_PROPERTIES, unit_properties),
	{FIELD("allowed", STRINGS, ITEM_UNIT_PROPERTIES_ALLOWED, unit_properties_allowed)},
};
static const struct json_schema unit_properties_schema = {JSON_SCHEMA(struct document, unit_properties_fields)};

static const struct json_field hooks_fields[] = {
	VERDICT_FIELD("others", ITEM_HOOKS, hooks),
	{FIELD("allowed", WORDS, ITEM_HOOKS_ALLOWED, hooks_allowed), .word = check_paths},
};
static const struct json_schema hooks_schema = {JSON_SCHEMA(struct document, hooks_fields)};

static const struct json_field masks_fields[] = {
	VERDICT_FIELD("missing", ITEM_MASKS, masks),
	{FIELD("masked", WORDS, ITEM_MASKED_PATHS, masked_paths), .word = check_paths},
	{FIELD("readonly", WORDS, ITEM_READONLY_PATHS, readonly_paths), .word = check_paths},
};
static const struct json_schema masks_schema = {JSON_SCHEMA(struct document, masks_fields)};

static const struct json_field pids_fields[] = {
	VERDICT_FIELD("others", ITEM_PIDS, pids),
	{FIELD("limit", UNSIGNED, ITEM_PIDS_LIMIT, pids_limit), .min = 1, .max = INT64_MAX},
};
static const struct json_schema pids_schema = {JSON_SCHEMA(struct document, pids_fields)};

static const struct json_field document_fields[] = {
	{JSON_KEY("casemate"), JSON_TO(UNSIGNED, struct document, format), .min = PROFILE_FORMAT, .max = PROFILE_FORMAT,
	 .required = true},
	{JSON_KEY("name"), JSON_TO(WORD, struct document, values.name), .word = check_name, .required = true},
	{JSON_KEY("extends"), JSON_TO(STRING, struct document, extends)},
	{JSON_KEY("widen"), JSON_TO(BOOL, struct document, widen)},
	{JSON_KEY("locked"), JSON_TO(BOOL, struct document, values.locked),
	 .given = JSON_MEMBER(struct document, locked_given)},
	VERDICT_FIELD("root_user", ITEM_ROOT_USER, root_user),
	GROUP("capabilities", &capabilities_schema),
	VERDICT_FIELD("no_new_privileges", ITEM_NO_NEW_PRIVILEGES, no_new_privileges),
	VERDICT_FIELD("writable_root", ITEM_WRITABLE_ROOT, writable_root),
	VERDICT_FIELD("host_namespaces", ITEM_HOST_NAMESPACES, host_namespaces),
	VERDICT_FIELD("without_userns", ITEM_WITHOUT_USERNS, without_userns),
	VERDICT_FIELD("sensitive_sources", ITEM_SENSITIVE_SOURCES, sensitive_sources),
	VERDICT_FIELD("mount_flags", ITEM_MOUNT_FLAGS, mount_flags),
	GROUP("mount_types", &mount_types_schema),
	VERDICT_FIELD("propagation", ITEM_PROPAGATION, propagation),
	VERDICT_FIELD("devices", ITEM_DEVICES, devices),
	GROUP("sysctls", &sysctls_schema),
	GROUP("unit_properties", &unit_properties_schema),
	GROUP("hooks", &hooks_schema),
	VERDICT_FIELD("personality", ITEM_PERSONALITY, personality),
	VERDICT_FIELD("labels", ITEM_LABELS, labels),
	VERDICT_FIELD("oom_score", ITEM_OOM_SCORE, oom_score),
	VERDICT_FIELD("realtime", ITEM_REALTIME, realtime),
	VERDICT_FIELD("images", ITEM_IMAGES, images),
	GROUP("masks", &masks_schema),
	GROUP("pids", &pids_schema),
	{FIELD("seccomp", NAME, ITEM_SECCOMP, seccomp), .names = &profile_seccomps},
	{FIELD("landlock", NAME, ITEM_LANDLOCK, landlock), .names = &profile_landlocks},
	{FIELD("lock_securebits", BOOL, ITEM_LOCK_SECUREBITS, lock_securebits)},
	{JSON_KEY("sandbox"), JSON_TO(POINTER, struct document, sandbox), .make = profile_sandbox_schema},
};

/* What a profile that stands alone leaves out would be anybody's guess. */
static int check_complete(struct json_reader *r, const struct document *document)
{
	for (size_t i = 0; i < ITEM_COUNT; i++) {
		const struct profile_row *row = &profile_rows[i];

		if (!document->given[i] && profile_row_matters(row, &document->values))
			return json_fail(r, row->key, "is missing: a profile that extends no other must say it");
	}
	return 0;
}

static int check_document(struct json_reader *r, void *object)
{
	struct document *document = object;
	bool ceiling = false;

	for (size_t i = 0; i < ITEM_COUNT; i++)
		ceiling = ceiling || document->given[i];
	/* Whoever writes down flags alone wants them under what holds without a file. */
	if (document->extends == NULL && document->sandbox != NULL && !ceiling)
		document->extends = "restricted";
	if (document->extends != NULL)
		return 0;
	if (document->widen)
		return json_fail(r, "widen", "means nothing without \"extends\"");
	return check_complete(r, document);
}

static const struct json_schema document_schema = {JSON_SCHEMA(struct document, document_fields),
						   .done = check_document};

static int load(const struct source *source, struct arena *arena, struct profile *ret, struct error *err);

static bool is_path(const char *name)
{
	return strchr(name, '/') != NULL;
}

static int load_builtin(const char *name, const struct source *parent, struct arena *arena, struct profile *ret,
			struct error *err)
{
	struct source source = {.name = name, .from = "built in", .parent = parent};

	source.text = builtin_text(name, &source.length);
	/* Names with a directory are not profiles: "seccomp/default". */
	if (source.text == NULL || is_path(name)) {
		error_set(err, ERROR_USAGE, 0, "there is no profile \"%s\"", name);
		return error_hint(err, "the built-in ones are restricted, baseline and privileged; a file needs a '/'");
	}
	return load(&source, arena, ret, err);
}

static int load_file(const char *path, const struct source *parent, struct arena *arena, struct profile *ret,
		     struct error *err)
{
	struct source source = {.name = path, .from = arena_strdup(arena, path), .file = path, .parent = parent};
	char *text;

	TRY(file_read(AT_FDCWD, path, PROFILE_MAX_BYTES, arena, &text, &source.length, err));
	source.text = text;
	return load(&source, arena, ret, err);
}

/* @name as @source says it: a file is looked up from the directory of the file that names it. */
static const char *beside(const struct source *source, const char *name, struct arena *arena)
{
	const char *slash = strrchr(source->file, '/');

	if (name[0] == '/' || slash == NULL)
		return name;
	return arena_printf(arena, "%.*s/%s", (int)(slash - source->file), source->file, name);
}

static int load_extended(const struct source *source, const char *name, struct arena *arena, struct profile *ret,
			 struct error *err)
{
	size_t depth = 1;

	for (const struct source *s = source; s != NULL; s = s->parent)
		depth++;
	if (depth > PROFILE_MAX_DEPTH)
		return error_set(err, ERROR_CONFIG, 0, "%s: more than %d profiles extend one another", source->name,
				 PROFILE_MAX_DEPTH);
	if (!is_path(name))
		return load_builtin(name, source, arena, ret, err);
	if (source->file == NULL)
		return error_set(err, ERROR_CONFIG, 0, "%s: can only extend a built-in profile", source->name);
	const char *path = beside(source, name, arena);
	for (const struct source *s = source; s != NULL; s = s->parent) {
		if (s->file != NULL && strcmp(s->file, path) == 0)
			return error_set(err, ERROR_CONFIG, 0, "%s: the profile extends itself", path);
	}
	return load_file(path, source, arena, ret, err);
}

/* Flags add up, those of the extended profile first. */
static void prepend_flags(struct document *document, const struct profile *base, struct arena *arena)
{
	struct profile all = {.sandbox = base->sandbox};

	for (size_t i = 0; i < document->values.sandbox.count; i++)
		*LIST_ADD(arena, &all.sandbox) = document->values.sandbox.at[i];
	document->values.sandbox = all.sandbox;
}

/* Puts what @document does not give itself from the profile that it extends, and compares the result with that. */
static int extend(const struct source *source, struct document *document, struct arena *arena, struct error *err)
{
	struct profile base = {0};

	if (load_extended(source, document->extends, arena, &base, err) < 0) {
		/* Also where that file is missing: this one exists, and must not be taken for absent. */
		err->kind = ERROR_CONFIG;
		return error_wrap(err, "%s: cannot extend \"%s\"", source->name, document->extends);
	}
	for (size_t i = 0; i < ITEM_COUNT; i++) {
		if (!document->given[i])
			profile_row_copy(&profile_rows[i], &document->values, &base);
	}
	prepend_flags(document, &base, arena);
	if (!document->locked_given)
		document->values.locked = base.locked;
	if (document->widen)
		return 0;
	if (profile_weaker(&base, &document->values, err) < 0) {
		err->kind = ERROR_CONFIG;
		error_wrap(err, "%s", source->name);
		return error_hint(err, "\"widen\": true in %s says that this is meant", source->name);
	}
	return 0;
}

static int load(const struct source *source, struct arena *arena, struct profile *ret, struct error *err)
{
	struct document document = {0};
	struct json_input input = {
		.text = source->text,
		.length = source->length,
		.name = source->name,
		.source = source->name,
		.own = true,
		.user = &document.values,
	};

	TRY(json_read(&input, &document_schema, &document, arena, err));
	document.values.from = source->from;
	if (document.extends != NULL)
		TRY(extend(source, &document, arena, err));
	*ret = document.values;
	return 0;
}

int profile_builtin(const char *name, struct arena *arena, struct profile *ret, struct error *err)
{
	TRY(load_builtin(name, NULL, arena, ret, err));
	ret->builtin = true;
	return 0;
}

int profile_read(const char *path, struct arena *arena, struct profile *ret, struct error *err)
{
	return load_file(path, NULL, arena, ret, err);
}

int profile_parse(const char *text, size_t length, const char *name, struct arena *arena, struct profile *ret,
		  struct error *err)
{
	struct source source = {.text = text, .length = length, .name = name, .from = arena_strdup(arena, name)};

	return load(&source, arena, ret, err);
}
