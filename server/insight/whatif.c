#include "server/insight/whatif.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/schedule/forecast_objective.h"
#include "server/insight/score/score.h"
#include "server/limits.h"
#include "server/plan/kinds.h"

/* What one course says of one row, until all are put together. */
struct whatif_entry {
	struct whatif_cell cell;
	uint32_t course;
};

bool
whatif_init(struct whatif *whatif, uint32_t courses, int32_t today, struct err *err)
{
	*whatif = (struct whatif){.courses = courses, .today = today};
	whatif->figures = calloc((size_t)courses + 1, sizeof whatif->figures[0]);
	return whatif->figures != NULL || err_oom(err);
}

void
whatif_fini(struct whatif *whatif)
{
	free(whatif->figures);
	check_free(whatif->plan);
	free(whatif->entries);
	free(whatif->rows);
	free(whatif->cells);
	whatif_regret_fini(&whatif->regret);
	*whatif = (struct whatif){.courses = 0};
}

static struct whatif_cell *
add_cell(struct whatif *whatif, const struct item *item, struct err *err)
{
	struct whatif_entry *entry;

	if (whatif->entries_count == whatif->entries_cap) {
		size_t cap = whatif->entries_cap > 0 ? 2 * whatif->entries_cap : 256;
		struct whatif_entry *more =
		    reallocarray(whatif->entries, cap, sizeof whatif->entries[0]);

		if (more == NULL) {
			err_oom(err);
			return NULL;
		}
		whatif->entries = more;
		whatif->entries_cap = cap;
	}
	entry = &whatif->entries[whatif->entries_count++];
	*entry = (struct whatif_entry){.course = whatif->count,
	    .cell = {.item = item,
		.rank = RANK_NONE,
		.due = DATE_NONE,
		.finish = DATE_NONE,
		.p80 = DATE_NONE,
		.chance = NAN}};
	return &entry->cell;
}

/* ---- findings */

void
whatif_findings_fini(struct whatif_findings *findings)
{
	compare_fini(&findings->compare);
	check_free(findings->check);
	*findings = (struct whatif_findings){.check = NULL};
}

static bool
judge_findings(struct whatif *whatif, const struct whatif_course *course,
    struct whatif_findings *findings, struct err *err)
{
	const struct check_query query = {.today = course->today,
	    .waived = true,
	    .baseline = course->baseline,
	    .voices = course->voices,
	    .most = LIMIT_COMPARED,
	    .cancelled = course->cancelled,
	    .arg = course->arg};
	struct whatif_figures *figures = &whatif->figures[whatif->count];
	struct check *check = check_run(course->view, &query, err);
	const struct check_counts *counts;
	struct score score;

	if (check == NULL)
		return false;
	if (whatif->count == 0)
		whatif->plan = check;
	else
		findings->check = check;
	if (!check_is_whole(check))
		return err_set(err, ERR_LIMIT,
		    "there are more than %u findings: too many to compare", LIMIT_COMPARED);
	counts = check_counts(check);
	figures->errors = counts->by_severity[SEVERITY_ERROR];
	figures->warnings = counts->by_severity[SEVERITY_WARNING];
	figures->notes = counts->by_severity[SEVERITY_NOTE];
	if (!score_of_check(check, 0, course->cancelled, course->arg, &score, err))
		return false;
	figures->score = score.micros;
	score_fini(&score);
	return whatif->count == 0 || compare_checks(whatif->plan, check, &findings->compare, err);
}

/* ---- load */

static void
count_cell(
    struct whatif_figures *figures, const struct plan_case *pc, uint32_t row, uint32_t column)
{
	const struct load_cell *cell = load_cell(pc->load, row, column);
	double share;

	if (!cell->is_known)
		return;
	figures->cells++;
	figures->over += cell->demand > cell->capacity;
	if (cell->capacity <= 0 || cell->demand <= 0)
		return;
	share = (double)cell->demand / (double)cell->capacity;
	if (share <= figures->highest)
		return;
	figures->highest = share;
	figures->highest_who = pc->ix.items[load_who(pc->load, row)];
	figures->highest_period = pc->ix.items[load_period(pc->load, column)];
}

