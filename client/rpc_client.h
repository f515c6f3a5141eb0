/*
 * A blocking client of plumbd: one connection, one call at a time; TCP, TCP with TLS, or unix.
 *
 * Knows frames and messages, no commands. Replies are decoded into the arena given.
 */
#ifndef CLIENT_RPC_CLIENT_H
#define CLIENT_RPC_CLIENT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/secure.h"
#include "common/arena.h"
#include "common/err.h"
#include "plumb/v1/plan.pb-c.h"

/* How a call ended. All in the call's arena. */
struct rpc_status {
	struct err err;          /* code ERR_OK: fine */
	bool unreachable;        /* the daemon was not reached, or went away */
	bool ours;               /* found on this side: what was typed is wrong */
	bool insecure;           /* TLS is the trouble, and err says what to do about it */
	size_t violations_count; /* of google.rpc.BadRequest */
	struct rpc_violation {
		const char *field;
		const char *description;
	} * violations;
	const Plumb__V1__Conflict *conflict; /* of ABORTED; may be NULL */
	const Plumb__V1__Refusal *refusal;   /* of FAILED_PRECONDITION; may be NULL */
};

struct rpc_client;

/* Is text written as an address is? */
bool rpc_client_is_address(const char *text) MUST_CHECK;
struct rpc_options {
	int timeout_ms;          /* as rpc_client_set_timeout() */
	struct secure_files tls; /* of "tls:" */
};

/*
 * address: "tcp:HOST:PORT", "tls:HOST:PORT", "unix:/path", "HOST:PORT" or "/path". NULL with status->unreachable. What it
 * was given stays borrowed until the client is freed.
 */
struct rpc_client *rpc_client_open(
    const char *address, const struct rpc_options *options, struct rpc_status *status) MUST_CHECK;
/* Over a connected socket, which it then owns. */
struct rpc_client *rpc_client_new(int fd, struct rpc_status *status) MUST_CHECK;
/* Takes NULL. */
void rpc_client_free(struct rpc_client *client);
/* Sent as metadata plumb-as from now on; "" none. Borrowed until freed. */
void rpc_client_set_as(struct rpc_client *client, const char *as);
/* Sent as metadata authorization, "Bearer TOKEN", from now on; "" none. Borrowed until freed. */
void rpc_client_set_token(struct rpc_client *client, const char *token);
/* How long one unary call, or the wait for the next message of a stream, may take; 0 for ever. */
void rpc_client_set_timeout(struct rpc_client *client, int timeout_ms);

/* Is called about every IDLE_MS while a call waits for the daemon, so that a person can be told; NULL: nothing is. */
void rpc_client_set_idle(struct rpc_client *client, void (*on_idle)(void *user), void *user);

/*
 * A unary call: rpc_client_call(c, &plumb__v1__plan__descriptor, "Get", &request.base, arena, &status) answers a
 * Plumb__V1__GetReply * or NULL.
 */
void *rpc_client_call(struct rpc_client *client, const ProtobufCServiceDescriptor *service,
    const char *method, const ProtobufCMessage *request, struct arena *arena,
    struct rpc_status *status) MUST_CHECK;

/* Begins a call with a stream of replies; one at a time. */
bool rpc_client_start(struct rpc_client *client, const ProtobufCServiceDescriptor *service,
    const char *method, const ProtobufCMessage *request, struct arena *arena,
    struct rpc_status *status) MUST_CHECK;
/* The next reply; NULL at the end (status->err.code ERR_OK) or on error. The arena may be another one each time. */
void *rpc_client_next(
    struct rpc_client *client, struct arena *arena, struct rpc_status *status) MUST_CHECK;
/* For poll(): the socket. Read only while rpc_client_ready() is false. */
int rpc_client_fd(const struct rpc_client *client);
/* Would rpc_client_next() answer without waiting? Takes what has arrived, and never waits itself. */
bool rpc_client_ready(struct rpc_client *client);
/* Gives up on the running stream. */
void rpc_client_cancel(struct rpc_client *client);

#endif
