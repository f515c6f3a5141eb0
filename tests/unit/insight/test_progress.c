/* Progress, by hand: each method, each source of a number, what is not known. Today is 2026-03-31. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/insight/progress.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

#define TODAY "2026-03-31"
#define NOT   NAN

struct rig {
	struct plan_text text;
	struct index ix;
	struct progress *progress;
};

static void
rig_init(struct rig *rig, const char *lines)
{
	struct err err;
	int32_t today;

	plan_text_init(&rig->text);
	plan_text_put(&rig->text, "2026-01-05", lines);
	ck_assert(date_parse(TODAY, &today));
	ck_assert(index_init(&rig->ix, plan_text_view(&rig->text), today, ROLES_ALL, NULL, NULL, &err));
	rig->progress = progress_new(&rig->ix);
	ck_assert_ptr_nonnull(rig->progress);
}

static void
rig_fini(struct rig *rig)
{
	progress_free(rig->progress);
	index_fini(&rig->ix);
	plan_text_fini(&rig->text);
}

static struct progress_of
get(struct rig *rig, const char *ref)
{
	struct progress_of of;

	ck_assert(progress_of(rig->progress, plan_text_slot(&rig->text, ref), &of));
	return of;
}

static void
same(const char *what, double have, double want)
{
	if (isnan(want) ? !isnan(have) : !(fabs(have - want) < 1e-9))
		ck_abort_msg("%s: %.15g instead of %.15g", what, have, want);
}

/* Work of one item of a plan. */
static void
work_is(const char *lines, const char *ref, double want)
{
	struct rig rig;

	rig_init(&rig, lines);
	same(ref, get(&rig, ref).work.value, want);
	rig_fini(&rig);
}

static void
outcome_is(const char *lines, const char *ref, double want)
{
	struct rig rig;

	rig_init(&rig, lines);
	same(ref, get(&rig, ref).outcome.value, want);
	rig_fini(&rig);
}

#define TASK(id, effort, more) "task/" id " {'initiative': 'i', 'effort': " effort more "}\n"
#define DONE ", 'done': '2026-03-01'"
#define SAYS(id, about, progress) "check-in/" id " {'progress': " progress "} {'about': '" about "', 'at': '2026-03-20'}\n"

/* ---- where work comes from */

START_TEST(done_is_one_whatever_was_said)
{
	work_is("initiative/i {'status': 'DONE'}\n" SAYS("c", "initiative/i", "0.4"), "initiative/i", 1);
	work_is("task/t {'done': '2026-03-31'}\n", "task/t", 1);
	work_is("task/t {'done': '2026-04-01'}\n", "task/t", 0); /* will be done tomorrow */
	work_is("milestone/m {}\n", "milestone/m", 0);
}
END_TEST

START_TEST(the_newest_check_in_goes_before_the_parts)
{
	work_is("initiative/i {}\n" TASK("a", "100", DONE) SAYS("c", "initiative/i", "0.4"), "initiative/i", 0.4);
	work_is("initiative/i {}\n"
	    "check-in/old {'progress': 0.9} {'about': 'initiative/i', 'at': '2026-03-01'}\n"
	    SAYS("c", "initiative/i", "0.4"), "initiative/i", 0.4);
	/* The newest one states no number: the parts say it. */
	work_is("initiative/i {}\n" TASK("a", "100", DONE)
	    "check-in/c {'status': 'ON_TRACK'} {'about': 'initiative/i', 'at': '2026-03-20'}\n", "initiative/i", 1);
}
END_TEST

START_TEST(nothing_said_and_no_parts_is_unknown)
{
	work_is("initiative/i {'status': 'ACTIVE'}\n", "initiative/i", NOT);
	work_is("objective/o {}\n", "objective/o", NOT);
	work_is("goal/g {}\n", "goal/g", NOT);
}
END_TEST

/* ---- weighted */

START_TEST(tasks_weigh_their_effort)
{
	/* 300 of 400 */
	work_is("initiative/i {}\n" TASK("a", "300", DONE) TASK("b", "100", ""), "initiative/i", 0.75);
	/* The third weighs as the mean of the others, 200: 300 of 600. */
	work_is("initiative/i {}\n" TASK("a", "300", DONE) TASK("b", "100", "") "task/c {'initiative': 'i'}\n",
	    "initiative/i", 0.5);
	/* Nothing is stated: all the same. */
	work_is("initiative/i {}\ntask/a {'initiative': 'i' " DONE "}\ntask/b {'initiative': 'i'}\n", "initiative/i", 0.5);
	/* A stated zero weighs nothing. */
	work_is("initiative/i {}\n" TASK("a", "0", "") TASK("b", "100", DONE), "initiative/i", 1);
	/* Only zeros: nothing weighs, so nothing is known. */
	work_is("initiative/i {}\n" TASK("a", "0", DONE), "initiative/i", NOT);
}
END_TEST

