/*
 * StratML documents become plans. What is expected was counted in the documents, not taken from the program; the
 * real ones lie beside the repository and are skipped where they are absent.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/import_stratml.h"
#include "client/import_text.h"
#include "client/planfile.h"
#include "common/arena.h"
#include "common/json.h"
#include "common/str.h"

#define FOLDER "tests/unit/client/stratml/"

struct document {
	struct planfile *plan;
	struct stratml_report *report;
	struct err err;
	bool ok;
};

static struct document
import_xml(const char *text, size_t len, const struct stratml_options *options)
{
	struct document doc = {0};

	doc.plan = planfile_new(&doc.err);
	ck_assert_ptr_nonnull(doc.plan);
	doc.ok = stratml_import(text, len, options, doc.plan, &doc.report, &doc.err);
	return doc;
}

static const struct stratml_options defaults = {.name = "plan.xml", .source = "stratml:plan.xml"};

static struct document
import_string(const char *text)
{
	return import_xml(text, strlen(text), &defaults);
}

/* NULL if there is no such file. */
static char *
read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text;

	if (file == NULL)
		return NULL;
	text = malloc(1u << 20);
	ck_assert_ptr_nonnull(text);
	*len = fread(text, 1, 1u << 20, file);
	ck_assert(feof(file));
	fclose(file);
	return text;
}

static struct document
import_file(const char *name, const struct stratml_options *options)
{
	char path[256];
	size_t len;
	char *text;
	struct document doc;

	snprintf(path, sizeof path, FOLDER "%s", name);
	text = read_file(path, &len);
	ck_assert_msg(text != NULL, "cannot read %s", path);
	doc = import_xml(text, len, options);
	free(text);
	ck_assert_msg(doc.ok, "%s", doc.err.msg);
	ck_assert_uint_eq(doc.plan->faults_total, 0);
	return doc;
}

static struct planfile_entry *
entry_of(const struct document *doc, const char *ref)
{
	struct planfile_entry *entry = planfile_find(planfile_present(doc->plan), ref);

	ck_assert_msg(entry != NULL, "no %s", ref);
	return entry;
}

static const Plumb__V1__Item *
item_of(const struct document *doc, const char *ref)
{
	return entry_of(doc, ref)->item;
}

static const struct stratml_note *
note_of(const struct document *doc, const char *word)
{
	for (const struct stratml_note *note = doc->report->notes; note != NULL; note = note->next)
		if (strstr(note->what, word) != NULL)
			return note;
	ck_abort_msg("nothing noted about %s", word);
	return NULL;
}

/* The measurement about that measure with that value; it must be the only one. */
static const Plumb__V1__Record *
record_of(const struct document *doc, const char *about, double value)
{
	const struct planfile_step *step = planfile_present(doc->plan);
	const Plumb__V1__Record *found = NULL;

	for (size_t i = 0; i < step->count; i++) {
		const Plumb__V1__Record *record = step->entries[i]->record;

		if (record == NULL || strcmp(record->about, about) != 0 ||
		    record->measurement->value < value || record->measurement->value > value)
			continue;
		ck_assert_ptr_null(found);
		found = record;
	}
	ck_assert_msg(found != NULL, "no value %g of %s", value, about);
	return found;
}

/* Everything in the plan as text, so that two plans can be compared. */
static char *
all_of(const struct document *doc)
{
	const struct planfile_step *step = planfile_present(doc->plan);
	struct str out;
	char *text;

	str_init(&out, 16u << 20);
	for (size_t i = 0; i < step->count; i++) {
		const struct planfile_entry *entry = step->entries[i];

		str_addf(&out, "%s ", entry->ref);
		json_print(
		    entry->item != NULL ? &entry->item->base : &entry->record->base, 0, true, &out);
		str_add(&out, "\n");
	}
	text = str_take(&out);
	ck_assert_ptr_nonnull(text);
	return text;
}

/* Like ck_assert_str_eq, for texts longer than it can show. */
static void
assert_same(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] != '\0' && a[i] == b[i])
		i++;
	ck_assert_msg(a[i] == b[i], "differ from byte %zu on: \"%.200s\" and \"%.200s\"", i,
	    a + (i > 60 ? i - 60 : 0), b + (i > 60 ? i - 60 : 0));
}

/* ---- a document of our own, with what forms do to documents ------------------------------------------------ */

START_TEST(counts_of_the_library_are_those_of_the_document)
{
	struct document doc = import_file("library.xml", &defaults);
	const struct stratml_report *report = doc.report;

	ck_assert_str_eq(report->dialect, "StratML Part 2 (PerformancePlanOrReport)");
	ck_assert_str_eq(report->title, "Library plan");
	ck_assert_uint_eq(report->goals, 2);
	ck_assert_uint_eq(report->objectives, 3); /* four stand there, one is blank */
	ck_assert_uint_eq(report->measures, 3);   /* four, one blank */
	ck_assert_uint_eq(report->values, 1);     /* two, one blank */
	ck_assert_uint_eq(
	    report->people, 2); /* Ines Duarte (three places, two spellings), Tom Reyes */
	ck_assert_uint_eq(report->teams, 3); /* the library, its readers, Kim Osei (no type) */
	ck_assert_uint_eq(report->periods, 1);
	ck_assert_uint_eq(report->mentions, 8);      /* nine Stakeholder elements, one blank */
	ck_assert_uint_eq(report->targets, 2);       /* 52 hours, 0 Euro */
	ck_assert_uint_eq(report->target_values, 1); /* 48 hours */
	ck_assert_uint_eq(report->actuals, 2);       /* 45.5 hours, -3 Euro */
	ck_assert_uint_eq(report->baselines, 2);     /* 40 hours, 1200 Euro */
	ck_assert_uint_eq(report->owners, 1);        /* of the opening hours only */
	planfile_free(doc.plan);
}
END_TEST

