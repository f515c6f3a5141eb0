/* plumb.v1.Insight.Ecosystem: who contributes what at the steps of journeys, and what nothing supports. */
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/check/words.h"
#include "server/insight/customer/ecosystem.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/rpc.h"

#define ROWS_A_MESSAGE 16u

struct ecosystem_call {
	const Plumb__V1__EcosystemRequest *request;
	struct view_job *job;
	struct index ix;
	struct journeys js;
	struct supports supports; /* of the row that is made */
	struct arena *arena;      /* of one message */
	uint32_t step;            /* SLOT_NONE: all, as the next two */
	uint32_t segment;
	uint32_t team;
	Plumb__V1__EcosystemReply reply; /* that fills up */
	Plumb__V1__EcosystemRow *rows[ROWS_A_MESSAGE];
	Plumb__V1__EcosystemSummary summary;
	uint64_t expectations; /* at the steps that were looked at */
};

static bool
send_rows(struct ecosystem_call *ec, struct err *err)
{
	if (view_job_cancelled(ec->job))
		return err_set(err, ERR_CANCELLED, "the call was cancelled");
	ec->reply.rows = ec->rows;
	if (ec->reply.n_rows > 0 && !view_job_send(ec->job, &ec->reply.base, err))
		return false;
	ec->reply.n_rows = 0;
	arena_reset(ec->arena);
	return true;
}

/* ---- a row */

static bool
is_wanted(const struct ecosystem_call *ec, const struct support *support)
{
	return ec->team == SLOT_NONE || support->team == ec->team;
}

static Plumb__V1__Support *
make_support(const struct ecosystem_call *ec, const struct support *support)
{
	const struct index *ix = &ec->ix;
	Plumb__V1__Support *out = arena_alloc(ec->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__support__init(out);
	out->ref = customer_ref(ec->arena, ix, support->slot);
	out->title = customer_title(ec->arena, ix, support->slot);
	out->side = (Plumb__V1__Support__Side)support->side;
	out->how = (Plumb__V1__Support__How)support->how;
	out->through = customer_ref(ec->arena, ix, support->through);
	out->team = customer_ref(ec->arena, ix, support->team);
	out->status = pb_str(status_name(ix->items[support->slot]));
	return out->ref != NULL && out->title != NULL && out->through != NULL && out->team != NULL
		   ? out
		   : NULL;
}

static bool
fill_supports(const struct ecosystem_call *ec, Plumb__V1__EcosystemRow *row)
{
	const struct supports *supports = &ec->supports;

	row->supports = arena_array(ec->arena, LIMIT_ECOSYSTEM_SUPPORTS, sizeof row->supports[0]);
	if (row->supports == NULL)
		return false;
	for (size_t i = 0; i < supports->count; i++) {
		if (!is_wanted(ec, &supports->list[i]))
			continue;
		if (row->n_supports == LIMIT_ECOSYSTEM_SUPPORTS) {
			row->more_supports++;
			continue;
		}
		row->supports[row->n_supports] = make_support(ec, &supports->list[i]);
		if (row->supports[row->n_supports++] == NULL)
			return false;
	}
	return true;
}

static Plumb__V1__EcosystemCount *
make_count(struct ecosystem_call *ec, enum support_side side)
{
	Plumb__V1__EcosystemCount *out = arena_alloc(ec->arena, sizeof *out);
	struct support_count count;

	if (out == NULL || !ecosystem_count(&ec->ix, &ec->supports, side, ec->team, &count))
		return NULL;
	plumb__v1__ecosystem_count__init(out);
	out->teams = count.teams;
	out->work = count.work;
	out->objectives = count.objectives;
	out->measures = count.measures;
	return out;
}

static bool
fill_row(struct ecosystem_call *ec, uint32_t step, uint32_t segment, Plumb__V1__EcosystemRow *row)
{
	const struct index *ix = &ec->ix;

	plumb__v1__ecosystem_row__init(row);
	row->journey = customer_ref(ec->arena, ix, journeys_journey_of(ix, step));
	row->stage = customer_ref(ec->arena, ix, journeys_stage_of(ix, step));
	row->step = customer_ref(ec->arena, ix, step);
	row->title = customer_title(ec->arena, ix, step);
	row->segment = customer_ref(ec->arena, ix, segment);
	row->segment_title = customer_title(ec->arena, ix, segment);
	row->front = make_count(ec, SUPPORT_FRONT);
	row->back = make_count(ec, SUPPORT_BACK);
	return row->segment_title != NULL && row->front != NULL && row->back != NULL &&
	       row->journey != NULL && row->stage != NULL && row->step != NULL &&
	       row->title != NULL && row->segment != NULL &&
	       (ec->request->counts || fill_supports(ec, row)) &&
	       customer_holes(ec->arena, ec->supports.holes, &row->holes, &row->n_holes) &&
	       customer_refs(ec->arena, ix, &ec->supports.unanswered, LIMIT_JOURNEY_LIST,
		   &row->unanswered, &row->n_unanswered, &row->more_unanswered);
}

/* A team's ecosystem is where it contributes. */
static bool
add_row(struct ecosystem_call *ec, uint32_t step, uint32_t segment, struct err *err)
{
	Plumb__V1__EcosystemRow *row;
	size_t wanted = 0;

	if (!ecosystem_of(&ec->js, step, segment, ec->job->today, &ec->supports))
		return err_oom(err);
	for (size_t i = 0; i < ec->supports.count; i++)
		wanted += is_wanted(ec, &ec->supports.list[i]);
	ec->expectations += ec->supports.expectations.count;
	if (ec->team != SLOT_NONE && wanted == 0)
		return true;
	row = arena_alloc(ec->arena, sizeof *row);
	if (row == NULL || !fill_row(ec, step, segment, row))
		return err_oom(err);
	ec->rows[ec->reply.n_rows++] = row;
	ec->summary.rows++;
	ec->summary.bare += ec->supports.count == 0;
	ec->summary.unanswered += (uint32_t)ec->supports.unanswered.count;
	return ec->reply.n_rows < ROWS_A_MESSAGE || send_rows(ec, err);
}

/* ---- which */

/* Those that take the journey, and those that expect something here all the same. */
static bool
segments_at(struct ecosystem_call *ec, uint32_t step, const struct slots *takers, struct slots *out)
{
	const struct index *ix = &ec->ix;
	struct edges in = index_in(ix, step);

	out->count = 0;
	for (size_t i = 0; i < takers->count; i++) {
		if (!slots_add(out, takers->list[i]))
			return false;
	}
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t segment;

		if (in.list[i].role != ROLE_IN || ix->kinds[in.list[i].slot] != KIND_EXPECTATION)
			continue;
		segment = journeys_target(ix, in.list[i].slot, ROLE_SEGMENT);
		if (segment != SLOT_NONE && !slots_add(out, segment))
			return false;
	}
	slots_by_name(ix, out);
	return true;
}

