#include "server/rpc/refusal.h"

#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "server/insight/check/check.h"
#include "server/insight/check/local.h"
#include "server/limits.h"
#include "server/rpc/findings.h"
#include "server/rpc/workspace.h"

/* Of a finding's sentence, so that what to do about it fits into an error too. */
#define SAID_MAX 110u

/* What could not be judged before either is no reason to refuse. */
static uint32_t *
known_ones(const struct local *local, size_t *count, struct arena *arena)
{
	const struct compare *compare = &local->compare;
	uint32_t *known = arena_array(arena, compare->appeared_count + 1, sizeof known[0]);

	*count = 0;
	for (size_t i = 0; i < compare->appeared_count && known != NULL; i++) {
		const struct finding *f = check_finding(local->after, compare->appeared[i]);

		if ((f->flags & FINDING_UNKNOWN) == 0)
			known[(*count)++] = compare->appeared[i];
	}
	return known;
}

static bool
fill(const struct local *local, struct arena *arena, Plumb__V1__Refusal **out, struct err *err)
{
	size_t count;
	uint32_t *known = known_ones(local, &count, arena);
	Plumb__V1__Refusal *refusal;

	if (known == NULL)
		return err_oom(err);
	if (count == 0)
		return true;
	refusal = arena_alloc(arena, sizeof *refusal);
	if (refusal == NULL)
		return err_oom(err);
	plumb__v1__refusal__init(refusal);
	refusal->findings =
	    findings_list(local->after, known, count, LIMIT_REFUSALS, &refusal->n_findings, arena);
	if (refusal->findings == NULL)
		return err_oom(err);
	*out = refusal;
	return true;
}

bool
refusal_find(const struct workspace *ws, const struct patch *patch, const struct local_rules *rules,
    int64_t time_us, struct arena *arena, Plumb__V1__Refusal **out, struct err *err)
{
	struct local local;
	struct err cause = {0};
	bool ok;

	if (!local_run(
		&local, ws->plan, patch, rules, zone_date(ws->zone, time_us), LIMIT_AROUND, &cause))
		return err_set(err, cause.code,
		    "%.90s: the rules that refuse changes here cannot be asked; send a smaller "
		    "change, or say why it shall be taken all the same: --override REASON",
		    cause.msg);
	ok = fill(&local, arena, out, err);
	local_fini(&local);
	return ok;
}

bool
refusal_say(const Plumb__V1__Refusal *refusal, struct err *err)
{
	const Plumb__V1__Finding *first = refusal->findings[0];
	size_t len = strlen(first->message);
	const char *more = refusal->n_findings > 1 ? " (and others)" : "";

	if (len > SAID_MAX) {
		for (len = SAID_MAX; len > 0 && (first->message[len] & 0xc0) == 0x80; len--)
			;
		more = refusal->n_findings > 1 ? "\xe2\x80\xa6 (and others)" : "\xe2\x80\xa6";
	}
	return err_set(err, ERR_PRECONDITION,
	    "%.40s: %.*s%s This is refused here: mend it, or say why it shall be so: --override "
	    "REASON",
	    first->rule, (int)len, first->message, more);
}
