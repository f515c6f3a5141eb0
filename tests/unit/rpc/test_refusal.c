/*
 * Dry runs with findings and refusals beside commits that fail: what is answered rests on nothing that was taken back.
 */
#include "tests/support/vfs_shim.h"
#include "tests/unit/rpc/engine.h"

#define SET(changes) "{\"change_set\":{\"changes\":[" changes "]}}"
#define DRY(changes)                                                                               \
	"{\"dry_run\":true,\"findings\":true,\"change_set\":{\"changes\":[" changes "]}}"
#define PUT(item)        "{\"put\":{\"item\":" item "}}"
#define WORK(id, owners) PUT("{\"id\":\"" id "\",\"owners\":[" owners "],\"initiative\":{}}")
#define REFUSE(id, rule)                                                                           \
	PUT("{\"id\":\"" id "\",\"rule_setting\":{\"rule\":\"" rule "\",\"refuse\":true}}")

static const struct daemon_options options = {.data_dir = SHIM_ROOT, .vfs = SHIM_VFS};

static void
setup(void)
{
	shim_reset(1);
	engine_open(&options);
	engine_change(1, WORK("a", "\"anna\""));
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

/* b is on its way to disk and will fail: who mends b in a dry run is told of a new b without a fault. */
START_TEST(findings_rest_on_nothing_that_was_taken_back)
{
	struct asked *b, *dry;
	const char *reply;

	shim_fail_at(1, SHIM_ENOSPC, true);
	b = engine_begin("Plan.Apply", SET(WORK("b", "")));
	dry = engine_begin("Plan.Apply", DRY(WORK("b", "\"anna\"") "," WORK("a", "")));
	assert_unavailable(b);
	engine_wait(dry);
	reply = engine_json(dry, 0);
	assert_has(reply, "\"revision\":\"2\"");
	assert_has(reply, "owner/none:initiative/a");
	assert_lacks(reply, "owner/none:initiative/b");
	asked_free(dry);
}
END_TEST

/* The same where b gets to the disk: then it was there, and is mended. */
START_TEST(findings_rest_on_what_is_on_its_way)
{
	struct asked *b, *dry;
	const char *reply;

	b = engine_begin("Plan.Apply", SET(WORK("b", "")));
	dry = engine_begin("Plan.Apply", DRY(WORK("b", "\"anna\"")));
	engine_wait(b);
	ck_assert_int_eq(b->status.code, ERR_OK);
	engine_wait(dry);
	reply = engine_json(dry, 0);
	assert_has(reply, "\"revision\":\"3\"");
	assert_has(reply, "\"gone\":[{\"key\":\"owner/none:initiative/b\"");
	asked_free(b);
	asked_free(dry);
}
END_TEST

/* Many at once, each beside changes that come and go; all are answered, and nothing of them stays. */
START_TEST(many_dry_runs_beside_changes)
{
	struct asked *dry[30], *put[30];
	char json[200];

	for (int i = 0; i < 30; i++) {
		dry[i] = engine_begin("Plan.Apply", DRY(WORK("a", "\"anna\",\"ben\"")));
		snprintf(json, sizeof json, SET(PUT("{\"id\":\"g%d\",\"goal\":{}}")), i % 7);
		put[i] = engine_begin("Plan.Apply", json);
		if (i % 3 == 0)
			engine_turn();
	}
	for (int i = 0; i < 30; i++) {
		engine_wait(put[i]);
		engine_wait(dry[i]);
		ck_assert_msg(dry[i]->status.code == ERR_OK, "%s", dry[i]->status.msg);
		assert_has(engine_json(dry[i], 0), "owner/many:initiative/a");
		asked_free(dry[i]);
		asked_free(put[i]);
	}
	assert_has(engine_reply("Plan.Get", "{\"ref\":\"initiative/a\"}"), "\"owners\":[\"anna\"]");
}
END_TEST

/* The caller goes away while the worker is at it. */
START_TEST(cancelled_while_it_is_worked_out)
{
	for (int turns = 0; turns < 4; turns++) {
		struct asked *dry = engine_begin("Plan.Apply", DRY(WORK("b", "")));

		for (int i = 0; i < turns && !dry->finished; i++)
			engine_turn();
		if (!dry->finished)
			rpc_cancel(dry->call, ERR_CANCELLED);
		ck_assert(dry->finished);
		asked_free(dry);
	}
	for (int i = 0; i < 100; i++)
		engine_turn();
	engine_change(2, WORK("b", "\"anna\""));
}
END_TEST

/* More than wait or run at once: an answer, not a queue without end. */
START_TEST(too_many_at_once)
{
	struct asked *dry[80];
	int taken = 0;

	for (int i = 0; i < 80; i++)
		dry[i] = engine_begin("Plan.Apply", DRY(WORK("b", "")));
	for (int i = 0; i < 80; i++) {
		engine_wait(dry[i]);
		taken += dry[i]->status.code == ERR_OK;
		ck_assert(dry[i]->status.code == ERR_OK || dry[i]->status.code == ERR_LIMIT);
		asked_free(dry[i]);
	}
	ck_assert_int_ge(taken, 64);
}
END_TEST

/* The setting that refuses was never logged: nobody is refused for it. */
START_TEST(a_setting_that_was_taken_back_refuses_nothing)
{
	struct asked *setting, *change, *dry;

	shim_fail_at(1, SHIM_ENOSPC, true);
	setting = engine_begin("Plan.Apply", SET(REFUSE("owner.many", "owner/many")));
	change = engine_begin("Plan.Apply", SET(WORK("a", "\"anna\",\"ben\"")));
	dry = engine_begin("Plan.Apply", DRY(WORK("a", "\"anna\",\"ben\"")));
	assert_unavailable(setting);
	assert_unavailable(change);
	engine_wait(dry);
	assert_lacks(engine_json(dry, 0), "\"refused\"");
	asked_free(dry);
}
END_TEST

/* Refused for what is only on its way: the answer waits until that is durable. */
START_TEST(a_refusal_waits_for_what_it_rests_on)
{
	struct asked *setting, *change;

	setting = engine_begin("Plan.Apply", SET(REFUSE("owner.many", "owner/many")));
	change = engine_begin("Plan.Apply", SET(WORK("a", "\"anna\",\"ben\"")));
	ck_assert(!setting->finished && !change->finished);
	engine_wait(setting);
	engine_wait(change);
	ck_assert_int_eq(change->status.code, ERR_PRECONDITION);
	ck_assert_ptr_nonnull(change->details);
	ck_assert_uint_eq(change->details->n_details, 1);
	ck_assert_ptr_nonnull(strstr(change->details->details[0]->type_url, "plumb.v1.Refusal"));
	asked_free(setting);
	asked_free(change);
	engine_change(3, WORK("a", "\"ben\""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/refusal");
	TCase *cases = tcase_create("refusal");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, findings_rest_on_nothing_that_was_taken_back);
	tcase_add_test(cases, findings_rest_on_what_is_on_its_way);
	tcase_add_test(cases, many_dry_runs_beside_changes);
	tcase_add_test(cases, cancelled_while_it_is_worked_out);
	tcase_add_test(cases, too_many_at_once);
	tcase_add_test(cases, a_setting_that_was_taken_back_refuses_nothing);
	tcase_add_test(cases, a_refusal_waits_for_what_it_rests_on);
	suite_add_tcase(suite, cases);
	return engine_run(suite);
}
