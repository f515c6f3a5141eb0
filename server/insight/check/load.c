/* The family "load": can these people do this much? What is counted in days; in heads: load_count.c. */
#include "server/insight/load/load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/arena.h"
#include "common/str.h"
#include "server/insight/check/booked.h"
#include "server/insight/check/load_rules.h"
#include "server/insight/check/pass.h"
#include "server/insight/load/involved.h"
#include "server/plan/control.h"

static double
days(int64_t effort)
{
	return (double)effort / 100;
}

static bool
is_over(const struct load_cell *cell, double percent)
{
	return cell->is_known && (double)cell->demand * 100 > (double)cell->capacity * percent;
}

/* ---- lack of data */

static bool
anything_runs(const struct index *ix)
{
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (load_is_running(ix, slots[i]))
			return true;
	}
	return false;
}

static bool
anything_is_asked(const struct load *load)
{
	uint32_t unplaced;

	(void)load_unplaced(load, &unplaced);
	for (uint32_t row = 0; row < load_rows(load); row++) {
		for (uint32_t c = 0; c < load_columns(load); c++) {
			if (load_cell(load, row, c)->demand > 0)
				return true;
		}
	}
	return unplaced > 0;
}

/* Says so once, where nothing can be said of anybody. */
static bool
lacks_data(struct pass *pass, const struct load *load)
{
	const char *missing = NULL;
	struct draft d;

	if (load_rows(load) == 0 || !anything_runs(pass->ix))
		return false;
	if (load_columns(load) == 0)
		missing = "no period has a first and a last day";
	else if (!anything_is_asked(load))
		missing = "no work that runs says how much effort it takes";
	if (missing == NULL)
		return false;
	draft_init(&d, SLOT_NONE, SLOT_NONE);
	draft_missing(&d, SLOT_NONE, missing);
	pass_emit(pass, &d);
	return true;
}

/* ---- over */

enum { OVER_PERCENT };

#define LARGEST 6u

/* What one piece of work asks in a cell, by whomever. */
struct portion {
	uint32_t work;
	int64_t effort;
};

static unsigned
insert_portion(struct portion largest[LARGEST], unsigned n, const struct portion *portion)
{
	unsigned at = n < LARGEST ? n++ : LARGEST;

	for (; at > 0 && largest[at - 1].effort < portion->effort; at--) {
		if (at < LARGEST)
			largest[at] = largest[at - 1];
	}
	if (at < LARGEST)
		largest[at] = *portion;
	return n;
}

/* The largest first; of equal ones the better ranked. Returns how many. Bookings of one piece of work stand side by side. */
static unsigned
find_largest(const struct load *load, const struct load_cell *cell, struct portion largest[LARGEST])
{
	const struct load_booking *list = load_bookings(load, cell);
	unsigned n = 0;

	for (uint32_t i = 0, next; i < cell->count; i = next) {
		struct portion portion = {.work = list[i].work};

		for (next = i; next < cell->count && list[next].work == portion.work; next++)
			portion.effort += list[next].effort;
		n = insert_portion(largest, n, &portion);
	}
	return n;
}

static void
draft_cell(struct draft *d, uint32_t who, const struct load *load, const struct load_cell *cell)
{
	struct portion largest[LARGEST];
	unsigned n;

	draft_number(d, who, "person-days asked", days(cell->demand));
	draft_number(d, who, "person-days available", days(cell->capacity));
	n = find_largest(load, cell, largest);
	for (unsigned i = 0; i < n; i++)
		draft_number(d, largest[i].work, "person-days", days(largest[i].effort));
}

