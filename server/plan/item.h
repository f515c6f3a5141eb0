/*
 * One version of an entry (item, record or ranking): immutable once it is in the plan.
 *
 * Keeps the bytes its author sent beside the spine: the few decoded fields that
 * lists, rules and analysis need. A new version is a new object, so views of the
 * past stay whole. Allocated in one piece.
 */
#ifndef SERVER_PLAN_ITEM_H
#define SERVER_PLAN_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/calendar.h"

/* The numbers of plumb.v1.Kind; a test holds them together. */
enum kind {
	KIND_NONE = 0,
	KIND_VISION = 1,
	KIND_MISSION = 2,
	KIND_VALUE = 3,
	KIND_GOAL = 4,
	KIND_OBJECTIVE = 5,
	KIND_MEASURE = 6,
	KIND_STRATEGY = 7,
	KIND_INITIATIVE = 8,
	KIND_WORKSTREAM = 9,
	KIND_MILESTONE = 10,
	KIND_TASK = 11,
	KIND_PERSON = 20,
	KIND_TEAM = 21,
	KIND_PERIOD = 22,
	KIND_CALENDAR = 23,
	KIND_ALLOCATION = 24,
	KIND_RANKING = 25,
	KIND_ASK = 30,
	KIND_COMMITMENT = 31,
	KIND_DECISION = 32,
	KIND_POLICY = 33,
	KIND_REVIEW = 34,
	KIND_MATURITY = 35,
	KIND_REQUEST = 36,
	KIND_ROUND = 37,
	KIND_MEASUREMENT = 40,
	KIND_CHECK_IN = 41,
	KIND_ACKNOWLEDGEMENT = 42,
	KIND_ACCEPTANCE = 44,
	KIND_VOTE = 45,
	KIND_EXPERIENCE = 46,
	KIND_MEETING = 47,
	KIND_BASELINE = 50,
	KIND_WAIVER = 51,
	KIND_RULE_SETTING = 52,
	/* of the system workspace only */
	KIND_WORKSPACE = 53,
	KIND_TOKEN = 54,
	KIND_WEBHOOK = 55,
	KIND_WEBHOOK_STATE = 56,
	KIND_AUDIT_ANCHOR = 57,
	KIND_SEGMENT = 60,
	KIND_JOURNEY = 61,
	KIND_STAGE = 62,
	KIND_STEP = 63,
	KIND_EXPECTATION = 64,
	KIND_DESIRED_OUTCOME = 65,
	KIND_FEELING = 66,
	KIND_CUSTOMER = 67,
	KIND_SCENARIO = 70,
	KIND_INFLUENCER = 71,
	KIND_ASSESSMENT = 72,
	KIND_COMPETITOR_MOVE = 73,
	KIND_RISK = 74,
	KIND_MAX = 96,
};

/* What a reference means. The field that holds it is in plan/kinds.c. */
enum role {
	ROLE_NONE,
	ROLE_OWNER,
	ROLE_REVIEWER,
	ROLE_LINK_RELATES,
	ROLE_LINK_SUPPORTS,
	ROLE_LINK_CONFLICTS,
	ROLE_LINK_CONTRIBUTES,
	ROLE_LINK_AT_ODDS,
	ROLE_LINK_EASES,
	ROLE_LINK_REMOVES,
	ROLE_PARENT, /* goal, objective, team, period: the same kind above; belongs to it */
	ROLE_GOAL,   /* objective: primary goal; strategy: goals */
	ROLE_FURTHER_GOAL,
	ROLE_TEAM, /* objective, person */
	ROLE_PERIOD,
	ROLE_TARGET_MEASURE, /* objective -> measure; amount = index into item->targets */
	ROLE_PRECEDES,
	ROLE_INLINE_UNDER,
	ROLE_OBJECTIVE, /* initiative, workstream: primary objective */
	ROLE_CONTRIBUTION, /* initiative -> objective; amount = effort share in 1/10,000, -1 not stated */
	ROLE_CONTRIBUTION_MEASURE,
	ROLE_STRATEGY,
	ROLE_NEED,  /* amount = effort in hundredths of a person-day, -1 not stated */
	ROLE_AFTER, /* amount = lag in days */
	ROLE_MEMBER,
	ROLE_PART_OF, /* workstream, milestone, task, allocation, ask: the work that it belongs to */
	ROLE_MANAGER,
	ROLE_DOTTED_MANAGER,
	ROLE_LEAD,
	ROLE_CAPACITY_PERIOD, /* amount = effort */
	ROLE_CALENDAR,
	ROLE_WHO,  /* allocation */
	ROLE_FROM, /* ask, request, commitment: whose it is */
	ROLE_TO,   /* ask, request, commitment: to whom */
	ROLE_ANSWERED_BY,
	ROLE_IN, /* stage -> journey, step -> stage, expectation -> step: what it is a part of */
	ROLE_SEGMENT, /* of journey, expectation, desired outcome, feeling, customer, experience */
	ROLE_FOLLOWS, /* stage, step -> the one before it */
	ROLE_INSTEAD, /* journey, step to be -> as it is; decision -> what superseded it; round -> what it repeats */
	ROLE_SHAPED_BY,
	ROLE_MET_BY,    /* step -> the team in front */
	ROLE_JUDGED_BY, /* step -> measure */
	ROLE_BACKSTAGE, /* step -> team, initiative, measure */
	ROLE_WORKS_ON,  /* initiative, workstream -> step */
	ROLE_ANSWERS, /* objective -> expectation; strategy -> assessment (position: its change area) */
	ROLE_OUTCOME, /* expectation -> desired outcome -> measure */
	ROLE_AFFECTS, /* commitment, decision, review, request, assessment, competitor move, risk: what it is about */
	ROLE_HONOURS,
	ROLE_BREAKS,
	ROLE_DECIDED,      /* meeting -> decision -> review */
	ROLE_ATTENDEE,     /* review, meeting */
	ROLE_SEAT,         /* review -> who speaks for something */
	ROLE_SPEAKS_FOR,   /* review -> for what; the same position */
	ROLE_ASKED,        /* round -> people and objectives */
	ROLE_INFLUENCER,   /* assessment, competitor move, scenario */
	ROLE_MITIGATED_BY, /* risk, competitor move */
	ROLE_WAIVED_BY,
	ROLE_ABOUT,      /* record */
	ROLE_BY,         /* record */
	ROLE_RANKED,     /* ranking -> initiative, in order; amount 1 = tied with the one before */
	ROLE_RANKING_OF, /* ranking -> team */
	ROLE_COUNT,      /* at most 64: sets of them are bits */
};

