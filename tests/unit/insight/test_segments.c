/* Who expects the same: groups that are there are found, groups that are not are not made up. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/segments/segments.h"
#include "server/limits.h"

#define COLUMNS 6u

static struct err err;
static uint32_t state;

static uint32_t
draw(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 16) % below;
}

/* Three groups by turns: they rate 8 or 9 what they want, two columns each, and 2 to 4 the rest. Every twentieth answer is missing. */
static float *
make_groups(uint32_t rows)
{
	float *values = calloc((size_t)rows * COLUMNS, sizeof values[0]);

	ck_assert_ptr_nonnull(values);
	state = 7;
	for (uint32_t i = 0; i < rows; i++) {
		for (uint32_t c = 0; c < COLUMNS; c++) {
			values[i * COLUMNS + c] =
			    c / 2 == i % 3 ? 8 + (float)draw(2) : 2 + (float)draw(3);
			if (draw(20) == 0)
				values[i * COLUMNS + c] = NAN;
		}
	}
	return values;
}

static struct segments_query
ask(uint32_t rows, const float *values)
{
	return (struct segments_query){
	    .ratings = {rows, COLUMNS, values},
	    .scale_min = 1,
	    .scale_max = 10,
	    .seed = 1,
	};
}

/* Every row is in the group of its turn; what a group wants stands out; a new row goes where it belongs. */
START_TEST(groups_that_are_there)
{
	uint32_t rows = _i == 0 ? 120 : SEGMENTS_EXACT + 1;
	float *values = make_groups(rows);
	struct segments_query query = ask(rows, values);
	struct segments *s = segments_run(&query, &err);
	const float row[COLUMNS] = {2, 3, NAN, 9, 2, 3};
	const float nothing[COLUMNS] = {NAN, NAN, NAN, NAN, NAN, NAN};
	double distances[SEGMENTS_MOST];

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(s->lack, SEGMENTS_FIRM);
	ck_assert_uint_eq(s->k, 3);
	for (uint32_t i = 3; i < rows; i++)
		ck_assert_uint_eq(s->group[i], s->group[i % 3]);
	ck_assert_uint_eq(s->of[0].size + s->of[1].size + s->of[2].size, rows);
	for (uint32_t turn = 0; turn < 3; turn++) {
		uint32_t g = s->group[turn];

		ck_assert_double_gt(s->of[g].jaccard, 0.95);
		ck_assert_double_gt(s->of[g].silhouette, 0.6);
		for (uint32_t c = 0; c < COLUMNS; c++) {
			ck_assert(c / 2 == turn ? s->mean[g * COLUMNS + c] > 8
						: s->mean[g * COLUMNS + c] < 4);
			ck_assert(c / 2 == turn ? s->differs[g * COLUMNS + c] > 1
						: s->differs[g * COLUMNS + c] < 0);
		}
	}
	ck_assert_uint_eq(segments_assign(s, row, distances), s->group[1]);
	for (uint32_t g = 0; g < 3; g++)
		ck_assert_double_ge(distances[g], distances[s->group[1]]);
	ck_assert_uint_eq(segments_assign(s, nothing, distances), SEGMENTS_NONE);
	ck_assert_uint_gt(s->missing, 0);
	segments_free(s);
	free(values);
}
END_TEST

/* The same seed gives the same, to the last bit; rows are groups' only by what they rate. */
START_TEST(the_same_again)
{
	float *values = make_groups(SEGMENTS_EXACT + 1);
	struct segments_query query = ask(SEGMENTS_EXACT + 1, values);
	struct segments *a = segments_run(&query, &err), *b = segments_run(&query, &err);

	ck_assert(a != NULL && b != NULL);
	ck_assert_mem_eq(a->of, b->of, sizeof a->of);
	ck_assert_mem_eq(a->silhouettes, b->silhouettes, sizeof a->silhouettes);
	segments_free(a);
	segments_free(b);
	free(values);
}
END_TEST

