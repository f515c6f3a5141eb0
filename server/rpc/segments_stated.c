/* The groups that were found beside the segments that customers state. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/plan/view.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/segments_internal.h"

static int
compare_slots(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

static bool
number_stated(struct segments_call *sc, struct err *err)
{
	uint32_t count = 0;

	sc->segments = calloc((size_t)sc->used + 1, sizeof sc->segments[0]);
	if (sc->segments == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < sc->used; i++) {
		const struct ref *ref = item_ref(sc->customers[i].item, ROLE_SEGMENT);

		if (ref != NULL)
			sc->segments[count++] = ref->slot;
	}
	sc->reply.stating = count;
	qsort(sc->segments, count, sizeof sc->segments[0], compare_slots);
	for (uint32_t i = 0; i < count; i++) {
		if (i == 0 || sc->segments[i] != sc->segments[i - 1])
			sc->segments[sc->segments_count++] = sc->segments[i];
	}
	for (uint32_t i = 0; i < sc->used; i++) {
		const struct ref *ref = item_ref(sc->customers[i].item, ROLE_SEGMENT);
		const uint32_t *at = ref == NULL
					 ? NULL
					 : bsearch(&ref->slot, sc->segments, sc->segments_count,
					       sizeof sc->segments[0], compare_slots);

		sc->customers[i].stated = at != NULL ? (uint32_t)(at - sc->segments) : SLOT_NONE;
	}
	return true;
}

static int
compare_overlaps(const void *pa, const void *pb)
{
	const Plumb__V1__SegmentOverlap *a = *(Plumb__V1__SegmentOverlap *const *)pa;
	const Plumb__V1__SegmentOverlap *b = *(Plumb__V1__SegmentOverlap *const *)pb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->customers != b->customers)
		return a->customers > b->customers ? -1 : 1;
	return strcmp(a->segment, b->segment);
}

static bool
add_overlap(struct segments_call *sc, uint32_t group, uint32_t stated, uint32_t customers)
{
	Plumb__V1__SegmentsFound *reply = &sc->reply;
	Plumb__V1__SegmentOverlap *one;

	if (customers == 0)
		return true;
	if (reply->n_overlaps == LIMIT_SEGMENTS_OVERLAPS) {
		reply->more_overlaps++;
		return true;
	}
	one = arena_alloc(sc->job->arena, sizeof *one);
	if (one == NULL)
		return false;
	plumb__v1__segment_overlap__init(one);
	one->group = group;
	one->segment = reply_ref(sc->job->arena, view_item(sc->job->view, sc->segments[stated]));
	one->customers = customers;
	reply->overlaps[reply->n_overlaps++] = one;
	return one->segment != NULL;
}

static bool
fill_overlaps(struct segments_call *sc, struct err *err)
{
	Plumb__V1__SegmentsFound *reply = &sc->reply;
	uint32_t *both = calloc((size_t)sc->segments_count * SEGMENTS_MOST + 1, sizeof both[0]);
	bool ok;

	reply->overlaps =
	    arena_array(sc->job->arena, LIMIT_SEGMENTS_OVERLAPS, sizeof reply->overlaps[0]);
	ok = both != NULL && reply->overlaps != NULL;
	for (uint32_t i = 0; ok && i < sc->used; i++) {
		if (sc->customers[i].stated != SLOT_NONE)
			both[(size_t)sc->customers[i].stated * SEGMENTS_MOST +
			     sc->found->group[i]]++;
	}
	for (uint32_t s = 0; ok && s < sc->segments_count; s++) {
		for (uint32_t g = 0; ok && g < sc->found->k; g++)
			ok = add_overlap(sc, g, s, both[(size_t)s * SEGMENTS_MOST + g]);
	}
	if (ok && reply->n_overlaps > 0)
		qsort(reply->overlaps, reply->n_overlaps, sizeof reply->overlaps[0],
		    compare_overlaps);
	free(both);
	return ok || err_oom(err);
}

bool
segments_call_compare(struct segments_call *sc, struct err *err)
{
	uint32_t *found = calloc((size_t)sc->used + 1, sizeof found[0]);
	uint32_t *stated = calloc((size_t)sc->used + 1, sizeof stated[0]);
	uint32_t count = 0;
	double agree = NAN;
	bool ok = found != NULL && stated != NULL ? number_stated(sc, err) : err_oom(err);

	for (uint32_t i = 0; ok && i < sc->used; i++) {
		if (sc->customers[i].stated == SLOT_NONE)
			continue;
		found[count] = sc->found->group[i];
		stated[count++] = sc->customers[i].stated;
	}
	ok = ok &&
	     segments_agree(found, sc->found->k, stated, sc->segments_count, count, &agree, err) &&
	     fill_overlaps(sc, err);
	if (ok && !isnan(agree)) {
		sc->reply.agreement__case = PLUMB__V1__SEGMENTS_FOUND__AGREEMENT__AGREEMENT;
		sc->reply.agreement = agree;
	}
	free(found);
	free(stated);
	return ok;
}
