#include "server/insight/check/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "server/limits.h"
#include "server/plan/kinds.h"

/* The workspace's own ranking; a team's has another id. */
static const char ranking_id[] = "workspace";

/* Far enough ahead for memory to answer, near enough to stay in the cache. */
#define AHEAD      16
#define STOP_EVERY 8192u

struct recorded {
	uint32_t series;
	struct point point;
};

struct builder {
	struct index *ix;
	uint64_t in_roles;
	index_stop_fn stop;
	void *arg;
	struct edge *out; /* moved into ix at the end */
	size_t out_count;
	size_t out_cap;
	struct recorded *actuals;
	size_t actuals_count;
	size_t actuals_cap;
	size_t series_count;
	size_t series_cap;
};

void *
index_alloc(size_t n, size_t size)
{
	const size_t huge = (size_t)2 << 20;
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - huge)
		return NULL;
	if (bytes < huge)
		return malloc(bytes + 1);
	bytes = (bytes + huge - 1) / huge * huge;
	p = aligned_alloc(huge, bytes);
	if (p != NULL)
		(void)madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

void *
index_zalloc(size_t n, size_t size)
{
	void *p = index_alloc(n, size);

	if (p != NULL)
		memset(p, 0, n * size);
	return p;
}

/* Doubles an array where it has no room for more; false out of memory. */
static bool
reserve(void **p, size_t *cap, size_t count, size_t more, size_t size)
{
	size_t want = *cap > 0 ? *cap : 1024;
	void *bigger;

	if (count + more <= *cap)
		return true;
	while (want < count + more)
		want *= 2;
	bigger = index_alloc(want, size);
	if (bigger == NULL)
		return false;
	if (count > 0)
		memcpy(bigger, *p, count * size);
	free(*p);
	*p = bigger;
	*cap = want;
	return true;
}

static unsigned
work_standing(unsigned status)
{
	enum { WORK_DONE = 5, WORK_STOPPED = 6 };

	if (status == WORK_DONE)
		return STANDING_FINISHED;
	return status == WORK_STOPPED ? STANDING_GIVEN_UP : 0;
}

static unsigned
objective_standing(unsigned status)
{
	enum { OBJECTIVE_CLOSED = 1, OBJECTIVE_DROPPED = 2 };

	if (status == OBJECTIVE_CLOSED)
		return STANDING_FINISHED;
	return status == OBJECTIVE_DROPPED ? STANDING_GIVEN_UP : 0;
}

static unsigned
ask_standing(unsigned status)
{
	enum { ASK_DECLINED = 2, ASK_MET = 4, ASK_MISSED = 5, ASK_WITHDRAWN = 6 };

	if (status == ASK_MET || status == ASK_MISSED)
		return STANDING_FINISHED;
	return status == ASK_DECLINED || status == ASK_WITHDRAWN ? STANDING_GIVEN_UP : 0;
}

/* Of commitments and requests: open, kept or given, broken or refused, withdrawn. */
static unsigned
promise_standing(unsigned status)
{
	enum { PROMISE_OPEN = 0, PROMISE_WITHDRAWN = 3 };

	if (status == PROMISE_OPEN)
		return 0;
	return status == PROMISE_WITHDRAWN ? STANDING_GIVEN_UP : STANDING_FINISHED;
}

static unsigned
decision_standing(unsigned status)
{
	enum { DECISION_REJECTED = 1, DECISION_DEPRECATED = 3, DECISION_SUPERSEDED = 4 };

	if (status == DECISION_REJECTED)
		return STANDING_GIVEN_UP;
	return status == DECISION_DEPRECATED || status == DECISION_SUPERSEDED ? STANDING_FINISHED
									      : 0;
}

/* By its own fields; what it is a part of comes later. */
static unsigned
own_standing(const struct item *item, int32_t today)
{
	enum { RISK_OPEN = 0 };

	switch (item->kind) {
	case KIND_INITIATIVE:
	case KIND_WORKSTREAM:
		return work_standing(item->status);
	case KIND_OBJECTIVE:
		return objective_standing(item->status);
	case KIND_ASK:
		return ask_standing(item->status);
	case KIND_COMMITMENT:
	case KIND_REQUEST:
		return promise_standing(item->status);
	case KIND_DECISION:
		return decision_standing(item->status);
	case KIND_RISK:
		return item->status != RISK_OPEN ? STANDING_FINISHED : 0;
	case KIND_ROUND:
		return item->finish != DATE_NONE && item->finish < today ? STANDING_FINISHED : 0;
	case KIND_MILESTONE:
	case KIND_TASK:
		return item->done != DATE_NONE && item->done <= today ? STANDING_FINISHED : 0;
	case KIND_STRATEGY:
		return item->finish != DATE_NONE && item->finish < today ? STANDING_FINISHED : 0;
	default:
		return 0;
	}
}

