#include "server/net/frame_conn.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"
#include "common/utf8.h"
#include "server/limits.h"
#include "server/net/life.h"
#include "server/net/net_internal.h"
#include "server/net/stream_table.h"
#include "server/rpc/access.h"
#include "server/rpc/daemon.h"
#include "server/rpc/quota.h"
#include "server/rpc/rpc.h"

#define FREE_STREAMS_MAX 4096
#define ECHO_MAX         60
#define GOODBYE_MAX      64

/* One call. Owned by its frame_conn until the call's finish(). */
struct frame_stream {
	struct stream_entry entry; /* in frame_conn.streams */
	struct frame_conn *fc;
	struct rpc_call *call;
	struct deadline deadline;
	int64_t credit;       /* after HELLO */
	bool answered;        /* unary: the RESPONSE is out */
	bool wants_writable;  /* in fc->blocked */
	bool overrun;         /* in fc->overruns: nothing more is sent, and it ends with the turn */
	uint64_t resume_from; /* what was not sent any more */
	TAILQ_ENTRY(frame_stream) link; /* in fc->all */
	TAILQ_ENTRY(frame_stream) blocked_link;
	TAILQ_ENTRY(frame_stream) overrun_link;
	struct frame_stream *next_free;
};

TAILQ_HEAD(stream_list, frame_stream);

struct frame_conn {
	struct conn *conn;
	struct stream_table streams;
	struct stream_list all;
	struct stream_list blocked;
	struct stream_list overruns;
	bool any_frame; /* the first has come */
	bool hello;
	int64_t window;   /* what streams start with */
	uint32_t highest; /* stream id taken so far */
	uint32_t skip;    /* of an oversize body */
	struct identity identity;
};

static const struct rpc_transport transport;

/* ---- streams ---- */

static struct frame_stream *
stream_new(struct frame_conn *fc, uint32_t id)
{
	struct net *net = fc->conn->net;
	struct frame_stream *s = net->free_streams;

	if (s != NULL) {
		net->free_streams = s->next_free;
		net->free_streams_count--;
	} else {
		s = malloc(sizeof *s);
	}
	if (s == NULL)
		return NULL;
	*s = (struct frame_stream){.entry.id = id, .fc = fc, .credit = fc->window};
	if (!stream_table_add(&fc->streams, &s->entry)) {
		free(s);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&fc->all, s, link);
	return s;
}

static void
unblock(struct frame_stream *s)
{
	if (!s->wants_writable)
		return;
	s->wants_writable = false;
	TAILQ_REMOVE(&s->fc->blocked, s, blocked_link);
}

static void
stream_free(struct frame_stream *s)
{
	struct frame_conn *fc = s->fc;
	struct net *net = fc->conn->net;

	net_deadline_remove(net, &s->deadline);
	unblock(s);
	if (s->overrun)
		TAILQ_REMOVE(&fc->overruns, s, overrun_link);
	TAILQ_REMOVE(&fc->all, s, link);
	stream_table_remove(&fc->streams, &s->entry);
	if (net->free_streams_count >= FREE_STREAMS_MAX) {
		free(s);
		return;
	}
	s->next_free = net->free_streams;
	net->free_streams = s;
	net->free_streams_count++;
}

static struct frame_stream *
stream_find(struct frame_conn *fc, uint32_t id)
{
	/* entry is the first member */
	return (struct frame_stream *)(void *)stream_table_find(&fc->streams, id);
}

void
frame_streams_free(struct net *net)
{
	struct frame_stream *next;

	for (struct frame_stream *s = net->free_streams; s != NULL; s = next) {
		next = s->next_free;
		free(s);
	}
	net->free_streams = NULL;
}

static void
expired(struct deadline *deadline)
{
	struct frame_stream *s =
	    (struct frame_stream *)(void *)((char *)deadline -
					    offsetof(struct frame_stream, deadline));

	rpc_cancel(s->call, ERR_DEADLINE);
}

/* ---- writing ---- */

static void
write_status(struct frame_conn *fc, uint32_t id, const struct err *status, const uint8_t *details,
    size_t details_len)
{
	uint8_t *p =
	    conn_reserve(fc->conn, frame_status_len(status->code, status->msg, details_len));

	if (p != NULL)
		frame_status_encode(p, id, status->code, status->msg, details, details_len);
}

