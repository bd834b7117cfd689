// SPDX-License-Identifier: Apache-2.0
/* Writing the state: the first record before anything else of a container exists, the second when its pid is known. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json_write.h"
#include "base/self.h"
#include "base/sys.h"
#include "run/alive.h"
#include "run/state.h"
#include "run/state_files.h"

static void write_process(struct json_writer *json, const char *key, pid_t pid)
{
	json_member_object(json, key);
	json_member_signed(json, "pid", pid);
	json_member_unsigned(json, "started", alive_since(pid));
	json_write_end_object(json);
}

static void write_annotations(struct json_writer *json, const pair_list *annotations)
{
	json_member_object(json, "annotations");
	for (size_t i = 0; i < annotations->count; i++)
		json_member_string(json, annotations->at[i].key, annotations->at[i].value);
	json_write_end_object(json);
}

static void write_hierarchies(struct json_writer *json, const struct plan_cgroup *cgroup, const struct run *run)
{
	json_member_array(json, "hierarchies");
	for (size_t i = 0; i < cgroup->hierarchies.count; i++) {
		json_write_begin_object(json);
		json_member_string(json, "name", cgroup->hierarchies.at[i].name);
		json_member_string(json, "directory", cgroup->hierarchies.at[i].directory);
		json_member_unsigned(json, "made", run->cgroup_made[i]);
		json_write_end_object(json);
	}
	json_write_end_array(json);
}

static void write_scope(struct json_writer *json, const struct plan_scope *scope, const char *invocation)
{
	json_member_object(json, "scope");
	json_member_string(json, "unit", scope->unit);
	json_member_string(json, "slice", scope->slice);
	json_member_bool(json, "user", scope->user);
	json_member_string(json, "invocation", invocation);
	json_write_end_object(json);
}

static void write_cgroup(struct json_writer *json, const struct plan_cgroup *cgroup, const struct run *run)
{
	json_member_object(json, "cgroup");
	json_member_unsigned(json, "version", cgroup->driver);
	json_member_string(json, "path", cgroup->path);
	json_member_unsigned(json, "ours", cgroup->ours);
	json_member_strings(json, "components", cgroup->components.at, cgroup->components.count);
	if (cgroup->scope.unit != NULL)
		write_scope(json, &cgroup->scope, run->scope_invocation);
	write_hierarchies(json, cgroup, run);
	json_write_end_object(json);
}

static void write_rdt(struct json_writer *json, const struct plan_rdt *rdt, uint8_t made)
{
	json_member_object(json, "rdt");
	json_member_string(json, "group", rdt->group);
	json_member_bool(json, "named", rdt->named);
	json_member_unsigned(json, "made", made);
	json_write_end_object(json);
}

static void write_record(struct json_writer *json, const struct plan *plan, const struct run *run)
{
	char created[CLOCK_TEXT];

	clock_text(created);
	json_write_begin_object(json);
	json_member_unsigned(json, "casemate", STATE_FORMAT);
	json_member_string(json, "ociVersion", plan->oci_version);
	json_member_string(json, "bundle", plan->bundle);
	json_member_string(json, "rootfs", plan->rootfs.path);
	json_member_string(json, "created", created);
	json_member_string(json, "profile", plan->profile);
	json_member_bool(json, "builtin", plan->lifecycle.profile == NULL);
	json_member_unsigned(json, "owner", self_uid());
	write_process(json, run->child > 0 ? "process" : "maker", run->child > 0 ? run->child : getpid());
	write_annotations(json, &plan->annotations);
	json_member_bool(json, "hooks", plan->hooks[HOOK_POSTSTART].count + plan->hooks[HOOK_POSTSTOP].count > 0);
	json_member_bool(json, "listener", plan->listener.path != NULL);
	if (plan->cgroup.wanted && !run->cgroup_left_out)
		write_cgroup(json, &plan->cgroup, run);
	if (plan->rdt.wanted)
		write_rdt(json, &plan->rdt, run->rdt_made);
	json_write_end_object(json);
}

static int write_file(int dir, const char *name, const char *text, size_t length, struct error *err)
{
	AUTOCLOSE int file = sys_openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

	if (file < 0 || fd_write_all(file, text, length) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot write '%s' of the container's state", name);
	return 0;
}

static int write_state(const struct plan *plan, const struct run *run, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;

	TRY(json_writer_create(&json, false, err));
	write_record(&json, plan, run);
	TRY(json_writer_finish(&json, &text, &length, err));
	/* Nobody could read it: the container could not be listed, killed or deleted. */
	if (length > STATE_BYTES) {
		error_set(err, ERROR_CONFIG, 0, "the state of the container \"%s\" would be larger than %d bytes",
			  plan->id, STATE_BYTES);
		return error_hint(err, "it has the annotations of config.json in it: shorten those");
	}
	return write_file(run->state, STATE_RECORD_NEW, text, length, err);
}

