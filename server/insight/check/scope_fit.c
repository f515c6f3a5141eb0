/* The family "scope", against capacity: is it done by when it shall be? */
#include <math.h>
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/claims.h"
#include "server/insight/check/pass.h"

enum { FIT_LEAST_CHANCE };

struct fitting {
	struct pass *pass;
	const struct plan_forecast *forecast;
	uint8_t *said; /* by slot: unknown already */
};

static void
emit_missing(struct pass *pass, uint32_t subject, uint32_t slot, const char *text)
{
	struct draft d;

	draft_init(&d, subject, SLOT_NONE);
	draft_missing(&d, slot, text);
	pass_emit(pass, &d);
}

/* ---- what cannot be judged */

/* Effort of nobody is in no schedule. Once for each initiative. */
static void
say_unplaced(struct fitting *f)
{
	uint32_t count;
	const struct load_unplaced *u = load_unplaced(f->forecast->pc.load, &count);

	for (uint32_t i = 0; i < count && pass_goes_on(f->pass); i++) {
		uint32_t initiative = claims_initiative(f->pass->ix, u[i].work);

		if (u[i].why != LOAD_NOBODY || f->said[initiative] != 0 ||
		    f->pass->ix->kinds[initiative] != KIND_INITIATIVE)
			continue;
		f->said[initiative] = 1;
		emit_missing(f->pass, initiative, u[i].source, "its effort is asked of nobody");
	}
}

/* Nor can anybody plan what nobody can do. */
static void
say_skills(struct fitting *f)
{
	const struct plan_schedule *plan = f->forecast->pc.plan;

	for (uint32_t w = 0; w < plan->problem.works && pass_goes_on(f->pass); w++) {
		const struct schedule_work *work = &plan->problem.work[w];
		uint32_t head = plan->heads[work->initiative];

		for (uint32_t n = 0; n < work->needs_count; n++) {
			if (plan->stated[work->needs_first + n].fault != PLAN_NEED_SKILL ||
			    f->said[head] != 0 || f->pass->ix->kinds[head] != KIND_INITIATIVE)
				continue;
			f->said[head] = 1;
			emit_missing(f->pass, head, plan->slots[w / PLAN_STAGES],
			    "nobody has the skill that it asks for");
		}
	}
}

/* Nor is that of a team of whom nobody knows how much there is. */
static void
say_row(struct fitting *f, uint32_t row)
{
	const struct load *load = f->forecast->pc.load;
	bool unknown = false;

	for (uint32_t column = 0; column < load_columns(load); column++) {
		const struct load_cell *cell = load_cell(load, row, column);
		const struct load_booking *bookings = load_bookings(load, cell);

		if (cell->is_known || !claims_are_open(f->pass->ix, load, column))
			continue;
		unknown |= cell->count > 0;
		for (uint32_t i = 0; i < cell->count; i++)
			f->said[claims_initiative(f->pass->ix, bookings[i].work)] = 1;
	}
	if (unknown)
		emit_missing(f->pass, load_who(load, row), load_who(load, row),
		    "neither its members nor its capacity are stated");
}

/* ---- what is judged */

/* Ends are exclusive: what is done at the end of a day is done on it. */
static int32_t
day_of(const struct fitting *f, float end)
{
	return f->pass->today + (int32_t)ceilf(end) - (end > 0 ? 1 : 0);
}

static void
draft_end(const struct fitting *f, struct draft *d, uint32_t slot, const char *what, float end)
{
	if (isfinite(end))
		draft_date(d, slot, what, day_of(f, end));
}

/* The nearest of what it waits for: of whom there is too little, and who holds them. */
static void
draft_wait(const struct fitting *f, struct draft *d, uint32_t initiative)
{
	const struct plan_schedule *plan = f->forecast->pc.plan;
	uint32_t works[32], count = 0;
	struct schedule_why why;
	struct err err = {0};

	if (!schedule_chain(f->forecast->base, &plan->problem, initiative, works, 32, &count, &err))
		count = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (!schedule_why(f->forecast->base, &plan->problem, works[i], &why, &err))
			break;
		if (why.giver == SCHEDULE_NONE)
			continue;
		draft_slot(d, plan->slots[works[i] / PLAN_STAGES], "waits for",
		    load_who(f->forecast->pc.load, why.giver));
		if (why.holder != SCHEDULE_NONE && why.holder != initiative) {
			draft_slot(d, load_who(f->forecast->pc.load, why.giver), "held by",
			    plan->heads[why.holder]);
			draft_number(
			    d, plan->heads[why.holder], "person-days held", (double)why.held / 100);
		}
		return;
	}
}

