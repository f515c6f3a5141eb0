/* The native protocol over real sockets, with a daemon that has no plan; the test's end writes raw bytes. */
#include "tests/support/fake_daemon.h"

#include <check.h>
#include <event2/event.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/frame.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "server/limits.h"
#include "server/net/net.h"
#include "server/net/net_internal.h"

static struct daemon daemon_;
static struct event_base *base;
static struct net *net;

static void
setup_with(unsigned connections)
{
	struct net_options options = {.daemon = &daemon_, .connections_max = connections};
	struct err err;

	memset(&fake, 0, sizeof fake);
	memset(&daemon_, 0, sizeof daemon_);
	base = event_base_new();
	options.base = base;
	net = net_new(&options, &err);
	ck_assert_ptr_nonnull(net);
}

static void
setup(void)
{
	setup_with(0);
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	net_turn_end(net);
}

static void
teardown(void)
{
	net_free(net);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 0);
	ck_assert_uint_eq(daemon_.connections, 0);
	fake_daemon_fini(&daemon_);
	event_base_free(base);
}

/* ---- the peer ---- */

/* The other end of a new connection. */
static int
join(void)
{
	const struct peer peer = {.local = true, .uid = 1000};
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	net_accept(net, fds[0], &peer);
	return fds[1];
}

static void
put(int fd, const void *p, size_t len)
{
	ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
}

static void
put_frame(int fd, uint32_t stream, uint8_t type, uint8_t flags, const void *body, size_t len)
{
	uint8_t head[FRAME_HEADER_LEN];

	frame_encode_header(head, (uint32_t)len, stream, type, flags);
	put(fd, head, sizeof head);
	if (len > 0)
		put(fd, body, len);
}

/* Request { service "test.v1.Test", method, payload PingRequest { payload text }, timeout_nano } */
static size_t
make_request(uint8_t *out, const char *method, const char *text, int64_t timeout_ns)
{
	size_t n = 0, text_len = strlen(text);
	uint64_t left = (uint64_t)timeout_ns;

	n += (size_t)snprintf(
	    (char *)out, 128, "\x0a\x0ctest.v1.Test\x12%c%s", (int)strlen(method), method);
	if (text_len > 0)
		n += (size_t)snprintf(
		    (char *)out + n, 128, "\x1a%c\x0a%c%s", (int)text_len + 2, (int)text_len, text);
	if (timeout_ns != 0) {
		out[n++] = 0x20;
		for (; left >= 0x80; left >>= 7)
			out[n++] = (uint8_t)(left | 0x80);
		out[n++] = (uint8_t)left;
	}
	return n;
}

static void
call_timeout(int fd, uint32_t stream, const char *method, const char *text, int64_t timeout_ns)
{
	uint8_t body[256];
	size_t len = make_request(body, method, text, timeout_ns);

	put_frame(fd, stream, FRAME_REQUEST, FRAME_REMOTE_CLOSED, body, len);
}

static void
call(int fd, uint32_t stream, const char *method, const char *text)
{
	call_timeout(fd, stream, method, text, 0);
}

/* Turns until something is there; -1: nothing comes. */
static ssize_t
pull(int fd, uint8_t *p, size_t len)
{
	for (int i = 0; i < 2000; i++) {
		ssize_t n = read(fd, p, len);
		if (n >= 0)
			return n;
		turn();
	}
	return -1;
}

static uint8_t body[FRAME_BODY_MAX];

/* The next frame; its body lies in `body`. */
static struct frame
take(int fd)
{
	uint8_t head[FRAME_HEADER_LEN];
	struct frame frame = {.body = body};
	size_t used, got = 0;

	while (got < sizeof head) {
		ssize_t n = pull(fd, head + got, sizeof head - got);
		ck_assert_msg(n > 0, "no frame came");
		got += (size_t)n;
	}
	ck_assert_int_ne(frame_decode(head, sizeof head, &frame, &used), FRAME_BAD);
	for (got = 0; got < frame.body_len;) {
		ssize_t n = pull(fd, body + got, frame.body_len - got);
		ck_assert_msg(n > 0, "the frame was cut");
		got += (size_t)n;
	}
	frame.body = body;
	return frame;
}

static void
expect(int fd, uint32_t stream, uint8_t type, uint8_t flags)
{
	struct frame frame = take(fd);

	ck_assert_uint_eq(frame.stream, stream);
	ck_assert_uint_eq(frame.type, type);
	ck_assert_uint_eq(frame.flags, flags);
}

/* Response { payload PingReply { payload text } } */
static void
expect_text(int fd, uint32_t stream, const char *text)
{
	struct frame frame = take(fd);
	size_t len = strlen(text);

	ck_assert_uint_eq(frame.stream, stream);
	ck_assert_uint_eq(frame.type, FRAME_RESPONSE);
	ck_assert_uint_eq(frame.body_len, len + 4);
	ck_assert_uint_eq(frame.body[0], 0x12);
	ck_assert_mem_eq(frame.body + 4, text, len);
}

/* Response { status { code … } }: fields in order, so the code's place is known. */
static void
expect_status(int fd, uint32_t stream, unsigned code)
{
	struct frame frame = take(fd);
	const uint8_t *p = frame.body + 1;

	ck_assert_uint_eq(frame.stream, stream);
	ck_assert_uint_eq(frame.type, FRAME_RESPONSE);
	ck_assert_uint_eq(frame.body[0], 0x0a);
	while (*p >= 0x80)
		p++;
	ck_assert_uint_eq(p[1], 0x08);
	ck_assert_uint_eq(p[2], code);
}

