/* Two checks compared: what appeared, what is gone, whatever numbers the entries have. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/insight/check/compare.h"
#include "server/insight/check/effect.h"
#include "server/limits.h"
#include "server/plan/plan.h"
#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

static struct plan_text before, after;

static void
setup(void)
{
	plan_text_init(&before);
	plan_text_init(&after);
}

static void
teardown(void)
{
	plan_text_fini(&before);
	plan_text_fini(&after);
}

static void
add_keys(const struct check *check, char sign, const uint32_t *numbers, size_t count, struct str *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct finding *f = check_finding(check, numbers[i]);

		str_addf(out, "%c%s", sign, f->flags & FINDING_UNKNOWN ? "? " : " ");
		check_key(check, f, out);
		str_add_char(out, '\n');
	}
}

/* Findings of one rule or family: "+ key" in the order of the check after, "- key" in that of the one before. */
static void
expect(const char *rule, const char *days[2], const char *expected, size_t same)
{
	bool selected[RULES_MAX];
	struct check_query query = {.rules = selected, .waived = true};
	struct check *checks[2];
	struct compare compare;
	struct str found;
	struct err err;

	ck_assert(rules_select(&rule, 1, selected, &err));
	checks[0] = check_text_run(&before, days[0], &query);
	checks[1] = check_text_run(&after, days[1], &query);
	ck_assert(compare_checks(checks[0], checks[1], &compare, &err));
	str_init(&found, 1u << 20);
	add_keys(checks[1], '+', compare.appeared, compare.appeared_count, &found);
	add_keys(checks[0], '-', compare.gone, compare.gone_count, &found);
	ck_assert_str_eq(found.data, expected);
	ck_assert_uint_eq(compare.same_count, same);
	str_fini(&found);
	compare_fini(&compare);
	check_free(checks[0]);
	check_free(checks[1]);
}

static const char *same_day[2] = {"2026-03-31", "2026-03-31"};

START_TEST(nothing_and_nothing)
{
	expect("owner/none", same_day, "", 0);
	plan_text_put(&after, "2026-01-05", "initiative/a {}");
	expect("owner/none", same_day, "+ owner/none:initiative/a\n", 0);
}
END_TEST

/* b is mended, c is new and d is gone; a stays. */
START_TEST(one_of_each)
{
	plan_text_put(&before, "2026-01-05",
	    "initiative/a {}\n"
	    "initiative/b {}\n"
	    "initiative/d {}\n");
	plan_text_put(&after, "2026-01-05",
	    "initiative/a {}\n"
	    "initiative/b {} {'owners': ['anna']}\n"
	    "initiative/c {}\n");
	expect("owner/none", same_day,
	    "+ owner/none:initiative/c\n"
	    "- owner/none:initiative/b\n"
	    "- owner/none:initiative/d\n", 1);
}
END_TEST

/* The same names in another order have other numbers; a name of another kind is another subject. */
START_TEST(names_count_not_numbers)
{
	plan_text_put(&before, "2026-01-05",
	    "initiative/a {} {'owners': ['x', 'y']}\n"
	    "initiative/b {} {'owners': ['y', 'x']}\n"
	    "goal/c {} {'owners': ['y', 'x']}\n");
	plan_text_put(&after, "2026-01-05",
	    "person/y {}\n"
	    "initiative/c {} {'owners': ['y', 'x']}\n"
	    "initiative/b {} {'owners': ['x', 'y', 'z']}\n"
	    "initiative/a {} {'owners': ['y', 'x']}\n");
	expect("owner/many", same_day,
	    "+ owner/many:initiative/c\n"
	    "- owner/many:goal/c\n", 2);
	/* pairs: person/y is there now, x is missing in c and z in b */
	expect("sight/dangling", same_day,
	    "+ sight/dangling:initiative/b,person/z\n"
	    "+ sight/dangling:initiative/c,person/x\n"
	    "- sight/dangling:goal/c,person/x\n"
	    "- sight/dangling:goal/c,person/y\n"
	    "- sight/dangling:initiative/a,person/y\n"
	    "- sight/dangling:initiative/b,person/y\n", 2);
}
END_TEST

/* What could not be judged and now is found has appeared, and the other way round. */
START_TEST(unknown_is_another_finding)
{
	plan_text_put(&before, "2026-01-05", "objective/o {'periods': ['nowhere']}");
	plan_text_put(&after, "2026-01-05", "objective/o {}");
	expect("outcome/no-date", same_day,
	    "+ outcome/no-date:objective/o\n"
	    "-? outcome/no-date:objective/o\n", 0);
}
END_TEST

