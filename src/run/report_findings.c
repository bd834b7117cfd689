// SPDX-License-Identifier: Apache-2.0
#include "run/report_findings.h"

#include <stdlib.h>
#include <string.h>

#include "base/printable.h"

enum { MOST_OF_A_KIND = 512 };

struct findings_kept {
	struct findings_kept *next;
	struct finding finding;
	uint64_t count;
	char texts[]; /* the finding's own */
};

const char *const finding_kinds[FINDING_KINDS] = {
	[FINDING_CALL] = "call",       [FINDING_FILE] = "file",   [FINDING_WRITE] = "write",
	[FINDING_EXECUTE] = "execute", [FINDING_NETWORK] = "net", [FINDING_DBUS] = "dbus",
};

static struct findings_kept *find(const struct findings *findings, const struct finding *finding)
{
	struct findings_kept *kept = findings->first[finding->kind];

	while (kept != NULL && (kept->finding.why != finding->why || strcmp(kept->finding.what, finding->what) != 0))
		kept = kept->next;
	return kept;
}

static struct findings_kept *keep(const struct finding *finding)
{
	size_t what = strlen(finding->what) + 1, value = finding->value == NULL ? 0 : strlen(finding->value) + 1;
	struct findings_kept *kept = calloc(1, sizeof(*kept) + what + value);

	if (kept == NULL)
		return NULL;
	kept->finding = *finding;
	kept->finding.what = memcpy(kept->texts, finding->what, what);
	if (value > 0)
		kept->finding.value = memcpy(kept->texts + what, finding->value, value);
	return kept;
}

void findings_add(struct findings *findings, const struct finding *finding)
{
	struct findings_kept *kept = find(findings, finding);

	if (kept != NULL) {
		kept->count++;
		return;
	}
	kept = findings->count[finding->kind] < MOST_OF_A_KIND ? keep(finding) : NULL;
	if (kept == NULL) {
		findings->beyond++;
		return;
	}
	kept->count = 1;
	kept->next = findings->first[finding->kind];
	findings->first[finding->kind] = kept;
	findings->count[finding->kind]++;
	stream_say(&findings->stream, "denied", &kept->finding, 0);
}

static int by_what(const void *one, const void *other)
{
	return strcmp((*(struct findings_kept *const *)one)->finding.what,
		      (*(struct findings_kept *const *)other)->finding.what);
}

static void print_one(const struct findings_kept *kept, FILE *out)
{
	const struct finding *finding = &kept->finding;

	fprintf(out, "  %-8s %5llu x  ", finding_kinds[finding->kind], (unsigned long long)kept->count);
	print_printable(finding->what, out);
	fprintf(out, ": %s", finding->why);
	if (finding->flag != NULL)
		fprintf(out, "; %s", finding->flag);
	if (finding->value != NULL) {
		fputc(' ', out);
		print_word(finding->value, out);
	}
	if (finding->risk != NULL)
		fprintf(out, " [risky: %s]", finding->risk);
	fputc('\n', out);
}

void findings_print(const struct findings *findings, FILE *out)
{
	struct findings_kept *sorted[MOST_OF_A_KIND];
	size_t total = 0;

	for (size_t kind = 0; kind < FINDING_KINDS; kind++)
		total += findings->count[kind];
	if (total + findings->beyond + findings->missed == 0) {
		fputs("casemate: report: nothing was denied\n", out);
		return;
	}
	fprintf(out, "casemate: report: %zu denied, each with the flag that would allow it\n", total);
	for (size_t kind = 0; kind < FINDING_KINDS; kind++) {
		size_t count = 0;

		for (struct findings_kept *kept = findings->first[kind]; kept != NULL; kept = kept->next)
			sorted[count++] = kept;
		qsort(sorted, count, sizeof(sorted[0]), by_what);
		for (size_t i = 0; i < count; i++)
			print_one(sorted[i], out);
	}
	if (findings->beyond > 0)
		fprintf(out, "  and %llu more that are not listed\n", (unsigned long long)findings->beyond);
	if (findings->missed > 0)
		fprintf(out, "  %llu calls came faster than they could be looked at\n",
			(unsigned long long)findings->missed);
}

void findings_end(struct findings *findings)
{
	for (size_t kind = 0; kind < FINDING_KINDS; kind++) {
		struct findings_kept *next;

		for (struct findings_kept *kept = findings->first[kind]; kept != NULL; kept = next) {
			next = kept->next;
			stream_say(&findings->stream, "count", &kept->finding, kept->count);
			free(kept);
		}
	}
	stream_end(&findings->stream, findings->beyond + findings->missed);
}
