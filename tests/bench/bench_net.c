/*
 * Load over the native protocol, from one thread: how many calls a second, and how long each takes.
 *
 *   bench_net echo  [options]          a bare TCP echo of the same frames, in this process: what the machine can do
 *   bench_net fsync [options]          appends of 4 KiB with fdatasync: what the disk can do
 *   bench_net get   --server ADDR      Plan.Get of one item
 *   bench_net open  --server ADDR      Plan.Get at --rate calls a second, however slow the answers are: a call's time
 *                                      counts from when it was due
 *   bench_net apply --server ADDR      Plan.Apply of one small change
 *   bench_net mixed --server ADDR      half of the connections read, half write; prints both
 *   bench_net check --server ADDR      Insight.Check, one after another on each connection
 *   bench_net watch --server ADDR      connections that watch while one writes --rate revisions a second
 *
 * Options: --connections N (1), --depth N calls in flight on each (1), --seconds N (3), --rate N (20), --dir DIR
 * Prints one line per kind of call: calls/s, p50, p99 and the longest in microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/frame.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "ttrpc/ttrpc.pb-c.h"

#define TIMES_MAX   (8u << 20)
#define DEPTH_MAX   4096u
#define BUFFER      (256u << 10)
#define REQUEST_MAX 1024u

static struct {
	const char *server;
	const char *dir;
	uint64_t connections;
	uint64_t depth;
	uint64_t seconds;
	uint64_t rate;
} opt = {NULL, "/tmp", 1, 1, 3, 20};

enum call_kind { CALL_ECHO, CALL_GET, CALL_APPLY, CALL_WATCH, CALL_CHECK, CALL_KINDS };

struct tally {
	uint32_t *times; /* microseconds * 10 */
	size_t count;
	uint64_t calls;
	uint64_t errors;
};
static struct tally tallies[CALL_KINDS];
static const char *const call_names[] = {"echo", "get", "apply", "watch", "check"};

struct conn {
	int fd;
	enum call_kind kind;
	uint32_t number;
	uint32_t next_stream;
	unsigned in_flight;
	uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
	size_t out_at;
	int64_t *sent; /* by stream / 2 % depth slots */
};

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static size_t
encode_for(uint8_t *out, const char *service, const char *method, const ProtobufCMessage *request)
{
	Ttrpc__Request call;
	uint8_t payload[REQUEST_MAX];

	ttrpc__request__init(&call);
	call.service = pb_str(service);
	call.method = pb_str(method);
	call.payload.data = payload;
	call.payload.len = protobuf_c_message_pack(request, payload);
	return protobuf_c_message_pack(&call.base, out);
}

static size_t
encode_call(uint8_t *out, const char *method, const ProtobufCMessage *request)
{
	return encode_for(out, "plumb.v1.Plan", method, request);
}

/* The body of one call of the connection's kind; serial makes writes differ. */
static size_t
request_body(const struct conn *conn, uint64_t serial, uint8_t *out)
{
	char id[48], title[48];

	if (conn->kind == CALL_ECHO || conn->kind == CALL_GET) {
		Plumb__V1__GetRequest get;

		plumb__v1__get_request__init(&get);
		get.ref = pb_str("goal/bench");
		return encode_call(out, "Get", &get.base);
	}
	if (conn->kind == CALL_CHECK) {
		Plumb__V1__CheckRequest check;

		plumb__v1__check_request__init(&check);
		return encode_for(out, "plumb.v1.Insight", "Check", &check.base);
	}
	{
		Plumb__V1__ApplyRequest apply;
		Plumb__V1__ChangeSet set;
		Plumb__V1__Change change, *changes[] = {&change};
		Plumb__V1__Put put;
		Plumb__V1__Item item;
		Plumb__V1__Task task;

		plumb__v1__apply_request__init(&apply);
		plumb__v1__change_set__init(&set);
		plumb__v1__change__init(&change);
		plumb__v1__put__init(&put);
		plumb__v1__item__init(&item);
		plumb__v1__task__init(&task);
		snprintf(id, sizeof id, "bench-%" PRIu32 "-%" PRIu64, conn->number, serial % 100);
		snprintf(title, sizeof title, "Small change %" PRIu64, serial);
		item.id = id;
		item.title = title;
		item.body_case = PLUMB__V1__ITEM__BODY_TASK;
		item.task = &task;
		put.item = &item;
		change.change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
		change.put = &put;
		set.n_changes = 1;
		set.changes = changes;
		apply.change_set = &set;
		return encode_call(out, "Apply", &apply.base);
	}
}

