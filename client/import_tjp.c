/* TaskJuggler's plans: what the parts of the import share, and the report. */
#include "client/import_tjp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/import_tjp_internal.h"
#include "client/safe.h"

void *
tjp_new(struct tjp *tj, size_t size)
{
	void *new = arena_zalloc(tj->arena, size);

	if (new == NULL)
		tjp_oom(tj);
	return new;
}

bool
tjp_oom(struct tjp *tj)
{
	if (!tj->failed)
		err_set(tj->err, ERR_LIMIT, "out of memory");
	tj->failed = true;
	return false;
}

static const char *vfmt(struct tjp *tj, const char *format, va_list args) PRINTF_LIKE(2, 0);

static const char *
vfmt(struct tjp *tj, const char *format, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = len < 0 ? NULL : arena_alloc(tj->arena, (size_t)len + 1);
	if (text == NULL) {
		tjp_oom(tj);
		return "";
	}
	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

const char *
tjp_fmt(struct tjp *tj, const char *format, ...)
{
	const char *text;
	va_list args;

	va_start(args, format);
	text = vfmt(tj, format, args);
	va_end(args);
	return text;
}

bool
tjp_refuse(struct tjp *tj, enum err_code code, struct tjp_place at, const char *format, ...)
{
	const char *text;
	va_list args;

	if (tj->failed)
		return false;
	va_start(args, format);
	text = vfmt(tj, format, args);
	va_end(args);
	tj->failed = true;
	return err_set(tj->err, code, "%.80s:%u:%u: %s", at.file, at.line, at.column, text);
}

void
tjp_note(struct tjp *tj, enum tjp_class class, struct tjp_place at, const char *format, ...)
{
	struct tjp_note *note;
	const char *what, *key;
	va_list args;

	va_start(args, format);
	what = vfmt(tj, format, args);
	va_end(args);
	key = tjp_fmt(tj, "%d %s", (int)class, what);
	note = refmap_get(tj->noted, key);
	if (note == NULL) {
		note = tjp_new(tj, sizeof *note);
		if (note == NULL || !refmap_put(tj->noted, key, note)) {
			tjp_oom(tj);
			return;
		}
		*note = (struct tjp_note){.class = class,
		    .what = what,
		    .file = at.file,
		    .line = at.line,
		    .column = at.column};
		*tj->notes_end[class] = note;
		tj->notes_end[class] = &note->next;
	}
	note->count++;
}

/* ---- what is known ------------------------------------------------------------------------------------------------ */

static bool
put_known(struct tjp *tj, struct refmap *map, const char *name, const struct import_known *known)
{
	void *value;

	memcpy(&value, &known, sizeof value); /* read only, whatever the map says */
	return refmap_get(map, name) != NULL || refmap_put(map, name, value) || tjp_oom(tj);
}

static bool
load_known(struct tjp *tj)
{
	for (size_t i = 0; i < tj->options->known_count; i++) {
		const struct import_known *known = &tj->options->known[i];

		if (!put_known(tj, tj->taken, known->ref, known))
			return false;
		for (size_t k = 0; k < known->external_ids_count; k++)
			if (strncmp(known->external_ids[k], "tjp:", 4) == 0 &&
			    !put_known(tj, tj->known, known->external_ids[k], known))
				return false;
	}
	return true;
}

static bool
begin(struct tjp *tj, const struct tjp_options *options, struct planfile *plan, struct err *err)
{
	*tj = (struct tjp){.options = options,
	    .plan = plan,
	    .step = planfile_present(plan),
	    .arena = plan->arena,
	    .err = err,
	    .daily_hours = 8,
	    .yearly_days = 260.714,
	    .scenario = "",
	    .minutes = {0, 480, 480, 480, 480, 480, 0, 0}};
	tj->tasks_end = &tj->tasks;
	tj->roots_end = &tj->roots;
	tj->resources_end = &tj->resources;
	for (int class = 0; class < TJP_CLASSES; class ++)
		tj->notes_end[class] = &tj->notes[class];
	tj->report = tjp_new(tj, sizeof *tj->report);
	tj->noted = refmap_new(tj->arena);
	tj->custom = refmap_new(tj->arena);
	tj->task_ids = refmap_new(tj->arena);
	tj->resource_ids = refmap_new(tj->arena);
	tj->taken = refmap_new(tj->arena);
	tj->known = refmap_new(tj->arena);
	if (tj->report == NULL || tj->noted == NULL || tj->custom == NULL || tj->task_ids == NULL ||
	    tj->resource_ids == NULL || tj->taken == NULL || tj->known == NULL)
		return tjp_oom(tj);
	return load_known(tj);
}

bool
tjp_import(const char *bytes, size_t len, const struct tjp_options *options, struct planfile *plan,
    struct tjp_report **report, struct err *err)
{
	struct tjp tj;
	bool ok;

	if (!begin(&tj, options, plan, err))
		return false;
	ok = tjp_lex_begin(&tj, bytes, len) && tjp_parse(&tj) && !tj.failed;
	tjp_lex_end(&tj);
	if (!ok || !tjp_settle(&tj) || !tjp_build(&tj) || tj.failed)
		return false;
	*tj.notes_end[TJP_READ_AS] = tj.notes[TJP_LEFT_OUT];
	tj.report->notes = tj.notes[TJP_READ_AS];
	*report = tj.report;
	return true;
}

/* ---- for people ---------------------------------------------------------------------------------------------------- */

static void
print_counts(const struct tjp_report *report, struct str *out)
{
	const struct {
		size_t count;
		const char *one, *many;
	} counts[] = {
	    {report->initiatives, "initiative", "initiatives"},
	    {report->workstreams, "workstream", "workstreams"},
	    {report->tasks, "task", "tasks"},
	    {report->milestones, "milestone", "milestones"},
	    {report->links, "prerequisite", "prerequisites"},
	    {report->people, "person", "people"},
	    {report->teams, "team", "teams"},
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
	str_add(out, first ? "no tasks\n" : "\n");
}

void
tjp_report_print(const struct tjp_report *report, const char *name, struct str *out)
{
	static const char *const headings[TJP_CLASSES] = {
	    [TJP_READ_AS] = "said in another way",
	    [TJP_LEFT_OUT] = "left out",
	};
	int class = -1;

	safe_text(out, name, false);
	str_add(out, ": TaskJuggler, ");
	safe_text(out, report->title, false);
	str_addf(out, ", %s to %s\n", report->first_day, report->last_day);
	print_counts(report, out);
	for (const struct tjp_note *note = report->notes; note != NULL; note = note->next) {
		if ((int)note->class != class)
			str_addf(out, "  %s:\n", headings[note->class]);
		class = (int)note->class;
		str_addf(out, "    %zu × ", note->count);
		safe_text(out, note->what, false);
		str_add(out, note->count > 1 ? "\n        first in " : "\n        in ");
		safe_text(out, note->file, false);
		str_addf(out, ":%u:%u\n", note->line, note->column);
	}
}
