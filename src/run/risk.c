// SPDX-License-Identifier: Apache-2.0
#include "run/risk.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "parts/mounts.h"

static const char keys[] = "keys and passwords are kept there";
static const char startup[] = "what is in it is run outside of the sandbox";

/* Names in a home directory. */
static const struct {
	const char *name;
	const char *why;
	bool if_writable;
} homes[] = {
	{".aws", keys, false},
	{".azure", keys, false},
	{".bash_history", "what was typed is kept there", false},
	{".bashrc", startup, true},
	{".config/autostart", startup, true},
	{".config/gcloud", keys, false},
	{".config/gh", keys, false},
	{".config/google-chrome", keys, false},
	{".config/systemd", startup, true},
	{".docker", keys, false},
	{".git-credentials", keys, false},
	{".gitconfig", startup, true},
	{".gnupg", keys, false},
	{".kube", keys, false},
	{".local/bin", startup, true},
	{".local/share/keyrings", keys, false},
	{".mozilla", keys, false},
	{".netrc", keys, false},
	{".npmrc", keys, false},
	{".password-store", keys, false},
	{".profile", startup, true},
	{".pypirc", keys, false},
	{".ssh", keys, false},
	{".zshrc", startup, true},
};

/* Whether the components of @name stand in @path. */
static bool contains(const char *path, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = strstr(path, name); at != NULL; at = strstr(at + 1, name))
		if (at > path && at[-1] == '/' && (at[length] == '/' || at[length] == '\0'))
			return true;
	return false;
}

const char *risk_of_showing(const char *path, mode_t mode, bool writable)
{
	const char *why = mounts_source_risk(path, mode, writable);

	if (why != NULL)
		return why;
	if (S_ISSOCK(mode))
		return "who listens there is outside of the sandbox";
	if (S_ISCHR(mode) || S_ISBLK(mode))
		return "it is a device of the host";
	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
		if ((writable || !homes[i].if_writable) && contains(path, homes[i].name))
			return homes[i].why;
	return NULL;
}

static const char namespaces[] = "most holes of the kernel of the last years are reached by it";
static const char others[] = "it reads and changes other processes";
static const char system_wide[] = "it is for the whole machine, not for one program";

static const struct {
	const char *name;
	const char *why;
} calls[] = {
	{"add_key", "keys are shared with other programs"},
	{"bpf", namespaces},
	{"clock_settime", system_wide},
	{"clone", namespaces},
	{"delete_module", system_wide},
	{"finit_module", system_wide},
	{"fsopen", namespaces},
	{"init_module", system_wide},
	{"io_uring_setup", "what it does passes by the filter"},
	{"kcmp", others},
	{"kexec_load", system_wide},
	{"keyctl", "keys are shared with other programs"},
	{"mount", namespaces},
	{"move_mount", namespaces},
	{"open_by_handle_at", "it opens files that are not shown"},
	{"perf_event_open", namespaces},
	{"pidfd_getfd", others},
	{"pivot_root", namespaces},
	{"process_vm_readv", others},
	{"process_vm_writev", others},
	{"ptrace", others},
	{"reboot", system_wide},
	{"request_key", "keys are shared with other programs"},
	{"setns", namespaces},
	{"settimeofday", system_wide},
	{"swapon", system_wide},
	{"syslog", "it shows the kernel's messages"},
	{"umount2", namespaces},
	{"unshare", namespaces},
	{"userfaultfd", namespaces},
};

const char *risk_of_call(const char *call)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, call) == 0)
			return calls[i].why;
	return "more of the kernel can be attacked";
}