/*
 * By hand, of six rows: a = {1, 2, 3} {4, 5, 6}, b = {1, 2} {3, 4} {5, 6}. Pairs together in both: 12 and 56, so 2; in a 3 + 3 = 6, in b 3, of
 * 15. Chance: 6 * 3 / 15 = 1.2; (2 - 1.2) / ((6 + 3) / 2 - 1.2) = 0.8 / 3.3.
 */
START_TEST(how_much_two_groupings_agree)
{
	const uint32_t a[] = {0, 0, 0, 1, 1, 1}, b[] = {0, 0, 1, 1, 2, 2}, c[] = {2, 2, 2, 0, 0, 0},
		       one[6] = {0};
	double agree;

	ck_assert(segments_agree(a, 2, b, 3, 6, &agree, &err));
	ck_assert_double_eq_tol(agree, 0.8 / 3.3, 1e-12);
	ck_assert(segments_agree(a, 2, c, 3, 6, &agree, &err));
	ck_assert_double_eq_tol(agree, 1, 1e-12);
	ck_assert(segments_agree(one, 1, a, 2, 6, &agree, &err));
	ck_assert_double_eq_tol(agree, 0, 1e-12);
	ck_assert(segments_agree(one, 1, one, 1, 6, &agree, &err));
	ck_assert(isnan(agree));
	ck_assert(segments_agree(one, 1, one, 1, 0, &agree, &err));
	ck_assert(isnan(agree));
}
END_TEST

START_TEST(groups_that_are_not_there)
{
	float values[300 * COLUMNS] = {0};
	struct segments_query query = ask(300, values);
	struct segments *s;

	state = 3;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		values[i] = 1 + (float)draw(10);
	s = segments_run(&query, &err);
	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(s->lack, SEGMENTS_NO_STRUCTURE);
	segments_free(s);
}
END_TEST

START_TEST(nothing_to_tell_apart)
{
	float values[SEGMENTS_LEAST_ROWS * COLUMNS] = {0};
	struct segments_query query = ask(SEGMENTS_LEAST_ROWS, values);
	struct segments *s;

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		values[i] = 5;
	s = segments_run(&query, &err);
	ck_assert_int_eq(s->lack, SEGMENTS_NO_VARIANCE);
	segments_free(s);
	query.ratings.rows--;
	s = segments_run(&query, &err);
	ck_assert_int_eq(s->lack, SEGMENTS_TOO_FEW);
	segments_free(s);
}
END_TEST

START_TEST(refused)
{
	float *values = calloc((size_t)(LIMIT_SEGMENTS_CUSTOMERS + 1), sizeof values[0]);
	struct segments_query query = {.ratings = {LIMIT_SEGMENTS_CUSTOMERS + 1, 1, values}};

	ck_assert_ptr_nonnull(values);
	ck_assert_ptr_null(segments_run(&query, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	query.ratings = (struct ratings){1, LIMIT_SEGMENTS_QUESTIONS + 1, values};
	ck_assert_ptr_null(segments_run(&query, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	query.ratings = (struct ratings){30, 1, values};
	query.scale_min = 1;
	query.scale_max = 10; /* 0 is below it */
	ck_assert_ptr_null(segments_run(&query, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	query.scale_max = 1;
	ck_assert_ptr_null(segments_run(&query, &err));
	query.scale_min = query.scale_max = 0;
	values[3] = INFINITY;
	ck_assert_ptr_null(segments_run(&query, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	free(values);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("segments");
	TCase *tcase = tcase_create("segments");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, groups_that_are_there, 0, 2);
	tcase_add_test(tcase, the_same_again);
	tcase_add_test(tcase, how_much_two_groupings_agree);
	tcase_add_test(tcase, groups_that_are_not_there);
	tcase_add_test(tcase, nothing_to_tell_apart);
	tcase_add_test(tcase, refused);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
