/*
 * The network without memory: whatever allocation fails, each call has one end or its connection is closed, nothing leaks,
 * and the next connection is served.
 */
#include "tests/support/fake_daemon.h"

#include <check.h>
#include <event2/event.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/frame.h"
#include "common/log.h"
#include "server/net/net.h"
#include "server/net/net_internal.h"
#include "tests/support/alloc_fault.h"

#define CALLS 7
#define TURNS 300

static struct daemon daemon_;
static struct event_base *base;
static struct net *net;

static void
turn(void)
{
	alloc_fault_resume();
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	net_turn_end(net);
	alloc_fault_pause();
}

static void
open_net(void)
{
	struct net_options options = {.daemon = &daemon_};
	struct err err;

	memset(&fake, 0, sizeof fake);
	memset(&daemon_, 0, sizeof daemon_);
	base = event_base_new();
	options.base = base;
	net = net_new(&options, &err);
	ck_assert_ptr_nonnull(net);
}

static void
close_net(void)
{
	net_free(net);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 0);
	ck_assert_uint_eq(daemon_.connections, 0);
	fake_daemon_fini(&daemon_);
	event_base_free(base);
}

static int
join(void)
{
	const struct peer peer = {.local = true, .uid = 1000};
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	alloc_fault_resume();
	net_accept(net, fds[0], &peer);
	alloc_fault_pause();
	return fds[1];
}

/* The daemon's end may be closed already. */
static void
put_frame(int fd, uint32_t stream, uint8_t type, uint8_t flags, const void *body, size_t len)
{
	uint8_t frame[FRAME_HEADER_LEN + 512];
	ssize_t ignored;

	ck_assert_uint_le(len, 512);
	frame_encode_header(frame, (uint32_t)len, stream, type, flags);
	memcpy(frame + FRAME_HEADER_LEN, body, len);
	ignored = send(fd, frame, FRAME_HEADER_LEN + len, MSG_NOSIGNAL);
	(void)ignored;
}

/* Request { service "test.v1.Test", method, payload PingRequest { payload text }, timeout_nano } */
static void
call(int fd, uint32_t stream, const char *method, const char *text, bool has_deadline)
{
	char body[256];
	int n;

	n = snprintf(body, sizeof body, "\x0a\x0ctest.v1.Test\x12%c%s\x1a%c\x0a%c%s",
	    (int)strlen(method), method, (int)strlen(text) + 2, (int)strlen(text), text);
	if (has_deadline) /* 10 ms */
		n += snprintf(body + n, sizeof body - (size_t)n, "\x20\x80\xad\xe2\x04");
	put_frame(fd, stream, FRAME_REQUEST, FRAME_REMOTE_CLOSED, body, (size_t)n);
}

/* What arrived at the peer. */
struct peer_log {
	uint8_t bytes[4 << 20];
	size_t len;
	bool closed;
	unsigned ends[2 * CALLS + 2];
	size_t replies;
};

static struct peer_log heard;

static void
listen_to(int fd)
{
	while (!heard.closed && heard.len < sizeof heard.bytes) {
		ssize_t n = read(fd, heard.bytes + heard.len, sizeof heard.bytes - heard.len);

		if (n > 0)
			heard.len += (size_t)n;
		else if (n == 0)
			heard.closed = true;
		else
			return;
	}
}

static void
count_ends(void)
{
	struct frame frame;
	size_t at = 0, used = 0;

	while (frame_decode(heard.bytes + at, heard.len - at, &frame, &used) == FRAME_DONE) {
		ck_assert_uint_lt(frame.stream, 2 * CALLS + 2);
		if (frame.type == FRAME_RESPONSE ||
		    (frame.type == FRAME_DATA && (frame.flags & FRAME_REMOTE_CLOSED) != 0))
			heard.ends[frame.stream]++;
		heard.replies++;
		at += used;
	}
	ck_assert_msg(heard.closed || at == heard.len, "half a frame, and the connection is open");
}

static void
scenario(void)
{
	static const uint8_t hello[16] = {0, 0, 0, 1, 0, 16, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0};
	int fd = join();

	put_frame(fd, 0, FRAME_HELLO, 0, hello, sizeof hello);
	call(fd, 1, "Echo", "hello", false);
	call(fd, 3, "Big", "300000", false);
	call(fd, 5, "Count", "40", false);
	call(fd, 7, "Later", "x", true);
	call(fd, 9, "Fail", "x", false);
	call(fd, 11, "Nope", "x", false);
	call(fd, 13, "Watch", "x", true);
	for (int i = 0; i < TURNS; i++) {
		turn();
		listen_to(fd);
		if (i == TURNS / 2)
			usleep(11000); /* deadlines pass */
	}
	alloc_fault_end();
	for (int i = 0; i < TURNS; i++) {
		turn();
		listen_to(fd);
	}
	close(fd);
	for (int i = 0; i < 10; i++)
		turn();
}

static bool
run_starved(uint64_t n, uint64_t count)
{
	bool hit;
	int fd;

	open_net();
	memset(&heard, 0, sizeof heard);
	alloc_fault_at(n, count);
	scenario();
	hit = alloc_fault_hit();
	count_ends();
	for (unsigned id = 1; id < 2 * CALLS; id += 2) {
		ck_assert_msg(heard.ends[id] <= 1, "allocation %llu: stream %u ends twice",
		    (unsigned long long)n, id);
		ck_assert_msg(heard.closed || heard.ends[id] == 1,
		    "allocation %llu: stream %u has no end", (unsigned long long)n, id);
	}
	if (!hit)
		ck_assert_uint_gt(heard.replies, 45);
	/* The next one is served. */
	memset(&heard, 0, sizeof heard);
	fd = join();
	call(fd, 1, "Echo", "again", false);
	for (int i = 0; i < 20; i++) {
		turn();
		listen_to(fd);
	}
	count_ends();
	ck_assert_uint_eq(heard.ends[1], 1);
	close(fd);
	turn();
	close_net();
	return hit;
}

START_TEST(each_call_has_one_end_whatever_allocation_fails)
{
	uint64_t count = _i == 0 ? 1 : UINT64_MAX;
	uint64_t n = 1;

	log_set_level(LOG_LEVEL_ERROR);
	alloc_fault_pause();
	while (run_starved(n, count))
		n++;
	ck_assert_uint_gt(n, 10);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("net/alloc");
	TCase *cases = tcase_create("alloc");
	SRunner *runner;
	int failed;

	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, each_call_has_one_end_whatever_allocation_fails, 0, 2);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
