/*
 * What a change does to a plan's findings and score: the plans before and after it checked by all rules, and compared.
 */
#ifndef SERVER_INSIGHT_CHECK_EFFECT_H
#define SERVER_INSIGHT_CHECK_EFFECT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/compare.h"

struct check;
struct check_baseline;
struct view;
struct voices;

/* One of the two plans, settled, the date that its rules take as today, and the plan at its newest baseline. */
struct effect_side {
	const struct view *view;
	int32_t today;
	const struct check_baseline *baseline; /* NULL: it has none */
	const struct voices *voices;           /* NULL: see struct check_query */
};

struct effect {
	struct check *before;
	struct check *after;
	struct compare findings; /* waived and unknown ones count like others */
	int64_t score_before;    /* millionths; see score.h */
	int64_t score_after;
	int32_t before_today;
	int32_t after_today;
};

/*
 * Takes two threads while it runs. cancelled (may be NULL) is asked by both. The views must outlive the effect.
 * ERR_CANCELLED; ERR_LIMIT out of memory, or where a plan has more than LIMIT_COMPARED findings.
 */
bool effect_run(const struct effect_side *before, const struct effect_side *after,
    bool (*cancelled)(void *arg), void *arg, struct effect *out, struct err *err) MUST_CHECK;
void effect_fini(struct effect *effect);

#endif
