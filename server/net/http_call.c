/* Calls of the Connect protocol (connectrpc.com/docs/protocol): unary ones, and streams of replies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/pb.h"
#include "common/utf8.h"
#include "server/limits.h"
#include "server/net/grpc_wire.h"
#include "server/net/gzip.h"
#include "server/net/http_conn.h"
#include "server/net/net_internal.h"
#include "server/rpc/access.h"
#include "server/rpc/daemon.h"
#include "server/rpc/metrics.h"
#include "server/rpc/rpc.h"

#define TEXT_MAX     ((size_t)64 << 20) /* JSON takes a few times what protobuf takes */
#define COMPRESS_MIN 1024u
#define TYPES                                                                                      \
	"application/json, application/proto, application/connect+json, application/connect+proto"

static const struct rpc_transport transport;

static struct net *
net_of(const struct http_conn *http)
{
	return http->conn->net;
}

static struct http_text
field(const struct http_conn *http, const char *name)
{
	return http_find(&http->head->request, name);
}

/* ---- errors ------------------------------------------------------------------------------------------------- */

void
http_answer_error(struct http_conn *http, int status, const struct err *err, const uint8_t *details,
    size_t details_len)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	connect_error_json(err, details, details_len, &text);
	if (err->code == ERR_UNAUTHENTICATED)
		http_add(http, "www-authenticate", "Bearer");
	http_answer(http, status != 0 ? status : connect_http_status(err->code), "application/json",
	    text.data, text.len);
	str_fini(&text);
}

/* ---- metadata ----------------------------------------------------------------------------------------------- */

/* Values of keys that end in "-bin" go in base64. */
static void
add_value(const struct rpc_metadata *m, struct str *out)
{
	char *text;

	if (!grpc_key_is_binary(m->key, strlen(m->key))) {
		str_add_len(out, (const char *)m->value, m->len);
		return;
	}
	text = malloc(GRPC_BASE64_LEN(m->len) + 1);
	if (text == NULL)
		return;
	str_add_len(out, text, grpc_base64_encode(m->value, m->len, text));
	free(text);
}

static void
add_metadata(struct http_conn *http, const struct rpc_metadata *m, const char *prefix)
{
	struct str name, value;

	str_init(&name, LIMIT_METADATA);
	str_init(&value, LIMIT_METADATA);
	for (; m != NULL; m = m->next) {
		str_reset(&name);
		str_reset(&value);
		str_addf(&name, "%s%s", prefix, m->key);
		add_value(m, &value);
		if (str_ok(&name) && str_ok(&value))
			http_add(http, name.data, value.data);
	}
	str_fini(&name);
	str_fini(&value);
}

static bool
is_first(const struct rpc_metadata *list, const struct rpc_metadata *m)
{
	while (list != m && strcmp(list->key, m->key) != 0)
		list = list->next;
	return list == m;
}

/* {"key":["value",…],…} */
static void
add_metadata_json(const struct rpc_metadata *list, struct str *out)
{
	struct str value;

	str_init(&value, LIMIT_METADATA);
	str_add_char(out, '{');
	for (const struct rpc_metadata *m = list; m != NULL; m = m->next) {
		if (!is_first(list, m))
			continue;
		str_add(out, m == list ? "" : ",");
		json_print_string(m->key, out);
		str_add(out, ":[");
		for (const struct rpc_metadata *v = m; v != NULL; v = v->next) {
			if (strcmp(v->key, m->key) != 0)
				continue;
			str_reset(&value);
			add_value(v, &value);
			str_add(out, v == m ? "" : ",");
			json_print_string(
			    utf8_is_valid(value.data, value.len) ? value.data : "", out);
		}
		str_add_char(out, ']');
	}
	str_add_char(out, '}');
	str_fini(&value);
}

/* One value, or several joined by commas. What is no base64 is left out: it must not fail the call. */
static bool
take_binary(struct rpc_call *call, const struct http_field *f, unsigned *left)
{
	const char *p = f->value.p;
	size_t len = f->value.len;

	for (; *left > 0; --*left) {
		const char *comma = memchr(p, ',', len);
		size_t one = comma != NULL ? (size_t)(comma - p) : len, n;
		uint8_t *value = arena_alloc(call->arena, one + 4);

		if (value == NULL)
			return false;
		if (grpc_base64_decode(p, one, value, &n) &&
		    !rpc_add_metadata(call, f->name.p, f->name.len, value, n))
			return false;
		if (comma == NULL)
			break;
		p += one + 1;
		len -= one + 1;
		while (len > 0 && *p == ' ') {
			p++;
			len--;
		}
	}
	return true;
}

