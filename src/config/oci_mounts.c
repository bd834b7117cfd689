// SPDX-License-Identifier: Apache-2.0
/* config.md, "Mounts". */
#include <string.h>

#include "config/oci_schema.h"
#include "model/names.h"

static int check_id_map(struct json_reader *r, void *object)
{
	const struct request_id_map *map = object;

	/* 4294967295 is no id: the last one that a range may reach is 4294967294. */
	if ((uint64_t)map->container + map->size > UINT32_MAX)
		return json_fail(r, "size", "containerID + size is above 4294967295");
	if ((uint64_t)map->host + map->size > UINT32_MAX)
		return json_fail(r, "size", "hostID + size is above 4294967295");
	return 0;
}

static const struct json_field id_map_fields[] = {
	{JSON_KEY("containerID"), JSON_TO(UNSIGNED, struct request_id_map, container), OCI_ID, .required = true},
	{JSON_KEY("hostID"), JSON_TO(UNSIGNED, struct request_id_map, host), OCI_ID, .required = true},
	{JSON_KEY("size"), JSON_TO(UNSIGNED, struct request_id_map, size), .min = 1, .max = UINT32_MAX,
	 .required = true},
};
const struct json_schema oci_id_map_schema = {
	JSON_SCHEMA(struct request_id_map, id_map_fields),
	.done = check_id_map,
};

static int take_option(struct json_reader *r, const char *word, void *into)
{
	struct request_mount *mount = into;

	if (!names_mount_option(word, mount))
		*LIST_ADD(json_arena(r), &mount->data) = word;
	return 0;
}

static int finish_bind(struct json_reader *r, struct request_mount *mount)
{
	mount->type = "bind";
	if (mount->source == NULL)
		return json_fail(r, "source", "is missing: a bind mount needs one");
	mount->source = oci_join_path(json_arena(r), oci_request(r)->bundle, mount->source);
	return 0;
}

/* config.md, "uidMappings": the two come together, and mean an idmapped mount whether or not an option says so. */
static int finish_mappings(struct json_reader *r, struct request_mount *mount)
{
	bool mapped = mount->uid_mappings.count != 0;

	if (mapped != (mount->gid_mappings.count != 0))
		return json_fail(r, mapped ? "gidMappings" : "uidMappings", "is missing: both mappings or none");
	if (mapped && (mount->special & (MOUNT_SPECIAL_IDMAP | MOUNT_SPECIAL_RIDMAP)) == 0)
		mount->special |= MOUNT_SPECIAL_IDMAP;
	return 0;
}

/* Takes away what makes a character a part of a name (overlayfs.rst), and ends the name. Returns what is behind it. */
static char *end_layer(char *name, bool list)
{
	char *to = name;

	for (; *name != '\0' && !(list && *name == ':'); name++) {
		if (name[0] == '\\' && name[1] != '\0')
			name++;
		*to++ = *name;
	}
	char *behind = *name == '\0' ? NULL : name + 1;
	*to = '\0';
	return behind;
}

/* What an overlay is made of is the host's, as what is bound is. */
static int find_layers(struct json_reader *r, struct request_mount *mount)
{
	static const char *const options[] = {"lowerdir", "upperdir", "workdir"};

	for (size_t i = 0; i < mount->data.count; i++)
		for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++) {
			size_t length = strlen(options[k]);
			const char *word = mount->data.at[i];

			if (strncmp(word, options[k], length) != 0 || word[length] != '=')
				continue;
			for (char *name = arena_strdup(json_arena(r), word + length + 1); name != NULL;) {
				char *next = end_layer(name, k == 0);

				if (mount->layers.count == REQUEST_MAX_LAYERS)
					return json_fail(r, "options", "more layers than an overlay can have");
				*LIST_ADD(json_arena(r), &mount->layers) = (struct request_layer){options[k], name};
				name = next;
			}
		}
	return 0;
}

static int finish_mount(struct json_reader *r, void *object)
{
	struct request_mount *mount = object;

	if (mount->destination[0] == '\0')
		return json_fail(r, "destination", "is empty");
	TRY(oci_check_no_dotdot(r, "destination", mount->destination));
	mount->destination = oci_clean_path(json_arena(r), mount->destination);
	mount->source = oci_given(mount->source);
	mount->type = oci_given(mount->type);
	if (mount->type != NULL && strcmp(mount->type, "bind") == 0)
		mount->bind = true;
	if (mount->bind)
		TRY(finish_bind(r, mount));
	else if (mount->type == NULL && !mount->remount)
		return json_fail(r, "type", "is missing: no option says 'bind'");
	else if (mount->type != NULL && strcmp(mount->type, "overlay") == 0)
		TRY(find_layers(r, mount));
	return finish_mappings(r, mount);
}

static const struct json_field mount_fields[] = {
	{JSON_KEY("destination"), JSON_TO(STRING, struct request_mount, destination), .required = true},
	{JSON_KEY("type"), JSON_TO(STRING, struct request_mount, type)},
	{JSON_KEY("source"), JSON_TO(STRING, struct request_mount, source)},
	/* The words go to many members. */
	{JSON_KEY("options"), .kind = JSON_WORDS, .word = take_option},
	{JSON_KEY("uidMappings"), JSON_TO(OBJECTS, struct request_mount, uid_mappings), .object = &oci_id_map_schema},
	{JSON_KEY("gidMappings"), JSON_TO(OBJECTS, struct request_mount, gid_mappings), .object = &oci_id_map_schema},
};
const struct json_schema oci_mount_schema = {
	JSON_SCHEMA(struct request_mount, mount_fields),
	.origin = JSON_MEMBER(struct request_mount, from),
	.done = finish_mount,
};
