#include "server/insight/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/insight/check/aim.h"
#include "server/limits.h"
#include "server/plan/control.h"

#define SCRATCH_MEMORY ((size_t)32 << 20)
/* A number that rests on less than this part of the weight is none. */
#define KNOWN_LEAST (0.5 - 1e-9)
/* What a whole comes to at most while a part that it needs whole is not complete. */
#define NOT_ALL 0.99
/* No chain of wholes is longer; goals above objectives above work. */
#define CHAIN_MAX (4 * LIMIT_DEPTH)

enum { OF_NONE, OF_UNDER_WAY = UINT32_MAX };

struct progress {
	const struct index *ix;
	struct arena *scratch;
	uint32_t *of; /* by slot: 1-based number of the result, or OF_UNDER_WAY */
	struct progress_of *results;
	uint32_t results_count;
	uint32_t results_cap;
	uint32_t *stamps; /* by slot: the climb that came by last */
	uint32_t stamp;
	bool oom;
};

/* ---- what is part of what */

static bool
is_given_up(const struct item *item)
{
	enum { WORK_STOPPED = 6, OBJECTIVE_DROPPED = 2 };

	if (item->kind == KIND_INITIATIVE || item->kind == KIND_WORKSTREAM)
		return item->status == WORK_STOPPED;
	return item->kind == KIND_OBJECTIVE && item->status == OBJECTIVE_DROPPED;
}

static bool
counts(const struct index *ix, uint32_t slot)
{
	return index_is(ix, slot, STANDING_LIVE) && !is_given_up(ix->items[slot]);
}

/* Does a reference of that role lead from a part to a whole? */
static bool
is_part_edge(unsigned part_kind, unsigned role, unsigned whole_kind)
{
	switch (part_kind) {
	case KIND_GOAL:
		return role == ROLE_PARENT && whole_kind == KIND_GOAL;
	case KIND_OBJECTIVE:
		return (role == ROLE_PARENT && whole_kind == KIND_OBJECTIVE) ||
		       ((role == ROLE_GOAL || role == ROLE_FURTHER_GOAL) &&
			   whole_kind == KIND_GOAL);
	case KIND_INITIATIVE:
		return (role == ROLE_OBJECTIVE || role == ROLE_CONTRIBUTION) &&
		       whole_kind == KIND_OBJECTIVE;
	case KIND_WORKSTREAM:
		return (role == ROLE_OBJECTIVE && whole_kind == KIND_OBJECTIVE) ||
		       (role == ROLE_PART_OF && kind_is_work(whole_kind));
	case KIND_MILESTONE:
	case KIND_TASK:
		return role == ROLE_PART_OF && kind_is_work(whole_kind);
	default:
		return false;
	}
}

static bool
climbs_to(struct progress *p, uint32_t from, uint32_t whole, unsigned depth)
{
	struct edges out = index_out(p->ix, from);

	if (from == whole)
		return true;
	if (p->stamps[from] == p->stamp || depth > CHAIN_MAX || !counts(p->ix, from))
		return false;
	p->stamps[from] = p->stamp;
	for (uint32_t i = 0; i < out.count; i++) {
		if (is_part_edge(
			p->ix->kinds[from], out.list[i].role, p->ix->kinds[out.list[i].slot]) &&
		    climbs_to(p, out.list[i].slot, whole, depth + 1))
			return true;
	}
	return false;
}

/* Another whole of the part lies below this one: there it counts, here it would count twice. */
static bool
is_part_of_a_part(struct progress *p, uint32_t part, uint32_t whole)
{
	const struct index *ix = p->ix;
	struct edges out = index_out(ix, part);

	p->stamp++;
	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t other = out.list[i].slot;

		if (other != whole &&
		    is_part_edge(ix->kinds[part], out.list[i].role, ix->kinds[other]) &&
		    climbs_to(p, other, whole, 0))
			return true;
	}
	return false;
}

/* ---- weights */