START_TEST(milestones_weigh_nothing_beside_effort)
{
	work_is("initiative/i {}\n" TASK("a", "100", DONE) "milestone/m {'initiative': 'i'}\n", "initiative/i", 1);
	work_is("initiative/i {}\nmilestone/m {'initiative': 'i' " DONE "}\nmilestone/n {'initiative': 'i'}\n",
	    "initiative/i", 0.5);
	/* One with tasks weighs what they weigh: 300 done of 400. */
	work_is("initiative/i {}\nmilestone/m {'initiative': 'i'}\n" TASK("a", "100", "")
	    "task/b {'initiative': 'milestone/m', 'effort': 300 " DONE "}\n", "initiative/i", 0.75);
}
END_TEST

START_TEST(a_workstream_without_an_estimate_weighs_its_tasks)
{
	/* (300 * 0.5 + 100 * 1) / 400 */
	work_is("initiative/i {}\n" TASK("a", "100", DONE)
	    "workstream/w {'initiative': 'i'}\n"
	    "task/b {'initiative': 'workstream/w', 'effort': 150 " DONE "}\n"
	    "task/c {'initiative': 'workstream/w', 'effort': 150}\n", "initiative/i", 0.625);
}
END_TEST

START_TEST(what_was_given_up_does_not_count)
{
	work_is("initiative/i {}\n"
	    "workstream/w {'initiative': 'i', 'status': 'STOPPED', 'estimate': {'likely': 900}}\n"
	    TASK("a", "100", DONE), "initiative/i", 1);
}
END_TEST

START_TEST(initiatives_weigh_the_effort_that_goes_there)
{
	const char *plan =
	    "objective/o {}\nobjective/p {}\n"
	    "initiative/one {'objective': 'o', 'estimate': {'likely': 1000}}\n" SAYS("a", "initiative/one", "1.0")
	    /* a quarter of 4000 goes to o, the rest to p */
	    "initiative/two {'objective': 'p', 'estimate': {'likely': 4000}, "
	    "'contributions': [{'to': 'o', 'effort_share': 0.25}]}\n" SAYS("b", "initiative/two", "0.5");

	work_is(plan, "objective/o", 0.75);
	work_is(plan, "objective/p", 0.5);
}
END_TEST

START_TEST(objectives_weigh_what_is_stated_and_effort_beside_it)
{
	/* 0.75 * 1 + 0.25 * 0.2 */
	const char *two =
	    "goal/g {}\n"
	    "objective/a {'goal': 'g', 'weight': 0.6}\nobjective/b {'goal': 'g', 'weight': 0.2}\n"
	    "initiative/ia {'objective': 'a'}\n" SAYS("x", "initiative/ia", "1.0")
	    "initiative/ib {'objective': 'b'}\n" SAYS("y", "initiative/ib", "0.2");
	/* One objective below and two initiatives: a third each, whatever the units. */
	const char *mixed =
	    "objective/o {}\nobjective/child {'parent': 'o', 'weight': 0.01}\n"
	    "initiative/ic {'objective': 'child'}\n" SAYS("x", "initiative/ic", "0.9")
	    "initiative/a {'objective': 'o', 'estimate': {'likely': 500}}\n" SAYS("y", "initiative/a", "0.3")
	    "initiative/b {'objective': 'o', 'estimate': {'likely': 500}}\n" SAYS("z", "initiative/b", "0.6");

	work_is(two, "goal/g", 0.8);
	work_is(mixed, "objective/o", 0.6);
}
END_TEST

/* ---- weakest, all */

