/* What the StratML import repaired, kept as it stood, and left out. */
#include <string.h>

#include "client/import_stratml_internal.h"
#include "client/safe.h"

#define DETAIL_MAX 100u /* bytes shown of what stands somewhere */

/* "Goal[2]/Objective[1]": from below StrategicPlanCore on, where the reader's mind is. */
static const char *
path_of(struct import *imp, const xmlNode *node)
{
	const char *path = "";

	for (; node != NULL && node->type == XML_ELEMENT_NODE && node->parent != NULL &&
	       node->parent->type == XML_ELEMENT_NODE;
	     node = node->parent) {
		size_t before = 1, after = 0;

		if (xml_is(node, "StrategicPlanCore"))
			break;
		for (const xmlNode *n = node->prev; n != NULL; n = n->prev)
			before += xml_is(n, (const char *)node->name);
		for (const xmlNode *n = node->next; n != NULL && after == 0; n = n->next)
			after += xml_is(n, (const char *)node->name);
		if (before > 1 || after > 0)
			path = fmt(imp, "%s[%zu]%s%s", (const char *)node->name, before,
			    *path != '\0' ? "/" : "", path);
		else
			path = fmt(imp, "%s%s%s", (const char *)node->name,
			    *path != '\0' ? "/" : "", path);
	}
	return path;
}

static struct stratml_note *
find_note(struct import *imp, enum stratml_class class, const char *what)
{
	struct stratml_note *note;

	for (note = imp->notes[class]; note != NULL; note = note->next)
		if (strcmp(note->what, what) == 0)
			return note;
	note = arena_zalloc(imp->arena, sizeof *note);
	if (note == NULL)
		return NULL;
	note->class = class;
	note->what = what;
	if (imp->notes_end[class] == NULL)
		imp->notes_end[class] = &imp->notes[class];
	*imp->notes_end[class] = note;
	imp->notes_end[class] = &note->next;
	return note;
}

void
note(struct import *imp, enum stratml_class class, const char *what, const xmlNode *node,
    const char *detail)
{
	struct stratml_note *found = find_note(imp, class, what);

	if (found == NULL) {
		imp->failed = true;
		return;
	}
	found->count++;
	if (found->places_count < STRATML_PLACES)
		found->places[found->places_count++] = (struct stratml_place){
		    .line = xml_place(imp, node).line,
		    .path = path_of(imp, node),
		    .detail = detail,
		};
}

void
note_element(struct import *imp, enum stratml_class class, const char *format, const xmlNode *node,
    const char *detail)
{
	struct str what;

	/* An element's name is the document's: bounded, and made safe when it is shown. */
	str_init(&what, 200);
	for (const char *p = format; *p != '\0'; p++) {
		if (*p == '#')
			str_addf(&what, "%.60s", (const char *)node->name);
		else
			str_add_char(&what, *p);
	}
	note(imp, class, fmt(imp, "%s", what.data), node, detail);
	str_fini(&what);
}

void
report_finish(struct import *imp)
{
	struct stratml_note **end = &imp->report->notes;

	for (size_t class = 0; class < STRATML_CLASSES; class ++) {
		*end = imp->notes[class];
		while (*end != NULL)
			end = &(*end)->next;
	}
}

/* ---- for people -------------------------------------------------------------------------------------------- */

static void
print_where(const struct stratml_place *place, struct str *out)
{
	if (place->line > 0)
		str_addf(out, "line %u", place->line);
	if (*place->path != '\0') {
		str_add(out, place->line > 0 ? ", " : "");
		safe_text(out, place->path, false);
	}
}

static void
print_detail(const char *detail, struct str *out)
{
	size_t len = strlen(detail);
	size_t cut = len < DETAIL_MAX ? len : DETAIL_MAX;
	struct str text;

	while (cut < len && cut > 0 && ((unsigned char)detail[cut] & 0xc0) == 0x80)
		cut--;
	str_init(&text, DETAIL_MAX + 8);
	str_add_len(&text, detail, cut);
	str_add(&text, cut < len ? "…" : "");
	safe_text(out, text.data, false);
	str_fini(&text);
}

/* What stands there is shown on lines of its own; mere places fill one. */
static void
print_note(const struct stratml_note *note, struct str *out)
{
	size_t shown = note->places_count;
	bool details = shown > 0 && *note->places[0].detail != '\0';

	str_addf(out, "    %zu × ", note->count);
	safe_text(out, note->what, false);
	str_add(out, details ? "\n" : ": ");
	for (size_t i = 0; i < shown; i++) {
		str_add(out, details ? "        " : i > 0 ? "; " : "");
		print_where(&note->places[i], out);
		if (*note->places[i].detail != '\0') {
			str_add(out, ": ");
			print_detail(note->places[i].detail, out);
		}
		str_add(out, details ? "\n" : "");
	}
	if (note->count > shown)
		str_addf(out, details ? "        and %zu more\n" : "; and %zu more",
		    note->count - shown);
	str_add(out, details ? "" : "\n");
}

/* Behind the others of its line, which begins with blanks. */
static void
print_count(struct str *out, const char *between, size_t count, const char *one, const char *many)
{
	bool first = out->len > 0 && out->data[out->len - 1] == ' ';

	if (count > 0)
		str_addf(out, "%s%zu %s", first ? "" : between, count, count == 1 ? one : many);
}

static void
print_counts(const struct stratml_report *report, struct str *out)
{
	const struct {
		size_t count;
		const char *one, *many;
	} counts[] = {
	    {report->goals, "goal", "goals"},
	    {report->objectives, "objective", "objectives"},
	    {report->measures, "measure", "measures"},
	    {report->values, "value", "values"},
	    {report->people, "person", "people"},
	    {report->teams, "team", "teams"},
	    {report->periods, "period", "periods"},
	    {report->targets, "target", "targets"},
	    {report->target_values, "earlier target", "earlier targets"},
	    {report->actuals, "actual value", "actual values"},
	    {report->baselines, "baseline", "baselines"},
	    {report->mentions, "mention of a stakeholder", "mentions of stakeholders"},
	    {report->owners, "owner proposed", "owners proposed"},
	    {report->there, "person or team that was there already",
		"people and teams that were there already"},
	};

	str_add(out, "  ");
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		print_count(out, ", ", counts[i].count, counts[i].one, counts[i].many);
	str_add_char(out, '\n');
}

void
stratml_report_print(const struct stratml_report *report, const char *name, struct str *out)
{
	static const char *const headings[STRATML_CLASSES] = {
	    [STRATML_REPAIRED] = "repaired",
	    [STRATML_KEPT] = "as the document states it",
	    [STRATML_LEFT_OUT] = "left out",
	};
	int class = -1;

	safe_text(out, name, false);
	str_addf(out, ": %s", report->dialect);
	if (*report->title != '\0') {
		str_add(out, ", \"");
		safe_text(out, report->title, false);
		str_add_char(out, '"');
	}
	str_add_char(out, '\n');
	print_counts(report, out);
	if (report->measures > 0)
		str_add(out, "  StratML does not say whether more or less is better: every "
			     "direction is unknown\n");
	for (const struct stratml_note *note = report->notes; note != NULL; note = note->next) {
		if ((int)note->class != class)
			str_addf(out, "  %s:\n", headings[note->class]);
		class = (int)note->class;
		print_note(note, out);
	}
}
