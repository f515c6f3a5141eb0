/* Drift: what it comes to: effort, ends, changes by aspect and by person. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "server/insight/burnup.h"
#include "server/insight/check/index.h"
#include "server/plan/view.h"
#include "server/rpc/drift_internal.h"
#include "server/rpc/jobs.h"

#define PEOPLE 20u

enum work_status { WORK_STOPPED = 6 };

static int32_t
end_of(const struct index *ix, const struct item *item)
{
	return item->finish != DATE_NONE ? item->finish : index_periods_end(ix, item->slot);
}

static int64_t
effort_in(const struct index *ix, const bool *chosen)
{
	uint32_t count;
	const uint32_t *list = index_kind(ix, KIND_INITIATIVE, &count);
	int64_t sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct item *item = ix->items[list[i]];
		int64_t effort;

		if (item->status == WORK_STOPPED ||
		    (chosen != NULL && !drift_is_chosen(ix->view, chosen, item)))
			continue;
		effort = burnup_effort(ix, list[i]);
		if (effort > 0 && __builtin_add_overflow(sum, effort, &sum))
			sum = INT64_MAX;
	}
	return sum;
}

/* How far the ends of initiatives moved. */
static void
sum_ends(struct drift_call *dc, const struct index *then, const struct index *now)
{
	Plumb__V1__DriftSummary *summary = &dc->summary;
	uint32_t count;
	const uint32_t *list = index_kind(then, KIND_INITIATIVE, &count);
	int64_t days = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct item *old = then->items[list[i]];
		const struct item *item = drift_successor(
		    dc, view_find(dc->now, KIND_INITIATIVE, item_id(old), old->id_len));
		int32_t before, after;

		if (item == NULL || old->status == WORK_STOPPED || item->status == WORK_STOPPED ||
		    !drift_is_asked_about(dc, old, item))
			continue;
		before = end_of(then, old);
		after = end_of(now, item);
		if (before == DATE_NONE || after == DATE_NONE || before == after)
			continue;
		summary->ends_later += after > before;
		summary->ends_earlier += after < before;
		days += (int64_t)after - before;
	}
	if (summary->ends_later + summary->ends_earlier > 0) {
		summary->mean_days__case = PLUMB__V1__DRIFT_SUMMARY__MEAN_DAYS__MEAN_DAYS;
		summary->mean_days = (double)days / (summary->ends_later + summary->ends_earlier);
	}
}

bool
drift_sum_up(struct drift_call *dc, struct err *err)
{
	struct index then, now;
	bool ok = false;

	if (!index_init(&then, dc->then, dc->today, ROLE_BIT(ROLE_PART_OF), drift_is_over, dc, err))
		return false;
	if (index_init(&now, dc->now, dc->today, ROLE_BIT(ROLE_PART_OF), drift_is_over, dc, err)) {
		dc->summary.effort_from = effort_in(&then, dc->chosen_then);
		dc->summary.effort_to = effort_in(&now, dc->chosen_now);
		sum_ends(dc, &then, &now);
		index_fini(&now);
		ok = true;
	}
	index_fini(&then);
	return ok;
}

void
drift_drop_passed(struct drift_call *dc)
{
	size_t kept = 0;

	for (size_t i = 0; i < dc->count; i++) {
		struct drift_item item = dc->items[i];
		struct drift_change *last = item.count > 0 ? &item.changes[item.count - 1] : NULL;

		if (last != NULL && last->what == DRIFT_RANK && last->steps == 0) {
			dc->summary.passed++;
			item.count -= !dc->request->all;
		}
		if (item.count > 0)
			dc->items[kept++] = item;
	}
	dc->count = kept;
}

void
drift_count_changes(struct drift_call *dc, Plumb__V1__DriftCount counts[DRIFT_ASPECTS])
{
	for (size_t i = 0; i < dc->count; i++) {
		bool seen[DRIFT_ASPECTS] = {false};

		for (size_t c = 0; c < dc->items[i].count; c++) {
			unsigned aspect = dc->items[i].changes[c].aspect;

			counts[aspect].changes++;
			counts[aspect].items += !seen[aspect];
			seen[aspect] = true;
		}
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
by_changes(const void *a, const void *b)
{
	const Plumb__V1__DriftPerson *x = a, *y = b;

	if (x->changes != y->changes)
		return x->changes > y->changes ? -1 : 1;
	return strcmp(x->by, y->by);
}

bool
drift_count_people(struct drift_call *dc)
{
	const char **authors = arena_array(dc->job->arena, dc->changes + 1, sizeof *authors);
	Plumb__V1__DriftPerson *people;
	size_t count = 0, n = 0;

	if (authors == NULL)
		return false;
	for (size_t i = 0; i < dc->count; i++) {
		for (size_t c = 0; c < dc->items[i].count; c++) {
			if (dc->items[i].changes[c].newest != NULL)
				authors[count++] = dc->items[i].changes[c].newest->set->by;
		}
	}
	qsort(authors, count, sizeof *authors, by_text);
	people = arena_array(dc->job->arena, count + 1, sizeof *people);
	dc->summary.people = arena_array(dc->job->arena, PEOPLE, sizeof(void *));
	if (people == NULL || dc->summary.people == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(authors[i], authors[i - 1]) != 0) {
			plumb__v1__drift_person__init(&people[n]);
			people[n++].by = pb_str(authors[i]);
		}
		people[n - 1].changes++;
	}
	qsort(people, n, sizeof *people, by_changes);
	for (size_t i = 0; i < n && i < PEOPLE; i++)
		dc->summary.people[dc->summary.n_people++] = &people[i];
	return true;
}
