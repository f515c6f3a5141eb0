/* plumb.v1.Insight.Drift: what has changed since a baseline, who changed it when and why. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/burnup.h"
#include "server/insight/check/index.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/drift.h"
#include "server/rpc/handlers.h"
#include "server/rpc/job_progress.h"
#include "server/rpc/jobs.h"
#include "server/rpc/ranks.h"
#include "server/rpc/rpc.h"
#include "server/rpc/workspace.h"

#define ASPECTS      7u
#define MESSAGE      100u /* items */
#define PEOPLE       20u
#define RENAMES_MAX  1000u
#define SCRATCH      ((size_t)24 << 20)
#define BELONGS      (2 * LIMIT_DEPTH)
#define ASPECT_SCOPE PLUMB__V1__DRIFT_CHANGE__ASPECT__SCOPE
#define ASPECT_RANKS PLUMB__V1__DRIFT_CHANGE__ASPECT__RANKS

enum work_status { WORK_STOPPED = 6 };

struct drift_call {
	const Plumb__V1__DriftRequest *request;
	const struct workspace *ws; /* for what never changes */
	struct view_job *job;
	struct job_progress progress;
	const struct view *then;
	const struct view *now;
	uint64_t from; /* revisions */
	uint64_t to;
	int32_t today;
	const char *scenario;
	bool wanted[ASPECTS];
	bool *chosen_then; /* by slot; NULL: all */
	bool *chosen_now;
	bool *told; /* by slot of now: was told of under its old name */
	struct drift_item *items;
	size_t count;
	size_t cap;
	size_t changes;
	uint32_t passed;
	struct arena *scratch;
	Plumb__V1__DriftSummary summary;
};

static bool
is_over(void *arg)
{
	return job_progress_is_over(&((const struct drift_call *)arg)->progress);
}

/* ---- which items */

/* Records and what runs the plan do not drift, nor do people: but for what fields of theirs are in the table. */
static bool
is_told_of(unsigned kind)
{
	return kind != KIND_RANKING && !kind_is_record(kind) && kind != KIND_CUSTOMER &&
	       (kind < KIND_BASELINE || kind > KIND_AUDIT_ANCHOR) && kind != KIND_SCENARIO;
}

/* Do its coming and going count? */
static bool
is_scope(unsigned kind)
{
	return is_told_of(kind) && (kind < KIND_PERSON || kind > KIND_CALENDAR);
}

static const struct item *
above(const struct view *view, const struct item *item)
{
	static const enum role roles[] = {ROLE_PART_OF, ROLE_PARENT, ROLE_IN, ROLE_INLINE_UNDER};

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		const struct item *up = view_ref(view, item, roles[i]);

		if (up != NULL)
			return up;
	}
	return NULL;
}

static bool
is_chosen(const struct view *view, const bool *chosen, const struct item *item)
{
	for (unsigned i = 0; item != NULL && i < BELONGS; i++) {
		if (chosen[item->slot])
			return true;
		item = above(view, item);
	}
	return false;
}

static bool
is_asked_about(const struct drift_call *dc, const struct item *old, const struct item *now)
{
	if (dc->chosen_now == NULL)
		return true;
	return (now != NULL && is_chosen(dc->now, dc->chosen_now, now)) ||
	       (old != NULL && is_chosen(dc->then, dc->chosen_then, old));
}

static const struct item *
successor(const struct drift_call *dc, const struct item *item)
{
	for (unsigned i = 0; item != NULL && (item->flags & ITEM_RENAMED) != 0 && i < RENAMES_MAX;
	     i++)
		item = view_item(dc->now, item->refs[0].slot);
	return item_is_live(item) ? item : NULL;
}

static bool
choose(struct drift_call *dc, const char *ref, size_t i, struct err *err)
{
	const struct item *then, *now;
	enum kind kind;
	const char *id;
	size_t len;
	char field[32];

	snprintf(field, sizeof field, "refs[%zu]", i);
	if (!ref_parse(ref, KIND_NONE, &kind, &id, &len) || !is_told_of(kind)) {
		faults_add(dc->job->faults, field,
		    "'%.100s' is nothing that drifts; name an item of the plan, for example "
		    "\"initiative/portal\"",
		    ref);
		return faults_none(dc->job->faults, err);
	}
	then = view_find(dc->then, kind, id, len);
	now = view_find(dc->now, kind, id, len);
	if (!item_is_live(then) && !item_is_live(now))
		return err_set(err, ERR_NOT_FOUND, "there is no %.150s, neither then nor now", ref);
	now = successor(dc, now);
	if (now != NULL)
		dc->chosen_now[now->slot] = true;
	if (item_is_live(then))
		dc->chosen_then[then->slot] = true;
	return true;
}

