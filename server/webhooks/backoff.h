/* How long to wait before the next try: doubling up to a ceiling, each time a random share of it. */
#ifndef SERVER_WEBHOOKS_BACKOFF_H
#define SERVER_WEBHOOKS_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint32_t base_ms;
	uint32_t max_ms;
	uint64_t random; /* state of the generator; the seed */
};

/* After that many failures (1 the first): between half of base * 2^(failures - 1), at most max, and all of it. */
uint32_t backoff_ms(struct backoff *backoff, unsigned failures);

#endif
