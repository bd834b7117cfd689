// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/kernel.h"
#include "oci_check.h"

static char *slurp(const char *name, size_t *ret_length)
{
	const char *dir = getenv("CASEMATE_FIXTURES");
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir == NULL ? "tests/fixtures" : dir, name);
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		printf("# cannot open %s\n", path);
		return NULL;
	}
	char *text = malloc(1 << 20);
	*ret_length = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

static void test_fixture(const char *name, const char *sentence)
{
	size_t length;
	char *text = slurp(name, &length);

	test(sentence);
	if (!CHECK(text != NULL) || !CHECK(parse(text, length) == 0)) {
		printf("# %s\n", err.what);
		free(text);
		return;
	}
	CHECK(strcmp(req.root.path, "/bundle/rootfs") == 0 && req.root.readonly);
	CHECK(req.process.args.count == 1 && strcmp(req.process.args.at[0], "sh") == 0);
	CHECK(req.process.capabilities.given && req.process.no_new_privileges);
	CHECK(req.process.capabilities.bounding ==
	      (1ULL << CAP_AUDIT_WRITE | 1ULL << CAP_KILL | 1ULL << CAP_NET_BIND_SERVICE));
	CHECK(req.mounts.count >= 7 && strcmp(req.mounts.at[0].destination, "/proc") == 0);
	CHECK(strcmp(req.mounts.at[3].from, "config.json:/mounts/3") == 0);
	CHECK(req.linux_.namespaces[NAMESPACE_PID].given && req.linux_.namespaces[NAMESPACE_MOUNT].given);
	CHECK(req.linux_.masked_paths.count > 5 && req.linux_.readonly_paths.count == 5);
	CHECK(req.ignored.count == 0);
	free(text);
}

static void test_truncation(const char *name, const char *sentence)
{
	size_t length;
	char *text = slurp(name, &length);

	test(sentence);
	if (!CHECK(text != NULL))
		return;
	while (length > 0 && text[length - 1] != '}')
		length--;
	CHECK(parse(text, length) == 0);
	size_t bad = 0;
	for (size_t cut = 0; cut < length; cut++)
		bad += parse(text, cut) == 0 || err.kind != ERROR_CONFIG || strncmp(err.what, "config.json:", 12) != 0;
	CHECK(bad == 0);
	free(text);
}

/* Each byte is changed to some that matter to a parser: nothing may crash, and what is refused must say so. */
static void test_mutation(const char *name, const char *sentence)
{
	static const char bytes[] = {'"', '{', '}', '[', ']', ',', ':', '0', '-', '\\', '\0', '\xff', '/'};
	size_t length, bad = 0;
	char *text = slurp(name, &length);

	test(sentence);
	if (!CHECK(text != NULL))
		return;
	for (size_t at = 0; at < length; at++) {
		char saved = text[at];

		text[at] = bytes[at % sizeof(bytes)];
		bad += parse(text, length) < 0 && (err.kind != ERROR_CONFIG || err.what[0] == '\0');
		text[at] = saved;
	}
	CHECK(bad == 0);
	free(text);
}