static void
judge(struct fitting *f, uint32_t initiative)
{
	const struct forecast_dates *dates = &f->forecast->dates[MODE_FIXED][initiative];
	uint32_t slot = f->forecast->pc.plan->heads[initiative];
	int32_t due = plan_case_due(&f->forecast->pc, initiative);
	struct draft d;

	if (f->pass->ix->kinds[slot] != KIND_INITIATIVE || f->said[slot] != 0)
		return;
	if (due == DATE_NONE)
		emit_missing(f->pass, slot, slot, "when it shall be done is not stated");
	if (due == DATE_NONE || due < f->pass->today ||
	    dates->by_due * 100 >= f->pass->limits[FIT_LEAST_CHANCE])
		return;
	draft_init(&d, slot, SLOT_NONE);
	draft_date(&d, slot, "due", due);
	draft_number(&d, slot, "chance in percent", round(dates->by_due * 100));
	draft_end(f, &d, slot, "expected", dates->p50);
	draft_end(f, &d, slot, "in four of five draws by", dates->p80);
	draft_wait(f, &d, initiative);
	pass_emit(f->pass, &d);
}

static void
run_does_not_fit(struct pass *pass)
{
	struct fitting f = {.pass = pass};
	const struct load *load;

	switch (claims_ready(pass, &load)) {
	case CLAIMS_NO_ORDER:
		emit_missing(pass, SLOT_NONE, SLOT_NONE, CLAIMS_LACK_ORDER);
		return;
	case CLAIMS_NOTHING:
		return;
	default:
		break;
	}
	f.forecast = pass_forecast(pass);
	if (f.forecast == NULL) {
		if (!pass->stop)
			emit_missing(
			    pass, SLOT_NONE, SLOT_NONE, "the plan is too large to forecast");
		return;
	}
	f.said = calloc((size_t)pass->ix->slots + 1, 1);
	if (f.said == NULL) {
		pass_out_of_memory(pass);
		return;
	}
	say_unplaced(&f);
	say_skills(&f);
	for (uint32_t row = 0; row < load_rows(f.forecast->pc.load) && pass_goes_on(pass); row++)
		say_row(&f, row);
	for (uint32_t i = 0; i < f.forecast->pc.plan->problem.initiatives && pass_goes_on(pass);
	     i++)
		judge(&f, i);
	free(f.said);
}

static void
message_wait(const struct check *check, const struct finding *f, struct str *out)
{
	str_add(out, " It waits for ");
	message_evidence(check, f, "waits for", out);
	if (finding_evidence(check, f, "held by") != NULL) {
		str_add(out, ", of whom ");
		message_evidence(check, f, "held by", out);
		str_add(out, " has ");
		message_evidence(check, f, "person-days held", out);
		str_add(out, " person-days");
	}
	str_add_char(out, '.');
}

static void
message_does_not_fit(const struct check *check, const struct finding *f, struct str *out)
{
	check_ref(check, check_subjects(check, f)[0], out);
	str_add(out, " will hardly be done by ");
	message_evidence(check, f, "due", out);
	str_add(out, " (chance ");
	message_evidence(check, f, "chance in percent", out);
	if (finding_evidence(check, f, "expected") != NULL) {
		str_add(out, " %): it is expected on ");
		message_evidence(check, f, "expected", out);
		str_add_char(out, '.');
	} else {
		str_add(out, " %): as the plan stands it has no end.");
	}
	if (finding_evidence(check, f, "waits for") != NULL)
		message_wait(check, f, out);
}

static const struct rule scope_does_not_fit = {
    .name = "scope/does-not-fit",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"least_chance", 40, 1, 100, "percent",
	"a chance below this is found; what is planned to its last day has a little less than 50"}},
    .asks = "Does it fit into the time that it has?",
    .meaning =
	"An approved or active initiative whose chance to be done by the end of its periods (or "
	"its "
	"own finish) is below `least_chance`. The chance is that of `plumb forecast --mode fixed` "
	"with 1,000 draws (fewer where more than 5,000 pieces of work run): all running work "
	"scheduled best rank first into what teams and people "
	"can give from today on, with how far estimates have been off. Expected is the day by "
	"which half of the draws are done. Of "
	"an allocated share what lies ahead is still to do, of effort all, or what the last "
	"check-in "
	"says. What is due before today is "
	"late, whatever comes, and is not judged here.",
    .hurts = "It will be late, and that is known today. Found out in the last weeks it costs the "
	     "date, the people or the quality; found out now it costs a decision.",
    .mend = "`plumb moves` lists what would bring it in time: more people, less scope, another "
	    "rank. Or give it more time, and tell those who count on the date.",
    .unknown_when = "The plan has no order of initiatives (said once for the plan as a whole), a "
		    "team that is needed "
		    "states neither members nor capacity, the initiative has no date, or effort of "
		    "it is asked of "
		    "nobody.",
    .fix = "See plumb moves: give it more time or people, cut its scope, or rank it better.",
    .run = run_does_not_fit,
    .message = message_does_not_fit,
};

const struct rule *const rules_scope_fit[] = {
    &scope_does_not_fit,
    NULL,
};
