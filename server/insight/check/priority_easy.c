/* The family "priority", the order against what moves: does work flow to low ranks while the top stalls? */
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/claims.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"

enum { EASY_DAYS };

/* In the order in which one of several at the best rank speaks for all: none is accused of what is not sure. */
enum movement { STALLED, CANNOT_SAY, MOVED };

/* An initiative; by its place in index_kind(). */
struct work {
	bool moved;     /* in the last days */
	bool has_word;  /* a check-in, task or milestone says whether it moves */
	bool said;      /* that it cannot be judged */
	uint32_t done;  /* tasks and milestones of these days */
	int64_t effort; /* of these tasks */
	uint32_t last;  /* newest check-in about it or a workstream of it; SLOT_NONE */
};

/* A team or person; teams first. */
struct actor {
	uint32_t top;   /* their best-ranked initiative; SLOT_NONE */
	uint32_t lower; /* initiatives ranked worse that moved */
	uint32_t most;  /* of these, the one where most was done */
	uint32_t done;
	int64_t effort;
	uint32_t stamp; /* which initiative they were met in last, from 1 */
	bool found;
};

struct flow {
	struct pass *pass;
	const struct index *ix;
	int32_t cutoff;   /* the last day that is too long ago */
	uint32_t *number; /* by slot: place of an initiative, team or person in its list */
	uint32_t *before; /* by slot: the newest check-in with progress up to the cutoff */
	struct work *works;
	struct actor *actors;
	uint32_t teams;
};

/* ---- what moved */

static struct work *
work_of(struct flow *f, uint32_t slot)
{
	uint32_t initiative = claims_initiative(f->ix, slot);

	return f->ix->kinds[initiative] == KIND_INITIATIVE &&
		       index_is(f->ix, initiative, STANDING_LIVE)
		   ? &f->works[f->number[initiative]]
		   : NULL;
}

static void
take_parts(struct flow *f, enum kind kind)
{
	const struct index *ix = f->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, kind, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(f->pass, slots, count, i); i++) {
		struct work *w = work_of(f, slots[i]);
		const struct item *item = ix->items[slots[i]];

		if (w == NULL || index_is(ix, slots[i], STANDING_GIVEN_UP))
			continue;
		w->has_word = true;
		if (item->done == DATE_NONE || item->done <= f->cutoff || item->done > ix->today)
			continue;
		w->moved = true;
		w->done++;
		if (kind == KIND_TASK && (item->has & HAS_VALUE) != 0)
			w->effort += item->effort;
	}
}

static bool
is_later(const struct index *ix, uint32_t a, uint32_t b)
{
	const struct item *ia = ix->items[a];
	const struct item *ib = ix->items[b];

	if (item_at_us(ia) != item_at_us(ib))
		return item_at_us(ia) > item_at_us(ib);
	return ia->revision != ib->revision ? ia->revision > ib->revision : a > b;
}

static uint32_t
about(const struct index *ix, uint32_t check_in)
{
	uint32_t slot = index_target(ix, check_in, ROLE_ABOUT);

	if (slot == SLOT_NONE || !index_is(ix, slot, STANDING_LIVE) ||
	    index_is(ix, slot, STANDING_GIVEN_UP) ||
	    (ix->kinds[slot] != KIND_INITIATIVE && ix->kinds[slot] != KIND_WORKSTREAM))
		return SLOT_NONE;
	return slot;
}

static void
take_before(struct flow *f, uint32_t check_in)
{
	const struct item *item = f->ix->items[check_in];
	uint32_t slot = about(f->ix, check_in);

	if (slot == SLOT_NONE || item->start == DATE_NONE || item->start > f->cutoff ||
	    (item->has & HAS_VALUE) == 0)
		return;
	if (f->before[slot] == SLOT_NONE || is_later(f->ix, check_in, f->before[slot]))
		f->before[slot] = check_in;
}

