/* The store on a real directory: what is promised when nothing goes wrong. */
#include <sqlite3.h>
#include <time.h>

#include "tests/unit/store/store_help.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define OPEN_SECONDS 10.0
#else
#define OPEN_SECONDS 1.0
#endif

static void
set_up(void)
{
	make_directory();
	open_store();
}

/* ---- appending and reading ------------------------------------------------------------------------------------ */

struct seen {
	struct store_entry entries[8];
	char bodies[8][64];
	char authors[8][64];
	char keys[8][64];
	size_t count;
	size_t stop_after;
};

static bool
on_entry(void *arg, const struct store_entry *entry)
{
	struct seen *seen = arg;

	ck_assert_uint_lt(seen->count, 8);
	ck_assert_uint_lt(entry->body_len, 64);
	seen->entries[seen->count] = *entry;
	if (entry->body_len > 0)
		memcpy(seen->bodies[seen->count], entry->body, entry->body_len);
	snprintf(seen->authors[seen->count], 64, "%s", entry->author);
	snprintf(seen->keys[seen->count], 64, "%s", entry->key);
	seen->count++;
	return seen->stop_after == 0 || seen->count < seen->stop_after;
}

static void
read_all(uint32_t workspace, uint64_t from, uint64_t to, struct seen *seen)
{
	struct err err;

	if (!store_read(store, workspace, from, to, on_entry, seen, &err))
		ck_abort_msg("read: %s", err.msg);
}

START_TEST(what_is_appended_reads_back_after_a_restart)
{
	struct store_entry first = entry_of(7, 1, "");
	struct store_entry second = entry_of(7, 2, "");
	struct seen seen = {0};

	first.author = "unverified:person/anna";
	first.key = "import-1";
	first.time_us = -5; /* before 1970 is a time, too */
	first.logged_us = 1711875900000001;
	first.kind = 65535;
	first.format = 3;
	first.body = (const uint8_t *)"a\0b";
	first.body_len = 3;
	second.author = "";
	ck_assert_int_eq(append_and_wait(&first), STORE_OK);
	ck_assert_int_eq(append_and_wait(&second), STORE_OK);
	reopen_store();
	read_all(7, 1, UINT64_MAX, &seen);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_uint_eq(seen.entries[0].workspace, 7);
	ck_assert_uint_eq(seen.entries[0].revision, 1);
	ck_assert_int_eq(seen.entries[0].time_us, -5);
	ck_assert_int_eq(seen.entries[0].logged_us, 1711875900000001);
	ck_assert_str_eq(seen.authors[0], "unverified:person/anna");
	ck_assert_str_eq(seen.keys[0], "import-1");
	ck_assert_uint_eq(seen.entries[0].kind, 65535);
	ck_assert_uint_eq(seen.entries[0].format, 3);
	ck_assert(!seen.entries[0].redacted);
	ck_assert_uint_eq(seen.entries[0].body_len, 3);
	ck_assert_mem_eq(seen.bodies[0], "a\0b", 3);
	ck_assert_str_eq(seen.authors[1], "");
	ck_assert_str_eq(seen.keys[1], "");
	ck_assert_uint_eq(seen.entries[1].body_len, 0);
}
END_TEST

START_TEST(heads_follow_what_is_durable)
{
	struct store_head head = store_head(store, 3);

	ck_assert_uint_eq(head.workspace, 3);
	ck_assert_uint_eq(head.revision, 0);
	append_range(3, 1, 5);
	append_range(UINT32_MAX, 1, 1); /* the highest number there can be */
	head = store_head(store, 3);
	ck_assert_uint_eq(head.revision, 5);
	ck_assert_int_eq(head.time_us, 5000);
	reopen_store();
	ck_assert_uint_eq(store_head(store, 3).revision, 5);
	ck_assert_mem_eq(store_head(store, 3).chain, head.chain, SHA256_LEN);
	ck_assert_uint_eq(store_head(store, UINT32_MAX).revision, 1);
	ck_assert_uint_eq(store_head(store, 4).revision, 0);
}
END_TEST

