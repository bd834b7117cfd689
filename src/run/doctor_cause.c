// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "parts/mounts.h"
#include "run/doctor.h"
#include "base/mountinfo.h"

enum { FILE_BYTES = 4096 };

/* Files of procfs say that they have no size. */
static const char *read_text(struct arena *arena, const char *path)
{
	AUTOCLOSE int file = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
	char *text = arena_alloc(arena, FILE_BYTES + 1);

	return file < 0 || read(file, text, FILE_BYTES) < 0 ? NULL : text;
}

static bool file_begins(struct arena *arena, const char *path, const char *word)
{
	const char *text = read_text(arena, path);

	return text != NULL && strncmp(text, word, strlen(word)) == 0;
}

static bool proc_is_covered(struct arena *arena)
{
	struct error ignored = {0};
	mount_line_list mounts = {0};

	if (mountinfo_read("/proc/self/mountinfo", arena, &mounts, &ignored) < 0)
		return false;
	for (size_t i = 0; i < mounts.count; i++)
		if (strncmp(mounts.at[i].at, "/proc/", strlen("/proc/")) == 0)
			return true;
	return false;
}

void doctor_cause_proc(struct arena *arena, struct doctor_finding *finding)
{
	doctor_cause(arena, finding);
	if (finding->reason != EPERM || !proc_is_covered(arena))
		return;
	finding->cause = mounts_proc_cause;
	finding->fix = mounts_proc_fix;
}

static bool has_filter(struct arena *arena)
{
	const char *text = read_text(arena, "/proc/self/status");

	return text != NULL && strstr(text, "\nSeccomp:\t2") != NULL;
}

static bool no_clone(struct arena *arena)
{
	return file_begins(arena, "/proc/sys/kernel/unprivileged_userns_clone", "0");
}

static bool none_left(struct arena *arena)
{
	return file_begins(arena, "/proc/sys/user/max_user_namespaces", "0\n");
}

/* Unless profiles/apparmor/casemate is what this process has. */
static bool by_apparmor(struct arena *arena)
{
	return file_begins(arena, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") &&
	       !file_begins(arena, "/proc/self/attr/current", "casemate ");
}

/* The first that is found to be so. */
static const struct {
	int reasons[4];
	bool (*is_so)(struct arena *arena);
	const char *cause, *fix;
} causes[] = {
	{{ENOSPC, EUSERS}, none_left, "user.max_user_namespaces is 0", "sudo sysctl -w user.max_user_namespaces=15000"},
	{{EPERM},
	 no_clone,
	 "kernel.unprivileged_userns_clone is 0",
	 "sudo sysctl -w kernel.unprivileged_userns_clone=1"},
	{{EPERM, EACCES},
	 by_apparmor,
	 "AppArmor restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns)",
	 "sudo cp " APPARMOR_PROFILE " /etc/apparmor.d/ && sudo apparmor_parser -r /etc/apparmor.d/casemate"},
	{{EPERM, EACCES, ENOSYS},
	 has_filter,
	 "a seccomp filter around this process, as engines load one, refuses it",
	 "docker, podman: --security-opt seccomp=unconfined; Kubernetes: securityContext.seccompProfile.type: "
	 "Unconfined"},
};

void doctor_cause(struct arena *arena, struct doctor_finding *finding)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		for (size_t r = 0; r < 4 && causes[i].reasons[r] != 0; r++)
			if (causes[i].reasons[r] == finding->reason && causes[i].is_so(arena)) {
				finding->cause = causes[i].cause;
				finding->fix = causes[i].fix;
				return;
			}
	finding->cause = finding->reason == ENOSYS ? "this kernel does not have it"
						   : arena_strdup(arena, strerrordesc_np(finding->reason));
}

/* The plan's arena is read-only by then. */
void doctor_advise(struct error *err)
{
	struct doctor_finding finding = {.reason = err->errnum};
	struct error ignored = {0};
	struct arena arena = {0};

	if (arena_create(&arena, &ignored) < 0)
		return;
	doctor_cause(&arena, &finding);
	if (finding.fix != NULL)
		error_advise(err, "%s: %s", finding.cause, finding.fix);
	arena_destroy(&arena);
}
