// SPDX-License-Identifier: Apache-2.0
/*
 * Every system call of a launch fails once, in turn. Whatever fails, the program must not be executed, the error must
 * say what was being tried, and no descriptor may stay open. The same harness checks that the steps that run are those
 * that explain prints, and that the ones whose order matters come in that order.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "check.h"
#include "config/oci.h"
#include "config/profile.h"
#include "fake_sys.h"
#include "run/alive.h"
#include "run/join.h"
#include "run/launch.h"
#include "run/plan.h"
#include "run/steps.h"

static const char config[] =
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"x\","
	"\"process\":{\"cwd\":\"/\",\"args\":[\"" FAKE_PROGRAM "\"],\"user\":{\"uid\":1000,\"gid\":1000},"
	"\"noNewPrivileges\":true,\"oomScoreAdj\":5,\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":4},"
	"\"capabilities\":{\"bounding\":[\"CAP_NET_BIND_SERVICE\"],\"permitted\":[\"CAP_NET_BIND_SERVICE\"],"
	"\"effective\":[\"CAP_NET_BIND_SERVICE\"],\"inheritable\":[\"CAP_NET_BIND_SERVICE\"],"
	"\"ambient\":[\"CAP_NET_BIND_SERVICE\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":64,\"hard\":64}]},"
	"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/srv\",\"options\":[\"rbind\",\"ro\"]},"
	"{\"destination\":\"/changed\",\"type\":\"bind\",\"source\":\"/srv\",\"options\":[\"rbind\",\"ro\"]},"
	"{\"destination\":\"/open\",\"type\":\"bind\",\"source\":\"/srv\",\"options\":[\"rbind\",\"ro\"]},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":[\"nosuid\",\"size=1m\"]},"
	"{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"size=1m\"]}],"
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"cgroup\"}],\"sysctl\":{\"net.ipv4.ip_unprivileged_port_start\":\"0\"},"
	"\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"]}}";

/* As `casemate sandbox --without userns --ro /srv` would ask, but for the init, which is another process. */
static const char bare_config[] =
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"
	"\"process\":{\"cwd\":\"/\",\"args\":[\"" FAKE_PROGRAM "\"],\"user\":{\"uid\":1000,\"gid\":1000},"
	"\"noNewPrivileges\":true,\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":64,\"hard\":64}]},"
	"\"mounts\":[{\"destination\":\"/srv\",\"type\":\"bind\",\"source\":\"/srv\",\"options\":[\"rbind\",\"ro\"]}]}";

static struct arena arena;

static void forget_judged(struct plan *plan)
{
	/* What the profile judged is a fact of the host, and this host is none. */
	plan->rootfs.judged = false;
	for (size_t i = 0; i < plan->mounts.count; i++)
		plan->mounts.at[i].judged = false;
	for (size_t i = 0; i < plan->landlock.rules.count; i++)
		plan->landlock.rules.at[i].judged = false;
}

static const struct plan *make_bare_plan(void)
{
	static const struct host host = {.uid = 1000,
					 .gid = 1000,
					 .last_capability = CAP_LAST_CAP,
					 .kernel = 6 << 16 | 18,
					 .landlock_abi = 7,
					 .cwd = "/"};
	static struct request request;
	static struct profile profile;
	static struct error err;
	const struct plan_input input = {.request = &request, .profile = &profile, .host = &host, .id = "test"};
	struct plan *plan = NULL;

	arena_destroy(&arena);
	if (arena_create(&arena, &err) < 0 || profile_builtin("restricted", &arena, &profile, &err) < 0 ||
	    oci_parse(bare_config, strlen(bare_config), "/bundle", &arena, &request, &err) < 0) {
		fprintf(stderr, "# %s\n", err.what);
		return NULL;
	}
	request.sandbox = (struct request_sandbox){.given = true, .without_userns = true, .die_with_parent = true};
	request.bundle = NULL;
	if (plan_build(&input, &arena, &plan, &err) < 0) {
		fprintf(stderr, "# %s\n", err.what);
		return NULL;
	}
	forget_judged(plan);
	return plan;
}

/* What only a sandbox's flags can ask for. Old kernels have no overlay for it. */
static bool add_flags(struct request *request, bool remounts)
{
	static int root = -1;

	if (root < 0)
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < request->mounts.count; i++) {
		struct request_mount *mount = &request->mounts.at[i];

		if (strcmp(mount->destination, "/changed") == 0 && !remounts)
			mount->special |= MOUNT_SPECIAL_OVERLAY;
		if (strcmp(mount->destination, "/open") == 0) {
			mount->special |= MOUNT_SPECIAL_OPEN;
			mount->descriptor = root;
		}
	}
	return root >= 0;
}

