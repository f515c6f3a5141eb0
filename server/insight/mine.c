#include "server/insight/mine.h"

#include <stdlib.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "server/insight/check/rhythm.h"
#include "server/insight/check/words.h"
#include "server/insight/clarity/acceptance.h"
#include "server/insight/decisions.h"
#include "server/insight/rhythm/cadence.h"
#include "server/insight/rhythm/votes.h"
#include "server/limits.h"
#include "server/plan/kinds.h"

#define CHAIN_MAX  (3 * LIMIT_DEPTH)
#define STOP_EVERY 4096u

/* plumb.v1.Ask.State */
enum state { ASKED, COMMITTED, DECLINED, COUNTERED };

struct gather {
	const struct index *ix;
	const struct mine_query *query;
	struct arena *arena;
	struct mine_item *items; /* heap */
	size_t count;
	size_t cap;
	uint8_t *acknowledged;
	uint8_t *listed; /* by slot: a bit for each reason */
	bool oom;
	bool stopped;
};

/* ---- items in the making */

/* The reason for something to exist, one step up; SLOT_NONE at the top. */
static uint32_t
above(const struct index *ix, uint32_t slot)
{
	static const enum role ways[] = {ROLE_ABOUT, ROLE_PART_OF, ROLE_OBJECTIVE,
	    ROLE_CONTRIBUTION, ROLE_INLINE_UNDER, ROLE_PARENT, ROLE_GOAL, ROLE_FURTHER_GOAL,
	    ROLE_STRATEGY, ROLE_LINK_CONTRIBUTES};
	struct edges in;

	if (ix->kinds[slot] == KIND_REQUEST) {
		uint32_t work = index_target(ix, slot, ROLE_AFFECTS);

		return work != SLOT_NONE && index_is(ix, work, STANDING_LIVE) ? work : SLOT_NONE;
	}
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		uint32_t up = index_target(ix, slot, ways[i]);

		if (up != SLOT_NONE && index_is(ix, up, STANDING_LIVE))
			return up;
	}
	if (ix->kinds[slot] != KIND_MEASURE)
		return SLOT_NONE;
	in = index_in(ix, slot);
	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_TARGET_MEASURE)
			return in.list[i].slot;
	}
	return SLOT_NONE;
}

/* A link can lead back: what stands in the chain already ends it. */
static void
add_chain(struct gather *g, struct mine_item *item)
{
	uint32_t chain[CHAIN_MAX];
	size_t n = 0;
	uint32_t slot = above(g->ix, item->slot);

	while (slot != SLOT_NONE && n < CHAIN_MAX) {
		for (size_t i = 0; i < n; i++) {
			if (chain[i] == slot)
				goto out;
		}
		if (slot == item->slot)
			break;
		chain[n++] = slot;
		slot = above(g->ix, slot);
	}
out:
	item->chain = n > 0 ? arena_memdup(g->arena, chain, n * sizeof chain[0]) : NULL;
	item->chain_count = item->chain != NULL ? n : 0;
	g->oom |= n > 0 && item->chain == NULL;
}

static uint32_t
rank_of(const struct index *ix, uint32_t slot)
{
	for (unsigned depth = 0; slot != SLOT_NONE && depth < 2 * LIMIT_DEPTH; depth++) {
		if (ix->rank[slot] != RANK_NONE)
			return ix->rank[slot];
		slot = ix->kinds[slot] == KIND_CHECK_IN  ? index_target(ix, slot, ROLE_ABOUT)
		       : ix->kinds[slot] == KIND_REQUEST ? index_target(ix, slot, ROLE_AFFECTS)
							 : ix->part_of[slot];
	}
	return RANK_NONE;
}

/* what: in the arena or static; NULL is remembered as out of memory. */
static void
add(struct gather *g, enum mine_why why, uint32_t slot, int32_t due, const char *what)
{
	if (g->count == g->cap) {
		size_t cap = g->cap > 0 ? g->cap * 2 : 64;
		struct mine_item *bigger = realloc(g->items, cap * sizeof bigger[0]);

		if (bigger == NULL) {
			g->oom = true;
			return;
		}
		g->items = bigger;
		g->cap = cap;
	}
	g->oom |= what == NULL;
	g->items[g->count] = (struct mine_item){.slot = slot,
	    .rank = rank_of(g->ix, slot),
	    .due = due,
	    .why = why,
	    .what = what != NULL ? what : ""};
	g->listed[slot] |= (uint8_t)(1u << why);
	add_chain(g, &g->items[g->count++]);
}

