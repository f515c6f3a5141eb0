/* The family "sight": does everything have a purpose? */
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/pass.h"

static const enum kind works[] = {KIND_INITIATIVE, KIND_WORKSTREAM, KIND_MILESTONE, KIND_TASK};
#define WORKS_COUNT (sizeof works / sizeof works[0])

static bool
has_any(const struct index *ix, enum kind kind)
{
	uint32_t count;

	index_kind(ix, kind, &count);
	return count > 0;
}

static bool
has_work(const struct index *ix)
{
	for (size_t i = 0; i < WORKS_COUNT; i++) {
		if (has_any(ix, works[i]))
			return true;
	}
	return false;
}

static void
message_ref(const struct check *check, const struct finding *f, struct str *out)
{
	check_ref(check, check_subjects(check, f)[0], out);
}

/* What was given up made the finding when it was, or at the latest when it was last changed. */
static void
given_up_evidence(const struct index *ix, struct draft *d, uint32_t slot)
{
	int32_t changed = zone_date(NULL, ix->items[slot]->updated_us);

	draft_text(d, slot, "status", status_name(ix->items[slot]));
	if (d->from == DATE_NONE || changed > d->from)
		d->from = changed;
}

/* ---- orphan */

#define PURPOSES_OF_WORK                                                                           \
	(ROLE_BIT(ROLE_PART_OF) | ROLE_BIT(ROLE_OBJECTIVE) | ROLE_BIT(ROLE_CONTRIBUTION) |         \
	    ROLE_BIT(ROLE_LINK_CONTRIBUTES) | ROLE_BIT(ROLE_STRATEGY))
#define PURPOSES_OF_ENDS                                                                           \
	(ROLE_BIT(ROLE_PARENT) | ROLE_BIT(ROLE_GOAL) | ROLE_BIT(ROLE_FURTHER_GOAL) |               \
	    ROLE_BIT(ROLE_LINK_CONTRIBUTES))

/* Only ends and work can be a purpose: a link to a person is none. */
static bool
is_purpose(unsigned kind)
{
	return (kind >= KIND_VISION && kind <= KIND_OBJECTIVE) || kind == KIND_STRATEGY ||
	       kind_is_work(kind);
}

static void
judge_orphan(struct pass *pass, uint32_t slot, uint64_t purposes)
{
	const struct index *ix = pass->ix;
	struct edges out = index_out(ix, slot);
	struct draft d;

	if ((ix->roles[slot] & purposes & ROLE_BIT(ROLE_PART_OF)) != 0)
		return;
	draft_init(&d, slot, SLOT_NONE);
	if ((ix->roles[slot] & purposes) != 0) {
		for (uint32_t i = 0; i < out.count; i++) {
			uint32_t to = out.list[i].slot;

			if ((ROLE_BIT(out.list[i].role) & purposes) == 0 ||
			    !is_purpose(ix->kinds[to]))
				continue;
			/* What is not there is sight/dangling's. */
			if (!index_is(ix, to, STANDING_LIVE) ||
			    !index_is(ix, to, STANDING_GIVEN_UP))
				return;
			given_up_evidence(ix, &d, to);
		}
	}
	pass_emit(pass, &d);
}

static void
run_orphan(struct pass *pass)
{
	static const enum kind ends[] = {KIND_STRATEGY, KIND_OBJECTIVE};
	bool goals = has_any(pass->ix, KIND_GOAL);
	struct draft d;
	uint32_t count;
	const uint32_t *slots;

	for (size_t k = 0; k < WORKS_COUNT; k++) {
		slots = index_kind(pass->ix, works[k], &count);
		for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
			if (index_is(pass->ix, slots[i], STANDING_JUDGED))
				judge_orphan(pass, slots[i], PURPOSES_OF_WORK);
		}
	}
	if (!goals && has_any(pass->ix, KIND_OBJECTIVE)) {
		draft_init(&d, SLOT_NONE, SLOT_NONE);
		draft_missing(&d, SLOT_NONE, "it has no goal that objectives could serve");
		pass_emit(pass, &d);
	}
	for (size_t k = 0; k < 2 && goals; k++) {
		slots = index_kind(pass->ix, ends[k], &count);
		for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
			if (index_is(pass->ix, slots[i], STANDING_JUDGED))
				judge_orphan(pass, slots[i], PURPOSES_OF_ENDS);
		}
	}
}

