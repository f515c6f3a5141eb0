#include "server/net/http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/http.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/frame.h"
#include "common/json.h"
#include "common/pb.h"
#include "common/str.h"
#include "server/limits.h"
#include "server/net/addr.h"
#include "server/net/connect_wire.h"
#include "server/net/grpc_wire.h"
#include "server/net/peer.h"
#include "server/rpc/daemon.h"
#include "server/rpc/metrics.h"
#include "server/rpc/rpc.h"

#define LISTEN_MAX  4
#define HEADERS_MAX (16 << 10)
#define IDLE_S      60
#define TEXT_MAX    ((size_t)64 << 20)

/* A call that came as a request. Freed when both have ended. */
struct http_call {
	struct http *http;
	struct evhttp_request *request; /* NULL: answered, or the connection is lost */
	struct rpc_call *call;          /* NULL: over */
	enum connect_type type;
	struct evbuffer *reply; /* a unary reply, until the call has ended */
	bool started;           /* a stream's headers are out */
	bool waits;             /* its handler waits for room */
	struct event deadline;
	LIST_ENTRY(http_call) link;
};

struct http {
	struct http_options options;
	struct evhttp *server;
	char addresses[LISTEN_MAX][ADDR_TEXT_LEN];
	size_t addresses_count;
	bool draining;
	LIST_HEAD(, http_call) calls;
};

static const struct rpc_transport transport;

/* ---- answers ------------------------------------------------------------------------------------------------ */

static void
add_header(struct evhttp_request *request, const char *key, const char *value)
{
	(void)evhttp_add_header(evhttp_request_get_output_headers(request), key, value);
}

static const char *
header(struct evhttp_request *request, const char *key)
{
	return evhttp_find_header(evhttp_request_get_input_headers(request), key);
}

static bool
is_allowed(const struct http *http, const char *origin)
{
	for (const char *const *o = http->options.origins; o != NULL && *o != NULL; o++) {
		if (strcmp(*o, origin) == 0)
			return true;
	}
	return false;
}

/* Pages of listed origins may read the answer. */
static void
add_cors(const struct http *http, struct evhttp_request *request)
{
	const char *origin = header(request, "Origin");

	if (origin == NULL || !is_allowed(http, origin))
		return;
	add_header(request, "Access-Control-Allow-Origin", origin);
	add_header(request, "Vary", "Origin");
}

static void
answer(struct evhttp_request *request, int status, const char *type, const char *body, size_t len)
{
	struct evbuffer *buffer = evbuffer_new();

	if (buffer != NULL && len > 0)
		evbuffer_add(buffer, body, len);
	add_header(request, "Content-Type", type);
	evhttp_send_reply(request, status, NULL, buffer);
	if (buffer != NULL)
		evbuffer_free(buffer);
}

static void
answer_text(struct evhttp_request *request, int status, const char *text)
{
	answer(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void
answer_error(const struct http *http, struct evhttp_request *request, const struct err *err,
    const uint8_t *details, size_t details_len)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	connect_error_json(err, details, details_len, &text);
	add_cors(http, request);
	answer(request, connect_http_status(err->code), "application/json", text.data, text.len);
	str_fini(&text);
}

/* ---- calls -------------------------------------------------------------------------------------------------- */

static void
http_call_free(struct http_call *hc)
{
	event_del(&hc->deadline);
	LIST_REMOVE(hc, link);
	if (hc->reply != NULL)
		evbuffer_free(hc->reply);
	free(hc);
}

/* A reply as it goes into the body; false: it cannot be made. */
static bool
add_message(struct http_call *hc, const uint8_t *p, size_t len, struct evbuffer *out)
{
	const ProtobufCMessage *message;
	struct arena *arena;
	struct str text;
	struct err err;
	bool ok;

	if (!connect_is_json(hc->type))
		return evbuffer_add(out, p, len) == 0;
	arena = arena_new(LIMIT_CALL_ARENA);
	if (arena == NULL)
		return false;
	message = pb_decode(hc->call->method->reply, p, len, false, arena, &err);
	str_init(&text, TEXT_MAX);
	if (message != NULL)
		json_print(message, 0, false, &text);
	ok = message != NULL && str_ok(&text) && evbuffer_add(out, text.data, text.len) == 0;
	str_fini(&text);
	arena_free(arena);
	return ok;
}

static void
envelope(uint8_t flags, struct evbuffer *body, struct evbuffer *out)
{
	uint8_t head[CONNECT_ENVELOPE_LEN];

	grpc_prefix_encode(head, flags, (uint32_t)evbuffer_get_length(body));
	evbuffer_add(out, head, sizeof head);
	evbuffer_add_buffer(out, body);
}

static void
start_stream(struct http_call *hc)
{
	if (hc->started)
		return;
	hc->started = true;
	add_header(hc->request, "Content-Type", connect_type_name(hc->type));
	add_cors(hc->http, hc->request);
	evhttp_send_reply_start(hc->request, 200, NULL);
}

static size_t
unsent(const struct http_call *hc)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(hc->request);

	return conn == NULL ? 0
			    : evbuffer_get_length(
				  bufferevent_get_output(evhttp_connection_get_bufferevent(conn)));
}