/* Effort as stated, else that of its parts together; NAN. */
static double
effort_of(const struct index *ix, uint32_t slot, unsigned depth)
{
	const struct item *item = ix->items[slot];
	struct edges in = index_in(ix, slot);
	double sum = NAN;

	if (item->kind != KIND_MILESTONE && (item->has & HAS_VALUE) != 0)
		return (double)item->effort;
	for (uint32_t i = 0; i < in.count && depth < LIMIT_DEPTH; i++) {
		uint32_t part = in.list[i].slot;
		double effort;

		if (in.list[i].role != ROLE_PART_OF || !kind_is_work(ix->kinds[part]) ||
		    !counts(ix, part))
			continue;
		effort = effort_of(ix, part, depth + 1);
		if (!isnan(effort))
			sum = isnan(sum) ? effort : sum + effort;
	}
	return sum;
}

void
progress_shares(struct progress_shares *shares, const struct item *initiative)
{
	*shares = (struct progress_shares){.primary = SLOT_NONE};
	for (uint32_t i = 0; i < initiative->refs_count; i++) {
		if (initiative->refs[i].role == ROLE_OBJECTIVE)
			shares->primary = initiative->refs[i].slot;
	}
	for (uint32_t i = 0; i < initiative->refs_count; i++) {
		const struct ref *ref = &initiative->refs[i];

		if (ref->role != ROLE_CONTRIBUTION)
			continue;
		shares->primary_named |= ref->slot == shares->primary;
		if (ref->amount < 0)
			shares->open++;
		else
			shares->stated += ref->amount / 10000.0;
	}
	shares->open += shares->primary != SLOT_NONE && !shares->primary_named;
}

double
progress_share(const struct progress_shares *shares, const struct ref *ref)
{
	bool is_open = ref->role == ROLE_CONTRIBUTION
			   ? ref->amount < 0
			   : ref->role == ROLE_OBJECTIVE && !shares->primary_named &&
				 ref->slot == shares->primary;

	if (is_open)
		return fmax(0, 1 - shares->stated) / shares->open;
	return ref->role == ROLE_CONTRIBUTION ? ref->amount / 10000.0 : 0;
}

static double
share_of(const struct item *initiative, uint32_t objective)
{
	struct progress_shares shares;
	double sum = 0;

	progress_shares(&shares, initiative);
	for (uint32_t i = 0; i < initiative->refs_count; i++) {
		if (initiative->refs[i].slot == objective)
			sum += progress_share(&shares, &initiative->refs[i]);
	}
	return sum;
}

/* The method that a contribution to the objective states; ROLL_UP_NONE. */
static uint8_t
contributed_roll_up(struct progress *p, const struct item *initiative, uint32_t objective)
{
	const uint8_t *list;
	size_t count;
	uint8_t found = ROLL_UP_NONE;

	if ((initiative->extra & ROLL_UP_IN_CONTRIBUTIONS) == 0)
		return ROLL_UP_NONE;
	arena_reset(p->scratch);
	if (!control_roll_ups(initiative, p->scratch, &list, &count)) {
		p->oom = true;
		return ROLL_UP_NONE;
	}
	for (uint32_t i = 0; i < initiative->refs_count && found == ROLL_UP_NONE; i++) {
		const struct ref *ref = &initiative->refs[i];

		if (ref->role == ROLE_CONTRIBUTION && ref->slot == objective &&
		    ref->position < count)
			found = list[ref->position];
	}
	return found;
}

/* The method stands with the link to one whole: a workstream's does not speak of an objective. */
static uint8_t
roll_up_in(struct progress *p, uint32_t part, uint32_t whole)
{
	const struct item *item = p->ix->items[part];
	uint8_t method = item->extra & 0xf;

	if (item->kind == KIND_GOAL)
		method = ROLL_UP_NONE;
	if (item->kind == KIND_WORKSTREAM && p->ix->kinds[whole] == KIND_OBJECTIVE)
		method = ROLL_UP_NONE;
	if (item->kind == KIND_INITIATIVE && index_target(p->ix, part, ROLE_OBJECTIVE) != whole)
		method = ROLL_UP_NONE;
	if (item->kind == KIND_INITIATIVE && method == ROLL_UP_NONE)
		method = contributed_roll_up(p, item, whole);
	return method == ROLL_UP_NONE ? ROLL_UP_WEIGHTED : method;
}

static bool
is_in_mean(const struct progress_part *part)
{
	return part->roll_up != ROLL_UP_WEAKEST;
}

