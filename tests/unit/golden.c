// SPDX-License-Identifier: Apache-2.0
/*
 * What explain says of a few launches, word for word: tests/golden/. The host is made by hand, so that the text is the
 * same on every machine, and a change of it is a change of ours that a reader of the diff can judge. `make golden`
 * writes the files anew.
 */
#include <ctype.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/fd.h"
#include "check.h"
#include "config/oci.h"
#include "config/options.h"
#include "config/profile.h"
#include "run/explain.h"
#include "run/plan.h"

enum { LONGEST = 1 << 20 };

struct golden {
	const char *name;
	const char *profile;
	const char *config;    /* a file of tests/golden/, or NULL: */
	const char *words[20]; /* of the command line of a sandbox */
	bool root;
};

static const struct golden all[] = {
	{"restricted", "restricted", "plain.json", {0}, true},
	{"baseline-docker", "baseline", "docker.json", {0}, true},
	{"privileged-docker", "privileged", "docker.json", {0}, true},
	{"restricted-refuses", "restricted", "hostile.json", {0}, true},
	{"rootless", "restricted", "plain.json", {0}, false},
	{"sandbox", "restricted", NULL, {"python3", "-c", "print()"}, false},
	{"sandbox-flags",
	 "restricted",
	 NULL,
	 {"--rw", "/home/me/work", "--ro", "/srv/data:/data", "--tmpfs", "/cache", "--setenv", "LANG=C", "--net",
	  "none", "--cap", "NET_BIND_SERVICE", "--hostname", "box", "--pids", "64", "--", "make", "all"},
	 false},
	{"sandbox-without-userns", "restricted", NULL, {"--without", "userns", "--rw", "/home/me/work", "id"}, false},
	{"sandbox-root", "restricted", NULL, {"--uid", "1000", "id"}, true},
};

static struct arena arena;
static struct error err;

/* ---- a host */

static const struct {
	const char *path;
	uint32_t mode, magic;
} files[] = {
	{"/bundle/rootfs", S_IFDIR | 0755, EXT4_SUPER_MAGIC}, {"/home/me/work", S_IFDIR | 0755, EXT4_SUPER_MAGIC},
	{"/run/docker.sock", S_IFSOCK | 0660, TMPFS_MAGIC},   {"/srv/data", S_IFDIR | 0755, EXT4_SUPER_MAGIC},
	{"/sys/kernel/debug", S_IFDIR | 0700, DEBUGFS_MAGIC},
};

static struct host_object look_at(const char *path)
{
	struct host_object object = {.path = path, .real = path, .device = 1, .mode = S_IFREG | 0644, .inode = 1000};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].path, path) == 0) {
			object.inode = i + 1;
			object.mode = files[i].mode;
			object.magic = files[i].magic;
		}
	return object;
}

static void make_host(struct host *host, bool root)
{
	static const char *const top[][2] = {{"/usr", NULL}, {"/bin", "usr/bin"}, {"/lib", "usr/lib"}};

	*host = (struct host){
		.uid = root ? 0 : 1000,
		.gid = root ? 0 : 1000,
		.privileged = root,
		.capabilities = root ? ~0ULL : 0,
		.last_capability = CAP_CHECKPOINT_RESTORE,
		.kernel = 6 << 16 | 18,
		.landlock_abi = 7,
		.oom_score_adj = root ? -500 : 0,
		.cgroup = HOST_CGROUP_V2,
		.cgroup_root = "/sys/fs/cgroup",
		.cwd = "/home/me/work",
	};
	*LIST_ADD(&arena, &host->cgroups) = (struct pair){"", "/user.slice"};
	for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		*LIST_ADD(&arena, &host->directories) = (struct host_directory){.path = top[i][0], .link = top[i][1]};
}

static void look_at_sources(struct host *host, const struct request *request)
{
	struct host_object socket = look_at("/run/docker.sock");

	*LIST_ADD(&arena, &host->sensitive) = socket;
	/* Whatever is joined is the host's. */
	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++)
		if (request->linux_.namespaces[kind].path != NULL)
			host->joined[kind] = host->init_namespaces[kind] = (struct host_identity){4, kind + 1};
	if (request->root.path != NULL)
		host->root = look_at(request->root.path);
	for (size_t i = 0; i < request->mounts.count; i++)
		if (request->mounts.at[i].bind)
			*LIST_ADD(&arena, &host->sources) = look_at(request->mounts.at[i].source);
}

/* ---- what is explained */