static void
on_chunk_sent(struct evhttp_connection *conn, void *arg)
{
	struct http_call *hc = arg;

	(void)conn;
	if (!hc->waits || hc->call == NULL)
		return;
	hc->waits = false;
	rpc_writable(hc->call);
}

static void
send_chunk(struct http_call *hc, uint8_t flags, struct evbuffer *body)
{
	struct evbuffer *chunk = evbuffer_new();

	if (chunk == NULL)
		return;
	start_stream(hc);
	envelope(flags, body, chunk);
	evhttp_send_reply_chunk_with_cb(hc->request, chunk, on_chunk_sent, hc);
	evbuffer_free(chunk);
}

static void
on_send(struct rpc_call *call, const uint8_t *p, size_t len)
{
	struct http_call *hc = call->transport_data;
	struct evbuffer *body;

	if (hc->request == NULL)
		return;
	if (!connect_is_stream(hc->type)) {
		hc->reply = evbuffer_new();
		if (hc->reply != NULL && !add_message(hc, p, len, hc->reply)) {
			evbuffer_free(hc->reply);
			hc->reply = NULL;
		}
		return;
	}
	body = evbuffer_new();
	if (body != NULL && add_message(hc, p, len, body))
		send_chunk(hc, 0, body);
	if (body != NULL)
		evbuffer_free(body);
}

static void
on_send_shared(struct rpc_call *call, struct rpc_bytes *bytes)
{
	on_send(call, bytes->p, bytes->len);
}

static bool
on_is_writable(struct rpc_call *call)
{
	struct http_call *hc = call->transport_data;

	if (hc->request == NULL || unsent(hc) <= LIMIT_STREAM_QUEUE)
		return true;
	hc->waits = true;
	return false;
}

/* {} or {"error":…}, in the envelope that ends a stream. */
static void
end_stream(
    struct http_call *hc, const struct err *status, const uint8_t *details, size_t details_len)
{
	struct evbuffer *body = evbuffer_new();
	struct str text;

	str_init(&text, TEXT_MAX);
	str_add(&text, "{");
	if (status->code != ERR_OK) {
		str_add(&text, "\"error\":");
		connect_error_json(status, details, details_len, &text);
	}
	str_add(&text, "}");
	if (body != NULL && str_ok(&text)) {
		evbuffer_add(body, text.data, text.len);
		send_chunk(hc, CONNECT_FLAG_END, body);
	}
	evhttp_send_reply_end(hc->request);
	str_fini(&text);
	if (body != NULL)
		evbuffer_free(body);
}

static void
end_unary(
    struct http_call *hc, const struct err *status, const uint8_t *details, size_t details_len)
{
	struct err err;

	if (status->code == ERR_OK && hc->reply == NULL) {
		err_set(&err, ERR_LIMIT, "the reply does not fit into memory");
		answer_error(hc->http, hc->request, &err, NULL, 0);
	} else if (status->code != ERR_OK) {
		answer_error(hc->http, hc->request, status, details, details_len);
	} else {
		add_header(hc->request, "Content-Type", connect_type_name(hc->type));
		add_cors(hc->http, hc->request);
		evhttp_send_reply(hc->request, 200, NULL, hc->reply);
	}
}

