/* plumb.v1.Insight.BurnUp: planned and done effort at the ends of days of the past. */

#include "common/arena.h"
#include "common/calendar.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/burnup.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/past.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/request_day.h"
#include "server/rpc/rpc.h"
#include "server/rpc/trend.h"
#include "server/rpc/workspace.h"

#define DAYS_DEFAULT 90
#define EVERY_MAX    366u
#define REPORTS      50 /* of how far it is, at most */

struct burnup_call {
	const Plumb__V1__BurnUpRequest *request;
	const struct workspace *ws;
	enum kind kind; /* KIND_NONE: all initiatives */
	const char *id;
	size_t id_len;
	int32_t from; /* DATE_NONE: not stated */
	int32_t to;
	int32_t every;
	struct view_job *job;
};

static bool
report(const struct burnup_call *bc, size_t done, size_t all, struct err *err)
{
	Plumb__V1__BurnUpReply reply;

	if (done * REPORTS / all == (done - 1) * REPORTS / all)
		return true;
	plumb__v1__burn_up_reply__init(&reply);
	reply.progress__case = PLUMB__V1__BURN_UP_REPLY__PROGRESS__PROGRESS;
	reply.progress = (double)done / (double)all;
	return view_job_send(bc->job, &reply.base, err);
}

/* Slots differ from plan to plan. What was not there yet is nothing. */
static bool
count_day(const struct burnup_call *bc, const struct view *view, int32_t day, struct burnup *out,
    struct err *err)
{
	const struct item *item =
	    bc->kind != KIND_NONE ? view_find(view, bc->kind, bc->id, bc->id_len) : NULL;
	struct index ix;
	bool ok;

	*out = (struct burnup){0};
	if (bc->kind != KIND_NONE && !item_is_live(item))
		return true;
	if (!index_init(&ix, view, day, ROLES_ALL, view_job_is_over, bc->job, err))
		return false;
	ok = burnup_of(&ix, item != NULL ? item->slot : SLOT_NONE, out, err);
	index_fini(&ix);
	return ok;
}

static bool
fill_day(const struct burnup_call *bc, int32_t day, uint64_t revision, const struct burnup *burnup,
    Plumb__V1__BurnUpReply *reply)
{
	Plumb__V1__BurnUpDay *out = arena_alloc(bc->job->arena, sizeof *out);

	if (out == NULL)
		return false;
	plumb__v1__burn_up_day__init(out);
	out->day = reply_date(bc->job->arena, day);
	out->revision = revision;
	out->scope = burnup->scope;
	out->done = burnup->done;
	out->unknown = burnup->unknown;
	out->items = burnup->items;
	out->without_effort = burnup->without_effort;
	reply->days[reply->n_days++] = out;
	return out->day != NULL;
}

/* The last day, and back from it. */
static bool
walk(const struct burnup_call *bc, Plumb__V1__BurnUpReply *reply, struct err *err)
{
	size_t count = bc->to < bc->from ? 0 : (size_t)((bc->to - bc->from) / bc->every) + 1;
	struct past past = {.daemon = bc->job->call->daemon,
	    .ws = bc->ws,
	    .view = bc->job->view,
	    .revision = bc->job->revision,
	    .last = bc->job->revision,
	    .cancelled = &bc->job->call->cancelled};
	bool ok = true;

	reply->days = arena_array(bc->job->arena, count + 1, sizeof reply->days[0]);
	if (reply->days == NULL)
		return err_oom(err);
	past_begin(&past);
	for (size_t i = 0; ok && i < count; i++) {
		int32_t day = bc->to - (int32_t)(count - 1 - i) * bc->every;
		const struct view *view = past_view(&past, day, err);
		struct burnup burnup;

		ok = view != NULL && count_day(bc, view, day, &burnup, err) &&
		     (fill_day(bc, day, past.at, &burnup, reply) || err_oom(err)) &&
		     report(bc, i + 1, count, err);
	}
	past_end(&past);
	return ok;
}

/* Not before the plan's first day: there is nothing to count. */
static bool
settle_days(struct burnup_call *bc, struct err *err)
{
	int32_t plan_first;

	if (bc->to == DATE_NONE)
		bc->to = bc->job->today;
	if (bc->from == DATE_NONE)
		bc->from = bc->to - (DAYS_DEFAULT - 1);
	if (bc->from > bc->to)
		faults_add(bc->job->faults, "from", "the first day lies behind the last one");
	if (!faults_none(bc->job->faults, err) ||
	    !trend_first_day(bc->job->call->daemon, bc->ws, &plan_first, err))
		return false;
	if (plan_first == DATE_NONE)
		bc->from = bc->to + 1;
	else if (bc->from < plan_first)
		bc->from = plan_first;
	if (((int64_t)bc->to - bc->from) / bc->every >= (int64_t)LIMIT_TREND_DAYS)
		faults_add(bc->job->faults, "from",
		    "at most %u days are counted at once: begin later, or take every second day",
		    LIMIT_TREND_DAYS);
	return faults_none(bc->job->faults, err);
}

static bool
run_burnup(struct view_job *job, struct err *err)
{
	struct burnup_call *bc = job->arg;
	const struct item *item = NULL;
	Plumb__V1__BurnUpReply reply;
	char today[DATE_TEXT_LEN];

	bc->job = job;
	plumb__v1__burn_up_reply__init(&reply);
	if (bc->kind != KIND_NONE) {
		item = view_find(job->view, bc->kind, bc->id, bc->id_len);
		if (!item_is_live(item))
			return err_set(err, ERR_NOT_FOUND, "there is no %.150s", bc->request->ref);
		reply.title = arena_strndup(job->arena, item_title(item), item->title_len);
		if (reply.title == NULL)
			return err_oom(err);
	}
	if (!settle_days(bc, err) || !walk(bc, &reply, err))
		return false;
	reply.revision = job->revision;
	reply.today = date_format(job->today, today);
	return view_job_send(job, &reply.base, err);
}

static void
take_ref(struct rpc_call *call, struct burnup_call *bc)
{
	const char *ref = bc->request->ref;

	if (ref[0] == '\0')
		return;
	if (!ref_parse(ref, KIND_NONE, &bc->kind, &bc->id, &bc->id_len) || !kind_is_work(bc->kind))
		faults_add(call->faults, "ref",
		    "'%.100s' is no work; name an initiative, workstream, milestone or task, for "
		    "example \"initiative/portal\"",
		    ref);
}

void
handle_insight_burn_up(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__BurnUpRequest *request = (const Plumb__V1__BurnUpRequest *)message;
	struct burnup_call *bc = arena_zalloc(call->arena, sizeof *bc);
	struct err err;

	if (bc == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	bc->request = request;
	bc->every = request->every_days != 0 ? (int32_t)request->every_days : 1;
	bc->from = request_day(call->faults, "from", request->from);
	bc->to = request_day(call->faults, "to", request->to);
	take_ref(call, bc);
	if (request->every_days > EVERY_MAX)
		faults_add(call->faults, "every_days", "at most %u days lie between two samples",
		    EVERY_MAX);
	if (faults_none(call->faults, &err))
		bc->ws =
		    workspace_enter(call, request->at != NULL ? request->at->workspace : "", &err);
	if (bc->ws == NULL) {
		rpc_fail(call, &err);
		return;
	}
	job_view(call, request->at, run_burnup, bc);
}
