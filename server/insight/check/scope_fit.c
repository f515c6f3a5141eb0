/* The family "scope", against capacity: does it fit into the time that it has? */
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/claims.h"
#include "server/insight/check/pass.h"

enum { FIT_LEAST_DAYS };

#define COLUMN_NONE UINT32_MAX

/* What an initiative needs of the row at hand, and what is left for it. */
struct sums {
	int64_t needed;
	int64_t taken; /* asked by what is ranked better */
	int64_t left;
};

/* By slot of the initiative. */
struct fit {
	uint32_t row; /* from 1: of which row the rest is */
	uint32_t last_column;
	struct sums before; /* the last column */
	struct sums last;
};

struct fitting {
	struct pass *pass;
	const struct load *load;
	struct claims claims;
	struct fit *fits;
	uint32_t *touched; /* the initiatives of the row */
	uint32_t touched_count;
	uint8_t *said; /* by slot: unknown already */
};

static struct fit *
fit_of(struct fitting *f, uint32_t row, uint32_t initiative)
{
	struct fit *fit = &f->fits[initiative];

	if (fit->row != row + 1) {
		*fit = (struct fit){.row = row + 1, .last_column = COLUMN_NONE};
		f->touched[f->touched_count++] = initiative;
	}
	return fit;
}

static void
sums_add(struct sums *to, const struct sums *from)
{
	to->needed += from->needed;
	to->taken += from->taken;
	to->left += from->left;
}

static int64_t
missing(const struct sums *sums)
{
	return sums->needed - sums->left;
}

/* A day that lies in two periods counts once: of periods that overlap that one counts in which more is missing. */
static void
fit_add(const struct load *load, struct fit *fit, uint32_t column, const struct sums *sums)
{
	uint32_t last = fit->last_column;
	bool overlaps =
	    last != COLUMN_NONE && load_first_day(load, column) <= load_last_day(load, last);

	if (overlaps && missing(sums) <= missing(&fit->last))
		return;
	if (!overlaps)
		sums_add(&fit->before, &fit->last);
	fit->last = *sums;
	fit->last_column = column;
}

/* In the order of ranks: those that share one do not stand in each other's way. */
static void
add_cell(struct fitting *f, uint32_t row, uint32_t column, const struct load_cell *cell)
{
	int64_t taken = 0, with_equals = 0;

	for (uint32_t i = 0; i < f->claims.count; i++) {
		const struct claim *c = &f->claims.list[i];
		struct sums sums = {.needed = c->asked};

		if (i > 0 && c->rank != f->claims.list[i - 1].rank)
			taken = with_equals;
		with_equals += c->asked;
		sums.taken = taken;
		sums.left = cell->capacity > taken ? cell->capacity - taken : 0;
		fit_add(f->load, fit_of(f, row, c->initiative), column, &sums);
	}
}

static void
emit_fit(struct fitting *f, uint32_t row, uint32_t initiative)
{
	const struct fit *fit = &f->fits[initiative];
	struct sums all = fit->before;
	struct draft d;

	sums_add(&all, &fit->last);
	if (missing(&all) < 1 || (double)missing(&all) < f->pass->limits[FIT_LEAST_DAYS] * 100)
		return;
	draft_init(&d, initiative, load_who(f->load, row));
	draft_number(&d, initiative, "person-days needed", (double)all.needed / 100);
	draft_number(&d, load_who(f->load, row), "person-days asked by better ranks",
	    (double)all.taken / 100);
	draft_number(&d, load_who(f->load, row), "person-days left", (double)all.left / 100);
	draft_number(&d, initiative, "person-days short", (double)missing(&all) / 100);
	draft_slot(&d, initiative, "last period", load_period(f->load, fit->last_column));
	pass_emit(f->pass, &d);
}

static void
emit_missing(struct pass *pass, uint32_t subject, uint32_t slot, const char *text)
{
	struct draft d;

	draft_init(&d, subject, SLOT_NONE);
	draft_missing(&d, slot, text);
	pass_emit(pass, &d);
}

static bool
is_open_cell(const struct fitting *f, const struct load_cell *cell, uint32_t column)
{
	return cell->count > 0 && claims_are_open(f->pass->ix, f->load, column);
}

/* Where no period is asked for more than there is, everything fits: most rows end here. */
static bool
may_be_short(const struct fitting *f, uint32_t row, bool *unknown)
{
	bool over = false;

	for (uint32_t column = 0; column < load_columns(f->load); column++) {
		const struct load_cell *cell = load_cell(f->load, row, column);

		if (!is_open_cell(f, cell, column))
			continue;
		*unknown |= !cell->is_known;
		over |= cell->is_known && cell->demand > cell->capacity;
	}
	return over;
}

static void
add_row(struct fitting *f, uint32_t row)
{
	uint32_t columns = load_columns(f->load);

	f->touched_count = 0;
	for (uint32_t column = 0; column < columns && pass_goes_on(f->pass); column++) {
		const struct load_cell *cell = load_cell(f->load, row, column);

		if (!is_open_cell(f, cell, column) || !cell->is_known)
			continue;
		if (claims_of(&f->claims, f->pass->ix, f->load, cell))
			add_cell(f, row, column, cell);
		else
			pass_out_of_memory(f->pass);
	}
}

static void
judge_row(struct fitting *f, uint32_t row)
{
	bool unknown = false;

	if (may_be_short(f, row, &unknown)) {
		add_row(f, row);
		for (uint32_t i = 0; i < f->touched_count && !f->pass->stop; i++)
			emit_fit(f, row, f->touched[i]);
	}
	if (unknown && pass_goes_on(f->pass))
		emit_missing(f->pass, load_who(f->load, row), load_who(f->load, row),
		    "neither its members nor its capacity are stated");
}

