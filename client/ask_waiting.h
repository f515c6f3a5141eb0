/*
 * What waits for the help that one team asks of another: the work itself, what it is a part of, and everything that
 * comes after these.
 */
#ifndef CLIENT_ASK_WAITING_H
#define CLIENT_ASK_WAITING_H

#include "client/context.h"

/*
 * A table of the open work that waits for `work` ("initiative/x"), by rank, headed by lead. Nothing where nothing waits.
 * Best effort: what cannot be fetched is said on standard error.
 */
void ask_waiting_print(struct context *ctx, const char *work, const char *lead);

#endif