static bool
choose_all(struct drift_call *dc, struct err *err)
{
	const Plumb__V1__DriftRequest *request = dc->request;

	if (request->n_refs == 0)
		return true;
	dc->chosen_then = calloc((size_t)view_slots(dc->then) + 1, 1);
	dc->chosen_now = calloc((size_t)view_slots(dc->now) + 1, 1);
	if (dc->chosen_then == NULL || dc->chosen_now == NULL)
		return err_oom(err);
	for (size_t i = 0; i < request->n_refs; i++) {
		if (!choose(dc, request->refs[i], i, err))
			return false;
	}
	return true;
}

/* ---- what is different */

static struct drift_item *
add_item(struct drift_call *dc, const struct item *old, const struct item *now)
{
	struct drift_item item = {.old = old, .now = now};
	struct drift_item *list =
	    arena_append(dc->job->arena, dc->items, dc->count, &dc->cap, &item, 1, sizeof item);

	if (list == NULL)
		return NULL;
	dc->items = list;
	return &list[dc->count++];
}

static bool
add_change(struct drift_call *dc, struct drift_item *item, const struct drift_change *change,
    struct err *err)
{
	struct drift_change *list = arena_append(
	    dc->job->arena, item->changes, item->count, &item->cap, change, 1, sizeof *change);

	if (list == NULL)
		return err_oom(err);
	if (++dc->changes > LIMIT_DRIFT_CHANGES)
		return err_set(err, ERR_LIMIT,
		    "more than %u changes: name a baseline that lies closer, items or aspects",
		    LIMIT_DRIFT_CHANGES);
	item->changes = list;
	item->count++;
	return true;
}

static const char *
keep(struct drift_call *dc, const char *text)
{
	return text[0] != '\0' ? arena_strdup(dc->job->arena, text) : "";
}

/* One side may lack the fact. */
static bool
add_field(struct drift_call *dc, struct drift_item *item, const struct drift_fact *then,
    const struct drift_fact *now, struct err *err)
{
	const struct drift_fact *either = now != NULL ? now : then;
	struct drift_change change = {
	    .what = DRIFT_FIELD,
	    .aspect = either->row->aspect,
	    .row = either->row,
	    .key = keep(dc, either->key),
	    .from = then != NULL ? keep(dc, then->text) : "",
	    .to = now != NULL ? keep(dc, now->text) : "",
	    .from_number = then != NULL ? then->number : (double)NAN,
	    .to_number = now != NULL ? now->number : (double)NAN,
	    .part_of = "",
	};

	if (change.key == NULL || change.from == NULL || change.to == NULL)
		return err_oom(err);
	return add_change(dc, item, &change, err);
}

static bool
compare_facts(struct drift_call *dc, struct drift_item *item, const struct drift_facts *then,
    const struct drift_facts *now, struct err *err)
{
	size_t i = 0, j = 0;

	while (i < then->count || j < now->count) {
		const struct drift_fact *a = i < then->count ? &then->list[i] : NULL;
		const struct drift_fact *b = j < now->count ? &now->list[j] : NULL;
		int c = a == NULL ? 1 : b == NULL ? -1 : drift_fact_compare(a->row, a->key, b);

		if (c > 0)
			a = NULL;
		if (c < 0)
			b = NULL;
		i += a != NULL;
		j += b != NULL;
		if (a != NULL && b != NULL && strcmp(a->text, b->text) == 0)
			continue;
		if (dc->wanted[(a != NULL ? a : b)->row->aspect] && !add_field(dc, item, a, b, err))
			return false;
	}
	return true;
}

static bool
compare_versions(
    struct drift_call *dc, const struct item *old, const struct item *now, struct err *err)
{
	const ProtobufCMessage *before, *after;
	struct drift_facts then, here;
	struct drift_item *item;

