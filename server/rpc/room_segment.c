/* The customer room's book: one segment. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/pb.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/room_internal.h"
#include "server/rpc/saydo_rpc.h"

#define CUSTOMER_CAME_FROM 5u /* fields of customer.proto, and of item.proto */
#define ITEM_CUSTOMER      ((uint32_t)PLUMB__V1__ITEM__BODY_CUSTOMER)

/* ---- size and value */

bool
room_size(struct room_call *rc, const struct index *ix, uint32_t slot, struct room_size *out,
    char **currency)
{
	const Plumb__V1__Item *item;
	const Plumb__V1__Segment *s;
	struct room_crowd crowd;

	*out = (struct room_size){-1, false, NAN, false, NAN};
	arena_reset(rc->jc.arena);
	item = (const Plumb__V1__Item *)codec_decode(ix->items[slot], rc->jc.arena);
	if (item == NULL || item->segment == NULL)
		return false;
	s = item->segment;
	room_crowd(ix, slot, &crowd);
	if (s->customers__case == PLUMB__V1__SEGMENT__CUSTOMERS__CUSTOMERS)
		out->customers = s->customers < 0 ? -1 : s->customers;
	else if (crowd.rows > 0) {
		out->customers = crowd.rows;
		out->counted = true;
	}
	if (s->value__case == PLUMB__V1__SEGMENT__VALUE__VALUE)
		out->value = s->value;
	else if (crowd.valued > 0) {
		out->value = crowd.value;
		out->added = true;
	}
	if (s->growth__case == PLUMB__V1__SEGMENT__GROWTH__GROWTH)
		out->growth = s->growth;
	if (currency != NULL)
		*currency = customer_cut(rc->job->arena, s->currency);
	return currency == NULL || *currency != NULL;
}

static void
fill_numbers(
    const struct room_call *rc, const struct room_segment *segment, Plumb__V1__RoomSegment *out)
{
	const struct room_size *size = &segment->size;

	if (size->customers >= 0) {
		out->customers__case = PLUMB__V1__ROOM_SEGMENT__CUSTOMERS__CUSTOMERS;
		out->customers = (uint32_t)size->customers;
		out->customers_counted = size->counted;
	}
	if (rc->customers > 0) {
		out->customers_share__case =
		    PLUMB__V1__ROOM_SEGMENT__CUSTOMERS_SHARE__CUSTOMERS_SHARE;
		out->customers_share = (double)size->customers / (double)rc->customers;
	}
	if (!isnan(size->value)) {
		out->value__case = PLUMB__V1__ROOM_SEGMENT__VALUE__VALUE;
		out->value = size->value;
		out->value_added = size->added;
	}
	if (rc->value > 0) {
		out->value_share__case = PLUMB__V1__ROOM_SEGMENT__VALUE_SHARE__VALUE_SHARE;
		out->value_share = size->value / rc->value;
	}
	if (!isnan(size->growth)) {
		out->growth__case = PLUMB__V1__ROOM_SEGMENT__GROWTH__GROWTH;
		out->growth = size->growth;
	}
	if (!isnan(size->growth) && !isnan(size->value)) {
		out->growth_value__case = PLUMB__V1__ROOM_SEGMENT__GROWTH_VALUE__GROWTH_VALUE;
		out->growth_value = size->value * size->growth;
	}
}

/* By the same name in the plan of then: whoever was renamed since is new. */
static bool
fill_before(struct room_call *rc, uint32_t slot, Plumb__V1__RoomSegment *out)
{
	const struct item *now = rc->jc.ix.items[slot];
	const struct item *item =
	    view_find(rc->job->other, KIND_SEGMENT, item_id(now), now->id_len);
	struct room_size size;

	out->is_new = !item_is_live(item);
	if (out->is_new)
		return true;
	if (!room_size(rc, &rc->then, item->slot, &size, NULL))
		return false;
	if (size.customers >= 0) {
		out->customers_before__case =
		    PLUMB__V1__ROOM_SEGMENT__CUSTOMERS_BEFORE__CUSTOMERS_BEFORE;
		out->customers_before = (uint32_t)size.customers;
	}
	if (!isnan(size.value)) {
		out->value_before__case = PLUMB__V1__ROOM_SEGMENT__VALUE_BEFORE__VALUE_BEFORE;
		out->value_before = size.value;
	}
	return true;
}

/* ---- words */

static bool
copy_words(const struct room_call *rc, char **from, size_t count, char ***list, size_t *n,
    Plumb__V1__RoomSegment *out)
{
	size_t most = count < LIMIT_ROOM_LIST ? count : LIMIT_ROOM_LIST;

	out->more_words += (uint32_t)(count - most);
	*list = arena_array(rc->jc.arena, most + 1, sizeof **list);
	for (*n = 0; *list != NULL && *n < most; (*n)++) {
		(*list)[*n] = customer_cut(rc->jc.arena, from[*n]);
		if ((*list)[*n] == NULL)
			return false;
	}
	return *list != NULL;
}