static void
forget_connection(struct http_call *hc)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(hc->request);

	if (conn != NULL)
		evhttp_connection_set_closecb(conn, NULL, NULL);
}

static void
on_finish(
    struct rpc_call *call, const struct err *status, const uint8_t *details, size_t details_len)
{
	struct http_call *hc = call->transport_data;

	if (hc->request != NULL) {
		forget_connection(hc);
		if (connect_is_stream(hc->type))
			end_stream(hc, status, details, details_len);
		else
			end_unary(hc, status, details, details_len);
		hc->request = NULL;
	}
	hc->call = NULL;
	http_call_free(hc);
}

static const struct rpc_transport transport = {on_send, on_send_shared, on_finish, on_is_writable};

static void
on_lost(struct evhttp_connection *conn, void *arg)
{
	struct http_call *hc = arg;

	(void)conn;
	hc->request = NULL; /* libevent frees it with the connection */
	rpc_cancel(hc->call, ERR_CANCELLED);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct http_call *hc = arg;

	(void)fd;
	(void)what;
	rpc_cancel(hc->call, ERR_DEADLINE);
}

/* ---- requests ----------------------------------------------------------------------------------------------- */

/* Everything that can be wrong before there is a call. */
static const struct rpc_method *
find_method(struct evhttp_request *request, struct err *err)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	const char *service, *name;
	size_t service_len, name_len;
	const struct rpc_method *method = NULL;
	bool known;

	if (grpc_path_split(path, strlen(path), &service, &service_len, &name, &name_len))
		method = rpc_find(service, service_len, name, name_len, &known);
	if (method == NULL)
		err_set(err, ERR_UNIMPLEMENTED,
		    "there is no method at this path: POST /plumb.v1.Plan/Get, for example");
	return method;
}

static bool
check_type(const struct rpc_method *method, enum connect_type type, struct err *err)
{
	bool streams = (method->flags & (RPC_STREAM | RPC_CLIENT_STREAM)) != 0;

	if (method->flags & RPC_CLIENT_STREAM)
		return err_set(
		    err, ERR_UNIMPLEMENTED, "%s streams requests: call it by gRPC", method->name);
	if (streams == connect_is_stream(type))
		return true;
	return err_set(err, ERR_INVALID,
	    streams ? "%s streams replies: use content-type application/connect+json"
		    : "%s is no stream: use content-type application/json",
	    method->name);
}

/* The one request message of a stream lies in an envelope. */
static bool
unwrap(const uint8_t **p, size_t *len, struct err *err)
{
	if (*len < CONNECT_ENVELOPE_LEN || (*p)[0] != 0 ||
	    grpc_prefix_length(*p) != *len - CONNECT_ENVELOPE_LEN)
		return err_set(err, ERR_INVALID,
		    "the body is one envelope: a zero byte, 4 bytes of length, the message");
	*p += CONNECT_ENVELOPE_LEN;
	*len -= CONNECT_ENVELOPE_LEN;
	return true;
}

/* The request as protobuf; made from JSON in the call's memory. */
static bool
read_body(struct http_call *hc, const uint8_t **p, size_t *len, struct err *err)
{
	ProtobufCMessage *message;

	if (connect_is_stream(hc->type) && !unwrap(p, len, err))
		return false;
	if (!connect_is_json(hc->type))
		return true;
	message =
	    json_parse(hc->call->method->request, (const char *)*p, *len, hc->call->arena, err);
	if (message == NULL)
		return false;
	*p = pb_encode(message, hc->call->arena, len);
	return *p != NULL || err_oom(err);
}

