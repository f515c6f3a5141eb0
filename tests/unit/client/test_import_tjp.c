/*
 * TaskJuggler's plans become plans here. The days that are expected were counted by hand on a calendar; docs/IMPORT.md has the rules.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/import_text.h"
#include "client/import_tjp.h"
#include "client/planfile.h"
#include "common/str.h"

#define FOLDER "tests/unit/client/tjp/"
#define HEAD   "project p \"P\" 2026-03-02 +4m\n" /* a Monday */

struct document {
	struct planfile *plan;
	struct tjp_report *report;
	struct err err;
	bool ok;
};

static char *
read_file(const char *name, size_t *len)
{
	char path[256], *text = malloc(1 << 16);
	FILE *file;

	snprintf(path, sizeof path, FOLDER "%s", name);
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "no %s: run in the project's top directory", path);
	ck_assert_ptr_nonnull(text);
	*len = fread(text, 1, 1 << 16, file);
	fclose(file);
	return text;
}

/* Files by name: "self.tji" includes itself, two have faults. */
static char *
include(void *arg, const char *name, size_t *len, struct err *err)
{
	const char *text = strcmp(name, "self.tji") == 0    ? "include \"self.tji\"\n"
			   : strcmp(name, "task.tji") == 0  ? "task included \"I\" { effort 1x }\n"
			   : strcmp(name, "bytes.tji") == 0 ? "flags a\nflags \xff\n"
							    : NULL;

	(void)arg;
	if (strcmp(name, "house-reports.tji") == 0)
		return read_file(name, len);
	if (text == NULL) {
		err_set(err, ERR_INVALID, "cannot read %s: No such file", name);
		return NULL;
	}
	*len = strlen(text);
	return strdup(text);
}

static struct document
import_known(const char *text, size_t len, const struct import_known *known, size_t count)
{
	struct tjp_options options = {.name = "p.tjp",
	    .source = "tjp:p.tjp",
	    .include = include,
	    .known = known,
	    .known_count = count};
	struct document doc = {0};

	doc.plan = planfile_new(&doc.err);
	ck_assert_ptr_nonnull(doc.plan);
	doc.ok = tjp_import(text, len, &options, doc.plan, &doc.report, &doc.err);
	return doc;
}

static struct document
import(const char *text)
{
	struct document doc = import_known(text, strlen(text), NULL, 0);

	ck_assert_msg(doc.ok, "%s", doc.err.msg);
	ck_assert_uint_eq(doc.plan->faults_total, 0);
	return doc;
}

static const Plumb__V1__Item *
item_of(const struct document *doc, const char *ref)
{
	struct planfile_entry *entry = planfile_find(planfile_present(doc->plan), ref);

	ck_assert_msg(entry != NULL, "no %s", ref);
	return entry->item;
}

static const struct tjp_note *
note_of(const struct document *doc, const char *begin)
{
	for (const struct tjp_note *note = doc->report->notes; note != NULL; note = note->next)
		if (strncmp(note->what, begin, strlen(begin)) == 0)
			return note;
	ck_abort_msg("nothing is reported of: %s", begin);
	return NULL;
}

/* ---- a whole plan -------------------------------------------------------------------------------------------------- */

static struct document
house(void)
{
	size_t len;
	char *text = read_file("house.tjp", &len);
	struct document doc = import_known(text, len, NULL, 0);

	ck_assert_msg(doc.ok, "%s", doc.err.msg);
	free(text);
	return doc;
}

