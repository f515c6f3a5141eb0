/*
 * What the rules share about a view, worked out once: dense arrays by slot, the way back of references, and the
 * values of each measure in order of time.
 *
 * One pass over the items, then numbers only: rules that follow references never wait for an item's memory.
 */
#ifndef SERVER_INSIGHT_CHECK_INDEX_H
#define SERVER_INSIGHT_CHECK_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/calendar.h"
#include "common/err.h"
#include "server/plan/item.h"
#include "server/plan/view.h"

#define ROLE_BIT(role) (UINT64_C(1) << (role))
#define ROLES_ALL      UINT64_MAX
#define RANK_NONE      UINT32_MAX

enum standing {
	STANDING_LIVE = 1,     /* there, and not a retracted record */
	STANDING_FINISHED = 2, /* done, closed, met */
	STANDING_GIVEN_UP = 4, /* stopped, dropped, withdrawn: itself or what it is a part of */
	STANDING_JUDGED =
	    8, /* live, and neither it nor what it is a part of is finished or given up */
};

/* One end of a reference: out, the target; in, the holder. */
struct edge {
	uint32_t slot;
	uint16_t role;
	uint16_t position;
};

struct edges {
	const struct edge *list;
	uint32_t count;
};

/* What rules that walk through all work want of each piece, without waiting for the memory of the item. */
struct brief {
	int64_t effort; /* item->effort, start and finish */
	int32_t start;
	int32_t finish;
};

/* A value of a measure. */
struct point {
	int64_t at_us;
	double value;
	int32_t date;
	uint32_t slot; /* the record; SLOT_NONE: there is none */
};

/* What was recorded about a measure; actuals in order of time, none after today. */
struct series {
	const struct point *actuals;
	uint32_t actuals_count;
	struct point baseline; /* the newest */
	struct point target;   /* the newest */
};

struct index {
	const struct view *view;
	int32_t today;
	uint32_t slots;
	uint64_t live;
	const struct item **items;
	uint8_t *kinds;
	uint8_t *standing;
	uint8_t *has; /* item->has */
	struct brief *briefs;
	uint64_t *roles;   /* which roles its references have */
	uint32_t *part_of; /* SLOT_NONE */
	uint32_t *rank;    /* place in the workspace's ranking from 1; RANK_NONE */
	uint32_t *by_kind; /* slots of live items, kind by kind */
	uint32_t kind_first[KIND_MAX + 1];
	uint32_t *out_first;
	struct edge *out;
	uint32_t *in_first;
	struct edge *in;
	uint32_t *series_of; /* 1-based; 0 none */
	struct series *series;
	struct point *points;
	uint32_t *check_in; /* the newest check-in about it, not after today; SLOT_NONE */
};

/* Polled now and then; true: stop. */
typedef bool (*index_stop_fn)(void *arg);

/*
 * in_roles: the roles whose way back is wanted (ROLE_BIT). The view must outlive it. ERR_LIMIT out of memory,
 * ERR_CANCELLED when stop (may be NULL) says so.
 */
bool index_init(struct index *ix, const struct view *view, int32_t today, uint64_t in_roles,
    index_stop_fn stop, void *arg, struct err *err) MUST_CHECK;
void index_fini(struct index *ix);

static inline bool
index_is(const struct index *ix, uint32_t slot, unsigned standing)
{
	return (ix->standing[slot] & standing) == standing;
}

static inline struct edges
index_out(const struct index *ix, uint32_t slot)
{
	uint32_t first = ix->out_first[slot];

	return (struct edges){ix->out + first, ix->out_first[slot + 1] - first};
}

static inline struct edges
index_in(const struct index *ix, uint32_t slot)
{
	uint32_t first = ix->in_first[slot];

	return (struct edges){ix->in + first, ix->in_first[slot + 1] - first};
}

/* Asks for the memory of an item that will be read soon. */
static inline void
index_prefetch(const struct index *ix, uint32_t slot)
{
	const char *p = (const char *)ix->items[slot];

	if (p == NULL)
		return;
	__builtin_prefetch(p);
	__builtin_prefetch(p + 64);
	__builtin_prefetch(p + 128);
	__builtin_prefetch(p + 192);
}

/* Live slots of a kind. */
static inline const uint32_t *
index_kind(const struct index *ix, enum kind kind, uint32_t *count)
{
	*count = ix->kind_first[kind + 1] - ix->kind_first[kind];
	return ix->by_kind + ix->kind_first[kind];
}

/*
 * For arrays as long as the plan: in huge pages, where the kernel has them, since small ones cost more to get than the
 * arrays to fill. Not zeroed; NULL out of memory. To be freed with free().
 */
void *index_alloc(size_t n, size_t size) MUST_CHECK;
void *index_zalloc(size_t n, size_t size) MUST_CHECK; /* zeroed */

/* An ask to which the giving team said yes, or which it has met. */
bool index_is_agreed_ask(const struct index *ix, uint32_t slot);
/* Order of names: by kind, then id. */
int index_compare(const struct index *ix, uint32_t a, uint32_t b);
/* The same of two slots in memory, for qsort_r(); arg is the index. */
int index_by_name(const void *a, const void *b, void *ix);
/* Order of last days, none last; then of names. */
int index_compare_finish(const struct index *ix, uint32_t a, uint32_t b);
int index_by_finish(const void *a, const void *b, void *ix);
/* First target with that role; SLOT_NONE. */
uint32_t index_target(const struct index *ix, uint32_t slot, enum role role);
/* The only target with that role; SLOT_NONE where there are several, too. */
uint32_t index_only_target(const struct index *ix, uint32_t slot, enum role role);
bool index_has_target(const struct index *ix, uint32_t slot, enum role role, uint32_t target);
/* Stands the i-th before, too? What stands twice counts once. */
bool index_is_again(const struct edges *edges, uint32_t i);
/* NULL if nothing was ever recorded about it. */
const struct series *index_series(const struct index *ix, uint32_t measure);
/* The newest actual not after that day; NULL if there is none. */
const struct point *series_until(const struct series *series, int32_t day);
/* First and last day of its live periods; DATE_NONE. */
int32_t index_periods_start(const struct index *ix, uint32_t slot);
int32_t index_periods_end(const struct index *ix, uint32_t slot);

#endif