/* A rise of progress; where none is stated, the owner's word that it is on track. */
static bool
says_moved(const struct flow *f, uint32_t check_in, uint32_t slot)
{
	enum { ON_TRACK = 1 };
	const struct item *item = f->ix->items[check_in];
	uint32_t before = f->before[slot];

	if (item->start <= f->cutoff)
		return false;
	if ((item->has & HAS_VALUE) == 0)
		return item->status == ON_TRACK;
	return item->value > (before != SLOT_NONE ? f->ix->items[before]->value : 0);
}

/* The newest one about an initiative or workstream. */
static void
take_newest(struct flow *f, uint32_t check_in)
{
	uint32_t slot = about(f->ix, check_in);
	struct work *w;

	if (slot == SLOT_NONE || f->ix->check_in[slot] != check_in)
		return;
	w = work_of(f, slot);
	if (w == NULL)
		return;
	w->has_word = true;
	w->moved |= says_moved(f, check_in, slot);
	if (w->last == SLOT_NONE || is_later(f->ix, check_in, w->last))
		w->last = check_in;
}

static void
take_check_ins(struct flow *f)
{
	uint32_t count;
	const uint32_t *slots = index_kind(f->ix, KIND_CHECK_IN, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(f->pass, slots, count, i); i++)
		take_before(f, slots[i]);
	for (uint32_t i = 0; i < count && pass_goes_on_at(f->pass, slots, count, i); i++)
		take_newest(f, slots[i]);
}

static enum movement
movement_of(const struct flow *f, uint32_t initiative)
{
	const struct work *w = &f->works[f->number[initiative]];

	if (w->moved)
		return MOVED;
	return w->has_word ? STALLED : CANNOT_SAY;
}

/* ---- who works on what */

typedef void (*actor_fn)(struct flow *f, struct actor *actor, uint32_t initiative);

static void
meet(struct flow *f, uint32_t who, uint32_t initiative, actor_fn fn)
{
	struct actor *actor;

	if (who == SLOT_NONE || !index_is(f->ix, who, STANDING_LIVE))
		return;
	if (f->ix->kinds[who] == KIND_TEAM)
		actor = &f->actors[f->number[who]];
	else if (f->ix->kinds[who] == KIND_PERSON)
		actor = &f->actors[f->teams + f->number[who]];
	else
		return;
	if (actor->stamp == initiative + 1)
		return;
	actor->stamp = initiative + 1;
	fn(f, actor, initiative);
}

static uint32_t
team_of(const struct index *ix, uint32_t person)
{
	struct edges in;

	if (ix->kinds[person] != KIND_PERSON)
		return SLOT_NONE;
	if ((ix->roles[person] & ROLE_BIT(ROLE_TEAM)) != 0)
		return index_target(ix, person, ROLE_TEAM);
	in = index_in(ix, person);
	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_MEMBER && ix->kinds[in.list[i].slot] == KIND_TEAM)
			return in.list[i].slot;
	}
	return SLOT_NONE;
}

#define INVOLVED                                                                                   \
	(ROLE_BIT(ROLE_OWNER) | ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_NEED) | ROLE_BIT(ROLE_WHO))

/* Those that the entry names, persons with their team. */
static void
meet_named(struct flow *f, uint32_t slot, uint32_t initiative, actor_fn fn)
{
	struct edges out = index_out(f->ix, slot);

	for (uint32_t i = 0; i < out.count; i++) {
		if ((ROLE_BIT(out.list[i].role) & INVOLVED) == 0)
			continue;
		meet(f, out.list[i].slot, initiative, fn);
		meet(f, team_of(f->ix, out.list[i].slot), initiative, fn);
	}
}

