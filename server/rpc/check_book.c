/* See check_book.h. */
#include "server/rpc/check_book.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/insight/check/voices.h"
#include "server/insight/check/worlds.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/jobs.h"
#include "server/rpc/rpc.h"
#include "server/rpc/workspace.h"
#include "server/store/confidential.h"

/* Whoever waits looks so often whether they are still to. */
#define LOOK_MS 20

struct key {
	const struct view *view;
	int32_t today;
	int32_t clock_day;
	uint64_t calls;
	bool has_baseline;
	uint32_t baseline_slot;
	uint64_t baseline_revision;
	bool has_worlds;
	size_t worlds;
	const char *worlds_missing; /* static */
};

struct check_page {
	struct check_page *next;
	struct key key;
	bool is_ready; /* else somebody works it out */
	bool forgotten;
	unsigned refs;
	struct check *check; /* owned */
	int64_t used_us;
};

struct check_book {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct check_page *pages; /* used last in front */
	unsigned most;
	uint64_t most_slots;
};

struct check_book *
check_book_new(unsigned most, uint64_t most_slots)
{
	struct check_book *book = calloc(1, sizeof *book);
	pthread_condattr_t attr;

	if (book == NULL)
		return NULL;
	book->most = most;
	book->most_slots = most_slots;
	pthread_mutex_init(&book->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&book->changed, &attr);
	pthread_condattr_destroy(&attr);
	return book;
}

static void
free_pages(struct check_page *list)
{
	while (list != NULL) {
		struct check_page *page = list;

		assert(page->refs == 0);
		list = page->next;
		check_free(page->check);
		free(page);
	}
}

void
check_book_free(struct check_book *book)
{
	if (book == NULL)
		return;
	free_pages(book->pages);
	pthread_cond_destroy(&book->changed);
	pthread_mutex_destroy(&book->lock);
	free(book);
}

/* ---- pages, under the lock */

static void
key_of(const struct check_asked *asked, struct key *key)
{
	const struct check_query *q = &asked->query;

	*key = (struct key){.view = asked->view,
	    .today = q->today,
	    .clock_day = asked->clock_day,
	    .calls = asked->calls,
	    .has_baseline = q->baseline != NULL,
	    .has_worlds = q->worlds != NULL};
	if (q->baseline != NULL) {
		key->baseline_slot = q->baseline->slot;
		key->baseline_revision = asked->baseline_revision;
	}
	if (q->worlds != NULL) {
		key->worlds = q->worlds->count;
		key->worlds_missing = q->worlds->missing;
	}
}

static bool
is_same(const struct key *a, const struct key *b)
{
	return a->view == b->view && a->today == b->today && a->clock_day == b->clock_day &&
	       a->calls == b->calls && a->has_baseline == b->has_baseline &&
	       a->baseline_slot == b->baseline_slot &&
	       a->baseline_revision == b->baseline_revision && a->has_worlds == b->has_worlds &&
	       a->worlds == b->worlds && a->worlds_missing == b->worlds_missing;
}

/* In front from now on. */
static struct check_page *
find(struct check_book *book, const struct key *key)
{
	for (struct check_page **at = &book->pages; *at != NULL; at = &(*at)->next) {
		struct check_page *page = *at;

		if (page->forgotten || !is_same(&page->key, key))
			continue;
		*at = page->next;
		page->next = book->pages;
		book->pages = page;
		return page;
	}
	return NULL;
}

/* Nobody has it: out of the list, into that of those to be freed without the lock. */
static void
drop(struct check_page **at, struct check_page **gone)
{
	struct check_page *page = *at;

	*at = page->next;
	page->next = *gone;
	*gone = page;
}

/* What was used longest ago goes beyond the limits; and what was forgotten. */
static struct check_page *
trim(struct check_book *book, int64_t oldest_us)
{
	struct check_page **at = &book->pages, *gone = NULL;
	unsigned kept = 0;
	uint64_t slots = 0;

	while (*at != NULL) {
		struct check_page *page = *at;

		kept += page->is_ready;
		slots += page->is_ready ? view_slots(check_view(page->check)) : 0;
		if (page->refs == 0 && (page->forgotten || page->used_us < oldest_us ||
					   kept > book->most || slots > book->most_slots)) {
			kept--;
			slots -= view_slots(check_view(page->check));
			drop(at, &gone);
		} else {
			at = &page->next;
		}
	}
	return gone;
}

/* ---- one who works it out */

/* What can't be read now may be read the next time. */
struct hearing {
	struct voices voices;
	const struct voices *of;
	bool *missed;
};

static bool
hear_ballot(const struct voices *voices, const struct item *round, struct voices_ballot *out,
    struct err *err)
{
	const struct hearing *h = (const struct hearing *)(const void *)voices;
	bool known = h->of->ballot(h->of, round, out, err);

	*h->missed |= !known && err->code != ERR_OK;
	return known;
}

static bool
hear_clarity(const struct voices *voices, const struct item *round, struct clarity_published *out,
    struct err *err)
{
	const struct hearing *h = (const struct hearing *)(const void *)voices;
	bool known = h->of->clarity(h->of, round, out, err);

	*h->missed |= !known && err->code != ERR_OK;
	return known;
}

static bool
hear_pulses(const struct voices *voices, const struct view *view, int32_t today, voices_pulse_fn fn,
    void *arg, struct err *err)
{
	const struct hearing *h = (const struct hearing *)(const void *)voices;
	bool known = h->of->pulses(h->of, view, today, fn, arg, err);

	*h->missed |= !known && err->code != ERR_OK;
	return known;
}

