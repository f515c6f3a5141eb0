/* Who is asked for what, as needs of the problem. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/insight/schedule/plan_schedule_internal.h"
#include "server/limits.h"
#include "server/plan/control.h"

/* One decoded entry at a time. */
#define SCRATCH_MAX ((size_t)16 << 20)

/* A need that any of several may give, by whom and what is asked. */
struct pooled {
	uint32_t need;
	uint32_t row; /* a team; SCHEDULE_NONE: of anybody */
	uint32_t skill;
};

struct needs {
	struct builder *b;
	struct arena *arena;
	const struct control_need *terms; /* of the work at hand; NULL: it states none */
	size_t terms_count;
	struct pooled *pooled;
	size_t pooled_count;
	uint32_t *first; /* by skill: who has it, in have */
	uint32_t *have;
};

/* ---- what is asked */

static int
compare_asks(const void *pa, const void *pb, void *arg)
{
	const struct load_ask *a = pa, *b = pb;
	const uint32_t *number = arg;

	if (number[a->work] != number[b->work])
		return number[a->work] < number[b->work] ? -1 : 1;
	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return (a->need > b->need) - (a->need < b->need);
}

/* Those of running work, by piece. */
static struct load_ask *
sort_asks(struct builder *b, size_t *kept)
{
	struct plan_schedule *plan = b->plan;
	size_t count;
	const struct load_ask *asks = load_asks(b->load, &count);
	struct load_ask *sorted = malloc((count + 1) * sizeof *sorted);

	*kept = 0;
	for (size_t i = 0; sorted != NULL && i < count; i++) {
		if (asks[i].effort > 0 && plan->number[asks[i].work] != SCHEDULE_NONE)
			sorted[(*kept)++] = asks[i];
		else if (asks[i].effort < 0)
			plan->unknown++;
	}
	if (*kept > 1)
		qsort_r(sorted, *kept, sizeof *sorted, compare_asks, plan->number);
	return sorted;
}

static bool
read_terms(struct needs *n, uint32_t work, struct err *err)
{
	n->terms = NULL;
	n->terms_count = 0;
	if ((n->b->ix->has[work] & HAS_NEED_TERMS) == 0)
		return true;
	arena_reset(n->arena);
	return control_needs(n->b->ix->items[work], n->arena, &n->terms, &n->terms_count) ||
	       err_oom(err);
}

/* What the need says besides whom and how much; NULL: nothing. */
static const struct control_need *
terms_of(const struct needs *n, const struct load_ask *ask)
{
	const struct control_need *terms;

	if (n->terms == NULL || ask->need >= n->terms_count)
		return NULL;
	terms = &n->terms[ask->need];
	if (terms->skill[0] == '\0' && terms->most_share < 0 && terms->least_share < 0 &&
	    !terms->whole)
		return NULL;
	return terms;
}

static bool
has_skill(const struct load *load, uint32_t person, uint32_t skill)
{
	uint32_t count;
	const uint32_t *rows = load_skills_of(load, person, &count);

	for (uint32_t i = 0; i < count; i++)
		if (rows[i] == skill)
			return true;
	return false;
}

static bool
is_person(const struct needs *n, uint32_t row)
{
	return n->b->ix->kinds[load_who(n->b->load, row)] == KIND_PERSON;
}

/* Shares of a day that leave something to be done; 0 for most means all of it. */
static void
take_shares(const struct control_need *terms, struct schedule_need *need, struct plan_need *stated)
{
	stated->most_share = terms->most_share < 0 ? SCHEDULE_ALL : terms->most_share;
	stated->least_share = terms->least_share < 0 ? 0 : terms->least_share;
	need->is_whole = terms->whole;
	if (stated->most_share == 0 || stated->least_share > stated->most_share) {
		stated->fault = PLAN_NEED_SHARES;
		need->giver = SCHEDULE_NONE;
		return;
	}
	need->most = stated->most_share < SCHEDULE_ALL ? stated->most_share : 0;
	need->least = stated->least_share;
}

