/* The family "maturity": basics first? */
#include <math.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/maturity.h"

/* The highest level that is described; 0 nobody says what its levels look like. The spine has how many the item describes. */
static int
top_of(const struct item *item)
{
	const struct maturity_block *block;

	if (item->extra > 0)
		return item->extra;
	block = maturity_default(item_id(item), item->id_len);
	return block != NULL ? MATURITY_MODEL_LEVELS : 0;
}

/* -1: it cannot be judged. */
static int
level_of(const struct item *item)
{
	return (item->has & HAS_VALUE) != 0 && item->value <= top_of(item) ? (int)item->value : -1;
}

/* ---- ahead-of-basics */

enum { AHEAD_LEVELS };
#define BEHIND_SHOWN (FINDING_EVIDENCE - 2u)

/* Once for all of them. */
static void
emit_unjudged(struct pass *pass, uint32_t first, uint32_t count)
{
	struct draft d;

	if (count == 0)
		return;
	draft_init(&d, SLOT_NONE, SLOT_NONE);
	draft_missing(&d, first, "a level, among those that are described");
	draft_count(&d, first, "blocks that cannot be judged", count);
	pass_emit(pass, &d);
}

/* Lower levels come first, then names. */
static bool
is_before(const struct index *ix, uint32_t a, uint32_t b)
{
	int la = level_of(ix->items[a]), lb = level_of(ix->items[b]);

	return la != lb ? la < lb : index_compare(ix, a, b) < 0;
}

/* Of those that are up to that level the first one behind `last`; SLOT_NONE. */
static uint32_t
next_behind(struct pass *pass, uint32_t last, double level)
{
	uint32_t count, best = SLOT_NONE;
	const uint32_t *slots = index_kind(pass->ix, KIND_MATURITY, &count);

	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		int own = level_of(pass->ix->items[slots[i]]);

		if (own >= 0 && own <= level &&
		    (last == SLOT_NONE || is_before(pass->ix, last, slots[i])) &&
		    (best == SLOT_NONE || is_before(pass->ix, slots[i], best)))
			best = slots[i];
	}
	return best;
}

/* What any other block outruns, the furthest one outruns too: one cause, one finding. */
static void
emit_ahead(struct pass *pass, uint32_t highest, int top, uint32_t behind)
{
	uint32_t slot = SLOT_NONE;
	struct draft d;

	draft_init(&d, highest, SLOT_NONE);
	draft_count(&d, highest, "level", top);
	draft_count(&d, highest, "blocks behind", behind);
	for (unsigned i = 0; i < behind && i < BEHIND_SHOWN; i++) {
		slot = next_behind(pass, slot, top - pass->limits[AHEAD_LEVELS]);
		if (slot == SLOT_NONE)
			return; /* cancelled */
		draft_count(&d, slot, "level of one behind", level_of(pass->ix->items[slot]));
	}
	pass_emit(pass, &d);
}

static void
run_ahead(struct pass *pass)
{
	uint32_t count, highest = SLOT_NONE, unjudged = 0, first = SLOT_NONE, behind = 0;
	const uint32_t *slots = index_kind(pass->ix, KIND_MATURITY, &count);
	int top = -1;

	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		int level = level_of(pass->ix->items[slots[i]]);

		if (level < 0 && (unjudged++ == 0 || index_compare(pass->ix, slots[i], first) < 0))
			first = slots[i];
		if (level > top ||
		    (level >= 0 && level == top && index_compare(pass->ix, slots[i], highest) < 0))
			highest = slots[i];
		top = level > top ? level : top;
	}
	emit_unjudged(pass, first, unjudged);
	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		int level = level_of(pass->ix->items[slots[i]]);

		behind += level >= 0 && top - level >= pass->limits[AHEAD_LEVELS];
	}
	if (behind > 0)
		emit_ahead(pass, highest, top, behind);
}

static void
message_ahead(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);
	unsigned shown = f->evidence_count - 2u;
	int64_t left = e[1].value.count - (int64_t)shown;

	message_subject(check, f, 0, out);
	str_add(out, " is at level ");
	message_evidence(check, f, "level", out);
	for (unsigned i = 0; i < shown; i++) {
		str_add(out, i == 0 ? ", while " : i + 1 == shown && left == 0 ? " and " : ", ");
		check_ref(check, e[2 + i].slot, out);
		str_add(out, i == 0 ? " is only at " : " at ");
		check_value(check, &e[2 + i], out);
	}
	if (left > 0)
		str_addf(out, " and %lld more are behind", (long long)left);
	str_add(out, ".");
}

static const struct rule maturity_ahead = {
    .name = "maturity/ahead-of-basics",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"levels", 2, 1, 9, "levels", "how far a block may not be behind another"}},
    .asks = "Basics first?",
    .meaning =
	"The building block of customer experience that is furthest ahead (of those on one "
	"level the first by name) is `levels` or more ahead of another one. It is one finding "
	"with all blocks that are so far behind as evidence. Levels are those that are stated "
	"(items of kind maturity); a level above those that are described does not count.",
    .hurts = "What runs ahead stands on what is not there: good designs that nobody may carry out, "
	     "numbers that nobody acts on. It falls back when its champions leave.",
    .mend = "Bring the blocks that are behind one level on before the other one goes further. If "
	    "their level is higher by now, say by what one sees it.",
    .unknown_when = "Blocks have no level, or one that nobody describes.",
    .fix = "Bring the blocks that are behind one level on before this one goes further.",
    .run = run_ahead,
    .message = message_ahead,
};

/* ---- no-next-step */

static void
run_no_step(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_MATURITY, &count);
	struct draft d;

	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		const struct item *item = pass->ix->items[slots[i]];
		int level = level_of(item);

		if ((item->has & HAS_TEXT) != 0 || (level >= 0 && level == top_of(item)))
			continue;
		draft_init(&d, slots[i], SLOT_NONE);
		if (level >= 0)
			draft_count(&d, slots[i], "level", level);
		else
			draft_text(&d, slots[i], "level", "not known");
		pass_emit(pass, &d);
	}
}

static void
message_no_step(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " (level ");
	message_evidence(check, f, "level", out);
	str_add(out, ") has no next step.");
}

static const struct rule maturity_no_step = {
    .name = "maturity/no-next-step",
    .severity = SEVERITY_NOTE,
    .asks = "What comes next in each building block?",
    .meaning = "A building block of customer experience that is below its last level, or whose "
	       "level nobody knows, and that states no next step.",
    .hurts = "A level that is only stated is a mark for the past. It sinks by itself, as people "
	     "change and customers expect more.",
    .mend = "State one step that can be done in a quarter, who answers for it and by when. Where "
	    "the level is not known, the step is to find it out.",
    .unknown_when = "",
    .fix = "State the next step, and by when.",
    .run = run_no_step,
    .message = message_no_step,
};

const struct rule *const rules_maturity[] = {&maturity_ahead, &maturity_no_step, NULL};
