/* JSON by descriptor: proto3's rules in both directions, and where a fault is said to be. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/insight.pb-c.h"
#include "plumb/v1/item.pb-c.h"
#include "plumb/v1/plan.pb-c.h"

static struct arena *arena;
static struct err err;

static void
setup(void)
{
	arena = arena_new(1u << 20);
	err = (struct err){0};
}

static void
teardown(void)
{
	arena_free(arena);
}

static const ProtobufCMessageDescriptor *const item_type = &plumb__v1__item__descriptor;

static ProtobufCMessage *
parse(const ProtobufCMessageDescriptor *type, const char *text)
{
	return json_parse(type, text, strlen(text), arena, &err);
}

static void
assert_print(const ProtobufCMessage *message, int indent, bool lower, const char *expected)
{
	struct str out;

	str_init(&out, 100000);
	json_print(message, indent, lower, &out);
	ck_assert(str_ok(&out));
	ck_assert_str_eq(out.data, expected);
	str_fini(&out);
}

/* ---- there and back -------------------------------------------------------------------------- */

/* Each reads and prints as itself. */
static const struct {
	const ProtobufCMessageDescriptor *type;
	const char *text;
} same[] = {
    {&plumb__v1__item__descriptor, "{}"},
    {&plumb__v1__item__descriptor, "{\"id\":\"x\",\"owners\":[\"anna\",\"\"],\"vision\":{}}"},
    {&plumb__v1__item__descriptor,
	"{\"links\":[{\"type\":\"SUPPORTS\",\"to\":\"goal/x\"},{}],\"goal\":{\"weight\":0}}"},
    {&plumb__v1__item__descriptor, "{\"title\":\"\\\"q\\\" \\\\ \\n\\t\\u0001\\u007f\"}"},
    {&plumb__v1__item__descriptor, "{\"title\":\"Z\xc3\xbcrich \xf0\x9f\x98\x80\"}"},
    {&plumb__v1__rule_setting__descriptor,
	"{\"rule\":\"outcome/stale\",\"thresholds\":{\"days\":30,\"\":0,\"x\":0.5}}"},
    {&plumb__v1__envelope__descriptor,
	"{\"kind\":\"GOAL\",\"revision\":\"18446744073709551615\",\"removed\":true,\"rank\":4}"},
    {&plumb__v1__trace_node__descriptor, "{\"parent\":-1,\"level\":-2147483648}"},
    {&plumb__v1__check_in__descriptor, "{\"progress\":0.25,\"remaining\":\"-5\"}"},
    {&plumb__v1__measurement__descriptor, "{\"value\":\"NaN\"}"},
    {&plumb__v1__measurement__descriptor, "{\"value\":\"-Infinity\"}"},
    {&plumb__v1__check_in__descriptor, "{\"progress\":-0.0}"},
    {&plumb__v1__export_request__descriptor, "{\"kinds\":[\"GOAL\",\"TASK\"]}"},
    /* "" , "f", "fo", "foo", "foob" of RFC 4648, section 10 */
    {&plumb__v1__ping_request__descriptor, "{\"payload\":\"Zg==\"}"},
    {&plumb__v1__ping_request__descriptor, "{\"payload\":\"Zm8=\"}"},
    {&plumb__v1__ping_request__descriptor, "{\"payload\":\"Zm9v\"}"},
    {&plumb__v1__ping_request__descriptor, "{\"payload\":\"Zm9vYg==\"}"},
};

START_TEST(what_was_printed_reads_as_the_same)
{
	ProtobufCMessage *message = parse(same[_i].type, same[_i].text);

	ck_assert_msg(message != NULL, "%s", err.msg);
	assert_print(message, 0, false, same[_i].text);
}
END_TEST

START_TEST(indented_with_lower_case_names)
{
	ProtobufCMessage *message = parse(
	    item_type, "{\"id\":\"x\",\"links\":[{\"type\":\"CONFLICTS\"},{}],\"vision\":{}}");

	assert_print(message, 2, true,
	    "{\n"
	    "  \"id\": \"x\",\n"
	    "  \"links\": [\n"
	    "    {\n"
	    "      \"type\": \"conflicts\"\n"
	    "    },\n"
	    "    {}\n"
	    "  ],\n"
	    "  \"vision\": {}\n"
	    "}");
}
END_TEST

START_TEST(unknown_enum_values_print_as_numbers)
{
	Plumb__V1__Envelope envelope;

	plumb__v1__envelope__init(&envelope);
	envelope.kind = (Plumb__V1__Kind)999;
	assert_print(&envelope.base, 0, true, "{\"kind\":999}");
}
END_TEST

START_TEST(printing_stops_at_the_ceiling)
{
	Plumb__V1__Item item;
	struct str out;

	plumb__v1__item__init(&item);
	item.id = pb_str("much too long");
	str_init(&out, 10);
	json_print(&item.base, 0, false, &out);
	ck_assert(!str_ok(&out));
	str_fini(&out);
}
END_TEST

