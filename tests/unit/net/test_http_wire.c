/* Heads of requests and bodies in chunks, as RFC 9112 has them; what two readers could read differently is refused. */
#include "server/net/http_wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct http_request request;
static int status;
static struct err err;

static bool
parse(const char *text)
{
	static uint8_t bytes[65536];
	size_t len = strlen(text);

	memcpy(bytes, text, len);
	status = 0;
	return http_head_parse(bytes, len, &request, &status, &err);
}

START_TEST(a_head_is_taken_apart)
{
	ck_assert(parse("POST /plumb.v1.Plan/Get?x=1 HTTP/1.1\r\nHost: a:1\r\nContent-Type: \t "
			"application/json \r\n"
			"CONTENT-LENGTH: 12\r\nX:\r\n\r\n"));
	ck_assert_int_eq(request.method, HTTP_POST);
	ck_assert_uint_eq(request.minor, 1);
	ck_assert(request.keep_alive && !request.chunked && !request.expects_continue);
	ck_assert_uint_eq(request.length, 12);
	ck_assert_uint_eq(request.path.len, strlen("/plumb.v1.Plan/Get"));
	ck_assert_uint_eq(request.fields_count, 4);
	ck_assert(http_text_is(http_find(&request, "content-type"), "application/json"));
	ck_assert_ptr_nonnull(http_find(&request, "x").p);
	ck_assert_uint_eq(http_find(&request, "x").len, 0);
	ck_assert_ptr_null(http_find(&request, "y").p);
}
END_TEST

START_TEST(what_a_connection_does_behind_the_answer)
{
	static const struct {
		const char *head;
		bool keep_alive, chunked, expects;
	} cases[] = {
	    {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true, false, false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n", false, false, false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: te, close\r\n\r\n", false, false, false},
	    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: closed\r\n\r\n", true, false, false},
	    {"GET / HTTP/1.0\r\n\r\n", false, false, false},
	    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false, false, false},
	    {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n", true, true, false},
	    {"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n\r\n", true, false, true},
	    {"POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", false, false, false},
	};

	ck_assert(parse(cases[_i].head));
	ck_assert_int_eq(request.keep_alive, cases[_i].keep_alive);
	ck_assert_int_eq(request.chunked, cases[_i].chunked);
	ck_assert_int_eq(request.expects_continue, cases[_i].expects);
}
END_TEST
#define CONNECTIONS 9

