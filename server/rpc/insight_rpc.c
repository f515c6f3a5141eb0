/*
 * plumb.v1.Insight: checks, explanations and traces as messages.
 *
 * Names are looked at on the loop, so that a typing mistake is answered at once; the rest runs on a worker.
 */
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/check/check.h"
#include "server/insight/score/score.h"
#include "server/insight/trace.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/check_book.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/findings.h"
#include "server/rpc/handlers.h"
#include "server/rpc/job_progress.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"
#include "server/rpc/trend.h"
#include "server/rpc/workspace.h"

#define BATCH       100u
#define BATCH_BYTES ((size_t)1 << 20)
/* A batch that is just under BATCH_BYTES and one more finding with the longest waiver. */
#define BATCH_MEMORY ((size_t)8 << 20)
/* A node without its title: two names, words and numbers. The sentences of the gaps take the rest of a message. */
#define NODE_BYTES  260u
#define TRACE_BYTES ((size_t)3 << 20)

/* "kind/id" -> slot of an entry that is or was there. field names it in the fault. */
static const struct item *
find_entry(const struct view *view, const char *ref, const char *field, struct faults *faults,
    struct err *err)
{
	const struct item *item;
	enum kind kind;
	const char *id;
	size_t id_len;

	if (!ref_parse(ref, KIND_NONE, &kind, &id, &id_len)) {
		faults_add(
		    faults, field, "must be \"kind/id\", for example \"initiative/onboarding\"");
		err_set(err, ERR_INVALID, "\"%.100s\" is not a name: write \"kind/id\"", ref);
		return NULL;
	}
	item = view_find(view, kind, id, id_len);
	if (item_is_live(item))
		return item;
	err_set(err, ERR_NOT_FOUND,
	    item != NULL && (item->flags & ITEM_REMOVED) ? "%.150s was removed"
							 : "there is no %.150s",
	    ref);
	return NULL;
}

/* The rules that a request names, checked on the loop. */
static bool
select_rules(struct rpc_call *call, char *const *names, size_t count, bool selected[RULES_MAX])
{
	struct err err;

	if (rules_select((const char *const *)names, count, selected, &err))
		return true;
	faults_add(call->faults, "rules", "%s", err.msg);
	rpc_fail(call, &err);
	return false;
}

/* Jobs carry the request as a bare pointer; nobody writes through it. */
static void *
arg_of(const ProtobufCMessage *request)
{
	return (void *)(uintptr_t)request;
}

/* ---- Check */

/* What the handler gives to the worker. */
struct check_start {
	const Plumb__V1__CheckRequest *request;
	const struct workspace *ws; /* for what never changes */
};

/* Of CheckRequest.since. */
struct history {
	int32_t *since; /* by finding; in the job's arena; NULL: history was not asked */
	int32_t
	    from; /* where what was found may be older: the first day that was looked at; else DATE_NONE */
};

struct check_call {
	struct view_job *job;
	const Plumb__V1__CheckRequest *request;
	const struct workspace *ws; /* where history is asked */
	struct history history;
	struct check_loan loan; /* where what was found is a part of it */
	struct job_progress progress;
	/* the batch at hand */
	struct arena *arena;
	struct str words;
	Plumb__V1__Finding *findings[BATCH];
	size_t count;
};

static bool
check_is_cancelled(void *arg)
{
	const struct check_call *cc = arg;

	return job_progress_is_over(&cc->progress);
}

static void
report_progress(void *arg, double part)
{
	struct check_call *cc = arg;
	Plumb__V1__CheckReply reply;

	if (!job_progress_is_due(&cc->progress))
		return;
	plumb__v1__check_reply__init(&reply);
	reply.progress__case = PLUMB__V1__CHECK_REPLY__PROGRESS__PROGRESS;
	reply.progress = part;
	job_progress_send(&cc->progress, &reply.base);
}

static bool
flush(struct check_call *cc, Plumb__V1__CheckSummary *summary, struct err *err)
{
	Plumb__V1__CheckReply reply;
	bool ok;

	if (cc->count == 0 && summary == NULL)
		return true;
	plumb__v1__check_reply__init(&reply);
	reply.n_findings = cc->count;
	reply.findings = cc->findings;
	reply.summary = summary;
	ok = view_job_send(cc->job, &reply.base, err);
	cc->count = 0;
	arena_reset(cc->arena);
	return ok;
}