/* The parts of one unit: what is not stated weighs as the mean of what is. */
static double
fill_weights(const struct index *ix, struct progress_part *parts, size_t count, bool is_work)
{
	double sum = 0, weights = 0;
	unsigned stated = 0, n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_in_mean(&parts[i]) || parts[i].is_work != is_work || isnan(parts[i].stated))
			continue;
		sum += parts[i].stated;
		stated++;
	}
	for (size_t i = 0; i < count; i++) {
		struct progress_part *part = &parts[i];
		double base = stated > 0 ? sum / stated : 1;

		if (!is_in_mean(part) || part->is_work != is_work)
			continue;
		if (!isnan(part->stated))
			base = part->stated;
		else if (ix->kinds[part->slot] == KIND_MILESTONE && sum > 0)
			base = 0;
		part->weight = base * part->share;
		weights += part->weight;
		n++;
	}
	/* Each unit counts by how many parts it has. */
	for (size_t i = 0; i < count && weights > 0; i++) {
		if (is_in_mean(&parts[i]) && parts[i].is_work == is_work)
			parts[i].weight *= n / weights;
	}
	return weights > 0 ? n : 0;
}

static void
weigh(const struct index *ix, struct progress_part *parts, size_t count)
{
	double sum = fill_weights(ix, parts, count, false) + fill_weights(ix, parts, count, true);

	for (size_t i = 0; i < count && sum > 0; i++)
		parts[i].weight /= sum;
}

/* ---- gathering parts */

static int
compare_parts(const void *pa, const void *pb, void *arg)
{
	const struct index *ix = arg;
	uint32_t a = ((const struct progress_part *)pa)->slot;
	uint32_t b = ((const struct progress_part *)pb)->slot;

	if (ix->kinds[a] == ix->kinds[b] && ix->rank[a] != ix->rank[b])
		return ix->rank[a] < ix->rank[b] ? -1 : 1;
	return index_compare(ix, a, b);
}

static struct progress_part
make_part(struct progress *p, uint32_t slot, uint32_t whole)
{
	const struct item *item = p->ix->items[slot];
	struct progress_part part = {.slot = slot, .share = 1};

	part.roll_up = roll_up_in(p, slot, whole);
	part.is_work = kind_is_work(item->kind);
	if (part.is_work)
		part.stated = effort_of(p->ix, slot, 0);
	else
		part.stated = (item->has & HAS_VALUE) != 0 ? item->value : NAN;
	if (item->kind == KIND_INITIATIVE)
		part.share = share_of(item, whole);
	return part;
}

/* In order, so that what stands twice stands side by side. */
static size_t
without_doubles(struct progress *p, struct progress_part *parts, size_t count)
{
	size_t kept = 0;

	qsort_r(parts, count, sizeof parts[0], compare_parts, (void *)(uintptr_t)p->ix);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || parts[kept - 1].slot != parts[i].slot)
			parts[kept++] = parts[i];
	}
	return kept;
}

bool
progress_parts(struct progress *p, uint32_t whole, struct progress_part **parts, size_t *count)
{
	const struct index *ix = p->ix;
	struct edges in = index_in(ix, whole);
	struct progress_part *list;
	size_t n = 0;

	*count = 0;
	*parts = NULL;
	for (uint32_t i = 0; i < in.count; i++)
		n += is_part_edge(ix->kinds[in.list[i].slot], in.list[i].role, ix->kinds[whole]);
	if (n == 0)
		return true;
	list = calloc(n, sizeof list[0]);
	if (list == NULL)
		return false;
	n = 0;
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t part = in.list[i].slot;

		if (is_part_edge(ix->kinds[part], in.list[i].role, ix->kinds[whole]) &&
		    counts(ix, part) && !is_part_of_a_part(p, part, whole))
			list[n++] = make_part(p, part, whole);
	}
	n = without_doubles(p, list, n);
	weigh(ix, list, n);
	*parts = list;
	*count = n;
	return !p->oom;
}

/* ---- rolling up */

static const struct progress_number no_number = {
    .value = NAN, .held_by = SLOT_NONE, .from = FROM_NOTHING, .held = HELD_NOT};

static double
in_whole(double value)
{
	return value < 0 ? 0 : value > 1 ? 1 : value;
}

