/* The family "ask": do the teams that are needed know, and do they agree? */
#include <stdio.h>
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"
#include "server/plan/kinds.h"

/* plumb.v1.Ask.State */
enum state { ASKED, COMMITTED, DECLINED, COUNTERED, MET, MISSED, WITHDRAWN };

typedef void (*judge_fn)(struct pass *pass, uint32_t ask);

/* All asks that are there and in that state. */
static void
each(struct pass *pass, enum state state, judge_fn judge)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_ASK, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (pass->ix->items[slots[i]]->status == state)
			judge(pass, slots[i]);
	}
}

static void
add_days(const struct evidence *e, struct str *out)
{
	str_addf(out, "%lld day%s", (long long)e->value.count, e->value.count == 1 ? "" : "s");
}

/* The work that asks, where it is still to be done; SLOT_NONE. */
static uint32_t
open_work(const struct index *ix, uint32_t ask)
{
	uint32_t work = ix->part_of[ask];

	return work != SLOT_NONE && index_is(ix, work, STANDING_JUDGED) ? work : SLOT_NONE;
}

static void
emit_missing(struct pass *pass, uint32_t ask, const char *text)
{
	struct draft d;

	draft_init(&d, ask, SLOT_NONE);
	draft_missing(&d, ask, text);
	pass_emit(pass, &d);
}

/* ---- what waits */

#define WAITING_MAX 32
#define WAITS       "waits with rank"

struct waiting {
	const struct index *ix;
	uint32_t slots[WAITING_MAX];
	uint32_t count;
	uint32_t direct; /* how many of them wait for the ask itself */
	uint32_t more;
};

static void
wait_add(struct waiting *w, uint32_t slot)
{
	for (uint32_t i = 0; i < w->count; i++) {
		if (w->slots[i] == slot)
			return;
	}
	if (w->count < WAITING_MAX)
		w->slots[w->count++] = slot;
	else
		w->more++;
}

/* An item waits, and so does the open work that it is a part of. */
static void
wait_add_whole(struct waiting *w, uint32_t slot)
{
	for (unsigned depth = 0; slot != SLOT_NONE && depth < LIMIT_DEPTH; depth++) {
		if (index_is(w->ix, slot, STANDING_JUDGED))
			wait_add(w, slot);
		slot = w->ix->part_of[slot];
	}
}

static int
compare_waiting(const void *pa, const void *pb, void *arg)
{
	const struct index *ix = arg;
	uint32_t a = *(const uint32_t *)pa;
	uint32_t b = *(const uint32_t *)pb;

	if (ix->rank[a] != ix->rank[b])
		return ix->rank[a] < ix->rank[b] ? -1 : 1;
	return index_compare(ix, a, b);
}

static void
wait_sort(struct waiting *w, uint32_t first)
{
	qsort_r(w->slots + first, w->count - first, sizeof w->slots[0], compare_waiting,
	    (void *)(uintptr_t)w->ix);
}

/* The work that the ask is for and all above it; then what comes after any of these, and after that. */
static void
wait_init(struct waiting *w, const struct index *ix, uint32_t work)
{
	*w = (struct waiting){.ix = ix};
	wait_add_whole(w, work);
	w->direct = w->count;
	for (uint32_t i = 0; i < w->count; i++) {
		struct edges in = index_in(ix, w->slots[i]);

		for (uint32_t k = 0; k < in.count; k++) {
			if (in.list[k].role == ROLE_AFTER &&
			    index_is(ix, in.list[k].slot, STANDING_JUDGED))
				wait_add_whole(w, in.list[k].slot);
		}
	}
	wait_sort(w, w->direct);
}

static void
draft_waiting(struct draft *d, const struct index *ix, uint32_t work)
{
	struct waiting w;

	wait_init(&w, ix, work);
	for (uint32_t i = 0; i < w.count; i++) {
		uint32_t rank = ix->rank[w.slots[i]];

		if (rank != RANK_NONE)
			draft_count(d, w.slots[i], WAITS, rank);
		else
			draft_text(d, w.slots[i], WAITS, "none");
	}
}

