/* plumb.v1.Insight.Schedule: what is done when, as messages. */
#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/schedule/schedule_slack.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/rpc/case_rpc.h"
#include "server/rpc/handlers.h"
#include "server/rpc/job_progress.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/schedule_bookings.h"

#define BATCH        100u
#define BATCH_BYTES  ((size_t)1 << 20)
#define BATCH_MEMORY ((size_t)24 << 20)
#define CHAIN_MAX    20u
#define TRIES_MAX    1000u
#define CANCEL_EVERY 64u

enum policy { BACKFILL, STRICT, UNRANKED, POLICIES };

struct schedule_call {
	struct view_job *job;
	const Plumb__V1__ScheduleRequest *request;
	struct plan_case pc;
	struct schedule *by[POLICIES];
	struct slack *slack; /* NULL: not asked for */
	uint32_t *end_of;    /* for it */
	bool *wanted;        /* by initiative of the problem; NULL: all */
	/* by initiative: where its work begins in works, which has the numbers of pieces */
	uint32_t *first;
	uint32_t *works;
	int64_t *of_nobody; /* by initiative: effort that is asked of nobody */
	/* the batch at hand */
	struct arena *arena;
	Plumb__V1__ScheduledInitiative *list[BATCH];
	size_t count;
	/* what is told meanwhile */
	int running; /* policy */
	struct job_progress progress;
};

static bool
is_cancelled(void *arg)
{
	const struct schedule_call *sc = arg;

	return job_progress_is_over(&sc->progress);
}

static bool
stopped(const struct schedule_call *sc, struct err *err)
{
	return job_progress_is_over(&sc->progress) &&
	       !err_set(err, ERR_CANCELLED, "working out the schedule was cancelled");
}

/* Of all policies together. */
static void
tell(void *arg, double part)
{
	struct schedule_call *sc = arg;
	Plumb__V1__ScheduleReply reply;

	if (!job_progress_is_due(&sc->progress))
		return;
	plumb__v1__schedule_reply__init(&reply);
	reply.progress__case = PLUMB__V1__SCHEDULE_REPLY__PROGRESS__PROGRESS;
	reply.progress = (sc->running + part) / POLICIES;
	job_progress_send(&sc->progress, &reply.base);
}

/* ---- what is asked for */

static bool
check_request(struct schedule_call *sc, int32_t *until, struct err *err)
{
	const Plumb__V1__ScheduleRequest *request = sc->request;
	struct faults *faults = sc->job->faults;

	if (request->n_refs > LIMIT_NAMES)
		faults_add(faults, "refs", "at most %u names at once", LIMIT_NAMES);
	if (request->tries > TRIES_MAX)
		faults_add(
		    faults, "tries", "is 1 to %u; not stated: %u", TRIES_MAX, PLAN_CASE_TRIES);
	if (request->bookings > PLUMB__V1__SCHEDULE_REQUEST__BOOKINGS__BY_DAY)
		faults_add(faults, "bookings", "is 0 to 2");
	case_check_until(request->until, sc->job->today, until, faults);
	return faults_none(faults, err);
}

/* Pieces of work by initiative, each in the order of its number. */
static bool
sort_work(struct schedule_call *sc, struct err *err)
{
	const struct schedule_problem *problem = &sc->pc.plan->problem;

	sc->first = arena_array(sc->job->arena, problem->initiatives + 2, sizeof sc->first[0]);
	sc->works = arena_array(sc->job->arena, sc->pc.plan->count + 1, sizeof sc->works[0]);
	if (sc->first == NULL || sc->works == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < sc->pc.plan->count; i++)
		sc->first[problem->work[i * PLAN_STAGES].initiative + 2]++;
	for (uint32_t i = 2; i < problem->initiatives + 2; i++)
		sc->first[i] += sc->first[i - 1];
	for (uint32_t i = 0; i < sc->pc.plan->count; i++)
		sc->works[sc->first[problem->work[i * PLAN_STAGES].initiative + 1]++] = i;
	return true;
}

