/*
 * A hash of the folded state, to compare folds that came about in different ways. Any thread.
 *
 * SHA-256 over every entry that was ever there, in order of kind and id: kind, id, revision, created revision, flags,
 * and its bytes; for rankings the references in order with their ties; for a renamed entry its new id. Numbers are
 * little-endian, 8 bytes; texts and bytes have their length in front.
 */
#ifndef SERVER_RPC_STATE_HASH_H
#define SERVER_RPC_STATE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/crypto.h"
#include "common/err.h"

struct view;

/* cancelled may be NULL. */
bool state_hash(const struct view *view, const bool *cancelled, uint8_t out[SHA256_LEN],
    struct err *err) MUST_CHECK;

#endif