static void
add_waiting(const struct check *check, const struct evidence *e, struct str *out)
{
	check_ref(check, e->slot, out);
	if (e->type == VALUE_COUNT)
		str_addf(out, " (rank %lld)", (long long)e->value.count);
	else
		str_add(out, " (unranked)");
}

/* "initiative/a (rank 1) waits for it, and after that initiative/b (rank 4)." */
static void
say_waiting(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);
	const struct index *ix = check_index(check);
	uint32_t part = SLOT_NONE;
	unsigned said = 0;
	bool followers = false;

	for (unsigned i = 0; i < f->evidence_count; i++) {
		bool direct;

		if (e[i].what[0] != WAITS[0] ||
		    (e[i].type != VALUE_COUNT && e[i].type != VALUE_TEXT))
			continue;
		/* Those that wait for the ask itself come first, each a part of the next. */
		direct = said == 0 ||
			 (!followers && part != SLOT_NONE && ix->part_of[part] == e[i].slot);
		part = direct ? e[i].slot : SLOT_NONE;
		if (said > 0 && direct)
			str_add(out, ", a part of ");
		else if (said > 0)
			str_add(out, followers ? ", " : " waits for it, and after that ");
		followers |= !direct;
		add_waiting(check, &e[i], out);
		said++;
	}
	str_add(out, said == 0 ? "nothing waits for it" : followers ? "" : " waits for it");
	str_add(out, f->evidence_count == FINDING_EVIDENCE ? " …" : ".");
}

/* ---- unanswered */

enum { UNANSWERED_DAYS };

static bool
is_running(const struct index *ix, uint32_t work)
{
	enum { APPROVED = 2, ACTIVE = 3, PAUSED = 4 };
	bool is_judged = index_is(ix, work, STANDING_JUDGED);
	unsigned status;

	/* Tasks and milestones have no status: that of what they are a part of. */
	for (unsigned depth = 0;
	     depth < LIMIT_DEPTH && ix->part_of[work] != SLOT_NONE &&
	     (ix->kinds[work] == KIND_TASK || ix->kinds[work] == KIND_MILESTONE);
	     depth++)
		work = ix->part_of[work];
	status = ix->items[work]->status;
	if (ix->kinds[work] == KIND_TASK || ix->kinds[work] == KIND_MILESTONE)
		return is_judged;
	return status >= APPROVED && status <= PAUSED && is_judged;
}

static int32_t
asked_on(const struct index *ix, uint32_t ask)
{
	return zone_date(NULL, ix->items[ask]->created_us);
}

static void
judge_unanswered(struct pass *pass, uint32_t ask)
{
	const struct index *ix = pass->ix;
	int32_t asked = asked_on(ix, ask);
	int32_t needed = ix->items[ask]->finish;
	uint32_t to = index_target(ix, ask, ROLE_TO);
	struct draft d;

	if (!index_is(ix, ask, STANDING_JUDGED))
		return;
	if (to == SLOT_NONE) {
		emit_missing(pass, ask, "which team is asked is not stated");
		return;
	}
	if (pass->today - asked <= pass->limits[UNANSWERED_DAYS] &&
	    (needed == DATE_NONE || needed >= pass->today))
		return;
	draft_init(&d, ask, SLOT_NONE);
	draft_slot(&d, ask, "team that is asked", to);
	draft_date(&d, ask, "asked on", asked);
	if (needed != DATE_NONE)
		draft_date(&d, ask, "needed by", needed);
	if (needed != DATE_NONE && needed < pass->today)
		draft_count(&d, ask, "days over", (int64_t)pass->today - needed);
	if (open_work(ix, ask) != SLOT_NONE)
		draft_waiting(&d, ix, open_work(ix, ask));
	d.from = asked + (int32_t)pass->limits[UNANSWERED_DAYS] + 1;
	if (needed != DATE_NONE && needed + 1 < d.from)
		d.from = needed + 1;
	pass_emit(pass, &d);
}

/* ---- never asked */

enum own { OWN_UNKNOWN, OWN_OTHER, OWN_SAME };

static enum own
better(enum own a, enum own b)
{
	return a > b ? a : b;
}

