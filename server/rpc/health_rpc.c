/* grpc.health.v1.Health (grpc/grpc, doc/health-checking.md). */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/pb.h"
#include "grpc/health/v1/health.pb-c.h"
#include "server/rpc/handlers.h"
#include "server/rpc/health.h"
#include "server/rpc/rpc.h"

#define STATUS(name) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##name

struct health_watch {
	struct rpc_call *call;
	LIST_ENTRY(health_watch) link;
};

static LIST_HEAD(, health_watch) watches = LIST_HEAD_INITIALIZER(watches);
static bool stopping;

static bool
is_known(const char *service)
{
	bool known = false;

	if (service[0] == '\0')
		return true;
	(void)rpc_find(service, strlen(service), "", 0, &known);
	return known;
}

static void
send_status(struct rpc_call *call, int status)
{
	Grpc__Health__V1__HealthCheckResponse response;

	grpc__health__v1__health_check_response__init(&response);
	response.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)status;
	rpc_send(call, &response.base);
}

static int
now(void)
{
	return stopping ? STATUS(NOT_SERVING) : STATUS(SERVING);
}

void
handle_health_check(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Grpc__Health__V1__HealthCheckRequest *request =
	    (const Grpc__Health__V1__HealthCheckRequest *)message;
	struct err err;

	if (!is_known(request->service)) {
		err_set(&err, ERR_NOT_FOUND, "no service '%.60s' here", request->service);
		rpc_fail(call, &err);
		return;
	}
	send_status(call, now());
	rpc_finish(call);
}

static void
on_cancel(struct rpc_call *call)
{
	struct health_watch *watch = call->handler_data;

	LIST_REMOVE(watch, link);
	call->handler_data = NULL;
}

void
handle_health_watch(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Grpc__Health__V1__HealthCheckRequest *request =
	    (const Grpc__Health__V1__HealthCheckRequest *)message;
	struct health_watch *watch = arena_alloc(call->arena, sizeof *watch);
	bool known = is_known(request->service);
	struct err err;

	if (watch == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	send_status(call, known ? now() : STATUS(SERVICE_UNKNOWN));
	watch->call = call;
	if (call->state != RPC_RUNNING)
		return;
	/* Who asks for what is not here is left waiting: the services of a daemon never change. */
	if (!known)
		watch->call = NULL;
	LIST_INSERT_HEAD(&watches, watch, link);
	call->handler_data = watch;
	call->on_cancel = on_cancel;
}

void
health_stop(void)
{
	struct health_watch *watch;

	if (stopping)
		return;
	stopping = true;
	LIST_FOREACH(watch, &watches, link)
	{
		if (watch->call != NULL)
			send_status(watch->call, now());
	}
}
