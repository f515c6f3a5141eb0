/* Tokens as text, the table of them, and who its callers are; without a daemon. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/log.h"
#include "common/pb.h"
#include "server/limits.h"
#include "server/net/peer.h"
#include "server/rpc/access.h"
#include "server/rpc/source.h"
#include "server/rpc/token.h"

/* 2026-03-31T09:00:00Z */
#define CLOCK INT64_C(1774947600000000)

static int64_t now_us;
static struct access_book *book;

static int64_t
clock_us(void *arg)
{
	(void)arg;
	return now_us;
}

static void
setup(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	now_us = CLOCK;
	book = access_new(ACCESS_NONE, clock_us, NULL);
	ck_assert_ptr_nonnull(book);
}

static void
teardown(void)
{
	access_free(book);
}

/* ---- text ---- */

/* A secret of 43 zeros, without its checksum. */
static const char *
zeros(char *out, const char *number)
{
	snprintf(out, 128, "plumb_%s_%s", number, "0000000000000000000000000000000000000000000");
	return out;
}

START_TEST(tokens_are_read_as_they_are_written)
{
	char text[TOKEN_TEXT_LEN], again[TOKEN_TEXT_LEN];
	uint8_t hash[SHA256_LEN], expected[SHA256_LEN];
	uint32_t number;

	ck_assert(token_make(4294967295u, text));
	ck_assert_uint_eq(strlen(text), TOKEN_TEXT_LEN - 1);
	ck_assert_int_eq(strncmp(text, "plumb_4294967295_", 17), 0);
	ck_assert_int_eq(token_parse(text, strlen(text), &number, hash), TOKEN_WELL);
	ck_assert_uint_eq(number, 4294967295u);
	sha256(text + 17, TOKEN_SECRET_LEN, expected);
	ck_assert_mem_eq(hash, expected, SHA256_LEN);
	ck_assert(token_make(4294967295u, again));
	ck_assert_str_ne(text, again);
	ck_assert_uint_eq(
	    strspn(text + 17, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
	    TOKEN_SECRET_LEN + TOKEN_CHECK_LEN);
}
END_TEST

/* Every single letter that is another one, and every two neighbours that are swapped. */
START_TEST(slips_are_seen)
{
	char text[TOKEN_TEXT_LEN], slip[TOKEN_TEXT_LEN];
	uint8_t hash[SHA256_LEN];
	uint32_t number;

	ck_assert(token_make(12, text));
	for (size_t i = 0; i < strlen(text); i++) {
		memcpy(slip, text, sizeof text);
		slip[i] = slip[i] == 'x' ? 'y' : 'x';
		ck_assert_int_ne(token_parse(slip, strlen(slip), &number, hash), TOKEN_WELL);
		memcpy(slip, text, sizeof text);
		if (slip[i + 1] == '\0' || slip[i] == slip[i + 1])
			continue;
		slip[i] = text[i + 1];
		slip[i + 1] = text[i];
		ck_assert_int_ne(token_parse(slip, strlen(slip), &number, hash), TOKEN_WELL);
	}
	for (size_t len = 0; len < strlen(text); len++)
		ck_assert_int_eq(token_parse(text, len, &number, hash),
		    len < strlen("plumb_") ? TOKEN_FOREIGN : TOKEN_MISTYPED);
}
END_TEST

static const struct {
	const char *text;
	enum token_form form;
} forms[] = {
    {"", TOKEN_FOREIGN},
    {"Plumb_1_", TOKEN_FOREIGN},
    {"ghp_16C7e42F292c6912E7710c838347Ae178B4a", TOKEN_FOREIGN},
    {"plumb_", TOKEN_MISTYPED},
    {"plumb_1_", TOKEN_MISTYPED},
    {"plumb__0000000000000000000000000000000000000000000000000", TOKEN_MISTYPED},
    {"plumb_1_00000000000000000000000000000000000000000000000000", TOKEN_MISTYPED},
    {"plumb_99999999999999999999_0000000000000000000000000000000000000000000000000",
	TOKEN_MISTYPED},
};

START_TEST(other_texts_are_told_apart)
{
	uint8_t hash[SHA256_LEN];
	uint32_t number;

	ck_assert_int_eq(
	    token_parse(forms[_i].text, strlen(forms[_i].text), &number, hash), forms[_i].form);
}
END_TEST

/* The checksum is right, the number isn't: 0, with a zero before it, too large. */
START_TEST(numbers_are_written_one_way)
{
	static const char *const numbers[] = {"0", "01", "4294967296", "-1", "+1", " 1", "1e3"};
	static const char digits[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char text[128];
	uint8_t hash[SHA256_LEN];
	uint32_t number, crc;
	size_t len;

	for (size_t i = 0; i <= sizeof numbers / sizeof numbers[0]; i++) {
		bool good = i == sizeof numbers / sizeof numbers[0];

		len = strlen(zeros(text, good ? "4294967295" : numbers[i]));
		crc = crc32c(0, text, len);
		for (int k = TOKEN_CHECK_LEN - 1; k >= 0; k--, crc /= 62)
			text[len + (size_t)k] = digits[crc % 62];
		ck_assert_int_eq(token_parse(text, len + TOKEN_CHECK_LEN, &number, hash),
		    good ? TOKEN_WELL : TOKEN_MISTYPED);
	}
}
END_TEST

/* ---- the table ---- */

static char secrets[8][TOKEN_TEXT_LEN];

/* A token of that number; what is NULL is not stated. */
static bool
put(uint32_t number, Plumb__V1__Role role, const char *expires, const char *revoked,
    const char *workspace)
{
	Plumb__V1__Item item;
	Plumb__V1__Token body;
	char *workspaces[1] = {pb_str(workspace != NULL ? workspace : "")};
	Plumb__V1__Kind read_only[] = {PLUMB__V1__KIND__GOAL};
	uint8_t hash[SHA256_LEN];
	char id[12];

	plumb__v1__item__init(&item);
	plumb__v1__token__init(&body);
	snprintf(id, sizeof id, "%u", number);
	if (secrets[number][0] == '\0')
		ck_assert(token_make(number, secrets[number]));
	ck_assert_int_eq(
	    token_parse(secrets[number], strlen(secrets[number]), &number, hash), TOKEN_WELL);
	item.id = id;
	item.body_case = PLUMB__V1__ITEM__BODY_TOKEN;
	item.token = &body;
	body.role = role;
	body.subject = pb_str("service/billing");
	body.hash.data = hash;
	body.hash.len = sizeof hash;
	body.expires = pb_str(expires != NULL ? expires : "");
	body.revoked = pb_str(revoked != NULL ? revoked : "");
	body.n_workspaces = workspace != NULL;
	body.workspaces = workspaces;
	body.n_read_only = 1;
	body.read_only = read_only;
	return access_put(book, &item);
}

static enum err_code
check(const char *text, struct caller *caller)
{
	char value[256];
	struct err err = {.code = ERR_OK};

	snprintf(value, sizeof value, "Bearer %s", text);
	*caller = (struct caller){.access = ACCESS_NONE};
	if (!access_check(book, value, strlen(value), caller, &err))
		ck_assert_int_eq(caller->access, ACCESS_NONE);
	return err.code;
}

START_TEST(a_bearer_has_the_name_and_role_of_the_token)
{
	struct caller caller;

	ck_assert(put(3, PLUMB__V1__ROLE__CONTRIBUTOR, NULL, NULL, "acme"));
	ck_assert_int_eq(check(secrets[3], &caller), ERR_OK);
	ck_assert_str_eq(caller.name, "service/billing");
	ck_assert_int_eq(caller.access, ACCESS_CONTRIBUTOR);
	ck_assert_uint_eq(caller.token, 3);
	ck_assert(caller.verified);
	ck_assert(access_scope_has(book, 3, "acme"));
	ck_assert(!access_scope_has(book, 3, "acm"));
	ck_assert(!access_scope_has(book, 3, "main"));
	ck_assert(!access_scope_is_all(book, 3));
	ck_assert(!access_scope_has(book, 2, "acme"));
	ck_assert(!access_scope_writes(book, 3, KIND_GOAL));
	ck_assert(access_scope_writes(book, 3, KIND_OBJECTIVE));
	ck_assert_uint_eq(access_newest(book), 3);
	ck_assert_uint_eq(access_count(book), 1);
	ck_assert_int_eq(access_last_used_us(book, 3), CLOCK);
}
END_TEST

/* Its form and number are right, and it is nobody's. */
START_TEST(another_secret_lets_nobody_in)
{
	char other[TOKEN_TEXT_LEN];
	struct caller caller;

	ck_assert(put(3, PLUMB__V1__ROLE__READER, NULL, NULL, NULL));
	ck_assert(token_make(3, other));
	ck_assert_int_eq(check(other, &caller), ERR_UNAUTHENTICATED);
	ck_assert_uint_eq(caller.token, 0);
	ck_assert_uint_eq(caller.claimed, 3);
	ck_assert(token_make(4, other));
	ck_assert_int_eq(check(other, &caller), ERR_UNAUTHENTICATED);
	ck_assert_int_eq(access_last_used_us(book, 3), 0);
}
END_TEST

START_TEST(time_ends_a_token)
{
	struct caller caller;

	ck_assert(put(1, PLUMB__V1__ROLE__READER, "2026-03-31T09:00:01Z", NULL, NULL));
	ck_assert_int_eq(check(secrets[1], &caller), ERR_OK);
	now_us = CLOCK + 999999;
	ck_assert_int_eq(check(secrets[1], &caller), ERR_OK);
	now_us = CLOCK + 1000000;
	ck_assert_int_eq(check(secrets[1], &caller), ERR_UNAUTHENTICATED);
	/* What is no time has passed. */
	ck_assert(put(1, PLUMB__V1__ROLE__READER, "soon", NULL, NULL));
	ck_assert_int_eq(check(secrets[1], &caller), ERR_UNAUTHENTICATED);
}
END_TEST

START_TEST(what_is_not_understood_lets_nobody_in)
{
	struct caller caller;

	ck_assert(!put(1, (Plumb__V1__Role)5, NULL, NULL, NULL));
	ck_assert(!put(1, PLUMB__V1__ROLE__ROLE_UNSPECIFIED, NULL, NULL, NULL));
	ck_assert_int_eq(check(secrets[1], &caller), ERR_UNAUTHENTICATED);
}
END_TEST

START_TEST(a_change_makes_another_epoch)
{
	uint64_t before = access_epoch(book);
	struct caller caller;

	ck_assert(put(1, PLUMB__V1__ROLE__READER, NULL, NULL, NULL));
	ck_assert_uint_ne(access_epoch(book), before);
	before = access_epoch(book);
	ck_assert(put(1, PLUMB__V1__ROLE__READER, NULL, "2026-03-31T09:00:00Z", NULL));
	ck_assert_uint_ne(access_epoch(book), before);
	ck_assert_int_eq(check(secrets[1], &caller), ERR_UNAUTHENTICATED);
	ck_assert_uint_eq(access_count(book), 0);
	ck_assert_uint_eq(access_newest(book), 1);
}
END_TEST

/* ---- connections remember ---- */

START_TEST(a_connection_remembers_its_caller_until_the_table_changes)
{
	static struct peer peer = {.from = "tcp:192.0.2.1:5"};
	struct identity identity = {0};
	char value[128];
	struct shown shown = {.claim = "", .token = value};
	struct err err;

	ck_assert(put(1, PLUMB__V1__ROLE__READER, NULL, NULL, NULL));
	shown.token_len = (size_t)snprintf(value, sizeof value, "Bearer %s", secrets[1]);
	for (int i = 0; i < 2; i++) {
		ck_assert(identity_find(&identity, &peer, book, &shown, &err));
		ck_assert_str_eq(identity.caller.name, "service/billing");
		ck_assert_str_eq(identity.caller.from, "tcp:192.0.2.1:5");
	}
	/* Another token, another claim, none: looked up anew. */
	value[20] ^= 1;
	ck_assert(!identity_find(&identity, &peer, book, &shown, &err));
	ck_assert_str_eq(identity.caller.name, "unverified");
	value[20] ^= 1;
	ck_assert(identity_find(&identity, &peer, book, &shown, &err));
	shown.claim = "person/anna";
	shown.claim_len = 11;
	ck_assert(!identity_find(&identity, &peer, book, &shown, &err));
	ck_assert_int_eq(err.code, ERR_DENIED);
	shown.claim_len = 0;
	ck_assert(identity_find(&identity, &peer, book, &shown, &err));
	ck_assert(put(1, PLUMB__V1__ROLE__READER, NULL, "2026-03-31T09:00:00Z", NULL));
	ck_assert(!identity_find(&identity, &peer, book, &shown, &err));
	ck_assert_int_eq(err.code, ERR_UNAUTHENTICATED);
	shown.token = NULL;
	shown.token_len = 0;
	ck_assert(!identity_find(&identity, &peer, book, &shown, &err));
	ck_assert_int_eq(err.code, ERR_UNAUTHENTICATED);
}
END_TEST

START_TEST(an_empty_token_is_not_none)
{
	static struct peer peer = {.local = true, .access = ACCESS_ADMIN, .from = "unix"};
	struct identity identity = {0};
	struct shown shown = {.claim = ""};
	struct err err;

	ck_assert(identity_find(&identity, &peer, book, &shown, &err));
	shown.token = "";
	ck_assert(!identity_find(&identity, &peer, book, &shown, &err));
	ck_assert_int_eq(err.code, ERR_UNAUTHENTICATED);
}
END_TEST

static bool
same_source(const char *a, const char *b)
{
	char first[SOURCE_LEN], second[SOURCE_LEN];
	size_t len = source_key(a, first);

	return len == source_key(b, second) && memcmp(first, second, len) == 0;
}

START_TEST(a_network_of_ipv6_is_one_source)
{
	char key[SOURCE_LEN], text[200];

	ck_assert(same_source("tcp:192.0.2.1:5", "tcp:192.0.2.1:65535"));
	ck_assert(!same_source("tcp:192.0.2.1:5", "tcp:192.0.2.2:5"));
	/* The first 64 bits, however they are written. */
	ck_assert(same_source("tcp:[2001:db8:0:7::1]:5", "tcp:[2001:db8:0:7:ffff:1:2:3]:6"));
	ck_assert(!same_source("tcp:[2001:db8:0:7::1]:5", "tcp:[2001:db8:0:8::1]:5"));
	ck_assert(!same_source("tcp:[::ffff:192.0.2.1]:5", "tcp:[::ffff:192.0.2.2]:5"));
	ck_assert(same_source("unix", "unix"));
	ck_assert(!same_source("unix", NULL));
	ck_assert_uint_eq(source_key(NULL, key), 0);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	ck_assert_uint_eq(source_key(text, key), SOURCE_LEN);
}
END_TEST

START_TEST(only_an_admin_acts_as_others_and_names_have_an_end)
{
	static struct peer peer = {.from = "unix"};
	struct identity identity = {0};
	char value[128], long_id[65];
	struct shown shown = {.claim = "person/anna", .claim_len = 11, .token = value};
	struct err err;

	memset(long_id, 'a', 64);
	long_id[64] = '\0';
	ck_assert(put(1, PLUMB__V1__ROLE__ADMIN, NULL, NULL, NULL));
	shown.token_len = (size_t)snprintf(value, sizeof value, "Bearer %s", secrets[1]);
	ck_assert(identity_find(&identity, &peer, book, &shown, &err));
	ck_assert_str_eq(identity.caller.name, "service/billing as person/anna");
	/* 15 + 4 + 7 + 64 = 90 of 95. */
	shown.claim = long_id;
	shown.claim_len = 64;
	ck_assert(identity_find(&identity, &peer, book, &shown, &err));
	ck_assert_uint_eq(strlen(identity.caller.name), 90);
}
END_TEST

/* Longer than what a connection keeps of it; it must not be written past the end. */
START_TEST(long_values_are_refused_and_not_kept)
{
	static struct peer peer = {.from = "unix"};
	struct identity identity = {0};
	char value[4096];
	struct shown shown = {.claim = "", .token = value, .token_len = sizeof value};
	struct err err;

	memset(value, 'x', sizeof value);
	memcpy(value, "Bearer plumb_1_", 15);
	ck_assert(!identity_find(&identity, &peer, book, &shown, &err));
	ck_assert_int_eq(err.code, ERR_UNAUTHENTICATED);
	ck_assert_ptr_null(strstr(err.msg, "xxx"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("access");
	TCase *text = tcase_create("text"), *table = tcase_create("table");
	SRunner *runner;
	int failed;

	tcase_add_test(text, tokens_are_read_as_they_are_written);
	tcase_add_test(text, slips_are_seen);
	tcase_add_loop_test(text, other_texts_are_told_apart, 0, sizeof forms / sizeof forms[0]);
	tcase_add_test(text, numbers_are_written_one_way);
	suite_add_tcase(suite, text);
	tcase_add_checked_fixture(table, setup, teardown);
	tcase_add_test(table, a_bearer_has_the_name_and_role_of_the_token);
	tcase_add_test(table, another_secret_lets_nobody_in);
	tcase_add_test(table, time_ends_a_token);
	tcase_add_test(table, what_is_not_understood_lets_nobody_in);
	tcase_add_test(table, a_change_makes_another_epoch);
	tcase_add_test(table, a_connection_remembers_its_caller_until_the_table_changes);
	tcase_add_test(table, only_an_admin_acts_as_others_and_names_have_an_end);
	tcase_add_test(table, long_values_are_refused_and_not_kept);
	tcase_add_test(table, an_empty_token_is_not_none);
	tcase_add_test(text, a_network_of_ipv6_is_one_source);
	suite_add_tcase(suite, table);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