static enum own
own_team_of(const struct index *ix, uint32_t who, uint32_t team)
{
	struct edges in;
	uint32_t home = index_target(ix, who, ROLE_TEAM);
	enum own own = home == SLOT_NONE ? OWN_UNKNOWN : home == team ? OWN_SAME : OWN_OTHER;

	if (ix->kinds[who] == KIND_TEAM)
		return who == team ? OWN_SAME : OWN_OTHER;
	in = index_in(ix, who);
	for (uint32_t i = 0; i < in.count && own != OWN_SAME; i++) {
		const struct edge *e = &in.list[i];

		if ((e->role == ROLE_LEAD || e->role == ROLE_MEMBER) &&
		    ix->kinds[e->slot] == KIND_TEAM)
			own = better(own, e->slot == team ? OWN_SAME : OWN_OTHER);
	}
	return own;
}

/* Is the team that of the work itself: its owner's or its objective's, or that of what it is a part of? */
static enum own
own_team(const struct index *ix, uint32_t work, uint32_t team)
{
	enum own own = OWN_UNKNOWN;

	for (unsigned depth = 0; work != SLOT_NONE && depth < LIMIT_DEPTH; depth++) {
		struct edges out = index_out(ix, work);

		for (uint32_t i = 0; i < out.count && own != OWN_SAME; i++) {
			if (out.list[i].role == ROLE_OWNER || out.list[i].role == ROLE_OBJECTIVE)
				own = better(own, own_team_of(ix, out.list[i].slot, team));
		}
		work = ix->part_of[work];
	}
	return own;
}

/* An ask to the team that was not taken back, or somebody of the team who was given to the work. */
static bool
shows_agreement(const struct index *ix, uint32_t part, uint32_t team)
{
	uint32_t who;

	if (!index_is(ix, part, STANDING_LIVE))
		return false;
	if (ix->kinds[part] == KIND_ASK)
		return index_target(ix, part, ROLE_TO) == team &&
		       ix->items[part]->status != WITHDRAWN;
	if (ix->kinds[part] != KIND_ALLOCATION)
		return false;
	who = index_target(ix, part, ROLE_WHO);
	return who != SLOT_NONE && (who == team || index_target(ix, who, ROLE_TEAM) == team);
}

static bool
was_asked(const struct index *ix, uint32_t work, uint32_t team, unsigned depth)
{
	struct edges in = index_in(ix, work);

	for (uint32_t i = 0; i < in.count && depth < LIMIT_DEPTH; i++) {
		uint32_t part = in.list[i].slot;

		if (in.list[i].role == ROLE_PART_OF &&
		    (shows_agreement(ix, part, team) || was_asked(ix, part, team, depth + 1)))
			return true;
	}
	return false;
}

static uint32_t
whole_of(const struct index *ix, uint32_t work)
{
	for (unsigned depth = 0; ix->part_of[work] != SLOT_NONE && depth < LIMIT_DEPTH; depth++)
		work = ix->part_of[work];
	return work;
}

/* Many tasks of one initiative name the same team: what was found out last about each is kept. */
#define ASKED_KEPT 1024u

struct asked {
	uint32_t whole; /* SLOT_NONE: nothing yet */
	uint32_t team;
	bool was;
};

static bool
was_asked_for(struct asked *kept, const struct index *ix, uint32_t work, uint32_t team)
{
	uint32_t whole = whole_of(ix, work);
	struct asked *one = &kept[(whole * 31u + team) % ASKED_KEPT];

	if (one->whole != whole || one->team != team)
		*one = (struct asked){whole, team, was_asked(ix, whole, team, 0)};
	return one->was;
}

static void
judge_never_asked(struct pass *pass, struct asked *kept, uint32_t work, uint32_t team)
{
	const struct index *ix = pass->ix;
	enum own own = own_team(ix, work, team);
	struct draft d;

	if (own == OWN_SAME || was_asked_for(kept, ix, work, team))
		return;
	draft_init(&d, work, team);
	if (own == OWN_UNKNOWN)
		draft_missing(&d, work,
		    "neither its owner nor its objective names a team, so whether it "
		    "needs another one's help is not known");
	draft_slot(&d, work, "needs", team);
	draft_count(&d, work, "asks to it", 0);
	pass_emit(pass, &d);
}

