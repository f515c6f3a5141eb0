#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/str.h"
#include "server/plan/plan.h"
#include "server/rpc/access.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/jobs.h"
#include "server/rpc/metrics.h"
#include "server/rpc/metrics_internal.h"
#include "server/rpc/rpc.h"

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

/* labels: "a=\"b\"" or "". */
static void
add_histogram(struct str *out, const char *name, const char *labels, const struct bounds *bounds,
    const struct histogram *h)
{
	const char *comma = labels[0] != '\0' ? "," : "";
	const char *open = labels[0] != '\0' ? "{" : "", *close = labels[0] != '\0' ? "}" : "";
	uint64_t below = 0;

	for (size_t i = 0; i < bounds->count; i++) {
		below += h->buckets[i];
		str_addf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
		    bounds->list[i].name, below);
	}
	str_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, h->count);
	str_addf(
	    out, "%s_sum%s%s%s %.6f\n", name, open, labels, close, (double)h->sum / bounds->unit);
	str_addf(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, h->count);
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
		snprintf(
		    labels, sizeof labels, "method=\"%s/%s\"", m->method->service, m->method->name);
		add_histogram(out, "plumbd_call_seconds", labels, &time_bounds, &m->times);
	}
}

static void
add_connections(struct str *out)
{
	add_head(out, "plumbd_connections_open", "gauge",
	    "Connections that are open, by protocol, with TLS or without.");
	for (size_t i = 0; i < CONNECTIONS_MAX && metrics.connections[i].protocol != NULL; i++)
		str_addf(out, "plumbd_connections_open{protocol=\"%s\",tls=\"%s\"} %" PRIu64 "\n",
		    metrics.connections[i].protocol, metrics.connections[i].tls ? "yes" : "no",
		    metrics.connections[i].open);
	add_head(out, "plumbd_connections_total", "counter", "All that ever were.");
	for (size_t i = 0; i < CONNECTIONS_MAX && metrics.connections[i].protocol != NULL; i++)
		str_addf(out, "plumbd_connections_total{protocol=\"%s\",tls=\"%s\"} %" PRIu64 "\n",
		    metrics.connections[i].protocol, metrics.connections[i].tls ? "yes" : "no",
		    metrics.connections[i].all);
	add_head(out, "plumbd_refused_total", "counter",
	    "Connections and requests that did not become calls.");
	for (size_t i = 0; i < REASONS_MAX && metrics.refused[i].reason != NULL; i++)
		str_addf(out, "plumbd_refused_total{reason=\"%s\"} %" PRIu64 "\n",
		    metrics.refused[i].reason, metrics.refused[i].count);
}

static void
add_store(struct daemon *daemon, struct str *out)
{
	size_t entries, bytes;

	add_head(out, "plumbd_commit_seconds", "histogram",
	    "From taking a change set to its being durable.");
	add_histogram(out, "plumbd_commit_seconds", "", &time_bounds, &metrics.commits);
	add_head(out, "plumbd_batch_changes", "histogram",
	    "How many change sets became durable together.");
	add_histogram(out, "plumbd_batch_changes", "", &count_bounds, &metrics.batches);
	store_queued(daemon->store, &entries, &bytes);
	add_gauge(out, "plumbd_store_queued", "Change sets that are not durable yet.", entries);
	add_gauge(out, "plumbd_store_queued_bytes", "Their bytes.", bytes);
	add_gauge(out, "plumbd_writable",
	    "1: changes are taken; 0: the disk refuses, or the daemon stops.",
	    store_is_writable(daemon->store) && !daemon->stopping);
}

static void
add_work(struct daemon *daemon, struct str *out)
{
	size_t waiting, running;

	jobs_depth(daemon->jobs, &waiting, &running);
	add_gauge(
	    out, "plumbd_calls_running", "Calls that have not ended.", rpc_calls_count(daemon));
	add_gauge(out, "plumbd_jobs_waiting", "Analyses that wait for a worker.", waiting);
	add_gauge(out, "plumbd_jobs_running",
	    "Analyses that run; those that wait for slow readers are not counted.", running);
}

