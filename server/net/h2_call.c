#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"
#include "common/pb.h"
#include "common/utf8.h"
#include "server/net/grpc_wire.h"
#include "server/net/gzip.h"
#include "server/net/h2_conn.h"
#include "server/net/net_internal.h"
#include "server/rpc/access.h"
#include "server/rpc/daemon.h"

#define NV_MAX 64u
/*
 * Of grpc-status-details-bin before base64: clients take 8 KiB of trailers (C core and Java; others more), this makes 5.5 of it,
 * and a message has 0.8 at most.
 */
#define DETAILS_MAX  4096u
#define COMPRESS_MIN 1024u
#define ECHO_MAX     60
#define MESSAGE_MIN  (64u << 10) /* room for a message's first bytes */

/* What goes with the end of a call, in one piece of memory. */
struct h2_trailers {
	size_t count;
	nghttp2_nv nv[NV_MAX];
	uint8_t bytes[];
};

static const struct rpc_transport transport;

/* ---- sending ------------------------------------------------------------------------------------------------ */

static nghttp2_nv
nv_of(const char *key, size_t key_len, const void *value, size_t len)
{
	return (nghttp2_nv){(uint8_t *)(uintptr_t)key, (uint8_t *)(uintptr_t)value, key_len, len,
	    NGHTTP2_NV_FLAG_NONE};
}

#define NV(key, value) nv_of(key, sizeof(key) - 1, value, strlen(value))

static struct net *
net_of(const struct h2_stream *s)
{
	return s->h2->conn->net;
}

/* What is queued for the stream has changed from before to what it is now. */
static void
count_unread(struct h2_stream *s, size_t before)
{
	if (s->counted)
		s->h2->unread = s->h2->unread - before + s->out.len;
}

/* A request that has begun, or replies that nothing holds back: who leaves them lying keeps memory from others. */
static bool
may_stall(const struct h2_stream *s)
{
	if (s->out.len > 0 && (s->counted || s->finished))
		return true;
	if (s->half_closed)
		return false;
	if (s->call == NULL)
		return s->refusal != NULL;
	return s->prefix_len > 0 || (s->call->method->flags & RPC_CLIENT_STREAM) == 0;
}

static void stalled(struct deadline *deadline);

static void
watch_stall(struct h2_stream *s)
{
	s->moved_us = daemon_monotonic_us();
	if (s->stall.place != 0)
		return;
	s->stall.expired = stalled;
	if (!net_deadline_add(net_of(s), &s->stall, s->moved_us + LIMIT_STALLED_MS * INT64_C(1000)))
		conn_close(s->h2->conn, "out of memory");
}

/* Metadata of our own as header fields; keys and values lie in text, which has room for them. Returns how many. */
static size_t
put_metadata(const struct rpc_metadata *m, nghttp2_nv *nv, size_t max, uint8_t *text, size_t *used)
{
	size_t count = 0;

	for (; m != NULL && count < max; m = m->next) {
		size_t key_len = strlen(m->key), len = m->len;
		uint8_t *key = text + *used, *value = key + key_len;

		memcpy(key, m->key, key_len);
		if (grpc_key_is_binary(m->key, key_len))
			len = grpc_base64_encode(m->value, m->len, (char *)value);
		else if (len > 0)
			memcpy(value, m->value, len);
		*used += key_len + len;
		nv[count++] = nv_of((const char *)key, key_len, value, len);
	}
	return count;
}

static size_t
metadata_room(const struct rpc_metadata *m)
{
	size_t room = 0;

	for (; m != NULL; m = m->next)
		room += strlen(m->key) + 1 + GRPC_BASE64_LEN(m->len);
	return room;
}

static size_t
put_own_headers(const struct h2_stream *s, nghttp2_nv *nv)
{
	size_t count = 0;

	nv[count++] = NV(":status", "200");
	nv[count++] = NV("content-type", "application/grpc");
	if (s->out_gzip)
		nv[count++] = NV("grpc-encoding", "gzip");
	if (s->in_gzip || s->in_unknown)
		nv[count++] = NV("grpc-accept-encoding", "identity,gzip");
	return count;
}