static void test_top(void)
{
	static const struct refusal rows[] = {
		{DOCUMENT, "{}", "/ociVersion: is missing"},
		{DOCUMENT, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}", "/process: is missing"},
		{DOCUMENT,
		 "{\"ociVersion\":\"1.0.0\",\"process\":{\"user\":{\"uid\":1,\"gid\":1},\"args\":[\"x\"],"
		 "\"cwd\":\"/\"}}",
		 "/root: is missing"},
		{TOP, "\"hostname\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
		 "/hostname: is longer than 64"},
		{TOP, "\"domainname\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
		 "/domainname: is longer than 64"},
		{TOP, "\"hostname\":\"a\\u0000b\"", "/hostname: a string must not contain NUL"},
		{TOP, "\"annotations\":{\"a\":1}", "/annotations/a"},
		{TOP, "\"mounts\":{}", "/mounts: must be an array"},
		{TOP, "\"root\":{\"path\":\"x\"}", "/root: given twice"},
		{TOP, "\"hooks\":{\"prestart\":[{\"path\":\"bin/x\"}]}",
		 "/hooks/prestart/0/path: 'bin/x' is not an absolute"},
		{TOP, "\"hooks\":{\"poststop\":[{}]}", "/hooks/poststop/0/path: is missing"},
		{TOP, "\"hooks\":{\"createRuntime\":[{\"path\":\"/x\",\"timeout\":0}]}",
		 "/hooks/createRuntime/0/timeout"},
		{TOP, "\"hooks\":{\"createContainer\":[{\"path\":\"/x\",\"timeout\":-1}]}", "/timeout"},
		{TOP, "\"hooks\":{\"startContainer\":[{\"path\":\"/x\",\"env\":[\"A\"]}]}",
		 "/0/env/0: 'A' is not NAME=value"},
	};
	static const char *const versions[] = {"0.9.0", "2.0.0",  "1.0",    "1",    "",
					       "1.x.0", "10.0.0", "1.0.0x", "1..0", "01.0.0"};

	test("top-level properties that make no sense are refused");
	CHECK_REFUSALS(rows);

	test("only version 1 of the specification is read");
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text),
			 "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{\"uid\":1,\"gid\":1},"
			 "\"args\":[\"x\"],\"cwd\":\"/\"}}",
			 versions[i]);
		CHECK(parse(text, strlen(text)) < 0 && strstr(err.what, "/ociVersion") != NULL);
	}

	test("a name of 64 bytes, hooks and annotations are read");
	CHECK(reads(TOP, "\"hostname\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
			 "\"domainname\":\"\",\"annotations\":{\"k\":\"v\"},\"hooks\":{\"poststart\":[{\"path\":\"/h\","
			 "\"args\":[\"h\",\"x\"],\"env\":[\"A=1\"],\"timeout\":3}]}"));
	CHECK(strlen(req.hostname) == 64 && req.domainname == NULL && strcmp(req.annotations.at[0].value, "v") == 0);
	CHECK(req.hooks.poststart.count == 1 && req.hooks.poststart.at[0].args.count == 2);
	CHECK(req.hooks.poststart.at[0].timeout.value == 3);
	CHECK(strcmp(req.hooks.poststart.at[0].from, "config.json:/hooks/poststart/0") == 0);

	test("properties of other systems and unknown ones are noted");
	CHECK(reads(TOP, "\"windows\":{\"layerFolders\":[\"x\"]},\"solaris\":{},\"vm\":{},\"zos\":{},\"freebsd\":{},"
			 "\"newer\":null"));
	CHECK(req.ignored.count == 6 && strcmp(req.ignored.at[0], "/windows") == 0);
	CHECK(reads(PROCESS, "\"commandLine\":\"x\"") && req.ignored.count == 1);
	CHECK(strcmp(req.ignored.at[0], "/process/commandLine") == 0);

	test("the rootfs is taken from the bundle, an absolute one stays");
	const char *text = "{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"%s\"},\"process\":{\"user\":{\"uid\":1,"
			   "\"gid\":1},\"args\":[\"x\"],\"cwd\":\"/\"}}";
	static const char *const paths[][2] = {
		{"./a//b/", "/bundle/a/b"}, {"/x/./y", "/x/y"}, {"../r", "/bundle/../r"}, {"/", "/"}};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char whole[256];

		snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(strstr(text, "%s") - text), text, paths[i][0],
			 strstr(text, "%s") + 2);
		CHECK(parse(whole, strlen(whole)) == 0 && strcmp(req.root.path, paths[i][1]) == 0);
	}
}

