/*
 * The family load. Plans are of 2026-01-05, today is 2026-03-31, the last day of the first quarter. Working days from
 * Monday to Friday: first quarter 64, second 65, third 66, fourth 66.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

#define QUARTERS                                                                                   \
	"period/y {'first_day': '2026-01-01', 'last_day': '2026-12-31'}\n"                         \
	"period/q1 {'first_day': '2026-01-01', 'last_day': '2026-03-31'}\n"                        \
	"period/q2 {'first_day': '2026-04-01', 'last_day': '2026-06-30'}\n"                        \
	"period/q3 {'first_day': '2026-07-01', 'last_day': '2026-09-30'}\n"                        \
	"period/q4 {'first_day': '2026-10-01', 'last_day': '2026-12-31'}\n"

/* One active initiative of a quarter with one owner. */
#define LED(id, owner, quarter)                                                                    \
	"initiative/" id " {'status': 'ACTIVE', 'periods': ['" quarter "']} {'owners': ['" owner "']}\n"

/* Applies, ranks in that order, and compares. */
static void
ranked_plan(const char *lines, const char *places, const char *rule, const char *expected)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	plan_text_apply(&text, "2026-01-05", places);
	check_text_expect(&text, "2026-03-31", rule, expected);
	plan_text_fini(&text);
}

static void
ranked_says(const char *lines, const char *places, const char *rule, const char *message)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	if (places != NULL)
		plan_text_apply(&text, "2026-01-05", places);
	check_text_says(&text, "2026-03-31", rule, message);
	plan_text_fini(&text);
}

#define FIRST(id) "{'place': {'item': '" id "', 'first': true}}"
#define LAST(id)  "{'place': {'item': '" id "', 'last': true}}"

/* ---- rule-of-three */

START_TEST(the_fourth_initiative_is_one_too_many)
{
	check_text_plan(QUARTERS
	    "person/four {}\nperson/three {}\n"
	    LED("a", "four", "q2") LED("b", "four", "q2") LED("c", "four", "q2") LED("d", "four", "q2")
	    LED("e", "three", "q2") LED("f", "three", "q2") LED("g", "three", "q2"),
	    "load/rule-of-three", "load/rule-of-three:person/four\n");
}
END_TEST

START_TEST(leading_and_executing_both_count)
{
	ranked_says(QUARTERS
	    "person/p {}\n"
	    LED("led", "p", "q2")
	    "initiative/member {'status': 'APPROVED', 'periods': ['q2'], 'members': ['p']}\n"
	    "initiative/given {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "allocation/a {'who': 'p', 'initiative': 'given', 'share': 0.1}\n"
	    "initiative/needs {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'who': 'person/p'}]}\n"
	    "initiative/part {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "workstream/w {'initiative': 'part', 'status': 'ACTIVE'} {'owners': ['p']}\n"
	    "initiative/task {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "milestone/m {'initiative': 'task'}\n"
	    "task/t {'initiative': 'milestone/m', 'members': ['p']}\n",
	    FIRST("task"), "load/rule-of-three",
	    "person/p is on 6 initiatives at the same time on 2026-04-01: executes initiative/task (rank 1),"
	    " executes initiative/given, leads initiative/led, executes initiative/member,"
	    " executes initiative/needs, executes initiative/part.");
}
END_TEST

START_TEST(parts_of_ones_own_initiative_count_once_with_it)
{
	check_text_plan(QUARTERS
	    "person/p {}\n"
	    LED("a", "p", "q2") LED("b", "p", "q2") LED("c", "p", "q2")
	    "workstream/a1 {'initiative': 'a', 'status': 'ACTIVE'} {'owners': ['p']}\n"
	    "workstream/a2 {'initiative': 'a', 'status': 'ACTIVE', 'members': ['p']}\n"
	    "task/b1 {'initiative': 'b', 'members': ['p']}\n"
	    "allocation/x {'who': 'p', 'initiative': 'workstream/a1', 'share': 0.5}\n"
	    "task/alone {'members': ['p']}\n", /* is no initiative */
	    "load/rule-of-three", "");
}
END_TEST

