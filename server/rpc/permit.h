/*
 * What each method needs of its caller: one table, asked once when a call begins (docs/SECURITY.md, "Who may do what").
 *
 * Which workspaces a caller may enter is asked where they are named (workspace_enter()), and whose a change is by
 * ownership_check().
 */
#ifndef SERVER_RPC_PERMIT_H
#define SERVER_RPC_PERMIT_H

#include <stdbool.h>

#include "common/err.h"
#include "server/rpc/rpc.h"

/*
 * The least role that the method needs (ACCESS_NONE: it is open to all), and whether it is for callers who may enter all
 * workspaces. False: it has no row.
 */
bool permit_least(const struct rpc_method *method, enum access *least, bool *whole) MUST_CHECK;
/* May the caller call this? ERR_DENIED, or ERR_UNAUTHENTICATED of somebody who shows nothing. */
bool permit_call(const struct rpc_call *call, struct err *err) MUST_CHECK;
/* Is the caller an administrator of all workspaces? The table asks where a method always concerns all. ERR_DENIED. */
bool permit_whole(const struct rpc_call *call, struct err *err) MUST_CHECK;
/* The same, without a word about it. */
bool permit_sees_daemon(const struct rpc_call *call);

#endif