/* What HTTP and Connect themselves carry is no metadata. */
static bool
is_metadata(struct http_text name)
{
	static const char *const own[] = {ACCESS_KEY, "accept", "connection", "expect",
	    "keep-alive", "origin", "transfer-encoding", "content-encoding", "upgrade", "trailer"};

	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		if (http_text_is(name, own[i]))
			return false;
	}
	return grpc_key_is_metadata(name.p, name.len) &&
	       !(name.len >= 8 && memcmp(name.p, "connect-", 8) == 0);
}

static bool
take_metadata(struct http_conn *http, struct err *err)
{
	const struct http_request *request = &http->head->request;
	struct rpc_call *call = http->call.call;
	unsigned left = LIMIT_HEADER_FIELDS;

	for (unsigned i = 0; i < request->fields_count; i++) {
		const struct http_field *f = &request->fields[i];
		bool ok = true;

		if (!is_metadata(f->name))
			continue;
		if (grpc_key_is_binary(f->name.p, f->name.len))
			ok = take_binary(call, f, &left);
		else
			ok = rpc_add_metadata(call, f->name.p, f->name.len,
			    (const uint8_t *)f->value.p, f->value.len);
		if (!ok)
			return err_oom(err);
		if (left == 0)
			return err_set(err, ERR_LIMIT, "more than %u values of binary metadata",
			    LIMIT_HEADER_FIELDS);
	}
	return true;
}

/* ---- replies ------------------------------------------------------------------------------------------------ */

/* A reply as it goes into the body. False: it cannot be made. */
static bool
print(const struct http_call *hc, const uint8_t *p, size_t len, struct str *out)
{
	const ProtobufCMessage *message;
	struct arena *arena;
	struct err err;

	if (!connect_is_json(hc->type)) {
		str_add_len(out, (const char *)p, len);
		return str_ok(out);
	}
	arena = arena_new(LIMIT_CALL_ARENA);
	if (arena == NULL)
		return false;
	message = pb_decode(hc->method->reply, p, len, false, arena, &err);
	if (message != NULL)
		json_print(message, 0, false, out);
	arena_free(arena);
	return message != NULL && str_ok(out);
}

static bool
may_compress(const struct http_call *hc, size_t len)
{
	if (!hc->out_gzip || hc->call == NULL || hc->call->compression == RPC_COMPRESS_NEVER)
		return false;
	return len >= COMPRESS_MIN || hc->call->compression == RPC_COMPRESS_ALWAYS;
}

static void
start_stream(struct http_conn *http)
{
	struct http_call *hc = &http->call;

	if (hc->started)
		return;
	hc->started = true;
	if (hc->call != NULL)
		add_metadata(http, hc->call->headers, "");
	if (hc->out_gzip)
		http_add(http, "connect-content-encoding", "gzip");
	http_add(http, "connect-accept-encoding", "gzip");
	http_start(http, 200, connect_type_name(hc->type));
}

/* One envelope in one chunk. */
static void
send_envelope(struct http_conn *http, unsigned flags, const void *p, size_t len)
{
	struct http_call *hc = &http->call;
	uint8_t *packed = NULL;
	size_t packed_len;
	uint8_t *all;

	start_stream(http);
	if (may_compress(hc, len) && gzip_deflate(p, len, &packed, &packed_len)) {
		flags |= CONNECT_FLAG_COMPRESSED;
		p = packed;
		len = packed_len;
	}
	all = malloc(CONNECT_ENVELOPE_LEN + len);
	if (all == NULL) {
		conn_close(http->conn, "out of memory");
	} else {
		grpc_prefix_encode(all, flags, (uint32_t)len);
		memcpy(all + CONNECT_ENVELOPE_LEN, p, len);
		http_piece(http, all, CONNECT_ENVELOPE_LEN + len);
	}
	free(all);
	free(packed);
}

static void
on_send(struct rpc_call *call, const uint8_t *p, size_t len)
{
	struct http_conn *http = call->transport_data;
	struct http_call *hc = &http->call;
	struct str text;

	if (!connect_is_stream(hc->type)) {
		hc->is_flooded =
		    len > LIMIT_REPLY_SMALL && net_of(http)->pool.owned > LIMIT_OUTPUT_TOTAL;
		hc->has_reply = !hc->is_flooded && print(hc, p, len, &hc->reply);
		return;
	}
	str_init(&text, TEXT_MAX);
	if (print(hc, p, len, &text))
		send_envelope(http, 0, text.data, text.len);
	else
		conn_close(http->conn, "out of memory");
	str_fini(&text);
}