static void
hold(struct progress_number *number, enum progress_held held, uint32_t by, double most)
{
	if (held != HELD_UNKNOWN && number->value <= most)
		return;
	number->value = held == HELD_UNKNOWN ? NAN : most;
	number->held = (uint8_t)held;
	number->held_by = by;
}

/* The mean of those that are known; too little known is unknown. */
static void
take_mean(const struct progress_part *parts, const struct progress_number *numbers, size_t count,
    struct progress_number *out)
{
	double sum = 0, weights = 0, all = 0, known = 0;

	for (size_t i = 0; i < count; i++) {
		double value = in_whole(numbers[i].value);

		if (!is_in_mean(&parts[i]))
			continue;
		all += parts[i].weight;
		if (isnan(numbers[i].value))
			continue;
		if (parts[i].roll_up == ROLL_UP_ALL)
			value = numbers[i].value >= 1 ? 1 : 0;
		sum += parts[i].weight * value;
		weights += parts[i].weight;
		known += parts[i].weight * numbers[i].known;
	}
	out->known = all > 0 ? known / all : 0;
	out->value = weights > 0 && out->known >= KNOWN_LEAST ? sum / weights : NAN;
}

/* Without parts in the mean it begins at 1, and the weakest decides. */
static void
begin_at_weakest(const struct progress_part *parts, size_t count, struct progress_number *out)
{
	for (size_t i = 0; i < count; i++) {
		if (is_in_mean(&parts[i]))
			return;
	}
	out->value = 1;
	out->known = 1;
}

static struct progress_number
roll_up(const struct progress_part *parts, const struct progress_number *numbers, size_t count)
{
	struct progress_number out = no_number;

	out.count = (uint32_t)count;
	if (count == 0)
		return out;
	out.from = FROM_PARTS;
	for (size_t i = 0; i < count; i++)
		out.known_count += !isnan(numbers[i].value);
	take_mean(parts, numbers, count, &out);
	begin_at_weakest(parts, count, &out);
	for (size_t i = 0; i < count && !isnan(out.value); i++) {
		if (parts[i].roll_up == ROLL_UP_ALL && !(numbers[i].value >= 1))
			hold(&out, HELD_BY_ALL, parts[i].slot, NOT_ALL);
		if (parts[i].roll_up != ROLL_UP_WEAKEST)
			continue;
		out.known = fmin(out.known, numbers[i].known);
		hold(&out, isnan(numbers[i].value) ? HELD_UNKNOWN : HELD_BY_WEAKEST, parts[i].slot,
		    in_whole(numbers[i].value));
	}
	if (isnan(out.value))
		out.known = 0;
	return out;
}

static struct progress_number
certain(double value, enum progress_from from)
{
	struct progress_number out = no_number;

	out.value = value;
	out.known = 1;
	out.from = (uint8_t)from;
	return out;
}

/* ---- the outcome of measures */

struct tally {
	struct progress_number number;
	double raw;
	double sum;
};

static void
tally_aim(struct tally *t, const struct index *ix, const struct aim *aim)
{
	const struct point *point = series_until(index_series(ix, aim->measure), ix->today);

	t->number.count++;
	if (aim_lacks(aim) != NULL || point == NULL)
		return;
	t->raw = aim_progress(aim, point->value);
	t->sum += in_whole(t->raw);
	t->number.known_count++;
}

/* A number that stands alone is shown as it is; in a mean each counts from 0 to 1. */
static struct progress_number
tally_end(struct tally *t)
{
	struct progress_number *n = &t->number;

	if (n->count == 0)
		return *n;
	n->from = FROM_MEASURES;
	n->known = (double)n->known_count / n->count;
	if (n->count == 1 && n->known_count == 1)
		n->value = t->raw;
	else if (n->known_count > 0 && n->known >= KNOWN_LEAST)
		n->value = t->sum / n->known_count;
	if (isnan(n->value))
		n->known = 0;
	return *n;
}

static struct progress_number
outcome_of_objective(const struct index *ix, uint32_t objective)
{
	struct tally tally = {.number = no_number};
	struct aims aims;
	struct aim aim;

	aims_init(&aims, ix, objective);
	while (aims_next(&aims, &aim))
		tally_aim(&tally, ix, &aim);
	return tally_end(&tally);
}

