/*
 * Philox4x32-10: random numbers by counter.
 *
 * Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). The n-th number of a stream depends on
 * the key, the stream and n alone, not on what was drawn before or by which thread: the same seed gives the same results
 * on any number of threads.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_PHILOX_H
#define SERVER_INSIGHT_SCHEDULE_PHILOX_H

#include <stdint.h>

/* The four words that belong to a counter under a key. */
void philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A stream to draw from one after another. */
struct philox {
	uint32_t key[2];
	uint32_t counter[4];
	uint32_t words[4];
	unsigned left; /* of words */
};

/* The stream of that number under a seed. */
void philox_init(struct philox *random, uint64_t seed, uint64_t stream);
uint32_t philox_next(struct philox *random);
/* 0 to below - 1, below > 0, each as likely as the others to within 2^-32 (Lemire's multiplication, without rejection). */
uint32_t philox_below(struct philox *random, uint32_t below);

#endif