static void
message_orphan(const struct check *check, const struct finding *f, struct str *out)
{
	const struct item *item = check_index(check)->items[check_subjects(check, f)[0]];
	bool end = item->kind == KIND_OBJECTIVE || item->kind == KIND_STRATEGY;

	message_ref(check, f, out);
	if (f->evidence_count > 0)
		str_add(out, " goes on, but everything that it serves was given up.");
	else if (item->kind == KIND_MILESTONE || item->kind == KIND_TASK)
		str_add(out, " is part of no initiative and serves no objective.");
	else
		str_add(out, end ? " serves no goal." : " serves no objective.");
}

static const struct rule sight_orphan = {
    .name = "sight/orphan",
    .severity = SEVERITY_WARNING,
    .asks = "Does every piece of work, and every objective, have a purpose?",
    .meaning = "An open initiative, workstream, milestone or task that names nothing that it is "
	       "there for: it is part of no other work, names no objective, contributes to none, "
	       "carries out no strategy. Also an open objective that names no goal, no parent "
	       "objective and contributes to neither, and a running strategy that serves no goal. "
	       "The finding is about the place where the chain breaks, not about all that hangs "
	       "below it. Also found: open work whose every purpose was dropped or stopped. A link "
	       "counts where its type is `contributes`; `supports` and `relates` do not. A purpose "
	       "that is named but does not exist is found by sight/dangling instead. Not judged: "
	       "what is done, stopped, closed or dropped, or part of such work.",
    .hurts = "People spend days on it and nobody can say what would be worse without it; it "
	     "competes with what matters and cannot be ranked against it.",
    .mend = "Name the objective that it moves (`objective:` or a contribution), or the work that "
	    "it is a part of. If none fits, either an objective is missing in the plan or the work "
	    "should be stopped.",
    .unknown_when = "The plan has objectives but not a single goal: whether objectives serve one "
		    "is then said once, for the plan as a whole.",
    .fix = "Name what it serves, or stop it.",
    .run = run_orphan,
    .message = message_orphan,
};

/* ---- unserved */

#define SERVICES                                                                                   \
	(ROLE_BIT(ROLE_OBJECTIVE) | ROLE_BIT(ROLE_CONTRIBUTION) |                                  \
	    ROLE_BIT(ROLE_LINK_CONTRIBUTES) | ROLE_BIT(ROLE_PARENT))

/* Adds those that gave up to the evidence. */
static bool
is_served(const struct index *ix, uint32_t objective, struct draft *d)
{
	struct edges in = index_in(ix, objective);

	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t from = in.list[i].slot;

		if ((ROLE_BIT(in.list[i].role) & SERVICES) == 0)
			continue;
		if (!kind_is_work(ix->kinds[from]) && ix->kinds[from] != KIND_OBJECTIVE)
			continue;
		if (!index_is(ix, from, STANDING_GIVEN_UP))
			return true;
		given_up_evidence(ix, d, from);
	}
	return false;
}

static void
run_unserved(struct pass *pass)
{
	bool work = has_work(pass->ix);
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_OBJECTIVE, &count);
	struct draft d;

	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		if (!index_is(pass->ix, slots[i], STANDING_JUDGED))
			continue;
		draft_init(&d, slots[i], SLOT_NONE);
		if (is_served(pass->ix, slots[i], &d))
			continue;
		if (!work) {
			draft_init(&d, SLOT_NONE, SLOT_NONE);
			draft_missing(
			    &d, SLOT_NONE, "it holds no work at all that could serve objectives");
			pass_emit(pass, &d);
			return;
		}
		pass_emit(pass, &d);
	}
}

static void
message_unserved(const struct check *check, const struct finding *f, struct str *out)
{
	message_ref(check, f, out);
	str_add(out, f->evidence_count > 0 ? " is open, but all work on it was given up."
					   : " is open, but no work serves it.");
}

static const struct rule sight_unserved = {
    .name = "sight/unserved",
    .severity = SEVERITY_WARNING,
    .asks = "Is somebody working towards every objective?",
    .meaning = "An open objective that no initiative, workstream, milestone or task names or "
	       "contributes to, and that no other objective below it carries on. Proposed, paused "
	       "and finished work counts as serving; what was stopped or dropped (itself or the "
	       "work that it is a part of) does not, and is shown as evidence.",
    .hurts = "It will be reported on every quarter and will not move, except by luck.",
    .mend = "Say which work serves it (`objective:` of the initiative), start some, or drop the "
	    "objective honestly.",
    .unknown_when =
	"The plan holds no work at all: this is then said once, for the plan as a whole.",
    .fix = "Give it work that serves it, or drop it.",
    .run = run_unserved,
    .message = message_unserved,
};