static bool
has(const struct gather *g, enum mine_why why, uint32_t slot)
{
	return (g->listed[slot] & 1u << why) != 0;
}

static bool
is_soon(const struct gather *g, int32_t day)
{
	return day != DATE_NONE && day <= g->ix->today + MINE_AHEAD;
}

/* "is due on 2026-04-02", "was due on …, 3 days ago". */
static const char *
due_words(struct gather *g, const char *what, int32_t day)
{
	char date[DATE_TEXT_LEN];
	int32_t over = g->ix->today - day;

	if (day == DATE_NONE)
		return arena_printf(g->arena, "%s is due", what);
	date_format(day, date);
	if (over > 0)
		return arena_printf(g->arena, "%s was due on %s, %d day%s ago", what, date, over,
		    over == 1 ? "" : "s");
	return arena_printf(g->arena, "%s is due %s%s", what, over == 0 ? "today, " : "on ", date);
}

static const char *
ref_text(struct gather *g, uint32_t slot)
{
	const struct item *item = g->ix->items[slot];
	const char *text =
	    arena_printf(g->arena, "%s/%.*s", kind_name(item->kind), item->id_len, item_id(item));

	g->oom |= text == NULL;
	return text != NULL ? text : "";
}

/* ---- owns, executes */

static bool
is_owner(const struct index *ix, uint32_t slot, uint32_t person)
{
	return index_has_target(ix, slot, ROLE_OWNER, person);
}

static const char *
how_many_own(struct gather *g, uint32_t slot)
{
	struct edges out = index_out(g->ix, slot);
	unsigned owners = 0;

	for (uint32_t i = 0; i < out.count; i++)
		owners += out.list[i].role == ROLE_OWNER;
	if (owners == 1)
		return "answers for it";
	return arena_printf(g->arena, "answers for it, as one of %u", owners);
}

static int32_t
due_of(const struct index *ix, uint32_t slot)
{
	const struct item *item = ix->items[slot];
	bool dated = kind_is_work(item->kind) || item->kind == KIND_STRATEGY;
	int32_t due = dated ? item->finish : DATE_NONE;

	return due != DATE_NONE ? due : index_periods_end(ix, slot);
}

static void
take_owned(struct gather *g, uint32_t slot)
{
	unsigned kind = g->ix->kinds[slot];

	if ((kind >= KIND_GOAL && kind <= KIND_TASK) && index_is(g->ix, slot, STANDING_JUDGED) &&
	    !has(g, MINE_OWNS, slot))
		add(g, MINE_OWNS, slot, due_of(g->ix, slot), how_many_own(g, slot));
}

static bool
is_over(const struct index *ix, uint32_t allocation)
{
	int32_t end = index_periods_end(ix, allocation);

	return end != DATE_NONE && end < ix->today;
}

static void
take_executed(struct gather *g, uint32_t slot, const char *what)
{
	if (slot != SLOT_NONE && kind_is_work(g->ix->kinds[slot]) &&
	    index_is(g->ix, slot, STANDING_JUDGED) && !is_owner(g->ix, slot, g->query->person) &&
	    !has(g, MINE_EXECUTES, slot))
		add(g, MINE_EXECUTES, slot, due_of(g->ix, slot), what);
}

static void
gather_own_work(struct gather *g)
{
	const struct index *ix = g->ix;
	struct edges in = index_in(ix, g->query->person);

	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t slot = in.list[i].slot;

		if (in.list[i].role == ROLE_OWNER)
			take_owned(g, slot);
		else if (in.list[i].role == ROLE_MEMBER)
			take_executed(g, slot, "works on it");
		else if (in.list[i].role == ROLE_NEED)
			take_executed(g, slot, "is needed for it");
		else if (in.list[i].role == ROLE_WHO && !is_over(ix, slot))
			take_executed(g, ix->part_of[slot],
			    arena_printf(g->arena, "is given to it by %s", ref_text(g, slot)));
	}
}

/* ---- check-ins */

