/* The family "priority", the order itself: is there one, is it one, and is it the same for the teams? */
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/pass.h"

static bool
is_open_initiative(const struct index *ix, uint32_t slot)
{
	return ix->kinds[slot] == KIND_INITIATIVE && index_is(ix, slot, STANDING_JUDGED);
}

/* ---- unranked */

static bool
is_running(const struct index *ix, uint32_t slot)
{
	enum { WORK_APPROVED = 2, WORK_ACTIVE = 3 };
	unsigned status;

	if (!is_open_initiative(ix, slot))
		return false;
	status = ix->items[slot]->status;
	return status == WORK_APPROVED || status == WORK_ACTIVE;
}

static bool
has_order(const struct index *ix)
{
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (ix->rank[slots[i]] != RANK_NONE)
			return true;
	}
	return false;
}

/* Nothing is ranked at all: that is one finding, however many there are. */
static void
emit_no_order(struct pass *pass, int64_t running)
{
	struct draft d;

	if (running < 2)
		return;
	draft_init(&d, SLOT_NONE, SLOT_NONE);
	draft_count(&d, SLOT_NONE, "approved or active initiatives", running);
	pass_emit(pass, &d);
}

static void
run_unranked(struct pass *pass)
{
	const struct index *ix = pass->ix;
	bool order = has_order(ix);
	int64_t running = 0;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);
	struct draft d;

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (ix->rank[slots[i]] != RANK_NONE || !is_running(ix, slots[i]))
			continue;
		running++;
		if (!order)
			continue;
		draft_init(&d, slots[i], SLOT_NONE);
		draft_text(&d, slots[i], "status", status_name(ix->items[slots[i]]));
		pass_emit(pass, &d);
	}
	if (!order)
		emit_no_order(pass, running);
}

static void
message_unranked(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);

	if (f->subjects_count == 0) {
		str_add(out, "There is no order: ");
		check_value(check, &e[0], out);
		str_add(out, " initiatives are approved or active, and none is ranked.");
		return;
	}
	message_subject(check, f, 0, out);
	str_add(out, " is ");
	check_value(check, &e[0], out);
	str_add(out, ", but has no place in the order of initiatives.");
}

static const struct rule priority_unranked = {
    .name = "priority/unranked",
    .severity = SEVERITY_WARNING,
    .asks = "Is there one order, and is everything that runs in it?",
    .meaning = "An approved or active initiative that the workspace's ranking does not hold. Where "
	       "nothing is ranked at all, and two or more are approved or active, it is said once, "
	       "for the plan as a whole. Not judged: what is proposed or paused (it takes nobody's "
	       "time yet), done or stopped. A team's own order does not count here.",
    .hurts = "When people or time run short somebody decides all the same, at their desk, and "
	     "everybody differently.",
    .mend = "Place it before or after something that is ranked (`plumb rank`). If nobody can say "
	    "where it belongs, it is not yet decided that it shall run.",
    .unknown_when = "",
    .fix = "Give it a place in the order.",
    .run = run_unranked,
    .message = message_unranked,
};

/* ---- tie */

enum { TIE_MOST };

struct tie {
	struct draft draft;
	int64_t open;
};

static void
tie_init(struct tie *tie)
{
	draft_init(&tie->draft, SLOT_NONE, SLOT_NONE);
	tie->open = 0;
}

static void
tie_add(struct tie *tie, const struct index *ix, uint32_t slot)
{
	struct draft *d = &tie->draft;

	if (!is_open_initiative(ix, slot))
		return;
	tie->open++;
	if (d->subjects_count < FINDING_SUBJECTS)
		d->subjects[d->subjects_count++] = slot;
	else
		d->more++;
}

static void
tie_end(struct tie *tie, struct pass *pass)
{
	struct draft *d = &tie->draft;

	if (tie->open > pass->limits[TIE_MOST]) {
		draft_count(d, d->subjects[0], "rank", pass->ix->rank[d->subjects[0]]);
		draft_count(d, d->subjects[0], "initiatives at this rank", tie->open);
		pass_emit(pass, d);
	}
	tie_init(tie);
}

static const struct item *
company_order(const struct index *ix)
{
	static const char id[] = "workspace";
	const struct item *ranking = view_find(ix->view, KIND_RANKING, id, sizeof id - 1);

	return item_is_live(ranking) ? ranking : NULL;
}

static void
run_tie(struct pass *pass)
{
	const struct item *ranking = company_order(pass->ix);
	struct tie tie;

	if (ranking == NULL)
		return;
	tie_init(&tie);
	for (uint32_t i = 0; i < ranking->refs_count && pass_goes_on(pass); i++) {
		if (ranking->refs[i].amount != 1)
			tie_end(&tie, pass);
		tie_add(&tie, pass->ix, ranking->refs[i].slot);
	}
	tie_end(&tie, pass);
}

