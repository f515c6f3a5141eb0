/* Calls: from bytes to a handler and back, with a transport that records. */
#include "tests/support/fake_daemon.h"

#include <check.h>
#include <stdio.h>

#include "common/frame.h"
#include "common/pb.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "server/limits.h"

static struct daemon daemon_;

/* What a transport was told. */
static struct {
	uint8_t reply[256];
	size_t reply_len;
	unsigned sends;
	unsigned finishes;
	struct err status;
	Google__Rpc__Status *details;
	bool writable;
} seen;

static void
on_send(struct rpc_call *call, const uint8_t *p, size_t len)
{
	(void)call;
	seen.sends++;
	seen.reply_len = len;
	memcpy(seen.reply, p, len < sizeof seen.reply ? len : sizeof seen.reply);
}

static void
on_send_shared(struct rpc_call *call, struct rpc_bytes *bytes)
{
	on_send(call, bytes->p, bytes->len);
}

static void
on_finish(struct rpc_call *call, const struct err *status, const uint8_t *details, size_t len)
{
	(void)call;
	seen.finishes++;
	seen.status = *status;
	if (len > 0)
		seen.details = google__rpc__status__unpack(NULL, len, details);
}

static bool
on_is_writable(struct rpc_call *call)
{
	(void)call;
	return seen.writable;
}

static const struct rpc_transport transport = {on_send, on_send_shared, on_finish, on_is_writable};

static void
setup(void)
{
	memset(&seen, 0, sizeof seen);
	memset(&fake, 0, sizeof fake);
	memset(&daemon_, 0, sizeof daemon_);
	seen.writable = true;
}

static void
teardown(void)
{
	if (seen.details != NULL)
		google__rpc__status__free_unpacked(seen.details, NULL);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 0);
	fake_daemon_fini(&daemon_);
}

static struct rpc_call *
new_call(const char *method)
{
	static const struct caller caller = {.name = "unverified", .access = ACCESS_ADMIN};
	bool known;
	const struct rpc_method *m = rpc_find("test.v1.Test", 12, method, strlen(method), &known);

	ck_assert_ptr_nonnull(m);
	return rpc_call_new(&daemon_, m, &transport, &seen, &caller);
}

/* PingRequest { payload: "hi" } by hand: field 1, length 2. */
static const uint8_t hi[] = {0x0a, 2, 'h', 'i'};

static void
dispatch(const char *method, const uint8_t *p, size_t len)
{
	struct rpc_call *call = new_call(method);

	ck_assert_ptr_nonnull(call);
	rpc_dispatch(call, p, len);
}

START_TEST(a_unary_call_is_answered_and_finished_once)
{
	dispatch("Echo", hi, sizeof hi);
	ck_assert_uint_eq(seen.sends, 1);
	ck_assert_uint_eq(seen.finishes, 1);
	ck_assert_int_eq(seen.status.code, ERR_OK);
	ck_assert_mem_eq(seen.reply, hi, sizeof hi); /* PingReply has the same field */
}
END_TEST

START_TEST(bytes_that_are_no_message_are_refused_with_a_violation)
{
	const uint8_t cut[] = {0x0a, 5, 'h'}; /* says 5 bytes, has 1 */
	Google__Rpc__BadRequest *bad;

	dispatch("Echo", cut, sizeof cut);
	ck_assert_uint_eq(seen.sends, 0);
	ck_assert_int_eq(seen.status.code, ERR_INVALID);
	ck_assert_uint_eq(seen.details->n_details, 1);
	ck_assert_str_eq(
	    seen.details->details[0]->type_url, "type.googleapis.com/google.rpc.BadRequest");
	bad = google__rpc__bad_request__unpack(
	    NULL, seen.details->details[0]->value.len, seen.details->details[0]->value.data);
	ck_assert_uint_eq(bad->n_field_violations, 1);
	google__rpc__bad_request__free_unpacked(bad, NULL);
}
END_TEST

START_TEST(an_unknown_field_is_refused)
{
	const uint8_t unknown[] = {0x78, 1}; /* field 15, varint 1: PingRequest has none such */

	dispatch("Echo", unknown, sizeof unknown);
	ck_assert_int_eq(seen.status.code, ERR_INVALID);
}
END_TEST

