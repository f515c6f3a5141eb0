/*
 * Groups around medoids, beside those that R's package cluster (2.1.4) finds in the same rows. What stands below was printed by
 *
 *     library(cluster)
 *     x <- as.matrix(read.csv(FILE, header = FALSE)); d <- daisy(x)
 *     p <- pam(d, k); sort(p$id.med) - 1; p$objective[2]; p$silinfo$avg.width
 *
 * for rows that make_rows() makes: whole numbers by chance, the same with holes, and four groups that lie apart.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/segments/pam.h"

#define ROWS    61u
#define COLUMNS 4u

static struct err err;

enum rows { PLAIN, HOLES, GROUPS };

static uint32_t state;

static uint32_t
draw(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 16) % below;
}

static float
value_of(enum rows which, uint32_t row, uint32_t column)
{
	uint32_t g = row % 4;

	if (which != GROUPS)
		return 1 + (float)draw(10);
	return (float)(2 + (g >> column % 2 & 1 ? 7 : 0) + column * g % 3) + (float)draw(4) / 4;
}

static uint32_t
make_rows(enum rows which, float *values)
{
	uint32_t rows = which == GROUPS ? 61 : 60;

	state = 12345;
	for (uint32_t i = 0; i < rows; i++) {
		for (uint32_t c = 0; c < COLUMNS; c++) {
			float *v = &values[i * COLUMNS + c];

			*v = value_of(which, i, c);
			if (which == HOLES && draw(25) == 0)
				*v = NAN;
		}
	}
	return rows;
}

static void
make(enum rows which, struct distances *d)
{
	float values[ROWS * COLUMNS];
	struct ratings ratings = {0, COLUMNS, values};

	ratings.rows = make_rows(which, values);
	ck_assert(distances_new(&ratings, d, &err));
}

static const struct from_r {
	enum rows which;
	uint32_t k;
	uint32_t medoids[5];
	double cost;
	double silhouette;
} from_r[] = {
    {PLAIN, 2, {18, 58}, 4.703166482, 0.220404298},
    {PLAIN, 3, {11, 18, 56}, 4.211452201, 0.227485513},
    {PLAIN, 4, {6, 11, 15, 58}, 3.799072221, 0.228599029},
    {PLAIN, 5, {6, 11, 15, 19, 58}, 3.521707734, 0.223165845},
    {HOLES, 2, {6, 46}, 4.569422387, 0.229176013},
    {HOLES, 3, {3, 6, 44}, 3.952298748, 0.194757456},
    {HOLES, 4, {8, 28, 44, 58}, 3.506671102, 0.252139219},
    {HOLES, 5, {6, 18, 27, 44, 58}, 3.090040985, 0.201157733},
    {GROUPS, 2, {28, 43}, 4.853526363, 0.495531755},
    {GROUPS, 3, {15, 25, 28}, 2.644493332, 0.715731376},
    {GROUPS, 4, {6, 7, 25, 28}, 0.586834184, 0.920277510},
    {GROUPS, 5, {6, 25, 28, 43, 55}, 0.542784786, 0.754297370},
};

START_TEST(the_same_as_by_r)
{
	const struct from_r *r = &from_r[_i];
	struct distances d;
	struct pam pam;

	make(r->which, &d);
	ck_assert(pam_run(&d, r->k, NULL, NULL, &pam, &err));
	ck_assert_double_eq_tol(pam.cost, r->cost, 1e-6);
	ck_assert_mem_eq(pam.medoids, r->medoids, r->k * sizeof pam.medoids[0]);
	ck_assert_double_eq_tol(pam_silhouette(&d, &pam, NULL), r->silhouette, 1e-6);
	pam_fini(&pam);
	distances_fini(&d);
}
END_TEST

/* The rows of GROUPS were made by turns: so groups are turns. */
START_TEST(known_groups_are_found)
{
	double in_common[PAM_GROUPS], widths[ROWS];
	uint32_t turns[ROWS];
	struct distances d;
	struct pam pam;

	make(GROUPS, &d);
	ck_assert(pam_run(&d, 4, NULL, NULL, &pam, &err));
	for (uint32_t i = 0; i < d.count; i++)
		turns[i] = i % 4;
	pam_jaccard(turns, 4, pam.group, 4, d.count, in_common);
	for (int g = 0; g < 4; g++)
		ck_assert_double_eq(in_common[g], 1);
	(void)pam_silhouette(&d, &pam, widths);
	for (uint32_t i = 0; i < d.count; i++)
		ck_assert_double_gt(widths[i], 0.8);
	pam_fini(&pam);
	distances_fini(&d);
}
END_TEST