static void
take_terms(
    struct needs *n, const struct control_need *terms, const struct load_ask *ask, uint32_t number)
{
	struct plan_schedule *plan = n->b->plan;
	struct schedule_need *need = &plan->need[number];
	struct plan_need *stated = &plan->stated[number];
	bool is_skill = ask->row >= load_rows(n->b->load);

	if (terms->skill[0] != '\0')
		stated->skill = load_skill_row(n->b->load, terms->skill);
	if (is_skill)
		stated->row = need->giver = SCHEDULE_NONE;
	take_shares(terms, need, stated);
	if (stated->fault != PLAN_NEED_FINE || stated->skill == SCHEDULE_NONE)
		return;
	if (!is_skill && is_person(n, ask->row)) {
		if (has_skill(n->b->load, ask->row, stated->skill))
			return;
		stated->fault = PLAN_NEED_SKILL;
		need->giver = SCHEDULE_NONE;
		return;
	}
	n->pooled[n->pooled_count++] = (struct pooled){number, stated->row, stated->skill};
}

/* A row is asked once for a piece of work, whatever entries say so; but for needs that say more. */
static bool
lay_asks(struct needs *n, const struct load_ask *asks, size_t count, struct err *err)
{
	struct plan_schedule *plan = n->b->plan;
	bool is_plain = false;

	for (size_t i = 0; i < count; i++) {
		struct schedule_work *work =
		    &plan->work[plan->number[asks[i].work] * PLAN_STAGES + PLAN_EFFORT];
		const struct control_need *terms;
		uint32_t number = plan->problem.needs;

		if (asks[i].effort == 0)
			continue; /* done */
		if ((i == 0 || asks[i].work != asks[i - 1].work || work->needs_count == 0) &&
		    !read_terms(n, asks[i].work, err))
			return false;
		terms = terms_of(n, &asks[i]);
		/* More than one need may ask for is asked by several. */
		if (work->needs_count > 0 && is_plain && terms == NULL &&
		    plan->need[number - 1].giver == asks[i].row &&
		    plan->need[number - 1].effort <= LIMIT_EFFORT - asks[i].effort) {
			plan->need[number - 1].effort += asks[i].effort;
			continue;
		}
		is_plain = terms == NULL;
		if (work->needs_count++ == 0)
			work->needs_first = number;
		plan->need[number] =
		    (struct schedule_need){.giver = asks[i].row, .effort = asks[i].effort};
		plan->stated[number] = (struct plan_need){
		    .row = asks[i].row, .skill = SCHEDULE_NONE, .most_share = SCHEDULE_ALL};
		if (terms != NULL)
			take_terms(n, terms, &asks[i], number);
		plan->problem.needs++;
	}
	return true;
}

/* ---- pools */

/* Those who have the fewest skills first: others can be of use elsewhere. Then by name. */
static int
compare_people(const void *pa, const void *pb, void *arg)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	uint32_t of_a = load_skills_stated(arg, a), of_b = load_skills_stated(arg, b);

	if (of_a != of_b)
		return of_a < of_b ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* Who has which skill. */
static bool
list_people(struct needs *n, struct err *err)
{
	const struct load *load = n->b->load;
	uint32_t rows = load_rows(load), skills = load_skills(load), count;
	size_t all = 0;

	n->first = calloc((size_t)skills + 2, sizeof *n->first);
	if (n->first == NULL)
		return err_oom(err);
	/* Counted two places on, so that filling leaves the firsts as they must be. */
	for (uint32_t row = 0; row < rows; row++) {
		const uint32_t *list = load_skills_of(load, row, &count);

		for (uint32_t i = 0; i < count; i++)
			n->first[list[i] - rows + 2]++;
		all += count;
	}
	n->have = malloc((all + 1) * sizeof *n->have);
	if (n->have == NULL)
		return err_oom(err);
	for (uint32_t s = 0; s < skills; s++)
		n->first[s + 2] += n->first[s + 1];
	for (uint32_t row = 0; row < rows; row++) {
		const uint32_t *list = load_skills_of(load, row, &count);

		for (uint32_t i = 0; i < count; i++)
			n->have[n->first[list[i] - rows + 1]++] = row;
	}
	for (uint32_t s = 0; s < skills; s++)
		if (n->first[s + 1] - n->first[s] > 1)
			qsort_r(n->have + n->first[s], n->first[s + 1] - n->first[s],
			    sizeof *n->have, compare_people, (void *)(uintptr_t)load);
	return true;
}

