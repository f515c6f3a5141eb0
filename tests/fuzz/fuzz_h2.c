/*
 * A peer of HTTP/2 that says anything: bytes as they are, or frames that are put together from the input, so that calls begin.
 * The clock is the input's too. Whatever was said, nothing is left when the connection is gone.
 *
 * The first byte: bit 0 bytes as they are (else steps, see step()), bit 1 without the preface, the others how many bytes a
 * write has.
 */
#define FAKE_NUMBER_MAX 300000u
#include "tests/support/fake_daemon.h"

#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "server/net/net.h"
#include "server/net/net_internal.h"

#define PREFACE   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define STEPS_MAX 200
#define BEGAN_US  INT64_C(1000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct daemon daemon_;
static struct event_base *base;
static struct net *net;
static int fd;
static uint8_t out[1 << 16];
static size_t piece;

struct input {
	const uint8_t *p;
	size_t len;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t
take(struct input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->p++;
}

static void
turns(int n)
{
	while (n-- > 0) {
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		net_turn_end(net);
	}
}

/* Reads too, now and then, so that there is room for more. */
static void
put(const uint8_t *p, size_t len, bool reads)
{
	while (len > 0) {
		size_t some = len < piece ? len : piece;
		ssize_t n = send(fd, p, some, MSG_NOSIGNAL | MSG_DONTWAIT);

		turns(1);
		if (reads) {
			while (recv(fd, out, sizeof out, MSG_DONTWAIT) > 0)
				turns(1);
		}
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void
put_frame(uint8_t type, uint8_t flags, uint8_t stream, const uint8_t *body, size_t len, bool reads)
{
	uint8_t frame[9 + 600] = {
	    0, (uint8_t)(len >> 8), (uint8_t)len, type, flags, 0, 0, 0, stream};

	if (len > 0)
		memcpy(frame + 9, body, len);
	put(frame, 9 + len, reads);
}

static size_t
field(uint8_t *p, const char *key, const char *value, size_t len)
{
	size_t n = 0, key_len = strlen(key);

	p[n++] = 0;
	p[n++] = (uint8_t)key_len;
	memcpy(p + n, key, key_len);
	n += key_len;
	p[n++] = (uint8_t)len;
	memcpy(p + n, value, len);
	return n + len;
}

#define FIELD(p, key, value) field(p, key, value, strlen(value))

static void
put_request(struct input *in, uint8_t stream, bool reads)
{
	static const char *const paths[] = {"/test.v1.Test/Echo", "/test.v1.Test/Big",
	    "/test.v1.Test/Later", "/test.v1.Test/Fail", "/test.v1.Test/Count",
	    "/test.v1.Test/Watch", "/test.v1.Test/Nothing", "/x"};
	static const char *const keys[] = {"grpc-timeout", "grpc-encoding", "grpc-accept-encoding",
	    "x-bin", "plumb-as", "te", "x", "content-type"};
	uint8_t block[512], kind = take(in);
	size_t n = FIELD(block, ":method", "POST");

	n += FIELD(block + n, ":scheme", "http");
	n += FIELD(block + n, ":path", paths[kind & 7]);
	n += FIELD(block + n, ":authority", "x");
	n += FIELD(block + n, "content-type", "application/grpc");
	if (kind & 8)
		n += FIELD(block + n, "grpc-encoding", "gzip");
	if (kind & 16)
		n += FIELD(block + n, "grpc-accept-encoding", "gzip");
	if (kind & 32) {
		uint8_t key = take(in), len = take(in) & 31;
		char value[32];

		for (uint8_t i = 0; i < len; i++)
			value[i] = (char)take(in);
		n += field(block + n, keys[key & 7], value, len);
	}
	put_frame(1, 4 | (kind >> 7), stream, block, n, reads);
}

/* A message, whole or with the length that the input says. */
static void
put_message(struct input *in, uint8_t stream, bool reads)
{
	uint8_t body[5 + 255] = {0}, how = take(in);
	size_t len = take(in);

	body[0] = how >> 6 & 1;
	body[4] = how & 2 ? take(in) : (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		body[5 + i] = take(in);
	put_frame(0, how & 1, stream, body, 5 + len, reads);
}

static void
answer_later(uint8_t which)
{
	struct rpc_call *call;
	uint8_t bytes[3] = "abc";

	if (fake.later_count == 0)
		return;
	call = fake.later[which % fake.later_count];
	if (which & 128)
		fake_reply(call, bytes, sizeof bytes);
	if (call->method->flags & RPC_STREAM && (which & 64))
		return;
	call->on_cancel = NULL;
	for (size_t i = 0; i < fake.later_count; i++) {
		if (fake.later[i] == call)
			fake.later[i] = fake.later[--fake.later_count];
	}
	if (which & 128) {
		rpc_finish(call);
	} else {
		struct err err;

		err_set(&err, ERR_NOT_FOUND, "no");
		rpc_fail(call, &err);
	}
}

static void
step(struct input *in)
{
	uint8_t what = take(in), stream = take(in);
	bool reads = (what & 128) != 0;
	uint8_t bytes[64];
	size_t len;

	switch (what & 7) {
	case 0:
	case 1:
		put_request(in, stream, reads);
		break;
	case 2:
	case 3:
		put_message(in, stream, reads);
		break;
	case 4: /* a frame of any type */
		len = take(in) & 63;
		for (size_t i = 0; i < len; i++)
			bytes[i] = take(in);
		put_frame(what >> 3 & 15, take(in), stream, bytes, len, reads);
		break;
	case 5:
		fake.now_us += (int64_t)stream * stream * 2000;
		event_active(&net->deadline_event, EV_TIMEOUT, 0);
		event_active(&net->sweep_event, EV_TIMEOUT, 0);
		turns(2);
		break;
	case 6:
		answer_later(stream);
		turns(1);
		break;
	default: /* SETTINGS of one value */
		memcpy(bytes, (uint8_t[]){0, what >> 3 & 7, 0, take(in), take(in), take(in)}, 6);
		put_frame(4, 0, 0, bytes, 6, reads);
		break;
	}
}

static void
start(void)
{
	struct net_options options = {.daemon = &daemon_,
	    .life = {.age_ms = 100000,
		.grace_ms = 10000,
		.idle_ms = 50000,
		.keepalive_ms = 20000,
		.keepalive_timeout_ms = 5000,
		.ping_interval_ms = 5000}};
	struct err err;

	log_set_level(LOG_LEVEL_ERROR);
	fake.now_us = BEGAN_US;
	base = event_base_new();
	options.base = base;
	net = net_new(&options, &err);
	must(net != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct peer peer = {.local = true, .uid = 1000};
	struct input in = {data, size};
	uint8_t mode = take(&in);
	int fds[2];

	if (net == NULL)
		start();
	fake.now_us = BEGAN_US;
	piece = (size_t)(mode >> 2) * 16 + 1;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	net_accept(net, fds[0], &peer);
	fd = fds[1];
	if ((mode & 2) == 0)
		put((const uint8_t *)PREFACE "\0\0\0\4\0\0\0\0\0", sizeof PREFACE + 8, false);
	if (mode & 1)
		put(in.p, in.len, true);
	for (int i = 0; !(mode & 1) && i < STEPS_MAX && in.len > 0; i++)
		step(&in);
	turns(2);
	close(fd);
	turns(4);
	must(net_connections(net) == 0);
	must(rpc_calls_count(&daemon_) == 0);
	must(net->input_owned == 0);
	must(net->pool.owned == 0);
	must(fake.later_count == 0);
	must(deadlines_first(&net->deadlines) == NULL);
	return 0;
}