START_TEST(the_house_has_its_parts)
{
	struct document doc = house();
	const struct planfile_ranking *ranks = planfile_present(doc.plan)->rankings;

	ck_assert_uint_eq(doc.report->initiatives, 2);
	ck_assert_uint_eq(doc.report->workstreams, 1);
	ck_assert_uint_eq(doc.report->tasks, 7);
	ck_assert_uint_eq(doc.report->milestones, 2);
	ck_assert_uint_eq(doc.report->people, 4);
	ck_assert_uint_eq(doc.report->teams, 2); /* the crew, and those in no group */
	ck_assert_uint_eq(doc.report->links, 7); /* 6 depends and 1 precedes */
	/* Priority 800 before the 500 that is not said. */
	ck_assert_uint_eq(ranks->count, 2);
	ck_assert_str_eq(ranks->list[0].ref, "initiative/house");
	ck_assert_str_eq(ranks->list[1].ref, "initiative/path");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_house_has_its_days)
{
	struct document doc = house();
	const Plumb__V1__Item *item = item_of(&doc, "period/garden");

	ck_assert_str_eq(item->period->first_day, "2026-03-02");
	ck_assert_str_eq(
	    item->period->last_day, "2026-07-01"); /* four months; the end is not in it */
	ck_assert_str_eq(item_of(&doc, "initiative/house")->initiative->start, "2026-03-02");
	/* Ends on Wednesday 18 March; two working days on, behind Friday: three days pass. */
	item = item_of(&doc, "workstream/house.ground");
	ck_assert_uint_eq(item->workstream->n_after, 0);
	ck_assert_str_eq(item->workstream->after_with_lag[0]->work, "task/house.permit");
	ck_assert_int_eq(item->workstream->after_with_lag[0]->lag_days, 2);
	/* From Friday 27 March to Thursday 2 April are five working days: seven that pass. */
	item = item_of(&doc, "task/house.ground.dry");
	ck_assert_int_eq(item->task->duration_days, 7);
	ck_assert_str_eq(item->task->after[0], "house.ground.dig");
	/* Ten working days before the walls, that may begin on 3 April: 2, 1 April, 31, 30, 27 to 23, 20 March. */
	item = item_of(&doc, "task/house.order");
	ck_assert_str_eq(item->task->start, "2026-03-20");
	ck_assert_str_eq(item->labels[0], "milestone");
	/* From 20 March to 3 April pass 14 days, of which ten are worked on: the third is Good Friday. */
	item = item_of(&doc, "task/house.walls");
	ck_assert_uint_eq(item->task->n_after_with_lag, 1);
	ck_assert_int_eq(item->task->after_with_lag[0]->lag_days, 14);
	ck_assert_str_eq(item_of(&doc, "milestone/house.ready")->milestone->due, "2026-06-29");
	ck_assert_int_eq(
	    item_of(&doc, "milestone/party")->milestone->after_with_lag[0]->lag_days, 3);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_house_has_its_people)
{
	struct document doc = house();
	const Plumb__V1__Item *item = item_of(&doc, "person/anna");

	ck_assert_str_eq(item->person->team, "crew");
	ck_assert_str_eq(item->person->email, "anna@example.org");
	ck_assert_int_eq(item->person->capacity__case, 0); /* all days of her team's calendar */
	ck_assert_str_eq(item->person->absences[0]->first_day, "2026-03-16");
	ck_assert_str_eq(item->person->absences[0]->last_day, "2026-03-20");
	ck_assert_str_eq(item->external_ids[0], "tjp:resource:anna");
	ck_assert_int_eq(item_of(&doc, "person/ben")->person->capacity, 250);    /* 4 h of 8 */
	ck_assert_int_eq(item_of(&doc, "person/digger")->person->capacity, 625); /* 1.25 × 5 */
	ck_assert_str_eq(item_of(&doc, "person/digger")->person->team, "garden");
	item = item_of(&doc, "calendar/garden");
	ck_assert_uint_eq(item->calendar->n_working_days, 5);
	ck_assert_uint_eq(item->calendar->n_holidays, 2);
	ck_assert_str_eq(item->calendar->holidays[1], "2026-04-06");
	ck_assert_str_eq(item_of(&doc, "team/crew")->team->calendar, "garden");
	ck_assert_str_eq(item_of(&doc, "initiative/house")->owners[0], "anna");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_house_asks_its_people)
{
	struct document doc = house();
	const Plumb__V1__Task *task = item_of(&doc, "task/house.plan")->task;

	ck_assert_int_eq(task->effort, 300);
	ck_assert_str_eq(task->members[0], "anna");
	ck_assert_uint_eq(task->n_needs, 0);
	task = item_of(&doc, "task/house.walls")->task;
	ck_assert_int_eq(task->effort, 600);
	ck_assert_uint_eq(task->n_needs, 1);
	ck_assert_str_eq(task->needs[0]->skill, "ben and cleo");
	ck_assert_int_eq(task->needs[0]->effort, 600);
	ck_assert_int_eq(task->needs[0]->most_share__case, 0);
	ck_assert_str_eq(item_of(&doc, "person/ben")->person->skills[0], "ben and cleo");
	task = item_of(&doc, "task/path")->task;
	ck_assert_str_eq(task->initiative, "path");
	ck_assert_str_eq(task->needs[0]->skill, "cleo or anna");
	ck_assert_double_eq(task->needs[0]->most_share, 0.5);
	ck_assert_str_eq(item_of(&doc, "task/house.plan")->description, "Two views and a section");
	ck_assert_uint_eq(note_of(&doc, "what is said of other scenarios")->count, 1);
	ck_assert_uint_eq(note_of(&doc, "\"taskreport\"")->line, 2);
	ck_assert_str_eq(note_of(&doc, "\"taskreport\"")->file, "house-reports.tji");
	ck_assert_uint_eq(note_of(&doc, "\"Colour\"")->column, 7);
	planfile_free(doc.plan);
}
END_TEST