START_TEST(what_is_refused)
{
	static const struct {
		int status;
		const char *head;
	} cases[] = {
	    {400, "GET /\r\n\r\n"},
	    {400, "GET / HTTP/1.1\nHost: x\r\n\r\n"},
	    {400, "GET / HTTP/1.1\r\nHost: x\n\r\n"},
	    {400, "GET / HTTP/1.1\r\nHost: x\r\n a\r\n\r\n"},
	    {400, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
	    {400, "GET / HTTP/1.1\r\n: x\r\n\r\n"},
	    {400, "GET / HTTP/1.1\r\n\r\n"},
	    {400, "GET x HTTP/1.1\r\nHost: x\r\n\r\n"},
	    {400, "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"},
	    {400, "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"},
	    {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"},
	    {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: "
		  "chunked\r\n\r\n"},
	    {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1a\r\n\r\n"},
	    {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999999999999\r\n\r\n"},
	    {501, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"},
	    {505, "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
	    {417, "GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n"},
	};

	ck_assert(!parse(cases[_i].head));
	ck_assert_int_eq(status, cases[_i].status);
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST
#define REFUSALS 17

START_TEST(the_end_of_a_head_is_found_whatever_the_pieces)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	size_t seen = 0;

	for (size_t len = 0; len < sizeof head - 1; len++)
		ck_assert_uint_eq(http_head_len((const uint8_t *)head, len, &seen), 0);
	ck_assert_uint_eq(
	    http_head_len((const uint8_t *)head, sizeof head - 1, &seen), sizeof head - 1);
	/* A bare line feed is an end, too: of patience. */
	seen = 0;
	ck_assert_uint_eq(http_head_len((const uint8_t *)"GET /\nX", 7, &seen), 6);
	seen = 0;
	ck_assert_uint_eq(http_head_len((const uint8_t *)"\n", 1, &seen), 1);
}
END_TEST

START_TEST(fields_have_a_limit)
{
	char text[4096] = "GET / HTTP/1.1\r\nHost: x\r\n";

	for (unsigned i = 1; i < LIMIT_HEADER_FIELDS; i++)
		strcat(text, "x: y\r\n");
	strcat(text, "\r\n");
	ck_assert(parse(text));
	ck_assert_uint_eq(request.fields_count, LIMIT_HEADER_FIELDS);
	text[strlen(text) - 2] = '\0';
	strcat(text, "x: y\r\n\r\n");
	ck_assert(!parse(text));
	ck_assert_int_eq(status, 431);
}
END_TEST

START_TEST(lists_are_read_with_their_weights)
{
	static const struct {
		const char *list;
		bool accepts;
	} cases[] = {{"gzip", true}, {"GZIP", true}, {"br,gzip", true},
	    {" br ; q=1 , gzip ; q=0.1 ", true}, {"gzip;q=0.001", true}, {"", false},
	    {"gzip;q=0", false}, {"gzip; Q=0.000", false}, {"xgzip", false}, {"gzipx", false},
	    {"*", false}, {",,,", false}};

	ck_assert_int_eq(
	    http_list_accepts((struct http_text){cases[_i].list, strlen(cases[_i].list)}, "gzip"),
	    cases[_i].accepts);
	ck_assert(!http_list_accepts((struct http_text){NULL, 0}, "gzip"));
}
END_TEST
#define LISTS 12

/* Fed in pieces of so many bytes; the data that comes out, or NULL. */
static const char *
chunks(const char *text, size_t piece, size_t *left)
{
	static char out[4096];
	struct http_chunks state = {.state = 0};
	size_t len = strlen(text), at = 0, out_len = 0;

	while (at < len) {
		const uint8_t *data;
		size_t used, n, some = len - at < piece ? len - at : piece;

		switch (
		    http_chunks_take(&state, (const uint8_t *)text + at, some, &used, &data, &n)) {
		case HTTP_CHUNK_DATA:
			memcpy(out + out_len, data, n);
			out_len += n;
			break;
		case HTTP_CHUNK_END:
			out[out_len] = '\0';
			*left = len - at - used;
			return out;
		case HTTP_CHUNK_BAD:
			return NULL;
		case HTTP_CHUNK_MORE:
			ck_assert_uint_eq(used, some);
			break;
		}
		at += used;
	}
	return NULL;
}

START_TEST(chunks_come_in_any_pieces)
{
	static const char text[] =
	    "3;a=\"b\"\r\nabc\r\n0A\r\n0123456789\r\n000\r\nTrailer: x\r\n\r\nGET /";
	size_t left = 0;

	for (size_t piece = 1; piece < sizeof text; piece++) {
		const char *data = chunks(text, piece, &left);

		ck_assert_ptr_nonnull(data);
		ck_assert_str_eq(data, "abc0123456789");
		ck_assert_uint_eq(left, 5);
	}
}
END_TEST

START_TEST(chunks_that_are_none)
{
	static const char *const texts[] = {"\r\n", "g\r\n", "-1\r\n", "0x1\r\n", "1 \r\n",
	    "123456789\r\n", "1\n", "1\r\r\n", "1\r\naX\r\n", "1\r\na\rX", "0\r\n\n", "0\r\n\rX",
	    "1;\n", "0\r\nA\nB\r\n\r\n"};
	size_t left;

	ck_assert_ptr_null(chunks(texts[_i], 1, &left));
	ck_assert_ptr_null(chunks(texts[_i], 100, &left));
}
END_TEST
#define BAD_CHUNKS 14

int
main(void)
{
	Suite *suite = suite_create("http_wire");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, a_head_is_taken_apart);
	tcase_add_loop_test(tcase, what_a_connection_does_behind_the_answer, 0, CONNECTIONS);
	tcase_add_loop_test(tcase, what_is_refused, 0, REFUSALS);
	tcase_add_test(tcase, the_end_of_a_head_is_found_whatever_the_pieces);
	tcase_add_test(tcase, fields_have_a_limit);
	tcase_add_loop_test(tcase, lists_are_read_with_their_weights, 0, LISTS);
	tcase_add_test(tcase, chunks_come_in_any_pieces);
	tcase_add_loop_test(tcase, chunks_that_are_none, 0, BAD_CHUNKS);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
