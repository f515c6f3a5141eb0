/*
 * Slack: how much later a piece of work may end.
 *
 * The schedule is laid once more from its end back, each initiative for itself, best ranks as they are and lower ones out of the
 * way: its bookings one after another from the last day on, each on the latest days that allow it,
 * - before what waits for it begins there, and before its initiative ends;
 * - into what better ranks leave of its giver and their team on that day;
 * - in sequence: not behind what was booked of the same giver, their team or (of a team) its members on a later day;
 * - of a need with a most or a least on a day, or of whole work, uncut and on a day of its own; whole work without a gap.
 * The end that a piece of work has there is its latest. This is the backward pass of the critical path method (Kelley & Walker
 * 1959) with the resource arcs of the schedule (Artigues & Roubellat 2000: resource flows), whose lengths follow the calendar.
 *
 * All pieces are as late as that at once, so that the latest ends are a schedule themselves. What is not finished in the
 * horizon, and what it is a part of, has none.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_SCHEDULE_SLACK_H
#define SERVER_INSIGHT_SCHEDULE_SCHEDULE_SLACK_H

#include "server/insight/schedule/schedule.h"

struct slack;

/*
 * Of a schedule with ranks and backfill. end_of: by work the one without needs that stands for its end, itself where there is
 * none; NULL: each itself. All are borrowed until slack_free(). NULL: ERR_LIMIT (out of memory), ERR_CANCELLED.
 */
struct slack *slack_new(const struct schedule *schedule, const struct schedule_problem *problem,
    const uint32_t *end_of, bool (*stop)(void *arg), void *arg, struct err *err) MUST_CHECK;
void slack_free(struct slack *slack); /* takes NULL */

/* The latest end, exclusive as in schedule_result; SCHEDULE_BEYOND: none. */
int32_t slack_latest(const struct slack *slack, uint32_t work);
/*
 * The latest end if only it moves: nothing of its own initiative or of better ranks, and of these nothing that waits for its end. It may
 * be later than slack_latest(), which keeps the sequence.
 */
int32_t slack_beside(const struct slack *slack, uint32_t work);
/* The same if nothing moves at all, of whatever rank. */
int32_t slack_alone(const struct slack *slack, uint32_t work);

/* For tests: where the last pass put a booking: first and last day. */
void slack_days(const struct slack *slack, size_t booking, int32_t *first, int32_t *last);

#endif
