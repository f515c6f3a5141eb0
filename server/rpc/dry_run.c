#include "server/rpc/dry_run.h"

#include "common/arena.h"
#include "common/pb.h"
#include "server/insight/check/effect.h"
#include "server/limits.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/findings.h"
#include "server/rpc/rpc.h"

static bool
is_cancelled(void *arg)
{
	const struct dry_run *run = arg;

	return __atomic_load_n(&run->call->cancelled, __ATOMIC_RELAXED);
}

static bool
work_out(struct dry_run *run, struct err *err)
{
	struct effect_side before = {run->before, run->today};
	struct effect_side after = {run->after, run->today};
	const Plumb__V1__FindingsChange *change;
	struct effect effect;

	if (!view_settle(run->before) || !view_settle(run->after))
		return err_oom(err);
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

bool
dry_run_start(struct dry_run *run, struct err *err)
{
	bool ok = false;

	run->arena = arena_new(LIMIT_CALL_ARENA);
	if (run->before == NULL || run->after == NULL || run->arena == NULL)
		err_oom(err);
	else
		ok = jobs_start(run->call->daemon->jobs, run_job, job_done, run, false, err);
	if (ok)
		rpc_pin(run->call);
	else
		end(run);
	return ok;
}
