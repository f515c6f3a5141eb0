#include "server/insight/check/local.h"

#include <string.h>

#include "server/insight/check/check.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"

bool
local_rules_read(const struct view *view, struct local_rules *out, struct err *err)
{
	size_t count;
	const struct rule *const *rules = rules_all(&count);

	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < count; i++) {
		const struct item *setting = rules[i]->local ? rules_setting(view, rules[i]) : NULL;
		struct rule_state state;

		if (setting == NULL)
			continue;
		if (!rules_state(view, rules[i], &state, err))
			return false;
		if (!state.refuse || state.off)
			continue;
		out->selected[i] = true;
		out->settings[out->count++] = setting->slot;
	}
	return true;
}

static struct check *
run(const struct plan *plan, const struct local *local, const struct local_rules *rules,
    int32_t today, struct err *err)
{
	struct check_query query = {
	    .today = today,
	    .rules = rules->selected,
	    .about = local->part.judged,
	    .about_count = local->part.judged_count,
	    .waived = true,
	};

	return check_run(plan_now(plan), &query, err);
}

bool
local_run(struct local *local, const struct plan *plan, const struct patch *patch,
    const struct local_rules *rules, int32_t today, size_t most, struct err *err)
{
	memset(local, 0, sizeof *local);
	if (!part_init(&local->part, plan, patch, rules->settings, rules->count, most, err))
		return false;
	local->before = run(local->part.before, local, rules, today, err);
	if (local->before != NULL)
		local->after = run(local->part.after, local, rules, today, err);
	if (local->after != NULL &&
	    compare_checks(local->before, local->after, &local->compare, err))
		return true;
	local_fini(local);
	return false;
}

void
local_fini(struct local *local)
{
	compare_fini(&local->compare);
	check_free(local->before);
	check_free(local->after);
	part_fini(&local->part);
	memset(local, 0, sizeof *local);
}