START_TEST(only_what_overlaps_counts)
{
	/* two and two, one after the other; as many as three touch on no day */
	check_text_plan(QUARTERS "person/p {}\n"
	    LED("a", "p", "q2") LED("b", "p", "q2") LED("c", "p", "q3") LED("d", "p", "q3"),
	    "load/rule-of-three", "");
	/* the last day of three is the first of the fourth */
	check_text_plan(QUARTERS "person/p {}\n"
	    LED("a", "p", "q1") LED("b", "p", "q1") LED("c", "p", "q1")
	    "initiative/d {'status': 'ACTIVE', 'start': '2026-03-31', 'finish': '2026-05-01'} {'owners': ['p']}\n",
	    "load/rule-of-three", "load/rule-of-three:person/p\n");
	check_text_plan(QUARTERS "person/p {}\n"
	    LED("a", "p", "q1") LED("b", "p", "q1") LED("c", "p", "q1")
	    "initiative/d {'status': 'ACTIVE', 'start': '2026-04-01', 'finish': '2026-05-01'} {'owners': ['p']}\n",
	    "load/rule-of-three", "");
	/* without time: always; late and still open: until today; backwards: always */
	ranked_says(QUARTERS "person/p {}\n"
	    LED("a", "p", "q3") LED("b", "p", "q3")
	    "initiative/ever {'status': 'ACTIVE'} {'owners': ['p']}\n"
	    "initiative/back {'status': 'ACTIVE', 'start': '2026-06-01', 'finish': '2026-05-01'} {'owners': ['p']}\n"
	    "initiative/late {'status': 'ACTIVE', 'start': '2026-01-05', 'finish': '2026-02-01'} {'owners': ['p']}\n",
	    NULL, "load/rule-of-three",
	    "person/p is on 4 initiatives at the same time on 2026-07-01: leads initiative/a, leads initiative/b,"
	    " leads initiative/back, leads initiative/ever.");
	ranked_says(QUARTERS "person/p {}\n"
	    "initiative/late {'status': 'ACTIVE', 'finish': '2026-02-01'} {'owners': ['p']}\n"
	    LED("a", "p", "q1") LED("b", "p", "q1") LED("c", "p", "q1"),
	    NULL, "load/rule-of-three",
	    "person/p is on 4 initiatives at the same time on 2026-03-31: leads initiative/a, leads initiative/b,"
	    " leads initiative/c, leads initiative/late.");
}
END_TEST

START_TEST(what_does_not_run_does_not_count)
{
	check_text_plan(QUARTERS
	    "person/p {}\nperson/gone {'last_day': '2026-03-30'}\n"
	    LED("a", "p", "q2") LED("b", "p", "q2") LED("c", "p", "q2")
	    "initiative/d {'status': 'PROPOSED', 'periods': ['q2']} {'owners': ['p']}\n"
	    "initiative/e {'periods': ['q2']} {'owners': ['p']}\n"
	    "initiative/f {'status': 'PAUSED', 'periods': ['q2']} {'owners': ['p']}\n"
	    "initiative/g {'status': 'DONE', 'periods': ['q2']} {'owners': ['p']}\n"
	    "initiative/h {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "task/done {'initiative': 'h', 'done': '2026-03-01', 'members': ['p']}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "allocation/over {'who': 'p', 'initiative': 'i', 'share': 0.2, 'period': 'past'}\n"
	    "period/past {'first_day': '2026-01-01', 'last_day': '2026-01-31'}\n"
	    "initiative/j {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "workstream/j {'initiative': 'j', 'status': 'PROPOSED'} {'owners': ['p']}\n"
	    "allocation/none {'who': 'p', 'initiative': 'nothing'}\n"
	    LED("k", "gone", "q2") LED("l", "gone", "q2") LED("m", "gone", "q2") LED("n", "gone", "q2"),
	    "load/rule-of-three", "");
}
END_TEST

START_TEST(a_workspace_sets_how_many)
{
	check_text_plan(QUARTERS
	    "rule-setting/load.rule-of-three {'rule': 'load/rule-of-three', 'thresholds': {'most': 1}}\n"
	    "person/two {}\nperson/one {}\n"
	    LED("a", "two", "q2") LED("b", "two", "q2") LED("c", "one", "q2"),
	    "load/rule-of-three", "load/rule-of-three:person/two\n");
}
END_TEST

/* ---- over */

