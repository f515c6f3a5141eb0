/*
 * Drift: what is different about the plan since a moment, item by item, and which change sets made it so. What counts as what:
 * docs/DRIFT.md.
 *
 * For workers; everything is allocated in arenas that the caller has.
 */
#ifndef SERVER_RPC_DRIFT_H
#define SERVER_RPC_DRIFT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "plumb/v1/drift.pb-c.h"
#include "server/plan/item.h"

struct daemon;
struct view;
struct zone;

/* ---- what an item states (drift_facts.c) */

enum drift_type {
	DRIFT_TEXT,
	DRIFT_DATE,
	DRIFT_NUMBER,
	DRIFT_EFFORT,  /* hundredths of a person-day */
	DRIFT_LIST,    /* all at once: owners */
	DRIFT_SET,     /* each by itself: entries of a scope */
	DRIFT_PERIODS, /* a list; its number is the last day of the last one */
	DRIFT_STATE,   /* only where work was given up or stands still */
};

/* A field that drifts. */
struct drift_row {
	const char *field; /* "Target.due", as in item.proto */
	Plumb__V1__DriftChange__Aspect aspect;
	enum drift_type type;
	const char *label; /* "%s": of which measure, team or objective */
	enum kind bare;    /* of references: what a bare id means; KIND_NONE: no reference */
};
/* In order of field. */
const struct drift_row *drift_rows(size_t *count);

struct drift_fact {
	const struct drift_row *row;
	const char *key; /* which of several: "measure/churn"; "" there is but one */
	const char *text;
	double number; /* NAN none */
};

struct drift_facts {
	struct drift_fact *list; /* in order of row and key, each once */
	size_t count;
	size_t cap;
};

/*
 * All that a decoded plumb.v1.Item states. References have the names that `names` knows them by now; `view` (may be NULL) is asked for
 * the days of periods. False: the arena is full.
 */
bool drift_facts_of(const ProtobufCMessage *item, const struct view *view, const struct view *names,
    struct arena *arena, struct drift_facts *out) MUST_CHECK;
/* Order of row and key. */
int drift_fact_compare(const struct drift_row *row, const char *key, const struct drift_fact *fact);

/* ---- what is different */

struct drift_step {
	struct drift_step *before;
	const struct drift_set *set;
	const char *from;
	const char *to;
};

/* A change set that made a step. */
struct drift_set {
	uint64_t revision;
	int64_t time_us;
	const char *by;
	const char *reason;
	const char *scenario;
};

enum drift_what { DRIFT_FIELD, DRIFT_ADDED, DRIFT_REMOVED, DRIFT_RANK };

struct drift_change {
	enum drift_what what;
	Plumb__V1__DriftChange__Aspect aspect;
	const struct drift_row *row; /* of FIELD */
	const char *key;
	const char *from; /* "" nothing */
	const char *to;
	double from_number; /* NAN none */
	double to_number;
	const char *part_of; /* ADDED, REMOVED: of what it is a part; "" of nothing */
	const char *last;    /* what the log said last, while it is read */
	struct drift_step *newest;
	uint32_t steps;
};

struct drift_item {
	const struct item *old; /* NULL: it was added */
	const struct item *now; /* NULL: it was removed */
	uint64_t revision;      /* ADDED, REMOVED: when */
	struct drift_change *changes;
	size_t count;
	size_t cap;
};

/* ---- who made it so (drift_log.c) */

struct drift_log {
	struct daemon *daemon;
	uint32_t workspace;   /* its number */
	uint64_t from;        /* revisions behind this one, */
	uint64_t to;          /* up to this one */
	const char *scenario; /* its change sets too, where it is not "" */
	const struct view *names;
	struct drift_item *items;
	size_t count;
	bool all; /* what lies behind the newest step is wanted too */
	struct arena *arena;
	/* Tells how much of the log was read; true: stop. */
	bool (*report)(void *arg, double part);
	void *arg;
};

/* Finds the steps of every change, reading the log once. ERR_CANCELLED, ERR_LIMIT, ERR_DATA_LOSS. */
bool drift_log_read(const struct drift_log *log, struct err *err) MUST_CHECK;

/* ---- in words (drift_words.c); NULL: the arena is full */

/* "target of measure/churn" */
char *drift_field(const struct drift_change *change, struct arena *arena) MUST_CHECK;
char *drift_words(
    const struct drift_change *change, const struct zone *zone, struct arena *arena) MUST_CHECK;

#endif