/*
 * At 0, 1, 5: as two groups {0, 1} and {5}. s(0) = (5 - 1) / 5, s(1) = (4 - 1) / 4, that alone 0: mean (0.8 + 0.75) / 3. As one: the
 * medoid is 1, mean distance (1 + 0 + 4) / 3.
 */
START_TEST(three_points_on_a_line)
{
	const float values[] = {0, 1, 5};
	const struct ratings ratings = {3, 1, values};
	struct distances d;
	struct pam pam;

	ck_assert(distances_new(&ratings, &d, &err));
	ck_assert(pam_run(&d, 2, NULL, NULL, &pam, &err));
	ck_assert_uint_eq(pam.group[0], pam.group[1]);
	ck_assert_uint_ne(pam.group[0], pam.group[2]);
	ck_assert_double_eq_tol(pam_silhouette(&d, &pam, NULL), 1.55 / 3, 1e-12);
	pam_fini(&pam);
	ck_assert(pam_run(&d, 1, NULL, NULL, &pam, &err));
	ck_assert_uint_eq(pam.medoids[0], 1);
	ck_assert_double_eq_tol(pam.cost, 5.0 / 3, 1e-12);
	ck_assert_double_eq(pam_silhouette(&d, &pam, NULL), 0);
	pam_fini(&pam);
	distances_fini(&d);
}
END_TEST

/*
 * Two columns, one answered by both: the square counts twice, as if the other were alike: sqrt(2 * 9). Nothing in common: as far as the
 * farthest two.
 */
START_TEST(what_was_not_answered)
{
	const float values[] = {1, NAN, 4, 2, NAN, 2};
	const struct ratings ratings = {3, 2, values};
	struct distances d;

	ck_assert(distances_new(&ratings, &d, &err));
	ck_assert_double_eq_tol((double)distances_from(&d, 0)[1], sqrt(18), 1e-6);
	ck_assert_double_eq((double)distances_from(&d, 1)[2], 0);
	ck_assert_double_eq_tol((double)distances_from(&d, 2)[0], sqrt(18), 1e-6);
	ck_assert_double_eq((double)distances_from(&d, 2)[2], 0);
	distances_fini(&d);
}
END_TEST

/* All the same: any medoids do, and it ends. */
START_TEST(no_differences)
{
	const float values[40] = {0};
	const struct ratings ratings = {40, 1, values};
	struct distances d;
	struct pam pam;

	ck_assert(distances_new(&ratings, &d, &err));
	ck_assert(pam_run(&d, 3, NULL, NULL, &pam, &err));
	ck_assert_double_eq(pam.cost, 0);
	ck_assert_double_eq(pam_silhouette(&d, &pam, NULL), 0);
	pam_fini(&pam);
	distances_fini(&d);
}
END_TEST

static bool
stop(void *arg)
{
	(void)arg;
	return true;
}

START_TEST(refused)
{
	float *values = calloc(PAM_EXACT + 1, sizeof values[0]);
	struct ratings ratings = {PAM_EXACT, 1, values};
	struct distances d;
	struct pam pam;

	ck_assert_ptr_nonnull(values);
	ck_assert(distances_new(&ratings, &d, &err));
	distances_fini(&d);
	ratings.rows++;
	ck_assert(!distances_new(&ratings, &d, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ratings.rows = PAM_GROUPS + 1;
	ck_assert(distances_new(&ratings, &d, &err));
	ck_assert(!pam_run(&d, 0, NULL, NULL, &pam, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert(!pam_run(&d, PAM_GROUPS + 1, NULL, NULL, &pam, &err));
	ck_assert(pam_run(&d, PAM_GROUPS, NULL, NULL, &pam, &err));
	pam_fini(&pam);
	ck_assert(!pam_run(&d, 2, stop, NULL, &pam, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	distances_fini(&d);
	free(values);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pam");
	TCase *tcase = tcase_create("pam");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, the_same_as_by_r, 0, (int)(sizeof from_r / sizeof from_r[0]));
	tcase_add_test(tcase, known_groups_are_found);
	tcase_add_test(tcase, three_points_on_a_line);
	tcase_add_test(tcase, what_was_not_answered);
	tcase_add_test(tcase, no_differences);
	tcase_add_test(tcase, refused);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