static bool
find_of_nobody(struct schedule_call *sc, struct err *err)
{
	const struct plan_schedule *plan = sc->pc.plan;
	uint32_t count;
	const struct load_unplaced *list = load_unplaced(sc->pc.load, &count);

	sc->of_nobody =
	    arena_array(sc->job->arena, plan->problem.initiatives + 1, sizeof sc->of_nobody[0]);
	if (sc->of_nobody == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = plan->number[list[i].work];

		if (list[i].why == LOAD_NOBODY && number != SCHEDULE_NONE)
			sc->of_nobody[plan->problem.work[number * PLAN_STAGES].initiative] +=
			    list[i].effort;
	}
	return true;
}

/* ---- messages */

static char *
copy_bound(const struct schedule_call *sc, int32_t bound)
{
	if (bound > sc->pc.plan->problem.days)
		bound = SCHEDULE_BEYOND;
	return case_finish(&sc->pc, sc->arena, 0, bound);
}

/* An exclusive end as a date; none behind the horizon. */
static int32_t
last_day(const struct schedule_call *sc, int32_t start, int32_t finish)
{
	if (finish >= SCHEDULE_BEYOND)
		return DATE_NONE;
	return sc->pc.plan->first_day + (finish > start ? finish - 1 : finish);
}

/* The last of the days on which initiatives are finished: of one that takes no time, the day itself. */
static char *
last_finish(const struct schedule_call *sc, const struct schedule *schedule)
{
	int32_t last = 0;

	for (uint32_t i = 0; i < schedule->initiatives; i++) {
		const struct schedule_end *end = &schedule->initiative[i];
		int32_t behind = end->finish > end->start ? end->finish : end->finish + 1;

		last = behind > last ? behind : last;
	}
	return case_finish(
	    &sc->pc, sc->arena, 0, schedule->finish < SCHEDULE_BEYOND ? last : schedule->finish);
}

/* How many days a date is behind what was planned; of what is not until the horizon's end, the day after at the earliest. */
static int32_t
days_late(const struct schedule_call *sc, int32_t planned, int32_t date)
{
	if (planned == DATE_NONE)
		return 0;
	if (date == DATE_NONE)
		date = sc->pc.last + 1;
	return date > planned ? date - planned : 0;
}

static bool
works_on(const struct schedule_problem *problem, const struct schedule_need *need, int32_t day)
{
	for (uint32_t k = 0; k < need->pool_count; k++) {
		uint32_t giver = problem->pool[need->pool_first + k];

		if (problem->capacity[(size_t)giver * (size_t)problem->days + (size_t)day] > 0)
			return true;
	}
	return need->pool_count == 0 && need->giver != SCHEDULE_NONE &&
	       problem->capacity[(size_t)need->giver * (size_t)problem->days + (size_t)day] > 0;
}

/* From a stated start on, the first day on which one works of whom it is asked: the start itself where nobody ever does. */
static int32_t
first_workday(const struct schedule_call *sc, const struct schedule_work *work, int32_t start)
{
	const struct schedule_problem *problem = &sc->pc.plan->problem;

	if (work->needs_count == 0)
		return start;
	for (int32_t day = start - sc->pc.plan->first_day; day < problem->days; day++)
		for (uint32_t n = 0; n < work->needs_count; n++)
			if (works_on(problem, &problem->need[work->needs_first + n], day))
				return sc->pc.plan->first_day + day;
	return start;
}

/* A start that is over says when it was begun, and not when the rest of it shall be. */
static int32_t
start_late(const struct schedule_call *sc, uint32_t number)
{
	uint32_t work = number * PLAN_STAGES + PLAN_EFFORT;
	int32_t stated = sc->pc.ix.items[sc->pc.plan->slots[number]]->start;
	int32_t start = sc->by[BACKFILL]->work[work].start;

	if (stated == DATE_NONE || stated < sc->job->today || stated > sc->pc.last)
		return 0;
	return days_late(sc, first_workday(sc, &sc->pc.plan->problem.work[work], stated),
	    last_day(sc, start, start));
}

