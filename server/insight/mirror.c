#include "server/insight/mirror.h"

#include <math.h>
#include <stdlib.h>

#include "server/insight/check/aim.h"
#include "server/insight/mirror_work.h"
#include "server/insight/progress.h"
#include "server/limits.h"

enum { WORK_DONE = 5 };

/* Shares are kept in ten-thousandths: what rounding alone makes of them is no fault. */
#define SLACK      1e-6
#define STOP_EVERY 1024u

struct maker {
	const struct index *ix;
	const struct mirror_query *query;
	struct mirror *out;
	struct pieces pieces;
	uint32_t *number;    /* by slot: of the node; MIRROR_TOP none */
	uint32_t *stamps;    /* by slot: the walk that came by last */
	uint32_t *check_ins; /* by slot: on it or its parts, within the days */
	uint32_t stamp;
	uint32_t *owners; /* by part: the node whose part it is */
	uint32_t parts_count;
	uint32_t parts_cap;
	bool oom;
};

/* ---- which goals and objectives */

static bool
is_in_time(const struct maker *m, uint32_t objective)
{
	int32_t first = index_periods_start(m->ix, objective);
	int32_t last = index_periods_end(m->ix, objective);

	if (m->query->from == DATE_NONE)
		return index_is(m->ix, objective, STANDING_JUDGED) &&
		       (first == DATE_NONE || first <= m->ix->today);
	return (first == DATE_NONE || first <= m->query->to) &&
	       (last == DATE_NONE || last >= m->query->from);
}

static bool
is_compared(const struct maker *m, uint32_t slot)
{
	if (!index_is(m->ix, slot, STANDING_LIVE) || index_is(m->ix, slot, STANDING_GIVEN_UP))
		return false;
	return m->ix->kinds[slot] == KIND_GOAL || is_in_time(m, slot);
}

static uint32_t
node_at(const struct maker *m, uint32_t slot)
{
	return slot != SLOT_NONE ? m->number[slot] : MIRROR_TOP;
}

/* The one within which it is compared. */
static uint32_t
whole_of(const struct maker *m, uint32_t slot)
{
	uint32_t up = node_at(m, index_target(m->ix, slot, ROLE_PARENT));

	if (up == MIRROR_TOP && m->ix->kinds[slot] == KIND_OBJECTIVE)
		up = node_at(m, index_target(m->ix, slot, ROLE_GOAL));
	return up;
}

static struct mirror_node
make_node(const struct index *ix, uint32_t slot)
{
	const struct item *item = ix->items[slot];

	return (struct mirror_node){.slot = slot,
	    .whole = MIRROR_TOP,
	    .weight = (item->has & HAS_VALUE) != 0 ? item->value : NAN,
	    .stated = NAN,
	    .planned_share = NAN,
	    .done_share = NAN};
}

/* Puts it and what is below it behind what is there. A circle, which an older log may hold, is entered once. */
static void
lay_out(struct maker *m, const uint32_t *slots, const uint32_t *first, const uint32_t *next,
    uint32_t i, unsigned depth)
{
	if (m->stamps[slots[i]] == m->stamp || depth > 4 * LIMIT_DEPTH)
		return;
	m->stamps[slots[i]] = m->stamp;
	m->out->nodes[m->out->nodes_count++] = make_node(m->ix, slots[i]);
	for (uint32_t c = first[i]; c != MIRROR_TOP; c = next[c])
		lay_out(m, slots, first, next, c, depth + 1);
}

