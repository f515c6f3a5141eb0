/* When a piece of work takes place, and whether it asks for effort. */
#include "server/insight/load/load.h"
#include "server/limits.h"

/* Belonging is as deep as the limit; a log of an older version may hold a circle. */
#define DEPTH_MAX (2 * LIMIT_DEPTH)

static uint32_t
above(const struct index *ix, uint32_t work)
{
	uint32_t up = ix->part_of[work];

	if (up == SLOT_NONE || !index_is(ix, up, STANDING_LIVE) || !kind_is_work(ix->kinds[up]))
		return SLOT_NONE;
	return up;
}

int32_t
load_start(const struct index *ix, uint32_t work)
{
	int32_t start;

	for (unsigned depth = 0; work != SLOT_NONE && depth < DEPTH_MAX; depth++) {
		start = ix->items[work]->start;
		if (start == DATE_NONE)
			start = index_periods_start(ix, work);
		if (start != DATE_NONE)
			return start;
		work = above(ix, work);
	}
	return DATE_NONE;
}

int32_t
load_finish(const struct index *ix, uint32_t work)
{
	int32_t finish;

	for (unsigned depth = 0; work != SLOT_NONE && depth < DEPTH_MAX; depth++) {
		finish = ix->items[work]->finish;
		if (finish == DATE_NONE)
			finish = index_periods_end(ix, work);
		if (finish != DATE_NONE)
			return finish;
		work = above(ix, work);
	}
	return DATE_NONE;
}

bool
load_is_under_way(const struct index *ix, uint32_t work)
{
	enum { WORK_APPROVED = 2, WORK_ACTIVE = 3 };
	unsigned kind = ix->kinds[work];
	unsigned status;

	if (kind != KIND_INITIATIVE && kind != KIND_WORKSTREAM)
		return true;
	status = ix->items[work]->status;
	return status == WORK_APPROVED || status == WORK_ACTIVE;
}

bool
load_is_running(const struct index *ix, uint32_t work)
{
	if (!index_is(ix, work, STANDING_JUDGED) || !kind_is_work(ix->kinds[work]))
		return false;
	for (unsigned depth = 0; work != SLOT_NONE && depth < DEPTH_MAX; depth++) {
		if (!load_is_under_way(ix, work))
			return false;
		work = above(ix, work);
	}
	return true;
}