static void
owe_check_in(struct gather *g, uint32_t slot, enum mine_why why)
{
	const struct index *ix = g->ix;
	int32_t due;

	if (!rhythm_is_reported(ix, slot))
		return;
	due = rhythm_last_word(ix, slot) + (int32_t)g->query->check_in_days;
	if (why == MINE_OWES ? is_soon(g, due) : due < ix->today)
		add(g, why, slot, due, due_words(g, "a check-in", due));
}

/* The newest check-in on it waits for its reviewer. */
static void
owe_acknowledgement(struct gather *g, uint32_t slot, enum mine_why why)
{
	const struct index *ix = g->ix;
	uint32_t check_in = ix->check_in[slot];
	struct reviewers reviewers;
	int32_t due;

	if (check_in == SLOT_NONE || g->acknowledged[check_in] ||
	    !index_is(ix, slot, STANDING_JUDGED))
		return;
	rhythm_reviewers(ix, slot, &reviewers);
	if (why == MINE_OWES && !reviewers_have(&reviewers, g->query->person))
		return;
	if (why == MINE_IS_OWED && reviewers.count == 0)
		return;
	due = ix->items[check_in]->start + (int32_t)g->query->acknowledge_days;
	add(g, why, check_in, due,
	    due_words(g,
		why == MINE_OWES ? "an acknowledgement"
				 : arena_printf(g->arena, "an acknowledgement by %s",
				       ref_text(g, reviewers.slots[0])),
		due));
}

/* What the person owns; and what is reviewed by them: stated, or as the manager of an owner. */
static void
gather_reports(struct gather *g)
{
	const struct index *ix = g->ix;
	struct reviewers reviewers;

	for (uint32_t slot = 0; slot < ix->slots && !g->oom && !g->stopped; slot++) {
		unsigned kind = ix->kinds[slot];
		bool owns;

		if (slot % STOP_EVERY == 0 && g->query->stop != NULL)
			g->stopped = g->query->stop(g->query->arg);
		if (kind < KIND_GOAL || kind > KIND_TASK || kind == KIND_MEASURE ||
		    !index_is(ix, slot, STANDING_JUDGED))
			continue;
		if (ix->check_in[slot] == SLOT_NONE && !rhythm_is_reported(ix, slot))
			continue;
		owns = is_owner(ix, slot, g->query->person);
		rhythm_reviewers(ix, slot, &reviewers);
		if (owns) {
			owe_check_in(g, slot, MINE_OWES);
			owe_acknowledgement(g, slot, MINE_IS_OWED);
		}
		if (!reviewers_have(&reviewers, g->query->person))
			continue;
		owe_acknowledgement(g, slot, MINE_OWES);
		if (!owns)
			owe_check_in(g, slot, MINE_IS_OWED);
	}
}

/* ---- asks */

static bool
leads(const struct index *ix, uint32_t team, uint32_t person)
{
	return team != SLOT_NONE && index_target(ix, team, ROLE_LEAD) == person;
}

static int32_t
promised(const struct item *ask)
{
	return ask->start != DATE_NONE ? ask->start : ask->finish;
}

static int32_t
answer_due(const struct gather *g, const struct item *ask)
{
	int32_t due = zone_date(NULL, ask->created_us) + (int32_t)g->query->answer_days;

	return ask->finish != DATE_NONE && ask->finish < due ? ask->finish : due;
}

static void
owe_ask(struct gather *g, uint32_t slot)
{
	const struct item *ask = g->ix->items[slot];

	if (ask->status == ASKED)
		add(g, MINE_OWES, slot, answer_due(g, ask),
		    due_words(g, "an answer", answer_due(g, ask)));
	else if (ask->status == COMMITTED && is_soon(g, promised(ask)))
		add(g, MINE_OWES, slot, promised(ask),
		    due_words(g, "what was promised", promised(ask)));
}

static void
be_owed_ask(struct gather *g, uint32_t slot)
{
	const struct index *ix = g->ix;
	const struct item *ask = ix->items[slot];
	uint32_t to = index_target(ix, slot, ROLE_TO);
	const char *by = to != SLOT_NONE ? ref_text(g, to) : "a team that is not named";

	if (ask->status == ASKED)
		add(g, MINE_IS_OWED, slot, answer_due(g, ask),
		    due_words(
			g, arena_printf(g->arena, "an answer by %s", by), answer_due(g, ask)));
	else if (ask->status == COMMITTED)
		add(g, MINE_IS_OWED, slot, promised(ask),
		    due_words(g, arena_printf(g->arena, "what %s promised", by), promised(ask)));
	else if (ask->status == COUNTERED)
		add(g, MINE_OWES, slot, DATE_NONE,
		    arena_printf(g->arena, "a word on the other offer of %s", by));
}

