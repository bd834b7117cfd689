// SPDX-License-Identifier: Apache-2.0
#include <cap-ng.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/kernel.h"
#include "check.h"
#include "model/names.h"

static const struct lookup *const tables[] = {
	&names_rlimits,       &names_namespaces,      &names_sched_policies,    &names_sched_flags,
	&names_io_classes,    &names_memory_policies, &names_memory_flags,      &names_personalities,
	&names_propagations,  &names_seccomp_actions, &names_seccomp_operators, &names_seccomp_archs,
	&names_seccomp_flags,
};

static bool goes_round(const struct lookup *table, size_t row)
{
	uint64_t value, again;
	const char *name = table->rows[row].name;

	if (!lookup_value(table, name, strlen(name), &value))
		return false;
	const char *first = lookup_name(table, value);
	return first != NULL && lookup_value(table, first, strlen(first), &again) && again == value;
}

static uint64_t value_of(const struct lookup *table, const char *name)
{
	uint64_t value = UINT64_MAX;

	lookup_value(table, name, strlen(name), &value);
	return value;
}

static void test_tables(void)
{
	test("every name becomes its number, and the number a name of the same number");
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (size_t row = 0; row < tables[t]->count; row++)
			CHECK(goes_round(tables[t], row));
	}

	test("a part of a name, a longer one and another case are no names");
	CHECK(value_of(&names_rlimits, "RLIMIT_NOFILE") == RLIMIT_NOFILE);
	CHECK(value_of(&names_rlimits, "RLIMIT_NOFIL") == UINT64_MAX);
	CHECK(value_of(&names_rlimits, "RLIMIT_NOFILES") == UINT64_MAX);
	CHECK(value_of(&names_rlimits, "rlimit_nofile") == UINT64_MAX);
	CHECK(value_of(&names_rlimits, "") == UINT64_MAX);
	CHECK(lookup_name(&names_rlimits, 999) == NULL);

	test("architectures have libseccomp's numbers");
	for (size_t i = 0; i < names_seccomp_archs.count; i++) {
		const struct lookup_row *row = &names_seccomp_archs.rows[i];
		char lower[32];
		size_t length = 0;

		for (const char *c = row->name + strlen("SCMP_ARCH_"); *c != '\0'; c++)
			lower[length++] = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
		lower[length] = '\0';
		uint32_t known = seccomp_arch_resolve_name(lower);
		/* 0: this libseccomp is older than the architecture. */
		CHECK(known == 0 || known == row->value);
	}
	CHECK(value_of(&names_seccomp_archs, "SCMP_ARCH_X86_64") == SCMP_ARCH_X86_64);
	CHECK(value_of(&names_seccomp_archs, "SCMP_ARCH_X32") == SCMP_ARCH_X32);
}

static void test_capabilities(void)
{
	char text[NAMES_CAPABILITY_BYTES];

	test("capabilities go both ways");
	for (uint32_t i = 0; i <= CAP_LAST_CAP; i++)
		CHECK(names_capability(names_capability_text(i, text)) == (int)i);
	CHECK(names_capability("CAP_CHOWN") == CAP_CHOWN);
	CHECK(names_capability("CAP_CHECKPOINT_RESTORE") == CAP_CHECKPOINT_RESTORE);
	CHECK(strcmp(names_capability_text(CAP_SYS_ADMIN, text), "CAP_SYS_ADMIN") == 0);
	CHECK(strcmp(names_capability_text(63, text), "CAP_63") == 0);

	test("capabilities are called as libcap-ng calls them");
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		const char *theirs = capng_capability_to_name(i);

		CHECK(theirs == NULL || strcasecmp(names_capability_text(i, text) + strlen("CAP_"), theirs) == 0);
	}

	test("only the kernel's spelling of a capability is one");
	CHECK(names_capability("cap_chown") < 0);
	CHECK(names_capability("CAP_chown") < 0);
	CHECK(names_capability("CHOWN") < 0);
	CHECK(names_capability("CAP_") < 0);
	CHECK(names_capability("CAP_CHOWN ") < 0);
	CHECK(names_capability("CAP_NO_SUCH") < 0);
	CHECK(names_capability("") < 0);
}

static void test_signals(void)
{
	static const char *const by_number[] = {
		"HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1", "SEGV",
		"USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN", "TTOU",
		"URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",
	};

	test("signals are known by name, short name and number");
	CHECK(names_signal("SIGTERM") == SIGTERM && names_signal("TERM") == SIGTERM && names_signal("15") == SIGTERM);
	CHECK(names_signal("KILL") == SIGKILL && names_signal("SIGRTMIN+3") == 37 && names_signal("RTMAX-1") == 63);
	CHECK(names_signal("SIGRTMIN") == 34 && names_signal("64") == 64);
	for (int i = 0; i < 31; i++)
		CHECK(names_signal(by_number[i]) == i + 1);

	test("what is no signal is refused");
	CHECK(names_signal("0") < 0 && names_signal("65") < 0 && names_signal("-1") < 0 && names_signal("") < 0);
	CHECK(names_signal("term") < 0 && names_signal("SIG") < 0 && names_signal("SIGSIGTERM") < 0);
	CHECK(names_signal("9x") < 0 && names_signal(" 9") < 0 && names_signal("99999999999999999999") < 0);
	CHECK(names_signal("SIGRTMIN+31") < 0 && names_signal("SIGRTMIN-1") < 0 && names_signal("SIGRTMAX-") < 0);
}

