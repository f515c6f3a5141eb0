/* The family "priority", what pulls against each other: declared conflicts and opposed numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/aim.h"
#include "server/insight/check/dimension.h"
#include "server/insight/check/mirror.h"
#include "server/insight/check/pass.h"

/* Of one measure, or one dimension: enough to act on, few enough to read. */
#define PAIRS_MAX 8u

/* ---- declared */

/* Both may declare it: then it is the one's whose name comes first. */
static void
judge_declared(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	struct edges out = index_out(ix, slot);
	struct draft d;

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot;
		bool first = index_compare(ix, slot, to) < 0;

		if (out.list[i].role != ROLE_LINK_CONFLICTS || to == slot ||
		    !index_is(ix, to, STANDING_JUDGED) || index_is_again(&out, i) ||
		    mirror_is_word(ix->kinds[slot]) || mirror_is_word(ix->kinds[to]))
			continue;
		if (!first && index_has_target(ix, to, ROLE_LINK_CONFLICTS, slot))
			continue;
		draft_init(&d, first ? slot : to, first ? to : slot);
		draft_slot(&d, slot, "conflicts with", to);
		pass_emit(pass, &d);
	}
}

static void
run_declared(struct pass *pass)
{
	const struct index *ix = pass->ix;

	for (uint32_t s = 0; s < ix->slots && pass_goes_on(pass); s++) {
		if ((ix->roles[s] & ROLE_BIT(ROLE_LINK_CONFLICTS)) != 0 &&
		    index_is(ix, s, STANDING_JUDGED))
			judge_declared(pass, s);
	}
}

/* ---- what the open objectives want of a measure */

enum pull { PULL_UP, PULL_DOWN, PULL_NONE, PULL_UNKNOWN };

struct wish {
	struct aim aim;
	enum pull pull;
	double from; /* baseline, else the latest actual; NAN */
	int32_t start;
};

struct wishes {
	struct wish *list;
	size_t count;
	size_t cap;
};

static bool
wishes_add(struct wishes *w, const struct wish *wish)
{
	struct wish *bigger;

	if (w->count == w->cap) {
		w->cap = w->cap > 0 ? 2 * w->cap : 16;
		bigger = realloc(w->list, w->cap * sizeof w->list[0]);
		if (bigger == NULL)
			return false;
		w->list = bigger;
	}
	w->list[w->count++] = *wish;
	return true;
}

static void
wish_weigh(struct wish *wish, const struct pass *pass)
{
	const struct point *last =
	    series_until(index_series(pass->ix, wish->aim.measure), pass->today);

	wish->from = wish->aim.baseline;
	if (isnan(wish->from) && last != NULL)
		wish->from = last->value;
	wish->start = index_periods_start(pass->ix, wish->aim.objective);
	wish->pull = PULL_NONE;
	if (isnan(wish->aim.target) || wish->aim.direction == DIRECTION_HOLD)
		return;
	if (isnan(wish->from))
		wish->pull = PULL_UNKNOWN;
	else if (wish->aim.target != wish->from)
		wish->pull = wish->aim.target > wish->from ? PULL_UP : PULL_DOWN;
}

/* Each objective once, by its first target. False: out of memory. */
static bool
wishes_of(struct wishes *w, const struct pass *pass, uint32_t measure)
{
	const struct index *ix = pass->ix;
	struct edges in = index_in(ix, measure);
	uint32_t last = SLOT_NONE;
	struct wish wish;

	w->count = 0;
	/* The way back is in the order of slots: the same one stands side by side. */
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t objective = in.list[i].slot;

		if (in.list[i].role != ROLE_TARGET_MEASURE || objective == last ||
		    !index_is(ix, objective, STANDING_JUDGED))
			continue;
		last = objective;
		aim_find(ix, objective, measure, &wish.aim);
		wish_weigh(&wish, pass);
		if (!wishes_add(w, &wish))
			return false;
	}
	return true;
}

/* Not known is not apart. */
static bool
are_at_one_time(const struct wish *a, const struct wish *b)
{
	if (a->aim.due != DATE_NONE && b->start != DATE_NONE && a->aim.due < b->start)
		return false;
	return b->aim.due == DATE_NONE || a->start == DATE_NONE || b->aim.due >= a->start;
}

/* ---- one measure */