static ssize_t
read_out(nghttp2_session *session, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
    nghttp2_data_source *source, void *arg)
{
	struct h2_stream *s = source->ptr;
	size_t n = 0, before = s->out.len;

	(void)arg;
	while (n < len && s->out.len > 0) {
		struct iovec iov[2];
		size_t some;

		outq_peek(&s->out, iov, 2);
		some = iov[0].iov_len < len - n ? iov[0].iov_len : len - n;
		memcpy(buf + n, iov[0].iov_base, some);
		outq_drop(&s->out, &net_of(s)->pool, some);
		n += some;
	}
	count_unread(s, before);
	if (s->out.len == 0)
		net_deadline_remove(net_of(s), &s->stall);
	else if (s->stall.place != 0)
		s->moved_us = daemon_monotonic_us();
	if (s->out.len == 0 && s->refusal != NULL) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	} else if (s->out.len == 0 && s->finished) {
		*flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		nghttp2_submit_trailer(session, id, s->trailers->nv, s->trailers->count);
		free(s->trailers);
		s->trailers = NULL;
	} else if (n == 0) {
		s->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	return (ssize_t)n;
}

/* HEADERS, and DATA as it comes. */
static void
submit(struct h2_stream *s)
{
	nghttp2_data_provider provider = {.source.ptr = s, .read_callback = read_out};
	nghttp2_nv nv[NV_MAX];
	const struct rpc_metadata *headers = s->call->headers;
	uint8_t *text = arena_alloc(s->call->arena, metadata_room(headers) + 1);
	size_t count, used = 0;

	s->submitted = true;
	count = put_own_headers(s, nv);
	if (text != NULL)
		count += put_metadata(headers, nv + count, NV_MAX - count, text, &used);
	if (nghttp2_submit_response(s->h2->session, s->id, nv, count, &provider) != 0)
		conn_close(s->h2->conn, "out of memory");
}

static void
resume(struct h2_stream *s)
{
	if (s->deferred) {
		s->deferred = false;
		nghttp2_session_resume_data(s->h2->session, s->id);
	}
	conn_mark_dirty(s->h2->conn);
}

static bool
is_stream(const struct h2_stream *s)
{
	return (s->call->method->flags & RPC_STREAM) != 0;
}

/* A caller that compresses its requests is answered likewise. */
static bool
wants_gzip(const struct h2_stream *s)
{
	switch (s->call->compression) {
	case RPC_COMPRESS_ALWAYS:
		return s->accepts_gzip;
	case RPC_COMPRESS_AUTO:
		return s->accepts_gzip && s->in_gzip;
	default:
		return false;
	}
}

static bool
queue(struct h2_stream *s, unsigned flag, const uint8_t *p, size_t len)
{
	struct out_pool *pool = &net_of(s)->pool;
	uint8_t prefix[GRPC_PREFIX_LEN];
	size_t before = s->out.len;
	bool ok;

	grpc_prefix_encode(prefix, flag, (uint32_t)len);
	ok = outq_add(&s->out, pool, prefix, sizeof prefix) && outq_add(&s->out, pool, p, len);
	count_unread(s, before);
	if (!ok)
		conn_close(s->h2->conn, "out of memory");
	else if (may_stall(s) && s->stall.place == 0)
		watch_stall(s);
	return ok;
}

static void
send_message(struct h2_stream *s, const uint8_t *p, size_t len)
{
	bool always = s->call->compression == RPC_COMPRESS_ALWAYS;
	uint8_t *packed = NULL;
	size_t packed_len;

	if (!s->submitted)
		s->out_gzip = wants_gzip(s);
	if (s->out_gzip && wants_gzip(s) && (always || len >= COMPRESS_MIN) &&
	    gzip_deflate(p, len, &packed, &packed_len)) {
		queue(s, GRPC_FLAG_COMPRESSED, packed, packed_len);
		free(packed);
	} else {
		queue(s, 0, p, len);
	}
	if (!s->submitted)
		submit(s);
	resume(s);
}

/* So much is unread that a large reply would only add to it. */
static bool
is_flooded(const struct h2_stream *s, size_t len)
{
	return len > LIMIT_REPLY_SMALL &&
	       (net_of(s)->pool.owned > LIMIT_OUTPUT_TOTAL || s->h2->unread > LIMIT_OUTPUT_MAX);
}