/* The measures that its contributions say it shall move. */
static struct progress_number
outcome_of_initiative(const struct index *ix, uint32_t initiative)
{
	const struct item *item = ix->items[initiative];
	struct tally tally = {.number = no_number};
	struct aim aim;

	for (uint32_t i = 0; i < item->refs_count; i++) {
		const struct ref *ref = &item->refs[i];
		uint32_t objective = SLOT_NONE;

		if (ref->role != ROLE_CONTRIBUTION_MEASURE ||
		    !index_is(ix, ref->slot, STANDING_LIVE) || ix->kinds[ref->slot] != KIND_MEASURE)
			continue;
		for (uint32_t k = 0; k < item->refs_count; k++) {
			if (item->refs[k].role == ROLE_CONTRIBUTION &&
			    item->refs[k].position == ref->position)
				objective = item->refs[k].slot;
		}
		aim_find(ix, objective, ref->slot, &aim);
		tally_aim(&tally, ix, &aim);
	}
	return tally_end(&tally);
}

/* ---- one item */

static bool
is_done(const struct index *ix, const struct item *item)
{
	enum { WORK_DONE = 5 };

	if (item->kind == KIND_INITIATIVE || item->kind == KIND_WORKSTREAM)
		return item->status == WORK_DONE;
	return (item->kind == KIND_TASK || item->kind == KIND_MILESTONE) &&
	       item->done != DATE_NONE && item->done <= ix->today;
}

static struct progress_number
work_of(const struct index *ix, uint32_t slot, const struct progress_number *of_parts)
{
	const struct item *item = ix->items[slot];
	uint32_t check_in = ix->check_in[slot];

	if (!kind_is_work(item->kind))
		return *of_parts;
	if (is_done(ix, item))
		return certain(1, FROM_DONE);
	if (check_in != SLOT_NONE && (ix->has[check_in] & HAS_VALUE) != 0)
		return certain(ix->items[check_in]->value, FROM_CHECK_IN);
	if (of_parts->count == 0 && (item->kind == KIND_TASK || item->kind == KIND_MILESTONE))
		return certain(0, FROM_OPEN);
	return *of_parts;
}

static enum progress_status
own_status(const struct index *ix, uint32_t slot)
{
	enum { WORK_PAUSED = 4, OBJECTIVE_CLOSED = 1 };
	static const uint8_t checked_in[] = {
	    PROGRESS_UNKNOWN, PROGRESS_ON_TRACK, PROGRESS_AT_RISK, PROGRESS_OFF_TRACK};
	const struct item *item = ix->items[slot];
	uint32_t check_in = ix->check_in[slot];
	enum progress_status status = PROGRESS_UNKNOWN;

	if (is_given_up(item))
		return item->kind == KIND_OBJECTIVE ? PROGRESS_DROPPED : PROGRESS_STOPPED;
	if (is_done(ix, item))
		return PROGRESS_DONE;
	if (item->kind == KIND_OBJECTIVE && item->status == OBJECTIVE_CLOSED)
		return PROGRESS_CLOSED;
	if (check_in != SLOT_NONE && ix->items[check_in]->status < sizeof checked_in)
		status = checked_in[ix->items[check_in]->status];
	if ((item->kind == KIND_INITIATIVE || item->kind == KIND_WORKSTREAM) &&
	    item->status == WORK_PAUSED && status < PROGRESS_PAUSED)
		status = PROGRESS_PAUSED;
	return status;
}

/* The worst of its own and of what rolls up to it; of equals its own, then the first part's. */
static void
settle_status(const struct index *ix, uint32_t slot, const struct progress_of *parts, size_t count,
    struct progress_of *out)
{
	bool all_done = count > 0;

	out->status = (uint8_t)own_status(ix, slot);
	out->behind = out->status != PROGRESS_UNKNOWN ? slot : SLOT_NONE;
	if (out->status >= PROGRESS_DONE)
		return;
	for (size_t i = 0; i < count; i++) {
		all_done &=
		    parts[i].status >= PROGRESS_DONE || parts[i].status == PROGRESS_WORK_DONE;
		if (parts[i].status >= PROGRESS_DONE || parts[i].status <= out->status ||
		    parts[i].status == PROGRESS_WORK_DONE)
			continue;
		out->status = parts[i].status;
		out->behind = parts[i].behind;
	}
	if (all_done && out->status == PROGRESS_UNKNOWN)
		out->status = PROGRESS_WORK_DONE;
}

