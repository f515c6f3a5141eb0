/*
 * What a check of a plan written as text finds, compared with what was expected by hand.
 */
#ifndef TESTS_SUPPORT_CHECK_TEXT_H
#define TESTS_SUPPORT_CHECK_TEXT_H

#include "tests/support/plan_text.h"

struct check;
struct check_query;

/* A check as of that day; fails the test if it fails. query may be NULL. */
struct check *check_text_run(
    struct plan_text *text, const char *today, const struct check_query *query);
/*
 * Applies one rule or family and compares all its findings: one key a line in any order, those that are unknown with
 * "? " in front. Differences fail the test and are printed.
 */
void check_text_expect(
    struct plan_text *text, const char *today, const char *rule, const char *expected);
/* The message of the one finding of a rule. */
void check_text_says(
    struct plan_text *text, const char *today, const char *rule, const char *message);
/*
 * The same two beside another plan, as which it was at a baseline ("baseline/q1" of the plan now). message may be NULL.
 */
void check_text_since(struct plan_text *then, struct plan_text *now, const char *baseline,
    const char *today, const char *rule, const char *expected, const char *message);
/* Takes lines as plan_text_put() does as of 2026-01-05, expects on 2026-03-31. */
void check_text_plan(const char *lines, const char *rule, const char *expected);

#endif