static const struct plan *make_plan(bool joining, bool remounts)
{
	static struct request request;
	static struct profile profile;
	static struct host host = {.privileged = true,
				   .capabilities = ~0ULL,
				   .last_capability = CAP_LAST_CAP,
				   .kernel = 6 << 16 | 18,
				   .landlock_abi = 7,
				   .cwd = "/"};
	static struct error err;
	host.remounts = remounts;
	const struct plan_input input = {
		.request = &request, .profile = &profile, .host = &host, .id = "test", .joining = joining};
	/* Any process that lives: `exec` makes sure that it is the one. */
	const struct state state = {.process = {.pid = getpid(), .started = alive_since(getpid())}};
	struct plan *plan = NULL;

	memset(&request, 0, sizeof(request));
	memset(&profile, 0, sizeof(profile));
	arena_destroy(&arena);
	if (arena_create(&arena, &err) < 0 || profile_builtin("restricted", &arena, &profile, &err) < 0 ||
	    oci_parse(config, strlen(config), "/bundle", &arena, &request, &err) < 0 ||
	    !add_flags(&request, remounts) ||
	    (joining ? plan_build_process : plan_build)(&input, &arena, &plan, &err) < 0) {
		fprintf(stderr, "# %s\n", err.what);
		return NULL;
	}
	forget_judged(plan);
	if (joining)
		join_plan(plan, &state);
	return plan;
}

static int open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

static void close_run(const struct plan *plan, struct run *run)
{
	for (size_t i = 0; i < plan->mounts.count; i++)
		fd_close(&run->mounts[i]);
	for (size_t i = 0; i < plan->devices.nodes.count; i++)
		fd_close(&run->devices[i]);
	fd_close(&run->self);
	fd_close(&run->root);
	fd_close(&run->sync);
}

static int apply_all(const struct plan *plan, struct run_shared *shared, struct error *err)
{
	static int mounts[64], devices[64], cgroups[64];
	int pair[2];
	struct run run;
	int result = 0;

	launch_clear(&run);
	run.shared = shared;
	run.mounts = mounts;
	run.devices = devices;
	run.cgroups = cgroups;
	memset(mounts, -1, sizeof(mounts));
	memset(devices, -1, sizeof(devices));
	memset(cgroups, -1, sizeof(cgroups));
	memset(shared, 0, sizeof(*shared));
	memset(err, 0, sizeof(*err));
	fake.caps[0] = fake.caps[1] = ~0ULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -2;
	run.sync = pair[0];
	for (enum step_phase phase = STEP_ENTER; phase <= STEP_EXEC && result == 0; phase++)
		if (phase != STEP_ATTACH)
			result = steps_apply(phase, plan, &run, err);
	close_run(plan, &run);
	close(pair[1]);
	return result;
}

static int index_of_call(const char *name)
{
	for (int i = 0; i < fake.count && i < FAKE_MAX_CALLS; i++)
		if (strcmp(fake.calls[i], name) == 0)
			return i;
	return -1;
}

static void check_order(const struct plan *plan)
{
	static struct run_shared shared;
	struct error err;

	fake_reset(0);
	apply_all(plan, &shared, &err);
	test("without a failure the program is executed");
	CHECK(fake.exec_reached);
	if (!fake.exec_reached)
		fprintf(stderr, "# %s\n", err.what);
	test("nothing comes between the filter and the execve");
	CHECK(strcmp(fake.calls[fake.count - 2], "seccomp") == 0 || strcmp(fake.calls[fake.count - 3], "seccomp") == 0);
	const char *enters = plan->join.wanted ? "setns" : "pivot_root";
	test("the new root is entered before Landlock");
	CHECK(index_of_call(enters) >= 0 && index_of_call(enters) < index_of_call("landlock_restrict_self"));
	test("what mount(2) mounts is mounted in the new root, or there is none");
	CHECK((index_of_call("mount") > index_of_call(enters)) == (!plan->join.wanted && !plan->remounts));
	test("groups, group and user change in this order");
	CHECK(index_of_call("setgroups") < index_of_call("setresgid") &&
	      index_of_call("setresgid") < index_of_call("setresuid"));
	test("the user changes before the filter is loaded");
	CHECK(index_of_call("setresuid") < index_of_call("seccomp"));
}

static void check_steps(const struct plan *plan)
{
	static struct run_shared shared;
	struct error err;
	int32_t at = 0;
	bool same = true;

	fake_reset(0);
	apply_all(plan, &shared, &err);
	const struct step *steps = steps_of(plan);
	for (const struct step *step = steps; step->name != NULL; step++)
		if (step->phase != STEP_OPEN && step->phase != STEP_PREPARE && step->phase != STEP_ATTACH &&
		    step->wanted(plan)) {
			same = same && at < shared.applied_count && steps[shared.applied[at]].name == step->name;
			at++;
		}
	test("the steps that run are the steps that explain prints");
	CHECK(same && at == shared.applied_count);
}