START_TEST(a_revision_that_is_not_the_next_conflicts)
{
	struct store_entry one = entry_of(2, 1, "one"), three = entry_of(2, 3, "three"),
			   two = entry_of(2, 2, "two");

	ck_assert_int_eq(append_and_wait(&three), STORE_CONFLICT);
	ck_assert_int_eq(append_and_wait(&one), STORE_OK);
	ck_assert_int_eq(append_and_wait(&one), STORE_CONFLICT);
	/* In one batch: what a conflict leaves out is not counted. */
	append(&three, 1);
	append(&two, 2);
	append(&three, 3);
	wait_for(outcomes_count + 3);
	ck_assert_int_eq(outcomes[3], STORE_CONFLICT);
	ck_assert_int_eq(outcomes[4], STORE_OK);
	ck_assert_int_eq(outcomes[5], STORE_OK);
	ck_assert_uint_eq(store_head(store, 2).revision, 3);
}
END_TEST

START_TEST(a_time_before_the_one_before_conflicts)
{
	struct store_entry one = entry_of(2, 1, "one"), two = entry_of(2, 2, "two");

	one.time_us = 100;
	two.time_us = 99;
	ck_assert_int_eq(append_and_wait(&one), STORE_OK);
	ck_assert_int_eq(append_and_wait(&two), STORE_CONFLICT);
	two.time_us = 100;
	ck_assert_int_eq(append_and_wait(&two), STORE_OK);
}
END_TEST

START_TEST(completions_come_in_the_order_of_appending)
{
	uint64_t revisions[4] = {0};

	/* Four workspaces interleaved, a flush after every 7, bodies that make many batches. */
	for (uint32_t i = 0; i < 6000; i++) {
		static char body[2000];
		struct store_entry entry;

		memset(body, 'a' + (int)(i % 26), sizeof body - 1);
		entry = entry_of(1 + i % 4, ++revisions[i % 4], body);
		append(&entry, i);
		if (i % 7 == 0)
			store_flush(store);
		if (i % 500 == 0)
			store_poll(store);
	}
	wait_for(6000);
	for (uint32_t i = 0; i < 6000; i++) {
		ck_assert_uint_eq(outcome_tags[i], i);
		ck_assert_int_eq(outcomes[i], STORE_OK);
	}
}
END_TEST

START_TEST(closing_finishes_what_was_appended)
{
	struct store_entry entry = entry_of(2, 1, "entry 2/1");

	append(&entry, 9); /* not even flushed */
	close_store();
	ck_assert_uint_eq(outcomes_count, 1);
	ck_assert_int_eq(outcomes[0], STORE_OK);
	open_store();
	ck_assert_uint_eq(store_head(store, 2).revision, 1);
}
END_TEST