START_TEST(more_than_one_can_give_is_over)
{
	check_text_plan(QUARTERS
	    "team/t {}\nperson/full {'team': 't'}\nperson/over {'team': 't'}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "allocation/full {'who': 'full', 'initiative': 'i', 'effort': '6500'}\n"
	    "allocation/over {'who': 'over', 'initiative': 'i', 'effort': '6501'}\n",
	    "load/over", "load/over:person/over,period/q2\nload/over:team/t,period/q2\n");
}
END_TEST

/* Two members at ten days each, and what the team gives besides, are one piece of work for the team. */
START_TEST(over_names_each_piece_of_work_once)
{
	ranked_says(QUARTERS
	    "team/t {'capacities': [{'period': 'q2', 'effort': '1500'}]}\n"
	    "person/p {'team': 't'}\nperson/r {'team': 't'}\n"
	    "initiative/a {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'who': 't', 'effort': '2500'}]}\n"
	    "allocation/x {'initiative': 'a', 'who': 'p', 'effort': '1000'}\n"
	    "allocation/y {'initiative': 'a', 'who': 'r', 'effort': '1000'}\n"
	    "initiative/b {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'who': 't', 'effort': '1200'}]}\n",
	    LAST("a") "," LAST("b"), "load/over",
	    "team/t is asked for 37 person-days in period/q2 and can give 15 (247 %): 25 for initiative/a (rank 1),"
	    " 12 for initiative/b (rank 2).");
}
END_TEST

START_TEST(over_names_the_largest_with_their_ranks)
{
	ranked_says(QUARTERS
	    "person/p {'capacity': '100'}\n" /* 13 days in the quarter */
	    "initiative/a {'status': 'ACTIVE', 'periods': ['q2'], 'estimate': {'likely': '400'}, 'members': ['p']}\n"
	    "initiative/b {'status': 'ACTIVE', 'periods': ['q2'], 'estimate': {'likely': '950'}, 'members': ['p']}\n"
	    "task/c {'initiative': 'd', 'effort': '300', 'members': ['p']}\n"
	    "initiative/d {'status': 'ACTIVE', 'periods': ['q2']}\n",
	    LAST("d") "," LAST("b"), "load/over",
	    "person/p is asked for 16.5 person-days in period/q2 and can give 13 (127 %): 9.5 for initiative/b (rank 2),"
	    " 4 for initiative/a, 3 for task/c (rank 1).");
}
END_TEST

START_TEST(the_largest_are_a_few)
{
	ranked_says(QUARTERS
	    "person/p {'capacity': '0'}\n"
	    "task/a {'start': '2026-04-01', 'due': '2026-04-30', 'effort': '100', 'members': ['p']}\n"
	    "task/b {'start': '2026-04-01', 'due': '2026-04-30', 'effort': '300', 'members': ['p']}\n"
	    "task/c {'start': '2026-04-01', 'due': '2026-04-30', 'effort': '200', 'members': ['p']}\n"
	    "task/d {'start': '2026-04-01', 'due': '2026-04-30', 'effort': '700', 'members': ['p']}\n"
	    "task/e {'start': '2026-04-01', 'due': '2026-04-30', 'effort': '600', 'members': ['p']}\n"
	    "task/f {'start': '2026-04-01', 'due': '2026-04-30', 'effort': '500', 'members': ['p']}\n"
	    "task/g {'start': '2026-04-01', 'due': '2026-04-30', 'effort': '600', 'members': ['p']}\n"
	    "initiative/i {'status': 'ACTIVE'}\n",
	    NULL, "load/over",
	    "person/p is asked for 30 person-days in period/q2 and can give none: 7 for task/d, 6 for task/e,"
	    " 6 for task/g, 5 for task/f, 3 for task/b, 2 for task/c and others.");
}
END_TEST

START_TEST(periods_that_are_over_are_not_judged)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", QUARTERS
	    "person/p {'capacity': '0'}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q1'], 'estimate': {'likely': '1'}, 'members': ['p']}\n");
	check_text_expect(&text, "2026-03-31", "load/over", "load/over:person/p,period/q1\n");
	check_text_expect(&text, "2026-04-01", "load/over", "");
	plan_text_fini(&text);
}
END_TEST

