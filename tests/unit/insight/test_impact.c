/*
 * What a late item takes with it: by the plan's dates and by the schedule, and the rule impact/exposed. Worked out by hand; today is
 * Wednesday 2026-04-15, 18 and 19, 25 and 26 April are weekends.
 */
#include <check.h>
#include <stdlib.h>

#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/insight/impact.h"
#include "server/insight/impact_delay.h"
#include "tests/support/check_text.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

/*
 * Anna does a on 15, 16, 17 April. Ben does b on 15-17 and 20-24. c waits for both: Anna does it on 27 and 28. e begins on the 29th
 * at the earliest, by Anna too; nothing waits for it.
 */
#define PLAN                                                                                       \
	"period/q2 {'first_day': '2026-04-01', 'last_day': '2026-06-30'}\n"                        \
	"team/t {}\n"                                                                              \
	"person/anna {'team': 't', 'capacity': '500'}\n"                                           \
	"person/ben {'team': 't', 'capacity': '500'}\n"                                            \
	"measure/m {}\n"                                                                           \
	"objective/tight {'targets': [{'measure': 'm', 'target': 5, 'due': '2026-04-28'}]}\n"      \
	"objective/loose {'targets': [{'measure': 'm', 'target': 5, 'due': '2026-04-30'}]}\n"      \
	"initiative/a {'status': 'ACTIVE', 'members': ['anna'], 'estimate': {'likely': '300'}, 'finish': '2026-04-17'}\n" \
	"initiative/b {'status': 'ACTIVE', 'members': ['ben'], 'estimate': {'likely': '800'}, 'finish': '2026-04-24'}\n" \
	"initiative/c {'status': 'ACTIVE', 'members': ['anna'], 'estimate': {'likely': '200'}, 'objective': 'tight', " \
	"'after': ['a', 'b'], 'contributions': [{'to': 'loose'}], 'start': '2026-04-20', 'finish': '2026-04-28'}\n" \
	"initiative/e {'status': 'ACTIVE', 'members': ['anna'], 'estimate': {'likely': '100'}, 'start': '2026-04-29'}\n" \
	"initiative/idea {'status': 'PROPOSED', 'after': ['c']}\n"                        \
	"ask/help {'to': 't', 'initiative': 'c', 'needed_by': '2026-04-24'}\n"
#define RANKS                                                                                      \
	"{'place': {'item': 'a', 'last': true}}, {'place': {'item': 'b', 'last': true}}, "         \
	"{'place': {'item': 'c', 'last': true}}, {'place': {'item': 'e', 'last': true}}"

struct made {
	struct plan_text text;
	struct index ix;
	struct impact *impact;
	struct impact_delay delay;
	struct impact_result result;
};

static struct err err;
static int32_t today;

static int32_t
day(const char *text)
{
	int32_t date;

	ck_assert(date_parse(text, &date));
	return date;
}

static void
open_plan(struct made *m)
{
	*m = (struct made){.delay = {.slack = -1}};
	today = day("2026-04-15");
	plan_text_init(&m->text);
	plan_text_put(&m->text, "2026-01-05", PLAN);
	plan_text_apply(&m->text, "2026-01-06", RANKS);
	ck_assert(index_init(&m->ix, plan_text_view(&m->text), today, IMPACT_IN_ROLES, NULL, NULL, &err));
	m->impact = impact_new(&m->ix);
	ck_assert_ptr_nonnull(m->impact);
}

static void
close_plan(struct made *m)
{
	impact_delay_close(&m->delay);
	impact_result_fini(&m->result);
	impact_free(m->impact);
	index_fini(&m->ix);
	plan_text_fini(&m->text);
}

static void
find(struct made *m, const char *ref, int32_t days, bool scheduled)
{
	struct impact_ask ask = {.slot = plan_text_slot(&m->text, ref), .days = days, .most = 100};

	impact_delay_close(&m->delay);
	if (scheduled) {
		ck_assert_msg(impact_delay_open(&m->delay, &m->ix, ask.slot, days, NULL, NULL, &err),
		    "%s", err.msg);
		ck_assert_ptr_null(m->delay.why_not);
		ask.before = m->delay.before;
		ask.after = m->delay.after;
	}
	ck_assert(impact_of(m->impact, &ask, &m->result, &err));
}

