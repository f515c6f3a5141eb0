#include "server/net/http_conn.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "server/limits.h"
#include "server/net/net_internal.h"
#include "server/rpc/daemon.h"
#include "server/rpc/metrics.h"
#include "server/rpc/rpc.h"

#define FIELDS_MAX    (64u << 10)
#define PIPELINED_MAX (64u << 10) /* bytes behind a request that is not answered: no more is read */
#define BODY_MIN      (16u << 10)

static void done(struct http_conn *http);

static struct net *
net_of(const struct http_conn *http)
{
	return http->conn->net;
}

/* ---- time --------------------------------------------------------------------------------------------------- */

static void on_slow(struct deadline *deadline);

static void
arm(struct http_conn *http, int64_t at_us)
{
	net_deadline_remove(net_of(http), &http->slow);
	http->slow.expired = on_slow;
	if (!net_deadline_add(net_of(http), &http->slow, at_us))
		conn_close(http->conn, "out of memory");
}

/* From the first byte of a request on; nothing that comes later gives more time, except a body at a sane pace. */
static void
request_begins(struct http_conn *http)
{
	if (http->is_waiting_request)
		return;
	http->is_waiting_request = true;
	http->began_us = daemon_monotonic_us();
	arm(http, http->began_us + LIMIT_HTTP_REQUEST_MS * INT64_C(1000));
}

static void
request_is_whole(struct http_conn *http)
{
	http->is_waiting_request = false;
	net_deadline_remove(net_of(http), &http->slow);
}

static void
wait_next(struct http_conn *http)
{
	http->is_waiting_request = false;
	arm(http, daemon_monotonic_us() + LIMIT_HTTP_IDLE_MS * INT64_C(1000));
}

static void
on_slow(struct deadline *deadline)
{
	struct http_conn *http =
	    (struct http_conn *)(void *)((char *)deadline - offsetof(struct http_conn, slow));
	int64_t due;

	if (!http->is_waiting_request) {
		conn_finish(http->conn); /* nobody has asked for long */
		return;
	}
	due = http->began_us + LIMIT_HTTP_REQUEST_MS * INT64_C(1000) +
	      (int64_t)(http->body_len * UINT64_C(1000000) / LIMIT_HTTP_BODY_PACE);
	if (due > daemon_monotonic_us()) {
		arm(http, due);
		return;
	}
	metrics_refused("http_slow");
	http->ends = true;
	http_answer_text(http, 408, "the request takes too long to come\n");
}

/* ---- answers ------------------------------------------------------------------------------------------------ */

void
http_add(struct http_conn *http, const char *name, const char *value)
{
	str_addf(&http->fields, "%s: ", name);
	for (; *value != '\0'; value++)
		str_add_char(
		    &http->fields, (unsigned char)*value < 0x20 || *value == 0x7f ? ' ' : *value);
	str_add(&http->fields, "\r\n");
}

