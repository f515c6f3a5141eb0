#include "server/insight/clarity/questions.h"

#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "server/insight/schedule/philox.h"
#include "server/limits.h"
#include "server/plan/kinds.h"

#define RIGHT_MAX   3u  /* right options among several */
#define SERVES_MAX  2u  /* questions */
#define FIRST_MAX   3u  /* questions */
#define GOALS_MAX   4u  /* options */
#define PAIRS_MAX   64u /* that are looked at, of either source */
#define SIBLINGS    16u /* objectives with a weight that pairs are made of */
#define PAIRS_TRIED 32u /* each may walk through all precedences */

/* plumb.v1.WorkStatus */
enum { WORK_PROPOSED = 1, WORK_APPROVED = 2, WORK_ACTIVE = 3 };

/* What a number is drawn for: the same thing has another one in each. */
enum use {
	USE_PRIORITY,
	USE_DECOY,
	USE_SERVES,
	USE_GOAL,
	USE_PRECEDES,
	USE_WEIGHT,
	USE_YOURS,
	USE_THEIRS,
	USE_ORDER,
};

/* About a slot. */
enum mark { MARK_NAMED = 1, MARK_OWN = 2, MARK_ABOVE_OWN = 4, MARK_OWN_TEAM = 8 };

struct maker {
	const struct index *ix;
	uint32_t round;
	uint32_t person;
	uint32_t key[2];
	uint8_t *marks;    /* by slot */
	uint32_t *visited; /* by slot: the walk that was here last */
	uint32_t *stack;   /* as many as slots */
	uint32_t walk;
	bool names_objectives;
	int32_t first; /* of the round's period; DATE_NONE: it has none */
	int32_t last;
	uint32_t ranked; /* initiatives in the plan's order */
	struct clarity_survey *out;
};

/* The smallest draws, in order. */
struct pick {
	uint64_t draw;
	uint32_t slot;
	uint32_t other; /* of a pair */
};
struct picks {
	struct pick list[PAIRS_MAX];
	unsigned count;
	unsigned most;
};

/* ---- drawing */

/* Any key, always the same. */
static const uint64_t name_key[2] = {UINT64_C(0x636c617269747920), UINT64_C(0x7375727665797320)};

static uint64_t
name_hash(const struct index *ix, uint32_t slot)
{
	char name[REF_TEXT_LEN];
	size_t len = ref_format(ix->items[slot], name);

	return siphash(name_key, name, len);
}

/* Of round, seed and person. */
static void
set_key(struct maker *m, uint32_t seed)
{
	uint64_t person = name_hash(m->ix, m->person);
	uint64_t round = name_hash(m->ix, m->round);
	const uint32_t counter[4] = {
	    (uint32_t)person, (uint32_t)(person >> 32), (uint32_t)round, (uint32_t)(round >> 32)};
	const uint32_t key[2] = {seed, 0};
	uint32_t words[4];

	philox_block(counter, key, words);
	m->key[0] = words[0];
	m->key[1] = words[1];
}

static uint64_t
draw(const struct maker *m, enum use use, unsigned number, uint32_t slot)
{
	uint64_t name = name_hash(m->ix, slot);
	const uint32_t counter[4] = {(uint32_t)name, (uint32_t)(name >> 32), (uint32_t)use, number};
	uint32_t words[4];

	philox_block(counter, m->key, words);
	return words[0] | (uint64_t)words[1] << 32;
}

static void
take(struct picks *picks, uint64_t number, uint32_t slot, uint32_t other)
{
	unsigned at = picks->count;

	if (at == picks->most && number >= picks->list[at - 1].draw)
		return;
	if (at < picks->most)
		picks->count++;
	else
		at--;
	for (; at > 0 && picks->list[at - 1].draw > number; at--)
		picks->list[at] = picks->list[at - 1];
	picks->list[at] = (struct pick){number, slot, other};
}

static void
take_one(struct maker *m, struct picks *picks, enum use use, unsigned number, uint32_t slot)
{
	take(picks, draw(m, use, number, slot), slot, SLOT_NONE);
}

/* ---- questions in the making */

