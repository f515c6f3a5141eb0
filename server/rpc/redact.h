/*
 * Redaction of the log's past: after a Redact change is durable, a worker rewrites the entries that held the texts.
 *
 * Idempotent: an interrupted one is done again when the workspace is loaded.
 */
#ifndef SERVER_RPC_REDACT_H
#define SERVER_RPC_REDACT_H

#include <stddef.h>

struct patch_op;
struct workspace;

/* Did these ops redact anything? Then the log will be rewritten. Loop thread. */
void redact_on_change(struct workspace *ws, const struct patch_op *ops, size_t count);
/* Looks whether everything that is redacted in the plan is so in the log, and mends it. Loop thread. */
void redact_check(struct workspace *ws);

#endif
