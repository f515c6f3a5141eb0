/* What the score's files share. */
#ifndef SERVER_INSIGHT_SCORE_SCORE_INTERNAL_H
#define SERVER_INSIGHT_SCORE_SCORE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/score/score.h"

/* Numbers of the formula: the same in every workspace, whatever its rule settings say. */
#define SCORE_EVERY_DAYS                                                                           \
	92 /* how old an actual may be, where its measure is not taken less often */
#define SCORE_GRACE_DAYS 7

/* What is true of an entry, by slot; each from one pass, and nothing of it that something else takes away. */
enum score_fact {
	FACT_HONOURED = 1, /* value: a policy, accepted decision or kept commitment honours it */
	FACT_AREA = 2,     /* strategy: a change area has its end state and its day */
	FACT_ACCEPTED = 4, /* person: accepted a baseline lately */
};

bool score_facts(const struct index *ix, uint8_t *facts, index_stop_fn stop, void *arg,
    struct err *err) MUST_CHECK;

void score_lack(struct score_unit *unit, const char *what, const char *rule);

/* What a unit earns that reaches a goal. */
void score_mirror(const uint8_t *facts, struct score_unit *unit);
void score_customer(const struct index *ix, struct score_unit *unit);
void score_clarity(const struct index *ix, const uint8_t *facts, struct score_unit *unit);
void score_horizon(const struct index *ix, const uint8_t *facts, struct score_unit *unit);

#endif
