/* What if: regrets by hand; courses whose entries have other numbers are put together by name. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/check/worlds.h"
#include "server/insight/whatif.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

/*
 * From Wednesday 2026-04-15 on anna gives a day each working day: of a 8 days until Friday 24, of b 4 until Thursday 30 (c: 2 until
 * Tuesday 28). Estimates that say the same three times leave nothing to luck.
 */
#define PEOPLE "period/q2 {'first_day': '2026-04-01', 'last_day': '2026-06-30'}\nperson/anna {}\n"
#define WORK(id, effort, finish)                                                                   \
	"initiative/" id " {'status': 3, 'needs': [{'who': 'person/anna', 'effort': '" effort "'}], 'finish': '" finish "', " \
	"'estimate': {'optimistic': '" effort "', 'likely': '" effort "', 'pessimistic': '" effort "'}}\n"

static const char *const courses[] = {
    PEOPLE WORK("a", "800", "2026-04-24") WORK("b", "400", "2026-04-29"),
    /* b first: until Monday 20; then a until Thursday 30. */
    PEOPLE WORK("b", "400", "2026-04-29") WORK("a", "800", "2026-04-24"),
    /* Without b, and with one that has no rank. */
    PEOPLE WORK("c", "200", "2026-05-29") WORK("a", "800", "2026-04-24"),
};

#define FIRST(id) "{'place': {'item': 'initiative/" id "', 'first': true}}"

static const char *const ranks[] = {FIRST("b") "," FIRST("a"), FIRST("a") "," FIRST("b"), FIRST("a")};

/* clang-format on */

#define COURSES 3u

static struct err err;

static void
judge_all(struct whatif *whatif, struct plan_text *texts)
{
	struct whatif_course course = {.until = DATE_NONE,
	    .mode = MODE_FIXED,
	    .forecast = {.draws = 100, .seed = 1, .overall = 0.1, .team = 0.2, .threads = 1}};
	struct whatif_findings findings;

	ck_assert(date_parse("2026-04-15", &course.today));
	ck_assert(whatif_init(whatif, COURSES, course.today, &err));
	for (uint32_t c = 0; c < COURSES; c++) {
		plan_text_init(&texts[c]);
		plan_text_put(&texts[c], "2026-01-05", courses[c]);
		plan_text_apply(&texts[c], "2026-01-06", ranks[c]);
		course.view = plan_text_view(&texts[c]);
		ck_assert_msg(whatif_judge(whatif, &course, &findings, &err), "%s", err.msg);
		ck_assert((findings.check == NULL) == (c == 0));
		whatif_findings_fini(&findings);
	}
	ck_assert_msg(whatif_finish(whatif, &err), "%s", err.msg);
}

static void
assert_cell(const struct whatif *whatif, uint32_t row, uint32_t course, const char *id,
    const char *finish, double chance)
{
	const struct whatif_cell *cell = &whatif->cells[whatif->rows[row].first + course];
	char text[DATE_TEXT_LEN];

	if (finish == NULL) {
		ck_assert_ptr_null(cell->item);
		return;
	}
	ck_assert_ptr_nonnull(cell->item);
	ck_assert_uint_eq(cell->item->id_len, strlen(id));
	ck_assert_mem_eq(item_id(cell->item), id, strlen(id));
	ck_assert_str_eq(date_format(cell->finish, text), finish);
	ck_assert_str_eq(date_format(cell->p80, text), finish);
	ck_assert_double_eq(cell->chance, chance);
}