static void
on_send(struct rpc_call *call, const uint8_t *p, size_t len)
{
	struct h2_stream *s = call->transport_data;

	if (!is_stream(s) && is_flooded(s, len))
		s->flooded = true;
	else
		send_message(s, p, len);
}

static void
on_send_shared(struct rpc_call *call, struct rpc_bytes *bytes)
{
	struct h2_stream *s = call->transport_data;
	uint8_t prefix[GRPC_PREFIX_LEN];

	if (s->counted || s->out_gzip || wants_gzip(s)) {
		on_send(call, bytes->p, bytes->len);
		return;
	}
	grpc_prefix_encode(prefix, 0, (uint32_t)bytes->len);
	if (!outq_add_shared(&s->out, &net_of(s)->pool, prefix, sizeof prefix, bytes)) {
		conn_close(s->h2->conn, "out of memory");
		return;
	}
	if (!s->submitted)
		submit(s);
	resume(s);
}

static bool
has_room(const struct h2_stream *s)
{
	return s->out.len <= LIMIT_STREAM_QUEUE && net_of(s)->pool.owned <= LIMIT_OUTPUT_TOTAL;
}

static bool
on_is_writable(struct rpc_call *call)
{
	struct h2_stream *s = call->transport_data;

	if (has_room(s))
		return true;
	if (!s->wants_writable) {
		s->wants_writable = true;
		TAILQ_INSERT_TAIL(&s->h2->blocked, s, blocked_link);
	}
	return false;
}

static void
unblock(struct h2_stream *s)
{
	if (!s->wants_writable)
		return;
	s->wants_writable = false;
	TAILQ_REMOVE(&s->h2->blocked, s, blocked_link);
}

bool
h2_call_wake(struct h2_stream *s)
{
	if (!has_room(s))
		return false;
	unblock(s);
	rpc_writable(s->call);
	return true;
}

/* ---- the end ------------------------------------------------------------------------------------------------ */

/* google.rpc.Status, whose details come encoded; what does not fit of them is left out. Returns its length. */
static size_t
encode_status(const struct err *status, const uint8_t *details, size_t details_len, uint8_t *out)
{
	size_t message_len = strlen(status->msg), n = 0;

	out[n++] = 1 << 3; /* code */
	out[n++] = (uint8_t)status->code;
	out[n++] = 2 << 3 | 2; /* message */
	if (message_len >= 128)
		out[n++] = (uint8_t)(message_len | 128);
	out[n++] = (uint8_t)(message_len >= 128 ? message_len >> 7 : message_len);
	memcpy(out + n, status->msg, message_len);
	n += message_len;
	return n + grpc_details_trim(details, details_len, DETAILS_MAX, out + n);
}

static struct h2_trailers *
make_trailers(const struct h2_stream *s, const struct err *status, const uint8_t *details,
    size_t details_len, const struct rpc_call *call)
{
	uint8_t encoded[DETAILS_MAX + sizeof status->msg + 8];
	const struct rpc_metadata *headers = call != NULL && !s->submitted ? call->headers : NULL;
	const struct rpc_metadata *extra = call != NULL ? call->trailers : NULL;
	size_t message_len = strlen(status->msg), encoded_len = 0, used = 0;
	struct h2_trailers *t;
	uint8_t *code;

	if (details_len > 0)
		encoded_len = encode_status(status, details, details_len, encoded);
	t = malloc(sizeof *t + 4 + GRPC_PERCENT_LEN(message_len) + GRPC_BASE64_LEN(encoded_len) +
		   metadata_room(headers) + metadata_room(extra) + 1);
	if (t == NULL)
		return NULL;
	t->count = s->submitted ? 0 : put_own_headers(s, t->nv);
	code = t->bytes;
	used = (size_t)snprintf((char *)code, 4, "%d", (int)status->code);
	t->nv[t->count++] = nv_of("grpc-status", 11, code, used);
	if (status->code != ERR_OK && message_len > 0) {
		size_t len = grpc_percent_encode(status->msg, message_len, (char *)t->bytes + used);

		t->nv[t->count++] = nv_of("grpc-message", 12, t->bytes + used, len);
		used += len;
	}
	if (encoded_len > 0) {
		size_t len = grpc_base64_encode(encoded, encoded_len, (char *)t->bytes + used);

		t->nv[t->count++] = nv_of("grpc-status-details-bin", 23, t->bytes + used, len);
		used += len;
	}
	t->count += put_metadata(headers, t->nv + t->count, NV_MAX - t->count, t->bytes, &used);
	t->count += put_metadata(extra, t->nv + t->count, NV_MAX - t->count, t->bytes, &used);
	return t;
}

