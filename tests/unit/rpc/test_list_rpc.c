/* List and Export: what the filter finds, in which order, in which pages. */
#include "tests/unit/rpc/engine.h"

/* A small plan with one of everything that the filter asks for. */
static const char *const plan[] = {
    "{\"put\":{\"item\":{\"id\":\"grow\",\"title\":\"Grow in Z\xc3\xbcrich\",\"goal\":{}}}}",
    ("{\"put\":{\"item\":{\"id\":\"renew\",\"title\":\"Renew "
     "more\",\"labels\":[\"q2\",\"core\"],\"owners\":[\"anna\"],"
     "\"objective\":{\"goal\":\"grow\",\"team\":\"cs\",\"periods\":[\"2026-q1\"],"
     "\"targets\":[{\"measure\":\"rate\",\"due\":\"2026-06-30\"}]}}}}"),
    ("{\"put\":{\"item\":{\"id\":\"onboarding\",\"title\":\"Onboarding in 30 "
     "days\",\"owners\":[\"team/cs\"],"
     "\"initiative\":{\"objective\":\"renew\",\"status\":\"ACTIVE\",\"finish\":\"2026-05-31\"}}}}"),
    "{\"put\":{\"item\":{\"id\":\"health\",\"title\":\"Health score\",\"initiative\":{}}}}",
    ("{\"put\":{\"item\":{\"id\":\"kickoff\",\"title\":\"Kick "
     "off\",\"milestone\":{\"initiative\":\"onboarding\","
     "\"due\":\"2026-04-10\",\"done\":\"2026-04-09\"}}}}"),
    ("{\"put\":{\"item\":{\"id\":\"guide\",\"title\":\"Write the "
     "guide\",\"task\":{\"initiative\":\"onboarding\","
     "\"due\":\"2026-04-20\"}}}}"),
    ("{\"add\":{\"record\":{\"id\":\"c1\",\"about\":\"initiative/"
     "onboarding\",\"check_in\":{\"status\":\"AT_RISK\"}}}}"),
    "{\"add\":{\"record\":{\"id\":\"c2\",\"about\":\"initiative/onboarding\",\"check_in\":{}}}}",
    "{\"retract\":{\"ref\":\"check-in/c2\",\"reason\":\"wrong\"}}",
    "{\"put\":{\"item\":{\"id\":\"old\",\"title\":\"Old goal\",\"goal\":{}}}}",
    "{\"remove\":{\"ref\":\"goal/old\"}}",
    "{\"place\":{\"item\":\"health\",\"first\":true}}",
    "{\"place\":{\"item\":\"onboarding\",\"last\":true}}",
};

static void
setup(void)
{
	engine_open(NULL);
	for (size_t i = 0; i < sizeof plan / sizeof plan[0]; i++)
		engine_change(i + 1, plan[i]);
}

/* The refs of a reply, joined by spaces. */
static char *
refs_of(Plumb__V1__Envelope **entries, size_t count)
{
	static char refs[4096];
	size_t used = 0;

	refs[0] = '\0';
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(
		    refs + used, sizeof refs - used, "%s%s", i > 0 ? " " : "", entries[i]->ref);
	return refs;
}

static Plumb__V1__ListReply *
list(const char *json)
{
	struct asked *asked = engine_ask("Plan.List", json);
	struct err err = {0};
	Plumb__V1__ListReply *reply;

	ck_assert_msg(asked->status.code == ERR_OK, "%s: %s", json, asked->status.msg);
	reply = (Plumb__V1__ListReply *)pb_decode(&plumb__v1__list_reply__descriptor,
	    asked->replies[0], asked->lens[0], true, engine.arena, &err);
	ck_assert_ptr_nonnull(reply);
	asked_free(asked);
	return reply;
}

