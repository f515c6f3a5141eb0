/* Apply and Get: what is released when, keys, conflicts, dry runs. */
#include "tests/unit/rpc/engine.h"

#define GOAL "{\"id\":\"grow\",\"title\":\"Grow\",\"goal\":{}}"

static void
setup(void)
{
	engine_open(NULL);
}

START_TEST(what_was_applied_can_be_got)
{
	const char *reply;

	reply = engine_reply("Plan.Apply",
	    "{\"change_set\":{\"changes\":[{\"put\":{\"item\":" GOAL "}}],\"reason\":\"begin\"}}");
	ck_assert_str_eq(reply,
	    "{\"revision\":\"1\",\"time\":\"2026-03-31T09:00:00Z\",\"ids\":[\"goal/grow\"]}");
	reply = engine_reply("Plan.Get", "{\"ref\":\"goal/grow\"}");
	ck_assert_str_eq(reply,
	    "{\"entry\":{\"ref\":\"goal/"
	    "grow\",\"kind\":\"GOAL\",\"revision\":\"1\",\"created_revision\":\"1\","
	    "\"created\":\"2026-03-31T09:00:00Z\",\"updated\":\"2026-03-31T09:00:00Z\",\"created_"
	    "by\":\"person/anna\","
	    "\"updated_by\":\"person/"
	    "anna\",\"item\":{\"id\":\"grow\",\"title\":\"Grow\",\"goal\":{}}},\"revision\":"
	    "\"1\"}");
}
END_TEST

START_TEST(an_apply_is_not_answered_before_it_is_durable)
{
	struct asked *apply = engine_begin(
	    "Plan.Apply", "{\"change_set\":{\"changes\":[{\"put\":{\"item\":" GOAL "}}]}}");
	struct asked *get = engine_begin("Plan.Get", "{\"ref\":\"goal/grow\"}");
	struct asked *other = engine_begin("Plan.Get", "{\"ref\":\"goal/other\"}");

	/* Nothing was flushed yet, so neither its author nor a reader may know of it; others needn't wait. */
	ck_assert(!apply->finished);
	ck_assert(!get->finished);
	ck_assert(other->finished);
	ck_assert_int_eq(other->status.code, ERR_NOT_FOUND);
	engine_wait(apply);
	engine_wait(get);
	ck_assert_int_eq(get->status.code, ERR_OK);
	assert_has(engine_json(get, 0), "\"title\":\"Grow\"");
	asked_free(apply);
	asked_free(get);
	asked_free(other);
}
END_TEST

START_TEST(a_cancelled_apply_is_made_all_the_same)
{
	struct asked *apply = engine_begin(
	    "Plan.Apply", "{\"change_set\":{\"changes\":[{\"put\":{\"item\":" GOAL "}}]}}");

	rpc_cancel(apply->call, ERR_CANCELLED);
	ck_assert(apply->finished);
	ck_assert_int_eq(apply->status.code, ERR_CANCELLED);
	asked_free(apply);
	assert_has(engine_reply("Plan.Get", "{\"ref\":\"goal/grow\"}"), "Grow");
}
END_TEST

START_TEST(a_key_gives_the_first_outcome_again)
{
	const char *request =
	    "{\"change_set\":{\"idempotency_key\":\"k1\",\"changes\":[{\"put\":{\"item\":" GOAL
	    "}},"
	    "{\"add\":{\"record\":{\"about\":\"goal/grow\",\"note\":\"x\",\"check_in\":{}}}}]}}";
	/* Records get an id of revision and position. */
	assert_has(
	    engine_reply("Plan.Apply", request), "\"ids\":[\"goal/grow\",\"check-in/r1.1\"]");
	ck_assert_str_eq(engine_reply("Plan.Apply", request),
	    "{\"revision\":\"1\",\"time\":\"2026-03-31T09:00:00Z\",\"ids\":[\"goal/"
	    "grow\",\"check-in/r1.1\"],"
	    "\"duplicate\":true}");
	/* Another author's key is another key: the same change is made again, as revision 2. */
	struct asked *other = engine_begin_as("person/ben", "Plan.Apply",
	    "{\"change_set\":{\"idempotency_key\":\"k1\",\"changes\":[{\"put\":{\"item\":" GOAL
	    "}}]}}");
	engine_wait(other);
	assert_has(engine_json(other, 0), "\"revision\":\"2\"");
	asked_free(other);
}
END_TEST