/* ---- again ----------------------------------------------------------------------------------------------------------- */

START_TEST(what_is_known_keeps_its_id)
{
	const char *const external[] = {"tjp:a.b"};
	const struct import_known known[] = {
	    {.ref = "milestone/renamed",
		.title = "",
		.source = "tjp:p.tjp",
		.at = "",
		.external_ids = external,
		.external_ids_count = 1},
	    {.ref = "initiative/a", .title = "Another", .source = "", .at = ""},
	    {.ref = "person/eve", .title = "Eve", .source = "files:people", .at = ""},
	};
	const char *text = HEAD "resource eve \"Eve\"\ntask a \"A\" { task b \"B\" task c \"C\" { "
				"effort 1d allocate eve } }";
	struct document doc = import_known(text, strlen(text), known, 3);

	ck_assert_msg(doc.ok, "%s", doc.err.msg);
	ck_assert_str_eq(item_of(&doc, "milestone/renamed")->title, "B");
	/* Somebody else's initiative has the id. */
	ck_assert_ptr_null(planfile_find(planfile_present(doc.plan), "initiative/a"));
	ck_assert_uint_eq(doc.report->initiatives, 1);
	/* Eve is there already, put there by others. */
	ck_assert_uint_eq(doc.report->people, 0);
	ck_assert_str_eq(item_of(&doc, "task/a.c")->task->members[0], "eve");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(ids_are_written_as_ours)
{
	char text[512], id[80];
	struct document doc;

	memset(id, 'x', 70);
	id[70] = '\0';
	snprintf(text, sizeof text, HEAD "task %s \"Long\"\ntask Ab \"A\"\ntask ab \"B\"\n", id);
	doc = import(text);
	ck_assert_str_eq(item_of(&doc, "milestone/ab")->title, "A");
	ck_assert_str_eq(item_of(&doc, "milestone/ab")->external_ids[0], "tjp:Ab");
	/* The long one, the one with a capital, the one whose id is taken then. */
	ck_assert_uint_eq(note_of(&doc, "ids in another spelling")->count, 3);
	ck_assert_uint_eq(planfile_present(doc.plan)->count, 4);
	planfile_free(doc.plan);
}
END_TEST

/* ---- days ----------------------------------------------------------------------------------------------------------- */

static void
must_last(const char *what, int days)
{
	char text[512];
	struct document doc;

	snprintf(text, sizeof text, HEAD "task a \"A\" { task b \"B\" { %s } }", what);
	doc = import(text);
	ck_assert_msg(item_of(&doc, "task/a.b")->task->duration_days == days, "%s: %d", what,
	    item_of(&doc, "task/a.b")->task->duration_days);
	planfile_free(doc.plan);
}

START_TEST(lengths_are_days_that_pass)
{
	must_last("length 1d", 1);
	must_last("length 5d", 5);
	must_last("length 6d", 8);  /* Monday to Monday */
	must_last("length 1w", 5);  /* 260.714 ÷ 52.18 a week: five */
	must_last("length 12h", 2); /* a day and a half */
	must_last("length 1m", 30); /* 21.7 working days: 22, to Tuesday 31 March */
	must_last("duration 10d", 10);
	must_last("duration 3660d", 3660);
	must_last("duration 1w", 7);
	must_last("duration 30h", 2);
	must_last("duration 1m", 31); /* 30.4 */
	must_last("start 2026-03-09 end 2026-03-12", 3);
	must_last("period 2026-03-09 - 2026-03-12", 3);
	must_last("start 2026-03-09 end 2026-03-12-12:00", 4);
	must_last("start 2026-03-09-0:00--0500 end 2026-03-12-12:00:00-+0100", 4);
	must_last("depends !z { gaplength 1d } end 2026-03-12 } task z \"Z\" {", 9);
}
END_TEST

START_TEST(working_hours_count)
{
	/* Four days a week of ten hours; a day of work is eight: 5 d are 40 h, four of these days. */
	struct document doc = import(
	    "project p \"P\" 2026-03-02 +4m {\n"
	    "  workinghours mon - thu 8:00 - 18:00\n  workinghours fri, sat, sun off\n}\n"
	    "resource r \"R\"\n"
	    "resource s \"S\" { workinghours tue 8:00 - 12:00 }\n"
	    "task a \"A\" { task b \"B\" { length 5d } task c \"C\" { effort 1w allocate r } }");

	ck_assert_int_eq(item_of(&doc, "task/a.b")->task->duration_days, 4);
	ck_assert_int_eq(item_of(&doc, "task/a.c")->task->effort, 500);
	ck_assert_uint_eq(item_of(&doc, "calendar/p")->calendar->n_working_days, 4);
	ck_assert_int_eq(item_of(&doc, "person/r")->person->capacity, 500); /* 40 h */
	ck_assert_int_eq(item_of(&doc, "person/s")->person->capacity, 425); /* 34 h */
	planfile_free(doc.plan);
}
END_TEST

START_TEST(macros_stand_for_their_text)
{
	struct document doc = import(
	    "macro name [Word ${1} [in] brackets]\nmacro half [ef]\n" HEAD "resource r \"R\"\n"
	    "task a \"${name \"one\"}\" {\n"
	    "  task b \"B\" { start ${projectstart} note \"${?no}x\" }\n"
	    "  task c${half}t \"C\" { ${half}fort 1d allocate r }\n}\n"
	    "supplement task a { flags late } # ${nothing}\n");

	ck_assert_str_eq(item_of(&doc, "initiative/a")->title, "Word one [in] brackets");
	ck_assert_str_eq(item_of(&doc, "initiative/a")->labels[0], "late");
	ck_assert_str_eq(item_of(&doc, "milestone/a.b")->description, "x");
	ck_assert_int_eq(item_of(&doc, "task/a.ceft")->task->effort, 100);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(backwards_from_what_follows)
{
	/* b ends as the four days before c do; c begins on Monday 23 March. c as late as possible, five days until 28 March. */
	struct document doc =
	    import(HEAD "task a \"A\" { task b \"B\" { length 2d precedes !c { gaplength 4d } }\n"
			"  task c \"C\" { length 5d end 2026-03-28 }\n"
			"  task d \"D\" { depends !b { onstart } } }");

	/* 20, 19, 18, 17 March; then 16 and 13. */
	ck_assert_str_eq(item_of(&doc, "task/a.b")->task->start, "2026-03-13");
	ck_assert_int_eq(item_of(&doc, "task/a.b")->task->duration_days, 4);
	ck_assert_str_eq(item_of(&doc, "task/a.c")->task->start, "2026-03-23");
	ck_assert_str_eq(item_of(&doc, "task/a.c")->task->due, "2026-03-27");
	ck_assert_str_eq(item_of(&doc, "task/a.d")->task->start, "2026-03-13");
	ck_assert_uint_eq(item_of(&doc, "task/a.d")->task->n_after, 0);
	planfile_free(doc.plan);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *text;
	const char *error; /* how it begins */
} refused[] = {
    {"", "p.tjp:1:1: holds no project"},
    {"task a \"A\"", "p.tjp:1:1: \"task\" before the project"},
    {HEAD "task a \"A\" {\n  task b \"B\"\n", "p.tjp:2:12: the { of this task has no end"},
    {HEAD "task a \"A\" }", "p.tjp:2:12: a } too much"},
    {HEAD "task a \"A", "p.tjp:2:8: a text without its end: a \" is missing"},
    {HEAD "/* ", "p.tjp:2:1: a comment without its end"},
    {HEAD "macro x [ [", "p.tjp:2:7: the macro x has no end"},
    {HEAD "macro x [${x}]\ntask ${x} \"A\"", "p.tjp:3:6: files and macros are more than 16 deep"},
    {HEAD "task ${y} \"A\"", "p.tjp:2:6: there is no macro \"y\""},
    {HEAD "task a \"A\" ${y", "p.tjp:2:12: \"${\" without its end"},
    {HEAD "task a \"A\" { start 2026-02-30 }", "p.tjp:2:20: there is no day \"2026-02-30\""},
    {HEAD "task a \"A\" { start 2026-03-02-25:00 }", "p.tjp:2:20: \"25:00\" is no time of day"},
    {HEAD "task a \"A\" { start soon }", "p.tjp:2:20: \"soon\" instead of a day"},
    {HEAD "task a \"A\" { length 5x }", "p.tjp:2:22: \"x\" instead of a unit"},
    {HEAD "task a \"A\" { duration 101y }", "p.tjp:2:23: longer than a hundred years"},
    {HEAD "task a \"A\" { efort 5d }", "p.tjp:2:14: \"efort\" means nothing in a task"},
    {HEAD "task a \"A\" { resource b \"B\" }", "p.tjp:2:14: \"resource\" cannot stand in a task"},
    {HEAD "task a \"A\" { effort 5d }", "p.tjp:2:6: a has effort, and nobody to do it"},
    {HEAD "task a \"A\" { effort 5d allocate x }", "p.tjp:2:33: there is no resource \"x\""},
    {HEAD "task a \"A\" { effort 5d length 5d }", "p.tjp:2:31: only one of"},
    {HEAD "task a \"A\" { duration 3661d }", "p.tjp:2:6: a takes more than 3660 days"},
    {HEAD "task a \"A\"\ntask b \"B\" { depends a { gapduration 3661d } }",
	"p.tjp:3:22: a gap of more than 3660 days"},
    {HEAD "task a \"A\" { milestone length 5d }", "p.tjp:2:6: a is a milestone"},
    {HEAD "task a \"A\" { length 5d task b \"B\" }", "p.tjp:2:6: a has parts"},
    {HEAD "task a \"A\" { depends b }", "p.tjp:2:22: there is no task \"b\" as seen from a"},
    {HEAD "task a \"A\" { depends !!!b }", "p.tjp:2:22: there is no task \"!!!b\""},
    {HEAD "task a \"A\" { task b \"B\" { depends a } }", "p.tjp:2:35: a.b cannot wait for a"},
    {HEAD "task a \"A\" { depends a }", "p.tjp:2:22: a cannot wait for a"},
    {HEAD "task a \"A\" { depends b }\ntask b \"B\" { depends c }\ntask c \"C\" { depends a }",
	"p.tjp:2:6: tasks wait for each other in a circle: a"},
    {HEAD "task a \"A\"\ntask a \"B\"", "p.tjp:3:6: the task a stands in line 2 already"},
    {HEAD "resource a \"A\"\nresource a \"B\"", "p.tjp:3:10: the resource a stands in line 2"},
    {HEAD "task a.b \"A\"", "p.tjp:2:6: \"a.b\" is no id of its own"},
    {HEAD HEAD, "p.tjp:2:9: a second project"},
    {HEAD "include \"../secret.tji\"", "p.tjp:2:9: only files in the same directory"},
    {HEAD "include \"/etc/passwd\"", "p.tjp:2:9: only files in the same directory"},
    {HEAD "include \"no.tji\"", "p.tjp:2:9: cannot read no.tji"},
    {HEAD "include \"self.tji\"", "self.tji:1:9: \"self.tji\" includes itself"},
    {HEAD "include \"task.tji\"", "task.tji:1:29: \"x\" instead of a unit"},
    {HEAD "include \"bytes.tji\"", "bytes.tji:2:7: is not UTF-8"},
    {HEAD "\xff", "p.tjp:2:1: is not UTF-8"},
    {"project p \"P\" 2026-03-02 - 2026-03-01", "p.tjp:1:15: ends before it starts"},
    {"project p \"P\" 2026-03-02 - 2126-03-02 {}\nproject", "p.tjp:2:8: a second project"},
    {"project p \"P\" 2026-03-02 - 2127-03-02",
	"p.tjp:1:9: the project is longer than a hundred years"},
    {"project p \"P\" 2026-03-02 +4m { workinghours mon - sun off }",
	"p.tjp:1:9: no day of the week"},
    {"project p \"P\" 2026-03-02 +4m { workinghours mon 9:00 - 8:00 }",
	"p.tjp:1:56: \"8\" instead of a later"},
};

START_TEST(faults_have_their_place)
{
	struct document doc = import_known(refused[_i].text, strlen(refused[_i].text), NULL, 0);

	ck_assert_msg(!doc.ok, "taken: %s", refused[_i].text);
	ck_assert_msg(strncmp(doc.err.msg, refused[_i].error, strlen(refused[_i].error)) == 0,
	    "%s\n  is not\n%s", doc.err.msg, refused[_i].error);
	planfile_free(doc.plan);
}
END_TEST

/* ---- limits ------------------------------------------------------------------------------------------------------------ */

static void
must_take(struct str *text, bool take, const char *error)
{
	struct document doc;

	ck_assert(str_ok(text));
	doc = import_known(text->data, text->len, NULL, 0);
	ck_assert_msg(doc.ok == take, "%s: %s", error, doc.err.msg);
	if (!take) {
		ck_assert_int_eq(doc.err.code, ERR_LIMIT);
		ck_assert_msg(strstr(doc.err.msg, error) != NULL, "%s", doc.err.msg);
	}
	planfile_free(doc.plan);
	str_fini(text);
}

/* Before, one line as often as said with its number for each %, behind. */
static void
repeat(struct str *text, const char *before, const char *line, size_t count, const char *behind)
{
	str_init(text, 256u << 20);
	str_add(text, before);
	for (size_t i = 0; i < count; i++)
		for (const char *p = line; *p != '\0'; p++)
			if (*p == '%')
				str_addf(text, "%zu", i);
			else
				str_add_char(text, *p);
	str_add(text, behind);
}

START_TEST(there_are_limits)
{
	struct str text;

	for (unsigned more = 0; more <= 1; more++) {
		bool take = more == 0;

		repeat(&text, HEAD, "task t% \"T\"\n", TJP_TASKS_MAX + more, "");
		must_take(&text, take, "more than 10000 tasks");
		repeat(&text, HEAD, "resource r% \"R\"\n", TJP_PEOPLE_MAX + more, "");
		must_take(&text, take, "more than 20000 resources");
		repeat(&text, HEAD, "macro m% [x]\n", TJP_MACROS_MAX - 4 + more,
		    ""); /* 4 are built in */
		must_take(&text, take, "more than 10000 macros");
		repeat(&text, HEAD "task x \"X\"\ntask a \"A\" {\n", "depends x # %\n",
		    TJP_LIST_MAX + more, "}");
		must_take(&text, take, "more than 1000 links");
		repeat(&text, HEAD "resource r \"R\"\ntask a \"A\" { effort 1d\n",
		    "allocate r # %\n", TJP_LIST_MAX + more, "}");
		must_take(&text, take, "more than 1000 allocations");
		repeat(&text, HEAD "task a \"A\" { note \"", "x", TJP_TEXT_MAX + more, "\" }");
		must_take(&text, take, "a text of more than 65536 bytes");
		repeat(&text, HEAD, "task a% \"A\" { ", TJP_DEPTH_MAX + 1 + more, "");
		for (unsigned i = 0; i < TJP_DEPTH_MAX + 1 + more; i++)
			str_add(&text, "}");
		must_take(&text, take, "tasks are more than 31 deep");
		repeat(&text, HEAD "navigator x ", "{", TJP_BLOCKS_MAX + more, "");
		for (unsigned i = 0; i < TJP_BLOCKS_MAX + more; i++)
			str_add(&text, "}");
		must_take(&text, take, "braces are more than 64 deep");
		repeat(&text, HEAD, " ", TJP_BYTES_MAX - strlen(HEAD) + more, "");
		must_take(&text, take, "is larger than 32 MiB");
		repeat(&text, "macro x [task]\n" HEAD, "macro y% [${x}]\n", 2, "");
		must_take(&text, true, "");
	}
}
END_TEST

/* A wide document must not take the square of its size. */
START_TEST(wide_plans_are_quick)
{
	struct str text;

	repeat(&text, HEAD "task a \"A\" {\n", "task t% \"T\" { length 1d }\n", 5000,
	    "}\ntask b \"B\" { depends a\n");
	for (int i = 0; i < 4000; i++)
		str_addf(&text, "task u%d \"U\" { depends a.t%d }\n", i, i);
	str_add(&text, "}\n");
	must_take(&text, true, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("import_tjp");
	TCase *tcase = tcase_create("import_tjp");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_house_has_its_parts);
	tcase_add_test(tcase, the_house_has_its_days);
	tcase_add_test(tcase, the_house_has_its_people);
	tcase_add_test(tcase, the_house_asks_its_people);
	tcase_add_test(tcase, what_is_known_keeps_its_id);
	tcase_add_test(tcase, ids_are_written_as_ours);
	tcase_add_test(tcase, lengths_are_days_that_pass);
	tcase_add_test(tcase, working_hours_count);
	tcase_add_test(tcase, macros_stand_for_their_text);
	tcase_add_test(tcase, backwards_from_what_follows);
	tcase_add_loop_test(
	    tcase, faults_have_their_place, 0, (int)(sizeof refused / sizeof *refused));
	tcase_add_test(tcase, there_are_limits);
	tcase_add_test(tcase, wide_plans_are_quick);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
