/* The family priority, the order as it is lived. Plans are of 2026-01-05, today is 2026-03-31 where nothing else is said. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

#define LAST(id)       "{'place': {'item': '" id "', 'last': true}}"
#define TIED(id, with) "{'place': {'item': '" id "', 'tiedWith': '" with "'}}"
#define A_THEN_B       LAST("a") ", " LAST("b")

static void
build(struct plan_text *text, const char *lines, const char *changes)
{
	plan_text_init(text);
	plan_text_put(text, "2026-01-05", lines);
	if (changes[0] != '\0')
		plan_text_apply(text, "2026-01-06", changes);
}

static void
expect_on(const char *today, const char *lines, const char *changes, const char *rule, const char *expected)
{
	struct plan_text text;

	build(&text, lines, changes);
	check_text_expect(&text, today, rule, expected);
	plan_text_fini(&text);
}

static void
expect(const char *lines, const char *changes, const char *rule, const char *expected)
{
	expect_on("2026-03-31", lines, changes, rule, expected);
}

static void
expect_says(const char *lines, const char *changes, const char *rule, const char *message)
{
	struct plan_text text;

	build(&text, lines, changes);
	check_text_says(&text, "2026-03-31", rule, message);
	plan_text_fini(&text);
}

/* Ten person-days of the team in the second quarter. */
#define TEAM \
	"period/q2 {'firstDay': '2026-04-01', 'lastDay': '2026-06-30'}\n" \
	"team/t {'capacities': [{'period': 'q2', 'effort': 1000}]}\n"
#define NEEDS(id, effort) \
	"initiative/" id " {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'who': 't', 'effort': " effort "}]}\n"
#define HOLDS(id, effort) \
	"initiative/" id " {'status': 'ACTIVE', 'periods': ['q2']}\n" \
	"allocation/of-" id " {'who': 'team/t', 'initiative': '" id "', 'effort': " effort ", 'period': 'q2'}\n"

/* ---- inversion */

#define INVERTED "priority/inversion:initiative/a,initiative/b,team/t,period/q2\n"

START_TEST(a_lower_rank_that_holds_what_a_higher_lacks_is_found)
{
	/* b holds 6 of 10; of the 4 that are left a, which needs 8, lacks 4 */
	expect(TEAM NEEDS("a", "800") HOLDS("b", "600"), A_THEN_B, "priority/inversion", INVERTED);
	expect_says(TEAM NEEDS("a", "800") HOLDS("b", "600"), A_THEN_B, "priority/inversion",
	    "initiative/a (rank 1) lacks 4 person-days of team/t in period/q2, while initiative/b (rank 2) holds 6.");
	/* what is not ranked comes last */
	expect_says(TEAM NEEDS("a", "800") HOLDS("b", "600"), LAST("a"), "priority/inversion",
	    "initiative/a (rank 1) lacks 4 person-days of team/t in period/q2, while initiative/b (unranked) holds 6.");
}
END_TEST

START_TEST(a_day_is_the_least_that_counts)
{
	/* 10 - 6 leaves 4: a lacks 1, then 0.99 */
	expect(TEAM NEEDS("a", "500") HOLDS("b", "600"), A_THEN_B, "priority/inversion", INVERTED);
	expect(TEAM NEEDS("a", "499") HOLDS("b", "600"), A_THEN_B, "priority/inversion", "");
	/* b holds 1, then 0.99 */
	expect(TEAM NEEDS("a", "1100") HOLDS("b", "100"), A_THEN_B, "priority/inversion", INVERTED);
	expect(TEAM NEEDS("a", "1100") HOLDS("b", "99"), A_THEN_B, "priority/inversion", "");
	/* another threshold */
	expect(TEAM NEEDS("a", "800") HOLDS("b", "600")
	    "rule-setting/priority.inversion {'rule': 'priority/inversion', 'thresholds': {'least_days': 4}}\n",
	    A_THEN_B, "priority/inversion", INVERTED);
	expect(TEAM NEEDS("a", "800") HOLDS("b", "600")
	    "rule-setting/priority.inversion {'rule': 'priority/inversion', 'thresholds': {'least_days': 4.01}}\n",
	    A_THEN_B, "priority/inversion", "");
}
END_TEST

