#include "server/rpc/metrics.h"

#include <string.h>

#include "server/rpc/metrics_internal.h"
#include "server/rpc/rpc.h"

struct metrics metrics;

static void
histogram_add(struct histogram *h, int64_t us)
{
	size_t i = 0;

	while (i < BOUNDS && us > metrics_bounds[i])
		i++;
	if (i < BOUNDS)
		h->buckets[i]++;
	h->count++;
	h->sum_us += us;
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
	histogram_add(&m->times, us);
}

void
metrics_commit(int64_t us)
{
	histogram_add(&metrics.commits, us);
}

void
metrics_batch(size_t count)
{
	metrics.batches++;
	metrics.batched += count;
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