static void
judge_needs(struct pass *pass, struct asked *kept, uint32_t work)
{
	const struct index *ix = pass->ix;
	struct edges out = index_out(ix, work);

	if ((ix->roles[work] & ROLE_BIT(ROLE_NEED)) == 0 || !is_running(ix, work))
		return;
	for (uint32_t i = 0; i < out.count; i++) {
		const struct edge *e = &out.list[i];

		if (e->role == ROLE_NEED && ix->kinds[e->slot] == KIND_TEAM &&
		    index_is(ix, e->slot, STANDING_LIVE) && !index_is_again(&out, i))
			judge_never_asked(pass, kept, work, e->slot);
	}
}

static void
run_unanswered(struct pass *pass)
{
	static const enum kind kinds[] = {KIND_INITIATIVE, KIND_WORKSTREAM, KIND_TASK};
	struct asked kept[ASKED_KEPT];

	for (size_t i = 0; i < ASKED_KEPT; i++)
		kept[i].whole = SLOT_NONE;
	each(pass, ASKED, judge_unanswered);
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		uint32_t count;
		const uint32_t *slots = index_kind(pass->ix, kinds[k], &count);

		for (uint32_t i = 0; i < count && pass_goes_on(pass); i++)
			judge_needs(pass, kept, slots[i]);
	}
}

static void
message_unanswered(const struct check *check, const struct finding *f, struct str *out)
{
	if (finding_evidence(check, f, "asks to it") != NULL) {
		message_subject(check, f, 0, out);
		str_add(out, " needs ");
		message_subject(check, f, 1, out);
		str_add(out, ", which was never asked.");
		return;
	}
	message_evidence(check, f, "team that is asked", out);
	str_add(out, " was asked on ");
	message_evidence(check, f, "asked on", out);
	str_add(out, " and has not answered ");
	message_subject(check, f, 0, out);
	if (finding_evidence(check, f, "days over") != NULL) {
		str_add(out, ", which was needed by ");
		message_evidence(check, f, "needed by", out);
		str_add(out, ", ");
		add_days(finding_evidence(check, f, "days over"), out);
		str_add(out, " ago");
	} else if (finding_evidence(check, f, "needed by") != NULL) {
		str_add(out, ", which is needed by ");
		message_evidence(check, f, "needed by", out);
	}
	str_add(out, "; ");
	say_waiting(check, f, out);
}

static const struct rule ask_unanswered = {
    .name = "ask/unanswered",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"days", 7, 0, 3660, "days", "how long an answer may take"}},
    .actor = "team that is asked",
    .asks = "Has the team that is needed said yes or no?",
    .meaning =
	"An ask that the giving team has not answered more than `days` after it was written down, "
	"or whose date has passed without an answer. And a need that was never put to the team: "
	"approved, active or paused work that names a need of another team than its own, while "
	"there is no ask to that team about it or about anything of the same initiative (one that "
	"was taken back does not count), and nobody of that team is allocated to it. A work's own "
	"teams are those of its owners and of its objective, and of what it is a part of. Not "
	"judged: asks of work that is done or was given up.",
    .hurts = "The plan counts on help that nobody has promised. A no in the first week can be "
	     "planned around; silence until the date cannot.",
    .mend =
	"The team that is asked answers: plumb ask commit, counter or decline. Any of the three "
	"is better than none. What was never asked: plumb ask new.",
    .unknown_when = "The ask does not say which team is asked, or it is not known which team the "
		    "work belongs to.",
    .fix = "Get a yes, a no or a counter-offer from the team that is needed.",
    .run = run_unanswered,
    .message = message_unanswered,
};

/* ---- declined */

enum { DECLINED_COUNTER };

/* The team said yes after all, to a later ask of the same work. */
static bool
came_of_it(const struct index *ix, uint32_t ask, uint32_t work)
{
	struct edges in = index_in(ix, work);
	uint32_t to = index_target(ix, ask, ROLE_TO);

	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t other = in.list[i].slot;

		if (in.list[i].role != ROLE_PART_OF || ix->kinds[other] != KIND_ASK ||
		    index_target(ix, other, ROLE_TO) != to)
			continue;
		if ((ix->items[other]->status == COMMITTED || ix->items[other]->status == MET) &&
		    ix->items[other]->created_revision >= ix->items[ask]->created_revision)
			return true;
	}
	return false;
}