static bool
set_deadline(struct http_call *hc, struct err *err)
{
	const char *text = header(hc->request, "Connect-Timeout-Ms");
	struct timeval delay;
	int64_t ms;

	if (text == NULL)
		return true;
	if (!connect_timeout_parse(text, &ms))
		return err_set(err, ERR_INVALID, "connect-timeout-ms has 1 to 10 digits");
	hc->call->deadline_us = daemon_monotonic_us() + ms * 1000;
	delay = (struct timeval){ms / 1000, ms % 1000 * 1000};
	evtimer_add(&hc->deadline, &delay);
	return true;
}

static struct http_call *
make_call(struct http *http, struct evhttp_request *request, const struct rpc_method *method,
    enum connect_type type, struct err *err)
{
	const struct peer peer = {.loopback = true};
	const char *claim = header(request, PEER_CLAIM_KEY);
	struct http_call *hc;
	struct caller caller;

	claim = claim != NULL ? claim : "";
	if (!peer_caller(&peer, claim, strlen(claim), &caller, err))
		return NULL;
	hc = calloc(1, sizeof *hc);
	if (hc == NULL) {
		err_oom(err);
		return NULL;
	}
	*hc = (struct http_call){.http = http, .request = request, .type = type};
	evtimer_assign(&hc->deadline, http->options.base, on_deadline, hc);
	hc->call = rpc_call_new(http->options.daemon, method, &transport, hc, &caller);
	if (hc->call == NULL) {
		err_set(err, ERR_LIMIT, "too many calls are running; try again later");
		free(hc);
		return NULL;
	}
	LIST_INSERT_HEAD(&http->calls, hc, link);
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_lost, hc);
	return hc;
}

static void
begin(struct http *http, struct evhttp_request *request, const struct rpc_method *method,
    enum connect_type type)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(body);
	struct http_call *hc;
	const uint8_t *p;
	struct err err;

	hc = make_call(http, request, method, type, &err);
	if (hc == NULL) {
		answer_error(http, request, &err, NULL, 0);
		return;
	}
	p = evbuffer_pullup(body, -1);
	if (!set_deadline(hc, &err) || !read_body(hc, &p, &len, &err))
		rpc_fail(hc->call, &err);
	else
		rpc_dispatch(hc->call, p, len);
}

static void
on_call(struct http *http, struct evhttp_request *request)
{
	enum connect_type type = connect_type_of(header(request, "Content-Type"));
	const char *encoding = header(request, "Content-Encoding");
	const struct rpc_method *method;
	struct err err;

	if (type == CONNECT_NONE) {
		add_header(request, "Accept-Post",
		    "application/json, application/proto, application/connect+json, "
		    "application/connect+proto");
		answer_text(request, 415,
		    "a call's content-type is application/json or application/proto, that of a "
		    "stream application/connect+json or application/connect+proto\n");
		return;
	}
	method = find_method(request, &err);
	if (method == NULL || !check_type(method, type, &err)) {
		answer_error(http, request, &err, NULL, 0);
	} else if (http->draining) {
		err_set(&err, ERR_UNAVAILABLE, "the daemon is stopping; try again in a moment");
		answer_error(http, request, &err, NULL, 0);
	} else if (encoding != NULL && strcmp(encoding, "identity") != 0) {
		err_set(&err, ERR_UNIMPLEMENTED, "requests are read plain: no content-encoding");
		answer_error(http, request, &err, NULL, 0);
	} else {
		begin(http, request, method, type);
	}
}

static void
on_metrics(struct http *http, struct evhttp_request *request)
{
	struct str text;

	str_init(&text, TEXT_MAX);
	metrics_text(http->options.daemon, &text);
	answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", text.data, text.len);
	str_fini(&text);
}

/* What a browser asks before it calls from a page of another origin. */
static void
on_preflight(struct http *http, struct evhttp_request *request)
{
	const char *origin = header(request, "Origin");

	if (origin != NULL && is_allowed(http, origin)) {
		add_cors(http, request);
		add_header(request, "Access-Control-Allow-Methods", "POST");
		add_header(request, "Access-Control-Allow-Headers",
		    "content-type, connect-protocol-version, connect-timeout-ms, "
		    "authorization, " PEER_CLAIM_KEY);
		add_header(request, "Access-Control-Max-Age", "7200");
	}
	evhttp_send_reply(request, 204, NULL, NULL);
}