START_TEST(courses_are_put_together_by_name)
{
	struct plan_text texts[COURSES];
	struct whatif whatif;

	judge_all(&whatif, texts);
	ck_assert_uint_eq(whatif.rows_count, 3);
	assert_cell(&whatif, 0, 0, "a", "2026-04-24", 1);
	assert_cell(&whatif, 0, 1, "a", "2026-04-30", 0);
	assert_cell(&whatif, 0, 2, "a", "2026-04-24", 1);
	assert_cell(&whatif, 1, 0, "b", "2026-04-30", 0);
	assert_cell(&whatif, 1, 1, "b", "2026-04-20", 1);
	assert_cell(&whatif, 1, 2, "b", NULL, 0);
	assert_cell(&whatif, 2, 0, "c", NULL, 0);
	assert_cell(&whatif, 2, 2, "c", "2026-04-28", 1);
	ck_assert_double_eq(whatif.figures[0].in_time, 1);
	ck_assert_double_eq(whatif.figures[2].in_time, 2);
	ck_assert_uint_eq(whatif.figures[2].ranked, 1);
	ck_assert_uint_eq(whatif.figures[0].late, 1);
	/* b is not there in the third: what the plan ranks best is never done. */
	ck_assert_ptr_nonnull(whatif.best[1]);
	ck_assert_ptr_null(whatif.best[2]);
	ck_assert_int_eq(whatif.figures[0].best_p80 - whatif.today, 15);
	ck_assert_int_eq(whatif.figures[2].best_p80, DATE_NONE);
	ck_assert_double_eq(whatif.regret.values[WHATIF_BEST_P80 * COURSES + 2],
	    whatif.figures[2].looked_until + 1 - whatif.today);
	/* No objective is there. */
	ck_assert(!whatif.regret.known[WHATIF_OBJECTIVES]);
	/* One of two scenarios has a in time; b is in one only. */
	ck_assert_uint_eq(whatif.rows[0].scenarios, 2);
	ck_assert_uint_eq(whatif.rows[0].holds, 1);
	ck_assert_uint_eq(whatif.rows[1].scenarios, 1);
	whatif_fini(&whatif);
	for (uint32_t c = 0; c < COURSES; c++)
		plan_text_fini(&texts[c]);
}
END_TEST

static void
expect_worlds(uint32_t slots, size_t scenarios, const char *words)
{
	const char *said = worlds_too_many(slots, scenarios);

	ck_assert_msg(words == NULL ? said == NULL : said != NULL && strstr(said, words) != NULL,
	    "%u slots, %zu scenarios: %s", slots, scenarios, said != NULL ? said : "-");
}

/* One slot more than there are is counted, and the plan beside its scenarios. */
START_TEST(so_many_scenarios_are_laid_over_so_large_a_plan)
{
	expect_worlds(1, 20, NULL);
	expect_worlds(1, 21, "more scenarios");
	expect_worlds(1999, 19, NULL); /* 20 of 2,000 */
	expect_worlds(1999, 20, "too large together");
	expect_worlds(2000, 19, "too large together");
	expect_worlds(19999, 1, NULL); /* 2 of 20,000 */
	expect_worlds(20000, 1, "the plan is too large");
	expect_worlds(UINT32_MAX, 1, "the plan is too large");
	expect_worlds(UINT32_MAX, 0, NULL);
}
END_TEST

START_TEST(fragile_is_fewer_than_half_of_at_least_two)
{
	static const struct {
		uint32_t scenarios, holds;
		bool fragile;
	} cases[] = {{0, 0, false}, {1, 0, false}, {2, 0, true}, {2, 1, false}, {3, 1, true},
	    {3, 2, false}, {5, 2, true}, {5, 3, false}};
	struct item item;
	struct whatif_cell cell = {.item = &item, .rank = 1};
	struct whatif whatif = {.cells = &cell};
	struct whatif_row row = {.first = 0};
	const double limits[] = {[FRAGILE_SHARE] = 0.5, [FRAGILE_SCENARIOS] = 2};
	const double strict[] = {[FRAGILE_SHARE] = 0.55, [FRAGILE_SCENARIOS] = 20};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		row.scenarios = cases[i].scenarios;
		row.holds = cases[i].holds;
		ck_assert(whatif_is_fragile(&whatif, &row, limits) == cases[i].fragile);
	}
	/* 0.55 of 20 are 11: as many as fail are not more; nor are 19 scenarios 20. */
	row = (struct whatif_row){.scenarios = 20, .holds = 9};
	ck_assert(!whatif_is_fragile(&whatif, &row, strict));
	row.holds = 8;
	ck_assert(whatif_is_fragile(&whatif, &row, strict));
	row = (struct whatif_row){.scenarios = 19, .holds = 0};
	ck_assert(!whatif_is_fragile(&whatif, &row, strict));
	row = (struct whatif_row){.scenarios = 2};
	cell.rank = RANK_NONE;
	ck_assert(!whatif_is_fragile(&whatif, &row, limits));
	cell = (struct whatif_cell){.item = NULL, .rank = 1};
	ck_assert(!whatif_is_fragile(&whatif, &row, limits));
}
END_TEST

static void
assert_row(const double *row, double a, double b, double c)
{
	ck_assert_double_eq(row[0], a);
	ck_assert_double_eq(row[1], b);
	ck_assert_double_eq(row[2], c);
}