static bool
same_title(const struct index *ix, uint32_t a, uint32_t b)
{
	const struct item *x = ix->items[a];
	const struct item *y = ix->items[b];

	return x->title_len > 0 && x->title_len == y->title_len &&
	       memcmp(item_title(x), item_title(y), x->title_len) == 0;
}

/* Two that read the same cannot be told apart. */
static void
add_option(const struct maker *m, struct clarity_question *q, uint32_t slot, bool right)
{
	for (unsigned i = 0; i < q->options_count; i++) {
		if (q->options[i].slot == slot || same_title(m->ix, q->options[i].slot, slot))
			return;
	}
	if (q->options_count == CLARITY_OPTIONS)
		return;
	q->options[q->options_count++] = (struct clarity_option){slot, right};
	q->choose += right;
}

/* In an order that tells nothing. */
static void
shuffle(struct maker *m, struct clarity_question *q)
{
	struct clarity_option before[CLARITY_OPTIONS];
	struct picks order = {.most = CLARITY_OPTIONS};

	memcpy(before, q->options, sizeof before);
	for (unsigned i = 0; i < q->options_count; i++)
		take(&order, draw(m, USE_ORDER, (unsigned)q->kind << 8 | q->number, before[i].slot),
		    i, SLOT_NONE);
	for (unsigned i = 0; i < q->options_count; i++)
		q->options[i] = before[order.list[i].slot];
}

static struct clarity_question
begin(enum clarity_kind kind, unsigned number, uint32_t about)
{
	return (struct clarity_question){.kind = kind, .number = number, .about = about};
}

static void
ask(struct maker *m, struct clarity_question *q)
{
	shuffle(m, q);
	m->out->questions[m->out->count++] = *q;
}

/* ---- what the plan says */

static bool
is_kind(const struct index *ix, uint32_t slot, enum kind kind)
{
	return slot != SLOT_NONE && ix->kinds[slot] == kind && index_is(ix, slot, STANDING_LIVE);
}

static uint32_t
parent_of(const struct index *ix, uint32_t slot)
{
	uint32_t up = index_target(ix, slot, ROLE_PARENT);

	return is_kind(ix, up, (enum kind)ix->kinds[slot]) ? up : SLOT_NONE;
}

static bool
is_above(const struct index *ix, uint32_t above, uint32_t slot)
{
	for (unsigned depth = 0; slot != SLOT_NONE && depth <= LIMIT_DEPTH; depth++) {
		if (slot == above)
			return true;
		slot = parent_of(ix, slot);
	}
	return false;
}

/* Within the round's period, as far as both have one. */
static bool
is_in_period(const struct maker *m, uint32_t objective)
{
	int32_t start = index_periods_start(m->ix, objective);
	int32_t end = index_periods_end(m->ix, objective);

	return (m->last == DATE_NONE || start == DATE_NONE || start <= m->last) &&
	       (m->first == DATE_NONE || end == DATE_NONE || end >= m->first);
}

static bool
is_open_objective(const struct maker *m, uint32_t slot)
{
	return m->ix->kinds[slot] == KIND_OBJECTIVE && index_is(m->ix, slot, STANDING_JUDGED) &&
	       is_in_period(m, slot) &&
	       (!m->names_objectives || (m->marks[slot] & MARK_NAMED) != 0);
}

/* That of the work itself, else of what it is a part of; SLOT_NONE. */
static uint32_t
objective_of(const struct index *ix, uint32_t work)
{
	for (unsigned depth = 0; work != SLOT_NONE && depth < 2 * LIMIT_DEPTH; depth++) {
		uint32_t to = index_target(ix, work, ROLE_OBJECTIVE);

		if (!is_kind(ix, to, KIND_OBJECTIVE))
			to = index_target(ix, work, ROLE_CONTRIBUTION);
		if (is_kind(ix, to, KIND_OBJECTIVE))
			return to;
		work = ix->part_of[work];
	}
	return SLOT_NONE;
}

/* ---- which of these are priorities */

static bool
is_priority(const struct maker *m, uint32_t slot)
{
	const struct index *ix = m->ix;

	if (ix->kinds[slot] == KIND_OBJECTIVE)
		return is_open_objective(m, slot) &&
		       (m->names_objectives || parent_of(ix, slot) == SLOT_NONE);
	return !m->names_objectives && ix->rank[slot] <= CLARITY_TOP &&
	       index_is(ix, slot, STANDING_JUDGED) &&
	       (ix->items[slot]->status == WORK_APPROVED || ix->items[slot]->status == WORK_ACTIVE);
}