static void
emit_one_measure(struct pass *pass, const struct wish *up, const struct wish *down)
{
	const struct aim *a = &up->aim;
	const struct aim *b = &down->aim;
	struct draft d;

	draft_init(&d, a->objective, b->objective);
	d.subjects[d.subjects_count++] = a->measure;
	draft_number(&d, a->objective, "from", up->from);
	draft_number(&d, a->objective, "up to", a->target);
	draft_number(&d, b->objective, "from", down->from);
	draft_number(&d, b->objective, "down to", b->target);
	pass_emit(pass, &d);
}

/* Targets that differ, and nothing says on which side of today's value they lie. */
static void
judge_unknown(struct pass *pass, const struct wishes *w, uint32_t measure)
{
	bool unknown = false, differ = false;
	struct draft d;

	for (size_t i = 0; i < w->count; i++) {
		unknown |= w->list[i].pull == PULL_UNKNOWN;
		differ |= !isnan(w->list[i].aim.target) && !isnan(w->list[0].aim.target) &&
			  w->list[i].aim.target != w->list[0].aim.target;
	}
	if (!unknown || !differ)
		return;
	draft_init(&d, measure, SLOT_NONE);
	draft_missing(&d, measure,
	    "open objectives have different targets for it, but neither baseline nor actual says "
	    "from where it shall move");
	pass_emit(pass, &d);
}

/* One wants it above, the other below, and no value suits both. */
static void
judge_one_measure(struct pass *pass, const struct wishes *w, uint32_t measure)
{
	unsigned pairs = 0;

	judge_unknown(pass, w, measure);
	for (size_t i = 0; i < w->count; i++) {
		const struct wish *up = &w->list[i];

		for (size_t k = 0; k < w->count && up->pull == PULL_UP; k++) {
			const struct wish *down = &w->list[k];

			if (pairs == PAIRS_MAX || !pass_goes_on(pass))
				return;
			if (down->pull != PULL_DOWN || up->aim.target <= down->aim.target ||
			    !are_at_one_time(up, down))
				continue;
			emit_one_measure(pass, up, down);
			pairs++;
		}
	}
}

/* ---- one dimension */

/* A measure that open objectives have targets for. */
struct aspect {
	uint64_t hash; /* of the folded dimension */
	uint32_t measure;
	uint8_t direction;
};

struct aspects {
	struct aspect *list;
	size_t count;
};

static int
compare_aspects(const void *pa, const void *pb)
{
	const struct aspect *a = pa;
	const struct aspect *b = pb;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->measure < b->measure ? -1 : a->measure > b->measure;
}

static void
emit_dimension(struct pass *pass, const struct wish *up, const struct wish *down)
{
	struct draft d;

	draft_init(&d, up->aim.objective, down->aim.objective);
	d.subjects[d.subjects_count++] = up->aim.measure;
	d.subjects[d.subjects_count++] = down->aim.measure;
	draft_text(&d, up->aim.measure, "direction", "up");
	draft_text(&d, down->aim.measure, "direction", "down");
	pass_emit(pass, &d);
}

/* Both are scratch. */
struct sides {
	struct wishes up;
	struct wishes down;
};

static void
judge_two_measures(struct pass *pass, struct sides *s, unsigned *pairs)
{
	for (size_t i = 0; i < s->up.count; i++) {
		for (size_t k = 0; k < s->down.count; k++) {
			const struct wish *up = &s->up.list[i];
			const struct wish *down = &s->down.list[k];

			if (*pairs == PAIRS_MAX || !pass_goes_on(pass))
				return;
			if (up->aim.objective == down->aim.objective || !are_at_one_time(up, down))
				continue;
			emit_dimension(pass, up, down);
			(*pairs)++;
		}
	}
}

static void
judge_dimension(struct pass *pass, struct sides *s, const struct aspect *list, size_t count)
{
	const struct index *ix = pass->ix;
	unsigned pairs = 0;

	for (size_t i = 0; i < count; i++) {
		if (list[i].direction != DIRECTION_UP)
			continue;
		for (size_t k = 0; k < count && pairs < PAIRS_MAX; k++) {
			int same;

			if (list[k].direction != DIRECTION_DOWN || !pass_goes_on(pass))
				continue;
			same = dimension_is_same(
			    ix->items[list[i].measure], ix->items[list[k].measure]);
			if (same < 0 || !wishes_of(&s->up, pass, list[i].measure) ||
			    !wishes_of(&s->down, pass, list[k].measure)) {
				pass_out_of_memory(pass);
				return;
			}
			if (same)
				judge_two_measures(pass, s, &pairs);
		}
		if (pass->stop)
			return;
	}
}