/* Nothing was changed: the day alone made it so. A waiver makes no difference. */
START_TEST(days_and_waivers)
{
	const char *days[2] = {"2026-03-31", "2026-04-01"};
	const char *plan =
	    "person/p {'last_day': '2026-03-31'}\n"
	    "initiative/a {} {'owners': ['p']}\n"
	    "initiative/b {}\n";

	plan_text_put(&before, "2026-01-05", plan);
	plan_text_put(&after, "2026-01-05", plan);
	plan_text_put(&after, "2026-01-05",
	    "waiver/w {'finding': 'owner/none:initiative/b', 'reason': 'r', 'who': 'p', 'until': '2026-12-31'}");
	expect("owner/gone", days, "+ owner/gone:initiative/a,person/p\n", 0);
	expect("owner/none", same_day, "", 1);
}
END_TEST

/* A finding that weighs less now is the same finding. */
START_TEST(severities_do_not_matter)
{
	plan_text_put(&before, "2026-01-05", "initiative/a {}");
	plan_text_put(&after, "2026-01-05",
	    "initiative/a {}\n"
	    "rule-setting/owner.none {'rule': 'owner/none', 'severity': 'NOTE'}\n");
	expect("owner/none", same_day, "", 1);
}
END_TEST

START_TEST(effect_of_a_change)
{
	struct effect_side sides[2];
	struct effect effect;
	struct err err;

	plan_text_put(&before, "2026-01-05", "goal/g {} {'owners': ['p']}\nperson/p {}\ninitiative/a {} {'owners': ['p']}");
	plan_text_put(&after, "2026-01-05", "goal/g {}\nperson/p {}\ninitiative/a {} {'owners': ['p']}");
	sides[0] = (struct effect_side){plan_text_view(&before), 20543, NULL, NULL};
	sides[1] = (struct effect_side){plan_text_view(&after), 20543, NULL, NULL};
	ck_assert(effect_run(&sides[0], &sides[1], NULL, NULL, &effect, &err));
	/* the goal's owner was taken away: found, and never a better score */
	ck_assert_uint_eq(effect.findings.appeared_count, 1);
	ck_assert_uint_eq(effect.findings.gone_count, 0);
	ck_assert_int_le(effect.score_after, effect.score_before);
	effect_fini(&effect);
}
END_TEST

static bool
at_once(void *arg)
{
	(void)arg;
	return true;
}

START_TEST(cancelled)
{
	struct effect_side sides[2];
	struct effect effect;
	struct err err;

	plan_text_put(&before, "2026-01-05", "goal/g {}");
	sides[0] = sides[1] = (struct effect_side){plan_text_view(&before), 20543, NULL, NULL};
	ck_assert(!effect_run(&sides[0], &sides[1], at_once, NULL, &effect, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
}
END_TEST

/* Of three findings two are kept: then the check is not whole, and must not be compared. */
START_TEST(what_was_cut_is_not_whole)
{
	struct check_query query = {.most = 3};
	bool selected[RULES_MAX];
	const char *rule = "owner/none";
	struct check *check;
	struct err err;

	ck_assert(rules_select(&rule, 1, selected, &err));
	query.rules = selected;
	plan_text_put(&before, "2026-01-05", "goal/a {}\ngoal/b {}\ngoal/c {}");
	check = check_text_run(&before, "2026-03-31", &query);
	ck_assert(check_is_whole(check));
	check_free(check);
	query.most = 2;
	check = check_text_run(&before, "2026-03-31", &query);
	ck_assert(!check_is_whole(check));
	ck_assert_uint_eq(check_findings(check), 2);
	check_free(check);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("insight/compare");
	TCase *cases = tcase_create("compare");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, nothing_and_nothing);
	tcase_add_test(cases, one_of_each);
	tcase_add_test(cases, names_count_not_numbers);
	tcase_add_test(cases, unknown_is_another_finding);
	tcase_add_test(cases, days_and_waivers);
	tcase_add_test(cases, severities_do_not_matter);
	tcase_add_test(cases, effect_of_a_change);
	tcase_add_test(cases, cancelled);
	tcase_add_test(cases, what_was_cut_is_not_whole);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
