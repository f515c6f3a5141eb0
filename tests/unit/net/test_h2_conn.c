/*
 * gRPC over HTTP/2 with a daemon that has no plan and a clock that the test turns: who stalls, and what is held for it;
 * how long connections live.
 */
#include "tests/support/fake_daemon.h"

#include <check.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/limits.h"
#include "server/net/net.h"
#include "server/net/net_internal.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum { DATA, HEADERS, RST_STREAM = 3, SETTINGS, PING = 6, GOAWAY };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

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
setup_silent(struct life_options life)
{
	const struct peer peer = {.local = true, .uid = 1000};
	struct net_options options = {.daemon = &daemon_, .life = life};
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
}

static void
greet(void)
{
	put(PREFACE, sizeof PREFACE - 1);
	put_frame(SETTINGS, 0, 0, NULL, 0);
	turns();
}

static void
setup_life(struct life_options life)
{
	setup_silent(life);
	greet();
}

static void
setup(void)
{
	setup_life((struct life_options){0});
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

/* ---- life --------------------------------------------------------------------------------------------------- */

/* What has come since the last gather(), until the next one. */
static uint8_t seen[1 << 20];
static size_t seen_len;

static void
gather(void)
{
	seen_len = pull(seen, sizeof seen);
}

/* The body of the nth frame of a type; NULL: there is none. */
static const uint8_t *
nth(unsigned type, unsigned n, size_t *len)
{
	for (size_t at = 0; at + 9 <= seen_len;) {
		*len = (size_t)seen[at] << 16 | (size_t)seen[at + 1] << 8 | seen[at + 2];
		if (seen[at + 3] == type && n-- == 0)
			return seen + at + 9;
		at += 9 + *len;
	}
	return NULL;
}

/* The nth GOAWAY: its last stream, its code, what it says. */
static void
says_goodbye(unsigned n, uint32_t last, uint32_t code, const char *text)
{
	size_t len = 0;
	const uint8_t *p = nth(GOAWAY, n, &len);

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(
	    (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3], last);
	ck_assert_uint_eq(p[7], code);
	ck_assert_uint_eq(len, 8 + strlen(text));
	ck_assert_int_eq(memcmp(p + 8, text, strlen(text)), 0);
}

static bool
is_quiet(void)
{
	size_t len;

	gather();
	return nth(GOAWAY, 0, &len) == NULL && nth(PING, 0, &len) == NULL;
}

/* Answers the PING that came. */
static void
answer(void)
{
	size_t len = 0;
	const uint8_t *p = nth(PING, 0, &len);

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(len, 8);
	put_frame(PING, ACK, 0, p, 8);
	gather();
}

/* Nothing more comes, and when we close our side it is gone. */
static void
is_over(void)
{
	char byte;

	turns();
	ck_assert_int_eq(read(fd, &byte, 1), 0);
	shutdown(fd, SHUT_RDWR);
	turns();
	ck_assert_uint_eq(net_connections(net), 0);
}

START_TEST(an_old_connection_ends_in_two_steps)
{
	setup_life((struct life_options){.age_ms = 100000, .grace_ms = 10000});
	call(1, "/test.v1.Test/Echo", "x");
	/* A tenth more or less. */
	at_ms(89999);
	ck_assert(is_quiet());
	at_ms(110000);
	gather();
	says_goodbye(0, 0x7fffffff, 0, "");
	/* What was on its way is still taken until the peer has seen it … */
	put_headers(3, "/test.v1.Test/Echo");
	put_frame(DATA, END_STREAM, 3, "\0\0\0\0\0", 5);
	answer();
	/* … but not begun: it is safe to ask again elsewhere. */
	says_goodbye(0, 3, 0, "max_age");
	is_over();
	teardown();
}
END_TEST

START_TEST(ages_differ)
{
	unsigned ended = 0;
	int fds[20];

	setup_life((struct life_options){.age_ms = 100000, .grace_ms = 10000});
	for (int i = 0; i < 20; i++) {
		const struct peer peer = {.local = true, .uid = 1000};
		int pair[2];

		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
		net_accept(net, pair[0], &peer);
		fds[i] = pair[1];
		ck_assert_int_eq(write(fds[i], PREFACE "\0\0\0\4\0\0\0\0\0", sizeof PREFACE + 8),
		    sizeof PREFACE + 8);
	}
	turns();
	at_ms(100000);
	for (struct conn *conn = LIST_FIRST(&net->conns); conn != NULL;
	     conn = LIST_NEXT(conn, link))
		ended += conn->state != CONN_OPEN;
	ck_assert_uint_gt(ended, 3);
	ck_assert_uint_lt(ended, 17);
	for (int i = 0; i < 20; i++)
		close(fds[i]);
	teardown();
}
END_TEST

START_TEST(calls_of_an_old_connection_may_end)
{
	struct err no;

	setup_life((struct life_options){.age_ms = 100000, .grace_ms = 10000});
	call(1, "/test.v1.Test/Later", "");
	call(3, "/test.v1.Test/Later", "");
	turns();
	at_ms(110000);
	gather();
	answer();
	says_goodbye(0, 3, 0, "max_age");
	ck_assert_uint_eq(fake.later_count, 2);
	err_set(&no, ERR_NOT_FOUND, "no");
	rpc_fail(fake.later[1], &no);
	ck_assert_uint_eq(frames_come(HEADERS, 3), 1);
	/* The other one takes longer than the grace. */
	at_ms(119999);
	ck_assert_uint_eq(net_connections(net), 1);
	at_ms(120000);
	ck_assert_uint_eq(net_connections(net), 0);
	ck_assert_uint_eq(fake.cancels, 1);
	teardown();
}
END_TEST

START_TEST(an_idle_connection_ends)
{
	setup_life((struct life_options){.idle_ms = 10000, .grace_ms = 1000});
	at_ms(5000);
	call(1, "/test.v1.Test/Echo", "x");
	turns();
	/* Used within the first ten seconds, and not in the second ten. */
	at_ms(10000);
	ck_assert(is_quiet());
	at_ms(19999);
	ck_assert(is_quiet());
	at_ms(20000);
	gather();
	says_goodbye(0, 0x7fffffff, 0, "");
	answer();
	says_goodbye(0, 1, 0, "max_idle");
	is_over();
	teardown();
}
END_TEST

START_TEST(a_goodbye_that_is_not_heard_ends_too)
{
	setup_life((struct life_options){.idle_ms = 10000, .grace_ms = 1000});
	at_ms(10000);
	gather();
	says_goodbye(0, 0x7fffffff, 0, "");
	at_ms(10999);
	ck_assert_uint_eq(net_connections(net), 1);
	at_ms(11000);
	ck_assert_uint_eq(net_connections(net), 0);
	teardown();
}
END_TEST

START_TEST(who_has_a_call_is_not_idle)
{
	setup_life((struct life_options){.idle_ms = 10000, .grace_ms = 1000});
	call(1, "/test.v1.Test/Watch", "");
	turns();
	for (int64_t i = 1; i < 10; i++) {
		at_ms(i * 10000);
		ck_assert(is_quiet());
	}
	teardown();
}
END_TEST

START_TEST(a_silent_peer_is_asked_and_given_up)
{
	setup_life((struct life_options){.keepalive_ms = 60000, .keepalive_timeout_ms = 20000});
	call(1, "/test.v1.Test/Watch", ""); /* a watcher may be silent for ever, if it is there */
	turns();
	at_ms(60000); /* it has spoken in the first minute */
	ck_assert(is_quiet());
	at_ms(120000);
	gather();
	answer();
	at_ms(140000); /* when the answer was due */
	ck_assert(is_quiet());
	at_ms(199999);
	ck_assert(is_quiet());
	at_ms(200000);
	ck_assert(!is_quiet());
	at_ms(219999);
	ck_assert_uint_eq(net_connections(net), 1);
	at_ms(220000);
	ck_assert_uint_eq(net_connections(net), 0);
	ck_assert_uint_eq(fake.cancels, 1);
	teardown();
}
END_TEST

/* Its answer to the PING lies behind replies that it reads slowly. */
START_TEST(a_slow_reader_is_not_silent)
{
	static const uint8_t bytes[4 * LIMIT_OUTPUT_HIGH];
	static uint8_t some[64 << 10];

	setup_life((struct life_options){.keepalive_ms = 60000, .keepalive_timeout_ms = 20000});
	conn_write(LIST_FIRST(&net->conns), bytes, sizeof bytes);
	turns();
	for (int64_t ms = 10000; ms <= 300000; ms += 10000) {
		ck_assert_int_gt(read(fd, some, sizeof some), 0);
		at_ms(ms);
		ck_assert_uint_eq(net_connections(net), 1);
	}
	teardown();
}
END_TEST

START_TEST(half_a_preface_is_given_up)
{
	setup_silent((struct life_options){0});
	put(PREFACE, 8);
	turns();
	ck_assert_int_eq(LIST_FIRST(&net->conns)->state, CONN_OPEN);
	at_ms(LIMIT_UNDECIDED_MS - 1);
	/* A byte now and then is no progress. */
	put(PREFACE + 8, 1);
	turns();
	ck_assert_uint_eq(net_connections(net), 1);
	at_ms(LIMIT_UNDECIDED_MS);
	ck_assert_uint_eq(net_connections(net), 0);
	teardown();
}
END_TEST

START_TEST(a_preface_in_the_last_moment_is_one)
{
	setup_silent((struct life_options){0});
	at_ms(LIMIT_UNDECIDED_MS - 1);
	greet();
	at_ms(10 * LIMIT_UNDECIDED_MS);
	call(1, "/test.v1.Test/Echo", "x");
	ck_assert_uint_eq(frames_come(HEADERS, 1), 2);
	teardown();
}
END_TEST

static void
ping_at(int64_t ms)
{
	at_ms(ms);
	put_frame(PING, 0, 0, "12345678", 8);
	gather();
}

START_TEST(pings_that_come_too_often_end_the_connection)
{
	size_t len;

	setup_life((struct life_options){.ping_interval_ms = 5000});
	/* Once in five seconds is fine, for ever. */
	for (int64_t i = 0; i < 100; i++) {
		ping_at(i * 5000);
		ck_assert_ptr_nonnull(nth(PING, 0, &len));
		ck_assert_ptr_null(nth(GOAWAY, 0, &len));
	}
	ping_at(500000);
	ping_at(504999);
	ping_at(509998);
	ck_assert_ptr_null(nth(GOAWAY, 0, &len));
	ping_at(514997);
	says_goodbye(0, 0, 11, "too_many_pings");
	is_over();
	teardown();
}
END_TEST

START_TEST(pings_between_calls_measure_and_are_answered)
{
	size_t len;

	setup_life((struct life_options){.ping_interval_ms = 5000});
	/* As callers do that estimate how much is on its way: two for each message. */
	for (uint32_t i = 0; i < 100; i++) {
		put_frame(PING, 0, 0, "12345678", 8);
		put_frame(PING, 0, 0, "12345678", 8);
		call(2 * i + 1, "/test.v1.Test/Echo", "x");
		gather();
		ck_assert_ptr_null(nth(GOAWAY, 0, &len));
	}
	teardown();
}
END_TEST

START_TEST(a_flood_of_settings_ends_the_connection)
{
	setup_life((struct life_options){0});
	/* One was sent by setup. */
	for (unsigned i = 1; i < LIMIT_CHEAP_FRAMES; i++) {
		put_frame(SETTINGS, 0, 0, NULL, 0);
		turn();
	}
	ck_assert(is_quiet());
	put_frame(SETTINGS, 0, 0, NULL, 0);
	gather();
	says_goodbye(0, 0, 11, "too many frames that ask for nothing");
	is_over();
	teardown();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("h2_conn");
	TCase *tc = tcase_create("http2"), *life = tcase_create("life");
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
	tcase_set_timeout(life, 60);
	tcase_add_test(life, an_old_connection_ends_in_two_steps);
	tcase_add_test(life, ages_differ);
	tcase_add_test(life, calls_of_an_old_connection_may_end);
	tcase_add_test(life, an_idle_connection_ends);
	tcase_add_test(life, a_goodbye_that_is_not_heard_ends_too);
	tcase_add_test(life, who_has_a_call_is_not_idle);
	tcase_add_test(life, a_silent_peer_is_asked_and_given_up);
	tcase_add_test(life, a_slow_reader_is_not_silent);
	tcase_add_test(life, half_a_preface_is_given_up);
	tcase_add_test(life, a_preface_in_the_last_moment_is_one);
	tcase_add_test(life, pings_that_come_too_often_end_the_connection);
	tcase_add_test(life, pings_between_calls_measure_and_are_answered);
	tcase_add_test(life, a_flood_of_settings_ends_the_connection);
	suite_add_tcase(suite, life);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