/* Ends the stream with a status; the call is over, or never was. */
static void
end_stream(struct h2_stream *s, const struct err *status, const uint8_t *details,
    size_t details_len, const struct rpc_call *call)
{
	struct h2_trailers *t = make_trailers(s, status, details, details_len, call);

	s->finished = true;
	if (t == NULL) {
		conn_close(s->h2->conn, "out of memory");
		return;
	}
	if (s->submitted) {
		s->trailers = t;
		resume(s);
		return;
	}
	s->submitted = true;
	nghttp2_submit_response(s->h2->session, s->id, t->nv, t->count, NULL);
	free(t);
	conn_mark_dirty(s->h2->conn);
}

static void
reset(struct h2_stream *s, uint32_t code)
{
	s->finished = true;
	nghttp2_submit_rst_stream(s->h2->session, NGHTTP2_FLAG_NONE, s->id, code);
	conn_mark_dirty(s->h2->conn);
}

static void
on_finish(
    struct rpc_call *call, const struct err *status, const uint8_t *details, size_t details_len)
{
	struct h2_stream *s = call->transport_data;
	struct err flooded;

	s->call = NULL;
	s->h2->running--;
	net_deadline_remove(net_of(s), &s->deadline);
	unblock(s);
	if (s->gone)
		return;
	if (s->out.len > 0)
		watch_stall(s);
	if (status->code == ERR_DEADLINE && s->out.len > 0) {
		/* Part of a reply may be out: there is no place for a status any more. */
		reset(s, NGHTTP2_CANCEL);
		return;
	}
	if (s->flooded && status->code == ERR_OK) {
		err_set(&flooded, ERR_LIMIT,
		    "too many replies wait to be read by their callers; read them first");
		end_stream(s, &flooded, NULL, 0, NULL);
		return;
	}
	end_stream(s, status, details, details_len, call);
}

static const struct rpc_transport transport = {on_send, on_send_shared, on_finish, on_is_writable};

void
h2_stream_free(struct h2_stream *s)
{
	struct net *net = net_of(s);

	s->gone = true;
	if (s->call != NULL)
		rpc_cancel(s->call, ERR_CANCELLED);
	nghttp2_session_set_stream_user_data(s->h2->session, s->id, NULL);
	TAILQ_REMOVE(&s->h2->streams, s, link);
	net_deadline_remove(net, &s->stall);
	net->input_owned -= s->message_cap;
	s->h2->unread -= s->counted ? s->out.len : 0;
	outq_fini(&s->out, &net->pool);
	free(s->message);
	free(s->trailers);
	free(s);
}

/* ---- requests ----------------------------------------------------------------------------------------------- */

static const struct h2_refusal not_post = {"405",
    "gRPC calls are POST requests to /plumb.v1.Service/Method. For HTTP/1.1 and JSON there is the "
    "HTTP "
    "port (setting http).\n"};
static const struct h2_refusal not_grpc = {"415",
    "This port speaks gRPC: content-type is application/grpc. For JSON there is the HTTP port "
    "(setting http).\n"};
static const struct h2_refusal too_long = {
    "431", "The header fields are more than this daemon takes.\n"};

/* An HTTP error, for who does not speak gRPC: answered when the request has ended, so that what is wrong with it shows first. */
static void
refuse_http(struct h2_stream *s, const struct h2_refusal *refusal)
{
	s->refusal = refusal;
	s->finished = true;
}