/* One of some pages comes in pieces: whoever reads it meanwhile, or after a crash, sees none of them. */
int state_record(const struct plan *plan, const struct run *run, struct error *err)
{
	if (run->state < 0)
		return 0;
	TRY(write_state(plan, run, err));
	if (sys_renameat(run->state, STATE_RECORD_NEW, STATE_RECORD) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot replace the container's state");
	return 0;
}

/* ---- the directory */

/* Engines name a directory that need not exist yet. */
static int make_root(const char *root, struct error *err)
{
	char path[4096];
	size_t length = strlen(root);

	if (length >= sizeof(path))
		return error_set(err, ERROR_USAGE, ENAMETOOLONG, "--root %s", root);
	for (size_t end = 1; end <= length; end++) {
		if (root[end] != '/' && root[end] != '\0')
			continue;
		memcpy(path, root, end);
		path[end] = '\0';
		if (sys_mkdirat(AT_FDCWD, path, end == length ? 0700 : 0755) < 0 && errno != EEXIST)
			return error_set(err, ERROR_SYSTEM, errno, "cannot make '%s' for the state of containers",
					 path);
	}
	return sys_openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY, 0);
}

/* Others may not write there: what is in it is believed. */
static int open_root(const char *root, struct error *err)
{
	struct stat status;
	AUTOCLOSE int fd = sys_openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0 && errno == ENOENT)
		fd = make_root(root, err);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s' for the state of containers", root);
	if ((status.st_uid != self_uid() && status.st_uid != 0) || (status.st_mode & S_IWOTH) != 0) {
		error_set(err, ERROR_HOST, 0, "'%s' can be written by others", root);
		return error_hint(err, "choose another directory by --root, or XDG_RUNTIME_DIR");
	}
	return fd_take(&fd);
}

bool state_make_wanted(const struct plan *plan)
{
	return plan->lifecycle.state_root != NULL;
}

void state_make_explain(const struct plan *plan, struct explain *out)
{
	explain_say(out, EXPLAIN_DOES, NULL, "keeps what the other commands need in %s/%s", plan->lifecycle.state_root,
		    plan->id);
}

static int fill(const struct plan *plan, const struct run *run, struct error *err)
{
	const struct plan_lifecycle *lifecycle = &plan->lifecycle;

	TRY(write_file(run->state, STATE_CONFIG, lifecycle->config, lifecycle->config_length, err));
	if (lifecycle->profile != NULL)
		TRY(write_file(run->state, STATE_PROFILE, lifecycle->profile, lifecycle->profile_length, err));
	return state_record(plan, run, err);
}