/* Its own, or its periods'. */
static int32_t
own_due(const struct schedule_call *sc, uint32_t slot)
{
	int32_t due = sc->pc.ix.items[slot]->finish;

	return due != DATE_NONE ? due : index_periods_end(&sc->pc.ix, slot);
}

/* From the day on which it ends, as it is told, to the last one before that end. */
static int32_t
days_to(const struct schedule_result *results, int32_t end)
{
	int32_t start = results[PLAN_BEGIN].start, finish = results[PLAN_END].finish;
	int32_t day = finish > start ? finish - 1 : finish;

	return end - 1 > day ? end - 1 - day : 0;
}

/* Both from the end of its own effort where that is what ends last. */
static void
fill_slack(const struct schedule_call *sc, uint32_t number, Plumb__V1__ScheduledWork *w)
{
	const struct schedule_result *results = &sc->by[BACKFILL]->work[number * PLAN_STAGES];
	uint32_t work = number * PLAN_STAGES + PLAN_EFFORT;
	int32_t latest, beside;

	if (sc->pc.plan->problem.work[work].needs_count == 0 ||
	    results[PLAN_EFFORT].finish < results[PLAN_END].finish)
		work = number * PLAN_STAGES + PLAN_END;
	latest = slack_latest(sc->slack, work);
	if (latest == SCHEDULE_BEYOND)
		return;
	beside = slack_beside(sc->slack, work);
	latest = beside > latest ? beside : latest;
	w->slack__case = PLUMB__V1__SCHEDULED_WORK__SLACK__SLACK_DAYS;
	w->slack_days = days_to(results, latest);
	w->free__case = PLUMB__V1__SCHEDULED_WORK__FREE__FREE_DAYS;
	w->free_days = days_to(results, slack_alone(sc->slack, work));
}

static int64_t
effort_of(const struct schedule_problem *problem, uint32_t work)
{
	int64_t sum = 0;

	for (uint32_t n = 0; n < problem->work[work].needs_count; n++)
		sum += problem->need[problem->work[work].needs_first + n].effort;
	return sum;
}

static Plumb__V1__ScheduledWork *
new_work(const struct schedule_call *sc, uint32_t number)
{
	const struct schedule_result *results = &sc->by[BACKFILL]->work[number * PLAN_STAGES];
	Plumb__V1__ScheduledWork *w = arena_alloc(sc->arena, sizeof *w);
	uint32_t slot = sc->pc.plan->slots[number];

	if (w == NULL)
		return NULL;
	plumb__v1__scheduled_work__init(w);
	w->ref = case_ref(&sc->pc, sc->arena, slot);
	w->title = case_title(&sc->pc, sc->arena, slot);
	w->start = case_day(&sc->pc, sc->arena, results[PLAN_EFFORT].start);
	w->finish =
	    case_finish(&sc->pc, sc->arena, results[PLAN_BEGIN].start, results[PLAN_END].finish);
	w->left = results[PLAN_EFFORT].left;
	w->effort = effort_of(&sc->pc.plan->problem, number * PLAN_STAGES + PLAN_EFFORT);
	w->due = reply_date(sc->arena, own_due(sc, slot));
	w->own_start = reply_date(sc->arena, sc->pc.ix.items[slot]->start);
	w->starts_late_days = start_late(sc, number);
	w->late_days = days_late(sc, own_due(sc, slot),
	    last_day(sc, results[PLAN_BEGIN].start, results[PLAN_END].finish));
	if (sc->slack != NULL)
		fill_slack(sc, number, w);
	return w->ref != NULL && w->title != NULL && w->start != NULL && w->finish != NULL &&
		       w->due != NULL && w->own_start != NULL
		   ? w
		   : NULL;
}

static bool
fill_work(struct schedule_call *sc, uint32_t initiative, Plumb__V1__ScheduledInitiative *out,
    struct err *err)
{
	uint32_t first = sc->first[initiative], behind = sc->first[initiative + 1];