static void
answer_refusal(struct h2_stream *s)
{
	nghttp2_data_provider provider = {.source.ptr = s, .read_callback = read_out};
	nghttp2_nv nv[] = {
	    NV(":status", s->refusal->status), NV("content-type", "text/plain; charset=utf-8")};

	s->submitted = true;
	if (!outq_add(&s->out, &net_of(s)->pool, (const uint8_t *)s->refusal->text,
		strlen(s->refusal->text)) ||
	    nghttp2_submit_response(s->h2->session, s->id, nv, 2, &provider) != 0) {
		conn_close(s->h2->conn, "out of memory");
		return;
	}
	watch_stall(s);
	conn_mark_dirty(s->h2->conn);
}

static void
fail(struct h2_stream *s, const struct err *err)
{
	if (s->call != NULL)
		rpc_fail(s->call, err);
	else if (!s->finished)
		end_stream(s, err, NULL, 0, NULL);
}

static void
stalled(struct deadline *deadline)
{
	struct h2_stream *s =
	    (struct h2_stream *)(void *)((char *)deadline - offsetof(struct h2_stream, stall));
	int64_t until = s->moved_us + LIMIT_STALLED_MS * INT64_C(1000);
	struct err err;

	if (!may_stall(s) || (s->call != NULL && s->call->refused))
		return;
	if (until > daemon_monotonic_us()) {
		if (!net_deadline_add(net_of(s), &s->stall, until))
			conn_close(s->h2->conn, "out of memory");
		return;
	}
	if (s->call == NULL) {
		reset(s, NGHTTP2_CANCEL);
		return;
	}
	err_set(&err, ERR_DEADLINE, "no byte of the %s for %u s",
	    s->out.len > 0 ? "replies was read" : "request has come", LIMIT_STALLED_MS / 1000);
	rpc_fail(s->call, &err);
}

/* What a request's headers say. */
struct request {
	const char *method, *path, *type, *timeout, *encoding, *accepts, *claim, *token;
	size_t method_len, path_len, type_len, timeout_len, encoding_len, accepts_len, claim_len,
	    token_len;
};

static void
read_fields(const struct h2_head *head, struct request *r)
{
	const struct {
		const char *key;
		const char **value;
		size_t *len;
	} wanted[] = {
	    {":method", &r->method, &r->method_len},
	    {":path", &r->path, &r->path_len},
	    {"content-type", &r->type, &r->type_len},
	    {"grpc-timeout", &r->timeout, &r->timeout_len},
	    {"grpc-encoding", &r->encoding, &r->encoding_len},
	    {"grpc-accept-encoding", &r->accepts, &r->accepts_len},
	    {PEER_CLAIM_KEY, &r->claim, &r->claim_len},
	    {ACCESS_KEY, &r->token, &r->token_len},
	};

	for (unsigned i = 0; i < head->count; i++) {
		const struct h2_field *f = &head->fields[i];

		for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
			if (strlen(wanted[k].key) != f->key_len ||
			    memcmp(wanted[k].key, head->bytes + f->key, f->key_len) != 0)
				continue;
			*wanted[k].value = (const char *)head->bytes + f->value;
			*wanted[k].len = f->value_len;
		}
	}
}

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
find_method(const struct request *r, struct err *err)
{
	const char *service, *name;
	size_t service_len, name_len;
	const struct rpc_method *method;
	bool known = false;

	if (!grpc_path_split(r->path, r->path_len, &service, &service_len, &name, &name_len)) {
		err_set(err, ERR_UNIMPLEMENTED, "the path is not /package.Service/Method");
		return NULL;
	}
	method = rpc_find(service, service_len, name, name_len, &known);
	if (method != NULL)
		return method;
	if (!utf8_is_valid(r->path, r->path_len))
		err_set(err, ERR_UNIMPLEMENTED, "there is no such method");
	else if (known)
		err_set(err, ERR_UNIMPLEMENTED, "no method '%.*s' in %.*s",
		    echo_len(name, name_len), name, (int)service_len, service);
	else
		err_set(err, ERR_UNIMPLEMENTED,
		    "no service '%.*s' here; there are plumb.v1.Plan and others, which server "
		    "reflection lists",
		    echo_len(service, service_len), service);
	return NULL;
}