static void
expect_silence(int fd)
{
	uint8_t byte;

	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(read(fd, &byte, 1), -1);
		turn();
	}
}

static void
expect_closed(int fd)
{
	uint8_t byte;

	ck_assert_int_eq(pull(fd, &byte, 1), 0);
	close(fd);
	for (int i = 0; i < 10; i++)
		turn();
}

static void
hello(int fd, uint32_t window)
{
	uint8_t p[16];

	frame_put_be32(p, 1);
	frame_put_be32(p + 4, window);
	frame_put_be32(p + 8, FRAME_BODY_MAX);
	frame_put_be32(p + 12, 0);
	put_frame(fd, 0, FRAME_HELLO, 0, p, sizeof p);
	struct frame frame = take(fd);
	ck_assert_uint_eq(frame.type, FRAME_HELLO);
	ck_assert_uint_eq(frame.flags, FRAME_ACK);
	ck_assert_uint_eq(frame.body_len, 16);
	ck_assert_uint_eq(frame_be32(body), 1);
	ck_assert_uint_eq(frame_be32(body + 4), window);
	ck_assert_uint_eq(frame_be32(body + 8), FRAME_BODY_MAX);
	ck_assert_uint_eq(frame_be32(body + 12), LIMIT_CALLS_PER_CONN);
}

static void
window(int fd, uint32_t stream, uint32_t more)
{
	uint8_t p[4];

	frame_put_be32(p, more);
	put_frame(fd, stream, FRAME_WINDOW, 0, p, sizeof p);
}

/* ---- calls ---- */

START_TEST(unary_calls_are_answered)
{
	int fd = join();

	call(fd, 1, "Echo", "one");
	expect_text(fd, 1, "one");
	call(fd, 3, "Echo", "two");
	call(fd, 5, "Echo", "three");
	expect_text(fd, 3, "two");
	expect_text(fd, 5, "three");
	close(fd);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
	uint8_t p[64];
	int fd = join();
	size_t len = make_request(p + FRAME_HEADER_LEN, "Echo", "slow", 0);

	frame_encode_header(p, (uint32_t)len, 1, FRAME_REQUEST, 0);
	for (size_t i = 0; i < FRAME_HEADER_LEN + len; i++) {
		put(fd, p + i, 1);
		turn();
	}
	expect_text(fd, 1, "slow");
	ck_assert_uint_eq(net->input_owned, 0);
	close(fd);
}
END_TEST

START_TEST(many_small_requests_in_one_write_are_all_answered)
{
	uint8_t p[64 * 1000];
	size_t n = 0;
	int fd = join();

	for (uint32_t id = 1; id < 2000; id += 2) {
		size_t len = make_request(p + n + FRAME_HEADER_LEN, "Echo", "x", 0);
		frame_encode_header(p + n, (uint32_t)len, id, FRAME_REQUEST, 0);
		n += FRAME_HEADER_LEN + len;
	}
	put(fd, p, n);
	for (uint32_t id = 1; id < 2000; id += 2)
		expect_text(fd, id, "x");
	close(fd);
}
END_TEST

START_TEST(a_large_request_and_reply_pass)
{
	int fd = join();

	call(fd, 1, "Big", "4000000");
	struct frame frame = take(fd);
	/* Tag and length of PingReply's payload and of Response's: 5 bytes each at most. */
	ck_assert_uint_gt(frame.body_len, 4000000);
	ck_assert_uint_lt(frame.body_len, 4000011);
	close(fd);
}
END_TEST

START_TEST(errors_have_their_code_and_leave_the_connection_alive)
{
	const char not_utf8[] = "\x0a\x04"
				"a\xff\x62\x63\x12\x01x";
	int fd = join();

	call(fd, 1, "Nope", "");
	expect_status(fd, 1, ERR_UNIMPLEMENTED);
	put_frame(fd, 3, FRAME_REQUEST, 0,
	    "\x0a\x03"
	    "abc\x12\x01x",
	    8);
	expect_status(fd, 3, ERR_UNIMPLEMENTED);
	put_frame(fd, 5, FRAME_REQUEST, 0, not_utf8, sizeof not_utf8 - 1);
	expect_status(fd, 5, ERR_INVALID);
	put_frame(fd, 7, FRAME_REQUEST, 0, "\x0a\x7f", 2);
	expect_status(fd, 7, ERR_INVALID);
	put_frame(fd, 9, FRAME_REQUEST, 0, NULL, 0);
	expect_status(fd, 9, ERR_UNIMPLEMENTED);
	call(fd, 10, "Echo", "even");
	expect_status(fd, 10, ERR_INVALID);
	call(fd, 0, "Echo", "zero");
	expect_status(fd, 0, ERR_INVALID);
	call(fd, 11, "Fail", "");
	expect_status(fd, 11, ERR_INVALID);
	call_timeout(fd, 13, "Echo", "late", -1);
	expect_status(fd, 13, ERR_DEADLINE);
	uint8_t p[64];
	put_frame(fd, 15, FRAME_REQUEST, FRAME_REMOTE_OPEN, p, make_request(p, "Echo", "", 0));
	expect_status(fd, 15, ERR_UNIMPLEMENTED);
	call(fd, 17, "Echo", "alive");
	expect_text(fd, 17, "alive");
	close(fd);
}
END_TEST

