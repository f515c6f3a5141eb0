#include "server/insight/schedule/plan_case.h"

#include "common/calendar.h"
#include "server/limits.h"

#define YEAR 365

/* The end of the last period; a year where there is none to come. */
static int32_t
default_end(const struct plan_case *pc)
{
	uint32_t columns = load_columns(pc->load);
	int32_t today = pc->ix.today;
	int32_t last = today + YEAR;

	if (columns > 0 && load_last_day(pc->load, columns - 1) >= today)
		last = load_last_day(pc->load, columns - 1);
	return last - today < LIMIT_SCHEDULE_DAYS ? last : today + LIMIT_SCHEDULE_DAYS - 1;
}

bool
plan_case_begin(struct plan_case *pc, const struct view *view, int32_t today, int32_t until,
    index_stop_fn stop, void *arg, struct err *err)
{
	*pc = (struct plan_case){.last = until};
	if (!index_init(&pc->ix, view, today, ROLE_BIT(ROLE_PART_OF), stop, arg, err))
		return false;
	pc->has_index = true;
	pc->load = load_run_asks(&pc->ix, stop, arg, err);
	if (pc->load == NULL)
		return false;
	if (until == DATE_NONE)
		pc->last = default_end(pc);
	return true;
}

void
plan_case_lend(struct plan_case *pc, const struct index *ix, struct load *load)
{
	*pc = (struct plan_case){.ix = *ix, .load = load};
	pc->last = default_end(pc);
}

bool
plan_case_open(struct plan_case *pc, const struct view *view, int32_t today, int32_t until,
    index_stop_fn stop, void *arg, struct err *err)
{
	if (!plan_case_begin(pc, view, today, until, stop, arg, err))
		return false;
	pc->plan = plan_schedule_new(&pc->ix, pc->load, pc->last, err);
	return pc->plan != NULL;
}

void
plan_case_close(struct plan_case *pc)
{
	plan_schedule_free(pc->plan);
	if (pc->has_index) {
		load_free(pc->load);
		index_fini(&pc->ix);
	}
	*pc = (struct plan_case){.last = 0};
}

uint32_t
plan_case_initiative(const struct plan_case *pc, uint32_t slot)
{
	for (uint32_t i = 0; i < pc->plan->problem.initiatives; i++) {
		if (pc->plan->heads[i] == slot)
			return i;
	}
	return SCHEDULE_NONE;
}

int32_t
plan_case_due(const struct plan_case *pc, uint32_t initiative)
{
	return load_finish(&pc->ix, pc->plan->heads[initiative]);
}
