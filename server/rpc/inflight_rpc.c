/* plumb.v1.Insight.InFlight: what each running initiative adds, and who would count more elsewhere, as messages. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/inflight.pb-c.h"
#include "server/insight/inflight.h"
#include "server/insight/schedule/moves.h"
#include "server/insight/schedule/moves_people.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/case_rpc.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/handlers.h"
#include "server/rpc/job_progress.h"
#include "server/rpc/jobs.h"
#include "server/rpc/moves_plan.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"

#define MESSAGE         50u /* initiatives */
#define SCRATCH         ((size_t)24 << 20)
#define TARGETS_DEFAULT LIMIT_INFLIGHT_TARGETS
#define WAYS            3u  /* told for each that ends late */
#define ATTEMPTS        4u  /* days that are tried for it */
#define UNSCHEDULED     20u /* named */

struct flight_call {
	struct view_job *job;
	const Plumb__V1__InFlightRequest *request;
	struct job_progress progress;
	struct index ix;
	struct inflight *flight;
	uint32_t team;       /* SLOT_NONE: all */
	uint32_t only;       /* initiative; SLOT_NONE: all */
	struct arena *arena; /* of one message */
	Plumb__V1__InFlightReply last;
	/* moves */
	struct plan_case pc;
	struct moves_plan mp;
	struct schedule_policy policy;
	struct schedule *base;
	struct involved involved;
	struct moves_people people; /* for the initiative at hand */
	struct move *extra;         /* the same as moves alone */
	size_t tries_cap;
	uint32_t targets;
	uint32_t found;
};

static bool
is_cancelled(void *arg)
{
	return job_progress_is_over(&((const struct flight_call *)arg)->progress);
}

static char *
ref_of(const struct flight_call *fc, uint32_t slot)
{
	return customer_ref(fc->arena, &fc->ix, slot);
}

/* ---- one initiative */

/* A number that may be not known. */
#define SET(out, name, constant, number)                                                           \
	do {                                                                                       \
		if (isfinite(number)) {                                                            \
			(out)->name##__case = PLUMB__V1__IN_FLIGHT_##constant;                     \
			(out)->name = (number);                                                    \
		}                                                                                  \
	} while (0)