START_TEST(the_weakest_holds_the_whole_down)
{
	work_is("initiative/i {}\n" TASK("a", "100", DONE)
	    "workstream/w {'initiative': 'i', 'estimate': {'likely': 100}, 'roll_up': 'WEAKEST'}\n"
	    SAYS("c", "workstream/w", "0.3"), "initiative/i", 0.3);
	/* It only limits: what is above it changes nothing. */
	work_is("initiative/i {}\n" TASK("a", "100", DONE) TASK("b", "100", "")
	    "workstream/w {'initiative': 'i', 'estimate': {'likely': 800}, 'roll_up': 'WEAKEST'}\n"
	    SAYS("c", "workstream/w", "0.9"), "initiative/i", 0.5);
	/* Only weakest ones: the least. */
	work_is("initiative/i {}\n"
	    "workstream/v {'initiative': 'i', 'roll_up': 'WEAKEST'}\n" SAYS("c", "workstream/v", "0.9")
	    "workstream/w {'initiative': 'i', 'roll_up': 'WEAKEST'}\n" SAYS("d", "workstream/w", "0.4"),
	    "initiative/i", 0.4);
	/* How strong the weakest is, is not known. */
	work_is("initiative/i {}\n" TASK("a", "100", DONE) "workstream/w {'initiative': 'i', 'roll_up': 'WEAKEST'}\n",
	    "initiative/i", NOT);
}
END_TEST

START_TEST(what_is_needed_whole_counts_when_it_is_complete)
{
	/* 100 done, 100 at 0.9 that counts nothing yet */
	work_is("initiative/i {}\n" TASK("a", "100", DONE)
	    "workstream/w {'initiative': 'i', 'estimate': {'likely': 100}, 'roll_up': 'ALL'}\n"
	    SAYS("c", "workstream/w", "0.9"), "initiative/i", 0.5);
	work_is("initiative/i {}\n" TASK("a", "100", DONE)
	    "workstream/w {'initiative': 'i', 'estimate': {'likely': 100}, 'roll_up': 'ALL'}\n"
	    SAYS("c", "workstream/w", "1.0"), "initiative/i", 1);
	/* A milestone has no weight beside effort, but without it nothing is complete. */
	work_is("initiative/i {}\n" TASK("a", "100", DONE) "milestone/m {'initiative': 'i', 'roll_up': 'ALL'}\n",
	    "initiative/i", 0.99);
	work_is("initiative/i {}\n" TASK("a", "100", DONE) "milestone/m {'initiative': 'i', 'roll_up': 'ALL' " DONE "}\n",
	    "initiative/i", 1);
}
END_TEST

START_TEST(a_contribution_has_a_method_of_its_own)
{
	const char *plan =
	    "objective/o {}\nobjective/p {}\n"
	    "initiative/a {'objective': 'o'}\n" SAYS("a", "initiative/a", "1.0")
	    "initiative/b {'objective': 'p', 'roll_up': 'ALL', 'contributions': "
	    "[{'to': 'p', 'effort_share': 0.5}, {'to': 'o', 'effort_share': 0.5, 'roll_up': 'WEAKEST'}]}\n"
	    SAYS("b", "initiative/b", "0.2");

	work_is(plan, "objective/o", 0.2);
	work_is(plan, "objective/p", 0); /* needed whole, and not complete */
}
END_TEST

/* ---- unknown */

START_TEST(a_mean_says_how_much_of_the_weight_is_known)
{
	struct rig rig;
	struct progress_of of;

	rig_init(&rig, "objective/o {}\n"
	    "initiative/a {'objective': 'o', 'estimate': {'likely': 300}}\n" SAYS("a", "initiative/a", "0.4")
	    "initiative/b {'objective': 'o', 'estimate': {'likely': 100}}\n");
	of = get(&rig, "objective/o");
	same("value", of.work.value, 0.4);
	same("known", of.work.known, 0.75);
	ck_assert_uint_eq(of.work.count, 2);
	ck_assert_uint_eq(of.work.known_count, 1);
	rig_fini(&rig);
}
END_TEST

START_TEST(less_than_half_of_the_weight_is_unknown)
{
	work_is("objective/o {}\n"
	    "initiative/a {'objective': 'o', 'estimate': {'likely': 100}}\n" SAYS("a", "initiative/a", "0.4")
	    "initiative/b {'objective': 'o', 'estimate': {'likely': 100}}\n", "objective/o", 0.4);
	work_is("objective/o {}\n"
	    "initiative/a {'objective': 'o', 'estimate': {'likely': 99}}\n" SAYS("a", "initiative/a", "0.4")
	    "initiative/b {'objective': 'o', 'estimate': {'likely': 101}}\n", "objective/o", NOT);
}
END_TEST