static bool
order_nodes(struct maker *m, uint32_t *slots, uint32_t count)
{
	uint32_t *first = malloc(((size_t)count + 1) * sizeof first[0]);
	uint32_t *next = malloc(((size_t)count + 1) * sizeof next[0]);

	m->out->nodes = calloc((size_t)count + 1, sizeof m->out->nodes[0]);
	if (first == NULL || next == NULL || m->out->nodes == NULL) {
		free(first);
		free(next);
		return false;
	}
	qsort_r(slots, count, sizeof slots[0], index_by_name, (void *)(uintptr_t)m->ix);
	for (uint32_t i = 0; i < count; i++) {
		m->number[slots[i]] = i;
		first[i] = next[i] = MIRROR_TOP;
	}
	/* From behind, so that each stands before its later siblings. */
	for (uint32_t i = count; i-- > 0;) {
		uint32_t whole = whole_of(m, slots[i]);

		if (whole != MIRROR_TOP) {
			next[i] = first[whole];
			first[whole] = i;
		}
	}
	m->stamp++;
	for (unsigned top = 1; top <= 2; top++) {
		for (uint32_t i = 0; i < count; i++) {
			if (top == 2 || whole_of(m, slots[i]) == MIRROR_TOP)
				lay_out(m, slots, first, next, i, 0);
		}
	}
	free(first);
	free(next);
	return true;
}

static bool
gather_nodes(struct maker *m)
{
	uint32_t goals, objectives, count = 0;
	const uint32_t *goal = index_kind(m->ix, KIND_GOAL, &goals);
	const uint32_t *objective = index_kind(m->ix, KIND_OBJECTIVE, &objectives);
	uint32_t *slots = malloc(((size_t)goals + objectives + 1) * sizeof slots[0]);
	bool ok;

	if (slots == NULL)
		return false;
	for (uint32_t i = 0; i < goals; i++) {
		if (is_compared(m, goal[i]))
			slots[count++] = goal[i];
	}
	for (uint32_t i = 0; i < objectives; i++) {
		if (is_compared(m, objective[i]))
			slots[count++] = objective[i];
	}
	ok = order_nodes(m, slots, count);
	for (uint32_t i = 0; ok && i < m->out->nodes_count; i++)
		m->number[m->out->nodes[i].slot] = i;
	for (uint32_t i = 0; ok && i < m->out->nodes_count; i++)
		m->out->nodes[i].whole = whole_of(m, m->out->nodes[i].slot);
	free(slots);
	return ok;
}

/* ---- parts */

static void
add_part(struct maker *m, uint32_t owner, const struct mirror_part *part)
{
	if (m->parts_count == m->parts_cap) {
		uint32_t cap = m->parts_cap > 0 ? 2 * m->parts_cap : 256;
		struct mirror_part *parts = realloc(m->out->parts, cap * sizeof parts[0]);
		uint32_t *owners;

		if (parts != NULL)
			m->out->parts = parts;
		owners = realloc(m->owners, cap * sizeof owners[0]);
		if (owners != NULL)
			m->owners = owners;
		if (parts == NULL || owners == NULL) {
			m->oom = true;
			return;
		}
		m->parts_cap = cap;
	}
	m->out->parts[m->parts_count] = *part;
	m->owners[m->parts_count++] = owner;
}

static bool
is_way_up(const struct maker *m, uint32_t slot, const struct edge *edge)
{
	if (edge->role == ROLE_PARENT)
		return m->ix->kinds[edge->slot] == m->ix->kinds[slot];
	return m->ix->kinds[slot] == KIND_OBJECTIVE &&
	       (edge->role == ROLE_GOAL || edge->role == ROLE_FURTHER_GOAL) &&
	       m->ix->kinds[edge->slot] == KIND_GOAL;
}

/* Stamps all that is above it, but not itself. */
static void
stamp_above(struct maker *m, uint32_t slot, unsigned depth)
{
	struct edges out = index_out(m->ix, slot);

	for (uint32_t i = 0; i < out.count && depth < 4 * LIMIT_DEPTH; i++) {
		uint32_t up = out.list[i].slot;

		if (!is_way_up(m, slot, &out.list[i]) || m->number[up] == MIRROR_TOP ||
		    m->stamps[up] == m->stamp)
			continue;
		m->stamps[up] = m->stamp;
		stamp_above(m, up, depth + 1);
	}
}

