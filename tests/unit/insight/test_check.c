/* What all rules share: settings, waivers, keys, order, limits, who and since. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/limits.h"
#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

static struct plan_text text;

static void
setup(void)
{
	plan_text_init(&text);
}

static void
teardown(void)
{
	plan_text_fini(&text);
}

static int
number(const char *rule)
{
	return rule_find(rule, strlen(rule));
}

static char *
key_of(const struct check *check, size_t i)
{
	struct str key;

	str_init(&key, 4096);
	check_key(check, check_finding(check, i), &key);
	return str_take(&key);
}

static void
assert_key(const struct check *check, size_t i, const char *expected)
{
	char *key;

	ck_assert_uint_lt(i, check_findings(check));
	key = key_of(check, i);
	ck_assert_str_eq(key, expected);
	free(key);
}

/* ---- settings */

START_TEST(a_setting_moves_the_threshold)
{
	plan_text_put(&text, "2026-01-05",
	    "person/a {}\nperson/b {}\n"
	    "initiative/i {} {'owners': ['a', 'b']}\n"
	    "rule-setting/owner.many {'rule': 'owner/many', 'thresholds': {'most': 2}}\n");
	check_text_expect(&text, "2026-03-31", "owner/many", "");
}
END_TEST

START_TEST(a_threshold_out_of_range_counts_as_the_nearest)
{
	plan_text_put(&text, "2026-01-05",
	    "person/a {}\nperson/b {}\n"
	    "initiative/i {} {'owners': ['a', 'b']}\n"
	    /* 1 is the least; with -5 even one owner would be found */
	    "initiative/j {} {'owners': ['a']}\n"
	    "rule-setting/owner.many {'rule': 'owner/many', 'thresholds': {'most': -5, 'no-such': 3}}\n");
	check_text_expect(&text, "2026-03-31", "owner/many", "owner/many:initiative/i\n");
}
END_TEST

START_TEST(a_rule_can_be_off_or_weigh_otherwise)
{
	struct check *check;

	plan_text_put(&text, "2026-01-05",
	    "goal/g {}\n"
	    "rule-setting/owner.none {'rule': 'owner/none', 'off': true}\n"
	    "rule-setting/sight.empty-goal {'rule': 'sight/empty-goal', 'severity': 'ERROR'}\n"
	    /* a setting under another rule's name is not taken for it */
	    "rule-setting/sight.orphan {'rule': 'sight/unserved', 'off': true}\n"
	    "initiative/i {} {'owners': ['person/a']}\n");
	check_text_expect(&text, "2026-03-31", "owner/none", "");
	check_text_expect(&text, "2026-03-31", "sight/orphan", "sight/orphan:initiative/i\n");
	check = check_text_run(&text, "2026-03-31", NULL);
	/* sight/empty-goal by setting, sight/dangling (person/a) by default; no others are errors */
	ck_assert_uint_eq(check_counts(check)->by_severity[SEVERITY_ERROR], 2);
	assert_key(check, 0, "sight/empty-goal:goal/g");
	check_free(check);
}
END_TEST

/* ---- waivers */

#define WAIVED_PLAN \
	"goal/g {}\n" \
	"goal/h {}\n" \
	"objective/o {'goal': 'h', 'targets': [{'measure': 'm'}, {'measure': 'n'}]}\n" \
	"measure/m {}\nmeasure/n {}\n"

START_TEST(a_waiver_counts_a_finding_apart_until_its_day)
{
	struct check_query query = {.waived = true};
	struct check *check;

	plan_text_put(&text, "2026-01-05", WAIVED_PLAN
	    "waiver/w {'finding': 'sight/empty-goal:goal/g', 'reason': 'next year', 'who': 'person/anna', "
	    "'until': '2026-03-31'}\n");
	/* on its last day it holds */
	check_text_expect(&text, "2026-03-31", "sight/empty-goal", "");
	check_text_expect(&text, "2026-04-01", "sight/empty-goal", "sight/empty-goal:goal/g\n");
	check = check_text_run(&text, "2026-03-31", &query);
	ck_assert_uint_eq(check_counts(check)->waived, 1);
	ck_assert_uint_eq(check_counts(check)->rules[number("sight/empty-goal")].waived, 1);
	ck_assert_uint_eq(check_counts(check)->rules[number("sight/empty-goal")].findings, 0);
	for (size_t i = 0; i < check_findings(check); i++) {
		const struct control_waiver *waiver = check_waiver(check, check_finding(check, i));

		if (check_finding(check, i)->rule != number("sight/empty-goal")) {
			ck_assert_ptr_null(waiver);
			continue;
		}
		ck_assert_str_eq(waiver->reason, "next year");
		ck_assert_str_eq(waiver->who, "person/anna");
	}
	check_free(check);
}
END_TEST

