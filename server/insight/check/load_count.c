/* The family "load", part two: how many initiatives at a time, counted in heads. */
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/load_rules.h"
#include "server/insight/check/pass.h"
#include "server/insight/load/involved.h"
#include "server/insight/load/load.h"
#include "server/limits.h"

void
load_add_work(const struct check *check, uint32_t work, struct str *out)
{
	const struct index *ix = check_index(check);
	uint32_t up = work;

	check_ref(check, work, out);
	for (unsigned depth = 0; up != SLOT_NONE && depth < 2 * LIMIT_DEPTH; depth++) {
		if (ix->rank[up] != RANK_NONE) {
			str_addf(out, " (rank %u)", (unsigned)ix->rank[up]);
			return;
		}
		up = ix->part_of[up];
	}
}

static bool
is_gone(const struct index *ix, uint32_t person)
{
	int32_t last = ix->items[person]->finish;

	return last != DATE_NONE && last < ix->today;
}

static int
compare_ranked(const struct index *ix, uint32_t a, uint32_t b)
{
	if (ix->rank[a] != ix->rank[b])
		return ix->rank[a] < ix->rank[b] ? -1 : 1;
	return index_compare(ix, a, b);
}

/* ": leads initiative/a (rank 1), executes …" from evidence on. */
static void
add_parts(const struct check *check, const struct finding *f, size_t all, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);
	size_t shown = 0;

	for (unsigned i = 0; i < f->evidence_count; i++) {
		if (strcmp(e[i].what, "part") != 0)
			continue;
		str_add(out, shown++ > 0 ? ", " : ": ");
		str_addf(out, "%s ", e[i].value.text);
		load_add_work(check, e[i].slot, out);
	}
	str_add(out, shown < all ? " and others." : ".");
}

/* ---- rule-of-three */

enum { THREE_MOST };

static int
compare_involvements(const void *pa, const void *pb, void *arg)
{
	const struct involvement *a = pa;
	const struct involvement *b = pb;

	return compare_ranked(arg, a->initiative, b->initiative);
}

static void
emit_three(struct pass *pass, struct involved *inv, uint32_t person, int32_t day, size_t most)
{
	size_t n = 0;
	struct draft d;

	draft_init(&d, person, SLOT_NONE);
	draft_count(&d, person, "initiatives at a time", (int64_t)most);
	draft_date(&d, person, "day", day);
	for (size_t i = 0; i < inv->count; i++) {
		if (involvement_has(&inv->list[i], day))
			inv->list[n++] = inv->list[i];
	}
	qsort_r(
	    inv->list, n, sizeof inv->list[0], compare_involvements, (void *)(uintptr_t)pass->ix);
	for (size_t i = 0; i < n; i++)
		draft_text(
		    &d, inv->list[i].initiative, "part", inv->list[i].leads ? "leads" : "executes");
	pass_emit(pass, &d);
}

/* False: out of memory. */
static bool
judge_three(struct pass *pass, struct involved *inv, uint32_t person)
{
	double limit = pass->limits[THREE_MOST];
	struct err err;
	int32_t day;
	size_t most, whenever;

	if ((double)index_in(pass->ix, person).count <= limit || is_gone(pass->ix, person))
		return true;
	if (!involved_count(inv, person, &whenever, &err))
		return false;
	if ((double)whenever <= limit)
		return true;
	if (!involved_read(inv, person, &err) || !involved_most(inv, &day, &most, &err))
		return false;
	if ((double)most > limit)
		emit_three(pass, inv, person, day, most);
	return true;
}

static void
run_three(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_PERSON, &count);
	struct involved inv;
	struct err err;
	bool ok = involved_init(&inv, pass->ix, &err);

	for (uint32_t i = 0; ok && i < count && pass_goes_on_at(pass, slots, count, i); i++)
		ok = judge_three(pass, &inv, slots[i]);
	if (!ok)
		pass_out_of_memory(pass);
	involved_fini(&inv);
}

static void
message_three(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " is on ");
	message_evidence(check, f, "initiatives at a time", out);
	str_add(out, " initiatives at the same time on ");
	message_evidence(check, f, "day", out);
	add_parts(check, f,
	    (size_t)finding_evidence(check, f, "initiatives at a time")->value.count, out);
}

