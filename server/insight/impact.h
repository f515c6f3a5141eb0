/*
 * Impact: what else falls, or is late, where one item does. Formula and edges: docs/IMPACT.md.
 *
 *     share(start) = 1;  share(v) = min(1, sum over edges u -> v of share(u) * share(u, v))
 *
 * over the graph of contributions without the edges that lead back to something on the way (depth first, in order of kind and name).
 * That is the flow of value along a goal model's AND decomposition (van Lamsweerde, "Goal-oriented requirements engineering", RE 2001),
 * with stated weights for degrees. Days late follow dates the same way: over each edge what its slack does not take in; but where work
 * is scheduled (impact_delay.h), by what the schedule says.
 *
 * Plain C on an index (check/index.h): no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_IMPACT_H
#define SERVER_INSIGHT_IMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

/* The ways back that it needs of its index. */
#define IMPACT_IN_ROLES                                                                            \
	(ROLE_BIT(ROLE_PARENT) | ROLE_BIT(ROLE_GOAL) | ROLE_BIT(ROLE_FURTHER_GOAL) |               \
	    ROLE_BIT(ROLE_OBJECTIVE) | ROLE_BIT(ROLE_CONTRIBUTION) |                               \
	    ROLE_BIT(ROLE_CONTRIBUTION_MEASURE) | ROLE_BIT(ROLE_PART_OF) |                         \
	    ROLE_BIT(ROLE_TARGET_MEASURE) | ROLE_BIT(ROLE_INLINE_UNDER) | ROLE_BIT(ROLE_AFTER) |   \
	    ROLE_BIT(ROLE_ANSWERS) | ROLE_BIT(ROLE_WORKS_ON) | ROLE_BIT(ROLE_AFFECTS) |            \
	    ROLE_BIT(ROLE_MITIGATED_BY) | ROLE_BIT(ROLE_SEGMENT))

/* How v rests on u. */
enum impact_relation {
	IMPACT_START,
	IMPACT_PART,        /* of work: by effort */
	IMPACT_EFFECT,      /* an initiative moves a measure: by expected effect */
	IMPACT_TARGET,      /* an objective has a target on the measure: one of so many */
	IMPACT_SERVES,      /* an objective, or a goal: by weight */
	IMPACT_AFTER,       /* it waits for the end */
	IMPACT_ASK,         /* work waits for what was asked: by effort */
	IMPACT_EXPECTATION, /* an objective answers it: one of so many */
	IMPACT_SEGMENT,     /* expects it: by importance */
	IMPACT_STEP,        /* is worked on: by one of so many */
	IMPACT_PROMISE,     /* a commitment concerns it */
	IMPACT_DECISION,    /* a decision affects it */
	IMPACT_RISK,  /* it is to mitigate a risk or answer a competitor's move: one of so many */
	IMPACT_ASKED, /* was asked for it: others give it for nothing */
	IMPACT_RELATIONS
};
const char *impact_relation_name(enum impact_relation relation);

/* u -> v */
struct impact_edge {
	uint32_t from; /* nodes of the answer */
	uint32_t to;
	enum impact_relation relation;
	bool cut;     /* led back: does not count */
	double share; /* NAN: nothing says how much */
	double
	    part; /* share = part / of: hundredths of a person-day, effect, importance, or a count; NAN: is a weight */
	double of;
};

struct impact_node {
	uint32_t slot;
	uint32_t depth; /* edges from the start, at least */
	uint32_t via;   /* the edge that brings most; UINT32_MAX: the start */
	double share;
	bool unstated; /* on some way to it nothing says how much */
	/* With days: */
	int32_t late;    /* days; 0: slack takes them in */
	int32_t planned; /* DATE_NONE: states none */
	int32_t then;
	bool
	    assumed; /* on the way that makes it late something states no date: no slack was counted; or it ends behind all days */
	bool scheduled; /* planned and then are the schedule's */
};

struct impact_result {
	struct impact_node
	    *nodes; /* the start first, then in an order in which all edges lead on */
	uint32_t nodes_count;
	struct impact_edge *edges;
	uint32_t edges_count;
	bool more; /* there is more than `most` */
};

struct impact;

/* The index must have IMPACT_IN_ROLES and outlive it. NULL out of memory. */
struct impact *impact_new(const struct index *ix) MUST_CHECK;
void impact_free(struct impact *impact); /* takes NULL */
/* Can something rest on it? Work, asks, measures, objectives. */
bool impact_has(unsigned kind);

#define IMPACT_BEYOND INT32_MAX /* behind all days that are scheduled */

struct impact_ask {
	uint32_t slot;
	int32_t days;  /* it is so many days late; 0: it is gone */
	bool aims;     /* only work, measures, objectives and goals */
	uint32_t most; /* nodes */
	/* By slot, the last day of work as it is scheduled, and with the delay; DATE_NONE: it is not. NULL: by the plan's dates alone. */
	const int32_t *before;
	const int32_t *after;
};
/* What rests on it. Frees what out held, which is all zero at first. ERR_LIMIT out of memory. */
bool impact_of(struct impact *impact, const struct impact_ask *ask, struct impact_result *out,
    struct err *err) MUST_CHECK;
/*
 * All that rests on any of them, as far as aims go, each once however many lead there: the starts first, and edges by where they begin,
 * without shares over ways and without order. As impact_of() otherwise.
 */
bool impact_reach(struct impact *impact, const uint32_t *slots, uint32_t count,
    struct impact_result *out, struct err *err) MUST_CHECK;
/* Items and references that were looked at so far. */
uint64_t impact_looked(const struct impact *impact);
void impact_result_fini(struct impact_result *result);
/* An objective that answers what customers expect, as items or in words. */
bool impact_is_customer(const struct index *ix, uint32_t slot);

#endif
