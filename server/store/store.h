/*
 * The store: an append-only log per workspace, made durable in groups.
 *
 * Knows nothing of protobuf, items or sockets: entries are bytes under a dense
 * revision. Everything asynchronous completes through store_poll() on the
 * caller's loop, in the order in which appends were made. SQLite and its ideas
 * stay behind this interface, so that another log can stand here.
 */
#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crypto.h"
#include "common/err.h"

#define STORE_SYSTEM_WORKSPACE 1u

/* What may wait to become durable, and what one entry may be. */
#define STORE_QUEUE_MAX_ENTRIES 262144u
#define STORE_QUEUE_MAX_BYTES   (256u << 20)
#define STORE_BODY_MAX          (16u << 20)
#define STORE_NAME_MAX          512u /* bytes of author, and of key */

enum store_kind {
	STORE_CHANGE_SET = 1,
};

/* One entry of the log. Pointers are owned by whoever the function comment names. */
struct store_entry {
	uint32_t workspace;
	uint64_t revision; /* dense per workspace, from 1 */
	int64_t time_us;   /* effective; never decreasing per workspace (else CONFLICT) */
	int64_t logged_us; /* the daemon's clock when it was accepted */
	const char *author;
	const char *
	    key; /* idempotency key, "" none; unique per (workspace, author) while it is remembered */
	uint16_t kind;   /* enum store_kind */
	uint16_t format; /* of body */
	bool redacted;   /* body was replaced; body_hash is the first one's */
	const uint8_t *body;
	size_t body_len;
	uint8_t chain
	    [SHA256_LEN]; /* SHA-256(chain before, header fields, SHA-256(first body)); set by the store */
};

enum store_outcome {
	STORE_OK,       /* durable */
	STORE_CONFLICT, /* revision is not the next one: somebody else appended */
	/*
	 * Not in the log, and everything appended after it isn't either. (Only where store_close() finds a disk that
	 * no longer answers it means: not known to be in the log.)
	 */
	STORE_FAILED,
};

struct store;

struct store_options {
	const char *directory; /* NULL: a private log in memory, for plan checks without a daemon */
	const char *vfs;       /* SQLite VFS name for tests; NULL the default */
	const char
	    *synchronous; /* "FULL"; tests pass "NORMAL" to show that the crash test notices */
	void (*wake)(
	    void *arg); /* called from the commit thread when store_poll() has work; may be NULL */
	void *wake_arg;
	unsigned
	    checkpoint_pages; /* pages of write-ahead log that start a checkpoint; 0 the default; for tests */
};

/*
 * Opens or creates DIRECTORY/log.db, locks the directory, checks schema version, settings, and the tail's
 * checksums and chain. ERR_PRECONDITION: another daemon holds the directory, or the file is of a newer version
 * (the message says what to do). ERR_DATA_LOSS: the tail is damaged. Starts the commit thread.
 */
struct store *store_open(const struct store_options *options, struct err *err) MUST_CHECK;
/* Finishes what was appended, stops the thread, closes. Takes NULL. Completions not yet polled are called. */
void store_close(struct store *store);

struct store_head {
	uint32_t workspace;
	uint64_t revision; /* 0: empty */
	int64_t time_us;
	uint8_t chain[SHA256_LEN];
};
/* Newest durable entry of a workspace; safe from any thread. Revision 0 where there is none. */
struct store_head store_head(struct store *store, uint32_t workspace);

typedef void (*store_done_fn)(void *arg, enum store_outcome outcome);

/*
 * Queues one entry; everything is copied before it returns. done(arg, …) is called from store_poll(), in order
 * of appending. The next revision of that workspace is head + 1 + those still queued; any other is a CONFLICT.
 * After a failure every queued entry of every workspace fails too, the store finds out from a reopened file what is
 * in the log (an entry found there is STORE_OK), and goes on. All completions that a failure brings, up to the
 * entry appended last, come in one store_poll(), in order; until then nothing appended gets into the log.
 * ERR_LIMIT when the queue is full (STORE_QUEUE_MAX_*); ERR_UNAVAILABLE while the disk refuses; ERR_INVALID past
 * STORE_BODY_MAX or STORE_NAME_MAX: nothing was queued then. Loop thread only, as store_flush() and store_poll().
 */
