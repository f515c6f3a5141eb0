#include "server/rpc/metrics.h"

#include <string.h>

#include "server/rpc/metrics_internal.h"
#include "server/rpc/rpc.h"

static const struct bound times[] = {
    {100, "0.0001"},
    {250, "0.00025"},
    {500, "0.0005"},
    {1000, "0.001"},
    {2500, "0.0025"},
    {5000, "0.005"},
    {10000, "0.01"},
    {25000, "0.025"},
    {50000, "0.05"},
    {100000, "0.1"},
    {250000, "0.25"},
    {500000, "0.5"},
    {1000000, "1"},
    {2500000, "2.5"},
    {5000000, "5"},
    {10000000, "10"},
};
static const struct bound counts[] = {{1, "1"}, {2, "2"}, {5, "5"}, {10, "10"}, {20, "20"},
    {50, "50"}, {100, "100"}, {200, "200"}, {500, "500"}, {1000, "1000"}, {5000, "5000"}};

const struct bounds time_bounds = {times, sizeof times / sizeof times[0], 1e6};
const struct bounds count_bounds = {counts, sizeof counts / sizeof counts[0], 1};

struct metrics metrics;

static void
histogram_add(struct histogram *h, const struct bounds *bounds, int64_t value)
{
	size_t i = 0;

	while (i < bounds->count && value > bounds->list[i].at)
		i++;
	if (i < bounds->count)
		h->buckets[i]++;
	h->count++;
	h->sum += value;
}

/* NULL: there are more methods than places. */
static struct method_metrics *
metrics_of(const struct rpc_method *method)
{
	size_t at = (uintptr_t)method / sizeof *method % METHODS_MAX;

	for (size_t i = 0; i < METHODS_MAX; i++, at = (at + 1) % METHODS_MAX) {
		if (metrics.methods[at].method == NULL)
			metrics.methods[at].method = method;
		if (metrics.methods[at].method == method)
			return &metrics.methods[at];
	}
	return NULL;
}

void
metrics_call(const struct rpc_method *method, enum err_code code, int64_t us)
{
	struct method_metrics *m = metrics_of(method);

	if (m == NULL)
		return;
	m->by_code[(unsigned)code < CODES ? (unsigned)code : (unsigned)ERR_UNKNOWN]++;
	histogram_add(&m->times, &time_bounds, us);
}

void
metrics_commit(int64_t us)
{
	histogram_add(&metrics.commits, &time_bounds, us);
}

void
metrics_batch(size_t count)
{
	histogram_add(&metrics.batches, &count_bounds, (int64_t)count);
}

void
metrics_connection(const char *protocol, bool tls, int by)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection_metrics *c = &metrics.connections[i];

		if (c->protocol == NULL)
			*c = (struct connection_metrics){.protocol = protocol, .tls = tls};
		if (strcmp(c->protocol, protocol) != 0 || c->tls != tls)
			continue;
		c->open += (uint64_t)(int64_t)by;
		c->all += by > 0;
		return;
	}
}

void
metrics_refused(const char *reason)
{
	for (size_t i = 0; i < REASONS_MAX; i++) {
		if (metrics.refused[i].reason == NULL)
			metrics.refused[i].reason = reason;
		if (strcmp(metrics.refused[i].reason, reason) == 0) {
			metrics.refused[i].count++;
			return;
		}
	}
}
