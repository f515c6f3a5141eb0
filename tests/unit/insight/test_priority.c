/* The family priority: the order itself and what pulls apart. Plans are of 2026-01-05, today is 2026-03-31 where nothing else is said. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/check.h"
#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

#define WORK(id, status) "initiative/" id " {'status': '" status "'}\n"
#define LAST(id)         "{'place': {'item': '" id "', 'last': true}}"
#define TIED(id, with)   "{'place': {'item': '" id "', 'tiedWith': '" with "'}}"
#define TEAM(id, team)   "{'place': {'item': '" id "', 'ranking': '" team "', 'last': true}}"

/* A plan of lines, then changes (rankings), then what the rule finds. */
static void
expect(const char *lines, const char *changes, const char *rule, const char *expected)
{
	struct plan_text text;

	plan_text_init(&text);
	if (lines[0] != '\0')
		plan_text_put(&text, "2026-01-05", lines);
	if (changes[0] != '\0')
		plan_text_apply(&text, "2026-01-06", changes);
	check_text_expect(&text, "2026-03-31", rule, expected);
	plan_text_fini(&text);
}

static void
expect_says(const char *lines, const char *changes, const char *rule, const char *message)
{
	struct plan_text text;

	plan_text_init(&text);
	if (lines[0] != '\0')
		plan_text_put(&text, "2026-01-05", lines);
	if (changes[0] != '\0')
		plan_text_apply(&text, "2026-01-06", changes);
	check_text_says(&text, "2026-03-31", rule, message);
	plan_text_fini(&text);
}

/* ---- unranked */

START_TEST(what_runs_without_a_rank_is_found)
{
	expect(WORK("a", "ACTIVE") WORK("b", "APPROVED") WORK("c", "ACTIVE")
	    WORK("proposed", "PROPOSED") WORK("unstated", "WORK_STATUS_UNSPECIFIED")
	    WORK("paused", "PAUSED") WORK("done", "DONE") WORK("stopped", "STOPPED"),
	    LAST("a"),
	    "priority/unranked",
	    "priority/unranked:initiative/b\n"
	    "priority/unranked:initiative/c\n");
	expect_says(WORK("a", "ACTIVE") WORK("b", "APPROVED"), LAST("a"), "priority/unranked",
	    "initiative/b is approved, but has no place in the order of initiatives.");
}
END_TEST

START_TEST(without_any_order_it_is_said_once)
{
	expect(WORK("a", "ACTIVE") WORK("b", "APPROVED"), "", "priority/unranked",
	    "priority/unranked:plan\n");
	expect_says(WORK("a", "ACTIVE") WORK("b", "APPROVED") WORK("c", "PROPOSED"), "", "priority/unranked",
	    "There is no order: 2 initiatives are approved or active, and none is ranked.");
	/* one alone needs no order; neither do those that take nobody's time */
	expect(WORK("a", "ACTIVE") WORK("b", "PROPOSED") WORK("c", "DONE"), "", "priority/unranked", "");
	expect("", "", "priority/unranked", "");
	/* a team's order is not the company's */
	expect(WORK("a", "ACTIVE") WORK("b", "ACTIVE") "team/t {}\n", TEAM("a", "t") ", " TEAM("b", "t"),
	    "priority/unranked", "priority/unranked:plan\n");
}
END_TEST

/* ---- tie */

START_TEST(initiatives_that_share_a_rank_are_found)
{
	expect(WORK("a", "ACTIVE") WORK("b", "ACTIVE") WORK("c", "PROPOSED") WORK("d", "ACTIVE") WORK("e", "PAUSED"),
	    LAST("a") ", " LAST("b") ", " TIED("c", "b") ", " LAST("d") ", " TIED("e", "d"),
	    "priority/tie",
	    "priority/tie:initiative/b,initiative/c\n"
	    "priority/tie:initiative/d,initiative/e\n");
	/* ranks count places: a 1, b and c 2, d 4 */
	expect_says(WORK("a", "ACTIVE") WORK("b", "ACTIVE") WORK("c", "PROPOSED") WORK("d", "ACTIVE") WORK("e", "DONE"),
	    LAST("a") ", " LAST("b") ", " TIED("c", "b") ", " LAST("d") ", " TIED("e", "d"),
	    "priority/tie",
	    "initiative/b and initiative/c share rank 2.");
}
END_TEST