static void
judge_over(struct pass *pass, const struct load *load, uint32_t row)
{
	uint32_t who = load_who(load, row);
	bool said = false;
	struct draft d;

	for (uint32_t c = 0; c < load_columns(load); c++) {
		const struct load_cell *cell = load_cell(load, row, c);

		if (load_last_day(load, c) < pass->today || cell->demand == 0)
			continue;
		if (!cell->is_known && !said) {
			said = true;
			draft_init(&d, who, SLOT_NONE);
			draft_missing(&d, who, "the team has no members and states no capacity");
			pass_emit(pass, &d);
		}
		if (!is_over(cell, pass->limits[OVER_PERCENT]))
			continue;
		draft_init(&d, who, load_period(load, c));
		draft_cell(&d, who, load, cell);
		pass_emit(pass, &d);
	}
}

static void
run_over(struct pass *pass)
{
	const struct load *load = pass_load(pass);
	struct draft d;

	if (load == NULL || lacks_data(pass, load))
		return;
	if (load_left_out(load) > 0) {
		draft_init(&d, SLOT_NONE, SLOT_NONE);
		draft_missing(&d, SLOT_NONE, "there are too many periods to look at all of them");
		pass_emit(pass, &d);
	}
	for (uint32_t row = 0; row < load_rows(load) && pass_goes_on(pass); row++)
		judge_over(pass, load, row);
}

static void
add_percent(const struct evidence *asked, const struct evidence *available, struct str *out)
{
	if (available->value.number > 0)
		str_addf(out, " (%.0f %%)", asked->value.number / available->value.number * 100);
}

/* ": 30 for initiative/a (rank 1), 20 for …" */
static void
add_bookings(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);
	double left = finding_evidence(check, f, "person-days asked")->value.number;
	unsigned shown = 0;

	for (unsigned i = 0; i < f->evidence_count; i++) {
		if (strcmp(e[i].what, "person-days") != 0)
			continue;
		str_add(out, shown++ > 0 ? ", " : ": ");
		check_value(check, &e[i], out);
		str_add(out, " for ");
		load_add_work(check, e[i].slot, out);
		left -= e[i].value.number;
	}
	str_add(out, left > 0.005 ? " and others." : ".");
}

static void
message_over(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *asked = finding_evidence(check, f, "person-days asked");
	const struct evidence *available = finding_evidence(check, f, "person-days available");

	message_subject(check, f, 0, out);
	str_add(out, " is asked for ");
	check_value(check, asked, out);
	str_add(out, " person-days in ");
	message_subject(check, f, 1, out);
	str_add(out, " and can give ");
	if (available->value.number > 0)
		check_value(check, available, out);
	else
		str_add(out, "none");
	add_percent(asked, available, out);
	add_bookings(check, f, out);
}

static const struct rule load_over = {
    .name = "load/over",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"percent", 100, 10, 1000, "%", "how much of the capacity may be asked for"}},
    .asks = "Is nobody asked for more than they can give?",
    .meaning =
	"A person or team of whom more than `percent` percent of what they can give is asked in a "
	"period that is not over yet. Asked: the effort of running work (allocations, needs, "
	"estimates over members, tasks), spread over the working days of its time; a booking of a "
	"person counts for their team too, once. What they can give: capacity per week on the "
	"working days of the team's calendar, less holidays and absences; for a team what it "
	"states "
	"for the period, else the sum of its members. Where that is nothing, any demand is too "
	"much. This is what the plan says by its dates; the schedule (`plumb schedule`) never "
	"books more than there is, and ends later instead. "
	"docs/LOAD.md has every definition with an example.",
    .hurts = "The plan promises days that nobody has. What is late first is decided by chance, and "
	     "people make up for it in the evenings until they leave.",
    .mend = "Start at the lowest rank: move it to a later period, cut its scope, or give it to "
	    "somebody who has room (`plumb load` shows who).",
    .unknown_when = "No period has both its days; no running work says how much effort it takes; a "
		    "team has neither members nor a stated capacity.",
    .fix = "Move, cut or hand over the lowest ranked work in that period.",
    .run = run_over,
    .message = message_over,
};

/* ---- sustained */

enum { SUSTAINED_PERIODS, SUSTAINED_PERCENT };

/* Weekends and company holidays between two sprints part nothing. */
#define GAP_DAYS 7

