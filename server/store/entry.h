/*
 * Log rows: what the store keeps beside an entry, its checksum, and its link in the chain.
 *
 * Pure functions over bytes. What is hashed must never change, or old logs no longer verify:
 *
 *   chain = SHA-256(chain of the revision before (32 zero bytes for revision 1),
 *                   workspace le32, revision le64, time_us le64, logged_us le64, kind le16, format le16,
 *                   length of author le32, length of key le32, author, key, SHA-256(body as first appended))
 */
#ifndef SERVER_STORE_ENTRY_H
#define SERVER_STORE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crypto.h"
#include "common/err.h"
#include "server/store/store.h"

struct log_row {
	struct store_entry entry; /* author and key are NUL-terminated; the lengths below count */
	int64_t seq;
	uint32_t author_len;
	uint32_t key_len;
	uint32_t crc;
	uint8_t body_hash[SHA256_LEN]; /* of the first body; stored only where that was redacted */
};

/* chain of the entry: SHA-256(previous chain, numbers, author, key, body_hash). */
void entry_chain(struct sha256 *h, const uint8_t previous[SHA256_LEN], const struct log_row *row,
    uint8_t out[SHA256_LEN]);
/* Checksum over every stored field but crc itself. */
uint32_t entry_crc(const struct log_row *row);
/* ERR_DATA_LOSS names workspace and revision. */
bool entry_check_crc(const struct log_row *row, struct err *err) MUST_CHECK;
/* Checks the link to the entry before, whose chain is in chain, and moves chain on to this one. */
bool entry_check_chain(struct sha256 *h, const struct log_row *row, uint8_t chain[SHA256_LEN],
    struct err *err) MUST_CHECK;

/*
 * A slice: rows copied out of the database in one go, so that callbacks never run on the commit thread.
 * Zero-initialised is empty.
 */
struct slice {
	uint8_t *mem;
	size_t len;
	size_t cap;
	size_t count;
};
void slice_reset(struct slice *slice); /* empty again, keeps the memory */
void slice_fini(struct slice *slice);
bool slice_add(struct slice *slice, const struct log_row *row, struct err *err) MUST_CHECK;
/* Walks the rows; *offset starts at 0. The row's pointers are borrowed from the slice. False at the end. */
bool slice_next(const struct slice *slice, size_t *offset, struct log_row *row);

#endif
