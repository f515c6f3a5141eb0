/* What plan.c, change.c, codec.c, table.c, view.c and save.c share; nobody else includes it. */
#ifndef SERVER_PLAN_PLAN_INTERNAL_H
#define SERVER_PLAN_PLAN_INTERNAL_H

#include "common/arena.h"
#include "common/faults.h"
#include "server/plan/item.h"
#include "server/plan/kinds.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"

/* ---- the table: slots and the index of names, in pages that views share (table.c) ------------------ */

#define SLOTS_PER_PAGE 512u
#define BUCKET_ENTRIES 512u
#define BUCKET_FULL    448u

/* gen: of the plan when the page was made; a page older than the newest view is copied before a write. */
#define GEN_PRIVATE UINT64_MAX /* a settled view's own copy */

struct slot_page {
	uint64_t gen;
	const struct item *items[SLOTS_PER_PAGE];
};

/* One page of the extendible hash table; entries are (hash >> 32) << 32 | slot + 1, 0 empty. */
struct bucket {
	uint64_t gen;
	uint32_t depth; /* bits of the directory that lead here */
	uint32_t count;
	uint64_t entries[BUCKET_ENTRIES];
};

/* A slot of what is not yet durable when a view is taken, and the version that the view shows in it. */
struct hidden {
	uint32_t slot;
	const struct item *old;
};

struct view {
	struct slot_page **pages;
	size_t pages_count;
	size_t pages_cap;
	struct bucket **directory; /* 1 << directory_bits pointers */
	unsigned directory_bits;
	uint32_t slots;
	uint32_t texts_count;
	char **texts; /* [0] is "" */
	uint64_t hash_key[2];
	uint64_t revision;
	int64_t time_us;
	/* of views only */
	uint64_t gen;
	struct hidden *hidden;
	size_t hidden_count;
	char **own_texts; /* NULL: shares the plan's */
	struct view *older;
	struct view *newer;
};

/* Where references to a slot come from; the plan's thread only. */
struct edge {
	uint32_t from; /* slot of the holder */
	uint32_t next;
	uint32_t prev; /* edge, or EDGE_NONE: first of the target's list */
};
#define EDGE_NONE UINT32_MAX

struct slot_private {
	uint32_t first_in; /* edges that come in */
	uint32_t out;      /* run of edges of the current version */
};

/* Runs of edges are handed out in sizes 1..16, then powers of two; freed runs are kept by size. */
#define RUN_CLASSES 44u

struct retired {
	void *p;
	uint64_t gen; /* views older than this may still see it */
};

struct plan {
	struct view now;
	uint64_t gen; /* moves on with every view taken */
	uint64_t durable;
	struct view *oldest_view;
	struct view *newest_view;
	struct slot_private *private;
	size_t private_cap;
	struct edge *edges;
	uint32_t edges_used;
	uint32_t edges_cap;
	uint32_t runs[RUN_CLASSES];
	struct retired *retired; /* ring */
	size_t retired_at;
	size_t retired_count;
	size_t retired_cap;
	size_t
	    promised; /* how many more settling or undoing what is not durable retires, at most */
	uint32_t *text_index; /* open addressing, text + 1 */
	size_t text_index_cap;
	size_t texts_cap;
	uint32_t *rankings; /* slots of all ranking entries */
	size_t rankings_count;
	size_t rankings_cap;
	uint32_t live_items; /* neither records nor removed */
	uint32_t live_records;
	uint32_t live_scenarios;
	struct patch *oldest_patch;
	struct patch *newest_patch;
};

struct patch {
	struct plan *plan;
	struct patch *older;
	struct patch *newer;
	struct stamp stamp;
	uint64_t revision_before;
	int64_t time_before;
	uint32_t slots_before;
	uint32_t texts_before;
	struct patch_op *ops;
	size_t ops_count;
	size_t ops_cap;
	size_t changes_count;
	size_t promised;     /* its part of plan->promised */
	uint32_t first_op[]; /* per change */
};

