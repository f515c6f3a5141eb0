/* See impact_delay.h. */
#include "server/insight/impact_delay.h"

#include <stdlib.h>

#include "common/calendar.h"
#include "server/insight/impact.h"
#include "server/insight/schedule/schedule_slack.h"
#include "server/limits.h"

struct run {
	struct impact_delay *delay;
	struct schedule_policy policy;
	struct schedule *base;
	uint32_t
	    work; /* whose not_before the delay moves: the end of a piece, or the beginning of what waits for an ask */
	int32_t days;
};

/* The last day of each piece; what is never done ends behind all days. */
static void
take_ends(const struct plan_case *pc, const struct schedule *schedule, int32_t *ends)
{
	for (uint32_t n = 0; n < pc->plan->count; n++) {
		int32_t finish = schedule->work[n * PLAN_STAGES + PLAN_END].finish;

		ends[pc->plan->slots[n]] =
		    finish >= SCHEDULE_BEYOND ? IMPACT_BEYOND : pc->plan->first_day + finish - 1;
	}
}

static bool
is_waited_for(const struct schedule_problem *p, uint32_t work)
{
	for (uint32_t e = 0; e < p->arcs; e++) {
		if (p->arc[e].before == work)
			return true;
	}
	return false;
}

/* The days up to the latest start of whatever begins behind it. */
static bool
find_slack(struct run *r, bool is_head, struct err *err)
{
	const struct schedule_problem *p = &r->delay->pc.plan->problem;
	int32_t finish = r->base->work[r->work].finish, latest = SCHEDULE_BEYOND;
	uint32_t *end_of;
	struct slack *slack;

	if (is_head && !is_waited_for(p, r->work))
		return true;
	end_of = malloc(((size_t)p->works + 1) * sizeof *end_of);
	if (end_of == NULL)
		return err_oom(err);
	/* The effort of a piece of work ends with it. */
	for (uint32_t w = 0; w < p->works; w++)
		end_of[w] = w % PLAN_STAGES == PLAN_EFFORT ? w - PLAN_EFFORT + PLAN_END : w;
	slack = slack_new(r->base, p, end_of, r->policy.stop, r->policy.arg, err);
	if (slack == NULL) {
		free(end_of);
		return false;
	}
	/* That of an initiative's own end is how late the initiative may end as it is: not at all. */
	if (!is_head)
		latest = slack_latest(slack, r->work);
	for (uint32_t e = 0; e < p->arcs; e++) {
		int32_t start;

		if (p->arc[e].before != r->work)
			continue;
		start = slack_latest(slack, p->arc[e].after);
		if (start < SCHEDULE_BEYOND && start - p->arc[e].lag < latest)
			latest = start - p->arc[e].lag;
	}
	slack_free(slack);
	free(end_of);
	if (latest < SCHEDULE_BEYOND)
		r->delay->slack = latest > finish ? latest - finish : 0;
	return true;
}

static void
not_before(struct run *r, int64_t day)
{
	int32_t *stated = &r->delay->pc.plan->work[r->work].not_before;

	if (day > *stated)
		*stated = day < SCHEDULE_BEYOND ? (int32_t)day : SCHEDULE_BEYOND;
}

static bool
lay(struct run *r, int32_t *ends, struct err *err)
{
	struct schedule *schedule = schedule_run(&r->delay->pc.plan->problem, &r->policy, err);

	if (schedule == NULL)
		return false;
	take_ends(&r->delay->pc, schedule, ends);
	schedule_free(r->base);
	r->base = schedule;
	return true;
}

static bool
delay_work(struct run *r, uint32_t piece, struct err *err)
{
	struct impact_delay *delay = r->delay;
	const struct plan_schedule *plan = delay->pc.plan;
	uint32_t slot = plan->slots[piece];

	r->work = piece * PLAN_STAGES + PLAN_END;
	if (!lay(r, delay->before, err))
		return false;
	if (delay->before[slot] == IMPACT_BEYOND) {
		delay->why_not = "it is not finished in the days that are planned as it is";
		return true;
	}
	if (!find_slack(r, plan->heads[plan->problem.work[r->work].initiative] == slot, err))
		return false;
	if (delay->slack >= 0 && r->days <= delay->slack) {
		take_ends(&delay->pc, r->base, delay->after);
		delay->after[slot] += r->days;
		return true;
	}
	not_before(r, (int64_t)r->base->work[r->work].finish + r->days);
	return lay(r, delay->after, err);
}