static bool
is_later(const struct point *a, const struct point *b, const struct index *ix)
{
	uint64_t ra;
	uint64_t rb;

	if (a->at_us != b->at_us)
		return a->at_us > b->at_us;
	ra = ix->items[a->slot]->revision;
	rb = ix->items[b->slot]->revision;
	return ra != rb ? ra > rb : a->slot > b->slot;
}

static uint32_t
series_slot(struct builder *b, uint32_t measure)
{
	struct index *ix = b->ix;
	void *grown = ix->series;

	if (ix->series_of[measure] != 0)
		return ix->series_of[measure];
	if (!reserve(&grown, &b->series_cap, b->series_count, 1, sizeof ix->series[0]))
		return 0;
	ix->series = grown;
	memset(&ix->series[b->series_count], 0, sizeof ix->series[0]);
	ix->series[b->series_count].baseline.slot = SLOT_NONE;
	ix->series[b->series_count].target.slot = SLOT_NONE;
	b->series_count++;
	ix->series_of[measure] = (uint32_t)b->series_count;
	return ix->series_of[measure];
}

static bool
take_measurement(struct builder *b, const struct item *item, const struct ref *about)
{
	enum { ROLE_ACTUAL = 0, ROLE_BASELINE_VALUE = 1 };
	struct point point = {item_at_us(item), item->value, item->start, item->slot};
	uint32_t number;
	struct series *series;
	struct point *newest;
	void *grown = b->actuals;

	if (about == NULL || point.date == DATE_NONE)
		return true;
	if (item->extra == ROLE_ACTUAL && point.date > b->ix->today)
		return true;
	number = series_slot(b, about->slot);
	if (number == 0)
		return false;
	series = &b->ix->series[number - 1];
	if (item->extra != ROLE_ACTUAL) {
		newest = item->extra == ROLE_BASELINE_VALUE ? &series->baseline : &series->target;
		if (newest->slot == SLOT_NONE || is_later(&point, newest, b->ix))
			*newest = point;
		return true;
	}
	if (!reserve(&grown, &b->actuals_cap, b->actuals_count, 1, sizeof b->actuals[0]))
		return false;
	b->actuals = grown;
	b->actuals[b->actuals_count++] = (struct recorded){number, point};
	series->actuals_count++;
	return true;
}

static bool
take_refs(struct builder *b, const struct item *item)
{
	struct index *ix = b->ix;
	void *grown = b->out;
	uint64_t roles = 0;

	if (!reserve(&grown, &b->out_cap, b->out_count, item->refs_count, sizeof b->out[0]))
		return false;
	b->out = grown;
	for (size_t i = 0; i < item->refs_count; i++) {
		const struct ref *ref = &item->refs[i];

		assert(ref->slot < ix->slots && ref->role < 64);
		b->out[b->out_count++] = (struct edge){ref->slot, ref->role, ref->position};
		roles |= ROLE_BIT(ref->role);
		if (b->in_roles & ROLE_BIT(ref->role))
			ix->in_first[ref->slot + 1]++;
		if (ref->role == ROLE_PART_OF)
			ix->part_of[item->slot] = ref->slot;
	}
	ix->roles[item->slot] = roles;
	return true;
}

/* The newest one by its time, then by revision. */
static void
take_check_in(struct index *ix, const struct item *item)
{
	const struct ref *about = item_ref(item, ROLE_ABOUT);
	struct point point = {item_at_us(item), 0, item->start, item->slot}, newest;

	if (about == NULL || item->start == DATE_NONE || item->start > ix->today)
		return;
	if (ix->check_in[about->slot] != SLOT_NONE) {
		newest = (struct point){.slot = ix->check_in[about->slot]};
		newest.at_us = item_at_us(ix->items[newest.slot]);
		if (!is_later(&point, &newest, ix))
			return;
	}
	ix->check_in[about->slot] = item->slot;
}

