/* Kendall's W and how likely it is by chance; distances; noise. See concord.h. */
#include "server/insight/concord/concord.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/philox.h"
#include "server/limits.h"

bool
concord_tells_places(uint32_t leaders, uint32_t others)
{
	return (uint64_t)leaders * others <= LIMIT_CONCORD_PLACES;
}

/* Ranks in halves, so that a shared one is whole: 2, 4, 6 ... or (first + last) of the group. Returns t^3 - t over the groups. */
static uint64_t
ranks_of(const uint32_t *places, uint32_t objects, uint64_t *ranks)
{
	uint64_t ties = 0;

	for (uint32_t i = 0; i < objects; i++) {
		uint64_t before = 0, same = 0;

		for (uint32_t k = 0; k < objects; k++) {
			before += places[k] < places[i];
			same += places[k] == places[i];
		}
		ranks[i] = 2 * before + same + 1;
		ties += same * same - 1; /* t of these make t^3 - t */
	}
	return ties;
}

struct ranked {
	uint32_t judges;
	uint32_t objects;
	uint64_t *ranks; /* by judge and object, in halves */
	uint64_t *sums;  /* by object */
	uint64_t ties;
};

static uint64_t
sum_of_squares(const struct ranked *r)
{
	uint64_t total = 0;

	for (uint32_t k = 0; k < r->objects; k++)
		total += r->sums[k] * r->sums[k];
	return total;
}

static void
add_ranks(uint64_t *sums, const uint64_t *ranks, uint32_t objects)
{
	for (uint32_t k = 0; k < objects; k++)
		sums[k] += ranks[k];
}

static void
swap(uint64_t *a, uint64_t *b)
{
	uint64_t kept = *a;

	*a = *b;
	*b = kept;
}

/* n!^(m - 1), or more than CONCORD_ALL_MOST. */
static uint64_t
arrangements(const struct ranked *r)
{
	uint64_t one = 1, all = 1;

	for (uint32_t k = 2; k <= r->objects && one <= CONCORD_ALL_MOST; k++)
		one *= k;
	for (uint32_t j = 1; j < r->judges && all <= CONCORD_ALL_MOST; j++)
		all *= one;
	return all;
}

/* The next of one judge's arrangements of objects (Heap's, by counters); false: all have been, and the counters begin anew. */
static bool
next_arrangement(uint64_t *ranks, uint32_t *counters, uint32_t objects)
{
	for (uint32_t k = 1; k < objects; k++) {
		if (counters[k] < k) {
			swap(&ranks[k % 2 == 1 ? counters[k] : 0], &ranks[k]);
			counters[k]++;
			return true;
		}
		counters[k] = 0;
	}
	return false;
}

/* How many of all arrangements of the judges but the first agree as much. */
static uint64_t
count_all(struct ranked *r, uint64_t least, uint32_t *counters)
{
	uint64_t hits = 0;
	uint32_t judge;

	do {
		memset(r->sums, 0, r->objects * sizeof r->sums[0]);
		for (uint32_t j = 0; j < r->judges; j++)
			add_ranks(r->sums, r->ranks + (size_t)j * r->objects, r->objects);
		hits += sum_of_squares(r) >= least;
		for (judge = 1; judge < r->judges; judge++)
			if (next_arrangement(r->ranks + (size_t)judge * r->objects,
				counters + (size_t)judge * r->objects, r->objects))
				break;
	} while (judge < r->judges);
	return hits;
}

static uint64_t
count_drawn(struct ranked *r, uint64_t least, uint64_t seed)
{
	struct philox random;
	uint64_t hits = 0;

	for (uint32_t draw = 0; draw < CONCORD_DRAWS; draw++) {
		philox_init(&random, seed, draw);
		memset(r->sums, 0, r->objects * sizeof r->sums[0]);
		for (uint32_t j = 0; j < r->judges; j++) {
			uint64_t *ranks = r->ranks + (size_t)j * r->objects;

			for (uint32_t k = r->objects; j > 0 && k > 1; k--)
				swap(&ranks[k - 1], &ranks[philox_below(&random, k)]);
			add_ranks(r->sums, ranks, r->objects);
		}
		hits += sum_of_squares(r) >= least;
	}
	return hits;
}

static int
by_ranks(const void *pa, const void *pb, void *arg)
{
	const uint64_t *a = pa, *b = pb;
	const struct ranked *r = arg;

	for (uint32_t k = 0; k < r->objects; k++) {
		if (a[k] != b[k])
			return a[k] < b[k] ? -1 : 1;
	}
	return 0;
}

static void
judge_chance(struct ranked *r, uint64_t seed, uint32_t *counters, struct agreement *out)
{
	uint64_t least = sum_of_squares(r);
	uint64_t all = arrangements(r);

	/* The same ballots and seed give the same figure, in whatever order they were kept. */
	qsort_r(r->ranks, r->judges, r->objects * sizeof r->ranks[0], by_ranks, r);
	out->is_exact = all <= CONCORD_ALL_MOST;
	if (!out->is_exact && (uint64_t)r->judges * r->objects > CONCORD_CELLS) {
		out->p = concord_chi_square_chance(out->chi_square, out->freedom);
		return;
	}
	out->draws = out->is_exact ? (uint32_t)all : CONCORD_DRAWS;
	if (out->is_exact)
		out->p = (double)count_all(r, least, counters) / (double)all;
	else /* the one that is there is one of them (Phipson & Smyth 2010) */
		out->p = (double)(count_drawn(r, least, seed) + 1) / (CONCORD_DRAWS + 1);
}