static size_t
watch_body(uint8_t *out)
{
	Plumb__V1__WatchRequest watch;

	plumb__v1__watch_request__init(&watch);
	watch.heartbeat_ms = 600000;
	return encode_call(out, "Watch", &watch.base);
}

/* ---- connections ------------------------------------------------------------------------------------------ */

static int
connect_to(const char *address)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {.sin_family = AF_INET};
	const char *colon;
	char host[64];
	uint64_t port;
	int fd, one = 1;

	if (strncmp(address, "unix:", 5) == 0) {
		snprintf(un.sun_path, sizeof un.sun_path, "%s", address + 5);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&un, sizeof un) != 0)
			die("connect %s: %s", address, strerror(errno));
		return fd;
	}
	colon = strrchr(address, ':');
	if (strncmp(address, "tcp:", 4) != 0 || !parse_u64(colon + 1, 1, 65535, &port))
		die("no address: %s", address);
	snprintf(host, sizeof host, "%.*s", (int)(colon - address - 4), address + 4);
	in.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, host, &in.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&in, sizeof in) != 0)
		die("connect %s: %s", address, strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static void
conn_init(struct conn *conn, uint32_t number, enum call_kind kind)
{
	*conn = (struct conn){
	    .fd = connect_to(opt.server), .kind = kind, .number = number, .next_stream = 1};
	conn->in = malloc(kind == CALL_WATCH ? 16384 : BUFFER);
	conn->out = malloc(kind == CALL_WATCH ? 4096 : BUFFER + DEPTH_MAX * 256);
	conn->sent = calloc(DEPTH_MAX, sizeof *conn->sent);
	if (conn->in == NULL || conn->out == NULL || conn->sent == NULL)
		die("out of memory");
	fcntl(conn->fd, F_SETFL, O_NONBLOCK);
}

static void
conn_flush(struct conn *conn)
{
	while (conn->out_at < conn->out_len) {
		ssize_t n = send(
		    conn->fd, conn->out + conn->out_at, conn->out_len - conn->out_at, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			die("send: %s", strerror(errno));
		conn->out_at += (size_t)n;
	}
	conn->out_at = conn->out_len = 0;
}

/* due: the moment from which the call's time counts. */
static void
conn_call(struct conn *conn, int64_t due)
{
	static uint64_t serial;
	uint8_t *head = conn->out + conn->out_len;
	size_t len = request_body(conn, serial++, head + FRAME_HEADER_LEN);

	frame_encode_header(
	    head, (uint32_t)len, conn->next_stream, FRAME_REQUEST, FRAME_REMOTE_CLOSED);
	conn->out_len += FRAME_HEADER_LEN + len;
	conn->sent[conn->next_stream / 2 % DEPTH_MAX] = due;
	conn->next_stream += 2;
	conn->in_flight++;
}

static void
note(enum call_kind kind, int64_t ns, bool error)
{
	struct tally *t = &tallies[kind];

	t->calls++;
	t->errors += error;
	if (t->count < TIMES_MAX)
		t->times[t->count++] = (uint32_t)(ns / 100 > UINT32_MAX ? UINT32_MAX : ns / 100);
}

/* A response carries a status that is not empty only where the call failed. */
static bool
is_error(const struct frame *frame)
{
	return frame->type == FRAME_RESPONSE && frame->body_len >= 2 && frame->body[0] == 0x0a &&
	       frame->body[1] != 0;
}

static size_t
conn_take(struct conn *conn)
{
	struct frame frame;
	size_t used, at = 0, taken = 0;
	int64_t now = now_ns();

	while (frame_decode(conn->in + at, conn->in_len - at, &frame, &used) == FRAME_DONE) {
		at += used;
		/* Of a stream only the end counts. */
		if (frame.type == FRAME_DATA && !(frame.flags & FRAME_REMOTE_CLOSED))
			continue;
		note(conn->kind, now - conn->sent[frame.stream / 2 % DEPTH_MAX], is_error(&frame));
		conn->in_flight--;
		taken++;
	}
	memmove(conn->in, conn->in + at, conn->in_len - at);
	conn->in_len -= at;
	return taken;
}

static void
conn_readable(struct conn *conn)
{
	ssize_t n = recv(conn->fd, conn->in + conn->in_len, BUFFER - conn->in_len, 0);

	if (n == 0)
		die("the server closed the connection");
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		die("recv: %s", strerror(errno));
	if (n > 0) {
		conn->in_len += (size_t)n;
		conn_take(conn);
	}
}

static void
drive(struct conn *conns, size_t count)
{
	struct epoll_event events[256];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int64_t end = now_ns() + (int64_t)opt.seconds * 1000000000;

	for (size_t i = 0; i < count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &conns[i]};

		epoll_ctl(epoll, EPOLL_CTL_ADD, conns[i].fd, &event);
		for (uint64_t k = 0; k < opt.depth; k++)
			conn_call(&conns[i], now_ns());
		conn_flush(&conns[i]);
	}
	while (now_ns() < end) {
		int n = epoll_wait(epoll, events, 256, 100);

		for (int i = 0; i < n; i++) {
			struct conn *conn = events[i].data.ptr;

			conn_readable(conn);
			while (conn->in_flight < opt.depth)
				conn_call(conn, now_ns());
			conn_flush(conn);
		}
	}
	close(epoll);
}

/* The calls that are due by now, spread over the connections. What the socket does not take waits, and counts. */
static void
call_due(struct conn *conns, size_t count, int64_t *next, int64_t now, int64_t step)
{
	static size_t turn;

	for (; *next <= now; *next += step) {
		struct conn *conn = &conns[turn++ % count];

		if (conn->in_flight >= DEPTH_MAX / 2)
			die("the server is more than %u calls behind", DEPTH_MAX / 2);
		conn_call(conn, *next);
	}
	for (size_t i = 0; i < count; i++)
		conn_flush(&conns[i]);
}

static void
drive_open(struct conn *conns, size_t count)
{
	struct epoll_event events[256];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int64_t next = now_ns(), end = next + (int64_t)opt.seconds * 1000000000, now;
	int64_t step = INT64_C(1000000000) / (int64_t)opt.rate;

	for (size_t i = 0; i < count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &conns[i]};

		epoll_ctl(epoll, EPOLL_CTL_ADD, conns[i].fd, &event);
	}
	while ((now = now_ns()) < end) {
		struct timespec wait = {0, next > now ? next - now : 0};
		int n = epoll_pwait2(epoll, events, 256, &wait, NULL);

		for (int i = 0; i < n; i++)
			conn_readable(events[i].data.ptr);
		call_due(conns, count, &next, now_ns(), step);
	}
	close(epoll);
}