/* A resolved reference. The target may be absent (dangling). */
struct ref {
	uint32_t slot;
	uint16_t role;
	uint16_t position; /* in its repeated field */
	int32_t amount;
};

/* Numbers that may be not stated are NAN. */
struct target {
	uint32_t measure; /* slot, or SLOT_NONE */
	int32_t due;      /* DATE_NONE not stated */
	double baseline;
	double target;
	double commit;
	double stretch;
	bool has_text;
};

#define SLOT_NONE UINT32_MAX

enum item_flag {
	ITEM_ABSENT = 1,    /* only referred to; has kind and id, nothing else */
	ITEM_REMOVED = 2,   /* a tombstone: was there; keeps the way into its history */
	ITEM_RETRACTED = 4, /* record */
	ITEM_REDACTED = 8,  /* record */
	ITEM_RENAMED = 16,  /* with REMOVED: now under another id */
	ITEM_HAS_TAIL = 32,
	ITEM_OVERLAID = 64,     /* a scenario's version: laid over the plan, never a part of it */
	ITEM_OVERLAY_NEW = 128, /* and the plan has no such entry: the scenario made it */
};

struct item {
	/* identity */
	uint32_t slot;
	uint32_t refs_count;
	/* envelope */
	uint64_t revision; /* of this version */
	uint64_t
	    previous; /* revision of the version before it, 0 none: the way back through the log */
	uint64_t created_revision;
	int64_t created_us;
	int64_t updated_us;
	uint32_t created_by; /* interned, view_text() */
	uint32_t updated_by;
	uint32_t source; /* interned; 0 none */
	/* spine: what the kind means by them is in plan/kinds.h */
	int32_t start;  /* start, first day, at (records: the date in UTC) */
	int32_t finish; /* finish, last day, due, needed by, until */
	int32_t done;   /* done, closed, answered */
	uint8_t
	    status; /* the kind's own enum: WorkStatus, Objective.Status, Ask.State, CheckIn.Status, … */
	uint8_t
	    extra; /* measure: direction; person: level; measurement: role; work, objective: roll_up */
	uint8_t has;   /* enum item_has */
	uint8_t kind;  /* enum kind */
	uint8_t flags; /* enum item_flag */
	uint8_t id_len;
	uint16_t every_days; /* measure, review; commitment: how many times its day was put off */
	uint32_t bytes_len;
	uint16_t targets_count;
	uint16_t title_len;
	uint8_t id_off; /* from the start of the bytes */
	uint8_t title_off;
	union {
		double
		    value; /* measurement: value; check-in: progress; goal, objective: weight; allocation: share */
		int64_t
		    effort; /* task, ask: effort; initiative, workstream: likely estimate; person: capacity */
	};
	struct ref refs[];
	/* behind: targets, struct item_tail if ITEM_HAS_TAIL, the bytes, the last applied bytes, a scenario's sets */
};

/* What few entries have. */
struct item_tail {
	int64_t at_us;             /* records: exact time */
	uint64_t source_revision;  /* at which the source last applied it */
	uint32_t last_applied_len; /* 0: the source's version is this one, or there is no source */
	uint32_t sets_len;         /* scenario: its change sets (plan/scenario.h) */
};