static struct request_mount mount_of(const char *a, const char *b)
{
	struct request_mount mount = {0};

	CHECK(names_mount_option(a, &mount));
	CHECK(b == NULL || names_mount_option(b, &mount));
	return mount;
}

/* runtime-spec 1.3.0, config.md, "Linux mount options": the whole table. */
static const char *const spec_options[] = {
	"async",         "atime",       "bind",
	"defaults",      "dev",         "diratime",
	"dirsync",       "exec",        "iversion",
	"lazytime",      "loud",        "noatime",
	"nodev",         "nodiratime",  "noexec",
	"noiversion",    "nolazytime",  "norelatime",
	"nostrictatime", "nosuid",      "private",
	"ratime",        "rbind",       "rdev",
	"rdiratime",     "relatime",    "remount",
	"rexec",         "rnoatime",    "rnodiratime",
	"rnoexec",       "rnorelatime", "rnostrictatime",
	"rnosuid",       "ro",          "rprivate",
	"rrelatime",     "rro",         "rrw",
	"rshared",       "rslave",      "rstrictatime",
	"rsuid",         "runbindable", "rw",
	"shared",        "silent",      "slave",
	"strictatime",   "suid",        "sync",
	"unbindable",    "mand",        "nomand",
	"tmpcopyup",     "idmap",       "ridmap",
	"nosymfollow",   "symfollow",   "rnosymfollow",
	"rsymfollow",    "rnodev",
};

static void test_mount_options(void)
{
	struct request_mount m;

	test("every mount option of the specification is known, and no other word");
	for (size_t i = 0; i < sizeof(spec_options) / sizeof(spec_options[0]); i++) {
		m = (struct request_mount){0};
		CHECK(names_mount_option(spec_options[i], &m));
	}
	size_t count = 0;
	while (names_mount_option_at(count) != NULL)
		count++;
	CHECK(count == sizeof(spec_options) / sizeof(spec_options[0]));
	CHECK(!names_mount_option("size=64k", &m) && !names_mount_option("RO", &m) && !names_mount_option("", &m));
	CHECK(!names_mount_option("idmap=x", &m) && !names_mount_option("r", &m));

	test("the table of mount options is sorted: it is searched by halves");
	for (size_t i = 1; i < count; i++)
		CHECK(strcmp(names_mount_option_at(i - 1), names_mount_option_at(i)) < 0);

	test("a later word undoes an earlier one");
	m = mount_of("ro", "rw");
	CHECK(m.attr_set == 0 && m.attr_clear == MOUNT_ATTR_RDONLY);
	m = mount_of("suid", "nosuid");
	CHECK(m.attr_set == MOUNT_ATTR_NOSUID && m.attr_clear == 0);
	m = mount_of("sync", "async");
	CHECK(m.super_flags == 0);
	m = mount_of("shared", "rslave");
	CHECK(m.propagation == (MS_SLAVE | MS_REC));
	m = mount_of("rbind", "bind");
	CHECK(m.bind && !m.recursive);

	test("an atime word sets one value of the field and clears the whole field");
	m = mount_of("noatime", "strictatime");
	CHECK(m.attr_set == MOUNT_ATTR_STRICTATIME && m.attr_clear == MOUNT_ATTR__ATIME);
	m = mount_of("rstrictatime", "rnoatime");
	CHECK(m.rec_attr_set == MOUNT_ATTR_NOATIME && m.rec_attr_clear == MOUNT_ATTR__ATIME && m.attr_set == 0);
	m = mount_of("nodiratime", "relatime");
	CHECK(m.attr_set == MOUNT_ATTR_NODIRATIME && m.attr_clear == MOUNT_ATTR__ATIME);

	test("recursive words do not touch the mount's own attributes");
	m = mount_of("rro", "nodev");
	CHECK(m.rec_attr_set == MOUNT_ATTR_RDONLY && m.attr_set == MOUNT_ATTR_NODEV);
	m = mount_of("rnosymfollow", "rsuid");
	CHECK(m.rec_attr_set == MOUNT_ATTR_NOSYMFOLLOW && m.rec_attr_clear == MOUNT_ATTR_NOSUID);

	test("superblock words become flags, and loud takes silent back");
	m = mount_of("lazytime", "iversion");
	CHECK(m.super_flags == (MS_LAZYTIME | MS_I_VERSION));
	m = mount_of("silent", "loud");
	CHECK(m.super_flags == 0);
	m = mount_of("mand", "dirsync");
	CHECK(m.super_flags == (MS_MANDLOCK | MS_DIRSYNC));

	test("special words are remembered");
	m = mount_of("ridmap", "tmpcopyup");
	CHECK(m.special == (MOUNT_SPECIAL_RIDMAP | MOUNT_SPECIAL_TMPCOPYUP));
	m = mount_of("remount", "defaults");
	CHECK(m.remount && m.attr_set == 0 && m.super_flags == 0);
}

int main(void)
{
	test_tables();
	test_capabilities();
	test_signals();
	test_mount_options();
	return check_done();
}
