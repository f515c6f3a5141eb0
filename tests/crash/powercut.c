/*
 * Power cuts: the real store on a simulated disk that forgets what was not synced.
 *
 * Random entries of several workspaces are appended, snapshots written, the store closed and opened; at a random
 * operation the power goes (while committing, in a checkpoint, in the recovery after the cut before, in a snapshot, in
 * closing), sometimes after a sync that failed. Then the store is opened on what survived and a ledger kept outside it
 * says whether every acknowledged entry is there exactly once, unchanged, and nothing that was refused or never
 * offered is. What was read once must stay, too.
 *
 *   powercut [--cuts 2000] [--seed 1] [--synchronous FULL|NORMAL] [--verbose]
 *
 * Exit 1 on any loss: with NORMAL it must come to that.
 */
#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "server/store/snapshot.h"
#include "server/store/store.h"
#include "tests/support/vfs_shim.h"

#define DIRECTORY       "/sim/data"
#define WORKSPACES      5u
#define REVISIONS_MAX   100000u
#define CUTS_PER_DISK   20u
#define BODY_MAX        40000u
#define OUTSTANDING     40u
#define PAYLOAD_MAX     (3u << 20)
#define SNAPSHOT_LAYOUT 7u

enum attempt_state { ATTEMPT_WAITS, ATTEMPT_OK, ATTEMPT_FAILED };
struct attempt {
	uint32_t workspace;
	uint64_t revision;
	uint32_t body_len;
	enum attempt_state state;
};

static struct {
	/* the ledger of this disk */
	struct attempt *attempts; /* by number, from 1 */
	size_t attempts_count;
	size_t attempts_cap;
	uint64_t acknowledged[WORKSPACES + 1][REVISIONS_MAX]; /* number of the attempt, 0: none */
	uint64_t acknowledged_last[WORKSPACES + 1];
	uint64_t next[WORKSPACES + 1];
	uint64_t snapshot[WORKSPACES + 1]; /* revision of the last one finished */
	/* the run */
	struct store *store;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool wake;
	size_t outstanding;
	bool failed;
	uint64_t random;
	const char *synchronous;
	const char *phase;
	/* totals */
	unsigned cuts, lossy, corrupt, in_open, in_checkpoint, in_snapshot, in_close, faults;
	uint64_t acks, lost;
} run = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER, .synchronous = "FULL"};

static uint64_t
random_u64(void)
{
	run.random ^= run.random >> 12;
	run.random ^= run.random << 25;
	run.random ^= run.random >> 27;
	return run.random * UINT64_C(2685821657736338717);
}

static uint64_t
below(uint64_t n)
{
	return random_u64() % n;
}

/* The body of an attempt: its number, workspace and revision, then bytes that follow from these. */
static void
make_body(uint64_t number, const struct attempt *attempt, uint8_t *out)
{
	uint64_t fields[3] = {number, attempt->workspace, attempt->revision};
	uint64_t x = number * UINT64_C(0x9e3779b97f4a7c15) + 1;

	memcpy(out, fields, sizeof fields);
	for (size_t i = sizeof fields; i < attempt->body_len; i++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		out[i] = (uint8_t)(x >> 56);
	}
}

static void
make_payload(uint32_t workspace, uint64_t revision, uint8_t *out, size_t len)
{
	uint64_t x = workspace * UINT64_C(1000003) + revision;

	for (size_t i = 0; i < len; i++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		out[i] = (uint8_t)(x >> 56);
	}
}

static size_t
payload_len(uint64_t revision)
{
	return (size_t)(revision * 2654435761u % (revision % 7 == 0 ? PAYLOAD_MAX : 20000));
}

/* ---- appending ----------------------------------------------------------------------------------------------- */

static void
on_wake(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&run.lock);
	run.wake = true;
	pthread_cond_signal(&run.woken);
	pthread_mutex_unlock(&run.lock);
}

static void
on_done(void *arg, enum store_outcome outcome)
{
	uint64_t number = (uint64_t)(uintptr_t)arg;
	struct attempt *attempt = &run.attempts[number];

	run.outstanding--;
	if (outcome == STORE_OK) {
		attempt->state = ATTEMPT_OK;
		run.acknowledged[attempt->workspace][attempt->revision] = number;
		if (run.acknowledged_last[attempt->workspace] < attempt->revision)
			run.acknowledged_last[attempt->workspace] = attempt->revision;
		run.acks++;
		return;
	}
	run.failed = true;
	/* With the power on, "failed" was found out from the file and is a promise. */
	if (!shim_is_off())
		attempt->state = ATTEMPT_FAILED;
}

