/*
 * gRPC over HTTP/2 on a connection: nghttp2 makes streams of the bytes (h2_conn.c), each stream is a call (h2_call.c).
 *
 * Private to the two. Handlers run inside nghttp2's callbacks, where only submitting is allowed; frames are made
 * at the end of the turn, by h2_turn_end(), and never beyond the high mark of the connection's output.
 */
#ifndef SERVER_NET_H2_CONN_H
#define SERVER_NET_H2_CONN_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/err.h"
#include "server/limits.h"
#include "server/net/conn.h"
#include "server/net/deadline.h"
#include "server/net/grpc_wire.h"
#include "server/net/outq.h"
#include "server/rpc/rpc.h"

extern const struct conn_protocol h2_protocol;

/* The header block that is being received; blocks never interleave on a connection. */
struct h2_head {
	uint8_t *bytes; /* key, value, key, value … */
	size_t len;
	size_t cap;
	struct h2_field {
		uint32_t key, key_len, value, value_len; /* in bytes */
	} fields[LIMIT_HEADER_FIELDS];
	unsigned count;
	size_t size; /* as RFC 9113 counts it, 6.5.2 */
	bool too_large;
};

struct h2_conn {
	struct conn *conn;
	nghttp2_session *session;
	struct h2_head head;
	struct identity identity;
	TAILQ_HEAD(, h2_stream) streams; /* that nghttp2 knows */
	TAILQ_HEAD(, h2_stream) blocked; /* whose handlers wait for room */
	size_t running;                  /* calls */
	size_t unread; /* replies of its counted streams that are not yet frames */
	bool is_pumping;
	struct deadline greeting; /* until the peer's first SETTINGS: half a preface is none */
	const char *drained; /* why; the first GOAWAY is out, the second follows its PING. Static */
	bool is_ending;      /* the last GOAWAY says what the peer did wrong */
};

/* An answer of HTTP's own. */
struct h2_refusal {
	const char *status;
	const char *text;
};

/* One call; lives as long as nghttp2's stream. */
struct h2_stream {
	struct h2_conn *h2;
	int32_t id;
	struct rpc_call *call; /* NULL before it begins and after it has ended */
	struct deadline deadline;
	struct deadline stall; /* while the peer owes us bytes, or is owed some: see h2_call.c */
	int64_t moved_us;      /* when some came or went */
	bool counted; /* its replies are in h2->unread: nothing holds back who makes them */
	/* the message at hand */
	uint8_t prefix[GRPC_PREFIX_LEN];
	uint8_t prefix_len;
	uint8_t *message;
	uint32_t message_len;
	uint32_t message_have;
	uint32_t message_cap; /* grows as bytes come: what is announced costs its sender nothing */
	unsigned messages;    /* whole ones */
	bool message_compressed;
	bool in_gzip;      /* grpc-encoding of the request */
	bool in_unknown;   /* another one */
	bool accepts_gzip; /* the caller reads gzip */
	bool half_closed;  /* the caller sends no more */
	/* replies */
	struct outq out;
	bool out_gzip;  /* grpc-encoding of the reply, said in its headers */
	bool submitted; /* HEADERS are on their way */
	bool deferred;  /* the data provider waits for more */
	bool finished;
	const struct h2_refusal *refusal; /* NULL: it is gRPC. Static */
	bool flooded;                 /* the one reply was too large for what is unread already */
	bool gone;                    /* nghttp2 has closed it */
	bool wants_writable;          /* in h2->blocked */
	struct h2_trailers *trailers; /* once finished, until submitted */
	TAILQ_ENTRY(h2_stream) link;
	TAILQ_ENTRY(h2_stream) blocked_link;
};

/* ---- h2_call.c, from nghttp2's callbacks */
/* The request's headers are complete. */
void h2_call_begin(struct h2_stream *s);
/* Bytes of the request's body. */
void h2_call_data(struct h2_stream *s, const uint8_t *p, size_t len);
void h2_call_half_close(struct h2_stream *s);
/* The stream is gone: ends the call and frees it. */
void h2_stream_free(struct h2_stream *s);
/* A handler that waited for room may go on. False: it still has to wait. */
bool h2_call_wake(struct h2_stream *s);

#endif
