/*
 * Who is on which initiatives, and when: leading (they own it) or executing (they own a part of it, are a member of it or
 * of a part, are allocated to it or needed for it). Parts count as their initiative, once.
 */
#ifndef SERVER_INSIGHT_LOAD_INVOLVED_H
#define SERVER_INSIGHT_LOAD_INVOLVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

/* On an initiative for a time, from today on. */
struct involvement {
	uint32_t initiative; /* or a workstream that is a part of none */
	int32_t from;        /* INT32_MIN always */
	int32_t to;          /* INT32_MAX always */
	bool leads;
};

/* Of one person after the other. */
struct involved {
	const struct index *ix;
	uint32_t *tops; /* by slot: what it is a part of, if that runs; worked out when asked for */
	struct involvement
	    *list; /* by initiative, then by time; times of one initiative lie apart */
	size_t count;
	size_t cap;
	int32_t *days;
	size_t days_cap;
};

/*
 * The index must have ROLE_OWNER, ROLE_MEMBER, ROLE_WHO and ROLE_NEED among its ways back. ERR_LIMIT. To be given back
 * with involved_fini() in any case.
 */
bool involved_init(struct involved *inv, const struct index *ix, struct err *err) MUST_CHECK;
void involved_fini(struct involved *inv);
/*
 * Fills the list with the running initiatives of a person. Work without a time, or that ends before it starts, counts as
 * at any time; what is late and still open goes on until today. ERR_LIMIT.
 */
bool involved_read(struct involved *inv, uint32_t person, struct err *err) MUST_CHECK;
/* How many different running initiatives a person is on, whenever: much faster, and an upper limit. ERR_LIMIT. */
bool involved_count(
    struct involved *inv, uint32_t person, size_t *count, struct err *err) MUST_CHECK;
/* The first day from today on with the most of them at a time; 0 none. ERR_LIMIT. */
bool involved_most(struct involved *inv, int32_t *day, size_t *most, struct err *err) MUST_CHECK;
/* The running initiative (or workstream of none) that work is, or is a part of; SLOT_NONE. */
uint32_t involved_top(struct involved *inv, uint32_t work);

static inline bool
involvement_has(const struct involvement *i, int32_t day)
{
	return i->from <= day && i->to >= day;
}

#endif