static void
on_send_shared(struct rpc_call *call, struct rpc_bytes *bytes)
{
	on_send(call, bytes->p, bytes->len);
}

static size_t
unsent(const struct http_conn *http)
{
	return http->conn->out.len + http->conn->wire.len;
}

static bool
has_room(const struct http_conn *http)
{
	return unsent(http) == 0 || (unsent(http) <= LIMIT_STREAM_QUEUE &&
					net_of(http)->pool.owned <= LIMIT_OUTPUT_TOTAL);
}

static bool
on_is_writable(struct rpc_call *call)
{
	struct http_conn *http = call->transport_data;

	if (has_room(http))
		return true;
	http->call.waits = true;
	return false;
}

void
http_call_turn_end(struct http_conn *http)
{
	struct http_call *hc = &http->call;

	if (!hc->waits || hc->call == NULL)
		return;
	conn_write_out(http->conn);
	if (conn_is_dead(http->conn) || !has_room(http))
		return;
	hc->waits = false;
	rpc_writable(hc->call);
}

/* ---- the end ------------------------------------------------------------------------------------------------ */

/* {"error":…,"metadata":…}, in the envelope that ends a stream. */
static void
end_stream(struct http_conn *http, const struct err *status, const uint8_t *details,
    size_t details_len, const struct rpc_metadata *trailers)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	str_add_char(&text, '{');
	if (status->code != ERR_OK) {
		str_add(&text, "\"error\":");
		connect_error_json(status, details, details_len, &text);
	}
	if (trailers != NULL) {
		str_add(&text, status->code != ERR_OK ? ",\"metadata\":" : "\"metadata\":");
		add_metadata_json(trailers, &text);
	}
	str_add_char(&text, '}');
	if (str_ok(&text))
		send_envelope(http, CONNECT_FLAG_END, text.data, text.len);
	str_fini(&text);
	http_end(http);
}

static void
answer_reply(struct http_conn *http, bool compress)
{
	struct http_call *hc = &http->call;
	const char *type = connect_type_name(hc->type);
	uint8_t *packed = NULL;
	size_t len;

	http_add(http, "vary", "accept-encoding");
	if (compress &&
	    gzip_deflate((const uint8_t *)hc->reply.data, hc->reply.len, &packed, &len)) {
		http_add(http, "content-encoding", "gzip");
		http_answer(http, 200, type, packed, len);
	} else {
		http_answer(http, 200, type, hc->reply.data, hc->reply.len);
	}
	free(packed);
}

static void
end_unary(struct http_conn *http, const struct rpc_call *call, const struct err *status,
    const uint8_t *details, size_t details_len)
{
	struct http_call *hc = &http->call;
	struct err err;

	add_metadata(http, call->headers, "");
	add_metadata(http, call->trailers, "trailer-");
	if (status->code != ERR_OK) {
		http_answer_error(http, 0, status, details, details_len);
	} else if (!hc->has_reply) {
		err_set(&err, ERR_LIMIT,
		    hc->is_flooded
			? "too many replies wait to be read by their callers; read them first"
			: "the reply does not fit into memory; ask for smaller pages");
		http_answer_error(http, 0, &err, NULL, 0);
	} else {
		answer_reply(http, may_compress(hc, hc->reply.len));
	}
}

static void
on_finish(
    struct rpc_call *call, const struct err *status, const uint8_t *details, size_t details_len)
{
	struct http_conn *http = call->transport_data;
	struct http_call *hc = &http->call;

	net_deadline_remove(net_of(http), &hc->deadline);
	/* Closing: its request was answered already, as one that is too long or too slow. */
	if (conn_is_dead(http->conn) || http->conn->state == CONN_CLOSING) {
		hc->call = NULL;
	} else if (connect_is_stream(hc->type)) {
		start_stream(http);
		hc->call = NULL;
		end_stream(http, status, details, details_len, call->trailers);
	} else {
		end_unary(http, call, status, details, details_len);
		hc->call = NULL;
	}
	str_fini(&hc->reply);
}

static const struct rpc_transport transport = {on_send, on_send_shared, on_finish, on_is_writable};

void
http_call_cancel(struct http_conn *http)
{
	if (http->call.call != NULL)
		rpc_cancel(http->call.call, ERR_CANCELLED);
}

/* ---- requests ----------------------------------------------------------------------------------------------- */