	arena_reset(dc->scratch);
	before = codec_decode(old, dc->scratch);
	after = codec_decode(now, dc->scratch);
	if (before == NULL || after == NULL ||
	    !drift_facts_of(before, dc->then, dc->now, dc->scratch, &then) ||
	    !drift_facts_of(after, dc->now, dc->now, dc->scratch, &here))
		return err_oom(err);
	item = add_item(dc, old, now);
	if (item == NULL)
		return err_oom(err);
	if (!compare_facts(dc, item, &then, &here, err))
		return false;
	if (item->count == 0)
		dc->count--;
	return true;
}

static const char *
name_of(struct drift_call *dc, const struct item *item)
{
	char ref[REF_TEXT_LEN];

	if (item == NULL)
		return "";
	ref_format(item, ref);
	return arena_strdup(dc->job->arena, ref);
}

/* It came or went, and belongs to the plan's scope. */
static bool
add_whole(struct drift_call *dc, const struct item *old, const struct item *now, uint64_t revision,
    struct err *err)
{
	struct drift_change change = {
	    .what = now != NULL ? DRIFT_ADDED : DRIFT_REMOVED,
	    .aspect = ASPECT_SCOPE,
	    .key = "",
	    .from = now != NULL ? "" : "in the plan",
	    .to = now != NULL ? "in the plan" : "",
	    .from_number = (double)NAN,
	    .to_number = (double)NAN,
	    .part_of =
		now != NULL ? name_of(dc, above(dc->now, now)) : name_of(dc, above(dc->then, old)),
	};
	struct drift_item *item;

	if (!dc->wanted[ASPECT_SCOPE] || !is_scope(now != NULL ? now->kind : old->kind))
		return true;
	item = add_item(dc, old, now);
	if (item == NULL || change.part_of == NULL)
		return err_oom(err);
	item->revision = revision;
	dc->summary.added += now != NULL;
	dc->summary.removed += now == NULL;
	return add_change(dc, item, &change, err);
}

static const struct item *
find_then(const struct drift_call *dc, const struct item *now)
{
	const struct item *old =
	    view_find(dc->then, (enum kind)now->kind, item_id(now), now->id_len);

	return item_is_live(old) ? old : NULL;
}

/* What became of an entry of the newest plan that was touched since. */
static bool
look_at(struct drift_call *dc, const struct item *entry, struct err *err)
{
	const struct item *old = find_then(dc, entry);
	const struct item *now = successor(dc, entry);
	bool by_scenario = (entry->flags & ITEM_OVERLAY_NEW) != 0;

	/* Came by a rename: told of where its old name stands. */
	if (old == NULL && now != NULL &&
	    (now != entry || dc->told[now->slot] ||
		(!by_scenario && now->created_revision <= dc->from)))
		return true;
	if ((old == NULL && now == NULL) || !is_asked_about(dc, old, now))
		return true;
	if (now != NULL && dc->told[now->slot])
		return true;
	if (now != NULL)
		dc->told[now->slot] = true;
	if (old != NULL && now != NULL)
		return compare_versions(dc, old, now, err);
	return add_whole(dc, old, now, now != NULL ? now->created_revision : entry->revision, err);
}

/* First what has another name now, so that nothing is told of twice. */
static bool
gather(struct drift_call *dc, bool renamed, struct err *err)
{
	uint32_t slots = view_slots(dc->now);

	for (uint32_t s = 0; s < slots; s++) {
		const struct item *item = view_item(dc->now, s);

		if (s % 1024 == 0 && is_over(dc))
			return err_set(err, ERR_CANCELLED, "cancelled");
		if (item == NULL || (item->flags & ITEM_ABSENT) != 0 || !is_told_of(item->kind) ||
		    ((item->flags & ITEM_RENAMED) != 0) != renamed ||
		    (item->revision <= dc->from && (item->flags & ITEM_OVERLAID) == 0))
			continue;
		if (!look_at(dc, item, err))
			return false;
	}
	return true;
}

/* ---- ranks */

static const char *
rank_text(struct drift_call *dc, uint32_t rank)
{
	return rank == 0 ? "" : arena_printf(dc->job->arena, "%u", rank);
}

struct moved {
	const struct item *old;
	const struct item *now;
	uint32_t from;
	uint32_t to;
};