START_TEST(what_is_known_of_a_part_is_known_of_the_whole)
{
	struct rig rig;

	/* Half of one objective is known, all of the other: 0.75 of the goal. */
	rig_init(&rig, "goal/g {}\nobjective/o {'goal': 'g'}\nobjective/p {'goal': 'g'}\n"
	    "initiative/a {'objective': 'o'}\n" SAYS("a", "initiative/a", "0.4")
	    "initiative/b {'objective': 'o'}\n"
	    "initiative/c {'objective': 'p'}\n" SAYS("c", "initiative/c", "0.6"));
	same("value", get(&rig, "goal/g").work.value, 0.5);
	same("known", get(&rig, "goal/g").work.known, 0.75);
	rig_fini(&rig);
}
END_TEST

/* ---- outcome */

#define AIM(id, from, to) "{'measure': '" id "', 'baseline': " from ", 'target': " to "}"
#define ACTUAL(id, measure, value) \
	"measurement/" id " {'value': " value "} {'about': '" measure "', 'at': '2026-03-01'}\n"

START_TEST(an_objective_is_the_mean_of_its_measures)
{
	const char *one = "measure/m {'direction': 'UP'}\n" ACTUAL("a", "m", "25")
	    "objective/o {'targets': [" AIM("m", "10", "20") "]}\n";
	const char *two = "measure/m {'direction': 'UP'}\nmeasure/n {'direction': 'DOWN'}\n"
	    ACTUAL("a", "m", "25") ACTUAL("b", "n", "8")
	    "objective/o {'targets': [" AIM("m", "10", "20") ", " AIM("n", "10", "0") "]}\n";

	outcome_is(one, "objective/o", 1.5); /* alone it is shown as it is */
	outcome_is(two, "objective/o", 0.6); /* (1 + 0.2) / 2: what is beaten hides nothing */
	work_is(two, "objective/o", NOT);    /* and says nothing of the work */
	outcome_is("measure/m {'direction': 'UP'}\n" ACTUAL("a", "m", "5")
	    "objective/o {'targets': [" AIM("m", "10", "20") "]}\n", "objective/o", -0.5);
}
END_TEST

START_TEST(a_measure_that_says_nothing_leaves_its_part_unknown)
{
	outcome_is("measure/m {'direction': 'UP'}\nmeasure/n {}\n" ACTUAL("a", "m", "15") ACTUAL("b", "n", "8")
	    "objective/o {'targets': [" AIM("m", "10", "20") ", " AIM("n", "10", "0") "]}\n", "objective/o", 0.5);
	outcome_is("measure/m {'direction': 'UP'}\nobjective/o {'targets': [" AIM("m", "10", "20") "]}\n",
	    "objective/o", NOT);
	outcome_is("measure/m {'direction': 'UP'}\n" ACTUAL("a", "m", "15")
	    "objective/o {'targets': [" AIM("m", "10", "10") "]}\n", "objective/o", NOT);
}
END_TEST

START_TEST(a_goal_is_the_mean_of_its_objectives_by_weight)
{
	/* 0.75 * 1 (beaten) + 0.25 * 0.2; the initiative's work is not in it */
	outcome_is("measure/m {'direction': 'UP'}\nmeasure/n {'direction': 'UP'}\n"
	    ACTUAL("a", "m", "99") ACTUAL("b", "n", "12")
	    "goal/g {}\n"
	    "objective/o {'goal': 'g', 'weight': 0.3, 'targets': [" AIM("m", "10", "20") "]}\n"
	    "objective/p {'goal': 'g', 'weight': 0.1, 'targets': [" AIM("n", "10", "20") "]}\n"
	    "initiative/i {'objective': 'o', 'status': 'DONE'}\n", "goal/g", 0.8);
}
END_TEST

START_TEST(an_objective_without_measures_has_those_below_it)
{
	outcome_is("measure/m {'direction': 'UP'}\n" ACTUAL("a", "m", "14")
	    "objective/o {}\n"
	    "objective/child {'parent': 'o', 'targets': [" AIM("m", "10", "20") "]}\n"
	    "initiative/i {'objective': 'o', 'status': 'DONE'}\n", "objective/o", 0.4);
}
END_TEST