static const struct {
	const char *filter;
	const char *refs;
} filters[] = {
    {"", "goal/grow objective/renew initiative/health initiative/onboarding milestone/kickoff "
	 "task/guide "
	 "ranking/workspace check-in/c1"},
    {"kind:initiative", "initiative/health initiative/onboarding"},
    {"kind:task,milestone", "milestone/kickoff task/guide"},
    {"kind:tasks", "task/guide"},
    {"-kind:initiative -kind:ranking,check-in",
	"goal/grow objective/renew milestone/kickoff task/guide"},
    {"owner:anna", "objective/renew"},
    {"owner:team/cs", "initiative/onboarding"},
    {"owner:nobody", ""},
    {"kind:objective -owner:nobody", "objective/renew"},
    {"team:cs", "objective/renew initiative/onboarding"},
    {"label:q2", "objective/renew"},
    {"label:q", ""},
    {"status:active", "initiative/onboarding"},
    /* Not stated is read as proposed. */
    {"status:proposed", "initiative/health"},
    {"status:open", "objective/renew task/guide"},
    {"status:done", "milestone/kickoff"},
    {"status:at_risk", "check-in/c1"},
    {"status:at-risk,active", "initiative/onboarding check-in/c1"},
    {"period:2026-q1", "objective/renew"},
    {"goal:grow", "objective/renew"},
    {"objective:renew", "initiative/onboarding"},
    {"initiative:onboarding kind:task", "task/guide"},
    {"about:initiative/onboarding", "check-in/c1"},
    {"about:initiative/onboarding retracted:yes", "check-in/c2"},
    {"retracted:yes,no kind:check-in", "check-in/c1 check-in/c2"},
    {"title:onboarding", "initiative/onboarding"},
    {"title:\"30 days\"", "initiative/onboarding"},
    {"title:Z\xc3\x9cRICH", "goal/grow"},
    {"id:on*", "initiative/onboarding"},
    {"id:on", ""},
    {"id:*,grow kind:goal", "goal/grow"},
    {"due<2026-04-20", "milestone/kickoff"},
    {"due<=2026-04-20", "milestone/kickoff task/guide"},
    {"due>2026-06-29", "objective/renew"},
    {"due>2026-06-30", ""},
    {"finish>2026-05-30", "initiative/onboarding"},
    {"changed>12", "ranking/workspace"},
    {"changed>11", "ranking/workspace"},
    {"source:files:x", ""},
    {"removed:yes", "goal/old"},
    {"removed:no kind:goal", "goal/grow"},
    {"removed:yes,no kind:goal", "goal/grow goal/old"},
    {"onboarding", "initiative/onboarding"},
    {"GUIDE", "task/guide"},
    {"-guide kind:task", ""},
    {"\"off\"", "milestone/kickoff"},
};

/* Who has the reply of one call may make the next: the first counts in no limit any more. */
START_TEST(a_reply_comes_with_its_end)
{
	for (int i = 0; i < 200; i++) {
		struct asked *asked = engine_begin("Plan.List", "{\"count_only\":true}");

		for (int turn = 0; turn < 10000000 && asked->count == 0; turn++) {
			rpc_turn_end(engine.daemon);
			daemon_poll(engine.daemon);
		}
		ck_assert_uint_eq(asked->count, 1);
		ck_assert(asked->finished);
		asked_free(asked);
	}
}
END_TEST

START_TEST(the_filter_finds_what_it_says)
{
	char json[600];
	char quoted[300];
	size_t used = 0;
	Plumb__V1__ListReply *reply;

	for (const char *p = filters[_i].filter; *p != '\0'; p++) {
		if (*p == '"')
			quoted[used++] = '\\';
		quoted[used++] = *p;
	}
	quoted[used] = '\0';
	snprintf(json, sizeof json, "{\"filter\":\"%s\"}", quoted);
	reply = list(json);
	ck_assert_msg(strcmp(refs_of(reply->entries, reply->n_entries), filters[_i].refs) == 0,
	    "%s: %s instead of %s", filters[_i].filter, refs_of(reply->entries, reply->n_entries),
	    filters[_i].refs);
	ck_assert_uint_eq(reply->total, reply->n_entries);
}
END_TEST

static const struct {
	const char *filter;
	const char *part;
} bad_filters[] = {
    {"kind:nothing", "column 6: 'nothing' is not a kind"},
    {"title:x color:red", "column 9: 'color'"},
    {"due:2026-01-01", "column 1: write 'due' with < or >"},
    {"kind<goal", "column 1: write 'kind' with a colon"},
    {"due<soon", "column 5: 'soon' is not a date"},
    {"status:sleepy", "column 8: 'sleepy'"},
    {"owner:", "column 7: a value is missing"},
    {"kind:goal,", "column 11: a value is missing"},
    {"about:onboarding", "column 7: 'onboarding' is not a reference"},
    {"removed:maybe", "column 9: 'maybe' is neither yes nor no"},
    {"changed>x", "column 9: 'x' is not a revision"},
    {"id:No", "column 4: 'No' is not an id"},
    {"title:\\\"open", "column 7: the quotation mark is not closed"},
};

