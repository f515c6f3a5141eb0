#include "server/rpc/permit.h"

#include <string.h>

#include "server/rpc/access.h"

struct permit {
	const char *service;
	const char *method;
	enum access least;
	bool whole; /* it concerns all workspaces at once: for callers who may enter all of them */
};

/* clang-format off */
static const struct permit permits[] = {
	/* whose the change is, is asked beside: ownership_check() */
	{ "plumb.v1.Plan", "Apply", ACCESS_CONTRIBUTOR, false },
	{ "plumb.v1.Plan", "ApplyScenario", ACCESS_CONTRIBUTOR, false },
	{ "plumb.v1.Plan", "Conflicts", ACCESS_READER, false },
	{ "plumb.v1.Plan", "Get", ACCESS_READER, false },
	{ "plumb.v1.Plan", "List", ACCESS_READER, false },
	{ "plumb.v1.Plan", "Watch", ACCESS_READER, false },
	{ "plumb.v1.Plan", "History", ACCESS_READER, false },
	{ "plumb.v1.Plan", "Diff", ACCESS_READER, false },
	{ "plumb.v1.Plan", "Export", ACCESS_READER, false },

	{ "plumb.v1.Insight", "Check", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Explain", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Trace", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Load", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Maturity", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Mine", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Mirror", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Room", ACCESS_READER, false },
	{ "plumb.v1.Insight", "SayDo", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Moves", ACCESS_READER, false },
	{ "plumb.v1.Insight", "WhatIf", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Outside", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Progress", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Forecast", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Schedule", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Segments", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Score", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Trend", ACCESS_READER, false },
	{ "plumb.v1.Insight", "BurnUp", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Agenda", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Reviews", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Journey", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Ecosystem", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Drift", ACCESS_READER, false },
	{ "plumb.v1.Insight", "InFlight", ACCESS_READER, false },
	{ "plumb.v1.Insight", "Impact", ACCESS_READER, false },

	/* everybody in the plan has a say, as themselves only */
	{ "plumb.v1.Signal", "Pulse", ACCESS_READER, false },
	{ "plumb.v1.Signal", "Signals", ACCESS_READER, false },
	{ "plumb.v1.Voice", "Ballot", ACCESS_READER, false },
	{ "plumb.v1.Voice", "Concord", ACCESS_READER, false },

	/* people of the plan answer for themselves only */
	{ "plumb.v1.Survey", "Questions", ACCESS_READER, false },
	{ "plumb.v1.Survey", "Answer", ACCESS_READER, false },
	{ "plumb.v1.Survey", "Clarity", ACCESS_READER, false },
	{ "plumb.v1.Survey", "Acceptances", ACCESS_READER, false },

	/* both show less to those who are no administrators of everything */
	{ "plumb.v1.Admin", "Info", ACCESS_READER, false },
	{ "plumb.v1.Admin", "ListWorkspaces", ACCESS_READER, false },
	{ "plumb.v1.Admin", "Ping", ACCESS_READER, false },
	{ "plumb.v1.Admin", "Verify", ACCESS_ADMIN, false },
	{ "plumb.v1.Admin", "CreateWorkspace", ACCESS_ADMIN, true },
	{ "plumb.v1.Admin", "Backup", ACCESS_ADMIN, true },
	{ "plumb.v1.Admin", "Snapshot", ACCESS_ADMIN, true },

	/* a token for some workspaces would make one for all of them */
	{ "plumb.v1.Access", "CreateToken", ACCESS_ADMIN, true },
	{ "plumb.v1.Access", "ListTokens", ACCESS_ADMIN, true },
	{ "plumb.v1.Access", "RevokeToken", ACCESS_ADMIN, true },
	{ "plumb.v1.Access", "RotateToken", ACCESS_ADMIN, true },

	{ "plumb.v1.Audit", "Verify", ACCESS_ADMIN, true },
	{ "plumb.v1.Audit", "List", ACCESS_ADMIN, true },

	{ "plumb.v1.Webhooks", "Create", ACCESS_ADMIN, false },
	{ "plumb.v1.Webhooks", "List", ACCESS_ADMIN, false },
	{ "plumb.v1.Webhooks", "Update", ACCESS_ADMIN, false },
	{ "plumb.v1.Webhooks", "Remove", ACCESS_ADMIN, false },
	{ "plumb.v1.Webhooks", "RotateSecret", ACCESS_ADMIN, false },
	{ "plumb.v1.Webhooks", "Test", ACCESS_ADMIN, false },
	{ "plumb.v1.Webhooks", "ListDeadLetters", ACCESS_ADMIN, false },
	{ "plumb.v1.Webhooks", "RetryDeadLetters", ACCESS_ADMIN, false },
	/* the sender's, with everybody's secrets */
	{ "plumb.v1.Webhooks", "Watch", ACCESS_ADMIN, true },
	{ "plumb.v1.Webhooks", "Report", ACCESS_ADMIN, true },

	/* balancers and supervisors ask without knowing anybody; it tells that the daemon is there */
	{ "grpc.health.v1.Health", "Check", ACCESS_NONE, false },
	{ "grpc.health.v1.Health", "Watch", ACCESS_NONE, false },
	{ "grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", ACCESS_READER, false },
	{ "grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo", ACCESS_READER, false },
};
/* clang-format on */

/* By place in rpc_methods(), so that a call costs no search. */
#define METHODS_MAX 128

static struct {
	bool built;
	const struct permit *rows[METHODS_MAX]; /* NULL: it has none */
	const struct rpc_method *methods;
	size_t count;
} found;

static void
build(void)
{
	found.methods = rpc_methods(&found.count);
	for (size_t i = 0; i < found.count && i < METHODS_MAX; i++) {
		for (size_t k = 0; k < sizeof permits / sizeof permits[0]; k++) {
			if (strcmp(permits[k].method, found.methods[i].name) == 0 &&
			    strcmp(permits[k].service, found.methods[i].service) == 0)
				found.rows[i] = &permits[k];
		}
	}
	found.built = true;
}

static const struct permit *
row_of(const struct rpc_method *method)
{
	uintptr_t at, first;

	if (!found.built)
		build();
	at = (uintptr_t)method;
	first = (uintptr_t)found.methods;
	if (at < first || at >= first + found.count * sizeof *method)
		return NULL;
	return found.rows[(at - first) / sizeof *method];
}

bool
permit_least(const struct rpc_method *method, enum access *least, bool *whole)
{
	const struct permit *row = row_of(method);

	if (row == NULL)
		return false;
	*least = row->least;
	*whole = row->whole;
	return true;
}

static bool
refuse(const struct rpc_call *call, enum access least, struct err *err)
{
	const struct rpc_method *method = call->method;
	const char *dot = strrchr(method->service, '.');
	const char *service = dot != NULL ? dot + 1 : method->service;

	if (call->caller.access == ACCESS_NONE)
		return err_set(err, ERR_UNAUTHENTICATED,
		    "%s.%s needs the role %s, and nothing shows who you are: show a token (plumb "
		    "--token-file FILE; an administrator makes one with plumb admin token create)",
		    service, method->name, access_role_name(least));
	return err_set(err, ERR_DENIED,
	    "%s.%s needs the role %s; you are %s here, as %s. Ask an administrator for a token "
	    "with that role",
	    service, method->name, access_role_name(least), call->caller.name,
	    access_role_name(call->caller.access));
}

bool
permit_call(const struct rpc_call *call, struct err *err)
{
	const struct permit *row = row_of(call->method);
	/* What nobody has thought about is for administrators. */
	enum access least = row != NULL ? row->least : ACCESS_ADMIN;

	if (call->caller.access < least)
		return refuse(call, least, err);
	return row == NULL || !row->whole || permit_whole(call, err);
}

bool
permit_sees_daemon(const struct rpc_call *call)
{
	return call->caller.access == ACCESS_ADMIN &&
	       (call->caller.token == 0 ||
		   access_scope_is_all(daemon_access(call->daemon), call->caller.token));
}

bool
permit_whole(const struct rpc_call *call, struct err *err)
{
	if (permit_sees_daemon(call))
		return true;
	return err_set(err, ERR_DENIED,
	    "%s concerns all workspaces, and your token is for some of them: ask an administrator "
	    "of all",
	    call->method->name);
}