START_TEST(an_initiative_shows_the_measures_that_it_shall_move)
{
	const char *plan = "measure/m {'direction': 'UP'}\n" ACTUAL("a", "m", "11")
	    "objective/o {'targets': [" AIM("m", "10", "20") "]}\n"
	    "initiative/i {'status': 'DONE', 'contributions': [{'to': 'o', 'measure': 'm'}]}\n"
	    "initiative/j {'objective': 'o'}\n";

	outcome_is(plan, "initiative/i", 0.1);
	work_is(plan, "initiative/i", 1);
	outcome_is(plan, "initiative/j", NOT);
}
END_TEST

/* ---- sharing and circles */

START_TEST(what_is_reached_through_a_part_counts_there)
{
	/* The child names the goal too: it counts in its parent, not a second time beside it. */
	const char *plan =
	    "goal/g {}\n"
	    "objective/o {'goal': 'g'}\nobjective/child {'parent': 'o', 'goal': 'g'}\n"
	    "initiative/a {'objective': 'o'}\n" SAYS("a", "initiative/a", "0.2")
	    "initiative/b {'objective': 'child', 'contributions': [{'to': 'o', 'effort_share': 0.5}]}\n"
	    SAYS("b", "initiative/b", "0.8");
	struct rig rig;
	struct progress_part *parts;
	size_t count;

	rig_init(&rig, plan);
	same("child", get(&rig, "objective/child").work.value, 0.8);
	same("o", get(&rig, "objective/o").work.value, 0.5); /* a and child; b counts in child */
	same("g", get(&rig, "goal/g").work.value, 0.5);
	ck_assert(progress_parts(rig.progress, plan_text_slot(&rig.text, "goal/g"), &parts, &count));
	ck_assert_uint_eq(count, 1);
	free(parts);
	rig_fini(&rig);
}
END_TEST

START_TEST(what_names_a_whole_twice_counts_once)
{
	work_is("objective/o {}\n"
	    "initiative/a {'objective': 'o', 'contributions': [{'to': 'o', 'effort_share': 0.5}, {'to': 'o'}]}\n"
	    SAYS("a", "initiative/a", "0.2")
	    "initiative/b {'objective': 'o'}\n" SAYS("b", "initiative/b", "0.6"), "objective/o", 0.4);
}
END_TEST

START_TEST(deep_cascades_end)
{
	char lines[8192] = "goal/g {}\nobjective/o0 {'goal': 'g'}\n";
	size_t len = strlen(lines);
	struct rig rig;

	for (int i = 1; i < 30; i++)
		len += (size_t)snprintf(lines + len, sizeof lines - len, "objective/o%d {'parent': 'o%d', 'goal': 'g'}\n",
		    i, i - 1);
	snprintf(lines + len, sizeof lines - len, "initiative/i {'objective': 'o29'}\n" SAYS("c", "initiative/i", "0.3"));
	rig_init(&rig, lines);
	same("g", get(&rig, "goal/g").work.value, 0.3);
	rig_fini(&rig);
}
END_TEST

/* ---- status */

#define STANDS(id, about, status) "check-in/" id " {'status': '" status "'} {'about': '" about "', 'at': '2026-03-20'}\n"

START_TEST(the_status_is_the_worst_and_names_who_makes_it)
{
	struct rig rig;
	struct progress_of of;

	rig_init(&rig,
	    "goal/g {}\nobjective/o {'goal': 'g'}\nobjective/fine {'goal': 'g'}\n" STANDS("f", "objective/fine", "ON_TRACK")
	    "initiative/i {'objective': 'o'}\n" STANDS("a", "initiative/i", "ON_TRACK")
	    "workstream/w {'initiative': 'i'}\n" STANDS("b", "workstream/w", "OFF_TRACK")
	    "initiative/j {'objective': 'o'}\n" STANDS("c", "initiative/j", "AT_RISK")
	    "initiative/done {'objective': 'o', 'status': 'DONE'}\n" STANDS("d", "initiative/done", "OFF_TRACK"));
	of = get(&rig, "goal/g");
	ck_assert_uint_eq(of.status, PROGRESS_OFF_TRACK);
	ck_assert_uint_eq(of.behind, plan_text_slot(&rig.text, "workstream/w"));
	ck_assert_uint_eq(get(&rig, "objective/fine").status, PROGRESS_ON_TRACK);
	ck_assert_uint_eq(get(&rig, "initiative/done").status, PROGRESS_DONE);
	rig_fini(&rig);
}
END_TEST

