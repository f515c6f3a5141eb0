/*
 * What the answers about schedules share: what they are asked about, and a plan's days and names as messages.
 */
#ifndef SERVER_RPC_CASE_RPC_H
#define SERVER_RPC_CASE_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/faults.h"
#include "server/insight/schedule/plan_case.h"

/* A stated day of the schedule; *day is DATE_NONE where text is "". What is wrong goes to faults, under the field's name. */
void case_check_day(
    const char *field, const char *text, int32_t today, int32_t *day, struct faults *faults);
/* That of the field "until". */
void case_check_until(const char *text, int32_t today, int32_t *last, struct faults *faults);
/*
 * The initiative of the problem that a name from a request means. ERR_NOT_FOUND: the plan has none of that name; ERR_INVALID with
 * faults: it is no name, or is not scheduled by itself.
 */
bool case_find(const struct plan_case *pc, const struct view *view, const char *ref,
    struct faults *faults, uint32_t *initiative, struct err *err) MUST_CHECK;

/*
 * The initiatives that an answer is to be about: a list by initiative of the problem, in the arena; *wanted is NULL where no names
 * are given: all. Fails as case_find() does.
 */
bool case_choose(const struct plan_case *pc, const struct view *view, char *const *refs,
    size_t count, struct arena *arena, struct faults *faults, bool **wanted,
    struct err *err) MUST_CHECK;

/* Of a head of the problem; 0: none. */
uint32_t case_rank(const struct plan_case *pc, uint32_t initiative);
/* NULL: out of memory. */
char *case_ref(const struct plan_case *pc, struct arena *arena, uint32_t slot);
char *case_title(const struct plan_case *pc, struct arena *arena, uint32_t slot);
/* A day of the problem; "" behind the horizon. */
char *case_day(const struct plan_case *pc, struct arena *arena, int32_t day);
/* An exclusive end as the last day; what takes no time ends on the day on which it is. */
char *case_finish(const struct plan_case *pc, struct arena *arena, int32_t start, int32_t finish);

#endif
