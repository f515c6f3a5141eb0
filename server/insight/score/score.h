/*
 * The alignment score: 0 to 100, what of a plan is shown to be in order, over the families of rules.
 *
 * A family's units are items; each unit earns twelfths for what is stated and right. Nothing is earned by what is not
 * stated, unknown or waived, so that taking data away never pays; nothing is earned by what does not reach a goal, so
 * that adding what is irrelevant never pays. Whole numbers throughout: equal on every machine. The formula is in
 * docs/RULES.md, "Score"; a change of it is a new SCORE_FORMULA.
 */
#ifndef SERVER_INSIGHT_SCORE_SCORE_H
#define SERVER_INSIGHT_SCORE_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

struct check;

#define SCORE_FORMULA   2u
#define SCORE_FAMILIES  12u
#define SCORE_WHOLE     12u /* what a unit can earn */
#define SCORE_LACKS_MAX 6u

/* What one item lacks in one family; texts are static. */
struct score_unit {
	uint32_t slot;
	uint8_t earned;
	uint8_t lacks_count;
	bool unknown; /* something of it could not be judged, and earned nothing */
	const char *lacks[SCORE_LACKS_MAX];
	const char *rules[SCORE_LACKS_MAX]; /* beside each: the rule that says more */
};

struct score_family {
	const char *family; /* static */
	uint32_t weight;    /* of 100 */
	uint64_t units;
	uint64_t earned;
	uint64_t unknown;
	uint64_t waived; /* units with a waived finding of the family; score_of_check() only */
	int64_t micros;  /* points in millionths; see docs/RULES.md */
	/* the first of those that lack something: least earned, then rank, then name */
	struct score_unit *lacking;
	size_t lacking_count;
};

struct score {
	int64_t micros; /* the sum of the families' */
	struct score_family families[SCORE_FAMILIES];
};

/* keep: at most so many lacking units of each family. The index must have CHECK_IN_ROLES. ERR_LIMIT, ERR_CANCELLED. */
bool score_run(const struct index *ix, size_t keep, index_stop_fn stop, void *arg,
    struct score *out, struct err *err) MUST_CHECK;
void score_fini(struct score *score);
/* The same of what a check has looked at. Waived units are counted where its query kept waived findings. */
bool score_of_check(const struct check *check, size_t keep, index_stop_fn stop, void *arg,
    struct score *out, struct err *err) MUST_CHECK;
const char *score_family_name(unsigned family);
/* Is the entry judged in that family? */
bool score_is_unit(const struct index *ix, unsigned family, uint32_t slot);

#endif
