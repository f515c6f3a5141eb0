/* What is one person's, at its edges. The plan is of 2026-01-05, today is 2026-03-31; limits are 14, 7 and 7 days. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/str.h"
#include "server/insight/mine.h"
#include "server/plan/kinds.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

/* One line an item: "owes 2 task/t 2026-04-14: what <- nearest, next". */
static void
describe(const struct index *ix, const struct mine_item *item, struct str *out)
{
	static const char *const whys[] = {"owns", "executes", "owes", "is-owed"};
	char text[REF_TEXT_LEN];
	char date[DATE_TEXT_LEN];

	ref_format(ix->items[item->slot], text);
	str_addf(out, "%s %d %s %s: %s <-", whys[item->why], item->rank == RANK_NONE ? 0 : (int)item->rank, text,
	    date_format(item->due, date), item->what);
	for (size_t i = 0; i < item->chain_count; i++) {
		ref_format(ix->items[item->chain[i]], text);
		str_addf(out, " %s", text);
	}
	str_add_char(out, '\n');
}

static void
expect(const char *lines, const char *more, const char *expected)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	struct mine_query query = {.check_in_days = 14, .acknowledge_days = 7, .answer_days = 7};
	struct plan_text text;
	struct index ix;
	struct mine mine;
	struct str have;
	struct err err;
	int32_t today;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", "person/anna {'manager': 'bert'}\nperson/bert {}\nperson/cleo {}\n");
	plan_text_put(&text, "2026-01-05", lines);
	if (more != NULL)
		plan_text_apply(&text, "2026-01-06", more);
	ck_assert(date_parse("2026-03-31", &today));
	ck_assert(index_init(&ix, plan_text_view(&text), today, ROLES_ALL, NULL, NULL, &err));
	query.person = plan_text_slot(&text, "person/anna");
	ck_assert(mine_run(&ix, &query, arena, &mine, &err));
	str_init(&have, (size_t)1 << 20);
	for (size_t i = 0; i < mine.items_count; i++)
		describe(&ix, &mine.items[i], &have);
	ck_assert_str_eq(have.data, expected);
	str_fini(&have);
	index_fini(&ix);
	plan_text_fini(&text);
	arena_free(arena);
}

START_TEST(somebody_with_nothing_has_nothing)
{
	expect("initiative/i {} {'owners': ['bert']}\n", NULL, "");
}
END_TEST

START_TEST(a_chain_that_leads_back_ends)
{
	expect(
	    "objective/a {} {'owners': ['anna'], 'links': [{'type': 'CONTRIBUTES', 'to': 'objective/b'}]}\n"
	    "objective/b {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/c'}]}\n"
	    "objective/c {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/b'}]}\n", NULL,
	    "owns 0 objective/a : answers for it <- objective/b objective/c\n");
}
END_TEST

START_TEST(the_order_is_reason_then_rank_then_day_then_name)
{
	expect(
	    "initiative/z {'finish': '2026-05-01'} {'owners': ['anna']}\n"
	    "initiative/y {'finish': '2026-04-30'} {'owners': ['anna', 'cleo']}\n"
	    "initiative/x {} {'owners': ['anna']}\n"
	    "initiative/w {} {'owners': ['anna']}\n"
	    "initiative/top {} {'owners': ['cleo']}\n"
	    "initiative/ranked {'members': ['anna']} {'owners': ['anna']}\n", /* owns it: not listed twice */
	    "{'place': {'item': 'top', 'last': true}}, {'place': {'item': 'ranked', 'last': true}}",
	    "owns 2 initiative/ranked : answers for it <-\n"
	    "owns 0 initiative/y 2026-04-30: answers for it, as one of 2 <-\n"
	    "owns 0 initiative/z 2026-05-01: answers for it <-\n"
	    "owns 0 initiative/w : answers for it <-\n"
	    "owns 0 initiative/x : answers for it <-\n");
}
END_TEST