START_TEST(what_is_in_order_is_no_inversion)
{
	/* enough for both, to the last hundredth */
	expect(TEAM NEEDS("a", "400") HOLDS("b", "600"), A_THEN_B, "priority/inversion", "");
	/* the better-ranked one holds */
	expect(TEAM NEEDS("a", "800") HOLDS("b", "600"), LAST("b") ", " LAST("a"), "priority/inversion", "");
	/* the same rank */
	expect(TEAM NEEDS("a", "800") HOLDS("b", "600"), LAST("a") ", " TIED("b", "a"), "priority/inversion", "");
	/* nobody holds anything: the order decides */
	expect(TEAM NEEDS("a", "800") NEEDS("b", "600"), A_THEN_B, "priority/inversion", "");
	/* both hold: a gets what it was allocated */
	expect(TEAM HOLDS("a", "800") HOLDS("b", "600"), A_THEN_B, "priority/inversion", "");
	/* not running: asks for nothing, holds nothing */
	expect(TEAM "initiative/a {'periods': ['q2'], 'needs': [{'who': 't', 'effort': 800}]}\n"
	    HOLDS("b", "600"), A_THEN_B, "priority/inversion", "");
	/* on the last day of the quarter it can still be mended, a day later it is over */
	expect_on("2026-06-30", TEAM NEEDS("a", "800") HOLDS("b", "600"), A_THEN_B, "priority/inversion", INVERTED);
	expect_on("2026-07-01", TEAM NEEDS("a", "800") HOLDS("b", "600"), A_THEN_B, "priority/inversion", "");
}
END_TEST

START_TEST(parts_and_members_count_for_the_whole)
{
	/* a's workstream lacks the team; b's holds a member of it */
	expect(TEAM
	    "person/p {'team': 't'}\n"
	    "initiative/a {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "workstream/wa {'initiative': 'a', 'status': 'ACTIVE', 'needs': [{'who': 't', 'effort': 800}]}\n"
	    "initiative/b {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "workstream/wb {'initiative': 'b', 'status': 'ACTIVE'}\n"
	    "allocation/x {'who': 'p', 'initiative': 'workstream/wb', 'effort': 600, 'period': 'q2'}\n",
	    A_THEN_B, "priority/inversion", INVERTED);
}
END_TEST

START_TEST(the_one_that_holds_most_is_named_and_better_ones_are_served_first)
{
	/* 10: c holds 2, d holds 5; of the 3 left a gets its 2, b 1 of 4 */
	expect(TEAM NEEDS("a", "200") NEEDS("b", "400") HOLDS("c", "200") HOLDS("d", "500"),
	    LAST("a") ", " LAST("b") ", " LAST("c") ", " LAST("d"), "priority/inversion",
	    "priority/inversion:initiative/b,initiative/d,team/t,period/q2\n");
	expect_says(TEAM NEEDS("a", "200") NEEDS("b", "400") HOLDS("c", "200") HOLDS("d", "500"),
	    LAST("a") ", " LAST("b") ", " LAST("c") ", " LAST("d"), "priority/inversion",
	    "initiative/b (rank 2) lacks 3 person-days of team/t in period/q2, while initiative/d (rank 4) holds 5.");
}
END_TEST

START_TEST(inversion_says_what_it_lacks)
{
	expect(TEAM NEEDS("a", "800") HOLDS("b", "600"), "", "priority/inversion", "? priority/inversion:plan\n");
	expect_says(TEAM NEEDS("a", "800") HOLDS("b", "600"), "", "priority/inversion",
	    "priority/inversion cannot judge the plan: its initiatives have no order.");
	expect_says("team/t {}\ninitiative/a {'status': 'ACTIVE'}\ninitiative/b {'status': 'ACTIVE'}\n", A_THEN_B,
	    "priority/inversion",
	    "priority/inversion cannot judge the plan: it has no period with a first and a last day.");
	/* nobody in the team, nothing stated */
	expect("period/q2 {'firstDay': '2026-04-01', 'lastDay': '2026-06-30'}\nteam/t {}\n"
	    NEEDS("a", "800") HOLDS("b", "600"), A_THEN_B, "priority/inversion", "? priority/inversion:team/t\n");
	/* a stated nothing is known: all that is held is too much, and all that is needed lacks */
	expect("period/q2 {'firstDay': '2026-04-01', 'lastDay': '2026-06-30'}\n"
	    "team/t {'capacities': [{'period': 'q2', 'effort': 0}]}\n"
	    NEEDS("a", "800") HOLDS("b", "600"), A_THEN_B, "priority/inversion", INVERTED);
	/* nothing runs: nothing to judge */
	expect("initiative/a {}\n", "", "priority/inversion", "");
}
END_TEST