	out->work = arena_array(sc->arena, behind - first + 1, sizeof out->work[0]);
	for (uint32_t i = first; out->work != NULL && i < behind; i++) {
		if (i % CANCEL_EVERY == 0 && stopped(sc, err))
			return false;
		out->work[out->n_work] = new_work(sc, sc->works[i]);
		if (out->work[out->n_work++] == NULL)
			return err_oom(err);
	}
	return out->work != NULL || err_oom(err);
}

/* NULL: out of memory. */
/* Why nobody can give what it asks for, or by which skill they are chosen. */
static bool
fill_need(
    const struct schedule_call *sc, const struct schedule_why *why, Plumb__V1__ScheduleWait *w)
{
	const struct plan_schedule *plan = sc->pc.plan;
	struct str because;
	bool ok;

	if (why->need == SCHEDULE_NONE)
		return true;
	w->nobody = why->giver == SCHEDULE_NONE;
	if (plan->problem.need[why->need].pool_count > 0)
		w->skill =
		    arena_strdup(sc->arena, load_skill(sc->pc.load, plan->stated[why->need].skill));
	if (!w->nobody)
		return w->skill != NULL;
	str_init(&because, (size_t)1 << 20);
	ok = plan_need_why(plan, &sc->pc.ix, sc->pc.load, why->need, &because);
	w->nobody_because = arena_strdup(sc->arena, ok ? because.data : "");
	str_fini(&because);
	return ok && w->nobody_because != NULL;
}

static Plumb__V1__ScheduleWait *
new_wait(const struct schedule_call *sc, uint32_t work, const struct schedule_why *why)
{
	const struct plan_schedule *plan = sc->pc.plan;
	Plumb__V1__ScheduleWait *w = arena_alloc(sc->arena, sizeof *w);
	uint32_t slot = plan->slots[work / PLAN_STAGES];
	bool ok;

	if (w == NULL)
		return NULL;
	plumb__v1__schedule_wait__init(w);
	w->work = case_ref(&sc->pc, sc->arena, slot);
	ok = w->work != NULL;
	if (why->before != SCHEDULE_NONE && plan->slots[why->before / PLAN_STAGES] != slot) {
		w->after = case_ref(&sc->pc, sc->arena, plan->slots[why->before / PLAN_STAGES]);
		ok &= w->after != NULL;
	}
	if (why->giver != SCHEDULE_NONE) {
		w->giver = case_ref(&sc->pc, sc->arena, load_who(sc->pc.load, why->giver));
		ok &= w->giver != NULL;
	}
	if (why->holder != SCHEDULE_NONE) {
		w->holder = case_ref(&sc->pc, sc->arena, plan->heads[why->holder]);
		ok &= w->holder != NULL;
	}
	ok &= fill_need(sc, why, w);
	w->by_date = why->by_date;
	w->held = why->held;
	w->never = why->never;
	w->in_circle = sc->by[BACKFILL]->work[work].in_circle;
	return ok ? w : NULL;
}

/* Stages of one piece of work follow each other, and say so only where there is more to say. */
static bool
says_something(const Plumb__V1__ScheduleWait *w)
{
	return w->after[0] != '\0' || w->by_date || w->giver[0] != '\0' || w->nobody;
}

static bool
fill_waits(const struct schedule_call *sc, uint32_t initiative, Plumb__V1__ScheduledInitiative *out,
    struct err *err)
{
	uint32_t works[CHAIN_MAX * PLAN_STAGES], count;
	struct schedule_why why;

	if (!schedule_chain(sc->by[BACKFILL], &sc->pc.plan->problem, initiative, works,
		CHAIN_MAX * PLAN_STAGES, &count, err))
		return false;
	out->waits = arena_array(sc->arena, count + 1, sizeof out->waits[0]);
	if (out->waits == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count && out->n_waits < CHAIN_MAX; i++) {
		if (!schedule_why(sc->by[BACKFILL], &sc->pc.plan->problem, works[i], &why, err))
			return false;
		out->waits[out->n_waits] = new_wait(sc, works[i], &why);
		if (out->waits[out->n_waits] == NULL)
			return err_oom(err);
		out->n_waits += says_something(out->waits[out->n_waits]);
	}
	return true;
}