/* ---- what is accepted too -------------------------------------------------------------------- */

static const struct {
	const ProtobufCMessageDescriptor *type;
	const char *text;
	const char *printed;
} lenient[] = {
    {&plumb__v1__item__descriptor, " {\"externalIds\":[\"a\"],\"external_ids\":null} ", NULL},
    {&plumb__v1__item__descriptor, "{\"externalIds\":[\"a\"]}", "{\"external_ids\":[\"a\"]}"},
    {&plumb__v1__item__descriptor, "{\"id\":null,\"owners\":null,\"goal\":null}", "{}"},
    {&plumb__v1__item__descriptor, "{\"owners\":[]}", "{}"},
    {&plumb__v1__envelope__descriptor, "{\"revision\":7}", "{\"revision\":\"7\"}"},
    {&plumb__v1__envelope__descriptor, "{\"revision\":7.0,\"rank\":\"3\"}",
	"{\"revision\":\"7\",\"rank\":3}"},
    {&plumb__v1__envelope__descriptor, "{\"rank\":1e2}", "{\"rank\":100}"},
    {&plumb__v1__envelope__descriptor, "{\"kind\":\"check-in\"}", "{\"kind\":\"CHECK_IN\"}"},
    {&plumb__v1__envelope__descriptor, "{\"kind\":4}", "{\"kind\":\"GOAL\"}"},
    {&plumb__v1__envelope__descriptor, "{\"rank\":0,\"removed\":false,\"ref\":\"\"}", "{}"},
    {&plumb__v1__measurement__descriptor, "{\"value\":\"1.5\"}", "{\"value\":1.5}"},
    {&plumb__v1__measurement__descriptor, "{\"value\":3}", "{\"value\":3}"},
    {&plumb__v1__ping_request__descriptor, "{\"payload\":\"Zg\"}", "{\"payload\":\"Zg==\"}"},
    {&plumb__v1__ping_request__descriptor, "{\"payload\":\"-_8=\"}", "{\"payload\":\"+/8=\"}"},
    {&plumb__v1__item__descriptor, "{\"title\":\"\\u00fc\\ud83d\\ude00\"}",
	"{\"title\":\"\xc3\xbc\xf0\x9f\x98\x80\"}"},
};

