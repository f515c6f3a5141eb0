/* What the files of the plan's forecast share. */
#ifndef SERVER_INSIGHT_SCHEDULE_PLAN_FORECAST_INTERNAL_H
#define SERVER_INSIGHT_SCHEDULE_PLAN_FORECAST_INTERNAL_H

#include "server/insight/schedule/plan_forecast.h"

/* forecast_range.c: what each piece may take. */
bool forecast_ranges(struct plan_forecast *pf, struct err *err) MUST_CHECK;
/* As the shape of a three-point estimate wants it. */
void forecast_shape_ranges(struct plan_forecast *pf, enum forecast_shape shape);
/* The stream of an entry's name. */
uint64_t forecast_stream_of(const struct plan_forecast *pf, uint32_t slot);
/* That of a piece's team; 0: none. */
uint64_t forecast_team_of(const struct plan_forecast *pf, const struct plan_forecast_piece *piece);

/* forecast_policy.c, forecast_net.c: fill pf->ends[mode], days exclusive. */
bool forecast_reschedule(
    struct plan_forecast *pf, const struct parallel *how, struct err *err) MUST_CHECK;
bool forecast_net(struct plan_forecast *pf, const struct plan_forecast_options *options,
    const struct parallel *how, struct err *err) MUST_CHECK;
/* forecast_drivers.c: by the ends of that mode. */
bool forecast_drivers(struct plan_forecast *pf, enum plan_forecast_mode mode,
    const struct parallel *how, struct err *err) MUST_CHECK;

#endif
