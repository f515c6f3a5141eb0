/* A part of what a check found is what a check of that part finds. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/plan/view.h"
#include "tests/support/check_text.h"

/* clang-format off */
/* Nobody owns anything, two own one; a waiver holds, one is over, one is of what is not found. */
#define PLAN                                                                                       \
	"person/anna {}\n"                                                                         \
	"person/ben {'manager': 'gone'}\n"                                                         \
	"goal/g {}\n"                                                                              \
	"objective/o {'goal': 'g'}\n"                                                              \
	"objective/p {'goal': 'missing'}\n"                                                        \
	"initiative/i {'objective': 'o', 'status': 3} {'owners': ['anna', 'ben']}\n"               \
	"initiative/k {'status': 3}\n"                                                             \
	"waiver/w {'finding': 'owner/none:objective/o', 'reason': 'later', 'who': 'anna', 'until': '2027-01-01'}\n" \
	"waiver/x {'finding': 'owner/none:objective/p', 'reason': 'later', 'who': 'anna', 'until': '2026-02-01'}\n" \
	"waiver/y {'finding': 'owner/none:person/anna', 'reason': 'later', 'who': 'anna', 'until': '2026-02-01'}\n"
/* clang-format on */

static void
write_findings(const struct check *check, struct str *out)
{
	const struct check_counts *counts = check_counts(check);

	str_addf(out, "%u %u %u, %u unknown, %u waived, %u expired, %u items\n",
	    counts->by_severity[SEVERITY_NOTE], counts->by_severity[SEVERITY_WARNING],
	    counts->by_severity[SEVERITY_ERROR], counts->unknown, counts->waived,
	    counts->expired_waivers, (unsigned)counts->items);
	for (unsigned rule = 0; rule < RULES_MAX; rule++)
		str_addf(out, "%u %u %u;", counts->rules[rule].findings,
		    counts->rules[rule].unknown, counts->rules[rule].waived);
	for (size_t i = 0; i < check_findings(check); i++) {
		str_add_char(out, '\n');
		check_key(check, check_finding(check, i), out);
		str_add(out, ": ");
		check_message(check, check_finding(check, i), out);
	}
}

static void
expect_same(struct plan_text *text, const struct check *all, const struct check_query *query)
{
	struct str selected, found;
	struct check *part, *run;
	struct err err;

	str_init(&selected, 1 << 20);
	str_init(&found, 1 << 20);
	part = check_select(all, query, &err);
	ck_assert_ptr_nonnull(part);
	run = check_text_run(text, "2026-03-31", query);
	write_findings(part, &selected);
	write_findings(run, &found);
	ck_assert_str_eq(selected.data, found.data);
	check_free(part);
	check_free(run);
	str_fini(&selected);
	str_fini(&found);
}

START_TEST(a_part_is_what_would_have_been_found)
{
	const char *names[] = {"owner", "sight/dangling"};
	struct check_query everything = {.waived = true}, query;
	bool rules[RULES_MAX];
	struct plan_text text;
	uint32_t about[2];
	struct check *all;
	struct err err;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", PLAN);
	about[0] = plan_text_slot(&text, "objective/p");
	about[1] = plan_text_slot(&text, "initiative/i");
	ck_assert(rules_select(names, 2, rules, &err));
	all = check_text_run(&text, "2026-03-31", &everything);
	ck_assert_uint_eq(check_counts(all)->waived, 1);
	ck_assert_uint_eq(check_counts(all)->expired_waivers, 1);
	for (unsigned n = 0; n < 32; n++) {
		query = (struct check_query){.rules = n & 1 ? rules : NULL,
		    .about = n & 2 ? about : NULL,
		    .about_count = n & 2 ? 2 : 0,
		    .at_least = (enum severity)(n >> 3),
		    .waived = (n & 4) != 0};
		expect_same(&text, all, &query);
	}
	check_free(all);
	plan_text_fini(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("check_select");
	TCase *tc = tcase_create("check_select");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_part_is_what_would_have_been_found);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
