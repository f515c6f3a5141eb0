/* History and Diff: who changed what, field by field. */
#include "tests/unit/rpc/engine.h"

static void
setup(void)
{
	engine_open(NULL);
}

START_TEST(the_workspace_tells_all_newest_first)
{
	const char *reply;

	engine_reply("Plan.Apply", "{\"change_set\":{\"reason\":\"first\",\"source\":{\"name\":"
				   "\"files:x\"},\"changes\":[{\"put\":"
				   "{\"item\":{\"id\":\"a\",\"title\":\"A\",\"goal\":{}}}}]}}");
	engine_put(2, "{\"id\":\"a\",\"title\":\"B\",\"goal\":{}}");
	engine_change(3, "{\"remove\":{\"ref\":\"goal/a\"}}");
	reply = engine_reply("Plan.History", "{}");
	ck_assert_str_eq(reply,
	    "{\"entries\":["
	    "{\"revision\":\"3\",\"time\":\"2026-03-31T09:00:00Z\",\"author\":\"person/"
	    "anna\",\"differences\":[{\"action\":"
	    "\"REMOVED\",\"ref\":\"goal/a\",\"title\":\"B\"}]},"
	    "{\"revision\":\"2\",\"time\":\"2026-03-31T09:00:00Z\",\"author\":\"person/"
	    "anna\",\"differences\":[{\"action\":"
	    "\"CHANGED\",\"ref\":\"goal/"
	    "a\",\"title\":\"B\",\"fields\":[{\"field\":\"title\",\"old\":\"A\",\"new\":\"B\"}]}]},"
	    "{\"revision\":\"1\",\"time\":\"2026-03-31T09:00:00Z\",\"author\":\"person/"
	    "anna\",\"reason\":\"first\","
	    "\"differences\":[{\"action\":\"CREATED\",\"ref\":\"goal/"
	    "a\",\"title\":\"A\",\"fields\":[{\"field\":\"title\",\"new\":"
	    "\"A\"},{\"field\":\"goal\",\"new\":\"{}\"}]}],\"source\":\"files:x\"}]}");
	ck_assert_str_eq(engine_reply("Plan.History", "{\"at\":{\"revision\":\"0\"}}"), "{}");
}
END_TEST

START_TEST(pages_lead_to_the_beginning)
{
	const char *reply;

	for (unsigned i = 1; i <= 5; i++) {
		char item[60];

		snprintf(item, sizeof item, "{\"id\":\"g%u\",\"goal\":{}}", i);
		engine_put(i, item);
	}
	reply = engine_reply("Plan.History", "{\"page_size\":2}");
	assert_has(reply, "\"next_page_token\":\"4\"");
	assert_has(reply, "goal/g5");
	assert_has(reply, "goal/g4");
	assert_lacks(reply, "goal/g3");
	reply = engine_reply("Plan.History", "{\"page_size\":2,\"page_token\":\"4\"}");
	assert_has(reply, "\"next_page_token\":\"2\"");
	assert_has(reply, "goal/g3");
	reply = engine_reply("Plan.History", "{\"page_size\":2,\"page_token\":\"2\"}");
	assert_lacks(reply, "next_page_token");
	assert_has(reply, "goal/g1");
	assert_lacks(reply, "goal/g2");
	assert_has(
	    engine_error("Plan.History", "{\"page_token\":\"x\"}", ERR_INVALID), "page_token");
	assert_has(engine_error("Plan.History", "{\"page_size\":1001}", ERR_INVALID), "page_size");
}
END_TEST

START_TEST(an_item_keeps_its_history_through_renames)
{
	const char *reply;

	engine_put(1, "{\"id\":\"a\",\"title\":\"one\",\"goal\":{}}");
	engine_put(2, "{\"id\":\"other\",\"goal\":{}}");
	engine_change(3, "{\"rename\":{\"ref\":\"goal/a\",\"id\":\"b\"}}");
	engine_put(4, "{\"id\":\"b\",\"title\":\"two\",\"goal\":{}}");
	/* The old name is taken by another goal: not ours any more. */
	engine_put(5, "{\"id\":\"a\",\"title\":\"stranger\",\"goal\":{}}");
	engine_change(6, "{\"rename\":{\"ref\":\"goal/b\",\"id\":\"c\"}}");
	reply = engine_reply("Plan.History", "{\"ref\":\"goal/c\"}");
	assert_lacks(reply, "stranger");
	assert_lacks(reply, "goal/other");
	assert_has(reply, "{\"revision\":\"6\"");
	assert_has(reply, "\"action\":\"RENAMED\",\"ref\":\"goal/"
			  "b\",\"title\":\"two\",\"renamed_to\":\"goal/c\"");
	assert_has(reply, "{\"revision\":\"4\"");
	assert_has(reply, "\"action\":\"RENAMED\",\"ref\":\"goal/"
			  "a\",\"title\":\"one\",\"renamed_to\":\"goal/b\"");
	assert_has(reply, "\"action\":\"CREATED\",\"ref\":\"goal/a\",\"title\":\"one\"");
	assert_lacks(reply, "{\"revision\":\"2\"");
	assert_lacks(reply, "{\"revision\":\"5\"");
}
END_TEST

