/* The family "horizon", against scenarios: does what we rank hold in the futures that we think possible? */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/check/worlds.h"
#include "server/insight/whatif.h"
#include "server/limits.h"

/*
 * Initiatives, workstreams and tasks, of the plan and all scenarios together: up to so many everything is as a comparison has it where
 * nobody says how; with more there are fewer draws, and one order of each initiative's work is tried, so that a check stays quick.
 */
#define FRAGILE_SAME        400u
#define FRAGILE_DRAWS       10000u /* a comparison's */
#define FRAGILE_DRAWS_LEAST 1000u
#define FRAGILE_SEED        1u /* a comparison's too */
/* Beside three facts, of FINDING_EVIDENCE; one that is left goes to those that have no room. */
#define LISTED 5u
#define WORDS  2048u

static void
say_missing(struct pass *pass, const char *text)
{
	struct draft d;

	draft_init(&d, SLOT_NONE, SLOT_NONE);
	draft_missing(&d, SLOT_NONE, text);
	pass_emit(pass, &d);
}

static bool
stops(void *pass, double done)
{
	(void)done;
	return pass_is_cancelled(pass);
}

static uint64_t
count_works(const struct index *ix, size_t views)
{
	static const enum kind works[] = {KIND_INITIATIVE, KIND_WORKSTREAM, KIND_TASK};
	uint64_t sum = 0;
	uint32_t count;

	for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
		(void)index_kind(ix, works[i], &count);
		sum += count;
	}
	return sum * views;
}

static uint32_t
draws_for(uint64_t works)
{
	uint64_t draws =
	    works > FRAGILE_SAME ? FRAGILE_SAME * FRAGILE_DRAWS / works : FRAGILE_DRAWS;

	return draws > FRAGILE_DRAWS_LEAST ? (uint32_t)draws : FRAGILE_DRAWS_LEAST;
}

/* The same as of a comparison of these scenarios, as far as the work allows as many draws. */
static bool
judge_worlds(struct pass *pass, const struct worlds *worlds, struct whatif *whatif, struct err *err)
{
	uint64_t works = count_works(pass->ix, worlds->count + 1);
	struct whatif_course course = {
	    .view = pass->ix->view,
	    .today = pass->today,
	    .until = DATE_NONE,
	    .mode = MODE_FIXED,
	    .forecast = {.draws = draws_for(works),
		.tries = works > FRAGILE_SAME ? 1 : 0,
		.seed = FRAGILE_SEED,
		.overall = FORECAST_OVERALL,
		.team = FORECAST_TEAM,
		.shape = FORECAST_PERT,
		.no_drivers = true,
		.threads = 1,
		.stop = stops,
		.arg = pass},
	    .cancelled = pass_is_cancelled,
	    .arg = pass,
	};

	if (!whatif_chances(whatif, &course, err))
		return false;
	for (size_t i = 0; i < worlds->count; i++) {
		course.view = worlds->list[i].view;
		if (!whatif_chances(whatif, &course, err)) {
			err_wrap(err, "scenario %s", worlds->list[i].scenario);
			return false;
		}
	}
	return whatif_rows(whatif, err);
}

/* ---- a finding */

struct shown {
	const char *scenario;
	double chance;
};

static int
by_chance(const void *pa, const void *pb)
{
	const struct shown *a = pa, *b = pb;

	if (a->chance < b->chance || a->chance > b->chance)
		return a->chance < b->chance ? -1 : 1;
	return strcmp(a->scenario, b->scenario);
}

/* Four digits: as many as ten thousand draws give. */
static double
rounded(double chance)
{
	return round(chance * 1e4) / 1e4;
}

static void
draft_rest(struct pass *pass, struct draft *d, const struct shown *shown, size_t count)
{
	struct str words;

	str_init(&words, WORDS);
	for (size_t i = 0; i < count; i++)
		str_addf(&words, "%sscenario/%s %.15g", i > 0 ? ", " : "", shown[i].scenario,
		    rounded(shown[i].chance));
	draft_text(d, SLOT_NONE, "chance to be in time",
	    pass_keep(pass, str_ok(&words) ? words.data : ""));
	str_fini(&words);
}

/* The scenarios that have it, worst first. */
static void
draft_scenarios(struct pass *pass, const struct worlds *worlds, const struct whatif_cell *cells,
    struct draft *d)
{
	struct shown shown[LIMIT_WHATIF_SCENARIOS];
	size_t count = 0, listed;

	for (size_t i = 0; i < worlds->count; i++) {
		if (cells[i + 1].item != NULL && !isnan(cells[i + 1].chance))
			shown[count++] =
			    (struct shown){worlds->list[i].scenario, cells[i + 1].chance};
	}
	qsort(shown, count, sizeof shown[0], by_chance);
	listed = count <= LISTED ? count : LISTED - 1;
	for (size_t i = 0; i < listed; i++) {
		const struct item *item = view_find(
		    pass->ix->view, KIND_SCENARIO, shown[i].scenario, strlen(shown[i].scenario));

		draft_number(d, item != NULL ? item->slot : SLOT_NONE, "chance to be in time",
		    rounded(shown[i].chance));
	}
	if (listed < count)
		draft_rest(pass, d, shown + listed, count - listed);
}