START_TEST(errors_name_the_column)
{
	char json[300];

	snprintf(json, sizeof json, "{\"filter\":\"%s\"}", bad_filters[_i].filter);
	assert_has(engine_error("Plan.List", json, ERR_INVALID), bad_filters[_i].part);
}
END_TEST

static const struct {
	const char *sort;
	const char *refs;
} sorts[] = {
    {"id", "initiative/health initiative/onboarding milestone/kickoff task/guide"},
    {"-id", "task/guide milestone/kickoff initiative/onboarding initiative/health"},
    {"title", "initiative/health milestone/kickoff initiative/onboarding task/guide"},
    {"-title", "task/guide initiative/onboarding milestone/kickoff initiative/health"},
    /* What has no rank or date comes last either way. */
    {"rank", "initiative/health initiative/onboarding milestone/kickoff task/guide"},
    {"-rank", "initiative/onboarding initiative/health milestone/kickoff task/guide"},
    {"due", "milestone/kickoff task/guide initiative/onboarding initiative/health"},
    {"-due", "initiative/onboarding task/guide milestone/kickoff initiative/health"},
    {"revision", "initiative/onboarding initiative/health milestone/kickoff task/guide"},
    {"-revision", "task/guide milestone/kickoff initiative/health initiative/onboarding"},
    {"updated", "initiative/health initiative/onboarding milestone/kickoff task/guide"},
};

START_TEST(it_is_sorted_as_asked)
{
	char json[200];
	Plumb__V1__ListReply *reply;

	snprintf(json, sizeof json,
	    "{\"filter\":\"kind:initiative,milestone,task\",\"sort\":\"%s\"}", sorts[_i].sort);
	reply = list(json);
	ck_assert_str_eq(refs_of(reply->entries, reply->n_entries), sorts[_i].refs);
	/* Pages of one give the same, one after the other. */
	for (size_t i = 0; i < 4; i++) {
		Plumb__V1__ListReply *page;
		static char token[100];

		snprintf(json, sizeof json,
		    "{\"filter\":\"kind:initiative,milestone,task\",\"sort\":\"%s\",\"page_size\":"
		    "1,\"page_token\":\"%s\"}",
		    sorts[_i].sort, i == 0 ? "" : token);
		page = list(json);
		ck_assert_uint_eq(page->n_entries, 1);
		ck_assert_uint_eq(page->total, 4);
		ck_assert_str_eq(page->entries[0]->ref, reply->entries[i]->ref);
		snprintf(token, sizeof token, "%s", page->next_page_token);
		ck_assert_int_eq(token[0] == '\0', i == 3);
	}
}
END_TEST

START_TEST(ranks_are_shown)
{
	Plumb__V1__ListReply *reply = list("{\"filter\":\"kind:initiative\"}");

	ck_assert_uint_eq(reply->entries[0]->rank, 1);
	ck_assert_uint_eq(reply->entries[1]->rank, 2);
}
END_TEST

START_TEST(pages_are_of_one_revision)
{
	Plumb__V1__ListReply *first =
	    list("{\"filter\":\"kind:initiative,milestone,task\",\"page_size\":2}");
	char json[300];
	Plumb__V1__ListReply *second;

	/* Were it of the newest, the second page would begin with another one. */
	engine_put(14, "{\"id\":\"aaa\",\"initiative\":{}}");
	snprintf(json, sizeof json,
	    "{\"filter\":\"kind:initiative,milestone,task\",\"page_size\":2,\"page_token\":\"%s\"}",
	    first->next_page_token);
	second = list(json);
	ck_assert_str_eq(
	    refs_of(second->entries, second->n_entries), "milestone/kickoff task/guide");
	ck_assert_uint_eq(second->revision, first->revision);
	ck_assert_str_eq(second->next_page_token, "");
	/* With another question the token is of no use. */
	snprintf(json, sizeof json, "{\"filter\":\"kind:initiative\",\"page_token\":\"%s\"}",
	    first->next_page_token);
	assert_has(engine_error("Plan.List", json, ERR_INVALID), "page_token");
	assert_has(engine_error("Plan.List", "{\"page_token\":\"x\"}", ERR_INVALID), "page_token");
}
END_TEST