/* Before there is a call; as streams have it where one was asked for. */
static bool
fail(struct http_conn *http, int status, const struct err *err)
{
	if (connect_is_stream(http->call.type) && status == 0)
		end_stream(http, err, NULL, 0, NULL);
	else
		http_answer_error(http, status, err, NULL, 0);
	return false;
}

static bool
find_method(struct http_conn *http)
{
	struct http_text path = http->head->request.path;
	const char *service, *name;
	size_t service_len, name_len;
	struct err err;
	bool known;

	if (grpc_path_split(path.p, path.len, &service, &service_len, &name, &name_len))
		http->call.method = rpc_find(service, service_len, name, name_len, &known);
	if (http->call.method != NULL)
		return true;
	metrics_refused("unknown_method");
	err_set(&err, ERR_UNIMPLEMENTED,
	    "there is no method at this path: POST /plumb.v1.Plan/Get, for example");
	return fail(http, 404, &err);
}

static bool
refuse_type(struct http_conn *http, const char *why)
{
	metrics_refused("content_type");
	http_add(http, "accept-post", TYPES);
	http_answer_text(http, 415, why);
	return false;
}

static bool
check_type(struct http_conn *http)
{
	struct http_text type = field(http, "content-type");
	struct http_call *hc = &http->call;
	struct err err;

	hc->type = connect_type_of(type.p, type.len);
	if (!find_method(http))
		return false;
	if (hc->type == CONNECT_NONE)
		return refuse_type(http,
		    "a call's content-type is application/json or application/proto, that of a "
		    "stream application/connect+json or application/connect+proto\n");
	if (hc->method->flags & RPC_CLIENT_STREAM) {
		err_set(&err, ERR_UNIMPLEMENTED, "%s streams requests: call it by gRPC",
		    hc->method->name);
		return fail(http, 0, &err);
	}
	if (((hc->method->flags & RPC_STREAM) != 0) == connect_is_stream(hc->type))
		return true;
	return refuse_type(http,
	    connect_is_stream(hc->type)
		? "this method is no stream: its content-type is application/json or "
		  "application/proto\n"
		: "this method streams its replies: its content-type is application/connect+json "
		  "or application/connect+proto\n");
}

/* How bodies may be compressed, and what else the protocol says of itself. */
static bool
check_protocol(struct http_conn *http)
{
	struct http_call *hc = &http->call;
	bool streams = connect_is_stream(hc->type);
	struct http_text version = field(http, "connect-protocol-version");
	struct http_text encoding =
	    field(http, streams ? "connect-content-encoding" : "content-encoding");
	struct err err;

	hc->out_gzip = http_list_accepts(
	    field(http, streams ? "connect-accept-encoding" : "accept-encoding"), "gzip");
	if (version.p != NULL && !http_text_is(version, "1")) {
		err_set(&err, ERR_INVALID, "connect-protocol-version is 1");
		return fail(http, 0, &err);
	}
	if (streams && field(http, "content-encoding").p != NULL &&
	    !http_text_is(field(http, "content-encoding"), "identity"))
		encoding =
		    field(http, "content-encoding"); /* envelopes are compressed, not streams */
	else
		hc->in_gzip = http_text_is(encoding, "gzip");
	if (encoding.p == NULL || hc->in_gzip || http_text_is(encoding, "identity"))
		return true;
	err_set(&err, ERR_UNIMPLEMENTED, "requests are read plain or compressed by gzip");
	http_add(http, streams ? "connect-accept-encoding" : "accept-encoding", "gzip");
	return fail(http, 0, &err);
}

static void
expired(struct deadline *deadline)
{
	struct http_call *hc =
	    (struct http_call *)(void *)((char *)deadline - offsetof(struct http_call, deadline));

	rpc_cancel(hc->call, ERR_DEADLINE);
}

static bool
set_deadline(struct http_conn *http, struct err *err)
{
	struct http_text text = field(http, "connect-timeout-ms");
	struct http_call *hc = &http->call;
	int64_t ms, at_us;

	if (text.p == NULL)
		return true;
	if (!connect_timeout_parse(text.p, text.len, &ms))
		return err_set(err, ERR_INVALID, "connect-timeout-ms has 1 to 10 digits");
	at_us = hc->call->started_us + ms * 1000;
	hc->call->deadline_us = at_us;
	hc->deadline.expired = expired;
	return net_deadline_add(net_of(http), &hc->deadline, at_us) || err_oom(err);
}

