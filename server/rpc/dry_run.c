#include "server/rpc/dry_run.h"

#include "common/arena.h"
#include "common/pb.h"
#include "server/insight/check/effect.h"
#include "server/limits.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/as_of.h"
#include "server/rpc/baselines.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/quota.h"
#include "server/rpc/findings.h"
#include "server/rpc/rpc.h"

static bool
is_cancelled(void *arg)
{
	const struct dry_run *run = arg;

	return __atomic_load_n(&run->call->cancelled, __ATOMIC_RELAXED);
}

static const struct check_baseline *
baseline_of(const struct dry_run_baseline *baseline)
{
	return baseline->plan.view != NULL ? &baseline->plan : NULL;
}

static bool
work_out(struct dry_run *run, struct err *err)
{
	struct effect_side before = {
	    run->before, run->today, baseline_of(&run->baselines[0]), &run->ws->voices};
	struct effect_side after = {
	    run->after, run->today, baseline_of(&run->baselines[1]), &run->ws->voices};
	const Plumb__V1__FindingsChange *change;
	struct effect effect;

	if (!effect_run(&before, &after, is_cancelled, run, &effect, err))
		return false;
	change = findings_change(&effect, run->arena);
	if (change != NULL)
		run->bytes = pb_encode(&change->base, run->arena, &run->len);
	effect_fini(&effect);
	return run->bytes != NULL || err_oom(err);
}

static void
run_job(void *arg)
{
	struct dry_run *run = arg;

	run->ok = work_out(run, &run->err);
}

static void
end(struct dry_run *run)
{
	plan_view_release(run->ws->plan, run->before);
	plan_view_release(run->ws->plan, run->after);
	for (size_t i = 0; i < 2; i++)
		as_of_unref(run->baselines[i].as_of);
	arena_free(run->arena);
}

static void
job_done(void *arg)
{
	struct dry_run *run = arg;
	struct rpc_call *call = run->call;

	if (run->ok)
		run->bytes = arena_memdup(call->arena, run->bytes, run->len);
	if (run->ok && run->bytes == NULL)
		run->ok = err_oom(&run->err);
	end(run);
	run->done(run);
	rpc_unpin(call);
}

/* ---- the plan at the newest baseline ------------------------------------------------------------------- */

enum progress { READY, WAIT, FAILED };

static void go_on(struct waiter *waiter);

static enum progress
wait_in(struct dry_run *run, struct waiters *list, uint64_t revision)
{
	run->waiter.go_on = go_on;
	waiter_add(list, &run->waiter, revision);
	return WAIT;
}

/* The baseline may be drawn by this very change, or by one that is not durable yet. */
static enum progress
get_baseline(struct dry_run *run, struct dry_run_baseline *b)
{
	uint64_t durable = plan_durable(run->ws->plan);

	if (b->revision == 0 || run->undo_epoch != run->ws->undo_epoch)
		return READY; /* or decided again later: what this says is not told */
	if (b->revision >= run->revision) {
		b->plan.view = b->revision == run->revision ? run->before : run->after;
		return READY;
	}
	if (b->revision > durable)
		return wait_in(run, &run->ws->undurable, b->revision);
	if (b->as_of == NULL)
		b->as_of = as_of_get(run->call->daemon, run->ws, b->revision, "", &run->err);
	if (b->as_of == NULL)
		return FAILED;
	if (b->as_of->state == AS_OF_BUILDING)
		return wait_in(run, &b->as_of->waiting, 0);
	if (b->as_of->state == AS_OF_FAILED) {
		run->err = b->as_of->err;
		return FAILED;
	}
	b->plan.view = b->as_of->view;
	return READY;
}

/* On from wherever it stands, until it waits, is with a worker again or has ended. */
static void
step(struct dry_run *run)
{
	enum progress progress = READY;

	for (size_t i = 0; i < 2 && progress == READY; i++)
		progress = get_baseline(run, &run->baselines[i]);
	if (progress == READY && !quota_start(run->call, run_job, job_done, run, &run->err))
		progress = FAILED;
	if (progress == FAILED) {
		run->ok = false;
		job_done(run);
	}
}

static void
go_on(struct waiter *waiter)
{
	step((struct dry_run *)waiter);
}

static void
seek(void *arg)
{
	struct dry_run *run = arg;
	const struct view *views[] = {run->before, run->after};

	run->ok = (view_settle(run->before) && view_settle(run->after)) || err_oom(&run->err);
	for (size_t i = 0; run->ok && i < 2; i++)
		run->baselines[i].revision = baselines_newest(views[i], run->revision + i,
		    &run->call->cancelled, &run->baselines[i].plan.slot);
}

static void
sought(void *arg)
{
	struct dry_run *run = arg;

	if (run->ok)
		step(run);
	else
		job_done(run);
}

bool
dry_run_start(struct dry_run *run, struct err *err)
{
	bool ok = false;

	run->undo_epoch = run->ws->undo_epoch;
	run->arena = arena_new(LIMIT_CALL_ARENA);
	if (run->before == NULL || run->after == NULL || run->arena == NULL)
		err_oom(err);
	else
		ok = quota_start(run->call, seek, sought, run, err);
	if (ok)
		rpc_pin(run->call);
	else
		end(run);
	return ok;
}