START_TEST(sequence_goes_into_ids_and_titles_stay_clean)
{
	struct document doc = import_file("library.xml", &defaults);
	const Plumb__V1__Item *objective;

	ck_assert_str_eq(item_of(&doc, "goal/1-open-to-everyone")->title, "Open to everyone");
	objective = item_of(&doc, "objective/1.1-longer-opening-hours");
	ck_assert_str_eq(objective->title, "Longer opening hours");
	ck_assert_str_eq(objective->objective->goal, "1-open-to-everyone");
	ck_assert_uint_eq(objective->objective->n_periods, 0); /* none stated: found by the rules */
	/* "1" below goal "2" */
	objective = item_of(&doc, "objective/2.1-visits-that-pay");
	ck_assert_str_eq(objective->objective->goal, "2-pay-our-way");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_latest_target_is_the_objectives_and_the_others_are_values)
{
	struct document doc = import_file("library.xml", &defaults);
	const Plumb__V1__Item *objective = item_of(&doc, "objective/1.1-longer-opening-hours");
	const Plumb__V1__Target *target;
	const Plumb__V1__Record *record;

	ck_assert_uint_eq(objective->objective->n_targets, 1);
	target = objective->objective->targets[0];
	ck_assert_str_eq(target->measure, "1.1.1-opening-hours");
	ck_assert_int_eq(target->target__case, PLUMB__V1__TARGET__TARGET__TARGET);
	ck_assert_double_eq(target->target, 52); /* 2026 stands before 2025 in the document */
	ck_assert_str_eq(target->due, "2026-12-31");
	ck_assert_str_eq(target->text, "Sundays too");
	ck_assert_int_eq(target->baseline__case, PLUMB__V1__TARGET__BASELINE__BASELINE);
	ck_assert_double_eq(target->baseline, 40);
	record = record_of(&doc, "1.1.1-opening-hours", 48);
	ck_assert_int_eq(record->measurement->role, PLUMB__V1__MEASUREMENT__ROLE__TARGET_VALUE);
	ck_assert_str_eq(record->at, "2025-12-31");
	record = record_of(&doc, "1.1.1-opening-hours", 40);
	ck_assert_int_eq(record->measurement->role, PLUMB__V1__MEASUREMENT__ROLE__BASELINE_VALUE);
	record = record_of(&doc, "1.1.1-opening-hours", 45.5);
	ck_assert_int_eq(record->measurement->role, PLUMB__V1__MEASUREMENT__ROLE__ACTUAL);
	ck_assert_str_eq(record->at, "2025-06-30");
	ck_assert_str_eq(record->note, "2025-01-01 to 2025-06-30: Evenings added.");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(a_measure_says_what_is_stated_and_no_direction)
{
	struct document doc = import_file("library.xml", &defaults);
	const Plumb__V1__Item *measure = item_of(&doc, "measure/1.1.1-opening-hours");

	ck_assert_str_eq(measure->title, "Opening hours"); /* its blanks and newlines collapsed */
	ck_assert_str_eq(measure->measure->dimension, "Opening hours");
	ck_assert_str_eq(measure->measure->unit, "hours a week");
	ck_assert_int_eq(
	    measure->measure->direction, PLUMB__V1__MEASURE__DIRECTION__DIRECTION_UNKNOWN);
	ck_assert_str_eq(measure->measure->inline_under, "1.1-longer-opening-hours");
	ck_assert_uint_eq(measure->n_labels, 2);
	ck_assert_str_eq(measure->labels[0], "stage-output-processing");
	ck_assert_str_eq(measure->labels[1], "type-quantitative");
	/* two indicators are called Visits: the unit tells them apart */
	ck_assert_str_eq(item_of(&doc, "measure/1.2-visits")->title, "Visits (Number)");
	ck_assert_str_eq(item_of(&doc, "measure/2.1-visits")->title, "Visits (Euro)");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(what_is_only_said_in_words_stays_in_words)
{
	struct document doc = import_file("library.xml", &defaults);
	const Plumb__V1__Item *objective =
	    item_of(&doc, "objective/1.2-reach-readers-who-cannot-come-to-us");
	const Plumb__V1__Target *target = objective->objective->targets[0];

	ck_assert_int_eq(target->target__case, PLUMB__V1__TARGET__TARGET___NOT_SET);
	ck_assert_str_eq(target->text, "As many villages as last year");
	ck_assert_str_eq(target->due, "2026-06-30"); /* before its start, as stated */
	ck_assert_uint_eq(note_of(&doc, "end before they start")->count, 1);
	ck_assert_str_eq(item_of(&doc, "measure/1.2-visits")->description,
	    "Relationship Narrower_Than: Supports the county's plan\n\n"
	    "Results in words:\n2025-03-31: about 20: in the first quarter");
	ck_assert_uint_eq(note_of(&doc, "not plain decimals")->count, 1);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(a_baseline_may_stand_alone_and_a_value_without_date_gets_the_publications)
{
	struct document doc = import_file("library.xml", &defaults);
	const Plumb__V1__Target *target =
	    item_of(&doc, "objective/2.1-visits-that-pay")->objective->targets[0];

	ck_assert_double_eq(target->baseline, 1200);
	ck_assert_int_eq(target->target__case, PLUMB__V1__TARGET__TARGET__TARGET);
	ck_assert_double_eq(target->target, 0); /* a stated zero */
	ck_assert_str_eq(target->due, "");
	ck_assert_str_eq(record_of(&doc, "2.1-visits", -3)->at, "2025-02-01");
	ck_assert_uint_eq(note_of(&doc, "without a date")->count, 1);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(stakeholders_merge_by_name_and_one_person_who_performs_is_proposed_as_owner)
{
	struct document doc = import_file("library.xml", &defaults);
	const Plumb__V1__Item *objective = item_of(&doc, "objective/1.1-longer-opening-hours");

	ck_assert_uint_eq(objective->n_owners, 1);
	ck_assert_str_eq(objective->owners[0], "ines-duarte");
	ck_assert_uint_eq(objective->n_links, 2);
	ck_assert_str_eq(objective->links[0]->to, "person/ines-duarte");
	ck_assert_str_eq(objective->links[0]->note, "performer: Head librarian");
	/* READERS here, Readers at the organization, which also has the type */
	ck_assert_str_eq(objective->links[1]->to, "team/readers");
	ck_assert_str_eq(item_of(&doc, "team/readers")->description, "All who live here");
	/* two people perform */
	objective = item_of(&doc, "objective/1.2-reach-readers-who-cannot-come-to-us");
	ck_assert_uint_eq(objective->n_owners, 0);
	ck_assert_uint_eq(note_of(&doc, "several people perform")->count, 1);
	/* one person performs, and Kim Osei, who may be one */
	objective = item_of(&doc, "objective/2.1-visits-that-pay");
	ck_assert_uint_eq(objective->n_owners, 0);
	ck_assert_uint_eq(note_of(&doc, "others without a type")->count, 1);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(untyped_stakeholders_are_people_where_the_user_says_so)
{
	struct stratml_options options = defaults;
	struct document doc;

	options.untyped_are_people = true;
	doc = import_file("library.xml", &options);
	ck_assert_uint_eq(doc.report->people, 3);
	ck_assert_ptr_nonnull(item_of(&doc, "person/kim-osei"));
	/* and then two people perform this one */
	ck_assert_uint_eq(item_of(&doc, "objective/2.1-visits-that-pay")->n_owners, 0);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(identifiers_become_external_ids_and_bad_ones_are_replaced)
{
	struct document doc = import_file("library.xml", &defaults);

	ck_assert_str_eq(
	    item_of(&doc, "goal/1-open-to-everyone")->external_ids[0], "stratml:_goal-open");
	ck_assert_str_eq(item_of(&doc, "objective/1.1-longer-opening-hours")->external_ids[0],
	    "stratml:_obj-hours");
	/* the second with that identifier is told apart by its place */
	ck_assert_str_eq(
	    item_of(&doc, "objective/1.2-reach-readers-who-cannot-come-to-us")->external_ids[0],
	    "stratml:_goal-open/objective/1.2");
	ck_assert_uint_eq(note_of(&doc, "stand twice")->count, 1);
	ck_assert_uint_eq(note_of(&doc, "stand twice")->places[0].line, 78);
	ck_assert_str_eq(
	    note_of(&doc, "placeholders: replaced")->places[0].detail, "[To_be_identified]");
	/* the form's own id of the document is the same in many documents: not used */
	ck_assert_str_eq(item_of(&doc, "period/library-plan")->external_ids[0],
	    "stratml:_org/plan/library-plan");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(blank_skeletons_are_dropped_and_counted)
{
	struct document doc = import_file("library.xml", &defaults);

	ck_assert_uint_eq(note_of(&doc, "blank Stakeholder")->count, 1);
	ck_assert_uint_eq(note_of(&doc, "blank Relationship")->count, 1);
	ck_assert_uint_eq(note_of(&doc, "blank PerformanceIndicator")->count, 1);
	ck_assert_uint_eq(note_of(&doc, "blank Objective")->count, 1);
	ck_assert_uint_eq(note_of(&doc, "blank Value")->count, 1);
	ck_assert_uint_eq(note_of(&doc, "blank Vision")->count, 1);
	ck_assert_uint_eq(note_of(&doc, "state no result")->count, 1);
	ck_assert_uint_eq(note_of(&doc, "placeholder texts")->count, 2);
	ck_assert_uint_eq(note_of(&doc, "does not have there")->count, 1); /* <id/> */
	ck_assert_int_eq(note_of(&doc, "blank Vision")->class, STRATML_LEFT_OUT);
	ck_assert_uint_eq(note_of(&doc, "blank Vision")->places[0].line, 145);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_frame_of_the_plan_becomes_period_organization_and_statements)
{
	struct document doc = import_file("library.xml", &defaults);
	const Plumb__V1__Item *period = item_of(&doc, "period/library-plan");

	ck_assert_str_eq(period->period->first_day, "2025-01-01");
	ck_assert_str_eq(period->period->last_day, "2027-12-31");
	/* the pretty printer's line break is not the author's */
	ck_assert_str_eq(period->description,
	    "What the library wants to reach by 2027.\n\n"
	    "Published 2025-02-01. Source: https://library.example/plan");
	ck_assert_str_eq(item_of(&doc, "team/millbrook-public-library")->description, "(MPL)");
	ck_assert_str_eq(item_of(&doc, "mission/mission")->mission->text, "To lend books & rooms.");
	ck_assert_str_eq(item_of(&doc, "value/curiosity")->value->text, "We ask <why>.");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_submitter_is_left_out)
{
	struct document doc = import_file("library.xml", &defaults);
	char *text = all_of(&doc);

	ck_assert_ptr_null(strstr(text, "ines@library.example"));
	ck_assert_uint_eq(note_of(&doc, "submitter")->count, 1);
	free(text);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_damaged_twin_is_the_same_plan)
{
	struct document whole = import_file("library.xml", &defaults);
	struct document damaged = import_file("library-damaged-root.xml", &defaults);
	char *a = all_of(&whole), *b = all_of(&damaged);

	assert_same(a, b);
	ck_assert_uint_eq(note_of(&damaged, "between elements")->count, 1);
	ck_assert_ptr_nonnull(strstr(
	    note_of(&damaged, "between elements")->places[0].detail, "Type=\"Performance_Plan\""));
	free(a);
	free(b);
	planfile_free(whole.plan);
	planfile_free(damaged.plan);
}
END_TEST

START_TEST(part_1_with_a_prefix_letters_and_equal_names)
{
	struct document doc = import_file("school.xml", &defaults);

	ck_assert_str_eq(doc.report->dialect, "StratML Part 1 (StrategicPlan)");
	ck_assert_str_eq(
	    item_of(&doc, "goal/a-learn-everything")->title, "Learn \xc3\xa9verything");
	item_of(&doc, "objective/ai-read"); /* already below A */
	item_of(&doc, "objective/funding");
	item_of(&doc, "objective/funding-2");
	ck_assert_uint_eq(doc.report->periods, 0); /* its dates are empty */
	/* so the plan's name is kept with the organization */
	ck_assert_str_eq(item_of(&doc, "team/village-school")->description, "\xc3\x89"
									    "cole plan");
	ck_assert_uint_eq(
	    item_of(&doc, "goal/a-learn-everything")->n_owners, 0); /* Part 1 has no roles */
	planfile_free(doc.plan);
}
END_TEST

/* ---- again ----------------------------------------------------------------------------------------------------- */

/* What the workspace would have after that import. Freed by the caller; borrows from doc. */
static struct import_known *
known_of(const struct document *doc, const char *source, size_t *count)
{
	const struct planfile_step *step = planfile_present(doc->plan);
	struct import_known *known = calloc(step->count + 4, sizeof *known);

	ck_assert_ptr_nonnull(known);
	*count = 0;
	for (size_t i = 0; i < step->count; i++) {
		const struct planfile_entry *entry = step->entries[i];

		known[*count].ref = entry->ref;
		known[*count].source = source;
		known[*count].title = entry->item != NULL ? entry->item->title : "";
		if (entry->item != NULL) {
			known[*count].external_ids = (const char *const *)entry->item->external_ids;
			known[*count].external_ids_count = entry->item->n_external_ids;
		}
		(*count)++;
	}
	return known;
}

START_TEST(a_second_import_says_the_same)
{
	struct document first = import_file("library.xml", &defaults);
	struct stratml_options options = defaults;
	struct document second;
	char *a, *b;

	options.known = known_of(&first, defaults.source, &options.known_count);
	second = import_file("library.xml", &options);
	a = all_of(&first);
	b = all_of(&second);
	assert_same(a, b);
	free(a);
	free(b);
	free((void *)(uintptr_t)options.known);
	planfile_free(first.plan);
	planfile_free(second.plan);
}
END_TEST

START_TEST(an_item_is_found_again_by_its_external_id_after_renames_on_both_sides)
{
	static const char *const external[] = {"stratml:_g"};
	struct import_known known[] = {
	    {.ref = "goal/our-own-name",
		.title = "",
		.source = "",
		.external_ids = external,
		.external_ids_count = 1},
	};
	struct stratml_options options = defaults;
	const char *text =
	    "<StrategicPlan><StrategicPlanCore><Goal><Name>New "
	    "name</Name><Identifier>_g</Identifier>"
	    "<Objective><Name>O</Name></Objective></Goal></StrategicPlanCore></StrategicPlan>";
	struct document doc;

	options.known = known;
	options.known_count = 1;
	doc = import_xml(text, strlen(text), &options);
	ck_assert(doc.ok);
	ck_assert_str_eq(item_of(&doc, "goal/our-own-name")->title, "New name");
	ck_assert_str_eq(item_of(&doc, "objective/o")->objective->goal, "our-own-name");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(ids_of_others_are_left_alone_and_their_people_are_referred_to)
{
	struct import_known known[] = {
	    {.ref = "goal/grow", .title = "Grow", .source = ""},
	    {.ref = "person/al", .title = "ANA LOPES", .source = "files:plan"},
	};
	struct stratml_options options = defaults;
	const char *text =
	    "<StrategicPlan><StrategicPlanCore><Goal><Name>Grow</Name>"
	    "<Stakeholder><Name>Ana Lopes</Name><Role><RoleType>Performer</RoleType></Role>"
	    "</Stakeholder></Goal></StrategicPlanCore></StrategicPlan>";
	struct document doc;

	options.known = known;
	options.known_count = 2;
	doc = import_xml(text, strlen(text), &options);
	ck_assert(doc.ok);
	ck_assert_str_eq(item_of(&doc, "goal/grow-2")->links[0]->to, "person/al");
	/* the workspace knows that she is a person, even if the document does not say so */
	ck_assert_uint_eq(item_of(&doc, "goal/grow-2")->n_owners, 1);
	ck_assert_str_eq(item_of(&doc, "goal/grow-2")->owners[0], "al");
	ck_assert_ptr_null(planfile_find(planfile_present(doc.plan), "person/al"));
	ck_assert_uint_eq(doc.report->there, 1);
	ck_assert_uint_eq(doc.report->people, 0);
	planfile_free(doc.plan);
}
END_TEST

/* ---- small cases -------------------------------------------------------------------------------------------- */

#define PLAN(goals)                                                                                \
	"<PerformancePlanOrReport><StrategicPlanCore>" goals                                       \
	"</StrategicPlanCore></PerformancePlanOrReport>"
#define INDICATOR(results)                                                                         \
	PLAN("<Goal><Name>G</Name><Objective><Name>O</Name><PerformanceIndicator>"                 \
	     "<MeasurementDimension>D</MeasurementDimension>" results                              \
	     "</PerformanceIndicator></Objective></Goal>")

START_TEST(a_baseline_label_on_a_target_beside_an_actual_is_a_target)
{
	struct document doc = import_string(
	    INDICATOR("<MeasurementInstance>"
		      "<TargetResult><NumberOfUnits>7</"
		      "NumberOfUnits><Descriptor><DescriptorName>Status</DescriptorName>"
		      "<DescriptorValue>Annual "
		      "Baseline</DescriptorValue></Descriptor><EndDate>2020-12-31</EndDate>"
		      "</TargetResult><ActualResult><NumberOfUnits>9</"
		      "NumberOfUnits><EndDate>2020-12-31</EndDate>"
		      "</ActualResult></MeasurementInstance>"));
	const Plumb__V1__Target *target = item_of(&doc, "objective/o")->objective->targets[0];

	ck_assert_double_eq(target->target, 7);
	ck_assert_int_eq(target->baseline__case, PLUMB__V1__TARGET__BASELINE___NOT_SET);
	ck_assert_uint_eq(doc.report->baselines, 0);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(equal_values_on_one_day_are_two_records)
{
	struct document doc =
	    import_string(INDICATOR("<MeasurementInstance>"
				    "<ActualResult><NumberOfUnits>9</"
				    "NumberOfUnits><EndDate>2020-12-31</EndDate></ActualResult>"
				    "<ActualResult><NumberOfUnits>9</"
				    "NumberOfUnits><EndDate>2020-12-31</EndDate></ActualResult>"
				    "</MeasurementInstance>"));

	ck_assert(doc.ok);
	ck_assert_uint_eq(doc.plan->faults_total, 0);
	ck_assert_uint_eq(doc.report->actuals, 2);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(dates_with_a_zone_are_read_and_others_reported)
{
	struct document doc =
	    import_string(INDICATOR("<MeasurementInstance>"
				    "<ActualResult><NumberOfUnits>1</"
				    "NumberOfUnits><EndDate>2020-12-31Z</EndDate></ActualResult>"
				    "<ActualResult><NumberOfUnits>2</"
				    "NumberOfUnits><EndDate>2020-02-30</EndDate></ActualResult>"
				    "</MeasurementInstance>"));

	ck_assert(doc.ok);
	ck_assert_str_eq(record_of(&doc, "d", 1)->at, "2020-12-31");
	ck_assert_uint_eq(doc.report->actuals, 1);
	ck_assert_str_eq(note_of(&doc, "cannot be read")->places[0].detail, "2020-02-30");
	/* nothing dates it, so it stays in words */
	ck_assert_uint_eq(note_of(&doc, "without any date")->count, 1);
	ck_assert_str_eq(item_of(&doc, "measure/d")->description, "Results in words:\n2");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_cut_between_characters)
{
	struct str text;
	struct document doc;
	const char *title;

	str_init(&text, 1 << 16);
	str_add(&text, "<StrategicPlan><StrategicPlanCore><Goal><Name>");
	for (int i = 0; i < 251; i++) /* 502 bytes */
		str_add(&text, "\xc3\xa9");
	str_add(&text, "</Name></Goal></StrategicPlanCore></StrategicPlan>");
	doc = import_string(text.data);
	ck_assert(doc.ok);
	title = planfile_present(doc.plan)->entries[0]->item->title;
	/* 500 hold the mark of 3 bytes and 248 characters of 2; 497 would end inside one */
	ck_assert_uint_eq(strlen(title), 496 + 3);
	ck_assert_uint_eq(note_of(&doc, "above 500 bytes")->count, 1);
	str_fini(&text);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(elements_out_of_place_are_reported)
{
	struct document doc =
	    import_string(PLAN("<Goal><Name>G</Name><Name>H</Name><Priority>high</Priority>"
			       "<PerformanceIndicator><MeasurementDimension>D</"
			       "MeasurementDimension></PerformanceIndicator>"
			       "</Goal>"));

	ck_assert(doc.ok);
	ck_assert_str_eq(item_of(&doc, "goal/g")->title, "G");
	ck_assert_uint_eq(doc.report->measures, 0);
	ck_assert_uint_eq(note_of(&doc, "does not have there")->count, 2);
	ck_assert_str_eq(note_of(&doc, "does not have there")->places[0].detail, "high");
	ck_assert_uint_eq(note_of(&doc, "beyond the one")->count, 1);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(letters_that_are_not_latin_still_give_ids)
{
	struct document doc =
	    import_string(PLAN("<Goal><Name>Цель</Name></Goal><Goal><Name>Мир</Name></Goal>"
			       "<Goal><Name>Łódź d'été</Name></Goal>"));

	ck_assert(doc.ok);
	ck_assert_str_eq(item_of(&doc, "goal/goal")->title, "Цель");
	ck_assert_str_eq(item_of(&doc, "goal/goal-2")->title, "Мир");
	ck_assert_str_eq(item_of(&doc, "goal/lodz-dete")->title, "Łódź d'été");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_report_names_what_where_and_how_often)
{
	struct document doc = import_file("library.xml", &defaults);
	struct str out;

	str_init(&out, 1 << 20);
	stratml_report_print(doc.report, "library.xml", &out);
	ck_assert_ptr_nonnull(strstr(out.data,
	    "library.xml: StratML Part 2 (PerformancePlanOrReport), \"Library plan\"\n"
	    "  2 goals, 3 objectives, 3 measures, 1 value, 2 people, 3 teams, 1 period, 2 targets, "
	    "1 earlier target, 2 actual values, 2 baselines, 8 mentions of stakeholders, 1 owner "
	    "proposed\n"));
	ck_assert_ptr_nonnull(strstr(out.data, "1 × blank Vision elements: line 145, Vision\n"));
	ck_assert_ptr_nonnull(strstr(out.data,
	    "        line 93, "
	    "Goal[1]/Objective[2]/PerformanceIndicator/MeasurementInstance/TargetResult: "
	    "2026-07-01 to 2026-06-30\n"));
	str_fini(&out);
	planfile_free(doc.plan);
}
END_TEST

/* ---- refused ---------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *message; /* must begin so */
} refused[] = {
    {"", "plan.xml: is empty"},
    {"no xml", "plan.xml:1:1: "},
    {"<StrategicPlan>\n<Name>Sports & Games</Name></StrategicPlan>", "plan.xml:2:15: "},
    {"<StrategicPlan>\n <Goal>\n</StrategicPlan>", "plan.xml:3:17: "},
    {"<?xml version='1.0'?>\n<!DOCTYPE StrategicPlan [<!ENTITY a 'b'>]>\n<StrategicPlan/>",
	"plan.xml:2:25: has a document type (DOCTYPE)"},
    {"<!DOCTYPE StrategicPlan SYSTEM 'file:///etc/passwd'><StrategicPlan/>", "plan.xml:1:"},
    {"<StrategicPlan><Name>&unknown;</Name></StrategicPlan>", "plan.xml:1:31: Entity 'unknown'"},
    {"<StrategicPlan><Goals><Goal/></Goals></StrategicPlan>",
	"plan.xml:1: has no StrategicPlanCore"},
    {"<PerformancePlanOrReport DocumentType='Strategic_Plan'/>",
	"plan.xml:1: this is StratML Part 3"},
    {"<PerformancePlanOrReport xmlns='urn:ISO:std:iso:17469:tech:xsd:PerformancePlanOrReport'>"
     "<NameDescription/><Goal/></PerformancePlanOrReport>",
	"plan.xml:1: this is StratML Part 3"},
    {"<html xmlns='http://www.w3.org/1999/xhtml'/>", "plan.xml:1: this is a web page"},
    {"\n<OrganizationalStrategyDocument/>",
	"plan.xml:2: this is an OrganizationalStrategyDocument"},
    {"<plan/>", "plan.xml:1: is no StratML"},
};

START_TEST(what_is_no_plan_is_refused_with_place_and_reason)
{
	struct document doc = import_string(refused[_i].text);

	ck_assert(!doc.ok);
	ck_assert_int_eq(doc.err.code, ERR_INVALID);
	ck_assert_msg(strncmp(doc.err.msg, refused[_i].message, strlen(refused[_i].message)) == 0,
	    "%s", doc.err.msg);
	ck_assert_uint_eq(planfile_present(doc.plan)->count, 0);
	planfile_free(doc.plan);
}
END_TEST

static struct document
nested(size_t depth)
{
	struct str text;
	struct document doc;

	str_init(&text, 1 << 20);
	str_add(&text, "<StrategicPlan><StrategicPlanCore>");
	for (size_t i = 2; i < depth; i++)
		str_add(&text, "<a>");
	for (size_t i = 2; i < depth; i++)
		str_add(&text, "</a>");
	str_add(&text, "</StrategicPlanCore></StrategicPlan>");
	doc = import_string(text.data);
	str_fini(&text);
	return doc;
}

START_TEST(depth_is_limited)
{
	struct document doc = nested(STRATML_DEPTH_MAX);

	ck_assert(doc.ok);
	planfile_free(doc.plan);
	doc = nested(STRATML_DEPTH_MAX + 1);
	ck_assert(!doc.ok);
	ck_assert_int_eq(doc.err.code, ERR_LIMIT);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(size_is_limited)
{
	size_t len = STRATML_BYTES_MAX + 1;
	char *text = malloc(len);
	const char *head = "<StrategicPlan><StrategicPlanCore/></StrategicPlan>";
	struct document doc;

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', len);
	memcpy(text, head, strlen(head));
	doc = import_xml(text, len - 1, &defaults);
	ck_assert_msg(doc.ok, "%s", doc.err.msg);
	planfile_free(doc.plan);
	doc = import_xml(text, len, &defaults);
	ck_assert(!doc.ok);
	ck_assert_int_eq(doc.err.code, ERR_LIMIT);
	planfile_free(doc.plan);
	free(text);
}
END_TEST

static struct document
many_elements(size_t count)
{
	struct str text;
	struct document doc;

	str_init(&text, 8u << 20);
	str_add(&text, "<StrategicPlan><StrategicPlanCore>");
	for (size_t i = 2; i < count; i++)
		str_add(&text, "<a/>");
	str_add(&text, "</StrategicPlanCore></StrategicPlan>");
	doc = import_string(text.data);
	str_fini(&text);
	return doc;
}

START_TEST(elements_are_limited)
{
	struct document doc = many_elements(STRATML_ELEMENTS_MAX);

	ck_assert_msg(doc.ok, "%s", doc.err.msg);
	planfile_free(doc.plan);
	doc = many_elements(STRATML_ELEMENTS_MAX + 1);
	ck_assert(!doc.ok);
	ck_assert_int_eq(doc.err.code, ERR_LIMIT);
	planfile_free(doc.plan);
}
END_TEST

/* ---- real plans ----------------------------------------------------------------------------------------------- */

/* Counted with xmllint --xpath over the documents. */
static const struct {
	const char *name;
	size_t goals, objectives, measures, values, people, teams, periods;
	size_t targets, target_values, actuals, baselines, mentions;
} real[] = {
    /* 24 Stakeholder elements, 5 blank; 14 of the names are typed Person, 5 Organization; and the organization */
    {"pmoai.xml", 1, 5, 0, 6, 14, 6, 1, 0, 0, 0, 0, 19},
    /* no types (2011 had none): 58 elements, 6 without a name, 42 names; 4 actual results have a number */
    {"smlc-2011.xml", 3, 10, 11, 5, 0, 43, 1, 0, 0, 4, 0, 52},
    /* 118 elements, 5 of them "[To be named]"; 80 names, 52 of them typed Person; 33 actual results with a number */
    {"smlc-2023.xml", 3, 13, 21, 5, 52, 29, 1, 0, 0, 33, 0, 113},
    {"smlc-2023-damaged-root.xml", 3, 13, 21, 5, 52, 29, 1, 0, 0, 33, 0, 113},
    /* all 3 objectives and their indicators are skeletons with nothing but ids */
    {"oecd-ai.xml", 3, 0, 0, 0, 0, 15, 0, 0, 0, 0, 0, 14},
    /* 28 indicators, each with a target and a result "Status = Baseline"; 61 stakeholders, 12 blank; no dates */
    {"sc-commerce-fy2023.xml", 5, 11, 28, 4, 0, 50, 0, 28, 0, 0, 28, 49},
    /* 411 targets and 411 results with numbers; the latest of each of the 20 indicators is the objective's */
    {"us-assistance-albania.xml", 8, 20, 20, 0, 0, 37, 1, 20, 391, 411, 0, 62},
};

static char *
read_real(const char *name, size_t *len)
{
	const char *shared = getenv("PLUMB_SHARED");
	char path[512];
	char *text;

	snprintf(
	    path, sizeof path, "%s/plans/stratml/%s", shared != NULL ? shared : "../shared", name);
	text = read_file(path, len);
	if (text == NULL)
		printf("skipped: %s is not here (PLUMB_SHARED names the folder of real plans)\n",
		    path);
	return text;
}

START_TEST(real_plans_are_read_as_they_are)
{
	size_t len;
	char *text = read_real(real[_i].name, &len);
	struct document doc;
	const struct stratml_report *report;

	if (text == NULL)
		return;
	doc = import_xml(text, len, &defaults);
	free(text);
	ck_assert_msg(doc.ok, "%s", doc.err.msg);
	ck_assert_uint_eq(doc.plan->faults_total, 0);
	report = doc.report;
	ck_assert_uint_eq(report->goals, real[_i].goals);
	ck_assert_uint_eq(report->objectives, real[_i].objectives);
	ck_assert_uint_eq(report->measures, real[_i].measures);
	ck_assert_uint_eq(report->values, real[_i].values);
	ck_assert_uint_eq(report->people, real[_i].people);
	ck_assert_uint_eq(report->teams, real[_i].teams);
	ck_assert_uint_eq(report->periods, real[_i].periods);
	ck_assert_uint_eq(report->targets, real[_i].targets);
	ck_assert_uint_eq(report->target_values, real[_i].target_values);
	ck_assert_uint_eq(report->actuals, real[_i].actuals);
	ck_assert_uint_eq(report->baselines, real[_i].baselines);
	ck_assert_uint_eq(report->mentions, real[_i].mentions);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_real_damaged_twin_is_the_same_plan)
{
	size_t len;
	char *text = read_real("smlc-2023.xml", &len);
	struct document whole, damaged;
	char *a, *b;

	if (text == NULL)
		return;
	whole = import_xml(text, len, &defaults);
	free(text);
	text = read_real("smlc-2023-damaged-root.xml", &len);
	ck_assert_ptr_nonnull(text);
	damaged = import_xml(text, len, &defaults);
	free(text);
	a = all_of(&whole);
	b = all_of(&damaged);
	assert_same(a, b);
	free(a);
	free(b);
	planfile_free(whole.plan);
	planfile_free(damaged.plan);
}
END_TEST

START_TEST(the_real_malformed_plan_is_refused_with_line_and_column)
{
	size_t len;
	char *text = read_real("malformed-raw-ampersand.xml", &len);
	struct document doc;

	if (text == NULL)
		return;
	doc = import_xml(text, len, &defaults);
	free(text);
	ck_assert(!doc.ok);
	/* line 5: "  <Name>Sample Sports & Recreation": the ampersand is at column 23, what follows is not a name */
	ck_assert_msg(strncmp(doc.err.msg, "plan.xml:5:24: ", 15) == 0, "%s", doc.err.msg);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(real_targets_and_baselines_are_those_of_the_document)
{
	size_t len;
	char *text = read_real("sc-commerce-fy2023.xml", &len);
	struct document doc;
	const Plumb__V1__Objective *objective;

	if (text == NULL)
		return;
	doc = import_xml(text, len, &defaults);
	free(text);
	/* objective 2.1: 150 seminars (192 before), exports rank 5 (9), 650 companies (371) */
	objective = item_of(&doc, "objective/2.1-strengths")->objective;
	ck_assert_double_eq(objective->targets[0]->target, 150);
	ck_assert_double_eq(objective->targets[0]->baseline, 192);
	ck_assert_double_eq(objective->targets[1]->target, 5);
	ck_assert_double_eq(objective->targets[1]->baseline, 9);
	ck_assert_double_eq(objective->targets[2]->target, 650);
	ck_assert_double_eq(objective->targets[2]->baseline, 371);
	ck_assert_str_eq(objective->targets[0]->due, "2023-06-30");
	/* 28 targets and 28 baselines end before they start */
	ck_assert_uint_eq(note_of(&doc, "end before they start")->count, 56);
	planfile_free(doc.plan);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("import_stratml");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, counts_of_the_library_are_those_of_the_document);
	tcase_add_test(tcase, sequence_goes_into_ids_and_titles_stay_clean);
	tcase_add_test(tcase, the_latest_target_is_the_objectives_and_the_others_are_values);
	tcase_add_test(tcase, a_measure_says_what_is_stated_and_no_direction);
	tcase_add_test(tcase, what_is_only_said_in_words_stays_in_words);
	tcase_add_test(
	    tcase, a_baseline_may_stand_alone_and_a_value_without_date_gets_the_publications);
	tcase_add_test(
	    tcase, stakeholders_merge_by_name_and_one_person_who_performs_is_proposed_as_owner);
	tcase_add_test(tcase, untyped_stakeholders_are_people_where_the_user_says_so);
	tcase_add_test(tcase, identifiers_become_external_ids_and_bad_ones_are_replaced);
	tcase_add_test(tcase, blank_skeletons_are_dropped_and_counted);
	tcase_add_test(tcase, the_frame_of_the_plan_becomes_period_organization_and_statements);
	tcase_add_test(tcase, the_submitter_is_left_out);
	tcase_add_test(tcase, the_damaged_twin_is_the_same_plan);
	tcase_add_test(tcase, part_1_with_a_prefix_letters_and_equal_names);
	tcase_add_test(tcase, a_second_import_says_the_same);
	tcase_add_test(
	    tcase, an_item_is_found_again_by_its_external_id_after_renames_on_both_sides);
	tcase_add_test(tcase, ids_of_others_are_left_alone_and_their_people_are_referred_to);
	tcase_add_test(tcase, a_baseline_label_on_a_target_beside_an_actual_is_a_target);
	tcase_add_test(tcase, equal_values_on_one_day_are_two_records);
	tcase_add_test(tcase, dates_with_a_zone_are_read_and_others_reported);
	tcase_add_test(tcase, a_name_that_is_too_long_is_cut_between_characters);
	tcase_add_test(tcase, elements_out_of_place_are_reported);
	tcase_add_test(tcase, letters_that_are_not_latin_still_give_ids);
	tcase_add_test(tcase, the_report_names_what_where_and_how_often);
	tcase_add_loop_test(tcase, what_is_no_plan_is_refused_with_place_and_reason, 0,
	    sizeof refused / sizeof *refused);
	tcase_add_test(tcase, depth_is_limited);
	tcase_add_test(tcase, size_is_limited);
	tcase_add_test(tcase, elements_are_limited);
	tcase_add_loop_test(tcase, real_plans_are_read_as_they_are, 0, sizeof real / sizeof *real);
	tcase_add_test(tcase, the_real_damaged_twin_is_the_same_plan);
	tcase_add_test(tcase, the_real_malformed_plan_is_refused_with_line_and_column);
	tcase_add_test(tcase, real_targets_and_baselines_are_those_of_the_document);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