static const struct impact_node *
node(struct made *m, const char *ref)
{
	uint32_t slot = plan_text_slot(&m->text, ref);

	for (uint32_t i = 0; i < m->result.nodes_count; i++)
		if (m->result.nodes[i].slot == slot)
			return &m->result.nodes[i];
	ck_abort_msg("%s does not rest on it", ref);
	return NULL;
}

static void
is_late(struct made *m, const char *ref, int32_t late, const char *then)
{
	const struct impact_node *n = node(m, ref);

	ck_assert_msg(n->late == late, "%s is %d late, not %d", ref, n->late, late);
	if (then != NULL)
		ck_assert_msg(n->then == day(then), "%s ends on %d", ref, n->then);
}

/* c starts on the 20th by the plan: of 9 days from the 17th on, to the 26th, the two to the 19th are taken in. */
START_TEST(dates_of_the_plan_leave_room)
{
	struct made m;

	open_plan(&m);
	find(&m, "initiative/a", 9, false);
	is_late(&m, "initiative/a", 9, "2026-04-26");
	is_late(&m, "initiative/c", 7, "2026-05-05");
	ck_assert(!node(&m, "initiative/c")->scheduled);
	/* Due on the 28th, and on the 30th: two days less. */
	is_late(&m, "objective/tight", 7, "2026-05-05");
	is_late(&m, "objective/loose", 5, "2026-05-05");
	find(&m, "initiative/a", 2, false);
	is_late(&m, "initiative/c", 0, NULL);
	close_plan(&m);
}
END_TEST

/* c can begin on the 27th, a Monday, as before, if a ends on Sunday the 26th: 9 days later. */
START_TEST(a_delay_within_the_slack_takes_nothing_with_it)
{
	struct made m;

	open_plan(&m);
	for (int32_t days = 1; days <= 9; days += 4) {
		find(&m, "initiative/a", days, true);
		ck_assert_int_eq(m.delay.slack, 9);
		is_late(&m, "initiative/a", days, NULL);
		is_late(&m, "initiative/c", 0, "2026-04-28");
		ck_assert(node(&m, "initiative/c")->scheduled);
		is_late(&m, "objective/tight", 0, NULL);
		is_late(&m, "objective/loose", 0, NULL);
	}
	/* b is what c waits for: Saturday and Sunday only. */
	find(&m, "initiative/b", 2, true);
	ck_assert_int_eq(m.delay.slack, 2);
	is_late(&m, "initiative/c", 0, "2026-04-28");
	/* Nothing waits for e. */
	find(&m, "initiative/e", 30, true);
	ck_assert_int_eq(m.delay.slack, -1);
	ck_assert_uint_eq(m.result.nodes_count, 1);
	close_plan(&m);
}
END_TEST

/* A day more and c is done on 28 and 29, e on the 30th; three more and c is done on 30 April and 1 May, e meanwhile on the 29th. */
START_TEST(beyond_it_what_waits_moves_as_the_schedule_says)
{
	struct made m;
	uint32_t e;

	open_plan(&m);
	e = plan_text_slot(&m.text, "initiative/e");
	find(&m, "initiative/a", 10, true);
	is_late(&m, "initiative/a", 10, "2026-04-27");
	is_late(&m, "initiative/c", 1, "2026-04-29");
	is_late(&m, "objective/tight", 1, "2026-04-29");
	is_late(&m, "objective/loose", 0, NULL);
	ck_assert_int_eq(m.delay.before[e], day("2026-04-29"));
	ck_assert_int_eq(m.delay.after[e], day("2026-04-30"));
	find(&m, "initiative/a", 12, true);
	is_late(&m, "initiative/c", 3, "2026-05-01");
	is_late(&m, "objective/loose", 1, "2026-05-01");
	ck_assert_int_eq(m.delay.after[e], day("2026-04-29"));
	/* What is only proposed is not scheduled: it goes by the end of c. */
	ck_assert(!node(&m, "initiative/idea")->scheduled);
	is_late(&m, "initiative/idea", 3, NULL);
	ck_assert(node(&m, "initiative/idea")->assumed);
	close_plan(&m);
}
END_TEST

