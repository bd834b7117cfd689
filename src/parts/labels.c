// SPDX-License-Identifier: Apache-2.0
#include "parts/labels.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"

enum { LABEL_MAX = 512 };

static const char *given(const char *label)
{
	return label != NULL && label[0] != '\0' ? label : NULL;
}

static bool is_long(const char *label)
{
	return label != NULL && strlen(label) > LABEL_MAX;
}

/* The types that the Pod Security Standards allow; the third field of "user:role:type:level". */
static bool is_for_containers(const char *label)
{
	static const char *const types[] = {"container_t", "container_init_t", "container_kvm_t", "container_engine_t"};
	const char *type = label;

	for (int i = 0; i < 2 && type != NULL; i++)
		type = strchr(type, ':') == NULL ? NULL : strchr(type, ':') + 1;
	for (size_t i = 0; type != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcspn(type, ":") == strlen(types[i]) && strncmp(type, types[i], strlen(types[i])) == 0)
			return true;
	return false;
}

static void judge(struct planner *p, struct plan_labels *plan)
{
	plan->enforced = p->profile->labels != VERDICT_ALLOW;
	if (plan->apparmor != NULL && strstr(plan->apparmor, "unconfined") != NULL &&
	    planner_judge(p, p->profile->labels, "labels", planner_origin(p, "/process/apparmorProfile"),
			  "the AppArmor profile confines nothing", "leave it out, or name one that does"))
		plan->apparmor = NULL;
	if (plan->selinux != NULL && !is_for_containers(plan->selinux) &&
	    planner_judge(p, p->profile->labels, "labels", planner_origin(p, "/process/selinuxLabel"),
			  arena_printf(p->arena, "the SELinux label %s is not one for containers", plan->selinux),
			  "leave it out, or use the type container_t"))
		plan->selinux = NULL;
}

int labels_plan(struct planner *p, struct error *err)
{
	struct plan_labels *plan = &p->plan->labels;

	plan->apparmor = given(p->request->process.apparmor_profile);
	plan->selinux = given(p->request->process.selinux_label);
	plan->mount_label = given(p->request->linux_.mount_label);
	if (is_long(plan->apparmor) || is_long(plan->selinux) || is_long(plan->mount_label))
		return error_set(err, ERROR_CONFIG, 0, "a label is longer than %d bytes", LABEL_MAX);
	judge(p, plan);
	return 0;
}

bool labels_mode_confines(const char *mode)
{
	static const char *const modes[] = {" (enforce)", " (kill)"};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strncmp(mode, modes[i], strlen(modes[i])) == 0 && strchr("\n", mode[strlen(modes[i])]) != NULL)
			return true;
	return false;
}

bool labels_apply_wanted(const struct plan *plan)
{
	return plan->labels.apparmor != NULL || plan->labels.selinux != NULL;
}

void labels_apply_explain(const struct plan *plan, struct explain *out)
{
	if (plan->labels.apparmor != NULL)
		explain_say(out, EXPLAIN_STOPS, NULL, "what the AppArmor profile %s does not allow",
			    plan->labels.apparmor);
	if (plan->labels.selinux != NULL)
		explain_say(out, EXPLAIN_STOPS, NULL, "what SELinux does not allow %s", plan->labels.selinux);
}

struct label {
	const char *what, *name;
	const char *file;    /* below /proc/PID/attr */
	const char *command; /* stands before the name */
	const char *needs;   /* what to do where the kernel does not have it */
	bool enforced;       /* the kernel must say so */
};

/*
 * Through our own procfs and without crossing a mount, so that nothing of the container can stand in for the file; and
 * read back, because a label that was taken and not applied is worse than an error.
 */
static int write_label(int proc, const struct label *label, struct error *err)
{
	char now[LABEL_MAX + 32], text[LABEL_MAX + 8], file[48];
	const char *expected = label->name;

	snprintf(text, sizeof(text), "%s%s", label->command, label->name);
	snprintf(file, sizeof(file), "%d/attr/%s", getpid(), label->file);
	AUTOCLOSE int fd = sys_openat2(proc, file, O_RDWR, 0, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	if (fd < 0 || sys_write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		int reason = errno;

		/* ENOENT: a label that its module does not have. EINVAL: nobody was there to take it. */
		error_set(err, fd < 0 || reason == EINVAL ? ERROR_HOST : ERROR_SYSTEM, reason, "cannot set the %s '%s'",
			  label->what, expected);
		return fd < 0 || reason == EINVAL ? error_hint(err, "%s", label->needs)
						  : error_hint(err, "is it loaded into this kernel?");
	}
	ssize_t length = pread(fd, now, sizeof(now) - 1, 0);
	if (length < 0)
		return error_set(err, ERROR_SYSTEM, errno, "cannot read back the label");
	now[length] = '\0';
	/* AppArmor adds " (enforce)", a line feed or a 0 byte may follow; a longer name is another one. */
	size_t size = strlen(expected);
	if (strncmp(now, expected, size) != 0 || (now[size] != '\0' && now[size] != '\n' && now[size] != ' '))
		return error_set(err, ERROR_HOST, 0, "the label '%s' was not applied", expected);
	if (!label->enforced || labels_mode_confines(now + size))
		return 0;
	now[strcspn(now, "\n")] = '\0';
	error_set(err, ERROR_REFUSED, 0, "the %s '%s' confines nothing", label->what, now);
	return error_hint(err, "name one that is loaded to enforce, or leave it out");
}

int labels_apply(const struct plan *plan, struct run *run, struct error *err)
{
	const struct label apparmor = {
		.what = "AppArmor profile",
		.name = plan->labels.apparmor,
		.file = "apparmor/exec",
		.command = "exec ",
		.needs = "this kernel runs without AppArmor: remove process.apparmorProfile (docker run "
			 "--security-opt apparmor=unconfined)",
		.enforced = plan->labels.enforced,
	};
	const struct label selinux = {
		.what = "SELinux label",
		.name = plan->labels.selinux,
		.file = "exec",
		.command = "",
		.needs = "this kernel runs without SELinux, or does not have the label: remove process.selinuxLabel "
			 "(docker run --security-opt label=disable)",
	};

	if (apparmor.name != NULL)
		TRY(write_label(run->proc, &apparmor, err));
	return selinux.name == NULL ? 0 : write_label(run->proc, &selinux, err);
}
