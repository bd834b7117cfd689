// SPDX-License-Identifier: Apache-2.0
#include "run/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/self.h"
#include "base/sys.h"
#include "parts/cgroup_control.h"
#include "run/alive.h"
#include "run/state_files.h"

/* ---- the record */

struct record {
	uint32_t format;
	struct state state;
	uint32_t driver;
	LIST(struct state_hierarchy) hierarchies;
};

static const struct json_field process_fields[] = {
	{JSON_KEY("pid"), JSON_TO(SIGNED, struct state_process, pid)},
	{JSON_KEY("started"), JSON_TO(UNSIGNED, struct state_process, started)},
};
static const struct json_schema process_schema = {JSON_SCHEMA(struct state_process, process_fields)};

static const struct json_field hierarchy_fields[] = {
	{JSON_KEY("name"), JSON_TO(STRING, struct state_hierarchy, name), .required = true},
	{JSON_KEY("directory"), JSON_TO(STRING, struct state_hierarchy, directory), .required = true},
	{JSON_KEY("made"), JSON_TO(UNSIGNED, struct state_hierarchy, made)},
};
static const struct json_schema hierarchy_schema = {JSON_SCHEMA(struct state_hierarchy, hierarchy_fields)};

static const struct json_field scope_fields[] = {
	{JSON_KEY("unit"), JSON_TO(STRING, struct record, state.cgroup.scope.unit), .required = true},
	{JSON_KEY("slice"), JSON_TO(STRING, struct record, state.cgroup.scope.slice), .required = true},
	{JSON_KEY("user"), JSON_TO(BOOL, struct record, state.cgroup.scope.user)},
	{JSON_KEY("invocation"), JSON_TO(STRING, struct record, state.cgroup.scope.invocation), .required = true},
};
static const struct json_schema scope_schema = {JSON_SCHEMA(struct record, scope_fields)};

static const struct json_field cgroup_fields[] = {
	{JSON_KEY("version"), JSON_TO(UNSIGNED, struct record, driver), .max = CGROUP_V2},
	{JSON_KEY("components"), JSON_TO(STRINGS, struct record, state.cgroup.components)},
	{JSON_KEY("path"), JSON_TO(STRING, struct record, state.cgroup.path)},
	{JSON_KEY("ours"), JSON_TO(UNSIGNED, struct record, state.cgroup.ours)},
	{JSON_KEY("scope"), .kind = JSON_OBJECT, .object = &scope_schema},
	{JSON_KEY("hierarchies"), JSON_TO(OBJECTS, struct record, hierarchies), .object = &hierarchy_schema},
};
static const struct json_schema cgroup_schema = {JSON_SCHEMA(struct record, cgroup_fields)};

static const struct json_field rdt_fields[] = {
	{JSON_KEY("group"), JSON_TO(STRING, struct record, state.rdt.group), .required = true},
	{JSON_KEY("named"), JSON_TO(BOOL, struct record, state.rdt.named)},
	{JSON_KEY("made"), JSON_TO(UNSIGNED, struct record, state.rdt_made), .max = UINT8_MAX},
};
static const struct json_schema rdt_schema = {JSON_SCHEMA(struct record, rdt_fields)};

static const struct json_field record_fields[] = {
	{JSON_KEY("casemate"), JSON_TO(UNSIGNED, struct record, format), .min = STATE_FORMAT, .max = STATE_FORMAT,
	 .required = true},
	{JSON_KEY("ociVersion"), JSON_TO(STRING, struct record, state.oci_version), .required = true},
	{JSON_KEY("bundle"), JSON_TO(STRING, struct record, state.bundle), .required = true},
	{JSON_KEY("rootfs"), JSON_TO(STRING, struct record, state.rootfs), .required = true},
	{JSON_KEY("created"), JSON_TO(STRING, struct record, state.created), .required = true},
	{JSON_KEY("profile"), JSON_TO(STRING, struct record, state.profile), .required = true},
	{JSON_KEY("builtin"), JSON_TO(BOOL, struct record, state.builtin)},
	{JSON_KEY("owner"), JSON_TO(UNSIGNED, struct record, state.owner), .required = true},
	{JSON_KEY("process"), JSON_TO(OBJECT, struct record, state.process), .object = &process_schema},
	{JSON_KEY("maker"), JSON_TO(OBJECT, struct record, state.maker), .object = &process_schema},
	{JSON_KEY("annotations"), JSON_TO(PAIRS, struct record, state.annotations)},
	{JSON_KEY("hooks"), JSON_TO(BOOL, struct record, state.hooks)},
	{JSON_KEY("listener"), JSON_TO(BOOL, struct record, state.listener)},
	{JSON_KEY("cgroup"), .kind = JSON_OBJECT, .object = &cgroup_schema},
	{JSON_KEY("rdt"), .kind = JSON_OBJECT, .object = &rdt_schema},
};
static const struct json_schema record_schema = {JSON_SCHEMA(struct record, record_fields)};

