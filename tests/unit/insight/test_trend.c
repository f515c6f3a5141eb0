/* Days of findings as stretches: since when, what came and went, days taken back, as bytes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/insight/trend.h"
#include "server/limits.h"
#include "tests/support/check_text.h"

#define DAY0 20000

static bool all_rules[RULES_MAX];

/* A plan whose goals named by letters have no owner: one finding of owner/none each, and no others of that rule. */
static struct check *
check_of(struct plan_text *text, const char *ownerless)
{
	static const char *const names[] = {"a", "b", "c"};
	struct check_query query = {.waived = true};
	const char *rule = "owner/none";
	bool selected[RULES_MAX];
	struct str lines;
	struct check *check;
	struct err err;

	plan_text_init(text);
	str_init(&lines, 4096);
	str_add(&lines, "person/p {}\n");
	for (size_t i = 0; i < 3; i++)
		str_addf(&lines, "goal/%s {} {'owners': [%s]}\n", names[i],
		    strstr(ownerless, names[i]) != NULL ? "" : "'p'");
	plan_text_put(text, "2024-01-01", lines.data);
	str_fini(&lines);
	ck_assert(rules_select(&rule, 1, selected, &err));
	query.rules = selected;
	check = check_text_run(text, "2024-10-04", &query);
	ck_assert_uint_eq(check_findings(check), strlen(ownerless));
	return check;
}

static void
add_days(struct trend *trend, const char *const *days, size_t count)
{
	struct err err;

	for (size_t i = 0; i < count; i++) {
		struct plan_text text;
		struct check *check = check_of(&text, days[i]);

		if (!trend_add(trend, check, i + 1, (int64_t)i, &err))
			ck_abort_msg("%s", err.msg);
		check_free(check);
		plan_text_fini(&text);
	}
}

static uint64_t
key_of(const char *goal)
{
	struct plan_text text;
	struct check *check = check_of(&text, goal);
	struct str words;
	uint64_t key;

	str_init(&words, 4096);
	key = trend_key(check, check_finding(check, 0), &words);
	str_fini(&words);
	check_free(check);
	plan_text_fini(&text);
	return key;
}

/* a: days 0..2 and 5..6; b: 1..6; c: 3 only. */
static const char *const seven[] = {"a", "ab", "ab", "bc", "b", "ab", "ab"};

static void
make(struct trend *trend)
{
	memset(all_rules, true, sizeof all_rules);
	trend_init(trend);
	trend_restart(trend, DAY0);
	add_days(trend, seven, 7);
	ck_assert_int_eq(trend_end(trend), DAY0 + 7);
}

static int
since(const struct trend *trend, const char *goal, int day)
{
	int32_t found = trend_since(trend, key_of(goal), DAY0 + day);

	return found == DATE_NONE ? -1 : found - DAY0;
}

START_TEST(since_is_the_first_day_of_the_stretch)
{
	struct trend trend;

	make(&trend);
	ck_assert_int_eq(since(&trend, "a", 6), 5);
	ck_assert_int_eq(since(&trend, "a", 5), 5);
	ck_assert_int_eq(since(&trend, "a", 4), -1);
	ck_assert_int_eq(since(&trend, "a", 2), 0);
	ck_assert_int_eq(since(&trend, "a", -1), -1);
	ck_assert_int_eq(since(&trend, "a", 7), -1); /* nobody has looked */
	ck_assert_int_eq(since(&trend, "b", 6), 1);
	ck_assert_int_eq(since(&trend, "c", 3), 3);
	ck_assert_int_eq(since(&trend, "c", 6), -1);
	trend_fini(&trend);
}
END_TEST

/* appeared and gone at each of the days, as "1/0 …" */
static void
expect_steps(const struct trend *trend, const int *days, size_t count, const char *expected)
{
	struct trend_step steps[8];
	int32_t at[8];
	struct str out;
	struct err err;

	for (size_t i = 0; i < count; i++)
		at[i] = DAY0 + days[i];
	ck_assert(trend_steps(trend, at, count, all_rules, steps, &err));
	str_init(&out, 4096);
	for (size_t i = 0; i < count; i++)
		str_addf(&out, "%s%u/%u", i > 0 ? " " : "", steps[i].appeared, steps[i].gone);
	ck_assert_str_eq(out.data, expected);
	str_fini(&out);
}

START_TEST(steps_compare_with_the_sample_before)
{
	static const int each[] = {0, 1, 2, 3, 4, 5, 6}, far[] = {0, 6}, gap[] = {2, 5},
			 some[] = {0, 3, 6};
	static const int single[] = {4};
	struct trend trend;
	struct err err;
	struct trend_step step;
	int32_t day = DAY0 + 3;

	make(&trend);
	/* day 3: c came, a went; 4: c went; 5: a came */
	expect_steps(&trend, each, 7, "0/0 1/0 0/0 1/1 0/1 1/0 0/0");
	expect_steps(&trend, far, 2, "0/0 1/0"); /* a stood on both, whatever was between */
	expect_steps(&trend, gap, 2, "0/0 0/0");
	expect_steps(&trend, some, 3, "0/0 2/1 1/1");
	expect_steps(&trend, single, 1, "0/0");
	memset(all_rules, false, sizeof all_rules);
	expect_steps(&trend, each, 7, "0/0 0/0 0/0 0/0 0/0 0/0 0/0");
	ck_assert(trend_steps(&trend, &day, 0, all_rules, &step, &err));
	trend_fini(&trend);
}
END_TEST