static bool
add_step(struct ecosystem_call *ec, uint32_t step, const struct slots *takers,
    struct slots *segments, struct err *err)
{
	if (!segments_at(ec, step, takers, segments))
		return err_oom(err);
	ec->summary.steps++;
	if (segments->count == 0 && ec->segment == SLOT_NONE)
		return add_row(ec, step, SLOT_NONE, err);
	for (size_t i = 0; i < segments->count; i++) {
		if ((ec->segment == SLOT_NONE || segments->list[i] == ec->segment) &&
		    !add_row(ec, step, segments->list[i], err))
			return false;
	}
	return true;
}

static bool
add_journey(struct ecosystem_call *ec, uint32_t journey, struct err *err)
{
	struct slots takers = {0}, segments = {0};
	struct path path;
	bool ok = journeys_path(&ec->js, journey, &path) &&
		  journeys_segments(&ec->js, journey, &path, &takers);

	if (!ok)
		err_oom(err);
	for (size_t i = 0; ok && i < path.count; i++) {
		uint32_t step = path.steps[i].step;

		if (step != SLOT_NONE && (ec->step == SLOT_NONE || step == ec->step))
			ok = add_step(ec, step, &takers, &segments, err);
	}
	slots_fini(&takers);
	slots_fini(&segments);
	path_fini(&path);
	return ok;
}

static bool
add_loose_step(struct ecosystem_call *ec, struct err *err)
{
	const struct slots nobody = {0};
	struct slots segments = {0};
	bool ok = add_step(ec, ec->step, &nobody, &segments, err);

	slots_fini(&segments);
	return ok;
}

