/* What checks found, kept: found again by all that rules look at, worked out once for all who ask at once. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/calendar.h"
#include "server/insight/check/voices.h"
#include "server/insight/check/worlds.h"
#include "server/plan/view.h"
#include "server/rpc/check_book.h"
#include "tests/support/plan_text.h"

#define MOST 3u

static struct {
	struct plan_text text;
	const struct view *view;
	struct check_book *book;
	unsigned runs; /* of all rules; atomic */
} the;

/* How far one run is, by who asked for it. */
static void
count_run(void *arg, double part)
{
	double *last = arg;

	if (part <= *last)
		__atomic_add_fetch(&the.runs, 1, __ATOMIC_RELAXED);
	*last = part;
}

static void
set_up(void)
{
	plan_text_init(&the.text);
	plan_text_put(&the.text, "2026-01-05",
	    "objective/o {}\n"
	    "baseline/b {}\n"
	    "person/anna {}\n");
	the.view = plan_text_view(&the.text);
	the.book = check_book_new(MOST, 100);
	the.runs = 0;
}

static void
tear_down(void)
{
	check_book_free(the.book);
	plan_text_fini(&the.text);
}

static struct check_asked
ask(double *last)
{
	*last = 2;
	return (struct check_asked){
	    .view = the.view, .query = {.today = 20543, .progress = count_run, .arg = last}};
}

static struct check_loan
take(const struct check_asked *asked)
{
	struct check_loan loan;
	struct err err = {0};

	ck_assert_msg(check_book_take(the.book, NULL, asked, &loan, &err), "%s", err.msg);
	ck_assert_uint_gt(check_findings(loan.check), 0); /* nobody owns the objective */
	return loan;
}

static unsigned
runs_of(const struct check_asked *asked)
{
	unsigned before = the.runs;
	struct check_loan loan = take(asked);

	check_book_give(the.book, &loan);
	return the.runs - before;
}

START_TEST(the_same_is_worked_out_once)
{
	double last;
	struct check_asked asked = ask(&last);
	struct check_loan one = take(&asked), two = take(&asked);

	ck_assert_ptr_eq(one.check, two.check);
	check_book_give(the.book, &one);
	check_book_give(the.book, &two);
	ck_assert_uint_eq(runs_of(&asked), 0);
	ck_assert_uint_eq(the.runs, 1);
	ck_assert(check_book_has(the.book, the.view));
}
END_TEST

START_TEST(whatever_rules_look_at_makes_it_another)
{
	const struct check_baseline baseline = {the.view, plan_text_slot(&the.text, "baseline/b")};
	const struct worlds worlds = {.count = 0}, missing = {.missing = "too many"};
	double last;
	struct check_asked first = ask(&last), asked;

	ck_assert_uint_eq(runs_of(&first), 1);
	asked = first;
	asked.query.today++;
	ck_assert_uint_eq(runs_of(&asked), 1);
	asked = first;
	asked.clock_day++;
	ck_assert_uint_eq(runs_of(&asked), 1);
	asked = first;
	asked.calls++;
	ck_assert_uint_eq(runs_of(&asked), 1);
	asked = first;
	asked.query.baseline = &baseline;
	ck_assert_uint_eq(runs_of(&asked), 1);
	asked.baseline_revision++;
	ck_assert_uint_eq(runs_of(&asked), 1);
	ck_assert_uint_eq(runs_of(&asked), 0);
	asked = first;
	asked.query.worlds = &worlds;
	ck_assert_uint_eq(runs_of(&asked), 1);
	asked.query.worlds = &missing;
	ck_assert_uint_eq(runs_of(&asked), 1);
}
END_TEST

START_TEST(what_is_forgotten_is_worked_out_again)
{
	double last;
	struct check_asked asked = ask(&last);
	struct check_loan lent = take(&asked);

	check_book_forget(the.book, the.view);
	ck_assert(!check_book_has(the.book, the.view));
	ck_assert_uint_eq(runs_of(&asked), 1);
	ck_assert_uint_gt(check_findings(lent.check), 0); /* still there for who has it */
	check_book_give(the.book, &lent);
	check_book_trim(the.book, INT64_MAX);
	ck_assert(!check_book_has(the.book, the.view));
	check_book_forget(the.book, NULL);
}
END_TEST

START_TEST(no_more_are_kept_than_may_be)
{
	double last;
	struct check_asked asked = ask(&last);

	for (unsigned day = 0; day < MOST; day++) {
		asked.query.today = 20543 + (int32_t)day;
		ck_assert_uint_eq(runs_of(&asked), 1);
	}
	asked.query.today = 20543;
	ck_assert_uint_eq(runs_of(&asked), 0); /* so many are; now the second is the oldest */
	asked.query.today = 20543 + (int32_t)MOST;
	ck_assert_uint_eq(runs_of(&asked), 1);
	asked.query.today = 20543;
	ck_assert_uint_eq(runs_of(&asked), 0);
	asked.query.today = 20544;
	ck_assert_uint_eq(runs_of(&asked), 1);
}
END_TEST