/* ---- no-precedence */

#define SERVES(id, objective, effort) \
	"initiative/" id " {'objective': '" objective "', 'status': 'ACTIVE', 'periods': ['q2'], " \
	"'needs': [{'who': 't', 'effort': " effort "}]}\n"
#define RIVALS   "priority/no-precedence:objective/o,objective/p\n"

START_TEST(objectives_that_compete_without_an_order_are_found)
{
	expect(TEAM "objective/o {}\nobjective/p {}\n" SERVES("a", "o", "600") SERVES("b", "p", "401"),
	    A_THEN_B, "priority/no-precedence", RIVALS);
	expect_says(TEAM "objective/o {}\nobjective/p {}\n" SERVES("a", "o", "600") SERVES("b", "p", "500"),
	    "", "priority/no-precedence",
	    "objective/o and objective/p compete for team/t in period/q2 (11 person-days asked of 10), "
	    "and nothing says which comes first.");
	/* enough for both */
	expect(TEAM "objective/o {}\nobjective/p {}\n" SERVES("a", "o", "600") SERVES("b", "p", "400"),
	    A_THEN_B, "priority/no-precedence", "");
	/* by the first contribution */
	expect(TEAM "objective/o {}\nobjective/p {}\n" SERVES("a", "o", "600")
	    "initiative/b {'contributions': [{'to': 'p'}, {'to': 'o'}], 'status': 'ACTIVE', 'periods': ['q2'], "
	    "'needs': [{'who': 't', 'effort': 600}]}\n",
	    A_THEN_B, "priority/no-precedence", RIVALS);
}
END_TEST

START_TEST(one_that_precedes_settles_it)
{
	const char *ab = SERVES("a", "o", "600") SERVES("b", "p", "600");
	char lines[2000];

	snprintf(lines, sizeof lines, TEAM "objective/o {'precedes': ['p']}\nobjective/p {}\n%s", ab);
	expect(lines, A_THEN_B, "priority/no-precedence", "");
	snprintf(lines, sizeof lines, TEAM "objective/o {}\nobjective/p {'precedes': ['o']}\n%s", ab);
	expect(lines, A_THEN_B, "priority/no-precedence", "");
	/* through others */
	snprintf(lines, sizeof lines, TEAM "objective/o {'precedes': ['x']}\nobjective/x {'precedes': ['y']}\n"
	    "objective/y {'precedes': ['p']}\nobjective/p {}\n%s", ab);
	expect(lines, A_THEN_B, "priority/no-precedence", "");
	/* both trump a third: that says nothing about them */
	snprintf(lines, sizeof lines, TEAM "objective/o {'precedes': ['x']}\nobjective/x {}\n"
	    "objective/p {'precedes': ['x']}\n%s", ab);
	expect(lines, A_THEN_B, "priority/no-precedence", RIVALS);
	/* a part and its whole */
	snprintf(lines, sizeof lines, TEAM "objective/o {}\nobjective/x {'parent': 'o'}\nobjective/p {'parent': 'x'}\n%s", ab);
	expect(lines, A_THEN_B, "priority/no-precedence", "");
	/* a circle is an order of sorts: sight/cycle finds it */
	snprintf(lines, sizeof lines, TEAM "objective/o {'precedes': ['p']}\nobjective/p {'precedes': ['o']}\n%s", ab);
	expect(lines, A_THEN_B, "priority/no-precedence", "");
	/* closed, or the same */
	snprintf(lines, sizeof lines, TEAM "objective/o {}\nobjective/p {'status': 'CLOSED', 'closed': '2026-02-01'}\n%s", ab);
	expect(lines, A_THEN_B, "priority/no-precedence", "");
	expect(TEAM "objective/o {}\n" SERVES("a", "o", "600") SERVES("b", "o", "600"), A_THEN_B,
	    "priority/no-precedence", "");
}
END_TEST