const struct rule load_rule_of_three = {
    .name = "load/rule-of-three",
    .severity = SEVERITY_WARNING,
    .local = true,
    .thresholds = {{"most", 3, 1, 100, "initiatives",
	"how many at the same time one person may lead or execute"}},
    .asks = "Does nobody lead or execute more than three initiatives at a time?",
    .meaning =
	"A person who, on some day from today on, leads or executes more than `most` different "
	"initiatives that are approved or active. Who owns an initiative leads it; who owns a part "
	"of it, is a member of it or of a part, is allocated to it or named among its needs "
	"executes "
	"it. Both count, each initiative once: workstreams and tasks count as the initiative that "
	"they belong to. It counts for the days of the work (or of the allocation's period); "
	"without "
	"days it counts always, and what is late and still open counts until today. The finding "
	"names the first day with the most of them. People whose last day has passed are not "
	"judged.",
    .hurts = "Beyond three, each further initiative costs more in switching than it gains; all of "
	     "them get slower, and the person wears out.",
    .mend = "Agree with the person which three come first, in the company's order; hand the others "
	    "over, or start them when one is done.",
    .unknown_when = "",
    .fix = "Hand over or postpone the lowest ranked ones, until three are left.",
    .run = run_three,
    .message = message_three,
};

/* ---- same-people */

enum { SAME_TOP, SAME_SHARE };

/* A person who is on one of the best-ranked. */
struct head {
	uint32_t person;
	uint32_t place; /* of the initiative among them */
	bool leads;
};

struct heads {
	struct head *list;
	size_t count;
	size_t cap;
};

static bool
add_head(struct heads *heads, uint32_t person, uint32_t place, bool leads)
{
	size_t want = heads->cap > 0 ? 2 * heads->cap : 256;
	struct head *bigger;

	if (heads->count == heads->cap) {
		bigger = realloc(heads->list, want * sizeof bigger[0]);
		if (bigger == NULL)
			return false;
		heads->list = bigger;
		heads->cap = want;
	}
	heads->list[heads->count++] = (struct head){person, place, leads};
	return true;
}

static bool
is_person(const struct index *ix, uint32_t slot)
{
	return ix->kinds[slot] == KIND_PERSON && index_is(ix, slot, STANDING_LIVE) &&
	       !is_gone(ix, slot);
}

/* Those on a piece of work and its running parts. */
static bool
add_heads(
    const struct index *ix, struct heads *heads, uint32_t work, uint32_t place, unsigned depth)
{
	struct edges out = index_out(ix, work);
	struct edges in = index_in(ix, work);
	bool ok = true;

	for (uint32_t i = 0; i < out.count && ok; i++) {
		const struct edge *e = &out.list[i];

		if ((e->role == ROLE_OWNER || e->role == ROLE_MEMBER || e->role == ROLE_NEED) &&
		    is_person(ix, e->slot))
			ok = add_head(heads, e->slot, place, e->role == ROLE_OWNER && depth == 0);
	}
	for (uint32_t i = 0; i < in.count && ok && depth < LIMIT_DEPTH; i++) {
		uint32_t part = in.list[i].slot;
		uint32_t who;

		if (in.list[i].role != ROLE_PART_OF || !index_is(ix, part, STANDING_LIVE))
			continue;
		if (ix->kinds[part] == KIND_ALLOCATION) {
			int32_t last = index_periods_end(ix, part);

			who = index_target(ix, part, ROLE_WHO);
			if (who != SLOT_NONE && is_person(ix, who) &&
			    (last == DATE_NONE || last >= ix->today))
				ok = add_head(heads, who, place, false);
		} else if (kind_is_work(ix->kinds[part]) && load_is_running(ix, part)) {
			ok = add_heads(ix, heads, part, place, depth + 1);
		}
	}
	return ok;
}

static int
compare_heads(const void *pa, const void *pb)
{
	const struct head *a = pa;
	const struct head *b = pb;

	if (a->person != b->person)
		return a->person < b->person ? -1 : 1;
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return (int)b->leads - (int)a->leads;
}

static int
compare_slots(const void *pa, const void *pb, void *arg)
{
	const uint32_t *a = pa;
	const uint32_t *b = pb;

	return *a == *b ? 0 : compare_ranked(arg, *a, *b);
}

/* The running initiatives, ranked ones only, best first; ranked tells whether anything is ranked at all. */
static uint32_t *
best_ranked(const struct index *ix, uint32_t *n, uint32_t *unranked)
{
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);
	uint32_t *list = malloc(((size_t)count + 1) * sizeof list[0]);

	*n = *unranked = 0;
	for (uint32_t i = 0; list != NULL && i < count; i++) {
		if (!load_is_running(ix, slots[i]))
			continue;
		if (ix->rank[slots[i]] == RANK_NONE)
			(*unranked)++;
		else
			list[(*n)++] = slots[i];
	}
	if (list != NULL)
		qsort_r(list, *n, sizeof list[0], compare_slots, (void *)(uintptr_t)ix);
	return list;
}

