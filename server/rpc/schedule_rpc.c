/* plumb.v1.Insight.Schedule: what is done when, as messages. */
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/limits.h"
#include "server/rpc/case_rpc.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"

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
	bool *wanted; /* by initiative of the problem; NULL: all */
	/* by initiative: where its work begins in works, which has the numbers of pieces */
	uint32_t *first;
	uint32_t *works;
	/* the batch at hand */
	struct arena *arena;
	Plumb__V1__ScheduledInitiative *list[BATCH];
	size_t count;
};

static bool
is_cancelled(void *arg)
{
	const struct schedule_call *sc = arg;

	return view_job_cancelled(sc->job);
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
	case_check_until(request->until, sc->job->today, until, faults);
	return faults_none(faults, err);
}

static bool
choose(struct schedule_call *sc, struct err *err)
{
	if (sc->request->n_refs == 0)
		return true;
	sc->wanted =
	    arena_array(sc->job->arena, sc->pc.plan->problem.initiatives + 1, sizeof sc->wanted[0]);
	if (sc->wanted == NULL)
		return err_oom(err);
	memset(sc->wanted, 0, sc->pc.plan->problem.initiatives * sizeof sc->wanted[0]);
	for (size_t i = 0; i < sc->request->n_refs; i++) {
		uint32_t initiative = 0;

		if (!case_find(&sc->pc, sc->job->view, sc->request->refs[i], sc->job->faults,
			&initiative, err))
			return false;
		sc->wanted[initiative] = true;
	}
	return true;
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
	memset(sc->first, 0, (problem->initiatives + 2) * sizeof sc->first[0]);
	for (uint32_t i = 0; i < sc->pc.plan->count; i++)
		sc->first[problem->work[i * PLAN_STAGES].initiative + 2]++;
	for (uint32_t i = 2; i < problem->initiatives + 2; i++)
		sc->first[i] += sc->first[i - 1];
	for (uint32_t i = 0; i < sc->pc.plan->count; i++)
		sc->works[sc->first[problem->work[i * PLAN_STAGES].initiative + 1]++] = i;
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
	return w->ref != NULL && w->title != NULL && w->start != NULL && w->finish != NULL ? w
											   : NULL;
}

static bool
fill_work(const struct schedule_call *sc, uint32_t initiative, Plumb__V1__ScheduledInitiative *out)
{
	uint32_t first = sc->first[initiative], behind = sc->first[initiative + 1];

	out->work = arena_array(sc->arena, behind - first + 1, sizeof out->work[0]);
	for (uint32_t i = first; out->work != NULL && i < behind; i++) {
		out->work[out->n_work] = new_work(sc, sc->works[i]);
		if (out->work[out->n_work++] == NULL)
			return false;
	}
	return out->work != NULL;
}

/* NULL: out of memory. */
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
	return w->after[0] != '\0' || w->by_date || w->giver[0] != '\0';
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
	char text[DATE_TEXT_LEN];

	out->ref = case_ref(&sc->pc, sc->arena, slot);
	out->title = case_title(&sc->pc, sc->arena, slot);
	out->rank = sc->pc.ix.rank[slot] != RANK_NONE ? sc->pc.ix.rank[slot] : 0;
	out->start = case_day(&sc->pc, sc->arena, first_day(sc, initiative));
	out->finish = case_finish(&sc->pc, sc->arena, end->start, end->finish);
	out->finish_without_backfill =
	    case_finish(&sc->pc, sc->arena, strict->start, strict->finish);
	out->earliest = copy_bound(sc, end->bound);
	out->due = arena_strdup(sc->arena, date_format(plan_case_due(&sc->pc, initiative), text));
	out->left = end->left;
	out->is_line = sc->by[BACKFILL]->line == initiative;
	return out->ref != NULL && out->title != NULL && out->start != NULL &&
	       out->finish != NULL && out->finish_without_backfill != NULL &&
	       out->earliest != NULL && out->due != NULL;
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
	if (!fill(sc, initiative, out) || (sc->request->work && !fill_work(sc, initiative, out)))
		return err_oom(err);
	if (sc->request->why && !fill_waits(sc, initiative, out, err))
		return false;
	sc->list[sc->count++] = out;
	if (sc->count < BATCH && arena_used(sc->arena) < BATCH_BYTES)
		return true;
	plumb__v1__schedule_reply__init(&reply);
	return flush(sc, &reply, err);
}

static bool
send_summary(struct schedule_call *sc, struct err *err)
{
	const struct schedule *schedule = sc->by[BACKFILL];
	Plumb__V1__ScheduleReply reply;

	plumb__v1__schedule_reply__init(&reply);
	reply.done = true;
	reply.total = schedule->initiatives;
	for (uint32_t i = 0; i < schedule->initiatives; i++)
		reply.unfinished += schedule->initiative[i].finish >= SCHEDULE_BEYOND;
	if (schedule->line != SCHEDULE_NONE)
		reply.line = case_ref(&sc->pc, sc->arena, sc->pc.plan->heads[schedule->line]);
	reply.finish = case_finish(&sc->pc, sc->arena, 0, schedule->finish);
	reply.finish_ignoring_ranks = case_finish(&sc->pc, sc->arena, 0, sc->by[UNRANKED]->finish);
	reply.earliest = copy_bound(sc, schedule->bound);
	reply.unknown = sc->pc.plan->unknown;
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
	    .arg = sc,
	};

	for (int i = 0; i < POLICIES; i++) {
		struct schedule_policy policy = base;

		policy.backfill = i != STRICT;
		policy.ignores_ranks = i == UNRANKED;
		sc->by[i] = schedule_run(&sc->pc.plan->problem, &policy, err);
		if (sc->by[i] == NULL)
			return false;
	}
	return true;
}

static bool
answer(struct schedule_call *sc, int32_t until, struct err *err)
{
	if (!plan_case_open(&sc->pc, sc->job->view, sc->job->today, until, is_cancelled, sc, err) ||
	    !choose(sc, err) || !sort_work(sc, err) || !run_policies(sc, err))
		return false;
	for (uint32_t i = 0; i < sc->pc.plan->problem.initiatives; i++) {
		if (i % CANCEL_EVERY == 0 && is_cancelled(sc))
			return err_set(
			    err, ERR_CANCELLED, "working out the schedule was cancelled");
		if ((sc->wanted == NULL || sc->wanted[i]) && !add(sc, i, err))
			return false;
	}
	return send_summary(sc, err);
}

static bool
run_schedule(struct view_job *job, struct err *err)
{
	struct schedule_call sc = {.job = job, .request = job->arg};
	int32_t until;
	bool ok;

	if (!check_request(&sc, &until, err))
		return false;
	sc.arena = arena_new(BATCH_MEMORY);
	ok = sc.arena != NULL ? answer(&sc, until, err) : err_oom(err);
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
