/* The small parts of the network: addresses, callers, first bytes, deadlines, stream ids, the output queue. */
#include "tests/support/fake_daemon.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/addr.h"
#include "server/net/deadline.h"
#include "server/net/frame_conn.h"
#include "server/net/h2_conn.h"
#include "server/net/outq.h"
#include "server/net/peer.h"
#include "server/net/sniff.h"
#include "server/net/stream_table.h"

/* ---- addresses ---- */

static const struct {
	const char *text;
	bool ok;
	bool local;
	const char *again; /* NULL: the same */
} addresses[] = {
    {"tcp:127.0.0.1:7411", true, true, NULL},
    {"tcp:127.8.9.1:0", true, true, NULL},
    {"tcp:localhost:65535", true, true, "tcp:127.0.0.1:65535"},
    {"tcp:0.0.0.0:80", true, false, NULL},
    {"tcp:[::1]:80", true, true, NULL},
    {"tcp:[::]:80", true, false, NULL},
    {"unix:/run/x", true, true, NULL},
    {"tcp:127.0.0.1:65536", false, false, NULL},
    {"tcp:127.0.0.1:", false, false, NULL},
    {"tcp:127.0.0.1", false, false, NULL},
    {"tcp:example.com:80", false, false, NULL},
    {"tcp:::1:80", false, false, NULL},
    {"tcp:[::1:80", false, false, NULL},
    {"tcp:[]:80", false, false, NULL},
    {"tcp::80", false, false, NULL},
    {"unix:relative", false, false, NULL},
    {"unix:", false, false, NULL},
    {"127.0.0.1:80", false, false, NULL},
    {"", false, false, NULL},
};

START_TEST(addresses_are_read_and_written)
{
	char text[ADDR_TEXT_LEN];
	struct addr addr;
	struct err err;
	bool ok = addr_parse(addresses[_i].text, &addr, &err);

	ck_assert_msg(ok == addresses[_i].ok, "%s", addresses[_i].text);
	if (!ok) {
		ck_assert_int_eq(err.code, ERR_INVALID);
		return;
	}
	ck_assert_int_eq(addr_is_local(&addr), addresses[_i].local);
	ck_assert_str_eq(addr_format(&addr, text),
	    addresses[_i].again != NULL ? addresses[_i].again : addresses[_i].text);
}
END_TEST

START_TEST(a_socket_path_has_room_for_107_bytes)
{
	char text[5 + 108 + 1] = "unix:/";
	struct addr addr;
	struct err err;

	memset(text + 6, 'p', 106);
	text[5 + 107] = '\0';
	ck_assert(addr_parse(text, &addr, &err));
	text[5 + 107] = 'p';
	text[5 + 108] = '\0';
	ck_assert(!addr_parse(text, &addr, &err));
}
END_TEST

/* ---- callers: the table of docs/PROTOCOL.md, 3.1 ---- */

static const struct {
	bool local;
	const char *person;
	const char *claim;
	enum err_code code;
	const char *name;
} callers[] = {
    {true, "person/anna", "", ERR_OK, "person/anna"},
    {true, "person/anna", "anna", ERR_OK, "person/anna"},
    {true, "person/anna", "person/anna", ERR_OK, "person/anna"},
    {true, "person/anna", "bob", ERR_DENIED, NULL},
    {true, "person/anna", "ann", ERR_DENIED, NULL},
    {true, "person/anna", "annab", ERR_DENIED, NULL},
    {true, "", "", ERR_OK, "uid:1000"},
    {true, "", "anna", ERR_OK, "uid:1000 as person/anna"},
    {false, "", "", ERR_OK, "unverified"},
    {false, "", "person/anna", ERR_OK, "unverified:person/anna"},
    {false, "", "team/anna", ERR_INVALID, NULL},
    {false, "", "person/", ERR_INVALID, NULL},
    {false, "", "Anna", ERR_INVALID, NULL},
    {false, "", "anna-", ERR_INVALID, NULL},
    {false, "", "a\nb", ERR_INVALID, NULL},
};

START_TEST(callers_are_who_they_can_prove_to_be)
{
	struct peer peer = {.local = callers[_i].local, .uid = 1000};
	struct caller caller;
	struct err err = {.code = ERR_OK};

	memcpy(peer.person, callers[_i].person, strlen(callers[_i].person) + 1);
	bool ok = peer_caller(&peer, callers[_i].claim, strlen(callers[_i].claim), &caller, &err);
	ck_assert_int_eq(err.code, callers[_i].code);
	ck_assert_int_eq(ok, callers[_i].code == ERR_OK);
	if (ok) {
		ck_assert_str_eq(caller.name, callers[_i].name);
		ck_assert_int_eq(caller.verified, callers[_i].local);
	}
}
END_TEST

