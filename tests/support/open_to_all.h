/*
 * What calls ask of a daemon about their callers, answered for everybody alike: for programs without permissions, audit file
 * and quotas. Include it in one file of a program: it defines what permit.c, audit.c and quota.c of server/rpc define.
 */
#ifndef TESTS_SUPPORT_OPEN_TO_ALL_H
#define TESTS_SUPPORT_OPEN_TO_ALL_H

#include "server/rpc/audit.h"
#include "server/rpc/permit.h"
#include "server/rpc/quota.h"
#include "server/rpc/rpc.h"

/* Everybody may call everything, and nothing is written down. */
bool
permit_call(const struct rpc_call *call, struct err *err)
{
	(void)call;
	(void)err;
	return true;
}

void
audit_event(struct daemon *daemon, const struct caller *caller, const char *what, const char *about,
    const char *outcome)
{
	(void)daemon;
	(void)caller;
	(void)what;
	(void)about;
	(void)outcome;
}

/* Callers may have what they want. */
bool
quota_begin(struct rpc_call *call)
{
	(void)call;
	return true;
}

bool
quota_admit(struct rpc_call *call, size_t len, struct err *err)
{
	(void)call;
	(void)len;
	(void)err;
	return true;
}

void
quota_end(struct rpc_call *call, int64_t took_us)
{
	(void)call;
	(void)took_us;
}

void
quota_forget(struct rpc_call *call)
{
	(void)call;
}

#endif
