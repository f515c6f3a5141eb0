/* gRPC over HTTP/2 with a daemon that has no plan and a clock that the test turns: who stalls, and what is held for it. */
#include "tests/support/fake_daemon.h"

#include <check.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/limits.h"
#include "server/net/net.h"
#include "server/net/net_internal.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum { DATA, HEADERS, RST_STREAM = 3, SETTINGS };
enum { END_STREAM = 1, END_HEADERS = 4 };

static struct daemon daemon_;
static struct event_base *base;
static struct net *net;
static int fd;

static void
turn(void)
{
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	net_turn_end(net);
}

static void
turns(void)
{
	for (int i = 0; i < 20; i++)
		turn();
}

static void
put(const void *p, size_t len)
{
	ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
}

static void
put_frame(unsigned type, unsigned flags, uint32_t stream, const void *body, size_t len)
{
	const uint8_t head[9] = {(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len,
	    (uint8_t)type, (uint8_t)flags, (uint8_t)(stream >> 24), (uint8_t)(stream >> 16),
	    (uint8_t)(stream >> 8), (uint8_t)stream};

	put(head, sizeof head);
	if (len > 0)
		put(body, len);
}

/* RFC 7541, 6.2.2: a literal without indexing. */
static size_t
field(uint8_t *out, const char *key, const char *value)
{
	size_t n = 0, key_len = strlen(key), len = strlen(value);

	out[n++] = 0;
	out[n++] = (uint8_t)key_len;
	memcpy(out + n, key, key_len);
	n += key_len;
	out[n++] = (uint8_t)len;
	memcpy(out + n, value, len);
	return n + len;
}

static void
put_headers(uint32_t stream, const char *path)
{
	uint8_t block[256];
	size_t n = field(block, ":method", "POST");

	n += field(block + n, ":scheme", "http");
	n += field(block + n, ":path", path);
	n += field(block + n, ":authority", "x");
	n += field(block + n, "content-type", "application/grpc");
	n += field(block + n, "te", "trailers");
	put_frame(HEADERS, END_HEADERS, stream, block, n);
}

/* A message PingRequest { payload text }. */
static void
call(uint32_t stream, const char *path, const char *text)
{
	uint8_t body[64] = {0, 0, 0, 0, (uint8_t)(strlen(text) + 2), 0x0a, (uint8_t)strlen(text)};

	memcpy(body + 7, text, strlen(text));
	put_headers(stream, path);
	put_frame(DATA, END_STREAM, stream, body, 7 + strlen(text));
}

static size_t
pull(uint8_t *p, size_t cap)
{
	size_t len = 0;
	ssize_t n;

	turns();
	while (len < cap && (n = read(fd, p + len, cap - len)) > 0) {
		len += (size_t)n;
		turn();
	}
	return len;
}

/* Frames of a type for the stream in what has come since. */
static unsigned
frames_come(unsigned type, uint32_t stream)
{
	static uint8_t in[4 << 20];
	size_t len = pull(in, sizeof in), at = 0;
	unsigned count = 0;

	while (at + 9 <= len) {
		count += in[at + 3] == type && in[at + 8] == (uint8_t)stream;
		at += 9 + ((size_t)in[at] << 16 | (size_t)in[at + 1] << 8 | in[at + 2]);
	}
	return count;
}

static void
setup(void)
{
	const struct peer peer = {.local = true, .uid = 1000};
	struct net_options options = {.daemon = &daemon_};
	struct err err;
	int fds[2];

	memset(&fake, 0, sizeof fake);
	memset(&daemon_, 0, sizeof daemon_);
	fake.now_us = INT64_C(1000000000);
	base = event_base_new();
	options.base = base;
	net = net_new(&options, &err);
	ck_assert_ptr_nonnull(net);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	net_accept(net, fds[0], &peer);
	fd = fds[1];
	put(PREFACE, sizeof PREFACE - 1);
}

static void
teardown(void)
{
	close(fd);
	net_free(net);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 0);
	fake_daemon_fini(&daemon_);
	event_base_free(base);
}

/* The clock goes to so many ms behind its beginning, and what is due then happens. */
static void
at_ms(int64_t ms)
{
	fake.now_us = INT64_C(1000000000) + ms * 1000;
	/* What fires next looks at this clock. */
	event_active(&net->deadline_event, EV_TIMEOUT, 0);
	turns();
}

