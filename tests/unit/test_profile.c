// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "config/builtin.h"
#include "config/profile.h"
#include "config/profile_items.h"

static struct arena arena;
static struct error err;
static struct profile profile;

static void reset(void)
{
	memset(&profile, 0, sizeof(profile));
	memset(&err, 0, sizeof(err));
}

static bool parses(const char *text)
{
	reset();
	if (profile_parse(text, strlen(text), "p.json", &arena, &profile, &err) == 0)
		return true;
	printf("# %s\n", err.what);
	return false;
}

static bool refuses(const char *text, const char *message)
{
	reset();
	if (profile_parse(text, strlen(text), "p.json", &arena, &profile, &err) == 0)
		return false;
	bool good = err.kind == ERROR_CONFIG && strstr(err.what, message) != NULL;
	if (!good)
		printf("# said: %s\n", err.what);
	return good;
}

static bool has(const string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->at[i], text) == 0)
			return true;
	}
	return false;
}

static struct profile builtin(const char *name)
{
	struct profile p = {0};

	CHECK(profile_builtin(name, &arena, &p, &err) == 0);
	return p;
}

/* The Pod Security Standards, level baseline. */
static const uint64_t baseline_capabilities =
	1ULL << CAP_AUDIT_WRITE | 1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER |
	1ULL << CAP_FSETID | 1ULL << CAP_KILL | 1ULL << CAP_MKNOD | 1ULL << CAP_NET_BIND_SERVICE | 1ULL << CAP_SETFCAP |
	1ULL << CAP_SETGID | 1ULL << CAP_SETPCAP | 1ULL << CAP_SETUID | 1ULL << CAP_SYS_CHROOT;

static void test_restricted(void)
{
	struct profile p = builtin("restricted");

	test("restricted tightens what can be tightened and refuses the rest");
	CHECK(strcmp(p.name, "restricted") == 0 && strcmp(p.from, "built in") == 0 && !p.locked);
	CHECK(p.capabilities == VERDICT_TIGHTEN && p.capabilities_allowed == 1ULL << CAP_NET_BIND_SERVICE);
	CHECK(p.no_new_privileges == VERDICT_TIGHTEN && p.writable_root == VERDICT_TIGHTEN);
	CHECK(p.mount_flags == VERDICT_TIGHTEN && p.masks == VERDICT_TIGHTEN && p.oom_score == VERDICT_TIGHTEN);
	CHECK(p.pids == VERDICT_TIGHTEN && p.pids_limit > 0 && p.lock_securebits);
	CHECK(p.root_user == VERDICT_REFUSE && p.host_namespaces == VERDICT_REFUSE);
	CHECK(p.sensitive_sources == VERDICT_REFUSE && p.devices == VERDICT_REFUSE && p.sysctls == VERDICT_REFUSE);
	CHECK(p.hooks == VERDICT_REFUSE && p.propagation == VERDICT_REFUSE && p.mount_types == VERDICT_REFUSE);
	CHECK(p.personality == VERDICT_REFUSE && p.realtime == VERDICT_REFUSE);
	CHECK(p.seccomp == PROFILE_SECCOMP_STACK && p.landlock == PROFILE_LANDLOCK_OPTIONAL);
	CHECK(has(&p.mount_types_allowed, "bind") && !has(&p.mount_types_allowed, "ext4"));
	CHECK(has(&p.masked_paths, "/proc/kcore") && has(&p.readonly_paths, "/proc/sys"));
}

static void test_baseline(void)
{
	struct profile p = builtin("baseline");

	test("baseline is what the Pod Security Standards call so");
	CHECK(p.capabilities == VERDICT_TIGHTEN && p.capabilities_allowed == baseline_capabilities);
	CHECK(p.root_user == VERDICT_ALLOW && p.writable_root == VERDICT_ALLOW && p.no_new_privileges == VERDICT_ALLOW);
	CHECK(p.masks == VERDICT_TIGHTEN && p.seccomp == PROFILE_SECCOMP_MISSING && p.hooks == VERDICT_REFUSE);
	CHECK(p.host_namespaces == VERDICT_REFUSE && p.sensitive_sources == VERDICT_REFUSE);
	CHECK(p.devices == VERDICT_REFUSE && p.sysctls == VERDICT_REFUSE && p.propagation == VERDICT_REFUSE);
	CHECK(has(&p.sysctls_allowed, "net.ipv4.ip_unprivileged_port_start"));
	CHECK(has(&p.sysctls_allowed, "kernel.shm_rmid_forced") && !has(&p.sysctls_allowed, "kernel.core_pattern"));
	CHECK(!has(&p.mount_types_allowed, "ext4") && has(&p.mount_types_allowed, "cgroup2"));
}