static void
message_tie(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);

	for (unsigned i = 0; i < f->subjects_count; i++) {
		if (i > 0)
			str_add(out, i + 1u == f->subjects_count && f->more == 0 ? " and " : ", ");
		message_subject(check, f, i, out);
	}
	if (f->more > 0)
		str_addf(out, " and %u more", f->more);
	str_add(out, " share rank ");
	check_value(check, &e[0], out);
	str_add_char(out, '.');
}

static const struct rule priority_tie = {
    .name = "priority/tie",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"most", 1, 1, 1000, "initiatives", "how many may share a rank"}},
    .asks = "Does every place in the order belong to one?",
    .meaning = "More than `most` open initiatives that share one rank in the workspace's ranking; "
	       "one finding for each such rank, with up to eight of them named. Ties come in from "
	       "imports (\"priority 1\" for everything) and are kept as they came. Done and "
	       "stopped initiatives are not counted, proposed and paused ones are: they have a "
	       "place in the order.",
    .hurts = "Ten first priorities are none. In a pinch the order does not decide, and the louder "
	     "one wins.",
    .mend = "Decide which comes first, and place one before the other (`plumb rank`).",
    .unknown_when = "",
    .fix = "Decide which of them comes first.",
    .run = run_tie,
    .message = message_tie,
};

/* ---- team-disagrees */

enum { DISAGREES_LEAST };
/* The first piece of evidence counts them all. */
#define PAIRS_SHOWN (FINDING_EVIDENCE - 1)

struct place {
	uint32_t slot;
	uint32_t team;    /* rank in the team's order */
	uint32_t company; /* rank in the company's */
	uint32_t ahead;   /* worst company rank of those that the team places before it; 0 none */
};

struct orders {
	struct place *places; /* in both, as the team has them */
	struct place *by_company;
	uint32_t *ranks; /* scratch for counting */
	uint32_t *merged;
	uint32_t count;
	uint32_t open; /* in the team's list */
};

static int
compare_team(const void *pa, const void *pb)
{
	const struct place *a = pa;
	const struct place *b = pb;

	if (a->team != b->team)
		return a->team < b->team ? -1 : 1;
	if (a->company != b->company)
		return a->company < b->company ? -1 : 1;
	return a->slot < b->slot ? -1 : a->slot > b->slot;
}

static int
compare_company(const void *pa, const void *pb)
{
	const struct place *a = pa;
	const struct place *b = pb;

	if (a->company != b->company)
		return a->company < b->company ? -1 : 1;
	return compare_team(pa, pb);
}

static void
orders_fini(struct orders *o)
{
	free(o->places);
	free(o->by_company);
	free(o->ranks);
	free(o->merged);
}

/* What is open and in both lists. False: out of memory. */
static bool
orders_init(struct orders *o, const struct index *ix, const struct item *ranking)
{
	uint32_t rank = 0;
	size_t n = (size_t)ranking->refs_count + 1;

	memset(o, 0, sizeof *o);
	o->places = malloc(n * sizeof o->places[0]);
	o->by_company = malloc(n * sizeof o->by_company[0]);
	o->ranks = malloc(n * sizeof o->ranks[0]);
	o->merged = malloc(n * sizeof o->merged[0]);
	if (o->places == NULL || o->by_company == NULL || o->ranks == NULL || o->merged == NULL)
		return false;
	for (uint32_t i = 0; i < ranking->refs_count; i++) {
		uint32_t slot = ranking->refs[i].slot;

		if (ranking->refs[i].amount != 1 || rank == 0)
			rank = i + 1;
		if (!is_open_initiative(ix, slot))
			continue;
		o->open++;
		if (ix->rank[slot] != RANK_NONE)
			o->places[o->count++] = (struct place){slot, rank, ix->rank[slot], 0};
	}
	qsort(o->places, o->count, sizeof o->places[0], compare_team);
	return true;
}

/* Pairs i < j with ranks[i] > ranks[j], by merging; leaves ranks in order. */
static uint64_t
count_inversions(uint32_t *ranks, uint32_t *merged, uint32_t count)
{
	uint64_t found = 0;

	for (uint32_t width = 1; width < count; width *= 2) {
		for (uint32_t low = 0; low < count; low += 2 * width) {
			uint32_t middle = count - low > width ? low + width : count;
			uint32_t high = count - low > 2 * width ? low + 2 * width : count;
			uint32_t i = low, k = middle;

			for (uint32_t at = low; at < high; at++) {
				if (k >= high || (i < middle && ranks[i] <= ranks[k])) {
					merged[at] = ranks[i++];
				} else {
					found += middle - i;
					merged[at] = ranks[k++];
				}
			}
		}
		memcpy(ranks, merged, count * sizeof ranks[0]);
	}
	return found;
}

/* What shares a rank with the team is in the order of the company's, so that ties never disagree. */
static uint64_t
count_pairs(struct orders *o)
{
	for (uint32_t i = 0; i < o->count; i++)
		o->ranks[i] = o->places[i].company;
	return count_inversions(o->ranks, o->merged, o->count);
}