START_TEST(other_ways_to_write_it)
{
	ProtobufCMessage *message = parse(lenient[_i].type, lenient[_i].text);

	if (lenient[_i].printed == NULL) {
		ck_assert_ptr_null(message);
		return;
	}
	ck_assert_msg(message != NULL, "%s", err.msg);
	assert_print(message, 0, false, lenient[_i].printed);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------- */

static const struct {
	const ProtobufCMessageDescriptor *type;
	const char *text;
	const char *msg; /* how the refusal begins */
} bad[] = {
    {&plumb__v1__item__descriptor, "{\"idd\":1}", "idd: no such field"},
    {&plumb__v1__item__descriptor, "{\"objective\":{\"targets\":[{},{\"duee\":\"x\"}]}}",
	"objective.targets[1].duee: no such field"},
    {&plumb__v1__item__descriptor, "{\"id\":\"a\",\n \"id\":\"b\"}", "line 2, column"},
    {&plumb__v1__item__descriptor, "{\"external_ids\":[],\"externalIds\":[]}",
	"externalIds: stated twice"},
    {&plumb__v1__item__descriptor, "{\"goal\":{},\"vision\":{}}",
	"vision: stands beside another member"},
    {&plumb__v1__item__descriptor, "{\"id\":1}", "id: text is wanted"},
    {&plumb__v1__item__descriptor, "{\"owners\":\"anna\"}", "owners: a list is wanted"},
    {&plumb__v1__item__descriptor, "{\"owners\":[null]}", "owners[0]: text is wanted"},
    {&plumb__v1__item__descriptor, "{\"goal\":[]}", "goal: an object is wanted"},
    {&plumb__v1__item__descriptor, "{\"goal\":{\"weight\":\"1,5\"}}", "goal.weight: not a number"},
    {&plumb__v1__item__descriptor, "{\"goal\":{\"weight\":true}}",
	"goal.weight: a number is wanted"},
    {&plumb__v1__item__descriptor, "[]", "an object is wanted"},
    {&plumb__v1__item__descriptor, "", "line 1, column 0"},
    {&plumb__v1__item__descriptor, "{\"id\":", "line 1, column"},
    {&plumb__v1__item__descriptor, "{} {}", "line 1, column"},
    {&plumb__v1__item__descriptor, "{\"id\":\"\xff\"}", "line 1, column"},
    {&plumb__v1__item__descriptor, "{\"id\":\"a\\u0000b\"}", "line 1, column"},
    {&plumb__v1__item__descriptor, "{\"id\":\"\\ud800\"}", "line 1, column"},
    {&plumb__v1__envelope__descriptor, "{\"rank\":4294967296}", "rank: the number is out"},
    {&plumb__v1__envelope__descriptor, "{\"rank\":-1}", "rank: the number is out"},
    {&plumb__v1__envelope__descriptor, "{\"rank\":1.5}", "rank: not a whole number"},
    {&plumb__v1__envelope__descriptor, "{\"rank\":1e300}", "rank: not a whole number"},
    {&plumb__v1__envelope__descriptor, "{\"rank\":\"4294967296\"}", "rank: not a whole number"},
    {&plumb__v1__envelope__descriptor, "{\"revision\":\"18446744073709551616\"}",
	"revision: not a whole number"},
    {&plumb__v1__envelope__descriptor, "{\"revision\":-1}", "revision: the number is out"},
    {&plumb__v1__envelope__descriptor, "{\"revision\":true}", "revision: a whole number is"},
    {&plumb__v1__envelope__descriptor, "{\"removed\":1}", "removed: true or false"},
    {&plumb__v1__item__descriptor, "{\"links\":[{\"type\":\"likes\"}]}",
	"links[0].type: not one of its values: relates, supports, conflicts, contributes"},
    {&plumb__v1__envelope__descriptor, "{\"kind\":999}", "kind: not one of its values"},
    {&plumb__v1__envelope__descriptor, "{\"kind\":[]}", "kind: a name is wanted"},
    {&plumb__v1__trace_node__descriptor, "{\"level\":-2147483649}", "level: the number is out"},
    {&plumb__v1__ping_request__descriptor, "{\"payload\":\"Z\"}", "payload: not base64"},
    {&plumb__v1__ping_request__descriptor, "{\"payload\":\"Z*==\"}", "payload: not base64"},
    {&plumb__v1__ping_request__descriptor, "{\"payload\":7}", "payload: base64 text"},
    {&plumb__v1__rule_setting__descriptor, "{\"thresholds\":[]}",
	"thresholds: names and values are wanted"},
    {&plumb__v1__rule_setting__descriptor, "{\"thresholds\":{\"days\":\"x\"}}",
	"thresholds.days: not a number"},
    {&plumb__v1__rule_setting__descriptor, "{\"thresholds\":{\"a\":1,\"a\":2}}", "line 1, column"},
};

START_TEST(refusals_say_where_and_what)
{
	ck_assert_ptr_null(parse(bad[_i].type, bad[_i].text));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_msg(strncmp(err.msg, bad[_i].msg, strlen(bad[_i].msg)) == 0, "%s: '%s'",
	    bad[_i].text, err.msg);
}
END_TEST

START_TEST(nul_bytes_in_the_text_are_refused)
{
	ck_assert_ptr_null(json_parse(item_type, "{\"id\":\"a\0b\"}", 12, arena, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(a_full_arena_is_a_limit)
{
	struct arena *tiny = arena_new(300);
	const char text[] = "{\"owners\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]}";

	ck_assert_ptr_null(json_parse(item_type, text, sizeof text - 1, tiny, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	arena_free(tiny);
}
END_TEST

START_TEST(values_are_counted_before_they_are_read)
{
	static const struct {
		const char *text;
		size_t count;
	} texts[] = {
	    {"1", 1},
	    {"[1,2]", 3},
	    {"{\"a\":[{},{}]}", 6}, /* 5, and what an empty object might have */
	    {"\"[,{\\\",{\"", 1},   /* texts are one value, escapes and all */
	    {"\"\\", 1},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ck_assert_uint_eq(json_count(texts[i].text, strlen(texts[i].text)), texts[i].count);
}
END_TEST

START_TEST(deep_nesting_is_refused_not_followed)
{
	char text[100001];

	memset(text, '[', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	ck_assert_ptr_null(parse(item_type, text));
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(text_outlives_what_it_was_read_from)
{
	char *text = strdup("{\"id\":\"x\"}");
	Plumb__V1__Item *item = (Plumb__V1__Item *)parse(item_type, text);

	memset(text, '#', strlen(text));
	free(text);
	ck_assert_str_eq(item->id, "x");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tc = tcase_create("json");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, what_was_printed_reads_as_the_same, 0, (int)(sizeof same / sizeof same[0]));
	tcase_add_test(tc, indented_with_lower_case_names);
	tcase_add_test(tc, unknown_enum_values_print_as_numbers);
	tcase_add_test(tc, printing_stops_at_the_ceiling);
	tcase_add_loop_test(
	    tc, other_ways_to_write_it, 0, (int)(sizeof lenient / sizeof lenient[0]));
	tcase_add_loop_test(tc, refusals_say_where_and_what, 0, (int)(sizeof bad / sizeof bad[0]));
	tcase_add_test(tc, nul_bytes_in_the_text_are_refused);
	tcase_add_test(tc, a_full_arena_is_a_limit);
	tcase_add_test(tc, values_are_counted_before_they_are_read);
	tcase_add_test(tc, deep_nesting_is_refused_not_followed);
	tcase_add_test(tc, text_outlives_what_it_was_read_from);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
