/* Customers, governance and surroundings as entries of the plan: what is refused, what belongs to what, what is found by filter. */
#include "tests/unit/rpc/engine.h"

#define ADD(record) "{\"add\":{\"record\":" record "}}"

static void
setup(void)
{
	engine_open(NULL);
	engine_put(1, "{\"id\":\"first-year\",\"journey\":{}}");
	engine_put(2, "{\"id\":\"start\",\"stage\":{\"journey\":\"first-year\"}}");
	engine_put(3, "{\"id\":\"login\",\"step\":{\"stage\":\"start\"}}");
	engine_put(
	    4, "{\"id\":\"fast\",\"expectation\":{\"step\":\"login\",\"segment\":\"firms\"}}");
}

static void
teardown(void)
{
	engine_fini();
}

/* Refused with that in the message, and nothing has changed. */
static void
refuse(const char *change, const char *why)
{
	char json[4096];

	snprintf(json, sizeof json, "{\"change_set\":{\"changes\":[%s]}}", change);
	assert_has(engine_error("Plan.Apply", json, ERR_INVALID), why);
	assert_has(engine_reply("Admin.Info", "{\"workspace\":\"main\"}"), "\"revision\":\"4\"");
}

static void
refuse_item(const char *item, const char *why)
{
	char change[4096];

	snprintf(change, sizeof change, "{\"put\":{\"item\":%s}}", item);
	refuse(change, why);
}

START_TEST(numbers_outside_their_scale_are_refused)
{
	refuse_item("{\"id\":\"s\",\"step\":{\"emotion\":-3}}", "emotion");
	refuse_item("{\"id\":\"s\",\"step\":{\"emotion\":3}}", "emotion");
	refuse_item("{\"id\":\"e\",\"expectation\":{\"importance\":10.5}}", "importance");
	refuse_item("{\"id\":\"e\",\"expectation\":{\"met\":-0.5}}", "met");
	refuse_item("{\"id\":\"c\",\"customer\":{\"ratings\":{\"speed\":1000.5}}}",
	    "of 'speed' is not between 0 and 1000");
	refuse_item("{\"id\":\"c\",\"customer\":{\"ratings\":{\"speed\":-1}}}", "speed");
	refuse_item(
	    "{\"id\":\"c\",\"customer\":{\"ratings\":{\"Speed!\":1}}}", "'Speed!' is no name");
	refuse_item("{\"id\":\"r\",\"risk\":{\"impact\":6}}", "impact");
	refuse_item("{\"id\":\"r\",\"risk\":{\"probability\":1.1}}", "probability");
	refuse_item("{\"id\":\"m\",\"maturity\":{\"level\":10}}", "level");
	refuse_item("{\"id\":\"v\",\"review\":{\"every_days\":3661}}", "every_days");
	refuse_item("{\"id\":\"v\",\"review\":{\"minutes\":0}}", "minutes");
	refuse_item("{\"id\":\"g\",\"segment\":{\"growth\":10.5}}", "growth");
}
END_TEST

START_TEST(numbers_at_the_ends_of_their_scale_are_taken)
{
	engine_put(5, "{\"id\":\"s\",\"step\":{\"emotion\":-2}}");
	engine_put(6, "{\"id\":\"s\",\"step\":{\"emotion\":2}}");
	engine_put(7, "{\"id\":\"e\",\"expectation\":{\"importance\":10,\"met\":0}}");
	engine_put(8, "{\"id\":\"c\",\"customer\":{\"ratings\":{\"speed\":1000,\"care\":0}}}");
	engine_put(9, "{\"id\":\"r\",\"risk\":{\"impact\":5,\"probability\":1}}");
	engine_put(10, "{\"id\":\"m\",\"maturity\":{\"level\":9}}");
	engine_put(11, "{\"id\":\"v\",\"review\":{\"every_days\":3660,\"minutes\":1440}}");
	engine_put(12, "{\"id\":\"g\",\"segment\":{\"growth\":-1}}");
	assert_has(engine_reply("Plan.Get", "{\"ref\":\"customer/c\"}"), "\"speed\":1000");
}
END_TEST

START_TEST(a_round_ends_after_it_begins)
{
	refuse_item("{\"id\":\"r\",\"round\":{\"opens\":\"2026-04-02\",\"closes\":\"2026-04-01\"}}",
	    "2026-04-01 is before opens 2026-04-02");
	refuse_item("{\"id\":\"r\",\"round\":{\"opens\":\"2026-04-02\"}}", "closes");
	engine_put(
	    5, "{\"id\":\"r\",\"round\":{\"opens\":\"2026-04-02\",\"closes\":\"2026-04-02\"}}");
}
END_TEST