static void test_process(void)
{
	static const struct refusal rows[] = {
		{DOCUMENT,
		 "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{\"uid\":1,\"gid\":1},"
		 "\"args\":[],\"cwd\":\"/\"}}",
		 "/process/args: is empty"},
		{DOCUMENT,
		 "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{\"uid\":1,\"gid\":1},"
		 "\"args\":[\"\"],\"cwd\":\"/\"}}",
		 "/process/args/0: is empty"},
		{DOCUMENT,
		 "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{\"uid\":1,\"gid\":1},"
		 "\"args\":[\"x\"],\"cwd\":\"tmp\"}}",
		 "/process/cwd: 'tmp' is not an absolute path"},
		{DOCUMENT,
		 "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{\"uid\":1,\"gid\":1},"
		 "\"args\":[\"x\"]}}",
		 "/process/cwd: is missing"},
		{PROCESS, "\"env\":[\"A=1\",\"B\"]", "/process/env/1: 'B' is not NAME=value"},
		{PROCESS, "\"env\":[\"=x\"]", "/process/env/0"},
		{PROCESS, "\"env\":[\"A=\\u0000\"]", "/process/env/0: a string must not contain NUL"},
		{USER, "\"uid\":0", "/process/user/gid: is missing"},
		{USER, "\"gid\":0", "/process/user/uid: is missing"},
		{USER, "\"uid\":4294967295,\"gid\":0", "/process/user/uid: must be an integer from 0 to 4294967294"},
		{USER, "\"uid\":0,\"gid\":4294967295", "/process/user/gid"},
		{USER, "\"uid\":-1,\"gid\":0", "/process/user/uid"},
		{USER, "\"uid\":0,\"gid\":0,\"additionalGids\":[5,4294967295]", "/process/user/additionalGids/1"},
		{USER, "\"uid\":0,\"gid\":0,\"umask\":512", "/process/user/umask"},
		{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]", "/process/rlimits/0/soft"},
		{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]",
		 "'RLIMIT_X' is not a resource limit"},
		{PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1}]", "/process/rlimits/0/hard: is missing"},
		{PROCESS,
		 "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
		 "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]",
		 "/process/rlimits/1/type: this limit is given twice"},
		{PROCESS, "\"oomScoreAdj\":1001", "/process/oomScoreAdj"},
		{PROCESS, "\"oomScoreAdj\":-1001", "/process/oomScoreAdj"},
		{PROCESS, "\"consoleSize\":{\"height\":1}", "/process/consoleSize/width: is missing"},
		{PROCESS, "\"consoleSize\":{\"height\":65536,\"width\":1}", "/process/consoleSize/height"},
		{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_X\"}", "/process/scheduler/policy"},
		{PROCESS, "\"scheduler\":{\"nice\":1}", "/process/scheduler/policy: is missing"},
		{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}", "/process/scheduler/nice"},
		{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":100}", "/process/scheduler/priority"},
		{PROCESS, "\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"flags\":[\"X\"]}", "/process/scheduler/flags/0"},
		{PROCESS, "\"ioPriority\":{\"class\":\"BE\"}", "/process/ioPriority/class"},
		{PROCESS, "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}",
		 "/process/ioPriority/priority"},
		{PROCESS, "\"execCPUAffinity\":{\"initial\":\"0-3;x\"}", "/process/execCPUAffinity/initial"},
		{PROCESS, "\"noNewPrivileges\":\"true\"", "/process/noNewPrivileges: must be true or false"},
		{PROCESS, "\"capabilities\":[\"CAP_KILL\"]", "/process/capabilities: must be an object"},
	};

	test("a process that makes no sense is refused");
	CHECK_REFUSALS(rows);

	test("the whole process is read");
	CHECK(reads(PROCESS,
		    "\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},\"env\":[\"A=\",\"B=1=2\"],"
		    "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1024,\"hard\":18446744073709551615}],"
		    "\"apparmorProfile\":\"p\",\"selinuxLabel\":\"\",\"oomScoreAdj\":-5,\"noNewPrivileges\":true,"
		    "\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1,\"deadline\":2,\"period\":3,"
		    "\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_RECLAIM\"]},"
		    "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":7},"
		    "\"execCPUAffinity\":{\"initial\":\"0\",\"final\":\"1-2\"}"));
	CHECK(req.process.terminal && req.process.console_size->height == 24 && req.process.console_size->width == 80);
	CHECK(req.process.user.uid == 1 && req.process.user.gid == 2 && req.process.env.count == 2);
	CHECK(strcmp(req.process.user.from, "config.json:/process/user") == 0);
	CHECK(req.process.rlimits.at[0].type == RLIMIT_NOFILE && req.process.rlimits.at[0].hard == UINT64_MAX);
	CHECK(strcmp(req.process.apparmor_profile, "p") == 0 && req.process.selinux_label == NULL);
	CHECK(req.process.oom_score_adj.set && req.process.oom_score_adj.value == -5 && req.process.no_new_privileges);
	CHECK(req.process.scheduler->policy == 6 && req.process.scheduler->flags == 3);
	CHECK(req.process.scheduler->period == 3 && req.process.io_priority->class == 3);
	CHECK(strcmp(req.process.exec_cpu_final, "1-2") == 0);

	test("the largest id is read, groups and umask too");
	CHECK(reads(USER, "\"uid\":4294967294,\"gid\":0,\"additionalGids\":[5,6],\"umask\":63,\"username\":\"x\""));
	CHECK(req.process.user.uid == 4294967294 && req.process.user.additional_gids.at[1] == 6);
	CHECK(req.process.user.umask.set && req.process.user.umask.value == 077);

	test("absent capabilities are not empty capabilities, and unknown names are kept for a warning");
	CHECK(reads(PROCESS, "\"terminal\":false") && !req.process.capabilities.given);
	CHECK(reads(PROCESS, "\"capabilities\":{}") && req.process.capabilities.given);
	CHECK(reads(PROCESS, "\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_NEW\"],\"ambient\":[\"cap_kill\"]}"));
	CHECK(req.process.capabilities.bounding == 1ULL << CAP_KILL && req.process.capabilities.ambient == 0);
	CHECK(req.process.capabilities.unknown.count == 2);
}