static bool
follows(const struct load *load, uint32_t c)
{
	return load_first_day(load, c) - load_last_day(load, c - 1) <= GAP_DAYS + 1;
}

/* The next column that shares no day with c: two calendars side by side do not make a quarter two periods. */
static uint32_t
next_apart(const struct load *load, uint32_t c, uint32_t behind)
{
	uint32_t next = c + 1;

	while (next < behind && load_first_day(load, next) <= load_last_day(load, c))
		next++;
	return next;
}

/*
 * Too much of a row in a column: by stated dates, as load/over has it; or, from today on, what is still to do by the end of it is more than
 * they can give until then. By how much is the larger of the two.
 */
static bool
is_too_much(const struct pass *pass, struct booked *b, uint32_t row, uint32_t column, int64_t *by)
{
	const struct load_cell *cell = load_cell(b->load, row, column);
	double percent = pass->limits[SUSTAINED_PERCENT];
	bool over = is_over(cell, percent);
	int64_t due = booked_due(b, row, column);
	int64_t gives;

	*by = cell->demand - cell->capacity;
	if (!cell->is_known || load_last_day(b->load, column) < pass->today || due == 0)
		return over;
	gives = booked_gives_until(b, row, column);
	if ((double)due * 100 <= (double)gives * percent)
		return over;
	*by = over && *by > due - gives ? *by : due - gives;
	return true;
}

static void
emit_sustained(struct pass *pass, struct booked *b, uint32_t row, uint32_t first, uint32_t behind)
{
	const struct load *load = b->load;
	uint32_t who = load_who(load, row);
	uint32_t count = 0, last = first;
	struct draft d;

	for (uint32_t c = first; c < behind; c = next_apart(load, c, behind)) {
		last = c;
		count++;
	}
	if (count < pass->limits[SUSTAINED_PERIODS] || load_last_day(load, last) < pass->today)
		return;
	draft_init(&d, who, load_period(load, first));
	draft_count(&d, who, "periods in a row", count);
	draft_slot(&d, who, "last period", load_period(load, last));
	for (uint32_t c = first; c < behind; c = next_apart(load, c, behind)) {
		int64_t by;

		(void)is_too_much(pass, b, row, c, &by);
		draft_number(&d, load_period(load, c), "person-days too many", days(by));
	}
	pass_emit(pass, &d);
}

static void
judge_sustained(struct pass *pass, struct booked *b, uint32_t row)
{
	uint32_t first = 0;
	uint32_t n = load_columns(b->load);

	for (uint32_t c = 0; c <= n; c++) {
		int64_t by;
		bool over = c < n && is_too_much(pass, b, row, c, &by);

		if (over && (c == first || follows(b->load, c)))
			continue;
		if (c > first)
			emit_sustained(pass, b, row, first, c);
		first = over ? c : c + 1;
	}
}

static void
run_sustained(struct pass *pass)
{
	const struct load *load = pass_load(pass);
	struct booked *b;

	if (load == NULL || lacks_data(pass, load))
		return;
	b = pass_booked(pass);
	for (uint32_t row = 0; b != NULL && row < load_rows(load) && pass_goes_on(pass); row++)
		judge_sustained(pass, b, row);
}

static void
message_sustained(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);
	unsigned shown = 0;

	message_subject(check, f, 0, out);
	str_add(out, " has too much to do in ");
	check_value(check, &e[0], out);
	str_add(out, " periods in a row, ");
	message_subject(check, f, 1, out);
	str_add(out, " to ");
	check_value(check, finding_evidence(check, f, "last period"), out);
	for (unsigned i = 2; i < f->evidence_count; i++) {
		str_add(out, shown++ > 0 ? ", " : ": ");
		check_value(check, &e[i], out);
		str_add(out, " person-days too many in ");
		check_ref(check, e[i].slot, out);
	}
	str_add(out, shown < e[0].value.count ? " and so on." : ".");
}

