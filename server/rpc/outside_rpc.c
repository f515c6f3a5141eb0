/* plumb.v1.Insight.Outside: what happens outside, and which part of the strategy answers it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/outside.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"

struct outside_call {
	struct view_job *job;
	struct index ix;
	struct outside outside;
	Plumb__V1__OutsideReply reply;
	bool starved;
};

/* ---- names and texts; what memory fails to copy is "" and makes the whole fail */

static char *
kept(struct outside_call *oc, const char *text)
{
	oc->starved = oc->starved || text == NULL;
	return pb_str(text != NULL ? text : "");
}

static char *
ref_of(struct outside_call *oc, uint32_t slot)
{
	return kept(oc, reply_ref(oc->job->arena, view_item(oc->job->view, slot)));
}

static char *
title_of(struct outside_call *oc, const struct item *item)
{
	return kept(oc, reply_title(oc->job->arena, item));
}

static char *
date_of(struct outside_call *oc, int32_t date)
{
	return kept(oc, reply_date(oc->job->arena, date));
}

/* Of count messages; NULL marks the whole as failed. */
static void *
list_of(struct outside_call *oc, size_t count, size_t size)
{
	void *list = arena_zalloc(oc->job->arena, (count + 1) * size);

	oc->starved = oc->starved || list == NULL;
	return list;
}

/* What an entry refers to in that role, be it there or not. */
static char **
refs_of(struct outside_call *oc, const struct item *item, enum role role, size_t *count)
{
	char **refs = list_of(oc, item->refs_count, sizeof *refs);

	*count = 0;
	for (uint32_t i = 0; refs != NULL && i < item->refs_count; i++) {
		if (item->refs[i].role == role)
			refs[(*count)++] = ref_of(oc, item->refs[i].slot);
	}
	return refs;
}

/* ---- strategies and their change areas */

static Plumb__V1__OutsideArea *
new_area(struct outside_call *oc, const struct change_area *area)
{
	Plumb__V1__OutsideArea *out = list_of(oc, 1, sizeof *out);
	const char *lack = outside_lack(&oc->ix, area);

	if (out == NULL)
		return NULL;
	plumb__v1__outside_area__init(out);
	out->strategy = ref_of(oc, area->strategy);
	out->number = area->number + 1;
	out->title = pb_str(area->title);
	out->end_state = pb_str(area->end_state);
	out->timeframe = date_of(oc, area->timeframe);
	out->lack = pb_str(lack != NULL ? lack : "");
	return out;
}

static Plumb__V1__OutsideArea *
full_area(struct outside_call *oc, const struct change_area *area)
{
	Plumb__V1__OutsideArea *out = new_area(oc, area);

	if (out == NULL)
		return NULL;
	out->answers = list_of(oc, area->answers_count, sizeof *out->answers);
	for (size_t i = 0; out->answers != NULL && i < area->answers_count; i++)
		out->answers[out->n_answers++] = ref_of(oc, area->answers[i]);
	return out;
}

