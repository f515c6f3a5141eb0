/* The family "priority", the order as it is lived: who gets the people, and who waits for them? */
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/booked.h"
#include "server/insight/check/claims.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"

static void
add_ranked(const struct check *check, uint32_t slot, struct str *out)
{
	uint32_t rank = check_index(check)->rank[slot];

	check_ref(check, slot, out);
	if (rank == RANK_NONE)
		str_add(out, " (unranked)");
	else
		str_addf(out, " (rank %u)", rank);
}

static void
emit_missing(struct pass *pass, uint32_t subject, const char *text)
{
	struct draft d;

	draft_init(&d, subject, SLOT_NONE);
	draft_missing(&d, subject, text);
	pass_emit(pass, &d);
}

/* ---- cells that are asked for more than they have */

struct cell {
	const struct load *load;
	uint32_t row;
	uint32_t column;
	const struct load_cell *of;
	const struct claims *claims;
};

typedef void (*cell_fn)(struct pass *pass, const struct cell *cell, void *arg);

static void
each_of_row(struct pass *pass, struct cell *at, struct claims *claims, cell_fn judge, void *arg)
{
	bool unknown = false;

	for (at->column = 0; at->column < load_columns(at->load) && pass_goes_on(pass);
	     at->column++) {
		at->of = load_cell(at->load, at->row, at->column);
		if (at->of->count < 2 || !claims_are_open(pass->ix, at->load, at->column))
			continue;
		unknown |= !at->of->is_known;
		if (!at->of->is_known || at->of->demand <= at->of->capacity)
			continue;
		if (claims_of(claims, pass->ix, at->load, at->row, at->column))
			judge(pass, at, arg);
		else
			pass_out_of_memory(pass);
	}
	if (unknown && !pass->stop)
		emit_missing(pass, load_who(at->load, at->row),
		    "neither its members nor its capacity are stated");
}

static void
each_over_full(struct pass *pass, const struct load *load, cell_fn judge, void *arg)
{
	struct claims claims = {0};
	struct cell at = {.load = load, .claims = &claims};

	for (at.row = 0; at.row < load_rows(load) && !pass->stop; at.row++)
		each_of_row(pass, &at, &claims, judge, arg);
	claims_fini(&claims);
}

/* ---- inversion */

enum { INVERSION_LEAST_DAYS };

struct inversion {
	struct pass *pass;
	struct booked *booked;
	struct claims claims;
	uint32_t row;
	uint32_t column;
	int64_t gives;            /* in the column */
	int64_t held;             /* by those that are ranked worse than the one at hand */
	const struct claim *most; /* who holds most of it */
};

static void
emit_inversion(struct inversion *v, uint32_t better, int64_t booked, int64_t lacks)
{
	uint32_t who = load_who(v->booked->load, v->row);
	struct draft d;

	draft_init(&d, better, v->most->initiative);
	d.subjects[d.subjects_count++] = who;
	d.subjects[d.subjects_count++] = load_period(v->booked->load, v->column);
	draft_number(&d, better, "person-days lacking", (double)lacks / 100);
	draft_number(&d, better, "person-days booked", (double)booked / 100);
	draft_number(&d, v->most->initiative, "person-days allocated", (double)v->most->held / 100);
	draft_number(&d, who, "person-days allocated to lower ranks", (double)v->held / 100);
	draft_number(&d, who, "person-days there are", (double)v->gives / 100);
	pass_emit(v->pass, &d);
}

static bool
is_enough(const struct pass *pass, int64_t effort)
{
	return effort > 0 && (double)effort >= pass->limits[INVERSION_LEAST_DAYS] * 100;
}

/* Goes on to claims that are ranked worse; returns how many are left. Those who share a rank do not take from each other. */
static uint32_t
pass_worse(struct inversion *v, uint32_t end, uint32_t rank)
{
	const struct claim *list = v->claims.list;

	for (; end > 0 && list[end - 1].rank > rank; end--) {
		const struct claim *c = &list[end - 1];

		v->held += c->held;
		if (c->held > 0 && (v->most == NULL || c->held > v->most->held))
			v->most = c;
	}
	return end;
}