static bool
add_rank(struct drift_call *dc, struct drift_item *item, const struct moved *moved, struct err *err)
{
	struct drift_change change = {
	    .what = DRIFT_RANK,
	    .aspect = ASPECT_RANKS,
	    .key = "",
	    .from = rank_text(dc, moved->from),
	    .to = rank_text(dc, moved->to),
	    .from_number = moved->from != 0 ? moved->from : (double)NAN,
	    .to_number = moved->to != 0 ? moved->to : (double)NAN,
	    .part_of = "",
	};

	if (change.from == NULL || change.to == NULL)
		return err_oom(err);
	return add_change(dc, item, &change, err);
}

static const struct item *
ranking_of(const struct view *view)
{
	const struct item *ranking = view_find(view, KIND_RANKING, "workspace", 9);

	return item_is_live(ranking) ? ranking : NULL;
}

/* 0: item_of has an entry for it; else to be made. */
static bool
rank_one(struct drift_call *dc, const struct moved *moved, uint32_t *item_of, struct err *err)
{
	struct drift_item *item;

	if (moved->from == moved->to || !is_asked_about(dc, moved->old, moved->now))
		return true;
	if (item_of[moved->now->slot] != 0)
		return add_rank(dc, &dc->items[item_of[moved->now->slot] - 1], moved, err);
	item = add_item(dc, moved->old, moved->now);
	return item != NULL ? add_rank(dc, item, moved, err) : err_oom(err);
}

/* Of initiatives that were there then and are now. */
static bool
compare_ranks(struct drift_call *dc, uint32_t *item_of, struct err *err)
{
	const struct item *then = ranking_of(dc->then);
	const struct item *now = ranking_of(dc->now);
	struct ranks *before = ranks_new(dc->then, dc->job->arena);
	struct ranks *after = ranks_new(dc->now, dc->job->arena);

	if (before == NULL || after == NULL)
		return err_oom(err);
	for (uint32_t i = 0; then != NULL && i < then->refs_count; i++) {
		struct moved moved = {.old = view_item(dc->then, then->refs[i].slot)};

		if (!item_is_live(moved.old))
			continue;
		moved.now = successor(
		    dc, view_find(dc->now, KIND_INITIATIVE, item_id(moved.old), moved.old->id_len));
		if (moved.now == NULL)
			continue;
		moved.from = ranks_of(before, moved.old);
		moved.to = ranks_of(after, moved.now);
		if (!rank_one(dc, &moved, item_of, err))
			return false;
	}
	/* Those that had none. */
	for (uint32_t i = 0; now != NULL && i < now->refs_count; i++) {
		struct moved moved = {.now = view_item(dc->now, now->refs[i].slot)};

		moved.old = item_is_live(moved.now) ? find_then(dc, moved.now) : NULL;
		if (moved.old == NULL || ranks_of(before, moved.old) != 0)
			continue;
		moved.to = ranks_of(after, moved.now);
		if (!rank_one(dc, &moved, item_of, err))
			return false;
	}
	return true;
}

static bool
gather_ranks(struct drift_call *dc, struct err *err)
{
	const struct item *now = ranking_of(dc->now);
	uint32_t *item_of;
	bool ok;

	if (!dc->wanted[ASPECT_RANKS] ||
	    (now != NULL && now->revision <= dc->from && (now->flags & ITEM_OVERLAID) == 0))
		return true;
	item_of = calloc((size_t)view_slots(dc->now) + 1, sizeof *item_of);
	if (item_of == NULL)
		return err_oom(err);
	for (size_t i = 0; i < dc->count; i++) {
		if (dc->items[i].now != NULL)
			item_of[dc->items[i].now->slot] = (uint32_t)i + 1;
	}
	ok = compare_ranks(dc, item_of, err);
	free(item_of);
	return ok;
}

/* ---- totals */

static int32_t
end_of(const struct index *ix, const struct item *item)
{
	return item->finish != DATE_NONE ? item->finish : index_periods_end(ix, item->slot);
}

static int64_t
effort_in(const struct drift_call *dc, const struct index *ix, const bool *chosen)
{
	uint32_t count;
	const uint32_t *list = index_kind(ix, KIND_INITIATIVE, &count);
	int64_t sum = 0;

	(void)dc;
	for (uint32_t i = 0; i < count; i++) {
		const struct item *item = ix->items[list[i]];
		int64_t effort;

		if (item->status == WORK_STOPPED ||
		    (chosen != NULL && !is_chosen(ix->view, chosen, item)))
			continue;
		effort = burnup_effort(ix, list[i]);
		if (effort > 0 && __builtin_add_overflow(sum, effort, &sum))
			sum = INT64_MAX;
	}
	return sum;
}