START_TEST(a_key_with_other_content_is_refused)
{
	const char *error;

	engine_reply("Plan.Apply",
	    "{\"change_set\":{\"idempotency_key\":\"k1\",\"changes\":[{\"put\":{\"item\":" GOAL
	    "}}]}}");
	error = engine_error("Plan.Apply",
	    "{\"change_set\":{\"idempotency_key\":\"k1\",\"changes\":[{\"put\":{\"item\":{\"id\":"
	    "\"other\",\"goal\":{}}}}]}}",
	    ERR_PRECONDITION);
	assert_has(error, "revision 1");
}
END_TEST

START_TEST(a_key_in_flight_is_joined)
{
	const char *request =
	    "{\"change_set\":{\"idempotency_key\":\"k1\",\"changes\":[{\"put\":{\"item\":" GOAL
	    "}}]}}";
	struct asked *first = engine_begin("Plan.Apply", request);
	struct asked *second = engine_begin("Plan.Apply", request);
	struct asked *third =
	    engine_begin("Plan.Apply", "{\"change_set\":{\"idempotency_key\":\"k1\",\"changes\":[{"
				       "\"put\":{\"item\":{\"id\":\"b\",\"goal\":{}}}}]}}");

	ck_assert(!second->finished);
	engine_wait(first);
	engine_wait(second);
	engine_wait(third);
	assert_lacks(engine_json(first, 0), "duplicate");
	assert_has(engine_json(second, 0), "\"revision\":\"1\"");
	assert_has(engine_json(second, 0), "\"duplicate\":true");
	ck_assert_int_eq(third->status.code, ERR_PRECONDITION);
	asked_free(first);
	asked_free(second);
	asked_free(third);
	/* One change, not two. */
	assert_has(engine_reply("Admin.Info", "{\"workspace\":\"main\"}"), "\"revision\":\"1\"");
}
END_TEST

START_TEST(a_duplicate_tells_what_its_cascade_removed)
{
	const char *request = "{\"change_set\":{\"idempotency_key\":\"k2\",\"changes\":[{"
			      "\"remove\":{\"ref\":\"initiative/a\","
			      "\"cascade\":true}}]}}";

	engine_put(1, "{\"id\":\"a\",\"initiative\":{}}");
	engine_put(2, "{\"id\":\"t\",\"task\":{\"initiative\":\"a\"}}");
	assert_has(
	    engine_reply("Plan.Apply", request), "\"removed\":[\"initiative/a\",\"task/t\"]");
	assert_has(engine_reply("Plan.Apply", request),
	    "\"duplicate\":true,\"removed\":[\"initiative/a\",\"task/t\"]");
}
END_TEST

START_TEST(an_expected_revision_that_does_not_hold_is_a_conflict)
{
	struct asked *asked;
	Plumb__V1__Conflict *conflict;

	engine_put(1, GOAL);
	asked = engine_ask("Plan.Apply", "{\"change_set\":{\"changes\":[{\"put\":{\"item\":" GOAL
					 "},\"expected_absent\":true}]}}");
	ck_assert_int_eq(asked->status.code, ERR_CONFLICT);
	ck_assert_uint_eq(asked->details->n_details, 1);
	conflict = plumb__v1__conflict__unpack(
	    NULL, asked->details->details[0]->value.len, asked->details->details[0]->value.data);
	ck_assert_str_eq(conflict->ref, "goal/grow");
	ck_assert_uint_eq(conflict->expected, 0);
	ck_assert_uint_eq(conflict->actual, 1);
	ck_assert_str_eq(conflict->entry->item->title, "Grow");
	plumb__v1__conflict__free_unpacked(conflict, NULL);
	asked_free(asked);
	engine_error("Plan.Apply",
	    "{\"change_set\":{\"expected_revision\":\"0\",\"changes\":[{\"put\":{\"item\":" GOAL
	    "}}]}}",
	    ERR_CONFLICT);
}
END_TEST