static void
emit_same(struct pass *pass, const uint32_t *best, uint32_t top, const struct head *heads, size_t n)
{
	struct draft d;

	draft_init(&d, heads[0].person, SLOT_NONE);
	draft_count(&d, heads[0].person, "initiatives", (int64_t)n);
	draft_count(&d, heads[0].person, "of the best ranked", top);
	for (size_t i = 0; i < n; i++)
		draft_text(&d, best[heads[i].place], "part", heads[i].leads ? "leads" : "executes");
	pass_emit(pass, &d);
}

/* Each person's run of the sorted list, each initiative once. */
static void
judge_heads(struct pass *pass, struct heads *heads, const uint32_t *best, uint32_t top)
{
	size_t n = 0;

	qsort(heads->list, heads->count, sizeof heads->list[0], compare_heads);
	for (size_t i = 0; i < heads->count; i++) {
		if (n == 0 || heads->list[n - 1].person != heads->list[i].person ||
		    heads->list[n - 1].place != heads->list[i].place)
			heads->list[n++] = heads->list[i];
	}
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && heads->list[end].person == heads->list[i].person;)
			end++;
		if (end - i >= 3 &&
		    (double)(end - i) * 100 > (double)top * pass->limits[SAME_SHARE])
			emit_same(pass, best, top, heads->list + i, end - i);
	}
}

static void
run_same(struct pass *pass)
{
	uint32_t n, unranked, top;
	uint32_t *best = best_ranked(pass->ix, &n, &unranked);
	struct heads heads = {0};
	bool ok = best != NULL;
	struct draft d;

	top = n < pass->limits[SAME_TOP] ? n : (uint32_t)pass->limits[SAME_TOP];
	for (uint32_t i = 0; ok && i < top; i++)
		ok = add_heads(pass->ix, &heads, best[i], i, 0);
	if (!ok)
		pass_out_of_memory(pass);
	else if (heads.count > 0)
		judge_heads(pass, &heads, best, top);
	if (ok && n == 0 && unranked >= 3) {
		draft_init(&d, SLOT_NONE, SLOT_NONE);
		draft_missing(&d, SLOT_NONE, "no running initiative has a rank");
		pass_emit(pass, &d);
	}
	free(heads.list);
	free(best);
}

static void
message_same(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " is on ");
	message_evidence(check, f, "initiatives", out);
	str_add(out, " of the ");
	message_evidence(check, f, "of the best ranked", out);
	str_add(out, " best-ranked running initiatives");
	add_parts(check, f, (size_t)finding_evidence(check, f, "initiatives")->value.count, out);
}

const struct rule load_same_people = {
    .name = "load/same-people",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"top", 5, 3, 50, "initiatives", "how many of the best ranked are looked at"},
	{"share", 50, 1, 100, "%", "the share of them that one person may be on"}},
    .asks = "Do the first priorities rest on different people?",
    .meaning =
	"One person leads or executes more than `share` percent of the `top` best-ranked "
	"initiatives "
	"that are approved or active, and at least three of them. Who owns an initiative leads it; "
	"who owns a part, is a member, is allocated or named among the needs executes it.",
    .hurts = "What matters most waits for the same few heads; one illness, one holiday, and all of "
	     "the first priorities stand still together.",
    .mend = "Give some of these roles to others, even to people who have to learn them first; keep "
	    "the one person for what nobody else can do.",
    .unknown_when = "Three or more initiatives run and none of them has a rank.",
    .fix = "Give some of these parts to somebody else.",
    .run = run_same,
    .message = message_same,
};

/* ---- too-many */

enum { MANY_MOST };

/* An initiative that a team is in. */
struct work_of {
	uint32_t team;
	uint32_t initiative;
};

struct works {
	const struct index *ix;
	struct work_of *list;
	size_t count;
	size_t cap;
	bool failed;
};

static void
add_team(struct works *works, uint32_t team, uint32_t initiative)
{
	size_t want = works->cap > 0 ? 2 * works->cap : 256;
	struct work_of *bigger;

	if (team == SLOT_NONE || works->ix->kinds[team] != KIND_TEAM ||
	    !index_is(works->ix, team, STANDING_LIVE))
		return;
	if (works->count == works->cap) {
		bigger = realloc(works->list, want * sizeof bigger[0]);
		if (bigger == NULL) {
			works->failed = true;
			return;
		}
		works->list = bigger;
		works->cap = want;
	}
	works->list[works->count++] = (struct work_of){team, initiative};
}

