/* Which group a customer belongs to, one of the plan or one whose answers come with the request. */
#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "common/faults.h"
#include "common/pb.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/segments_internal.h"

#define BATCH 1000u

static Plumb__V1__SegmentMember *
new_member(struct segments_call *sc, struct arena *arena, const char *ref, const float *row)
{
	Plumb__V1__SegmentMember *m = arena_alloc(arena, sizeof *m);
	double distances[SEGMENTS_MOST];
	uint32_t group, second = SEGMENTS_NONE;

	if (m == NULL || ref == NULL)
		return NULL;
	plumb__v1__segment_member__init(m);
	m->customer = pb_str(ref);
	group = segments_assign(sc->found, row, distances);
	if (group == SEGMENTS_NONE)
		return m;
	m->group__case = PLUMB__V1__SEGMENT_MEMBER__GROUP__GROUP;
	m->group = group;
	m->distance = distances[group];
	for (uint32_t g = 0; g < sc->found->k; g++) {
		if (g != group && distances[g] >= 0 &&
		    (second == SEGMENTS_NONE || distances[g] < distances[second]))
			second = g;
	}
	if (second != SEGMENTS_NONE) {
		m->second__case = PLUMB__V1__SEGMENT_MEMBER__SECOND__SECOND;
		m->second = second;
		m->second_distance = distances[second];
	}
	return m;
}

static bool
row_of_request(struct segments_call *sc, float *row, struct err *err)
{
	const Plumb__V1__SegmentsRequest *request = sc->request;
	const Plumb__V1__Scale *scale = request->scale;

	for (uint32_t c = 0; c < sc->columns; c++)
		row[c] = NAN;
	for (size_t i = 0; i < request->n_ratings; i++) {
		struct segments_question q = {
		    request->ratings[i]->key, strlen(request->ratings[i]->key)};
		uint32_t c = sc->columns > 0 ? segments_call_question(sc, q, 0) : SLOT_NONE;
		double value = request->ratings[i]->value;

		if (c == SLOT_NONE)
			faults_add(sc->job->faults, "ratings",
			    "'%.64s' is none of the questions that groups are found by", q.key);
		else if (!(value >= 0 && value <= LIMIT_RATING) ||
			 (scale != NULL && (value < scale->low || value > scale->high)))
			faults_add(sc->job->faults, "ratings",
			    "'%.64s' is %g, which is not between %g and %g", q.key, value,
			    scale != NULL ? scale->low : 0,
			    scale != NULL ? scale->high : LIMIT_RATING);
		else
			row[c] = (float)value;
	}
	return faults_none(sc->job->faults, err);
}

static bool
assign_one(struct segments_call *sc, const char *ref, const float *row, struct err *err)
{
	Plumb__V1__SegmentMember *m = new_member(sc, sc->job->arena, ref, row);

	if (m == NULL)
		return err_oom(err);
	sc->reply.assigned[sc->reply.n_assigned++] = m;
	return true;
}

static bool
assign_customer(struct segments_call *sc, const char *text, struct err *err)
{
	float row[LIMIT_SEGMENTS_QUESTIONS];
	struct segments_customer customer = {0};
	enum kind kind;
	const char *id;
	size_t len;
	uint32_t answered;

	if (!ref_parse(text, KIND_CUSTOMER, &kind, &id, &len) || kind != KIND_CUSTOMER)
		return err_set(err, ERR_INVALID, "'%.100s' is no customer", text);
	customer.item = view_find(sc->job->view, kind, id, len);
	if (!item_is_live(customer.item))
		return err_set(err, ERR_NOT_FOUND, "there is no customer/%.*s", (int)len, id);
	if (!segments_call_row(sc, &customer, row, &answered, err))
		return false;
	return sc->found == NULL || sc->found->lack != SEGMENTS_FIRM ||
	       assign_one(sc, reply_ref(sc->job->arena, customer.item), row, err);
}

bool
segments_call_assign(struct segments_call *sc, struct err *err)
{
	const Plumb__V1__SegmentsRequest *request = sc->request;
	float row[LIMIT_SEGMENTS_QUESTIONS];

	sc->reply.assigned =
	    arena_array(sc->job->arena, request->n_assign + 1, sizeof sc->reply.assigned[0]);
	if (sc->reply.assigned == NULL)
		return err_oom(err);
	for (size_t i = 0; i < request->n_assign; i++) {
		if (!assign_customer(sc, request->assign[i], err))
			return false;
	}
	if (request->n_ratings == 0)
		return true;
	return row_of_request(sc, row, err) &&
	       (sc->found == NULL || sc->found->lack != SEGMENTS_FIRM ||
		   assign_one(sc, "", row, err));
}

bool
segments_call_members(struct segments_call *sc, struct err *err)
{
	struct arena *arena = arena_new((size_t)BATCH * 1024);
	Plumb__V1__SegmentMember *members[BATCH];
	Plumb__V1__SegmentsReply reply;
	bool ok = arena != NULL || err_oom(err);

	for (uint32_t i = 0; ok && i < sc->used; i += BATCH) {
		uint32_t count = sc->used - i < BATCH ? sc->used - i : BATCH;

		plumb__v1__segments_reply__init(&reply);
		reply.members = members;
		for (uint32_t k = 0; ok && k < count; k++) {
			members[k] =
			    new_member(sc, arena, reply_ref(arena, sc->customers[i + k].item),
				sc->ratings + (size_t)(i + k) * sc->columns);
			reply.n_members++;
			ok = members[k] != NULL || err_oom(err);
		}
		ok = ok && view_job_send(sc->job, &reply.base, err);
		if (ok)
			arena_reset(arena);
	}
	arena_free(arena);
	return ok;
}