/* A whole that another one leads to already gets its part through that one. */
static bool
counts_there(const struct maker *m, uint32_t slot, const struct edges *out, uint32_t i)
{
	uint32_t up = out->list[i].slot;

	if (!is_way_up(m, slot, &out->list[i]) || m->number[up] == MIRROR_TOP ||
	    m->stamps[up] == m->stamp)
		return false;
	for (uint32_t k = 0; k < i; k++) {
		if (out->list[k].slot == up && is_way_up(m, slot, &out->list[k]))
			return false;
	}
	return true;
}

/* In equal parts to its parent, goal and further goals. */
static void
add_node_part(struct maker *m, uint32_t number)
{
	uint32_t slot = m->out->nodes[number].slot, wholes = 0;
	struct edges out = index_out(m->ix, slot);
	struct mirror_part part = {
	    .slot = slot, .node = number, .done_known = true, .from = MIRROR_FROM_NODE};

	m->stamp++;
	for (uint32_t i = 0; i < out.count; i++) {
		if (is_way_up(m, slot, &out.list[i]) && m->number[out.list[i].slot] != MIRROR_TOP)
			stamp_above(m, out.list[i].slot, 0);
	}
	for (uint32_t i = 0; i < out.count; i++)
		wholes += counts_there(m, slot, &out, i);
	part.share = wholes > 0 ? 1.0 / wholes : 0;
	for (uint32_t i = 0; i < out.count; i++) {
		if (counts_there(m, slot, &out, i))
			add_part(m, m->number[out.list[i].slot], &part);
	}
}

static void
note_over_shared(struct maker *m, uint32_t slot)
{
	uint32_t *more =
	    realloc(m->out->over_shared, (m->out->over_shared_count + (size_t)1) * sizeof more[0]);

	m->oom |= more == NULL;
	if (more == NULL)
		return;
	m->out->over_shared = more;
	more[m->out->over_shared_count++] = slot;
}

static bool
is_without_effort(const struct piece *piece)
{
	return isnan(piece->effort) || piece->timeless;
}

/* To each objective by its share; what is left, and what goes to nothing that is compared, is elsewhere. */
static void
add_work_parts(struct maker *m, const struct piece *piece)
{
	const struct item *item = m->ix->items[piece->slot];
	struct progress_shares shares;
	double scale, left = 1;

	progress_shares(&shares, item);
	scale = shares.stated > 1 + SLACK ? 1 / shares.stated : 1;
	if (scale < 1)
		note_over_shared(m, piece->slot);
	for (uint32_t i = 0; i < item->refs_count; i++) {
		const struct ref *ref = &item->refs[i];
		double share = progress_share(&shares, ref) * scale;

		if (share <= 0 || m->number[ref->slot] == MIRROR_TOP)
			continue;
		left -= share;
		add_part(m, m->number[ref->slot],
		    &(struct mirror_part){.slot = piece->slot,
			.node = MIRROR_TOP,
			.share = share,
			.planned = piece->planned * share,
			.done = piece->done * share,
			.done_known = piece->done_known,
			.from = is_without_effort(piece) ? MIRROR_FROM_NOTHING : piece->from});
	}
	m->out->elsewhere += piece->planned * (left > SLACK ? left : 0);
}

static void
add_pieces(struct maker *m)
{
	for (uint32_t i = 0; i < m->pieces.count && !m->oom; i++) {
		const struct piece *piece = &m->pieces.list[i];

		m->out->works++;
		m->out->planned += piece->planned;
		m->out->without_effort += isnan(piece->effort);
		m->out->without_time += piece->timeless && !isnan(piece->effort);
		add_work_parts(m, piece);
	}
}

static int
compare_parts(const void *pa, const void *pb, void *arg)
{
	const struct mirror_part *a = pa, *b = pb;
	const struct index *ix = arg;
	bool a_is_work = a->node == MIRROR_TOP, b_is_work = b->node == MIRROR_TOP;

	if (a_is_work != b_is_work)
		return a_is_work ? -1 : 1;
	if (ix->rank[a->slot] != ix->rank[b->slot])
		return ix->rank[a->slot] < ix->rank[b->slot] ? -1 : 1;
	return index_compare(ix, a->slot, b->slot);
}