static void take_hierarchies(struct record *record, struct arena *arena)
{
	struct plan_cgroup *cgroup = &record->state.cgroup;

	cgroup->driver = record->driver;
	cgroup->wanted = record->hierarchies.count > 0;
	for (size_t i = 0; i < record->hierarchies.count && i < RUN_CGROUPS; i++) {
		const struct state_hierarchy *from = &record->hierarchies.at[i];
		struct plan_cgroup_hierarchy *to = LIST_ADD(arena, &cgroup->hierarchies);

		to->name = from->name;
		to->directory = from->directory;
		record->state.cgroup_made[i] = (uint8_t)from->made;
	}
}

static int not_there(const char *id, struct error *err)
{
	error_set(err, ERROR_GONE, 0, "container \"%s\" does not exist", id);
	return error_hint(err, "`casemate list` shows those that do; --root names another place than the default");
}

static bool is_deleted(const struct state *state)
{
	struct stat status;

	return fstat(state->dir, &status) == 0 && status.st_nlink == 0;
}

static bool is_ours(const char *name)
{
	static const char *const names[] = {".",          "..",        STATE_CONFIG, STATE_PROFILE, STATE_RECORD_NEW,
					    STATE_RECORD, STATE_START, STATE_NOTIFY};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* A launch that died before its first record has left a directory of its user alone, with nothing but files of ours. */
static bool holds_state(int dir)
{
	char block[2048] __attribute__((aligned(8)));
	struct stat status;

	if (faccessat(dir, STATE_RECORD, F_OK, 0) == 0)
		return true;
	AUTOCLOSE int list = sys_openat(dir, ".", O_RDONLY | O_DIRECTORY, 0);
	if (list < 0 || fstat(list, &status) < 0 || status.st_uid != self_uid() ||
	    (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return false;
	for (;;) {
		long got = fd_list(list, block, sizeof(block));

		if (got <= 0)
			return got == 0;
		for (long at = 0; at < got;) {
			const struct dirent *entry = (const void *)(block + at);

			at += entry->d_reclen;
			if (!is_ours(entry->d_name))
				return false;
		}
	}
}

/* The first thing that is made of a container is its directory: without a record there is nothing else yet. */
static int read_record(struct state *state, struct arena *arena, struct error *err)
{
	struct record record = {.state = {.oci_version = "1.0.0",
					  .bundle = "",
					  .rootfs = "",
					  .created = "1970-01-01T00:00:00Z",
					  .profile = "",
					  .owner = self_uid()}};
	struct json_input input = {.name = STATE_RECORD, .source = STATE_RECORD, .own = true};
	char *text = NULL;

	if (file_read(state->dir, STATE_RECORD, STATE_BYTES, arena, &text, &input.length, err) < 0 &&
	    err->errnum != ENOENT)
		return -1;
	if (text == NULL && (is_deleted(state) || !holds_state(state->dir)))
		return not_there(state->id, err);
	input.text = text;
	if (text != NULL && input.length > 0 && json_read(&input, &record_schema, &record, arena, err) < 0)
		return error_wrap(err, "the state of the container \"%s\"", state->id);
	take_hierarchies(&record, arena);
	record.state.dir = state->dir;
	record.state.busy = state->busy;
	record.state.id = state->id;
	*state = record.state;
	return 0;
}

/* ---- opening */

const char *state_root(const char *given, struct arena *arena)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	bool user = self_uid() != 0 || (runtime != NULL && !self_is_host_root());

	if (given != NULL)
		return given;
	if (!user)
		return "/run/casemate";
	if (runtime != NULL && runtime[0] == '/')
		return arena_printf(arena, "%s/casemate", runtime);
	return arena_printf(arena, "/tmp/casemate-%u", self_uid());
}

int state_check_id(const char *id, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
	size_t length = strlen(id);

	if (length > 0 && length <= STATE_ID_BYTES && id[strspn(id, allowed)] == '\0' && id[0] != '.' && id[0] != '-')
		return 0;
	error_set(err, ERROR_USAGE, 0, "'%s' is not a container id: letters, digits and _+-. are allowed", id);
	return error_hint(err, "at most %d of them, and neither '.' nor '-' first", STATE_ID_BYTES);
}

/* A record can name hooks, processes and cgroups: it is believed from whoever could do all that anyhow. */
static int check_owner(const struct state *state, struct error *err)
{
	struct stat status;

	if (fstat(state->dir, &status) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot look at the container \"%s\"", state->id);
	if (status.st_uid == self_uid() || status.st_uid == 0)
		return 0;
	error_set(err, ERROR_HOST, 0, "the container \"%s\" is of user %u", state->id, status.st_uid);
	return error_hint(err, "be that user, or choose another directory by --root, or XDG_RUNTIME_DIR");
}

static int take_lock(struct state *state, enum state_lock lock, struct error *err)
{
	if (lock == STATE_LOOK) {
		state->busy = sys_flock(state->dir, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
		return state->busy ? 0 : sys_flock(state->dir, LOCK_UN);
	}
	if (sys_flock(state->dir, LOCK_EX) < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot lock the container \"%s\"", state->id);
	/* Who held it before may have deleted it. */
	return is_deleted(state) ? not_there(state->id, err) : 0;
}

int state_open(const char *root, const char *id, enum state_lock lock, struct arena *arena, struct state *ret,
	       struct error *err)
{
	*ret = (struct state){.dir = -1, .id = id};
	TRY(state_check_id(id, err));
	ret->dir = sys_openat(AT_FDCWD, arena_printf(arena, "%s/%s", root, id), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (ret->dir < 0 && errno == ENOENT)
		return not_there(id, err);
	if (ret->dir < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot open the container \"%s\"", id);
	if (check_owner(ret, err) == 0 && take_lock(ret, lock, err) == 0 && read_record(ret, arena, err) == 0)
		return 0;
	state_close(ret);
	if (err->kind != ERROR_CONFIG)
		return -1;
	/* Without its record nobody knows its processes and cgroups, and a guess could end another's. */
	err->hint[0] = '\0';
	return error_hint(err, "end its processes, then remove its cgroup and %s/%s", root, id);
}

void state_close(struct state *state)
{
	fd_close(&state->dir);
}

/* What else somebody keeps there is no container; what the caller may not look into is none of its own. */
static bool is_container(int root, const struct dirent *entry)
{
	struct error ignored;

	if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) || state_check_id(entry->d_name, &ignored) < 0)
		return false;
	AUTOCLOSE int dir = sys_openat(root, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	return dir >= 0 && holds_state(dir);
}

int state_each(const char *root, int (*each)(const char *id, void *context, struct error *err), void *context,
	       struct error *err)
{
	AUTOCLOSE_DIRECTORY DIR *directory = opendir(root);
	const struct dirent *entry;

	if (directory == NULL)
		return errno == ENOENT ? 0 : error_set(err, ERROR_SYSTEM, errno, "cannot open '%s'", root);
	while ((entry = readdir(directory)) != NULL)
		if (is_container(dirfd(directory), entry))
			TRY(each(entry->d_name, context, err));
	return 0;
}

/* ---- the truth */

const char *state_status_word(enum container_status status)
{
	static const char *const words[] = {
		[CONTAINER_CREATING] = "creating", [CONTAINER_CREATED] = "created", [CONTAINER_RUNNING] = "running",
		[CONTAINER_PAUSED] = "paused",     [CONTAINER_STOPPED] = "stopped",
	};

	return words[status];
}

static bool lives(const struct state_process *process)
{
	/* 0: it had ended before it was recorded. */
	return process->pid > 0 && process->started > 0 && alive_since(process->pid) == process->started;
}

/* It listens until it is told to start; a full backlog of one that is paused listens as well. */
static bool waits_for_start(const struct state *state, int flags, int *ret_start)
{
	/* Most containers run: that there is no socket is cheaper to ask than that nobody listens on it. */
	if (faccessat(state->dir, STATE_START, F_OK, 0) < 0 && errno == ENOENT)
		return false;
	*ret_start = sys_unix_connect(SOCK_SEQPACKET | flags, state->dir, STATE_START);
	return *ret_start >= 0 || errno == EAGAIN;
}

static enum container_status find_status(const struct state *state, int flags, int *ret_start)
{
	struct error ignored;

	if (state->process.pid == 0)
		return state->busy || lives(&state->maker) ? CONTAINER_CREATING : CONTAINER_STOPPED;
	if (!lives(&state->process))
		return CONTAINER_STOPPED;
	if (cgroup_is_frozen(&state->cgroup, &ignored) == 1)
		return CONTAINER_PAUSED;
	return waits_for_start(state, flags, ret_start) ? CONTAINER_CREATED : CONTAINER_RUNNING;
}

enum container_status state_status(const struct state *state)
{
	AUTOCLOSE int start = -1;

	return find_status(state, SOCK_NONBLOCK, &start);
}

enum container_status state_connect(const struct state *state, int *ret_start)
{
	*ret_start = -1;
	return find_status(state, 0, ret_start);
}

int state_explain_failure(const struct state *state, struct error *err)
{
	if (is_deleted(state))
		return not_there(state->id, err);
	if ((err->kind == ERROR_SYSTEM || err->kind == ERROR_HOST) && state_status(state) == CONTAINER_STOPPED)
		return error_set(err, ERROR_GONE, 0, "container not running: \"%s\"", state->id);
	return -1;
}

int state_process_open(const struct state *state, struct error *err)
{
	AUTOCLOSE int process = state->process.pid <= 0 ? -1 : sys_pidfd_open(state->process.pid);

	/* Asked with the pidfd in hand: what lives now is what it stands for. */
	if (process < 0 || !lives(&state->process))
		return error_set(err, ERROR_GONE, 0, "container not running: \"%s\"", state->id);
	return fd_take(&process);
}