static void
append_one(void)
{
	static uint8_t body[BODY_MAX];
	uint32_t workspace = 1 + (uint32_t)below(WORKSPACES);
	struct store_entry entry = {.author = "person/anna", .kind = STORE_CHANGE_SET, .format = 1};
	struct attempt *attempt;
	char key[32];
	struct err err;

	if (run.attempts_count + 2 > run.attempts_cap) {
		run.attempts_cap = run.attempts_cap ? 2 * run.attempts_cap : 1024;
		run.attempts = realloc(run.attempts, run.attempts_cap * sizeof *run.attempts);
		assert(run.attempts);
	}
	attempt = &run.attempts[++run.attempts_count];
	*attempt = (struct attempt){.workspace = workspace, .revision = run.next[workspace]};
	attempt->body_len = 24 + (uint32_t)below(below(10) == 0 ? BODY_MAX - 24 : 200);
	assert(attempt->revision < REVISIONS_MAX);
	make_body(run.attempts_count, attempt, body);
	entry.workspace = workspace;
	entry.revision = attempt->revision;
	entry.time_us = (int64_t)attempt->revision * 1000;
	entry.logged_us = entry.time_us;
	snprintf(key, sizeof key, "%zu", run.attempts_count);
	entry.key = below(2) ? key : "";
	entry.body = body;
	entry.body_len = attempt->body_len;
	if (store_append(run.store, &entry, on_done, (void *)(uintptr_t)run.attempts_count, &err)) {
		run.next[workspace]++;
		run.outstanding++;
	} else {
		run.attempts_count--;
	}
}

static void
resync(void)
{
	/* One poll brought all there was to bring: the store's promise. */
	assert(run.outstanding == 0);
	for (uint32_t w = 1; w <= WORKSPACES; w++)
		run.next[w] = store_head(run.store, w).revision + 1;
	run.failed = false;
}

/* Until at most that many wait, or the power is off. */
static void
wait_until(size_t outstanding)
{
	for (int rounds = 0; run.outstanding > outstanding && !shim_is_off(); rounds++) {
		struct timespec until;

		store_poll(run.store);
		if (run.failed)
			resync();
		if (run.outstanding <= outstanding)
			break;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 2000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_mutex_lock(&run.lock);
		if (!run.wake)
			pthread_cond_timedwait(&run.woken, &run.lock, &until);
		run.wake = false;
		pthread_mutex_unlock(&run.lock);
		if (rounds > 10000) {
			printf("powercut: %zu completions did not come within 20 s\n",
			    run.outstanding);
			exit(1);
		}
	}
}

/* ---- snapshots -------------------------------------------------------------------------------------------------- */

static void
write_snapshot(void)
{
	static uint8_t payload[PAYLOAD_MAX];
	uint32_t workspace = 1 + (uint32_t)below(WORKSPACES);
	struct store_head head = store_head(run.store, workspace);
	struct snapshot_info info = {
	    .workspace = workspace, .revision = head.revision, .layout = SNAPSHOT_LAYOUT};
	struct snapshot_writer *writer;
	struct err err;
	size_t len = payload_len(head.revision);

	if (head.revision == 0)
		return;
	run.phase = "snapshot";
	memcpy(info.chain, head.chain, sizeof info.chain);
	make_payload(workspace, head.revision, payload, len);
	writer = snapshot_create(DIRECTORY, &info, &err);
	if (!writer)
		return;
	if (!snapshot_put(writer, payload, len / 3, &err) ||
	    !snapshot_put(writer, payload + len / 3, len - len / 3, &err)) {
		snapshot_abandon(writer);
		return;
	}
	if (snapshot_finish(writer, &err))
		run.snapshot[workspace] = head.revision;
}

static unsigned
check_snapshots(void)
{
	static uint8_t payload[PAYLOAD_MAX];
	unsigned wrong = 0;

	for (uint32_t w = 1; w <= WORKSPACES; w++) {
		struct err err;
		struct snapshot *snapshot =
		    snapshot_open(DIRECTORY, w, UINT64_MAX, SNAPSHOT_LAYOUT, &err);
		const uint8_t *p;
		size_t len;

		if (!snapshot) {
			/* Whether the fault that was planned struck here, or before, is all one. */
			wrong += run.snapshot[w] != 0 && !shim_is_off() && !shim_has_failed();
			continue;
		}
		p = snapshot_payload(snapshot, &len);
		make_payload(w, snapshot_info(snapshot)->revision, payload,
		    payload_len(snapshot_info(snapshot)->revision));
		if ((snapshot_info(snapshot)->revision < run.snapshot[w] && !shim_has_failed()) ||
		    len != payload_len(snapshot_info(snapshot)->revision) ||
		    memcmp(p, payload, len) != 0)
			wrong++;
		snapshot_close(snapshot);
	}
	return wrong;
}