int state_make(const struct plan *plan, struct run *run, struct error *err)
{
	AUTOCLOSE int root = open_root(plan->lifecycle.state_root, err);

	if (root < 0)
		return -1;
	if (sys_mkdirat(root, plan->id, 0700) < 0) {
		error_set(err, errno == EEXIST ? ERROR_USAGE : ERROR_SYSTEM, errno == EEXIST ? 0 : errno,
			  errno == EEXIST ? "container \"%s\" already exists"
					  : "cannot make the state of the container \"%s\"",
			  plan->id);
		return errno == EEXIST ? error_hint(err, "choose another id, or: casemate delete %s", plan->id) : -1;
	}
	run->state = sys_openat(root, plan->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (run->state < 0) {
		error_set(err, ERROR_SYSTEM, errno, "cannot open the state of the container \"%s\"", plan->id);
		/* state_unmake() has no handle on it. */
		(void)sys_unlinkat(root, plan->id, AT_REMOVEDIR);
		return -1;
	}
	if (sys_flock(run->state, LOCK_EX) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot lock the state of the container \"%s\"", plan->id);
	return fill(plan, run, err);
}

static int remove_files(const char *root, const char *id, int dir, struct error *err)
{
	/* The record last: until then `delete` knows what there is. */
	static const char *const names[] = {STATE_START, STATE_CONFIG, STATE_PROFILE, STATE_RECORD_NEW, STATE_RECORD};
	AUTOCLOSE int at = sys_openat(AT_FDCWD, root, O_PATH | O_DIRECTORY, 0);
	if (at < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open '%s' for the state of containers", root);
	AUTOCLOSE int notify = sys_openat(dir, STATE_NOTIFY, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	if (notify >= 0 && ((sys_unlinkat(notify, STATE_NOTIFY_SOCKET, 0) < 0 && errno != ENOENT) ||
			    sys_unlinkat(dir, STATE_NOTIFY, AT_REMOVEDIR) < 0))
		return error_set(err, ERROR_SYSTEM, errno, "cannot remove the notify socket of the container \"%s\"",
				 id);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (sys_unlinkat(dir, names[i], 0) < 0 && errno != ENOENT)
			return error_set(err, ERROR_SYSTEM, errno, "cannot remove '%s' of the container \"%s\"",
					 names[i], id);
	if (sys_unlinkat(at, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_set(err, ERROR_SYSTEM, errno, "cannot remove the state of the container \"%s\"", id);
	return 0;
}

/* A container of `run` mostly has these two files: whether there are others, the kernel says with the directory. */
static bool remove_usual(const struct plan_lifecycle *lifecycle, const char *id, int dir)
{
	AUTOCLOSE int at = sys_openat(AT_FDCWD, lifecycle->state_root, O_PATH | O_DIRECTORY, 0);

	return at >= 0 && !lifecycle->waits && lifecycle->profile == NULL && lifecycle->notify == NULL &&
	       sys_unlinkat(dir, STATE_CONFIG, 0) == 0 && sys_unlinkat(dir, STATE_RECORD, 0) == 0 &&
	       sys_unlinkat(at, id, AT_REMOVEDIR) == 0;
}

int state_unlock(const struct run *run, struct error *err)
{
	if (run->state >= 0 && sys_flock(run->state, LOCK_UN) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot unlock the state of the container");
	return 0;
}

int state_take_back(struct run *run, struct error *err)
{
	struct stat status;

	if (run->state < 0)
		return 0;
	if (sys_flock(run->state, LOCK_EX) < 0 || fstat(run->state, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot lock the state of the container");
	run->deleted = status.st_nlink == 0;
	if (!run->deleted)
		return 0;
	memset(run->cgroup_made, 0, sizeof(run->cgroup_made));
	run->rdt_made = 0;
	return 0;
}

int state_unmake(const struct plan *plan, struct run *run, struct error *err)
{
	if (run->state < 0)
		return 0;
	if (!run->deleted && !remove_usual(&plan->lifecycle, plan->id, run->state))
		TRY(remove_files(plan->lifecycle.state_root, plan->id, run->state, err));
	fd_close(&run->state);
	return 0;
}

int state_delete(const char *root, const struct state *state, struct error *err)
{
	return remove_files(root, state->id, state->dir, err);
}