/* On which somebody works on it; where nobody has to, its beginning. */
static int32_t
first_day(const struct schedule_call *sc, uint32_t initiative)
{
	int32_t first = SCHEDULE_BEYOND;

	for (uint32_t i = sc->first[initiative]; i < sc->first[initiative + 1]; i++) {
		uint32_t effort = sc->works[i] * PLAN_STAGES + PLAN_EFFORT;
		int32_t start = sc->by[BACKFILL]->work[effort].start;

		if (sc->pc.plan->problem.work[effort].needs_count > 0 && start < first)
			first = start;
	}
	return first < SCHEDULE_BEYOND ? first : sc->by[BACKFILL]->initiative[initiative].start;
}

static bool
fill(const struct schedule_call *sc, uint32_t initiative, Plumb__V1__ScheduledInitiative *out)
{
	const struct schedule_end *end = &sc->by[BACKFILL]->initiative[initiative];
	const struct schedule_end *strict = &sc->by[STRICT]->initiative[initiative];
	uint32_t slot = sc->pc.plan->heads[initiative];
	const struct schedule_end *unranked = &sc->by[UNRANKED]->initiative[initiative];
	int32_t due = plan_case_due(&sc->pc, initiative);

	out->ref = case_ref(&sc->pc, sc->arena, slot);
	out->title = case_title(&sc->pc, sc->arena, slot);
	out->rank = case_rank(&sc->pc, initiative);
	out->start = case_day(&sc->pc, sc->arena, first_day(sc, initiative));
	out->finish = case_finish(&sc->pc, sc->arena, end->start, end->finish);
	out->finish_without_backfill =
	    case_finish(&sc->pc, sc->arena, strict->start, strict->finish);
	out->earliest = copy_bound(sc, end->bound);
	out->finish_ignoring_ranks =
	    case_finish(&sc->pc, sc->arena, unranked->start, unranked->finish);
	out->due = reply_date(sc->arena, due);
	out->late_days = days_late(sc, due, last_day(sc, end->start, end->finish));
	out->below_line = end->finish < SCHEDULE_BEYOND && sc->by[BACKFILL]->line < initiative;
	out->left = end->left;
	out->of_nobody = sc->of_nobody[initiative];
	out->is_line = sc->by[BACKFILL]->line == initiative;
	return out->ref != NULL && out->title != NULL && out->start != NULL &&
	       out->finish != NULL && out->finish_without_backfill != NULL &&
	       out->earliest != NULL && out->finish_ignoring_ranks != NULL && out->due != NULL;
}

static bool
flush(struct schedule_call *sc, Plumb__V1__ScheduleReply *reply, struct err *err)
{
	char today[DATE_TEXT_LEN], until[DATE_TEXT_LEN];
	bool ok;

	reply->initiatives = sc->list;
	reply->n_initiatives = sc->count;
	reply->revision = sc->job->revision;
	reply->today = date_format(sc->job->today, today);
	reply->until = date_format(sc->pc.last, until);
	ok = view_job_send(sc->job, &reply->base, err);
	sc->count = 0;
	arena_reset(sc->arena);
	return ok;
}

static bool
add(struct schedule_call *sc, uint32_t initiative, struct err *err)
{
	Plumb__V1__ScheduledInitiative *out = arena_alloc(sc->arena, sizeof *out);
	Plumb__V1__ScheduleReply reply;

	if (out == NULL)
		return err_oom(err);
	plumb__v1__scheduled_initiative__init(out);
	if (!fill(sc, initiative, out))
		return err_oom(err);
	if (sc->request->work && !fill_work(sc, initiative, out, err))
		return false;
	if (sc->request->why && !fill_waits(sc, initiative, out, err))
		return false;
	sc->list[sc->count++] = out;
	if (sc->count < BATCH && arena_used(sc->arena) < BATCH_BYTES)
		return true;
	plumb__v1__schedule_reply__init(&reply);
	return flush(sc, &reply, err);
}

