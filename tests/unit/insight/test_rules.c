/* The table of rules: complete texts, names, settings that are checked, the generated page. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/faults.h"
#include "common/str.h"
#include "server/insight/check/rules.h"
#include "server/plan/control.h"

static bool selected[RULES_MAX];
static struct err err;

static size_t
count_selected(void)
{
	size_t n = 0;

	for (size_t i = 0; i < RULES_MAX; i++)
		n += selected[i];
	return n;
}

START_TEST(every_rule_is_complete)
{
	size_t count;
	const struct rule *const *rules = rules_all(&count);

	ck_assert_uint_eq(count, 79);
	for (size_t i = 0; i < count; i++) {
		const struct rule *rule = rules[i];

		ck_assert_int_eq(
		    rule_find(rule->name, strlen(rule->name)), (int)i); /* no name twice */
		ck_assert_ptr_nonnull(strchr(rule->name, '/'));
		ck_assert(rule->severity >= SEVERITY_NOTE && rule->severity <= SEVERITY_ERROR);
		ck_assert_uint_gt(strlen(rule->asks), 10);
		ck_assert_uint_gt(strlen(rule->meaning), 50);
		ck_assert_uint_gt(strlen(rule->hurts), 30);
		ck_assert_uint_gt(strlen(rule->mend), 20);
		ck_assert_uint_gt(strlen(rule->fix), 10);
		ck_assert_ptr_nonnull(rule->unknown_when);
		ck_assert(rule->run != NULL && rule->message != NULL);
	}
}
END_TEST

START_TEST(thresholds_are_within_their_range_and_named_in_the_text)
{
	size_t count;
	const struct rule *const *rules = rules_all(&count);

	for (size_t i = 0; i < count; i++) {
		for (size_t t = 0; t < rule_thresholds(rules[i]); t++) {
			const struct rule_threshold *threshold = &rules[i]->thresholds[t];
			char name[64];

			ck_assert(threshold->min <= threshold->value &&
				  threshold->value <= threshold->max);
			ck_assert(threshold->unit[0] != '\0' && threshold->help[0] != '\0');
			snprintf(name, sizeof name, "`%s`", threshold->name);
			if (strcmp(threshold->name, "forget_days") != 0)
				ck_assert_msg(strstr(rules[i]->meaning, name) != NULL,
				    "%s does not explain %s", rules[i]->name, name);
		}
	}
}
END_TEST

START_TEST(names_and_families_select)
{
	const char *family[] = {"owner"};
	const char *some[] = {"owner/many", "sight"};

	ck_assert(rules_select(NULL, 0, selected, &err));
	ck_assert_uint_eq(count_selected(), 79);
	ck_assert(rules_select(family, 1, selected, &err));
	ck_assert_uint_eq(count_selected(), 7);
	ck_assert(rules_select(some, 2, selected, &err));
	ck_assert_uint_eq(count_selected(), 6);
	ck_assert(selected[rule_find("owner/many", 10)]);
}
END_TEST

static void
expect_refusal(const char *name, const char *text)
{
	ck_assert(!rules_select(&name, 1, selected, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_msg(strstr(err.msg, text) != NULL, "%s: %s", name, err.msg);
}

START_TEST(unknown_names_are_refused_with_what_could_be_meant)
{
	char longest[300];

	expect_refusal("owner/mny", "did you mean \"owner/many\"?");
	expect_refusal("ownr/gone", "did you mean \"owner/gone\"?");
	expect_refusal("stale", "did you mean \"outcome/stale\"?");
	expect_refusal("no-basline", "did you mean \"outcome/no-baseline\"?");
	expect_refusal(
	    "weather/rain-tomorrow", "the families are sight, priority, outcome, scope, owner");
	/* every family, once: also those that came later */
	expect_refusal("weather/rain-tomorrow", ", horizon, ");
	expect_refusal("weather/rain-tomorrow", "; explain without a name lists all rules");
	expect_refusal("", "there is no rule");
	expect_refusal("own", "there is no rule"); /* the start of a family is none */
	expect_refusal("owner/", "there is no rule");
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	expect_refusal(longest, "there is no rule");
}
END_TEST

static struct arena *arena;
static struct faults faults;

static size_t
faults_of(const char *rule, const char *threshold, double value)
{
	struct control_threshold one = {threshold, value};
	struct control_rule_setting setting = {
	    .rule = rule, .thresholds = &one, .thresholds_count = threshold != NULL};

	faults_init(&faults, arena);
	rules_check_setting(&setting, "rule_setting", &faults);
	return faults.total;
}

/* Only what can be decided around a change may refuse it. */
START_TEST(only_local_rules_refuse)
{
	size_t count;
	const struct rule *const *all = rules_all(&count);
	size_t local = 0;

	arena = arena_new(1u << 20);
	for (size_t i = 0; i < count; i++) {
		struct control_rule_setting setting = {.rule = all[i]->name, .refuse = true};

		faults_init(&faults, arena);
		rules_check_setting(&setting, "rule_setting", &faults);
		ck_assert_uint_eq(faults.total, !all[i]->local);
		local += all[i]->local;
		if (!all[i]->local)
			ck_assert_str_eq(faults.list[0].field, "rule_setting.refuse");
	}
	ck_assert_uint_gt(local, 5);
	ck_assert_uint_lt(local, count);
	arena_free(arena);
}
END_TEST

START_TEST(settings_are_checked)
{
	arena = arena_new(1u << 20);
	ck_assert_uint_eq(faults_of("outcome/stale", NULL, 0), 0);
	ck_assert_uint_eq(faults_of("outcome/stale", "grace_days", 0), 0);
	ck_assert_uint_eq(faults_of("outcome/stale", "grace_days", 3660), 0);
	ck_assert_uint_eq(faults_of("outcome/stale", "grace_days", 3661), 1);
	ck_assert_str_eq(faults.list[0].field, "rule_setting.thresholds[grace_days]");
	ck_assert_uint_eq(faults_of("outcome/stale", "grace_days", -1), 1);
	ck_assert_uint_eq(faults_of("outcome/stale", "grace_days", 0.0 / 0.0), 1);
	ck_assert_uint_eq(faults_of("outcome/stale", "grace", 1), 1);
	ck_assert_uint_eq(faults_of("outcome/stael", NULL, 0), 1);
	ck_assert_str_eq(faults.list[0].field, "rule_setting.rule");
	ck_assert_ptr_nonnull(
	    strstr(faults.list[0].description, "did you mean \"outcome/stale\"?"));
	arena_free(arena);
}
END_TEST

START_TEST(the_page_of_rules_is_the_tables)
{
	struct str text;
	FILE *file = fopen("docs/RULES.md", "r");
	static char page[1u << 20];
	size_t len;

	ck_assert_ptr_nonnull(file);
	len = fread(page, 1, sizeof page - 1, file);
	fclose(file);
	page[len] = '\0';
	str_init(&text, sizeof page);
	rules_markdown(&text);
	ck_assert(str_ok(&text));
	ck_assert_msg(strcmp(text.data, page) == 0, "docs/RULES.md is old: run ninja rules-md");
	str_fini(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rules");
	TCase *tc = tcase_create("table");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_rule_is_complete);
	tcase_add_test(tc, thresholds_are_within_their_range_and_named_in_the_text);
	tcase_add_test(tc, names_and_families_select);
	tcase_add_test(tc, unknown_names_are_refused_with_what_could_be_meant);
	tcase_add_test(tc, settings_are_checked);
	tcase_add_test(tc, only_local_rules_refuse);
	tcase_add_test(tc, the_page_of_rules_is_the_tables);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