START_TEST(how_many_may_share_a_rank_can_be_set)
{
	const char *three = LAST("a") ", " TIED("b", "a") ", " TIED("c", "a");

	expect(WORK("a", "ACTIVE") WORK("b", "ACTIVE") WORK("c", "ACTIVE")
	    "rule-setting/priority.tie {'rule': 'priority/tie', 'thresholds': {'most': 3}}\n",
	    three, "priority/tie", "");
	expect(WORK("a", "ACTIVE") WORK("b", "ACTIVE") WORK("c", "ACTIVE")
	    "rule-setting/priority.tie {'rule': 'priority/tie', 'thresholds': {'most': 2}}\n",
	    three, "priority/tie", "priority/tie:initiative/a,initiative/b,initiative/c\n");
	/* what is done has no place to fight for */
	expect(WORK("a", "ACTIVE") WORK("b", "DONE") WORK("c", "STOPPED"), three, "priority/tie", "");
	expect("", "", "priority/tie", "");
}
END_TEST

START_TEST(of_a_long_tie_eight_are_named)
{
	struct plan_text text;
	struct str changes;
	char line[100];

	plan_text_init(&text);
	str_init(&changes, 10000);
	for (unsigned i = 0; i < 11; i++) {
		snprintf(line, sizeof line, "initiative/i%02u {'status': 'ACTIVE'}\n", i);
		plan_text_put(&text, "2026-01-05", line);
		if (i > 0)
			str_addf(&changes, ", {'place': {'item': 'i%02u', 'tiedWith': 'i00'}}", i);
		else
			str_add(&changes, LAST("i00"));
	}
	plan_text_apply(&text, "2026-01-06", changes.data);
	check_text_says(&text, "2026-03-31", "priority/tie",
	    "initiative/i00, initiative/i01, initiative/i02, initiative/i03, initiative/i04, initiative/i05, "
	    "initiative/i06, initiative/i07 and 3 more share rank 1.");
	str_fini(&changes);
	plan_text_fini(&text);
}
END_TEST

/* ---- team-disagrees */

#define FOUR WORK("a", "ACTIVE") WORK("b", "ACTIVE") WORK("c", "ACTIVE") WORK("d", "ACTIVE") "team/t {}\n"
#define FOUR_RANKED LAST("a") ", " LAST("b") ", " LAST("c") ", " LAST("d")

START_TEST(a_team_with_another_order_is_found)
{
	/* d c b a: all six pairs the other way round */
	expect(FOUR, FOUR_RANKED ", " TEAM("d", "t") ", " TEAM("c", "t") ", " TEAM("b", "t") ", " TEAM("a", "t"),
	    "priority/team-disagrees", "priority/team-disagrees:team/t\n");
	/* the company's a (1) is behind d, c and b with the team; three of six are told */
	expect_says(FOUR, FOUR_RANKED ", " TEAM("d", "t") ", " TEAM("c", "t") ", " TEAM("b", "t") ", " TEAM("a", "t"),
	    "priority/team-disagrees",
	    "team/t has 6 pairs of initiatives in another order than the company: "
	    "initiative/d (rank 4) before initiative/a (rank 1), initiative/c (rank 3) before initiative/a (rank 1), "
	    "initiative/b (rank 2) before initiative/a (rank 1), …");
	expect_says(FOUR, FOUR_RANKED ", " TEAM("a", "t") ", " TEAM("c", "t") ", " TEAM("b", "t"),
	    "priority/team-disagrees",
	    "team/t has 1 pair of initiatives in another order than the company: "
	    "initiative/c (rank 3) before initiative/b (rank 2).");
}
END_TEST

START_TEST(the_same_order_and_ties_do_not_disagree)
{
	expect(FOUR, FOUR_RANKED ", " TEAM("a", "t") ", " TEAM("c", "t") ", " TEAM("d", "t"),
	    "priority/team-disagrees", "");
	/* tied with the company */
	expect(FOUR, LAST("a") ", " TIED("b", "a") ", " TEAM("b", "t") ", " TEAM("a", "t"),
	    "priority/team-disagrees", "");
	/* tied with the team */
	expect(FOUR, FOUR_RANKED ", " TEAM("b", "t") ", {'place': {'item': 'a', 'ranking': 't', 'tiedWith': 'b'}}",
	    "priority/team-disagrees", "");
	/* what is closed is not compared */
	expect(WORK("a", "ACTIVE") WORK("b", "DONE") WORK("c", "ACTIVE") "team/t {}\n",
	    LAST("a") ", " LAST("b") ", " LAST("c") ", " TEAM("b", "t") ", " TEAM("a", "t") ", " TEAM("c", "t"),
	    "priority/team-disagrees", "");
}
END_TEST