START_TEST(references_that_follow_a_rename_are_told)
{
	engine_put(1, "{\"id\":\"g\",\"goal\":{}}");
	engine_put(2, "{\"id\":\"o\",\"objective\":{\"goal\":\"g\"}}");
	engine_change(3, "{\"rename\":{\"ref\":\"goal/g\",\"id\":\"h\"}}");
	assert_has(engine_reply("Plan.History", "{\"ref\":\"objective/o\"}"),
	    "\"fields\":[{\"field\":\"objective.goal\",\"old\":\"g\",\"new\":\"h\"}]");
}
END_TEST

START_TEST(records_belong_to_the_history_when_asked)
{
	engine_put(1, "{\"id\":\"i\",\"initiative\":{}}");
	engine_change(
	    2, "{\"add\":{\"record\":{\"id\":\"c\",\"about\":\"initiative/i\",\"check_in\":{}}}}");
	engine_change(3, "{\"add\":{\"record\":{\"id\":\"k\",\"about\":\"check-in/"
			 "c\",\"acknowledgement\":{}}}}");
	engine_change(4, "{\"retract\":{\"ref\":\"check-in/c\",\"reason\":\"wrong\"}}");
	assert_lacks(engine_reply("Plan.History", "{\"ref\":\"initiative/i\"}"), "check-in/c");
	assert_has(engine_reply("Plan.History", "{\"ref\":\"initiative/i\",\"records\":true}"),
	    "\"ref\":\"check-in/c\"");
	assert_has(engine_reply("Plan.History", "{\"ref\":\"initiative/i\",\"records\":true}"),
	    "acknowledgement/k");
	assert_has(
	    engine_reply("Plan.History", "{\"ref\":\"check-in/c\"}"), "\"action\":\"RETRACTED\"");
}
END_TEST

START_TEST(placings_are_told_by_the_fewest_moves)
{
	const char *reply;

	for (unsigned i = 1; i <= 4; i++) {
		char item[60];

		snprintf(
		    item, sizeof item, "{\"id\":\"i%u\",\"title\":\"I\",\"initiative\":{}}", i);
		engine_put(i, item);
	}
	for (unsigned i = 1; i <= 4; i++) {
		char change[80];

		snprintf(change, sizeof change, "{\"place\":{\"item\":\"i%u\",\"last\":true}}", i);
		engine_change(4 + i, change);
	}
	/* 1 2 3 4 becomes 4 1 2 3: only i4 moved, though all ranks changed. */
	engine_change(9, "{\"place\":{\"item\":\"i4\",\"before\":\"i1\"}}");
	reply = engine_reply("Plan.History", "{\"page_size\":1}");
	assert_has(reply, "\"action\":\"PLACED\",\"ref\":\"ranking/workspace\"");
	assert_has(reply, "\"fields\":[{\"field\":\"initiative/i4\",\"old\":\"4\",\"new\":\"1 "
			  "(before initiative/i1)\"}]");
	assert_has(engine_reply("Plan.History", "{\"ref\":\"initiative/i4\",\"page_size\":1}"),
	    "1 (before initiative/i1)");
	assert_lacks(engine_reply("Plan.History", "{\"ref\":\"initiative/i2\"}"), "initiative/i4");
	engine_change(10, "{\"place\":{\"item\":\"i2\",\"tied_with\":\"i1\"}}");
	assert_has(engine_reply("Plan.History", "{\"page_size\":1}"),
	    "{\"field\":\"initiative/i2\",\"old\":\"3\",\"new\":\"2 (tied with initiative/i1)\"}");
	engine_change(11, "{\"place\":{\"item\":\"i1\",\"unranked\":true}}");
	assert_has(engine_reply("Plan.History", "{\"page_size\":1}"),
	    "{\"field\":\"initiative/i1\",\"old\":\"2\"}");
}
END_TEST

START_TEST(a_name_that_came_back_keeps_its_past)
{
	const char *reply;

	engine_put(1, "{\"id\":\"a\",\"title\":\"one\",\"goal\":{}}");
	engine_change(2, "{\"remove\":{\"ref\":\"goal/a\"}}");
	engine_error("Plan.History", "{\"ref\":\"goal/never\"}", ERR_NOT_FOUND);
	assert_has(engine_reply("Plan.History", "{\"ref\":\"goal/a\"}"), "REMOVED");
	engine_put(3, "{\"id\":\"a\",\"title\":\"two\",\"goal\":{}}");
	reply = engine_reply("Plan.History", "{\"ref\":\"goal/a\"}");
	assert_has(reply, "\"new\":\"two\"");
	assert_has(reply, "REMOVED");
	assert_has(reply, "\"new\":\"one\"");
}
END_TEST

