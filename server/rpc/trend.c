#include "server/rpc/trend.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/calendar.h"
#include "common/log.h"
#include "server/insight/score/score.h"
#include "server/limits.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/baselines.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/fold.h"
#include "server/rpc/past.h"
#include "server/rpc/trend_file.h"

#define WAIT_MS 100

/* What is kept of one workspace: its days as the log up to stamp.revision has them. */
struct trend_page {
	struct trend_page *next;
	struct trend_stamp stamp;
	struct trend trend;
	bool loaded; /* the file was looked for */
	bool lent;
	bool forgotten; /* while it was lent: not to be kept */
};

struct trend_book {
	pthread_mutex_t lock;
	pthread_cond_t given;
	struct trend_page *pages;
};

struct trend_book *
trend_book_new(void)
{
	struct trend_book *book = calloc(1, sizeof *book);

	if (book == NULL)
		return NULL;
	pthread_mutex_init(&book->lock, NULL);
	pthread_cond_init(&book->given, NULL);
	return book;
}

void
trend_book_free(struct trend_book *book)
{
	if (book == NULL)
		return;
	while (book->pages != NULL) {
		struct trend_page *page = book->pages;

		book->pages = page->next;
		trend_fini(&page->trend);
		free(page);
	}
	pthread_cond_destroy(&book->given);
	pthread_mutex_destroy(&book->lock);
	free(book);
}

/* ---- lending */

static struct trend_page *
find_page(struct trend_book *book, uint32_t workspace)
{
	struct trend_page *page = book->pages;

	while (page != NULL && page->stamp.workspace != workspace)
		page = page->next;
	return page;
}

/* Nothing is known: as if no file had been there. */
static void
empty_page(struct trend_page *page)
{
	trend_restart(&page->trend, 0);
	page->stamp.revision = 0;
	page->forgotten = false;
}

void
trend_forget(struct daemon *daemon, uint32_t workspace)
{
	struct trend_book *book = daemon->trends;
	struct trend_page *page;

	pthread_mutex_lock(&book->lock);
	page = find_page(book, workspace);
	if (page != NULL && page->lent)
		page->forgotten = true;
	else if (page != NULL)
		empty_page(page);
	if (daemon->data_dir != NULL)
		trend_file_delete(daemon->data_dir, workspace);
	pthread_mutex_unlock(&book->lock);
}

static struct trend_page *
new_page(struct trend_book *book, const struct workspace *ws)
{
	struct trend_page *page = calloc(1, sizeof *page);

	if (page == NULL)
		return NULL;
	trend_init(&page->trend);
	page->stamp.workspace = ws->number;
	trend_judged_by(ws->time_zone, page->stamp.judged_by);
	page->next = book->pages;
	book->pages = page;
	return page;
}

static bool
is_cancelled(const struct trend_query *query)
{
	return __atomic_load_n(query->cancelled, __ATOMIC_RELAXED);
}

/* Under the lock. */
static void
wait_a_while(struct trend_book *book)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += WAIT_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_cond_timedwait(&book->given, &book->lock, &until);
}

static struct trend_page *
borrow(const struct trend_query *query, struct err *err)
{
	struct trend_book *book = query->daemon->trends;
	struct trend_page *page;

	pthread_mutex_lock(&book->lock);
	page = find_page(book, query->ws->number);
	if (page == NULL)
		page = new_page(book, query->ws);
	if (page == NULL) {
		err_oom(err);
	} else if (page->lent) {
		/* somebody works on what this one waits for: let other jobs run */
		jobs_block(query->daemon->jobs);
		while (page->lent && !is_cancelled(query))
			wait_a_while(book);
		jobs_unblock(query->daemon->jobs);
	}
	if (page != NULL && page->lent) {
		err_set(err, ERR_CANCELLED, "cancelled");
		page = NULL;
	}
	if (page != NULL)
		page->lent = true;
	pthread_mutex_unlock(&book->lock);
	return page;
}

void
trend_give(struct trend_loan *loan)
{
	struct trend_page *page = loan->page;

	trend_fini(&loan->own);
	if (page == NULL)
		return;
	pthread_mutex_lock(&loan->book->lock);
	page->lent = false;
	if (page->forgotten)
		empty_page(page);
	pthread_cond_broadcast(&loan->book->given);
	pthread_mutex_unlock(&loan->book->lock);
	loan->page = NULL;
}

/* ---- the log */

struct seen {
	bool is_there;
	int64_t time_us;
	uint8_t chain[SHA256_LEN];
};

static bool
on_entry(void *arg, const struct store_entry *entry)
{
	struct seen *seen = arg;

	seen->is_there = true;
	seen->time_us = entry->time_us;
	memcpy(seen->chain, entry->chain, SHA256_LEN);
	return false;
}

static bool
look_at(struct daemon *daemon, const struct workspace *ws, uint64_t revision, struct seen *seen,
    struct err *err)
{
	*seen = (struct seen){0};
	return store_read(daemon->store, ws->number, revision, revision, on_entry, seen, err);
}