START_TEST(the_least_number_of_pairs_can_be_set)
{
	const char *order = FOUR_RANKED ", " TEAM("d", "t") ", " TEAM("a", "t") ", " TEAM("b", "t"); /* two pairs */

	expect(FOUR "rule-setting/priority.team-disagrees {'rule': 'priority/team-disagrees', 'thresholds': {'least': 2}}\n",
	    order, "priority/team-disagrees", "priority/team-disagrees:team/t\n");
	expect(FOUR "rule-setting/priority.team-disagrees {'rule': 'priority/team-disagrees', 'thresholds': {'least': 3}}\n",
	    order, "priority/team-disagrees", "");
}
END_TEST

START_TEST(orders_that_cannot_be_compared_are_unknown)
{
	/* no order of the company's */
	expect(FOUR, TEAM("a", "t") ", " TEAM("b", "t"), "priority/team-disagrees", "? priority/team-disagrees:team/t\n");
	expect_says(FOUR, LAST("a") ", " TEAM("a", "t") ", " TEAM("b", "t"), "priority/team-disagrees",
	    "priority/team-disagrees cannot judge team/t: fewer than two of the open initiatives in its order are "
	    "ranked by the workspace.");
	/* a list of one is no order */
	expect(FOUR, FOUR_RANKED ", " TEAM("a", "t"), "priority/team-disagrees", "");
	/* the order of a team that is not there is nobody's */
	expect(WORK("a", "ACTIVE") WORK("b", "ACTIVE") "team/x {}\n",
	    LAST("a") ", " LAST("b") ", " TEAM("b", "x") ", " TEAM("a", "x") ", {'remove': {'ref': 'team/x'}}",
	    "priority/team-disagrees", "");
}
END_TEST

/* Against counting by pairs: many, with ties in both. */
START_TEST(pairs_are_counted_as_by_hand)
{
	enum { N = 60 };
	unsigned company[N], team[N];
	struct plan_text text;
	struct str changes;
	struct check *check;
	struct check_query query = {0};
	bool selected[RULES_MAX];
	const char *rule = "priority/team-disagrees";
	int64_t pairs = 0;
	unsigned seed = (unsigned)_i * 7919 + 1;
	struct err err;
	char line[100];

	plan_text_init(&text);
	str_init(&changes, 100000);
	plan_text_put(&text, "2026-01-05", "team/t {}\n");
	for (unsigned i = 0; i < N; i++) {
		snprintf(line, sizeof line, "initiative/i%02u {'status': 'ACTIVE'}\n", i);
		plan_text_put(&text, "2026-01-05", line);
		seed = seed * 1103515245 + 12345;
		company[i] = i > 0 && (seed >> 16) % 4 == 0 ? company[i - 1] : i;
		str_addf(&changes, "%s{'place': {'item': 'i%02u', ", i > 0 ? ", " : "", i);
		if (company[i] != i)
			str_addf(&changes, "'tiedWith': 'i%02u'}}", i - 1);
		else
			str_add(&changes, "'last': true}}");
	}
	/* the team's: i * 37 mod 60 is another order of all of them, cut by chance into ties */
	for (unsigned n = 0, place = 0; n < N; n++) {
		unsigned i = (n * 37 + (unsigned)_i) % N;
		unsigned before = (i + N - 37) % N;

		seed = seed * 1103515245 + 12345;
		if (n == 0 || (seed >> 16) % 3 != 0)
			place = n;
		team[i] = place;
		str_addf(&changes, ", {'place': {'item': 'i%02u', 'ranking': 't', ", i);
		if (place != n)
			str_addf(&changes, "'tiedWith': 'i%02u'}}", before);
		else
			str_add(&changes, "'last': true}}");
	}
	for (unsigned i = 0; i < N; i++) {
		for (unsigned k = 0; k < N; k++)
			pairs += company[i] < company[k] && team[i] > team[k];
	}
	plan_text_apply(&text, "2026-01-06", changes.data);
	ck_assert(rules_select(&rule, 1, selected, &err));
	query.rules = selected;
	check = check_text_run(&text, "2026-03-31", &query);
	ck_assert_uint_eq(check_findings(check), 1);
	ck_assert_int_eq(check_evidence(check, check_finding(check, 0))[0].value.count, pairs);
	check_free(check);
	str_fini(&changes);
	plan_text_fini(&text);
}
END_TEST

