/* plumb.v1.Insight.WhatIf: the plan beside scenarios, as messages. */
#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/whatif.pb-c.h"
#include "server/insight/whatif.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/case_rpc.h"
#include "server/rpc/findings.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"
#include "server/rpc/scenario_view.h"

#define ROWS_MAX     200u /* of a message: 21 cells of 60 bytes each, 300 KB */
#define LISTED_MAX   20u  /* findings beside the plan's, of each list */
#define FRAGILE_MAX  100u
#define BATCH_MEMORY ((size_t)24 << 20)
#define DEFAULT_SEED 1u
#define STEP         0.01 /* of progress that is worth a message */

struct whatif_call {
	struct view_job *job;
	const Plumb__V1__WhatIfRequest *request;
	struct whatif_course how;
	struct whatif whatif;
	Plumb__V1__WhatIfCourse **courses; /* in the job's arena */
	double told;                       /* progress */
	struct arena *arena;               /* of the message at hand */
};

/* Of the course that is judged; of all together told now and then. */
static bool
tell(void *arg, double part)
{
	struct whatif_call *wc = arg;
	double done = (wc->whatif.count + fmin(part, 1)) / wc->whatif.courses;
	Plumb__V1__WhatIfReply reply;
	struct err err = {0};

	if (view_job_cancelled(wc->job))
		return true;
	if (done < wc->told + STEP)
		return false;
	wc->told = done;
	plumb__v1__what_if_reply__init(&reply);
	reply.progress__case = PLUMB__V1__WHAT_IF_REPLY__PROGRESS__PROGRESS;
	reply.progress = done;
	return !view_job_send(wc->job, &reply.base, &err);
}

/* ---- what is asked for */

static bool
check_request(struct whatif_call *wc, struct err *err)
{
	const Plumb__V1__WhatIfRequest *request = wc->request;
	struct faults *faults = wc->job->faults;

	if (request->draws > 0 && (request->draws < LIMIT_PLAN_FORECAST_DRAWS_LEAST ||
				      request->draws > LIMIT_PLAN_FORECAST_DRAWS))
		faults_add(faults, "draws", "are %u to %u; not stated: as of a forecast",
		    LIMIT_PLAN_FORECAST_DRAWS_LEAST, LIMIT_PLAN_FORECAST_DRAWS);
	case_check_until(request->until, wc->job->today, &wc->how.until, faults);
	wc->how.mode = request->reschedule ? MODE_RESCHEDULE : MODE_FIXED;
	wc->how.today = wc->job->today;
	wc->how.voices = wc->job->voices;
	wc->how.cancelled = view_job_is_over;
	wc->how.arg = wc->job;
	wc->how.forecast = (struct plan_forecast_options){
	    .draws = request->draws,
	    .seed = request->seed__case == PLUMB__V1__WHAT_IF_REQUEST__SEED__SEED ? request->seed
										  : DEFAULT_SEED,
	    .overall = FORECAST_OVERALL,
	    .team = FORECAST_TEAM,
	    .shape = FORECAST_PERT,
	    .stop = tell,
	    .arg = wc,
	};
	return faults_none(faults, err);
}

/* ---- a course */

static bool
fill_scenario(struct whatif_call *wc, const struct job_course *from, Plumb__V1__WhatIfCourse *out)
{
	const struct item *item;
	const Plumb__V1__Item *message;
	const Plumb__V1__ConflictsReply *conflicts;
	struct err err;

	if (from->scenario[0] == '\0')
		return true;
	conflicts =
	    (const Plumb__V1__ConflictsReply *)pb_decode(&plumb__v1__conflicts_reply__descriptor,
		from->conflicts, from->conflicts_len, false, wc->job->arena, &err);
	item = view_find(wc->job->view, KIND_SCENARIO, from->scenario, strlen(from->scenario));
	message = item != NULL ? (const Plumb__V1__Item *)codec_decode(item, wc->job->arena) : NULL;
	if (conflicts == NULL || message == NULL)
		return false;
	out->changes = conflicts->changes;
	out->conflicts = conflicts->total;
	out->title = message->title;
	if (message->body_case == PLUMB__V1__ITEM__BODY_SCENARIO) {
		out->n_assumptions = message->scenario->n_assumptions;
		out->assumptions = message->scenario->assumptions;
	}
	return true;
}

