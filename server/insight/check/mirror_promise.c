/* The family "mirror", what leaders promised and then did. */
#include "common/str.h"
#include "server/insight/check/mirror.h"
#include "server/insight/check/pass.h"
#include "server/insight/saydo.h"

enum { MOVES, DAYS };

/* Whoever leads somebody: not an individual who leads no team. */
static bool
is_leader(const struct index *ix, uint32_t who)
{
	enum { LEVEL_INDIVIDUAL = 4 };
	struct edges in = index_in(ix, who);

	if (ix->kinds[who] == KIND_TEAM || ix->items[who]->extra != LEVEL_INDIVIDUAL)
		return true;
	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_LEAD)
			return true;
	}
	return false;
}

/* Is a broken one still news? */
static bool
is_fresh(const struct pass *pass, const struct item *item)
{
	return item->done == DATE_NONE || pass->today - item->done <= pass->limits[DAYS];
}

static void
judge(struct pass *pass, const struct saydo_promise *p)
{
	const struct item *item = pass->ix->items[p->slot];
	bool open = p->standing == SAYDO_OPEN || p->standing == SAYDO_OVERDUE;
	bool moved = open && p->moved >= pass->limits[MOVES];
	bool broken = p->standing == SAYDO_BROKEN && is_fresh(pass, item);
	struct draft d;

	if ((p->standing != SAYDO_OVERDUE && !broken && !moved) || !is_leader(pass->ix, p->by))
		return;
	draft_init(&d, p->slot, SLOT_NONE);
	draft_slot(&d, p->slot, "promised by", p->by);
	if (item->finish != DATE_NONE)
		draft_date(&d, p->slot, "due", item->finish);
	if (p->standing == SAYDO_OVERDUE)
		draft_count(&d, p->slot, "days past its day", p->days);
	if (broken)
		draft_text(&d, p->slot, "state", "broken");
	if (p->moved > 0) {
		draft_count(&d, p->slot, "times put off", p->moved);
		draft_date(&d, p->slot, "first promised for", p->first_due);
	}
	if (p->standing == SAYDO_OVERDUE && !moved)
		d.from = item->finish + 1;
	pass_emit(pass, &d);
}

static void
run_broken_commitment(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_COMMITMENT, &count);
	struct saydo_promise p;
	struct draft missing;

	draft_init(&missing, SLOT_NONE, SLOT_NONE);
	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		saydo_judge(pass->ix, slots[i], &p);
		if (p.standing != SAYDO_UNJUDGED)
			judge(pass, &p);
		else if (missing.subjects_count < FINDING_SUBJECTS)
			missing.subjects[missing.subjects_count++] = slots[i];
		else
			missing.more++;
		if (p.standing == SAYDO_UNJUDGED && missing.evidence_count < 4)
			draft_missing(&missing, slots[i], p.why);
	}
	if (missing.unknown)
		pass_emit(pass, &missing);
}

static void
message_broken_commitment(const struct check *check, const struct finding *f, struct str *out)
{
	message_evidence(check, f, "promised by", out);
	if (finding_evidence(check, f, "state") != NULL) {
		str_add(out, " broke the promise ");
		message_subject(check, f, 0, out);
	} else if (finding_evidence(check, f, "days past its day") != NULL) {
		str_add(out, " promised ");
		message_subject(check, f, 0, out);
		str_add(out, " for ");
		message_evidence(check, f, "due", out);
		str_add(out, ", ");
		message_evidence(check, f, "days past its day", out);
		str_add(out, " days ago, and it is still open");
	} else {
		str_add(out, " keeps putting off ");
		message_subject(check, f, 0, out);
	}
	if (finding_evidence(check, f, "times put off") != NULL) {
		str_add(out, "; its day was put off ");
		message_evidence(check, f, "times put off", out);
		str_add(out, " times since it was first promised for ");
		message_evidence(check, f, "first promised for", out);
	}
	str_add_char(out, '.');
}

const struct rule mirror_broken_commitment = {
    .name = "mirror/broken-commitment",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"moves", 2, 1, 100, "times", "how often the day may not be put off"},
	{"days", 92, 0, 3660, "days", "how long a broken one stays a finding"}},
    .actor = "promised by",
    .asks = "Do those who lead do what they say?",
    .meaning = "A commitment by a team, or by a person who is no individual contributor or leads a "
	       "team: its day has "
	       "passed and it is open; it was broken in the last `days`; or it is open and its day "
	       "was put off or "
	       "taken back at least `moves` times, by its history. What was withdrawn with a "
	       "reason, or kept late, "
	       "is no finding: plumb saydo counts both.",
    .hurts = "Each promise that quietly lapses teaches that promises are talk. People plan around "
	     "their leaders then, not with them.",
    .mend = "Keep it now; or go to those it was promised to, say why not, and withdraw it or "
	    "promise what can be "
	    "kept.",
    .unknown_when =
	"Who promised it, its day, or the day on which it was kept is not stated; or its days are "
	"the wrong way round.",
    .fix = "Keep it, or say why not to those who wait: plumb commitment kept, move or withdraw.",
    .run = run_broken_commitment,
    .message = message_broken_commitment,
};
