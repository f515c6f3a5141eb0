#include "server/insight/burnup.h"

#include <math.h>

#include "server/insight/progress.h"
#include "server/limits.h"
#include "server/plan/kinds.h"

static bool
is_stopped(const struct item *item)
{
	enum { WORK_STOPPED = 6 };

	return (item->kind == KIND_INITIATIVE || item->kind == KIND_WORKSTREAM) &&
	       item->status == WORK_STOPPED;
}

/* -1: no need states any. */
static int64_t
needs_of(const struct item *item)
{
	int64_t sum = -1;

	for (uint32_t i = 0; i < item->refs_count; i++) {
		if (item->refs[i].role == ROLE_NEED && item->refs[i].amount >= 0)
			sum = (sum > 0 ? sum : 0) + item->refs[i].amount;
	}
	return sum;
}

/* The likely estimate or effort; else what its needs sum up to, or its parts if that is more. -1: nothing is stated. */
static int64_t
effort_of(const struct index *ix, uint32_t slot, unsigned depth)
{
	const struct item *item = ix->items[slot];
	struct edges in = index_in(ix, slot);
	int64_t needs = needs_of(item), parts = -1;

	if (item->kind != KIND_MILESTONE && (item->has & HAS_VALUE) != 0)
		return item->effort;
	for (uint32_t i = 0; i < in.count && depth < LIMIT_DEPTH; i++) {
		uint32_t part = in.list[i].slot;
		int64_t effort;

		if (in.list[i].role != ROLE_PART_OF || !kind_is_work(ix->kinds[part]) ||
		    !index_is(ix, part, STANDING_LIVE) || is_stopped(ix->items[part]))
			continue;
		effort = effort_of(ix, part, depth + 1);
		if (effort >= 0)
			parts = (parts > 0 ? parts : 0) + effort;
	}
	return parts > needs ? parts : needs;
}

int64_t
burnup_effort(const struct index *ix, uint32_t work)
{
	return effort_of(ix, work, 0);
}

static bool
add(const struct index *ix, struct progress *progress, uint32_t slot, struct burnup *out)
{
	int64_t effort = burnup_effort(ix, slot);
	struct progress_of of;

	if (!progress_of(progress, slot, &of))
		return false;
	out->items++;
	if (effort < 0) {
		out->without_effort++;
		return true;
	}
	out->scope += effort;
	if (isnan(of.work.value))
		out->unknown += effort;
	else
		out->done += llround((double)effort * fmin(fmax(of.work.value, 0), 1));
	return true;
}

bool
burnup_of(const struct index *ix, uint32_t slot, struct burnup *out, struct err *err)
{
	enum { WORK_APPROVED = 2, WORK_DONE = 5 };
	struct progress *progress = progress_new(ix);
	const uint32_t *list;
	uint32_t count;
	bool ok = progress != NULL;

	*out = (struct burnup){0};
	list = index_kind(ix, KIND_INITIATIVE, &count);
	if (ok && slot != SLOT_NONE)
		ok = add(ix, progress, slot, out);
	for (uint32_t i = 0; ok && slot == SLOT_NONE && i < count; i++) {
		uint8_t status = ix->items[list[i]]->status;

		if (status >= WORK_APPROVED && status <= WORK_DONE)
			ok = add(ix, progress, list[i], out);
	}
	progress_free(progress);
	return ok || err_oom(err);
}
