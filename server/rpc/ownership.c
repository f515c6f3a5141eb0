#include "server/rpc/ownership.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/faults.h"
#include "common/parse.h"
#include "common/pb.h"
#include "server/limits.h"
#include "server/plan/belong.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/access.h"
#include "server/rpc/own.h"
#include "server/rpc/ownership_internal.h"
#include "server/rpc/rpc.h"

enum rule {
	RULE_PLANNER, /* the frame of the plan: planners only */
	RULE_OWN,     /* whose it is */
	RULE_SAYS,    /* as RULE_OWN, but it belongs to nothing: a new one names whose it is */
	RULE_ASK,     /* each side its part: ownership_ask.c */
	RULE_REQUEST, /* the same: ownership_request.c */
};

static enum rule
rule_of(enum kind kind)
{
	switch (kind) {
	case KIND_VISION:
	case KIND_MISSION:
	case KIND_VALUE:
	case KIND_GOAL:
	case KIND_OBJECTIVE:
	case KIND_MEASURE:
	case KIND_STRATEGY:
	case KIND_INITIATIVE:
	case KIND_WORKSTREAM:
	case KIND_MILESTONE:
	case KIND_TASK:
	case KIND_ALLOCATION:
	case KIND_JOURNEY:
	case KIND_STAGE:
	case KIND_STEP:
	case KIND_EXPECTATION:
		return RULE_OWN;
	case KIND_SCENARIO:
	case KIND_COMMITMENT:
	case KIND_DECISION:
	case KIND_REVIEW:
	case KIND_INFLUENCER:
	case KIND_ASSESSMENT:
	case KIND_COMPETITOR_MOVE:
	case KIND_RISK:
		return RULE_SAYS;
	case KIND_ASK:
		return RULE_ASK;
	case KIND_REQUEST:
		return RULE_REQUEST;
	default:
		return RULE_PLANNER;
	}
}

/* ---- refusing ---- */

void
judge_refuse(struct judge *judge, const char *field, const char *fmt, ...)
{
	char path[96], text[400];
	va_list ap;

	snprintf(path, sizeof path, "change_set.changes[%zu].%s", judge->change, field);
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	faults_add(judge->call->faults, path, "%s", text);
}

void
judge_refuse_others(struct judge *judge, const char *field, const struct item *item)
{
	char ref[REF_TEXT_LEN], whose[3 * REF_TEXT_LEN];

	ref_format(item, ref);
	own_say(&judge->own, item, whose, sizeof whose);
	judge_refuse(
	    judge, field, "%s is not yours: %s; they or a planner may change it", ref, whose);
}

/* A token that only reads the kind may not write it, whoever shows it. */
static bool
may_write(struct judge *judge, const char *field, unsigned kind)
{
	if (access_may_write(judge->call, (enum kind)kind))
		return true;
	judge_refuse(judge, field, "your token only reads entries of kind %s", kind_name(kind));
	return false;
}

/* ---- names ---- */

const struct item *
judge_find(const struct judge *judge, const char *ref, enum kind bare)
{
	const struct item *item = NULL;
	enum kind kind;
	const char *id;
	size_t len;

	if (ref_parse(ref, bare, &kind, &id, &len))
		item = plan_find(judge->plan, kind, id, len);
	return item_is_live(item) ? item : NULL;
}

/* What the set itself brings about: a put or a rename, by the name that is there afterwards. */
struct made {
	enum kind kind;
	const char *id;
	const Plumb__V1__Change *change;
};

static int
by_name(const void *a, const void *b)
{
	const struct made *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->id, y->id);
}

static bool
made_of(const Plumb__V1__Change *change, struct made *out)
{
	const char *id;
	size_t len;

	out->change = change;
	if (change->change_case == PLUMB__V1__CHANGE__CHANGE_PUT && change->put->item != NULL) {
		out->kind = codec_item_kind(&change->put->item->base);
		out->id = change->put->item->id;
		return out->kind != KIND_NONE;
	}
	if (change->change_case != PLUMB__V1__CHANGE__CHANGE_RENAME)
		return false;
	out->id = change->rename->id;
	return ref_parse(change->rename->ref, KIND_NONE, &out->kind, &id, &len);
}

/* Sorted when first asked for. */
static bool
gather_made(struct judge *judge)
{
	if (judge->made != NULL)
		return true;
	judge->made = arena_array(judge->call->arena, judge->set->n_changes, sizeof *judge->made);
	judge->starved = judge->starved || judge->made == NULL;
	if (judge->made == NULL)
		return false;
	for (size_t i = 0; i < judge->set->n_changes; i++)
		judge->made_count +=
		    made_of(judge->set->changes[i], &judge->made[judge->made_count]);
	qsort(judge->made, judge->made_count, sizeof *judge->made, by_name);
	return true;
}

