/*
 * Who made the plan drift: one pass over the log since then, in which the fields that are different now are looked at each time their
 * item is put. Nothing is folded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/scenario.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/drift.h"

#define NOBODY UINT32_MAX

/* What a name stands for while the log is read: a table with open addressing. A rename moves an item to another name. */
struct name {
	enum kind kind; /* KIND_NONE: free */
	uint32_t item;  /* NOBODY: none that is looked for */
	size_t len;
	const char *id; /* not NUL-terminated */
};

struct reader {
	const struct drift_log *log;
	struct name *names;
	size_t size; /* a power of two, more than twice count */
	size_t count;
	struct drift_item **arrivals; /* added and removed, by revision */
	size_t arrivals_count;
	size_t arrived;
	struct arena *scratch; /* of one change set */
	const char *scenario;  /* whose change sets are read; "" the plan's */
	const struct store_entry *entry;
	const Plumb__V1__ChangeSet *set;
	struct drift_set *kept; /* of this entry; NULL as long as nobody needs it */
	bool failed;
	struct err *err;
};

/* ---- names */

static size_t
hash(enum kind kind, const char *id, size_t len)
{
	uint64_t h = UINT64_C(14695981039346656037) ^ (uint64_t)kind; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)id[i]) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

/* Where the name stands, or would. */
static struct name *
name_at(struct name *names, size_t size, enum kind kind, const char *id, size_t len)
{
	size_t at = hash(kind, id, len) & (size - 1);

	while (names[at].kind != KIND_NONE && (names[at].kind != kind || names[at].len != len ||
						  memcmp(names[at].id, id, len) != 0))
		at = (at + 1) & (size - 1);
	return &names[at];
}

static bool
names_grow(struct reader *r)
{
	size_t size = r->size == 0 ? 256 : 2 * r->size;
	struct name *names = calloc(size, sizeof *names);

	if (names == NULL)
		return false;
	for (size_t i = 0; i < r->size; i++) {
		const struct name *name = &r->names[i];

		if (name->kind != KIND_NONE)
			*name_at(names, size, name->kind, name->id, name->len) = *name;
	}
	free(r->names);
	r->names = names;
	r->size = size;
	return true;
}

/* The id must last as long as the table. */
static bool
name_set(struct reader *r, enum kind kind, const char *id, size_t len, uint32_t item)
{
	struct name *name;

	if (2 * (r->count + 1) >= r->size && !names_grow(r))
		return false;
	name = name_at(r->names, r->size, kind, id, len);
	r->count += name->kind == KIND_NONE;
	*name = (struct name){kind, item, len, name->kind == KIND_NONE ? id : name->id};
	return true;
}

static struct drift_item *
find(const struct reader *r, enum kind kind, const char *id, size_t len)
{
	const struct name *name = name_at(r->names, r->size, kind, id, len);

	if (name->kind == KIND_NONE || name->item == NOBODY)
		return NULL;
	return &r->log->items[name->item];
}

/* ---- steps */

static void
out_of_memory(struct reader *r)
{
	if (!r->failed)
		err_oom(r->err);
	r->failed = true;
}

static const struct drift_set *
keep_set(struct reader *r)
{
	struct arena *arena = r->log->arena;
	struct drift_set *set = r->kept;

	if (set != NULL)
		return set;
	set = arena_alloc(arena, sizeof *set);
	if (set == NULL)
		return NULL;
	*set = (struct drift_set){
	    .revision = r->entry->revision,
	    .time_us = r->entry->time_us,
	    .by = arena_strdup(arena, r->entry->author),
	    .reason = arena_strdup(arena, r->set->reason),
	    .scenario = r->scenario,
	};
	if (set->by == NULL || set->reason == NULL)
		return NULL;
	return r->kept = set;
}

static void
add_step(struct reader *r, struct drift_change *change, const char *from, const char *to)
{
	const struct drift_set *set = keep_set(r);
	struct drift_step *step = change->newest;

	if (set == NULL) {
		out_of_memory(r);
		return;
	}
	/* One change set may touch an item twice. */
	if (step != NULL && step->set == set) {
		step->to = to;
		return;
	}
	if (step == NULL || r->log->all) {
		step = arena_alloc(r->log->arena, sizeof *step);
		if (step == NULL) {
			out_of_memory(r);
			return;
		}
		step->before = change->newest;
		change->newest = step;
	}
	step->set = set;
	step->from = from;
	step->to = to;
	change->steps++;
}

