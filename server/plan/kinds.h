/*
 * The table of kinds: names, and which of their fields refer to what.
 *
 * One row per kind is all that a new kind needs here; the codec, validation, plan
 * files and the SQL projection follow from it and from the .proto.
 *
 * What a kind keeps in the spine of struct item, beyond the obvious:
 *   objective    done = closed; value = weight; targets
 *   objective, initiative, workstream, task, milestone   extra = roll_up (initiative: see ROLL_UP_IN_CONTRIBUTIONS)
 *   measure      extra = direction; every_days; with HAS_RANGE one target: baseline = low, target = high
 *   initiative, workstream   effort = likely estimate; start, finish as stated
 *   task         start, finish = due, done; effort
 *   milestone    finish = due, done
 *   person       start, finish = first and last day; extra = level; effort = capacity per week
 *   period, strategy   start, finish
 *   allocation   value = share, or, where extra is 1, effort (HAS_VALUE: one of them is stated)
 *   ask          start = promised for, finish = needed by, done = answered; status; effort
 *   measurement  value; extra = role; start = date of at
 *   check-in     status; value = progress; start = date of at
 *   waiver       finish = until
 *   baseline     effort = the named revision
 *   segment, customer   value; segment: extra = core
 *   journey      extra = state
 *   step         value = emotion; extra = value state
 *   expectation  one target: baseline = how well it is met, target = importance
 *   desired outcome     value = importance
 *   commitment   status; start = made, finish = due, done = settled; of its past: every_days = how many times the day was put off or
 *                taken back, effort = the first one stated (commitment_first_due())
 *   decision     status; finish = decide by, done = decided; extra = example
 *   policy       extra = type; start = since
 *   review       extra = type; start = first day; every_days
 *   request      status; extra = type; start = asked, finish = needed by, done = answered
 *   round        extra = type; start, finish = opens, closes
 *   maturity     value = level; finish = due, done = assessed; extra = levels that it describes; HAS_TEXT: there is a next step
 *   influencer   extra = type; start = since
 *   assessment   extra = type; done = assessed
 *   competitor move     start = on; HAS_TEXT: there is a response
 *   risk         status; value = probability; extra = impact, 0 not stated; finish = due
 *   acceptance, vote    status = answer, choice
 *   experience   value = emotion; extra = value state
 *   scenario     effort = the revision at which it began; its change sets behind (plan/scenario.h)
 */
#ifndef SERVER_PLAN_KINDS_H
#define SERVER_PLAN_KINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/plan/item.h"

/* "initiative", "check-in"; NULL for a number that is no kind. Static. */
const char *kind_name(unsigned kind);
/* By name, singular or plural; KIND_NONE if there is none. text is not NUL-terminated. */
enum kind kind_parse(const char *text, size_t len);

/* A field that refers to another entry. */
struct ref_field {
	const char *field; /* "Message.field" of item.proto: "Target.measure" */
	enum role role;
	enum kind bare;       /* what a bare id means; KIND_NONE: the kind must be written */
	unsigned short flags; /* enum ref_flag */
};
enum ref_flag {
	REF_BELONGS = 1, /* removing the target with cascade removes the holder too */
	REF_CONTAINS =
	    2, /* following it from the holder may never lead back to the holder: refused */
};
const struct ref_field *kind_ref_fields(size_t *count);

#define REF_TEXT_LEN 112 /* of any entry, with NUL */

/* Writes "kind/id" of the entry into buf, which has REF_TEXT_LEN bytes. Returns its length. */
size_t ref_format(const struct item *item, char *buf);
/* Order of kind and id; 0: the same name, in whatever revision or plan. */
int ref_compare(const struct item *a, const struct item *b);

/*
 * Splits "kind/id" (or, with bare != KIND_NONE, "id"). False unless kind is known and id is a slug. *id points into
 * text.
 */
bool ref_parse(const char *text, enum kind bare, enum kind *kind, const char **id, size_t *id_len);

#endif