bool
trend_first_day(struct daemon *daemon, const struct workspace *ws, int32_t *day, struct err *err)
{
	struct seen seen;

	if (!look_at(daemon, ws, 1, &seen, err))
		return false;
	*day = seen.is_there ? zone_date(ws->zone, seen.time_us) : DATE_NONE;
	return true;
}

/* The first day whose end is not yet told by the log up to that revision; INT32_MAX where nothing comes after it. */
static bool
first_open_day(const struct trend_query *query, uint64_t revision, int32_t *day, struct err *err)
{
	struct seen seen;

	if (!look_at(query->daemon, query->ws, revision + 1, &seen, err))
		return false;
	*day = seen.is_there ? zone_date(query->ws->zone, seen.time_us) : INT32_MAX;
	return true;
}

/* ---- keeping */

static bool
is_of_this_log(const struct trend_query *query, const struct trend_stamp *stamp)
{
	struct seen seen;
	struct err ignored;

	return stamp->revision == 0 ||
	       (look_at(query->daemon, query->ws, stamp->revision, &seen, &ignored) &&
		   seen.is_there && memcmp(seen.chain, stamp->chain, SHA256_LEN) == 0);
}

static void
load(const struct trend_query *query, struct trend_page *page)
{
	struct trend_stamp stamp = page->stamp;

	if (page->loaded || query->daemon->data_dir == NULL)
		return;
	page->loaded = true;
	if (!trend_file_read(query->daemon->data_dir, &stamp, &page->trend))
		return;
	if (is_of_this_log(query, &stamp))
		page->stamp = stamp;
	else
		trend_restart(&page->trend, 0);
}

static void
save(const struct trend_query *query, struct trend_page *page)
{
	struct trend_book *book = query->daemon->trends;
	const char *data_dir = query->daemon->data_dir;
	struct seen seen = {0};
	struct err err;

	if (data_dir == NULL)
		return;
	if (page->stamp.revision > 0 &&
	    (!look_at(query->daemon, query->ws, page->stamp.revision, &seen, &err) ||
		!seen.is_there))
		return;
	memcpy(page->stamp.chain, seen.chain, SHA256_LEN);
	if (!trend_file_write(data_dir, &page->stamp, &page->trend, &err)) {
		log_warn("trend",
		    "workspace=%s why=\"%s\" next=\"it is worked out anew after a start\"",
		    query->ws->id, err.msg);
		return;
	}
	pthread_mutex_lock(&book->lock);
	if (page->forgotten)
		trend_file_delete(data_dir, page->stamp.workspace);
	else
		trend_file_keep(data_dir, page->stamp.workspace);
	pthread_mutex_unlock(&book->lock);
}

/* ---- judging days */

struct walk {
	const struct trend_query *query;
	struct trend *trend;
	struct past past;
	/* the plan at the baseline that was the newest on the day at hand */
	uint64_t baseline_revision;
	struct plan *baseline_plan;
	struct view *baseline;
	int32_t from; /* for the progress */
	size_t judged;
};

static bool
check_is_cancelled(void *arg)
{
	return is_cancelled(arg);
}

static bool
judge(struct walk *walk, const struct view *view, const struct check_baseline *baseline,
    int32_t day, struct err *err)
{
	struct check_query query = {
	    .today = day,
	    .zone = walk->query->ws->zone,
	    .baseline = baseline->view != NULL ? baseline : NULL,
	    .voices = &walk->query->ws->voices,
	    .waived = true,
	    .cancelled = check_is_cancelled,
	    .arg = (void *)(uintptr_t)walk->query,
	};
	struct check *check = check_run(view, &query, err);
	struct score score;
	bool ok;

	if (check == NULL)
		return false;
	ok = score_of_check(check, 0, check_is_cancelled, query.arg, &score, err);
	if (ok) {
		ok = trend_add(walk->trend, check, walk->past.at, score.micros, err);
		score_fini(&score);
	}
	check_free(check);
	walk->judged += ok;
	return ok;
}

static void
drop_baseline(struct walk *walk)
{
	plan_view_release(walk->baseline_plan, walk->baseline);
	plan_free(walk->baseline_plan);
	walk->baseline = NULL;
	walk->baseline_plan = NULL;
	walk->baseline_revision = 0;
}

static bool
find_baseline(
    struct walk *walk, const struct view *view, struct check_baseline *out, struct err *err)
{
	uint64_t named = baselines_newest(view, walk->past.at, NULL, &out->slot);

	out->view = NULL;
	if (named == 0)
		return true;
	if (named != walk->baseline_revision) {
		drop_baseline(walk);
		walk->baseline_plan = fold_plan(&walk->past.source, named, NULL, err);
		if (walk->baseline_plan == NULL)
			return false;
		walk->baseline = plan_view(walk->baseline_plan);
		if (walk->baseline == NULL || !view_settle(walk->baseline))
			return err_oom(err);
		walk->baseline_revision = named;
	}
	out->view = walk->baseline;
	return true;
}

