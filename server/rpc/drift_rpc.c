/* plumb.v1.Insight.Drift: what has changed since a baseline, who changed it when and why. */
#include <stdlib.h>

#include "common/arena.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/drift_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/rpc.h"
#include "server/rpc/workspace.h"

#define SCRATCH ((size_t)24 << 20)

bool
drift_is_over(void *arg)
{
	return job_progress_is_over(&((const struct drift_call *)arg)->progress);
}

static bool
report(void *arg, double part)
{
	struct drift_call *dc = arg;
	Plumb__V1__DriftReply reply;

	if (job_progress_is_due(&dc->progress)) {
		plumb__v1__drift_reply__init(&reply);
		reply.progress__case = PLUMB__V1__DRIFT_REPLY__PROGRESS__PROGRESS;
		reply.progress = part;
		job_progress_send(&dc->progress, &reply.base);
	}
	return drift_is_over(dc);
}

static int
by_name(const void *a, const void *b)
{
	const struct drift_item *x = a, *y = b;

	return ref_compare(x->now != NULL ? x->now : x->old, y->now != NULL ? y->now : y->old);
}

static bool
read_log(struct drift_call *dc, struct err *err)
{
	struct drift_log log = {
	    .daemon = dc->job->call->daemon,
	    .workspace = dc->job->workspace_number,
	    .from = dc->from,
	    .to = dc->to,
	    .scenario = dc->scenario,
	    .names = dc->now,
	    .items = dc->items,
	    .count = dc->count,
	    .all = dc->request->all,
	    .arena = dc->job->arena,
	    .report = report,
	    .arg = dc,
	};

	if (drift_log_read(&log, err))
		return true;
	job_progress_explain(&dc->progress, err);
	return false;
}

static bool
answer(struct drift_call *dc, struct err *err)
{
	dc->told = calloc((size_t)view_slots(dc->now) + 1, 1);
	dc->scratch = arena_new(SCRATCH);
	if (dc->told == NULL || dc->scratch == NULL)
		return err_oom(err);
	if (!drift_choose(dc, err) || !drift_gather(dc, true, err) ||
	    !drift_gather(dc, false, err) || !drift_gather_ranks(dc, err) || !read_log(dc, err) ||
	    !drift_sum_up(dc, err))
		return false;
	drift_drop_passed(dc);
	if (dc->count > 0)
		qsort(dc->items, dc->count, sizeof dc->items[0], by_name);
	return drift_send_items(dc, err) && drift_send_summary(dc, err);
}

/* With a moment to start from there are two views; without, one beside that of its newest baseline. */
static bool
set_views(struct drift_call *dc, struct view_job *job, struct err *err)
{
	dc->job = job;
	if (job->other != NULL) {
		dc->then = job->view;
		dc->now = job->other;
		dc->from = job->revision;
		dc->to = job->other_revision;
		dc->scenario = job->other_scenario;
	} else {
		dc->then = job->baseline;
		dc->now = job->view;
		dc->to = job->revision;
		dc->scenario = job->scenario;
	}
	dc->today = job->today;
	if (dc->then == NULL)
		return err_set(err, ERR_NOT_FOUND,
		    "the plan has no baseline yet; draw one with plumb baseline create NAME, or "
		    "say since "
		    "when: a revision or a date");
	if (job->other == NULL)
		dc->from = view_revision(dc->then);
	if (dc->from > dc->to) {
		faults_add(job->faults, "from",
		    "lies behind the moment that it is compared with; say an earlier one");
		return faults_none(job->faults, err);
	}
	return true;
}

static bool
run_drift(struct view_job *job, struct err *err)
{
	struct drift_call *dc = job->arg;
	bool ok;

	if (!set_views(dc, job, err))
		return false;
	job_progress_begin(&dc->progress, job);
	plumb__v1__drift_summary__init(&dc->summary);
	ok = answer(dc, err);
	arena_free(dc->scratch);
	free(dc->told);
	free(dc->chosen_then);
	free(dc->chosen_now);
	return ok;
}

static void
take_aspects(struct rpc_call *call, struct drift_call *dc)
{
	const Plumb__V1__DriftRequest *request = dc->request;

	for (unsigned i = 0; i < DRIFT_ASPECTS; i++)
		dc->wanted[i] = request->n_aspects == 0;
	for (size_t i = 0; i < request->n_aspects; i++) {
		if (request->aspects[i] <= 0 || (unsigned)request->aspects[i] >= DRIFT_ASPECTS)
			faults_add(call->faults, "aspects",
			    "are scope, dates, ranks, owners, numbers and effort");
		else
			dc->wanted[request->aspects[i]] = true;
	}
	if (request->n_refs > LIMIT_NAMES)
		faults_add(call->faults, "refs", "at most %u names in one question", LIMIT_NAMES);
	if (request->from != NULL && request->from->scenario[0] != '\0')
		faults_add(call->faults, "from.scenario",
		    "the plan drifts, from a moment of its own past; name the scenario in `to`");
}

/* One may leave the workspace to the other. */
static const char *
workspace_of(const Plumb__V1__DriftRequest *request)
{
	if (request->from != NULL && request->from->workspace[0] != '\0')
		return request->from->workspace;
	return request->to != NULL ? request->to->workspace : "";
}

void
handle_insight_drift(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__DriftRequest *request = (const Plumb__V1__DriftRequest *)message;
	struct drift_call *dc = arena_zalloc(call->arena, sizeof *dc);
	const Plumb__V1__At *from = request->from;
	struct err err;

	if (dc == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	dc->request = request;
	take_aspects(call, dc);
	if (faults_none(call->faults, &err))
		dc->ws = workspace_enter(call, workspace_of(request), &err);
	if (dc->ws == NULL)
		rpc_fail(call, &err);
	else if (from != NULL && from->as_of_case != PLUMB__V1__AT__AS_OF__NOT_SET)
		job_views(call, from, request->to, run_drift, dc);
	else
		job_view_baseline(call, request->to, run_drift, dc);
}
