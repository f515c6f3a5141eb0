/* What metrics.c counts and metrics_text.c writes. */
#ifndef SERVER_RPC_METRICS_INTERNAL_H
#define SERVER_RPC_METRICS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_method;

#define METHODS_MAX     128u
#define REASONS_MAX     24u
#define CONNECTIONS_MAX 8u
#define CODES           17u
#define BOUNDS_MAX      16u

/* Upper ends; what is longer is in +Inf alone. */
struct bound {
	int64_t at;
	const char *name;
};
struct bounds {
	const struct bound *list;
	size_t count;
	double unit; /* of the sum */
};
extern const struct bounds time_bounds; /* microseconds in, seconds out */
extern const struct bounds count_bounds;

struct histogram {
	uint64_t buckets[BOUNDS_MAX]; /* each without the smaller ones */
	uint64_t count;
	int64_t sum;
};

struct method_metrics {
	const struct rpc_method *method;
	uint64_t by_code[CODES];
	struct histogram times;
};

struct connection_metrics {
	const char *protocol;
	bool tls;
	uint64_t open;
	uint64_t all;
};

struct metrics {
	struct method_metrics methods[METHODS_MAX]; /* by hash of the method's address */
	struct histogram commits;
	struct histogram batches;
	struct connection_metrics connections[CONNECTIONS_MAX];
	struct {
		const char *reason;
		uint64_t count;
	} refused[REASONS_MAX];
};
extern struct metrics metrics;

#endif