/* One value, or several joined by commas, of a key that ends in "-bin". */
static bool
add_binary(struct rpc_call *call, const char *key, size_t key_len, const char *p, size_t len,
    unsigned *left)
{
	for (; *left > 0; --*left) {
		const char *comma = memchr(p, ',', len);
		size_t one = comma != NULL ? (size_t)(comma - p) : len, n;
		uint8_t *value = arena_alloc(call->arena, one + 4);

		if (value == NULL)
			return false;
		/* What is no base64 is left out: it must not fail the call. */
		if (grpc_base64_decode(p, one, value, &n) &&
		    !rpc_add_metadata(call, key, key_len, value, n))
			return false;
		if (comma == NULL)
			return true;
		p += one + 1;
		len -= one + 1;
	}
	return true;
}

/* What lets callers in is nobody's but the transport's. */
static bool
is_secret(const char *key, size_t len)
{
	return len == strlen(ACCESS_KEY) && memcmp(key, ACCESS_KEY, len) == 0;
}

/* Values joined by commas are several: each costs as much as a field does. */
static bool
take_metadata(const struct h2_head *head, struct rpc_call *call, struct err *err)
{
	unsigned left = LIMIT_HEADER_FIELDS;

	for (unsigned i = 0; i < head->count; i++) {
		const struct h2_field *f = &head->fields[i];
		const char *key = (const char *)head->bytes + f->key;
		const uint8_t *value = head->bytes + f->value;
		bool ok;

		if (!grpc_key_is_metadata(key, f->key_len) || is_secret(key, f->key_len))
			continue;
		if (grpc_key_is_binary(key, f->key_len))
			ok = add_binary(
			    call, key, f->key_len, (const char *)value, f->value_len, &left);
		else
			ok = rpc_add_metadata(call, key, f->key_len, value, f->value_len);
		if (!ok)
			return err_oom(err);
		if (left == 0)
			return err_set(err, ERR_LIMIT, "more than %u values of binary metadata",
			    LIMIT_HEADER_FIELDS);
	}
	return true;
}

static void
expired(struct deadline *deadline)
{
	struct h2_stream *s =
	    (struct h2_stream *)(void *)((char *)deadline - offsetof(struct h2_stream, deadline));

	rpc_cancel(s->call, ERR_DEADLINE);
}

static bool
set_deadline(struct h2_stream *s, const struct request *r, struct err *err)
{
	int64_t ns, at_us;

	if (r->timeout == NULL)
		return true;
	if (!grpc_timeout_parse(r->timeout, r->timeout_len, &ns))
		return err_set(err, ERR_INTERNAL,
		    "grpc-timeout is malformed: 1 to 8 digits and one of H M S m u n");
	at_us = daemon_monotonic_us() + ns / 1000 + 1;
	s->call->deadline_us = at_us;
	s->deadline.expired = expired;
	return net_deadline_add(net_of(s), &s->deadline, at_us) || err_oom(err);
}

static void
read_encodings(struct h2_stream *s, const struct request *r)
{
	static const char identity[] = "identity", gzip[] = "gzip";

	s->accepts_gzip = grpc_list_has(r->accepts, r->accepts_len, gzip);
	if (r->encoding == NULL || grpc_list_has(r->encoding, r->encoding_len, identity))
		return;
	s->in_gzip = grpc_list_has(r->encoding, r->encoding_len, gzip);
	s->in_unknown = !s->in_gzip;
}

/* Leaves the caller in *out. *is_wrong: a token was shown that lets nobody in. */
static bool
identify(struct h2_conn *h2, const struct rpc_method *method, const struct request *r,
    struct caller *out, bool *is_wrong, struct err *err)
{
	struct shown shown = {
	    r->claim != NULL ? r->claim : "", r->claim_len, r->token, r->token_len};
	bool ok;

	if (!identity_is_asked(method))
		return peer_caller(&h2->conn->peer, shown.claim, shown.claim_len, out, err);
	ok = identity_find(
	    &h2->identity, &h2->conn->peer, h2->conn->net->options.access, &shown, err);
	*is_wrong = !ok && err->code == ERR_UNAUTHENTICATED && shown.token != NULL;
	*out = h2->identity.caller;
	return ok;
}

