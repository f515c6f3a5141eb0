/*
 * Standing meetings, as Insight.Reviews tells of them: what the commands about them share.
 */
#ifndef CLIENT_REVIEW_H
#define CLIENT_REVIEW_H

#include "client/context.h"

/* Those of a person ("" all), with the days that come within `ahead`. NULL: return context_fail(ctx). */
const Plumb__V1__ReviewsReply *review_plans(
    struct context *ctx, const char *person, uint32_t ahead) MUST_CHECK;
/* The one of that name; NULL: it is not there. */
const Plumb__V1__ReviewPlan *review_find(const Plumb__V1__ReviewsReply *reply, const char *ref);
/* "council", "every 14 days"; the first is static, the second in ctx->arena. */
const char *review_type(Plumb__V1__Review__Type type);
const char *review_every(struct context *ctx, const Plumb__V1__ReviewPlan *plan);
/* "Anna Brandt" for "anna" or "person/anna". */
const char *review_person(struct context *ctx, const char *ref);
/* The last meetings of a review, with what they decided; held: how many there were, 0 not told. False: return context_fail(ctx). */
bool review_meetings(struct context *ctx, const char *review, uint32_t held) MUST_CHECK;
/* A line of `plumb get` for each decision of a meeting, and for each meeting in whose minutes a decision stands. */
void review_decided(struct context *ctx, const Plumb__V1__Meeting *meeting);
bool review_where_decided(struct context *ctx, const Plumb__V1__Envelope *decision) MUST_CHECK;
/* The reviews, and, with due, the days of open milestones, tasks and objectives, as iCalendar on ctx->out; the exit code. */
int review_ical(struct context *ctx, const char *person, uint32_t ahead, bool due);

#endif
