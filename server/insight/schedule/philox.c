/* See philox.h. */
#include "server/insight/schedule/philox.h"

#include <assert.h>

/* The paper's multipliers, and what is added to the key from round to round (golden ratio, square root of 3). */
#define MULTIPLY_0 UINT32_C(0xd2511f53)
#define MULTIPLY_1 UINT32_C(0xcd9e8d57)
#define WEYL_0     UINT32_C(0x9e3779b9)
#define WEYL_1     UINT32_C(0xbb67ae85)
#define ROUNDS     10

void
philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
	uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
	uint32_t k0 = key[0], k1 = key[1];

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t a = (uint64_t)MULTIPLY_0 * x0;
		uint64_t b = (uint64_t)MULTIPLY_1 * x2;

		x0 = (uint32_t)(b >> 32) ^ x1 ^ k0;
		x1 = (uint32_t)b;
		x2 = (uint32_t)(a >> 32) ^ x3 ^ k1;
		x3 = (uint32_t)a;
		k0 += WEYL_0;
		k1 += WEYL_1;
	}
	out[0] = x0;
	out[1] = x1;
	out[2] = x2;
	out[3] = x3;
}

void
philox_init(struct philox *random, uint64_t seed, uint64_t stream)
{
	*random = (struct philox){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
	    .counter = {0, 0, (uint32_t)stream, (uint32_t)(stream >> 32)}};
}

uint32_t
philox_next(struct philox *random)
{
	if (random->left == 0) {
		philox_block(random->counter, random->key, random->words);
		if (++random->counter[0] == 0)
			random->counter[1]++;
		random->left = 4;
	}
	return random->words[--random->left];
}

uint32_t
philox_below(struct philox *random, uint32_t below)
{
	assert(below > 0);
	return (uint32_t)(((uint64_t)philox_next(random) * below) >> 32);
}