/* Node by node. */
static bool
sort_parts(struct maker *m)
{
	struct mirror_node *nodes = m->out->nodes;
	struct mirror_part *sorted = malloc(((size_t)m->parts_count + 1) * sizeof sorted[0]);
	uint32_t first = 0;

	if (sorted == NULL)
		return false;
	for (uint32_t i = 0; i < m->parts_count; i++)
		nodes[m->owners[i]].parts_count++;
	for (uint32_t i = 0; i < m->out->nodes_count; i++) {
		nodes[i].parts_first = first;
		first += nodes[i].parts_count;
		nodes[i].parts_count = 0;
	}
	for (uint32_t i = 0; i < m->parts_count; i++) {
		struct mirror_node *node = &nodes[m->owners[i]];

		sorted[node->parts_first + node->parts_count++] = m->out->parts[i];
	}
	free(m->out->parts);
	m->out->parts = sorted;
	for (uint32_t i = 0; i < m->out->nodes_count; i++)
		qsort_r(sorted + nodes[i].parts_first, nodes[i].parts_count, sizeof sorted[0],
		    compare_parts, (void *)(uintptr_t)m->ix);
	return true;
}

/* ---- sums */

static void
sum_up(struct maker *m, uint32_t number)
{
	struct mirror_node *node = &m->out->nodes[number];

	if (m->stamps[node->slot] == m->stamp)
		return;
	m->stamps[node->slot] = m->stamp;
	for (uint32_t i = 0; i < node->parts_count; i++) {
		struct mirror_part *part = &m->out->parts[node->parts_first + i];
		double unknown = part->done_known ? 0 : part->planned;

		if (part->node != MIRROR_TOP) {
			const struct mirror_node *below = &m->out->nodes[part->node];

			sum_up(m, part->node);
			part->planned = below->planned * part->share;
			part->done = below->done * part->share;
			unknown = below->unknown * part->share;
		}
		node->planned += part->planned;
		node->done += part->done;
		node->unknown += unknown;
	}
}

/* ---- what comes from below, each thing once */

static bool
is_recent(const struct maker *m, int32_t day)
{
	return day != DATE_NONE && day <= m->ix->today &&
	       day > m->ix->today - m->query->within_days;
}

static void
count_check_ins(struct maker *m)
{
	uint32_t count;
	const uint32_t *slots = index_kind(m->ix, KIND_CHECK_IN, &count);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t up = index_target(m->ix, slots[i], ROLE_ABOUT);

		if (!is_recent(m, m->ix->items[slots[i]]->start))
			continue;
		for (unsigned depth = 0; depth < 2 * LIMIT_DEPTH && up != SLOT_NONE; depth++) {
			m->check_ins[up]++;
			up = m->ix->part_of[up];
		}
	}
}

static void
survey_measures(struct maker *m, struct mirror_node *into, uint32_t objective)
{
	struct aims aims;
	struct aim aim;

	aims_init(&aims, m->ix, objective);
	while (aims_next(&aims, &aim)) {
		const struct series *series = index_series(m->ix, aim.measure);

		if (m->stamps[aim.measure] == m->stamp)
			continue;
		m->stamps[aim.measure] = m->stamp;
		into->measures++;
		for (uint32_t i = series != NULL ? series->actuals_count : 0; i-- > 0;) {
			if (!is_recent(m, series->actuals[i].date))
				break;
			into->measurements++;
		}
	}
}

static void
survey_work(struct maker *m, struct mirror_node *into, const struct mirror_part *part)
{
	const struct item *item = m->ix->items[part->slot];
	bool has_effort = part->from != MIRROR_FROM_NOTHING;

	if (m->stamps[part->slot] == m->stamp)
		return;
	m->stamps[part->slot] = m->stamp;
	into->works++;
	into->estimated += has_effort;
	into->without_effort += !has_effort;
	into->reported += m->check_ins[part->slot] > 0;
	into->check_ins += m->check_ins[part->slot];
	into->finished += item->status == WORK_DONE;
	into->realised += item->status == WORK_DONE && (item->has & HAS_REALISED) != 0;
}