static void
judge_load(struct whatif_figures *figures, const struct plan_case *pc)
{
	for (uint32_t row = 0; row < load_rows(pc->load); row++)
		for (uint32_t column = 0; column < load_columns(pc->load); column++)
			if (load_last_day(pc->load, column) >= pc->ix.today)
				count_cell(figures, pc, row, column);
}

/* ---- dates */

static int32_t
last_day(const struct plan_case *pc, const struct schedule_end *end)
{
	if (end->finish >= SCHEDULE_BEYOND)
		return DATE_NONE;
	return pc->plan->first_day + (end->finish > end->start ? end->finish - 1 : end->finish);
}

static struct whatif_cell *
add_work(struct whatif *whatif, const struct plan_case *pc, uint32_t initiative, struct err *err)
{
	uint32_t slot = pc->plan->heads[initiative];
	struct whatif_cell *cell = add_cell(whatif, pc->ix.items[slot], err);

	if (cell == NULL)
		return NULL;
	cell->rank = pc->ix.rank[slot];
	cell->due = plan_case_due(pc, initiative);
	return cell;
}

static bool
add_end(struct whatif *whatif, const struct plan_case *pc, uint32_t initiative,
    const struct schedule_end *end, struct err *err)
{
	struct whatif_figures *figures = &whatif->figures[whatif->count];
	struct whatif_cell *cell = add_work(whatif, pc, initiative, err);
	int32_t day;

	if (cell == NULL)
		return false;
	cell->finish = last_day(pc, end);
	day = cell->finish != DATE_NONE ? cell->finish : pc->last + 1;
	if (cell->due != DATE_NONE && day > cell->due)
		cell->late_days = day - cell->due;
	figures->late += cell->late_days > 0 || cell->finish == DATE_NONE;
	if (cell->rank == RANK_NONE)
		return true;
	figures->ranked++;
	figures->above += figures->line == NULL && cell->finish != DATE_NONE;
	return true;
}

static bool
read_schedule(struct whatif *whatif, const struct plan_case *pc, const struct schedule *schedule,
    struct err *err)
{
	struct whatif_figures *figures = &whatif->figures[whatif->count];

	figures->initiatives = schedule->initiatives;
	figures->until = pc->last;
	for (uint32_t i = 0; i < schedule->initiatives; i++) {
		if (i == schedule->line)
			figures->line = pc->ix.items[pc->plan->heads[i]];
		if (!add_end(whatif, pc, i, &schedule->initiative[i], err))
			return false;
	}
	return true;
}

/* Load and dates come of one problem. */
static bool
judge_dates(struct whatif *whatif, const struct whatif_course *course, struct err *err)
{
	const struct schedule_policy policy = {.backfill = true,
	    .tries = PLAN_CASE_TRIES,
	    .seed = PLAN_CASE_SEED,
	    .stop = course->cancelled,
	    .arg = course->arg};
	struct schedule *schedule = NULL;
	struct plan_case pc = {.has_index = false};
	bool ok = false;

	if (!plan_case_open(&pc, course->view, course->today, course->until, course->cancelled,
		course->arg, err))
		goto out;
	judge_load(&whatif->figures[whatif->count], &pc);
	schedule = schedule_run(&pc.plan->problem, &policy, err);
	ok = schedule != NULL && read_schedule(whatif, &pc, schedule, err);
out:
	schedule_free(schedule);
	plan_case_close(&pc);
	return ok;
}

/* ---- chances */

/* The initiatives of the forecast are those of the schedule, in the same order: their cells are there, or none is. */
static bool
add_missing(struct whatif *whatif, const struct plan_forecast *pf, size_t first, struct err *err)
{
	bool there = whatif->entries_count > first;

	for (uint32_t i = 0; !there && i < pf->pc.plan->problem.initiatives; i++)
		if (add_work(whatif, &pf->pc, i, err) == NULL)
			return false;
	return true;
}

static void
read_chances(struct whatif *whatif, const struct plan_forecast *pf, enum plan_forecast_mode mode,
    size_t first)
{
	struct whatif_figures *figures = &whatif->figures[whatif->count];

	figures->looked_until = pf->looked_until;
	figures->pieces = pf->pieces_count;
	for (uint32_t i = 0; i < pf->pc.plan->problem.initiatives; i++) {
		const struct forecast_dates *dates = &pf->dates[mode][i];
		struct whatif_cell *cell = &whatif->entries[first + i].cell;

		if (dates->p80 < INFINITY)
			cell->p80 =
			    pf->pc.ix.today + (dates->p80 < 1 ? 0 : (int32_t)dates->p80 - 1);
		cell->chance = dates->by_due >= 0 ? dates->by_due : dates->in_horizon;
		figures->in_time += cell->chance;
	}
}

