/* What is asked of a daemon with workspaces; permit.c is for transports without one, too. */
#include "server/rpc/access.h"
#include "server/rpc/permit.h"

/* No workspace has such an id: whoever may enter it may enter all. */
#define EVERY "*"

bool
permit_sees_daemon(const struct rpc_call *call)
{
	return call->caller.access == ACCESS_ADMIN && access_may_enter(call, EVERY);
}

bool
permit_whole_daemon(const struct rpc_call *call, struct err *err)
{
	if (permit_sees_daemon(call))
		return true;
	return err_set(err, ERR_DENIED,
	    "%s concerns all workspaces, and your token is for some: ask an administrator of all "
	    "of "
	    "them",
	    call->method->name);
}