/* ---- empty-goal */

static bool
is_filled(const struct index *ix, uint32_t goal, struct draft *d)
{
	struct edges in = index_in(ix, goal);

	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t from = in.list[i].slot;
		unsigned kind = ix->kinds[from];

		if (kind != KIND_OBJECTIVE &&
		    !(kind == KIND_GOAL && in.list[i].role == ROLE_PARENT))
			continue;
		if (!index_is(ix, from, STANDING_GIVEN_UP))
			return true;
		given_up_evidence(ix, d, from);
	}
	return false;
}

static void
run_empty_goal(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_GOAL, &count);
	struct draft d;

	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		draft_init(&d, slots[i], SLOT_NONE);
		if (!is_filled(pass->ix, slots[i], &d))
			pass_emit(pass, &d);
	}
}

static void
message_empty_goal(const struct check *check, const struct finding *f, struct str *out)
{
	message_ref(check, f, out);
	str_add(out, f->evidence_count > 0
			 ? " has no objective left: all were dropped."
			 : " has no objective: nothing measured moves towards it.");
}

static const struct rule sight_empty_goal = {
    .name = "sight/empty-goal",
    .severity = SEVERITY_WARNING,
    .asks = "Is every goal broken down into something measured?",
    .meaning = "A goal that no objective names (as its goal, a further goal, or by a `contributes` "
	       "link) and that no other goal is a part of. Dropped objectives do not count and are "
	       "shown as evidence; closed ones do. Work that points at a goal directly does not "
	       "count either: it carries no number for it.",
    .hurts = "A goal without an objective is a wish: it has no number, no date, and nobody can say "
	     "how far it is.",
    .mend = "Write one to three objectives for it, or take it out of the plan.",
    .unknown_when = "",
    .fix = "Write an objective for it, or remove it.",
    .run = run_empty_goal,
    .message = message_empty_goal,
};

/* ---- dangling */

struct dangling {
	struct pass *pass;
	uint32_t *holder_of; /* by slot: the last holder + 1 that was found to miss it */
	uint32_t *records;   /* by slot: records about what is not there */
	uint32_t *first;     /* by slot: one of them */
};

/* An absent or removed target; the ranking of what is gone is the plan's own affair. */
static bool
is_missing(const struct index *ix, uint32_t slot)
{
	return !item_is_live(ix->items[slot]);
}

static void
missing_evidence(const struct index *ix, struct draft *d, uint32_t missing)
{
	const struct item *item = ix->items[missing];

	if (item->flags & ITEM_REMOVED)
		draft_date(d, missing, "removed", zone_date(NULL, item->updated_us));
	else
		draft_text(d, missing, "was", "never in the plan");
}

static void
emit_dangling(struct dangling *all, uint32_t holder, const struct edges *out, uint32_t missing)
{
	struct draft d;

	if (all->holder_of[missing] == holder + 1)
		return;
	all->holder_of[missing] = holder + 1;
	draft_init(&d, holder, missing);
	missing_evidence(all->pass->ix, &d, missing);
	for (uint32_t i = 0; i < out->count && d.evidence_count < FINDING_EVIDENCE; i++) {
		if (out->list[i].slot == missing)
			draft_text(&d, holder, "named as", role_name(out->list[i].role));
	}
	pass_emit(all->pass, &d);
}

static void
judge_dangling(struct dangling *all, uint32_t slot)
{
	const struct index *ix = all->pass->ix;
	struct edges out = index_out(ix, slot);
	bool record = kind_is_record(ix->kinds[slot]);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot;

		if (!is_missing(ix, to))
			continue;
		if (!record) {
			emit_dangling(all, slot, &out, to);
		} else if (out.list[i].role == ROLE_ABOUT) {
			if (all->records[to]++ == 0)
				all->first[to] = slot;
		}
	}
}

