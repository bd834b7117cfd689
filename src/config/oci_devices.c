// SPDX-License-Identifier: Apache-2.0
/* config-linux.md, "Devices": nodes that are made in the container. */
#include <string.h>
#include <sys/stat.h>

#include "config/oci_schema.h"

static int take_type(struct json_reader *r, const char *word, void *into)
{
	if (strlen(word) != 1 || strchr("cbup", word[0]) == NULL)
		return json_fail(r, NULL, "'%s' is not a device type: c, b, u or p", word);
	/* An unbuffered character device has been an ordinary one since Linux 2.6. */
	*(char *)into = word[0] == 'u' ? 'c' : word[0];
	return 0;
}

static int check_device(struct json_reader *r, void *object)
{
	struct request_device *device = object;

	TRY(oci_check_absolute(r, "path", device->path));
	TRY(oci_check_no_dotdot(r, "path", device->path));
	device->path = oci_clean_path(json_arena(r), device->path);
	if (device->type != 'p' && !device->major_given)
		return json_fail(r, "major", "is missing");
	if (device->type != 'p' && !device->minor_given)
		return json_fail(r, "minor", "is missing");
	return 0;
}

static const struct json_field device_fields[] = {
	{JSON_KEY("type"), JSON_TO(WORD, struct request_device, type), .word = take_type, .required = true},
	{JSON_KEY("path"), JSON_TO(STRING, struct request_device, path), .required = true},
	{JSON_KEY("major"), JSON_TO(SIGNED, struct request_device, major), .min = 0, .max = UINT32_MAX,
	 .given = JSON_MEMBER(struct request_device, major_given)},
	{JSON_KEY("minor"), JSON_TO(SIGNED, struct request_device, minor), .min = 0, .max = UINT32_MAX,
	 .given = JSON_MEMBER(struct request_device, minor_given)},
	/* podman hands over all of st_mode, with the type, which is known. */
	{JSON_KEY("fileMode"), JSON_TO_OPT(UNSIGNED, struct request_device, mode), .max = S_IFMT | 07777},
	{JSON_KEY("uid"), JSON_TO_OPT(UNSIGNED, struct request_device, uid), OCI_ID},
	{JSON_KEY("gid"), JSON_TO_OPT(UNSIGNED, struct request_device, gid), OCI_ID},
};
const struct json_schema oci_device_schema = {
	JSON_SCHEMA(struct request_device, device_fields),
	.origin = JSON_MEMBER(struct request_device, from),
	.done = check_device,
};