static const char *
why_unplaced(const struct load_unplaced *u)
{
	switch (u->why) {
	case LOAD_NOBODY:
		return "its effort is asked of nobody";
	case LOAD_NO_TIME:
		return "when its effort is spent is not stated";
	case LOAD_NO_WORKING_DAY:
		return "its time has no working day";
	case LOAD_OUTSIDE_PERIODS:
		return "its time lies outside all periods";
	default:
		return NULL;
	}
}

/* Once for each initiative. */
static void
say_unplaced(struct fitting *f)
{
	uint32_t count;
	const struct load_unplaced *u = load_unplaced(f->load, &count);

	for (uint32_t i = 0; i < count && pass_goes_on(f->pass); i++) {
		uint32_t initiative = claims_initiative(f->pass->ix, u[i].work);

		if (why_unplaced(&u[i]) == NULL || f->said[initiative] != 0 ||
		    f->pass->ix->kinds[initiative] != KIND_INITIATIVE)
			continue;
		f->said[initiative] = 1;
		emit_missing(f->pass, initiative, u[i].source, why_unplaced(&u[i]));
	}
}

/* What is asked for a skill of nobody by name is not judged: who will give it is not known. */
static void
say_skills(struct fitting *f)
{
	uint32_t skills = load_skills(f->load);

	for (uint32_t i = 0; i < skills * load_columns(f->load) && pass_goes_on(f->pass); i++) {
		uint32_t column = i / skills;
		const struct load_cell *cell =
		    load_cell(f->load, load_rows(f->load) + i % skills, column);
		const struct load_booking *list = load_bookings(f->load, cell);

		for (uint32_t k = 0; is_open_cell(f, cell, column) && k < cell->count; k++) {
			uint32_t initiative = claims_initiative(f->pass->ix, list[k].work);

			if (list[k].is_for_member || f->said[initiative] != 0 ||
			    f->pass->ix->kinds[initiative] != KIND_INITIATIVE)
				continue;
			f->said[initiative] = 1;
			emit_missing(f->pass, initiative, list[k].source,
			    "what it asks for a skill is asked of nobody by name");
		}
	}
}

static void
judge_rows(struct fitting *f)
{
	size_t slots = (size_t)f->pass->ix->slots + 1;

	f->fits = calloc(slots, sizeof f->fits[0]);
	f->touched = calloc(slots, sizeof f->touched[0]);
	f->said = calloc(slots, 1);
	if (f->fits == NULL || f->touched == NULL || f->said == NULL) {
		pass_out_of_memory(f->pass);
		return;
	}
	for (uint32_t row = 0; row < load_rows(f->load) && !f->pass->stop; row++)
		judge_row(f, row);
	if (!f->pass->stop)
		say_unplaced(f);
	if (!f->pass->stop)
		say_skills(f);
}

static void
run_does_not_fit(struct pass *pass)
{
	struct fitting f = {.pass = pass};

	switch (claims_ready(pass, &f.load)) {
	case CLAIMS_READY:
		judge_rows(&f);
		break;
	case CLAIMS_NO_PERIODS:
		emit_missing(pass, SLOT_NONE, SLOT_NONE, CLAIMS_LACK_PERIODS);
		break;
	case CLAIMS_NO_ORDER:
		emit_missing(pass, SLOT_NONE, SLOT_NONE, CLAIMS_LACK_ORDER);
		break;
	case CLAIMS_NOTHING:
		break;
	}
	claims_fini(&f.claims);
	free(f.fits);
	free(f.touched);
	free(f.said);
}

static void
message_does_not_fit(const struct check *check, const struct finding *f, struct str *out)
{
	check_ref(check, check_subjects(check, f)[0], out);
	str_add(out, " needs ");
	message_evidence(check, f, "person-days needed", out);
	str_add(out, " person-days of ");
	check_ref(check, check_subjects(check, f)[1], out);
	str_add(out, " until the end of ");
	message_evidence(check, f, "last period", out);
	str_add(
	    out, finding_evidence(check, f, "person-days asked by better ranks")->value.number > 0
		     ? "; what is ranked better leaves "
		     : "; there are only ");
	message_evidence(check, f, "person-days left", out);
	str_add_char(out, '.');
}

static const struct rule scope_does_not_fit = {
    .name = "scope/does-not-fit",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"least_days", 1, 0, 10000, "person-days",
	"being short of less than this is let pass"}},
    .asks = "Does it fit into the time that it has?",
    .meaning =
	"An approved or active initiative that needs at least `least_days` more of a team or "
	"person than strict order leaves it. Its need is what it and its parts ask of them in all "
	"periods that are not over; what is left is the sum, over just these periods, of their "
	"capacity less all that better-ranked initiatives ask of them in the same period (never "
	"less than nothing). Of periods that overlap the one counts in which more is missing, so "
	"that no day is "
	"counted twice. Initiatives that share a rank do not stand in each other's way; what "
	"is not ranked comes last. Demand and capacity are those of `plumb load`.",
    .hurts = "It will be late, and that is known today. Found out in the last weeks it costs the "
	     "date, the people or the quality; found out now it costs a decision.",
    .mend = "Give it more time, cut its scope, ask for capacity, or rank it better and say what "
	    "falls out instead.",
    .unknown_when =
	"The plan has no order of initiatives or no period with both days (each said once for the "
	"plan as a whole), a team that is needed states neither members nor capacity, or effort of "
	"the initiative lies in no period or is asked of nobody.",
    .fix = "Give it more time or people, cut its scope, or rank it better.",
    .run = run_does_not_fit,
    .message = message_does_not_fit,
};

const struct rule *const rules_scope_fit[] = {
    &scope_does_not_fit,
    NULL,
};
