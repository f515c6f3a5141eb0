/* Signatures, ids and waits. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "server/webhooks/backoff.h"
#include "server/webhooks/sign.h"

/*
 * Of the verifying libraries' own tests (Standard Webhooks, also Svix's documentation): secret
 * whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, and what it makes of this message.
 */
#define ID       "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIME     1614265330
#define BODY     "{\"test\": 2432232314}"
#define EXPECTED "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static const uint8_t key[24] = {0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08,
    0xd4, 0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0};

static struct secret
secret_of(const uint8_t *p, size_t len)
{
	struct secret secret = {.len = len};

	memcpy(secret.p, p, len);
	return secret;
}

START_TEST(the_published_example_is_signed_as_published)
{
	const struct secret secret = secret_of(key, sizeof key);
	const struct secret none = {.len = 0};
	char text[SIGNATURE_MAX];

	ck_assert(sign(&secret, &none, ID, TIME, BODY, strlen(BODY), text));
	ck_assert_str_eq(text, EXPECTED);
}
END_TEST

START_TEST(two_secrets_make_two_signatures)
{
	const struct secret secret = secret_of(key, sizeof key);
	const struct secret other = secret_of((const uint8_t *)"other", 5);
	char text[SIGNATURE_MAX];

	ck_assert(sign(&other, &secret, ID, TIME, BODY, strlen(BODY), text));
	/* Both are of one length: 3 and 44. */
	ck_assert_uint_eq(strlen(text), 47 + 1 + 47);
	ck_assert_int_eq(text[47], ' ');
	ck_assert_str_eq(text + 48, EXPECTED);
	ck_assert_int_ne(strncmp(text, EXPECTED, 47), 0);
}
END_TEST

/* RFC 4648, section 10. */
START_TEST(base64_is_the_rfcs)
{
	static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
	    {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	    {"\xff\xef\xfe", "/+/+"}};
	char out[BASE64_LEN(6)];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_str_eq(
		    base64_encode((const uint8_t *)rows[i][0], strlen(rows[i][0]), out),
		    rows[i][1]);
	ck_assert_uint_eq(BASE64_LEN(0), 1);
	ck_assert_uint_eq(BASE64_LEN(1), 5);
	ck_assert_uint_eq(BASE64_LEN(32), 45);
}
END_TEST

/* Each wait lies between half of what it would be without chance, and all of it. */
START_TEST(waits_double_up_to_their_ceiling)
{
	static const uint32_t full[] = {100, 200, 400, 800, 1000, 1000};
	struct backoff backoff = {100, 1000, 7};

	for (unsigned i = 0; i < sizeof full / sizeof full[0]; i++) {
		for (int k = 0; k < 1000; k++) {
			uint32_t ms = backoff_ms(&backoff, i + 1);

			ck_assert_uint_ge(ms, full[i] / 2);
			ck_assert_uint_le(ms, full[i]);
		}
	}
	ck_assert_uint_le(backoff_ms(&backoff, UINT32_MAX), 1000);
}
END_TEST

START_TEST(a_seed_makes_the_same_waits_again)
{
	struct backoff a = {1000, 100000, 42};
	struct backoff b = {1000, 100000, 42};
	struct backoff other = {1000, 100000, 43};
	unsigned differ = 0;

	for (unsigned i = 1; i <= 20; i++) {
		uint32_t ms = backoff_ms(&a, i);

		ck_assert_uint_eq(ms, backoff_ms(&b, i));
		differ += ms != backoff_ms(&other, i);
	}
	ck_assert_uint_gt(differ, 15);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sign");
	TCase *tc = tcase_create("sign");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_published_example_is_signed_as_published);
	tcase_add_test(tc, two_secrets_make_two_signatures);
	tcase_add_test(tc, base64_is_the_rfcs);
	tcase_add_test(tc, waits_double_up_to_their_ceiling);
	tcase_add_test(tc, a_seed_makes_the_same_waits_again);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