START_TEST(what_is_over_is_not_theirs_any_more)
{
	expect(
	    "period/q1 {'first_day': '2026-01-01', 'last_day': '2026-03-30'}\n"
	    "period/now {'first_day': '2026-01-01', 'last_day': '2026-03-31'}\n"
	    "initiative/done {'status': 'DONE'} {'owners': ['anna']}\n"
	    "initiative/stopped {'status': 'STOPPED'} {'owners': ['anna']}\n"
	    "task/of-stopped {'initiative': 'stopped', 'due': '2026-03-31'} {'owners': ['anna']}\n"
	    "task/finished {'due': '2026-03-31', 'done': '2026-03-30'} {'owners': ['anna']}\n"
	    "objective/closed {'status': 'CLOSED'} {'owners': ['anna']}\n"
	    "initiative/over {} {'owners': ['cleo']}\ninitiative/runs {} {'owners': ['cleo']}\n"
	    "allocation/old {'who': 'anna', 'initiative': 'over', 'period': 'q1'}\n"
	    "allocation/new {'who': 'anna', 'initiative': 'runs', 'period': 'now'}\n", NULL,
	    "executes 0 initiative/runs : is given to it by allocation/new <-\n");
}
END_TEST

START_TEST(a_countered_ask_waits_for_a_word_of_those_who_asked)
{
	expect(
	    "team/cs {'lead': 'anna'}\nteam/data {'lead': 'cleo'}\n"
	    "ask/c {'from': 'cs', 'to': 'data', 'state': 'COUNTERED', 'answered': '2026-03-30'}\n"
	    "ask/d {'from': 'cs', 'to': 'data', 'state': 'DECLINED'}\n"
	    "ask/due {'from': 'data', 'to': 'cs', 'state': 'COMMITTED', 'promised_for': '2026-04-14'}\n"
	    "ask/far {'from': 'data', 'to': 'cs', 'state': 'COMMITTED', 'promised_for': '2026-04-15'}\n", NULL,
	    "owes 0 ask/due 2026-04-14: what was promised is due on 2026-04-14 <-\n"
	    "owes 0 ask/c : a word on the other offer of team/data <-\n");
}
END_TEST

START_TEST(a_measurement_is_due_by_how_often_it_is_taken)
{
	expect(
	    "measure/never {'every_days': 90} {'owners': ['anna']}\n"   /* due 04-05, from 01-05 */
	    "measure/taken {'every_days': 30} {'owners': ['anna']}\n"   /* due 04-29: too far ahead */
	    "measurement/a {'value': 1} {'about': 'taken', 'at': '2026-03-30'}\n"
	    "measure/whenever {} {'owners': ['anna']}\n", NULL,
	    "owns 0 measure/never : answers for it <-\n"
	    "owns 0 measure/taken : answers for it <-\n"
	    "owns 0 measure/whenever : answers for it <-\n"
	    "owes 0 measure/never 2026-04-05: a measurement is due on 2026-04-05 <-\n");
}
END_TEST

START_TEST(a_reviewer_waits_for_late_check_ins)
{
	expect(
	    "initiative/late {'status': 'ACTIVE', 'start': '2026-03-16'} {'owners': ['cleo'], 'reviewer': 'anna'}\n"
	    "initiative/fine {'status': 'ACTIVE', 'start': '2026-03-17'} {'owners': ['cleo'], 'reviewer': 'anna'}\n", NULL,
	    "is-owed 0 initiative/late 2026-03-30: a check-in was due on 2026-03-30, 1 day ago <-\n");
}
END_TEST

/* clang-format on */

int
main(void)
{
	Suite *suite = suite_create("mine");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, somebody_with_nothing_has_nothing);
	tcase_add_test(tc, a_chain_that_leads_back_ends);
	tcase_add_test(tc, the_order_is_reason_then_rank_then_day_then_name);
	tcase_add_test(tc, what_is_over_is_not_theirs_any_more);
	tcase_add_test(tc, a_countered_ask_waits_for_a_word_of_those_who_asked);
	tcase_add_test(tc, a_measurement_is_due_by_how_often_it_is_taken);
	tcase_add_test(tc, a_reviewer_waits_for_late_check_ins);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