/* Asks are few; those of the teams that the person leads, and those for the work that they own. */
static void
gather_asks(struct gather *g)
{
	const struct index *ix = g->ix;
	uint32_t count;
	const uint32_t *asks = index_kind(ix, KIND_ASK, &count);

	for (uint32_t i = 0; i < count && !g->oom; i++) {
		uint32_t work = ix->part_of[asks[i]];
		uint32_t person = g->query->person;

		if (!index_is(ix, asks[i], STANDING_JUDGED))
			continue;
		if (leads(ix, index_target(ix, asks[i], ROLE_TO), person))
			owe_ask(g, asks[i]);
		if (leads(ix, index_target(ix, asks[i], ROLE_FROM), person) ||
		    (work != SLOT_NONE && is_owner(ix, work, person)))
			be_owed_ask(g, asks[i]);
	}
}

/* ---- meetings, requests, decisions */

static bool
is_attended(const struct index *ix, uint32_t review, uint32_t person)
{
	struct edges out = index_out(ix, review);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].slot == person &&
		    (out.list[i].role == ROLE_ATTENDEE || out.list[i].role == ROLE_SEAT))
			return true;
	}
	return false;
}

/* From whoever calls it, and from those who attend it. */
static void
gather_meetings(struct gather *g, const struct cadence *cadence)
{
	for (uint32_t i = 0; i < cadence->count && !g->oom; i++) {
		const struct meeting_plan *plan = &cadence->plans[i];

		if (!is_soon(g, plan->due))
			continue;
		if (is_owner(g->ix, plan->review, g->query->person))
			add(g, MINE_OWES, plan->review, plan->due,
			    due_words(g, "the meeting that they call", plan->due));
		else if (is_attended(g->ix, plan->review, g->query->person))
			add(g, MINE_OWES, plan->review, plan->due,
			    due_words(g, "a meeting that they attend", plan->due));
	}
}

static void
gather_requests(struct gather *g)
{
	const struct index *ix = g->ix;
	uint32_t count;
	const uint32_t *requests = index_kind(ix, KIND_REQUEST, &count);

	for (uint32_t i = 0; i < count && !g->oom; i++) {
		const struct item *request = ix->items[requests[i]];
		uint32_t to = index_target(ix, requests[i], ROLE_TO);
		uint32_t from = index_target(ix, requests[i], ROLE_FROM);
		int32_t asked = request->start != DATE_NONE ? request->start
							    : zone_date(NULL, request->created_us);
		int32_t due = asked + (int32_t)g->query->request_days;

		if (!index_is(ix, requests[i], STANDING_JUDGED))
			continue;
		if (request->finish != DATE_NONE && request->finish < due)
			due = request->finish;
		if (to == g->query->person)
			add(g, MINE_OWES, requests[i], due,
			    due_words(g, "an answer to a request", due));
		if (from == g->query->person || leads(ix, from, g->query->person) ||
		    is_owner(ix, requests[i], g->query->person))
			add(g, MINE_IS_OWED, requests[i], due,
			    due_words(g,
				arena_printf(g->arena, "an answer by %s",
				    to != SLOT_NONE ? ref_text(g, to) : "nobody who is named"),
				due));
	}
}

/* Proposed ones that are theirs to take, and those of their meetings on which they have not voted. */
static void
gather_decisions(struct gather *g, const struct votes *votes)
{
	enum { DECISION_PROPOSED = 0 };
	const struct index *ix = g->ix;
	uint32_t count;
	const uint32_t *decisions = index_kind(ix, KIND_DECISION, &count);

	for (uint32_t i = 0; i < count && !g->oom; i++) {
		const struct item *decision = ix->items[decisions[i]];
		uint32_t review = index_target(ix, decisions[i], ROLE_DECIDED);

		if (decision->status != DECISION_PROPOSED)
			continue;
		if (is_owner(ix, decisions[i], g->query->person))
			add(g, MINE_OWES, decisions[i], decision->finish,
			    due_words(g, "the decision", decision->finish));
		if (review != SLOT_NONE && is_attended(ix, review, g->query->person) &&
		    !votes_has(votes, decisions[i], g->query->person))
			add(g, MINE_OWES, decisions[i], decision->finish,
			    due_words(g, "a vote", decision->finish));
	}
}

