/* Each draw laid anew, best rank first, in the order of the base schedule; see plan_forecast.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/plan_forecast_internal.h"
#include "server/insight/schedule/schedule_internal.h"
#include "server/limits.h"

/* What all threads read. */
struct policy {
	struct plan_forecast *pf;
	const struct schedule_problem *problem;
	struct sgs_net net; /* who comes before whom, by work */
	struct replay *replays;
	uint8_t *takes_time; /* by initiative */
};

/* A thread's own: the problem with efforts of one draw, and what comes of it. */
struct replay {
	struct schedule_problem problem;
	struct schedule_need *need;
	struct ledger ledger;
	int32_t *start;
	int32_t *finish;
	int32_t *ends; /* by initiative */
	float *factors;
};

static bool
lay_net(struct policy *policy, struct err *err)
{
	const struct schedule_problem *p = policy->problem;
	struct sgs_net *net = &policy->net;

	net->first = calloc((size_t)p->works + 2, sizeof net->first[0]);
	net->before = calloc((size_t)p->arcs + 1, sizeof net->before[0]);
	net->lag = calloc((size_t)p->arcs + 1, sizeof net->lag[0]);
	if (net->first == NULL || net->before == NULL || net->lag == NULL)
		return err_oom(err);
	/* Counted two places on, so that filling leaves the firsts as they must be. */
	for (uint32_t e = 0; e < p->arcs; e++)
		net->first[p->arc[e].after + 2]++;
	for (uint32_t w = 0; w < p->works; w++)
		net->first[w + 2] += net->first[w + 1];
	for (uint32_t e = 0; e < p->arcs; e++) {
		uint32_t at = net->first[p->arc[e].after + 1]++;

		net->before[at] = p->arc[e].before;
		net->lag[at] = p->arc[e].lag;
	}
	net->count = policy->pf->base->ordered;
	return true;
}

static bool
replay_init(struct replay *replay, const struct policy *policy, struct err *err)
{
	const struct schedule_problem *p = policy->problem;

	replay->problem = *p;
	replay->need = malloc(((size_t)p->needs + 1) * sizeof replay->need[0]);
	replay->start = calloc((size_t)p->works + 1, sizeof replay->start[0]);
	replay->finish = malloc(((size_t)p->works + 1) * sizeof replay->finish[0]);
	replay->ends = calloc((size_t)p->initiatives + 1, sizeof replay->ends[0]);
	replay->factors =
	    malloc(forecast_block_room(policy->pf->factors) * sizeof replay->factors[0]);
	if (replay->need == NULL || replay->start == NULL || replay->finish == NULL ||
	    replay->ends == NULL || replay->factors == NULL)
		return err_oom(err);
	memcpy(replay->need, p->need, p->needs * sizeof replay->need[0]);
	replay->problem.need = replay->need;
	/* What is in a circle, or behind one, is never done. */
	for (uint32_t w = 0; w < p->works; w++)
		replay->finish[w] = SCHEDULE_BEYOND;
	return ledger_init(&replay->ledger, &replay->problem, err);
}

static void
replay_fini(struct replay *replay)
{
	free(replay->need);
	free(replay->start);
	free(replay->finish);
	free(replay->ends);
	free(replay->factors);
	ledger_fini(&replay->ledger);
}

static int32_t
place(void *arg, uint32_t work, int32_t earliest, int32_t *start)
{
	struct replay *replay = arg;
	const struct schedule_work *w = &replay->problem.work[work];
	int32_t from = earliest > w->not_before ? earliest : w->not_before;
	int64_t left;

	if (w->needs_count == 0) {
		*start = from;
		return from > replay->problem.days ? SCHEDULE_BEYOND : from;
	}
	return ledger_place(&replay->ledger, work, from, true, start, &left);
}

static void
set_efforts(struct replay *replay, const struct policy *policy, uint32_t in_block)
{
	const struct plan_forecast *pf = policy->pf;

	for (uint32_t i = 0; i < pf->pieces_count; i++) {
		const struct schedule_work *work =
		    &replay->problem.work[pf->pieces[i].number * PLAN_STAGES + PLAN_EFFORT];
		double factor = replay->factors[(size_t)i * FORECAST_BLOCK + in_block];

		for (uint32_t n = work->needs_first; n < work->needs_first + work->needs_count;
		     n++) {
			double effort = round((double)policy->problem->need[n].effort * factor);

			replay->need[n].effort = effort < 1              ? 1
						 : effort > LIMIT_EFFORT ? LIMIT_EFFORT
									 : (int64_t)effort;
		}
	}
}