static bool
make_call(struct h2_stream *s, const struct request *r, struct err *err)
{
	struct h2_conn *h2 = s->h2;
	const struct rpc_method *method = find_method(r, err);
	struct caller caller;
	bool is_wrong = false;
	struct err why;

	if (h2->unread > LIMIT_OUTPUT_MAX)
		return err_set(err, ERR_LIMIT,
		    "more than %u MiB of replies wait on this connection to be read; read them "
		    "first",
		    LIMIT_OUTPUT_MAX >> 20);
	if (method == NULL || (!identify(h2, method, r, &caller, &is_wrong, err) && !is_wrong))
		return false;
	why = *err;
	s->call = rpc_call_new(net_of(s)->options.daemon, method, &transport, s, &caller);
	if (s->call == NULL)
		return err_set(err, ERR_LIMIT, "too many calls are running; try again later");
	h2->running++;
	h2->conn->life.used = true;
	s->counted = (method->flags & RPC_STREAM) == 0 || (method->flags & RPC_CLIENT_STREAM) != 0;
	read_encodings(s, r);
	if (!take_metadata(&h2->head, s->call, err) || !set_deadline(s, r, err))
		return false;
	if (is_wrong)
		access_refuse(h2->conn->net->options.access, s->call, &why);
	return true;
}

void
h2_call_begin(struct h2_stream *s)
{
	struct request r = {.method = NULL};
	struct err err;

	read_fields(&s->h2->head, &r);
	if (s->h2->head.too_large)
		refuse_http(s, &too_long);
	else if (r.method_len != 4 || memcmp(r.method, "POST", 4) != 0)
		refuse_http(s, &not_post);
	else if (r.type == NULL || !grpc_content_type_is_ours(r.type, r.type_len))
		refuse_http(s, &not_grpc);
	else if (s->h2->conn->state != CONN_OPEN)
		reset(s, NGHTTP2_REFUSED_STREAM);
	else if (!make_call(s, &r, &err))
		fail(s, &err);
	else if (s->call != NULL && s->call->method->flags & RPC_CLIENT_STREAM)
		rpc_begin(s->call);
	if (may_stall(s))
		watch_stall(s);
}

/* ---- messages ----------------------------------------------------------------------------------------------- */

static void
message_drop(struct h2_stream *s)
{
	net_of(s)->input_owned -= s->message_cap;
	free(s->message);
	s->message = NULL;
	s->prefix_len = 0;
	s->message_have = s->message_len = s->message_cap = 0;
}

/* Room for so many bytes of the message, or for more. */
static bool
message_reserve(struct h2_stream *s, uint32_t need, struct err *err)
{
	struct net *net = net_of(s);
	uint32_t cap = need > MESSAGE_MIN ? need * 2 : MESSAGE_MIN;
	uint8_t *p;

	if (cap > s->message_len)
		cap = s->message_len;
	if (s->message != NULL && need <= s->message_cap)
		return true;
	if (net->input_owned + cap - s->message_cap > LIMIT_INPUT_TOTAL)
		return err_set(
		    err, ERR_LIMIT, "too many requests are on their way; try again later");
	p = realloc(s->message, (size_t)cap + 1);
	if (p == NULL)
		return err_oom(err);
	net->input_owned += cap - s->message_cap;
	s->message = p;
	s->message_cap = cap;
	return true;
}

/* The prefix is complete: may such a message come? */
static bool
check_prefix(struct h2_stream *s, struct err *err)
{
	s->message_len = grpc_prefix_length(s->prefix);
	s->message_have = 0;
	s->message_compressed = s->prefix[0] == GRPC_FLAG_COMPRESSED;
	if (s->prefix[0] > GRPC_FLAG_COMPRESSED)
		return err_set(err, ERR_INTERNAL, "a message's first byte is 0 or 1");
	if (s->message_compressed && s->in_unknown)
		return err_set(
		    err, ERR_UNIMPLEMENTED, "messages are read plain or compressed by gzip");
	if (s->message_compressed && !s->in_gzip)
		return err_set(err, ERR_INTERNAL,
		    "a message is compressed, but grpc-encoding does not say how");
	if (s->message_len > LIMIT_FRAME_BODY)
		return err_set(err, ERR_LIMIT,
		    "the message has %u bytes, more than the limit of %u: split it", s->message_len,
		    LIMIT_FRAME_BODY);
	return message_reserve(s, 0, err);
}