static const struct rule load_sustained = {
    .name = "load/sustained",
    .severity = SEVERITY_ERROR,
    .thresholds = {{"periods", 3, 2, 100, "periods", "how many in a row are too many"},
	{"percent", 100, 10, 1000, "%", "how much of the capacity may be asked for"}},
    .asks = "Does nobody stay overloaded?",
    .meaning =
	"A person or team of whom there is too much to do in at least `periods` periods in a row, "
	"of which the last one is not over yet. Too much by stated dates: more than `percent` "
	"percent of what they can give is asked (the figures of load/over). Or too much by the "
	"schedule, in periods that are not over: of the work that shall be done by the last day "
	"of the period, `plumb schedule` still has to book more of them than `percent` percent "
	"of what they can give from today until then, so that it books the rest later. Told is how "
	"much is beyond what they can give, of both the larger. Periods follow one another where "
	"at most a week lies between them; of periods that overlap the first counts. One finding "
	"for each such run; it begins with its first period, even if that is past.",
    .hurts = "A peak can be borne; a peak without an end is how people burn out, and then they are "
	     "away for all of the work.",
    .mend =
	"Take something away for good: stop the lowest ranked work, or bring in somebody. Shifting "
	"it by one period only moves the peak.",
    .unknown_when =
	"No period has both its days, no running work says how much effort it takes, or "
	"the plan is too large to schedule.",
    .fix = "Take work away from them for good, lowest rank first.",
    .run = run_sustained,
    .message = message_sustained,
};

/* ---- under */

enum { UNDER_PERCENT };

/* Work that waits, and whom it waits for: a person or team, or (who = SLOT_NONE) somebody with a skill. */
struct waiting {
	uint32_t who;
	uint32_t initiative;
	const char *skill;
};

struct under {
	struct pass *pass;
	struct booked *booked;
	const struct load *load;
	struct involved inv;
	struct arena *arena;   /* the skills that are wanted */
	struct arena *scratch; /* a person's */
	struct waiting *list;
	size_t count;
	size_t cap;
	bool failed;
};

static void
add_waiting(struct under *u, uint32_t who, uint32_t initiative, const char *skill)
{
	size_t want = u->cap > 0 ? 2 * u->cap : 64;
	struct waiting *bigger;

	if (u->count == u->cap) {
		bigger = realloc(u->list, want * sizeof bigger[0]);
		if (bigger == NULL) {
			u->failed = true;
			return;
		}
		u->list = bigger;
		u->cap = want;
	}
	u->list[u->count++] = (struct waiting){who, initiative, skill};
}

static void
add_wanted_skills(struct under *u, uint32_t initiative)
{
	const struct index *ix = u->pass->ix;
	const struct control_need *needs;
	size_t n;

	if ((ix->has[initiative] & HAS_OPEN_NEED) == 0)
		return;
	if (!control_needs(ix->items[initiative], u->arena, &needs, &n)) {
		u->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (needs[i].effort > 0 && load_is_running(ix, initiative))
			continue; /* it is booked */
		if (needs[i].who[0] == '\0' && needs[i].skill[0] != '\0')
			add_waiting(u, SLOT_NONE, initiative, needs[i].skill);
	}
}

static void
add_needed(struct under *u, uint32_t initiative)
{
	struct edges out = index_out(u->pass->ix, initiative);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == ROLE_NEED)
			add_waiting(u, out.list[i].slot, initiative, NULL);
	}
}

/* Ranked initiatives that do not run yet; of those that run, what nobody can book: a skill without an effort. */
static void
find_waiting(struct under *u)
{
	const struct index *ix = u->pass->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(u->pass, slots, count, i); i++) {
		if (ix->rank[slots[i]] == RANK_NONE || !index_is(ix, slots[i], STANDING_JUDGED))
			continue;
		add_wanted_skills(u, slots[i]);
		if (!load_is_running(ix, slots[i]))
			add_needed(u, slots[i]);
	}
}