static void
take_ranking(struct index *ix, const struct item *item)
{
	uint32_t rank = 0;
	uint32_t place = 0;

	if (item->id_len != sizeof ranking_id - 1 ||
	    memcmp(item_id(item), ranking_id, item->id_len) != 0)
		return;
	for (size_t i = 0; i < item->refs_count; i++) {
		if (item->refs[i].role != ROLE_RANKED)
			continue;
		place++;
		if (item->refs[i].amount != 1 || rank == 0)
			rank = place;
		ix->rank[item->refs[i].slot] = rank;
	}
}

static bool
take_item(struct builder *b, const struct item *item)
{
	struct index *ix = b->ix;

	ix->standing[item->slot] = (uint8_t)(STANDING_LIVE | own_standing(item, ix->today));
	ix->has[item->slot] = item->has;
	ix->live++;
	if (!take_refs(b, item))
		return false;
	if (item->kind == KIND_MEASUREMENT &&
	    !take_measurement(b, item, item_ref(item, ROLE_ABOUT)))
		return false;
	if (item->kind == KIND_CHECK_IN)
		take_check_in(ix, item);
	if (item->kind == KIND_RANKING)
		take_ranking(ix, item);
	return true;
}

static bool
stopped(struct builder *b, struct err *err)
{
	if (b->stop == NULL || !b->stop(b->arg))
		return false;
	err_set(err, ERR_CANCELLED, "the check was cancelled");
	return true;
}

static bool
read_items(struct builder *b, struct err *err)
{
	struct index *ix = b->ix;
	const struct item *item;
	void *out = NULL;

	/* Entries have about two references each. */
	if (!reserve(&out, &b->out_cap, 0, 2 * (size_t)ix->slots, sizeof b->out[0]))
		return err_oom(err);
	b->out = out;
	for (uint32_t s = 0; s < ix->slots; s++) {
		ix->items[s] = view_item(ix->view, s);
		ix->part_of[s] = SLOT_NONE;
		ix->rank[s] = RANK_NONE;
		ix->check_in[s] = SLOT_NONE;
	}
	for (uint32_t s = 0; s < ix->slots; s++) {
		if (s % STOP_EVERY == 0 && stopped(b, err))
			return false;
		if (s + AHEAD < ix->slots)
			index_prefetch(ix, s + AHEAD);
		item = ix->items[s];
		ix->out_first[s] = (uint32_t)b->out_count;
		if (item == NULL)
			continue;
		assert(item->slot == s && item->kind < KIND_MAX);
		ix->kinds[s] = item->kind;
		ix->briefs[s] = (struct brief){item->effort, item->start, item->finish};
		if (!item_is_live(item) || (item->flags & ITEM_RETRACTED))
			continue;
		if (!take_item(b, item))
			return err_oom(err);
		ix->kind_first[item->kind + 1]++;
	}
	ix->out_first[ix->slots] = (uint32_t)b->out_count;
	ix->out = b->out;
	b->out = NULL;
	return b->out_count <= UINT32_MAX || err_oom(err);
}

/* Counts become starts; the list is filled through them, which moves each start to its end: so shift back. */
static bool
turn_refs(struct builder *b, struct err *err)
{
	struct index *ix = b->ix;
	uint32_t *at;

	for (uint32_t s = 0; s < ix->slots; s++)
		ix->in_first[s + 1] += ix->in_first[s];
	ix->in = index_alloc((size_t)ix->in_first[ix->slots] + 1, sizeof ix->in[0]);
	at = index_alloc((size_t)ix->slots + 1, sizeof at[0]);
	if (ix->in == NULL || at == NULL) {
		free(at);
		return err_oom(err);
	}
	memcpy(at, ix->in_first, ((size_t)ix->slots + 1) * sizeof at[0]);
	for (uint32_t s = 0; s < ix->slots; s++) {
		struct edges out = index_out(ix, s);

		for (uint32_t i = 0; i < out.count; i++) {
			const struct edge *e = &out.list[i];

			if (b->in_roles & ROLE_BIT(e->role))
				ix->in[at[e->slot]++] = (struct edge){s, e->role, e->position};
		}
	}
	free(at);
	return true;
}

static void
sort_kinds(struct index *ix)
{
	uint32_t at[KIND_MAX];

	for (unsigned k = 0; k < KIND_MAX; k++)
		ix->kind_first[k + 1] += ix->kind_first[k];
	memcpy(at, ix->kind_first, sizeof at);
	for (uint32_t s = 0; s < ix->slots; s++) {
		if (ix->standing[s] & STANDING_LIVE)
			ix->by_kind[at[ix->kinds[s]]++] = s;
	}
}