static void
emit_declined(struct pass *pass, uint32_t ask, uint32_t work, bool countered)
{
	const struct index *ix = pass->ix;
	uint32_t to = index_target(ix, ask, ROLE_TO);
	const struct item *item = ix->items[ask];
	struct draft d;

	draft_init(&d, ask, work);
	draft_text(&d, ask, "answer", countered ? "countered" : "declined");
	if (to != SLOT_NONE)
		draft_slot(&d, ask, "team that was asked", to);
	if (item->done != DATE_NONE)
		draft_date(&d, ask, "answered", item->done);
	if (item->finish != DATE_NONE)
		draft_date(&d, ask, "needed by", item->finish);
	draft_waiting(&d, ix, work);
	if (countered)
		d.from = item->done + (int32_t)pass->limits[DECLINED_COUNTER] + 1;
	pass_emit(pass, &d);
}

static void
judge_declined(struct pass *pass, uint32_t ask)
{
	uint32_t work = open_work(pass->ix, ask);

	if (pass->ix->part_of[ask] == SLOT_NONE)
		emit_missing(pass, ask, "what waits for it is not stated");
	else if (work != SLOT_NONE && !came_of_it(pass->ix, ask, work))
		emit_declined(pass, ask, work, false);
}

static void
judge_countered(struct pass *pass, uint32_t ask)
{
	uint32_t work = open_work(pass->ix, ask);
	int32_t answered = pass->ix->items[ask]->done;

	if (work == SLOT_NONE || came_of_it(pass->ix, ask, work))
		return;
	if (answered == DATE_NONE)
		emit_missing(pass, ask, "the day on which it was countered is not stated");
	else if (pass->today - answered > pass->limits[DECLINED_COUNTER])
		emit_declined(pass, ask, work, true);
}

static void
run_declined(struct pass *pass)
{
	each(pass, DECLINED, judge_declined);
	each(pass, COUNTERED, judge_countered);
}

static void
add_giver(const struct check *check, const struct finding *f, struct str *out)
{
	if (finding_evidence(check, f, "team that was asked") != NULL)
		message_evidence(check, f, "team that was asked", out);
	else
		str_add(out, "The team that was asked");
}

static void
message_declined(const struct check *check, const struct finding *f, struct str *out)
{
	add_giver(check, f, out);
	str_addf(out, " %s ",
	    finding_evidence(check, f, "answer")->value.text[0] == 'c' ? "made another offer to"
								       : "said no to");
	message_subject(check, f, 0, out);
	if (finding_evidence(check, f, "answered") != NULL) {
		str_add(out, " on ");
		message_evidence(check, f, "answered", out);
	}
	str_add(out, finding_evidence(check, f, "answer")->value.text[0] == 'c'
			 ? ", and nothing has come of it; "
			 : "; ");
	say_waiting(check, f, out);
}

static const struct rule ask_declined = {
    .name = "ask/declined",
    .severity = SEVERITY_ERROR,
    .thresholds = {{"counter_days", 14, 0, 3660, "days",
	"how long after a counter-offer something may come of it"}},
    .asks = "Does work still wait for help that was refused?",
    .meaning =
	"An ask that was declined, or countered more than `counter_days` ago, while the work that "
	"it was for is still open. The finding names what waits: that work and what it is a part "
	"of, then everything that comes `after` these, with their ranks. A later ask to the same "
	"team about the same work that it committed to settles it. An ask that is settled "
	"otherwise is withdrawn by those who asked.",
    .hurts =
	"The no was said in one room, and the plan goes on in another as if it were a yes. All "
	"that waits for it moves, and nobody has moved the dates.",
    .mend =
	"Decide, at the rank that is at stake: do without, ask somebody else, shift something of "
	"the giving team's, or move the dates of what waits. Then withdraw the ask, or put a "
	"new one that they can say yes to.",
    .unknown_when = "The ask does not say what it is for, or the day of the counter-offer is not "
		    "stated.",
    .fix = "Decide what happens without this help: another way, another date, or another rank.",
    .run = run_declined,
    .message = message_declined,
};