/* The plan that was asked about has its baseline at hand. */
static bool
judge_day(struct walk *walk, int32_t day, struct err *err)
{
	struct check_baseline baseline = {walk->query->baseline, walk->query->baseline_slot};
	const struct view *view = past_view(&walk->past, day, err);

	if (view == NULL)
		return false;
	return (view == walk->query->view || find_baseline(walk, view, &baseline, err)) &&
	       judge(walk, view, &baseline, day, err);
}

static bool
walk_to(struct walk *walk, int32_t last, struct err *err)
{
	const struct trend_query *query = walk->query;

	walk->from = trend_end(walk->trend);
	for (int32_t day = walk->from; day <= last; day++) {
		if (!judge_day(walk, day, err))
			return false;
		if (query->progress != NULL)
			query->progress(
			    query->arg, (double)(day - walk->from + 1) / (last - walk->from + 1));
	}
	return true;
}

static bool
extend(const struct trend_query *query, struct trend *trend, uint64_t revision, int32_t last,
    size_t *judged, struct err *err)
{
	struct walk walk = {.query = query,
	    .trend = trend,
	    .past = {.daemon = query->daemon,
		.ws = query->ws,
		.view = query->view,
		.revision = query->revision,
		.last = revision,
		.cancelled = query->cancelled}};
	bool ok;

	past_begin(&walk.past);
	ok = walk_to(&walk, last, err);
	*judged += walk.judged;
	drop_baseline(&walk);
	past_end(&walk.past);
	return ok;
}

/* Makes trend begin at first or before, and end where going on from there leads to last, within the limit of days. */
static bool
make_room(struct trend *trend, int32_t first, int32_t last, struct err *err)
{
	int64_t end = trend_end(trend);

	if (trend->count == 0 || first < trend->first || first > end + LIMIT_SINCE_DAYS) {
		trend_restart(trend, first);
		return true;
	}
	if ((int64_t)last - trend->first >= (int64_t)LIMIT_TREND_DAYS)
		return trend_forget_before(trend, first, err);
	return true;
}

/* Days that the future may still tell otherwise are not what a page is for. */
static bool
is_worth_keeping(const struct trend_query *query)
{
	int32_t today = zone_date(query->ws->zone, daemon_clock_us(query->daemon));

	return query->last <= today + 1;
}

/* Brings the page to what the log says up to the query's revision, where it has not yet seen as much. */
static bool
catch_up(const struct trend_query *query, struct trend_page *page, struct err *err)
{
	int32_t open;

	if (page->stamp.revision >= query->revision)
		return true;
	if (page->trend.count > 0) {
		if (!first_open_day(query, page->stamp.revision, &open, err) ||
		    !trend_cut(&page->trend, open, err))
			return false;
	}
	page->stamp.revision = query->revision;
	return true;
}

/* The days that revision does not tell as the page has them, on a copy of the others. */
static bool
take_private(const struct trend_query *query, const struct trend *kept, int32_t open,
    struct trend_loan *loan, struct err *err)
{
	if (!trend_copy(kept, &loan->own, err))
		return false;
	loan->trend = &loan->own;
	if (!trend_cut(&loan->own, open, err) ||
	    !make_room(&loan->own, query->first, query->last, err))
		return false;
	return extend(query, &loan->own, query->revision, query->last, &loan->judged, err);
}

static bool
take_kept(const struct trend_query *query, struct trend_page *page, int32_t last,
    struct trend_loan *loan, struct err *err)
{
	size_t before = loan->judged;
	bool ok;

	if (last < query->first)
		return true;
	ok = make_room(&page->trend, query->first, last, err) &&
	     extend(query, &page->trend, page->stamp.revision, last, &loan->judged, err);
	if (loan->judged > before)
		save(query, page);
	return ok;
}

static bool
take(const struct trend_query *query, struct trend_loan *loan, struct err *err)
{
	struct trend_page *page = loan->page;
	int32_t open =
	    INT32_MAX; /* the first day on which the page says otherwise than the query's revision */

	load(query, page);
	if (!is_worth_keeping(query))
		return take_private(query, &loan->own, INT32_MIN, loan, err);
	if (!catch_up(query, page, err))
		return false;
	if (page->stamp.revision > query->revision &&
	    !first_open_day(query, query->revision, &open, err))
		return false;
	loan->trend = &page->trend;
	if (!take_kept(query, page, query->last < open ? query->last : open - 1, loan, err))
		return false;
	return query->last < open || take_private(query, &page->trend, open, loan, err);
}

bool
trend_take(const struct trend_query *query, struct trend_loan *loan, struct err *err)
{
	memset(loan, 0, sizeof *loan);
	trend_init(&loan->own);
	loan->book = query->daemon->trends;
	loan->page = borrow(query, err);
	if (loan->page == NULL)
		return false;
	if (take(query, loan, err))
		return true;
	trend_give(loan);
	return false;
}
