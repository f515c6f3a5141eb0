/* Online backup, restore, and what verification finds in a damaged file. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "tests/unit/store/store_help.h"

static char backup_path[128], target[128];

static void
set_up(void)
{
	make_directory();
	snprintf(backup_path, sizeof backup_path, "%s/backup.db", directory);
	snprintf(target, sizeof target, "%s/restored", directory);
	open_store();
}

static void
open_target(const char *path)
{
	struct store_options options = {.directory = path, .synchronous = "FULL"};
	struct err err;

	close_store();
	store = store_open(&options, &err);
	if (!store)
		ck_abort_msg("open: %s", err.msg);
}

static void
check_range(uint32_t workspace, uint64_t head)
{
	struct range_check check = {.workspace = workspace, .next = 1};
	struct err err;

	ck_assert_uint_eq(store_head(store, workspace).revision, head);
	if (!store_read(store, workspace, 1, UINT64_MAX, check_range_entry, &check, &err))
		ck_abort_msg("read: %s", err.msg);
	ck_assert(!check.wrong);
	ck_assert_uint_eq(check.next, head + 1);
}

/* ---- backup ----------------------------------------------------------------------------------------------------- */

struct run {
	struct err err;
	bool ok;
	bool finished; /* under __atomic */
	size_t progress;
};

static bool
on_progress(void *arg, uint64_t done, uint64_t total)
{
	struct run *run = arg;

	ck_assert_uint_le(done, total);
	run->progress++;
	usleep(2000); /* so that writes come between */
	return true;
}

static void *
back_up(void *arg)
{
	struct run *run = arg;

	run->ok = store_backup(store, backup_path, on_progress, run, &run->err);
	__atomic_store_n(&run->finished, true, __ATOMIC_RELEASE);
	return NULL;
}

START_TEST(a_backup_taken_while_writing_is_some_state_not_before_its_beginning)
{
	struct run run = {0};
	uint64_t revision = 20000, restored;
	pthread_t thread;
	struct err err;
	struct stat st;
	uint8_t header[20];
	int fd;

	append_range(2, 1, revision); /* some MiB: several slices */
	ck_assert_int_eq(pthread_create(&thread, NULL, back_up, &run), 0);
	while (!__atomic_load_n(&run.finished, __ATOMIC_ACQUIRE)) {
		append_range(2, revision + 1, revision + 20);
		revision += 20;
	}
	pthread_join(thread, NULL);
	if (!run.ok)
		ck_abort_msg("backup: %s", run.err.msg);
	ck_assert_uint_gt(run.progress, 2);
	ck_assert_uint_gt(revision, 20000);
	/* An ordinary file: rollback journal (1, 1 at offset 18), ours alone to read. */
	fd = open(backup_path, O_RDONLY);
	ck_assert_int_eq(read(fd, header, sizeof header), sizeof header);
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	ck_assert_uint_eq(header[18], 1);
	ck_assert_uint_eq(header[19], 1);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	if (!store_restore(backup_path, target, 0, 0, &err))
		ck_abort_msg("restore: %s", err.msg);
	open_target(target);
	restored = store_head(store, 2).revision;
	ck_assert_uint_ge(restored, 20000);
	ck_assert_uint_le(restored, revision);
	check_range(2, restored);
	ck_assert(store_verify(store, 0, NULL, NULL, &err));
	append_range(2, restored + 1, restored + 10); /* and goes on from there */
}
END_TEST

static bool
cancel(void *arg, uint64_t done, uint64_t total)
{
	(void)arg;
	(void)done;
	(void)total;
	return false;
}