static Plumb__V1__InFlightGain *
new_gain(const struct flight_call *fc, const struct inflight_gain *g)
{
	Plumb__V1__InFlightGain *out = arena_alloc(fc->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__in_flight_gain__init(out);
	out->objective = ref_of(fc, g->objective);
	out->measure = ref_of(fc, g->measure);
	SET(out, share, GAIN__SHARE__SHARE, g->share);
	SET(out, effect, GAIN__EFFECT__EFFECT, g->effect);
	out->others = g->others;
	out->movers = g->movers;
	return out->objective != NULL && out->measure != NULL ? out : NULL;
}

static Plumb__V1__InFlightOverlap *
new_overlap(const struct flight_call *fc, const struct inflight_overlap *o)
{
	Plumb__V1__InFlightOverlap *out = arena_alloc(fc->arena, sizeof *out);
	uint32_t named = o->count < INFLIGHT_OTHERS ? o->count : INFLIGHT_OTHERS;

	if (out == NULL)
		return NULL;
	plumb__v1__in_flight_overlap__init(out);
	out->about = ref_of(fc, o->about);
	out->with = arena_array(fc->arena, named + 1, sizeof out->with[0]);
	if (out->about == NULL || out->with == NULL)
		return NULL;
	for (uint32_t i = 0; i < named; i++) {
		out->with[i] = ref_of(fc, o->with[i]);
		if (out->with[out->n_with++] == NULL)
			return NULL;
	}
	out->more = o->count - named;
	return out;
}

static Plumb__V1__InFlightConflict *
new_conflict(const struct flight_call *fc, const struct inflight_conflict *c)
{
	Plumb__V1__InFlightConflict *out = arena_alloc(fc->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__in_flight_conflict__init(out);
	out->with = ref_of(fc, c->with);
	out->about = ref_of(fc, c->about);
	out->effect = c->effect;
	out->other_effect = c->other_effect;
	out->more = c->more;
	return out->with != NULL && out->about != NULL ? out : NULL;
}

static const char *
status_of(const struct item *item)
{
	static const char *const names[] = {
	    "", "proposed", "approved", "active", "paused", "done", "stopped"};

	return item->status < sizeof names / sizeof names[0] ? names[item->status] : "";
}

static Plumb__V1__InFlightPatch *
new_patch(const struct flight_call *fc, const struct inflight_patch *p)
{
	Plumb__V1__InFlightPatch *out = arena_alloc(fc->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__in_flight_patch__init(out);
	out->eases = ref_of(fc, p->eases);
	out->removed_by = ref_of(fc, p->removed_by);
	out->status = pb_str(status_of(fc->ix.items[p->removed_by]));
	return out->eases != NULL && out->removed_by != NULL ? out : NULL;
}

static char *
unit_of(const struct flight_call *fc, uint32_t measure)
{
	const Plumb__V1__Item *item =
	    (const Plumb__V1__Item *)codec_decode(fc->ix.items[measure], fc->arena);

	if (item == NULL)
		return NULL;
	return item->body_case == PLUMB__V1__ITEM__BODY_MEASURE ? item->measure->unit : pb_str("");
}

static Plumb__V1__InFlightResult *
new_result(const struct flight_call *fc, const struct inflight_result *r)
{
	Plumb__V1__InFlightResult *out = arena_alloc(fc->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__in_flight_result__init(out);
	out->objective = ref_of(fc, r->objective);
	out->measure = ref_of(fc, r->measure);
	out->unit = unit_of(fc, r->measure);
	out->latest_at = reply_date(fc->arena, r->latest_at);
	SET(out, baseline, RESULT__BASELINE__BASELINE, r->baseline);
	SET(out, target, RESULT__TARGET__TARGET, r->target);
	SET(out, latest, RESULT__LATEST__LATEST, r->latest);
	SET(out, expected, RESULT__EXPECTED__EXPECTED, r->expected);
	SET(out, realised, RESULT__REALISED__REALISED, r->realised);
	SET(out, planned_per_unit, RESULT__PLANNED_PER_UNIT__PLANNED_PER_UNIT, r->planned_per_unit);
	SET(out, spent_per_unit, RESULT__SPENT_PER_UNIT__SPENT_PER_UNIT, r->spent_per_unit);
	out->planned_why_not = pb_str(r->planned_why_not);
	out->spent_why_not = pb_str(r->spent_why_not);
	out->movers = r->movers;
	return out->objective != NULL && out->measure != NULL && out->unit != NULL &&
		       out->latest_at != NULL
		   ? out
		   : NULL;
}

/* Fills out->n_<list> and out->list from what one(fc, each) makes. */
#define FILL(fc, of, list, one, out)                                                               \
	do {                                                                                       \
		(out)->list =                                                                      \
		    arena_array((fc)->arena, (of)->list##_count + 1, sizeof(out)->list[0]);        \
		if ((out)->list == NULL)                                                           \
			return NULL;                                                               \
		for (uint32_t i_ = 0; i_ < (of)->list##_count; i_++) {                             \
			(out)->list[i_] = one(fc, &(of)->list[i_]);                                \
			if ((out)->list[(out)->n_##list++] == NULL)                                \
				return NULL;                                                       \
		}                                                                                  \
	} while (0)

static int
by_slot(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Names of slots, each once; sorts them. */
static bool
fill_names_in(struct arena *arena, const struct flight_call *fc, uint32_t *slots, uint32_t count,
    Plumb__V1__InFlightName ***list, size_t *n)
{
	*list = arena_array(arena, count + 1, sizeof(*list)[0]);
	if (*list == NULL)
		return false;
	if (count > 1)
		qsort(slots, count, sizeof slots[0], by_slot);
	for (uint32_t i = 0; i < count; i++) {
		Plumb__V1__InFlightName *name;

		if (slots[i] == SLOT_NONE || (i > 0 && slots[i] == slots[i - 1]))
			continue;
		name = arena_alloc(arena, sizeof *name);
		if (name == NULL)
			return false;
		plumb__v1__in_flight_name__init(name);
		name->ref = customer_ref(arena, &fc->ix, slots[i]);
		name->title = customer_title(arena, &fc->ix, slots[i]);
		if (name->ref == NULL || name->title == NULL)
			return false;
		(*list)[(*n)++] = name;
	}
	return true;
}

static bool
fill_names(const struct flight_call *fc, uint32_t *slots, uint32_t count,
    Plumb__V1__InFlightName ***list, size_t *n)
{
	return fill_names_in(fc->arena, fc, slots, count, list, n);
}

static bool
fill_mentioned(
    const struct flight_call *fc, const struct inflight_of *of, Plumb__V1__InFlightInitiative *out)
{
	uint32_t most = 2 * (of->gains_count + of->conflicts_count + of->patches_count) +
			of->results_count * 2 + of->overlaps_count * (INFLIGHT_OTHERS + 1);
	uint32_t *slots = arena_array(fc->arena, most + 1, sizeof *slots), count = 0;

	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i < of->gains_count; i++) {
		slots[count++] = of->gains[i].objective;
		slots[count++] = of->gains[i].measure;
	}
	for (uint32_t i = 0; i < of->overlaps_count; i++) {
		const struct inflight_overlap *o = &of->overlaps[i];

		slots[count++] = o->about;
		for (uint32_t k = 0; k < o->count && k < INFLIGHT_OTHERS; k++)
			slots[count++] = o->with[k];
	}
	for (uint32_t i = 0; i < of->conflicts_count; i++) {
		slots[count++] = of->conflicts[i].with;
		slots[count++] = of->conflicts[i].about;
	}
	for (uint32_t i = 0; i < of->patches_count; i++) {
		slots[count++] = of->patches[i].eases;
		slots[count++] = of->patches[i].removed_by;
	}
	for (uint32_t i = 0; i < of->results_count; i++) {
		slots[count++] = of->results[i].objective;
		slots[count++] = of->results[i].measure;
	}
	return fill_names(fc, slots, count, &out->names, &out->n_names);
}

static Plumb__V1__InFlightInitiative *
new_initiative(const struct flight_call *fc, const struct inflight_of *of)
{
	Plumb__V1__InFlightInitiative *out = arena_alloc(fc->arena, sizeof *out);
	const struct item *item = fc->ix.items[of->slot];
	uint32_t rank = fc->ix.rank[of->slot];

	if (out == NULL)
		return NULL;
	plumb__v1__in_flight_initiative__init(out);
	out->ref = ref_of(fc, of->slot);
	out->title = arena_strndup(fc->arena, item_title(item), item->title_len);
	out->rank = rank != RANK_NONE ? rank : 0;
	out->status = pb_str(status_of(item));
	out->owner = reply_owner(fc->arena, &fc->ix, of->slot);
	if (of->planned >= 0) {
		out->planned__case = PLUMB__V1__IN_FLIGHT_INITIATIVE__PLANNED__PLANNED;
		out->planned = of->planned;
	}
	if (of->spent >= 0) {
		out->spent__case = PLUMB__V1__IN_FLIGHT_INITIATIVE__SPENT__SPENT;
		out->spent = of->spent;
	}
	FILL(fc, of, gains, new_gain, out);
	FILL(fc, of, overlaps, new_overlap, out);
	FILL(fc, of, conflicts, new_conflict, out);
	FILL(fc, of, patches, new_patch, out);
	FILL(fc, of, results, new_result, out);
	return out->ref != NULL && out->title != NULL && out->owner != NULL &&
		       fill_mentioned(fc, of, out)
		   ? out
		   : NULL;
}

static bool
is_wanted(const struct flight_call *fc, uint32_t initiative)
{
	return (fc->only == SLOT_NONE || initiative == fc->only) &&
	       (fc->team == SLOT_NONE || inflight_has_team(&fc->ix, initiative, fc->team));
}

static bool
send_initiatives(struct flight_call *fc, struct err *err)
{
	Plumb__V1__InFlightInitiative *list[MESSAGE];
	uint32_t count;
	const uint32_t *slots = inflight_list(fc->flight, &count);

	for (uint32_t i = 0; i < count;) {
		Plumb__V1__InFlightReply reply;
		size_t bytes = 0;

		plumb__v1__in_flight_reply__init(&reply);
		reply.initiatives = list;
		arena_reset(fc->arena);
		for (; i < count && reply.n_initiatives < MESSAGE && bytes < LIMIT_FRAME_BODY / 4;
		     i++) {
			const struct inflight_of *of;
			bool active = fc->ix.items[slots[i]]->status == 3;

			if (!is_wanted(fc, slots[i]))
				continue;
			of = inflight_of(fc->flight, slots[i]);
			list[reply.n_initiatives] = of != NULL ? new_initiative(fc, of) : NULL;
			if (list[reply.n_initiatives] == NULL)
				return err_oom(err);
			bytes +=
			    protobuf_c_message_get_packed_size(&list[reply.n_initiatives++]->base);
			fc->last.active += active;
			fc->last.waiting += !active;
		}
		if (is_cancelled(fc))
			return err_set(err, ERR_CANCELLED, "cancelled");
		if (reply.n_initiatives > 0 && !view_job_send(fc->job, &reply.base, err))
			return false;
	}
	return true;
}

/* ---- who would count more elsewhere */

static void
report(void *arg, uint64_t looked, uint64_t total)
{
	struct flight_call *fc = arg;
	Plumb__V1__InFlightReply reply;

	if (!job_progress_is_due(&fc->progress))
		return;
	plumb__v1__in_flight_reply__init(&reply);
	reply.progress__case = PLUMB__V1__IN_FLIGHT_REPLY__PROGRESS__PROGRESS;
	reply.progress =
	    (fc->last.tried - 1 + (double)looked / (double)total) / (double)fc->targets;
	job_progress_send(&fc->progress, &reply.base);
}

static struct moves *
look(struct flight_call *fc, uint32_t target, int32_t by, struct err *err)
{
	const struct plan_case *pc = &fc->pc;
	const struct schedule_problem *problem = &pc->plan->problem;
	struct moves_ask ask = {
	    .problem = problem,
	    .policy = fc->policy,
	    .target = target,
	    .by = by,
	    .lend_only = true,
	    .extra = fc->extra,
	    .extra_count = fc->people.count,
	    .depth = 1,
	    .most = 2 * WAYS,
	    .work = LIMIT_MOVES_WORK / fc->targets / ATTEMPTS,
	    .progress = report,
	    .progress_arg = fc,
	};
	bool *lends = arena_array(fc->job->arena, problem->givers + 1, sizeof *lends);
	int32_t *starts = arena_array(fc->job->arena, problem->works + 1, sizeof *starts);

	if (lends == NULL || starts == NULL) {
		err_oom(err);
		return NULL;
	}
	for (uint32_t g = 0; g < problem->givers; g++)
		lends[g] = pc->ix.kinds[load_who(pc->load, g)] == KIND_TEAM;
	fc->mp = (struct moves_plan){.pc = pc, .target = target, .lent = moves_plan_lent(pc, by)};
	ask.lends = lends;
	ask.starts = starts;
	ask.lent = fc->mp.lent;
	return moves_find(&ask, err);
}

/* Who it is that moves; NULL: a team. */
static const struct moves_person *
person_of(const struct flight_call *fc, const struct move *move)
{
	for (uint32_t i = 0; move->kind != MOVE_LEND && i < fc->people.count; i++) {
		const struct move *m = &fc->people.list[i].move;

		if (m->to == move->to && m->work == move->work && m->need == move->need)
			return &fc->people.list[i];
	}
	return NULL;
}

static char *
why_fits(const struct flight_call *fc, const struct moves_person *person)
{
	char *with = ref_of(fc, person->with);

	if (with == NULL)
		return NULL;
	if (person->skill[0] == '\0')
		return arena_printf(fc->arena, "is of %s too", with);
	return arena_printf(
	    fc->arena, "has the skill %s%s%s", person->skill, with[0] != '\0' ? ", as " : "", with);
}

/* Of work of a lower rank: what the way says, or that it ends as before. */
static Plumb__V1__MoveCost *
new_give(const struct flight_call *fc, uint32_t initiative, const Plumb__V1__MovesWay *way)
{
	Plumb__V1__MoveCost *out = arena_alloc(fc->arena, sizeof *out);
	uint32_t slot = fc->pc.plan->heads[initiative];

	if (out == NULL)
		return NULL;
	plumb__v1__move_cost__init(out);
	out->ref = ref_of(fc, slot);
	if (out->ref == NULL)
		return NULL;
	for (size_t i = 0; i < way->n_costs; i++)
		if (strcmp(way->costs[i]->ref, out->ref) == 0)
			return way->costs[i];
	out->title = customer_title(fc->arena, &fc->ix, slot);
	out->rank = case_rank(&fc->pc, initiative);
	out->before = case_finish(&fc->pc, fc->arena, 0, fc->base->initiative[initiative].finish);
	out->after = out->before;
	return out->title != NULL && out->before != NULL ? out : NULL;
}

static bool
fill_person(
    const struct flight_call *fc, const struct moves_person *person, Plumb__V1__InFlightMove *move)
{
	Plumb__V1__Move *told = move->way->moves[0];

	told->fits = why_fits(fc, person);
	move->gives = arena_array(fc->arena, MOVES_PEOPLE_GIVES, sizeof move->gives[0]);
	if (told->fits == NULL || move->gives == NULL)
		return false;
	for (uint32_t i = 0; i < person->gives_count; i++) {
		move->gives[i] = new_give(fc, person->gives[i], move->way);
		if (move->gives[move->n_gives++] == NULL)
			return false;
	}
	return true;
}

static bool
send_way(struct flight_call *fc, uint32_t target, const struct moves_way *way, struct err *err)
{
	const struct plan_schedule *plan = fc->pc.plan;
	const struct move *moved = &way->moves[0];
	const struct moves_person *person = person_of(fc, moved);
	uint32_t slots[4] = {load_who(fc->pc.load, moved->to)}, count = 1;
	Plumb__V1__InFlightMove move, *list[1] = {&move};
	Plumb__V1__InFlightReply reply;
	Plumb__V1__MovesWay told;

	arena_reset(fc->arena);
	plumb__v1__in_flight_reply__init(&reply);
	plumb__v1__in_flight_move__init(&move);
	if (!moves_plan_way(&fc->mp, way, fc->arena, &told, err))
		return false;
	if (moved->from != SCHEDULE_NONE)
		slots[count++] = load_who(fc->pc.load, moved->from);
	if (person != NULL) {
		slots[count++] = plan->slots[moved->work / PLAN_STAGES];
		if (person->with != SLOT_NONE)
			slots[count++] = person->with;
	}
	move.ref = ref_of(fc, plan->heads[target]);
	move.title = customer_title(fc->arena, &fc->ix, plan->heads[target]);
	move.rank = case_rank(&fc->pc, target);
	move.finish = case_finish(&fc->pc, fc->arena, 0, fc->base->initiative[target].finish);
	move.then = told.finish;
	move.due = reply_date(fc->arena, plan_case_due(&fc->pc, target));
	move.way = &told;
	if (move.ref == NULL || move.title == NULL || move.finish == NULL || move.due == NULL ||
	    !fill_names(fc, slots, count, &move.names, &move.n_names) ||
	    (person != NULL && !fill_person(fc, person, &move)))
		return err_oom(err);
	reply.moves = list;
	reply.n_moves = 1;
	return view_job_send(fc->job, &reply.base, err);
}

/* Half of what somebody could take may have come down to the same as all of it. */
static bool
is_told(const struct moves *moves, uint32_t way)
{
	const struct move *move = &moves->ways[way].moves[0];

	for (uint32_t i = 0; i < way; i++) {
		const struct move *before = &moves->ways[i].moves[0];

		if (before->kind == move->kind && before->to == move->to &&
		    before->from == move->from && before->work == move->work &&
		    before->need == move->need)
			return true;
	}
	return false;
}

static bool
send_ways(struct flight_call *fc, uint32_t target, const struct moves *moves,
    Plumb__V1__InFlightTry *one, struct err *err)
{
	int32_t best = SCHEDULE_BEYOND;
	uint32_t told = 0;

	for (uint32_t w = 0; w < moves->ways_count && told < WAYS; w++) {
		if (is_told(moves, w))
			continue;
		if (!send_way(fc, target, &moves->ways[w], err))
			return false;
		told++;
		fc->found++;
		if (moves->ways[w].finish < best)
			best = moves->ways[w].finish;
	}
	if (told == 0)
		return true;
	one->best = case_finish(&fc->pc, fc->job->arena, 0, best);
	return one->best != NULL || err_oom(err);
}

/* Is it late: behind its due, or behind all days? */
static bool
is_late(const struct flight_call *fc, uint32_t target)
{
	int32_t due = plan_case_due(&fc->pc, target);
	int32_t finish = fc->base->initiative[target].finish;

	return finish >= SCHEDULE_BEYOND ||
	       (due != DATE_NONE && finish > due - fc->pc.plan->first_day + 1);
}

/* Before which day (exclusive) it would have to end: its due, else some days sooner; 0: nothing to try. */
static int32_t
wanted_by(const struct flight_call *fc, uint32_t target, unsigned attempt)
{
	static const int32_t sooner[ATTEMPTS] = {0, 7, 3, 1};
	int32_t due = plan_case_due(&fc->pc, target);
	int32_t finish = fc->base->initiative[target].finish;
	int32_t days = fc->pc.plan->problem.days;
	int32_t by = finish - sooner[attempt];

	if (attempt == 0)
		by = due != DATE_NONE ? due - fc->pc.plan->first_day + 1 : days;
	else if (finish >= SCHEDULE_BEYOND)
		by = attempt == 1 ? days : 0;
	return by < 1 ? 0 : by < days ? by : days;
}

/* Its own prerequisite is never done. */
static bool
is_circular(const struct flight_call *fc, uint32_t target)
{
	const struct schedule_problem *problem = &fc->pc.plan->problem;

	for (uint32_t w = 0; w < problem->works; w++)
		if (problem->work[w].initiative == target && fc->base->work[w].in_circle)
			return true;
	return false;
}

static Plumb__V1__InFlightTry *
new_try(struct flight_call *fc, uint32_t target)
{
	struct arena *arena = fc->job->arena;
	Plumb__V1__InFlightTry *one = arena_alloc(arena, sizeof *one);
	uint32_t slot = fc->pc.plan->heads[target];
	size_t n = fc->last.n_tries;
	Plumb__V1__InFlightTry **list;

	if (one == NULL)
		return NULL;
	plumb__v1__in_flight_try__init(one);
	one->ref = customer_ref(arena, &fc->ix, slot);
	one->title = customer_title(arena, &fc->ix, slot);
	one->rank = case_rank(&fc->pc, target);
	one->finish = case_finish(&fc->pc, arena, 0, fc->base->initiative[target].finish);
	one->due = reply_date(arena, plan_case_due(&fc->pc, target));
	list = arena_append(arena, fc->last.tries, n, &fc->tries_cap, &one, 1, sizeof one);
	if (one->ref == NULL || one->title == NULL || one->finish == NULL || one->due == NULL ||
	    list == NULL)
		return NULL;
	fc->last.tries = list;
	fc->last.n_tries++;
	return one;
}

/* Who fits, as candidates. */
static bool
find_people(struct flight_call *fc, uint32_t target, Plumb__V1__InFlightTry *one, struct err *err)
{
	uint32_t teams;

	if (!moves_people_find(&fc->pc, &fc->involved, target, fc->job->arena, &fc->people, err))
		return false;
	fc->extra = arena_array(fc->job->arena, fc->people.count + 1, sizeof *fc->extra);
	if (fc->extra == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < fc->people.count; i++)
		fc->extra[i] = fc->people.list[i].move;
	(void)index_kind(&fc->ix, KIND_TEAM, &teams);
	one->people = fc->people.people;
	one->more_people = fc->people.more;
	one->teams = teams;
	return true;
}

static bool
try_one(struct flight_call *fc, uint32_t target, struct err *err)
{
	Plumb__V1__InFlightTry *one = new_try(fc, target);
	uint32_t before = fc->found;

	if (one == NULL)
		return err_oom(err);
	if (is_circular(fc, target)) {
		one->why = pb_str("it waits for itself");
		return true;
	}
	fc->last.tried++;
	if (!find_people(fc, target, one, err))
		return false;
	for (unsigned attempt = 0; attempt < ATTEMPTS && fc->found == before; attempt++) {
		int32_t by = wanted_by(fc, target, attempt);
		struct moves *moves;
		bool ok;

		if (by == 0)
			continue;
		moves = look(fc, target, by, err);
		if (moves == NULL)
			return false;
		ok = send_ways(fc, target, moves, one, err);
		moves_free(moves);
		if (!ok)
			return false;
	}
	return true;
}

/* Best rank first, those that end late. */
static bool
try_all(struct flight_call *fc, struct err *err)
{
	const struct schedule_problem *problem = &fc->pc.plan->problem;

	for (uint32_t i = 0; i < problem->initiatives && fc->last.tried < fc->targets &&
			     fc->last.n_tries < 2 * fc->targets;
	     i++) {
		uint32_t head = fc->pc.plan->heads[i];

		if (fc->pc.ix.kinds[head] == KIND_INITIATIVE && is_wanted(fc, head) &&
		    is_late(fc, i) && !try_one(fc, i, err))
			return false;
	}
	return true;
}

/* Initiatives that run and ask nobody for anything. */
static bool
find_unscheduled(struct flight_call *fc, struct err *err)
{
	const struct plan_schedule *plan = fc->pc.plan;
	bool *asks = arena_zalloc(fc->job->arena, plan->problem.initiatives + 1);
	uint32_t slots[UNSCHEDULED], count = 0;

	if (asks == NULL)
		return err_oom(err);
	for (uint32_t w = 0; w < plan->problem.works; w++)
		asks[plan->problem.work[w].initiative] |= plan->problem.work[w].needs_count > 0;
	for (uint32_t i = 0; i < plan->problem.initiatives; i++) {
		uint32_t head = plan->heads[i];

		if (asks[i] || fc->ix.kinds[head] != KIND_INITIATIVE || !is_wanted(fc, head))
			continue;
		if (count < UNSCHEDULED)
			slots[count++] = head;
		else
			fc->last.more_unscheduled++;
	}
	return fill_names_in(fc->job->arena, fc, slots, count, &fc->last.unscheduled,
		   &fc->last.n_unscheduled) ||
	       err_oom(err);
}

static bool
find_moves(struct flight_call *fc, struct err *err)
{
	fc->policy = (struct schedule_policy){.backfill = true,
	    .tries = PLAN_CASE_TRIES,
	    .seed = PLAN_CASE_SEED,
	    .stop = is_cancelled,
	    .arg = fc};
	if (!plan_case_open(
		&fc->pc, fc->job->view, fc->job->today, DATE_NONE, is_cancelled, fc, err))
		return false;
	if (fc->pc.plan->problem.needs == 0) {
		fc->last.no_moves = pb_str("no running work says whom it needs for how much: there "
					   "is nothing to schedule");
		return true;
	}
	fc->base = schedule_run(&fc->pc.plan->problem, &fc->policy, err);
	if (fc->base == NULL || !find_unscheduled(fc, err) ||
	    !involved_init(&fc->involved, &fc->ix, err) || !try_all(fc, err))
		return false;
	if (fc->last.n_tries == 0)
		fc->last.no_moves = pb_str("every initiative ends in time as it is");
	else if (fc->found == 0)
		fc->last.no_moves = pb_str("of those that end late none ends a day sooner with "
					   "anybody who fits, or if one team lends to another");
	return true;
}

/* ---- the answer */

/* One that runs: of the others nothing is told. */
static bool
find_only(struct flight_call *fc, struct err *err)
{
	uint32_t count;
	const uint32_t *slots = inflight_list(fc->flight, &count);

	for (uint32_t i = 0; i < count; i++)
		if (slots[i] == fc->only)
			return true;
	if (fc->only == SLOT_NONE)
		return true;
	faults_add(fc->job->faults, "ref",
	    "%.100s is not in flight: only approved, active and paused initiatives are",
	    fc->request->ref);
	return faults_none(fc->job->faults, err);
}

static bool
send_last(struct flight_call *fc, struct err *err)
{
	char today[DATE_TEXT_LEN];

	fc->last.done = true;
	fc->last.revision = fc->job->revision;
	fc->last.today = date_format(fc->job->today, today);
	return view_job_send(fc->job, &fc->last.base, err);
}

static bool
answer(struct flight_call *fc, struct err *err)
{
	fc->arena = arena_new(SCRATCH);
	fc->flight = fc->arena != NULL ? inflight_new(&fc->ix) : NULL;
	if (fc->flight == NULL)
		return err_oom(err);
	return find_only(fc, err) && send_initiatives(fc, err) &&
	       (!fc->request->moves || find_moves(fc, err)) && send_last(fc, err);
}

static bool
run_inflight(struct view_job *job, struct err *err)
{
	struct flight_call fc = {
	    .job = job, .request = job->arg, .team = SLOT_NONE, .only = SLOT_NONE};
	bool ok;

	plumb__v1__in_flight_reply__init(&fc.last);
	fc.targets = fc.request->targets > 0 ? fc.request->targets : TARGETS_DEFAULT;
	job_progress_begin(&fc.progress, job);
	if (!customer_find(job, "team", fc.request->team, KIND_TEAM, &fc.team, err) ||
	    !customer_find(job, "ref", fc.request->ref, KIND_INITIATIVE, &fc.only, err) ||
	    !index_init(&fc.ix, job->view, job->today, ROLES_ALL, is_cancelled, &fc, err))
		return false;
	ok = answer(&fc, err);
	if (!ok)
		job_progress_explain(&fc.progress, err);
	involved_fini(&fc.involved);
	schedule_free(fc.base);
	plan_case_close(&fc.pc);
	inflight_free(fc.flight);
	arena_free(fc.arena);
	index_fini(&fc.ix);
	return ok;
}

void
handle_insight_in_flight(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__InFlightRequest *request = (const Plumb__V1__InFlightRequest *)message;
	struct err err;

	if (request->targets > LIMIT_INFLIGHT_TARGETS)
		faults_add(call->faults, "targets", "at most %u initiatives are tried",
		    LIMIT_INFLIGHT_TARGETS);
	if (faults_none(call->faults, &err))
		job_view(call, request->at, run_inflight, (void *)(uintptr_t)request);
	else
		rpc_fail(call, &err);
}
