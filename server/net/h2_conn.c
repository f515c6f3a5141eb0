#include "server/net/h2_conn.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "server/limits.h"
#include "server/net/life.h"
#include "server/net/net_internal.h"
#include "server/rpc/daemon.h"

/* What a stream and a connection may have on their way to us. */
#define STREAM_WINDOW     (1 << 20)
#define CONNECTION_WINDOW (16 << 20)
/* nghttp2's own default cuts off honest callers that give up many calls. */
#define RESETS_BURST 10000u
#define RESETS_RATE  1000u
/* Fed to nghttp2 at once, so that output above the mark stops us soon. */
#define FEED_MAX (32u << 10)

static const uint8_t drain_ping[8] = {'d', 'r', 'a', 'i', 'n', 0, 0, 1};
static const uint8_t alive_ping[8] = {'a', 'l', 'i', 'v', 'e', 0, 0, 1};

/* ---- the header block --------------------------------------------------------------------------------------- */

static void
head_reset(struct h2_head *head)
{
	head->len = head->size = 0;
	head->count = 0;
	head->too_large = false;
}

static bool
head_reserve(struct h2_head *head, size_t more)
{
	size_t cap = head->cap > 0 ? head->cap : 1024;
	uint8_t *bytes;

	while (cap < head->len + more)
		cap *= 2;
	if (cap == head->cap)
		return true;
	bytes = realloc(head->bytes, cap);
	if (bytes == NULL)
		return false;
	head->bytes = bytes;
	head->cap = cap;
	return true;
}

static void
head_add(struct h2_head *head, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	head->size += key_len + len + 32;
	if (head->size > LIMIT_HEADERS || head->count == LIMIT_HEADER_FIELDS ||
	    !head_reserve(head, key_len + len)) {
		head->too_large = true;
		return;
	}
	head->fields[head->count++] = (struct h2_field){
	    (uint32_t)head->len, (uint32_t)key_len, (uint32_t)(head->len + key_len), (uint32_t)len};
	memcpy(head->bytes + head->len, key, key_len);
	if (len > 0)
		memcpy(head->bytes + head->len + key_len, value, len);
	head->len += key_len + len;
}

/* ---- callbacks ---------------------------------------------------------------------------------------------- */

static struct h2_stream *
stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_conn *h2 = arg;
	struct h2_stream *s;

	head_reset(&h2->head);
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	s->h2 = h2;
	s->id = frame->hd.stream_id;
	TAILQ_INSERT_TAIL(&h2->streams, s, link);
	nghttp2_session_set_stream_user_data(session, s->id, s);
	return 0;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *key, size_t key_len,
    const uint8_t *value, size_t len, uint8_t flags, void *arg)
{
	struct h2_conn *h2 = arg;

	(void)session;
	(void)flags;
	/* Trailers of a request say nothing to us. */
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		head_add(&h2->head, key, key_len, value, len);
	return 0;
}

static int
on_data_chunk(
    nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t len, void *arg)
{
	struct h2_stream *s = stream_of(session, id);

	(void)flags;
	(void)arg;
	/* The connection's window is given back at once, so that no stream holds up another. */
	nghttp2_session_consume_connection(session, len);
	if (s != NULL)
		h2_call_data(s, p, len);
	nghttp2_session_consume_stream(session, id, len);
	return 0;
}

/* The last word: what the peer did wrong, in a form that its library can act on. */
static void
end_calm(struct h2_conn *h2, const char *why)
{
	nghttp2_session *session = h2->session;

	h2->is_ending = true;
	nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_ENHANCE_YOUR_CALM,
	    (const uint8_t *)why, strlen(why));
}

static void
on_ping(struct h2_conn *h2, const nghttp2_frame *frame)
{
	if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
		if (!life_takes_ping(h2->conn))
			end_calm(h2, "too_many_pings");
		return;
	}
	if (h2->drained == NULL ||
	    memcmp(frame->ping.opaque_data, drain_ping, sizeof drain_ping) != 0)
		return;
	/* Whatever the peer had sent before it saw the first GOAWAY is here: now no stream is new any more. */
	nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
	    nghttp2_session_get_last_proc_stream_id(h2->session), NGHTTP2_NO_ERROR,
	    (const uint8_t *)h2->drained, strlen(h2->drained));
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_conn *h2 = arg;
	struct h2_stream *s;
	bool cheap = frame->hd.type == NGHTTP2_PING || frame->hd.type == NGHTTP2_SETTINGS ||
		     frame->hd.type == NGHTTP2_PRIORITY ||
		     (frame->hd.type == NGHTTP2_DATA && frame->hd.length == 0 &&
			 (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0);

	if (h2->is_ending)
		return 0;
	if (cheap && !life_takes_cheap(h2->conn)) {
		end_calm(h2, "too many frames that ask for nothing");
		return 0;
	}
	if (!cheap && frame->hd.type <= NGHTTP2_HEADERS)
		life_moved(h2->conn);
	if (frame->hd.type == NGHTTP2_PING)
		on_ping(h2, frame);
	if (frame->hd.type == NGHTTP2_SETTINGS)
		net_deadline_remove(h2->conn->net, &h2->greeting);
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	s = stream_of(session, frame->hd.stream_id);
	if (s == NULL)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		h2_call_begin(s);
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		h2_call_half_close(s);
	return 0;
}

