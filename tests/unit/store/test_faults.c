/*
 * Every write, sync, open, rename failing in turn, on the simulated disk: what is acknowledged is in the log, what is
 * reported as failed is not, and reopening always works.
 */
#include <time.h>

#include "server/store/snapshot.h"
#include "tests/support/vfs_shim.h"
#include "tests/unit/store/store_help.h"

#define DIRECTORY SHIM_ROOT "/data"

static struct {
	size_t ok, failed;
	uint64_t ok_up_to[4];  /* by workspace */
	bool gap;              /* acknowledged after a failure without being the next */
	uint64_t failed_at[4]; /* first failed revision since the last resync */
	size_t outstanding;
	bool hopeless; /* the fault will not go away */
} seen;

static void
set_up(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	if (!getenv("VERBOSE")) /* each failure is logged, rightly */
		ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	shim_reset(7);
	memset(&seen, 0, sizeof seen);
	store = NULL;
}

static void
tear_down(void)
{
	close_store();
}

static bool
open_simulated(struct err *err)
{
	struct store_options options = {
	    .directory = DIRECTORY, .vfs = SHIM_VFS, .synchronous = "FULL", .checkpoint_pages = 8};

	store = store_open(&options, err);
	return store != NULL;
}

static void
on_outcome(void *arg, enum store_outcome outcome)
{
	uint32_t workspace = (uint32_t)((uintptr_t)arg >> 32);
	uint64_t revision = (uint32_t)(uintptr_t)arg;

	seen.outstanding--;
	if (outcome == STORE_OK) {
		seen.ok++;
		if (revision != seen.ok_up_to[workspace] + 1)
			seen.gap = true;
		seen.ok_up_to[workspace] = revision;
	} else {
		seen.failed++;
		if (seen.failed_at[workspace] == 0)
			seen.failed_at[workspace] = revision;
	}
}

static bool
append_simulated(uint32_t workspace, uint64_t revision, struct err *err)
{
	static char padding[3000];
	struct store_entry entry;
	char body[64];

	snprintf(body, sizeof body, "entry %u/%llu", workspace, (unsigned long long)revision);
	entry = entry_of(workspace, revision, body);
	/* Some on overflow pages, so that there is something to write. */
	if (revision % 5 == 0) {
		memset(padding, 'p', sizeof padding);
		entry.body = (const uint8_t *)padding;
		entry.body_len = sizeof padding;
	}
	seen.outstanding++;
	if (store_append(store, &entry, on_outcome,
		(void *)((uintptr_t)workspace << 32 | (uintptr_t)revision), err))
		return true;
	seen.outstanding--;
	return false;
}

/* Until all is answered; where the disk refuses for good, not for long. */
static bool
settle(void)
{
	store_flush(store);
	for (int i = 0; i < 40000 && seen.outstanding > 0; i++) {
		store_poll(store);
		if (seen.outstanding > 0 && seen.hopeless && !store_is_writable(store) && i > 40)
			return false;
		if (seen.outstanding > 0)
			usleep(250);
	}
	return seen.outstanding == 0;
}

/* Opens, appends to three workspaces over several commits and checkpoints, closes; gives up at the first failure. */
static bool
scenario(void)
{
	struct err err;
	bool ok = open_simulated(&err);

	for (uint64_t round = 0; ok && round < 12; round++) {
		for (uint32_t w = 1; ok && w <= 3; w++) {
			for (uint64_t i = 1; ok && i <= 3; i++)
				ok = append_simulated(w, round * 3 + i, &err);
		}
		ok = settle() && ok && seen.failed == 0;
	}
	close_store();
	ck_assert_uint_eq(seen.outstanding, 0);
	return ok && seen.failed == 0;
}

static bool
count_entry(void *arg, const struct store_entry *entry)
{
	uint64_t *next = arg;

	ck_assert_uint_eq(entry->revision, *next);
	(*next)++;
	return true;
}