/* Needed by Friday the 24th: until the 26th c has time; four days later it begins on the 29th. */
START_TEST(an_ask_holds_up_what_it_was_asked_for)
{
	struct made m;

	open_plan(&m);
	find(&m, "ask/help", 2, true);
	is_late(&m, "initiative/c", 0, "2026-04-28");
	find(&m, "ask/help", 4, true);
	is_late(&m, "initiative/c", 2, "2026-04-30");
	close_plan(&m);
}
END_TEST

START_TEST(what_can_not_be_scheduled_says_why)
{
	struct made m;

	open_plan(&m);
	ck_assert(impact_delay_open(&m.delay, &m.ix, plan_text_slot(&m.text, "initiative/idea"), 5,
	    NULL, NULL, &err));
	ck_assert_str_eq(m.delay.why_not, "only work that runs is scheduled");
	close_plan(&m);
}
END_TEST

/* a itself, c, its two objectives, what is proposed behind it and what is asked for it are six. */
START_TEST(as_many_nodes_as_are_wanted)
{
	struct impact_ask ask;
	struct made m;

	open_plan(&m);
	ask = (struct impact_ask){.slot = plan_text_slot(&m.text, "initiative/a"), .most = 6};
	ck_assert(impact_of(m.impact, &ask, &m.result, &err));
	ck_assert_uint_eq(m.result.nodes_count, 6);
	ck_assert(!m.result.more);
	ask.most = 5;
	ck_assert(impact_of(m.impact, &ask, &m.result, &err));
	ck_assert_uint_eq(m.result.nodes_count, 5);
	ck_assert(m.result.more);
	close_plan(&m);
}
END_TEST

/* ---- impact/exposed: from three tenths on */

#define TWO(small, large)                                                                          \
	"objective/o {'expectation': 'It is there in a day', 'targets': [{'text': 'it is'}]}\n"    \
	"objective/inside {'targets': [{'text': 'it is'}]}\n"                                      \
	"initiative/off {'status': 'ACTIVE', 'objective': 'o', 'estimate': {'likely': '" small "'}}\n" \
	"initiative/other {'status': 'ACTIVE', 'objective': 'o', 'estimate': {'likely': '" large "'}}\n" \
	"initiative/within {'status': 'ACTIVE', 'objective': 'inside', 'estimate': {'likely': '100'}}\n" \
	"check-in/1 {'status': 'OFF_TRACK', 'progress': 0.1} {'about': 'initiative/off', 'at': '2026-03-30'}\n" \
	"check-in/2 {'status': 'OFF_TRACK', 'progress': 0.1} {'about': 'initiative/within', 'at': '2026-03-30'}\n"

START_TEST(what_customers_wait_for_rests_on_what_is_off_track)
{
	check_text_plan(TWO("300", "700"), "impact/exposed", "impact/exposed:objective/o,initiative/off\n");
	check_text_plan(TWO("299", "701"), "impact/exposed", "");
}
END_TEST

/* Nearest to the objective: the part is off track too, and is told through the whole. */
START_TEST(the_nearest_one_tells_it)
{
	check_text_plan(
	    "objective/o {'expectation': 'It is there in a day', 'targets': [{'text': 'it is'}]}\n"
	    "initiative/near {'status': 'ACTIVE', 'objective': 'o', 'estimate': {'likely': '100'}}\n"
	    "initiative/far {'status': 'ACTIVE', 'estimate': {'likely': '100'}}\n"
	    "task/part {'initiative': 'near', 'effort': '100'}\n"
	    "check-in/1 {'status': 'OFF_TRACK'} {'about': 'initiative/near', 'at': '2026-03-30'}\n"
	    "check-in/2 {'status': 'OFF_TRACK'} {'about': 'task/part', 'at': '2026-03-30'}\n"
	    "check-in/3 {'status': 'ON_TRACK'} {'about': 'initiative/far', 'at': '2026-03-30'}\n",
	    "impact/exposed", "impact/exposed:objective/o,initiative/near\n");
}
END_TEST