START_TEST(a_diff_leads_from_one_revision_to_the_other)
{
	const char *reply;

	engine_put(1, "{\"id\":\"a\",\"title\":\"one\",\"goal\":{}}");
	engine_put(2, "{\"id\":\"gone\",\"title\":\"gone\",\"goal\":{}}");
	engine_put(3, "{\"id\":\"a\",\"title\":\"passing\",\"goal\":{}}");
	engine_put(4, "{\"id\":\"a\",\"title\":\"two\",\"goal\":{}}");
	engine_change(5, "{\"rename\":{\"ref\":\"goal/a\",\"id\":\"b\"}}");
	engine_change(6, "{\"remove\":{\"ref\":\"goal/gone\"}}");
	engine_put(7, "{\"id\":\"new\",\"title\":\"new\",\"goal\":{}}");
	reply = engine_reply("Plan.Diff", "{\"from\":{\"revision\":\"2\"},\"to\":{}}");
	ck_assert_str_eq(reply,
	    "{\"differences\":[{\"action\":\"RENAMED\",\"ref\":\"goal/"
	    "a\",\"title\":\"two\",\"fields\":[{\"field\":\"title\","
	    "\"old\":\"one\",\"new\":\"two\"}],\"renamed_to\":\"goal/b\"},"
	    "{\"action\":\"REMOVED\",\"ref\":\"goal/gone\",\"title\":\"gone\"},"
	    "{\"action\":\"CREATED\",\"ref\":\"goal/"
	    "new\",\"title\":\"new\",\"fields\":[{\"field\":\"title\",\"new\":\"new\"},"
	    "{\"field\":\"goal\",\"new\":\"{}\"}]}],\"from_revision\":\"2\",\"to_revision\":"
	    "\"7\"}");
	reply = engine_reply(
	    "Plan.Diff", "{\"from\":{\"revision\":\"7\"},\"to\":{\"revision\":\"2\"}}");
	assert_has(reply, "{\"action\":\"RENAMED\",\"ref\":\"goal/"
			  "b\",\"title\":\"two\",\"fields\":[{\"field\":\"title\","
			  "\"old\":\"two\",\"new\":\"one\"}],\"renamed_to\":\"goal/a\"}");
	assert_has(reply, "{\"action\":\"CREATED\",\"ref\":\"goal/gone\"");
	assert_has(reply, "{\"action\":\"REMOVED\",\"ref\":\"goal/new\"");
	ck_assert_str_eq(engine_reply("Plan.Diff", "{\"from\":{\"revision\":\"7\"}}"),
	    "{\"from_revision\":\"7\",\"to_revision\":\"7\"}");
	engine_error("Plan.Diff",
	    "{\"from\":{\"workspace\":\"main\"},\"to\":{\"workspace\":\"other\"}}", ERR_INVALID);
}
END_TEST

START_TEST(what_was_redacted_is_not_told)
{
	engine_put(1, "{\"id\":\"i\",\"initiative\":{}}");
	engine_change(2, "{\"add\":{\"record\":{\"id\":\"c\",\"about\":\"initiative/"
			 "i\",\"note\":\"secret words\","
			 "\"check_in\":{}}}}");
	assert_has(engine_reply("Plan.History", "{\"ref\":\"check-in/c\"}"), "secret words");
	engine_change(3, "{\"redact\":{\"ref\":\"check-in/c\",\"reason\":\"asked for\"}}");
	/* The log's past is rewritten by a worker right after. */
	for (int i = 0; i < 2000 && !daemon_is_idle(engine.daemon); i++)
		engine_turn();
	assert_lacks(engine_reply("Plan.History", "{\"ref\":\"check-in/c\"}"), "secret words");
	assert_has(
	    engine_reply("Plan.History", "{\"ref\":\"check-in/c\"}"), "\"action\":\"REDACTED\"");
	assert_lacks(
	    engine_reply("Plan.Get", "{\"ref\":\"check-in/c\",\"at\":{\"revision\":\"2\"}}"),
	    "secret words");
	assert_lacks(
	    engine_reply("Plan.Get", "{\"ref\":\"check-in/c\",\"at\":{\"revision\":\"2\"}}"),
	    "person/anna\",\"at\"");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/history_rpc");
	TCase *tcase = tcase_create("history and diff");

	tcase_add_checked_fixture(tcase, setup, engine_fini);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_workspace_tells_all_newest_first);
	tcase_add_test(tcase, pages_lead_to_the_beginning);
	tcase_add_test(tcase, an_item_keeps_its_history_through_renames);
	tcase_add_test(tcase, references_that_follow_a_rename_are_told);
	tcase_add_test(tcase, records_belong_to_the_history_when_asked);
	tcase_add_test(tcase, placings_are_told_by_the_fewest_moves);
	tcase_add_test(tcase, a_name_that_came_back_keeps_its_past);
	tcase_add_test(tcase, a_diff_leads_from_one_revision_to_the_other);
	tcase_add_test(tcase, what_was_redacted_is_not_told);
	suite_add_tcase(suite, tcase);
	engine_unused();
	return engine_run(suite);
}