static void
write_frame(struct frame_conn *fc, uint32_t id, uint8_t type, uint8_t flags, const uint8_t *body,
    size_t len)
{
	uint8_t *p = conn_reserve(fc->conn, FRAME_HEADER_LEN + len);

	if (p == NULL)
		return;
	frame_encode_header(p, (uint32_t)len, id, type, flags);
	if (len > 0)
		memcpy(p + FRAME_HEADER_LEN, body, len);
}

/* Says why, ends the calls, and then the connection. */
static void
goaway(struct frame_conn *fc, enum err_code code, const char *text)
{
	uint8_t body[8 + 128];
	size_t len = strlen(text);
	struct frame_stream *s;

	assert(len <= sizeof body - 8);
	while ((s = TAILQ_FIRST(&fc->all)) != NULL)
		rpc_cancel(s->call, ERR_CANCELLED);
	if (fc->hello) {
		frame_put_be32(body, fc->highest);
		frame_put_be32(body + 4, code);
		memcpy(body + 8, text, len);
		write_frame(fc, 0, FRAME_GOAWAY, 0, body, 8 + len);
	}
	conn_finish(fc->conn);
}

/* ---- the transport ---- */

static bool
is_stream(const struct frame_stream *s)
{
	return s->call->method->flags & RPC_STREAM;
}

/* So much is unread that a large reply would only add to it. */
static bool
is_flooded(const struct conn *conn, size_t len)
{
	return len > LIMIT_REPLY_SMALL &&
	       (conn->out.len > LIMIT_OUTPUT_MAX || conn->net->pool.owned > LIMIT_OUTPUT_TOTAL);
}

/* Room for a unary reply of len bytes; false when an error went out in its stead. */
static bool
begin_response(struct frame_stream *s, size_t len)
{
	struct frame_conn *fc = s->fc;
	uint8_t head[FRAME_RESPONSE_HEAD_MAX];
	struct err err;

	assert(!s->answered);
	s->answered = true;
	if (is_flooded(fc->conn, len)) {
		err_set(&err, ERR_LIMIT,
		    "too many replies wait to be read by this connection; read them first");
		write_status(fc, s->entry.id, &err, NULL, 0);
		return false;
	}
	conn_write(fc->conn, head, frame_response_head(head, s->entry.id, len));
	return true;
}

/* False: the stream's caller reads too slowly, or the stream is over. */
static bool
begin_data(struct frame_stream *s, size_t len)
{
	struct frame_conn *fc = s->fc;

	if (s->overrun)
		return false;
	if (fc->conn->out.len > LIMIT_STREAM_OUTPUT) {
		/* Its handler is at work: it is told at the end of the turn. */
		s->overrun = true;
		s->resume_from = s->call->resume_from;
		TAILQ_INSERT_TAIL(&fc->overruns, s, overrun_link);
		conn_mark_dirty(fc->conn);
		return false;
	}
	s->credit -= (int64_t)len;
	return true;
}

static void
on_send(struct rpc_call *call, const uint8_t *p, size_t len)
{
	struct frame_stream *s = call->transport_data;
	uint8_t head[FRAME_HEADER_LEN];

	if (!is_stream(s)) {
		if (begin_response(s, len))
			conn_write(s->fc->conn, p, len);
	} else if (begin_data(s, len)) {
		frame_encode_header(head, (uint32_t)len, s->entry.id, FRAME_DATA, 0);
		conn_write(s->fc->conn, head, sizeof head);
		conn_write(s->fc->conn, p, len);
	}
}

static void
on_send_shared(struct rpc_call *call, struct rpc_bytes *bytes)
{
	struct frame_stream *s = call->transport_data;
	uint8_t head[FRAME_HEADER_LEN];

	if (!is_stream(s)) {
		on_send(call, bytes->p, bytes->len);
	} else if (begin_data(s, bytes->len)) {
		frame_encode_header(head, (uint32_t)bytes->len, s->entry.id, FRAME_DATA, 0);
		conn_write_shared(s->fc->conn, head, sizeof head, bytes);
	}
}

static bool
has_room(const struct frame_stream *s)
{
	const struct frame_conn *fc = s->fc;

	if (!is_stream(s))
		return true;
	if (!fc->hello && (s->call->method->flags & RPC_ENDLESS))
		return true;
	return fc->conn->out.len <= LIMIT_OUTPUT_HIGH && (!fc->hello || s->credit > 0);
}

static bool
on_is_writable(struct rpc_call *call)
{
	struct frame_stream *s = call->transport_data;

	if (has_room(s))
		return true;
	if (!s->wants_writable) {
		s->wants_writable = true;
		TAILQ_INSERT_TAIL(&s->fc->blocked, s, blocked_link);
	}
	return false;
}