START_TEST(entries_have_limits)
{
	static uint8_t body[STORE_BODY_MAX + 1];
	char name[STORE_NAME_MAX + 2];
	struct store_entry entry = entry_of(2, 1, "");
	struct err err = {0};

	memset(name, 'n', sizeof name);
	name[STORE_NAME_MAX + 1] = '\0';
	entry.author = name;
	ck_assert(!store_append(store, &entry, on_done, NULL, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	entry.author = "";
	entry.key = name;
	ck_assert(!store_append(store, &entry, on_done, NULL, &err));
	name[STORE_NAME_MAX] = '\0';
	entry.body = body;
	entry.body_len = STORE_BODY_MAX + 1;
	ck_assert(!store_append(store, &entry, on_done, NULL, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	entry.body_len = STORE_BODY_MAX;
	entry.author = name; /* all at their limits */
	ck_assert_int_eq(append_and_wait(&entry), STORE_OK);
	entry = entry_of(0, 1, "");
	ck_assert(!store_append(store, &entry, on_done, NULL, &err));
	entry = entry_of(1, 0, "");
	ck_assert(!store_append(store, &entry, on_done, NULL, &err));
}
END_TEST

START_TEST(the_queue_has_a_limit)
{
	struct store_entry entry;
	struct err err = {0};

	for (uint32_t i = 1; i <= STORE_QUEUE_MAX_ENTRIES; i++) {
		entry = entry_of(2, i, "");
		append(&entry, i);
	}
	entry = entry_of(2, STORE_QUEUE_MAX_ENTRIES + 1, "");
	ck_assert(!store_append(store, &entry, on_done, NULL, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	wait_for(STORE_QUEUE_MAX_ENTRIES);
	ck_assert_int_eq(append_and_wait(&entry), STORE_OK);
}
END_TEST

START_TEST(ranges_are_read_in_order_across_slices)
{
	struct range_check check = {.workspace = 2, .next = 17};
	struct seen seen = {.stop_after = 3};
	struct err err;

	append_range(2, 1, 3500);
	append_range(3, 1, 10);
	ck_assert(store_read(store, 2, 17, 3400, check_range_entry, &check, &err));
	ck_assert(!check.wrong);
	ck_assert_uint_eq(check.next, 3401);
	check.next = 1;
	ck_assert(store_read(store, 2, 0, UINT64_MAX, check_range_entry, &check, &err));
	ck_assert(!check.wrong);
	ck_assert_uint_eq(check.next, 3501);
	read_all(2, 100, 3500, &seen); /* stops when told to */
	ck_assert_uint_eq(seen.count, 3);
	seen.count = 0;
	read_all(2, 3501, 4000, &seen);
	read_all(2, 7, 6, &seen);
	read_all(9, 1, 6, &seen);
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

struct async_seen {
	size_t calls;
	size_t count;
	uint64_t first;
};

static void
on_read(void *arg, const struct store_entry *entries, size_t count, const struct err *err)
{
	struct async_seen *seen = arg;

	ck_assert_ptr_nonnull(entries);
	ck_assert_ptr_null(err);
	seen->calls++;
	seen->count = count;
	seen->first = count ? entries[0].revision : 0;
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(entries[i].revision, seen->first + i);
}

static void
read_async(uint64_t from, size_t limit, struct async_seen *seen)
{
	struct err err;
	size_t before = seen->calls;

	ck_assert(store_read_async(store, 2, from, limit, on_read, seen, &err));
	for (int i = 0; i < 10000 && seen->calls == before; i++) {
		store_poll(store);
		usleep(500);
	}
	ck_assert_uint_eq(seen->calls, before + 1);
}

START_TEST(reading_without_blocking_gives_up_to_the_limit)
{
	struct async_seen seen = {0};

	append_range(2, 1, 20);
	read_async(5, 10, &seen);
	ck_assert_uint_eq(seen.first, 5);
	ck_assert_uint_eq(seen.count, 10);
	read_async(15, 10, &seen);
	ck_assert_uint_eq(seen.count, 6);
	read_async(21, 10, &seen);
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

/* ---- times, keys ---------------------------------------------------------------------------------------------------- */

START_TEST(the_revision_at_a_time_is_the_last_one_up_to_it)
{
	static const int64_t times[] = {100, 100, 100, 250, 300};
	static const struct {
		int64_t time_us;
		uint64_t revision;
	} expected[] = {{99, 0}, {100, 3}, {249, 3}, {250, 4}, {299, 4}, {300, 5}, {INT64_MAX, 5},
	    {INT64_MIN, 0}};
	struct err err;

	for (uint64_t i = 0; i < 5; i++) {
		struct store_entry entry = entry_of(2, i + 1, "x");

		entry.time_us = times[i];
		ck_assert_int_eq(append_and_wait(&entry), STORE_OK);
	}
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		uint64_t revision = 77;

		ck_assert(store_revision_at(store, 2, expected[i].time_us, &revision, &err));
		ck_assert_uint_eq(revision, expected[i].revision);
	}
}
END_TEST

static bool
count_keys(void *arg, const struct store_entry *entry)
{
	uint64_t *count = arg;
	char key[32];

	snprintf(key, sizeof key, "key-%llu", (unsigned long long)entry->revision);
	ck_assert_str_eq(entry->key, key);
	ck_assert_uint_eq(entry->workspace, 2);
	(*count)++;
	return true;
}

START_TEST(keys_are_found_by_when_they_were_logged)
{
	uint64_t count = 0;
	struct err err;

	/* Every second entry has a key; logged at 0, 1, 2 …; another workspace in between. */
	for (uint64_t i = 1; i <= 5000; i++) {
		struct store_entry entry = entry_of(2, i, "x"), other = entry_of(3, i, "x");
		char key[32];

		snprintf(key, sizeof key, "key-%llu", (unsigned long long)i);
		entry.key = i % 2 ? key : "";
		entry.logged_us = (int64_t)i - 1;
		other.key = "other";
		append(&entry, 0);
		append(&other, 0);
	}
	wait_for(10000);
	ck_assert(store_keys(store, 2, INT64_MIN, count_keys, &count, &err));
	ck_assert_uint_eq(count, 2500);
	count = 0;
	/* Revisions 4001..5000 were logged at 4000..4999; half of them have a key. */
	ck_assert(store_keys(store, 2, 4000, count_keys, &count, &err));
	ck_assert_uint_eq(count, 500);
}
END_TEST

START_TEST(a_key_may_come_again)
{
	struct store_entry one = entry_of(2, 1, "x"), two = entry_of(2, 2, "x");

	/* Seven days later it is forgotten; who remembers it is the plan. */
	one.key = two.key = "weekly";
	ck_assert_int_eq(append_and_wait(&one), STORE_OK);
	ck_assert_int_eq(append_and_wait(&two), STORE_OK);
}
END_TEST

/* ---- chain, redaction ---------------------------------------------------------------------------------------------------- */

START_TEST(the_chain_is_the_documented_one)
{
	/* SHA-256(zeros, numbers little endian, author, key, SHA-256(body)), written out by hand. */
	uint8_t bytes[32 + 40 + 1 + 1 + 32] = {0};
	uint8_t expected[SHA256_LEN];
	struct store_entry entry = entry_of(2, 1, "body");

	entry.time_us = 0x0102;
	entry.logged_us = -1;
	entry.author = "a";
	entry.key = "k";
	entry.format = 5;
	bytes[32] = 2;    /* workspace, 4 bytes */
	bytes[36] = 1;    /* revision, 8 */
	bytes[44] = 0x02; /* time, 8 */
	bytes[45] = 0x01;
	memset(bytes + 52, 0xff, 8); /* logged, 8 */
	bytes[60] = 1;               /* kind, 2 */
	bytes[62] = 5;               /* format, 2 */
	bytes[64] = 1;               /* length of author, 4 */
	bytes[68] = 1;               /* length of key, 4 */
	bytes[72] = 'a';
	bytes[73] = 'k';
	sha256("body", 4, bytes + 74);
	sha256(bytes, 74 + 32, expected);
	ck_assert_int_eq(append_and_wait(&entry), STORE_OK);
	ck_assert_mem_eq(store_head(store, 2).chain, expected, SHA256_LEN);
}
END_TEST

static bool
file_contains(const char *name, const char *text)
{
	char path[128];
	FILE *file;
	char *bytes;
	long len;
	bool found;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (!file)
		return false;
	fseek(file, 0, SEEK_END);
	len = ftell(file);
	rewind(file);
	bytes = malloc((size_t)len + 1);
	ck_assert_uint_eq(fread(bytes, 1, (size_t)len, file), (size_t)len);
	found = memmem(bytes, (size_t)len, text, strlen(text)) != NULL;
	free(bytes);
	fclose(file);
	return found;
}

START_TEST(redaction_keeps_the_chain_and_leaves_nothing_behind)
{
	static char long_body[20000];
	struct store_head head;
	struct store_entry entry;
	struct seen seen = {0};
	struct err err;

	append_range(2, 1, 10);
	memset(long_body, 'x', sizeof long_body - 1);
	memcpy(long_body + 9000, "SECRET-IN-A-LONG-BODY", 21); /* on an overflow page */
	entry = entry_of(2, 11, "SECRET-NAME");
	ck_assert_int_eq(append_and_wait(&entry), STORE_OK);
	entry = entry_of(2, 12, long_body);
	ck_assert_int_eq(append_and_wait(&entry), STORE_OK);
	append_range(2, 13, 20);
	head = store_head(store, 2);
	ck_assert(file_contains("log.db-wal", "SECRET")); /* or the check below could not fail */
	ck_assert(store_redact(store, 2, 11, (const uint8_t *)"gone", 4, &err));
	ck_assert(store_redact(store, 2, 12, (const uint8_t *)"", 0, &err));
	ck_assert(store_redact(store, 2, 11, (const uint8_t *)"gone again", 10, &err));
	ck_assert(!file_contains("log.db", "SECRET"));
	ck_assert(!file_contains("log.db-wal", "SECRET"));
	if (!store_verify(store, 0, NULL, NULL, &err))
		ck_abort_msg("%s", err.msg);
	ck_assert_mem_eq(store_head(store, 2).chain, head.chain, SHA256_LEN);
	reopen_store();
	ck_assert(store_verify(store, 2, NULL, NULL, &err));
	read_all(2, 11, 12, &seen);
	ck_assert(seen.entries[0].redacted && seen.entries[1].redacted);
	ck_assert_mem_eq(seen.bodies[0], "gone again", 10);
	ck_assert_uint_eq(seen.entries[1].body_len, 0);
	ck_assert(!store_redact(store, 2, 21, (const uint8_t *)"", 0, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

static struct err
open_fails(const char *in)
{
	struct store_options options = {.directory = in, .synchronous = "FULL"};
	struct err err = {0};

	ck_assert_ptr_null(store_open(&options, &err));
	return err;
}

START_TEST(a_second_opener_is_told_who_holds_the_directory)
{
	char expected[200];
	struct err err = open_fails(directory);

	snprintf(expected, sizeof expected,
	    "another plumbd (pid %d) holds %s; stop it or choose another --data", (int)getpid(),
	    directory);
	ck_assert_int_eq(err.code, ERR_PRECONDITION);
	ck_assert_str_eq(err.msg, expected);
	reopen_store(); /* and free again after closing */
}
END_TEST

static void
run_sql(const char *sql)
{
	char path[128];
	sqlite3 *sqlite;

	snprintf(path, sizeof path, "%s/log.db", directory);
	ck_assert_int_eq(sqlite3_open(path, &sqlite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
}

START_TEST(a_log_of_a_newer_version_is_refused_with_what_is_needed)
{
	struct err err;

	append_range(2, 1, 3);
	close_store();
	run_sql("PRAGMA user_version = 99; UPDATE state SET program = '7.8.9'");
	err = open_fails(directory);
	ck_assert_int_eq(err.code, ERR_PRECONDITION);
	ck_assert_ptr_nonnull(strstr(err.msg, "version 99"));
	ck_assert_ptr_nonnull(strstr(err.msg, "run plumbd 7.8.9 or newer"));
	run_sql("PRAGMA user_version = 1");
	open_store();
	ck_assert_uint_eq(store_head(store, 2).revision, 3);
}
END_TEST

START_TEST(what_is_not_a_log_is_refused)
{
	struct err err;

	close_store();
	run_sql("PRAGMA application_id = 5");
	err = open_fails(directory);
	ck_assert_int_eq(err.code, ERR_PRECONDITION);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a Plumbline log"));
}
END_TEST

START_TEST(a_changed_schema_is_refused)
{
	close_store();
	run_sql("DROP INDEX log_key");
	ck_assert_int_eq(open_fails(directory).code, ERR_DATA_LOSS);
}
END_TEST

START_TEST(a_directory_whose_parent_is_missing_is_an_error)
{
	ck_assert_int_eq(open_fails("/tmp/no-such-parent/no/data").code, ERR_UNAVAILABLE);
}
END_TEST

START_TEST(synchronous_off_is_refused)
{
	struct store_options options = {.directory = directory, .synchronous = "OFF"};
	struct err err = {0};

	close_store();
	ck_assert_ptr_null(store_open(&options, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(a_log_in_memory_does_the_same)
{
	struct store_options options = {.directory = NULL, .synchronous = "FULL"};
	struct range_check check = {.workspace = 2, .next = 1};
	struct err err;

	close_store();
	store = store_open(&options, &err);
	ck_assert_ptr_nonnull(store);
	append_range(2, 1, 2000);
	ck_assert(store_read(store, 2, 1, 2000, check_range_entry, &check, &err));
	ck_assert(!check.wrong);
	ck_assert(store_redact(store, 2, 3, (const uint8_t *)"r", 1, &err));
	ck_assert(store_verify(store, 0, NULL, NULL, &err));
	ck_assert(store_is_writable(store));
}
END_TEST

START_TEST(ten_thousand_workspaces_open_at_once)
{
	struct timespec from, to;
	double seconds;

	for (uint32_t w = 1; w <= 10000; w++) {
		for (uint64_t revision = 1; revision <= 3; revision++) {
			struct store_entry entry = entry_of(w, revision, "x");

			append(&entry, w);
		}
	}
	wait_for(30000);
	close_store();
	/* Our own time: neighbours on the machine don't count. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	open_store();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	ck_assert_msg(seconds < OPEN_SECONDS, "opening took %.2f s", seconds);
	for (uint32_t w = 1; w <= 10000; w++)
		ck_assert_uint_eq(store_head(store, w).revision, 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("store");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, remove_directory);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_is_appended_reads_back_after_a_restart);
	tcase_add_test(tcase, heads_follow_what_is_durable);
	tcase_add_test(tcase, a_revision_that_is_not_the_next_conflicts);
	tcase_add_test(tcase, a_time_before_the_one_before_conflicts);
	tcase_add_test(tcase, completions_come_in_the_order_of_appending);
	tcase_add_test(tcase, closing_finishes_what_was_appended);
	tcase_add_test(tcase, entries_have_limits);
	tcase_add_test(tcase, the_queue_has_a_limit);
	tcase_add_test(tcase, ranges_are_read_in_order_across_slices);
	tcase_add_test(tcase, reading_without_blocking_gives_up_to_the_limit);
	tcase_add_test(tcase, the_revision_at_a_time_is_the_last_one_up_to_it);
	tcase_add_test(tcase, keys_are_found_by_when_they_were_logged);
	tcase_add_test(tcase, a_key_may_come_again);
	tcase_add_test(tcase, the_chain_is_the_documented_one);
	tcase_add_test(tcase, redaction_keeps_the_chain_and_leaves_nothing_behind);
	tcase_add_test(tcase, a_second_opener_is_told_who_holds_the_directory);
	tcase_add_test(tcase, a_log_of_a_newer_version_is_refused_with_what_is_needed);
	tcase_add_test(tcase, what_is_not_a_log_is_refused);
	tcase_add_test(tcase, a_changed_schema_is_refused);
	tcase_add_test(tcase, a_directory_whose_parent_is_missing_is_an_error);
	tcase_add_test(tcase, synchronous_off_is_refused);
	tcase_add_test(tcase, a_log_in_memory_does_the_same);
	tcase_add_test(tcase, ten_thousand_workspaces_open_at_once);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
