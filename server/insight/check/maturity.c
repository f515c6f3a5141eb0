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

static void
run_ahead(struct pass *pass)
{
	uint32_t count, highest = SLOT_NONE, unjudged = 0, first = SLOT_NONE;
	const uint32_t *slots = index_kind(pass->ix, KIND_MATURITY, &count);
	int top = -1;
	struct draft d;

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

		if (level < 0 || top - level < pass->limits[AHEAD_LEVELS])
			continue;
		draft_init(&d, slots[i], highest);
		draft_count(&d, slots[i], "level", level);
		draft_count(&d, highest, "level of the one ahead", top);
		pass_emit(pass, &d);
	}
}

static void
message_ahead(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 1, out);
	str_add(out, " is at level ");
	message_evidence(check, f, "level of the one ahead", out);
	str_add(out, ", and ");
	message_subject(check, f, 0, out);
	str_add(out, " at ");
	message_evidence(check, f, "level", out);
	str_add(out, " only.");
}

static const struct rule maturity_ahead = {
    .name = "maturity/ahead-of-basics",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"levels", 2, 1, 9, "levels", "how far a block may not be behind another"}},
    .asks = "Basics first?",
    .meaning = "A building block of customer experience is `levels` or more behind the one that is "
	       "furthest "
	       "ahead. Levels are those that are stated (items of kind maturity); a level above "
	       "those that "
	       "are described does not count.",
    .hurts = "What runs ahead stands on what is not there: good designs that nobody may carry out, "
	     "numbers that nobody acts on. It falls back when its champions leave.",
    .mend = "Bring the block that is behind one level on before the other one goes further. If its "
	    "level is higher by now, say by what one sees it.",
    .unknown_when = "Blocks have no level, or one that nobody describes.",
    .fix = "Bring this block one level on before the one that is ahead goes further.",
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