/* ---- what it says ------------------------------------------------------------------------------------------- */

static int
compare_times(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
report(const char *name, struct tally *t)
{
	if (t->count == 0)
		return;
	qsort(t->times, t->count, sizeof *t->times, compare_times);
	printf("%-6s connections=%" PRIu64 " depth=%" PRIu64
	       " calls/s=%.0f p50=%.1fus p99=%.1fus max=%.1fus errors=%" PRIu64 "\n",
	    name, opt.connections, opt.depth, (double)t->calls / (double)opt.seconds,
	    t->times[t->count / 2] / 10.0, t->times[t->count * 99 / 100] / 10.0,
	    t->times[t->count - 1] / 10.0, t->errors);
}

/* ---- modes --------------------------------------------------------------------------------------------------- */

static void *
echo_server(void *arg)
{
	int listener = *(int *)arg, epoll = epoll_create1(0);
	struct epoll_event events[64], event = {.events = EPOLLIN, .data.fd = listener};
	static uint8_t buffer[BUFFER];

	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int n = epoll_wait(epoll, events, 64, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd, one = 1;
			ssize_t len;

			if (fd == listener) {
				fd = accept(listener, NULL, NULL);
				setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
				event.data.fd = fd;
				epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
				continue;
			}
			len = recv(fd, buffer, sizeof buffer, 0);
			if (len <= 0)
				close(fd);
			else if (send(fd, buffer, (size_t)len, MSG_NOSIGNAL) != len)
				die("the echo could not keep up");
		}
	}
	return NULL;
}

