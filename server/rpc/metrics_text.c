#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/str.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/jobs.h"
#include "server/rpc/metrics.h"
#include "server/rpc/metrics_internal.h"
#include "server/rpc/rpc.h"

static const char *const bound_names[] = {"0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005",
    "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "10"};

static void
add_head(struct str *out, const char *name, const char *type, const char *help)
{
	str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
add_gauge(struct str *out, const char *name, const char *help, uint64_t value)
{
	add_head(out, name, "gauge", help);
	str_addf(out, "%s %" PRIu64 "\n", name, value);
}

/* labels: "a=\"b\"," or "". */
static void
add_histogram(struct str *out, const char *name, const char *labels, const struct histogram *h)
{
	size_t labels_len = strlen(labels);
	uint64_t below = 0;

	for (size_t i = 0; i < BOUNDS; i++) {
		below += h->buckets[i];
		str_addf(out, "%s_bucket{%sle=\"%s\"} %" PRIu64 "\n", name, labels, bound_names[i],
		    below);
	}
	str_addf(out, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, h->count);
	/* Without the comma behind the last label. */
	if (labels_len > 0)
		labels_len--;
	str_addf(
	    out, "%s_sum{%.*s} %.6f\n", name, (int)labels_len, labels, (double)h->sum_us / 1e6);
	str_addf(out, "%s_count{%.*s} %" PRIu64 "\n", name, (int)labels_len, labels, h->count);
}

static void
add_calls(struct str *out)
{
	char labels[160];

	add_head(
	    out, "plumbd_calls_total", "counter", "Calls that have ended, by method and status.");
	for (size_t i = 0; i < METHODS_MAX; i++) {
		const struct method_metrics *m = &metrics.methods[i];

		for (unsigned code = 0; code < CODES && m->method != NULL; code++) {
			if (m->by_code[code] > 0)
				str_addf(out,
				    "plumbd_calls_total{method=\"%s/%s\",status=\"%s\"} %" PRIu64
				    "\n",
				    m->method->service, m->method->name,
				    err_code_name((enum err_code)code), m->by_code[code]);
		}
	}
	add_head(
	    out, "plumbd_call_seconds", "histogram", "From the request to the end of the call.");
	for (size_t i = 0; i < METHODS_MAX; i++) {
		const struct method_metrics *m = &metrics.methods[i];

		if (m->method == NULL)
			continue;
		snprintf(labels, sizeof labels, "method=\"%s/%s\",", m->method->service,
		    m->method->name);
		add_histogram(out, "plumbd_call_seconds", labels, &m->times);
	}
}

static void
add_store(struct str *out)
{
	add_head(out, "plumbd_commit_seconds", "histogram",
	    "From taking a change set to its being durable.");
	add_histogram(out, "plumbd_commit_seconds", "", &metrics.commits);
	add_head(out, "plumbd_batches_total", "counter",
	    "Groups of change sets that became durable together.");
	str_addf(out, "plumbd_batches_total %" PRIu64 "\n", metrics.batches);
	add_head(out, "plumbd_batched_total", "counter", "Change sets in them.");
	str_addf(out, "plumbd_batched_total %" PRIu64 "\n", metrics.batched);
	add_head(out, "plumbd_refused_total", "counter",
	    "Connections and requests that did not become calls.");
	for (size_t i = 0; i < REASONS_MAX && metrics.refused[i].reason != NULL; i++)
		str_addf(out, "plumbd_refused_total{reason=\"%s\"} %" PRIu64 "\n",
		    metrics.refused[i].reason, metrics.refused[i].count);
}

/* Of those that are in memory: the others are folded when they are first used. */
static void
add_plans(struct daemon *daemon, struct str *out)
{
	add_head(out, "plumbd_plan_revision", "gauge", "Newest revision that is durable.");
	for (const struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next) {
		if (ws->plan != NULL)
			str_addf(out, "plumbd_plan_revision{workspace=\"%s\"} %" PRIu64 "\n",
			    ws->id, plan_durable(ws->plan));
	}
	add_head(out, "plumbd_plan_slots", "gauge",
	    "Names that the plan knows: entries, removed ones, and what is only named.");
	for (const struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next) {
		if (ws->plan != NULL)
			str_addf(out, "plumbd_plan_slots{workspace=\"%s\"} %" PRIu32 "\n", ws->id,
			    view_slots(plan_now(ws->plan)));
	}
}

void
metrics_text(struct daemon *daemon, struct str *out)
{
	add_calls(out);
	add_store(out);
	add_gauge(
	    out, "plumbd_calls_running", "Calls that have not ended.", rpc_calls_count(daemon));
	add_gauge(
	    out, "plumbd_connections", "Connections that are open.", daemon_connections(daemon));
	add_gauge(out, "plumbd_jobs", "Analyses that wait or run.", jobs_count(daemon->jobs));
	add_gauge(out, "plumbd_workspaces", "Workspaces.", daemon->workspaces_count);
	add_gauge(out, "plumbd_writable",
	    "1: changes are taken; 0: the disk refuses, or the daemon stops.",
	    store_is_writable(daemon->store) && !daemon->stopping);
	add_plans(daemon, out);
}