START_TEST(over_says_what_it_lacks)
{
	/* no period */
	check_text_plan("person/p {}\ninitiative/i {'status': 'ACTIVE', 'estimate': {'likely': '1'}, 'members': ['p']}\n",
	    "load/over", "? load/over:plan\n");
	/* no effort */
	check_text_plan(QUARTERS "person/p {}\ninitiative/i {'status': 'ACTIVE', 'members': ['p'], 'periods': ['q2']}\n",
	    "load/over", "? load/over:plan\n");
	/* a team of nobody */
	check_text_plan(QUARTERS "team/t {}\nteam/idle {}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q2', 'q3'], 'needs': [{'who': 't', 'effort': '100'}]}\n",
	    "load/over", "? load/over:team/t\n");
	/* nothing is asked where nothing runs */
	check_text_plan(QUARTERS "person/p {}\ninitiative/i {'members': ['p'], 'periods': ['q2']}\n", "load/over", "");
	check_text_plan("person/p {}\n", "load/over", "");
}
END_TEST

/* ---- sustained */

#define ASKED(id, quarter, effort)                                                                 \
	"initiative/" id " {'status': 'ACTIVE', 'periods': ['" quarter "'], 'members': ['p'],"     \
	" 'estimate': {'likely': '" effort "'}}\n"

/*
 * Half a person's week of two days is 13, 13.2, 13.2 days in the quarters to come, and 0.2 on 31 March, so that 13.2, 26.4 and 39.6 can be
 * given until the ends of the quarters.
 */
START_TEST(three_periods_in_a_row_are_sustained)
{
	/* by dates 1, 1.01 and 0.01 too many; until the ends 14 - 13.2, 28.21 - 26.4, 41.42 - 39.6 */
	ranked_says(QUARTERS "person/p {'capacity': '100'}\n"
	    ASKED("a", "q2", "1400") ASKED("b", "q3", "1421") ASKED("c", "q4", "1321"), NULL, "load/sustained",
	    "person/p has too much to do in 3 periods in a row, period/q2 to period/q4: 1 person-days too many in period/q2,"
	    " 1.81 person-days too many in period/q3, 1.82 person-days too many in period/q4.");
	/* the past counts where the run is not over */
	check_text_plan(QUARTERS "person/p {'capacity': '100'}\nperiod/q0 {'first_day': '2025-10-01', 'last_day': '2025-12-31'}\n"
	    ASKED("a", "q0", "9999") ASKED("b", "q1", "9999") ASKED("c", "q2", "9999"),
	    "load/sustained", "load/sustained:person/p,period/q0\n");
}
END_TEST

/* By dates it is too much in one of them, but what it leaves undone is behind until the end of all. */
START_TEST(what_is_carried_on_is_sustained)
{
	/* until the ends 20 - 13.2, 30 - 26.4, 39.61 - 39.6 */
	ranked_says(QUARTERS "person/p {'capacity': '100'}\n"
	    ASKED("a", "q2", "2000") ASKED("b", "q3", "1000") ASKED("c", "q4", "961"), NULL, "load/sustained",
	    "person/p has too much to do in 3 periods in a row, period/q2 to period/q4: 7 person-days too many in period/q2,"
	    " 3.6 person-days too many in period/q3, 0.01 person-days too many in period/q4.");
	/* it is all done on the last day */
	check_text_plan(QUARTERS "person/p {'capacity': '100'}\n"
	    ASKED("a", "q2", "2000") ASKED("b", "q3", "1000") ASKED("c", "q4", "960"), "load/sustained", "");
	/* most of it is done already: what is left is carried on into the third quarter only */
	check_text_plan(QUARTERS "person/p {'capacity': '100'}\n"
	    ASKED("a", "q2", "2000") ASKED("b", "q3", "1000") ASKED("c", "q4", "961")
	    "check-in/half {'progress': 0.5} {'about': 'initiative/a', 'at': '2026-03-30'}\n", "load/sustained", "");
	/* a percentage of what they can give until then: 110 % of 39.6 is 43.56 */
#define PERCENT "rule-setting/load.sustained {'rule': 'load/sustained', 'thresholds': {'percent': 110}}\n"
	check_text_plan(QUARTERS PERCENT "person/p {'capacity': '100'}\n"
	    ASKED("a", "q2", "2000") ASKED("b", "q3", "1300") ASKED("c", "q4", "1056"), "load/sustained", "");
	check_text_plan(QUARTERS PERCENT "person/p {'capacity': '100'}\n"
	    ASKED("a", "q2", "2000") ASKED("b", "q3", "1300") ASKED("c", "q4", "1057"),
	    "load/sustained", "load/sustained:person/p,period/q2\n");
	/* a member's counts for the team */
	check_text_plan(QUARTERS "team/t {}\nperson/p {'capacity': '100', 'team': 't'}\n"
	    ASKED("a", "q2", "2000") ASKED("b", "q3", "1000") ASKED("c", "q4", "961"),
	    "load/sustained", "load/sustained:person/p,period/q2\nload/sustained:team/t,period/q2\n");
}
END_TEST