START_TEST(faults_and_a_detail_travel_with_an_error)
{
	Google__Rpc__BadRequest *bad;

	dispatch("Fail", NULL, 0);
	ck_assert_int_eq(seen.status.code, ERR_INVALID);
	ck_assert_uint_eq(seen.details->n_details, 2);
	bad = google__rpc__bad_request__unpack(
	    NULL, seen.details->details[0]->value.len, seen.details->details[0]->value.data);
	ck_assert_uint_eq(bad->n_field_violations, 2);
	ck_assert_str_eq(bad->field_violations[0]->field, "a.b");
	ck_assert_str_eq(bad->field_violations[0]->description, "is wrong: make it right");
	ck_assert_str_eq(bad->field_violations[1]->field, "c");
	ck_assert_str_eq(bad->field_violations[1]->description, "is missing");
	google__rpc__bad_request__free_unpacked(bad, NULL);
	ck_assert_str_eq(
	    seen.details->details[1]->type_url, "type.googleapis.com/plumb.v1.PingReply");
}
END_TEST

START_TEST(a_cancelled_call_tells_its_handler_and_ignores_what_comes_late)
{
	struct rpc_call *call = new_call("Later");
	struct err err = {.code = ERR_INTERNAL};

	rpc_dispatch(call, NULL, 0);
	rpc_pin(call); /* as a worker holds it */
	rpc_cancel(call, ERR_DEADLINE);
	ck_assert_uint_eq(fake.cancels, 1);
	ck_assert_uint_eq(seen.finishes, 1);
	ck_assert_int_eq(seen.status.code, ERR_DEADLINE);
	ck_assert(call->cancelled);
	ck_assert(!rpc_send_bytes(call, hi, sizeof hi));
	ck_assert(!rpc_is_writable(call));
	rpc_finish(call);
	rpc_fail(call, &err);
	rpc_cancel(call, ERR_CANCELLED);
	ck_assert_uint_eq(seen.finishes, 1);
	ck_assert_uint_eq(seen.sends, 0);
	ck_assert_uint_eq(rpc_calls_count(&daemon_), 1);
	rpc_unpin(call);
}
END_TEST

START_TEST(a_stream_that_is_ended_from_outside_says_where_to_resume)
{
	struct rpc_call *call = new_call("Watch");
	Google__Rpc__ErrorInfo *info;

	rpc_dispatch(call, NULL, 0);
	call->resume_from = 42;
	rpc_cancel(call, ERR_UNAVAILABLE);
	ck_assert_int_eq(seen.status.code, ERR_UNAVAILABLE);
	ck_assert_uint_eq(seen.details->n_details, 1);
	info = google__rpc__error_info__unpack(
	    NULL, seen.details->details[0]->value.len, seen.details->details[0]->value.data);
	ck_assert_str_eq(info->reason, "STOPPING");
	ck_assert_str_eq(info->domain, "plumb.v1");
	ck_assert_uint_eq(info->n_metadata, 1);
	ck_assert_str_eq(info->metadata[0]->key, "resume_from");
	ck_assert_str_eq(info->metadata[0]->value, "42");
	google__rpc__error_info__free_unpacked(info, NULL);
}
END_TEST

START_TEST(a_reply_fits_a_frame_or_the_call_fails)
{
	/* The reply's own field takes 1 byte of tag and 4 of length before its payload. */
	const size_t most = FRAME_PAYLOAD_MAX - 5;
	char number[16];
	uint8_t request[18];

	for (size_t over = 0; over <= 1; over++) {
		memset(&seen, 0, sizeof seen);
		int n = snprintf(number, sizeof number, "%zu", most + over);
		request[0] = 0x0a;
		request[1] = (uint8_t)n;
		memcpy(request + 2, number, (size_t)n);
		dispatch("Big", request, (size_t)n + 2);
		ck_assert_uint_eq(seen.finishes, 1);
		ck_assert_int_eq(seen.status.code, over ? ERR_LIMIT : ERR_OK);
		ck_assert_uint_eq(seen.sends, over ? 0 : 1);
		if (!over)
			ck_assert_uint_eq(seen.reply_len, FRAME_PAYLOAD_MAX);
	}
}
END_TEST

