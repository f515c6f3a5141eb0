/* What a change does to the findings, as people read it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/findings.h"
#include "common/pb.h"

static Plumb__V1__Finding many, none;
static Plumb__V1__Finding *first[1] = {&many}, *second[1] = {&none};

static void
setup(void)
{
	plumb__v1__finding__init(&many);
	many.rule = pb_str("owner/many");
	many.severity = PLUMB__V1__SEVERITY__WARNING;
	many.message = pb_str("initiative/a has 2 owners.");
	many.fix = pb_str("Leave one owner.");
	plumb__v1__finding__init(&none);
	none.rule = pb_str("owner/none");
	none.severity = PLUMB__V1__SEVERITY__ERROR;
	none.message = pb_str("goal/g has no owner.");
	none.fix = pb_str("Name one person as its owner.");
}

static void
shows(const Plumb__V1__FindingsChange *change, const Plumb__V1__Refusal *refusal,
    const char *expected)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	struct output out = {.file = file, .width = 80};

	findings_show_change(&out, change);
	findings_show_refusal(&out, refusal);
	fclose(file);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(nothing_was_asked_for)
{
	shows(NULL, NULL, "");
}
END_TEST

START_TEST(nothing_changes)
{
	Plumb__V1__FindingsChange change;

	plumb__v1__findings_change__init(&change);
	change.same_count = 1;
	shows(&change, NULL, "No finding appears and none is gone; 1 finding stays as it is.\n");
}
END_TEST

/* What is gone needs no mending; a list that was cut says how many more there are. */
START_TEST(both_ways)
{
	Plumb__V1__FindingsChange change;

	plumb__v1__findings_change__init(&change);
	change.appeared = first;
	change.n_appeared = 1;
	change.appeared_count = 3;
	change.gone = second;
	change.n_gone = change.gone_count = 1;
	change.same_count = 12;
	change.score_before__case = PLUMB__V1__FINDINGS_CHANGE__SCORE_BEFORE__SCORE_BEFORE;
	change.score_before = 61.25;
	change.score_after__case = PLUMB__V1__FINDINGS_CHANGE__SCORE_AFTER__SCORE_AFTER;
	change.score_after = 60;
	change.before_today = pb_str("2026-03-31");
	change.after_today = pb_str("2026-04-01");
	shows(&change, NULL,
	    "Findings that appear (3)\n"
	    "  + warning  owner/many\n"
	    "      initiative/a has 2 owners.\n"
	    "      mend: Leave one owner.\n"
	    "  \xe2\x80\xa6 and 2 more\n"
	    "Findings that are gone (1)\n"
	    "  - error  owner/none\n"
	    "      goal/g has no owner.\n"
	    "12 findings stay as they are.\n"
	    "The score goes from 61.2 to 60.0.\n"
	    "Judged as of 2026-03-31 before, and as of 2026-04-01 after.\n");
}
END_TEST

START_TEST(unknown_and_waived_are_named_so)
{
	Plumb__V1__FindingsChange change;
	Plumb__V1__Waiver waiver;

	plumb__v1__findings_change__init(&change);
	plumb__v1__waiver__init(&waiver);
	many.unknown = true;
	none.waiver = &waiver;
	change.appeared = first;
	change.n_appeared = change.appeared_count = 1;
	change.gone = second;
	change.n_gone = change.gone_count = 1;
	shows(&change, NULL,
	    "Findings that appear (1)\n"
	    "  + unknown  owner/many\n"
	    "      initiative/a has 2 owners.\n"
	    "      mend: Leave one owner.\n"
	    "Findings that are gone (1)\n"
	    "  - waived  owner/none\n"
	    "      goal/g has no owner.\n"
	    "0 findings stay as they are.\n");
}
END_TEST

START_TEST(a_refusal_says_what_would_mend_it)
{
	Plumb__V1__Refusal refusal;

	plumb__v1__refusal__init(&refusal);
	refusal.findings = first;
	refusal.n_findings = 1;
	shows(NULL, &refusal,
	    "  ! warning  owner/many\n"
	    "      initiative/a has 2 owners.\n"
	    "      mend: Leave one owner.\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("client/findings");
	TCase *cases = tcase_create("findings");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, setup, NULL);
	tcase_add_test(cases, nothing_was_asked_for);
	tcase_add_test(cases, nothing_changes);
	tcase_add_test(cases, both_ways);
	tcase_add_test(cases, unknown_and_waived_are_named_so);
	tcase_add_test(cases, a_refusal_says_what_would_mend_it);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
