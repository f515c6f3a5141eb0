#include "server/insight/inflight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/burnup.h"
#include "server/insight/progress.h"
#include "server/plan/effect.h"

enum work_status { WORK_APPROVED = 2, WORK_ACTIVE = 3, WORK_PAUSED = 4 };

/* An initiative does something about an objective, measure or step, or eases or removes something. */
struct tie {
	uint32_t about;
	uint32_t initiative;
	uint32_t place; /* in the list; what is not in it: UINT32_MAX */
	uint16_t role;
	double effect; /* of all its contributions to the measure; NAN not stated */
};

struct inflight {
	const struct index *ix;
	struct progress *progress;
	uint32_t *list;
	uint32_t count;
	uint32_t *place;  /* by slot, 1-based; 0: not in the list */
	struct tie *ties; /* by what, role and place */
	size_t ties_count;
	size_t ties_cap;
	struct inflight_of of;
	uint32_t caps[5];
	bool oom;
};

static bool
is_in_flight(const struct index *ix, uint32_t slot)
{
	unsigned status = ix->items[slot]->status;

	return index_is(ix, slot, STANDING_LIVE) &&
	       (status == WORK_APPROVED || status == WORK_ACTIVE || status == WORK_PAUSED);
}

static int
by_rank(const void *a, const void *b, void *arg)
{
	const struct index *ix = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (ix->rank[x] != ix->rank[y])
		return ix->rank[x] < ix->rank[y] ? -1 : 1;
	return index_compare(ix, x, y);
}

static bool
list_all(struct inflight *f)
{
	const struct index *ix = f->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);

	f->list = calloc(count + 1u, sizeof f->list[0]);
	f->place = calloc((size_t)ix->slots + 1, sizeof f->place[0]);
	if (f->list == NULL || f->place == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (is_in_flight(ix, slots[i]))
			f->list[f->count++] = slots[i];
	}
	qsort_r(f->list, f->count, sizeof f->list[0], by_rank, (void *)(uintptr_t)ix);
	for (uint32_t i = 0; i < f->count; i++)
		f->place[f->list[i]] = i + 1;
	return true;
}

/* ---- ties */

static void
add_tie(struct inflight *f, uint32_t about, uint32_t initiative, enum role role, double effect)
{
	if (f->ties_count == f->ties_cap) {
		size_t cap = f->ties_cap > 0 ? 2 * f->ties_cap : 256;
		struct tie *larger = realloc(f->ties, cap * sizeof larger[0]);

		if (larger == NULL) {
			f->oom = true;
			return;
		}
		f->ties = larger;
		f->ties_cap = cap;
	}
	f->ties[f->ties_count++] =
	    (struct tie){about, initiative, f->place[initiative] - 1, (uint16_t)role, effect};
}

/* Serving an objective by reference or by contribution is one thing. */
static enum role
tied_as(unsigned role)
{
	switch (role) {
	case ROLE_OBJECTIVE:
	case ROLE_CONTRIBUTION:
		return ROLE_CONTRIBUTION;
	case ROLE_CONTRIBUTION_MEASURE:
	case ROLE_WORKS_ON:
	case ROLE_LINK_EASES:
	case ROLE_LINK_REMOVES:
	case ROLE_LINK_CONFLICTS:
		return (enum role)role;
	default:
		return ROLE_NONE;
	}
}

static void
tie_one(struct inflight *f, uint32_t initiative, bool flies)
{
	const struct item *item = f->ix->items[initiative];
	struct edges out = index_out(f->ix, initiative);

	for (uint32_t i = 0; i < out.count && !f->oom; i++) {
		enum role role = tied_as(out.list[i].role);
		double effect = (double)NAN;

		if (role == ROLE_NONE || !index_is(f->ix, out.list[i].slot, STANDING_LIVE) ||
		    (!flies && role != ROLE_LINK_REMOVES))
			continue;
		if (role == ROLE_CONTRIBUTION_MEASURE)
			effect = effect_expected(item, out.list[i].position);
		add_tie(f, out.list[i].slot, initiative, role, effect);
	}
}

static int
by_about(const void *a, const void *b)
{
	const struct tie *x = a, *y = b;

	if (x->about != y->about)
		return x->about < y->about ? -1 : 1;
	if (x->role != y->role)
		return (int)x->role - (int)y->role;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->initiative < y->initiative ? -1 : x->initiative > y->initiative;
}

/* Each initiative once for each thing and role; what several contributions do to a measure adds up. */
static void
merge_ties(struct inflight *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->ties_count; i++) {
		struct tie *last = kept > 0 ? &f->ties[kept - 1] : NULL;

		if (last == NULL || by_about(last, &f->ties[i]) != 0)
			f->ties[kept++] = f->ties[i];
		else if (isnan(last->effect))
			last->effect = f->ties[i].effect;
		else if (!isnan(f->ties[i].effect))
			last->effect += f->ties[i].effect;
	}
	f->ties_count = kept;
}

