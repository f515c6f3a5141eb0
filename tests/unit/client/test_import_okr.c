/*
 * Objectives and key results become plans. What is expected was read from the texts by hand, not taken from the program.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/import_okr.h"
#include "client/import_text.h"
#include "client/planfile.h"
#include "common/pb.h"
#include "common/str.h"

struct document {
	struct planfile *plan;
	struct okr_report *report;
	struct err err;
	bool ok;
};

static struct document
import_known(const char *text, size_t len, const struct import_known *known, size_t count,
    enum okr_format format)
{
	struct okr_options options = {.name = "q2.md",
	    .source = "okr:q2.md",
	    .today = "2026-05-10",
	    .format = format,
	    .known = known,
	    .known_count = count};
	struct document doc = {0};

	doc.plan = planfile_new(&doc.err);
	ck_assert_ptr_nonnull(doc.plan);
	doc.ok = okr_import(text, len, &options, doc.plan, &doc.report, &doc.err);
	return doc;
}

static struct document
import(const char *text)
{
	struct document doc = import_known(text, strlen(text), NULL, 0, OKR_ANY);

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

static const Plumb__V1__Record *
record_about(const struct document *doc, Plumb__V1__Kind kind, const char *about)
{
	const struct planfile_step *step = planfile_present(doc->plan);
	const Plumb__V1__Record *found = NULL;

	for (size_t i = 0; i < step->count; i++)
		if (step->entries[i]->record != NULL && step->entries[i]->kind == kind &&
		    strcmp(step->entries[i]->record->about, about) == 0) {
			ck_assert_ptr_null(found);
			found = step->entries[i]->record;
		}
	return found;
}

static const Plumb__V1__Target *
target_of(const struct document *doc, const char *objective, const char *measure)
{
	const Plumb__V1__Objective *body = item_of(doc, objective)->objective;

	for (size_t i = 0; i < body->n_targets; i++)
		if (strcmp(body->targets[i]->measure, measure) == 0)
			return body->targets[i];
	ck_abort_msg("no target of %s", measure);
	return NULL;
}

static size_t
noted(const struct document *doc, const char *word)
{
	for (const struct okr_note *note = doc->report->notes; note != NULL; note = note->next)
		if (strstr(note->what, word) != NULL)
			return note->count;
	return 0;
}

/* ---- what a sentence says ---------------------------------------------------------------------------------------- */

#define NO 1e300 /* no number can be read for sure */

static const struct {
	const char *text;
	double baseline, target;
	const char *unit;
	int direction; /* 0 unknown, 1 up, 2 down */
} sentences[] = {
    {"Increase activation from 20% to 35%", 20, 35, "%", 1},
    {"Reduce time to value from 10 days to 3 days", 10, 3, "days", 2},
    {"Lead time 10 → 3 days", 10, 3, "days", 2},
    {"Raise rate from 8 to 10", 8, 10, "", 1},
    {"Increase MRR by 20 %", NO, NO, "", 1}, /* of what? */
    {"Reduce routing by 50% (from 4k per month)", 4000, NO, "", 2},
    {"NPS ≥ 45", NO, 45, "", 1},
    {"Uptime >= 99.95 %", NO, 99.95, "%", 1},
    {"At least 95 % of tickets answered", NO, 95, "%", 1},
    {"No more than 3 incidents", NO, 3, "", 2},
    {"Close under 5 minutes (from 10+ minutes)", NO, 5, "minutes", 2}, /* "10+" is no number */
    {"90%+ completion", NO, 90, "%", 1},
    {"score of 4.0 or higher", NO, 4, "", 1},
    {"Span of control (equal to or less than 8)", NO, 8, "", 2},
    {"Decrease cost per lead to $230 by end of Q4", NO, 230, "$", 2},
    {"Bring in CHF 1'200'000", NO, NO, "", 0}, /* no word says that this is the aim */
    {"Reach CHF 1'200'000 in bookings", NO, 1200000, "CHF", 0},
    {"Collect 5,000 leads", NO, 5000, "", 1},
    {"$1m in pipeline", NO, 1e6, "$", 0},
    {"500,000 impressions", NO, 500000, "", 0},
    {"Reach 1.234 users", NO, NO, "", 0}, /* a thousand, or one and a bit? */
    {"Reach 1.234.567 users", NO, 1234567, "", 0},
    {"Reach 0.125 % errors", NO, 0.125, "%", 0},
    {"Reach 3,5 % share", NO, 3.5, "%", 0},
    {"Hire 3 managers by 2026", NO, 3, "", 1}, /* a year is no aim */
    {"Certify 2K reference architecture", NO, NO, "", 0},
    {"Pipeline at 2X target (stage 3+)", NO, NO, "", 0},
    {"Select 1-2 priorities", NO, NO, "", 0},
    {"Deliver 2-day workshop", NO, NO, "", 0},
    {"Close backlog older than 120 days", NO, NO, "", 0},
    {"14 partners with 400 customers", NO, NO, "", 0}, /* which of the two? */
    {"Backend from 2 to 4, frontend from 1 to 2", NO, NO, "", 0},
    {"From X to Y", NO, NO, "", 0},
    {"1 blog for each partner", NO, NO, "", 0}, /* how many partners? */
    {"Throughput increases to 10, which projects to 250+", NO, NO, "", 1},
    {"Publish the guide", NO, NO, "", 0},
    {"Finish in Q4 FY 2026", NO, NO, "", 0},
};