bool table_init(struct plan *plan);
void table_fini(struct plan *plan);
/* The slot of a name, made (with an absent stub) where it is new; SLOT_NONE out of memory or at the limit. */
uint32_t table_slot(struct plan *plan, enum kind kind, const char *id, size_t id_len);
uint32_t view_slot(const struct view *view, enum kind kind, const char *id, size_t id_len);
/* Loading, first: that many names will come. */
bool table_expect(struct plan *plan, uint32_t slots);
/* Loading: the entry of the next slot; the plan's when true. Its references are linked when all entries are there. */
bool table_append(struct plan *plan, const struct item *item);
bool table_link(struct plan *plan, uint32_t slot);
/* Makes room for what table_put() needs: call first; false out of memory. */
bool table_reserve(struct plan *plan, uint32_t slot, const struct item *item);
/* Lays item into its slot and moves the references; returns what was there. Cannot fail after table_reserve(). */
const struct item *table_put(struct plan *plan, uint32_t slot, const struct item *item);
/* Drops the newest slots down to count; their names were made by what is being undone. */
void table_drop_slots(struct plan *plan, uint32_t count);
/* Frees p when no view can see it any more. Room for it was promised: undoing and settling need no memory. */
void table_retire(struct plan *plan, const void *p);
void table_sweep(struct plan *plan);
/* Makes room for all that was promised and more; before a view is taken, since without views nothing is kept. */
bool table_reserve_retired(struct plan *plan, size_t more);
uint32_t table_text(
    struct plan *plan, const char *text); /* UINT32_MAX out of memory or at the limit */
void table_drop_texts(struct plan *plan, uint32_t count);
/* The references of an item that have edges. */
uint32_t item_edges(const struct item *item);

/* Walks the holders of references to slot: start with first_in, then next. */
#define FOR_EDGES_IN(plan, slot, edge)                                                             \
	for (uint32_t edge = (plan)->private[slot].first_in; edge != EDGE_NONE;                    \
	     edge = (plan)->edges[edge].next)

/* ---- codec (codec.c) ------------------------------------------------------------------------------- */

/* Everything an entry's version is made of besides its message. */
struct version {
	uint32_t slot;
	enum kind kind;
	const char *id;
	uint64_t revision;
	uint64_t previous;
	uint64_t created_revision;
	int64_t created_us;
	int64_t updated_us;
	uint32_t created_by;
	uint32_t updated_by;
	uint32_t source;
	uint64_t source_revision;
	const uint8_t *last_applied; /* NULL: the source's version is this one */
	size_t last_applied_len;
	const uint8_t *sets; /* of a scenario */
	size_t sets_len;
	unsigned flags;
	const struct item *before; /* the live version that it follows; NULL: it begins */
};
/* A new version from a checked Item or Record, its references resolved; NULL with err. Heap; owned by the caller. */
struct item *codec_build(struct plan *plan, const ProtobufCMessage *message,
    const struct version *version, struct arena *arena, struct err *err);
/* A scenario with one more change set; its revision stays. NULL: out of memory. */
struct item *codec_add_set(const struct item *old, const uint8_t *set, size_t len);
/* A version without message: absent stub, tombstone, ranking. refs may be NULL. */
struct item *codec_build_bare(
    const struct version *version, const struct ref *refs, uint32_t refs_count);
/* Rewrites references to kind/from in the message to the new id; the texts come from arena. False: out of memory. */
bool codec_rename_refs(ProtobufCMessage *message, enum kind kind, const char *from, const char *to,
    struct arena *arena);
/* What a bare id in Record.about means. */
enum kind codec_about_bare(enum kind record);

/* ---- changes (change.c) ------------------------------------------------------------------------------ */

struct removal {
	uint32_t slot;
	uint32_t change;
};

/* The order of a ranking while a set changes it. */
struct ranking_draft {
	uint32_t slot;
	uint32_t count;
	uint32_t cap;
	struct ref *refs; /* owned */
	size_t op;        /* of the first change; stands in until the end */
};

struct apply {
	struct plan *plan;
	struct patch *patch;
	struct arena *arena;
	struct faults *faults;
	struct plan_conflict *conflict;
	bool conflicted;
	bool replay;
	bool overlay;          /* as stamp.overlay */
	enum err_code refused; /* the code where faults say it is not ERR_INVALID */
	struct err *err;
	bool oom;
	uint32_t author;         /* text */
	uint32_t source;         /* text, 0 none */
	struct removal *removed; /* without cascade: to be looked at in the end */
	size_t removed_count;
	size_t change; /* the one at hand */
	struct ranking_draft *drafts;
	size_t drafts_count;
};
/* Applies change i; faults go to apply->faults. */
void change_apply(struct apply *apply, const void *change);
/* What can only be seen when all changes are in: containment, removals that are still referred to. */
void change_check_end(struct apply *apply);
/* Records the operation; false out of memory (apply->oom is set, item is freed). */
bool patch_put(struct apply *apply, uint32_t slot, struct item *item);

/* apply->overlay: marks a version that a scenario lays over old. */
void patch_mark(const struct apply *apply, struct item *item, const struct item *old);

#endif