START_TEST(regrets_by_hand)
{
	/* Errors: the fewest are 2; score: the most is 80; over: all the same; above: unknown of one; in time: the most is 6. */
	const double values[WHATIF_CRITERIA * 3] = {[WHATIF_ERRORS * 3] = 4,
	    2,
	    3,
	    [WHATIF_SCORE * 3] = 80,
	    60,
	    75,
	    [WHATIF_OVER * 3] = 7,
	    7,
	    7,
	    [WHATIF_ABOVE * 3] = 1,
	    NAN,
	    0,
	    [WHATIF_IN_TIME * 3] = 5,
	    2,
	    6,
	    [WHATIF_OBJECTIVES * 3] = NAN,
	    NAN,
	    NAN,
	    [WHATIF_BEST_P80 * 3] = 30,
	    20,
	    40};
	struct whatif_regret r;

	ck_assert(whatif_regret_run(values, 3, &r, &err));
	assert_row(r.regrets + WHATIF_ERRORS * 3, 2, 0, 1);
	assert_row(r.shares + WHATIF_ERRORS * 3, 1, 0, 0.5);
	assert_row(r.regrets + WHATIF_SCORE * 3, 0, 20, 5);
	assert_row(r.shares + WHATIF_SCORE * 3, 0, 1, 0.25);
	assert_row(r.regrets + WHATIF_OVER * 3, 0, 0, 0);
	assert_row(r.shares + WHATIF_OVER * 3, 0, 0, 0);
	assert_row(r.regrets + WHATIF_IN_TIME * 3, 1, 4, 0);
	assert_row(r.shares + WHATIF_IN_TIME * 3, 0.25, 1, 0);
	assert_row(r.regrets + WHATIF_BEST_P80 * 3, 10, 0, 20);
	ck_assert(r.known[WHATIF_OVER] && !r.known[WHATIF_ABOVE] && !r.known[WHATIF_OBJECTIVES]);
	assert_row(r.worst, 1, 1, 1);
	/* Of five that are known: 1 + 0 + 0 + 0.25 + 0.5; 0 + 1 + 0 + 1 + 0; 0.5 + 0.25 + 0 + 0 + 1. */
	assert_row(r.mean, 1.75 / 5, 2.0 / 5, 1.75 / 5);
	ck_assert_uint_eq(r.least, 0);
	whatif_regret_fini(&r);
}
END_TEST

START_TEST(the_smallest_of_the_largest_is_named)
{
	double values[WHATIF_CRITERIA * 3];
	struct whatif_regret r;

	for (size_t i = 0; i < WHATIF_CRITERIA * 3; i++)
		values[i] = NAN;
	ck_assert(whatif_regret_run(values, 3, &r, &err));
	assert_row(r.worst, 0, 0, 0);
	assert_row(r.mean, 0, 0, 0);
	ck_assert_uint_eq(r.least, 0);
	whatif_regret_fini(&r);
	/* The third is the best on none, and gives away half at most. */
	memcpy(&values[WHATIF_ERRORS * 3], (double[]){10, 0, 5}, 3 * sizeof(double));
	memcpy(&values[WHATIF_IN_TIME * 3], (double[]){8, 4, 6}, 3 * sizeof(double));
	ck_assert(whatif_regret_run(values, 3, &r, &err));
	assert_row(r.worst, 1, 1, 0.5);
	ck_assert_uint_eq(r.least, 2);
	whatif_regret_fini(&r);
	/* Chances that differ by next to nothing decide nothing. */
	memcpy(&values[WHATIF_IN_TIME * 3], (double[]){8, 8.004, 8}, 3 * sizeof(double));
	ck_assert(whatif_regret_run(values, 3, &r, &err));
	assert_row(r.shares + WHATIF_IN_TIME * 3, 0, 0, 0);
	assert_row(r.worst, 1, 0, 0.5);
	whatif_regret_fini(&r);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("whatif");
	TCase *tcase = tcase_create("whatif");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, courses_are_put_together_by_name);
	tcase_add_test(tcase, fragile_is_fewer_than_half_of_at_least_two);
	tcase_add_test(tcase, so_many_scenarios_are_laid_over_so_large_a_plan);
	tcase_add_test(tcase, regrets_by_hand);
	tcase_add_test(tcase, the_smallest_of_the_largest_is_named);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