static const Plumb__V1__Change *
find_made(struct judge *judge, enum kind kind, const char *id)
{
	struct made key = {kind, id, NULL};
	const struct made *made;

	if (!gather_made(judge) || judge->made_count == 0)
		return NULL;
	made = bsearch(&key, judge->made, judge->made_count, sizeof *judge->made, by_name);
	return made != NULL ? made->change : NULL;
}

/* What a message says that it belongs to, "kind/id" or an id that means *bare; "" nothing. */
static const char *
judge_stated_above(const Plumb__V1__Item *item, enum kind *bare)
{
	*bare = KIND_INITIATIVE;
	switch (item->body_case) {
	case PLUMB__V1__ITEM__BODY_GOAL:
		*bare = KIND_GOAL;
		return item->goal->parent;
	case PLUMB__V1__ITEM__BODY_OBJECTIVE:
		*bare = KIND_OBJECTIVE;
		return item->objective->parent;
	case PLUMB__V1__ITEM__BODY_MEASURE:
		*bare = KIND_OBJECTIVE;
		return item->measure->inline_under;
	case PLUMB__V1__ITEM__BODY_WORKSTREAM:
		return item->workstream->initiative;
	case PLUMB__V1__ITEM__BODY_MILESTONE:
		return item->milestone->initiative;
	case PLUMB__V1__ITEM__BODY_TASK:
		return item->task->initiative;
	case PLUMB__V1__ITEM__BODY_ALLOCATION:
		return item->allocation->initiative;
	case PLUMB__V1__ITEM__BODY_ASK:
		return item->ask->initiative;
	case PLUMB__V1__ITEM__BODY_STAGE:
		*bare = KIND_JOURNEY;
		return item->stage->journey;
	case PLUMB__V1__ITEM__BODY_STEP:
		*bare = KIND_STAGE;
		return item->step->stage;
	case PLUMB__V1__ITEM__BODY_EXPECTATION:
		*bare = KIND_STEP;
		return item->expectation->step;
	default:
		return "";
	}
}

bool
judge_is_own_name(struct judge *judge, const char *ref, enum kind bare)
{
	for (unsigned depth = 0; depth <= LIMIT_DEPTH; depth++) {
		const struct item *item;
		const Plumb__V1__Change *change;
		enum kind kind;
		const char *id;
		size_t len;

		if (!ref_parse(ref, bare, &kind, &id, &len))
			return ref[0] != '\0'; /* no name at all: the plan refuses it */
		item = plan_find(judge->plan, kind, id, len);
		if (item_is_live(item))
			return own_has(&judge->own, item);
		change = find_made(judge, kind, id);
		if (change == NULL)
			return false;
		/* What the set makes is somebody's as what it makes it a part of is. */
		if (change->change_case == PLUMB__V1__CHANGE__CHANGE_PUT) {
			ref = judge_stated_above(change->put->item, &bare);
		} else {
			ref = change->rename->ref;
			bare = KIND_NONE;
		}
	}
	return false;
}

/* ---- names that wait for an entry ---- */

struct parts {
	struct judge *judge;
	const struct item *others; /* the first that is another's */
};

static bool
is_own_part(void *arg, const struct item *item)
{
	struct parts *parts = arg;

	if (own_has(&parts->judge->own, item))
		return true;
	parts->others = item;
	return false;
}

/* May that name come to be? Not where something of others waits for it to belong to it. Notes the fault. */
static bool
judge_takes_nothing(struct judge *judge, const char *field, enum kind kind, const char *id)
{
	const struct item *there = plan_find(judge->plan, kind, id, strlen(id));
	struct parts parts = {judge, NULL};
	char ref[REF_TEXT_LEN];

	/* One that is there is another matter. */
	if (there == NULL || item_is_live(there))
		return true;
	switch (belong_parts(judge->plan, there->slot, &judge->budget, is_own_part, &parts)) {
	case BELONG_ALL:
		return true;
	case BELONG_STOPPED:
		ref_format(parts.others, ref);
		judge_refuse(judge, field,
		    "%s/%s is what %s of others says it belongs to: whoever makes it would own "
		    "that; choose another id, or ask a planner",
		    kind_name(kind), id, ref);
		return false;
	default:
		judge_refuse(judge, field, "more than %u entries refer to %s/%s: ask a planner",
		    LIMIT_CHANGES, kind_name(kind), id);
		return false;
	}
}