START_TEST(a_request_that_is_not_finished_ends)
{
	put_frame(SETTINGS, 0, 0, NULL, 0);
	put_headers(1, "/test.v1.Test/Echo"); /* and no message */
	put_headers(3, "/test.v1.Test/Echo");
	put_frame(DATA, 0, 3, "\0\0\0\0\x09", 5); /* and no more of it */
	turns();
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 2);
	at_ms(LIMIT_STALLED_MS - 1);
	/* One byte is progress. */
	put_frame(DATA, 0, 3, "\x0a", 1);
	turns();
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 2);
	at_ms(LIMIT_STALLED_MS);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 1);
	at_ms(2 * LIMIT_STALLED_MS - 2);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 1);
	at_ms(2 * LIMIT_STALLED_MS - 1);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 0);
	ck_assert_uint_eq(frames_come(HEADERS, 1), 1);
	ck_assert_uint_eq(net->input_owned, 0);
	ck_assert_uint_eq(net_connections(net), 1);
}
END_TEST

START_TEST(a_call_that_waits_for_us_goes_on)
{
	put_frame(SETTINGS, 0, 0, NULL, 0);
	call(1, "/test.v1.Test/Later", "");
	call(3, "/test.v1.Test/Watch", "");
	turns();
	at_ms(100 * LIMIT_STALLED_MS);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 2);
}
END_TEST

START_TEST(a_message_that_is_announced_holds_no_more_than_has_come)
{
	uint8_t bytes[10000] = {0};

	put_frame(SETTINGS, 0, 0, NULL, 0);
	for (uint32_t i = 0; i < 200; i++) {
		put_headers(2 * i + 1, "/test.v1.Test/Echo");
		put_frame(DATA, 0, 2 * i + 1, "\0\0\x40\0\0", 5); /* 4 MiB */
		turn();
	}
	turns();
	/* 200 times 4 MiB would be more than all callers may have; room for the first bytes of each is 64 KiB. */
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 200);
	ck_assert_uint_eq(net->input_owned, 200 * (64u << 10));
	for (int i = 0; i < 10; i++) {
		put_frame(DATA, 0, 1, bytes, sizeof bytes);
		turns();
	}
	ck_assert_uint_ge(net->input_owned, 199 * (64u << 10) + 10 * sizeof bytes);
	ck_assert_uint_le(net->input_owned, 199 * (64u << 10) + 20 * sizeof bytes);
}
END_TEST

START_TEST(a_reply_that_nobody_reads_is_given_up)
{
	/* A window of nothing for every stream. */
	put_frame(SETTINGS, 0, 0, "\0\x04\0\0\0\0", 6);
	call(1, "/test.v1.Test/Big", "1000");
	ck_assert_uint_eq(frames_come(HEADERS, 1), 1);
	ck_assert_uint_gt(net->pool.owned, 0);
	at_ms(LIMIT_STALLED_MS - 1);
	ck_assert_uint_eq(frames_come(RST_STREAM, 1), 0);
	at_ms(LIMIT_STALLED_MS);
	ck_assert_uint_eq(frames_come(RST_STREAM, 1), 1);
	turns();
	ck_assert_uint_eq(net->pool.owned, 0);
	ck_assert_uint_eq(net_connections(net), 1);
}
END_TEST

START_TEST(a_connection_has_no_more_than_so_much_unread)
{
	unsigned answered = 0;

	put_frame(SETTINGS, 0, 0, "\0\x04\0\0\0\0", 6);
	/* 4 MB each: the ninth is there when 32 MiB are not exceeded yet, the tenth call is not made. */
	for (uint32_t i = 0; i < 20; i++) {
		call(2 * i + 1, "/test.v1.Test/Big", "4000000");
		turns();
		answered = net->pool.owned / 4000000;
	}
	ck_assert_uint_eq(answered, 9);
	/* The others were told so; their HEADERS end the stream. */
	ck_assert_uint_eq(frames_come(HEADERS, 39), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("h2_conn");
	TCase *tc = tcase_create("http2");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_request_that_is_not_finished_ends);
	tcase_add_test(tc, a_call_that_waits_for_us_goes_on);
	tcase_add_test(tc, a_message_that_is_announced_holds_no_more_than_has_come);
	tcase_add_test(tc, a_reply_that_nobody_reads_is_given_up);
	tcase_add_test(tc, a_connection_has_no_more_than_so_much_unread);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