static void test_mounts(void)
{
	static const struct refusal rows[] = {
		{MOUNT, "\"type\":\"tmpfs\"", "/mounts/0/destination: is missing"},
		{MOUNT, "\"destination\":\"\",\"type\":\"tmpfs\"", "/mounts/0/destination: is empty"},
		{MOUNT, "\"destination\":\"/a/../b\",\"type\":\"tmpfs\"", "must not contain '..'"},
		{MOUNT, "\"destination\":\"..\",\"type\":\"tmpfs\"", "must not contain '..'"},
		{MOUNT, "\"destination\":\"/a/..\",\"type\":\"tmpfs\"", "must not contain '..'"},
		{MOUNT, "\"destination\":\"/a\"", "/mounts/0/type: is missing"},
		{MOUNT, "\"destination\":\"/a\",\"options\":[\"rbind\"]", "/mounts/0/source: is missing"},
		{MOUNT, "\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":\"ro\"",
		 "/mounts/0/options: must be an array"},
		{MOUNT,
		 "\"destination\":\"/a\",\"type\":\"tmpfs\",\"uidMappings\":[{\"containerID\":0,\"hostID\":1,"
		 "\"size\":1}]",
		 "/mounts/0/gidMappings: is missing"},
		{MOUNT,
		 "\"destination\":\"/a\",\"type\":\"tmpfs\",\"gidMappings\":[{\"containerID\":0,\"hostID\":1,"
		 "\"size\":1}]",
		 "/mounts/0/uidMappings: is missing"},
	};
	const struct request_mount *m;

	test("a mount that makes no sense is refused");
	CHECK_REFUSALS(rows);

	test("options are split by who takes them");
	CHECK(reads(MOUNT, "\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":[\"nosuid\","
			   "\"ro\",\"mode=1777\",\"size=64k\",\"lazytime\",\"rslave\",\"rnoexec\",\"tmpcopyup\"]"));
	m = &req.mounts.at[0];
	CHECK(m->attr_set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY) && m->rec_attr_set == MOUNT_ATTR_NOEXEC);
	CHECK(m->super_flags == MS_LAZYTIME && m->propagation == (MS_SLAVE | MS_REC) && !m->bind);
	CHECK(m->data.count == 2 && strcmp(m->data.at[1], "size=64k") == 0 && m->special == MOUNT_SPECIAL_TMPCOPYUP);
	CHECK(strcmp(m->source, "shm") == 0 && strcmp(m->from, "config.json:/mounts/0") == 0);

	test("a destination is made absolute and clean");
	CHECK(reads(MOUNT, "\"destination\":\"a//b/./c/\",\"type\":\"tmpfs\""));
	CHECK(strcmp(req.mounts.at[0].destination, "/a/b/c") == 0);
	CHECK(reads(MOUNT, "\"destination\":\"/...\",\"type\":\"tmpfs\""));

	test("a bind mount is one by type or by option, and its source is taken from the bundle");
	CHECK(reads(MOUNT, "\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"data\""));
	CHECK(req.mounts.at[0].bind && !req.mounts.at[0].recursive);
	CHECK(strcmp(req.mounts.at[0].source, "/bundle/data") == 0);
	CHECK(reads(MOUNT, "\"destination\":\"/a\",\"type\":\"none\",\"source\":\"/x/../y\",\"options\":[\"rbind\"]"));
	m = &req.mounts.at[0];
	CHECK(m->bind && m->recursive && strcmp(m->type, "bind") == 0 && strcmp(m->source, "/x/../y") == 0);

	test("mappings make a mount idmapped");
	CHECK(reads(MOUNT,
		    "\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/d\",\"uidMappings\":[{\"containerID\":0,"
		    "\"hostID\":1,\"size\":2}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":2}]"));
	CHECK(req.mounts.at[0].special == MOUNT_SPECIAL_IDMAP && req.mounts.at[0].uid_mappings.at[0].size == 2);
}