static void
emit_fragile(struct pass *pass, const struct worlds *worlds, const struct whatif *whatif,
    const struct whatif_row *row)
{
	const struct whatif_cell *cells = &whatif->cells[row->first];
	uint32_t slot = cells[0].item->slot;
	struct draft d;

	draft_init(&d, slot, SLOT_NONE);
	draft_count(&d, slot, "scenarios that have it", row->scenarios);
	draft_count(&d, slot, "holds in", row->holds);
	draft_number(&d, slot, "chance to be in time", rounded(cells[0].chance));
	draft_scenarios(pass, worlds, cells, &d);
	pass_emit(pass, &d);
}

/* ---- what cannot be judged */

static bool
has_outside(const struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_SCENARIO, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (worlds_take_in(pass->ix->items[slots[i]]))
			return true;
	}
	return false;
}

static bool
can_judge(struct pass *pass, const struct worlds *worlds)
{
	char text[160];

	if (worlds->missing != NULL) {
		say_missing(pass, worlds->missing);
		return false;
	}
	if (worlds->count >= pass->limits[FRAGILE_SCENARIOS])
		return true;
	snprintf(text, sizeof text,
	    "%zu of its scenarios assume%s something of the outside, and at least %.15g are asked "
	    "for",
	    worlds->count, worlds->count == 1 ? "s" : "", pass->limits[FRAGILE_SCENARIOS]);
	say_missing(pass, pass_keep(pass, text));
	return false;
}

/* What came of a comparison that was not finished. */
static void
give_up(struct pass *pass, const struct err *err)
{
	struct str words;

	if (err->code == ERR_CANCELLED) {
		pass->stop = true;
	} else if (err_is_oom(err)) {
		pass_out_of_memory(pass);
	} else {
		str_init(&words, WORDS);
		str_addf(&words, "nobody can say when its work ends: %s", err->msg);
		say_missing(pass, pass_keep(pass, str_ok(&words) ? words.data : err->msg));
		str_fini(&words);
	}
}

static void
emit_all(struct pass *pass, const struct worlds *worlds, const struct whatif *whatif)
{
	bool judged = false;

	for (uint32_t i = 0; i < whatif->rows_count && pass_goes_on(pass); i++) {
		const struct whatif_row *row = &whatif->rows[i];
		const struct whatif_cell *plan = &whatif->cells[row->first];

		judged |= plan->item != NULL && plan->rank != RANK_NONE;
		if (whatif_is_fragile(whatif, row, pass->limits))
			emit_fragile(pass, worlds, whatif, row);
	}
	if (!judged)
		say_missing(pass, "nothing that is ranked has still to be done");
	else if (whatif->figures[0].pieces == 0)
		say_missing(pass, "no work states its effort, so that nobody can say when it ends");
}

static void
run_fragile(struct pass *pass)
{
	const struct worlds *worlds = pass_worlds(pass);
	struct whatif whatif;
	struct err err = {0};

	if (worlds == NULL || !has_outside(pass) || !can_judge(pass, worlds))
		return;
	if (whatif_init(&whatif, (uint32_t)worlds->count + 1, pass->today, &err) &&
	    judge_worlds(pass, worlds, &whatif, &err))
		emit_all(pass, worlds, &whatif);
	else
		give_up(pass, &err);
	whatif_fini(&whatif);
}

static void
message_fragile(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	whatif_fragile_words(f->rank, (uint32_t)finding_evidence(check, f, "holds in")->value.count,
	    (uint32_t)finding_evidence(check, f, "scenarios that have it")->value.count, out);
}

static const struct rule horizon_fragile = {
    .name = WHATIF_FRAGILE,
    .severity = SEVERITY_WARNING,
    .worlds = true,
    .thresholds = {[FRAGILE_SHARE] = {"share", 0.5, 0, 0.99, "share",
		       "of the scenarios, in more than which it fails"},
	[FRAGILE_SCENARIOS] = {"scenarios", 2, 1, LIMIT_WHATIF_SCENARIOS, "scenarios",
	    "how many must have it, to be judged"}},
    .asks = "Does it hold in the futures that we think possible?",
    .meaning =
	"A ranked initiative that fails in more than `share` of at least `scenarios` scenarios: "
	"laid over the newest plan, they leave it a chance of less than one half to be in time "
	"(by its due date, without one by the end of the time that is planned). Those scenarios "
	"are judged that assume something of the outside (`plumb whatif new NAME --outside "
	"influencer/…`) and still have it. Chances are those of `plumb whatif compare` "
	"(docs/WHATIF.md), which finds the same of the scenarios that are named there. Of the "
	"newest plan only: history, differences and the plan as a scenario shows it know nothing "
	"of it.",
    .hurts = "A plan that works in one future only is a bet, and nobody has said so: when the "
	     "competitor moves or the rule comes, what was promised first falls first.",
    .mend =
	"Look with `plumb whatif compare` what the scenarios do to it. Make it hold in more of "
	"them: a better rank, less scope, another due date, somebody else's help; or decide that "
	"it need not, and waive the finding with that reason.",
    .unknown_when = "Once for the plan, where it has scenarios of the outside: there are fewer "
		    "than `scenarios`, or more than 20; the plan and these scenarios have more "
		    "than 40,000 entries together, each counted as often as it is looked at; no "
		    "work states its effort; nothing that is ranked has still to be done; or the "
		    "plan as of the past, or of a scenario, is asked for.",
    .fix = "Make it hold in more of them: a better rank, less scope, another due date; or "
	   "decide that it need not.",
    .run = run_fragile,
    .message = message_fragile,
};

const struct rule *const rules_horizon_fragile[] = {
    &horizon_fragile,
    NULL,
};
