/* The family "clarity", of what people said in confidence: what was published of it, never an answer. */
#include <math.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/check/voices.h"
#include "server/insight/clarity/score.h"
#include "server/plan/kinds.h"

enum { ROUND_CLARITY = 1 }; /* plumb.v1.Round.Type */

/* ---- level-below */

enum { LEAST_PERCENT };

#define ABOVE_SHARE "percent of the level above"
#define SHARE       "percent who connect the priorities"

/* The newest that is over; the ones before it are of the past. */
static uint32_t
newest_survey(const struct index *ix)
{
	uint32_t count, newest = SLOT_NONE;
	const uint32_t *slots = index_kind(ix, KIND_ROUND, &count);

	for (uint32_t i = 0; i < count; i++) {
		const struct item *round = ix->items[slots[i]];

		if (round->extra != ROUND_CLARITY || round->finish == DATE_NONE ||
		    round->finish >= ix->today)
			continue;
		if (newest == SLOT_NONE || round->finish > ix->items[newest]->finish ||
		    (round->finish == ix->items[newest]->finish &&
			index_compare(ix, slots[i], newest) > 0))
			newest = slots[i];
	}
	return newest;
}

static double
percent(double share)
{
	return round(share * 1000) / 10;
}

/* plumb.v1.Person.Level */
static const char *const level_words[CLARITY_LEVELS] = {
    "people of unknown level", "executives", "directors", "managers", "individuals"};

static void
emit_below(struct pass *pass, uint32_t slot, unsigned level, const struct clarity_cell *cell,
    const struct clarity_cell *above, unsigned above_level)
{
	struct draft d;

	draft_init(&d, slot, SLOT_NONE);
	draft_text(&d, slot, "level", level_words[level]);
	draft_count(&d, slot, "people who were asked", cell->count.asked);
	draft_count(&d, slot, "who connect the priorities", cell->count.known);
	draft_number(&d, slot, SHARE, percent(cell->share));
	draft_number(&d, slot, "at most, in percent", percent(cell->high));
	if (above != NULL) {
		draft_text(&d, slot, "level above", level_words[above_level]);
		draft_number(&d, slot, ABOVE_SHARE, percent(above->share));
	}
	d.qualifier = level_words[level];
	d.from = pass->ix->items[slot]->finish + 1;
	pass_emit(pass, &d);
}

/* Beside the nearest level above that is shown; else beside what is asked for. */
static void
judge_levels(struct pass *pass, uint32_t slot, const struct clarity_published *published)
{
	const struct clarity_cell *above = NULL;
	unsigned above_level = 0;

	for (unsigned l = 1; l < CLARITY_LEVELS; l++) {
		const struct clarity_cell *cell = &published->levels[l].cells[CLARITY_CONNECTS];
		double low = 0, high = 0;

		if (!cell->shown)
			continue;
		if (above != NULL)
			clarity_difference(&above->count, &cell->count, &low, &high);
		if (low > 0)
			emit_below(pass, slot, l, cell, above, above_level);
		else if (cell->high * 100 < pass->limits[LEAST_PERCENT])
			emit_below(pass, slot, l, cell, NULL, 0);
		above = cell;
		above_level = l;
	}
}

static bool
is_any_shown(const struct clarity_published *published)
{
	for (unsigned l = 1; l < CLARITY_LEVELS; l++) {
		if (published->levels[l].cells[CLARITY_CONNECTS].shown)
			return true;
	}
	return false;
}

/* Nothing is said where nothing is the matter. */
static void
emit_unread(struct pass *pass, uint32_t slot, const char *why, const struct err *err)
{
	struct draft d;

	if (err_is_oom(err))
		return pass_out_of_memory(pass);
	if (err->code == ERR_OK)
		return;
	draft_init(&d, slot, SLOT_NONE);
	draft_missing(&d, slot, why);
	pass_emit(pass, &d);
}

static void
run_level_below(struct pass *pass)
{
	const struct voices *voices = pass_voices(pass);
	uint32_t slot = newest_survey(pass->ix);
	struct clarity_published published;
	struct err err = {0};
	struct draft d;

	if (slot == SLOT_NONE || voices == NULL)
		return;
	if (!voices->clarity(voices, pass->ix->items[slot], &published, &err))
		return emit_unread(pass, slot, "its answers can't be read now", &err);
	if (is_any_shown(&published)) {
		judge_levels(pass, slot, &published);
		return;
	}
	draft_init(&d, slot, SLOT_NONE);
	draft_missing(&d, slot,
	    "answers of at least five people of one level about priorities and what serves them");
	d.from = pass->ix->items[slot]->finish + 1;
	pass_emit(pass, &d);
}