/* Needed by it, given to it, the objective's, the owner's. */
static void
add_teams(struct works *works, uint32_t initiative)
{
	const struct index *ix = works->ix;
	struct edges out = index_out(ix, initiative);
	struct edges in = index_in(ix, initiative);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t slot = out.list[i].slot;

		if (!index_is(ix, slot, STANDING_LIVE))
			continue;
		if (out.list[i].role == ROLE_NEED)
			add_team(works, slot, initiative);
		else if (out.list[i].role == ROLE_OBJECTIVE || out.list[i].role == ROLE_OWNER)
			add_team(works, index_target(ix, slot, ROLE_TEAM), initiative);
		if (out.list[i].role == ROLE_OWNER)
			add_team(works, slot, initiative);
	}
	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_PART_OF &&
		    ix->kinds[in.list[i].slot] == KIND_ALLOCATION &&
		    index_is(ix, in.list[i].slot, STANDING_LIVE))
			add_team(works, index_target(ix, in.list[i].slot, ROLE_WHO), initiative);
	}
}

static int
compare_works(const void *pa, const void *pb, void *arg)
{
	const struct work_of *a = pa;
	const struct work_of *b = pb;

	if (a->team != b->team)
		return a->team < b->team ? -1 : 1;
	return a->initiative == b->initiative ? 0
					      : compare_ranked(arg, a->initiative, b->initiative);
}

/* Approved or active, and begun; what is late and still open goes on. */
static bool
runs_today(const struct index *ix, uint32_t initiative)
{
	int32_t start;

	if (!load_is_running(ix, initiative))
		return false;
	start = load_start(ix, initiative);
	return start == DATE_NONE || start <= ix->today;
}

static void
emit_many(struct pass *pass, const struct work_of *list, size_t n)
{
	struct draft d;

	draft_init(&d, list[0].team, SLOT_NONE);
	draft_count(&d, list[0].team, "initiatives", (int64_t)n);
	for (size_t i = 0; i < n; i++)
		draft_slot(&d, list[0].team, "initiative", list[i].initiative);
	pass_emit(pass, &d);
}

static void
judge_works(struct pass *pass, struct works *works)
{
	size_t n = 0;

	qsort_r(works->list, works->count, sizeof works->list[0], compare_works,
	    (void *)(uintptr_t)pass->ix);
	for (size_t i = 0; i < works->count; i++) {
		if (n == 0 || works->list[n - 1].team != works->list[i].team ||
		    works->list[n - 1].initiative != works->list[i].initiative)
			works->list[n++] = works->list[i];
	}
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && works->list[end].team == works->list[i].team;)
			end++;
		if ((double)(end - i) > pass->limits[MANY_MOST])
			emit_many(pass, works->list + i, end - i);
	}
}

static void
run_many(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_INITIATIVE, &count);
	struct works works = {.ix = pass->ix};

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (runs_today(pass->ix, slots[i]))
			add_teams(&works, slots[i]);
	}
	if (works.failed)
		pass_out_of_memory(pass);
	else if (!pass->stop && works.count > 0)
		judge_works(pass, &works);
	free(works.list);
}

static void
message_many(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);

	message_subject(check, f, 0, out);
	str_add(out, " is in ");
	check_value(check, &e[0], out);
	str_add(out, " running initiatives at once: ");
	for (unsigned i = 1; i < f->evidence_count; i++) {
		str_add(out, i > 1 ? ", " : "");
		load_add_work(check, e[i].value.slot, out);
	}
	str_add(out, e[0].value.count > f->evidence_count - 1 ? " and others." : ".");
}

const struct rule load_too_many = {
    .name = "load/too-many",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"most", 5, 1, 1000, "initiatives",
	"how many one team may be in at the same time"}},
    .asks = "Does no team run too much at once?",
    .meaning =
	"A team that is in more than `most` initiatives which run today: approved or active, and "
	"begun (without a start they count as begun; what is late and still open counts). A team "
	"is "
	"in an initiative that needs it or has an allocation of it, whose objective is the team's, "
	"or whose owner is the team or names it as theirs.",
    .hurts =
	"Everything is started and nothing gets done: each initiative waits for people who are "
	"busy with the others.",
    .mend =
	"Finish before you start: pause the lowest ranked ones, and take the next one when one is "
	"done.",
    .unknown_when = "",
    .fix = "Pause the lowest ranked ones until fewer run at once.",
    .run = run_many,
    .message = message_many,
};