START_TEST(a_number_is_read_where_it_can_be_read_in_one_way_only)
{
	char text[300];
	struct document doc;
	const Plumb__V1__Target *target;
	const Plumb__V1__Item *measure;
	const Plumb__V1__Objective *objective;

	snprintf(text, sizeof text, "# Objective: Aim\n- KR: %s\n", sentences[_i].text);
	doc = import(text);
	objective = item_of(&doc, "objective/aim")->objective;
	ck_assert_uint_eq(objective->n_targets, 1);
	target = objective->targets[0];
	snprintf(text, sizeof text, "measure/%s", target->measure);
	measure = item_of(&doc, text);
	ck_assert_msg(
	    (target->target__case != 0) == (sentences[_i].target < NO), "%s", sentences[_i].text);
	ck_assert_msg((target->baseline__case != 0) == (sentences[_i].baseline < NO), "%s",
	    sentences[_i].text);
	if (target->target__case != 0)
		ck_assert_double_eq_tol(target->target, sentences[_i].target, 1e-9);
	else
		ck_assert_str_eq(target->text, sentences[_i].text);
	if (target->baseline__case != 0)
		ck_assert_double_eq_tol(target->baseline, sentences[_i].baseline, 1e-9);
	ck_assert_str_eq(measure->measure->unit, sentences[_i].unit);
	ck_assert_int_eq((int)measure->measure->direction, sentences[_i].direction);
	planfile_free(doc.plan);
}
END_TEST

/* ---- outlines ----------------------------------------------------------------------------------------------------- */

static const char outline[] =
    "# Acme OKRs 2026 Q2\n"
    "\n"
    "## Objective 1: Customers love onboarding\n"
    "**Owner:** Anna Brandt\n"
    "**Team:** Customer Success\n"
    "\n"
    "- KR1.1: Increase activation from 20% to 35% (Owner: Ben Cho) Progress 40%\n"
    "- KR1.2: Reduce time to value from 10 days to 3 days [0.7]\n"
    "- KR1.3: NPS ≥ 45\n"
    "  - Current: 38\n"
    "- Key Result: Publish the guide => 80%\n"
    "\n"
    "## O2. Grow revenue\n"
    "Owner: @carla\n"
    "### Key Results\n"
    "1. Churn below 2.5%\n"
    "   Due: 2026-06-15\n"
    "2. Sign 3 partners | Owner: Hal | Due: Sep 15, 2026\n";