/* What people talk about with each other. */
static bool
gather_rhythm(struct gather *g, struct err *err)
{
	struct cadence cadence;
	struct votes votes;

	if (!cadence_init(&cadence, g->ix, err))
		return false;
	gather_meetings(g, &cadence);
	cadence_fini(&cadence);
	gather_requests(g);
	if (!votes_init(&votes, g->ix, err))
		return false;
	gather_decisions(g, &votes);
	votes_fini(&votes);
	return true;
}

/* ---- promises, and what others decided */

static void
gather_promises(struct gather *g)
{
	const struct index *ix = g->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_COMMITMENT, &count);

	for (uint32_t i = 0; i < count && !g->oom; i++) {
		uint32_t by = index_target(ix, slots[i], ROLE_FROM);
		int32_t due = ix->items[slots[i]]->finish;
		struct edges out = index_out(ix, slots[i]);

		if (!index_is(ix, slots[i], STANDING_JUDGED))
			continue;
		if (by == g->query->person || leads(ix, by, g->query->person))
			add(g, MINE_OWES, slots[i], due, due_words(g, "what was promised", due));
		for (uint32_t k = 0; k < out.count; k++) {
			uint32_t to = out.list[k].slot;

			if (out.list[k].role != ROLE_TO || has(g, MINE_IS_OWED, slots[i]) ||
			    (to != g->query->person && !leads(ix, to, g->query->person)))
				continue;
			add(g, MINE_IS_OWED, slots[i], due,
			    due_words(g,
				arena_printf(g->arena, "what %s promised",
				    by != SLOT_NONE ? ref_text(g, by) : "somebody"),
				due));
		}
	}
}

/* What changes their work, until they say that they have read it. */
static bool
gather_unread(struct gather *g, struct err *err)
{
	enum { DECISION_ACCEPTED = 2 };
	const struct index *ix = g->ix;
	uint8_t *read = decisions_read(ix, g->query->person);
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_DECISION, &count);

	for (uint32_t i = 0; read != NULL && i < count && !g->oom; i++) {
		int32_t decided = ix->items[slots[i]]->done;
		char date[DATE_TEXT_LEN];

		if (ix->items[slots[i]]->status != DECISION_ACCEPTED || read[slots[i]] ||
		    is_owner(ix, slots[i], g->query->person) ||
		    !decision_affects(ix, slots[i], g->query->person))
			continue;
		add(g, MINE_OWES, slots[i], decided,
		    arena_printf(g->arena, "a look at what was decided%s%s: plumb decision read",
			decided != DATE_NONE ? " on " : "", date_format(decided, date)));
	}
	free(read);
	return read != NULL || err_oom(err);
}

/* ---- measurements, dates */

static void
owe_measurement(struct gather *g, uint32_t slot)
{
	const struct item *measure = g->ix->items[slot];
	const struct point *last = series_until(index_series(g->ix, slot), g->ix->today);
	int32_t from = last != NULL ? last->date : zone_date(NULL, measure->created_us);
	int32_t due = from + measure->every_days;

	if (measure->every_days > 0 && is_soon(g, due))
		add(g, MINE_OWES, slot, due, due_words(g, "a measurement", due));
}

static void
owe_date(struct gather *g, uint32_t slot)
{
	const struct item *item = g->ix->items[slot];

	if (is_soon(g, item->finish) && index_is(g->ix, slot, STANDING_JUDGED) &&
	    !has(g, MINE_OWES, slot))
		add(g, MINE_OWES, slot, item->finish, due_words(g, "it", item->finish));
}

static bool
has_owner(const struct index *ix, uint32_t slot)
{
	return (ix->roles[slot] & ROLE_BIT(ROLE_OWNER)) != 0;
}