START_TEST(a_stream_waits_until_it_is_writable)
{
	const uint8_t three[] = {0x0a, 1, '3'};
	struct rpc_call *call = new_call("Count");

	seen.writable = false;
	rpc_pin(call);
	rpc_dispatch(call, three, sizeof three);
	ck_assert_uint_eq(seen.sends, 0);
	ck_assert_uint_eq(seen.finishes, 0);
	seen.writable = true;
	rpc_writable(call);
	ck_assert_uint_eq(seen.sends, 3);
	ck_assert_uint_eq(seen.finishes, 1);
	ck_assert_uint_eq(seen.reply_len, 1003); /* tag, two bytes of length, 1,000 */
	rpc_writable(call);                      /* too late: nothing */
	ck_assert_uint_eq(seen.sends, 3);
	rpc_unpin(call);
}
END_TEST

START_TEST(calls_and_their_memory_are_used_again)
{
	struct rpc_call *first = new_call("Later");
	uint64_t id = first->id;

	rpc_dispatch(first, NULL, 0);
	rpc_cancel(first, ERR_CANCELLED);
	struct rpc_call *second = new_call("Echo");
	ck_assert_ptr_eq(first, second);
	ck_assert_uint_gt(second->id, id);
	ck_assert(!second->cancelled);
	ck_assert_ptr_null(second->on_cancel);
	rpc_dispatch(second, hi, sizeof hi);
	ck_assert_int_eq(seen.status.code, ERR_OK);
}
END_TEST

START_TEST(methods_are_found_by_both_names)
{
	bool known;

	for (size_t i = 0; i < sizeof fake_methods / sizeof fake_methods[0]; i++) {
		const struct rpc_method *m = &fake_methods[i];
		ck_assert_ptr_eq(
		    rpc_find(m->service, strlen(m->service), m->name, strlen(m->name), &known), m);
		ck_assert(known);
	}
	ck_assert_ptr_null(rpc_find("test.v1.Test", 12, "Ech", 3, &known));
	ck_assert(known);
	ck_assert_ptr_null(rpc_find("test.v1.Test", 12, "Echoo", 5, &known));
	ck_assert(known);
	ck_assert_ptr_null(rpc_find("test.v1.Tes", 11, "Echo", 4, &known));
	ck_assert(!known);
	ck_assert_ptr_null(rpc_find("", 0, "", 0, &known));
	ck_assert(!known);
	/* A NUL inside is part of the name: whichever slot such a name falls into. */
	for (size_t len = 5; len < 64; len++) {
		char name[64] = "Echo";
		ck_assert_ptr_null(rpc_find("test.v1.Test", 12, name, len, &known));
		name[len - 1] = 'o';
		ck_assert_ptr_null(rpc_find("test.v1.Test", 12, name, len, &known));
	}
}
END_TEST

START_TEST(shared_bytes_live_until_the_last_reference)
{
	struct rpc_bytes *bytes = rpc_bytes_new("abc", 3);

	ck_assert_ptr_eq(rpc_bytes_ref(bytes), bytes);
	rpc_bytes_unref(bytes);
	ck_assert_uint_eq(bytes->refs, 1);
	ck_assert_mem_eq(bytes->p, "abc", 3);
	rpc_bytes_unref(bytes);
	rpc_bytes_unref(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc");
	TCase *tc = tcase_create("calls");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_unary_call_is_answered_and_finished_once);
	tcase_add_test(tc, bytes_that_are_no_message_are_refused_with_a_violation);
	tcase_add_test(tc, an_unknown_field_is_refused);
	tcase_add_test(tc, faults_and_a_detail_travel_with_an_error);
	tcase_add_test(tc, a_cancelled_call_tells_its_handler_and_ignores_what_comes_late);
	tcase_add_test(tc, a_stream_that_is_ended_from_outside_says_where_to_resume);
	tcase_add_test(tc, a_reply_fits_a_frame_or_the_call_fails);
	tcase_add_test(tc, a_stream_waits_until_it_is_writable);
	tcase_add_test(tc, calls_and_their_memory_are_used_again);
	tcase_add_test(tc, methods_are_found_by_both_names);
	tcase_add_test(tc, shared_bytes_live_until_the_last_reference);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
