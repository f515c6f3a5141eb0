/* Changes as sentences. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/str.h"
#include "server/limits.h"
#include "server/rpc/drift.h"

char *
drift_field(const struct drift_change *change, struct arena *arena)
{
	const char *label, *at;

	if (change->what == DRIFT_RANK)
		return arena_strdup(arena, "rank");
	if (change->what != DRIFT_FIELD)
		return arena_strdup(arena, "plan");
	label = change->row->label;
	at = strstr(label, "%s");
	if (at == NULL)
		return arena_strdup(arena, label);
	return arena_printf(arena, "%.*s%s%s", (int)(at - label), label, change->key, at + 2);
}

static void
say_date(struct str *out, const struct drift_change *change)
{
	double days = change->to_number - change->from_number;

	str_addf(out, "moved from %s to %s", change->from, change->to);
	if (!isnan(days) && days != 0)
		str_addf(out, " (%.0f day%s %s)", fabs(days), fabs(days) == 1 ? "" : "s",
		    days > 0 ? "later" : "earlier");
}

static const char *
up_or_down(const struct drift_change *change)
{
	if (isnan(change->from_number) || isnan(change->to_number))
		return "changed";
	return change->to_number > change->from_number ? "raised" : "lowered";
}

static void
say_effort(struct str *out, const struct drift_change *change)
{
	if (isnan(change->from_number) || isnan(change->to_number))
		str_addf(out, "changed from %s to %s hundredths of a person-day", change->from,
		    change->to);
	else
		str_addf(out, "%s from %.15g to %.15g person-days", up_or_down(change),
		    change->from_number / 100, change->to_number / 100);
}

static void
say_one(struct str *out, const struct drift_change *change, const char *verb, const char *text,
    double number)
{
	if (change->row->type == DRIFT_EFFORT && !isnan(number))
		str_addf(out, "%s: %.15g person-days", verb, number / 100);
	else
		str_addf(out, "%s: %s", verb, text);
}

static void
say_field(struct str *out, const struct drift_change *change, const char *field)
{
	enum drift_type type = change->row->type;

	str_addf(out, "%s ", field);
	if (type == DRIFT_STATE && change->to[0] == '\0')
		str_addf(out, "no longer %s", change->from);
	else if (change->from[0] == '\0')
		say_one(out, change, type == DRIFT_SET ? "added" : "set", change->to,
		    change->to_number);
	else if (change->to[0] == '\0')
		say_one(out, change, "taken away", change->from, change->from_number);
	else if (type == DRIFT_DATE || type == DRIFT_PERIODS)
		say_date(out, change);
	else if (type == DRIFT_EFFORT)
		say_effort(out, change);
	else
		str_addf(out, "%s from %s to %s",
		    type == DRIFT_NUMBER ? up_or_down(change) : "changed", change->from,
		    change->to);
}

static void
say_what(struct str *out, const struct drift_change *change, const char *field)
{
	const char *part = change->part_of;

	switch (change->what) {
	case DRIFT_FIELD:
		say_field(out, change, field);
		break;
	case DRIFT_ADDED:
		str_addf(out, "added%s%s", part[0] != '\0' ? " to " : "", part);
		break;
	case DRIFT_REMOVED:
		str_addf(out, "removed%s%s", part[0] != '\0' ? " from " : "", part);
		break;
	case DRIFT_RANK:
		if (change->from[0] == '\0')
			str_addf(out, "ranked: %s", change->to);
		else if (change->to[0] == '\0')
			str_addf(out, "no longer ranked; it was %s", change->from);
		else
			str_addf(out, "rank went from %s to %s", change->from, change->to);
		break;
	}
}

static void
say_who(struct str *out, const struct drift_change *change, const struct zone *zone)
{
	const struct drift_set *set = change->newest != NULL ? change->newest->set : NULL;
	char date[DATE_TEXT_LEN];

	if (set == NULL) {
		if (change->what == DRIFT_RANK)
			str_add(out, ", since others were placed");
		return;
	}
	if (change->steps > 1)
		str_addf(out, ", in %u steps", change->steps);
	str_addf(out, "; %s on %s", set->by[0] != '\0' ? set->by : "somebody",
	    date_format(zone_date(zone, set->time_us), date));
	if (set->scenario[0] != '\0')
		str_addf(out, " in scenario/%s", set->scenario);
	if (set->reason[0] != '\0')
		str_addf(out, ": '%s'", set->reason);
	else
		str_add(out, ", without a reason");
}

char *
drift_words(const struct drift_change *change, const struct zone *zone, struct arena *arena)
{
	const char *field = drift_field(change, arena);
	char *words = NULL;
	struct str out;

	if (field == NULL)
		return NULL;
	str_init(&out, 2 * LIMIT_ITEM_BYTES + 4096);
	say_what(&out, change, field);
	say_who(&out, change, zone);
	if (str_ok(&out))
		words = arena_strdup(arena, out.data);
	str_fini(&out);
	return words;
}
