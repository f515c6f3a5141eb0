#include "server/webhooks/backoff.h"

#include <assert.h>

/* splitmix64: any seed is a good one. */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t
backoff_ms(struct backoff *backoff, unsigned failures)
{
	uint64_t full = backoff->base_ms;

	assert(failures > 0);
	for (unsigned i = 1; i < failures && full < backoff->max_ms; i++)
		full *= 2;
	if (full > backoff->max_ms)
		full = backoff->max_ms;
	return (uint32_t)(full / 2 + next(&backoff->random) % (full - full / 2 + 1));
}