/* The one request message of a stream lies in an envelope. */
static bool
unwrap(
    const struct http_call *hc, const uint8_t **p, size_t *len, bool *compressed, struct err *err)
{
	if (!connect_envelope_parse(*p, *len, compressed))
		return err_set(err, ERR_INVALID,
		    "the body is one envelope: a byte of flags, 4 bytes of length, the message");
	if (*compressed && !hc->in_gzip)
		return err_set(err, ERR_INVALID,
		    "the envelope is compressed, but connect-content-encoding does not say how");
	*p += CONNECT_ENVELOPE_LEN;
	*len -= CONNECT_ENVELOPE_LEN;
	return true;
}

/* "changes[3].put: no such field" is about that path; what is said of a line and column is about all of it. */
static void
add_violation(struct rpc_call *call, const char *why)
{
	size_t len = strcspn(why, ": ");
	char path[sizeof((struct err *)0)->msg] = "";

	if (why[len] == ':') {
		memcpy(path, why, len);
		why += len + strspn(why + len, ": ");
	}
	faults_add(call->faults, path, "%s", why);
}

/* As protobuf, in the call's memory. */
static bool
decode_json(struct rpc_call *call, const uint8_t **p, size_t *len, struct err *err)
{
	const char *text = (const char *)*p;
	const ProtobufCMessage *message;

	if (json_count(text, *len) > LIMIT_JSON_VALUES)
		return err_set(err, ERR_LIMIT,
		    "the body has more than %u values: split it, or send application/proto",
		    LIMIT_JSON_VALUES);
	message = json_parse(call->method->request, text, *len, call->arena, err);
	if (message == NULL) {
		add_violation(call, err->msg);
		return false;
	}
	*p = pb_encode(message, call->arena, len);
	return *p != NULL || err_oom(err);
}

static void
dispatch(struct http_conn *http, const uint8_t *p, size_t len)
{
	struct http_call *hc = &http->call;
	struct rpc_call *call = hc->call;
	bool compressed = hc->in_gzip;
	uint8_t *plain = NULL;
	struct err err;

	if (connect_is_stream(hc->type) && !unwrap(hc, &p, &len, &compressed, &err)) {
		rpc_fail(call, &err);
		return;
	}
	call->was_compressed = compressed;
	if (compressed) {
		if (!gzip_inflate(p, len, LIMIT_FRAME_BODY, &plain, &len, &err)) {
			if (err.code == ERR_INTERNAL)
				err.code = ERR_INVALID;
			rpc_fail(call, &err);
			return;
		}
		p = plain;
	}
	if (connect_is_json(hc->type) && !decode_json(call, &p, &len, &err))
		rpc_fail(call, &err);
	else
		rpc_dispatch(call, p, len);
	free(plain);
}

void
http_call_run(struct http_conn *http)
{
	static const uint8_t empty[] = "";
	const uint8_t *p = http->body != NULL ? http->body : empty;

	dispatch(http, p, http->body_len);
}

/* The call of a caller who is not known ends here; whoever showed a token that is none waits for it. */
static void
refuse_caller(struct http_conn *http, const struct err *err)
{
	struct access_book *book = net_of(http)->options.access;

	metrics_refused("unauthenticated");
	if (book != NULL && err->code == ERR_UNAUTHENTICATED && field(http, ACCESS_KEY).p != NULL)
		access_refuse(book, http->call.call, err);
	else
		rpc_fail(http->call.call, err);
}

/* Health checks answer anybody. */
static bool
find_caller(struct http_conn *http, struct caller *caller, struct err *err)
{
	return http_caller(http, caller, err) ||
	       (err->code == ERR_UNAUTHENTICATED && !identity_is_asked(http->call.method));
}

bool
http_call_check(struct http_conn *http)
{
	struct http_call *hc = &http->call;
	struct caller caller;
	struct err err, who;
	bool known;

	*hc = (struct http_call){.call = NULL};
	str_init(&hc->reply, TEXT_MAX);
	if (!http_check_origin(http)) {
		err_set(&err, ERR_DENIED,
		    "pages of this origin may not call: cors_origins lists those that may");
		return fail(http, 403, &err);
	}
	if (!check_type(http) || !check_protocol(http))
		return false;
	known = find_caller(http, &caller, &who);
	hc->call =
	    rpc_call_new(net_of(http)->options.daemon, hc->method, &transport, http, &caller);
	if (hc->call == NULL) {
		err_set(&err, ERR_LIMIT, "too many calls are running; try again later");
		return fail(http, 0, &err);
	}
	if (!known) {
		refuse_caller(http, &who);
		return false;
	}
	if (take_metadata(http, &err) && set_deadline(http, &err))
		return true;
	rpc_fail(hc->call, &err);
	return false;
}
