/* What comparing and applying a plan share. */
#ifndef CLIENT_PLANFILE_APPLY_INTERNAL_H
#define CLIENT_PLANFILE_APPLY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/planfile.h"
#include "client/planfile_apply.h"
#include "client/planfile_kinds.h"
#include "client/rpc_client.h"
#include "common/str.h"
#include "plumb/v1/plan.pb-c.h"

struct arena;
struct past;
struct refmap;

/* One entry as the daemon has it, and as it will have it after the change sets worked out so far. */
struct there {
	const char *ref;
	const struct planfile_kind *kind;
	ProtobufCMessage *now;  /* NULL: not there */
	ProtobufCMessage *base; /* as the source last applied it; NULL never */
	uint64_t revision;      /* of now; after a change set was sent, its revision */
	uint64_t source_revision;
	const char *source; /* "" none */
	const char *updated_by;
	bool searched; /* for a base, in its history */
	bool claimed;  /* put by a change set of this run */
};

/* A change and what it came from. */
struct planned {
	Plumb__V1__Change *change;
	const struct planfile_entry *entry; /* NULL: a place or a removal */
	struct planfile_place place;
	struct there *there; /* whose revision is expected; NULL none */
};

struct planned_set {
	const char *effective; /* "" now */
	const char *reason;
	struct planned *list;
	size_t count;
	size_t cap;
};

struct planfile_changes {
	struct planfile *plan;
	struct rpc_client *client;
	struct planfile_options options;
	struct arena *arena;
	struct rpc_status status;
	const Plumb__V1__ApplyReply *tried; /* the reply to a dry run */
	struct refmap *there;               /* ref -> struct there */
	struct there **list;                /* the same, in order of the daemon's export */
	size_t count;
	size_t cap;
	const Plumb__V1__RankingList **rankings;
	const char **ranking_refs;
	size_t rankings_count;
	unsigned lookups;   /* in the history, that found something */
	struct past *past;  /* revisions that were fetched for bases */
	bool source_known;  /* this source has put something there before */
	const char *newest; /* effective time of the newest change set; "" none */
	struct planned_set *sets;
	size_t sets_count;
	struct str text; /* the difference, line by line; its first character says what it is */
	struct planfile_summary summary;
	bool oom;
};

/* planfile_there.c: what the daemon has. */
bool there_fetch(struct planfile_changes *c, struct err *err) MUST_CHECK;
struct there *there_find(const struct planfile_changes *c, const char *ref);
/* Made if it is not known. */
struct there *there_get(
    struct planfile_changes *c, const struct planfile_kind *kind, const char *ref);
/* Was the entry there once, and who removed it? NULL: no, or by this source itself. */
const char *there_removed_by(struct planfile_changes *c, const char *ref);
/* Looks for what this source applied in the entry's history, where the daemon no longer keeps it. */
void there_find_base(struct planfile_changes *c, struct there *there);
/* The ranking as it was when this source last changed it; NULL: it never did. */
const Plumb__V1__RankingList *there_ranking_base(
    struct planfile_changes *c, const char *ranking_ref);
/* The current one of a team ("" the workspace's); NULL none. *ref gets its name. */
const Plumb__V1__RankingList *there_ranking(
    const struct planfile_changes *c, const char *team, const char **ref);
/* Another ranking; both are borrowed. */
void there_add_ranking(
    struct planfile_changes *c, const Plumb__V1__RankingList *list, const char *ref);
/* planfile_compare.c */
bool changes_compare(struct planfile_changes *c, struct err *err) MUST_CHECK;

#endif