static bool
send_findings(struct check_call *cc, const struct check *check, struct err *err)
{
	for (size_t i = 0; i < check_findings(check); i++) {
		Plumb__V1__Finding *finding = arena_alloc(cc->arena, sizeof *finding);

		if (finding == NULL ||
		    !findings_fill(check, check_finding(check, i), cc->arena, &cc->words, finding))
			return err_oom(err);
		if (cc->history.since != NULL) {
			finding->since = reply_date(cc->arena, cc->history.since[i]);
			if (finding->since == NULL)
				return err_oom(err);
		}
		cc->findings[cc->count++] = finding;
		if ((cc->count == BATCH || arena_used(cc->arena) > BATCH_BYTES) &&
		    !flush(cc, NULL, err))
			return false;
	}
	return flush(cc, NULL, err);
}

static bool
fill_counts(struct check_call *cc, const struct check_counts *counts, const bool *selected,
    Plumb__V1__CheckSummary *summary)
{
	size_t rules_count;
	const struct rule *const *rules = rules_all(&rules_count);

	summary->rules = arena_array(cc->arena, rules_count, sizeof summary->rules[0]);
	for (size_t i = 0; i < rules_count && summary->rules != NULL; i++) {
		Plumb__V1__RuleCount *count = arena_alloc(cc->arena, sizeof *count);

		if (!selected[i])
			continue;
		if (count == NULL)
			return false;
		plumb__v1__rule_count__init(count);
		count->rule = pb_str(rules[i]->name);
		count->findings = counts->rules[i].findings;
		count->unknown = counts->rules[i].unknown;
		count->waived = counts->rules[i].waived;
		summary->rules[summary->n_rules++] = count;
	}
	return summary->rules != NULL;
}

static bool
fill_score(struct check_call *cc, const struct check *check, Plumb__V1__CheckSummary *summary,
    struct err *err)
{
	struct score score;

	if (!score_of_check(check, 0, check_is_cancelled, cc, &score, err))
		return false;
	summary->score__case = PLUMB__V1__CHECK_SUMMARY__SCORE__SCORE;
	summary->score = (double)score.micros / 1e6;
	score_fini(&score);
	return true;
}

static bool
send_summary(
    struct check_call *cc, const struct check *check, const bool *selected, struct err *err)
{
	const struct check_counts *counts = check_counts(check);
	Plumb__V1__CheckSummary summary;
	char today[DATE_TEXT_LEN], since_from[DATE_TEXT_LEN];

	plumb__v1__check_summary__init(&summary);
	summary.revision = cc->job->revision;
	summary.today = date_format(cc->job->today, today);
	summary.errors = counts->by_severity[SEVERITY_ERROR];
	summary.warnings = counts->by_severity[SEVERITY_WARNING];
	summary.notes = counts->by_severity[SEVERITY_NOTE];
	summary.unknown = counts->unknown;
	summary.waived = counts->waived;
	summary.items = counts->items;
	summary.expired_waivers = counts->expired_waivers;
	summary.since_from = date_format(cc->history.from, since_from);
	if (!fill_score(cc, check, &summary, err))
		return false;
	if (!fill_counts(cc, counts, selected, &summary))
		return err_oom(err);
	return flush(cc, &summary, err);
}

/* Subjects that findings shall be about; an entry that is not there any more can still be one. */
static bool
find_about(struct view_job *job, const Plumb__V1__CheckRequest *request, struct check_query *query,
    struct err *err)
{
	uint32_t *about = arena_array(job->arena, request->n_about + 1, sizeof about[0]);

	if (about == NULL)
		return err_oom(err);
	for (size_t i = 0; i < request->n_about; i++) {
		enum kind kind;
		const char *id;
		size_t id_len;
		const struct item *item = NULL;

		if (ref_parse(request->about[i], KIND_NONE, &kind, &id, &id_len))
			item = view_find(job->view, kind, id, id_len);
		if (item == NULL) {
			find_entry(job->view, request->about[i], "about", job->faults, err);
			return false;
		}
		about[i] = item->slot;
	}
	query->about = about;
	query->about_count = request->n_about;
	return true;
}

static bool
are_all(const bool *selected)
{
	size_t count;

	(void)rules_all(&count);
	while (count > 0 && selected[count - 1])
		count--;
	return count == 0;
}