/* Plainly none: what is neither, such as an initiative in the middle of the order, is not asked about. */
static bool
is_decoy(const struct maker *m, uint32_t slot)
{
	const struct index *ix = m->ix;
	uint32_t rank = ix->rank[slot];
	uint32_t team;

	if (ix->kinds[slot] == KIND_INITIATIVE)
		return index_is(ix, slot, STANDING_GIVEN_UP) ||
		       (index_is(ix, slot, STANDING_JUDGED) &&
			   (ix->items[slot]->status == WORK_PROPOSED ||
			       (rank != RANK_NONE && rank > CLARITY_TOP && rank > m->ranked / 2)));
	if (!index_is(ix, slot, STANDING_LIVE))
		return false;
	/* what was closed of late may have been one */
	if (index_is(ix, slot, STANDING_GIVEN_UP) || !is_in_period(m, slot))
		return true;
	if (!index_is(ix, slot, STANDING_JUDGED))
		return false;
	if (m->marks[slot] & MARK_NAMED || parent_of(ix, slot) == SLOT_NONE)
		return false;
	team = index_target(ix, slot, ROLE_TEAM);
	return is_kind(ix, team, KIND_TEAM) && (m->marks[team] & MARK_OWN_TEAM) == 0;
}

static void
ask_priorities(struct maker *m)
{
	static const enum kind kinds[] = {KIND_OBJECTIVE, KIND_INITIATIVE};
	struct clarity_question q = begin(CLARITY_PRIORITIES, 1, SLOT_NONE);
	struct picks right = {.most = RIGHT_MAX};
	struct picks wrong = {.most = CLARITY_OPTIONS};

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		uint32_t count;
		const uint32_t *slots = index_kind(m->ix, kinds[k], &count);

		for (uint32_t i = 0; i < count; i++) {
			if (is_priority(m, slots[i]))
				take_one(m, &right, USE_PRIORITY, 0, slots[i]);
			else if (is_decoy(m, slots[i]))
				take_one(m, &wrong, USE_DECOY, 0, slots[i]);
		}
	}
	for (unsigned i = 0; i < right.count; i++)
		add_option(m, &q, right.list[i].slot, true);
	for (unsigned i = 0; i < wrong.count && q.options_count < 2 * q.choose; i++)
		add_option(m, &q, wrong.list[i].slot, false);
	if (q.choose < 2)
		m->out->cannot[q.kind] = "the plan has fewer than two priorities";
	else if (q.options_count < q.choose + 2)
		m->out->cannot[q.kind] =
		    "the plan knows fewer than two things that are no priorities: nothing is "
		    "dropped, closed, proposed, another team's or low in the order";
	else
		ask(m, &q);
}

/* ---- which goal does this objective serve */

/* Its own, else that of the nearest objective above that has one. */
static uint32_t
goal_of(const struct index *ix, uint32_t objective)
{
	for (unsigned depth = 0; objective != SLOT_NONE && depth <= LIMIT_DEPTH; depth++) {
		uint32_t goal = index_target(ix, objective, ROLE_GOAL);

		if (is_kind(ix, goal, KIND_GOAL))
			return goal;
		objective = parent_of(ix, objective);
	}
	return SLOT_NONE;
}

/* Does the objective, or one above it, serve that goal too, or one above or below? Then it is no wrong answer. */
static bool
serves_too(const struct index *ix, uint32_t objective, uint32_t goal)
{
	for (unsigned depth = 0; objective != SLOT_NONE && depth <= LIMIT_DEPTH; depth++) {
		struct edges out = index_out(ix, objective);

		for (uint32_t i = 0; i < out.count; i++) {
			if ((out.list[i].role == ROLE_GOAL ||
				out.list[i].role == ROLE_FURTHER_GOAL ||
				out.list[i].role == ROLE_LINK_CONTRIBUTES ||
				out.list[i].role == ROLE_LINK_SUPPORTS) &&
			    is_kind(ix, out.list[i].slot, KIND_GOAL) &&
			    (is_above(ix, out.list[i].slot, goal) ||
				is_above(ix, goal, out.list[i].slot)))
				return true;
		}
		objective = parent_of(ix, objective);
	}
	return false;
}