static void test_privileged(void)
{
	struct profile p = builtin("privileged");

	test("privileged allows everything and adds nothing");
	for (size_t i = 0; i < ITEM_COUNT; i++) {
		if (profile_rows[i].kind == PROFILE_VERDICT)
			CHECK(profile_row_level(&profile_rows[i], &p) == VERDICT_ALLOW);
	}
	CHECK(p.seccomp == PROFILE_SECCOMP_OFF && p.landlock == PROFILE_LANDLOCK_OFF && !p.lock_securebits);

	test("a name that is not built in is an error that lists those that are");
	CHECK(profile_builtin("restrict", &arena, &p, &err) < 0 && err.kind == ERROR_USAGE);
	CHECK(strstr(err.hint, "baseline") != NULL);
	CHECK(profile_builtin("seccomp/default", &arena, &p, &err) < 0);
	size_t length = 0;
	CHECK(builtin_text("restricted", &length) != NULL && length == strlen(builtin_text("restricted", &length)));
	CHECK(builtin_text("", &length) == NULL);
}

static void test_format(void)
{
	test("a profile that stands alone must give every item");
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\"}", "/root_user: is missing"));
	CHECK(refuses("{\"casemate\":1,\"extends\":\"restricted\"}", "/name: is missing"));
	CHECK(refuses("{\"name\":\"x\",\"extends\":\"restricted\"}", "/casemate: is missing"));

	test("what the format does not know is refused");
	CHECK(refuses("{\"casemate\":2,\"name\":\"x\",\"extends\":\"restricted\"}", "/casemate"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"hook\":\"refuse\"}",
		      "/hook: unknown key"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"hooks\":{\"others\":\"deny\"}}",
		      "/hooks/others: 'deny' is not a verdict"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"pids\":{\"limits\":5}}",
		      "/pids/limits: unknown"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"pids\":{\"limit\":0}}",
		      "/pids/limit"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"seccomp\":\"on\"}", "/seccomp"));
	CHECK(refuses(
		"{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"capabilities\":{\"allowed\":[\"KILL\"]}}",
		"/capabilities/allowed/0: 'KILL' is not a capability"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"a b\",\"extends\":\"restricted\"}", "/name"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"\",\"extends\":\"restricted\"}", "/name"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"masks\":{\"masked\":[\"proc\"]}}",
		      "/masks/masked/0"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"widen\":true}", "/widen"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"nosuch\"}", "cannot extend \"nosuch\""));
}

static void test_extends(void)
{
	test("a profile takes from the one that it extends what it does not give");
	CHECK(parses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"baseline\",\"root_user\":\"refuse\","
		     "\"pids\":{\"others\":\"tighten\",\"limit\":10}} // comment"));
	CHECK(profile.root_user == VERDICT_REFUSE && profile.pids_limit == 10 && profile.hooks == VERDICT_REFUSE);
	CHECK(profile.capabilities_allowed == baseline_capabilities && has(&profile.masked_paths, "/proc/keys"));
	CHECK(strcmp(profile.name, "x") == 0 && strcmp(profile.from, "p.json") == 0);

	test("a list that is given replaces the other's");
	CHECK(parses(
		"{\"casemate\":1,\"name\":\"x\",\"extends\":\"baseline\",\"capabilities\":{\"allowed\":[\"CAP_KILL\"]},"
		"\"sysctls\":{\"allowed\":[]}}"));
	CHECK(profile.capabilities_allowed == 1ULL << CAP_KILL && profile.sysctls_allowed.count == 0);

	test("a profile that grants more than the one it extends needs \"widen\"");
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"root_user\":\"allow\"}",
		      "weaker than \"restricted\": root_user is \"allow\" instead of \"refuse\""));
	CHECK(strstr(err.hint, "widen") != NULL);
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"capabilities\":{\"allowed\":[\"CAP_"
		      "KILL\"]}}",
		      "capabilities/allowed has CAP_KILL"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"pids\":{\"limit\":5000}}",
		      "pids/limit is 5000"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"masks\":{\"masked\":[]}}",
		      "masks/masked lacks \"/proc/acpi\""));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"seccomp\":\"missing\"}", "seccomp"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"lock_securebits\":false}",
		      "lock_securebits is false"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"mount_types\":{\"allowed\":["
		      "\"ext4\"]}}",
		      "mount_types/allowed has \"ext4\""));
	CHECK(parses(
		"{\"casemate\":1,\"name\":\"x\",\"extends\":\"restricted\",\"widen\":true,\"root_user\":\"allow\"}"));
	CHECK(profile.root_user == VERDICT_ALLOW && profile.hooks == VERDICT_REFUSE);

	test("a text that is not a file extends no file");
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"./y.json\"}",
		      "can only extend a built-in profile"));
	CHECK(refuses("{\"casemate\":1,\"name\":\"x\",\"extends\":\"/etc/passwd\"}",
		      "can only extend a built-in profile"));
}