static void check_failure(const struct plan *plan, int call)
{
	static struct run_shared shared;
	struct error err;
	int before = open_descriptors();

	fake_reset(call);
	int result = apply_all(plan, &shared, &err);
	bool is_exec = fake.failed != NULL && strncmp(fake.failed, "execve", 6) == 0;
	bool closed = open_descriptors() == before;
	bool good = result == -1 && (!fake.exec_reached || is_exec) && err.kind != ERROR_NONE && err.what[0] != '\0' &&
		    closed;

	if (!good)
		fprintf(stderr, "# call %d (%s): result %d, exec %d, error '%s', descriptors %s\n", call,
			fake.failed == NULL ? "none" : fake.failed, result, fake.exec_reached, err.what,
			closed ? "closed" : "left open");
	CHECK(good);
}

static void check_plan(const struct plan *plan)
{
	static struct run_shared shared;
	struct error err;

	test("the plan can be made");
	CHECK(plan != NULL);
	if (plan == NULL)
		return;
	check_order(plan);
	check_steps(plan);
	fake_reset(0);
	apply_all(plan, &shared, &err);
	int calls = fake.count;
	test("it makes enough system calls to be worth the while");
	CHECK(calls > (plan->join.wanted ? 40 : 100));
	test("whatever system call fails, the launch stops, says why, and leaves nothing open");
	for (int call = 1; call <= calls; call++)
		check_failure(plan, call);
}

/* Without mount_setattr(2) it is not called, and a mount that does not become what was asked for ends the launch. */
static void check_remounts(void)
{
	static struct run_shared shared;
	const struct plan *plan = make_plan(false, true);
	struct error err;

	if (plan == NULL)
		return;
	fake_reset(0);
	apply_all(plan, &shared, &err);
	test("without mount_setattr(2) options are set by mount(2), and read back");
	CHECK(index_of_call("mount_setattr") < 0 && index_of_call("remount") > index_of_call("move_mount"));
	fake_reset(0);
	fake.remount_lies = true;
	test("a mount that did not get its options ends the launch");
	CHECK(apply_all(plan, &shared, &err) == -1 && !fake.exec_reached && err.errnum == EIO);
}

/* Without namespaces nothing may be tried that needs one, and all that holds the program must be there. */
static void check_bare(void)
{
	static const char *const foreign[] = {"unshare", "setns",     "pivot_root", "open_tree",
					      "fsopen",  "setgroups", "mount",      "mount_setattr"};
	static struct run_shared shared;
	const struct plan *plan = make_bare_plan();
	struct error err;
	int filters = 0;

	test("the plan of a sandbox without user namespaces can be made");
	CHECK(plan != NULL);
	if (plan == NULL)
		return;
	fake_reset(0);
	CHECK(apply_all(plan, &shared, &err) == -1 && fake.exec_reached);
	int calls = fake.count;
	test("it makes no namespace and no mount");
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		CHECK(index_of_call(foreign[i]) < 0);
	test("no capability, no_new_privs, Landlock and three filters hold it, in this order");
	for (int i = 0; i < fake.count; i++)
		filters += strcmp(fake.calls[i], "seccomp") == 0;
	CHECK(filters == 3 && index_of_call("capset") >= 0 &&
	      index_of_call("capset") < index_of_call("landlock_restrict_self") &&
	      index_of_call("landlock_restrict_self") < index_of_call("seccomp"));
	check_steps(plan);
	test("without user namespaces, whatever system call fails, the launch stops");
	for (int call = 1; call <= calls; call++)
		check_failure(plan, call);
}

/* TCP ports, which Landlock holds since ABI 4, on a kernel that has it otherwise. */
static void check_old_landlock(void)
{
	static const struct host host = {.privileged = true,
					 .capabilities = ~0ULL,
					 .last_capability = CAP_LAST_CAP,
					 .kernel = 6 << 16 | 1,
					 .landlock_abi = 2,
					 .cwd = "/"};
	static struct request request;
	static struct profile profile;
	static struct error err;
	const struct plan_input input = {.request = &request, .profile = &profile, .host = &host, .id = "test"};
	struct plan *plan = NULL;

	test("no plan is made when the kernel's Landlock is too old, and the hint names one that is not");
	arena_destroy(&arena);
	if (!CHECK(arena_create(&arena, &err) == 0 && profile_builtin("restricted", &arena, &profile, &err) == 0 &&
		   oci_parse(config, strlen(config), "/bundle", &arena, &request, &err) == 0))
		return;
	request.sandbox.restrict_tcp = true;
	CHECK(plan_build(&input, &arena, &plan, &err) < 0);
	CHECK(strstr(err.what, "Landlock ABI 2") != NULL && strstr(err.hint, "Linux 6.7") != NULL);
}

/* A descriptor of a low number may be left to execve(2): there is none, and what stays open was forgotten. */
static void take_low_numbers(void)
{
	for (int taken = 0; taken < FD_LEFT; taken++)
		if (dup(STDERR_FILENO) < 0)
			return;
}

int main(void)
{
	take_low_numbers();
	check_old_landlock();
	check_bare();
	check_plan(make_plan(false, false));
	check_plan(make_plan(false, true));
	check_remounts();
	check_plan(make_plan(true, false));
	arena_destroy(&arena);
	return check_done();
}