/* A reply that ends before its request does: the peer may stop sending. */
static int
on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_conn *h2 = arg;
	struct h2_stream *s;

	if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)
		life_moved(h2->conn);
	if (frame->hd.type != NGHTTP2_HEADERS || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	s = stream_of(session, frame->hd.stream_id);
	if (s != NULL && !s->half_closed)
		nghttp2_submit_rst_stream(
		    session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
	return 0;
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct h2_stream *s = stream_of(session, id);

	(void)code;
	(void)arg;
	if (s != NULL)
		h2_stream_free(s);
	return 0;
}

/* ---- the connection ----------------------------------------------------------------------------------------- */

static nghttp2_session *
session_new(struct h2_conn *h2)
{
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *option = NULL;
	nghttp2_session *session = NULL;

	if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0)
		goto out;
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_stream_reset_rate_limit(option, RESETS_BURST, RESETS_RATE);
	nghttp2_option_set_max_reserved_remote_streams(option, 0);
	if (nghttp2_session_server_new2(&session, callbacks, h2, option) != 0)
		session = NULL;
out:
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	return session;
}

static void
not_greeted(struct deadline *deadline)
{
	struct h2_conn *h2 =
	    (struct h2_conn *)(void *)((char *)deadline - offsetof(struct h2_conn, greeting));

	conn_close(h2->conn, "no whole preface");
}

static bool
init(struct conn *conn)
{
	static const nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, LIMIT_STREAMS},
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_HEADERS},
	};
	struct h2_conn *h2 = calloc(1, sizeof *h2);

	if (h2 == NULL)
		return false;
	h2->conn = conn;
	TAILQ_INIT(&h2->streams);
	TAILQ_INIT(&h2->blocked);
	h2->session = session_new(h2);
	h2->greeting.expired = not_greeted;
	if (h2->session == NULL ||
	    !net_deadline_add(conn->net, &h2->greeting,
		daemon_monotonic_us() + LIMIT_UNDECIDED_MS * INT64_C(1000)) ||
	    nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings,
		sizeof settings / sizeof settings[0]) != 0 ||
	    nghttp2_session_set_local_window_size(
		h2->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW) != 0) {
		net_deadline_remove(conn->net, &h2->greeting);
		nghttp2_session_del(h2->session);
		free(h2);
		return false;
	}
	conn->protocol_data = h2;
	conn_mark_dirty(conn);
	return true;
}

/* Makes frames of what was submitted, up to the high mark of output. */
static void
pump(struct h2_conn *h2)
{
	struct conn *conn = h2->conn;

	h2->is_pumping = true;
	while (!conn_is_dead(conn) && conn->out.len <= LIMIT_OUTPUT_HIGH) {
		const uint8_t *p;
		ssize_t n = nghttp2_session_mem_send(h2->session, &p);

		if (n < 0)
			conn_close(conn, nghttp2_strerror((int)n));
		if (n <= 0)
			break;
		conn_write(conn, p, (size_t)n);
	}
	h2->is_pumping = false;
}

/* Each that waits is asked once. True: somebody went on. */
static bool
wake(struct h2_conn *h2)
{
	struct h2_stream *s;
	size_t left = 0;
	bool any = false;

	TAILQ_FOREACH(s, &h2->blocked, blocked_link)
	left++;
	for (; left > 0 && (s = TAILQ_FIRST(&h2->blocked)) != NULL; left--) {
		TAILQ_REMOVE(&h2->blocked, s, blocked_link);
		TAILQ_INSERT_TAIL(&h2->blocked, s, blocked_link);
		any |= h2_call_wake(s);
	}
	return any;
}

static void
turn_end(struct conn *conn)
{
	struct h2_conn *h2 = conn->protocol_data;

	do
		pump(h2);
	while (!conn_is_dead(conn) && conn->out.len <= LIMIT_OUTPUT_HIGH && wake(h2));
	if (conn_is_dead(conn))
		return;
	if (h2->is_ending ||
	    (!nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session)))
		conn_finish(conn);
}

static void
writable(struct conn *conn)
{
	conn_mark_dirty(conn);
}

static size_t
input(struct conn *conn, const uint8_t *p, size_t len)
{
	struct h2_conn *h2 = conn->protocol_data;
	size_t used = 0;

	while (used < len && conn_can_take(conn)) {
		size_t some = len - used < FEED_MAX ? len - used : FEED_MAX;
		ssize_t n = nghttp2_session_mem_recv(h2->session, p + used, some);

		if (n < 0) {
			log_debug("http2", "why=\"%s\"", nghttp2_strerror((int)n));
			conn_close(conn, nghttp2_strerror((int)n));
			return len;
		}
		used += (size_t)n;
		if (h2->is_ending || !nghttp2_session_want_read(h2->session))
			used = len; /* it has said goodbye */
		/* Acknowledgements pile up inside the session until they are written. */
		if (len > FEED_MAX)
			pump(h2);
	}
	conn_mark_dirty(conn);
	return used;
}

static void
drain(struct conn *conn, const char *why)
{
	struct h2_conn *h2 = conn->protocol_data;

	nghttp2_submit_shutdown_notice(h2->session);
	nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, drain_ping);
	h2->drained = why;
	conn_mark_dirty(conn);
}

static bool
is_busy(const struct conn *conn)
{
	const struct h2_conn *h2 = conn->protocol_data;

	return h2->running > 0;
}

static bool
ping(struct conn *conn)
{
	struct h2_conn *h2 = conn->protocol_data;

	conn_mark_dirty(conn);
	return nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, alive_ping) == 0;
}

static void
fini(struct conn *conn)
{
	struct h2_conn *h2 = conn->protocol_data;
	struct h2_stream *s;

	net_deadline_remove(conn->net, &h2->greeting);
	while ((s = TAILQ_FIRST(&h2->streams)) != NULL)
		h2_stream_free(s);
	nghttp2_session_del(h2->session);
	free(h2->head.bytes);
	free(h2);
	conn->protocol_data = NULL;
}

const struct conn_protocol h2_protocol = {
    "http2", init, input, turn_end, writable, drain, is_busy, ping, fini};