START_TEST(an_id_in_use_is_refused_and_may_be_used_again_afterwards)
{
	int fd = join();

	call(fd, 9, "Later", "");
	turn();
	call(fd, 9, "Echo", "");
	expect_status(fd, 9, ERR_INVALID);
	ck_assert_uint_eq(fake.later_count, 1);
	rpc_finish(fake.later[0]);
	expect(fd, 9, FRAME_RESPONSE, 0);
	call(fd, 9, "Echo", "again");
	expect_text(fd, 9, "again");
	call(fd, 1, "Echo", "lower");
	expect_text(fd, 1, "lower");
	close(fd);
}
END_TEST

START_TEST(calls_per_connection_are_limited)
{
	int fd = join();

	for (uint32_t i = 0; i < LIMIT_CALLS_PER_CONN; i++) {
		call(fd, 2 * i + 1, "Later", "");
		if (i % 16 == 0)
			turn();
	}
	turn();
	ck_assert_uint_eq(fake.later_count, LIMIT_CALLS_PER_CONN);
	call(fd, 99999, "Later", "");
	expect_status(fd, 99999, ERR_LIMIT);
	rpc_finish(fake.later[7]);
	fake.later[7] = fake.later[--fake.later_count];
	expect(fd, 15, FRAME_RESPONSE, 0);
	call(fd, 99999, "Later", "");
	turn();
	ck_assert_uint_eq(fake.later_count, LIMIT_CALLS_PER_CONN);
	close(fd);
}
END_TEST

/* A pair of metadata with keys of one letter and a value of that many bytes. */
static size_t
add_pair(uint8_t *out, size_t value_len)
{
	size_t n = 0, pair = 3 + 4 + value_len;

	out[n++] = 0x2a;
	for (; pair >= 0x80; pair >>= 7)
		out[n++] = (uint8_t)(pair | 0x80);
	out[n++] = (uint8_t)pair;
	memcpy(out + n, "\x0a\x01k\x12", 4);
	n += 4;
	/* always three bytes of length */
	out[n++] = (uint8_t)(value_len | 0x80);
	out[n++] = (uint8_t)(value_len >> 7 | 0x80);
	out[n++] = (uint8_t)(value_len >> 14);
	memset(out + n, 'v', value_len);
	return n + value_len;
}

START_TEST(metadata_is_limited_in_number_and_size)
{
	static uint8_t p[64 << 10];
	int fd = join();

	for (unsigned over = 0; over <= 1; over++) {
		size_t n = make_request(p, "Echo", "m", 0);
		for (unsigned i = 0; i < LIMIT_METADATA_COUNT + over; i++)
			n += add_pair(p + n, 1);
		put_frame(fd, 1, FRAME_REQUEST, 0, p, n);
		if (over)
			expect_status(fd, 1, ERR_LIMIT);
		else
			expect_text(fd, 1, "m");

		n = make_request(p, "Echo", "m", 0);
		/* tag, two bytes of length, 7 of key and value's head */
		n += add_pair(p + n, LIMIT_METADATA - 10 + over);
		put_frame(fd, 3, FRAME_REQUEST, 0, p, n);
		if (over)
			expect_status(fd, 3, ERR_LIMIT);
		else
			expect_text(fd, 3, "m");
	}
	close(fd);
}
END_TEST

START_TEST(an_oversize_request_is_refused_at_its_header_and_skipped)
{
	uint8_t head[FRAME_HEADER_LEN];
	static uint8_t filler[1 << 16];
	int fd = join();
	size_t left = FRAME_BODY_MAX + 1;

	frame_encode_header(head, FRAME_BODY_MAX + 1, 1, FRAME_REQUEST, 0);
	put(fd, head, sizeof head);
	expect_status(fd, 1, ERR_LIMIT);
	while (left > 0) {
		size_t n = left < sizeof filler ? left : sizeof filler;
		put(fd, filler, n);
		turn();
		left -= n;
	}
	ck_assert_uint_eq(net->input_owned, 0);
	call(fd, 3, "Echo", "on");
	expect_text(fd, 3, "on");
	close(fd);
}
END_TEST

START_TEST(unknown_frames_are_skipped)
{
	int fd = join();

	put_frame(fd, 0, 0x7f, 0xff, "whatever", 8);
	put_frame(fd, 2, FRAME_RESPONSE, 0, NULL, 0);
	/* Without HELLO these are unknown too. */
	put_frame(fd, 0, FRAME_PING, 0, "12345678", 8);
	put_frame(fd, 0, FRAME_PING, 0, "1", 1);
	put_frame(fd, 1, FRAME_CANCEL, 0, NULL, 0);
	put_frame(fd, 1, FRAME_DATA, FRAME_NO_DATA | FRAME_REMOTE_CLOSED, NULL, 0);
	call(fd, 1, "Echo", "fine");
	expect_text(fd, 1, "fine");
	close(fd);
}
END_TEST

