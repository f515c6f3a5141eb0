/* The texts of the Connect protocol, by the tables of connectrpc.com/docs/protocol. */
#include "server/net/connect_wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"

START_TEST(content_types)
{
	static const struct {
		const char *text;
		enum connect_type type;
	} cases[] = {{"application/json", CONNECT_JSON},
	    {"application/json; charset=utf-8", CONNECT_JSON}, {"APPLICATION/JSON", CONNECT_JSON},
	    {"application/proto", CONNECT_PROTO}, {"application/connect+json", CONNECT_STREAM_JSON},
	    {"application/connect+proto;x", CONNECT_STREAM_PROTO},
	    {"application/jso", CONNECT_NONE}, {"application/jsonp", CONNECT_NONE},
	    {"application/grpc", CONNECT_NONE}, {"", CONNECT_NONE}, {";", CONNECT_NONE}};

	ck_assert_int_eq(connect_type_of(cases[_i].text, strlen(cases[_i].text)), cases[_i].type);
	ck_assert_int_eq(connect_type_of(NULL, 0), CONNECT_NONE);
}
END_TEST
#define TYPES 11

START_TEST(statuses)
{
	/* "Error codes" */
	static const struct {
		const char *name;
		int status;
	} table[] = {{"ok", 200}, {"canceled", 499}, {"unknown", 500}, {"invalid_argument", 400},
	    {"deadline_exceeded", 504}, {"not_found", 404}, {"already_exists", 409},
	    {"permission_denied", 403}, {"resource_exhausted", 429}, {"failed_precondition", 400},
	    {"aborted", 409}, {"out_of_range", 400}, {"unimplemented", 501}, {"internal", 500},
	    {"unavailable", 503}, {"data_loss", 500}, {"unauthenticated", 401}};

	ck_assert_str_eq(connect_code_name((enum err_code)_i), table[_i].name);
	ck_assert_int_eq(connect_http_status((enum err_code)_i), table[_i].status);
	ck_assert_str_eq(connect_code_name((enum err_code)99), "unknown");
}
END_TEST

START_TEST(timeouts)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: none */
	} cases[] = {{"0", 0}, {"1", 1}, {"0000000005", 5}, {"9999999999", INT64_C(9999999999)},
	    {"10000000000", -1}, {"", -1}, {"-1", -1}, {"+1", -1}, {"1.5", -1}, {" 1", -1},
	    {"1s", -1}};
	int64_t ms = -1;

	ck_assert_int_eq(
	    connect_timeout_parse(cases[_i].text, strlen(cases[_i].text), &ms), cases[_i].ms >= 0);
	ck_assert_int_eq(ms, cases[_i].ms);
}
END_TEST
#define TIMEOUTS 11

START_TEST(envelopes)
{
	bool compressed = true;

	ck_assert(connect_envelope_parse((const uint8_t *)"\0\0\0\0\2ab", 7, &compressed));
	ck_assert(!compressed);
	ck_assert(connect_envelope_parse((const uint8_t *)"\1\0\0\0\0", 5, &compressed));
	ck_assert(compressed);
	ck_assert(!connect_envelope_parse((const uint8_t *)"\0\0\0\0", 4, &compressed));
	ck_assert(!connect_envelope_parse((const uint8_t *)"\0\0\0\0\2a", 6, &compressed));
	ck_assert(!connect_envelope_parse((const uint8_t *)"\0\0\0\0\2abc", 8, &compressed));
	ck_assert(!connect_envelope_parse((const uint8_t *)"\2\0\0\0\0", 5, &compressed));
	ck_assert(!connect_envelope_parse((const uint8_t *)"\0\1\0\0\0", 5, &compressed));
}
END_TEST

static void
check_error(const char *message, const void *details, size_t len, const char *want)
{
	struct err err;
	struct str out;

	err_set(&err, ERR_NOT_FOUND, "%s", message);
	str_init(&out, 65536);
	connect_error_json(&err, details, len, &out);
	ck_assert_str_eq(out.data, want);
	str_fini(&out);
}

START_TEST(errors)
{
	/* google.rpc.Status.details = 3: Any { type_url = 1, value = 2 }; BadRequest { violations = 1 { field = 1 "a" } } */
	static const char known[] =
	    "\x1a\x32\x0a\x29type.googleapis.com/google.rpc.BadRequest\x12\x05\x0a\x03\x0a\x01"
	    "a";
	static const char other[] = "\x1a\x09\x0a\x03x/y\x12\x02\x01\x02";

	check_error("a \"b\" \\ \n\x01", NULL, 0,
	    "{\"code\":\"not_found\",\"message\":\"a \\\"b\\\" \\\\ \\n\\u0001\"}");
	check_error("m", known, sizeof known - 1,
	    "{\"code\":\"not_found\",\"message\":\"m\",\"details\":[{\"type\":\"google.rpc."
	    "BadRequest\","
	    "\"value\":\"CgMKAWE\",\"debug\":{\"field_violations\":[{\"field\":\"a\"}]}}]}");
	check_error("m", other, sizeof other - 1,
	    "{\"code\":\"not_found\",\"message\":\"m\",\"details\":[{\"type\":\"y\",\"value\":"
	    "\"AQI\"}]}");
	/* Cut details are left out. */
	check_error("m", other, 4, "{\"code\":\"not_found\",\"message\":\"m\"}");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("connect_wire");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, content_types, 0, TYPES);
	tcase_add_loop_test(tcase, statuses, 0, ERR_UNAUTHENTICATED + 1);
	tcase_add_loop_test(tcase, timeouts, 0, TIMEOUTS);
	tcase_add_test(tcase, envelopes);
	tcase_add_test(tcase, errors);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
