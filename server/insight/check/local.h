/*
 * Which findings of local rules a change brings, found from the entries around it alone (server/plan/part.h), so that the
 * plan's thread can ask before it takes the change.
 */
#ifndef SERVER_INSIGHT_CHECK_LOCAL_H
#define SERVER_INSIGHT_CHECK_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/compare.h"
#include "server/insight/check/rules.h"
#include "server/plan/part.h"

struct check;
struct patch;
struct plan;
struct view;

/* Rules that a workspace refuses the findings of, and the settings that say so. */
struct local_rules {
	bool selected[RULES_MAX];
	uint32_t settings[RULES_MAX];
	size_t count;
};

/* What the view's settings say; only local rules count, and those that are not switched off. */
bool local_rules_read(const struct view *view, struct local_rules *out, struct err *err) MUST_CHECK;

struct local {
	struct part part;
	struct check *before;
	struct check *after;
	struct compare compare;
};

/*
 * Applies the rules around the newest patch, which is still there, before and after it, both with the settings from before.
 * ERR_LIMIT: more than `most` entries, or out of memory.
 */
bool local_run(struct local *local, const struct plan *plan, const struct patch *patch,
    const struct local_rules *rules, int32_t today, size_t most, struct err *err) MUST_CHECK;
void local_fini(struct local *local);

#endif