/* What another one removes need not fly to be the better remedy. */
static void
tie_all(struct inflight *f)
{
	uint32_t count;
	const uint32_t *slots = index_kind(f->ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < count; i++) {
		bool flies = f->place[slots[i]] != 0;

		if (flies || (index_is(f->ix, slots[i], STANDING_LIVE) &&
				 !index_is(f->ix, slots[i], STANDING_GIVEN_UP)))
			tie_one(f, slots[i], flies);
	}
	if (f->ties_count > 0)
		qsort(f->ties, f->ties_count, sizeof f->ties[0], by_about);
	merge_ties(f);
}

/* Those with that role at a thing. */
static const struct tie *
ties_at(const struct inflight *f, uint32_t about, enum role role, size_t *count)
{
	struct tie key = {.about = about, .role = (uint16_t)role};
	size_t low = 0, high = f->ties_count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_about(&f->ties[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < f->ties_count; end++) {
		if (f->ties[end].about != about || f->ties[end].role != (uint16_t)role)
			break;
	}
	*count = end - low;
	return f->ties + low;
}

static uint32_t
others_at(const struct inflight *f, uint32_t about, enum role role)
{
	size_t count;

	(void)ties_at(f, about, role, &count);
	return count > 0 ? (uint32_t)count - 1 : 0;
}

/* ---- of one */

static void *
next(struct inflight *f, void **list, uint32_t *count, unsigned which, size_t size)
{
	if (*count == f->caps[which]) {
		uint32_t cap = f->caps[which] > 0 ? 2 * f->caps[which] : 8;
		void *larger = realloc(*list, cap * size);

		if (larger == NULL) {
			f->oom = true;
			return NULL;
		}
		*list = larger;
		f->caps[which] = cap;
	}
	return (char *)*list + (*count)++ * size;
}

static const struct target *
target_on(const struct index *ix, uint32_t objective, uint32_t measure)
{
	const struct item *item = ix->items[objective];

	for (unsigned i = 0; i < item->targets_count; i++) {
		if (item_targets(item)[i].measure == measure)
			return &item_targets(item)[i];
	}
	return NULL;
}

static void
judge_planned(struct inflight_result *r, int64_t planned, double share)
{
	if (planned < 0)
		r->planned_why_not = "it states no effort";
	else if (isnan(r->expected) || r->expected == 0)
		r->planned_why_not = "it states no expected effect";
	else
		r->planned_per_unit = (double)planned / 100 * share / fabs(r->expected);
}

static void
judge_spent(struct inflight_result *r, int64_t planned, int64_t spent, double share)
{
	if (planned < 0)
		r->spent_why_not = "it states no effort";
	else if (spent < 0)
		r->spent_why_not = "nobody has said how far the work is";
	else if (isnan(r->baseline))
		r->spent_why_not = "no baseline is stated";
	else if (isnan(r->latest))
		r->spent_why_not = "nobody has measured yet";
	else if (r->realised == 0)
		r->spent_why_not = "the number has not moved";
	else if (isnan(r->expected) || r->expected == 0)
		r->spent_why_not = "it states no expected effect, so which way is not known";
	else if ((r->realised > 0) != (r->expected > 0))
		r->spent_why_not = "the number moved the other way";
	else
		r->spent_per_unit = (double)spent / 100 * share / fabs(r->realised);
}

static void
add_result(struct inflight *f, uint32_t objective, uint32_t measure, double effect, double share)
{
	struct inflight_of *of = &f->of;
	struct inflight_result *r =
	    next(f, (void **)&of->results, &of->results_count, 4, sizeof *r);
	const struct series *series = index_series(f->ix, measure);
	const struct target *target = target_on(f->ix, objective, measure);
	const struct point *latest = series != NULL ? series_until(series, f->ix->today) : NULL;

	if (r == NULL)
		return;
	*r = (struct inflight_result){.objective = objective,
	    .measure = measure,
	    .baseline = target != NULL ? target->baseline : (double)NAN,
	    .target = target != NULL ? target->target : (double)NAN,
	    .latest = latest != NULL ? latest->value : (double)NAN,
	    .latest_at = latest != NULL ? latest->date : DATE_NONE,
	    .expected = effect,
	    .planned_per_unit = (double)NAN,
	    .spent_per_unit = (double)NAN,
	    .planned_why_not = "",
	    .spent_why_not = "",
	    .movers = others_at(f, measure, ROLE_CONTRIBUTION_MEASURE)};
	if (isnan(r->baseline) && series != NULL && series->baseline.slot != SLOT_NONE)
		r->baseline = series->baseline.value;
	r->realised = r->latest - r->baseline;
	judge_planned(r, of->planned, share);
	judge_spent(r, of->planned, of->spent, share);
}

/* The measure of the contribution at that position; SLOT_NONE. */
static uint32_t
measure_at(const struct edges *out, unsigned position)
{
	for (uint32_t i = 0; i < out->count; i++) {
		if (out->list[i].role == ROLE_CONTRIBUTION_MEASURE &&
		    out->list[i].position == position)
			return out->list[i].slot;
	}
	return SLOT_NONE;
}

static void
add_gain(struct inflight *f, const struct edges *out, const struct ref *ref,
    const struct progress_shares *shares)
{
	struct inflight_of *of = &f->of;
	bool stated = ref->role == ROLE_CONTRIBUTION;
	struct inflight_gain *g;
	double share = progress_share(shares, ref);

	if (!index_is(f->ix, ref->slot, STANDING_LIVE) ||
	    (g = next(f, (void **)&of->gains, &of->gains_count, 0, sizeof *g)) == NULL)
		return;
	*g = (struct inflight_gain){.objective = ref->slot,
	    .measure = stated ? measure_at(out, ref->position) : SLOT_NONE,
	    .share = share,
	    .effect = stated ? effect_expected(f->ix->items[of->slot], ref->position) : (double)NAN,
	    .others = others_at(f, ref->slot, ROLE_CONTRIBUTION)};
	if (g->measure == SLOT_NONE || !index_is(f->ix, g->measure, STANDING_LIVE)) {
		g->measure = SLOT_NONE;
		return;
	}
	g->movers = others_at(f, g->measure, ROLE_CONTRIBUTION_MEASURE);
	add_result(f, g->objective, g->measure, g->effect, share);
}

static void
add_gains(struct inflight *f, uint32_t initiative)
{
	const struct item *item = f->ix->items[initiative];
	struct edges out = index_out(f->ix, initiative);
	struct progress_shares shares;

	progress_shares(&shares, item);
	for (uint32_t i = 0; i < item->refs_count; i++) {
		const struct ref *ref = &item->refs[i];

		if (ref->role == ROLE_CONTRIBUTION ||
		    (ref->role == ROLE_OBJECTIVE && !shares.primary_named))
			add_gain(f, &out, ref, &shares);
	}
}

static void
add_overlap(struct inflight *f, uint32_t initiative, const struct tie *ties, size_t count)
{
	struct inflight_of *of = &f->of;
	struct inflight_overlap *o;
	uint32_t named = 0;

	if (count < 2 ||
	    (o = next(f, (void **)&of->overlaps, &of->overlaps_count, 1, sizeof *o)) == NULL)
		return;
	*o = (struct inflight_overlap){.about = ties[0].about, .count = (uint32_t)count - 1};
	for (size_t i = 0; i < count && named < INFLIGHT_OTHERS; i++) {
		if (ties[i].initiative != initiative)
			o->with[named++] = ties[i].initiative;
	}
}

static const struct tie *
own(const struct tie *ties, size_t count, uint32_t initiative)
{
	for (size_t i = 0; i < count; i++) {
		if (ties[i].initiative == initiative)
			return &ties[i];
	}
	return NULL;
}

/* Who is expected to move the number the other way. */
static void
add_pull(struct inflight *f, uint32_t initiative, const struct tie *ties, size_t count)
{
	struct inflight_of *of = &f->of;
	const struct tie *mine = own(ties, count, initiative);
	struct inflight_conflict *c = NULL;

	if (mine == NULL || isnan(mine->effect) || mine->effect == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (isnan(ties[i].effect) || ties[i].effect * mine->effect >= 0)
			continue;
		if (c != NULL) {
			c->more++;
			continue;
		}
		c = next(f, (void **)&of->conflicts, &of->conflicts_count, 2, sizeof *c);
		if (c == NULL)
			return;
		*c = (struct inflight_conflict){.with = ties[i].initiative,
		    .about = ties[i].about,
		    .effect = mine->effect,
		    .other_effect = ties[i].effect};
	}
}

static void
add_conflict(struct inflight *f, uint32_t with)
{
	struct inflight_of *of = &f->of;
	struct inflight_conflict *c;

	for (uint32_t i = 0; i < of->conflicts_count; i++) {
		if (of->conflicts[i].with == with && of->conflicts[i].about == SLOT_NONE)
			return;
	}
	if (f->ix->kinds[with] != KIND_INITIATIVE || f->place[with] == 0)
		return;
	c = next(f, (void **)&of->conflicts, &of->conflicts_count, 2, sizeof *c);
	if (c != NULL)
		*c = (struct inflight_conflict){.with = with, .about = SLOT_NONE};
}

static void
add_patches(struct inflight *f, uint32_t initiative, uint32_t eased)
{
	struct inflight_of *of = &f->of;
	size_t count;
	const struct tie *removers = ties_at(f, eased, ROLE_LINK_REMOVES, &count);

	for (size_t i = 0; i < count; i++) {
		struct inflight_patch *p;

		if (removers[i].initiative == initiative)
			continue;
		p = next(f, (void **)&of->patches, &of->patches_count, 3, sizeof *p);
		if (p == NULL)
			return;
		*p = (struct inflight_patch){eased, removers[i].initiative};
	}
}

/* Was the same thing in the same role met before among its references? */
static bool
is_again(const struct edges *out, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++) {
		if (out->list[k].slot == out->list[i].slot &&
		    tied_as(out->list[k].role) == tied_as(out->list[i].role))
			return true;
	}
	return false;
}

