/*
 * The fixed plan: who hands whose days to what, as arcs between pieces of work; see plan_forecast.h and docs/FORECAST.md.
 *
 * Time counts in days on which anybody works, in parts: work that ends in the middle of its giver's day hands the rest of it on.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/plan_forecast_internal.h"
#include "server/limits.h"

#define CLOSE 1e-9
/* What single precision loses over a hundred years of days. */
#define TICK 0.005

/* All that is booked of one giver, or of the members of one team, on one day for one piece of work. */
struct slice {
	uint32_t giver;
	uint32_t work;
	int32_t day;
	int32_t effort;
	int32_t first; /* day on which it is first booked of them */
	int32_t last;
	bool is_own; /* of the giver itself, not of a member */
};

/* All that is booked of one giver for one piece of work. */
struct span {
	uint32_t giver;
	uint32_t work;
	int64_t most; /* on one day */
	int64_t free; /* of it, behind its end: not handed on yet */
};

struct netter {
	struct plan_forecast *pf;
	const struct schedule_problem *p;
	const struct schedule *base;
	int32_t *axis; /* by day: working days before it */
	int32_t *days; /* by working day: the day */
	struct slice *slices;
	size_t slices_count;
	struct span *spans; /* by giver, then beginning */
	size_t spans_count;
	double *begin; /* by work, in working days */
	double *end;
	struct forecast_arc *arcs;
	size_t arcs_count;
	size_t arcs_cap;
	float *not_before;
	struct forecast_activity *activities;
	uint32_t *group;
	uint32_t *kept;
};

/* ---- time */

static bool
lay_axis(struct netter *n, struct err *err)
{
	const struct schedule_problem *p = n->p;
	int32_t count = 0;

	n->axis = calloc((size_t)p->days + 2, sizeof n->axis[0]);
	n->days = calloc((size_t)p->days + 2, sizeof n->days[0]);
	if (n->axis == NULL || n->days == NULL)
		return err_oom(err);
	for (int32_t day = 0; p->worked != NULL && day < p->days; day++)
		n->axis[day] = p->worked[day];
	for (uint32_t g = 0; p->worked == NULL && g < p->givers; g++)
		for (int32_t day = 0; day < p->days; day++)
			n->axis[day] |= p->capacity[schedule_cell(p, g) + (size_t)day] > 0;
	for (int32_t day = 0; day < p->days; day++) {
		bool is_worked = n->axis[day] != 0;

		n->axis[day] = count;
		n->days[count] = day;
		count += is_worked;
	}
	n->axis[p->days] = count;
	n->days[count] = p->days;
	return true;
}

static double
on_axis(const struct netter *n, int32_t day)
{
	return day <= n->p->days ? n->axis[day] : INFINITY;
}

/* An end in working days as a day, exclusive. */
static float
end_of(const struct netter *n, float end, bool takes_time)
{
	int32_t last = n->axis[n->p->days];
	float whole = ceilf(end - (float)TICK);

	if (!(whole <= (float)last))
		return INFINITY;
	if (whole < 1 || !takes_time)
		return (float)(n->days[whole < 0 ? 0 : (int32_t)whole] + !takes_time);
	return (float)(n->days[(int32_t)whole - 1] + 1);
}

/* ---- who has whose days */

static int
compare_by_work(const void *pa, const void *pb)
{
	const struct slice *a = pa, *b = pb;

	if (a->giver != b->giver)
		return a->giver < b->giver ? -1 : 1;
	if (a->work != b->work)
		return a->work < b->work ? -1 : 1;
	return (a->day > b->day) - (a->day < b->day);
}

/* On one day: what ends there before what goes on, before what begins. */
static int
compare_by_day(const void *pa, const void *pb)
{
	const struct slice *a = pa, *b = pb;

	if (a->giver != b->giver)
		return a->giver < b->giver ? -1 : 1;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	return (a->work > b->work) - (a->work < b->work);
}

