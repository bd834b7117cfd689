// SPDX-License-Identifier: Apache-2.0
/* The tables of config.json's objects and the checks they share: the inside of config/oci*.c. The user of each is the
 * request. */
#ifndef CASEMATE_CONFIG_OCI_SCHEMA_H
#define CASEMATE_CONFIG_OCI_SCHEMA_H

#include "base/json.h"
#include "model/request.h"

extern const struct json_schema oci_process_schema;   /* struct request_process */
extern const struct json_schema oci_mount_schema;     /* struct request_mount */
extern const struct json_schema oci_id_map_schema;    /* struct request_id_map */
extern const struct json_schema oci_hooks_schema;     /* struct request_hooks */
extern const struct json_schema oci_linux_schema;     /* struct request_linux */
extern const struct json_schema oci_device_schema;    /* struct request_device */
extern const struct json_schema oci_resources_schema; /* struct request_resources */
extern const struct json_schema oci_seccomp_schema;   /* struct request_seccomp, in config.json */

/* (uid_t)-1 means "no id" to the kernel, so that no user, group or mapping may have it. */
#define OCI_ID .max = UINT32_MAX - 1

/* The request that is being read. */
struct request *oci_request(const struct json_reader *r);

/* Each refuses @member of the object that is being read: 0, or json_fail(). A NULL @path is good. */
int oci_check_absolute(struct json_reader *r, const char *member, const char *path);
int oci_check_no_dotdot(struct json_reader *r, const char *member, const char *path);
int oci_check_interface(struct json_reader *r, const char *member, const char *name);
/* A list as in cpuset(7): "0-3,5". */
int oci_check_cpu_list(struct json_reader *r, const char *member, const char *list);
/* Every entry is NAME=value, with a name. */
int oci_check_environment(struct json_reader *r, const string_list *env);

/* @path absolute, a relative one taken from "/", with "//" and "." gone. It must have passed oci_check_no_dotdot. */
const char *oci_clean_path(struct arena *arena, const char *path);

/* @path below @base where it is relative, with "//" and "." gone. ".." stays: only the kernel knows where links lead.
 */
const char *oci_join_path(struct arena *arena, const char *base, const char *path);

/* NULL for the empty string, which Go programs write for "not given". */
const char *oci_given(const char *text);

#endif