static void
add_ties(struct inflight *f, uint32_t initiative)
{
	struct edges out = index_out(f->ix, initiative), in = index_in(f->ix, initiative);

	for (uint32_t i = 0; i < out.count && !f->oom; i++) {
		enum role role = tied_as(out.list[i].role);
		const struct tie *ties;
		size_t count;

		if (role == ROLE_NONE || is_again(&out, i))
			continue;
		ties = ties_at(f, out.list[i].slot, role, &count);
		if (role == ROLE_CONTRIBUTION || role == ROLE_CONTRIBUTION_MEASURE ||
		    role == ROLE_WORKS_ON)
			add_overlap(f, initiative, ties, count);
		if (role == ROLE_CONTRIBUTION_MEASURE)
			add_pull(f, initiative, ties, count);
		else if (role == ROLE_LINK_CONFLICTS)
			add_conflict(f, out.list[i].slot);
		else if (role == ROLE_LINK_EASES)
			add_patches(f, initiative, out.list[i].slot);
	}
	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_LINK_CONFLICTS)
			add_conflict(f, in.list[i].slot);
	}
}

const struct inflight_of *
inflight_of(struct inflight *f, uint32_t initiative)
{
	struct inflight_of *of = &f->of;
	struct progress_of progress;

	of->slot = initiative;
	of->gains_count = of->overlaps_count = of->conflicts_count = 0;
	of->patches_count = of->results_count = 0;
	of->planned = burnup_effort(f->ix, initiative);
	of->spent = -1;
	if (!progress_of(f->progress, initiative, &progress))
		return NULL;
	if (of->planned >= 0 && !isnan(progress.work.value))
		of->spent = llround((double)of->planned * fmin(fmax(progress.work.value, 0), 1));
	add_gains(f, initiative);
	add_ties(f, initiative);
	return f->oom ? NULL : of;
}

