/* Expected values are from PROTOCOL-HTTP2.md of grpc/grpc and RFC 4648, section 10. */
#include <check.h>
#include <string.h>

#include "server/net/grpc_wire.h"

static bool
splits(const char *path, const char *service, const char *method)
{
	const char *s, *m;
	size_t s_len, m_len;

	if (!grpc_path_split(path, strlen(path), &s, &s_len, &m, &m_len))
		return false;
	ck_assert_uint_eq(s_len, strlen(service));
	ck_assert_uint_eq(m_len, strlen(method));
	return memcmp(s, service, s_len) == 0 && memcmp(m, method, m_len) == 0;
}

START_TEST(paths)
{
	ck_assert(splits("/plumb.v1.Plan/Get", "plumb.v1.Plan", "Get"));
	ck_assert(splits("/S/m", "S", "m"));
	ck_assert(!splits("plumb.v1.Plan/Get", "", ""));
	ck_assert(!splits("/plumb.v1.Plan", "", ""));
	ck_assert(!splits("//Get", "", ""));
	ck_assert(!splits("/plumb.v1.Plan/", "", ""));
	ck_assert(!splits("/plumb.v1.Plan/Get/more", "", ""));
	ck_assert(!splits("/", "", ""));
	ck_assert(!splits("", "", ""));
}
END_TEST

START_TEST(content_types)
{
	static const char *const ours[] = {"application/grpc", "application/grpc+proto",
	    "application/grpc;charset=utf-8", "application/grpc+proto; x=y"};
	static const char *const others[] = {"application/grpc-web", "application/grpc-web+proto",
	    "application/grpcfoo", "application/grpc+json", "application/grp", "application/json",
	    "", "application/grpc+protobuf"};

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		ck_assert_msg(grpc_content_type_is_ours(ours[i], strlen(ours[i])), "%s", ours[i]);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ck_assert_msg(
		    !grpc_content_type_is_ours(others[i], strlen(others[i])), "%s", others[i]);
}
END_TEST

START_TEST(timeouts)
{
	static const struct {
		const char *text;
		int64_t ns; /* -1: malformed */
	} cases[] = {{"1n", 1}, {"1u", 1000}, {"250m", 250000000}, {"1S", 1000000000},
	    {"2M", 120000000000}, {"1H", 3600000000000}, {"0S", 0}, {"00000001S", 1000000000},
	    /* 99,999,999 hours are 3.6e20 ns: more than 64 bits hold */
	    {"99999999H", INT64_MAX}, {"999999999S", -1}, {"S", -1}, {"1", -1}, {"", -1},
	    {"1s", -1}, {"-1S", -1}, {"1.5S", -1}, {"1 S", -1}, {"1SS", -1}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t ns = -1;
		bool ok = grpc_timeout_parse(cases[i].text, strlen(cases[i].text), &ns);

		ck_assert_msg(ok == (cases[i].ns >= 0), "%s", cases[i].text);
		if (ok)
			ck_assert_msg(ns == cases[i].ns, "%s", cases[i].text);
	}
}
END_TEST

START_TEST(percent)
{
	static const char text[] = "a b~%\n\xc3\xa4\x7f";
	char out[GRPC_PERCENT_LEN(sizeof text)];
	size_t n = grpc_percent_encode(text, sizeof text - 1, out);

	ck_assert_uint_eq(n, strlen("a b~%25%0A%C3%A4%7F"));
	ck_assert_mem_eq(out, "a b~%25%0A%C3%A4%7F", n);
}
END_TEST