static const char *path_of(const char *name, const char *suffix)
{
	return arena_printf(&arena, "%s/tests/golden/%s%s", getenv("SOURCE"), name, suffix);
}

static int read_request(const struct golden *golden, const struct host *host, struct request *request)
{
	static const struct cli cli = {"sandbox", "", sandbox_options, CLI_IN_FRONT};
	struct sandbox_options options = {0};
	char *argv[20] = {0}, **program, *text;
	size_t length;

	if (golden->config != NULL) {
		TRY(file_read(AT_FDCWD, path_of(golden->config, ""), LONGEST, &arena, &text, &length, &err));
		return oci_parse(text, length, "/bundle", &arena, request, &err);
	}
	for (size_t i = 0; i + 1 < sizeof(argv) / sizeof(argv[0]) && golden->words[i] != NULL; i++)
		argv[i] = arena_strdup(&arena, golden->words[i]);
	if (cli_parse(&cli, argv, &options, &arena, &program, &err) != 0)
		return -1;
	return options_request(&options, program, host, &arena, request, &err);
}

/* How many system calls a filter names depends on the machine's architecture and on libseccomp: these numbers become
 * '#'. */
static const char *without_machine(char *text)
{
	char *out = arena_alloc(&arena, strlen(text) + 1), *at = out;
	bool filter = false;

	for (; *text != '\0'; text++) {
		if (at == out || at[-1] == '\n')
			filter = strstr(text, "system calls") != NULL &&
				 strstr(text, "system calls") < text + strcspn(text, "\n");
		if (filter && isdigit((unsigned char)text[0])) {
			text += strspn(text, "0123456789") - 1;
			*at++ = '#';
		} else {
			*at++ = *text;
		}
	}
	return out;
}

/* Which names a filter has that nobody knows depends on them, too. */
static void drop_filter_notes(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->notes.count; i++)
		if (strcmp(plan->notes.at[i].layer, "filter") != 0)
			plan->notes.at[kept++] = plan->notes.at[i];
	plan->notes.count = kept;
}

static const char *explain(const struct plan *plan, enum explain_format format)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	int result = out == NULL ? -1 : explain_plan(plan, format, out, &err);

	if (out == NULL || fclose(out) != 0 || result < 0)
		return NULL;
	const char *kept = without_machine(text);
	free(text);
	return kept;
}

static bool rewrite(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		return false;
	bool good = fputs(text, file) >= 0;
	return fclose(file) == 0 && good;
}

static bool matches(const char *path, const char *text)
{
	char *expected;
	size_t length;

	if (getenv("GOLDEN_WRITE") != NULL)
		return rewrite(path, text);
	if (file_read(AT_FDCWD, path, LONGEST, &arena, &expected, &length, &err) < 0) {
		printf("# %s\n", err.what);
		return false;
	}
	size_t same = 0, line = 1;
	for (; expected[same] != '\0' && expected[same] == text[same]; same++)
		line += expected[same] == '\n';
	if (expected[same] == text[same])
		return true;
	printf("# %s: line %zu differs; if it should, `make golden` and look at the diff. It says now:\n# ...%.160s\n",
	       path, line, text + (same > 40 ? same - 40 : 0));
	return false;
}

static void check_golden(const struct golden *golden)
{
	struct request request = {0};
	struct profile profile;
	struct host host;
	struct plan *plan = NULL;

	test(arena_printf(&arena, "explain says of %s what is written down", golden->name));
	make_host(&host, golden->root);
	if (profile_builtin(golden->profile, &arena, &profile, &err) < 0 || read_request(golden, &host, &request) < 0) {
		printf("# %s\n", err.what);
		CHECK(false);
		return;
	}
	look_at_sources(&host, &request);
	const struct plan_input input = {.request = &request,
					 .profile = &profile,
					 .host = &host,
					 .id = golden->config != NULL ? "web" : "sandbox"};
	int planned = plan_build(&input, &arena, &plan, &err);
	if (planned < 0)
		printf("# %s\n", err.what);
	CHECK(planned == 0);
	if (planned < 0)
		return;
	drop_filter_notes(plan);
	CHECK(matches(path_of(golden->name, ".explain"), explain(plan, EXPLAIN_TEXT)));
	CHECK(matches(path_of(golden->name, ".explain.json"), explain(plan, EXPLAIN_JSON)));
}

/* ---- what engines wrote down (tests/fixtures/engines), under each profile */