START_TEST(a_second_message_ends_the_call)
{
	int fd = join();

	call(fd, 1, "Later", "");
	turn();
	put_frame(fd, 1, FRAME_DATA, FRAME_NO_DATA | FRAME_REMOTE_CLOSED, NULL, 0);
	expect_silence(fd);
	put_frame(fd, 1, FRAME_DATA, 0, "x", 1);
	expect_status(fd, 1, ERR_INVALID);
	ck_assert_uint_eq(fake.cancels, 1);
	close(fd);
}
END_TEST

/* ---- who calls ---- */

START_TEST(the_claim_of_a_call_makes_its_caller)
{
	uint8_t p[128];
	int fd = join();
	size_t n = make_request(p, "Echo", "", 0);

	call(fd, 1, "Echo", "");
	expect(fd, 1, FRAME_RESPONSE, 0);
	ck_assert_str_eq(fake.last_caller.name, "uid:1000");
	memcpy(p + n,
	    "\x2a\x10\x0a\x08plumb-as\x12\x04"
	    "anna",
	    18);
	put_frame(fd, 3, FRAME_REQUEST, 0, p, n + 18);
	expect(fd, 3, FRAME_RESPONSE, 0);
	ck_assert_str_eq(fake.last_caller.name, "uid:1000 as person/anna");
	/* The next without a claim is not anna any more. */
	call(fd, 5, "Echo", "");
	expect(fd, 5, FRAME_RESPONSE, 0);
	ck_assert_str_eq(fake.last_caller.name, "uid:1000");
	memcpy(p + n,
	    "\x2a\x10\x0a\x08plumb-as\x12\x04"
	    "An a",
	    18);
	put_frame(fd, 7, FRAME_REQUEST, 0, p, n + 18);
	expect_status(fd, 7, ERR_INVALID);
	close(fd);
}
END_TEST

/* ---- deadlines, cancelling, ping ---- */

START_TEST(a_deadline_ends_the_call)
{
	int fd = join();

	/* Longest first, so that the timer has to be moved forward; the longest has to be kept within an int64. */
	call_timeout(fd, 1, "Later", "", INT64_MAX);
	call_timeout(fd, 3, "Later", "", 30000000);
	call_timeout(fd, 5, "Later", "", 10000000);
	turn();
	ck_assert_uint_eq(fake.later_count, 3);
	usleep(15000);
	expect_status(fd, 5, ERR_DEADLINE);
	usleep(20000);
	expect_status(fd, 3, ERR_DEADLINE);
	ck_assert_uint_eq(fake.cancels, 2);
	ck_assert_uint_eq(fake.later_count, 1);
	close(fd);
}
END_TEST

START_TEST(hello_brings_ping_and_cancel)
{
	int fd = join();

	hello(fd, 1000);
	put_frame(fd, 0, FRAME_PING, 0, "abcdefgh", 8);
	expect(fd, 0, FRAME_PING, FRAME_ACK);
	ck_assert_mem_eq(body, "abcdefgh", 8);
	put_frame(fd, 0, FRAME_PING, FRAME_ACK, "abcdefgh", 8);
	call(fd, 1, "Later", "");
	put_frame(fd, 1, FRAME_CANCEL, 0, NULL, 0);
	expect_status(fd, 1, ERR_CANCELLED);
	ck_assert_uint_eq(fake.cancels, 1);
	put_frame(fd, 1, FRAME_CANCEL, 0, NULL, 0); /* too late: ignored */
	put_frame(fd, 77, FRAME_CANCEL, 0, NULL, 0);
	expect_silence(fd);
	close(fd);
}
END_TEST

START_TEST(losing_the_connection_cancels_its_calls)
{
	int fd = join();

	call(fd, 1, "Later", "");
	call(fd, 3, "Later", "");
	turn();
	ck_assert_uint_eq(fake.later_count, 2);
	close(fd);
	turn();
	ck_assert_uint_eq(fake.cancels, 2);
	ck_assert_uint_eq(net_connections(net), 0);
}
END_TEST

static const struct {
	const char *what;
	uint8_t p[32];
	size_t len;
	bool hello;
} violations[] = {
    {"a length above 16 MiB", {1, 0, 0, 0, 0, 0, 0, 1, 1, 0}, 10, true},
    {"an oversize frame that is no request", {0, 0x40, 0, 1, 0, 0, 0, 1, 3, 0}, 10, true},
    {"HELLO for the second time",
	{0, 0, 0, 16, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x40, 0, 0}, 26, true},
    {"PING of 7 bytes", {0, 0, 0, 7, 0, 0, 0, 0, 0x13, 0, 1, 2, 3, 4, 5, 6, 7}, 17, true},
    {"WINDOW of 0", {0, 0, 0, 4, 0, 0, 0, 1, 0x11, 0, 0, 0, 0, 0}, 14, true},
    {"WINDOW of 2^31", {0, 0, 0, 4, 0, 0, 0, 1, 0x11, 0, 0x80, 0, 0, 0}, 14, true},
    {"WINDOW of 3 bytes", {0, 0, 0, 3, 0, 0, 0, 1, 0x11, 0, 1, 1, 1}, 13, true},
    {"HELLO of 15 bytes", {0, 0, 0, 15, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x40}, 25,
	false},
    {"HELLO of version 0", {0, 0, 0, 16, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40}, 26,
	false},
    {"HELLO with frames below 4 MiB",
	{0, 0, 0, 16, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x3f}, 26, false},
    {"HELLO on a stream", {0, 0, 0, 16, 0, 0, 0, 1, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x40}, 26,
	false},
};