START_TEST(nobody_said_anything_or_all_is_done)
{
	struct rig rig;

	rig_init(&rig, "objective/o {}\ninitiative/i {'objective': 'o'}\n"
	    "objective/p {}\ninitiative/j {'objective': 'p', 'status': 'DONE'}\n"
	    "initiative/k {'status': 'PAUSED'}\n");
	ck_assert_uint_eq(get(&rig, "objective/o").status, PROGRESS_UNKNOWN);
	ck_assert_uint_eq(get(&rig, "objective/p").status, PROGRESS_WORK_DONE);
	ck_assert_uint_eq(get(&rig, "initiative/k").status, PROGRESS_PAUSED);
	rig_fini(&rig);
}
END_TEST

/* ---- the tree */

START_TEST(the_tree_lists_each_once_and_says_where_numbers_come_from)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	struct progress_query query = {0};
	struct progress_tree tree;
	struct rig rig;
	struct err err;

	rig_init(&rig,
	    "measure/m {'direction': 'UP'}\n" ACTUAL("a", "m", "14")
	    "goal/g {}\ngoal/h {}\n"
	    "objective/o {'goal': 'g', 'further_goals': ['h'], 'targets': [" AIM("m", "10", "20") "]}\n"
	    "initiative/i {'objective': 'o'}\n" SAYS("c", "initiative/i", "0.5"));
	ck_assert(progress_list(&rig.ix, &query, arena, &tree, &err));
	ck_assert_uint_eq(tree.nodes_count, 5); /* g, o, i, h, o again */
	ck_assert_str_eq(tree.nodes[0].work_from, "1 part");
	ck_assert_str_eq(tree.nodes[1].outcome_from, "measure/m: 14, from 10 to 20");
	ck_assert_str_eq(tree.nodes[2].work_from, "check-in/c of 2026-03-20");
	ck_assert_int_eq(tree.nodes[2].parent, 1);
	ck_assert(tree.nodes[4].again && !tree.nodes[1].again);
	same("weight", tree.nodes[2].weight, 1);
	query.depth = 1;
	ck_assert(progress_list(&rig.ix, &query, arena, &tree, &err));
	ck_assert_uint_eq(tree.nodes_count, 4); /* not the initiative */
	arena_free(arena);
	rig_fini(&rig);
}
END_TEST

/* clang-format on */

int
main(void)
{
	Suite *suite = suite_create("progress");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, done_is_one_whatever_was_said);
	tcase_add_test(tc, the_newest_check_in_goes_before_the_parts);
	tcase_add_test(tc, nothing_said_and_no_parts_is_unknown);
	tcase_add_test(tc, tasks_weigh_their_effort);
	tcase_add_test(tc, milestones_weigh_nothing_beside_effort);
	tcase_add_test(tc, a_workstream_without_an_estimate_weighs_its_tasks);
	tcase_add_test(tc, what_was_given_up_does_not_count);
	tcase_add_test(tc, initiatives_weigh_the_effort_that_goes_there);
	tcase_add_test(tc, objectives_weigh_what_is_stated_and_effort_beside_it);
	tcase_add_test(tc, the_weakest_holds_the_whole_down);
	tcase_add_test(tc, what_is_needed_whole_counts_when_it_is_complete);
	tcase_add_test(tc, a_contribution_has_a_method_of_its_own);
	tcase_add_test(tc, a_mean_says_how_much_of_the_weight_is_known);
	tcase_add_test(tc, less_than_half_of_the_weight_is_unknown);
	tcase_add_test(tc, what_is_known_of_a_part_is_known_of_the_whole);
	tcase_add_test(tc, an_objective_is_the_mean_of_its_measures);
	tcase_add_test(tc, a_measure_that_says_nothing_leaves_its_part_unknown);
	tcase_add_test(tc, a_goal_is_the_mean_of_its_objectives_by_weight);
	tcase_add_test(tc, an_objective_without_measures_has_those_below_it);
	tcase_add_test(tc, an_initiative_shows_the_measures_that_it_shall_move);
	tcase_add_test(tc, what_is_reached_through_a_part_counts_there);
	tcase_add_test(tc, what_names_a_whole_twice_counts_once);
	tcase_add_test(tc, deep_cascades_end);
	tcase_add_test(tc, the_status_is_the_worst_and_names_who_makes_it);
	tcase_add_test(tc, nobody_said_anything_or_all_is_done);
	tcase_add_test(tc, the_tree_lists_each_once_and_says_where_numbers_come_from);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