static void
settle_standing(struct index *ix)
{
	for (uint32_t s = 0; s < ix->slots; s++) {
		uint8_t all = ix->standing[s];
		uint32_t up = ix->part_of[s];

		if ((all & STANDING_LIVE) == 0)
			continue;
		for (unsigned depth = 0; up != SLOT_NONE && depth < 2 * LIMIT_DEPTH; depth++) {
			all |= ix->standing[up] & (STANDING_FINISHED | STANDING_GIVEN_UP);
			up = ix->part_of[up];
		}
		ix->standing[s] |= all & STANDING_GIVEN_UP;
		if ((all & (STANDING_FINISHED | STANDING_GIVEN_UP)) == 0)
			ix->standing[s] |= STANDING_JUDGED;
	}
}

static int
compare_points(const void *pa, const void *pb, void *arg)
{
	const struct point *a = pa;
	const struct point *b = pb;

	if (a->slot == b->slot)
		return 0;
	return is_later(a, b, arg) ? 1 : -1;
}

/* Records mostly come in order of time: sort only where they did not. */
static void
sort_points(struct index *ix, struct point *points, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		if (is_later(&points[i - 1], &points[i], ix)) {
			qsort_r(points, count, sizeof points[0], compare_points, ix);
			return;
		}
	}
}

static bool
lay_series(struct builder *b, struct err *err)
{
	struct index *ix = b->ix;
	struct point **at;
	size_t first = 0;

	ix->points = index_alloc(b->actuals_count + 1, sizeof ix->points[0]);
	at = malloc((b->series_count + 1) * sizeof at[0]);
	if (ix->points == NULL || at == NULL) {
		free(at);
		return err_oom(err);
	}
	for (size_t i = 0; i < b->series_count; i++) {
		at[i] = ix->points + first;
		ix->series[i].actuals = at[i];
		first += ix->series[i].actuals_count;
	}
	for (size_t i = 0; i < b->actuals_count; i++)
		*at[b->actuals[i].series - 1]++ = b->actuals[i].point;
	for (size_t i = 0; i < b->series_count; i++)
		sort_points(ix, at[i] - ix->series[i].actuals_count, ix->series[i].actuals_count);
	free(at);
	return true;
}

static bool
allocate(struct index *ix)
{
	size_t n = (size_t)ix->slots + 1;

	ix->items = index_alloc(n, sizeof ix->items[0]);
	ix->kinds = index_zalloc(n, sizeof ix->kinds[0]);
	ix->standing = index_zalloc(n, sizeof ix->standing[0]);
	ix->has = index_zalloc(n, sizeof ix->has[0]);
	ix->briefs = index_alloc(n, sizeof ix->briefs[0]);
	ix->roles = index_zalloc(n, sizeof ix->roles[0]);
	ix->part_of = index_alloc(n, sizeof ix->part_of[0]);
	ix->rank = index_alloc(n, sizeof ix->rank[0]);
	ix->check_in = index_alloc(n, sizeof ix->check_in[0]);
	ix->by_kind = index_alloc(n, sizeof ix->by_kind[0]);
	ix->out_first = index_alloc(n, sizeof ix->out_first[0]);
	ix->in_first = index_zalloc(n + 1, sizeof ix->in_first[0]);
	ix->series_of = index_zalloc(n, sizeof ix->series_of[0]);
	return ix->items != NULL && ix->kinds != NULL && ix->standing != NULL && ix->has != NULL &&
	       ix->briefs != NULL && ix->roles != NULL && ix->part_of != NULL && ix->rank != NULL &&
	       ix->by_kind != NULL && ix->out_first != NULL && ix->in_first != NULL &&
	       ix->series_of != NULL && ix->check_in != NULL;
}

bool
index_init(struct index *ix, const struct view *view, int32_t today, uint64_t in_roles,
    index_stop_fn stop, void *arg, struct err *err)
{
	struct builder b = {.ix = ix, .in_roles = in_roles, .stop = stop, .arg = arg};
	bool ok = false;

	memset(ix, 0, sizeof *ix);
	ix->view = view;
	ix->today = today;
	ix->slots = view_slots(view);
	if (!allocate(ix)) {
		err_oom(err);
		goto out;
	}
	if (!read_items(&b, err) || !turn_refs(&b, err) || !lay_series(&b, err))
		goto out;
	sort_kinds(ix);
	settle_standing(ix);
	ok = true;
out:
	free(b.out);
	free(b.actuals);
	if (!ok)
		index_fini(ix);
	return ok;
}