START_TEST(what_lies_apart_is_no_row)
{
	struct plan_text text;

	/* the second of three quarters is all right, since the first one's work is done */
	check_text_plan(QUARTERS "person/p {'capacity': '100'}\n"
	    ASKED("a", "q1", "2000") ASKED("b", "q2", "1000") ASKED("c", "q4", "2000")
	    "check-in/a {'progress': 1} {'about': 'initiative/a', 'at': '2026-03-30'}\n", "load/sustained", "");
	/* a week between two periods is nothing, more is */
	check_text_plan("person/p {'capacity': '0'}\n"
	    "period/a {'first_day': '2026-04-01', 'last_day': '2026-04-10'}\n"
	    "period/b {'first_day': '2026-04-18', 'last_day': '2026-04-24'}\n"
	    "period/c {'first_day': '2026-04-25', 'last_day': '2026-05-10'}\n"
	    ASKED("x", "a", "10") ASKED("y", "b", "10") ASKED("z", "c", "10"),
	    "load/sustained", "load/sustained:person/p,period/a\n");
	check_text_plan("person/p {'capacity': '0'}\n"
	    "period/a {'first_day': '2026-04-01', 'last_day': '2026-04-10'}\n"
	    "period/b {'first_day': '2026-04-19', 'last_day': '2026-04-24'}\n"
	    "period/c {'first_day': '2026-04-25', 'last_day': '2026-05-10'}\n"
	    ASKED("x", "a", "10") ASKED("y", "b", "10") ASKED("z", "c", "10"),
	    "load/sustained", "");
	/* over since the last day of the last one */
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", QUARTERS "person/p {'capacity': '0'}\n"
	    ASKED("a", "q1", "10") ASKED("b", "q2", "10") ASKED("c", "q3", "10"));
	check_text_expect(&text, "2026-09-30", "load/sustained", "load/sustained:person/p,period/q1\n");
	check_text_expect(&text, "2026-10-01", "load/sustained", "");
	plan_text_fini(&text);
	check_text_plan("person/p {}\ninitiative/i {'status': 'ACTIVE'}\n", "load/sustained", "? load/sustained:plan\n");
}
END_TEST

/* The period from the middle of one quarter to the middle of the next is none besides these two. */
START_TEST(periods_that_overlap_are_no_row)
{
#define ACROSS "period/f {'first_day': '2026-02-15', 'last_day': '2026-05-15'}\nperson/p {'capacity': '0'}\n"
	check_text_plan(QUARTERS ACROSS ASKED("a", "q1", "100") ASKED("b", "f", "100") ASKED("c", "q2", "100"),
	    "load/sustained", "");
	ranked_says(QUARTERS ACROSS ASKED("a", "q1", "100") ASKED("b", "q2", "100") ASKED("c", "q3", "100"), NULL,
	    "load/sustained",
	    "person/p has too much to do in 3 periods in a row, period/q1 to period/q3: 1 person-days too many in period/q1,"
	    " 1 person-days too many in period/q2, 1 person-days too many in period/q3.");
#undef ACROSS
}
END_TEST

/* ---- under */

/* The last day of q1 is taken; then so much of the 65 days of q2, of which 39 are 60 %. */
#define BUSY(effort)                                                                               \
	"initiative/now {'status': 'ACTIVE', 'periods': ['q1'], 'members': ['p'], 'estimate': {'likely': '100'}}\n" \
	"initiative/then {'status': 'ACTIVE', 'periods': ['q2'], 'members': ['p'], 'estimate': {'likely': '" effort "'}}\n"

