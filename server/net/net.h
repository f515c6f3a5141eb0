/*
 * The network side of the daemon: listeners, connections, and what speaks on them.
 *
 * Loop thread only. The loop calls net_turn_end() after each turn; nothing is written to a socket or freed before.
 */
#ifndef SERVER_NET_NET_H
#define SERVER_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

struct daemon;
struct event_base;
struct net;
struct tls_context;

struct net_options {
	struct event_base *base; /* borrowed until net_free() */
	struct daemon *daemon;   /* likewise */
	/* The person that a user id of this machine is ("person/anna"), or NULL. May be NULL. */
	const char *(*person_of)(void *arg, uid_t uid);
	/* The person or service that the common name of a caller's certificate is ("service/billing"), or NULL. May be NULL. */
	const char *(*certificate_of)(void *arg, const char *name);
	void *person_arg;
	bool allow_cleartext;     /* TCP from other machines without TLS */
	unsigned connections_max; /* 0: LIMIT_CONNECTIONS */
};

struct net *net_new(const struct net_options *options, struct err *err) MUST_CHECK;
/* Closes everything; calls that still run are cancelled. Takes NULL. */
void net_free(struct net *net);

/* An address as addr_parse() takes it. ERR_INVALID, ERR_UNAVAILABLE (in use, not permitted, …). */
bool net_listen(struct net *net, const char *address, struct err *err) MUST_CHECK;
/*
 * TLS is spoken from now on, with these certificates; connections that are there go on with theirs. Takes over context.
 * False: out of memory, and context is freed.
 */
bool net_set_tls(struct net *net, struct tls_context *context) MUST_CHECK;
/* The i-th address listened on, with the port that was picked; NULL past the last. */
const char *net_address(const struct net *net, size_t i);

/* Sends what the turn has gathered, frees what it has closed. */
void net_turn_end(struct net *net);

/* Stops listening, says goodbye, takes no new calls; connections close when their calls have ended. */
void net_drain(struct net *net);
/* No connections are left. */
bool net_is_idle(const struct net *net);
size_t net_connections(const struct net *net);

#endif