/* ---- items ---- */

/* Where it stays it may be; elsewhere it may be put only into what is theirs. */
static void
judge_place(struct judge *judge, const Plumb__V1__Item *item, const struct item *old)
{
	enum kind bare;
	const char *above = judge_stated_above(item, &bare);
	const struct item *there = judge_find(judge, above, bare);
	uint32_t was = old != NULL ? belong_above(old) : SLOT_NONE;
	enum kind kind;
	const char *id;
	size_t len;

	if (above[0] == '\0' && old != NULL)
		return;
	if (above[0] == '\0') {
		judge_refuse(judge, "put.item",
		    "a new %s must belong to something of yours: say to what, or ask a planner",
		    kind_name(codec_item_kind(&item->base)));
		return;
	}
	/* What it belonged to may itself not be there. */
	if (was != SLOT_NONE && ref_parse(above, bare, &kind, &id, &len)) {
		const struct item *named = plan_find(judge->plan, kind, id, len);

		if (named != NULL && named->slot == was)
			return;
	}
	if (judge_is_own_name(judge, above, bare))
		return;
	if (there != NULL)
		judge_refuse_others(judge, "put.item", there);
	else
		judge_refuse(judge, "put.item",
		    "it shall belong to '%.100s', which is nothing of yours", above);
}

/* Who renames their own may not put something new in its place that they might not make otherwise. */
static void
note_renamed(struct judge *judge, const struct item *item)
{
	if (judge->renamed == NULL)
		judge->renamed =
		    arena_zalloc(judge->call->arena, view_slots(plan_now(judge->plan)) / 8 + 1);
	if (judge->renamed != NULL)
		judge->renamed[item->slot / 8] |= (uint8_t)(1u << item->slot % 8);
	else
		judge->starved = true;
}

/* What a put of that name changes, as it is before the set; NULL: it makes something new. */
static const struct item *
judge_before(const struct judge *judge, enum kind kind, const char *id)
{
	const struct item *item = plan_find(judge->plan, kind, id, strlen(id));

	if (!item_is_live(item))
		return NULL;
	if (judge->renamed != NULL && (judge->renamed[item->slot / 8] >> item->slot % 8 & 1) != 0)
		return NULL;
	return item;
}

void
judge_says(struct judge *judge, const Plumb__V1__Item *item)
{
	for (size_t i = 0; i < item->n_owners; i++) {
		const struct item *owner = judge_find(judge, item->owners[i], KIND_PERSON);

		if (owner != NULL && owner->slot == judge->own.person)
			return;
	}
	judge_refuse(judge, "put.item.owners", "a %s of yours names you among its owners",
	    kind_name(codec_item_kind(&item->base)));
}

static void
judge_put(struct judge *judge, const Plumb__V1__Put *put)
{
	const Plumb__V1__Item *item = put->item;
	enum kind kind = item != NULL ? codec_item_kind(&item->base) : KIND_NONE;
	const struct item *old;

	if (kind == KIND_NONE || !parse_is_id(item->id, strlen(item->id)))
		return;
	if (!may_write(judge, "put.item", kind) || judge->is_planner)
		return;
	if (rule_of(kind) == RULE_PLANNER) {
		judge_refuse(
		    judge, "put.item", "a %s is changed by planners only", kind_name(kind));
		return;
	}
	old = judge_before(judge, kind, item->id);
	if (old == NULL && !judge_takes_nothing(judge, "put.item", kind, item->id))
		return;
	if (rule_of(kind) == RULE_ASK)
		judge_ask(judge, item, old);
	else if (rule_of(kind) == RULE_REQUEST)
		judge_request(judge, item, old);
	else if (kind == KIND_COMMITMENT)
		judge_promise(judge, item, old);
	else if (old != NULL && !own_has(&judge->own, old))
		judge_refuse_others(judge, "put.item", old);
	else if (rule_of(kind) == RULE_SAYS)
		judge_says(judge, item);
	else
		judge_place(judge, item, old);
}

/* The entry that a change names, where they may change it; NULL also where there is none. */
static const struct item *
judge_named(struct judge *judge, const char *ref, const char *field)
{
	const struct item *item = judge_find(judge, ref, KIND_NONE);

	/* What is not there the plan refuses; what the set made was judged when it was. */
	if (item == NULL || kind_is_record(item->kind) || !may_write(judge, field, item->kind))
		return NULL;
	if (judge->is_planner)
		return item;
	if (rule_of((enum kind)item->kind) == RULE_PLANNER) {
		judge_refuse(
		    judge, field, "a %s is changed by planners only", kind_name(item->kind));
		return NULL;
	}
	if (!own_has(&judge->own, item) && (item->kind != KIND_ASK || !judge_asks(judge, item)) &&
	    (item->kind != KIND_REQUEST || !judge_requests(judge, item)) &&
	    (item->kind != KIND_COMMITMENT || !judge_promises(judge, item))) {
		judge_refuse_others(judge, field, item);
		return NULL;
	}
	return item;
}