START_TEST(a_refusal_waits_for_what_it_saw)
{
	struct asked *apply = engine_begin(
	    "Plan.Apply", "{\"change_set\":{\"changes\":[{\"put\":{\"item\":" GOAL "}}]}}");
	struct asked *refused =
	    engine_begin("Plan.Apply", "{\"change_set\":{\"changes\":[{\"put\":{\"item\":" GOAL
				       "},\"expected_absent\":true}]}}");

	ck_assert(!refused->finished);
	engine_wait(apply);
	engine_wait(refused);
	ck_assert_int_eq(refused->status.code, ERR_CONFLICT);
	asked_free(apply);
	asked_free(refused);
}
END_TEST

START_TEST(a_dry_run_tells_the_difference_and_changes_nothing)
{
	const char *reply;

	engine_put(1, GOAL);
	reply = engine_reply("Plan.Apply",
	    "{\"dry_run\":true,\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"grow\","
	    "\"title\":\"Grow faster\","
	    "\"goal\":{}}}},{\"put\":{\"item\":{\"id\":\"new\",\"title\":\"New\",\"goal\":{}}}},"
	    "{\"rename\":{\"ref\":\"goal/new\",\"id\":\"newer\"}}]}}");
	assert_has(reply, "\"revision\":\"2\"");
	assert_has(reply, "{\"action\":\"CHANGED\",\"ref\":\"goal/grow\",\"title\":\"Grow "
			  "faster\",\"fields\":[{\"field\":"
			  "\"title\",\"old\":\"Grow\",\"new\":\"Grow faster\"}]}");
	/* Put and renamed in one set: it is there under the new name only. */
	assert_lacks(reply, "\"ref\":\"goal/new\"");
	assert_has(engine_reply("Plan.Get", "{\"ref\":\"goal/grow\"}"), "\"title\":\"Grow\"");
	engine_error("Plan.Get", "{\"ref\":\"goal/newer\"}", ERR_NOT_FOUND);
}
END_TEST

START_TEST(all_faults_come_at_once)
{
	const char *error = engine_error("Plan.Apply",
	    "{\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"No\",\"goal\":{}}}},"
	    "{\"put\":{\"item\":{\"id\":\"a\",\"task\":{\"due\":\"soon\"}}}}]}}",
	    ERR_INVALID);

	assert_has(error, "change_set.changes[0].put.item.id");
	assert_has(error, "change_set.changes[1].put.item.task.due");
}
END_TEST

static const struct {
	const char *request;
	const char *part;
	enum err_code code;
} bad_requests[] = {
    {"{}", "change_set", ERR_INVALID},
    {"{\"change_set\":{}}", "change_set.changes", ERR_INVALID},
    {"{\"workspace\":\"nope\",\"change_set\":{\"changes\":[{\"put\":{\"item\":" GOAL "}}]}}",
	"plumb workspace create nope", ERR_NOT_FOUND},
    {"{\"workspace\":\"No way\",\"change_set\":{\"changes\":[{\"put\":{\"item\":" GOAL "}}]}}",
	"not an id", ERR_INVALID},
    {"{\"change_set\":{\"request_hash\":\"1\",\"changes\":[{\"put\":{\"item\":" GOAL "}}]}}",
	"request_hash", ERR_INVALID},
    {"{\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"w\",\"workspace\":{}}}}]}}",
	"changes[0].put.item.workspace", ERR_INVALID},
    /* A microsecond after the daemon's clock. */
    {"{\"change_set\":{\"effective\":\"2026-03-31T09:00:00.000001Z\",\"changes\":[{\"put\":{"
     "\"item\":" GOAL "}}]}}",
	"change_set.effective: '2026-03-31T09:00:00.000001Z' lies in the future", ERR_INVALID},
    {"{\"change_set\":{\"effective\":\"soon\",\"changes\":[{\"put\":{\"item\":" GOAL "}}]}}",
	"change_set.effective", ERR_INVALID},
};

START_TEST(bad_requests_are_refused)
{
	assert_has(engine_error("Plan.Apply", bad_requests[_i].request, bad_requests[_i].code),
	    bad_requests[_i].part);
	assert_lacks(engine_reply("Admin.Info", "{\"workspace\":\"main\"}"), "\"revision\"");
}
END_TEST

