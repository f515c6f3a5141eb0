/* See moves_people.h. */
#include "server/insight/schedule/moves_people.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/limits.h"
#include "server/plan/control.h"

/* What somebody could do: a need, or a part of what members do. */
struct job {
	uint32_t work;
	uint32_t need;  /* MOVE_TAKE */
	uint32_t skill; /* row of the load: that is asked for; SCHEDULE_NONE */
	uint32_t team;  /* slot: nobody of it, since it is asked already; SLOT_NONE */
	uint32_t first; /* its models */
	uint32_t count;
	bool joins;
};

/* Somebody who is asked, or could be: whoever is like them fits. */
struct model {
	uint32_t who;  /* slot of the person, */
	uint32_t team; /* theirs: who is of it fits; SLOT_NONE: that does not count */
	const char *const *skills;
	size_t skills_count;
};

struct finder {
	const struct plan_case *pc;
	struct involved *inv;
	uint32_t target;
	struct arena *arena;
	struct job *jobs;
	size_t jobs_count;
	size_t jobs_cap;
	struct model *models;
	size_t models_count;
	size_t models_cap;
	struct moves_person *found; /* one for each person and job */
	size_t found_count;
	size_t found_cap;
};

/* ---- what there is to do */

static uint32_t
team_of(const struct finder *f, uint32_t row)
{
	return load_team(f->pc->load, row);
}

static bool
add_model(struct finder *f, uint32_t row, bool by_team)
{
	uint32_t who = load_who(f->pc->load, row);
	struct model model = {.who = who, .team = by_team ? team_of(f, row) : SLOT_NONE};
	struct model *list;

	if (!control_skills(f->pc->ix.items[who], f->arena, &model.skills, &model.skills_count))
		return false;
	list = arena_append(
	    f->arena, f->models, f->models_count, &f->models_cap, &model, 1, sizeof model);
	if (list == NULL)
		return false;
	f->models = list;
	f->models_count++;
	return true;
}

static bool
add_models(struct finder *f, uint32_t row)
{
	const struct load *load = f->pc->load;

	if (f->pc->ix.kinds[load_who(load, row)] == KIND_PERSON)
		return add_model(f, row, true);
	for (uint32_t m = load_next_member(load, row); m != UINT32_MAX;
	     m = load_next_member(load, m))
		if (!add_model(f, m, false))
			return false;
	return true;
}

static bool
add_job(struct finder *f, struct job job)
{
	struct job *list;

	job.count = (uint32_t)f->models_count - job.first;
	list = arena_append(f->arena, f->jobs, f->jobs_count, &f->jobs_cap, &job, 1, sizeof job);
	if (list == NULL)
		return false;
	f->jobs = list;
	f->jobs_count++;
	return true;
}