START_TEST(the_longest_name_fits)
{
	struct peer peer = {.local = true, .uid = UINT32_MAX};
	struct caller caller;
	struct err err;
	char id[66];

	memset(id, 'a', sizeof id);
	id[64] = '\0';
	ck_assert(peer_caller(&peer, id, 64, &caller, &err));
	ck_assert_uint_eq(strlen(caller.name), strlen("uid:4294967295 as person/") + 64);
	id[64] = 'a';
	ck_assert(!peer_caller(&peer, id, 65, &caller, &err));
}
END_TEST

/* ---- first bytes ---- */

START_TEST(first_bytes_tell_protocols_apart)
{
	const uint8_t pri[] = "PRI *";

	ck_assert_ptr_eq(sniff((const uint8_t *)"\0", 1), &frame_protocol);
	ck_assert_ptr_null(sniff((const uint8_t *)"\x16\x03", 2));
	ck_assert(sniff_is_hopeless((const uint8_t *)"\x16", 1));
	for (size_t len = 1; len < 4; len++)
		ck_assert(!sniff_is_hopeless(pri, len));
	ck_assert_ptr_null(sniff(pri, 3));
	ck_assert_ptr_eq(sniff(pri, 4), &h2_protocol);
	ck_assert(sniff_is_hopeless((const uint8_t *)"PRO", 3));
	ck_assert(sniff_is_hopeless((const uint8_t *)"G", 1));
	ck_assert_ptr_eq(sniff_named("h2"), &h2_protocol);
	ck_assert_ptr_eq(sniff_named("plumb/1"), &frame_protocol);
	ck_assert_ptr_null(sniff_named("http/1.1"));
	ck_assert_str_eq(sniff_reason((const uint8_t *)"\x16", 1), "TLS is not spoken here");
	ck_assert_str_eq(sniff_reason((const uint8_t *)"G", 1), "unknown protocol");
	ck_assert_ptr_null(sniff_answer((const uint8_t *)"GET", 3));
	ck_assert_ptr_null(sniff_answer((const uint8_t *)"GETS /", 6));
	ck_assert_uint_eq(
	    strncmp(sniff_answer((const uint8_t *)"GET /", 5), "HTTP/1.1 400 ", 13), 0);
	ck_assert_ptr_nonnull(sniff_answer((const uint8_t *)"OPTIONS * HTTP/1.1", 18));
}
END_TEST

/* ---- deadlines ---- */

START_TEST(deadlines_come_out_in_order_whatever_is_removed)
{
	enum { N = 500 };
	static struct deadline list[N];
	struct deadlines heap = {.count = 0};
	unsigned seed = 7, left = N;
	int64_t last = -1;

	memset(list, 0, sizeof list);
	for (int i = 0; i < N; i++) {
		seed = seed * 1103515245 + 12345;
		ck_assert(deadlines_add(&heap, &list[i], seed % 100));
	}
	for (int i = 0; i < N; i += 3) {
		deadlines_remove(&heap, &list[i]);
		deadlines_remove(&heap, &list[i]); /* not in there: nothing */
		left--;
	}
	while (deadlines_first(&heap) != NULL) {
		struct deadline *first = deadlines_first(&heap);
		ck_assert_int_ge(first->at_us, last);
		ck_assert((first - list) % 3 != 0);
		last = first->at_us;
		deadlines_remove(&heap, first);
		left--;
	}
	ck_assert_uint_eq(left, 0);
	deadlines_fini(&heap);
}
END_TEST

/* ---- stream ids ---- */

START_TEST(streams_are_found_after_any_adding_and_removing)
{
	enum { N = 600 };
	static struct stream_entry list[N];
	static bool in[N];
	struct stream_table table = {.cap = 0};
	unsigned seed = 3;

	memset(in, 0, sizeof in);
	ck_assert_ptr_null(stream_table_find(&table, 1));
	/* Ids that collide: multiples of large powers of two among neighbours. */
	for (unsigned i = 0; i < N; i++)
		list[i].id = i % 3 == 0 ? (i << 16) + 1 : 2 * i + 1;
	for (int round = 0; round < 20000; round++) {
		seed = seed * 1103515245 + 12345;
		unsigned i = (seed >> 8) % N;
		ck_assert_ptr_eq(stream_table_find(&table, list[i].id), in[i] ? &list[i] : NULL);
		if (in[i])
			stream_table_remove(&table, &list[i]);
		else
			ck_assert(stream_table_add(&table, &list[i]));
		in[i] = !in[i];
	}
	for (unsigned i = 0; i < N; i++) {
		ck_assert_ptr_eq(stream_table_find(&table, list[i].id), in[i] ? &list[i] : NULL);
		if (in[i])
			stream_table_remove(&table, &list[i]);
	}
	ck_assert_uint_eq(table.count, 0);
	stream_table_fini(&table);
}
END_TEST