START_TEST(protocol_errors_end_the_connection)
{
	int fd = join();

	if (violations[_i].hello) {
		hello(fd, 1000);
		call(fd, 1, "Later", "");
		turn();
	}
	put(fd, violations[_i].p, violations[_i].len);
	if (violations[_i].hello) {
		expect_status(fd, 1, ERR_CANCELLED);
		expect(fd, 0, FRAME_GOAWAY, 0);
		ck_assert_uint_eq(frame_be32(body), 1);
		ck_assert_uint_eq(frame_be32(body + 4), ERR_INVALID);
	}
	expect_closed(fd);
	ck_assert_uint_eq(net_connections(net), 0);
}
END_TEST

START_TEST(what_is_no_frame_is_closed)
{
	static const char *const first[] = {"GETS / HTTP/1.1\r\n", "\x16\x03\x01", "P", "PRX"};

	for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
		int fd = join();
		put(fd, first[i], strlen(first[i]));
		if (strcmp(first[i], "P") == 0) {
			expect_silence(fd); /* may become PRI */
			close(fd);
			turn();
		} else {
			expect_closed(fd);
		}
	}
	ck_assert_uint_eq(net_connections(net), 0);
}
END_TEST

START_TEST(http_1_is_told_and_closed)
{
	char answer[13] = "";
	int fd = join();

	put(fd, "GET / HTTP/1.1\r\n\r\n", 18);
	ck_assert_int_eq(pull(fd, (uint8_t *)answer, 12), 12);
	ck_assert_str_eq(answer, "HTTP/1.1 400");
	ck_assert_uint_eq(net_connections(net), 0);
	close(fd);
}
END_TEST

/* Lets the sweeper's timer fire at a time that the test chose. */
static void
at(int64_t us)
{
	fake.now_us = us;
	usleep(260000);
	turn();
	turn();
}

START_TEST(who_says_nothing_or_stalls_is_closed)
{
	int quiet, stalled, idle;
	int64_t t = INT64_C(1000000000);

	fake.now_us = t;
	quiet = join();
	stalled = join();
	idle = join();
	put(stalled, "\0\0\0\x09", 4);
	call(idle, 1, "Echo", "");
	expect(idle, 1, FRAME_RESPONSE, 0);
	at(t + (LIMIT_UNDECIDED_MS - 1) * INT64_C(1000));
	ck_assert_uint_eq(net_connections(net), 3);
	at(t + LIMIT_UNDECIDED_MS * INT64_C(1000));
	ck_assert_uint_eq(net_connections(net), 2);
	expect_closed(quiet);
	/* One byte is progress. */
	put(stalled, "\0", 1);
	turn();
	at(t + (LIMIT_UNDECIDED_MS + LIMIT_STALLED_MS - 1) * INT64_C(1000));
	ck_assert_uint_eq(net_connections(net), 2);
	at(t + (LIMIT_UNDECIDED_MS + LIMIT_STALLED_MS) * INT64_C(1000));
	ck_assert_uint_eq(net_connections(net), 1);
	expect_closed(stalled);
	close(idle);
}
END_TEST

START_TEST(who_holds_most_makes_room_for_others)
{
	static const uint8_t bytes[100000];
	int hog = join(), other = join();
	size_t spoken_for;

	put(hog, "\0\x10\0\0\0\0\0\1\1\0", 10); /* a MiB is announced */
	put(hog, bytes, sizeof bytes);
	turn();
	spoken_for = LIMIT_INPUT_TOTAL - net->input_owned;
	net->input_owned += spoken_for;
	put(other, "\0\0\x40\0\0\0\0\1\1\0", 10);
	turn();
	ck_assert_uint_eq(net_connections(net), 1);
	expect_closed(hog);
	/* It is the largest itself now. */
	net->input_owned = LIMIT_INPUT_TOTAL;
	put(other, bytes, 10000);
	turn();
	ck_assert_uint_eq(net_connections(net), 0);
	expect_closed(other);
}
END_TEST

START_TEST(connections_are_limited)
{
	int a, b, c;

	net_free(net);
	event_base_free(base);
	setup_with(2);
	a = join();
	b = join();
	c = join();
	expect_closed(c);
	call(a, 1, "Echo", "a");
	expect_text(a, 1, "a");
	close(b);
	turn();
	c = join();
	call(c, 1, "Echo", "c");
	expect_text(c, 1, "c");
	close(a);
	close(c);
}
END_TEST

/* ---- streams ---- */

static unsigned
drain_stream(int fd, uint32_t stream)
{
	unsigned count = 0;

	for (;;) {
		struct frame frame = take(fd);
		ck_assert_uint_eq(frame.stream, stream);
		ck_assert_uint_eq(frame.type, FRAME_DATA);
		if (frame.flags & FRAME_REMOTE_CLOSED) {
			ck_assert_uint_eq(frame.flags, FRAME_REMOTE_CLOSED | FRAME_NO_DATA);
			ck_assert_uint_eq(frame.body_len, 0);
			return count;
		}
		ck_assert_uint_eq(frame.body_len, 1003);
		count++;
	}
}