START_TEST(a_waiver_is_of_one_finding_only)
{
	plan_text_put(&text, "2026-01-05", WAIVED_PLAN
	    "waiver/a {'finding': 'outcome/no-target:objective/o,measure/m', 'reason': 'r', 'until': '2026-12-31'}\n"
	    /* other rule, fewer subjects, other qualifier, unknown names, no key at all */
	    "waiver/b {'finding': 'outcome/no-baseline:objective/o', 'reason': 'r', 'until': '2026-12-31'}\n"
	    "waiver/c {'finding': 'outcome/no-date:objective/o@q1', 'reason': 'r', 'until': '2026-12-31'}\n"
	    "waiver/d {'finding': 'outcome/no-such:objective/o', 'reason': 'r', 'until': '2026-12-31'}\n"
	    "waiver/e {'finding': 'outcome/no-date:objective/typo', 'reason': 'r', 'until': '2026-12-31'}\n"
	    "waiver/f {'finding': 'nonsense', 'reason': 'r', 'until': '2026-12-31'}\n"
	    "waiver/g {'finding': 'outcome/no-date:', 'reason': 'r', 'until': '2026-12-31'}\n");
	check_text_expect(&text, "2026-03-31", "outcome/no-target",
	    "outcome/no-target:objective/o,measure/n\n");
	check_text_expect(&text, "2026-03-31", "outcome/no-baseline",
	    "outcome/no-baseline:objective/o,measure/m\n"
	    "outcome/no-baseline:objective/o,measure/n\n");
	check_text_expect(&text, "2026-03-31", "outcome/no-date", "outcome/no-date:objective/o\n");
}
END_TEST

START_TEST(unknown_about_the_plan_and_qualified_keys_can_be_waived)
{
	plan_text_put(&text, "2026-01-05",
	    "objective/a {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/b'}]}\n"
	    "objective/b {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/a'}]}\n"
	    "waiver/u {'finding': 'sight/orphan:plan', 'reason': 'r', 'until': '2026-12-31'}\n"
	    "waiver/c {'finding': 'sight/cycle:objective/a,objective/b@contribution', 'reason': 'r', "
	    "'until': '2026-12-31'}\n");
	check_text_expect(&text, "2026-03-31", "sight/orphan", "");
	check_text_expect(&text, "2026-03-31", "sight/cycle", "");
	check_text_expect(&text, "2027-01-01", "sight/cycle", "sight/cycle:objective/a,objective/b@contribution\n");
}
END_TEST

/* ---- order and choice */

START_TEST(findings_come_worst_first_then_by_rank_rule_and_name)
{
	struct check *check;

	plan_text_put(&text, "2026-01-05",
	    "person/p {}\n"
	    "goal/g {} {'owners': ['p']}\n"
	    "initiative/b {'outcome_intended': 'x'}\n"
	    "initiative/a {'outcome_intended': 'x'}\n"
	    "initiative/c {'outcome_intended': 'x'} {'owners': ['p']}\n"
	    "workstream/w {'initiative': 'a'}\n");
	plan_text_apply(&text, "2026-01-06",
	    "{'place': {'item': 'c', 'first': true}}, {'place': {'item': 'b', 'after': 'c'}}");
	check = check_text_run(&text, "2026-03-31", NULL);
	/* errors: owner/none of b (rank 2), then a and its workstream (unranked, by kind and name) */
	assert_key(check, 0, "owner/none:initiative/b");
	assert_key(check, 1, "owner/none:initiative/a");
	assert_key(check, 2, "owner/none:workstream/w");
	/* warnings: orphan c (rank 1), b (rank 2), then unranked ones by rule and name */
	assert_key(check, 3, "sight/orphan:initiative/c");
	assert_key(check, 4, "sight/orphan:initiative/b");
	assert_key(check, 5, "sight/orphan:initiative/a");
	assert_key(check, 6, "sight/empty-goal:goal/g");
	/* notes */
	assert_key(check, 7, "owner/no-team:initiative/c");
	ck_assert_uint_eq(check_findings(check), 8);
	ck_assert_uint_eq(check_finding(check, 3)->rank, 1);
	check_free(check);
}
END_TEST

