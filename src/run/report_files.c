// SPDX-License-Identifier: Apache-2.0
#include "run/report_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "run/risk.h"
#include "run/view.h"

/* A file of the sandbox: `status` is all zeros where it may be there, and cannot be looked at. */
struct inside {
	struct stat status;
	bool acl; /* its mode does not say everything */
};

static bool exists_inside(int root, const char *path, struct inside *ret)
{
	AUTOCLOSE int fd = sys_openat2(root, path, O_PATH | O_NOFOLLOW, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	char link[32];

	*ret = (struct inside){.acl = false};
	if (fd < 0)
		return errno != ENOENT;
	if (fstat(fd, &ret->status) < 0)
		ret->status = (struct stat){.st_mode = 0};
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ret->acl = getxattr(link, "system.posix_acl_access", NULL, 0) > 0;
	return true;
}

/* The name of a file in the sandbox's own home, in the caller's. */
static bool in_caller_home(const struct plan *plan, const char *path, char ret[PATH_MAX])
{
	const char *inside = NULL, *outside = getenv("HOME");

	for (const char **variable = plan->process.envp; *variable != NULL; variable++)
		if (strncmp(*variable, "HOME=", 5) == 0)
			inside = *variable + 5;
	if (inside == NULL || outside == NULL || outside[0] != '/' || strcmp(inside, outside) == 0 ||
	    strlen(inside) < 2 || !path_is_below(path, inside))
		return false;
	return snprintf(ret, PATH_MAX, "%s%s", outside, path + strlen(inside)) < PATH_MAX;
}

static const char *flag_for(mode_t mode, bool writable)
{
	if (S_ISCHR(mode) || S_ISBLK(mode))
		return "--dev";
	return writable ? "--rw" : "--ro";
}

/* @source of the host is what @path inside should be. */
static void add_missing(const char *path, const char *source, const struct stat *status, bool writable,
			struct findings *findings)
{
	char value[2 * PATH_MAX];
	bool same = strcmp(path, source) == 0;

	snprintf(value, sizeof(value), same ? "%s" : "%s:%s", source, path);
	findings_add(findings, &(struct finding){
				       .kind = FINDING_FILE,
				       .what = path,
				       .why = same ? "not shown inside" : "in the caller's home, not shown inside",
				       .flag = flag_for(status->st_mode, writable),
				       .value = value,
				       .risk = risk_of_showing(source, status->st_mode, writable),
			       });
}

static void judge_missing(const struct plan *plan, const struct report_path *asked, struct findings *findings)
{
	const struct plan_mount *mount = plan_mount_at(plan, asked->text, NULL);
	bool writable = asked->use == PATH_WRITE;
	char source[PATH_MAX];
	struct stat status;

	/* It is as the host has it. */
	if (mount != NULL && mount->kind == MOUNT_BIND && strcmp(mount->source, mount->target) == 0)
		return;
	if (view_outside(asked->text, &status))
		add_missing(asked->text, asked->text, &status, writable, findings);
	else if (in_caller_home(plan, asked->text, source) && view_outside(source, &status))
		add_missing(asked->text, source, &status, writable, findings);
}

static bool is_readonly(const struct plan *plan, const struct plan_mount *mount)
{
	if (mount == NULL)
		return plan->rootfs.readonly;
	if ((mount->special & MOUNT_SPECIAL_OVERLAY) != 0)
		return false;
	return (mount->attr_set & MOUNT_ATTR_RDONLY) != 0 || mount->sealed;
}

/*
 * Whoever starts a sandbox as somebody else, as root does, finds that its files are not the program's. Where both are
 * one user nothing is different inside. Only what somebody shows is looked at: the system's own directories are as
 * they are for everybody.
 */
static bool judge_rights(const struct plan *plan, const char *what, const char *path, const struct inside *file,
			 mode_t wanted, struct findings *findings)
{
	const struct plan_mount *mount = plan_mount_at(plan, path, NULL);
	uint32_t uid = plan->ids.uid.count > 0 ? plan->ids.uid.at[0].host : geteuid();
	uint32_t gid = plan->ids.gid.count > 0 ? plan->ids.gid.at[0].host : getegid();
	const struct stat *status = &file->status;
	unsigned shift = status->st_uid == uid ? 6 : status->st_gid == gid ? 3 : 0;

	if (uid == geteuid() || mount == NULL || mount->kind != MOUNT_BIND || strcmp(mount->from, "default") == 0 ||
	    mount->uid_mappings.count > 0 || status->st_mode == 0 || file->acl ||
	    (status->st_mode >> shift & wanted) == wanted)
		return false;
	findings_add(findings,
		     &(struct finding){
			     .kind = (wanted & S_IWOTH) != 0 ? FINDING_WRITE : FINDING_FILE,
			     .what = what,
			     .why = "shown, but its owner and mode do not let the sandbox's user",
			     .flag = "start casemate as its owner, or name that user: --uid N --gid N, or chown it",
		     });
	return true;
}

/* What is read-only for all programs of the host, as /usr, is no surprise to this one. */
static void judge_write(const struct plan *plan, const char *what, const char *written, struct findings *findings)
{
	const struct plan_mount *mount = plan_mount_at(plan, written, NULL);
	struct stat status = {0};
	bool hosts = mount != NULL && mount->kind == MOUNT_BIND && strcmp(mount->source, mount->target) == 0;

	if (!is_readonly(plan, mount) || (hosts && access(written, W_OK) < 0))
		return;
	if (hosts)
		(void)view_outside(written, &status);
	else if (strcmp(written, "/") == 0)
		written = NULL;
	findings_add(findings, &(struct finding){
				       .kind = FINDING_WRITE,
				       .what = what,
				       .why = "read-only inside, by its mount and by Landlock",
				       .flag = written == NULL ? NULL
					       : hosts         ? "--rw"
							       : "--tmpfs",
				       .value = written,
				       .risk = hosts ? risk_of_showing(written, status.st_mode, true) : NULL,
			       });
}

static void judge_execute(const struct plan *plan, const char *path, struct findings *findings)
{
	const struct plan_mount *mount = plan_mount_at(plan, path, NULL);

	if (mount == NULL || (mount->attr_set & MOUNT_ATTR_NOEXEC) == 0)
		return;
	findings_add(findings, &(struct finding){
				       .kind = FINDING_EXECUTE,
				       .what = path,
				       .why = "nothing may be executed from its mount",
				       .flag = "copy it to /tmp, or show it with --ro",
			       });
}

static void add_hidden(const char *path, const char *by, struct findings *findings)
{
	findings_add(
		findings,
		&(struct finding){
			.kind = FINDING_FILE, .what = path, .why = "hidden", .flag = "leave out --hide", .value = by});
}

/* What makes, renames or removes a name writes the directory that it is in. */
static void judge_entry(const struct plan *plan, int root, const struct report_path *asked, struct findings *findings)
{
	const struct plan_mount *mount = plan_mount_at(plan, asked->text, NULL);
	char directory[PATH_MAX];
	struct inside inside;

	/* What is a mount itself is there, and stays: programs only try. */
	if (mount != NULL && strcmp(mount->target, asked->text) == 0)
		return;
	memcpy(directory, asked->text, sizeof(directory));
	char *slash = strrchr(directory, '/');
	slash[slash == directory ? 1 : 0] = '\0';
	if (!exists_inside(root, directory, &inside))
		judge_missing(plan, asked, findings);
	else if (!judge_rights(plan, asked->text, directory, &inside, S_IWOTH | S_IXOTH, findings))
		judge_write(plan, asked->text, directory, findings);
}

static void judge_path(const struct plan *plan, int root, const struct report_path *asked, struct findings *findings)
{
	const struct plan_mount *mount = plan_mount_at(plan, asked->text, NULL);
	struct inside inside;
	bool there = exists_inside(root, asked->text, &inside);
	mode_t mode = inside.status.st_mode;

	if (mount != NULL && mount->kind == MOUNT_HIDE)
		add_hidden(asked->text, mount->target, findings);
	else if (asked->use == PATH_ENTRY || (asked->creates && !there))
		judge_entry(plan, root, asked, findings);
	else if (!there)
		judge_missing(plan, asked, findings);
	else if (asked->opens && !S_ISLNK(mode) &&
		 judge_rights(plan, asked->text, asked->text, &inside, asked->use == PATH_WRITE ? S_IWOTH : S_IROTH,
			      findings))
		return;
	else if (asked->use == PATH_WRITE && (S_ISREG(mode) || S_ISDIR(mode))) /* others are no part of their mount */
		judge_write(plan, asked->text, asked->text, findings);
	else if (asked->use == PATH_EXECUTE)
		judge_execute(plan, asked->text, findings);
}

void report_files_judge(const struct plan *plan, int root, const struct report_question *question,
			struct findings *findings)
{
	for (size_t i = 0; root >= 0 && i < question->path_count; i++)
		/* The launcher is no process of that procfs: what it would see there is something else. */
		if (question->paths[i].text[0] != '\0' && !path_is_within(question->paths[i].text, "/proc"))
			judge_path(plan, root, &question->paths[i], findings);
}