START_TEST(a_pair_is_told_once_where_it_is_worst)
{
	/* one day too much of t, two days too much of u */
	expect_says(TEAM
	    "team/u {'capacities': [{'period': 'q2', 'effort': 1000}]}\nobjective/o {}\nobjective/p {}\n"
	    "initiative/a {'objective': 'o', 'status': 'ACTIVE', 'periods': ['q2'], "
	    "'needs': [{'who': 't', 'effort': 600}, {'who': 'u', 'effort': 600}]}\n"
	    "initiative/b {'objective': 'p', 'status': 'ACTIVE', 'periods': ['q2'], "
	    "'needs': [{'who': 't', 'effort': 500}, {'who': 'u', 'effort': 600}]}\n",
	    A_THEN_B, "priority/no-precedence",
	    "objective/o and objective/p compete for team/u in period/q2 (12 person-days asked of 10), "
	    "and nothing says which comes first.");
}
END_TEST

START_TEST(of_many_rivals_the_six_that_ask_most_are_compared)
{
	struct plan_text text;
	char line[400];
	unsigned found = 0;
	char expected[4000] = "";

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", TEAM);
	for (unsigned i = 0; i < 8; i++) { /* o0 asks least */
		snprintf(line, sizeof line, "objective/o%u {}\ninitiative/i%u {'objective': 'o%u', 'status': 'ACTIVE', "
		    "'periods': ['q2'], 'needs': [{'who': 't', 'effort': %u}]}\n", i, i, i, 300 + i);
		plan_text_put(&text, "2026-01-05", line);
	}
	for (unsigned i = 2; i < 8; i++) {
		for (unsigned k = i + 1; k < 8; k++, found++)
			snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
			    "priority/no-precedence:objective/o%u,objective/o%u\n", i, k);
	}
	ck_assert_uint_eq(found, 15);
	check_text_expect(&text, "2026-03-31", "priority/no-precedence", expected);
	plan_text_fini(&text);
}
END_TEST

START_TEST(no_precedence_says_what_it_lacks)
{
	expect("objective/o {}\nobjective/p {}\nteam/t {}\ninitiative/a {'objective': 'o', 'status': 'ACTIVE'}\n"
	    "initiative/b {'objective': 'p', 'status': 'ACTIVE'}\n", A_THEN_B,
	    "priority/no-precedence", "? priority/no-precedence:plan\n");
	expect("period/q2 {'firstDay': '2026-04-01', 'lastDay': '2026-06-30'}\nteam/t {}\nobjective/o {}\nobjective/p {}\n"
	    SERVES("a", "o", "600") SERVES("b", "p", "600"), A_THEN_B,
	    "priority/no-precedence", "? priority/no-precedence:team/t\n");
}
END_TEST

/* ---- easiest-first */

#define ON_TEAM(id) \
	"initiative/" id " {'status': 'ACTIVE', 'start': '2026-01-01', 'needs': [{'who': 't', 'effort': 100}]}\n"
#define SAID(id, about, at, status, progress) \
	"check-in/" id " {'status': '" status "', 'progress': " progress "} {'about': 'initiative/" about "', 'at': '" at "'}\n"
#define DONE(id, initiative, day, effort) \
	"task/" id " {'initiative': '" initiative "', 'done': '" day "', 'effort': " effort "}\n"
#define EASY  "priority/easiest-first:initiative/a,team/t\n"
/* a stalls: 40 % in February, 40 % in March. */
#define STALLED SAID("a1", "a", "2026-02-15", "AT_RISK", "0.4") SAID("a2", "a", "2026-03-20", "AT_RISK", "0.4")