/* Some rules are faster asked than all of them; where all are asked, others may have done so. */
static struct check *
find_or_run(struct check_call *cc, const struct check_query *query, struct err *err)
{
	struct check_book *book = cc->job->call->daemon->checks;

	if (!are_all(query->rules))
		return check_run(cc->job->view, query, err);
	if (!check_book_of_job(
		cc->job, query->cancelled, query->progress, query->arg, &cc->loan, err))
		return NULL;
	if (check_is_whole(cc->loan.check))
		return check_select(cc->loan.check, query, err);
	check_book_give(book, &cc->loan); /* of that much, others keep what is not wanted here */
	return check_run(cc->job->view, query, err);
}

static struct check *
run_rules(struct check_call *cc, const bool *selected, struct err *err)
{
	const struct check_baseline baseline = {cc->job->baseline, cc->job->baseline_slot};
	struct check_query query = {
	    .today = cc->job->today,
	    .zone = cc->ws->zone,
	    .rules = selected,
	    .baseline = cc->job->baseline != NULL ? &baseline : NULL,
	    .voices = cc->job->voices,
	    .worlds = cc->job->worlds,
	    .at_least = (enum severity)cc->request->at_least,
	    .waived = cc->request->waived,
	    .cancelled = check_is_cancelled,
	    .progress = report_progress,
	    .arg = cc,
	};
	struct check *check;

	if (!find_about(cc->job, cc->request, &query, err))
		return NULL;
	if (cc->request->since)
		query.progress = NULL; /* history takes longer, and tells */
	check = find_or_run(cc, &query, err);
	if (check == NULL)
		job_progress_explain(&cc->progress, err);
	return check;
}

/* ---- since when, from history */

/* How many days are judged: large plans get fewer, so that it stays a matter of seconds. */
static int32_t
days_back(const struct view *view)
{
	uint32_t slots = view_slots(view) > 0 ? view_slots(view) : 1;
	uint32_t days = LIMIT_SINCE_ENTRIES / slots;

	if (days > LIMIT_SINCE_DAYS)
		return LIMIT_SINCE_DAYS;
	return days < LIMIT_SINCE_DAYS_MIN ? LIMIT_SINCE_DAYS_MIN : (int32_t)days;
}

/* What was not there at the end of the day before is of today. */
static bool
look_up_since(
    struct check_call *cc, const struct check *check, const struct trend *trend, struct err *err)
{
	size_t count = check_findings(check);
	int32_t today = cc->job->today;
	size_t rules_count;
	const struct rule *const *rules = rules_all(&rules_count);
	struct str words;
	bool ok = true;

	cc->history.since = arena_array(cc->job->arena, count + 1, sizeof cc->history.since[0]);
	if (cc->history.since == NULL)
		return err_oom(err);
	str_init(&words, FINDINGS_WORDS_MAX);
	for (size_t i = 0; i < count && ok; i++) {
		const struct finding *f = check_finding(check, i);
		int32_t since = DATE_NONE;

		if (rules[f->rule]->worlds)
			since = f->since; /* history has none */
		else if (trend != NULL)
			since = trend_since(trend, trend_key(check, f, &words), today - 1);
		cc->history.since[i] = since != DATE_NONE ? since : today;
		ok = str_ok(&words) || err_oom(err);
	}
	str_fini(&words);
	return ok;
}

static bool
ask_history(struct check_call *cc, const struct check *check, struct err *err)
{
	struct trend_query query = {
	    .daemon = cc->job->call->daemon,
	    .ws = cc->ws,
	    /* The past is the plan's: a scenario has none, and must not be taken for it. */
	    .view = cc->job->scenario[0] == '\0' ? cc->job->view : NULL,
	    .baseline = cc->job->baseline,
	    .baseline_slot = cc->job->baseline_slot,
	    .revision = cc->job->revision,
	    .last = cc->job->today - 1,
	    .cancelled = &cc->job->call->cancelled,
	    .progress = report_progress,
	    .arg = cc,
	};
	struct trend_loan loan;
	int32_t plan_first;
	bool ok;

	if (!trend_first_day(query.daemon, cc->ws, &plan_first, err))
		return false;
	query.first = cc->job->today - days_back(cc->job->view);
	if (plan_first == DATE_NONE || plan_first > query.last)
		return look_up_since(cc, check, NULL, err);
	if (query.first <= plan_first)
		query.first = plan_first;
	else
		cc->history.from = query.first;
	if (!trend_take(&query, &loan, err))
		return false;
	ok = look_up_since(cc, check, loan.trend, err);
	trend_give(&loan);
	return ok;
}