/* Of the initiative, its workstreams that are open, and their allocations. */
static void
meet_all(struct flow *f, uint32_t slot, uint32_t initiative, actor_fn fn, unsigned depth)
{
	struct edges in = index_in(f->ix, slot);

	meet_named(f, slot, initiative, fn);
	for (uint32_t i = 0; i < in.count && depth < LIMIT_DEPTH; i++) {
		uint32_t part = in.list[i].slot;
		unsigned kind = f->ix->kinds[part];

		if (in.list[i].role != ROLE_PART_OF || !index_is(f->ix, part, STANDING_JUDGED))
			continue;
		if (kind == KIND_WORKSTREAM)
			meet_all(f, part, initiative, fn, depth + 1);
		else if (kind == KIND_ALLOCATION)
			meet_named(f, part, initiative, fn);
	}
}

static void
each_initiative(struct flow *f, bool (*is_one)(const struct flow *f, uint32_t slot), actor_fn fn)
{
	uint32_t count;
	const uint32_t *slots = index_kind(f->ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(f->pass, slots, count, i); i++) {
		if (load_is_running(f->ix, slots[i]) && is_one(f, slots[i]))
			meet_all(f, slots[i], slots[i], fn, 0);
	}
}

/* Ranked, and begun long enough ago to have moved: its start, where not stated the day it came into the plan. */
static bool
is_due(const struct flow *f, uint32_t slot)
{
	int32_t begun = load_start(f->ix, slot);

	if (begun == DATE_NONE)
		begun = zone_date(NULL, f->ix->items[slot]->created_us);
	return f->ix->rank[slot] != RANK_NONE && begun <= f->cutoff;
}

static bool
has_moved(const struct flow *f, uint32_t slot)
{
	return f->works[f->number[slot]].moved;
}

/* Of several at the best rank one that moved speaks for all. */
static void
take_top(struct flow *f, struct actor *actor, uint32_t initiative)
{
	const uint32_t *rank = f->ix->rank;

	if (actor->top == SLOT_NONE || rank[initiative] < rank[actor->top] ||
	    (rank[initiative] == rank[actor->top] &&
		(movement_of(f, initiative) > movement_of(f, actor->top) ||
		    (movement_of(f, initiative) == movement_of(f, actor->top) &&
			index_compare(f->ix, initiative, actor->top) < 0))))
		actor->top = initiative;
}

/* Most effort, else most pieces, else the first by name. */
static bool
is_more(const struct flow *f, uint32_t a, uint32_t b)
{
	const struct work *wa = &f->works[f->number[a]];
	const struct work *wb = &f->works[f->number[b]];

	if (wa->effort != wb->effort)
		return wa->effort > wb->effort;
	return wa->done != wb->done ? wa->done > wb->done : index_compare(f->ix, a, b) < 0;
}

static void
take_lower(struct flow *f, struct actor *actor, uint32_t initiative)
{
	const struct work *w = &f->works[f->number[initiative]];

	if (actor->top == SLOT_NONE || f->ix->rank[initiative] <= f->ix->rank[actor->top])
		return;
	if (actor->lower == 0 || is_more(f, initiative, actor->most))
		actor->most = initiative;
	actor->lower++;
	actor->done += w->done;
	actor->effort += w->effort;
}

/* ---- findings */

static const char *
status_text(const struct item *check_in)
{
	static const char *const texts[] = {"no status", "on track", "at risk", "off track"};

	return check_in->status < 4 ? texts[check_in->status] : texts[0];
}

static void
emit_found(struct flow *f, const struct actor *actor, uint32_t who)
{
	uint32_t last = f->works[f->number[actor->top]].last;
	struct draft d;

	draft_init(&d, actor->top, who);
	draft_count(&d, actor->top, "days without a move", (int64_t)f->pass->limits[EASY_DAYS]);
	if (last != SLOT_NONE) {
		draft_date(&d, last, "newest check-in", f->ix->items[last]->start);
		draft_text(&d, last, "said", status_text(f->ix->items[last]));
	}
	draft_count(&d, who, "initiatives ranked lower that moved", actor->lower);
	draft_slot(&d, who, "most in", actor->most);
	draft_count(&d, who, "tasks and milestones done in them", actor->done);
	draft_number(&d, who, "person-days done in them", (double)actor->effort / 100);
	pass_emit(f->pass, &d);
}