static void test_weaker(void)
{
	struct profile restricted = builtin("restricted"), baseline = builtin("baseline");
	struct profile privileged = builtin("privileged");

	test("the built-in profiles stand in their order");
	CHECK(profile_weaker(&restricted, &restricted, &err) == 0);
	CHECK(profile_weaker(&baseline, &restricted, &err) == 0);
	CHECK(profile_weaker(&privileged, &baseline, &err) == 0);
	CHECK(profile_weaker(&restricted, &baseline, &err) < 0 && err.kind == ERROR_REFUSED);
	CHECK(profile_weaker(&baseline, &privileged, &err) < 0);

	test("each item alone makes a profile weaker");
	/* What restricted itself allows, for its reasons. */
	restricted.without_userns = VERDICT_REFUSE;
	for (size_t i = 0; i < ITEM_COUNT; i++) {
		struct profile candidate = restricted;
		const struct profile_row *row = &profile_rows[i];

		if (row->kind == PROFILE_SET)
			candidate.capabilities_allowed = UINT64_MAX;
		else if (row->kind == PROFILE_LIMIT)
			candidate.pids_limit++;
		else if (row->kind == PROFILE_ALLOWED)
			profile_row_copy(row, &candidate,
					 &(struct profile){.mount_types_allowed = restricted.masked_paths,
							   .hooks_allowed = restricted.masked_paths,
							   .sysctls_allowed = restricted.masked_paths,
							   .unit_properties_allowed = restricted.masked_paths});
		else
			profile_row_copy(row, &candidate, &privileged);
		CHECK(profile_weaker(&restricted, &candidate, &err) < 0 && strstr(err.what, row->key) != NULL);
	}
}

static void test_write(void)
{
	static const char *const names[] = {"restricted", "baseline", "privileged"};
	const char *text;
	size_t length;

	test("a profile that was written reads as the same profile");
	for (size_t i = 0; i < 3; i++) {
		struct profile before = builtin(names[i]), after = {0};

		CHECK(profile_write(&before, &arena, &text, &length, &err) == 0);
		CHECK(profile_parse(text, length, "written", &arena, &after, &err) == 0);
		CHECK(profile_weaker(&before, &after, &err) == 0 && profile_weaker(&after, &before, &err) == 0);
		CHECK(strcmp(before.name, after.name) == 0 && before.locked == after.locked);
	}
}

static char directory[] = "/tmp/test_profile.XXXXXX";

static const char *file_in(const char *name, const char *text)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	return path;
}

static void test_files(void)
{
	char name[64], text[256];
	const char *path = NULL;

	test("a file extends files beside it");
	CHECK(mkdtemp(directory) != NULL);
	snprintf(name, sizeof(name), "%s/sub", directory);
	CHECK(mkdir(name, 0700) == 0);
	file_in("sub/base.json",
		"{\"casemate\":1,\"name\":\"base\",\"extends\":\"baseline\",\"personality\":\"refuse\"}");
	path = file_in("top.json",
		       "{\"casemate\":1,\"name\":\"top\",\"extends\":\"sub/base.json\",\"root_user\":\"tighten\"}");
	reset();
	CHECK(profile_read(path, &arena, &profile, &err) == 0 && profile.personality == VERDICT_REFUSE);
	CHECK(profile.root_user == VERDICT_TIGHTEN && strcmp(profile.from, path) == 0);

	test("a profile that extends itself is refused");
	path = file_in("self.json", "{\"casemate\":1,\"name\":\"self\",\"extends\":\"./self.json\"}");
	CHECK(profile_read(path, &arena, &profile, &err) < 0 && err.kind == ERROR_CONFIG);
	path = file_in("a.json", "{\"casemate\":1,\"name\":\"a\",\"extends\":\"./b.json\"}");
	file_in("b.json", "{\"casemate\":1,\"name\":\"b\",\"extends\":\"./a.json\"}");
	snprintf(name, sizeof(name), "%s/a.json", directory);
	CHECK(profile_read(name, &arena, &profile, &err) < 0 && err.kind == ERROR_CONFIG);

	test("eight profiles may extend one another, not nine");
	for (int i = 1; i <= 8; i++) {
		snprintf(name, sizeof(name), "%d.json", i);
		snprintf(text, sizeof(text), "{\"casemate\":1,\"name\":\"n%d\",\"extends\":\"./%d.json\"}", i, i - 1);
		if (i == 1)
			snprintf(text, sizeof(text), "{\"casemate\":1,\"name\":\"n1\",\"extends\":\"restricted\"}");
		path = file_in(name, text);
		reset();
		CHECK((profile_read(path, &arena, &profile, &err) == 0) == (i < 8));
	}
	CHECK(strstr(err.what, "more than 8 profiles") != NULL);
}

