#include "server/rpc/permit.h"

#include <string.h>

#include "server/rpc/access.h"

struct permit {
	const char *service;
	const char *method;
	enum access least;
};

/* clang-format off */
static const struct permit permits[] = {
	/* whose the change is, is asked beside: ownership_check() */
	{ "plumb.v1.Plan", "Apply", ACCESS_CONTRIBUTOR },
	{ "plumb.v1.Plan", "Get", ACCESS_READER },
	{ "plumb.v1.Plan", "List", ACCESS_READER },
	{ "plumb.v1.Plan", "Watch", ACCESS_READER },
	{ "plumb.v1.Plan", "History", ACCESS_READER },
	{ "plumb.v1.Plan", "Diff", ACCESS_READER },
	{ "plumb.v1.Plan", "Export", ACCESS_READER },

	{ "plumb.v1.Insight", "Check", ACCESS_READER },
	{ "plumb.v1.Insight", "Explain", ACCESS_READER },
	{ "plumb.v1.Insight", "Trace", ACCESS_READER },
	{ "plumb.v1.Insight", "Load", ACCESS_READER },
	{ "plumb.v1.Insight", "Mine", ACCESS_READER },
	{ "plumb.v1.Insight", "Progress", ACCESS_READER },
	{ "plumb.v1.Insight", "Score", ACCESS_READER },
	{ "plumb.v1.Insight", "Trend", ACCESS_READER },

	/* everybody in the plan has a say, as themselves only */
	{ "plumb.v1.Signal", "Pulse", ACCESS_READER },
	{ "plumb.v1.Signal", "Signals", ACCESS_READER },

	/* both show less to those who are no administrators of everything */
	{ "plumb.v1.Admin", "Info", ACCESS_READER },
	{ "plumb.v1.Admin", "ListWorkspaces", ACCESS_READER },
	{ "plumb.v1.Admin", "Ping", ACCESS_READER },
	{ "plumb.v1.Admin", "Verify", ACCESS_ADMIN },
	/* of all workspaces: permit_whole_daemon() */
	{ "plumb.v1.Admin", "CreateWorkspace", ACCESS_ADMIN },
	{ "plumb.v1.Admin", "Backup", ACCESS_ADMIN },
	{ "plumb.v1.Admin", "Snapshot", ACCESS_ADMIN },

	/* of all workspaces, or the tokens of one's own: its handlers */
	{ "plumb.v1.Access", "CreateToken", ACCESS_ADMIN },
	{ "plumb.v1.Access", "ListTokens", ACCESS_ADMIN },
	{ "plumb.v1.Access", "RevokeToken", ACCESS_ADMIN },
	{ "plumb.v1.Access", "RotateToken", ACCESS_ADMIN },

	/* of all workspaces: permit_whole_daemon() */
	{ "plumb.v1.Audit", "Verify", ACCESS_ADMIN },
	{ "plumb.v1.Audit", "List", ACCESS_ADMIN },

	{ "plumb.v1.Webhooks", "Create", ACCESS_ADMIN },
	{ "plumb.v1.Webhooks", "List", ACCESS_ADMIN },
	{ "plumb.v1.Webhooks", "Update", ACCESS_ADMIN },
	{ "plumb.v1.Webhooks", "Remove", ACCESS_ADMIN },
	{ "plumb.v1.Webhooks", "RotateSecret", ACCESS_ADMIN },
	{ "plumb.v1.Webhooks", "Test", ACCESS_ADMIN },
	{ "plumb.v1.Webhooks", "ListDeadLetters", ACCESS_ADMIN },
	{ "plumb.v1.Webhooks", "RetryDeadLetters", ACCESS_ADMIN },
	{ "plumb.v1.Webhooks", "Watch", ACCESS_ADMIN },
	{ "plumb.v1.Webhooks", "Report", ACCESS_ADMIN },

	/* balancers and supervisors ask without knowing anybody; it tells that the daemon is there */
	{ "grpc.health.v1.Health", "Check", ACCESS_NONE },
	{ "grpc.health.v1.Health", "Watch", ACCESS_NONE },
	{ "grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", ACCESS_READER },
	{ "grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo", ACCESS_READER },
};
/* clang-format on */

/* By place in rpc_methods(), so that a call costs no search. */
#define METHODS_MAX 128

static struct {
	bool built;
	bool has_row[METHODS_MAX];
	enum access least[METHODS_MAX];
	const struct rpc_method *methods;
	size_t count;
} found;

static void
build(void)
{
	found.methods = rpc_methods(&found.count);
	for (size_t i = 0; i < found.count && i < METHODS_MAX; i++) {
		for (size_t k = 0; k < sizeof permits / sizeof permits[0]; k++) {
			if (strcmp(permits[k].method, found.methods[i].name) != 0 ||
			    strcmp(permits[k].service, found.methods[i].service) != 0)
				continue;
			found.has_row[i] = true;
			found.least[i] = permits[k].least;
		}
	}
	found.built = true;
}

bool
permit_least(const struct rpc_method *method, enum access *least)
{
	uintptr_t at, first;

	if (!found.built)
		build();
	at = (uintptr_t)method;
	first = (uintptr_t)found.methods;
	if (at < first || at >= first + found.count * sizeof *method ||
	    !found.has_row[(at - first) / sizeof *method])
		return false;
	*least = found.least[(at - first) / sizeof *method];
	return true;
}

bool
permit_call(const struct rpc_call *call, struct err *err)
{
	const struct rpc_method *method = call->method;
	const char *service = strrchr(method->service, '.');
	enum access least;

	/* What nobody has thought about is for administrators. */
	if (!permit_least(method, &least))
		least = ACCESS_ADMIN;
	if (call->caller.access >= least)
		return true;
	service = service != NULL ? service + 1 : method->service;
	if (call->caller.access == ACCESS_NONE)
		return err_set(err, ERR_UNAUTHENTICATED,
		    "%s.%s needs the role %s, and nothing shows who you are: show a token (plumb "
		    "--token-file FILE; an administrator makes one with plumb admin token create)",
		    service, method->name, access_role_name(least));
	return err_set(err, ERR_DENIED,
	    "%s.%s needs the role %s; you are %s here, as %s. Ask an administrator for a token "
	    "with "
	    "that role",
	    service, method->name, access_role_name(least), call->caller.name,
	    access_role_name(call->caller.access));
}