START_TEST(records_are_about_what_they_can_be_about)
{
	refuse(ADD("{\"about\":\"goal/g\",\"acceptance\":{}}"), "'goal/g' is no baseline");
	refuse(ADD("{\"about\":\"goal/g\",\"vote\":{}}"), "'goal/g' is no decision");
	refuse(ADD("{\"about\":\"goal/g\",\"meeting\":{}}"), "'goal/g' is no review");
	refuse(
	    ADD("{\"about\":\"goal/g\",\"experience\":{}}"), "'goal/g' is no step or expectation");
	refuse(ADD("{\"about\":\"q1\",\"acceptance\":{\"answer\":\"BLOCKED\"}}"),
	    "say what stands in the way");
	engine_change(5, ADD("{\"about\":\"q1\",\"acceptance\":{\"answer\":\"BLOCKED\","
			     "\"in_the_way\":\"no people\"}}"));
	engine_change(6, ADD("{\"about\":\"login\",\"experience\":{\"emotion\":1}}"));
	engine_change(7, ADD("{\"about\":\"expectation/fast\",\"experience\":{\"met\":3}}"));
	assert_has(engine_reply("Plan.History", "{\"ref\":\"step/login\",\"records\":true}"),
	    "experience");
}
END_TEST

START_TEST(a_journey_is_removed_with_its_parts)
{
	assert_has(
	    engine_error("Plan.Apply",
		"{\"change_set\":{\"changes\":[{\"remove\":{\"ref\":\"journey/first-year\"}}]}}",
		ERR_PRECONDITION),
	    "stage/start");
	engine_change(5, "{\"remove\":{\"ref\":\"journey/first-year\",\"cascade\":true}}");
	engine_error("Plan.Get", "{\"ref\":\"expectation/fast\"}", ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_filter_knows_their_states)
{
	const char *reply;

	engine_put(5, "{\"id\":\"a\",\"commitment\":{\"state\":\"KEPT\"}}");
	engine_put(6, "{\"id\":\"b\",\"commitment\":{}}");
	engine_put(7, "{\"id\":\"c\",\"decision\":{\"status\":\"ACCEPTED\"}}");
	engine_put(8, "{\"id\":\"d\",\"risk\":{\"state\":\"HAPPENED\"}}");
	engine_put(9, "{\"id\":\"e\",\"request\":{\"state\":\"REFUSED\"}}");
	reply = engine_reply("Plan.List", "{\"filter\":\"status:kept,accepted\"}");
	assert_has(reply, "commitment/a");
	assert_has(reply, "decision/c");
	assert_lacks(reply, "commitment/b");
	reply = engine_reply("Plan.List", "{\"filter\":\"status:happened,refused\"}");
	assert_has(reply, "risk/d");
	assert_has(reply, "request/e");
}
END_TEST

START_TEST(an_expectation_is_traced_to_what_answers_it)
{
	const char *reply;

	engine_put(5, "{\"id\":\"quick\",\"objective\":{\"expectations\":[\"fast\"]}}");
	engine_put(
	    6, "{\"id\":\"sso\",\"initiative\":{\"objective\":\"quick\",\"steps\":[\"login\"]}}");
	reply = engine_reply("Insight.Trace", "{\"ref\":\"expectation/fast\"}");
	assert_has(reply, "objective/quick");
	assert_has(reply, "step/login");
	assert_has(engine_reply("Insight.Trace", "{\"ref\":\"step/login\"}"), "initiative/sso");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/customers");
	TCase *tcase = tcase_create("customers");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, numbers_outside_their_scale_are_refused);
	tcase_add_test(tcase, numbers_at_the_ends_of_their_scale_are_taken);
	tcase_add_test(tcase, a_round_ends_after_it_begins);
	tcase_add_test(tcase, records_are_about_what_they_can_be_about);
	tcase_add_test(tcase, a_journey_is_removed_with_its_parts);
	tcase_add_test(tcase, a_filter_knows_their_states);
	tcase_add_test(tcase, an_expectation_is_traced_to_what_answers_it);
	suite_add_tcase(suite, tcase);
	engine_unused();
	return engine_run(suite);
}
