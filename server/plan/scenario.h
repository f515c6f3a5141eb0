/*
 * Scenarios: change sets that are kept with an entry of kind scenario instead of being folded into the plan.
 *
 * A scenario is seen by laying its sets over the plan, newest state first, and lifting them again; a view taken between the two
 * shows it. Nothing of it is ever settled. Where the plan went on meanwhile, puts are merged field by field with what the plan
 * had when they were made (Put.base); what fits no more is left out and told as a conflict.
 */
#ifndef SERVER_PLAN_SCENARIO_H
#define SERVER_PLAN_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/plan/item.h"

struct arena;
struct faults;
struct patch;
struct plan;

/* One change set, as it lies in the scenario's entry. */
struct scenario_set {
	uint64_t revision;
	int64_t time_us;
	const char *author; /* not NUL-terminated */
	size_t author_len;
	const uint8_t *body; /* an encoded plumb.v1.ChangeSet */
	size_t body_len;
};

/* The set at *at, which begins with 0; false behind the last. */
bool scenario_next(const struct item *scenario, size_t *at, struct scenario_set *out);

/* What no change set of a scenario may hold; false with faults. */
bool scenario_check(
    const Plumb__V1__ChangeSet *set, struct faults *faults, struct err *err) MUST_CHECK;

/* An entry that the scenario renamed: under which name the plan knows it. */
struct scenario_rename {
	enum kind kind;
	const char *from;
	const char *to;
	bool left_out; /* the plan refuses it now */
};

/* A scenario laid over a plan; everything in the arena. */
struct scenario_lay {
	struct plan *plan;
	struct arena *arena;
	struct patch **patches; /* oldest first */
	size_t patches_count;
	uint64_t *revisions; /* of all its sets */
	size_t sets_count;
	size_t changes_count;        /* in all its sets */
	Plumb__V1__Change **fitting; /* what was laid, as it was laid, in order */
	size_t fitting_count;
	Plumb__V1__ScenarioConflict **conflicts; /* at most LIMIT_SCENARIO_CONFLICTS */
	size_t conflicts_count;
	size_t conflicts_total;
	struct scenario_rename *renames;
	size_t renames_count;
	/* of the laying */
	struct faults *faults;
	bool oom;
};

/*
 * On the plan's thread. Lays the scenario's sets before a revision over what the plan has taken; then lift it, before anything
 * else is done with the plan than looking and applying with stamp.overlay, which is to be undone first. False (ERR_LIMIT, out
 * of memory): nothing is laid.
 */
bool scenario_lay(struct plan *plan, const struct item *scenario, uint64_t before,
    struct arena *arena, struct scenario_lay *out, struct err *err) MUST_CHECK;
void scenario_lift(struct scenario_lay *lay);
/* Once it is lifted: notes in each put of a further set what the plan has now, in its arena. False: out of memory. */
bool scenario_note_bases(struct scenario_lay *lay, Plumb__V1__ChangeSet *set) MUST_CHECK;

/* What ConflictsReply says, but for the revision. In the lay's arena; NULL out of memory. */
Plumb__V1__ConflictsReply *scenario_tell(
    const struct scenario_lay *lay, const struct item *scenario) MUST_CHECK;

#endif
