// SPDX-License-Identifier: Apache-2.0
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "config/oci_schema.h"

struct request *oci_request(const struct json_reader *r)
{
	return json_user(r);
}

const char *oci_given(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : text;
}

int oci_check_absolute(struct json_reader *r, const char *member, const char *path)
{
	if (path != NULL && path[0] != '/')
		return json_fail(r, member, "'%s' is not an absolute path", path);
	return 0;
}

int oci_check_no_dotdot(struct json_reader *r, const char *member, const char *path)
{
	for (const char *at = path; at != NULL; at = strchr(at, '/')) {
		at += strspn(at, "/");
		if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
			return json_fail(r, member, "'%s' must not contain '..'", path);
	}
	return 0;
}

int oci_check_interface(struct json_reader *r, const char *member, const char *name)
{
	size_t length = strlen(name);

	/* As the kernel's dev_valid_name(). */
	if (length == 0 || length >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strpbrk(name, "/: \t\n\v\f\r") != NULL)
		return json_fail(r, member, "'%s' is not the name of a network interface", name);
	return 0;
}

int oci_check_cpu_list(struct json_reader *r, const char *member, const char *list)
{
	if (list != NULL && strspn(list, "0123456789,- ") != strlen(list))
		return json_fail(r, member, "'%s' is not a list such as '0-3,5'", list);
	return 0;
}

int oci_check_environment(struct json_reader *r, const string_list *env)
{
	char member[48];

	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->at[i], '=');

		if (equals == NULL || equals == env->at[i]) {
			snprintf(member, sizeof(member), "env/%zu", i);
			return json_fail(r, member, "'%s' is not NAME=value", env->at[i]);
		}
	}
	return 0;
}

/* Appends the components of @path to @out, which ends at @at, but for "." and empty ones. Returns the new end. */
static char *append_components(char *at, const char *path)
{
	for (path += strspn(path, "/"); *path != '\0'; path += strspn(path, "/")) {
		size_t length = strcspn(path, "/");

		if (length != 1 || path[0] != '.') {
			*at++ = '/';
			memcpy(at, path, length);
			at += length;
		}
		path += length;
	}
	return at;
}

const char *oci_join_path(struct arena *arena, const char *base, const char *path)
{
	char *text = arena_alloc(arena, strlen(base) + strlen(path) + 3);
	char *end = path[0] == '/' ? text : append_components(text, base);

	end = append_components(end, path);
	if (end == text)
		*end = '/';
	return text;
}

const char *oci_clean_path(struct arena *arena, const char *path)
{
	return oci_join_path(arena, "/", path);
}