static bool
ask_serves_one(struct maker *m, uint32_t objective, unsigned number)
{
	struct clarity_question q = begin(CLARITY_SERVES, number, objective);
	struct picks wrong = {.most = CLARITY_OPTIONS};
	uint32_t count;
	const uint32_t *goals = index_kind(m->ix, KIND_GOAL, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (!serves_too(m->ix, objective, goals[i]))
			take_one(m, &wrong, USE_GOAL, number, goals[i]);
	}
	add_option(m, &q, goal_of(m->ix, objective), true);
	for (unsigned i = 0; i < wrong.count && q.options_count < GOALS_MAX; i++)
		add_option(m, &q, wrong.list[i].slot, false);
	if (q.options_count < 3)
		return false;
	ask(m, &q);
	return true;
}

static void
ask_serves(struct maker *m)
{
	struct picks picks = {.most = PAIRS_MAX};
	unsigned asked = 0;
	uint32_t count;
	const uint32_t *slots = index_kind(m->ix, KIND_OBJECTIVE, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (is_open_objective(m, slots[i]) && goal_of(m->ix, slots[i]) != SLOT_NONE)
			take_one(m, &picks, USE_SERVES, 0, slots[i]);
	}
	for (unsigned i = 0; i < picks.count && asked < SERVES_MAX; i++)
		asked += ask_serves_one(m, picks.list[i].slot, asked + 1);
	if (picks.count == 0)
		m->out->cannot[CLARITY_SERVES] = "no open objective names a goal";
	else if (asked == 0)
		m->out->cannot[CLARITY_SERVES] =
		    "the plan has too few goals: fewer than two that an objective does not serve";
}

/* ---- which comes first in a pinch */

/* Does a way of precedences lead from one to the other? */
static bool
precedes(struct maker *m, uint32_t from, uint32_t to)
{
	const struct index *ix = m->ix;
	uint32_t depth = 0;

	m->walk++;
	m->stack[depth++] = from;
	m->visited[from] = m->walk;
	while (depth > 0) {
		struct edges out = index_out(ix, m->stack[--depth]);

		for (uint32_t i = 0; i < out.count; i++) {
			uint32_t next = out.list[i].slot;

			if (out.list[i].role != ROLE_PRECEDES || m->visited[next] == m->walk)
				continue;
			if (next == to)
				return true;
			m->visited[next] = m->walk;
			m->stack[depth++] = next;
		}
	}
	return false;
}

static bool
has_weight(const struct index *ix, uint32_t slot)
{
	return (ix->has[slot] & HAS_VALUE) != 0;
}

/* Weights are shares of what stands above, so they compare what stands beside. SLOT_NONE: the plan does not say. */
static uint32_t
first_of(struct maker *m, uint32_t a, uint32_t b)
{
	const struct index *ix = m->ix;
	bool ab = precedes(m, a, b);
	bool ba = precedes(m, b, a);

	if (ab != ba)
		return ab ? a : b;
	if (ab || !has_weight(ix, a) || !has_weight(ix, b) ||
	    parent_of(ix, a) != parent_of(ix, b) || ix->items[a]->value == ix->items[b]->value)
		return SLOT_NONE;
	return ix->items[a]->value > ix->items[b]->value ? a : b;
}

/* The same number whichever is named first. */
static void
take_pair(struct maker *m, struct picks *pairs, enum use use, uint32_t a, uint32_t b)
{
	take(pairs, draw(m, use, 1, a) ^ draw(m, use, 1, b), a, b);
}