bool store_append(struct store *store, const struct store_entry *entry, store_done_fn done,
    void *arg, struct err *err) MUST_CHECK;
/* What was appended and has not been answered for yet. Loop thread only. */
void store_queued(const struct store *store, size_t *entries, size_t *bytes);
/* Hands queued entries to the commit thread; call once at the end of each loop turn. */
void store_flush(struct store *store);
/* Runs the completions that are due; loop thread only. Returns how many. */
size_t store_poll(struct store *store);
/* False from a failed commit until one succeeds (the thread tries a small durable one every second). Any thread. */
bool store_is_writable(struct store *store);

/*
 * Reads entries from..to of a workspace in order, calling fn for each until it returns false. Blocks: for worker
 * threads and start-up, never the loop. Goes through the commit thread in slices, between commits. Checks each
 * entry's checksum: ERR_DATA_LOSS names the revision. Entry pointers are valid during fn only.
 */
typedef bool (*store_entry_fn)(void *arg, const struct store_entry *entry);
bool store_read(struct store *store, uint32_t workspace, uint64_t from, uint64_t to,
    store_entry_fn fn, void *arg, struct err *err) MUST_CHECK;
/*
 * The same without blocking: up to limit entries (and 1 MiB) are copied and given to done from store_poll().
 * entries is NULL on failure (err says why); valid during done only.
 */
typedef void (*store_read_fn)(
    void *arg, const struct store_entry *entries, size_t count, const struct err *err);
bool store_read_async(struct store *store, uint32_t workspace, uint64_t from, size_t limit,
    store_read_fn done, void *arg, struct err *err) MUST_CHECK;

/* The last revision whose time_us <= time_us, 0 if none. Blocks (worker threads). */
bool store_revision_at(struct store *store, uint32_t workspace, int64_t time_us, uint64_t *revision,
    struct err *err) MUST_CHECK;
/* Entries with a key logged at or after since_us, for remembering idempotency keys at start. Blocks. */
bool store_keys(struct store *store, uint32_t workspace, int64_t since_us, store_entry_fn fn,
    void *arg, struct err *err) MUST_CHECK;

/*
 * Replaces bodies by redacted ones, durably, keeping the chain provable through the hash of the first body. Blocks
 * (worker threads). The entry's redacted flag is set.
 */
bool store_redact(struct store *store, uint32_t workspace, uint64_t revision, const uint8_t *body,
    size_t body_len, struct err *err) MUST_CHECK;

/*
 * Recomputes checksum and chain of every entry of a workspace (0: all). progress may be NULL; it returns false to
 * stop (ERR_CANCELLED). ERR_DATA_LOSS names workspace number and revision of the first bad entry. Blocks.
 */
typedef bool (*store_progress_fn)(void *arg, uint64_t done, uint64_t total);
bool store_verify(struct store *store, uint32_t workspace, store_progress_fn progress, void *arg,
    struct err *err) MUST_CHECK;
/* Online copy to a new file (created beside and renamed, fsynced), in slices between commits. Blocks. */
bool store_backup(struct store *store, const char *path, store_progress_fn progress, void *arg,
    struct err *err) MUST_CHECK;
/*
 * Builds directory (must be empty or absent) from a backup file, checking every entry; revision > 0 keeps only
 * entries up to it of the given workspace (others whole). No daemon may run there.
 */
bool store_restore(const char *backup, const char *directory, uint32_t workspace, uint64_t revision,
    struct err *err) MUST_CHECK;
/*
 * The entries of a workspace in a backup file, in order, their checksums checked, until fn returns false. The file
 * is only read. Errors as store_read(); ERR_NOT_FOUND where there is no such file.
 */
bool store_read_backup(const char *backup, uint32_t workspace, store_entry_fn fn, void *arg,
    struct err *err) MUST_CHECK;

#endif