static uint32_t visit(struct progress *p, uint32_t slot);

/* The outcome of a whole comes from its goals and objectives alone. */
static struct progress_number
roll_outcome(const struct index *ix, struct progress_part *parts, struct progress_of *of,
    struct progress_number *numbers, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].is_work)
			continue;
		parts[n] = parts[i];
		parts[n].weight = 0;
		numbers[n++] = of[i].outcome;
	}
	weigh(ix, parts, n);
	return roll_up(parts, numbers, n);
}

static struct progress_number
outcome_of(const struct index *ix, uint32_t slot, const struct progress_number *of_parts)
{
	struct progress_number own = no_number;

	if (ix->kinds[slot] == KIND_INITIATIVE)
		return outcome_of_initiative(ix, slot);
	if (ix->kinds[slot] == KIND_OBJECTIVE)
		own = outcome_of_objective(ix, slot);
	return own.from == FROM_MEASURES ? own : *of_parts;
}

static bool
compute(struct progress *p, uint32_t slot, struct progress_of *out)
{
	struct progress_part *parts = NULL;
	struct progress_of *of = NULL;
	struct progress_number *numbers = NULL;
	struct progress_number rolled;
	size_t count = 0;
	bool ok = false;

	if (!progress_parts(p, slot, &parts, &count))
		goto out;
	of = calloc(count + 1, sizeof of[0]);
	numbers = calloc(count + 1, sizeof numbers[0]);
	if (of == NULL || numbers == NULL)
		goto out;
	for (size_t i = 0; i < count; i++) {
		uint32_t number = visit(p, parts[i].slot);

		if (p->oom)
			goto out;
		of[i].work = of[i].outcome = no_number;
		of[i].behind = SLOT_NONE;
		if (number != OF_UNDER_WAY)
			of[i] = p->results[number - 1];
		numbers[i] = of[i].work;
	}
	rolled = roll_up(parts, numbers, count);
	out->work = work_of(p->ix, slot, &rolled);
	settle_status(p->ix, slot, of, count, out);
	rolled = roll_outcome(p->ix, parts, of, numbers, count);
	out->outcome = outcome_of(p->ix, slot, &rolled);
	ok = true;
out:
	free(parts);
	free(of);
	free(numbers);
	return ok;
}

/* The number of its result; OF_UNDER_WAY where it contains itself. */
static uint32_t
visit(struct progress *p, uint32_t slot)
{
	struct progress_of result = {no_number, no_number, SLOT_NONE, PROGRESS_UNKNOWN};

	if (p->of[slot] != OF_NONE)
		return p->of[slot];
	p->of[slot] = OF_UNDER_WAY;
	if (!compute(p, slot, &result)) {
		p->oom = true;
		return OF_UNDER_WAY;
	}
	if (p->results_count == p->results_cap) {
		uint32_t cap = p->results_cap > 0 ? p->results_cap * 2 : 64;
		struct progress_of *bigger = realloc(p->results, cap * sizeof bigger[0]);

		if (bigger == NULL) {
			p->oom = true;
			return OF_UNDER_WAY;
		}
		p->results = bigger;
		p->results_cap = cap;
	}
	p->results[p->results_count++] = result;
	p->of[slot] = p->results_count;
	return p->results_count;
}

struct progress *
progress_new(const struct index *ix)
{
	struct progress *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->ix = ix;
	p->scratch = arena_new(SCRATCH_MEMORY);
	p->of = calloc((size_t)ix->slots + 1, sizeof p->of[0]);
	p->stamps = calloc((size_t)ix->slots + 1, sizeof p->stamps[0]);
	if (p->scratch == NULL || p->of == NULL || p->stamps == NULL) {
		progress_free(p);
		return NULL;
	}
	return p;
}

void
progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	arena_free(p->scratch);
	free(p->of);
	free(p->stamps);
	free(p->results);
	free(p);
}

bool
progress_of(struct progress *p, uint32_t slot, struct progress_of *out)
{
	uint32_t number = p->oom ? OF_UNDER_WAY : visit(p, slot);

	if (p->oom || number == OF_UNDER_WAY)
		return false;
	*out = p->results[number - 1];
	return true;
}
