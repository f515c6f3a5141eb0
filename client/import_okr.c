/* Objectives and key results: from bytes to a plan, and the report. */
#include "client/import_okr.h"

#include <string.h>

#include "client/import_okr_internal.h"
#include "client/safe.h"
#include "common/str.h"

#define SHOWN_MAX  20u  /* places of a note */
#define LEFT_MAX   200u /* of what was not understood */
#define DETAIL_MAX 100u /* bytes of a place's text */

/* ---- what is known --------------------------------------------------------------------------------------------- */

static const void *
constant(const struct import_known *known)
{
	return known;
}

static bool
put_known(struct okr *okr, struct refmap *map, const char *name, const struct import_known *known)
{
	void *value;
	const void *from = constant(known);

	memcpy(&value, &from, sizeof value);
	return refmap_get(map, name) != NULL || refmap_put(map, name, value) || okr_oom(okr);
}

static bool
load_known(struct okr *okr)
{
	for (size_t i = 0; i < okr->options->known_count; i++) {
		const struct import_known *known = &okr->options->known[i];
		const char *slash = strchr(known->ref, '/');

		if (slash == NULL)
			continue;
		if (strncmp(known->ref, "measurement/", 12) == 0 ||
		    strncmp(known->ref, "check-in/", 9) == 0) {
			if (!put_known(okr, okr->known_records, known->ref, known))
				return false;
			continue;
		}
		if (!put_known(okr, okr->taken, known->ref, known) ||
		    !put_known(okr, okr->known_names,
			okr_fmt(okr, "%.*s/%s", (int)(slash - known->ref), known->ref,
			    okr_fold(okr, known->title)),
			known))
			return false;
		for (size_t k = 0; k < known->external_ids_count; k++)
			if (strncmp(known->external_ids[k], "okr:", 4) == 0 &&
			    !put_known(okr, okr->known, known->external_ids[k], known))
				return false;
	}
	return true;
}