START_TEST(a_backup_never_overwrites_and_can_be_cancelled)
{
	char partial[140];
	struct err err;

	append_range(2, 1, 5);
	snprintf(partial, sizeof partial, "%s.part", backup_path);
	ck_assert(!store_backup(store, backup_path, cancel, NULL, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	ck_assert_int_ne(access(partial, F_OK), 0);
	ck_assert(store_backup(store, backup_path, NULL, NULL, &err));
	ck_assert(!store_backup(store, backup_path, NULL, NULL, &err));
	ck_assert_int_eq(err.code, ERR_EXISTS);
	ck_assert(!store_backup(store, "/tmp/no-such-directory/b.db", NULL, NULL, &err));
}
END_TEST

START_TEST(one_workspace_is_restored_to_a_revision_others_whole)
{
	struct err err;
	uint8_t chain[SHA256_LEN];

	append_range(2, 1, 30);
	memcpy(chain, store_head(store, 2).chain, sizeof chain);
	append_range(3, 1, 50);
	append_range(2, 31, 100);
	ck_assert(store_redact(
	    store, 2, 7, (const uint8_t *)"entry 2/7", 9, &err)); /* checked by its hash */
	ck_assert(store_backup(store, backup_path, NULL, NULL, &err));
	if (!store_restore(backup_path, target, 2, 30, &err))
		ck_abort_msg("restore: %s", err.msg);
	open_target(target);
	check_range(2, 30);
	check_range(3, 50);
	ck_assert_mem_eq(store_head(store, 2).chain, chain, SHA256_LEN);
	ck_assert(store_verify(store, 0, NULL, NULL, &err));
}
END_TEST

START_TEST(restore_refuses_what_is_in_the_way_or_not_there)
{
	struct err err;

	append_range(2, 1, 30);
	ck_assert(store_backup(store, backup_path, NULL, NULL, &err));
	ck_assert(!store_restore(backup_path, directory, 0, 0, &err));
	ck_assert_int_eq(err.code, ERR_EXISTS);
	ck_assert(!store_restore("/tmp/no-such-backup.db", target, 0, 0, &err));
	ck_assert_int_ne(access(target, F_OK), 0);
	ck_assert(!store_restore(backup_path, target, 2, 31, &err));
	ck_assert_int_eq(err.code, ERR_RANGE);
	ck_assert(!store_restore("/etc/passwd", target, 0, 0, &err));
	ck_assert(
	    store_restore(backup_path, target, 2, 30, &err)); /* failures left nothing behind */
}
END_TEST

/* ---- damage ------------------------------------------------------------------------------------------------------ */

static uint8_t *log_bytes;
static size_t log_len;

static void
load_log(void)
{
	char path[128];
	struct stat st;
	int fd;

	snprintf(path, sizeof path, "%s/log.db", directory);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(fstat(fd, &st), 0);
	log_len = (size_t)st.st_size;
	log_bytes = malloc(log_len);
	ck_assert_int_eq(read(fd, log_bytes, log_len), (ssize_t)log_len);
	close(fd);
}

static void
write_copy(void)
{
	char path[140];
	int fd;

	mkdir(target, 0700);
	snprintf(path, sizeof path, "%s/log.db-wal", target);
	unlink(path);
	snprintf(path, sizeof path, "%s/log.db", target);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_eq(write(fd, log_bytes, log_len), (ssize_t)log_len);
	close(fd);
}

struct verdict {
	bool opened;
	bool read;
	bool verified;
	bool wrong; /* data that was never written was given out */
	struct err err;
};

static struct verdict
judge(uint64_t head)
{
	struct store_options options = {.directory = target, .synchronous = "FULL"};
	struct verdict verdict = {.read = true};
	struct err err;

	write_copy();
	store = store_open(&options, &verdict.err);
	if (!store)
		return verdict;
	verdict.opened = true;
	for (uint32_t w = 2; w <= 3; w++) {
		struct range_check check = {.workspace = w, .next = 1};

		if (!store_read(store, w, 1, UINT64_MAX, check_range_entry, &check, &err)) {
			verdict.read = false;
			ck_assert_int_eq(err.code, ERR_DATA_LOSS);
		}
		verdict.wrong |= check.wrong;
		verdict.read &= store_head(store, w).revision == head;
	}
	verdict.verified = store_verify(store, 0, NULL, NULL, &verdict.err);
	close_store();
	return verdict;
}

static void
make_log(uint64_t head)
{
	for (uint64_t revision = 1; revision <= head; revision++) {
		append_range(2, revision, revision);
		append_range(3, revision, revision);
	}
	close_store();
	load_log();
}

START_TEST(a_flipped_byte_anywhere_never_gives_wrong_data)
{
	const uint64_t head = 300; /* more than the tail that is checked at opening */
	uint64_t x = 88172645463325252;
	unsigned found = 0, harmless = 0;

	make_log(head);
	for (int i = 0; i < 400; i++) {
		struct verdict verdict;
		size_t at;
		uint8_t mask;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		at = i < 100 ? (size_t)i
			     : (size_t)(x % log_len); /* each byte of SQLite's own header */
		mask = (uint8_t)(1 << (x >> 40) % 8);
		log_bytes[at] ^= mask;
		verdict = judge(head);
		log_bytes[at] ^= mask;
		ck_assert_msg(!verdict.wrong, "byte %zu gave wrong data", at);
		if (!verdict.opened)
			ck_assert_msg(verdict.err.code == ERR_DATA_LOSS ||
					  verdict.err.code == ERR_PRECONDITION ||
					  verdict.err.code == ERR_UNAVAILABLE,
			    "byte %zu: %s", at, verdict.err.msg);
		else if (!verdict.verified)
			ck_assert_msg(
			    verdict.err.code == ERR_DATA_LOSS, "byte %zu: %s", at, verdict.err.msg);
		/* What verification passes must be all there. */
		ck_assert_msg(
		    !verdict.opened || !verdict.verified || verdict.read, "byte %zu passed", at);
		if (!verdict.opened || !verdict.verified)
			found++;
		else
			harmless++;
	}
	/* Unused bytes of pages and SQLite's counters are harmless; most bytes are not. */
	ck_assert_uint_gt(found, 200);
	ck_assert_uint_gt(harmless, 0);
	free(log_bytes);
}
END_TEST

START_TEST(damage_is_named_by_workspace_and_revision)
{
	uint8_t *at;

	make_log(300);
	at = memmem(log_bytes, log_len, "entry 2/17", 10);
	ck_assert_ptr_nonnull(at);
	at[9] ^= 1; /* the body then says 2/16 */
	ck_assert_ptr_nonnull(strstr(judge(300).err.msg, "workspace 2 revision 17"));
	at[9] ^= 1;
	ck_assert(judge(300).verified);
	free(log_bytes);
}
END_TEST

START_TEST(a_damaged_backup_is_not_restored_but_an_earlier_revision_is)
{
	struct err err;
	uint8_t *at;
	int fd;

	append_range(3, 1, 5);
	append_range(2, 1, 50);
	ck_assert(store_backup(store, backup_path, NULL, NULL, &err));
	close_store();
	load_log();
	at = memmem(log_bytes, log_len, "entry 2/40", 10);
	ck_assert_ptr_nonnull(at);
	at[0] ^= 0x20;
	fd = open(backup_path, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, log_bytes, log_len), (ssize_t)log_len);
	close(fd);
	free(log_bytes);
	ck_assert(!store_restore(backup_path, target, 0, 0, &err));
	ck_assert_int_eq(err.code, ERR_DATA_LOSS);
	ck_assert(!store_restore(backup_path, target, 2, 40, &err));
	if (!store_restore(backup_path, target, 2, 39, &err))
		ck_abort_msg("restore: %s", err.msg);
	open_target(target);
	check_range(2, 39);
	check_range(3, 5);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backup");
	TCase *tcase = tcase_create("backup");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, remove_directory);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_backup_taken_while_writing_is_some_state_not_before_its_beginning);
	tcase_add_test(tcase, a_backup_never_overwrites_and_can_be_cancelled);
	tcase_add_test(tcase, one_workspace_is_restored_to_a_revision_others_whole);
	tcase_add_test(tcase, restore_refuses_what_is_in_the_way_or_not_there);
	tcase_add_test(tcase, a_flipped_byte_anywhere_never_gives_wrong_data);
	tcase_add_test(tcase, damage_is_named_by_workspace_and_revision);
	tcase_add_test(tcase, a_damaged_backup_is_not_restored_but_an_earlier_revision_is);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
