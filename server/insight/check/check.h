/*
 * Checking: applies the rules to a view and keeps what they find, worst first.
 *
 * Sees the plan through plain C only: no protobuf, no I/O, no clock (today is a
 * parameter). Runs on a worker; findings are small, and their words are made when shown.
 */
#ifndef SERVER_INSIGHT_CHECK_CHECK_H
#define SERVER_INSIGHT_CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/rules.h"
#include "server/plan/control.h"

struct str;
struct view;
struct voices;
struct worlds;
struct zone;

#define FINDING_SUBJECTS 8
#define FINDING_EVIDENCE 8

enum value_type { VALUE_TEXT, VALUE_NUMBER, VALUE_COUNT, VALUE_DATE, VALUE_SLOT };

/* A fact that a finding rests on. */
struct evidence {
	uint32_t slot;    /* whose it is */
	uint8_t type;     /* enum value_type */
	const char *what; /* static: "owners", "finish", "latest actual" */
	union {
		const char *text; /* static */
		double number;
		int64_t count;
		int32_t date;
		uint32_t slot;
	} value;
};

enum finding_flag {
	FINDING_UNKNOWN =
	    1, /* the rule lacks the data to judge; its evidence "missing" says which */
	FINDING_WAIVED = 2,
};

/* Subjects and evidence: check_subjects(), check_evidence(). */
struct finding {
	uint16_t rule;          /* number in the table */
	uint8_t severity;       /* enum severity; unknown ones are notes */
	uint8_t flags;          /* enum finding_flag */
	uint8_t subjects_count; /* 0: the plan as a whole */
	uint8_t evidence_count;
	uint32_t subjects_first;
	uint32_t evidence_first;
	uint32_t more;   /* subjects that were left out */
	uint32_t rank;   /* of the initiative that it is about; UINT32_MAX unranked */
	uint32_t waiver; /* with FINDING_WAIVED: number for check_waiver() */
	int32_t since;   /* date of the newest change that could have caused it, or DATE_NONE */
	const char *qualifier; /* static: what follows "@" in the key; NULL none */
};

/* The plan at a baseline, for rules that ask what has become of it. */
struct check_baseline {
	const struct view *view;
	uint32_t slot; /* of the baseline, in the view that is checked */
};

struct check_query {
	int32_t today;
	const struct zone *zone; /* for "since"; NULL UTC */
	const bool *rules;       /* RULES_MAX of them, as rules_select() marks; NULL all */
	const uint32_t *about;   /* only findings (and counts) with one of these subjects */
	size_t about_count;
	enum severity at_least; /* milder ones are counted, not kept */
	bool waived;            /* keep waived ones too; they are counted apart always */
	const struct check_baseline *baseline;    /* NULL: there is none */
	const struct voices *voices;              /* NULL: rules know of no confidential rounds */
	const struct worlds *worlds;              /* NULL: no scenarios are judged beside it */
	size_t most;                              /* how many are kept; 0: LIMIT_FINDINGS */
	uint64_t looks;                           /* of impact/exposed; 0: LIMIT_IMPACT_LOOKS */
	bool (*cancelled)(void *arg);             /* asked now and then; may be NULL */
	void (*progress)(void *arg, double part); /* 0..1, after each rule; may be NULL */
	void *arg;
};

struct rule_count {
	uint32_t findings; /* without unknown and waived ones */
	uint32_t unknown;
	uint32_t waived;
};

struct check_counts {
	uint32_t by_severity[SEVERITY_ERROR + 1];
	uint32_t unknown;
	uint32_t waived;
	uint32_t expired_waivers; /* whose finding is there again */
	struct rule_count rules[RULES_MAX];
	uint64_t items; /* live entries that were looked at */
};

/*
 * Applies the rules. At most LIMIT_FINDINGS are kept (unless `most` says more), the counts are complete. The view must be settled, and outlive
 * the check. ERR_CANCELLED, ERR_LIMIT (out of memory).
 */
struct check *check_run(
    const struct view *view, const struct check_query *query, struct err *err) MUST_CHECK;
/*
 * Of a check of all rules that kept everything (waived ones too, at any severity, and is whole) what check_run() would have found for
 * a query that wants less: rules, about, at_least and waived. Borrows from it. NULL out of memory.
 */
struct check *check_select(
    const struct check *from, const struct check_query *query, struct err *err) MUST_CHECK;
void check_free(struct check *check); /* takes NULL */

const struct check_counts *check_counts(const struct check *check);
size_t check_findings(const struct check *check);
/* Were all kept that the query wants? */
bool check_is_whole(const struct check *check);
/* In order: unknown ones last, then severity, rank, rule, names of the subjects. */
const struct finding *check_finding(const struct check *check, size_t i);
const uint32_t *check_subjects(const struct check *check, const struct finding *finding);
const struct evidence *check_evidence(const struct check *check, const struct finding *finding);
const struct view *check_view(const struct check *check);
/* NULL unless waived; borrowed until check_free(). */
const struct control_waiver *check_waiver(const struct check *check, const struct finding *finding);

/* ---- words, appended to out */
/* "rule:kind/id,kind/id@qualifier"; the plan as a whole is "rule:plan". */
void check_key(const struct check *check, const struct finding *finding, struct str *out);
void check_message(const struct check *check, const struct finding *finding, struct str *out);
const char *check_fix(const struct check *check, const struct finding *finding);
void check_value(const struct check *check, const struct evidence *evidence, struct str *out);
/* "kind/id" of a slot. */
void check_ref(const struct check *check, uint32_t slot, struct str *out);
/* Who should act: up to max people or teams; those who have left are passed over. */
size_t check_who(
    const struct check *check, const struct finding *finding, uint32_t *slots, size_t max);

#endif