static bool
read_objectives(struct whatif *whatif, const struct forecast_objectives *fo, struct err *err)
{
	struct whatif_figures *figures = &whatif->figures[whatif->count];

	for (uint32_t i = 0; i < fo->count; i++) {
		const struct forecast_objective *o = &fo->list[i];
		struct whatif_cell *cell = add_cell(whatif, fo->ix.items[o->slot], err);

		if (cell == NULL)
			return false;
		cell->due = o->due;
		if (isnan(o->outcome) || isnan(o->work))
			continue;
		cell->chance = fmin(o->outcome, o->work);
		figures->objectives++;
		figures->objectives_met += cell->chance;
	}
	return true;
}

static bool
judge_chances(
    struct whatif *whatif, const struct whatif_course *course, size_t first, struct err *err)
{
	struct plan_forecast_options options = course->forecast;
	struct plan_forecast pf = {.until = 0};
	struct forecast_objectives fo = {.count = 0};
	bool ok = false;

	if (options.draws == 0)
		options.draws = whatif->draws;
	options.wanted[MODE_RESCHEDULE] = course->mode == MODE_RESCHEDULE;
	options.wanted[MODE_FIXED] = course->mode == MODE_FIXED;
	if (!plan_forecast_open(&pf, course->view, course->today, course->until, course->cancelled,
		course->arg, err) ||
	    !forecast_objectives_open(&fo, &pf, course->cancelled, course->arg, err) ||
	    !plan_forecast_run(&pf, &options, fo.kept, fo.kept_count, err) ||
	    !add_missing(whatif, &pf, first, err))
		goto out;
	whatif->draws = pf.draws;
	forecast_objectives_judge(&fo, &pf, course->mode);
	read_chances(whatif, &pf, course->mode, first);
	ok = read_objectives(whatif, &fo, err);
out:
	forecast_objectives_close(&fo);
	plan_forecast_close(&pf);
	return ok;
}

bool
whatif_judge(struct whatif *whatif, const struct whatif_course *course,
    struct whatif_findings *findings, struct err *err)
{
	size_t first = whatif->entries_count;

	*findings = (struct whatif_findings){.check = NULL};
	whatif->figures[whatif->count].best_p80 = DATE_NONE;
	if (!judge_findings(whatif, course, findings, err) || !judge_dates(whatif, course, err) ||
	    !judge_chances(whatif, course, first, err)) {
		whatif_findings_fini(findings);
		return false;
	}
	whatif->count++;
	return true;
}

bool
whatif_chances(struct whatif *whatif, const struct whatif_course *course, struct err *err)
{
	if (!judge_chances(whatif, course, whatif->entries_count, err))
		return false;
	whatif->count++;
	return true;
}

/* ---- the table */

static int
by_name(const void *pa, const void *pb)
{
	const struct whatif_entry *a = pa, *b = pb;
	int c = ref_compare(a->cell.item, b->cell.item);

	return c != 0 ? c : (a->course > b->course) - (a->course < b->course);
}

const struct whatif_cell *
whatif_cell_there(const struct whatif *whatif, const struct whatif_row *row)
{
	const struct whatif_cell *cell = &whatif->cells[row->first];

	while (cell->item == NULL)
		cell++;
	return cell;
}

static int
by_rank(const void *pa, const void *pb, void *arg)
{
	const struct whatif *whatif = arg;
	const struct whatif_row *a = pa, *b = pb;
	const struct whatif_cell *of_a = whatif_cell_there(whatif, a);
	const struct whatif_cell *of_b = whatif_cell_there(whatif, b);
	bool a_aims = of_a->item->kind == KIND_OBJECTIVE,
	     b_aims = of_b->item->kind == KIND_OBJECTIVE;
	uint32_t a_rank = whatif->cells[a->first].item ? of_a->rank : RANK_NONE;
	uint32_t b_rank = whatif->cells[b->first].item ? of_b->rank : RANK_NONE;

	if (a_aims != b_aims)
		return a_aims ? 1 : -1;
	if (a_rank != b_rank)
		return a_rank < b_rank ? -1 : 1;
	return ref_compare(of_a->item, of_b->item);
}