/* ---- what survived ------------------------------------------------------------------------------------------------ */

struct check {
	uint32_t workspace;
	uint64_t next;
	unsigned lost;
};

static bool
on_entry(void *arg, const struct store_entry *entry)
{
	static uint8_t body[BODY_MAX];
	struct check *check = arg;
	uint64_t number = 0, expected;
	const struct attempt *attempt = NULL;

	if (entry->body_len >= sizeof number)
		memcpy(&number, entry->body, sizeof number);
	if (number >= 1 && number <= run.attempts_count)
		attempt = &run.attempts[number];
	if (attempt)
		make_body(number, attempt, body);
	expected = run.acknowledged[check->workspace][check->next];
	if (!attempt || attempt->workspace != check->workspace ||
	    attempt->revision != check->next || entry->revision != check->next ||
	    attempt->body_len != entry->body_len ||
	    memcmp(body, entry->body, entry->body_len) != 0 ||
	    (expected != 0 && expected != number) || attempt->state == ATTEMPT_FAILED)
		check->lost++;
	/* Seen is as good as acknowledged. */
	run.acknowledged[check->workspace][check->next] = number;
	check->next++;
	return true;
}

/* Acknowledged entries that are missing, changed or doubled. */
static uint64_t
check_log(void)
{
	uint64_t lost = 0;

	for (uint32_t w = 1; w <= WORKSPACES; w++) {
		struct check check = {.workspace = w, .next = 1};
		uint64_t head = store_head(run.store, w).revision;
		struct err err;

		if (!store_read(run.store, w, 1, UINT64_MAX, on_entry, &check, &err)) {
			if (shim_is_off())
				return 0;
			printf("powercut: read: %s\n", err.msg);
			run.corrupt++;
		}
		lost += check.lost;
		if (check.next <= run.acknowledged_last[w])
			lost += run.acknowledged_last[w] - check.next + 1;
		else
			run.acknowledged_last[w] = check.next - 1;
		run.next[w] = head + 1;
	}
	return lost;
}