/* Does the work say itself whom it needs for how much? Else its members do it. */
static bool
states_needs(const struct finder *f, uint32_t slot, bool *states)
{
	const struct control_need *needs;
	size_t count;

	*states = false;
	if (!control_needs(f->pc->ix.items[slot], f->arena, &needs, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		*states |= needs[i].effort > 0;
	return true;
}

static bool
add_need(struct finder *f, uint32_t work, uint32_t need)
{
	const struct plan_need *stated = &f->pc->plan->stated[need];
	struct job job = {.work = work,
	    .need = need,
	    .skill = stated->skill,
	    .team = SLOT_NONE,
	    .first = (uint32_t)f->models_count};

	if (stated->fault == PLAN_NEED_SHARES)
		return true;
	if (stated->skill == SCHEDULE_NONE && stated->row != SCHEDULE_NONE) {
		uint32_t who = load_who(f->pc->load, stated->row);

		job.team = f->pc->ix.kinds[who] == KIND_TEAM ? who : SLOT_NONE;
		if (!add_models(f, stated->row))
			return false;
	}
	return add_job(f, job);
}

/* Work whose members do it: a job for one more of them. */
static bool
add_members(struct finder *f, uint32_t work)
{
	const struct schedule_problem *p = &f->pc->plan->problem;
	struct job job = {.work = work,
	    .skill = SCHEDULE_NONE,
	    .team = SLOT_NONE,
	    .first = (uint32_t)f->models_count,
	    .joins = true};

	for (uint32_t n = 0; n < p->work[work].needs_count; n++) {
		uint32_t giver = p->need[p->work[work].needs_first + n].giver;

		if (giver != SCHEDULE_NONE && !add_models(f, giver))
			return false;
	}
	return add_job(f, job);
}

static bool
find_jobs(struct finder *f)
{
	const struct plan_schedule *plan = f->pc->plan;

	for (uint32_t n = 0; n < plan->count; n++) {
		uint32_t w = n * PLAN_STAGES + PLAN_EFFORT;
		const struct schedule_work *work = &plan->problem.work[w];
		bool states;

		if (work->initiative != f->target || work->needs_count == 0 ||
		    plan->stated[work->needs_first].is_allocated)
			continue;
		if (!states_needs(f, plan->slots[n], &states))
			return false;
		for (uint32_t k = 0; states && k < work->needs_count; k++)
			if (!plan->stated[work->needs_first + k].is_allocated &&
			    !add_need(f, w, work->needs_first + k))
				return false;
		if (!states && !add_members(f, w))
			return false;
	}
	return true;
}

/* ---- who fits */

static bool
is_asked(const struct schedule_problem *p, const struct schedule_need *need, uint32_t row)
{
	for (uint32_t k = 0; k < need->pool_count; k++)
		if (p->pool[need->pool_first + k] == row)
			return true;
	return need->giver == row;
}

static bool
is_on(const struct finder *f, const struct job *job, uint32_t row)
{
	const struct schedule_problem *p = &f->pc->plan->problem;
	const struct schedule_work *work = &p->work[job->work];

	for (uint32_t n = 0; n < work->needs_count; n++)
		if (is_asked(p, &p->need[work->needs_first + n], row))
			return true;
	return false;
}

static const char *
shared_skill(const struct model *model, const char *const *skills, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < model->skills_count; k++)
			if (strcasecmp(skills[i], model->skills[k]) == 0)
				return skills[i];
	return NULL;
}

static const char *
asked_skill(const struct finder *f, const struct job *job, uint32_t row)
{
	uint32_t count;
	const uint32_t *rows = load_skills_of(f->pc->load, row, &count);

	for (uint32_t i = 0; i < count; i++)
		if (rows[i] == job->skill)
			return load_skill(f->pc->load, job->skill);
	return NULL;
}

/* Fills why; false: does not fit. */
static bool
fits(const struct finder *f, const struct job *job, uint32_t row, const char *const *skills,
    size_t count, struct moves_person *out)
{
	uint32_t team = team_of(f, row);

	out->with = SLOT_NONE;
	if (job->skill != SCHEDULE_NONE) {
		out->skill = asked_skill(f, job, row);
		return out->skill != NULL;
	}
	if (job->team != SLOT_NONE && team == job->team)
		return false;
	for (uint32_t i = 0; i < job->count; i++) {
		const struct model *model = &f->models[job->first + i];

		out->skill = shared_skill(model, skills, count);
		if (out->skill != NULL) {
			out->with = model->who;
			return true;
		}
	}
	for (uint32_t i = 0; i < job->count && team != SLOT_NONE; i++) {
		if (f->models[job->first + i].team == team) {
			out->skill = "";
			out->with = team;
			return true;
		}
	}
	return false;
}

/* Do they give anything while it lasts? */
static bool
gives_days(const struct schedule_problem *p, uint32_t row)
{
	for (int32_t day = 0; day < p->days; day++)
		if (p->capacity[(size_t)row * (size_t)p->days + (size_t)day] > 0)
			return true;
	return false;
}

static uint32_t
number_of(const struct finder *f, uint32_t slot)
{
	uint32_t n = f->pc->plan->number[slot];

	return n != SCHEDULE_NONE ? f->pc->plan->problem.work[n * PLAN_STAGES].initiative
				  : SCHEDULE_NONE;
}

/* The lower ranks that they are on, lowest first. False: err; *free: nothing better-ranked alone holds them. */
static bool
find_gives(struct finder *f, uint32_t row, struct moves_person *out, bool *is_free, struct err *err)
{
	if (!involved_read(f->inv, load_who(f->pc->load, row), err))
		return false;
	*is_free = f->inv->count == 0;
	out->gives_count = 0;
	for (size_t i = 0; i < f->inv->count; i++) {
		uint32_t number = number_of(f, f->inv->list[i].initiative);
		uint32_t at = out->gives_count;

		if (number == SCHEDULE_NONE || number <= f->target ||
		    (i > 0 && f->inv->list[i].initiative == f->inv->list[i - 1].initiative))
			continue;
		*is_free = true;
		if (at == MOVES_PEOPLE_GIVES && out->gives[--at] > number)
			continue;
		for (; at > 0 && out->gives[at - 1] < number; at--)
			out->gives[at] = out->gives[at - 1];
		out->gives[at] = number;
		out->gives_count += out->gives_count < MOVES_PEOPLE_GIVES;
	}
	return true;
}

static bool
add_person(struct finder *f, const struct job *job, uint32_t row, const struct moves_person *person)
{
	struct moves_person one = *person;
	struct moves_person *list;

	one.move = moves_move(job->joins ? MOVE_JOIN : MOVE_TAKE, f->target, job->joins ? 1 : 100);
	one.move.to = row;
	one.move.work = job->work;
	if (!job->joins) {
		one.move.need = job->need;
		one.move.from = f->pc->plan->stated[job->need].row;
	}
	list = arena_append(f->arena, f->found, f->found_count, &f->found_cap, &one, 1, sizeof one);
	if (list == NULL)
		return false;
	f->found = list;
	f->found_count++;
	return true;
}

static bool
look_at(struct finder *f, uint32_t row, struct err *err)
{
	const struct schedule_problem *p = &f->pc->plan->problem;
	const char *const *skills;
	struct moves_person person = {.gives_count = 0};
	bool is_free = false, looked = false;
	size_t count;

	if (!gives_days(p, row))
		return true;
	if (!control_skills(f->pc->ix.items[load_who(f->pc->load, row)], f->arena, &skills, &count))
		return err_oom(err);
	for (size_t j = 0; j < f->jobs_count; j++) {
		const struct job *job = &f->jobs[j];

		if (is_on(f, job, row) || !fits(f, job, row, skills, count, &person))
			continue;
		if (!looked && !find_gives(f, row, &person, &is_free, err))
			return false;
		looked = true;
		if (is_free && !add_person(f, job, row, &person))
			return err_oom(err);
	}
	return true;
}

/* ---- the best of them */

static int
compare_people(const void *pa, const void *pb)
{
	const struct moves_person *a = pa, *b = pb;

	if ((a->gives_count == 0) != (b->gives_count == 0))
		return a->gives_count == 0 ? -1 : 1;
	if (a->gives_count > 0 && a->gives[0] != b->gives[0])
		return a->gives[0] > b->gives[0] ? -1 : 1;
	if (a->move.to != b->move.to)
		return a->move.to < b->move.to ? -1 : 1;
	return a->move.need < b->move.need ? -1 : a->move.need > b->move.need;
}

/* A part of half where all of it is too much for one: more is not always better. */
static bool
settle(struct finder *f, struct moves_people *out)
{
	*out = (struct moves_people){
	    .list = arena_array(f->arena, 2 * f->found_count + 1, sizeof out->list[0])};
	if (out->list == NULL)
		return false;
	if (f->found_count > 1)
		qsort(f->found, f->found_count, sizeof f->found[0], compare_people);
	for (size_t i = 0; i < f->found_count; i++) {
		const struct moves_person *one = &f->found[i];
		bool is_new = i == 0 || one->move.to != f->found[i - 1].move.to;

		if (is_new && out->people == LIMIT_INFLIGHT_PEOPLE)
			out->more++;
		out->people += is_new && out->more == 0;
		if (out->more > 0)
			continue;
		out->list[out->count++] = *one;
		if (one->move.kind == MOVE_JOIN)
			continue;
		out->list[out->count] = *one;
		out->list[out->count++].move.most = 50;
	}
	return true;
}

bool
moves_people_find(const struct plan_case *pc, struct involved *inv, uint32_t target,
    struct arena *arena, struct moves_people *out, struct err *err)
{
	struct finder f = {.pc = pc, .inv = inv, .target = target, .arena = arena};

	if (!find_jobs(&f))
		return err_oom(err);
	for (uint32_t row = 0; f.jobs_count > 0 && row < pc->plan->problem.givers; row++)
		if (pc->ix.kinds[load_who(pc->load, row)] == KIND_PERSON && !look_at(&f, row, err))
			return false;
	return settle(&f, out) || err_oom(err);
}