START_TEST(parts_take_the_rank_of_their_initiative)
{
	struct check *check;

	plan_text_put(&text, "2026-01-05",
	    "initiative/a {}\n"
	    "initiative/b {}\n"
	    "workstream/of-b {'initiative': 'b'}\n");
	plan_text_apply(&text, "2026-01-06",
	    "{'place': {'item': 'b', 'first': true}}, {'place': {'item': 'a', 'last': true}}");
	check = check_text_run(&text, "2026-03-31", NULL);
	assert_key(check, 0, "owner/none:initiative/b");
	assert_key(check, 1, "owner/none:workstream/of-b");
	assert_key(check, 2, "owner/none:initiative/a");
	check_free(check);
}
END_TEST

START_TEST(milder_ones_are_counted_but_not_kept)
{
	struct check_query query = {.at_least = SEVERITY_ERROR};
	struct check *check;

	plan_text_put(&text, "2026-01-05", "goal/g {}\n");
	check = check_text_run(&text, "2026-03-31", &query);
	ck_assert_uint_eq(check_findings(check), 1);
	assert_key(check, 0, "owner/none:goal/g");
	ck_assert_uint_eq(check_counts(check)->by_severity[SEVERITY_WARNING], 1); /* sight/empty-goal */
	check_free(check);
}
END_TEST

START_TEST(only_findings_about_something)
{
	uint32_t about;
	struct check_query query = {.about = &about, .about_count = 1};
	struct check *check;

	plan_text_put(&text, "2026-01-05",
	    "goal/g {}\n"
	    "goal/h {}\n"
	    "objective/o {'goal': 'h', 'targets': [{'measure': 'm', 'target': 1, 'baseline': 0}]}\n"
	    "measure/m {'every_days': 1}\n");
	about = plan_text_slot(&text, "measure/m");
	check = check_text_run(&text, "2026-03-31", &query);
	ck_assert_uint_eq(check_findings(check), 1);
	assert_key(check, 0, "outcome/stale:measure/m");
	ck_assert_uint_eq(check_counts(check)->by_severity[SEVERITY_ERROR], 0);
	check_free(check);
}
END_TEST

/* ---- since and who */

START_TEST(since_is_the_newest_change_or_the_day_time_made_it_so)
{
	struct check *check;
	char day[DATE_TEXT_LEN];
	const char *rules[] = {"owner/gone", "sight/empty-goal"};
	bool selected[RULES_MAX];
	struct check_query query = {.rules = selected};
	struct err err;

	plan_text_put(&text, "2026-01-05",
	    "person/p {'last_day': '2026-02-10'}\n"
	    "goal/g {} {'owners': ['p']}\n");
	plan_text_put(&text, "2026-01-20", "goal/g {'weight': 0.5} {'owners': ['p']}\n");
	ck_assert(rules_select(rules, 2, selected, &err));
	check = check_text_run(&text, "2026-03-31", &query);
	assert_key(check, 0, "owner/gone:goal/g,person/p");
	ck_assert_str_eq(date_format(check_finding(check, 0)->since, day), "2026-02-11");
	assert_key(check, 1, "sight/empty-goal:goal/g");
	ck_assert_str_eq(date_format(check_finding(check, 1)->since, day), "2026-01-20");
	check_free(check);
}
END_TEST

/* The "kind/id"s of those who should act on the one finding of the rule. */
static void
expect_who(const char *rule, const char *expected)
{
	bool selected[RULES_MAX];
	struct check_query query = {.rules = selected};
	struct check *check;
	uint32_t who[4];
	struct str out;
	struct err err;
	size_t count;

	ck_assert(rules_select(&rule, 1, selected, &err));
	check = check_text_run(&text, "2026-03-31", &query);
	ck_assert_uint_eq(check_findings(check), 1);
	count = check_who(check, check_finding(check, 0), who, 4);
	str_init(&out, 4096);
	for (size_t i = 0; i < count; i++) {
		check_ref(check, who[i], &out);
		str_add_char(&out, ' ');
	}
	ck_assert_str_eq(out.data, expected);
	str_fini(&out);
	check_free(check);
}

START_TEST(its_owner_should_act)
{
	plan_text_put(&text, "2026-01-05",
	    "person/p {}\n"
	    "goal/g {} {'owners': ['p']}\n");
	expect_who("sight/empty-goal", "person/p ");
}
END_TEST

