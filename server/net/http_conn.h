/*
 * HTTP/1.1 on a connection of the HTTP port (docs/PROTOCOL.md, "HTTP"): requests one after the other (http_conn.c), each a page
 * (http_page.c) or a call of the Connect protocol (http_call.c).
 *
 *   HEAD --head--> BODY --body--> ANSWERING --answer--> HEAD, or the connection ends
 *
 * Who is refused before the body is read gets the answer, and the connection ends: nobody reads bodies for nothing.
 *
 * Private to the three. libevent's own HTTP server is not used: it takes requests whose length is said twice, lines that end in
 * a bare line feed, and folded fields; it holds a body whole before anybody may refuse it, and it doesn't see a caller leave
 * while the call runs.
 */
#ifndef SERVER_NET_HTTP_CONN_H
#define SERVER_NET_HTTP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"
#include "server/net/conn.h"
#include "server/net/connect_wire.h"
#include "server/net/deadline.h"
#include "server/net/http_wire.h"

extern const struct conn_protocol http_protocol;

struct caller;
struct rpc_call;
struct rpc_method;

enum http_state { HTTP_HEAD_NEXT, HTTP_BODY, HTTP_ANSWERING };

/* A call under way; one at a time on a connection. */
struct http_call {
	struct rpc_call *call; /* NULL: none */
	const struct rpc_method *method;
	enum connect_type type;
	bool in_gzip;    /* the request's body, or a stream's envelopes, may be compressed */
	bool out_gzip;   /* the caller reads gzip */
	bool started;    /* a stream's headers are out */
	bool waits;      /* its handler waits for room */
	bool has_reply;  /* of a unary call */
	bool is_flooded; /* which was not kept */
	struct str reply;
	struct deadline deadline;
};

struct http_conn {
	struct conn *conn;
	enum http_state state;
	size_t seen; /* of a head that is not whole */
	/* The request at hand; owned, NULL between requests. */
	struct http_head {
		struct http_request request;
		uint8_t bytes[];
	} * head;
	struct http_chunks chunks;
	uint8_t *body;
	size_t body_len;
	size_t body_cap;
	bool ends;            /* the connection ends behind this answer */
	struct deadline slow; /* when the peer must have said more */
	int64_t began_us;     /* to say its request */
	bool is_waiting_request;
	struct str fields; /* of the answer */
	struct identity identity;
	struct http_call call;
};

/* ---- http_conn.c */
/* A field of the answer to come; control characters in value become spaces. */
void http_add(struct http_conn *http, const char *name, const char *value);
/* The whole answer. */
void http_answer(
    struct http_conn *http, int status, const char *type, const void *body, size_t len);
void http_answer_text(struct http_conn *http, int status, const char *text);
/* The same in pieces: the head, pieces of the body, and the end. */
void http_start(struct http_conn *http, int status, const char *type);
void http_piece(struct http_conn *http, const void *p, size_t len);
void http_end(struct http_conn *http);

/* ---- http_page.c */
/* Who asks; in any case out is filled. Errors as identity_find(). */
bool http_caller(struct http_conn *http, struct caller *out, struct err *err) MUST_CHECK;
/* Is the page that asks, if it is one, of an origin that may? Then the answer says so. */
bool http_check_origin(struct http_conn *http);

/* GET and HEAD, OPTIONS. */
void http_page(struct http_conn *http);
void http_preflight(struct http_conn *http);

/* ---- http_call.c: POST */
/* The head is there. False: it was answered, or will be, without its body. */
bool http_call_check(struct http_conn *http) MUST_CHECK;
/* The body is there. */
void http_call_run(struct http_conn *http);
/* Before the turn's output is sent. */
void http_call_turn_end(struct http_conn *http);
/* The connection is lost. */
void http_call_cancel(struct http_conn *http);
/* An error as the Connect protocol has it, for unary calls; status 0: as its code has. */
void http_answer_error(struct http_conn *http, int status, const struct err *err,
    const uint8_t *details, size_t details_len);

#endif
