/* clarity/leaders-disagree: what was published of the newest ballot that is over. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/insight/check/voices.h"
#include "server/plan/item.h"
#include "tests/support/check_text.h"

/* clang-format off */
#define PLAN \
	"objective/grow {'weight': 0.6}\n" \
	"objective/keep {'weight': 0.4}\n" \
	"round/spring {'opens': '2026-01-10', 'closes': '2026-01-20'}\n" \
	"round/summer {'opens': '2026-03-01', 'closes': '2026-03-30'}\n" \
	"round/later {'opens': '2026-03-01', 'closes': '2026-03-31'}\n" \
	"round/survey {'type': 'CLARITY', 'opens': '2026-03-01', 'closes': '2026-03-30'}\n"
/* clang-format on */

static struct {
	struct voices voices; /* first */
	char asked[100];
	bool is_known;
	struct voices_ballot ballot;
} said;

static bool
tell(const struct voices *voices, const struct item *round, struct voices_ballot *out,
    struct err *err)
{
	(void)err;
	ck_assert_ptr_eq(voices, &said.voices);
	snprintf(said.asked, sizeof said.asked, "%.*s", (int)round->id_len, item_id(round));
	*out = said.ballot;
	return said.is_known;
}

static void
set_up(double w)
{
	memset(&said, 0, sizeof said);
	said.voices.ballot = tell;
	said.is_known = true;
	said.ballot = (struct voices_ballot){.is_published = true,
	    .ballots = 7,
	    .objectives = 2,
	    .is_known = true,
	    .w = w,
	    .p = 0.25,
	    .pairs_count = 2,
	    .pairs = {{"keep", "grow", 4, 3}, {"gone", "grow", 3, 4}}};
}

/* The findings, a key and a message a line. */
static void
expect_on(const char *lines, const char *today, bool with_voices, const char *expected)
{
	struct check_query query = {.voices = with_voices ? &said.voices : NULL};
	const char *rule = "clarity/leaders-disagree";
	bool selected[RULES_MAX];
	struct plan_text text;
	struct check *check;
	struct err err;
	struct str out;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	ck_assert(rules_select(&rule, 1, selected, &err));
	query.rules = selected;
	check = check_text_run(&text, today, &query);
	str_init(&out, 4000);
	for (size_t i = 0; i < check_findings(check); i++) {
		const struct finding *f = check_finding(check, i);

		str_addf(&out, "%s", (f->flags & FINDING_UNKNOWN) != 0 ? "? " : "");
		check_key(check, f, &out);
		str_add(&out, "\n");
		check_message(check, f, &out);
		str_add(&out, "\n");
	}
	ck_assert_str_eq(out.data, expected);
	str_fini(&out);
	check_free(check);
	plan_text_fini(&text);
}

START_TEST(leaders_who_do_not_agree_are_found)
{
	set_up(0.4999);
	expect_on(PLAN, "2026-03-31", true,
	    "clarity/leaders-disagree:round/summer\n"
	    "The 7 leaders who answered round/summer do not mean the same order of objectives (W "
	    "0.4999, "
	    "where 1 is the same order and 0 none); most of all they disagree whether "
	    "objective/keep or "
	    "objective/grow comes first.\n");
	ck_assert_str_eq(said.asked, "summer");
}
END_TEST

START_TEST(the_threshold_is_enough_agreement)
{
	set_up(0.5);
	expect_on(PLAN, "2026-03-31", true, "");
}
END_TEST

/* The last day is not over; before the first is, no round is asked about. */
START_TEST(only_the_newest_that_is_over_is_judged)
{
	set_up(0.9);
	expect_on(PLAN, "2026-03-30", true, "");
	ck_assert_str_eq(said.asked, "spring");
	expect_on(PLAN, "2026-04-01", true, "");
	ck_assert_str_eq(said.asked, "later");
	said.asked[0] = '\0';
	expect_on(PLAN, "2026-01-20", true, "");
	ck_assert_str_eq(said.asked, "");
	expect_on("objective/grow {}\n", "2026-03-31", true, "");
}
END_TEST

START_TEST(what_cannot_be_judged_is_said_once)
{
	set_up(0.1);
	said.ballot.is_published = false;
	expect_on(PLAN, "2026-03-31", true,
	    "? clarity/leaders-disagree:round/summer\n"
	    "clarity/leaders-disagree cannot judge round/summer: too few leaders answered to "
	    "publish anything.\n");
}
END_TEST

START_TEST(what_cannot_be_read_and_what_compares_nothing_is_unknown)
{
	struct check_query query = {.voices = &said.voices};
	struct plan_text text;
	struct check *check;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", PLAN);
	for (int i = 0; i < 2; i++) {
		const char *rule = "clarity/leaders-disagree";
		bool selected[RULES_MAX];
		struct err err;

		set_up(0.1);
		said.is_known = i == 1;
		said.ballot.is_known = false;
		ck_assert(rules_select(&rule, 1, selected, &err));
		query.rules = selected;
		check = check_text_run(&text, "2026-03-31", &query);
		ck_assert_uint_eq(check_counts(check)->unknown, 1);
		check_free(check);
	}
	plan_text_fini(&text);
}
END_TEST

/* Where nobody knows of rounds (a rule that refuses changes, a part of a plan) there is nothing to say. */
START_TEST(without_voices_it_is_silent)
{
	set_up(0.1);
	expect_on(PLAN, "2026-03-31", false, "");
}
END_TEST

START_TEST(the_evidence_names_pairs_and_numbers)
{
	static const char *const whats[] = {"agreement (Kendall's W)",
	    "chance of as much by luck (p)", "ballots", "disputed with",
	    "ballots that put it first", "ballots that put it first"};
	struct check_query query = {.voices = &said.voices};
	const char *rule = "clarity/leaders-disagree";
	const struct evidence *evidence;
	bool selected[RULES_MAX];
	struct plan_text text;
	struct check *check;
	struct err err;

	set_up(0.1);
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", PLAN);
	ck_assert(rules_select(&rule, 1, selected, &err));
	query.rules = selected;
	check = check_text_run(&text, "2026-03-31", &query);
	ck_assert_uint_eq(check_findings(check), 1);
	/* the second pair has an objective that is not there any more */
	ck_assert_uint_eq(check_finding(check, 0)->evidence_count, 6);
	evidence = check_evidence(check, check_finding(check, 0));
	for (int i = 0; i < 6; i++)
		ck_assert_str_eq(evidence[i].what, whats[i]);
	ck_assert_double_eq(evidence[0].value.number, 0.1);
	ck_assert_int_eq(evidence[2].value.count, 7);
	ck_assert_uint_eq(evidence[3].slot, plan_text_slot(&text, "objective/keep"));
	ck_assert_uint_eq(evidence[3].value.slot, plan_text_slot(&text, "objective/grow"));
	ck_assert_int_eq(evidence[4].value.count, 4);
	ck_assert_int_eq(evidence[5].value.count, 3);
	check_free(check);
	plan_text_fini(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clarity leaders");
	TCase *tcase = tcase_create("clarity leaders");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, leaders_who_do_not_agree_are_found);
	tcase_add_test(tcase, the_threshold_is_enough_agreement);
	tcase_add_test(tcase, only_the_newest_that_is_over_is_judged);
	tcase_add_test(tcase, what_cannot_be_judged_is_said_once);
	tcase_add_test(tcase, what_cannot_be_read_and_what_compares_nothing_is_unknown);
	tcase_add_test(tcase, without_voices_it_is_silent);
	tcase_add_test(tcase, the_evidence_names_pairs_and_numbers);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