/* Once for each initiative, however many work on it. */
static void
emit_unknown(struct flow *f, uint32_t initiative)
{
	struct work *w = &f->works[f->number[initiative]];
	struct draft d;

	if (w->said)
		return;
	w->said = true;
	draft_init(&d, initiative, SLOT_NONE);
	draft_missing(&d, initiative, "no check-in, task or milestone says whether it moves");
	pass_emit(f->pass, &d);
}

/* A person beside their team would say the same again. */
static bool
team_says_so(const struct flow *f, uint32_t who, uint32_t top)
{
	uint32_t team = team_of(f->ix, who);
	const struct actor *actor;

	if (team == SLOT_NONE || f->ix->kinds[team] != KIND_TEAM ||
	    !index_is(f->ix, team, STANDING_LIVE))
		return false;
	actor = &f->actors[f->number[team]];
	return actor->found && actor->top == top;
}

static void
judge_actors(struct flow *f, enum kind kind, struct actor *actors)
{
	uint32_t count;
	const uint32_t *slots = index_kind(f->ix, kind, &count);

	for (uint32_t i = 0; i < count && pass_goes_on(f->pass); i++) {
		struct actor *actor = &actors[i];

		if (actor->lower == 0 || has_moved(f, actor->top))
			continue;
		if (movement_of(f, actor->top) == CANNOT_SAY) {
			emit_unknown(f, actor->top);
			continue;
		}
		actor->found = true;
		if (!team_says_so(f, slots[i], actor->top))
			emit_found(f, actor, slots[i]);
	}
}

static void
number_kind(struct flow *f, enum kind kind)
{
	uint32_t count;
	const uint32_t *slots = index_kind(f->ix, kind, &count);

	for (uint32_t i = 0; i < count; i++)
		f->number[slots[i]] = i;
}

static bool
flow_init(struct flow *f, struct pass *pass)
{
	const struct index *ix = pass->ix;
	size_t slots = (size_t)ix->slots + 1;
	uint32_t initiatives, persons;

	*f = (struct flow){.pass = pass, .ix = ix};
	f->cutoff = pass->today - (int32_t)pass->limits[EASY_DAYS];
	index_kind(ix, KIND_INITIATIVE, &initiatives);
	index_kind(ix, KIND_TEAM, &f->teams);
	index_kind(ix, KIND_PERSON, &persons);
	f->number = malloc(slots * sizeof f->number[0]);
	f->before = malloc(slots * sizeof f->before[0]);
	f->works = calloc((size_t)initiatives + 1, sizeof f->works[0]);
	f->actors = calloc((size_t)f->teams + persons + 1, sizeof f->actors[0]);
	if (f->number == NULL || f->before == NULL || f->works == NULL || f->actors == NULL)
		return false;
	for (uint32_t s = 0; s < ix->slots; s++)
		f->before[s] = SLOT_NONE;
	for (uint32_t i = 0; i < initiatives; i++)
		f->works[i].last = SLOT_NONE;
	for (uint32_t i = 0; i < f->teams + persons; i++)
		f->actors[i].top = SLOT_NONE;
	number_kind(f, KIND_INITIATIVE);
	number_kind(f, KIND_TEAM);
	number_kind(f, KIND_PERSON);
	return true;
}

static void
reset_stamps(struct flow *f)
{
	uint32_t persons;

	index_kind(f->ix, KIND_PERSON, &persons);
	for (uint32_t i = 0; i < f->teams + persons; i++)
		f->actors[i].stamp = 0;
}

static void
judge_flow(struct flow *f)
{
	take_parts(f, KIND_TASK);
	take_parts(f, KIND_MILESTONE);
	take_check_ins(f);
	each_initiative(f, is_due, take_top);
	reset_stamps(f);
	each_initiative(f, has_moved, take_lower);
	judge_actors(f, KIND_TEAM, f->actors);
	judge_actors(f, KIND_PERSON, f->actors + f->teams);
}