START_TEST(work_that_flows_to_low_ranks_is_found)
{
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-15", "500"),
	    A_THEN_B, "priority/easiest-first", EASY);
	expect_says("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-15", "500") DONE("t2", "b", "2026-03-16", "250"),
	    A_THEN_B, "priority/easiest-first",
	    "initiative/a (rank 1) has not moved for 30 days, while team/t moved 1 initiative ranked lower, with 2 tasks and "
	    "milestones done (7.5 person-days): initiative/b (rank 2).");
	expect_says("team/t {}\n" ON_TEAM("a") ON_TEAM("b") ON_TEAM("c") STALLED
	    DONE("t1", "b", "2026-03-15", "500") SAID("c1", "c", "2026-03-20", "ON_TRACK", "0.1"),
	    A_THEN_B, "priority/easiest-first",
	    "initiative/a (rank 1) has not moved for 30 days, while team/t moved 2 initiatives ranked lower, with one task or "
	    "milestone done (5 person-days), most in initiative/b (rank 2).");
}
END_TEST

START_TEST(the_days_of_a_move_count)
{
	const char *rule = "priority/easiest-first";

	/* today is 31 March: 30 days back is 1 March, which is too long ago; 2 March counts */
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-02", "500"), A_THEN_B, rule, EASY);
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-01", "500"), A_THEN_B, rule, "");
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-01", "500")
	    "rule-setting/priority.easiest-first {'rule': 'priority/easiest-first', 'thresholds': {'days': 31}}\n",
	    A_THEN_B, rule, EASY);
	/* a date of tomorrow is not done yet */
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-04-01", "500"), A_THEN_B, rule, "");
	/* a milestone of a is done: it moved */
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-15", "500")
	    "milestone/m {'initiative': 'a', 'done': '2026-03-02'}\n", A_THEN_B, rule, "");
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-15", "500")
	    "milestone/m {'initiative': 'a', 'done': '2026-03-01'}\n", A_THEN_B, rule, EASY);
}
END_TEST

START_TEST(what_a_check_in_says_about_moving)
{
	const char *rule = "priority/easiest-first";
#define EASY_PLAN "team/t {}\n" ON_TEAM("a") ON_TEAM("b") DONE("t1", "b", "2026-03-15", "500")

	/* progress rose, whatever the status */
	expect(EASY_PLAN SAID("a1", "a", "2026-02-15", "OFF_TRACK", "0.4") SAID("a2", "a", "2026-03-20", "OFF_TRACK", "0.41"),
	    A_THEN_B, rule, "");
	/* it fell; it is on track in words, but the number stands */
	expect(EASY_PLAN SAID("a1", "a", "2026-02-15", "ON_TRACK", "0.4") SAID("a2", "a", "2026-03-20", "ON_TRACK", "0.3"),
	    A_THEN_B, rule, EASY);
	/* none for a month */
	expect(EASY_PLAN SAID("a1", "a", "2026-02-15", "ON_TRACK", "0.4"), A_THEN_B, rule, EASY);
	/* the first one: any progress is more than none */
	expect(EASY_PLAN SAID("a1", "a", "2026-03-20", "ON_TRACK", "0.1"), A_THEN_B, rule, "");
	expect(EASY_PLAN SAID("a1", "a", "2026-03-20", "ON_TRACK", "0"), A_THEN_B, rule, EASY);
	/* without a number the word counts */
	expect(EASY_PLAN "check-in/x {'status': 'ON_TRACK'} {'about': 'initiative/a', 'at': '2026-03-20'}\n",
	    A_THEN_B, rule, "");
	expect(EASY_PLAN "check-in/x {'status': 'AT_RISK'} {'about': 'initiative/a', 'at': '2026-03-20'}\n",
	    A_THEN_B, rule, EASY);
	/* of a workstream */
	expect(EASY_PLAN STALLED "workstream/w {'initiative': 'a', 'status': 'ACTIVE'}\n"
	    "check-in/x {'progress': 0.5} {'about': 'workstream/w', 'at': '2026-03-20'}\n", A_THEN_B, rule, "");
	/* of the future: not said yet */
	expect(EASY_PLAN STALLED SAID("a3", "a", "2026-04-01", "ON_TRACK", "0.9"), A_THEN_B, rule, EASY);
}
END_TEST