static void
look_ahead(struct orders *o)
{
	uint32_t worst = 0;

	for (uint32_t i = 0, first = 0; i < o->count; i++) {
		if (o->places[i].team != o->places[first].team) {
			for (; first < i; first++) {
				if (o->places[first].company > worst)
					worst = o->places[first].company;
			}
		}
		o->places[i].ahead = worst;
	}
}

/* The company's best first; each with those that the team prefers to it, in the team's order. */
static void
show_pairs(struct orders *o, struct draft *d)
{
	unsigned shown = 0;

	look_ahead(o);
	memcpy(o->by_company, o->places, o->count * sizeof o->places[0]);
	qsort(o->by_company, o->count, sizeof o->by_company[0], compare_company);
	for (uint32_t i = 0; i < o->count && shown < PAIRS_SHOWN; i++) {
		const struct place *behind = &o->by_company[i];

		if (behind->ahead <= behind->company)
			continue;
		for (uint32_t k = 0; o->places[k].team < behind->team && shown < PAIRS_SHOWN; k++) {
			if (o->places[k].company <= behind->company)
				continue;
			draft_slot(d, o->places[k].slot, "placed before", behind->slot);
			shown++;
		}
	}
}

static void
judge_orders(struct pass *pass, struct orders *o, uint32_t team)
{
	struct draft d;
	uint64_t pairs;

	if (o->open < 2)
		return;
	draft_init(&d, team, SLOT_NONE);
	if (o->count < 2) {
		draft_missing(&d, team,
		    "fewer than two of the open initiatives in its order are ranked by the "
		    "workspace");
		pass_emit(pass, &d);
		return;
	}
	pairs = count_pairs(o);
	if (pairs == 0 || (double)pairs < pass->limits[DISAGREES_LEAST])
		return;
	draft_count(&d, team, "pairs in another order", (int64_t)pairs);
	show_pairs(o, &d);
	pass_emit(pass, &d);
}

/* A team's ranking is called "team." and the team; NULL: it is another one, or the team is gone. */
static const struct item *
team_of(const struct index *ix, const struct item *ranking)
{
	static const char prefix[] = "team.";
	size_t len = sizeof prefix - 1;
	const struct item *team;

	if (ranking->id_len <= len || memcmp(item_id(ranking), prefix, len) != 0)
		return NULL;
	team = view_find(ix->view, KIND_TEAM, item_id(ranking) + len, ranking->id_len - len);
	return item_is_live(team) ? team : NULL;
}

static void
run_team_disagrees(struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_RANKING, &count);

	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		const struct item *team = team_of(ix, ix->items[slots[i]]);
		struct orders o;

		if (team == NULL)
			continue;
		if (orders_init(&o, ix, ix->items[slots[i]]))
			judge_orders(pass, &o, team->slot);
		else
			pass_out_of_memory(pass);
		orders_fini(&o);
	}
}

#define PAIRS_IN_MESSAGE 3u

static void
message_team_disagrees(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);
	const uint32_t *rank = check_index(check)->rank;
	int64_t pairs = e[0].value.count;

	message_subject(check, f, 0, out);
	str_addf(out,
	    " has %lld pair%s of initiatives in another order than the company: ", (long long)pairs,
	    pairs == 1 ? "" : "s");
	for (unsigned i = 1; i < f->evidence_count && i <= PAIRS_IN_MESSAGE; i++) {
		str_add(out, i > 1 ? ", " : "");
		check_ref(check, e[i].slot, out);
		str_addf(out, " (rank %u) before ", rank[e[i].slot]);
		check_value(check, &e[i], out);
		str_addf(out, " (rank %u)", rank[e[i].value.slot]);
	}
	str_add(out, pairs > PAIRS_IN_MESSAGE ? ", …" : ".");
}

static const struct rule priority_team_disagrees = {
    .name = "priority/team-disagrees",
    .severity = SEVERITY_NOTE,
    .thresholds = {{"least", 1, 1, 1e9, "pairs", "fewer pairs in another order are let pass"}},
    .asks = "Does the team work in the company's order?",
    .meaning =
	"A team that keeps an order of its own, in which at least `least` pairs of open "
	"initiatives stand the other way round than in the workspace's ranking. Only initiatives "
	"in both lists are compared; two that share a rank in either list do not disagree. All "
	"such pairs are counted; up to seven are listed, those first that the company ranks best.",
    .hurts = "Both orders are lived at once: the company waits for what the team has put last.",
    .mend = "Talk: either the team knows something that the company's order lacks, or its order "
	    "has to follow. Then change one of the two.",
    .unknown_when = "Fewer than two of the open initiatives in the team's order have a place in "
		    "the workspace's ranking.",
    .fix = "Bring the two orders together.",
    .run = run_team_disagrees,
    .message = message_team_disagrees,
};

const struct rule *const rules_priority[] = {
    &priority_unranked,
    &priority_tie,
    &priority_team_disagrees,
    NULL,
};