static void
on_finish(
    struct rpc_call *call, const struct err *status, const uint8_t *details, size_t details_len)
{
	struct frame_stream *s = call->transport_data;
	struct frame_conn *fc = s->fc;
	uint32_t id = s->entry.id;

	if (s->answered)
		assert(status->code == ERR_OK || call->cancelled);
	else if (status->code != ERR_OK || !is_stream(s))
		write_status(fc, id, status, details, details_len);
	else
		write_frame(fc, id, FRAME_DATA, FRAME_REMOTE_CLOSED | FRAME_NO_DATA, NULL, 0);
	stream_free(s);
	if (fc->conn->state == CONN_DRAINING && TAILQ_EMPTY(&fc->all))
		conn_finish(fc->conn);
}

static const struct rpc_transport transport = {on_send, on_send_shared, on_finish, on_is_writable};

/* ---- requests ---- */

static bool
is_key(const struct frame_metadata *pair, const char *key)
{
	return pair->key_len == strlen(key) && memcmp(pair->key, key, pair->key_len) == 0;
}

/* The last of each counts. */
static bool
find_shown(const struct frame_request *request, struct shown *shown, struct err *err)
{
	struct frame_metadata pair;
	size_t offset = 0, count = 0;

	if (request->metadata_len > LIMIT_METADATA)
		return err_set(err, ERR_LIMIT, "metadata has at most %u bytes", LIMIT_METADATA);
	while (frame_metadata_next(request, &offset, &pair)) {
		if (++count > LIMIT_METADATA_COUNT)
			return err_set(
			    err, ERR_LIMIT, "metadata has at most %u pairs", LIMIT_METADATA_COUNT);
		if (is_key(&pair, PEER_CLAIM_KEY)) {
			shown->claim = pair.value;
			shown->claim_len = pair.value_len;
		} else if (is_key(&pair, ACCESS_KEY)) {
			shown->token = pair.value;
			shown->token_len = pair.value_len;
		}
	}
	return true;
}

/* Leaves the caller in *out. *is_wrong: a token was shown that lets nobody in. */
static bool
identify(struct frame_conn *fc, const struct rpc_method *method,
    const struct frame_request *request, struct caller *out, bool *is_wrong, struct err *err)
{
	struct shown shown = {.claim = ""};
	bool ok;

	if (request->metadata != NULL && !find_shown(request, &shown, err))
		return false;
	if (!identity_is_asked(method))
		return peer_caller(&fc->conn->peer, shown.claim, shown.claim_len, out, err);
	ok = identity_find(
	    &fc->identity, &fc->conn->peer, fc->conn->net->options.access, &shown, err);
	*is_wrong = !ok && err->code == ERR_UNAUTHENTICATED && shown.token != NULL;
	*out = fc->identity.caller;
	return ok;
}