static bool
begin(struct okr *okr, const struct okr_options *options, struct planfile *plan, struct err *err)
{
	*okr = (struct okr){.options = options,
	    .plan = plan,
	    .step = planfile_present(plan),
	    .arena = plan->arena,
	    .stated_days = "",
	    .err = err};
	okr->nodes_end = &okr->nodes;
	okr->file = okr_fmt(okr, "%s", options->name);
	okr->report = arena_zalloc(okr->arena, sizeof *okr->report);
	okr->people = refmap_new(okr->arena);
	okr->periods = refmap_new(okr->arena);
	okr->taken = refmap_new(okr->arena);
	okr->known = refmap_new(okr->arena);
	okr->known_names = refmap_new(okr->arena);
	okr->known_records = refmap_new(okr->arena);
	if (okr->report == NULL || okr->people == NULL || okr->periods == NULL ||
	    okr->taken == NULL || okr->known == NULL || okr->known_names == NULL ||
	    okr->known_records == NULL)
		return okr_oom(okr);
	okr->report->dialect = "";
	return load_known(okr);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool
read_text(struct okr *okr, const char *text, bool *jira)
{
	enum okr_format format = okr->options->format;
	struct okr_table table;
	bool is_jira = false;

	*jira = format == OKR_JIRA;
	if (format == OKR_ANY) {
		size_t columns = okr_csv_columns(okr, text, &is_jira);

		/* What its first line says is no fault of an outline. */
		if (okr->failed)
			okr->failed = false;
		*jira = is_jira;
		format = columns >= 2 ? OKR_CSV : OKR_MARKDOWN;
	}
	if (format == OKR_MARKDOWN) {
		okr->report->dialect = "outline in Markdown";
		return okr_read_outline(okr, text);
	}
	okr->report->dialect = *jira ? "export of Jira (CSV)" : "table (CSV)";
	if (!okr_read_csv(okr, text, &table))
		return false;
	if (table.rows == NULL)
		return okr_refuse(okr, ERR_INVALID, 0, "is empty");
	return okr_read_table(okr, &table, *jira);
}

bool
okr_import(const char *bytes, size_t len, const struct okr_options *options, struct planfile *plan,
    struct okr_report **report, struct err *err)
{
	struct okr okr;
	const char *text;
	struct err bad = {0};
	bool jira = false;
	unsigned line;

	if (!begin(&okr, options, plan, err))
		return false;
	text = import_text(bytes, len, OKR_BYTES_MAX, okr.arena, &line, &bad);
	if (text == NULL)
		return okr_refuse(&okr, bad.code, line, "%s", bad.msg);
	if (!read_text(&okr, text, &jira))
		return false;
	if (okr.nodes == NULL)
		return okr_refuse(&okr, ERR_INVALID, 0,
		    "neither objectives nor key results are found in it; mark them \"Objective: "
		    "…\" "
		    "and \"KR: …\", or name the columns of a table so (docs/IMPORT.md)");
	if (!okr_settle_tree(&okr, jira) || !okr_build(&okr))
		return false;
	okr_notes_finish(&okr);
	*report = okr.report;
	return true;
}

/* ---- for people ---------------------------------------------------------------------------------------------------- */

static void
print_counts(const struct okr_report *report, struct str *out)
{
	const struct {
		size_t count;
		const char *one, *many;
	} counts[] = {
	    {report->objectives, "objective", "objectives"},
	    {report->key_results, "key result", "key results"},
	    {report->initiatives, "initiative", "initiatives"},
	    {report->tasks, "task", "tasks"},
	    {report->targets, "target with a number", "targets with a number"},
	    {report->measurements, "value", "values"},
	    {report->check_ins, "check-in", "check-ins"},
	    {report->people, "person", "people"},
	    {report->teams, "team", "teams"},
	    {report->periods, "period", "periods"},
	    {report->there, "person, team or period that was there already",
		"people, teams and periods that were there already"},
	};
	bool first = true;

	str_add(out, "  ");
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		if (counts[i].count == 0)
			continue;
		str_addf(out, "%s%zu %s", first ? "" : ", ", counts[i].count,
		    counts[i].count == 1 ? counts[i].one : counts[i].many);
		first = false;
	}
	str_add_char(out, '\n');
}

static void
print_place(const struct okr_place *place, struct str *out)
{
	size_t len = strlen(place->text), cut = len < DETAIL_MAX ? len : DETAIL_MAX;
	struct str text;

	if (len == 0)
		return; /* of the document as a whole */
	while (cut < len && cut > 0 && ((unsigned char)place->text[cut] & 0xc0) == 0x80)
		cut--;
	str_add(out, "        ");
	if (place->line > 0)
		str_addf(out, "line %u: ", place->line);
	str_init(&text, DETAIL_MAX + 8);
	str_add_len(&text, place->text, cut);
	str_add(&text, cut < len ? "…" : "");
	safe_text(out, text.data, false);
	str_fini(&text);
	str_add_char(out, '\n');
}

static void
print_note(const struct okr_note *note, struct str *out)
{
	size_t max = note->class == OKR_LEFT_OUT ? LEFT_MAX : SHOWN_MAX, shown = 0;

	str_addf(out, "    %zu × %s\n", note->count, note->what);
	for (const struct okr_place *p = note->places; p != NULL && shown < max; p = p->next) {
		print_place(p, out);
		shown++;
	}
	if (note->count > shown)
		str_addf(out, "        and %zu more\n", note->count - shown);
}

void
okr_report_print(const struct okr_report *report, const char *name, struct str *out)
{
	static const char *const headings[OKR_CLASSES] = {
	    [OKR_READ_AS] = "read as",
	    [OKR_KEPT] = "kept in words",
	    [OKR_LEFT_OUT] = "not understood",
	};
	int class = -1;

	safe_text(out, name, false);
	str_addf(out, ": %s\n", report->dialect);
	print_counts(report, out);
	for (const struct okr_note *note = report->notes; note != NULL; note = note->next) {
		if ((int)note->class != class)
			str_addf(out, "  %s:\n", headings[note->class]);
		class = (int)note->class;
		print_note(note, out);
	}
}