/* Several run and none is ranked. */
static bool
lacks_order(const struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);
	uint32_t running = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!load_is_running(ix, slots[i]))
			continue;
		running++;
		if (ix->rank[slots[i]] != RANK_NONE)
			return false;
	}
	return running > 1;
}

static void
run_easiest_first(struct pass *pass)
{
	struct flow f;
	struct draft d;

	if (lacks_order(pass)) {
		draft_init(&d, SLOT_NONE, SLOT_NONE);
		draft_missing(&d, SLOT_NONE, CLAIMS_LACK_ORDER);
		pass_emit(pass, &d);
		return;
	}
	if (flow_init(&f, pass))
		judge_flow(&f);
	else
		pass_out_of_memory(pass);
	free(f.number);
	free(f.before);
	free(f.works);
	free(f.actors);
}

static void
add_done(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *done =
	    finding_evidence(check, f, "tasks and milestones done in them");
	const struct evidence *effort = finding_evidence(check, f, "person-days done in them");

	if (done == NULL || done->value.count == 0)
		return;
	if (done->value.count == 1)
		str_add(out, ", with one task or milestone done");
	else
		str_addf(
		    out, ", with %lld tasks and milestones done", (long long)done->value.count);
	if (effort != NULL && effort->value.number > 0) {
		str_add(out, " (");
		check_value(check, effort, out);
		str_add(out, " person-days)");
	}
}

static void
message_easiest_first(const struct check *check, const struct finding *f, struct str *out)
{
	const uint32_t *subjects = check_subjects(check, f);
	const uint32_t *rank = check_index(check)->rank;
	const struct evidence *most = finding_evidence(check, f, "most in");
	const struct evidence *lower =
	    finding_evidence(check, f, "initiatives ranked lower that moved");

	check_ref(check, subjects[0], out);
	str_addf(out, " (rank %u) has not moved for ", rank[subjects[0]]);
	message_evidence(check, f, "days without a move", out);
	str_add(out, " days, while ");
	check_ref(check, subjects[1], out);
	str_addf(out, " moved %lld initiative%s ranked lower", (long long)lower->value.count,
	    lower->value.count == 1 ? "" : "s");
	add_done(check, f, out);
	str_add(out, lower->value.count == 1 ? ": " : ", most in ");
	check_value(check, most, out);
	if (rank[most->value.slot] != RANK_NONE)
		str_addf(out, " (rank %u).", rank[most->value.slot]);
	else
		str_add(out, " (unranked).");
}

static const struct rule priority_easiest_first = {
    .name = "priority/easiest-first",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"days", 30, 1, 3660, "days", "how far back a move counts"}},
    .asks = "Does the top move, or only what is easy?",
    .meaning =
	"The best-ranked approved or active initiative of a team or person has not moved in the "
	"last `days`, while one that is ranked lower (or not at all) has. They work on an "
	"initiative when they own it, are its members, are needed for it or allocated to it, or to "
	"an open workstream of it; what holds for a person holds for their team, and is then told "
	"of the team only. An initiative moved when a task or milestone of it was done in these "
	"days, or its newest check-in, or that of a workstream, is of these days and states more "
	"progress than the newest one from before them (states any, where there is none; is on "
	"track, where it states no progress). What began in these days (its start, else the day "
	"on which it came into the plan) is not awaited yet. What was done is counted in the whole "
	"of each lower-ranked initiative, whoever did it.",
    .hurts = "The week feels productive: much is done. What matters most is hard, and waits for a "
	     "quiet hour that never comes.",
    .mend = "Ask what blocks the top, clear that first, and stop something below for it.",
    .unknown_when =
	"The plan has no order of initiatives (said once), or no check-in, task or milestone says "
	"whether the best-ranked one moves.",
    .fix = "Find out what blocks it, and put the people of the lower ranks on it.",
    .run = run_easiest_first,
    .message = message_easiest_first,
};

const struct rule *const rules_priority_easy[] = {
    &priority_easiest_first,
    NULL,
};