/* Of the step that was asked about, whatever its journey; else of all journeys as they are. */
static bool
add_all(struct ecosystem_call *ec, struct err *err)
{
	struct slots list = {0};
	uint32_t count;
	const uint32_t *journeys = index_kind(&ec->ix, KIND_JOURNEY, &count);
	bool ok = true;

	if (ec->step != SLOT_NONE) {
		uint32_t journey = journeys_journey_of(&ec->ix, ec->step);

		return journey != SLOT_NONE ? add_journey(ec, journey, err)
					    : add_loose_step(ec, err);
	}
	for (uint32_t i = 0; ok && i < count; i++) {
		if (ec->ix.items[journeys[i]]->extra == JOURNEY_AS_IS)
			ok = slots_add(&list, journeys[i]) || err_oom(err);
	}
	slots_by_name(&ec->ix, &list);
	for (size_t i = 0; ok && i < list.count; i++)
		ok = add_journey(ec, list.list[i], err);
	slots_fini(&list);
	return ok;
}

/* ---- the end of it */

static bool
add_note(struct ecosystem_call *ec, char *text)
{
	if (text != NULL)
		ec->summary.notes[ec->summary.n_notes++] = text;
	return text != NULL;
}

static bool
fill_notes(struct ecosystem_call *ec)
{
	const struct index *ix = &ec->ix;
	struct arena *arena = ec->arena;
	uint32_t steps;

	(void)index_kind(ix, KIND_STEP, &steps);
	ec->summary.notes = arena_array(arena, 4, sizeof ec->summary.notes[0]);
	if (ec->summary.notes == NULL)
		return false;
	if (steps == 0)
		return add_note(ec,
		    arena_strdup(arena, "The plan has no steps of a journey, so that nothing can "
					"be said of who contributes what at them."));
	if (ec->segment != SLOT_NONE && ec->expectations == 0 &&
	    !add_note(ec,
		arena_printf(arena,
		    "What %s expects there can't be told, because no expectation of it is stated.",
		    customer_ref(arena, ix, ec->segment))))
		return false;
	if (ec->team != SLOT_NONE && ec->summary.rows == 0)
		return add_note(ec, arena_printf(arena, "Nothing says what %s contributes there.",
					customer_ref(arena, ix, ec->team)));
	return true;
}

static bool
send_summary(struct ecosystem_call *ec, struct err *err)
{
	Plumb__V1__EcosystemReply reply;
	char today[DATE_TEXT_LEN];

	if (!send_rows(ec, err))
		return false;
	plumb__v1__ecosystem_reply__init(&reply);
	reply.summary = &ec->summary;
	ec->summary.revision = ec->job->revision;
	ec->summary.today = date_format(ec->job->today, today);
	if (!fill_notes(ec) || !customer_loose(ec->arena, &ec->ix, &ec->summary.loose,
				   &ec->summary.n_loose, &ec->summary.more_loose))
		return err_oom(err);
	return view_job_send(ec->job, &reply.base, err);
}

static bool
run_ecosystem(struct view_job *job, struct err *err)
{
	struct ecosystem_call *ec = job->arg;
	const Plumb__V1__EcosystemRequest *request = ec->request;
	bool ok = false;

	ec->job = job;
	if (!customer_find(job, "step", request->step, KIND_STEP, &ec->step, err) ||
	    !customer_find(job, "segment", request->segment, KIND_SEGMENT, &ec->segment, err) ||
	    !customer_find(job, "team", request->team, KIND_TEAM, &ec->team, err) ||
	    !index_init(&ec->ix, job->view, job->today, ROLES_ALL, view_job_is_over, job, err))
		return false;
	ec->arena = arena_new(LIMIT_CALL_ARENA);
	if (ec->arena == NULL)
		err_oom(err);
	else if (journeys_init(&ec->js, &ec->ix, view_job_is_over, job, err))
		ok = add_all(ec, err) && send_summary(ec, err);
	journeys_fini(&ec->js);
	supports_fini(&ec->supports);
	index_fini(&ec->ix);
	arena_free(ec->arena);
	return ok;
}

void
handle_insight_ecosystem(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__EcosystemRequest *request = (const Plumb__V1__EcosystemRequest *)message;
	struct ecosystem_call *ec = arena_zalloc(call->arena, sizeof *ec);
	struct err err;

	if (ec == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	ec->request = request;
	plumb__v1__ecosystem_reply__init(&ec->reply);
	plumb__v1__ecosystem_summary__init(&ec->summary);
	job_view(call, request->at, run_ecosystem, ec);
}
