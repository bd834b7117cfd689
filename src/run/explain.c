// SPDX-License-Identifier: Apache-2.0
#include "run/explain.h"

#include <errno.h>
#include <stdarg.h>

#include "base/json_write.h"
#include "base/printable.h"
#include "model/explain.h"
#include "run/steps.h"

enum { SENTENCE = 1024 };

struct explain {
	FILE *out;
	struct json_writer *json; /* NULL: text */
	const char *step;
	bool first; /* no sentence of this step was said yet */
};

static const char *const kind_words[] = {
	[EXPLAIN_DOES] = "does", [EXPLAIN_GRANTS] = "grants", [EXPLAIN_STOPS] = "stops", [EXPLAIN_LACKS] = "lacks"};
static const char kind_marks[] = {
	[EXPLAIN_DOES] = ' ', [EXPLAIN_GRANTS] = '+', [EXPLAIN_STOPS] = '-', [EXPLAIN_LACKS] = '!'};

/* Text of the plan comes from others, and terminals obey control bytes. */
static void say_text(struct explain *out, enum explain_kind kind, origin from, const char *sentence)
{
	fprintf(out->out, "%-12s %c ", out->first ? out->step : "", kind_marks[kind]);
	print_printable(sentence, out->out);
	if (from != NULL) {
		fputs("  [", out->out);
		print_printable(from, out->out);
		fputc(']', out->out);
	}
	fputc('\n', out->out);
	out->first = false;
}

static void say_json(struct explain *out, enum explain_kind kind, origin from, const char *sentence)
{
	json_write_begin_object(out->json);
	json_member_string(out->json, "kind", kind_words[kind]);
	json_member_string(out->json, "text", sentence);
	if (from != NULL)
		json_member_string(out->json, "from", from);
	json_write_end_object(out->json);
}

void explain_say(struct explain *out, enum explain_kind kind, origin from, const char *fmt, ...)
{
	char sentence[SENTENCE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	if (out->json != NULL)
		say_json(out, kind, from, sentence);
	else
		say_text(out, kind, from, sentence);
}

/* ---- text */

static void text_remarks(FILE *out, const char *title, const remark_list *remarks)
{
	for (size_t i = 0; i < remarks->count; i++) {
		const struct plan_remark *remark = &remarks->at[i];

		fprintf(out, "%-12s %s: ", i == 0 ? title : "", remark->layer);
		print_printable(remark->what, out);
		if (remark->remedy != NULL) {
			fputs("  → ", out);
			print_printable(remark->remedy, out);
		}
		fputs("  [", out);
		print_printable(remark->from, out);
		fputs("]\n", out);
	}
}

static void explain_text(const struct plan *plan, FILE *out)
{
	struct explain explain = {.out = out};

	fprintf(out, "\"%s\" under the profile \"%s\"; + grants, - stops, ! cannot hold\n\n", plan->id, plan->profile);
	for (const struct step *step = steps_of(plan); step->name != NULL; step++) {
		explain.step = step->name;
		explain.first = true;
		if (step->wanted(plan))
			step->explain(plan, &explain);
	}
	if (plan->tightened.count + plan->notes.count + plan->refusals.count > 0)
		fputc('\n', out);
	text_remarks(out, "tightened", &plan->tightened);
	text_remarks(out, "note", &plan->notes);
	text_remarks(out, "REFUSED", &plan->refusals);
}

/* ---- JSON */

static void json_remarks(struct json_writer *json, const char *key, const remark_list *remarks)
{
	json_member_array(json, key);
	for (size_t i = 0; i < remarks->count; i++) {
		const struct plan_remark *remark = &remarks->at[i];

		json_write_begin_object(json);
		json_member_string(json, "layer", remark->layer);
		json_member_string(json, "what", remark->what);
		if (remark->remedy != NULL)
			json_member_string(json, "remedy", remark->remedy);
		json_member_string(json, "from", remark->from);
		json_write_end_object(json);
	}
	json_write_end_array(json);
}

static void json_step(const struct step *step, const struct plan *plan, struct json_writer *json)
{
	static const char *const phases[] = {
		[STEP_OPEN] = "open",   [STEP_PREPARE] = "prepare", [STEP_ENTER] = "enter", [STEP_ATTACH] = "attach",
		[STEP_BUILD] = "build", [STEP_CONFINE] = "confine", [STEP_EXEC] = "exec",
	};
	struct explain explain = {.json = json, .step = step->name};

	json_write_begin_object(json);
	json_member_string(json, "name", step->name);
	json_member_string(json, "phase", phases[step->phase]);
	json_member_array(json, "says");
	step->explain(plan, &explain);
	json_write_end_array(json);
	json_write_end_object(json);
}

static int explain_json(const struct plan *plan, FILE *out, struct error *err)
{
	AUTO_JSON_WRITER struct json_writer json = {0};
	const char *text;
	size_t length;

	TRY(json_writer_create(&json, true, err));
	json_write_begin_object(&json);
	json_member_string(&json, "id", plan->id);
	json_member_string(&json, "profile", plan->profile);
	json_member_array(&json, "steps");
	for (const struct step *step = steps_of(plan); step->name != NULL; step++)
		if (step->wanted(plan))
			json_step(step, plan, &json);
	json_write_end_array(&json);
	json_remarks(&json, "tightened", &plan->tightened);
	json_remarks(&json, "notes", &plan->notes);
	json_remarks(&json, "refusals", &plan->refusals);
	json_write_end_object(&json);
	TRY(json_writer_finish(&json, &text, &length, err));
	fwrite(text, 1, length, out);
	fputc('\n', out);
	return 0;
}

int explain_plan(const struct plan *plan, enum explain_format format, FILE *out, struct error *err)
{
	if (format == EXPLAIN_JSON)
		TRY(explain_json(plan, out, err));
	else
		explain_text(plan, out);
	if (fflush(out) != 0 || ferror(out))
		return error_set(err, ERROR_SYSTEM, errno, "cannot write the plan");
	return 0;
}