static void
emit_records(struct dangling *all)
{
	const struct index *ix = all->pass->ix;
	struct draft d;

	for (uint32_t s = 0; s < ix->slots && pass_goes_on(all->pass); s++) {
		if (all->records[s] == 0)
			continue;
		draft_init(&d, s, SLOT_NONE);
		missing_evidence(ix, &d, s);
		draft_count(&d, s, "records about it", all->records[s]);
		draft_slot(&d, s, "one of them", all->first[s]);
		d.from = zone_date(NULL, ix->items[all->first[s]]->updated_us);
		pass_emit(all->pass, &d);
	}
}

static void
run_dangling(struct pass *pass)
{
	size_t n = (size_t)pass->ix->slots + 1;
	struct dangling all = {pass, calloc(n, 4), calloc(n, 4), calloc(n, 4)};

	if (all.holder_of == NULL || all.records == NULL || all.first == NULL) {
		pass_out_of_memory(pass);
		goto out;
	}
	for (uint32_t s = 0; s < pass->ix->slots && pass_goes_on(pass); s++) {
		if (index_is(pass->ix, s, STANDING_JUDGED))
			judge_dangling(&all, s);
	}
	emit_records(&all);
out:
	free(all.holder_of);
	free(all.records);
	free(all.first);
}

static void
message_dangling(const struct check *check, const struct finding *f, struct str *out)
{
	const uint32_t *subjects = check_subjects(check, f);
	const struct evidence *as = finding_evidence(check, f, "named as");
	const struct evidence *removed = finding_evidence(check, f, "removed");
	const struct evidence *records = finding_evidence(check, f, "records about it");

	if (records != NULL) {
		check_value(check, records, out);
		str_add(
		    out, records->value.count == 1 ? " record is about " : " records are about ");
		check_ref(check, subjects[0], out);
	} else {
		check_ref(check, subjects[0], out);
		str_add(out, " names ");
		check_ref(check, subjects[1], out);
		str_addf(out, " (%s)", as->value.text);
	}
	str_add(out, removed != NULL ? ", which was removed." : ", which is not in the plan.");
}

static const struct rule sight_dangling = {
    .name = "sight/dangling",
    .severity = SEVERITY_ERROR,
    .local = true,
    .asks = "Does everything that is named exist?",
    .meaning = "An entry names another one that is not in the plan: it was removed, or was never "
	       "there (often a typing mistake). One finding for each pair, whatever the number of "
	       "fields. Records about something that is not there are found once for that thing, "
	       "with their number. Not judged: what is done, stopped, closed or dropped, since its "
	       "references are history, and who took down a record.",
    .hurts = "Every chain through it is cut: the work seems to have no purpose, the person no "
	     "work, the objective no number; answers that look complete are not.",
    .mend = "Correct the reference, or add what it names. A rename carries references along; "
	    "removing and putting anew does not.",
    .unknown_when = "",
    .fix = "Correct the reference or add what it names.",
    .run = run_dangling,
    .message = message_dangling,
};

/* ---- cycle */

#define PREREQUISITES ROLE_BIT(ROLE_AFTER)
#define CONTRIBUTIONS (PURPOSES_OF_WORK | PURPOSES_OF_ENDS)
#define PRECEDENCE    ROLE_BIT(ROLE_PRECEDES)

/* What a circle is made of. */
struct circle {
	uint64_t roles;
	const char *qualifier; /* of the finding's key */
	const char *says;      /* of one member and another */
	const char *one;
	const char *several;
};

static const struct circle circles[] = {
    {PREREQUISITES, NULL, "waits for", " waits for itself.",
	" wait for each other in a circle: none can begin."},
    {CONTRIBUTIONS, "contribution", "serves", " serves itself.",
	" serve each other in a circle: no purpose stands behind them."},
    {PRECEDENCE, "precedence", "precedes", " precedes itself.",
	" precede each other in a circle: in a pinch none of them comes first."},
};

/* Strongly connected parts [Tarjan], without recursion: a chain of prerequisites can be as long as the plan. */
struct frame {
	uint32_t slot;
	uint32_t next; /* its reference to look at */
};

struct walk {
	struct pass *pass;
	const struct circle *of;
	uint64_t roles;   /* of->roles */
	uint32_t *number; /* by slot, in order of discovery from 1; 0 not seen */
	uint32_t *low;    /* by slot */
	uint8_t *open;    /* by slot: in parts */
	uint32_t *parts;  /* seen, not yet known to which cycle they belong */
	struct frame *frames;
	size_t parts_count;
	size_t frames_count;
	uint32_t discovered;
};