static void
message_level_below(const struct check *check, const struct finding *f, struct str *out)
{
	message_evidence(check, f, "who connect the priorities", out);
	str_add(out, " of ");
	message_evidence(check, f, "people who were asked", out);
	str_add(out, " ");
	message_evidence(check, f, "level", out);
	str_add(out, " connect the priorities (");
	message_evidence(check, f, SHARE, out);
	if (finding_evidence(check, f, ABOVE_SHARE) != NULL) {
		str_add(out, " %), fewer than of the ");
		message_evidence(check, f, "level above", out);
		str_add(out, " (");
		message_evidence(check, f, ABOVE_SHARE, out);
		str_add(out, " %), as ");
	} else {
		str_add(out, " %), by chance at most ");
		message_evidence(check, f, "at most, in percent", out);
		str_add(out, " %, as ");
	}
	message_subject(check, f, 0, out);
	str_add(out, " has it.");
}

static const struct rule clarity_level_below = {
    .name = "clarity/level-below",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"percent", 50, 0, 100, "%",
	"how many of a level shall connect the priorities"}},
    .asks = "Do the priorities arrive, level by level?",
    .meaning =
	"The newest clarity survey that is over: of a level, significantly fewer people connect "
	"the "
	"priorities (they know which they are and what they serve) than of the nearest level above "
	"that may be published, or, by chance even, fewer than `percent`. Significant is a "
	"difference whose 95 % interval is above nothing [Newcombe 1998, method 10], and a share "
	"whose 95 % interval [Wilson 1927] ends below `percent`. Only published groups of at least "
	"five people are looked at.",
    .hurts = "What the top decided is carried out by those who don't know it: they choose for "
	     "themselves what comes first, each something else.",
    .mend = "Let the level above tell it in its own words, ask what was heard, and say what is "
	    "dropped; then ask again in a quarter.",
    .unknown_when = "Too few people of each level answered for anything to be published.",
    .fix = "Tell that level what comes first and why, and ask what they heard.",
    .run = run_level_below,
    .message = message_level_below,
};

/* ---- signals */

enum { SIGNALS_PEOPLE };

/* plumb.v1.PulseKind */
static const char *const pulse_words[] = {"something", "we don't know our priorities",
    "no help from another team", "too much at once", "dropped by another team", "something else"};
static const char *const pulse_keys[] = {
    "", "priorities", "no-help", "too-much", "dropped", "other"};

static void
on_pulse(void *arg, const struct voices_pulse *pulse)
{
	struct pass *pass = arg;
	const struct item *item = NULL;
	struct draft d;
	enum kind kind;
	const char *id;
	size_t len;

	if (pulse->people < pass->limits[SIGNALS_PEOPLE] ||
	    pulse->kind >= sizeof pulse_words / sizeof pulse_words[0])
		return;
	if (ref_parse(pulse->about, KIND_NONE, &kind, &id, &len))
		item = view_find(pass->ix->view, kind, id, len);
	if (pulse->about[0] != '\0' && !item_is_live(item))
		return; /* gone since */
	draft_init(&d, item != NULL ? item->slot : SLOT_NONE, SLOT_NONE);
	draft_text(&d, d.subjects_count > 0 ? d.subjects[0] : SLOT_NONE, "signal",
	    pulse_words[pulse->kind]);
	draft_count(&d, d.subjects_count > 0 ? d.subjects[0] : SLOT_NONE, "people", pulse->people);
	draft_date(&d, d.subjects_count > 0 ? d.subjects[0] : SLOT_NONE, "from", pulse->from);
	draft_date(&d, d.subjects_count > 0 ? d.subjects[0] : SLOT_NONE, "to", pulse->to);
	d.qualifier = pulse_keys[pulse->kind];
	d.from = pulse->to + 1;
	pass_emit(pass, &d);
}

static void
run_signals(struct pass *pass)
{
	const struct voices *voices = pass_voices(pass);
	struct err err = {0};

	if (voices != NULL &&
	    !voices->pulses(voices, pass->ix->view, pass->today, on_pulse, pass, &err))
		emit_unread(pass, SLOT_NONE, "signals can't be read now", &err);
}

static void
message_signals(const struct check *check, const struct finding *f, struct str *out)
{
	message_evidence(check, f, "people", out);
	str_add(out, " people said of ");
	if (f->subjects_count > 0)
		message_subject(check, f, 0, out);
	else
		str_add(out, "the plan");
	str_add(out, ", in confidence: ");
	message_evidence(check, f, "signal", out);
	str_add(out, " (");
	message_evidence(check, f, "from", out);
	str_add(out, " to ");
	message_evidence(check, f, "to", out);
	str_add(out, ").");
}

static const struct rule clarity_signals = {
    .name = "clarity/signals",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"people", 5, 5, 100000, "people", "how many say the same of one thing"}},
    .asks = "Where do many say in confidence that it does not work?",
    .meaning =
	"At least `people` people said the same of one thing with plumb pulse in the newest four "
	"weeks that are over, and at least five others did not. plumb signals has the weeks "
	"before, "
	"and the findings that explain it.",
    .hurts = "What five people say in confidence fifty know, and nobody says it where it could be "
	     "mended.",
    .mend = "Ask openly about it, without asking who said it; plumb signals shows which findings "
	    "explain it.",
    .unknown_when = "",
    .fix = "Look what explains it (plumb signals), and take it up with the teams.",
    .run = run_signals,
    .message = message_signals,
};

const struct rule *const rules_clarity[] = {
    &clarity_level_below,
    &clarity_signals,
    NULL,
};
