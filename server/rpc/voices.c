#include "server/rpc/voices.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/limits.h"
#include "server/plan/item.h"
#include "server/rpc/ballot.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/survey.h"
#include "server/rpc/workspace.h"

struct page {
	struct page *next;
	uint32_t workspace;
	char round[ID_MAX_LEN + 1];
	struct voices_ballot ballot;
};

struct voice_book {
	pthread_mutex_t lock;
	struct page *pages; /* a round each */
};

struct voice_book *
voice_book_new(void)
{
	struct voice_book *book = calloc(1, sizeof *book);

	if (book != NULL)
		pthread_mutex_init(&book->lock, NULL);
	return book;
}

void
voice_book_free(struct voice_book *book)
{
	if (book == NULL)
		return;
	while (book->pages != NULL) {
		struct page *page = book->pages;

		book->pages = page->next;
		free(page);
	}
	pthread_mutex_destroy(&book->lock);
	free(book);
}

static bool
is_of(const struct page *page, uint32_t workspace, const struct item *round)
{
	return page->workspace == workspace && strlen(page->round) == round->id_len &&
	       memcmp(page->round, item_id(round), round->id_len) == 0;
}

static bool
look_up(struct voice_book *book, uint32_t workspace, const struct item *round,
    struct voices_ballot *out)
{
	const struct page *page;

	pthread_mutex_lock(&book->lock);
	for (page = book->pages; page != NULL && !is_of(page, workspace, round); page = page->next)
		;
	if (page != NULL)
		*out = page->ballot;
	pthread_mutex_unlock(&book->lock);
	return page != NULL;
}

/* Two may have worked out the same; one of the two pages is never found, which is no harm. */
static void
keep(struct voice_book *book, uint32_t workspace, const struct item *round,
    const struct voices_ballot *ballot)
{
	struct page *page = calloc(1, sizeof *page);

	if (page == NULL)
		return; /* worked out again the next time */
	page->workspace = workspace;
	memcpy(page->round, item_id(round), round->id_len);
	page->ballot = *ballot;
	pthread_mutex_lock(&book->lock);
	page->next = book->pages;
	book->pages = page;
	pthread_mutex_unlock(&book->lock);
}

static void
copy_id(char out[ID_MAX_LEN + 1], const char *id)
{
	size_t len = strlen(id);

	if (len > ID_MAX_LEN)
		len = 0; /* damaged: no id is as long */
	memcpy(out, id, len);
	out[len] = '\0';
}

static bool
sum_up(const struct ballot_set *set, struct voices_ballot *out, struct err *err)
{
	struct agreement agreement;
	struct pair_votes *pairs;
	size_t all = (size_t)set->terms.count * (set->terms.count - 1) / 2;

	memset(out, 0, sizeof *out);
	out->is_published = set->state == BALLOT_PUBLISHED;
	if (!out->is_published)
		return true;
	if (!concord_agreement(&set->ballots, VOICES_SEED, &agreement, err))
		return false;
	out->ballots = set->ballots.judges;
	out->objectives = set->ballots.objects;
	out->is_known = agreement.is_known;
	out->w = agreement.w;
	out->p = agreement.p;
	pairs = concord_pairs(&set->ballots);
	if (pairs == NULL)
		return err_oom(err);
	for (size_t i = 0; i < all && out->pairs_count < VOICES_PAIRS; i++) {
		struct voices_pair *pair = &out->pairs[out->pairs_count];

		if (pairs[i].first == 0 || pairs[i].second == 0)
			break;
		copy_id(pair->first, set->terms.ids[pairs[i].a]);
		copy_id(pair->second, set->terms.ids[pairs[i].b]);
		pair->for_first = pairs[i].first;
		pair->for_second = pairs[i].second;
		out->pairs_count++;
	}
	free(pairs);
	return true;
}

/* Of an open one nothing is said: not even that it is. */
static bool
tell_ballot(const struct voices *voices, const struct item *round, struct voices_ballot *out,
    struct err *err)
{
	const struct workspace *ws =
	    (const struct workspace *)(const void *)((const char *)voices -
						     offsetof(struct workspace, voices));
	struct daemon *daemon = ws->daemon;
	struct arena *arena;
	struct ballot_set set;
	bool ok;

	if (look_up(daemon->voices, ws->number, round, out))
		return true;
	arena = arena_new(LIMIT_CALL_ARENA);
	ok = (arena != NULL || err_oom(err)) && ballot_read(daemon->confidential, ws->number, round,
						    workspace_today(ws), arena, &set, err);
	ok = ok && set.state != BALLOT_OPEN && sum_up(&set, out, err);
	arena_free(arena);
	if (ok && out->is_published)
		keep(daemon->voices, ws->number, round, out);
	return ok;
}

void
voices_init(struct workspace *ws)
{
	ws->voices.ballot = tell_ballot;
	ws->voices.clarity = survey_tell;
	ws->voices.pulses = signals_tell;
}
