/* plumb.v1.Insight.Moves: what would have to change, as messages. */
#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/pb.h"
#include "plumb/v1/moves.pb-c.h"
#include "server/insight/schedule/moves.h"
#include "server/limits.h"
#include "server/rpc/case_rpc.h"
#include "server/rpc/handlers.h"
#include "server/rpc/job_progress.h"
#include "server/rpc/jobs.h"
#include "server/rpc/moves_plan.h"

#define DEPTH_DEFAULT 2u
#define WAYS_DEFAULT  5u
#define WAY_MEMORY    ((size_t)24 << 20)

struct moves_call {
	struct view_job *job;
	const Plumb__V1__MovesRequest *request;
	struct plan_case pc;
	struct moves_plan mp;
	struct moves *moves;
	int32_t by; /* the last day */
	bool by_due;
	struct arena *arena; /* of one message */
	struct job_progress progress;
};

static bool
is_cancelled(void *arg)
{
	const struct moves_call *mc = arg;

	return job_progress_is_over(&mc->progress);
}

/* ---- what is asked for */

static bool
check_request(struct moves_call *mc, int32_t *until, struct err *err)
{
	struct faults *faults = mc->job->faults;

	case_check_until(mc->request->until, mc->job->today, until, faults);
	case_check_day("by", mc->request->by, mc->job->today, &mc->by, faults);
	if (mc->by != DATE_NONE && *until != DATE_NONE && mc->by > *until)
		faults_add(faults, "by", "must not be after until");
	if (mc->request->depth > MOVES_DEPTH_MAX)
		faults_add(
		    faults, "depth", "is 1 to %u; not stated: %u", MOVES_DEPTH_MAX, DEPTH_DEFAULT);
	if (mc->request->most > LIMIT_MOVES_WAYS)
		faults_add(
		    faults, "most", "is 1 to %u; not stated: %u", LIMIT_MOVES_WAYS, WAYS_DEFAULT);
	return faults_none(faults, err);
}

/* A day that is asked for is planned, even if it is behind the last period. */
static bool
open_case(struct moves_call *mc, int32_t until, struct err *err)
{
	const struct view *view = mc->job->view;
	int32_t today = mc->job->today;

	if (!plan_case_open(&mc->pc, view, today, until, is_cancelled, mc, err))
		return false;
	if (mc->by == DATE_NONE || mc->by <= mc->pc.last)
		return true;
	plan_case_close(&mc->pc);
	return plan_case_open(&mc->pc, view, today, mc->by, is_cancelled, mc, err);
}

static void
choose_day(struct moves_call *mc)
{
	int32_t due = plan_case_due(&mc->pc, mc->mp.target);

	if (mc->by != DATE_NONE)
		return;
	mc->by_due = due != DATE_NONE && due >= mc->job->today && due <= mc->pc.last;
	mc->by = mc->by_due ? due : mc->pc.last;
}

static uint32_t
count_ranked(const struct plan_case *pc)
{
	uint32_t ranked = 0;

	while (ranked < pc->plan->problem.initiatives &&
	       pc->ix.rank[pc->plan->heads[ranked]] != RANK_NONE)
		ranked++;
	return ranked;
}

/* ---- messages */

static bool
send(struct moves_call *mc, Plumb__V1__MovesReply *reply, struct err *err)
{
	bool ok = view_job_send(mc->job, &reply->base, err);

	arena_reset(mc->arena);
	return ok;
}

static void
report(void *arg, uint64_t looked, uint64_t total)
{
	struct moves_call *mc = arg;
	Plumb__V1__MovesReply reply;

	if (!job_progress_is_due(&mc->progress))
		return;
	plumb__v1__moves_reply__init(&reply);
	reply.progress__case = PLUMB__V1__MOVES_REPLY__PROGRESS__PROGRESS;
	reply.progress = (double)looked / (double)total;
	job_progress_send(&mc->progress, &reply.base);
}

static bool
send_way(struct moves_call *mc, const struct moves_way *way, struct err *err)
{
	Plumb__V1__MovesWay out, *ways[1] = {&out};
	Plumb__V1__MovesReply reply;

	plumb__v1__moves_reply__init(&reply);
	if (!moves_plan_way(&mc->mp, way, mc->arena, &out, err))
		return false;
	reply.ways = ways;
	reply.n_ways = 1;
	return send(mc, &reply, err);
}

/* What the search says of the target as it is. False: out of memory. */
static bool
fill_target(const struct moves_call *mc, Plumb__V1__MovesReply *reply)
{
	const struct moves *moves = mc->moves;
	uint32_t slot = mc->pc.plan->heads[mc->mp.target];
	int32_t bound = moves->bound > mc->pc.plan->problem.days ? SCHEDULE_BEYOND : moves->bound;

	reply->ref = case_ref(&mc->pc, mc->arena, slot);
	reply->title = case_title(&mc->pc, mc->arena, slot);
	reply->rank = case_rank(&mc->pc, mc->mp.target);
	reply->is_there = moves->is_there;
	reply->finish = case_finish(&mc->pc, mc->arena, 0, moves->finish);
	reply->first = case_finish(&mc->pc, mc->arena, 0, moves->alone);
	reply->earliest = case_finish(&mc->pc, mc->arena, 0, bound);
	if (moves->short_giver != SCHEDULE_NONE) {
		reply->short_giver =
		    case_ref(&mc->pc, mc->arena, load_who(mc->pc.load, moves->short_giver));
		reply->short_asked = moves->short_asked;
		reply->short_has = moves->short_has;
	}
	return reply->ref != NULL && reply->title != NULL && reply->finish != NULL &&
	       reply->first != NULL && reply->earliest != NULL && reply->short_giver != NULL;
}