static bool
unpack(struct h2_stream *s, struct err *err)
{
	uint8_t *plain;
	size_t len;

	s->call->was_compressed = s->message_compressed;
	if (!s->message_compressed)
		return true;
	if (!gzip_inflate(s->message, s->message_len, LIMIT_FRAME_BODY, &plain, &len, err))
		return false;
	net_of(s)->input_owned += len;
	net_of(s)->input_owned -= s->message_cap;
	free(s->message);
	s->message = plain;
	s->message_len = s->message_have = s->message_cap = (uint32_t)len;
	return true;
}

/* Whole. A call with one request waits for the end of the stream, others take it at once. */
static void
message_done(struct h2_stream *s)
{
	struct err err;

	s->messages++;
	if (!unpack(s, &err)) {
		fail(s, &err);
	} else if (s->call->method->flags & RPC_CLIENT_STREAM &&
		   (s->out.len > LIMIT_STREAM_OUTPUT || is_flooded(s, SIZE_MAX))) {
		err_set(&err, ERR_LIMIT,
		    "more than %u MiB of replies wait to be read; read them before asking on",
		    LIMIT_STREAM_OUTPUT >> 20);
		fail(s, &err);
	} else if (s->call->method->flags & RPC_CLIENT_STREAM) {
		rpc_message(s->call, s->message, s->message_len);
		message_drop(s);
	} else if (s->messages > 1) {
		err_set(&err, ERR_UNIMPLEMENTED,
		    "%s takes one request message, and got another one", s->call->method->name);
		fail(s, &err);
	}
}

void
h2_call_data(struct h2_stream *s, const uint8_t *p, size_t len)
{
	struct err err;

	if (s->call != NULL && s->call->refused)
		return;
	while (len > 0 && s->call != NULL) {
		size_t n;

		if (s->messages > 0 && s->message != NULL && s->message_have == s->message_len) {
			/* The one request is there, and more comes. */
			s->messages++;
			err_set(&err, ERR_UNIMPLEMENTED,
			    "%s takes one request message, and got another one",
			    s->call->method->name);
			fail(s, &err);
			return;
		}
		if (s->prefix_len < GRPC_PREFIX_LEN) {
			n = GRPC_PREFIX_LEN - s->prefix_len;
			n = n < len ? n : len;
			memcpy(s->prefix + s->prefix_len, p, n);
			s->prefix_len += (uint8_t)n;
			if (s->prefix_len == GRPC_PREFIX_LEN && !check_prefix(s, &err)) {
				fail(s, &err);
				return;
			}
		} else {
			n = s->message_len - s->message_have;
			n = n < len ? n : len;
			if (!message_reserve(s, s->message_have + (uint32_t)n, &err)) {
				fail(s, &err);
				return;
			}
			memcpy(s->message + s->message_have, p, n);
			s->message_have += (uint32_t)n;
		}
		p += n;
		len -= n;
		if (s->message != NULL && s->message_have == s->message_len)
			message_done(s);
	}
	if (may_stall(s))
		watch_stall(s);
}

void
h2_call_half_close(struct h2_stream *s)
{
	struct err err;

	s->half_closed = true;
	if (s->refusal != NULL && !s->submitted)
		answer_refusal(s);
	if (s->call == NULL || s->call->refused)
		return;
	if (s->prefix_len > 0 && (s->message == NULL || s->message_have < s->message_len)) {
		err_set(&err, ERR_INTERNAL, "the stream ended in the middle of a message");
		fail(s, &err);
	} else if (s->call->method->flags & RPC_CLIENT_STREAM) {
		rpc_half_close(s->call);
	} else if (s->messages == 0) {
		err_set(&err, ERR_UNIMPLEMENTED, "%s takes one request message, and got none",
		    s->call->method->name);
		fail(s, &err);
	} else {
		rpc_dispatch(s->call, s->message, s->message_len);
		message_drop(s);
	}
}
