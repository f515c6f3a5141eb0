/*
 * The questions of a clarity survey, made from a plan for one person: do people know what comes first, what serves what,
 * and what is theirs?
 *
 * Which things are asked about is drawn by their names: each has a number of Philox4x32-10 (schedule/philox.h) under a key of the
 * round, its seed and the person, and the smallest are taken. So the same person, round and plan give the same questions on
 * every machine, and a plan that grew elsewhere changes little. docs/CLARITY.md has the definitions.
 *
 * Plain C on an index: no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_CLARITY_QUESTIONS_H
#define SERVER_INSIGHT_CLARITY_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

enum clarity_kind { CLARITY_PRIORITIES, CLARITY_SERVES, CLARITY_FIRST, CLARITY_YOURS };
#define CLARITY_KINDS 4u

#define CLARITY_OPTIONS   6u /* of a question, at most */
#define CLARITY_QUESTIONS 7u /* of a survey: 1, 2, 3 and 1 of the kinds */
/* Initiatives of the plan's order that are priorities. */
#define CLARITY_TOP 5u

struct clarity_option {
	uint32_t slot;
	bool right;
};

struct clarity_question {
	enum clarity_kind kind;
	unsigned number; /* of its kind, from 1 */
	uint32_t about;  /* slot; SLOT_NONE */
	unsigned choose; /* how many options are right */
	unsigned options_count;
	struct clarity_option options[CLARITY_OPTIONS];
};

struct clarity_survey {
	struct clarity_question questions[CLARITY_QUESTIONS];
	unsigned count;
	const char
	    *cannot[CLARITY_KINDS]; /* why none of that kind is asked, static; NULL: one is */
};

/* The roles whose way back the index must have. */
#define CLARITY_IN_ROLES                                                                           \
	(ROLE_BIT(ROLE_OWNER) | ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_NEED) | ROLE_BIT(ROLE_LEAD))

/*
 * round and person are slots of live entries, and a round's people are not looked at. ERR_LIMIT out of memory. A survey without any
 * question is none: the plan is too small for all kinds.
 */
bool clarity_questions(const struct index *ix, uint32_t round, uint32_t seed, uint32_t person,
    struct clarity_survey *out, struct err *err) MUST_CHECK;

/* Does the round ask this person? One that names nobody asks everybody. */
bool clarity_asks(const struct item *round, const struct view *view, uint32_t person);

#endif