static bool
lay_slices(struct netter *n, struct err *err)
{
	const struct schedule *base = n->base;
	size_t kept = 0;

	n->slices = malloc((2 * base->bookings_count + 1) * sizeof n->slices[0]);
	if (n->slices == NULL)
		return err_oom(err);
	for (size_t b = 0; b < base->bookings_count; b++) {
		const struct schedule_booking *one = &base->bookings[b];
		uint32_t home = n->p->home[one->giver];

		n->slices[n->slices_count++] =
		    (struct slice){one->giver, one->work, one->day, one->effort, 0, 0, true};
		if (home != SCHEDULE_NONE)
			n->slices[n->slices_count++] =
			    (struct slice){home, one->work, one->day, one->effort, 0, 0, false};
	}
	if (n->slices_count > 0)
		qsort(n->slices, n->slices_count, sizeof n->slices[0], compare_by_work);
	for (size_t i = 0; i < n->slices_count; i++) {
		struct slice *last = kept > 0 ? &n->slices[kept - 1] : NULL;

		if (last != NULL && compare_by_work(last, &n->slices[i]) == 0) {
			last->effort += n->slices[i].effort;
			last->is_own |= n->slices[i].is_own;
		} else {
			n->slices[kept++] = n->slices[i];
		}
	}
	n->slices_count = kept;
	return true;
}

/* By giver and work: when it is first and last booked, and the most on a day. */
static bool
lay_spans(struct netter *n, struct err *err)
{
	struct slice *s = n->slices;

	n->spans = malloc((n->slices_count + 1) * sizeof n->spans[0]);
	if (n->spans == NULL)
		return err_oom(err);
	for (size_t from = 0, to; from < n->slices_count; from = to) {
		struct span *span = &n->spans[n->spans_count++];

		*span = (struct span){.giver = s[from].giver, .work = s[from].work};
		for (to = from;
		     to < n->slices_count && s[to].giver == span->giver && s[to].work == span->work;
		     to++)
			span->most = s[to].effort > span->most ? s[to].effort : span->most;
		for (size_t i = from; i < to; i++) {
			s[i].first = s[from].day;
			s[i].last = s[to - 1].day;
		}
	}
	return true;
}

/* When work begins and ends within its giver's day: in the order in which the day is handed on. */
static void
find_times(struct netter *n)
{
	const struct schedule_problem *p = n->p;
	int64_t before = 0;

	for (uint32_t w = 0; w < p->works; w++) {
		const struct schedule_result *r = &n->base->work[w];
		bool is_booked = p->work[w].needs_count > 0 && r->finish < SCHEDULE_BEYOND;

		n->begin[w] = is_booked ? INFINITY : on_axis(n, r->start);
		n->end[w] = is_booked ? 0 : on_axis(n, r->finish);
	}
	if (n->slices_count > 0)
		qsort(n->slices, n->slices_count, sizeof n->slices[0], compare_by_day);
	for (size_t i = 0; i < n->slices_count; i++) {
		const struct slice *s = &n->slices[i];
		double capacity = p->capacity[schedule_cell(p, s->giver) + (size_t)s->day];
		double day = n->axis[s->day];

		if (i == 0 || s[-1].giver != s->giver || s[-1].day != s->day)
			before = 0;
		if (s->is_own && n->base->work[s->work].finish < SCHEDULE_BEYOND) {
			double from = day + fmin(1, (double)before / capacity);
			double to = day + fmin(1, (double)(before + s->effort) / capacity);

			if (s->day == s->first && from < n->begin[s->work])
				n->begin[s->work] = from;
			if (s->day == s->last && to > n->end[s->work])
				n->end[s->work] = to;
		}
		before += s->effort;
	}
}

/* ---- arcs */

