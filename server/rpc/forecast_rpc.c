/* plumb.v1.Insight.Forecast: dates with their chances, as messages. */
#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/faults.h"
#include "common/pb.h"
#include "plumb/v1/forecast.pb-c.h"
#include "server/insight/schedule/forecast_objective.h"
#include "server/insight/schedule/plan_forecast.h"
#include "server/limits.h"
#include "server/rpc/case_rpc.h"
#include "server/rpc/handlers.h"
#include "server/rpc/job_progress.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"

#define BATCH        100u
#define BATCH_BYTES  ((size_t)1 << 20)
#define BATCH_MEMORY ((size_t)64 << 20)
#define DEFAULT_SEED 1u
#define PROBLEMS_MAX 100u
#define RESTS_MAX    20u
#define CANCEL_EVERY 64u
/* A step of progress that is worth a message. */
#define STEP 0.02

struct forecast_call {
	struct view_job *job;
	const Plumb__V1__ForecastRequest *request;
	struct plan_forecast_options options;
	struct plan_forecast pf;
	struct forecast_objectives fo;
	enum plan_forecast_mode mode; /* that objectives and drivers are judged by */
	double told;                  /* progress */
	struct job_progress progress;
	bool *wanted; /* by initiative of the problem; NULL: all */
	/* by initiative: where its pieces with effort begin in pieces */
	uint32_t *first;
	uint32_t *pieces;
	/* the batch at hand */
	struct arena *arena;
	Plumb__V1__ForecastInitiative *initiatives[BATCH];
	size_t initiatives_count;
	Plumb__V1__ForecastObjective *objectives[BATCH];
	size_t objectives_count;
};

static bool
is_cancelled(void *arg)
{
	const struct forecast_call *fc = arg;

	return job_progress_is_over(&fc->progress);
}

/* How far it is, now and then. */
static bool
tell(void *arg, double done)
{
	struct forecast_call *fc = arg;
	Plumb__V1__ForecastReply reply;

	if (is_cancelled(fc))
		return true;
	if (done < fc->told + STEP)
		return false;
	fc->told = done;
	plumb__v1__forecast_reply__init(&reply);
	reply.progress__case = PLUMB__V1__FORECAST_REPLY__PROGRESS__PROGRESS;
	reply.progress = done < 1 ? done : 1;
	job_progress_send(&fc->progress, &reply.base);
	return is_cancelled(fc);
}

/* ---- what is asked for */

static bool
is_share(double value)
{
	return value >= 0 && value <= 1;
}

static void
check_correlations(struct forecast_call *fc, struct faults *faults)
{
	const Plumb__V1__ForecastRequest *request = fc->request;

	fc->options.overall = FORECAST_OVERALL;
	fc->options.team = FORECAST_TEAM;
	if (request->correlation__case == PLUMB__V1__FORECAST_REQUEST__CORRELATION__CORRELATION)
		fc->options.overall = request->correlation;
	if (request->team_correlation__case ==
	    PLUMB__V1__FORECAST_REQUEST__TEAM_CORRELATION__TEAM_CORRELATION)
		fc->options.team = request->team_correlation;
	if (!is_share(fc->options.overall))
		faults_add(faults, "correlation", "is 0 to 1");
	if (!is_share(fc->options.team))
		faults_add(faults, "team_correlation", "is 0 to 1");
	else if (is_share(fc->options.overall) && fc->options.overall + fc->options.team > 1)
		faults_add(faults, "team_correlation",
		    "is at most %g beside an overall correlation of %g: together at most 1",
		    1 - fc->options.overall, fc->options.overall);
}