static bool
run_check(struct view_job *job, struct err *err)
{
	struct check_start *start = job->arg;
	struct check_call cc = {
	    .job = job,
	    .request = start->request,
	    .ws = start->ws,
	    .history = {.from = DATE_NONE},
	};
	struct check *check = NULL;
	bool selected[RULES_MAX];
	bool ok = false;

	job_progress_begin(&cc.progress, job);
	str_init(&cc.words, FINDINGS_WORDS_MAX);
	cc.arena = arena_new(BATCH_MEMORY);
	if (cc.arena == NULL) {
		err_oom(err);
		goto out;
	}
	if (!rules_select(
		(const char *const *)cc.request->rules, cc.request->n_rules, selected, err))
		goto out;
	check = run_rules(&cc, selected, err);
	if (check == NULL)
		goto out;
	if (cc.request->since && !ask_history(&cc, check, err))
		goto out;
	ok = send_findings(&cc, check, err) && send_summary(&cc, check, selected, err);
out:
	check_free(check);
	check_book_give(job->call->daemon->checks, &cc.loan);
	str_fini(&cc.words);
	arena_free(cc.arena);
	return ok;
}

void
handle_insight_check(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__CheckRequest *request = (const Plumb__V1__CheckRequest *)message;
	struct check_start *start = arena_alloc(call->arena, sizeof *start);
	bool selected[RULES_MAX];
	struct err err;

	if (!select_rules(call, request->rules, request->n_rules, selected))
		return;
	if (start == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	start->request = request;
	start->ws = workspace_enter(call, request->at != NULL ? request->at->workspace : "", &err);
	if (start->ws == NULL)
		rpc_fail(call, &err);
	else
		job_view_check(call, request->at, request->since || rules_want_baseline(selected),
		    rules_want_worlds(selected), run_check, start);
}

/* ---- Explain */

static bool
fill_thresholds(const struct rule *rule, const struct rule_state *state, struct arena *arena,
    Plumb__V1__Rule *out)
{
	size_t count = rule_thresholds(rule);

	out->thresholds = arena_array(arena, count + 1, sizeof out->thresholds[0]);
	if (out->thresholds == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct rule_threshold *from = &rule->thresholds[i];
		Plumb__V1__Threshold *t = arena_alloc(arena, sizeof *t);

		if (t == NULL)
			return false;
		plumb__v1__threshold__init(t);
		t->name = pb_str(from->name);
		t->value = state->limits[i];
		t->default_value = from->value;
		t->min = from->min;
		t->max = from->max;
		t->unit = pb_str(from->unit);
		t->help = pb_str(from->help);
		out->thresholds[i] = t;
	}
	out->n_thresholds = count;
	return true;
}

static bool
fill_rule(const struct rule *rule, const struct rule_state *state, struct arena *arena,
    Plumb__V1__Rule *out)
{
	plumb__v1__rule__init(out);
	out->name = pb_str(rule->name);
	out->severity = (Plumb__V1__Severity)state->severity;
	out->default_severity = (Plumb__V1__Severity)rule->severity;
	out->asks = pb_str(rule->asks);
	out->meaning = pb_str(rule->meaning);
	out->hurts = pb_str(rule->hurts);
	out->mend = pb_str(rule->mend);
	out->unknown_when = pb_str(rule->unknown_when);
	out->local = rule->local;
	out->off = state->off;
	out->refuse = state->refuse;
	return fill_thresholds(rule, state, arena, out);
}

static bool
run_explain(struct view_job *job, struct err *err)
{
	const Plumb__V1__ExplainRequest *request = job->arg;
	Plumb__V1__ExplainReply reply;
	struct rule_state states[RULES_MAX];
	bool selected[RULES_MAX];
	size_t count;
	const struct rule *const *rules = rules_all(&count);

	plumb__v1__explain_reply__init(&reply);
	reply.rules = arena_array(job->arena, count, sizeof reply.rules[0]);
	if (reply.rules == NULL)
		return err_oom(err);
	if (!rules_select((const char *const *)request->rules, request->n_rules, selected, err) ||
	    !rules_states(job->view, states, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		Plumb__V1__Rule *rule = arena_alloc(job->arena, sizeof *rule);

		if (!selected[i])
			continue;
		if (rule == NULL || !fill_rule(rules[i], &states[i], job->arena, rule))
			return err_oom(err);
		reply.rules[reply.n_rules++] = rule;
	}
	return view_job_send(job, &reply.base, err);
}

void
handle_insight_explain(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ExplainRequest *request = (const Plumb__V1__ExplainRequest *)message;
	Plumb__V1__At *at = arena_alloc(call->arena, sizeof *at);
	bool selected[RULES_MAX];
	struct err err;

	if (at == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	if (!select_rules(call, request->rules, request->n_rules, selected))
		return;
	plumb__v1__at__init(at);
	at->workspace = request->workspace;
	job_view(call, at, run_explain, arg_of(message));
}

/* ---- Trace */

static bool
fill_node(const struct view_job *job, const struct trace_node *node, Plumb__V1__TraceNode *out)
{
	const struct item *item = view_item(job->view, node->slot);

	plumb__v1__trace_node__init(out);
	out->ref = reply_ref(job->arena, item);
	out->title = arena_strndup(job->arena, item_title(item), item->title_len);
	out->parent = node->parent;
	out->relation = pb_str(node->relation);
	out->level = node->level;
	out->again = node->again;
	out->missing = node->missing;
	out->status = pb_str(node->status);
	if (node->owner != SLOT_NONE)
		out->owner = reply_ref(job->arena, view_item(job->view, node->owner));
	return out->ref != NULL && out->title != NULL && out->owner != NULL;
}

/* How many nodes fit into one message; parents come first, so that what is cut is whole. */
static size_t
nodes_that_fit(const struct view_job *job, const struct trace *trace)
{
	size_t bytes = 0;

	for (size_t i = 0; i < trace->nodes_count; i++) {
		bytes += view_item(job->view, trace->nodes[i].slot)->title_len + NODE_BYTES;
		if (bytes > TRACE_BYTES)
			return i;
	}
	return trace->nodes_count;
}

static bool
send_trace(struct view_job *job, const struct trace *trace, struct err *err)
{
	size_t nodes_count = nodes_that_fit(job, trace);
	Plumb__V1__TraceReply reply;

	plumb__v1__trace_reply__init(&reply);
	reply.nodes = arena_array(job->arena, trace->nodes_count, sizeof reply.nodes[0]);
	reply.gaps = arena_array(job->arena, trace->gaps_count + 2, sizeof reply.gaps[0]);
	if (reply.nodes == NULL || reply.gaps == NULL)
		return err_oom(err);
	for (size_t i = 0; i < nodes_count; i++) {
		reply.nodes[i] = arena_alloc(job->arena, sizeof *reply.nodes[i]);
		if (reply.nodes[i] == NULL || !fill_node(job, &trace->nodes[i], reply.nodes[i]))
			return err_oom(err);
	}
	for (size_t i = 0; i < trace->gaps_count; i++)
		reply.gaps[i] = pb_str(trace->gaps[i]);
	reply.n_nodes = nodes_count;
	reply.n_gaps = trace->gaps_count;
	if (nodes_count < trace->nodes_count)
		reply.gaps[reply.n_gaps++] = pb_str(
		    "the trace is cut: it does not fit into one message; ask for less depth");
	reply.revision = job->revision;
	reply.reaches_goal = trace->reaches_goal;
	return view_job_send(job, &reply.base, err);
}

static bool
run_trace(struct view_job *job, struct err *err)
{
	const Plumb__V1__TraceRequest *request = job->arg;
	const struct item *item = find_entry(job->view, request->ref, "ref", job->faults, err);
	struct trace_query query = {
	    .today = job->today,
	    .up = request->up || !request->down,
	    .down = request->down || !request->up,
	    .depth = request->depth,
	    .cancelled = view_job_is_over,
	    .arg = job,
	};
	struct trace trace;

	if (item == NULL)
		return false;
	query.slot = item->slot;
	return trace_run(job->view, &query, job->arena, &trace, err) &&
	       send_trace(job, &trace, err);
}

void
handle_insight_trace(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__TraceRequest *request = (const Plumb__V1__TraceRequest *)message;

	job_view(call, request->at, run_trace, arg_of(message));
}
