/*
 * May a caller make these changes? Asked of the plan as it is before them (docs/SECURITY.md, "Who may do what").
 *
 * Costs at most LIMIT_DEPTH steps for each change, and LIMIT_CHANGES references for all that it removes.
 */
#ifndef SERVER_RPC_OWNERSHIP_H
#define SERVER_RPC_OWNERSHIP_H

#include <stdbool.h>

#include "common/err.h"
#include "plumb/v1/plan.pb-c.h"

struct item;
struct plan;
struct rpc_call;

/*
 * False: ERR_DENIED, and each change that may not be made is among the call's faults. What is malformed is left to plan_apply(),
 * which refuses it. scenario: the one that they change instead of the plan; NULL none.
 */
bool ownership_check(struct rpc_call *call, const struct plan *plan, const struct item *scenario,
    const Plumb__V1__ChangeSet *set, struct err *err) MUST_CHECK;

#endif
