#include "server/rpc/past.h"

#include "common/calendar.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"

void
past_begin(struct past *past)
{
	past->at = 0;
	past->plan = NULL;
	past->lent = NULL;
	workspace_fold_source(past->ws, past->cancelled, &past->source);
}

static void
give_back(struct past *past)
{
	plan_view_release(past->plan, past->lent);
	past->lent = NULL;
}

static bool
go_to(struct past *past, struct err *err)
{
	if (past->plan == NULL) {
		past->plan = fold_plan(&past->source, past->at, NULL, err);
		return past->plan != NULL;
	}
	return fold_replay(&past->source, past->plan, past->at, NULL, NULL, NULL, err);
}

const struct view *
past_view(struct past *past, int32_t day, struct err *err)
{
	return past_view_at(past, zone_end_of_date(past->ws->zone, day), err);
}

const struct view *
past_view_at(struct past *past, int64_t time_us, struct err *err)
{
	if (__atomic_load_n(past->cancelled, __ATOMIC_RELAXED)) {
		err_set(err, ERR_CANCELLED, "cancelled");
		return NULL;
	}
	if (past->at < past->last &&
	    !store_revision_at(past->daemon->store, past->ws->number, time_us, &past->at, err))
		return NULL;
	if (past->at > past->last)
		past->at = past->last;
	if (past->at == past->revision && past->view != NULL)
		return past->view;
	give_back(past);
	if (!go_to(past, err))
		return NULL;
	past->lent = plan_view(past->plan);
	if (past->lent == NULL || !view_settle(past->lent)) {
		err_oom(err);
		return NULL;
	}
	return past->lent;
}

void
past_end(struct past *past)
{
	give_back(past);
	plan_free(past->plan);
	past->plan = NULL;
}
