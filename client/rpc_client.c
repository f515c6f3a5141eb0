#include "client/rpc_client.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/frame.h"
#include "common/pb.h"
#include "google/rpc/error_details.pb-c.h"
#include "ttrpc/ttrpc.pb-c.h"

#define CREDIT    (8u << 20) /* bytes of a stream that may be under way */
#define HELLO_LEN 16
#define PING_LEN  8
#define READ_STEP (64u << 10)
#define GRACE_MS  1000 /* after the deadline that the daemon was told */
#define TOKEN_MAX 512
#define IDLE_MS   250

struct rpc_client {
	int fd;
	struct secure *secure; /* NULL: in clear */
	const char *clear_to;  /* borrowed: the address, where it is TCP in clear; NULL */
	bool is_overheard;     /* others may be on the way, and it is in clear */
	int timeout_ms;
	const char *as;    /* borrowed */
	const char *token; /* borrowed */
	void (*on_idle)(void *user);
	void *idle_user;
	uint8_t *in; /* what has arrived and was not taken yet: in[begin..end) */
	size_t begin;
	size_t end;
	size_t cap;
	uint32_t next_stream;
	uint32_t stream;                         /* of the running stream; 0 none */
	const ProtobufCMessageDescriptor *reply; /* of the running stream */
	uint32_t taken;                          /* bytes of its messages since the last WINDOW */
	bool dead;
	bool heard;       /* it answered, whatever it was */
	char goaway[160]; /* why the daemon said it would close; "" it did not */
};

/* ---- errors */