START_TEST(room_beside_waiting_work_is_found)
{
	ranked_says(QUARTERS "team/t {}\nperson/p {'team': 't'}\n" BUSY("3899")
	    "initiative/waits {'status': 'PAUSED', 'needs': [{'who': 'person/p'}]}\n",
	    LAST("waits"), "load/under",
	    "person/p is booked for 38.99 of 65 person-days in period/q2 (60 %), and could do what waits: initiative/waits (rank 1).");
	/* at the threshold */
	ranked_plan(QUARTERS "team/t {}\nperson/p {'team': 't'}\n" BUSY("3900")
	    "initiative/waits {'needs': [{'who': 't'}]}\n",
	    LAST("waits"), "load/under", "");
	/* their team is needed: for the team as well */
	ranked_plan(QUARTERS "team/t {}\nperson/p {'team': 't'}\n" BUSY("3899")
	    "initiative/waits {'needs': [{'who': 't'}]}\n",
	    LAST("waits"), "load/under", "load/under:person/p,period/q2\nload/under:team/t,period/q2\n");
}
END_TEST

START_TEST(only_ranked_work_that_they_could_do_waits)
{
	/* another team's; not ranked; done; running */
	ranked_plan(QUARTERS "team/t {}\nteam/u {}\nperson/p {'team': 't'}\n" BUSY("0")
	    "initiative/other {'needs': [{'who': 'u'}]}\n"
	    "initiative/unranked {'needs': [{'who': 't'}]}\n"
	    "initiative/done {'status': 'DONE', 'needs': [{'who': 't'}]}\n"
	    "initiative/runs {'status': 'ACTIVE', 'periods': ['q4'], 'needs': [{'who': 't', 'effort': '100'}]}\n",
	    LAST("other") "," LAST("done") "," LAST("runs"), "load/under", "");
	/* a skill: of somebody who has it, where a need names nobody */
	ranked_plan(QUARTERS "person/p {'skills': ['sql', 'law']}\nperson/q {'skills': ['sql']}\nperson/r {}\n" BUSY("100")
	    "initiative/waits {'status': 'ACTIVE', 'periods': ['q3'], 'needs': [{'skill': 'law'}]}\n",
	    LAST("waits"), "load/under", "load/under:person/p,period/q2\n");
	/* one that says how much is booked, not waiting: p gives it in April */
	ranked_plan(QUARTERS "person/p {'skills': ['sql', 'law']}\n" BUSY("100")
	    "initiative/waits {'status': 'ACTIVE', 'periods': ['q3'], 'needs': [{'skill': 'law', 'effort': '100'}]}\n",
	    LAST("waits"), "load/under", "");
	/* so is what lies on no day */
	ranked_plan(QUARTERS "team/t {}\nperson/p {'team': 't'}\n" BUSY("6400")
	    "person/q {'team': 't'}\n"
	    "initiative/nowhen {'status': 'ACTIVE', 'needs': [{'who': 't', 'effort': '100'}]}\n",
	    LAST("nowhen"), "load/under", "");
}
END_TEST

/* By dates p is asked for 64 days in the first quarter and 60 in the second. */
START_TEST(what_is_booked_counts_not_what_was_asked)
{
#define ASKED_MUCH \
	"person/p {}\n" ASKED("a", "q1", "6400") ASKED("b", "q2", "6000") "initiative/waits {'needs': [{'who': 'person/p'}]}\n" \
	"check-in/a {'progress': 1} {'about': 'initiative/a', 'at': '2026-03-30'}\n"
	ranked_plan(QUARTERS ASKED_MUCH, LAST("waits"), "load/under", "");
	/* of b 30 are left: 1 on 31 March, 29 in the second quarter */
	ranked_says(QUARTERS ASKED_MUCH "check-in/b {'remaining': '3000'} {'about': 'initiative/b', 'at': '2026-03-30'}\n",
	    LAST("waits"), "load/under",
	    "person/p is booked for 29 of 65 person-days in period/q2 (45 %), and could do what waits: initiative/waits (rank 1).");
	/* asked for in the third quarter, booked in the second */
	ranked_plan(QUARTERS "person/p {}\n" ASKED("a", "q3", "6000") "initiative/waits {'needs': [{'who': 'person/p'}]}\n",
	    LAST("waits"), "load/under", "");
	/* not before it may begin: for want of a prerequisite */
	ranked_plan(QUARTERS "person/p {}\nperson/q {}\n"
	    "initiative/a {'status': 'ACTIVE', 'periods': ['q3'], 'members': ['p'], 'estimate': {'likely': '6000'},"
	    " 'after': ['first']}\n"
	    "initiative/first {'status': 'ACTIVE', 'periods': ['q2'], 'members': ['q'], 'estimate': {'likely': '6600'}}\n"
	    "initiative/waits {'needs': [{'who': 'person/p'}]}\n",
	    LAST("waits"), "load/under", "load/under:person/p,period/q1\nload/under:person/p,period/q2\n");
}
END_TEST