START_TEST(an_outline_becomes_objectives_with_their_key_results)
{
	struct document doc = import(outline);
	const Plumb__V1__Item *first = item_of(&doc, "objective/customers-love-onboarding");
	const Plumb__V1__Item *activation =
	    item_of(&doc, "measure/increase-activation-from-20-to-35");
	const Plumb__V1__Record *record;
	const Plumb__V1__Target *target;

	ck_assert_uint_eq(doc.report->objectives, 2);
	ck_assert_uint_eq(doc.report->key_results, 6);
	ck_assert_str_eq(first->owners[0], "anna-brandt");
	ck_assert_str_eq(first->objective->team, "customer-success");
	ck_assert_str_eq(first->objective->periods[0], "2026-q2");
	ck_assert_str_eq(item_of(&doc, "period/2026-q2")->period->last_day, "2026-06-30");
	ck_assert_uint_eq(first->objective->n_targets, 4);
	ck_assert_str_eq(activation->title, "Increase activation from 20% to 35%");
	ck_assert_str_eq(activation->owners[0], "ben-cho");
	ck_assert_str_eq(activation->measure->inline_under, "customers-love-onboarding");
	/* a part of what was wanted is no value of the measure: it is what its owner says */
	record = record_about(
	    &doc, PLUMB__V1__KIND__CHECK_IN, "measure/increase-activation-from-20-to-35");
	ck_assert_double_eq_tol(record->check_in->progress, 0.4, 1e-9);
	ck_assert_str_eq(record->at, "2026-05-10"); /* the day of the import: the quarter is on */
	record = record_about(&doc, PLUMB__V1__KIND__MEASUREMENT, "nps-45");
	ck_assert_double_eq_tol(record->measurement->value, 38, 1e-9);
	/* without a number of its own, a key result is measured by how much of it was reached */
	record = record_about(&doc, PLUMB__V1__KIND__MEASUREMENT, "publish-the-guide");
	ck_assert_double_eq_tol(record->measurement->value, 80, 1e-9);
	target = target_of(&doc, "objective/customers-love-onboarding", "publish-the-guide");
	ck_assert_double_eq_tol(target->target, 100, 1e-9);
	ck_assert_str_eq(target->text, "Publish the guide");
	ck_assert_str_eq(item_of(&doc, "objective/grow-revenue")->owners[0], "carla");
	target = target_of(&doc, "objective/grow-revenue", "churn-below-2.5");
	ck_assert_str_eq(target->due, "2026-06-15");
	target = target_of(&doc, "objective/grow-revenue", "sign-3-partners");
	ck_assert_str_eq(target->due, "2026-09-15");
	ck_assert_str_eq(item_of(&doc, "measure/sign-3-partners")->owners[0], "hal");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(roles_cascade_and_key_results_carry_the_objectives_below_them)
{
	struct document doc = import("### 1. CEO: Great team\n"
				     "1. **CRO: Build a pipeline.**\n"
				     "    1. CRO KR: Double the leads => miss\n"
				     "        1. **Data Team: Instrument systems.** => 90%\n"
				     "            1. 1. Data Team KR:Hire 2 analysts => 100%\n");
	const Plumb__V1__Item *team = item_of(&doc, "objective/instrument-systems");

	ck_assert_uint_eq(doc.report->objectives, 3);
	ck_assert_uint_eq(doc.report->key_results, 2);
	ck_assert_str_eq(item_of(&doc, "objective/great-team")->owners[0], "ceo");
	ck_assert_str_eq(
	    item_of(&doc, "objective/build-a-pipeline")->objective->parent, "great-team");
	ck_assert_str_eq(team->objective->parent, "build-a-pipeline");
	ck_assert_str_eq(team->links[0]->to, "measure/double-the-leads");
	/* a team is no person: nobody answers for it */
	ck_assert_uint_eq(team->n_owners, 0);
	ck_assert_str_eq(team->objective->team, "data-team");
	ck_assert_str_eq(item_of(&doc, "measure/double-the-leads")->description, "Result: miss");
	ck_assert_uint_eq(noted(&doc, "results of objectives"), 1);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(a_fiscal_quarter_has_the_days_that_the_document_says)
{
	struct document doc =
	    import("# FY20-Q4 OKRs\nIt will run from November 1, 2019 to January 31, 2020.\n"
		   "## Objective: Aim\n- KR: Sell it => 40% complete\n");
	const Plumb__V1__Item *period = item_of(&doc, "period/fy20-q4");

	ck_assert_str_eq(period->period->first_day, "2019-11-01");
	ck_assert_str_eq(period->period->last_day, "2020-01-31");
	/* what was reached in it was not reached later than its end */
	ck_assert_str_eq(
	    record_about(&doc, PLUMB__V1__KIND__MEASUREMENT, "sell-it")->at, "2020-01-31");
	planfile_free(doc.plan);
	doc = import("# FY20-Q4 OKRs\n## Objective: Aim\n- KR: Sell it\n");
	ck_assert_str_eq(item_of(&doc, "period/fy20-q4")->period->first_day, "");
	ck_assert_uint_eq(noted(&doc, "fiscal periods"), 1);
	planfile_free(doc.plan);
}
END_TEST

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static const char head[] =
    "Objective;Team;Quarter;Key Result;Owner;Baseline;Target;Current;Status\n";
static const char *const rows[] = {
    "Love onboarding;Success;Q2 2026;Activation;Ben Cho;20%;35%;24%;On track\n",
    "Love onboarding;Success;Q2 2026;\"Time; to\nvalue\";Ben Cho;10 days;3 days;8 days;\n",
    "Grow;Sales;Q2 2026;\"MRR \"\"net\"\"\";Carla;1,000,000;1'200'000;1.050.000;weird\n",
    "Grow;Success;Q2 2026;Activation;Carla;;;;\n",
};

static void
check_same(const struct planfile *a, const struct planfile *b)
{
	const struct planfile_step *one = a->steps[a->steps_count - 1];
	const struct planfile_step *other = b->steps[b->steps_count - 1];

	ck_assert_uint_eq(one->count, other->count);
	for (size_t i = 0; i < one->count; i++) {
		const struct planfile_entry *x = one->entries[i];
		const struct planfile_entry *y = planfile_find(other, x->ref);

		ck_assert_msg(y != NULL, "no %s", x->ref);
		if (x->item != NULL)
			ck_assert_msg(
			    pb_equal(&plumb__v1__item__descriptor, &x->item->base, &y->item->base),
			    "%s differs", x->ref);
		else
			ck_assert_msg(pb_equal(&plumb__v1__record__descriptor, &x->record->base,
					  &y->record->base),
			    "%s differs", x->ref);
	}
}

START_TEST(a_table_becomes_the_same_plan_in_any_order_of_its_rows)
{
	static const int orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
	struct document first = {0};

	for (size_t i = 0; i < 4; i++) {
		struct document doc;
		struct str text;

		str_init(&text, 4096);
		str_add(&text, head);
		for (size_t k = 0; k < 4; k++)
			str_add(&text, rows[orders[i][k]]);
		doc = import(text.data);
		str_fini(&text);
		if (i == 0) {
			first = doc;
			continue;
		}
		check_same(first.plan, doc.plan);
		planfile_free(doc.plan);
	}
	/* "Grow" of two teams are two, each with its own name; so are the two "Activation" */
	ck_assert_uint_eq(first.report->objectives, 3);
	ck_assert_uint_eq(first.report->key_results, 4);
	ck_assert_str_eq(item_of(&first, "measure/time-to-value")->title, "Time; to value");
	ck_assert_str_eq(item_of(&first, "measure/mrr-net")->title, "MRR \"net\"");
	ck_assert_double_eq_tol(
	    record_about(&first, PLUMB__V1__KIND__MEASUREMENT, "mrr-net")->measurement->value,
	    1050000, 1e-9);
	ck_assert_uint_eq(noted(&first, "words of status"), 1);
	planfile_free(first.plan);
}
END_TEST

static const char jira[] =
    "Issue key,Issue id,Parent id,Issue Type,Status,Summary,Assignee,Due date,Resolved,Custom "
    "field (Epic "
    "Link),Watchers,Labels,Labels\n"
    "OKR-3,1003,1001,Key Result,In Progress,Cut MTTR from 4 hours to 1 hour,Ben,31/Mar/26 12:00 "
    "AM,,,7,alpha,beta\n"
    "OKR-5,1005,,Story,Done,Write it,Ben,,02/Feb/26,OKR-4,7,,\n"
    "OKR-4,1004,1001,Epic,Done,Rebuild alerting,Ben,30/Jun/26,,,7,,\n"
    "OKR-9,1009,OKR-77,Key Result,To Do,Uptime,Ben,,,,7,,\n"
    "OKR-1,1001,,Objective,Closed,Reliable platform,Anna,,2026-03-05,,7,,\n";

START_TEST(what_jira_exports_keeps_its_parents_wherever_they_stand)
{
	struct document doc = import(jira);
	const Plumb__V1__Item *objective = item_of(&doc, "objective/reliable-platform");

	ck_assert_str_eq(doc.report->dialect, "export of Jira (CSV)");
	ck_assert_int_eq(
	    (int)objective->objective->status, (int)PLUMB__V1__OBJECTIVE__STATUS__CLOSED);
	ck_assert_str_eq(objective->objective->closed, "2026-03-05");
	ck_assert_str_eq(
	    target_of(&doc, "objective/reliable-platform", "cut-mttr-from-4-hours-to-1-hour")->due,
	    "2026-03-31");
	ck_assert_str_eq(item_of(&doc, "initiative/rebuild-alerting")->initiative->objective,
	    "reliable-platform");
	ck_assert_str_eq(item_of(&doc, "task/write-it")->task->initiative, "rebuild-alerting");
	ck_assert_str_eq(item_of(&doc, "task/write-it")->task->done, "2026-02-02");
	ck_assert_uint_eq(item_of(&doc, "measure/cut-mttr-from-4-hours-to-1-hour")->n_labels, 2);
	ck_assert_uint_eq(noted(&doc, "parents that the document does not have"), 1);
	ck_assert_uint_eq(noted(&doc, "columns that say nothing"), 1); /* Watchers */
	planfile_free(doc.plan);
}
END_TEST

START_TEST(epics_are_objectives_where_nothing_else_is)
{
	struct document doc = import("Issue key,Issue Type,Summary,Parent\n"
				     "A-2,Story,Hire 2 testers,A-1\n"
				     "A-1,Epic,Test more,\n");

	ck_assert_uint_eq(doc.report->objectives, 1);
	ck_assert_double_eq_tol(
	    target_of(&doc, "objective/test-more", "hire-2-testers")->target, 2, 1e-9);
	ck_assert_uint_eq(noted(&doc, "no issue type"), 1);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(keys_say_what_is_below_what_and_circles_are_cut)
{
	struct document doc = import("ID,Title\nKR1.1,Sell 5\nO1,Grow\nKR2.1,Lost\n");

	ck_assert_double_eq_tol(target_of(&doc, "objective/grow", "sell-5")->target, 5, 1e-9);
	ck_assert_uint_eq(noted(&doc, "parents that the document does not have"), 1);
	planfile_free(doc.plan);
	doc = import("ID,Type,Title,Parent\na,Objective,A,b\nb,Objective,B,c\nc,Objective,C,a\n"
		     "d,Objective,D,a\n");
	ck_assert_uint_eq(noted(&doc, "parents in a circle"), 3);
	ck_assert_str_eq(item_of(&doc, "objective/a")->objective->parent, "");
	ck_assert_str_eq(item_of(&doc, "objective/d")->objective->parent, "a");
	planfile_free(doc.plan);
}
END_TEST

START_TEST(a_second_import_that_knows_of_the_first_says_the_same)
{
	struct document first = import(outline), second;
	const struct planfile_step *step = planfile_present(first.plan);
	struct import_known *known = calloc(step->count, sizeof *known);

	ck_assert_ptr_nonnull(known);
	for (size_t i = 0; i < step->count; i++) {
		const struct planfile_entry *entry = step->entries[i];

		known[i] = (struct import_known){
		    .ref = entry->ref, .title = "", .at = "", .source = "okr:q2.md"};
		if (entry->record != NULL) {
			known[i].at = "2026-05-10";
			continue;
		}
		known[i].title = entry->item->title;
		known[i].external_ids = (const char *const *)entry->item->external_ids;
		known[i].external_ids_count = entry->item->n_external_ids;
	}
	second = import_known(outline, strlen(outline), known, step->count, OKR_ANY);
	ck_assert(second.ok);
	check_same(first.plan, second.plan);
	planfile_free(first.plan);
	planfile_free(second.plan);
	free(known);
}
END_TEST

START_TEST(an_id_that_others_have_is_not_given_again)
{
	static const struct import_known known[] = {
	    {.ref = "objective/aim", .title = "Another", .source = "", .at = ""},
	    {.ref = "person/anna", .title = "Anna", .source = "", .at = ""}};
	const char *text = "# Objective: Aim\nOwner: Anna\n- KR: Sell 5\n";
	struct document doc = import_known(text, strlen(text), known, 2, OKR_ANY);

	ck_assert(doc.ok);
	ck_assert_ptr_null(planfile_find(planfile_present(doc.plan), "objective/aim"));
	ck_assert_ptr_null(planfile_find(planfile_present(doc.plan), "person/anna"));
	ck_assert_uint_eq(doc.report->there, 1);
	planfile_free(doc.plan);
}
END_TEST

/* ---- bad input ------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *text;
	size_t len;
	const char *message;
} bad[] = {
    {"", 0, "q2.md: neither objectives nor key results"},
    {"just some words\n", 16, "neither objectives nor key results"},
    {"# Objective: A\xff\n", 16, "q2.md:1: is not UTF-8"},
    {"# Objective: A\n\0b\n", 18, "q2.md:2: holds a NUL byte"},
    {"\xff\xfe#\0 \0", 6, "is UTF-16; save it as UTF-8"},
    {"Objective,Key Result\nA,\"b\n", 26, "q2.md:2: a cell begins with a quote"},
    {"Team,Owner\na,b\n", 15, "no column is called Objective, Key Result, Title"},
};

START_TEST(what_is_no_outline_and_no_table_is_refused_with_its_place)
{
	struct document doc = import_known(bad[_i].text, bad[_i].len, NULL, 0, OKR_ANY);

	ck_assert(!doc.ok);
	ck_assert_int_eq(doc.err.code, ERR_INVALID);
	ck_assert_msg(strstr(doc.err.msg, bad[_i].message) != NULL, "%s", doc.err.msg);
	planfile_free(doc.plan);
}
END_TEST

/* A text of one character repeated between two others. */
static struct document
import_long(const char *before, char c, size_t count, const char *after)
{
	struct str text;
	struct document doc;

	str_init(&text, OKR_BYTES_MAX + 4096);
	str_add(&text, before);
	for (size_t i = 0; i < count; i++)
		str_add_char(&text, c);
	str_add(&text, after);
	ck_assert(str_ok(&text));
	doc = import_known(text.data, text.len, NULL, 0, OKR_ANY);
	str_fini(&text);
	return doc;
}

START_TEST(limits_are_named_and_hold)
{
	struct document doc = import_long("# Objective: ", 'x', OKR_LINE_MAX - 13, "\n- KR: a\n");

	ck_assert_msg(doc.ok, "%s", doc.err.msg); /* and its title is cut */
	planfile_free(doc.plan);
	doc = import_long("# Objective: ", 'x', OKR_LINE_MAX - 12, "\n- KR: a\n");
	ck_assert_int_eq(doc.err.code, ERR_LIMIT);
	planfile_free(doc.plan);
	doc = import_long("", '\n', OKR_LINES_MAX, "# Objective: A\n");
	ck_assert_int_eq(doc.err.code, ERR_LIMIT);
	planfile_free(doc.plan);
	doc = import_long("# Objective: A", '\n', OKR_BYTES_MAX, "");
	ck_assert_int_eq(doc.err.code, ERR_LIMIT);
	planfile_free(doc.plan);
	doc = import_long("Objective", ',', OKR_COLUMNS_MAX, "\n");
	ck_assert(!doc.ok);
	planfile_free(doc.plan);
	/* brackets within brackets cost no time */
	doc = import_long("# Objective: A\n- KR: ", '[', OKR_LINE_MAX - 100, "\n");
	ck_assert_msg(doc.ok, "%s", doc.err.msg);
	planfile_free(doc.plan);
}
END_TEST

/* A cascade of that many objectives. */
static struct document
cascade(unsigned levels)
{
	struct str text;
	struct document doc;

	str_init(&text, 1u << 20);
	for (unsigned i = 0; i < levels; i++)
		str_addf(&text, "%*s- Objective: Level %u\n", (int)(2 * i), "", i);
	doc = import_known(text.data, text.len, NULL, 0, OKR_MARKDOWN);
	str_fini(&text);
	return doc;
}

START_TEST(objectives_cascade_as_deep_as_the_plan_takes_them)
{
	struct document doc = cascade(OKR_DEPTH_MAX + 1); /* 32 above the last one */

	ck_assert_msg(doc.ok, "%s", doc.err.msg);
	ck_assert_str_eq(item_of(&doc, "objective/level-32")->objective->parent, "level-31");
	planfile_free(doc.plan);
	doc = cascade(OKR_DEPTH_MAX + 2);
	ck_assert_int_eq(doc.err.code, ERR_LIMIT);
	ck_assert_msg(
	    strstr(doc.err.msg, "q2.md:34: more than 32 objectives") != NULL, "%s", doc.err.msg);
	planfile_free(doc.plan);
}
END_TEST

/* As people type them into a document: paragraphs and lines, short marks, a table below a heading. */
static const char lines[] = "# Search OKRs 2026 Q2\n"
			    "\n"
			    "**Objective: Trust** (0.6)\n"
			    "KR1: Bad results from 3% to 2%\n"
			    "KR2: Launch in 5 countries\n"
			    "we lost time here\n"
			    "\n"
			    "- O: Fewer pages\n"
			    "  - KR: Under 5 pages a week (Owner: Ana Ruiz, due 2026-06-15)\n"
			    "\n"
			    "## Sales\n"
			    "### O3 Sell more\n"
			    "| KR | Target | Status |\n"
			    "|----|--------|--------|\n"
			    "| Deals | 12 | On-track |\n"
			    "### Close faster\n"
			    "| KR | Target |\n"
			    "|----|--------|\n"
			    "| Days to close | 30 |\n";

START_TEST(lines_short_marks_and_tables_below_a_heading_are_read)
{
	struct document doc = import(lines);
	const Plumb__V1__Item *trust = item_of(&doc, "objective/trust");
	const Plumb__V1__Item *pages = item_of(&doc, "measure/under-5-pages-a-week");
	const Plumb__V1__Item *second = item_of(&doc, "measure/launch-in-5-countries");
	const Plumb__V1__Record *said =
	    record_about(&doc, PLUMB__V1__KIND__CHECK_IN, "measure/deals");

	ck_assert_uint_eq(trust->objective->n_targets, 2);
	ck_assert_double_eq_tol(trust->objective->targets[0]->target, 2, 1e-9);
	ck_assert_str_eq(second->description, "we lost time here");
	ck_assert_uint_eq(pages->n_owners, 1);
	ck_assert_str_eq(pages->owners[0], "ana-ruiz");
	ck_assert_str_eq(
	    item_of(&doc, "objective/fewer-pages")->objective->targets[0]->due, "2026-06-15");
	ck_assert_str_eq(
	    item_of(&doc, "objective/sell-more")->objective->targets[0]->measure, "deals");
	ck_assert_int_eq((int)said->check_in->status, PLUMB__V1__CHECK_IN__STATUS__ON_TRACK);
	ck_assert_str_eq(item_of(&doc, "objective/close-faster")->objective->targets[0]->measure,
	    "days-to-close");
	ck_assert_uint_eq(doc.report->people, 1);
	ck_assert_uint_eq(doc.report->objectives, 4);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(a_letter_or_a_number_of_a_product_is_no_mark)
{
	struct document doc =
	    import("# Objective: A\n- O365 for everybody\n- O2 sensors in 3 halls\n");

	ck_assert_uint_eq(doc.report->objectives, 1);
	ck_assert_uint_eq(item_of(&doc, "objective/a")->objective->n_targets, 2);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(parents_are_found_by_other_names_addresses_and_key_results)
{
	static const char text[] =
	    "Name,Type,Parent item\n"
	    "Delight customers,Objective,\n"
	    "Reach 50 points,Key Result,Delight customers (https://example.org/p-1a2b)\n";
	static const char beside[] = "Objective,Key Result,Target,Parent\n"
				     "Grow,Revenue,5,\n"
				     "Sell,Deals,3,Revenue\n"
				     "Sell,Calls,30,Nowhere\n";
	struct document doc = import(text);

	ck_assert_str_eq(
	    item_of(&doc, "objective/delight-customers")->objective->targets[0]->measure,
	    "reach-50-points");
	planfile_free(doc.plan);
	doc = import(beside);
	ck_assert_str_eq(item_of(&doc, "objective/sell")->objective->parent, "grow");
	ck_assert_str_eq(item_of(&doc, "objective/sell")->links[0]->to, "measure/revenue");
	ck_assert_uint_eq(noted(&doc, "further parents"), 1);
	ck_assert_uint_eq(noted(&doc, "does not have"), 0);
	planfile_free(doc.plan);
}
END_TEST

START_TEST(the_report_names_line_and_text_of_what_was_not_understood)
{
	struct document doc = import("# Objective: A\n- KR: Sell 5\n\n# Other\n- A bell\a rings\n");
	struct str text;

	str_init(&text, 65536);
	okr_report_print(doc.report, "q2.md", &text);
	ck_assert_ptr_nonnull(strstr(text.data, "1 × list items that belong to no objective\n"
						"        line 5: A bell"));
	ck_assert_ptr_null(strchr(text.data, '\a'));
	str_fini(&text);
	planfile_free(doc.plan);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("import_okr");
	TCase *tc = tcase_create("import_okr");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, a_number_is_read_where_it_can_be_read_in_one_way_only, 0,
	    sizeof sentences / sizeof *sentences);
	tcase_add_test(tc, an_outline_becomes_objectives_with_their_key_results);
	tcase_add_test(tc, roles_cascade_and_key_results_carry_the_objectives_below_them);
	tcase_add_test(tc, a_fiscal_quarter_has_the_days_that_the_document_says);
	tcase_add_test(tc, a_table_becomes_the_same_plan_in_any_order_of_its_rows);
	tcase_add_test(tc, what_jira_exports_keeps_its_parents_wherever_they_stand);
	tcase_add_test(tc, epics_are_objectives_where_nothing_else_is);
	tcase_add_test(tc, keys_say_what_is_below_what_and_circles_are_cut);
	tcase_add_test(tc, a_second_import_that_knows_of_the_first_says_the_same);
	tcase_add_test(tc, an_id_that_others_have_is_not_given_again);
	tcase_add_loop_test(tc, what_is_no_outline_and_no_table_is_refused_with_its_place, 0,
	    sizeof bad / sizeof *bad);
	tcase_add_test(tc, limits_are_named_and_hold);
	tcase_add_test(tc, objectives_cascade_as_deep_as_the_plan_takes_them);
	tcase_add_test(tc, lines_short_marks_and_tables_below_a_heading_are_read);
	tcase_add_test(tc, a_letter_or_a_number_of_a_product_is_no_mark);
	tcase_add_test(tc, parents_are_found_by_other_names_addresses_and_key_results);
	tcase_add_test(tc, the_report_names_line_and_text_of_what_was_not_understood);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