static bool
add_arc(struct netter *n, uint32_t before, uint32_t after, double lag, struct err *err)
{
	if (n->arcs_count == n->arcs_cap) {
		size_t cap = n->arcs_cap == 0 ? 1024 : 2 * n->arcs_cap;
		struct forecast_arc *grown = realloc(n->arcs, cap * sizeof *grown);

		if (grown == NULL)
			return err_oom(err);
		n->arcs = grown;
		n->arcs_cap = cap;
	}
	n->arcs[n->arcs_count++] = (struct forecast_arc){before, after, (float)(lag > 0 ? lag : 0)};
	return true;
}

/* What is never done in the base schedule stays so, and needs no arcs: there is no circle among the rest. */
static bool
is_done(const struct netter *n, uint32_t work)
{
	return n->base->work[work].finish < SCHEDULE_BEYOND;
}

static bool
lay_prerequisites(struct netter *n, struct err *err)
{
	for (uint32_t e = 0; e < n->p->arcs; e++) {
		const struct schedule_arc *arc = &n->p->arc[e];
		int32_t finish = n->base->work[arc->before].finish;
		double lag = 0;

		if (!is_done(n, arc->before) || !is_done(n, arc->after))
			continue;
		if (arc->lag > 0)
			lag = on_axis(n, finish + arc->lag) - on_axis(n, finish);
		if (!add_arc(n, arc->before, arc->after, lag, err))
			return false;
	}
	return true;
}

static int
compare_spans(const void *pa, const void *pb, void *arg)
{
	const struct span *a = pa, *b = pb;
	const struct netter *n = arg;

	if (a->giver != b->giver)
		return a->giver < b->giver ? -1 : 1;
	if (n->begin[a->work] != n->begin[b->work])
		return n->begin[a->work] < n->begin[b->work] ? -1 : 1;
	if (n->end[a->work] != n->end[b->work])
		return n->end[a->work] < n->end[b->work] ? -1 : 1;
	return (a->work > b->work) - (a->work < b->work);
}

static int
compare_ends(const void *pa, const void *pb, void *arg)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	const struct netter *n = arg;
	double ends[2] = {n->end[n->spans[a].work], n->end[n->spans[b].work]};

	if (ends[0] != ends[1])
		return ends[0] < ends[1] ? -1 : 1;
	return (a > b) - (a < b);
}

/* The day within which that time is. */
static int32_t
day_of(const struct netter *n, double at)
{
	int32_t last = n->axis[n->p->days] - 1;

	return n->days[at < last ? (int32_t)at : last];
}

/*
 * One giver's work in order of beginning. What begins takes what nobody has had yet, then what was freed first: by whom it was had
 * before, an arc says. Ended: spans in order of end, all of them; from first on they are not used up.
 */
static bool
hand_on(struct netter *n, size_t from, size_t to, uint32_t *ended, struct err *err)
{
	const struct schedule_problem *p = n->p;
	const int32_t *capacity = p->capacity + schedule_cell(p, n->spans[from].giver);
	size_t count = to - from, first = 0, freed = 0;
	int64_t active = 0, handed_back = 0; /* on a day; what ended and has not been taken */

	for (size_t i = 0; i < count; i++)
		ended[i] = (uint32_t)(from + i);
	qsort_r(ended, count, sizeof ended[0], compare_ends, n);
	for (size_t i = from; i < to; i++) {
		struct span *span = &n->spans[i];
		double begin = n->begin[span->work];
		int64_t wanted = span->most, unused;

		if (!(begin < INFINITY))
			break;
		for (; freed < count && n->end[n->spans[ended[freed]].work] <= begin + CLOSE &&
		       ended[freed] < i;
		     freed++) {
			n->spans[ended[freed]].free = n->spans[ended[freed]].most;
			active -= n->spans[ended[freed]].most;
			handed_back += n->spans[ended[freed]].most;
		}
		unused = capacity[day_of(n, begin)] - active - handed_back;
		wanted -= unused > 0 ? unused : 0;
		for (; wanted > 0 && first < freed; first++) {
			struct span *giver = &n->spans[ended[first]];
			int64_t part = giver->free < wanted ? giver->free : wanted;

			if (part > 0 && !add_arc(n, giver->work, span->work, 0, err))
				return false;
			giver->free -= part;
			handed_back -= part;
			wanted -= part;
			if (giver->free > 0)
				break;
		}
		active += span->most;
	}
	return true;
}