static void
start_echo(void)
{
	static int listener;
	static char address[64];
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&in, sizeof in) != 0 || listen(listener, 512) != 0 ||
	    getsockname(listener, (struct sockaddr *)&in, &len) != 0 ||
	    pthread_create(&thread, NULL, echo_server, &listener) != 0)
		die("echo: %s", strerror(errno));
	snprintf(address, sizeof address, "tcp:127.0.0.1:%d", ntohs(in.sin_port));
	opt.server = address;
}

static void
put_goal(void)
{
	Plumb__V1__ApplyRequest apply;
	Plumb__V1__ChangeSet set;
	Plumb__V1__Change change, *changes[] = {&change};
	Plumb__V1__Put put;
	Plumb__V1__Item item;
	Plumb__V1__Goal goal;
	uint8_t out[2048];
	int fd = connect_to(opt.server);
	size_t len;

	plumb__v1__apply_request__init(&apply);
	plumb__v1__change_set__init(&set);
	plumb__v1__change__init(&change);
	plumb__v1__put__init(&put);
	plumb__v1__item__init(&item);
	plumb__v1__goal__init(&goal);
	item.id = pb_str("bench");
	item.title = pb_str("What the benchmark reads");
	item.description =
	    pb_str("A text of the usual length, so that the reply is as long as replies are.");
	item.body_case = PLUMB__V1__ITEM__BODY_GOAL;
	item.goal = &goal;
	put.item = &item;
	change.change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	change.put = &put;
	set.n_changes = 1;
	set.changes = changes;
	apply.change_set = &set;
	len = encode_call(out + FRAME_HEADER_LEN, "Apply", &apply.base);
	frame_encode_header(out, (uint32_t)len, 1, FRAME_REQUEST, FRAME_REMOTE_CLOSED);
	if (send(fd, out, len + FRAME_HEADER_LEN, 0) < 0 ||
	    recv(fd, out, sizeof out, 0) <= FRAME_HEADER_LEN)
		die("the goal to read could not be written");
	close(fd);
}

static void
run_calls(enum call_kind first, enum call_kind second, void (*how)(struct conn *, size_t))
{
	struct conn *conns = calloc(opt.connections, sizeof *conns);

	if (conns == NULL)
		die("out of memory");
	for (uint64_t i = 0; i < opt.connections; i++)
		conn_init(&conns[i], (uint32_t)i, i % 2 == 0 ? first : second);
	how(conns, opt.connections);
	for (int k = 0; k < CALL_KINDS; k++)
		report(call_names[k], &tallies[k]);
}

static void
run_fsync(void)
{
	char path[4200];
	uint8_t block[4096];
	int64_t end, begin;
	int fd;

	snprintf(path, sizeof path, "%s/bench-fsync-%d", opt.dir, (int)getpid());
	fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	memset(block, 'x', sizeof block);
	end = now_ns() + (int64_t)opt.seconds * 1000000000;
	while ((begin = now_ns()) < end) {
		if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd) != 0)
			die("%s: %s", path, strerror(errno));
		note(CALL_ECHO, now_ns() - begin, false);
	}
	close(fd);
	unlink(path);
	report("fsync", &tallies[CALL_ECHO]);
}

