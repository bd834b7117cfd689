// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/fd.h"
#include "config/options_add.h"
#include "config/options_order.h"
#include "config/options_x11.h"

#define INSIDE "/run/sandbox"
#define SYSTEM_BUS "/run/dbus/system_bus_socket"
#define SOCKET_WORDS "bind,ro,nosuid,nodev,noexec"

enum { COOKIE_BYTES = 1 << 20 };

/* Where one of them is: its path, NULL where its variable names none, and who says so; both in @arena. */
struct place {
	struct arena *arena;
	const char *path, *found;
};

struct socket_kind {
	const char *name;
	const char *variable; /* of the caller; unset, `usual` is meant, which NULL says there is not */
	const char *usual;    /* below the directory of `directory` */
	const char *directory;
	const char *(*understand)(struct arena *arena, const char *value); /* of the variable; NULL: a path */
	const char *inside;
	const char *set; /* NAME=VALUE inside */
	const char *risk;
	bool of_root;
	const char *bus; /* D-Bus, through a proxy: "session" or "system" */
};

/* ---- what variables say */

/* "unix:PATH", "{MACHINE}unix:PATH" or "PATH"; the first of several would be tried first. */
static const char *pulse_path(struct arena *arena, const char *value)
{
	if (value[0] == '{' && strchr(value, '}') != NULL)
		value = strchr(value, '}') + 1;
	if (strncmp(value, "unix:", strlen("unix:")) == 0)
		value += strlen("unix:");
	return value[0] == '/' && strchr(value, ' ') == NULL ? arena_strdup(arena, value) : NULL;
}

static const char *x11_path(struct arena *arena, const char *value)
{
	const char *number = x11_number(arena, value);

	return number == NULL ? NULL : arena_printf(arena, "/tmp/.X11-unix/X%s", number);
}

/* The one that GnuPG has for other machines: it signs and decrypts, and gives no key away. */
static const char *gpg_path(struct arena *arena, const char *value)
{
	return arena_printf(arena, "%s/S.gpg-agent.extra", value);
}

static const char through_proxy[] = "a proxy's, which passes on what --dbus-talk and the like name";