/* How far the ends of initiatives moved. */
static void
sum_ends(struct drift_call *dc, const struct index *then, const struct index *now)
{
	Plumb__V1__DriftSummary *summary = &dc->summary;
	uint32_t count;
	const uint32_t *list = index_kind(then, KIND_INITIATIVE, &count);
	int64_t days = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct item *old = then->items[list[i]];
		const struct item *item =
		    successor(dc, view_find(dc->now, KIND_INITIATIVE, item_id(old), old->id_len));
		int32_t before, after;

		if (item == NULL || old->status == WORK_STOPPED || item->status == WORK_STOPPED ||
		    !is_asked_about(dc, old, item))
			continue;
		before = end_of(then, old);
		after = end_of(now, item);
		if (before == DATE_NONE || after == DATE_NONE || before == after)
			continue;
		summary->ends_later += after > before;
		summary->ends_earlier += after < before;
		days += (int64_t)after - before;
	}
	if (summary->ends_later + summary->ends_earlier > 0) {
		summary->mean_days__case = PLUMB__V1__DRIFT_SUMMARY__MEAN_DAYS__MEAN_DAYS;
		summary->mean_days = (double)days / (summary->ends_later + summary->ends_earlier);
	}
}

static bool
sum_up(struct drift_call *dc, struct err *err)
{
	struct index then, now;
	bool ok = false;

	if (!index_init(&then, dc->then, dc->today, ROLE_BIT(ROLE_PART_OF), is_over, dc, err))
		return false;
	if (index_init(&now, dc->now, dc->today, ROLE_BIT(ROLE_PART_OF), is_over, dc, err)) {
		dc->summary.effort_from = effort_in(dc, &then, dc->chosen_then);
		dc->summary.effort_to = effort_in(dc, &now, dc->chosen_now);
		sum_ends(dc, &then, &now);
		index_fini(&now);
		ok = true;
	}
	index_fini(&then);
	return ok;
}

/* What only others' places changed is counted, and told with `all` alone. */
static void
drop_passed(struct drift_call *dc)
{
	size_t kept = 0;

	for (size_t i = 0; i < dc->count; i++) {
		struct drift_item item = dc->items[i];
		struct drift_change *last = item.count > 0 ? &item.changes[item.count - 1] : NULL;

		if (last != NULL && last->what == DRIFT_RANK && last->steps == 0) {
			dc->summary.passed++;
			item.count -= !dc->request->all;
		}
		if (item.count > 0)
			dc->items[kept++] = item;
	}
	dc->count = kept;
}