/* After everything that was not synced is gone as well. */
static void
check_survivors(bool failures_are_known)
{
	struct err err;

	if (!open_simulated(&err))
		ck_abort_msg("reopen: %s", err.msg);
	for (uint32_t w = 1; w <= 3; w++) {
		uint64_t next = 1, head = store_head(store, w).revision;

		ck_assert_uint_ge(head, seen.ok_up_to[w]);
		if (failures_are_known && seen.failed_at[w] != 0)
			ck_assert_uint_lt(head, seen.failed_at[w]);
		ck_assert(store_read(store, w, 1, UINT64_MAX, count_entry, &next, &err));
		ck_assert_uint_eq(next, head + 1);
	}
	if (!store_verify(store, 0, NULL, NULL, &err))
		ck_abort_msg("verify: %s", err.msg);
	ck_assert(!seen.gap);
	close_store();
}

START_TEST(the_nth_operation_fails)
{
	enum shim_fault fault = (enum shim_fault)(_i / 2);
	bool sticky = _i % 2;
	unsigned passed = 0;

	for (uint64_t n = 1; passed < 3; n++) {
		ck_assert_uint_lt(n, 2000);
		shim_reset(n);
		memset(&seen, 0, sizeof seen);
		seen.hopeless = sticky;
		shim_fail_at(n, fault, sticky);
		if (scenario() && !shim_has_failed())
			passed++;
		/* Sticky: closing gave up on what was in flight, "failed" is only a guess then. */
		shim_fail_at(0, SHIM_EIO, false);
		shim_power_on();
		check_survivors(!sticky);
	}
}
END_TEST

START_TEST(a_failure_fails_everything_behind_it_in_one_go)
{
	struct err err;

	ck_assert(open_simulated(&err));
	ck_assert(append_simulated(1, 1, &err));
	ck_assert(settle());
	shim_fail_at(1, SHIM_EIO, false);
	ck_assert(append_simulated(1, 2, &err));
	ck_assert(append_simulated(2, 1, &err));
	store_flush(store);
	ck_assert(
	    append_simulated(3, 1, &err)); /* not even handed over, and of another workspace */
	for (int i = 0; i < 4000 && seen.failed == 0; i++) {
		store_poll(store);
		usleep(250);
	}
	ck_assert_uint_eq(seen.failed, 3);
	ck_assert_uint_eq(store_head(store, 1).revision, 1);
	ck_assert_uint_eq(store_head(store, 3).revision, 0);
	/* The fault was a passing one: the store has mended itself. */
	for (int i = 0; i < 8000 && !store_is_writable(store); i++)
		usleep(250);
	ck_assert(append_simulated(1, 2, &err));
	ck_assert(append_simulated(3, 1, &err));
	ck_assert(settle());
	ck_assert_uint_eq(seen.ok, 3);
	ck_assert_uint_eq(store_head(store, 1).revision, 2);
	ck_assert_uint_eq(store_head(store, 3).revision, 1);
}
END_TEST

START_TEST(a_full_disk_refuses_writes_serves_reads_and_recovers_by_itself)
{
	struct timespec from, to;
	struct err err;
	uint64_t revision = 0, next = 1;

	ck_assert(open_simulated(&err));
	while (revision < 60) {
		ck_assert(append_simulated(1, ++revision, &err));
		ck_assert(settle());
	}
	shim_fail_at(1, SHIM_ENOSPC, true);
	seen.hopeless = true;
	while (seen.failed == 0) {
		ck_assert_uint_lt(revision, 4000);
		if (append_simulated(1, ++revision, &err))
			settle();
		else
			break;
	}
	ck_assert(!store_is_writable(store));
	ck_assert(!append_simulated(1, revision, &err));
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	for (int i = 0; i < 400 && seen.outstanding > 0; i++) {
		store_poll(store);
		usleep(1000);
	}
	ck_assert_uint_eq(seen.outstanding, 0);
	if (!store_read(store, 1, 1, UINT64_MAX, count_entry, &next, &err))
		ck_abort_msg("read: %s", err.msg);
	ck_assert_uint_eq(next, seen.ok_up_to[1] + 1);
	shim_fail_at(0, SHIM_EIO, false); /* there is room again */
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < 5000 && !store_is_writable(store); i++)
		usleep(1000);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert(store_is_writable(store));
	seen.hopeless = false;
	ck_assert_int_le(to.tv_sec - from.tv_sec, 3);
	ck_assert(append_simulated(1, store_head(store, 1).revision + 1, &err));
	ck_assert(settle());
	ck_assert(store_verify(store, 0, NULL, NULL, &err));
}
END_TEST