static struct check *
work_out(const struct check_asked *asked, bool *missed, struct err *err)
{
	struct hearing hearing = {{hear_ballot, hear_clarity, hear_pulses}, NULL, missed};
	struct check_query query = asked->query;

	query.waived = true;
	query.at_least = SEVERITY_UNSET;
	hearing.of = query.voices;
	if (query.voices != NULL)
		query.voices = &hearing.voices;
	return check_run(asked->view, &query, err);
}

/* Kept, or the caller's alone where it is not to be. */
static void
keep(struct check_book *book, struct check_page *page, struct check *check, bool missed,
    struct check_loan *loan)
{
	struct check_page **at = &book->pages, *gone;

	pthread_mutex_lock(&book->lock);
	page->is_ready = true;
	page->check = check;
	page->used_us = daemon_monotonic_us();
	*loan = (struct check_loan){.check = check, .page = page};
	if (check == NULL || missed || page->forgotten ||
	    view_slots(page->key.view) > book->most_slots) {
		while (*at != page)
			at = &(*at)->next;
		*at = page->next;
		free(page);
		*loan = (struct check_loan){.check = check, .own = check};
	}
	gone = trim(book, INT64_MIN);
	pthread_cond_broadcast(&book->changed);
	pthread_mutex_unlock(&book->lock);
	free_pages(gone);
}

/* ---- taking and giving */

static bool
is_cancelled(const struct check_asked *asked)
{
	return asked->query.cancelled != NULL && asked->query.cancelled(asked->query.arg);
}

static void
wait_a_moment(struct check_book *book, struct jobs *jobs)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	if (jobs != NULL)
		jobs_block(jobs);
	pthread_cond_timedwait(&book->changed, &book->lock, &until);
	if (jobs != NULL)
		jobs_unblock(jobs);
}

/* The page, ready or to be worked out by the caller; NULL: out of memory, or nobody waits any more. */
static struct check_page *
turn_to(struct check_book *book, struct jobs *jobs, const struct check_asked *asked,
    const struct key *key, bool *is_ours)
{
	struct check_page *page;

	*is_ours = false;
	while ((page = find(book, key)) != NULL && !page->is_ready) {
		if (is_cancelled(asked))
			return NULL;
		wait_a_moment(book, jobs);
	}
	if (page == NULL) {
		page = calloc(1, sizeof *page);
		if (page == NULL)
			return NULL;
		page->key = *key;
		page->next = book->pages;
		book->pages = page;
		*is_ours = true;
	}
	page->refs++;
	page->used_us = daemon_monotonic_us();
	return page;
}

bool
check_book_take(struct check_book *book, struct jobs *jobs, const struct check_asked *asked,
    struct check_loan *loan, struct err *err)
{
	struct check_page *page;
	struct check *check;
	struct key key;
	bool is_ours, missed = false;

	key_of(asked, &key);
	pthread_mutex_lock(&book->lock);
	page = turn_to(book, jobs, asked, &key, &is_ours);
	pthread_mutex_unlock(&book->lock);
	if (page == NULL)
		return is_cancelled(asked) ? err_set(err, ERR_CANCELLED, "the check was cancelled")
					   : err_oom(err);
	if (!is_ours) {
		*loan = (struct check_loan){.check = page->check, .page = page};
		return true;
	}
	check = work_out(asked, &missed, err);
	keep(book, page, check, missed, loan);
	return check != NULL;
}

bool
check_book_of_job(const struct view_job *job, bool (*cancelled)(void *arg),
    void (*progress)(void *arg, double part), void *arg, struct check_loan *loan, struct err *err)
{
	const struct check_baseline baseline = {job->baseline, job->baseline_slot};
	struct daemon *daemon = job->call->daemon;
	const struct check_asked asked = {.view = job->view,
	    .query = {.today = job->today,
		.zone = job->ws->zone,
		.baseline = job->baseline != NULL ? &baseline : NULL,
		.voices = job->voices,
		.worlds = job->worlds,
		.cancelled = cancelled,
		.progress = progress,
		.arg = arg},
	    .baseline_revision = job->baseline_revision,
	    .clock_day = workspace_today(job->ws),
	    .calls = confidential_calls(daemon->confidential)};

	return check_book_take(daemon->checks, daemon->jobs, &asked, loan, err);
}

void
check_book_give(struct check_book *book, struct check_loan *loan)
{
	struct check_page *gone = NULL;

	if (loan->page != NULL) {
		pthread_mutex_lock(&book->lock);
		loan->page->refs--;
		gone = trim(book, INT64_MIN);
		pthread_mutex_unlock(&book->lock);
	}
	free_pages(gone);
	check_free(loan->own);
	*loan = (struct check_loan){.check = NULL};
}

/* ---- forgetting */

bool
check_book_has(struct check_book *book, const struct view *view)
{
	const struct check_page *page;

	pthread_mutex_lock(&book->lock);
	for (page = book->pages; page != NULL; page = page->next) {
		if (page->key.view == view && !page->forgotten)
			break;
	}
	pthread_mutex_unlock(&book->lock);
	return page != NULL;
}

void
check_book_forget(struct check_book *book, const struct view *view)
{
	struct check_page *gone;

	pthread_mutex_lock(&book->lock);
	for (struct check_page *page = book->pages; page != NULL; page = page->next)
		page->forgotten |= view == NULL || page->key.view == view;
	gone = trim(book, INT64_MIN);
	pthread_mutex_unlock(&book->lock);
	free_pages(gone);
}

void
check_book_trim(struct check_book *book, int64_t oldest_us)
{
	struct check_page *gone;

	pthread_mutex_lock(&book->lock);
	gone = trim(book, oldest_us);
	pthread_mutex_unlock(&book->lock);
	free_pages(gone);
}