static void
survey(struct maker *m, struct mirror_node *into, uint32_t number)
{
	const struct mirror_node *node = &m->out->nodes[number];

	if (m->stamps[node->slot] == m->stamp)
		return;
	m->stamps[node->slot] = m->stamp;
	into->check_ins += m->check_ins[node->slot];
	if (m->query->both_ways && m->ix->kinds[node->slot] == KIND_OBJECTIVE)
		survey_measures(m, into, node->slot);
	for (uint32_t i = 0; i < node->parts_count; i++) {
		const struct mirror_part *part = &m->out->parts[node->parts_first + i];

		if (part->node != MIRROR_TOP)
			survey(m, into, part->node);
		else
			survey_work(m, into, part);
	}
}

/* ---- judging */

/* Those that are compared with each other. */
struct group {
	uint32_t members;
	uint32_t weighed;
	uint32_t without_effort;
	double weights;
	double planned;
	double done;
};

static struct group *
group_of(struct group *groups, const struct mirror *mirror, const struct mirror_node *node)
{
	return &groups[node->whole != MIRROR_TOP ? node->whole : mirror->nodes_count];
}

static bool
is_in_whole(const struct maker *m, const struct mirror_node *node)
{
	return node->whole != MIRROR_TOP || m->ix->kinds[node->slot] == KIND_GOAL;
}

/*
 * An objective in no goal is beside the goals, not one of them. What neither says what it weighs nor has work is nothing to compare
 * with: other rules find it.
 */
static bool
is_member(const struct maker *m, const struct mirror_node *node)
{
	return is_in_whole(m, node) && (!isnan(node->weight) || node->works > 0);
}

static enum mirror_why
weigh_up(struct mirror_node *node, const struct group *group)
{
	/* Each is read as a part of what they say together. */
	bool all = group->weighed == group->members;

	if (group->weights > 1 + SLACK)
		return MIRROR_OVERWEIGHT;
	if (group->members > 1 && group->weighed == 0)
		return MIRROR_NO_WEIGHTS;
	if (!all)
		return group->members > 1 ? MIRROR_NO_WEIGHT : MIRROR_ALONE;
	if (group->weights <= 0)
		return MIRROR_NO_WEIGHTS;
	node->stated = node->weight / group->weights;
	return group->members > 1 ? MIRROR_FINE : MIRROR_ALONE;
}

static void
judge(const struct maker *m, struct mirror_node *node, const struct group *group)
{
	const struct mirror_limits *limits = &m->query->limits;
	bool starved, unstated;

	if (group->planned > 0)
		node->planned_share = node->planned / group->planned;
	if (group->done > 0)
		node->done_share = node->done / group->done;
	node->why = (uint8_t)weigh_up(node, group);
	if (node->why == MIRROR_FINE && isnan(node->planned_share))
		node->why = MIRROR_NO_EFFORT;
	if (node->why != MIRROR_FINE)
		return;
	starved = node->stated >= limits->starved_least - SLACK &&
		  node->planned_share * limits->starved_ratio <= node->stated + SLACK;
	unstated = node->planned_share >= limits->unstated_least - SLACK &&
		   node->stated * limits->unstated_ratio <= node->planned_share + SLACK;
	/* What states no effort would only make the share of its own larger, and that of the others smaller. */
	if ((starved && node->without_effort > 0) ||
	    (unstated && group->without_effort > node->without_effort)) {
		node->why = MIRROR_SOME_EFFORT;
		return;
	}
	node->verdict = starved ? MIRROR_STARVED : unstated ? MIRROR_UNSTATED : MIRROR_ALIKE;
}