START_TEST(limits_and_counts)
{
	ck_assert_uint_eq(list("{\"page_size\":1000}")->n_entries, 8);
	assert_has(engine_error("Plan.List", "{\"page_size\":1001}", ERR_INVALID), "page_size");
	assert_has(engine_error("Plan.List", "{\"sort\":\"colour\"}", ERR_INVALID), "sort");
	assert_has(
	    engine_error("Plan.List", "{\"at\":{\"scenario\":\"x\"}}", ERR_NOT_FOUND), "scenario");
	ck_assert_str_eq(engine_reply("Plan.List", "{\"count_only\":true}"),
	    "{\"total\":\"8\",\"revision\":\"13\"}");
}
END_TEST

START_TEST(the_past_is_as_it_was)
{
	ck_assert_str_eq(
	    engine_reply("Plan.List", "{\"count_only\":true,\"at\":{\"revision\":\"1\"}}"),
	    "{\"total\":\"1\",\"revision\":\"1\"}");
	ck_assert_str_eq(
	    engine_reply("Plan.List", "{\"count_only\":true,\"at\":{\"revision\":\"0\"}}"), "{}");
	/* The removed goal was there then. */
	ck_assert_str_eq(
	    engine_reply("Plan.List",
		"{\"count_only\":true,\"filter\":\"id:old\",\"at\":{\"revision\":\"10\"}}"),
	    "{\"total\":\"1\",\"revision\":\"10\"}");
	engine_error("Plan.List", "{\"at\":{\"revision\":\"14\"}}", ERR_NOT_FOUND);
	engine_error("Plan.List", "{\"at\":{\"baseline\":\"b\"}}", ERR_NOT_FOUND);
	engine_error("Plan.List", "{\"at\":{\"time\":\"then\"}}", ERR_INVALID);
	engine_error("Plan.List", "{\"at\":{\"today\":\"2026-02-30\"}}", ERR_INVALID);
	engine_put(14, "{\"id\":\"b\",\"baseline\":{}}");
	engine_put(15, "{\"id\":\"later\",\"goal\":{}}");
	ck_assert_str_eq(
	    engine_reply("Plan.List", "{\"count_only\":true,\"at\":{\"baseline\":\"b\"}}"),
	    "{\"total\":\"9\",\"revision\":\"14\"}");
	/* Everything is of the clock's day, and nothing of the day before. */
	ck_assert_str_eq(
	    engine_reply("Plan.List", "{\"count_only\":true,\"at\":{\"time\":\"2026-03-31\"}}"),
	    "{\"total\":\"10\",\"revision\":\"15\"}");
	ck_assert_str_eq(
	    engine_reply("Plan.List", "{\"count_only\":true,\"at\":{\"time\":\"2026-03-30\"}}"),
	    "{}");
}
END_TEST

static const struct {
	const char *request;
	const char *refs;
} exports[] = {
    {"{}", "goal/grow objective/renew initiative/health initiative/onboarding milestone/kickoff "
	   "task/guide "
	   "ranking/workspace"},
    {"{\"records\":true,\"kinds\":[\"TASK\"]}", "task/guide check-in/c1 check-in/c2"},
    {"{\"kinds\":[\"GOAL\",\"TASK\"]}", "goal/grow task/guide"},
    {"{\"source\":\"files:x\"}", ""},
};

START_TEST(export_sends_all_in_order)
{
	struct asked *asked = engine_ask("Plan.Export", exports[_i].request);
	Plumb__V1__ExportReply *reply;

	ck_assert_msg(asked->status.code == ERR_OK, "%s", asked->status.msg);
	ck_assert_uint_eq(asked->count, 1);
	reply = plumb__v1__export_reply__unpack(NULL, asked->lens[0], asked->replies[0]);
	ck_assert_str_eq(refs_of(reply->entries, reply->n_entries), exports[_i].refs);
	ck_assert_uint_eq(reply->revision, 13);
	plumb__v1__export_reply__free_unpacked(reply, NULL);
	asked_free(asked);
}
END_TEST

