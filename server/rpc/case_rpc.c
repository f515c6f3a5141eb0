#include "server/rpc/case_rpc.h"

#include "common/calendar.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/reply_text.h"

void
case_check_day(
    const char *field, const char *text, int32_t today, int32_t *day, struct faults *faults)
{
	*day = DATE_NONE;
	if (text[0] == '\0')
		return;
	if (!date_parse(text, day))
		faults_add(faults, field, "'%.40s' is no date like 2026-03-31", text);
	else if (*day < today)
		faults_add(faults, field, "must not be before today");
	else if (*day - today >= LIMIT_SCHEDULE_DAYS)
		faults_add(faults, field, "is more than %d days from today", LIMIT_SCHEDULE_DAYS);
}

void
case_check_until(const char *text, int32_t today, int32_t *last, struct faults *faults)
{
	case_check_day("until", text, today, last, faults);
}

bool
case_find(const struct plan_case *pc, const struct view *view, const char *ref,
    struct faults *faults, uint32_t *initiative, struct err *err)
{
	const struct item *item;
	enum kind kind;
	const char *id;
	size_t id_len;

	if (!ref_parse(ref, KIND_INITIATIVE, &kind, &id, &id_len)) {
		faults_add(faults, "refs", "'%.100s' is no name like initiative/portal", ref);
		return faults_none(faults, err);
	}
	item = view_find(view, kind, id, id_len);
	if (!item_is_live(item))
		return err_set(
		    err, ERR_NOT_FOUND, "there is no %s/%.*s", kind_name(kind), (int)id_len, id);
	*initiative = plan_case_initiative(pc, item->slot);
	if (*initiative != SCHEDULE_NONE)
		return true;
	faults_add(faults, "refs",
	    "%s/%.*s is not scheduled by itself: it is no running initiative, or a part of one",
	    kind_name(kind), (int)id_len, id);
	return faults_none(faults, err);
}

bool
case_choose(const struct plan_case *pc, const struct view *view, char *const *refs, size_t count,
    struct arena *arena, struct faults *faults, bool **wanted, struct err *err)
{
	*wanted = NULL;
	if (count == 0)
		return true;
	*wanted = arena_array(arena, (size_t)pc->plan->problem.initiatives + 1, sizeof **wanted);
	if (*wanted == NULL)
		return err_oom(err);
	for (size_t i = 0; i < count; i++) {
		uint32_t initiative = 0;

		if (!case_find(pc, view, refs[i], faults, &initiative, err))
			return false;
		(*wanted)[initiative] = true;
	}
	return true;
}

uint32_t
case_rank(const struct plan_case *pc, uint32_t initiative)
{
	uint32_t rank = pc->ix.rank[pc->plan->heads[initiative]];

	return rank != RANK_NONE ? rank : 0;
}

char *
case_ref(const struct plan_case *pc, struct arena *arena, uint32_t slot)
{
	return reply_ref(arena, pc->ix.items[slot]);
}

char *
case_title(const struct plan_case *pc, struct arena *arena, uint32_t slot)
{
	return reply_title(arena, pc->ix.items[slot]);
}

char *
case_day(const struct plan_case *pc, struct arena *arena, int32_t day)
{
	char text[DATE_TEXT_LEN] = "";

	if (day < SCHEDULE_BEYOND)
		date_format(pc->plan->first_day + day, text);
	return arena_strdup(arena, text);
}

char *
case_finish(const struct plan_case *pc, struct arena *arena, int32_t start, int32_t finish)
{
	return case_day(
	    pc, arena, finish > start && finish < SCHEDULE_BEYOND ? finish - 1 : finish);
}
