#include "client/whiskers.h"

#include "client/context.h"
#include "common/pb.h"
#include "plumb/v1/forecast.pb-c.h"

/* What has come so far. */
struct gathered {
	struct whisker *list;
	size_t count;
	size_t cap;
};

static bool
add(struct context *ctx, struct gathered *all, const Plumb__V1__ForecastInitiative *one)
{
	const Plumb__V1__ForecastDates *dates = one->reschedule ? one->reschedule : one->fixed;
	struct whisker whisker = {.ref = one->ref};

	if (!dates)
		return true;
	whisker.p50 = date_or(dates->p50, BARS_BEYOND);
	whisker.p80 = date_or(dates->p80, BARS_BEYOND);
	whisker.p95 = date_or(dates->p95, BARS_BEYOND);
	all->list = arena_append(
	    ctx->arena, all->list, all->count, &all->cap, &whisker, 1, sizeof all->list[0]);
	if (!all->list)
		return err_oom(&ctx->status.err);
	all->count++;
	return true;
}

bool
whiskers_ask(struct context *ctx, Plumb__V1__At *at, const char *until, const char *ref,
    struct whisker **out, size_t *count)
{
	Plumb__V1__ForecastRequest request;
	const Plumb__V1__ForecastReply *part;
	struct gathered all = {.list = NULL};
	struct progress *progress;
	char *refs[] = {pb_str(ref ? ref : "")};
	bool ok = true;

	plumb__v1__forecast_request__init(&request);
	request.at = at;
	request.until = pb_str(until ? until : "");
	request.refs = refs;
	request.n_refs = ref ? 1 : 0;
	request.mode = PLUMB__V1__FORECAST_REQUEST__MODE__RESCHEDULE;
	if (!context_start(ctx, &plumb__v1__insight__descriptor, "Forecast", &request.base))
		return false;
	progress = progress_new("drawing futures");
	while (ok && (part = context_next(ctx))) {
		if (part->progress__case == PLUMB__V1__FORECAST_REPLY__PROGRESS__PROGRESS)
			progress_update(progress, part->progress);
		for (size_t i = 0; ok && i < part->n_initiatives; i++)
			ok = add(ctx, &all, part->initiatives[i]);
	}
	progress_free(progress);
	*out = all.list;
	*count = all.count;
	return ok && ctx->status.err.code == ERR_OK;
}