/* Of those that are finished in both. */
static void
fill_price(const struct schedule_call *sc, Plumb__V1__SchedulePrice *price)
{
	const struct schedule *ranked = sc->by[BACKFILL], *free_of = sc->by[UNRANKED];
	double sum[3] = {0};

	plumb__v1__schedule_price__init(price);
	for (uint32_t i = 0; i < ranked->initiatives; i++) {
		int32_t with = ranked->initiative[i].finish;
		int32_t without = free_of->initiative[i].finish;

		price->sooner += with < without;
		price->later += with > without;
		if (with >= SCHEDULE_BEYOND || without >= SCHEDULE_BEYOND)
			continue;
		price->initiatives++;
		sum[0] += with;
		sum[1] += without;
		sum[2] += ranked->initiative[i].bound;
	}
	if (price->initiatives > 0) {
		price->mean_days = sum[0] / price->initiatives;
		price->mean_days_ignoring_ranks = sum[1] / price->initiatives;
		price->mean_days_at_least = sum[2] / price->initiatives;
	}
	if (ranked->finish >= SCHEDULE_BEYOND || free_of->finish >= SCHEDULE_BEYOND)
		return;
	price->last__case = PLUMB__V1__SCHEDULE_PRICE__LAST__LAST_LATER_DAYS;
	price->last_later_days = ranked->finish - free_of->finish;
}

/* Of everything, whatever was asked for. */
static bool
count_late(const struct schedule_call *sc, Plumb__V1__ScheduleReply *reply, struct err *err)
{
	const struct schedule *schedule = sc->by[BACKFILL];

	for (uint32_t i = 0; i < schedule->initiatives; i++)
		reply->late += days_late(sc, plan_case_due(&sc->pc, i),
				   last_day(sc, schedule->initiative[i].start,
				       schedule->initiative[i].finish)) > 0;
	for (uint32_t number = 0; number < sc->pc.plan->count; number++) {
		const struct schedule_result *results = &schedule->work[number * PLAN_STAGES];
		uint32_t slot = sc->pc.plan->slots[number];

		if (number % CANCEL_EVERY == 0 && stopped(sc, err))
			return false;
		reply->starts_late += start_late(sc, number) > 0;
		if (sc->pc.ix.kinds[slot] == KIND_MILESTONE)
			reply->milestones_late += days_late(sc, own_due(sc, slot),
						      last_day(sc, results[PLAN_BEGIN].start,
							  results[PLAN_END].finish)) > 0;
	}
	return true;
}

static bool
send_summary(struct schedule_call *sc, struct err *err)
{
	const struct schedule *schedule = sc->by[BACKFILL];
	Plumb__V1__ScheduleReply reply;
	Plumb__V1__SchedulePrice price;

	plumb__v1__schedule_reply__init(&reply);
	if (!count_late(sc, &reply, err))
		return false;
	fill_price(sc, &price);
	reply.done = true;
	reply.total = schedule->initiatives;
	for (uint32_t i = 0; i < schedule->initiatives; i++) {
		reply.unfinished += schedule->initiative[i].finish >= SCHEDULE_BEYOND;
		reply.below_line +=
		    schedule->initiative[i].finish < SCHEDULE_BEYOND && schedule->line < i;
	}
	if (schedule->line != SCHEDULE_NONE)
		reply.line = case_ref(&sc->pc, sc->arena, sc->pc.plan->heads[schedule->line]);
	reply.finish = last_finish(sc, schedule);
	reply.finish_ignoring_ranks = last_finish(sc, sc->by[UNRANKED]);
	reply.earliest = copy_bound(sc, schedule->bound);
	reply.unknown = sc->pc.plan->unknown;
	reply.price = &price;
	if (reply.line == NULL || reply.finish == NULL || reply.finish_ignoring_ranks == NULL ||
	    reply.earliest == NULL)
		return err_oom(err);
	return flush(sc, &reply, err);
}

/* ---- the answer */