START_TEST(a_finite_stream_is_paced_for_a_stock_peer)
{
	int fd = join();

	/* 10 MB, while 1 MiB may be unsent. */
	call(fd, 1, "Count", "10000");
	turn();
	ck_assert_uint_gt(fake.writables, 0);
	ck_assert_uint_lt(net->pool.owned, 2 * LIMIT_OUTPUT_HIGH);
	ck_assert_uint_eq(drain_stream(fd, 1), 10000);
	ck_assert_uint_gt(fake.writables, 2);
	call(fd, 3, "Echo", "after");
	expect_text(fd, 3, "after");
	close(fd);
}
END_TEST

START_TEST(credit_paces_each_stream_by_itself)
{
	int fd = join();

	hello(fd, 2500);
	call(fd, 1, "Count", "10");
	call(fd, 3, "Count", "10");
	/* 2,500 bytes: after 1,003 and 2,006 there is credit left, after 3,009 there is none. */
	for (int i = 0; i < 3; i++)
		expect(fd, 1, FRAME_DATA, 0);
	for (int i = 0; i < 3; i++)
		expect(fd, 3, FRAME_DATA, 0);
	expect_silence(fd);
	window(fd, 3, 509); /* 2500 - 3009 + 509 = 0: not above zero */
	expect_silence(fd);
	window(fd, 3, 1);
	expect(fd, 3, FRAME_DATA, 0);
	expect_silence(fd);
	call(fd, 5, "Echo", "meanwhile");
	expect_text(fd, 5, "meanwhile");
	window(fd, 1, 100000);
	ck_assert_uint_eq(drain_stream(fd, 1), 7);
	window(fd, 1, 1000); /* over: ignored */
	window(fd, 3, INT32_MAX);
	window(fd, 3, INT32_MAX);
	ck_assert_uint_eq(drain_stream(fd, 3), 6);
	close(fd);
}
END_TEST

START_TEST(a_stream_without_any_credit_waits_for_some)
{
	int fd = join();

	hello(fd, 0);
	call(fd, 1, "Count", "2");
	expect_silence(fd);
	window(fd, 1, 5000);
	ck_assert_uint_eq(drain_stream(fd, 1), 2);
	close(fd);
}
END_TEST

/* What watch handlers do: the same bytes to whoever watches. */
static void
send_all(struct rpc_bytes *bytes)
{
	for (size_t i = 0; i < fake.later_count; i++) {
		struct rpc_call *c = fake.later[i];
		if (rpc_is_writable(c) && rpc_send_shared(c, bytes))
			c->resume_from++;
	}
}

static struct rpc_bytes *
shared(size_t len)
{
	struct rpc_bytes *bytes = rpc_bytes_new(NULL, len);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes->p, 's', len);
	return bytes;
}

START_TEST(shared_bytes_are_not_copied_for_those_who_wait)
{
	struct rpc_bytes *bytes = shared(100000);
	enum { PEERS = 20 };
	int fds[PEERS];

	for (int i = 0; i < PEERS; i++) {
		fds[i] = join();
		call(fds[i], 1, "Watch", "");
		turn();
	}
	ck_assert_uint_eq(fake.later_count, PEERS);
	for (int i = 0; i < 10; i++) {
		send_all(bytes);
		turn();
	}
	/* 1 MB each is under way; what queues is references. */
	ck_assert_uint_gt(bytes->refs, PEERS);
	ck_assert_uint_lt(net->pool.owned, 100000);
	for (int i = 0; i < PEERS; i++) {
		for (int n = 0; n < 10; n++) {
			struct frame frame = take(fds[i]);
			ck_assert_uint_eq(frame.type, FRAME_DATA);
			ck_assert_uint_eq(frame.body_len, 100000);
			for (size_t k = 0; k < frame.body_len; k += 999)
				ck_assert_uint_eq(frame.body[k], 's');
		}
		close(fds[i]);
	}
	ck_assert_uint_eq(bytes->refs, 1);
	rpc_bytes_unref(bytes);
}
END_TEST

START_TEST(a_stock_watcher_that_does_not_read_is_ended_with_where_to_resume)
{
	struct rpc_bytes *bytes = shared(1 << 20);
	Google__Rpc__ErrorInfo *info;
	unsigned count = 0;
	int fd = join();

	call(fd, 1, "Watch", "");
	turn();
	for (int i = 0; i < 20; i++) {
		send_all(bytes);
		turn();
	}
	ck_assert_uint_eq(fake.later_count, 0); /* told through on_cancel */
	for (;;) {
		struct frame frame = take(fd);
		if (frame.type == FRAME_RESPONSE) {
			/* Response { status { code 8, message, details [ Any { type, ErrorInfo } ] } } */
			const uint8_t *p = frame.body + 1;
			while (*p++ >= 0x80)
				;
			Google__Rpc__Status *status = google__rpc__status__unpack(
			    NULL, frame.body_len - (size_t)(p - frame.body), p);
			ck_assert_ptr_nonnull(status);
			ck_assert_int_eq(status->code, ERR_LIMIT);
			ck_assert_uint_eq(status->n_details, 1);
			info = google__rpc__error_info__unpack(
			    NULL, status->details[0]->value.len, status->details[0]->value.data);
			ck_assert_str_eq(info->reason, "SLOW_READER");
			/* count messages came, so the next one is count + 1. */
			ck_assert_uint_eq(strtoul(info->metadata[0]->value, NULL, 10), count + 1);
			google__rpc__error_info__free_unpacked(info, NULL);
			google__rpc__status__free_unpacked(status, NULL);
			break;
		}
		count++;
	}
	/* More than 8 MiB unsent ends it, and the kernel holds less than 1 MiB of it. */
	ck_assert_uint_ge(count, 9);
	ck_assert_uint_le(count, 10);
	call(fd, 3, "Echo", "still here");
	expect_text(fd, 3, "still here");
	rpc_bytes_unref(bytes);
	close(fd);
}
END_TEST