/* From the worst rank to the best: what is booked ahead of it, then it, goes into what worse ranks leave. */
static void
judge_cell(struct inversion *v)
{
	const struct index *ix = v->pass->ix;
	size_t count;
	const struct booked_part *parts = booked_parts(v->booked, v->row, v->column, &count);
	int64_t ahead = booked_sum(v->booked, v->row, v->column);
	uint32_t end = v->claims.count;

	v->held = 0;
	v->most = NULL;
	v->gives = booked_gives(v->booked, v->row, v->column);
	while (count > 0 && pass_goes_on(v->pass)) {
		const struct booked_part *part = &parts[--count];
		uint32_t better = v->booked->forecast->pc.plan->heads[part->initiative];
		uint32_t rank = ix->rank[better];
		int64_t left, lacks;

		ahead -= part->effort;
		end = pass_worse(v, end, rank);
		left = v->gives - v->held - ahead;
		lacks = left > 0 ? part->effort - left : part->effort;
		if (lacks > part->effort - part->allocated)
			lacks = part->effort - part->allocated;
		if (rank != RANK_NONE && is_enough(v->pass, lacks) && is_enough(v->pass, v->held))
			emit_inversion(v, better, part->effort, lacks);
	}
}

static void
judge_row(struct inversion *v)
{
	const struct load *load = v->booked->load;
	bool unknown = false;

	for (v->column = 0; v->column < load_columns(load) && pass_goes_on(v->pass); v->column++) {
		const struct load_cell *cell = load_cell(load, v->row, v->column);

		if (cell->count == 0 || !claims_are_open(v->pass->ix, load, v->column))
			continue;
		unknown |= !cell->is_known && cell->count > 1;
		if (!cell->is_known)
			continue;
		if (claims_of(&v->claims, v->pass->ix, load, v->row, v->column))
			judge_cell(v);
		else
			pass_out_of_memory(v->pass);
	}
	if (unknown && !v->pass->stop)
		emit_missing(v->pass, load_who(load, v->row),
		    "neither its members nor its capacity are stated");
}

/* Can the load be judged by ranks? Else says once why it cannot. */
static bool
is_ready(struct pass *pass)
{
	const struct load *load;

	switch (claims_ready(pass, &load)) {
	case CLAIMS_READY:
		return true;
	case CLAIMS_NO_ORDER:
		emit_missing(pass, SLOT_NONE, CLAIMS_LACK_ORDER);
		break;
	case CLAIMS_NO_PERIODS:
		emit_missing(pass, SLOT_NONE, CLAIMS_LACK_PERIODS);
		break;
	case CLAIMS_NOTHING:
		break;
	}
	return false;
}

static void
run_inversion(struct pass *pass)
{
	struct inversion v = {.pass = pass};

	if (is_ready(pass) && (v.booked = pass_booked(pass)) != NULL) {
		for (v.row = 0; v.row < load_rows(v.booked->load) && !pass->stop; v.row++)
			judge_row(&v);
	}
	claims_fini(&v.claims);
}

static void
message_inversion(const struct check *check, const struct finding *f, struct str *out)
{
	const uint32_t *subjects = check_subjects(check, f);

	add_ranked(check, subjects[0], out);
	str_add(out, " lacks ");
	message_evidence(check, f, "person-days lacking", out);
	str_add(out, " person-days of ");
	message_subject(check, f, 2, out);
	str_add(out, " in ");
	message_subject(check, f, 3, out);
	str_add(out, ", while ");
	add_ranked(check, subjects[1], out);
	str_add(out, " holds ");
	message_evidence(check, f, "person-days allocated", out);
	str_add_char(out, '.');
}

