/* plumb.v1.Insight.Journey: the way of customers through their steps. */

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/plan/kinds.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/journey_internal.h"
#include "server/rpc/request_day.h"
#include "server/rpc/rpc.h"

/* What Journey is asked. */
struct journey_ask {
	struct journey_call jc;
	const Plumb__V1__JourneyRequest *request;
	uint32_t journey; /* SLOT_NONE: all */
	Plumb__V1__JourneySummary summary;
};

static bool
send_reply(struct journey_call *jc, Plumb__V1__JourneyPath *path, struct err *err)
{
	Plumb__V1__JourneyReply reply;

	plumb__v1__journey_reply__init(&reply);
	reply.path = path;
	return view_job_send(jc->job, &reply.base, err);
}

static bool
show_journey(struct journey_ask *ask, uint32_t journey, struct err *err)
{
	ask->summary.journeys++;
	return journey_call_show(&ask->jc, journey, err);
}

/* The one that was asked about, to be compared: as it is. */
static bool
show_one(struct journey_ask *ask, struct err *err)
{
	struct journey_call *jc = &ask->jc;
	const struct item *journey = jc->ix.items[ask->journey];
	uint32_t slot = ask->journey;

	if (jc->segment != SLOT_NONE && !journeys_takes(&jc->ix, slot, jc->segment)) {
		const struct item *segment = jc->ix.items[jc->segment];

		faults_add(jc->job->faults, "segment",
		    "segment/%.*s does not take journey/%.*s: that names other segments",
		    segment->id_len, item_id(segment), journey->id_len, item_id(journey));
		return faults_none(jc->job->faults, err);
	}
	if (ask->request->to_be && journey->extra == JOURNEY_TO_BE) {
		slot = journeys_target(&jc->ix, slot, ROLE_INSTEAD);
		if (slot == SLOT_NONE) {
			faults_add(jc->job->faults, "to_be",
			    "journey/%.*s improves no journey: there is nothing to compare it with",
			    journey->id_len, item_id(journey));
			return faults_none(jc->job->faults, err);
		}
	}
	return show_journey(ask, slot, err);
}

static bool
show_all(struct journey_ask *ask, struct err *err)
{
	struct journey_call *jc = &ask->jc;
	struct slots list = {0};
	uint32_t count;
	const uint32_t *journeys = index_kind(&jc->ix, KIND_JOURNEY, &count);
	bool ok = true;

	for (uint32_t i = 0; ok && i < count; i++) {
		if (jc->ix.items[journeys[i]]->extra == JOURNEY_AS_IS &&
		    (jc->segment == SLOT_NONE || journeys_takes(&jc->ix, journeys[i], jc->segment)))
			ok = slots_add(&list, journeys[i]) || err_oom(err);
	}
	slots_by_name(&jc->ix, &list);
	for (size_t i = 0; ok && i < list.count; i++)
		ok = show_journey(ask, list.list[i], err);
	if (ok && list.count == 0)
		ok = journey_note(jc,
			 arena_strdup(jc->job->arena,
			     count == 0 ? "The plan has no journey: nobody has written down how "
					  "customers go through it."
			     : jc->segment != SLOT_NONE
				 ? "Its way can't be shown, because no journey as it is names it."
				 : "No journey is as it is: all are to be.")) ||
		     err_oom(err);
	slots_fini(&list);
	return ok;
}

static bool
send_summary(struct journey_ask *ask, struct err *err)
{
	struct journey_call *jc = &ask->jc;
	Plumb__V1__JourneyReply reply;
	char today[DATE_TEXT_LEN];

	arena_reset(jc->arena);
	plumb__v1__journey_reply__init(&reply);
	reply.summary = &ask->summary;
	ask->summary.revision = jc->job->revision;
	ask->summary.today = date_format(jc->job->today, today);
	ask->summary.notes = jc->notes;
	ask->summary.n_notes = jc->notes_count;
	if (!customer_loose(jc->arena, &jc->ix, &ask->summary.loose, &ask->summary.n_loose,
		&ask->summary.more_loose))
		return err_oom(err);
	return view_job_send(jc->job, &reply.base, err);
}

static bool
check_since(struct journey_ask *ask, struct err *err)
{
	struct journey_call *jc = &ask->jc;
	const char *text = ask->request->since;

	jc->since = request_day(jc->job->faults, "since", text);
	if (jc->since != DATE_NONE && jc->since > jc->job->today)
		faults_add(jc->job->faults, "since", "%s has not come yet", text);
	return faults_none(jc->job->faults, err);
}

static bool
run_journey(struct view_job *job, struct err *err)
{
	struct journey_ask *ask = job->arg;
	struct journey_call *jc = &ask->jc;
	bool ok;

	jc->job = job;
	jc->send = send_reply;
	jc->to_be = ask->request->to_be;
	if (!check_since(ask, err) ||
	    !customer_find(
		job, "journey", ask->request->journey, KIND_JOURNEY, &ask->journey, err) ||
	    !customer_find(
		job, "segment", ask->request->segment, KIND_SEGMENT, &jc->segment, err) ||
	    !journey_call_begin(jc, job, job->today, err))
		return false;
	ok = (ask->journey != SLOT_NONE ? show_one(ask, err) : show_all(ask, err)) &&
	     send_summary(ask, err);
	journey_call_end(jc);
	return ok;
}

void
handle_insight_journey(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__JourneyRequest *request = (const Plumb__V1__JourneyRequest *)message;
	struct journey_ask *ask = arena_zalloc(call->arena, sizeof *ask);
	struct err err;

	if (ask == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	ask->request = request;
	plumb__v1__journey_summary__init(&ask->summary);
	job_view(call, request->at, run_journey, ask);
}