/* By name now; *behind the last entry of the row that begins at first. */
static size_t
row_end(const struct whatif *whatif, size_t first)
{
	size_t end = first + 1;

	while (end < whatif->entries_count &&
	       ref_compare(whatif->entries[first].cell.item, whatif->entries[end].cell.item) == 0)
		end++;
	return end;
}

static void
fill_row(struct whatif *whatif, struct whatif_row *row, size_t first, size_t end)
{
	for (size_t e = first; e < end; e++) {
		const struct whatif_entry *entry = &whatif->entries[e];

		whatif->cells[row->first + entry->course] = entry->cell;
		if (entry->course == 0 || isnan(entry->cell.chance))
			continue;
		row->scenarios++;
		row->holds += entry->cell.chance >= 0.5;
	}
}

bool
whatif_rows(struct whatif *whatif, struct err *err)
{
	uint32_t count = 0;

	if (whatif->entries_count > 0)
		qsort(whatif->entries, whatif->entries_count, sizeof whatif->entries[0], by_name);
	for (size_t e = 0; e < whatif->entries_count; e = row_end(whatif, e))
		count++;
	whatif->rows = calloc((size_t)count + 1, sizeof whatif->rows[0]);
	whatif->cells = calloc((size_t)count * whatif->courses + 1, sizeof whatif->cells[0]);
	if (whatif->rows == NULL || whatif->cells == NULL)
		return err_oom(err);
	for (size_t e = 0, end; e < whatif->entries_count; e = end) {
		struct whatif_row *row = &whatif->rows[whatif->rows_count];

		end = row_end(whatif, e);
		row->first = whatif->rows_count++ * whatif->courses;
		fill_row(whatif, row, e, end);
	}
	qsort_r(whatif->rows, count, sizeof whatif->rows[0], by_rank, whatif);
	return true;
}

bool
whatif_is_fragile(const struct whatif *whatif, const struct whatif_row *row, const double *limits)
{
	const struct whatif_cell *plan = &whatif->cells[row->first];
	uint32_t fails = row->scenarios - row->holds;

	/* What rounding leaves of a share must not decide: 0.55 of 20 are 11. */
	return plan->item != NULL && plan->rank != RANK_NONE &&
	       row->scenarios >= limits[FRAGILE_SCENARIOS] &&
	       fails > limits[FRAGILE_SHARE] * row->scenarios + 1e-6;
}

void
whatif_fragile_words(uint32_t rank, uint32_t holds, uint32_t scenarios, struct str *out)
{
	str_addf(out,
	    " (rank %" PRIu32 ") is in time with a chance of at least one half in %" PRIu32
	    " of %" PRIu32 " scenarios.",
	    rank, holds, scenarios);
}

/* Of those that the plan ranks best, whatever the other courses rank. */
static void
find_best(struct whatif *whatif)
{
	for (uint32_t k = 0; k < WHATIF_BEST && k < whatif->rows_count; k++) {
		const struct whatif_cell *cells = &whatif->cells[whatif->rows[k].first];

		if (cells[0].item == NULL || cells[0].rank == RANK_NONE)
			break;
		whatif->best[k] = cells[0].item;
		for (uint32_t c = 0; c < whatif->count; c++) {
			int32_t *best = &whatif->figures[c].best_p80;

			if (k == 0)
				*best = cells[c].item != NULL ? cells[c].p80 : DATE_NONE;
			else if (cells[c].item == NULL || cells[c].p80 == DATE_NONE)
				*best = DATE_NONE;
			else if (*best != DATE_NONE && cells[c].p80 > *best)
				*best = cells[c].p80;
		}
	}
}

/* ---- regret */

bool
whatif_more_is_better(enum whatif_criterion criterion)
{
	return criterion == WHATIF_SCORE || criterion == WHATIF_ABOVE ||
	       criterion == WHATIF_IN_TIME || criterion == WHATIF_OBJECTIVES;
}

void
whatif_regret_fini(struct whatif_regret *regret)
{
	free(regret->values);
	*regret = (struct whatif_regret){.values = NULL};
}