START_TEST(only_the_top_of_those_who_work_on_it_counts)
{
	const char *rule = "priority/easiest-first";
	const char *done = DONE("t1", "b", "2026-03-15", "500");
	char lines[3000];

	/* b is better */
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-15", "500"),
	    LAST("b") ", " LAST("a"), rule, "");
	/* the top moves, the second stalls */
	snprintf(lines, sizeof lines, "team/t {}\n" ON_TEAM("top") ON_TEAM("a") ON_TEAM("b") STALLED
	    DONE("t0", "top", "2026-03-15", "500") "%s", done);
	expect(lines, LAST("top") ", " A_THEN_B, rule, "");
	/* another team's */
	snprintf(lines, sizeof lines, "team/t {}\nteam/u {}\n" ON_TEAM("a")
	    "initiative/b {'status': 'ACTIVE', 'needs': [{'who': 'u', 'effort': 100}]}\n" STALLED "%s", done);
	expect(lines, A_THEN_B, rule, "");
	/* the same rank */
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-15", "500"),
	    LAST("a") ", " TIED("b", "a"), rule, "");
	/* it began on 2 March; on 1 March it would have had 30 days */
	snprintf(lines, sizeof lines, "team/t {}\n"
	    "initiative/a {'status': 'ACTIVE', 'start': '2026-03-02', 'needs': [{'who': 't', 'effort': 100}]}\n"
	    ON_TEAM("b") STALLED "%s", done);
	expect(lines, A_THEN_B, rule, "");
	snprintf(lines, sizeof lines, "team/t {}\n"
	    "initiative/a {'status': 'ACTIVE', 'start': '2026-03-01', 'needs': [{'who': 't', 'effort': 100}]}\n"
	    ON_TEAM("b") STALLED "%s", done);
	expect(lines, A_THEN_B, rule, EASY);
	/* paused: nobody expects it to move */
	snprintf(lines, sizeof lines, "team/t {}\ninitiative/a {'status': 'PAUSED', 'needs': [{'who': 't', 'effort': 100}]}\n"
	    ON_TEAM("b") STALLED "%s", done);
	expect(lines, A_THEN_B, rule, "");
}
END_TEST

START_TEST(a_person_is_named_where_the_team_is_not)
{
	const char *rule = "priority/easiest-first";

	/* p owns both and is in no team */
	expect("person/p {}\n"
	    "initiative/a {'status': 'ACTIVE'} {'owners': ['p']}\n"
	    "initiative/b {'status': 'ACTIVE'} {'owners': ['p']}\n" STALLED DONE("t1", "b", "2026-03-15", "500"),
	    A_THEN_B, rule, "priority/easiest-first:initiative/a,person/p\n");
	/* p is of t: said of the team only */
	expect("team/t {}\nperson/p {'team': 't'}\n"
	    "initiative/a {'status': 'ACTIVE', 'members': ['p']}\n"
	    "initiative/b {'status': 'ACTIVE', 'members': ['p']}\n" STALLED DONE("t1", "b", "2026-03-15", "500"),
	    A_THEN_B, rule, EASY);
	/* q of the same team works on a, p on b: the team's order suffers, nobody's own does */
	expect("team/t {'members': ['p', 'q']}\nperson/p {}\nperson/q {}\n"
	    "initiative/a {'status': 'ACTIVE'}\nworkstream/w {'initiative': 'a', 'status': 'ACTIVE', 'members': ['q']}\n"
	    "initiative/b {'status': 'ACTIVE'}\nallocation/x {'who': 'p', 'initiative': 'b', 'share': 0.5}\n"
	    STALLED DONE("t1", "b", "2026-03-15", "500"),
	    A_THEN_B, rule, EASY);
}
END_TEST

START_TEST(easiest_first_says_what_it_lacks)
{
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") STALLED DONE("t1", "b", "2026-03-15", "500"), "",
	    "priority/easiest-first", "? priority/easiest-first:plan\n");
	/* nothing says whether a moves: once, though team and person work on it */
	expect("team/t {}\nperson/p {'team': 't'}\n"
	    "initiative/a {'status': 'ACTIVE', 'members': ['p']}\n"
	    "initiative/b {'status': 'ACTIVE', 'members': ['p']}\n" DONE("t1", "b", "2026-03-15", "500"),
	    A_THEN_B, "priority/easiest-first", "? priority/easiest-first:initiative/a\n");
	/* an open task is a word: not done */
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") "task/open {'initiative': 'a'}\n" DONE("t1", "b", "2026-03-15", "500"),
	    A_THEN_B, "priority/easiest-first", EASY);
	/* one of a stopped workstream is none */
	expect("team/t {}\n" ON_TEAM("a") ON_TEAM("b") "workstream/w {'initiative': 'a', 'status': 'STOPPED'}\n"
	    "task/open {'initiative': 'workstream/w'}\n" DONE("t1", "b", "2026-03-15", "500"),
	    A_THEN_B, "priority/easiest-first", "? priority/easiest-first:initiative/a\n");
	expect("initiative/a {}\n", "", "priority/easiest-first", "");
}
END_TEST