/* ---- conflict */

#define CONFLICT(from, to) from " {} {'links': [{'type': 'CONFLICTS', 'to': '" to "'}]}\n"

START_TEST(declared_conflicts_between_open_entries_are_found)
{
	check_text_plan(
	    CONFLICT("initiative/b", "initiative/a")
	    "initiative/a {}\n"
	    CONFLICT("objective/o", "goal/g")
	    "goal/g {}\n"
	    /* declared by both: once */
	    CONFLICT("objective/x", "objective/y")
	    CONFLICT("objective/y", "objective/x")
	    /* twice by one: once */
	    "objective/p {} {'links': [{'type': 'CONFLICTS', 'to': 'objective/q'}, {'type': 'CONFLICTS', 'to': 'objective/q'}]}\n"
	    "objective/q {}\n",
	    "priority/conflict",
	    "priority/conflict:initiative/a,initiative/b\n"
	    "priority/conflict:goal/g,objective/o\n"
	    "priority/conflict:objective/x,objective/y\n"
	    "priority/conflict:objective/p,objective/q\n");
	check_text_plan(
	    /* closed, stopped, not there, itself, another link */
	    CONFLICT("objective/closed-side", "objective/closed")
	    "objective/closed {'status': 'CLOSED', 'closed': '2026-02-01'}\n"
	    "initiative/stopped {'status': 'STOPPED'} {'links': [{'type': 'CONFLICTS', 'to': 'objective/closed-side'}]}\n"
	    CONFLICT("goal/missing-side", "goal/missing")
	    CONFLICT("goal/self", "goal/self")
	    "goal/friend {} {'links': [{'type': 'SUPPORTS', 'to': 'goal/self'}, {'type': 'RELATES', 'to': 'goal/self'}]}\n",
	    "priority/conflict", "");
	expect_says(CONFLICT("initiative/b", "initiative/a") "initiative/a {}\n", "", "priority/conflict",
	    "initiative/a and initiative/b are in conflict: initiative/b says so.");
}
END_TEST

#define WANTS(id, measure, baseline, target) \
	"objective/" id " {'targets': [{'measure': '" measure "', 'baseline': " baseline ", 'target': " target "}]}\n"

START_TEST(one_number_wanted_up_and_down_is_found)
{
	check_text_plan("measure/m {'direction': 'UP'}\n" WANTS("up", "m", "10", "20") WANTS("down", "m", "10", "5"),
	    "priority/conflict", "priority/conflict:objective/up,objective/down,measure/m\n");
	expect_says("measure/m {'direction': 'UP'}\n" WANTS("up", "m", "10", "20") WANTS("down", "m", "10", "5"), "",
	    "priority/conflict", "objective/up wants measure/m up to 20, objective/down wants it down to 5.");
	/* both up; at the baseline; dropped */
	check_text_plan("measure/m {'direction': 'UP'}\n" WANTS("a", "m", "10", "20") WANTS("b", "m", "10", "11"),
	    "priority/conflict", "");
	check_text_plan("measure/m {'direction': 'UP'}\n" WANTS("a", "m", "10", "20") WANTS("b", "m", "10", "10"),
	    "priority/conflict", "");
	check_text_plan("measure/m {'direction': 'UP'}\n" WANTS("a", "m", "10", "20")
	    "objective/b {'targets': [{'measure': 'm', 'baseline': 10, 'target': 5}], 'status': 'DROPPED'}\n",
	    "priority/conflict", "");
	/* from other baselines: 20 or more and 25 or less go together, 20 or more and 19 or less do not */
	check_text_plan("measure/m {'direction': 'UP'}\n" WANTS("a", "m", "10", "20") WANTS("b", "m", "30", "25"),
	    "priority/conflict", "");
	check_text_plan("measure/m {'direction': 'UP'}\n" WANTS("a", "m", "10", "20") WANTS("b", "m", "30", "20"),
	    "priority/conflict", "");
	check_text_plan("measure/m {'direction': 'UP'}\n" WANTS("a", "m", "10", "20") WANTS("b", "m", "30", "19"),
	    "priority/conflict", "priority/conflict:objective/a,objective/b,measure/m\n");
	/* a range is held, not pulled */
	check_text_plan("measure/m {'direction': 'HOLD', 'low': 1, 'high': 2}\n" WANTS("a", "m", "10", "20") WANTS("b", "m", "10", "5"),
	    "priority/conflict", "");
}
END_TEST