/* With ranks in halves every square is four times as large; so is, below, what is taken off. */
static void
weigh(struct ranked *r, struct agreement *out)
{
	double m = r->judges, n = r->objects;
	double most = m * m * n * (n * n - 1) - m * (double)r->ties;

	out->is_known = most > 0;
	if (!out->is_known)
		return;
	out->w = (3 * (double)sum_of_squares(r) - 3 * m * m * n * (n + 1) * (n + 1)) / most;
	out->freedom = r->objects - 1;
	out->chi_square = m * (n - 1) * out->w;
}

bool
concord_agreement(
    const struct ballots *ballots, uint64_t seed, struct agreement *out, struct err *err)
{
	size_t cells = (size_t)ballots->judges * ballots->objects;
	struct ranked r = {.judges = ballots->judges, .objects = ballots->objects};
	uint32_t *counters;
	bool ok = true;

	*out = (struct agreement){0};
	if (ballots->judges > LIMIT_BALLOTS || ballots->objects > LIMIT_BALLOT_OBJECTIVES)
		return err_set(err, ERR_LIMIT, "at most %u judges of %u objects", LIMIT_BALLOTS,
		    LIMIT_BALLOT_OBJECTIVES);
	if (ballots->judges < 2 || ballots->objects < 2)
		return true;
	r.ranks = calloc(cells, sizeof r.ranks[0]);
	r.sums = calloc(ballots->objects, sizeof r.sums[0]);
	counters = calloc(cells, sizeof counters[0]);
	if (r.ranks != NULL && r.sums != NULL && counters != NULL) {
		for (uint32_t j = 0; j < ballots->judges; j++) {
			size_t at = (size_t)j * ballots->objects;

			r.ties += ranks_of(ballots->places + at, ballots->objects, r.ranks + at);
			add_ranks(r.sums, r.ranks + at, ballots->objects);
		}
		weigh(&r, out);
		if (out->is_known)
			judge_chance(&r, seed, counters, out);
	} else {
		ok = err_oom(err);
	}
	free(r.ranks);
	free(r.sums);
	free(counters);
	return ok;
}

/*
 * The series of P where x is small beside a, the continued fraction of Q elsewhere (Abramowitz & Stegun 6.5.29 and 6.5.31, by
 * Lentz's method). Steps until nothing changes; some of the square root of a are needed.
 */
double
concord_chi_square_chance(double chi_square, uint32_t freedom)
{
	double a = freedom / 2.0, x = chi_square / 2, term = 1 / a, sum = term, head;
	double b = x + 1 - a, c = 1e300, d, h;

	if (x <= 0)
		return 1;
	head = exp(a * log(x) - x - lgamma(a));
	if (x < a + 1) {
		for (int k = 1; k < 10000 && term > sum * 1e-17; k++) {
			term *= x / (a + k);
			sum += term;
		}
		return 1 - head * sum;
	}
	d = 1 / b;
	h = d;
	for (int k = 1; k < 10000; k++) {
		double an = -k * (k - a);

		b += 2;
		d = 1 / (an * d + b);
		c = b + an / c;
		h *= c * d;
		if (fabs(c * d - 1) < 1e-15)
			break;
	}
	return head * h;
}

void
concord_ranks(const uint32_t *places, uint32_t objects, double *ranks)
{
	for (uint32_t i = 0; i < objects; i++) {
		uint32_t before = 0, same = 0;

		for (uint32_t k = 0; k < objects; k++) {
			before += places[k] < places[i];
			same += places[k] == places[i];
		}
		ranks[i] = before + (same + 1) / 2.0;
	}
}

uint64_t
concord_distance(const uint32_t *a, const uint32_t *b, uint32_t objects)
{
	uint64_t halves = 0;

	for (uint32_t i = 0; i < objects; i++) {
		for (uint32_t k = i + 1; k < objects; k++) {
			int in_a = (a[i] > a[k]) - (a[i] < a[k]);
			int in_b = (b[i] > b[k]) - (b[i] < b[k]);

			halves += (uint64_t)abs(in_a - in_b);
		}
	}
	return halves;
}

static double
mean_of(const double *values, uint32_t count, size_t step)
{
	double sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += values[i * step];
	return sum / count;
}

void
concord_noise(const double *values, uint32_t judges, uint32_t cases, struct noise *out)
{
	double all = mean_of(values, judges * cases, 1), system = 0, level = 0;

	for (uint32_t c = 0; c < cases; c++) {
		double mean = mean_of(values + c, judges, cases);

		for (uint32_t j = 0; j < judges; j++)
			system += pow(values[(size_t)j * cases + c] - mean, 2);
	}
	for (uint32_t j = 0; j < judges; j++)
		level += pow(mean_of(values + (size_t)j * cases, cases, 1) - all, 2);
	system /= (double)judges * cases;
	level /= judges;
	out->system = sqrt(system);
	out->level = sqrt(level);
	out->pattern = system > level ? sqrt(system - level) : 0;
}

bool
concord_noise_twice(const double *first, const double *second, uint32_t judges, uint32_t cases,
    struct noise_twice *out, struct err *err)
{
	size_t cells = (size_t)judges * cases;
	double *means = calloc(cells + 1, sizeof means[0]);
	double occasion = 0, between;

	if (means == NULL)
		return err_oom(err);
	for (size_t i = 0; i < cells; i++) {
		means[i] = (first[i] + second[i]) / 2;
		occasion += pow((first[i] - second[i]) / 2, 2);
	}
	occasion /= (double)cells;
	concord_noise(means, judges, cases, &out->both);
	free(means);
	between = pow(out->both.system, 2);
	out->occasion = sqrt(occasion);
	out->stable = out->both.pattern;
	out->both.system = sqrt(between + occasion);
	out->both.pattern = sqrt(pow(out->stable, 2) + occasion);
	return true;
}
