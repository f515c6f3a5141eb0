/* The order that lies nearest to all; the pairs that are disagreed on. See concord.h. */
#include "server/insight/concord/concord.h"
#include "server/limits.h"

#include <stdlib.h>
#include <string.h>

/* cost[i * n + k]: how many halves it costs to put i before k. */
struct kemeny {
	uint32_t n;
	uint32_t *cost;
	uint32_t
	    *group; /* by place: objects, by groups that the majority puts one behind the other */
	uint32_t *ends; /* of the groups */
	uint32_t groups;
};

static uint32_t
cost(const struct kemeny *k, uint32_t first, uint32_t second)
{
	return k->cost[(size_t)first * k->n + second];
}

static void
fill_costs(struct kemeny *k, const struct ballots *ballots)
{
	for (uint32_t j = 0; j < ballots->judges; j++) {
		const uint32_t *p = ballots->places + (size_t)j * k->n;

		for (uint32_t a = 0; a < k->n; a++)
			for (uint32_t b = 0; b < k->n; b++)
				k->cost[(size_t)a * k->n + b] += (p[a] > p[b]) + (p[a] >= p[b]);
	}
}

/* ---- groups: objects in a circle of majorities, or tied ones */

/* Whom the majority lets it reach, itself included. */
static void
reach(const struct kemeny *k, uint8_t *reached)
{
	for (uint32_t a = 0; a < k->n; a++)
		for (uint32_t b = 0; b < k->n; b++)
			reached[(size_t)a * k->n + b] = cost(k, a, b) <= cost(k, b, a);
	for (uint32_t via = 0; via < k->n; via++)
		for (uint32_t a = 0; a < k->n; a++)
			for (uint32_t b = 0; reached[(size_t)a * k->n + via] && b < k->n; b++)
				reached[(size_t)a * k->n + b] |= reached[(size_t)via * k->n + b];
}

/* Of two groups one beats the other altogether: so the better one reaches more. */
static bool
split(struct kemeny *k)
{
	uint8_t *reached = calloc((size_t)k->n * k->n + 1, 1);
	uint32_t *counts = calloc((size_t)k->n + 1, sizeof counts[0]);
	uint32_t filled = 0;

	if (reached == NULL || counts == NULL) {
		free(reached);
		free(counts);
		return false;
	}
	reach(k, reached);
	for (uint32_t a = 0; a < k->n; a++)
		for (uint32_t b = 0; b < k->n; b++)
			counts[a] += reached[(size_t)a * k->n + b];
	for (uint32_t most = k->n; most > 0; most--) {
		uint32_t before = filled;

		for (uint32_t a = 0; a < k->n; a++)
			if (counts[a] == most)
				k->group[filled++] = a;
		if (filled > before)
			k->ends[k->groups++] = filled;
	}
	free(reached);
	free(counts);
	return true;
}

/* ---- one group */

/* Sets are of the group's places; what is in a set comes last, so that the first of the order is found first. */
struct sets {
	uint64_t *least;
	uint64_t *orders;
};

static uint64_t
cost_before(const struct kemeny *k, const uint32_t *objects, uint32_t first, uint32_t set)
{
	uint64_t total = 0;

	for (uint32_t i = 0; set >> i != 0; i++)
		if (set >> i & 1)
			total += cost(k, objects[first], objects[i]);
	return total;
}

static uint64_t
add_capped(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void
fill_set(const struct kemeny *k, const uint32_t *objects, struct sets *s, uint32_t set)
{
	s->least[set] = UINT64_MAX;
	for (uint32_t i = 0; set >> i != 0; i++) {
		uint32_t rest = set & ~(1u << i);
		uint64_t total;

		if (rest == set)
			continue;
		total = s->least[rest] + cost_before(k, objects, i, rest);
		if (total < s->least[set]) {
			s->least[set] = total;
			s->orders[set] = 0;
		}
		if (total == s->least[set])
			s->orders[set] = add_capped(s->orders[set], s->orders[rest]);
	}
}

static bool
order_exactly(const struct kemeny *k, uint32_t *objects, uint32_t count, struct consensus *out)
{
	size_t sets = (size_t)1 << count;
	struct sets s = {calloc(sets, sizeof s.least[0]), calloc(sets, sizeof s.orders[0])};
	uint32_t order[CONCORD_EXACT], set = (uint32_t)(sets - 1);
	bool ok = s.least != NULL && s.orders != NULL;

	if (ok) {
		s.orders[0] = 1;
		for (uint32_t i = 1; i < sets; i++)
			fill_set(k, objects, &s, i);
		out->distance += s.least[set];
		out->bound += s.least[set];
		out->orders = s.orders[set] > UINT64_MAX / out->orders
				  ? UINT64_MAX
				  : out->orders * s.orders[set];
		for (uint32_t place = 0, i = 0; place < count; i = 0, place++) {
			while (!(set >> i & 1) ||
			       s.least[set & ~(1u << i)] +
				       cost_before(k, objects, i, set & ~(1u << i)) !=
				   s.least[set])
				i++;
			order[place] = objects[i];
			set &= ~(1u << i);
		}
		memcpy(objects, order, count * sizeof order[0]);
	}
	free(s.least);
	free(s.orders);
	return ok;
}

/* Takes the object at `from` to the place where it costs least; true if that is better. */
static bool
insert_better(const struct kemeny *k, uint32_t *objects, uint32_t count, uint32_t from)
{
	uint32_t object = objects[from], best = from;
	int64_t change = 0, least = 0;

	for (uint32_t at = from; at > 0; at--) {
		change += (int64_t)cost(k, object, objects[at - 1]) -
			  (int64_t)cost(k, objects[at - 1], object);
		if (change < least) {
			least = change;
			best = at - 1;
		}
	}
	change = 0;
	for (uint32_t at = from; at + 1 < count; at++) {
		change += (int64_t)cost(k, objects[at + 1], object) -
			  (int64_t)cost(k, object, objects[at + 1]);
		if (change < least) {
			least = change;
			best = at + 1;
		}
	}
	if (best < from)
		memmove(&objects[best + 1], &objects[best], (from - best) * sizeof objects[0]);
	else
		memmove(&objects[from], &objects[from + 1], (best - from) * sizeof objects[0]);
	objects[best] = object;
	return best != from;
}

static void
order_nearly(const struct kemeny *k, uint32_t *objects, uint32_t count, struct consensus *out)
{
	for (bool better = true; better;) {
		better = false;
		for (uint32_t i = 0; i < count; i++)
			better |= insert_better(k, objects, count, i);
	}
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = i + 1; j < count; j++) {
			uint32_t one = cost(k, objects[i], objects[j]);
			uint32_t other = cost(k, objects[j], objects[i]);

			out->distance += one;
			out->bound += one < other ? one : other;
		}
	}
	out->orders = 0;
}