static bool
is_own_record(const struct judge *judge, const struct item *record)
{
	const struct ref *by = item_ref(record, ROLE_BY);

	return by != NULL && by->slot == judge->own.person;
}

/* What goes with it belongs to it; but nobody's word goes with it. */
static bool
goes_along(void *arg, const struct item *item)
{
	struct parts *parts = arg;
	struct judge *judge = parts->judge;

	if (!access_may_write(judge->call, (enum kind)item->kind) ||
	    (!judge->is_planner && kind_is_record(item->kind) && !is_own_record(judge, item)))
		parts->others = item;
	return parts->others == NULL;
}

static void
judge_cascade(struct judge *judge, const struct item *item)
{
	struct parts parts = {judge, NULL};
	char ref[REF_TEXT_LEN];

	if (judge->queue == NULL)
		judge->queue =
		    arena_array(judge->call->arena, LIMIT_CHANGES + 1, sizeof *judge->queue);
	if (judge->queue == NULL) {
		judge->starved = true;
		return;
	}
	switch (belong_walk(
	    judge->plan, item->slot, &judge->budget, judge->queue, goes_along, &parts)) {
	case BELONG_ALL:
		break;
	case BELONG_STOPPED:
		ref_format(parts.others, ref);
		judge_refuse(judge, "remove.cascade", "would take %s with it, which %s", ref,
		    access_may_write(judge->call, (enum kind)parts.others->kind)
			? "is the record of another; ask a planner"
			: "is of a kind that your token only reads");
		break;
	default:
		judge_refuse(judge, "remove.cascade",
		    "more than %u references would have to be looked at: remove its parts first, "
		    "or "
		    "ask a planner",
		    LIMIT_CHANGES);
	}
}

static bool
writes_all_kinds(const struct judge *judge)
{
	for (unsigned kind = 0; kind < KIND_MAX; kind++) {
		if (kind_name(kind) != NULL && !access_may_write(judge->call, (enum kind)kind))
			return false;
	}
	return true;
}

static void
judge_remove(struct judge *judge, const Plumb__V1__Remove *remove)
{
	const struct item *item = judge_named(judge, remove->ref, "remove.ref");

	if (item != NULL && remove->cascade && (!judge->is_planner || !writes_all_kinds(judge)))
		judge_cascade(judge, item);
}

static void
judge_rename(struct judge *judge, const Plumb__V1__Rename *rename)
{
	const struct item *item = judge_named(judge, rename->ref, "rename.ref");
	enum kind kind;
	const char *id;
	size_t len;

	if (item != NULL && !judge->is_planner)
		note_renamed(judge, item);
	/* What the set made itself, too. */
	if (!judge->is_planner && ref_parse(rename->ref, KIND_NONE, &kind, &id, &len))
		(void)judge_takes_nothing(judge, "rename.id", kind, rename->id);
}

/* ---- records ---- */

/* A number that changes what a measure is held against is its owner's to set. */
static void
judge_measurement(struct judge *judge, const Plumb__V1__Record *record)
{
	const struct item *about = judge_find(judge, record->about, KIND_MEASURE);

	if (record->measurement->role == PLUMB__V1__MEASUREMENT__ROLE__ACTUAL)
		return;
	if (about == NULL)
		judge_refuse(judge, "add.record.measurement.role",
		    "whoever does not own the measure records actual values only");
	else if (!own_has(&judge->own, about))
		judge_refuse_others(judge, "add.record.measurement.role", about);
}

static void
judge_add(struct judge *judge, const Plumb__V1__Record *record)
{
	enum kind kind = record != NULL ? codec_item_kind(&record->base) : KIND_NONE, by_kind;
	const char *id, *me = own_person(&judge->call->caller);
	size_t len;

	if (kind == KIND_NONE || !may_write(judge, "add.record", kind) || judge->is_planner)
		return;
	if (kind != KIND_MEASUREMENT && judge->own.person == SLOT_NONE)
		judge_refuse(judge, "add.record",
		    "only people of the plan add a %s, and %s is none: measurements are what "
		    "others "
		    "add",
		    kind_name(kind), judge->call->caller.name);
	else if (record->by[0] != '\0' &&
		 (!ref_parse(record->by, KIND_PERSON, &by_kind, &id, &len) ||
		     by_kind != KIND_PERSON || me == NULL ||
		     strcmp(id, me + sizeof "person/" - 1) != 0))
		judge_refuse(judge, "add.record.by",
		    "you add records as yourself: leave it out, since '%.80s' is not you",
		    record->by);
	else if (kind == KIND_MEASUREMENT)
		judge_measurement(judge, record);
}