/* ---- late */

enum { LATE_GRACE };

static void
judge_late(struct pass *pass, uint32_t ask)
{
	const struct index *ix = pass->ix;
	const struct item *item = ix->items[ask];
	int32_t promised = item->start != DATE_NONE ? item->start : item->finish;
	int32_t grace = (int32_t)pass->limits[LATE_GRACE];
	uint32_t to = index_target(ix, ask, ROLE_TO);
	bool passed;
	struct draft d;

	if (!index_is(ix, ask, STANDING_JUDGED))
		return;
	if (promised == DATE_NONE) {
		emit_missing(
		    pass, ask, "neither when it is needed nor for when it is promised is stated");
		return;
	}
	passed = pass->today - promised > grace;
	if (!passed && (item->finish == DATE_NONE || promised - item->finish <= grace))
		return;
	draft_init(&d, ask, SLOT_NONE);
	if (to != SLOT_NONE)
		draft_slot(&d, ask, "team that promised", to);
	draft_date(&d, ask, "promised for", promised);
	if (item->finish != DATE_NONE)
		draft_date(&d, ask, "needed by", item->finish);
	if (passed) {
		draft_count(&d, ask, "days over", pass->today - promised);
		d.from = promised + grace + 1;
	}
	if (open_work(ix, ask) != SLOT_NONE)
		draft_waiting(&d, ix, open_work(ix, ask));
	pass_emit(pass, &d);
}

static void
run_late(struct pass *pass)
{
	each(pass, COMMITTED, judge_late);
}

static void
message_late(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " is promised for ");
	message_evidence(check, f, "promised for", out);
	if (finding_evidence(check, f, "days over") != NULL) {
		str_add(out, ", ");
		add_days(finding_evidence(check, f, "days over"), out);
		str_add(out, " ago, and is not met; ");
	} else {
		str_add(out, ", but needed by ");
		message_evidence(check, f, "needed by", out);
		str_add(out, "; ");
	}
	say_waiting(check, f, out);
}

static const struct rule ask_late = {
    .name = "ask/late",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"grace_days", 0, 0, 3660, "days", "how much later it may be"}},
    .actor = "team that promised",
    .asks = "Will the promised help come in time?",
    .meaning =
	"An ask that the giving team committed to, for a date more than `grace_days` after the "
	"one by which it is needed; or whose promised date (where none is stated: the needed "
	"one) has passed by more than `grace_days`, and it is neither met nor missed. On the "
	"day itself it is in time.",
    .hurts =
	"Everybody believes in the yes, and the work that waits finds out on the day that it is "
	"not there.",
    .mend =
	"The giving team says when it will really come (plumb ask commit --promised DATE), that "
	"it came (plumb ask met) or that it will not (plumb ask missed); those who wait move "
	"their dates.",
    .unknown_when = "Neither the needed nor the promised date is stated.",
    .fix = "Agree on a date that holds, or say that it is met or missed.",
    .run = run_late,
    .message = message_late,
};

/* ---- missed */

static void
judge_missed(struct pass *pass, uint32_t ask)
{
	const struct index *ix = pass->ix;
	const struct item *item = ix->items[ask];
	uint32_t work = open_work(ix, ask);
	uint32_t to = index_target(ix, ask, ROLE_TO);
	struct draft d;

	if (ix->part_of[ask] == SLOT_NONE) {
		emit_missing(pass, ask, "what waits for it is not stated");
		return;
	}
	if (work == SLOT_NONE || came_of_it(ix, ask, work))
		return;
	draft_init(&d, ask, work);
	if (to != SLOT_NONE)
		draft_slot(&d, ask, "team that was asked", to);
	if (item->start != DATE_NONE)
		draft_date(&d, ask, "promised for", item->start);
	if (item->finish != DATE_NONE)
		draft_date(&d, ask, "needed by", item->finish);
	draft_waiting(&d, ix, work);
	pass_emit(pass, &d);
}

static void
run_missed(struct pass *pass)
{
	each(pass, MISSED, judge_missed);
}