#define OFF(i)                                                                                     \
	"objective/o" i " {'expectation': 'It is there in a day', 'targets': [{'text': 'it is'}]}\n" \
	"initiative/off" i " {'status': 'ACTIVE', 'objective': 'o" i "', 'estimate': {'likely': '100'}}\n" \
	"check-in/" i " {'status': 'OFF_TRACK'} {'about': 'initiative/off" i "', 'at': '2026-03-30'}\n"

static void
expect_with(struct plan_text *text, uint64_t looks, size_t findings, const char *last)
{
	struct check_query query = {.looks = looks};
	const char *rule = "impact/exposed";
	bool rules[RULES_MAX];
	struct check *check;
	struct str said;

	ck_assert(rules_select(&rule, 1, rules, &err));
	query.rules = rules;
	check = check_text_run(text, "2026-03-31", &query);
	ck_assert_uint_eq(check_findings(check), findings);
	str_init(&said, 4096);
	check_message(check, check_finding(check, findings - 1), &said);
	ck_assert_str_eq(said.data, last);
	str_fini(&said);
	check_free(check);
}

/* Of each the initiative, its one reference and the objective: the fourth look lets the second begin, the seventh the third. */
START_TEST(as_much_as_may_be_looked_at)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", OFF("1") OFF("2") OFF("3"));
	expect_with(&text, 7, 3,
	    "objective/o3, which customers wait for, rests on initiative/off3 with 100 %, and that is off track.");
	expect_with(&text, 6, 3,
	    "impact/exposed cannot judge the plan: only 2 of 3 that are off track were followed: more than 6 items and references rest on them.");
	expect_with(&text, 4, 3,
	    "impact/exposed cannot judge the plan: only 2 of 3 that are off track were followed: more than 4 items and references rest on them.");
	expect_with(&text, 3, 2,
	    "impact/exposed cannot judge the plan: only 1 of 3 that are off track were followed: more than 3 items and references rest on them.");
	plan_text_fini(&text);
}
END_TEST

/* Off track one and all, each after the one before: only the last is nearest, and none of the others is followed. */
START_TEST(a_chain_is_followed_once)
{
	struct plan_text text;
	struct str lines;

	str_init(&lines, 1 << 20);
	str_add(&lines, "objective/o {'expectation': 'It is there in a day', 'targets': [{'text': 'it is'}]}\n");
	for (unsigned i = 0; i < 500; i++) {
		str_addf(&lines, "initiative/i%u {'status': 'ACTIVE', 'estimate': {'likely': '100'}", i);
		if (i > 0)
			str_addf(&lines, ", 'after': ['i%u']", i - 1);
		str_addf(&lines, "%s}\n", i == 499 ? ", 'objective': 'o'" : "");
		str_addf(&lines, "check-in/c%u {'status': 'OFF_TRACK'} {'about': 'initiative/i%u', 'at': '2026-03-30'}\n", i, i);
	}
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines.data);
	expect_with(&text, 1, 1,
	    "objective/o, which customers wait for, rests on initiative/i499 with 100 %, and that is off track.");
	plan_text_fini(&text);
	str_fini(&lines);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("impact");
	TCase *tcase = tcase_create("by hand");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, dates_of_the_plan_leave_room);
	tcase_add_test(tcase, a_delay_within_the_slack_takes_nothing_with_it);
	tcase_add_test(tcase, beyond_it_what_waits_moves_as_the_schedule_says);
	tcase_add_test(tcase, an_ask_holds_up_what_it_was_asked_for);
	tcase_add_test(tcase, what_can_not_be_scheduled_says_why);
	tcase_add_test(tcase, as_many_nodes_as_are_wanted);
	tcase_add_test(tcase, what_customers_wait_for_rests_on_what_is_off_track);
	tcase_add_test(tcase, the_nearest_one_tells_it);
	tcase_add_test(tcase, as_much_as_may_be_looked_at);
	tcase_add_test(tcase, a_chain_is_followed_once);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