static void
regret_of(struct whatif_regret *regret, enum whatif_criterion criterion, uint32_t courses)
{
	const double *values = regret->values + (size_t)criterion * courses;
	double sign = whatif_more_is_better(criterion) ? 1 : -1;
	double best = -INFINITY, least = INFINITY;

	regret->known[criterion] = true;
	for (uint32_t c = 0; c < courses; c++) {
		regret->known[criterion] &= !isnan(values[c]);
		best = fmax(best, sign * values[c]);
		least = fmin(least, sign * values[c]);
	}
	for (uint32_t c = 0; regret->known[criterion] && c < courses; c++) {
		size_t at = (size_t)criterion * courses + c;

		regret->regrets[at] = best - sign * values[c];
		regret->shares[at] =
		    best - least >= WHATIF_NOTHING ? regret->regrets[at] / (best - least) : 0;
		regret->worst[c] = fmax(regret->worst[c], regret->shares[at]);
		regret->mean[c] += regret->shares[at];
	}
}

static bool
is_less(const struct whatif_regret *regret, uint32_t a, uint32_t b)
{
	if (regret->worst[a] < regret->worst[b] || regret->worst[a] > regret->worst[b])
		return regret->worst[a] < regret->worst[b];
	return regret->mean[a] < regret->mean[b];
}

bool
whatif_regret_run(
    const double *values, uint32_t courses, struct whatif_regret *out, struct err *err)
{
	size_t cells = (size_t)WHATIF_CRITERIA * courses;
	uint32_t known = 0;

	*out =
	    (struct whatif_regret){.values = calloc(3 * cells + 2 * courses + 1, sizeof *values)};
	if (out->values == NULL)
		return err_oom(err);
	out->regrets = out->values + cells;
	out->shares = out->regrets + cells;
	out->worst = out->shares + cells;
	out->mean = out->worst + courses;
	memcpy(out->values, values, cells * sizeof values[0]);
	for (int k = 0; k < WHATIF_CRITERIA; k++) {
		regret_of(out, (enum whatif_criterion)k, courses);
		known += out->known[k];
	}
	for (uint32_t c = 0; c < courses; c++) {
		out->mean[c] = known > 0 ? out->mean[c] / known : 0;
		if (is_less(out, c, out->least))
			out->least = c;
	}
	return true;
}

/* Behind all that any of them looks at, where it is not done until then. */
static double
days_to_best(const struct whatif *whatif, uint32_t course)
{
	int32_t day = whatif->figures[course].best_p80;

	if (whatif->best[0] == NULL)
		return NAN;
	for (uint32_t c = 0; whatif->figures[course].best_p80 == DATE_NONE && c < whatif->count;
	     c++)
		if (c == 0 || whatif->figures[c].looked_until >= day)
			day = whatif->figures[c].looked_until + 1;
	return day - whatif->today;
}

static bool
find_regrets(struct whatif *whatif, struct err *err)
{
	uint32_t n = whatif->count, objectives = 0;
	double *values = calloc((size_t)WHATIF_CRITERIA * n + 1, sizeof *values);
	bool ok;

	if (values == NULL)
		return err_oom(err);
	for (uint32_t c = 0; c < n; c++)
		objectives += whatif->figures[c].objectives;
	for (uint32_t c = 0; c < n; c++) {
		const struct whatif_figures *f = &whatif->figures[c];

		values[WHATIF_ERRORS * n + c] = f->errors;
		values[WHATIF_SCORE * n + c] = (double)f->score / 1e6;
		values[WHATIF_OVER * n + c] = f->over;
		values[WHATIF_ABOVE * n + c] = f->ranked > 0 ? 100.0 * f->above / f->ranked : NAN;
		values[WHATIF_IN_TIME * n + c] = f->in_time;
		values[WHATIF_OBJECTIVES * n + c] = objectives > 0 ? f->objectives_met : NAN;
		values[WHATIF_BEST_P80 * n + c] = days_to_best(whatif, c);
	}
	ok = whatif_regret_run(values, n, &whatif->regret, err);
	free(values);
	return ok;
}

bool
whatif_finish(struct whatif *whatif, struct err *err)
{
	if (!whatif_rows(whatif, err))
		return false;
	find_best(whatif);
	return find_regrets(whatif, err);
}