static void
gather_pairs(struct maker *m, struct picks *pairs)
{
	const struct index *ix = m->ix;
	struct picks weighed = {.most = SIBLINGS};
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_OBJECTIVE, &count);

	for (uint32_t i = 0; i < count; i++) {
		struct edges out = index_out(ix, slots[i]);

		if (!is_open_objective(m, slots[i]))
			continue;
		if (has_weight(ix, slots[i]))
			take_one(m, &weighed, USE_WEIGHT, 0, slots[i]);
		for (uint32_t e = 0; e < out.count; e++) {
			if (out.list[e].role == ROLE_PRECEDES && out.list[e].slot != slots[i] &&
			    is_open_objective(m, out.list[e].slot))
				take_pair(m, pairs, USE_PRECEDES, slots[i], out.list[e].slot);
		}
	}
	for (unsigned a = 0; a < weighed.count; a++)
		for (unsigned b = 0; b < a; b++)
			take_pair(m, pairs, USE_WEIGHT, weighed.list[a].slot, weighed.list[b].slot);
}

static bool
was_asked(const struct maker *m, uint32_t a, uint32_t b)
{
	for (unsigned i = 0; i < m->out->count; i++) {
		const struct clarity_question *q = &m->out->questions[i];

		if (q->kind == CLARITY_FIRST &&
		    ((q->options[0].slot == a && q->options[1].slot == b) ||
			(q->options[0].slot == b && q->options[1].slot == a)))
			return true;
	}
	return false;
}

static void
ask_first(struct maker *m)
{
	struct picks pairs = {.most = PAIRS_MAX};
	unsigned asked = 0;

	gather_pairs(m, &pairs);
	for (unsigned i = 0; i < pairs.count && i < PAIRS_TRIED && asked < FIRST_MAX; i++) {
		struct clarity_question q = begin(CLARITY_FIRST, asked + 1, SLOT_NONE);
		uint32_t a = pairs.list[i].slot, b = pairs.list[i].other;
		uint32_t first;

		if (was_asked(m, a, b) || (first = first_of(m, a, b)) == SLOT_NONE)
			continue;
		add_option(m, &q, a, first == a);
		add_option(m, &q, b, first == b);
		if (q.options_count < 2)
			continue;
		ask(m, &q);
		asked++;
	}
	if (asked == 0)
		m->out->cannot[CLARITY_FIRST] =
		    "the plan says of no two open objectives which comes first: neither by "
		    "precedence nor by different weights";
}

/* ---- what is yours */

/* Own work, and what it is a part of. */
static void
mark_own(struct maker *m, struct picks *own)
{
	const struct index *ix = m->ix;
	struct edges in = index_in(ix, m->person);

	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t slot = in.list[i].slot;
		uint32_t up = ix->part_of[slot];

		if (in.list[i].role == ROLE_LEAD || !kind_is_work(ix->kinds[slot]) ||
		    !index_is(ix, slot, STANDING_JUDGED) || (m->marks[slot] & MARK_OWN) != 0)
			continue;
		m->marks[slot] |= MARK_OWN;
		if (objective_of(ix, slot) != SLOT_NONE)
			take_one(m, own, USE_YOURS, 0, slot);
		for (unsigned depth = 0; up != SLOT_NONE && depth < 2 * LIMIT_DEPTH; depth++) {
			m->marks[up] |= MARK_ABOVE_OWN;
			up = ix->part_of[up];
		}
	}
}

/* What they, or a team of theirs, has no part in: neither it, nor what it belongs to. */
static bool
is_others(const struct maker *m, uint32_t slot)
{
	const struct index *ix = m->ix;

	if (!index_is(ix, slot, STANDING_JUDGED) || (m->marks[slot] & MARK_ABOVE_OWN) != 0)
		return false;
	for (unsigned depth = 0; slot != SLOT_NONE && depth < 2 * LIMIT_DEPTH; depth++) {
		struct edges out = index_out(ix, slot);

		if ((m->marks[slot] & MARK_OWN) != 0)
			return false;
		for (uint32_t i = 0; i < out.count; i++) {
			if ((m->marks[out.list[i].slot] & MARK_OWN_TEAM) != 0)
				return false;
		}
		slot = ix->part_of[slot];
	}
	return true;
}

/* Others' work for the same objective first, else any. */
static void
gather_others(struct maker *m, uint32_t objective, struct picks *same, struct picks *any)
{
	for (unsigned kind = KIND_INITIATIVE; kind <= KIND_TASK; kind++) {
		uint32_t count;
		const uint32_t *slots = index_kind(m->ix, (enum kind)kind, &count);

		for (uint32_t i = 0; i < count; i++) {
			if (is_others(m, slots[i]))
				take_one(m, objective_of(m->ix, slots[i]) == objective ? same : any,
				    USE_THEIRS, 0, slots[i]);
		}
	}
}