static bool
lay_flow(struct netter *n, struct err *err)
{
	uint32_t *ended = malloc((n->spans_count + 1) * sizeof ended[0]);
	bool ok = ended != NULL || err_oom(err);

	if (n->spans_count > 0)
		qsort_r(n->spans, n->spans_count, sizeof n->spans[0], compare_spans, n);
	for (size_t from = 0, to; ok && from < n->spans_count; from = to) {
		for (to = from; to < n->spans_count && n->spans[to].giver == n->spans[from].giver;
		     to++)
			continue;
		ok = hand_on(n, from, to, ended, err);
	}
	free(ended);
	return ok;
}

/*
 * Where work begins later than arcs say (an absence, a rest of a day that is too small), the last of them gets the rest as a lag: so that
 * the base schedule is what comes out if all goes as planned.
 */
static bool
explain_gaps(struct netter *n, struct err *err)
{
	uint32_t works = n->p->works;
	double *reached = calloc((size_t)works + 1, sizeof reached[0]);
	size_t *by = malloc(((size_t)works + 1) * sizeof by[0]);
	bool ok = (reached != NULL && by != NULL) || err_oom(err);

	for (uint32_t w = 0; ok && w < works; w++)
		by[w] = SIZE_MAX;
	for (size_t e = 0; ok && e < n->arcs_count; e++) {
		const struct forecast_arc *arc = &n->arcs[e];
		double at = n->end[arc->before] + (double)arc->lag;

		if (by[arc->after] == SIZE_MAX || at > reached[arc->after]) {
			reached[arc->after] = at;
			by[arc->after] = e;
		}
	}
	for (uint32_t w = 0; ok && w < works; w++) {
		double gap = n->begin[w] - reached[w];

		if (!is_done(n, w))
			n->not_before[w] = (float)FORECAST_DAYS_MAX; /* never */
		else if (by[w] == SIZE_MAX)
			n->not_before[w] = (float)n->begin[w];
		else if (gap > CLOSE)
			n->arcs[by[w]].lag += (float)gap;
	}
	free(reached);
	free(by);
	return ok;
}

/* ---- activities */

static void
stretch(struct forecast_estimate *estimate, double length)
{
	estimate->low *= length;
	estimate->likely *= length;
	estimate->high *= length;
	if (!(length > 0))
		*estimate = (struct forecast_estimate){.shape = FORECAST_FIXED};
}

static void
lay_activities(struct netter *n)
{
	const struct plan_schedule *plan = n->pf->pc.plan;

	for (uint32_t w = 0; w < n->p->works; w++) {
		struct forecast_activity *a = &n->activities[w];
		uint32_t piece = n->pf->piece_of[w / PLAN_STAGES];

		n->group[w] = n->p->work[w].initiative;
		a->estimate.shape = FORECAST_FIXED;
		a->estimate.likely =
		    is_done(n, w) && n->end[w] > n->begin[w] ? n->end[w] - n->begin[w] : 0;
		if (w % PLAN_STAGES != PLAN_EFFORT || piece == SCHEDULE_NONE || !is_done(n, w))
			continue;
		a->estimate = n->pf->pieces[piece].range;
		a->stream = forecast_stream_of(n->pf, plan->slots[w / PLAN_STAGES]);
		a->team = forecast_team_of(n->pf, &n->pf->pieces[piece]);
		stretch(&a->estimate, n->end[w] - n->begin[w]);
	}
	for (uint32_t k = 0; k < n->pf->kept_count; k++)
		n->kept[k] = n->pf->kept[k] * PLAN_STAGES + PLAN_END;
}

