/* Hashes and checksums against published vectors. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"

static void
assert_digest(const uint8_t digest[SHA256_LEN], const char *hex)
{
	char text[2 * SHA256_LEN + 1];

	hex_encode(digest, SHA256_LEN, text);
	ck_assert_str_eq(text, hex);
}

/* FIPS 180-4's examples. */
#define EMPTY_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_HEX   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define LONG_TEXT "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
#define LONG_HEX  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"

START_TEST(sha256_of_the_examples)
{
	uint8_t digest[SHA256_LEN];

	sha256("", 0, digest);
	assert_digest(digest, EMPTY_HEX);
	sha256("abc", 3, digest);
	assert_digest(digest, ABC_HEX);
	sha256(LONG_TEXT, 56, digest);
	assert_digest(digest, LONG_HEX);
}
END_TEST

START_TEST(a_running_sha256_takes_pieces_and_begins_anew)
{
	static const char text[] = LONG_TEXT;
	struct sha256 *h = sha256_new();
	uint8_t digest[SHA256_LEN];

	ck_assert_ptr_nonnull(h);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 56; i++)
			sha256_update(h, &text[i], 1);
		sha256_final(h, digest);
		assert_digest(digest, LONG_HEX);
	}
	sha256_final(h, digest);
	assert_digest(digest, EMPTY_HEX);
	sha256_free(h);
	sha256_free(NULL);
}
END_TEST

/* RFC 4231, 4.3 and 4.7 (a key that is longer than a block). */
START_TEST(hmac_of_the_examples)
{
	uint8_t digest[SHA256_LEN], key[131];
	static const char what[] = "what do ya want for nothing?";
	static const char longer[] = "Test Using Larger Than Block-Size Key - Hash Key First";

	ck_assert(hmac_sha256("Jefe", 4, what, strlen(what), digest));
	assert_digest(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	ck_assert(hmac_sha256(key, sizeof key, longer, strlen(longer), digest));
	assert_digest(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

/* RFC 3720, B.4. */
START_TEST(crc32c_of_the_examples)
{
	uint8_t data[32];

	ck_assert_uint_eq(crc32c(0, "123456789", 9), 0xe3069283);
	ck_assert_uint_eq(crc32c(0, "", 0), 0);
	memset(data, 0, sizeof data);
	ck_assert_uint_eq(crc32c(0, data, sizeof data), 0x8a9136aa);
	memset(data, 0xff, sizeof data);
	ck_assert_uint_eq(crc32c(0, data, sizeof data), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		data[i] = i;
	ck_assert_uint_eq(crc32c(0, data, sizeof data), 0x46dd794e);
	for (uint8_t i = 0; i < 32; i++)
		data[i] = (uint8_t)(31 - i);
	ck_assert_uint_eq(crc32c(0, data, sizeof data), 0x113fdb5c);
}
END_TEST

START_TEST(crc32c_goes_on_where_it_stopped)
{
	uint32_t crc = crc32c(0, "1234", 4);

	ck_assert_uint_eq(crc32c(crc, "56789", 5), 0xe3069283);
}
END_TEST

START_TEST(crc32c_is_the_same_without_the_instruction)
{
	uint8_t data[300];

	ck_assert_uint_eq(crc32c_portable(0, "123456789", 9), 0xe3069283);
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 31 + 7);
	for (size_t start = 0; start < 9; start++)
		for (size_t len = 0; start + len <= sizeof data; len += 13)
			ck_assert_uint_eq(
			    crc32c(5, data + start, len), crc32c_portable(5, data + start, len));
}
END_TEST

/* vectors_sip64 of the reference implementation: key 00 01 .. 0f, input 00 01 .. of each length. */
START_TEST(siphash_of_the_published_vectors)
{
	static const uint64_t expected[] = {
	    0x726fdb47dd0e0e31,
	    0x74f839c593dc67fd,
	    0x0d6c8009d9a94f5a,
	    0x85676696d7fb7e2d,
	    0xcf2794e0277187b7,
	    0x18765564cd99a68d,
	    0xcbc9466e58fee3ce,
	    0xab0200f58b01d137,
	    0x93f5f5799a932462,
	};
	const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
	uint8_t input[15];

	for (uint8_t i = 0; i < sizeof input; i++)
		input[i] = i;
	for (size_t len = 0; len < sizeof expected / sizeof expected[0]; len++)
		ck_assert_uint_eq(siphash(key, input, len), expected[len]);
	/* The paper's own example, appendix A. */
	ck_assert_uint_eq(siphash(key, input, 15), 0xa129ca6149be45e5);
}
END_TEST

START_TEST(random_bytes_are_all_written)
{
	uint8_t a[300] = {0};
	uint8_t b[300] = {0};
	size_t zero = 0;

	ck_assert(random_bytes(a, sizeof a) && random_bytes(b, sizeof b));
	ck_assert_mem_ne(a, b, sizeof a);
	for (size_t i = 0; i < sizeof a; i++)
		zero += a[i] == 0;
	ck_assert_uint_lt(
	    zero, 30); /* 1.2 are expected; 30 would be a miracle, an unwritten tail not */
}
END_TEST

START_TEST(hex_is_lower_case_and_terminated)
{
	char out[5] = "xxxx";

	hex_encode((const uint8_t *)"\x0f\xa0", 2, out);
	ck_assert_str_eq(out, "0fa0");
	hex_encode(NULL, 0, out);
	ck_assert_str_eq(out, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crypto");
	TCase *tc = tcase_create("crypto");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, sha256_of_the_examples);
	tcase_add_test(tc, a_running_sha256_takes_pieces_and_begins_anew);
	tcase_add_test(tc, hmac_of_the_examples);
	tcase_add_test(tc, crc32c_of_the_examples);
	tcase_add_test(tc, crc32c_goes_on_where_it_stopped);
	tcase_add_test(tc, crc32c_is_the_same_without_the_instruction);
	tcase_add_test(tc, siphash_of_the_published_vectors);
	tcase_add_test(tc, random_bytes_are_all_written);
	tcase_add_test(tc, hex_is_lower_case_and_terminated);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