static const char *
fact_text(const struct drift_facts *facts, const struct drift_change *change)
{
	size_t low = 0;
	size_t high = facts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = drift_fact_compare(change->row, change->key, &facts->list[middle]);

		if (c == 0)
			return facts->list[middle].text;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return "";
}

/* The same text as what the scenario found: it left the field alone, whatever the plan has there since. */
static bool
is_left_alone(const Plumb__V1__Put *put, const struct drift_facts *before,
    const struct drift_change *change, const char *text)
{
	return put->before != NULL && strcmp(fact_text(before, change), text) == 0;
}

static void
on_put(struct reader *r, const Plumb__V1__Put *put)
{
	const Plumb__V1__Item *message = put->item;
	struct drift_item *item =
	    find(r, codec_item_kind(&message->base), message->id, strlen(message->id));
	struct drift_facts facts, before = {0};

	if (item == NULL)
		return;
	if (!drift_facts_of(&message->base, NULL, r->log->names, r->scratch, &facts) ||
	    (put->before != NULL &&
		!drift_facts_of(&put->before->base, NULL, r->log->names, r->scratch, &before))) {
		out_of_memory(r);
		return;
	}
	for (size_t i = 0; i < item->count && !r->failed; i++) {
		struct drift_change *change = &item->changes[i];
		const char *text;

		if (change->what == DRIFT_ADDED && r->scenario[0] != '\0' && change->steps == 0)
			add_step(r, change, change->from, change->to);
		if (change->what != DRIFT_FIELD)
			continue;
		text = fact_text(&facts, change);
		if (strcmp(text, change->last) == 0 || is_left_alone(put, &before, change, text))
			continue;
		text = arena_strdup(r->log->arena, text);
		if (text == NULL) {
			out_of_memory(r);
			return;
		}
		add_step(r, change, change->last, text);
		change->last = text;
	}
}

/* For ranks and removals. */
static void
on_named(struct reader *r, const char *ref, enum kind bare, enum drift_what what)
{
	struct drift_item *item = NULL;
	enum kind kind;
	const char *id;
	size_t len;

	if (ref_parse(ref, bare, &kind, &id, &len))
		item = find(r, kind, id, len);
	for (size_t i = 0; item != NULL && i < item->count; i++) {
		if (item->changes[i].what == what)
			add_step(r, &item->changes[i], "", "");
	}
}

static void
on_rename(struct reader *r, const Plumb__V1__Rename *rename)
{
	const struct name *name;
	enum kind kind;
	const char *id;
	uint32_t item;
	size_t len;

	if (!ref_parse(rename->ref, KIND_NONE, &kind, &id, &len))
		return;
	name = name_at(r->names, r->size, kind, id, len);
	if (name->kind == KIND_NONE || name->item == NOBODY)
		return;
	item = name->item;
	id = arena_strdup(r->log->arena, rename->id);
	if (id == NULL || !name_set(r, kind, name->id, name->len, NOBODY) ||
	    !name_set(r, kind, id, strlen(id), item))
		out_of_memory(r);
}

static void
on_change(struct reader *r, const Plumb__V1__Change *change)
{
	switch (change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_PUT:
		if (change->put->item != NULL)
			on_put(r, change->put);
		break;
	case PLUMB__V1__CHANGE__CHANGE_RENAME:
		on_rename(r, change->rename);
		break;
	case PLUMB__V1__CHANGE__CHANGE_PLACE:
		if (change->place->ranking[0] == '\0')
			on_named(r, change->place->item, KIND_INITIATIVE, DRIFT_RANK);
		break;
	case PLUMB__V1__CHANGE__CHANGE_REMOVE:
		if (r->scenario[0] != '\0')
			on_named(r, change->remove->ref, KIND_NONE, DRIFT_REMOVED);
		break;
	default:
		break;
	}
}