START_TEST(export_waits_for_its_reader)
{
	struct asked *asked;
	char item[60];
	size_t entries = 0;

	for (unsigned i = 0; i < 250; i++) {
		snprintf(item, sizeof item, "{\"id\":\"x%u\",\"goal\":{}}", i);
		engine_put(14 + i, item);
	}
	asked = engine_begin("Plan.Export", "{}");
	asked->writable = false;
	for (int i = 0; i < 200; i++)
		engine_turn();
	ck_assert_uint_eq(asked->count, 0);
	ck_assert(!asked->finished);
	asked->writable = true;
	rpc_writable(asked->call);
	engine_wait(asked);
	/* 257 entries, 100 a message. */
	ck_assert_uint_eq(asked->count, 3);
	for (size_t i = 0; i < asked->count; i++) {
		Plumb__V1__ExportReply *reply =
		    plumb__v1__export_reply__unpack(NULL, asked->lens[i], asked->replies[i]);

		entries += reply->n_entries;
		plumb__v1__export_reply__free_unpacked(reply, NULL);
	}
	ck_assert_uint_eq(entries, 257);
	asked_free(asked);
}
END_TEST

START_TEST(export_can_be_cancelled_while_it_waits)
{
	struct asked *asked = engine_begin("Plan.Export", "{}");

	asked->writable = false;
	for (int i = 0; i < 100; i++)
		engine_turn();
	rpc_cancel(asked->call, ERR_CANCELLED);
	ck_assert(asked->finished);
	for (int i = 0; i < 100; i++)
		engine_turn();
	ck_assert_uint_eq(rpc_calls_count(engine.daemon), 0);
	asked_free(asked);
}
END_TEST

START_TEST(a_source_gets_back_what_it_applied)
{
	struct asked *asked;

	engine_reply("Plan.Apply",
	    "{\"change_set\":{\"source\":{\"name\":\"files:x\"},\"changes\":[{\"put\":{\"item\":"
	    "{\"id\":\"mine\",\"title\":\"Mine\",\"goal\":{}}}}]}}");
	engine_put(15, "{\"id\":\"mine\",\"title\":\"Theirs\",\"goal\":{}}");
	asked = engine_ask("Plan.Export", "{\"source\":\"files:x\"}");
	assert_has(engine_json(asked, 0), "\"title\":\"Theirs\"");
	asked_free(asked);
	asked = engine_ask("Plan.Export", "{\"source\":\"files:x\",\"last_applied\":true}");
	assert_has(engine_json(asked, 0), "\"title\":\"Mine\"");
	assert_has(engine_json(asked, 0), "\"source\":\"files:x\"");
	assert_has(engine_json(asked, 0), "\"source_revision\":\"14\"");
	assert_lacks(engine_json(asked, 0), "Theirs");
	asked_free(asked);
	assert_has(engine_error("Plan.Export", "{\"last_applied\":true}", ERR_INVALID), "source");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/list_rpc");
	TCase *tcase = tcase_create("list and export");

	tcase_add_checked_fixture(tcase, setup, engine_fini);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(
	    tcase, the_filter_finds_what_it_says, 0, sizeof filters / sizeof filters[0]);
	tcase_add_loop_test(
	    tcase, errors_name_the_column, 0, sizeof bad_filters / sizeof bad_filters[0]);
	tcase_add_loop_test(tcase, it_is_sorted_as_asked, 0, sizeof sorts / sizeof sorts[0]);
	tcase_add_test(tcase, ranks_are_shown);
	tcase_add_test(tcase, pages_are_of_one_revision);
	tcase_add_test(tcase, limits_and_counts);
	tcase_add_test(tcase, a_reply_comes_with_its_end);
	tcase_add_test(tcase, the_past_is_as_it_was);
	tcase_add_loop_test(
	    tcase, export_sends_all_in_order, 0, sizeof exports / sizeof exports[0]);
	tcase_add_test(tcase, export_waits_for_its_reader);
	tcase_add_test(tcase, export_can_be_cancelled_while_it_waits);
	tcase_add_test(tcase, a_source_gets_back_what_it_applied);
	suite_add_tcase(suite, tcase);
	engine_unused();
	return engine_run(suite);
}