/* SQLite's own opinion, before the store has touched anything; leaves the write-ahead log as it is. */
static bool
is_intact(void)
{
	sqlite3 *sqlite = NULL;
	sqlite3_stmt *stmt = NULL;
	bool ok;

	if (shim_length(DIRECTORY "/log.db") <= 0)
		return true;
	ok = sqlite3_open_v2(DIRECTORY "/log.db", &sqlite, SQLITE_OPEN_READWRITE, SHIM_VFS) ==
		 SQLITE_OK &&
	     sqlite3_exec(sqlite, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL) ==
		 SQLITE_OK &&
	     sqlite3_db_config(sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK &&
	     sqlite3_prepare_v2(sqlite, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK &&
	     sqlite3_step(stmt) == SQLITE_ROW &&
	     strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	if (!ok)
		printf("powercut: integrity: %s\n", stmt && sqlite3_column_text(stmt, 0)
							? (const char *)sqlite3_column_text(stmt, 0)
							: sqlite3_errmsg(sqlite));
	sqlite3_finalize(stmt);
	sqlite3_close(sqlite);
	return ok;
}

/* ---- one life of a disk ------------------------------------------------------------------------------------------- */

static void
new_disk(void)
{
	shim_reset(random_u64());
	run.attempts_count = 0;
	memset(run.acknowledged, 0, sizeof run.acknowledged);
	memset(run.acknowledged_last, 0, sizeof run.acknowledged_last);
	memset(run.snapshot, 0, sizeof run.snapshot);
}

static void
close_store(void)
{
	store_close(run.store);
	run.store = NULL;
	assert(run.outstanding == 0);
	run.failed = false;
}

static bool
open_store(bool *lossy)
{
	struct store_options options = {
	    .directory = DIRECTORY,
	    .vfs = SHIM_VFS,
	    .synchronous = run.synchronous,
	    .wake = on_wake,
	    .checkpoint_pages = 24,
	};
	struct err err;
	uint64_t lost;
	unsigned bad;

	run.phase = "open";
	run.store = store_open(&options, &err);
	if (!run.store) {
		if (!shim_is_off() && !shim_has_failed()) {
			printf("powercut: open: %s\n", err.msg);
			run.corrupt++;
			*lossy = true;
		}
		return false;
	}
	lost = check_log();
	bad = check_snapshots();
	if (!shim_is_off() && !store_verify(run.store, 0, NULL, NULL, &err) && !shim_is_off()) {
		printf("powercut: verify: %s\n", err.msg);
		run.corrupt++;
		*lossy = true;
	}
	if (shim_is_off()) /* what could not be read was not lost */
		return true;
	run.lost += lost + bad;
	if (lost + bad > 0)
		*lossy = true;
	return true;
}

/* False if something was found to be lost on the way. */
static bool
work_until_cut(void)
{
	while (!shim_is_off()) {
		uint64_t choice = below(40);
		size_t n = 1 + (size_t)below(below(4) ? 4 : OUTSTANDING);

		run.phase = "append";
		if (choice < 3) {
			write_snapshot();
			continue;
		}
		if (choice == 3) {
			bool lossy = false;

			run.phase = "close";
			close_store();
			if (shim_is_off() || !open_store(&lossy) || lossy)
				return !lossy;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			append_one();
		store_flush(run.store);
		wait_until(below(3) ? 0 : OUTSTANDING);
		if (!store_is_writable(run.store))
			usleep(500);
	}
	return true;
}

static void
count_cut(void)
{
	char path[256];

	shim_cut_path(path, sizeof path);
	run.cuts++;
	run.in_open += strcmp(run.phase, "open") == 0;
	run.in_snapshot += strcmp(run.phase, "snapshot") == 0;
	run.in_close += strcmp(run.phase, "close") == 0;
	run.in_checkpoint += strcmp(path, DIRECTORY "/log.db") == 0;
}

/* One operation will fail; often the power goes while the store is still recovering from that. */
static void
plan_fault(void)
{
	uint64_t at = 1 + below(100);

	shim_fail_at(at, below(2) ? SHIM_EIO : (enum shim_fault)below(3), false);
	if (below(2))
		shim_cut_at(at + 1 + below(12));
	run.faults++;
}

/* From power on to power off. False: something was lost, the disk is of no more use. */
static bool
one_cut(void)
{
	bool lossy = false;
	bool early = below(3) == 0;

	if (!is_intact()) {
		run.corrupt++;
		return false;
	}
	if (early)
		shim_cut_at(1 + below(12));
	if (open_store(&lossy) && !lossy) {
		if (!early)
			shim_cut_at(1 + below(below(3) ? 60 : 1500));
		if (below(6) == 0)
			plan_fault();
		lossy = !work_until_cut();
	}
	if (run.store)
		close_store();
	if (lossy)
		return false;
	shim_cut(); /* the cut may have been due later than what was left to do */
	count_cut();
	shim_power_on();
	return true;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"cuts", required_argument, NULL, 'c'},
	    {"seed", required_argument, NULL, 's'}, {"synchronous", required_argument, NULL, 'y'},
	    {"verbose", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
	unsigned long cuts = 2000, seed = 1, runs = 0;
	bool verbose = false;
	time_t from = time(NULL);
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c')
			cuts = strtoul(optarg, NULL, 10);
		else if (c == 's')
			seed = strtoul(optarg, NULL, 10);
		else if (c == 'y')
			run.synchronous = optarg;
		else if (c == 'v')
			verbose = true;
		else
			return 2;
	}
	if (!verbose &&
	    !freopen("/dev/null", "w", stderr)) /* every cut is logged as the failure that it is */
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	run.random = seed * 2 + 1;
	while (run.cuts + run.lossy < cuts) {
		new_disk();
		runs++;
		for (unsigned i = 0; i < CUTS_PER_DISK && run.cuts + run.lossy < cuts; i++) {
			if (!one_cut()) {
				run.lossy++;
				break;
			}
		}
	}
	printf("powercut: synchronous=%s seed=%lu cuts=%u (open %u, checkpoint %u, snapshot %u, "
	       "close %u; after a fault %u) "
	       "disks=%lu acknowledged=%" PRIu64 " lost=%" PRIu64
	       " disks_with_loss=%u corrupt=%u seconds=%ld\n",
	    run.synchronous, seed, run.cuts, run.in_open, run.in_checkpoint, run.in_snapshot,
	    run.in_close, run.faults, runs, run.acks, run.lost, run.lossy, run.corrupt,
	    (long)(time(NULL) - from));
	free(run.attempts);
	return run.lost + run.lossy + run.corrupt > 0;
}