static void
judge_retract(struct judge *judge, const Plumb__V1__Retract *retract)
{
	const struct item *item = judge_find(judge, retract->ref, KIND_NONE);
	char ref[REF_TEXT_LEN];

	if (item == NULL || !kind_is_record(item->kind) ||
	    !may_write(judge, "retract.ref", item->kind) || judge->is_planner ||
	    is_own_record(judge, item))
		return;
	ref_format(item, ref);
	judge_refuse(judge, "retract.ref",
	    "%s is not your record: whoever added it, or a planner, may retract it", ref);
}

static void
judge_redact(struct judge *judge, const Plumb__V1__Redact *redact)
{
	const struct item *item;

	if (judge->call->caller.access < ACCESS_ADMIN) {
		judge_refuse(
		    judge, "redact", "takes texts out of the past for good: ask an administrator");
		return;
	}
	if (redact->what_case == PLUMB__V1__REDACT__WHAT_PERSON) {
		for (unsigned kind = 0; kind < KIND_MAX; kind++) {
			if (kind_is_record(kind) && !may_write(judge, "redact.person", kind))
				return;
		}
	} else if (redact->what_case == PLUMB__V1__REDACT__WHAT_REF) {
		item = judge_find(judge, redact->ref, KIND_NONE);
		if (item != NULL)
			(void)may_write(judge, "redact.ref", item->kind);
	}
}

/* ---- the set ---- */

static void
judge_change(struct judge *judge, const Plumb__V1__Change *change)
{
	switch (change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_PUT:
		judge_put(judge, change->put);
		break;
	case PLUMB__V1__CHANGE__CHANGE_REMOVE:
		judge_remove(judge, change->remove);
		break;
	case PLUMB__V1__CHANGE__CHANGE_RENAME:
		judge_rename(judge, change->rename);
		break;
	case PLUMB__V1__CHANGE__CHANGE_PLACE:
		if (may_write(judge, "place", KIND_RANKING) && !judge->is_planner)
			judge_refuse(judge, "place", "an order is changed by planners only");
		break;
	case PLUMB__V1__CHANGE__CHANGE_ADD:
		judge_add(judge, change->add->record);
		break;
	case PLUMB__V1__CHANGE__CHANGE_RETRACT:
		judge_retract(judge, change->retract);
		break;
	case PLUMB__V1__CHANGE__CHANGE_REDACT:
		judge_redact(judge, change->redact);
		break;
	default:
		break;
	}
}

/* What changes a scenario changes nobody's plan: its owners do in it what they like. */
static void
judge_whole_scenario(struct judge *judge, const struct item *scenario)
{
	char whose[3 * REF_TEXT_LEN];

	if (!own_has(&judge->own, scenario)) {
		own_say(&judge->own, scenario, whose, sizeof whose);
		faults_add(judge->call->faults, "change_set.scenario",
		    "is not yours: %s; they or a planner may change it", whose);
	}
	judge->is_planner = true;
}

bool
ownership_check(struct rpc_call *call, const struct plan *plan, const struct item *scenario,
    const Plumb__V1__ChangeSet *set, struct err *err)
{
	struct judge judge = {
	    .call = call,
	    .plan = plan,
	    .set = set,
	    .is_planner = call->caller.access >= ACCESS_PLANNER,
	    .budget = LIMIT_CHANGES,
	};

	/* Who may do everything, with all kinds, need not be asked about anything. */
	if (call->caller.access == ACCESS_ADMIN && call->caller.token == 0)
		return true;
	own_init(&judge.own, plan, &call->caller);
	if (!judge.is_planner && set->override_reason[0] != '\0')
		faults_add(call->faults, "change_set.override_reason",
		    "only planners override what the workspace refuses");
	if (!judge.is_planner && scenario != NULL)
		judge_whole_scenario(&judge, scenario);
	for (; judge.change < set->n_changes; judge.change++)
		judge_change(&judge, set->changes[judge.change]);
	if (judge.starved)
		return err_oom(err);
	if (faults_none(call->faults, err))
		return true;
	err->code = ERR_DENIED;
	return false;
}