START_TEST(days_are_taken_back_and_told_anew)
{
	static const char *const again[] = {"c", "ac", ""};
	struct trend trend;
	struct err err;

	make(&trend);
	ck_assert(trend_cut(&trend, DAY0 + 7, &err)); /* none */
	ck_assert_int_eq(since(&trend, "a", 6), 5);
	ck_assert(trend_cut(&trend, DAY0 + 4, &err));
	ck_assert_int_eq(trend_end(&trend), DAY0 + 4);
	ck_assert_int_eq(since(&trend, "b", 3), 1);
	ck_assert_int_eq(since(&trend, "b", 4), -1);
	add_days(&trend, again, 3);
	ck_assert_int_eq(since(&trend, "c", 5), 3); /* goes on from day 3 */
	ck_assert_int_eq(since(&trend, "a", 5), 5);
	ck_assert_int_eq(since(&trend, "b", 3), 1);
	ck_assert_int_eq(since(&trend, "c", 6), -1);
	ck_assert(trend_cut(&trend, DAY0 - 5, &err));
	ck_assert_uint_eq(trend.count, 0);
	trend_fini(&trend);
}
END_TEST

START_TEST(early_days_are_forgotten)
{
	struct trend trend;
	struct err err;

	make(&trend);
	ck_assert(trend_forget_before(&trend, DAY0 + 2, &err));
	ck_assert_int_eq(trend.first, DAY0 + 2);
	ck_assert_uint_eq(trend.count, 5);
	ck_assert_int_eq((int)trend.samples[0].revision, 3);
	ck_assert_int_eq(since(&trend, "a", 2), 2);
	ck_assert_int_eq(since(&trend, "b", 6), 2);
	ck_assert_int_eq(since(&trend, "a", 6), 5);
	ck_assert(trend_forget_before(&trend, DAY0 + 100, &err));
	ck_assert_int_eq(trend.first, DAY0 + 100);
	ck_assert_uint_eq(trend.count, 0);
	trend_fini(&trend);
}
END_TEST

START_TEST(a_copy_is_its_own)
{
	struct trend trend, copy, empty;
	struct err err;

	make(&trend);
	ck_assert(trend_copy(&trend, &copy, &err));
	ck_assert(trend_cut(&copy, DAY0 + 1, &err));
	ck_assert_int_eq(since(&trend, "a", 6), 5);
	ck_assert_int_eq(since(&copy, "a", 0), 0);
	ck_assert_int_eq(since(&copy, "b", 6), -1);
	trend_fini(&copy);
	trend_init(&empty);
	ck_assert(trend_copy(&empty, &copy, &err));
	ck_assert_uint_eq(copy.count, 0);
	trend_fini(&trend);
	trend_fini(&copy);
}
END_TEST

START_TEST(bytes_come_back_or_are_refused)
{
	static const int each[] = {0, 1, 2, 3, 4, 5, 6};
	struct trend trend, back;
	struct str bytes;

	make(&trend);
	trend_init(&back);
	str_init(&bytes, 1u << 20);
	ck_assert(trend_encode(&trend, &bytes));
	ck_assert(trend_decode(&back, bytes.data, bytes.len));
	expect_steps(&back, each, 7, "0/0 1/0 0/0 1/1 0/1 1/0 0/0");
	ck_assert_int_eq(since(&back, "a", 6), 5);
	/* cut short anywhere, or longer */
	for (size_t len = 0; len < bytes.len; len += 13)
		ck_assert(!trend_decode(&back, bytes.data, len));
	ck_assert_uint_eq(back.count, 0);
	str_add_char(&bytes, 'x');
	ck_assert(!trend_decode(&back, bytes.data, bytes.len));
	trend_fini(&trend);
	trend_fini(&back);
	str_fini(&bytes);
}
END_TEST

START_TEST(stretches_that_cannot_be_are_refused)
{
	struct trend trend, back;
	struct str bytes;

	trend_init(&back);
	for (int fault = 0; fault < 5; fault++) {
		make(&trend);
		switch (fault) {
		case 0:
			trend.stretches[0].first = DAY0 - 1;
			break;
		case 1:
			trend.stretches[0].last = DAY0 + 7;
			break;
		case 2:
			trend.stretches[0].last = DAY0 - 1;
			break;
		case 3:
			trend.stretches[0].rule = (uint32_t)trend.rules;
			break;
		default:
			trend.stretches[trend.stretches_count - 1].first = DAY0;
		}
		str_init(&bytes, 1u << 20);
		ck_assert(trend_encode(&trend, &bytes));
		ck_assert_msg(!trend_decode(&back, bytes.data, bytes.len), "fault %d", fault);
		str_fini(&bytes);
		trend_fini(&trend);
	}
	trend_fini(&back);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trend");
	TCase *tcase = tcase_create("trend");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, since_is_the_first_day_of_the_stretch);
	tcase_add_test(tcase, steps_compare_with_the_sample_before);
	tcase_add_test(tcase, days_are_taken_back_and_told_anew);
	tcase_add_test(tcase, early_days_are_forgotten);
	tcase_add_test(tcase, a_copy_is_its_own);
	tcase_add_test(tcase, bytes_come_back_or_are_refused);
	tcase_add_test(tcase, stretches_that_cannot_be_are_refused);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