static void
ask_yours(struct maker *m)
{
	struct picks own = {.most = PAIRS_MAX};
	struct picks same = {.most = CLARITY_OPTIONS};
	struct picks any = {.most = CLARITY_OPTIONS};
	struct clarity_question q;

	mark_own(m, &own);
	if (own.count == 0) {
		m->out->cannot[CLARITY_YOURS] =
		    "no open work for an objective names you as owner, member or needed";
		return;
	}
	q = begin(CLARITY_YOURS, 1, objective_of(m->ix, own.list[0].slot));
	gather_others(m, q.about, &same, &any);
	for (unsigned i = 0; i < own.count && q.choose < RIGHT_MAX; i++) {
		if (objective_of(m->ix, own.list[i].slot) == q.about)
			add_option(m, &q, own.list[i].slot, true);
	}
	for (unsigned i = 0; i < same.count; i++)
		add_option(m, &q, same.list[i].slot, false);
	for (unsigned i = 0; i < any.count; i++)
		add_option(m, &q, any.list[i].slot, false);
	if (q.options_count < q.choose + 2)
		m->out->cannot[CLARITY_YOURS] = "the plan has hardly any work of others";
	else
		ask(m, &q);
}

/* ---- all */

/* What the round names; the teams of the person. */
static void
mark_all(struct maker *m)
{
	const struct index *ix = m->ix;
	struct edges out = index_out(ix, m->round);
	struct edges in = index_in(ix, m->person);
	uint32_t team = index_target(ix, m->person, ROLE_TEAM);
	uint32_t period = index_target(ix, m->round, ROLE_PERIOD);
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role != ROLE_ASKED || ix->kinds[out.list[i].slot] != KIND_OBJECTIVE)
			continue;
		m->marks[out.list[i].slot] |= MARK_NAMED;
		m->names_objectives = true;
	}
	if (is_kind(ix, period, KIND_PERIOD)) {
		m->first = ix->items[period]->start;
		m->last = ix->items[period]->finish;
	}
	if (is_kind(ix, team, KIND_TEAM))
		m->marks[team] |= MARK_OWN_TEAM;
	for (uint32_t i = 0; i < in.count; i++) {
		if (ix->kinds[in.list[i].slot] == KIND_TEAM)
			m->marks[in.list[i].slot] |= MARK_OWN_TEAM;
	}
	for (uint32_t i = 0; i < count; i++)
		m->ranked += ix->rank[slots[i]] != RANK_NONE;
}

bool
clarity_questions(const struct index *ix, uint32_t round, uint32_t seed, uint32_t person,
    struct clarity_survey *out, struct err *err)
{
	struct maker m = {.ix = ix,
	    .round = round,
	    .person = person,
	    .first = DATE_NONE,
	    .last = DATE_NONE,
	    .out = out};
	size_t n = (size_t)ix->slots + 1;
	bool ok;

	memset(out, 0, sizeof *out);
	m.marks = calloc(n, sizeof m.marks[0]);
	m.visited = calloc(n, sizeof m.visited[0]);
	m.stack = index_alloc(n, sizeof m.stack[0]);
	ok = m.marks != NULL && m.visited != NULL && m.stack != NULL;
	if (ok) {
		set_key(&m, seed);
		mark_all(&m);
		ask_priorities(&m);
		ask_serves(&m);
		ask_first(&m);
		ask_yours(&m);
	}
	free(m.marks);
	free(m.visited);
	free(m.stack);
	return ok || err_oom(err);
}

bool
clarity_asks(const struct item *round, const struct view *view, uint32_t person)
{
	bool names_people = false;

	for (uint32_t i = 0; i < round->refs_count; i++) {
		if (round->refs[i].role != ROLE_ASKED)
			continue;
		if (round->refs[i].slot == person)
			return true;
		names_people =
		    names_people || view_item(view, round->refs[i].slot)->kind == KIND_PERSON;
	}
	return !names_people;
}