static bool
is_walked(const struct walk *walk, uint32_t slot)
{
	const struct index *ix = walk->pass->ix;

	if (walk->roles != CONTRIBUTIONS)
		return index_is(ix, slot, STANDING_JUDGED);
	return index_is(ix, slot, STANDING_LIVE) && !index_is(ix, slot, STANDING_GIVEN_UP) &&
	       is_purpose(ix->kinds[slot]);
}

static bool
points_at(const struct walk *walk, uint32_t from, uint32_t to)
{
	struct edges out = index_out(walk->pass->ix, from);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].slot == to && (walk->roles & ROLE_BIT(out.list[i].role)) != 0)
			return true;
	}
	return false;
}

static int
compare_slots(const void *pa, const void *pb, void *arg)
{
	const struct walk *walk = arg;

	return index_compare(walk->pass->ix, *(const uint32_t *)pa, *(const uint32_t *)pb);
}

/* By name, so that the key does not depend on where the walk began. */
static void
emit_cycle(struct walk *walk, uint32_t *members, size_t count)
{
	struct draft d;

	if (count == 1 && !points_at(walk, members[0], members[0]))
		return;
	qsort_r(members, count, sizeof members[0], compare_slots, walk);
	draft_init(&d, SLOT_NONE, SLOT_NONE);
	d.qualifier = walk->of->qualifier;
	for (size_t i = 0; i < count && i < FINDING_SUBJECTS; i++) {
		d.subjects[d.subjects_count++] = members[i];
		for (size_t k = 0; k < count; k++) {
			if (points_at(walk, members[i], members[k]))
				draft_slot(&d, members[i], walk->of->says, members[k]);
		}
	}
	d.more = (uint32_t)(count - d.subjects_count);
	pass_emit(walk->pass, &d);
}

static void
discover(struct walk *walk, uint32_t slot)
{
	walk->number[slot] = walk->low[slot] = ++walk->discovered;
	walk->open[slot] = 1;
	walk->parts[walk->parts_count++] = slot;
	walk->frames[walk->frames_count++] = (struct frame){slot, 0};
}

static void
lower(struct walk *walk, uint32_t slot, uint32_t number)
{
	if (number < walk->low[slot])
		walk->low[slot] = number;
}

/* All that was found after slot and still stands open forms a cycle with it. */
static void
complete(struct walk *walk, uint32_t slot)
{
	size_t first = walk->parts_count;

	do
		walk->open[walk->parts[--first]] = 0;
	while (walk->parts[first] != slot);
	emit_cycle(walk, walk->parts + first, walk->parts_count - first);
	walk->parts_count = first;
}

static void
walk_from(struct walk *walk, uint32_t start)
{
	if (walk->number[start] != 0 || !is_walked(walk, start))
		return;
	discover(walk, start);
	while (walk->frames_count > 0 && pass_goes_on(walk->pass)) {
		struct frame *f = &walk->frames[walk->frames_count - 1];
		struct edges out = index_out(walk->pass->ix, f->slot);
		uint32_t slot = f->slot;

		if (f->next < out.count) {
			const struct edge *e = &out.list[f->next++];

			if ((walk->roles & ROLE_BIT(e->role)) == 0 || !is_walked(walk, e->slot))
				continue;
			if (walk->number[e->slot] == 0)
				discover(walk, e->slot);
			else if (walk->open[e->slot])
				lower(walk, slot, walk->number[e->slot]);
			continue;
		}
		walk->frames_count--;
		if (walk->frames_count > 0)
			lower(walk, walk->frames[walk->frames_count - 1].slot, walk->low[slot]);
		if (walk->low[slot] == walk->number[slot])
			complete(walk, slot);
	}
}

/* How far up the chain of purpose a kind stands. */
static int
height(unsigned kind)
{
	static const enum kind order[] = {KIND_TASK, KIND_MILESTONE, KIND_WORKSTREAM,
	    KIND_INITIATIVE, KIND_STRATEGY, KIND_OBJECTIVE, KIND_GOAL, KIND_MISSION, KIND_VISION};

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		if (order[i] == kind)
			return (int)i;
	}
	return -1;
}

/*
 * Contributions mostly lead upwards and belonging never leads in a circle (the plan refuses it), so that every
 * circle has a reference that leads down, or sideways without belonging. Walks begin there only.
 */