static bool
fill_findings(
    struct whatif_call *wc, const struct whatif_findings *findings, Plumb__V1__WhatIfCourse *out)
{
	const struct compare *c = &findings->compare;
	struct arena *arena = wc->job->arena;
	Plumb__V1__FindingsChange *change = arena_alloc(arena, sizeof *change);
	const double plan = (double)wc->whatif.figures[0].score / 1e6;

	if (change == NULL)
		return false;
	plumb__v1__findings_change__init(change);
	change->appeared = findings_list(findings->check, c->appeared, c->appeared_count,
	    LISTED_MAX, &change->n_appeared, arena);
	change->gone = findings_list(
	    wc->whatif.plan, c->gone, c->gone_count, LISTED_MAX, &change->n_gone, arena);
	change->appeared_count = (uint32_t)c->appeared_count;
	change->gone_count = (uint32_t)c->gone_count;
	change->same_count = (uint32_t)c->same_count;
	change->score_before__case = PLUMB__V1__FINDINGS_CHANGE__SCORE_BEFORE__SCORE_BEFORE;
	change->score_before = plan;
	change->score_after__case = PLUMB__V1__FINDINGS_CHANGE__SCORE_AFTER__SCORE_AFTER;
	change->score_after = out->score;
	change->before_today = change->after_today = reply_date(arena, wc->job->today);
	out->findings = change;
	return change->appeared != NULL && change->gone != NULL && change->before_today != NULL;
}

static bool
fill_figures(struct whatif_call *wc, const struct whatif_figures *f, Plumb__V1__WhatIfCourse *out)
{
	struct arena *arena = wc->job->arena;

	out->errors = f->errors;
	out->warnings = f->warnings;
	out->notes = f->notes;
	out->score = (double)f->score / 1e6;
	out->cells = f->cells;
	out->over = f->over;
	out->highest = f->highest;
	out->highest_who = reply_ref(arena, f->highest_who);
	out->highest_period = reply_ref(arena, f->highest_period);
	out->initiatives = f->initiatives;
	out->ranked = f->ranked;
	out->above = f->above;
	out->late = f->late;
	out->line = reply_ref(arena, f->line);
	out->until = reply_date(arena, f->until);
	out->in_time = f->in_time;
	out->objectives = f->objectives;
	out->objectives_met = f->objectives_met;
	return out->highest_who != NULL && out->highest_period != NULL && out->line != NULL &&
	       out->until != NULL;
}

/* Findings are told from checks that are not kept. */
static bool
judge(struct whatif_call *wc, size_t i, struct err *err)
{
	const struct job_course *from = &wc->job->courses[i];
	const struct check_baseline baseline = {from->baseline, from->baseline_slot};
	Plumb__V1__WhatIfCourse *out = arena_alloc(wc->job->arena, sizeof *out);
	struct whatif_findings findings;
	bool ok;

	if (out == NULL)
		return err_oom(err);
	plumb__v1__what_if_course__init(out);
	wc->courses[i] = out;
	wc->how.view = from->view;
	wc->how.baseline = from->baseline != NULL ? &baseline : NULL;
	if (!whatif_judge(&wc->whatif, &wc->how, &findings, err)) {
		err_wrap(err, "%s%s", from->scenario[0] != '\0' ? "scenario " : "the plan",
		    from->scenario);
		return false;
	}
	out->scenario = pb_str(from->scenario);
	ok = fill_figures(wc, &wc->whatif.figures[i], out) && fill_scenario(wc, from, out) &&
	     (i == 0 || fill_findings(wc, &findings, out));
	whatif_findings_fini(&findings);
	return ok || err_oom(err);
}

/* ---- rows */