START_TEST(base64)
{
	static const struct {
		const char *plain, *coded, *padded;
	} cases[] = {{"", "", ""}, {"f", "Zg", "Zg=="}, {"fo", "Zm8", "Zm8="},
	    {"foo", "Zm9v", "Zm9v"}, {"foob", "Zm9vYg", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE", "Zm9vYmE="}, {"foobar", "Zm9vYmFy", "Zm9vYmFy"}};
	char out[32];
	uint8_t back[32];
	size_t n;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		n = grpc_base64_encode(
		    (const uint8_t *)cases[i].plain, strlen(cases[i].plain), out);
		ck_assert_uint_eq(n, strlen(cases[i].coded));
		ck_assert_uint_eq(n, GRPC_BASE64_LEN(strlen(cases[i].plain)));
		ck_assert_mem_eq(out, cases[i].coded, n);
		ck_assert(grpc_base64_decode(out, n, back, &n));
		ck_assert_uint_eq(n, strlen(cases[i].plain));
		ck_assert_mem_eq(back, cases[i].plain, n);
		ck_assert(grpc_base64_decode(cases[i].padded, strlen(cases[i].padded), back, &n));
		ck_assert_mem_eq(back, cases[i].plain, n);
	}
	ck_assert(!grpc_base64_decode("Z", 1, back, &n));
	ck_assert(!grpc_base64_decode("Zg=", 3, back, &n));
	ck_assert(!grpc_base64_decode("Z===", 4, back, &n));
	ck_assert(!grpc_base64_decode("Zm9-", 4, back, &n));
	ck_assert(!grpc_base64_decode("Zm\0v", 4, back, &n));
}
END_TEST

START_TEST(lists)
{
	ck_assert(grpc_list_has("gzip", 4, "gzip"));
	ck_assert(grpc_list_has("identity, gzip ,deflate", 23, "gzip"));
	ck_assert(!grpc_list_has("identity,gzipx", 14, "gzip"));
	ck_assert(!grpc_list_has("", 0, "gzip"));
	ck_assert(!grpc_list_has(",,", 2, "gzip"));
}
END_TEST

START_TEST(keys)
{
	ck_assert(grpc_key_is_metadata("plumb-as", 8));
	ck_assert(grpc_key_is_metadata("x_1.y-bin", 9));
	ck_assert(!grpc_key_is_metadata(":path", 5));
	ck_assert(!grpc_key_is_metadata("grpc-timeout", 12));
	ck_assert(!grpc_key_is_metadata("te", 2));
	ck_assert(!grpc_key_is_metadata("", 0));
	ck_assert(grpc_key_is_binary("x-bin", 5));
	ck_assert(!grpc_key_is_binary("-bin", 4));
	ck_assert(!grpc_key_is_binary("x-bina", 6));
}
END_TEST

/* A field of bytes of less than 128 bytes. */
static size_t
put_field(uint8_t *p, uint8_t number, const void *bytes, size_t len)
{
	p[0] = (uint8_t)(number << 3 | 2);
	p[1] = (uint8_t)len;
	memcpy(p + 2, bytes, len);
	return len + 2;
}

START_TEST(details_that_are_too_long)
{
	/* An Any of type "t" with four fields 1 of 3 bytes ("\x0a\x01a" …), then one of type "u" with one. */
	static const uint8_t value[] = "\x0a\x01"
				       "a\x0a\x01"
				       "b\x0a\x01"
				       "c\x0a\x01"
				       "d";
	uint8_t any[64], details[64], out[64], want[64];
	size_t n = 0, len, first, k;

	n = put_field(any, 1, "t", 1);
	n += put_field(any + n, 2, value, 12);
	first = len = put_field(details, 3, any, n);
	n = put_field(any, 1, "u", 1);
	n += put_field(any + n, 2, value, 3);
	len += put_field(details + len, 3, any, n);
	ck_assert_uint_eq(first, 2 + 3 + 2 + 12);
	/* What fits is as it was. */
	ck_assert_uint_eq(grpc_details_trim(details, len, len, out), len);
	ck_assert_mem_eq(out, details, len);
	/* One byte less than both need: the second has no room for its one field. */
	ck_assert_uint_eq(grpc_details_trim(details, len, len - 1, out), first);
	/* One byte less than the first needs, of which 8 + 3 are put aside for what stands before the fields: two are left. */
	n = put_field(any, 1, "t", 1);
	n += put_field(any + n, 2, value, 6);
	k = put_field(want, 3, any, n);
	ck_assert_uint_eq(grpc_details_trim(details, len, first - 1, out), k);
	ck_assert_mem_eq(out, want, k);
	/* Nothing of the first fits, the second of 10 does. */
	ck_assert_uint_eq(grpc_details_trim(details, len, 13, out), 10);
	ck_assert_uint_eq(grpc_details_trim(details, len, 9, out), 0);
	ck_assert_uint_eq(grpc_details_trim(details, len, 0, out), 0);
	/* Cut or wrong: no more than what is whole. */
	ck_assert_uint_eq(grpc_details_trim(details, first - 1, 64, out), 0);
	ck_assert_uint_eq(grpc_details_trim((const uint8_t *)"\x08\x01", 2, 64, out), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("grpc_wire");
	TCase *tcase = tcase_create("wire");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, paths);
	tcase_add_test(tcase, content_types);
	tcase_add_test(tcase, timeouts);
	tcase_add_test(tcase, percent);
	tcase_add_test(tcase, base64);
	tcase_add_test(tcase, lists);
	tcase_add_test(tcase, keys);
	tcase_add_test(tcase, details_that_are_too_long);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
