/*
 * Concord: how far several people's orders of the same things agree, and what order lies nearest to all of them.
 *
 * - Kendall's coefficient of concordance W, corrected for ties (Kendall & Babington Smith 1939; Siegel & Castellan 1988, 9.5):
 *   with R_j the sum of object j's ranks (those that are tied share the mean of their ranks) by m judges of n objects, and T_i
 *   the sum of t^3 - t over the groups of t tied objects of judge i,
 *       W = (12 sum R_j^2 - 3 m^2 n (n+1)^2) / (m^2 n (n^2 - 1) - m sum T_i):
 *   0 no agreement, 1 all the same. Its significance is by permutation (Legendre 2005): all arrangements where these are few,
 *   else drawn ones; chi-square = m (n - 1) W beside it. Of very many judges and objects it is that of the chi-square distribution
 *   with n - 1 degrees of freedom, which is near enough there.
 * - Distance of two orders: Kendall's tau distance with ties, K with p = 1/2 (Fagin and others 2004): a pair in opposite order is
 *   1, a pair tied in one of them only 1/2.
 * - Consensus: an order with the least sum of distances (Kemeny 1959; Young & Levenglick 1978), exact by dynamic programming over
 *   sets (Davenport & Kalagnanam 2004) within each group of objects that the majority does not separate (Truchon 1998). Groups
 *   larger than CONCORD_EXACT are ordered by insertion until nothing improves, and a bound says how much better it could be.
 *
 * Plain C on numbers, exact in whole numbers up to the last division.
 */
#ifndef SERVER_INSIGHT_CONCORD_CONCORD_H
#define SERVER_INSIGHT_CONCORD_CONCORD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define CONCORD_EXACT    18u
#define CONCORD_DRAWS    9999u
#define CONCORD_ALL_MOST 200000u /* arrangements, of which all are looked at */
#define CONCORD_CELLS    1000u   /* judges times objects, of which arrangements are drawn: 0.1 s */

/* By judge, then object: a place, the smaller the better; those that share one are tied. Any numbers: only their order counts. */
struct ballots {
	uint32_t judges;
	uint32_t objects;
	const uint32_t *places;
};

struct agreement {
	bool is_known; /* false: under two judges or objects, or every judge ties all */
	double w;
	double chi_square;
	uint32_t freedom;
	double p;       /* chance of a W as large where all judges order by chance */
	bool is_exact;  /* p is of all arrangements */
	uint32_t draws; /* arrangements that were looked at; 0: of the chi-square distribution */
};

/* The seed is of the drawn arrangements. ERR_LIMIT (too many, or out of memory). */
bool concord_agreement(const struct ballots *ballots, uint64_t seed, struct agreement *out,
    struct err *err) MUST_CHECK;

/* The chance of a chi-square as large: Q(freedom / 2, chi_square / 2) (Abramowitz & Stegun 6.5, 26.4.19). */
double concord_chi_square_chance(double chi_square, uint32_t freedom);

/* Leaders by name times objectives, or leaders of two rounds times each other: few enough to be looked at one by one? */
bool concord_tells_places(uint32_t leaders, uint32_t others);

/* Ranks from 1; those that are tied share the mean of theirs. */
void concord_ranks(const uint32_t *places, uint32_t objects, double *ranks);

struct consensus {
	uint32_t *
	    order; /* objects, best first; of several that are as good, the one that is first by the objects' numbers */
	uint64_t distance; /* to all ballots together, in halves */
	uint64_t bound;    /* no order has less; the same as distance where exact */
	uint64_t orders;   /* how many are as good, at most UINT64_MAX; 0: not known */
};

/* False: ERR_LIMIT. Free it. */
bool concord_consensus(
    const struct ballots *ballots, struct consensus *out, struct err *err) MUST_CHECK;
void consensus_fini(struct consensus *consensus);

/* In halves: 0 to objects * (objects - 1). */
uint64_t concord_distance(const uint32_t *a, const uint32_t *b, uint32_t objects);

/* How many put a before b, b before a, and both at one place. */
struct pair_votes {
	uint32_t a;
	uint32_t b; /* a < b */
	uint32_t first;
	uint32_t second;
	uint32_t tied;
};
/* All pairs, those that are disagreed on most (the larger the smaller side) first; NULL out of memory. objects * (objects - 1) / 2. */
struct pair_votes *concord_pairs(const struct ballots *ballots) MUST_CHECK;

/*
 * Noise of judgements (Kahneman, Sibony, Sunstein, "Noise", 2021, chapter 6): variances over judges, as standard deviations.
 * system^2 = level^2 + pattern^2 holds exactly.
 */
struct noise {
	double system;  /* how far judges lie apart on a case */
	double level;   /* how far their means do: some are strict, some are mild */
	double pattern; /* what is left: who is strict with what */
};
/* values by judge, then case; at least one judge and one case, all finite. */
void concord_noise(const double *values, uint32_t judges, uint32_t cases, struct noise *out);

/*
 * The same judges on the same cases twice (chapter 7): pattern^2 = stable^2 + occasion^2 holds exactly. system and level are of both times
 * together.
 */
struct noise_twice {
	struct noise both;
	double stable;   /* how far judges differ whenever they are asked */
	double occasion; /* how far a judge differs from one time to the other */
};
bool concord_noise_twice(const double *first, const double *second, uint32_t judges, uint32_t cases,
    struct noise_twice *out, struct err *err) MUST_CHECK;

#endif