START_TEST(who_may_be_busy_is_not_called_idle)
{
	/* a member, an owner, a need without effort */
	ranked_plan(QUARTERS "team/t {}\nperson/p {'team': 't'}\nperson/o {'team': 't'}\n"
	    "initiative/x {'status': 'ACTIVE', 'periods': ['y'], 'members': ['p']} {'owners': ['o']}\n"
	    "task/asked {'start': '2026-01-01', 'due': '2026-12-31', 'effort': '1', 'members': ['p']}\n"
	    "initiative/waits {'needs': [{'who': 't'}]}\n",
	    LAST("waits"), "load/under", "");
	/* nobody says any effort */
	ranked_plan(QUARTERS "person/p {}\ninitiative/x {'status': 'ACTIVE', 'periods': ['y']}\n"
	    "initiative/waits {'needs': [{'who': 'person/p'}]}\n",
	    LAST("waits"), "load/under", "? load/under:plan\n");
	/* nothing to give */
	ranked_plan(QUARTERS "person/p {'capacity': '0'}\nperson/q {}\n"
	    "initiative/x {'status': 'ACTIVE', 'periods': ['y'], 'estimate': {'likely': '1'}, 'members': ['q']}\n"
	    "initiative/waits {'needs': [{'who': 'person/p'}]}\n",
	    LAST("waits"), "load/under", "");
}
END_TEST

/* ---- same-people */

START_TEST(the_same_head_on_the_first_priorities_is_found)
{
	static const char five[] = LAST("a") "," LAST("b") "," LAST("c") "," LAST("d") "," LAST("e") "," LAST("f");

	ranked_says(QUARTERS "person/p {}\nperson/q {}\n"
	    LED("a", "p", "q2") LED("b", "q", "q2") LED("c", "p", "q2") LED("d", "q", "q2") LED("e", "x", "q2") LED("f", "q", "q2")
	    "task/t {'initiative': 'e', 'members': ['p']}\n",
	    five, "load/same-people",
	    "person/p is on 3 of the 5 best-ranked running initiatives: leads initiative/a (rank 1),"
	    " leads initiative/c (rank 3), executes initiative/e (rank 5).");
	/* of six, only the first five count: q is on two of them */
	ranked_plan(QUARTERS "person/p {}\nperson/q {}\n"
	    LED("a", "p", "q2") LED("b", "q", "q2") LED("c", "p", "q2") LED("d", "q", "q2") LED("e", "x", "q2") LED("f", "q", "q2")
	    "task/t {'initiative': 'e', 'members': ['p'], 'done': '2026-03-01'}\n",
	    five, "load/same-people", "");
	/* two of three are more than half, but not three */
	ranked_plan(QUARTERS "person/p {}\n"
	    LED("a", "p", "q2") LED("b", "p", "q2") LED("c", "x", "q2"),
	    LAST("a") "," LAST("b") "," LAST("c"), "load/same-people", "");
	/* three of six are just half */
	ranked_plan(QUARTERS "person/p {}\n"
	    "rule-setting/load.same-people {'rule': 'load/same-people', 'thresholds': {'top': 6}}\n"
	    LED("a", "p", "q2") LED("b", "p", "q2") LED("c", "p", "q2") LED("d", "x", "q2") LED("e", "x", "q2") LED("f", "x", "q2"),
	    five, "load/same-people", "");
}
END_TEST