START_TEST(effective_times_never_decrease)
{
	assert_has(engine_reply("Plan.Apply", "{\"change_set\":{\"effective\":\"2026-01-10\","
					      "\"changes\":[{\"put\":{\"item\":" GOAL "}}]}}"),
	    "\"time\":\"2026-01-10T00:00:00Z\"");
	assert_has(engine_error("Plan.Apply",
		       "{\"change_set\":{\"effective\":\"2026-01-09\",\"changes\":[{\"put\":{"
		       "\"item\":" GOAL "}}]}}",
		       ERR_INVALID),
	    "2026-01-10T00:00:00Z");
	/* The same time again is no decrease. */
	assert_has(
	    engine_reply("Plan.Apply", "{\"change_set\":{\"effective\":\"2026-01-10\",\"changes\":["
				       "{\"put\":{\"item\":{\"id\":\"b\",\"goal\":{}}}}]}}"),
	    "\"revision\":\"2\"");
}
END_TEST

START_TEST(get_says_what_became_of_an_entry)
{
	engine_put(1, GOAL);
	engine_put(2, "{\"id\":\"gone\",\"goal\":{}}");
	engine_change(3, "{\"rename\":{\"ref\":\"goal/grow\",\"id\":\"thrive\"}}");
	engine_change(4, "{\"remove\":{\"ref\":\"goal/gone\"}}");
	assert_has(engine_error("Plan.Get", "{\"ref\":\"goal/grow\"}", ERR_NOT_FOUND),
	    "renamed to goal/thrive in revision 3");
	assert_has(engine_error("Plan.Get", "{\"ref\":\"goal/gone\"}", ERR_NOT_FOUND),
	    "removed in revision 4");
	assert_has(engine_error("Plan.Get", "{\"ref\":\"grow\"}", ERR_INVALID), "not a reference");
	assert_has(engine_reply("Plan.Get", "{\"ref\":\"goal/grow\",\"at\":{\"revision\":\"2\"}}"),
	    "\"title\":\"Grow\"");
}
END_TEST

START_TEST(at_least_is_honoured)
{
	struct asked *apply;
	struct asked *get;

	engine_put(1, GOAL);
	assert_has(engine_error("Plan.Get", "{\"ref\":\"goal/grow\",\"at\":{\"at_least\":\"2\"}}",
		       ERR_RANGE),
	    "revision 2");
	apply = engine_begin("Plan.Apply",
	    "{\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"b\",\"goal\":{}}}}]}}");
	get = engine_begin("Plan.Get", "{\"ref\":\"goal/grow\",\"at\":{\"at_least\":\"2\"}}");
	ck_assert(!get->finished);
	engine_wait(get);
	ck_assert(apply->finished);
	assert_has(engine_json(get, 0), "},\"revision\":\"2\"}");
	asked_free(apply);
	asked_free(get);
}
END_TEST

START_TEST(nothing_is_written_while_stopping)
{
	daemon_stop(engine.daemon);
	assert_has(
	    engine_error("Plan.Apply",
		"{\"change_set\":{\"changes\":[{\"put\":{\"item\":" GOAL "}}]}}", ERR_UNAVAILABLE),
	    "stopping");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/plan_rpc");
	TCase *tcase = tcase_create("apply and get");

	tcase_add_checked_fixture(tcase, setup, engine_fini);
	tcase_add_test(tcase, what_was_applied_can_be_got);
	tcase_add_test(tcase, an_apply_is_not_answered_before_it_is_durable);
	tcase_add_test(tcase, a_cancelled_apply_is_made_all_the_same);
	tcase_add_test(tcase, a_key_gives_the_first_outcome_again);
	tcase_add_test(tcase, a_key_with_other_content_is_refused);
	tcase_add_test(tcase, a_key_in_flight_is_joined);
	tcase_add_test(tcase, a_duplicate_tells_what_its_cascade_removed);
	tcase_add_test(tcase, an_expected_revision_that_does_not_hold_is_a_conflict);
	tcase_add_test(tcase, a_refusal_waits_for_what_it_saw);
	tcase_add_test(tcase, a_dry_run_tells_the_difference_and_changes_nothing);
	tcase_add_test(tcase, all_faults_come_at_once);
	tcase_add_loop_test(
	    tcase, bad_requests_are_refused, 0, sizeof bad_requests / sizeof bad_requests[0]);
	tcase_add_test(tcase, effective_times_never_decrease);
	tcase_add_test(tcase, get_says_what_became_of_an_entry);
	tcase_add_test(tcase, at_least_is_honoured);
	tcase_add_test(tcase, nothing_is_written_while_stopping);
	suite_add_tcase(suite, tcase);
	engine_unused();
	return engine_run(suite);
}