static void
run_dimensions(struct pass *pass, struct aspects *aspects)
{
	struct sides s = {0};
	size_t first = 0;

	qsort(aspects->list, aspects->count, sizeof aspects->list[0], compare_aspects);
	for (size_t i = 1; i <= aspects->count && !pass->stop; i++) {
		if (i < aspects->count && aspects->list[i].hash == aspects->list[first].hash)
			continue;
		if (i - first > 1)
			judge_dimension(pass, &s, aspects->list + first, i - first);
		first = i;
	}
	free(s.up.list);
	free(s.down.list);
}

/* ---- the rule */

/* False: out of memory. */
static bool
judge_measure(struct pass *pass, struct wishes *w, struct aspects *aspects, uint32_t measure)
{
	const struct item *item = pass->ix->items[measure];
	bool moves = item->extra == DIRECTION_UP || item->extra == DIRECTION_DOWN;
	uint64_t hash = 0;

	if (!wishes_of(w, pass, measure))
		return false;
	if (w->count == 0)
		return true;
	if (w->count > 1)
		judge_one_measure(pass, w, measure);
	if (moves && (item->has & HAS_DIMENSION) != 0 && !dimension_hash(item, &hash))
		return false;
	if (hash != 0)
		aspects->list[aspects->count++] = (struct aspect){hash, measure, item->extra};
	return true;
}

static void
run_conflict(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_MEASURE, &count);
	struct aspects aspects = {calloc((size_t)count + 1, sizeof(struct aspect)), 0};
	struct wishes w = {0};

	run_declared(pass);
	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (aspects.list == NULL || !judge_measure(pass, &w, &aspects, slots[i]))
			pass_out_of_memory(pass);
	}
	if (!pass->stop)
		run_dimensions(pass, &aspects);
	free(aspects.list);
	free(w.list);
}

static void
message_one_measure(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);

	message_subject(check, f, 0, out);
	str_add(out, " wants ");
	message_subject(check, f, 2, out);
	str_add(out, " up to ");
	check_value(check, &e[1], out);
	str_add(out, ", ");
	message_subject(check, f, 1, out);
	str_add(out, " wants it down to ");
	check_value(check, &e[3], out);
	str_add_char(out, '.');
}

static void
message_conflict(const struct check *check, const struct finding *f, struct str *out)
{
	if (f->subjects_count == 3) {
		message_one_measure(check, f, out);
		return;
	}
	message_subject(check, f, 0, out);
	if (f->subjects_count == 2) {
		str_add(out, " and ");
		message_subject(check, f, 1, out);
		str_add(out, " are in conflict: ");
		check_ref(check, check_evidence(check, f)[0].slot, out);
		str_add(out, " says so.");
		return;
	}
	str_add(out, " wants ");
	message_subject(check, f, 2, out);
	str_add(out, " up, ");
	message_subject(check, f, 1, out);
	str_add(out, " wants ");
	message_subject(check, f, 3, out);
	str_add(out, " down, and both measure the same dimension.");
}

static const struct rule priority_conflict = {
    .name = "priority/conflict",
    .severity = SEVERITY_WARNING,
    .asks = "Does the plan pull in one direction?",
    .meaning =
	"Three ways in which two parts of a plan work against each other. A link of type "
	"`conflicts` between two entries that are both open (where one is a vision, mission, value "
	"or policy: "
	"mirror/contradiction). Two open objectives with targets for "
	"one measure, of which one lies above and the other below the baseline (where none is "
	"known: the latest actual), so that no value would suit both. Two open objectives with "
	"targets for different measures of one dimension (small and capital letters are the same), "
	"one measure to go up and the other down. Objectives whose times do not overlap (periods, "
	"due dates, where both are stated) do not conflict; up to eight pairs are named for each "
	"measure and dimension.",
    .hurts = "Each success of one team is a failure of the other. Both work hard, and the number "
	     "stays where it is.",
    .mend = "Decide which of the two shall win, and change the other's target, drop it, or put one "
	    "after "
	    "the other. Where it is no conflict after all, take the link out or name the dimension "
	    "more exactly.",
    .unknown_when = "Open objectives have different targets for a measure of which neither a "
		    "baseline nor an actual is known.",
    .fix = "Decide which of them comes first, or change one of them.",
    .run = run_conflict,
    .message = message_conflict,
};

const struct rule *const rules_priority_conflict[] = {
    &priority_conflict,
    NULL,
};