static bool is_layer(const struct request_mount *mount, size_t index, const char *option, const char *path)
{
	return index < mount->layers.count && strcmp(mount->layers.at[index].option, option) == 0 &&
	       strcmp(mount->layers.at[index].path, path) == 0;
}

static void test_overlays(void)
{
	char text[4096] = "\"destination\":\"/a\",\"type\":\"overlay\",\"options\":[\"lowerdir=/0";
	const struct request_mount *m;

	test("an overlay's layers are found in its options, a ':' of a name as well");
	CHECK(reads(MOUNT, "\"destination\":\"/a\",\"type\":\"overlay\",\"options\":[\"lowerdir=/x:/y\\\\:z\\\\\\\\:\","
			   "\"upperdir=/u:\\\\:v\",\"workdir=w\\\\\",\"lowerdir\",\"upper=/no\",\"lowerdir+=/no\"]"));
	m = &req.mounts.at[0];
	CHECK(is_layer(m, 0, "lowerdir", "/x") && is_layer(m, 1, "lowerdir", "/y:z\\") &&
	      is_layer(m, 2, "lowerdir", ""));
	CHECK(is_layer(m, 3, "upperdir", "/u::v") && is_layer(m, 4, "workdir", "w\\") && m->layers.count == 5);
	CHECK(m->data.count == 6);
	CHECK(reads(MOUNT, "\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"lowerdir=/x\"]"));
	CHECK(req.mounts.at[0].layers.count == 0);
	CHECK(reads(MOUNT, "\"destination\":\"/a\",\"type\":\"overlay\",\"source\":\"/s\",\"options\":[\"lowerdir=/x\","
			   "\"bind\"]"));
	CHECK(req.mounts.at[0].layers.count == 0);

	test("and are no more than an overlay can have");
	for (int i = 1; i < REQUEST_MAX_LAYERS; i++)
		strcat(text, ":/1");
	strcat(text, "\"]");
	CHECK(reads(MOUNT, text) && req.mounts.at[0].layers.count == REQUEST_MAX_LAYERS);
	strcpy(text + strlen(text) - 2, ":/1\"]");
	CHECK(!reads(MOUNT, text) && strstr(err.what, "more layers than an overlay can have") != NULL);
}

static void test_bundle(void)
{
	char directory[] = "/tmp/test_oci.XXXXXX", path[64];

	test("a bundle is read from its directory, or from another file");
	CHECK(mkdtemp(directory) != NULL);
	snprintf(path, sizeof(path), "%s/config.json", directory);
	FILE *file = fopen(path, "w");
	fprintf(file, frames[TOP], "\"hostname\":\"h\"");
	fclose(file);
	memset(&req, 0, sizeof(req));
	CHECK(oci_read_bundle(directory, NULL, &arena, &req, &err) == 0 && strcmp(req.bundle, directory) == 0);
	CHECK(strncmp(req.root.path, directory, strlen(directory)) == 0 && strcmp(req.source, "config.json") == 0);
	memset(&req, 0, sizeof(req));
	CHECK(oci_read_bundle("/other", path, &arena, &req, &err) == 0 && strcmp(req.root.path, "/other/rootfs") == 0);
	remove(path);

	test("a bundle without a config.json is an error that names the file");
	memset(&req, 0, sizeof(req));
	CHECK(oci_read_bundle(directory, NULL, &arena, &req, &err) < 0 && strstr(err.what, path) != NULL);
	CHECK(oci_read_bundle("", NULL, &arena, &req, &err) < 0 && err.kind == ERROR_USAGE);
	remove(directory);
}

int main(void)
{
	test_fixture("runc-spec.json", "what 'runc spec' writes is read");
	test_fixture("crun-spec.json", "what 'crun spec' writes is read");
	test_fixture("runc-spec-rootless.json", "what 'runc spec --rootless' writes is read");
	test_truncation("runc-spec.json", "a config.json that is cut anywhere is refused with a place");
	test_truncation("whole.json",
			"a config.json with everything in it that is cut anywhere is refused with a place");
	test_mutation("whole.json", "a config.json with a wrong byte anywhere is read or refused, no more");
	test_top();
	test_process();
	test_mounts();
	test_overlays();
	test_bundle();
	arena_destroy(&arena);
	return check_done();
}