static void
count_changes(struct drift_call *dc, Plumb__V1__DriftCount counts[ASPECTS])
{
	for (size_t i = 0; i < dc->count; i++) {
		bool seen[ASPECTS] = {false};

		for (size_t c = 0; c < dc->items[i].count; c++) {
			unsigned aspect = dc->items[i].changes[c].aspect;

			counts[aspect].changes++;
			counts[aspect].items += !seen[aspect];
			seen[aspect] = true;
		}
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
by_changes(const void *a, const void *b)
{
	const Plumb__V1__DriftPerson *x = a, *y = b;

	if (x->changes != y->changes)
		return x->changes > y->changes ? -1 : 1;
	return strcmp(x->by, y->by);
}

/* Who made the last steps, most of them first. */
static bool
count_people(struct drift_call *dc)
{
	const char **authors = arena_array(dc->job->arena, dc->changes + 1, sizeof *authors);
	Plumb__V1__DriftPerson *people;
	size_t count = 0, n = 0;

	if (authors == NULL)
		return false;
	for (size_t i = 0; i < dc->count; i++) {
		for (size_t c = 0; c < dc->items[i].count; c++) {
			if (dc->items[i].changes[c].newest != NULL)
				authors[count++] = dc->items[i].changes[c].newest->set->by;
		}
	}
	qsort(authors, count, sizeof *authors, by_text);
	people = arena_array(dc->job->arena, count + 1, sizeof *people);
	dc->summary.people = arena_array(dc->job->arena, PEOPLE, sizeof(void *));
	if (people == NULL || dc->summary.people == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(authors[i], authors[i - 1]) != 0) {
			plumb__v1__drift_person__init(&people[n]);
			people[n++].by = pb_str(authors[i]);
		}
		people[n - 1].changes++;
	}
	qsort(people, n, sizeof *people, by_changes);
	for (size_t i = 0; i < n && i < PEOPLE; i++)
		dc->summary.people[dc->summary.n_people++] = &people[i];
	return true;
}

/* ---- messages; in the scratch arena */

static bool
fill_step(const struct drift_call *dc, const struct drift_step *step, Plumb__V1__DriftStep **out)
{
	char time[TIME_TEXT_LEN];

	*out = arena_alloc(dc->scratch, sizeof **out);
	if (*out == NULL)
		return false;
	plumb__v1__drift_step__init(*out);
	(*out)->revision = step->set->revision;
	(*out)->time = arena_strdup(dc->scratch, time_format(step->set->time_us, time));
	(*out)->by = pb_str(step->set->by);
	(*out)->reason = pb_str(step->set->reason);
	(*out)->scenario = pb_str(step->set->scenario);
	(*out)->from = pb_str(step->from);
	(*out)->to = pb_str(step->to);
	return (*out)->time != NULL;
}

static bool
fill_steps(
    const struct drift_call *dc, const struct drift_change *change, Plumb__V1__DriftChange *out)
{
	const struct drift_step *step = change->newest;
	size_t count = 0;

	for (const struct drift_step *s = step; s != NULL; s = s->before)
		count++;
	out->last = arena_array(dc->scratch, count + 1, sizeof out->last[0]);
	if (out->last == NULL)
		return false;
	out->n_last = count;
	for (; step != NULL; step = step->before) {
		if (!fill_step(dc, step, &out->last[--count]))
			return false;
	}
	return true;
}

static bool
is_dated(const struct drift_change *change)
{
	return change->what == DRIFT_FIELD &&
	       (change->row->type == DRIFT_DATE || change->row->type == DRIFT_PERIODS);
}

static bool
fill_change(
    const struct drift_call *dc, const struct drift_change *change, Plumb__V1__DriftChange *out)
{
	double by = change->to_number - change->from_number;

	plumb__v1__drift_change__init(out);
	out->aspect = change->aspect;
	out->field = drift_field(change, dc->scratch);
	out->from = pb_str(change->from);
	out->to = pb_str(change->to);
	out->steps = change->steps;
	out->words = drift_words(change, dc->ws->zone, dc->scratch);
	if (!isnan(by) && is_dated(change)) {
		out->days__case = PLUMB__V1__DRIFT_CHANGE__DAYS__DAYS;
		out->days = (int32_t)by;
	} else if (isfinite(by)) {
		out->by__case = PLUMB__V1__DRIFT_CHANGE__BY__BY;
		out->by = by;
	}
	return out->field != NULL && out->words != NULL && fill_steps(dc, change, out);
}

static Plumb__V1__DriftItem *
new_item(const struct drift_call *dc, const struct drift_item *item)
{
	const struct item *named = item->now != NULL ? item->now : item->old;
	Plumb__V1__DriftItem *out = arena_alloc(dc->scratch, sizeof *out);
	char ref[REF_TEXT_LEN], was[REF_TEXT_LEN];

	if (out == NULL)
		return NULL;
	plumb__v1__drift_item__init(out);
	ref_format(named, ref);
	out->ref = arena_strdup(dc->scratch, ref);
	out->title = arena_strndup(dc->scratch, item_title(named), named->title_len);
	out->changes = arena_array(dc->scratch, item->count, sizeof out->changes[0]);
	if (out->ref == NULL || out->title == NULL || out->changes == NULL)
		return NULL;
	if (item->old != NULL && item->now != NULL) {
		ref_format(item->old, was);
		if (strcmp(was, ref) != 0 && (out->was = arena_strdup(dc->scratch, was)) == NULL)
			return NULL;
	}
	for (size_t i = 0; i < item->count; i++) {
		out->changes[i] = arena_alloc(dc->scratch, sizeof *out->changes[i]);
		if (out->changes[i] == NULL || !fill_change(dc, &item->changes[i], out->changes[i]))
			return NULL;
		out->n_changes++;
	}
	return out;
}

static bool
send_items(struct drift_call *dc, struct err *err)
{
	Plumb__V1__DriftItem *items[MESSAGE];
	Plumb__V1__DriftReply reply;
	size_t bytes;

	for (size_t i = 0; i < dc->count;) {
		arena_reset(dc->scratch);
		plumb__v1__drift_reply__init(&reply);
		reply.items = items;
		for (bytes = 0;
		     i < dc->count && reply.n_items < MESSAGE && bytes < LIMIT_FRAME_BODY / 4;
		     i++) {
			Plumb__V1__DriftItem *item = new_item(dc, &dc->items[i]);

			if (item == NULL)
				return err_set(err, ERR_LIMIT,
				    "what changed about one item is too large to be told; ask for "
				    "fewer aspects");
			bytes += protobuf_c_message_get_packed_size(&item->base);
			items[reply.n_items++] = item;
		}
		if (!view_job_send(dc->job, &reply.base, err))
			return false;
	}
	return true;
}

static const char *
baseline_name(struct drift_call *dc)
{
	const Plumb__V1__At *from = dc->request->from;
	const struct item *item = NULL;

	if (from == NULL || from->as_of_case == PLUMB__V1__AT__AS_OF__NOT_SET)
		item = view_item(dc->now, dc->job->baseline_slot);
	else if (from->as_of_case == PLUMB__V1__AT__AS_OF_BASELINE)
		return strncmp(from->baseline, "baseline/", 9) == 0
			   ? arena_strdup(dc->job->arena, from->baseline)
			   : arena_printf(dc->job->arena, "baseline/%s", from->baseline);
	return name_of(dc, item);
}

static bool
send_summary(struct drift_call *dc, struct err *err)
{
	Plumb__V1__DriftSummary *summary = &dc->summary;
	Plumb__V1__DriftCount counts[ASPECTS], *list[ASPECTS];
	char time[TIME_TEXT_LEN], today[DATE_TEXT_LEN];
	Plumb__V1__DriftReply reply;

	plumb__v1__drift_reply__init(&reply);
	for (unsigned i = 0; i < ASPECTS; i++) {
		plumb__v1__drift_count__init(&counts[i]);
		counts[i].aspect = (Plumb__V1__DriftChange__Aspect)i;
	}
	count_changes(dc, counts);
	summary->counts = list;
	for (unsigned i = 1; i < ASPECTS; i++) {
		if (counts[i].changes > 0)
			list[summary->n_counts++] = &counts[i];
	}
	summary->items = (uint32_t)dc->count;
	summary->from_revision = dc->from;
	summary->revision = dc->to;
	summary->from_time = dc->from > 0 ? time_format(view_time(dc->then), time) : pb_str("");
	summary->today = date_format(dc->today, today);
	summary->baseline = pb_str(baseline_name(dc));
	if (summary->baseline == NULL || !count_people(dc))
		return err_oom(err);
	reply.summary = summary;
	return view_job_send(dc->job, &reply.base, err);
}

/* ---- the answer */

static bool
report(void *arg, double part)
{
	struct drift_call *dc = arg;
	Plumb__V1__DriftReply reply;

	if (job_progress_is_due(&dc->progress)) {
		plumb__v1__drift_reply__init(&reply);
		reply.progress__case = PLUMB__V1__DRIFT_REPLY__PROGRESS__PROGRESS;
		reply.progress = part;
		job_progress_send(&dc->progress, &reply.base);
	}
	return is_over(dc);
}

static int
by_name(const void *a, const void *b)
{
	const struct drift_item *x = a, *y = b;
	const struct item *p = x->now != NULL ? x->now : x->old;
	const struct item *q = y->now != NULL ? y->now : y->old;
	size_t len = p->id_len < q->id_len ? p->id_len : q->id_len;
	int c;

	if (p->kind != q->kind)
		return p->kind < q->kind ? -1 : 1;
	c = memcmp(item_id(p), item_id(q), len);
	return c != 0 ? c : (int)p->id_len - (int)q->id_len;
}

static bool
read_log(struct drift_call *dc, struct err *err)
{
	struct drift_log log = {
	    .daemon = dc->job->call->daemon,
	    .workspace = dc->job->workspace_number,
	    .from = dc->from,
	    .to = dc->to,
	    .scenario = dc->scenario,
	    .names = dc->now,
	    .items = dc->items,
	    .count = dc->count,
	    .all = dc->request->all,
	    .arena = dc->job->arena,
	    .report = report,
	    .arg = dc,
	};

	if (drift_log_read(&log, err))
		return true;
	job_progress_explain(&dc->progress, err);
	return false;
}

static bool
answer(struct drift_call *dc, struct err *err)
{
	dc->told = calloc((size_t)view_slots(dc->now) + 1, 1);
	dc->scratch = arena_new(SCRATCH);
	if (dc->told == NULL || dc->scratch == NULL)
		return err_oom(err);
	if (!choose_all(dc, err) || !gather(dc, true, err) || !gather(dc, false, err) ||
	    !gather_ranks(dc, err) || !read_log(dc, err) || !sum_up(dc, err))
		return false;
	drop_passed(dc);
	if (dc->count > 0)
		qsort(dc->items, dc->count, sizeof dc->items[0], by_name);
	return send_items(dc, err) && send_summary(dc, err);
}

/* With a moment to start from there are two views; without, one beside that of its newest baseline. */
static bool
set_views(struct drift_call *dc, struct view_job *job, struct err *err)
{
	dc->job = job;
	if (job->other != NULL) {
		dc->then = job->view;
		dc->now = job->other;
		dc->from = job->revision;
		dc->to = job->other_revision;
		dc->scenario = job->other_scenario;
	} else {
		dc->then = job->baseline;
		dc->now = job->view;
		dc->to = job->revision;
		dc->scenario = job->scenario;
	}
	dc->today = job->today;
	if (dc->then == NULL)
		return err_set(err, ERR_NOT_FOUND,
		    "the plan has no baseline yet; draw one with plumb baseline create NAME, or "
		    "say since "
		    "when: a revision or a date");
	if (job->other == NULL)
		dc->from = view_revision(dc->then);
	if (dc->from > dc->to) {
		faults_add(job->faults, "from",
		    "lies behind the moment that it is compared with; say an earlier one");
		return faults_none(job->faults, err);
	}
	return true;
}

static bool
run_drift(struct view_job *job, struct err *err)
{
	struct drift_call *dc = job->arg;
	bool ok;

	if (!set_views(dc, job, err))
		return false;
	job_progress_begin(&dc->progress, job);
	plumb__v1__drift_summary__init(&dc->summary);
	ok = answer(dc, err);
	arena_free(dc->scratch);
	free(dc->told);
	free(dc->chosen_then);
	free(dc->chosen_now);
	return ok;
}

static void
take_aspects(struct rpc_call *call, struct drift_call *dc)
{
	const Plumb__V1__DriftRequest *request = dc->request;

	for (unsigned i = 0; i < ASPECTS; i++)
		dc->wanted[i] = request->n_aspects == 0;
	for (size_t i = 0; i < request->n_aspects; i++) {
		if (request->aspects[i] <= 0 || (unsigned)request->aspects[i] >= ASPECTS)
			faults_add(call->faults, "aspects",
			    "are scope, dates, ranks, owners, numbers and effort");
		else
			dc->wanted[request->aspects[i]] = true;
	}
	if (request->n_refs > LIMIT_NAMES)
		faults_add(call->faults, "refs", "at most %u names in one question", LIMIT_NAMES);
	if (request->from != NULL && request->from->scenario[0] != '\0')
		faults_add(call->faults, "from.scenario",
		    "the plan drifts, from a moment of its own past; name the scenario in `to`");
}

/* One may leave the workspace to the other. */
static const char *
workspace_of(const Plumb__V1__DriftRequest *request)
{
	if (request->from != NULL && request->from->workspace[0] != '\0')
		return request->from->workspace;
	return request->to != NULL ? request->to->workspace : "";
}

void
handle_insight_drift(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__DriftRequest *request = (const Plumb__V1__DriftRequest *)message;
	struct drift_call *dc = arena_zalloc(call->arena, sizeof *dc);
	const Plumb__V1__At *from = request->from;
	struct err err;

	if (dc == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	dc->request = request;
	take_aspects(call, dc);
	if (faults_none(call->faults, &err))
		dc->ws = workspace_enter(call, workspace_of(request), &err);
	if (dc->ws == NULL)
		rpc_fail(call, &err);
	else if (from != NULL && from->as_of_case != PLUMB__V1__AT__AS_OF__NOT_SET)
		job_views(call, from, request->to, run_drift, dc);
	else
		job_view_baseline(call, request->to, run_drift, dc);
}