START_TEST(without_ranks_there_are_no_first_priorities)
{
	check_text_plan(QUARTERS "person/p {}\n" LED("a", "p", "q2") LED("b", "p", "q2") LED("c", "p", "q2"),
	    "load/same-people", "? load/same-people:plan\n");
	check_text_plan(QUARTERS "person/p {}\n" LED("a", "p", "q2") LED("b", "p", "q2"), "load/same-people", "");
	/* ranked ones that do not run */
	ranked_plan(QUARTERS "person/p {}\n"
	    LED("a", "p", "q2") LED("b", "p", "q2")
	    "initiative/c {'periods': ['q2']} {'owners': ['p']}\n",
	    LAST("a") "," LAST("b") "," LAST("c"), "load/same-people", "");
}
END_TEST

/* ---- too-many */

#define NEEDS(id, start)                                                                           \
	"initiative/" id " {'status': 'ACTIVE', 'start': '" start "', 'needs': [{'who': 't'}]}\n"

START_TEST(a_team_in_six_initiatives_is_in_too_many)
{
	ranked_says(QUARTERS "team/t {}\nteam/u {}\n"
	    "objective/o {'team': 't'}\nperson/p {'team': 't'}\n"
	    NEEDS("a", "2026-03-31")
	    "initiative/b {'status': 'APPROVED', 'objective': 'o'}\n"
	    "initiative/c {'status': 'ACTIVE', 'finish': '2026-01-31', 'objective': 'o'} {'owners': ['p']}\n"
	    "initiative/d {'status': 'ACTIVE'} {'owners': ['p']}\n"
	    "initiative/e {'status': 'ACTIVE'} {'owners': ['team/t']}\n"
	    "initiative/f {'status': 'ACTIVE'}\nallocation/f {'who': 'team/t', 'initiative': 'f', 'share': 0.1}\n",
	    FIRST("f"), "load/too-many",
	    "team/t is in 6 running initiatives at once: initiative/f (rank 1), initiative/a, initiative/b, initiative/c,"
	    " initiative/d, initiative/e.");
	/* the sixth begins tomorrow, the others do not run */
	check_text_plan(QUARTERS "team/t {}\n"
	    NEEDS("a", "2026-01-01") NEEDS("b", "2026-01-01") NEEDS("c", "2026-01-01") NEEDS("d", "2026-01-01")
	    NEEDS("e", "2026-01-01") NEEDS("f", "2026-04-01")
	    "initiative/g {'needs': [{'who': 't'}]}\ninitiative/h {'status': 'STOPPED', 'needs': [{'who': 't'}]}\n",
	    "load/too-many", "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load rules");
	TCase *tc = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_fourth_initiative_is_one_too_many);
	tcase_add_test(tc, leading_and_executing_both_count);
	tcase_add_test(tc, parts_of_ones_own_initiative_count_once_with_it);
	tcase_add_test(tc, only_what_overlaps_counts);
	tcase_add_test(tc, what_does_not_run_does_not_count);
	tcase_add_test(tc, a_workspace_sets_how_many);
	tcase_add_test(tc, more_than_one_can_give_is_over);
	tcase_add_test(tc, over_names_each_piece_of_work_once);
	tcase_add_test(tc, over_names_the_largest_with_their_ranks);
	tcase_add_test(tc, the_largest_are_a_few);
	tcase_add_test(tc, periods_that_are_over_are_not_judged);
	tcase_add_test(tc, over_says_what_it_lacks);
	tcase_add_test(tc, three_periods_in_a_row_are_sustained);
	tcase_add_test(tc, what_is_carried_on_is_sustained);
	tcase_add_test(tc, what_lies_apart_is_no_row);
	tcase_add_test(tc, periods_that_overlap_are_no_row);
	tcase_add_test(tc, room_beside_waiting_work_is_found);
	tcase_add_test(tc, only_ranked_work_that_they_could_do_waits);
	tcase_add_test(tc, what_is_booked_counts_not_what_was_asked);
	tcase_add_test(tc, who_may_be_busy_is_not_called_idle);
	tcase_add_test(tc, the_same_head_on_the_first_priorities_is_found);
	tcase_add_test(tc, without_ranks_there_are_no_first_priorities);
	tcase_add_test(tc, a_team_in_six_initiatives_is_in_too_many);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