static const struct engine {
	const char *name; /* a config.json, a process.json or resources, by the end of its name */
	bool root;
} engines[] = {
	{"containerd-exec-process", true},
	{"containerd-limits", true},
	{"containerd-privileged", true},
	{"containerd-run", true},
	{"docker-exec-process", true},
	{"docker-host-namespaces", true},
	{"docker-limits", true},
	{"docker-privileged", true},
	{"docker-run", true},
	{"docker-terminal", true},
	{"docker-unconfined", true},
	{"docker-update-resources", true},
	{"podman-exec-process", true},
	{"podman-in-pod", true},
	{"podman-limits", true},
	{"podman-play-kube", true},
	{"podman-rootless-keep-id", false},
	{"podman-rootless-privileged", false},
	{"podman-rootless", false},
	{"podman-run", true},
};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && strcmp(text + length - tail, end) == 0;
}

static int read_engine(const char *name, struct request *request)
{
	const char *path = arena_printf(&arena, "%s/engines/%s.json", getenv("CASEMATE_FIXTURES"), name);
	struct request_resources resources = {0};
	char *text;
	size_t length;

	TRY(file_read(AT_FDCWD, path, LONGEST, &arena, &text, &length, &err));
	if (ends_with(name, "-resources"))
		return oci_parse_resources(text, length, name, &arena, &resources, &err);
	if (ends_with(name, "-process"))
		return oci_parse_process(text, length, &arena, request, &err);
	return oci_parse(text, length, "/bundle", &arena, request, &err);
}

/* A privileged container has every device of its host: two tell enough. */
static void write_remarks(FILE *out, const char *word, const remark_list *remarks)
{
	enum { TOLD = 2 };
	size_t devices = 0;

	for (size_t i = 0; i < remarks->count; i++) {
		devices += strcmp(remarks->at[i].layer, "devices") == 0;
		if (devices <= TOLD || strcmp(remarks->at[i].layer, "devices") != 0)
			fprintf(out, "  %s %s: %s\n", word, remarks->at[i].layer, remarks->at[i].what);
	}
	if (devices > TOLD)
		fprintf(out, "  %s devices: %zu more\n", word, devices - TOLD);
}

static int plan_engine(const struct engine *engine, const char *name, FILE *out)
{
	struct request *request = arena_alloc(&arena, sizeof(*request));
	struct profile *profile = arena_alloc(&arena, sizeof(*profile));
	struct host *host = arena_alloc(&arena, sizeof(*host));
	const struct plan_input input = {.request = request, .profile = profile, .host = host, .id = "web"};
	struct plan *plan = NULL;

	TRY(read_engine(engine->name, request));
	if (request->root.path == NULL)
		return 0;
	make_host(host, engine->root);
	TRY(profile_builtin(name, &arena, profile, &err));
	look_at_sources(host, request);
	/* An engine joins what it made itself, and its one hook is the one that the profiles name. */
	for (enum namespace_kind kind = 0; kind < NAMESPACE_COUNT; kind++)
		host->init_namespaces[kind].inode += 100;
	for (size_t i = 0; i < request->hooks.prestart.count; i++)
		*LIST_ADD(&arena, &host->hooks) = (struct host_hook){.file = {5, i}, .allowed = true};
	TRY(plan_build(&input, &arena, &plan, &err));
	fprintf(out, "%s under %s\n", engine->name, name);
	write_remarks(out, "refuses", &plan->refusals);
	write_remarks(out, "tightens", &plan->tightened);
	return 0;
}

static void check_engine(const struct engine *engine, FILE *out)
{
	static const char *const profiles[] = {"restricted", "baseline", "privileged"};

	test(arena_printf(&arena, "%s can be read and planned", engine->name));
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		int planned = plan_engine(engine, profiles[i], out);

		if (planned < 0)
			printf("# %s: %s\n", profiles[i], err.what);
		CHECK(planned == 0);
	}
	check_finish_test();
	check_name = NULL;
}

static void check_engines(void)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	for (size_t i = 0; out != NULL && i < sizeof(engines) / sizeof(engines[0]); i++)
		check_engine(&engines[i], out);
	test("what the profiles take from engines is what is written down");
	CHECK(out != NULL && fclose(out) == 0 && matches(path_of("engines", ".txt"), text));
	check_finish_test();
	check_name = NULL;
	free(text);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (arena_create(&arena, &err) < 0)
			return 1;
		check_golden(&all[i]);
		check_finish_test();
		check_name = NULL;
		arena_destroy(&arena);
	}
	if (arena_create(&arena, &err) < 0)
		return 1;
	check_engines();
	arena_destroy(&arena);
	return check_done();
}
