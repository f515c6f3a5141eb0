/* The family "rhythm": are requests for resources and information answered? */
#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/check/rhythm.h"

enum { BLOCKED_DAYS };

static int32_t
asked_on(const struct item *request)
{
	return request->start != DATE_NONE ? request->start : zone_date(NULL, request->created_us);
}

/* What waits for it, and its place in the order, are what makes it urgent. */
static void
add_work(const struct pass *pass, struct draft *d, uint32_t work)
{
	uint32_t rank = rhythm_rank(pass->ix, work);

	draft_slot(d, work, "waits", work);
	if (rank != RANK_NONE)
		draft_count(d, work, "rank", rank);
}

static void
judge_request(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	const struct item *request = ix->items[slot];
	uint32_t work = index_target(ix, slot, ROLE_AFFECTS);
	uint32_t to = index_target(ix, slot, ROLE_TO);
	int32_t asked = asked_on(request);
	bool past = request->finish != DATE_NONE && request->finish < pass->today;
	bool old = pass->today - asked > pass->limits[BLOCKED_DAYS];
	struct draft d;

	if (work != SLOT_NONE && !index_is(ix, work, STANDING_LIVE))
		work = SLOT_NONE;
	/* What is over waits for nothing. */
	if (!index_is(ix, slot, STANDING_JUDGED) || (!past && !old) ||
	    (work != SLOT_NONE && !index_is(ix, work, STANDING_JUDGED)))
		return;
	draft_init(&d, slot, work);
	if (to != SLOT_NONE)
		draft_slot(&d, slot, "asked of", to);
	draft_date(&d, slot, "asked", asked);
	draft_count(&d, slot, "days open", pass->today - asked);
	if (request->finish != DATE_NONE)
		draft_date(&d, slot, "needed by", request->finish);
	if (work != SLOT_NONE)
		add_work(pass, &d, work);
	d.from = asked + (int32_t)pass->limits[BLOCKED_DAYS] + 1;
	if (past && (!old || request->finish + 1 < d.from))
		d.from = request->finish + 1;
	pass_emit(pass, &d);
}

static void
run_request_blocked(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_REQUEST, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++)
		judge_request(pass, slots[i]);
}

static void
message_request_blocked(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *needed = finding_evidence(check, f, "needed by");

	message_subject(check, f, 0, out);
	str_add(out, finding_evidence(check, f, "asked of") != NULL ? " to " : " to nobody");
	message_evidence(check, f, "asked of", out);
	str_add(out, " has been open since ");
	message_evidence(check, f, "asked", out);
	str_add(out, " (");
	message_evidence(check, f, "days open", out);
	str_add(out, " days)");
	if (needed != NULL) {
		str_add(out, ", needed by ");
		check_value(check, needed, out);
	}
	if (finding_evidence(check, f, "waits") != NULL) {
		str_add(out, "; ");
		message_evidence(check, f, "waits", out);
		str_add(out, " waits for it");
		if (finding_evidence(check, f, "rank") != NULL) {
			str_add(out, ", rank ");
			message_evidence(check, f, "rank", out);
		}
	}
	str_add_char(out, '.');
}

static const struct rule rhythm_request_blocked = {
    .name = "rhythm/request-blocked",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"days", 14, 0, 3660, "days", "how long a request may be open"}},
    .actor = "asked of",
    .asks = "Is what people need from other levels given or refused?",
    .meaning =
	"A request for resources or information that is open for more than `days` or past the day "
	"by which it is needed. The time counts from the day on which it was asked, else from that "
	"on which it came into the plan. A request for work that is done or given up is not "
	"judged.",
    .hurts = "Work stands still that everybody believes to be under way, and those who asked "
	     "learn not to ask.",
    .mend = "Answer it: give it, or refuse it with a reason, so that they can plan without it. Who "
	    "asked withdraws what is not needed any more.",
    .unknown_when = "",
    .fix = "Answer it: plumb request answer REQUEST, or plumb request refuse REQUEST.",
    .run = run_request_blocked,
    .message = message_request_blocked,
};

const struct rule *const rules_rhythm_request[] = {
    &rhythm_request_blocked,
    NULL,
};