/* ---- the output queue ---- */

/* Takes up to len bytes from the front into out. */
static size_t
pop(struct outq *q, struct out_pool *pool, uint8_t *out, size_t len)
{
	struct iovec iov[8];
	size_t got = 0;
	int n = outq_peek(q, iov, 8);

	for (int i = 0; i < n && got < len; i++) {
		size_t part = iov[i].iov_len < len - got ? iov[i].iov_len : len - got;
		memcpy(out + got, iov[i].iov_base, part);
		got += part;
	}
	outq_drop(q, pool, got);
	return got;
}

START_TEST(bytes_come_out_as_they_went_in)
{
	static uint8_t in[400000], out[400000];
	struct rpc_bytes *small = rpc_bytes_new(NULL, 100), *large = rpc_bytes_new(NULL, 5000);
	struct out_pool pool = {.free = NULL};
	struct outq q = {.len = 0};
	size_t n = 0, got = 0;
	unsigned seed = 11;

	for (size_t i = 0; i < small->len; i++)
		small->p[i] = (uint8_t)(i * 3);
	for (size_t i = 0; i < large->len; i++)
		large->p[i] = (uint8_t)(i * 7);
	while (n < 300000) {
		uint8_t piece[12000];
		seed = seed * 1103515245 + 12345;
		size_t len = (seed >> 16) % 4 == 0 ? (seed >> 8) % sizeof piece : (seed >> 8) % 200;
		memset(piece, (int)(seed >> 24), sizeof piece);
		struct rpc_bytes *bytes = (seed >> 18) % 2 == 0 ? small : large;
		if ((seed >> 20) % 3 == 0) {
			ck_assert(outq_add_shared(&q, &pool, piece, 10, bytes));
			memcpy(in + n, piece, 10);
			memcpy(in + n + 10, bytes->p, bytes->len);
			n += 10 + bytes->len;
		} else {
			ck_assert(outq_add(&q, &pool, piece, len));
			memcpy(in + n, piece, len);
			n += len;
		}
		if ((seed >> 21) % 3 == 0)
			got += pop(&q, &pool, out + got, (seed >> 7) % 9000);
		ck_assert_uint_eq(q.len, n - got);
	}
	while (q.len > 0)
		got += pop(&q, &pool, out + got, 777);
	ck_assert_uint_eq(got, n);
	ck_assert_mem_eq(in, out, n);
	ck_assert_uint_eq(pool.owned, 0);
	ck_assert_uint_eq(small->refs, 1);
	ck_assert_uint_eq(large->refs, 1);
	outq_fini(&q, &pool);
	out_pool_fini(&pool);
	rpc_bytes_unref(small);
	rpc_bytes_unref(large);
}
END_TEST

START_TEST(a_queue_that_is_dropped_gives_everything_back)
{
	struct rpc_bytes *bytes = rpc_bytes_new(NULL, 1000);
	struct out_pool pool = {.free = NULL};
	struct outq q = {.len = 0};

	memset(bytes->p, 0, 1000);
	for (int i = 0; i < 10; i++) {
		ck_assert(outq_add(&q, &pool, bytes->p, 900));
		ck_assert(outq_add_shared(&q, &pool, bytes->p, 10, bytes));
	}
	ck_assert_uint_eq(bytes->refs, 11);
	outq_drop(&q, &pool, 905);
	outq_fini(&q, &pool);
	ck_assert_uint_eq(bytes->refs, 1);
	ck_assert_uint_eq(pool.owned, 0);
	out_pool_fini(&pool);
	rpc_bytes_unref(bytes);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("net");
	TCase *tc = tcase_create("parts");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, addresses_are_read_and_written, 0, (int)(sizeof addresses / sizeof addresses[0]));
	tcase_add_test(tc, a_socket_path_has_room_for_107_bytes);
	tcase_add_loop_test(
	    tc, callers_are_who_they_can_prove_to_be, 0, (int)(sizeof callers / sizeof callers[0]));
	tcase_add_test(tc, the_longest_name_fits);
	tcase_add_test(tc, first_bytes_tell_protocols_apart);
	tcase_add_test(tc, deadlines_come_out_in_order_whatever_is_removed);
	tcase_add_test(tc, streams_are_found_after_any_adding_and_removing);
	tcase_add_test(tc, bytes_come_out_as_they_went_in);
	tcase_add_test(tc, a_queue_that_is_dropped_gives_everything_back);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