static bool
fill_stated(const struct room_call *rc, uint32_t slot, Plumb__V1__RoomSegment *out)
{
	const Plumb__V1__Item *item =
	    (const Plumb__V1__Item *)codec_decode(rc->jc.ix.items[slot], rc->jc.arena);
	const Plumb__V1__Segment *s = item != NULL ? item->segment : NULL;

	if (s == NULL)
		return false;
	out->ref = customer_ref(rc->jc.arena, &rc->jc.ix, slot);
	out->title = customer_title(rc->jc.arena, &rc->jc.ix, slot);
	out->description = customer_cut(rc->jc.arena, item->description);
	out->core = s->core;
	return out->ref != NULL && out->title != NULL && out->description != NULL &&
	       copy_words(rc, s->why_us, s->n_why_us, &out->why_us, &out->n_why_us, out) &&
	       copy_words(
		   rc, s->come_from, s->n_come_from, &out->come_from, &out->n_come_from, out) &&
	       copy_words(
		   rc, s->want_next, s->n_want_next, &out->want_next, &out->n_want_next, out);
}

/* ---- where its customers came from */

struct source {
	const char *text;
	size_t len;
	uint32_t customers;
};

static struct source
came_from(const struct item *customer)
{
	struct source source = {"", 0, 1};
	struct pb_field field;
	struct pb_in in, body;

	pb_in_init(&in, item_bytes(customer), customer->bytes_len);
	while (pb_in_next(&in, &field)) {
		if (field.number != ITEM_CUSTOMER || field.wire_type != 2)
			continue;
		pb_in_init(&body, field.bytes, field.len);
		while (pb_in_next(&body, &field)) {
			if (field.number == CUSTOMER_CAME_FROM && field.wire_type == 2)
				source = (struct source){(const char *)field.bytes, field.len, 1};
		}
	}
	return source;
}

static int
by_text(const void *pa, const void *pb)
{
	const struct source *a = pa, *b = pb;
	int c = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static int
by_customers(const void *pa, const void *pb)
{
	const struct source *a = pa, *b = pb;

	if (a->customers != b->customers)
		return a->customers > b->customers ? -1 : 1;
	return by_text(pa, pb);
}

/* Each once, with how many name it. */
static size_t
count_sources(struct source *list, size_t count)
{
	size_t n = 0;

	qsort(list, count, sizeof *list, by_text);
	for (size_t i = 0; i < count; i++) {
		if (n > 0 && by_text(&list[n - 1], &list[i]) == 0)
			list[n - 1].customers++;
		else
			list[n++] = list[i];
	}
	qsort(list, n, sizeof *list, by_customers);
	return n;
}

static bool
send_sources(const struct room_call *rc, const struct source *list, size_t count,
    Plumb__V1__RoomSegment *out)
{
	struct arena *arena = rc->jc.arena;

	out->sources = arena_array(arena, LIMIT_ROOM_LIST, sizeof out->sources[0]);
	if (out->sources == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		Plumb__V1__RoomSource *source;
		char *text;

		if (list[i].len == 0) {
			out->from_unknown = list[i].customers;
			continue;
		}
		if (out->n_sources == LIMIT_ROOM_LIST) {
			out->from_others += list[i].customers;
			continue;
		}
		source = arena_alloc(arena, sizeof *source);
		text = arena_strndup(arena, list[i].text, list[i].len);
		if (source == NULL || text == NULL)
			return false;
		plumb__v1__room_source__init(source);
		source->from = customer_cut(arena, text);
		source->customers = list[i].customers;
		if (source->from == NULL)
			return false;
		out->sources[out->n_sources++] = source;
	}
	return true;
}

static bool
fill_sources(const struct room_call *rc, uint32_t segment, Plumb__V1__RoomSegment *out)
{
	const struct index *ix = &rc->jc.ix;
	struct edges in = index_in(ix, segment);
	struct source *list;
	size_t count = 0;
	bool ok;

	for (uint32_t i = 0; i < in.count; i++)
		out->rows += in.list[i].role == ROLE_SEGMENT &&
			     ix->kinds[in.list[i].slot] == KIND_CUSTOMER &&
			     index_is(ix, in.list[i].slot, STANDING_LIVE);
	if (out->rows == 0)
		return true;
	list = calloc(out->rows, sizeof *list);
	if (list == NULL)
		return false;
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t slot = in.list[i].slot;

		if (i + 8 < in.count)
			index_prefetch(ix, in.list[i + 8].slot);
		if (in.list[i].role == ROLE_SEGMENT && ix->kinds[slot] == KIND_CUSTOMER &&
		    index_is(ix, slot, STANDING_LIVE))
			list[count++] = came_from(ix->items[slot]);
	}
	ok = send_sources(rc, list, count_sources(list, count), out);
	free(list);
	return ok;
}