static void
check_draws(struct forecast_call *fc, struct faults *faults)
{
	const Plumb__V1__ForecastRequest *request = fc->request;

	fc->options.draws = request->draws;
	if (request->samples && request->draws == 0)
		fc->options.draws = LIMIT_PLAN_FORECAST_SAMPLES;
	if (request->draws > 0 && (request->draws < LIMIT_PLAN_FORECAST_DRAWS_LEAST ||
				      request->draws > LIMIT_PLAN_FORECAST_DRAWS))
		faults_add(faults, "draws",
		    "are %u to %u; not stated: 10000, fewer for large plans",
		    LIMIT_PLAN_FORECAST_DRAWS_LEAST, LIMIT_PLAN_FORECAST_DRAWS);
	else if (request->samples && request->draws > LIMIT_PLAN_FORECAST_SAMPLES)
		faults_add(
		    faults, "draws", "are at most %u with samples", LIMIT_PLAN_FORECAST_SAMPLES);
}

static enum forecast_shape
shape_of(Plumb__V1__ForecastRequest__Shape shape)
{
	if (shape == PLUMB__V1__FORECAST_REQUEST__SHAPE__TRIANGULAR)
		return FORECAST_TRIANGULAR;
	return shape == PLUMB__V1__FORECAST_REQUEST__SHAPE__LOGNORMAL ? FORECAST_LOGNORMAL
								      : FORECAST_PERT;
}

static bool
check_request(struct forecast_call *fc, int32_t *until, struct err *err)
{
	const Plumb__V1__ForecastRequest *request = fc->request;
	struct faults *faults = fc->job->faults;

	fc->options.seed = request->seed__case == PLUMB__V1__FORECAST_REQUEST__SEED__SEED
			       ? request->seed
			       : DEFAULT_SEED;
	fc->options.stop = tell;
	fc->options.arg = fc;
	if (request->n_refs > LIMIT_NAMES)
		faults_add(faults, "refs", "at most %u names at once", LIMIT_NAMES);
	fc->options.shape = shape_of(request->shape);
	fc->options.wanted[MODE_RESCHEDULE] =
	    request->mode != PLUMB__V1__FORECAST_REQUEST__MODE__FIXED;
	fc->options.wanted[MODE_FIXED] =
	    request->mode != PLUMB__V1__FORECAST_REQUEST__MODE__RESCHEDULE;
	fc->mode = fc->options.wanted[MODE_RESCHEDULE] ? MODE_RESCHEDULE : MODE_FIXED;
	check_draws(fc, faults);
	check_correlations(fc, faults);
	case_check_until(request->until, fc->job->today, until, faults);
	return faults_none(faults, err);
}

static uint32_t
initiative_of(const struct forecast_call *fc, uint32_t piece)
{
	return fc->pf.pc.plan->problem.work[fc->pf.pieces[piece].number * PLAN_STAGES].initiative;
}

/* Pieces with effort by initiative. */
static bool
sort_pieces(struct forecast_call *fc, struct err *err)
{
	uint32_t initiatives = fc->pf.pc.plan->problem.initiatives;

	fc->first = arena_array(fc->job->arena, initiatives + 2, sizeof fc->first[0]);
	fc->pieces = arena_array(fc->job->arena, fc->pf.pieces_count + 1, sizeof fc->pieces[0]);
	if (fc->first == NULL || fc->pieces == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < fc->pf.pieces_count; i++)
		fc->first[initiative_of(fc, i) + 2]++;
	for (uint32_t i = 2; i < initiatives + 2; i++)
		fc->first[i] += fc->first[i - 1];
	for (uint32_t i = 0; i < fc->pf.pieces_count; i++)
		fc->pieces[fc->first[initiative_of(fc, i) + 1]++] = i;
	return true;
}

/* ---- dates */

/* An end, exclusive, as the last day; "" where it is behind all that was looked at. */
static char *
copy_end(const struct forecast_call *fc, float end)
{
	if (!(end < INFINITY))
		return arena_strdup(fc->arena, "");
	return reply_date(fc->arena, fc->pf.pc.ix.today + (end < 1 ? 0 : (int32_t)end - 1));
}