static bool unreachable(struct rpc_client *client, struct rpc_status *status, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The connection is done with. Why the daemon closed it, where it said so, goes before our own words. */
static bool
unreachable(struct rpc_client *client, struct rpc_status *status, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	client->dead = true;
	status->unreachable = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (client->goaway[0])
		return err_set(&status->err, ERR_UNAVAILABLE, "plumbd closed the connection: %s",
		    client->goaway);
	return err_set(&status->err, ERR_UNAVAILABLE, "%s", text);
}

/* strerror in the middle of a sentence. */
static const char *
errno_text(int number, char buf[96])
{
	snprintf(buf, 96, "%s", strerror(number));
	if (buf[0] >= 'A' && buf[0] <= 'Z' && buf[1] >= 'a' && buf[1] <= 'z')
		buf[0] = (char)(buf[0] - 'A' + 'a');
	return buf;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static struct rpc_client *client_new(int fd, struct secure *secure, struct rpc_status *status);

/* ---- connecting */

/* 0 fine, else errno. */
static int
wait_connected(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof error;
	int n;

	do
		n = poll(&p, 1, timeout_ms > 0 ? timeout_ms : -1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	if (n == 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

/* A connected, non-blocking socket, or -1 with errno. */
static int
connect_to(int family, const struct sockaddr *address, socklen_t len, int timeout_ms)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;
	int one = 1;

	if (fd < 0)
		return -1;
	if (connect(fd, address, len) < 0)
		error = errno == EINPROGRESS ? wait_connected(fd, timeout_ms) : errno;
	if (error) {
		close(fd);
		errno = error;
		return -1;
	}
	if (family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static int
connect_unix(const char *path, int timeout_ms, struct rpc_status *status)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char buf[96];
	int fd;

	if (strlen(path) >= sizeof address.sun_path) {
		status->ours = true;
		err_set(&status->err, ERR_INVALID,
		    "the path of the socket is too long (%zu bytes; at most %zu): use a shorter "
		    "one",
		    strlen(path), sizeof address.sun_path - 1);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = connect_to(AF_UNIX, (const struct sockaddr *)&address, sizeof address, timeout_ms);
	if (fd < 0) {
		status->unreachable = true;
		err_set(&status->err, ERR_UNAVAILABLE, "cannot reach plumbd at unix:%s: %s", path,
		    errno_text(errno, buf));
	}
	return fd;
}

/* "HOST:PORT" or "[::1]:PORT". */
static bool
split_host(const char *text, char host[256], char port[16])
{
	const char *colon = strrchr(text, ':');
	size_t len;

	if (!colon || colon == text || !colon[1] || strlen(colon + 1) >= 16)
		return false;
	len = (size_t)(colon - text);
	if (text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len)) {
		return false;
	}
	if (len == 0 || len >= 256 || colon[1 + strspn(colon + 1, "0123456789")])
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	snprintf(port, 16, "%s", colon + 1);
	return true;
}

/* scheme: "tcp" or "tls", for messages. host is filled in. */
static int
connect_tcp(
    const char *scheme, const char *text, char host[256], int timeout_ms, struct rpc_status *status)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char port[16], buf[96];
	int fd = -1;
	int code;

	if (!split_host(text, host, port)) {
		status->ours = true;
		err_set(&status->err, ERR_INVALID,
		    "'%.100s' is no address: write tcp:HOST:PORT, tls:HOST:PORT or unix:/PATH",
		    text);
		return -1;
	}
	code = getaddrinfo(host, port, &hints, &list);
	if (code != 0) {
		status->unreachable = true;
		err_set(&status->err, ERR_UNAVAILABLE, "cannot find the host '%.100s': %s", host,
		    gai_strerror(code));
		return -1;
	}
	for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		fd = connect_to(a->ai_family, a->ai_addr, a->ai_addrlen, timeout_ms);
	if (fd < 0) {
		status->unreachable = true;
		err_set(&status->err, ERR_UNAVAILABLE, "cannot reach plumbd at %s:%.100s: %s",
		    scheme, text, errno_text(errno, buf));
	}
	freeaddrinfo(list);
	return fd;
}

bool
rpc_client_is_address(const char *text)
{
	char host[256], port[16];
	bool has_scheme = strncmp(text, "tcp:", 4) == 0 || strncmp(text, "tls:", 4) == 0;

	if (strncmp(text, "unix:", 5) == 0)
		return text[5] != '\0';
	if (text[0] == '/')
		return true;
	return split_host(has_scheme ? text + 4 : text, host, port);
}

static struct rpc_client *
open_secure(const char *address, const struct rpc_options *options, struct rpc_status *status)
{
	char host[256];
	int fd = connect_tcp("tls", address + 4, host, options->timeout_ms, status);
	struct secure *secure;

	if (fd < 0)
		return NULL;
	secure = secure_new(fd, &options->tls, host, address, options->timeout_ms, &status->err);
	if (secure)
		return client_new(fd, secure, status);
	status->ours = status->err.code == ERR_INVALID;
	status->unreachable = status->err.code == ERR_UNAVAILABLE;
	status->insecure = !status->ours;
	close(fd);
	return NULL;
}

/* Does the connection leave this machine? */
static bool
leaves_machine(int fd)
{
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof peer;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
		return true;
	if (peer.ss_family == AF_INET) {
		memcpy(&v4, &peer, sizeof v4);
		return ntohl(v4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
	}
	memcpy(&v6, &peer, sizeof v6);
	return !IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

static struct rpc_client *
open_clear(const char *address, const struct rpc_options *options, struct rpc_status *status)
{
	bool is_unix = strncmp(address, "unix:", 5) == 0 || address[0] == '/';
	struct rpc_client *client;
	char host[256];
	int fd;

	if (is_unix)
		fd = connect_unix(
		    address[0] == '/' ? address : address + 5, options->timeout_ms, status);
	else
		fd = connect_tcp("tcp", strncmp(address, "tcp:", 4) == 0 ? address + 4 : address,
		    host, options->timeout_ms, status);
	if (fd < 0)
		return NULL;
	client = client_new(fd, NULL, status);
	if (client && !is_unix) {
		client->clear_to = strncmp(address, "tcp:", 4) == 0 ? address + 4 : address;
		client->is_overheard = leaves_machine(fd);
	}
	return client;
}

struct rpc_client *
rpc_client_open(const char *address, const struct rpc_options *options, struct rpc_status *status)
{
	struct rpc_client *client;

	memset(status, 0, sizeof *status);
	client = strncmp(address, "tls:", 4) == 0 ? open_secure(address, options, status)
						  : open_clear(address, options, status);
	if (client)
		client->timeout_ms = options->timeout_ms;
	return client;
}

/* ---- bytes */

/* Waits for the socket; false when the time (monotonic, 0 for ever) is over. */
static bool
wait_for(struct rpc_client *client, short events, int64_t deadline_ms, struct rpc_status *status)
{
	struct pollfd p = {.fd = client->fd, .events = events};

	if (client->secure && (events & POLLIN) && secure_has_more(client->secure))
		return true;
	for (;;) {
		int64_t left = deadline_ms ? deadline_ms - now_ms() : INT32_MAX;
		bool part = client->on_idle && left > IDLE_MS;
		int n;

		if (deadline_ms && left <= 0)
			break;
		n = poll(&p, 1, part ? IDLE_MS : left > INT32_MAX ? INT32_MAX : (int)left);
		if (n > 0)
			return true;
		if (n == 0 && part) {
			client->on_idle(client->idle_user);
			continue;
		}
		if (n < 0 && errno != EINTR)
			return unreachable(
			    client, status, "cannot wait for plumbd: %s", strerror(errno));
		if (n == 0 && deadline_ms)
			break;
	}
	client->dead = true; /* its answer may still come, and would be taken for another's */
	return err_set(&status->err, ERR_DEADLINE,
	    "plumbd did not answer in time; a change may have been taken all the same");
}

/* The end of the connection, with the reason that is the likeliest. */
static bool
ended(struct rpc_client *client, int error, struct rpc_status *status)
{
	char buf[96];
	uint8_t byte;

	/* what it said before it closed tells more than our EPIPE */
	if (client->secure && error && !client->heard)
		(void)secure_recv(client->secure, &byte, sizeof byte);
	if (client->secure && secure_was_refused(client->secure, &status->err)) {
		client->dead = true;
		status->insecure = true;
		return false;
	}
	if (client->clear_to &&
	    secure_is_answer(client->in + client->begin, client->end - client->begin)) {
		status->insecure = true;
		return unreachable(client, status,
		    "TLS is spoken at tcp:%.60s: say --server tls:%.60s", client->clear_to,
		    client->clear_to);
	}
	if (client->clear_to && !client->heard && client->end == 0) {
		status->insecure = true;
		return unreachable(client, status,
		    "tcp:%.60s closed the connection at the first word: if it wants TLS, say "
		    "--server tls:%.60s",
		    client->clear_to, client->clear_to);
	}
	if (error)
		return unreachable(client, status, "the connection to plumbd was lost: %s",
		    errno_text(error, buf));
	return unreachable(client, status, "plumbd closed the connection before it had answered");
}

/* Reads what is there; false at the end of the connection. */
static ssize_t
receive(struct rpc_client *client, uint8_t *p, size_t cap)
{
	return client->secure ? secure_recv(client->secure, p, cap) : recv(client->fd, p, cap, 0);
}

static ssize_t
transmit(struct rpc_client *client, const uint8_t *p, size_t len)
{
	return client->secure ? secure_send(client->secure, p, len)
			      : send(client->fd, p, len, MSG_NOSIGNAL);
}

static bool
fill(struct rpc_client *client, struct rpc_status *status)
{
	ssize_t n;

	if (client->begin > 0) {
		memmove(client->in, client->in + client->begin, client->end - client->begin);
		client->end -= client->begin;
		client->begin = 0;
	}
	if (client->cap - client->end < READ_STEP) {
		size_t cap = client->cap * 2 + READ_STEP;
		uint8_t *in = realloc(client->in, cap);

		if (!in)
			return unreachable(client, status, "out of memory");
		client->in = in;
		client->cap = cap;
	}
	n = receive(client, client->in + client->end, client->cap - client->end);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return ended(client, n < 0 ? errno : 0, status);
	client->end += (size_t)n;
	return true;
}

/*
 * Writes all. Reads while it waits, as the daemon takes nothing more from a client that doesn't.
 */
static bool
send_all(struct rpc_client *client, const uint8_t *p, size_t len, int64_t deadline_ms,
    struct rpc_status *status)
{
	char buf[96];

	while (len > 0) {
		ssize_t n = transmit(client, p, len);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			if (errno == ECONNRESET || errno == EPIPE)
				return ended(client, errno, status);
			return unreachable(
			    client, status, "cannot send to plumbd: %s", errno_text(errno, buf));
		}
		if (!wait_for(client, POLLIN | POLLOUT, deadline_ms, status))
			return false;
		if (client->end - client->begin < 2 * FRAME_BODY_MAX && !fill(client, status))
			return false;
	}
	return true;
}

static bool
send_frame(struct rpc_client *client, uint32_t stream, enum frame_type type, uint8_t flags,
    const uint8_t *body, uint32_t len, struct rpc_status *status)
{
	uint8_t frame[FRAME_HEADER_LEN + HELLO_LEN];

	assert(len <= HELLO_LEN);
	frame_encode_header(frame, len, stream, type, flags);
	if (len > 0)
		memcpy(frame + FRAME_HEADER_LEN, body, len);
	return send_all(client, frame, FRAME_HEADER_LEN + len, 0, status);
}

static void
put_be32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

static bool
say_hello(struct rpc_client *client, struct rpc_status *status)
{
	uint8_t body[HELLO_LEN] = {0};

	put_be32(body, 1);
	put_be32(body + 4, CREDIT);
	put_be32(body + 8, FRAME_BODY_MAX);
	return send_frame(client, 0, FRAME_HELLO, 0, body, sizeof body, status);
}

/* Owns both. */
static struct rpc_client *
client_new(int fd, struct secure *secure, struct rpc_status *status)
{
	struct rpc_client *client;
	int flags = fcntl(fd, F_GETFL);

	memset(status, 0, sizeof *status);
	client = calloc(1, sizeof *client);
	if (!client) {
		err_oom(&status->err);
		secure_free(secure);
		close(fd);
		return NULL;
	}
	client->fd = fd;
	client->secure = secure;
	client->as = "";
	client->token = "";
	client->next_stream = 1;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || !say_hello(client, status)) {
		if (status->err.code == ERR_OK)
			unreachable(
			    client, status, "cannot use the connection: %s", strerror(errno));
		rpc_client_free(client);
		return NULL;
	}
	return client;
}

struct rpc_client *
rpc_client_new(int fd, struct rpc_status *status)
{
	return client_new(fd, NULL, status);
}

void
rpc_client_free(struct rpc_client *client)
{
	if (!client)
		return;
	secure_free(client->secure);
	close(client->fd);
	free(client->in);
	free(client);
}

void
rpc_client_set_as(struct rpc_client *client, const char *as)
{
	client->as = as;
}

void
rpc_client_set_token(struct rpc_client *client, const char *token)
{
	client->token = token;
}

void
rpc_client_set_idle(struct rpc_client *client, void (*on_idle)(void *user), void *user)
{
	client->on_idle = on_idle;
	client->idle_user = user;
}

void
rpc_client_set_timeout(struct rpc_client *client, int timeout_ms)
{
	client->timeout_ms = timeout_ms;
}

/* ---- frames that come in */

static bool
take_goaway(struct rpc_client *client, const struct frame *frame)
{
	if (frame->body_len > 8)
		snprintf(client->goaway, sizeof client->goaway, "%.*s", (int)(frame->body_len - 8),
		    (const char *)frame->body + 8);
	else
		snprintf(client->goaway, sizeof client->goaway, "it is stopping");
	return true;
}

/* Frames about the connection; true: it was one. */
static bool
take_control(struct rpc_client *client, const struct frame *frame, struct rpc_status *status)
{
	if (frame->type == FRAME_GOAWAY)
		return take_goaway(client, frame);
	if (frame->type == FRAME_PING && !(frame->flags & FRAME_ACK) && frame->body_len == PING_LEN)
		return send_frame(
			   client, 0, FRAME_PING, FRAME_ACK, frame->body, PING_LEN, status) ||
		       true;
	return false;
}

/*
 * The next frame of the stream; frames of others (cancelled before) are dropped. The body is borrowed until the next
 * call. False with status set.
 */
static bool
next_frame(struct rpc_client *client, uint32_t stream, int64_t deadline_ms, struct frame *frame,
    struct rpc_status *status)
{
	for (;;) {
		size_t used = 0;
		enum frame_result result = frame_decode(
		    client->in + client->begin, client->end - client->begin, frame, &used);

		if (result == FRAME_BAD && client->clear_to &&
		    secure_is_answer(client->in + client->begin, client->end - client->begin))
			return ended(client, 0, status);
		if (result == FRAME_BAD)
			return unreachable(client, status,
			    "what answers there is not plumbd: it does not speak this protocol");
		if (result == FRAME_MORE) {
			if (!wait_for(client, POLLIN, deadline_ms, status) || !fill(client, status))
				return false;
			continue;
		}
		client->begin += used;
		client->heard = true;
		if (take_control(client, frame, status))
			continue;
		if (frame->stream == stream &&
		    (frame->type == FRAME_RESPONSE || frame->type == FRAME_DATA))
			return true;
	}
}

/* ---- status */

static void
take_violations(const Google__Protobuf__Any *any, struct arena *arena, struct rpc_status *status)
{
	struct err err = {0};
	const ProtobufCMessage *message = pb_decode(&google__rpc__bad_request__descriptor,
	    any->value.data, any->value.len, false, arena, &err);
	const Google__Rpc__BadRequest *bad = (const Google__Rpc__BadRequest *)message;

	if (!bad)
		return;
	status->violations =
	    arena_array(arena, bad->n_field_violations, sizeof *status->violations);
	if (!status->violations)
		return;
	status->violations_count = bad->n_field_violations;
	for (size_t i = 0; i < bad->n_field_violations; i++) {
		status->violations[i].field = bad->field_violations[i]->field;
		status->violations[i].description = bad->field_violations[i]->description;
	}
}

static void
take_detail(const Google__Protobuf__Any *any, struct arena *arena, struct rpc_status *status)
{
	const char *slash = strrchr(any->type_url, '/');
	const char *name = slash ? slash + 1 : any->type_url;
	struct err err = {0};

	if (strcmp(name, "google.rpc.BadRequest") == 0)
		take_violations(any, arena, status);
	else if (strcmp(name, "plumb.v1.Conflict") == 0)
		status->conflict =
		    (const Plumb__V1__Conflict *)pb_decode(&plumb__v1__conflict__descriptor,
			any->value.data, any->value.len, false, arena, &err);
	else if (strcmp(name, "plumb.v1.Refusal") == 0)
		status->refusal =
		    (const Plumb__V1__Refusal *)pb_decode(&plumb__v1__refusal__descriptor,
			any->value.data, any->value.len, false, arena, &err);
}

/* True where the response says OK. */
static bool
take_status(const Google__Rpc__Status *answer, struct arena *arena, struct rpc_status *status)
{
	int code;

	if (!answer || answer->code == 0)
		return true;
	code = answer->code > 0 && answer->code <= ERR_UNAUTHENTICATED ? answer->code : ERR_UNKNOWN;
	err_set(&status->err, (enum err_code)code, "%s",
	    answer->message[0] ? answer->message : err_code_name((enum err_code)code));
	for (size_t i = 0; i < answer->n_details; i++)
		take_detail(answer->details[i], arena, status);
	return false;
}

static bool
decode_failed(struct rpc_status *status, const struct err *err)
{
	return err_set(
	    &status->err, ERR_INTERNAL, "plumbd's answer cannot be read: %.180s", err->msg);
}

static Ttrpc__Response *
decode_response(const struct frame *frame, struct arena *arena, struct rpc_status *status)
{
	struct err err = {0};
	ProtobufCMessage *message = pb_decode(
	    &ttrpc__response__descriptor, frame->body, frame->body_len, false, arena, &err);

	if (!message)
		decode_failed(status, &err);
	return (Ttrpc__Response *)message;
}

/* ---- calls */

static const ProtobufCMethodDescriptor *
find_method(const ProtobufCServiceDescriptor *service, const char *method)
{
	const ProtobufCMethodDescriptor *found =
	    protobuf_c_service_descriptor_get_method_by_name(service, method);

	assert(found);
	return found;
}

static void
add_pair(Ttrpc__Request *envelope, const char *key, const char *value)
{
	Ttrpc__KeyValue *pair = envelope->metadata[envelope->n_metadata++];

	ttrpc__key_value__init(pair);
	pair->key = pb_str(key);
	pair->value = pb_str(value);
}

static uint8_t *
encode_request(const struct rpc_client *client, const char *service, const char *method,
    const ProtobufCMessage *request, int timeout_ms, size_t *len)
{
	Ttrpc__Request envelope;
	Ttrpc__KeyValue pair[2];
	Ttrpc__KeyValue *pairs[2] = {&pair[0], &pair[1]};
	char bearer[TOKEN_MAX];
	size_t payload_len = protobuf_c_message_get_packed_size(request);
	uint8_t *payload = malloc(payload_len + 1);
	uint8_t *frame = NULL;

	if (!payload)
		return NULL;
	protobuf_c_message_pack(request, payload);
	ttrpc__request__init(&envelope);
	envelope.service = pb_str(service);
	envelope.method = pb_str(method);
	envelope.payload.data = payload;
	envelope.payload.len = payload_len;
	envelope.timeout_nano = (int64_t)timeout_ms * 1000000;
	envelope.metadata = pairs;
	if (client->as[0])
		add_pair(&envelope, "plumb-as", client->as);
	if (client->token[0]) {
		snprintf(bearer, sizeof bearer, "Bearer %s", client->token);
		add_pair(&envelope, "authorization", bearer);
	}
	*len = ttrpc__request__get_packed_size(&envelope);
	frame = malloc(FRAME_HEADER_LEN + *len);
	if (frame)
		ttrpc__request__pack(&envelope, frame + FRAME_HEADER_LEN);
	free(payload);
	return frame;
}

/* A token that is overheard is everybody's. */
static bool
may_show_token(const struct rpc_client *client, struct rpc_status *status)
{
	const char *allowed = getenv("PLUMB_ALLOW_CLEARTEXT");

	if (!client->is_overheard || !client->token[0] || (allowed && strcmp(allowed, "yes") == 0))
		return true;
	status->ours = true;
	return err_set(&status->err, ERR_INVALID,
	    "the token was not sent, since in clear to tcp:%.60s others may read it: say "
	    "--server tls:%.60s, or set PLUMB_ALLOW_CLEARTEXT=yes where nobody can",
	    client->clear_to, client->clear_to);
}

static bool
send_request(struct rpc_client *client, uint32_t stream, const ProtobufCServiceDescriptor *service,
    const char *method, const ProtobufCMessage *request, int timeout_ms, int64_t deadline_ms,
    struct rpc_status *status)
{
	size_t len = 0;
	uint8_t *frame;
	bool ok;

	if (client->dead)
		return unreachable(client, status, "the connection to plumbd was lost before");
	if (!may_show_token(client, status))
		return false;
	frame = encode_request(client, service->name, method, request, timeout_ms, &len);
	if (!frame)
		return err_oom(&status->err);
	if (len > FRAME_BODY_MAX) {
		free(frame);
		return err_set(&status->err, ERR_LIMIT,
		    "this is too much for one call: %.1f MiB, at most 4; send it in several parts",
		    (double)len / (1 << 20));
	}
	frame_encode_header(frame, (uint32_t)len, stream, FRAME_REQUEST, FRAME_REMOTE_CLOSED);
	ok = send_all(client, frame, FRAME_HEADER_LEN + len, deadline_ms, status);
	free(frame);
	return ok;
}

static uint32_t
new_stream(struct rpc_client *client)
{
	uint32_t stream = client->next_stream;

	client->next_stream = stream > UINT32_MAX - 2 ? 1 : stream + 2;
	return stream;
}

static void *
decode_reply(const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t len,
    struct arena *arena, struct rpc_status *status)
{
	struct err err = {0};
	ProtobufCMessage *message = pb_decode(type, p, len, false, arena, &err);

	if (!message)
		decode_failed(status, &err);
	return message;
}

void *
rpc_client_call(struct rpc_client *client, const ProtobufCServiceDescriptor *service,
    const char *method, const ProtobufCMessage *request, struct arena *arena,
    struct rpc_status *status)
{
	const ProtobufCMethodDescriptor *found = find_method(service, method);
	int64_t deadline = client->timeout_ms ? now_ms() + client->timeout_ms + GRACE_MS : 0;
	uint32_t stream = new_stream(client);
	const Ttrpc__Response *response;
	struct frame frame;

	assert(request->descriptor == found->input);
	memset(status, 0, sizeof *status);
	if (!send_request(
		client, stream, service, method, request, client->timeout_ms, deadline, status) ||
	    !next_frame(client, stream, deadline, &frame, status))
		return NULL;
	if (frame.type != FRAME_RESPONSE) {
		err_set(&status->err, ERR_INTERNAL, "plumbd answered %s with a stream", method);
		client->dead = true;
		return NULL;
	}
	response = decode_response(&frame, arena, status);
	if (!response || !take_status(response->status, arena, status))
		return NULL;
	return decode_reply(
	    found->output, response->payload.data, response->payload.len, arena, status);
}

bool
rpc_client_start(struct rpc_client *client, const ProtobufCServiceDescriptor *service,
    const char *method, const ProtobufCMessage *request, struct arena *arena,
    struct rpc_status *status)
{
	const ProtobufCMethodDescriptor *found = find_method(service, method);
	int64_t deadline = client->timeout_ms ? now_ms() + client->timeout_ms : 0;
	uint32_t stream = new_stream(client);

	(void)arena;
	assert(request->descriptor == found->input);
	memset(status, 0, sizeof *status);
	rpc_client_cancel(client);
	if (!send_request(client, stream, service, method, request, 0, deadline, status))
		return false;
	client->stream = stream;
	client->reply = found->output;
	client->taken = 0;
	return true;
}

/*
 * Gives back what was taken when it is half of the credit. If that cannot be sent, the daemon has closed after its
 * last message, which may be here already: whoever reads on will see.
 */
static void
give_credit(struct rpc_client *client, size_t len)
{
	struct rpc_status status = {0};
	uint8_t body[4];

	client->taken += (uint32_t)len;
	if (client->taken < CREDIT / 2)
		return;
	put_be32(body, client->taken);
	client->taken = 0;
	(void)send_frame(client, client->stream, FRAME_WINDOW, 0, body, sizeof body, &status);
}

static void *
end_stream(struct rpc_client *client, const struct frame *frame, struct arena *arena,
    struct rpc_status *status)
{
	const Ttrpc__Response *response;

	client->stream = 0;
	if (frame->type == FRAME_DATA)
		return NULL;
	response = decode_response(frame, arena, status);
	if (response)
		(void)take_status(response->status, arena, status);
	return NULL;
}

void *
rpc_client_next(struct rpc_client *client, struct arena *arena, struct rpc_status *status)
{
	int64_t deadline = client->timeout_ms ? now_ms() + client->timeout_ms : 0;
	struct frame frame;
	void *reply;

	memset(status, 0, sizeof *status);
	if (client->stream == 0)
		return NULL;
	if (!next_frame(client, client->stream, deadline, &frame, status)) {
		client->stream = 0;
		return NULL;
	}
	if (frame.type == FRAME_RESPONSE || (frame.flags & FRAME_NO_DATA))
		return end_stream(client, &frame, arena, status);
	reply = decode_reply(client->reply, frame.body, frame.body_len, arena, status);
	if (!reply)
		rpc_client_cancel(client);
	else if (frame.flags & FRAME_REMOTE_CLOSED)
		client->stream = 0;
	else
		give_credit(client, frame.body_len);
	return reply;
}

void
rpc_client_cancel(struct rpc_client *client)
{
	struct rpc_status status = {0};

	if (client->stream != 0 && !client->dead)
		(void)send_frame(client, client->stream, FRAME_CANCEL, 0, NULL, 0, &status);
	client->stream = 0;
}

int
rpc_client_fd(const struct rpc_client *client)
{
	return client->fd;
}

bool
rpc_client_ready(struct rpc_client *client)
{
	struct rpc_status status = {0};

	while (client->stream != 0 && !client->dead) {
		size_t there = client->end - client->begin;
		size_t used = 0;
		struct frame frame;
		enum frame_result result =
		    frame_decode(client->in + client->begin, there, &frame, &used);

		if (result == FRAME_BAD)
			return true;
		if (result == FRAME_MORE) {
			if (!fill(client, &status))
				return true;
			if (client->end - client->begin == there)
				return false;
			continue;
		}
		if (frame.stream == client->stream &&
		    (frame.type == FRAME_RESPONSE || frame.type == FRAME_DATA))
			return true;
		client->begin += used;
		client->heard = true;
		(void)take_control(client, &frame, &status);
	}
	return true;
}