START_TEST(one_after_the_other_is_no_conflict)
{
	const char *periods =
	    "period/q1 {'firstDay': '2026-01-01', 'lastDay': '2026-03-31'}\n"
	    "period/q2 {'firstDay': '2026-04-01', 'lastDay': '2026-06-30'}\n"
	    "measure/m {'direction': 'UP'}\n";
	char lines[1000];

	snprintf(lines, sizeof lines, "%s"
	    "objective/a {'periods': ['q1'], 'targets': [{'measure': 'm', 'baseline': 10, 'target': 20}]}\n"
	    "objective/b {'periods': ['q2'], 'targets': [{'measure': 'm', 'baseline': 10, 'target': 5}]}\n", periods);
	check_text_plan(lines, "priority/conflict", "");
	/* due on the first day of the other's */
	snprintf(lines, sizeof lines, "%s"
	    "objective/a {'periods': ['q1'], 'targets': [{'measure': 'm', 'baseline': 10, 'target': 20, 'due': '2026-04-01'}]}\n"
	    "objective/b {'periods': ['q2'], 'targets': [{'measure': 'm', 'baseline': 10, 'target': 5}]}\n", periods);
	check_text_plan(lines, "priority/conflict", "priority/conflict:objective/a,objective/b,measure/m\n");
}
END_TEST

START_TEST(from_where_a_number_moves_may_be_recorded)
{
	/* the latest actual is 10 */
	check_text_plan(
	    "measure/m {'direction': 'UP'}\n"
	    "measurement/x {'value': 10} {'about': 'm', 'at': '2026-02-01'}\n"
	    "objective/a {'targets': [{'measure': 'm', 'target': 20}]}\n"
	    "objective/b {'targets': [{'measure': 'm', 'target': 5}]}\n",
	    "priority/conflict", "priority/conflict:objective/a,objective/b,measure/m\n");
	check_text_plan(
	    "measure/m {'direction': 'UP'}\n"
	    "objective/a {'targets': [{'measure': 'm', 'target': 20}]}\n"
	    "objective/b {'targets': [{'measure': 'm', 'target': 5}]}\n",
	    "priority/conflict", "? priority/conflict:measure/m\n");
	/* the same target pulls nobody apart, wherever it lies */
	check_text_plan(
	    "measure/m {'direction': 'UP'}\n"
	    "objective/a {'targets': [{'measure': 'm', 'target': 5}]}\n"
	    "objective/b {'targets': [{'measure': 'm', 'target': 5}]}\n",
	    "priority/conflict", "");
}
END_TEST

#define AIMS(id, measure) "objective/" id " {'targets': [{'measure': '" measure "'}]}\n"
#define MEASURE(id, dimension, direction) \
	"measure/" id " {'dimension': '" dimension "', 'direction': '" direction "'}\n"

START_TEST(one_dimension_pulled_both_ways_is_found)
{
	check_text_plan(
	    MEASURE("u", "Handling time", "UP") MEASURE("d", " handling TIME ", "DOWN")
	    AIMS("a", "u") AIMS("b", "d"),
	    "priority/conflict", "priority/conflict:objective/a,objective/b,measure/u,measure/d\n");
	check_text_plan(
	    MEASURE("u", "Überstunden", "UP") MEASURE("d", "überSTUNDEN", "DOWN")
	    AIMS("a", "u") AIMS("b", "d"),
	    "priority/conflict", "priority/conflict:objective/a,objective/b,measure/u,measure/d\n");
	expect_says(
	    MEASURE("u", "Handling time", "UP") MEASURE("d", "handling time", "DOWN")
	    AIMS("a", "u") AIMS("b", "d"), "", "priority/conflict",
	    "objective/a wants measure/u up, objective/b wants measure/d down, and both measure the same dimension.");
}
END_TEST

