#include "server/rpc/own.h"

#include <stdio.h>
#include <string.h>

#include "server/limits.h"
#include "server/plan/belong.h"
#include "server/plan/kinds.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/rpc.h"

#define PREFIX "person/"

const char *
own_person(const struct caller *caller)
{
	enum kind kind;
	const char *id;
	size_t len;

	/* "uid:0 as person/anna" is somebody else, who says so. */
	if (!caller->verified || strncmp(caller->name, PREFIX, sizeof PREFIX - 1) != 0 ||
	    !ref_parse(caller->name, KIND_NONE, &kind, &id, &len))
		return NULL;
	return caller->name;
}

void
own_init(struct own *own, const struct plan *plan, const struct caller *caller)
{
	const char *name = own_person(caller);
	const struct item *person = NULL;

	memset(own, 0, sizeof *own);
	own->plan = plan;
	own->person = SLOT_NONE;
	if (name != NULL)
		person = plan_find(
		    plan, KIND_PERSON, name + sizeof PREFIX - 1, strlen(name) - sizeof PREFIX + 1);
	if (item_is_live(person))
		own->person = person->slot;
}

static const struct item *
live(const struct own *own, uint32_t slot)
{
	const struct item *item = view_item(plan_now(own->plan), slot);

	return item_is_live(item) ? item : NULL;
}

static bool
points_at(const struct item *item, enum role role, uint32_t slot)
{
	for (uint32_t i = 0; i < item->refs_count; i++) {
		if (item->refs[i].role == role && item->refs[i].slot == slot)
			return true;
	}
	return false;
}

/* Its lead, its members, and who names it as their team. */
static bool
is_in_team(struct own *own, const struct item *team)
{
	struct own_seen *seen = &own->teams[team->slot % OWN_TEAMS];

	if (seen->slot_and_one == team->slot + 1)
		return seen->is_own;
	seen->slot_and_one = team->slot + 1;
	seen->is_own = points_at(team, ROLE_LEAD, own->person) ||
		       points_at(team, ROLE_MEMBER, own->person) ||
		       points_at(live(own, own->person), ROLE_TEAM, team->slot);
	return seen->is_own;
}

static bool
is_owner(struct own *own, uint32_t slot)
{
	const struct item *owner = live(own, slot);

	if (slot == own->person || owner == NULL)
		return slot == own->person;
	return owner->kind == KIND_TEAM && is_in_team(own, owner);
}

static bool
is_named(struct own *own, const struct item *item)
{
	struct own_seen *seen = &own->items[item->slot % OWN_ITEMS];
	bool is_own = false;

	if (seen->slot_and_one == item->slot + 1)
		return seen->is_own;
	for (uint32_t i = 0; i < item->refs_count && !is_own; i++)
		is_own = item->refs[i].role == ROLE_OWNER && is_owner(own, item->refs[i].slot);
	seen->slot_and_one = item->slot + 1;
	seen->is_own = is_own;
	return is_own;
}

/* The live entry that it belongs to, or NULL. */
static const struct item *
above(const struct own *own, const struct item *item)
{
	uint32_t slot = belong_above(item);

	return slot != SLOT_NONE ? live(own, slot) : NULL;
}

bool
own_has(struct own *own, const struct item *item)
{
	if (own->person == SLOT_NONE)
		return false;
	for (unsigned depth = 0; item != NULL && depth <= LIMIT_DEPTH; depth++) {
		if (is_named(own, item))
			return true;
		item = above(own, item);
	}
	return false;
}

bool
own_speaks_for(struct own *own, const struct item *who)
{
	if (own->person == SLOT_NONE || !item_is_live(who))
		return false;
	if (who->kind == KIND_TEAM)
		return points_at(who, ROLE_LEAD, own->person) || is_named(own, who);
	return who->slot == own->person;
}

void
own_say(const struct own *own, const struct item *item, char *buf, size_t size)
{
	const struct view *now = plan_now(own->plan);
	const struct item *at = item;
	char ref[REF_TEXT_LEN], owner[REF_TEXT_LEN];

	for (unsigned depth = 0; at != NULL && depth <= LIMIT_DEPTH; depth++) {
		const struct ref *named = item_ref(at, ROLE_OWNER);

		if (named == NULL) {
			at = above(own, at);
			continue;
		}
		ref_format(view_item(now, named->slot), owner);
		ref_format(at, ref);
		if (at == item)
			snprintf(buf, size, "it is owned by %s", owner);
		else
			snprintf(buf, size, "it belongs to %s, which is owned by %s", ref, owner);
		return;
	}
	snprintf(buf, size, "nobody owns it");
}
