/* What metrics.c counts and metrics_text.c writes. */
#ifndef SERVER_RPC_METRICS_INTERNAL_H
#define SERVER_RPC_METRICS_INTERNAL_H

#include <stdint.h>

struct rpc_method;

#define METHODS_MAX 128u
#define REASONS_MAX 16u
#define CODES       17u

/* Upper ends in microseconds; what is longer is in +Inf alone. */
static const int64_t metrics_bounds[] = {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000,
    100000, 250000, 500000, 1000000, 2500000, 10000000};
#define BOUNDS (sizeof metrics_bounds / sizeof metrics_bounds[0])

struct histogram {
	uint64_t buckets[BOUNDS]; /* each without the smaller ones */
	uint64_t count;
	int64_t sum_us;
};

struct method_metrics {
	const struct rpc_method *method;
	uint64_t by_code[CODES];
	struct histogram times;
};

struct metrics {
	struct method_metrics methods[METHODS_MAX]; /* by hash of the method's address */
	struct histogram commits;
	uint64_t batches;
	uint64_t batched;
	struct {
		const char *reason;
		uint64_t count;
	} refused[REASONS_MAX];
};
extern struct metrics metrics;

#endif