/* area moves on behind those of the strategy. */
static Plumb__V1__OutsideStrategy *
new_strategy(struct outside_call *oc, uint32_t slot, size_t *area)
{
	const struct outside *outside = &oc->outside;
	const struct item *item = oc->ix.items[slot];
	Plumb__V1__OutsideStrategy *out = list_of(oc, 1, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__outside_strategy__init(out);
	out->ref = ref_of(oc, slot);
	out->title = title_of(oc, item);
	out->first_day = date_of(oc, item->start);
	out->last_day = date_of(oc, item->finish);
	if (item->start != DATE_NONE && item->finish != DATE_NONE && item->start <= item->finish) {
		out->months__case = PLUMB__V1__OUTSIDE_STRATEGY__MONTHS__MONTHS;
		out->months = (uint32_t)date_months_within(item->start, item->finish);
	}
	out->areas = list_of(oc, outside->areas_count - *area, sizeof(void *));
	for (;
	     !oc->starved && *area < outside->areas_count && outside->areas[*area].strategy == slot;
	     ++*area)
		out->areas[out->n_areas++] = full_area(oc, &outside->areas[*area]);
	return out;
}

static void
fill_strategies(struct outside_call *oc)
{
	uint32_t count;
	const uint32_t *slots = index_kind(&oc->ix, KIND_STRATEGY, &count);
	size_t area = 0;

	oc->reply.strategies = list_of(oc, count, sizeof(void *));
	for (uint32_t i = 0; !oc->starved && i < count; i++)
		oc->reply.strategies[oc->reply.n_strategies++] = new_strategy(oc, slots[i], &area);
}

/* ---- influencers and what they mean for us */

static Plumb__V1__OutsideAssessment *
new_assessment(struct outside_call *oc, uint32_t slot)
{
	const struct outside *outside = &oc->outside;
	const struct item *item = oc->ix.items[slot];
	uint32_t first = outside->first[slot], last = outside->first[slot + 1];
	Plumb__V1__OutsideAssessment *out = list_of(oc, 1, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__outside_assessment__init(out);
	out->ref = ref_of(oc, slot);
	out->title = title_of(oc, item);
	out->type = (Plumb__V1__Assessment__Type)item->extra;
	out->assessed = date_of(oc, item->done);
	out->affects = refs_of(oc, item, ROLE_AFFECTS, &out->n_affects);
	out->answered_by = list_of(oc, last - first, sizeof(void *));
	for (uint32_t i = first; !oc->starved && i < last; i++)
		out->answered_by[out->n_answered_by++] =
		    new_area(oc, &outside->areas[outside->answered_by[i]]);
	return out;
}

/* The assessments that name the influencer; SLOT_NONE: those that name none that is there. */
static void
fill_assessments(struct outside_call *oc, uint32_t influencer, Plumb__V1__OutsideInfluencer *out)
{
	struct index *ix = &oc->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_ASSESSMENT, &count);

	if (influencer != SLOT_NONE) {
		struct edges in = index_in(ix, influencer);

		out->assessments = list_of(oc, in.count, sizeof(void *));
		for (uint32_t i = 0; !oc->starved && i < in.count; i++) {
			if (in.list[i].role == ROLE_INFLUENCER &&
			    ix->kinds[in.list[i].slot] == KIND_ASSESSMENT)
				out->assessments[out->n_assessments++] =
				    new_assessment(oc, in.list[i].slot);
		}
		return;
	}
	out->assessments = list_of(oc, count, sizeof(void *));
	for (uint32_t i = 0; !oc->starved && i < count; i++) {
		uint32_t of = index_target(ix, slots[i], ROLE_INFLUENCER);

		if (of == SLOT_NONE || !index_is(ix, of, STANDING_LIVE))
			out->assessments[out->n_assessments++] = new_assessment(oc, slots[i]);
	}
}

static Plumb__V1__OutsideInfluencer *
new_influencer(struct outside_call *oc, uint32_t slot)
{
	const struct item *item = oc->ix.items[slot];
	const Plumb__V1__Item *message =
	    (const Plumb__V1__Item *)codec_decode(item, oc->job->arena);
	Plumb__V1__OutsideInfluencer *out = list_of(oc, 1, sizeof *out);
	struct edges in = index_in(&oc->ix, slot);

	oc->starved = oc->starved || message == NULL;
	if (oc->starved)
		return out;
	plumb__v1__outside_influencer__init(out);
	out->ref = ref_of(oc, slot);
	out->title = title_of(oc, item);
	out->type = message->influencer->type;
	out->internal = message->influencer->internal;
	out->since = message->influencer->since;
	out->seen_in = message->influencer->seen_in;
	fill_assessments(oc, slot, out);
	out->scenarios = list_of(oc, in.count, sizeof(char *));
	for (uint32_t i = 0; !oc->starved && i < in.count; i++) {
		if (oc->ix.kinds[in.list[i].slot] == KIND_SCENARIO)
			out->scenarios[out->n_scenarios++] = ref_of(oc, in.list[i].slot);
	}
	return out;
}

static void
fill_influencers(struct outside_call *oc)
{
	uint32_t count;
	const uint32_t *slots = index_kind(&oc->ix, KIND_INFLUENCER, &count);
	Plumb__V1__OutsideInfluencer *rest = list_of(oc, 1, sizeof *rest);

	oc->reply.influencers = list_of(oc, count + 1u, sizeof(void *));
	for (uint32_t i = 0; !oc->starved && i < count; i++)
		oc->reply.influencers[oc->reply.n_influencers++] = new_influencer(oc, slots[i]);
	if (oc->starved)
		return;
	plumb__v1__outside_influencer__init(rest);
	fill_assessments(oc, SLOT_NONE, rest);
	if (rest->n_assessments > 0)
		oc->reply.influencers[oc->reply.n_influencers++] = rest;
}

/* ---- moves, risks, scenarios */

static int
newest_first(const void *a, const void *b)
{
	const Plumb__V1__OutsideMove *x = *(Plumb__V1__OutsideMove *const *)a;
	const Plumb__V1__OutsideMove *y = *(Plumb__V1__OutsideMove *const *)b;
	int order = strcmp(y->on, x->on);

	return order != 0 ? order : strcmp(x->ref, y->ref);
}

static Plumb__V1__OutsideMove *
new_move(struct outside_call *oc, uint32_t slot)
{
	const struct item *item = oc->ix.items[slot];
	const Plumb__V1__Item *message =
	    (const Plumb__V1__Item *)codec_decode(item, oc->job->arena);
	uint32_t competitor = index_target(&oc->ix, slot, ROLE_INFLUENCER);
	Plumb__V1__OutsideMove *out = list_of(oc, 1, sizeof *out);

	oc->starved = oc->starved || message == NULL;
	if (oc->starved)
		return out;
	plumb__v1__outside_move__init(out);
	out->ref = ref_of(oc, slot);
	out->title = title_of(oc, item);
	out->competitor = competitor != SLOT_NONE ? ref_of(oc, competitor) : pb_str("");
	out->on = message->competitor_move->on;
	out->response = message->competitor_move->response;
	out->affects = refs_of(oc, item, ROLE_AFFECTS, &out->n_affects);
	out->answered_by = refs_of(oc, item, ROLE_MITIGATED_BY, &out->n_answered_by);
	return out;
}

static void
fill_moves(struct outside_call *oc)
{
	uint32_t count;
	const uint32_t *slots = index_kind(&oc->ix, KIND_COMPETITOR_MOVE, &count);

	oc->reply.moves = list_of(oc, count, sizeof(void *));
	for (uint32_t i = 0; !oc->starved && i < count; i++)
		oc->reply.moves[oc->reply.n_moves++] = new_move(oc, slots[i]);
	if (!oc->starved)
		qsort(oc->reply.moves, oc->reply.n_moves, sizeof oc->reply.moves[0], newest_first);
}

/* Open before others; then what weighs more; what can't be weighed last. */
static int
by_exposure(const void *a, const void *b)
{
	const Plumb__V1__OutsideRisk *x = *(Plumb__V1__OutsideRisk *const *)a;
	const Plumb__V1__OutsideRisk *y = *(Plumb__V1__OutsideRisk *const *)b;
	double left = x->exposure__case != 0 ? x->exposure : -1;
	double right = y->exposure__case != 0 ? y->exposure : -1;
	bool x_open = x->state == PLUMB__V1__RISK__STATE__OPEN;
	bool y_open = y->state == PLUMB__V1__RISK__STATE__OPEN;

	if (x_open != y_open)
		return x_open ? -1 : 1;
	if (left < right || left > right)
		return left > right ? -1 : 1;
	return strcmp(x->ref, y->ref);
}

static bool
is_mitigated(const struct outside_call *oc, const struct item *item)
{
	for (uint32_t i = 0; i < item->refs_count; i++) {
		uint32_t slot = item->refs[i].slot;

		if (item->refs[i].role == ROLE_MITIGATED_BY &&
		    index_is(&oc->ix, slot, STANDING_LIVE) &&
		    !index_is(&oc->ix, slot, STANDING_GIVEN_UP))
			return true;
	}
	return false;
}

static Plumb__V1__OutsideRisk *
new_risk(struct outside_call *oc, uint32_t slot)
{
	const struct item *item = oc->ix.items[slot];
	Plumb__V1__OutsideRisk *out = list_of(oc, 1, sizeof *out);
	double exposure = outside_exposure(item);

	if (out == NULL)
		return NULL;
	plumb__v1__outside_risk__init(out);
	out->ref = ref_of(oc, slot);
	out->title = title_of(oc, item);
	out->state = (Plumb__V1__Risk__State)item->status;
	if ((item->has & HAS_VALUE) != 0) {
		out->probability__case = PLUMB__V1__OUTSIDE_RISK__PROBABILITY__PROBABILITY;
		out->probability = item->value;
	}
	if (item->extra != 0) {
		out->impact__case = PLUMB__V1__OUTSIDE_RISK__IMPACT__IMPACT;
		out->impact = item->extra;
	}
	if (!isnan(exposure)) {
		out->exposure__case = PLUMB__V1__OUTSIDE_RISK__EXPOSURE__EXPOSURE;
		out->exposure = exposure;
	}
	out->threatens = refs_of(oc, item, ROLE_AFFECTS, &out->n_threatens);
	out->mitigated_by = refs_of(oc, item, ROLE_MITIGATED_BY, &out->n_mitigated_by);
	out->mitigated = is_mitigated(oc, item);
	out->due = date_of(oc, item->finish);
	return out;
}

static void
fill_risks(struct outside_call *oc)
{
	uint32_t count;
	const uint32_t *slots = index_kind(&oc->ix, KIND_RISK, &count);

	oc->reply.risks = list_of(oc, count, sizeof(void *));
	for (uint32_t i = 0; !oc->starved && i < count; i++)
		oc->reply.risks[oc->reply.n_risks++] = new_risk(oc, slots[i]);
	if (!oc->starved)
		qsort(oc->reply.risks, oc->reply.n_risks, sizeof oc->reply.risks[0], by_exposure);
}

static void
fill_scenarios(struct outside_call *oc)
{
	uint32_t count;
	const uint32_t *slots = index_kind(&oc->ix, KIND_SCENARIO, &count);

	oc->reply.scenarios = list_of(oc, count, sizeof(void *));
	for (uint32_t i = 0; !oc->starved && i < count; i++) {
		const struct item *item = oc->ix.items[slots[i]];
		const Plumb__V1__Item *message =
		    (const Plumb__V1__Item *)codec_decode(item, oc->job->arena);
		Plumb__V1__OutsideScenario *out = list_of(oc, 1, sizeof *out);

		oc->starved = oc->starved || message == NULL;
		if (oc->starved)
			return;
		plumb__v1__outside_scenario__init(out);
		out->ref = ref_of(oc, slots[i]);
		out->title = title_of(oc, item);
		out->assumptions = message->scenario->assumptions;
		out->n_assumptions = message->scenario->n_assumptions;
		out->outside = refs_of(oc, item, ROLE_INFLUENCER, &out->n_outside);
		oc->reply.scenarios[oc->reply.n_scenarios++] = out;
	}
}

static bool
run_outside(struct view_job *job, struct err *err)
{
	struct outside_call oc = {.job = job};
	char today[DATE_TEXT_LEN];
	bool ok = false;

	if (!index_init(&oc.ix, job->view, job->today, ROLE_BIT(ROLE_INFLUENCER), view_job_is_over,
		job, err))
		return false;
	if (outside_init(&oc.outside, &oc.ix, job->arena, err)) {
		plumb__v1__outside_reply__init(&oc.reply);
		fill_strategies(&oc);
		fill_influencers(&oc);
		fill_moves(&oc);
		fill_risks(&oc);
		fill_scenarios(&oc);
		oc.reply.revision = job->revision;
		oc.reply.today = date_format(job->today, today);
		ok = oc.starved ? err_oom(err) : view_job_send(job, &oc.reply.base, err);
	}
	index_fini(&oc.ix);
	return ok;
}

void
handle_insight_outside(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__OutsideRequest *request = (const Plumb__V1__OutsideRequest *)message;

	job_view(call, request->at, run_outside, NULL);
}