/* How much of a peer's text is said back: not cut within a character. */
static int
echo_len(const char *text, size_t len)
{
	if (len <= ECHO_MAX)
		return (int)len;
	len = ECHO_MAX;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

static const struct rpc_method *
find_method(const struct frame_request *r, struct err *err)
{
	const struct rpc_method *method;
	bool service_known;

	method = rpc_find(r->service, r->service_len, r->method, r->method_len, &service_known);
	if (method != NULL)
		return method;
	if (!utf8_is_valid(r->service, r->service_len) || !utf8_is_valid(r->method, r->method_len))
		err_set(err, ERR_INVALID, "the names of service and method are not UTF-8");
	else if (service_known)
		err_set(err, ERR_UNIMPLEMENTED, "no method '%.*s' in %.*s",
		    echo_len(r->method, r->method_len), r->method, (int)r->service_len, r->service);
	else
		err_set(err, ERR_UNIMPLEMENTED,
		    "no service '%.*s' here; there are plumb.v1.Plan and others: docs/PROTOCOL.md",
		    echo_len(r->service, r->service_len), r->service);
	return NULL;
}

static bool
check_id(struct frame_conn *fc, uint32_t id, struct err *err)
{
	if (id % 2 == 0)
		return err_set(err, ERR_INVALID, "stream %u: a client's stream ids are odd", id);
	if (stream_find(fc, id) != NULL)
		return err_set(err, ERR_INVALID, "stream %u has a call that is still running", id);
	if (fc->conn->state != CONN_OPEN)
		return err_set(
		    err, ERR_UNAVAILABLE, "the daemon is stopping; try again in a moment");
	if (fc->streams.count >= LIMIT_CALLS_PER_CONN)
		return err_set(err, ERR_LIMIT, "a connection has at most %u calls running at once",
		    LIMIT_CALLS_PER_CONN);
	return true;
}

/* Everything that can be wrong before there is a call. NULL: err says it. */
static const struct rpc_method *
check_request(struct frame_conn *fc, const struct frame *frame, struct frame_request *request,
    struct err *err)
{
	const struct rpc_method *method;

	if (!check_id(fc, frame->stream, err))
		return NULL;
	if (!frame_request_decode(frame->body, frame->body_len, request)) {
		err_set(
		    err, ERR_INVALID, "the request envelope is malformed: it is no ttrpc.Request");
		return NULL;
	}
	method = find_method(request, err);
	if (method == NULL)
		return NULL;
	if ((frame->flags & FRAME_REMOTE_OPEN) && !(method->flags & RPC_CLIENT_STREAM)) {
		err_set(err, ERR_UNIMPLEMENTED, "%s takes one request message, no stream of them",
		    method->name);
		return NULL;
	}
	if (request->timeout_ns < 0) {
		err_set(err, ERR_DEADLINE, "the deadline had passed when the request arrived");
		return NULL;
	}
	return method;
}

static bool
set_deadline(struct frame_stream *s, int64_t timeout_ns)
{
	int64_t at_us;

	if (timeout_ns == 0)
		return true;
	at_us = daemon_monotonic_us() + timeout_ns / 1000 + 1;
	s->call->deadline_us = at_us;
	s->deadline.expired = expired;
	return net_deadline_add(s->fc->conn->net, &s->deadline, at_us);
}

static struct rpc_call *
start(struct frame_conn *fc, uint32_t id, const struct rpc_method *method,
    const struct caller *caller)
{
	struct frame_stream *s = stream_new(fc, id);
	struct rpc_call *call;

	if (s == NULL)
		return NULL;
	call = rpc_call_new(fc->conn->net->options.daemon, method, &transport, s, caller);
	if (call == NULL)
		stream_free(s);
	else
		s->call = call;
	fc->conn->life.used = true;
	return call;
}

/* A message of a stream of requests, and perhaps its end; the call may end with either. */
static void
take_message(struct frame_conn *fc, const struct frame *frame, const uint8_t *p, size_t len)
{
	uint32_t id = frame->stream;
	struct frame_stream *s = stream_find(fc, id);

	if (len > 0 || !(frame->flags & FRAME_NO_DATA))
		rpc_message(s->call, p, len);
	s = stream_find(fc, id);
	if (s != NULL && (frame->flags & FRAME_REMOTE_CLOSED))
		rpc_half_close(s->call);
}

/* The first message may come with the request. */
static void
begin_stream(struct frame_stream *s, const struct frame *frame, const struct frame_request *request)
{
	struct frame_conn *fc = s->fc;
	uint32_t id = s->entry.id;
	struct frame begun = *frame;

	rpc_begin(s->call);
	if (stream_find(fc, id) == NULL)
		return;
	if (request->payload_len == 0 && (frame->flags & FRAME_REMOTE_OPEN))
		return;
	begun.flags |= request->payload_len == 0 ? FRAME_NO_DATA : 0;
	take_message(fc, &begun, request->payload, request->payload_len);
}

static void
on_request(struct frame_conn *fc, const struct frame *frame)
{
	const struct rpc_method *method;
	struct frame_request request;
	struct rpc_call *call;
	struct caller caller;
	bool is_wrong = false;
	struct err err, why;

	method = check_request(fc, frame, &request, &err);
	if (method == NULL ||
	    (!identify(fc, method, &request, &caller, &is_wrong, &err) && !is_wrong)) {
		write_status(fc, frame->stream, &err, NULL, 0);
		return;
	}
	why = err;
	call = start(fc, frame->stream, method, &caller);
	if (call == NULL) {
		err_set(&err, ERR_LIMIT, "too many calls are running; try again later");
		write_status(fc, frame->stream, &err, NULL, 0);
		return;
	}
	if (frame->stream > fc->highest)
		fc->highest = frame->stream;
	if (!set_deadline(call->transport_data, request.timeout_ns)) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	if (is_wrong)
		access_refuse(fc->conn->net->options.access, call, &why);
	else if (method->flags & RPC_CLIENT_STREAM)
		begin_stream(call->transport_data, frame, &request);
	else
		rpc_dispatch(call, request.payload, request.payload_len);
	conn_slow(fc->conn, quota_take_hold(fc->conn->net->options.daemon));
}

/* ---- the other frames ---- */

static void
on_data(struct frame_conn *fc, const struct frame *frame)
{
	struct frame_stream *s = stream_find(fc, frame->stream);

	if (s == NULL)
		return;
	if (s->call->method->flags & RPC_CLIENT_STREAM)
		take_message(fc, frame, frame->body, frame->body_len);
	else if (frame->body_len > 0 || !(frame->flags & FRAME_NO_DATA))
		rpc_cancel(s->call, ERR_INVALID);
}

static void
on_hello(struct frame_conn *fc, const struct frame *frame)
{
	uint8_t body[FRAME_HELLO_LEN];
	uint32_t window;

	if (fc->any_frame || frame->stream != 0 || frame->body_len < FRAME_HELLO_LEN ||
	    frame_be32(frame->body) == 0 || frame_be32(frame->body + 8) < FRAME_BODY_MAX) {
		goaway(fc, ERR_INVALID,
		    fc->any_frame ? "HELLO comes first or not at all"
				  : "HELLO is malformed (16 bytes, version 1)");
		return;
	}
	window = frame_be32(frame->body + 4);
	fc->hello = true;
	fc->window = window > FRAME_CREDIT_MAX ? FRAME_CREDIT_MAX : window;
	frame_put_be32(body, FRAME_VERSION);
	frame_put_be32(body + 4, (uint32_t)fc->window);
	frame_put_be32(body + 8, FRAME_BODY_MAX);
	frame_put_be32(body + 12, LIMIT_CALLS_PER_CONN);
	write_frame(fc, 0, FRAME_HELLO, FRAME_ACK, body, sizeof body);
}

static void
wake(struct frame_stream *s)
{
	if (!s->wants_writable || !has_room(s))
		return;
	unblock(s);
	rpc_writable(s->call);
}

static void
on_window(struct frame_conn *fc, const struct frame *frame)
{
	struct frame_stream *s = stream_find(fc, frame->stream);
	uint32_t more = frame->body_len == FRAME_WINDOW_LEN ? frame_be32(frame->body) : 0;

	if (more == 0 || more > FRAME_CREDIT_MAX) {
		goaway(fc, ERR_INVALID, "WINDOW has 4 bytes: a number from 1 to 2147483647");
		return;
	}
	if (s == NULL)
		return;
	s->credit += more;
	if (s->credit > FRAME_CREDIT_MAX)
		s->credit = FRAME_CREDIT_MAX;
	wake(s);
}

static void
on_cancel(struct frame_conn *fc, const struct frame *frame)
{
	struct frame_stream *s = stream_find(fc, frame->stream);

	if (s != NULL)
		rpc_cancel(s->call, ERR_CANCELLED);
}

static void
on_ping(struct frame_conn *fc, const struct frame *frame)
{
	if (frame->body_len != FRAME_PING_LEN)
		goaway(fc, ERR_INVALID, "PING has 8 bytes");
	else if (!life_takes_cheap(fc->conn))
		goaway(fc, ERR_LIMIT, "too_many_pings");
	else if (!(frame->flags & FRAME_ACK))
		write_frame(fc, 0, FRAME_PING, FRAME_ACK, frame->body, frame->body_len);
}

static void
on_frame(struct frame_conn *fc, const struct frame *frame)
{
	switch (frame->type) {
	case FRAME_REQUEST:
		on_request(fc, frame);
		break;
	case FRAME_DATA:
		on_data(fc, frame);
		break;
	case FRAME_HELLO:
		on_hello(fc, frame);
		break;
	case FRAME_WINDOW:
		if (fc->hello)
			on_window(fc, frame);
		break;
	case FRAME_CANCEL:
		if (fc->hello)
			on_cancel(fc, frame);
		break;
	case FRAME_PING:
		if (fc->hello)
			on_ping(fc, frame);
		break;
	default:
		break; /* skipped, so that there can be more types one day */
	}
	fc->any_frame = true;
}

static void
on_oversize(struct frame_conn *fc, const struct frame *frame)
{
	struct err err;

	if (frame->type != FRAME_REQUEST) {
		goaway(fc, ERR_INVALID, "a frame's body has at most 4194304 bytes");
		return;
	}
	err_set(&err, ERR_LIMIT, "the request has %u bytes, and a frame holds %u: split it",
	    frame->body_len, FRAME_BODY_MAX);
	write_status(fc, frame->stream, &err, NULL, 0);
	fc->any_frame = true;
	fc->skip = frame->body_len;
}

static size_t
skip(struct frame_conn *fc, size_t len)
{
	size_t n = len < fc->skip ? len : fc->skip;

	fc->skip -= (uint32_t)n;
	return n;
}

/* One frame from the front of the input, or a piece that is skipped; 0: not here yet, or the end. */
static size_t
input_one(struct frame_conn *fc, const uint8_t *p, size_t len)
{
	struct frame frame;
	size_t used;

	if (fc->skip > 0)
		return skip(fc, len);
	if (p[0] != 0) {
		goaway(fc, ERR_INVALID, "a frame begins with a zero byte");
		return 0;
	}
	switch (frame_decode(p, len, &frame, &used)) {
	case FRAME_DONE:
		on_frame(fc, &frame);
		return used;
	case FRAME_BAD:
		on_oversize(fc, &frame);
		return FRAME_HEADER_LEN;
	default:
		return 0;
	}
}

static size_t
input(struct conn *conn, const uint8_t *p, size_t len)
{
	struct frame_conn *fc = conn->protocol_data;
	size_t used = 0, n = 1;

	while (n > 0 && used < len && conn_can_take(conn)) {
		n = input_one(fc, p + used, len - used);
		used += n;
	}
	return used;
}

/* ---- the connection ---- */

static bool
init(struct conn *conn)
{
	struct frame_conn *fc = calloc(1, sizeof *fc);

	if (fc == NULL)
		return false;
	fc->conn = conn;
	TAILQ_INIT(&fc->all);
	TAILQ_INIT(&fc->blocked);
	TAILQ_INIT(&fc->overruns);
	conn->protocol_data = fc;
	return true;
}

static void
turn_end(struct conn *conn)
{
	struct frame_conn *fc = conn->protocol_data;
	struct frame_stream *s;

	while ((s = TAILQ_FIRST(&fc->overruns)) != NULL) {
		s->call->resume_from = s->resume_from;
		rpc_cancel(s->call, ERR_LIMIT);
	}
}

/* Each that waits is asked once, in the order in which they began to wait. */
static void
writable(struct conn *conn)
{
	struct frame_conn *fc = conn->protocol_data;
	struct frame_stream *s;
	size_t left = 0;

	TAILQ_FOREACH(s, &fc->blocked, blocked_link)
	left++;
	for (; left > 0 && (s = TAILQ_FIRST(&fc->blocked)) != NULL; left--) {
		/* Those without credit go on waiting, behind the others. */
		TAILQ_REMOVE(&fc->blocked, s, blocked_link);
		TAILQ_INSERT_TAIL(&fc->blocked, s, blocked_link);
		wake(s);
	}
}

static void
drain(struct conn *conn, const char *why)
{
	struct frame_conn *fc = conn->protocol_data;
	uint8_t body[8 + GOODBYE_MAX];
	size_t len = strlen(why);

	if (fc->hello) {
		frame_put_be32(body, fc->highest);
		frame_put_be32(body + 4, ERR_UNAVAILABLE);
		assert(len <= GOODBYE_MAX);
		memcpy(body + 8, why, len);
		write_frame(fc, 0, FRAME_GOAWAY, 0, body, 8 + len);
	}
	if (TAILQ_EMPTY(&fc->all))
		conn_finish(conn);
}

static bool
is_busy(const struct conn *conn)
{
	const struct frame_conn *fc = conn->protocol_data;

	return !TAILQ_EMPTY(&fc->all);
}

/* A stock peer knows no PING. */
static bool
ping(struct conn *conn)
{
	static const uint8_t body[FRAME_PING_LEN] = {'a', 'l', 'i', 'v', 'e', 0, 0, 1};
	struct frame_conn *fc = conn->protocol_data;

	if (fc->hello)
		write_frame(fc, 0, FRAME_PING, 0, body, sizeof body);
	return fc->hello;
}

static void
fini(struct conn *conn)
{
	struct frame_conn *fc = conn->protocol_data;
	struct frame_stream *s;

	while ((s = TAILQ_FIRST(&fc->all)) != NULL)
		rpc_cancel(s->call, ERR_CANCELLED);
	stream_table_fini(&fc->streams);
	free(fc);
	conn->protocol_data = NULL;
}

const struct conn_protocol frame_protocol = {
    "frames", init, input, turn_end, writable, drain, is_busy, ping, fini};