/* What lies between groups costs the same whatever the order within. */
static void
add_between(const struct kemeny *k, uint32_t first, uint32_t end, struct consensus *out)
{
	for (uint32_t i = first; i < end; i++) {
		for (uint32_t j = end; j < k->n; j++) {
			out->distance += cost(k, k->group[i], k->group[j]);
			out->bound += cost(k, k->group[i], k->group[j]);
		}
	}
}

static bool
order_groups(struct kemeny *k, struct consensus *out)
{
	bool is_exact = true;

	out->orders = 1;
	for (uint32_t g = 0, first = 0; g < k->groups; first = k->ends[g++]) {
		uint32_t count = k->ends[g] - first;

		add_between(k, first, k->ends[g], out);
		if (count > CONCORD_EXACT) {
			order_nearly(k, k->group + first, count, out);
			is_exact = false;
			out->orders = 1;
		} else if (!order_exactly(k, k->group + first, count, out)) {
			return false;
		}
	}
	if (!is_exact)
		out->orders = 0;
	return true;
}

bool
concord_consensus(const struct ballots *ballots, struct consensus *out, struct err *err)
{
	struct kemeny k = {.n = ballots->objects};
	bool ok;

	*out = (struct consensus){0};
	if (ballots->judges > LIMIT_BALLOTS || ballots->objects > LIMIT_BALLOT_OBJECTIVES)
		return err_set(err, ERR_LIMIT, "at most %u judges of %u objects", LIMIT_BALLOTS,
		    LIMIT_BALLOT_OBJECTIVES);
	k.cost = calloc((size_t)k.n * k.n + 1, sizeof k.cost[0]);
	k.group = calloc((size_t)k.n + 1, sizeof k.group[0]);
	k.ends = calloc((size_t)k.n + 1, sizeof k.ends[0]);
	ok = k.cost != NULL && k.group != NULL && k.ends != NULL;
	if (ok) {
		fill_costs(&k, ballots);
		ok = split(&k) && order_groups(&k, out);
	}
	free(k.cost);
	free(k.ends);
	if (!ok) {
		free(k.group);
		return err_oom(err);
	}
	out->order = k.group;
	return true;
}

void
consensus_fini(struct consensus *consensus)
{
	free(consensus->order);
	*consensus = (struct consensus){0};
}

/* ---- pairs */

static uint32_t
smaller_side(const struct pair_votes *p)
{
	return p->first < p->second ? p->first : p->second;
}

static int
compare_pairs(const void *pa, const void *pb)
{
	const struct pair_votes *a = pa, *b = pb;

	if (smaller_side(a) != smaller_side(b))
		return smaller_side(a) > smaller_side(b) ? -1 : 1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

struct pair_votes *
concord_pairs(const struct ballots *ballots)
{
	uint32_t n = ballots->objects;
	size_t count = 0;
	struct pair_votes *pairs = calloc((size_t)n * n / 2 + 1, sizeof pairs[0]);

	for (uint32_t a = 0; pairs != NULL && a < n; a++) {
		for (uint32_t b = a + 1; b < n; b++) {
			struct pair_votes *p = &pairs[count++];

			*p = (struct pair_votes){.a = a, .b = b};
			for (uint32_t j = 0; j < ballots->judges; j++) {
				const uint32_t *places = ballots->places + (size_t)j * n;

				p->first += places[a] < places[b];
				p->second += places[a] > places[b];
				p->tied += places[a] == places[b];
			}
		}
	}
	if (count > 1)
		qsort(pairs, count, sizeof pairs[0], compare_pairs);
	return pairs;
}