static void
add_date(struct http_conn *http)
{
	time_t now = (time_t)(daemon_clock_us(net_of(http)->options.daemon) / 1000000);
	struct tm tm;
	char text[64];

	if (gmtime_r(&now, &tm) != NULL &&
	    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		http_add(http, "date", text);
}

static unsigned
minor_of(const struct http_conn *http)
{
	return http->head != NULL ? http->head->request.minor : 1;
}

/* Everything before the body. */
static void
write_head(struct http_conn *http, int status, const char *type, const char *framing)
{
	char line[64];

	/* An answer before the body is whole: the rest of that must not be read as the next request. */
	if (http->conn->state != CONN_OPEN || http->state == HTTP_BODY)
		http->ends = true;
	if (type != NULL)
		http_add(http, "content-type", type);
	add_date(http);
	http_add(http, "cache-control", "no-store");
	http_add(http, "x-content-type-options", "nosniff");
	if (http->ends)
		http_add(http, "connection", "close");
	str_add(&http->fields, framing);
	str_add(&http->fields, "\r\n");
	if (!str_ok(&http->fields)) {
		conn_close(http->conn, "out of memory");
		return;
	}
	snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", status, http_reason(status));
	conn_write(http->conn, (const uint8_t *)line, strlen(line));
	conn_write(http->conn, (const uint8_t *)http->fields.data, http->fields.len);
	str_reset(&http->fields);
}

void
http_answer(struct http_conn *http, int status, const char *type, const void *body, size_t len)
{
	bool headless = http->head != NULL && http->head->request.method == HTTP_HEAD;
	char framing[48] = "";

	if (status != 204)
		snprintf(framing, sizeof framing, "content-length: %zu\r\n", len);
	write_head(http, status, type, framing);
	if (len > 0 && !headless)
		conn_write(http->conn, body, len);
	done(http);
}

void
http_answer_text(struct http_conn *http, int status, const char *text)
{
	http_answer(http, status, "text/plain; charset=utf-8", text, strlen(text));
}

void
http_start(struct http_conn *http, int status, const char *type)
{
	if (minor_of(http) == 0)
		http->ends = true; /* the end of the connection is that of the body */
	write_head(http, status, type, minor_of(http) > 0 ? "transfer-encoding: chunked\r\n" : "");
}

void
http_piece(struct http_conn *http, const void *p, size_t len)
{
	char line[24];

	if (len == 0)
		return;
	if (minor_of(http) == 0) {
		conn_write(http->conn, p, len);
		return;
	}
	snprintf(line, sizeof line, "%zx\r\n", len);
	conn_write(http->conn, (const uint8_t *)line, strlen(line));
	conn_write(http->conn, p, len);
	conn_write(http->conn, (const uint8_t *)"\r\n", 2);
}

void
http_end(struct http_conn *http)
{
	if (minor_of(http) > 0)
		conn_write(http->conn, (const uint8_t *)"0\r\n\r\n", 5);
	done(http);
}

/* The request was no request: nobody knows where the next one begins. */
static void
refuse(struct http_conn *http, int status, const char *why)
{
	char text[sizeof((struct err *)0)->msg + 2];

	log_debug(
	    "http", "conn=%" PRIu64 " refused status=%d why=\"%s\"", http->conn->id, status, why);
	metrics_refused("http_malformed");
	http->ends = true;
	snprintf(text, sizeof text, "%s\n", why);
	http_answer_text(http, status, text);
}

/* ---- bodies ------------------------------------------------------------------------------------------------- */

static void
body_drop(struct http_conn *http)
{
	net_of(http)->input_owned -= http->body_cap;
	free(http->body);
	http->body = NULL;
	http->body_len = http->body_cap = 0;
}

/* Room for so much more. Grows as bytes come: what is announced costs its sender nothing. */
static bool
body_reserve(struct http_conn *http, size_t more, struct err *err)
{
	size_t need = http->body_len + more;
	size_t cap = need * 2 > BODY_MIN ? need * 2 : BODY_MIN;
	uint8_t *p;

	if (need <= http->body_cap)
		return true;
	if (net_of(http)->input_owned + cap - http->body_cap > LIMIT_INPUT_TOTAL)
		return err_set(
		    err, ERR_LIMIT, "too many requests are on their way; try again later");
	p = realloc(http->body, cap);
	if (p == NULL)
		return err_oom(err);
	net_of(http)->input_owned += cap - http->body_cap;
	http->body = p;
	http->body_cap = cap;
	return true;
}

static bool
has_body(const struct http_request *request)
{
	return request->chunked || request->length > 0;
}

static void
too_long(struct http_conn *http)
{
	struct err err;

	metrics_refused("http_too_large");
	err_set(&err, ERR_LIMIT, "the body has more than %u bytes: split it", LIMIT_HTTP_BODY);
	http->ends = true;
	http_answer_error(http, 413, &err, NULL, 0);
}

/* False: no more of it is to be taken. */
static bool
add_body(struct http_conn *http, const uint8_t *p, size_t len)
{
	struct err err;

	if (http->body_len + len > LIMIT_HTTP_BODY) {
		too_long(http);
		return false;
	}
	if (!body_reserve(http, len, &err)) {
		http->ends = true;
		http_answer_error(http, 0, &err, NULL, 0);
		return false;
	}
	memcpy(http->body + http->body_len, p, len);
	http->body_len += len;
	return true;
}

static void
body_is_whole(struct http_conn *http)
{
	request_is_whole(http);
	http->state = HTTP_ANSWERING;
	http_call_run(http);
}

/* Returns the bytes taken. */
static size_t
take_chunks(struct http_conn *http, const uint8_t *p, size_t len)
{
	size_t used = 0;

	while (used < len) {
		const uint8_t *data = NULL;
		size_t n, data_len = 0;
		enum http_chunk chunk =
		    http_chunks_take(&http->chunks, p + used, len - used, &n, &data, &data_len);

		used += n;
		switch (chunk) {
		case HTTP_CHUNK_DATA:
			if (!add_body(http, data, data_len))
				return used;
			break;
		case HTTP_CHUNK_END:
			body_is_whole(http);
			return used;
		case HTTP_CHUNK_BAD:
			refuse(http, 400, "the body is not in chunks as it says");
			return used;
		case HTTP_CHUNK_MORE:
			break;
		}
	}
	return used;
}

static size_t
take_body(struct http_conn *http, const uint8_t *p, size_t len)
{
	const struct http_request *request = &http->head->request;

	if (request->chunked)
		return take_chunks(http, p, len);
	if (request->length - http->body_len < len)
		len = (size_t)(request->length - http->body_len);
	if (add_body(http, p, len) && http->body_len == request->length)
		body_is_whole(http);
	return len;
}

/* ---- requests ----------------------------------------------------------------------------------------------- */

/* The answer is written. */
static void
done(struct http_conn *http)
{
	body_drop(http);
	free(http->head);
	http->head = NULL;
	http->state = HTTP_HEAD_NEXT;
	http->seen = 0;
	if (conn_is_dead(http->conn))
		return;
	if (http->ends || http->conn->state != CONN_OPEN) {
		request_is_whole(http);
		conn_finish(http->conn);
	} else {
		wait_next(http);
		conn_mark_dirty(http->conn); /* what was pipelined goes on at the end of the turn */
	}
}

/* Nobody reads the body, if there is one; the answer may come later. */
static void
leave_body(struct http_conn *http)
{
	request_is_whole(http);
	http->ends |= has_body(&http->head->request);
	http->state = HTTP_ANSWERING;
}

static void
begin_post(struct http_conn *http)
{
	const struct http_request *request = &http->head->request;
	bool ends = http->ends;

	leave_body(http);
	if (!http_call_check(http))
		return;
	if (request->length > LIMIT_HTTP_BODY) {
		too_long(http);
		return;
	}
	http->ends = ends;
	if (!has_body(request)) {
		body_is_whole(http);
		return;
	}
	http->state = HTTP_BODY;
	request_begins(http);
	if (request->expects_continue)
		conn_write(http->conn, (const uint8_t *)"HTTP/1.1 100 Continue\r\n\r\n", 25);
}

static void
begin_request(struct http_conn *http)
{
	http->conn->life.used = true;
	http->ends = !http->head->request.keep_alive;
	memset(&http->chunks, 0, sizeof http->chunks);
	switch (http->head->request.method) {
	case HTTP_POST:
		begin_post(http);
		break;
	case HTTP_GET:
	case HTTP_HEAD:
		leave_body(http);
		http_page(http);
		break;
	case HTTP_OPTIONS:
		leave_body(http);
		http_preflight(http);
		break;
	default:
		leave_body(http);
		metrics_refused("http_method");
		http_add(http, "allow", "GET, HEAD, POST, OPTIONS");
		http_answer_text(http, 405, "GET or POST\n");
	}
}

/* Returns the bytes taken; 0: the head is not whole. */
static size_t
take_head(struct http_conn *http, const uint8_t *p, size_t len)
{
	size_t head_len;
	struct err err;
	int status;

	request_begins(http);
	/* One empty line before a request is forgiven (RFC 9112, 2.2). */
	if (http->seen == 0 && p[0] == '\r' && (len == 1 || p[1] == '\n'))
		return len == 1 ? 0 : 2;
	head_len = http_head_len(p, len, &http->seen);
	if (head_len > LIMIT_HEADERS || (head_len == 0 && len > LIMIT_HEADERS)) {
		refuse(http, 431, "the header fields have more than 16384 bytes");
		return len;
	}
	if (head_len == 0)
		return 0;
	http->seen = 0;
	http->head = malloc(sizeof *http->head + head_len);
	if (http->head == NULL) {
		conn_close(http->conn, "out of memory");
		return len;
	}
	memcpy(http->head->bytes, p, head_len);
	if (http_head_parse(http->head->bytes, head_len, &http->head->request, &status, &err))
		begin_request(http);
	else
		refuse(http, status, err.msg);
	return head_len;
}

static size_t
input(struct conn *conn, const uint8_t *p, size_t len)
{
	struct http_conn *http = conn->protocol_data;
	size_t used = 0, n = 1;
	bool held;

	while (used < len && n > 0 && conn_can_take(conn)) {
		switch (http->state) {
		case HTTP_HEAD_NEXT:
			n = take_head(http, p + used, len - used);
			break;
		case HTTP_BODY:
			n = take_body(http, p + used, len - used);
			break;
		case HTTP_ANSWERING:
			n = 0;
			break;
		}
		used += n;
	}
	held = http->state == HTTP_ANSWERING && len - used > PIPELINED_MAX;
	/* Only for what is new: the turn would not end else. */
	if (used > 0 || held != conn->is_held)
		conn_mark_dirty(conn);
	conn->is_held = held;
	return used;
}

/* ---- the connection ----------------------------------------------------------------------------------------- */

static bool
init(struct conn *conn)
{
	struct http_conn *http = calloc(1, sizeof *http);

	if (http == NULL)
		return false;
	http->conn = conn;
	str_init(&http->fields, FIELDS_MAX);
	conn->protocol_data = http;
	return true;
}

static void
turn_end(struct conn *conn)
{
	struct http_conn *http = conn->protocol_data;

	conn->is_held &= http->state == HTTP_ANSWERING;
	http_call_turn_end(http);
}

static void
writable(struct conn *conn)
{
	conn_mark_dirty(conn);
}

static bool
is_busy(const struct conn *conn)
{
	const struct http_conn *http = conn->protocol_data;

	return http->head != NULL;
}

static void
drain(struct conn *conn, const char *why)
{
	(void)why;
	if (!is_busy(conn))
		conn_finish(conn);
}

/* HTTP/1.1 has none. */
static bool
ping(struct conn *conn)
{
	(void)conn;
	return false;
}

static void
fini(struct conn *conn)
{
	struct http_conn *http = conn->protocol_data;

	http_call_cancel(http);
	net_deadline_remove(net_of(http), &http->slow);
	body_drop(http);
	free(http->head);
	str_fini(&http->fields);
	free(http);
	conn->protocol_data = NULL;
}

const struct conn_protocol http_protocol = {
    "http", init, input, turn_end, writable, drain, is_busy, ping, fini};
