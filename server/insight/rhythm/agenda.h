/*
 * Agenda: what a standing meeting has to talk about. Definitions: docs/RHYTHM.md.
 *
 * Whom it concerns and what it is about are marked by slot; changes and findings of these are left to the caller, which
 * has the plan's past and the rules. Plain C on an index with all ways back: no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_RHYTHM_AGENDA_H
#define SERVER_INSIGHT_RHYTHM_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"
#include "server/insight/rhythm/cadence.h"

struct arena;

/* The numbers of plumb.v1.AgendaPoint.Kind. */
enum agenda_kind { AGENDA_ASK, AGENDA_REQUEST, AGENDA_COMMITMENT, AGENDA_ACCEPTANCE };

struct agenda_point {
	enum agenda_kind kind;
	uint32_t slot;
	uint32_t from; /* SLOT_NONE: not stated, as what follows */
	uint32_t to;
	uint32_t waits;
	uint32_t rank; /* RANK_NONE */
	int32_t since;
	int32_t due; /* DATE_NONE */
};

enum agenda_mark {
	AGENDA_PERSON = 1, /* attends and is here */
	AGENDA_TEAM = 2,   /* one of them leads it or answers for it */
	AGENDA_SCOPE = 4,  /* the meeting is about it, or it belongs to what the meeting is about */
};

struct slots {
	uint32_t *list; /* in the arena */
	size_t count;
};

struct agenda {
	const struct index *ix;
	const struct meeting_plan *plan;
	bool stated;    /* it says what it is about */
	uint8_t *marks; /* by slot; in the arena */
	struct slots people;
	struct slots gone;
	struct slots about; /* the roots */
	uint32_t scope;     /* items in scope, without records */
	struct slots decided;
	struct slots to_decide;
	struct agenda_point *points;
	size_t points_count;
};

/* Commitments are due at it that are due before the meeting behind the next one; without a cadence within so many days. */
#define AGENDA_AHEAD 14

/* Everything in the arena. ERR_LIMIT out of memory, ERR_CANCELLED. */
bool agenda_run(const struct cadence *cadence, const struct meeting_plan *plan, index_stop_fn stop,
    void *arg, struct arena *arena, struct agenda *out, struct err *err) MUST_CHECK;

static inline bool
agenda_is(const struct agenda *agenda, uint32_t slot, unsigned mark)
{
	return slot != SLOT_NONE && (agenda->marks[slot] & mark) != 0;
}

#endif
