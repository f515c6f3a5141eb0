#include "server/rpc/scenario_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/pb.h"
#include "server/insight/check/worlds.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/plan.h"
#include "server/plan/scenario.h"
#include "server/rpc/workspace.h"

/* Kept at once in a workspace: several that are compared. Each keeps what the plan has replaced since. */
#define KEPT 8u

const char *
scenario_id(const char *name, struct err *err)
{
	enum kind kind;
	const char *id;
	size_t len;

	if (ref_parse(name, KIND_SCENARIO, &kind, &id, &len) && kind == KIND_SCENARIO)
		return id;
	err_set(err, ERR_INVALID, "scenario: '%.80s' is not the id of one", name);
	return NULL;
}

void
scenario_absent(const char *id, const struct item *item, struct err *err)
{
	if (item == NULL || (item->flags & ITEM_REMOVED) == 0)
		err_set(err, ERR_NOT_FOUND,
		    "scenario '%.64s' does not exist; plumb whatif list shows those that do", id);
	else if ((item->flags & ITEM_RENAMED) != 0)
		err_set(err, ERR_NOT_FOUND,
		    "scenario '%.64s' was renamed in revision %" PRIu64
		    "; plumb whatif list shows those that are there",
		    id, item->revision);
	else
		err_set(err, ERR_NOT_FOUND,
		    "scenario '%.64s' was applied or dropped in revision %" PRIu64
		    "; plumb history scenario/%.64s tells more",
		    id, item->revision, id);
}

bool
scenario_worlds(const struct plan *plan, struct arena *arena, char ***names, size_t *count,
    const char **missing)
{
	const struct view *now = plan_now(plan);
	bool any = plan_scenarios(plan) > 0;

	*count = 0;
	*missing = any ? worlds_too_many(view_slots(now), 1) : NULL;
	*names = arena_array(arena, LIMIT_SCENARIOS, sizeof **names);
	if (*names == NULL)
		return false;
	for (uint32_t slot = 0; any && *missing == NULL && slot < view_slots(now); slot++) {
		const struct item *item = view_item(now, slot);

		if (item == NULL || !worlds_take_in(item))
			continue;
		(*names)[*count] = arena_strndup(arena, item_id(item), item->id_len);
		if ((*names)[(*count)++] == NULL)
			return false;
	}
	if (*missing == NULL)
		*missing = worlds_too_many(view_slots(now), *count);
	if (*missing != NULL)
		*count = 0;
	return true;
}

/* While it is laid. */
static struct view *
look(struct plan *plan, const struct scenario_lay *lay, const struct item *scenario,
    uint8_t **conflicts, size_t *len)
{
	Plumb__V1__ConflictsReply *reply = scenario_tell(lay, scenario);
	struct view *view;

	if (reply == NULL)
		return NULL;
	*conflicts = malloc(protobuf_c_message_get_packed_size(&reply->base) + 1);
	if (*conflicts == NULL)
		return NULL;
	*len = protobuf_c_message_pack(&reply->base, *conflicts);
	view = plan_view_pending(plan);
	if (view == NULL) {
		free(*conflicts);
		*conflicts = NULL;
	}
	return view;
}

struct view *
scenario_view_take(
    struct plan *plan, const char *id, uint8_t **conflicts, size_t *len, struct err *err)
{
	const struct item *scenario = plan_find(plan, KIND_SCENARIO, id, strlen(id));
	struct scenario_lay *lay;
	struct arena *arena;
	struct view *view = NULL;

	if (!item_is_live(scenario)) {
		scenario_absent(id, scenario, err);
		return NULL;
	}
	arena = arena_new(LIMIT_CALL_ARENA);
	lay = arena != NULL ? arena_alloc(arena, sizeof *lay) : NULL;
	if (lay == NULL) {
		err_oom(err);
	} else if (scenario_lay(plan, scenario, UINT64_MAX, arena, lay, err)) {
		view = look(plan, lay, scenario, conflicts, len);
		scenario_lift(lay);
		if (view == NULL)
			err_oom(err);
	}
	arena_free(arena);
	return view;
}

static bool
is_of_now(const struct shared_view *shared)
{
	return shared->revision == plan_revision(shared->ws->plan) &&
	       shared->undo_epoch == shared->ws->undo_epoch;
}

void
scenario_views_drop(struct workspace *ws, bool all)
{
	struct shared_view **at = &ws->scenario_views;
	unsigned kept = 0;

	while (*at != NULL) {
		struct shared_view *shared = *at;

		if (!all && is_of_now(shared) && ++kept < KEPT) {
			at = &shared->next;
			continue;
		}
		*at = shared->next;
		shared_view_unref(shared);
	}
}

struct shared_view *
workspace_scenario_view(struct workspace *ws, const char *id, struct err *err)
{
	struct shared_view *shared;

	for (shared = ws->scenario_views; shared != NULL; shared = shared->next) {
		if (is_of_now(shared) && strcmp(shared->scenario, id) == 0) {
			shared->refs++;
			return shared;
		}
	}
	scenario_views_drop(ws, false);
	shared = calloc(1, sizeof *shared);
	if (shared == NULL) {
		err_oom(err);
		return NULL;
	}
	shared->view =
	    scenario_view_take(ws->plan, id, &shared->conflicts, &shared->conflicts_len, err);
	if (shared->view == NULL) {
		free(shared);
		return NULL;
	}
	shared->ws = ws;
	shared->revision = plan_revision(ws->plan);
	shared->undo_epoch = ws->undo_epoch;
	memcpy(shared->scenario, id, strlen(id) + 1);
	shared->refs = 2; /* the list's, and the caller's */
	shared->next = ws->scenario_views;
	ws->scenario_views = shared;
	return shared;
}