static bool
run_policies(struct schedule_call *sc, struct err *err)
{
	const struct schedule_policy base = {
	    .tries = sc->request->tries > 0 ? sc->request->tries : PLAN_CASE_TRIES,
	    .seed = PLAN_CASE_SEED,
	    .stop = is_cancelled,
	    .progress = tell,
	    .arg = sc,
	};

	for (int i = 0; i < POLICIES; i++) {
		struct schedule_policy policy = base;

		policy.backfill = i != STRICT;
		policy.ignores_ranks = i == UNRANKED;
		sc->running = i;
		sc->by[i] = schedule_run(&sc->pc.plan->problem, &policy, err);
		if (sc->by[i] == NULL)
			return false;
	}
	return true;
}

/* The effort of a piece of work ends with it. */
static bool
find_slack(struct schedule_call *sc, struct err *err)
{
	uint32_t works = sc->pc.plan->problem.works;

	sc->end_of = arena_array(sc->job->arena, (size_t)works + 1, sizeof sc->end_of[0]);
	if (sc->end_of == NULL)
		return err_oom(err);
	for (uint32_t w = 0; w < works; w++)
		sc->end_of[w] = w % PLAN_STAGES == PLAN_EFFORT ? w - PLAN_EFFORT + PLAN_END : w;
	sc->slack =
	    slack_new(sc->by[BACKFILL], &sc->pc.plan->problem, sc->end_of, is_cancelled, sc, err);
	return sc->slack != NULL;
}

/* Behind what was told of initiatives. */
static bool
send_all_bookings(struct schedule_call *sc, struct err *err)
{
	const struct schedule_booked booked = {.job = sc->job,
	    .pc = &sc->pc,
	    .schedule = sc->by[BACKFILL],
	    .wanted = sc->wanted,
	    .by_day = sc->request->bookings == PLUMB__V1__SCHEDULE_REQUEST__BOOKINGS__BY_DAY,
	    .arena = sc->arena};
	Plumb__V1__ScheduleReply reply;

	if (sc->request->bookings == PLUMB__V1__SCHEDULE_REQUEST__BOOKINGS__NO_BOOKINGS)
		return true;
	plumb__v1__schedule_reply__init(&reply);
	if (sc->count > 0 && !flush(sc, &reply, err))
		return false;
	return schedule_send_bookings(&booked, err);
}

static bool
answer(struct schedule_call *sc, int32_t until, struct err *err)
{
	if (!plan_case_open(&sc->pc, sc->job->view, sc->job->today, until, is_cancelled, sc, err) ||
	    !case_choose(&sc->pc, sc->job->view, sc->request->refs, sc->request->n_refs,
		sc->job->arena, sc->job->faults, &sc->wanted, err) ||
	    !sort_work(sc, err) || !find_of_nobody(sc, err) || !run_policies(sc, err))
		return false;
	if (sc->request->work && !find_slack(sc, err))
		return false;
	for (uint32_t i = 0; i < sc->pc.plan->problem.initiatives; i++) {
		if (i % CANCEL_EVERY == 0 && stopped(sc, err))
			return false;
		if ((sc->wanted == NULL || sc->wanted[i]) && !add(sc, i, err))
			return false;
	}
	return send_all_bookings(sc, err) && send_summary(sc, err);
}

static bool
run_schedule(struct view_job *job, struct err *err)
{
	struct schedule_call sc = {.job = job, .request = job->arg};
	int32_t until;
	bool ok;

	if (!check_request(&sc, &until, err))
		return false;
	job_progress_begin(&sc.progress, job);
	sc.arena = arena_new(BATCH_MEMORY);
	ok = sc.arena != NULL ? answer(&sc, until, err) : err_oom(err);
	job_progress_explain(&sc.progress, err);
	slack_free(sc.slack);
	for (int i = 0; i < POLICIES; i++)
		schedule_free(sc.by[i]);
	plan_case_close(&sc.pc);
	arena_free(sc.arena);
	return ok;
}

void
handle_insight_schedule(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ScheduleRequest *request = (const Plumb__V1__ScheduleRequest *)message;

	job_view(call, request->at, run_schedule, (void *)(uintptr_t)request);
}