/* The plan itself says at which revision an item came or went: with whatever it belonged to, too. */
static void
take_arrivals(struct reader *r)
{
	while (r->arrived < r->arrivals_count && !r->failed &&
	       r->arrivals[r->arrived]->revision <= r->entry->revision) {
		struct drift_item *item = r->arrivals[r->arrived++];

		if (item->revision == r->entry->revision)
			add_step(r, &item->changes[0], item->changes[0].from, item->changes[0].to);
	}
}

static bool
read_set(struct reader *r, const struct store_entry *entry)
{
	arena_reset(r->scratch);
	r->entry = entry;
	r->kept = NULL;
	r->set = (const Plumb__V1__ChangeSet *)pb_decode(&plumb__v1__change_set__descriptor,
	    entry->body, entry->body_len, false, r->scratch, r->err);
	if (r->set == NULL)
		return false;
	/* In the log of others' scenarios: not the plan. */
	if (r->scenario[0] == '\0' && r->set->scenario[0] != '\0')
		return true;
	if (r->scenario[0] == '\0')
		take_arrivals(r);
	for (size_t i = 0; i < r->set->n_changes && !r->failed; i++)
		on_change(r, r->set->changes[i]);
	return !r->failed;
}

static bool
on_entry(void *arg, const struct store_entry *entry)
{
	struct reader *r = arg;
	const struct drift_log *log = r->log;

	if (log->report(log->arg,
		(double)(entry->revision - log->from) / (double)(log->to - log->from + 1)))
		r->failed = !err_set(r->err, ERR_CANCELLED, "cancelled");
	else if (!read_set(r, entry))
		r->failed = true;
	return !r->failed;
}

/* A scenario's own change sets, which lie in its entry. */
static bool
read_scenario(struct reader *r)
{
	const char *id = r->log->scenario;
	const struct item *scenario = view_find(r->log->names, KIND_SCENARIO, id, strlen(id));
	struct scenario_set set;
	size_t at = 0;

	r->scenario = id;
	while (item_is_live(scenario) && scenario_next(scenario, &at, &set)) {
		char author[STORE_NAME_MAX + 1];
		struct store_entry entry = {
		    .revision = set.revision,
		    .time_us = set.time_us,
		    .author = author,
		    .body = set.body,
		    .body_len = set.body_len,
		};

		snprintf(author, sizeof author, "%.*s", (int)set.author_len, set.author);
		if (!read_set(r, &entry))
			return false;
	}
	return true;
}

/* ---- all of it */

static int
by_revision(const void *a, const void *b)
{
	const struct drift_item *x = *(struct drift_item *const *)a;
	const struct drift_item *y = *(struct drift_item *const *)b;

	return x->revision < y->revision ? -1 : x->revision > y->revision;
}

static bool
list_items(struct reader *r)
{
	const struct drift_log *log = r->log;

	r->arrivals = calloc(log->count + 1, sizeof *r->arrivals);
	if (r->arrivals == NULL || !names_grow(r))
		return false;
	for (size_t i = 0; i < log->count; i++) {
		struct drift_item *item = &log->items[i];
		const struct item *then = item->old != NULL ? item->old : item->now;

		for (size_t c = 0; c < item->count; c++)
			item->changes[c].last = item->changes[c].from;
		if (item->old == NULL || item->now == NULL)
			r->arrivals[r->arrivals_count++] = item;
		/* An added one is looked for by name in a scenario's sets only. */
		if ((item->old != NULL || log->scenario[0] != '\0') &&
		    !name_set(r, (enum kind)then->kind, item_id(then), then->id_len, (uint32_t)i))
			return false;
	}
	qsort(r->arrivals, r->arrivals_count, sizeof *r->arrivals, by_revision);
	return true;
}

bool
drift_log_read(const struct drift_log *log, struct err *err)
{
	struct reader r = {.log = log, .scenario = "", .err = err};
	bool ok = false;

	if (log->count == 0)
		return true;
	r.scratch = arena_new(LIMIT_CALL_ARENA);
	if (r.scratch == NULL || !list_items(&r)) {
		err_oom(err);
		goto out;
	}
	ok = log->from == log->to || (store_read(log->daemon->store, log->workspace, log->from + 1,
					  log->to, on_entry, &r, err) &&
					 !r.failed);
	ok = ok && (log->scenario[0] == '\0' || read_scenario(&r));
out:
	free(r.names);
	free(r.arrivals);
	arena_free(r.scratch);
	return ok;
}
