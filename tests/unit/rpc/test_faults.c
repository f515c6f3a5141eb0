/* What a refusing disk does to calls: nothing is answered that is not in the log, and it goes on afterwards. */
#include "tests/support/vfs_shim.h"
#include "tests/unit/rpc/engine.h"

#define PUT(id)                                                                                    \
	"{\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"" id "\",\"goal\":{}}}}]}}"
#define KEYED(id)                                                                                  \
	"{\"change_set\":{\"idempotency_key\":\"k\",\"changes\":[{\"put\":{\"item\":{\"id\":\"" id \
	"\",\"goal\":{}}}}]}}"

static const struct daemon_options options = {.data_dir = SHIM_ROOT, .vfs = SHIM_VFS};

static void
setup(void)
{
	shim_reset(1);
	engine_open(&options);
	engine_put(1, "{\"id\":\"first\",\"title\":\"first\",\"goal\":{}}");
}

static void
teardown(void)
{
	shim_fail_at(0, SHIM_EIO, false);
	engine_fini();
}

static void
assert_unavailable(struct asked *asked)
{
	engine_wait(asked);
	ck_assert_msg(asked->status.code == ERR_UNAVAILABLE, "%s", asked->status.msg);
	asked_free(asked);
}

/* Asks again until the disk is believed to be well: the store tries every second. */
static const char *
apply_until_taken(const char *json)
{
	for (int i = 0; i < 40000; i++) {
		struct asked *asked = engine_ask("Plan.Apply", json);
		bool taken = asked->status.code == ERR_OK;
		const char *reply = taken ? engine_json(asked, 0) : "";

		if (!taken)
			ck_assert_msg(
			    asked->status.code == ERR_UNAVAILABLE, "%s", asked->status.msg);
		asked_free(asked);
		if (taken)
			return reply;
		engine_turn();
	}
	ck_abort_msg("never taken");
}

START_TEST(a_failed_commit_is_undone_and_everybody_is_told)
{
	struct asked *watch = engine_begin("Plan.Watch", "{\"from_revision\":\"1\"}");
	struct asked *a;
	struct asked *b;
	struct asked *get;
	struct asked *refused;
	struct asked *dry;
	struct asked *at_least;

	/* It has read the past from the log by then; while the disk fails it could not. */
	engine_wait_replies(watch, 1);
	shim_fail_at(1, SHIM_ENOSPC, true);
	a = engine_begin("Plan.Apply", PUT("a"));
	b = engine_begin("Plan.Apply", "{\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":"
				       "\"first\",\"title\":\"changed\",\"goal\":{}}}}]}}");
	get = engine_begin("Plan.Get", "{\"ref\":\"goal/first\"}");
	at_least = engine_begin("Plan.Get", "{\"ref\":\"goal/first\",\"at\":{\"at_least\":\"3\"}}");
	/* Refused because a is there, which it will never have been; then it is decided anew. */
	refused = engine_begin("Plan.Apply",
	    "{\"dry_run\":true,\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"a\","
	    "\"goal\":{}}},\"expected_absent\":true}]}}");
	dry = engine_begin("Plan.Apply",
	    "{\"dry_run\":true,\"change_set\":{\"changes\":[{\"put\":{\"item\":{\"id\":\"c\","
	    "\"goal\":{}}}}]}}");
	assert_unavailable(a);
	assert_unavailable(b);
	engine_wait(get);
	/* The reader sees what was there before, never what was not logged. */
	assert_has(engine_json(get, 0), "\"title\":\"first\"");
	engine_wait(at_least);
	ck_assert_int_eq(at_least->status.code, ERR_RANGE);
	engine_wait(refused);
	ck_assert_msg(refused->status.code == ERR_OK, "%s", refused->status.msg);
	assert_has(engine_json(refused, 0), "\"revision\":\"2\"");
	engine_wait(dry);
	assert_has(engine_json(dry, 0), "\"revision\":\"2\"");
	engine_error("Plan.Get", "{\"ref\":\"goal/a\"}", ERR_NOT_FOUND);
	/* Reading goes on, writing doesn't. */
	assert_has(engine_reply("Plan.List", "{\"count_only\":true}"), "\"total\":\"1\"");
	assert_has(engine_error("Plan.Apply", PUT("d"), ERR_UNAVAILABLE), "disk");
	assert_lacks(engine_reply("Admin.Info", "{}"), "writable");
	shim_fail_at(0, SHIM_EIO, false);
	assert_has(apply_until_taken(PUT("e")), "\"revision\":\"2\"");
	engine_wait_replies(watch, 2);
	assert_has(engine_json(watch, 1), "\"id\":\"e\"");
	ck_assert_uint_eq(watch->count, 2);
	rpc_cancel(watch->call, ERR_CANCELLED);
	asked_free(watch);
	asked_free(get);
	asked_free(at_least);
	asked_free(refused);
	asked_free(dry);
}
END_TEST