static int
compare_waiting(const void *pa, const void *pb, void *arg)
{
	const struct waiting *a = pa;
	const struct waiting *b = pb;
	const struct index *ix = arg;

	if (ix->rank[a->initiative] != ix->rank[b->initiative])
		return ix->rank[a->initiative] < ix->rank[b->initiative] ? -1 : 1;
	return a->initiative == b->initiative ? 0 : index_compare(ix, a->initiative, b->initiative);
}

static bool
has_skill(const char *const *skills, size_t count, const char *wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(skills[i], wanted) == 0)
			return true;
	}
	return false;
}

/* What of it the row could do, best rank first, each once. False: nothing. */
static bool
draft_waiting(struct under *u, uint32_t row, struct draft *d)
{
	const struct index *ix = u->pass->ix;
	uint32_t who = load_who(u->load, row);
	uint32_t team = load_team(u->load, row);
	uint32_t last = SLOT_NONE;
	const char *const *skills = NULL;
	size_t skills_count = 0;

	arena_reset(u->scratch);
	if (ix->kinds[who] == KIND_PERSON && (ix->has[who] & HAS_SKILLS) != 0 &&
	    !control_skills(ix->items[who], u->scratch, &skills, &skills_count))
		u->failed = true;
	for (size_t i = 0; i < u->count; i++) {
		const struct waiting *w = &u->list[i];

		if (w->initiative == last)
			continue;
		if (w->skill != NULL ? !has_skill(skills, skills_count, w->skill)
				     : w->who != who && (team == SLOT_NONE || w->who != team))
			continue;
		last = w->initiative;
		draft_slot(d, who, "waits", last);
	}
	return last != SLOT_NONE;
}

/* Asked for in that period by stated dates, or booked in it. */
static bool
is_stated(struct under *u, uint32_t row, uint32_t column, uint32_t initiative)
{
	const struct load_cell *cell = load_cell(u->load, row, column);
	const struct load_booking *list = load_bookings(u->load, cell);
	size_t count;
	const struct booked_part *parts = booked_parts(u->booked, row, column, &count);

	for (uint32_t i = 0; i < cell->count; i++) {
		if (involved_top(&u->inv, list[i].work) == initiative)
			return true;
	}
	for (size_t i = 0; i < count; i++) {
		if (u->booked->forecast->pc.plan->heads[parts[i].initiative] == initiative)
			return true;
	}
	return false;
}

/* Is the person on work in that period of which nobody says how much of them it takes? */
static bool
has_unstated(struct under *u, uint32_t row, uint32_t column)
{
	struct err err;

	if (!involved_read(&u->inv, load_who(u->load, row), &err)) {
		u->failed = true;
		return true;
	}
	for (size_t i = 0; i < u->inv.count; i++) {
		const struct involvement *one = &u->inv.list[i];

		if (one->from <= load_last_day(u->load, column) &&
		    one->to >= load_first_day(u->load, column) &&
		    !is_stated(u, row, column, one->initiative))
			return true;
	}
	return false;
}

/* The same of a team: needed without an effort, or so are its members. */
static bool
team_has_unstated(struct under *u, uint32_t row, uint32_t column)
{
	if (has_unstated(u, row, column))
		return true;
	for (uint32_t p = load_next_member(u->load, row); p != UINT32_MAX && !u->failed;
	     p = load_next_member(u->load, p)) {
		if (has_unstated(u, p, column))
			return true;
	}
	return false;
}

static void
judge_under(struct under *u, uint32_t row, uint32_t column)
{
	int64_t booked = booked_sum(u->booked, row, column);
	uint32_t who = load_who(u->load, row);
	int64_t gives;
	struct draft d;

	/* For most rows nothing waits: what they can give is asked last. */
	draft_init(&d, who, load_period(u->load, column));
	draft_number(&d, who, "person-days booked", days(booked));
	draft_number(&d, who, "person-days available", 0);
	if (!draft_waiting(u, row, &d))
		return;
	gives = booked_gives(u->booked, row, column);
	d.evidence[1].value.number = days(gives);
	if (gives == 0 || (double)booked * 100 >= (double)gives * u->pass->limits[UNDER_PERCENT] ||
	    team_has_unstated(u, row, column))
		return;
	pass_emit(u->pass, &d);
}