START_TEST(a_watcher_without_credit_is_not_writable_and_not_ended)
{
	struct rpc_bytes *bytes = shared(1 << 20);
	int fd = join();

	hello(fd, 100);
	call(fd, 1, "Watch", "");
	turn();
	for (int i = 0; i < 20; i++) {
		send_all(bytes);
		turn();
	}
	ck_assert_uint_eq(fake.later_count, 1);
	ck_assert_uint_eq(fake.later[0]->resume_from, 2); /* the first was sent: there was credit */
	expect(fd, 1, FRAME_DATA, 0);
	expect_silence(fd);
	rpc_bytes_unref(bytes);
	close(fd);
}
END_TEST

/* ---- backpressure ---- */

START_TEST(reading_stops_while_output_is_unread)
{
	int fd = join();
	unsigned sent = 0, answered = 0;
	ssize_t n = 1;
	uint8_t p[64];
	size_t len = make_request(p + FRAME_HEADER_LEN, "Big", "100000", 0);

	/* Writes as much as is taken: at most 1 MiB of replies, and what the sockets hold. */
	while (n > 0 && sent < 20000) {
		frame_encode_header(p, (uint32_t)len, 2 * sent + 1, FRAME_REQUEST, 0);
		n = write(fd, p, FRAME_HEADER_LEN + len);
		if (n > 0) {
			ck_assert_int_eq(n, (ssize_t)(FRAME_HEADER_LEN + len));
			sent++;
		}
		turn();
	}
	ck_assert_uint_lt(sent, 20000);
	ck_assert_uint_lt(net->pool.owned, 2 * LIMIT_OUTPUT_HIGH);
	for (; answered < sent; answered++)
		expect(fd, 2 * answered + 1, FRAME_RESPONSE, 0);
	/* And it goes on. */
	call(fd, 99999, "Echo", "on");
	expect_text(fd, 99999, "on");
	ck_assert_uint_eq(net->pool.owned, 0);
	close(fd);
}
END_TEST

START_TEST(large_replies_to_a_peer_that_does_not_read_become_errors)
{
	int fd = join();
	unsigned large = 0, refused = 0;

	/* All calls are taken before the first is answered: so reading has not stopped. */
	for (uint32_t i = 0; i < 40; i++)
		call(fd, 2 * i + 1, "Later", "");
	turn();
	ck_assert_uint_eq(fake.later_count, 40);
	uint8_t *p = calloc(1, 2 << 20);
	for (uint32_t i = 0; i < 40; i++) {
		ck_assert(rpc_send_bytes(fake.later[i], p, i == 39 ? LIMIT_REPLY_SMALL : 2 << 20));
		rpc_finish(fake.later[i]);
	}
	fake.later_count = 0;
	free(p);
	for (uint32_t i = 0; i < 40; i++) {
		struct frame frame = take(fd);
		if (frame.body[0] == 0x12)
			large++;
		else
			refused++;
	}
	/* 16 × 2 MiB and their heads pass 32 MiB; the 17th finds more than that. The small one always goes out. */
	ck_assert_uint_eq(large, 16 + 1);
	ck_assert_uint_eq(refused, 23);
	close(fd);
}
END_TEST

/* ---- the end ---- */

START_TEST(draining_ends_in_good_order)
{
	int with_hello = join(), stock = join(), quiet = join(), fresh = join();

	hello(with_hello, 1000);
	call(with_hello, 5, "Later", "");
	call(stock, 7, "Later", "");
	call(quiet, 1, "Echo", "");
	expect(quiet, 1, FRAME_RESPONSE, 0);
	turn();
	ck_assert_uint_eq(fake.later_count, 2);
	net_drain(net);
	expect_closed(quiet);
	expect_closed(fresh);
	expect(with_hello, 0, FRAME_GOAWAY, 0);
	ck_assert_uint_eq(frame_be32(body), 5);
	ck_assert_uint_eq(frame_be32(body + 4), ERR_UNAVAILABLE);
	call(with_hello, 7, "Echo", "");
	expect_status(with_hello, 7, ERR_UNAVAILABLE);
	call(stock, 9, "Echo", "");
	expect_status(stock, 9, ERR_UNAVAILABLE);
	ck_assert(!net_is_idle(net));
	while (fake.later_count > 0) {
		struct rpc_call *c = fake.later[--fake.later_count];
		rpc_finish(c);
	}
	expect(with_hello, 5, FRAME_RESPONSE, 0);
	expect(stock, 7, FRAME_RESPONSE, 0);
	expect_closed(with_hello);
	expect_closed(stock);
	ck_assert(net_is_idle(net));
}
END_TEST

START_TEST(freeing_the_net_cancels_what_runs)
{
	int fd = join();

	call(fd, 1, "Later", "");
	call(fd, 3, "Watch", "");
	turn();
	net_free(net);
	ck_assert_uint_eq(fake.cancels, 2);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 0);
	event_base_free(base);
	fake_daemon_fini(&daemon_);
	setup();
	close(fd);
}
END_TEST