/* The writer notes when it sent; a watcher's lag is from there to the arrival of that revision's message. */
static void
run_watch(void)
{
	struct conn *conns = calloc(opt.connections + 1, sizeof *conns), *writer;
	struct epoll_event events[512];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int64_t begin, end, next, sent = 0;
	uint64_t revisions = 0;

	if (conns == NULL)
		die("out of memory");
	for (uint64_t i = 0; i < opt.connections; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &conns[i]};
		size_t len;

		conn_init(&conns[i], (uint32_t)i, CALL_WATCH);
		len = watch_body(conns[i].out + FRAME_HEADER_LEN);
		frame_encode_header(
		    conns[i].out, (uint32_t)len, 1, FRAME_REQUEST, FRAME_REMOTE_CLOSED);
		conns[i].out_len = FRAME_HEADER_LEN + len;
		conn_flush(&conns[i]);
		epoll_ctl(epoll, EPOLL_CTL_ADD, conns[i].fd, &event);
	}
	writer = &conns[opt.connections];
	conn_init(writer, UINT32_MAX, CALL_APPLY);
	epoll_ctl(epoll, EPOLL_CTL_ADD, writer->fd,
	    &(struct epoll_event){.events = EPOLLIN, .data.ptr = writer});
	begin = next = now_ns() + INT64_C(1000000000); /* watchers settle first */
	end = begin + (int64_t)opt.seconds * 1000000000;
	while (now_ns() < end + INT64_C(1000000000)) {
		int n = epoll_wait(epoll, events, 512, 2);
		int64_t now = now_ns();

		for (int i = 0; i < n; i++) {
			struct conn *conn = events[i].data.ptr;
			uint8_t scratch[16384];
			struct frame frame;
			size_t used, at = 0;
			ssize_t got;

			if (conn == writer) {
				conn_readable(conn);
				continue;
			}
			got = recv(
			    conn->fd, conn->in + conn->in_len, sizeof scratch - conn->in_len, 0);
			if (got <= 0)
				die("a watcher was cut off");
			conn->in_len += (size_t)got;
			now = now_ns();
			while (frame_decode(conn->in + at, conn->in_len - at, &frame, &used) ==
			       FRAME_DONE) {
				at += used;
				if (frame.type == FRAME_DATA)
					note(CALL_WATCH, now - sent, false);
				else
					tallies[CALL_WATCH].errors++;
			}
			memmove(conn->in, conn->in + at, conn->in_len - at);
			conn->in_len -= at;
		}
		if (now >= next && now < end) {
			sent = now_ns();
			conn_call(writer, sent);
			conn_flush(writer);
			revisions++;
			next += INT64_C(1000000000) / (int64_t)opt.rate;
		}
	}
	report("watch", &tallies[CALL_WATCH]);
	printf("watch  revisions=%" PRIu64 " watchers=%" PRIu64 " expected=%" PRIu64
	       " received=%" PRIu64 "\n",
	    revisions, opt.connections, revisions * opt.connections, tallies[CALL_WATCH].calls);
}

static void
read_options(int argc, char **argv)
{
	static const struct option options[] = {{"server", required_argument, NULL, 's'},
	    {"connections", required_argument, NULL, 'c'}, {"depth", required_argument, NULL, 'd'},
	    {"seconds", required_argument, NULL, 't'}, {"rate", required_argument, NULL, 'r'},
	    {"dir", required_argument, NULL, 'D'}, {NULL, 0, NULL, 0}};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool ok = o != '?';

		if (o == 's')
			opt.server = optarg;
		else if (o == 'D')
			opt.dir = optarg;
		else if (o == 'c')
			ok = parse_u64(optarg, 1, 60000, &opt.connections);
		else if (o == 'd')
			ok = parse_u64(optarg, 1, DEPTH_MAX / 2, &opt.depth);
		else if (o == 't')
			ok = parse_u64(optarg, 1, 3600, &opt.seconds);
		else if (o == 'r')
			ok = parse_u64(optarg, 1, 100000, &opt.rate);
		if (!ok)
			die("usage: see the top of bench_net.c");
	}
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	struct rlimit files = {65536, 65536};

	if (argc > 1)
		read_options(argc - 1, argv + 1);
	setrlimit(RLIMIT_NOFILE, &files);
	for (int k = 0; k < CALL_KINDS; k++) {
		tallies[k].times = malloc(TIMES_MAX * sizeof *tallies[k].times);
		if (tallies[k].times == NULL)
			die("out of memory");
	}
	if (strcmp(mode, "fsync") == 0) {
		run_fsync();
		return 0;
	}
	if (strcmp(mode, "echo") == 0)
		start_echo();
	if (opt.server == NULL)
		die("usage: bench_net echo|fsync|get|open|apply|mixed|check|watch --server ADDR …");
	if (strcmp(mode, "echo") == 0) {
		run_calls(CALL_ECHO, CALL_ECHO, drive);
		return 0;
	}
	put_goal();
	if (strcmp(mode, "get") == 0)
		run_calls(CALL_GET, CALL_GET, drive);
	else if (strcmp(mode, "open") == 0)
		run_calls(CALL_GET, CALL_GET, drive_open);
	else if (strcmp(mode, "apply") == 0)
		run_calls(CALL_APPLY, CALL_APPLY, drive);
	else if (strcmp(mode, "check") == 0)
		run_calls(CALL_CHECK, CALL_CHECK, drive);
	else if (strcmp(mode, "mixed") == 0)
		run_calls(CALL_GET, CALL_APPLY, drive);
	else if (strcmp(mode, "watch") == 0)
		run_watch();
	else
		die("no mode '%s'", mode);
	return 0;
}
