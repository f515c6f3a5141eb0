/*
 * The HTTP/1.1 port: health for probes, metrics for Prometheus, and every method as a Connect call, in JSON or protobuf, for curl
 * and browsers.
 *
 *   GET  /healthz                    200 while the process runs
 *   GET  /readyz                     200 while calls are taken, else 503
 *   GET  /metrics                    Prometheus text
 *   POST /plumb.v1.Service/Method    Connect protocol: unary as application/json or application/proto, streams of
 *                                    replies as application/connect+json or application/connect+proto
 *
 * Loop thread only.
 */
#ifndef SERVER_NET_HTTP_H
#define SERVER_NET_HTTP_H

#include <stdbool.h>

#include "common/err.h"

struct daemon;
struct event_base;
struct http;

struct http_options {
	struct event_base *base; /* borrowed until http_free() */
	struct daemon *daemon;   /* likewise */
	const char *const
	    *origins; /* browsers' pages that may call (CORS); ends with NULL; NULL: none */
};

struct http *http_new(const struct http_options *options, struct err *err) MUST_CHECK;
/* Calls that still run are cancelled. Takes NULL. */
void http_free(struct http *http);
/* "tcp:127.0.0.1:7412"; ERR_INVALID, ERR_UNAVAILABLE. */
bool http_listen(struct http *http, const char *address, struct err *err) MUST_CHECK;
/* The i-th address listened on, with the port that was picked; NULL past the last. */
const char *http_address(const struct http *http, size_t i);
/* Takes no new calls; /readyz says so. */
void http_drain(struct http *http);
bool http_is_idle(const struct http *http);

#endif
