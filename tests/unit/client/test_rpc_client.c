/* The client against a daemon of the test's own: a thread at the other end of a socket pair. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "client/rpc_client.h"
#include "common/frame.h"
#include "common/pb.h"
#include "google/rpc/error_details.pb-c.h"
#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/insight.pb-c.h"
#include "ttrpc/ttrpc.pb-c.h"

#define BODY_MAX (5u << 20)

/* ---- the daemon's end */

struct fake {
	int fd;
	void (*serve)(struct fake *);
	uint8_t body[BODY_MAX + 1];
	struct frame frame; /* read last; body points into `body` */
	pthread_t thread;
};

static struct fake fake;

static bool
read_exactly(int fd, uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, p, len, 0);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
read_frame(void)
{
	uint8_t header[FRAME_HEADER_LEN];

	if (!read_exactly(fake.fd, header, sizeof header))
		return false;
	memset(&fake.frame, 0, sizeof fake.frame);
	fake.frame.body_len = (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 |
			      (uint32_t)header[2] << 8 | header[3];
	fake.frame.stream = (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 |
			    (uint32_t)header[6] << 8 | header[7];
	fake.frame.type = header[8];
	fake.frame.flags = header[9];
	fake.frame.body = fake.body;
	return fake.frame.body_len <= BODY_MAX &&
	       read_exactly(fake.fd, fake.body, fake.frame.body_len);
}

static void
write_bytes(const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fake.fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void
write_frame(uint32_t stream, uint8_t type, uint8_t flags, const void *body, size_t len)
{
	uint8_t header[FRAME_HEADER_LEN];

	frame_encode_header(header, (uint32_t)len, stream, type, flags);
	write_bytes(header, sizeof header);
	write_bytes(body, len);
}

static void
write_response(uint32_t stream, const Google__Rpc__Status *status, const ProtobufCMessage *reply)
{
	static uint8_t payload[BODY_MAX], body[BODY_MAX];
	Ttrpc__Response response;

	ttrpc__response__init(&response);
	response.status = status ? (Google__Rpc__Status *)(uintptr_t)status : NULL;
	if (reply) {
		response.payload.data = payload;
		response.payload.len = protobuf_c_message_pack(reply, payload);
	}
	write_frame(stream, FRAME_RESPONSE, 0, body, ttrpc__response__pack(&response, body));
}

static void
write_status(uint32_t stream, int code, const char *message)
{
	Google__Rpc__Status status;

	google__rpc__status__init(&status);
	status.code = code;
	status.message = pb_str(message);
	write_response(stream, &status, NULL);
}

static void
write_pong(uint32_t stream, const char *payload)
{
	Plumb__V1__PingReply reply;

	plumb__v1__ping_reply__init(&reply);
	reply.payload.data = (uint8_t *)(uintptr_t)payload;
	reply.payload.len = strlen(payload);
	write_response(stream, NULL, &reply.base);
}

static void *
serve(void *arg)
{
	(void)arg;
	/* the first frame is always HELLO */
	if (read_frame() && fake.frame.type == FRAME_HELLO && fake.frame.stream == 0 &&
	    fake.frame.body_len == 16) {
		uint8_t answer[16];

		memcpy(answer, fake.body, sizeof answer);
		write_frame(0, FRAME_HELLO, FRAME_ACK, answer, sizeof answer);
		fake.serve(&fake);
	}
	close(fake.fd);
	return NULL;
}

/* ---- our end */

static struct rpc_client *client;
static struct rpc_status status;
static struct arena *arena;

static void
open_pair(void (*fn)(struct fake *))
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fake.fd = fds[1];
	fake.serve = fn;
	ck_assert_int_eq(pthread_create(&fake.thread, NULL, serve, NULL), 0);
	client = rpc_client_new(fds[0], &status);
	ck_assert_ptr_nonnull(client);
	rpc_client_set_timeout(client, 5000);
	arena = arena_new(64u << 20);
}

static void
close_pair(void)
{
	rpc_client_free(client);
	client = NULL;
	pthread_join(fake.thread, NULL);
	arena_free(arena);
}

static const Plumb__V1__PingReply *
ping(void)
{
	Plumb__V1__PingRequest request;

	plumb__v1__ping_request__init(&request);
	return rpc_client_call(
	    client, &plumb__v1__admin__descriptor, "Ping", &request.base, arena, &status);
}

/* ---- unary calls */

static void
serve_ping(struct fake *f)
{
	const Ttrpc__Request *request;
	struct arena *mine = arena_new(1u << 20);
	struct err err;

	if (!read_frame() || f->frame.type != FRAME_REQUEST ||
	    !(f->frame.flags & FRAME_REMOTE_CLOSED))
		goto out;
	request = (const Ttrpc__Request *)pb_decode(
	    &ttrpc__request__descriptor, f->frame.body, f->frame.body_len, true, mine, &err);
	if (!request || strcmp(request->service, "plumb.v1.Admin") != 0 ||
	    strcmp(request->method, "Ping") != 0 || request->timeout_nano != INT64_C(5000000000) ||
	    request->n_metadata != 1 || strcmp(request->metadata[0]->key, "plumb-as") != 0 ||
	    strcmp(request->metadata[0]->value, "person/anna") != 0)
		write_status(f->frame.stream, 3, "the request is not what was expected");
	else
		write_pong(f->frame.stream, "hi");
out:
	arena_free(mine);
}

START_TEST(a_call_carries_service_method_deadline_and_name)
{
	const Plumb__V1__PingReply *reply;

	open_pair(serve_ping);
	rpc_client_set_as(client, "person/anna");
	reply = ping();
	ck_assert_msg(reply != NULL, "%s", status.err.msg);
	ck_assert_uint_eq(reply->payload.len, 2);
	ck_assert_mem_eq(reply->payload.data, "hi", 2);
	ck_assert_int_eq(status.err.code, ERR_OK);
	close_pair();
}
END_TEST

static void
serve_refusal(struct fake *f)
{
	Google__Rpc__BadRequest bad;
	Google__Rpc__BadRequest__FieldViolation violations[2],
	    *list[2] = {&violations[0], &violations[1]};
	Plumb__V1__Conflict conflict;
	Google__Protobuf__Any any[3], *details[3] = {&any[0], &any[1], &any[2]};
	Google__Rpc__Status refusal;
	uint8_t first[256], second[256];

	google__rpc__bad_request__init(&bad);
	for (int i = 0; i < 2; i++)
		google__rpc__bad_request__field_violation__init(&violations[i]);
	violations[0].field = pb_str("change_set.changes[0].put.item.id");
	violations[0].description = pb_str("is no id");
	violations[1].description = pb_str("no single field's");
	bad.field_violations = list;
	bad.n_field_violations = 2;
	plumb__v1__conflict__init(&conflict);
	conflict.ref = pb_str("goal/growth");
	conflict.expected = 3;
	conflict.actual = 7;
	for (int i = 0; i < 3; i++)
		google__protobuf__any__init(&any[i]);
	any[0].type_url = pb_str("type.googleapis.com/google.rpc.BadRequest");
	any[0].value.len = google__rpc__bad_request__pack(&bad, first);
	any[0].value.data = first;
	any[1].type_url = pb_str("type.googleapis.com/plumb.v1.Conflict");
	any[1].value.len = plumb__v1__conflict__pack(&conflict, second);
	any[1].value.data = second;
	any[2].type_url = pb_str("type.googleapis.com/of.a.later.Version");
	google__rpc__status__init(&refusal);
	refusal.code = 10;
	refusal.message = pb_str("it changed meanwhile");
	refusal.details = details;
	refusal.n_details = 3;
	if (read_frame())
		write_response(f->frame.stream, &refusal, NULL);
}

START_TEST(a_refusal_tells_code_message_violations_and_conflict)
{
	open_pair(serve_refusal);
	ck_assert_ptr_null(ping());
	ck_assert_int_eq(status.err.code, ERR_CONFLICT);
	ck_assert_str_eq(status.err.msg, "it changed meanwhile");
	ck_assert(!status.unreachable);
	ck_assert_uint_eq(status.violations_count, 2);
	ck_assert_str_eq(status.violations[0].field, "change_set.changes[0].put.item.id");
	ck_assert_str_eq(status.violations[0].description, "is no id");
	ck_assert_str_eq(status.violations[1].field, "");
	ck_assert_ptr_nonnull(status.conflict);
	ck_assert_str_eq(status.conflict->ref, "goal/growth");
	ck_assert_uint_eq(status.conflict->actual, 7);
	close_pair();
}
END_TEST

static void
serve_bytes_one_by_one(struct fake *f)
{
	uint8_t body[64], frame[80];
	Ttrpc__Response response;
	Plumb__V1__PingReply reply;
	uint8_t payload[16];
	size_t len;

	if (!read_frame())
		return;
	plumb__v1__ping_reply__init(&reply);
	reply.payload.data = (uint8_t *)(uintptr_t) "slow";
	reply.payload.len = 4;
	ttrpc__response__init(&response);
	response.payload.data = payload;
	response.payload.len = plumb__v1__ping_reply__pack(&reply, payload);
	len = ttrpc__response__pack(&response, body);
	frame_encode_header(frame, (uint32_t)len, f->frame.stream, FRAME_RESPONSE, 0);
	memcpy(frame + FRAME_HEADER_LEN, body, len);
	for (size_t i = 0; i < FRAME_HEADER_LEN + len; i++) {
		write_bytes(frame + i, 1);
		usleep(500);
	}
}

START_TEST(an_answer_may_come_in_pieces)
{
	const Plumb__V1__PingReply *reply;

	open_pair(serve_bytes_one_by_one);
	reply = ping();
	ck_assert_ptr_nonnull(reply);
	ck_assert_uint_eq(reply->payload.len, 4);
	close_pair();
}
END_TEST

/* A PING in between, and a frame type that there is not yet. */
static void
serve_with_ping(struct fake *f)
{
	static const uint8_t eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint32_t stream;

	if (!read_frame())
		return;
	stream = f->frame.stream;
	write_frame(0, 0x42, 0, "new", 3);
	write_frame(0, FRAME_PING, 0, eight, sizeof eight);
	if (!read_frame() || f->frame.type != FRAME_PING || f->frame.flags != FRAME_ACK ||
	    f->frame.body_len != 8 || memcmp(f->body, eight, 8) != 0)
		write_status(stream, 13, "the ping was not answered");
	else
		write_pong(stream, "ok");
}

START_TEST(a_ping_is_answered_and_unknown_frames_are_passed_over)
{
	open_pair(serve_with_ping);
	ck_assert_msg(ping() != NULL, "%s", status.err.msg);
	close_pair();
}
END_TEST

static void
serve_nothing(struct fake *f)
{
	/* until the client gives up and closes */
	while (read_frame())
		;
	(void)f;
}

START_TEST(a_daemon_that_does_not_answer_is_not_waited_for)
{
	open_pair(serve_nothing);
	rpc_client_set_timeout(client, 50);
	ck_assert_ptr_null(ping());
	ck_assert_int_eq(status.err.code, ERR_DEADLINE);
	/* a late answer must not be taken for the next call's: the connection is done with */
	ck_assert_ptr_null(ping());
	ck_assert(status.unreachable);
	close_pair();
}
END_TEST

static void
serve_close(struct fake *f)
{
	(void)f;
	(void)read_frame();
}

START_TEST(a_lost_connection_is_told_from_a_refusal)
{
	open_pair(serve_close);
	ck_assert_ptr_null(ping());
	ck_assert_int_eq(status.err.code, ERR_UNAVAILABLE);
	ck_assert(status.unreachable);
	close_pair();
}
END_TEST

static void
serve_goaway(struct fake *f)
{
	(void)f;
	if (read_frame())
		write_frame(0, FRAME_GOAWAY, 0, "\0\0\0\0\0\0\0\x0ethe daemon is stopping", 31);
}

START_TEST(a_goaway_says_why)
{
	open_pair(serve_goaway);
	ck_assert_ptr_null(ping());
	ck_assert(status.unreachable);
	ck_assert_ptr_nonnull(strstr(status.err.msg, "the daemon is stopping"));
	close_pair();
}
END_TEST

static void
serve_http(struct fake *f)
{
	(void)f;
	if (read_frame())
		write_bytes((const uint8_t *)"HTTP/1.1 400 Bad Request\r\n\r\n", 28);
}

START_TEST(something_that_is_no_plumbd_is_found_out)
{
	open_pair(serve_http);
	ck_assert_ptr_null(ping());
	ck_assert(status.unreachable);
	ck_assert_ptr_nonnull(strstr(status.err.msg, "not plumbd"));
	close_pair();
}
END_TEST

static void
serve_garbage(struct fake *f)
{
	if (!read_frame())
		return;
	/* field 1 says that 100 bytes follow; 1 does */
	write_frame(f->frame.stream, FRAME_RESPONSE, 0, "\x0a\x64x", 3);
}

START_TEST(an_answer_that_cannot_be_read_is_an_error)
{
	open_pair(serve_garbage);
	ck_assert_ptr_null(ping());
	ck_assert_int_eq(status.err.code, ERR_INTERNAL);
	close_pair();
}
END_TEST

START_TEST(a_request_above_the_limit_is_refused_here)
{
	Plumb__V1__PingRequest request;
	static uint8_t much[(4u << 20) + 1];

	open_pair(serve_nothing);
	plumb__v1__ping_request__init(&request);
	request.payload.data = much;
	request.payload.len = sizeof much;
	ck_assert_ptr_null(rpc_client_call(
	    client, &plumb__v1__admin__descriptor, "Ping", &request.base, arena, &status));
	ck_assert_int_eq(status.err.code, ERR_LIMIT);
	ck_assert(!status.unreachable);
	close_pair();
}
END_TEST

/* ---- streams */

static void
write_progress(uint32_t stream, double progress)
{
	Plumb__V1__CheckReply reply;
	uint8_t body[32];

	plumb__v1__check_reply__init(&reply);
	reply.progress__case = PLUMB__V1__CHECK_REPLY__PROGRESS__PROGRESS;
	reply.progress = progress;
	write_frame(stream, FRAME_DATA, 0, body, plumb__v1__check_reply__pack(&reply, body));
}

static void
serve_three(struct fake *f)
{
	if (!read_frame())
		return;
	for (int i = 1; i <= 3; i++)
		write_progress(f->frame.stream, i);
	write_frame(f->frame.stream, FRAME_DATA, FRAME_REMOTE_CLOSED | FRAME_NO_DATA, NULL, 0);
}

static bool
start_check(void)
{
	Plumb__V1__CheckRequest request;

	plumb__v1__check_request__init(&request);
	return rpc_client_start(
	    client, &plumb__v1__insight__descriptor, "Check", &request.base, arena, &status);
}

static const Plumb__V1__CheckReply *
next_reply(void)
{
	return rpc_client_next(client, arena, &status);
}

START_TEST(a_stream_gives_its_messages_in_order_and_ends)
{
	const Plumb__V1__CheckReply *reply;

	open_pair(serve_three);
	ck_assert(start_check());
	for (int i = 1; i <= 3; i++) {
		reply = next_reply();
		ck_assert_ptr_nonnull(reply);
		ck_assert_double_eq(reply->progress, i);
	}
	ck_assert_ptr_null(next_reply());
	ck_assert_int_eq(status.err.code, ERR_OK);
	ck_assert_ptr_null(next_reply()); /* and stays at its end */
	ck_assert_int_eq(status.err.code, ERR_OK);
	close_pair();
}
END_TEST

static void
serve_broken_stream(struct fake *f)
{
	if (!read_frame())
		return;
	write_progress(f->frame.stream, 1);
	write_status(f->frame.stream, 8, "too much");
}

START_TEST(a_stream_that_fails_is_no_stream_that_ended)
{
	open_pair(serve_broken_stream);
	ck_assert(start_check());
	ck_assert_ptr_nonnull(next_reply());
	ck_assert_ptr_null(next_reply());
	ck_assert_int_eq(status.err.code, ERR_LIMIT);
	close_pair();
}
END_TEST

static void
serve_cut_stream(struct fake *f)
{
	if (read_frame())
		write_progress(f->frame.stream, 1);
}

START_TEST(a_stream_that_is_cut_is_no_stream_that_ended)
{
	open_pair(serve_cut_stream);
	ck_assert(start_check());
	ck_assert_ptr_nonnull(next_reply());
	ck_assert_ptr_null(next_reply());
	ck_assert_int_eq(status.err.code, ERR_UNAVAILABLE);
	ck_assert(status.unreachable);
	close_pair();
}
END_TEST

static void
serve_cancelled(struct fake *f)
{
	uint32_t stream;

	if (!read_frame())
		return;
	stream = f->frame.stream;
	write_progress(stream, 1);
	if (!read_frame() || f->frame.type != FRAME_CANCEL || f->frame.stream != stream)
		return;
	/* its messages may cross the cancel */
	write_progress(stream, 2);
	write_status(stream, 1, "cancelled by the caller");
	if (read_frame() && f->frame.stream != stream)
		write_pong(f->frame.stream, "next");
}

START_TEST(after_a_cancel_the_connection_is_good_for_the_next_call)
{
	const Plumb__V1__PingReply *reply;

	open_pair(serve_cancelled);
	ck_assert(start_check());
	ck_assert_ptr_nonnull(next_reply());
	rpc_client_cancel(client);
	reply = ping();
	ck_assert_msg(reply != NULL, "%s", status.err.msg);
	ck_assert_mem_eq(reply->payload.data, "next", 4);
	close_pair();
}
END_TEST

/* Sends only what the credit allows; ends well only if the client gives more as it takes. */
static void
serve_by_credit(struct fake *f)
{
	static uint8_t body[(1u << 20) + 8];
	int64_t credit;
	uint32_t stream;

	credit = (int64_t)f->body[4] << 24 | (int64_t)f->body[5] << 16 | (int64_t)f->body[6] << 8 |
		 f->body[7];
	if (!read_frame())
		return;
	stream = f->frame.stream;
	/* field 15, length delimited, unknown to the reader: a message of a mebibyte that decodes to nothing */
	memcpy(body, "\x7a\x80\x80\x40", 4);
	for (int i = 0; i < 20; i++) {
		while (credit <= 0) {
			if (!read_frame() || f->frame.type != FRAME_WINDOW ||
			    f->frame.stream != stream)
				return;
			credit += (int64_t)f->body[0] << 24 | (int64_t)f->body[1] << 16 |
				  (int64_t)f->body[2] << 8 | f->body[3];
		}
		write_frame(stream, FRAME_DATA, 0, body, (1u << 20) + 4);
		credit -= (1u << 20) + 4;
	}
	write_frame(stream, FRAME_DATA, FRAME_REMOTE_CLOSED | FRAME_NO_DATA, NULL, 0);
}

START_TEST(credit_is_given_back_as_messages_are_taken)
{
	int count = 0;

	open_pair(serve_by_credit);
	ck_assert(start_check());
	for (;;) {
		arena_reset(arena);
		if (!next_reply())
			break;
		count++;
	}
	ck_assert_msg(status.err.code == ERR_OK, "%s", status.err.msg);
	ck_assert_int_eq(count, 20);
	close_pair();
}
END_TEST

/* ---- addresses */

static const struct {
	const char *address;
	enum err_code code;
	bool unreachable;
	const char *says;
} addresses[] = {
    {"nonsense", ERR_INVALID, false, "tcp:HOST:PORT"},
    {"tcp:", ERR_INVALID, false, "tcp:HOST:PORT"},
    {"tcp:127.0.0.1:", ERR_INVALID, false, "tcp:HOST:PORT"},
    {"tcp:127.0.0.1:http", ERR_INVALID, false, "tcp:HOST:PORT"},
    {"tcp:::1:80", ERR_INVALID, false, "tcp:HOST:PORT"}, /* brackets are missing */
    {"tcp:127.0.0.1:1", ERR_UNAVAILABLE, true,
	"cannot reach plumbd at tcp:127.0.0.1:1: connection refused"},
    {"127.0.0.1:1", ERR_UNAVAILABLE, true, "connection refused"},
    {"tls:127.0.0.1:1", ERR_UNAVAILABLE, true,
	"cannot reach plumbd at tls:127.0.0.1:1: connection refused"},
    {"tls:127.0.0.1", ERR_INVALID, false, "tls:HOST:PORT"},
    {"unix:/nowhere/x", ERR_UNAVAILABLE, true,
	"cannot reach plumbd at unix:/nowhere/x: no such file"},
    {"/nowhere/x", ERR_UNAVAILABLE, true, "no such file"},
};

static const struct rpc_options quickly = {.timeout_ms = 2000, .tls = {"", "", ""}};

START_TEST(an_address_that_does_not_lead_there_says_why)
{
	ck_assert_ptr_null(rpc_client_open(addresses[_i].address, &quickly, &status));
	ck_assert_int_eq(status.err.code, addresses[_i].code);
	ck_assert_int_eq(status.unreachable, addresses[_i].unreachable);
	ck_assert_int_eq(status.ours, addresses[_i].code == ERR_INVALID);
	ck_assert_msg(strstr(status.err.msg, addresses[_i].says) != NULL, "%s", status.err.msg);
}
END_TEST

START_TEST(a_socket_path_that_is_too_long_is_refused)
{
	char address[300];

	memset(address, 'a', sizeof address);
	memcpy(address, "unix:/", 6);
	address[sizeof address - 1] = '\0';
	ck_assert_ptr_null(rpc_client_open(address, &quickly, &status));
	ck_assert_int_eq(status.err.code, ERR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc_client");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 20);
	tcase_add_test(tcase, a_call_carries_service_method_deadline_and_name);
	tcase_add_test(tcase, a_refusal_tells_code_message_violations_and_conflict);
	tcase_add_test(tcase, an_answer_may_come_in_pieces);
	tcase_add_test(tcase, a_ping_is_answered_and_unknown_frames_are_passed_over);
	tcase_add_test(tcase, a_daemon_that_does_not_answer_is_not_waited_for);
	tcase_add_test(tcase, a_lost_connection_is_told_from_a_refusal);
	tcase_add_test(tcase, a_goaway_says_why);
	tcase_add_test(tcase, something_that_is_no_plumbd_is_found_out);
	tcase_add_test(tcase, an_answer_that_cannot_be_read_is_an_error);
	tcase_add_test(tcase, a_request_above_the_limit_is_refused_here);
	tcase_add_test(tcase, a_stream_gives_its_messages_in_order_and_ends);
	tcase_add_test(tcase, a_stream_that_fails_is_no_stream_that_ended);
	tcase_add_test(tcase, a_stream_that_is_cut_is_no_stream_that_ended);
	tcase_add_test(tcase, after_a_cancel_the_connection_is_good_for_the_next_call);
	tcase_add_test(tcase, credit_is_given_back_as_messages_are_taken);
	tcase_add_loop_test(tcase, an_address_that_does_not_lead_there_says_why, 0,
	    (int)(sizeof addresses / sizeof addresses[0]));
	tcase_add_test(tcase, a_socket_path_that_is_too_long_is_refused);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