static float
end_of(int32_t finish, bool takes_time)
{
	return finish >= SCHEDULE_BEYOND ? INFINITY : (float)(finish + !takes_time);
}

static void
keep_ends(struct replay *replay, const struct policy *policy, uint32_t draw)
{
	const struct schedule_problem *p = policy->problem;
	struct plan_forecast *pf = policy->pf;
	float *ends = pf->ends[MODE_RESCHEDULE] + draw;
	float last = 0;

	memset(replay->ends, 0, p->initiatives * sizeof replay->ends[0]);
	for (uint32_t w = 0; w < p->works; w++) {
		int32_t *end = &replay->ends[p->work[w].initiative];

		*end = replay->finish[w] > *end ? replay->finish[w] : *end;
	}
	for (uint32_t i = 0; i < p->initiatives; i++) {
		float end = end_of(replay->ends[i], policy->takes_time[i]);

		ends[(size_t)i * pf->draws] = end;
		last = end > last ? end : last;
	}
	for (uint32_t k = 0; k < pf->kept_count; k++)
		ends[(size_t)(p->initiatives + k) * pf->draws] =
		    end_of(replay->finish[pf->kept[k] * PLAN_STAGES + PLAN_END], true);
	ends[(size_t)(pf->rows - 1) * pf->draws] = last;
}

/* A block of draws. */
static bool
lay_block(void *arg, uint32_t block, unsigned worker, struct err *err)
{
	struct policy *policy = arg;
	struct plan_forecast *pf = policy->pf;
	struct replay *replay = &policy->replays[worker];
	const struct schedule_problem *p = policy->problem;
	size_t cells = (size_t)schedule_rows(p) * (size_t)p->days;

	forecast_block(pf->factors, block, replay->factors);
	for (uint32_t k = 0; k < FORECAST_BLOCK && block * FORECAST_BLOCK + k < pf->draws; k++) {
		set_efforts(replay, policy, k);
		replay->ledger.count = 0;
		if (cells > 0)
			memcpy(replay->ledger.left, p->capacity,
			    cells * sizeof replay->ledger.left[0]);
		memset(replay->ledger.first_day, 0, p->givers * sizeof replay->ledger.first_day[0]);
		sgs_serial(
		    &policy->net, pf->base->order, place, replay, replay->start, replay->finish);
		if (replay->ledger.failed)
			return err_oom(err);
		keep_ends(replay, policy, block * FORECAST_BLOCK + k);
	}
	return true;
}

static bool
find_those_that_take_time(struct policy *policy, struct err *err)
{
	const struct schedule_problem *p = policy->problem;

	policy->takes_time = calloc((size_t)p->initiatives + 1, 1);
	if (policy->takes_time == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < policy->pf->pieces_count; i++)
		policy->takes_time[p->work[policy->pf->pieces[i].number * PLAN_STAGES].initiative] =
		    1;
	return true;
}

bool
forecast_reschedule(struct plan_forecast *pf, const struct parallel *how, struct err *err)
{
	struct policy policy = {.pf = pf, .problem = &pf->pc.plan->problem};
	uint32_t blocks = (pf->draws + FORECAST_BLOCK - 1) / FORECAST_BLOCK;
	unsigned threads = parallel_threads(how, blocks);
	bool ok;

	policy.replays = calloc(threads, sizeof policy.replays[0]);
	ok = policy.replays != NULL
		 ? lay_net(&policy, err) && find_those_that_take_time(&policy, err)
		 : err_oom(err);
	for (unsigned t = 0; ok && t < threads; t++)
		ok = replay_init(&policy.replays[t], &policy, err);
	ok = ok && parallel_run(how, blocks, lay_block, &policy, err);
	for (unsigned t = 0; policy.replays != NULL && t < threads; t++)
		replay_fini(&policy.replays[t]);
	free(policy.replays);
	free(policy.takes_time);
	free(policy.net.first);
	free(policy.net.before);
	free(policy.net.lag);
	return ok;
}
