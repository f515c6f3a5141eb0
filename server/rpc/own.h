/*
 * What of a plan is a caller's own (docs/SECURITY.md, "Who may do what").
 *
 * Somebody's own is what names them, or a team that they lead or are a member of, among its owners, and whatever belongs
 * to that. A reviewer, a manager and whoever executes work own nothing by it. The plan's thread only.
 */
#ifndef SERVER_RPC_OWN_H
#define SERVER_RPC_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/plan/item.h"

struct caller;
struct plan;

#define OWN_TEAMS 64u
#define OWN_ITEMS 256u

/* What was found out, by slot: one change set asks again and again about the same few parents. */
struct own_seen {
	uint32_t slot_and_one; /* 0: none */
	bool is_own;
};

struct own {
	const struct plan *plan;
	uint32_t
	    person; /* slot; SLOT_NONE: the caller is no person of the plan, and owns nothing */
	struct own_seen teams[OWN_TEAMS];
	struct own_seen items[OWN_ITEMS];
};

/* Only who is known for certain is somebody: a name that is only claimed owns nothing. */
void own_init(struct own *own, const struct plan *plan, const struct caller *caller);
/* Is the entry theirs, or part of what is? */
bool own_has(struct own *own, const struct item *item);
/* Do they answer for the team (as its lead or owner), or are they that person? NULL: no. */
bool own_speaks_for(struct own *own, const struct item *who);
/* "it is owned by person/bob", "it belongs to initiative/x, which is owned by …", "nobody owns it" */
void own_say(const struct own *own, const struct item *item, char *buf, size_t size);
/* The person that a caller is for certain, "person/anna"; NULL: none. */
const char *own_person(const struct caller *caller);

#endif