static bool selects(const char *argument, const char *argv0, const char *site, const char *name)
{
	struct profile_choice choice = {.argument = argument, .argv0 = argv0, .site_file = site};

	reset();
	if (profile_select(&choice, &arena, &profile, &err) < 0) {
		printf("# %s\n", err.what);
		return false;
	}
	return strcmp(profile.name, name) == 0;
}

static bool select_fails(const char *argument, const char *argv0, const char *site, enum error_kind kind)
{
	struct profile_choice choice = {.argument = argument, .argv0 = argv0, .site_file = site};

	reset();
	return profile_select(&choice, &arena, &profile, &err) < 0 && err.kind == (int32_t)kind;
}

static void test_selection(void)
{
	char site[128], own[128];

	test("the argument comes first, then the program's name, the site file, and restricted");
	snprintf(own, sizeof(own), "%s",
		 file_in("own.json",
			 "{\"casemate\":1,\"name\":\"own\",\"extends\":\"restricted\",\"oom_score\":\"refuse\"}"));
	snprintf(site, sizeof(site), "%s",
		 file_in("site.json", "{\"casemate\":1,\"name\":\"site\",\"extends\":\"baseline\"}"));
	CHECK(selects(NULL, "casemate", NULL, "restricted") && selects(NULL, NULL, NULL, "restricted"));
	CHECK(selects(NULL, "casemate", "/no/such/file", "restricted"));
	CHECK(selects(NULL, "casemate", site, "site"));
	CHECK(selects(NULL, "/usr/bin/casemate-privileged", site, "privileged"));
	CHECK(selects("baseline", "casemate-privileged", site, "baseline"));
	CHECK(selects(own, "casemate-privileged", site, "own"));

	test("a name that is no profile is an error, never a default");
	CHECK(select_fails("strict", "casemate", NULL, ERROR_USAGE));
	CHECK(select_fails("", "casemate", NULL, ERROR_USAGE));
	CHECK(select_fails(NULL, "casemate-strict", NULL, ERROR_USAGE));
	CHECK(select_fails("./no/such", "casemate", NULL, ERROR_SYSTEM));

	test("a locked site file refuses what is weaker and lets pass what is stricter");
	snprintf(site, sizeof(site), "%s",
		 file_in("lock.json", "{\"casemate\":1,\"name\":\"site\",\"locked\":true,\"extends\":\"baseline\"}"));
	CHECK(selects(NULL, "casemate", site, "site") && selects("restricted", "casemate", site, "restricted"));
	CHECK(selects(own, "casemate", site, "own"));
	CHECK(select_fails("privileged", "casemate", site, ERROR_REFUSED));
	file_in("host.json", "{\"casemate\":1,\"name\":\"host\",\"extends\":\"./lock.json\"}");
	snprintf(own, sizeof(own), "%s/host.json", directory);
	CHECK(select_fails("privileged", "casemate", own, ERROR_REFUSED));
	CHECK(select_fails(NULL, "casemate-privileged", site, ERROR_REFUSED) && strstr(err.hint, "locked") != NULL);

	test("a broken site file is an error even where it is not used");
	snprintf(site, sizeof(site), "%s", file_in("broken.json", "{\"casemate\":1"));
	CHECK(select_fails("restricted", "casemate", site, ERROR_CONFIG));
	CHECK(select_fails(NULL, "casemate", directory, ERROR_CONFIG));
	snprintf(site, sizeof(site), "%s",
		 file_in("dangling.json", "{\"casemate\":1,\"name\":\"d\",\"extends\":\"./none.json\"}"));
	CHECK(select_fails("restricted", "casemate", site, ERROR_CONFIG));
}

static void remove_files(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", directory);
	/* The name is mkdtemp(3)'s. */
	CHECK(system(command) == 0); /* NOLINT(cert-env33-c) */
}

int main(void)
{
	if (arena_create(&arena, &err) < 0)
		return 1;
	test_restricted();
	test_baseline();
	test_privileged();
	test_format();
	test_extends();
	test_weaker();
	test_write();
	test_files();
	test_selection();
	remove_files();
	arena_destroy(&arena);
	return check_done();
}