static const struct rule priority_inversion = {
    .name = "priority/inversion",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"least_days", 1, 0, 10000, "person-days",
	"less than this, lacking or allocated, is let pass"}},
    .asks = "Does the better-ranked one get the people?",
    .meaning =
	"A ranked initiative lacks people, while initiatives ranked worse (or not at all) hold "
	"allocations of them. Judged by `plumb schedule`: best rank first, everything that runs is "
	"booked as early as it can be. Of what the schedule books of a team or person in a period "
	"for the initiative, it lacks what does not fit beside what is booked ahead of it and all "
	"that worse ranks hold there; what it is allocated itself it does not lack. Found where "
	"that is at least `least_days`, and worse ranks hold at least as much. The one of them "
	"that holds most is named. So what waits for a prerequisite lacks nobody in that time. Of "
	"the period that runs now, only what lies ahead counts, of bookings, allocations and "
	"days; of an effort by working days, of a share by what they can give.",
    .hurts = "The order is on paper, the people are elsewhere. The first priority waits for those "
	     "who work on the fifth, and nobody has decided that.",
    .mend = "Move the allocation to the better-ranked one, or change the order if it is wrong.",
    .unknown_when =
	"The plan has no order of initiatives or no period with both days (each said once for the "
	"plan as a whole), it is too large to schedule, or a team that several need states "
	"neither members nor capacity.",
    .fix = "Give the people to the better-ranked one, or change the order.",
    .run = run_inversion,
    .message = message_inversion,
};

/* ---- no-precedence */

/* In each cell only those that ask most are compared with each other. */
#define RIVALS_MAX 6u

struct rival {
	uint32_t objective;
	int64_t asked;
};

/* a comes before b by name. */
struct pair {
	uint32_t a;
	uint32_t b;
	uint32_t row;
	uint32_t column;
	int64_t over;
};

struct rivalry {
	const struct load *load;
	struct pair *pairs;
	size_t count;
	size_t cap;
	struct rival *rivals; /* scratch, of a cell */
	size_t rivals_cap;
	uint32_t *seen; /* by slot: in which search */
	uint32_t *queue;
	uint32_t search;
};

static uint32_t
open_objective(const struct index *ix, uint32_t initiative)
{
	uint32_t objective = index_target(ix, initiative, ROLE_OBJECTIVE);

	if (objective == SLOT_NONE)
		objective = index_target(ix, initiative, ROLE_CONTRIBUTION);
	if (objective == SLOT_NONE || ix->kinds[objective] != KIND_OBJECTIVE ||
	    !index_is(ix, objective, STANDING_JUDGED))
		return SLOT_NONE;
	return objective;
}

static int
compare_objectives(const void *pa, const void *pb)
{
	const struct rival *a = pa;
	const struct rival *b = pb;

	return a->objective < b->objective ? -1 : a->objective > b->objective;
}

static int
compare_asked(const void *pa, const void *pb)
{
	const struct rival *a = pa;
	const struct rival *b = pb;

	if (a->asked != b->asked)
		return a->asked > b->asked ? -1 : 1;
	return compare_objectives(pa, pb);
}

/* The objectives of the cell, those that ask most first; how many there are. */
static size_t
list_rivals(const struct index *ix, const struct claims *claims, struct rival *rivals)
{
	size_t count = 0, merged = 0;

	for (uint32_t i = 0; i < claims->count; i++) {
		uint32_t objective = open_objective(ix, claims->list[i].initiative);

		if (objective != SLOT_NONE)
			rivals[count++] = (struct rival){objective, claims->list[i].asked};
	}
	qsort(rivals, count, sizeof rivals[0], compare_objectives);
	for (size_t i = 0; i < count; i++) {
		if (merged > 0 && rivals[merged - 1].objective == rivals[i].objective)
			rivals[merged - 1].asked += rivals[i].asked;
		else
			rivals[merged++] = rivals[i];
	}
	qsort(rivals, merged, sizeof rivals[0], compare_asked);
	return merged < RIVALS_MAX ? merged : RIVALS_MAX;
}