/* Whatever it takes: the fault may strike in the middle, also in a checkpoint that nobody asked for. */
static void
append_the_next(void)
{
	struct err err;

	for (int i = 0; i < 40000; i++) {
		if (append_simulated(1, store_head(store, 1).revision + 1, &err)) {
			ck_assert(settle());
			return;
		}
		ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
		store_poll(store);
		usleep(250);
	}
	ck_abort_msg("not writable again");
}

START_TEST(a_failed_sync_is_not_believed_the_second_time)
{
	/* Every sync fails once, and half of what it should have written is forgotten; whatever was said then holds. */
	for (uint64_t n = 1; n <= 60; n++) {
		struct err err;

		shim_reset(1000 + n);
		memset(&seen, 0, sizeof seen);
		ck_assert(open_simulated(&err));
		shim_fail_at(n, SHIM_EIO, false);
		while (!shim_has_failed())
			append_the_next();
		for (size_t target = seen.ok + 5; seen.ok < target;)
			append_the_next();
		shim_cut();
		close_store();
		shim_power_on();
		check_survivors(false);
	}
}
END_TEST

START_TEST(a_snapshot_is_whole_or_absent_whatever_fails)
{
	static uint8_t payload[3 << 20];
	struct snapshot_info info = {.workspace = 2, .layout = 1};
	enum shim_fault fault = (enum shim_fault)(_i / 2);
	unsigned passed = 0;

	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(i * 7 >> 3);
	for (uint64_t n = 1; passed < 2; n++) {
		struct snapshot_writer *writer;
		struct snapshot *snapshot;
		struct err err;
		size_t len;
		bool ok;

		ck_assert_uint_lt(n, 200);
		shim_reset(n);
		info.revision = 5;
		writer = snapshot_create(SHIM_ROOT, &info, &err);
		ck_assert(writer && snapshot_put(writer, payload, 100, &err) &&
			  snapshot_finish(writer, &err));
		info.revision = 6;
		shim_fail_at(n, fault, _i % 2);
		writer = snapshot_create(SHIM_ROOT, &info, &err);
		ok = writer != NULL;
		if (writer && !snapshot_put(writer, payload, sizeof payload, &err)) {
			snapshot_abandon(writer);
			ok = false;
		} else if (writer) {
			ok = snapshot_finish(writer, &err);
		}
		passed += ok && !shim_has_failed();
		shim_fail_at(0, SHIM_EIO, false);
		shim_power_on();
		snapshot = snapshot_open(SHIM_ROOT, 2, UINT64_MAX, 1, &err);
		ck_assert_ptr_nonnull(snapshot);
		if (ok)
			ck_assert_uint_eq(snapshot_info(snapshot)->revision, 6);
		ck_assert(memcmp(snapshot_payload(snapshot, &len), payload,
			      snapshot_info(snapshot)->revision == 6 ? sizeof payload : 100) == 0);
		snapshot_close(snapshot);
	}
}
END_TEST

START_TEST(a_network_file_system_is_refused)
{
	struct store_options options = {
	    .directory = SHIM_NETWORK, .vfs = SHIM_VFS, .synchronous = "FULL"};
	struct err err = {0};

	ck_assert_ptr_null(store_open(&options, &err));
	ck_assert_int_eq(err.code, ERR_PRECONDITION);
	ck_assert_ptr_nonnull(strstr(err.msg, "NFS"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("faults");
	TCase *tcase = tcase_create("faults");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 240);
	tcase_add_loop_test(tcase, the_nth_operation_fails, 0, 6);
	tcase_add_test(tcase, a_failure_fails_everything_behind_it_in_one_go);
	tcase_add_test(tcase, a_full_disk_refuses_writes_serves_reads_and_recovers_by_itself);
	tcase_add_test(tcase, a_failed_sync_is_not_believed_the_second_time);
	tcase_add_loop_test(tcase, a_snapshot_is_whole_or_absent_whatever_fails, 0, 6);
	tcase_add_test(tcase, a_network_file_system_is_refused);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