static const struct socket_kind kinds[] = {
	{
		.name = "wayland",
		.variable = "WAYLAND_DISPLAY",
		.usual = "wayland-0",
		.directory = "XDG_RUNTIME_DIR",
		.inside = INSIDE "/wayland-0",
		.set = "WAYLAND_DISPLAY=wayland-0",
		.risk = "it can open windows, and see the clipboard while one of them has the focus; some compositors "
			"let it take pictures of the screen",
	},
	{
		.name = "x11",
		.variable = "DISPLAY",
		.understand = x11_path,
		.inside = "/tmp/.X11-unix/X" X11_INSIDE,
		.set = "DISPLAY=:" X11_INSIDE,
		.risk = "it can see all windows, read all that is typed, and type into every other program",
		.of_root = true,
	},
	{
		.name = "pulseaudio",
		.variable = "PULSE_SERVER",
		.usual = "pulse/native",
		.directory = "XDG_RUNTIME_DIR",
		.understand = pulse_path,
		.inside = INSIDE "/pulse/native",
		.set = "PULSE_SERVER=unix:" INSIDE "/pulse/native",
		.risk = "it can play, listen to the microphone and to other programs, and load modules into the server",
	},
	{
		.name = "pipewire",
		.variable = "PIPEWIRE_REMOTE",
		.usual = "pipewire-0",
		.directory = "XDG_RUNTIME_DIR",
		.inside = INSIDE "/pipewire-0",
		.set = "PIPEWIRE_REMOTE=pipewire-0",
		.risk = "it can play, listen to the microphone and see through cameras",
	},
	{
		.name = "ssh-agent",
		.variable = "SSH_AUTH_SOCK",
		.inside = INSIDE "/ssh-agent",
		.set = "SSH_AUTH_SOCK=" INSIDE "/ssh-agent",
		.risk = "it can log in everywhere as you, with all keys in the agent, while it runs; and remove or add "
			"keys",
	},
	{
		.name = "gpg-agent",
		.variable = "GNUPGHOME",
		.usual = ".gnupg/S.gpg-agent.extra",
		.directory = "HOME",
		.understand = gpg_path,
		.inside = OPTIONS_HOME "/.gnupg/S.gpg-agent",
		.risk = "it can sign and decrypt as you, with all keys in the agent, while it runs",
	},
	{
		.name = "dbus-session",
		.variable = "DBUS_SESSION_BUS_ADDRESS",
		.usual = "bus",
		.directory = "XDG_RUNTIME_DIR",
		.understand = options_bus_path,
		.inside = INSIDE "/bus",
		.set = "DBUS_SESSION_BUS_ADDRESS=unix:path=" INSIDE "/bus",
		.risk = through_proxy,
		.bus = "session",
	},
	{
		.name = "dbus-system",
		.variable = "DBUS_SYSTEM_BUS_ADDRESS",
		.usual = SYSTEM_BUS,
		.understand = options_bus_path,
		.inside = SYSTEM_BUS,
		.set = "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" SYSTEM_BUS,
		.risk = through_proxy,
		.of_root = true,
		.bus = "system",
	},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const char *variable(const char *name)
{
	const char *value = name == NULL ? NULL : getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static int find(const struct socket_kind *kind, struct place *ret, struct error *err)
{
	const char *value = variable(kind->variable), *directory = variable(kind->directory);
	const char *path = value == NULL ? kind->usual : value;

	ret->found = value == NULL && kind->directory == NULL
			     ? "the specification"
			     : arena_printf(ret->arena, "$%s", value != NULL ? kind->variable : kind->directory);
	if (value != NULL && kind->understand != NULL)
		path = kind->understand(ret->arena, value);
	if (path == NULL && value != NULL)
		return error_set(err, ERROR_USAGE, 0, "--socket %s: $%s is '%s', which is no socket of this machine",
				 kind->name, kind->variable, value);
	if (path == NULL)
		return error_set(err, ERROR_USAGE, 0, "--socket %s: $%s is not set", kind->name, kind->variable);
	if (path[0] != '/' && (directory == NULL || directory[0] != '/'))
		return error_set(err, ERROR_USAGE, 0, "--socket %s: '%s' is looked for in $%s, which is %s", kind->name,
				 path, kind->directory == NULL ? kind->variable : kind->directory,
				 directory == NULL ? "not set" : "no absolute path");
	ret->path = options_path(ret->arena, "/",
				 path[0] == '/' ? path : arena_printf(ret->arena, "%s/%s", directory, path));
	return 0;
}

/* GnuPG keeps it below /run where it can. */
static void find_gpg(struct place *ret)
{
	const char *runtime = variable("XDG_RUNTIME_DIR");
	const char *path = runtime == NULL || runtime[0] != '/' || variable("GNUPGHOME") != NULL
				   ? NULL
				   : arena_printf(ret->arena, "%s/gnupg/S.gpg-agent.extra", runtime);

	if (path == NULL || access(path, F_OK) < 0)
		return;
	ret->path = options_path(ret->arena, "/", path);
	ret->found = "$XDG_RUNTIME_DIR";
}

/* ---- what is made of it */

/* A directory that the program may use; one for all of them. */
static void add_directory(const struct adding *a, const char *path)
{
	for (size_t i = 0; i < a->request->mounts.count; i++)
		if (strcmp(a->request->mounts.at[i].destination, path) == 0)
			return;
	struct request_mount *mount = options_add_mount(a->arena, a->request, path, "default");
	mount->type = "tmpfs";
	mount->source = "tmpfs";
	options_apply_words(a->arena, mount, "nosuid,nodev,noexec,mode=700,size=16m");
}

static void set_variable(const struct adding *a, const char *entry)
{
	*LIST_ADD(a->arena, &a->request->process.env) = entry;
}

static int add_cookies(const struct adding *a, origin from, struct error *err)
{
	const char *named = variable("XAUTHORITY"), *home = variable("HOME"), *number;
	const char *path = named != NULL ? named : home != NULL ? arena_printf(a->arena, "%s/.Xauthority", home) : NULL;
	size_t length, kept;
	char *text;

	if (path == NULL || (named == NULL && access(path, F_OK) < 0))
		return 0;
	if (file_read(AT_FDCWD, path, COOKIE_BYTES, a->arena, &text, &length, err) < 0)
		return error_wrap(err, "--socket x11: $XAUTHORITY");
	number = x11_number(a->arena, variable("DISPLAY"));
	const char *cookies = x11_cookies(a->arena, text, length, number, &kept);
	if (kept == 0)
		return 0;
	add_directory(a, INSIDE);
	struct request_mount *mount = options_add_mount(a->arena, a->request, INSIDE "/Xauthority", from);
	mount->content = cookies;
	mount->content_length = kept;
	mount->mode = 0600;
	set_variable(a, "XAUTHORITY=" INSIDE "/Xauthority");
	return 0;
}

static void add_bind(const struct adding *a, const struct socket_kind *kind, const struct place *found, origin from)
{
	struct request_socket *socket = arena_alloc(a->arena, sizeof(*socket));
	struct request_mount *mount = options_add_mount(a->arena, a->request, kind->inside, from);

	*socket = (struct request_socket){
		.name = kind->name,
		.found = found->found,
		.risk = kind->risk,
		.of_root = kind->of_root,
		.proxied = kind->bus != NULL,
	};
	if (kind->bus != NULL)
		*LIST_ADD(a->arena, &a->request->sandbox.buses) =
			(struct request_bus){.name = kind->bus, .path = found->path, .socket = socket, .from = from};
	mount->socket = socket;
	mount->source = kind->bus != NULL ? kind->bus : found->path;
	mount->type = "bind";
	options_apply_words(a->arena, mount, SOCKET_WORDS);
}

static int add_socket(const struct adding *a, const struct socket_kind *kind, origin from, struct error *err)
{
	struct place found = {.arena = a->arena};

	TRY(find(kind, &found, err));
	if (strcmp(kind->name, "gpg-agent") == 0) {
		find_gpg(&found);
		add_directory(a, OPTIONS_HOME "/.gnupg");
	}
	add_bind(a, kind, &found, from);
	if (kind->set != NULL)
		set_variable(a, kind->set);
	if (strcmp(kind->name, "x11") == 0)
		return add_cookies(a, from, err);
	if (strncmp(kind->inside, INSIDE "/", strlen(INSIDE "/")) == 0) {
		add_directory(a, INSIDE);
		set_variable(a, "XDG_RUNTIME_DIR=" INSIDE);
	}
	return 0;
}

static int find_kind(const struct cli_word *word, size_t *ret, struct error *err)
{
	const char *names[KINDS + 1] = {NULL};

	for (*ret = 0; *ret < KINDS; ++*ret) {
		if (strcmp(kinds[*ret].name, word->value) == 0)
			return 0;
		names[*ret] = kinds[*ret].name;
	}
	const char *near = cli_nearest(word->value, names);
	error_set(err, ERROR_USAGE, 0, "--socket %s: there is no socket of this name", word->value);
	return near == NULL ? error_hint(err, "see --help") : error_hint(err, "did you mean '%s'?", near);
}

int options_add_sockets(const struct adding *a, const cli_words *words, struct error *err)
{
	bool added[KINDS] = {false};

	for (size_t i = 0; i < words->count; i++) {
		size_t kind;

		TRY(find_kind(&words->at[i], &kind, err));
		/* A profile's file and the command line may name the same. */
		if (!added[kind])
			TRY(add_socket(a, &kinds[kind], options_origin(a->arena, &words->at[i]), err));
		added[kind] = true;
	}
	return 0;
}