static bool
judge_all(struct maker *m)
{
	struct mirror *out = m->out;
	struct group *groups = calloc((size_t)out->nodes_count + 1, sizeof groups[0]);

	if (groups == NULL)
		return false;
	for (uint32_t i = 0; i < out->nodes_count; i++) {
		const struct mirror_node *node = &out->nodes[i];
		struct group *group = group_of(groups, out, node);

		if (!is_member(m, node))
			continue;
		group->members++;
		group->weighed += !isnan(node->weight);
		group->weights += isnan(node->weight) ? 0 : node->weight;
		group->without_effort += node->without_effort;
		group->planned += node->planned;
		group->done += node->done;
	}
	for (uint32_t i = 0; i < out->nodes_count; i++) {
		struct mirror_node *node = &out->nodes[i];

		if (is_member(m, node))
			judge(m, node, group_of(groups, out, node));
		else
			node->why = is_in_whole(m, node) ? MIRROR_NO_EFFORT : MIRROR_NO_GOAL;
	}
	free(groups);
	return true;
}

/* ---- the whole */

static bool
fill(struct maker *m, struct err *err)
{
	if (!gather_nodes(m))
		return err_oom(err);
	add_pieces(m);
	for (uint32_t i = 0; i < m->out->nodes_count && !m->oom; i++)
		add_node_part(m, i);
	if (m->oom || !sort_parts(m))
		return err_oom(err);
	m->stamp++;
	for (uint32_t i = 0; i < m->out->nodes_count; i++)
		sum_up(m, i);
	if (m->query->both_ways)
		count_check_ins(m);
	for (uint32_t i = 0; i < m->out->nodes_count; i++) {
		if (i % STOP_EVERY == 0 && m->query->stop != NULL && m->query->stop(m->query->arg))
			return err_set(err, ERR_CANCELLED, "cancelled");
		m->stamp++;
		survey(m, &m->out->nodes[i], i);
	}
	return judge_all(m) || err_oom(err);
}

bool
mirror_run(
    const struct index *ix, const struct mirror_query *query, struct mirror *out, struct err *err)
{
	struct maker m = {.ix = ix, .query = query, .out = out};
	bool ok = false;

	*out = (struct mirror){0};
	m.number = index_alloc((size_t)ix->slots + 1, sizeof m.number[0]);
	m.stamps = calloc((size_t)ix->slots + 1, sizeof m.stamps[0]);
	m.check_ins = calloc((size_t)ix->slots + 1, sizeof m.check_ins[0]);
	if (m.number == NULL || m.stamps == NULL || m.check_ins == NULL) {
		err_oom(err);
		goto out;
	}
	for (uint32_t i = 0; i < ix->slots; i++)
		m.number[i] = MIRROR_TOP;
	ok = mirror_pieces(ix, query, &m.pieces, err) && fill(&m, err);
out:
	free(m.number);
	free(m.stamps);
	free(m.check_ins);
	free(m.owners);
	free(m.pieces.list);
	return ok;
}

void
mirror_fini(struct mirror *mirror)
{
	free(mirror->nodes);
	free(mirror->parts);
	free(mirror->over_shared);
	*mirror = (struct mirror){0};
}

const char *
mirror_why_words(enum mirror_why why)
{
	static const char *const words[] = {
	    [MIRROR_FINE] = "",
	    [MIRROR_ALONE] = "there is nothing beside it to compare it with",
	    [MIRROR_NO_GOAL] = "it is in no goal, so that nothing says what it shall weigh",
	    [MIRROR_NO_WEIGHTS] = "neither it nor anything beside it states a weight",
	    [MIRROR_NO_WEIGHT] = "some of those that are compared state a weight, and some do not",
	    [MIRROR_OVERWEIGHT] = "the weights of those that are compared sum to more than 1",
	    [MIRROR_NO_EFFORT] = "no work behind it or behind what is beside it states its effort",
	    [MIRROR_SOME_EFFORT] = "work that states no effort could make it otherwise",
	};

	return words[why];
}

const char *
mirror_from_words(enum mirror_from from)
{
	static const char *const words[] = {
	    [MIRROR_FROM_NOTHING] = "",
	    [MIRROR_FROM_ESTIMATE] = "estimate",
	    [MIRROR_FROM_NEEDS] = "needs or parts",
	    [MIRROR_FROM_ALLOCATIONS] = "allocations",
	    [MIRROR_FROM_NODE] = "what is below it",
	};

	return words[from];
}