static void
on_get(struct http *http, struct evhttp_request *request)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));

	if (strcmp(path, "/healthz") == 0)
		answer_text(request, 200, "ok\n");
	else if (strcmp(path, "/readyz") == 0)
		answer_text(
		    request, http->draining ? 503 : 200, http->draining ? "stopping\n" : "ok\n");
	else if (strcmp(path, "/metrics") == 0)
		on_metrics(http, request);
	else
		answer_text(request, 404, "there are /healthz, /readyz and /metrics\n");
}

static void
on_request(struct evhttp_request *request, void *arg)
{
	struct http *http = arg;

	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD:
		on_get(http, request);
		break;
	case EVHTTP_REQ_POST:
		on_call(http, request);
		break;
	case EVHTTP_REQ_OPTIONS:
		on_preflight(http, request);
		break;
	default:
		add_header(request, "Allow", "GET, HEAD, POST, OPTIONS");
		answer_text(request, 405, "GET or POST\n");
	}
}

/* ---- the port ----------------------------------------------------------------------------------------------- */

struct http *
http_new(const struct http_options *options, struct err *err)
{
	struct http *http = calloc(1, sizeof *http);

	if (http == NULL || (http->server = evhttp_new(options->base)) == NULL) {
		free(http);
		err_oom(err);
		return NULL;
	}
	http->options = *options;
	LIST_INIT(&http->calls);
	evhttp_set_max_headers_size(http->server, HEADERS_MAX);
	evhttp_set_max_body_size(http->server, LIMIT_FRAME_BODY);
	evhttp_set_timeout(http->server, IDLE_S);
	evhttp_set_allowed_methods(
	    http->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_OPTIONS);
	evhttp_set_default_content_type(http->server, NULL);
	evhttp_set_gencb(http->server, on_request, http);
	return http;
}

void
http_free(struct http *http)
{
	struct http_call *hc;

	if (http == NULL)
		return;
	while ((hc = LIST_FIRST(&http->calls)) != NULL)
		rpc_cancel(hc->call, ERR_UNAVAILABLE);
	evhttp_free(http->server);
	free(http);
}

static void
read_back(struct http *http, const struct addr *wanted, evutil_socket_t fd)
{
	struct addr actual = *wanted;

	if (getsockname(fd, (struct sockaddr *)&actual.storage, &actual.len) != 0)
		actual = *wanted;
	addr_format(&actual, http->addresses[http->addresses_count++]);
}

bool
http_listen(struct http *http, const char *address, struct err *err)
{
	struct evhttp_bound_socket *bound;
	char host[INET6_ADDRSTRLEN];
	struct sockaddr_in6 six;
	struct sockaddr_in four;
	struct addr addr;
	uint16_t port;

	if (!addr_parse(address, &addr, err))
		return false;
	if (addr_is_unix(&addr) || http->addresses_count == LISTEN_MAX)
		return err_set(err, ERR_INVALID,
		    "--http %.100s: a TCP address, and at most %d of them", address, LISTEN_MAX);
	if (addr.storage.ss_family == AF_INET6) {
		memcpy(&six, &addr.storage, sizeof six);
		evutil_inet_ntop(AF_INET6, &six.sin6_addr, host, sizeof host);
		port = ntohs(six.sin6_port);
	} else {
		memcpy(&four, &addr.storage, sizeof four);
		evutil_inet_ntop(AF_INET, &four.sin_addr, host, sizeof host);
		port = ntohs(four.sin_port);
	}
	bound = evhttp_bind_socket_with_handle(http->server, host, port);
	if (bound == NULL)
		return err_errno(err, "--http %.100s", address);
	read_back(http, &addr, evhttp_bound_socket_get_fd(bound));
	return true;
}

const char *
http_address(const struct http *http, size_t i)
{
	return i < http->addresses_count ? http->addresses[i] : NULL;
}

void
http_drain(struct http *http)
{
	http->draining = true;
}

bool
http_is_idle(const struct http *http)
{
	return LIST_EMPTY(&http->calls);
}