/* ---- scope/does-not-fit */

#define FIT    "scope/does-not-fit"
#define LATE_A "scope/does-not-fit:initiative/a\n"
#define LATE_B "scope/does-not-fit:initiative/b\n"
/* Of a person who gives a day from Monday to Friday; sure to the day. */
#define PERSON "person/p {}\n"
#define TAKES(id, effort, finish) \
	"initiative/" id " {'status': 'ACTIVE', 'finish': '" finish "', 'members': ['p'], " \
	"'estimate': {'optimistic': " effort ", 'likely': " effort ", 'pessimistic': " effort "}}\n"

/*
 * Today is Tuesday, 31 March. Eight days of work are done on Thursday, 9 April: 31 March, 1 to 3, 6 to 9 April. Two more behind them on
 * Monday, 13 April.
 */
START_TEST(what_is_not_done_in_time_is_found)
{
	expect(PERSON TAKES("a", "800", "2026-04-09"), LAST("a"), FIT, "");
	expect(PERSON TAKES("a", "800", "2026-04-08"), LAST("a"), FIT, LATE_A);
	expect_says(PERSON TAKES("a", "800", "2026-04-08"), LAST("a"), FIT,
	    "initiative/a will hardly be done by 2026-04-08 (chance 0 %): it is expected on 2026-04-09.");
	/* behind the better rank */
	expect(PERSON TAKES("a", "800", "2026-04-09") TAKES("b", "200", "2026-04-13"), A_THEN_B, FIT, "");
	expect(PERSON TAKES("a", "800", "2026-04-09") TAKES("b", "200", "2026-04-12"), A_THEN_B, FIT, LATE_B);
	expect_says(PERSON TAKES("a", "800", "2026-04-09") TAKES("b", "200", "2026-04-12"), A_THEN_B, FIT,
	    "initiative/b will hardly be done by 2026-04-12 (chance 0 %): it is expected on 2026-04-13. It waits for person/p, "
	    "of whom initiative/a has 8 person-days.");
	expect(PERSON TAKES("a", "800", "2026-04-09") TAKES("b", "200", "2026-04-12"), LAST("b") ", " LAST("a"), FIT, LATE_A);
	/* nothing is left to do */
	expect(PERSON "initiative/a {'status': 'ACTIVE', 'finish': '2026-04-01'}\n", LAST("a"), FIT, "");
}
END_TEST

/* On its last day it can still be found; from the day after, it is late whatever comes. */
START_TEST(what_is_past_is_not_judged)
{
	expect_on("2026-04-08", PERSON TAKES("a", "800", "2026-04-08"), LAST("a"), FIT, LATE_A);
	expect_on("2026-04-09", PERSON TAKES("a", "800", "2026-04-08"), LAST("a"), FIT, "");
}
END_TEST

/* A quarter of somebody for half a year: the half that is past is past. 31 March to 30 June: 66 days, of which 16.5 are asked. */
START_TEST(of_a_share_only_what_lies_ahead)
{
	expect(PERSON "period/h1 {'firstDay': '2026-01-01', 'lastDay': '2026-06-30'}\n"
	    "initiative/a {'status': 'ACTIVE', 'finish': '2026-04-30', 'periods': ['h1']}\n"
	    "allocation/x {'who': 'p', 'initiative': 'a', 'share': 0.25, 'period': 'h1'}\n", LAST("a"), FIT, "");
	/* by 20 April, 15 days, it is not done */
	expect(PERSON "period/h1 {'firstDay': '2026-01-01', 'lastDay': '2026-06-30'}\n"
	    "initiative/a {'status': 'ACTIVE', 'finish': '2026-04-20', 'periods': ['h1']}\n"
	    "allocation/x {'who': 'p', 'initiative': 'a', 'share': 0.25, 'period': 'h1'}\n", LAST("a"), FIT, LATE_A);
}
END_TEST