static bool
grow_list(void **list, size_t *cap, size_t need, size_t size)
{
	size_t want = *cap > 0 ? *cap : 64;
	void *bigger;

	if (need <= *cap)
		return true;
	while (want < need)
		want *= 2;
	bigger = realloc(*list, want * size);
	if (bigger == NULL)
		return false;
	*list = bigger;
	*cap = want;
	return true;
}

static bool
make_room(struct rivalry *r, const struct claims *claims)
{
	void *pairs = r->pairs, *rivals = r->rivals;
	bool ok = grow_list(&pairs, &r->cap, r->count + (size_t)RIVALS_MAX * RIVALS_MAX,
		      sizeof r->pairs[0]) &&
		  grow_list(&rivals, &r->rivals_cap, claims->count, sizeof r->rivals[0]);

	r->pairs = pairs;
	r->rivals = rivals;
	return ok;
}

static void
collect_pairs(struct pass *pass, const struct cell *at, void *arg)
{
	struct rivalry *r = arg;
	int64_t over = at->of->demand - at->of->capacity;
	size_t count;

	if (!make_room(r, at->claims)) {
		pass_out_of_memory(pass);
		return;
	}
	count = list_rivals(pass->ix, at->claims, r->rivals);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = i + 1; k < count; k++) {
			uint32_t a = r->rivals[i].objective, b = r->rivals[k].objective;
			bool first = index_compare(pass->ix, a, b) < 0;

			r->pairs[r->count++] =
			    (struct pair){first ? a : b, first ? b : a, at->row, at->column, over};
		}
	}
}

/* Each pair with its worst cell in front. */
static int
compare_pairs(const void *pa, const void *pb)
{
	const struct pair *a = pa;
	const struct pair *b = pb;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	if (a->b != b->b)
		return a->b < b->b ? -1 : 1;
	if (a->over != b->over)
		return a->over > b->over ? -1 : 1;
	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return a->column < b->column ? -1 : a->column > b->column;
}

/* Marks all that is reached from an objective by going along (or against) what precedes what. */
static void
mark_reached(struct pass *pass, struct rivalry *r, uint32_t from, bool against)
{
	const struct index *ix = pass->ix;
	uint32_t head = 0, tail = 0;

	r->search++;
	r->seen[from] = r->search;
	r->queue[tail++] = from;
	while (head < tail && pass_goes_on(pass)) {
		uint32_t at = r->queue[head++];
		struct edges edges = against ? index_in(ix, at) : index_out(ix, at);

		for (uint32_t i = 0; i < edges.count; i++) {
			uint32_t to = edges.list[i].slot;

			if (edges.list[i].role != ROLE_PRECEDES || r->seen[to] == r->search ||
			    !index_is(ix, to, STANDING_LIVE))
				continue;
			r->seen[to] = r->search;
			r->queue[tail++] = to;
		}
	}
}

/* A part of an objective does not compete with the whole. */
static bool
is_above(const struct index *ix, uint32_t above, uint32_t slot)
{
	for (unsigned depth = 0; slot != SLOT_NONE && depth < 2 * LIMIT_DEPTH; depth++) {
		slot = index_target(ix, slot, ROLE_PARENT);
		if (slot == above)
			return true;
	}
	return false;
}

static void
emit_pair(struct pass *pass, const struct rivalry *r, const struct pair *pair)
{
	const struct load_cell *cell = load_cell(r->load, pair->row, pair->column);
	uint32_t who = load_who(r->load, pair->row);
	struct draft d;

	draft_init(&d, pair->a, pair->b);
	draft_slot(&d, who, "compete for", who);
	draft_slot(&d, who, "in", load_period(r->load, pair->column));
	draft_number(&d, who, "person-days asked", (double)cell->demand / 100);
	draft_number(&d, who, "person-days there are", (double)cell->capacity / 100);
	pass_emit(pass, &d);
}