static bool
lay_net(struct netter *n, struct err *err)
{
	size_t works = (size_t)n->p->works + 1;

	n->begin = calloc(works, sizeof n->begin[0]);
	n->end = calloc(works, sizeof n->end[0]);
	n->not_before = calloc(works, sizeof n->not_before[0]);
	n->activities = calloc(works, sizeof n->activities[0]);
	n->group = calloc(works, sizeof n->group[0]);
	n->kept = calloc((size_t)n->pf->kept_count + 1, sizeof n->kept[0]);
	if (n->begin == NULL || n->end == NULL || n->not_before == NULL || n->activities == NULL ||
	    n->group == NULL || n->kept == NULL)
		return err_oom(err);
	if (!lay_axis(n, err) || !lay_slices(n, err) || !lay_spans(n, err))
		return false;
	find_times(n);
	if (!lay_prerequisites(n, err) || !lay_flow(n, err) || !explain_gaps(n, err))
		return false;
	lay_activities(n);
	return true;
}

/* ---- draws */

static bool
keep_ends(struct netter *n, const struct forecast_result *result, struct err *err)
{
	struct plan_forecast *pf = n->pf;
	uint8_t *takes_time = calloc((size_t)pf->rows + 1, 1);
	float *all = pf->ends[MODE_FIXED] + (size_t)(pf->rows - 1) * pf->draws;

	if (takes_time == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < pf->pieces_count; i++)
		takes_time[n->group[pf->pieces[i].number * PLAN_STAGES]] = 1;
	for (uint32_t row = 0; row + 1 < pf->rows; row++) {
		const float *from = forecast_row(result, row);
		float *to = pf->ends[MODE_FIXED] + (size_t)row * pf->draws;
		bool is_kept = row >= n->p->initiatives;

		for (uint32_t d = 0; d < pf->draws; d++) {
			to[d] = end_of(n, from[d], is_kept || takes_time[row] != 0);
			if (!is_kept && to[d] > all[d])
				all[d] = to[d];
		}
	}
	free(takes_time);
	for (uint32_t i = 0; i < pf->pieces_count; i++)
		pf->critical[i] =
		    result->critical[pf->pieces[i].number * PLAN_STAGES + PLAN_EFFORT];
	return true;
}

static bool
draw(struct netter *n, const struct plan_forecast_options *options, const struct parallel *how,
    struct err *err)
{
	const struct forecast_model model = {.seed = options->seed,
	    .overall = options->overall,
	    .team = options->team,
	    .count = n->p->works,
	    .activity = n->activities,
	    .path = FORECAST_BEST};
	struct forecast *forecast = forecast_new(&model, err);
	struct forecast_plan plan = {.forecast = forecast,
	    .not_before = n->not_before,
	    .group = n->group,
	    .groups = n->p->initiatives,
	    .arc = n->arcs,
	    .arcs = n->arcs_count,
	    .kept = n->kept,
	    .kept_count = n->pf->kept_count,
	    .horizon = (float)n->axis[n->p->days],
	    .draws = n->pf->draws,
	    .how = *how};
	struct forecast_result *result = forecast != NULL ? forecast_fixed(&plan, err) : NULL;
	bool ok = result != NULL && keep_ends(n, result, err);

	forecast_result_free(result);
	forecast_free(forecast);
	return ok;
}

bool
forecast_net(struct plan_forecast *pf, const struct plan_forecast_options *options,
    const struct parallel *how, struct err *err)
{
	struct netter n = {.pf = pf, .p = &pf->pc.plan->problem, .base = pf->base};
	bool ok;

	pf->critical = calloc((size_t)pf->pieces_count + 1, sizeof pf->critical[0]);
	if (pf->critical == NULL)
		return err_oom(err);
	ok = lay_net(&n, err) && draw(&n, options, how, err);
	free(n.axis);
	free(n.days);
	free(n.slices);
	free(n.spans);
	free(n.begin);
	free(n.end);
	free(n.arcs);
	free(n.not_before);
	free(n.activities);
	free(n.group);
	free(n.kept);
	return ok;
}