START_TEST(no_more_slots_are_kept_than_may_be)
{
	uint64_t slots = view_slots(the.view);
	double last;
	struct check_asked asked = ask(&last);

	check_book_free(the.book);
	the.book = check_book_new(MOST, slots); /* one of this plan */
	ck_assert_uint_eq(runs_of(&asked), 1);
	ck_assert_uint_eq(runs_of(&asked), 0);
	asked.query.today++;
	ck_assert_uint_eq(runs_of(&asked), 1);
	asked.query.today--;
	ck_assert_uint_eq(runs_of(&asked), 1);
	check_book_free(the.book);
	the.book = check_book_new(MOST, slots - 1);
	ck_assert_uint_eq(runs_of(&asked), 1);
	ck_assert_uint_eq(runs_of(&asked), 1);
	ck_assert(!check_book_has(the.book, the.view));
}
END_TEST

static bool
no_ballot(const struct voices *voices, const struct item *round, struct voices_ballot *out,
    struct err *err)
{
	(void)voices, (void)round, (void)out, (void)err;
	return false;
}

static bool
no_clarity(const struct voices *voices, const struct item *round, struct clarity_published *out,
    struct err *err)
{
	(void)voices, (void)round, (void)out, (void)err;
	return false;
}

static bool
no_pulses(const struct voices *voices, const struct view *view, int32_t today, voices_pulse_fn fn,
    void *arg, struct err *err)
{
	(void)voices, (void)view, (void)today, (void)fn, (void)arg;
	return err_set(err, ERR_UNAVAILABLE, "the disk refuses");
}

START_TEST(what_could_not_be_read_is_not_kept)
{
	const struct voices voices = {no_ballot, no_clarity, no_pulses};
	double last;
	struct check_asked asked = ask(&last);

	asked.query.voices = &voices;
	ck_assert_uint_eq(runs_of(&asked), 1);
	ck_assert_uint_eq(runs_of(&asked), 1);
	ck_assert(!check_book_has(the.book, the.view));
}
END_TEST

/* ---- two at once */

struct caller {
	pthread_t thread;
	double last;
	bool (*cancelled)(void *arg);
	struct check_loan loan;
	struct err err;
	bool ok;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_inside;
	bool is_open;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};

static void
pass_gate(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.is_inside = true;
	pthread_cond_broadcast(&gate.changed);
	while (!gate.is_open)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static void
open_gate(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.is_open = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static bool
goes_on(void *arg)
{
	(void)arg;
	pass_gate();
	return false;
}

static bool
stops(void *arg)
{
	(void)arg;
	pass_gate();
	return true;
}

static bool
stops_at_once(void *arg)
{
	(void)arg;
	return true;
}

static void *
call(void *arg)
{
	struct caller *caller = arg;
	struct check_asked asked = ask(&caller->last);

	asked.query.cancelled = caller->cancelled;
	caller->ok = check_book_take(the.book, NULL, &asked, &caller->loan, &caller->err);
	return NULL;
}

static void
begin(struct caller *caller)
{
	ck_assert_int_eq(pthread_create(&caller->thread, NULL, call, caller), 0);
}

/* The first one is at work when this returns. */
static void
begin_first(struct caller *caller)
{
	gate.is_inside = gate.is_open = false;
	begin(caller);
	pthread_mutex_lock(&gate.lock);
	while (!gate.is_inside)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

START_TEST(of_two_at_once_one_works_it_out)
{
	struct caller first = {.cancelled = goes_on}, second = {.cancelled = NULL};

	begin_first(&first);
	begin(&second);
	open_gate();
	pthread_join(first.thread, NULL);
	pthread_join(second.thread, NULL);
	ck_assert(first.ok && second.ok);
	ck_assert_ptr_eq(first.loan.check, second.loan.check);
	ck_assert_uint_eq(the.runs, 1);
	check_book_give(the.book, &first.loan);
	check_book_give(the.book, &second.loan);
}
END_TEST

START_TEST(where_one_stops_the_other_works_it_out)
{
	struct caller first = {.cancelled = stops}, second = {.cancelled = NULL};

	begin_first(&first);
	begin(&second);
	open_gate();
	pthread_join(first.thread, NULL);
	pthread_join(second.thread, NULL);
	ck_assert(!first.ok);
	ck_assert_int_eq(first.err.code, ERR_CANCELLED);
	ck_assert(second.ok);
	check_book_give(the.book, &second.loan);
	ck_assert(check_book_has(the.book, the.view));
}
END_TEST

START_TEST(who_waits_may_stop)
{
	struct caller first = {.cancelled = goes_on}, second = {.cancelled = stops_at_once};

	begin_first(&first);
	begin(&second);
	pthread_join(second.thread, NULL); /* the first is still at it */
	ck_assert(!second.ok);
	ck_assert_int_eq(second.err.code, ERR_CANCELLED);
	open_gate();
	pthread_join(first.thread, NULL);
	ck_assert(first.ok);
	check_book_give(the.book, &first.loan);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("check_book");
	TCase *tc = tcase_create("check_book");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_same_is_worked_out_once);
	tcase_add_test(tc, whatever_rules_look_at_makes_it_another);
	tcase_add_test(tc, what_is_forgotten_is_worked_out_again);
	tcase_add_test(tc, no_more_are_kept_than_may_be);
	tcase_add_test(tc, no_more_slots_are_kept_than_may_be);
	tcase_add_test(tc, what_could_not_be_read_is_not_kept);
	tcase_add_test(tc, of_two_at_once_one_works_it_out);
	tcase_add_test(tc, where_one_stops_the_other_works_it_out);
	tcase_add_test(tc, who_waits_may_stop);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