static bool
send_summary(struct moves_call *mc, struct err *err)
{
	const struct moves *moves = mc->moves;
	char today[DATE_TEXT_LEN], until[DATE_TEXT_LEN], by[DATE_TEXT_LEN];
	Plumb__V1__MovesReply reply;

	plumb__v1__moves_reply__init(&reply);
	if (!fill_target(mc, &reply))
		return err_oom(err);
	reply.done = true;
	reply.revision = mc->job->revision;
	reply.today = date_format(mc->job->today, today);
	reply.until = date_format(mc->pc.last, until);
	reply.by = date_format(mc->by, by);
	reply.by_due = mc->by_due;
	reply.by_line = mc->by == mc->pc.last && !mc->by_due;
	reply.candidates = moves->candidates;
	reply.left_out = moves->left_out;
	reply.depth = moves->depth;
	reply.looked = moves->looked;
	reply.total = moves->total;
	reply.found = moves->found;
	reply.compared = moves->compared;
	return send(mc, &reply, err);
}

/* ---- the answer */

static bool
find(struct moves_call *mc, struct err *err)
{
	const struct plan_case *pc = &mc->pc;
	const struct schedule_problem *problem = &pc->plan->problem;
	struct moves_ask ask = {
	    .problem = problem,
	    .policy = {.backfill = true,
		.tries = PLAN_CASE_TRIES,
		.seed = PLAN_CASE_SEED,
		.stop = is_cancelled,
		.arg = mc},
	    .target = mc->mp.target,
	    .by = mc->by - pc->plan->first_day + 1,
	    .ranked = mc->mp.ranked,
	    .is_ranked = pc->ix.kinds[pc->plan->heads[mc->mp.target]] == KIND_INITIATIVE,
	    .depth = mc->request->depth > 0 ? mc->request->depth : DEPTH_DEFAULT,
	    .most = mc->request->most > 0 ? mc->request->most : WAYS_DEFAULT,
	    .work = LIMIT_MOVES_WORK,
	    .progress = report,
	    .progress_arg = mc,
	};
	bool *lends = arena_array(mc->job->arena, problem->givers + 1, sizeof *lends);
	int32_t *starts = arena_array(mc->job->arena, problem->works + 1, sizeof *starts);

	if (lends == NULL || starts == NULL)
		return err_oom(err);
	for (uint32_t w = 0; w < problem->works; w++)
		starts[w] =
		    w % PLAN_STAGES == PLAN_BEGIN ? moves_plan_start(pc, w / PLAN_STAGES) : 0;
	for (uint32_t g = 0; g < problem->givers; g++)
		lends[g] = pc->ix.kinds[load_who(pc->load, g)] == KIND_TEAM;
	mc->mp.lent = moves_plan_lent(pc, ask.by);
	ask.lends = lends;
	ask.starts = starts;
	ask.lent = mc->mp.lent;
	mc->moves = moves_find(&ask, err);
	if (mc->moves == NULL)
		job_progress_explain(&mc->progress, err);
	return mc->moves != NULL;
}

static bool
answer(struct moves_call *mc, int32_t until, struct err *err)
{
	if (!open_case(mc, until, err) || !case_find(&mc->pc, mc->job->view, mc->request->ref,
					      mc->job->faults, &mc->mp.target, err))
		return false;
	mc->mp.pc = &mc->pc;
	mc->mp.ranked = count_ranked(&mc->pc);
	choose_day(mc);
	if (!find(mc, err))
		return false;
	for (uint32_t w = 0; w < mc->moves->ways_count; w++)
		if (!send_way(mc, &mc->moves->ways[w], err))
			return false;
	return send_summary(mc, err);
}

static bool
run_moves(struct view_job *job, struct err *err)
{
	struct moves_call mc = {.job = job, .request = job->arg};
	int32_t until;
	bool ok;

	if (!check_request(&mc, &until, err))
		return false;
	job_progress_begin(&mc.progress, job);
	mc.arena = arena_new(WAY_MEMORY);
	ok = mc.arena != NULL ? answer(&mc, until, err) : err_oom(err);
	moves_free(mc.moves);
	plan_case_close(&mc.pc);
	arena_free(mc.arena);
	return ok;
}

void
handle_insight_moves(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__MovesRequest *request = (const Plumb__V1__MovesRequest *)message;

	job_view(call, request->at, run_moves, (void *)(uintptr_t)request);
}
