/* clarity/leaders-disagree: do the leaders mean the same order of objectives? */
#include <string.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/check/voices.h"

enum { AGREEMENT };
enum { ROUND_BALLOT }; /* Round.Type */

/* The newest that is over; the ones before it are of the past. */
static uint32_t
newest_ballot(const struct index *ix)
{
	uint32_t count, newest = SLOT_NONE;
	const uint32_t *slots = index_kind(ix, KIND_ROUND, &count);

	for (uint32_t i = 0; i < count; i++) {
		const struct item *round = ix->items[slots[i]];

		if (round->extra != ROUND_BALLOT || round->finish == DATE_NONE ||
		    round->finish >= ix->today)
			continue;
		if (newest == SLOT_NONE || round->finish > ix->items[newest]->finish ||
		    (round->finish == ix->items[newest]->finish &&
			index_compare(ix, slots[i], newest) > 0))
			newest = slots[i];
	}
	return newest;
}

/* An objective of the view; SLOT_NONE: it is not there any more. */
static uint32_t
objective(const struct index *ix, const char *id)
{
	const struct item *item = view_find(ix->view, KIND_OBJECTIVE, id, strlen(id));

	return item_is_live(item) ? item->slot : SLOT_NONE;
}

static void
add_pairs(const struct index *ix, const struct voices_ballot *ballot, struct draft *d)
{
	for (uint32_t i = 0; i < ballot->pairs_count; i++) {
		const struct voices_pair *pair = &ballot->pairs[i];
		uint32_t first = objective(ix, pair->first);
		uint32_t second = objective(ix, pair->second);

		if (first == SLOT_NONE || second == SLOT_NONE)
			continue;
		draft_slot(d, first, "disputed with", second);
		if (i > 0)
			continue;
		draft_count(d, first, "ballots that put it first", pair->for_first);
		draft_count(d, second, "ballots that put it first", pair->for_second);
	}
}

static void
emit_unknown(struct pass *pass, uint32_t round, const char *missing)
{
	struct draft d;

	draft_init(&d, round, SLOT_NONE);
	draft_missing(&d, round, missing);
	pass_emit(pass, &d);
}

/* Four digits; cut, so that what is below a limit is not shown as the limit. */
static double
shortened(double value)
{
	return (double)(int64_t)(value * 10000 + 1e-6) / 10000;
}

static void
run_leaders_disagree(struct pass *pass)
{
	const struct voices *voices = pass_voices(pass);
	uint32_t round = newest_ballot(pass->ix);
	struct voices_ballot ballot;
	struct err err = {0};
	struct draft d;

	if (voices == NULL || round == SLOT_NONE)
		return;
	if (!voices->ballot(voices, pass->ix->items[round], &ballot, &err))
		return err_is_oom(&err)
			   ? pass_out_of_memory(pass)
			   : emit_unknown(pass, round, "its ballots can't be read now");
	if (!ballot.is_published)
		return emit_unknown(pass, round, "too few leaders answered to publish anything");
	if (!ballot.is_known)
		return emit_unknown(pass, round, "no two ballots put anything before anything");
	if (ballot.w >= pass->limits[AGREEMENT])
		return;
	draft_init(&d, round, SLOT_NONE);
	draft_number(&d, round, "agreement (Kendall's W)", shortened(ballot.w));
	draft_number(&d, round, "chance of as much by luck (p)", shortened(ballot.p));
	draft_count(&d, round, "ballots", ballot.ballots);
	add_pairs(pass->ix, &ballot, &d);
	d.from = pass->ix->items[round]->finish + 1;
	pass_emit(pass, &d);
}

static void
message_leaders_disagree(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *pair = finding_evidence(check, f, "disputed with");

	str_add(out, "The ");
	message_evidence(check, f, "ballots", out);
	str_add(out, " leaders who answered ");
	message_subject(check, f, 0, out);
	str_add(out, " do not mean the same order of objectives (W ");
	message_evidence(check, f, "agreement (Kendall's W)", out);
	str_add(out, ", where 1 is the same order and 0 none)");
	if (pair != NULL) {
		str_add(out, "; most of all they disagree whether ");
		check_ref(check, pair->slot, out);
		str_add(out, " or ");
		check_ref(check, pair->value.slot, out);
		str_add(out, " comes first");
	}
	str_add(out, ".");
}

static const struct rule leaders_disagree = {
    .name = "clarity/leaders-disagree",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"agreement", 0.5, 0, 1, "of 1",
	"Kendall's W below which the leaders' orders of the objectives are no common one"}},
    .asks = "Do the leaders mean the same order of objectives?",
    .meaning =
	"In the newest ballot round that is over, the leaders' own orders of the objectives agree "
	"less than `agreement`, by Kendall's W with correction for ties (0.5 is called moderate "
	"agreement, 0.7 strong: Schmidt 1997). Evidence are W, the chance of as much agreement by "
	"luck, the number of ballots, and the pairs of objectives that divide them most. Nobody's "
	"own "
	"order is shown.",
    .hurts = "What each leader says comes first is what their people do first. Where leaders say "
	     "different things, teams wait for each other and each is right by its own leader.",
    .mend =
	"Talk about the pairs that divide you most, one by one: which comes first in a pinch, and "
	"why. Write the outcome down as weights or as what precedes what, and ask again in a "
	"quarter with "
	"a round that repeats this one. plumb concord shows all of it.",
    .unknown_when =
	"too few leaders answered to publish anything, or all of them put everything at one "
	"place",
    .fix = "Decide the disputed pairs together, and write the order into the plan.",
    .run = run_leaders_disagree,
    .message = message_leaders_disagree,
};

const struct rule *const rules_clarity_leaders[] = {
    &leaders_disagree,
    NULL,
};