void
index_fini(struct index *ix)
{
	free(ix->items);
	free(ix->kinds);
	free(ix->standing);
	free(ix->has);
	free(ix->briefs);
	free(ix->roles);
	free(ix->part_of);
	free(ix->rank);
	free(ix->by_kind);
	free(ix->out_first);
	free(ix->out);
	free(ix->in_first);
	free(ix->in);
	free(ix->series_of);
	free(ix->series);
	free(ix->points);
	free(ix->check_in);
	memset(ix, 0, sizeof *ix);
}

bool
index_is_agreed_ask(const struct index *ix, uint32_t slot)
{
	enum { ASK_COMMITTED = 1, ASK_MET = 4 };

	return ix->kinds[slot] == KIND_ASK &&
	       (ix->items[slot]->status == ASK_COMMITTED || ix->items[slot]->status == ASK_MET);
}

int
index_compare(const struct index *ix, uint32_t a, uint32_t b)
{
	return a == b ? 0 : ref_compare(ix->items[a], ix->items[b]);
}

int
index_by_name(const void *a, const void *b, void *ix)
{
	return index_compare(ix, *(const uint32_t *)a, *(const uint32_t *)b);
}

int
index_compare_finish(const struct index *ix, uint32_t a, uint32_t b)
{
	int c = date_compare(ix->items[a]->finish, ix->items[b]->finish);

	return c != 0 ? c : index_compare(ix, a, b);
}

int
index_by_finish(const void *a, const void *b, void *ix)
{
	return index_compare_finish(ix, *(const uint32_t *)a, *(const uint32_t *)b);
}

uint32_t
index_target(const struct index *ix, uint32_t slot, enum role role)
{
	struct edges out = index_out(ix, slot);

	if ((ix->roles[slot] & ROLE_BIT(role)) == 0)
		return SLOT_NONE;
	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == role)
			return out.list[i].slot;
	}
	return SLOT_NONE;
}

uint32_t
index_only_target(const struct index *ix, uint32_t slot, enum role role)
{
	struct edges out = index_out(ix, slot);
	uint32_t target = SLOT_NONE;

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role != role)
			continue;
		if (target != SLOT_NONE)
			return SLOT_NONE;
		target = out.list[i].slot;
	}
	return target;
}

bool
index_has_target(const struct index *ix, uint32_t slot, enum role role, uint32_t target)
{
	struct edges out = index_out(ix, slot);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == role && out.list[i].slot == target)
			return true;
	}
	return false;
}

bool
index_is_again(const struct edges *edges, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++) {
		if (edges->list[k].role == edges->list[i].role &&
		    edges->list[k].slot == edges->list[i].slot)
			return true;
	}
	return false;
}

const struct series *
index_series(const struct index *ix, uint32_t measure)
{
	return ix->series_of[measure] != 0 ? &ix->series[ix->series_of[measure] - 1] : NULL;
}

const struct point *
series_until(const struct series *series, int32_t day)
{
	uint32_t low = 0;
	uint32_t high = series != NULL ? series->actuals_count : 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (series->actuals[middle].date <= day)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &series->actuals[low - 1] : NULL;
}

int32_t
index_periods_start(const struct index *ix, uint32_t slot)
{
	struct edges out = index_out(ix, slot);
	int32_t start = DATE_NONE;

	for (uint32_t i = 0; i < out.count; i++) {
		const struct edge *e = &out.list[i];

		if (e->role != ROLE_PERIOD || !index_is(ix, e->slot, STANDING_LIVE))
			continue;
		if (ix->items[e->slot]->start != DATE_NONE &&
		    (start == DATE_NONE || ix->items[e->slot]->start < start))
			start = ix->items[e->slot]->start;
	}
	return start;
}

int32_t
index_periods_end(const struct index *ix, uint32_t slot)
{
	struct edges out = index_out(ix, slot);
	int32_t end = DATE_NONE;

	for (uint32_t i = 0; i < out.count; i++) {
		const struct edge *e = &out.list[i];

		if (e->role != ROLE_PERIOD || !index_is(ix, e->slot, STANDING_LIVE))
			continue;
		if (ix->items[e->slot]->finish != DATE_NONE && ix->items[e->slot]->finish > end)
			end = ix->items[e->slot]->finish;
	}
	return end;
}