START_TEST(more_dirty_connections_than_are_held_back_all_get_theirs)
{
	struct rpc_bytes *bytes = shared(300);
	enum { PEERS = 1500 }; /* above the 1,024 that hold output back until the end of the turn */
	static int fds[PEERS];

	for (int i = 0; i < PEERS; i++) {
		fds[i] = join();
		call(fds[i], 1, "Watch", "");
		turn();
	}
	ck_assert_uint_eq(fake.later_count, PEERS);
	send_all(bytes);
	send_all(bytes);
	turn();
	for (int i = 0; i < PEERS; i++) {
		expect(fds[i], 1, FRAME_DATA, 0);
		expect(fds[i], 1, FRAME_DATA, 0);
		close(fds[i]);
	}
	for (int i = 0; i < PEERS && net_connections(net) > 0; i++)
		turn();
	ck_assert_uint_eq(net_connections(net), 0);
	ck_assert_uint_eq(bytes->refs, 1);
	rpc_bytes_unref(bytes);
}
END_TEST

/* ---- listening ---- */

START_TEST(listening_on_both_kinds_of_address)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char text[120], path[100];
	struct err err;
	int fd, other;

	snprintf(path, sizeof path, "/tmp/plumb-test-%d", (int)getpid());
	snprintf(text, sizeof text, "unix:%s", path);
	ck_assert(net_listen(net, "tcp:127.0.0.1:0", &err));
	ck_assert(net_listen(net, text, &err));
	ck_assert_int_eq(strncmp(net_address(net, 0), "tcp:127.0.0.1:", 14), 0);
	ck_assert_str_ne(net_address(net, 0), "tcp:127.0.0.1:0");
	ck_assert_str_eq(net_address(net, 1), text);
	ck_assert_ptr_null(net_address(net, 2));
	/* In use. */
	ck_assert(!net_listen(net, text, &err));
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert(!net_listen(net, net_address(net, 0), &err));

	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&sun, sizeof sun), 0);
	call(fd, 1, "Echo", "unix");
	expect_text(fd, 1, "unix");
	snprintf(text, sizeof text, "uid:%u", (unsigned)getuid());
	ck_assert_str_eq(fake.last_caller.name, text);
	ck_assert(fake.last_caller.local);
	close(fd);

	/* A socket file whose process is gone is replaced. */
	other = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(sun.sun_path, sizeof sun.sun_path, "%s.x", path);
	ck_assert_int_eq(bind(other, (const struct sockaddr *)&sun, sizeof sun), 0);
	close(other);
	snprintf(text, sizeof text, "unix:%s.x", path);
	ck_assert_msg(net_listen(net, text, &err), "%s", err.msg);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frame_conn");
	TCase *tc = tcase_create("frames");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, unary_calls_are_answered);
	tcase_add_test(tc, a_request_may_come_byte_by_byte);
	tcase_add_test(tc, many_small_requests_in_one_write_are_all_answered);
	tcase_add_test(tc, a_large_request_and_reply_pass);
	tcase_add_test(tc, errors_have_their_code_and_leave_the_connection_alive);
	tcase_add_test(tc, an_id_in_use_is_refused_and_may_be_used_again_afterwards);
	tcase_add_test(tc, calls_per_connection_are_limited);
	tcase_add_test(tc, metadata_is_limited_in_number_and_size);
	tcase_add_test(tc, an_oversize_request_is_refused_at_its_header_and_skipped);
	tcase_add_test(tc, unknown_frames_are_skipped);
	tcase_add_test(tc, a_second_message_ends_the_call);
	tcase_add_test(tc, the_claim_of_a_call_makes_its_caller);
	tcase_add_test(tc, a_deadline_ends_the_call);
	tcase_add_test(tc, hello_brings_ping_and_cancel);
	tcase_add_test(tc, losing_the_connection_cancels_its_calls);
	tcase_add_loop_test(tc, protocol_errors_end_the_connection, 0,
	    (int)(sizeof violations / sizeof violations[0]));
	tcase_add_test(tc, what_is_no_frame_is_closed);
	tcase_add_test(tc, http_1_is_told_and_closed);
	tcase_add_test(tc, who_says_nothing_or_stalls_is_closed);
	tcase_add_test(tc, who_holds_most_makes_room_for_others);
	tcase_add_test(tc, connections_are_limited);
	tcase_add_test(tc, a_finite_stream_is_paced_for_a_stock_peer);
	tcase_add_test(tc, credit_paces_each_stream_by_itself);
	tcase_add_test(tc, a_stream_without_any_credit_waits_for_some);
	tcase_add_test(tc, shared_bytes_are_not_copied_for_those_who_wait);
	tcase_add_test(tc, a_stock_watcher_that_does_not_read_is_ended_with_where_to_resume);
	tcase_add_test(tc, a_watcher_without_credit_is_not_writable_and_not_ended);
	tcase_add_test(tc, reading_stops_while_output_is_unread);
	tcase_add_test(tc, large_replies_to_a_peer_that_does_not_read_become_errors);
	tcase_add_test(tc, draining_ends_in_good_order);
	tcase_add_test(tc, freeing_the_net_cancels_what_runs);
	tcase_add_test(tc, more_dirty_connections_than_are_held_back_all_get_theirs);
	tcase_add_test(tc, listening_on_both_kinds_of_address);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