static bool
add_samples(const struct forecast_call *fc, const float *ends, Plumb__V1__ForecastDates *out)
{
	out->finish = arena_array(fc->arena, fc->pf.draws + 1, sizeof out->finish[0]);
	if (out->finish == NULL)
		return false;
	for (uint32_t d = 0; d < fc->pf.draws; d++)
		out->finish[out->n_finish++] = !(ends[d] < INFINITY) ? -1
					       : ends[d] < 1         ? 0
								     : (int32_t)ends[d] - 1;
	return true;
}

/* Of an initiative, or of everything (the last row). NULL: out of memory. */
static Plumb__V1__ForecastDates *
new_dates(const struct forecast_call *fc, enum plan_forecast_mode mode, uint32_t row)
{
	const struct plan_forecast *pf = &fc->pf;
	const struct forecast_dates *dates = &pf->dates[mode][row];
	Plumb__V1__ForecastDates *out = arena_alloc(fc->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__forecast_dates__init(out);
	out->p50 = copy_end(fc, dates->p50);
	out->p80 = copy_end(fc, dates->p80);
	out->p95 = copy_end(fc, dates->p95);
	out->by_until = dates->in_horizon;
	if (dates->by_due >= 0) {
		out->by_due__case = PLUMB__V1__FORECAST_DATES__BY_DUE__BY_DUE;
		out->by_due = dates->by_due;
	}
	out->above_line = row < pf->pc.plan->problem.initiatives ? (double)pf->above[mode][row]
								 : dates->in_horizon;
	if (fc->request->samples && !add_samples(fc, plan_forecast_ends(pf, mode, row), out))
		return NULL;
	return out->p50 != NULL && out->p80 != NULL && out->p95 != NULL ? out : NULL;
}

static bool
fill_drivers(const struct forecast_call *fc, uint32_t initiative, Plumb__V1__ForecastDriver ***list,
    size_t *count)
{
	const struct plan_forecast_driver *drivers =
	    &fc->pf.drivers[(size_t)initiative * PLAN_FORECAST_DRIVERS];

	*list = arena_array(fc->arena, PLAN_FORECAST_DRIVERS, sizeof **list);
	for (uint32_t k = 0; *list != NULL && k < PLAN_FORECAST_DRIVERS; k++) {
		Plumb__V1__ForecastDriver *one;

		if (drivers[k].piece == SCHEDULE_NONE)
			return true;
		one = (*list)[(*count)++] = arena_alloc(fc->arena, sizeof *one);
		if (one == NULL)
			return false;
		plumb__v1__forecast_driver__init(one);
		one->ref = case_ref(&fc->pf.pc, fc->arena,
		    fc->pf.pc.plan->slots[fc->pf.pieces[drivers[k].piece].number]);
		one->correlation = drivers[k].correlation;
		if (one->ref == NULL)
			return false;
	}
	return *list != NULL;
}

/* ---- pieces of work */

static bool
add_factors(const struct forecast_call *fc, uint32_t piece, Plumb__V1__ForecastWork *out)
{
	out->factors = arena_array(fc->arena, fc->pf.draws + 1, sizeof out->factors[0]);
	if (out->factors == NULL)
		return false;
	for (uint32_t d = 0; d < fc->pf.draws; d++)
		out->factors[out->n_factors++] = (double)forecast_sample(fc->pf.factors, piece, d);
	return true;
}

static Plumb__V1__ForecastWork *
new_work(const struct forecast_call *fc, uint32_t number)
{
	const struct plan_forecast_piece *piece = &fc->pf.pieces[number];
	Plumb__V1__ForecastWork *w = arena_alloc(fc->arena, sizeof *w);
	uint32_t slot = fc->pf.pc.plan->slots[piece->number];

	if (w == NULL)
		return NULL;
	plumb__v1__forecast_work__init(w);
	w->ref = case_ref(&fc->pf.pc, fc->arena, slot);
	w->title = case_title(&fc->pf.pc, fc->arena, slot);
	w->left = piece->left;
	w->source = (Plumb__V1__ForecastWork__Source)piece->source;
	w->low = piece->low;
	w->middle = piece->middle;
	w->high = piece->high;
	if (piece->team < load_rows(fc->pf.pc.load))
		w->team = case_ref(&fc->pf.pc, fc->arena, load_who(fc->pf.pc.load, piece->team));
	if (fc->pf.critical != NULL) {
		w->critical__case = PLUMB__V1__FORECAST_WORK__CRITICAL__CRITICAL;
		w->critical = (double)fc->pf.critical[number];
	}
	if (fc->request->samples && !add_factors(fc, number, w))
		return NULL;
	return w->ref != NULL && w->title != NULL && w->team != NULL ? w : NULL;
}

static bool
fill_work(const struct forecast_call *fc, uint32_t initiative, Plumb__V1__ForecastInitiative *out)
{
	uint32_t first = fc->first[initiative], behind = fc->first[initiative + 1];

	out->work = arena_array(fc->arena, behind - first + 1, sizeof out->work[0]);
	for (uint32_t i = first; out->work != NULL && i < behind; i++) {
		out->work[out->n_work] = new_work(fc, fc->pieces[i]);
		if (out->work[out->n_work++] == NULL)
			return false;
	}
	return out->work != NULL;
}

/* ---- initiatives */

static bool
fill(const struct forecast_call *fc, uint32_t initiative, Plumb__V1__ForecastInitiative *out)
{
	const struct plan_forecast *pf = &fc->pf;
	const struct schedule_end *end = &pf->base->initiative[initiative];
	uint32_t slot = pf->pc.plan->heads[initiative];

	out->ref = case_ref(&pf->pc, fc->arena, slot);
	out->title = case_title(&pf->pc, fc->arena, slot);
	out->rank = case_rank(&pf->pc, initiative);
	out->due = reply_date(fc->arena, plan_case_due(&pf->pc, initiative));
	out->planned = case_finish(&pf->pc, fc->arena, end->start, end->finish);
	if (pf->ends[MODE_RESCHEDULE] != NULL) {
		out->reschedule = new_dates(fc, MODE_RESCHEDULE, initiative);
		if (out->reschedule == NULL)
			return false;
	}
	if (pf->ends[MODE_FIXED] != NULL) {
		out->fixed = new_dates(fc, MODE_FIXED, initiative);
		if (out->fixed == NULL)
			return false;
	}
	return out->ref != NULL && out->title != NULL && out->due != NULL && out->planned != NULL &&
	       fill_drivers(fc, initiative, &out->drivers, &out->n_drivers) &&
	       (!(fc->request->work || fc->request->samples) || fill_work(fc, initiative, out));
}

static bool
flush(struct forecast_call *fc, Plumb__V1__ForecastReply *reply, struct err *err)
{
	char today[DATE_TEXT_LEN], until[DATE_TEXT_LEN], looked[DATE_TEXT_LEN];
	bool ok;

	reply->initiatives = fc->initiatives;
	reply->n_initiatives = fc->initiatives_count;
	reply->objectives = fc->objectives;
	reply->n_objectives = fc->objectives_count;
	reply->revision = fc->job->revision;
	reply->today = date_format(fc->job->today, today);
	reply->until = date_format(fc->pf.until, until);
	reply->looked_until = date_format(fc->pf.looked_until, looked);
	ok = view_job_send(fc->job, &reply->base, err);
	fc->initiatives_count = 0;
	fc->objectives_count = 0;
	arena_reset(fc->arena);
	return ok;
}

static bool
flush_if_full(struct forecast_call *fc, struct err *err)
{
	Plumb__V1__ForecastReply reply;

	if (fc->initiatives_count < BATCH && fc->objectives_count < BATCH &&
	    arena_used(fc->arena) < BATCH_BYTES)
		return true;
	plumb__v1__forecast_reply__init(&reply);
	return flush(fc, &reply, err);
}

static bool
add_initiative(struct forecast_call *fc, uint32_t initiative, struct err *err)
{
	Plumb__V1__ForecastInitiative *out = arena_alloc(fc->arena, sizeof *out);

	if (out == NULL)
		return err_oom(err);
	plumb__v1__forecast_initiative__init(out);
	if (!fill(fc, initiative, out))
		return err_oom(err);
	fc->initiatives[fc->initiatives_count++] = out;
	return flush_if_full(fc, err);
}

/* ---- objectives */

static Plumb__V1__ForecastTarget *
new_target(const struct forecast_call *fc, const struct aim *aim)
{
	struct forecast_chance chance = forecast_aim(&fc->fo.ix, aim, aim->due);
	Plumb__V1__ForecastTarget *t = arena_alloc(fc->arena, sizeof *t);

	if (t == NULL)
		return NULL;
	plumb__v1__forecast_target__init(t);
	t->measure = case_ref(&fc->pf.pc, fc->arena, aim->measure);
	t->due = reply_date(fc->arena, aim->due);
	if (!isnan(aim->target)) {
		t->target__case = PLUMB__V1__FORECAST_TARGET__TARGET__TARGET;
		t->target = aim->target;
	}
	t->points = chance.trend.points;
	t->per_day = chance.trend.slope;
	t->expected = chance.trend.expected;
	t->error = chance.trend.error;
	if (!isnan(chance.chance)) {
		t->chance__case = PLUMB__V1__FORECAST_TARGET__CHANCE__CHANCE;
		t->chance = chance.chance;
	}
	if (chance.why != NULL)
		t->why = pb_str(chance.why);
	return t->measure != NULL && t->due != NULL ? t : NULL;
}

static bool
fill_targets(const struct forecast_call *fc, const struct forecast_objective *o,
    Plumb__V1__ForecastObjective *out)
{
	struct aims aims;
	struct aim aim;

	out->targets = arena_array(fc->arena, o->aims + 1, sizeof out->targets[0]);
	if (out->targets == NULL)
		return false;
	aims_init(&aims, &fc->fo.ix, o->slot);
	while (out->n_targets < o->aims && aims_next(&aims, &aim)) {
		out->targets[out->n_targets] = new_target(fc, &aim);
		if (out->targets[out->n_targets++] == NULL)
			return false;
	}
	return true;
}

static bool
fill_rests(const struct forecast_call *fc, const struct forecast_objective *o,
    Plumb__V1__ForecastObjective *out)
{
	out->rests_on = arena_array(fc->arena, RESTS_MAX, sizeof out->rests_on[0]);
	for (uint32_t k = 0; out->rests_on != NULL && k < o->works_count && k < RESTS_MAX; k++) {
		uint32_t number = fc->fo.kept[fc->fo.works[o->works_first + k]];

		out->rests_on[k] = case_ref(&fc->pf.pc, fc->arena, fc->pf.pc.plan->slots[number]);
		if (out->rests_on[k] == NULL)
			return false;
		out->n_rests_on++;
	}
	return out->rests_on != NULL;
}

static bool
fill_why(const struct forecast_call *fc, const struct forecast_objective *o,
    Plumb__V1__ForecastObjective *out)
{
	char *measure = o->unknown != SLOT_NONE ? case_ref(&fc->pf.pc, fc->arena, o->unknown)
						: arena_strdup(fc->arena, "");
	char *outcome = arena_strdup(fc->arena, "");
	const char *work = "";

	if (measure == NULL || outcome == NULL)
		return false;
	if (isnan(o->outcome))
		outcome = arena_printf(
		    fc->arena, "%s%s%s", measure, measure[0] != '\0' ? ": " : "", o->why);
	if (isnan(o->work))
		work = o->due == DATE_NONE ? "nobody says by when"
		       : o->not_running > 0
			   ? "the work that contributes to it is proposed or paused"
			   : "no work contributes to it";
	if (outcome == NULL)
		return false;
	/* Once is enough. */
	if (isnan(o->outcome) && strcmp(o->why, work) == 0)
		work = "";
	out->why = arena_printf(
	    fc->arena, "%s%s%s", outcome, outcome[0] != '\0' && work[0] != '\0' ? "; " : "", work);
	return out->why != NULL;
}

static bool
fill_objective(const struct forecast_call *fc, const struct forecast_objective *o,
    Plumb__V1__ForecastObjective *out)
{
	out->ref = case_ref(&fc->pf.pc, fc->arena, o->slot);
	out->title = case_title(&fc->pf.pc, fc->arena, o->slot);
	out->due = reply_date(fc->arena, o->due);
	out->works = o->works_count;
	out->not_running = o->not_running;
	if (!isnan(o->outcome)) {
		out->outcome__case = PLUMB__V1__FORECAST_OBJECTIVE__OUTCOME__OUTCOME;
		out->outcome = o->outcome;
	}
	if (!isnan(o->work)) {
		out->work__case = PLUMB__V1__FORECAST_OBJECTIVE__WORK__WORK;
		out->work = o->work;
	}
	if (!isnan(o->outcome) && !isnan(o->work)) {
		out->chance__case = PLUMB__V1__FORECAST_OBJECTIVE__CHANCE__CHANCE;
		out->chance = fmin(o->outcome, o->work);
	}
	return out->ref != NULL && out->title != NULL && out->due != NULL &&
	       fill_targets(fc, o, out) && fill_rests(fc, o, out) && fill_why(fc, o, out);
}

static bool
add_objective(struct forecast_call *fc, const struct forecast_objective *o, struct err *err)
{
	Plumb__V1__ForecastObjective *out = arena_alloc(fc->arena, sizeof *out);

	if (out == NULL)
		return err_oom(err);
	plumb__v1__forecast_objective__init(out);
	if (!fill_objective(fc, o, out))
		return err_oom(err);
	fc->objectives[fc->objectives_count++] = out;
	return flush_if_full(fc, err);
}

/* ---- the summary */

static bool
fill_problems(const struct forecast_call *fc, Plumb__V1__ForecastReply *reply)
{
	const struct plan_forecast *pf = &fc->pf;

	reply->problems_count = pf->problems_count;
	reply->problems = arena_array(fc->arena, PROBLEMS_MAX, sizeof reply->problems[0]);
	for (uint32_t i = 0; reply->problems != NULL && i < pf->problems_count && i < PROBLEMS_MAX;
	     i++) {
		Plumb__V1__ForecastProblem *one = arena_alloc(fc->arena, sizeof *one);

		if (one == NULL)
			return false;
		plumb__v1__forecast_problem__init(one);
		one->ref = case_ref(&pf->pc, fc->arena, pf->problems[i].slot);
		one->what = pb_str(pf->problems[i].what);
		if (one->ref == NULL)
			return false;
		reply->problems[reply->n_problems++] = one;
	}
	return reply->problems != NULL;
}

/* Where the two ways differ most. */
static bool
fill_difference(const struct forecast_call *fc, Plumb__V1__ForecastReply *reply)
{
	const struct plan_forecast *pf = &fc->pf;
	float most = 0;
	uint32_t whose = SCHEDULE_NONE;

	for (uint32_t i = 0; pf->dates[MODE_RESCHEDULE] != NULL && pf->dates[MODE_FIXED] != NULL &&
			     i < pf->pc.plan->problem.initiatives;
	     i++) {
		float a = pf->dates[MODE_RESCHEDULE][i].p80, b = pf->dates[MODE_FIXED][i].p80;

		if (a < INFINITY && b < INFINITY && fabsf(a - b) > fabsf(most)) {
			most = a - b;
			whose = i;
		}
	}
	if (whose == SCHEDULE_NONE)
		return true;
	reply->difference_days = (int32_t)most;
	reply->difference_of = case_ref(&pf->pc, fc->arena, pf->pc.plan->heads[whose]);
	return reply->difference_of != NULL;
}

static bool
fill_summary(const struct forecast_call *fc, Plumb__V1__ForecastReply *reply)
{
	const struct plan_forecast *pf = &fc->pf;

	reply->done = true;
	reply->total = pf->pc.plan->problem.initiatives;
	reply->draws = pf->draws;
	reply->seed = fc->options.seed;
	reply->correlation = fc->options.overall;
	reply->team_correlation = fc->options.team;
	reply->estimates = pf->pieces_count;
	reply->own = pf->counts[RANGE_OWN];
	reply->from_whole = pf->counts[RANGE_WHOLE];
	reply->from_team = pf->counts[RANGE_TEAM];
	reply->from_all_teams = pf->counts[RANGE_ALL_TEAMS];
	reply->from_nothing = pf->counts[RANGE_NOTHING];
	reply->history = pf->history.count;
	reply->everything = new_dates(fc, fc->mode, pf->rows - 1);
	if (pf->ends[MODE_RESCHEDULE] != NULL && pf->ends[MODE_FIXED] != NULL) {
		reply->everything_fixed = new_dates(fc, MODE_FIXED, pf->rows - 1);
		if (reply->everything_fixed == NULL)
			return false;
	}
	return reply->everything != NULL && fill_problems(fc, reply) &&
	       fill_difference(fc, reply) &&
	       fill_drivers(fc, reply->total, &reply->drivers, &reply->n_drivers);
}

static bool
send_summary(struct forecast_call *fc, struct err *err)
{
	Plumb__V1__ForecastReply reply;

	/* What is there goes first, so that there is room. */
	plumb__v1__forecast_reply__init(&reply);
	if ((fc->initiatives_count > 0 || fc->objectives_count > 0) && !flush(fc, &reply, err))
		return false;
	plumb__v1__forecast_reply__init(&reply);
	if (!fill_summary(fc, &reply))
		return err_oom(err);
	return flush(fc, &reply, err);
}

/* ---- the answer */

static bool
send_all(struct forecast_call *fc, struct err *err)
{
	for (uint32_t i = 0; i < fc->pf.pc.plan->problem.initiatives; i++) {
		if (i % CANCEL_EVERY == 0 && is_cancelled(fc))
			return err_set(err, ERR_CANCELLED, "the forecast was cancelled");
		if ((fc->wanted == NULL || fc->wanted[i]) && !add_initiative(fc, i, err))
			return false;
	}
	for (uint32_t i = 0; fc->wanted == NULL && i < fc->fo.count; i++)
		if (!add_objective(fc, &fc->fo.list[i], err))
			return false;
	return send_summary(fc, err);
}

static bool
answer(struct forecast_call *fc, int32_t until, struct err *err)
{
	if (!plan_forecast_open(
		&fc->pf, fc->job->view, fc->job->today, until, is_cancelled, fc, err) ||
	    !case_choose(&fc->pf.pc, fc->job->view, fc->request->refs, fc->request->n_refs,
		fc->job->arena, fc->job->faults, &fc->wanted, err) ||
	    !forecast_objectives_open(&fc->fo, &fc->pf, is_cancelled, fc, err) ||
	    !plan_forecast_run(&fc->pf, &fc->options, fc->fo.kept, fc->fo.kept_count, err) ||
	    !sort_pieces(fc, err))
		return false;
	forecast_objectives_judge(&fc->fo, &fc->pf, fc->mode);
	return send_all(fc, err);
}

static bool
run_forecast(struct view_job *job, struct err *err)
{
	struct forecast_call fc = {.job = job, .request = job->arg};
	int32_t until;
	bool ok;

	if (!check_request(&fc, &until, err))
		return false;
	job_progress_begin(&fc.progress, job);
	fc.arena = arena_new(BATCH_MEMORY);
	ok = fc.arena != NULL ? answer(&fc, until, err) : err_oom(err);
	job_progress_explain(&fc.progress, err);
	forecast_objectives_close(&fc.fo);
	plan_forecast_close(&fc.pf);
	arena_free(fc.arena);
	return ok;
}

void
handle_insight_forecast(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ForecastRequest *request = (const Plumb__V1__ForecastRequest *)message;

	job_view(call, request->at, run_forecast, (void *)(uintptr_t)request);
}
