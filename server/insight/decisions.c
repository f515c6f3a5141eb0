#include "server/insight/decisions.h"

#include <stdlib.h>

static bool
is_in_team(const struct index *ix, uint32_t team, uint32_t person)
{
	return index_has_target(ix, team, ROLE_LEAD, person) ||
	       index_has_target(ix, team, ROLE_MEMBER, person) ||
	       index_target(ix, person, ROLE_TEAM) == team;
}

/* Items may be owned by a team: then its lead answers for them. */
static bool
owns(const struct index *ix, uint32_t item, uint32_t person)
{
	struct edges out = index_out(ix, item);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t owner = out.list[i].slot;

		if (out.list[i].role == ROLE_OWNER &&
		    (owner == person || (ix->kinds[owner] == KIND_TEAM &&
					    index_target(ix, owner, ROLE_LEAD) == person)))
			return true;
	}
	return false;
}

bool
decision_affects(const struct index *ix, uint32_t decision, uint32_t person)
{
	struct edges out = index_out(ix, decision);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot;

		if (out.list[i].role != ROLE_AFFECTS || !index_is(ix, to, STANDING_LIVE))
			continue;
		if (to == person || (ix->kinds[to] == KIND_TEAM && is_in_team(ix, to, person)) ||
		    owns(ix, to, person))
			return true;
	}
	return false;
}

uint8_t *
decisions_read(const struct index *ix, uint32_t person)
{
	uint8_t *marks = calloc((size_t)ix->slots + 1, 1);
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_ACKNOWLEDGEMENT, &count);

	for (uint32_t i = 0; i < count && marks != NULL; i++) {
		uint32_t about = index_target(ix, slots[i], ROLE_ABOUT);

		if (about != SLOT_NONE && ix->kinds[about] == KIND_DECISION &&
		    index_target(ix, slots[i], ROLE_BY) == person &&
		    ix->items[slots[i]]->start <= ix->today)
			marks[about] = 1;
	}
	return marks;
}