static int
compare_pooled(const void *pa, const void *pb)
{
	const struct pooled *a = pa, *b = pb;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	if (a->skill != b->skill)
		return a->skill < b->skill ? -1 : 1;
	return a->need < b->need ? -1 : a->need > b->need;
}

/* The team that all of a pool are in; SCHEDULE_NONE. */
static uint32_t
common_home(const struct plan_schedule *plan, const struct schedule_need *need)
{
	uint32_t home = plan->home[plan->pool[need->pool_first]];

	for (uint32_t k = 1; k < need->pool_count; k++)
		if (plan->home[plan->pool[need->pool_first + k]] != home)
			return SCHEDULE_NONE;
	return home;
}

static bool
fill_pool(struct needs *n, const struct pooled *one, size_t *cap, struct err *err)
{
	struct plan_schedule *plan = n->b->plan;
	struct schedule_need *need = &plan->need[one->need];
	uint32_t skill = one->skill - load_rows(n->b->load);

	need->giver = SCHEDULE_NONE;
	need->pool_first = plan->problem.pools;
	for (uint32_t k = n->first[skill]; k < n->first[skill + 1]; k++) {
		if (one->row != SCHEDULE_NONE && plan->home[n->have[k]] != one->row)
			continue;
		if (plan->problem.pools == *cap) {
			size_t more = *cap == 0 ? 256 : 2 * *cap;
			uint32_t *grown = realloc(plan->pool, more * sizeof *grown);

			if (grown == NULL)
				return err_oom(err);
			plan->pool = grown;
			*cap = more;
		}
		plan->pool[plan->problem.pools++] = n->have[k];
	}
	need->pool_count = plan->problem.pools - need->pool_first;
	if (need->pool_count > 0)
		need->giver = common_home(plan, need);
	return plan->problem.pools <= LIMIT_SCHEDULE_POOLS ||
	       err_set(err, ERR_LIMIT,
		   "the needs by skill have more than %u people to choose from in all",
		   LIMIT_SCHEDULE_POOLS);
}

/* A pool stands once for all that ask for it. */
static bool
lay_pools(struct needs *n, struct err *err)
{
	struct plan_schedule *plan = n->b->plan;
	size_t cap = 0;

	if (n->pooled_count == 0)
		return true;
	if (!list_people(n, err))
		return false;
	qsort(n->pooled, n->pooled_count, sizeof *n->pooled, compare_pooled);
	for (size_t i = 0; i < n->pooled_count; i++) {
		const struct pooled *one = &n->pooled[i];
		struct schedule_need *need = &plan->need[one->need];

		if (i > 0 && one[-1].row == one->row && one[-1].skill == one->skill) {
			const struct schedule_need *same = &plan->need[one[-1].need];

			need->giver = same->giver;
			need->pool_first = same->pool_first;
			need->pool_count = same->pool_count;
		} else if (!fill_pool(n, one, &cap, err)) {
			return false;
		}
		if (need->pool_count == 0)
			plan->stated[one->need].fault = PLAN_NEED_SKILL;
	}
	return true;
}

bool
plan_lay_needs(struct builder *b, struct err *err)
{
	struct needs n = {.b = b, .arena = arena_new(SCRATCH_MAX)};
	size_t count;
	struct load_ask *asks = sort_asks(b, &count);
	bool ok;

	b->plan->need = calloc(count + 1, sizeof *b->plan->need);
	b->plan->stated = calloc(count + 1, sizeof *b->plan->stated);
	n.pooled = malloc((count + 1) * sizeof *n.pooled);
	if (n.arena == NULL || asks == NULL || b->plan->need == NULL || b->plan->stated == NULL ||
	    n.pooled == NULL)
		ok = err_oom(err);
	else
		ok = plan_take_left(b, asks, count, err) && lay_asks(&n, asks, count, err) &&
		     lay_pools(&n, err);
	arena_free(n.arena);
	free(asks);
	free(n.pooled);
	free(n.first);
	free(n.have);
	return ok;
}