static bool
may_close_circle(const struct index *ix, uint32_t slot)
{
	struct edges out = index_out(ix, slot);
	int from = height(ix->kinds[slot]);

	for (uint32_t i = 0; i < out.count; i++) {
		const struct edge *e = &out.list[i];
		int to = height(ix->kinds[e->slot]);

		if ((CONTRIBUTIONS & ROLE_BIT(e->role)) == 0 || to < 0 || from < 0)
			continue;
		if (to < from || (to == from && e->role != ROLE_PARENT && e->role != ROLE_PART_OF))
			return true;
	}
	return false;
}

static bool
is_start(const struct walk *walk, uint32_t slot)
{
	const struct index *ix = walk->pass->ix;

	if ((ix->roles[slot] & walk->roles) == 0)
		return false;
	return walk->roles != CONTRIBUTIONS || may_close_circle(ix, slot);
}

static bool
walk_alloc(struct walk *walk)
{
	size_t n = (size_t)walk->pass->ix->slots + 1;

	walk->number = calloc(n, sizeof walk->number[0]);
	walk->low = malloc(n * sizeof walk->low[0]);
	walk->open = calloc(n, sizeof walk->open[0]);
	walk->parts = malloc(n * sizeof walk->parts[0]);
	walk->frames = malloc(n * sizeof walk->frames[0]);
	return walk->number != NULL && walk->low != NULL && walk->open != NULL &&
	       walk->parts != NULL && walk->frames != NULL;
}

static void
find_cycles(struct pass *pass, const struct circle *of)
{
	struct walk walk = {.pass = pass, .of = of, .roles = of->roles};

	if (!walk_alloc(&walk)) {
		pass_out_of_memory(pass);
		goto out;
	}
	for (uint32_t s = 0; s < pass->ix->slots && pass_goes_on(pass); s++) {
		if (is_start(&walk, s))
			walk_from(&walk, s);
	}
out:
	free(walk.number);
	free(walk.low);
	free(walk.open);
	free(walk.parts);
	free(walk.frames);
}

static void
run_cycle(struct pass *pass)
{
	for (size_t i = 0; i < sizeof circles / sizeof circles[0]; i++)
		find_cycles(pass, &circles[i]);
}

static const struct circle *
circle_of(const struct finding *f)
{
	const struct circle *of = &circles[0];

	for (size_t i = 0; i < sizeof circles / sizeof circles[0]; i++) {
		if (circles[i].qualifier == f->qualifier)
			of = &circles[i];
	}
	return of;
}

static void
message_cycle(const struct check *check, const struct finding *f, struct str *out)
{
	const uint32_t *subjects = check_subjects(check, f);

	for (unsigned i = 0; i < f->subjects_count; i++) {
		if (i > 0)
			str_add(out, f->more == 0 && i + 1u == f->subjects_count ? " and " : ", ");
		check_ref(check, subjects[i], out);
	}
	if (f->more > 0)
		str_addf(out, " and %u more", (unsigned)f->more);
	str_add(out, f->subjects_count == 1 ? circle_of(f)->one : circle_of(f)->several);
}

const struct rule sight_cycle = {
    .name = "sight/cycle",
    .severity = SEVERITY_ERROR,
    .asks = "Does every chain of purpose, of prerequisites and of precedence have an end?",
    .meaning = "Open work that waits for itself through `after` (prerequisites), or things that "
	       "serve each other in a circle through objectives, contributions, strategies, "
	       "parents and `contributes` links, or open objectives that precede each other in a "
	       "circle (`precedes:`). One finding for each circle (with all that hangs "
	       "together with it), its members in order of their names. Work that is done or "
	       "stopped no longer makes anybody wait; what was dropped or stopped serves nothing. "
	       "(An item that contains itself is refused when it is written.)",
    .hurts = "Nothing in a circle of prerequisites can begin; a circle of contributions explains "
	     "each by the others and ends at no goal; a circle of precedence says of none of its "
	     "objectives that it comes first.",
    .mend = "Take out the reference that is the weakest: usually the one that was added last.",
    .unknown_when = "",
    .fix = "Remove one of the references that close the circle.",
    .run = run_cycle,
    .message = message_cycle,
};

const struct rule *const rules_sight[] = {
    &sight_orphan,
    &sight_unserved,
    &sight_empty_goal,
    &sight_dangling,
    &sight_cycle,
    NULL,
};