static void
message_missed(const struct check *check, const struct finding *f, struct str *out)
{
	add_giver(check, f, out);
	str_add(out, " did not keep ");
	message_subject(check, f, 0, out);
	if (finding_evidence(check, f, "promised for") != NULL) {
		str_add(out, ", promised for ");
		message_evidence(check, f, "promised for", out);
	}
	str_add(out, "; ");
	say_waiting(check, f, out);
}

static const struct rule ask_missed = {
    .name = "ask/missed",
    .severity = SEVERITY_ERROR,
    .asks = "Was the promised help given?",
    .meaning = "An ask that was missed while the work that it was for is still open. It names what "
	       "waits, as ask/declined does. A later ask to the same team about the same work that "
	       "it committed to settles it.",
    .hurts =
	"The work is late by as much already, and so is what comes after it. Where nobody says "
	"so, the next promise is made on top of the broken one.",
    .mend = "Put a new ask with a date that holds, or plan the work without this help; move the "
	    "dates of what waits.",
    .unknown_when = "The ask does not say what it is for.",
    .fix = "Ask again for a date that holds, or plan without this help.",
    .run = run_missed,
    .message = message_missed,
};

/* ---- low-for-giver */

enum { LOW_TOP, LOW_PLACES };

struct wanted {
	uint32_t team;
	uint32_t ask;
};

static int
compare_wanted(const void *pa, const void *pb)
{
	const struct wanted *a = pa;
	const struct wanted *b = pb;

	if (a->team != b->team)
		return a->team < b->team ? -1 : 1;
	return a->ask < b->ask ? -1 : a->ask > b->ask;
}

/* The team's own order; NULL where it has none. */
static const struct item *
ranking_of(const struct index *ix, uint32_t team)
{
	const struct item *item = ix->items[team];
	const struct item *ranking;
	char id[REF_TEXT_LEN];
	int len = snprintf(id, sizeof id, "team.%.*s", item->id_len, item_id(item));

	ranking = view_find(ix->view, KIND_RANKING, id, (size_t)len);
	return item_is_live(ranking) ? ranking : NULL;
}

/* Writes the places of a team's order into an array by slot, or takes them out again. */
static unsigned
lay_places(const struct item *ranking, uint32_t *places, bool take_out)
{
	uint32_t place = 0;
	uint32_t rank = 0;

	for (uint32_t i = 0; i < ranking->refs_count; i++) {
		if (ranking->refs[i].role != ROLE_RANKED)
			continue;
		place++;
		if (ranking->refs[i].amount != 1 || rank == 0)
			rank = place;
		places[ranking->refs[i].slot] = take_out ? 0 : rank;
	}
	return place;
}

static void
judge_low(struct pass *pass, const struct wanted *wanted, const uint32_t *places)
{
	const struct index *ix = pass->ix;
	uint32_t whole = whole_of(ix, wanted->ask);
	uint32_t rank = ix->rank[whole];
	uint32_t place = places[whole];
	struct draft d;

	if (rank == RANK_NONE || rank > pass->limits[LOW_TOP] ||
	    (place != 0 && place < rank + pass->limits[LOW_PLACES]))
		return;
	draft_init(&d, wanted->ask, whole);
	draft_slot(&d, wanted->ask, "team that is asked", wanted->team);
	draft_count(&d, whole, "rank", rank);
	if (place != 0)
		draft_count(&d, wanted->team, "rank in its own order", place);
	else
		draft_text(&d, wanted->team, "rank in its own order", "none");
	pass_emit(pass, &d);
}

static uint32_t
gather_wanted(struct pass *pass, struct wanted *wanted)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	uint32_t found = 0;
	const uint32_t *slots = index_kind(ix, KIND_ASK, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		uint32_t to = index_target(ix, slots[i], ROLE_TO);

		if (!index_is(ix, slots[i], STANDING_JUDGED) || to == SLOT_NONE ||
		    !index_is(ix, to, STANDING_LIVE))
			continue;
		if (ix->part_of[slots[i]] == SLOT_NONE && ranking_of(ix, to) != NULL)
			emit_missing(pass, slots[i], "what waits for it is not stated");
		else if (ix->part_of[slots[i]] != SLOT_NONE)
			wanted[found++] = (struct wanted){to, slots[i]};
	}
	return found;
}