/* The pairs of one objective: two searches settle them all. */
static void
judge_pairs_of(struct pass *pass, struct rivalry *r, size_t first, size_t end)
{
	uint32_t a = r->pairs[first].a;
	uint32_t before, after;

	mark_reached(pass, r, a, false);
	after = r->search;
	for (size_t i = first; i < end; i++) {
		if (r->seen[r->pairs[i].b] == after)
			r->pairs[i].over = 0;
	}
	mark_reached(pass, r, a, true);
	before = r->search;
	for (size_t i = first; i < end && pass_goes_on(pass); i++) {
		const struct pair *pair = &r->pairs[i];

		if ((i > first && pair[-1].b == pair->b) || pair->over == 0 ||
		    r->seen[pair->b] == before || is_above(pass->ix, a, pair->b) ||
		    is_above(pass->ix, pair->b, a))
			continue;
		emit_pair(pass, r, pair);
	}
}

static void
judge_pairs(struct pass *pass, struct rivalry *r)
{
	size_t slots = (size_t)pass->ix->slots + 1;

	qsort(r->pairs, r->count, sizeof r->pairs[0], compare_pairs);
	r->seen = calloc(slots, sizeof r->seen[0]);
	r->queue = malloc(slots * sizeof r->queue[0]);
	if (r->seen == NULL || r->queue == NULL) {
		pass_out_of_memory(pass);
		return;
	}
	for (size_t first = 0, end; first < r->count && !pass->stop; first = end) {
		for (end = first; end < r->count && r->pairs[end].a == r->pairs[first].a;)
			end++;
		judge_pairs_of(pass, r, first, end);
	}
}

static void
run_no_precedence(struct pass *pass)
{
	struct rivalry r = {0};
	enum claims_state state = claims_ready(pass, &r.load);

	/* It asks for no order of initiatives. */
	if (state == CLAIMS_NO_ORDER)
		r.load = pass_load(pass);
	if (r.load == NULL || pass->stop)
		return;
	if (load_columns(r.load) == 0) {
		emit_missing(pass, SLOT_NONE, CLAIMS_LACK_PERIODS);
		return;
	}
	each_over_full(pass, r.load, collect_pairs, &r);
	if (r.count > 0 && !pass->stop)
		judge_pairs(pass, &r);
	free(r.pairs);
	free(r.rivals);
	free(r.seen);
	free(r.queue);
}

static void
message_no_precedence(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " and ");
	message_subject(check, f, 1, out);
	str_add(out, " compete for ");
	message_evidence(check, f, "compete for", out);
	str_add(out, " in ");
	message_evidence(check, f, "in", out);
	str_add(out, " (");
	message_evidence(check, f, "person-days asked", out);
	str_add(out, " person-days asked of ");
	message_evidence(check, f, "person-days there are", out);
	str_add(out, "), and nothing says which comes first.");
}

static const struct rule priority_no_precedence = {
    .name = "priority/no-precedence",
    .severity = SEVERITY_NOTE,
    .asks = "In a pinch, which objective comes first?",
    .meaning =
	"Two open objectives whose initiatives ask for the same team or person in a period in "
	"which more is asked of them than there is, and of which neither precedes the other "
	"(`precedes:`, directly or through others). An initiative's objective is its primary one, "
	"else the first it contributes to. In each such period the six objectives that ask most "
	"are compared; each pair is told once, with the team or person and period where most is "
	"missing. An objective does not compete with those above it. The ranks of the initiatives "
	"do not answer this: they say which work comes first, not which end may suffer. Periods "
	"that are over are not judged.",
    .hurts =
	"The pinch is there already, and each team resolves it in favour of its own objective.",
    .mend = "Decide which of the two trumps the other, and write it down (`precedes:`).",
    .unknown_when =
	"The plan has no period with both days (said once for the plan as a whole), or a "
	"team that several need states neither members nor capacity.",
    .fix = "Say which of them precedes the other.",
    .run = run_no_precedence,
    .message = message_no_precedence,
};

const struct rule *const rules_priority_use[] = {
    &priority_inversion,
    &priority_no_precedence,
    NULL,
};