START_TEST(other_dimensions_and_one_objective_are_no_conflict)
{
	check_text_plan(MEASURE("u", "Handling time", "UP") MEASURE("d", "Handling times", "DOWN")
	    AIMS("a", "u") AIMS("b", "d"), "priority/conflict", "");
	check_text_plan(MEASURE("u", "", "UP") MEASURE("d", "", "DOWN")
	    AIMS("a", "u") AIMS("b", "d"), "priority/conflict", "");
	check_text_plan(MEASURE("u", " ", "UP") MEASURE("d", "  ", "DOWN")
	    AIMS("a", "u") AIMS("b", "d"), "priority/conflict", "");
	check_text_plan(MEASURE("u", "x", "UP") MEASURE("d", "x", "UP")
	    AIMS("a", "u") AIMS("b", "d"), "priority/conflict", "");
	check_text_plan(MEASURE("u", "x", "UP") MEASURE("d", "x", "HOLD")
	    AIMS("a", "u") AIMS("b", "d"), "priority/conflict", "");
	/* nobody wants the other one */
	check_text_plan(MEASURE("u", "x", "UP") MEASURE("d", "x", "DOWN") AIMS("a", "u"), "priority/conflict", "");
	/* one after the other: the first target is due before the second one's period begins */
	check_text_plan(MEASURE("u", "x", "UP") MEASURE("d", "x", "DOWN")
	    "period/q1 {'firstDay': '2026-01-01', 'lastDay': '2026-03-31'}\n"
	    "period/q2 {'firstDay': '2026-04-01', 'lastDay': '2026-06-30'}\n"
	    "objective/a {'periods': ['q1'], 'targets': [{'measure': 'u'}]}\n"
	    "objective/b {'periods': ['q2'], 'targets': [{'measure': 'd'}]}\n", "priority/conflict", "");
	/* one objective may balance two numbers itself */
	check_text_plan(MEASURE("u", "x", "UP") MEASURE("d", "x", "DOWN")
	    "objective/a {'targets': [{'measure': 'u'}, {'measure': 'd'}]}\n", "priority/conflict", "");
}
END_TEST

START_TEST(of_one_measure_eight_pairs_are_named)
{
	struct plan_text text;
	struct check *check;
	struct check_query query = {0};
	bool selected[RULES_MAX];
	const char *rule = "priority/conflict";
	struct err err;
	char line[200];

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", "measure/m {'direction': 'UP'}\n");
	for (unsigned i = 0; i < 8; i++) { /* 4 x 4 pairs */
		snprintf(line, sizeof line, "objective/o%u {'targets': [{'measure': 'm', 'baseline': 10, 'target': %u}]}\n",
		    i, i % 2 == 0 ? 20 : 5);
		plan_text_put(&text, "2026-01-05", line);
	}
	ck_assert(rules_select(&rule, 1, selected, &err));
	query.rules = selected;
	check = check_text_run(&text, "2026-03-31", &query);
	ck_assert_uint_eq(check_findings(check), 8);
	check_free(check);
	plan_text_fini(&text);
}
END_TEST

/* clang-format on */
int
main(void)
{
	Suite *suite = suite_create("priority");
	TCase *tc = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, what_runs_without_a_rank_is_found);
	tcase_add_test(tc, without_any_order_it_is_said_once);
	tcase_add_test(tc, initiatives_that_share_a_rank_are_found);
	tcase_add_test(tc, how_many_may_share_a_rank_can_be_set);
	tcase_add_test(tc, of_a_long_tie_eight_are_named);
	tcase_add_test(tc, a_team_with_another_order_is_found);
	tcase_add_test(tc, the_same_order_and_ties_do_not_disagree);
	tcase_add_test(tc, the_least_number_of_pairs_can_be_set);
	tcase_add_test(tc, orders_that_cannot_be_compared_are_unknown);
	tcase_add_loop_test(tc, pairs_are_counted_as_by_hand, 0, 8);
	tcase_add_test(tc, declared_conflicts_between_open_entries_are_found);
	tcase_add_test(tc, one_number_wanted_up_and_down_is_found);
	tcase_add_test(tc, one_after_the_other_is_no_conflict);
	tcase_add_test(tc, from_where_a_number_moves_may_be_recorded);
	tcase_add_test(tc, one_dimension_pulled_both_ways_is_found);
	tcase_add_test(tc, other_dimensions_and_one_objective_are_no_conflict);
	tcase_add_test(tc, of_one_measure_eight_pairs_are_named);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