/* What it was asked for begins behind the day on which it is promised or needed. */
static bool
delay_ask(struct run *r, const struct item *ask, uint32_t piece, struct err *err)
{
	int32_t day = ask->start != DATE_NONE ? ask->start : ask->finish;

	if (day == DATE_NONE) {
		r->delay->why_not =
		    "it says neither by when it is needed nor for when it is promised";
		return true;
	}
	r->work = piece * PLAN_STAGES + PLAN_BEGIN;
	not_before(r, (int64_t)day + 1 - r->delay->pc.plan->first_day);
	if (!lay(r, r->delay->before, err))
		return false;
	not_before(r, (int64_t)day + 1 + r->days - r->delay->pc.plan->first_day);
	return lay(r, r->delay->after, err);
}

/* Days enough for what ends later. */
static int32_t
last_day(const struct plan_case *pc, int32_t days)
{
	int64_t last = (int64_t)pc->last + days;
	int64_t most = (int64_t)pc->ix.today + LIMIT_SCHEDULE_DAYS - 1;

	return (int32_t)(last < most ? last : most);
}

static bool
prepare(struct run *r, uint32_t slot, uint32_t *piece, struct err *err)
{
	struct impact_delay *delay = r->delay;
	struct plan_case *pc = &delay->pc;

	pc->last = last_day(pc, r->days);
	pc->plan = plan_schedule_new_asked(&pc->ix, pc->load, pc->last, err);
	delay->before = calloc((size_t)pc->ix.slots + 1, sizeof *delay->before);
	delay->after = calloc((size_t)pc->ix.slots + 1, sizeof *delay->after);
	if (pc->plan == NULL)
		return false;
	if (delay->before == NULL || delay->after == NULL)
		return err_oom(err);
	for (uint32_t s = 0; s < pc->ix.slots; s++)
		delay->before[s] = delay->after[s] = DATE_NONE;
	*piece = slot != SLOT_NONE ? pc->plan->number[slot] : SCHEDULE_NONE;
	if (pc->plan->problem.needs == 0)
		delay->why_not = "no running work says whom it needs for how much";
	else if (*piece == SCHEDULE_NONE)
		delay->why_not = "only work that runs is scheduled";
	return true;
}

bool
impact_delay_open(struct impact_delay *delay, const struct index *ix, uint32_t slot, int32_t days,
    index_stop_fn stop, void *arg, struct err *err)
{
	struct run r = {.delay = delay,
	    .policy = {.backfill = true,
		.tries = PLAN_CASE_TRIES,
		.seed = PLAN_CASE_SEED,
		.stop = stop,
		.arg = arg},
	    .days = days};
	const struct item *item;
	uint32_t piece = SCHEDULE_NONE;
	bool ok;

	*delay = (struct impact_delay){.slack = -1};
	delay->load = load_run_asks(ix, stop, arg, err);
	if (delay->load == NULL)
		return false;
	plan_case_lend(&delay->pc, ix, delay->load);
	item = ix->items[slot];
	if (!prepare(&r, item->kind == KIND_ASK ? ix->part_of[slot] : slot, &piece, err))
		return false;
	if (delay->why_not != NULL)
		return true;
	ok = item->kind == KIND_ASK ? delay_ask(&r, item, piece, err) : delay_work(&r, piece, err);
	schedule_free(r.base);
	return ok;
}

void
impact_delay_close(struct impact_delay *delay)
{
	free(delay->before);
	free(delay->after);
	plan_case_close(&delay->pc);
	load_free(delay->load);
	*delay = (struct impact_delay){.slack = -1};
}