/* A task without an owner is due from those who work on it. */
static void
gather_dates(struct gather *g)
{
	const struct index *ix = g->ix;
	struct edges in = index_in(ix, g->query->person);

	for (uint32_t i = 0; i < in.count && !g->oom; i++) {
		uint32_t slot = in.list[i].slot;
		unsigned kind = ix->kinds[slot];

		if (in.list[i].role == ROLE_OWNER && kind == KIND_MEASURE)
			owe_measurement(g, slot);
		if (kind != KIND_TASK && kind != KIND_MILESTONE)
			continue;
		if (in.list[i].role == ROLE_OWNER ||
		    (in.list[i].role == ROLE_MEMBER && !has_owner(ix, slot)))
			owe_date(g, slot);
	}
}

/* ---- acceptance */

static bool
owe_acceptance(struct gather *g)
{
	const struct index *ix = g->ix;
	uint32_t baseline = acceptance_baseline(ix);
	const struct item *drawn;
	uint32_t *about;
	bool said;
	int32_t due;

	if (baseline == SLOT_NONE)
		return true;
	about = acceptance_newest(ix, baseline);
	if (about == NULL)
		return false;
	said = about[g->query->person] != SLOT_NONE;
	free(about);
	drawn = ix->items[baseline];
	due = zone_date(NULL, drawn->created_us) + (int32_t)g->query->accept_days;
	if (!said && acceptance_is_there(ix->items[g->query->person], ix->today) &&
	    acceptance_carries(ix, g->query->person,
		drawn->effort > 0 ? (uint64_t)drawn->effort : drawn->revision))
		add(g, MINE_OWES, baseline, due, due_words(g, "your acceptance", due));
	return true;
}

/* What stands in the way of others, of those whose last word it is. */
static bool
gather_acceptance(struct gather *g, struct err *err)
{
	const struct index *ix = g->ix;
	uint32_t *last = acceptance_newest(ix, SLOT_NONE);
	uint32_t count;
	const uint32_t *people = index_kind(ix, KIND_PERSON, &count);

	if (last == NULL || !owe_acceptance(g)) {
		free(last);
		return err_oom(err);
	}
	for (uint32_t i = 0; i < count && !g->oom; i++) {
		uint32_t record = last[people[i]];

		if (record != SLOT_NONE &&
		    acceptance_state_of(ix, record, record) == ACCEPTANCE_BLOCKED &&
		    acceptance_clears(ix, record) == g->query->person)
			add(g, MINE_OWES, record, DATE_NONE,
			    arena_printf(g->arena, "what stands in the way of %s, for %d days",
				ref_text(g, people[i]), ix->today - ix->items[record]->start));
	}
	free(last);
	return true;
}

/* ---- order */

static int
compare_items(const void *pa, const void *pb, void *arg)
{
	const struct mine_item *a = pa;
	const struct mine_item *b = pb;

	if (a->why != b->why)
		return a->why < b->why ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->due != b->due)
		return date_compare(a->due, b->due);
	return index_compare(arg, a->slot, b->slot);
}

bool
mine_run(const struct index *ix, const struct mine_query *query, struct arena *arena,
    struct mine *out, struct err *err)
{
	struct gather g = {.ix = ix, .query = query, .arena = arena};
	struct mine_item *items;
	bool ok = false;

	g.acknowledged = rhythm_acknowledged(ix);
	g.listed = calloc((size_t)ix->slots + 1, 1);
	if (g.acknowledged == NULL || g.listed == NULL) {
		err_oom(err);
		goto out;
	}
	gather_own_work(&g);
	gather_reports(&g);
	gather_asks(&g);
	if (!gather_rhythm(&g, err))
		goto out;
	gather_promises(&g);
	if (!gather_unread(&g, err))
		goto out;
	gather_dates(&g);
	if (!gather_acceptance(&g, err))
		goto out;
	if (g.stopped) {
		err_set(err, ERR_CANCELLED, "cancelled");
		goto out;
	}
	items = arena_array(arena, g.count + 1, sizeof items[0]);
	if (g.oom || items == NULL) {
		err_oom(err);
		goto out;
	}
	if (g.count > 1)
		qsort_r(g.items, g.count, sizeof g.items[0], compare_items, (void *)(uintptr_t)ix);
	for (size_t i = 0; i < g.count; i++)
		items[i] = g.items[i];
	*out = (struct mine){items, g.count};
	ok = true;
out:
	free(g.acknowledged);
	free(g.listed);
	free(g.items);
	return ok;
}
