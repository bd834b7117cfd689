// SPDX-License-Identifier: Apache-2.0
#include "model/planner.h"

#include <string.h>
#include <sys/stat.h>

static void remember(struct arena *arena, remark_list *list, struct plan_remark remark)
{
	*LIST_ADD(arena, list) = remark;
}

/* What a process asks for by itself, wherever it runs. */
static bool is_of_process(const char *layer)
{
	static const char *const layers[] = {"user", "caps", "limits", "labels", "terminal", "filter", "process"};

	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		if (strcmp(layers[i], layer) == 0)
			return true;
	return false;
}

bool planner_judge(struct planner *p, enum verdict verdict, const char *layer, origin from, const char *what,
		   const char *remedy)
{
	struct plan_remark remark = {.layer = layer, .what = what, .remedy = remedy, .from = from};

	if (verdict == VERDICT_REFUSE && (!p->joining || is_of_process(layer)))
		remember(p->arena, &p->plan->refusals, remark);
	if (verdict == VERDICT_TIGHTEN)
		remember(p->arena, &p->plan->tightened, remark);
	return verdict == VERDICT_TIGHTEN;
}

void planner_note(struct planner *p, const char *layer, origin from, const char *what)
{
	remember(p->arena, &p->plan->notes, (struct plan_remark){.layer = layer, .what = what, .from = from});
}

origin planner_origin(const struct planner *p, const char *pointer)
{
	if (p->request->sandbox.given)
		return p->request->source;
	/* There are dozens in each plan: copied rather than printed. */
	size_t length = strlen(p->request->source), rest = strlen(pointer);
	char *text = arena_alloc(p->arena, length + 1 + rest + 1);

	memcpy(text, p->request->source, length);
	text[length] = ':';
	memcpy(text + length + 1, pointer, rest + 1);
	return text;
}

bool planner_holds_nodes(const struct planner *p)
{
	return p->host->privileged && p->profile->devices != VERDICT_ALLOW && !p->plan->cgroup.devices;
}

uint32_t planner_host_uid(const struct planner *p)
{
	return p->plan->ids.uid.count > 0 ? p->plan->ids.uid.at[0].host : p->host->uid;
}

static int socket_is(const struct request_socket *wanted, const char *path, const char *what, struct error *err)
{
	return error_set(err, ERROR_USAGE, 0, "--socket %s: '%s', which %s names, %s", wanted->name, path,
			 wanted->found, what);
}

int planner_check_socket(struct planner *p, const struct request_socket *wanted, const char *path,
			 const struct host_object *source, struct error *err)
{
	uint32_t inside = planner_host_uid(p);

	if (source == NULL || source->real == NULL)
		return error_set(err, ERROR_USAGE, 0, "--socket %s: nothing is at '%s', where %s says that it is",
				 wanted->name, path, wanted->found);
	/* Who can exchange a link would choose what is shown. */
	if (strcmp(source->real, path) != 0)
		return socket_is(wanted, path, "leads through a symbolic link", err);
	if (!S_ISSOCK(source->mode))
		return socket_is(wanted, path, "is no socket", err);
	if (source->uid != p->host->uid && source->uid != inside && !(wanted->of_root && source->uid == 0))
		return socket_is(wanted, path, arena_printf(p->arena, "belongs to user %u", source->uid), err);
	if (source->uid != inside && (source->mode & (S_IWGRP | S_IWOTH)) == 0) {
		socket_is(wanted, path, arena_printf(p->arena, "is for user %u alone", source->uid), err);
		return error_hint(err, "the program runs as user %u: --uid says another one", inside);
	}
	return 0;
}
