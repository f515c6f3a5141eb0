#include "server/insight/schedule/forecast_history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/load/workdays.h"

#define NO_ROW UINT32_MAX

struct told {
	uint32_t team;
	double ratio;
};

static int
compare_told(const void *pa, const void *pb)
{
	const struct told *a = pa, *b = pb;

	if (a->team != b->team)
		return a->team < b->team ? -1 : 1;
	return (a->ratio > b->ratio) - (a->ratio < b->ratio);
}

static int
compare_numbers(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

/* NAN: its dates do not tell. */
static double
ratio_of(const struct index *ix, uint32_t slot)
{
	const struct workdays week = {WORKDAYS_MONDAY_TO_FRIDAY, NULL, 0};
	const struct item *item = ix->items[slot];
	int64_t planned, taken;

	if (!index_is(ix, slot, STANDING_FINISHED) || item->start == DATE_NONE ||
	    item->finish == DATE_NONE || item->done == DATE_NONE)
		return NAN;
	planned = workdays_count(&week, item->start, item->finish);
	taken = workdays_count(&week, item->start, item->done);
	return planned > 0 && taken > 0 ? (double)taken / (double)planned : NAN;
}

/* That of the first need, else of the first member. */
static uint32_t
team_of(const struct index *ix, const struct load *load, uint32_t slot)
{
	uint32_t who = index_target(ix, slot, ROLE_NEED);
	uint32_t row, team;

	if (who == SLOT_NONE)
		who = index_target(ix, slot, ROLE_MEMBER);
	row = who != SLOT_NONE ? load_row_of(load, who) : NO_ROW;
	if (row == NO_ROW || ix->kinds[who] == KIND_TEAM)
		return row;
	team = load_team(load, row);
	return team != SLOT_NONE ? load_row_of(load, team) : NO_ROW;
}

/* Teams come first among the rows of load. */
static uint32_t
count_teams(const struct index *ix, const struct load *load)
{
	uint32_t teams = 0;

	while (teams < load_rows(load) && ix->kinds[load_who(load, teams)] == KIND_TEAM)
		teams++;
	return teams;
}

static void
lay(struct forecast_history *h, const struct told *told)
{
	uint32_t at = 0;

	for (uint32_t team = 0; team <= h->teams; team++) {
		h->first[team] = at;
		while (at < h->count && told[at].team == (team < h->teams ? team : NO_ROW))
			at++;
	}
	h->first[h->teams + 1] = h->count;
	for (uint32_t i = 0; i < h->count; i++)
		h->ratios[i] = h->all[i] = told[i].ratio;
	if (h->count > 0)
		qsort(h->all, h->count, sizeof h->all[0], compare_numbers);
}

bool
forecast_history_init(
    struct forecast_history *h, const struct index *ix, const struct load *load, struct err *err)
{
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_TASK, &count);
	struct told *told = malloc(((size_t)count + 1) * sizeof *told);

	*h = (struct forecast_history){.teams = count_teams(ix, load)};
	h->first = calloc((size_t)h->teams + 2, sizeof h->first[0]);
	h->ratios = malloc(((size_t)count + 1) * sizeof h->ratios[0]);
	h->all = malloc(((size_t)count + 1) * sizeof h->all[0]);
	if (told == NULL || h->first == NULL || h->ratios == NULL || h->all == NULL) {
		free(told);
		return err_oom(err);
	}
	for (uint32_t i = 0; i < count; i++) {
		double ratio = ratio_of(ix, slots[i]);

		if (!isnan(ratio))
			told[h->count++] = (struct told){team_of(ix, load, slots[i]), ratio};
	}
	if (h->count > 0)
		qsort(told, h->count, sizeof told[0], compare_told);
	lay(h, told);
	free(told);
	return true;
}

void
forecast_history_fini(struct forecast_history *h)
{
	free(h->first);
	free(h->ratios);
	free(h->all);
	*h = (struct forecast_history){0};
}

const double *
forecast_history_of(const struct forecast_history *h, uint32_t team, uint32_t *count)
{
	const double *list = h->all;

	*count = h->count;
	if (team != NO_ROW) {
		list = h->ratios + h->first[team];
		*count = h->first[team + 1] - h->first[team];
	}
	return *count >= HISTORY_LEAST ? list : NULL;
}

double
forecast_quantile_of(const double *sorted, uint32_t count, double q)
{
	double at = (count - 1) * q;
	uint32_t below = (uint32_t)at;

	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
}
