/*
 * Decisions and how people have voted on them: what the commands about them share. Votes are records with their author, never
 * secret.
 */
#ifndef CLIENT_VOTES_H
#define CLIENT_VOTES_H

#include "client/context.h"

struct votes {
	const Plumb__V1__Envelope **list; /* the newest of each person */
	size_t count;
	size_t by_choice[3];
};

/* "accepted", "for"; static. */
const char *votes_status(Plumb__V1__Decision__Status status);
const char *votes_choice(Plumb__V1__Vote__Choice choice);
bool votes_parse_choice(const char *text, Plumb__V1__Vote__Choice *choice) MUST_CHECK;
/* Those that count today. False: return context_fail(ctx). */
bool votes_read(struct context *ctx, const char *decision, struct votes *votes) MUST_CHECK;
/* "2 for, 0 against, 1 abstained"; in ctx->arena. */
const char *votes_sums(struct context *ctx, const struct votes *votes);
/* Of those who attend the review in which a decision is yet to be made, who has not voted; "" nobody. In ctx->arena. */
const char *votes_missing(
    struct context *ctx, const Plumb__V1__Envelope *decision, const struct votes *votes);
/* What stands beside a decision: votes, who has not voted, and the meetings that took it, as lines of `plumb get`. False: return
 * context_fail(ctx). */
bool votes_describe(struct context *ctx, const Plumb__V1__Envelope *decision) MUST_CHECK;

#endif
