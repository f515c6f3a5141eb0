/*
 * Confidential records: what people say in confidence, apart from the plan, its log and everything that is made of it.
 *
 * A file of its own (confidential.db) holds, for each thing that somebody said, the four weeks in which they did, the week
 * of the last time, what it is about, and a token: a keyed one-way hash of the person and all that. The same person saying the same
 * again in those weeks gives the same token, so nobody counts twice; nobody's tokens of different weeks or things can be
 * put together. Rows lie in the order of their tokens, which is none. The key is in confidential.key. docs/SECURITY.md
 * says what whoever has both files can do.
 *
 * And the answers to rounds (a ballot's order, a survey's answers): one for each person and round, under a token of the
 * same kind, with bytes that only the caller understands, no time, and a name only where the round was called open.
 *
 * Any thread, but never the loop: every call waits for the disk, and for the one before it.
 */
#ifndef SERVER_STORE_CONFIDENTIAL_H
#define SERVER_STORE_CONFIDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct confidential;

/* Published together, once they are over. */
#define CONFIDENTIAL_WEEKS 4

/* Weeks are counted from Monday 1970-01-05, which is in week 0. */
int32_t confidential_week(int32_t date);
/* The Monday of a week. */
int32_t confidential_monday(int32_t week);
/* The stretch of CONFIDENTIAL_WEEKS weeks that a week is in. */
int32_t confidential_block(int32_t week);

/* directory NULL: in memory. The files are opened at first use. NULL when out of memory. */
struct confidential *confidential_new(const char *directory) MUST_CHECK;
void confidential_free(struct confidential *store); /* takes NULL */

/* What somebody says; nothing of it is kept but what this module's comment names. */
struct confidential_record {
	uint32_t workspace;
	int32_t week;
	uint8_t kind;
	const char *about;  /* "kind/id"; "" the plan as a whole */
	const char *person; /* id */
};

/*
 * Durable when it returns true. *replaced: the same was said in that week before. ERR_UNAVAILABLE: the disk refuses, or key and
 * records do not belong together.
 */
bool confidential_put(struct confidential *store, const struct confidential_record *record,
    bool *replaced, struct err *err) MUST_CHECK;

/* How many people said the same of the same in the weeks of a block; about is borrowed. */
typedef bool (*confidential_fn)(
    void *arg, int32_t block, uint8_t kind, const char *about, uint32_t people);
/*
 * Calls fn for blocks first..last, in order of block, kind and about, until it returns false. What it is told is not fit
 * to be published: that is the caller's part.
 */
bool confidential_count(struct confidential *store, uint32_t workspace, int32_t first, int32_t last,
    confidential_fn fn, void *arg, struct err *err) MUST_CHECK;

/* ---- answers to rounds */

/* A removed round keeps its answers, and has them again with its name; one that is renamed begins anew. */
struct confidential_round {
	uint32_t workspace;
	const char *id;
};

struct confidential_bytes {
	const uint8_t *bytes;
	size_t len; /* at most LIMIT_ANSWER */
};

/* What the newest plan says of a round; it may change until the round is sealed. */
struct confidential_call {
	int32_t closes; /* the last day */
	uint32_t asked; /* how many people may answer */
};

/*
 * What a round's answers have in common (of what they are the order, from which revision the questions were made, whether names
 * are kept), in the caller's own bytes. Settled when the round is first shown to somebody who may answer, and never
 * changed, so that all answers mean the same, whatever becomes of the plan meanwhile.
 */
struct confidential_terms {
	bool is_set;
	bool sealed; /* no answer is taken any more */
	struct confidential_call call;
	uint8_t *bytes; /* owned: confidential_terms_fini(); a 0 behind */
	size_t len;
};

/* What is settled where nothing is, and what of the round is to be kept now. */
struct confidential_settle {
	struct confidential_call call;
	struct confidential_bytes terms;
};

/* settle NULL: only reads, as one must of a past plan or a scenario. ERR_INVALID: too large. ERR_UNAVAILABLE: as confidential_put(). */
bool confidential_terms(struct confidential *store, const struct confidential_round *round,
    const struct confidential_settle *settle, struct confidential_terms *terms,
    struct err *err) MUST_CHECK;
void confidential_terms_fini(struct confidential_terms *terms);
/*
 * How often a round was settled, or what is kept of its call changed: until it does, and the day is the same, rounds that are over
 * stay so. Does not wait.
 */
uint64_t confidential_calls(const struct confidential *store);

struct confidential_answer {
	struct confidential_round round;
	const char *person; /* id; not kept */
	const char *name;   /* kept beside the answer, of a round called open; else NULL */
	struct confidential_bytes body;
	bool may_replace; /* false: whoever has answered may not do it again */
};

/*
 * Durable when it returns true. *replaced: this person had answered. Whether the round is open, and the answer one of its terms, is
 * for the caller to know. ERR_EXISTS: has answered, and may not replace it. ERR_PRECONDITION: the round is sealed, or nothing of it is settled.
 * ERR_INVALID: too large. ERR_UNAVAILABLE: as confidential_put().
 */
bool confidential_answer(struct confidential *store, const struct confidential_answer *answer,
    bool *replaced, struct err *err) MUST_CHECK;

/* For this person only. */
bool confidential_has_answered(struct confidential *store, const struct confidential_round *round,
    const char *person, bool *answered, struct err *err) MUST_CHECK;

/* How many have. Not fit to be told while the round is open: that it grew tells who has just answered. */
bool confidential_answers_count(struct confidential *store, const struct confidential_round *round,
    uint32_t *count, struct err *err) MUST_CHECK;

typedef bool (*confidential_answer_fn)(
    void *arg, const char *name, const uint8_t *body, size_t len);
/*
 * Seals the round, then calls fn for each answer in the order of their tokens until it returns false; name is NULL where none
 * is kept, all is borrowed. Sealed first, since an answer that came after something of the others was published would be the
 * difference of two publications. today is the real day, never one that somebody asks about: ERR_PRECONDITION unless the
 * round's last day, as it was settled, is over. Of a round that was never settled there is nothing. Call it only where a
 * group will be published that is large enough.
 */
bool confidential_answers(struct confidential *store, const struct confidential_round *round,
    int32_t today, confidential_answer_fn fn, void *arg, struct err *err) MUST_CHECK;

#endif
