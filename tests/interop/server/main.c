/*
 * interop-server --listen ADDR … [--cert FILE --key FILE [--ca FILE]]: our transports, with what gRPC's published
 * interoperability cases call (grpc.testing.TestService), health checks and reflection. No plan, no disk.
 *
 * Prints "interop-server ready ADDR…" when it listens. SIGTERM drains: who is connected may finish.
 */
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "server/net/net.h"
#include "server/net/tls.h"
#include "server/rpc/daemon.h"
#include "server/rpc/descriptors.h"
#include "server/rpc/handlers.h"
#include "server/rpc/health.h"
#include "server/rpc/rpc.h"
#include "tests/interop/server/test_service.h"
#include "tests/support/open_to_all.h"

/* testing_descriptors.c, generated */
extern const uint8_t testing_descriptors[];
extern const size_t testing_descriptors_len;

/* ---- a daemon without a plan: what calls and the network need of one ----------------------------------------- */

struct daemon {
	struct rpc_pool *pool;
	void (*free_pool)(struct rpc_pool *);
	bool is_stopping;
};

void
daemon_set_rpc_pool(
    struct daemon *daemon, struct rpc_pool *pool, void (*free_pool)(struct rpc_pool *))
{
	daemon->pool = pool;
	daemon->free_pool = free_pool;
}

struct rpc_pool *
daemon_rpc_pool(const struct daemon *daemon)
{
	return daemon->pool;
}

void
daemon_set_connections(struct daemon *daemon, unsigned count)
{
	(void)daemon;
	(void)count;
}

int64_t
daemon_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
daemon_clock_us(const struct daemon *daemon)
{
	struct timespec now;

	(void)daemon;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool
daemon_is_stopping(const struct daemon *daemon)
{
	return daemon->is_stopping;
}

int64_t
quota_take_hold(struct daemon *daemon)
{
	(void)daemon;
	return 0;
}

/* clang-format off */
#define REFLECTION(version)                                                                                          \
	{ "grpc.reflection." version ".ServerReflection", "ServerReflectionInfo",                                    \
	    &grpc__reflection__v1__server_reflection_request__descriptor,                                            \
	    &grpc__reflection__v1__server_reflection_response__descriptor, RPC_STREAM | RPC_CLIENT_STREAM,           \
	    handle_reflection_info }

static const struct rpc_method methods[] = {
	{ "grpc.health.v1.Health", "Check", &grpc__health__v1__health_check_request__descriptor,
	    &grpc__health__v1__health_check_response__descriptor, 0, handle_health_check },
	{ "grpc.health.v1.Health", "Watch", &grpc__health__v1__health_check_request__descriptor,
	    &grpc__health__v1__health_check_response__descriptor, RPC_STREAM | RPC_ENDLESS, handle_health_watch },
	REFLECTION("v1"),
	REFLECTION("v1alpha"),
};
/* clang-format on */

const struct rpc_method *
rpc_methods(size_t *count)
{
	*count = sizeof methods / sizeof methods[0];
	return methods;
}

/* ---- the program --------------------------------------------------------------------------------------------- */

struct server {
	struct event_base *base;
	struct net *net;
	struct daemon daemon;
};

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)fd;
	(void)what;
	if (server->daemon.is_stopping)
		exit(1);
	server->daemon.is_stopping = true;
	health_stop();
	net_drain(server->net);
}

#define ADDRESSES_MAX 16

struct arguments {
	const char *addresses[ADDRESSES_MAX];
	size_t count;
	struct tls_options tls;
};

static bool
read_arguments(struct arguments *arguments, int argc, char **argv)
{
	static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
	    {"cert", required_argument, NULL, 'c'}, {"key", required_argument, NULL, 'k'},
	    {"ca", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'l' && arguments->count < ADDRESSES_MAX)
			arguments->addresses[arguments->count++] = optarg;
		else if (o == 'c')
			arguments->tls.certificate = optarg;
		else if (o == 'k')
			arguments->tls.key = optarg;
		else if (o == 'a')
			arguments->tls.client_ca = optarg;
		else
			return false;
	}
	return optind == argc && arguments->count > 0 &&
	       (arguments->tls.certificate == NULL) == (arguments->tls.key == NULL) &&
	       (arguments->tls.client_ca == NULL || arguments->tls.certificate != NULL);
}

static bool
listen_all(struct server *server, int argc, char **argv, struct err *err)
{
	struct arguments arguments = {.count = 0};
	struct tls_context *context;

	if (!read_arguments(&arguments, argc, argv))
		return err_set(err, ERR_INVALID,
		    "usage: interop-server --listen ADDR … [--cert FILE --key FILE [--ca FILE]]");
	if (arguments.tls.certificate != NULL) {
		context = tls_context_new(&arguments.tls, err);
		if (context == NULL)
			return false;
		if (!net_set_tls(server->net, context))
			return err_oom(err);
	}
	for (size_t i = 0; i < arguments.count; i++) {
		const char *address = arguments.addresses[i];
		char tcp[128];

		if (strncmp(address, "http:", 5) != 0) {
			if (!net_listen(server->net, address, err))
				return false;
			continue;
		}
		snprintf(tcp, sizeof tcp, "tcp:%s", address + 5);
		if (!net_listen_http(server->net, tcp, err))
			return false;
	}
	return true;
}

static void
run(struct server *server)
{
	printf("interop-server ready");
	for (size_t i = 0; net_address(server->net, i) != NULL; i++)
		printf(" %s", net_address(server->net, i));
	printf("\n");
	fflush(stdout);
	while (!server->daemon.is_stopping || !net_is_idle(server->net)) {
		event_base_loop(server->base, EVLOOP_ONCE);
		net_turn_end(server->net);
	}
}

int
main(int argc, char **argv)
{
	static struct server server;
	struct net_options options = {.daemon = &server.daemon};
	struct event *term, *interrupt;
	const struct rpc_method *service;
	size_t count;
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	service = test_service_methods(&count);
	server.base = event_base_new();
	options.base = server.base;
	if (server.base == NULL || !rpc_add_methods(service, count) ||
	    !descriptors_add(testing_descriptors, testing_descriptors_len))
		return 1;
	test_service_init(server.base);
	server.net = net_new(&options, &err);
	if (server.net == NULL || !listen_all(&server, argc, argv, &err)) {
		fprintf(stderr, "interop-server: %s\n", err.msg);
		return 2;
	}
	term = evsignal_new(server.base, SIGTERM, on_signal, &server);
	interrupt = evsignal_new(server.base, SIGINT, on_signal, &server);
	evsignal_add(term, NULL);
	evsignal_add(interrupt, NULL);
	run(&server);
	net_free(server.net);
	if (server.daemon.pool != NULL)
		server.daemon.free_pool(server.daemon.pool);
	event_free(term);
	event_free(interrupt);
	event_base_free(server.base);
	return 0;
}
