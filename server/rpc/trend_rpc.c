/* plumb.v1.Insight.Trend: findings and score at the ends of days of the past. */

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/limits.h"
#include "server/rpc/handlers.h"
#include "server/rpc/job_progress.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/request_day.h"
#include "server/rpc/rpc.h"
#include "server/rpc/trend.h"
#include "server/rpc/workspace.h"

#define DAYS_DEFAULT 90
#define EVERY_MAX    366u

struct trend_call {
	const Plumb__V1__TrendRequest *request;
	const struct workspace *ws;
	bool selected[RULES_MAX];
	int32_t from; /* DATE_NONE: not stated */
	int32_t to;
	int32_t every;
	/* on the worker */
	struct view_job *job;
	struct job_progress progress;
};

static void
report(void *arg, double part)
{
	struct trend_call *tc = arg;
	Plumb__V1__TrendReply reply;

	if (!job_progress_is_due(&tc->progress))
		return;
	plumb__v1__trend_reply__init(&reply);
	reply.progress__case = PLUMB__V1__TREND_REPLY__PROGRESS__PROGRESS;
	reply.progress = part;
	job_progress_send(&tc->progress, &reply.base);
}

/* The days that are shown, in order: the last one, and back from it. NULL out of memory. */
static int32_t *
days_of(const struct trend_call *tc, int32_t first, size_t *count)
{
	int32_t *days;

	*count = tc->to < first ? 0 : (size_t)((tc->to - first) / tc->every) + 1;
	days = arena_array(tc->job->arena, *count + 1, sizeof days[0]);
	for (size_t i = 0; i < *count && days != NULL; i++)
		days[i] = tc->to - (int32_t)(*count - 1 - i) * tc->every;
	return days;
}

static void
count_severities(const struct trend_call *tc, const struct trend *trend, size_t row,
    Plumb__V1__TrendDay *out, bool all)
{
	const struct trend_sample *sample = &trend->samples[row];
	const struct trend_count *counts = &trend->counts[row * trend->rules];

	if (all) {
		out->errors = sample->by_severity[SEVERITY_ERROR];
		out->warnings = sample->by_severity[SEVERITY_WARNING];
		out->notes = sample->by_severity[SEVERITY_NOTE];
		out->unknown = sample->unknown;
		out->waived = sample->waived;
		return;
	}
	for (size_t i = 0; i < trend->rules; i++) {
		if (!tc->selected[i])
			continue;
		switch (counts[i].severity) {
		case SEVERITY_ERROR:
			out->errors += counts[i].findings;
			break;
		case SEVERITY_WARNING:
			out->warnings += counts[i].findings;
			break;
		default:
			out->notes += counts[i].findings;
		}
		out->unknown += counts[i].unknown;
		out->waived += counts[i].waived;
	}
}

static bool
fill_rules(
    const struct trend_call *tc, const struct trend *trend, size_t row, Plumb__V1__TrendDay *out)
{
	const struct trend_count *counts = &trend->counts[row * trend->rules];
	size_t rules_count;
	const struct rule *const *rules = rules_all(&rules_count);

	out->rules = arena_array(tc->job->arena, rules_count + 1, sizeof out->rules[0]);
	if (out->rules == NULL)
		return false;
	for (size_t i = 0; i < rules_count; i++) {
		Plumb__V1__RuleCount *count;

		if (!tc->selected[i] ||
		    (counts[i].findings | counts[i].unknown | counts[i].waived) == 0)
			continue;
		count = arena_alloc(tc->job->arena, sizeof *count);
		if (count == NULL)
			return false;
		plumb__v1__rule_count__init(count);
		count->rule = pb_str(rules[i]->name);
		count->findings = counts[i].findings;
		count->unknown = counts[i].unknown;
		count->waived = counts[i].waived;
		out->rules[out->n_rules++] = count;
	}
	return true;
}

static bool
fill_day(const struct trend_call *tc, const struct trend *trend, int32_t day,
    const struct trend_step *step, Plumb__V1__TrendDay *out)
{
	size_t row = (size_t)(day - trend->first);

	plumb__v1__trend_day__init(out);
	out->day = reply_date(tc->job->arena, day);
	out->revision = trend->samples[row].revision;
	out->score = (double)trend->samples[row].micros / 1e6;
	out->appeared = step->appeared;
	out->gone = step->gone;
	count_severities(tc, trend, row, out, tc->request->n_rules == 0);
	return out->day != NULL && fill_rules(tc, trend, row, out);
}

