/* When things are done with 50, 80 and 95 %, asked of the forecast, for pictures. */
#ifndef CLIENT_WHISKERS_H
#define CLIENT_WHISKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/bars.h"
#include "plumb/v1/plan.pb-c.h"

struct context;

/* Days: BARS_BEYOND behind all that was looked at; DATE_NONE: not known. */
struct whisker {
	const char *ref;
	int32_t p50;
	int32_t p80;
	int32_t p95;
};

/*
 * Of one initiative, or of all where ref is NULL; until as ForecastRequest has it, may be NULL. By drawing schedules anew. In
 * ctx->arena. False: context_fail().
 */
bool whiskers_ask(struct context *ctx, Plumb__V1__At *at, const char *until, const char *ref,
    struct whisker **out, size_t *count) MUST_CHECK;

#endif