/* ---- what they want to achieve */

static int
by_importance(const void *pa, const void *pb, void *arg)
{
	const struct index *ix = arg;
	const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	bool has_a = (ix->has[a] & HAS_VALUE) != 0, has_b = (ix->has[b] & HAS_VALUE) != 0;
	double x = ix->items[a]->value, y = ix->items[b]->value;

	if (has_a != has_b)
		return has_a ? -1 : 1;
	if (has_a && (x > y || x < y))
		return x > y ? -1 : 1;
	return index_compare(ix, a, b);
}

bool
room_outcomes(struct room_call *rc, struct arena *arena, struct slots *slots,
    Plumb__V1__RoomOutcome ***list, size_t *count, uint32_t *more)
{
	const struct index *ix = &rc->jc.ix;
	size_t n = slots->count < LIMIT_ROOM_LIST ? slots->count : LIMIT_ROOM_LIST;

	*more = (uint32_t)(slots->count - n);
	*list = arena_array(arena, n + 1, sizeof **list);
	if (*list == NULL)
		return false;
	if (slots->count > 1)
		qsort_r(slots->list, slots->count, sizeof slots->list[0], by_importance,
		    (void *)(uintptr_t)ix);
	for (*count = 0; *count < n; (*count)++) {
		uint32_t slot = slots->list[*count];
		Plumb__V1__RoomOutcome *out = arena_alloc(arena, sizeof *out);

		if (out == NULL)
			return false;
		plumb__v1__room_outcome__init(out);
		out->ref = customer_ref(arena, ix, slot);
		out->title = customer_title(arena, ix, slot);
		out->measure = customer_ref(arena, ix, index_target(ix, slot, ROLE_OUTCOME));
		if ((ix->has[slot] & HAS_VALUE) != 0) {
			out->importance__case = PLUMB__V1__ROOM_OUTCOME__IMPORTANCE__IMPORTANCE;
			out->importance = ix->items[slot]->value;
		}
		if (out->ref == NULL || out->title == NULL || out->measure == NULL)
			return false;
		(*list)[*count] = out;
	}
	return true;
}

/* ---- what they expect */

/* Of what was found. */
static bool
fill_answers(struct room_call *rc, struct arena *arena, Plumb__V1__RoomWant *out)
{
	const struct slots *found = &rc->jc.found;
	size_t n = found->count < LIMIT_ROOM_LIST ? found->count : LIMIT_ROOM_LIST;

	out->more_objectives = (uint32_t)(found->count - n);
	out->objectives = arena_array(arena, n + 1, sizeof out->objectives[0]);
	for (size_t i = 0; out->objectives != NULL && i < n; i++) {
		Plumb__V1__RoomNamed *named = arena_alloc(arena, sizeof *named);

		if (named == NULL)
			return false;
		plumb__v1__room_named__init(named);
		named->ref = customer_ref(arena, &rc->jc.ix, found->list[i]);
		named->title = customer_title(arena, &rc->jc.ix, found->list[i]);
		if (named->ref == NULL || named->title == NULL)
			return false;
		out->objectives[out->n_objectives++] = named;
	}
	return out->objectives != NULL;
}

Plumb__V1__RoomWant *
room_want(struct room_call *rc, struct arena *arena, uint32_t expectation)
{
	const struct index *ix = &rc->jc.ix;
	Plumb__V1__RoomWant *out = arena_alloc(arena, sizeof *out);
	struct expected now, before;

	if (out == NULL || !journeys_answers(&rc->jc.js, expectation, &rc->jc.found))
		return NULL;
	plumb__v1__room_want__init(out);
	journeys_expected(&rc->jc.js, expectation, rc->day, &now);
	journeys_expected(&rc->jc.js, expectation, rc->before, &before);
	if (!isnan(now.importance)) {
		out->importance__case = PLUMB__V1__ROOM_WANT__IMPORTANCE__IMPORTANCE;
		out->importance = now.importance;
	}
	if (!isnan(now.met)) {
		out->met__case = PLUMB__V1__ROOM_WANT__MET__MET;
		out->met = now.met;
	}
	if (!isnan(before.met)) {
		out->met_before__case = PLUMB__V1__ROOM_WANT__MET_BEFORE__MET_BEFORE;
		out->met_before = before.met;
	}
	if (!isnan(now.opportunity)) {
		out->opportunity__case = PLUMB__V1__ROOM_WANT__OPPORTUNITY__OPPORTUNITY;
		out->opportunity = now.opportunity;
	}
	out->ref = customer_ref(arena, ix, expectation);
	out->title = customer_title(arena, ix, expectation);
	out->segment = customer_ref(arena, ix, now.segment);
	out->step = customer_ref(arena, ix, now.step);
	out->step_title = customer_title(arena, ix, now.step);
	return out->ref != NULL && out->title != NULL && out->segment != NULL &&
		       out->step != NULL && out->step_title != NULL && fill_answers(rc, arena, out)
		   ? out
		   : NULL;
}