START_TEST(without_an_owner_the_one_above_should_act)
{
	plan_text_put(&text, "2026-01-05",
	    "person/p {}\n"
	    "objective/o {} {'owners': ['p']}\n"
	    "initiative/i {'objective': 'o'}\n");
	expect_who("owner/none", "person/p ");
}
END_TEST

START_TEST(for_one_who_left_the_manager_should_act)
{
	plan_text_put(&text, "2026-01-05",
	    "person/boss {}\n"
	    "person/p {'last_day': '2026-02-10', 'manager': 'boss'}\n"
	    "goal/g {} {'owners': ['p']}\n");
	expect_who("owner/gone", "person/boss ");
}
END_TEST

START_TEST(for_a_team_its_lead_should_act)
{
	plan_text_put(&text, "2026-01-05",
	    "person/lead {}\n"
	    "team/t {'lead': 'lead'}\n"
	    "team/u {}\n"
	    "goal/g {} {'owners': ['team/t']}\n"
	    "objective/o {'goal': 'g'} {'owners': ['team/u']}\n");
	plan_text_put(&text, "2026-01-06", "goal/g {} {'owners': ['team/t', 'person/gone']}\n");
	expect_who("owner/many", "person/lead ");
	/* without a lead the team itself */
	expect_who("outcome/no-measure", "team/u ");
}
END_TEST

START_TEST(in_a_circle_all_should_act)
{
	plan_text_put(&text, "2026-01-05",
	    "person/p {}\n"
	    "person/q {}\n"
	    "initiative/i {'after': ['j']} {'owners': ['p']}\n"
	    "initiative/j {'after': ['i']} {'owners': ['q']}\n");
	expect_who("sight/cycle", "person/p person/q ");
}
END_TEST

START_TEST(where_nobody_answers_those_who_do_it_should_act)
{
	plan_text_put(&text, "2026-01-05",
	    "person/p {}\n"
	    "task/t {'members': ['p']}\n");
	expect_who("sight/orphan", "person/p ");
}
END_TEST

START_TEST(who_recorded_something_about_nothing_should_act)
{
	plan_text_put(&text, "2026-01-05",
	    "person/p {}\n"
	    "measurement/x {'value': 1} {'about': 'typo', 'at': '2026-01-05', 'by': 'p'}\n");
	expect_who("sight/dangling", "person/p ");
}
END_TEST

START_TEST(since_counts_from_when_all_purpose_was_given_up)
{
	struct check *check;
	char day[DATE_TEXT_LEN];
	const char *rule = "sight/orphan";
	bool selected[RULES_MAX];
	struct check_query query = {.rules = selected};
	struct err err;

	plan_text_put(&text, "2026-01-05",
	    "goal/g {}\n"
	    "objective/o {'goal': 'g'}\n"
	    "initiative/i {'objective': 'o', 'contributions': [{'to': 'o'}]}\n");
	plan_text_put(&text, "2026-02-03", "objective/o {'goal': 'g', 'status': 'DROPPED'}\n");
	ck_assert(rules_select(&rule, 1, selected, &err));
	check = check_text_run(&text, "2026-03-31", &query);
	assert_key(check, 0, "sight/orphan:initiative/i");
	ck_assert_str_eq(date_format(check_finding(check, 0)->since, day), "2026-02-03");
	/* named twice, seen once */
	ck_assert_uint_eq(check_finding(check, 0)->evidence_count, 1);
	check_free(check);
}
END_TEST

/* ---- limits, stopping, oddities */

START_TEST(an_empty_plan_has_no_findings)
{
	struct check *check = check_text_run(&text, "2026-03-31", NULL);

	ck_assert_uint_eq(check_findings(check), 0);
	ck_assert_uint_eq(check_counts(check)->items, 0);
	check_free(check);
}
END_TEST

