/*
 * Findings as messages. Any thread; texts are allocated in the arena.
 */
#ifndef SERVER_RPC_FINDINGS_H
#define SERVER_RPC_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plumb/v1/finding.pb-c.h"

struct arena;
struct check;
struct effect;
struct finding;
struct str;

/* Room for the words of one finding. */
#define FINDINGS_WORDS_MAX ((size_t)1 << 16)

/* words is empty before and after. False: out of memory. */
bool findings_fill(const struct check *check, const struct finding *finding, struct arena *arena,
    struct str *words, Plumb__V1__Finding *out);

/* What a FindingsChange takes at most in a message; lists that are longer are cut, the counts are not. */
#define FINDINGS_CHANGE_MAX ((size_t)1 << 20)

/* The first of the numbered ones, `most` at most and as many as fit into half of FINDINGS_CHANGE_MAX; NULL: out of memory. */
Plumb__V1__Finding **findings_list(const struct check *check, const uint32_t *numbers, size_t count,
    size_t most, size_t *listed, struct arena *arena);
/* NULL: out of memory. */
Plumb__V1__FindingsChange *findings_change(const struct effect *effect, struct arena *arena);

#endif