/* ---- plans -------------------------------------------------------------------------------------------------- */

static bool
sees(const struct metrics_scope *scope, const char *workspace)
{
	return scope->plans &&
	       (scope->token == 0 || access_scope_has(scope->book, scope->token, workspace));
}

enum plan_metric { REVISION, ITEMS, RECORDS };

static uint64_t
measure(const struct workspace *ws, enum plan_metric what)
{
	uint32_t items, records;

	plan_sizes(ws->plan, &items, &records);
	switch (what) {
	case ITEMS:
		return items;
	case RECORDS:
		return records;
	default:
		return plan_durable(ws->plan);
	}
}

/* Of those that are in memory: the others are folded when they are first used. Ids need no escapes. */
static void
add_plan_metric(const struct daemon *daemon, const struct metrics_scope *scope, const char *name,
    const char *help, enum plan_metric what, struct str *out)
{
	add_head(out, name, "gauge", help);
	for (const struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next) {
		if (ws->plan != NULL && sees(scope, ws->id))
			str_addf(out, "%s{workspace=\"%s\"} %" PRIu64 "\n", name, ws->id,
			    measure(ws, what));
	}
}

static void
add_plans(const struct daemon *daemon, const struct metrics_scope *scope, struct str *out)
{
	if (!scope->plans)
		return;
	/* "" is in the scope of those who may enter all. */
	if (sees(scope, ""))
		add_gauge(out, "plumbd_workspaces", "Workspaces.", daemon->workspaces_count);
	add_plan_metric(daemon, scope, "plumbd_plan_revision", "Newest revision that is durable.",
	    REVISION, out);
	add_plan_metric(daemon, scope, "plumbd_plan_items",
	    "Entries of the plan that are no records and not removed.", ITEMS, out);
	add_plan_metric(daemon, scope, "plumbd_plan_records",
	    "Records of the plan: measurements, check-ins and the like.", RECORDS, out);
}

/* ---- the process, by the names that Prometheus' clients use ------------------------------------------------- */

/* The kernel's counters: no disk is read. */
static void
add_memory(struct str *out)
{
	uint64_t total = 0, resident = 0, page = (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return;
	if (fscanf(file, "%" SCNu64 " %" SCNu64, &total, &resident) == 2) {
		add_gauge(out, "process_virtual_memory_bytes", "Virtual memory.", total * page);
		add_gauge(
		    out, "process_resident_memory_bytes", "Resident memory.", resident * page);
	}
	fclose(file);
}

static double
seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

static void
add_process(const struct daemon *daemon, struct str *out)
{
	struct rusage usage;
	struct rlimit files;

	add_memory(out);
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		add_head(out, "process_cpu_seconds_total", "counter", "CPU time, user and system.");
		str_addf(out, "process_cpu_seconds_total %.6f\n",
		    seconds(&usage.ru_utime) + seconds(&usage.ru_stime));
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		add_gauge(out, "process_max_fds", "How many files may be open: sockets count.",
		    (uint64_t)files.rlim_cur);
	add_head(out, "process_start_time_seconds", "gauge",
	    "When it started, seconds since 1970 by the daemon's clock.");
	str_addf(out, "process_start_time_seconds %.6f\n", (double)daemon->started_us / 1e6);
}

void
metrics_text(struct daemon *daemon, const struct metrics_scope *scope, struct str *out)
{
	add_head(out, "plumbd_build_info", "gauge", "Always 1; the label tells the version.");
	str_addf(out, "plumbd_build_info{version=\"%s\"} 1\n", PLUMB_VERSION);
	add_calls(out);
	add_connections(out);
	add_work(daemon, out);
	add_store(daemon, out);
	add_plans(daemon, scope, out);
	add_process(daemon, out);
}