/* The numbers of plumb.v1.RollUp. */
enum roll_up { ROLL_UP_NONE, ROLL_UP_WEIGHTED, ROLL_UP_WEAKEST, ROLL_UP_ALL };
/* With an initiative's own: one of its contributions states a method; control_roll_ups() says which. */
#define ROLL_UP_IN_CONTRIBUTIONS 0x10u

/* What was stated, where a number alone cannot say. */
enum item_has {
	HAS_VALUE = 1,      /* value or effort */
	HAS_TEXT = 2,       /* a text body: vision, mission, value; initiative: outcome_intended */
	HAS_SCOPE = 4,      /* initiative, workstream: scope in or out */
	HAS_DIMENSION = 8,  /* measure */
	HAS_UNIT = 16,      /* measure */
	HAS_SCOPE_IN = 8,   /* initiative, workstream: what is in */
	HAS_SCOPE_OUT = 16, /* initiative, workstream: what is out */
	HAS_EXPECTATION = 32, /* objective */
	HAS_RANGE = 64,       /* measure: low and high */
	HAS_REALISED = 128,   /* initiative: outcome_realised */
	/* The same bits, of other kinds. */
	HAS_ABSENCES = 2,   /* person */
	HAS_SKILLS = 4,     /* person */
	HAS_CAPACITIES = 8, /* person */
	HAS_DURATION = 2,   /* task */
	HAS_REMAINING = 2,  /* check-in */
	/* Initiative, workstream, task: a need that */
	HAS_NEED_TERMS = 32, /* asks for a skill, shares of a day or not to be split */
	HAS_OPEN_NEED = 64,  /* names nobody */
};

/* The day that a commitment was first promised for, kept from version to version; 0 where none ever was. */
#define COMMITMENT_FIRST_DUE(day) ((int64_t)(day) + ((int64_t)1 << 32))

static inline int32_t
commitment_first_due(const struct item *item)
{
	return item->effort != 0 ? (int32_t)(item->effort - ((int64_t)1 << 32)) : DATE_NONE;
}

static inline size_t
item_targets_at(const struct item *item)
{
	return (sizeof *item + item->refs_count * sizeof(struct ref) + 7) & ~(size_t)7;
}

static inline const struct target *
item_targets(const struct item *item)
{
	return (const struct target *)(const void *)((const char *)item + item_targets_at(item));
}

/* NULL where the entry has none. */
static inline const struct item_tail *
item_tail(const struct item *item)
{
	if ((item->flags & ITEM_HAS_TAIL) == 0)
		return NULL;
	return (const struct item_tail *)(const void *)(item_targets(item) + item->targets_count);
}

/* The encoded plumb.v1.Item or plumb.v1.Record; absent entries, rankings and tombstones have their id only. */
static inline const uint8_t *
item_bytes(const struct item *item)
{
	return (const uint8_t *)(item_targets(item) + item->targets_count) +
	       ((item->flags & ITEM_HAS_TAIL) != 0 ? sizeof(struct item_tail) : 0);
}

/* Not NUL-terminated: print with %.*s. */
static inline const char *
item_id(const struct item *item)
{
	return (const char *)item_bytes(item) + item->id_off;
}

static inline const char *
item_title(const struct item *item)
{
	return (const char *)item_bytes(item) + item->title_off;
}

/* Records: when it happened; else 0. */
static inline int64_t
item_at_us(const struct item *item)
{
	return item_tail(item) != NULL ? item_tail(item)->at_us : 0;
}

static inline uint64_t
item_source_revision(const struct item *item)
{
	return item_tail(item) != NULL ? item_tail(item)->source_revision : 0;
}

/* The entry as its source last applied it: its bytes, unless others changed it since. */
static inline const uint8_t *
item_last_applied(const struct item *item, size_t *len)
{
	const struct item_tail *tail = item_tail(item);

	if (tail == NULL || tail->last_applied_len == 0) {
		*len = item->bytes_len;
		return item_bytes(item);
	}
	*len = tail->last_applied_len;
	return item_bytes(item) + item->bytes_len;
}

/* A scenario's change sets, behind all the rest; read with scenario_next(). */
static inline const uint8_t *
item_sets(const struct item *item, size_t *len)
{
	const struct item_tail *tail = item_tail(item);

	*len = tail != NULL ? tail->sets_len : 0;
	return *len > 0 ? item_bytes(item) + item->bytes_len + tail->last_applied_len : NULL;
}

/* There now: not absent and not removed. */
static inline bool
item_is_live(const struct item *item)
{
	return item != NULL && (item->flags & (ITEM_ABSENT | ITEM_REMOVED)) == 0;
}

static inline bool
kind_is_record(unsigned kind)
{
	return kind >= KIND_MEASUREMENT && kind <= KIND_MEETING;
}

static inline bool
kind_is_work(unsigned kind)
{
	return kind == KIND_INITIATIVE || kind == KIND_WORKSTREAM || kind == KIND_TASK ||
	       kind == KIND_MILESTONE;
}

#endif