/* The period that runs now, and the next one. */
static void
judge_rows(struct under *u)
{
	uint32_t n = load_columns(u->load);
	uint32_t column = 0;

	while (column < n && load_last_day(u->load, column) < u->pass->today)
		column++;
	for (uint32_t c = column; c < n && c < column + 2; c++) {
		for (uint32_t row = 0; row < load_rows(u->load) && !u->failed; row++) {
			if (!pass_goes_on(u->pass))
				return;
			judge_under(u, row, c);
		}
	}
}

/* What skills are wanted, and one person's, at most. */
#define SKILLS_MEMORY ((size_t)16 << 20)

static void
run_under(struct pass *pass)
{
	struct under u = {.pass = pass, .load = pass_load(pass)};
	struct err err;

	if (u.load == NULL)
		return;
	u.failed = !involved_init(&u.inv, pass->ix, &err);
	u.arena = arena_new(SKILLS_MEMORY);
	u.scratch = arena_new(SKILLS_MEMORY);
	if (u.failed || u.arena == NULL || u.scratch == NULL) {
		u.failed = true;
		goto out;
	}
	find_waiting(&u);
	if (u.failed || u.count == 0 || lacks_data(pass, u.load))
		goto out;
	u.booked = pass_booked(pass);
	if (u.booked == NULL)
		goto out;
	qsort_r(u.list, u.count, sizeof u.list[0], compare_waiting, (void *)(uintptr_t)pass->ix);
	judge_rows(&u);
out:
	if (u.failed)
		pass_out_of_memory(pass);
	free(u.list);
	arena_free(u.arena);
	arena_free(u.scratch);
	involved_fini(&u.inv);
}

static void
message_under(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);
	unsigned shown = 0;

	message_subject(check, f, 0, out);
	str_add(out, " is booked for ");
	check_value(check, &e[0], out);
	str_add(out, " of ");
	check_value(check, &e[1], out);
	str_add(out, " person-days in ");
	message_subject(check, f, 1, out);
	add_percent(&e[0], &e[1], out);
	for (unsigned i = 2; i < f->evidence_count; i++) {
		str_add(out, shown++ > 0 ? ", " : ", and could do what waits: ");
		load_add_work(check, e[i].value.slot, out);
	}
	str_add_char(out, '.');
}

static const struct rule load_under = {
    .name = "load/under",
    .severity = SEVERITY_NOTE,
    .thresholds = {{"percent", 60, 1, 100, "%",
	"of what they can give; whoever is booked for less has room"}},
    .asks = "Does ranked work wait for people who have room?",
    .meaning =
	"A person or team of whom `plumb schedule` books less than `percent` percent of what they "
	"can give in the period that runs now (from today on) or the next one, while ranked work "
	"waits that they could do: an open initiative that does not run (proposed or paused) and "
	"needs them, their team, or a skill that the person has; or one that runs and needs such "
	"a skill of nobody by name, without saying how much of it. The schedule books all running "
	"work that says how much effort it takes, as early as it can be, less what is done; what "
	"waits for a prerequisite is booked when that is done. Nobody is found who is, in that "
	"period, on running work that does not say how much of them it takes: they may well be "
	"busy.",
    .hurts = "The first priorities stand still for want of people, while the people are there.",
    .mend = "Start the work that waits, or allocate them to it; or say what keeps them busy.",
    .unknown_when =
	"Ranked work waits, but no period has both its days, no running work says how much effort "
	"it takes, or the plan is too large to schedule.",
    .fix = "Start the work that waits, or allocate them to it.",
    .run = run_under,
    .message = message_under,
};

const struct rule *const rules_load[] = {
    &load_rule_of_three,
    &load_over,
    &load_under,
    &load_sustained,
    &load_same_people,
    &load_too_many,
    NULL,
};
