// SPDX-License-Identifier: Apache-2.0
/*
 * Stands in criu's place where criu does not work: it writes down what it is asked, and does what the file "mode" in
 *the work directory says. fail	says in its log why it cannot die	ends without an answer hang	waits for its
 *end mute	restores without saying so before it runs caps, pid, writable, more	restores, with too much:
 *capabilities, the host's pid namespace, a mount Else it succeeds: a dump ends the container, a restore makes one that
 *sleeps.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/protobuf.h"
#include "run/criu.h"

enum { SOCKET = 3, LAST_CAP = 40, MAX_EXTERNAL = 64 };

static unsigned char request[64 << 10];
static char mode[32], *root, *externals[MAX_EXTERNAL];
static size_t external_count;
static uint64_t verb, pid, images, work, leave;

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(1);
}

/* As criu does: the numbers are descriptors of whoever is at the other end. */
static int open_of_peer(uint64_t number)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	char path[64];

	if (getsockopt(SOCKET, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		give_up("SO_PEERCRED");
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", peer.pid, (int)number);
	return open(path, O_RDONLY | O_DIRECTORY);
}

static void read_option(const struct protobuf_field *field, FILE *out)
{
	if (field->data == NULL) {
		fprintf(out, "%u %llu\n", field->number, (unsigned long long)field->value);
		pid = field->number == CRIU_PID ? field->value : pid;
		leave = field->number == CRIU_LEAVE_RUNNING ? field->value : leave;
		return;
	}
	char *text = strndup((const char *)field->data, (size_t)field->value);
	fprintf(out, "%u %s\n", field->number, field->number == CRIU_INHERIT_FD ? text + 2 : text);
	if (field->number == CRIU_ROOT)
		root = text;
	if (field->number == CRIU_EXTERNAL && external_count < MAX_EXTERNAL)
		externals[external_count++] = text;
}

static void find_directories(struct protobuf_reader in)
{
	struct protobuf_field field;

	while (protobuf_next(&in, &field) > 0) {
		images = field.number == CRIU_IMAGES_DIR ? field.value : images;
		work = field.number == CRIU_WORK_DIR ? field.value : work;
	}
}

static void read_request(ssize_t size)
{
	struct protobuf_reader in = {request, (size_t)size}, options = {0};
	struct protobuf_field field;

	while (protobuf_next(&in, &field) > 0) {
		if (field.number == 1)
			verb = field.value;
		else if (field.number == 2)
			options = (struct protobuf_reader){field.data, (size_t)field.value};
	}
	find_directories(options);
	int dir = open_of_peer(images);
	FILE *out = fdopen(openat(dir, "asked", O_WRONLY | O_CREAT | O_TRUNC, 0600), "w");
	if (out == NULL)
		give_up("asked");
	fprintf(out, "verb %d\n", (int)verb);
	for (char **variable = environ; *variable != NULL; variable++)
		fprintf(out, "env %s\n", *variable);
	while (protobuf_next(&options, &field) > 0)
		read_option(&field, out);
	fclose(out);
	int file = openat(open_of_peer(work), "mode", O_RDONLY);
	if (file >= 0 && read(file, mode, sizeof(mode) - 1) > 0)
		mode[strcspn(mode, "\n")] = '\0';
}

static void say(struct protobuf_writer *message)
{
	if (message->full || send(SOCKET, message->at, message->length, MSG_NOSIGNAL) < 0)
		exit(1);
}

/* Returns whether the other side agrees. */
static int notice(const char *word, pid_t first)
{
	unsigned char block[256], inner[128], answer[64];
	struct protobuf_writer out = {.at = block, .size = sizeof(block)}, in = {.at = inner, .size = sizeof(inner)};
	struct protobuf_field field;

	protobuf_text(&in, 1, word);
	if (first > 0)
		protobuf_number(&in, 2, (uint64_t)first);
	protobuf_number(&out, 1, 6);
	protobuf_number(&out, 2, 1);
	protobuf_bytes(&out, 5, in.at, in.length);
	say(&out);
	ssize_t size = recv(SOCKET, answer, sizeof(answer), 0);
	struct protobuf_reader reader = {answer, size > 0 ? (size_t)size : 0};
	while (protobuf_next(&reader, &field) > 0)
		if (field.number == 3 && field.value == 1)
			return 1;
	return 0;
}

static int answer(int success, pid_t first)
{
	unsigned char block[64], inner[16];
	struct protobuf_writer out = {.at = block, .size = sizeof(block)}, in = {.at = inner, .size = sizeof(inner)};

	protobuf_number(&out, 1, verb);
	protobuf_number(&out, 2, (uint64_t)success);
	if (first > 0) {
		protobuf_number(&in, 1, (uint64_t)first);
		protobuf_bytes(&out, 4, in.at, in.length);
	}
	say(&out);
	return 0;
}

static int fail(void)
{
	FILE *log = fdopen(openat(open_of_peer(work), verb == CRIU_RESTORE ? "restore.log" : "dump.log",
				  O_WRONLY | O_CREAT | O_TRUNC, 0600),
			   "w");

	fprintf(log, "(00.01) it begins\n(00.02) Error (fake.c:1): the moon is full\n");
	fclose(log);
	return answer(0, 0);
}

static int dump(void)
{
	close(openat(open_of_peer(images), "inventory.img", O_WRONLY | O_CREAT, 0600));
	if (!notice("post-dump", 0))
		return answer(0, 0);
	if (!leave && verb == CRIU_DUMP)
		kill((pid_t)pid, SIGKILL);
	return answer(1, 0);
}

static int is_mode(const char *word)
{
	return strcmp(mode, word) == 0;
}

/* "mnt[AT]:SOURCE" below the root. */
static void bind_external(char *external)
{
	char target[4096], *end = strstr(external, "]:");

	if (strncmp(external, "mnt[", 4) != 0 || end == NULL)
		return;
	snprintf(target, sizeof(target), "%s%.*s", root, (int)(end - external - 4), external + 4);
	if (mount(end + 2, target, NULL, MS_BIND, NULL) < 0)
		give_up(target);
}

static _Noreturn void restored(int ready)
{
	char proc[4096];

	snprintf(proc, sizeof(proc), "%s/dev", root);
	if (mount("tmpfs", proc, "tmpfs", 0, NULL) < 0)
		give_up("mount");
	snprintf(proc, sizeof(proc), "%s/proc", root);
	for (size_t i = 0; i < external_count; i++)
		bind_external(externals[i]);
	if (mount("proc", proc, "proc", 0, NULL) < 0)
		give_up("mount");
	if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		give_up("pivot_root");
	if (is_mode("below") && mount("none", "/srv/below", "sysfs", 0, NULL) < 0)
		give_up("mount");
	if (is_mode("root") && mount("none", "/", "tmpfs", 0, NULL) < 0)
		give_up("mount");
	if (is_mode("more") && mount("none", "/tmp", "tmpfs", 0, NULL) < 0)
		give_up("mount");
	for (int cap = 0; !is_mode("caps") && cap <= LAST_CAP; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* What is dropped takes effect with a program: this one has none, so it gives up its user. */
	if (!is_mode("caps") && (setgid(1000) < 0 || setuid(1000) < 0))
		give_up("setuid");
	if (write(ready, "", 1) != 1)
		give_up("pipe");
	for (;;)
		pause();
}

static int restore(void)
{
	unsigned long flags = CLONE_PARENT | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | SIGCHLD;
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		give_up("pipe");
	pid_t first = (pid_t)syscall(SYS_clone, flags | (is_mode("pid") ? 0 : CLONE_NEWPID), NULL, NULL, NULL, NULL);
	if (first == 0)
		restored(ready[1]);
	close(ready[1]);
	if (first < 0 || read(ready[0], &byte, 1) != 1)
		return answer(0, 0);
	if (!is_mode("mute") && !notice("post-restore", first)) {
		kill(first, SIGKILL);
		return answer(0, 0);
	}
	/* criu goes on whatever it hears now. */
	if (!is_mode("mute"))
		notice("pre-resume", 0);
	return answer(1, first);
}

int main(void)
{
	ssize_t size = recv(SOCKET, request, sizeof(request), 0);

	if (size <= 0)
		give_up("recv");
	read_request(size);
	if (is_mode("die"))
		return 1;
	if (is_mode("hang"))
		return recv(SOCKET, request, sizeof(request), 0) == 0 ? 0 : 1;
	if (is_mode("fail"))
		return fail();
	return verb == CRIU_RESTORE ? restore() : dump();
}