/* ---- teams */

static bool
is_of_team(const struct index *ix, uint32_t who, uint32_t team)
{
	struct edges members;

	if (who == team)
		return true;
	if (ix->kinds[who] != KIND_PERSON)
		return false;
	if (index_target(ix, who, ROLE_TEAM) == team)
		return true;
	members = index_out(ix, team);
	for (uint32_t i = 0; i < members.count; i++) {
		if (members.list[i].slot == who &&
		    (members.list[i].role == ROLE_MEMBER || members.list[i].role == ROLE_LEAD))
			return true;
	}
	return false;
}

bool
inflight_has_team(const struct index *ix, uint32_t initiative, uint32_t team)
{
	struct edges out = index_out(ix, initiative), in = index_in(ix, initiative);

	for (uint32_t i = 0; i < out.count; i++) {
		unsigned role = out.list[i].role;

		if ((role == ROLE_NEED || role == ROLE_OWNER || role == ROLE_MEMBER) &&
		    is_of_team(ix, out.list[i].slot, team))
			return true;
	}
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t who;

		if (in.list[i].role != ROLE_PART_OF ||
		    ix->kinds[in.list[i].slot] != KIND_ALLOCATION)
			continue;
		who = index_target(ix, in.list[i].slot, ROLE_WHO);
		if (who != SLOT_NONE && is_of_team(ix, who, team))
			return true;
	}
	return false;
}

const uint32_t *
inflight_list(const struct inflight *f, uint32_t *count)
{
	*count = f->count;
	return f->list;
}

struct inflight *
inflight_new(const struct index *ix)
{
	struct inflight *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->ix = ix;
	f->progress = progress_new(ix);
	if (f->progress != NULL && list_all(f))
		tie_all(f);
	else
		f->oom = true;
	if (!f->oom)
		return f;
	inflight_free(f);
	return NULL;
}

void
inflight_free(struct inflight *f)
{
	if (f == NULL)
		return;
	progress_free(f->progress);
	free(f->list);
	free(f->place);
	free(f->ties);
	free(f->of.gains);
	free(f->of.overlaps);
	free(f->of.conflicts);
	free(f->of.patches);
	free(f->of.results);
	free(f);
}