static bool
send_days(const struct trend_call *tc, const struct trend_loan *loan, const int32_t *days,
    size_t count, struct err *err)
{
	struct trend_step *steps = arena_array(tc->job->arena, count + 1, sizeof steps[0]);
	Plumb__V1__TrendReply reply;

	plumb__v1__trend_reply__init(&reply);
	reply.days = arena_array(tc->job->arena, count + 1, sizeof reply.days[0]);
	if (steps == NULL || reply.days == NULL)
		return err_oom(err);
	if (count > 0 && !trend_steps(loan->trend, days, count, tc->selected, steps, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		reply.days[i] = arena_alloc(tc->job->arena, sizeof *reply.days[i]);
		if (reply.days[i] == NULL ||
		    !fill_day(tc, loan->trend, days[i], &steps[i], reply.days[i]))
			return err_oom(err);
		reply.n_days++;
	}
	reply.revision = tc->job->revision;
	reply.cached = loan->judged == 0;
	return view_job_send(tc->job, &reply.base, err);
}

/* Not before the plan's first day: there is nothing to judge. */
static bool
settle_days(struct trend_call *tc, struct err *err)
{
	int32_t plan_first;

	if (tc->to == DATE_NONE)
		tc->to = tc->job->today;
	if (tc->from == DATE_NONE)
		tc->from = tc->to - (DAYS_DEFAULT - 1);
	if (tc->from > tc->to) {
		faults_add(tc->job->faults, "from", "the first day lies behind the last one");
		return faults_none(tc->job->faults, err);
	}
	if (!trend_first_day(tc->job->call->daemon, tc->ws, &plan_first, err))
		return false;
	if (plan_first == DATE_NONE)
		tc->from = tc->to + 1;
	else if (tc->from < plan_first)
		tc->from = plan_first;
	if ((int64_t)tc->to - tc->from < (int64_t)LIMIT_TREND_DAYS)
		return true;
	faults_add(tc->job->faults, "from",
	    "at most %u days are judged at once: begin %u days before the last one, or later",
	    LIMIT_TREND_DAYS, LIMIT_TREND_DAYS - 1);
	return faults_none(tc->job->faults, err);
}

static bool
run_trend(struct view_job *job, struct err *err)
{
	struct trend_call *tc = job->arg;
	struct trend_query query = {
	    .daemon = job->call->daemon,
	    .ws = tc->ws,
	    .view = job->view,
	    .baseline = job->baseline,
	    .baseline_slot = job->baseline_slot,
	    .revision = job->revision,
	    .cancelled = &job->call->cancelled,
	    .progress = report,
	    .arg = tc,
	};
	struct trend_loan loan = {0};
	int32_t *days;
	size_t count;
	bool ok;

	tc->job = job;
	job_progress_begin(&tc->progress, job);
	if (!settle_days(tc, err))
		return false;
	days = days_of(tc, tc->from, &count);
	if (days == NULL)
		return err_oom(err);
	query.first = tc->from;
	query.last = tc->to;
	if (count > 0 && !trend_take(&query, &loan, err))
		return false;
	ok = send_days(tc, &loan, days, count, err);
	if (count > 0)
		trend_give(&loan);
	return ok;
}

void
handle_insight_trend(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__TrendRequest *request = (const Plumb__V1__TrendRequest *)message;
	struct trend_call *tc = arena_zalloc(call->arena, sizeof *tc);
	struct err err;

	if (tc == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	tc->request = request;
	tc->every = request->every_days != 0 ? (int32_t)request->every_days : 1;
	tc->from = request_day(call->faults, "from", request->from);
	tc->to = request_day(call->faults, "to", request->to);
	if (request->every_days > EVERY_MAX)
		faults_add(call->faults, "every_days", "at most %u days lie between two samples",
		    EVERY_MAX);
	if (request->at != NULL && request->at->scenario[0] != '\0')
		faults_add(call->faults, "at.scenario",
		    "a scenario has no past of its own: ask for the plan's, without it");
	if (!rules_select(
		(const char *const *)request->rules, request->n_rules, tc->selected, &err))
		faults_add(call->faults, "rules", "%s", err.msg);
	if (!faults_none(call->faults, &err)) {
		rpc_fail(call, &err);
		return;
	}
	tc->ws = workspace_enter(call, request->at != NULL ? request->at->workspace : "", &err);
	if (tc->ws == NULL) {
		rpc_fail(call, &err);
		return;
	}
	job_view_baseline(call, request->at, run_trend, tc);
}