START_TEST(findings_are_capped_and_counted)
{
	struct str lines;
	struct check *check;
	unsigned left = LIMIT_FINDINGS + 10;
	unsigned n = 0;

	/* every goal is without owner (error) and empty (warning) */
	while (left > 0) {
		unsigned batch = left < 10000 ? left : 10000;

		str_init(&lines, 16u << 20);
		for (unsigned i = 0; i < batch; i++)
			str_addf(&lines, "goal/g%06u {}\n", n++);
		plan_text_put(&text, "2026-01-05", lines.data);
		str_fini(&lines);
		left -= batch;
	}
	check = check_text_run(&text, "2026-03-31", NULL);
	ck_assert_uint_eq(check_findings(check), LIMIT_FINDINGS);
	ck_assert_uint_eq(check_counts(check)->by_severity[SEVERITY_ERROR], LIMIT_FINDINGS + 10);
	ck_assert_uint_eq(check_counts(check)->by_severity[SEVERITY_WARNING], LIMIT_FINDINGS + 10);
	/* the severest are kept */
	ck_assert_uint_eq(check_finding(check, LIMIT_FINDINGS - 1)->severity, SEVERITY_ERROR);
	check_free(check);
}
END_TEST

static bool
say_stop(void *arg)
{
	unsigned *asked = arg;

	return ++*asked > 0;
}

START_TEST(a_check_stops_when_asked)
{
	unsigned asked = 0;
	struct check_query query = {.cancelled = say_stop, .arg = &asked};
	struct err err;

	plan_text_put(&text, "2026-01-05", "goal/g {}\n");
	ck_assert_ptr_null(check_run(plan_text_view(&text), &query, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	ck_assert_uint_gt(asked, 0);
}
END_TEST

static void
take_progress(void *arg, double part)
{
	double *last = arg;

	ck_assert(part > *last && part <= 1);
	*last = part;
}

START_TEST(progress_grows_to_one)
{
	double last = 0;
	struct check_query query = {.progress = take_progress, .arg = &last};

	check_free(check_text_run(&text, "2026-03-31", &query));
	ck_assert(last > 0.999);
}
END_TEST

START_TEST(tombstones_and_removed_rankings_do_no_harm)
{
	plan_text_put(&text, "2026-01-05",
	    "person/p {}\n"
	    "initiative/i {'outcome_intended': 'x'} {'owners': ['p']}\n"
	    "task/t {'initiative': 'i'}\n"
	    "goal/g {}\n");
	plan_text_apply(&text, "2026-01-06", "{'place': {'item': 'i', 'first': true}}");
	plan_text_apply(&text, "2026-01-07", "{'remove': {'ref': 'initiative/i', 'cascade': true}}");
	plan_text_apply(&text, "2026-01-08", "{'rename': {'ref': 'goal/g', 'id': 'h'}}");
	check_text_expect(&text, "2026-03-31", "sight", "sight/empty-goal:goal/h\n");
	check_text_expect(&text, "2026-03-31", "owner", "owner/none:goal/h\n");
}
END_TEST

/* clang-format on */
int
main(void)
{
	Suite *suite = suite_create("check");
	TCase *tc = tcase_create("check");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_setting_moves_the_threshold);
	tcase_add_test(tc, a_threshold_out_of_range_counts_as_the_nearest);
	tcase_add_test(tc, a_rule_can_be_off_or_weigh_otherwise);
	tcase_add_test(tc, a_waiver_counts_a_finding_apart_until_its_day);
	tcase_add_test(tc, a_waiver_is_of_one_finding_only);
	tcase_add_test(tc, unknown_about_the_plan_and_qualified_keys_can_be_waived);
	tcase_add_test(tc, findings_come_worst_first_then_by_rank_rule_and_name);
	tcase_add_test(tc, parts_take_the_rank_of_their_initiative);
	tcase_add_test(tc, milder_ones_are_counted_but_not_kept);
	tcase_add_test(tc, only_findings_about_something);
	tcase_add_test(tc, since_is_the_newest_change_or_the_day_time_made_it_so);
	tcase_add_test(tc, its_owner_should_act);
	tcase_add_test(tc, without_an_owner_the_one_above_should_act);
	tcase_add_test(tc, for_one_who_left_the_manager_should_act);
	tcase_add_test(tc, for_a_team_its_lead_should_act);
	tcase_add_test(tc, in_a_circle_all_should_act);
	tcase_add_test(tc, where_nobody_answers_those_who_do_it_should_act);
	tcase_add_test(tc, who_recorded_something_about_nothing_should_act);
	tcase_add_test(tc, since_counts_from_when_all_purpose_was_given_up);
	tcase_add_test(tc, an_empty_plan_has_no_findings);
	tcase_add_test(tc, findings_are_capped_and_counted);
	tcase_add_test(tc, a_check_stops_when_asked);
	tcase_add_test(tc, progress_grows_to_one);
	tcase_add_test(tc, tombstones_and_removed_rankings_do_no_harm);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