/* Team by team, so that each order is read once. */
static void
run_low_for_giver(struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count = 0;
	struct wanted *wanted = NULL;
	uint32_t *places = NULL;

	index_kind(ix, KIND_ASK, &count);
	if (count == 0)
		return;
	wanted = calloc(count, sizeof wanted[0]);
	places = calloc((size_t)ix->slots + 1, sizeof places[0]);
	if (wanted == NULL || places == NULL) {
		pass_out_of_memory(pass);
		goto out;
	}
	count = gather_wanted(pass, wanted);
	qsort(wanted, count, sizeof wanted[0], compare_wanted);
	for (uint32_t i = 0, next; i < count && pass_goes_on(pass); i = next) {
		const struct item *ranking = ranking_of(ix, wanted[i].team);
		bool has_order = ranking != NULL && lay_places(ranking, places, false) > 0;

		for (next = i; next < count && wanted[next].team == wanted[i].team; next++) {
			if (has_order)
				judge_low(pass, &wanted[next], places);
		}
		if (has_order)
			lay_places(ranking, places, true);
	}
out:
	free(wanted);
	free(places);
}

static void
message_low_for_giver(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *place = finding_evidence(check, f, "rank in its own order");

	message_subject(check, f, 1, out);
	str_add(out, " has rank ");
	message_evidence(check, f, "rank", out);
	str_add(out, ", but for ");
	message_evidence(check, f, "team that is asked", out);
	str_add(out, ", which ");
	message_subject(check, f, 0, out);
	if (place->type == VALUE_COUNT)
		str_addf(out, " asks for help, it has rank %lld.", (long long)place->value.count);
	else
		str_add(out, " asks for help, it is not in the order at all.");
}

static const struct rule ask_low_for_giver = {
    .name = "ask/low-for-giver",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"top", 10, 1, 100000, "ranks", "up to which rank an initiative is high"},
	{"places", 3, 1, 100000, "places", "how much lower the giving team has it"}},
    .actor = "team that is asked",
    .asks = "Is it as important to those who shall help as to those who ask?",
    .meaning =
	"An open ask for an initiative among the first `top` of the workspace's order, while "
	"the giving team keeps an order of its own in which the initiative stands at least "
	"`places` lower, or not at all. Teams without an order of their own follow the "
	"workspace's and are not judged.",
    .hurts = "The team will help when it has time, and by its own order it never has.",
    .mend = "Talk about the two orders, not about the ask: the team moves it up (plumb place "
	    "--team), or the workspace's order is not meant.",
    .unknown_when = "The ask does not say what it is for.",
    .fix = "Bring the giving team's order and the workspace's together.",
    .run = run_low_for_giver,
    .message = message_low_for_giver,
};

/* ---- own-team */

static void
run_own_team(struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_ASK, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		uint32_t from = index_target(ix, slots[i], ROLE_FROM);
		struct draft d;

		if (!index_is(ix, slots[i], STANDING_JUDGED) || from == SLOT_NONE ||
		    from != index_target(ix, slots[i], ROLE_TO))
			continue;
		draft_init(&d, slots[i], from);
		draft_slot(&d, slots[i], "from", from);
		draft_slot(&d, slots[i], "to", from);
		pass_emit(pass, &d);
	}
}

static void
message_own_team(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 1, out);
	str_add(out, " asks itself in ");
	message_subject(check, f, 0, out);
	str_add_char(out, '.');
}

static const struct rule ask_own_team = {
    .name = "ask/own-team",
    .severity = SEVERITY_NOTE,
    .local = true,
    .asks = "Is it another team that is asked?",
    .meaning = "An open ask in which the team that asks and the team that shall give are the same.",
    .hurts =
	"A promise to oneself is none: it looks agreed, and nobody else has agreed to anything.",
    .mend = "Make it a task or an allocation of the team's own people, or name the team that is "
	    "really needed.",
    .unknown_when = "",
    .fix = "Name the team that is really needed, or plan it as the team's own work.",
    .run = run_own_team,
    .message = message_own_team,
};

const struct rule *const rules_ask[] = {
    &ask_unanswered,
    &ask_declined,
    &ask_late,
    &ask_missed,
    &ask_low_for_giver,
    &ask_own_team,
    NULL,
};