static Plumb__V1__WhatIfCell *
new_cell(struct whatif_call *wc, const struct whatif_cell *cell)
{
	Plumb__V1__WhatIfCell *out = arena_alloc(wc->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__what_if_cell__init(out);
	if (cell->item == NULL)
		return out;
	out->is_there = true;
	out->rank = cell->rank != RANK_NONE ? cell->rank : 0;
	out->due = reply_date(wc->arena, cell->due);
	out->finish = reply_date(wc->arena, cell->finish);
	out->late_days = cell->late_days;
	out->p80 = reply_date(wc->arena, cell->p80);
	if (!isnan(cell->chance)) {
		out->chance__case = PLUMB__V1__WHAT_IF_CELL__CHANCE__CHANCE;
		out->chance = cell->chance;
	}
	return out->due != NULL && out->finish != NULL && out->p80 != NULL ? out : NULL;
}

static Plumb__V1__WhatIfRow *
new_row(struct whatif_call *wc, const struct whatif_row *row)
{
	const struct item *item = whatif_cell_there(&wc->whatif, row)->item;
	Plumb__V1__WhatIfRow *out = arena_alloc(wc->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__what_if_row__init(out);
	out->ref = reply_ref(wc->arena, item);
	out->title = arena_strndup(wc->arena, item_title(item), item->title_len);
	out->scenarios = row->scenarios;
	out->holds = row->holds;
	out->cells = arena_array(wc->arena, wc->whatif.count, sizeof out->cells[0]);
	if (out->ref == NULL || out->title == NULL || out->cells == NULL)
		return NULL;
	for (uint32_t c = 0; c < wc->whatif.count; c++) {
		out->cells[c] = new_cell(wc, &wc->whatif.cells[row->first + c]);
		if (out->cells[c] == NULL)
			return NULL;
	}
	out->n_cells = wc->whatif.count;
	return out;
}

static bool
send_rows(struct whatif_call *wc, struct err *err)
{
	Plumb__V1__WhatIfRow *rows[ROWS_MAX];
	Plumb__V1__WhatIfReply reply;

	for (uint32_t first = 0; first < wc->whatif.rows_count; first += ROWS_MAX) {
		arena_reset(wc->arena);
		plumb__v1__what_if_reply__init(&reply);
		reply.rows = rows;
		while (reply.n_rows < ROWS_MAX && first + reply.n_rows < wc->whatif.rows_count) {
			rows[reply.n_rows] = new_row(wc, &wc->whatif.rows[first + reply.n_rows]);
			if (rows[reply.n_rows++] == NULL)
				return err_oom(err);
		}
		if (!view_job_send(wc->job, &reply.base, err))
			return false;
	}
	return true;
}

static bool
send_courses(struct whatif_call *wc, struct err *err)
{
	for (uint32_t c = 0; c < wc->whatif.count; c++) {
		Plumb__V1__WhatIfReply reply;

		plumb__v1__what_if_reply__init(&reply);
		reply.courses = &wc->courses[c];
		reply.n_courses = 1;
		wc->courses[c]->best_p80 =
		    reply_date(wc->job->arena, wc->whatif.figures[c].best_p80);
		if (wc->courses[c]->best_p80 == NULL)
			return err_oom(err);
		if (!view_job_send(wc->job, &reply.base, err))
			return false;
	}
	return true;
}

/* ---- regret */

static const struct {
	const char *name;
	const char *what;
} criteria[WHATIF_CRITERIA] = {
    [WHATIF_ERRORS] = {"errors", "findings that are errors"},
    [WHATIF_SCORE] = {"score", "alignment score, of 100"},
    [WHATIF_OVER] = {"over", "periods in which somebody is asked for more than they can give"},
    [WHATIF_ABOVE] = {"above", "per cent of ranked initiatives that are above the line"},
    [WHATIF_IN_TIME] = {"in-time", "initiatives that can be expected to be in time"},
    [WHATIF_OBJECTIVES] = {"objectives", "objectives that can be expected to be met"},
    [WHATIF_BEST_P80] = {"best-p80", "days until the plan's best ranks are done, in four of five"},
};

static Plumb__V1__WhatIfCriterion *
new_criterion(struct whatif_call *wc, int k)
{
	const struct whatif_regret *regret = &wc->whatif.regret;
	uint32_t n = wc->whatif.count;
	Plumb__V1__WhatIfCriterion *out = arena_alloc(wc->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__what_if_criterion__init(out);
	out->name = pb_str(criteria[k].name);
	out->what = pb_str(criteria[k].what);
	out->more_is_better = whatif_more_is_better((enum whatif_criterion)k);
	out->n_values = out->n_regrets = out->n_shares = n;
	out->values = regret->values + (size_t)k * n;
	out->regrets = regret->regrets + (size_t)k * n;
	out->shares = regret->shares + (size_t)k * n;
	return out;
}

static bool
fill_regrets(struct whatif_call *wc, Plumb__V1__WhatIfReply *reply)
{
	const struct whatif_regret *regret = &wc->whatif.regret;
	uint32_t n = wc->whatif.count;

	reply->criteria = arena_array(wc->arena, WHATIF_CRITERIA, sizeof reply->criteria[0]);
	if (reply->criteria == NULL)
		return false;
	for (int k = 0; k < WHATIF_CRITERIA; k++) {
		if (!regret->known[k])
			continue;
		reply->criteria[reply->n_criteria] = new_criterion(wc, k);
		if (reply->criteria[reply->n_criteria++] == NULL)
			return false;
	}
	reply->worst = regret->worst;
	reply->mean = regret->mean;
	reply->n_worst = reply->n_mean = n;
	reply->least = regret->least;
	return true;
}

/* ---- horizon/fragile, of the scenarios that are compared; the rule is that of a check */

struct fragile {
	const struct rule *rule;
	struct rule_state state;
};

/* The chance as it is planned, and in each scenario that has it. */
static bool
fill_evidence(struct whatif_call *wc, const struct whatif_row *row, Plumb__V1__Finding *out)
{
	out->evidence = arena_array(wc->arena, wc->whatif.count, sizeof out->evidence[0]);
	if (out->evidence == NULL)
		return false;
	for (uint32_t c = 0; c < wc->whatif.count; c++) {
		const struct whatif_cell *cell = &wc->whatif.cells[row->first + c];
		Plumb__V1__Evidence *e;

		if (cell->item == NULL || isnan(cell->chance))
			continue;
		e = arena_alloc(wc->arena, sizeof *e);
		if (e == NULL)
			return false;
		plumb__v1__evidence__init(e);
		e->ref = c == 0
			     ? out->subjects[0]
			     : arena_printf(wc->arena, "scenario/%s", wc->job->courses[c].scenario);
		e->what = pb_str("chance to be in time");
		e->value = arena_printf(wc->arena, "%.15g", round(cell->chance * 1e4) / 1e4);
		if (e->ref == NULL || e->value == NULL)
			return false;
		out->evidence[out->n_evidence++] = e;
	}
	return true;
}

static bool
fill_who(struct whatif_call *wc, const struct item *item, Plumb__V1__Finding *out)
{
	const struct item *owner = view_ref(wc->job->view, item, ROLE_OWNER);

	if (owner == NULL)
		return true;
	out->who = arena_array(wc->arena, 1, sizeof out->who[0]);
	if (out->who == NULL)
		return false;
	out->who[out->n_who++] = reply_ref(wc->arena, owner);
	return out->who[0] != NULL;
}

static Plumb__V1__Finding *
new_fragile(struct whatif_call *wc, const struct whatif_row *row, const struct fragile *fragile)
{
	const struct item *item = wc->whatif.cells[row->first].item;
	Plumb__V1__Finding *out = arena_alloc(wc->arena, sizeof *out);
	char *ref = reply_ref(wc->arena, item);
	struct str words;

	if (out == NULL || ref == NULL)
		return NULL;
	plumb__v1__finding__init(out);
	out->rule = pb_str(WHATIF_FRAGILE);
	out->severity = (Plumb__V1__Severity)fragile->state.severity;
	out->key = arena_printf(wc->arena, "%s:%s", out->rule, ref);
	out->subjects = arena_array(wc->arena, 1, sizeof out->subjects[0]);
	str_init(&words, FINDINGS_WORDS_MAX);
	str_add(&words, ref);
	whatif_fragile_words(wc->whatif.cells[row->first].rank, row->holds, row->scenarios, &words);
	out->message = str_ok(&words) ? arena_strdup(wc->arena, words.data) : NULL;
	str_fini(&words);
	out->fix = pb_str(fragile->rule->fix);
	if (out->key == NULL || out->subjects == NULL || out->message == NULL)
		return NULL;
	out->subjects[out->n_subjects++] = ref;
	return fill_evidence(wc, row, out) && fill_who(wc, item, out) ? out : NULL;
}

/* With the workspace's settings, as of a check; a waiver is shown nowhere here. */
static bool
fill_fragile(struct whatif_call *wc, Plumb__V1__WhatIfReply *reply, struct err *err)
{
	const struct whatif *whatif = &wc->whatif;
	struct fragile fragile;
	size_t count;

	fragile.rule = rules_all(&count)[rule_find(WHATIF_FRAGILE, strlen(WHATIF_FRAGILE))];
	if (!rules_state(wc->job->view, fragile.rule, &fragile.state, err))
		return false;
	reply->findings = arena_array(wc->arena, FRAGILE_MAX, sizeof reply->findings[0]);
	if (reply->findings == NULL)
		return err_oom(err);
	for (uint32_t i = 0; !fragile.state.off && i < whatif->rows_count; i++) {
		if (!whatif_is_fragile(whatif, &whatif->rows[i], fragile.state.limits) ||
		    reply->findings_count++ >= FRAGILE_MAX)
			continue;
		reply->findings[reply->n_findings] = new_fragile(wc, &whatif->rows[i], &fragile);
		if (reply->findings[reply->n_findings++] == NULL)
			return err_oom(err);
	}
	return true;
}

/* ---- the answer */

static bool
fill_best(struct whatif_call *wc, Plumb__V1__WhatIfReply *reply)
{
	reply->best = arena_array(wc->arena, WHATIF_BEST, sizeof reply->best[0]);
	for (uint32_t k = 0; reply->best != NULL && k < WHATIF_BEST; k++) {
		if (wc->whatif.best[k] == NULL)
			return true;
		reply->best[reply->n_best] = reply_ref(wc->arena, wc->whatif.best[k]);
		if (reply->best[reply->n_best++] == NULL)
			return false;
	}
	return reply->best != NULL;
}

static bool
send_summary(struct whatif_call *wc, struct err *err)
{
	Plumb__V1__WhatIfReply reply;
	char today[DATE_TEXT_LEN];

	arena_reset(wc->arena);
	plumb__v1__what_if_reply__init(&reply);
	reply.done = true;
	reply.revision = wc->job->revision;
	reply.today = date_format(wc->job->today, today);
	reply.draws = wc->whatif.draws;
	reply.seed = wc->how.forecast.seed;
	reply.total = wc->whatif.rows_count;
	if (!fill_best(wc, &reply) || !fill_regrets(wc, &reply))
		return err_oom(err);
	return fill_fragile(wc, &reply, err) && view_job_send(wc->job, &reply.base, err);
}

static bool
answer(struct whatif_call *wc, struct err *err)
{
	size_t count = wc->job->courses_count;

	wc->courses = arena_array(wc->job->arena, count, sizeof wc->courses[0]);
	if (wc->courses == NULL || wc->arena == NULL)
		return err_oom(err);
	if (!whatif_init(&wc->whatif, (uint32_t)count, wc->job->today, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!judge(wc, i, err))
			return false;
	}
	return whatif_finish(&wc->whatif, err) && send_courses(wc, err) && send_rows(wc, err) &&
	       send_summary(wc, err);
}

static bool
run_whatif(struct view_job *job, struct err *err)
{
	struct whatif_call wc = {.job = job, .request = job->arg};
	bool ok;

	if (!check_request(&wc, err))
		return false;
	wc.arena = arena_new(BATCH_MEMORY);
	ok = answer(&wc, err);
	whatif_fini(&wc.whatif);
	arena_free(wc.arena);
	return ok;
}

/* 1 to 20 names, none twice. */
static bool
check_scenarios(const Plumb__V1__WhatIfRequest *request, struct faults *faults, struct err *err)
{
	if (request->at != NULL && request->at->scenario[0] != '\0')
		faults_add(faults, "at.scenario",
		    "is not for comparisons: name scenarios that the plan is compared with");
	if (request->n_scenarios == 0)
		faults_add(faults, "scenarios", "name at least one");
	if (request->n_scenarios > LIMIT_WHATIF_SCENARIOS)
		faults_add(faults, "scenarios", "at most %u at once, not %zu",
		    LIMIT_WHATIF_SCENARIOS, request->n_scenarios);
	for (size_t i = 0; faults->count == 0 && i < request->n_scenarios; i++) {
		const char *id = scenario_id(request->scenarios[i], err);

		if (id == NULL)
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(scenario_id(request->scenarios[k], err), id) == 0)
				faults_add(faults, "scenarios", "'%.64s' is named twice", id);
	}
	return faults_none(faults, err);
}

void
handle_insight_what_if(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__WhatIfRequest *request = (const Plumb__V1__WhatIfRequest *)message;
	struct err err = {0};

	if (!check_scenarios(request, call->faults, &err)) {
		rpc_fail(call, &err);
		return;
	}
	job_view_scenarios(call, request->at, request->scenarios, request->n_scenarios, run_whatif,
	    (void *)(uintptr_t)request);
}
