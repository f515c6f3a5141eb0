#include "server/insight/room.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/rhythm/cadence.h"

#define QUARTER_MONTHS 3

/* ---- quarters */

bool
room_quarter_parse(const char *text, int32_t *first, int32_t *last)
{
	char day[] = "2027-01-01";
	int year, month, day_of_month;

	if (strlen(text) != ROOM_QUARTER_LEN - 1 || (text[5] != 'Q' && text[5] != 'q') ||
	    text[6] < '1' || text[6] > '4')
		return false;
	memcpy(day, text, 5);
	if (!date_parse(day, first))
		return false;
	date_to_civil(*first, &year, &month, &day_of_month);
	month = (text[6] - '1') * QUARTER_MONTHS + 1;
	*first = date_from_civil(year, month, 1);
	*last = month + QUARTER_MONTHS > 12 ? date_from_civil(year, 12, 31)
					    : date_from_civil(year, month + QUARTER_MONTHS, 1) - 1;
	return true;
}

char *
room_quarter_of(int32_t day, char *buf)
{
	int year, month, day_of_month;

	date_to_civil(day, &year, &month, &day_of_month);
	snprintf(buf, ROOM_QUARTER_LEN, "%04u-Q%u", (unsigned)year % 10000u,
	    ((unsigned)month - 1) / QUARTER_MONTHS % 4 + 1);
	return buf;
}

/* ---- segments */

void
room_crowd(const struct index *ix, uint32_t segment, struct room_crowd *out)
{
	struct edges in = index_in(ix, segment);

	*out = (struct room_crowd){0};
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t slot = in.list[i].slot;

		if (in.list[i].role != ROLE_SEGMENT || ix->kinds[slot] != KIND_CUSTOMER ||
		    !index_is(ix, slot, STANDING_LIVE))
			continue;
		out->rows++;
		if ((ix->has[slot] & HAS_VALUE) != 0) {
			out->valued++;
			out->value += ix->items[slot]->value;
		}
	}
}

bool
room_is_as_is(const struct index *ix, uint32_t expectation)
{
	uint32_t step = journeys_target(ix, expectation, ROLE_IN);
	uint32_t journey = step != SLOT_NONE ? journeys_journey_of(ix, step) : SLOT_NONE;

	return journey == SLOT_NONE || ix->items[journey]->extra == JOURNEY_AS_IS;
}

void
room_met(const struct journeys *js, uint32_t segment, int32_t day, struct room_met *out)
{
	const struct index *ix = js->ix;
	struct edges in = index_in(ix, segment);
	double sum = 0, weight = 0;

	*out = (struct room_met){.met = NAN};
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t slot = in.list[i].slot;
		struct expected e;

		if (in.list[i].role != ROLE_SEGMENT || ix->kinds[slot] != KIND_EXPECTATION ||
		    !index_is(ix, slot, STANDING_LIVE) || !room_is_as_is(ix, slot))
			continue;
		out->expectations++;
		journeys_expected(js, slot, day, &e);
		if (isnan(e.importance) || isnan(e.met))
			continue;
		out->rated++;
		sum += e.importance * e.met;
		weight += e.importance;
	}
	if (weight > 0)
		out->met = sum / weight;
}

int
room_compare_wants(const struct journeys *js, const struct expected *a, uint32_t slot_a,
    const struct expected *b, uint32_t slot_b)
{
	if (isnan(a->opportunity) != isnan(b->opportunity))
		return isnan(a->opportunity) ? 1 : -1;
	if (a->opportunity > b->opportunity || a->opportunity < b->opportunity)
		return a->opportunity > b->opportunity ? -1 : 1;
	return index_compare(js->ix, slot_a, slot_b);
}

uint32_t
room_segment_of(const struct index *ix, uint32_t slot)
{
	if (slot != SLOT_NONE && ix->kinds[slot] == KIND_CUSTOMER)
		slot = journeys_target(ix, slot, ROLE_SEGMENT);
	return slot != SLOT_NONE && ix->kinds[slot] == KIND_SEGMENT ? slot : SLOT_NONE;
}

/* ---- what is about customers */

static bool
is_customers_kind(const struct index *ix, uint32_t slot)
{
	return ix->kinds[slot] >= KIND_SEGMENT && ix->kinds[slot] <= KIND_CUSTOMER;
}

static bool
refers_to(const struct index *ix, const uint8_t *marks, uint32_t slot, uint64_t roles)
{
	struct edges out = index_out(ix, slot);

	for (uint32_t i = 0; i < out.count; i++) {
		if ((roles & ROLE_BIT(out.list[i].role)) != 0 && marks[out.list[i].slot] != 0)
			return true;
	}
	return false;
}

static void
mark_kind(const struct index *ix, uint8_t *marks, enum kind kind, uint64_t roles)
{
	uint32_t count;
	const uint32_t *slots = index_kind(ix, kind, &count);

	for (uint32_t i = 0; i < count; i++)
		marks[slots[i]] |= refers_to(ix, marks, slots[i], roles);
}

static void
mark_rooms(const struct index *ix, uint8_t *marks)
{
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_REVIEW, &count);

	for (uint32_t i = 0; i < count; i++)
		marks[slots[i]] = ix->items[slots[i]]->extra == REVIEW_CUSTOMER_ROOM;
}

#define SERVES                                                                                     \
	(ROLE_BIT(ROLE_WORKS_ON) | ROLE_BIT(ROLE_OBJECTIVE) | ROLE_BIT(ROLE_CONTRIBUTION) |        \
	    ROLE_BIT(ROLE_LINK_CONTRIBUTES))
#define IS_ABOUT                                                                                   \
	(ROLE_BIT(ROLE_AFFECTS) | ROLE_BIT(ROLE_HONOURS) | ROLE_BIT(ROLE_BREAKS) |                 \
	    ROLE_BIT(ROLE_DECIDED))

uint8_t *
room_about_customers(const struct journeys *js)
{
	const struct index *ix = js->ix;
	uint8_t *marks = calloc((size_t)ix->slots + 1, 1);

	if (marks == NULL)
		return NULL;
	for (uint32_t i = 0; i < ix->slots; i++)
		marks[i] = is_customers_kind(ix, i);
	journeys_mark_scoped(js, marks);
	mark_kind(ix, marks, KIND_OBJECTIVE, ROLE_BIT(ROLE_ANSWERS));
	mark_kind(ix, marks, KIND_INITIATIVE, SERVES);
	mark_kind(ix, marks, KIND_WORKSTREAM, SERVES | ROLE_BIT(ROLE_PART_OF));
	mark_kind(ix, marks, KIND_TASK, ROLE_BIT(ROLE_PART_OF));
	mark_kind(ix, marks, KIND_MILESTONE, ROLE_BIT(ROLE_PART_OF));
	mark_kind(ix, marks, KIND_COMMITMENT, ROLE_BIT(ROLE_TO));
	mark_rooms(ix, marks);
	mark_kind(ix, marks, KIND_DECISION, IS_ABOUT);
	mark_kind(ix, marks, KIND_REQUEST, ROLE_BIT(ROLE_AFFECTS));
	return marks;
}
