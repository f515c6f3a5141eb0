#include "server/rpc/customer_rpc.h"

#include <string.h>

#include "common/arena.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"

bool
customer_find(struct view_job *job, const char *field, const char *text, enum kind kind,
    uint32_t *slot, struct err *err)
{
	const struct item *item;
	enum kind found;
	const char *id;
	size_t len;

	*slot = SLOT_NONE;
	if (text[0] == '\0')
		return true;
	if (!ref_parse(text, kind, &found, &id, &len) || found != kind) {
		faults_add(job->faults, field, "'%.100s' is no %s; name one, for example \"%s/x\"",
		    text, kind_name(kind), kind_name(kind));
		return faults_none(job->faults, err);
	}
	item = view_find(job->view, kind, id, len);
	if (!item_is_live(item))
		return err_set(
		    err, ERR_NOT_FOUND, "there is no %s/%.*s", kind_name(kind), (int)len, id);
	*slot = item->slot;
	return true;
}

#define TEXT_MAX 500u

char *
customer_cut(struct arena *arena, const char *text)
{
	size_t len = strlen(text);

	if (len <= TEXT_MAX)
		return arena_strdup(arena, text);
	for (len = TEXT_MAX; ((unsigned char)text[len] & 0xc0) == 0x80; len--)
		;
	return arena_printf(arena, "%.*s\xe2\x80\xa6", (int)len, text);
}

char *
customer_ref(struct arena *arena, const struct index *ix, uint32_t slot)
{
	return reply_ref(arena, slot != SLOT_NONE ? ix->items[slot] : NULL);
}

char *
customer_title(struct arena *arena, const struct index *ix, uint32_t slot)
{
	return reply_title(arena, slot != SLOT_NONE ? ix->items[slot] : NULL);
}

bool
customer_refs(struct arena *arena, const struct index *ix, const struct slots *slots, size_t most,
    char ***list, size_t *count, uint32_t *more)
{
	size_t n = slots->count < most ? slots->count : most;

	*list = arena_array(arena, n + 1, sizeof **list);
	*count = 0;
	if (*list == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		(*list)[i] = customer_ref(arena, ix, slots->list[i]);
		if ((*list)[i] == NULL)
			return false;
	}
	*count = n;
	if (more != NULL)
		*more = (uint32_t)(slots->count - n);
	return true;
}

bool
customer_holes(struct arena *arena, unsigned holes, Plumb__V1__Hole **list, size_t *count)
{
	*list = arena_array(arena, HOLES_END, sizeof **list);
	*count = 0;
	if (*list == NULL)
		return false;
	for (unsigned i = 1; i < HOLES_END; i++) {
		if ((holes & 1u << i) != 0)
			(*list)[(*count)++] = (Plumb__V1__Hole)i;
	}
	return true;
}

bool
customer_loose(
    struct arena *arena, const struct index *ix, char ***list, size_t *count, uint32_t *more)
{
	struct slots loose = {0};
	uint32_t n;
	const uint32_t *steps = index_kind(ix, KIND_STEP, &n);
	bool ok = true;

	for (uint32_t i = 0; ok && i < n; i++)
		ok = journeys_journey_of(ix, steps[i]) != SLOT_NONE || slots_add(&loose, steps[i]);
	slots_by_name(ix, &loose);
	ok = ok && customer_refs(arena, ix, &loose, LIMIT_JOURNEY_LIST, list, count, more);
	slots_fini(&loose);
	return ok;
}
