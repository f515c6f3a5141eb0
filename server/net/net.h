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
#include "server/rpc/rpc.h"
#include "server/net/life.h"

struct access_book;
struct daemon;
struct event_base;
struct metrics_scope;
struct net;
struct str;
struct tls_context;

struct net_options {
	struct event_base *base; /* borrowed until net_free() */
	struct daemon *daemon;   /* likewise */
	/* The person that a user id of this machine is ("person/anna"), and the role; or NULL. May be NULL. */
	const char *(*person_of)(void *arg, uid_t uid, enum access *access);
	/* The person or service that the common name of a certificate is ("service/billing"), and the role; or NULL. May be NULL. */
	const char *(*certificate_of)(void *arg, const char *name, enum access *access);
	void *person_arg;
	struct access_book *access; /* borrowed; NULL: everybody may do everything */
	bool allow_cleartext;       /* TCP from other machines without TLS */
	unsigned connections_max;   /* 0: LIMIT_CONNECTIONS */
	struct life_options life;
	const char *const
	    *origins; /* of pages that may call by HTTP (CORS); ends with NULL; NULL: none */
	/* What /metrics answers; NULL: there is no such page. */
	void (*metrics)(struct daemon *daemon, const struct metrics_scope *scope, struct str *out);
	bool metrics_open; /* /metrics answers anybody, without what is of one workspace */
};

struct net *net_new(const struct net_options *options, struct err *err) MUST_CHECK;
/* Closes everything; calls that still run are cancelled. Takes NULL. */
void net_free(struct net *net);

/* An address as addr_parse() takes it. ERR_INVALID, ERR_UNAVAILABLE (in use, not permitted, …). */
bool net_listen(struct net *net, const char *address, struct err *err) MUST_CHECK;
/* The same for HTTP/1.1: TCP only. Its net_address() begins with "http:". */
bool net_listen_http(struct net *net, const char *address, struct err *err) MUST_CHECK;
/* A socket that listens already; then net_listen() of its address does nothing. ERR_INVALID: it is none that we can use. */
bool net_take(struct net *net, int fd, bool http, struct err *err) MUST_CHECK;
/*
 * TLS is spoken from now on, with these certificates; connections that are there go on with theirs. Takes over context.
 * False: out of memory, and context is freed.
 */
bool net_set_tls(struct net *net, struct tls_context *context) MUST_CHECK;
/* The i-th address listened on, with the port that was picked; NULL past the last. */
const char *net_address(const struct net *net, size_t i);

/* After the configuration was read again: ends the connections of those whom it knows as somebody else, or not any more. */
void net_review(struct net *net);

/* Sends what the turn has gathered, frees what it has closed. */
void net_turn_end(struct net *net);

/* Stops listening, says goodbye, takes no new calls; connections close when their calls have ended. */
void net_drain(struct net *net);
/* No connections are left. */
bool net_is_idle(const struct net *net);
size_t net_connections(const struct net *net);

#endif