/* Nothing can be said of a change while the log cannot be read: its caller waits, others are told to come back. */
START_TEST(an_unknown_outcome_is_waited_for)
{
	struct asked *a;
	struct asked *get;

	shim_fail_at(1, SHIM_EIO, true);
	a = engine_begin("Plan.Apply", PUT("a"));
	get = engine_begin("Plan.Get", "{\"ref\":\"goal/a\"}");
	for (int i = 0; i < 500 && strstr(engine_reply("Admin.Info", "{}"), "writable") != NULL;
	     i++)
		engine_turn();
	engine_error("Plan.Apply", PUT("b"), ERR_UNAVAILABLE);
	assert_has(engine_reply("Plan.List", "{\"count_only\":true}"), "\"total\":\"1\"");
	ck_assert(!a->finished);
	ck_assert(!get->finished);
	shim_fail_at(0, SHIM_EIO, false);
	engine_wait(a);
	engine_wait(get);
	ck_assert_int_eq(a->status.code == ERR_OK, get->status.code == ERR_OK);
	asked_free(a);
	asked_free(get);
}
END_TEST

START_TEST(a_key_whose_change_failed_is_free_again)
{
	struct asked *first;
	struct asked *second;

	shim_fail_at(1, SHIM_ENOSPC, true);
	first = engine_begin("Plan.Apply", KEYED("a"));
	second = engine_begin("Plan.Apply", KEYED("a"));
	assert_unavailable(first);
	assert_unavailable(second);
	shim_fail_at(0, SHIM_EIO, false);
	assert_lacks(apply_until_taken(KEYED("a")), "duplicate");
	assert_has(engine_reply("Plan.Apply", KEYED("a")), "\"duplicate\":true");
}
END_TEST

/* The state after undoing is that of a fresh fold of the same log. */
START_TEST(undone_state_equals_a_fresh_fold)
{
	char *before;
	char *undone;
	char *fresh;
	struct asked *asked[3];

	engine_put(2, "{\"id\":\"i\",\"initiative\":{}}");
	engine_put(3, "{\"id\":\"j\",\"initiative\":{}}");
	engine_change(4, "{\"place\":{\"item\":\"i\",\"first\":true}}");
	engine_change(5, "{\"place\":{\"item\":\"j\",\"first\":true}}");
	before = strdup(
	    strstr(engine_reply("Admin.Info", "{\"workspace\":\"main\",\"state_hash\":true}"),
		"state_hash"));
	shim_fail_at(1, SHIM_SHORT, true);
	asked[0] = engine_begin("Plan.Apply", "{\"change_set\":{\"changes\":[{\"rename\":{\"ref\":"
					      "\"initiative/i\",\"id\":\"k\"}}]}}");
	asked[1] = engine_begin("Plan.Apply", "{\"change_set\":{\"changes\":[{\"remove\":{\"ref\":"
					      "\"initiative/k\",\"cascade\":true}}]}}");
	asked[2] = engine_begin("Plan.Apply", PUT("x"));
	for (size_t i = 0; i < 3; i++)
		assert_unavailable(asked[i]);
	undone = strdup(
	    strstr(engine_reply("Admin.Info", "{\"workspace\":\"main\",\"state_hash\":true}"),
		"state_hash"));
	shim_fail_at(0, SHIM_EIO, false);
	engine_close();
	engine_open(&options);
	fresh = strdup(
	    strstr(engine_reply("Admin.Info", "{\"workspace\":\"main\",\"state_hash\":true}"),
		"state_hash"));
	ck_assert_str_eq(before, undone);
	ck_assert_str_eq(before, fresh);
	free(before);
	free(undone);
	free(fresh);
}
END_TEST

/* Each operation on the disk fails in turn: a change is answered OK exactly if it is there after a restart. */
START_TEST(every_operation_fails_in_turn)
{
	for (uint64_t n = 1; n < 200; n++) {
		struct asked *asked[2];
		bool made[2];

		shim_fail_at(n, SHIM_EIO, false);
		asked[0] = engine_begin("Plan.Apply", PUT("a"));
		engine_wait(asked[0]);
		asked[1] = engine_begin("Plan.Apply", PUT("b"));
		engine_wait(asked[1]);
		for (size_t i = 0; i < 2; i++) {
			made[i] = asked[i]->status.code == ERR_OK;
			if (!made[i])
				ck_assert_int_eq(asked[i]->status.code, ERR_UNAVAILABLE);
			asked_free(asked[i]);
		}
		engine_close();
		if (!shim_has_failed()) {
			ck_assert(made[0] && made[1]);
			shim_fail_at(0, SHIM_EIO, false);
			engine_open(&options);
			return;
		}
		shim_fail_at(0, SHIM_EIO, false);
		engine_open(&options);
		for (size_t i = 0; i < 2; i++) {
			struct asked *get = engine_ask(
			    "Plan.Get", i == 0 ? "{\"ref\":\"goal/a\"}" : "{\"ref\":\"goal/b\"}");

			ck_assert_msg((get->status.code == ERR_OK) == made[i], "operation %llu: %s",
			    (unsigned long long)n, get->status.msg);
			asked_free(get);
		}
		engine_close();
		shim_reset(n + 1);
		engine_open(&options);
		engine_put(1, "{\"id\":\"first\",\"title\":\"first\",\"goal\":{}}");
	}
	ck_abort_msg("it never passed");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/faults");
	TCase *tcase = tcase_create("faults");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_failed_commit_is_undone_and_everybody_is_told);
	tcase_add_test(tcase, an_unknown_outcome_is_waited_for);
	tcase_add_test(tcase, a_key_whose_change_failed_is_free_again);
	tcase_add_test(tcase, undone_state_equals_a_fresh_fold);
	tcase_add_test(tcase, every_operation_fails_in_turn);
	suite_add_tcase(suite, tcase);
	engine_unused();
	return engine_run(suite);
}