/*
 * Between 4 and 12 days, most likely 8 (beta with shapes 3 and 3): the ten days from 31 March to 9 April stretch with it, and by 8
 * April nine of them may have passed: factor 0.9, so 0.4 of the way from 0.5 to 1.5, which is 10 x^3 - 15 x^4 + 6 x^5 = 0.317.
 */
START_TEST(the_chance_has_a_limit)
{
#define UNSURE \
	PERSON "initiative/a {'status': 'ACTIVE', 'finish': '2026-04-08', 'members': ['p'], " \
	"'estimate': {'optimistic': 400, 'likely': 800, 'pessimistic': 1200}}\n"
#define LEAST(percent) "rule-setting/scope.does-not-fit {'rule': 'scope/does-not-fit', 'thresholds': {'least_chance': " percent "}}\n"
	expect(UNSURE, LAST("a"), FIT, LATE_A);
	expect(UNSURE LEAST("38"), LAST("a"), FIT, LATE_A);
	expect(UNSURE LEAST("26"), LAST("a"), FIT, "");
}
END_TEST

START_TEST(does_not_fit_says_what_it_lacks)
{
	expect(TEAM NEEDS("a", "800") NEEDS("b", "400"), "", FIT, "? scope/does-not-fit:plan\n");
	expect("period/q2 {'firstDay': '2026-04-01', 'lastDay': '2026-06-30'}\nteam/t {}\n" NEEDS("a", "800"), LAST("a"),
	    FIT, "? scope/does-not-fit:team/t\n");
	expect_says(TEAM "initiative/a {'status': 'ACTIVE', 'periods': ['q2'], 'estimate': {'likely': 800}}\n", LAST("a"),
	    FIT, "scope/does-not-fit cannot judge initiative/a: its effort is asked of nobody.");
	expect_says(PERSON "initiative/a {'status': 'ACTIVE', 'members': ['p'], 'estimate': {'likely': 800}}\n", LAST("a"),
	    FIT, "scope/does-not-fit cannot judge initiative/a: when it shall be done is not stated.");
	expect("initiative/a {}\n", "", FIT, "");
}
END_TEST

/* clang-format on */
int
main(void)
{
	Suite *suite = suite_create("priority_use");
	TCase *tc = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_lower_rank_that_holds_what_a_higher_lacks_is_found);
	tcase_add_test(tc, a_day_is_the_least_that_counts);
	tcase_add_test(tc, what_is_in_order_is_no_inversion);
	tcase_add_test(tc, parts_and_members_count_for_the_whole);
	tcase_add_test(tc, the_one_that_holds_most_is_named_and_better_ones_are_served_first);
	tcase_add_test(tc, inversion_says_what_it_lacks);
	tcase_add_test(tc, objectives_that_compete_without_an_order_are_found);
	tcase_add_test(tc, one_that_precedes_settles_it);
	tcase_add_test(tc, a_pair_is_told_once_where_it_is_worst);
	tcase_add_test(tc, of_many_rivals_the_six_that_ask_most_are_compared);
	tcase_add_test(tc, no_precedence_says_what_it_lacks);
	tcase_add_test(tc, work_that_flows_to_low_ranks_is_found);
	tcase_add_test(tc, the_days_of_a_move_count);
	tcase_add_test(tc, what_a_check_in_says_about_moving);
	tcase_add_test(tc, only_the_top_of_those_who_work_on_it_counts);
	tcase_add_test(tc, a_person_is_named_where_the_team_is_not);
	tcase_add_test(tc, easiest_first_says_what_it_lacks);
	tcase_add_test(tc, what_is_not_done_in_time_is_found);
	tcase_add_test(tc, what_is_past_is_not_judged);
	tcase_add_test(tc, of_a_share_only_what_lies_ahead);
	tcase_add_test(tc, the_chance_has_a_limit);
	tcase_add_test(tc, does_not_fit_says_what_it_lacks);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