static int
by_opportunity(const void *pa, const void *pb, void *arg)
{
	const struct room_call *rc = arg;
	const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	struct expected x, y;

	journeys_expected(&rc->jc.js, a, rc->day, &x);
	journeys_expected(&rc->jc.js, b, rc->day, &y);
	return room_compare_wants(&rc->jc.js, &x, a, &y, b);
}

static bool
fill_unmet(struct room_call *rc, struct slots *slots, Plumb__V1__RoomSegment *out)
{
	size_t n = slots->count < LIMIT_ROOM_LIST ? slots->count : LIMIT_ROOM_LIST;

	out->more_unmet = (uint32_t)(slots->count - n);
	out->unmet = arena_array(rc->jc.arena, n + 1, sizeof out->unmet[0]);
	if (out->unmet == NULL)
		return false;
	if (slots->count > 1)
		qsort_r(slots->list, slots->count, sizeof slots->list[0], by_opportunity, rc);
	for (; out->n_unmet < n; out->n_unmet++) {
		out->unmet[out->n_unmet] = room_want(rc, rc->jc.arena, slots->list[out->n_unmet]);
		if (out->unmet[out->n_unmet] == NULL)
			return false;
	}
	return true;
}

static bool
fill_wants(struct room_call *rc, uint32_t segment, Plumb__V1__RoomSegment *out)
{
	const struct index *ix = &rc->jc.ix;
	struct edges in = index_in(ix, segment);
	struct slots outcomes = {0}, unmet = {0};
	bool ok = true;

	for (uint32_t i = 0; ok && i < in.count; i++) {
		uint32_t slot = in.list[i].slot;
		struct expected e;

		if (in.list[i].role != ROLE_SEGMENT || !index_is(ix, slot, STANDING_LIVE))
			continue;
		if (ix->kinds[slot] == KIND_DESIRED_OUTCOME)
			ok = slots_add(&outcomes, slot);
		if (ix->kinds[slot] != KIND_EXPECTATION || !room_is_as_is(ix, slot))
			continue;
		ok = ok && journeys_answers(&rc->jc.js, slot, &rc->jc.found);
		out->unanswered += rc->jc.found.count == 0;
		journeys_expected(&rc->jc.js, slot, rc->day, &e);
		if (ok && e.met < e.importance)
			ok = slots_add(&unmet, slot);
	}
	ok = ok &&
	     room_outcomes(rc, rc->jc.arena, &outcomes, &out->outcomes, &out->n_outcomes,
		 &out->more_outcomes) &&
	     fill_unmet(rc, &unmet, out);
	slots_fini(&outcomes);
	slots_fini(&unmet);
	return ok;
}

static void
fill_met(const struct room_call *rc, uint32_t segment, Plumb__V1__RoomSegment *out)
{
	struct room_met now, before;

	room_met(&rc->jc.js, segment, rc->day, &now);
	room_met(&rc->jc.js, segment, rc->before, &before);
	out->expectations = now.expectations;
	out->rated = now.rated;
	if (!isnan(now.met)) {
		out->met__case = PLUMB__V1__ROOM_SEGMENT__MET__MET;
		out->met = now.met;
	}
	if (!isnan(before.met)) {
		out->met_before__case = PLUMB__V1__ROOM_SEGMENT__MET_BEFORE__MET_BEFORE;
		out->met_before = before.met;
	}
}

Plumb__V1__RoomSegment *
room_segment_message(struct room_call *rc, const struct room_segment *segment)
{
	Plumb__V1__RoomSegment *out = arena_alloc(rc->job->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__room_segment__init(out);
	/* the plan of then is read with the same arena, so it comes first */
	if (!fill_before(rc, segment->slot, out))
		return NULL;
	arena_reset(rc->jc.arena);
	fill_numbers(rc, segment, out);
	fill_met(rc, segment->slot, out);
	out->currency = segment->currency;
	out->promises = saydo_row_message(rc->job, &segment->promises);
	return out->promises != NULL && fill_stated(rc, segment->slot, out) &&
		       fill_sources(rc, segment->slot, out) && fill_wants(rc, segment->slot, out)
		   ? out
		   : NULL;
}
